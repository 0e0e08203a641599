//! The operations that an expression consists of, each behind its operands.

use alloc::string::String;
use core::ops::Range;

use super::datum::{Datum, DatumType};

/// An operation, and the bytes of the text that it stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Spanned<T> {
    pub(super) at: Range<usize>,
    pub(super) operation: T,
}

/// An operator of one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unary {
    Negate,
    Not,
    Complement,
}

/// An operator of two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    ExclusiveOr,
    ShiftLeft,
    ShiftRight,
    ShiftRightLogical,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Binary {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
            Binary::And => "&",
            Binary::Or => "|",
            Binary::ExclusiveOr => "^",
            Binary::ShiftLeft => "<<",
            Binary::ShiftRight => ">>",
            Binary::ShiftRightLogical => ">>>",
            Binary::Equal => "==",
            Binary::NotEqual => "!=",
            Binary::Less => "<",
            Binary::LessOrEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterOrEqual => ">=",
        }
    }

    pub(super) fn is_comparison(self) -> bool {
        use Binary::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        matches!(self, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual)
    }

    pub(super) fn is_shift(self) -> bool {
        matches!(self, Binary::ShiftLeft | Binary::ShiftRight | Binary::ShiftRightLogical)
    }
}

/// What a load reads, or a lane holds, or a conversion makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Width {
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "i8" => Width::I8,
            "u8" => Width::U8,
            "i16" => Width::I16,
            "u16" => Width::U16,
            "i32" => Width::I32,
            "u32" => Width::U32,
            "i64" => Width::I64,
            "u64" => Width::U64,
            "f32" => Width::F32,
            "f64" => Width::F64,
            _ => return None,
        })
    }

    /// Lanes as `i32x4`.
    pub(super) fn lanes(word: &str) -> Option<Self> {
        let (name, count) = word.rsplit_once('x')?;
        let width = Self::named(name)?;
        (count.parse() == Ok(16 / width.bytes())).then_some(width)
    }

    pub(super) fn bytes(self) -> u64 {
        match self {
            Width::I8 | Width::U8 => 1,
            Width::I16 | Width::U16 => 2,
            Width::I32 | Width::U32 | Width::F32 => 4,
            Width::I64 | Width::U64 | Width::F64 => 8,
        }
    }

    /// The type that it is read as.
    pub(super) fn ty(self) -> DatumType {
        match self {
            Width::I8 | Width::I16 | Width::I32 => DatumType::I32,
            Width::U8 | Width::U16 | Width::U32 => DatumType::U32,
            Width::I64 => DatumType::I64,
            Width::U64 => DatumType::U64,
            Width::F32 => DatumType::F32,
            Width::F64 => DatumType::F64,
        }
    }

    /// The number that these bytes are, little-endian; as many as it is wide.
    pub(super) fn read(self, bytes: u64) -> Datum {
        match self {
            Width::I8 => Datum::I32(i32::from(bytes as i8)),
            Width::U8 => Datum::U32(u32::from(bytes as u8)),
            Width::I16 => Datum::I32(i32::from(bytes as i16)),
            Width::U16 => Datum::U32(u32::from(bytes as u16)),
            Width::I32 => Datum::I32(bytes as i32),
            Width::U32 => Datum::U32(bytes as u32),
            Width::I64 => Datum::I64(bytes as i64),
            Width::U64 => Datum::U64(bytes),
            Width::F32 => Datum::F32(f32::from_bits(bytes as u32)),
            Width::F64 => Datum::F64(f64::from_bits(bytes)),
        }
    }
}

/// A count that is no value of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Count {
    /// How often execution has come to this breakpoint, this time included.
    Hits,
    /// Instructions of the whole run.
    Executed,
    /// Frames of the task.
    Depth,
    /// The task's number.
    Task,
}

/// An item of an index space: by its index or its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Index(u64),
    Name(String),
}

/// An operation as it was written.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Written {
    Constant(Datum),
    /// `$name`: a local, else a global.
    Name(String),
    Local(Item),
    Operand(u64),
    Argument(u64),
    Global(Item),
    Count(Count),
    MemorySize(Item),
    TableSize(Item),
    /// Takes an address.
    Load(Width, Item),
    /// Takes an address and a length.
    Text(Item),
    /// Takes an address.
    ZeroTerminated(Item),
    /// Takes an index.
    TableElement(Item),
    /// Takes a string of the host.
    StringOf,
    Unary(Unary),
    Binary(Binary),
    Convert(Width),
    Bits,
    /// Takes a vector and an index.
    Lane(Width),
    /// Takes an object.
    Field(String),
    /// Takes an array and an index.
    Element,
    /// Makes a truth value.
    Truth,
    /// Takes a truth value: false stays, and what comes next is there; true goes, and the right side is next.
    AndThen(usize),
    /// The same for true and false.
    OrElse(usize),
    /// Takes a truth value: if it is false, what comes next is there.
    Otherwise(usize),
    /// What comes next is there: the merge.
    Skip(usize),
    /// Two alternatives end here.
    Merge,
}
