//! How host calls are answered: by a closure, a future, a record, or whoever drives the task; and what
//! host functions call back into wasm.
//!
//! A host function that calls wasm sets the frames below it aside as a [`HostFrame`]; what it calls runs
//! on the same value stack, above the arguments of the host call. That is plain data. The future that
//! waits for the result is not: it lies in [`Suspended`], beside the state of the store.

mod answer;
mod call_async;
mod reenter;
mod replay;
mod suspended;
mod typed;

pub use call_async::CallAsync;
pub(crate) use reenter::HostFrame;
pub(crate) use suspended::Suspended;
