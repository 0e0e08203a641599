//! The exact tier: one dispatched operation for each operator of the code section.
//!
//! Entered by [`Task::run`](crate::Task::run) with a count of instructions, left with an
//! [`Exit`]. Between instructions all state is in the task and the store: the loop keeps
//! nothing of its own over an exit. A trapping instruction leaves its operands in place.

mod bulk;
mod decode;
mod op;
mod run;
mod vector;

pub(crate) use bulk::{memory_init, table_init};
pub(crate) use decode::FuncCode;
pub(crate) use op::{Branch, Op, for_each_numeric};
pub(crate) use run::{Exit, Machine, Transfer, run};
pub(crate) use vector::{VectorAccess, VectorOp, compute, shuffle};
