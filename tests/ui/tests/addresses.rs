//! From an integer, wherever it is shown, to the byte that it is the address of.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Panel, Session};
use stepwell_ui_tests::Scene;

/// Two modules with a memory each; the second one calls the host and makes an object.
fn begun() -> Scene {
    let mut session = Session::new();
    let main = r#"(module (import "env" "ask" (func $ask (param i32 i64)))
      (import "lib" "m" (memory $theirs 1))
      (memory $own 1) (type $box (struct (field $at i32)))
      (func (export "run") (local $box (ref null $box))
        (local.set $box (struct.new $box (i32.const 0x30)))
        (call $ask (i32.const 0x1234) (i64.const 0x7000000000))))"#;
    for (name, text) in [("lib", r#"(module (memory (export "m") 1))"#), ("main", main)] {
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: name.into(), bytes }).unwrap();
    }
    let module = session.modules()[1].key;
    session.apply(Command::Start { module, export: "run".into(), args: vec![] }).unwrap();
    Scene::with(session, egui::Theme::Dark)
}

#[test]
fn arguments_of_a_host_call_lead_to_their_bytes() {
    let mut scene = begun();
    scene.apply([Command::Continue]);
    let other = scene.session().memories()[1].addr.0;
    // The view that is in sight shows another memory than the caller's.
    scene.apply([Command::AddMemoryView]);
    let view = scene.session().memory_views()[1].id;
    scene.apply([Command::ViewMemory { view, memory: other }]);
    scene.harness.get_by_label("i32:4660").click_secondary();
    scene.settle().click("Show in memory");
    let [first, second] = scene.session().memory_views() else { panic!("two views") };
    assert_eq!((first.cursor, second.cursor), (0x1234, 0), "that of the caller's memory");
    assert!(scene.has("bytes of memory, cursor at 0x1234"), "it is in sight now");
    scene.harness.get_by_label("i64:481036337152").click_secondary();
    scene.settle();
    assert!(!scene.has("Show in memory") && scene.says("no address of this memory"));
    // And from the line of a call that has been answered.
    scene.key(egui::Key::Escape);
    scene.apply([Command::Answer(vec![])]);
    let view = scene.session().memory_views()[0].id;
    scene.apply([Command::GoToAddress { view, address: 0 }]);
    scene.harness.get_by_label_contains("call 1: ").click_secondary();
    scene.settle();
    assert!(!scene.has("Show argument 1 in memory"));
    scene.click("Show argument 0 in memory");
    assert_eq!(scene.session().memory_views()[0].cursor, 0x1234);
}

#[test]
fn fields_of_objects_lead_to_their_bytes() {
    let mut scene = begun();
    scene.apply([Command::Continue, Command::RevealPanel(Panel::Heap)]);
    let store = scene.session().store().unwrap();
    let object = store.objects().next().unwrap().0;
    scene.apply([Command::ShowObject(Some(object.0))]);
    scene.harness.get_by_label("field $at = i32:48").click_secondary();
    scene.settle().click("Show in memory");
    assert_eq!(scene.session().memory_views()[0].cursor, 0x30);
}
