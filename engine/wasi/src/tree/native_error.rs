//! Errors of the system as error codes.

use std::io::{Error, ErrorKind};

use crate::errno::Errno;

pub(super) fn errno(error: &Error) -> Errno {
    by_code(error).unwrap_or_else(|| by_kind(error.kind()))
}

#[cfg(unix)]
fn by_code(error: &Error) -> Option<Errno> {
    use rustix::io::Errno as Code;
    Some(match Code::from_io_error(error)? {
        Code::ACCESS => Errno::Acces,
        Code::AGAIN => Errno::Again,
        Code::BADF => Errno::Badf,
        Code::BUSY => Errno::Busy,
        Code::DQUOT => Errno::Dquot,
        Code::EXIST => Errno::Exist,
        Code::FBIG => Errno::Fbig,
        Code::ILSEQ => Errno::Ilseq,
        Code::INTR => Errno::Intr,
        Code::INVAL => Errno::Inval,
        Code::IO => Errno::Io,
        Code::ISDIR => Errno::Isdir,
        Code::LOOP => Errno::Loop,
        Code::MFILE => Errno::Mfile,
        Code::MLINK => Errno::Mlink,
        Code::NAMETOOLONG => Errno::Nametoolong,
        Code::NFILE => Errno::Nfile,
        Code::NODEV => Errno::Nodev,
        Code::NOENT => Errno::Noent,
        Code::NOMEM => Errno::Nomem,
        Code::NOSPC => Errno::Nospc,
        Code::NOSYS => Errno::Nosys,
        Code::NOTDIR => Errno::Notdir,
        Code::NOTEMPTY => Errno::Notempty,
        Code::NOTSUP => Errno::Notsup,
        Code::NXIO => Errno::Nxio,
        Code::OVERFLOW => Errno::Overflow,
        Code::PERM => Errno::Perm,
        Code::PIPE => Errno::Pipe,
        Code::ROFS => Errno::Rofs,
        Code::SPIPE => Errno::Spipe,
        Code::STALE => Errno::Stale,
        Code::TXTBSY => Errno::Txtbsy,
        Code::XDEV => Errno::Xdev,
        _ => return None,
    })
}

#[cfg(not(unix))]
fn by_code(_: &Error) -> Option<Errno> {
    None
}

fn by_kind(kind: ErrorKind) -> Errno {
    match kind {
        ErrorKind::NotFound => Errno::Noent,
        // So says a capability of what leads out of it.
        ErrorKind::PermissionDenied => Errno::Perm,
        ErrorKind::AlreadyExists => Errno::Exist,
        ErrorKind::WouldBlock => Errno::Again,
        ErrorKind::NotADirectory => Errno::Notdir,
        ErrorKind::IsADirectory => Errno::Isdir,
        ErrorKind::DirectoryNotEmpty => Errno::Notempty,
        ErrorKind::ReadOnlyFilesystem => Errno::Rofs,
        ErrorKind::StaleNetworkFileHandle => Errno::Stale,
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => Errno::Inval,
        ErrorKind::InvalidData => Errno::Ilseq,
        ErrorKind::TimedOut => Errno::Timedout,
        ErrorKind::StorageFull => Errno::Nospc,
        ErrorKind::NotSeekable => Errno::Spipe,
        ErrorKind::QuotaExceeded => Errno::Dquot,
        ErrorKind::FileTooLarge => Errno::Fbig,
        ErrorKind::ResourceBusy => Errno::Busy,
        ErrorKind::ExecutableFileBusy => Errno::Txtbsy,
        ErrorKind::CrossesDevices => Errno::Xdev,
        ErrorKind::TooManyLinks => Errno::Mlink,
        ErrorKind::BrokenPipe => Errno::Pipe,
        ErrorKind::Unsupported => Errno::Notsup,
        ErrorKind::OutOfMemory => Errno::Nomem,
        ErrorKind::Interrupted => Errno::Intr,
        _ => Errno::Io,
    }
}
