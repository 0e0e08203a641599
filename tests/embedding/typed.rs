//! Functions in types of Rust, and data that a store carries for its host functions.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use stepwell_engine::host::record::RecordedAnswer;
use stepwell_engine::host::typed::{DataRef, ExternRef, FuncRef};
use stepwell_engine::{
    AnyRef, Budget, CallSite, CallState, Caller, Config, Engine, Error, ExternAddr, FuncType,
    HostError, InstanceId, Linker, Module, Stop, Store, Tier, TrapCode, ValType, Value,
};

use super::{invoke, module};

fn instantiate(linker: &Linker, text: &str, tier: Tier) -> (Store, InstanceId) {
    let engine = Engine::new(Config::default().tier(tier));
    let module = Module::from_wat(&engine, text).expect(text);
    let mut store = Store::new(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

const TIERS: [Tier; 3] = [Tier::Fast, Tier::Exact, Tier::Mixed];

#[test]
fn arguments_and_results_of_every_type() {
    const TEXT: &str = r#"(module
      (type $f (func (param i32 i64 f32 f64 v128 i32 i64) (result i64 v128 f32 i32 f64)))
      (import "env" "all" (func $all (type $f)))
      (import "env" "none" (func $none))
      (func (export "direct") (type $f)
        local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6
        call $all  call $none)
      (func (export "tail") (type $f)
        local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6
        return_call $all)
      (export "itself" (func $all)))"#;
    for tier in TIERS {
        let mut linker = Linker::new();
        let none = Arc::new(AtomicU32::new(0));
        let counted = none.clone();
        linker.func_wrap("env", "none", move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        linker.func_wrap(
            "env",
            "all",
            |a: i32, b: i64, c: f32, d: f64, e: u128, f: u32, g: u64| {
                assert_eq!((f, g), (u32::MAX, u64::MAX));
                (b - 1, !e, c * 2.0, a - 1, d * 2.0)
            },
        );
        let (mut store, instance) = instantiate(&linker, TEXT, tier);
        let args = [
            Value::I32(i32::MIN + 1),
            Value::I64(-5),
            Value::F32(0.5),
            Value::F64(-0.25),
            Value::V128(7 << 64 | 9),
            Value::I32(-1),
            Value::I64(-1),
        ];
        let results = [
            Value::I64(-6),
            Value::V128(!(7 << 64 | 9)),
            Value::F32(1.0),
            Value::I32(i32::MIN),
            Value::F64(-0.5),
        ];
        for export in ["direct", "tail", "itself"] {
            assert_eq!(invoke(&mut store, instance, export, &args), results, "{export} {tier:?}");
            type Params = (i32, i64, f32, f64, u128, u32, u64);
            let func = store.export_func(instance, export).unwrap();
            let func = store.typed_func::<Params, (i64, u128, f32, u32, f64)>(func).unwrap();
            let params = (i32::MIN + 1, -5, 0.5, -0.25, 7 << 64 | 9, u32::MAX, u64::MAX);
            let results = func.call(&mut store, params).unwrap();
            assert_eq!(results, (-6, !(7 << 64 | 9), 1.0, 1 << 31, -0.5));
        }
        assert_eq!(none.load(Ordering::Relaxed), 2);
    }
}

const ADDS: &str = r#"(module
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "calls") (param $left i32) (result i32) (local $sum i32)
    loop $next
      (local.set $sum (call $add (local.get $sum) (local.get $left)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))
    end
    local.get $sum))"#;

/// What a call tells about itself.
type Seen = Arc<Mutex<Vec<(Option<CallSite>, u64, usize, Option<InstanceId>)>>>;

fn see(seen: &Seen, caller: &mut Caller<'_>, a: i32) -> Result<(), HostError> {
    let activations = caller.activations().count();
    let told = (caller.site(), caller.executed(), activations, caller.instance());
    seen.lock().unwrap().push(told);
    let mut memory = caller.memory().unwrap();
    memory.read(0_u32, 4_u32)?;
    memory.write(8_u32, &a.to_le_bytes())?;
    Ok(())
}

/// Typed functions tell and leave behind what others do: sites, counts, records, in slices or not.
#[test]
fn a_typed_call_is_a_call_like_any_other() {
    for (tier, record, slice) in [
        (Tier::Fast, false, 1_000),
        (Tier::Fast, false, 7),
        (Tier::Fast, false, 1),
        (Tier::Fast, true, 1_000),
        (Tier::Fast, true, 1),
        (Tier::Exact, false, 3),
        (Tier::Mixed, false, 1_000),
    ] {
        let run = |typed: bool| {
            let seen = Seen::default();
            let mut linker = Linker::new();
            let kept = seen.clone();
            if typed {
                linker.func_wrap("env", "add", move |caller: &mut Caller<'_>, a: i32, b: i32| {
                    see(&kept, caller, a)?;
                    Ok::<i32, HostError>(a + b)
                });
            } else {
                let ty = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
                linker.func("env", "add", ty, move |caller, args| {
                    let [Value::I32(a), Value::I32(b)] = *args else { panic!("two numbers") };
                    see(&kept, caller, a)?;
                    Ok(vec![Value::I32(a + b)])
                });
            }
            let (mut store, instance) = instantiate(&linker, ADDS, tier);
            store.record_host_calls(record);
            let calls = store.export_func(instance, "calls").unwrap();
            let mut task = store.start(calls, &[Value::I32(20)]).unwrap();
            let mut stops = Vec::new();
            loop {
                let stop = task.run(&mut store, Budget::instructions(slice)).unwrap();
                stops.push((stop.clone(), task.executed()));
                if let Stop::Done(_) = stop {
                    break;
                }
            }
            let records = store.take_host_calls();
            assert_eq!(records.len(), if record { 20 } else { 0 });
            let seen = std::mem::take(&mut *seen.lock().unwrap());
            assert_eq!(seen.len(), 20);
            let memory = store.instance(instance).unwrap().memories()[0];
            let bytes = store.memory(memory).unwrap().bytes()[..16].to_vec();
            (stops, seen, records, bytes)
        };
        assert_eq!(run(true), run(false), "{tier:?} {record} {slice}");
    }
}

#[test]
fn a_record_of_typed_calls_replays() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", move |a: i32, b: i32| {
        counted.fetch_add(1, Ordering::Relaxed);
        a + b
    });
    let (mut store, instance) = instantiate(&linker, ADDS, Tier::Fast);
    let before = store.state().clone();
    store.record_host_calls(true);
    assert_eq!(invoke(&mut store, instance, "calls", &[Value::I32(4)]), [Value::I32(10)]);
    let records = store.take_host_calls();
    assert_eq!(records[3].answer, RecordedAnswer::Returned(vec![Value::I32(10)]));
    let (mut other, again) = instantiate(&linker, ADDS, Tier::Fast);
    other.replay_host_calls(records);
    assert_eq!(invoke(&mut other, again, "calls", &[Value::I32(4)]), [Value::I32(10)]);
    assert_eq!(calls.load(Ordering::Relaxed), 4, "the replay asks nobody");
    store.restore(before).unwrap();
}

#[test]
fn a_typed_function_fails_waits_and_has_breakpoints() {
    let answers = Arc::new(AtomicU32::new(0));
    let asked = answers.clone();
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", move |a: i32, b: i32| {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => Err(HostError::pending()),
            1 => Ok(a + b),
            2 => Err(HostError::new("no more")),
            _ => Err(HostError::exit(3)),
        }
    });
    let (mut store, instance) = instantiate(&linker, ADDS, Tier::Fast);
    let func = store.export_func(instance, "calls").unwrap();
    let mut task = store.start(func, &[Value::I32(9)]).unwrap();
    let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("it waits")
    };
    assert_eq!(call.state, CallState::InProgress);
    assert_eq!(call.args, [Value::I32(0), Value::I32(9)]);
    store.debugger_mut().break_on_call(call.func, true);
    let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a breakpoint")
    };
    assert_eq!((call.state, call.args[1]), (CallState::Breakpoint, Value::I32(9)));
    let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a breakpoint")
    };
    assert_eq!((call.state, call.args[1]), (CallState::Breakpoint, Value::I32(8)));
    let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a trap")
    };
    assert_eq!(trap.code, TrapCode::Host("no more".into()));
    assert_eq!(trap.backtrace.len(), 1);
    let mut task = store.start(func, &[Value::I32(9)]).unwrap();
    let _ = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), Stop::Exit(3));
}

/// Typed calls run on to the next call, whoever answers that.
#[test]
fn typed_calls_and_others_take_turns() {
    const TEXT: &str = r#"(module
      (import "env" "typed" (func $typed (param i32) (result i32)))
      (import "env" "values" (func $values (param i32) (result i32)))
      (import "env" "future" (func $future (param i32) (result i32)))
      (import "env" "asked" (func $asked (param i32) (result i32)))
      (memory 1)
      (func (export "run") (param $times i32) (result i32) (local $sum i32)
        loop $next
          (local.set $sum (call $typed (local.get $sum)))
          (local.set $sum (call $values (local.get $sum)))
          (local.set $sum (call $typed (local.get $sum)))
          (drop (memory.grow (i32.const 0)))
          (local.set $sum (call $future (call $typed (local.get $sum))))
          (local.set $sum (call $typed (call $typed (local.get $sum))))
          (local.set $sum (call $asked (local.get $sum)))
          (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1))))
        end
        local.get $sum))"#;
    let mut linker = Linker::new();
    let ty = || FuncType::new([ValType::I32], [ValType::I32]);
    let add = |args: &[Value], more: i32| match args {
        [Value::I32(sum)] => Ok(vec![Value::I32(sum + more)]),
        _ => Err(HostError::new("a number")),
    };
    linker.func_wrap("env", "typed", |sum: i32| sum + 1);
    linker.func("env", "values", ty(), move |_, args| add(args, 10));
    linker.func_async("env", "future", ty(), move |_, args| async move { add(&args, 100) });
    linker.func_unresolved("env", "asked", ty());
    let mut clocks = Vec::new();
    for (tier, slice) in
        [(Tier::Fast, 50), (Tier::Fast, 1_000), (Tier::Exact, 9), (Tier::Mixed, 1_000)]
    {
        let (mut store, instance) = instantiate(&linker, TEXT, tier);
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, &[Value::I32(30)]).unwrap();
        let values = loop {
            match task.run(&mut store, Budget::instructions(slice)).unwrap() {
                Stop::Budget => {}
                Stop::HostCall(call) => {
                    assert_eq!((&*call.name, call.state), ("asked", CallState::Unanswered));
                    let answer = add(&call.args, 1_000).unwrap();
                    task.resume(&mut store, stepwell_engine::HostAnswer::Return(answer)).unwrap();
                }
                Stop::Done(values) => break values,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(values, [Value::I32(30 * 1_115)]);
        clocks.push(task.executed());
    }
    assert!(clocks.iter().all(|clock| *clock == clocks[0]), "{clocks:?}");
}

#[test]
fn references_are_checked() {
    const TEXT: &str = r#"(module
      (import "env" "some" (func $some (param externref anyref funcref) (result funcref)))
      (table (export "table") 1 funcref)
      (func $own (export "own"))
      (func (export "run") (param externref) (result funcref)
        (call $some (local.get 0) (ref.i31 (i32.const 4)) (ref.func $own)))
      (elem declare func $own))"#;
    let wrong = Arc::new(AtomicU32::new(0));
    let chosen = wrong.clone();
    let mut linker = Linker::new();
    linker.func_wrap("env", "some", move |host: ExternRef, data: DataRef, func: FuncRef| {
        assert_eq!(host, ExternRef(Some(AnyRef::Host(ExternAddr(12)))));
        assert_eq!(data, DataRef(Some(AnyRef::I31(4))));
        match chosen.load(Ordering::Relaxed) {
            0 => func,
            _ => FuncRef(Some(stepwell_engine::FuncAddr(1_000_000))),
        }
    });
    let (mut store, instance) = instantiate(&linker, TEXT, Tier::Fast);
    let own = store.export_func(instance, "own").unwrap();
    let run = store.export_func(instance, "run").unwrap();
    let run = store.typed_func::<ExternRef, FuncRef>(run).unwrap();
    let arg = ExternRef(Some(ExternAddr(12).into()));
    assert_eq!(run.call(&mut store, arg).unwrap(), FuncRef(Some(own)));
    wrong.store(1, Ordering::Relaxed);
    let Err(Error::Trap(trap)) = run.call(&mut store, arg) else { panic!("no such function") };
    assert!(trap.to_string().contains("env.some answered wrongly"), "{trap}");
}

#[test]
fn a_function_has_to_have_the_type_asked_for() {
    const TEXT: &str = r#"(module (type $f (func))
      (func (export "f") (param i32 f64) (result i64) i64.const 1)
      (func (export "narrow") (param (ref $f)) (result (ref $f)) local.get 0))"#;
    let (mut store, instance) = super::single(TEXT);
    let f = store.export_func(instance, "f").unwrap();
    assert_eq!(
        store.typed_func::<i32, i64>(f).unwrap_err(),
        Error::Arity { what: "parameters", expected: 2, found: 1 }
    );
    assert_eq!(
        store.typed_func::<(i32, f64), f32>(f).unwrap_err(),
        Error::Type { what: "result", position: 0, expected: ValType::I64, found: ValType::F32 }
    );
    let typed = store.typed_func::<(u32, f64), u64>(f).unwrap();
    assert_eq!(typed.call(&mut store, (1, 0.0)), Ok(1));
    // It would be given null.
    let narrow = store.export_func(instance, "narrow").unwrap();
    assert!(store.typed_func::<FuncRef, FuncRef>(narrow).is_err());
    // Another store has another function there.
    let (mut other, _) = super::single("(module (func) (func))");
    assert_eq!(
        typed.call(&mut other, (1, 0.0)),
        Err(Error::Arity { what: "parameters", expected: 0, found: 2 })
    );
    let mut task = typed.start(&mut store, (1, 0.0)).unwrap();
    let Stop::Done(values) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("it ends")
    };
    assert_eq!(typed.results(&store, &values), Ok(1));
    assert!(typed.results(&store, &[]).is_err());
}

#[test]
fn an_import_of_another_type_is_told() {
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", |a: i64, b: i64| a + b);
    let mut store = Store::new(&Engine::default());
    let Err(Error::Link { errors }) = linker.instantiate(&mut store, &module(ADDS)) else {
        panic!("another type")
    };
    assert!(errors[0].to_string().contains("env.add"), "{}", errors[0]);
}

#[test]
fn host_functions_reach_the_data_of_their_store() {
    struct Sum(i32);
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", |caller: &mut Caller<'_>, a: i32, b: i32| {
        let sum = caller.data_mut::<Sum>().ok_or(HostError::new("no sum"))?;
        sum.0 += b;
        Ok::<i32, HostError>(a + b)
    });
    let engine = Engine::default();
    let mut store = Store::with_data(&engine, Sum(100));
    let instance = linker.instantiate(&mut store, &module(ADDS)).unwrap();
    let before = store.state().clone();
    invoke(&mut store, instance, "calls", &[Value::I32(3)]);
    assert_eq!(store.data::<Sum>().map(|sum| sum.0), Some(106));
    assert!(store.data::<String>().is_none(), "of another type");
    assert!(store.take_data::<String>().is_none());
    // No state has it: neither comparing nor restoring knows of it.
    store.data_mut::<Sum>().unwrap().0 = 5;
    let same = store.state().clone();
    store.data_mut::<Sum>().unwrap().0 = 6;
    assert_eq!(&same, store.state());
    store.restore(before).unwrap();
    assert_eq!(store.take_data::<Sum>().map(|sum| sum.0), Some(6));
    assert!(store.data::<Sum>().is_none());
    let calls = store.export_func(instance, "calls").unwrap();
    let Err(Error::Trap(trap)) = store.invoke(calls, &[Value::I32(1)]) else { panic!("no data") };
    assert_eq!(trap.code, TrapCode::Host("no sum".into()));
}

#[test]
fn futures_reach_the_data_too() {
    let mut linker = Linker::new();
    let ty = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
    linker.func_async("env", "add", ty, |caller, args| async move {
        let [Value::I32(a), Value::I32(b)] = args[..] else { panic!("two numbers") };
        caller
            .with(move |caller| caller.data_mut::<Vec<i32>>().map(|log| log.push(b)))
            .await?
            .ok_or(HostError::new("no log"))?;
        Ok(vec![Value::I32(a + b)])
    });
    let mut store = Store::with_data(&Engine::default(), Vec::<i32>::new());
    let instance = linker.instantiate(&mut store, &module(ADDS)).unwrap();
    invoke(&mut store, instance, "calls", &[Value::I32(3)]);
    assert_eq!(store.take_data(), Some(vec![3, 2, 1]));
}
