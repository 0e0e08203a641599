//! What the dispatch loop works on, and why it is left.

use super::bulk::Bulk;
use crate::config::Config;
use crate::exec::frame::{Frame, ValueStack};
use crate::exec::stop::TrapCode;
use crate::ids::{FuncAddr, MemAddr, ObjectAddr};
use crate::store::{ModuleEntry, StoreState};
use crate::types::Types;

/// What the loop works on.
pub(crate) struct Machine<'a> {
    pub(crate) config: &'a Config,
    pub(crate) modules: &'a [ModuleEntry],
    pub(crate) types: &'a Types,
    pub(crate) state: &'a mut StoreState,
    pub(crate) stack: &'a mut ValueStack,
    pub(crate) frames: &'a mut alloc::vec::Vec<Frame>,
    pub(crate) bulk: Bulk<'a>,
    /// Whether pages of memories that are written are marked.
    pub(crate) marks: bool,
}

/// Why the loop was left.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The instructions allowed have been executed.
    Budget,
    /// The bulk work allowed has been done; the instruction is still to be executed, or the rest of it.
    Part,
    /// The outermost frame returned; its results lie at the bottom of the stack.
    Done,
    /// A host function was called: its arguments are on top of the operand stack.
    Host(FuncAddr, Transfer),
    Trap(TrapCode),
    /// This exception was thrown; the innermost frame stands at the instruction that did.
    Exception(ObjectAddr),
    /// An object of so many words has no place before a collection; the instruction is still to be
    /// executed.
    Collect(u64),
    /// The instruction waits until its address is notified; its operands are still there.
    Wait(Waiting),
    Breakpoint,
    Watchpoint,
}

/// How a host function was called, and so where its results go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transfer {
    /// By a call: execution goes on behind it.
    Call,
    /// By a tail call: the frame is left with the results.
    TailCall,
}

/// What an atomic wait waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Waiting {
    pub(crate) memory: MemAddr,
    pub(crate) address: u64,
    /// Nanoseconds; negative is for ever.
    pub(crate) timeout: i64,
}
