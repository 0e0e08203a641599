//! What is done by path, on both kinds of tree.
#![allow(clippy::unwrap_used)]

mod common;

use common::{CREAT, DIRECTORY, EXCL, FOLLOW, READ, ROOT, TRUNC, WRITE, both};
use stepwell_wasi::Errno;

#[test]
fn paths_are_walked_as_posix_does() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        guest.mkdir("dir/nested/").unwrap();
        guest.create("dir/nested/file", b"x");
        let cases = [
            ("/dir/nested/file", Err(Errno::Perm)),
            ("dir/.//nested/../../dir/nested/../nested///./file", Ok(())),
            ("dir/nested/file\0", Err(Errno::Inval)),
            ("dir/nested/file/", Err(Errno::Notdir)),
            ("dir/nested/file///", Err(Errno::Notdir)),
            ("dir/nested/file/.", Err(Errno::Notdir)),
            ("dir/nested/file/..", Err(Errno::Notdir)),
            ("dir/nested/", Ok(())),
            ("dir/nested///", Ok(())),
            (".", Ok(())),
            ("./", Ok(())),
            ("dir/..", Ok(())),
            ("..", Err(Errno::Perm)),
            ("dir/nested/../../../dir", Err(Errno::Perm)),
            ("", Err(Errno::Noent)),
            ("none", Err(Errno::Noent)),
            ("none/../dir", Err(Errno::Noent)),
        ];
        for (path, expected) in cases {
            let opened = guest.open_with(ROOT, 0, path, 0, 0, 0, 0);
            assert_eq!(opened.map(|_| ()), expected, "{path:?}");
            if let Ok(fd) = opened {
                guest.close(fd).unwrap();
            }
        }
        let long = "x".repeat(300);
        assert_eq!(guest.open(&long, CREAT), Err(Errno::Nametoolong));
        assert_eq!(guest.mkdir(&"a/".repeat(2100)), Err(Errno::Nametoolong));
        let (at, len) = (common::TEXT, guest.put(common::TEXT, b"\xff\xfe"));
        let mkdir = stepwell_wasi::Function::PathCreateDirectory;
        assert_eq!(guest.call(mkdir, &[ROOT.into(), at, len]), Errno::Ilseq);
    });
}

#[test]
fn opening_obeys_its_flags() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        guest.create("file", b"content");
        let cases = [
            ("file", EXCL | CREAT, READ, Err(Errno::Exist)),
            ("dir", EXCL | CREAT, READ, Err(Errno::Exist)),
            ("dir", CREAT, READ, Err(Errno::Isdir)),
            ("dir", TRUNC, READ, Err(Errno::Isdir)),
            ("dir", 0, READ | WRITE, Err(Errno::Isdir)),
            (".", DIRECTORY, READ | WRITE, Err(Errno::Isdir)),
            ("dir", DIRECTORY, READ, Ok(())),
            ("dir", 0, READ, Ok(())),
            ("file", DIRECTORY, READ, Err(Errno::Notdir)),
            ("new", DIRECTORY | CREAT, READ, Err(Errno::Inval)),
            ("new/", CREAT, READ, Err(Errno::Isdir)),
            ("new", 0, READ, Err(Errno::Noent)),
            ("new", 0x10, READ, Err(Errno::Inval)),
            ("file", CREAT, READ, Ok(())),
            ("new", EXCL | CREAT, 0, Ok(())),
        ];
        for (path, oflags, base, expected) in cases {
            let opened = guest.open_with(ROOT, 0, path, oflags, base, 0, 0);
            assert_eq!(opened.map(|_| ()), expected, "{path:?} {oflags}");
            if let Ok(fd) = opened {
                guest.close(fd).unwrap();
            }
        }
        assert_eq!(guest.content("file"), Ok(b"content".to_vec()));
        assert_eq!(guest.content("new"), Ok(Vec::new()));
        let file = guest.open("file", 0).unwrap();
        let below = guest.open_with(file, 0, "foo", CREAT, 0, 0, 0);
        assert_eq!(below, Err(Errno::Notdir), "a file is no place to start from");
        assert_eq!(guest.open_with(99, 0, "foo", 0, 0, 0, 0), Err(Errno::Badf));
    });
}

#[test]
fn symbolic_links_are_followed_when_asked_for() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        guest.create("dir/file", b"inside");
        guest.symlink("dir/file", "to-file").unwrap();
        guest.symlink("dir", "to-dir").unwrap();
        guest.symlink("nothing", "dangling").unwrap();
        guest.symlink("loop", "loop").unwrap();
        guest.symlink("../dir/../dir/file", "dir/up").unwrap();

        let mut open = |lookup, path, oflags, expected: Result<(), Errno>| {
            let opened = guest.open_with(ROOT, lookup, path, oflags, READ, 0, 0);
            assert_eq!(opened.map(|_| ()), expected, "{path:?} {lookup} {oflags}");
            opened.is_ok_and(|fd| guest.close(fd).is_ok())
        };
        open(0, "to-file", 0, Err(Errno::Loop));
        open(0, "to-dir", 0, Err(Errno::Loop));
        open(0, "to-dir", DIRECTORY, Err(Errno::Notdir));
        open(0, "dangling", 0, Err(Errno::Loop));
        open(0, "dangling", DIRECTORY, Err(Errno::Notdir));
        open(0, "dangling", CREAT, Err(Errno::Loop));
        open(FOLLOW, "dangling", EXCL | CREAT, Err(Errno::Exist));
        open(FOLLOW, "dangling", 0, Err(Errno::Noent));
        open(FOLLOW, "to-file", 0, Ok(()));
        open(FOLLOW, "to-file", DIRECTORY, Err(Errno::Notdir));
        open(FOLLOW, "to-file/", 0, Err(Errno::Notdir));
        open(FOLLOW, "to-dir", DIRECTORY, Ok(()));
        open(0, "to-dir/", 0, Ok(()));
        open(0, "to-dir/file", 0, Ok(()));
        open(FOLLOW, "loop", 0, Err(Errno::Loop));
        open(0, "loop/x", 0, Err(Errno::Loop));
        open(FOLLOW, "dir/up", 0, Ok(()));
        open(0x2, "dir", 0, Err(Errno::Inval));

        assert_eq!(guest.content("to-dir/up"), Ok(b"inside".to_vec()));
        let made = guest.open_with(ROOT, FOLLOW, "dangling", CREAT, WRITE, 0, 0).unwrap();
        guest.write(made, b"made").unwrap();
        assert_eq!(guest.content("nothing"), Ok(b"made".to_vec()));

        // The parent of what a link leads to, not of the link.
        guest.mkdir("dir/sub").unwrap();
        guest.symlink("dir/sub", "deep").unwrap();
        guest.create("file", b"outside");
        assert_eq!(guest.content("deep/../file"), Ok(b"inside".to_vec()));
        assert_eq!(guest.content("deep/../../file"), Ok(b"outside".to_vec()));

        // A chain that is as long as it may be, and one that is longer.
        guest.create("chain0", b"end");
        for link in 1..=41 {
            guest.symlink(&format!("chain{}", link - 1), &format!("chain{link}")).unwrap();
        }
        assert_eq!(guest.content("chain40"), Ok(b"end".to_vec()));
        assert_eq!(guest.content("chain41"), Err(Errno::Loop));
    });
}

#[test]
fn symbolic_links_are_made_and_read() {
    both(|guest| {
        guest.symlink("target", "link").unwrap();
        assert_eq!(guest.readlink("link", 10), Ok(b"target".to_vec()));
        let behind = common::DATA as usize + 6..common::DATA as usize + 10;
        assert_eq!(guest.memory[behind], [0xee; 4], "what lies behind is left alone");
        assert_eq!(guest.readlink("link", 4), Ok(b"targ".to_vec()));
        guest.create("file", b"");
        assert_eq!(guest.readlink("file", 10), Err(Errno::Inval));
        assert_eq!(guest.readlink("none", 10), Err(Errno::Noent));
        assert_eq!(guest.readlink(".", 10), Err(Errno::Inval));

        guest.mkdir("dir").unwrap();
        assert_eq!(guest.symlink("/", "absolute"), Err(Errno::Perm));
        assert_eq!(guest.symlink("", "empty"), Err(Errno::Noent));
        assert_eq!(guest.symlink("source", "new/"), Err(Errno::Noent));
        assert_eq!(guest.symlink("source", "dir/"), Err(Errno::Exist));
        assert_eq!(guest.symlink("source", "dir"), Err(Errno::Exist));
        assert_eq!(guest.symlink("source", "file/"), Err(Errno::Notdir));
        assert_eq!(guest.symlink("source", "file"), Err(Errno::Exist));
        assert_eq!(guest.symlink("source", "link"), Err(Errno::Exist));
        assert_eq!(guest.symlink("source", "."), Err(Errno::Exist));
    });
}

#[test]
fn links_are_more_names_of_a_file() {
    both(|guest| {
        guest.create("file", b"one");
        guest.mkdir("dir").unwrap();
        guest.link(0, "file", "dir/link").unwrap();
        let (file, link) = (guest.stat(0, "file").unwrap(), guest.stat(0, "dir/link").unwrap());
        assert_eq!(file, link);
        assert_eq!(file.links, 2);
        let fd = guest.open("dir/link", TRUNC).unwrap();
        guest.write(fd, b"two").unwrap();
        assert_eq!(guest.content("file"), Ok(b"two".to_vec()));
        guest.unlink("file").unwrap();
        assert_eq!(guest.stat(0, "dir/link").unwrap().links, 1);
        assert_eq!(guest.content("dir/link"), Ok(b"two".to_vec()));

        guest.create("file", b"");
        assert_eq!(guest.link(0, "file", "file"), Err(Errno::Exist));
        assert_eq!(guest.link(0, "file", "dir"), Err(Errno::Exist));
        assert_eq!(guest.link(0, "file", "dir/link"), Err(Errno::Exist));
        assert_eq!(guest.link(0, "dir", "new"), Err(Errno::Perm));
        assert_eq!(guest.link(0, ".", "new"), Err(Errno::Perm));
        assert_eq!(guest.link(0, "file", "new/"), Err(Errno::Noent));
        assert_eq!(guest.link(0, "file/", "new"), Err(Errno::Notdir));
        assert_eq!(guest.link(0, "none", "new"), Err(Errno::Noent));
        assert_eq!(guest.link(FOLLOW, "file", "new"), Err(Errno::Inval));
        guest.symlink("nothing", "symlink").unwrap();
        assert_eq!(guest.link(0, "file", "symlink"), Err(Errno::Exist));
        guest.link(0, "symlink", "again").unwrap();
        assert_eq!(guest.readlink("again", 20), Ok(b"nothing".to_vec()));
    });
}

#[test]
fn renaming_replaces_only_what_is_alike() {
    both(|guest| {
        guest.mkdir("source").unwrap();
        guest.rename("source", "target").unwrap();
        assert_eq!(guest.stat(0, "source"), Err(Errno::Noent));
        guest.mkdir("source").unwrap();
        guest.rename("source", "target").unwrap();
        guest.mkdir("source").unwrap();
        guest.create("target/file", b"kept");
        assert_eq!(guest.rename("source", "target"), Err(Errno::Notempty));
        assert_eq!(guest.rename("source", "target/file"), Err(Errno::Notdir));
        assert_eq!(guest.rename("target/file", "source"), Err(Errno::Isdir));
        assert_eq!(guest.rename("target", "target/inner"), Err(Errno::Inval));
        assert_eq!(guest.rename("target", "target/../target/inner"), Err(Errno::Inval));
        assert_eq!(guest.rename("none", "other"), Err(Errno::Noent));
        assert_eq!(guest.rename(".", "other"), Err(Errno::Busy));
        assert_eq!(guest.content("target/file"), Ok(b"kept".to_vec()));

        guest.rename("source/", "moved").unwrap();
        guest.rename("moved", "source/").unwrap();
        guest.rename("source/", "moved/").unwrap();
        guest.rename("target/file", "file").unwrap();
        assert_eq!(guest.rename("file/", "other"), Err(Errno::Notdir));
        assert_eq!(guest.rename("file", "other/"), Err(Errno::Notdir));
        assert_eq!(guest.rename("file/", "other/"), Err(Errno::Notdir));
        guest.create("other", b"gone");
        guest.rename("file", "other").unwrap();
        assert_eq!(guest.content("other"), Ok(b"kept".to_vec()));
        guest.rename("other", "other").unwrap();
        guest.link(0, "other", "same").unwrap();
        guest.rename("other", "same").unwrap();
        assert_eq!(guest.content("other"), Ok(b"kept".to_vec()), "names of one file both stay");
        guest.symlink("other", "link").unwrap();
        guest.rename("link", "renamed").unwrap();
        assert_eq!(guest.readlink("renamed", 9), Ok(b"other".to_vec()));
        let names = guest.names(ROOT, 4096);
        assert_eq!(names, [".", "..", "moved", "other", "renamed", "same", "target"]);
    });
}

#[test]
fn files_and_directories_are_removed_each_their_way() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        guest.create("file", b"");
        guest.symlink("dir", "link").unwrap();
        assert_eq!(guest.mkdir("dir"), Err(Errno::Exist));
        assert_eq!(guest.mkdir("file"), Err(Errno::Exist));
        assert_eq!(guest.mkdir("link"), Err(Errno::Exist));
        assert_eq!(guest.mkdir("."), Err(Errno::Exist));
        assert_eq!(guest.mkdir("none/dir"), Err(Errno::Noent));
        assert_eq!(guest.unlink("dir"), Err(Errno::Isdir));
        assert_eq!(guest.unlink("dir/"), Err(Errno::Isdir));
        assert_eq!(guest.unlink("."), Err(Errno::Isdir));
        assert_eq!(guest.unlink("file/"), Err(Errno::Notdir));
        assert_eq!(guest.unlink("link/"), Err(Errno::Notdir));
        assert_eq!(guest.unlink("none"), Err(Errno::Noent));
        assert_eq!(guest.rmdir("file"), Err(Errno::Notdir));
        assert_eq!(guest.rmdir("file/"), Err(Errno::Notdir));
        assert_eq!(guest.rmdir("link"), Err(Errno::Notdir));
        assert_eq!(guest.rmdir("none"), Err(Errno::Noent));
        assert_eq!(guest.rmdir("."), Err(Errno::Inval));
        guest.create("dir/file", b"");
        assert_eq!(guest.rmdir("dir"), Err(Errno::Notempty));
        assert_eq!(guest.rmdir("dir/.."), Err(Errno::Notempty));
        guest.unlink("dir/file").unwrap();
        guest.unlink("link").unwrap();
        guest.unlink("file").unwrap();
        guest.rmdir("dir/").unwrap();
        assert_eq!(guest.names(ROOT, 4096), [".", ".."]);
    });
}

#[test]
fn what_is_open_outlives_its_name() {
    both(|guest| {
        let file = guest.open("file", CREAT).unwrap();
        guest.write(file, b"alive").unwrap();
        guest.unlink("file").unwrap();
        assert_eq!(guest.stat(0, "file"), Err(Errno::Noent));
        assert_eq!(guest.pread(file, 10, 0), Ok(b"alive".to_vec()));
        assert_eq!(guest.fd_stat(file).unwrap().links, 0);
        guest.create("file", b"other");
        assert_eq!(guest.pread(file, 10, 0), Ok(b"alive".to_vec()));

        guest.mkdir("dir").unwrap();
        let dir = guest.open_directory(ROOT, "dir").unwrap();
        guest.rmdir("dir").unwrap();
        assert_eq!(guest.open_with(dir, 0, "new", CREAT, WRITE, 0, 0), Err(Errno::Noent));
        guest.mkdir("dir").unwrap();
        assert_eq!(guest.open_with(dir, 0, "new", CREAT, WRITE, 0, 0), Err(Errno::Noent));
    });
}

#[test]
fn times_are_set_on_links_or_through_them() {
    both(|guest| {
        guest.create("file", b"");
        guest.symlink("file", "link").unwrap();
        let (file, link) = (guest.stat(0, "file").unwrap(), guest.stat(0, "link").unwrap());
        assert_eq!((file.kind, link.kind), (4, 7));
        let earlier = link.modified - 2_000_000;
        guest.set_times(0, "link", [0, earlier, 4]).unwrap();
        assert_eq!(guest.stat(0, "link").unwrap().modified, earlier);
        assert_eq!(guest.stat(0, "file").unwrap().modified, file.modified);
        assert_eq!(guest.stat(FOLLOW, "link").unwrap().modified, file.modified);
        guest.set_times(FOLLOW, "link", [77, 99, 4]).unwrap();
        let changed = guest.stat(0, "file").unwrap();
        assert_eq!((changed.modified, changed.accessed), (99, file.accessed));
        guest.set_times(0, ".", [5, 6, 5]).unwrap();
        let root = guest.stat(0, ".").unwrap();
        assert_eq!((root.accessed, root.modified, root.kind), (5, 6, 3));
        guest.set_times(0, "file", [0, 0, 8]).unwrap();
        assert!(guest.stat(0, "file").unwrap().modified > 99, "now is later");
        for flags in [3, 12, 15, 16] {
            assert_eq!(guest.set_times(0, "file", [0, 0, flags]), Err(Errno::Inval));
        }
        assert_eq!(guest.set_times(0, "file/", [0, 0, 1]), Err(Errno::Notdir));
        assert_eq!(guest.set_times(FOLLOW, "none", [0, 0, 1]), Err(Errno::Noent));
    });
}
