//! The text of a template: `x: f32 @0, y: f32, name: cstr, next: -> Node, data: u8[16] @24`.
//!
//! Fields are set apart by commas, semicolons or line ends. Without an offset a field lies behind the one before it,
//! where its alignment allows.

use super::scalar::Scalar;
use super::{Field, FieldType};

/// Fields of a template.
const FIELDS: usize = 256;
/// Elements of an array, and the largest offset.
const LARGEST: u64 = 1 << 20;

/// What is wrong with a template's text, and where: lines and columns count from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateError {
    /// The line.
    pub line: usize,
    /// The letter in the line.
    pub column: usize,
    /// In words.
    pub message: String,
}

impl std::fmt::Display for TemplateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            1 => write!(f, "column {}: {}", self.column, self.message),
            line => write!(f, "line {line}, column {}: {}", self.column, self.message),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, (usize, String)>;

/// The fields that a text means.
pub(super) fn parse(text: &str) -> Result<Vec<Field>, TemplateError> {
    let mut reader = Reader { text, at: 0 };
    reader.fields().map_err(|(at, message)| {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(begin..).map_or(0, |line| line.chars().count()) + 1;
        TemplateError { line, column, message }
    })
}

/// Whether a text can be the name of a field or a template.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|sign: char| sign.is_ascii_digit())
        && text.chars().all(is_name_sign)
}

fn is_name_sign(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '$' | '.')
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Blanks within a line.
    fn skip_blanks(&mut self) {
        let blank = |sign: &char| sign.is_whitespace() && *sign != '\n';
        self.at += self.rest().chars().take_while(blank).map(char::len_utf8).sum::<usize>();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there
    }

    fn word(&mut self) -> (usize, &'a str) {
        self.skip_blanks();
        let (begin, rest) = (self.at, self.rest());
        let end = rest.find(|sign| !is_name_sign(sign)).unwrap_or(rest.len());
        self.at += end;
        (begin, rest.get(..end).unwrap_or_default())
    }

    fn fields(&mut self) -> Read<Vec<Field>> {
        let mut fields: Vec<Field> = Vec::new();
        loop {
            while self.take(",") || self.take(";") || self.take("\n") {}
            if self.rest().is_empty() {
                break;
            }
            let begin = self.at;
            let field = self.field()?;
            if fields.iter().any(|known| known.name == field.name) {
                return Err((begin, format!("{} is there twice", field.name)));
            }
            if fields.len() == FIELDS {
                return Err((begin, format!("at most {FIELDS} fields")));
            }
            fields.push(field);
            self.skip_blanks();
            if !self.rest().is_empty() && !self.rest().starts_with([',', ';', '\n']) {
                return Err((self.at, "a comma is needed between fields".to_owned()));
            }
        }
        match fields.is_empty() {
            true => Err((0, "write fields, as x: f32, y: f32".to_owned())),
            false => Ok(fields),
        }
    }

    fn field(&mut self) -> Read<Field> {
        let (begin, name) = self.word();
        if !is_name(name) {
            return Err((begin, "the name of a field is needed, as in x: f32".to_owned()));
        }
        if !self.take(":") {
            return Err((self.at, format!("a colon and a type are needed behind {name}")));
        }
        let ty = self.ty()?;
        let mut count = None;
        if self.take("[") {
            let begin = self.at;
            let number = self.number()?;
            if !(1..=LARGEST).contains(&number) {
                return Err((begin, format!("an array has 1 to {LARGEST} elements")));
            }
            if !self.take("]") {
                return Err((self.at, "] is needed behind the number of elements".to_owned()));
            }
            if !matches!(ty, FieldType::Scalar(_) | FieldType::Char) {
                return Err((begin, "arrays are of numbers or of char".to_owned()));
            }
            count = Some(number as u32);
        }
        let mut at = None;
        if self.take("@") {
            let begin = self.at;
            let offset = self.number()?;
            if offset > LARGEST {
                return Err((begin, format!("an offset is at most {LARGEST}")));
            }
            at = Some(offset);
        }
        Ok(Field { name: name.to_owned(), ty, count, at })
    }

    fn ty(&mut self) -> Read<FieldType> {
        if self.take("->") {
            let (begin, name) = self.word();
            return match is_name(name) {
                true => Ok(FieldType::To(name.to_owned())),
                false => Err((begin, "the name of a template is needed behind ->".to_owned())),
            };
        }
        let (begin, word) = self.word();
        let scalar = Scalar::ALL.iter().find(|(name, _)| *name == word).map(|(_, known)| *known);
        match (word, scalar) {
            (_, Some(scalar)) => Ok(FieldType::Scalar(scalar)),
            ("ptr", _) => Ok(FieldType::Pointer),
            ("cstr", _) => Ok(FieldType::CStr),
            ("char", _) => Ok(FieldType::Char),
            ("", _) => Err((begin, "a type is needed, as i32".to_owned())),
            (other, _) => Err((
                begin,
                format!(
                    "no type is called {other}; there are i8 to u64, f32, f64, ptr, cstr, char and -> Name"
                ),
            )),
        }
    }

    fn number(&mut self) -> Read<u64> {
        let (begin, word) = self.word();
        let number = match word.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => word.parse(),
        };
        number.map_err(|_| (begin, "a number is needed".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn wrong(text: &str) -> (usize, usize, String) {
        let TemplateError { line, column, message } = parse(text).unwrap_err();
        (line, column, message)
    }

    #[test]
    fn fields_are_read_with_types_arrays_and_offsets() {
        let fields = parse("x: f32 @0, tag:char[4];\nnext : -> Node @ 0x10\n\n p: ptr,").unwrap();
        let field = |name: &str, ty, count, at| Field { name: name.to_owned(), ty, count, at };
        assert_eq!(
            fields,
            [
                field("x", FieldType::Scalar(Scalar::Float(4)), None, Some(0)),
                field("tag", FieldType::Char, Some(4), None),
                field("next", FieldType::To("Node".to_owned()), None, Some(16)),
                field("p", FieldType::Pointer, None, None),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, line, column, words) in [
            ("", 1, 1, "write fields"),
            ("x", 1, 2, "a colon"),
            ("x: f33", 1, 4, "no type is called f33"),
            ("x: i32 y: i32", 1, 8, "a comma"),
            ("x: i32,\n  ä: u8,\n  x: u8", 3, 3, "x is there twice"),
            ("d: u8[0]", 1, 7, "1 to"),
            ("d: u8[4", 1, 8, "] is needed"),
            ("d: cstr[4]", 1, 9, "arrays are of"),
            ("x: i32 @", 1, 9, "a number"),
            ("x: i32 @0x100001", 1, 9, "at most"),
            ("x: ->", 1, 6, "the name of a template"),
            ("1x: i32", 1, 1, "the name of a field"),
            ("x: i32 @18446744073709551616", 1, 9, "a number"),
        ] {
            let found = wrong(text);
            assert_eq!((found.0, found.1), (line, column), "{text}: {}", found.2);
            assert!(found.2.contains(words), "{text}: {}", found.2);
        }
        let many: String = (0..=FIELDS).map(|number| format!("f{number}: u8, ")).collect();
        assert!(wrong(&many).2.contains("at most"));
    }
}
