//! What the window looks like: pictures compared with those in `tests/ui/tests/snapshots`, and more
//! of them in the target folder, to be looked at.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p stepwell-ui-tests --test look` takes the pictures anew. Look at
//! the difference before you keep it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::Theme;
use egui_kittest::SnapshotOptions;
use stepwell::session::{Command, Session};
use stepwell_ui_tests::Scene;

const THEMES: [(Theme, &str); 2] = [(Theme::Dark, "dark"), (Theme::Light, "light")];

fn scene(id: &str, theme: Theme, commands: impl IntoIterator<Item = Command>) -> Scene {
    let mut session = Session::new();
    session.apply(Command::OpenExample(id.to_owned())).unwrap();
    let mut scene = Scene::with(session, theme);
    scene.apply(commands);
    scene
}

/// The pictures are drawn by the processor and the same everywhere but for single pixels on the
/// edges of letters.
fn compare(scene: &mut Scene, name: &str) {
    let options = SnapshotOptions::new().threshold(2.0).max_failed_pixels(400);
    scene.harness.try_snapshot_options(name, &options).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_pending_call_in_both_themes() {
    for (theme, name) in THEMES {
        let mut scene = scene("attribution", theme, [Command::Continue]);
        compare(&mut scene, &format!("pending-call-{name}"));
    }
}

#[test]
fn a_stepped_program_in_both_themes() {
    for (theme, name) in THEMES {
        let mut scene = scene("memory", theme, [Command::StepBy(120)]);
        compare(&mut scene, &format!("stepped-{name}"));
    }
}

/// What `host_imports` makes of a few answers; the last call waits.
fn game(theme: Theme) -> Scene {
    let mut scene = scene("host_imports", theme, [Command::Continue]);
    for answer in ["", "40", "7", "", "99", "", "50", ""] {
        let texts = if answer.is_empty() { Vec::new() } else { vec![answer.to_owned()] };
        scene.apply([Command::Answer(texts)]);
    }
    scene
}

#[test]
fn host_calls_in_both_themes() {
    for (theme, name) in THEMES {
        let mut scene = game(theme);
        scene.picture(&format!("host-calls-pending-{name}"));
        scene.apply([Command::Answer(vec!["41".to_owned()]), Command::Answer(Vec::new())]);
        scene.click("call 6: host_imports.play calls env.print(\"Too high.\") → returned");
        compare(&mut scene, &format!("host-calls-{name}"));
    }
}

#[test]
fn the_empty_window() {
    let mut scene = Scene::with(Session::new(), Theme::Light);
    compare(&mut scene, "empty-light");
}

#[test]
fn examples() {
    for id in ["call_indirect", "host_imports", "rust_checksum"] {
        for (theme, name) in THEMES {
            let mut scene = scene(id, theme, [Command::StepBy(40)]);
            scene.picture(&format!("{id}-{name}"));
        }
    }
}
