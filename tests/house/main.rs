//! Rules of the house that no compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// All Rust files of a crate, with their code.
fn crate_sources(name: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    sources(&root.join(name).join("src"), &mut paths);
    assert!(!paths.is_empty(), "{name}");
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
    paths.iter().map(|path| (relative(path), code(path))).collect()
}

/// What a file holds besides comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let lines =
        text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn unsafe_stays_in_its_rooms() {
    let rooms = ["engine/src/memory/", "engine/src/exec/fast/"];
    for (path, text) in ["engine", "engine/wasi", "app", "web"].into_iter().flat_map(crate_sources)
    {
        if rooms.iter().any(|room| path.starts_with(room)) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let word = |word: &str| word == "unsafe";
            let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            assert!(!words.any(word), "{path}:{number}: {line}");
        }
    }
}

#[test]
fn imports_point_one_way() {
    for (path, text) in crate_sources("app") {
        if path.starts_with("app/src/session") {
            for word in ["egui", "eframe", "crate::ui", "crate::headless"] {
                assert!(!text.contains(word), "{path} is to know nothing of {word}");
            }
        }
        if path.starts_with("app/src/headless") {
            assert!(!text.contains("crate::ui"), "{path} is to know nothing of the window");
        }
    }
    for (path, text) in crate_sources("engine") {
        assert!(!text.contains("stepwell::"), "{path} is to know nothing of the app");
    }
}
