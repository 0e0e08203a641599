//! Linear memories: bytes that only grow.
//!
//! [`LinearMemory`] is what the store holds and the tiers access as slices. Its bytes come from a
//! backend: `vec` works everywhere, `map` is used for larger memories on Unix and `virtual_alloc` on
//! Windows, `slots` for those of a pool, `foreign` for bytes of the embedder. Growth is checked
//! against the declared maximum and the limits of [`Config`] here, and nowhere else.

#![allow(unsafe_code)] // mapping and what is mapped; bytes of the embedder

mod bytes;
mod foreign;
#[cfg(mapped)]
mod image;
#[cfg(mapped)]
mod map;
#[cfg(feature = "std")]
mod slots;
mod vec;
#[cfg(virtual_alloc)]
mod virtual_alloc;

pub(crate) use bytes::Bytes;
pub use foreign::HostBytes;
#[cfg(mapped)]
pub(crate) use image::Image;
#[cfg(feature = "std")]
pub(crate) use slots::Slots;

use alloc::boxed::Box;

use foreign::Foreign;

use crate::config::{Config, Engine};
use crate::error::{Error, LimitKind, Result};
use crate::module::ModuleInner;
use crate::store::Usage;
use crate::store::allocator::{Kind, Permit};
use crate::types::MemoryType;

/// Bytes of a page.
pub const PAGE_SIZE: u64 = 65_536;

/// A linear memory of a store.
#[derive(Clone, PartialEq, Debug)]
pub struct LinearMemory {
    bytes: Bytes,
    ty: MemoryType,
    permit: Held,
}

/// Says that a pool counts this memory; a copy of the memory is not counted.
#[derive(Debug, Default)]
struct Held(#[allow(dead_code)] Permit); // dropped with the memory

impl Clone for Held {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Held {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl LinearMemory {
    /// A zeroed memory of the type's minimal size. As memory 0 of a module it may come with the data
    /// of its active segments.
    pub(crate) fn new(
        engine: &Engine,
        usage: &mut Usage,
        ty: MemoryType,
        module: Option<&ModuleInner>,
    ) -> Result<Self> {
        let config = engine.config();
        let pages = ty.limits.min;
        let allowed = allowed(config, ty);
        if pages > allowed {
            let limit = LimitKind::MemoryPages;
            return Err(Error::Limit { limit, requested: pages, allowed, offset: None });
        }
        let bytes = pages << ty.page_size_log2;
        usage.check_memory(config, bytes)?;
        let permit = Held(engine.allocator().clone().permit(Kind::Memory)?);
        let memory = engine.allocator().memory(module, bytes, most(config, ty))?;
        usage.memory += bytes;
        Ok(Self { bytes: memory, ty, permit })
    }

    /// A memory over bytes of the embedder.
    pub(crate) fn over(
        config: &Config,
        usage: &mut Usage,
        ty: MemoryType,
        bytes: Box<dyn HostBytes>,
    ) -> Result<Self> {
        let size = bytes.bytes().len() as u64;
        let allowed = ty.limits.max.unwrap_or(u64::MAX).min(allowed(config, ty));
        let pages = size / ty.page_size();
        if !size.is_multiple_of(ty.page_size()) || pages < ty.limits.min || pages > allowed {
            let limit = LimitKind::MemoryPages;
            let requested = size.div_ceil(ty.page_size());
            return Err(Error::Limit { limit, requested, allowed, offset: None });
        }
        usage.check_memory(config, size)?;
        usage.memory += size;
        Ok(Self { bytes: Bytes::Foreign(Foreign(bytes)), ty, permit: Held::default() })
    }

    /// Whether the data of its module's active segments are there already.
    pub(crate) fn has_data(&self) -> bool {
        self.bytes.has_data()
    }

    /// The declared type.
    pub fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Size in pages, of 64 KiB unless the type says otherwise.
    pub fn pages(&self) -> u64 {
        self.bytes().len() as u64 >> self.ty.page_size_log2
    }

    /// The contents.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The contents, for writing.
    #[inline(always)]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.as_mut_slice()
    }

    /// Bytes at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of them lies beyond the end.
    pub fn read(&self, address: u64, len: u64) -> Result<&[u8]> {
        let range = || {
            let start = usize::try_from(address).ok()?;
            self.bytes().get(start..start.checked_add(usize::try_from(len).ok()?)?)
        };
        range().ok_or_else(|| self.out_of_bounds(address, len))
    }

    /// Writes bytes at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of them would lie beyond the end; nothing is written.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.read(address, bytes.len() as u64)?;
        let start = address as usize;
        if let Some(target) = self.bytes_mut().get_mut(start..start + bytes.len()) {
            target.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn out_of_bounds(&self, address: u64, len: u64) -> Error {
        Error::MemoryAccess { address, len, size: self.bytes().len() as u64 }
    }

    /// *Growing memories*: adds zeroed pages and returns the old size, or `None` if that cannot be.
    pub(crate) fn grow(&mut self, config: &Config, usage: &mut Usage, by: u64) -> Option<u64> {
        let old = self.pages();
        let new = old.checked_add(by)?;
        let max = self.ty.limits.max.unwrap_or(u64::MAX).min(allowed(config, self.ty));
        if new > max {
            return None;
        }
        let added = by << self.ty.page_size_log2;
        usage.check_memory(config, added).ok()?;
        self.bytes.extend_zeroed(added, most(config, self.ty)).ok()?;
        usage.memory += added;
        Some(old)
    }
}

/// Pages of its size that a memory may have.
fn allowed(config: &Config, ty: MemoryType) -> u64 {
    config.max_memory_pages.saturating_mul(PAGE_SIZE) >> ty.page_size_log2
}

/// Bytes that a memory of this type may come to have.
fn most(config: &Config, ty: MemoryType) -> u64 {
    let pages = ty.limits.max.unwrap_or(u64::MAX).min(allowed(config, ty));
    (pages << ty.page_size_log2).min(config.max_store_memory)
}
