//! Several tasks in one store: turns, stops, answers, and what ends them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::{key, reason, run_on, start, with};
use super::*;

/// One memory and one global, and functions that a test lets run beside each other.
const SHARED: &str = r#"(module
  (import "env" "ask" (func $ask (result i32)))
  (memory (export "memory") 1 1 shared)
  (global $sum (export "sum") (mut i32) (i32.const 0))
  (func (export "forever") (loop $again br $again))
  ;; 10 instructions a round.
  (func (export "count") (param $to i32) (result i32)
    loop $next
      i32.const 0  i32.const 1  i32.atomic.rmw.add  drop
      local.get $to  i32.const 1  i32.sub  local.tee $to
      br_if $next
    end
    global.get $sum  i32.const 1  i32.add  global.set $sum
    i32.const 0  i32.load)
  (func (export "asks") (result i32) call $ask  i32.const 1  i32.add)
  (func (export "traps") nop nop unreachable)
  (func (export "waits") (result i32)
    i32.const 8  i32.const 0  i64.const -1  memory.atomic.wait32)
  (func (export "notifies") (result i32)
    nop nop nop  i32.const 8  i32.const 9  memory.atomic.notify)
  (func $inner nop nop nop)
  (func (export "calls") nop call $inner nop))"#;

fn spawn(session: &mut Session, module: &str, export: &str, args: &[&str]) -> u32 {
    let module = key(session, module);
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    session.apply(Command::Spawn { module, export: export.into(), args }).unwrap();
    session.selected_task().unwrap()
}

/// Tasks 1 and so on, of these exports.
fn tasks_of(exports: &[(&str, &[&str])]) -> Session {
    let mut session = with(&[("m", SHARED)]);
    for (export, args) in exports {
        spawn(&mut session, "m", export, args);
    }
    session
}

fn state(session: &Session, number: u32) -> TaskState {
    session.tasks().into_iter().find(|task| task.number == number).unwrap().state
}

fn executed(session: &Session) -> Vec<u64> {
    session.tasks().iter().map(|task| task.executed).collect()
}

fn lanes(session: &Session) -> Vec<(u32, u64, u64)> {
    session.lanes().map(|lane| (lane.task, lane.from, lane.to)).collect()
}

fn go(session: &mut Session) {
    session.apply(Command::Continue).unwrap();
    run_on(session);
}

fn done(value: i32) -> TaskState {
    TaskState::Done(vec![Value::I32(value)])
}

#[test]
fn tasks_take_turns_of_as_many_instructions_as_they_are_given() {
    // Before anything has been started, too.
    let mut session = with(&[("m", SHARED)]);
    session.apply(Command::SetReductions(10)).unwrap();
    assert!(session.apply(Command::SetReductions(0)).is_err());
    spawn(&mut session, "m", "count", &["3"]);
    spawn(&mut session, "m", "count", &["5"]);
    assert_eq!(session.selected_task(), Some(2));
    assert_eq!(lanes(&session), []);
    session.apply(Command::NextTurn).unwrap();
    assert_eq!((executed(&session), session.selected_task()), (vec![10, 0], Some(1)));
    assert_eq!((reason(&session), session.clock()), (&StopReason::Stepped, 10));
    session.apply(Command::NextTurn).unwrap();
    session.apply(Command::NextTurn).unwrap();
    assert_eq!((executed(&session), session.clock()), (vec![20, 10], 30));
    assert_eq!(lanes(&session), [(1, 0, 10), (2, 10, 20), (1, 20, 30)]);
    go(&mut session);
    // Rounds of 10 instructions each, and 8 behind them.
    assert_eq!(executed(&session), [38, 58]);
    assert_eq!(session.clock(), 96);
    assert_eq!(
        lanes(&session),
        [
            (1, 0, 10),
            (2, 10, 20),
            (1, 20, 30),
            (2, 30, 40),
            (1, 40, 50),
            (2, 50, 60),
            (1, 60, 68),
            (2, 68, 96)
        ]
    );
    // Both count in one memory, and one after the other in one global.
    assert_eq!((state(&session, 1), state(&session, 2)), (done(6), done(8)));
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(8)]));
    assert_eq!(
        session.store().unwrap().global(stepwell_engine::GlobalAddr(0)).unwrap().1,
        Value::I32(2)
    );
    let turns: Vec<u64> = session.tasks().iter().map(|task| task.turns).collect();
    assert_eq!(turns, [4, 3], "those while both ran");
}

#[test]
fn a_step_is_the_selected_tasks_alone() {
    let mut session = tasks_of(&[("calls", &[]), ("count", &["9"])]);
    session.apply(Command::StepBy(7)).unwrap();
    assert_eq!(executed(&session), [0, 7]);
    session.apply(Command::SelectTask(1)).unwrap();
    assert_eq!(reason(&session), &StopReason::Started);
    session.apply(Command::StepInto).unwrap();
    session.apply(Command::StepOver).unwrap();
    assert_eq!((executed(&session), reason(&session)), (vec![6, 7], &StopReason::Stepped));
    session.apply(Command::StepOut).unwrap();
    assert_eq!(executed(&session), [8, 7]);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
    assert_eq!(session.clock(), 15);
    assert!(session.apply(Command::StepInto).is_err(), "it is over");
    session.apply(Command::SelectTask(2)).unwrap();
    assert_eq!(reason(&session), &StopReason::Paused);
    assert!(session.apply(Command::SelectTask(3)).is_err());
    session.apply(Command::StepInto).unwrap();
    assert_eq!(executed(&session), [8, 8]);
}

#[test]
fn a_step_over_a_last_call_lets_nobody_else_run() {
    let text = "(module (func $f nop nop) (func (export \"tail\") nop return_call $f))";
    let mut session = with(&[("m", text)]);
    spawn(&mut session, "m", "tail", &[]);
    spawn(&mut session, "m", "tail", &[]);
    session.apply(Command::StepInto).unwrap();
    session.apply(Command::StepOver).unwrap();
    assert_eq!(executed(&session), [0, 5]);
    assert_eq!(reason(&session), &StopReason::Done(vec![]));
}

#[test]
fn a_breakpoint_selects_the_task_that_is_there() {
    let mut session = tasks_of(&[("forever", &[]), ("count", &["9"])]);
    let module = key(&session, "m");
    session.apply(Command::StepBy(9)).unwrap();
    let offset = session.frames()[0].offset().0;
    session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
    session.apply(Command::SelectTask(1)).unwrap();
    session.apply(Command::SetReductions(4)).unwrap();
    for hits in 1..3 {
        go(&mut session);
        let stop = StopReason::Breakpoint { module, offset, hits };
        assert_eq!((reason(&session), session.selected_task()), (&stop, Some(2)));
        assert_eq!(executed(&session)[1], 9 + 10 * hits, "not where it stood");
    }
    // Its own step runs past what the other one executes.
    let before = executed(&session)[0];
    session.apply(Command::StepBy(3)).unwrap();
    assert_eq!(executed(&session)[0], before);
}

#[test]
fn where_tasks_stand_when_they_set_out_stops_none_of_them() {
    let mut session = tasks_of(&[("count", &["1"]), ("count", &["1"])]);
    let module = key(&session, "m");
    let offset = session.frames()[0].offset().0;
    session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
    go(&mut session);
    assert_eq!((state(&session, 1), state(&session, 2)), (done(1), done(2)));
}

#[test]
fn while_a_person_is_asked_the_others_go_on_when_told_to() {
    let mut session = tasks_of(&[("asks", &[]), ("count", &["50"])]);
    session.apply(Command::SetReductions(5)).unwrap();
    go(&mut session);
    assert_eq!((reason(&session), session.selected_task()), (&StopReason::HostCall, Some(1)));
    assert_eq!(executed(&session), [1, 0]);
    assert!(session.apply(Command::StepInto).is_err());
    assert!(session.others_can_run());
    session.apply(Command::NextTurn).unwrap();
    assert_eq!((executed(&session), session.selected_task()), (vec![1, 5], Some(2)));
    go(&mut session);
    assert_eq!(state(&session, 2), done(50));
    // What is left is the question.
    assert_eq!((reason(&session), session.selected_task()), (&StopReason::HostCall, Some(1)));
    assert_eq!(state(&session, 1), TaskState::Asks);
    assert_eq!(session.tasks()[0].call.as_deref(), Some("env.ask"));
    assert!(session.apply(Command::Continue).is_err());
    assert_eq!(session.host_calls().len(), 1, "it has been asked once");
    session.apply(Command::Answer(vec!["6".into()])).unwrap();
    run_on(&mut session);
    assert_eq!(
        (reason(&session), state(&session, 1)),
        (&StopReason::Done(vec![Value::I32(7)]), done(7))
    );
}

#[test]
fn an_answer_given_while_others_wait_lets_all_go_on() {
    let mut session = tasks_of(&[("forever", &[]), ("asks", &[])]);
    go(&mut session);
    assert_eq!((reason(&session), session.selected_task()), (&StopReason::HostCall, Some(2)));
    session.apply(Command::SelectTask(1)).unwrap();
    assert!(session.pending_call().is_none(), "it is the other one that asks");
    assert_eq!(session.pending_calls().count(), 1);
    assert!(session.apply(Command::Answer(vec!["1".into()])).is_err());
    session.apply(Command::SelectTask(2)).unwrap();
    assert_eq!(reason(&session), &StopReason::HostCall);
    session.apply(Command::Answer(vec!["1".into()])).unwrap();
    assert_eq!(reason(&session), &StopReason::Stepped, "the run had been left");
    session.apply(Command::Continue).unwrap();
    session.tick(TICK);
    assert_eq!(state(&session, 2), done(2));
    assert_eq!(session.run_state(), &RunState::Running, "the other one has no end");
    let error = session.apply(Command::SelectTask(1)).unwrap_err();
    assert_eq!(error.to_string(), "pause it first");
    session.apply(Command::Pause).unwrap();
    assert_eq!(session.selected_task(), Some(1));
}

const TICK: Duration = Duration::from_millis(5);

#[test]
fn one_task_wakes_another() {
    let mut session = tasks_of(&[("waits", &[]), ("notifies", &[])]);
    session.apply(Command::SetReductions(4)).unwrap();
    session.apply(Command::NextTurn).unwrap();
    assert_eq!((reason(&session), state(&session, 1)), (&StopReason::Wait, TaskState::Waits));
    assert!(session.apply(Command::StepInto).is_err());
    for _ in 0..2 {
        session.apply(Command::NextTurn).unwrap();
    }
    assert_eq!(executed(&session), [4, 7]);
    assert_eq!(state(&session, 2), done(1));
    go(&mut session);
    assert_eq!((state(&session, 1), session.waiters()), (done(0), vec![]));

    // Alone it waits for ever; what has waited in vain is not woken later.
    let mut session = tasks_of(&[("count", &["300"]), ("waits", &[])]);
    session.apply(Command::SetReductions(4)).unwrap();
    go(&mut session);
    assert_eq!(state(&session, 1), done(300), "the other one has come to its end");
    assert_eq!((reason(&session), session.selected_task()), (&StopReason::Wait, Some(2)));
    let turns = session.tasks()[1].turns;
    assert_eq!(turns, 1, "waiting takes no turns");
    session.apply(Command::CancelTask(2)).unwrap();
    assert_eq!(session.waiters(), []);
    spawn(&mut session, "m", "notifies", &[]);
    go(&mut session);
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(0)]));
}

#[test]
fn a_trap_is_one_tasks_own() {
    let mut session = tasks_of(&[("count", &["2"]), ("traps", &[]), ("count", &["2"])]);
    session.apply(Command::SetReductions(5)).unwrap();
    go(&mut session);
    assert!(matches!(reason(&session), StopReason::Trap(_)));
    assert_eq!((session.selected_task(), executed(&session)), (Some(2), vec![5, 3, 0]));
    assert!(session.apply(Command::StepInto).is_err());
    go(&mut session);
    assert_eq!((state(&session, 1), state(&session, 3)), (done(4), done(4)));
    assert_eq!(state(&session, 2), TaskState::Trapped("unreachable".to_owned()));
    assert!(session.apply(Command::Continue).is_err());
    start(&mut session, "m", "count", &["1"]);
    assert_eq!(session.tasks().len(), 1);
    assert_eq!(session.lanes().len(), 0);
}

#[test]
fn a_task_is_cancelled_wherever_it_stands() {
    let all: &[(&str, &[&str])] =
        &[("asks", &[]), ("waits", &[]), ("traps", &[]), ("count", &["1"]), ("forever", &[])];
    let mut session = tasks_of(all);
    session.apply(Command::SetReductions(30)).unwrap();
    for _ in 0..5 {
        session.apply(Command::NextTurn).unwrap();
    }
    assert_eq!(session.selected_task(), Some(5));
    let clock = session.clock();
    assert_eq!(clock, 1 + 4 + 3 + 18 + 30);
    session.apply(Command::CancelTask(1)).unwrap();
    assert_eq!(session.pending_calls().count(), 0);
    assert!(matches!(session.host_calls()[0].answer, HostAnswerState::Trapped { .. }));
    assert_eq!((session.selected_task(), reason(&session)), (Some(5), &StopReason::Stepped));
    assert_eq!(session.waiters().len(), 1);
    session.apply(Command::CancelTask(2)).unwrap();
    assert_eq!(session.waiters(), []);
    session.apply(Command::CancelTask(3)).unwrap();
    session.apply(Command::CancelTask(4)).unwrap();
    assert!(session.apply(Command::CancelTask(4)).is_err());
    session.apply(Command::SelectTask(5)).unwrap();
    session.apply(Command::CancelTask(5)).unwrap();
    assert_eq!((session.run_state(), session.tasks().len()), (&RunState::Idle, 0));
    assert_eq!((session.clock(), session.frames().len()), (clock, 0));
    assert!(session.apply(Command::NextTurn).is_err());
    // The store is still there.
    assert_eq!(spawn(&mut session, "m", "count", &["1"]), 6);
    go(&mut session);
    assert_eq!(state(&session, 6), done(2));
}

#[test]
fn a_cancelled_tasks_turn_goes_to_the_next() {
    let count: (&str, &[&str]) = ("count", &["9"]);
    for cancelled in 1..4 {
        let mut session = tasks_of(&[count, count, count]);
        session.apply(Command::SetReductions(3)).unwrap();
        session.apply(Command::NextTurn).unwrap();
        session.apply(Command::CancelTask(cancelled)).unwrap();
        session.apply(Command::NextTurn).unwrap();
        let next = if cancelled == 2 { 3 } else { 2 };
        assert_eq!(session.selected_task(), Some(next), "task {cancelled} cancelled");
    }
}

#[test]
fn a_spawned_modules_start_function_has_turns_as_well() {
    let mut session = tasks_of(&[("forever", &[])]);
    session.apply(Command::SetReductions(3)).unwrap();
    let late = r#"(module (import "m" "sum" (global $sum (mut i32)))
      (start $begin) (func $begin nop nop nop i32.const 41 global.set $sum)
      (func (export "next") (result i32) global.get $sum i32.const 1 i32.add))"#;
    session.apply(Command::Open { name: "late".into(), bytes: late.into() }).unwrap();
    assert_eq!(session.tasks().len(), 1, "the run goes on as it is");
    spawn(&mut session, "late", "next", &[]);
    assert_eq!(session.tasks()[1].function.as_deref(), Some("late.begin"));
    session.apply(Command::NextTurn).unwrap();
    for _ in 0..3 {
        session.apply(Command::NextTurn).unwrap();
    }
    // 3 of the start function, then the other one, then the rest of it.
    assert_eq!(executed(&session), [6, 6]);
    assert_eq!(session.tasks()[1].function.as_deref(), Some("late.next"));
    assert_eq!(session.clock(), 12);
    session.apply(Command::SelectTask(2)).unwrap();
    session.apply(Command::StepBy(4)).unwrap();
    assert_eq!(reason(&session), &StopReason::Done(vec![Value::I32(42)]));
    assert_eq!(executed(&session), [6, 10]);
}

#[test]
fn what_cannot_be_spawned_leaves_the_others_alone() {
    let mut session = tasks_of(&[("count", &["4"])]);
    session.apply(Command::StepBy(3)).unwrap();
    let module = key(&session, "m");
    let spawn = |module, export: &str, args: &[&str]| {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Command::Spawn { module, export: export.into(), args }
    };
    let wrong = session.apply(spawn(module, "count", &["many"]));
    assert!(matches!(wrong, Err(SessionError::Input { field: 0, .. })));
    assert!(session.apply(spawn(module, "nope", &[])).is_err());
    let text = "(module (memory 1) (data (i32.const 70000) \"x\") (func (export \"f\")))";
    session.apply(Command::Open { name: "broken".into(), bytes: text.into() }).unwrap();
    let broken = key(&session, "broken");
    assert!(session.apply(spawn(broken, "f", &[])).is_err());
    assert_eq!((executed(&session), session.clock()), (vec![3], 3));
    go(&mut session);
    assert_eq!(state(&session, 1), done(4));
}

#[test]
fn restart_and_start_begin_with_one_task() {
    let mut session = with(&[("m", SHARED)]);
    start(&mut session, "m", "count", &["2"]);
    spawn(&mut session, "m", "asks", &[]);
    go(&mut session);
    session.apply(Command::Restart).unwrap();
    assert_eq!((session.tasks().len(), session.clock()), (1, 0));
    assert_eq!((session.lanes().len(), session.host_calls().len()), (0, 0));
    spawn(&mut session, "m", "waits", &[]);
    session.apply(Command::StepBy(4)).unwrap();
    assert_eq!(session.waiters().len(), 1);
    start(&mut session, "m", "count", &["2"]);
    assert_eq!((session.tasks().len(), session.waiters().len()), (1, 0));
    assert_eq!(session.selected_task(), Some(3), "a task of its own");
    go(&mut session);
    assert!(matches!(reason(&session), StopReason::Done(_)));
}

#[test]
fn what_has_changed_is_told_of_the_same_task_only() {
    let mut session = tasks_of(&[("count", &["9"]), ("count", &["7"])]);
    session.apply(Command::SetReductions(6)).unwrap();
    session.apply(Command::StepBy(6)).unwrap();
    session.apply(Command::StepInto).unwrap();
    assert!(session.previous(0).is_some());
    session.apply(Command::NextTurn).unwrap();
    assert_eq!(session.selected_task(), Some(1));
    assert!(session.previous(0).is_none(), "those are the other one's locals");
}

#[test]
fn a_run_to_a_place_is_over_when_any_task_arrives() {
    let mut session = tasks_of(&[("count", &["40"]), ("notifies", &[])]);
    let module = key(&session, "m");
    let offset = session.frames()[0].offset().0 + 2;
    session.apply(Command::SetReductions(8)).unwrap();
    session.apply(Command::SelectTask(1)).unwrap();
    session.apply(Command::RunTo { module, offset }).unwrap();
    assert_eq!((reason(&session), session.selected_task()), (&StopReason::Arrived, Some(2)));
    assert_eq!(executed(&session), [8, 2]);
}
