//! What an expression is worth.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::text::quoted;
use crate::types::ValType;
use crate::value::{Ref, Value};

/// A value of an expression. Integers have a sign or not, as what they were read as says: `i32[..]` or `u32[..]`.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // named as the types are
pub enum Datum {
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Bool(bool),
    V128(u128),
    Ref(Ref),
    /// Bytes of a text, UTF-8 as a rule.
    Text(Vec<u8>),
    /// An integer as it was written: it takes the type of what it is combined with.
    Int(i128),
    /// A number with a point as it was written.
    Float(f64),
    /// `null`, of whatever type.
    Null,
}

/// The type of a [`Datum`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // named as the data are
pub enum DatumType {
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Bool,
    V128,
    Ref,
    Text,
    Int,
    Float,
    Null,
}

impl DatumType {
    /// The type that values of a value type are read as.
    pub(super) fn of(ty: ValType) -> Self {
        match ty {
            ValType::I32 => DatumType::I32,
            ValType::I64 => DatumType::I64,
            ValType::F32 => DatumType::F32,
            ValType::F64 => DatumType::F64,
            ValType::V128 => DatumType::V128,
            ValType::Ref(_) => DatumType::Ref,
        }
    }

    /// Whether it is an integer of a certain width.
    pub(super) fn is_integer(self) -> bool {
        matches!(self, DatumType::I32 | DatumType::U32 | DatumType::I64 | DatumType::U64)
    }

    /// Whether it is a float of a certain width.
    pub(super) fn is_float(self) -> bool {
        matches!(self, DatumType::F32 | DatumType::F64)
    }

    /// As it is written in a conversion, and shown.
    pub fn name(self) -> &'static str {
        match self {
            DatumType::I32 => "i32",
            DatumType::U32 => "u32",
            DatumType::I64 => "i64",
            DatumType::U64 => "u64",
            DatumType::F32 => "f32",
            DatumType::F64 => "f64",
            DatumType::Bool => "bool",
            DatumType::V128 => "v128",
            DatumType::Ref => "ref",
            DatumType::Text => "text",
            DatumType::Int => "integer",
            DatumType::Float => "number",
            DatumType::Null => "null",
        }
    }
}

impl fmt::Display for DatumType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an integer is written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Notation {
    /// `-1`.
    #[default]
    Decimal,
    /// `0xffffffff`: the bits.
    Hex,
    /// `0b101`: the bits.
    Binary,
}

/// Bits are compared, so a NaN equals itself: to see whether a value has changed.
impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Datum::F32(left), Datum::F32(right)) => left.to_bits() == right.to_bits(),
            (Datum::F64(left), Datum::F64(right)) | (Datum::Float(left), Datum::Float(right)) => {
                left.to_bits() == right.to_bits()
            }
            (Datum::I32(left), Datum::I32(right)) => left == right,
            (Datum::U32(left), Datum::U32(right)) => left == right,
            (Datum::I64(left), Datum::I64(right)) => left == right,
            (Datum::U64(left), Datum::U64(right)) => left == right,
            (Datum::Bool(left), Datum::Bool(right)) => left == right,
            (Datum::V128(left), Datum::V128(right)) => left == right,
            (Datum::Ref(left), Datum::Ref(right)) => left == right,
            (Datum::Text(left), Datum::Text(right)) => left == right,
            (Datum::Int(left), Datum::Int(right)) => left == right,
            (Datum::Null, Datum::Null) => true,
            _ => false,
        }
    }
}

impl Eq for Datum {}

impl Datum {
    /// The type.
    pub fn ty(&self) -> DatumType {
        match self {
            Datum::I32(_) => DatumType::I32,
            Datum::U32(_) => DatumType::U32,
            Datum::I64(_) => DatumType::I64,
            Datum::U64(_) => DatumType::U64,
            Datum::F32(_) => DatumType::F32,
            Datum::F64(_) => DatumType::F64,
            Datum::Bool(_) => DatumType::Bool,
            Datum::V128(_) => DatumType::V128,
            Datum::Ref(_) => DatumType::Ref,
            Datum::Text(_) => DatumType::Text,
            Datum::Int(_) => DatumType::Int,
            Datum::Float(_) => DatumType::Float,
            Datum::Null => DatumType::Null,
        }
    }

    /// The integer, if it is one; `true` is 1.
    pub fn integer(&self) -> Option<i128> {
        Some(match self {
            Datum::I32(value) => i128::from(*value),
            Datum::U32(value) => i128::from(*value),
            Datum::I64(value) => i128::from(*value),
            Datum::U64(value) => i128::from(*value),
            Datum::Int(value) => *value,
            Datum::Bool(value) => i128::from(*value),
            _ => return None,
        })
    }

    /// An address: an `i32` is one of 32 bits without a sign.
    pub fn address(&self) -> Option<u64> {
        match self {
            Datum::I32(value) => Some(u64::from(*value as u32)),
            Datum::I64(value) => Some(*value as u64),
            other => u64::try_from(other.integer()?).ok(),
        }
    }

    /// The bits of a number, and how many there are.
    fn bits(&self) -> Option<(u128, usize)> {
        Some(match self {
            Datum::I32(value) => (u128::from(*value as u32), 32),
            Datum::U32(value) => (u128::from(*value), 32),
            Datum::F32(value) => (u128::from(value.to_bits()), 32),
            Datum::I64(value) => (u128::from(*value as u64), 64),
            Datum::U64(value) => (u128::from(*value), 64),
            Datum::F64(value) => (u128::from(value.to_bits()), 64),
            Datum::V128(value) => (*value, 128),
            Datum::Int(value) if *value >= 0 => (*value as u128, 64),
            _ => return None,
        })
    }

    /// It as text. What has no bits to show is written as ever.
    pub fn text(&self, notation: Notation) -> String {
        match (notation, self.bits()) {
            (Notation::Decimal, _) | (_, None) => self.to_string(),
            (Notation::Hex, Some((bits, _))) => format!("0x{bits:x}"),
            (Notation::Binary, Some((bits, _))) => format!("0b{bits:b}"),
        }
    }
}

impl From<Value> for Datum {
    fn from(value: Value) -> Self {
        match value {
            Value::I32(value) => Datum::I32(value),
            Value::I64(value) => Datum::I64(value),
            Value::F32(value) => Datum::F32(value),
            Value::F64(value) => Datum::F64(value),
            Value::V128(value) => Datum::V128(value),
            Value::FuncRef(to) => Datum::Ref(Ref::Func(to)),
            Value::ExternRef(to) => Datum::Ref(Ref::Extern(to)),
            Value::AnyRef(to) => Datum::Ref(Ref::Any(to)),
            Value::ExnRef(to) => Datum::Ref(Ref::Exn(to)),
        }
    }
}

/// Writes numbers as [`Value`] does, without the type, references with it, texts in quotation marks.
impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let untyped = |f: &mut fmt::Formatter<'_>, value: Value| {
            let text = value.to_string();
            f.write_str(text.split_once(':').map_or(&*text, |(_, rest)| rest))
        };
        match self {
            Datum::I32(value) => write!(f, "{value}"),
            Datum::U32(value) => write!(f, "{value}"),
            Datum::I64(value) => write!(f, "{value}"),
            Datum::U64(value) => write!(f, "{value}"),
            Datum::Int(value) => write!(f, "{value}"),
            Datum::Bool(value) => write!(f, "{value}"),
            Datum::F32(value) => untyped(f, Value::F32(*value)),
            Datum::F64(value) | Datum::Float(value) => untyped(f, Value::F64(*value)),
            Datum::V128(value) => untyped(f, Value::V128(*value)),
            Datum::Ref(to) => write!(f, "{}", Value::from(*to)),
            Datum::Text(bytes) => f.write_str(&quoted(&String::from_utf8_lossy(bytes))),
            Datum::Null => f.write_str("null"),
        }
    }
}
