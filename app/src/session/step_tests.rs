//! What one step is: at calls of the host, and at tail calls.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::{key, reason, run_on, start, top_frame, with};
use super::*;

/// Calls an import that nobody satisfies, and one of the console.
const CALLS: &str = r#"(module
  (import "env" "ask" (func $ask (param i32) (result i32)))
  (import "console" "log" (func $log (param i32)))
  (func (export "run") (result i32)
    i32.const 7  call $ask  i32.const 1  i32.add
    i32.const 5  call $log
    nop))"#;

fn step(session: &mut Session, command: Command) {
    session.apply(command).unwrap();
    run_on(session);
}

/// The next instruction of the innermost frame.
fn next(session: &Session) -> String {
    session.frames().first().unwrap().instruction_name().unwrap().into_owned()
}

fn stopped_at(import: (&str, &str)) -> Session {
    let mut session = with(&[("main", CALLS)]);
    let main = key(&session, "main");
    let policy = ImportPolicy::Zero;
    session.apply(Command::SetPolicy { module: main, import: 0, policy }).unwrap();
    let (module, name) = (import.0.to_owned(), import.1.to_owned());
    let when = Some(BreakWhen::Always);
    session.apply(Command::BreakOnImport { module, name, when }).unwrap();
    start(&mut session, "main", "run", &[]);
    step(&mut session, Command::Continue);
    assert!(matches!(reason(&session), StopReason::ImportBreak { .. }));
    session
}

#[test]
fn a_step_from_a_stop_on_an_import_is_that_call_alone() {
    for command in [Command::StepOver, Command::StepInto] {
        for (import, behind, top) in
            [(("env", "ask"), "i32.const", Some(Value::I32(0))), (("console", "log"), "nop", None)]
        {
            let mut session = stopped_at(import);
            let clock = session.clock();
            step(&mut session, command.clone());
            assert_eq!(reason(&session), &StopReason::Stepped, "{command:?} {import:?}");
            assert_eq!(next(&session), behind, "{command:?} {import:?}");
            assert_eq!(session.clock(), clock, "the call had counted");
            let operands = session.frames().first().unwrap().operands().to_vec();
            let top = top.or(Some(Value::I32(1)));
            assert_eq!(operands.last().copied(), top, "{command:?} {import:?}");
        }
    }
}

#[test]
fn exactly_n_instructions_from_a_stop_on_an_import() {
    let mut session = stopped_at(("env", "ask"));
    let clock = session.clock();
    step(&mut session, Command::StepBy(2));
    assert_eq!((session.clock(), next(&session)), (clock + 2, "i32.const".to_owned()));
}

#[test]
fn a_step_over_a_tail_call_stops_in_the_caller() {
    for call in ["return_call $g", "(return_call_indirect (type $t) (i32.const 0))"] {
        let text = format!(
            r#"(module
              (type $t (func (param i32) (result i32)))
              (table funcref (elem $g))
              (func $g (param i32) (result i32) local.get 0 i32.const 1 i32.add)
              (func $f (param i32) (result i32) local.get 0 {call})
              (func (export "run") (result i32) i32.const 4 call $f drop i32.const 9))"#
        );
        let mut session = with(&[("main", &text)]);
        start(&mut session, "main", "run", &[]);
        step(&mut session, Command::StepBy(2));
        while !next(&session).starts_with("return_call") {
            step(&mut session, Command::StepInto);
        }
        step(&mut session, Command::StepOver);
        assert_eq!(reason(&session), &StopReason::Stepped);
        assert_eq!((top_frame(&session).as_str(), next(&session).as_str()), ("main.run", "drop"));
        let operands = session.frames().first().unwrap().operands().to_vec();
        assert_eq!(operands, [Value::I32(5)]);
    }
}

#[test]
fn a_step_over_the_last_tail_call_runs_to_the_end() {
    let text = r#"(module
      (func $g (result i32) i32.const 3)
      (func (export "run") (result i32) return_call $g))"#;
    let mut session = with(&[("main", text)]);
    start(&mut session, "main", "run", &[]);
    step(&mut session, Command::StepOver);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(3)]));
}
