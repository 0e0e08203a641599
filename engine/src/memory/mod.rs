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
mod marks;
#[cfg(feature = "std")]
mod slots;
mod vec;
#[cfg(virtual_alloc)]
mod virtual_alloc;

pub(crate) use bytes::Bytes;
pub use foreign::HostBytes;
#[cfg(mapped)]
pub(crate) use image::Image;
pub(crate) use marks::{Known, MARKED, MARKED_LOG2, REACH};
#[cfg(feature = "std")]
pub(crate) use slots::Slots;

use alloc::boxed::Box;
use core::ops::Range;

use foreign::Foreign;
use marks::Marks;

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
    marks: Marks,
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
        Ok(Self { bytes: memory, ty, permit, marks: Marks::default() })
    }

    /// A zeroed memory of so many bytes for a state that is put together again; no pool counts it.
    pub(crate) fn of_size(engine: &Engine, ty: MemoryType, size: u64) -> Result<Self> {
        let bytes = Bytes::new(size, most(engine.config(), ty))?;
        // All of it is written at once.
        bytes.prefer_large_pages();
        Ok(Self { bytes, ty, permit: Held::default(), marks: Marks::default() })
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
        let bytes = Bytes::Foreign(Foreign(bytes));
        Ok(Self { bytes, ty, permit: Held::default(), marks: Marks::default() })
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
        self.size() >> self.ty.page_size_log2
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.bytes().len() as u64
    }

    /// The contents, for reading.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The contents, for what the engine itself does. Others write by [`LinearMemory::write`] and its like.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.marks.note_range(0..usize::MAX);
        self.bytes.as_mut_slice()
    }

    /// The contents, for an instruction that writes at most [`REACH`] bytes at `address + offset`.
    #[inline(always)]
    pub(crate) fn bytes_at(&mut self, address: u64, offset: u64) -> &mut [u8] {
        self.marks.note(address.saturating_add(offset));
        self.bytes.as_mut_slice()
    }

    /// The contents, for an instruction that writes within `range`.
    pub(crate) fn bytes_within(&mut self, range: Range<usize>) -> &mut [u8] {
        self.marks.note_range(range);
        self.bytes.as_mut_slice()
    }

    /// The contents, for who marks what is written: with `marks`, by [`MARKED`] bytes, if that is wanted.
    pub(crate) fn marked(&mut self, marks: bool) -> (&mut [u8], Option<&mut [u8]>) {
        let bytes = self.bytes.as_mut_slice();
        let marks = marks.then(|| self.marks.cover(bytes.len()));
        (bytes, marks)
    }

    /// Puts contents in place of others, and marks what is written from now on. `put` is given the bytes, and the
    /// marks since `before`, if they tell what has been written since.
    pub(crate) fn put(
        &mut self,
        before: Option<&Known>,
        known: &Known,
        put: impl FnOnce(&mut [u8], Option<&[u8]>),
    ) {
        let marks = before.and_then(|before| self.marks.since(before));
        let bytes = self.bytes.as_mut_slice();
        put(bytes, marks);
        let size = bytes.len();
        self.mark_since(size, known);
    }

    /// Marks what is written from now on.
    pub(crate) fn mark(&mut self, known: &Known) {
        self.mark_since(self.bytes().len(), known);
    }

    fn mark_since(&mut self, size: usize, known: &Known) {
        match &self.bytes {
            // Whoever owns these may write them as well.
            Bytes::Foreign(_) => self.marks.forget(),
            _ => self.marks.begin(size, known),
        }
    }

    /// By [`MARKED`] bytes, whether they may have been written since the contents were these, if that is known.
    pub(crate) fn marks_since(&self, known: &Known) -> Option<&[u8]> {
        self.marks.since(known)
    }

    /// Bytes that may have been written since contents of it were known.
    pub(crate) fn marked_bytes(&self) -> u64 {
        self.marks.marked_bytes().unwrap_or(self.size())
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
        self.range_mut(address, bytes.len() as u64)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes `len` times the same byte at `address`.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] as [`LinearMemory::write`].
    pub fn fill(&mut self, address: u64, byte: u8, len: u64) -> Result<()> {
        self.range_mut(address, len)?.fill(byte);
        Ok(())
    }

    /// The number at `address`, in the byte order of WebAssembly.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] if any of its bytes lies beyond the end.
    pub fn get<T: Scalar>(&self, address: u64) -> Result<T> {
        self.read(address, size_of::<T>() as u64).map(T::from_memory)
    }

    /// Writes a number at `address`, in the byte order of WebAssembly.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`] as [`LinearMemory::write`].
    pub fn set<T: Scalar>(&mut self, address: u64, value: T) -> Result<()> {
        let range = self.range_mut(address, size_of::<T>() as u64)?;
        value.to_memory(range);
        Ok(())
    }

    /// The one place in which anybody but running code gets at bytes to write.
    fn range_mut(&mut self, address: u64, len: u64) -> Result<&mut [u8]> {
        self.read(address, len)?;
        let size = self.size();
        let start = address as usize;
        let end = start + len as usize;
        let range = self.bytes_within(start..end).get_mut(start..end);
        range.ok_or(Error::MemoryAccess { address, len, size })
    }

    fn out_of_bounds(&self, address: u64, len: u64) -> Error {
        Error::MemoryAccess { address, len, size: self.size() }
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
        if self.marks.marked_bytes().is_some() {
            self.marks.cover(self.bytes.as_slice().len());
        }
        usage.memory += added;
        Some(old)
    }
}

/// A number as it lies in a memory.
pub trait Scalar: Copy + sealed::Sealed {
    /// Of as many bytes as it has.
    #[doc(hidden)]
    fn from_memory(bytes: &[u8]) -> Self;

    /// Into as many bytes as it has.
    #[doc(hidden)]
    fn to_memory(self, bytes: &mut [u8]);
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! scalars {
    ($($ty:ty)*) => {$(
        impl sealed::Sealed for $ty {}

        impl Scalar for $ty {
            fn from_memory(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$ty>()];
                own.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                Self::from_le_bytes(own)
            }

            fn to_memory(self, bytes: &mut [u8]) {
                bytes.iter_mut().zip(self.to_le_bytes()).for_each(|(to, from)| *to = from);
            }
        }
    )*};
}

scalars!(u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64);

/// Pages of its size that a memory may have.
fn allowed(config: &Config, ty: MemoryType) -> u64 {
    config.max_memory_pages.saturating_mul(PAGE_SIZE) >> ty.page_size_log2
}

/// Bytes that a memory of this type may come to have.
fn most(config: &Config, ty: MemoryType) -> u64 {
    let pages = ty.limits.max.unwrap_or(u64::MAX).min(allowed(config, ty));
    (pages << ty.page_size_log2).min(config.max_store_memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::types::Limits;

    #[test]
    fn numbers_are_read_and_written_within_bounds() {
        let mut store = Store::new(&Engine::default());
        let ty = MemoryType::new(Limits { min: 1, max: None });
        let addr = store.new_memory(ty).unwrap();
        let memory = store.memory_mut(addr).unwrap();
        memory.set(65_532, 0x0102_0304u32).unwrap();
        assert_eq!(memory.read(65_532, 4).unwrap(), [4, 3, 2, 1]);
        assert_eq!(memory.get::<i16>(65_534), Ok(0x0102));
        assert_eq!(memory.get::<u64>(65_528), Ok(0x0102_0304 << 32));
        let beyond = Error::MemoryAccess { address: 65_533, len: 4, size: 65_536 };
        assert_eq!(memory.set(65_533, 0.5f32), Err(beyond.clone()));
        assert_eq!(memory.get::<f32>(65_533), Err(beyond));
        memory.set(8, -0.0f64).unwrap();
        assert_eq!(memory.get::<f64>(8).map(f64::to_bits), Ok(1 << 63));
        memory.fill(0, 7, 16).unwrap();
        assert_eq!(memory.get::<u128>(0), Ok(u128::from_ne_bytes([7; 16])));
        assert!(memory.fill(65_535, 0, 2).is_err() && memory.fill(u64::MAX, 0, 1).is_err());
        assert!(memory.fill(65_536, 0, 0).is_ok());
    }
}
