//! What is done by path: looking at entries, making, linking, moving and removing them.

use alloc::string::String;

use super::Call;
use super::fd_stat::{device, new_times};
use crate::descriptor::TreeId;
use crate::errno::{Errno, Result};
use crate::path::{Final, Place, check, walk};
use crate::tree::Tree;
use crate::types::{FileType, Filestat, Layout, Lookupflags, Rights};

impl Call<'_> {
    /// How the last part is looked up, by the flags in this parameter.
    pub(super) fn lookup(&self, position: usize) -> Result<Final> {
        let flags = Lookupflags::from_number(self.u64(position))?;
        Ok(match flags.contains(Lookupflags::SYMLINK_FOLLOW) {
            true => Final::Follow,
            false => Final::FollowSlash,
        })
    }

    /// Does something where a path leads that starts at a directory with these rights.
    fn at_path<T>(
        &mut self,
        fd: u32,
        rights: Rights,
        path: &str,
        last: Final,
        then: impl FnOnce(&mut dyn Tree, &Place) -> Result<T>,
    ) -> Result<T> {
        let (tree, base) = self.directory(fd, rights)?;
        walk(self.wasi.tree(tree)?, base, path, last, then)
    }

    pub(super) fn path_filestat_get(&mut self) -> Result<()> {
        let (fd, last, path, at) = (self.u32(0), self.lookup(1)?, self.path(2)?, self.u32(4));
        self.memory.check(at, Layout::Filestat.size(self.version).into())?;
        let (TreeId(tree), _) = self.directory(fd, Rights::PATH_FILESTAT_GET)?;
        let stat = self.at_path(fd, Rights::NONE, &path, last, stat)?;
        let stat = Filestat { device: device(tree), ..stat };
        stat.write(&mut self.memory, self.version, at)
    }

    pub(super) fn path_filestat_set_times(&mut self) -> Result<()> {
        let (fd, last, path) = (self.u32(0), self.lookup(1)?, self.path(2)?);
        let times = new_times(self.u64(4), self.u64(5), self.u64(6))?;
        let rights = Rights::PATH_FILESTAT_SET_TIMES;
        self.at_path(fd, rights, &path, last, |tree, place| {
            stat(tree, place)?;
            match &place.name {
                Some(name) => tree.set_times_at(place.at, name, times),
                None => tree.set_times(place.at, times),
            }
        })
    }

    pub(super) fn path_create_directory(&mut self) -> Result<()> {
        let (fd, path) = (self.u32(0), self.path(1)?);
        let rights = Rights::PATH_CREATE_DIRECTORY;
        self.at_path(fd, rights, &path, Final::Keep, |tree, place| {
            let name = place.name.as_deref().ok_or(Errno::Exist)?;
            tree.create_directory(place.at, name)
        })
    }

    pub(super) fn path_remove_directory(&mut self) -> Result<()> {
        let (fd, path) = (self.u32(0), self.path(1)?);
        let rights = Rights::PATH_REMOVE_DIRECTORY;
        self.at_path(fd, rights, &path, Final::Keep, |tree, place| match &place.name {
            Some(name) => tree.remove_directory(place.at, name),
            None if place.dots => Err(Errno::Notempty),
            None => Err(Errno::Inval),
        })
    }

    pub(super) fn path_unlink_file(&mut self) -> Result<()> {
        let (fd, path) = (self.u32(0), self.path(1)?);
        self.at_path(fd, Rights::PATH_UNLINK_FILE, &path, Final::Keep, |tree, place| {
            let name = place.name.as_deref().ok_or(Errno::Isdir)?;
            match tree.stat_at(place.at, name)?.file_type {
                FileType::Directory => Err(Errno::Isdir),
                _ if place.slash => Err(Errno::Notdir),
                _ => tree.remove_file(place.at, name),
            }
        })
    }

    pub(super) fn path_symlink(&mut self) -> Result<()> {
        let (target, fd, path) = (self.path(0)?, self.u32(2), self.path(3)?);
        // One that leads out of the tree could not be followed; an absolute one says so at once.
        check(&target)?;
        self.at_path(fd, Rights::PATH_SYMLINK, &path, Final::Keep, |tree, place| {
            let name = new_name(tree, place)?;
            tree.symlink(&target, place.at, &name)
        })
    }

    pub(super) fn path_readlink(&mut self) -> Result<()> {
        let (fd, path) = (self.u32(0), self.path(1)?);
        let (at, len, result) = (self.u32(3), self.u32(4), self.u32(5));
        self.memory.check(at, len.into())?;
        self.memory.check(result, 4)?;
        let rights = Rights::PATH_READLINK;
        let target = self.at_path(fd, rights, &path, Final::FollowSlash, |tree, place| {
            let name = place.name.as_deref().ok_or(Errno::Inval)?;
            tree.read_link(place.at, name)
        })?;
        let count = target.len().min(len as usize);
        self.memory.write(at, target.as_bytes().get(..count).unwrap_or_default())?;
        self.memory.write_u32(result, count as u32)
    }

    pub(super) fn path_link(&mut self) -> Result<()> {
        let (fd, last, path) = (self.u32(0), self.lookup(1)?, self.path(2)?);
        let (new_fd, new_path) = (self.u32(4), self.path(5)?);
        // A link is made of an entry itself, not of what it leads to.
        if last == Final::Follow {
            return Err(Errno::Inval);
        }
        let rights = [Rights::PATH_LINK_SOURCE, Rights::PATH_LINK_TARGET];
        self.at_paths(rights, (fd, path), (new_fd, new_path), |tree, from, to| {
            let name = from.name.as_deref().ok_or(Errno::Perm)?;
            stat(tree, from)?;
            let to_name = new_name(tree, to)?;
            if tree.stat_at(from.at, name)?.file_type == FileType::Directory {
                return Err(Errno::Perm);
            }
            tree.link(from.at, name, to.at, &to_name)
        })
    }

    pub(super) fn path_rename(&mut self) -> Result<()> {
        let (fd, path) = (self.u32(0), self.path(1)?);
        let (new_fd, new_path) = (self.u32(3), self.path(4)?);
        let rights = [Rights::PATH_RENAME_SOURCE, Rights::PATH_RENAME_TARGET];
        self.at_paths(rights, (fd, path), (new_fd, new_path), |tree, from, to| {
            let name = from.name.as_deref().ok_or(Errno::Busy)?;
            let to_name = to.name.as_deref().ok_or(Errno::Busy)?;
            let is_directory = tree.stat_at(from.at, name)?.file_type == FileType::Directory;
            if (from.slash || to.slash) && !is_directory {
                return Err(Errno::Notdir);
            }
            tree.rename(from.at, name, to.at, to_name)
        })
    }

    /// Does something with two entries of one tree.
    fn at_paths(
        &mut self,
        [rights, new_rights]: [Rights; 2],
        (fd, path): (u32, String),
        (new_fd, new_path): (u32, String),
        then: impl FnOnce(&mut dyn Tree, &Place, &Place) -> Result<()>,
    ) -> Result<()> {
        let (tree, base) = self.directory(fd, rights)?;
        let (new_tree, new_base) = self.directory(new_fd, new_rights)?;
        if tree != new_tree {
            return Err(Errno::Xdev);
        }
        walk(self.wasi.tree(tree)?, base, &path, Final::Keep, |tree, from| {
            walk(tree, new_base, &new_path, Final::Keep, |tree, to| then(tree, from, to))
        })
    }
}

/// What is known of a place; a slash behind what is no directory is wrong.
pub(super) fn stat(tree: &mut dyn Tree, place: &Place) -> Result<Filestat> {
    let Some(name) = &place.name else { return tree.stat(place.at) };
    let stat = tree.stat_at(place.at, name)?;
    match place.slash && stat.file_type != FileType::Directory {
        true => Err(Errno::Notdir),
        false => Ok(stat),
    }
}

/// The name of an entry that is to be made and is no directory.
fn new_name(tree: &mut dyn Tree, place: &Place) -> Result<String> {
    let name = place.name.clone().ok_or(Errno::Exist)?;
    match tree.stat_at(place.at, &name) {
        Ok(stat) if place.slash && stat.file_type != FileType::Directory => Err(Errno::Notdir),
        Ok(_) => Err(Errno::Exist),
        Err(Errno::Noent) if place.slash => Err(Errno::Noent),
        Err(Errno::Noent) => Ok(name),
        Err(error) => Err(error),
    }
}
