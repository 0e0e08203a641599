//! Types of the specification: flags, enumerations, and how records lie in memory.
//!
//! A set of flags is a number with names; reading one from the guest refuses bits without a name. The two
//! versions of the interface differ in a few numbers and layouts, which [`Version`] decides.

mod flags;
pub(crate) mod layout;
mod rights;

pub use flags::{Fdflags, Fstflags, Lookupflags, Oflags, Riflags, Sdflags, Subclockflags};
pub use layout::{Filestat, Layout};
pub use rights::{Rights, RightsPolicy};

use crate::errno::{Errno, Result};

/// A version of the interface, named by the module that functions are imported from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// `wasi_unstable`, also known as snapshot 0.
    Unstable,
    /// `wasi_snapshot_preview1`.
    Preview1,
}

impl Version {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Unstable, Self::Preview1];

    /// The name that modules import from.
    pub fn module_name(self) -> &'static str {
        match self {
            Self::Unstable => "wasi_unstable",
            Self::Preview1 => "wasi_snapshot_preview1",
        }
    }

    /// The version that a module name stands for.
    pub fn from_module_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.module_name() == name)
    }
}

macro_rules! enumeration {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)* }

        impl $name {
            /// The value of a number.
            ///
            /// # Errors
            /// [`Errno::Inval`] for one that has no meaning.
            pub fn from_number(number: u32) -> Result<Self> {
                match number { $($number => Ok(Self::$variant),)* _ => Err(Errno::Inval) }
            }

            /// The name in the specification.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

enumeration! {
    /// What a clock measures (*clockid*).
    ClockId {
        /// Time of day, since 1970.
        Realtime = 0 "realtime",
        /// Never goes back.
        Monotonic = 1 "monotonic",
        /// Time that the process has computed.
        ProcessCputime = 2 "process_cputime_id",
        /// Time that the thread has computed.
        ThreadCputime = 3 "thread_cputime_id",
    }
}

enumeration! {
    /// What a descriptor or a name refers to (*filetype*).
    FileType {
        /// Something else.
        Unknown = 0 "unknown",
        /// A block device.
        BlockDevice = 1 "block_device",
        /// A character device; with it a stream says that it is a terminal.
        CharacterDevice = 2 "character_device",
        /// A directory.
        Directory = 3 "directory",
        /// A regular file.
        RegularFile = 4 "regular_file",
        /// A datagram socket.
        SocketDgram = 5 "socket_dgram",
        /// A stream socket.
        SocketStream = 6 "socket_stream",
        /// A symbolic link.
        SymbolicLink = 7 "symbolic_link",
    }
}

enumeration! {
    /// How a file will be used (*advice*).
    Advice {
        /// Nothing special.
        Normal = 0 "normal",
        /// From lower to higher positions.
        Sequential = 1 "sequential",
        /// In no order.
        Random = 2 "random",
        /// Soon.
        Willneed = 3 "willneed",
        /// Not soon.
        Dontneed = 4 "dontneed",
        /// Once.
        Noreuse = 5 "noreuse",
    }
}

enumeration! {
    /// What happened, or is waited for (*eventtype*).
    EventType {
        /// A clock has reached a time.
        Clock = 0 "clock",
        /// A descriptor can be read.
        FdRead = 1 "fd_read",
        /// A descriptor can be written.
        FdWrite = 2 "fd_write",
    }
}

enumeration! {
    /// What a position is relative to (*whence*), by its numbers in preview 1.
    Whence {
        /// The beginning.
        Set = 0 "set",
        /// The present position.
        Cur = 1 "cur",
        /// The end.
        End = 2 "end",
    }
}

impl Whence {
    /// The value of a number; the versions count differently.
    ///
    /// # Errors
    /// [`Errno::Inval`] for one that has no meaning.
    pub fn of_version(version: Version, number: u32) -> Result<Self> {
        match (version, number) {
            (Version::Preview1, _) => Self::from_number(number),
            (Version::Unstable, 0) => Ok(Self::Cur),
            (Version::Unstable, 1) => Ok(Self::End),
            (Version::Unstable, 2) => Ok(Self::Set),
            (Version::Unstable, _) => Err(Errno::Inval),
        }
    }
}

/// Names of signals, by number (*signal*).
pub(crate) const SIGNALS: [&str; 31] = [
    "none", "hup", "int", "quit", "ill", "trap", "abrt", "bus", "fpe", "kill", "usr1", "segv",
    "usr2", "pipe", "alrm", "term", "chld", "cont", "stop", "tstp", "ttin", "ttou", "urg", "xcpu",
    "xfsz", "vtalrm", "prof", "winch", "poll", "pwr", "sys",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_whence_differently() {
        let of = |version| [0, 1, 2].map(|number| Whence::of_version(version, number).unwrap());
        assert_eq!(of(Version::Preview1), [Whence::Set, Whence::Cur, Whence::End]);
        assert_eq!(of(Version::Unstable), [Whence::Cur, Whence::End, Whence::Set]);
        assert_eq!(Whence::of_version(Version::Unstable, 3), Err(Errno::Inval));
    }
}
