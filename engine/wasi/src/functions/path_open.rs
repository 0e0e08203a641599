//! Opening files and directories.

use super::Call;
use crate::descriptor::{Descriptor, Target};
use crate::errno::{Errno, Result};
use crate::path::{Final, Place, walk};
use crate::tree::{Handle, OpenFile, Tree};
use crate::types::{Fdflags, FileType, Oflags, Rights, RightsPolicy};

/// What has been opened.
enum Opened {
    File(Handle),
    Directory(Handle),
}

impl Call<'_> {
    pub(super) fn path_open(&mut self) -> Result<()> {
        let (fd, mut last, path) = (self.u32(0), self.lookup(1)?, self.path(2)?);
        let oflags = Oflags::from_number(self.u64(4))?;
        // Programs ask for all rights with all bits.
        let asked = Rights(self.u64(5)).intersection(Rights::ALL);
        let inheriting = Rights(self.u64(6)).intersection(Rights::ALL);
        let (flags, result) = (Fdflags::from_number(self.u64(7))?, self.u32(8));
        self.memory.check(result, 4)?;

        let creates = oflags.contains(Oflags::CREAT);
        let changes = Oflags::CREAT.union(Oflags::EXCL).union(Oflags::TRUNC);
        if oflags.contains(Oflags::DIRECTORY) && oflags.intersects(changes) {
            return Err(Errno::Inval);
        }
        if creates && oflags.contains(Oflags::EXCL) {
            last = Final::Keep;
        }
        let (tree, base) = self.directory(fd, needed(oflags))?;
        let passed_on = self.descriptor(fd)?.inheriting;
        let policy = self.wasi.policy;
        let requested = match policy {
            RightsPolicy::Requested => asked,
            RightsPolicy::Inherited => asked.union(implied(passed_on, asked, oflags)),
        };
        check_rights(policy, passed_on, requested, inheriting, flags)?;

        let writing = match policy {
            RightsPolicy::Inherited => Rights::FD_WRITE,
            RightsPolicy::Requested => Rights::WRITING,
        };
        let how = OpenFile {
            read: requested.contains(Rights::FD_READ),
            write: requested.intersects(writing),
            create: creates,
            truncate: oflags.contains(Oflags::TRUNC),
        };
        self.wasi.table.check_room()?;
        let files = self.wasi.tree(tree)?;
        let opened = walk(files, base, &path, last, |tree, place| open(tree, place, oflags, how))?;
        let descriptor = match opened {
            Opened::File(handle) => Descriptor {
                target: Target::File { tree, handle, offset: 0 },
                base: match policy {
                    RightsPolicy::Requested => requested.intersection(Rights::FILE),
                    RightsPolicy::Inherited => file_rights(passed_on, requested),
                },
                inheriting: Rights::NONE,
                flags,
            },
            Opened::Directory(handle) => {
                let (base, inheriting) = match policy {
                    RightsPolicy::Requested => (requested, inheriting),
                    RightsPolicy::Inherited => (passed_on, passed_on),
                };
                Descriptor {
                    target: Target::Directory { tree, handle, preopened: None },
                    base: base.intersection(Rights::DIRECTORY),
                    inheriting,
                    flags,
                }
            }
        };
        let new = self.wasi.table.add(descriptor);
        self.memory.write_u32(result, new)
    }
}

/// What the directory has to permit.
fn needed(oflags: Oflags) -> Rights {
    let mut rights = Rights::PATH_OPEN;
    if oflags.contains(Oflags::CREAT) {
        rights = rights.union(Rights::PATH_CREATE_FILE);
    }
    if oflags.contains(Oflags::TRUNC) {
        rights = rights.union(Rights::PATH_FILESTAT_SET_SIZE);
    }
    rights
}

/// What programs mean that ask neither for reading nor for writing: to read; and to write what they create or
/// empty. They come from hosts that do not look at rights.
fn implied(passed_on: Rights, asked: Rights, oflags: Oflags) -> Rights {
    let both = Rights::FD_READ.union(Rights::FD_WRITE);
    let implied = match oflags {
        _ if asked.intersects(both) => Rights::NONE,
        _ if oflags.intersects(Oflags::CREAT.union(Oflags::TRUNC)) => both,
        _ => Rights::FD_READ,
    };
    passed_on.intersection(implied)
}

/// Fails if more is asked for than the directory passes on.
fn check_rights(
    policy: RightsPolicy,
    passed_on: Rights,
    requested: Rights,
    inheriting: Rights,
    flags: Fdflags,
) -> Result<()> {
    let mut wanted = match policy {
        RightsPolicy::Requested => requested.union(inheriting),
        // Programs that know nothing of rights ask for all of them.
        RightsPolicy::Inherited => requested.intersection(Rights::FD_READ.union(Rights::FD_WRITE)),
    };
    if flags.contains(Fdflags::DSYNC) {
        wanted = wanted.union(Rights::FD_DATASYNC);
    }
    if flags.intersects(Fdflags::SYNC.union(Fdflags::RSYNC)) {
        wanted = wanted.union(Rights::FD_SYNC);
    }
    match passed_on.contains(wanted) {
        true => Ok(()),
        false => Err(Errno::Notcapable),
    }
}

/// Rights of a file by what the directory passes on: reading and writing are as they were asked for, and
/// what changes a file comes with writing.
fn file_rights(passed_on: Rights, requested: Rights) -> Rights {
    let mut withheld = Rights::NONE;
    if !requested.contains(Rights::FD_READ) {
        withheld = withheld.union(Rights::FD_READ);
    }
    if !requested.contains(Rights::FD_WRITE) {
        withheld = withheld.union(Rights::WRITING);
    }
    passed_on.intersection(Rights::FILE).without(withheld)
}

fn open(tree: &mut dyn Tree, place: &Place, oflags: Oflags, how: OpenFile) -> Result<Opened> {
    let exclusive = how.create && oflags.contains(Oflags::EXCL);
    let changes = how.create || how.truncate || how.write;
    let directory = place.slash || oflags.contains(Oflags::DIRECTORY);
    let Some(name) = &place.name else {
        return match (exclusive, changes) {
            (true, _) => Err(Errno::Exist),
            (false, true) => Err(Errno::Isdir),
            (false, false) => Ok(Opened::Directory(tree.reopen(place.at)?)),
        };
    };
    let file_type = match tree.stat_at(place.at, name) {
        Ok(stat) => stat.file_type,
        Err(Errno::Noent) if how.create && place.slash => return Err(Errno::Isdir),
        Err(Errno::Noent) if how.create => {
            return Ok(Opened::File(tree.open_file(place.at, name, how)?));
        }
        Err(error) => return Err(error),
    };
    match file_type {
        _ if exclusive => Err(Errno::Exist),
        FileType::Directory if changes => Err(Errno::Isdir),
        FileType::Directory => Ok(Opened::Directory(tree.open_directory(place.at, name)?)),
        _ if directory => Err(Errno::Notdir),
        FileType::SymbolicLink => Err(Errno::Loop),
        _ => {
            let how = OpenFile { create: false, ..how };
            Ok(Opened::File(tree.open_file(place.at, name, how)?))
        }
    }
}
