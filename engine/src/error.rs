//! Errors of loading, linking and of using the interface; traps are in [`crate::exec`].

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::exec::Trap;
use crate::module::First;
use crate::text::{dotted, escaped, quoted};
use crate::text_format::{Lines, TextError};
use crate::types::ValType;

/// Result with the engine's [`Error`].
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why something could not be done. State that existed before the call is unchanged.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are something else.
    #[error("not a module: this is {what}{}", First(.first))]
    NotModule {
        /// What they are by how they begin.
        what: &'static str,
        /// The first of them.
        first: Vec<u8>,
    },
    /// The bytes are not a well-formed module.
    #[error("malformed module: {} (at offset 0x{offset:x})", escaped(.message))]
    Malformed {
        /// What is wrong.
        message: String,
        /// Byte offset in the module.
        offset: u64,
    },
    /// The module is well-formed but does not validate.
    #[error("invalid module: {} (at offset 0x{offset:x})", escaped(.message))]
    Invalid {
        /// What is wrong.
        message: String,
        /// Byte offset in the module.
        offset: u64,
    },
    /// The module uses an operator, type or section that this engine does not execute.
    #[error("not supported: {what} (at offset 0x{offset:x})")]
    Unsupported {
        /// The operator or construct.
        what: String,
        /// Byte offset in the module.
        offset: u64,
    },
    /// A task or a state is of another store.
    #[error("this {what} is of another store")]
    NotOfStore {
        /// `task` or `state`.
        what: &'static str,
    },
    /// A task is not in the state of its store: a state from before it was started has been
    /// [restored](crate::Store::restore), or it has been [ended](crate::Store::end_task).
    #[error(
        "the task is not in the state of its store: it was started after that state was taken, or has been ended"
    )]
    NotOfState,
    /// The text is not a valid module in the text format.
    #[error("{}", Lines(.errors))]
    Text {
        /// What is wrong, and where; at least one. Of functions that do not validate, the first error of
        /// each.
        errors: Vec<TextError>,
    },
    /// A limit of [`Config`](crate::Config) would be exceeded.
    #[error("{limit} limit exceeded: {requested} requested, {allowed} allowed{}", At(*.offset))]
    Limit {
        /// Which limit.
        limit: LimitKind,
        /// How much was asked for.
        requested: u64,
        /// How much [`Config`](crate::Config) allows.
        allowed: u64,
        /// Byte offset of the declaration, where one asked for it.
        offset: Option<u64>,
    },
    /// The system has no memory left for what was asked.
    #[error("out of memory: {bytes} bytes were not to be had")]
    OutOfMemory {
        /// How many bytes were asked for.
        bytes: u64,
    },
    /// Imports could not be satisfied.
    #[error("{}", Unlinked(.errors))]
    Link {
        /// All of them, in the order of the module's imports; at least one.
        errors: Vec<ImportError>,
    },
    /// An instance has no such export.
    #[error("no export named {}", quoted(.name))]
    UnknownExport {
        /// The name that was looked up.
        name: String,
    },
    /// The export is of another kind.
    #[error("export {} is a {found}, not a {expected}", quoted(.name))]
    WrongExportKind {
        /// The name that was looked up.
        name: String,
        /// The kind asked for.
        expected: &'static str,
        /// The kind it is.
        found: &'static str,
    },
    /// The number of arguments or results is not what the type says.
    #[error("{what}: {expected} expected, {found} given")]
    Arity {
        /// `arguments` or `results`.
        what: &'static str,
        /// What the function type says.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// An argument, result or assigned value has another type.
    #[error("{what} {position}: {expected} expected, {found} given")]
    Type {
        /// `argument`, `result`, `local` ….
        what: &'static str,
        /// Its position, from 0.
        position: usize,
        /// The type that was needed.
        expected: ValType,
        /// The type of the value given.
        found: ValType,
    },
    /// An index, address or handle that the store or module does not have.
    #[error("no {what} with index {index}")]
    UnknownIndex {
        /// What was looked up.
        what: &'static str,
        /// The index given.
        index: u64,
    },
    /// A task waits for ever, and no other runs that could notify it.
    #[error("waits for ever at address 0x{address:x}: no other task runs that could notify it")]
    Deadlock {
        /// The address that it waits at.
        address: u64,
    },
    /// An access from outside lies beyond the end of a memory.
    #[error("memory access of {len} bytes at 0x{address:x} exceeds the memory's {size} bytes")]
    MemoryAccess {
        /// First address.
        address: u64,
        /// Bytes accessed.
        len: u64,
        /// Size of the memory in bytes.
        size: u64,
    },
    /// An assignment to a constant global.
    #[error("global {index} is immutable")]
    ImmutableGlobal {
        /// The global's address in the store.
        index: u32,
    },
    /// An assignment to a constant field of an object.
    #[error("field {index} is immutable")]
    ImmutableField {
        /// The field, or the element.
        index: u32,
    },
    /// A task was answered although it does not wait for a host call.
    #[error("the task does not wait for a host call")]
    NotWaiting,
    /// `invoke` or `instantiate` met an import that stops the machine.
    #[error("the call of {} waits for an answer; use a task to give one", dotted(.module, .name))]
    Unanswered {
        /// Module name of the import.
        module: String,
        /// Field name of the import.
        name: String,
    },
    /// Execution ended in a trap. Its source is that of the [trap](Trap::cause).
    #[error(transparent)]
    Trap(Trap),
    /// The program ended itself, as by `proc_exit`.
    #[error("the program ended with exit code {code}")]
    Exit {
        /// What it said.
        code: i32,
    },
    /// An [interruption](crate::InterruptHandle) has stopped the run.
    #[error("interrupted")]
    Interrupted,
    /// A host call in a replayed run is not the one that was recorded.
    #[error("the run has left its record: {expected} was recorded, {found} was called")]
    Diverged {
        /// The recorded call.
        expected: String,
        /// The call that was made.
        found: String,
    },
    /// A host function asked for something after it had answered, or after its task was dropped.
    #[error("the host call is over")]
    CallOver,
}

impl Error {
    /// Byte offset in the module, for errors that have one.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Error::Malformed { offset, .. }
            | Error::Invalid { offset, .. }
            | Error::Unsupported { offset, .. } => Some(*offset),
            Error::Limit { offset, .. } => *offset,
            Error::Text { errors } => errors.first()?.cause.as_ref()?.offset(),
            _ => None,
        }
    }
}

struct At(Option<u64>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(f, " (at offset 0x{offset:x})"),
            None => Ok(()),
        }
    }
}

/// A limit of [`Config`](crate::Config), by its field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LimitKind {
    /// `max_module_size`, in bytes.
    ModuleSize,
    /// `max_locals` of one function.
    Locals,
    /// `max_memory_pages` of one memory.
    MemoryPages,
    /// `max_store_memory`, in bytes.
    StoreMemory,
    /// `max_table_size` of one table, in elements.
    TableSize,
    /// `max_store_table`, in elements.
    StoreTable,
    /// `max_heap`, in bytes.
    Heap,
    /// `max_instances`.
    Instances,
    /// `instances` of a [pool](crate::Allocation).
    PoolInstances,
    /// `memories` of a pool.
    PoolMemories,
    /// `tables` of a pool.
    PoolTables,
    /// `stacks` of a pool.
    PoolStacks,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LimitKind::ModuleSize => "module size (bytes)",
            LimitKind::Locals => "locals of a function",
            LimitKind::MemoryPages => "memory size (pages)",
            LimitKind::StoreMemory => "memory of the store (bytes)",
            LimitKind::TableSize => "table size (elements)",
            LimitKind::StoreTable => "tables of the store (elements)",
            LimitKind::Heap => "heap (bytes)",
            LimitKind::Instances => "instances",
            LimitKind::PoolInstances => "instances of the pool",
            LimitKind::PoolMemories => "memories of the pool",
            LimitKind::PoolTables => "tables of the pool",
            LimitKind::PoolStacks => "stacks of the pool",
        })
    }
}

/// An import that could not be satisfied.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ImportError {
    /// Module name of the import.
    pub module: String,
    /// Field name of the import.
    pub name: String,
    /// What is wrong with it.
    pub reason: LinkError,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", dotted(&self.module, &self.name), self.reason)
    }
}

impl core::error::Error for ImportError {}

/// Imports that are listed in a message.
const LISTED: usize = 50;

struct Unlinked<'a>(&'a [ImportError]);

impl fmt::Display for Unlinked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [error] = self.0 {
            return write!(f, "cannot link {error}");
        }
        write!(f, "cannot link {} imports:", self.0.len())?;
        for error in self.0.iter().take(LISTED) {
            write!(f, "\n  {error}")?;
        }
        match self.0.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Why an import could not be satisfied.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// Nothing has been defined under this name.
    Unknown,
    /// What has been defined does not match the import's type.
    Incompatible {
        /// The type the module demands, as text.
        expected: String,
        /// The type that was defined, as text.
        found: String,
    },
    /// A segment reaches beyond the end of its memory or table, in a module of version 1.0.
    DoesNotFit {
        /// Where it would end.
        end: u64,
        /// Bytes of the memory or elements of the table.
        size: u64,
    },
}

impl core::error::Error for LinkError {}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::DoesNotFit { end, size } => {
                write!(f, "it ends at {end}, beyond the size of {size}")
            }
            LinkError::Unknown => f.write_str("unknown import"),
            LinkError::Incompatible { expected, found } => {
                write!(f, "incompatible import type: {expected} expected, {found} defined")
            }
        }
    }
}
