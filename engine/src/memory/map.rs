//! Memory as a private anonymous mapping: the address range of the largest size is reserved once,
//! the system gives it pages as they are touched, and growing only moves the end.

use memmap2::{MmapMut, MmapOptions};

/// A mapping of which a part is in use.
#[derive(Debug)]
pub(crate) struct Map {
    /// All that is reserved; zero behind `size`.
    map: MmapMut,
    size: usize,
}

impl Map {
    /// Zeroed bytes with room for `most`, if the system has an address range for that.
    pub(super) fn new(size: u64, most: u64) -> Option<Self> {
        let size = usize::try_from(size).ok()?;
        let room = usize::try_from(most).ok()?.max(size);
        let reserve = |room: usize| MmapOptions::new().len(room).no_reserve_swap().map_anon().ok();
        // A system that keeps account of every promise may have room for what is needed now.
        let map = reserve(room).or_else(|| reserve(size))?;
        Some(Self { map, size })
    }

    /// See [`Bytes::prefer_large_pages`](super::bytes::Bytes::prefer_large_pages).
    #[cfg(target_os = "linux")]
    pub(super) fn prefer_large_pages(&self) {
        // Without them it works as well.
        let _ = self.map.advise_range(memmap2::Advice::HugePage, 0, self.size);
    }

    /// Takes more of what is reserved into use; false if there is too little.
    pub(super) fn extend(&mut self, added: u64) -> bool {
        let grown = usize::try_from(added).ok().and_then(|added| self.size.checked_add(added));
        match grown {
            Some(size) if size <= self.map.len() => {
                self.size = size;
                true
            }
            _ => false,
        }
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.map.get(..self.size).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.map.get_mut(..self.size).unwrap_or_default()
    }
}

/// Bytes that are compared and copied at a time, so that pages of zeroes need not be touched.
const PIECE: usize = 4096;

impl Map {
    /// All that is reserved.
    pub(super) fn room(&self) -> u64 {
        self.map.len() as u64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_gigabytes_take_only_what_is_touched() {
        let mut map = Map::new(0, 4 << 30).unwrap();
        assert!(map.extend(4 << 30));
        assert!(!map.extend(1), "no more than was reserved");
        let last = map.as_mut_slice().last_mut().unwrap();
        assert_eq!(*last, 0);
        *last = 7;
        assert_eq!(map.as_slice().len(), 4 << 30);
        assert_eq!(map.as_slice()[(4 << 30) - 1], 7);
    }

    #[test]
    fn a_copy_is_one() {
        let mut map = Map::new(10_000, 20_000).unwrap();
        map.as_mut_slice()[9_000] = 1;
        let mut copy = Map::copy_of(map.as_slice(), map.room()).unwrap();
        assert_eq!(copy.as_slice(), map.as_slice());
        copy.as_mut_slice()[0] = 1;
        assert_eq!(map.as_slice()[0], 0);
        assert!(copy.extend(10_000) && !copy.extend(1));
    }
}
