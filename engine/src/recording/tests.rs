#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Recordings played into other stores come out the same.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Played, Player, Recording, RunEnd, Step};
use crate::timeline::Timeline;
use crate::types::{FuncType, GlobalType, MemoryType, Mutability, TableType, ValType};
use crate::{
    Budget, CallState, Config, Engine, Error, Extern, HostAnswer, InstanceId, Limits, Linker,
    Module, Stop, Store, Task, TaskId, Value,
};

const ALL: u64 = u64::MAX;

fn engine() -> Engine {
    Engine::new(Config::default())
}

/// Plays it, by so many instructions at a time.
fn play(recording: &Recording, slice: u64) -> (Store, Vec<Task>) {
    let engine = engine();
    let mut store = Store::new(&engine);
    store.note_steps(ALL);
    let modules_of = |step: &Step| match step {
        Step::Instantiate { module, imports, failed } => Step::Instantiate {
            module: Module::new(&engine, module.bytes()).unwrap(),
            imports: imports.clone(),
            failed: *failed,
        },
        other => other.clone(),
    };
    let steps = recording.steps.iter().map(modules_of).collect();
    let calls = recording.calls.clone();
    let mut player = Player::begin(&mut store, Recording { steps, calls });
    while player.go_on(&mut store, None, slice).unwrap() != Played::Done {}
    let tasks = player.finish(&mut store);
    (store, tasks)
}

/// Another store holds the same, and has recorded the same.
fn assert_same(store: &Store) {
    let recording = store.recording().expect("all is known");
    for slice in [u64::MAX, 7] {
        let (played, _tasks) = play(&recording, slice);
        assert_eq!(played.state(), store.state(), "in slices of {slice}");
        let again = played.recording().unwrap();
        let text = |steps: &[Step]| -> Vec<String> {
            // Modules are other ones, with the same bytes.
            let text = |step: &Step| match step {
                Step::Instantiate { module, imports, failed } => {
                    alloc::format!("{:?} {imports:?} {failed}", module.bytes())
                }
                step => alloc::format!("{step:?}"),
            };
            steps.iter().map(text).collect()
        };
        assert_eq!(text(&again.steps), text(&recording.steps));
        assert_eq!(again.calls, recording.calls);
        for (again, call) in again.calls.iter().zip(&recording.calls) {
            assert_eq!(again.course.waits, call.course.waits, "{call:?}");
            assert_eq!(again.course.resumed, call.course.resumed);
        }
    }
}

fn noting() -> (Engine, Store) {
    let engine = engine();
    let mut store = Store::new(&engine);
    store.note_steps(ALL);
    (engine, store)
}

fn wat(engine: &Engine, text: &str) -> Module {
    Module::from_wat(engine, text).unwrap()
}

fn start(store: &mut Store, instance: InstanceId, name: &str, args: &[Value]) -> Task {
    let func = store.export_func(instance, name).unwrap();
    store.start(func, args).unwrap()
}

const ASKS: &str = r#"(module
    (import "env" "get" (func $get (param i32) (result i32)))
    (import "env" "put" (func $put (param i32)))
    (memory (export "memory") 1)
    (global $sum (export "sum") (mut i32) (i32.const 0))
    (func (export "go") (param $n i32) (result i32)
        (loop $again
            (global.set $sum (i32.add (global.get $sum) (call $get (local.get $n))))
            (i32.store (local.get $n) (global.get $sum))
            (call $put (local.get $n))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (global.get $sum)))"#;

#[test]
fn what_hosts_answered_and_wrote_is_played_without_them() {
    let (engine, mut store) = noting();
    let mut linker = Linker::new();
    linker.func_wrap("env", "get", |value: i32| value * value);
    let put = FuncType::new([ValType::I32], []);
    linker.func("env", "put", put, |caller, args| {
        let Value::I32(at) = args[0] else { return Ok(vec![]) };
        caller.memory().unwrap().write(at as u32, b"host")?;
        Ok(vec![])
    });
    let module = wat(&engine, ASKS);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    store.name_instance(instance, "asks");
    let mut task = start(&mut store, instance, "go", &[Value::I32(5)]);
    while task.run(&mut store, Budget::instructions(3)).unwrap() == Stop::Budget {}
    assert_eq!(task.results(&store), Some(&[Value::I32(55)][..]));
    assert_same(&store);
}

#[test]
fn what_an_embedder_does_by_hand_is_played() {
    let (engine, mut store) = noting();
    let text =
        "(module (import \"m\" \"memory\" (memory 1)) (import \"m\" \"g\" (global (mut i64)))
        (table (export \"table\") 3 funcref) (func $f (export \"f\") (param i32) (result i32)
            (local i32) (local.set 1 (i32.const 7)) (i32.add (local.get 0) (local.get 1)))
        (elem declare func $f))";
    let limits = Limits { min: 1, max: Some(4) };
    let memory = store.new_memory(MemoryType::new(limits)).unwrap();
    let ty = GlobalType { content: ValType::I64, mutability: Mutability::Var };
    let global = store.new_global(ty, Value::I64(3)).unwrap();
    let mut linker = Linker::new();
    linker.define("m", "memory", Extern::Memory(memory));
    linker.define("m", "g", Extern::Global(global));
    let module = wat(&engine, text);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let Some(Extern::Table(table)) = store.export(instance, "table") else { panic!() };
    let f = store.export_func(instance, "f").unwrap();

    let mut task = start(&mut store, instance, "f", &[Value::I32(1)]);
    task.run(&mut store, Budget::instructions(3)).unwrap();
    task.set_local(&mut store, 0, 1, Value::I32(30)).unwrap();
    task.set_operand(&mut store, 0, 0, Value::I32(12)).unwrap();
    store.set_global(global, Value::I64(-1)).unwrap();
    store.set_table(table, 2, Value::FuncRef(Some(f))).unwrap();
    store.write_memory(memory, 100, b"by hand").unwrap();
    assert_eq!(store.grow_memory(memory, 2), Some(1));
    assert_eq!(store.grow_table(table, 5), Some(3));
    let text = store.new_string("held").unwrap();
    store.release(text);
    store.collect_garbage().unwrap();
    assert_eq!(
        task.run(&mut store, Budget::unlimited()).unwrap(),
        Stop::Done(vec![Value::I32(42)])
    );
    assert_same(&store);

    // A second one, which is given up half way.
    let other = start(&mut store, instance, "f", &[Value::I32(2)]);
    store.end_task(other).unwrap();
    assert_same(&store);
}

#[test]
fn calls_that_wait_and_tasks_that_take_turns_are_played_in_their_order() {
    let (engine, mut store) = noting();
    let text = r#"(module (import "env" "ask" (func $ask (result i32)))
        (memory 1) (global $g (mut i32) (i32.const 1))
        (func (export "ask") (result i32)
            (global.set $g (i32.add (global.get $g) (call $ask))) (global.get $g))
        (func (export "count") (result i32)
            (global.set $g (i32.mul (global.get $g) (i32.const 10))) (global.get $g)))"#;
    let mut linker = Linker::new();
    linker.func_unresolved("env", "ask", FuncType::new([], [ValType::I32]));
    let module = wat(&engine, text);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut asks = start(&mut store, instance, "ask", &[]);
    let mut counts = start(&mut store, instance, "count", &[]);
    let stop = asks.run(&mut store, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::HostCall(call) if call.state == CallState::Unanswered));
    assert_same(&store);
    counts.run(&mut store, Budget::instructions(2)).unwrap();
    asks.resume(&mut store, HostAnswer::Return(vec![Value::I32(4)])).unwrap();
    assert_same(&store);
    counts.run(&mut store, Budget::unlimited()).unwrap();
    asks.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(asks.results(&store), Some(&[Value::I32(5)][..]));
    assert_same(&store);
}

#[test]
fn a_fill_that_another_task_interrupts_is_played_as_far_as_it_had_come() {
    let (engine, mut store) = noting();
    let text = r#"(module (memory 2)
        (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 100000)))
        (func (export "look") (result i32) (i32.load8_u (i32.const 40000))))"#;
    let module = wat(&engine, text);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let mut fills = start(&mut store, instance, "fill", &[]);
    let mut looks = start(&mut store, instance, "look", &[]);
    let budget = Budget::unlimited().bulk_bytes(50_000);
    assert_eq!(fills.run(&mut store, budget).unwrap(), Stop::Budget);
    assert!(fills.bulk_progress(&store).is_some());
    assert!(matches!(
        store.recording().unwrap().steps.last(),
        Some(Step::Run { end: RunEnd::Within(_), .. })
    ));
    assert_eq!(
        looks.run(&mut store, Budget::unlimited()).unwrap(),
        Stop::Done(vec![Value::I32(7)])
    );
    assert_same(&store);
    fills.run(&mut store, Budget::unlimited()).unwrap();
    assert_same(&store);
}

#[test]
fn instances_that_fail_half_way_and_traps_are_played() {
    let (engine, mut store) = noting();
    let text = r#"(module (memory (export "memory") 1) (data (i32.const 10) "kept")
        (data (i32.const 65535) "beyond"))"#;
    let module = wat(&engine, text);
    let made = Linker::new().instantiate(&mut store, &module);
    assert!(matches!(made, Err(Error::Trap(_))), "{made:?}");
    let text = r#"(module (func $start (unreachable)) (start $start)
        (func (export "divides") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0))))"#;
    let module = wat(&engine, text);
    let made = Linker::new().begin_instantiate(&mut store, &module).unwrap();
    let mut starts = made.start.unwrap();
    assert!(matches!(starts.run(&mut store, Budget::unlimited()).unwrap(), Stop::Trap(_)));
    let mut divides = start(&mut store, made.instance, "divides", &[Value::I32(0)]);
    assert!(matches!(divides.run(&mut store, Budget::unlimited()).unwrap(), Stop::Trap(_)));
    assert_same(&store);
}

#[test]
fn a_timeline_that_a_recording_is_played_through_can_be_gone_back_through() {
    let (engine, mut store) = noting();
    let mut linker = Linker::new();
    linker.func_wrap("env", "get", |value: i32| value * value);
    linker.func_wrap("env", "put", |_: i32| {});
    let module = wat(&engine, ASKS);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut task = start(&mut store, instance, "go", &[Value::I32(9)]);
    let mut states = vec![store.state().clone()];
    while task.step(&mut store).unwrap() == Stop::Budget {
        states.push(store.state().clone());
    }
    let recording = store.recording().unwrap();

    let mut played = Store::new(&engine);
    let mut timeline = Timeline::begin(&mut played, 1 << 20);
    let mut player = Player::begin(&mut played, recording);
    assert_eq!(player.left(), task.executed());
    while player.go_on(&mut played, Some(&mut timeline), 10).unwrap() != Played::Done {}
    assert_eq!((player.clock(), player.left()), (task.executed(), 0));
    let tasks = player.finish(&mut played);
    assert_eq!(tasks[0].results(&played), task.results(&store));
    for clock in [30, 5, 0, 77, 12] {
        timeline.seek(&mut played, clock).unwrap();
        assert_eq!(played.state(), &states[clock as usize], "{clock}");
    }
    timeline.return_to_present(&mut played);
    assert_eq!(played.state(), store.state());
}

#[test]
fn nothing_that_cannot_be_null_is_made_of_null() {
    let (_, mut store) = noting();
    let element = crate::RefType { nullable: false, heap: crate::HeapType::Func };
    let limits = |min| Limits { min, max: None };
    let ty = |min| TableType { element, limits: limits(min), index64: false };
    assert!(matches!(store.new_table(ty(1)), Err(Error::Type { .. })));
    let table = store.new_table(ty(0)).unwrap();
    assert_eq!(store.grow_table(table, 1), None);
    assert_eq!(store.grow_table(table, 0), Some(0));
    assert_same(&store);
}

#[test]
fn a_part_that_is_taken_at_the_end_has_the_last_run() {
    let (engine, mut store) = noting();
    let text = "(module (memory 2) (func (export \"fill\")
        (memory.fill (i32.const 0) (i32.const 7) (i32.const 100000))))";
    let module = wat(&engine, text);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let mut fills = start(&mut store, instance, "fill", &[]);
    fills.run(&mut store, Budget::unlimited().bulk_bytes(50_000)).unwrap();
    assert!(fills.bulk_progress(&store).is_some());
    store.close_recording();
    let part = store.take_recording().unwrap();
    assert!(matches!(part.steps.last(), Some(Step::Run { end: RunEnd::Within(_), .. })));
    let (played, _tasks) = play(&part, u64::MAX);
    assert_eq!(played.state(), store.state());
}

#[test]
fn fields_set_by_hand_are_played() {
    let (engine, mut store) = noting();
    let text = r#"(module (type $s (struct (field i64) (field (mut i8))))
        (global (export "g") (ref $s) (struct.new $s (i64.const 5) (i32.const 6)))
        (func (export "get") (result i32) (struct.get_u $s 1 (global.get 0))))"#;
    let module = wat(&engine, text);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let Some(Extern::Global(global)) = store.export(instance, "g") else { panic!() };
    let Some((_, Value::AnyRef(Some(crate::AnyRef::Object(object))))) = store.global(global) else {
        panic!()
    };
    store.set_field(object, 1, Value::I32(77)).unwrap();
    let mut task = start(&mut store, instance, "get", &[]);
    assert_eq!(
        task.run(&mut store, Budget::unlimited()).unwrap(),
        Stop::Done(vec![Value::I32(77)])
    );
    assert_same(&store);
}

#[test]
fn what_cannot_be_known_is_said() {
    let (_, mut store) = noting();
    let memory = store.new_memory(MemoryType::new(Limits { min: 1, max: None })).unwrap();
    assert!(store.has_all_steps());
    store.memory_mut(memory).unwrap();
    assert_eq!(store.lost_steps(), Some("a memory was written to directly"));
    assert!(store.recording().is_none() && store.take_recording().is_none());

    let engine = engine();
    let mut store = Store::new(&engine);
    assert_eq!(store.lost_steps(), Some("nothing was noted"));
    let module = wat(&engine, "(module (func (export \"f\")))");
    Linker::new().instantiate(&mut store, &module).unwrap();
    store.note_steps(ALL);
    assert!(!store.has_all_steps());

    let mut store = Store::new(&engine);
    store.note_steps(200);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    for _ in 0..9 {
        start(&mut store, instance, "f", &[]).run(&mut store, Budget::unlimited()).unwrap();
    }
    assert_eq!(store.lost_steps(), Some("the run is too long for it"));
}

#[test]
fn parts_that_are_taken_as_it_grows_are_the_whole() {
    let (engine, mut store) = noting();
    let mut linker = Linker::new();
    linker.func_wrap("env", "get", |value: i32| value + 1);
    linker.func_wrap("env", "put", |_: i32| {});
    let module = wat(&engine, ASKS);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut task = start(&mut store, instance, "go", &[Value::I32(30)]);
    let mut whole = Recording::default();
    while task.run(&mut store, Budget::instructions(11)).unwrap() == Stop::Budget {
        let part = store.take_recording().unwrap();
        assert!(!part.steps.iter().any(|step| matches!(step, Step::Run { .. })));
        whole.steps.extend(part.steps);
        whole.calls.extend(part.calls);
    }
    let part = store.take_recording().unwrap();
    whole.steps.extend(part.steps);
    whole.calls.extend(part.calls);
    let (played, _tasks) = play(&whole, u64::MAX);
    assert_eq!(played.state(), store.state());
}

#[test]
fn forged_recordings_end_in_errors() {
    let (engine, mut store) = noting();
    let mut linker = Linker::new();
    linker.func_wrap("env", "get", |value: i32| value + 1);
    linker.func_wrap("env", "put", |_: i32| {});
    let module = wat(&engine, ASKS);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut task = start(&mut store, instance, "go", &[Value::I32(3)]);
    task.run(&mut store, Budget::unlimited()).unwrap();
    let recording = store.recording().unwrap();
    let play = |recording: Recording| {
        let mut store = Store::new(&engine);
        let mut player = Player::begin(&mut store, recording);
        player.go_on(&mut store, None, 1_000_000)
    };
    assert_eq!(play(recording.clone()).unwrap(), Played::Done);
    let steps = recording.steps.len();
    for position in 0..steps {
        let mut forged = recording.clone();
        forged.steps.remove(position);
        // Without the name or the run it is another one, which is none the worse.
        let _ = play(forged);
        let mut forged = recording.clone();
        if let Step::Run { executed, .. } = &mut forged.steps[position] {
            *executed += 1_000;
            assert!(matches!(play(forged.clone()), Err(Error::Diverged { .. })));
            let Step::Run { task, .. } = &mut forged.steps[position] else { panic!() };
            *task = TaskId(77);
            assert!(matches!(play(forged), Err(Error::UnknownIndex { .. })));
        }
    }
    for forge in [
        |imports: &mut Vec<super::Import>| imports.clear(),
        |imports: &mut Vec<super::Import>| imports.swap(0, 1),
        |imports: &mut Vec<super::Import>| {
            imports[0] = super::Import::Known(Extern::Func(crate::FuncAddr(9)));
        },
        |imports: &mut Vec<super::Import>| imports[0] = super::Import::Text,
        |imports: &mut Vec<super::Import>| imports[1] = super::Import::Host(crate::FuncAddr(0)),
    ] {
        let mut forged = recording.clone();
        let Some(Step::Instantiate { imports, .. }) = forged.steps.first_mut() else { panic!() };
        forge(imports);
        assert!(play(forged).is_err());
    }
    let mut forged = recording.clone();
    let mut call = crate::host::record::HostRecord::clone(&forged.calls[0]);
    call.args = vec![Value::I64(0)];
    forged.calls[0] = alloc::sync::Arc::new(call);
    assert!(matches!(play(forged), Err(Error::Diverged { .. })));
}
