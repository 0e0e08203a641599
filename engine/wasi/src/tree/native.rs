//! A folder of the system as a tree.
//!
//! Every operation goes through a capability of the directory that it happens in, with a single name and
//! without following links, so a tree ends where its folder ends whatever its links say and whoever changes
//! them meanwhile.

use std::ffi::OsString;
use std::fs::{File, FileTimes};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Component, Path};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_fs_ext::SystemTimeSpec;
use cap_fs_ext::{DirExt as _, FollowSymlinks, MetadataExt as _, OpenOptionsFollowExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions};

use super::native_error::errno;
use super::{Entry, Handle, NewTime, NewTimes, OpenFile, Tree};
use crate::errno::{Errno, Result};
use crate::slots::Slots;
use crate::types::{FileType, Filestat};

/// Descriptors of the process that are never a program's: the embedder goes on opening files.
const RESERVED: usize = 64;

/// A folder of the system.
///
/// It opens no more than the system allows the process, and leaves the embedder some: what is beyond is
/// [`Errno::Mfile`].
#[derive(Debug)]
pub struct NativeTree {
    root: Dir,
    opened: Slots<Opened>,
    most: usize,
}

#[derive(Debug)]
enum Opened {
    /// With the names as they were when listing began.
    Directory(Dir, Option<Vec<OsString>>),
    File(File),
}

impl NativeTree {
    /// The folder that a capability stands for.
    pub fn new(root: Dir) -> Self {
        Self { root, opened: Slots::default(), most: most_handles() }
    }

    /// The folder of a path of the system.
    ///
    /// # Errors
    /// If there is none, or it may not be read.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self::new(Dir::open_ambient_dir(path, ambient_authority())?))
    }

    /// Opens a further folder of the system in the same tree: files can be renamed and linked between the two
    /// then, as far as the system allows. To be [preopened](crate::Wasi::preopen_handle).
    ///
    /// # Errors
    /// If there is none, or it may not be read.
    pub fn open_further(&mut self, path: impl AsRef<Path>) -> io::Result<Handle> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(self.add(Opened::Directory(dir, None)))
    }

    /// Fails unless one more may be opened.
    fn check_room(&self) -> Result<()> {
        match self.opened.len() < self.most {
            true => Ok(()),
            false => Err(Errno::Mfile),
        }
    }

    fn add(&mut self, opened: Opened) -> Handle {
        Handle(self.opened.insert(opened))
    }

    fn directory(&self, handle: Handle) -> Result<&Dir> {
        match self.opened.get(handle.0) {
            Some(Opened::Directory(dir, _)) => Ok(dir),
            Some(Opened::File(_)) => Err(Errno::Notdir),
            None => Err(Errno::Badf),
        }
    }

    /// A directory, and the name of an entry if it can be one on this system.
    fn entry<'n>(&self, at: Handle, name: &'n str) -> Result<(&Dir, &'n str)> {
        let dir = self.directory(at)?;
        let mut parts = Path::new(name).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(part)), None) if part == name => Ok((dir, name)),
            _ => Err(Errno::Inval),
        }
    }

    fn file(&mut self, handle: Handle) -> Result<&mut File> {
        match self.opened.get_mut(handle.0) {
            Some(Opened::File(file)) => Ok(file),
            Some(Opened::Directory(..)) => Err(Errno::Isdir),
            None => Err(Errno::Badf),
        }
    }

    fn names(dir: &Dir) -> io::Result<Vec<OsString>> {
        dir.entries()?.map(|entry| Ok(entry?.file_name())).collect()
    }
}

/// How many descriptors a program may have of those that the system allows the process.
fn most_handles() -> usize {
    #[cfg(unix)]
    let allowed = {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
    };
    #[cfg(not(unix))]
    let allowed = usize::MAX;
    allowed.saturating_sub(RESERVED).max(allowed / 2)
}

/// Goes to a position; what has none stays where it is.
fn seek(file: &mut File, to: SeekFrom) -> Result<u64> {
    match file.seek(to).map_err(|error| errno(&error)) {
        Err(Errno::Spipe) => Ok(0),
        other => other,
    }
}

fn nanoseconds(time: io::Result<cap_std::time::SystemTime>) -> u64 {
    let since = time.ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or_default()
}

fn file_type(metadata: &Metadata) -> FileType {
    let file_type = metadata.file_type();
    if file_type.is_dir() {
        return FileType::Directory;
    }
    if file_type.is_symlink() {
        return FileType::SymbolicLink;
    }
    #[cfg(unix)]
    {
        use cap_std::fs::FileTypeExt as _;
        if file_type.is_char_device() {
            return FileType::CharacterDevice;
        }
        if file_type.is_block_device() {
            return FileType::BlockDevice;
        }
        if file_type.is_socket() {
            return FileType::SocketStream;
        }
    }
    match file_type.is_file() {
        true => FileType::RegularFile,
        false => FileType::Unknown,
    }
}

fn filestat(metadata: &Metadata) -> Filestat {
    let modified = nanoseconds(metadata.modified());
    #[cfg(unix)]
    let changed = {
        use cap_std::fs::MetadataExt as _;
        let (seconds, rest) = (metadata.ctime(), metadata.ctime_nsec());
        u64::try_from(seconds).unwrap_or_default().saturating_mul(1_000_000_000)
            + u64::try_from(rest).unwrap_or_default()
    };
    #[cfg(not(unix))]
    let changed = modified;
    Filestat {
        device: metadata.dev(),
        inode: metadata.ino(),
        file_type: file_type(metadata),
        links: metadata.nlink(),
        size: metadata.len(),
        accessed: nanoseconds(metadata.accessed()),
        modified,
        changed,
    }
}

fn system_time(time: NewTime) -> Result<SystemTime> {
    match time {
        NewTime::Now => Ok(SystemTime::now()),
        NewTime::At(at) => UNIX_EPOCH.checked_add(Duration::from_nanos(at)).ok_or(Errno::Inval),
    }
}

fn specification(time: NewTime) -> Result<SystemTimeSpec> {
    Ok(match time {
        NewTime::Now => SystemTimeSpec::SymbolicNow,
        NewTime::At(_) => {
            SystemTimeSpec::Absolute(cap_std::time::SystemTime::from_std(system_time(time)?))
        }
    })
}

impl Tree for NativeTree {
    fn open_root(&mut self) -> Result<Handle> {
        self.check_room()?;
        let dir = self.root.try_clone().map_err(|error| errno(&error))?;
        Ok(self.add(Opened::Directory(dir, None)))
    }

    fn reopen(&mut self, at: Handle) -> Result<Handle> {
        self.check_room()?;
        let dir = self.directory(at)?.try_clone().map_err(|error| errno(&error))?;
        Ok(self.add(Opened::Directory(dir, None)))
    }

    fn open_directory(&mut self, at: Handle, name: &str) -> Result<Handle> {
        self.check_room()?;
        let (dir, name) = self.entry(at, name)?;
        let dir = dir.open_dir_nofollow(name).map_err(|error| errno(&error))?;
        Ok(self.add(Opened::Directory(dir, None)))
    }

    fn open_file(&mut self, at: Handle, name: &str, how: OpenFile) -> Result<Handle> {
        if !how.create {
            match self.stat_at(at, name)?.file_type {
                FileType::RegularFile | FileType::CharacterDevice | FileType::BlockDevice => {}
                FileType::Directory => return Err(Errno::Isdir),
                FileType::SymbolicLink => return Err(Errno::Loop),
                // Opening a pipe would wait for its other end.
                FileType::Unknown | FileType::SocketDgram | FileType::SocketStream => {
                    return Err(Errno::Notsup);
                }
            }
        }
        self.check_room()?;
        let (dir, name) = self.entry(at, name)?;
        let write = how.write || how.create || how.truncate;
        let mut options = OpenOptions::new();
        options.read(how.read || !write).write(write).follow(FollowSymlinks::No);
        options.create_new(how.create).truncate(how.truncate);
        let file = dir.open_with(name, &options).map_err(|error| errno(&error))?;
        Ok(self.add(Opened::File(file.into_std())))
    }

    fn close(&mut self, handle: Handle) {
        self.opened.remove(handle.0);
    }

    fn stat(&mut self, handle: Handle) -> Result<Filestat> {
        let metadata = match self.opened.get(handle.0).ok_or(Errno::Badf)? {
            Opened::Directory(dir, _) => dir.dir_metadata(),
            Opened::File(file) => Metadata::from_file(file),
        };
        metadata.map(|metadata| filestat(&metadata)).map_err(|error| errno(&error))
    }

    fn stat_at(&mut self, at: Handle, name: &str) -> Result<Filestat> {
        let (dir, name) = self.entry(at, name)?;
        let metadata = dir.symlink_metadata(name).map_err(|error| errno(&error))?;
        Ok(filestat(&metadata))
    }

    fn set_times(&mut self, handle: Handle, times: NewTimes) -> Result<()> {
        if let Ok(dir) = self.directory(handle) {
            let accessed = times.accessed.map(specification).transpose()?;
            let modified = times.modified.map(specification).transpose()?;
            return dir.set_times(".", accessed, modified).map_err(|error| errno(&error));
        }
        let mut new = FileTimes::new();
        if let Some(time) = times.accessed {
            new = new.set_accessed(system_time(time)?);
        }
        if let Some(time) = times.modified {
            new = new.set_modified(system_time(time)?);
        }
        self.file(handle)?.set_times(new).map_err(|error| errno(&error))
    }

    fn set_times_at(&mut self, at: Handle, name: &str, times: NewTimes) -> Result<()> {
        let (dir, name) = self.entry(at, name)?;
        let accessed = times.accessed.map(specification).transpose()?;
        let modified = times.modified.map(specification).transpose()?;
        dir.set_symlink_times(name, accessed, modified).map_err(|error| errno(&error))
    }

    fn set_size(&mut self, file: Handle, size: u64) -> Result<()> {
        self.file(file)?.set_len(size).map_err(|error| errno(&error))
    }

    fn allocate(&mut self, file: Handle, size: u64) -> Result<()> {
        match self.stat(file)?.size < size {
            true => self.set_size(file, size),
            false => Ok(()),
        }
    }

    fn read_at(&mut self, file: Handle, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let file = self.file(file)?;
        seek(file, SeekFrom::Start(offset))?;
        let mut count = 0;
        while let Some(rest) = buffer.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if count > 0 => break,
                Err(error) => return Err(errno(&error)),
            }
        }
        Ok(count)
    }

    fn write_at(&mut self, file: Handle, offset: u64, bytes: &[u8]) -> Result<usize> {
        let file = self.file(file)?;
        seek(file, SeekFrom::Start(offset))?;
        write(file, bytes)
    }

    fn append(&mut self, file: Handle, bytes: &[u8]) -> Result<(usize, u64)> {
        let file = self.file(file)?;
        let end = seek(file, SeekFrom::End(0))?;
        let count = write(file, bytes)?;
        Ok((count, end + count as u64))
    }

    fn sync(&mut self, file: Handle, data_only: bool) -> Result<()> {
        let file = self.file(file)?;
        let synced = if data_only { file.sync_data() } else { file.sync_all() };
        synced.map_err(|error| errno(&error))
    }

    /// Names are those of when listing began, so that places among them stay what they are; entries that
    /// are gone since are left out.
    fn entries(&mut self, directory: Handle, cookie: u64, most: usize) -> Result<Vec<Entry>> {
        let own = self.stat(directory)?.inode;
        let (dir, listing) = match self.opened.get_mut(directory.0) {
            Some(Opened::Directory(dir, listing)) => (dir, listing),
            _ => return Err(Errno::Notdir),
        };
        if cookie == 0 {
            *listing = None;
        }
        let names = match listing {
            Some(names) => names,
            None => listing.insert(Self::names(dir).map_err(|error| errno(&error))?),
        };
        let mut entries = Vec::new();
        // What lies above the folder is not told.
        for (serial, name) in [".", ".."].into_iter().enumerate().skip(clamp(cookie)) {
            let (next, name) = (serial as u64 + 1, name.to_string());
            entries.push(Entry { next, name, inode: own, file_type: FileType::Directory });
        }
        let from = clamp(cookie.saturating_sub(2));
        for (position, name) in names.iter().enumerate().skip(from) {
            if entries.len() >= most {
                break;
            }
            let Ok(metadata) = dir.symlink_metadata(name) else { continue };
            let (next, name) = (position as u64 + 3, name.to_string_lossy().into_owned());
            let (inode, file_type) = (metadata.ino(), file_type(&metadata));
            entries.push(Entry { next, name, inode, file_type });
        }
        Ok(entries)
    }

    fn create_directory(&mut self, at: Handle, name: &str) -> Result<()> {
        let (dir, name) = self.entry(at, name)?;
        dir.create_dir(name).map_err(|error| errno(&error))
    }

    fn remove_directory(&mut self, at: Handle, name: &str) -> Result<()> {
        let (dir, name) = self.entry(at, name)?;
        dir.remove_dir(name).map_err(|error| errno(&error))
    }

    fn remove_file(&mut self, at: Handle, name: &str) -> Result<()> {
        let (dir, name) = self.entry(at, name)?;
        dir.remove_file_or_symlink(name).map_err(|error| errno(&error))
    }

    fn link(&mut self, from: Handle, name: &str, to: Handle, new_name: &str) -> Result<()> {
        let (from, name) = self.entry(from, name)?;
        let (to, new_name) = self.entry(to, new_name)?;
        from.hard_link(name, to, new_name).map_err(|error| errno(&error))
    }

    fn symlink(&mut self, target: &str, at: Handle, name: &str) -> Result<()> {
        let (dir, name) = self.entry(at, name)?;
        dir.symlink(target, name).map_err(|error| errno(&error))
    }

    fn read_link(&mut self, at: Handle, name: &str) -> Result<String> {
        let (dir, name) = self.entry(at, name)?;
        let target = dir.read_link_contents(name).map_err(|error| errno(&error))?;
        target.into_os_string().into_string().map_err(|_| Errno::Ilseq)
    }

    fn rename(&mut self, from: Handle, name: &str, to: Handle, new_name: &str) -> Result<()> {
        let (from, name) = self.entry(from, name)?;
        let (to, new_name) = self.entry(to, new_name)?;
        from.rename(name, to, new_name).map_err(|error| errno(&error))
    }
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn write(file: &mut File, bytes: &[u8]) -> Result<usize> {
    let mut count = 0;
    while let Some(rest) = bytes.get(count..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) if count > 0 => break,
            Err(error) => return Err(errno(&error)),
        }
    }
    Ok(count)
}
