//! Exceptions and atomic waits, whatever executes them.

use stepwell_engine::{
    Budget, Config, Engine, Error, Linker, Module, Stop, Store, TrapCode, Value,
};

use super::{TIERS, check, result, traps};

#[test]
fn handlers_of_all_frames_catch() {
    let text = r#"(module
      (tag $odd (param i32))
      (tag $even (param i32 i64))
      (tag $seven)
      (func $throw (param $n i32)
        local.get $n  i32.const 7  i32.rem_u  i32.eqz  if throw $seven end
        local.get $n  i32.const 1  i32.and
        if local.get $n  throw $odd end
        local.get $n  i64.const 1000  throw $even)
      (func $between (param $n i32) (result i32) (local $kept i32)
        i32.const 5  local.set $kept
        block $all (result exnref)
          block $odd (result i32)
            try_table (catch $odd $odd) (catch_all_ref $all)
              local.get $n  call $throw
            end
            unreachable
          end
          local.get $kept  i32.add  i32.const 9  i32.add
          return
        end
        local.get $n  i32.const 3  i32.rem_u  i32.eqz
        if (param exnref) throw_ref else throw_ref end
        unreachable)
      (func (export "run") (param $n i32) (result i32) (local $sum i32)
        loop $next
          block $done
            block $even (result i32 i64)
              try_table (catch $even $even) (catch_all $done)
                local.get $n  call $between  local.get $sum  i32.add  local.set $sum
              end
              br $done
            end
            i32.wrap_i64  i32.add  local.get $sum  i32.add  local.set $sum
          end
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $next
        end
        local.get $sum))"#;
    let caught = |n: i32| match n {
        n if n % 7 == 0 => 0,
        n if n % 2 == 1 => n + 5 + 9,
        n => n + 1000,
    };
    assert_eq!(check(text, 40), result((1..=40).map(caught).sum()));
}

#[test]
fn legacy_blocks_keep_what_they_have_caught() {
    let text = r#"(module
      (tag $e (param i32))
      (func $deep (param $n i32) (result i32)
        local.get $n  i32.eqz  if local.get $n  throw $e end
        try (result i32)
          local.get $n  i32.const 1  i32.sub  call $deep
          drop
          local.get $n  throw $e
        catch $e
          local.get $n  i32.add
          try (param i32) (result i32)
            drop  i32.const 3  throw $e
          catch $e
          end
          local.get $n  i32.const 2  i32.and
          if rethrow 1 end
        end)
      (func (export "run") (param $n i32) (result i32)
        try (result i32) local.get $n  call $deep  catch $e  i32.const 100  i32.add  end))"#;
    // An even one below throws what it has been thrown, and so does every second level.
    assert_eq!(check(text, 1), result(3));
    assert!(matches!(check(text, 9), Stop::Done(_)));
    assert!(matches!(check(text, 10), Stop::Done(_)));
}

#[test]
fn an_uncaught_exception_tells_what_it_carries() {
    let text = r#"(module
      (tag $oops (param i32 f64))
      (func $inner (param i32) local.get 0  f64.const 0.5  throw $oops)
      (func (export "run") (param i32) (result i32)
        block try_table (catch_all 0) end end
        local.get 0  call $inner  i32.const 1))"#;
    let Stop::Trap(trap) = check(text, 42) else { panic!("no trap") };
    let TrapCode::Exception(exception) = &trap.code else { panic!("{trap}") };
    assert_eq!(exception.name.as_deref(), Some("oops"));
    assert_eq!(exception.values, [Value::I32(42), Value::F64(0.5)]);
    assert_eq!(trap.code.to_string(), "uncaught exception $oops i32:42 f64:0.5");
    let names: Vec<_> = trap.backtrace.iter().map(|frame| frame.func_name.as_deref()).collect();
    assert_eq!(names, [Some("inner"), Some("run")]);
}

#[test]
fn who_will_catch_is_known_before_the_throw() {
    let text = r#"(module
      (tag $a) (tag $b)
      (func $thrower (param i32) local.get 0  if throw $a end  throw $b)
      (func (export "run") (param i32)
        block $caught
          try_table (catch $a $caught)
            local.get 0  call $thrower
          end
        end))"#;
    for (argument, catcher) in [(1, Some(1)), (0, None)] {
        let engine = Engine::default();
        let module = Module::from_wat(&engine, text).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, &[Value::I32(argument)]).unwrap();
        let throwing = loop {
            if let Some(throwing) = task.throwing(&store) {
                break throwing;
            }
            assert_eq!(task.step(&mut store).unwrap(), Stop::Budget);
        };
        let tag = store.instance(instance).unwrap().tags()[argument as usize ^ 1];
        assert_eq!(throwing.tag, tag);
        assert_eq!(throwing.handler.map(|handler| handler.frame), catcher);
        task.step(&mut store).unwrap();
        match throwing.handler {
            Some(handler) => {
                assert_eq!(task.frames(&store).next().unwrap().offset(), handler.target);
            }
            None => assert!(task.trap(&store).is_some()),
        }
    }
}

const WAITING: &str = r#"(module
  (memory (export "memory") 1 1 shared)
  (func (export "wait") (param $timeout i64) (result i32)
    i32.const 8  i32.const 0  local.get $timeout  memory.atomic.wait32)
  (func (export "notify") (param $count i32) (result i32)
    i32.const 8  i32.const 1  i32.atomic.store
    i32.const 8  local.get $count  memory.atomic.notify))"#;

#[test]
fn tasks_notify_each_other() {
    for tier in TIERS {
        let engine = Engine::new(Config::default().tier(tier));
        let module = Module::from_wat(&engine, WAITING).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let func = |name: &str| store.export_func(instance, name).unwrap();
        let (wait, notify) = (func("wait"), func("notify"));
        let mut tasks: Vec<_> =
            (0..3).map(|_| store.start(wait, &[Value::I64(-1)]).unwrap()).collect();
        for task in &mut tasks {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            let Stop::Wait(wait) = &stop else { panic!("{stop:?}") };
            assert_eq!((wait.address, wait.timeout), (8, None));
            assert_eq!(task.atomic_wait(&store).as_ref(), Some(wait));
            // Not before somebody has notified it.
            assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), stop);
            assert_eq!(task.executed(), 4);
        }
        assert_eq!(store.waiters().len(), 3);
        assert_eq!(store.invoke(notify, &[Value::I32(2)]).unwrap(), [Value::I32(2)]);
        for task in &mut tasks[..2] {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert_eq!(stop, Stop::Done(vec![Value::I32(0)]), "{tier:?}");
        }
        let stop = tasks[2].run(&mut store, Budget::unlimited()).unwrap();
        assert!(matches!(stop, Stop::Wait(_)));
        tasks[2].time_out(&mut store).unwrap();
        let stop = tasks[2].run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![Value::I32(2)]));
        assert_eq!(tasks[2].time_out(&mut store), Err(Error::NotWaiting));
        assert_eq!(store.waiters().len(), 0);
        // The value has changed, so that a wait is over at once.
        assert_eq!(store.invoke(wait, &[Value::I64(-1)]).unwrap(), [Value::I32(1)]);
    }
}

#[test]
fn a_wait_that_nobody_can_end_is_an_error_and_no_hang() {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, WAITING).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let wait = store.export_func(instance, "wait").unwrap();
    assert_eq!(store.invoke(wait, &[Value::I64(-1)]), Err(Error::Deadlock { address: 8 }));
    assert_eq!(store.invoke(wait, &[Value::I64(1_000)]).unwrap(), [Value::I32(2)]);
}

#[test]
fn accesses_with_64_bit_addresses_and_atomic_ones() {
    let text = r#"(module (memory i64 1 1 shared)
      (func (export "run") (param $n i32) (result i32) (local $at i64) (local $sum i32) (local $f f64)
        loop
          local.get $n  i64.extend_i32_u  i64.const 3  i64.shl  local.set $at
          local.get $at  local.get $n  i32.const 7  i32.mul  i32.store
          local.get $at  local.get $n  i32.const -3  i32.mul  i32.store16 offset=4
          local.get $at  i64.const 5  i64.atomic.rmw.add  drop
          local.get $at  i32.const 9  i32.const 1  i32.atomic.rmw8.cmpxchg_u offset=6
          local.get $at  i32.load  i32.add
          local.get $at  i32.load16_s offset=4  i32.add
          local.get $at  i32.atomic.load8_u offset=1  i32.add
          local.get $at  i32.const 0xff  i32.atomic.rmw16.xchg_u offset=2  i32.sub
          local.get $sum  i32.add  local.set $sum
          local.get $at  f64.const 1.5  f64.store offset=1024
          local.get $f  local.get $at  f64.load offset=1024  f64.add  local.set $f
          local.get $at  local.get $sum  i32.atomic.store offset=2048
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        local.get $sum  local.get $f  i32.trunc_f64_s  i32.add))"#;
    let all = (1..=30).map(|n: i32| n * 7 + 5 - 3 * n + ((n * 7 + 5) >> 8 & 0xff));
    assert_eq!(check(text, 30), result(all.sum::<i32>() + 45));
    let beyond = |body: &str| {
        format!(
            "(module (memory i64 1) (func (export \"run\") (param i32) (result i32)
               i32.const 5  i64.const 0x100000000  {body}))"
        )
    };
    traps(&beyond("i32.load  i32.add"), 0, TrapCode::MemoryOutOfBounds);
    traps(&beyond("i64.load32_u  i32.wrap_i64  i32.add"), 0, TrapCode::MemoryOutOfBounds);
    traps(&beyond("i32.const 1  i32.store8"), 0, TrapCode::MemoryOutOfBounds);
    traps(&beyond("i32.const 1  i32.atomic.rmw.add  i32.add"), 0, TrapCode::MemoryOutOfBounds);
    traps(&beyond("i32.atomic.load offset=2  i32.add"), 0, TrapCode::UnalignedAtomic);
}

#[test]
fn what_a_narrow_exchange_expects_is_wrapped_to_its_width() {
    // What memory holds after it, and what it answers with.
    let exchange = |operator: &str, ty: &str, expected: u64| {
        let wrap = if ty == "i64" { "i32.wrap_i64" } else { "" };
        let text = format!(
            "(module (memory 1 1 shared) (func (export \"run\") (param $n i32) (result i32)
               i32.const 0  i32.const 0x11111111  i32.store
               i32.const 0  {ty}.const {expected}  {ty}.const 0x2cd
               {ty}.atomic.{operator}.cmpxchg_u  {wrap}
               i32.const 0  i32.load
               local.get $n  select))"
        );
        (check(&text, 0), check(&text, 1))
    };
    for (operator, ty, expected, stored, old) in [
        ("rmw8", "i32", 0x1111_1111, 0x1111_11cd, 0x11),
        ("rmw8", "i64", 0x1_0000_0011, 0x1111_11cd, 0x11),
        ("rmw16", "i32", 0x2222_1111, 0x1111_02cd, 0x1111),
        ("rmw16", "i64", 0xffff_ffff_ffff_1111, 0x1111_02cd, 0x1111),
        ("rmw32", "i64", 0x1_1111_1111, 0x2cd, 0x1111_1111),
        ("rmw8", "i32", 0x1111_1112, 0x1111_1111, 0x11),
        ("rmw16", "i64", 0x1112, 0x1111_1111, 0x1111),
        ("rmw32", "i64", 0x1111_1110, 0x1111_1111, 0x1111_1111),
    ] {
        let found = exchange(operator, ty, expected);
        assert_eq!(found, (result(stored), result(old)), "{ty}.atomic.{operator} {expected:#x}");
    }
}
