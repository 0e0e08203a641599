//! All that was done to a store from its beginning on: enough to make it again elsewhere, without the host.
//!
//! A store that [notes](Store::note_steps) has a `journal` of what its embedder did: modules instantiated, functions
//! started, tasks run for so many instructions, calls answered, values changed by hand. With the
//! [record](crate::host) of what host functions did, it is a [`Recording`], which a [`Player`] does again: in another
//! process, or on another system. Addresses come out as they were, and so does each value.
//!
//! States are not part of it: what is played is checked as anything else that is done to a store, so that a forged
//! recording can do no more than end in an error. How it is written to files is the embedder's business.
//! Imports `exec`, `host`, `module`, `store` and `timeline`.

mod journal;
mod player;
#[cfg(all(test, feature = "wat"))]
mod tests;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::exec::HostAnswer;
use crate::host::record::HostRecord;
use crate::ids::{FuncAddr, GlobalAddr, InstanceId, MemAddr, ObjectAddr, TableAddr, TaskId};
use crate::module::Module;
use crate::store::Extern;
#[cfg(doc)]
use crate::store::Store;
use crate::types::{GlobalType, MemoryType, TableType, ValType};
use crate::value::Value;

pub(crate) use journal::{Journal, NOTHING_NOTED};
pub(crate) use player::take_answered;
pub use player::{Played, Player};

/// What was done to a store, or a part of it.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// In the order in which it was done.
    pub steps: Vec<Step>,
    /// Host calls, in the order in which they ended.
    pub calls: Vec<Arc<HostRecord>>,
}

/// Something that an embedder did to a store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Made an instance, up to its start function, which is the next task.
    Instantiate {
        /// The module.
        module: Module,
        /// What each of its imports was.
        imports: Vec<Import>,
        /// Whether that trapped, half done.
        failed: bool,
    },
    /// Gave an instance a name.
    Name {
        /// The instance.
        instance: InstanceId,
        /// The name.
        name: String,
    },
    /// Started a function as a task.
    Start {
        /// The task.
        task: TaskId,
        /// The function.
        func: FuncAddr,
        /// Arguments, one per parameter.
        args: Vec<Value>,
    },
    /// Ran a task.
    Run {
        /// The task.
        task: TaskId,
        /// Instructions executed.
        executed: u64,
        /// Where that ended.
        end: RunEnd,
    },
    /// Answered the pending host call of a task.
    Resume {
        /// The task.
        task: TaskId,
        /// The answer.
        answer: HostAnswer,
    },
    /// Ended an atomic wait.
    TimeOut {
        /// The task.
        task: TaskId,
    },
    /// Ended a task.
    End {
        /// The task.
        task: TaskId,
    },
    /// Set a local or an operand of a frame.
    SetSlot {
        /// The task.
        task: TaskId,
        /// The frame, the innermost being 0.
        frame: u64,
        /// Whether it is a local.
        local: bool,
        /// Its index; that of an operand counts from the bottom.
        index: u32,
        /// The value.
        value: Value,
    },
    /// Set a global.
    SetGlobal {
        /// The global.
        global: GlobalAddr,
        /// The value.
        value: Value,
    },
    /// Set an element of a table.
    SetTable {
        /// The table.
        table: TableAddr,
        /// The element.
        index: u64,
        /// The value.
        value: Value,
    },
    /// Wrote bytes of a memory.
    WriteMemory {
        /// The memory.
        memory: MemAddr,
        /// First byte.
        address: u64,
        /// The bytes.
        bytes: Box<[u8]>,
    },
    /// Grew a memory.
    GrowMemory {
        /// The memory.
        memory: MemAddr,
        /// By so many pages.
        pages: u64,
    },
    /// Grew a table.
    GrowTable {
        /// The table.
        table: TableAddr,
        /// By so many elements.
        by: u64,
    },
    /// Made a memory of no instance.
    NewMemory(MemoryType),
    /// Made a table of no instance.
    NewTable(TableType),
    /// Made a global of no instance.
    NewGlobal(GlobalType, Value),
    /// Made a tag of no instance.
    NewTag(Vec<ValType>),
    /// Made a string of the store's heap.
    NewString(String),
    /// Held what a value refers to.
    Hold(Value),
    /// Let go of it.
    Release(Value),
    /// Let go of all.
    ReleaseAll,
    /// Freed what could not be reached.
    Collect,
    /// Set a field of a structure, or an element of an array.
    SetField {
        /// The object.
        object: ObjectAddr,
        /// The field, or the element.
        field: u32,
        /// The value.
        value: Value,
    },
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// Between two instructions: one more of the same task is the same run.
    Open,
    /// Within a bulk instruction, of which so many bytes or elements are done.
    Within(u64),
    /// Before a host function was asked.
    BeforeCall,
    /// Otherwise.
    Closed,
}

/// What an import of a module was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Import {
    /// Something that was there.
    Known(Extern),
    /// A host function, which came to lie at this address.
    Host(FuncAddr),
    /// A builtin of the engine, at this address.
    Builtin(FuncAddr),
    /// A string of this name.
    Text,
}
