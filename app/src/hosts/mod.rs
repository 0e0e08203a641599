//! Ready host modules that a module can be linked to, in place of a person who answers its imports.
//!
//! A [`HostSet`] is a family of imports that belong together. [`Importer::guess`] tells which one an import
//! of a module means, [`HostState`] is what the functions of one run share: it defines single imports in a
//! linker. What programs print goes to a [`ConsoleLog`], what they read comes from a [`Stdin`].
//! Nothing here knows of windows, files or sessions; it imports the engine and its
//! WASI only, and works in a browser.

mod assembly_script;
mod call;
mod console;
mod dynamic;
mod emscripten;
#[cfg(not(target_arch = "wasm32"))]
pub mod folders;
mod guess;
mod js_string;
mod log;
mod math;
mod memory;
mod names;
mod sets;
mod signature;
mod spectest;
mod state;
mod stdin;
mod timer;
mod wasi;

#[cfg(test)]
mod tests;

pub use dynamic::place_symbols;
pub use guess::{Importer, Misfit, provides};
pub use js_string::builtins;
pub use log::{ConsoleLog, LogEntry, Origin, Stream};
pub use sets::HostSet;
pub use state::{HostState, Time};
pub use stdin::{Stdin, StdinRead};
pub use timer::Timers;
pub use wasi::{Calling, Described, DescribedArg, describe, exports_memory, memory_of};
