//! What is wrong with a text, and where.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::error::Error;

/// An error in the text of a module.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct TextError {
    /// Line, from 1.
    pub line: usize,
    /// Column of the line's characters, from 1.
    pub column: usize,
    /// How many characters it is about; 0 at the end of the text.
    pub length: usize,
    /// The line, or what lies around the place where it is long. Control characters are replaced.
    pub source: String,
    /// What marks the place when it is written under `source` in letters of one width.
    pub marker: String,
    /// The field of the module that it is in: `function $f`, `global 0`.
    pub item: Option<String>,
    /// The operator that it is at.
    pub operator: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What was expected there.
    pub expected: Option<String>,
    /// What was found in its place.
    pub found: Option<String>,
    /// What may have been meant.
    pub help: Option<String>,
    /// For text that can be read but is no valid module: the error of the module that it stands for.
    pub cause: Option<Box<Error>>,
}

impl TextError {
    /// What is wrong in one line, without the place.
    pub fn sentence(&self) -> String {
        let mut text = self.message.clone();
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                text.push_str(&format!(": expected {expected}, found {found}"));
            }
            (Some(expected), None) => text.push_str(&format!(": expected {expected}")),
            (None, Some(found)) => text.push_str(&format!(": found {found}")),
            (None, None) => {}
        }
        if let Some(item) = &self.item {
            text.push_str(&format!(", in {item}"));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("; {help}"));
        }
        text
    }

    /// As a compiler says it: file, line and column, what is wrong, then the line of text with a mark under
    /// the place.
    pub fn in_file(&self, file: &str) -> String {
        let (line, column) = (self.line, self.column);
        let text = format!("{file}:{line}:{column}: error: {}", self.sentence());
        if self.source.trim().is_empty() {
            return text;
        }
        format!("{text}\n{}\n{}", self.source, self.marker)
    }
}

/// Its source is the [cause](TextError::cause).
impl core::error::Error for TextError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.sentence())
    }
}

/// Errors of one text, a line each.
pub(crate) struct Lines<'a>(pub(crate) &'a [TextError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
