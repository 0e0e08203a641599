//! The subcommands, as files: a case begins with `;; RUN: run %s --invoke f 1`, and what it prints and
//! its exit code stand beside it as `.stdout`, `.stderr` and `.code` (missing where empty or 0).
//!
//! `%s` is the file itself, `%t` the beginning of names for files of the case's own, `\n` a line break. Several such lines
//! are several commands, one after the other. Commands run in the project's folder. `BLESS=1 cargo test -p stepwell
//! --test cli` writes down what is printed now: look at the difference before you keep it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands beside a case, or what a missing file means.
fn beside(case: &Path, ending: &str) -> String {
    std::fs::read_to_string(case.with_extension(ending)).unwrap_or_default()
}

fn bless(case: &Path, ending: &str, text: &str) {
    let path = case.with_extension(ending);
    if text.is_empty() {
        let _ = std::fs::remove_file(path);
    } else {
        std::fs::write(path, text).unwrap();
    }
}

/// Runs a case; answers with what differs.
fn check(case: &Path) -> Vec<String> {
    let name = case.strip_prefix(root()).unwrap().display().to_string();
    let text = std::fs::read_to_string(case).unwrap();
    let temporary = std::env::temp_dir().join(format!(
        "stepwell-cli-{}-{}",
        std::process::id(),
        case.file_stem().unwrap().to_string_lossy()
    ));
    let temporary = temporary.display().to_string();
    let word =
        |word: &str| word.replace("%s", &name).replace("%t", &temporary).replace("\\n", "\n");
    let (mut stdout, mut stderr, mut codes) = (String::new(), String::new(), String::new());
    let runs: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(";; RUN: ")).collect();
    assert!(!runs.is_empty(), "{name}: a RUN line");
    for run in runs {
        let output = Command::new(env!("CARGO_BIN_EXE_stepwell"))
            .args(run.split_whitespace().map(word))
            .current_dir(root())
            .output()
            .expect("the program");
        match output.status.code() {
            Some(0) => {}
            Some(code) => codes.push_str(&format!("{code}\n")),
            None => panic!("{name}: ended by a signal"),
        }
        stdout.push_str(&String::from_utf8(output.stdout).unwrap().replace(&temporary, "%t"));
        stderr.push_str(&String::from_utf8(output.stderr).unwrap().replace(&temporary, "%t"));
    }
    for file in ["", ".a", ".b"] {
        let _ = std::fs::remove_file(format!("{temporary}{file}"));
    }
    let found = [("stdout", stdout), ("stderr", stderr), ("code", codes)];
    let mut differences = Vec::new();
    for (ending, found) in found {
        if std::env::var_os("BLESS").is_some() {
            bless(case, ending, &found);
        } else {
            let expected = beside(case, ending);
            if expected != found {
                differences
                    .push(format!("{name}: {ending}\n--- expected\n{expected}--- found\n{found}"));
            }
        }
    }
    differences
}

#[test]
fn cases() {
    let folder = root().join("tests/cli");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let is_case =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "wat" || ending == "wast");
    cases.retain(is_case);
    cases.sort();
    assert!(cases.len() >= 35, "{} cases", cases.len());
    let differences: Vec<String> = cases.iter().flat_map(|case| check(case)).collect();
    println!("{} cases", cases.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
