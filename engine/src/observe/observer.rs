//! What the dispatch loop tells whoever observes a run.

use crate::exec::exact::{FuncCode, Op};
use crate::ids::{FuncIndex, InstanceId, TypeId};
use crate::memory::LinearMemory;
use crate::store::heap::Heap;
use crate::store::{FuncEntity, Global, Instance, ModuleEntry, Table};
use crate::types::Types;

/// Told of each instruction before and after it.
pub(crate) trait Observer {
    /// Whether the loop is to call the other functions at all.
    const ACTIVE: bool;
    /// Before an instruction, which has this offset in its module; true stops in front of it.
    fn before(&mut self, op: &Op, offset: u32, view: &View<'_>) -> bool;
    /// After one that has been executed to its end; true stops behind it.
    fn after(&mut self, view: &View<'_>) -> bool;
}

/// Nobody observes.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    const ACTIVE: bool = false;

    fn before(&mut self, _: &Op, _: u32, _: &View<'_>) -> bool {
        false
    }

    fn after(&mut self, _: &View<'_>) -> bool {
        false
    }
}

/// The machine between two instructions.
pub(crate) struct View<'a> {
    pub(crate) instance: InstanceId,
    pub(crate) func: FuncIndex,
    pub(crate) parts: &'a Instance,
    pub(crate) module: &'a ModuleEntry,
    pub(crate) code: &'a FuncCode,
    /// Where the innermost frame begins on the value stack.
    pub(crate) base: u32,
    /// The slots of the innermost frame, of which those below `sp` are in use.
    pub(crate) window: &'a [u64],
    pub(crate) sp: usize,
    pub(crate) memories: &'a [LinearMemory],
    pub(crate) tables: &'a [Table],
    pub(crate) globals: &'a [Global],
    pub(crate) funcs: &'a [FuncEntity],
    pub(crate) tags: &'a [TypeId],
    pub(crate) heap: &'a Heap,
    pub(crate) types: &'a Types,
}
