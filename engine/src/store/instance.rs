//! Module instances: index spaces resolved to addresses.

use alloc::boxed::Box;

use crate::ids::{
    DataAddr, ElemAddr, FuncAddr, FuncIndex, GlobalAddr, MemAddr, ModuleId, TableAddr, TagAddr,
};

/// A module instance (*Runtime structure, module instances*): every index of its module's index
/// spaces, imports first, resolved to an address of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    pub(crate) module: ModuleId,
    pub(crate) funcs: Box<[FuncAddr]>,
    pub(crate) tables: Box<[TableAddr]>,
    pub(crate) memories: Box<[MemAddr]>,
    pub(crate) globals: Box<[GlobalAddr]>,
    pub(crate) tags: Box<[TagAddr]>,
    pub(crate) elements: Box<[ElemAddr]>,
    pub(crate) data: Box<[DataAddr]>,
}

impl Instance {
    /// The module, as the store counts them.
    pub fn module(&self) -> ModuleId {
        self.module
    }

    /// Address of a function.
    pub fn func(&self, func: FuncIndex) -> Option<FuncAddr> {
        self.funcs.get(func.index()).copied()
    }

    /// Addresses of the tables.
    pub fn tables(&self) -> &[TableAddr] {
        &self.tables
    }

    /// Addresses of the memories.
    pub fn memories(&self) -> &[MemAddr] {
        &self.memories
    }

    /// Addresses of the tags.
    pub fn tags(&self) -> &[TagAddr] {
        &self.tags
    }

    /// Addresses of the globals.
    pub fn globals(&self) -> &[GlobalAddr] {
        &self.globals
    }
}
