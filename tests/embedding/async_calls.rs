//! Host functions that are futures: on several executors, with timers, dropped, answered by somebody else.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use stepwell_engine::sched::{Priority, Scheduler};
use stepwell_engine::{
    AsyncCaller, Budget, CallState, Engine, Error, FuncType, HostAnswer, HostError, HostResult,
    InstanceId, Linker, Stop, Store, Task, ValType, Value,
};

use super::module;

fn number() -> FuncType {
    FuncType::new([ValType::I32], [ValType::I32])
}

/// `f` calls `env.f`, adds 1, and writes it at 0.
const CALLS: &str = r#"(module (import "env" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 8) "text")
  (func (export "f") (param i32) (result i32)
    i32.const 0 local.get 0 call $f i32.const 1 i32.add i32.store
    i32.const 0 i32.load))"#;

fn link<F: Future<Output = HostResult> + 'static>(
    function: impl Fn(AsyncCaller, i32) -> F + 'static,
) -> (Store, InstanceId) {
    let mut linker = Linker::new();
    linker.func_async_local("env", "f", number(), move |caller, args| {
        let [Value::I32(argument)] = args[..] else { panic!("a number") };
        function(caller, argument)
    });
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(CALLS)).unwrap();
    (store, instance)
}

fn start(store: &mut Store, instance: InstanceId, argument: i32) -> Task {
    let func = store.export_func(instance, "f").unwrap();
    store.start(func, &[Value::I32(argument)]).unwrap()
}

fn done(value: i32) -> Stop {
    Stop::Done(vec![Value::I32(value)])
}

fn pending(stop: &Stop) -> CallState {
    match stop {
        Stop::HostCall(call) => call.state,
        stop => panic!("{stop:?}"),
    }
}

/// Counts its drops.
#[derive(Clone)]
struct Guard(Rc<Cell<u32>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_future_is_polled_when_its_task_is_run() {
    let open = Rc::new(Cell::new(false));
    let polls = Rc::new(Cell::new(0));
    let known = (open.clone(), polls.clone());
    let (mut store, instance) = link(move |_, argument| {
        let (open, polls) = known.clone();
        async move {
            std::future::poll_fn(|_| {
                polls.set(polls.get() + 1);
                if open.get() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            Ok(vec![Value::I32(argument * 2)])
        }
    });
    let mut task = start(&mut store, instance, 20);
    for polled in 1..4 {
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!((pending(&stop), task.executed()), (CallState::InProgress, 3));
        assert_eq!(task.pending_call(&store).map(Stop::HostCall), Some(stop));
        assert_eq!(polls.get(), polled);
    }
    open.set(true);
    assert_eq!(task.run(&mut store, Budget::instructions(0)).unwrap(), Stop::Budget);
    assert_eq!((polls.get(), task.executed()), (4, 3));
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), done(41));
    assert_eq!(polls.get(), 4);
}

#[test]
fn it_reads_and_writes_the_callers_memory() {
    let (mut store, instance) = link(|caller, _| async move {
        let text = caller.read_str(8u32, 4u32).await?;
        caller.write(100u32, text.to_uppercase().as_bytes()).await?;
        let error = caller.read(65_535u32, 2u32).await.unwrap_err();
        assert!(matches!(error, Error::MemoryAccess { .. }), "{error}");
        let name = caller.with_local(|caller| caller.site().is_some()).await?;
        Ok(vec![Value::I32(i32::from(name))])
    });
    let mut task = start(&mut store, instance, 0);
    // Nothing has to be waited for.
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), done(2));
    let Some(stepwell_engine::Extern::Memory(memory)) = store.export(instance, "memory") else {
        panic!("a memory")
    };
    assert_eq!(store.memory(memory).unwrap().read(100, 4).unwrap(), b"TEXT");
    assert_eq!(
        store.invoke(store.export_func(instance, "f").unwrap(), &[Value::I32(0)]).unwrap(),
        [Value::I32(2)]
    );
}

#[test]
fn timers_of_tokio_end_calls() {
    let (mut store, instance) = link(|_, ms| async move {
        tokio::time::sleep(Duration::from_millis(ms as u64)).await;
        Ok(vec![Value::I32(ms)])
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut task = start(&mut store, instance, 5);
    let values = runtime.block_on(task.call_async(&mut store).slices_of(1)).unwrap();
    assert_eq!(values, [Value::I32(6)]);
    // Several at once, each in a store of its own, take as long as the longest.
    let local = tokio::task::LocalSet::new();
    let handles: Vec<_> = [30, 20, 10]
        .map(|ms| {
            let (mut store, instance) = link(|_, ms| async move {
                tokio::time::sleep(Duration::from_millis(ms as u64)).await;
                Ok(vec![Value::I32(ms)])
            });
            local.spawn_local(async move {
                let mut task = start(&mut store, instance, ms);
                task.call_async(&mut store).await.unwrap()
            })
        })
        .into();
    let ended = local.run_until(async {
        let mut ended = Vec::new();
        for handle in handles {
            ended.extend(handle.await.unwrap());
        }
        ended
    });
    assert_eq!(runtime.block_on(ended), [31, 21, 11].map(Value::I32));
}

#[test]
#[cfg(not(windows))] // Its timers want devices of the system that Wine may not have.
fn timers_of_smol_end_calls_under_pollster_and_smol() {
    let after = |ms: i32| async move {
        smol::Timer::after(Duration::from_millis(ms as u64)).await;
        Ok(vec![Value::I32(ms)])
    };
    let (mut store, instance) = link(move |_, ms| after(ms));
    let values = pollster::block_on(start(&mut store, instance, 5).call_async(&mut store)).unwrap();
    assert_eq!(values, [Value::I32(6)]);
    let values = smol::block_on(start(&mut store, instance, 6).call_async(&mut store)).unwrap();
    assert_eq!(values, [Value::I32(7)]);
}

#[test]
#[cfg(not(windows))] // Its timers want devices of the system that Wine may not have.
fn several_tasks_of_a_store_wait_at_once() {
    let order: Rc<RefCell<Vec<i32>>> = Rc::default();
    let ended = order.clone();
    let (mut store, instance) = link(move |_, ms| {
        let ended = ended.clone();
        async move {
            smol::Timer::after(Duration::from_millis(ms as u64)).await;
            ended.borrow_mut().push(ms);
            Ok(vec![Value::I32(ms)])
        }
    });
    let mut scheduler = Scheduler::new();
    for ms in [600, 25, 300] {
        scheduler.spawn(start(&mut store, instance, ms), Priority::Normal);
    }
    let began = std::time::Instant::now();
    let news = smol::block_on(scheduler.run_async(&mut store));
    assert_eq!((news.len(), &order.borrow()[..]), (3, &[25, 300, 600][..]));
    assert!(began.elapsed() < Duration::from_millis(925), "one after the other");
}

#[test]
fn a_poll_executes_no_more_than_a_slice() {
    let mut linker = Linker::new();
    linker.func_async_local("env", "f", number(), |_, _| async { Ok(vec![Value::I32(0)]) });
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(CALLS)).unwrap();
    let mut task = start(&mut store, instance, 0);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut polls = 0;
    {
        let mut call = std::pin::pin!(task.call_async(&mut store).slices_of(3));
        while call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            polls += 1;
        }
    }
    assert_eq!(task.executed(), 9);
    assert_eq!((polls, count.0.load(Ordering::SeqCst)), (2, 2));
}

#[test]
fn a_future_is_dropped_with_its_task_and_when_somebody_else_answers() {
    let drops = Rc::new(Cell::new(0));
    let guard = Rc::new(RefCell::new(Some(Guard(drops.clone()))));
    let seed = guard.clone();
    let (mut store, instance) = link(move |_, _| {
        let guard = seed.borrow().clone();
        async move {
            std::future::pending::<()>().await;
            drop(guard);
            Ok(vec![])
        }
    });
    let mut task = start(&mut store, instance, 0);
    assert_eq!(pending(&task.run(&mut store, Budget::unlimited()).unwrap()), CallState::InProgress);
    let state = store.state().clone();
    let handle = task.clone();
    drop(task);
    store.end_dropped();
    assert_eq!(drops.get(), 0, "there is another handle");
    store.restore(state.clone()).unwrap();
    assert_eq!(drops.get(), 1, "a state has no futures");

    // What it waits for is the embedder's to answer.
    let mut task = handle;
    assert_eq!(task.pending_call(&store).unwrap().state, CallState::Unanswered);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(pending(&stop), CallState::Unanswered);
    task.resume(&mut store, HostAnswer::Return(vec![Value::I32(2)])).unwrap();
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), done(3));
    assert_eq!(drops.get(), 1);

    for end in [true, false] {
        let mut task = start(&mut store, instance, 0);
        task.run(&mut store, Budget::unlimited()).unwrap();
        let before = drops.get();
        if end {
            store.end_task(task).unwrap();
        } else {
            drop(task);
            assert_eq!(drops.get(), before, "its store is somebody else's just now");
            store.end_dropped();
        }
        assert_eq!(drops.get(), before + 1);
    }

    for answer in [HostAnswer::Return(vec![Value::I32(9)]), HostAnswer::Trap("no".to_owned())] {
        let mut task = start(&mut store, instance, 0);
        task.run(&mut store, Budget::unlimited()).unwrap();
        let before = drops.get();
        let wrong = HostAnswer::Return(vec![]);
        assert!(task.resume(&mut store, wrong).is_err());
        assert_eq!(
            (drops.get(), task.pending_call(&store).unwrap().state),
            (before, CallState::InProgress)
        );
        task.resume(&mut store, answer).unwrap();
        assert_eq!(drops.get(), before + 1);
        assert!(task.run(&mut store, Budget::unlimited()).is_ok() && task.is_finished(&store));
    }

    // The store may go first.
    let mut task = start(&mut store, instance, 0);
    task.run(&mut store, Budget::unlimited()).unwrap();
    let before = drops.get();
    drop(store);
    assert_eq!(drops.get(), before + 1);
    drop(task);
}

#[test]
#[cfg(not(windows))] // Its timers want devices of the system that Wine may not have.
fn two_requests_at_once_are_both_answered() {
    let (mut store, instance) = link(|caller, _| async move {
        let other = caller.clone();
        let both = smol::future::zip(caller.read(8u32, 2u32), other.read(10u32, 2u32));
        let (first, second) = both.await;
        let (first, second) = (first?, second?);
        // One that waits for something else does not keep the other from its answer.
        let late = smol::Timer::after(Duration::from_millis(2));
        let (third, _) = smol::future::zip(caller.with_local(|_| 3), late).await;
        Ok(vec![Value::I32((first == b"te" && second == b"xt" && third? == 3) as i32)])
    });
    let mut task = start(&mut store, instance, 0);
    assert_eq!(pollster::block_on(task.call_async(&mut store)).unwrap(), [Value::I32(2)]);
}

#[test]
fn a_caller_is_no_good_after_its_call() {
    let kept: Rc<RefCell<Option<AsyncCaller>>> = Rc::default();
    let keeper = kept.clone();
    let (mut store, instance) = link(move |caller, argument| {
        *keeper.borrow_mut() = Some(caller);
        async move {
            if argument == 1 {
                std::future::pending::<()>().await;
            }
            Ok(vec![Value::I32(0)])
        }
    });
    let mut task = start(&mut store, instance, 0);
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), done(1));
    let caller = kept.borrow_mut().take().unwrap();
    let asked = Rc::new(());
    let held = asked.clone();
    let error = pollster::block_on(caller.with_local(move |_| drop(held))).unwrap_err();
    assert_eq!((error, Rc::strong_count(&asked)), (Error::CallOver, 1));

    // Awaited elsewhere while the call ends.
    for answered in [false, true] {
        let mut task = start(&mut store, instance, 1);
        task.run(&mut store, Budget::unlimited()).unwrap();
        let caller = kept.borrow_mut().take().unwrap();
        let held = asked.clone();
        let mut asking = std::pin::pin!(caller.with_local(move |_| drop(held)));
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        let mut context = Context::from_waker(&waker);
        assert!(asking.as_mut().poll(&mut context).is_pending());
        if answered {
            task.resume(&mut store, HostAnswer::Return(vec![Value::I32(0)])).unwrap();
        } else {
            store.end_task(task).unwrap();
        }
        assert_eq!(count.0.load(Ordering::SeqCst), 1, "it is woken");
        assert_eq!(asking.as_mut().poll(&mut context), Poll::Ready(Err(Error::CallOver)));
        assert_eq!(Rc::strong_count(&asked), 1);
    }
}

#[test]
fn what_is_asked_elsewhere_is_done_when_the_task_is_run() {
    let kept: Rc<RefCell<Option<AsyncCaller>>> = Rc::default();
    let keeper = kept.clone();
    let (mut store, instance) = link(move |caller, _| {
        *keeper.borrow_mut() = Some(caller);
        std::future::pending::<HostResult>()
    });
    let mut task = start(&mut store, instance, 1);
    task.run(&mut store, Budget::unlimited()).unwrap();
    let caller = kept.borrow_mut().take().unwrap();
    let mut reading = std::pin::pin!(caller.read(8u32, 4u32));
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut context = Context::from_waker(&waker);
    assert!(reading.as_mut().poll(&mut context).is_pending());
    task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    assert_eq!(reading.as_mut().poll(&mut context), Poll::Ready(Ok(b"text".to_vec())));
}

#[test]
fn a_future_that_reads_does_not_wake_its_own_task() {
    let (mut store, instance) = link(|caller, _| async move {
        for _ in 0..10 {
            caller.read(8u32, 4u32).await?;
        }
        std::future::pending::<HostResult>().await
    });
    let mut task = start(&mut store, instance, 1);
    let count = Arc::new(Count::default());
    let stop = task.run_with(&mut store, Budget::unlimited(), &count.clone().into()).unwrap();
    assert_eq!((pending(&stop), count.0.load(Ordering::SeqCst)), (CallState::InProgress, 0));
}

#[test]
fn a_closure_may_have_nothing_to_answer_with_yet() {
    let mut linker = Linker::new();
    let calls = Rc::new(Cell::new(0));
    let counted = calls.clone();
    linker.func_local("env", "f", number(), move |caller, args| {
        counted.set(counted.get() + 1);
        if counted.get() < 3 {
            caller.waker().wake_by_ref();
            return Err(HostError::pending());
        }
        Ok(args.to_vec())
    });
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(CALLS)).unwrap();
    let mut task = start(&mut store, instance, 7);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    for times in 1..3 {
        let stop = task.run_with(&mut store, Budget::unlimited(), &waker).unwrap();
        assert_eq!(
            (pending(&stop), count.0.load(Ordering::SeqCst)),
            (CallState::InProgress, times)
        );
    }
    assert_eq!(task.run_with(&mut store, Budget::unlimited(), &waker).unwrap(), done(8));
    calls.set(0);
    let values = pollster::block_on(start(&mut store, instance, 8).call_async(&mut store)).unwrap();
    assert_eq!(values, [Value::I32(9)]);
    calls.set(0);
    let error = store.invoke(store.export_func(instance, "f").unwrap(), &[Value::I32(0)]);
    assert!(matches!(error, Err(Error::Unanswered { .. })), "{error:?}");
}
