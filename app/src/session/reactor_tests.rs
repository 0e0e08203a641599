//! `_initialize` of reactors, and tasks that wait in WASI.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use super::tests::{key, reason, run_on, start, top_frame, with};
use super::*;

/// Counts how often it has been prepared: 10 for a start function, 1 for `_initialize`.
const LIB: &str = r#"(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global $g (export "g") (mut i32) (i32.const 0))
  (start $begin)
  (func $begin global.get $g i32.const 10 i32.add global.set $g)
  (func $init (export "_initialize") global.get $g i32.const 1 i32.add global.set $g)
  (func (export "get") (result i32) global.get $g)
  (func (export "leave") i32.const 0 call $exit))"#;

/// A command that is a reactor as well, and imports the other one.
const APP: &str = r#"(module
  (import "lib" "g" (global $g (mut i32)))
  (func (export "_initialize") global.get $g i32.const 100 i32.add global.set $g)
  (func (export "_start") global.get $g i32.const 1000 i32.add global.set $g)
  (func (export "get") (result i32) global.get $g))"#;

fn go(session: &mut Session) {
    session.apply(Command::Continue).unwrap();
    run_on(session);
}

fn done(value: i32) -> StopReason {
    StopReason::Done(vec![Value::I32(value)])
}

fn spawn(session: &mut Session, module: &str, export: &str) -> Result<(), SessionError> {
    let module = key(session, module);
    session.apply(Command::Spawn { module, export: export.into(), args: vec![] })
}

#[test]
fn a_reactor_is_prepared_once_before_its_exports() {
    let mut session = with(&[("lib", LIB)]);
    let lib = key(&session, "lib");
    assert_eq!(session.proposed_start().unwrap().1, "get", "not what runs anyway");
    start(&mut session, "lib", "get", &[]);
    assert_eq!(top_frame(&session), "lib.begin");
    assert_eq!(session.preparing(), Some(Preparing::StartFunction(lib)));
    session.apply(Command::StepOut).unwrap();
    run_on(&mut session);
    assert_eq!((top_frame(&session), session.clock()), ("lib.init".to_owned(), 5));
    assert_eq!(session.preparing(), Some(Preparing::Initialize(lib)));
    let text = "_initialize of lib, before lib.get";
    assert_eq!(session.preparing_text().as_deref(), Some(text));
    assert_eq!(session.state_json()["prepares"], text);
    session.apply(Command::StepBy(5)).unwrap();
    assert_eq!((top_frame(&session), session.preparing()), ("lib.get".to_owned(), None));
    go(&mut session);
    assert_eq!(reason(&session), &done(11));
    start(&mut session, "lib", "get", &[]);
    assert_eq!(session.preparing_text(), None);
    go(&mut session);
    assert_eq!(reason(&session), &done(11), "once for the instance");
    spawn(&mut session, "lib", "get").unwrap();
    go(&mut session);
    assert_eq!(reason(&session), &done(11));
}

#[test]
fn each_linked_reactor_is_prepared_before_a_command_too() {
    let mut session = with(&[("app", APP), ("lib", LIB)]);
    let (app, lib) = (key(&session, "app"), key(&session, "lib"));
    start(&mut session, "app", "_start", &[]);
    let mut seen = vec![session.preparing()];
    while !matches!(reason(&session), StopReason::Done(_)) {
        session.apply(Command::StepInto).unwrap();
        run_on(&mut session);
        if seen.last() != Some(&session.preparing()) {
            seen.push(session.preparing());
        }
    }
    use Preparing::{Initialize, StartFunction};
    assert_eq!(
        seen,
        [StartFunction(lib), Initialize(lib), Initialize(app)]
            .map(Some)
            .into_iter()
            .chain([None])
            .collect::<Vec<_>>()
    );
    start(&mut session, "app", "get", &[]);
    go(&mut session);
    assert_eq!(reason(&session), &done(1111));
}

#[test]
fn who_asks_for_the_preparation_gets_it_once() {
    let mut session = with(&[("lib", LIB)]);
    start(&mut session, "lib", "_initialize", &[]);
    assert_eq!(top_frame(&session), "lib.begin");
    session.apply(Command::StepBy(5)).unwrap();
    assert_eq!((top_frame(&session), session.preparing_text()), ("lib.init".to_owned(), None));
    go(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
    assert_eq!(session.tasks()[0].state, TaskState::Done(vec![]));
    start(&mut session, "lib", "get", &[]);
    go(&mut session);
    assert_eq!(reason(&session), &done(11));
}

#[test]
fn an_end_in_the_preparation_is_told_and_nothing_else_is_called() {
    let trap = r#"(module (func $init (export "_initialize") nop unreachable)
      (func (export "get") (result i32) i32.const 1))"#;
    let exit = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func $init (export "_initialize") i32.const 0 call $exit)
      (func (export "get") (result i32) i32.const 1))"#;
    for text in [trap, exit] {
        let mut session = with(&[("m", text)]);
        for _ in 0..2 {
            start(&mut session, "m", "get", &[]);
            go(&mut session);
            let ended = matches!(reason(&session), StopReason::Trap(_) | StopReason::Exit(0));
            assert!(ended, "{:?}", reason(&session));
            assert_eq!(top_frame(&session), "m.init");
            let text = "_initialize of m, before m.get";
            assert_eq!(session.preparing_text().as_deref(), Some(text));
        }
        let refused = spawn(&mut session, "m", "get").unwrap_err();
        assert!(refused.to_string().contains("m is not ready"), "{refused}");
        assert_eq!(session.task_count(), 1);
    }
}

#[test]
fn a_module_that_is_half_prepared_is_not_used() {
    let mut session = with(&[("app", APP), ("lib", LIB)]);
    start(&mut session, "lib", "get", &[]);
    session.apply(Command::StepBy(7)).unwrap();
    assert_eq!(top_frame(&session), "lib.init");
    for (module, export) in [("lib", "get"), ("app", "_start")] {
        let refused = spawn(&mut session, module, export).unwrap_err();
        assert!(refused.to_string().contains("lib is not ready"), "{refused}");
    }
    // Another start begins with another instance.
    start(&mut session, "lib", "get", &[]);
    assert_eq!((top_frame(&session), session.clock()), ("lib.begin".to_owned(), 0));
    session.apply(Command::StepBy(7)).unwrap();
    session.apply(Command::CancelTask(session.selected_task().unwrap())).unwrap();
    start(&mut session, "lib", "get", &[]);
    go(&mut session);
    assert_eq!(reason(&session), &done(11));
    spawn(&mut session, "app", "get").unwrap();
    go(&mut session);
    assert_eq!(reason(&session), &done(111));
}

#[test]
fn what_cannot_be_called_as_a_preparation_is_told() {
    let text = r#"(module (func (export "_initialize") (param i32) unreachable)
      (func (export "get") (result i32) i32.const 5))"#;
    let mut session = with(&[("m", text)]);
    let told = "m._initialize is not called before other exports";
    assert!(session.notices().iter().any(|notice| notice.text.starts_with(told)));
    start(&mut session, "m", "get", &[]);
    go(&mut session);
    assert_eq!(reason(&session), &done(5));
}

#[test]
fn a_task_that_is_given_up_does_not_prolong_the_sleep_of_another() {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "sleep") (result i32)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96))))"#;
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "sleep", &[]);
    go(&mut session);
    let begun = session.next_look().unwrap();
    let apart = Duration::from_millis(20);
    while begun - session.next_look().unwrap() < apart {}
    spawn(&mut session, "m", "sleep").unwrap();
    go(&mut session);
    assert!(begun - session.next_look().unwrap() >= apart, "the first is still the first");
    session.apply(Command::CancelTask(2)).unwrap();
    assert!(begun - session.next_look().unwrap() >= apart);
    spawn(&mut session, "m", "sleep").unwrap();
    go(&mut session);
    session.apply(Command::CancelTask(1)).unwrap();
    let left = session.next_look().unwrap();
    assert!(begun.abs_diff(left) < apart, "the other one waits its own hour: {left:?}");
}
