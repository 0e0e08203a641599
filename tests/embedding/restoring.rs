//! What a state that is put back does to all that lies beside it: futures, records, pools, schedulers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use stepwell_engine::sched::{Priority, Scheduler, State};
use stepwell_engine::store::StoreState;
use stepwell_engine::{
    Allocation, Budget, CallState, Caller, Config, Engine, Error, Extern, FuncType, HostResult,
    InstanceId, Linker, Module, Pooling, Stop, Store, Task, ValType, Value,
};

const WAITS: &str = r#"(module (memory 1 1 shared)
  (func (export "wait")
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (loop (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))) (br 0)))
  (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 9)))
  (func (export "notify and spin")
    (drop (memory.atomic.notify (i32.const 0) (i32.const 9))) (loop (br 0))))"#;

fn number() -> FuncType {
    FuncType::new([ValType::I32], [ValType::I32])
}

fn linked(engine: &Engine, linker: &Linker, text: &str) -> (Store, InstanceId) {
    let mut store = Store::new(engine);
    let module = Module::from_wat(engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn start(store: &mut Store, instance: InstanceId, name: &str, args: &[Value]) -> Task {
    let func = store.export_func(instance, name).unwrap();
    store.start(func, args).unwrap()
}

async fn never() -> HostResult {
    std::future::pending().await
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("on purpose");
        }
    }
}

#[test]
fn a_task_that_was_ended_and_is_back_ends_again() {
    let (mut store, instance) = linked(&Engine::default(), &Linker::new(), WAITS);
    let mut task = start(&mut store, instance, "wait", &[]);
    task.run(&mut store, Budget::instructions(10)).unwrap();
    let before = store.state().clone();
    store.end_task(task.clone()).unwrap();
    assert_eq!(store.waiters().count(), 0);
    store.restore(before).unwrap();
    assert!(task.run(&mut store, Budget::instructions(10)).is_ok());
    drop(task);
    assert_eq!(super::invoke(&mut store, instance, "notify", &[]), [Value::I32(0)]);
    assert_eq!((store.tasks().count(), store.waiters().count()), (0, 0));
}

#[test]
fn calls_that_had_begun_are_recorded_anew() {
    let mut linker = Linker::new();
    linker.func("env", "first", number(), |_, args| Ok(args.to_vec()));
    linker.func_async("env", "second", number(), |_, _| never());
    let text = r#"(module (import "env" "first" (func $first (param i32) (result i32)))
      (import "env" "second" (func $second (param i32) (result i32)))
      (func (export "f") (result i32) (call $second (call $first (i32.const 1)))))"#;
    let (mut store, instance) = linked(&Engine::default(), &linker, text);
    store.record_host_calls(true);
    let empty = store.state().clone();
    let mut task = start(&mut store, instance, "f", &[]);
    let before = store.state().clone();
    task.run(&mut store, Budget::unlimited()).unwrap();
    let taken = store.take_host_calls();
    assert_eq!((&*taken[0].name, taken.len(), store.open_host_calls().count()), ("first", 1, 1));
    store.restore(before).unwrap();
    assert_eq!(store.open_host_calls().count(), 0);
    task.run(&mut store, Budget::unlimited()).unwrap();
    let again = store.take_host_calls();
    assert_eq!((&again[0].name, again[0].executed), (&taken[0].name, taken[0].executed));
    // Of a task that is in no state nothing is left.
    store.restore(empty).unwrap();
    drop(task);
    store.end_dropped();
    assert_eq!(store.open_host_calls().count(), 0);
}

/// A function that answers its second poll, or for 0 never, with something that panics when dropped.
fn bombs() -> Linker {
    let mut linker = Linker::new();
    linker.func_async("env", "f", number(), |_, args| {
        let bomb = (args[0] == Value::I32(0)).then(|| Bomb);
        async move {
            if let Some(bomb) = bomb {
                let answer = never().await;
                drop(bomb);
                return answer;
            }
            let mut polled = false;
            std::future::poll_fn(|_| match std::mem::replace(&mut polled, true) {
                false => std::task::Poll::Pending,
                true => std::task::Poll::Ready(()),
            })
            .await;
            Ok(args)
        }
    });
    linker
}

const BOMBS: &str = r#"(module (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "one") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "both") (result i32)
    (i32.add (i32.mul (call $f (i32.const 1)) (i32.const 10)) (call $f (i32.const 2)))))"#;

#[test]
fn a_future_that_panics_when_dropped_keeps_no_other_task_alive() {
    let pool = Allocation::Pooling(Pooling::default().stacks(3));
    let (mut store, instance) =
        linked(&Engine::new(Config::default().allocation(pool)), &bombs(), BOMBS);
    let mut tasks = [0, 1, 1].map(|n| start(&mut store, instance, "one", &[Value::I32(n)]));
    for task in &mut tasks {
        task.run(&mut store, Budget::unlimited()).unwrap();
    }
    drop(tasks);
    assert!(catch_unwind(AssertUnwindSafe(|| store.end_dropped())).is_err());
    let tasks = [1, 1, 1].map(|n| start(&mut store, instance, "one", &[Value::I32(n)]));
    assert_eq!(store.tasks().count(), tasks.len());
}

#[test]
fn a_future_of_a_later_time_answers_no_earlier_call() {
    let (mut store, instance) = linked(&Engine::default(), &bombs(), BOMBS);
    let mut bomb = start(&mut store, instance, "one", &[Value::I32(0)]);
    let mut task = start(&mut store, instance, "both", &[]);
    bomb.run(&mut store, Budget::unlimited()).unwrap();
    task.run(&mut store, Budget::unlimited()).unwrap();
    let first = store.state().clone();
    task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(task.pending_call(&store).unwrap().args, [Value::I32(2)]);
    drop(bomb);
    assert!(catch_unwind(AssertUnwindSafe(|| store.restore(first))).is_err());
    let call = task.pending_call(&store).unwrap();
    assert_eq!((call.args, call.state), (vec![Value::I32(1)], CallState::Unanswered));
}

#[test]
fn a_scheduler_misses_no_notification_that_is_given_again() {
    let (mut store, instance) = linked(&Engine::default(), &Linker::new(), WAITS);
    let mut scheduler = Scheduler::with_budget(100);
    let waiter = scheduler.spawn(start(&mut store, instance, "wait", &[]), Priority::Normal);
    scheduler.turn(&mut store).unwrap();
    scheduler.spawn(start(&mut store, instance, "notify and spin", &[]), Priority::Normal);
    let first = store.state().clone();
    for _ in 0..4 {
        scheduler.turn(&mut store).unwrap();
    }
    assert_eq!(scheduler.state(waiter), Some(State::Waiting), "for the second one");
    store.restore(first).unwrap();
    let turns = (0..10).filter(|_| scheduler.turn(&mut store).unwrap().handle == waiter);
    assert!(turns.count() > 0);
}

#[test]
fn a_scheduler_looks_again_at_tasks_whose_futures_are_gone() {
    let mut linker = Linker::new();
    linker.func_async("env", "f", number(), |_, _| never());
    let (mut store, instance) = linked(&Engine::default(), &linker, BOMBS);
    let mut scheduler = Scheduler::new();
    let handle = scheduler.spawn(start(&mut store, instance, "both", &[]), Priority::Normal);
    scheduler.turn(&mut store).unwrap();
    assert_eq!(scheduler.state(handle), Some(State::Parked));
    let state = store.state().clone();
    store.restore(state).unwrap();
    let turn = scheduler.turn(&mut store).expect("it is for the embedder to answer now");
    assert_eq!((turn.handle, scheduler.state(handle)), (handle, Some(State::Stopped)));
}

#[test]
fn instances_that_a_restore_takes_away_are_none_of_a_pool() {
    let pool = Allocation::Pooling(Pooling::default().instances(2));
    let engine = Engine::new(Config::default().allocation(pool));
    let module = Module::from_wat(&engine, "(module (func (export \"f\")))").unwrap();
    let mut store = Store::new(&engine);
    let empty = store.state().clone();
    for _ in 0..5 {
        Linker::new().instantiate(&mut store, &module).unwrap();
        store.restore(empty.clone()).unwrap();
    }
}

#[test]
fn a_state_of_within_a_host_call_is_without_the_calling_task() {
    let kept: Arc<Mutex<Option<StoreState>>> = Arc::default();
    let seen: Arc<Mutex<Option<(Task, bool)>>> = Arc::default();
    let (keeps, sees) = (kept.clone(), seen.clone());
    let mut linker = Linker::new();
    linker.func_wrap("env", "f", move |caller: &mut Caller<'_>| {
        *keeps.lock().unwrap() = Some(caller.store().state().clone());
        if let Some((task, finished)) = &mut *sees.lock().unwrap() {
            *finished = task.is_finished(caller.store());
        }
    });
    let text = r#"(module (import "env" "f" (func $f)) (func (export "f") call $f))"#;
    let (mut store, instance) = linked(&Engine::default(), &linker, text);
    for _ in 0..3 {
        let mut task = start(&mut store, instance, "f", &[]);
        *seen.lock().unwrap() = Some((task.clone(), true));
        task.run(&mut store, Budget::unlimited()).unwrap();
        let finished = seen.lock().unwrap().take().unwrap().1;
        assert!(!finished, "it ran");
        store.restore(kept.lock().unwrap().take().unwrap()).unwrap();
        assert_eq!(task.step(&mut store), Err(Error::NotOfState));
        assert_eq!(store.task(task.id()), None);
        assert_eq!(store.end_task(task), Err(Error::NotOfState));
    }
}

#[test]
fn what_is_asked_elsewhere_wakes_the_task_that_can_answer() {
    let mut linker = Linker::new();
    linker.func_async("env", "f", number(), |caller, _| async move {
        let (give, take) = smol::channel::bounded(1);
        std::thread::spawn(move || {
            // The future waits for this already, and nobody polls it.
            std::thread::sleep(std::time::Duration::from_millis(30));
            let executed = pollster::block_on(caller.with(|caller| caller.executed() as i32));
            pollster::block_on(give.send(executed)).unwrap();
        });
        let executed = take.recv().await.map_err(|_| "gone")??;
        Ok(vec![Value::I32(executed)])
    });
    let (mut store, instance) = linked(&Engine::default(), &linker, BOMBS);
    let mut task = start(&mut store, instance, "one", &[Value::I32(5)]);
    assert_eq!(pollster::block_on(task.call_async(&mut store)), Ok(vec![Value::I32(2)]));
}

#[test]
fn charges_and_interruptions_end_calls_of_the_host_by_the_host() {
    let mut linker = Linker::new();
    linker.func_wrap("env", "work", |caller: &mut Caller<'_>| caller.charge(1000));
    let ty = FuncType::new([], []);
    linker.func_async("env", "loop", ty.clone(), |caller, _| async move {
        let work = caller.with(|caller| match caller.export("work") {
            Some(Extern::Func(work)) => Ok(work),
            _ => Err("no function"),
        });
        let work = work.await??;
        loop {
            caller.call(work, &[]).await?;
        }
    });
    linker.func_unresolved("env", "ask", ty);
    let text = r#"(module (import "env" "work" (func $work)) (import "env" "loop" (func $loop))
      (import "env" "ask" (func $ask)) (export "work" (func $work))
      (func (export "loop") call $loop) (func (export "ask") call $ask)
      (func (export "spin") (call $work) (loop (br 0))))"#;
    let (mut store, instance) = linked(&Engine::default(), &linker, text);
    let mut task = start(&mut store, instance, "loop", &[]);
    for budget in [1, 10, 5_500] {
        let stop = task.run(&mut store, Budget::instructions(budget)).unwrap();
        assert_eq!((stop, task.executed()), (Stop::Budget, 1));
    }
    let handle = store.interrupt_handle();
    let other = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(30));
        handle.interrupt();
    });
    assert_eq!(task.run(&mut store, Budget::unlimited()), Ok(Stop::Interrupted));
    other.join().unwrap();

    // What is charged while nobody runs is taken from no run.
    let mut asks = start(&mut store, instance, "ask", &[]);
    asks.run(&mut store, Budget::unlimited()).unwrap();
    asks.with_caller(&mut store, |caller| caller.charge(90)).unwrap();
    let mut spins = start(&mut store, instance, "spin", &[]);
    spins.run(&mut store, Budget::instructions(1_100)).unwrap();
    assert_eq!(spins.executed(), 100);
}
