//! Memories of a pool.
//!
//! Where memory can be mapped, all slots are one reservation of addresses, and a slot keeps what it
//! can from one use to the next: nothing has to be done for one that was not written; a small one is
//! cleared in place; the pages of a large one go back to the system. On Linux the data segments of a
//! module are a file in memory that is mapped under the slot, so that a page is copied only when it
//! is written; a slot that held the same module before is used again as it is. Elsewhere the slots
//! are counted and their memory comes from the system.

use alloc::sync::Arc;

use super::bytes::Bytes;
use crate::config::Pooling;
use crate::error::Result;
use crate::module::ModuleInner;

#[cfg(mapped)]
pub(super) use mapped::Slot;

/// The memories of a pool.
#[derive(Debug)]
pub(crate) struct Slots {
    #[cfg(mapped)]
    area: Option<Arc<mapped::Area>>,
}

impl Slots {
    pub(crate) fn new(limits: &Pooling) -> Self {
        #[cfg(mapped)]
        return Self { area: mapped::Area::new(limits).map(Arc::new) };
        #[cfg(not(mapped))]
        {
            let _ = limits;
            Self {}
        }
    }

    /// Zeroed bytes, with the data of a module's active segments if they can come with it.
    pub(crate) fn take(
        self: &Arc<Self>,
        module: Option<&ModuleInner>,
        size: u64,
        most: u64,
    ) -> Result<Bytes> {
        #[cfg(mapped)]
        if let Some(area) = &self.area
            && let Some(slot) = area.take(module, size)
        {
            return Ok(Bytes::Slot(slot));
        }
        let _ = module;
        Bytes::new(size, most)
    }
}

#[cfg(mapped)]
mod mapped {
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use core::ffi::c_void;
    use core::ptr::NonNull;
    use core::slice;
    use std::sync::{Mutex, PoisonError};

    #[cfg(target_os = "linux")]
    use rustix::mm::Advice;
    use rustix::mm::{MapFlags, ProtFlags};

    use super::super::PAGE_SIZE;
    use super::super::image::Image;
    use crate::config::Pooling;
    use crate::module::ModuleInner;

    /// The addresses of all slots.
    #[derive(Debug)]
    pub(in crate::memory) struct Area {
        base: NonNull<u8>,
        /// Bytes of a slot.
        room: usize,
        slots: usize,
        keep: usize,
        free: Mutex<Vec<Free>>,
    }

    /// A slot that nobody uses: zero, but for what is mapped under it.
    #[derive(Debug)]
    struct Free {
        index: usize,
        image: Option<Arc<Image>>,
    }

    // SAFETY: the base is only a number until a slot is taken, and each slot is taken once.
    unsafe impl Send for Area {}
    // SAFETY: as above; the list of free slots is behind a lock.
    unsafe impl Sync for Area {}

    const PROTECTION: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

    impl Area {
        pub(super) fn new(limits: &Pooling) -> Option<Self> {
            let room = usize::try_from(limits.memory_pages.checked_mul(PAGE_SIZE)?).ok()?;
            let slots = limits.memories as usize;
            let bytes = room.checked_mul(slots).filter(|bytes| *bytes > 0)?;
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            // SAFETY: a new mapping wherever the system has room for it.
            let base = unsafe {
                rustix::mm::mmap_anonymous(core::ptr::null_mut(), bytes, PROTECTION, flags)
            };
            let base = NonNull::new(base.ok()?.cast())?;
            let free = (0..slots).rev().map(|index| Free { index, image: None }).collect();
            Some(Self { base, room, slots, keep: limits.keep_resident, free: Mutex::new(free) })
        }

        /// A slot, if there is one left; one that has the module's data already, if there is one.
        pub(super) fn take(
            self: &Arc<Self>,
            module: Option<&ModuleInner>,
            size: u64,
        ) -> Option<Slot> {
            let size = usize::try_from(size).ok().filter(|size| *size <= self.room)?;
            let image = module.and_then(Image::of);
            let same = |free: &Free| match (&free.image, &image) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (None, None) => true,
                _ => false,
            };
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            // Used last is at the end, and in the processor's caches.
            let found = free.iter().rposition(same);
            let unused = || free.iter().rposition(|free| free.image.is_none());
            let position = found.or_else(unused).or(free.len().checked_sub(1))?;
            let Free { index, image: before } = free.swap_remove(position);
            drop(free);
            let area = self.clone();
            let mut slot = Slot { area, index, size, image: before, dirty: false };
            if found.is_none() && !slot.map(image) {
                // Nobody knows what is mapped there now: it is never used again.
                core::mem::forget(slot);
                return None;
            }
            Some(slot)
        }
    }

    impl Drop for Area {
        fn drop(&mut self) {
            // SAFETY: the mapping made in `new`; slots keep the area alive, so none is in use.
            let _ =
                unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.room * self.slots) };
        }
    }

    /// A memory in a slot; alone in using it until it is dropped.
    #[derive(Debug)]
    pub(crate) struct Slot {
        area: Arc<Area>,
        index: usize,
        size: usize,
        /// What is mapped under its first pages.
        image: Option<Arc<Image>>,
        /// Whether somebody may have written to it.
        dirty: bool,
    }

    impl Slot {
        fn base(&self) -> *mut u8 {
            // SAFETY: slots lie within the area.
            unsafe { self.area.base.as_ptr().add(self.index * self.area.room) }
        }

        /// Puts an image under the slot, or nothing but zeroes.
        fn map(&mut self, image: Option<Arc<Image>>) -> bool {
            let base: *mut c_void = self.base().cast();
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
            let before = self.image.take().map_or(0, |image| image.len());
            let after = image.as_ref().map_or(0, |image| image.len());
            // SAFETY: in both cases pages of this slot, which nobody else uses, are replaced.
            let done = unsafe {
                let cleared = before <= after
                    || rustix::mm::mmap_anonymous(base, before, PROTECTION, flags).is_ok();
                cleared
                    && image.as_ref().is_none_or(|image| {
                        rustix::mm::mmap(base, after, PROTECTION, flags, image.file(), 0).is_ok()
                    })
            };
            self.image = image;
            done
        }

        /// Whether the data of its module's segments are there already.
        pub(in crate::memory) fn has_data(&self) -> bool {
            self.image.is_some()
        }

        pub(in crate::memory) fn extend(&mut self, added: u64) -> bool {
            let grown = usize::try_from(added).ok().and_then(|added| self.size.checked_add(added));
            match grown {
                Some(size) if size <= self.area.room => {
                    self.size = size;
                    true
                }
                _ => false,
            }
        }

        #[inline(always)]
        pub(in crate::memory) fn as_slice(&self) -> &[u8] {
            // SAFETY: so many bytes of the slot are mapped and initialised (zero, at first), and only
            // this value refers to them.
            unsafe { slice::from_raw_parts(self.base(), self.size) }
        }

        #[inline(always)]
        pub(in crate::memory) fn as_mut_slice(&mut self) -> &mut [u8] {
            self.dirty = true;
            // SAFETY: as above; the reference is unique as that to `self` is.
            unsafe { slice::from_raw_parts_mut(self.base(), self.size) }
        }

        /// Makes it what it was before it was used; false if the system does not do that.
        fn reset(&mut self) -> bool {
            if !self.dirty {
                return true;
            }
            let image = self.image.clone();
            let len = image.as_ref().map_or(0, |image| image.len());
            if self.size <= self.area.keep && len <= self.size {
                self.as_mut_slice().fill(0);
                if let Some(image) = &image {
                    image.write(self.as_mut_slice());
                }
                return true;
            }
            let (base, len) = (self.base().cast(), self.size.max(len));
            // SAFETY: pages of this slot, to which nobody refers.
            unsafe { give_back(base, len) }
        }
    }

    /// Gives pages back to the system, and makes them what they were when they were mapped.
    ///
    /// # Safety
    /// They are mapped, and nobody refers to them.
    #[cfg(target_os = "linux")]
    unsafe fn give_back(base: *mut c_void, len: usize) -> bool {
        // SAFETY: as demanded.
        unsafe { rustix::mm::madvise(base, len, Advice::LinuxDontNeed) }.is_ok()
    }

    /// The same where no advice is sure to clear pages: they are mapped anew. No image lies under them.
    #[cfg(not(target_os = "linux"))]
    unsafe fn give_back(base: *mut c_void, len: usize) -> bool {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: as demanded.
        unsafe { rustix::mm::mmap_anonymous(base, len, PROTECTION, flags) }.is_ok()
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            // A slot that cannot be emptied is not used again.
            if self.reset() {
                let free = Free { index: self.index, image: self.image.take() };
                self.area.free.lock().unwrap_or_else(PoisonError::into_inner).push(free);
            }
        }
    }
}
