//! What the functions do with a tree in memory.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::inode::{FIRST_SERIAL, Inode, InodeId, Node};
use super::{MAX_NAME, MemoryTree, OVERHEAD};
use crate::errno::{Errno, Result};
use crate::tree::{Entry, Handle, NewTime, NewTimes, OpenFile, Tree};
use crate::types::{FileType, Filestat};

impl MemoryTree {
    pub(super) fn child(&self, at: InodeId, name: &str) -> Result<InodeId> {
        self.inode(at)?.directory()?.get(name).ok_or(Errno::Noent)
    }

    /// Fails unless an entry of this name can be added.
    fn check_new(&self, at: InodeId, name: &str) -> Result<()> {
        let inode = self.inode(at)?;
        match inode.directory()?.get(name) {
            Some(_) => Err(Errno::Exist),
            None if name.len() > MAX_NAME => Err(Errno::Nametoolong),
            // A directory that was removed while it was open.
            None if inode.links == 0 => Err(Errno::Noent),
            None => Ok(()),
        }
    }

    /// Adds a name for an inode, charged for, and counts it.
    pub(super) fn add_name(&mut self, at: InodeId, name: &str, id: InodeId) -> Result<()> {
        self.charge(name_cost(name))?;
        let now = self.now;
        let directory = self.inode_mut(at)?;
        directory.directory_mut()?.insert(name, id);
        (directory.modified, directory.changed) = (now, now);
        let inode = self.inode_mut(id)?;
        inode.changed = now;
        match &mut inode.node {
            Node::Directory(directory) => {
                directory.parent = at;
                inode.links += 2;
                self.inode_mut(at)?.links += 1;
            }
            Node::File(_) | Node::Symlink(_) => inode.links += 1,
        }
        Ok(())
    }

    /// Takes a name away; the inode goes with its last one unless it is open.
    pub(super) fn remove_name(&mut self, at: InodeId, name: &str) -> Result<InodeId> {
        let now = self.now;
        let directory = self.inode_mut(at)?;
        let id = directory.directory_mut()?.remove(name).ok_or(Errno::Noent)?;
        (directory.modified, directory.changed) = (now, now);
        self.refund(name_cost(name));
        let inode = self.inode_mut(id)?;
        inode.changed = now;
        match inode.node {
            Node::Directory(_) => {
                inode.links = inode.links.saturating_sub(2);
                let parent = self.inode_mut(at)?;
                parent.links = parent.links.saturating_sub(1);
            }
            Node::File(_) | Node::Symlink(_) => inode.links -= 1,
        }
        Ok(id)
    }

    /// A new inode under a name that is free.
    pub(super) fn create(&mut self, at: InodeId, name: &str, node: Node) -> Result<InodeId> {
        self.check_new(at, name)?;
        let id = self.allocate_inode(node)?;
        if let Err(error) = self.add_name(at, name, id) {
            self.release(id);
            return Err(error);
        }
        Ok(id)
    }

    /// Makes a file this long.
    fn resize(&mut self, id: InodeId, size: u64) -> Result<()> {
        let now = self.now;
        let old = self.inode(id)?.file()?.len() as u64;
        if size > old {
            self.charge(size - old)?;
        }
        // What has been charged fits into the limit; whether the host has it is another question.
        let length = usize::try_from(size).map_err(|_| Errno::Fbig)?;
        let inode = self.inode_mut(id)?;
        let bytes = inode.file_mut()?;
        let missing = length.saturating_sub(bytes.len());
        if bytes.try_reserve(missing).is_err() {
            self.refund(size.saturating_sub(old));
            return Err(Errno::Nospc);
        }
        bytes.resize(length, 0);
        // Room that is not charged for is given back.
        if bytes.capacity() / 2 > length.max(4096) {
            bytes.shrink_to(length);
        }
        (inode.modified, inode.changed) = (now, now);
        self.refund(old.saturating_sub(size));
        Ok(())
    }

    fn set(&mut self, id: InodeId, times: NewTimes) -> Result<()> {
        let now = self.now;
        let of = |time| match time {
            NewTime::Now => now,
            NewTime::At(at) => at,
        };
        let inode = self.inode_mut(id)?;
        inode.accessed = times.accessed.map_or(inode.accessed, of);
        inode.modified = times.modified.map_or(inode.modified, of);
        inode.changed = now;
        Ok(())
    }

    /// Whether `inner` is `outer` or lies in it.
    fn is_within(&self, inner: InodeId, outer: InodeId) -> bool {
        let mut at = inner;
        loop {
            if at == outer {
                return true;
            }
            match self.inode(at).and_then(Inode::directory) {
                Ok(directory) if directory.parent != at => at = directory.parent,
                _ => return false,
            }
        }
    }
}

fn name_cost(name: &str) -> u64 {
    OVERHEAD + 2 * name.len() as u64
}

impl Tree for MemoryTree {
    fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    fn open_root(&mut self) -> Result<Handle> {
        self.open(InodeId::ROOT)
    }

    fn reopen(&mut self, at: Handle) -> Result<Handle> {
        self.open(self.id_of(at)?)
    }

    fn open_directory(&mut self, at: Handle, name: &str) -> Result<Handle> {
        let id = self.child(self.id_of(at)?, name)?;
        self.inode(id)?.directory()?;
        self.open(id)
    }

    fn open_file(&mut self, at: Handle, name: &str, how: OpenFile) -> Result<Handle> {
        let at = self.id_of(at)?;
        let id = match how.create {
            true => self.create(at, name, Node::File(Arc::default()))?,
            false => self.child(at, name)?,
        };
        self.inode(id)?.file()?;
        if how.truncate {
            self.resize(id, 0)?;
        }
        self.open(id)
    }

    fn close(&mut self, handle: Handle) {
        let Some(id) = self.handles.remove(handle.0) else { return };
        if let Some(inode) = self.inodes.get_mut(&id) {
            inode.handles = inode.handles.saturating_sub(1);
        }
        self.release(id);
    }

    fn stat(&mut self, handle: Handle) -> Result<Filestat> {
        let id = self.id_of(handle)?;
        Ok(self.inode(id)?.stat(id))
    }

    fn stat_at(&mut self, at: Handle, name: &str) -> Result<Filestat> {
        let id = self.child(self.id_of(at)?, name)?;
        Ok(self.inode(id)?.stat(id))
    }

    fn set_times(&mut self, handle: Handle, times: NewTimes) -> Result<()> {
        self.set(self.id_of(handle)?, times)
    }

    fn set_times_at(&mut self, at: Handle, name: &str, times: NewTimes) -> Result<()> {
        self.set(self.child(self.id_of(at)?, name)?, times)
    }

    fn set_size(&mut self, file: Handle, size: u64) -> Result<()> {
        self.resize(self.id_of(file)?, size)
    }

    fn allocate(&mut self, file: Handle, size: u64) -> Result<()> {
        let id = self.id_of(file)?;
        match size > self.inode(id)?.file()?.len() as u64 {
            true => self.resize(id, size),
            false => Ok(()),
        }
    }

    fn read_at(&mut self, file: Handle, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let bytes = self.inode(self.id_of(file)?)?.file()?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let rest = bytes.get(start..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        Ok(count)
    }

    fn write_at(&mut self, file: Handle, offset: u64, bytes: &[u8]) -> Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let id = self.id_of(file)?;
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::Fbig)?;
        self.allocate(file, end)?;
        let now = self.now;
        let inode = self.inode_mut(id)?;
        let range = offset as usize..end as usize;
        inode.file_mut()?.get_mut(range).ok_or(Errno::Fbig)?.copy_from_slice(bytes);
        (inode.modified, inode.changed) = (now, now);
        Ok(bytes.len())
    }

    fn append(&mut self, file: Handle, bytes: &[u8]) -> Result<(usize, u64)> {
        let end = self.inode(self.id_of(file)?)?.file()?.len() as u64;
        let count = self.write_at(file, end, bytes)?;
        Ok((count, end + count as u64))
    }

    fn sync(&mut self, file: Handle, _: bool) -> Result<()> {
        self.id_of(file).map(|_| ())
    }

    fn entries(&mut self, directory: Handle, cookie: u64, most: usize) -> Result<Vec<Entry>> {
        let id = self.id_of(directory)?;
        let inode = self.inode(id)?;
        let directory = inode.directory()?;
        let dots = [(".", id), ("..", directory.parent)].into_iter().zip(0..);
        let dots = dots.filter(|_| inode.links > 0).map(|((name, id), serial)| (serial, name, id));
        let names = directory.since(cookie.max(FIRST_SERIAL));
        let entry = |(serial, name, id): (u64, &str, InodeId)| Entry {
            next: serial + 1,
            name: name.to_string(),
            inode: id.0,
            file_type: self.inode(id).map_or(FileType::Unknown, |inode| inode.node.file_type()),
        };
        let from = dots.filter(|(serial, ..)| *serial >= cookie).chain(names);
        Ok(from.take(most).map(entry).collect())
    }

    fn create_directory(&mut self, at: Handle, name: &str) -> Result<()> {
        let at = self.id_of(at)?;
        self.create(at, name, Node::directory(at)).map(|_| ())
    }

    fn remove_directory(&mut self, at: Handle, name: &str) -> Result<()> {
        let at = self.id_of(at)?;
        let id = self.child(at, name)?;
        if !self.inode(id)?.directory()?.is_empty() {
            return Err(Errno::Notempty);
        }
        self.remove_name(at, name)?;
        self.release(id);
        Ok(())
    }

    fn remove_file(&mut self, at: Handle, name: &str) -> Result<()> {
        let at = self.id_of(at)?;
        let id = self.child(at, name)?;
        if self.inode(id)?.directory().is_ok() {
            return Err(Errno::Isdir);
        }
        self.remove_name(at, name)?;
        self.release(id);
        Ok(())
    }

    fn link(&mut self, from: Handle, name: &str, to: Handle, new_name: &str) -> Result<()> {
        let (from, to) = (self.id_of(from)?, self.id_of(to)?);
        let id = self.child(from, name)?;
        self.check_new(to, new_name)?;
        if self.inode(id)?.directory().is_ok() {
            return Err(Errno::Perm);
        }
        self.add_name(to, new_name, id)
    }

    fn symlink(&mut self, target: &str, at: Handle, name: &str) -> Result<()> {
        let at = self.id_of(at)?;
        self.create(at, name, Node::Symlink(target.into())).map(|_| ())
    }

    fn read_link(&mut self, at: Handle, name: &str) -> Result<String> {
        match &self.inode(self.child(self.id_of(at)?, name)?)?.node {
            Node::Symlink(target) => Ok(target.clone()),
            Node::File(_) | Node::Directory(_) => Err(Errno::Inval),
        }
    }

    fn rename(&mut self, from: Handle, name: &str, to: Handle, new_name: &str) -> Result<()> {
        let (from, to) = (self.id_of(from)?, self.id_of(to)?);
        let id = self.child(from, name)?;
        let is_directory = self.inode(id)?.directory().is_ok();
        if is_directory && self.is_within(to, id) {
            return Err(Errno::Inval);
        }
        let replaced = match self.check_new(to, new_name) {
            Err(Errno::Exist) => Some(self.child(to, new_name)?),
            other => other.map(|()| None)?,
        };
        if replaced == Some(id) {
            return Ok(());
        }
        if let Some(replaced) = replaced {
            match (is_directory, self.inode(replaced)?.directory()) {
                (true, Err(_)) => return Err(Errno::Notdir),
                (false, Ok(_)) => return Err(Errno::Isdir),
                (true, Ok(directory)) if !directory.is_empty() => return Err(Errno::Notempty),
                _ => {}
            }
        }
        // Room for the new name first, so that nothing has to be taken back.
        let more = name_cost(new_name).saturating_sub(name_cost(name));
        self.charge(more)?;
        self.refund(more);
        if let Some(replaced) = replaced {
            self.remove_name(to, new_name)?;
            self.release(replaced);
        }
        self.remove_name(from, name)?;
        self.add_name(to, new_name, id)
    }

    fn try_clone(&self) -> Option<Box<dyn Tree>> {
        Some(Box::new(self.clone()))
    }
}
