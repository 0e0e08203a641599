//! WASI preview 1 for Stepwell's engine.
//!
//! A [`Wasi`] is what a program's calls see and change: arguments, environment, descriptors with rights,
//! streams, clocks, randomness, and file trees. [`Wasi::call`] answers one call, knowing nothing of an
//! engine: a [`Function`], a [`Version`] of the interface, a [`GuestMemory`] and arguments go in, an
//! [`Outcome`] comes out. [`add_to_linker`] makes host functions of it. [`signature`] says in words what a call is
//! asked to do.
//!
//! Everything that touches the world is a small trait ([`Clock`], [`Random`], [`Input`], [`Output`], [`Tree`])
//! with an implementation in memory, which is deterministic, and one of the system behind a feature: `std`
//! (clocks, randomness, standard streams) and `native` (folders). Without them the crate is `no_std` with
//! `alloc`.
//!
//! A call that cannot be answered yet is [`Outcome::Pending`], and nothing has changed then: it is made again
//! later. [`Wasi::wake_at`] and [`Wasi::awaits_input`] say what it waits for.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

/// Its code is tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod clock;
mod context;
mod descriptor;
mod errno;
mod function;
mod functions;
mod link;
mod memory;
mod notes;
mod path;
mod pending;
mod random;
mod reactor;
mod shared;
pub mod signature;
mod slots;
mod stream;
#[cfg(all(feature = "std", not(all(target_arch = "wasm32", target_os = "unknown"))))]
pub mod system;
pub mod tree;
pub mod types;

pub use clock::{Clock, FixedClock};
pub use context::Wasi;
pub use descriptor::{DescriptorLimit, TreeId};
pub use errno::{Errno, Result};
pub use function::{Function, Kind, Parameter};
pub use functions::Outcome;
pub use link::{add_to_linker, call};
pub use memory::GuestMemory;
pub use notes::{Note, NoteKind, exported_memory, memory_of, notes};
pub use pending::CallerId;
pub use random::{Random, SeededRandom};
pub use reactor::{INITIALIZE, Initializer};
pub use shared::{InUse, Shared};
pub use stream::{Buffer, Input, Output, Reading};
#[cfg(all(feature = "native", not(all(target_arch = "wasm32", target_os = "unknown"))))]
pub use tree::native::NativeTree;
pub use tree::{MemoryTree, Tree};
pub use types::{Rights, RightsPolicy, Version};
