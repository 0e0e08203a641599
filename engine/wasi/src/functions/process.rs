//! Signals and randomness.

use super::Call;
use crate::errno::{Errno, Result};
use crate::types::SIGNALS;

/// Random bytes that are fetched at once.
const CHUNK: u32 = 4096;

impl Call<'_> {
    /// There are no signals: none could be handled.
    pub(super) fn proc_raise(&mut self) -> Result<()> {
        match (self.u32(0) as usize) < SIGNALS.len() {
            true => Err(Errno::Notsup),
            false => Err(Errno::Inval),
        }
    }

    pub(super) fn random_get(&mut self) -> Result<()> {
        let (at, len) = (self.u32(0), self.u32(1));
        self.memory.check(at, len.into())?;
        let mut buffer = [0; CHUNK as usize];
        let mut done = 0;
        while done < len {
            let count = CHUNK.min(len - done);
            let chunk = buffer.get_mut(..count as usize).ok_or(Errno::Fault)?;
            self.wasi.random.fill(chunk)?;
            self.memory.write(at + done, chunk)?;
            done += count;
        }
        Ok(())
    }
}
