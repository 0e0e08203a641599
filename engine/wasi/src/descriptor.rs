//! The table of descriptors.

use alloc::string::String;

use crate::errno::{Errno, Result};
use crate::slots::Slots;
use crate::tree::Handle;
use crate::types::{Fdflags, Rights};

/// How many descriptors a program may have at a time, standard streams and preopened directories included.
/// Opening one more is [`Errno::Mfile`]. What the system allows a process is the business of
/// [trees](crate::Tree).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DescriptorLimit(pub u32);

impl Default for DescriptorLimit {
    /// More than programs expect: many systems allow 1,024.
    fn default() -> Self {
        Self(1 << 15)
    }
}

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
    descriptors: Slots<Descriptor>,
    pub(crate) limit: DescriptorLimit,
}

impl Table {
    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor> {
        self.descriptors.get(fd).ok_or(Errno::Badf)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor> {
        self.descriptors.get_mut(fd).ok_or(Errno::Badf)
    }

    /// Fails unless one more may be added. To be asked before anything is opened for it.
    pub(crate) fn check_room(&self) -> Result<()> {
        match self.descriptors.len() < self.limit.0 as usize {
            true => Ok(()),
            false => Err(Errno::Mfile),
        }
    }

    /// Adds a descriptor under the lowest number that is free, be it a standard stream's.
    pub(crate) fn add(&mut self, descriptor: Descriptor) -> u32 {
        self.descriptors.insert(descriptor)
    }

    pub(crate) fn remove(&mut self, fd: u32) -> Result<Descriptor> {
        self.descriptors.remove(fd).ok_or(Errno::Badf)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Descriptor)> {
        self.descriptors.iter()
    }
}
