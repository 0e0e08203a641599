//! A tree in memory as an embedder sees it: by paths from the root, without following symbolic links.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::MemoryTree;
use super::inode::{InodeId, Node};
use crate::errno::{Errno, Result};
use crate::path::MAX_PATH;
use crate::tree::Tree as _;
use crate::types::Filestat;

/// An entry of a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// From the root, without a slash in front.
    pub path: String,
    /// What is known of it.
    pub stat: Filestat,
    /// What it says, if it is a symbolic link.
    pub target: Option<String>,
}

impl MemoryTree {
    /// Everything in it, a directory before what it holds, names in order. What lies so deep that no path leads
    /// there at once is left out.
    pub fn list(&self) -> Vec<Listed> {
        let mut listed = Vec::new();
        let mut waiting: Vec<(String, InodeId)> = alloc::vec![(String::new(), InodeId::ROOT)];
        while let Some((path, id)) = waiting.pop() {
            let Ok(inode) = self.inode(id) else { continue };
            if let Ok(directory) = inode.directory() {
                let from = waiting.len();
                let room = MAX_PATH.saturating_sub(path.len() + 1);
                let named = directory.names().filter(|(name, _)| name.len() <= room);
                waiting.extend(named.map(|(name, id)| (join(&path, name), id)));
                if let Some(new) = waiting.get_mut(from..) {
                    new.reverse();
                }
            }
            let target = match &inode.node {
                Node::Symlink(target) => Some(target.clone()),
                Node::File(_) | Node::Directory(_) => None,
            };
            if id != InodeId::ROOT {
                listed.push(Listed { path, stat: inode.stat(id), target });
            }
        }
        listed
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// If there is no file of this path.
    pub fn read_file(&self, path: &str) -> Result<&[u8]> {
        Ok(self.inode(self.find(path)?)?.file()?)
    }

    /// Adds a file, or gives one other bytes; directories on the way are made.
    ///
    /// # Errors
    /// If a file is where a directory should be, or the other way round, or there is no room.
    pub fn add_file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<()> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let directory = self.make_directories(directory)?;
        let name = single(name)?;
        let bytes = bytes.into();
        match self.child(directory, name) {
            Ok(id) => {
                let old = self.inode(id)?.file()?.len() as u64;
                self.charge((bytes.len() as u64).saturating_sub(old))?;
                self.refund(old.saturating_sub(bytes.len() as u64));
                let now = self.now;
                let inode = self.inode_mut(id)?;
                inode.node = Node::File(Arc::new(bytes));
                (inode.modified, inode.changed) = (now, now);
                Ok(())
            }
            Err(_) => self.create(directory, name, Node::File(Arc::new(bytes))).map(|_| ()),
        }
    }

    /// Adds a directory, and those on the way.
    ///
    /// # Errors
    /// If a file is where a directory should be, or there is no room.
    pub fn add_directory(&mut self, path: &str) -> Result<()> {
        self.make_directories(path).map(|_| ())
    }

    /// Removes a file, a symbolic link, or a directory with all that it holds.
    ///
    /// # Errors
    /// If there is nothing of this path.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        let path = path.trim_matches('/');
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        // A directory before what it holds.
        let mut entries = alloc::vec![(self.find(directory)?, single(name)?.to_string())];
        let mut position = 0;
        while let Some((at, name)) = entries.get(position) {
            let id = self.child(*at, name)?;
            if let Ok(directory) = self.inode(id)?.directory() {
                entries.extend(directory.names().map(|(name, _)| (id, name.to_string())));
            }
            position += 1;
        }
        for (at, name) in entries.iter().rev() {
            let id = self.remove_name(*at, name)?;
            self.release(id);
        }
        Ok(())
    }

    /// Closes whatever a program has left open, so that another one can have the tree.
    pub fn close_all(&mut self) {
        let open: Vec<u32> = self.handles.iter().map(|(number, _)| number).collect();
        open.into_iter().for_each(|handle| self.close(crate::tree::Handle(handle)));
    }

    fn find(&self, path: &str) -> Result<InodeId> {
        let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        parts.try_fold(InodeId::ROOT, |at, name| self.child(at, name))
    }

    fn make_directories(&mut self, path: &str) -> Result<InodeId> {
        let mut at = InodeId::ROOT;
        for name in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            let name = single(name)?;
            at = match self.child(at, name) {
                Ok(id) => id,
                Err(Errno::Noent) => self.create(at, name, Node::directory(at))?,
                Err(error) => return Err(error),
            };
            self.inode(at)?.directory()?;
        }
        Ok(at)
    }
}

fn join(path: &str, name: &str) -> String {
    match path.is_empty() {
        true => name.to_string(),
        false => alloc::format!("{path}/{name}"),
    }
}

/// A name that an entry may have.
fn single(name: &str) -> Result<&str> {
    match name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        true => Err(Errno::Inval),
        false => Ok(name),
    }
}
