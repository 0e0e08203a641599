//! Several tasks: starting them, the list, the lanes, and what the rest of the window says of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::session::{Command, Panel, RunState, Session, StopReason};
use stepwell_ui_tests::Scene;

const SHARED: &str = r#"(module
  (import "env" "ask" (func $ask (result i32)))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1 1 shared)
  (func $count (export "count") (param $to i32) (result i32)
    loop $next
      i32.const 0  i32.const 1  i32.atomic.rmw.add  drop
      local.get $to  i32.const 1  i32.sub  local.tee $to
      br_if $next
    end
    i32.const 0  i32.load)
  (func (export "logs") (param $to i32)
    loop $next
      local.get $to  call $log
      i32.const 9 drop i32.const 9 drop i32.const 9 drop i32.const 9 drop
      local.get $to  i32.const 1  i32.sub  local.tee $to
      br_if $next
    end)
  (func (export "asks") (result i32) call $ask)
  (func (export "traps") unreachable)
  (func (export "waits") (result i32)
    i32.const 8  i32.const 0  i64.const -1  memory.atomic.wait32))"#;

fn session_of(exports: &[(&str, &[&str])]) -> Session {
    let mut session = Session::new();
    session.apply(Command::Open { name: "m".into(), bytes: SHARED.into() }).unwrap();
    let module = session.modules()[0].key;
    for (export, args) in exports {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        session.apply(Command::Spawn { module, export: (*export).into(), args }).unwrap();
    }
    session
}

fn scene_of(exports: &[(&str, &[&str])], theme: Theme) -> Scene {
    let mut scene = Scene::with(session_of(exports), theme);
    scene.apply([Command::RevealPanel(Panel::Tasks)]);
    scene
}

fn is_enabled(scene: &Scene, label: &str) -> bool {
    !scene.harness.get_by_label(label).accesskit_node().is_disabled()
}

fn executed(scene: &Scene) -> Vec<u64> {
    scene.session().tasks().iter().map(|task| task.executed).collect()
}

const TWO: [(&str, &[&str]); 2] = [("count", &["40"]), ("count", &["60"])];

#[test]
fn without_a_task_the_panel_says_where_they_come_from() {
    let mut scene = Scene::text("m", SHARED);
    scene.apply([Command::RevealPanel(Panel::Tasks)]);
    assert!(scene.says("with + a further one runs beside it"));
    assert!(!is_enabled(&scene, "+ Task m.count"));
    scene.click("Step m.count");
    assert!(scene.says("A second task, from + beside an export"));
    assert!(is_enabled(&scene, "+ Task m.count"));
    scene.write("argument 0 of m.count", "many");
    assert!(!is_enabled(&scene, "+ Task m.count"));
    scene.write("argument 0 of m.count", "5");
    scene.apply([Command::RevealPanel(Panel::Frames)]);
    scene.click("+ Task m.count");
    assert_eq!(scene.session().tasks().len(), 2);
    assert!(scene.says("No turn yet."), "the panel has come to the front");
    scene.picture("tasks-two");
}

#[test]
fn tasks_are_told_in_words() {
    let all: &[(&str, &[&str])] =
        &[("asks", &[]), ("waits", &[]), ("traps", &[]), ("count", &["1"]), ("count", &["1000"])];
    for theme in [Theme::Dark, Theme::Light] {
        let mut scene = scene_of(all, theme);
        scene.apply([Command::SetReductions(30)]);
        scene.apply(vec![Command::NextTurn; 5]);
        for told in [
            "task 1 m.asks, asks you: env.ask, executed 1 · 1 turn · in m.asks",
            "task 2 m.waits, waits for a notification, executed 4 · 1 turn · in m.waits",
            "task 3 m.traps, trapped: unreachable, executed 1 · 1 turn · in m.traps",
            "task 4 m.count, returned i32:1, executed 14 · 1 turn",
            "task 5 m.count, ready, executed 30 · 1 turn · in m.count",
        ] {
            assert!(scene.says(told), "{told}");
        }
        let name = if theme == Theme::Dark { "dark" } else { "light" };
        scene.picture(&format!("tasks-states-{name}"));
        scene.harness.get_by_label_contains("task 2 m.waits").click();
        scene.settle();
        assert_eq!(scene.session().selected_task(), Some(2));
        assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Wait));
        for (task, steps) in [(1, false), (2, false), (3, false), (4, false), (5, true)] {
            assert_eq!(is_enabled(&scene, &format!("step task {task}")), steps, "{task}");
        }
        scene.click("step task 5");
        assert_eq!((executed(&scene)[4], scene.session().selected_task()), (31, Some(5)));
        scene.click("cancel task 3");
        assert!(!scene.says("task 3 m.traps"));
        assert_eq!(scene.session().tasks().len(), 4);
    }
}

#[test]
fn turns_are_as_long_as_the_field_says() {
    let mut scene = scene_of(&TWO, Theme::Dark);
    scene.enter("instructions of a turn", "7");
    assert_eq!(scene.session().reductions(), 7);
    scene.click("Next turn");
    assert_eq!(executed(&scene), [7, 0]);
    scene.enter("instructions of a turn", "few");
    assert!(scene.says("a number of instructions is needed"));
    assert_eq!(scene.session().reductions(), 7);
    scene.enter("instructions of a turn", "0");
    assert!(scene.says("at least 1"));
    scene.enter("instructions of a turn", "1 000");
    assert_eq!(scene.session().reductions(), 1_000);
    assert!(!scene.says("is needed"));
    scene.key_with(Modifiers::COMMAND, Key::P);
    scene.write("palette", "next turn");
    scene.key(Key::Enter);
    assert_eq!(executed(&scene)[0], 7);
    assert!(executed(&scene)[1] > 0);
}

#[test]
fn keys_step_the_selected_task_and_run_all() {
    let mut scene = scene_of(&TWO, Theme::Dark);
    assert!(scene.has("task 2 · ready to step"));
    scene.key(Key::F11);
    scene.key(Key::F10);
    assert_eq!(executed(&scene), [0, 2]);
    assert!(scene.has("task 2 · stepped"));
    assert!(scene.says("F11 and F10 step task 2 only; F5 runs all by turns"));
    scene.key(Key::F5);
    assert!(executed(&scene).iter().all(|count| *count > 300));
    assert!(scene.has("task 2 · returned i32:100"));
    scene.key(Key::F5);
    assert_eq!(scene.session().tasks().len(), 1, "when all are over, the last start begins again");
}

#[test]
fn keys_never_restart_what_others_are_still_doing() {
    let mut scene = scene_of(&[("count", &["1"]), ("asks", &[])], Theme::Dark);
    scene.apply([Command::SelectTask(1), Command::StepBy(100)]);
    assert!(scene.has("task 1 · returned i32:1"));
    assert!(scene.says("F5 lets the other tasks go on"));
    assert!(!is_enabled(&scene, "Step into"));
    scene.key(Key::F5);
    assert!(scene.has("task 2 · waits for an answer"));
    scene.apply([Command::SelectTask(1)]);
    assert!(!is_enabled(&scene, "Run or continue"), "nothing can go on but by an answer");
    scene.key(Key::F5);
    assert_eq!(scene.session().tasks().len(), 2);
}

#[test]
fn lanes_show_who_ran_when() {
    for theme in [Theme::Dark, Theme::Light] {
        let exports: &[(&str, &[&str])] =
            &[("count", &["90"]), ("logs", &["20"]), ("count", &["200"])];
        let mut scene = scene_of(exports, theme);
        scene.harness.set_size(egui::vec2(1280.0, 1600.0));
        scene.apply([Command::SetPolicy {
            module: scene.session().modules()[0].key,
            import: 1,
            policy: stepwell::session::ImportPolicy::Zero,
        }]);
        scene.apply([Command::SetReductions(50), Command::Continue]);
        let clock = scene.session().clock();
        let lanes: Vec<_> = scene.session().lanes().collect();
        assert_eq!(lanes.last().unwrap().to, clock);
        scene.click("all turns");
        assert!(scene.has(&format!("turns 0 to {clock} of tasks [1, 2, 3]")));
        let name = if theme == Theme::Dark { "dark" } else { "light" };
        scene.picture(&format!("tasks-lanes-{name}"));
        let area = scene.harness.get_by_label_contains("turns 0 to").rect();
        // The very first turn of task 1 is 50 instructions of the whole.
        scene.harness.hover_at(egui::pos2(area.left() + 25.0, area.top() + 8.0));
        scene.harness.run_steps(60);
        assert!(scene.says("task 1 · m.count\n0 .. 50: 50 instructions"));
        scene.click("turns closer");
        assert!(!scene.says("turns 0 to"));
        assert!(scene.says(&format!("to {clock} of tasks")), "the newest stay in sight");
        scene.click("all turns");
        assert!(scene.says("turns 0 to"));
        scene.picture(&format!("tasks-{name}"));
    }
}

#[test]
fn thousands_of_turns_show_the_newest() {
    let mut scene = scene_of(&[("count", &["9000"]), ("count", &["9000"])], Theme::Dark);
    scene.harness.set_size(egui::vec2(1280.0, 1200.0));
    scene.apply([Command::SetReductions(20), Command::Continue]);
    while scene.session().tasks().iter().any(|task| task.executed < 90_000) {
        scene.settle();
    }
    assert_eq!(scene.session().lanes().len(), 4096);
    let clock = scene.session().clock();
    let lanes: Vec<_> = scene.session().lanes().collect();
    let from = lanes[lanes.len() - 49].to;
    assert!(scene.says(&format!("turns {from} to {clock} of tasks [1, 2]")), "the newest");
    scene.picture("tasks-many");
    scene.click("all turns");
    scene.picture("tasks-all");
}
