//! Starting, answering, changing and ending tasks.

use stepwell_engine::{
    Budget, Engine, Error, FuncType, HostAnswer, Linker, Stop, Store, TrapCode, ValType, Value,
};

use super::{module, single};

#[test]
fn a_start_function_can_stop_and_go_on() {
    let text = r#"(module (import "env" "ask" (func $ask (result i32)))
      (global $g (export "g") (mut i32) (i32.const 0)) (start $start)
      (func $start call $ask global.set $g))"#;
    let mut linker = Linker::new();
    linker.func_unresolved("env", "ask", FuncType::new([], [ValType::I32]));
    let mut store = Store::new(&Engine::default());

    let error = linker.instantiate(&mut store, &module(text)).unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error}");

    let begun = linker.begin_instantiate(&mut store, &module(text)).unwrap();
    let mut start = begun.start.expect("a start function");
    assert_eq!(start.executed(), 0);
    assert_eq!(start.run(&mut store, Budget::instructions(0)).unwrap(), Stop::Budget);
    let Stop::HostCall(call) = start.step(&mut store).unwrap() else { panic!("a host call") };
    assert_eq!((&*call.name, start.executed()), ("ask", 1));
    start.resume(&mut store, HostAnswer::Return(vec![Value::I32(9)])).unwrap();
    assert_eq!(start.run(&mut store, Budget::unlimited()).unwrap(), Stop::Done(vec![]));
    let Some(stepwell_engine::Extern::Global(global)) = store.export(begun.instance, "g") else {
        panic!("a global")
    };
    assert_eq!(store.global(global).unwrap().1, Value::I32(9));
}

#[test]
fn wrong_arguments_start_nothing() {
    let (mut store, instance) = single(r#"(module (func (export "f") (param i32 f64)))"#);
    let func = store.export_func(instance, "f").unwrap();
    let error = store.start(func, &[Value::I32(1)]).unwrap_err();
    assert!(matches!(error, Error::Arity { expected: 2, found: 1, .. }), "{error}");
    let error = store.start(func, &[Value::I32(1), Value::I64(1)]).unwrap_err();
    assert!(matches!(error, Error::Type { position: 1, found: ValType::I64, .. }), "{error}");
    let error = store.export_func(instance, "g").unwrap_err();
    assert!(matches!(error, Error::UnknownExport { .. }), "{error}");
}

#[test]
fn exports_of_another_kind_are_told() {
    let (store, instance) = single(r#"(module (memory (export "m") 1))"#);
    let error = store.export_func(instance, "m").unwrap_err();
    assert_eq!(error.to_string(), r#"export "m" is a memory, not a func"#);
}

#[test]
fn a_wrong_answer_leaves_the_call_pending() {
    let text = r#"(module (import "env" "ask" (func $ask (result i32)))
      (func (export "f") (result i32) call $ask i32.const 1 i32.add))"#;
    let mut linker = Linker::new();
    linker.func_unresolved("env", "ask", FuncType::new([], [ValType::I32]));
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    let error = task.resume(&mut store, HostAnswer::Return(vec![])).unwrap_err();
    assert_eq!(error, Error::NotWaiting);
    task.run(&mut store, Budget::unlimited()).unwrap();
    for wrong in [vec![], vec![Value::F32(1.0)], vec![Value::I32(1), Value::I32(2)]] {
        let error = task.resume(&mut store, HostAnswer::Return(wrong)).unwrap_err();
        assert!(matches!(error, Error::Arity { .. } | Error::Type { .. }), "{error}");
        let again = task.run(&mut store, Budget::unlimited()).unwrap();
        assert!(matches!(again, Stop::HostCall(_)), "still waiting");
        assert_eq!(task.executed(), 1);
    }
    task.resume(&mut store, HostAnswer::Return(vec![Value::I32(41)])).unwrap();
    assert_eq!(
        task.run(&mut store, Budget::unlimited()).unwrap(),
        Stop::Done(vec![Value::I32(42)])
    );
}

#[test]
fn a_trap_for_an_answer_leaves_the_frames() {
    let text = r#"(module (import "env" "ask" (func $ask (param i32)))
      (func $f (export "f") i32.const 5 call $ask))"#;
    let mut linker = Linker::new();
    linker.func_unresolved("env", "ask", FuncType::new([ValType::I32], []));
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    task.run(&mut store, Budget::unlimited()).unwrap();
    task.resume(&mut store, HostAnswer::Trap("no such file".to_owned())).unwrap();
    let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a trap")
    };
    assert_eq!(trap.code, TrapCode::Host("no such file".into()));
    let frame = task.frames(&store).next().unwrap();
    assert_eq!((frame.func_name(), frame.operands()), (Some("f"), vec![Value::I32(5)]));
    assert!(task.is_finished(&store));
    assert_eq!(task.trap(&store), Some(&trap));
}

#[test]
fn operands_and_locals_are_typed_and_can_be_changed() {
    let text = r#"(module (func $f (export "f") (param $x i64) (result i64) (local $y f32)
      local.get $x i64.const 5 i64.add))"#;
    let (mut store, instance) = single(text);
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[Value::I64(1)]).unwrap();
    task.run(&mut store, Budget::instructions(2)).unwrap();
    let frame = task.frames(&store).next().unwrap();
    assert_eq!(frame.operands(), [Value::I64(1), Value::I64(5)]);
    let locals = frame.locals();
    let names: Vec<_> = locals.iter().map(|local| local.name.as_deref()).collect();
    assert_eq!(names, [Some("x"), Some("y")]);
    let error = task.set_operand(&mut store, 0, 1, Value::I32(1)).unwrap_err();
    assert!(matches!(error, Error::Type { .. }), "{error}");
    assert!(task.set_operand(&mut store, 0, 2, Value::I64(1)).is_err());
    assert!(task.set_local(&mut store, 1, 0, Value::I64(1)).is_err());
    task.set_operand(&mut store, 0, 1, Value::I64(100)).unwrap();
    task.set_local(&mut store, 0, 1, Value::F32(0.5)).unwrap();
    assert_eq!(task.frames(&store).next().unwrap().locals()[1].value, Value::F32(0.5));
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I64(101)]));
    assert_eq!(task.results(&store), Some(&[Value::I64(101)][..]));
}

#[test]
fn a_finished_task_says_so_again() {
    let (mut store, instance) = single(r#"(module (func (export "f") (result i32) i32.const 1))"#);
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    let first = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), first);
    assert_eq!(task.executed(), 2);
}

#[test]
fn a_closure_that_answers_wrongly_is_a_trap() {
    let text = r#"(module (import "env" "f" (func (result i32))) (export "f" (func 0)))"#;
    let mut linker = Linker::new();
    linker.func("env", "f", FuncType::new([], [ValType::I32]), |_, _| Ok(vec![]));
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let error = store.invoke(func, &[]).unwrap_err().to_string();
    assert!(error.contains("env.f answered wrongly"), "{error}");
}

#[test]
fn modules_and_states_may_go_to_another_thread() {
    // A task may not: it owns futures of its host functions, which need not be able to.
    fn may_go<T: Send + Sync>() {}
    may_go::<stepwell_engine::Module>();
    may_go::<stepwell_engine::store::StoreState>();
}

#[test]
fn the_room_of_a_task_that_is_over_shows_the_next_one_nothing() {
    let text = r#"(module
      (func (export "fill") (param i64 i64) (result i64) (local i64 i64 v128)
        (local.set 2 (local.get 0)) (local.set 3 (local.get 1))
        (local.set 4 (i64x2.splat (local.get 0)))
        (i64.add (local.get 2) (i64.add (local.get 3) (i64x2.extract_lane 1 (local.get 4)))))
      (func (export "look") (param i32) (result i64) (local i64 i64 i64 v128)
        (i64.or (i64.or (local.get 1) (i64.or (local.get 2) (local.get 3)))
          (i64.or (i64x2.extract_lane 0 (local.get 4)) (i64x2.extract_lane 1 (local.get 4))))))"#;
    let (mut store, instance) = single(text);
    let look = store.export_func(instance, "look").unwrap();
    for round in 0..4 {
        let filled = super::invoke(&mut store, instance, "fill", &[Value::I64(-1), Value::I64(-1)]);
        assert_eq!(filled, [Value::I64(-3)]);
        // Ended by itself, or by its handle.
        let mut task = store.start(look, &[Value::I32(round)]).unwrap();
        let stop = task.run(&mut store, Budget::instructions([3, 99][round as usize % 2])).unwrap();
        if round % 2 == 1 {
            assert_eq!(stop, Stop::Done(vec![Value::I64(0)]));
        }
        drop(task);
        assert_eq!(store.invoke(look, &[Value::I32(-1)]), Ok(vec![Value::I64(0)]));
    }
}
