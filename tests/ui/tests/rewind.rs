//! Going back in the window: buttons, keys, the line, and what panels show there.

#![allow(clippy::unwrap_used)]

use egui::{Key, Modifiers};
use stepwell::session::{Command, Panel, RunState, StopReason};
use stepwell_engine::Value;
use stepwell_ui_tests::Scene;

const BACK: Modifiers = Modifiers { ctrl: true, command: true, shift: true, ..Modifiers::NONE };

fn local(scene: &Scene) -> Value {
    scene.session().frames()[0].locals()[0].value
}

#[test]
fn keys_go_back_and_the_panels_show_that_moment() {
    let mut scene = Scene::example("recursion");
    scene.apply([Command::Continue]);
    let end = scene.session().clock();
    assert!(scene.has("returned i64:120"));
    scene.key_with(BACK, Key::F11);
    assert!(scene.has("in the past, 1 before the present"));
    assert!(scene.has(&format!("moment {} of {end}", end - 1)));
    scene.key_with(BACK, Key::F10);
    assert_eq!(scene.session().frames().len(), 1);
    // To before the call that made 24: nothing of the callee is left.
    while scene.session().frames()[0].instruction_name().unwrap() != "call" {
        scene.key_with(BACK, Key::F10);
    }
    assert_eq!((scene.session().frames().len(), local(&scene)), (1, Value::I64(5)));
    scene.press(Key::F11);
    assert_eq!((scene.session().frames().len(), local(&scene)), (2, Value::I64(4)));
    scene.picture("rewind");
    scene.click("Go to the beginning of the run");
    assert_eq!(scene.session().clock(), 0);
    scene.press(Key::F5);
    let state = scene.session().run_state().clone();
    assert!(matches!(state, RunState::Stopped(StopReason::Done(_))), "{state:?}");
    assert!(!scene.session().is_past());
}

#[test]
fn a_click_on_the_line_stands_there_and_the_console_with_it() {
    let text = r#"(module (import "console" "log" (func $log (param i32)))
      (func (export "main") (local $i i32)
        (loop
          (call $log (local.get $i))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if 0 (i32.lt_u (local.get $i) (i32.const 9))))))"#;
    let mut scene = Scene::text("m", text);
    scene.apply([Command::RevealPanel(Panel::Console)]);
    scene.click("Run m.main");
    assert!(scene.says("8"));
    let line = stepwell::ui::rects::json(&scene.harness.ctx);
    drop(line);
    scene.harness.run_steps(2);
    let places = stepwell::ui::rects::places(&scene.harness.ctx);
    scene.click_at(places["timeline.line"].center());
    let past = scene.session().past().unwrap();
    assert!(past.is_past && past.now > past.end / 3 && past.now < past.end * 2 / 3, "{past:?}");
    let text: String = scene
        .session()
        .console()
        .iter()
        .map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned())
        .collect();
    assert!(text.starts_with("0\n1\n") && !text.contains('8'), "{text}");
    scene.picture("rewind-console");
    scene.click("Go to the present");
    assert_eq!(scene.session().console().len(), 9);
}
