//! What ends a run beside its instructions: charges of host functions, and interruptions from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stepwell_engine::sched::{Outcome, Priority, Scheduler};
use stepwell_engine::{
    Budget, Caller, Config, Engine, Error, FuncType, InstanceId, Linker, Module, Stop, Store, Tier,
    Value,
};

use super::single;

/// Instructions of `run` before its first call, the call included, and from one call to the next.
const FIRST: u64 = 3;
const EACH: u64 = 8;

fn charging(tier: Tier, linker: &Linker) -> (Store, InstanceId) {
    let text = r#"(module
      (import "env" "work" (func $work (param i32)))
      (func (export "run") (param i32)
        loop $next
          i32.const 5  call $work
          (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
        end))"#;
    let engine = Engine::new(Config::default().tier(tier));
    let mut store = Store::new(&engine);
    let module = Module::from_wat(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn linkers(charge: u64) -> [Linker; 3] {
    let mut typed = Linker::new();
    typed.func_wrap("env", "work", move |caller: &mut Caller<'_>, _: i32| caller.charge(charge));
    let ty = || FuncType::new([stepwell_engine::ValType::I32], []);
    let mut untyped = Linker::new();
    untyped.func("env", "work", ty(), move |caller, _| {
        caller.charge(charge);
        Ok(vec![])
    });
    let mut future = Linker::new();
    future.func_async("env", "work", ty(), move |caller, _| async move {
        caller.with(move |caller| caller.charge(charge)).await?;
        Ok(vec![])
    });
    [typed, untyped, future]
}

#[test]
fn a_host_function_charges_the_budget_and_not_the_clock() {
    for tier in [Tier::Fast, Tier::Exact, Tier::Mixed] {
        for linker in linkers(100) {
            let (mut store, instance) = charging(tier, &linker);
            let run = store.export_func(instance, "run").unwrap();
            let mut task = store.start(run, &[Value::I32(10)]).unwrap();
            // Three calls, and some instructions behind the third.
            let budget = FIRST + 2 * EACH + 3 * 100 + 4;
            let stop = task.run(&mut store, Budget::instructions(budget)).unwrap();
            assert_eq!((stop, task.executed()), (Stop::Budget, FIRST + 2 * EACH + 4));
            // The next call takes more than there is: the run stops behind it.
            let stop = task.run(&mut store, Budget::instructions(50)).unwrap();
            assert_eq!((stop, task.executed()), (Stop::Budget, FIRST + 3 * EACH));
            // And what it took too much is forgotten.
            let stop = task.run(&mut store, Budget::instructions(3)).unwrap();
            assert_eq!((stop, task.executed()), (Stop::Budget, FIRST + 3 * EACH + 3));
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert_eq!(stop, Stop::Done(vec![]));
        }
    }
}

#[test]
fn charges_are_paid_across_slices_and_without_end_by_an_unlimited_budget() {
    for linker in linkers(2_500_000) {
        let (mut store, instance) = charging(Tier::Fast, &linker);
        let _handle = store.interrupt_handle();
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, &[Value::I32(10)]).unwrap();
        let stop = task.run(&mut store, Budget::instructions(6_000_000)).unwrap();
        assert_eq!((stop, task.executed()), (Stop::Budget, FIRST + 2 * EACH));
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![]));
    }
    for linker in linkers(u64::MAX) {
        let (mut store, instance) = charging(Tier::Fast, &linker);
        let run = store.export_func(instance, "run").unwrap();
        assert_eq!(store.invoke(run, &[Value::I32(3)]), Ok(vec![]));
    }
}

const SPIN: &str = r#"(module (global $go (mut i32) (i32.const 0))
  (func (export "spin") (loop $l (br $l)))
  (func (export "seven") (result i32) i32.const 7))"#;

#[test]
fn another_thread_interrupts_a_run() {
    let (mut store, instance) = single(SPIN);
    let handle = store.interrupt_handle();
    let spin = store.export_func(instance, "spin").unwrap();
    let mut task = store.start(spin, &[]).unwrap();
    let stop = std::thread::scope(|scope| {
        scope.spawn(|| handle.interrupt());
        task.run(&mut store, Budget::unlimited()).unwrap()
    });
    assert_eq!(stop, Stop::Interrupted);
    assert!(!handle.is_set(), "it has stopped one run, and no other");
    let before = task.executed();
    let stop = task.run(&mut store, Budget::instructions(3_000_001)).unwrap();
    assert_eq!((stop, task.executed()), (Stop::Budget, before + 3_000_001));
    let error = std::thread::scope(|scope| {
        scope.spawn(|| handle.interrupt());
        store.invoke(spin, &[]).unwrap_err()
    });
    assert_eq!(error, Error::Interrupted);
}

#[test]
fn an_interruption_stops_the_next_run_of_whatever_task_can_run() {
    let (mut store, instance) = single(SPIN);
    let handle = store.interrupt_handle();
    let seven = store.export_func(instance, "seven").unwrap();
    let mut done = store.start(seven, &[]).unwrap();
    assert_eq!(done.run(&mut store, Budget::unlimited()), Ok(Stop::Done(vec![Value::I32(7)])));
    let mut task = store.start(seven, &[]).unwrap();
    handle.clone().interrupt();
    assert_eq!(done.run(&mut store, Budget::unlimited()), Ok(Stop::Done(vec![Value::I32(7)])));
    assert_eq!(task.run(&mut store, Budget::unlimited()), Ok(Stop::Interrupted));
    assert_eq!(task.executed(), 0);
    handle.interrupt();
    handle.clear();
    assert_eq!(task.run(&mut store, Budget::unlimited()), Ok(Stop::Done(vec![Value::I32(7)])));
    assert_eq!(store.invoke(seven, &[]), Ok(vec![Value::I32(7)]));
}

/// A program that does nothing but call the host comes to the end of a slice too.
#[test]
fn calls_of_the_host_do_not_hide_an_interruption() {
    for linker in linkers(0) {
        let (mut store, instance) = charging(Tier::Fast, &linker);
        let handle = store.interrupt_handle();
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, &[Value::I32(0)]).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let stop = std::thread::scope(|scope| {
            let seen = over.clone();
            scope.spawn(move || {
                while !seen.load(Ordering::Acquire) {
                    handle.interrupt();
                    std::thread::yield_now();
                }
            });
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            over.store(true, Ordering::Release);
            stop
        });
        assert_eq!(stop, Stop::Interrupted);
    }
}

#[test]
fn a_scheduler_tells_which_task_was_interrupted() {
    let (mut store, instance) = single(SPIN);
    let handle = store.interrupt_handle();
    let spin = store.export_func(instance, "spin").unwrap();
    let mut scheduler = Scheduler::with_budget(1_000);
    let task = store.start(spin, &[]).unwrap();
    let first = scheduler.spawn(task, Priority::Normal);
    let task = store.start(spin, &[]).unwrap();
    scheduler.spawn(task, Priority::Normal);
    handle.interrupt();
    let turn = scheduler.turn(&mut store).unwrap();
    assert_eq!((turn.handle, turn.outcome), (first, Outcome::Stopped(Stop::Interrupted)));
    assert_eq!(scheduler.turn(&mut store).unwrap().outcome, Outcome::Budget);
    scheduler.resume(first).unwrap();
    assert_eq!(scheduler.turn(&mut store).unwrap().outcome, Outcome::Budget);
}
