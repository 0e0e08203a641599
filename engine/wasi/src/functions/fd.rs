//! Descriptors: closing, renumbering, positions, what was preopened.

use super::Call;
use crate::descriptor::{Descriptor, Target};
use crate::errno::{Errno, Result};
use crate::types::{Advice, Layout, Rights, Whence};

/// Positions are signed numbers to the guest.
pub(super) const MAX_OFFSET: u64 = i64::MAX as u64;

impl Call<'_> {
    fn close(&mut self, descriptor: &Descriptor) {
        match descriptor.target {
            Target::File { tree, handle, .. } | Target::Directory { tree, handle, .. } => {
                self.wasi.close_handle(tree, handle);
            }
            Target::Input | Target::Output(_) => {}
        }
    }

    pub(super) fn fd_close(&mut self) -> Result<()> {
        let descriptor = self.wasi.table.remove(self.u32(0))?;
        self.close(&descriptor);
        Ok(())
    }

    pub(super) fn fd_renumber(&mut self) -> Result<()> {
        let (from, to) = (self.u32(0), self.u32(1));
        self.descriptor(from)?;
        self.descriptor(to)?;
        if from == to {
            return Ok(());
        }
        let descriptor = self.wasi.table.remove(from)?;
        let replaced = core::mem::replace(self.wasi.table.get_mut(to)?, descriptor);
        self.close(&replaced);
        Ok(())
    }

    pub(super) fn fd_seek(&mut self) -> Result<()> {
        let (fd, offset, at) = (self.u32(0), self.u64(1) as i64, self.u32(3));
        let whence = Whence::of_version(self.version, self.u32(2))?;
        self.memory.check(at, 8)?;
        let file = self.file(fd, Rights::NONE, Errno::Spipe)?;
        let rights = self.descriptor(fd)?.base;
        let may_tell = rights.intersects(Rights::FD_SEEK.union(Rights::FD_TELL));
        let only_tells = whence == Whence::Cur && offset == 0;
        if !(rights.contains(Rights::FD_SEEK) || only_tells && may_tell) {
            return Err(Errno::Notcapable);
        }
        let origin = match whence {
            Whence::Set => 0,
            Whence::Cur => file.offset,
            Whence::End => self.wasi.tree(file.tree)?.stat(file.handle)?.size,
        };
        let to = origin.checked_add_signed(offset).filter(|to| *to <= MAX_OFFSET);
        let to = to.ok_or(Errno::Inval)?;
        self.set_offset(fd, to)?;
        self.memory.write_u64(at, to)
    }

    pub(super) fn fd_tell(&mut self) -> Result<()> {
        let (fd, at) = (self.u32(0), self.u32(1));
        let file = self.file(fd, Rights::NONE, Errno::Spipe)?;
        if !self.descriptor(fd)?.base.intersects(Rights::FD_SEEK.union(Rights::FD_TELL)) {
            return Err(Errno::Notcapable);
        }
        self.memory.write_u64(at, file.offset)
    }

    pub(super) fn set_offset(&mut self, fd: u32, to: u64) -> Result<()> {
        if let Target::File { offset, .. } = &mut self.wasi.table.get_mut(fd)?.target {
            *offset = to;
        }
        Ok(())
    }

    /// A hint that nothing here makes use of; it has to make sense all the same.
    pub(super) fn fd_advise(&mut self) -> Result<()> {
        let (offset, len) = (self.u64(1), self.u64(2));
        self.file(self.u32(0), Rights::FD_ADVISE, Errno::Spipe)?;
        Advice::from_number(self.u32(3))?;
        match offset.checked_add(len) {
            Some(end) if end <= MAX_OFFSET => Ok(()),
            _ => Err(Errno::Inval),
        }
    }

    pub(super) fn fd_allocate(&mut self) -> Result<()> {
        let (offset, len) = (self.u64(1), self.u64(2));
        let file = self.file(self.u32(0), Rights::FD_ALLOCATE, Errno::Spipe)?;
        if len == 0 {
            return Err(Errno::Inval);
        }
        let end = offset.checked_add(len).filter(|end| *end <= MAX_OFFSET).ok_or(Errno::Fbig)?;
        self.wasi.tree(file.tree)?.allocate(file.handle, end)
    }

    pub(super) fn fd_datasync(&mut self) -> Result<()> {
        self.synchronise(Rights::FD_DATASYNC, true)
    }

    pub(super) fn fd_sync(&mut self) -> Result<()> {
        self.synchronise(Rights::FD_SYNC, false)
    }

    fn synchronise(&mut self, rights: Rights, data_only: bool) -> Result<()> {
        let fd = self.u32(0);
        if let Target::Output(_) = self.descriptor(fd)?.target {
            // Streams keep nothing back.
            return self.descriptor(fd)?.require(rights);
        }
        let file = self.file(fd, rights, Errno::Inval)?;
        self.wasi.tree(file.tree)?.sync(file.handle, data_only)
    }

    pub(super) fn fd_prestat_get(&mut self) -> Result<()> {
        let (fd, at) = (self.u32(0), self.u32(1));
        self.memory.check(at, Layout::Prestat.size(self.version).into())?;
        let len = u32::try_from(self.preopened(fd)?.len()).map_err(|_| Errno::Overflow)?;
        // The tag of a directory is 0.
        self.memory.write_u32(at, 0)?;
        self.memory.write_u32(at + 4, len)
    }

    pub(super) fn fd_prestat_dir_name(&mut self) -> Result<()> {
        let (fd, at, len) = (self.u32(0), self.u32(1), self.u32(2));
        let name = self.preopened(fd)?.as_bytes().to_vec();
        if (len as usize) < name.len() {
            return Err(Errno::Nametoolong);
        }
        self.memory.check(at, len.into())?;
        self.memory.write(at, &name)
    }

    /// The name of a preopened directory. Programs look for them by asking for one descriptor after the other
    /// until there is none.
    fn preopened(&self, fd: u32) -> Result<&str> {
        match &self.descriptor(fd)?.target {
            Target::Directory { preopened: Some(name), .. } => Ok(name),
            _ => Err(Errno::Badf),
        }
    }
}
