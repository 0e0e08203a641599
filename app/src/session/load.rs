//! Modules from the contents of files.

use std::sync::Arc;

use stepwell_engine::text::escaped;
use stepwell_engine::text_format::TextError;
use stepwell_engine::{Engine, Error, Module};

use super::{LayoutRequest, Panel, Session, SessionError};

/// Loads what a file holds: binary if it begins as a module does, else text. Answers with the text,
/// too, if it is one.
///
/// # Errors
/// [`Error::NotModule`], [`Error::Text`] with lines and columns, or those of [`Module::new`].
pub fn load_module(engine: &Engine, bytes: Vec<u8>) -> Result<(Module, Option<String>), Error> {
    if is_binary(&bytes) {
        return Ok((Module::from_bytes(engine, bytes)?, None));
    }
    let text = Module::text_of(&bytes)?;
    Ok((Module::from_wat(engine, text)?, Some(text.to_owned())))
}

/// Whether bytes begin as a module in the binary format does.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm")
}

/// An error of loading a file in words, which begin with the file's name. What is wrong with a text is
/// shown in it.
pub fn load_error(name: &str, error: &Error) -> String {
    let name = &escaped(name);
    message(name, error, |error| error.in_file(name))
}

/// The same with a line for each error, for where a line of text cannot be shown as it is.
pub fn load_message(name: &str, error: &Error) -> String {
    let name = &escaped(name);
    message(name, error, |error| format!("{name}:{error}"))
}

fn message(name: &str, error: &Error, of_text: impl Fn(&TextError) -> String) -> String {
    match error {
        Error::Text { errors } => errors.iter().map(of_text).collect::<Vec<String>>().join("\n"),
        other => format!("{name}: {other}"),
    }
}

/// A file that could not be opened.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    /// What it would have been linked as.
    pub name: String,
    /// What is wrong with it. An [`Error::Text`] has every error of it with line, column, function and
    /// operator, and the line itself.
    pub error: Error,
    /// The file, if it is a text and no longer than 512 KiB.
    pub text: Option<Arc<str>>,
}

/// What is kept of a file that may turn out not to open.
pub(super) fn text_of(bytes: &[u8]) -> Option<Arc<str>> {
    let is_kept = (1..=TEXT).contains(&bytes.len()) && !is_binary(bytes);
    std::str::from_utf8(bytes).ok().filter(|_| is_kept).map(Arc::from)
}

/// Bytes of a text that is kept.
const TEXT: usize = 512 << 10;

/// What a notice says of an error: the first line of several, which are all among the problems.
pub(super) fn notice_of(error: &SessionError) -> String {
    let text = error.to_string();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    match (error, lines.count()) {
        (SessionError::Module { .. }, more @ 1..) => {
            format!("{first} (and {more} more: see Problems)")
        }
        _ => text,
    }
}

/// Files that are remembered.
const PROBLEMS: usize = 100;

impl Session {
    /// Files that could not be opened since they were last opened without an error.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Notes how an attempt to open a file has ended.
    pub(super) fn note_problem(
        &mut self,
        name: &str,
        error: Option<&Error>,
        text: impl FnOnce() -> Option<Arc<str>>,
    ) {
        self.problems.retain(|problem| problem.name != name);
        if let Some(error) = error {
            self.problems.truncate(PROBLEMS - 1);
            let (name, error, text) = (name.to_owned(), error.clone(), text());
            self.problems.insert(0, Problem { name, error, text });
            self.layout_requests.push(LayoutRequest::Reveal(Panel::Problems));
        }
    }
}
