//! What several panels draw: small functions of a `Ui`.

pub mod asking_field;
pub mod edit;
pub mod kept_field;
pub mod memory;
pub mod moment;
pub mod origin;
pub mod reference;
pub mod task;
mod text;
pub mod trail;
pub mod vector;
pub mod virtual_rows;
pub mod watch;

pub use text::{
    elided, empty, grouped, hex, module_label, read_count, safe, section, size, timeout, value,
    value_label, value_of,
};
