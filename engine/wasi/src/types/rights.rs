//! What may be done with a descriptor (*rights*).

use core::fmt;

use super::flags::flags;
use crate::errno::{Errno, Result};

flags! {
    /// What may be done with a descriptor.
    Rights(u64) {
        /// `fd_datasync`; `dsync` in `path_open`.
        FD_DATASYNC = 0 "fd_datasync",
        /// `fd_read`, `sock_recv`; with `FD_SEEK`, `fd_pread`.
        FD_READ = 1 "fd_read",
        /// `fd_seek`; includes `FD_TELL`.
        FD_SEEK = 2 "fd_seek",
        /// `fd_fdstat_set_flags`.
        FD_FDSTAT_SET_FLAGS = 3 "fd_fdstat_set_flags",
        /// `fd_sync`; `rsync` and `sync` in `path_open`.
        FD_SYNC = 4 "fd_sync",
        /// `fd_tell`, `fd_seek` that does not move.
        FD_TELL = 5 "fd_tell",
        /// `fd_write`, `sock_send`; with `FD_SEEK`, `fd_pwrite`.
        FD_WRITE = 6 "fd_write",
        /// `fd_advise`.
        FD_ADVISE = 7 "fd_advise",
        /// `fd_allocate`.
        FD_ALLOCATE = 8 "fd_allocate",
        /// `path_create_directory`.
        PATH_CREATE_DIRECTORY = 9 "path_create_directory",
        /// `creat` in `path_open`.
        PATH_CREATE_FILE = 10 "path_create_file",
        /// `path_link`, where the file is.
        PATH_LINK_SOURCE = 11 "path_link_source",
        /// `path_link`, where the link is to be.
        PATH_LINK_TARGET = 12 "path_link_target",
        /// `path_open`.
        PATH_OPEN = 13 "path_open",
        /// `fd_readdir`.
        FD_READDIR = 14 "fd_readdir",
        /// `path_readlink`.
        PATH_READLINK = 15 "path_readlink",
        /// `path_rename`, where the file is.
        PATH_RENAME_SOURCE = 16 "path_rename_source",
        /// `path_rename`, where it is to be.
        PATH_RENAME_TARGET = 17 "path_rename_target",
        /// `path_filestat_get`.
        PATH_FILESTAT_GET = 18 "path_filestat_get",
        /// `trunc` in `path_open`.
        PATH_FILESTAT_SET_SIZE = 19 "path_filestat_set_size",
        /// `path_filestat_set_times`.
        PATH_FILESTAT_SET_TIMES = 20 "path_filestat_set_times",
        /// `fd_filestat_get`.
        FD_FILESTAT_GET = 21 "fd_filestat_get",
        /// `fd_filestat_set_size`.
        FD_FILESTAT_SET_SIZE = 22 "fd_filestat_set_size",
        /// `fd_filestat_set_times`.
        FD_FILESTAT_SET_TIMES = 23 "fd_filestat_set_times",
        /// `path_symlink`.
        PATH_SYMLINK = 24 "path_symlink",
        /// `path_remove_directory`.
        PATH_REMOVE_DIRECTORY = 25 "path_remove_directory",
        /// `path_unlink_file`.
        PATH_UNLINK_FILE = 26 "path_unlink_file",
        /// `poll_oneoff`.
        POLL_FD_READWRITE = 27 "poll_fd_readwrite",
        /// `sock_shutdown`.
        SOCK_SHUTDOWN = 28 "sock_shutdown",
        /// `sock_accept`.
        SOCK_ACCEPT = 29 "sock_accept",
    }
}

impl Rights {
    /// What can be done with a file.
    pub const FILE: Self = Self(
        Self::FD_DATASYNC.0
            | Self::FD_READ.0
            | Self::FD_SEEK.0
            | Self::FD_FDSTAT_SET_FLAGS.0
            | Self::FD_SYNC.0
            | Self::FD_TELL.0
            | Self::FD_WRITE.0
            | Self::FD_ADVISE.0
            | Self::FD_ALLOCATE.0
            | Self::FD_FILESTAT_GET.0
            | Self::FD_FILESTAT_SET_SIZE.0
            | Self::FD_FILESTAT_SET_TIMES.0
            | Self::POLL_FD_READWRITE.0,
    );

    /// What can be done with a directory.
    pub const DIRECTORY: Self = Self(
        Self::PATH_CREATE_DIRECTORY.0
            | Self::PATH_CREATE_FILE.0
            | Self::PATH_LINK_SOURCE.0
            | Self::PATH_LINK_TARGET.0
            | Self::PATH_OPEN.0
            | Self::FD_READDIR.0
            | Self::PATH_READLINK.0
            | Self::PATH_RENAME_SOURCE.0
            | Self::PATH_RENAME_TARGET.0
            | Self::PATH_FILESTAT_GET.0
            | Self::PATH_FILESTAT_SET_SIZE.0
            | Self::PATH_FILESTAT_SET_TIMES.0
            | Self::FD_FILESTAT_GET.0
            | Self::FD_FILESTAT_SET_TIMES.0
            | Self::PATH_SYMLINK.0
            | Self::PATH_REMOVE_DIRECTORY.0
            | Self::PATH_UNLINK_FILE.0
            | Self::POLL_FD_READWRITE.0,
    );

    /// What can be done with a stream that is read.
    pub const INPUT: Self = Self(
        Self::FD_READ.0
            | Self::FD_FDSTAT_SET_FLAGS.0
            | Self::FD_FILESTAT_GET.0
            | Self::POLL_FD_READWRITE.0,
    );

    /// What can be done with a stream that is written.
    pub const OUTPUT: Self = Self(
        Self::FD_WRITE.0
            | Self::FD_FDSTAT_SET_FLAGS.0
            | Self::FD_FILESTAT_GET.0
            | Self::FD_DATASYNC.0
            | Self::FD_SYNC.0
            | Self::POLL_FD_READWRITE.0,
    );

    /// Rights for which a file has to be open for writing.
    pub(crate) const WRITING: Self =
        Self(Self::FD_WRITE.0 | Self::FD_ALLOCATE.0 | Self::FD_FILESTAT_SET_SIZE.0);

    /// A preopened directory that nothing may be changed in.
    pub const READ_ONLY_DIRECTORY: Self = Self(
        Self::PATH_OPEN.0
            | Self::FD_READDIR.0
            | Self::PATH_READLINK.0
            | Self::PATH_FILESTAT_GET.0
            | Self::FD_FILESTAT_GET.0
            | Self::POLL_FD_READWRITE.0,
    );

    /// What files in such a directory can be opened for.
    pub const READ_ONLY_FILE: Self = Self(
        Self::FD_READ.0
            | Self::FD_SEEK.0
            | Self::FD_TELL.0
            | Self::FD_FDSTAT_SET_FLAGS.0
            | Self::FD_ADVISE.0
            | Self::FD_FILESTAT_GET.0
            | Self::FD_SYNC.0
            | Self::FD_DATASYNC.0
            | Self::POLL_FD_READWRITE.0,
    );
}

/// Which rights a descriptor has that `path_open` made.
///
/// Rights are enforced either way: what the directory does not pass on cannot be had, what a descriptor lacks
/// or has given up with `fd_fdstat_set_rights` is [`Errno::Notcapable`] (reading and writing: [`Errno::Badf`]). The difference is what happens to
/// programs that ask for less than they use. They are many, since hosts that do not know rights let them be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RightsPolicy {
    /// Those that the directory passes on. Only reading and writing have to be asked for; who asks for neither
    /// means to read, and to write what is created or emptied.
    #[default]
    Inherited,
    /// Exactly those that were asked for, as the specification says.
    Requested,
}
