//! What operators make of values.

use crate::exec::TrapCode;
use crate::semantics::int;
use crate::value::{AnyRef, Ref};

use super::convert::{adapted, truth};
use super::datum::{Datum, DatumType};
use super::error::ExpressionErrorKind as Kind;
use super::operation::{Binary, Unary};
use super::typing;

pub(super) fn unary(operator: Unary, datum: Datum) -> Result<Datum, Kind> {
    let ty = typing::unary(operator, datum.ty())?;
    if operator == Unary::Not {
        return Ok(Datum::Bool(!truth(&datum)?));
    }
    let negate = operator == Unary::Negate;
    Ok(match adapted(datum, ty)? {
        Datum::I32(value) => Datum::I32(if negate { value.wrapping_neg() } else { !value }),
        Datum::U32(value) => Datum::U32(if negate { value.wrapping_neg() } else { !value }),
        Datum::I64(value) => Datum::I64(if negate { value.wrapping_neg() } else { !value }),
        Datum::U64(value) => Datum::U64(if negate { value.wrapping_neg() } else { !value }),
        Datum::Int(value) => whole(if negate { -value } else { !value })?,
        Datum::F32(value) => Datum::F32(-value),
        Datum::F64(value) => Datum::F64(-value),
        Datum::Float(value) => Datum::Float(-value),
        other => other,
    })
}

/// An integer as written, which some type has to hold.
fn whole(value: i128) -> Result<Datum, Kind> {
    let held = i128::from(i64::MIN)..=i128::from(u64::MAX);
    match held.contains(&value) {
        true => Ok(Datum::Int(value)),
        false => Err(Kind::Overflow(DatumType::Int)),
    }
}

pub(super) fn binary(operator: Binary, left: Datum, right: Datum) -> Result<Datum, Kind> {
    // Integers are compared as what they are, whatever their types; one as written takes the other's.
    if operator.is_comparison()
        && left.ty().is_integer()
        && right.ty().is_integer()
        && let (Some(left), Some(right)) = (left.integer(), right.integer())
    {
        return Ok(Datum::Bool(holds(operator, left.cmp(&right))));
    }
    let common = typing::common(operator, left.ty(), right.ty())?;
    if operator.is_shift() {
        let by = right.integer().unwrap_or_default();
        return shift(operator, adapted(left, common)?, by);
    }
    if common == DatumType::Ref {
        let is_equal = same_reference(&left, &right);
        return Ok(Datum::Bool(is_equal == (operator == Binary::Equal)));
    }
    let (left, right) = (adapted(left, common)?, adapted(right, common)?);
    match operator.is_comparison() {
        true => Ok(Datum::Bool(compare(operator, &left, &right))),
        false => arithmetic(operator, common, left, right),
    }
}

fn holds(operator: Binary, order: core::cmp::Ordering) -> bool {
    match operator {
        Binary::Equal => order.is_eq(),
        Binary::NotEqual => order.is_ne(),
        Binary::Less => order.is_lt(),
        Binary::LessOrEqual => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Of two values of one type. A NaN equals nothing and is neither less nor greater.
fn compare(operator: Binary, left: &Datum, right: &Datum) -> bool {
    let order = match (left, right) {
        (Datum::F32(left), Datum::F32(right)) => left.partial_cmp(right),
        (Datum::F64(left), Datum::F64(right)) | (Datum::Float(left), Datum::Float(right)) => {
            left.partial_cmp(right)
        }
        (left, right) => match (left.integer(), right.integer()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            // Only equality gets here.
            _ => return (left == right) == (operator == Binary::Equal),
        },
    };
    order.map_or(operator == Binary::NotEqual, |order| holds(operator, order))
}

/// Whether two refer to the same; a number is that of a function, a host value or an object.
fn same_reference(left: &Datum, right: &Datum) -> bool {
    let number = |to: &Ref| match *to {
        Ref::Func(Some(addr)) => Some(i128::from(addr.0)),
        Ref::Extern(Some(to)) | Ref::Any(Some(to)) => Some(match to {
            AnyRef::Host(addr) => i128::from(addr.0),
            AnyRef::I31(value) => i128::from(value),
            AnyRef::Object(addr) => i128::from(addr.0),
        }),
        Ref::Exn(Some(addr)) => Some(i128::from(addr.0)),
        _ => None,
    };
    match (left, right) {
        (Datum::Ref(left), Datum::Ref(right)) => {
            left == right || (left.is_null() && right.is_null())
        }
        (Datum::Ref(to), Datum::Null) | (Datum::Null, Datum::Ref(to)) => to.is_null(),
        (Datum::Ref(to), Datum::Int(value)) | (Datum::Int(value), Datum::Ref(to)) => {
            number(to) == Some(*value)
        }
        _ => false,
    }
}

fn shift(operator: Binary, left: Datum, by: i128) -> Result<Datum, Kind> {
    // The count is taken modulo the width, as the instructions do.
    let by32 = (by & 31) as u32;
    let by64 = (by & 63) as u32;
    Ok(match (operator, left) {
        (Binary::ShiftLeft, Datum::I32(value)) => Datum::I32(value << by32),
        (Binary::ShiftLeft, Datum::U32(value)) => Datum::U32(value << by32),
        (Binary::ShiftLeft, Datum::I64(value)) => Datum::I64(value << by64),
        (Binary::ShiftLeft, Datum::U64(value)) => Datum::U64(value << by64),
        (Binary::ShiftLeft, Datum::Int(value)) => return whole(value << by64),
        (Binary::ShiftRight, Datum::I32(value)) => Datum::I32(value >> by32),
        (Binary::ShiftRight, Datum::I64(value)) => Datum::I64(value >> by64),
        (Binary::ShiftRightLogical, Datum::I32(value)) => Datum::I32((value as u32 >> by32) as i32),
        (Binary::ShiftRightLogical, Datum::I64(value)) => Datum::I64((value as u64 >> by64) as i64),
        (_, Datum::U32(value)) => Datum::U32(value >> by32),
        (_, Datum::U64(value)) => Datum::U64(value >> by64),
        (Binary::ShiftRight, Datum::Int(value)) => Datum::Int(value >> by64),
        (_, Datum::Int(value)) => Datum::Int(((value as u64) >> by64).into()),
        (operator, other) => {
            return Err(Kind::NotFor { operator: operator.symbol(), ty: other.ty() });
        }
    })
}

/// Why a division has no result.
fn division(code: TrapCode, ty: DatumType) -> Kind {
    match code {
        TrapCode::IntegerDivideByZero => Kind::DivisionByZero,
        _ => Kind::Overflow(ty),
    }
}

macro_rules! integers {
    ($operator:ident, $ty:ident, $left:ident, $right:ident, $datum:ident, $divide:path, $remainder:path) => {
        Datum::$datum(match $operator {
            Binary::Add => $left.wrapping_add($right),
            Binary::Subtract => $left.wrapping_sub($right),
            Binary::Multiply => $left.wrapping_mul($right),
            Binary::And => $left & $right,
            Binary::Or => $left | $right,
            Binary::ExclusiveOr => $left ^ $right,
            Binary::Divide => {
                $divide($left as _, $right as _).map_err(|code| division(code, $ty))? as _
            }
            _ => $remainder($left as _, $right as _).map_err(|code| division(code, $ty))? as _,
        })
    };
}

fn arithmetic(operator: Binary, ty: DatumType, left: Datum, right: Datum) -> Result<Datum, Kind> {
    Ok(match (left, right) {
        (Datum::I32(left), Datum::I32(right)) => {
            integers!(operator, ty, left, right, I32, int::i32::div_s, int::i32::rem_s)
        }
        (Datum::U32(left), Datum::U32(right)) => {
            integers!(operator, ty, left, right, U32, int::i32::div_u, int::i32::rem_u)
        }
        (Datum::I64(left), Datum::I64(right)) => {
            integers!(operator, ty, left, right, I64, int::i64::div_s, int::i64::rem_s)
        }
        (Datum::U64(left), Datum::U64(right)) => {
            integers!(operator, ty, left, right, U64, int::i64::div_u, int::i64::rem_u)
        }
        (Datum::Int(left), Datum::Int(right)) => return written(operator, left, right),
        (Datum::Bool(left), Datum::Bool(right)) => Datum::Bool(match operator {
            Binary::And => left & right,
            Binary::Or => left | right,
            _ => left ^ right,
        }),
        (Datum::F32(left), Datum::F32(right)) => Datum::F32(match operator {
            Binary::Add => left + right,
            Binary::Subtract => left - right,
            Binary::Multiply => left * right,
            _ => left / right,
        }),
        (Datum::F64(left), Datum::F64(right)) => Datum::F64(floats(operator, left, right)),
        (Datum::Float(left), Datum::Float(right)) => Datum::Float(floats(operator, left, right)),
        (left, _) => return Err(Kind::NotFor { operator: operator.symbol(), ty: left.ty() }),
    })
}

fn floats(operator: Binary, left: f64, right: f64) -> f64 {
    match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        _ => left / right,
    }
}

/// Integers as written: of 65 bits at most, so none of these overflows 128.
fn written(operator: Binary, left: i128, right: i128) -> Result<Datum, Kind> {
    if right == 0 && matches!(operator, Binary::Divide | Binary::Remainder) {
        return Err(Kind::DivisionByZero);
    }
    whole(match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left.saturating_mul(right),
        Binary::And => left & right,
        Binary::Or => left | right,
        Binary::ExclusiveOr => left ^ right,
        Binary::Divide => left / right,
        _ => left % right,
    })
}
