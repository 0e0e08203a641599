//! Where a value comes from: back through the instructions that made it, one question at a time.
//!
//! A [`Question`] asks about a [`Place`] at a moment. Nothing is recorded for it beside what the timeline keeps: from
//! the kept states before that moment, the nearest first, what was done is done again while a witness
//! (`observe/witness.rs`) notes who writes the place. Of memories, globals and tables a watchpoint tells that in the
//! fast tier; slots of the value stack have nobody who could watch them, so their intervals are the exact tier's. The
//! author's own moment is then stood at, and read: what it took are places again, which can be asked about next.
//! Instructions that only carry a value are passed through; what the value went through is told with the answer.

mod examine;
mod look;
mod place;
mod question;
#[cfg(all(test, feature = "wat"))]
mod tests;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::exec::CallSite;
use crate::ids::{FuncAddr, FuncIndex, GlobalAddr, InstanceId, MemAddr, TableAddr, TaskId};

pub use place::{Contents, Place};
pub use question::Question;

/// Bytes that one question can be about.
pub const MOST_BYTES: u64 = 1024;

/// What wrote a place, or a part of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Origin {
    /// The place that was asked about; of bytes, those that this author wrote.
    pub part: Place,
    /// What the author made there; of bytes that are still as they were written, these.
    pub made: Option<Contents>,
    /// Who it was.
    pub author: Author,
    /// What the value went through from there, the last step first.
    pub through: Vec<Step>,
    /// How many steps there were beside those.
    pub omitted: u64,
}

/// Who made a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Author {
    /// An instruction, from what it took.
    Instruction(Instruction),
    /// An instruction that takes nothing: a constant.
    Constant(Instruction),
    /// The start of the task, as this parameter of its function.
    Argument {
        /// Which one.
        index: u32,
        /// The count at which the task was started, as far back as is known.
        clock: u64,
    },
    /// A call: locals that are no parameters begin as zero or null.
    LocalDefault {
        /// The count before the call.
        clock: u64,
    },
    /// An active data segment, at instantiation.
    DataSegment {
        /// The instance.
        instance: InstanceId,
        /// The segment.
        segment: u32,
    },
    /// What a memory, global or table began with.
    Initial,
    /// A host function: its result, what it wrote, or an argument of what it called.
    HostCall {
        /// The count before the call.
        clock: u64,
        /// The task that called.
        task: TaskId,
        /// The function.
        func: FuncAddr,
        /// The number of its record.
        number: Option<u64>,
        /// What called it, with the arguments that were given.
        call: Option<Instruction>,
    },
    /// Somebody beside the run: a person, or the embedder.
    Edit {
        /// The count at which it was done.
        clock: u64,
    },
    /// It cannot be told.
    NotKnown(Unknown),
}

/// Why an author is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// There is no such place at that moment.
    NoPlace,
    /// Memories are too large for a past.
    NoPast,
    /// Older moments than this count have been given up for room.
    GivenUp {
        /// The first count that can be gone to.
        first: u64,
    },
    /// More bytes than [`MOST_BYTES`].
    TooManyBytes,
}

/// An instruction that was executed.
#[derive(Clone, PartialEq, Debug)]
pub struct Instruction {
    /// The count before it: the moment at which it comes next.
    pub clock: u64,
    /// The task.
    pub task: TaskId,
    /// Where it is.
    pub site: CallSite,
    /// Its name in the text format.
    pub operator: Cow<'static, str>,
    /// What it took and read, in the order of its operands: places at its moment.
    pub inputs: Vec<Input>,
}

/// What an instruction took or read.
#[derive(Clone, PartialEq, Debug)]
pub struct Input {
    /// Where, at the moment of the instruction.
    pub place: Place,
    /// What was there.
    pub value: Contents,
}

/// What a value went through, unchanged or in a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The count before the instruction that carried it.
    pub clock: u64,
    /// How.
    pub by: Carried,
}

/// What carried a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carried {
    /// A local of a function.
    Local {
        /// The function's instance.
        instance: InstanceId,
        /// The function.
        func: FuncIndex,
        /// The local, parameters first.
        local: u32,
    },
    /// A global.
    Global(GlobalAddr),
    /// Bytes of a memory.
    Bytes {
        /// The memory.
        memory: MemAddr,
        /// The first byte.
        address: u64,
        /// How many.
        len: u64,
    },
    /// An element of a table.
    Element {
        /// The table.
        table: TableAddr,
        /// Which one.
        index: u64,
    },
    /// An argument of a call.
    Argument {
        /// The callee's instance.
        instance: InstanceId,
        /// The callee.
        func: FuncIndex,
        /// Which one.
        index: u32,
    },
    /// What a function returned.
    Result {
        /// The function's instance.
        instance: InstanceId,
        /// The function.
        func: FuncIndex,
    },
    /// A branch, which carried it out of blocks.
    Branch(CallSite),
    /// A `select`, which took it.
    Select(CallSite),
    /// An exception, from where it was thrown to where it was caught.
    Exception(CallSite),
}
