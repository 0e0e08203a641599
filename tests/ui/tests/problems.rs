//! Problems: what is wrong with files that could not be opened.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Panel, Session};
use stepwell_ui_tests::Scene;

const BROKEN: &str = "(module\n  (func $a (drop))\n  (func $b (param $x i64)\n\
    \t(i32.eqz (local.get $x))))";

fn broken() -> Scene {
    let mut session = Session::new();
    for (name, bytes) in [
        ("first", BROKEN.as_bytes()),
        ("page", b"<!DOCTYPE html><html>"),
        ("empty", b""),
        ("cut", b"\0asm\x01\0\0\0\x01\x09"),
        ("typo", b"(module (func (i32.cosnt 1)))"),
        ("a_very_long_file_name_that_some_build_tool_wrote_with_its_hash_0123", b"(modul)"),
    ] {
        let bytes = bytes.to_vec();
        session.apply(Command::Open { name: name.to_owned(), bytes }).unwrap_err();
    }
    let mut scene = Scene::with(session, egui::Theme::Dark);
    scene.apply([Command::RevealPanel(Panel::Problems)]);
    scene.harness.set_size(egui::vec2(1280.0, 1400.0));
    scene.settle();
    scene
}

#[test]
fn every_broken_file_is_listed_until_it_is_forgotten() {
    let mut scene = broken();
    for name in ["first", "page", "empty", "cut", "typo"] {
        assert!(scene.has(&format!("forget {name}")), "{name}");
    }
    assert!(scene.says("not a module: this is HTML"));
    assert!(scene.says("type mismatch in i32.eqz"));
    scene.picture("problems");
    scene.click("forget first").click("forget page");
    assert!(!scene.says("type mismatch in i32.eqz"));
    let left: Vec<&str> = scene.session().problems().iter().map(|known| &*known.name).collect();
    assert!(!left.contains(&"first") && !left.contains(&"page") && left.len() == 4, "{left:?}");
}

#[test]
fn a_text_is_shown_with_its_errors_at_their_lines() {
    let mut scene = broken();
    assert!(!scene.has("text of cut") && !scene.has("text of empty"), "there is none");
    for name in ["typo", "cut", "empty", "page"] {
        scene.click(&format!("forget {name}"));
    }
    let link = scene.harness.get_by_label("4:3").rect().center();
    scene.click_at(link);
    assert!(scene.has("back to the problems"));
    scene.picture("problems-text");
    scene.click("back to the problems");
    assert!(scene.has("forget first"));
}

#[test]
fn a_file_that_does_not_open_brings_the_list_to_the_front() {
    let mut scene = Scene::empty();
    let bytes = BROKEN.as_bytes().to_vec();
    scene.apply([Command::Open { name: "first".to_owned(), bytes }]);
    assert!(scene.has("forget first"));
    let notice = &scene.session().notices()[0].text;
    assert!(notice.ends_with("(and 1 more: see Problems)"), "{notice}");
}
