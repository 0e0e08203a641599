//! Rights: what is passed on, given up, and refused.
#![allow(clippy::unwrap_used)]

mod common;

use common::{CREAT, DATA, DIRECTORY, Guest, READ, RESULT, ROOT, TRUNC, WRITE, both};
use stepwell_wasi::{Errno, Function, MemoryTree, Rights, Wasi};

#[test]
fn reading_and_writing_have_to_be_asked_for() {
    both(|guest| {
        guest.create("file", b"content");
        let mut open = |base| {
            let fd = guest.open_with(ROOT, 0, "file", 0, base, 0, 0).unwrap();
            let rights = guest.fdstat(fd).unwrap().2;
            (rights & (READ | WRITE), guest.read(fd, 1).err(), guest.write(fd, b"x").err())
        };
        let refused = Some(Errno::Badf);
        assert_eq!(open(0), (READ, None, refused), "who asks for nothing reads");
        assert_eq!(open(Rights::FD_SEEK.0), (READ, None, refused));
        assert_eq!(open(READ), (READ, None, refused));
        assert_eq!(open(WRITE), (WRITE, refused, None));
        assert_eq!(open(READ | WRITE), (READ | WRITE, None, None));
        for (oflags, name) in [(CREAT, "new"), (CREAT, "file"), (TRUNC, "file")] {
            let mut open = |base| guest.open_with(ROOT, 0, name, oflags, base, 0, 0).unwrap();
            let (none, read) = (open(0), open(READ));
            assert_eq!(guest.write(none, b"written"), Ok(7), "{name} is created or emptied");
            assert_eq!(guest.pread(none, 7, 0), Ok(b"written".to_vec()));
            assert_eq!(guest.write(read, b"x"), Err(Errno::Badf), "{name} to be read only");
        }

        let fd = guest.open("file", 0).unwrap();
        let (kind, _, base, inheriting) = guest.fdstat(fd).unwrap();
        assert_eq!((kind, inheriting), (4, 0));
        assert_eq!(base & !Rights::FILE.0, 0, "a file has no rights of directories");
        let read_only = guest.open_with(ROOT, 0, "file", 0, READ, 0, 0).unwrap();
        let resize = [read_only.into(), 0];
        assert_eq!(guest.call(Function::FdFilestatSetSize, &resize), Errno::Notcapable);
        let allocate = [read_only.into(), 0, 100];
        assert_eq!(guest.call(Function::FdAllocate, &allocate), Errno::Notcapable);
    });
}

#[test]
fn what_is_given_up_is_gone() {
    both(|guest| {
        let fd = guest.open("file", CREAT).unwrap();
        guest.write(fd, b"abc").unwrap();
        let (.., base, inheriting) = guest.fdstat(fd).unwrap();
        assert_eq!(guest.set_rights(fd, base | Rights::PATH_OPEN.0, 0), Err(Errno::Notcapable));
        let less = base & !(READ | WRITE);
        guest.set_rights(fd, less, inheriting).unwrap();
        assert_eq!(guest.read(fd, 1), Err(Errno::Badf));
        assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
        assert_eq!(guest.pread(fd, 1, 0), Err(Errno::Badf));
        assert_eq!(guest.pwrite(fd, b"x", 0), Err(Errno::Badf));
        assert_eq!(guest.seek(fd, 0, 0), Ok(0));
        assert_eq!(guest.set_rights(fd, base, inheriting), Err(Errno::Notcapable));
        guest.set_rights(fd, less & !Rights::FD_SEEK.0, inheriting).unwrap();
        assert_eq!(guest.seek(fd, 0, 0), Err(Errno::Notcapable));
        let other = guest.open("file", 0).unwrap();
        let (.., base, _) = guest.fdstat(other).unwrap();
        guest.set_rights(other, base & !Rights::FD_SEEK.0, 0).unwrap();
        assert_eq!(guest.pread(other, 1, 0), Err(Errno::Notcapable));
        assert_eq!(guest.pwrite(other, b"x", 0), Err(Errno::Notcapable));
        assert_eq!(guest.read(other, 1), Ok(b"a".to_vec()));
        assert_eq!(guest.seek(fd, 0, 1), Ok(0), "telling is still allowed");
        assert_eq!(guest.set_rights(99, 0, 0), Err(Errno::Badf));
    });
}

#[test]
fn truncating_is_a_right_of_the_directory() {
    both(|guest| {
        guest.create("file", b"abc");
        let (kind, flags, base, inheriting) = guest.fdstat(ROOT).unwrap();
        assert_eq!((kind, flags), (3, 0));
        assert_eq!(base & Rights::FD_FILESTAT_SET_SIZE.0, 0);
        let truncate =
            |guest: &mut Guest| guest.open_with(ROOT, 0, "file", TRUNC, 0, 0, 0).map(|_| ());
        assert_eq!(truncate(guest), Ok(()));
        let inheriting = inheriting & !Rights::FD_FILESTAT_SET_SIZE.0;
        guest.set_rights(ROOT, base, inheriting).unwrap();
        assert_eq!(truncate(guest), Ok(()));
        let base = base & !Rights::PATH_FILESTAT_SET_SIZE.0;
        guest.set_rights(ROOT, base, inheriting).unwrap();
        assert_eq!(guest.fdstat(ROOT).unwrap().2, base);
        assert_eq!(truncate(guest), Err(Errno::Notcapable));
    });
}

#[test]
fn directories_pass_on_only_what_they_may() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        guest.create("dir/file", b"abc");
        let (.., base, inheriting) = guest.fdstat(ROOT).unwrap();
        guest.set_rights(ROOT, base, inheriting & !READ).unwrap();
        let fd = guest.open_with(ROOT, 0, "dir/file", 0, 0, 0, 0).unwrap();
        assert_eq!(guest.read(fd, 1), Err(Errno::Badf));
        let read = guest.open_with(ROOT, 0, "dir/file", 0, READ, 0, 0);
        assert_eq!(read, Err(Errno::Notcapable));
        let dir = guest.open_with(ROOT, 0, "dir", DIRECTORY, 0, 0, 0).unwrap();
        let read = guest.open_with(dir, 0, "file", 0, READ, 0, 0);
        assert_eq!(read, Err(Errno::Notcapable), "nor through a directory below");
        let sync = guest.open_with(ROOT, 0, "dir/file", 0, WRITE, 0, 16).unwrap();
        assert_eq!(guest.fdstat(sync).unwrap().1, 16);
        let (.., base, inheriting) = guest.fdstat(ROOT).unwrap();
        guest.set_rights(ROOT, base, inheriting & !Rights::FD_SYNC.0).unwrap();
        let sync = guest.open_with(ROOT, 0, "dir/file", 0, WRITE, 0, 16);
        assert_eq!(sync, Err(Errno::Notcapable));
    });
}

/// Each right of a directory, and a call that needs it.
#[test]
fn every_path_function_needs_its_right() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        guest.create("file", b"");
        guest.symlink("file", "link").unwrap();
        type Use = fn(&mut Guest) -> Result<(), Errno>;
        let uses: [(Rights, Use); 14] = [
            (Rights::PATH_CREATE_DIRECTORY, |guest| guest.mkdir("new")),
            (Rights::PATH_CREATE_FILE, |guest| guest.open("new", CREAT).map(|_| ())),
            (Rights::PATH_LINK_SOURCE, |guest| guest.link(0, "file", "new")),
            (Rights::PATH_LINK_TARGET, |guest| guest.link(0, "file", "new")),
            (Rights::PATH_OPEN, |guest| guest.open("file", 0).map(|_| ())),
            (Rights::FD_READDIR, |guest| guest.readdir(ROOT, 10, 0).map(|_| ())),
            (Rights::PATH_READLINK, |guest| guest.readlink("link", 10).map(|_| ())),
            (Rights::PATH_RENAME_SOURCE, |guest| guest.rename("file", "new")),
            (Rights::PATH_RENAME_TARGET, |guest| guest.rename("file", "new")),
            (Rights::PATH_FILESTAT_GET, |guest| guest.stat(0, "file").map(|_| ())),
            (Rights::PATH_FILESTAT_SET_TIMES, |guest| guest.set_times(0, "file", [0; 3])),
            (Rights::PATH_SYMLINK, |guest| guest.symlink("file", "new")),
            (Rights::PATH_REMOVE_DIRECTORY, |guest| guest.rmdir("dir")),
            (Rights::PATH_UNLINK_FILE, |guest| guest.unlink("file")),
        ];
        for (right, function) in uses {
            guest.close(ROOT).unwrap();
            let tree = guest.wasi.trees().next().unwrap();
            let base = Rights::DIRECTORY.without(right);
            let fd = guest.wasi.preopen_folder(tree, ".", "/", base, Rights::ALL);
            assert_eq!(fd, Ok(ROOT));
            assert_eq!(function(guest), Err(Errno::Notcapable), "without {right}");
        }
        guest.close(ROOT).unwrap();
        let tree = guest.wasi.trees().next().unwrap();
        guest.wasi.preopen(tree, "/").unwrap();
        assert_eq!(guest.names(ROOT, 4096), [".", "..", "dir", "file", "link"]);
        for (right, function) in [uses[4], uses[5], uses[6], uses[9], uses[10]] {
            assert_eq!(function(guest), Ok(()), "with {right}");
        }
    });
}

#[test]
fn the_strict_policy_gives_what_was_asked_for() {
    for guest in [Guest::in_memory(), Guest::native()] {
        let mut guest = guest.strict();
        let fd = guest.open_with(ROOT, 0, "file", CREAT, READ | WRITE, 0, 0).unwrap();
        assert_eq!(guest.fdstat(fd).unwrap().2, READ | WRITE);
        assert_eq!(guest.tell(fd), Err(Errno::Notcapable));
        assert_eq!(guest.fd_stat(fd), Err(Errno::Notcapable));
        let all = Rights::ALL.0;
        let dir = guest.open_with(ROOT, 0, ".", DIRECTORY, Rights::PATH_OPEN.0, READ, 0).unwrap();
        assert_eq!(guest.fdstat(dir).unwrap().2, Rights::PATH_OPEN.0);
        assert_eq!(guest.open_with(dir, 0, "file", 0, all, 0, 0), Err(Errno::Notcapable));
        assert_eq!(guest.open_with(dir, 0, "file", 0, READ, WRITE, 0), Err(Errno::Notcapable));
        let fd = guest.open_with(dir, 0, "file", 0, READ, 0, 0).unwrap();
        assert_eq!(guest.read(fd, 1), Ok(vec![]));
    }
}

#[test]
fn a_folder_can_be_protected() {
    let mut tree = MemoryTree::new();
    tree.add_file("shared/file", *b"abc").unwrap();
    tree.add_file("private", *b"abc").unwrap();
    let mut wasi = Wasi::new();
    let id = wasi.add_tree(tree);
    let (base, inheriting) = (Rights::READ_ONLY_DIRECTORY, Rights::READ_ONLY_FILE);
    assert_eq!(wasi.preopen_folder(id, "shared", "/data", base, inheriting), Ok(ROOT));
    assert_eq!(wasi.preopen_folder(id, "none", "/x", base, inheriting), Err(Errno::Noent));
    let other = wasi.add_tree(MemoryTree::new());
    let tmp = wasi.preopen(other, "/tmp").unwrap();
    let mut guest = Guest::of(wasi);
    // As programs ask that know nothing of rights.
    let asked = Rights::ALL.0 & !WRITE;
    let fd = guest.open_with(ROOT, 0, "file", 0, asked, u64::MAX, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"abc".to_vec()));
    assert_eq!(guest.open("file", 0), Err(Errno::Notcapable));
    assert_eq!(guest.open_with(ROOT, 0, "new", CREAT, READ, 0, 0), Err(Errno::Notcapable));
    assert_eq!(guest.unlink("file"), Err(Errno::Notcapable));
    assert_eq!(guest.stat(0, "../private"), Err(Errno::Perm));
    guest.open_with(tmp, 0, "a", CREAT, WRITE, 0, 0).unwrap();
    assert_eq!(guest.rename_at(tmp, "a", ROOT, "a"), Err(Errno::Notcapable));
    let third = guest.wasi.preopen(id, "/all").unwrap();
    assert_eq!(guest.rename_at(tmp, "a", third, "a"), Err(Errno::Xdev));
    assert_eq!(guest.link_at(tmp, 0, "a", third, "a"), Err(Errno::Xdev));
    assert_eq!(guest.rename_at(third, "private", third, "moved"), Ok(()));
    let one = guest.fd_stat(third).unwrap();
    let two = guest.fd_stat(tmp).unwrap();
    assert_ne!(one.device, two.device, "trees are told apart");
    assert_eq!(guest.call(Function::FdPrestatDirName, &[third.into(), DATA, 9]), Errno::Success);
    assert_eq!(guest.memory[DATA as usize..][..4], *b"/all");
    assert_eq!(guest.call(Function::FdPrestatGet, &[third.into(), RESULT]), Errno::Success);
    assert_eq!(guest.number(RESULT + 4, 4), 4);
}
