//! One type made another.

use alloc::string::ToString;

use crate::value::{AnyRef, Ref};

use super::datum::{Datum, DatumType};
use super::error::ExpressionErrorKind as Kind;
use super::operation::Width;

/// The value as a type that it goes together with: no value is lost but that of an integer without a sign,
/// which wraps, as `0xffffffff` is -1 of an `i32`.
pub(super) fn adapted(datum: Datum, ty: DatumType) -> Result<Datum, Kind> {
    let from = datum.ty();
    if from == ty {
        return Ok(datum);
    }
    if let (Datum::Int(value), true) = (&datum, ty.is_integer()) {
        let (least, most) = match ty {
            DatumType::I32 | DatumType::U32 => (i128::from(i32::MIN), i128::from(u32::MAX)),
            _ => (i128::from(i64::MIN), i128::from(u64::MAX)),
        };
        if !(least..=most).contains(value) {
            return Err(Kind::DoesNotFit { value: value.to_string(), ty });
        }
    }
    Ok(match (ty, &datum) {
        (DatumType::F32, Datum::Float(value)) => Datum::F32(*value as f32),
        (DatumType::F64 | DatumType::Float, Datum::F32(value)) => Datum::F64(f64::from(*value)),
        (DatumType::F64, Datum::Float(value)) => Datum::F64(*value),
        (DatumType::Float, Datum::F64(value)) => Datum::Float(*value),
        (DatumType::Ref, Datum::Null) => Datum::Ref(Ref::Any(None)),
        (ty, datum) => {
            let Some(value) = datum.integer() else { return Ok(datum.clone()) };
            match ty {
                DatumType::I32 => Datum::I32(value as i32),
                DatumType::U32 => Datum::U32(value as u32),
                DatumType::I64 => Datum::I64(value as i64),
                DatumType::U64 => Datum::U64(value as u64),
                DatumType::F32 => Datum::F32(value as f32),
                DatumType::F64 => Datum::F64(value as f64),
                DatumType::Float => Datum::Float(value as f64),
                _ => datum.clone(),
            }
        }
    })
}

/// Whether it is true: an integer unless it is 0, a reference unless it is null.
pub(super) fn truth(datum: &Datum) -> Result<bool, Kind> {
    match datum {
        Datum::Ref(to) => Ok(!to.is_null()),
        Datum::Null => Ok(false),
        other => other.integer().map(|value| value != 0).ok_or(Kind::NoTruth(other.ty())),
    }
}

/// `i32(..)`: integers wrap, as `i32.wrap_i64` does; floats are cut to whole numbers, as by `trunc`.
pub(super) fn converted(datum: &Datum, width: Width) -> Result<Datum, Kind> {
    let ty = width.ty();
    if let Datum::F32(_) | Datum::F64(_) | Datum::Float(_) = datum {
        let value = match datum {
            Datum::F32(value) => f64::from(*value),
            Datum::F64(value) | Datum::Float(value) => *value,
            _ => 0.0,
        };
        return match width {
            Width::F32 => Ok(Datum::F32(match datum {
                Datum::F32(value) => *value,
                _ => value as f32,
            })),
            Width::F64 => Ok(Datum::F64(value)),
            _ if value.is_nan() => Err(Kind::NanToInteger),
            _ => {
                // Beyond its range this is the end of it, which no narrower type holds.
                let whole = value as i128;
                let (least, most) = range(width);
                match (least..=most).contains(&whole) {
                    true => Ok(width.read(whole as u64)),
                    false => Err(Kind::Overflow(ty)),
                }
            }
        };
    }
    let value = match datum {
        Datum::Ref(Ref::Any(Some(AnyRef::I31(value)))) => i128::from(*value),
        other => {
            let operator = name(width);
            other.integer().ok_or(Kind::NotFor { operator, ty: other.ty() })?
        }
    };
    Ok(match width {
        Width::F32 => Datum::F32(value as f32),
        Width::F64 => Datum::F64(value as f64),
        width => width.read(value as u64),
    })
}

/// What an integer of this width can be.
fn range(width: Width) -> (i128, i128) {
    let bits = 8 * width.bytes() as u32;
    match width {
        Width::U8 | Width::U16 | Width::U32 | Width::U64 => (0, (1 << bits) - 1),
        _ => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    }
}

fn name(width: Width) -> &'static str {
    match width {
        Width::I8 => "i8",
        Width::U8 => "u8",
        Width::I16 => "i16",
        Width::U16 => "u16",
        width => width.ty().name(),
    }
}

/// Whether `i32(..)` takes a type.
pub(super) fn converts(ty: DatumType, width: Width) -> Result<(), Kind> {
    match ty {
        DatumType::V128 | DatumType::Text | DatumType::Null => {
            Err(Kind::NotFor { operator: name(width), ty })
        }
        _ => Ok(()),
    }
}

/// `bits(..)`: those of a float.
pub(super) fn bits(datum: &Datum) -> Result<Datum, Kind> {
    match datum {
        Datum::F32(value) => Ok(Datum::U32(value.to_bits())),
        Datum::F64(value) | Datum::Float(value) => Ok(Datum::U64(value.to_bits())),
        other => Err(Kind::NotFor { operator: "bits", ty: other.ty() }),
    }
}
