//! Records of host calls: what is in them, and runs repeated from them without the host.

use std::cell::Cell;
use std::rc::Rc;

use stepwell_engine::host::record::{Effect, HostRecord, RecordedAnswer};
use stepwell_engine::{
    AsyncCaller, Budget, CallState, Engine, Error, Extern, FuncAddr, FuncType, GlobalAddr,
    HostAnswer, HostError, InstanceId, Linker, MemAddr, Stop, Store, TableAddr, Task, TaskId,
    ValType, Value,
};

use super::module;

const TEXT: &str = r#"(module $m
  (import "env" "sync" (func $sync (param i32) (result i32)))
  (import "env" "async" (func $async (param i32) (result i32)))
  (import "env" "ask" (func $ask (param i32) (result i32)))
  (import "env" "nest" (func $nest (param i32) (result i32)))
  (import "env" "fail" (func $fail (param i32) (result i32)))
  (import "env" "exit" (func $exit (param i32) (result i32)))
  (tag $e)
  (memory (export "memory") 1 4) (data (i32.const 0) "abcdefgh")
  (global $g (export "g") (mut i32) (i32.const 0))
  (table $t (export "t") 4 externref)
  (func $store (param i32 i32) local.get 0 local.get 1 i32.store)
  (func (export "inner") (param i32) (result i32)
    i32.const 400 local.get 0 call $sync call $store
    local.get 0 i32.const 7 i32.eq if unreachable end
    local.get 0 i32.const 8 i32.eq if throw $e end
    local.get 0 i32.const 9 i32.eq if i32.const 1 call $exit drop end
    i32.const 404 local.get 0 call $async call $store
    global.get $g)
  (func (export "all") (param i32) (result i32)
    i32.const 300 local.get 0 call $sync call $store
    i32.const 304 local.get 0 call $async call $store
    i32.const 308 local.get 0 call $ask call $store
    block (result i32)
      try_table (result i32) (catch $e 1) local.get 0 call $nest end
    end
    i32.const 312 memory.size call $store
    global.get $g i32.add)
  (func (export "fails") (param i32) (result i32) local.get 0 call $nest call $fail)
  (func (export "exits") (param i32) (result i32) local.get 0 call $sync call $exit))"#;

/// The text with an exception that is caught.
fn text() -> String {
    TEXT.replace(
        "block (result i32)\n      try_table (result i32) (catch $e 1) local.get 0 call $nest end\n    end",
        "block (result i32)\n      block\n        try_table (catch $e 0) local.get 0 call $nest br 2 end\n        unreachable\n      end\n      i32.const 77\n    end",
    )
}

async fn func(caller: &AsyncCaller, name: &'static str) -> Result<FuncAddr, HostError> {
    match caller.with_local(move |caller| caller.export(name)).await? {
        Some(Extern::Func(func)) => Ok(func),
        _ => Err(HostError::new("no such function")),
    }
}

fn number(args: &[Value]) -> i32 {
    match args {
        [Value::I32(number)] => *number,
        _ => panic!("{args:?}"),
    }
}

/// A store whose host functions count their calls, and answer otherwise each time.
fn world(calls: &Rc<Cell<i32>>) -> (Store, InstanceId) {
    let ty = || FuncType::new([ValType::I32], [ValType::I32]);
    let mut linker = Linker::new();
    let counted = calls.clone();
    let count = move || {
        counted.set(counted.get() + 1);
        counted.get()
    };
    let next = count.clone();
    linker.func_local("env", "sync", ty(), move |caller, args| {
        let call = next();
        let Some(Extern::Global(g)) = caller.export("g") else { panic!("a global") };
        let Some(Extern::Table(t)) = caller.export("t") else { panic!("a table") };
        let mut memory = caller.memory().unwrap();
        let read = memory.read(0u32, 3u32)?.to_vec();
        memory.write(16u32 + number(args) as u32, &[read[0], call as u8, 3])?;
        memory.grow(1);
        caller.set_global(g, Value::I32(call))?;
        let element = stepwell_engine::ExternAddr(call as u32);
        let element = Value::ExternRef(Some(stepwell_engine::AnyRef::Host(element)));
        caller.set_table(t, call as u64 % 4, element)?;
        Ok(vec![Value::I32(call)])
    });
    let next = count.clone();
    linker.func_async_local("env", "async", ty(), move |caller, args| {
        let call = next();
        async move {
            caller.write(32u32, &[call as u8]).await?;
            smol::future::yield_now().await;
            caller.write(33u32 + number(&args) as u32, &[call as u8 + 1]).await?;
            Ok(vec![Value::I32(call * 10)])
        }
    });
    linker.func_unresolved("env", "ask", ty());
    let next = count.clone();
    linker.func_async_local("env", "nest", ty(), move |caller, args| {
        let call = next();
        async move {
            let inner = func(&caller, "inner").await?;
            caller.write(64u32, &[call as u8]).await?;
            let caught = caller.try_call(inner, &[Value::I32(7)]).await?.is_err();
            assert!(caught);
            caller.write(65u32, &[call as u8]).await?;
            let values = caller.call(inner, &args).await?;
            caller.write(66u32, &[call as u8]).await?;
            Ok(vec![Value::I32(number(&values) + call)])
        }
    });
    let next = count.clone();
    linker.func_local("env", "fail", ty(), move |_, _| {
        Err(HostError::new(format!("failed {}", next())))
    });
    linker.func_local("env", "exit", ty(), move |_, _| Err(HostError::exit(count())));
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(&text())).unwrap();
    (store, instance)
}

fn start(store: &mut Store, instance: InstanceId, name: &str, argument: i32) -> Task {
    let func = store.export_func(instance, name).unwrap();
    store.start(func, &[Value::I32(argument)]).unwrap()
}

/// Runs to the end, in slices; whatever is asked is answered with what is said, and a byte in memory.
fn drive(task: &mut Task, store: &mut Store, slice: u64, answer: i32) -> Stop {
    loop {
        match task.run(store, Budget::instructions(slice)).unwrap() {
            Stop::Budget => {}
            Stop::HostCall(call) if call.state == CallState::InProgress => {}
            Stop::HostCall(call) => {
                assert_eq!(&*call.name, "ask");
                task.with_caller(store, |caller| {
                    caller.memory().unwrap().write(48u32, &[answer as u8]).unwrap();
                })
                .unwrap();
                let answer = HostAnswer::Return(vec![Value::I32(answer)]);
                task.resume(store, answer).unwrap();
            }
            stop => return stop,
        }
    }
}

/// What a run leaves behind: instances, memories, globals, tables, heap.
fn assert_same(left: &Store, right: &Store) {
    assert_eq!(left.state(), right.state());
}

#[test]
fn effects_are_kept_in_order_with_their_bytes() {
    let calls = Rc::default();
    let (mut store, instance) = world(&calls);
    store.record_host_calls(true);
    let mut task = start(&mut store, instance, "all", 2);
    let id = task.id();
    drive(&mut task, &mut store, u64::MAX, 99);
    let records = store.take_host_calls();
    assert!(store.take_host_calls().is_empty() && store.open_host_calls().next().is_none());
    let names: Vec<(u64, &str)> = records.iter().map(|call| (call.number, &*call.name)).collect();
    let expected = [
        (0, "sync"),
        (1, "async"),
        (2, "ask"),
        (4, "sync"),
        (5, "sync"),
        (6, "async"),
        (3, "nest"),
    ];
    assert_eq!(names, expected);

    let (memory, global, table) = (MemAddr(0), GlobalAddr(0), TableAddr(0));
    let element = |call| {
        Value::ExternRef(Some(stepwell_engine::AnyRef::Host(stepwell_engine::ExternAddr(call))))
    };
    let write = |address, bytes: &[u8]| Effect::Write { memory, address, bytes: bytes.into() };
    let sync = &records[0];
    assert_eq!((sync.task, sync.executed, &sync.args[..]), (id, 3, &[Value::I32(2)][..]));
    assert_eq!((&*sync.module, sync.frames.len()), ("env", 1));
    assert_eq!(
        sync.effects,
        [
            Effect::Read { memory, address: 0, len: 3, start: (*b"abc").into() },
            write(18, b"a\x01\x03"),
            Effect::GrowMemory { memory, pages: 1, old: Some(1) },
            Effect::Global { global, value: Value::I32(1) },
            Effect::Table { table, index: 1, value: element(1) },
        ]
    );
    assert_eq!(sync.answer, RecordedAnswer::Returned(vec![Value::I32(1)]));
    assert_eq!(records[1].effects, [write(32, &[2]), write(35, &[3])]);
    assert_eq!(records[2].effects, [write(48, &[99])]);
    assert_eq!(records[2].answer, RecordedAnswer::Returned(vec![Value::I32(99)]));
    let nest = &records[6];
    let Some(Extern::Func(inner)) = store.export(instance, "inner") else { panic!("inner") };
    let call =
        |argument, catches| Effect::Call { func: inner, args: vec![Value::I32(argument)], catches };
    assert_eq!(
        nest.effects,
        [write(64, &[3]), call(7, true), write(65, &[3]), call(2, false), write(66, &[3]),]
    );
    assert_eq!(records[3].frames.len(), 2, "with the frame below the host function");
    // There are at most four pages.
    let grown: Vec<Option<u64>> = [&records[3], &records[4]]
        .map(|call| match call.effects[2] {
            Effect::GrowMemory { old, .. } => old,
            _ => panic!("{call:?}"),
        })
        .into();
    assert_eq!(grown, [Some(2), Some(3)]);

    store.record_host_calls(false);
    drive(&mut start(&mut store, instance, "exits", 2), &mut store, u64::MAX, 0);
    assert!(store.take_host_calls().is_empty());
}

/// Records a run, repeats it in a new store, in slices of several lengths, and compares what is left.
fn repeats(export: &str, argument: i32) -> (Vec<HostRecord>, Stop) {
    let calls: Rc<Cell<i32>> = Rc::default();
    let (mut store, instance) = world(&calls);
    store.record_host_calls(true);
    let mut task = start(&mut store, instance, export, argument);
    let stop = drive(&mut task, &mut store, 10, 55);
    let records = store.take_host_calls();
    assert!(store.open_host_calls().next().is_none());
    for slice in [1, 2, 7, u64::MAX] {
        let none: Rc<Cell<i32>> = Rc::default();
        let (mut other, instance) = world(&none);
        other.record_host_calls(true);
        other.replay_host_calls(records.clone());
        let mut again = start(&mut other, instance, export, argument);
        // If it were asked, it would be given another answer.
        assert_eq!(drive(&mut again, &mut other, slice, 1), stop, "{export} {argument}");
        assert_eq!((again.executed(), none.get()), (task.executed(), 0));
        assert_same(&store, &other);
        assert_eq!(other.take_host_calls(), records, "the repeated run has the same record");
        // What has been used up is answered as usual.
        let mut last = start(&mut other, instance, "exits", 0);
        drive(&mut last, &mut other, slice, 1);
        assert_eq!(none.get(), 2);
    }
    (records, stop)
}

#[test]
fn a_run_is_repeated_without_its_host() {
    let (records, stop) = repeats("all", 2);
    assert!(matches!(stop, Stop::Done(_)) && records.len() == 7, "{stop:?}");
}

#[test]
fn a_run_with_a_trap_is_repeated() {
    let (records, stop) = repeats("all", 7);
    assert!(matches!(&stop, Stop::Trap(trap) if trap.backtrace.len() == 2), "{stop:?}");
    assert_eq!(records.last().unwrap().answer, RecordedAnswer::Unfinished);
    let (records, stop) = repeats("fails", 2);
    assert!(matches!(stop, Stop::Trap(_)));
    assert!(
        matches!(&records.last().unwrap().answer, RecordedAnswer::Trapped(why) if **why == *"failed 5")
    );
}

#[test]
fn a_run_with_an_exception_through_a_host_function_is_repeated() {
    let (records, stop) = repeats("all", 8);
    assert!(matches!(stop, Stop::Done(_)), "{stop:?}");
    let nest = records.iter().find(|call| &*call.name == "nest").unwrap();
    assert_eq!(nest.answer, RecordedAnswer::Unfinished);
}

#[test]
fn a_run_that_ends_itself_is_repeated() {
    let (records, stop) = repeats("exits", 2);
    assert_eq!((stop, records.len()), (Stop::Exit(2), 2));
    let (records, stop) = repeats("all", 9);
    assert_eq!(stop, Stop::Exit(6));
    let answers: Vec<_> = records.iter().rev().take(2).map(|call| &call.answer).collect();
    assert_eq!(answers, [&RecordedAnswer::Unfinished, &RecordedAnswer::Exited(6)]);
}

#[test]
fn calls_that_a_trap_has_ended_are_kept_as_such() {
    let run = |records: Option<Vec<HostRecord>>| {
        let ty = || FuncType::new([], []);
        let mut linker = Linker::new();
        let fresh = records.is_none();
        linker.func_async_local("env", "a", ty(), move |caller, _| async move {
            assert!(fresh, "it is not asked");
            let inner = func(&caller, "calls_b").await?;
            for _ in 0..2 {
                assert!(caller.try_call(inner, &[]).await?.is_err());
            }
            Ok(vec![])
        });
        linker.func_async_local("env", "b", ty(), move |caller, _| async move {
            assert!(fresh, "it is not asked");
            let traps = func(&caller, "traps").await?;
            caller.call(traps, &[]).await?;
            Ok(vec![])
        });
        let text = r#"(module (import "env" "a" (func $a)) (import "env" "b" (func $b))
          (func (export "f") call $a) (func (export "calls_b") nop call $b)
          (func (export "traps") unreachable))"#;
        let mut store = Store::new(&Engine::default());
        let instance = linker.instantiate(&mut store, &module(text)).unwrap();
        store.record_host_calls(true);
        store.replay_host_calls(records.unwrap_or_default());
        let func = store.export_func(instance, "f").unwrap();
        let mut task = store.start(func, &[]).unwrap();
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!((stop, task.executed()), (Stop::Done(vec![]), 8));
        store.take_host_calls()
    };
    let records = run(None);
    let told: Vec<_> = records
        .iter()
        .map(|call| (&*call.name, call.answer == RecordedAnswer::Unfinished))
        .collect();
    assert_eq!(told, [("b", true), ("b", true), ("a", false)]);
    assert_eq!(run(Some(records.clone())), records);
}

#[test]
fn a_trap_that_is_passed_on_is_the_same_again() {
    let run = |records: Option<Vec<HostRecord>>| {
        let ty = || FuncType::new([], []);
        let mut linker = Linker::new();
        let fresh = records.is_none();
        linker.func_async_local("env", "f", ty(), move |caller, _| async move {
            assert!(fresh, "it is not asked");
            let inner = func(&caller, "inner").await?;
            caller.try_call(inner, &[]).await??;
            Ok(vec![])
        });
        let text = r#"(module (import "env" "f" (func $f)) (func (export "f") call $f)
          (func (export "inner") (local i32) local.get 0 local.get 0 i32.div_s drop))"#;
        let mut store = Store::new(&Engine::default());
        let instance = linker.instantiate(&mut store, &module(text)).unwrap();
        store.record_host_calls(true);
        store.replay_host_calls(records.unwrap_or_default());
        let func = store.export_func(instance, "f").unwrap();
        let stop = store.start(func, &[]).unwrap().run(&mut store, Budget::unlimited()).unwrap();
        (stop, store.take_host_calls())
    };
    let (stop, records) = run(None);
    let Stop::Trap(trap) = &stop else { panic!("{stop:?}") };
    assert_eq!(trap.code, stepwell_engine::TrapCode::IntegerDivideByZero);
    assert!(matches!(records[0].answer, RecordedAnswer::PassedOn(_)));
    assert_eq!(run(Some(records.clone())), (stop, records));
}

#[test]
fn another_call_than_the_recorded_one_is_told() {
    let calls = Rc::default();
    let (mut store, instance) = world(&calls);
    store.record_host_calls(true);
    drive(&mut start(&mut store, instance, "exits", 2), &mut store, u64::MAX, 0);
    let records = store.take_host_calls();
    let replay = |export: &str, argument, records: Vec<HostRecord>| {
        let none = Rc::default();
        let (mut store, instance) = world(&none);
        store.replay_host_calls(records);
        let mut task = start(&mut store, instance, export, argument);
        let error = task.run(&mut store, Budget::unlimited()).unwrap_err();
        assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap_err(), error);
        // The embedder may go on without the record.
        store.replay_host_calls([]);
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert!(!matches!(stop, Stop::Budget) && none.get() > 0);
        match error {
            Error::Diverged { expected, found } => (expected, found),
            error => panic!("{error}"),
        }
    };
    let told = |call: &str| call.to_owned();
    assert_eq!(
        replay("exits", 3, records.clone()),
        (
            told("env.sync(i32:2) after 2 instructions"),
            told("env.sync(i32:3) after 2 instructions"),
        )
    );
    assert_eq!(
        replay("all", 2, records.clone()),
        (
            told("env.sync(i32:2) after 2 instructions"),
            told("env.sync(i32:2) after 3 instructions"),
        )
    );
    let (expected, found) = replay("fails", 2, records);
    assert!(expected.contains("sync") && found.contains("nest"), "{expected} {found}");
}

#[test]
fn tasks_that_take_turns_are_repeated_each_from_its_own_calls() {
    let run = |records: Option<Vec<HostRecord>>, slices: [u64; 2]| {
        let calls: Rc<Cell<i32>> = Rc::default();
        let (mut store, instance) = world(&calls);
        store.record_host_calls(true);
        let fresh = records.is_none();
        store.replay_host_calls(records.unwrap_or_default());
        let mut tasks = [2, 8].map(|argument| start(&mut store, instance, "all", argument));
        let ids = tasks.each_ref().map(Task::id);
        assert_eq!(ids, [TaskId(0), TaskId(1)]);
        while !tasks.iter().all(|task| task.is_finished(&store)) {
            for (task, slice) in tasks.iter_mut().zip(slices) {
                let until = task.executed() + slice;
                while task.executed() < until && !task.is_finished(&store) {
                    let budget = Budget::instructions(until - task.executed());
                    match task.run(&mut store, budget).unwrap() {
                        Stop::HostCall(call) if call.state == CallState::Unanswered => {
                            let answer = vec![Value::I32(40)];
                            task.resume(&mut store, HostAnswer::Return(answer)).unwrap();
                        }
                        Stop::Trap(trap) => panic!("{trap}"),
                        _ => {}
                    }
                }
            }
        }
        assert_eq!(calls.get() > 0, fresh);
        let ends = tasks.map(|task| (task.executed(), task.results(&store).map(<[_]>::len)));
        (ends, store.take_host_calls(), store)
    };
    let (ends, records, store) = run(None, [3, 5]);
    assert!(records.iter().any(|call| call.task == TaskId(1)));
    let (again, repeated, other) = run(Some(records.clone()), [3, 5]);
    assert_eq!((ends, &records), (again, &repeated));
    assert_same(&store, &other);
    // In other turns each still has its own answers.
    let (again, repeated, _) = run(Some(records.clone()), [1_000, 2]);
    assert_eq!(ends, again);
    let answers = |records: &[HostRecord], task: u64| {
        let own = records.iter().filter(|call| call.task == TaskId(task));
        own.map(|call| call.answer.clone()).collect::<Vec<_>>()
    };
    for task in [0, 1] {
        assert_eq!(answers(&records, task), answers(&repeated, task));
    }
}

#[test]
fn what_has_begun_is_kept_and_can_be_repeated_as_far() {
    let calls = Rc::default();
    let (mut store, instance) = world(&calls);
    store.record_host_calls(true);
    let mut task = start(&mut store, instance, "all", 2);
    let stop = loop {
        match task.run(&mut store, Budget::unlimited()).unwrap() {
            Stop::HostCall(call) if call.state == CallState::InProgress => {}
            stop => break stop,
        }
    };
    assert!(matches!(stop, Stop::HostCall(_)), "{stop:?}");
    task.with_caller(&mut store, |caller| {
        caller.memory().unwrap().write(48u32, b"x").unwrap();
    });
    let open: Vec<HostRecord> = store.open_host_calls().cloned().collect();
    let [ask] = &open[..] else { panic!("{open:?}") };
    assert_eq!(
        (&*ask.name, &ask.answer, ask.effects.len()),
        ("ask", &RecordedAnswer::Unfinished, 1)
    );
    let mut records = store.take_host_calls();
    assert_eq!(records.len(), 2);
    records.extend(open);

    let none: Rc<Cell<i32>> = Rc::default();
    let (mut other, instance) = world(&none);
    other.replay_host_calls(records);
    let mut again = start(&mut other, instance, "all", 2);
    let Stop::HostCall(call) = again.run(&mut other, Budget::unlimited()).unwrap() else {
        panic!("a host call")
    };
    assert_eq!((&*call.name, call.state, none.get()), ("ask", CallState::Unanswered, 0));
    assert_same(&store, &other);
    assert_eq!(again.pending_call(&other), task.pending_call(&store));
    assert_eq!(again.executed(), task.executed());
    // A task that is dropped takes its open calls with it.
    drop(task);
    assert_eq!(store.open_host_calls().count(), 0);
}

#[test]
fn a_panicking_closure_leaves_no_trace_in_the_record() {
    let fail = Rc::new(Cell::new(true));
    let fails = fail.clone();
    let mut linker = Linker::new();
    linker.func_local("env", "f", FuncType::new([], []), move |caller, _| {
        caller.memory().unwrap().write(0u32, b"x")?;
        assert!(!fails.get(), "on purpose");
        Ok(vec![])
    });
    let text = r#"(module (import "env" "f" (func $f)) (memory 1) (func (export "f") call $f))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    store.record_host_calls(true);
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    let run = || task.run(&mut store, Budget::unlimited());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
    fail.set(false);
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), Stop::Done(vec![]));
    let records = store.take_host_calls();
    assert_eq!((records.len(), records[0].effects.len()), (1, 1));
}
