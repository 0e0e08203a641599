//! Calls with arguments that no compiler makes. None may panic, hang, or take more than the tree may hold.
#![allow(clippy::unwrap_used)]

mod common;

#[path = "../../fuzz/calls.rs"]
mod calls;

use std::fs;

use common::{Folder, Guest, ROOT};
use stepwell_engine::{ValType, Value};
use stepwell_wasi::{
    Buffer, Errno, FixedClock, Function, MemoryTree, Outcome, Version, Wasi, signature,
};

const LIMIT: u64 = 1 << 20;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }

    /// A number that is likely to be an edge of something.
    fn number(&mut self, size: u64) -> u64 {
        match self.roll(8) {
            0 => self.pick(&[0, 1, size - 1, size, size + 1, size - 8]),
            1 => self.pick(&[u64::from(u32::MAX), u64::MAX, 1 << 31, 1 << 63, i64::MAX as u64]),
            2 => self.roll(u64::MAX >> 12),
            3 => self.roll(size),
            4 => self.roll(64) * 8,
            _ => self.roll(12),
        }
    }
}

const PATHS: [&str; 14] = [
    "a",
    "b",
    "a/b",
    "a/../b",
    "..",
    ".",
    "/",
    "b/",
    "a/a/a",
    "link",
    "link/x",
    "../outside/secret",
    "",
    "a\0b",
];

/// Puts paths and lists of buffers where arguments are likely to point.
fn season(dice: &mut Dice, memory: &mut [u8]) {
    let size = memory.len() as u64;
    for place in 0..16 {
        let path = dice.pick(&PATHS);
        memory[place * 8..][..path.len().min(8)]
            .copy_from_slice(&path.as_bytes()[..path.len().min(8)]);
    }
    for place in 16..64 {
        let number = dice.number(size) as u32;
        memory[place * 8..][..4].copy_from_slice(&number.to_le_bytes());
        let number = dice.number(size) as u32;
        memory[place * 8 + 4..][..4].copy_from_slice(&number.to_le_bytes());
    }
}

fn storm(guest: &mut Guest, dice: &mut Dice, calls: u32) {
    for call in 0..calls {
        if call % 64 == 0 {
            season(dice, &mut guest.memory);
        }
        let size = guest.memory.len() as u64;
        let function = dice.pick(Function::ALL);
        let version = dice.pick(&Version::ALL);
        let ty = function.ty();
        let mut args: Vec<Value> = ty
            .params()
            .iter()
            .map(|ty| match (ty, dice.number(size)) {
                (ValType::I64, number) => Value::I64(number as i64),
                (_, number) => Value::I32(number as u32 as i32),
            })
            .collect();
        // Half of the calls that open something are meant to.
        if function == Function::PathOpen && dice.roll(2) == 0 {
            let path = dice.roll(16) as i32 * 8;
            let flags = dice.roll(16) as i32;
            args = [ROOT as i32, 1, path, 1 + dice.roll(3) as i32, flags].map(Value::I32).to_vec();
            args.extend([Value::I64(-1), Value::I64(-1), Value::I32(0), Value::I32(1024)]);
        }
        let before = signature::describe(function, version, &args, &guest.memory);
        assert_eq!(before.len(), function.signature().len());
        match guest.wasi.call(function, version, &mut guest.memory, &args) {
            Outcome::Return(errno) => {
                signature::describe_results(function, version, &args, &guest.memory);
                signature::describe_result(function, errno);
            }
            Outcome::Exit(_) | Outcome::Pending => {}
            Outcome::Trap(message) => panic!("{message}"),
        }
        assert_eq!(guest.memory.len() as u64, size);
        // So that some are left.
        if guest.fdstat(ROOT).is_err() {
            let tree = guest.wasi.trees().next().unwrap();
            let _ = guest.wasi.preopen(tree, "/");
        }
    }
}

fn context() -> Wasi {
    let mut wasi = Wasi::new();
    wasi.args(["a"]).env("b", "c").stdin(Buffer::new()).clock(FixedClock::default());
    wasi.stdout(Buffer::new().limited(1 << 16)).stderr(Buffer::new().limited(1 << 16));
    wasi
}

#[test]
fn no_arguments_break_a_tree_in_memory() {
    for seed in 1..=4 {
        let mut wasi = context();
        let tree = wasi.add_tree(MemoryTree::with_limit(LIMIT));
        wasi.preopen(tree, "/").unwrap();
        let mut guest = Guest::of(wasi);
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        for _ in 0..20 {
            storm(&mut guest, &mut dice, 1_000);
            let files = guest.wasi.tree_as::<MemoryTree>(tree).unwrap();
            let (used, limit) = files.usage();
            assert!(used <= limit && limit == LIMIT);
        }
        // Everything that was charged is given back.
        for (fd, ..) in guest.wasi.descriptors() {
            guest.close(fd).unwrap();
        }
        let files = guest.wasi.tree_as::<MemoryTree>(tree).unwrap();
        assert_eq!(files.open_handles(), 0);
        assert!(!files.list().is_empty(), "something was made");
        while let Some(first) = files.list().first() {
            let path = first.path.clone();
            files.remove(&path).unwrap();
        }
        assert_eq!(files.usage().0, 0);
    }
}

#[test]
fn no_arguments_break_a_folder() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("outside")).unwrap();
    fs::create_dir_all(folder.0.join("inside")).unwrap();
    fs::write(folder.0.join("outside/secret"), "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside", folder.0.join("inside/link")).unwrap();
    let mut guest = Guest::in_folder(&folder.0.join("inside"));
    guest.wasi.stdin(Buffer::new());
    guest.wasi.stdout(Buffer::new().limited(1 << 16)).stderr(Buffer::new().limited(1 << 16));
    storm(&mut guest, &mut Dice(77), 6_000);
    assert_eq!(fs::read(folder.0.join("outside/secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(folder.0.join("outside")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[test]
fn a_tree_in_memory_is_bounded() {
    let mut wasi = context();
    let tree = wasi.add_tree(MemoryTree::with_limit(10_000));
    wasi.preopen(tree, "/").unwrap();
    let mut guest = Guest::of(wasi);
    let fd = guest.open("file", common::CREAT).unwrap();
    assert_eq!(guest.write(fd, &[1; 9000]), Ok(9000));
    assert_eq!(guest.write(fd, &[1; 9000]), Err(Errno::Nospc));
    assert_eq!(guest.call(Function::FdFilestatSetSize, &[fd.into(), 1 << 40]), Errno::Nospc);
    assert_eq!(guest.call(Function::FdAllocate, &[fd.into(), 0, 1 << 40]), Errno::Nospc);
    assert_eq!(guest.pwrite(fd, b"x", 1 << 40), Err(Errno::Nospc));
    assert_eq!(guest.fd_stat(fd).unwrap().size, 9000);
    let mut made = 0;
    while guest.mkdir(&format!("dir{made}")).is_ok() {
        made += 1;
    }
    assert!((1..10).contains(&made), "{made} directories");
    let used = |guest: &mut Guest| guest.wasi.tree_as::<MemoryTree>(tree).unwrap().usage().0;
    guest.unlink("file").unwrap();
    assert!(used(&mut guest) > 9000, "it is still open");
    guest.close(fd).unwrap();
    assert!(used(&mut guest) < 1000);
    assert_eq!(guest.mkdir("more"), Ok(()));
}

#[test]
fn a_tree_may_be_deeper_than_any_path() {
    let mut wasi = context();
    let tree = wasi.add_tree(MemoryTree::new());
    wasi.preopen(tree, "/").unwrap();
    let mut guest = Guest::of(wasi);
    guest.mkdir("top").unwrap();
    let mut at = guest.open_directory(ROOT, "top").unwrap();
    for _ in 0..20_000 {
        let len = guest.put(common::TEXT, b"d");
        let make = [at.into(), common::TEXT, len];
        assert_eq!(guest.call(Function::PathCreateDirectory, &make), Errno::Success);
        let below = guest.open_directory(at, "d").unwrap();
        guest.close(at).unwrap();
        at = below;
    }
    guest.close(at).unwrap();
    let files = guest.wasi.tree_as::<MemoryTree>(tree).unwrap();
    // Its paths would be 400 MB.
    let listed = files.list();
    assert!(listed.len() > 2000 && listed.iter().all(|entry| entry.path.len() <= 4096));
    files.remove("/top/").unwrap();
    assert_eq!((files.usage().0, files.list().len()), (0, 0));
}

#[test]
fn lists_of_buffers_are_bounded() {
    let mut guest = Guest::in_memory();
    let write = |count| [1, 0, count, 60_000];
    assert_eq!(guest.call(Function::FdWrite, &write(u64::from(u32::MAX))), Errno::Fault);
    assert_eq!(guest.call(Function::FdWrite, &write(1 << 29)), Errno::Fault);
    assert_eq!(guest.call(Function::FdWrite, &write(2000)), Errno::Inval);
    assert_eq!(guest.call(Function::FdWrite, &write(1024)), Errno::Success);
    assert_eq!(guest.call(Function::FdWrite, &[1, 0, 1, 65_533]), Errno::Fault);
    // The second buffer is bad: nothing of the first is written.
    guest.put(128, &[0, 0, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255, 4, 0, 0, 0]);
    assert_eq!(guest.call(Function::FdWrite, &[1, 128, 2, 60_000]), Errno::Fault);
    assert!(guest.wasi.stdout_as::<Buffer>().unwrap().is_empty());
    // Buffers that lie on top of each other are more than a result can tell.
    let mut large = Guest::in_memory();
    large.memory = vec![0; 8 << 20];
    for number in 0..1024 {
        large.put(8 * number, &[0, 0, 0, 0, 0, 0, 80, 0]);
    }
    assert_eq!(large.call(Function::FdWrite, &[1, 0, 1024, 60_000]), Errno::Inval);
    // Nor is a file made whose descriptor could not be told.
    let len = guest.put(1024, b"new");
    let open = [ROOT.into(), 0, 1024, len, 1, 0, 0, 0, 65_534];
    assert_eq!(guest.call(Function::PathOpen, &open), Errno::Fault);
    assert_eq!(guest.stat(0, "new"), Err(Errno::Noent));
}

#[test]
fn series_of_calls_from_random_bytes() {
    let mut dice = Dice(0x1234_5678_9abc_def1);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..4_000).map(|_| dice.roll(256) as u8).collect();
        calls::calls(&bytes);
    }
}
