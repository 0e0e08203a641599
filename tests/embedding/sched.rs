//! Many tasks on one thread: turns, priorities, parked tasks, notifications, endings.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Poll, Waker};

use stepwell_engine::observe::Breakpoint;
use stepwell_engine::sched::{Handle, Outcome, Priority, Scheduler, State, Turn};
use stepwell_engine::{
    CallState, Engine, Error, FuncType, HostAnswer, HostError, InstanceId, Linker, Stop, Store,
    Task, TrapCode, ValType, Value,
};

use super::{module, single};

/// `spin` for ever; `count` down from a number, with 5 instructions a round and 3 besides.
const LOOPS: &str = r#"(module
  (func (export "spin") loop br 0 end)
  (func (export "count") (param i32) (result i32)
    loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 0))"#;

fn start(store: &mut Store, instance: InstanceId, export: &str, args: &[Value]) -> Task {
    let func = store.export_func(instance, export).unwrap();
    store.start(func, args).unwrap()
}

/// Calls that wait until the test opens their gates.
#[derive(Default)]
struct Gates {
    open: RefCell<Vec<i32>>,
    wakers: RefCell<Vec<(i32, Waker)>>,
    polls: Cell<u32>,
}

impl Gates {
    fn open(&self, gate: i32) {
        self.open.borrow_mut().push(gate);
        self.wake(gate);
    }

    /// Wakes all that have ever waited there.
    fn wake(&self, gate: i32) {
        let wakers = self.wakers.borrow();
        wakers.iter().filter(|(at, _)| *at == gate).for_each(|(_, waker)| waker.wake_by_ref());
    }
}

/// `env.gate` awaits the gate of its argument's number; `f` passes it and returns its number.
fn gated() -> (Store, InstanceId, Rc<Gates>) {
    let gates: Rc<Gates> = Rc::default();
    let known = gates.clone();
    let mut linker = Linker::new();
    linker.func_async_local(
        "env",
        "gate",
        FuncType::new([ValType::I32], []),
        move |caller, args| {
            let gates = known.clone();
            async move {
                let [Value::I32(gate)] = args[..] else { return Err("a number".into()) };
                caller.with_local(|_| ()).await?;
                std::future::poll_fn(|context| {
                    gates.polls.set(gates.polls.get() + 1);
                    if gates.open.borrow().contains(&gate) {
                        return Poll::Ready(());
                    }
                    gates.wakers.borrow_mut().push((gate, context.waker().clone()));
                    Poll::Pending
                })
                .await;
                Ok(vec![])
            }
        },
    );
    let text = r#"(module (import "env" "gate" (func $gate (param i32)))
      (func (export "f") (param i32) (result i32) local.get 0 call $gate local.get 0))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    (store, instance, gates)
}

fn finished(turn: &Turn) -> Option<i32> {
    match &turn.outcome {
        Outcome::Finished(Stop::Done(values)) => match values[..] {
            [Value::I32(value)] => Some(value),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn equal_tasks_are_never_more_than_a_turn_apart() {
    let (mut store, instance) = single(LOOPS);
    let mut scheduler = Scheduler::with_budget(97);
    for _ in 0..20 {
        scheduler.spawn(start(&mut store, instance, "spin", &[]), Priority::Normal);
    }
    for _ in 0..1_000 {
        let turn = scheduler.turn(&mut store).unwrap();
        assert_eq!((turn.executed, turn.outcome), (97, Outcome::Budget));
        let executed: Vec<u64> = scheduler.tasks().map(|task| task.executed).collect();
        let (least, most) = (executed.iter().min().unwrap(), executed.iter().max().unwrap());
        assert!(most - least <= 97, "{executed:?}");
    }
    assert_eq!((scheduler.len(), scheduler.ready_len()), (20, 20));
    assert!(scheduler.tasks().all(|task| task.turns == 50));
}

#[test]
fn priorities_have_their_exact_shares_however_many_tasks_they_hold() {
    let (mut store, instance) = single(LOOPS);
    let mut scheduler = Scheduler::with_budget(10);
    for (priority, tasks) in [(Priority::High, 1), (Priority::Normal, 30), (Priority::Low, 7)] {
        for _ in 0..tasks {
            scheduler.spawn(start(&mut store, instance, "spin", &[]), priority);
        }
    }
    for _ in 0..1_300 {
        scheduler.turn(&mut store).unwrap();
    }
    for (priority, turns) in [(Priority::High, 800), (Priority::Normal, 400), (Priority::Low, 100)]
    {
        let tasks = scheduler.tasks().filter(|task| task.priority == priority);
        assert_eq!(tasks.map(|task| task.turns).sum::<u64>(), turns, "{priority:?}");
    }
}

#[test]
fn a_low_task_is_done_within_its_bound_beside_a_thousand_high_ones() {
    let (mut store, instance) = single(LOOPS);
    let mut scheduler = Scheduler::with_budget(100);
    for _ in 0..1_000 {
        scheduler.spawn(start(&mut store, instance, "spin", &[]), Priority::High);
    }
    (0..5_000).for_each(|_| drop(scheduler.turn(&mut store)));
    let low = start(&mut store, instance, "count", &[Value::I32(200)]);
    let low = scheduler.spawn(low, Priority::Low);
    // 200 rounds of 6 instructions and three more are 13 turns, of which it has one in nine.
    let turns = (1..).find(|_| {
        scheduler.turn(&mut store).unwrap().handle == low && { scheduler.state(low).is_none() }
    });
    assert!(turns.is_some_and(|turns| turns <= 13 * 9), "{turns:?}");
    assert_eq!(scheduler.len(), 1_000);
}

#[test]
fn a_changed_priority_counts_from_the_next_turn() {
    let (mut store, instance) = single(LOOPS);
    let mut scheduler = Scheduler::with_budget(10);
    let [a, b] = [Priority::Normal, Priority::Low]
        .map(|priority| scheduler.spawn(start(&mut store, instance, "spin", &[]), priority));
    let mut turns = |scheduler: &mut Scheduler, of: Handle| {
        (0..50).filter(|_| scheduler.turn(&mut store).unwrap().handle == of).count()
    };
    assert_eq!(turns(&mut scheduler, b), 10);
    assert!(scheduler.set_priority(a, Priority::Low));
    assert_eq!(turns(&mut scheduler, b), 25);
    scheduler.set_budget(7);
    assert!(scheduler.cancel(a).is_some());
    assert!(!scheduler.set_priority(a, Priority::High));
    assert_eq!(turns(&mut scheduler, b), 50);
}

#[test]
fn parked_tasks_are_not_asked_until_they_are_woken() {
    let (mut store, instance, gates) = gated();
    let mut scheduler = Scheduler::new();
    for gate in 0..100 {
        scheduler.spawn(start(&mut store, instance, "f", &[Value::I32(gate)]), Priority::Normal);
    }
    for _ in 0..100 {
        assert_eq!(scheduler.turn(&mut store).unwrap().outcome, Outcome::Parked);
    }
    assert_eq!((scheduler.parked_len(), scheduler.ready_len()), (100, 0));
    // Reading from the state is no reason to be asked again.
    assert_eq!(scheduler.turn(&mut store), None);
    assert_eq!(gates.polls.get(), 100);
    assert!(!scheduler.is_deadlocked());

    for gate in [70, 3, 40] {
        gates.open(gate);
        gates.wake(gate);
        let turn = scheduler.turn(&mut store).unwrap();
        assert_eq!(finished(&turn), Some(gate));
        assert_eq!(scheduler.turn(&mut store), None);
    }
    assert_eq!(gates.polls.get(), 103);
    // Woken between the same two turns: by place. Woken for nothing: asked, and parked again.
    [9, 5, 7].into_iter().for_each(|gate| gates.open(gate));
    gates.wake(6);
    let turns: Vec<_> = std::iter::from_fn(|| scheduler.turn(&mut store)).collect();
    let ended: Vec<_> = turns.iter().map(finished).collect();
    assert_eq!(ended, [Some(5), None, Some(7), Some(9)]);
    assert_eq!((scheduler.parked_len(), gates.polls.get()), (94, 107));
    assert!(
        scheduler.tasks().all(|task| task.turns == 1 + u64::from(task.handle == turns[1].handle))
    );
}

#[test]
fn wakers_of_a_task_that_is_over_wake_nobody_else() {
    let (mut store, instance, gates) = gated();
    let mut scheduler = Scheduler::new();
    let mut spawn = |scheduler: &mut Scheduler, gate| {
        let handle = scheduler
            .spawn(start(&mut store, instance, "f", &[Value::I32(gate)]), Priority::Normal);
        while scheduler.turn(&mut store).is_some() {}
        handle
    };
    let first = spawn(&mut scheduler, 1);
    assert_eq!(scheduler.state(first), Some(State::Parked));
    gates.open(1);
    let second = spawn(&mut scheduler, 2);
    assert_eq!(scheduler.state(first), None, "it was woken first");
    let third = spawn(&mut scheduler, 3);
    let cancelled = scheduler.cancel(second).unwrap();
    let fourth = spawn(&mut scheduler, 4);
    let handles = [first, second, third, fourth];
    assert!((1..4).all(|at| !handles[..at].contains(&handles[at])), "{handles:?}");
    assert!(scheduler.task(first).is_none() && scheduler.task(second).is_none());
    for gate in [1, 2] {
        gates.wake(gate);
    }
    let polls = gates.polls.get();
    assert_eq!(scheduler.turn(&mut store), None);
    drop(cancelled);
    gates.wake(2);
    assert_eq!((scheduler.turn(&mut store), gates.polls.get()), (None, polls));
    assert!(scheduler.cancel(second).is_none());
    assert!(matches!(scheduler.resume(second), Err(Error::UnknownIndex { .. })));
}

/// A task at each kind of stop, by what it waits for.
fn stopped() -> (Store, InstanceId) {
    let mut linker = Linker::new();
    linker.func_unresolved("env", "ask", FuncType::new([], [ValType::I32]));
    let pending = |_: &mut stepwell_engine::Caller<'_>, _: &[Value]| Err(HostError::pending());
    linker.func_local("env", "later", FuncType::new([], [ValType::I32]), pending);
    let text = r#"(module (import "env" "ask" (func $ask (result i32)))
      (import "env" "later" (func $later (result i32)))
      (memory 1 1 shared)
      (func (export "ready") (result i32) i32.const 1)
      (func (export "ask") (result i32) call $ask)
      (func (export "later") (result i32) call $later)
      (func $break (export "break") (result i32) nop i32.const 3)
      (func (export "wait") (param i32) (result i32)
        local.get 0 i32.const 0 i64.const -1 memory.atomic.wait32)
      (func (export "spin") loop br 0 end)
      (func (export "notify") (param i32 i32) (result i32)
        local.get 0 local.get 1 memory.atomic.notify))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let module = store.module_of(instance).unwrap();
    let code = module.bytes();
    let at = |func| module.func_body(func).unwrap().start;
    let func = (0..10)
        .map(stepwell_engine::FuncIndex)
        .find(|func| module.func_name(*func) == Some("break"));
    let offset = (at(func.unwrap()).0..).find(|at| code[*at as usize] == 0x01).unwrap();
    let offset = stepwell_engine::CodeOffset(offset);
    store.debugger_mut().add_breakpoint(Breakpoint { instance, offset });
    (store, instance)
}

#[test]
fn tasks_can_be_cancelled_at_every_stop_and_run_on_alone() {
    let (mut store, instance) = stopped();
    for (export, args, state, waits) in [
        ("ready", &[][..], State::Ready, false),
        ("ask", &[], State::Stopped, true),
        ("later", &[], State::Parked, true),
        ("break", &[], State::Stopped, false),
        ("wait", &[Value::I32(0)], State::Waiting, false),
    ] {
        let mut scheduler = Scheduler::new();
        let other = scheduler.spawn(start(&mut store, instance, "ask", &[]), Priority::Normal);
        let handle = scheduler.spawn(start(&mut store, instance, export, args), Priority::Normal);
        while export != "ready" && scheduler.turn(&mut store).is_some() {}
        assert_eq!(scheduler.state(handle), Some(state), "{export}");
        let mut task = scheduler.cancel(handle).unwrap();
        assert_eq!((scheduler.len(), scheduler.cancel(handle).is_none()), (1, true), "{export}");
        if waits {
            task.resume(&mut store, HostAnswer::Return(vec![Value::I32(5)])).unwrap();
        }
        if state == State::Waiting {
            task.time_out(&mut store).unwrap();
        }
        let stop = task.run(&mut store, stepwell_engine::Budget::unlimited()).unwrap();
        assert!(matches!(stop, Stop::Done(_)), "{export}: {stop:?}");
        while scheduler.turn(&mut store).is_some() {}
        assert_eq!(scheduler.state(other), Some(State::Stopped));
    }
}

#[test]
fn stops_are_handed_out_and_tasks_go_on_when_told() {
    let (mut store, instance) = stopped();
    let mut scheduler = Scheduler::new();
    let ask = scheduler.spawn(start(&mut store, instance, "ask", &[]), Priority::Normal);
    let broken = scheduler.spawn(start(&mut store, instance, "break", &[]), Priority::Normal);
    let news = scheduler.run_until_idle(&mut store);
    let [first, second] = &news[..] else { panic!("{news:?}") };
    assert!(
        matches!(&first.outcome, Outcome::Stopped(Stop::HostCall(call))
            if call.state == CallState::Unanswered && first.handle == ask),
        "{first:?}"
    );
    assert!(matches!(second.outcome, Outcome::Stopped(Stop::Breakpoint(_))), "{second:?}");
    assert_eq!((scheduler.len(), scheduler.ready_len()), (2, 0));
    assert!(!scheduler.is_deadlocked());

    let error = scheduler.answer(broken, &mut store, HostAnswer::Return(vec![])).unwrap_err();
    assert_eq!(error, Error::NotWaiting);
    let error = scheduler.answer(ask, &mut store, HostAnswer::Return(vec![])).unwrap_err();
    assert!(matches!(error, Error::Arity { .. }), "{error}");
    assert_eq!(scheduler.turn(&mut store), None);
    scheduler.answer(ask, &mut store, HostAnswer::Return(vec![Value::I32(8)])).unwrap();
    scheduler.resume(broken).unwrap();
    scheduler.resume(broken).unwrap();
    let news = scheduler.run_until_idle(&mut store);
    assert_eq!(news.iter().map(finished).collect::<Vec<_>>(), [Some(8), Some(3)]);
    assert!(scheduler.is_empty() && scheduler.turn(&mut store).is_none());
}

#[test]
fn a_trap_is_an_end_and_leaves_the_frames_to_be_seen() {
    let (mut store, instance) = single(r#"(module (func $f (export "f") unreachable))"#);
    let mut scheduler = Scheduler::new();
    scheduler.spawn(start(&mut store, instance, "f", &[]), Priority::High);
    let turn = scheduler.turn(&mut store).unwrap();
    assert!(
        matches!(&turn.outcome, Outcome::Finished(Stop::Trap(trap))
            if trap.code == TrapCode::Unreachable),
        "{turn:?}"
    );
    assert_eq!(turn.task.unwrap().frames(&store).next().unwrap().func_name(), Some("f"));
    assert!(scheduler.is_empty());
}

#[test]
fn several_stores_share_the_turns() {
    let mut stores = Vec::new();
    let mut scheduler = Scheduler::with_budget(50);
    let mut handles = Vec::new();
    for index in 0..3 {
        let (mut store, instance) = single(LOOPS);
        for times in [20, 40] {
            let task = start(&mut store, instance, "count", &[Value::I32(times)]);
            handles.push((index, scheduler.spawn_in(index, task, Priority::Normal)));
        }
        stores.push(store);
    }
    let lost = start(&mut stores[0], InstanceId(0), "spin", &[]);
    let lost = scheduler.spawn_in(7, lost, Priority::Normal);
    for (index, handle) in &handles {
        let info = scheduler.tasks().find(|task| task.handle == *handle).unwrap();
        assert_eq!(info.store, *index);
    }
    let news = scheduler.run_until_idle(&mut stores);
    assert_eq!(news.len(), 7);
    for turn in &news {
        match &turn.outcome {
            Outcome::Failed(Error::UnknownIndex { what: "store", index: 7 }) => {
                assert_eq!(turn.handle, lost);
            }
            _ => assert_eq!(finished(turn), Some(0)),
        }
    }
    assert!(scheduler.is_empty());
    // A slice of stores is as good.
    let task = start(&mut stores[2], InstanceId(0), "count", &[Value::I32(1)]);
    scheduler.spawn_in(2, task, Priority::Low);
    assert_eq!(scheduler.run_until_idle(&mut stores[..]).len(), 1);
}

#[test]
fn tasks_notify_each_other() {
    let (mut store, instance) = stopped();
    let mut scheduler = Scheduler::new();
    let at = |address| [Value::I32(address)];
    let waiting: Vec<Handle> = [8, 0, 0, 8]
        .map(|address| {
            scheduler.spawn(start(&mut store, instance, "wait", &at(address)), Priority::Normal)
        })
        .into();
    for _ in &waiting {
        let turn = scheduler.turn(&mut store).unwrap();
        assert!(matches!(turn.outcome, Outcome::Waiting(_)), "{turn:?}");
    }
    assert_eq!(scheduler.turn(&mut store), None);
    assert!(scheduler.is_deadlocked());

    let notify = |address, most| [Value::I32(address), Value::I32(most)];
    let mut order = Vec::new();
    for (address, most) in [(0, 1), (8, 5), (16, 5)] {
        let task = start(&mut store, instance, "notify", &notify(address, most));
        scheduler.spawn(task, Priority::Normal);
        assert!(!scheduler.is_deadlocked());
        let news = scheduler.run_until_idle(&mut store);
        order.extend(news.iter().skip(1).map(|turn| (turn.handle, finished(turn).unwrap())));
    }
    // In the order in which they began to wait; 0 says that they were notified.
    assert_eq!(order, [(waiting[1], 0), (waiting[0], 0), (waiting[3], 0)]);
    assert!(scheduler.is_deadlocked());
    let error = scheduler.time_out(waiting[0], &mut store).unwrap_err();
    assert!(matches!(error, Error::UnknownIndex { .. }), "{error}");
    scheduler.time_out(waiting[2], &mut store).unwrap();
    assert!(!scheduler.is_deadlocked());
    let news = scheduler.run_until_idle(&mut store);
    assert_eq!(news.iter().map(finished).collect::<Vec<_>>(), [Some(2)]);
    assert_eq!(store.waiters().len(), 0);
}

#[test]
fn a_notified_task_has_its_turn_beside_others_that_are_ready() {
    let (mut store, instance) = stopped();
    let mut scheduler = Scheduler::with_budget(50);
    let waits = start(&mut store, instance, "wait", &[Value::I32(0)]);
    let waits = scheduler.spawn(waits, Priority::Normal);
    scheduler.spawn(start(&mut store, instance, "spin", &[]), Priority::Normal);
    (0..10).for_each(|_| drop(scheduler.turn(&mut store)));
    let notifies = start(&mut store, instance, "notify", &[Value::I32(0), Value::I32(1)]);
    scheduler.spawn(notifies, Priority::Normal);
    let ended: Vec<Handle> = (0..4)
        .filter_map(|_| scheduler.turn(&mut store))
        .filter(|turn| turn.task.is_some())
        .map(|turn| turn.handle)
        .collect();
    assert!(ended.len() == 2 && ended[1] == waits, "{ended:?}");
}

#[test]
fn a_priority_that_had_no_tasks_has_saved_nothing_up() {
    let (mut store, instance) = single(LOOPS);
    let mut scheduler = Scheduler::with_budget(10);
    scheduler.spawn(start(&mut store, instance, "spin", &[]), Priority::High);
    (0..1_000).for_each(|_| drop(scheduler.turn(&mut store)));
    let low = scheduler.spawn(start(&mut store, instance, "spin", &[]), Priority::Low);
    let turns = (0..90).filter(|_| scheduler.turn(&mut store).unwrap().handle == low).count();
    assert_eq!(turns, 10);
}

#[test]
fn a_notification_from_outside_is_found() {
    let (mut store, instance) = stopped();
    let mut scheduler = Scheduler::new();
    scheduler.spawn(start(&mut store, instance, "wait", &[Value::I32(0)]), Priority::Normal);
    assert!(scheduler.run_until_idle(&mut store).is_empty());
    super::invoke(&mut store, instance, "notify", &[Value::I32(0), Value::I32(1)]);
    let news = scheduler.run_until_idle(&mut store);
    assert_eq!(news.iter().map(finished).collect::<Vec<_>>(), [Some(0)]);
}

#[test]
fn the_same_tasks_have_the_same_turns() {
    let run = || {
        let (mut store, instance, gates) = gated();
        let mut scheduler = Scheduler::with_budget(3);
        let priorities = [Priority::Low, Priority::High, Priority::Normal];
        for gate in 0..60 {
            let task = start(&mut store, instance, "f", &[Value::I32(gate)]);
            scheduler.spawn(task, priorities[gate as usize % 3]);
        }
        let mut gate = 17;
        let mut turns = VecDeque::new();
        while !scheduler.is_empty() {
            while let Some(turn) = scheduler.turn(&mut store) {
                // Handles are those of their stores.
                let mut turn = turn;
                turn.task = None;
                turns.push_back(turn);
            }
            gate = (gate * 7 + 1) % 61;
            gates.open(gate);
            gates.open(60 - gate);
        }
        turns
    };
    let turns = run();
    assert!(turns.len() >= 120);
    assert_eq!(turns, run());
}

#[test]
fn a_panic_of_a_host_function_leaves_its_task_to_the_embedder() {
    let mut linker = Linker::new();
    linker.func_local("env", "f", FuncType::new([], [ValType::I32]), |_, _| panic!("of the host"));
    let text = r#"(module (import "env" "f" (func $f (result i32)))
      (func (export "f") (result i32) call $f))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let mut scheduler = Scheduler::new();
    let handle = scheduler.spawn(start(&mut store, instance, "f", &[]), Priority::Normal);
    let turn = std::panic::AssertUnwindSafe(|| drop(scheduler.turn(&mut store)));
    assert!(std::panic::catch_unwind(turn).is_err());
    assert_eq!(scheduler.state(handle), Some(State::Stopped));
    assert_eq!(scheduler.turn(&mut store), None);
    scheduler.answer(handle, &mut store, HostAnswer::Return(vec![Value::I32(4)])).unwrap();
    let news = scheduler.run_until_idle(&mut store);
    assert_eq!(news.iter().map(finished).collect::<Vec<_>>(), [Some(4)]);
}

#[test]
fn an_executor_sleeps_while_all_tasks_do() {
    let (mut store, instance, gates) = gated();
    let mut scheduler = Scheduler::new();
    for gate in 0..200 {
        scheduler.spawn(start(&mut store, instance, "f", &[Value::I32(gate)]), Priority::Normal);
    }
    scheduler.spawn(start(&mut store, instance, "f", &[Value::I32(-1)]), Priority::Normal);
    gates.open(-1);
    let others = Cell::new(0);
    let opener = async {
        // Each time the executor comes by here, the scheduler has given the thread away.
        while gates.polls.get() < 201 {
            others.set(others.get() + 1);
            smol::future::yield_now().await;
        }
        for gate in (0..200).rev() {
            let polls = gates.polls.get();
            gates.open(gate);
            while gates.polls.get() == polls {
                smol::future::yield_now().await;
            }
        }
    };
    let run = scheduler.run_async(&mut store);
    let (news, ()) = pollster::block_on(smol::future::zip(run, opener));
    assert_eq!(news.len(), 201);
    assert!(others.get() >= 3, "{others:?}: 201 turns are more than three polls");
    assert_eq!(news[0].outcome, Outcome::Finished(Stop::Done(vec![Value::I32(-1)])));
    assert_eq!(finished(news.last().unwrap()), Some(0));
    assert_eq!(gates.polls.get(), 401);
}

#[test]
fn an_executor_is_told_when_nothing_can_go_on() {
    let (mut store, instance) = stopped();
    let mut scheduler = Scheduler::new();
    scheduler.spawn(start(&mut store, instance, "wait", &[Value::I32(0)]), Priority::Normal);
    let ask = scheduler.spawn(start(&mut store, instance, "ask", &[]), Priority::Normal);
    let news = pollster::block_on(scheduler.run_async(&mut store));
    assert_eq!(news.iter().map(|turn| turn.handle).collect::<Vec<_>>(), [ask]);
    assert_eq!(scheduler.len(), 2);
}

#[test]
fn another_thread_may_wake_and_another_executor_go_on() {
    let mut linker = Linker::new();
    let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = done.clone();
    linker.func_local("env", "f", FuncType::new([], [ValType::I32]), move |caller, _| {
        if flag.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(vec![Value::I32(6)]);
        }
        sender.send(caller.waker().clone()).unwrap();
        Err(HostError::pending())
    });
    let text = r#"(module (import "env" "f" (func $f (result i32)))
      (func (export "f") (result i32) call $f))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let mut scheduler = Scheduler::new();
    scheduler.spawn(start(&mut store, instance, "f", &[]), Priority::Normal);
    // Parked on no executor, and then on one that comes later.
    assert_eq!(scheduler.turn(&mut store).unwrap().outcome, Outcome::Parked);
    let first = receiver.recv().unwrap();
    let waking = std::thread::spawn(move || {
        let waker = receiver.recv().unwrap();
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        waker.wake();
    });
    let news = pollster::block_on(scheduler.run_async(&mut store));
    assert_eq!(news.iter().map(finished).collect::<Vec<_>>(), [Some(6)]);
    waking.join().unwrap();
    first.wake();
    assert_eq!(scheduler.turn(&mut store), None);
}
