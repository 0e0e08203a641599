//! Every operator, many times over, on a small native stack.
//!
//! Where operations go on by sibling calls, these have to be jumps: a handler that grew the stack by
//! a word would end the thread here. Meant for `cargo test --release`; without optimisation the same
//! programs run in a loop and only their results are compared.
#![cfg(feature = "wat")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use stepwell_engine::{
    Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Task, Tier, Value,
};

/// The native stack: less than 8 bytes for each time that an operator is executed.
const STACK: usize = 64 << 10;
const TIMES: i32 = if cfg!(miri) { 2 } else { 10_000 };
/// Miri interprets all of this, so it gets one pattern of this many.
const SAMPLE: usize = if cfg!(miri) { 400 } else { 1 };

const INT_UNARY: [&str; 3] = ["clz", "ctz", "popcnt"];
const INT_BINARY: [&str; 11] =
    ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr"];
const INT_DIVISION: [&str; 4] = ["div_s", "div_u", "rem_s", "rem_u"];
const INT_TEST: [&str; 10] =
    ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
const FLOAT_UNARY: [&str; 7] = ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"];
const FLOAT_BINARY: [&str; 7] = ["add", "sub", "mul", "div", "min", "max", "copysign"];
const FLOAT_TEST: [&str; 6] = ["eq", "ne", "lt", "gt", "le", "ge"];
/// Operator, type of its operand, type of its result.
const CONVERSIONS: [(&str, &str, &str); 34] = [
    ("i32.eqz", "i32", "i32"),
    ("i64.eqz", "i64", "i32"),
    ("i32.extend8_s", "i32", "i32"),
    ("i32.extend16_s", "i32", "i32"),
    ("i64.extend8_s", "i64", "i64"),
    ("i64.extend16_s", "i64", "i64"),
    ("i64.extend32_s", "i64", "i64"),
    ("i32.wrap_i64", "i64", "i32"),
    ("i64.extend_i32_s", "i32", "i64"),
    ("i64.extend_i32_u", "i32", "i64"),
    ("f32.convert_i32_s", "i32", "f32"),
    ("f32.convert_i32_u", "i32", "f32"),
    ("f32.convert_i64_s", "i64", "f32"),
    ("f32.convert_i64_u", "i64", "f32"),
    ("f64.convert_i32_s", "i32", "f64"),
    ("f64.convert_i32_u", "i32", "f64"),
    ("f64.convert_i64_s", "i64", "f64"),
    ("f64.convert_i64_u", "i64", "f64"),
    ("f32.demote_f64", "f64", "f32"),
    ("f64.promote_f32", "f32", "f64"),
    ("i32.trunc_sat_f32_s", "f32", "i32"),
    ("i32.trunc_sat_f32_u", "f32", "i32"),
    ("i32.trunc_sat_f64_s", "f64", "i32"),
    ("i32.trunc_sat_f64_u", "f64", "i32"),
    ("i64.trunc_sat_f32_s", "f32", "i64"),
    ("i64.trunc_sat_f32_u", "f32", "i64"),
    ("i64.trunc_sat_f64_s", "f64", "i64"),
    ("i64.trunc_sat_f64_u", "f64", "i64"),
    ("i32.reinterpret_f32", "f32", "i32"),
    ("i64.reinterpret_f64", "f64", "i64"),
    ("f32.reinterpret_i32", "i32", "f32"),
    ("f64.reinterpret_i64", "i64", "f64"),
    ("i32.trunc_f32_s", "f32", "i32"),
    ("i64.trunc_f64_s", "f64", "i64"),
];
/// Ending of a load, type of its result.
const LOADS: [(&str, &str); 14] = [
    ("load", "i32"),
    ("load", "i64"),
    ("load", "f32"),
    ("load", "f64"),
    ("load8_s", "i32"),
    ("load8_u", "i32"),
    ("load16_s", "i32"),
    ("load16_u", "i32"),
    ("load8_s", "i64"),
    ("load8_u", "i64"),
    ("load16_s", "i64"),
    ("load16_u", "i64"),
    ("load32_s", "i64"),
    ("load32_u", "i64"),
];
const STORES: [(&str, &str); 9] = [
    ("store", "i32"),
    ("store", "i64"),
    ("store", "f32"),
    ("store", "f64"),
    ("store8", "i32"),
    ("store16", "i32"),
    ("store8", "i64"),
    ("store16", "i64"),
    ("store32", "i64"),
];

/// A local of each type, and one more.
fn locals(ty: &str) -> [String; 2] {
    [format!("${ty}a"), format!("${ty}b")]
}

/// A binary operator with operands from everywhere; `result` is the type of its result.
fn binary(body: &mut Vec<String>, ty: &str, operator: &str, result: &str) {
    let [a, b] = locals(ty);
    let [r, _] = locals(result);
    let constant = if ty.starts_with('i') { "3" } else { "1.5" };
    let op = format!("{ty}.{operator}");
    let sources = [
        format!("local.get {a} local.get {b}"),
        format!("local.get {a} {ty}.const {constant}"),
        format!("{ty}.const {constant} local.get {b}"),
        // Through the accumulator, on either side.
        format!("local.get {a} {ty}.const {constant} {ty}.add local.get {b}"),
        format!("local.get {a} {ty}.const {constant} {ty}.add {ty}.const {constant}"),
        format!("local.get {a} local.get {b} {ty}.const {constant} {ty}.add"),
    ];
    for source in sources {
        body.push(format!("{source} {op} local.set {r}"));
        if result == "i32" {
            body.push(format!("block {source} {op} br_if 0 i32.const 1 local.set $count end"));
            body.push(format!("{source} {op} if i32.const 2 local.set $count end"));
        }
    }
}

/// Operators that become one operation together, where their operands allow it.
fn fused(body: &mut Vec<String>) {
    let small = "local.get $i32a i32.const 7 i32.and local.set $i32b";
    let sums = [
        "local.get $i32b local.get $i32b i32.const 2 i32.shl i32.add",
        "local.get $i32b i32.const 2 i32.shl local.get $i32b i32.add",
        "local.get $i32b local.get $i32b i32.const 3 i32.and i32.const 4 i32.shl i32.add",
        "local.get $i32b local.get $i32b i32.add",
        "local.get $i32b local.get $i32b i32.const 1 i32.xor i32.add",
        "local.get $i32b i32.const 40 i32.add",
        "local.get $i32b i32.const 60 i32.xor i32.const 40 i32.add",
        "local.get $i32b i32.const -8 i32.sub",
    ];
    for sum in sums {
        for (operator, ty) in LOADS {
            let [_, b] = locals(ty);
            body.push(format!("{small} {sum} {ty}.{operator} offset=4 local.set {b}"));
        }
        for (operator, ty) in STORES {
            let [a, b] = locals(ty);
            body.push(format!("{small} {sum} local.get {a} {ty}.{operator} offset=8"));
            body.push(format!(
                "{small} {sum} local.get {b} local.get {a} {ty}.add {ty}.{operator}"
            ));
        }
        body.push(format!("{small} {sum} local.set $i32a"));
    }
    for ty in ["i32", "i64", "f32", "f64"] {
        let [a, b] = locals(ty);
        for sum in [
            format!("local.get {a} local.get {b} local.get {a} {ty}.mul {ty}.add"),
            format!("local.get {a} local.get {b} {ty}.mul local.get {b} {ty}.add"),
            format!(
                "local.get {b} local.get {a} {ty}.const 3 {ty}.sub local.get {b} {ty}.mul {ty}.add"
            ),
            format!(
                "local.get {b} local.get {a} local.get {b} {ty}.const 3 {ty}.sub {ty}.mul {ty}.add"
            ),
            format!(
                "local.get {a} {ty}.const 5 {ty}.add local.get {b} local.get {b} {ty}.mul {ty}.add"
            ),
        ] {
            body.push(format!("{sum} local.set {b}"));
        }
    }
    for operator in INT_BINARY {
        for source in [
            "local.get $i64a i64.const 0x123456789a",
            "i64.const -0x123456789a local.get $i64a",
            "local.get $i64a i64.const 3 i64.add i64.const 0x123456789a",
            "i64.const 0x123456789a local.get $i64a i64.const 3 i64.add",
        ] {
            body.push(format!("{source} i64.{operator} local.set $i64b"));
        }
    }
    for operator in INT_TEST {
        for added in ["i32.const 3 i32.add", "i32.const 3 i32.sub", "local.get $i32a i32.add"] {
            for right in ["i32.const 9", "local.get $i32a"] {
                let compared =
                    format!("local.get $i32b {added} local.tee $i32b {right} i32.{operator}");
                body.push(format!("block {compared} br_if 0 i32.const 1 local.set $count end"));
                body.push(format!("{compared} if i32.const 2 local.set $count end"));
            }
        }
    }
    body.push(
        "block local.get $i32b i32.const 1 i32.sub local.tee $i32b br_if 0 nop end".to_owned(),
    );
    body.push("local.get $i32b i32.const 1 i32.add local.tee $i32b i32.eqz if nop end".to_owned());
}

/// What the loop executes each time, in pieces of one pattern.
fn patterns() -> Vec<String> {
    let mut body = Vec::new();
    for ty in ["i32", "i64"] {
        let [a, b] = locals(ty);
        for operator in INT_UNARY {
            body.push(format!("local.get {a} {ty}.{operator} local.set {b}"));
            body.push(format!(
                "local.get {a} local.get {b} {ty}.add {ty}.{operator} local.set {b}"
            ));
        }
        for operator in INT_BINARY {
            binary(&mut body, ty, operator, ty);
        }
        for operator in INT_DIVISION {
            body.push(format!("local.get {a} {ty}.const 7 {ty}.{operator} local.set {b}"));
            body.push(format!(
                "local.get {a} local.get {b} {ty}.const 1 {ty}.or {ty}.const 63 {ty}.and \
                 {ty}.{operator} local.set {b}"
            ));
        }
        for operator in INT_TEST {
            binary(&mut body, ty, operator, "i32");
        }
    }
    for ty in ["f32", "f64"] {
        let [a, b] = locals(ty);
        for operator in FLOAT_UNARY {
            body.push(format!("local.get {a} {ty}.{operator} local.set {b}"));
        }
        for operator in FLOAT_BINARY {
            binary(&mut body, ty, operator, ty);
        }
        for operator in FLOAT_TEST {
            binary(&mut body, ty, operator, "i32");
        }
    }
    for (operator, from, to) in CONVERSIONS {
        let ([a, _], [_, b]) = (locals(from), locals(to));
        let small = match (operator, from) {
            ("i32.trunc_f32_s" | "i64.trunc_f64_s", _) => format!("{from}.const 12.5"),
            _ => format!("local.get {a}"),
        };
        body.push(format!("{small} {operator} local.set {b}"));
    }
    for (operator, ty) in LOADS {
        let [_, b] = locals(ty);
        body.push(format!("i32.const 8 {ty}.{operator} offset=4 local.set {b}"));
        body.push(format!("local.get $i32a i32.const 1023 i32.and {ty}.{operator} local.set {b}"));
    }
    for (operator, ty) in STORES {
        let [a, b] = locals(ty);
        let constant = if ty.starts_with('i') { "-2" } else { "-2.5" };
        body.push(format!("i32.const 16 local.get {a} {ty}.{operator} offset=32"));
        body.push(format!("i32.const 24 {ty}.const {constant} {ty}.{operator}"));
        body.push(format!("local.get $i32b i32.const 1023 i32.and local.get {b} {ty}.{operator}"));
        body.push(format!("i32.const 40 local.get {a} local.get {b} {ty}.add {ty}.{operator}"));
        body.push(format!(
            "local.get $i32b i32.const 1023 i32.and {ty}.const {constant} {ty}.{operator}"
        ));
    }
    fused(&mut body);
    let single = [
        "local.get $i32a i32.const 0 call $tail_indirect drop",
        "i32.const 1 ref.func $twice table.set 0",
        "table.size 0 local.set $i32b",
        "ref.func $twice ref.is_null local.set $i32b",
        "block i32.const 1 table.get 0 ref.is_null br_if 0 i32.const 1 local.set $count end",
        "local.get $i32a local.set $i32b local.get $i64a local.set $i64b",
        "local.get $i32a call $twice local.set $i32b",
        "local.get $i32a local.get $i32a i32.const 1 i32.and call_indirect (type $t) local.set $i32b",
        "local.get $i32a call $tail local.set $i32b",
        "i32.const 1 i32.const 2 call $swap i32.sub local.set $i32b",
        "global.get $g i64.const 1 i64.add global.set $g",
        "local.get $f64a local.get $f64b local.get $i32a select local.set $f64b",
        "block block block local.get $i32a i32.const 3 i32.and br_table 0 1 2 1 end end end",
        "block (result i32) i32.const 5 local.get $i32a br_if 0 drop i32.const 6 end local.set $i32b",
        "block i32.const 9 block (result i32) i32.const 5 i32.const 1 br 0 end drop drop end",
        "local.get $i32a if (result i32) i32.const 1 else i32.const 2 end local.set $i32b",
        "i32.const 100 local.get $i32a i32.const 20 memory.fill",
        "i32.const 100 i32.const 110 i32.const 20 memory.copy",
        "memory.size local.set $i32b",
        "i32.const 0 memory.grow local.set $i32b",
        "i32.const 0 table.get 0 drop",
        "local.get $i32a local.tee $i32b drop nop",
        "loop local.get $i32b i32.const 1 i32.shr_u local.tee $i32b br_if 0 end",
        "local.get $i32a local.get $i64a local.set $i64b local.set $i32b",
    ];
    body.extend(single.map(str::to_owned));
    for memory in ["$near", "$far"] {
        for (operator, ty) in LOADS {
            let [_, b] = locals(ty);
            let at = "local.get $i32a i32.const 1023 i32.and";
            body.push(format!("{at} {ty}.{operator} {memory} offset=3 local.set {b}"));
            body.push(format!(
                "{at} local.tee $i32b i32.const 5 i32.add {ty}.{operator} {memory} local.set {b}"
            ));
            body.push(format!(
                "{at} local.tee $i32b local.get $i32b i32.const 2 i32.shl i32.add {ty}.{operator} {memory} \
                 local.set {b}"
            ));
        }
        for (operator, ty) in STORES {
            let [a, b] = locals(ty);
            let at = "local.get $i32a i32.const 1023 i32.and";
            body.push(format!("{at} local.get {a} {ty}.{operator} {memory} offset=3"));
            body.push(format!("{at} {ty}.const 3 {ty}.{operator} {memory}"));
            body.push(format!(
                "{at} local.get {a} local.get {b} {ty}.add {ty}.{operator} {memory}"
            ));
            body.push(format!(
                "{at} local.tee $i32b local.get $i32b i32.const 3 i32.shl i32.add local.get {a} \
                 {ty}.{operator} {memory} offset=8"
            ));
        }
        for further in [
            format!(
                "i32.const 8 local.get $i32a i32.atomic.rmw.add {memory} offset=4 local.set $i32b"
            ),
            format!(
                "i32.const 48 local.get $v v128.store {memory} i32.const 50 v128.load {memory} local.set $v"
            ),
            format!(
                "i32.const 48 i32.const 9 local.get $v v128.load16_lane {memory} 2 v128.store8_lane {memory} 3"
            ),
            format!("memory.size {memory} local.set $i32b"),
        ] {
            body.push(further);
        }
    }
    let wide = [
        "i64.const 16 local.get $i64a i64.store $wide offset=8 i64.const 20 i64.load $wide local.set $i64b",
        "i64.const 16 local.get $v v128.store $wide i64.const 8 v128.load32_splat $wide local.set $v",
        "i64.const 16 i32.const 7 i32.atomic.rmw8.xchg_u $wide offset=1 local.set $i32b",
        "memory.size $wide i32.wrap_i64 local.set $i32b",
    ];
    body.extend(wide.map(str::to_owned));
    let vectors = [
        "local.get $i32a i8x16.splat i8x16.popcnt i64x2.extract_lane 1 local.set $i64b",
        "local.get $f64a f64x2.splat local.get $f64b f64x2.replace_lane 1 f64x2.sqrt f64x2.neg \
         f64x2.extract_lane 0 local.set $f64b",
        "local.get $i32a i16x8.splat v128.const i32x4 1 2 3 4 i16x8.mul i16x8.bitmask local.set $i32b",
        "local.get $i64a i64x2.splat local.get $i32a i64x2.shl i64x2.all_true local.set $i32b",
        "v128.const i64x2 1 2 v128.const i64x2 3 4 local.get $i64a i64x2.splat v128.bitselect \
         i64x2.extract_lane 0 local.set $i64b",
        "local.get $i32a i32x4.splat v128.const i64x2 3 4 \
         i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 i8x16.extract_lane_s 5 local.set $i32b",
        "local.get $i32a i32x4.splat local.tee $v local.get $v local.get $i32a select local.set $v \
         local.get $v v128.any_true local.set $i32b",
        "i32.const 48 local.get $v v128.store offset=8 i32.const 56 v128.load drop",
        "i32.const 48 i32.const 40 v128.load16x4_u v128.store i32.const 40 v128.load16_splat local.set $v",
        "i32.const 48 local.get $v v128.store8_lane 3 i32.const 8 local.get $v v128.load32_lane 2 drop",
        "local.get $i64a local.get $i64b local.get $i64b i64.const 3 i64.add128 drop local.set $i64b",
        "local.get $i64a local.get $i64b i64.mul_wide_s local.set $i64b drop",
        "i32.const 8 v128.load64_zero global.set $vector global.get $vector local.set $v",
        "global.get $vector local.get $v local.get $i32a i32.const 1 i32.and select global.set $vector",
    ];
    body.extend(vectors.map(str::to_owned));
    body.into_iter().step_by(SAMPLE).collect()
}

/// A module that executes these patterns as often as its argument says, and answers with all that
/// the locals hold.
fn module(patterns: &[String]) -> String {
    let mut text = String::from(
        r#"(module (type $t (func (param i32) (result i32)))
             (memory 1) (memory $near 1) (memory 1) (memory $wide i64 2) (memory 1) (memory 1) (memory 1)
             (memory 1) (memory 1) (memory $far 3) (table funcref (elem $twice $tail)) (global $g (mut i64) (i64.const 0)) (global $vector (mut v128) (v128.const i64x2 0 0))
             (func $twice (type $t) local.get 0 i32.const 2 i32.mul)
             (func $tail (type $t) local.get 0 i32.const 1 i32.add return_call $twice)
             (func $tail_indirect (param i32 i32) (result i32)
               local.get 0 local.get 1 return_call_indirect (type $t))
             (func $swap (param i32 i32) (result i32 i32) local.get 1 local.get 0)
             (func (export "run") (param $n i32) (result i32 i32 i64 i64 f32 f32 f64 f64 i64)
               (local $count i32) (local $v v128)"#,
    );
    for ty in ["i32", "i64", "f32", "f64"] {
        let [a, b] = locals(ty);
        let _ = write!(text, "(local {a} {ty}) (local {b} {ty})");
    }
    text += "i64.const 0x123456789abcdef0 local.set $i64a i32.const 0x87654321 local.set $i32a
             f32.const 1e10 local.set $f32a f64.const -1e-3 local.set $f64a loop $again\n";
    for pattern in patterns {
        text += pattern;
        text.push('\n');
    }
    text += "local.get $n i32.const 1 i32.sub local.tee $n br_if $again end
             local.get $i32a local.get $i32b local.get $i64a local.get $i64b local.get $f32a
             local.get $f32b local.get $f64a local.get $f64b global.get $g))";
    text
}

fn start(text: &str, times: i32, tier: Tier) -> (Store, Task) {
    let engine = Engine::new(Config::default().tier(tier));
    let module = Module::from_wat(&engine, text).expect(text);
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let run: FuncAddr = store.export_func(instance, "run").unwrap();
    let task = store.start(run, &[Value::I32(times)]).unwrap();
    (store, task)
}

/// Runs to the end; answers with everything that can be compared.
fn end(text: &str, times: i32, tier: Tier) -> (Store, Task, Stop) {
    let (mut store, mut task) = start(text, times, tier);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    (store, task, stop)
}

#[test]
#[cfg_attr(miri, ignore = "what it executes, the others execute as well")]
fn no_operation_grows_the_native_stack() {
    let run = || {
        for pattern in patterns() {
            let text = module(std::slice::from_ref(&pattern));
            let (_, task, stop) = end(&text, TIMES, Tier::Fast);
            assert!(matches!(stop, Stop::Done(_)), "{pattern}: {stop:?}");
            assert!(task.executed() > TIMES as u64 * 4, "{pattern}");
        }
    };
    if cfg!(debug_assertions) {
        // Without optimisation the engine's own functions would not fit, and there is no need.
        run();
    } else {
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn(run).unwrap().join().unwrap();
    }
}

#[test]
fn calls_between_instances_do_not_grow_it_either() {
    let run = || {
        let mut ends = Vec::new();
        for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
            let engine = Engine::new(Config::default().tier(tier));
            let mut store = Store::new(&engine);
            let mut linker = Linker::new();
            let callee = r#"(module (memory 1) (global $calls (mut i32) (i32.const 0))
                (func (export "twice") (param i32) (result i32)
                  global.get $calls  i32.const 1  i32.add  global.set $calls
                  i32.const 0  global.get $calls  i32.store
                  local.get 0  i32.const 2  i32.mul  i32.const 0  i32.load  i32.add)
                (func (export "deep") (param i32) (result i32) local.get 0  call 0  call 0))"#;
            let caller = r#"(module (type $t (func (param i32) (result i32)))
                (import "callee" "twice" (func $twice (type $t)))
                (import "callee" "deep" (func $deep (type $t)))
                (memory 1) (table funcref (elem $twice $deep))
                (func (export "run") (param $n i32) (result i32) (local $sum i32)
                  loop
                    i32.const 8  i32.const 8  i32.load  i32.const 1  i32.add  i32.store
                    local.get $sum  local.get $n  call $twice  call $deep  i32.add
                    local.get $n  local.get $n  i32.const 1  i32.and  call_indirect (type $t)
                    i32.xor  local.set $sum
                    local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
                  end
                  local.get $sum  i32.const 8  i32.load  i32.add))"#;
            let callee = Module::from_wat(&engine, callee).unwrap();
            let instance = linker.instantiate(&mut store, &callee).unwrap();
            linker.define_instance("callee", instance);
            let caller = Module::from_wat(&engine, caller).unwrap();
            let instance = linker.instantiate(&mut store, &caller).unwrap();
            let run = store.export_func(instance, "run").unwrap();
            let mut task = store.start(run, &[Value::I32(TIMES)]).unwrap();
            // In parts, which end within calls of either module.
            let stop = loop {
                match task.run(&mut store, Budget::instructions(10_007)).unwrap() {
                    Stop::Budget => {}
                    stop => break stop,
                }
            };
            assert!(matches!(stop, Stop::Done(_)), "{stop:?}");
            ends.push((stop, task.executed(), store.state().clone()));
        }
        assert!(ends[0] == ends[1] && ends[0] == ends[2]);
    };
    if cfg!(debug_assertions) {
        run();
    } else {
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn(run).unwrap().join().unwrap();
    }
}

#[test]
fn every_pattern_ends_as_in_the_exact_tier() {
    for pattern in patterns() {
        let text = module(std::slice::from_ref(&pattern));
        let exact = end(&text, 5, Tier::Exact);
        for tier in [Tier::Fast, Tier::Mixed] {
            let (store, task, stop) = end(&text, 5, tier);
            // NaNs compare by their bits in a task.
            assert_eq!(format!("{stop:?}"), format!("{:?}", exact.2), "{tier:?}: {pattern}");
            assert_eq!(task.executed(), exact.1.executed(), "{tier:?}: {pattern}");
            assert!(store.state() == exact.0.state(), "{tier:?}: {pattern}");
        }
    }
}

#[test]
fn all_patterns_together_stop_alike_wherever_they_stop() {
    let text = module(&patterns());
    let (mut exact_store, mut exact) = start(&text, 3, Tier::Exact);
    let (mut fast_store, mut fast) = start(&text, 3, Tier::Fast);
    loop {
        // Of many lengths, so that stops come everywhere.
        let budget = Budget::instructions(9 + fast.executed() % 101);
        let stop = fast.run(&mut fast_store, budget).unwrap();
        let other = exact.run(&mut exact_store, budget).unwrap();
        assert_eq!(format!("{stop:?}"), format!("{other:?}"));
        assert_eq!(fast.executed(), exact.executed());
        if stop != Stop::Budget {
            break;
        }
        assert!(fast_store.state() == exact_store.state(), "at {}", fast.executed());
    }
    assert!(fast_store.state() == exact_store.state());
}
