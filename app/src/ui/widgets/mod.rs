//! What several panels draw: small functions of a `Ui`.

pub mod edit;
mod text;
pub mod vector;
pub mod virtual_rows;

pub use text::{empty, grouped, hex, module_label, section, size, value};
