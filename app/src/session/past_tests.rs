//! Standing in the past.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::{key, reason, run_on, start, with};
use super::*;

/// Every `n` is added up and said; at 5 it divides by zero.
const SUM: &str = r#"(module
  (import "env" "say" (func $say (param i32)))
  (memory (export "memory") 1)
  (global $sum (mut i32) (i32.const 0))
  (func $add (param $n i32)
    (global.set $sum (i32.add (global.get $sum) (local.get $n)))
    (i32.store (i32.const 64) (global.get $sum)))
  (func (export "run") (local $n i32)
    loop
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (call $add (local.get $n))
      (call $say (i32.div_s (i32.const 100) (i32.sub (i32.const 5) (local.get $n))))
      br 0
    end))"#;

pub(super) fn at_trap() -> Session {
    let mut session = with(&[("main", SUM)]);
    let module = key(&session, "main");
    let policy = ImportPolicy::Zero;
    session.apply(Command::SetPolicy { module, import: 0, policy }).unwrap();
    start(&mut session, "main", "run", &[]);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert!(matches!(reason(&session), StopReason::Trap(_)));
    session
}

pub(super) fn go(session: &mut Session, command: Command) {
    session.apply(command).unwrap();
    run_on(session);
}

/// Host functions of ours are asked again, what they did is recorded, and the run can be saved.
#[test]
fn what_is_started_from_the_past_begins_in_the_present() {
    let text = r#"(module (import "console" "log" (func $log (param i32)))
      (global $g (mut i32) (i32.const 0))
      (func (export "run") (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (call $log (global.get $g)) (global.get $g)))"#;
    let mut session = with(&[("main", text)]);
    let module = key(&session, "main");
    let policy = ImportPolicy::Zero;
    session.apply(Command::SetPolicy { module, import: 0, policy }).unwrap();
    for times in 1..4 {
        start(&mut session, "main", "run", &[]);
        assert!(!session.is_past() && session.task().unwrap().executed() == 0);
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(times)]));
        assert_eq!(session.host_calls().len(), times as usize);
        assert!(session.save_run(true).is_ok());
        go(&mut session, Command::StepBack);
        assert!(session.is_past());
    }
}

fn sum(session: &Session) -> Value {
    session.store().unwrap().global(stepwell_engine::GlobalAddr(0)).unwrap().1
}

fn name(session: &Session) -> String {
    session.frames()[0].instruction_name().unwrap().into_owned()
}

#[test]
fn from_a_trap_one_goes_back_and_forward_again() {
    let mut session = at_trap();
    let end = session.clock();
    assert_eq!(sum(&session), Value::I32(15));
    go(&mut session, Command::StepBack);
    assert_eq!((reason(&session), session.clock()), (&StopReason::Past, end - 1));
    assert_eq!(name(&session), "i32.div_s");
    assert_eq!(session.frames()[0].operands(), [Value::I32(100), Value::I32(0)]);
    // Over the call of `$add`, which is not entered.
    let mut count = 0;
    while name(&session) != "call" {
        go(&mut session, Command::StepBackOver);
        assert_eq!(session.depth(), 1);
        count += 1;
    }
    assert_eq!(count, 5, "to before the call");
    assert_eq!(sum(&session), Value::I32(10));
    // And on: over it, then into its end.
    let before = session.clock();
    go(&mut session, Command::StepOver);
    assert_eq!((sum(&session), session.depth()), (Value::I32(15), 1));
    go(&mut session, Command::StepBack);
    assert_eq!((name(&session).as_str(), session.depth()), ("end", 2));
    go(&mut session, Command::StepBackOut);
    assert_eq!(session.clock(), before);
    go(&mut session, Command::StepInto);
    assert_eq!((session.clock(), session.depth()), (before + 1, 2));
    go(&mut session, Command::StepOut);
    assert_eq!((sum(&session), session.depth()), (Value::I32(15), 1));
    go(&mut session, Command::GoToPresent);
    assert!(matches!(reason(&session), StopReason::Trap(_)));
    assert_eq!(session.clock(), end);
    go(&mut session, Command::SeekTo(0));
    assert_eq!((sum(&session), session.clock()), (Value::I32(0), 0));
    assert!(session.apply(Command::StepBack).is_err());
    // Without a breakpoint it arrives at the present.
    go(&mut session, Command::Continue);
    assert!(matches!(reason(&session), StopReason::Trap(_)) && !session.is_past());
}

#[test]
fn what_is_past_is_looked_at_only() {
    let mut session = at_trap();
    go(&mut session, Command::StepBack);
    for command in [
        Command::SetLocal { frame: 0, local: 0, value: "1".to_owned() },
        Command::SetGlobal { global: 0, value: "1".to_owned() },
        Command::SetField { object: 0, field: 0, value: "1".to_owned() },
        Command::WriteMemory { memory: 0, address: 0, bytes: vec![1] },
        Command::Answer(vec![]),
        Command::CollectGarbage,
        Command::NextTurn,
    ] {
        let refused = session.apply(command.clone());
        assert!(matches!(refused, Err(SessionError::NotNow(_))), "{command:?}: {refused:?}");
    }
    assert_eq!(sum(&session), Value::I32(15));
    // What is set for the run is no part of it.
    let module = key(&session, "main");
    let offset = session.frames()[0].offset().0;
    session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
    session.apply(Command::AddWatch("$sum".to_owned())).unwrap();
    go(&mut session, Command::SeekTo(3));
    let watch = session.watches().next().unwrap();
    assert_eq!(watch.value.clone().unwrap().unwrap().datum.to_string(), "0");
    // A restart begins a run with a past of its own.
    go(&mut session, Command::Restart);
    assert_eq!(session.past().map(|past| (past.now, past.end, past.is_past)), Some((0, 0, false)));
}

#[test]
fn one_runs_back_to_breakpoints_and_watchpoints() {
    let mut session = at_trap();
    let end = session.clock();
    session.apply(Command::BreakOnFunction("$add".to_owned())).unwrap();
    let (module, offset) = {
        let state = session.breakpoints().next().unwrap();
        (state.module, state.offset)
    };
    for sum_there in [10, 6, 3] {
        go(&mut session, Command::RunBack);
        assert_eq!(sum(&session), Value::I32(sum_there));
        assert_eq!(session.frames()[0].offset().0, offset);
    }
    go(&mut session, Command::Continue);
    assert_eq!(sum(&session), Value::I32(6), "and on to the next one");
    let condition = "$n == 2".to_owned();
    session.apply(Command::SetCondition { module, offset, condition }).unwrap();
    go(&mut session, Command::GoToPresent);
    go(&mut session, Command::RunBack);
    assert_eq!(sum(&session), Value::I32(1));
    go(&mut session, Command::RunBack);
    assert_eq!(session.clock(), 0, "there is none before");
    session.apply(Command::ClearBreakpoints).unwrap();
    let target = WatchTarget::Memory { module, memory: 0, address: 64, len: 4 };
    session.apply(Command::SetWatchpoint { target, when: WatchWhen::Written }).unwrap();
    go(&mut session, Command::GoToPresent);
    assert_eq!(session.clock(), end);
    for sum_there in [15, 10, 6] {
        go(&mut session, Command::RunBack);
        let store = session.store().unwrap();
        let memory = store.memory(stepwell_engine::MemAddr(0)).unwrap();
        assert_eq!(memory.get::<i32>(64), Ok(sum_there), "behind the write");
    }
}

#[test]
fn changes_by_hand_and_answers_are_part_of_the_past() {
    let text = r#"(module (import "env" "ask" (func $ask (result i32)))
      (func (export "run") (result i32) (local $a i32)
        (local.set $a (call $ask)) (i32.add (local.get $a) (call $ask))))"#;
    let mut session = with(&[("main", text)]);
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::Continue);
    session.apply(Command::Answer(vec!["3".to_owned()])).unwrap();
    run_on(&mut session);
    assert_eq!(reason(&session), &StopReason::HostCall);
    session.apply(Command::SetLocal { frame: 0, local: 0, value: "40".to_owned() }).unwrap();
    let changed = session.clock();
    session.apply(Command::Answer(vec!["2".to_owned()])).unwrap();
    run_on(&mut session);
    // The operand was pushed before the local was changed.
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(5)]));
    let local = |session: &Session| session.frames()[0].locals()[0].value;
    go(&mut session, Command::StepBack);
    assert_eq!(local(&session), Value::I32(40));
    go(&mut session, Command::SeekTo(changed - 1));
    assert_eq!(local(&session), Value::I32(3));
    go(&mut session, Command::SeekTo(1));
    assert_eq!(session.frames()[0].operands(), [Value::I32(3)]);
    assert_eq!(session.pending_call(), None);
    go(&mut session, Command::GoToPresent);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(5)]));
}

#[test]
fn what_changes_nothing_keeps_no_states() {
    let mut session = with(&[("main", SUM)]);
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::StepBy(3));
    let (module, export) = (key(&session, "main"), "run".to_owned());
    session.apply(Command::Spawn { module, export, args: vec![] }).unwrap();
    let kept = session.past().map(|past| past.kept_states);
    for _ in 0..3 {
        for task in session.tasks().iter().map(|task| task.number).collect::<Vec<_>>() {
            session.apply(Command::SelectTask(task)).unwrap();
        }
        let value = "no number".to_owned();
        let refused = session.apply(Command::SetLocal { frame: 0, local: 0, value });
        assert!(refused.is_err());
    }
    assert_eq!(session.past().map(|past| past.kept_states), kept);
}

#[test]
fn the_console_shows_what_had_been_written() {
    let text = r#"(module (import "console" "log" (func $log (param i32)))
      (func (export "run") (call $log (i32.const 1)) (call $log (i32.const 2)) (call $log (i32.const 3))))"#;
    let mut session = with(&[("main", text)]);
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::Continue);
    let console = |session: &Session| {
        let pieces = session.console();
        pieces
            .iter()
            .map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned())
            .collect::<String>()
    };
    assert_eq!(console(&session), "1\n2\n3\n");
    for (clock, written) in [(6, "1\n2\n3\n"), (5, "1\n2\n"), (3, "1\n"), (0, "")] {
        go(&mut session, Command::SeekTo(clock));
        assert_eq!(console(&session), written, "at {clock}");
    }
    go(&mut session, Command::GoToPresent);
    assert_eq!(console(&session), "1\n2\n3\n");
}

#[test]
fn every_example_is_gone_back_through() {
    let ids: Vec<String> =
        Session::new().examples().iter().map(|example| example.id.clone()).collect();
    for id in ids {
        let mut session = Session::new();
        session.apply(Command::OpenExample(id.clone())).unwrap();
        // What each step of the first ones has led to.
        let mut states = vec![];
        for _ in 0..400 {
            let Some(store) = session.store() else { break };
            states.push((session.clock(), store.state().clone()));
            let stands = matches!(session.run_state(), RunState::Stopped(_));
            if !stands || session.apply(Command::StepInto).is_err() {
                break;
            }
            run_on(&mut session);
        }
        let present = session.store().unwrap().state().clone();
        // Of several at one count the last.
        states.reverse();
        states.dedup_by_key(|(clock, _)| *clock);
        for (clock, state) in states.iter().skip(2) {
            go(&mut session, Command::SeekTo(*clock));
            assert!(session.store().unwrap().state() == state, "{id} at {clock}");
        }
        go(&mut session, Command::GoToPresent);
        assert!(!session.is_past(), "{id}");
        assert!(*session.store().unwrap().state() == present, "{id}");
    }
}

#[test]
fn who_wrote_a_place_is_an_instruction_or_a_call_of_the_host() {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (global $sum (mut i32) (i32.const 0))
      (func (export "run") (param i32)
        (i32.store (i32.const 8) (i32.const 1))
        (drop (call $random (i32.const 10) (i32.const 4)))
        (i32.store (i32.const 16) (i32.const 3))
        (global.set $sum (i32.const 4))
        (i32.store (i32.const 8) (i32.const 5))
        (i32.store (i32.const 8) (i32.const 6))))"#;
    let mut session = with(&[("main", text)]);
    let module = key(&session, "main");
    start(&mut session, "main", "run", &["7"]);
    go(&mut session, Command::Continue);
    assert!(matches!(reason(&session), StopReason::Done(_)));
    let memory = |address, len| WatchTarget::Memory { module, memory: 0, address, len };
    let back = |target| Command::GoToWrite { target, next: false };
    let said = |session: &Session| session.past_access().map(|access| access.text());
    let word = memory(8, 4);
    for (count, text) in
        [(18, "5 → 6 by i32.store in main.run"), (15, " → 5 by i32.store in main.run")]
    {
        go(&mut session, back(word));
        assert_eq!(session.clock(), count);
        assert!(said(&session).unwrap().contains(text), "{:?}", said(&session));
    }
    // Half of the word is the host's.
    go(&mut session, back(word));
    assert_eq!(session.clock(), 6);
    let text = said(&session).unwrap();
    assert!(text.contains("wasi_snapshot_preview1.random_get, host call 1"), "{text}");
    go(&mut session, back(word));
    assert_eq!(session.clock(), 3);
    // Before that there is nobody, and one stays.
    go(&mut session, back(word));
    assert_eq!((session.clock(), said(&session)), (3, None));
    let told = session.notices().last().unwrap().text.clone();
    assert!(told.ends_with("has not been written before this moment"), "{told}");
    for count in [6, 15, 18] {
        go(&mut session, Command::GoToWrite { target: word, next: true });
        assert_eq!(session.clock(), count);
    }
    go(&mut session, Command::GoToWrite { target: word, next: true });
    assert_eq!(session.clock(), 18);
    go(&mut session, back(WatchTarget::Global { module, global: 0 }));
    assert_eq!((session.clock(), said(&session).unwrap().contains("0 → 4")), (12, true));
    go(&mut session, Command::GoToPresent);
    assert!(matches!(reason(&session), StopReason::Done(_)));
}

#[test]
fn a_run_of_large_memories_begins_at_once_and_says_that_it_has_no_past() {
    let mut session = with(&[("main", "(module (memory 8192) (func (export \"run\") nop nop))")]);
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::StepInto);
    assert_eq!(session.past().map(|past| (past.is_kept, past.kept_bytes)), Some((false, 0)));
    assert!(!session.can_go_back());
    let refused = session.apply(Command::StepBack).unwrap_err().to_string();
    assert_eq!(refused, "memories of more than 256 MiB cannot be gone back through");
    go(&mut session, Command::Continue);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
}

#[test]
fn a_drag_compares_with_the_moment_before_it_began() {
    let mut session = at_trap();
    session.apply(Command::AddWatch("$sum".to_owned())).unwrap();
    go(&mut session, Command::SeekTo(0));
    let end = session.past().unwrap().end;
    // The drag goes through moments in between, of which the last differs in nothing from the one before.
    for (clock, begins) in [(end / 2, true), (end - 2, false), (end - 1, false)] {
        go(&mut session, Command::ScrubTo { clock, begins });
    }
    assert_eq!(sum(&session), Value::I32(15));
    assert_eq!(session.previous_global(0), Some(Value::I32(0)));
    let watch = session.watches().next().unwrap().value.clone().unwrap().unwrap();
    assert!(watch.changed);
    // The next one compares with where this one ended.
    go(&mut session, Command::ScrubTo { clock: end - 2, begins: true });
    assert_eq!(session.previous_global(0), Some(Value::I32(15)));
}
