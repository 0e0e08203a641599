//! Structures, arrays and references, whatever executes them, with a collection every few hundred
//! allocations.

use stepwell_engine::{
    AnyRef, Budget, Config, Engine, Linker, Module, Stop, Store, Tier, TrapCode, Value,
};

use super::{TIERS, check, result, traps};

#[test]
fn lists_are_built_walked_and_dropped() {
    let text = r#"(module
      (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
      (func $list (param $n i32) (result (ref null $node)) (local $list (ref null $node))
        loop $more
          local.get $n  local.get $list  struct.new $node  local.set $list
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $more
        end
        local.get $list)
      (func $sum (param $list (ref null $node)) (result i32) (local $sum i32)
        block $end
          loop $more
            local.get $list  br_on_null $end
            struct.get $node $value  local.get $sum  i32.add  local.set $sum
            local.get $list  struct.get $node $next  local.set $list
            br $more
          end
        end
        local.get $sum)
      (func (export "run") (param $n i32) (result i32) (local $sum i32)
        loop $again
          i32.const 25  call $list  call $sum  local.get $sum  i32.add  local.set $sum
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $sum))"#;
    assert_eq!(check(text, 15), result(15 * 325));
}

#[test]
fn what_lies_below_a_call_or_in_a_global_or_table_survives() {
    let text = r#"(module
      (type $box (struct (field i64)))
      (type $boxes (array (mut (ref null $box))))
      (global $g (mut (ref null $boxes)) (ref.null $boxes))
      (table $t 2 anyref)
      (elem $e (ref null $box) (item (struct.new $box (i64.const 1000))))
      (func $garbage (param $n i32)
        loop
          local.get $n  i64.extend_i32_u  struct.new $box  drop
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end)
      (func $box (param i64) (result (ref $box))
        i32.const 150  call $garbage  local.get 0  struct.new $box)
      (func (export "run") (param $n i32) (result i32) (local $kept (ref null $box))
        i32.const 3  array.new_default $boxes  global.set $g
        i64.const 1  call $box  local.set $kept
        global.get $g  i32.const 1  i64.const 20  call $box  array.set $boxes
        i32.const 1  i64.const 300  call $box  table.set $t
        i32.const 0  local.get $n  ref.i31  table.set $t
        ;; two operands lie below the calls
        i64.const 4000  call $box
        i64.const 50000  call $box
        i32.const 600  call $garbage
        struct.get $box 0  i32.wrap_i64
        i32.const 0  table.get $t  ref.cast (ref i31)  i31.get_s  i32.add
        i32.const 1  table.get $t  ref.cast (ref $box)  struct.get $box 0  i32.wrap_i64  i32.add
        global.get $g  i32.const 1  array.get $boxes  struct.get $box 0  i32.wrap_i64  i32.add
        local.get $kept  struct.get $box 0  i32.wrap_i64  i32.add
        i32.const 0  i32.const 1  array.new_elem $boxes $e
        i32.const 0  array.get $boxes  struct.get $box 0  i32.wrap_i64  i32.add
        local.set $n
        struct.get $box 0  i32.wrap_i64  local.get $n  i32.add))"#;
    assert_eq!(check(text, -7), result(54321 + 1000 - 7));
}

#[test]
fn fields_and_elements_of_every_width() {
    let text = r#"(module
      (type $s (struct (field $a (mut i8)) (field $b (mut i16)) (field $v (mut v128))
        (field $f (mut f32)) (field $l (mut i64)) (field $d (mut f64))))
      (type $bytes (array (mut i8)))
      (type $shorts (array (mut i16)))
      (type $ints (array (mut i32)))
      (type $longs (array (mut i64)))
      (type $vectors (array (mut v128)))
      (data $d "\80\81\ff\7f\01\02\03\04\05\06\07\08\09\0a\0b\0c")
      (func $struct (result i32) (local $s (ref null $s))
        struct.new_default $s  local.tee $s  i32.const 0x1ff  struct.set $s $a
        local.get $s  i32.const 0x18000  struct.set $s $b
        local.get $s  v128.const i32x4 1 2 3 4  struct.set $s $v
        local.get $s  f32.const 2.5  struct.set $s $f
        local.get $s  i64.const -5  struct.set $s $l
        local.get $s  struct.get_s $s $a
        local.get $s  struct.get_u $s $a  i32.add
        local.get $s  struct.get_s $s $b  i32.add
        local.get $s  struct.get_u $s $b  i32.add
        local.get $s  struct.get $s $v  i32x4.extract_lane 3  i32.add
        local.get $s  struct.get $s $f  i32.trunc_f32_s  i32.add
        local.get $s  struct.get $s $l  i32.wrap_i64  i32.add)
      (func $arrays (result i32)
        (local $b (ref null $bytes)) (local $h (ref null $shorts)) (local $v (ref null $vectors))
        i32.const 1  i32.const 13  array.new_data $bytes $d  local.set $b
        i32.const 0  i32.const 6  array.new_data $shorts $d  local.set $h
        v128.const i32x4 5 6 7 8  i32.const 3  array.new $vectors  local.set $v
        local.get $b  i32.const 3  local.get $b  i32.const 0  i32.const 9  array.copy $bytes $bytes
        local.get $b  i32.const 1  i32.const 0x77  i32.const 2  array.fill $bytes
        local.get $h  i32.const 4  i32.const 2  i32.const 2  array.init_data $shorts $d
        local.get $v  i32.const 1  v128.const i32x4 9 9 9 9  array.set $vectors
        local.get $b  i32.const 3  array.get_s $bytes
        local.get $b  i32.const 3  array.get_u $bytes  i32.add
        local.get $b  i32.const 2  array.get_u $bytes  i32.add
        local.get $h  i32.const 0  array.get_s $shorts  i32.add
        local.get $h  i32.const 4  array.get_u $shorts  i32.add
        local.get $v  i32.const 1  array.get $vectors  i32x4.extract_lane 2  i32.add
        local.get $v  i32.const 2  array.get $vectors  i32x4.extract_lane 2  i32.add
        local.get $v  array.len  i32.add
        i32.const 11  i32.const 12  i32.const 13  array.new_fixed $ints 3
        i32.const 2  array.get $ints  i32.add
        i64.const 21  i64.const 22  array.new_fixed $longs 2
        i32.const 1  array.get $longs  i32.wrap_i64  i32.add)
      (func (export "run") (param $n i32) (result i32) (local $x i32)
        loop
          call $struct  call $arrays  i32.add  local.set $x
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        local.get $x))"#;
    let of_struct = -1 + 255 - 32768 + 32768 + 4 + 2 - 5;
    let of_arrays = -127 + 129 + 0x77 - 32384 + 0x7fff + 9 + 7 + 3 + 13 + 22;
    assert_eq!(check(text, 30), result(of_struct + of_arrays));
}

#[test]
fn casts_and_their_branches_agree() {
    let text = r#"(module
      (rec (type $shape (sub (struct (field i32))))
           (type $circle (sub $shape (struct (field i32) (field i32))))
           (type $square (sub final $shape (struct (field i32) (field i64)))))
      (type $f (func (param i32) (result i32)))
      (func $double (type $f) local.get 0  i32.const 2  i32.mul)
      (func $half (type $f) local.get 0  i32.const 2  i32.div_s)
      (elem declare func $double $half)
      (func $make (param $n i32) (result anyref)
        (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 4)))
          (then (return (struct.new $circle (local.get $n) (i32.const 3)))))
        (if (i32.eq (i32.rem_u (local.get $n) (i32.const 4)) (i32.const 1))
          (then (return (struct.new $square (local.get $n) (i64.const 4)))))
        (if (i32.eq (i32.rem_u (local.get $n) (i32.const 4)) (i32.const 2))
          (then (return (ref.i31 (local.get $n)))))
        ref.null any)
      (func $weigh (param $x anyref) (result i32)
        block $null
          block $number (result (ref i31))
            block $circle (result (ref $circle))
              local.get $x
              br_on_null $null
              br_on_cast $number (ref any) (ref i31)
              br_on_cast $circle (ref any) (ref $circle)
              ref.cast (ref $shape)
              struct.get $shape 0
              return
            end
            struct.get $circle 1
            return
          end
          i31.get_u
          return
        end
        i32.const 1000)
      (func (export "run") (param $n i32) (result i32) (local $sum i32) (local $x anyref)
        loop $again
          local.get $n  call $make  local.tee $x  call $weigh
          local.get $x  ref.test (ref null $square)  i32.const 100  i32.mul  i32.add
          local.get $n  i32.const 3  i32.and
          if (result (ref $f)) ref.func $double else ref.func $half end
          call_ref $f
          local.get $sum  i32.add  local.set $sum
          local.get $x  local.get $n  call $make  ref.is_null
          if (param anyref) drop else drop end
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $sum))"#;
    let weigh = |n: i32| match n % 4 {
        0 => 3,
        1 => n + 100,
        2 => n,
        _ => 1000 + 100,
    };
    let called = |n: i32| if n & 3 == 0 { weigh(n) / 2 } else { weigh(n) * 2 };
    assert_eq!(check(text, 60), result((1..=60).map(called).sum()));
}

#[test]
fn every_trap_leaves_the_state_before_it() {
    let program = |body: &str| {
        format!(
            r#"(module
          (type $s (struct (field (mut i32))))
          (type $a (array (mut i32)))
          (type $b (array (mut i8)))
          (type $f (func))
          (data $d "abc")
          (elem $e (ref null $a) (item (ref.null $a)))
          (func (export "run") (param $n i32) (result i32)
            i32.const 1  {body}))"#
        )
    };
    let null = "ref.null $s  struct.get $s 0  i32.add";
    traps(&program(null), 1, TrapCode::NullStruct);
    let null = "ref.null $s  i32.const 1  struct.set $s 0";
    traps(&program(null), 1, TrapCode::NullStruct);
    let null = "ref.null $a  array.len  i32.add";
    traps(&program(null), 1, TrapCode::NullArray);
    let beyond = "i32.const 3  array.new_default $a  i32.const 3  array.get $a  i32.add";
    traps(&program(beyond), 1, TrapCode::ArrayOutOfBounds);
    let beyond =
        "i32.const 3  array.new_default $a  i32.const 2  i32.const 9  i32.const 2  array.fill $a";
    traps(&program(beyond), 1, TrapCode::ArrayOutOfBounds);
    let beyond = "i32.const 1  i32.const 3  array.new_data $b $d  array.len  i32.add";
    traps(&program(beyond), 1, TrapCode::MemoryOutOfBounds);
    let huge = "i32.const 5000  array.new_default $a  array.len  i32.add";
    traps(&program(huge), 1, TrapCode::HeapExhausted);
    let huge = "i32.const -1  array.new_default $a  array.len  i32.add";
    traps(&program(huge), 1, TrapCode::HeapExhausted);
    traps(&program("ref.null $f  call_ref $f"), 1, TrapCode::NullFunction);
    traps(&program("ref.null any  ref.as_non_null  drop"), 1, TrapCode::NullReference);
    let cast = "i32.const 5  ref.i31  ref.cast (ref $s)  drop";
    traps(&program(cast), 1, TrapCode::CastFailure);
    traps(&program("ref.null i31  i31.get_s  i32.add"), 1, TrapCode::NullI31);
}

/// Binary trees as garbage collectors are measured with: most die young, one lives on.
const TREES: &str = r#"(module
  (type $tree (struct (field (ref null $tree)) (field (ref null $tree))))
  (func $make (param $depth i32) (result (ref $tree))
    local.get $depth
    if (result (ref $tree))
      (call $make (i32.sub (local.get $depth) (i32.const 1)))
      (call $make (i32.sub (local.get $depth) (i32.const 1)))
      struct.new $tree
    else
      struct.new_default $tree
    end)
  (func $count (param $tree (ref null $tree)) (result i32)
    local.get $tree  ref.is_null
    if (result i32)
      i32.const 0
    else
      (call $count (struct.get $tree 0 (local.get $tree)))
      (call $count (struct.get $tree 1 (local.get $tree)))
      i32.add  i32.const 1  i32.add
    end)
  (func (export "run") (param $n i32) (result i32) (local $kept (ref $tree)) (local $sum i32)
    i32.const 10  call $make  local.set $kept
    loop
      i32.const 8  call $make  call $count  local.get $sum  i32.add  local.set $sum
      local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
    end
    local.get $kept  call $count  local.get $sum  i32.add))"#;

#[test]
fn a_small_heap_serves_many_times_its_size() {
    for tier in TIERS {
        let engine = Engine::new(Config::default().max_heap(256 << 10).tier(tier));
        let module = Module::from_wat(&engine, TREES).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, &[Value::I32(200)]).unwrap();
        let mut slice = 1;
        let values = loop {
            // Slices of all sizes, and a state that is put back.
            slice = slice * 7 % 100_003;
            match task.run(&mut store, Budget::instructions(slice)).unwrap() {
                Stop::Done(values) => break values,
                Stop::Budget => {}
                other => panic!("{other:?}"),
            }
            if slice % 5 == 0 {
                let state = store.state().clone();
                task.run(&mut store, Budget::instructions(5_000)).unwrap();
                store.restore(state).unwrap();
            }
        };
        assert_eq!(values, [Value::I32(2047 + 200 * 511)], "{tier:?}");
        assert!(store.heap().collections() > 8, "{tier:?}: {}", store.heap().collections());
        assert!(store.heap().used_bytes() <= 256 << 10);
        drop(task);
        assert!(store.collect_garbage().unwrap() > 0);
        assert_eq!(store.heap().used_bytes(), 0, "nothing is reachable any more");
        assert_eq!(store.objects().count(), 0);
    }
}

#[test]
fn cycles_are_freed_and_what_is_held_is_not() {
    let text = r#"(module
      (type $node (struct (field (mut (ref null $node))) (field i32)))
      (func (export "cycle") (result anyref) (local $a (ref $node)) (local $b (ref $node))
        ref.null $node  i32.const 1  struct.new $node  local.set $a
        local.get $a  i32.const 2  struct.new $node  local.set $b
        local.get $a  local.get $b  struct.set $node 0
        local.get $a)
      (func (export "value") (param anyref) (result i32)
        local.get 0  ref.cast (ref $node)  struct.get $node 0  struct.get $node 1))"#;
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = |name: &str| store.export_func(instance, name).unwrap();
    let (cycle, value) = (func("cycle"), func("value"));
    let first = store.invoke(cycle, &[]).unwrap()[0];
    let second = store.invoke(cycle, &[]).unwrap()[0];
    assert_ne!(first, second);
    let Value::AnyRef(Some(AnyRef::Object(object))) = first else { panic!("{first}") };
    assert_eq!(store.references(object).len(), 1);
    assert_eq!(store.object(object).unwrap().fields[1], Value::I32(1));

    assert_eq!(store.collect_garbage().unwrap(), 0);
    store.release(second);
    assert_eq!(store.collect_garbage().unwrap(), 2 * 24);
    assert_eq!(store.invoke(value, &[first]).unwrap(), [Value::I32(2)]);
    assert_eq!(store.objects().count(), 2);
    // What was there has no type any more, so that it cannot be mistaken for something else.
    assert!(store.invoke(value, &[second]).is_err());
    store.release_all();
    assert_eq!(store.collect_garbage().unwrap(), 2 * 24);
    assert!(store.object(object).is_none());
}

#[test]
fn tasks_that_have_stopped_keep_what_they_refer_to() {
    let text = r#"(module
      (type $box (struct (field i32)))
      (import "env" "ask" (func $ask (param anyref) (result i32)))
      (func (export "ask") (param i32) (result i32)
        local.get 0  struct.new $box
        i32.const 5  struct.new $box  call $ask
        drop
        struct.get $box 0)
      (func (export "garbage") (param $n i32)
        loop
          i32.const 0  struct.new $box  drop
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end))"#;
    for tier in TIERS {
        let engine = Engine::new(Config::default().max_heap(4 << 10).tier(tier));
        let module = Module::from_wat(&engine, text).unwrap();
        let mut store = Store::new(&engine);
        let ask = module.imports()[0].ty.clone();
        let stepwell_engine::ExternType::Func(ask) = ask else { panic!("{ask}") };
        let mut linker = Linker::new();
        linker.func_unresolved("env", "ask", ask);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let func = |name: &str| store.export_func(instance, name).unwrap();
        let (ask, garbage) = (func("ask"), func("garbage"));
        let mut tasks: Vec<_> =
            (0..20).map(|n| store.start(ask, &[Value::I32(n)]).unwrap()).collect();
        for (task, steps) in tasks.iter_mut().zip(0..) {
            // Some stand at the call, others before it.
            task.run(&mut store, Budget::instructions(steps % 7)).unwrap();
        }
        store.invoke(garbage, &[Value::I32(5_000)]).unwrap();
        assert!(store.heap().collections() > 5);
        for (task, n) in tasks.iter_mut().zip(0..) {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            let Stop::HostCall(call) = stop else { panic!("{stop:?}") };
            let Value::AnyRef(Some(AnyRef::Object(object))) = call.args[0] else { panic!() };
            store.invoke(garbage, &[Value::I32(300)]).unwrap();
            assert_eq!(store.object(object).unwrap().fields, [Value::I32(5)]);
            let answer = stepwell_engine::HostAnswer::Return(vec![Value::I32(0)]);
            task.resume(&mut store, answer).unwrap();
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert_eq!(stop, Stop::Done(vec![Value::I32(n)]), "{tier:?}");
        }
        drop(tasks);
        store.collect_garbage().unwrap();
        assert_eq!(store.heap().used_bytes(), 0);
    }
}

#[test]
fn arguments_of_a_wrong_type_are_refused() {
    let text = r#"(module
      (type $a (struct (field i32)))
      (type $b (struct (field i64)))
      (type $f (func (param i32)))
      (func (export "make") (result (ref $a)) i32.const 1  struct.new $a)
      (func (export "a") (param (ref $a)))
      (func (export "b") (param (ref null $b)))
      (func (export "call") (param (ref $f)))
      (func (export "f") (type $f)))"#;
    let engine = Engine::new(Config::default().tier(Tier::Fast));
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = |name: &str| store.export_func(instance, name).unwrap();
    let (make, a, b, call, f) = (func("make"), func("a"), func("b"), func("call"), func("f"));
    let made = store.invoke(make, &[]).unwrap()[0];
    assert!(store.invoke(a, &[made]).is_ok());
    assert!(store.invoke(b, &[Value::AnyRef(None)]).is_ok());
    assert!(store.invoke(call, &[Value::FuncRef(Some(f))]).is_ok());
    let mut message = |func, value| store.start(func, &[value]).unwrap_err().to_string();
    assert_eq!(message(a, Value::AnyRef(None)), "argument 0: (ref 0) expected, anyref given");
    assert_eq!(message(b, made), "argument 0: (ref null 1) expected, (ref 0) given");
    let i31 = Value::AnyRef(Some(AnyRef::I31(4)));
    assert_eq!(message(a, i31), "argument 0: (ref 0) expected, (ref i31) given");
    assert_eq!(
        message(call, Value::FuncRef(Some(a))),
        "argument 0: (ref 2) expected, (ref 4) given"
    );
    assert!(store.start(call, &[Value::FuncRef(None)]).is_err());
    let nowhere = Value::AnyRef(Some(AnyRef::Object(stepwell_engine::ObjectAddr(9_999_999))));
    assert!(store.start(a, &[nowhere]).is_err());
}

#[test]
fn an_address_within_an_object_is_none() {
    let text = r#"(module
      (type $a (array (mut i64)))
      (func (export "make") (result anyref)
        i64.const 0x7fffffff00000000  i32.const 8  array.new $a)
      (func (export "copy") (param (ref null $a))
        local.get 0  i32.const 0  local.get 0  i32.const 1  i32.const 0x7ffffff0  array.copy $a $a))"#;
    let engine = Engine::default();
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = |name: &str| store.export_func(instance, name).unwrap();
    let (make, copy) = (func("make"), func("copy"));
    let made = store.invoke(make, &[]).unwrap()[0];
    let Value::AnyRef(Some(AnyRef::Object(object))) = made else { panic!("{made}") };
    assert!(store.start(copy, &[made]).is_ok());
    for within in 1..20 {
        let address = stepwell_engine::ObjectAddr(object.0 + within);
        let forged = Value::AnyRef(Some(AnyRef::Object(address)));
        assert!(store.start(copy, &[forged]).is_err(), "{within}");
        assert!(store.object(address).is_none());
        assert!(store.references(address).is_empty());
    }
    store.release(made);
    store.collect_garbage().unwrap();
    assert!(store.start(copy, &[made]).is_err());
}
