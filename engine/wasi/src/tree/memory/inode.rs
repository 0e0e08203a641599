//! Inodes: files, directories and symbolic links.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::errno::{Errno, Result};
use crate::types::{FileType, Filestat};

/// The number of an inode.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct InodeId(pub(super) u64);

impl InodeId {
    pub(super) const ROOT: Self = Self(1);
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Inode {
    pub(super) node: Node,
    /// Names; a directory has two and one for each directory in it.
    pub(super) links: u64,
    /// How often it is open.
    pub(super) handles: u32,
    pub(super) accessed: u64,
    pub(super) modified: u64,
    pub(super) changed: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node {
    File(Arc<Vec<u8>>),
    Symlink(String),
    Directory(Directory),
}

/// Entries by name, and by the order in which they were added: their serial numbers are the cookies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Directory {
    pub(super) parent: InodeId,
    by_name: BTreeMap<String, (u64, InodeId)>,
    by_serial: BTreeMap<u64, String>,
    next_serial: u64,
}

/// Cookies below are those of `.` and `..`.
pub(super) const FIRST_SERIAL: u64 = 2;

impl Directory {
    pub(super) fn get(&self, name: &str) -> Option<InodeId> {
        self.by_name.get(name).map(|(_, id)| *id)
    }

    pub(super) fn insert(&mut self, name: &str, id: InodeId) {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.remove(name);
        self.by_name.insert(name.into(), (serial, id));
        self.by_serial.insert(serial, name.into());
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<InodeId> {
        let (serial, id) = self.by_name.remove(name)?;
        self.by_serial.remove(&serial);
        Some(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Entries by name.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, InodeId)> {
        self.by_name.iter().map(|(name, (_, id))| (name.as_str(), *id))
    }

    /// Entries with this serial number or a later one.
    pub(super) fn since(&self, serial: u64) -> impl Iterator<Item = (u64, &str, InodeId)> {
        self.by_serial.range(serial..).filter_map(|(serial, name)| {
            self.by_name.get(name).map(|(_, id)| (*serial, name.as_str(), *id))
        })
    }
}

impl Node {
    pub(super) fn directory(parent: InodeId) -> Self {
        Self::Directory(Directory {
            parent,
            by_name: BTreeMap::new(),
            by_serial: BTreeMap::new(),
            next_serial: FIRST_SERIAL,
        })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File(bytes) => bytes.len() as u64,
            Self::Symlink(target) => target.len() as u64,
            Self::Directory(_) => 0,
        }
    }

    pub(super) fn file_type(&self) -> FileType {
        match self {
            Self::File(_) => FileType::RegularFile,
            Self::Symlink(_) => FileType::SymbolicLink,
            Self::Directory(_) => FileType::Directory,
        }
    }
}

impl Inode {
    pub(super) fn new(node: Node, now: u64) -> Self {
        Self { node, links: 0, handles: 0, accessed: now, modified: now, changed: now }
    }

    pub(super) fn is_needed(&self) -> bool {
        self.links > 0 || self.handles > 0
    }

    pub(super) fn directory(&self) -> Result<&Directory> {
        match &self.node {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) | Node::Symlink(_) => Err(Errno::Notdir),
        }
    }

    pub(super) fn directory_mut(&mut self) -> Result<&mut Directory> {
        match &mut self.node {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) | Node::Symlink(_) => Err(Errno::Notdir),
        }
    }

    pub(super) fn file(&self) -> Result<&Vec<u8>> {
        match &self.node {
            Node::File(bytes) => Ok(bytes),
            Node::Directory(_) => Err(Errno::Isdir),
            Node::Symlink(_) => Err(Errno::Loop),
        }
    }

    /// The bytes, to be changed: copied first if a copy of the tree shares them.
    pub(super) fn file_mut(&mut self) -> Result<&mut Vec<u8>> {
        match &mut self.node {
            Node::File(bytes) => Ok(Arc::make_mut(bytes)),
            Node::Directory(_) => Err(Errno::Isdir),
            Node::Symlink(_) => Err(Errno::Loop),
        }
    }

    pub(super) fn stat(&self, id: InodeId) -> Filestat {
        Filestat {
            device: 1,
            inode: id.0,
            file_type: self.node.file_type(),
            links: self.links,
            size: self.node.size(),
            accessed: self.accessed,
            modified: self.modified,
            changed: self.changed,
        }
    }
}
