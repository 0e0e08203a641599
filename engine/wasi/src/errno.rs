//! Error codes of WASI preview 1 (*errno*): number, name and meaning.

use core::fmt;

/// What an operation gives, or the error code that the guest sees.
pub type Result<T> = core::result::Result<T, Errno>;

macro_rules! errnos {
    ($($number:literal $variant:ident $name:literal $meaning:literal,)*) => {
        /// An error code; `Success` is 0.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, thiserror::Error)]
        #[repr(u16)]
        pub enum Errno {
            $(#[doc = $meaning] $variant = $number,)*
        }

        impl Errno {
            /// All of them, by number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the specification: `badf`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One line for people.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

errnos! {
    0 Success "success" "no error",
    1 TooBig "2big" "argument list too long",
    2 Acces "acces" "permission denied",
    3 Addrinuse "addrinuse" "address in use",
    4 Addrnotavail "addrnotavail" "address not available",
    5 Afnosupport "afnosupport" "address family not supported",
    6 Again "again" "nothing there yet, try again",
    7 Already "already" "connection already in progress",
    8 Badf "badf" "bad file descriptor",
    9 Badmsg "badmsg" "bad message",
    10 Busy "busy" "device or resource busy",
    11 Canceled "canceled" "operation canceled",
    12 Child "child" "no child processes",
    13 Connaborted "connaborted" "connection aborted",
    14 Connrefused "connrefused" "connection refused",
    15 Connreset "connreset" "connection reset",
    16 Deadlk "deadlk" "resource deadlock would occur",
    17 Destaddrreq "destaddrreq" "destination address required",
    18 Dom "dom" "argument out of the function's domain",
    19 Dquot "dquot" "disk quota exceeded",
    20 Exist "exist" "file exists",
    21 Fault "fault" "bad address: outside of the guest's memory",
    22 Fbig "fbig" "file too large",
    23 Hostunreach "hostunreach" "host is unreachable",
    24 Idrm "idrm" "identifier removed",
    25 Ilseq "ilseq" "illegal byte sequence: not UTF-8",
    26 Inprogress "inprogress" "operation in progress",
    27 Intr "intr" "interrupted",
    28 Inval "inval" "invalid argument",
    29 Io "io" "input/output error",
    30 Isconn "isconn" "socket is connected",
    31 Isdir "isdir" "is a directory",
    32 Loop "loop" "too many levels of symbolic links",
    33 Mfile "mfile" "too many open files",
    34 Mlink "mlink" "too many links",
    35 Msgsize "msgsize" "message too large",
    36 Multihop "multihop" "multihop attempted",
    37 Nametoolong "nametoolong" "name too long",
    38 Netdown "netdown" "network is down",
    39 Netreset "netreset" "connection aborted by network",
    40 Netunreach "netunreach" "network unreachable",
    41 Nfile "nfile" "too many files open in the system",
    42 Nobufs "nobufs" "no buffer space available",
    43 Nodev "nodev" "no such device",
    44 Noent "noent" "no such file or directory",
    45 Noexec "noexec" "executable file format error",
    46 Nolck "nolck" "no locks available",
    47 Nolink "nolink" "link has been severed",
    48 Nomem "nomem" "not enough space in memory",
    49 Nomsg "nomsg" "no message of the desired type",
    50 Noprotoopt "noprotoopt" "protocol not available",
    51 Nospc "nospc" "no space left on device",
    52 Nosys "nosys" "function not supported",
    53 Notconn "notconn" "socket is not connected",
    54 Notdir "notdir" "not a directory",
    55 Notempty "notempty" "directory not empty",
    56 Notrecoverable "notrecoverable" "state not recoverable",
    57 Notsock "notsock" "not a socket",
    58 Notsup "notsup" "not supported",
    59 Notty "notty" "not a terminal",
    60 Nxio "nxio" "no such device or address",
    61 Overflow "overflow" "value too large for its type",
    62 Ownerdead "ownerdead" "previous owner died",
    63 Perm "perm" "operation not permitted",
    64 Pipe "pipe" "broken pipe",
    65 Proto "proto" "protocol error",
    66 Protonosupport "protonosupport" "protocol not supported",
    67 Prototype "prototype" "wrong protocol type for the socket",
    68 Range "range" "result too large",
    69 Rofs "rofs" "read-only file system",
    70 Spipe "spipe" "invalid seek: not a file with positions",
    71 Srch "srch" "no such process",
    72 Stale "stale" "stale file handle",
    73 Timedout "timedout" "timed out",
    74 Txtbsy "txtbsy" "text file busy",
    75 Xdev "xdev" "link between different trees",
    76 Notcapable "notcapable" "the descriptor lacks the right for this",
}

impl Errno {
    /// The number that the guest receives.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The code of a number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Errno {
    /// `badf: bad file descriptor`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        assert_eq!(Errno::ALL.len(), 77);
        for (position, errno) in Errno::ALL.iter().enumerate() {
            assert_eq!(usize::from(errno.number()), position);
        }
        assert_eq!(Errno::from_number(44), Some(Errno::Noent));
        assert_eq!(Errno::from_number(77), None);
        assert_eq!(Errno::Badf.to_string(), "badf: bad file descriptor");
    }
}
