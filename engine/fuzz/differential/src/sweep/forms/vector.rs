//! Vectors of numbers.

use super::{Forms, Group};

const UNARY: &[(&str, &str)] = &[
    ("v128", "not"),
    ("i8x16", "abs neg popcnt"),
    (
        "i16x8",
        "abs neg extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u extend_low_i8x16_s extend_low_i8x16_u",
    ),
    ("i16x8", "extend_high_i8x16_s extend_high_i8x16_u"),
    (
        "i32x4",
        "abs neg extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u extend_low_i16x8_s extend_low_i16x8_u",
    ),
    ("i32x4", "extend_high_i16x8_s extend_high_i16x8_u trunc_sat_f32x4_s trunc_sat_f32x4_u"),
    ("i32x4", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero"),
    (
        "i64x2",
        "abs neg extend_low_i32x4_s extend_low_i32x4_u extend_high_i32x4_s extend_high_i32x4_u",
    ),
    (
        "f32x4",
        "ceil floor trunc nearest abs neg sqrt convert_i32x4_s convert_i32x4_u demote_f64x2_zero",
    ),
    ("f64x2", "ceil floor trunc nearest abs neg sqrt convert_low_i32x4_s convert_low_i32x4_u"),
    ("f64x2", "promote_low_f32x4"),
];
const BINARY: &[(&str, &str)] = &[
    ("v128", "and andnot or xor"),
    (
        "i8x16",
        "swizzle eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u narrow_i16x8_s narrow_i16x8_u add",
    ),
    ("i8x16", "add_sat_s add_sat_u sub sub_sat_s sub_sat_u min_s min_u max_s max_u avgr_u"),
    (
        "i16x8",
        "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u narrow_i32x4_s narrow_i32x4_u add mul",
    ),
    (
        "i16x8",
        "add_sat_s add_sat_u sub sub_sat_s sub_sat_u min_s min_u max_s max_u avgr_u q15mulr_sat_s",
    ),
    ("i16x8", "extmul_low_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_s extmul_high_i8x16_u"),
    ("i32x4", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u add sub mul min_s min_u max_s max_u"),
    (
        "i32x4",
        "dot_i16x8_s extmul_low_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_s extmul_high_i16x8_u",
    ),
    ("i64x2", "eq ne lt_s gt_s le_s ge_s add sub mul"),
    ("i64x2", "extmul_low_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_s extmul_high_i32x4_u"),
    ("f32x4", "eq ne lt gt le ge add sub mul div min max pmin pmax"),
    ("f64x2", "eq ne lt gt le ge add sub mul div min max pmin pmax"),
];
/// Shape, type of a lane, number of lanes, endings of `extract_lane`.
const LANES: [(&str, &str, usize, &[&str]); 6] = [
    ("i8x16", "i32", 16, &["_s", "_u"]),
    ("i16x8", "i32", 8, &["_s", "_u"]),
    ("i32x4", "i32", 4, &[""]),
    ("i64x2", "i64", 2, &[""]),
    ("f32x4", "f32", 4, &[""]),
    ("f64x2", "f64", 2, &[""]),
];
/// Each relaxed operator, and the strict one that this engine does.
const RELAXED: [(&str, usize, &str); 20] = [
    ("i8x16.relaxed_swizzle", 2, "(i8x16.swizzle {0} {1})"),
    ("i32x4.relaxed_trunc_f32x4_s", 1, "(i32x4.trunc_sat_f32x4_s {0})"),
    ("i32x4.relaxed_trunc_f32x4_u", 1, "(i32x4.trunc_sat_f32x4_u {0})"),
    ("i32x4.relaxed_trunc_f64x2_s_zero", 1, "(i32x4.trunc_sat_f64x2_s_zero {0})"),
    ("i32x4.relaxed_trunc_f64x2_u_zero", 1, "(i32x4.trunc_sat_f64x2_u_zero {0})"),
    ("f32x4.relaxed_madd", 3, "(f32x4.add (f32x4.mul {0} {1}) {2})"),
    ("f32x4.relaxed_nmadd", 3, "(f32x4.add (f32x4.mul (f32x4.neg {0}) {1}) {2})"),
    ("f64x2.relaxed_madd", 3, "(f64x2.add (f64x2.mul {0} {1}) {2})"),
    ("f64x2.relaxed_nmadd", 3, "(f64x2.add (f64x2.mul (f64x2.neg {0}) {1}) {2})"),
    ("i8x16.relaxed_laneselect", 3, "(v128.bitselect {0} {1} {2})"),
    ("i16x8.relaxed_laneselect", 3, "(v128.bitselect {0} {1} {2})"),
    ("i32x4.relaxed_laneselect", 3, "(v128.bitselect {0} {1} {2})"),
    ("i64x2.relaxed_laneselect", 3, "(v128.bitselect {0} {1} {2})"),
    ("f32x4.relaxed_min", 2, "(f32x4.min {0} {1})"),
    ("f32x4.relaxed_max", 2, "(f32x4.max {0} {1})"),
    ("f64x2.relaxed_min", 2, "(f64x2.min {0} {1})"),
    ("f64x2.relaxed_max", 2, "(f64x2.max {0} {1})"),
    ("i16x8.relaxed_q15mulr_s", 2, "(i16x8.q15mulr_sat_s {0} {1})"),
    ("i16x8.relaxed_dot_i8x16_i7x16_s", 2, DOT),
    (
        "i32x4.relaxed_dot_i8x16_i7x16_add_s",
        3,
        "(i32x4.add {2} (i32x4.extadd_pairwise_i16x8_s (call $dot {0} {1})))",
    ),
];
const DOT: &str = "(call $dot {0} {1})";
/// Sums of two products that wrap; what has seven bits as demanded does not reach that.
const DOT_FIELDS: &str = "(func $dot (param v128 v128) (result v128) (local $low v128) (local $high v128)
    (local.set $low (i16x8.extmul_low_i8x16_s (local.get 0) (local.get 1)))
    (local.set $high (i16x8.extmul_high_i8x16_s (local.get 0) (local.get 1)))
    (i16x8.add
        (i8x16.shuffle 0 1 4 5 8 9 12 13 16 17 20 21 24 25 28 29 (local.get $low) (local.get $high))
        (i8x16.shuffle 2 3 6 7 10 11 14 15 18 19 22 23 26 27 30 31 (local.get $low) (local.get $high))))";

pub(super) fn groups() -> Result<Vec<Group>, String> {
    let mut unary = Forms::default();
    let mut binary = Forms::default();
    let mut lanes = Forms::default();
    for (shape, operators) in UNARY {
        for operator in operators.split(' ') {
            unary.add("v128 -> v128", format!("({shape}.{operator} {{0}})"))?;
        }
    }
    for (shape, operators) in BINARY {
        for operator in operators.split(' ') {
            binary.add("v128 v128 -> v128", format!("({shape}.{operator} {{0}} {{1}})"))?;
        }
    }
    for (shape, lane, count, endings) in LANES {
        lanes.add(&format!("{lane} -> v128"), format!("({shape}.splat {{0}})"))?;
        for at in [0, 1, count - 1] {
            for ending in endings {
                let code = format!("({shape}.extract_lane{ending} {at} {{0}})");
                lanes.add(&format!("v128 -> {lane}"), code)?;
            }
            let code = format!("({shape}.replace_lane {at} {{0}} {{1}})");
            lanes.add(&format!("v128 {lane} -> v128"), code)?;
        }
        if lane.starts_with('i') {
            unary.add("v128 -> i32", format!("({shape}.all_true {{0}})"))?;
            unary.add("v128 -> i32", format!("({shape}.bitmask {{0}})"))?;
            for operator in ["shl", "shr_s", "shr_u"] {
                binary.add("v128 i32 -> v128", format!("({shape}.{operator} {{0}} {{1}})"))?;
            }
        }
    }
    unary.add("v128 -> i32", "(v128.any_true {0})")?;
    binary.add("v128 v128 v128 -> v128", "(v128.bitselect {0} {1} {2})")?;
    binary.add("-> v128", "(v128.const i64x2 0x8000000000000000 -1)")?;
    for list in [
        "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        "31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31",
        "31 0 30 1 29 2 28 3 16 15 17 14 18 13 19 12",
        "4 5 6 7 4 5 6 7 16 17 18 19 20 21 22 23",
    ] {
        lanes.add("v128 v128 -> v128", format!("(i8x16.shuffle {list} {{0}} {{1}})"))?;
    }
    let mut relaxed = Forms::default();
    for (operator, count, strict) in RELAXED {
        let params = ["v128"; 3][..count].join(" ");
        let operands = ["{0}", "{1}", "{2}"][..count].join(" ");
        relaxed.add(&format!("{params} -> v128"), format!("({operator} {operands})"))?;
        if let Some(form) = relaxed.0.last_mut() {
            form.peer = Some(strict.into());
        }
    }
    Ok(vec![
        unary.pure("vector unary", ""),
        binary.pure("vector binary", ""),
        lanes.pure("lane", ""),
        relaxed.pure("relaxed", DOT_FIELDS),
    ])
}
