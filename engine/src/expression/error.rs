//! What can be wrong with an expression, and where in its text.

use alloc::string::String;
use core::ops::Range;

use crate::text::escaped;

use super::datum::DatumType;

/// Why an expression is refused, or has no value at present.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{kind}")]
pub struct ExpressionError {
    /// The bytes of the text that it is about; empty and at the end where something is missing.
    pub at: Range<usize>,
    /// What is wrong.
    pub kind: ExpressionErrorKind,
}

impl ExpressionError {
    pub(super) fn new(at: &Range<usize>, kind: ExpressionErrorKind) -> Self {
        Self { at: at.clone(), kind }
    }
}

/// What is wrong with an expression.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs)] // fields that say all by their name
pub enum ExpressionErrorKind {
    /// It has more than [`MAX_LENGTH`](super::MAX_LENGTH) bytes.
    #[error("an expression has at most {} bytes", super::MAX_LENGTH)]
    TooLong,
    /// Parentheses, brackets or signs are nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("an expression is nested at most {} deep", super::MAX_DEPTH)]
    TooDeep,
    /// Something else belongs here.
    #[error("{expected} is needed here, not {}", word(.found))]
    Unexpected { expected: &'static str, found: String },
    /// A string or a quoted name does not end.
    #[error("the closing {0} is missing")]
    NotClosed(char),
    /// A number cannot be read.
    #[error("`{}` is not a number", escaped(.0))]
    BadNumber(String),
    /// A backslash and what it does not stand for.
    #[error("`\\{}` stands for nothing: \\n \\r \\t \\0 \\\\ \\' \\\" and two hex digits do", escaped(.0))]
    BadEscape(String),
    /// A word that has no meaning.
    #[error("`{0}` means nothing here; a local or global of that name is `${0}`")]
    UnknownWord(String),
    /// A comparison of a comparison.
    #[error("comparisons do not follow each other: write `a < b && b < c`")]
    ChainedComparison,
    /// Neither a local nor a global is called this.
    #[error("no local of this function and no global is named {}", crate::text::identifier(.0))]
    UnknownName(String),
    /// No memory or table is called this.
    #[error("no {what} is named {}", crate::text::identifier(.name))]
    UnknownItem { what: &'static str, name: String },
    /// An index beyond what there is.
    #[error("there is no {what} {index}: {}", how_many(.what, *.count))]
    NoSuch { what: &'static str, index: u64, count: u64 },
    /// What is asked for does not exist where the expression is evaluated.
    #[error("{what} cannot be had here: {why}")]
    NotHere { what: &'static str, why: &'static str },
    /// Types that do not go together.
    #[error("{left} and {right} do not go together: convert one, as `{to}(...)`")]
    Mixed { left: DatumType, right: DatumType, to: &'static str },
    /// An operator does not take a type.
    #[error("`{operator}` does not take {ty}")]
    NotFor { operator: &'static str, ty: DatumType },
    /// No truth value.
    #[error("{0} is neither true nor false: compare it with something")]
    NoTruth(DatumType),
    /// An integer literal that the type does not hold.
    #[error("{value} does not fit {ty}")]
    DoesNotFit { value: String, ty: DatumType },
    /// *Division by zero.*
    #[error("division by zero")]
    DivisionByZero,
    /// The quotient or the whole number is beyond its type.
    #[error("the result does not fit {0}")]
    Overflow(DatumType),
    /// A NaN as an integer.
    #[error("NaN is no integer")]
    NanToInteger,
    /// Bytes behind the end of a memory.
    #[error("out of bounds: {len} bytes at 0x{address:x} of a memory of {size} bytes")]
    OutOfBounds { address: u64, len: u64, size: u64 },
    /// An index behind the end of a table, array or vector.
    #[error("out of bounds: {index} of {len} {what}")]
    IndexOutOf { what: &'static str, index: i128, len: u64 },
    /// A field or element of null.
    #[error("it is null")]
    Null,
    /// A field that the object does not have.
    #[error("it has no field `{}`", escaped(.0))]
    NoField(String),
    /// No object of that kind.
    #[error("it is no {0}")]
    NotA(&'static str),
    /// A text without an end, or a longer one.
    #[error("the text is longer than {0} bytes")]
    TextTooLong(u64),
}

fn word(text: &str) -> String {
    match text {
        "" => String::from("the end"),
        text => alloc::format!("`{}`", escaped(text)),
    }
}

fn how_many(what: &str, count: u64) -> String {
    match count {
        0 => String::from("there is none"),
        1 => alloc::format!("the only {what} is 0"),
        count => alloc::format!("the last {what} is {}", count - 1),
    }
}
