//! Modules from the contents of files.

use std::path::Path;

use stepwell_engine::{Engine, Error, Module};

/// Loads what a file holds: binary if it begins as a module does, else text. Answers with the text,
/// too, if it is one; `name` is what messages about the text call the file.
///
/// # Errors
/// [`Error::Text`] with line and column, or those of [`Module::new`].
pub fn load_module(
    engine: &Engine,
    name: &str,
    bytes: Vec<u8>,
) -> Result<(Module, Option<String>), Error> {
    if is_binary(&bytes) {
        return Ok((Module::from_bytes(engine, bytes)?, None));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        let message = "neither a binary module (it does not begin with \\0asm) nor text";
        return Err(Error::Text { message: message.to_owned() });
    };
    // Not `Module::from_wat`, whose messages have no name for the file.
    let binary = wat::Parser::new().parse_str(Some(Path::new(name)), &text);
    let binary = binary.map_err(|error| Error::Text { message: error.to_string() })?;
    Ok((Module::from_bytes(engine, binary)?, Some(text)))
}

/// Whether bytes begin as a module in the binary format does.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm")
}
