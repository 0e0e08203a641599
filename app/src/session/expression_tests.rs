//! Conditions, messages and watches.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::{key, reason, run_on, start, with};
use super::*;

const COUNTS: &str = r#"(module
  (import "env" "say" (func $say (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "even\00odd\00")
  (global $sum (mut i64) (i64.const 0))
  (func $add (param $i i32)
    (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_s (local.get $i)))))
  (func (export "count") (param $n i32) (local $i i32)
    loop
      (call $add (local.get $i))
      (call $say (i32.add (i32.const 16) (i32.mul (i32.const 5) (i32.and (local.get $i) (i32.const 1))))
        (i32.sub (i32.const 4) (i32.and (local.get $i) (i32.const 1))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if 0 (i32.lt_s (local.get $i) (local.get $n)))
    end))"#;

/// Stands at the beginning of `count`, whose import answers nothing; where `$add` begins.
fn counting(n: &str) -> (Session, ModuleKey, u32) {
    let mut session = with(&[("main", COUNTS)]);
    let module = key(&session, "main");
    let policy = ImportPolicy::Zero;
    session.apply(Command::SetPolicy { module, import: 0, policy }).unwrap();
    start(&mut session, "main", "count", &[n]);
    session.apply(Command::BreakOnFunction("$add".to_owned())).unwrap();
    let offset = session.breakpoints().next().unwrap().offset;
    (session, module, offset)
}

fn go_on(session: &mut Session) -> StopReason {
    session.apply(Command::Continue).unwrap();
    run_on(session);
    reason(session).clone()
}

fn value(session: &Session, watch: usize) -> Result<String, String> {
    let watch = session.watches().nth(watch).unwrap();
    let value = watch.value.clone().expect("it stands");
    value.map(|value| format!("{}{}", value.datum, if value.changed { " changed" } else { "" }))
}

#[test]
fn a_function_is_stopped_at_by_its_name() {
    let (mut session, module, offset) = counting("3");
    assert_eq!(go_on(&mut session), StopReason::Breakpoint { module, offset, hits: 1 });
    let open = session.module(module).unwrap();
    assert_eq!(open.module.func_at(CodeOffset(offset)), Some(FuncIndex(1)));
    // One that is there already stays, and is switched on.
    session.apply(Command::EnableBreakpoint { module, offset, enabled: false }).unwrap();
    session.apply(Command::BreakOnFunction("func 1".to_owned())).unwrap();
    assert_eq!(session.breakpoints().len(), 1);
    assert!(session.breakpoints().next().unwrap().enabled);
    // An import is stopped at where it is called.
    session.apply(Command::BreakOnFunction("0".to_owned())).unwrap();
    assert_eq!(session.import_break("env", "say").unwrap().when, BreakWhen::Always);
    let result = session.apply(Command::BreakOnFunction("nobody".to_owned()));
    assert!(matches!(result, Err(SessionError::Input { .. })), "{result:?}");
}

#[test]
fn a_condition_reads_locals_globals_memory_and_counts() {
    for (text, reached) in [
        ("$i == 3", 4),
        ("$sum > 5", 5),
        ("hits % 4 == 0", 4),
        ("u8[$i + 16] == 'n'", 4),
        ("depth == 2 && $i * 2 >= 10", 6),
        ("local 0 == 2", 3),
    ] {
        let (mut session, module, offset) = counting("9");
        let condition = text.to_owned();
        session.apply(Command::SetCondition { module, offset, condition }).unwrap();
        assert_eq!(go_on(&mut session), StopReason::Breakpoint { module, offset, hits: 1 });
        let state = session.breakpoints().next().unwrap();
        assert_eq!((state.reached, &state.failure), (reached, &None), "{text}");
    }
}

#[test]
fn a_condition_without_a_value_stops_and_says_why() {
    let (mut session, module, offset) = counting("9");
    let condition = "10 / ($i - 2) == 99".to_owned();
    session.apply(Command::SetCondition { module, offset, condition }).unwrap();
    assert_eq!(go_on(&mut session), StopReason::Breakpoint { module, offset, hits: 1 });
    let state = session.breakpoints().next().unwrap();
    let failure = state.failure.clone().unwrap();
    assert_eq!((failure.as_str(), state.reached), ("division by zero (in `10 / ($i - 2)`)", 3));
    assert!(matches!(go_on(&mut session), StopReason::Done(_)));
    assert_eq!(session.breakpoints().next().unwrap().failure, None);
}

#[test]
fn a_refused_text_changes_nothing_and_says_where() {
    let (mut session, module, offset) = counting("9");
    let set =
        |condition: &str| Command::SetCondition { module, offset, condition: condition.into() };
    session.apply(set("$i == 1")).unwrap();
    for (text, words) in [
        ("$i == ", "a value is needed here, not the end"),
        ("$j == 1", "no local of this function and no global is named $j"),
        ("1 + stack 0 == 1", "there is no operand 0"),
        ("cstr[16]", "text is neither true nor false"),
        ("$i == 1.5", "i32 and number do not go together"),
    ] {
        let Err(SessionError::Input { field: 0, message }) = session.apply(set(text)) else {
            panic!("{text}")
        };
        assert!(message.contains(words), "{message}");
        assert_eq!(session.breakpoints().next().unwrap().condition, "$i == 1");
    }
    let message = "{$i".to_owned();
    assert!(session.apply(Command::SetMessage { module, offset, message }).is_err());
    assert_eq!(go_on(&mut session), StopReason::Breakpoint { module, offset, hits: 1 });
}

#[test]
fn a_breakpoint_with_a_message_logs_and_goes_on() {
    let (mut session, module, offset) = counting("5");
    let condition = "$i % 2 == 0".to_owned();
    session.apply(Command::SetCondition { module, offset, condition }).unwrap();
    let message = "i = {$i}, sum {$sum:x}".to_owned();
    session.apply(Command::SetMessage { module, offset, message }).unwrap();
    assert!(matches!(go_on(&mut session), StopReason::Done(_)));
    let texts: Vec<&str> =
        session.log_lines().lines().iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["i = 0, sum 0x0", "i = 2, sum 0x1", "i = 4, sum 0x6"]);
    let clocks = session.log_lines().lines().iter().map(|line| line.clock);
    assert!(clocks.is_sorted());
    let state = session.breakpoints().next().unwrap();
    assert_eq!((state.hits, state.reached), (3, 5));
    // A run of its own begins with an empty log.
    session.apply(Command::Restart).unwrap();
    assert!(session.log_lines().lines().is_empty());
}

#[test]
fn the_log_keeps_its_last_lines() {
    let (mut session, module, offset) = counting("12000");
    let message = "{$i}".to_owned();
    session.apply(Command::SetMessage { module, offset, message }).unwrap();
    assert!(matches!(go_on(&mut session), StopReason::Done(_)));
    let log = session.log_lines();
    assert_eq!((log.lines().len(), log.dropped()), (10_000, 2_000));
    assert_eq!(log.lines().back().unwrap().text, "11999");
}

#[test]
fn calls_of_an_import_are_asked_for_their_arguments_and_what_they_point_at() {
    let (mut session, module, offset) = counting("4");
    session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
    let set = |when: BreakWhen| Command::BreakOnImport {
        module: "env".to_owned(),
        name: "say".to_owned(),
        when: Some(when),
    };
    let refused = session.apply(set(BreakWhen::Condition("arg 2 == 0".to_owned())));
    assert!(matches!(refused, Err(SessionError::Input { .. })), "{refused:?}");
    let text = "str[arg 0, arg 1] == \"odd\" && hits > 2".to_owned();
    session.apply(set(BreakWhen::Condition(text))).unwrap();
    assert!(matches!(go_on(&mut session), StopReason::ImportBreak { .. }));
    let known = session.import_break("env", "say").unwrap();
    assert_eq!((known.reached, known.hits), (4, 1));
    session.apply(Command::Restart).unwrap();
    session.apply(set(BreakWhen::Message("say {cstr[arg 0]}".to_owned()))).unwrap();
    assert!(matches!(go_on(&mut session), StopReason::Done(_)));
    let texts: Vec<&str> =
        session.log_lines().lines().iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["say even", "say odd", "say even", "say odd"]);
    assert!(session.log_lines().lines()[0].place.is_some());
    session.apply(Command::Restart).unwrap();
    session.apply(set(BreakWhen::Condition("u8[arg 0 + 0x10000] == 0".to_owned()))).unwrap();
    assert!(matches!(go_on(&mut session), StopReason::ImportBreak { .. }));
    let failure = session.import_break("env", "say").unwrap().failure.clone().unwrap();
    assert!(failure.contains("out of bounds"), "{failure}");
}

#[test]
fn watches_follow_the_selected_frame_and_mark_changes() {
    let (mut session, module, offset) = counting("5");
    for text in ["$i", "$sum", "cstr[16]", "local 9"] {
        session.apply(Command::AddWatch(text.to_owned())).unwrap();
    }
    assert_eq!(value(&session, 0), Ok("0".to_owned()), "the local of `count`");
    assert_eq!(value(&session, 2), Ok("\"even\"".to_owned()));
    assert!(value(&session, 3).unwrap_err().contains("there is no local 9"));
    assert_eq!(go_on(&mut session), StopReason::Breakpoint { module, offset, hits: 1 });
    assert_eq!(value(&session, 0), Ok("0".to_owned()), "the parameter of `$add`");
    go_on(&mut session);
    go_on(&mut session);
    assert_eq!(value(&session, 0), Ok("2 changed".to_owned()));
    assert_eq!(value(&session, 1), Ok("1 changed".to_owned()));
    session.apply(Command::SelectFrame(1)).unwrap();
    assert_eq!(session.watches().next().unwrap().frame, Some(1));
    // What a person changes is seen at once.
    let (frame, local, text) = (1, 1, "40".to_owned());
    session.apply(Command::SetLocal { frame, local, value: text }).unwrap();
    assert_eq!(value(&session, 0), Ok("40 changed".to_owned()));

    let number = session.watches().nth(3).unwrap().number;
    assert!(session.apply(Command::SetWatch { watch: number, text: "$i +".to_owned() }).is_err());
    assert_eq!(session.watches().nth(3).unwrap().text, "local 9");
    session.apply(Command::SetWatch { watch: number, text: " $i + 1".to_owned() }).unwrap();
    session.apply(Command::MoveWatch { watch: number, to: 0 }).unwrap();
    assert_eq!(value(&session, 0), Ok("41".to_owned()));
    session.apply(Command::RemoveWatch(number)).unwrap();
    assert_eq!(session.watches().len(), 3);
    session.apply(Command::Stop).unwrap();
    assert!(session.watches().all(|watch| watch.value.is_none()));
}

#[test]
fn a_watch_reads_its_own_module() {
    let other = r#"(module (import "main" "count" (func $count (param i32)))
      (memory 1) (data (i32.const 16) "other") (global $mine i32 (i32.const 7))
      (func (export "run") (call $count (i32.const 2))))"#;
    let mut session = with(&[("main", COUNTS), ("other", other)]);
    let module = key(&session, "main");
    let policy = ImportPolicy::Zero;
    session.apply(Command::SetPolicy { module, import: 0, policy }).unwrap();
    start(&mut session, "other", "run", &[]);
    for text in ["$mine", "cstr[16]"] {
        session.apply(Command::AddWatch(text.to_owned())).unwrap();
    }
    session.apply(Command::BreakOnFunction("$add".to_owned())).unwrap();
    go_on(&mut session);
    assert_eq!(value(&session, 0), Ok("7".to_owned()));
    assert_eq!(value(&session, 1), Ok("\"other\"".to_owned()), "not what `main` has there");
    assert_eq!(session.watches().next().unwrap().frame, Some(2));
    session.apply(Command::Close(key(&session, "other"))).unwrap();
    assert_eq!(session.watches().len(), 0);
}

#[test]
fn watches_and_messages_are_remembered_with_the_file() {
    let (mut session, module, offset) = counting("5");
    let message = "{$i}".to_owned();
    session.apply(Command::SetMessage { module, offset, message }).unwrap();
    session.apply(Command::AddWatch("$sum".to_owned())).unwrap();
    let memories = session.file_memories();
    let text = serde_json::to_string(&memories).unwrap();
    let mut session = Session::new();
    session.set_file_memories(serde_json::from_str(&text).unwrap());
    let bytes = COUNTS.as_bytes().to_vec();
    session.apply(Command::Open { name: "again".to_owned(), bytes }).unwrap();
    assert_eq!(session.breakpoints().next().unwrap().message, "{$i}");
    assert_eq!(session.watches().next().unwrap().text, "$sum");
    // And go with it when it changes.
    let module = key(&session, "again");
    let bytes = COUNTS.replace("(i32.const 16) \"even", "(i32.const 20) \"even").into_bytes();
    session.apply(Command::Reload { module, bytes }).unwrap();
    assert_eq!(session.breakpoints().next().unwrap().message, "{$i}");
    assert_eq!(session.watches().next().unwrap().text, "$sum");
}

#[test]
fn a_rule_asks_for_what_an_argument_points_at() {
    let mut session = with(&[(
        "main",
        r#"(module (import "env" "of" (func $of (param i32) (result i32)))
          (memory 1) (data (i32.const 8) "a\00b\00")
          (func (export "run") (result i32 i32)
            (call $of (i32.const 8)) (call $of (i32.const 10))))"#,
    )]);
    let rule = |arg: &str, answer: &str| AnswerRule {
        module: "env".to_owned(),
        name: "of".to_owned(),
        args: vec![arg.to_owned()],
        answers: vec![answer.to_owned()],
        then: Then::Last,
    };
    let rules = vec![rule("cstr[arg 0] == \"b\"", "2"), rule("> 0", "1")];
    session.apply(Command::SetAnswerRules(rules)).unwrap();
    start(&mut session, "main", "run", &[]);
    assert_eq!(go_on(&mut session), StopReason::Done(vec![Value::I32(1), Value::I32(2)]));
}
