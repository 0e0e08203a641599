//! Values as a person writes them.
//!
//! What the engine prints reads back as the same bits, NaNs included.

mod hex_float;

use stepwell_engine::{
    AnyRef, ExternAddr, FuncAddr, HeapType, ObjectAddr, Ref, RefType, ValType, Value,
};

/// Reads a value of a type: `5`, `-0x10`, `1_000`, `0.5`, `0x1.8p3`, `inf`, `nan`,
/// `nan:0x7fc00000` (all bits) or `nan:0x1` (payload), `null`, `7` for references, `i32x4 1 2 3 4` or
/// `0x` and 32 digits for vectors, each with or without its type in front (`i32:5`). Integers may be
/// written signed or unsigned.
///
/// # Errors
/// What is wrong with the text, in words for beside a field.
pub fn parse_value(ty: ValType, text: &str) -> Result<Value, String> {
    let text = without_type(ty, text.trim())?;
    if text.is_empty() {
        return Err(format!("a value of type {ty} is needed"));
    }
    match ty {
        ValType::I32 => integer(text, 32).map(|bits| Value::I32(bits as i32)),
        ValType::I64 => integer(text, 64).map(|bits| Value::I64(bits as i64)),
        ValType::F32 => float(text, &F32).map(|bits| Value::F32(f32::from_bits(bits as u32))),
        ValType::F64 => float(text, &F64).map(|bits| Value::F64(f64::from_bits(bits))),
        ValType::V128 => super::shape::parse(text).map(Value::V128),
        ValType::Ref(ty) => reference(ty, text),
    }
}

/// A value without its type in front.
pub fn untyped(value: &Value) -> String {
    let text = value.to_string();
    text.split_once(':').map_or(text.clone(), |(_, rest)| rest.to_owned())
}

/// Takes `i32:` off; a prefix of another type is a mistake.
fn without_type(ty: ValType, text: &str) -> Result<&str, String> {
    let Some((prefix, rest)) = text.split_once(':') else { return Ok(text) };
    let known = ["i32", "i64", "f32", "f64", "v128", "funcref", "externref", "anyref", "exnref"];
    let name = match ty {
        ValType::Ref(ty) => Value::from(Ref::null(ty)).ty().to_string(),
        ty => ty.to_string(),
    };
    match prefix.trim() {
        found if found == name => Ok(rest.trim()),
        found if known.contains(&found) => Err(format!("{ty} is needed here, not {found}")),
        _ => Ok(text),
    }
}

/// `null`, the number of a function, host value or exception, and of data `i31:5` or `#7`, with or
/// without a type's name in front.
fn reference(ty: RefType, text: &str) -> Result<Value, String> {
    let any = |text: &str| -> Result<Option<AnyRef>, String> {
        let number = |rest: &str| rest.trim().parse::<i64>().map_err(|_| data_needed());
        if let Some(rest) = text.strip_prefix("i31") {
            let value = number(rest.trim_start_matches(':'))?;
            let fits = (-(1 << 30)..1 << 31).contains(&value);
            let value = fits.then_some((value as i32) << 1 >> 1);
            return Ok(Some(AnyRef::I31(value.ok_or("an i31 has 31 bits")?)));
        }
        if let Some((_, rest)) = text.split_once('#') {
            let addr = u32::try_from(number(rest)?).map_err(|_| data_needed())?;
            return Ok(Some(AnyRef::Object(ObjectAddr(addr))));
        }
        if let Some(rest) = text.strip_prefix("object") {
            let addr = u32::try_from(number(rest)?).map_err(|_| data_needed())?;
            return Ok(Some(AnyRef::Object(ObjectAddr(addr))));
        }
        let text = text.strip_prefix("extern").map_or(text, str::trim);
        Ok(handle(text)?.map(|addr| AnyRef::Host(ExternAddr(addr))))
    };
    let value = match ty.heap.top() {
        HeapType::Func => Value::FuncRef(handle(text)?.map(FuncAddr)),
        HeapType::Extern => Value::ExternRef(any(text)?),
        HeapType::Exn => {
            let text = text.split_once('#').map_or(text, |(_, number)| number);
            Value::ExnRef(handle(text)?.map(ObjectAddr))
        }
        _ => Value::AnyRef(any(text)?),
    };
    match value.as_ref() {
        Some(reference) if reference.is_null() && !ty.nullable => {
            Err(format!("{ty} cannot be null"))
        }
        _ => Ok(value),
    }
}

fn data_needed() -> String {
    "null, i31:5, or an object as #7 is needed".to_owned()
}

fn handle(text: &str) -> Result<Option<u32>, String> {
    match text {
        "null" => Ok(None),
        text => match text.parse() {
            // The last number is not a handle: a slot holds the number and one more for null.
            Ok(number) if number < u32::MAX => Ok(Some(number)),
            _ => Err("null or a number is needed".to_owned()),
        },
    }
}

/// Splits a sign off.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Digits without `_`, which may stand between two digits only.
pub(super) fn digits(text: &str) -> Option<String> {
    let misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    (!text.is_empty() && !misplaced).then(|| text.replace('_', ""))
}

pub(super) fn integer(text: &str, bits: u32) -> Result<u64, String> {
    let (negative, unsigned) = signed(text);
    let (radix, body) = match unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None => (10, unsigned),
    };
    let no_number = || format!("not an integer: {text}");
    let body = digits(body).ok_or_else(no_number)?;
    if !body.chars().all(|digit| digit.is_digit(radix)) {
        return Err(no_number());
    }
    let too_large = || {
        let lowest = -(1i128 << (bits - 1));
        let highest = (1u128 << bits) - 1;
        format!("does not fit in i{bits} ({lowest} to {highest})")
    };
    let magnitude = u128::from_str_radix(&body, radix).map_err(|_| too_large())?;
    let limit = if negative { 1u128 << (bits - 1) } else { (1u128 << bits) - 1 };
    if magnitude > limit {
        return Err(too_large());
    }
    let value = magnitude as u64;
    Ok(if negative { value.wrapping_neg() } else { value })
}

/// What a float type looks like in bits.
pub(super) struct Format {
    name: &'static str,
    /// Bits of the fraction.
    fraction: u32,
    /// All bits of the exponent, in place.
    exponent: u64,
    sign: u64,
    decimal: fn(&str) -> Option<u64>,
}

pub(super) const F32: Format = Format {
    name: "f32",
    fraction: 23,
    exponent: 0x7f80_0000,
    sign: 0x8000_0000,
    decimal: |text| text.parse::<f32>().ok().map(|value| u64::from(value.to_bits())),
};

pub(super) const F64: Format = Format {
    name: "f64",
    fraction: 52,
    exponent: 0x7ff0_0000_0000_0000,
    sign: 0x8000_0000_0000_0000,
    decimal: |text| text.parse::<f64>().ok().map(f64::to_bits),
};

pub(super) fn float(text: &str, format: &Format) -> Result<u64, String> {
    let (negative, unsigned) = signed(text);
    let sign = if negative { format.sign } else { 0 };
    let no_number = || format!("not a number: {text}");
    if unsigned == "inf" {
        return Ok(sign | format.exponent);
    }
    if unsigned == "nan" {
        return Ok(sign | format.exponent | 1 << (format.fraction - 1));
    }
    if let Some(bits) = unsigned.strip_prefix("nan:") {
        return nan(bits, sign, format);
    }
    let bits = match unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        Some(hex) => hex_float::parse(hex, format.fraction).ok_or_else(no_number)?,
        None => {
            let body = digits(unsigned).ok_or_else(no_number)?;
            let plain = |digit: char| digit.is_ascii_digit() || ".eE+-".contains(digit);
            let begins = body.starts_with(|first: char| first.is_ascii_digit() || first == '.');
            if !begins || !body.chars().all(plain) {
                return Err(no_number());
            }
            (format.decimal)(&body).ok_or_else(no_number)?
        }
    };
    if bits == format.exponent {
        return Err(format!("does not fit in {}; write inf for infinity", format.name));
    }
    Ok(sign | bits)
}

/// The bits of a NaN, or its payload as the text format has it.
fn nan(text: &str, sign: u64, format: &Format) -> Result<u64, String> {
    let payload = (1u64 << format.fraction) - 1;
    let problem = || {
        format!(
            "nan: needs its bits in hex, 0x{:x} at least, or a payload of 1 to 0x{payload:x}",
            format.exponent | 1
        )
    };
    let hex = text.strip_prefix("0x").and_then(digits).ok_or_else(problem)?;
    let bits = u64::from_str_radix(&hex, 16).map_err(|_| problem())?;
    if bits & payload == 0 || bits > format.sign | format.exponent | payload {
        return Err(problem());
    }
    match bits & !(payload | format.sign) {
        0 if bits & format.sign == 0 => Ok(sign | format.exponent | bits),
        exponent if exponent == format.exponent => Ok(sign | bits),
        _ => Err(problem()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ty: ValType, text: &str) -> Value {
        parse_value(ty, text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }

    fn problem(ty: ValType, text: &str) -> String {
        parse_value(ty, text).expect_err(text)
    }

    #[test]
    fn integers_are_signed_or_unsigned_decimal_or_hex() {
        for (text, value) in [
            ("5", 5),
            ("+5", 5),
            (" -5 ", -5),
            ("4294967295", -1),
            ("0xffff_ffff", -1),
            ("-0x80000000", i32::MIN),
            ("i32:7", 7),
            ("1_000", 1000),
        ] {
            assert_eq!(read(ValType::I32, text), Value::I32(value), "{text}");
        }
        assert_eq!(read(ValType::I64, "18446744073709551615"), Value::I64(-1));
        assert_eq!(read(ValType::I64, "-9223372036854775808"), Value::I64(i64::MIN));
    }

    #[test]
    fn wrong_integers_are_explained() {
        let range = "does not fit in i32 (-2147483648 to 4294967295)";
        assert_eq!(problem(ValType::I32, "4294967296"), range);
        assert_eq!(problem(ValType::I32, "-2147483649"), range);
        assert_eq!(problem(ValType::I32, &"9".repeat(60)), range);
        assert_eq!(problem(ValType::I32, "five"), "not an integer: five");
        assert_eq!(problem(ValType::I32, "0.5"), "not an integer: 0.5");
        for text in ["0x", "_1", "1__0", "1_", "- 5", "--5", "0xg", "1e3"] {
            assert!(problem(ValType::I32, text).starts_with("not an integer"), "{text}");
        }
        assert_eq!(problem(ValType::I32, "f64:1"), "i32 is needed here, not f64");
        assert_eq!(problem(ValType::I32, "  "), "a value of type i32 is needed");
    }

    #[test]
    fn floats_are_decimal_hex_or_named() {
        for (text, value) in [
            ("0.5", 0.5),
            ("-1e3", -1000.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("0x1.8p3", 12.0),
            ("0x10", 16.0),
            ("-0x.8p-1", -0.25),
            ("inf", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
            ("1_0.2_5", 10.25),
        ] {
            assert_eq!(read(ValType::F64, text), Value::F64(value), "{text}");
        }
        let Value::F64(zero) = read(ValType::F64, "-0") else { panic!() };
        assert!(zero == 0.0 && zero.is_sign_negative());
        for text in ["infinity", "NaN", "1e", "e5", "0x", "0x.p1", "abc", "1.2.3", "--1"] {
            assert!(problem(ValType::F64, text).starts_with("not a number"), "{text}");
        }
        assert_eq!(problem(ValType::F32, "1e39"), "does not fit in f32; write inf for infinity");
    }

    #[test]
    fn nans_keep_their_bits() {
        let bits = |text| match read(ValType::F32, text) {
            Value::F32(value) => value.to_bits(),
            other => panic!("{other}"),
        };
        assert_eq!(bits("nan"), 0x7fc0_0000);
        assert_eq!(bits("-nan"), 0xffc0_0000);
        assert_eq!(bits("nan:0x200000"), 0x7fa0_0000);
        assert_eq!(bits("-nan:0x200000"), 0xffa0_0000);
        assert_eq!(bits("nan:0x7fa00001"), 0x7fa0_0001);
        assert_eq!(bits("nan:0xffc00000"), 0xffc0_0000);
        for text in ["nan:0x0", "nan:0x7f800000", "nan:5", "nan:0x1ffc00000", "nan:0x40000001"] {
            assert!(problem(ValType::F32, text).starts_with("nan:"), "{text}");
        }
    }

    #[test]
    fn references_are_null_or_a_number() {
        assert_eq!(read(ValType::FUNCREF, "null"), Value::FuncRef(None));
        assert_eq!(read(ValType::FUNCREF, "funcref:7"), Value::FuncRef(Some(FuncAddr(7))));
        assert_eq!(read(ValType::EXTERNREF, "0"), Value::ExternRef(Some(ExternAddr(0).into())));
        let object = Value::AnyRef(Some(AnyRef::Object(ObjectAddr(7))));
        for text in ["#7", "$point #7", "object 7", "anyref:object 7"] {
            assert_eq!(read(ValType::ANYREF, text), object, "{text}");
        }
        let number = Value::AnyRef(Some(AnyRef::I31(-5)));
        assert_eq!(read(ValType::ANYREF, "i31:-5"), number);
        assert_eq!(read(ValType::ANYREF, "i31 -5"), number);
        let host = Value::ExternRef(Some(ExternAddr(3).into()));
        assert_eq!(read(ValType::EXTERNREF, "extern 3"), host);
        assert_eq!(read(ValType::EXNREF, "exn $oops #4"), Value::ExnRef(Some(ObjectAddr(4))));
        assert!(parse_value(ValType::ANYREF, "point").is_err());
        assert!(parse_value(ValType::EXTERNREF, "4294967295").is_err());
        assert!(parse_value(ValType::EXTERNREF, "-1").is_err());
    }

    #[test]
    fn vectors_are_lanes_or_bits() {
        let vector = |text: &str| match read(ValType::V128, text) {
            Value::V128(value) => value,
            other => panic!("{other}"),
        };
        assert_eq!(vector("i32x4 1 -1 0x10 4"), 0x4_0000_0010_ffff_ffff_0000_0001);
        assert_eq!(vector("v128:i64x2 1, 2"), 2 << 64 | 1);
        assert_eq!(vector("f32x4 0.5 nan:0x7fa00000 0 0"), 0x7fa0_0000_3f00_0000);
        assert_eq!(vector("0x1_0000000000000000"), 1 << 64);
        assert_eq!(problem(ValType::V128, "i32x4 1 2 3"), "i32x4 has 4 lanes, not 3");
        assert_eq!(
            problem(ValType::V128, "i8x16 1 2 300"),
            "lane 2: does not fit in i8 (-128 to 255)"
        );
        assert!(problem(ValType::V128, "5").starts_with("a shape and its lanes are needed"));
        assert!(problem(ValType::V128, "i64x2:1").starts_with("a shape"));
        assert!(problem(ValType::V128, "0x1 2").starts_with("a shape"));
        let bits = 0x8000_0001_7fc0_0000_ff80_0000_0123_4567_u128.rotate_left(4);
        for shape in super::super::Shape::ALL {
            assert_eq!(vector(&shape.text(bits)), bits, "{}", shape.text(bits));
        }
        assert_eq!(read(ValType::V128, &Value::V128(bits).to_string()), Value::V128(bits));
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_bits() {
        let mut bits = 0x9e37_79b9_7f4a_7c15u64;
        for _ in 0..20_000 {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            for ty in [ValType::I32, ValType::I64, ValType::F32, ValType::F64] {
                let value = Value::from_bits(ty, bits.into());
                let again = read(ty, &value.to_string());
                assert_eq!(again.to_bits(), value.to_bits(), "{value}");
            }
        }
    }
}
