//! Modules from the contents of files.

use stepwell_engine::{Engine, Error, Module};

/// Loads what a file holds: binary if it begins as a module does, else text. Answers with the text,
/// too, if it is one.
///
/// # Errors
/// [`Error::NotModule`], [`Error::Text`] with lines and columns, or those of [`Module::new`].
pub fn load_module(engine: &Engine, bytes: &[u8]) -> Result<(Module, Option<String>), Error> {
    if bytes.starts_with(b"\0asm") {
        return Ok((Module::new(engine, bytes)?, None));
    }
    let text = Module::text_of(bytes)?;
    Ok((Module::from_wat(engine, text)?, Some(text.to_owned())))
}

/// An error of loading a file in words, which begin with the file's name. What is wrong with a text is
/// shown in it.
pub fn load_error(name: &str, error: &Error) -> String {
    match error {
        Error::Text { errors } => {
            let told: Vec<String> = errors.iter().map(|error| error.in_file(name)).collect();
            told.join("\n")
        }
        other => format!("{name}: {other}"),
    }
}
