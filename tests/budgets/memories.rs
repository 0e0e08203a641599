//! Several memories of one instance, and references of abstract types, whatever executes them.

use stepwell_engine::TrapCode;

use super::{check, result, traps};

#[test]
fn loads_and_stores_of_every_memory() {
    // Memory 0, one of the next few, one far behind, and ones with addresses of 64 bits.
    let memories = [("$first", "i32"), ("$near", "i32"), ("$far", "i32"), ("$wide", "i64")];
    let mut body = String::new();
    for (memory, index) in memories {
        let extend = if index == "i64" { "i64.extend_i32_u" } else { "" };
        let size = if index == "i64" { "i32.wrap_i64" } else { "" };
        body += &format!(
            "local.get $n  i32.const 3  i32.shl  {extend}  local.get $n  i32.store {memory} offset=4
             local.get $n  local.get $n  i32.const 2  i32.shl  i32.add  {extend}
             local.get $n  i32.const 7  i32.mul  i32.store16 {memory} offset=1000
             local.get $n  {extend}  f64.const 1.5  f64.store {memory} offset=3000
             local.get $n  {extend}  f64.load {memory} offset=3000  i32.trunc_f64_s
             local.get $n  local.get $n  i32.const 2  i32.shl  i32.add  {extend}
             i32.load16_s {memory} offset=1000  i32.add
             local.get $n  i32.const 3  i32.shl  {extend}  i32.load {memory} offset=4  i32.add
             local.get $n  {extend}  v128.load {memory} offset=3000
             local.set $v
             local.get $n  i32.const 90  i32.add  {extend}  local.get $v  v128.store {memory} offset=2000
             local.get $n  i32.const 90  i32.add  {extend}  i32.load8_u {memory} offset=2007  i32.add
             i32.const 4000  {extend}  local.get $n  i32.atomic.rmw.add {memory} offset=4  i32.add
             memory.size {memory}  {size}  i32.add
             local.get $sum  i32.add  local.set $sum\n"
        );
    }
    let text = format!(
        "(module
           (memory $first 1) (memory $near 2) (memory 1) (memory 1) (memory 1) (memory 1) (memory 1)
           (memory 1) (memory 1) (memory $far 3) (memory $wide i64 4)
           (func (export \"run\") (param $n i32) (result i32) (local $sum i32) (local $v v128)
             loop
               {body}
               local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
             end
             local.get $sum))"
    );
    // The top byte of 1.5 is 0x3f; the counter holds what has been added before.
    let of = |n: i32, pages: i32| 1 + 7 * n + n + 0x3f + (n + 1..=9).sum::<i32>() + pages;
    let all = (1..=9).flat_map(|n| [1, 2, 3, 4].map(|pages| of(n, pages)));
    assert_eq!(check(&text, 9), result(all.sum()));
}

#[test]
fn accesses_beyond_any_memory_trap_and_change_nothing() {
    for (memory, index) in [("$near", "i32"), ("$far", "i32"), ("$wide", "i64")] {
        let traps = |body: &str, code| {
            let text = format!(
                "(module
                   (memory 2) (memory $near 1) (memory 2) (memory 2) (memory 2) (memory 2) (memory 2)
                   (memory 2) (memory 2) (memory $far 1) (memory $wide i64 1)
                   (func (export \"run\") (param $n i32) (result i32) (local $v v128)
                     i32.const 5  local.get $n  {} {body}))",
                if index == "i64" { "i64.extend_i32_u" } else { "" }
            );
            super::traps(&text, 65_533, code);
        };
        let beyond = || TrapCode::MemoryOutOfBounds;
        traps(&format!("i32.load {memory}  i32.add"), beyond());
        traps(
            &format!("{index}.const 1  {index}.add  i32.load16_u {memory} offset=1  i32.add"),
            beyond(),
        );
        traps(&format!("local.get $n  i32.store {memory}"), beyond());
        traps(&format!("i32.const 1  i32.store16 {memory} offset=2"), beyond());
        traps(&format!("local.get $v  v128.store {memory}"), beyond());
        traps(&format!("v128.load64_zero {memory}  local.set $v"), beyond());
        traps(
            &format!("{index}.const 3  {index}.add  i32.atomic.load {memory}  i32.add"),
            beyond(),
        );
        traps(&format!("i32.atomic.load16_u {memory}  i32.add"), TrapCode::UnalignedAtomic);
    }
}

#[test]
fn memories_that_are_imported_and_grow() {
    let text = r#"(module (memory $a 1) (memory $b 1 5)
      (func (export "run") (param $n i32) (result i32) (local $sum i32)
        loop
          i32.const 1  memory.grow $b  drop
          memory.size $b  i32.const 16  i32.shl  i32.const 4  i32.sub  local.get $n  i32.store $b
          memory.size $b  i32.const 16  i32.shl  i32.const 4  i32.sub  i32.load $b
          memory.size $a  i32.add  local.get $sum  i32.add  local.set $sum
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        local.get $sum))"#;
    assert_eq!(check(text, 6), result(21 + 6));
}

#[test]
fn tests_and_casts_for_abstract_types() {
    // Values, and which of the types they are of; null is of those that are nullable.
    let kinds = ["any", "eq", "i31", "struct", "array", "none"];
    let values = [
        ("ref.null any", None),
        ("i32.const 3  ref.i31", Some([true, true, true, false, false, false])),
        ("struct.new_default $s", Some([true, true, false, true, false, false])),
        ("i32.const 2  array.new_default $a", Some([true, true, false, false, true, false])),
        (
            "i32.const 1  i32.const 2  array.new_fixed $a 2",
            Some([true, true, false, false, true, false]),
        ),
    ];
    let (mut body, mut sum) = (String::new(), 0i32);
    for (value, of) in values {
        for (position, kind) in kinds.iter().enumerate() {
            for (nullable, is_nullable) in [("null ", true), ("", false)] {
                let ty = format!("(ref {nullable}{kind})");
                body += &format!(
                    "{value}  local.set $r
                     block $out (result i32)
                       block $is (result {ty})
                         local.get $r  br_on_cast $is anyref {ty}
                         drop  i32.const 0  br $out
                       end
                       drop  i32.const 1
                     end
                     local.get $r  ref.test {ty}  i32.add
                     local.get $sum  i32.const 3  i32.mul  i32.add  local.set $sum\n"
                );
                let is = of.map_or(is_nullable, |of| of[position]);
                sum = sum.wrapping_mul(3).wrapping_add(2 * i32::from(is));
            }
        }
    }
    let text = format!(
        "(module (type $s (struct (field i64) (field v128))) (type $a (array (mut i32)))
           (func (export \"run\") (param i32) (result i32) (local $r anyref) (local $sum i32)
             {body} local.get $sum))"
    );
    assert_eq!(check(&text, 0), result(sum));
    for (kind, null) in [("i31", ""), ("array", "null "), ("none", "null "), ("eq", "")] {
        let value = if kind == "eq" { "ref.null any" } else { "struct.new $s" };
        let text = format!(
            "(module (type $s (struct)) (func (export \"run\") (param i32) (result i32)
               i32.const 1  {value}  ref.cast (ref {null}{kind})  drop))"
        );
        traps(&text, 0, TrapCode::CastFailure);
    }
}

#[test]
fn vectors_in_globals_objects_and_choices() {
    let text = r#"(module
      (type $s (struct (field (mut i32)) (field (mut v128))))
      (type $a (array (mut v128)))
      (global $g (mut v128) (v128.const i32x4 1 2 3 4))
      (func (export "run") (param $n i32) (result i32) (local $v v128) (local $s (ref null $s))
        (local $a (ref null $a))
        loop
          global.get $g  local.get $n  i32x4.splat  i32x4.add  local.tee $v  global.set $g
          local.get $n  local.get $v  struct.new $s  local.set $s
          local.get $v  i32.const 5  array.new $a  local.set $a
          local.get $a  i32.const 3  global.get $g  global.get $g  i32x4.add  array.set $a
          local.get $s
            local.get $a  i32.const 3  array.get $a
            local.get $s  struct.get $s 1
            local.get $n  i32.const 1  i32.and  select
          struct.set $s 1
          local.get $s  struct.get $s 1  global.set $g
          local.get $v  local.get $v  array.new_fixed $a 2  i32.const 1  array.get $a  drop
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        global.get $g  i32x4.extract_lane 2))"#;
    let mut lane = 3;
    for n in (1..=8).rev() {
        lane += n;
        lane *= if n & 1 == 1 { 2 } else { 1 };
    }
    assert_eq!(check(text, 8), result(lane));
    for body in [
        "ref.null $a  i32.const 0  array.get $a",
        "i32.const 2  array.new_default $a  local.get $n  array.get $a",
        "ref.null $s  struct.get $s 0",
    ] {
        let code = match body {
            body if body.contains("struct") => TrapCode::NullStruct,
            body if body.contains("null") => TrapCode::NullArray,
            _ => TrapCode::ArrayOutOfBounds,
        };
        let text = format!(
            "(module (type $s (struct (field v128))) (type $a (array (mut v128)))
               (func (export \"run\") (param $n i32) (result i32)
                 i32.const 4  {body}  drop))"
        );
        traps(&text, 2, code);
    }
}
