//! Host functions that call back into wasm: frames above them, budgets, traps, exceptions, garbage.

use std::cell::RefCell;
use std::rc::Rc;

use stepwell_engine::observe::Activation;
use stepwell_engine::{
    AsyncCaller, Budget, CallState, Config, Engine, Error, Extern, FuncAddr, FuncType, HostAnswer,
    HostError, HostResult, InstanceId, Linker, Module, Stop, Store, Task, Tier, TrapCode, ValType,
    Value,
};

/// `f(n)` works for a while, calls `env.back(n)` unless `n` is 0, and leaves traces in a global and in
/// memory. Locals that are not zero at the beginning trap.
const DEEP: &str = r#"(module $m
  (import "env" "back" (func $back (param i32) (result i32)))
  (global (export "calls") (mut i32) (i32.const 0))
  (memory (export "memory") 1)
  (func $f (export "f") (param $n i32) (result i32) (local $x i32) (local $sum i32)
    local.get $x local.get $sum i32.or if unreachable end
    i32.const 9 local.set $x
    loop
      local.get $sum local.get $n i32.add local.set $sum
      local.get $x i32.const 1 i32.sub local.tee $x br_if 0
    end
    i32.const 5 local.set $x
    global.get 0 i32.const 1 i32.add global.set 0
    local.get $n i32.eqz
    if (result i32)
      local.get $sum
    else
      i32.const 1000 local.get $n call $back i32.add local.get $sum i32.add
    end
    local.get $n i32.const 4 i32.mul global.get 0 i32.store
    local.get $x i32.add))"#;

fn export(
    caller: &AsyncCaller,
    name: &'static str,
) -> impl Future<Output = Result<FuncAddr, HostError>> + use<> {
    let caller = caller.clone();
    async move {
        match caller.with_local(move |caller| caller.export(name)).await? {
            Some(Extern::Func(func)) => Ok(func),
            _ => Err(HostError::new("no such function")),
        }
    }
}

fn numbers(params: usize, results: usize) -> FuncType {
    FuncType::new(vec![ValType::I32; params], vec![ValType::I32; results])
}

fn instantiate(config: Config, linker: &Linker, text: &str) -> (Store, InstanceId) {
    let engine = Engine::new(config);
    let mut store = Store::new(&engine);
    let module = Module::from_wat(&engine, text).expect(text);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn of_tier(tier: Tier) -> Config {
    Config::default().tier(tier)
}

/// `env.back(n)` calls `f(n - 1)`, and adds n to what it returns.
fn deep() -> Linker {
    let mut linker = Linker::new();
    linker.func_async_local("env", "back", numbers(1, 1), |caller, args| async move {
        let [Value::I32(n)] = args[..] else { return Err("a number".into()) };
        let f = export(&caller, "f").await?;
        match caller.call(f, &[Value::I32(n - 1)]).await?[..] {
            [Value::I32(result)] => Ok(vec![Value::I32(result + n)]),
            _ => Err("a number".into()),
        }
    });
    linker
}

fn start(store: &mut Store, instance: InstanceId, name: &str, args: &[Value]) -> Task {
    let func = store.export_func(instance, name).unwrap();
    store.start(func, args).unwrap()
}

/// Frames, innermost first: names of wasm functions, and of host functions in brackets.
fn shape(task: &Task, store: &Store) -> String {
    let names = task.activations(store).map(|activation| match activation {
        Activation::Wasm(frame) => frame.func_name().unwrap_or("?").to_owned(),
        Activation::Host(host) => format!("[{}]", host.name),
    });
    names.collect::<Vec<_>>().join(" ")
}

/// What a run has come to.
fn end(config: Config, slice: u64) -> (Stop, u64, Store) {
    let (mut store, instance) = instantiate(config, &deep(), DEEP);
    let mut task = start(&mut store, instance, "f", &[Value::I32(5)]);
    loop {
        let before = task.executed();
        match task.run(&mut store, Budget::instructions(slice)).unwrap() {
            Stop::Budget => assert_eq!(task.executed() - before, slice),
            stop => return (stop, task.executed(), store),
        }
    }
}

#[test]
fn slices_of_any_length_come_to_the_same_end_in_every_tier() {
    let (stop, executed, store) = end(of_tier(Tier::Exact), u64::MAX);
    // Sums of 9 n, what the calls add, and 5 for each frame.
    let expected: i32 = (0..=5).map(|n| 9 * n + 5 + if n > 0 { 1000 + n } else { 0 }).sum();
    assert_eq!(stop, Stop::Done(vec![Value::I32(expected)]));
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        for slice in (1..60).chain([97, 1_000, u64::MAX]) {
            let (found, count, other) = end(of_tier(tier), slice);
            assert_eq!((&found, count), (&stop, executed), "{tier:?} {slice}");
            assert_eq!(other.state(), store.state(), "{tier:?} {slice}");
        }
    }
}

#[test]
fn every_instruction_shows_the_host_frames_between() {
    let (mut store, instance) = instantiate(of_tier(Tier::Fast), &deep(), DEEP);
    let mut task = start(&mut store, instance, "f", &[Value::I32(3)]);
    let mut shapes = vec![shape(&task, &store)];
    loop {
        let stop = task.step(&mut store).unwrap();
        let depth = task.depth(&store);
        if let Stop::Done(_) = stop {
            break;
        }
        let now = shape(&task, &store);
        assert_eq!(now, vec!["f"; depth].join(" [back] "));
        assert_eq!(task.frames(&store).len(), depth);
        for (above, frame) in task.frames(&store).enumerate().skip(1) {
            // Those below wait in their call: `1000` is theirs, the argument is not any more.
            let n = 3 - (depth - 1 - above) as i32;
            assert!(frame.is_calling());
            assert_eq!(frame.operands(), [Value::I32(1000)]);
            let locals: Vec<Value> = frame.locals().into_iter().map(|local| local.value).collect();
            assert_eq!(locals, [n, 5, 9 * n].map(Value::I32));
            assert_eq!(frame.module().bytes()[frame.offset().index()], 0x10);
        }
        if shapes.last() != Some(&now) {
            shapes.push(now);
        }
    }
    let depths: Vec<usize> = shapes.iter().map(|shape| shape.matches('f').count()).collect();
    assert_eq!(depths, [1, 2, 3, 4, 3, 2, 1]);
}

#[test]
fn a_pending_host_function_stands_on_top() {
    let mut linker = deep();
    linker.func_unresolved("env", "ask", numbers(0, 1));
    let text = r#"(module (import "env" "back" (func $back (param i32) (result i32)))
      (import "env" "ask" (func $ask (result i32)))
      (func $f (export "f") (param i32) (result i32)
        local.get 0 if (result i32) local.get 0 call $back else call $ask end))"#;
    let (mut store, instance) = instantiate(Config::default(), &linker, text);
    let mut task = start(&mut store, instance, "f", &[Value::I32(1)]);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::HostCall(call) if call.state == CallState::Unanswered));
    assert_eq!(task.pending_call(&store).unwrap().state, CallState::Unanswered);
    assert_eq!(shape(&task, &store), "[ask] f [back] f");
    task.resume(&mut store, HostAnswer::Return(vec![Value::I32(4)])).unwrap();
    assert_eq!(shape(&task, &store), "f [back] f");
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(5)]));
}

#[test]
fn locals_and_operands_of_frames_below_can_be_changed() {
    let (mut store, instance) = instantiate(of_tier(Tier::Fast), &deep(), DEEP);
    let plain = super::invoke(&mut store, instance, "f", &[Value::I32(2)]);
    let mut task = start(&mut store, instance, "f", &[Value::I32(2)]);
    while task.depth(&store) < 3 {
        task.step(&mut store).unwrap();
    }
    task.set_operand(&mut store, 1, 0, Value::I32(3000)).unwrap();
    task.set_operand(&mut store, 2, 0, Value::I32(1001)).unwrap();
    task.set_local(&mut store, 2, 1, Value::I32(15)).unwrap();
    assert!(
        task.set_operand(&mut store, 1, 1, Value::I32(0)).is_err(),
        "the argument is given away"
    );
    assert!(task.set_local(&mut store, 3, 0, Value::I32(0)).is_err());
    let Stop::Done(values) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("done")
    };
    let [Value::I32(before), Value::I32(after)] = [plain[0], values[0]] else { panic!("numbers") };
    assert_eq!(after - before, 2000 + 1 + 10);
}

#[test]
fn a_state_put_back_at_any_instruction_goes_on_and_asks_for_what_its_host_functions_owe() {
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        let (mut store, instance) = instantiate(of_tier(tier), &deep(), DEEP);
        let begun = store.state().clone();
        let expected = super::invoke(&mut store, instance, "f", &[Value::I32(3)]);
        let mut asked = 0;
        let mut count = 0;
        loop {
            store.restore(begun.clone()).unwrap();
            let mut task = start(&mut store, instance, "f", &[Value::I32(3)]);
            let stop = task.run(&mut store, Budget::instructions(count)).unwrap();
            if let Stop::Done(values) = stop {
                assert_eq!(values, expected);
                break;
            }
            let state = store.state().clone();
            store.restore(state).unwrap();
            count += 1;
            // What it returns to a host function that it has no future of is the embedder's to answer.
            let mut level = task.depth(&store) as i32;
            let values = loop {
                match task.run(&mut store, Budget::unlimited()).unwrap() {
                    Stop::Done(values) => break values,
                    Stop::HostCall(call) => {
                        assert_eq!(call.state, CallState::Unanswered);
                        level -= 1;
                        asked += 1;
                        let [Value::I32(n)] = call.args[..] else { panic!("{call:?}") };
                        assert_eq!((n, task.depth(&store) as i32), (4 - level, level));
                        let sums = (0..n).map(|n| 9 * n + 5 + if n > 0 { 1000 + n } else { 0 });
                        let answer = Value::I32(sums.sum::<i32>() + n);
                        task.resume(&mut store, HostAnswer::Return(vec![answer])).unwrap();
                    }
                    stop => panic!("{stop:?}"),
                }
            };
            assert_eq!(values, expected, "{tier:?} after {count}");
        }
        assert!(asked > 100, "{asked}");
    }
}

#[test]
fn locals_are_zero_where_another_call_has_been() {
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        let mut linker = Linker::new();
        linker.func_async_local("env", "back", numbers(1, 1), |caller, args| async move {
            let [Value::I32(n)] = args[..] else { return Err("a number".into()) };
            let f = export(&caller, "f").await?;
            // The second call finds what the first has left above the stack.
            caller.call(f, &[Value::I32(n - 1)]).await?;
            Ok(caller.call(f, &[Value::I32(n - 1)]).await?)
        });
        let (mut store, instance) = instantiate(of_tier(tier), &linker, DEEP);
        let mut task = start(&mut store, instance, "f", &[Value::I32(4)]);
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert!(matches!(stop, Stop::Done(_)), "{tier:?} {stop:?}");
    }
}

#[test]
fn a_trap_inside_ends_the_task_with_all_frames() {
    let text = DEEP.replace("local.get $sum\n    else", "unreachable\n    else");
    let (mut store, instance) = instantiate(Config::default(), &deep(), &text);
    let mut task = start(&mut store, instance, "f", &[Value::I32(3)]);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    let Stop::Trap(trap) = &stop else { panic!("{stop:?}") };
    assert_eq!(
        (&trap.code, trap.backtrace.len(), trap.omitted_frames),
        (&TrapCode::Unreachable, 4, 0)
    );
    assert_eq!(shape(&task, &store), "f [back] f [back] f [back] f");
    assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), stop);
    // A host function that traps after it has called traps where it was called.
    let mut linker = Linker::new();
    linker.func_async_local("env", "back", numbers(1, 1), |caller, args| async move {
        let f = export(&caller, "f").await?;
        caller.call(f, &[Value::I32(0)]).await?;
        Err(HostError::new(format!("no {}", args[0])))
    });
    let (mut store, instance) = instantiate(Config::default(), &linker, DEEP);
    let mut task = start(&mut store, instance, "f", &[Value::I32(3)]);
    let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a trap")
    };
    assert_eq!((trap.code, trap.backtrace.len()), (TrapCode::Host("no i32:3".into()), 1));
}

/// `outer` calls `env.host`, which does what a test says with `inner`.
const BOTH: &str = r#"(module $m
  (import "env" "host" (func $host (param i32) (result i32)))
  (tag $e (export "e") (param i32)) (tag $other)
  (export "host" (func $host))
  (func $inner (export "inner") (param i32) (result i32)
    block local.get 0 i32.const 1 i32.ne br_if 0 unreachable end
    block local.get 0 i32.const 2 i32.ne br_if 0 i32.const 42 throw $e end
    block local.get 0 i32.const 3 i32.ne br_if 0 throw $other end
    local.get 0 i32.const 100 i32.add)
  (func $middle (param i32) (result i32) local.get 0 call $inner)
  (func $through (export "through") (param i32) (result i32)
    local.get 0 call $middle)
  (func $outer (export "outer") (param i32) (result i32)
    block (result i32)
      try_table (result i32) (catch $e 0)
        local.get 0 call $host
      end
      i32.const 1000 i32.add
    end)
  (func $tail (export "tail") (param i32) (result i32) (local $x i32)
    i32.const 7 local.set $x
    block (result i32)
      try_table (catch $e 0) local.get 0 return_call $host end
      unreachable
    end
    i32.const 4000 i32.add)
  (func (export "calls_tail") (param i32) (result i32)
    block (result i32)
      try_table (result i32) (catch $e 0)
        local.get 0 call $tail
      end
      i32.const 2000 i32.add
    end))"#;

fn both<F: Future<Output = HostResult> + 'static>(
    config: Config,
    host: impl Fn(AsyncCaller, i32) -> F + 'static,
) -> (Store, InstanceId) {
    let mut linker = Linker::new();
    linker.func_async_local("env", "host", numbers(1, 1), move |caller, args| {
        let [Value::I32(argument)] = args[..] else { panic!("a number") };
        host(caller, argument)
    });
    instantiate(config, &linker, BOTH)
}

async fn calls_through(caller: AsyncCaller, argument: i32) -> HostResult {
    let through = export(&caller, "through").await?;
    Ok(caller.call(through, &[Value::I32(argument)]).await?)
}

#[test]
fn try_call_catches_a_trap_and_goes_on() {
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        let (mut store, instance) = both(of_tier(tier), |caller, _| async move {
            let through = export(&caller, "through").await?;
            let mut sum = 0;
            for argument in [5, 1, 2, 3, 6] {
                match caller.try_call(through, &[Value::I32(argument)]).await? {
                    Ok(values) => {
                        let [Value::I32(value)] = values[..] else { panic!("{values:?}") };
                        sum += value;
                    }
                    Err(trap) => {
                        let frames = trap.backtrace.iter().map(|frame| frame.func_name.as_deref());
                        let frames: Vec<_> = frames.flatten().collect();
                        let expected = ["inner", "middle", "through", "outer"];
                        assert_eq!(frames, expected, "{trap}");
                        sum += match trap.code {
                            TrapCode::Unreachable => 10_000,
                            TrapCode::Exception(exception) => match exception.values[..] {
                                [Value::I32(value)] => 20_000 + value,
                                _ => 40_000,
                            },
                            code => panic!("{code}"),
                        };
                    }
                }
            }
            Ok(vec![Value::I32(sum)])
        });
        let mut task = start(&mut store, instance, "outer", &[Value::I32(0)]);
        while !task.is_finished(&store) {
            task.run(&mut store, Budget::instructions(3)).unwrap();
        }
        let sum = 105 + 10_000 + 20_042 + 40_000 + 106;
        assert_eq!(task.results(&store), Some(&[Value::I32(sum + 1000)][..]));
    }
}

#[test]
fn an_exception_passes_through_a_host_function_to_its_handler() {
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        let drops = Rc::new(());
        let held = drops.clone();
        let (mut store, instance) = both(of_tier(tier), move |caller, argument| {
            let held = held.clone();
            async move {
                let values = calls_through(caller, argument).await;
                drop(held);
                values
            }
        });
        for slice in [1, 2, 3, u64::MAX] {
            for (export, argument, expected) in [
                ("outer", 5, 1105),
                ("outer", 2, 42),
                ("calls_tail", 5, 2105),
                ("calls_tail", 2, 42),
            ] {
                let mut task = start(&mut store, instance, export, &[Value::I32(argument)]);
                while !task.is_finished(&store) {
                    task.run(&mut store, Budget::instructions(slice)).unwrap();
                }
                let results = task.results(&store);
                assert_eq!(results, Some(&[Value::I32(expected)][..]), "{tier:?} {export} {slice}");
                assert_eq!(Rc::strong_count(&drops), 2, "its future is over");
            }
        }
        // The other tag has no handler.
        let mut task = start(&mut store, instance, "outer", &[Value::I32(3)]);
        let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("a trap")
        };
        assert!(matches!(trap.code, TrapCode::Exception(_)));
        assert_eq!(trap.backtrace.len(), 4);
        assert_eq!(Rc::strong_count(&drops), 2);
    }
}

#[test]
fn what_is_about_to_be_thrown_names_its_handler_below_a_host_frame() {
    let throwing = |catches: bool, export: &str, argument: i32| {
        let (mut store, instance) = both(Config::default(), move |caller, argument| async move {
            let through = self::export(&caller, "through").await?;
            let args = [Value::I32(argument)];
            if catches {
                let _ = caller.try_call(through, &args).await?;
            } else {
                caller.call(through, &args).await?;
            }
            Ok(vec![Value::I32(0)])
        });
        let mut task = start(&mut store, instance, export, &[Value::I32(argument)]);
        loop {
            if let Some(throwing) = task.throwing(&store) {
                let name = |frame: usize| {
                    let mut frames = task.frames(&store);
                    frames.nth(frame).unwrap().func_name().unwrap().to_owned()
                };
                let handler = throwing.handler.map(|handler| (name(handler.frame), handler));
                task.step(&mut store).unwrap();
                let offset = task.frames(&store).next().map(|frame| frame.offset());
                if let Some((_, handler)) = &handler
                    && !task.is_finished(&store)
                {
                    assert_eq!(offset, Some(handler.target));
                }
                let host = throwing.host.is_some();
                return (handler.map(|(name, handler)| (name, handler.frame)), host);
            }
            task.step(&mut store).unwrap();
        }
    };
    assert_eq!(throwing(false, "outer", 2), (Some(("outer".to_owned(), 3)), false));
    assert_eq!(throwing(false, "outer", 3), (None, false));
    assert_eq!(throwing(true, "outer", 2), (None, true));
    // The frame that has left by a tail call is still seen, and catches nothing.
    assert_eq!(throwing(false, "calls_tail", 2).0.map(|(_, frame)| frame), Some(4));
}

#[test]
fn a_tail_called_host_function_calls_back() {
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        let (mut store, instance) = both(of_tier(tier), calls_through);
        for slice in 1..30 {
            let mut task = start(&mut store, instance, "tail", &[Value::I32(9)]);
            while !task.is_finished(&store) {
                task.run(&mut store, Budget::instructions(slice)).unwrap();
            }
            assert_eq!(task.results(&store), Some(&[Value::I32(109)][..]), "{tier:?} {slice}");
        }
    }
}

#[test]
fn a_host_function_calls_another() {
    let (mut store, instance) = both(Config::default(), |caller, argument| async move {
        if argument > 0 {
            let host = export(&caller, "host").await;
            // Its caller is no instance, and so has no exports.
            let host = match host {
                Ok(host) => host,
                Err(_) => caller
                    .with(|caller| {
                        let instance = caller.instance_named("m")?;
                        match caller.store().export(instance, "host") {
                            Some(Extern::Func(host)) => Some(host),
                            _ => None,
                        }
                    })
                    .await?
                    .ok_or("no instance")?,
            };
            let [Value::I32(result)] = caller.call(host, &[Value::I32(argument - 1)]).await?[..]
            else {
                panic!("a number")
            };
            return Ok(vec![Value::I32(result * 2)]);
        }
        assert!(caller.with_local(|caller| caller.site().is_none()).await?);
        Ok(vec![Value::I32(1)])
    });
    let mut task = start(&mut store, instance, "host", &[Value::I32(5)]);
    assert_eq!(
        task.run(&mut store, Budget::unlimited()).unwrap(),
        Stop::Done(vec![Value::I32(32)])
    );
    assert_eq!(task.executed(), 0);
    let mut task = start(&mut store, instance, "outer", &[Value::I32(3)]);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(1008)]));
}

#[test]
fn calls_with_wrong_arguments_are_errors_of_the_host_function() {
    let (mut store, instance) = both(Config::default(), |caller, _| async move {
        let through = export(&caller, "through").await?;
        let error = caller.call(through, &[]).await.unwrap_err();
        assert!(matches!(error, Error::Arity { .. }), "{error}");
        let error = caller.call(through, &[Value::I64(0)]).await.unwrap_err();
        assert!(matches!(error, Error::Type { .. }), "{error}");
        let error = caller.try_call(FuncAddr(999), &[]).await.unwrap_err();
        assert!(matches!(error, Error::UnknownIndex { .. }), "{error}");
        Ok(caller.call(through, &[Value::I32(8)]).await?)
    });
    let values = super::invoke(&mut store, instance, "outer", &[Value::I32(0)]);
    assert_eq!(values, [Value::I32(1108)]);
}

#[test]
fn two_calls_at_once_are_made_one_after_the_other() {
    let (mut store, instance) = both(Config::default(), |caller, _| async move {
        let through = export(&caller, "through").await?;
        let [one, two, three] = [10, 1, 30].map(|argument| {
            let caller = caller.clone();
            async move { caller.try_call(through, &[Value::I32(argument)]).await }
        });
        let both = smol::future::zip(one, smol::future::zip(two, three));
        let (one, (two, three)) = both.await;
        assert_eq!(two?.unwrap_err().code, TrapCode::Unreachable);
        let [Value::I32(one), Value::I32(three)] = [one?.unwrap()[0], three?.unwrap()[0]] else {
            panic!("numbers")
        };
        Ok(vec![Value::I32(one + three)])
    });
    let mut task = start(&mut store, instance, "outer", &[Value::I32(0)]);
    while !task.is_finished(&store) {
        task.run(&mut store, Budget::instructions(2)).unwrap();
    }
    assert_eq!(task.results(&store), Some(&[Value::I32(1240)][..]));
}

#[test]
fn recursion_through_the_host_has_an_end() {
    let config = Config::default().max_host_depth(20);
    let (mut store, instance) = instantiate(config.clone(), &deep(), DEEP);
    super::invoke(&mut store, instance, "f", &[Value::I32(20)]);
    let mut task = start(&mut store, instance, "f", &[Value::I32(21)]);
    let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a trap")
    };
    assert_eq!((trap.code, trap.backtrace.len()), (TrapCode::CallStackExhausted, 21));
    // The value stack may end before.
    let config = config.max_host_depth(1_000).max_value_stack(300);
    let (mut store, instance) = instantiate(config, &deep(), DEEP);
    let mut task = start(&mut store, instance, "f", &[Value::I32(200)]);
    let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a trap")
    };
    assert_eq!(trap.code, TrapCode::CallStackExhausted);

    // A host function that catches is told, and goes on.
    let mut linker = Linker::new();
    let deepest: Rc<RefCell<Vec<i32>>> = Rc::default();
    let told = deepest.clone();
    linker.func_async_local("env", "back", numbers(1, 1), move |caller, args| {
        let told = told.clone();
        async move {
            let [Value::I32(n)] = args[..] else { return Err("a number".into()) };
            let f = export(&caller, "f").await?;
            match caller.try_call(f, &[Value::I32(n - 1)]).await? {
                Ok(values) => Ok(values),
                Err(trap) => {
                    assert_eq!(trap.code, TrapCode::CallStackExhausted);
                    told.borrow_mut().push(n);
                    Ok(vec![Value::I32(0)])
                }
            }
        }
    });
    let config = Config::default().max_host_depth(20);
    let (mut store, instance) = instantiate(config, &linker, DEEP);
    super::invoke(&mut store, instance, "f", &[Value::I32(30)]);
    assert_eq!(*deepest.borrow(), [10]);
}

#[test]
fn objects_below_and_above_a_host_frame_survive() {
    let text = r#"(module $m
      (type $box (struct (field (mut i32))))
      (import "env" "host" (func $host (param (ref null any)) (result i32)))
      (import "env" "second" (func $second (param (ref null any)) (result i32)))
      (export "second" (func $second))
      (func (export "make") (param i32) (result (ref null any)) local.get 0 struct.new $box)
      (func (export "inner") (param (ref null any)) (result i32) (local $mine (ref null $box))
        i32.const 70 struct.new $box local.set $mine
        i32.const 7 struct.new $box
        nop
        struct.get $box 0
        local.get $mine struct.get $box 0 i32.add
        local.get 0 ref.cast (ref $box) struct.get $box 0 i32.add)
      (func (export "outer") (result i32) (local $mine (ref null $box))
        i32.const 1000 struct.new $box local.set $mine
        i32.const 20000 struct.new $box
        i32.const 300000 struct.new $box
        call $host
        drop
        struct.get $box 0
        local.get $mine struct.get $box 0 i32.add
        i32.const 0 call $read i32.add)
      (global $result (mut i32) (i32.const 0))
      (func $read (param i32) (result i32) global.get $result)
      (func (export "set") (param i32) local.get 0 global.set $result))"#;
    let anyref = ValType::Ref(stepwell_engine::RefType {
        nullable: true,
        heap: stepwell_engine::HeapType::Any,
    });
    let mut linker = Linker::new();
    let own = |caller: &AsyncCaller, name: &'static str| {
        let caller = caller.clone();
        async move {
            let found = caller.with_local(move |caller| {
                let instance = caller.instance_named("m")?;
                caller.store().export_func(instance, name).ok()
            });
            found.await?.ok_or(HostError::new("no such function"))
        }
    };
    let ty = || FuncType::new([anyref], [ValType::I32]);
    // `host` hands `second` an object that nobody else knows, `second` hands `inner` its own argument.
    linker.func_async_local("env", "host", ty(), move |caller, args| async move {
        let (make, second) = (own(&caller, "make").await?, own(&caller, "second").await?);
        let made = caller.call(make, &[Value::I32(5)]).await?;
        let values = caller.call(second, &made).await?;
        let set = own(&caller, "set").await?;
        caller.call(set, &values).await?;
        // Its own argument is as good as before.
        let inner = own(&caller, "inner").await?;
        assert_eq!(caller.call(inner, &args).await?, [Value::I32(300_077)]);
        Ok(vec![Value::I32(0)])
    });
    linker.func_async_local("env", "second", ty(), move |caller, args| async move {
        let (inner, make) = (own(&caller, "inner").await?, own(&caller, "make").await?);
        // While others are made, nobody knows its argument but the call itself.
        for _ in 0..3 {
            caller.call(make, &[Value::I32(9)]).await?;
        }
        Ok(caller.call(inner, &args).await?)
    });
    for tier in [Tier::Exact, Tier::Fast] {
        let (mut store, instance) = instantiate(of_tier(tier), &linker, text);
        let mut task = start(&mut store, instance, "outer", &[]);
        let mut freed = 0;
        loop {
            if let Stop::Done(values) = task.step(&mut store).unwrap() {
                // 5 of `made`, 7 and 70 of `inner`; 1000 and 20000 below.
                assert_eq!(values, [Value::I32(82 + 21_000)]);
                break;
            }
            store.release_all();
            freed += store.collect_garbage().unwrap();
        }
        assert!(freed > 0);
        store.collect_garbage().unwrap();
        drop(task);
        store.collect_garbage().unwrap();
        assert_eq!(store.objects().count(), 0);
    }
}
