//! Stepwell: a visual WebAssembly execution explorer.
//!
//! [`session`] is everything that a person does, without a GUI; [`ui`] shows a session in a
//! window and turns what the person does there into commands. `ui` imports `session`, never the
//! other way round.

pub mod session;
pub mod ui;
