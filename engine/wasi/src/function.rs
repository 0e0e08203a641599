//! The functions of the interface: names, parameters, WebAssembly types.
//!
//! One table says everything that there is to know of a function's shape. A parameter of the specification
//! is one or two parameters in WebAssembly: a string is its address and its length.

use alloc::vec::Vec;

use stepwell_engine::{FuncType, ValType};

use crate::types::{Layout, Version};

/// What a parameter is, and so how it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A descriptor.
    Fd,
    /// A string in UTF-8: address and length.
    Path,
    /// A list of buffers that are filled: address and count of [`Layout::Iovec`].
    Iovecs,
    /// A list of buffers that are read: address and count of [`Layout::Iovec`].
    Ciovecs,
    /// Room that is filled: address and length.
    Buffer,
    /// Where a result is written.
    Result(Layout),
    /// Where pointers are written; how many, an earlier call has told.
    Pointers,
    /// Where bytes are written; how many, an earlier call has told.
    Bytes,
    /// Where records are read; their count is the parameter of this number.
    Subscriptions(usize),
    /// Where records are written; their count is the parameter of this number.
    Events(usize),
    /// A count.
    Count,
    /// A length or a position in a file.
    Filesize,
    /// A difference of positions.
    Filedelta,
    /// Nanoseconds.
    Timestamp,
    /// A place in a directory.
    Dircookie,
    /// [`ClockId`](crate::types::ClockId).
    Clock,
    /// [`Advice`](crate::types::Advice).
    Advice,
    /// [`Whence`](crate::types::Whence).
    Whence,
    /// A signal's number.
    Signal,
    /// An exit code.
    ExitCode,
    /// [`Rights`](crate::types::Rights).
    Rights,
    /// [`Lookupflags`](crate::types::Lookupflags).
    Lookupflags,
    /// [`Oflags`](crate::types::Oflags).
    Oflags,
    /// [`Fdflags`](crate::types::Fdflags).
    Fdflags,
    /// [`Fstflags`](crate::types::Fstflags).
    Fstflags,
    /// [`Riflags`](crate::types::Riflags).
    Riflags,
    /// Flags of `sock_send`, of which there are none.
    Siflags,
    /// [`Sdflags`](crate::types::Sdflags).
    Sdflags,
}

impl Kind {
    /// The parameters in WebAssembly.
    pub fn types(self) -> &'static [ValType] {
        match self {
            Self::Path | Self::Iovecs | Self::Ciovecs | Self::Buffer => {
                &[ValType::I32, ValType::I32]
            }
            Self::Filesize | Self::Filedelta | Self::Timestamp | Self::Dircookie | Self::Rights => {
                &[ValType::I64]
            }
            _ => &[ValType::I32],
        }
    }
}

/// A parameter: its name in the specification and what it is.
pub type Parameter = (&'static str, Kind);

macro_rules! functions {
    ($($variant:ident $name:literal ($($param:literal: $kind:expr),*);)*) => {
        /// A function of the interface.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Function {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Function {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name that modules import.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its parameters, in order. All but `proc_exit` return an errno.
            pub fn signature(self) -> &'static [Parameter] {
                match self { $(Self::$variant => &[$(($param, $kind)),*],)* }
            }
        }
    };
}

use Kind::Result as To;
use Layout::{Fdstat, Filestat, Prestat, U16, U32, U64};

functions! {
    ArgsGet "args_get" ("argv": Kind::Pointers, "argv_buf": Kind::Bytes);
    ArgsSizesGet "args_sizes_get" ("argc": To(U32), "argv_buf_size": To(U32));
    EnvironGet "environ_get" ("environ": Kind::Pointers, "environ_buf": Kind::Bytes);
    EnvironSizesGet "environ_sizes_get" ("environc": To(U32), "environ_buf_size": To(U32));
    ClockResGet "clock_res_get" ("id": Kind::Clock, "resolution": To(U64));
    ClockTimeGet "clock_time_get" ("id": Kind::Clock, "precision": Kind::Timestamp, "time": To(U64));
    FdAdvise "fd_advise" ("fd": Kind::Fd, "offset": Kind::Filesize, "len": Kind::Filesize, "advice": Kind::Advice);
    FdAllocate "fd_allocate" ("fd": Kind::Fd, "offset": Kind::Filesize, "len": Kind::Filesize);
    FdClose "fd_close" ("fd": Kind::Fd);
    FdDatasync "fd_datasync" ("fd": Kind::Fd);
    FdFdstatGet "fd_fdstat_get" ("fd": Kind::Fd, "stat": To(Fdstat));
    FdFdstatSetFlags "fd_fdstat_set_flags" ("fd": Kind::Fd, "flags": Kind::Fdflags);
    FdFdstatSetRights "fd_fdstat_set_rights" ("fd": Kind::Fd, "fs_rights_base": Kind::Rights, "fs_rights_inheriting": Kind::Rights);
    FdFilestatGet "fd_filestat_get" ("fd": Kind::Fd, "stat": To(Filestat));
    FdFilestatSetSize "fd_filestat_set_size" ("fd": Kind::Fd, "size": Kind::Filesize);
    FdFilestatSetTimes "fd_filestat_set_times" ("fd": Kind::Fd, "atim": Kind::Timestamp, "mtim": Kind::Timestamp, "fst_flags": Kind::Fstflags);
    FdPread "fd_pread" ("fd": Kind::Fd, "iovs": Kind::Iovecs, "offset": Kind::Filesize, "nread": To(U32));
    FdPrestatGet "fd_prestat_get" ("fd": Kind::Fd, "stat": To(Prestat));
    FdPrestatDirName "fd_prestat_dir_name" ("fd": Kind::Fd, "path": Kind::Buffer);
    FdPwrite "fd_pwrite" ("fd": Kind::Fd, "iovs": Kind::Ciovecs, "offset": Kind::Filesize, "nwritten": To(U32));
    FdRead "fd_read" ("fd": Kind::Fd, "iovs": Kind::Iovecs, "nread": To(U32));
    FdReaddir "fd_readdir" ("fd": Kind::Fd, "buf": Kind::Buffer, "cookie": Kind::Dircookie, "bufused": To(U32));
    FdRenumber "fd_renumber" ("fd": Kind::Fd, "to": Kind::Fd);
    FdSeek "fd_seek" ("fd": Kind::Fd, "offset": Kind::Filedelta, "whence": Kind::Whence, "newoffset": To(U64));
    FdSync "fd_sync" ("fd": Kind::Fd);
    FdTell "fd_tell" ("fd": Kind::Fd, "offset": To(U64));
    FdWrite "fd_write" ("fd": Kind::Fd, "iovs": Kind::Ciovecs, "nwritten": To(U32));
    PathCreateDirectory "path_create_directory" ("fd": Kind::Fd, "path": Kind::Path);
    PathFilestatGet "path_filestat_get" ("fd": Kind::Fd, "flags": Kind::Lookupflags, "path": Kind::Path, "stat": To(Filestat));
    PathFilestatSetTimes "path_filestat_set_times" ("fd": Kind::Fd, "flags": Kind::Lookupflags, "path": Kind::Path, "atim": Kind::Timestamp, "mtim": Kind::Timestamp, "fst_flags": Kind::Fstflags);
    PathLink "path_link" ("old_fd": Kind::Fd, "old_flags": Kind::Lookupflags, "old_path": Kind::Path, "new_fd": Kind::Fd, "new_path": Kind::Path);
    PathOpen "path_open" ("fd": Kind::Fd, "dirflags": Kind::Lookupflags, "path": Kind::Path, "oflags": Kind::Oflags, "fs_rights_base": Kind::Rights, "fs_rights_inheriting": Kind::Rights, "fdflags": Kind::Fdflags, "opened_fd": To(U32));
    PathReadlink "path_readlink" ("fd": Kind::Fd, "path": Kind::Path, "buf": Kind::Buffer, "bufused": To(U32));
    PathRemoveDirectory "path_remove_directory" ("fd": Kind::Fd, "path": Kind::Path);
    PathRename "path_rename" ("fd": Kind::Fd, "old_path": Kind::Path, "new_fd": Kind::Fd, "new_path": Kind::Path);
    PathSymlink "path_symlink" ("old_path": Kind::Path, "fd": Kind::Fd, "new_path": Kind::Path);
    PathUnlinkFile "path_unlink_file" ("fd": Kind::Fd, "path": Kind::Path);
    PollOneoff "poll_oneoff" ("in": Kind::Subscriptions(2), "out": Kind::Events(2), "nsubscriptions": Kind::Count, "nevents": To(U32));
    ProcExit "proc_exit" ("rval": Kind::ExitCode);
    ProcRaise "proc_raise" ("sig": Kind::Signal);
    RandomGet "random_get" ("buf": Kind::Buffer);
    SchedYield "sched_yield" ();
    SockAccept "sock_accept" ("fd": Kind::Fd, "flags": Kind::Fdflags, "accepted_fd": To(U32));
    SockRecv "sock_recv" ("fd": Kind::Fd, "ri_data": Kind::Iovecs, "ri_flags": Kind::Riflags, "ro_datalen": To(U32), "ro_flags": To(U16));
    SockSend "sock_send" ("fd": Kind::Fd, "si_data": Kind::Ciovecs, "si_flags": Kind::Siflags, "so_datalen": To(U32));
    SockShutdown "sock_shutdown" ("fd": Kind::Fd, "how": Kind::Sdflags);
}

impl Function {
    /// The function of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|function| function.name() == name)
    }

    /// Whether a version has it: `sock_accept` came with preview 1.
    pub fn is_in(self, version: Version) -> bool {
        self != Self::SockAccept || version == Version::Preview1
    }

    /// Its type in WebAssembly, the same in both versions.
    pub fn ty(self) -> FuncType {
        let params: Vec<ValType> =
            self.signature().iter().flat_map(|(_, kind)| kind.types()).copied().collect();
        let results = match self {
            Self::ProcExit => None,
            _ => Some(ValType::I32),
        };
        FuncType::new(params, results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_those_of_the_specification() {
        assert_eq!(Function::ALL.len(), 46);
        let ty = |name| Function::from_name(name).unwrap().ty().to_string();
        assert_eq!(ty("fd_write"), "(i32, i32, i32, i32) -> (i32)");
        assert_eq!(ty("path_open"), "(i32, i32, i32, i32, i32, i64, i64, i32, i32) -> (i32)");
        assert_eq!(ty("fd_readdir"), "(i32, i32, i32, i64, i32) -> (i32)");
        assert_eq!(ty("path_link"), "(i32, i32, i32, i32, i32, i32, i32) -> (i32)");
        assert_eq!(ty("fd_seek"), "(i32, i64, i32, i32) -> (i32)");
        assert_eq!(ty("path_filestat_set_times"), "(i32, i32, i32, i32, i64, i64, i32) -> (i32)");
        assert_eq!(ty("proc_exit"), "(i32) -> ()");
        assert_eq!(ty("sched_yield"), "() -> (i32)");
        assert_eq!(ty("sock_recv"), "(i32, i32, i32, i32, i32, i32) -> (i32)");
        assert_eq!(ty("poll_oneoff"), "(i32, i32, i32, i32) -> (i32)");
        assert_eq!(ty("fd_pread"), "(i32, i32, i32, i64, i32) -> (i32)");
        assert_eq!(ty("clock_time_get"), "(i32, i64, i32) -> (i32)");
    }
}
