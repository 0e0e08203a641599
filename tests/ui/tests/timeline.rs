//! The Timeline and Answers panels: the run at a glance, moments, stretches, and what was asked of it.

#![allow(clippy::unwrap_used)]

use egui::Modifiers;
use stepwell::session::{AnswerState, Command, Panel, Question, Theme, WatchTarget, WatchWhen};
use stepwell_ui_tests::Scene;

const TEXT: &str = r#"(module
  (import "console" "log" (func $log (param i32)))
  (memory (export "memory") 1) (global $sum (mut i32) (i32.const 0))
  (func $mix (param $n i32) (result i32) (local $i i32)
    (loop $next
      (local.set $n (i32.xor (i32.mul (local.get $n) (i32.const 33)) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 40))))
    (local.get $n))
  (func $store (param $n i32)
    (i32.store (i32.and (local.get $n) (i32.const 0xfffc)) (local.get $n)))
  (func (export "main") (local $i i32)
    (loop $next
      (call $store (call $mix (local.get $i)))
      (global.set $sum (i32.add (global.get $sum) (local.get $i)))
      (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 10))) (then (call $log (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 60))))
    (unreachable)))"#;

fn place(scene: &mut Scene, name: &str) -> egui::Rect {
    drop(stepwell::ui::rects::json(&scene.harness.ctx));
    scene.harness.run_steps(2);
    let places = stepwell::ui::rects::places(&scene.harness.ctx);
    *places.get(name).unwrap_or_else(|| panic!("{name} is not among {:?}", places.keys()))
}

fn at_trap() -> Scene {
    let mut scene = Scene::text("m", TEXT);
    scene.click("Run m.main");
    scene.apply([Command::RevealPanel(Panel::Timeline)]);
    scene.harness.run_steps(20);
    scene
}

#[test]
fn the_run_is_seen_at_a_glance_and_a_click_stands_there() {
    let mut scene = at_trap();
    let end = scene.session().clock();
    assert_eq!(scene.session().looked_closer_at(), Some((0, end)));
    assert!(scene.says("m.mix"), "functions are named");
    scene.picture("timeline");
    scene.apply([Command::SetTheme(Theme::Light)]);
    scene.harness.set_size(egui::vec2(1024.0, 700.0));
    scene.settle();
    scene.picture("timeline-light");
    let area = place(&mut scene, "timeline.area");
    scene.click_at(area.center());
    let past = scene.session().past().unwrap();
    assert!(past.is_past && past.now > end / 3 && past.now < end * 2 / 3, "{past:?}");
    scene.click("bookmark this moment");
    let bookmark = scene.session().bookmarks().next().unwrap().clone();
    assert_eq!(bookmark.clock, past.now);
    scene.apply([Command::GoToPresent]);
    scene.click(&format!("go to bookmark {}", bookmark.name));
    assert_eq!(scene.session().past().unwrap().now, past.now);
    scene.picture("timeline-past");
}

#[test]
fn a_stretch_is_chosen_and_questions_are_limited_to_it() {
    let mut scene = at_trap();
    let end = scene.session().clock();
    let module = scene.session().modules()[0].key;
    let area = place(&mut scene, "timeline.area");
    let (from, to) =
        (area.lerp_inside(egui::vec2(0.3, 0.5)), area.lerp_inside(egui::vec2(0.6, 0.5)));
    scene.harness.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    scene.harness.drag_at(from);
    for place in [from.lerp(to, 0.5), to] {
        scene.harness.run_steps(2);
        scene.harness.hover_at(place);
    }
    scene.harness.run_steps(2);
    scene.harness.drop_at(to);
    scene.settle();
    scene.harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    scene.settle();
    let (first, last) = scene.session().stretch().unwrap();
    assert!(first > end / 5 && last < end * 7 / 10 && last - first > end / 5, "{first} {last}");
    assert!(!scene.session().is_past(), "a stretch is no moment");
    let target = WatchTarget::Global { module, global: 0 };
    let question = Question::Accesses { target, when: WatchWhen::Written };
    scene.apply([Command::AskRun(question)]);
    scene.harness.run_steps(20);
    let answers = scene.session().answers().unwrap();
    assert_eq!(answers.state, AnswerState::Complete);
    assert!(answers.rows.iter().all(|row| (first..=last).contains(&row.clock)));
    assert!(answers.rows.len() > 10 && answers.rows.len() < 30);
    let clock = answers.rows[2].clock;
    scene.picture("answers");
    let row = place(&mut scene, "answers.row.2");
    scene.click_at(row.center());
    assert_eq!(scene.session().past().unwrap().now, clock);
}

#[test]
fn before_a_run_the_panels_say_what_to_do() {
    let mut scene = Scene::text("m", TEXT);
    scene.apply([Command::RevealPanel(Panel::Timeline)]);
    assert!(scene.says("Once something has run"));
    scene.apply([Command::RevealPanel(Panel::Answers)]);
    assert!(scene.says("Nothing has been asked"));
}

#[test]
fn lines_of_the_console_the_log_and_host_calls_lead_to_their_moments() {
    let mut scene = at_trap();
    scene.apply([Command::RevealPanel(Panel::Console)]);
    let calls: Vec<u64> = scene.session().host_calls().iter().map(|call| call.clock).collect();
    assert_eq!(calls.len(), 6);
    let gutter = place(&mut scene, "console.moment.2");
    scene.click_at(gutter.center());
    assert_eq!(scene.session().past().unwrap().now, calls[2]);
    assert_eq!(scene.session().console().len(), 3);
    scene.apply([Command::GoToPresent]);
    // A message at each time that something is stored.
    let module = scene.session().modules()[0].key;
    scene.apply([Command::BreakOnFunction("$store".to_owned())]);
    let offset = scene.session().breakpoints().next().unwrap().offset;
    let message = "n = {$n}".to_owned();
    scene.apply([Command::SetMessage { module, offset, message }, Command::Restart]);
    scene.apply([Command::Continue, Command::RevealPanel(Panel::Log)]);
    scene.harness.run_steps(20);
    let line = scene.session().log_lines().lines()[55].clone();
    let row = place(&mut scene, "log.row.55");
    scene.click_at(row.left_center() + egui::vec2(60.0, 0.0));
    assert_eq!(scene.session().past().unwrap().now, line.clock);
    assert_eq!(scene.session().frames()[0].offset().0, offset);
}

#[test]
fn a_dozen_tasks_have_a_lane_each() {
    let mut scene = Scene::text("m", TEXT);
    let module = scene.session().modules()[0].key;
    let start = Command::Start { module, export: "main".to_owned(), args: vec![] };
    scene.apply([start]);
    for _ in 0..11 {
        let (export, args) = ("main".to_owned(), vec![]);
        scene.apply([Command::Spawn { module, export, args }]);
    }
    scene.apply([Command::Continue, Command::RevealPanel(Panel::Timeline)]);
    scene.harness.set_size(egui::vec2(1920.0, 1080.0));
    scene.harness.run_steps(40);
    scene.settle();
    let turns = scene.session().run_turns();
    let mut tasks: Vec<u32> = turns.iter().map(|turn| turn.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    assert_eq!(tasks.len(), 12);
    scene.picture("timeline-tasks");
}

#[test]
fn few_instructions_are_drawn_one_by_one() {
    let mut scene =
        Scene::text("m", "(module (func $f nop) (func (export \"main\") nop call $f nop))");
    scene.click("Run m.main");
    scene.apply([Command::RevealPanel(Panel::Timeline)]);
    scene.harness.run_steps(20);
    assert!(scene.says("m.f 33.3 %") && scene.says("m.main 66.6 %"));
    scene.picture("timeline-few");
}
