//! Arguments and environment: strings that end in NUL.

use alloc::vec::Vec;

use super::Call;
use crate::errno::{Errno, Result};
use crate::memory::Memory;

impl Call<'_> {
    pub(super) fn args_get(&mut self) -> Result<()> {
        let (pointers, buffer) = (self.u32(0), self.u32(1));
        strings(&mut self.memory, &self.wasi.args, pointers, buffer)
    }

    pub(super) fn args_sizes_get(&mut self) -> Result<()> {
        let (count, size) = (self.u32(0), self.u32(1));
        sizes(&mut self.memory, &self.wasi.args, count, size)
    }

    pub(super) fn environ_get(&mut self) -> Result<()> {
        let (pointers, buffer) = (self.u32(0), self.u32(1));
        strings(&mut self.memory, &self.wasi.env, pointers, buffer)
    }

    pub(super) fn environ_sizes_get(&mut self) -> Result<()> {
        let (count, size) = (self.u32(0), self.u32(1));
        sizes(&mut self.memory, &self.wasi.env, count, size)
    }
}

/// Bytes that the strings take, each with its NUL.
fn total(strings: &[Vec<u8>]) -> Result<u32> {
    let total: usize = strings.iter().map(|string| string.len() + 1).sum();
    u32::try_from(total).map_err(|_| Errno::Overflow)
}

fn sizes(memory: &mut Memory<'_>, strings: &[Vec<u8>], count: u32, size: u32) -> Result<()> {
    memory.check(count, 4)?;
    memory.check(size, 4)?;
    memory.write_u32(count, u32::try_from(strings.len()).map_err(|_| Errno::Overflow)?)?;
    memory.write_u32(size, total(strings)?)
}

fn strings(memory: &mut Memory<'_>, strings: &[Vec<u8>], at: u32, buffer: u32) -> Result<()> {
    memory.check(at, 4 * strings.len() as u64)?;
    memory.check(buffer, total(strings)?.into())?;
    let (mut at, mut buffer) = (at, buffer);
    for string in strings {
        memory.write_u32(at, buffer)?;
        memory.write(buffer, string)?;
        // Nothing here passes what was checked; the address after the last string is never used.
        let end = buffer.wrapping_add(string.len() as u32);
        memory.write_u8(end, 0)?;
        buffer = end.wrapping_add(1);
        at = at.wrapping_add(4);
    }
    Ok(())
}
