//! Back, forward and undo, by keys, buttons and mouse.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::{Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Trail};
use stepwell_ui_tests::Scene;

const TEXT: &str = r#"(module (memory (export "m") 1)
  (func $other (result i32) i32.const 7)
  (func (export "run") (param $n i32) (result i32) call $other))"#;

fn begun() -> Scene {
    let mut scene = Scene::text("m", TEXT);
    let module = scene.session().modules()[0].key;
    let args = vec!["5".to_owned()];
    scene.apply([Command::Start { module, export: "run".into(), args }]);
    scene
}

fn func_shown(scene: &Scene) -> u32 {
    let focus = scene.session().code_focus().unwrap();
    scene.session().modules()[0].module.func_at(focus.offset).unwrap().0
}

/// Presses and lets go of a button at a place.
fn press(scene: &mut Scene, pos: egui::Pos2, button: PointerButton) {
    scene.harness.hover_at(pos);
    scene.settle();
    for pressed in [true, false] {
        let modifiers = Modifiers::NONE;
        scene.harness.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
    }
    scene.settle();
}

#[test]
fn keys_and_buttons_go_back_in_the_panel_that_the_pointer_is_in() {
    let mut scene = begun();
    let view = scene.session().memory_views()[0].id;
    let module = scene.session().modules()[0].key;
    scene.apply([Command::ShowFunction { module, func: 0 }]);
    scene.apply([Command::GoToAddress { view, address: 0x400 }]);
    let cursor = |scene: &Scene| scene.session().memory_views()[0].cursor;
    let code = scene.harness.get_by_label("back in the code").rect().center();
    let memory = scene.harness.get_by_label_contains("bytes of memory").rect().center();

    scene.harness.hover_at(memory);
    scene.settle();
    scene.key_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!((cursor(&scene), func_shown(&scene)), (0, 0));
    scene.key_with(Modifiers::ALT, Key::ArrowRight);
    assert_eq!((cursor(&scene), func_shown(&scene)), (0x400, 0));
    scene.harness.hover_at(code);
    scene.settle();
    scene.key_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!((cursor(&scene), func_shown(&scene)), (0x400, 1));
    scene.key_with(Modifiers::ALT, Key::ArrowRight);

    press(&mut scene, memory, PointerButton::Extra1);
    assert_eq!((cursor(&scene), func_shown(&scene)), (0, 0));
    press(&mut scene, memory, PointerButton::Extra2);
    assert_eq!(cursor(&scene), 0x400);
    scene.click("back in the code");
    assert_eq!(func_shown(&scene), 1);
    scene.click("forward in the code");
    assert_eq!(func_shown(&scene), 0);
    assert!(!scene.session().has_forward(Trail::Code));
    scene.picture("trail");
}

#[test]
fn a_change_by_hand_is_taken_back_with_a_key_and_told() {
    let mut scene = begun();
    let local = |scene: &Scene| scene.session().frames()[0].locals()[0].value;
    scene.apply([Command::SetLocal { frame: 0, local: 0, value: "9".into() }]);
    scene.key_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(local(&scene), 5.into());
    assert!(scene.says("local $n back to 5"));
    scene.key_with(Modifiers::COMMAND, Key::Y);
    assert_eq!(local(&scene), 9.into());
    // A field has these keys for itself.
    scene.write("go to address", "0x10");
    scene.key_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(local(&scene), 9.into());
    scene.key(Key::Escape).key(Key::F11);
    scene.key_with(Modifiers::COMMAND, Key::Z);
    assert!(scene.says("the machine has run on since"));
    assert_eq!(scene.session().clock(), 1);
}
