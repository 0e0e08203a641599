//! From text to operations.
//!
//! ```text
//! expression = either [ "?" expression ":" expression ]
//! either     = both { "||" both }
//! both       = compared { "&&" compared }
//! compared   = bits [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) bits ]
//! ```
//! and so on, as `docs/expressions.md` has it. Operators of two operands are read by their
//! precedence, so that only parentheses, brackets and signs nest.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use super::datum::Datum;
use super::error::{ExpressionError, ExpressionErrorKind};
use super::lexer::{Lexer, Token};
use super::operation::{Binary, Count, Item, Spanned, Unary, Width, Written};

/// Bytes of an expression.
pub const MAX_LENGTH: usize = 4096;
/// Parentheses, brackets, signs and alternatives within each other.
pub const MAX_DEPTH: usize = 64;

/// An expression that has been read. It knows no module yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression {
    pub(super) operations: Vec<Spanned<Written>>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it first, and where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(text, 0)?;
        parser.expression()?;
        match parser.token {
            Token::End => Ok(Self { operations: parser.operations }),
            _ => Err(parser.unexpected("an operator or the end")),
        }
    }
}

pub(super) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    pub(super) token: Token,
    pub(super) at: Range<usize>,
    operations: Vec<Spanned<Written>>,
    depth: usize,
}

/// Operators of two operands with how tightly they bind, loosest first.
fn binary_of(symbol: &str) -> Option<(u8, Binary)> {
    Some(match symbol {
        "==" => (0, Binary::Equal),
        "!=" => (0, Binary::NotEqual),
        "<" => (0, Binary::Less),
        "<=" => (0, Binary::LessOrEqual),
        ">" => (0, Binary::Greater),
        ">=" => (0, Binary::GreaterOrEqual),
        "|" => (1, Binary::Or),
        "^" => (2, Binary::ExclusiveOr),
        "&" => (3, Binary::And),
        "<<" => (4, Binary::ShiftLeft),
        ">>" => (4, Binary::ShiftRight),
        ">>>" => (4, Binary::ShiftRightLogical),
        "+" => (5, Binary::Add),
        "-" => (5, Binary::Subtract),
        "*" => (6, Binary::Multiply),
        "/" => (6, Binary::Divide),
        "%" => (6, Binary::Remainder),
        _ => return None,
    })
}

impl<'a> Parser<'a> {
    /// Begins at a byte of a text; errors tell bytes of the whole text.
    pub(super) fn new(text: &'a str, start: usize) -> Result<Self, ExpressionError> {
        if text.len() - start > MAX_LENGTH {
            let at = text.floor_char_boundary(start + MAX_LENGTH)..text.len();
            return Err(ExpressionError { at, kind: ExpressionErrorKind::TooLong });
        }
        let mut lexer = Lexer::new(text, start);
        let (token, at) = lexer.next()?;
        Ok(Self { text, lexer, token, at, operations: Vec::new(), depth: 0 })
    }

    /// What has been read so far.
    pub(super) fn finish(self) -> Expression {
        Expression { operations: self.operations }
    }

    fn advance(&mut self) -> Result<Range<usize>, ExpressionError> {
        let (token, at) = self.lexer.next()?;
        self.token = token;
        Ok(core::mem::replace(&mut self.at, at))
    }

    fn error(&self, kind: ExpressionErrorKind) -> ExpressionError {
        ExpressionError { at: self.at.clone(), kind }
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> ExpressionError {
        let found = self.text.get(self.at.clone()).unwrap_or_default().to_owned();
        self.error(ExpressionErrorKind::Unexpected { expected, found })
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(&self.token, Token::Symbol(found) if *found == symbol)
    }

    /// Takes a symbol if it is next.
    fn accept(&mut self, symbol: &str) -> Result<bool, ExpressionError> {
        let is_it = self.is(symbol);
        if is_it {
            self.advance()?;
        }
        Ok(is_it)
    }

    fn expect(&mut self, symbol: &str, expected: &'static str) -> Result<usize, ExpressionError> {
        match self.is(symbol) {
            true => Ok(self.advance()?.end),
            false => Err(self.unexpected(expected)),
        }
    }

    fn emit(&mut self, at: Range<usize>, operation: Written) -> usize {
        self.operations.push(Spanned { at, operation });
        self.operations.len() - 1
    }

    /// Lets a jump go to what is emitted next.
    fn land(&mut self, jump: usize) {
        let here = self.operations.len();
        if let Some(Spanned {
            operation:
                Written::AndThen(target)
                | Written::OrElse(target)
                | Written::Otherwise(target)
                | Written::Skip(target),
            ..
        }) = self.operations.get_mut(jump)
        {
            *target = here;
        }
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(ExpressionErrorKind::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub(super) fn expression(&mut self) -> Result<(), ExpressionError> {
        self.nested(|parser| {
            let start = parser.at.start;
            parser.either()?;
            if !parser.is("?") {
                return Ok(());
            }
            let at = parser.advance()?;
            let otherwise = parser.emit(start..at.end, Written::Otherwise(0));
            parser.expression()?;
            let end = parser.expect(":", "`:` and what it is otherwise")?;
            let skip = parser.emit(start..end, Written::Skip(0));
            parser.land(otherwise);
            parser.expression()?;
            parser.land(skip);
            let end = parser.end();
            parser.emit(start..end, Written::Merge);
            Ok(())
        })
    }

    /// Where the last word that has been taken ends.
    fn end(&self) -> usize {
        self.operations.last().map_or(self.at.start, |last| last.at.end)
    }

    fn either(&mut self) -> Result<(), ExpressionError> {
        let start = self.at.start;
        self.both()?;
        while self.is("||") {
            let at = self.advance()?;
            let jump = self.emit(start..at.start, Written::OrElse(0));
            let begun = self.at.start;
            self.both()?;
            let end = self.end();
            self.emit(begun..end, Written::Truth);
            self.land(jump);
        }
        Ok(())
    }

    fn both(&mut self) -> Result<(), ExpressionError> {
        let start = self.at.start;
        self.binary(0)?;
        while self.is("&&") {
            let at = self.advance()?;
            let jump = self.emit(start..at.start, Written::AndThen(0));
            let begun = self.at.start;
            self.binary(0)?;
            let end = self.end();
            self.emit(begun..end, Written::Truth);
            self.land(jump);
        }
        Ok(())
    }

    /// Operators that bind at least so tightly, and their operands.
    fn binary(&mut self, least: u8) -> Result<(), ExpressionError> {
        let start = self.at.start;
        self.unary()?;
        while let Token::Symbol(symbol) = self.token
            && let Some((binding, operator)) = binary_of(symbol)
            && binding >= least
        {
            self.advance()?;
            self.binary(binding + 1)?;
            let end = self.end();
            self.emit(start..end, Written::Binary(operator));
            if operator.is_comparison()
                && let Token::Symbol(next) = self.token
                && binary_of(next).is_some_and(|(_, next)| next.is_comparison())
            {
                return Err(self.error(ExpressionErrorKind::ChainedComparison));
            }
        }
        Ok(())
    }

    fn unary(&mut self) -> Result<(), ExpressionError> {
        let operator = match self.token {
            Token::Symbol("-") => Unary::Negate,
            Token::Symbol("!") => Unary::Not,
            Token::Symbol("~") => Unary::Complement,
            _ => return self.postfix(),
        };
        self.nested(|parser| {
            let start = parser.advance()?.start;
            parser.unary()?;
            // A negative number is one, whatever its type.
            if operator == Unary::Negate
                && let Some(Spanned { at, operation: Written::Constant(datum) }) =
                    parser.operations.last_mut()
                && let Some(negated) = negated(datum)
            {
                (*datum, at.start) = (negated, start);
                return Ok(());
            }
            let end = parser.end();
            parser.emit(start..end, Written::Unary(operator));
            Ok(())
        })
    }

    fn postfix(&mut self) -> Result<(), ExpressionError> {
        let start = self.at.start;
        self.primary()?;
        loop {
            if self.accept(".")? {
                let (name, at) = self.field()?;
                match Width::lanes(&name).filter(|_| self.is("[")) {
                    Some(lanes) => {
                        let end = self.index()?;
                        self.emit(start..end, Written::Lane(lanes));
                    }
                    None => {
                        self.emit(start..at.end, Written::Field(name));
                    }
                }
            } else if self.is("[") {
                let end = self.index()?;
                self.emit(start..end, Written::Element);
            } else {
                return Ok(());
            }
        }
    }

    /// What stands behind a point.
    fn field(&mut self) -> Result<(String, Range<usize>), ExpressionError> {
        let name = match &self.token {
            Token::Word(name) | Token::Name(name) => name.clone(),
            Token::Int(index) => index.to_string(),
            _ => return Err(self.unexpected("the name or number of a field")),
        };
        Ok((name, self.advance()?))
    }

    /// `[expression]`: where it ends.
    fn index(&mut self) -> Result<usize, ExpressionError> {
        self.expect("[", "`[`")?;
        self.expression()?;
        self.expect("]", "`]`")
    }

    fn parenthesised(&mut self) -> Result<usize, ExpressionError> {
        self.expect("(", "`(`")?;
        self.expression()?;
        self.expect(")", "`)`")
    }

    fn primary(&mut self) -> Result<(), ExpressionError> {
        let start = self.at.start;
        let constant = match &self.token {
            Token::Int(value) => Datum::Int(*value),
            Token::Float(value) => Datum::Float(*value),
            Token::Text(bytes) => Datum::Text(bytes.clone()),
            Token::Name(name) => {
                let operation = Written::Name(name.clone());
                let at = self.advance()?;
                self.emit(at, operation);
                return Ok(());
            }
            Token::Symbol("(") => {
                // What follows is about all of it.
                let end = self.parenthesised()?;
                if let Some(last) = self.operations.last_mut() {
                    last.at = start..end;
                }
                return Ok(());
            }
            Token::Word(word) => {
                let word = word.clone();
                return self.word(&word);
            }
            Token::Symbol(_) | Token::End => {
                return Err(self.unexpected("a value"));
            }
        };
        let at = self.advance()?;
        self.emit(at, Written::Constant(constant));
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), ExpressionError> {
        let at = self.at.clone();
        let constant = match word {
            "true" => Some(Datum::Bool(true)),
            "false" => Some(Datum::Bool(false)),
            "null" => Some(Datum::Null),
            "inf" => Some(Datum::Float(f64::INFINITY)),
            "nan" => Some(Datum::Float(f64::NAN)),
            _ => None,
        };
        let count = match word {
            "hits" => Some(Count::Hits),
            "executed" => Some(Count::Executed),
            "depth" => Some(Count::Depth),
            "task" => Some(Count::Task),
            _ => None,
        };
        if let Some(datum) = constant {
            self.advance()?;
            self.emit(at, Written::Constant(datum));
        } else if let Some(count) = count {
            self.advance()?;
            self.emit(at, Written::Count(count));
        } else if let Some(width) = Width::named(word) {
            self.advance()?;
            match self.is("(") {
                true => {
                    let end = self.parenthesised()?;
                    self.emit(at.start..end, Written::Convert(width));
                }
                false => {
                    let memory = self.which()?;
                    if !self.is("[") {
                        return Err(self.unexpected("`[address]` or `(value)`"));
                    }
                    let end = self.index()?;
                    self.emit(at.start..end, Written::Load(width, memory));
                }
            }
        } else {
            self.named(word, at)?;
        }
        Ok(())
    }

    /// Words of the language that are no numbers.
    fn named(&mut self, word: &str, at: Range<usize>) -> Result<(), ExpressionError> {
        // `local0` is one word.
        let space = word.trim_end_matches(|character: char| character.is_ascii_digit());
        let joined = word.get(space.len()..).and_then(|digits| digits.parse().ok());
        match space {
            "local" | "global" | "stack" | "arg" => {
                self.advance()?;
                let (item, end) = match joined {
                    Some(index) => (Item::Index(index), at.end),
                    None => self.item()?,
                };
                let whole = at.start..end;
                let operation = match (space, item) {
                    ("local", item) => Written::Local(item),
                    ("global", item) => Written::Global(item),
                    ("stack", Item::Index(index)) => Written::Operand(index),
                    ("arg", Item::Index(index)) => Written::Argument(index),
                    _ => {
                        let text = self.text.get(whole.clone()).unwrap_or_default();
                        let (expected, found) = ("a number", text.to_owned());
                        let kind = ExpressionErrorKind::Unexpected { expected, found };
                        return Err(ExpressionError { at: whole, kind });
                    }
                };
                self.emit(whole, operation);
            }
            "memory" if joined.is_none() => {
                self.advance()?;
                self.expect(".", "`.size`")?;
                self.size()?;
                let item = self.which()?;
                let end = self.last_end(at.end);
                self.emit(at.start..end, Written::MemorySize(item));
            }
            "table" if joined.is_none() => {
                self.advance()?;
                if self.accept(".")? {
                    self.size()?;
                    let item = self.which()?;
                    let end = self.last_end(at.end);
                    self.emit(at.start..end, Written::TableSize(item));
                } else {
                    let table = self.which()?;
                    let end = self.index()?;
                    self.emit(at.start..end, Written::TableElement(table));
                }
            }
            "cstr" if joined.is_none() => {
                self.advance()?;
                let memory = self.which()?;
                let end = self.index()?;
                self.emit(at.start..end, Written::ZeroTerminated(memory));
            }
            "str" if joined.is_none() => {
                self.advance()?;
                if self.is("(") {
                    let end = self.parenthesised()?;
                    self.emit(at.start..end, Written::StringOf);
                    return Ok(());
                }
                let memory = self.which()?;
                self.expect("[", "`[address, length]` or `(string)`")?;
                self.expression()?;
                self.expect(",", "`,` and the length in bytes")?;
                self.expression()?;
                let end = self.expect("]", "`]`")?;
                self.emit(at.start..end, Written::Text(memory));
            }
            "bits" if joined.is_none() => {
                self.advance()?;
                let end = self.parenthesised()?;
                self.emit(at.start..end, Written::Bits);
            }
            _ => return Err(self.error(ExpressionErrorKind::UnknownWord(word.to_owned()))),
        }
        Ok(())
    }

    /// Where the word before this one ends, at least there.
    fn last_end(&self, least: usize) -> usize {
        let before = self.text.get(..self.at.start).unwrap_or_default();
        before.trim_end().len().max(least)
    }

    fn size(&mut self) -> Result<(), ExpressionError> {
        match &self.token {
            Token::Word(word) if word == "size" => self.advance().map(|_| ()),
            _ => Err(self.unexpected("`size`")),
        }
    }

    /// `@1`, `@$name`, or nothing for the first one.
    fn which(&mut self) -> Result<Item, ExpressionError> {
        match self.accept("@")? {
            true => self.plain_item().map(|(item, _)| item),
            false => Ok(Item::Index(0)),
        }
    }

    /// `3`, `[3]` or `$name`: and where it ends.
    fn item(&mut self) -> Result<(Item, usize), ExpressionError> {
        if !self.accept("[")? {
            return self.plain_item();
        }
        let (item, _) = self.plain_item()?;
        Ok((item, self.expect("]", "`]`")?))
    }

    fn plain_item(&mut self) -> Result<(Item, usize), ExpressionError> {
        let item = match &self.token {
            Token::Int(index) => Item::Index(u64::try_from(*index).unwrap_or(u64::MAX)),
            Token::Name(name) => Item::Name(name.clone()),
            _ => return Err(self.unexpected("a number or `$name`")),
        };
        Ok((item, self.advance()?.end))
    }
}

fn negated(datum: &Datum) -> Option<Datum> {
    match datum {
        // Once only: `- -5` is an operation.
        Datum::Int(value) if (0..=1 << 63).contains(value) => Some(Datum::Int(-value)),
        Datum::Float(value) if !value.is_sign_negative() => Some(Datum::Float(-value)),
        _ => None,
    }
}
