//! Who makes a host call, and the state as the host function reads and writes it.

use alloc::format;
use alloc::string::{String, ToString};
use core::task::Waker;

use super::HostError;
use super::record::{Effect, START};
use crate::error::{Error, Result};
use crate::exec::{CallSite, TaskState};
use crate::ids::{GlobalAddr, InstanceId, MemAddr, TableAddr, TaskId};
use crate::memory::LinearMemory;
use crate::module::Module;
use crate::observe::{self, Activation, FrameView};
use crate::store::{Extern, Store};
use crate::value::Value;

/// The calling side of a host call.
///
/// What is read and written through it is [noted](crate::host::record) while the store keeps a record.
pub struct Caller<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) task: &'a TaskState,
    pub(crate) waker: &'a Waker,
}

impl Caller<'_> {
    /// The calling instruction; `None` if the host function was started directly.
    pub fn site(&self) -> Option<CallSite> {
        observe::site(self.store, self.task)
    }

    /// The calling task.
    pub fn task(&self) -> TaskId {
        self.task.identity.id
    }

    /// Instructions that the task has executed, the call included.
    pub fn executed(&self) -> u64 {
        self.task.executed
    }

    /// The calling instance.
    pub fn instance(&self) -> Option<InstanceId> {
        self.task.frames.last().map(|frame| frame.instance)
    }

    /// An instance by the name that it was [given](Store::name_instance), or that its module has.
    pub fn instance_named(&self, name: &str) -> Option<InstanceId> {
        self.store.instance_named(name)
    }

    /// The calling instance's module.
    pub fn module(&self) -> Option<&Module> {
        self.store.module_of(self.instance()?)
    }

    /// The name of the calling instance, or of its module.
    pub fn module_name(&self) -> Option<&str> {
        self.store.instance_name(self.instance()?)
    }

    /// The calling function's name.
    pub fn func_name(&self) -> Option<&str> {
        self.module()?.func_name(self.task.frames.last()?.func)
    }

    /// The wasm frames of the task, innermost (the caller) first.
    pub fn frames(&self) -> impl Iterator<Item = FrameView<'_>> {
        observe::frames(self.store, self.task)
    }

    /// The frames of the task, those of host functions between them included.
    pub fn activations(&self) -> impl Iterator<Item = Activation<'_>> {
        observe::activations(self.store, self.task)
    }

    /// The store the task runs in.
    pub fn store(&self) -> &Store {
        self.store
    }

    /// To be woken when a call that is [pending](HostError::pending) can be answered.
    pub fn waker(&self) -> &Waker {
        self.waker
    }

    /// The *calling instance's* memory 0.
    pub fn memory(&mut self) -> Option<CallerMemory<'_>> {
        self.memory_of(self.instance()?)
    }

    /// Memory 0 of any instance.
    pub fn memory_of(&mut self, instance: InstanceId) -> Option<CallerMemory<'_>> {
        let addr = *self.store.instance(instance)?.memories().first()?;
        self.memory_at(addr)
    }

    /// A memory of the store.
    pub fn memory_at(&mut self, addr: MemAddr) -> Option<CallerMemory<'_>> {
        self.store.memory(addr)?;
        Some(CallerMemory { addr, store: self.store })
    }

    /// What the calling instance exports under a name.
    pub fn export(&self, name: &str) -> Option<Extern> {
        self.store.export(self.instance()?, name)
    }

    /// Sets a mutable global.
    ///
    /// # Errors
    /// Those of [`Store::set_global`].
    pub fn set_global(&mut self, global: GlobalAddr, value: Value) -> Result<()> {
        self.store.set_global(global, value)?;
        self.store.recorder.note(|| Effect::Global { global, value });
        Ok(())
    }

    /// Sets an element of a table.
    ///
    /// # Errors
    /// Those of [`Store::set_table`].
    pub fn set_table(&mut self, table: TableAddr, index: u64, value: Value) -> Result<()> {
        self.store.set_table(table, index, value)?;
        self.store.recorder.note(|| Effect::Table { table, index, value });
        Ok(())
    }
}

/// A memory as a host function reads and writes it. Addresses are those of a 32-bit or 64-bit memory.
pub struct CallerMemory<'a> {
    addr: MemAddr,
    store: &'a mut Store,
}

impl CallerMemory<'_> {
    /// Its address in the store.
    pub fn addr(&self) -> MemAddr {
        self.addr
    }

    fn memory(&self) -> Result<&LinearMemory> {
        let unknown = Error::UnknownIndex { what: "memory", index: u64::from(self.addr.0) };
        self.store.memory(self.addr).ok_or(unknown)
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.memory().map_or(0, |memory| memory.bytes().len() as u64)
    }

    /// `len` bytes at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of them lies beyond the end.
    pub fn read(&self, address: impl Into<u64>, len: impl Into<u64>) -> Result<&[u8]> {
        let (memory, address, len) = (self.addr, address.into(), len.into());
        if self.store.recorder.keeps() {
            let bytes = self.memory()?.read(address, len)?;
            let start = bytes.get(..START).unwrap_or(bytes).into();
            self.store.recorder.note(|| Effect::Read { memory, address, len, start });
        }
        self.memory()?.read(address, len)
    }

    /// `len` bytes at `address` as UTF-8.
    ///
    /// # Errors
    /// If the bytes lie beyond the end or are not UTF-8.
    pub fn read_str(
        &self,
        address: impl Into<u64>,
        len: impl Into<u64>,
    ) -> Result<String, HostError> {
        let (address, len) = (address.into(), len.into());
        let bytes = self.read(address, len)?;
        let text = core::str::from_utf8(bytes)
            .map_err(|error| format!("{len} bytes at 0x{address:x} are not UTF-8: {error}"))?;
        Ok(text.to_string())
    }

    /// Writes bytes at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of them would lie beyond the end; nothing is written.
    pub fn write(&mut self, address: impl Into<u64>, bytes: &[u8]) -> Result<()> {
        let (memory, address) = (self.addr, address.into());
        let unknown = Error::UnknownIndex { what: "memory", index: u64::from(memory.0) };
        self.store.memory_mut(memory).ok_or(unknown)?.write(address, bytes)?;
        self.store.recorder.note(|| Effect::Write { memory, address, bytes: bytes.into() });
        Ok(())
    }

    /// Adds zeroed pages and returns the old size in pages, or `None` if there can be no more.
    pub fn grow(&mut self, pages: u64) -> Option<u64> {
        let memory = self.addr;
        let old = self.store.grow_memory(memory, pages);
        self.store.recorder.note(|| Effect::GrowMemory { memory, pages, old });
        old
    }
}
