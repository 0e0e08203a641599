//! The words of an expression.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use super::error::{ExpressionError, ExpressionErrorKind};

/// A word of the text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Int(i128),
    Float(f64),
    /// A string.
    Text(Vec<u8>),
    /// `$name`, without the sign.
    Name(String),
    /// A word without a sign in front.
    Word(String),
    Symbol(&'static str),
    End,
}

/// Longer ones first.
const SYMBOLS: [&str; 32] = [
    ">>>", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "(", ")", "[", "]", "{", "}", "<", ">",
    "+", "-", "*", "/", "%", "&", "|", "^", "!", "~", "?", ":", ".", ",", "@",
];

/// Reads one word after the other.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// Behind a point come a name or a plain number, as in `$pair.0.1`.
    behind_point: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, position: usize) -> Self {
        Self { text, position, behind_point: false }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// Takes what fulfils `wanted`.
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character| !wanted(character)).unwrap_or(rest.len());
        self.position += end;
        rest.get(..end).unwrap_or_default()
    }

    /// The next word, and where it is.
    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>), ExpressionError> {
        self.take(char::is_whitespace);
        let start = self.position;
        let behind_point = core::mem::take(&mut self.behind_point);
        let token = match self.rest().chars().next() {
            None => Token::End,
            Some(digit) if digit.is_ascii_digit() && behind_point => {
                let digits = self.take(|character| character.is_ascii_digit());
                self.integer(digits, 10, start)?
            }
            Some(digit) if digit.is_ascii_digit() => self.number(start)?,
            Some('$') => {
                self.position += 1;
                match self.rest().starts_with('"') {
                    true => Token::Name(String::from_utf8_lossy(&self.quoted('"')?).into_owned()),
                    false => match self.take(is_word) {
                        "" => return self.unexpected("a name"),
                        name => Token::Name(name.to_string()),
                    },
                }
            }
            Some('"') => Token::Text(self.quoted('"')?),
            Some('\'') => {
                let bytes = self.quoted('\'')?;
                let text = core::str::from_utf8(&bytes).unwrap_or_default();
                let mut characters = text.chars();
                match (characters.next(), characters.next(), &*bytes) {
                    (Some(one), None, _) => Token::Int(i128::from(u32::from(one))),
                    (None, None, [byte]) => Token::Int(i128::from(*byte)),
                    _ => {
                        self.position = start;
                        return self.unexpected("one character between the marks");
                    }
                }
            }
            Some(letter) if is_word(letter) => Token::Word(self.take(is_word).to_string()),
            Some(_) => {
                let rest = self.rest();
                let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
                    return self.unexpected("an operator, a name or a number");
                };
                self.position += symbol.len();
                self.behind_point = *symbol == ".";
                Token::Symbol(symbol)
            }
        };
        Ok((token, start..self.position))
    }

    /// The text from here up to a comma or bracket is not what is needed.
    fn unexpected<T>(&self, expected: &'static str) -> Result<T, ExpressionError> {
        let found: String = self.rest().chars().take(1).collect();
        let at = self.position..self.position + found.len();
        Err(ExpressionError { at, kind: ExpressionErrorKind::Unexpected { expected, found } })
    }

    fn integer(&self, digits: &str, radix: u32, start: usize) -> Result<Token, ExpressionError> {
        let bad = || {
            let text = self.text.get(start..self.position).unwrap_or_default().to_string();
            let kind = ExpressionErrorKind::BadNumber(text);
            ExpressionError { at: start..self.position, kind }
        };
        let misplaced = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
        let digits = digits.replace('_', "");
        // What no type holds is no number here.
        let value = u64::from_str_radix(&digits, radix).ok().filter(|_| !misplaced);
        value.map(|value| Token::Int(value.into())).ok_or_else(bad)
    }

    fn number(&mut self, start: usize) -> Result<Token, ExpressionError> {
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2)] {
            if self.rest().starts_with(prefix) {
                self.position += prefix.len();
                let digits = self.take(is_word);
                return self.integer(digits, radix, start);
            }
        }
        let digits = self.take(|character| character.is_ascii_digit() || character == '_');
        let mut is_float = false;
        if self.rest().starts_with('.') {
            is_float = true;
            self.position += 1;
            self.take(|character| character.is_ascii_digit() || character == '_');
        }
        if self.rest().starts_with(['e', 'E']) {
            is_float = true;
            self.position += 1;
            self.position += usize::from(self.rest().starts_with(['+', '-']));
            self.take(|character| character.is_ascii_digit());
        }
        let ends = self.take(is_word).is_empty();
        let written = self.text.get(start..self.position).unwrap_or_default();
        if ends && !is_float {
            return self.integer(digits, 10, start);
        }
        match written.replace('_', "").parse() {
            Ok(value) if ends => Ok(Token::Float(value)),
            _ => {
                let kind = ExpressionErrorKind::BadNumber(written.to_string());
                Err(ExpressionError { at: start..self.position, kind })
            }
        }
    }

    /// A text between marks, as the text format writes it.
    fn quoted(&mut self, mark: char) -> Result<Vec<u8>, ExpressionError> {
        let start = self.position;
        self.position += mark.len_utf8();
        let mut bytes = Vec::new();
        loop {
            let Some(character) = self.rest().chars().next() else {
                let kind = ExpressionErrorKind::NotClosed(mark);
                return Err(ExpressionError { at: start..self.position, kind });
            };
            let begun = self.position;
            self.position += character.len_utf8();
            match character {
                character if character == mark => return Ok(bytes),
                '\\' => self.escape(begun, &mut bytes)?,
                character => {
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, begun: usize, bytes: &mut Vec<u8>) -> Result<(), ExpressionError> {
        let hex =
            self.rest().get(..2).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            self.position += 2;
            bytes.push(byte);
            return Ok(());
        }
        let next = self.rest().chars().next();
        self.position += next.map_or(0, char::len_utf8);
        bytes.push(match next {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('0') => 0,
            Some(same @ ('\\' | '\'' | '"')) => same as u8,
            other => {
                let kind =
                    ExpressionErrorKind::BadEscape(other.map(String::from).unwrap_or_default());
                return Err(ExpressionError { at: begun..self.position, kind });
            }
        });
        Ok(())
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
