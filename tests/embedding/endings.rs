//! How runs end that do not simply return: tasks and stores dropped, panics, exits; and what is left.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use stepwell_engine::sched::{Priority, Scheduler};
use stepwell_engine::{
    Budget, CallState, Engine, Error, Extern, FuncType, HostAnswer, HostError, HostResult,
    InstanceId, Linker, Stop, Store, Task, TrapCode, ValType, Value,
};

use super::module;

/// `f` calls `env.f`; `deep` is called back by `env.deep` until its argument is 0, and then calls `env.f`.
const TEXT: &str = r#"(module $m
  (import "env" "f" (func $f (param i32) (result i32)))
  (import "env" "deep" (func $deep (param i32) (result i32)))
  (func $call (export "f") (param i32) (result i32) local.get 0 call $f i32.const 1 i32.add)
  (func $down (export "deep") (param i32) (result i32)
    local.get 0 if (result i32) local.get 0 i32.const 1 i32.sub call $deep
    else i32.const 5 call $call end))"#;

fn number() -> FuncType {
    FuncType::new([ValType::I32], [ValType::I32])
}

/// `env.deep` calls `deep`; whatever is held is held by its futures.
fn linker(held: &Rc<()>) -> Linker {
    let mut linker = Linker::new();
    let held = held.clone();
    linker.func_async_local("env", "deep", number(), move |caller, args| {
        let held = held.clone();
        async move {
            let deep = caller.with_local(|caller| caller.export("deep")).await?;
            let Some(Extern::Func(deep)) = deep else { return Err("no function".into()) };
            let values = caller.call(deep, &args).await?;
            drop(held);
            Ok(values)
        }
    });
    linker
}

fn instantiate(linker: &Linker) -> (Store, InstanceId) {
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(TEXT)).unwrap();
    (store, instance)
}

fn start(store: &mut Store, instance: InstanceId, name: &str, argument: i32) -> Task {
    let func = store.export_func(instance, name).unwrap();
    store.start(func, &[Value::I32(argument)]).unwrap()
}

#[test]
fn tasks_and_stores_are_dropped_in_any_order_at_any_instruction() {
    let held = Rc::new(());
    let mut linker = linker(&held);
    linker.func_async_local("env", "f", number(), |_, _| std::future::pending::<HostResult>());
    let mut most = 0;
    for count in 0..40 {
        for store_first in [false, true] {
            let (mut store, instance) = instantiate(&linker);
            let mut task = start(&mut store, instance, "deep", 4);
            let _ = task.run(&mut store, Budget::instructions(count)).unwrap();
            let futures = Rc::strong_count(&held);
            most = most.max(futures);
            let handle = task.clone();
            assert_eq!(Rc::strong_count(&held), futures, "a handle has none");
            if store_first {
                drop(store);
                assert_eq!(Rc::strong_count(&held), 2, "that of the linker's closure is left");
                drop(task);
                drop(handle);
            } else {
                drop(task);
                store.end_dropped();
                assert_eq!(Rc::strong_count(&held), futures, "there is another handle");
                drop(handle);
                store.end_dropped();
                assert_eq!(Rc::strong_count(&held), 2);
                drop(store);
            }
            assert_eq!(Rc::strong_count(&held), 2);
        }
    }
    assert_eq!(most, 6, "four futures at the deepest");
    drop(linker);
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn a_store_and_its_linker_let_go_of_closures() {
    let held = Rc::new(());
    let (closure, future) = (held.clone(), held.clone());
    let mut linker = linker(&held);
    linker.func_local("env", "f", number(), move |_, args| {
        let _ = &closure;
        Ok(args.to_vec())
    });
    linker.func_async_local("env", "other", number(), move |_, args| {
        let held = future.clone();
        async move {
            drop(held);
            Ok(args)
        }
    });
    let (mut store, instance) = instantiate(&linker);
    store.record_host_calls(true);
    assert_eq!(super::invoke(&mut store, instance, "deep", &[Value::I32(3)]), [Value::I32(6)]);
    drop(linker);
    assert!(Rc::strong_count(&held) > 1);
    drop(store);
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn a_closure_that_panics_leaves_its_call_pending() {
    let panics = Rc::new(Cell::new(true));
    let known = panics.clone();
    let held = Rc::new(());
    let mut linker = linker(&held);
    linker.func_local("env", "f", number(), move |_, args| {
        assert!(!known.get(), "on purpose");
        Ok(args.to_vec())
    });
    let (mut store, instance) = instantiate(&linker);
    for answers in [false, true] {
        panics.set(true);
        let mut task = start(&mut store, instance, "deep", 2);
        let run = || task.run(&mut store, Budget::unlimited());
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        let call = task.pending_call(&store).unwrap();
        assert_eq!((&*call.name, call.args), ("f", vec![Value::I32(5)]));
        assert_eq!(task.depth(&store), 4);
        panics.set(false);
        if answers {
            task.resume(&mut store, HostAnswer::Return(vec![Value::I32(10)])).unwrap();
        }
        // Otherwise it is called once more.
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![Value::I32(if answers { 11 } else { 6 })]));
    }
    assert_eq!(super::invoke(&mut store, instance, "f", &[Value::I32(1)]), [Value::I32(2)]);
    assert_eq!(Rc::strong_count(&held), 2);
}

#[test]
fn a_future_that_panics_leaves_its_call_to_the_embedder() {
    let held = Rc::new(());
    let mut linker = linker(&held);
    let own = held.clone();
    linker.func_async_local("env", "f", number(), move |caller, args| {
        let own = own.clone();
        async move {
            if args == [Value::I32(5)] {
                caller.with_local(|_| ()).await?;
                assert!(Rc::strong_count(&own) == 0, "on purpose");
            }
            caller.with_local(|_| panic!("in the engine's hands")).await?;
            Ok(args)
        }
    });
    let (mut store, instance) = instantiate(&linker);
    for (name, argument) in [("deep", 2), ("f", 1)] {
        let mut task = start(&mut store, instance, name, argument);
        let run = || task.run(&mut store, Budget::unlimited());
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        // The future is gone, those below it are not.
        assert_eq!(Rc::strong_count(&held), 3 + argument as usize * usize::from(name == "deep"));
        assert_eq!(task.pending_call(&store).unwrap().state, CallState::Unanswered);
        let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("a host call")
        };
        assert_eq!(call.state, CallState::Unanswered);
        task.resume(&mut store, HostAnswer::Return(vec![Value::I32(7)])).unwrap();
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![Value::I32(8)]));
    }
    assert_eq!(Rc::strong_count(&held), 3);
}

#[test]
fn an_exit_at_any_depth_ends_the_task_and_is_told_again() {
    for depth in [0, 1, 5] {
        let held = Rc::new(());
        let mut linker = linker(&held);
        linker.func_local("env", "f", number(), |_, args| match args {
            [Value::I32(code)] => Err(HostError::exit(*code)),
            _ => Err("a number".into()),
        });
        let (mut store, instance) = instantiate(&linker);
        let mut task = start(&mut store, instance, "deep", depth);
        for _ in 0..2 {
            assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), Stop::Exit(5));
            assert_eq!((task.is_finished(&store), task.exit_code(&store)), (true, Some(5)));
            assert_eq!((task.results(&store), task.trap(&store)), (None, None));
        }
        assert_eq!(task.depth(&store), depth as usize + 2, "the frames are left to be seen");
        assert_eq!(Rc::strong_count(&held), 2, "the futures are not");
        let executed = task.executed();
        assert_eq!(task.step(&mut store).unwrap(), Stop::Exit(5));
        assert_eq!(task.executed(), executed);
        assert_eq!(task.resume(&mut store, HostAnswer::Return(vec![])), Err(Error::NotWaiting));
        let func = store.export_func(instance, "deep").unwrap();
        let error = store.invoke(func, &[Value::I32(depth)]).unwrap_err();
        assert_eq!(error, Error::Exit { code: 5 });
        let mut again = start(&mut store, instance, "deep", depth);
        let error = pollster::block_on(again.call_async(&mut store)).unwrap_err();
        assert_eq!(error.to_string(), "the program ended with exit code 5");
    }
}

#[test]
fn an_exit_is_not_caught() {
    let mut linker = Linker::new();
    linker.func_local("env", "f", number(), |_, _| Err(HostError::exit(3)));
    linker.func_async_local("env", "deep", number(), |caller, args| async move {
        let deep = caller.with_local(|caller| caller.export("deep")).await?;
        let Some(Extern::Func(deep)) = deep else { return Err("no function".into()) };
        let _ = caller.try_call(deep, &args).await?;
        Ok(args)
    });
    let (mut store, instance) = instantiate(&linker);
    let mut task = start(&mut store, instance, "deep", 3);
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), Stop::Exit(3));
}

#[test]
fn what_host_functions_say_is_in_the_trap() {
    let say: Rc<Cell<Option<HostError>>> = Rc::default();
    let said = say.clone();
    let mut linker = Linker::new();
    linker.func_local("env", "f", number(), move |_, _| Err(said.take().unwrap()));
    let said = say.clone();
    linker.func_async_local("env", "deep", number(), move |_, _| {
        let error = said.take().unwrap();
        async move { Err(error) }
    });
    let (mut store, instance) = instantiate(&linker);
    let memory = Error::MemoryAccess { address: 1, len: 2, size: 0 };
    for (name, argument) in [("f", 0), ("deep", 1)] {
        for (error, told) in [
            (HostError::new("no such file"), "no such file"),
            ("borrowed".into(), "borrowed"),
            (String::from("owned").into(), "owned"),
            (memory.clone().into(), "memory access of 2 bytes at 0x1 exceeds the memory's 0 bytes"),
        ] {
            say.set(Some(error));
            let mut task = start(&mut store, instance, name, argument);
            let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
                panic!("a trap")
            };
            assert_eq!(trap.code, TrapCode::Host(told.into()));
            assert_eq!(task.trap(&store), Some(&trap));
        }
    }
    // A future cannot be pending by its answer.
    say.set(Some(HostError::pending()));
    let mut task = start(&mut store, instance, "deep", 1);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::Trap(_)), "{stop:?}");
    assert_eq!(HostError::exit(4).exit_code(), Some(4));
    assert!(HostError::pending().is_pending() && !HostError::new("").is_pending());
}

#[test]
fn a_scheduler_lets_go_of_everything() {
    let held = Rc::new(());
    let mut linker = linker(&held);
    linker.func_async_local("env", "f", number(), |_, _| std::future::pending::<HostResult>());
    let (mut store, instance) = instantiate(&linker);
    let mut scheduler = Scheduler::new();
    for _ in 0..10 {
        scheduler.spawn(start(&mut store, instance, "deep", 3), Priority::Normal);
    }
    assert!(scheduler.run_until_idle(&mut store).is_empty());
    assert_eq!((scheduler.parked_len(), Rc::strong_count(&held)), (10, 2 + 30));
    drop(scheduler);
    store.end_dropped();
    assert_eq!(Rc::strong_count(&held), 2);
}

#[test]
fn an_answer_is_kept_alive_until_its_task_runs() {
    let text = r#"(module (import "env" "ask" (func $ask (result externref)))
      (func (export "f") (result externref) call $ask))"#;
    let mut linker = Linker::new();
    let externref = ValType::Ref(stepwell_engine::RefType::EXTERN);
    linker.func_unresolved("env", "ask", FuncType::new([], [externref]));
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let mut task = store.start(store.export_func(instance, "f").unwrap(), &[]).unwrap();
    task.run(&mut store, Budget::unlimited()).unwrap();
    let answer = store.new_string("kept").unwrap();
    task.resume(&mut store, HostAnswer::Return(vec![answer])).unwrap();
    store.release(answer);
    store.collect_garbage().unwrap();
    store.new_string("other").unwrap();
    let Stop::Done(values) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("done")
    };
    let units = store.code_units(values[0]).unwrap();
    assert_eq!(String::from_utf16(&units).unwrap(), "kept");
}
