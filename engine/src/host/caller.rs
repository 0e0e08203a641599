//! Who makes a host call, and the memory that the call's pointers mean.

use alloc::format;
use alloc::string::{String, ToString};

use super::HostError;
use crate::error::Error;
use crate::exec::{CallSite, TaskState};
use crate::ids::{InstanceId, MemAddr};
use crate::memory::LinearMemory;
use crate::module::Module;
use crate::observe::{self, FrameView};
use crate::store::Store;

/// The calling side of a host call.
pub struct Caller<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) task: &'a TaskState,
    pub(crate) site: Option<CallSite>,
}

impl Caller<'_> {
    /// The calling instruction; `None` if the host function was started directly.
    pub fn site(&self) -> Option<CallSite> {
        self.site
    }

    /// The calling instance.
    pub fn instance(&self) -> Option<InstanceId> {
        self.site.map(|site| site.instance)
    }

    /// The calling instance's module.
    pub fn module(&self) -> Option<&Module> {
        self.store.module_of(self.instance()?)
    }

    /// The module's own name, from its name section.
    pub fn module_name(&self) -> Option<&str> {
        self.module()?.name()
    }

    /// The calling function's name.
    pub fn func_name(&self) -> Option<&str> {
        self.module()?.func_name(self.site?.func)
    }

    /// The frames of the task, innermost (the caller) first.
    pub fn frames(&self) -> impl Iterator<Item = FrameView<'_>> {
        observe::frames(self.store, self.task)
    }

    /// The store the task runs in.
    pub fn store(&self) -> &Store {
        self.store
    }

    /// The *calling instance's* memory 0.
    pub fn memory(&mut self) -> Option<CallerMemory<'_>> {
        let addr = *self.store.instance(self.instance()?)?.memories().first()?;
        self.store.memory_mut(addr).map(|memory| CallerMemory { addr, memory })
    }
}

/// A memory as a host function reads and writes it.
pub struct CallerMemory<'a> {
    addr: MemAddr,
    memory: &'a mut LinearMemory,
}

impl CallerMemory<'_> {
    /// Its address in the store.
    pub fn addr(&self) -> MemAddr {
        self.addr
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.memory.bytes().len() as u64
    }

    /// `len` bytes at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of them lies beyond the end.
    pub fn read(&self, address: u32, len: u32) -> Result<&[u8], Error> {
        self.memory.read(u64::from(address), u64::from(len))
    }

    /// `len` bytes at `address` as UTF-8.
    ///
    /// # Errors
    /// If the bytes lie beyond the end or are not UTF-8.
    pub fn read_str(&self, address: u32, len: u32) -> Result<String, HostError> {
        let bytes = self.read(address, len)?;
        let text = core::str::from_utf8(bytes)
            .map_err(|error| format!("{len} bytes at 0x{address:x} are not UTF-8: {error}"))?;
        Ok(text.to_string())
    }

    /// Writes bytes at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of them would lie beyond the end; nothing is written.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        self.memory.write(u64::from(address), bytes)
    }
}
