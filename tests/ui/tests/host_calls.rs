//! Host calls: the list of those that were made, the forms of those that wait, stopping at imports, and
//! host functions in the call stack.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, Instant};

use egui::Key;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::session::{
    BreakWhen, Command, HostAnswerState, ImportPolicy, ModuleKey, Panel, RunState, Session,
    StopReason,
};
use stepwell_engine::Value;
use stepwell_ui_tests::Scene;

/// Three imports: `tick` in a loop with its counter, then `say` with one of two texts, then `tick` again.
const CALLER: &str = r#"(module
  (import "env" "tick" (func $tick (param i32) (result i32)))
  (import "env" "say" (func $say (param i32 i32)))
  (memory 1)
  (data (i32.const 8) "onetwo")
  (func (export "main") (param $count i32)
    (local $at i32)
    loop $next
      local.get $at
      call $tick
      drop
      local.get $at
      i32.const 1
      i32.add
      local.tee $at
      local.get $count
      i32.lt_u
      br_if $next
    end
    i32.const 8
    i32.const 3
    call $say
    i32.const 11
    i32.const 3
    call $say
    i32.const 7
    call $tick
    drop))"#;

fn open(session: &mut Session, name: &str, text: &str) -> ModuleKey {
    let bytes = text.as_bytes().to_vec();
    session.apply(Command::Open { name: name.to_owned(), bytes }).unwrap();
    session.modules().last().unwrap().key
}

/// A session in which all that nobody satisfies returns zero.
fn silent(name: &str, text: &str) -> (Session, ModuleKey) {
    let mut session = Session::new();
    let module = open(&mut session, name, text);
    for import in 0..session.modules()[0].imports.len() {
        let policy = ImportPolicy::Zero;
        session.apply(Command::SetPolicy { module, import, policy }).unwrap();
    }
    (session, module)
}

fn run(session: &mut Session, module: ModuleKey, args: &[&str]) {
    let (export, args) = ("main".to_owned(), args.iter().map(|arg| (*arg).to_owned()).collect());
    session.apply(Command::Start { module, export, args }).unwrap();
    session.apply(Command::Continue).unwrap();
    while session.tick(Duration::from_millis(100)) {}
}

fn called(count: &str) -> Scene {
    let (mut session, module) = silent("m", CALLER);
    run(&mut session, module, &[count]);
    assert!(matches!(session.run_state(), RunState::Stopped(StopReason::Done(_))));
    tall(Scene::with(session, egui::Theme::Dark))
}

/// With more room for the panel than it has at first.
fn tall(mut scene: Scene) -> Scene {
    scene.harness.set_size(egui::vec2(1280.0, 1400.0));
    scene.settle();
    scene
}

fn rows(scene: &Scene) -> Vec<String> {
    let nodes = scene.harness.query_all_by_role(egui::accesskit::Role::ListBoxOption);
    let labels = nodes.filter_map(|node| node.accesskit_node().label());
    labels.filter(|label| label.starts_with("call ")).collect()
}

fn row(scene: &Scene, text: &str) -> egui::Rect {
    scene.harness.get_by_label_contains(text).rect()
}

#[test]
fn a_row_tells_caller_text_and_answer_and_selects_the_callers_own_bytes() {
    let mut scene = tall(Scene::example("attribution"));
    scene.apply([Command::Continue]);
    scene.click("Return");
    assert_eq!(rows(&scene), ["call 1: b.foo calls env.print(\"hello from b\") → returned"]);
    // The stripe has the hue of b, which called, not of a, which called b.
    let place = row(&scene, "call 1: b.foo");
    let image = scene.harness.render().unwrap();
    let scale = image.width() as f32 / scene.harness.ctx.content_rect().width();
    let at = |x: f32| ((place.left() + x) * scale) as u32;
    let pixel = image.get_pixel(at(1.5), (place.center().y * scale) as u32).0;
    let hue =
        |name: &str| scene.session().modules().iter().find(|open| open.name == name).unwrap().hue;
    let colour = |name: &str| stepwell::ui::tokens::DARK.module(hue(name)).to_array();
    let near =
        |one: [u8; 4], other: [u8; 4]| one.iter().zip(other).all(|(a, b)| a.abs_diff(b) < 12);
    assert!(near(pixel, colour("b")), "{pixel:?} is not {:?}", colour("b"));
    assert!(!near(pixel, colour("a")));

    scene.click("call 1: b.foo calls env.print(\"hello from b\") → returned");
    assert!(scene.has("Call 1") && scene.has("through") && scene.has("as you answered"));
    scene.picture("host-call-detail");
    let memories = scene.session().memories();
    let other = memories.iter().find(|named| named.label == "a:$memory").unwrap().addr.0;
    let view = scene.session().memory_views()[0].id;
    scene.apply([Command::ViewMemory { view, memory: other }]);
    scene.click("b:$memory 0x10, 12 bytes");
    let view = &scene.session().memory_views()[0];
    let shown = memories.iter().find(|named| named.addr == view.memory).unwrap();
    assert_eq!(shown.label, "b:$memory");
    assert_eq!((view.cursor, view.selected), (16, 12));
    scene.click("0x0046");
    let focus = scene.session().code_focus().unwrap();
    let b = scene.session().modules().iter().find(|open| open.name == "b").unwrap().key;
    assert_eq!((focus.module, focus.offset.0), (b, 0x46));
}

#[test]
fn equal_calls_fold_into_one_row_and_unfold_again() {
    let mut scene = called("5");
    let folded = [
        "call 1: m.main calls env.tick(i32:0…4) → i32:0 by policy ×5",
        "call 6: m.main calls env.say(\"one\") → returned by policy",
        "call 7: m.main calls env.say(\"two\") → returned by policy",
        "call 8: m.main calls env.tick(i32:7) → i32:0 by policy",
    ];
    assert_eq!(rows(&scene), folded);
    scene.picture("host-calls-folded");
    scene.click("unfold 5 calls from 1");
    assert_eq!(rows(&scene).len(), 1 + 5 + 3);
    assert_eq!(rows(&scene)[5], "call 5: m.main calls env.tick(i32:4) → i32:0 by policy");
    scene.picture("host-calls-unfolded");
    scene.click("fold 5 calls from 1");
    assert_eq!(rows(&scene), folded);
    scene.click("fold equal calls");
    assert_eq!(rows(&scene).len(), 8);
}

#[test]
fn texts_that_differ_do_not_fold() {
    let text = r#"(module
      (import "env" "say" (func $say (param i32 i32)))
      (memory 1) (data (i32.const 8) "onetwotwo")
      (func (export "main") (local $at i32)
        loop $next
          local.get $at
          i32.const 3
          i32.mul
          i32.const 8
          i32.add
          i32.const 3
          call $say
          local.get $at
          i32.const 1
          i32.add
          local.tee $at
          i32.const 3
          i32.lt_u
          br_if $next
        end))"#;
    let (mut session, module) = silent("m", text);
    run(&mut session, module, &[]);
    let scene = tall(Scene::with(session, egui::Theme::Dark));
    let expected = [
        "call 1: m.main calls env.say(\"one\") → returned by policy",
        "call 2: m.main calls env.say(\"two\") → returned by policy ×2",
    ];
    assert_eq!(rows(&scene), expected);
}

#[test]
fn the_list_is_filtered_by_text_import_and_caller() {
    let mut scene = called("5");
    scene.write("filter host calls", "TWO");
    assert_eq!(rows(&scene), ["call 7: m.main calls env.say(\"two\") → returned by policy"]);
    scene.write("filter host calls", "nobody says this");
    assert!(rows(&scene).is_empty() && scene.says("No call matches."));
    scene.click("Show all calls");
    assert_eq!(rows(&scene).len(), 4);
    // What lies between is not listed, so that those around it follow each other.
    scene.harness.get_by_label_contains("call 8: ").click_secondary();
    scene.settle();
    scene.click("Only this import");
    assert_eq!(rows(&scene).len(), 2);
    assert!(rows(&scene).iter().all(|row| row.contains("env.tick")));
    scene.click("import");
    scene.click("only env.say");
    assert_eq!(rows(&scene).len(), 2);
    assert!(rows(&scene).iter().all(|row| row.contains("env.say")));

    let mut scene = tall(Scene::example("attribution"));
    let a = scene.session().modules().iter().find(|open| open.name == "a").unwrap().key;
    let export = "main_then_own".to_owned();
    scene.apply([Command::Start { module: a, export, args: Vec::new() }, Command::Continue]);
    scene.click("Return").click("Return");
    assert_eq!(rows(&scene).len(), 2);
    scene.click("calls of a");
    let own = "call 2: a.main_then_own calls env.print(\"hello from a\") → returned";
    assert_eq!(rows(&scene), [own]);
    scene.click("calls of a").click("calls of b");
    assert_eq!(rows(&scene), ["call 1: b.foo calls env.print(\"hello from b\") → returned"]);
}

#[test]
fn a_heading_orders_the_list_and_its_end_comes_first_at_the_second_click() {
    let mut scene = called("3");
    scene.click("fold equal calls");
    let numbers = |scene: &Scene| -> Vec<u64> {
        let number = |row: &String| row.split([' ', ':']).nth(1).unwrap().parse().unwrap();
        rows(scene).iter().map(number).collect()
    };
    assert_eq!(numbers(&scene), [1, 2, 3, 4, 5, 6]);
    scene.click("order by import");
    assert_eq!(numbers(&scene), [4, 5, 1, 2, 3, 6]);
    scene.click("order by import");
    assert_eq!(numbers(&scene), [1, 2, 3, 6, 4, 5], "equal ones stay as they were");
    scene.click("order by import");
    assert_eq!(numbers(&scene), [1, 2, 3, 4, 5, 6]);
    // Texts are ordered as texts, numbers as numbers.
    scene.click("order by arguments").click("order by arguments");
    assert_eq!(numbers(&scene), [5, 4, 6, 3, 2, 1]);
    scene.write("filter host calls", "tick");
    assert_eq!(numbers(&scene), [6, 3, 2, 1], "what is listed changes, the order stays");
    // Calls shown one by one stay with their heading.
    scene.write("filter host calls", " ");
    scene.click("fold equal calls").click("unfold 3 calls from 1");
    assert_eq!(numbers(&scene), [5, 4, 6, 1, 1, 2, 3]);
    scene.picture("host-calls-ordered");
}

#[test]
fn columns_that_there_is_no_room_for_are_left_out_from_the_end() {
    let headings = |scene: &Scene| -> Vec<String> {
        let nodes = scene.harness.query_all_by_label_contains("order by ");
        nodes.filter_map(|node| node.accesskit_node().label()).collect()
    };
    let mut scene = called("3");
    let narrow = headings(&scene);
    assert_eq!(
        narrow[..4],
        ["×", "import", "arguments", "answer"].map(|of| format!("order by {of}"))
    );
    assert!(!narrow.contains(&"order by caller".to_owned()), "{narrow:?}");
    scene.harness.set_size(egui::vec2(3000.0, 1400.0));
    scene.settle();
    let all = ["×", "import", "arguments", "answer", "caller", "#", "at"];
    assert_eq!(headings(&scene), all.map(|of| format!("order by {of}")));
}

#[test]
fn the_answer_of_a_call_that_waits_has_the_keyboard() {
    let mut session = Session::new();
    let module = open(&mut session, "m", ASKS);
    let start = |arg: &str| Command::Start {
        module,
        export: "main".to_owned(),
        args: vec![arg.to_owned()],
    };
    session.apply(start("5")).unwrap();
    let mut scene = Scene::with(session, egui::Theme::Dark);
    scene.apply([Command::Continue]);
    scene.harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    scene.harness.event(egui::Event::Text("42".to_owned()));
    scene.settle();
    scene.key(Key::Enter);
    let done = RunState::Stopped(StopReason::Done(vec![Value::I32(42)]));
    assert_eq!(*scene.session().run_state(), done);
    // Not from under what is being written elsewhere.
    let field = scene.harness.get_by_label("filter host calls");
    field.focus();
    scene.settle();
    scene.apply([start("6"), Command::Continue]);
    scene.harness.event(egui::Event::Text("7".to_owned()));
    scene.settle();
    assert!(scene.session().pending_call().is_some());
    scene.key(Key::Enter);
    assert!(scene.session().pending_call().is_some());
}

#[test]
fn calls_can_be_forgotten() {
    let mut scene = called("5");
    scene.click("clear the host calls");
    assert!(scene.session().host_calls().is_empty());
    assert!(scene.says("No host call yet."));
    scene.apply([Command::Restart, Command::Continue]);
    assert_eq!(rows(&scene).len(), 4, "a new run counts its calls anew");
}

/// How long a frame takes; the shortest of several, as others use the machine as well.
fn frame_time(scene: &mut Scene) -> Duration {
    let times = (0..8).map(|_| {
        let begun = Instant::now();
        scene.harness.step();
        begun.elapsed()
    });
    times.min().unwrap()
}

#[test]
fn a_hundred_thousand_calls_scroll_freely() {
    let few = frame_time(&mut called("40"));
    let begun = Instant::now();
    let mut scene = called("100000");
    println!("100 003 calls made and listed in {:.1?}", begun.elapsed());
    assert_eq!(scene.session().host_calls().len(), 100_003);
    assert!(rows(&scene)[0].ends_with("(i32:0…99999) → i32:0 by policy ×100000"));
    let begun = Instant::now();
    scene.click("fold equal calls");
    println!("unfolded in {:.1?}", begun.elapsed());
    let last = "call 100003: m.main calls env.tick(i32:7) → i32:0 by policy";
    assert_eq!(rows(&scene).last().unwrap(), last, "the newest is in sight");
    let at_end = frame_time(&mut scene);

    // The bar at the right of the list: its top, its middle, its end.
    let place = row(&scene, last);
    let panel = rows(&scene).len() as f32 * stepwell::ui::tokens::ROW;
    let (top, bottom) = (place.bottom() - panel + 5.0, place.bottom() - 1.0);
    let bar = |y: f32| egui::pos2(place.right() + 5.0, y);
    scene.click_at(bar(top));
    assert_eq!(rows(&scene)[0], "call 1: m.main calls env.tick(i32:0) → i32:0 by policy");
    let at_top = frame_time(&mut scene);
    scene.click_at(bar((top + bottom) / 2.0));
    let first: u64 = rows(&scene)[0].split([' ', ':']).nth(1).unwrap().parse().unwrap();
    assert!((40_000..60_000).contains(&first), "{first}");
    let in_middle = frame_time(&mut scene);
    // Below the last row there may be room for a part of one.
    scene.click_at(bar(bottom)).click_at(bar(bottom + stepwell::ui::tokens::ROW / 2.0));
    assert_eq!(rows(&scene).last().unwrap(), last);
    scene.picture("host-calls-many");

    println!(
        "a frame: 43 calls {few:.2?}; 100 003: end {at_end:.2?}, top {at_top:.2?}, middle {in_middle:.2?}"
    );
    for time in [at_end, at_top, in_middle] {
        assert!(time < few * 2 + Duration::from_millis(4), "{time:?}, with few calls {few:?}");
    }
    let begun = Instant::now();
    scene.write("filter host calls", "i32:99998");
    // A slice of them a frame.
    while rows(&scene).is_empty() && begun.elapsed() < Duration::from_secs(60) {
        scene.harness.step();
    }
    println!("filtered in {:.1?}", begun.elapsed());
    assert_eq!(rows(&scene), ["call 99999: m.main calls env.tick(i32:99998) → i32:0 by policy"]);
}

#[test]
fn the_list_stays_where_it_was_scrolled_while_calls_come_in() {
    let (mut session, module) = silent("m", CALLER);
    run(&mut session, module, &["300"]);
    let mut scene = tall(Scene::with(session, egui::Theme::Dark));
    scene.click("fold equal calls");
    let last = rows(&scene).last().unwrap().clone();
    assert!(last.starts_with("call 303:"), "{last}");
    let start = |count: &str| Command::Start {
        module,
        export: "main".to_owned(),
        args: vec![count.to_owned()],
    };
    scene.apply([start("300"), Command::Continue]);
    assert!(rows(&scene).last().unwrap().starts_with("call 606:"), "it stays at the end");
    let place = row(&scene, "call 606:").center();
    scene.harness.hover_at(place);
    let delta = egui::vec2(0.0, 900.0);
    let (unit, modifiers) = (egui::MouseWheelUnit::Point, egui::Modifiers::NONE);
    let (phase, source) = (egui::TouchPhase::Move, egui::MouseWheelSource::Wheel);
    scene.harness.event(egui::Event::MouseWheel { unit, delta, modifiers, phase, source });
    scene.settle();
    let before = rows(&scene);
    assert!(!before.last().unwrap().starts_with("call 606:"), "it has been scrolled");
    scene.apply([start("300"), Command::Continue]);
    assert_eq!(rows(&scene), before, "it stays where it was");
}

#[test]
fn the_run_stops_at_an_import_always_once_or_on_a_condition() {
    let (mut session, module) = silent("m", CALLER);
    let args = vec!["5".to_owned()];
    session.apply(Command::Start { module, export: "main".to_owned(), args }).unwrap();
    let mut scene = tall(Scene::with(session, egui::Theme::Dark));
    scene.apply([Command::RevealPanel(Panel::Breakpoints)]);
    scene.click("Stop at an import");
    scene.click("stop at env.say");
    scene.key(Key::Escape);
    assert_eq!(scene.session().import_break("env", "say").unwrap().when, BreakWhen::Always);
    scene.apply([Command::Continue]);
    let stopped = |name: &str| {
        let (module, name) = ("env".to_owned(), name.to_owned());
        RunState::Stopped(StopReason::ImportBreak { module, name })
    };
    assert_eq!(*scene.session().run_state(), stopped("say"));
    assert!(scene.says("m.main is about to call env.say(\"one\")."));
    assert_eq!(scene.session().host_calls().len(), 5, "it has not been called");
    scene.picture("import-break");
    // Always: the second call stops, too.
    scene.click("Continue");
    assert_eq!(*scene.session().run_state(), stopped("say"));
    assert!(scene.says("is about to call env.say(\"two\")."));
    assert_eq!(scene.session().import_break("env", "say").unwrap().hits, 2);
    scene.click("Stop here no more");
    assert_eq!(scene.session().import_breaks().len(), 0);
    scene.click("Continue");
    assert!(matches!(scene.session().run_state(), RunState::Stopped(StopReason::Done(_))));

    // Once, from the menu of a row.
    scene.harness.get_by_label_contains("call 6: ").click_secondary();
    scene.settle();
    scene.click("stop at the next of env.say");
    scene.key(Key::Escape);
    scene.apply([Command::Restart, Command::Continue]);
    assert_eq!(*scene.session().run_state(), stopped("say"));
    assert_eq!(scene.session().import_breaks().len(), 0);
    scene.click("Continue");
    assert!(matches!(scene.session().run_state(), RunState::Stopped(StopReason::Done(_))));

    // On a condition; one that cannot be read is refused beside its field.
    scene.harness.get_by_label_contains("call 1: ").click_secondary();
    scene.settle();
    scene.enter("condition of env.tick", "argument 3");
    assert_eq!(scene.session().import_breaks().len(), 0);
    assert!(scene.says("`argument` means nothing here"));
    scene.picture("import-break-menu");
    scene.enter("condition of env.tick", "arg 0 == 3");
    scene.key(Key::Escape);
    let when = BreakWhen::Condition("arg 0 == 3".to_owned());
    assert_eq!(scene.session().import_break("env", "tick").unwrap().when, when);
    scene.apply([Command::Restart, Command::Continue]);
    assert_eq!(*scene.session().run_state(), stopped("tick"));
    assert!(scene.says("is about to call env.tick(i32:3)."));
    scene.apply([Command::Continue]);
    assert!(matches!(scene.session().run_state(), RunState::Stopped(StopReason::Done(_))));

    // Off, by the column of breakpoints; and on again.
    scene.click("stop at env.tick, call 1");
    assert_eq!(scene.session().import_breaks().len(), 0);
    scene.click("stop at env.tick, call 1");
    assert_eq!(scene.session().import_break("env", "tick").unwrap().when, BreakWhen::Always);
    assert!(scene.has("remove env.tick"), "it is among the breakpoints");
    scene.picture("import-breakpoints");
    scene.click("remove env.tick");
    assert_eq!(scene.session().import_breaks().len(), 0);
}

const ASKS: &str = "(module (import \"env\" \"ask\" (func $ask (param i32) (result i32))) \
                    (func (export \"main\") (param i32) (result i32) local.get 0 call $ask))";

#[test]
fn the_calls_of_two_tasks_wait_side_by_side() {
    let mut session = Session::new();
    let module = open(&mut session, "m", ASKS);
    let export = || "main".to_owned();
    let args = |text: &str| vec![text.to_owned()];
    session.apply(Command::Start { module, export: export(), args: args("10") }).unwrap();
    session.apply(Command::Continue).unwrap();
    session.apply(Command::Spawn { module, export: export(), args: args("20") }).unwrap();
    session.apply(Command::Continue).unwrap();
    let mut scene = tall(Scene::with(session, egui::Theme::Dark));
    assert_eq!(scene.session().pending_calls().count(), 2);
    assert_eq!(scene.session().selected_task(), Some(2));
    assert!(scene.says("1 more call waits in other tasks."));
    assert!(scene.has("i32:20"), "the form of the selected task");
    scene.picture("pending-two");
    // The other one's form opens when its task is selected.
    scene.click("task 1: env.ask: Waits for your answer");
    assert_eq!(scene.session().selected_task(), Some(1));
    assert!(scene.has("task 2: env.ask: Waits for your answer"));
    scene.enter("result 0", "7");
    let answers = |scene: &Scene| -> Vec<Option<Value>> {
        let calls = scene.session().host_calls().iter();
        let answer = calls.map(|record| match &record.answer {
            HostAnswerState::Returned { values, .. } => values.first().copied(),
            _ => None,
        });
        answer.collect()
    };
    assert_eq!(answers(&scene), [Some(Value::I32(7)), None]);
    scene.click("task 2: env.ask: Waits for your answer");
    // A form can be closed, and opened again.
    scene.click("task 2: waits for your answer");
    assert!(!scene.has("Return this"));
    scene.click("task 2: waits for your answer");
    scene.enter("result 0", "8");
    assert_eq!(answers(&scene), [Some(Value::I32(7)), Some(Value::I32(8))]);
    assert!(scene.says("call 2 of task 2: m.main calls env.ask(i32:20) → i32:8"));
}

#[test]
fn a_call_folds_once_it_is_answered_as_the_one_before() {
    let text = r#"(module
      (import "env" "ask" (func $ask (result i32)))
      (func (export "main") (result i32)
        loop $next
          call $ask
          br_if $next
        end
        i32.const 1))"#;
    let mut session = Session::new();
    let module = open(&mut session, "m", text);
    let export = "main".to_owned();
    session.apply(Command::Start { module, export, args: Vec::new() }).unwrap();
    session.apply(Command::Continue).unwrap();
    let mut scene = tall(Scene::with(session, egui::Theme::Dark));
    let call = |number: u32, rest: &str| format!("call {number}: m.main calls env.ask() → {rest}");
    scene.enter("result 0", "5");
    assert_eq!(rows(&scene), [call(1, "i32:5"), call(2, "waits")]);
    scene.enter("result 0", "5");
    assert_eq!(rows(&scene), [call(1, "i32:5 ×2"), call(3, "waits")]);
    scene.click("unfold 2 calls from 1");
    scene.enter("result 0", "5");
    let three = [call(1, "i32:5 ×3, one by one"), call(1, "i32:5"), call(2, "i32:5")];
    assert_eq!(rows(&scene), [&three[..], &[call(3, "i32:5"), call(4, "waits")]].concat());
    scene.enter("result 0", "0");
    assert_eq!(rows(&scene).last().unwrap(), &call(4, "i32:0"));
}

#[test]
fn host_functions_stand_in_the_call_stack() {
    let mut scene = tall(Scene::example("attribution"));
    assert!(!scene.says("host · "));
    scene.apply([Command::Continue]);
    assert!(scene.has("host · env.print waits for an answer"));
    let host = row(&scene, "host · env.print waits for an answer");
    let (b, a) = (row(&scene, "frame 0 b.foo"), row(&scene, "frame 1 a.main"));
    assert!(host.top() < b.top() && b.top() < a.top());
    let (module, name) = ("env".to_owned(), "print".to_owned());
    let when = Some(BreakWhen::Always);
    scene.apply([
        Command::BreakOnImport { module, name, when },
        Command::Restart,
        Command::Continue,
    ]);
    assert!(scene.has("host · env.print is about to begin"));
}

#[test]
fn a_call_that_ends_the_program_elsewhere_carries_a_note() {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "clock_res_get" (func $get (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "main")
        (drop (call $get (i32.const 0) (i32.const 16)))
        (drop (call $get (i32.const 0) (i32.const 12)))))"#;
    let mut session = Session::new();
    let module = open(&mut session, "m", text);
    run(&mut session, module, &[]);
    session.apply(Command::RevealPanel(Panel::HostCalls)).unwrap();
    let mut scene = tall(Scene::with(session, egui::Theme::Dark));
    scene.click("fold equal calls");
    let note = "resolution at 0xc is no multiple of 8: other hosts end the program here";
    let listed = rows(&scene);
    assert!(!listed[0].contains(note) && listed[1].ends_with(note), "{listed:?}");
    scene.click(&listed[1]);
    assert!(scene.has(&format!("⚠ {note}")));
    scene.picture("host-call-note");
}

#[test]
fn rules_answer_calls_and_are_written_in_place() {
    const ASKS: &str = r#"(module
      (import "env" "ask" (func $ask (param i32) (result i32)))
      (func (export "run") (result i32)
        (i32.add (i32.mul (call $ask (i32.const 7)) (i32.const 10)) (call $ask (i32.const 8)))))"#;
    let mut scene = tall(Scene::text("m", ASKS));
    scene.key(egui::Key::F5);
    assert_eq!(scene.session().pending_calls().count(), 1);
    scene.apply([Command::Answer(vec!["4".to_owned()])]);
    scene.apply([Command::Answer(vec!["2".to_owned()])]);
    let done = |value| RunState::Stopped(StopReason::Done(vec![Value::I32(value)]));
    assert_eq!(scene.session().run_state(), &done(42));
    scene.apply([Command::RevealPanel(Panel::HostCalls)]);
    // From a call that was answered.
    let place = row(&scene, "call 1: ").center();
    scene.click_at(place).click("Always answer so");
    let rules = |scene: &Scene| -> Vec<(String, String, u64)> {
        let rules = scene.session().answer_rules();
        rules.map(|(rule, hits)| (rule.args.join(","), rule.answers.join(";"), hits)).collect()
    };
    assert_eq!(rules(&scene), [("i32:7".to_owned(), "i32:4".to_owned(), 0)]);
    // One more, by hand; a wrong one is told in its line.
    scene.click("add a rule");
    scene.write("arguments of rule 1", "> 7").key(egui::Key::Enter);
    scene.write("answers of rule 1", "x").key(egui::Key::Enter);
    assert!(scene.says("⚠ "), "what is wrong stands below");
    assert_eq!(rules(&scene).len(), 1);
    scene.picture("host-calls-rules");
    scene.write("answers of rule 1", "5").key(egui::Key::Enter);
    assert_eq!(rules(&scene)[1], ("> 7".to_owned(), "5".to_owned(), 0));
    scene.key(egui::Key::F5);
    assert_eq!(scene.session().run_state(), &done(45));
    assert!(rows(&scene)[0].ends_with("→ i32:4 by a rule"), "{:?}", rows(&scene));
    assert_eq!(rules(&scene)[0].2, 1);
    scene.click("remove rule 0");
    assert_eq!(rules(&scene).len(), 1);
    scene.picture("host-calls-rules-left");
}
