//! The table of descriptors.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::errno::{Errno, Result};
use crate::tree::Handle;
use crate::types::{Fdflags, Rights};

/// Most descriptors that may be open.
const MAX_DESCRIPTORS: usize = 1 << 16;

/// Descriptors that path_open gives are never below: the standard streams' numbers stay theirs.
const FIRST: u32 = 3;

/// A tree of a context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TreeId(pub(crate) usize);

/// What a number of the guest stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Descriptor {
    pub(crate) target: Target,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
    pub(crate) flags: Fdflags,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// The stream of this number that is read.
    Input,
    /// A stream that is written.
    Output(Stream),
    File {
        tree: TreeId,
        handle: Handle,
        offset: u64,
    },
    Directory {
        tree: TreeId,
        handle: Handle,
        /// The name under which it was opened for the guest.
        preopened: Option<String>,
    },
}

/// A standard stream that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stream {
    Out,
    Error,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Table {
    descriptors: BTreeMap<u32, Descriptor>,
}

impl Table {
    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor> {
        self.descriptors.get(&fd).ok_or(Errno::Badf)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor> {
        self.descriptors.get_mut(&fd).ok_or(Errno::Badf)
    }

    /// Puts a descriptor at a number; what was there is returned.
    pub(crate) fn put(&mut self, fd: u32, descriptor: Descriptor) -> Option<Descriptor> {
        self.descriptors.insert(fd, descriptor)
    }

    pub(crate) fn remove(&mut self, fd: u32) -> Result<Descriptor> {
        self.descriptors.remove(&fd).ok_or(Errno::Badf)
    }

    /// The number that the next descriptor gets.
    pub(crate) fn free(&self) -> Result<u32> {
        if self.descriptors.len() >= MAX_DESCRIPTORS {
            return Err(Errno::Mfile);
        }
        let used = self.descriptors.range(FIRST..).map(|(fd, _)| *fd);
        let gap = (FIRST..).zip(used).find(|(free, used)| free != used);
        let behind = || self.descriptors.keys().next_back().map_or(FIRST, |fd| FIRST.max(fd + 1));
        Ok(gap.map_or_else(behind, |(free, _)| free))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Descriptor)> {
        self.descriptors.iter().map(|(fd, descriptor)| (*fd, descriptor))
    }
}
