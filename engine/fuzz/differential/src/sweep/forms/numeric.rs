//! Numbers and where they are kept.

use super::{Forms, Group};

const INT_UNARY: &str = "clz ctz popcnt extend8_s extend16_s";
const INT_BINARY: &str = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const INT_TEST: &str = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const FLOAT_UNARY: &str = "abs neg ceil floor trunc nearest sqrt";
const FLOAT_BINARY: &str = "add sub mul div min max copysign";
const FLOAT_TEST: &str = "eq ne lt gt le ge";

pub(super) fn groups() -> Result<Vec<Group>, String> {
    let mut ints = Forms::default();
    let mut floats = Forms::default();
    for ty in ["i32", "i64"] {
        for operator in INT_UNARY.split(' ') {
            ints.add(&format!("{ty} -> {ty}"), format!("({ty}.{operator} {{0}})"))?;
        }
        for operator in INT_BINARY.split(' ') {
            ints.add(&format!("{ty} {ty} -> {ty}"), format!("({ty}.{operator} {{0}} {{1}})"))?;
        }
        ints.add(&format!("{ty} -> i32"), format!("({ty}.eqz {{0}})"))?;
        for operator in INT_TEST.split(' ') {
            ints.add(&format!("{ty} {ty} -> i32"), format!("({ty}.{operator} {{0}} {{1}})"))?;
        }
    }
    for ty in ["f32", "f64"] {
        for operator in FLOAT_UNARY.split(' ') {
            floats.add(&format!("{ty} -> {ty}"), format!("({ty}.{operator} {{0}})"))?;
        }
        for operator in FLOAT_BINARY.split(' ') {
            floats.add(&format!("{ty} {ty} -> {ty}"), format!("({ty}.{operator} {{0}} {{1}})"))?;
        }
        for operator in FLOAT_TEST.split(' ') {
            floats.add(&format!("{ty} {ty} -> i32"), format!("({ty}.{operator} {{0}} {{1}})"))?;
        }
    }
    let mut conversions = Forms::default();
    for (int, float) in [("i32", "f32"), ("i32", "f64"), ("i64", "f32"), ("i64", "f64")] {
        for sign in ["s", "u"] {
            for operator in ["trunc", "trunc_sat"] {
                let code = format!("({int}.{operator}_{float}_{sign} {{0}})");
                conversions.add(&format!("{float} -> {int}"), code)?;
            }
            let code = format!("({float}.convert_{int}_{sign} {{0}})");
            conversions.add(&format!("{int} -> {float}"), code)?;
        }
    }
    let conversions = conversions.lines(
        "i64 -> i32 : (i32.wrap_i64 {0})
        i32 -> i64 : (i64.extend_i32_s {0})
        i32 -> i64 : (i64.extend_i32_u {0})
        i64 -> i64 : (i64.extend32_s {0})
        f64 -> f32 : (f32.demote_f64 {0})
        f32 -> f64 : (f64.promote_f32 {0})
        f32 -> i32 : (i32.reinterpret_f32 {0})
        f64 -> i64 : (i64.reinterpret_f64 {0})
        i32 -> f32 : (f32.reinterpret_i32 {0})
        i64 -> f64 : (f64.reinterpret_i64 {0})",
    )?;
    let wide = Forms::default().lines(
        "i64 i64 i64 i64 -> i64 i64 : (i64.add128 {0} {1} {2} {3})
        i64 i64 i64 i64 -> i64 i64 : (i64.sub128 {0} {1} {2} {3})
        i64 i64 -> i64 i64 : (i64.mul_wide_s {0} {1})
        i64 i64 -> i64 i64 : (i64.mul_wide_u {0} {1})",
    )?;
    // What the fast tier melts together, beyond what the shapes of one operator bring about.
    let mut together = Forms::default();
    for ty in ["i32", "i64"] {
        let three = format!("{ty} {ty} {ty} -> {ty}");
        together.add(&three, format!("({ty}.add {{0}} ({ty}.shl {{1}} {{2}}))"))?;
        together.add(&three, format!("({ty}.add ({ty}.shl {{0}} {{1}}) {{2}})"))?;
    }
    for ty in ["i32", "i64", "f32", "f64"] {
        let three = format!("{ty} {ty} {ty} -> {ty}");
        together.add(&three, format!("({ty}.add {{0}} ({ty}.mul {{1}} {{2}}))"))?;
        together.add(&three, format!("({ty}.add ({ty}.mul {{0}} {{1}}) {{2}})"))?;
    }
    let counters = counters()?;
    let together = together.lines(
        "        i32 i32 i32 -> i32 : (i32.sub {0} (i32.shl {1} {2}))
        i32 i32 -> i32 : (i32.add {0} (i32.shl {1} (i32.const 35)))
        i64 i64 -> i64 : (i64.add {0} (i64.shl {1} (i64.const 67)))
        i32 i32 -> i32 : (i32.eqz (i32.and {0} {1}))
        i64 i64 -> i32 : (i64.eqz (i64.and {0} {1}))
        i32 i32 -> i32 : (i32.ne (i32.and {0} {1}) (i32.const 0))
        i32 i32 -> i32 : (i32.eqz (i32.eqz (i32.lt_u {0} {1})))
        f32 f32 -> i32 : (i32.eqz (f32.lt {0} {1}))
        f64 f64 -> i32 : (i32.eqz (f64.ge {0} {1}))
        i32 i32 -> i64 : (i64.extend_i32_u (i32.add {0} {1}))
        i64 i64 -> i32 : (i32.wrap_i64 (i64.add {0} {1}))
        f32 f32 f32 -> f32 : (f32.sub {2} (f32.mul {0} {1}))
        f64 f64 -> f32 : (f32.demote_f64 (f64.mul {0} {1}))
        f32 f32 -> f64 : (f64.promote_f32 (f32.div {0} {1}))
        i32 i32 -> i32 : (i32.shr_u (i32.shl {0} {1}) (i32.const 24))
        i32 i32 -> i32 : (i32.shr_s (i32.shl {0} (i32.const 24)) {1})",
    )?;
    let mut kept = Forms::default();
    for ty in ["i32", "i64", "f32", "f64", "v128"] {
        let condition = "i32[0,1,-1,0x80000000,256]";
        let same = format!("{ty} -> {ty}");
        let chosen = format!("{ty} {ty} {condition} -> {ty}");
        kept.add(&chosen, "(select {0} {1} {2})")?;
        kept.add(&chosen, format!("(select (result {ty}) {{0}} {{1}} {{2}})"))?;
        kept.add(&same, "(local.set $r0 {0}) (local.get $r0)")?;
        kept.add(&same, "(local.tee $r0 {0})")?;
        kept.add(&same, format!("(global.set ${ty} {{0}}) (global.get ${ty})"))?;
        kept.add(&format!("{ty} {ty} -> {ty}"), "{0} (drop {1})")?;
        kept.add(&format!("{ty} {ty} -> {ty} {ty}"), "{0} {1} (nop)")?;
    }
    let globals = "(global $i32 (mut i32) (i32.const 0)) (global $i64 (mut i64) (i64.const 0)) \
         (global $f32 (mut f32) (f32.const 0)) (global $f64 (mut f64) (f64.const 0)) \
         (global $v128 (mut v128) (v128.const i64x2 0 0))";
    Ok(vec![
        ints.pure("int", ""),
        floats.pure("float", ""),
        conversions.pure("conversion", ""),
        wide.pure("wide", ""),
        together.pure("together", ""),
        counters.pure("counter", ""),
        kept.pure("kept", globals),
    ])
}

/// Loops that count: the addition, the comparison and the branch become one.
fn counters() -> Result<Forms, String> {
    let edges = "0,1,-1,2,5,0x7fffffff,0x80000000,0x7ffffffe,-5";
    let mut counters = Forms::default();
    for (ty, local) in [("i32", "$i"), ("i64", "$j")] {
        let signature =
            format!("{ty}[{edges}] {ty}[{edges}] {ty}[1,-1,3,0x7fff,0x8000] -> {ty} i32");
        for test in INT_TEST.split(' ') {
            for operator in ["add", "sub"] {
                let count = format!("({ty}.{operator} (local.get {local}) {{2}})");
                let ends = [
                    format!(
                        "(local.set {local} {count}) (br_if $top ({ty}.{test} (local.get {local}) {{1}}))"
                    ),
                    format!("(br_if $top ({ty}.{test} (local.tee {local} {count}) {{1}}))"),
                    format!(
                        "(local.set {local} {count}) (br_if $top ({ty}.{test} {{1}} (local.get {local})))"
                    ),
                ];
                for end in ends {
                    counters.add(
                        &signature,
                        format!(
                            "(local.set {local} {{0}}) (local.set $turn (i32.const 0)) (block $out (loop $top \
                             (br_if $out (i32.eq (local.get $turn) (i32.const 4))) \
                             (local.set $turn (i32.add (local.get $turn) (i32.const 1))) {end})) \
                             (local.get {local}) (local.get $turn)"
                        ),
                    )?;
                }
            }
        }
        let signature = format!("{ty}[{edges}] {ty}[1,-1,3] -> {ty}");
        for not in [false, true] {
            let test = if not {
                format!("(i32.eqz ({ty}.eqz (local.get {local})))")
            } else {
                format!("({ty}.eqz (local.get {local}))")
            };
            counters.add(
                &signature,
                format!(
                    "(local.set {local} {{0}}) (loop $top (local.set {local} ({ty}.and ({ty}.add (local.get {local}) {{1}}) \
                     ({ty}.const 7))) (br_if $top {test})) (local.get {local})"
                ),
            )?;
        }
    }
    Ok(counters)
}
