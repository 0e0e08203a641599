//! File trees: what the functions need of one.
//!
//! A tree hands out [`Handle`]s to directories and files. Every name in this trait is that of *one* entry of
//! a directory, never a path, and nothing here follows a symbolic link: walking along paths, `..` and links is
//! the business of one place for all trees (`path.rs`), so that no tree can get it wrong.

mod memory;
#[cfg(all(feature = "native", not(all(target_arch = "wasm32", target_os = "unknown"))))]
pub mod native;
#[cfg(all(feature = "native", not(all(target_arch = "wasm32", target_os = "unknown"))))]
mod native_error;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::errno::Result;
use crate::types::{FileType, Filestat};

pub use memory::{Listed, MemoryTree};

/// Something that a tree has open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Handle(pub u32);

/// An entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Where listing goes on behind it.
    pub next: u64,
    /// Its name.
    pub name: String,
    /// Its inode.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
}

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenFile {
    /// It will be read.
    pub read: bool,
    /// It will be changed.
    pub write: bool,
    /// It is created; it must not exist.
    pub create: bool,
    /// It is emptied.
    pub truncate: bool,
}

/// A time that is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewTime {
    /// The present.
    Now,
    /// Nanoseconds since 1970.
    At(u64),
}

/// Which times are set, and to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NewTimes {
    /// The last access.
    pub accessed: Option<NewTime>,
    /// The last change of the content.
    pub modified: Option<NewTime>,
}

/// A tree of files. Names are single: not empty, not `.` or `..`, without `/` and NUL.
///
/// # Errors
/// Every operation fails as the call of the same meaning in POSIX does.
pub trait Tree: core::any::Any + Send {
    /// The time, in nanoseconds since 1970, that changes from now on carry. Trees with a clock ignore it.
    fn set_now(&mut self, _now: u64) {}

    /// Opens the directory that everything is in.
    fn open_root(&mut self) -> Result<Handle>;

    /// Opens the directory `at` once more.
    fn reopen(&mut self, at: Handle) -> Result<Handle>;

    /// Opens a directory; [`Errno::Notdir`](crate::Errno::Notdir) or [`Errno::Loop`](crate::Errno::Loop) for
    /// a symbolic link.
    fn open_directory(&mut self, at: Handle, name: &str) -> Result<Handle>;

    /// Opens a file, which must not be a symbolic link or a directory.
    fn open_file(&mut self, at: Handle, name: &str, how: OpenFile) -> Result<Handle>;

    /// Gives a handle back.
    fn close(&mut self, handle: Handle);

    /// What is known of what is open.
    fn stat(&mut self, handle: Handle) -> Result<Filestat>;

    /// What is known of an entry, of the link itself if it is one.
    fn stat_at(&mut self, at: Handle, name: &str) -> Result<Filestat>;

    /// Sets times of what is open.
    fn set_times(&mut self, handle: Handle, times: NewTimes) -> Result<()>;

    /// Sets times of an entry, of the link itself if it is one.
    fn set_times_at(&mut self, at: Handle, name: &str, times: NewTimes) -> Result<()>;

    /// Cuts a file off, or fills it up with zeros.
    fn set_size(&mut self, file: Handle, size: u64) -> Result<()>;

    /// Sees to it that a file is at least this long.
    fn allocate(&mut self, file: Handle, size: u64) -> Result<()>;

    /// Reads at a position; 0 at the end.
    fn read_at(&mut self, file: Handle, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Writes at a position, with zeros between the end and there.
    fn write_at(&mut self, file: Handle, offset: u64, bytes: &[u8]) -> Result<usize>;

    /// Writes at the end. Tells how many bytes, and where the end is then.
    fn append(&mut self, file: Handle, bytes: &[u8]) -> Result<(usize, u64)>;

    /// Makes what has been written last.
    fn sync(&mut self, file: Handle, data_only: bool) -> Result<()>;

    /// Entries from a cookie on, at most `most`; 0 is the beginning. `.` and `..` are among them. Listing goes
    /// on where it was, whatever has been added or removed.
    fn entries(&mut self, directory: Handle, cookie: u64, most: usize) -> Result<Vec<Entry>>;

    /// Makes a directory.
    fn create_directory(&mut self, at: Handle, name: &str) -> Result<()>;

    /// Removes an empty directory.
    fn remove_directory(&mut self, at: Handle, name: &str) -> Result<()>;

    /// Removes anything but a directory.
    fn remove_file(&mut self, at: Handle, name: &str) -> Result<()>;

    /// Gives what is no directory one more name.
    fn link(&mut self, from: Handle, name: &str, to: Handle, new_name: &str) -> Result<()>;

    /// Makes a symbolic link.
    fn symlink(&mut self, target: &str, at: Handle, name: &str) -> Result<()>;

    /// What a symbolic link says; [`Errno::Inval`](crate::Errno::Inval) for anything else.
    fn read_link(&mut self, at: Handle, name: &str) -> Result<String>;

    /// Moves an entry, over another one if that is of the same kind.
    fn rename(&mut self, from: Handle, name: &str, to: Handle, new_name: &str) -> Result<()>;

    /// A copy with the same handles, if this tree can be copied.
    fn try_clone(&self) -> Option<Box<dyn Tree>> {
        None
    }
}
