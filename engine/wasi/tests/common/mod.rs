//! A guest without code: calls as a program would make them, on both kinds of tree.
#![allow(dead_code, unreachable_pub)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use stepwell_engine::{ValType, Value};
use stepwell_wasi::types::FileType;
use stepwell_wasi::{
    CallerId, Errno, Function, MemoryTree, NativeTree, Outcome, Rights, RightsPolicy, Version, Wasi,
};

pub const ROOT: u32 = 3;
pub const CREAT: u64 = 1;
pub const DIRECTORY: u64 = 2;
pub const EXCL: u64 = 4;
pub const TRUNC: u64 = 8;
pub const FOLLOW: u64 = 1;
pub const APPEND: u64 = 1;
pub const READ: u64 = Rights::FD_READ.0;
pub const WRITE: u64 = Rights::FD_WRITE.0;

/// Where results go, and where strings and data begin.
pub const RESULT: u64 = 64;
pub const TEXT: u64 = 1024;
pub const MORE_TEXT: u64 = 8192;
pub const DATA: u64 = 16384;

/// A folder that is removed in the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Another process may have had this number, and have left its folder.
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("wasi-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => {
                    made.unwrap();
                    return Self(path);
                }
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub struct Guest {
    pub wasi: Wasi,
    pub memory: Vec<u8>,
    pub version: Version,
    folder: Option<Folder>,
}

/// Runs a scenario on a tree in memory and on a folder of the system.
pub fn both(scenario: impl Fn(&mut Guest)) {
    for mut guest in [Guest::in_memory(), Guest::native()] {
        scenario(&mut guest);
        let in_tree = [FileType::RegularFile, FileType::Directory];
        let open =
            guest.wasi.descriptors().iter().filter(|(_, ty, _)| in_tree.contains(ty)).count();
        let tree = guest.wasi.trees().next();
        let memory = tree.and_then(|tree| guest.wasi.tree_as::<MemoryTree>(tree));
        if let Some(tree) = memory {
            assert_eq!(tree.open_handles(), open, "a handle is left open");
        }
    }
}

impl Guest {
    pub fn of(wasi: Wasi) -> Self {
        Self { wasi, memory: vec![0; 1 << 16], version: Version::Preview1, folder: None }
    }

    pub fn in_memory() -> Self {
        let mut wasi = Wasi::new();
        let tree = wasi.add_tree(MemoryTree::new());
        assert_eq!(wasi.preopen(tree, "/"), Ok(ROOT));
        Self::of(wasi)
    }

    pub fn native() -> Self {
        let folder = Folder::new();
        let mut guest = Self::in_folder(&folder.0);
        guest.folder = Some(folder);
        guest
    }

    pub fn in_folder(path: &Path) -> Self {
        let mut wasi = Wasi::new();
        let tree = wasi.add_tree(NativeTree::open(path).unwrap());
        assert_eq!(wasi.preopen(tree, "/"), Ok(ROOT));
        Self::of(wasi)
    }

    pub fn strict(mut self) -> Self {
        self.wasi.rights_policy(RightsPolicy::Requested);
        self
    }

    pub fn is_native(&self) -> bool {
        self.folder.is_some()
    }

    /// Makes a call; numbers become arguments of the function's types.
    pub fn outcome(&mut self, function: Function, args: &[u64]) -> Outcome {
        let args = Self::values(function, args);
        self.wasi.call(function, self.version, &mut self.memory, &args)
    }

    /// The same, of one of several callers.
    pub fn outcome_of(&mut self, caller: u64, function: Function, args: &[u64]) -> Outcome {
        let args = Self::values(function, args);
        let (caller, version) = (CallerId(caller), self.version);
        self.wasi.call_of(caller, function, version, &mut self.memory, &args)
    }

    fn values(function: Function, args: &[u64]) -> Vec<Value> {
        let ty = function.ty();
        assert_eq!(args.len(), ty.params().len(), "{}", function.name());
        let value = |(ty, arg): (&ValType, &u64)| match ty {
            ValType::I64 => Value::I64(*arg as i64),
            _ => Value::I32(*arg as u32 as i32),
        };
        ty.params().iter().zip(args).map(value).collect()
    }

    pub fn call(&mut self, function: Function, args: &[u64]) -> Errno {
        match self.outcome(function, args) {
            Outcome::Return(errno) => errno,
            other => panic!("{} gives {other:?}", function.name()),
        }
    }

    fn done(&mut self, function: Function, args: &[u64]) -> Result<(), Errno> {
        match self.call(function, args) {
            Errno::Success => Ok(()),
            errno => Err(errno),
        }
    }

    pub fn put(&mut self, at: u64, bytes: &[u8]) -> u64 {
        self.memory[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
        bytes.len() as u64
    }

    pub fn number(&self, at: u64, len: usize) -> u64 {
        let bytes = self.memory[at as usize..at as usize + len].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn text(&mut self, text: &str) -> (u64, u64) {
        (TEXT, self.put(TEXT, text.as_bytes()))
    }

    fn more_text(&mut self, text: &str) -> (u64, u64) {
        (MORE_TEXT, self.put(MORE_TEXT, text.as_bytes()))
    }

    /// One buffer at [`DATA`].
    fn buffer(&mut self, len: u64) {
        let (at, len) = ((DATA as u32).to_le_bytes(), (len as u32).to_le_bytes());
        self.put(128, &at);
        self.put(132, &len);
    }

    #[allow(clippy::too_many_arguments)]
    pub fn open_with(
        &mut self,
        fd: u32,
        lookup: u64,
        path: &str,
        oflags: u64,
        base: u64,
        inheriting: u64,
        fdflags: u64,
    ) -> Result<u32, Errno> {
        let (at, len) = self.text(path);
        let args = [fd.into(), lookup, at, len, oflags, base, inheriting, fdflags, RESULT];
        self.done(Function::PathOpen, &args)?;
        Ok(self.number(RESULT, 4) as u32)
    }

    pub fn open(&mut self, path: &str, oflags: u64) -> Result<u32, Errno> {
        self.open_with(ROOT, 0, path, oflags, READ | WRITE, 0, 0)
    }

    pub fn open_directory(&mut self, fd: u32, path: &str) -> Result<u32, Errno> {
        self.open_with(fd, 0, path, DIRECTORY, READ, READ | WRITE, 0)
    }

    pub fn close(&mut self, fd: u32) -> Result<(), Errno> {
        self.done(Function::FdClose, &[fd.into()])
    }

    pub fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u64, Errno> {
        self.put(DATA, bytes);
        self.buffer(bytes.len() as u64);
        self.done(Function::FdWrite, &[fd.into(), 128, 1, RESULT])?;
        Ok(self.number(RESULT, 4))
    }

    pub fn pwrite(&mut self, fd: u32, bytes: &[u8], offset: u64) -> Result<u64, Errno> {
        self.put(DATA, bytes);
        self.buffer(bytes.len() as u64);
        self.done(Function::FdPwrite, &[fd.into(), 128, 1, offset, RESULT])?;
        Ok(self.number(RESULT, 4))
    }

    fn bytes(&self) -> Vec<u8> {
        let count = self.number(RESULT, 4) as usize;
        self.memory[DATA as usize..DATA as usize + count].to_vec()
    }

    pub fn read(&mut self, fd: u32, len: u64) -> Result<Vec<u8>, Errno> {
        self.buffer(len);
        self.done(Function::FdRead, &[fd.into(), 128, 1, RESULT])?;
        Ok(self.bytes())
    }

    pub fn pread(&mut self, fd: u32, len: u64, offset: u64) -> Result<Vec<u8>, Errno> {
        self.buffer(len);
        self.done(Function::FdPread, &[fd.into(), 128, 1, offset, RESULT])?;
        Ok(self.bytes())
    }

    pub fn seek(&mut self, fd: u32, offset: i64, whence: u64) -> Result<u64, Errno> {
        self.done(Function::FdSeek, &[fd.into(), offset as u64, whence, RESULT])?;
        Ok(self.number(RESULT, 8))
    }

    pub fn tell(&mut self, fd: u32) -> Result<u64, Errno> {
        self.done(Function::FdTell, &[fd.into(), RESULT])?;
        Ok(self.number(RESULT, 8))
    }

    /// A function of a descriptor and a path.
    pub fn at(&mut self, function: Function, path: &str) -> Result<(), Errno> {
        let (at, len) = self.text(path);
        self.done(function, &[ROOT.into(), at, len])
    }

    pub fn mkdir(&mut self, path: &str) -> Result<(), Errno> {
        self.at(Function::PathCreateDirectory, path)
    }

    pub fn rmdir(&mut self, path: &str) -> Result<(), Errno> {
        self.at(Function::PathRemoveDirectory, path)
    }

    pub fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        self.at(Function::PathUnlinkFile, path)
    }

    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), Errno> {
        let ((at, len), (path, path_len)) = (self.text(target), self.more_text(path));
        self.done(Function::PathSymlink, &[at, len, ROOT.into(), path, path_len])
    }

    pub fn link(&mut self, flags: u64, from: &str, to: &str) -> Result<(), Errno> {
        self.link_at(ROOT, flags, from, ROOT, to)
    }

    pub fn link_at(
        &mut self,
        fd: u32,
        flags: u64,
        from: &str,
        to_fd: u32,
        to: &str,
    ) -> Result<(), Errno> {
        let ((at, len), (to, to_len)) = (self.text(from), self.more_text(to));
        self.done(Function::PathLink, &[fd.into(), flags, at, len, to_fd.into(), to, to_len])
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        self.rename_at(ROOT, from, ROOT, to)
    }

    pub fn rename_at(&mut self, fd: u32, from: &str, to_fd: u32, to: &str) -> Result<(), Errno> {
        let ((at, len), (to, to_len)) = (self.text(from), self.more_text(to));
        self.done(Function::PathRename, &[fd.into(), at, len, to_fd.into(), to, to_len])
    }

    pub fn readlink(&mut self, path: &str, room: u64) -> Result<Vec<u8>, Errno> {
        let (at, len) = self.text(path);
        self.memory[DATA as usize..DATA as usize + 64].fill(0xee);
        self.done(Function::PathReadlink, &[ROOT.into(), at, len, DATA, room, RESULT])?;
        Ok(self.bytes())
    }

    pub fn stat(&mut self, lookup: u64, path: &str) -> Result<Stat, Errno> {
        let (at, len) = self.text(path);
        self.done(Function::PathFilestatGet, &[ROOT.into(), lookup, at, len, RESULT])?;
        Ok(self.stat_at_result())
    }

    pub fn fd_stat(&mut self, fd: u32) -> Result<Stat, Errno> {
        self.done(Function::FdFilestatGet, &[fd.into(), RESULT])?;
        Ok(self.stat_at_result())
    }

    fn stat_at_result(&self) -> Stat {
        let number = |offset| self.number(RESULT + offset, 8);
        Stat {
            device: number(0),
            inode: number(8),
            kind: self.memory[RESULT as usize + 16],
            links: number(24),
            size: number(32),
            accessed: number(40),
            modified: number(48),
        }
    }

    /// File type, flags, base and inheriting rights.
    pub fn fdstat(&mut self, fd: u32) -> Result<(u8, u64, u64, u64), Errno> {
        self.done(Function::FdFdstatGet, &[fd.into(), RESULT])?;
        let kind = self.memory[RESULT as usize];
        let (base, inheriting) = (self.number(RESULT + 8, 8), self.number(RESULT + 16, 8));
        Ok((kind, self.number(RESULT + 2, 2), base, inheriting))
    }

    pub fn set_rights(&mut self, fd: u32, base: u64, inheriting: u64) -> Result<(), Errno> {
        self.done(Function::FdFdstatSetRights, &[fd.into(), base, inheriting])
    }

    pub fn set_times(&mut self, lookup: u64, path: &str, times: [u64; 3]) -> Result<(), Errno> {
        let (at, len) = self.text(path);
        let [accessed, modified, flags] = times;
        let args = [ROOT.into(), lookup, at, len, accessed, modified, flags];
        self.done(Function::PathFilestatSetTimes, &args)
    }

    /// Writes a file anew.
    pub fn create(&mut self, path: &str, bytes: &[u8]) {
        let fd = self.open(path, CREAT | TRUNC).unwrap();
        assert_eq!(self.write(fd, bytes), Ok(bytes.len() as u64));
        self.close(fd).unwrap();
    }

    pub fn content(&mut self, path: &str) -> Result<Vec<u8>, Errno> {
        let fd = self.open_with(ROOT, FOLLOW, path, 0, READ, 0, 0)?;
        let bytes = self.read(fd, 4096);
        self.close(fd)?;
        bytes
    }

    /// Entries of one call: next, inode, name, type; and how much of the buffer was used.
    pub fn readdir(
        &mut self,
        fd: u32,
        room: u64,
        cookie: u64,
    ) -> Result<(Vec<Dirent>, u64), Errno> {
        self.done(Function::FdReaddir, &[fd.into(), DATA, room, cookie, RESULT])?;
        let used = self.number(RESULT, 4);
        let mut entries = Vec::new();
        let mut at = DATA;
        while at + 24 <= DATA + used {
            let name = at + 24..at + 24 + self.number(at + 16, 4);
            if name.end > DATA + used {
                break;
            }
            entries.push(Dirent {
                next: self.number(at, 8),
                inode: self.number(at + 8, 8),
                kind: self.memory[at as usize + 20],
                name: String::from_utf8(
                    self.memory[name.start as usize..name.end as usize].to_vec(),
                )
                .unwrap(),
            });
            at = name.end;
        }
        Ok((entries, used))
    }

    /// All names, sorted, however small the buffer.
    pub fn names(&mut self, fd: u32, room: u64) -> Vec<String> {
        let (mut names, mut cookie) = (Vec::new(), 0);
        loop {
            let (entries, used) = self.readdir(fd, room, cookie).unwrap();
            names.extend(entries.iter().map(|entry| entry.name.clone()));
            cookie = entries.last().map_or(cookie, |entry| entry.next);
            if used < room {
                names.sort();
                return names;
            }
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dirent {
    pub next: u64,
    pub inode: u64,
    pub kind: u8,
    pub name: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    pub device: u64,
    pub inode: u64,
    pub kind: u8,
    pub links: u64,
    pub size: u64,
    pub accessed: u64,
    pub modified: u64,
}
