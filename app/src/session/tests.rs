//! What a person sees, step by step, through commands alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use stepwell_engine::{FuncIndex, TrapCode};

use super::*;

const TICK: Duration = Duration::from_millis(5);

pub(super) fn with(modules: &[(&str, &str)]) -> Session {
    let mut session = Session::new();
    for (name, text) in modules {
        let command = Command::Open { name: (*name).into(), bytes: text.as_bytes().to_vec() };
        session.apply(command).unwrap();
    }
    session
}

pub(super) fn key(session: &Session, name: &str) -> ModuleKey {
    session.modules().iter().find(|open| open.name == name).unwrap().key
}

pub(super) fn start(session: &mut Session, module: &str, export: &str, args: &[&str]) {
    let module = key(session, module);
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    session.apply(Command::Start { module, export: export.into(), args }).unwrap();
}

pub(super) fn run_on(session: &mut Session) {
    while session.tick(TICK) {}
}

pub(super) fn reason(session: &Session) -> &StopReason {
    match session.run_state() {
        RunState::Stopped(reason) => reason,
        other => panic!("not stopped but {other:?}"),
    }
}

fn example(id: &str) -> Session {
    let mut session = Session::new();
    session.apply(Command::OpenExample(id.into())).unwrap();
    session
}

pub(super) fn top_frame(session: &Session) -> String {
    session.frame_label(&session.frames()[0])
}

#[test]
fn every_example_starts_and_comes_to_an_end_or_a_question() {
    for listed in Session::new().examples().to_vec() {
        let mut session = example(&listed.id);
        assert_eq!(reason(&session), &StopReason::Started, "{}", listed.id);
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        let ended = matches!(
            reason(&session),
            StopReason::Done(_) | StopReason::HostCall | StopReason::Trap(_)
        );
        assert!(ended, "{}: {:?}", listed.id, session.run_state());
    }
}

#[test]
fn a_host_call_names_its_caller_and_reads_the_callers_memory() {
    let mut session = example("attribution");
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::HostCall);
    let record = session.pending_call().unwrap();
    let labels: Vec<_> = record.frames.iter().map(|frame| &*frame.label).collect();
    assert_eq!(labels, ["b.foo", "a.main"]);
    assert_eq!(record.call.caller.unwrap().instance, record.frames[0].instance);
    assert_eq!(record.strings[0].text.as_deref(), Some("hello from b"));
    assert_eq!(top_frame(&session), "b.foo");
    assert!(session.frames()[0].operands().is_empty());
    session.apply(Command::Answer(vec![])).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
    let answer = HostAnswerState::Returned { values: vec![], texts: vec![], by: Answerer::Person };
    assert_eq!(session.host_calls()[0].answer, answer);
}

#[test]
fn wrong_answers_are_told_and_the_call_stays_pending() {
    let mut session = with(&[(
        "m",
        r#"(module (import "env" "ask" (func $ask (result i32)))
             (func (export "f") (result i32) call $ask i32.const 1 i32.add))"#,
    )]);
    start(&mut session, "m", "f", &[]);
    session.apply(Command::StepInto).unwrap();
    assert_eq!(session.clock(), 1);
    assert!(session.apply(Command::StepInto).is_err());
    let error = session.apply(Command::Answer(vec!["many".into()])).unwrap_err();
    assert!(matches!(error, SessionError::Input { field: 0, .. }));
    assert!(session.pending_call().is_some());
    session.apply(Command::Answer(vec!["41".into()])).unwrap();
    assert_eq!(reason(&session), &StopReason::Stepped);
    assert_eq!(session.frames()[0].operands(), [Value::I32(41)]);
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(42)]));
}

#[test]
fn policies_answer_by_themselves() {
    let text = r#"(module (import "env" "ask" (func $ask (result i32)))
                    (func (export "f") (result i32) call $ask))"#;
    let mut session = with(&[("m", text)]);
    let module = key(&session, "m");
    let policy = |policy| Command::SetPolicy { module, import: 0, policy };
    session.apply(policy(ImportPolicy::Zero)).unwrap();
    start(&mut session, "m", "f", &[]);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(0)]));
    session.apply(policy(ImportPolicy::Trap)).unwrap();
    session.apply(Command::Restart).unwrap();
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert!(matches!(reason(&session), StopReason::Trap(_)));
    assert_eq!(session.host_calls().len(), 1);
}

#[test]
fn stepping_over_a_recursive_call_stays_in_the_frame() {
    let mut session = example("recursion");
    while !matches!(
        session.frames()[0].module().bytes().get(session.frames()[0].offset().index()),
        Some(0x10)
    ) {
        session.apply(Command::StepInto).unwrap();
    }
    let (depth, clock) = (session.frames().len(), session.clock());
    session.apply(Command::StepOver).unwrap();
    run_on(&mut session);
    assert_eq!(session.frames().len(), depth);
    assert!(session.clock() > clock + 10);
    assert_eq!(session.frames()[0].operands(), [Value::I64(5), Value::I64(24)]);
    session.apply(Command::StepOut).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I64(120)]));
}

#[test]
fn stepping_out_arrives_behind_the_call() {
    let mut session = example("recursion");
    for _ in 0..2_000 {
        if session.frames().len() == 3 {
            break;
        }
        session.apply(Command::StepInto).unwrap();
    }
    session.apply(Command::StepOut).unwrap();
    run_on(&mut session);
    assert_eq!(session.frames().len(), 2);
    assert_eq!(session.frames()[0].operands().last(), Some(&Value::I64(6)));
}

#[test]
fn a_count_of_steps_is_exact() {
    let mut session = example("recursion");
    session.apply(Command::StepBy(17)).unwrap();
    assert_eq!((session.clock(), reason(&session)), (17, &StopReason::Stepped));
}

const LOOP: &str = r#"(module (memory 1)
  (func (export "count") (param $n i32) (result i32) (local $i i32)
    loop $again
      local.get $i  i32.const 1  i32.add  local.set $i
      i32.const 8  local.get $i  i32.store
      local.get $i  local.get $n  i32.lt_u  br_if $again
    end
    local.get $i)
  (func (export "forever") loop br 0 end))"#;

fn offset_of(session: &Session, name: &str) -> u32 {
    use stepwell_engine::module::disassemble::Listing;
    let listing = Listing::new(&session.modules()[0].module, FuncIndex(0)).unwrap();
    let found = (0..listing.len()).filter_map(|at| listing.instruction(at));
    found.into_iter().find(|instruction| instruction.name == name).unwrap().offset.0
}

#[test]
fn breakpoints_stop_count_and_follow_their_condition() {
    let mut session = with(&[("m", LOOP)]);
    let (module, offset) = (key(&session, "m"), offset_of(&session, "i32.store"));
    session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
    start(&mut session, "m", "count", &["5"]);
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Breakpoint { module, offset, hits: 1 });
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Breakpoint { module, offset, hits: 2 });
    let condition = |text: &str| Command::SetCondition { module, offset, condition: text.into() };
    assert!(session.apply(condition("$nothing == 1")).is_err());
    assert!(session.apply(condition("$i = 1")).is_err());
    session.apply(condition("$i >= 4")).unwrap();
    session.apply(Command::Continue).unwrap();
    assert_eq!(session.frames()[0].locals()[1].value, Value::I32(4));
    session.apply(condition("stack 0 == 99")).unwrap();
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(5)]));
    session.apply(Command::EnableBreakpoint { module, offset, enabled: false }).unwrap();
    session.apply(Command::Restart).unwrap();
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(5)]));
    let none = Command::ToggleBreakpoint { module, offset: offset + 1 };
    assert!(session.apply(none).is_err());
}

#[test]
fn a_breakpoint_on_the_head_of_a_function_is_one_on_its_first_instruction() {
    use stepwell_engine::module::disassemble::Listing;
    let mut session = with(&[("m", LOOP)]);
    let module = key(&session, "m");
    let listing = Listing::new(&session.modules()[0].module, FuncIndex(0)).unwrap();
    let first = listing.offset(0).unwrap().0;
    session.apply(Command::ShowFunction { module, func: 0 }).unwrap();
    let offset = session.code_focus().unwrap().offset.0;
    assert!(offset < first, "a jump leads to the head");
    let toggle = Command::ToggleBreakpoint { module, offset };
    session.apply(toggle.clone()).unwrap();
    let set: Vec<u32> = session.breakpoints().map(|known| known.offset).collect();
    assert_eq!(set, [first]);
    session.apply(toggle).unwrap();
    assert_eq!(session.breakpoints().len(), 0);
}

#[test]
fn running_to_the_cursor_arrives_there() {
    let mut session = with(&[("m", LOOP)]);
    let (module, offset) = (key(&session, "m"), offset_of(&session, "i32.store"));
    start(&mut session, "m", "count", &["0x3"]);
    session.apply(Command::RunTo { module, offset }).unwrap();
    assert_eq!(reason(&session), &StopReason::Arrived);
    assert_eq!(session.frames()[0].offset(), CodeOffset(offset));
    assert_eq!(session.code_focus().unwrap().offset, CodeOffset(offset));
}

#[test]
fn running_to_a_functions_head_arrives_at_its_first_instruction() {
    let text = "(module (func $callee (local i32) nop) (func (export \"f\") call $callee))";
    let mut session = with(&[("m", text)]);
    let module = key(&session, "m");
    let body = session.modules()[0].module.func_body(FuncIndex(0)).unwrap();
    start(&mut session, "m", "f", &[]);
    // Where a jump to the function leads: the size and the locals come before its code.
    session.apply(Command::ShowFunction { module, func: 0 }).unwrap();
    let offset = session.code_focus().unwrap().offset.0;
    session.apply(Command::RunTo { module, offset }).unwrap();
    assert_eq!(reason(&session), &StopReason::Arrived);
    let offset = session.frames()[0].offset().0;
    assert!(offset > body.start.0, "{offset}");
    assert_eq!(offset, offset_of(&session, "nop"));
}

#[test]
fn an_endless_loop_runs_in_slices_and_pauses() {
    let mut session = with(&[("m", LOOP)]);
    start(&mut session, "m", "forever", &[]);
    session.apply(Command::Continue).unwrap();
    assert!(session.tick(TICK));
    let before = session.clock();
    assert!(session.tick(TICK));
    assert!(session.clock() > before);
    session.apply(Command::Pause).unwrap();
    assert_eq!(reason(&session), &StopReason::Paused);
    session.apply(Command::StepInto).unwrap();
    assert_eq!(reason(&session), &StopReason::Stepped);
}

#[test]
fn bytes_just_written_and_changed_are_marked() {
    let mut session = with(&[("m", LOOP)]);
    let (module, offset) = (key(&session, "m"), offset_of(&session, "i32.store"));
    start(&mut session, "m", "count", &["3"]);
    session.apply(Command::RunTo { module, offset }).unwrap();
    session.apply(Command::StepInto).unwrap();
    let memory = session.memories()[0].clone();
    assert_eq!(memory.label, "m:0");
    let marks = session.byte_marks(memory.addr, 6, 7);
    assert_eq!(marks[1], ByteMark::default());
    assert_eq!(marks[2], ByteMark { changed: true, read: false, written: true });
    assert_eq!(marks[3], ByteMark { changed: false, read: false, written: true });
    assert_eq!(marks[6], ByteMark::default());
    let locals = session.previous(0).unwrap().0;
    assert_eq!(locals[1], Value::I32(1));
}

#[test]
fn values_are_edited_while_it_stands() {
    let mut session = with(&[("m", LOOP)]);
    start(&mut session, "m", "count", &["3"]);
    let set = |local, value: &str| Command::SetLocal { frame: 0, local, value: value.into() };
    session.apply(set(1, "-2")).unwrap();
    assert_eq!(session.frames()[0].locals()[1].value, Value::I32(-2));
    assert!(matches!(session.apply(set(1, "x")), Err(SessionError::Input { .. })));
    assert!(session.apply(set(7, "1")).is_err());
    session.apply(Command::StepBy(2)).unwrap();
    session.apply(Command::SetOperand { frame: 0, operand: 0, value: "41".into() }).unwrap();
    assert_eq!(session.frames()[0].operands(), [Value::I32(41)]);
    let memory = session.memories()[0].addr.0;
    session.apply(Command::WriteMemory { memory, address: 4, bytes: vec![1, 2] }).unwrap();
    let write = Command::WriteMemory { memory, address: 65_535, bytes: vec![1, 2] };
    assert!(session.apply(write).is_err());
    let store = session.store().unwrap();
    assert_eq!(store.memory(session.memories()[0].addr).unwrap().bytes()[3..7], [0, 1, 2, 0]);
}

#[test]
fn a_start_function_is_stepped_before_the_export() {
    let mut session = with(&[(
        "m",
        "(module (global $g (mut i32) (i32.const 0)) (start $s)
           (func $s i32.const 7 global.set $g)
           (func $f (export \"f\") (result i32) global.get $g))",
    )]);
    start(&mut session, "m", "f", &[]);
    assert_eq!(top_frame(&session), "m.s");
    session.apply(Command::StepBy(3)).unwrap();
    assert_eq!(top_frame(&session), "m.f");
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(7)]));
    assert_eq!(session.clock(), 5);
}

#[test]
fn modules_are_linked_by_name_and_say_when_they_do_not_fit() {
    let b = r#"(module (func (export "foo") (result i32) i32.const 3))"#;
    let a = r#"(module (import "b" "foo" (func $f (result i32)))
                 (func (export "main") (result i32) call $f))"#;
    let mut session = with(&[("a", a)]);
    assert_eq!(session.modules()[0].imports[0].source, ImportSource::Nobody);
    session.apply(Command::Open { name: "b".into(), bytes: b.into() }).unwrap();
    let b_key = key(&session, "b");
    assert_eq!(session.modules()[0].imports[0].source, ImportSource::Module(b_key));
    start(&mut session, "a", "main", &[]);
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(3)]));
    let other = r#"(module (func (export "foo") (result i64) i64.const 3))"#;
    session.apply(Command::Open { name: "b".into(), bytes: other.into() }).unwrap();
    let source = &session.modules()[0].imports[0].source;
    assert!(matches!(source, ImportSource::Mismatch(_, why) if why.contains("i64")));
    session.apply(Command::Rename { module: key(&session, "b"), name: "c".into() }).unwrap();
    assert_eq!(session.modules()[0].imports[0].source, ImportSource::Nobody);
}

#[test]
fn unsatisfied_memories_and_globals_are_made() {
    let text = r#"(module (import "env" "memory" (memory 2)) (import "env" "g" (global i64))
                    (func (export "f") (result i32) i32.const 4 i32.load))"#;
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "f", &[]);
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(0)]));
}

#[test]
fn wrong_arguments_start_nothing() {
    let mut session = with(&[("m", LOOP)]);
    let module = key(&session, "m");
    let start = |args: Vec<String>| Command::Start { module, export: "count".into(), args };
    let wrong = session.apply(start(vec!["five".into()]));
    assert!(matches!(wrong, Err(SessionError::Input { field: 0, .. })));
    assert!(session.apply(start(vec![])).is_err());
    assert_eq!(session.run_state(), &RunState::Idle);
    let missing = Command::Start { module, export: "nope".into(), args: vec![] };
    assert!(session.apply(missing).is_err());
    assert!(!session.notices().is_empty());
}

#[test]
fn broken_files_are_refused_with_their_offset() {
    let mut session = Session::new();
    let open = |bytes: &[u8]| Command::Open { name: "x".into(), bytes: bytes.to_vec() };
    let error = session.apply(open(b"\0asm\x01\0\0\0\x01\xff")).unwrap_err();
    assert!(error.to_string().contains("offset 0x"), "{error}");
    assert!(session.apply(open(b"\xff\xfe")).is_err());
    assert!(session.apply(open(b"(module (func (result i32)))")).is_err());
    assert!(session.modules().is_empty());
}

#[test]
fn memory_is_searched_round_the_end() {
    let mut session = with(&[(
        "m",
        r#"(module (memory 1) (data (i32.const 100) "needle") (data (i32.const 50) "needle")
             (func (export "f")))"#,
    )]);
    start(&mut session, "m", "f", &[]);
    let search = Command::Search { view: 0, kind: SearchKind::Text, text: "needle".into() };
    let mut found = Vec::new();
    for _ in 0..3 {
        session.apply(search.clone()).unwrap();
        found.push(session.memory_views()[0].cursor);
    }
    assert_eq!(found, [50, 100, 50]);
    let none = Command::Search { view: 0, kind: SearchKind::Text, text: "straw".into() };
    assert!(session.apply(none).is_err());
    assert!(session.apply(Command::GoToAddress { view: 0, address: 65_536 }).is_err());
}

#[test]
fn commands_are_plain_json() {
    let command: Command = serde_json::from_str(r#"{"StepBy": 10}"#).unwrap();
    assert_eq!(command, Command::StepBy(10));
    assert_eq!(serde_json::to_string(&Command::StepInto).unwrap(), "\"StepInto\"");
}

#[test]
fn a_memory_view_follows_what_steps_touch_unless_told_not_to() {
    let text = "(module (memory 1) (func (export \"f\")
        i32.const 0x1234 i32.const 1 i32.store8
        i32.const 0x1238 i32.load drop
        i32.const 0x8000 i32.load drop))";
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "f", &[]);
    let top = |session: &Session| session.memory_views()[0].top;
    session.apply(Command::StepBy(2)).unwrap();
    assert_eq!(top(&session), 0, "nothing was touched");
    session.apply(Command::StepInto).unwrap();
    let shown = top(&session);
    assert!((0x1200..=0x1230).contains(&shown), "{shown:x}");
    session.apply(Command::StepBy(2)).unwrap();
    assert_eq!(top(&session), shown, "the bytes beside are in sight already");
    session.apply(Command::FollowAccesses { view: 0, follow: false }).unwrap();
    session.apply(Command::StepBy(3)).unwrap();
    assert_eq!(top(&session), shown);
    assert!(session.apply(Command::FollowAccesses { view: 7, follow: true }).is_err());
}

#[test]
fn what_is_most_likely_meant_is_proposed_to_be_started() {
    let proposed = |modules: &[(&str, &str)]| {
        let session = with(modules);
        let (key, export) = session.proposed_start()?;
        Some(format!("{}.{export}", session.module(key)?.name))
    };
    let lib = ("lib", "(module (func (export \"_start\")))");
    assert_eq!(proposed(&[]), None);
    assert_eq!(proposed(&[("m", "(module (func (export \"f\") (param i32)))")]), None);
    assert_eq!(proposed(&[("m", "(module (memory (export \"main\") 1))")]), None);
    let several = "(module (func (export \"a\") (param i32)) (func (export \"b\"))
        (func (export \"main\")))";
    assert_eq!(proposed(&[("m", several)]).unwrap(), "m.main");
    let importer = "(module (import \"lib\" \"_start\" (func)) (func (export \"go\")))";
    assert_eq!(proposed(&[lib, ("m", importer)]).unwrap(), "m.go");
    assert_eq!(proposed(&[("m", importer), lib]).unwrap(), "m.go", "lib is there for m");
}

#[test]
fn numbers_that_are_no_pointers_are_not_decoded() {
    let text = "(module (import \"env\" \"f\" (func $f (param i32 i32)))
        (memory 16) (data (i32.const 100000) \"text\")
        (func (export \"f\") (param i32 i32) local.get 0 local.get 1 call $f))";
    let decoded = |pointer: &str, len: &str| {
        let mut session = with(&[("m", text)]);
        start(&mut session, "m", "f", &[pointer, len]);
        session.apply(Command::Continue).unwrap();
        let strings = &session.pending_call().unwrap().strings;
        strings.first().map(|found| (found.len, found.text.clone()))
    };
    assert_eq!(decoded("100000", "4"), Some((4, Some("text".to_owned()))));
    assert_eq!(decoded("100000", "5"), Some((5, None)), "bytes, for what they are");
    assert_eq!(decoded("100000", "100001"), None, "no length that anybody means");
    assert_eq!(decoded("0", "16"), None, "a null pointer");
    assert_eq!(decoded("100000", "0"), None);
    assert_eq!(decoded("1048576", "4"), None, "beyond the end");
}

const LIST: &str = r#"(module
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (global $head (export "head") (mut (ref null $node)) (ref.null $node))
  (table $kept 2 (ref null $node))
  (func $push (export "push") (param $value i32)
    local.get $value  global.get $head  struct.new $node  global.set $head)
  (func (export "drop") ref.null $node  global.set $head)
  (func (export "give") (result (ref null $node) i31ref funcref)
    global.get $head  i32.const -5  ref.i31  ref.func $push)
  (elem declare func $push))"#;

fn pushed(count: i32) -> Session {
    let mut session = with(&[("m", LIST)]);
    for value in 0..count {
        start(&mut session, "m", "push", &[&value.to_string()]);
        session.apply(Command::Continue).unwrap();
    }
    session
}

#[test]
fn references_are_called_by_what_they_refer_to() {
    let mut session = pushed(2);
    start(&mut session, "m", "give", &[]);
    session.apply(Command::Continue).unwrap();
    let StopReason::Done(values) = reason(&session).clone() else { panic!() };
    let texts: Vec<String> = values.iter().map(|value| session.value_text(value)).collect();
    let Value::AnyRef(Some(stepwell_engine::AnyRef::Object(head))) = values[0] else { panic!() };
    assert_eq!(texts, [format!("$node #{head}"), "i31:-5".to_owned(), "m.push".to_owned()]);
    let node = session.reference(&values[0]).unwrap();
    assert_eq!(node.show, Some(Command::ShowObject(Some(head.0))));
    let ty = "struct ($value i32, $next mut (ref null $node)): type 0 of m";
    assert_eq!(node.detail, ty);
    let func = session.reference(&values[2]).unwrap();
    assert_eq!(func.module, Some(key(&session, "m")));
    let show = Command::ShowFunction { module: key(&session, "m"), func: 0 };
    assert_eq!(func.show, Some(show));
    assert_eq!(session.reference(&Value::I32(5)), None);
    assert!(session.reference(&Value::AnyRef(None)).unwrap().is_null());
}

#[test]
fn garbage_is_collected_when_asked_for() {
    let mut session = pushed(3);
    let used = |session: &Session| session.store().unwrap().heap().used_bytes();
    assert_eq!(used(&session), 72);
    session.apply(Command::CollectGarbage).unwrap();
    assert_eq!((used(&session), session.freed()), (72, Some(0)));
    start(&mut session, "m", "drop", &[]);
    session.apply(Command::StepBy(2)).unwrap();
    assert_eq!(session.freed(), None, "that was another state");
    let first = session.store().unwrap().objects().next().unwrap().0;
    session.apply(Command::ShowObject(Some(first.0))).unwrap();
    assert_eq!(session.heap_focus().object, Some(first));
    let before = session.state_number();
    session.apply(Command::CollectGarbage).unwrap();
    assert_eq!((used(&session), session.freed()), (0, Some(72)));
    assert_ne!(session.state_number(), before);
    assert_eq!(session.heap_focus().object, None, "it is gone");
    assert!(session.apply(Command::ShowObject(Some(first.0))).is_err());
    session.apply(Command::ShowObject(None)).unwrap();
}

#[test]
fn what_a_person_puts_into_a_local_survives_a_collection() {
    let mut session = with(&[(
        "m",
        "(module (type $box (struct (field i32))) \
          (func (export \"f\") (result (ref null $box)) (local $it (ref null $box)) \
            i32.const 7 struct.new $box drop local.get $it))",
    )]);
    start(&mut session, "m", "f", &[]);
    session.apply(Command::StepBy(3)).unwrap();
    let object = session.store().unwrap().objects().next().unwrap().0;
    let value = format!("$box #{object}");
    session.apply(Command::SetLocal { frame: 0, local: 0, value }).unwrap();
    session.apply(Command::CollectGarbage).unwrap();
    assert_eq!(session.freed(), Some(0));
    session.apply(Command::Continue).unwrap();
    let StopReason::Done(values) = reason(&session) else { panic!() };
    assert_eq!(session.value_text(&values[0]), format!("$box #{object}"));
}

#[test]
fn a_throw_says_who_catches_it() {
    let mut session = with(&[(
        "m",
        "(module (tag $oops (param i32)) (func $thrower i32.const 7 throw $oops) \
          (func (export \"caught\") (result i32) \
            block $h (result i32) try_table (catch $oops $h) call $thrower end i32.const 0 end) \
          (func (export \"loose\") call $thrower))",
    )]);
    start(&mut session, "m", "caught", &[]);
    assert_eq!(session.throwing(), None);
    session.apply(Command::StepBy(4)).unwrap();
    let throw = session.throwing().unwrap();
    assert_eq!(throw.tag, "$oops");
    let catcher = throw.catcher.unwrap();
    assert_eq!((catcher.frame, catcher.label.as_str()), (1, "m.caught"));
    session.apply(Command::StepInto).unwrap();
    assert_eq!(session.frames().len(), 1);
    assert_eq!(session.frames()[0].offset(), catcher.offset);

    start(&mut session, "m", "loose", &[]);
    session.apply(Command::StepBy(2)).unwrap();
    assert_eq!(session.throwing().unwrap().catcher, None);
    session.apply(Command::StepInto).unwrap();
    let StopReason::Trap(trap) = reason(&session) else { panic!() };
    assert_eq!(trap.values(), [Value::I32(7)]);
}

#[test]
fn a_wait_stops_until_it_is_let_time_out() {
    let text = "(module (memory $shared 1 1 shared) (func (export \"f\") (result i32) \
                i32.const 16 i32.const 0 i64.const 5000 memory.atomic.wait32 i32.const 40 i32.add))";
    for (command, stopped) in [(Command::Continue, false), (Command::StepBy(4), true)] {
        let mut session = with(&[("m", text)]);
        start(&mut session, "m", "f", &[]);
        assert!(session.apply(Command::TimeOut).is_err());
        session.apply(command).unwrap();
        assert_eq!(reason(&session), &StopReason::Wait);
        let wait = session.atomic_wait().unwrap();
        assert_eq!((wait.address, wait.timeout), (16, Some(5000)));
        assert_eq!(session.waiters(), [(wait.memory, 16)]);
        assert_eq!(session.memory_label(wait.memory), "m:$shared");
        assert!(session.apply(Command::StepInto).is_err(), "nothing can go on");
        assert!(session.state_json()["waits"]["address"] == 16);
        session.apply(Command::TimeOut).unwrap();
        assert_eq!(session.waiters(), []);
        if stopped {
            assert_eq!(reason(&session), &StopReason::Stepped);
            assert_eq!(session.frames()[0].operands(), [Value::I32(2)]);
            session.apply(Command::Continue).unwrap();
        }
        assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(42)]));
    }
}

#[test]
fn a_step_over_a_host_call_or_a_wait_executes_nothing_more() {
    let text = "(module (import \"env\" \"ask\" (func $ask)) (memory 1 1 shared) \
                (func (export \"f\") call $ask nop i32.const 0 i32.const 0 i64.const -1 \
                memory.atomic.wait32 drop nop))";
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "f", &[]);
    session.apply(Command::StepOver).unwrap();
    session.apply(Command::Answer(vec![])).unwrap();
    assert_eq!((reason(&session), session.clock()), (&StopReason::Stepped, 1));
    session.apply(Command::StepBy(4)).unwrap();
    session.apply(Command::StepOver).unwrap();
    assert_eq!(reason(&session), &StopReason::Wait);
    session.apply(Command::TimeOut).unwrap();
    assert_eq!((reason(&session), session.clock()), (&StopReason::Stepped, 6));
}

#[test]
fn strings_are_built_in() {
    let text = r#"(module
      (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
      (import "'" "four" (global $text (ref extern)))
      (import "env" "other" (func))
      (func (export "run") (result i32) global.get $text  call $length))"#;
    let mut session = with(&[("m", text)]);
    let sources: Vec<_> =
        session.modules()[0].imports.iter().map(|import| import.source.clone()).collect();
    use ImportSource::{Nobody, Set};
    let strings = Set(crate::hosts::HostSet::JsString);
    assert_eq!(sources, [strings.clone(), strings, Nobody]);
    start(&mut session, "m", "run", &[]);
    session.apply(Command::Continue).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(4)]));
}

#[test]
fn a_call_of_wasi_is_told_in_words() {
    let mut session = example("wasi_hello");
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
    let texts: Vec<String> =
        session.host_calls().iter().map(|record| session.call_text(record)).collect();
    let [write] = texts.as_slice() else { panic!("{texts:?}") };
    for part in ["fd: 1", "Hello, world!", "success", "nwritten: 14"] {
        assert!(write.contains(part), "{part} in {write}");
    }
    assert_eq!(session.host_calls()[0].task, 1);
    assert!(matches!(
        session.host_calls()[0].answer,
        HostAnswerState::Returned { by: Answerer::Set(crate::hosts::HostSet::Wasi), .. }
    ));
}

#[test]
fn what_a_waiting_call_points_at_is_read_from_memory_as_it_is() {
    let mut session = example("wasi_echo");
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::HostCall);
    assert!(session.awaits_input());
    let text = session.call_text(session.pending_call().unwrap());
    assert!(text.contains("fd: 0 (stdin)") && !text.contains("outside"), "{text}");
    session.apply(Command::TypeLine("Ada".into())).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
    assert!(session.pending_call().is_none());
}

#[test]
fn a_program_that_ends_itself_is_begun_anew() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                    (func (export "_start") i32.const 3 call $exit unreachable))"#;
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "_start", &[]);
    for _ in 0..2 {
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        assert_eq!(reason(&session), &StopReason::Exit(3));
        assert_eq!(top_frame(&session), "m._start", "it stands at the call");
        assert_eq!(session.host_calls()[0].answer, HostAnswerState::Exited(3));
        session.apply(Command::Restart).unwrap();
        assert_eq!((reason(&session), session.clock()), (&StopReason::Started, 0));
    }
}

#[test]
fn calls_nest_as_deep_as_a_person_allows() {
    let text = r#"(module (func $f (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0)))))"#;
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "f", &["100000"]);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    let StopReason::Trap(trap) = reason(&session) else { panic!("{:?}", reason(&session)) };
    assert_eq!(trap.code, TrapCode::CallStackExhausted);
    let (depth, slots) = session.higher_call_limits().unwrap();
    assert_eq!(depth, 10 * session.call_limits().0);
    session.apply(Command::SetCallLimits { depth, slots }).unwrap();
    session.apply(Command::Restart).unwrap();
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(100_000)]));
    for (depth, slots) in [(0, 1), (1, 0), (u32::MAX, 1), (1, u32::MAX)] {
        assert!(session.apply(Command::SetCallLimits { depth, slots }).is_err());
    }
    // Beyond what can be asked for there is no more.
    while let Some((depth, slots)) = session.higher_call_limits() {
        session.apply(Command::SetCallLimits { depth, slots }).unwrap();
    }
    // A store has the limits that it began with.
    session.apply(Command::SetCallLimits { depth: 5, slots: 100 }).unwrap();
    assert_eq!(session.store().unwrap().engine().config().max_call_depth, 200_000);
}

#[test]
fn a_host_function_stands_between_who_called_it_and_whom_it_calls() {
    let text = r#"(module (import "env" "invoke_v" (func $invoke (param i32)))
                    (table (export "__indirect_function_table") 2 funcref)
                    (elem (i32.const 1) $inner)
                    (func (export "setThrew") (param i32 i32))
                    (func $inner nop nop)
                    (func $main (export "main") i32.const 1 call $invoke))"#;
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "main", &[]);
    session.apply(Command::StepBy(3)).unwrap();
    run_on(&mut session);
    let host = StackEntry::Host { module: "env".into(), name: "invoke_v".into() };
    assert_eq!(session.call_stack(), [StackEntry::Frame(0), host, StackEntry::Frame(1)]);
    let labels: Vec<String> =
        session.frames().iter().map(|frame| session.frame_label(frame)).collect();
    assert_eq!(labels, ["m.inner", "m.main"]);
    session.apply(Command::StepOut).unwrap();
    run_on(&mut session);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
    assert_eq!(session.host_calls().len(), 1);
}

#[test]
fn a_module_for_dynamic_linking_finds_its_own_functions() {
    let side = r#"(module
      (type $unary (func (param i32) (result i32)))
      (import "env" "__indirect_function_table" (table 0 funcref))
      (import "GOT.func" "double" (global $double (mut i32)))
      (func (export "double") (type $unary) local.get 0  i32.const 2  i32.mul)
      (func (export "twice") (type $unary)
        local.get 0  global.get $double  call_indirect (type $unary)))"#;
    let mut session = with(&[("side", side)]);
    start(&mut session, "side", "twice", &["21"]);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(42)]));
}

#[test]
fn a_module_that_satisfies_nothing_under_its_new_name_says_so() {
    let lib = r#"(module (func (export "f")) (func (export "g")))"#;
    let main = r#"(module (import "lib" "f" (func)) (import "lib" "g" (func)))"#;
    let mut session = with(&[("lib", lib), ("main", main)]);
    let module = key(&session, "lib");
    session.apply(Command::Rename { module, name: "other".to_owned() }).unwrap();
    let told = session.notices().last().unwrap().text.clone();
    assert_eq!(told, "2 imports of lib: other does not satisfy what names lib");
    let count = session.notices().len();
    session.apply(Command::Rename { module, name: "lib".to_owned() }).unwrap();
    assert_eq!(session.notices().len(), count, "it does again");
}

#[test]
fn that_a_command_made_no_sense_is_told_until_something_else_is_done() {
    let mut session = with(&[("main", "(module (memory 1) (func (export \"f\") nop))")]);
    let module = key(&session, "main");
    let breakpoint = Command::ToggleBreakpoint { module, offset: 1 };
    assert!(session.apply(breakpoint).is_err());
    assert!(session.apply(Command::OpenExample("nobody".to_owned())).is_err());
    session.apply(Command::SelectModule(module)).unwrap();
    assert_eq!(session.notices().len(), 2, "a look is nothing else");
    session.apply(Command::Start { module, export: "f".to_owned(), args: vec![] }).unwrap();
    let left: Vec<&str> = session.notices().iter().map(|notice| &*notice.text).collect();
    assert_eq!(left, ["there is no example \"nobody\""]);
}
