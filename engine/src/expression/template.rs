//! A message with values in it: `i = {$i}, at {$p:x}: {cstr[$p]}`.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::datum::{Datum, Notation};
use super::error::{ExpressionError, ExpressionErrorKind as Kind};
use super::evaluate::Context;
use super::lexer::Token;
use super::parser::{Expression, MAX_LENGTH, Parser};
use super::resolve::Program;
use super::scope::Scope;

/// Bytes of a message; what is longer is cut.
const MAX_MESSAGE: usize = 16 << 10;

/// A message that has been read: text, and expressions in braces. `{{` and `}}` are braces.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    parts: Vec<Part<Expression>>,
}

/// A template for a place.
#[derive(Clone, Debug)]
pub struct Message {
    parts: Vec<Part<Program>>,
}

#[derive(Clone, PartialEq, Debug)]
enum Part<T> {
    Text(String),
    Value(T, Notation),
}

impl Template {
    /// Reads a template. Behind an expression `:x` asks for hexadecimal digits, `:b` for binary ones.
    ///
    /// # Errors
    /// What is wrong with it first, and where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > MAX_LENGTH {
            let at = text.floor_char_boundary(MAX_LENGTH)..text.len();
            return Err(ExpressionError { at, kind: Kind::TooLong });
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut position = 0;
        while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
            let end = rest.find(['{', '}']).unwrap_or(rest.len());
            plain.push_str(rest.get(..end).unwrap_or_default());
            position += end;
            let rest = rest.get(end..).unwrap_or_default();
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push_str(rest.get(..1).unwrap_or_default());
                position += 2;
            } else if rest.starts_with('{') {
                if !plain.is_empty() {
                    parts.push(Part::Text(core::mem::take(&mut plain)));
                }
                let (part, end) = value(text, position + 1)?;
                parts.push(part);
                position = end;
            } else if rest.starts_with('}') {
                let (expected, found) = ("`}}` for a brace", "}".to_owned());
                let kind = Kind::Unexpected { expected, found };
                return Err(ExpressionError { at: position..position + 1, kind });
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// Finds what its names mean at a place.
    ///
    /// # Errors
    /// As [`Expression::resolve`].
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Message, ExpressionError> {
        let parts = self.parts.iter().map(|part| {
            Ok(match part {
                Part::Text(text) => Part::Text(text.clone()),
                Part::Value(value, notation) => Part::Value(value.resolve(scope)?, *notation),
            })
        });
        Ok(Message { parts: parts.collect::<Result<_, ExpressionError>>()? })
    }
}

/// The expression that begins at a byte, and where its brace is behind.
fn value(text: &str, start: usize) -> Result<(Part<Expression>, usize), ExpressionError> {
    let mut parser = Parser::new(text, start)?;
    parser.expression()?;
    let mut notation = Notation::Decimal;
    if parser.token == Token::Symbol(":") {
        let asked = text.get(parser.at.end..).unwrap_or_default();
        notation = match asked.chars().next() {
            Some('x') => Notation::Hex,
            Some('b') => Notation::Binary,
            other => {
                let found: String = other.into_iter().collect();
                let at = parser.at.end..parser.at.end + found.len();
                let kind = Kind::Unexpected { expected: "`x` or `b`", found };
                return Err(ExpressionError { at, kind });
            }
        };
        let end = parser.at.end + 1;
        if !text.get(end..).unwrap_or_default().starts_with('}') {
            let found: String = text.get(end..).unwrap_or_default().chars().take(1).collect();
            let (at, expected) = (end..end + found.len(), "`}`");
            return Err(ExpressionError { at, kind: Kind::Unexpected { expected, found } });
        }
        return Ok((Part::Value(parser.finish(), notation), end + 1));
    }
    if parser.token != Token::Symbol("}") {
        return Err(parser.unexpected("an operator or `}`"));
    }
    let end = parser.at.end;
    Ok((Part::Value(parser.finish(), notation), end))
}

impl Message {
    /// The message at present. Where an expression has no value, it says why in its place.
    pub fn text(&self, context: &Context<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Value(program, notation) => match program.evaluate(context) {
                    // A text in a text needs no marks.
                    Ok(Datum::Text(bytes)) => text.push_str(&String::from_utf8_lossy(&bytes)),
                    Ok(datum) => text.push_str(&datum.text(*notation)),
                    Err(error) => {
                        text.push('<');
                        text.push_str(&alloc::format!("{error}"));
                        text.push('>');
                    }
                },
            }
            if text.len() > MAX_MESSAGE {
                text.truncate(text.floor_char_boundary(MAX_MESSAGE));
                text.push('…');
                break;
            }
        }
        text
    }
}
