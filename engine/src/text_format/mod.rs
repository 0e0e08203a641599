//! The text format: text becomes a module, and what is wrong with it is told where it stands in the text.
//!
//! `wast` parses and encodes. [`Source`] brings what it does not read into a form that it does (`unfold`);
//! `positions` leads from the bytes of the encoded module back to the text, `explain` finds out what the
//! operands of an operator were, `suggest` and `mnemonics` what may have been meant. Nothing of
//! this is looked at unless there is an error. Imports `module` and no part that executes.

mod error;
#[cfg(feature = "wat")]
mod explain;
#[cfg(feature = "wat")]
mod mnemonics;
#[cfg(feature = "wat")]
mod positions;
#[cfg(feature = "wat")]
mod scan;
#[cfg(feature = "wat")]
mod source;
#[cfg(feature = "wat")]
mod suggest;
// Miri takes hours for them.
#[cfg(all(test, feature = "wat", not(miri)))]
mod tests;
#[cfg(feature = "wat")]
mod unfold;

pub(crate) use error::Lines;
pub use error::TextError;
#[cfg(feature = "wat")]
pub use source::Source;
