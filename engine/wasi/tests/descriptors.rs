//! Numbers of descriptors: which one comes next, how many there may be, and what they cost.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{CREAT, Guest, READ, RESULT, ROOT, both};
use stepwell_wasi::{DescriptorLimit, Errno, Function, MemoryTree};

fn renumber(guest: &mut Guest, from: u32, to: u32) -> Errno {
    guest.call(Function::FdRenumber, &[from.into(), to.into()])
}

#[test]
fn the_lowest_number_that_is_free_comes_next() {
    both(|guest| {
        guest.create("file", b"content");
        let open = |guest: &mut Guest| guest.open("file", 0).unwrap();
        guest.close(0).unwrap();
        assert_eq!([open(guest), open(guest), open(guest)], [0, 4, 5]);
        assert_eq!(guest.read(0, 3), Ok(b"con".to_vec()), "it is the file");
        for fd in [5, 2, 4, 1] {
            guest.close(fd).unwrap();
        }
        assert_eq!([open(guest), open(guest), open(guest)], [1, 2, 4]);

        // The number that is given up by being moved is free as well.
        assert_eq!(renumber(guest, 1, 4), Errno::Success);
        assert_eq!(guest.read(1, 1), Err(Errno::Badf));
        assert_eq!(guest.read(4, 1), Ok(b"c".to_vec()));
        assert_eq!(open(guest), 1);
        assert_eq!(renumber(guest, 2, 2), Errno::Success);
        assert_eq!([renumber(guest, 2, 9), renumber(guest, 9, 2)], [Errno::Badf; 2]);
        assert_eq!(open(guest), 5);

        // A directory among the streams, and files where a preopened directory was.
        assert_eq!(renumber(guest, ROOT, 0), Errno::Success);
        assert_eq!(guest.open_with(0, 0, "file", 0, READ, 0, 0), Ok(3));
        assert_eq!(guest.call(Function::FdPrestatGet, &[0, RESULT]), Errno::Success);
        let tree = guest.wasi.trees().next().unwrap();
        guest.close(2).unwrap();
        assert_eq!(guest.wasi.preopen(tree, "/again"), Ok(2));
    });
}

#[test]
fn there_are_no_more_than_allowed() {
    both(|guest| {
        guest.wasi.descriptor_limit(DescriptorLimit(6));
        assert_eq!([guest.open("a", CREAT), guest.open("a", 0)], [Ok(4), Ok(5)]);
        assert_eq!(guest.open("b", CREAT), Err(Errno::Mfile));
        assert_eq!(guest.stat(0, "b"), Err(Errno::Noent), "nothing is made that could not be told");
        let tree = guest.wasi.trees().next().unwrap();
        assert_eq!(guest.wasi.preopen(tree, "/again"), Err(Errno::Mfile));
        guest.close(4).unwrap();
        assert_eq!(guest.open("b", CREAT), Ok(4));
        guest.wasi.descriptor_limit(DescriptorLimit(2));
        assert_eq!(guest.read(5, 1), Ok(vec![]), "those that are open stay so");
        guest.close(4).unwrap();
        assert_eq!(guest.open("a", 0), Err(Errno::Mfile));
    });
}

#[test]
fn the_default_is_enough_for_programs() {
    let mut guest = Guest::in_memory();
    guest.create("file", b"");
    let DescriptorLimit(most) = DescriptorLimit::default();
    assert!((1 << 12..1 << 16).contains(&most));
    for fd in 4..most {
        assert_eq!(guest.open("file", 0), Ok(fd));
    }
    assert_eq!(guest.open("file", 0), Err(Errno::Mfile));
    let tree = guest.wasi.trees().next().unwrap();
    let files = guest.wasi.tree_as::<MemoryTree>(tree).unwrap();
    assert_eq!(files.open_handles(), most as usize - 3);
}

/// The shortest of a few times that `work` takes.
fn shortest(guest: &mut Guest, mut work: impl FnMut(&mut Guest)) -> Duration {
    let mut time = || {
        let begun = Instant::now();
        work(guest);
        begun.elapsed()
    };
    (0..5).map(|_| time()).min().unwrap()
}

/// Opens and closes once more what is open already, and files beside it.
fn use_some(guest: &mut Guest) {
    let fds: Vec<u32> = (0..200).map(|_| guest.open("file", 0).unwrap()).collect();
    for fd in fds {
        guest.stat(0, "dir/file").unwrap();
        guest.close(fd).unwrap();
    }
}

#[test]
fn what_is_open_does_not_slow_down_what_follows() {
    let mut guest = Guest::in_memory();
    guest.create("file", b"");
    guest.mkdir("dir").unwrap();
    guest.create("dir/file", b"");
    let few = shortest(&mut guest, use_some);
    for _ in 0..30_000 {
        guest.open("file", 0).unwrap();
    }
    let many = shortest(&mut guest, use_some);
    assert!(many < 10 * few, "{few:?} with few descriptors, {many:?} with many");
}
