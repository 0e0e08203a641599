//! Find: instructions of all modules by their text.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Panel, Session};
use stepwell_ui_tests::Scene;

const LIB: &str = r#"(module (memory (export "m") 1)
  (func (export "put") (param $at i32) (param $value i32)
    local.get $at  local.get $value  i32.store offset=8))"#;

const MAIN: &str = r#"(module (import "lib" "put" (func $put (param i32 i32)))
  (func $twice (param $n i32) local.get $n  i32.const 8  call $put  local.get $n  i32.const 80  call $put)
  (func (export "run") i32.const 1  call $twice))"#;

fn with_both() -> Session {
    let mut session = Session::new();
    for (name, text) in [("lib", LIB), ("main", MAIN)] {
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: name.into(), bytes }).unwrap();
    }
    session
}

fn shown(scene: &Scene) -> (String, u32) {
    let focus = scene.session().code_focus().unwrap();
    let open = scene.session().module(focus.module).unwrap();
    (open.name.clone(), open.module.func_at(focus.offset).unwrap().0)
}

#[test]
fn what_is_found_in_any_module_is_listed_and_a_click_leads_there() {
    let mut scene = Scene::with(with_both(), egui::Theme::Dark);
    scene.key_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    assert!(scene.says("Type what an instruction says"));
    // The field has the keyboard already.
    scene.harness.event(egui::Event::Text("call $put".into()));
    scene.settle().key(Key::Enter);
    assert!(scene.has("2 instructions in 1 function"));
    scene.enter("find in code", "i32.store offset=8");
    assert!(scene.has("1 instruction in 1 function"));
    let module = scene.session().modules()[1].key;
    scene.apply([Command::SelectModule(module)]);
    scene.harness.get_by_label_contains("i32.store offset=8 in lib.put").click();
    scene.settle();
    assert_eq!(shown(&scene), ("lib".into(), 0));
    scene.enter("find in code", "local.get");
    // Enter goes from one to the next, and back with Shift.
    scene.key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert_eq!(shown(&scene), ("main".into(), 1));
    scene.key_with(Modifiers::SHIFT, Key::Enter);
    assert_eq!(shown(&scene), ("lib".into(), 0));
    scene.enter("find in code", "memory.grow");
    assert!(scene.says("No instruction says this."));
}

#[test]
fn the_panel_shows_how_far_a_search_is_and_ends_it() {
    let body = "i32.const 7 drop ".repeat(60_000);
    let text = format!("(module (func {body}) (func {body}))");
    let mut scene = Scene::text("m", &text);
    scene.apply([Command::RevealPanel(Panel::Find)]);
    let ctx = scene.harness.ctx.clone();
    scene.harness.state_mut().apply(&ctx, Command::FindInCode("i64.const".into()));
    scene.harness.run_steps(3);
    assert!(scene.says("% looked through"), "it takes more than three frames");
    scene.harness.get_by_label("end the search").click();
    scene.settle();
    assert!(scene.says(", ended at "));
    assert!(!scene.session().is_finding());
}

#[test]
fn how_it_looks() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut scene = Scene::with(with_both(), theme);
        scene.apply([Command::RevealPanel(Panel::Find)]);
        scene.picture(&format!("find-empty-{name}"));
        scene.enter("find in code", "local.get").key(Key::Enter).key(Key::Enter);
        assert!(scene.has("4 instructions in 2 functions"));
        scene.picture(&format!("find-{name}"));
    }
}
