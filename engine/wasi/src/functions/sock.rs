//! Sockets. There are none, and nothing here makes one: what would use one is not supported. Shutting down
//! what is open is told apart, as on POSIX: it is no socket.

use super::Call;
use crate::errno::{Errno, Result};
use crate::types::{Fdflags, Riflags, Sdflags};

impl Call<'_> {
    fn not_supported(&self) -> Result<()> {
        self.descriptor(self.u32(0))?;
        Err(Errno::Notsup)
    }

    pub(super) fn sock_accept(&mut self) -> Result<()> {
        Fdflags::from_number(self.u64(1))?;
        self.memory.check(self.u32(2), 4)?;
        self.not_supported()
    }

    pub(super) fn sock_recv(&mut self) -> Result<()> {
        Riflags::from_number(self.u64(3))?;
        self.memory.check(self.u32(1), 8 * self.u64(2))?;
        self.memory.check(self.u32(4), 4)?;
        self.memory.check(self.u32(5), 2)?;
        self.not_supported()
    }

    pub(super) fn sock_send(&mut self) -> Result<()> {
        if self.u32(3) != 0 {
            return Err(Errno::Inval);
        }
        self.memory.check(self.u32(1), 8 * self.u64(2))?;
        self.memory.check(self.u32(4), 4)?;
        self.not_supported()
    }

    pub(super) fn sock_shutdown(&mut self) -> Result<()> {
        self.descriptor(self.u32(0))?;
        Sdflags::from_number(self.u64(1))?;
        Err(Errno::Notsock)
    }
}
