//! Stepwell: a visual WebAssembly execution explorer.
//!
//! [`session`] is everything that a person does, without a GUI; `ui` shows a session in a
//! window (with the feature `window`, which is on by default) and turns what the person does there
//! into commands; `headless` holds the subcommands.
//! `ui` and `headless` import `session`, never the other way round; `hosts` are host modules to link
//! to, and `recording` is runs as files: both import the engine only.

#[cfg(not(target_arch = "wasm32"))]
pub mod headless;
pub mod hosts;
pub mod recording;
pub mod session;
#[cfg(feature = "window")]
pub mod ui;
