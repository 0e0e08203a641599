//! Which type an operation has. Where it is not known before, as of a field, it is `None` there.

use super::datum::DatumType;
use super::error::ExpressionErrorKind as Kind;
use super::operation::{Binary, Unary};

/// The type to which both operands are converted.
pub(super) fn common(
    operator: Binary,
    left: DatumType,
    right: DatumType,
) -> Result<DatumType, Kind> {
    use DatumType::{Bool, F32, F64, Float, I32, I64, Int, Null, Ref, Text, U32, U64, V128};
    let is_equality = matches!(operator, Binary::Equal | Binary::NotEqual);
    let is_bitwise = matches!(operator, Binary::And | Binary::Or | Binary::ExclusiveOr);
    let not_for = |ty| Err(Kind::NotFor { operator: operator.symbol(), ty });
    let taken = |ty: DatumType| match ty {
        Text | V128 | Ref | Null => is_equality,
        F32 | F64 | Float => !is_bitwise && !operator.is_shift() && operator != Binary::Remainder,
        _ => true,
    };
    for ty in [left, right] {
        if !taken(ty) {
            return not_for(ty);
        }
    }
    // What is true or false counts as 1 or 0, but beside its like.
    let (left, right) = match (left, right) {
        (Bool, Bool) if is_equality || is_bitwise => return Ok(Bool),
        (Bool, Bool) => (I32, I32),
        (Bool, other) => (I32, other),
        (other, Bool) => (other, I32),
        both => both,
    };
    if operator.is_shift() {
        return Ok(left);
    }
    Ok(match (left, right) {
        (left, right) if left == right => left,
        (Int, other) | (other, Int) if other.is_integer() || other.is_float() => other,
        (Int, Float) | (Float, Int) => Float,
        (Float, other) | (other, Float) if other.is_float() => other,
        (F32, F64) | (F64, F32) => F64,
        (left, right) if left.is_integer() && right.is_integer() => match (left, right) {
            (U64, _) | (_, U64) => U64,
            (I64, _) | (_, I64) => I64,
            _ => U32,
        },
        // The number of what is referred to.
        (Ref, Null | Int) | (Null | Int, Ref) => Ref,
        (left, right) => {
            let is_float = |ty: DatumType| ty.is_float() || ty == Float;
            let to = match is_float(left) || is_float(right) {
                true => "f64",
                false => "i64",
            };
            let number = |ty: DatumType| ty.is_integer() || is_float(ty) || ty == Int;
            match (number(left), number(right)) {
                (true, true) => return Err(Kind::Mixed { left, right, to }),
                (true, false) => return not_for(right),
                _ => return not_for(left),
            }
        }
    })
}

/// What an operator of two operands makes.
pub(super) fn binary(
    operator: Binary,
    left: DatumType,
    right: DatumType,
) -> Result<DatumType, Kind> {
    let common = common(operator, left, right)?;
    Ok(if operator.is_comparison() { DatumType::Bool } else { common })
}

/// What an operator of one operand makes.
pub(super) fn unary(operator: Unary, ty: DatumType) -> Result<DatumType, Kind> {
    use DatumType::{Bool, F32, F64, Float, I32, Int};
    let not_for = |operator| Err(Kind::NotFor { operator, ty });
    match (operator, ty) {
        (Unary::Not, ty) => truth(ty).map(|()| Bool),
        (Unary::Negate | Unary::Complement, Bool) => Ok(I32),
        (Unary::Negate, F32 | F64 | Float) => Ok(ty),
        (Unary::Negate | Unary::Complement, ty) if ty.is_integer() || ty == Int => Ok(ty),
        (Unary::Negate, _) => not_for("-"),
        (Unary::Complement, _) => not_for("~"),
    }
}

/// Whether a type is true or false: integers are true unless 0, references unless null.
pub(super) fn truth(ty: DatumType) -> Result<(), Kind> {
    match ty {
        DatumType::F32 | DatumType::F64 | DatumType::Float | DatumType::V128 | DatumType::Text => {
            Err(Kind::NoTruth(ty))
        }
        _ => Ok(()),
    }
}

/// The type of two alternatives.
pub(super) fn merged(left: DatumType, right: DatumType) -> Result<DatumType, Kind> {
    match (left, right) {
        (left, right) if left == right => Ok(left),
        (DatumType::Null, DatumType::Ref) | (DatumType::Ref, DatumType::Null) => Ok(DatumType::Ref),
        (left, right) => {
            let mixed = |_| Kind::Mixed { left, right, to: "i64" };
            common(Binary::Add, left, right).map_err(mixed)
        }
    }
}
