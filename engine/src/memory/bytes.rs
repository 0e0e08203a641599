//! The bytes of a memory, in one of the backends.

use alloc::vec::Vec;

use super::foreign::Foreign;
#[cfg(mapped)]
use super::map::Map;
#[cfg(mapped)]
use super::slots::Slot;
use super::vec;
#[cfg(virtual_alloc)]
use super::virtual_alloc::Map;
use crate::error::Result;

/// Zeroed bytes that only grow. Small ones are a `Vec`, which costs no system call; larger ones are
/// mapped where the system can do that, and then neither move nor take more than what is touched.
#[derive(Debug)]
pub(crate) enum Bytes {
    Vec(Vec<u8>),
    #[cfg(any(mapped, virtual_alloc))]
    Map(Map),
    #[cfg(mapped)]
    Slot(Slot),
    /// Bytes of the embedder.
    Foreign(Foreign),
}

/// Bytes from which on a memory is mapped.
#[cfg(any(mapped, virtual_alloc))]
const LARGE: u64 = 1 << 20;

impl Bytes {
    /// Zeroed bytes; `most` is how many there may be one day.
    pub(crate) fn new(size: u64, most: u64) -> Result<Self> {
        #[cfg(any(mapped, virtual_alloc))]
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
        if let Bytes::Slot(slot) = self {
            return match slot.extend(added) {
                true => Ok(()),
                false => Err(crate::error::Error::OutOfMemory { bytes: added }),
            };
        }
        if let Bytes::Foreign(foreign) = self {
            return foreign.extend(added);
        }
        #[cfg(any(mapped, virtual_alloc))]
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
            #[cfg(any(mapped, virtual_alloc))]
            Bytes::Map(_) => Err(crate::error::Error::OutOfMemory { bytes: added }),
            // These have been dealt with above.
            #[cfg(mapped)]
            Bytes::Slot(_) => Err(crate::error::Error::OutOfMemory { bytes: added }),
            Bytes::Foreign(_) => Err(crate::error::Error::OutOfMemory { bytes: added }),
        }
    }

    /// Asks for large pages of the system, where it has them: those of a memory that is filled at once are there
    /// sooner, and looked up faster.
    pub(super) fn prefer_large_pages(&self) {
        #[cfg(all(mapped, target_os = "linux"))]
        if let Bytes::Map(map) = self {
            map.prefer_large_pages();
        }
    }

    /// Whether the data of the module's segments are there already.
    pub(super) fn has_data(&self) -> bool {
        match self {
            #[cfg(mapped)]
            Bytes::Slot(slot) => slot.has_data(),
            _ => false,
        }
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Vec(bytes) => bytes,
            #[cfg(any(mapped, virtual_alloc))]
            Bytes::Map(map) => map.as_slice(),
            #[cfg(mapped)]
            Bytes::Slot(slot) => slot.as_slice(),
            Bytes::Foreign(foreign) => foreign.as_slice(),
        }
    }

    #[inline(always)]
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Bytes::Vec(bytes) => bytes,
            #[cfg(any(mapped, virtual_alloc))]
            Bytes::Map(map) => map.as_mut_slice(),
            #[cfg(mapped)]
            Bytes::Slot(slot) => slot.as_mut_slice(),
            Bytes::Foreign(foreign) => foreign.as_mut_slice(),
        }
    }
}

#[cfg(any(mapped, virtual_alloc))]
impl Bytes {
    /// Bytes that there may be one day without moving.
    fn most(&self) -> u64 {
        match self {
            Bytes::Map(map) => map.room(),
            _ => self.as_slice().len() as u64,
        }
    }
}

impl Clone for Bytes {
    fn clone(&self) -> Self {
        #[cfg(any(mapped, virtual_alloc))]
        if self.as_slice().len() as u64 >= LARGE
            && let Some(copy) = Map::copy_of(self.as_slice(), self.most())
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
