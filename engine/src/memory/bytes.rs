//! The bytes of a memory, in one of the backends.

use alloc::vec::Vec;

#[cfg(mapped)]
use super::map::Map;
use super::vec;
use crate::error::Result;

/// Zeroed bytes that only grow. Small ones are a `Vec`, which costs no system call; larger ones are
/// mapped where the system can do that, and then neither move nor take more than what is touched.
#[derive(Debug)]
pub(super) enum Bytes {
    Vec(Vec<u8>),
    #[cfg(mapped)]
    Map(Map),
}

/// Bytes from which on a memory is mapped.
#[cfg(mapped)]
const LARGE: u64 = 1 << 20;

impl Bytes {
    /// Zeroed bytes; `most` is how many there may be one day.
    pub(super) fn new(size: u64, most: u64) -> Result<Self> {
        #[cfg(mapped)]
        if size >= LARGE
            && let Some(map) = Map::new(size, most)
        {
            return Ok(Bytes::Map(map));
        }
        let _ = most;
        vec::zeroed(size).map(Bytes::Vec)
    }

    /// Adds zeroed bytes at the end.
    pub(super) fn extend_zeroed(&mut self, added: u64, most: u64) -> Result<()> {
        #[cfg(mapped)]
        {
            if let Bytes::Map(map) = self
                && map.extend(added)
            {
                return Ok(());
            }
            let size = (self.as_slice().len() as u64).saturating_add(added);
            if size >= LARGE
                && let Some(mut map) = Map::new(size, most)
            {
                let old = self.as_slice();
                if let Some(start) = map.as_mut_slice().get_mut(..old.len()) {
                    start.copy_from_slice(old);
                }
                *self = Bytes::Map(map);
                return Ok(());
            }
        }
        let _ = most;
        match self {
            Bytes::Vec(bytes) => vec::extend_zeroed(bytes, added),
            // The system has no room for a larger mapping.
            #[cfg(mapped)]
            Bytes::Map(_) => Err(crate::error::Error::OutOfMemory { bytes: added }),
        }
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Vec(bytes) => bytes,
            #[cfg(mapped)]
            Bytes::Map(map) => map.as_slice(),
        }
    }

    #[inline(always)]
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Bytes::Vec(bytes) => bytes,
            #[cfg(mapped)]
            Bytes::Map(map) => map.as_mut_slice(),
        }
    }
}

impl Clone for Bytes {
    fn clone(&self) -> Self {
        #[cfg(mapped)]
        if let Bytes::Map(map) = self
            && let Some(copy) = map.copied()
        {
            return Bytes::Map(copy);
        }
        Bytes::Vec(self.as_slice().to_vec())
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}
