//! The exact tier: one dispatched operation for each operator of the code section.
//!
//! Entered by [`Task::run`](crate::Task::run) with a count of instructions, left with an
//! [`Exit`]. Between instructions all state is in the task and the store: the loop keeps
//! nothing of its own over an exit. A trapping instruction leaves its operands in place, and so does a
//! bulk instruction that is done in parts, whose [`Progress`] is the task's.

mod apart;
mod atomic;
mod bulk;
mod decode;
mod effects;
mod handlers;
mod machine;
mod op;
mod run;
mod touches;
mod vector;

pub(crate) use atomic::{AtomicOp, execute as atomic};
pub(crate) use bulk::{Bulk, Progress, SMALL, memory_init, table_init};
pub(crate) use decode::{Decoding, FuncCode};
pub(crate) use effects::StackEffect;
pub(crate) use handlers::{Caught, Unwound, thrower, unwind};
pub(crate) use machine::{Exit, Machine, Transfer, Waiting};
pub(crate) use op::{Branch, INDEX64, Op, Packing, for_each_numeric};
pub(crate) use run::run;
#[cfg(threaded)]
pub(crate) use vector::for_each_vector;
pub(crate) use vector::{VectorAccess, VectorOp, VectorShape, evaluate};
