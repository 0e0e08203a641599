//! Modules, host calls, breakpoints, memory, globals, tables and examples: what a person sees and
//! does there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use egui::Key;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::session::{
    Command, HostAnswerState, ImportPolicy, Panel, RunState, SearchKind, Session, StopReason,
};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::{FuncIndex, Value};
use stepwell_ui_tests::Scene;

fn is_enabled(scene: &Scene, label: &str) -> bool {
    !scene.harness.get_by_label(label).accesskit_node().is_disabled()
}

const ADD: &str = "(module (func (export \"add\") (param $left i32) (param f64) (result i32) \
                   local.get $left))";

#[test]
fn arguments_are_checked_beside_their_fields_and_nothing_runs() {
    let mut scene = Scene::text("m", ADD);
    scene.write("argument 0 of m.add", "seven");
    assert!(scene.says("not an integer: seven"));
    assert!(!is_enabled(&scene, "Run m.add"));
    assert!(!is_enabled(&scene, "Step m.add"));
    assert_eq!(*scene.session().run_state(), RunState::Idle);
    scene.write("argument 0 of m.add", "0x2a");
    scene.write("argument 1 of m.add", "nan:0x7ff8000000000001");
    scene.click("Run m.add");
    let done = RunState::Stopped(StopReason::Done(vec![Value::I32(42)]));
    assert_eq!(*scene.session().run_state(), done);
}

#[test]
fn step_stands_before_the_first_instruction() {
    let mut scene = Scene::text("m", ADD);
    scene.click("Step m.add");
    assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Started));
    assert_eq!(scene.session().clock(), 0);
}

#[test]
fn a_module_shows_what_it_consists_of() {
    let mut scene = Scene::example("attribution");
    assert!(scene.has("link graph: a") && scene.has("link graph: nobody"));
    assert!(scene.has("← b for b.foo"), "b satisfies b.foo");
    let mut scene_of_one = Scene::text("m", ADD);
    scene_of_one.click("Sections · 5");
    assert!(scene_of_one.says("section code: "));
    scene_of_one.click("Types · 1");
    assert!(scene_of_one.says("(i32, f64) -> (i32)"));
    scene_of_one.click("Functions · 1");
    assert!(scene_of_one.says("function 0 "));
    scene_of_one.picture("modules");
    scene.picture("links");
}

#[test]
fn functions_are_filtered_by_name() {
    let mut scene = Scene::example("recursion");
    let title = format!("Functions · {}", scene.session().modules()[0].module.func_count());
    scene.click(&title);
    assert!(scene.says("function 0 $factorial"));
    scene.write("filter functions of recursion", "fib");
    assert!(scene.says("function 1 $fibonacci"));
    assert!(!scene.says("function 0 $factorial"));
    scene.write("filter functions of recursion", "nothing has this");
    assert!(scene.has("No function has this name, index or address."));
}

#[test]
fn a_module_that_is_renamed_is_linked_anew() {
    let mut session = Session::new();
    let open = |name: &str, text: &str| Command::Open {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let main = "(module (import \"env\" \"f\" (func)) (func (export \"run\") call 0))";
    session.apply(open("main", main)).unwrap();
    session.apply(open("helper", "(module (func (export \"f\")))")).unwrap();
    let mut scene = Scene::with(session, egui::Theme::Dark);
    assert!(!scene.says("← env"));
    scene.click("rename helper");
    scene.enter("link name of helper", "env");
    assert!(scene.has("← env for env.f"));
}

#[test]
fn a_mismatch_says_why() {
    let mut session = Session::new();
    let open = |name: &str, text: &str| Command::Open {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    session.apply(open("lib", "(module (func (export \"f\") (param i32)))")).unwrap();
    session.apply(open("main", "(module (import \"lib\" \"f\" (func (param i64))))")).unwrap();
    let scene = Scene::with(session, egui::Theme::Dark);
    assert!(scene.says("does not fit: func (i64) -> () wanted, func (i32) -> () exported"));
}

#[test]
fn the_pending_call_shows_its_caller_and_the_callers_own_bytes() {
    let mut scene = Scene::example("attribution");
    scene.apply([Command::Continue]);
    assert!(scene.has("Waits for your answer"));
    assert!(scene.has("b.foo") && scene.has("env.print"));
    assert!(scene.has("through") && scene.has("a.main"));
    assert!(scene.has("i32:16") && scene.has("i32:12"));
    assert!(scene.says("hello from b"), "the bytes are b's, not a's");
    scene.click("Return");
    assert_eq!(scene.session().pending_call(), None);
    let answer = &scene.session().host_calls()[0].answer;
    assert!(matches!(answer, HostAnswerState::Returned { .. }));
    assert!(scene.says("call 1: b.foo calls env.print(\"hello from b\") → returned"));
}

#[test]
fn results_are_typed_in_and_wrong_ones_are_not_sent() {
    let text = "(module (import \"env\" \"ask\" (func $ask (result i32 f32))) \
                (func (export \"f\") (result i32 f32) call $ask))";
    let mut scene = Scene::text("m", text);
    scene.click("Run m.f");
    scene.write("result 0", "x");
    assert!(scene.says("not an integer: x"));
    assert!(!is_enabled(&scene, "Return this"));
    scene.write("result 0", "-7");
    scene.enter("result 1", "0.5");
    let done = StopReason::Done(vec![Value::I32(-7), Value::F32(0.5)]);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(done));
}

#[test]
fn a_call_is_answered_with_a_trap_or_by_a_policy_from_now_on() {
    let mut scene = Scene::example("attribution");
    scene.apply([Command::Continue]);
    scene.write("trap message", "not today");
    scene.click("Trap with");
    assert!(scene.says("Trap: not today"));

    let mut scene = Scene::example("attribution");
    scene.apply([Command::Continue]);
    scene.click("always zero");
    let importer = scene.session().modules().iter().find(|open| open.name == "b").unwrap();
    assert_eq!(importer.imports[0].policy, ImportPolicy::Zero);
    assert_eq!(scene.session().pending_call(), None);
}

#[test]
fn breakpoints_are_listed_switched_conditioned_and_removed() {
    let mut scene = Scene::example("recursion");
    let module = scene.session().modules()[0].key;
    let offset = scene.session().frames()[0].offset().0;
    scene.apply([Command::RevealPanel(Panel::Breakpoints)]);
    assert!(scene.says("No breakpoints."));
    scene.apply([Command::ToggleBreakpoint { module, offset }]);
    let place = format!("recursion.factorial 0x{offset:04x}");
    assert!(scene.has(&place));
    scene.click(&format!("enable {place}"));
    assert!(!scene.session().breakpoints().next().unwrap().enabled);
    scene.click(&format!("enable {place}"));
    scene.enter(&format!("condition of {place}"), "$n == 3");
    assert_eq!(scene.session().breakpoints().next().unwrap().condition, "$n == 3");
    scene.apply([Command::Continue]);
    assert_eq!(scene.session().frames()[0].locals()[0].value, Value::I64(3));
    scene.picture("breakpoints");
    scene.enter(&format!("condition of {place}"), "$nobody == 3");
    assert_eq!(scene.session().breakpoints().next().unwrap().condition, "$n == 3");
    assert!(scene.says("⚠"), "why it was refused stands below the field");
    // Until it is mended, whatever else is done.
    scene.apply([Command::StepInto, Command::StepInto]);
    assert!(scene.says("⚠ no local of this function"));
    assert!(scene.says("Until it is right, this holds: $n == 3"));
    scene.picture("breakpoint-refused");
    scene.enter(&format!("condition of {place}"), "$n == 2");
    assert!(!scene.says("no local of this function") && !scene.says("Until it is right"));
    scene.enter(&format!("condition of {place}"), "$nobody == 3");
    scene.click(&format!("remove {place}"));
    assert_eq!(scene.session().breakpoints().len(), 0);
    scene.apply([Command::ToggleBreakpoint { module, offset }]);
    assert!(!scene.says("no local of this function"), "another breakpoint at its place");
}

#[test]
fn fast_code_stands_beside_the_instructions_it_was_made_of() {
    let text = r#"(module (func $f (export "f") (param $a i32) (result i32)
      local.get $a  i32.const 5  i32.add  local.get $a  i32.mul))"#;
    let mut scene = Scene::text("m", text);
    scene.apply([Command::RevealPanel(Panel::FastCode)]);
    scene.click("Step m.f");
    assert!(scene.says("6 instructions, 3 operations, 48 bytes"));
    for row in [
        "local.get $a: nothing of its own",
        "i32.const 5: nothing of its own",
        "i32.add: stack0 = i32.add $a 5",
        "i32.mul: stack0 = i32.mul acc $a",
        "end: return stack0",
    ] {
        assert!(scene.has(row), "{row}");
    }
    scene.picture("fast_code");
    let module = scene.session().modules()[0].key;
    scene.click("i32.mul: stack0 = i32.mul acc $a");
    let focus = scene.session().code_focus().unwrap();
    let listing = Listing::new(&scene.session().modules()[0].module, FuncIndex(0)).unwrap();
    assert_eq!((focus.module, Some(focus.offset)), (module, listing.offset(4)));
}

fn memory_scene(theme: egui::Theme) -> Scene {
    let mut session = Session::new();
    session.apply(Command::OpenExample("attribution".to_owned())).unwrap();
    Scene::with(session, theme)
}

#[test]
fn memory_goes_to_addresses_and_refuses_those_beyond_the_end() {
    let mut scene = memory_scene(egui::Theme::Dark);
    scene.enter("go to address", "0x10+6");
    assert_eq!(scene.session().memory_views()[0].cursor, 0x16);
    assert!(scene.has("at 0x16"));
    scene.enter("go to address", "0x10000");
    assert!(scene.says("0x10000 is beyond the end, 0x10000"));
    assert_eq!(scene.session().memory_views()[0].cursor, 0x16);
    let bytes = |scene: &Scene| scene.harness.get_by_label_contains("bytes of memory").rect();
    let before = bytes(&scene);
    scene.write("go to address", "nowhere").picture("go-to-refused");
    assert!(scene.says("nowhere"), "what is wrong is said");
    assert_eq!(bytes(&scene), before, "the bytes stay where they are");
    scene.enter("go to address", "0x10 + 2 * 4");
    assert_eq!(scene.session().memory_views()[0].cursor, 0x18);
}

#[test]
fn memory_is_searched_for_text_bytes_and_integers() {
    let mut scene = memory_scene(egui::Theme::Dark);
    scene.enter("search memory", "from");
    assert_eq!(scene.session().memory_views()[0].cursor, 0x16);
    scene.enter("search memory", "no such text");
    assert!(scene.says("⚠"), "that there is none is said");
    let search = |kind, text: &str| Command::Search { view: 0, kind, text: text.to_owned() };
    scene.apply([search(SearchKind::Bytes, "6f 6d")]);
    assert_eq!(scene.session().memory_views()[0].cursor, 0x18);
    scene.apply([search(SearchKind::Integer(2), "0x6568")]);
    assert_eq!(scene.session().memory_views()[0].cursor, 0x10);
}

#[test]
fn bytes_are_typed_over_in_hex_and_as_text() {
    let mut scene = memory_scene(egui::Theme::Dark);
    scene.enter("go to address", "0x10");
    let hex = scene.harness.get_by_label_contains("bytes of memory").rect();
    let first = scene.byte_place(hex, 0);
    scene.click_at(first);
    assert_eq!(scene.session().memory_views()[0].cursor, 0, "the click hit the first byte");
    scene.harness.event(egui::Event::Text("4".to_owned()));
    scene.settle();
    scene.harness.event(egui::Event::Text("1".to_owned()));
    scene.settle();
    let bytes = |scene: &Scene| {
        let memory = scene.session().memory_views()[0].memory;
        scene.session().store().unwrap().memory(memory).unwrap().bytes()[..2].to_vec()
    };
    assert_eq!(bytes(&scene), [0x41, 0]);
    assert_eq!(scene.session().memory_views()[0].cursor, 1, "the cursor moves on");
    scene.key(Key::ArrowDown);
    assert_eq!(scene.session().memory_views()[0].cursor, 9);
    scene.picture("typed");
}

#[test]
fn the_inspector_reads_writes_and_follows() {
    let mut scene = memory_scene(egui::Theme::Light);
    assert!(scene.has("i32 = 0"));
    let place = scene.harness.get_by_label("i32 = 0").rect().center();
    scene.double_click_at(place);
    scene.write("inspector i32", "huge");
    assert!(scene.says("not an integer: huge"));
    scene.enter("inspector i32", "16");
    assert!(scene.has("i32 = 16") && scene.has("u8 = 16"));
    scene.click("follow pointer");
    assert_eq!(scene.session().memory_views()[0].cursor, 16);
    assert!(scene.says("\"hello from b\""));
    scene.picture("inspector");
}

#[test]
fn several_views_stand_beside_each_other() {
    let mut scene = memory_scene(egui::Theme::Dark);
    scene.click("add a memory view");
    assert_eq!(scene.session().memory_views().len(), 2);
    let memories: Vec<_> = scene.session().memory_views().iter().map(|view| view.memory).collect();
    assert_ne!(memories[0], memories[1], "the second shows the other memory");
    assert!(scene.says("1 · b:$memory") && scene.says("2 · a:$memory"));
    scene.click("close this memory view");
    assert_eq!(scene.session().memory_views().len(), 1);
}

#[test]
fn a_large_memory_is_shown_to_its_end() {
    let text = "(module (memory 16384) (func (export \"f\")))";
    let mut scene = Scene::text("m", text);
    scene.click("Step m.f");
    scene.enter("go to address", "0x3fffffff");
    assert!(scene.has("at 0x3fffffff"));
    assert!(scene.says("16\u{a0}384 pages"));
}

#[test]
fn globals_are_shown_and_changed() {
    let text = "(module (global $count (export \"count\") (mut i32) (i32.const 5)) \
                (global $fixed f64 (f64.const 0.5)) (func (export \"f\") \
                global.get $count i32.const 1 i32.add global.set $count))";
    let mut scene = Scene::text("m", text);
    scene.apply([Command::RevealPanel(Panel::Globals)]);
    assert!(scene.says("No globals yet"));
    scene.click("Step m.f");
    assert!(scene.has("global m 0 $count = i32:5"));
    let place = scene.harness.get_by_label("global m 0 $count = i32:5").rect().center();
    scene.double_click_at(place);
    scene.enter("global m 0 $count", "41");
    scene.apply([Command::StepBy(4)]);
    assert!(scene.has("global m 0 $count = i32:42"));
    let fixed = scene.harness.get_by_label("global m 1 $fixed = f64:0.5").rect().center();
    scene.double_click_at(fixed);
    assert!(scene.has("global m 1 $fixed = f64:0.5"), "a constant cannot be changed");
    scene.picture("globals");
}

#[test]
fn tables_name_their_functions() {
    let text = "(module (table 4 funcref) (elem (i32.const 1) $named) (func $named) \
                (func (export \"f\")))";
    let mut scene = Scene::text("m", text);
    scene.apply([Command::RevealPanel(Panel::Tables)]);
    assert!(scene.says("No tables yet"));
    scene.click("Step m.f");
    assert!(scene.has("entry 0 null"));
    assert!(scene.has("entry 1 m.named"));
    scene.click("hide null");
    assert!(!scene.has("entry 0 null"));
    scene.click("entry 1 m.named");
    let focus = scene.session().code_focus().unwrap();
    assert_eq!(scene.session().modules()[0].module.func_at(focus.offset).unwrap().0, 0);
    scene.picture("tables");
}

#[test]
fn examples_are_opened_and_their_text_can_be_read() {
    let mut scene = Scene::empty();
    scene.apply([Command::RevealPanel(Panel::Learn)]);
    scene.picture("learn");
    scene.click("Open Arithmetic");
    assert_eq!(scene.session().modules()[0].name, "arithmetic");
    assert!(scene.says("$polynomial"));
    scene.click("text of arithmetic");
    scene.picture("source");
}

#[test]
fn many_exports_show_their_fields_when_asked_for() {
    let mut text = String::from("(module");
    for number in 0..30 {
        text += &format!(" (func (export \"f{number}\") (param i32))");
    }
    text.push(')');
    let mut scene = Scene::text("m", &text);
    assert!(!scene.has("argument 0 of m.f3") && !scene.has("Step m.f3"));
    scene.click("arguments of m.f3");
    assert!(scene.has("argument 0 of m.f3") && !scene.has("argument 0 of m.f4"));
    scene.write("argument 0 of m.f3", "7");
    scene.click("Step m.f3");
    assert_eq!(scene.session().frames()[0].locals()[0].value, Value::I32(7));
}

#[test]
fn what_comes_before_the_export_is_said() {
    let text = r#"(module (func $prepare (export "_initialize") nop unreachable)
      (func (export "get") (result i32) i32.const 1))"#;
    let mut scene = Scene::text("lib", text);
    scene.click("Step lib.get");
    assert!(scene.has("ready to step in _initialize"));
    assert!(scene.says("_initialize of lib, before lib.get · F11 steps into"));
    scene.picture("initialize");
    scene.apply([Command::Continue]);
    assert!(scene.says("0x0034, in _initialize of lib, before lib.get"), "the banner");
    scene.picture("initialize-trap");
}

#[test]
fn an_exit_code_without_room_is_told() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start") (call $exit (i32.const 256))))"#;
    let mut scene = Scene::text("m", text);
    scene.click("Run m._start");
    assert!(scene.has("ended with code 256"));
    assert!(scene.says("a code that no system can hold"));
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_pause_within_a_fill_says_what_has_been_written() {
    let text = r#"(module (memory 65536) (func (export "f")
      (memory.fill (i32.const 0) (i32.const 7) (i32.const -1))))"#;
    let mut session = Session::new();
    session.apply(Command::Open { name: "m".into(), bytes: text.into() }).unwrap();
    let module = session.modules()[0].key;
    session.apply(Command::Start { module, export: "f".into(), args: vec![] }).unwrap();
    let mut scene = Scene::with(session, egui::Theme::Dark);
    scene.apply([Command::Continue, Command::Pause]);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Paused));
    let (_, progress) = scene.session().bulk_progress().unwrap();
    let done = stepwell::ui::widgets::size(progress.done);
    assert!(scene.says(&format!("memory.fill: {done} of 4.0 GiB written")), "{done}");
    scene.picture("within_a_fill");
}

#[test]
fn of_many_locals_and_operands_those_in_sight_are_laid_out() {
    let text = format!(
        r#"(module (func (export "f") (local {}) (local $last v128)
          {} nop {}))"#,
        "i32 v128 ".repeat(10_000),
        "i32.const 7 ".repeat(5_000),
        "drop ".repeat(5_000)
    );
    let mut session = Session::new();
    session.apply(Command::Open { name: "m".into(), bytes: text.into() }).unwrap();
    let module = session.modules()[0].key;
    session.apply(Command::Start { module, export: "f".into(), args: vec![] }).unwrap();
    session.apply(Command::StepBy(5_000)).unwrap();
    while *session.run_state() == RunState::Running {
        session.tick(Duration::from_millis(8));
    }
    let mut scene = Scene::with(session, egui::Theme::Dark);
    assert!(scene.says("Operands · 5000, top first"));
    assert!(scene.has("top") && !scene.has("300"), "the top of the operands");
    assert!(!scene.has("20000") && !scene.has("$last"));
    let heading = scene.harness.get_by_label_contains("Operands · 5000").rect().center();
    scene.harness.hover_at(heading);
    scene.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -1e7),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    });
    scene.harness.run_steps(60);
    assert!(scene.has("$last") && scene.has("20000") && scene.has("19999"));
    assert!(!scene.has("19000") && !scene.has("top"));
    assert!(scene.has("br 0"));
    scene.picture("many_locals");
    // What it says is what the machine holds: the last local is set, and shown.
    let set = Command::SetLocal { frame: 0, local: 20_000, value: "i32x4:1 2 3 4".to_owned() };
    scene.apply([set]);
    assert!(scene.says("1 2 3 4"));
}

#[test]
fn a_recursion_that_is_too_deep_can_be_given_more() {
    let text = r#"(module (func $f (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0)))))"#;
    let mut session = Session::new();
    session.apply(Command::Open { name: "m".into(), bytes: text.into() }).unwrap();
    let module = session.modules()[0].key;
    let args = vec!["50000".to_owned()];
    session.apply(Command::Start { module, export: "f".into(), args }).unwrap();
    let mut scene = Scene::with(session, egui::Theme::Dark);
    let end = |scene: &mut Scene| {
        scene.apply([Command::Continue]);
        while *scene.session().run_state() == RunState::Running {
            scene.harness.step();
        }
        scene.settle();
    };
    end(&mut scene);
    assert!(scene.says("20000 frames, the limit of the call depth"));
    scene.picture("too_deep");
    scene.click("Allow 10 times as much and restart");
    end(&mut scene);
    let done = RunState::Stopped(StopReason::Done(vec![Value::I32(50_000)]));
    assert_eq!(*scene.session().run_state(), done);
}

#[test]
fn memory_follows_what_steps_touch_and_stays_where_it_does_not() {
    let text = r#"(module (memory 1)
      (func (export "run")
        (i32.store (i32.const 0x4000) (i32.const 1))
        (drop (i32.load (i32.const 0x20)))
        (i32.store8 (i32.const 0xfff0) (i32.const 1))))"#;
    let mut scene = Scene::text("m", text);
    scene.click("Step m.run");
    let shown = |scene: &Scene| scene.session().memory_views()[0].top;
    for (steps, address) in [(3, 0x4000), (2, 0x20), (4, 0xfff0)] {
        scene.apply([Command::StepBy(steps)]);
        scene.settle();
        let top = shown(&scene);
        assert!((top..top + 96).contains(&address), "0x{address:x} in a view from 0x{top:x}");
    }
    scene.picture("memory-follows");
    scene.click("follow").key(egui::Key::F5);
    scene.click("Step m.run");
    let before = shown(&scene);
    scene.apply([Command::StepBy(3)]);
    scene.settle();
    assert_eq!(shown(&scene), before);
}

#[test]
fn what_an_integer_points_to_is_shown_in_memory() {
    let text = r#"(module (memory 1) (data (i32.const 0x4010) "here")
      (func (export "run") (param $at i32) (param $beyond i64) nop))"#;
    let mut session = Session::new();
    let bytes = text.as_bytes().to_vec();
    session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
    let module = session.modules()[0].key;
    let args = vec!["0x4010".to_owned(), "0x4000000".to_owned()];
    session.apply(Command::Start { module, export: "run".to_owned(), args }).unwrap();
    let mut scene = Scene::with(session, egui::Theme::Dark);
    scene.apply([Command::RevealPanel(Panel::Console)]);
    scene.harness.get_by_label_contains("= i32:16400").click_secondary();
    scene.settle().click("Show in memory");
    let view = &scene.session().memory_views()[0];
    assert_eq!(view.cursor, 0x4010);
    assert!(scene.has("bytes of memory, cursor at 0x4010"), "the panel is in front");
    scene.harness.get_by_label_contains("= i64:67108864").click_secondary();
    scene.settle();
    assert!(!scene.has("Show in memory"), "there is none");
}
