//! What is done with open files and directories, on both kinds of tree.
#![allow(clippy::unwrap_used)]

mod common;

use common::{APPEND, CREAT, DATA, FOLLOW, READ, RESULT, ROOT, TRUNC, WRITE, both};
use stepwell_wasi::{Errno, Function};

const SET: u64 = 0;
const CUR: u64 = 1;
const END: u64 = 2;

#[test]
fn positions_move_with_reads_and_writes() {
    both(|guest| {
        let fd = guest.open("file", CREAT).unwrap();
        assert_eq!(guest.tell(fd), Ok(0));
        assert_eq!(guest.write(fd, &[7; 100]), Ok(100));
        assert_eq!(guest.tell(fd), Ok(100));
        assert_eq!(guest.seek(fd, -50, CUR), Ok(50));
        assert_eq!(guest.read(fd, 20), Ok(vec![7; 20]));
        assert_eq!(guest.tell(fd), Ok(70));
        assert_eq!(guest.seek(fd, -10, END), Ok(90));
        assert_eq!(guest.read(fd, 20), Ok(vec![7; 10]));
        assert_eq!(guest.read(fd, 20), Ok(vec![]));
        assert_eq!(guest.seek(fd, 1000, CUR), Ok(1100));
        assert_eq!(guest.read(fd, 20), Ok(vec![]));
        assert_eq!(guest.seek(fd, -2000, CUR), Err(Errno::Inval));
        assert_eq!(guest.seek(fd, i64::MAX, CUR), Err(Errno::Inval));
        assert_eq!(guest.seek(fd, -1, SET), Err(Errno::Inval));
        assert_eq!(guest.seek(fd, 0, 3), Err(Errno::Inval));
        assert_eq!(guest.tell(fd), Ok(1100), "a seek that fails does not move");
        assert_eq!(guest.pwrite(fd, b"abc", 2), Ok(3));
        assert_eq!(guest.pread(fd, 5, 1), Ok(b"\x07abc\x07".to_vec()));
        assert_eq!(guest.tell(fd), Ok(1100));
        assert_eq!(guest.fd_stat(fd).unwrap().size, 100);
        assert_eq!(guest.write(fd, b"x"), Ok(1));
        assert_eq!(guest.pread(fd, 3, 1098), Ok(b"\0\0x".to_vec()));
        assert_eq!(guest.pwrite(fd, b"x", u64::MAX), Err(Errno::Fbig));
        assert_eq!(guest.pread(fd, 3, 1 << 40), Ok(vec![]));
    });
}

#[test]
fn buffers_are_filled_one_after_the_other() {
    both(|guest| {
        let fd = guest.open("file", CREAT).unwrap();
        guest.write(fd, b"abcdefgh").unwrap();
        guest.seek(fd, 0, SET).unwrap();
        for (at, (start, len)) in
            [(DATA, 3u32), (DATA + 100, 0), (DATA + 10, 20)].iter().enumerate()
        {
            guest.put(128 + 8 * at as u64, &(*start as u32).to_le_bytes());
            guest.put(132 + 8 * at as u64, &len.to_le_bytes());
        }
        let args = [fd.into(), 128, 3, RESULT];
        assert_eq!(guest.call(Function::FdRead, &args), Errno::Success);
        assert_eq!(guest.number(RESULT, 4), 8);
        let data = &guest.memory[DATA as usize..];
        assert_eq!((&data[..3], &data[10..15]), (&b"abc"[..], &b"defgh"[..]));
        assert_eq!(guest.call(Function::FdWrite, &args), Errno::Success);
        assert_eq!(guest.number(RESULT, 4), 23);
        assert_eq!(guest.pread(fd, 16, 8).unwrap()[..8], *b"abcdefgh");
    });
}

#[test]
fn appending_goes_to_the_end() {
    both(|guest| {
        let fd = guest.open_with(ROOT, 0, "file", CREAT, READ | WRITE, 0, APPEND).unwrap();
        assert_eq!(guest.fdstat(fd).unwrap().1, APPEND);
        guest.write(fd, b"ab").unwrap();
        guest.seek(fd, 0, SET).unwrap();
        guest.write(fd, b"cd").unwrap();
        assert_eq!(guest.tell(fd), Ok(4));
        guest.pwrite(fd, b"X", 50).unwrap();
        assert_eq!(guest.tell(fd), Ok(4), "a write with a position does not move it");
        assert_eq!(guest.content("file"), Ok(b"abcdX".to_vec()), "but appends, as on Linux");
        let set = |flags| [fd.into(), flags];
        assert_eq!(guest.call(Function::FdFdstatSetFlags, &set(0)), Errno::Success);
        assert_eq!(guest.fdstat(fd).unwrap().1, 0);
        guest.seek(fd, 1, SET).unwrap();
        guest.write(fd, b"YZ").unwrap();
        assert_eq!(guest.content("file"), Ok(b"aYZdX".to_vec()));
        assert_eq!(guest.call(Function::FdFdstatSetFlags, &set(0x20)), Errno::Inval);
        assert_eq!(guest.call(Function::FdFdstatSetFlags, &set(4 | 16)), Errno::Success);
        assert_eq!(guest.fdstat(fd).unwrap().1, 20);
        guest.write(fd, b"!").unwrap();
    });
}

#[test]
fn sizes_are_set() {
    both(|guest| {
        let fd = guest.open("file", CREAT).unwrap();
        let size = |guest: &mut common::Guest| guest.fd_stat(fd).unwrap().size;
        let allocate = |offset, len| [u64::from(fd), offset, len];
        assert_eq!(guest.call(Function::FdAllocate, &allocate(0, 100)), Errno::Success);
        assert_eq!(size(guest), 100);
        assert_eq!(guest.call(Function::FdAllocate, &allocate(10, 10)), Errno::Success);
        assert_eq!(size(guest), 100);
        assert_eq!(guest.call(Function::FdAllocate, &allocate(90, 20)), Errno::Success);
        assert_eq!(size(guest), 110);
        assert_eq!(guest.call(Function::FdAllocate, &allocate(0, 0)), Errno::Inval);
        assert_eq!(guest.call(Function::FdAllocate, &allocate(u64::MAX, 2)), Errno::Fbig);
        let set = |size| [u64::from(fd), size];
        assert_eq!(guest.call(Function::FdFilestatSetSize, &set(5)), Errno::Success);
        assert_eq!(size(guest), 5);
        assert_eq!(guest.call(Function::FdFilestatSetSize, &set(1 << 63)), Errno::Fbig);
        let advise = |len, advice| [u64::from(fd), 1, len, advice];
        assert_eq!(guest.call(Function::FdAdvise, &advise(3, 5)), Errno::Success);
        assert_eq!(guest.call(Function::FdAdvise, &advise(3, 6)), Errno::Inval);
        assert_eq!(guest.call(Function::FdAdvise, &advise(u64::MAX, 0)), Errno::Inval);
        assert_eq!(size(guest), 5);
        assert_eq!(guest.call(Function::FdSync, &[fd.into()]), Errno::Success);
        assert_eq!(guest.call(Function::FdDatasync, &[fd.into()]), Errno::Success);
        let other = guest.open_with(ROOT, 0, "file", TRUNC, 0, 0, 0).unwrap();
        assert_eq!(size(guest), 0, "emptied through another descriptor");
        guest.close(other).unwrap();
    });
}

#[test]
fn times_of_open_files_are_set() {
    both(|guest| {
        let fd = guest.open("file", CREAT).unwrap();
        let before = guest.fd_stat(fd).unwrap();
        let times = |times: [u64; 3]| [u64::from(fd), times[0], times[1], times[2]];
        let set = Function::FdFilestatSetTimes;
        assert_eq!(guest.call(set, &times([5, 1_000_000_007, 4])), Errno::Success);
        let after = guest.fd_stat(fd).unwrap();
        assert_eq!((after.accessed, after.modified), (before.accessed, 1_000_000_007));
        assert_eq!(guest.call(set, &times([5, 6, 3])), Errno::Inval);
        assert_eq!(guest.call(set, &times([5, 6, 12])), Errno::Inval);
        assert_eq!(guest.fd_stat(fd), Ok(after), "what is refused changes nothing");
        assert_eq!(guest.call(set, &times([5, 6, 1 | 8])), Errno::Success);
        let after = guest.fd_stat(fd).unwrap();
        assert_eq!(after.accessed, 5);
        assert!(after.modified > 1_000_000_007);
        let dir = guest.open_directory(ROOT, ".").unwrap();
        assert_eq!(guest.call(set, &[dir.into(), 8, 9, 5]), Errno::Success);
        assert_eq!(guest.fd_stat(dir).unwrap().modified, 9);
    });
}

#[test]
fn directories_are_no_files() {
    both(|guest| {
        let fd = u64::from(guest.open_directory(ROOT, ".").unwrap());
        let calls: [(Function, &[u64]); 12] = [
            (Function::FdRead, &[fd, 128, 0, RESULT]),
            (Function::FdWrite, &[fd, 128, 0, RESULT]),
            (Function::FdPread, &[fd, 128, 0, 0, RESULT]),
            (Function::FdPwrite, &[fd, 128, 0, 0, RESULT]),
            (Function::FdSeek, &[fd, 0, CUR, RESULT]),
            (Function::FdTell, &[fd, RESULT]),
            (Function::FdAdvise, &[fd, 0, 0, 0]),
            (Function::FdAllocate, &[fd, 0, 0]),
            (Function::FdDatasync, &[fd]),
            (Function::FdSync, &[fd]),
            (Function::FdFdstatSetFlags, &[fd, 4]),
            (Function::FdFilestatSetSize, &[fd, 0]),
        ];
        for (function, args) in calls {
            assert_eq!(guest.call(function, args), Errno::Badf, "{}", function.name());
        }
        let file = guest.open("file", CREAT).unwrap();
        assert_eq!(guest.readdir(file, 100, 0), Err(Errno::Notdir));
    });
}

#[test]
fn descriptors_are_closed_and_renumbered() {
    both(|guest| {
        let (one, two) = (guest.open("one", CREAT).unwrap(), guest.open("two", CREAT).unwrap());
        assert!(one > 3 && two > one);
        guest.write(one, b"one").unwrap();
        let renumber = |from: u32, to: u32| [u64::from(from), to.into()];
        assert_eq!(guest.call(Function::FdRenumber, &renumber(one, two)), Errno::Success);
        assert_eq!(guest.close(one), Err(Errno::Badf));
        assert_eq!(guest.pread(two, 9, 0), Ok(b"one".to_vec()));
        assert_eq!(guest.call(Function::FdRenumber, &renumber(two, one)), Errno::Badf);
        assert_eq!(guest.call(Function::FdRenumber, &renumber(two, two)), Errno::Success);
        assert_eq!(guest.pread(two, 9, 0), Ok(b"one".to_vec()));
        for stream in 0..3 {
            let fd = guest.open("file", CREAT).unwrap();
            assert_eq!(guest.call(Function::FdRenumber, &renumber(stream, fd)), Errno::Success);
            assert!(guest.fdstat(fd).is_ok());
            assert_eq!(guest.fdstat(stream), Err(Errno::Badf));
        }
        let dir = guest.open_directory(ROOT, ".").unwrap();
        let stat = guest.fd_stat(dir).unwrap();
        assert_eq!(guest.call(Function::FdRenumber, &renumber(dir, ROOT)), Errno::Success);
        assert_eq!(guest.fd_stat(ROOT), Ok(stat));
        let prestat = [ROOT.into(), RESULT];
        assert_eq!(guest.call(Function::FdPrestatGet, &prestat), Errno::Badf);
        guest.close(ROOT).unwrap();
        assert_eq!(guest.fdstat(ROOT), Err(Errno::Badf));
    });
}

#[test]
fn preopened_directories_have_names() {
    both(|guest| {
        assert_eq!(guest.call(Function::FdPrestatGet, &[3, RESULT]), Errno::Success);
        assert_eq!((guest.number(RESULT, 4), guest.number(RESULT + 4, 4)), (0, 1));
        guest.memory[DATA as usize] = 0xee;
        let name = |len| [3, DATA, len];
        assert_eq!(guest.call(Function::FdPrestatDirName, &name(0)), Errno::Nametoolong);
        assert_eq!(guest.call(Function::FdPrestatDirName, &name(2)), Errno::Success);
        assert_eq!(guest.memory[DATA as usize..][..2], *b"/\0");
        for fd in [0, 4] {
            assert_eq!(guest.call(Function::FdPrestatGet, &[fd, RESULT]), Errno::Badf);
        }
        let dir = guest.open_directory(ROOT, ".").unwrap();
        assert_eq!(guest.call(Function::FdPrestatGet, &[dir.into(), RESULT]), Errno::Badf);
    });
}

#[test]
fn listing_goes_on_where_it_was() {
    both(|guest| {
        guest.mkdir("dir").unwrap();
        let dir = guest.open_directory(ROOT, "dir").unwrap();
        let inode = guest.fd_stat(dir).unwrap().inode;
        let (entries, used) = guest.readdir(dir, 4096, 0).unwrap();
        assert_eq!(used, 24 + 1 + 24 + 2);
        assert_eq!((entries[0].name.as_str(), entries[0].kind, entries[0].inode), (".", 3, inode));
        assert_eq!((entries[1].name.as_str(), entries[1].kind), ("..", 3));

        for number in 0..300 {
            guest.create(&format!("dir/file.{number}"), b"");
        }
        let mut expected: Vec<String> = (0..300).map(|number| format!("file.{number}")).collect();
        expected.extend([".".to_string(), "..".to_string()]);
        expected.sort();
        for room in [40, 256, 1000, 4096] {
            assert_eq!(guest.names(dir, room), expected, "with a buffer of {room}");
        }

        let (entries, _) = guest.readdir(dir, 4096, 0).unwrap();
        let stat = guest.stat(FOLLOW, &format!("dir/{}", entries[5].name)).unwrap();
        assert_eq!((entries[5].inode, entries[5].kind), (stat.inode, 4));
        let (again, _) = guest.readdir(dir, 4096, entries[2].next).unwrap();
        assert_eq!(again[..5], entries[3..8]);

        // Entries that come and go do not move the others.
        let cookie = entries[9].next;
        let (rest, _) = guest.readdir(dir, 4096, cookie).unwrap();
        guest.unlink(&format!("dir/{}", entries[4].name)).unwrap();
        guest.unlink(&format!("dir/{}", rest[0].name)).unwrap();
        guest.create("dir/another", b"");
        let (after, _) = guest.readdir(dir, 4096, cookie).unwrap();
        assert_eq!(after[..20], rest[1..21]);
        let names = guest.names(dir, 256);
        assert!(names.contains(&"another".to_string()));
        assert_eq!(names.len(), 302 - 2 + 1);
        assert_eq!(guest.readdir(dir, 4096, u64::MAX).unwrap().1, 0);
        // The last entry is cut off where the buffer ends.
        assert_eq!(guest.readdir(dir, 30, 0).unwrap().1, 30);
        assert_eq!(guest.readdir(dir, 0, 0).unwrap().1, 0);
    });
}
