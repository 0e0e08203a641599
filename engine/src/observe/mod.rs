//! Read-only views of a stopped task, and what a person may change in it.
//!
//! Slots carry no types, so views take them from validation: `FuncTypes` holds, for every
//! operator of a function, the operand types and labels on entry, made on first use. Breakpoints
//! and watchpoints live here too. Imports `exec`'s frames and `store`; nothing executes here.

mod cause;
mod contents;
mod debugger;
mod frames;
mod observer;
mod types;
mod watch;
mod witness;

pub use crate::exec::fast::{FastListing, FastOperation};
pub use cause::Cause;
pub(crate) use contents::{first_difference, held};
pub use debugger::{Access, Breakpoint, Debugger};
pub use frames::{Activation, FrameView, Handler, HostView, Label, Local, Throwing};
pub(crate) use frames::{SlotKind, activations, frames, local_types, set_slot, site};
pub(crate) use observer::{Observer, Unobserved, View};
pub(crate) use types::{FuncTypes, Typing};
pub use types::{LabelKind, LabelType, TypesAt, types_at};
pub use watch::{Contents, Watched, Watchpoint, WatchpointHit};
pub(crate) use watch::{Touch, Touched, Watch};
pub(crate) use witness::{Look, Mark, Passed, Subject, Witness, Wrote};
