//! Records as they lie in the guest's memory, in both versions.

use super::{EventType, FileType, Subclockflags, Version};
use crate::errno::{Errno, Result};
use crate::memory::Memory;

/// A record that a pointer of the guest leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// A byte.
    U8,
    /// A number of 16 bits.
    U16,
    /// A number of 32 bits: a size, a count, a descriptor.
    U32,
    /// A number of 64 bits: a timestamp, a position.
    U64,
    /// What is known of a descriptor.
    Fdstat,
    /// What is known of a file.
    Filestat,
    /// What is known of a preopened directory.
    Prestat,
    /// A buffer: its address and its length.
    Iovec,
    /// What a poll waits for.
    Subscription,
    /// What has happened.
    Event,
    /// An entry of a directory; its name follows.
    Dirent,
}

impl Layout {
    /// Size in bytes.
    pub fn size(self, version: Version) -> u32 {
        match (self, version) {
            (Self::U8, _) => 1,
            (Self::U16, _) => 2,
            (Self::U32, _) => 4,
            (Self::U64 | Self::Prestat | Self::Iovec, _) => 8,
            (Self::Fdstat | Self::Dirent, _) => 24,
            (Self::Filestat, Version::Unstable) => 56,
            (Self::Filestat, Version::Preview1) => 64,
            (Self::Subscription, Version::Unstable) => 56,
            (Self::Subscription, Version::Preview1) => 48,
            (Self::Event, _) => 32,
        }
    }

    /// What its address has to be a multiple of.
    pub fn alignment(self) -> u32 {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::Prestat | Self::Iovec => 4,
            Self::U64
            | Self::Fdstat
            | Self::Filestat
            | Self::Subscription
            | Self::Event
            | Self::Dirent => 8,
        }
    }

    /// The name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Fdstat => "fdstat",
            Self::Filestat => "filestat",
            Self::Prestat => "prestat",
            Self::Iovec => "iovec",
            Self::Subscription => "subscription",
            Self::Event => "event",
            Self::Dirent => "dirent",
        }
    }
}

/// What is known of a file. Times are nanoseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filestat {
    /// The device, which is the same for all files of a tree.
    pub device: u64,
    /// The number of the inode.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// How many names it has.
    pub links: u64,
    /// Size in bytes.
    pub size: u64,
    /// Last access.
    pub accessed: u64,
    /// Last change of the content.
    pub modified: u64,
    /// Last change of anything.
    pub changed: u64,
}

impl Filestat {
    pub(crate) fn write(&self, memory: &mut Memory<'_>, version: Version, at: u32) -> Result<()> {
        let mut bytes = [0; 64];
        let size = Layout::Filestat.size(version) as usize;
        put(&mut bytes, 0, &self.device.to_le_bytes());
        put(&mut bytes, 8, &self.inode.to_le_bytes());
        put(&mut bytes, 16, &[self.file_type as u8]);
        let rest = match version {
            Version::Unstable => {
                let links = u32::try_from(self.links).unwrap_or(u32::MAX);
                put(&mut bytes, 20, &links.to_le_bytes());
                24
            }
            Version::Preview1 => {
                put(&mut bytes, 24, &self.links.to_le_bytes());
                32
            }
        };
        let numbers = [self.size, self.accessed, self.modified, self.changed];
        for (position, number) in numbers.into_iter().enumerate() {
            put(&mut bytes, rest + 8 * position, &number.to_le_bytes());
        }
        memory.write(at, bytes.get(..size).ok_or(Errno::Fault)?)
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes.iter_mut().skip(at).zip(value).for_each(|(place, byte)| *place = *byte);
}

/// Size of an entry of a directory without its name.
pub(crate) const DIRENT: usize = 24;

/// An entry of a directory as `fd_readdir` writes it, without its name.
pub(crate) fn dirent(next: u64, inode: u64, name_len: u32, file_type: FileType) -> [u8; DIRENT] {
    let mut bytes = [0; DIRENT];
    put(&mut bytes, 0, &next.to_le_bytes());
    put(&mut bytes, 8, &inode.to_le_bytes());
    put(&mut bytes, 16, &name_len.to_le_bytes());
    put(&mut bytes, 20, &[file_type as u8]);
    bytes
}

/// What `poll_oneoff` waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Subscription {
    pub(crate) userdata: u64,
    pub(crate) kind: SubscriptionKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SubscriptionKind {
    /// The number of the clock is not checked yet.
    Clock { clock: u32, timeout: u64, absolute: bool },
    /// A descriptor, to be read or to be written.
    Descriptor { event: EventType, fd: u32 },
}

impl Subscription {
    /// Numbers that two subscriptions share only if they are alike.
    pub(crate) fn identity(&self) -> [u64; 3] {
        match self.kind {
            SubscriptionKind::Clock { clock, timeout, absolute } => {
                [self.userdata, timeout, u64::from(clock) << 1 | u64::from(absolute)]
            }
            SubscriptionKind::Descriptor { event, fd } => {
                [self.userdata, u64::MAX, u64::from(fd) << 8 | event as u64]
            }
        }
    }

    pub(crate) fn read(memory: &Memory<'_>, version: Version, at: u32) -> Result<Self> {
        memory.check(at, u64::from(Layout::Subscription.size(version)))?;
        // Every address below lies within what was checked.
        let event = EventType::from_number(u32::from(memory.read_u8(at + 8)?))?;
        let kind = match event {
            EventType::FdRead | EventType::FdWrite => {
                SubscriptionKind::Descriptor { event, fd: memory.read_u32(at + 16)? }
            }
            EventType::Clock => {
                // The older version has one more number before the clock's.
                let clock = match version {
                    Version::Unstable => at + 24,
                    Version::Preview1 => at + 16,
                };
                let flags = Subclockflags::from_number(memory.read_u16(clock + 24)?.into())?;
                SubscriptionKind::Clock {
                    clock: memory.read_u32(clock)?,
                    timeout: memory.read_u64(clock + 8)?,
                    absolute: flags.contains(Subclockflags::ABSTIME),
                }
            }
        };
        Ok(Self { userdata: memory.read_u64(at)?, kind })
    }
}

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    pub(crate) userdata: u64,
    pub(crate) error: Errno,
    pub(crate) event: EventType,
    pub(crate) bytes: u64,
    pub(crate) hangup: bool,
}

impl Event {
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        put(&mut bytes, 0, &self.userdata.to_le_bytes());
        put(&mut bytes, 8, &self.error.number().to_le_bytes());
        put(&mut bytes, 10, &[self.event as u8]);
        put(&mut bytes, 16, &self.bytes.to_le_bytes());
        put(&mut bytes, 24, &u16::from(self.hangup).to_le_bytes());
        bytes
    }
}
