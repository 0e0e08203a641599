//! Which instance, function and instruction makes a host call, and whose memory its pointers mean.

use std::cell::RefCell;
use std::rc::Rc;

use stepwell_engine::observe::Activation;
use stepwell_engine::{
    Budget, CallState, Engine, FuncType, HostAnswer, HostError, InstanceId, Linker, Stop, Store,
    TaskId, ValType, Value,
};
use stepwell_tests::example_bytes;

use super::module;

fn print_type() -> FuncType {
    FuncType::new([ValType::I32, ValType::I32], [])
}

/// b and a of the example, a's `main_then_own` calling `print` from both.
fn link(linker: &mut Linker) -> (Store, InstanceId, InstanceId) {
    let engine = Engine::default();
    let mut store = Store::new(&engine);
    let load = |file: &str| stepwell_engine::Module::new(&engine, &example_bytes(file)).unwrap();
    let b = linker.instantiate(&mut store, &load("attribution/b.wat")).unwrap();
    linker.define_instance("b", b);
    let a = linker.instantiate(&mut store, &load("attribution/a.wat")).unwrap();
    (store, a, b)
}

#[derive(PartialEq, Debug)]
struct Seen {
    instance: InstanceId,
    module: String,
    func: String,
    text: String,
    frames: Vec<String>,
}

#[test]
fn a_closure_is_told_who_calls() {
    let seen: Rc<RefCell<Vec<Seen>>> = Rc::default();
    let calls = seen.clone();
    let mut linker = Linker::new();
    linker.func_local("env", "print", print_type(), move |caller, args| {
        let [Value::I32(at), Value::I32(len)] = args[..] else { panic!("two integers") };
        let frames = caller.frames().filter_map(|frame| frame.func_name().map(str::to_owned));
        let frames = frames.collect();
        let text = caller.memory().unwrap().read_str(at as u32, len as u32)?;
        calls.borrow_mut().push(Seen {
            instance: caller.instance().unwrap(),
            module: caller.module_name().unwrap().to_owned(),
            func: caller.func_name().unwrap().to_owned(),
            text,
            frames,
        });
        Ok(vec![])
    });
    let (mut store, a, b) = link(&mut linker);
    super::invoke(&mut store, a, "main_then_own", &[]);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let [first, second] = &seen.borrow()[..] else { panic!("two calls") };
    assert_eq!((first.instance, &*first.module, &*first.func), (b, "b", "foo"));
    assert_eq!((&*first.text, &first.frames), ("hello from b", &names(&["foo", "main_then_own"])));
    assert_eq!((second.instance, &*second.module, &*second.func), (a, "a", "main_then_own"));
    assert_eq!((&*second.text, &second.frames), ("hello from a", &names(&["main_then_own"])));
}

#[test]
fn a_stop_says_who_calls() {
    let mut linker = Linker::new();
    linker.func_unresolved("env", "print", print_type());
    let (mut store, a, b) = link(&mut linker);
    let func = store.export_func(a, "main_then_own").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    for (caller, depth) in [(b, 2), (a, 1)] {
        let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("a host call")
        };
        let site = call.caller.unwrap();
        assert_eq!((site.instance, &*call.module, &*call.name), (caller, "env", "print"));
        assert_eq!(task.depth(&store), depth);
        let module = store.module_of(caller).unwrap();
        assert_eq!(module.bytes()[site.offset.0 as usize], 0x10, "the offset is that of a call");
        assert_eq!(module.func_at(site.offset), Some(site.func));
        task.resume(&mut store, HostAnswer::Return(vec![])).unwrap();
    }
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), Stop::Done(vec![]));
}

#[test]
fn calls_through_a_table_and_tail_calls_name_the_one_that_calls() {
    let mut linker = Linker::new();
    linker.func_unresolved("env", "print", print_type());
    let text = r#"(module $m (import "env" "print" (func $print (param i32 i32)))
      (table funcref (elem $print))
      (func $indirect (export "indirect")
        i32.const 1 i32.const 2 i32.const 0 call_indirect (param i32 i32))
      (func $inner i32.const 3 i32.const 4 return_call $print)
      (func (export "tail") call $inner))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    for (export, caller) in [("indirect", "indirect"), ("tail", "inner")] {
        let func = store.export_func(instance, export).unwrap();
        let mut task = store.start(func, &[]).unwrap();
        let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("a host call")
        };
        // `$inner` calls, although its frame is not needed for the way back.
        let func = call.caller.map(|site| site.func).unwrap();
        let name = store.module_of(instance).unwrap().func_name(func);
        assert_eq!(name, Some(caller), "{export}");
    }
}

#[test]
fn a_host_function_started_by_itself_has_no_caller() {
    let mut linker = Linker::new();
    linker.func_unresolved("env", "print", print_type());
    let text = r#"(module (import "env" "print" (func (param i32 i32))) (export "p" (func 0)))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let func = store.export_func(instance, "p").unwrap();
    let mut task = store.start(func, &[Value::I32(1), Value::I32(2)]).unwrap();
    let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a host call")
    };
    assert_eq!((call.caller, call.args), (None, vec![Value::I32(1), Value::I32(2)]));
}

#[test]
fn pointers_beyond_the_callers_memory_are_errors_of_the_call() {
    let mut linker = Linker::new();
    linker.func_local("env", "print", print_type(), |caller, args| {
        let [Value::I32(at), Value::I32(len)] = args[..] else { panic!("two integers") };
        caller.memory().ok_or("no memory")?.read_str(at as u32, len as u32)?;
        Ok(vec![])
    });
    let text = r#"(module (import "env" "print" (func $print (param i32 i32))) (memory 1)
      (data (i32.const 0) "\ff\fe")
      (func (export "f") (param i32 i32) local.get 0 local.get 1 call $print))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let mut told = |at: i32, len: i32| {
        store.invoke(func, &[Value::I32(at), Value::I32(len)]).unwrap_err().to_string()
    };
    assert!(told(65_530, 7).contains("65536"), "{}", told(65_530, 7));
    assert!(told(-1, 2).contains("0xffffffff"), "{}", told(-1, 2));
    assert!(told(0, 2).contains("UTF-8"), "{}", told(0, 2));
}

/// `a` calls `env.host` from `calls`, which `outer` calls; `b` has a memory of its own.
const CALLER: &str = r#"(module $a (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "of a")
  (func $calls (export "calls") (param i32) (result i32) nop local.get 0 call $host)
  (func $outer (export "outer") (param i32) (result i32) local.get 0 call $calls))"#;
const OTHER: &str = r#"(module $b (memory (export "memory") 1) (data (i32.const 0) "of b"))"#;

#[test]
fn a_caller_has_task_instance_module_function_offset_and_frames() {
    let seen: Rc<RefCell<Vec<TaskId>>> = Rc::default();
    let tasks = seen.clone();
    let mut linker = Linker::new();
    let ty = FuncType::new([ValType::I32], [ValType::I32]);
    linker.func_local("env", "host", ty.clone(), move |caller, args| {
        tasks.borrow_mut().push(caller.task());
        let site = caller.site().unwrap();
        assert_eq!((Some(site.instance), caller.module_name()), (caller.instance(), Some("a")));
        assert_eq!((caller.func_name(), caller.executed()), (Some("calls"), 5));
        let module = caller.module().unwrap();
        assert_eq!(module.bytes()[site.offset.index()], 0x10);
        assert_eq!(module.func_at(site.offset), Some(site.func));
        let frames = caller.frames().map(|frame| frame.func_name().unwrap().to_owned());
        assert_eq!(frames.collect::<Vec<_>>(), ["calls", "outer"]);
        let kinds = caller.activations().map(|one| matches!(one, Activation::Host(_)));
        assert_eq!(kinds.collect::<Vec<_>>(), [true, false, false]);
        // The memory of another instance, by the name of its module or the one it was given.
        let other = caller.instance_named("b").unwrap();
        assert_eq!(caller.instance_named("second"), Some(other));
        assert_eq!(caller.instance_named("nobody"), None);
        assert_eq!(caller.memory_of(other).unwrap().read_str(0u32, 4u32)?, "of b");
        caller.memory_of(other).unwrap().write(5u32, b"x")?;
        assert_eq!(caller.memory().unwrap().read_str(0u32, 4u32)?, "of a");
        Ok(args.to_vec())
    });
    let mut store = Store::new(&Engine::default());
    let a = linker.instantiate(&mut store, &module(CALLER)).unwrap();
    let b = linker.instantiate(&mut store, &module(OTHER)).unwrap();
    store.name_instance(b, "second");
    let func = store.export_func(a, "outer").unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut task = store.start(func, &[Value::I32(1)]).unwrap();
        task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(task.clone().id(), task.id());
        ids.push(task.id());
    }
    assert_eq!((ids[0] != ids[1], &ids), (true, &*seen.borrow()));
    let written = [a, b].map(|instance| {
        let memory = store.instance(instance).unwrap().memories()[0];
        store.memory(memory).unwrap().read(5, 1).unwrap()[0]
    });
    assert_eq!(written, [0, b'x']);
    // A name that was given goes before those of modules.
    store.name_instance(a, "b");
    assert_eq!(store.instance_named("b"), Some(a));
    assert_eq!((store.instance_name(a), store.instance_name(b)), (Some("b"), Some("second")));
}

#[test]
fn a_breakpoint_on_a_host_function_stops_before_it_begins_once_a_call() {
    type Define = fn(&mut Linker, Rc<RefCell<u32>>);
    let ty = || FuncType::new([ValType::I32], [ValType::I32]);
    let closure: Define = |linker, begun| {
        linker.func_local(
            "env",
            "host",
            FuncType::new([ValType::I32], [ValType::I32]),
            move |_, args| {
                *begun.borrow_mut() += 1;
                Ok(args.to_vec())
            },
        );
    };
    let future: Define = |linker, begun| {
        let ty = FuncType::new([ValType::I32], [ValType::I32]);
        linker.func_async_local("env", "host", ty, move |caller, args| {
            *begun.borrow_mut() += 1;
            async move {
                caller.with_local(|_| ()).await?;
                Ok(args)
            }
        });
    };
    let late: Define = |linker, begun| {
        let ty = FuncType::new([ValType::I32], [ValType::I32]);
        linker.func_local("env", "host", ty, move |_, args| {
            *begun.borrow_mut() += 1;
            if *begun.borrow() % 2 == 1 { Err(HostError::pending()) } else { Ok(args.to_vec()) }
        });
    };
    let unresolved: Define = |linker, _| {
        linker.func_unresolved("env", "host", FuncType::new([ValType::I32], [ValType::I32]));
    };
    let (breaks, asks, waits) =
        (CallState::Breakpoint, CallState::Unanswered, CallState::InProgress);
    for (define, stops, begins) in [
        (closure, &[breaks][..], 1),
        (future, &[breaks], 1),
        (late, &[breaks, waits], 2),
        (unresolved, &[breaks, asks], 0),
    ] {
        let begun: Rc<RefCell<u32>> = Rc::default();
        let mut linker = Linker::new();
        define(&mut linker, begun.clone());
        let mut store = Store::new(&Engine::default());
        let text = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
          (export "host" (func $host))
          (func (export "twice") (param i32) (result i32)
            local.get 0 call $host call $host))"#;
        let instance = linker.instantiate(&mut store, &module(text)).unwrap();
        let host = store.export_func(instance, "host").unwrap();
        assert_eq!(store.func_type(host), Some(&ty()));
        assert!(!store.debugger_mut().break_on_call(host, true));
        assert!(store.debugger_mut().break_on_call(host, true));
        let func = store.export_func(instance, "twice").unwrap();
        let mut task = store.start(func, &[Value::I32(3)]).unwrap();
        for call in 1..=2 {
            for state in stops {
                let Stop::HostCall(stop) = task.run(&mut store, Budget::unlimited()).unwrap()
                else {
                    panic!("a host call")
                };
                assert_eq!((stop.state, task.executed()), (*state, 1 + call));
                assert_eq!(task.pending_call(&store), Some(stop));
                let before = begins * (call as u32 - 1);
                assert_eq!(*begun.borrow(), before + u32::from(*state == waits));
            }
            if stops.contains(&asks) {
                task.resume(&mut store, HostAnswer::Return(vec![Value::I32(3)])).unwrap();
            }
        }
        assert_eq!(
            task.run(&mut store, Budget::unlimited()).unwrap(),
            Stop::Done(vec![Value::I32(3)])
        );
        assert_eq!(*begun.borrow(), 2 * begins);
        if stops == [breaks] {
            // Who runs to the end is not kept from it; and without a breakpoint nothing stops.
            assert!(store.invoke(func, &[Value::I32(4)]).is_ok());
            assert!(store.debugger_mut().break_on_call(host, false));
            let mut task = store.start(func, &[Value::I32(3)]).unwrap();
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert!(matches!(stop, Stop::Done(_)), "{stop:?}");
        }
    }
}
