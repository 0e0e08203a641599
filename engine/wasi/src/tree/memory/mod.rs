//! A tree in memory: plain data, cheap to copy, bounded.
//!
//! Inodes have numbers that are never used again; names, handles and parents are numbers. A file's bytes are
//! shared between copies of the tree until one of them changes them. Every inode, name and byte is charged
//! against a limit. What has no name any more lives as long as it is open.

mod inode;
mod listing;
mod operations;

use alloc::collections::BTreeMap;

use crate::errno::{Errno, Result};
use crate::slots::Slots;
use crate::tree::Handle;
use inode::{Inode, InodeId, Node};

pub use listing::Listed;

/// Longest name of an entry, in bytes.
const MAX_NAME: usize = 255;

/// What an inode or an entry is charged with besides its bytes.
const OVERHEAD: u64 = 128;

/// A tree of files in memory.
///
/// ```
/// use stepwell_wasi::MemoryTree;
///
/// let mut tree = MemoryTree::new();
/// tree.add_file("notes/today.txt", *b"hello")?;
/// assert_eq!(tree.read_file("notes/today.txt")?, b"hello");
/// assert_eq!(tree.list().len(), 2);
/// # Ok::<(), stepwell_wasi::Errno>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryTree {
    inodes: BTreeMap<InodeId, Inode>,
    handles: Slots<InodeId>,
    next_inode: u64,
    now: u64,
    used: u64,
    limit: u64,
}

impl Default for MemoryTree {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryTree {
    /// The most that a new tree holds: 64 MiB.
    pub const DEFAULT_LIMIT: u64 = 64 << 20;

    /// An empty tree.
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }

    /// An empty tree that holds at most this many bytes, names and bookkeeping included.
    pub fn with_limit(limit: u64) -> Self {
        let root = Inode { links: 2, ..Inode::new(Node::directory(InodeId::ROOT), 0) };
        Self {
            inodes: BTreeMap::from([(InodeId::ROOT, root)]),
            handles: Slots::default(),
            next_inode: InodeId::ROOT.0 + 1,
            now: 0,
            used: 0,
            limit,
        }
    }

    /// Bytes that it is charged with, and the most that it may hold.
    pub fn usage(&self) -> (u64, u64) {
        (self.used, self.limit)
    }

    /// How many handles are open.
    pub fn open_handles(&self) -> usize {
        self.handles.len()
    }

    fn inode(&self, id: InodeId) -> Result<&Inode> {
        self.inodes.get(&id).ok_or(Errno::Stale)
    }

    fn inode_mut(&mut self, id: InodeId) -> Result<&mut Inode> {
        self.inodes.get_mut(&id).ok_or(Errno::Stale)
    }

    fn id_of(&self, handle: Handle) -> Result<InodeId> {
        self.handles.get(handle.0).copied().ok_or(Errno::Badf)
    }

    /// A handle of an inode; it counts as one reason for it to live.
    fn open(&mut self, id: InodeId) -> Result<Handle> {
        self.inode_mut(id)?.handles += 1;
        Ok(Handle(self.handles.insert(id)))
    }

    /// Charges bytes, or says that there is no room.
    fn charge(&mut self, bytes: u64) -> Result<()> {
        let used = self.used.checked_add(bytes).ok_or(Errno::Nospc)?;
        if used > self.limit {
            return Err(Errno::Nospc);
        }
        self.used = used;
        Ok(())
    }

    fn refund(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// A new inode without a name, charged for.
    fn allocate_inode(&mut self, node: Node) -> Result<InodeId> {
        self.charge(OVERHEAD + node.size())?;
        let id = InodeId(self.next_inode);
        self.next_inode += 1;
        self.inodes.insert(id, Inode::new(node, self.now));
        Ok(id)
    }

    /// Forgets an inode that has neither names nor handles.
    fn release(&mut self, id: InodeId) {
        let Some(inode) = self.inodes.get(&id) else { return };
        if inode.is_needed() || id == InodeId::ROOT {
            return;
        }
        let charged = OVERHEAD + inode.node.size();
        self.inodes.remove(&id);
        self.refund(charged);
    }
}
