//! Files: the folders of programs as a tree, what is dropped, made, removed and read.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Panel, Session};
use stepwell_ui_tests::Scene;

fn put(path: &str, bytes: &[u8]) -> Command {
    Command::PutFile { path: path.to_owned(), bytes: bytes.to_vec() }
}

fn files(commands: impl IntoIterator<Item = Command>) -> Scene {
    let mut scene = Scene::empty();
    scene.apply([Command::RevealPanel(Panel::Files)]).apply(commands);
    scene
}

fn paths(scene: &Scene) -> Vec<String> {
    scene.session().files().into_iter().map(|file| file.path).collect()
}

#[derive(Debug)]
struct Dropped(PathBuf, &'static [u8]);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(self.1.to_vec())
    }
}

fn drop_file(scene: &mut Scene, name: &str, bytes: &'static [u8]) {
    let dropped = Arc::new(Dropped(PathBuf::from(name), bytes));
    scene.harness.input_mut().dropped_files.push(dropped);
    scene.settle();
}

#[test]
fn the_tree_folds_and_is_in_order() {
    let mut scene =
        files([put("b.txt", b"b"), put("data/in.txt", b"one\n"), put("a.bin", &[0; 3000])]);
    let top = |scene: &Scene, label: &str| scene.harness.get_by_label(label).rect().top();
    assert!(top(&scene, "folder data") < top(&scene, "file data/in.txt"));
    assert!(top(&scene, "file data/in.txt") < top(&scene, "file a.bin"));
    assert!(top(&scene, "file a.bin") < top(&scene, "file b.txt"));
    let place = scene.harness.get_by_label("folder data").rect().center();
    scene.double_click_at(place);
    assert!(!scene.has("file data/in.txt") && scene.has("file a.bin"));
    scene.double_click_at(place);
    assert!(scene.has("file data/in.txt"));
}

#[test]
fn text_and_bytes_are_shown_and_left_again() {
    let mut scene = files([put("in.txt", b"first\nsecond\n"), put("x.bin", &[0, 1, 0x41])]);
    let place = scene.harness.get_by_label("file in.txt").rect().center();
    scene.double_click_at(place);
    assert!(scene.has("first") && scene.has("second") && !scene.has("file x.bin"));
    scene.apply([put("in.txt", b"changed\n")]);
    assert!(scene.has("changed") && !scene.has("second"), "it shows what is there now");
    scene.click("back to the files");
    scene.click("file x.bin").click("open the file");
    assert!(scene.says("00 01 41"));
    scene.apply([Command::RemoveFile("x.bin".to_owned())]);
    assert!(scene.has("file in.txt"), "what is gone is not shown any more");
}

#[test]
fn folders_are_made_where_one_stands_and_removed_after_a_question() {
    let mut scene = files([put("data/in.txt", b"")]);
    scene.click("folder data").click("new folder");
    scene.enter("name of the folder", "deep");
    assert!(paths(&scene).contains(&"data/deep".to_owned()));
    scene.click("new folder").enter("name of the folder", "..");
    assert!(scene.says("names with / between them"), "a wrong name is explained");
    scene.click("folder data").click("remove from the folders");
    assert!(scene.says("Remove data with 2 things in it?"));
    scene.click("keep the folder");
    assert_eq!(paths(&scene).len(), 3);
    scene.click("remove from the folders").click("remove the folder");
    assert!(paths(&scene).is_empty());
    assert!(scene.says("No files yet"));
}

#[test]
fn what_is_dropped_goes_where_it_belongs() {
    let mut scene = files([]);
    drop_file(&mut scene, "/home/me/m.wat", b"(module)");
    drop_file(&mut scene, "/home/me/input.csv", b"1,2\n");
    assert_eq!(scene.session().modules()[0].name, "m");
    assert_eq!(paths(&scene), ["input.csv"]);
    assert!(scene.says("input.csv lies in the programs' folders"), "it is told");
    let place = scene.harness.get_by_label("file input.csv").rect().center();
    scene.harness.hover_at(place);
    scene.settle();
    drop_file(&mut scene, "/home/me/n.wat", b"(module)");
    assert_eq!(paths(&scene), ["input.csv", "n.wat"]);
    assert_eq!(scene.session().modules().len(), 1);
}

#[test]
fn odd_names_stay_in_their_row_and_many_files_are_quick() {
    let mut scene = files([put("a\u{202e}txt.exe\nx", b"")]);
    assert!(scene.has("file a\\u{202e}txt.exe\\nx"));
    let session = &mut scene.harness.state_mut().session;
    for number in 0..10_000 {
        session.apply(put(&format!("many/{number:05}"), b"")).unwrap();
    }
    scene.settle();
    assert!(scene.has("file many/00000") && !scene.has("file many/00500"));
}

#[test]
fn what_the_program_has_written_is_marked_until_the_next_start() {
    let mut scene = Scene::example("wasi_files");
    scene.apply([Command::RevealPanel(Panel::Files), put("in", b""), Command::Continue]);
    scene.settle();
    let changed = |scene: &Scene| -> Vec<String> {
        let files = scene.session().files().into_iter();
        files.filter(|file| file.is_changed).map(|file| file.path).collect()
    };
    assert_eq!(changed(&scene), ["notes.txt"]);
    let place = scene.harness.get_by_label("file notes.txt").rect().center();
    scene.harness.hover_at(place);
    scene.harness.run_steps(60);
    scene.settle();
    assert!(scene.says("Written by the program"));
    scene.apply([Command::Restart]);
    assert!(changed(&scene).is_empty());
}

#[test]
fn the_name_of_a_new_folder_can_be_given_up() {
    let mut scene = files([]);
    scene.click("new folder").write("name of the folder", "x").key(Key::Escape);
    assert!(!scene.has("name of the folder"));
    assert!(paths(&scene).is_empty());
}

#[test]
fn how_it_looks() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut session = Session::new();
        session.apply(Command::OpenExample("host_imports".to_owned())).unwrap();
        let mut scene = Scene::with(session, theme);
        scene.apply([
            Command::RevealPanel(Panel::Files),
            put("data/input.txt", b"one\n\ttwo\nthree\n"),
            put("data/deep/er/blob.bin", &[7; 123_456]),
            put("config.toml", b"x = 1\n"),
            put("a name with spaces and \u{fc}.md", b"text"),
        ]);
        scene.click("file data/input.txt");
        scene.picture(&format!("files-{name}"));
        scene.click("open the file").picture(&format!("files-text-{name}"));
        scene.click("back to the files").click("file data/deep/er/blob.bin");
        scene.click("open the file").picture(&format!("files-hex-{name}"));
        scene.click("back to the files").click("folder data").click("remove from the folders");
        scene.picture(&format!("files-question-{name}"));
    }
}
