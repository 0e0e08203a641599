//! A text that modules are read from.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use unicode_width::UnicodeWidthChar;
use wast::Wat;
use wast::core::{ModuleField, ModuleKind};
use wast::lexer::TokenKind;
use wast::parser::{self, ParseBuffer};

use super::explain::{self, Failure};
use super::positions::Positions;
use super::unfold::{Unfolded, unfold};
use super::{TextError, scan, suggest};
use crate::config::Engine;
use crate::error::{Error, Result};
use crate::module::{COMPONENT, Module, not_module};

/// Characters of a line that are shown around the place of an error.
const WINDOW: usize = 120;
/// Characters of a token that are marked.
const MARKED: usize = 40;

/// The text of a module, or of a script with several.
///
/// What the parser does not read, legacy exception handling in folded form, is brought into a form that it
/// does; places in errors are those of the text as it was given.
pub struct Source<'a> {
    text: &'a str,
    unfolded: Unfolded<'a>,
}

impl<'a> Source<'a> {
    /// Prepares a text for the parser.
    ///
    /// # Errors
    /// Folded exception handling that is not well-formed.
    pub fn new(text: &'a str) -> Result<Self, Box<TextError>> {
        match unfold(text) {
            Ok(unfolded) => Ok(Self { text, unfolded }),
            Err(wrong) => Err(Box::new(error_at(text, wrong.offset, wrong.message.to_string()))),
        }
    }

    /// The tokens, for [`wast::parser::parse`].
    ///
    /// # Errors
    /// Text that does not consist of tokens.
    pub fn buffer(&self) -> Result<ParseBuffer<'_>, Box<TextError>> {
        let lexer = scan::lexer(&self.unfolded.text);
        let mut buffer =
            ParseBuffer::new_with_lexer(lexer).map_err(|error| Box::new(self.error(&error)))?;
        buffer.track_instr_spans(true);
        Ok(buffer)
    }

    /// An error of the parser, with what it is about and what may have been meant.
    pub fn error(&self, error: &wast::Error) -> TextError {
        let offset = self.unfolded.original(error.span().offset());
        let message = error.message();
        if let Some((kind, name)) = unknown_name(&message) {
            return self.unknown_name(offset, kind, name);
        }
        let mut wrong = error_at(self.text, offset, message);
        match scan::token_at(self.text, offset) {
            Some((TokenKind::Keyword | TokenKind::Reserved, word))
                if error.lex_error().is_none() =>
            {
                wrong.help = suggest::keyword(word);
                let word = scan::printable(word);
                if wrong.message == "unknown operator or unexpected token" {
                    wrong.message = format!("unknown operator {word}");
                } else if !wrong.message.contains(&word) {
                    wrong.message = format!("unexpected {word}: {}", wrong.message);
                }
            }
            None if error.lex_error().is_none() => {
                wrong.message = format!("unexpected end of the text: {}", wrong.message);
            }
            _ => {}
        }
        wrong
    }

    fn unknown_name(&self, offset: usize, kind: &str, name: &str) -> TextError {
        let around = scan::surroundings(self.text, offset);
        let in_words = if kind == "func" { "function" } else { kind };
        let name = around.token.map_or(name, |(_, token)| token);
        let message = format!("unknown {in_words} {}", scan::printable(name));
        let help = suggest::name(self.text, kind, name, around.field);
        TextError { help, ..error_at(self.text, offset, message) }
    }

    /// Line and column of an offset in what [`Source::buffer`] holds, from 1.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let (line, _, column) = scan::place(self.text, self.unfolded.original(offset));
        (line + 1, column + 1)
    }

    /// Reads the one module that the text is.
    ///
    /// # Errors
    /// [`Error::Text`], and [`Error::NotModule`] for the text of a component.
    pub fn module(&self, engine: &Engine) -> Result<Module> {
        let mut words = scan::tokens(self.text, 0).map(|token| token.src(self.text));
        if words.next() == Some("(") && words.next() == Some("component") {
            return Err(not_module(self.text.as_bytes(), COMPONENT));
        }
        let buffer = self.buffer().map_err(|error| one(*error))?;
        let mut wat = parser::parse::<Wat<'_>>(&buffer).map_err(|error| one(self.error(&error)))?;
        self.load(engine, &mut wat)
    }

    /// Encodes and validates a module that has been parsed from [`Source::buffer`].
    ///
    /// # Errors
    /// Those of [`Source::module`]; for a module given as bytes those of [`Module::new`].
    pub fn load(&self, engine: &Engine, wat: &mut Wat<'_>) -> Result<Module> {
        let bytes = wat.encode().map_err(|error| one(self.error(&error)))?;
        let error = match Module::new(engine, &bytes) {
            Ok(module) => return Ok(module),
            Err(error) => error,
        };
        let Wat::Module(module) = wat else { return Err(error) };
        // What has no place in the module has none in its text.
        let Some(offset) = error.offset() else { return Err(error) };
        let ModuleKind::Text(fields) = &module.kind else { return Err(error) };
        let positions = Positions::new(module, &bytes);
        let place = |offset| {
            let text = positions.text_of(offset).unwrap_or_else(|| module.span.offset());
            self.unfolded.original(text)
        };
        let told = match &error {
            Error::Invalid { .. } | Error::Malformed { .. } => {
                let features = engine.config().features;
                explain::failures(&bytes, features, &self.type_names(fields))
            }
            _ => Vec::new(),
        };
        let mut errors: Vec<TextError> = told
            .into_iter()
            .map(|failure| {
                let at = place(failure.offset);
                let cause =
                    Error::Invalid { message: failure.message.clone(), offset: failure.offset };
                self.failed(at, failure, cause)
            })
            .collect();
        // What the loader has found itself may be of another kind, or before them.
        let known = errors
            .iter()
            .any(|told| told.cause.as_ref().and_then(|cause| cause.offset()) == Some(offset));
        if known {
            if let Some(first) = errors.first_mut() {
                first.cause = Some(Box::new(error));
            }
        } else {
            let message = match &error {
                Error::Invalid { message, .. } | Error::Malformed { message, .. } => {
                    message.clone()
                }
                Error::Unsupported { what, .. } => format!("not supported: {what}"),
                Error::Limit { limit, requested, allowed, .. } => {
                    let (limit, requested, allowed) = (*limit, *requested, *allowed);
                    Error::Limit { limit, requested, allowed, offset: None }.to_string()
                }
                _ => return Err(error),
            };
            let failure = Failure::new(offset, message);
            errors.insert(0, self.failed(place(offset), failure, error));
        }
        Err(Error::Text { errors })
    }

    fn failed(&self, at: usize, failure: Failure, cause: Error) -> TextError {
        let Failure { operator, message, expected, found, .. } = failure;
        let mut error = error_at(self.text, at, message);
        error.operator = operator.or(error.operator);
        TextError { expected, found, cause: Some(Box::new(cause)), ..error }
    }

    /// What the text calls the types of a module.
    fn type_names(&self, fields: &[ModuleField<'_>]) -> Vec<Option<String>> {
        let name = |offset: usize| {
            let offset = self.unfolded.original(offset);
            let mut tokens = scan::tokens(self.text, offset);
            let keyword = tokens.next().filter(|token| token.src(self.text) == "type");
            let name = keyword.and_then(|_| tokens.next());
            let name = name.filter(|token| token.kind == TokenKind::Id);
            name.map(|token| scan::printable(token.src(self.text)))
        };
        fields
            .iter()
            .flat_map(|field| match field {
                ModuleField::Type(ty) => Vec::from([name(ty.span.offset())]),
                ModuleField::Rec(group) => {
                    group.types.iter().map(|ty| name(ty.span.offset())).collect()
                }
                _ => Vec::new(),
            })
            .collect()
    }
}

fn one(error: TextError) -> Error {
    Error::Text { errors: Vec::from([error]) }
}

/// The kind and the name in `unknown func: failed to find name `$f``.
fn unknown_name(message: &str) -> Option<(&str, &str)> {
    let (kind, name) = message.strip_prefix("unknown ")?.split_once(": failed to find name `")?;
    Some((kind, name.strip_suffix('`')?))
}

/// An error at an offset of a text, with the line and what it is in.
fn error_at(text: &str, offset: usize, message: String) -> TextError {
    let (line, whole, column) = scan::place(text, offset);
    let around = scan::surroundings(text, offset);
    let token = around.token.map_or("", |(_, token)| token);
    let length = token.lines().next().unwrap_or_default().chars().count();
    let from = column.saturating_sub(WINDOW / 2);
    let source: String = whole.chars().skip(from).take(WINDOW).map(shown).collect();
    let before = source.chars().take(column - from);
    let mut marker: String = before.flat_map(space).collect();
    let marked = source.chars().skip(column - from).take(length.clamp(1, MARKED));
    let width: usize = marked.map(|character| character.width().unwrap_or(1)).sum();
    marker.extend(core::iter::repeat_n('^', width.max(1)));
    TextError {
        line: line + 1,
        column: column + 1,
        length,
        source,
        marker,
        item: around.item,
        operator: around.keyword.map(scan::printable),
        message,
        expected: None,
        found: None,
        help: None,
        cause: None,
    }
}

/// A character of a line that is shown; a tab stays one, so that the mark stands under its place.
fn shown(character: char) -> char {
    if character == '\t' { character } else { scan::visible(character) }
}

/// As much blank space as a character takes.
fn space(character: char) -> impl Iterator<Item = char> {
    let (blank, width) = match character {
        '\t' => ('\t', 1),
        other => (' ', other.width().unwrap_or(0)),
    };
    core::iter::repeat_n(blank, width)
}
