//! Stores and tasks that go from one thread to another, and hosts that do not.

use std::cell::Cell;
use std::future::Future as _;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use stepwell_engine::sched::{Priority, Scheduler};
use stepwell_engine::store::StoreState;
use stepwell_engine::{
    AsyncCaller, Budget, CallState, Engine, Error, FuncType, HostError, HostResult, Instantiation,
    Linker, Local, Module, Stop, Store, Task, TrapCode, ValType, Value,
};

use super::module;

const TEXT: &str = r#"(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop
      (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $n))))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))"#;

fn number() -> FuncType {
    FuncType::new([ValType::I32], [ValType::I32])
}

fn sum(store: &mut Store, linker: &Linker, n: i32) -> Task {
    let instance = linker.instantiate(store, &module(TEXT)).unwrap();
    let func = store.export_func(instance, "sum").unwrap();
    store.start(func, &[Value::I32(n)]).unwrap()
}

#[test]
fn what_belongs_to_a_store_can_go_to_another_thread() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<Store>();
    sent::<Scheduler>();
    sent::<Instantiation>();
    shared::<Task>();
    shared::<StoreState>();
    shared::<Linker>();
    shared::<Module>();
    shared::<Engine>();
    shared::<Local<Rc<()>>>();
}

#[test]
fn futures_wait_on_a_runtime_of_several_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let mut linker = Linker::new();
    linker.func_async("env", "wait", number(), move |caller, args| {
        let counted = counted.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            // On whatever thread it has woken up.
            let executed = caller.with(|caller| caller.executed()).await?;
            counted.fetch_add(u32::from(executed > 0), Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(args)
        }
    });
    let tasks: Vec<_> = (1..40)
        .map(|n| {
            let linker = linker.clone();
            runtime.spawn(async move {
                let mut store = Store::new(&Engine::default());
                let mut task = sum(&mut store, &linker, n);
                let values = task.call_async(&mut store).slices_of(50).await.unwrap();
                (n, values, store, task)
            })
        })
        .collect();
    for task in tasks {
        let (n, values, store, task) = runtime.block_on(task).unwrap();
        assert_eq!(values, [Value::I32(n * (n + 1) / 2)]);
        assert_eq!(task.results(&store), Some(&values[..]));
    }
    assert_eq!(calls.load(Ordering::Relaxed), (1..40).sum::<u32>());
}

#[test]
fn a_scheduler_goes_on_where_another_thread_left_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let mut linker = Linker::new();
    linker.func_async("env", "wait", number(), |_, args| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(args)
    });
    let mut store = Store::new(&Engine::default());
    let mut scheduler = Scheduler::with_budget(7);
    for n in 1..20 {
        scheduler.spawn(sum(&mut store, &linker, n), Priority::Normal);
    }
    let ended = runtime.block_on(runtime.spawn(async move {
        let mut ended = scheduler.run_async(&mut store).await;
        ended.sort_by_key(|turn| turn.handle);
        (ended, store)
    }));
    let (ended, store) = ended.unwrap();
    let found = ended.iter().map(|turn| turn.task.as_ref().unwrap().results(&store).unwrap()[0]);
    assert!(found.eq((1..20).map(|n| Value::I32(n * (n + 1) / 2))));
}

#[test]
fn a_handle_is_dropped_on_another_thread() {
    let held = Arc::new(());
    let kept = held.clone();
    let mut linker = Linker::new();
    linker.func_async("env", "wait", number(), move |_, _| {
        let kept = kept.clone();
        async move {
            std::future::pending::<()>().await;
            drop(kept);
            Ok(Vec::new())
        }
    });
    let mut store = Store::new(&Engine::default());
    let mut tasks: Vec<Task> = (1..9).map(|n| sum(&mut store, &linker, n)).collect();
    for task in &mut tasks {
        task.run(&mut store, Budget::unlimited()).unwrap();
    }
    assert_eq!(Arc::strong_count(&held), 10);
    let other = std::thread::spawn(move || drop(tasks));
    while store.tasks().count() > 0 {
        store.end_dropped();
    }
    other.join().unwrap();
    store.end_dropped();
    assert_eq!(Arc::strong_count(&held), 2);
}

#[test]
fn a_host_of_one_thread_traps_on_others_and_is_leaked_there() {
    let count = Rc::new(Cell::new(0));
    for future in [false, true] {
        let mut linker = Linker::new();
        let counted = count.clone();
        let answer = move |args: &[Value]| -> HostResult {
            counted.set(counted.get() + 1);
            Ok(args.to_vec())
        };
        if future {
            linker.func_async_local("env", "wait", number(), move |caller, args| {
                let answer = answer.clone();
                async move { caller.with_local(move |_| answer(&args)).await? }
            });
        } else {
            linker.func_local("env", "wait", number(), move |_, args| answer(args));
        }
        let mut store = Store::new(&Engine::default());
        let mut task = sum(&mut store, &linker, 4);
        let before = count.get();
        while count.get() < before + 2 {
            task.run(&mut store, Budget::instructions(1)).unwrap();
        }
        let there = std::thread::spawn(move || {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            (stop, store, linker)
        });
        let (stop, store, linker) = there.join().unwrap();
        let Stop::Trap(trap) = stop else { panic!("{stop:?}") };
        assert_eq!(
            trap.code,
            TrapCode::Host("this host function belongs to another thread".into())
        );
        assert_eq!(count.get(), before + 2);
        let holders = Rc::strong_count(&count);
        std::thread::spawn(move || drop((store, linker))).join().unwrap();
        assert_eq!(Rc::strong_count(&count), holders, "nothing is counted elsewhere");
    }
}

#[test]
fn a_future_that_waits_can_be_polled_elsewhere() {
    let (give, take) = std::sync::mpsc::channel::<std::task::Waker>();
    let mut linker = Linker::new();
    linker.func_async("env", "wait", number(), move |_, args| {
        let give = give.clone();
        let mut asked = false;
        std::future::poll_fn(move |context| {
            if std::mem::replace(&mut asked, true) {
                return std::task::Poll::Ready(Ok(args.clone()));
            }
            give.send(context.waker().clone()).map_err(|_| HostError::new("gone")).unwrap();
            std::task::Poll::Pending
        })
    });
    let mut store = Store::new(&Engine::default());
    let mut task = sum(&mut store, &linker, 1);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    let Stop::HostCall(call) = stop else { panic!("{stop:?}") };
    assert_eq!(call.state, CallState::InProgress);
    assert!(take.try_recv().is_ok());
    let stop = std::thread::spawn(move || task.run(&mut store, Budget::unlimited())).join();
    assert_eq!(stop.unwrap().unwrap(), Stop::Done(vec![Value::I32(1)]));
}

#[test]
fn work_of_one_thread_that_another_is_to_do_is_told_to_be_lost() {
    let kept: Arc<Mutex<Option<AsyncCaller>>> = Arc::default();
    let keeps = kept.clone();
    let mut linker = Linker::new();
    linker.func_async("env", "wait", number(), move |caller, _| {
        *keeps.lock().unwrap() = Some(caller);
        std::future::pending::<HostResult>()
    });
    let mut store = Store::new(&Engine::default());
    let mut task = sum(&mut store, &linker, 1);
    task.run(&mut store, Budget::unlimited()).unwrap();
    let caller = kept.lock().unwrap().take().unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut here = pin!(caller.with_local(|caller| caller.executed()));
    assert!(here.as_mut().poll(&mut context).is_pending());
    task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(here.as_mut().poll(&mut context), Poll::Ready(Ok(4)));
    let mut elsewhere = pin!(caller.with_local(|caller| caller.executed()));
    assert!(elsewhere.as_mut().poll(&mut context).is_pending());
    std::thread::scope(|scope| {
        scope.spawn(|| task.run(&mut store, Budget::unlimited()).unwrap());
    });
    assert_eq!(elsewhere.as_mut().poll(&mut context), Poll::Ready(Err(Error::CallOver)));
}
