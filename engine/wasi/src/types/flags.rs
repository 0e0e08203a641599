//! Sets of flags.

use core::fmt;

use crate::errno::{Errno, Result};

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident($ty:ty) { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $ty);

        impl $name {
            $($(#[$flag_doc])* pub const $flag: Self = Self(1 << $bit);)*

            /// Names of the flags, by bit.
            pub const NAMES: &[(Self, &str)] = &[$((Self::$flag, $text)),*];

            /// All that have a name.
            pub const ALL: Self = Self($(Self::$flag.0)|*);

            /// None.
            pub const NONE: Self = Self(0);

            /// The flags of a number.
            ///
            /// # Errors
            /// [`Errno::Inval`] if a bit has no name.
            pub fn from_number(number: u64) -> Result<Self> {
                let bits = <$ty>::try_from(number).map_err(|_| Errno::Inval)?;
                match bits & !Self::ALL.0 {
                    0 => Ok(Self(bits)),
                    _ => Err(Errno::Inval),
                }
            }

            /// Whether all of `other` are among them.
            pub fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any of `other` is among them.
            pub fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// These and the others.
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Those that both have.
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// These without the others.
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }

        impl fmt::Display for $name {
            /// `creat|trunc`; 0 if there are none, and bits without a name as a number.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut separator = "";
                for (_, name) in Self::NAMES.iter().filter(|(flag, _)| self.contains(*flag)) {
                    write!(f, "{separator}{name}")?;
                    separator = "|";
                }
                match self.0 & !Self::ALL.0 {
                    0 if self.0 == 0 => f.write_str("0"),
                    0 => Ok(()),
                    rest => write!(f, "{separator}0x{rest:x}"),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}
pub(crate) use flags;

flags! {
    /// How the last part of a path is looked up.
    Lookupflags(u32) {
        /// A symbolic link is followed.
        SYMLINK_FOLLOW = 0 "symlink_follow",
    }
}

flags! {
    /// How a file is opened.
    Oflags(u16) {
        /// It is created if it does not exist.
        CREAT = 0 "creat",
        /// It has to be a directory.
        DIRECTORY = 1 "directory",
        /// It must not exist.
        EXCL = 2 "excl",
        /// It is emptied.
        TRUNC = 3 "trunc",
    }
}

flags! {
    /// How an open descriptor behaves.
    Fdflags(u16) {
        /// Writes go to the end.
        APPEND = 0 "append",
        /// Each write is followed by a synchronisation of the data.
        DSYNC = 1 "dsync",
        /// What would wait gives [`Errno::Again`] instead.
        NONBLOCK = 2 "nonblock",
        /// Reads wait for writes.
        RSYNC = 3 "rsync",
        /// Each write is followed by a synchronisation.
        SYNC = 4 "sync",
    }
}

flags! {
    /// Which times are set, and to what.
    Fstflags(u16) {
        /// The time of the last access, to the one given.
        ATIM = 0 "atim",
        /// The time of the last access, to now.
        ATIM_NOW = 1 "atim_now",
        /// The time of the last change, to the one given.
        MTIM = 2 "mtim",
        /// The time of the last change, to now.
        MTIM_NOW = 3 "mtim_now",
    }
}

flags! {
    /// How a clock's timeout is meant.
    Subclockflags(u16) {
        /// As a reading of the clock; otherwise as time from now on.
        ABSTIME = 0 "subscription_clock_abstime",
    }
}

flags! {
    /// How a socket is read.
    Riflags(u16) {
        /// The message stays.
        RECV_PEEK = 0 "recv_peek",
        /// The buffer is filled.
        RECV_WAITALL = 1 "recv_waitall",
    }
}

flags! {
    /// Which directions of a socket are shut down.
    Sdflags(u8) {
        /// Receiving.
        RD = 0 "rd",
        /// Sending.
        WR = 1 "wr",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_names() {
        assert_eq!(Oflags(0b1001).to_string(), "creat|trunc");
        assert_eq!(Oflags(0).to_string(), "0");
        assert_eq!(Oflags(0b1_0001).to_string(), "creat|0x10");
        assert_eq!(Oflags::from_number(0x10), Err(Errno::Inval));
        assert_eq!(Oflags::from_number(0x1_0000), Err(Errno::Inval));
    }
}
