//! Values of scripts: arguments, and patterns that results have to match.

use stepwell_engine::store::ObjectKind;
use stepwell_engine::{AnyRef, ExternAddr, Ref, Store, ValType, Value};
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
        WastArgCore::RefExtern(value) => Value::ExternRef(Some(ExternAddr(*value).into())),
        WastArgCore::RefHost(value) => Value::AnyRef(Some(ExternAddr(*value).into())),
        WastArgCore::RefNull(ty) => match reference_type(ty) {
            Some(ty) => Value::default_of(ty),
            None => return Err(format!("null of an unknown type: {ty:?}")),
        },
    })
}

/// The topmost type of the hierarchy that a null is of; `None` for types that scripts define.
fn reference_type(ty: &HeapType<'_>) -> Option<ValType> {
    use AbstractHeapType as A;
    let HeapType::Abstract { ty, .. } = ty else { return None };
    match ty {
        A::Func | A::NoFunc => Some(ValType::FUNCREF),
        A::Extern | A::NoExtern => Some(ValType::EXTERNREF),
        A::Exn | A::NoExn => Some(ValType::EXNREF),
        A::Any | A::Eq | A::I31 | A::Struct | A::Array | A::None => Some(ValType::ANYREF),
        _ => None,
    }
}

/// Whether a result is what the script wants.
pub(super) fn matches(store: &Store, value: &Value, pattern: &WastRet<'_>) -> bool {
    match pattern {
        WastRet::Core(pattern) => core_matches(store, value, pattern),
        _ => false,
    }
}

fn core_matches(store: &Store, value: &Value, pattern: &WastRetCore<'_>) -> bool {
    let is_null = value.as_ref().is_some_and(Ref::is_null);
    match (value, pattern) {
        (_, WastRetCore::Either(patterns)) => {
            patterns.iter().any(|pattern| core_matches(store, value, pattern))
        }
        (Value::I32(value), WastRetCore::I32(wanted)) => value == wanted,
        (Value::I64(value), WastRetCore::I64(wanted)) => value == wanted,
        (Value::F32(value), WastRetCore::F32(pattern)) => f32_matches(value.to_bits(), pattern),
        (Value::F64(value), WastRetCore::F64(pattern)) => f64_matches(value.to_bits(), pattern),
        (Value::V128(value), WastRetCore::V128(pattern)) => vector_matches(*value, pattern),
        (_, WastRetCore::RefNull(None)) => is_null,
        (_, WastRetCore::RefNull(Some(ty))) => {
            is_null && reference_type(ty).is_none_or(|ty| ty == value.ty())
        }
        (Value::ExternRef(Some(_)), WastRetCore::RefExtern(None)) => true,
        (Value::ExternRef(Some(AnyRef::Host(found))), WastRetCore::RefExtern(Some(wanted)))
        | (Value::AnyRef(Some(AnyRef::Host(found))), WastRetCore::RefHost(wanted)) => {
            found.0 == *wanted
        }
        (Value::FuncRef(Some(_)), WastRetCore::RefFunc(None)) => true,
        (Value::AnyRef(Some(found)), pattern) => data_matches(store, *found, pattern),
        _ => false,
    }
}

/// Whether data that is not null is of the kind wanted.
fn data_matches(store: &Store, found: AnyRef, pattern: &WastRetCore<'_>) -> bool {
    let kind = match found {
        AnyRef::Object(object) => store.object_kind(object),
        _ => None,
    };
    match pattern {
        WastRetCore::RefAny => true,
        WastRetCore::RefEq => !matches!(found, AnyRef::Host(_)),
        WastRetCore::RefI31 => matches!(found, AnyRef::I31(_)),
        WastRetCore::RefStruct => matches!(kind, Some(ObjectKind::Struct(_))),
        WastRetCore::RefArray => matches!(kind, Some(ObjectKind::Array(..))),
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
        WastRetCore::RefAny => "data that is not null".to_owned(),
        WastRetCore::RefEq => "data that can be compared".to_owned(),
        WastRetCore::RefI31 => "an i31".to_owned(),
        WastRetCore::RefStruct => "a structure".to_owned(),
        WastRetCore::RefArray => "an array".to_owned(),
        WastRetCore::RefHost(value) => format!("the host value {value} as data"),
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
