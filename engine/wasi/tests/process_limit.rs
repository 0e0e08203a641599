//! What the system allows a process. A program of its own, since the limit is the process's.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Guest, ROOT};
use rustix::process::{Resource, getrlimit, setrlimit};
use stepwell_wasi::{Errno, Function};

#[test]
fn a_program_leaves_descriptors_to_its_embedder() {
    let usual = getrlimit(Resource::Nofile);
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(256);
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut guest = Guest::native();
    guest.create("file", b"content");
    guest.mkdir("dir").unwrap();

    // More parts than there may be descriptors, forwards and back.
    let deep = |depth| "d/".repeat(depth);
    for depth in 1..=400 {
        guest.mkdir(&deep(depth)).unwrap();
    }
    let root = guest.stat(0, "d").unwrap().inode;
    let path = format!("{}{}", deep(400), "../".repeat(399));
    assert_eq!(guest.stat(0, &path).map(|stat| stat.inode), Ok(root));
    guest.create(&format!("{}file", deep(400)), b"deep");
    let path = format!("{}{}{}file", deep(400), "../".repeat(300), deep(300));
    assert_eq!(guest.content(&path), Ok(b"deep".to_vec()));
    let path = format!("{}{}", deep(400), "../".repeat(401));
    assert_eq!(guest.stat(0, &path), Err(Errno::Perm));

    let mut opened = 0;
    let refused = loop {
        match guest.open("file", 0) {
            Ok(_) => opened += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, Errno::Mfile);
    assert!((150..200).contains(&opened), "{opened} files");
    assert_eq!(guest.stat(0, "dir/none"), Err(Errno::Mfile));
    let mut own = Vec::new();
    for _ in 0..32 {
        own.push(std::fs::File::open(std::env::current_exe().unwrap()).unwrap());
    }
    assert_eq!(guest.call(Function::FdClose, &[u64::from(ROOT) + 1]), Errno::Success);
    assert_eq!(guest.stat(0, "dir/none"), Err(Errno::Noent));
    assert_eq!(guest.open("file", 0), Ok(ROOT + 1));
    // The folder is too deep to be removed within it.
    setrlimit(Resource::Nofile, usual).unwrap();
}
