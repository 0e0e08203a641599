//! Values of scripts: arguments, and patterns that results have to match.

use stepwell_engine::{ExternAddr, ValType, Value};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// An argument as the engine takes it.
pub(super) fn argument(arg: &WastArg<'_>) -> Result<Value, String> {
    let WastArg::Core(arg) = arg else { return Err("not a core value".to_owned()) };
    Ok(match arg {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
        WastArgCore::F32(value) => Value::F32(f32::from_bits(value.bits)),
        WastArgCore::F64(value) => Value::F64(f64::from_bits(value.bits)),
        WastArgCore::V128(value) => Value::V128(u128::from_le_bytes(value.to_le_bytes())),
        WastArgCore::RefExtern(value) => Value::ExternRef(Some(ExternAddr(*value))),
        WastArgCore::RefNull(ty) => match reference_type(ty) {
            Some(ty) => Value::default_of(ty),
            None => return Err(format!("null of an unknown type: {ty:?}")),
        },
        other => return Err(format!("unknown argument: {other:?}")),
    })
}

fn reference_type(ty: &HeapType<'_>) -> Option<ValType> {
    match ty {
        HeapType::Abstract { ty: AbstractHeapType::Func, .. } => Some(ValType::FuncRef),
        HeapType::Abstract { ty: AbstractHeapType::Extern, .. } => Some(ValType::ExternRef),
        _ => None,
    }
}

/// Whether a result is what the script wants.
pub(super) fn matches(value: &Value, pattern: &WastRet<'_>) -> bool {
    match pattern {
        WastRet::Core(pattern) => core_matches(value, pattern),
        _ => false,
    }
}

fn core_matches(value: &Value, pattern: &WastRetCore<'_>) -> bool {
    match (value, pattern) {
        (_, WastRetCore::Either(patterns)) => {
            patterns.iter().any(|pattern| core_matches(value, pattern))
        }
        (Value::I32(value), WastRetCore::I32(wanted)) => value == wanted,
        (Value::I64(value), WastRetCore::I64(wanted)) => value == wanted,
        (Value::F32(value), WastRetCore::F32(pattern)) => f32_matches(value.to_bits(), pattern),
        (Value::F64(value), WastRetCore::F64(pattern)) => f64_matches(value.to_bits(), pattern),
        (Value::V128(value), WastRetCore::V128(pattern)) => vector_matches(*value, pattern),
        (Value::FuncRef(None) | Value::ExternRef(None), WastRetCore::RefNull(None)) => true,
        (Value::FuncRef(None) | Value::ExternRef(None), WastRetCore::RefNull(Some(ty))) => {
            reference_type(ty) == Some(value.ty())
        }
        (Value::ExternRef(Some(value)), WastRetCore::RefExtern(wanted)) => {
            wanted.is_none_or(|wanted| value.0 == wanted)
        }
        (Value::FuncRef(Some(_)), WastRetCore::RefFunc(None)) => true,
        _ => false,
    }
}

fn f32_matches(bits: u32, pattern: &NanPattern<wast::token::F32>) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(wanted) => bits == wanted.bits,
    }
}

fn f64_matches(bits: u64, pattern: &NanPattern<wast::token::F64>) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
        NanPattern::ArithmeticNan => bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        NanPattern::Value(wanted) => bits == wanted.bits,
    }
}

fn vector_matches(value: u128, pattern: &V128Pattern) -> bool {
    let bytes = value.to_le_bytes();
    let f32_at = |lane: usize| (value >> (32 * lane)) as u32;
    let f64_at = |lane: usize| (value >> (64 * lane)) as u64;
    let same = |wanted: Vec<u8>| wanted == bytes;
    match pattern {
        V128Pattern::I8x16(lanes) => {
            same(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect())
        }
        V128Pattern::I16x8(lanes) => {
            same(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect())
        }
        V128Pattern::I32x4(lanes) => {
            same(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect())
        }
        V128Pattern::I64x2(lanes) => {
            same(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect())
        }
        V128Pattern::F32x4(lanes) => {
            lanes.iter().enumerate().all(|(lane, pattern)| f32_matches(f32_at(lane), pattern))
        }
        V128Pattern::F64x2(lanes) => {
            lanes.iter().enumerate().all(|(lane, pattern)| f64_matches(f64_at(lane), pattern))
        }
    }
}

/// A pattern in words for a failure's message.
pub(super) fn pattern_text(pattern: &WastRet<'_>) -> String {
    match pattern {
        WastRet::Core(pattern) => core_text(pattern),
        _ => "a component value".to_owned(),
    }
}

fn core_text(pattern: &WastRetCore<'_>) -> String {
    match pattern {
        WastRetCore::I32(value) => Value::I32(*value).to_string(),
        WastRetCore::I64(value) => Value::I64(*value).to_string(),
        WastRetCore::F32(NanPattern::Value(value)) => {
            Value::F32(f32::from_bits(value.bits)).to_string()
        }
        WastRetCore::F64(NanPattern::Value(value)) => {
            Value::F64(f64::from_bits(value.bits)).to_string()
        }
        WastRetCore::F32(NanPattern::CanonicalNan) => "f32:nan:canonical".to_owned(),
        WastRetCore::F64(NanPattern::CanonicalNan) => "f64:nan:canonical".to_owned(),
        WastRetCore::F32(NanPattern::ArithmeticNan) => "f32:nan:arithmetic".to_owned(),
        WastRetCore::F64(NanPattern::ArithmeticNan) => "f64:nan:arithmetic".to_owned(),
        WastRetCore::RefExtern(Some(value)) => format!("externref:{value}"),
        WastRetCore::RefExtern(None) => "an externref that is not null".to_owned(),
        WastRetCore::RefFunc(_) => "a funcref that is not null".to_owned(),
        WastRetCore::RefNull(_) => "a null reference".to_owned(),
        WastRetCore::Either(patterns) => {
            let texts: Vec<String> = patterns.iter().map(core_text).collect();
            format!("one of {}", texts.join(", "))
        }
        other => format!("{other:?}"),
    }
}

/// Values in words for a failure's message.
pub(super) fn values_text(values: &[Value]) -> String {
    match values {
        [] => "nothing".to_owned(),
        values => values.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
    }
}
