//! Watchpoints: set where the value is shown, listed with the breakpoints, marked at their places.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Panel, RunState, Session, StopReason, WatchTarget, WatchWhen};
use stepwell_ui_tests::Scene;

const TEXT: &str = r#"(module
  (type $node (struct (field $tag (mut i32)) (field $next (mut (ref null $node)))))
  (type $bytes (array (mut i8)))
  (memory $heap 1)
  (table $t 3 funcref)
  (elem declare func $run)
  (global $sum (mut i32) (i32.const 3))
  (global $node (mut (ref null $node)) (ref.null $node))
  (global $bytes (mut (ref null $bytes)) (ref.null $bytes))
  (func $add (param $n i32) (local $twice i32)
    (local.set $twice (i32.shl (local.get $n) (i32.const 1)))
    (i32.store (i32.const 16) (local.get $twice))
    (global.set $sum (i32.add (global.get $sum) (local.get $n))))
  (func $run (export "run")
    (global.set $node (struct.new $node (i32.const 1) (ref.null $node)))
    (global.set $bytes (array.new $bytes (i32.const 7) (i32.const 3)))
    (call $add (i32.const 4))
    (call $add (i32.const 5))
    (struct.set $node $tag (global.get $node) (i32.const 2))
    (array.set $bytes (global.get $bytes) (i32.const 1) (i32.const 8))
    (table.set $t (i32.const 1) (ref.func $run))
    (i32.store8 (i32.const 300) (i32.const 65))))"#;

fn begun(theme: egui::Theme) -> Scene {
    let mut session = Session::new();
    let bytes = TEXT.as_bytes().to_vec();
    session.apply(Command::Open { name: "main".to_owned(), bytes }).unwrap();
    let mut scene = Scene::with(session, theme);
    scene.click("Step main.run");
    scene
}

/// Opens the menu of what has this label and chooses an entry.
fn choose(scene: &mut Scene, label: &str, entry: &str) {
    scene.harness.get_by_label(label).click_secondary();
    scene.settle();
    scene.click(entry);
}

/// Runs on; what the stop says.
fn next(scene: &mut Scene) -> String {
    scene.apply([Command::Continue]);
    match scene.session().run_state() {
        RunState::Stopped(StopReason::Watchpoint(stop)) => {
            let text = stop.text();
            for part in [stop.what.clone(), stop.change.clone(), format!("by {}", stop.by)] {
                assert!(scene.has(&part), "the banner says {part}");
            }
            text.split(" at 0x").next().unwrap().to_owned()
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn a_global_is_watched_from_its_menu_and_the_banner_says_what_wrote_it() {
    let mut scene = begun(egui::Theme::Dark);
    scene.apply([Command::RevealPanel(Panel::Globals)]);
    choose(&mut scene, "global main 0 $sum = i32:3", "Stop when changed");
    assert_eq!(next(&mut scene), "$sum 3 → 7 by global.set in main.add");
    scene.apply([Command::RevealPanel(Panel::Globals)]);
    assert!(scene.has("global main 0 $sum = i32:7"), "what the banner says is what there is");
    let (_, by) = match scene.session().run_state() {
        RunState::Stopped(StopReason::Watchpoint(stop)) => stop.site.unwrap(),
        other => panic!("{other:?}"),
    };
    scene.click("Show");
    assert_eq!(scene.session().code_focus().unwrap().offset.0, by, "the instruction that wrote");
    scene.picture("watchpoint-dark");
    // Back from the end to what wrote it last.
    assert_eq!(next(&mut scene), "$sum 7 → 12 by global.set in main.add");
    assert!(next(&mut scene).contains("Done"));
    scene.apply([Command::RunBack]);
    assert!(scene.has("7 → 12") && scene.has("global main 0 $sum = i32:12"));
    scene.picture("watchpoint-past-dark");
    scene.click("Watch no more");
    assert!(scene.session().watchpoints().is_empty());
}

#[test]
fn locals_bytes_fields_and_elements_are_watched_from_where_they_are_shown() {
    let mut scene = begun(egui::Theme::Light);
    scene.apply([Command::StepBy(10)]);
    assert_eq!(scene.session().frames().len(), 2);
    choose(&mut scene, "local 1 $twice = i32:0", "Stop when written");
    let objects: Vec<u32> =
        scene.session().store().unwrap().objects().map(|(object, _)| object.0).collect();
    scene.apply([Command::ShowObject(Some(objects[0]))]);
    choose(&mut scene, "field $tag = i32:1", "Stop when changed");
    scene.apply([Command::ShowObject(Some(objects[1]))]);
    choose(&mut scene, "element 1 i32:7", "Stop when changed");
    scene.apply([Command::RevealPanel(Panel::Tables)]);
    choose(&mut scene, "entry 1 null", "Stop when changed");
    let view = scene.session().memory_views()[0].id;
    scene.apply([Command::SelectBytes { view, address: 16, len: 4 }]);
    scene.key_with(egui::Modifiers::COMMAND, egui::Key::P);
    scene.harness.event(egui::Event::Text("stop when the selected bytes".to_owned()));
    scene.settle();
    scene.key(egui::Key::Enter);
    let labels = |scene: &Scene| -> Vec<String> {
        scene.session().watchpoints().iter().map(|known| known.label.clone()).collect()
    };
    let [node, bytes] = [objects[0], objects[1]];
    assert_eq!(
        labels(&scene),
        [
            "$twice of $add".to_owned(),
            format!("$node #{node} $tag"),
            format!("$bytes #{bytes} [1]"),
            "$t [1]".to_owned(),
            "$heap 0x10, 4 bytes".to_owned(),
        ]
    );
    assert_eq!(next(&mut scene), "$twice of $add 0 → 8 by local.set in main.add");
    assert_eq!(next(&mut scene), "$heap 0x10, 4 bytes 0 → 8 by i32.store in main.add");
    scene.apply([Command::RevealPanel(Panel::Memory), Command::RevealPanel(Panel::Breakpoints)]);
    scene.picture("watchpoints-light");
    assert_eq!(next(&mut scene), "$twice of $add 0 → 10 by local.set in main.add");
    assert_eq!(next(&mut scene), "$heap 0x10, 4 bytes 8 → 10 by i32.store in main.add");
    assert_eq!(next(&mut scene), format!("$node #{node} $tag 1 → 2 by struct.set in main.run"));
    scene.picture("watchpoint-field-light");
    assert_eq!(next(&mut scene), format!("$bytes #{bytes} [1] 7 → 8 by array.set in main.run"));
    assert_eq!(next(&mut scene), "$t [1] null → main.run by table.set in main.run");
    assert!(next(&mut scene).contains("Done"));
}

#[test]
fn they_are_listed_switched_altered_shown_and_removed() {
    let mut scene = begun(egui::Theme::Dark);
    let module = scene.session().modules()[0].key;
    let when = WatchWhen::Changed;
    let bytes = WatchTarget::Memory { module, memory: 0, address: 300, len: 1 };
    scene.apply([
        Command::SetWatchpoint { target: bytes, when },
        Command::SetWatchpoint { target: WatchTarget::Global { module, global: 0 }, when },
        Command::RevealPanel(Panel::Breakpoints),
    ]);
    scene.click("enable $sum");
    assert!(!scene.session().watchpoints()[1].enabled);
    assert_eq!(next(&mut scene), "$heap 0x12c 0 → 65 by i32.store8 in main.run");
    assert!(scene.has("1 ×"));
    let row = scene.harness.get_all_by_label("$heap 0x12c").last().unwrap().rect();
    scene.click_at(row.center());
    let view = &scene.session().memory_views()[0];
    assert_eq!((view.cursor, view.selected), (300, 1), "its bytes are shown");
    scene.apply([Command::RevealPanel(Panel::Breakpoints), Command::Restart]);
    // Other accesses, and switched on by that.
    scene.click("accesses of $sum").click("Stop when read");
    assert_eq!(scene.session().watchpoints()[1].when, WatchWhen::Read);
    assert_eq!(next(&mut scene), "$sum = 3, read by global.get in main.add");
    scene.picture("watchpoints-dark");
    scene.click("remove $sum");
    assert_eq!(scene.session().watchpoints().len(), 1);
    scene.click("Remove all");
    assert!(scene.session().watchpoints().is_empty());
}

#[test]
fn a_local_is_watched_in_one_call_alone() {
    let mut scene = begun(egui::Theme::Dark);
    scene.apply([Command::StepBy(10)]);
    choose(&mut scene, "local 1 $twice = i32:0", "In this call alone");
    scene.picture("watchpoint-call-menu");
    // The entries of the menu, and those of the menu beside it.
    let entries: Vec<_> =
        scene.harness.get_all_by_label("Stop when changed").map(|entry| entry.rect()).collect();
    assert_eq!(entries.len(), 2);
    let beside = entries.iter().max_by(|a, b| a.top().total_cmp(&b.top())).unwrap();
    scene.click_at(beside.center());
    assert_eq!(scene.session().watchpoints()[0].label, "$twice of $add, this call");
    assert_eq!(next(&mut scene), "$twice of $add, this call 0 → 8 by local.set in main.add");
    assert!(next(&mut scene).contains("Done"));
    assert!(scene.says("is not watched any more: the call is over"));
}

#[test]
fn a_right_click_on_a_byte_is_about_that_byte() {
    let mut scene = begun(egui::Theme::Dark);
    scene.apply([Command::RevealPanel(Panel::Memory)]);
    let rect = scene.harness.get_by_label("bytes of memory, cursor at 0x0").rect();
    let place = scene.byte_place(rect, 1);
    scene.harness.hover_at(place);
    for pressed in [true, false] {
        let button = egui::PointerButton::Secondary;
        let modifiers = egui::Modifiers::NONE;
        scene.harness.event(egui::Event::PointerButton { pos: place, button, pressed, modifiers });
    }
    scene.settle();
    let selected = scene.session().memory_views()[0].cursor;
    assert!(selected > 0);
    scene.picture("watchpoint-menu");
    scene.click("Stop when changed");
    let module = scene.session().modules()[0].key;
    let target = WatchTarget::Memory { module, memory: 0, address: selected, len: 1 };
    assert_eq!(scene.session().watchpoints()[0].target, target);
}
