//! The window: shows a [`Session`](crate::session::Session) and turns what a person does into
//! commands.
//!
//! [`App`] owns the session, the layout of panels and the shell around them (toolbar, palette,
//! notices). `panels` holds one file a panel, each a pure view of the session that returns
//! commands; `widgets` what several panels draw; `tokens` is the only place with a colour or a
//! distance. What a widget remembers between frames (a text being typed, an opened list) lives in
//! egui's memory, never in the session.

mod app;
mod arrangements;
#[cfg(target_arch = "wasm32")]
mod download;
pub mod feedback;
mod files;
pub mod fonts;
mod layout;
pub mod panels;
#[cfg(not(target_arch = "wasm32"))]
mod path_entry;
pub mod rects;
mod shell;
#[cfg(not(target_arch = "wasm32"))]
mod start;
pub mod tokens;
#[cfg(not(target_arch = "wasm32"))]
mod watch;
pub mod widgets;

pub use app::App;
#[cfg(not(target_arch = "wasm32"))]
pub use start::run;
