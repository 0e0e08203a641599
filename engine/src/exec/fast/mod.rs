//! The fast tier: functions translated to register operations on the shared frame.
//!
//! [`translate`] turns the exact tier's operations into [`code::FastCode`], on a function's first
//! call; [`run()`] executes it until something needs the exact tier or stops. The frames and slots
//! it leaves behind are those that the exact tier would have left, so either can go on from the
//! other's state. Imports `store`, `module`, `semantics` and the exact tier's operations.
//!
//! Budgets are exact because every edge pays for what it leads to: a branch, a call or a return
//! subtracts the number of instructions up to the next branch, call or return. Of what cannot be paid
//! in full a part is executed, up to an instruction behind which it is known where all operands are;
//! what is then not in its slot is put there ([`pending`]), and rests are left to the exact tier. So
//! is a trap: the operation that would trap changes nothing, its operands are put where the
//! specification has them, and the exact tier executes the instruction again.

#![allow(unsafe_code)] // see `handlers` for what it relies on

mod code;
mod dispatch;
mod handlers;
mod instrument;
mod listing;
mod machine;
mod operators;
mod pending;
mod plan;
mod probe;
mod run;
mod translate;

pub(crate) use code::FastCodes;
pub(crate) use instrument::Instruments;
pub use listing::{FastListing, FastOperation};
pub(crate) use probe::keeps_stack;
pub(crate) use run::{Leave, Scratch, run};
