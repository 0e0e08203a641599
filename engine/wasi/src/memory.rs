//! The guest's memory as the functions see it: every access is checked, nothing is trusted.
//!
//! Addresses and lengths come from the guest. An access that ends beyond the memory is
//! [`Errno::Fault`]; one of zero bytes touches nothing and succeeds anywhere.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::errno::{Errno, Result};

/// Memory that pointers of a call mean. Addresses have 32 bits.
pub trait GuestMemory {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// `len` bytes at `address`.
    ///
    /// # Errors
    /// [`Errno::Fault`] if any of them lies beyond the end.
    fn read(&self, address: u32, len: u32) -> Result<&[u8]>;

    /// Writes bytes at `address`.
    ///
    /// # Errors
    /// [`Errno::Fault`] if any of them would lie beyond the end; nothing is written.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()>;
}

impl GuestMemory for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, address: u32, len: u32) -> Result<&[u8]> {
        let start = address as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        self.get(start..end).ok_or(Errno::Fault)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        let start = address as usize;
        let end = start.checked_add(bytes.len()).ok_or(Errno::Fault)?;
        self.get_mut(start..end).ok_or(Errno::Fault)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Typed accesses on any memory.
pub(crate) struct Memory<'a>(pub(crate) &'a mut dyn GuestMemory);

macro_rules! numbers {
    ($($read:ident $write:ident $ty:ty;)*) => {$(
        pub(crate) fn $read(&self, address: u32) -> Result<$ty> {
            Ok(<$ty>::from_le_bytes(self.array(address)?))
        }

        pub(crate) fn $write(&mut self, address: u32, value: $ty) -> Result<()> {
            self.write(address, &value.to_le_bytes())
        }
    )*};
}

#[allow(dead_code)]
impl Memory<'_> {
    numbers! {
        read_u8 write_u8 u8;
        read_u16 write_u16 u16;
        read_u32 write_u32 u32;
        read_u64 write_u64 u64;
    }

    fn array<const N: usize>(&self, address: u32) -> Result<[u8; N]> {
        self.read(address, N as u32)?.try_into().map_err(|_| Errno::Fault)
    }

    /// Fails unless `len` bytes at `address` can be written.
    pub(crate) fn check(&self, address: u32, len: u64) -> Result<()> {
        match len == 0 || u64::from(address) + len <= self.0.size() {
            true => Ok(()),
            false => Err(Errno::Fault),
        }
    }

    pub(crate) fn read(&self, address: u32, len: u32) -> Result<&[u8]> {
        if len == 0 {
            return Ok(&[]);
        }
        self.0.read(address, len)
    }

    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.0.write(address, bytes)
    }

    /// A string of the guest: UTF-8, no longer than a path may be.
    pub(crate) fn read_path(&self, address: u32, len: u32) -> Result<String> {
        self.check(address, u64::from(len))?;
        if len as usize > crate::path::MAX_PATH {
            return Err(Errno::Nametoolong);
        }
        let bytes = self.read(address, len)?;
        Ok(core::str::from_utf8(bytes).map_err(|_| Errno::Ilseq)?.to_string())
    }
}

/// A caller without a memory: every access fails.
pub(crate) struct NoMemory;

impl GuestMemory for NoMemory {
    fn size(&self) -> u64 {
        0
    }

    fn read(&self, _: u32, _: u32) -> Result<&[u8]> {
        Err(Errno::Fault)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<()> {
        Err(Errno::Fault)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn accesses_beyond_the_end_fail() {
        let mut bytes = vec![0; 8];
        let mut memory = Memory(&mut bytes);
        assert_eq!(memory.write_u32(4, 7), Ok(()));
        assert_eq!(memory.read_u32(4), Ok(7));
        assert_eq!(memory.read_u32(5), Err(Errno::Fault));
        assert_eq!(memory.read(u32::MAX, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.check(u32::MAX, u64::from(u32::MAX)), Err(Errno::Fault));
        assert_eq!(memory.check(u32::MAX, 0), Ok(()));
    }
}
