//! What the vector operators do, in a sentence each.

/// Lanes and their number, as `16 bytes`, and whether they are floats.
fn shape(name: &str) -> Option<(&'static str, bool)> {
    Some(match name {
        "i8x16" => ("16 lanes of 8 bits", false),
        "i16x8" => ("8 lanes of 16 bits", false),
        "i32x4" => ("4 lanes of 32 bits", false),
        "i64x2" => ("2 lanes of 64 bits", false),
        "f32x4" => ("4 floats of 32 bits", true),
        "f64x2" => ("2 floats of 64 bits", true),
        _ => return None,
    })
}

/// The type of a lane when it is an operand of its own.
fn lane(shape: &str) -> &'static str {
    match shape {
        "i64x2" => "i64",
        "f32x4" => "f32",
        "f64x2" => "f64",
        _ => "i32",
    }
}

/// Effect and sentence of a vector operator.
pub(super) fn help(name: &str) -> Option<(String, String)> {
    let (first, operator) = name.split_once('.')?;
    if first == "v128" {
        let (effect, text) = whole(operator)?;
        return Some((effect.to_owned(), text));
    }
    let (lanes, floats) = shape(first)?;
    let (plain, sign) = match operator.rsplit_once('_') {
        Some((plain, "s")) => (plain, ", with signs"),
        Some((plain, "u")) => (plain, ", without signs"),
        _ => (operator, ""),
    };
    let (one, two, three) = ("v128 → v128", "v128 v128 → v128", "v128 v128 v128 → v128");
    let scalar = lane(first);
    let simple = |effect: &str, text: &str| Some((effect.to_owned(), text.to_owned()));
    let by_lane = |effect: &str, verb: &str| {
        Some((effect.to_owned(), format!("{verb}{sign}, lane by lane: {lanes}.")))
    };
    match plain {
        "splat" => Some((format!("{scalar} → v128"), format!("Copies a number to all {lanes}."))),
        "extract_lane" => {
            Some((format!("v128 → {scalar}"), format!("Takes one lane out, of {lanes}{sign}.")))
        }
        "replace_lane" => {
            Some((format!("v128 {scalar} → v128"), format!("Replaces one of {lanes}.")))
        }
        "shuffle" => {
            simple(two, "Takes 16 bytes out of the 32 of two vectors, as its immediates say.")
        }
        "swizzle" | "relaxed_swizzle" => simple(
            two,
            "Takes the bytes of the first vector that the second names; 0 for what is none.",
        ),
        "add" => by_lane(two, "Adds"),
        "sub" => by_lane(two, "Subtracts the second from the first"),
        "mul" => by_lane(two, "Multiplies"),
        "div" => by_lane(two, "Divides the first by the second"),
        "neg" => by_lane(one, "Changes the sign"),
        "abs" => by_lane(one, "Takes the sign away"),
        "sqrt" => by_lane(one, "Takes the square root"),
        "ceil" => by_lane(one, "Rounds up"),
        "floor" => by_lane(one, "Rounds down"),
        "trunc" => by_lane(one, "Rounds toward zero"),
        "nearest" => by_lane(one, "Rounds to the nearest integer, halves to an even one"),
        "popcnt" => by_lane(one, "Counts the bits that are one"),
        "add_sat" => by_lane(two, "Adds and stops at the least and largest number"),
        "sub_sat" => by_lane(two, "Subtracts and stops at the least and largest number"),
        "avgr" => by_lane(two, "Takes the mean, rounded up"),
        "min" | "relaxed_min" => by_lane(two, "Takes the lesser one"),
        "max" | "relaxed_max" => by_lane(two, "Takes the larger one"),
        "pmin" => by_lane(two, "Takes the second if it is less, else the first"),
        "pmax" => by_lane(two, "Takes the second if it is larger, else the first"),
        "eq" | "ne" | "lt" | "gt" | "le" | "ge" => {
            let relation = match plain {
                "eq" => "equal",
                "ne" => "not equal",
                "lt" => "less",
                "gt" => "greater",
                "le" => "less or equal",
                _ => "greater or equal",
            };
            let text = format!(
                "Compares{sign}: all bits of a lane are set where the first is {relation}, of {lanes}."
            );
            Some((two.to_owned(), text))
        }
        "shl" => Some(("v128 i32 → v128".to_owned(), format!("Shifts {lanes} to the left."))),
        "shr" => {
            Some(("v128 i32 → v128".to_owned(), format!("Shifts {lanes} to the right{sign}.")))
        }
        "all_true" => {
            Some(("v128 → i32".to_owned(), format!("1 if none of {lanes} is zero, else 0.")))
        }
        "bitmask" => Some((
            "v128 → i32".to_owned(),
            format!("The highest bit of each of {lanes}, as one number."),
        )),
        "relaxed_madd" => by_lane(three, "Multiplies the first two and adds the third"),
        "relaxed_nmadd" => {
            by_lane(three, "Multiplies the first two and takes the product from the third")
        }
        "relaxed_laneselect" => simple(
            three,
            "Takes bits of the first where those of the third are set, else of the second.",
        ),
        "dot_i16x8" => {
            simple(two, "Multiplies 8 lanes of 16 bits and adds the products of neighbours.")
        }
        "relaxed_dot_i8x16_i7x16" => {
            simple(two, "Multiplies 16 bytes and adds the products of neighbours.")
        }
        "relaxed_dot_i8x16_i7x16_add" => simple(
            three,
            "Multiplies 16 bytes, adds four products each, and the lanes of the third.",
        ),
        "q15mulr_sat" | "relaxed_q15mulr" => simple(
            two,
            "Multiplies fractions with 15 bits behind the point, rounded, and stops at the largest.",
        ),
        _ if plain.starts_with("narrow_") => {
            let text = format!(
                "Brings the lanes of both vectors into {lanes}{sign}; what does not fit stops at the least or largest."
            );
            Some((two.to_owned(), text))
        }
        _ if plain.starts_with("extadd_pairwise_") => {
            Some((one.to_owned(), format!("Adds neighbours{sign} into {lanes}.")))
        }
        _ if plain.starts_with("extmul_") => Some((
            two.to_owned(),
            format!("Multiplies one half of the lanes{sign}: {lanes} come of it."),
        )),
        _ if plain.starts_with("extend_") => {
            Some((one.to_owned(), format!("Widens one half of the lanes{sign} to {lanes}.")))
        }
        _ if plain.contains("trunc_") || plain.contains("trunc_sat") => Some((
            one.to_owned(),
            format!(
                "Rounds floats toward zero to {lanes}; what does not fit stops at the least or largest."
            ),
        )),
        _ if floats
            && ["convert", "demote", "promote"].iter().any(|verb| plain.starts_with(verb)) =>
        {
            Some((one.to_owned(), format!("Converts to {lanes}.")))
        }
        _ => None,
    }
}

/// Operators on all 128 bits, loads and stores.
fn whole(operator: &str) -> Option<(&'static str, String)> {
    let (load, store) = ("i32 → v128", "i32 v128 →");
    let text = |text: &str| text.to_owned();
    Some(match operator {
        "const" => ("→ v128", text("A constant of 128 bits.")),
        "not" => ("v128 → v128", text("Turns all bits round.")),
        "and" => ("v128 v128 → v128", text("Sets the bits that are set in both.")),
        "andnot" => (
            "v128 v128 → v128",
            text("Sets the bits that are set in the first and not in the second."),
        ),
        "or" => ("v128 v128 → v128", text("Sets the bits that are set in one or both.")),
        "xor" => ("v128 v128 → v128", text("Sets the bits in which the two differ.")),
        "bitselect" => (
            "v128 v128 v128 → v128",
            text("Takes bits of the first where those of the third are set, else of the second."),
        ),
        "any_true" => ("v128 → i32", text("1 if any bit is set, else 0.")),
        "load" => (load, text("Reads 16 bytes of memory; traps beyond its end.")),
        "store" => (store, text("Writes 16 bytes to memory; traps beyond its end.")),
        _ => {
            let size = operator.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
            let bits: String = size.chars().take_while(char::is_ascii_digit).collect();
            let loads = operator.starts_with("load");
            if operator.ends_with("_splat") {
                (
                    load,
                    format!("Reads {bits} bits of memory into every lane; traps beyond its end."),
                )
            } else if operator.ends_with("_zero") {
                (
                    load,
                    format!("Reads {bits} bits of memory into the lowest lane; the others are 0."),
                )
            } else if operator.ends_with("_lane") && loads {
                (
                    "i32 v128 → v128",
                    format!("Reads {bits} bits of memory into one lane; traps beyond its end."),
                )
            } else if operator.ends_with("_lane") {
                (store, format!("Writes one lane of {bits} bits to memory; traps beyond its end."))
            } else if loads && operator.contains('x') {
                let sign = if operator.ends_with("_s") { "with" } else { "without" };
                (
                    load,
                    format!("Reads 8 bytes of memory and widens each {bits} bits, {sign} signs."),
                )
            } else {
                return None;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every vector operator of the specification's version 3.0.
    const OPERATORS: &str = "v128.load v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s \
        v128.load32x2_u v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat \
        v128.load32_zero v128.load64_zero v128.store v128.load8_lane v128.load16_lane \
        v128.load32_lane v128.load64_lane v128.store8_lane v128.store16_lane v128.store32_lane \
        v128.store64_lane v128.const i8x16.shuffle i8x16.extract_lane_s i8x16.extract_lane_u \
        i8x16.replace_lane i16x8.extract_lane_s i16x8.extract_lane_u i16x8.replace_lane \
        i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane \
        f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane \
        i8x16.swizzle i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat \
        i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u \
        i8x16.ge_s i8x16.ge_u i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u \
        i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u \
        i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u i64x2.eq i64x2.ne \
        i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le \
        f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge v128.not v128.and \
        v128.andnot v128.or v128.xor v128.bitselect v128.any_true i8x16.abs i8x16.neg \
        i8x16.popcnt i8x16.all_true i8x16.bitmask i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u \
        i8x16.shl i8x16.shr_s i8x16.shr_u i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub \
        i8x16.sub_sat_s i8x16.sub_sat_u i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u \
        i8x16.avgr_u i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i16x8.abs \
        i16x8.neg i16x8.q15mulr_sat_s i16x8.all_true i16x8.bitmask i16x8.narrow_i32x4_s \
        i16x8.narrow_i32x4_u i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s \
        i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u i16x8.shl i16x8.shr_s i16x8.shr_u \
        i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u \
        i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u i16x8.avgr_u \
        i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u \
        i16x8.extmul_high_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u \
        i32x4.abs i32x4.neg i32x4.all_true i32x4.bitmask i32x4.extend_low_i16x8_s \
        i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u i32x4.shl \
        i32x4.shr_s i32x4.shr_u i32x4.add i32x4.sub i32x4.mul i32x4.min_s i32x4.min_u \
        i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s i32x4.extmul_low_i16x8_s \
        i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u i64x2.abs \
        i64x2.neg i64x2.all_true i64x2.bitmask i64x2.extend_low_i32x4_s \
        i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u i64x2.shl \
        i64x2.shr_s i64x2.shr_u i64x2.add i64x2.sub i64x2.mul i64x2.extmul_low_i32x4_s \
        i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u f32x4.ceil \
        f32x4.floor f32x4.trunc f32x4.nearest f32x4.abs f32x4.neg f32x4.sqrt f32x4.add f32x4.sub \
        f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax f64x2.ceil f64x2.floor \
        f64x2.trunc f64x2.nearest f64x2.abs f64x2.neg f64x2.sqrt f64x2.add f64x2.sub f64x2.mul \
        f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax i32x4.trunc_sat_f32x4_s \
        i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u \
        i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s \
        f64x2.convert_low_i32x4_u f32x4.demote_f64x2_zero f64x2.promote_low_f32x4 \
        i8x16.relaxed_swizzle i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u \
        i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero f32x4.relaxed_madd \
        f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd i8x16.relaxed_laneselect \
        i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect \
        f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max \
        i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s \
        i32x4.relaxed_dot_i8x16_i7x16_add_s";

    #[test]
    fn every_vector_operator_is_explained() {
        for name in OPERATORS.split_whitespace() {
            let (effect, text) = help(name).unwrap_or_else(|| panic!("{name}"));
            assert!(effect.contains("v128"), "{name}: {effect}");
            assert!(text.ends_with('.') && !text.contains("  "), "{name}: {text}");
        }
        assert_eq!(help("i8x16.frobnicate"), None);
        assert_eq!(help("v128.frobnicate"), None);
        assert_eq!(help("i32.add"), None);
    }

    #[test]
    fn effects_and_widths_are_those_of_the_operator() {
        let of = |name| help(name).unwrap();
        assert_eq!(of("i64x2.replace_lane").0, "v128 i64 → v128");
        assert_eq!(of("f32x4.extract_lane").0, "v128 → f32");
        assert_eq!(of("v128.store64_lane").0, "i32 v128 →");
        assert!(of("v128.load16x4_s").1.contains("16 bits, with signs"));
        assert!(of("v128.load8_splat").1.contains("8 bits"));
        assert!(of("i8x16.add_sat_u").1.contains("without signs"));
    }
}
