//! What several panels draw: small functions of a `Ui`.

pub mod edit;
pub mod reference;
mod text;
pub mod vector;
pub mod virtual_rows;

pub use text::{empty, grouped, hex, memory_kind, module_label, section, size, timeout, value};
