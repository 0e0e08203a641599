//! Values of scripts: arguments, and patterns that results have to match.

use stepwell_engine::module::NameKind;
use stepwell_engine::store::ObjectKind;
use stepwell_engine::{
    AnyRef, ExternAddr, FuncAddr, FuncIndex, InstanceId, Ref, Store, ValType, Value,
};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::token::Index;
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

/// Whether results are what the script wants of an instance.
pub(super) fn results_match(
    store: &Store,
    instance: Option<InstanceId>,
    values: &[Value],
    patterns: &[WastRet<'_>],
) -> bool {
    let scope = Scope { store, instance };
    let fits = |(value, pattern): (&Value, &WastRet<'_>)| match pattern {
        WastRet::Core(pattern) => scope.matches(value, pattern),
        _ => false,
    };
    values.len() == patterns.len() && values.iter().zip(patterns).all(fits)
}

/// Where patterns are looked at: an index is one of the instance that answered.
struct Scope<'a> {
    store: &'a Store,
    instance: Option<InstanceId>,
}

impl Scope<'_> {
    fn matches(&self, value: &Value, pattern: &WastRetCore<'_>) -> bool {
        let is_null = value.as_ref().is_some_and(Ref::is_null);
        match (value, pattern) {
            (_, WastRetCore::Either(patterns)) => {
                patterns.iter().any(|pattern| self.matches(value, pattern))
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
            (Value::FuncRef(Some(found)), WastRetCore::RefFunc(Some(wanted))) => {
                self.func(wanted) == Some(*found)
            }
            (Value::AnyRef(Some(found)), pattern) => data_matches(self.store, *found, pattern),
            _ => false,
        }
    }

    /// The function that an index of a script means.
    fn func(&self, index: &Index<'_>) -> Option<FuncAddr> {
        let instance = self.instance?;
        let func = match index {
            Index::Num(index, _) => FuncIndex(*index),
            Index::Id(id) => {
                let module = self.store.module_of(instance)?;
                let mut funcs = (0..module.func_count()).map(FuncIndex);
                funcs.find(|func| module.item_name(NameKind::Func, func.0) == Some(id.name()))?
            }
        };
        self.store.instance(instance)?.func(func)
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
        WastRetCore::F32(pattern) => format!("f32:{}", f32_text(pattern)),
        WastRetCore::F64(pattern) => format!("f64:{}", f64_text(pattern)),
        WastRetCore::V128(pattern) => vector_pattern_text(pattern),
        WastRetCore::RefExtern(Some(value)) => format!("externref:{value}"),
        WastRetCore::RefExtern(None) => "an externref that is not null".to_owned(),
        WastRetCore::RefFunc(None) => "a funcref that is not null".to_owned(),
        WastRetCore::RefFunc(Some(Index::Num(index, _))) => format!("funcref of function {index}"),
        WastRetCore::RefFunc(Some(Index::Id(id))) => format!("funcref of ${}", id.name()),
        WastRetCore::RefNull(ty) => match ty.as_ref().and_then(reference_type) {
            Some(ty) => Value::default_of(ty).to_string(),
            None => "a null reference".to_owned(),
        },
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
        WastRetCore::RefI31Shared => "a shared i31".to_owned(),
    }
}

fn f32_text(pattern: &NanPattern<wast::token::F32>) -> String {
    match pattern {
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
        NanPattern::Value(value) => untyped(&Value::F32(f32::from_bits(value.bits))),
    }
}

fn f64_text(pattern: &NanPattern<wast::token::F64>) -> String {
    match pattern {
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
        NanPattern::Value(value) => untyped(&Value::F64(f64::from_bits(value.bits))),
    }
}

/// A number without its type.
fn untyped(value: &Value) -> String {
    let text = value.to_string();
    text.split_once(':').map_or(text.clone(), |(_, number)| number.to_owned())
}

fn vector_pattern_text(pattern: &V128Pattern) -> String {
    fn lanes<T: ToString>(shape: &str, lanes: &[T]) -> String {
        let lanes: Vec<String> = lanes.iter().map(ToString::to_string).collect();
        format!("v128:{shape} {}", lanes.join(" "))
    }
    match pattern {
        V128Pattern::I8x16(of) => lanes("i8x16", of),
        V128Pattern::I16x8(of) => lanes("i16x8", of),
        V128Pattern::I32x4(of) => lanes("i32x4", of),
        V128Pattern::I64x2(of) => lanes("i64x2", of),
        V128Pattern::F32x4(of) => lanes("f32x4", &of.each_ref().map(f32_text)),
        V128Pattern::F64x2(of) => lanes("f64x2", &of.each_ref().map(f64_text)),
    }
}

/// A value for a failure's message: as [`Value`] is written everywhere, vectors in the shape of the pattern
/// that they are compared with.
pub(super) fn value_text(value: &Value, pattern: Option<&WastRet<'_>>) -> String {
    let (Value::V128(bits), Some(WastRet::Core(WastRetCore::V128(pattern)))) = (value, pattern)
    else {
        return value.to_string();
    };
    let lane = |width: u32, lane: u32| bits >> (width * lane);
    let texts = |shape: &str, of: &dyn Fn(u32) -> String, count: u32| {
        let lanes: Vec<String> = (0..count).map(of).collect();
        format!("v128:{shape} {}", lanes.join(" "))
    };
    match pattern {
        V128Pattern::I8x16(_) => texts("i8x16", &|at| (lane(8, at) as i8).to_string(), 16),
        V128Pattern::I16x8(_) => texts("i16x8", &|at| (lane(16, at) as i16).to_string(), 8),
        V128Pattern::I32x4(_) => texts("i32x4", &|at| (lane(32, at) as i32).to_string(), 4),
        V128Pattern::I64x2(_) => texts("i64x2", &|at| (lane(64, at) as i64).to_string(), 2),
        V128Pattern::F32x4(_) => {
            let of = |at| untyped(&Value::F32(f32::from_bits(lane(32, at) as u32)));
            texts("f32x4", &of, 4)
        }
        V128Pattern::F64x2(_) => {
            let of = |at| untyped(&Value::F64(f64::from_bits(lane(64, at) as u64)));
            texts("f64x2", &of, 2)
        }
    }
}
