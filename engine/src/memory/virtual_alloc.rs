//! Memory on Windows: the address range of the largest size is reserved once, and growing commits
//! more of it, so that nothing ever moves.

use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};
use core::slice;

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_NOACCESS, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};

/// A range of addresses of which the first `size` bytes are committed.
#[derive(Debug)]
pub(crate) struct Map {
    base: NonNull<u8>,
    size: usize,
    room: usize,
}

// SAFETY: the range belongs to this value alone.
unsafe impl Send for Map {}
// SAFETY: a shared reference gives shared access to the bytes only.
unsafe impl Sync for Map {}

fn reserve(room: usize) -> Option<NonNull<u8>> {
    // SAFETY: a new range wherever the system has room for it.
    NonNull::new(unsafe { VirtualAlloc(null_mut(), room, MEM_RESERVE, PAGE_NOACCESS) }.cast())
}

impl Map {
    /// Zeroed bytes with room for `most`, if the system has an address range for that.
    pub(super) fn new(size: u64, most: u64) -> Option<Self> {
        let size = usize::try_from(size).ok()?;
        let room = usize::try_from(most).ok()?.max(size).max(1);
        let (base, room) = match reserve(room) {
            Some(base) => (base, room),
            None => (reserve(size.max(1))?, size.max(1)),
        };
        let mut map = Self { base, size: 0, room };
        map.extend(size as u64).then_some(map)
    }

    /// Takes more of what is reserved into use; false if there is too little.
    pub(super) fn extend(&mut self, added: u64) -> bool {
        let grown = usize::try_from(added).ok().and_then(|added| self.size.checked_add(added));
        let Some(size) = grown.filter(|size| *size <= self.room) else { return false };
        if size > self.size {
            let start: *const c_void = self.base.as_ptr().wrapping_add(self.size).cast();
            let len = size - self.size;
            // SAFETY: within the range reserved; what is committed is zero.
            if unsafe { VirtualAlloc(start, len, MEM_COMMIT, PAGE_READWRITE) }.is_null() {
                return false;
            }
        }
        self.size = size;
        true
    }

    pub(super) fn room(&self) -> u64 {
        self.room as u64
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[u8] {
        // SAFETY: so many bytes are committed and initialised, and belong to this value.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.size) }
    }

    #[inline(always)]
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above; the reference is unique as that to `self` is.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.size) }
    }

    /// A copy of some bytes, if the system has an address range for it.
    pub(super) fn copy_of(bytes: &[u8], most: u64) -> Option<Self> {
        let mut copy = Self::new(bytes.len() as u64, most)?;
        for (to, from) in copy.as_mut_slice().chunks_mut(PIECE).zip(bytes.chunks(PIECE)) {
            if from.iter().any(|byte| *byte != 0) {
                to.copy_from_slice(from);
            }
        }
        Some(copy)
    }
}

/// Bytes that are compared and copied at a time, so that pages of zeroes need not be touched.
const PIECE: usize = 4096;

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: the range reserved in `new`, which is not used any more.
        unsafe { VirtualFree(self.base.as_ptr().cast(), 0, MEM_RELEASE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_without_moving() {
        let mut map = Map::new(65_536, 1 << 30).unwrap();
        let base = map.as_slice().as_ptr();
        assert!(map.extend((1 << 30) - 65_536) && !map.extend(1));
        assert_eq!(map.as_slice().as_ptr(), base);
        let last = map.as_mut_slice().last_mut().unwrap();
        assert_eq!(*last, 0);
        *last = 7;
        let copy = Map::copy_of(map.as_slice(), map.room()).unwrap();
        assert_eq!(copy.as_slice().last(), Some(&7));
    }
}
