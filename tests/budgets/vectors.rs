//! Vectors take two slots of a frame, wherever they come from and go to.

use stepwell_engine::{Budget, FuncType, HostAnswer, Linker, Stop, TrapCode, ValType, Value};

use super::{check, result, traps};

#[test]
fn locals_calls_blocks_and_globals_carry_vectors() {
    let text = r#"(module
      (global $g (mut v128) (v128.const i32x4 1 2 3 4))
      (func $swap (param $a v128) (param $n i32) (param $b v128) (result v128 i32 v128)
        local.get $b  local.get $n  local.get $a)
      (func (export "run") (param $n i32) (result i32) (local $x i32) (local $v v128) (local $y i64)
        global.get $g  local.set $v
        i64.const 7  local.set $y
        loop $again
          local.get $v  local.get $n  v128.const i32x4 9 8 7 6  call $swap
          local.set $v  local.set $x  local.tee $v
          global.get $g  i32x4.add  global.set $g
          block (result v128)
            local.get $v  local.get $n  i32.const 1  i32.and  br_if 0
            drop  local.get $v  i32x4.neg
          end
          local.get $v  local.get $x  select (result v128)
          local.set $v
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        global.get $g  i32x4.extract_lane 2
        local.get $v  i32x4.extract_lane 0  i32.add
        local.get $y  i32.wrap_i64  i32.add))"#;
    assert_eq!(check(text, 5), result(3 + 5 * 7 + 9 + 7));
}

#[test]
fn a_vector_that_never_lies_on_top_takes_two_slots_as_well() {
    let text = r#"(module
      (func $give (param $n i32) (result v128 i32) local.get $n  i32x4.splat  local.get $n)
      (func $take (param v128 i32) (result i32) local.get 0  i32x4.extract_lane 3  local.get 1  i32.add)
      (func (export "run") (param $n i32) (result i32)
        i32.const 100
        local.get $n  call $give
        block (param i32) (result i32)
          local.get $n  br_if 0
          i32.const 5  i32.add
        end
        call $take
        i32.add))"#;
    assert_eq!(check(text, 7), result(114));
    assert_eq!(check(text, 0), result(105));
}

#[test]
fn memory_is_accessed_whole_by_lanes_and_extended() {
    let text = r#"(module (memory 1) (data (i32.const 16) "\01\02\03\04\85\06\07\08\09\0a\0b\0c\0d\0e\0f\10")
      (func (export "run") (param $n i32) (result i32) (local $v v128)
        loop
          i32.const 32  i32.const 16  v128.load  v128.store
          i32.const 48  i32.const 16  v128.load8x8_s  v128.store offset=8
          i32.const 0  i32.const 16  v128.load32_splat offset=4  local.tee $v  v128.store64_lane 1
          i32.const 17  local.get $v  v128.load8_lane 3  i8x16.popcnt
          i32.const 56  v128.load  i16x8.sub
          local.get $v  i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31
          local.set $v
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        local.get $v  i64x2.extract_lane 1  i64.popcnt  i32.wrap_i64
        i32.const 4  i32.load8_u  i32.add
        local.get $v  i8x16.bitmask  i32.add))"#;
    let end = check(text, 4);
    assert!(matches!(end, Stop::Done(_)), "{end:?}");
}

#[test]
fn an_access_that_traps_leaves_its_operands() {
    let text = r#"(module (memory 1) (func (export "run") (param $n i32) (result i32)
      i32.const 3
      local.get $n  v128.const i64x2 1 2  v128.load64_lane offset=65530 1
      v128.any_true  i32.add))"#;
    traps(text, 0, TrapCode::MemoryOutOfBounds);
    let text = r#"(module (memory 1) (func (export "run") (param $n i32) (result i32)
      i32.const 3
      loop
        local.get $n  local.get $n  i32x4.splat  v128.store
        local.get $n  i32.const 1000  i32.add  local.set $n
        br 0
      end))"#;
    traps(text, 5, TrapCode::MemoryOutOfBounds);
}

#[test]
fn the_host_takes_and_gives_vectors() {
    let text = r#"(module
      (import "host" "mix" (func $mix (param i32 v128 i64) (result v128 i32)))
      (func (export "run") (param $v v128) (result i32 v128) (local $w v128)
        i32.const 7  local.get $v  i64.const 8  call $mix
        local.get $v  local.set $w
        drop  i32x4.extract_lane 3  local.get $w))"#;
    for tier in super::TIERS {
        let config = stepwell_engine::Config::default().tier(tier);
        let engine = stepwell_engine::Engine::new(config);
        let module = stepwell_engine::Module::from_wat(&engine, text).unwrap();
        let mut store = stepwell_engine::Store::new(&engine);
        let mut linker = Linker::new();
        let (params, results) =
            ([ValType::I32, ValType::V128, ValType::I64], [ValType::V128, ValType::I32]);
        linker.func_unresolved("host", "mix", FuncType::new(params, results));
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = store.export_func(instance, "run").unwrap();
        let vector = Value::V128(0x0004_0000_0003_0000_0002_0000_0001);
        let mut task = store.start(run, &[vector]).unwrap();
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        let Stop::HostCall(call) = stop else { panic!("{stop:?}") };
        assert_eq!(call.args, [Value::I32(7), vector, Value::I64(8)]);
        let frame = task.frames(&store).next().unwrap();
        let locals: Vec<Value> = frame.locals().into_iter().map(|local| local.value).collect();
        assert_eq!(locals, [vector, Value::V128(0)]);
        let answer = Value::V128(0x2a << 96 | 5);
        let answer = HostAnswer::Return(vec![answer, Value::I32(1)]);
        task.resume(&mut store, answer).unwrap();
        let frame = task.frames(&store).next().unwrap();
        assert_eq!(frame.operands(), [Value::V128(0x2a << 96 | 5), Value::I32(1)]);
        let changed = Value::V128(0x2b << 96);
        task.set_operand(&mut store, 0, 0, changed).unwrap();
        task.set_local(&mut store, 0, 1, changed).unwrap();
        let end = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(end, Stop::Done(vec![Value::I32(0x2b), vector]), "{tier:?}");
    }
}
