//! What the system allows a process. A program of its own, since the limit is the process's.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Guest, ROOT};
use rustix::process::{Resource, getrlimit, setrlimit};
use stepwell_wasi::{Errno, Function};

#[test]
fn a_program_leaves_descriptors_to_its_embedder() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(256);
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut guest = Guest::native();
    guest.create("file", b"content");
    guest.mkdir("dir").unwrap();
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
}
