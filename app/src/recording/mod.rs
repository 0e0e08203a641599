//! Recordings of runs as files: what `docs/recording-format.md` describes.
//!
//! A file is compressed text of one JSON object a line (`line`): modules, what was done to the store, what the host
//! answered, what was printed. It is written as the run goes (`write`) and read whole (`read`); what is read is checked
//! when it is played, as anything else that is done to a store. Imports the engine only.

mod line;
mod read;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use line::{Ending, Header, Printed, Stream};
pub use read::{File, Problem, read, read_with};
pub(crate) use values::{value_of, value_text};
pub use write::{Writer, printed};

/// Whether bytes begin as recordings do.
pub fn is_recording(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The version of the format.
pub const VERSION: u32 = 1;
