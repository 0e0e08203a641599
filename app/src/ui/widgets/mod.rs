//! What several panels draw: small functions of a `Ui`.

pub mod edit;
mod text;
pub mod virtual_rows;

pub use text::{empty, module_label, section, value};
