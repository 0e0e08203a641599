//! What is known of descriptors and files, and changing it.

use super::Call;
use crate::descriptor::Target;
use crate::errno::{Errno, Result};
use crate::tree::{NewTime, NewTimes};
use crate::types::{Fdflags, Filestat, Fstflags, Layout, Rights};

impl Call<'_> {
    pub(super) fn fd_fdstat_get(&mut self) -> Result<()> {
        let (fd, at) = (self.u32(0), self.u32(1));
        self.memory.check(at, Layout::Fdstat.size(self.version).into())?;
        let descriptor = self.descriptor(fd)?;
        let (base, inheriting) = (descriptor.base.0, descriptor.inheriting.0);
        let flags = descriptor.flags.0;
        let file_type = self.wasi.file_type(&descriptor.target);
        self.memory.write(at, &[0; 24])?;
        self.memory.write_u8(at, file_type as u8)?;
        self.memory.write_u16(at + 2, flags)?;
        self.memory.write_u64(at + 8, base)?;
        self.memory.write_u64(at + 16, inheriting)
    }

    pub(super) fn fd_fdstat_set_flags(&mut self) -> Result<()> {
        let (fd, flags) = (self.u32(0), self.u64(1));
        if let Target::Directory { .. } = self.descriptor(fd)?.target {
            return Err(Errno::Badf);
        }
        self.descriptor(fd)?.require(Rights::FD_FDSTAT_SET_FLAGS)?;
        self.wasi.table.get_mut(fd)?.flags = Fdflags::from_number(flags)?;
        Ok(())
    }

    /// Rights can be given up, never gained.
    pub(super) fn fd_fdstat_set_rights(&mut self) -> Result<()> {
        let (fd, base, inheriting) = (self.u32(0), Rights(self.u64(1)), Rights(self.u64(2)));
        let descriptor = self.wasi.table.get_mut(fd)?;
        if !descriptor.base.contains(base) || !descriptor.inheriting.contains(inheriting) {
            return Err(Errno::Notcapable);
        }
        (descriptor.base, descriptor.inheriting) = (base, inheriting);
        Ok(())
    }

    pub(super) fn fd_filestat_get(&mut self) -> Result<()> {
        let (fd, at) = (self.u32(0), self.u32(1));
        self.memory.check(at, Layout::Filestat.size(self.version).into())?;
        let descriptor = self.descriptor(fd)?;
        descriptor.require(Rights::FD_FILESTAT_GET)?;
        let stat = match descriptor.target {
            Target::File { tree, handle, .. } | Target::Directory { tree, handle, .. } => {
                let stat = self.wasi.tree(tree)?.stat(handle)?;
                Filestat { device: device(tree.0), ..stat }
            }
            Target::Input | Target::Output(_) => Filestat {
                device: 0,
                inode: fd.into(),
                file_type: self.wasi.file_type(&descriptor.target),
                links: 1,
                size: 0,
                accessed: 0,
                modified: 0,
                changed: 0,
            },
        };
        stat.write(&mut self.memory, self.version, at)
    }

    pub(super) fn fd_filestat_set_size(&mut self) -> Result<()> {
        let size = self.u64(1);
        let file = self.file(self.u32(0), Rights::FD_FILESTAT_SET_SIZE, Errno::Inval)?;
        if size > super::fd::MAX_OFFSET {
            return Err(Errno::Fbig);
        }
        self.wasi.tree(file.tree)?.set_size(file.handle, size)
    }

    pub(super) fn fd_filestat_set_times(&mut self) -> Result<()> {
        let times = new_times(self.u64(1), self.u64(2), self.u64(3))?;
        let descriptor = self.descriptor(self.u32(0))?;
        descriptor.require(Rights::FD_FILESTAT_SET_TIMES)?;
        match descriptor.target {
            Target::File { tree, handle, .. } | Target::Directory { tree, handle, .. } => {
                self.wasi.tree(tree)?.set_times(handle, times)
            }
            Target::Input | Target::Output(_) => Err(Errno::Inval),
        }
    }
}

/// The number of a tree's device. That of the host is nobody's business, and trees are told apart.
pub(super) fn device(tree: usize) -> u64 {
    tree as u64 + 1
}

/// Times to set. One cannot be set to two things.
pub(super) fn new_times(accessed: u64, modified: u64, flags: u64) -> Result<NewTimes> {
    let flags = Fstflags::from_number(flags)?;
    let of = |given, now, time| match (flags.contains(given), flags.contains(now)) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(Some(NewTime::At(time))),
        (false, true) => Ok(Some(NewTime::Now)),
        (false, false) => Ok(None),
    };
    Ok(NewTimes {
        accessed: of(Fstflags::ATIM, Fstflags::ATIM_NOW, accessed)?,
        modified: of(Fstflags::MTIM, Fstflags::MTIM_NOW, modified)?,
    })
}
