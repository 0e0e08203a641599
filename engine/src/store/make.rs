//! Externals that belong to no instance, for an embedder to define.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Extern, Global, Store, Table};
#[cfg(doc)]
use crate::Linker;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::ids::{GlobalAddr, MemAddr, TableAddr, TagAddr};
use crate::memory::{HostBytes, LinearMemory};
use crate::module::Module;
use crate::recording::Step;
use crate::types::{ExternType, FuncType, GlobalType, ValType};
use crate::value::{Ref, Value};

impl Store {
    /// Makes a tag that belongs to no instance; exceptions of it carry these values.
    pub fn new_tag(&mut self, values: impl IntoIterator<Item = ValType>) -> TagAddr {
        let values: Vec<ValType> = values.into_iter().collect();
        let ty = self.types.intern(&FuncType::new(values.iter().copied(), []));
        self.note_step(|| Step::NewTag(values));
        Arc::make_mut(&mut self.state.tags).push(ty);
        TagAddr::from_index(self.state.tags.len() - 1)
    }

    /// Makes a global that belongs to no instance, for definition in a [`Linker`].
    ///
    /// # Errors
    /// [`Error::Type`] if the value is of another type.
    pub fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<GlobalAddr> {
        self.check_type("global", 0, ty.content, &value)?;
        let addr = GlobalAddr::from_index(self.state.globals.len());
        self.state.globals.push(Global::new(ty, value.to_bits()));
        self.note_step(|| Step::NewGlobal(ty, value));
        Ok(addr)
    }

    /// Makes a memory that belongs to no instance.
    ///
    /// # Errors
    /// [`Error::Limit`] or [`Error::OutOfMemory`].
    pub fn new_memory(&mut self, ty: crate::types::MemoryType) -> Result<MemAddr> {
        let memory = LinearMemory::new(&self.engine, &mut self.state.usage, ty, None)?;
        self.state.memories.push(memory);
        self.note_step(|| Step::NewMemory(ty));
        Ok(MemAddr::from_index(self.state.memories.len() - 1))
    }

    /// Makes a memory over bytes of the embedder, which belongs to no instance. Snapshots of the
    /// store have a copy of the bytes.
    ///
    /// # Errors
    /// [`Error::Limit`] if there are fewer bytes than the type's minimum, more than its maximum or a
    /// limit allows, or no whole pages.
    pub fn new_memory_over(
        &mut self,
        ty: crate::types::MemoryType,
        bytes: impl HostBytes,
    ) -> Result<MemAddr> {
        self.lose_steps("a memory lies over bytes of the embedder");
        let (config, usage) = (self.engine.config(), &mut self.state.usage);
        self.state.memories.push(LinearMemory::over(config, usage, ty, Box::new(bytes))?);
        Ok(MemAddr::from_index(self.state.memories.len() - 1))
    }

    /// Makes a table of the embedder's entries, which belongs to no instance.
    ///
    /// # Errors
    /// [`Error::Limit`] if there are fewer entries than the type's minimum, more than its maximum or a
    /// limit allows; [`Error::Type`] if one is of another type; [`Error::UnknownIndex`] if one is no
    /// function of this store.
    pub fn new_table_over(
        &mut self,
        ty: crate::types::TableType,
        entries: &[Ref],
    ) -> Result<TableAddr> {
        self.lose_steps("a table was made of entries of the embedder");
        let content = ValType::from(ty.element);
        let mut slots = Vec::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            let value = Value::from(*entry);
            self.check_type("entry", position, content, &value)?;
            slots.push(value.to_slot());
        }
        let table = Table::over(&self.engine, &mut self.state.usage, ty, &slots)?;
        self.state.tables.push(table);
        Ok(TableAddr::from_index(self.state.tables.len() - 1))
    }

    /// Makes a table of null references that belongs to no instance.
    ///
    /// # Errors
    /// [`Error::Limit`], [`Error::OutOfMemory`], or [`Error::Type`] if it has elements that cannot be null.
    pub fn new_table(&mut self, ty: crate::types::TableType) -> Result<TableAddr> {
        if ty.limits.min > 0 {
            self.check_type("element", 0, ty.element.into(), &Ref::null(ty.element).into())?;
        }
        let table = Table::new(&self.engine, &mut self.state.usage, ty)?;
        self.state.tables.push(table);
        self.note_step(|| Step::NewTable(ty));
        Ok(TableAddr::from_index(self.state.tables.len() - 1))
    }

    /// Makes what an import of a module asks for, belonging to no instance: an empty memory or table,
    /// a global of zero or null, a tag; `None` for functions.
    ///
    /// # Errors
    /// [`Error::Limit`], [`Error::OutOfMemory`], or [`Error::Type`] for a global or elements that cannot be null.
    pub fn new_import(&mut self, module: &Module, ty: &ExternType) -> Result<Option<Extern>> {
        Ok(Some(match self.in_store(module, ty) {
            ExternType::Memory(ty) => Extern::Memory(self.new_memory(ty)?),
            ExternType::Table(ty) => Extern::Table(self.new_table(ty)?),
            ExternType::Global(ty) => {
                Extern::Global(self.new_global(ty, Value::default_of(ty.content))?)
            }
            ExternType::Tag(ty) => Extern::Tag(self.new_tag(ty.params().iter().copied())),
            ExternType::Func(_) => return Ok(None),
        }))
    }

    /// Whether a memory, table or global has the type that an import of a module asks for.
    pub fn satisfies(&mut self, item: Extern, module: &Module, ty: &ExternType) -> bool {
        let wanted = self.in_store(module, ty);
        match (self.extern_type(item), wanted) {
            (Some(ExternType::Tag(found)), ExternType::Tag(wanted)) => found == wanted,
            (Some(found), wanted) => self.types.extern_matches(&found, &wanted),
            _ => false,
        }
    }

    /// A type of a module, with the ids that its defined types have in the store.
    fn in_store(&mut self, module: &Module, ty: &ExternType) -> ExternType {
        let id = self.enter_module(module);
        let ids = self.modules.get(id.index()).map_or(&[][..], |entry| &entry.types);
        ty.map(&|index| ids.get(index as usize).map_or(index, |id| id.0))
    }
}
