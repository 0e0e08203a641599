//! Calls in words.
#![allow(clippy::unwrap_used)]

mod common;

use common::{CREAT, DATA, Guest, RESULT, ROOT, TEXT, TRUNC, WRITE};
use stepwell_engine::{ValType, Value};
use stepwell_wasi::{Errno, Function, Version, signature};

fn values(function: Function, args: &[u64]) -> Vec<Value> {
    let value = |(ty, arg): (&ValType, &u64)| match ty {
        ValType::I64 => Value::I64(*arg as i64),
        _ => Value::I32(*arg as u32 as i32),
    };
    function.ty().params().iter().zip(args).map(value).collect()
}

fn words(guest: &Guest, function: Function, args: &[u64]) -> String {
    let args = values(function, args);
    let described = signature::describe(function, guest.version, &args, &guest.memory);
    let described = described.iter().map(|arg| format!("{}: {}", arg.name, arg.text));
    described.collect::<Vec<_>>().join(", ")
}

#[test]
fn parameters_are_shown_by_what_they_mean() {
    let mut guest = Guest::in_memory();
    guest.put(TEXT, b"a \"b\"\n");
    guest.put(DATA, b"hello\xffworld");
    guest.put(128, &[0, 64, 0, 0, 5, 0, 0, 0, 6, 64, 0, 0, 5, 0, 0, 0]);
    let cases: [(Function, &[u64], &str); 12] = [
        (Function::FdWrite, &[1, 128, 1, 64], r#"fd: 1 (stdout), iovs: ["hello"], nwritten: 0x40"#),
        (
            Function::FdPwrite,
            &[7, 128, 2, 9, 64],
            r#"fd: 7, iovs: ["hello", "world"], offset: 9, nwritten: 0x40"#,
        ),
        (Function::FdRead, &[0, 128, 1, 64], "fd: 0 (stdin), iovs: [0x4000, 5 bytes], nread: 0x40"),
        (
            Function::FdRead,
            &[0, 65_535, 1, 64],
            "fd: 0 (stdin), iovs: 0xffff, outside of memory, nread: 0x40",
        ),
        (
            Function::PathOpen,
            &[3, 1, TEXT, 6, CREAT | TRUNC, WRITE, u64::MAX, 1, 64],
            r#"fd: 3, dirflags: symlink_follow, path: "a \"b\"\n", oflags: creat|trunc, fs_rights_base: fd_write, fs_rights_inheriting: all, fdflags: append, opened_fd: 0x40"#,
        ),
        (Function::PathUnlinkFile, &[3, 65_530, 10], "fd: 3, path: 0xfffa, outside of memory"),
        (
            Function::FdSeek,
            &[3, u64::MAX, 2, 64],
            "fd: 3, offset: -1, whence: end, newoffset: 0x40",
        ),
        (Function::ClockTimeGet, &[1, 5, 64], "id: monotonic, precision: 5 ns, time: 0x40"),
        (Function::ProcRaise, &[6], "sig: abrt"),
        (Function::ProcExit, &[u64::MAX], "rval: -1"),
        (Function::FdAdvise, &[3, 1, 2, 9], "fd: 3, offset: 1, len: 2, advice: 9"),
        (Function::RandomGet, &[16, 32], "buf: 0x10, 32 bytes"),
    ];
    for (function, args, expected) in cases {
        assert_eq!(words(&guest, function, args), expected);
    }
    guest.version = Version::Unstable;
    let seek = words(&guest, Function::FdSeek, &[3, 1, 2, 64]);
    assert_eq!(seek, "fd: 3, offset: 1, whence: set, newoffset: 0x40");
    guest.version = Version::Preview1;
    guest.memory[TEXT as usize..][..96].fill(0);
    guest.put(TEXT + 16, &[1]);
    guest.put(TEXT + 24, &[100]);
    guest.put(TEXT + 48 + 8, &[1]);
    let poll = words(&guest, Function::PollOneoff, &[TEXT, DATA, 2, 64]);
    assert!(poll.starts_with("in: [monotonic in 100 ns, fd_read 0], out: 0x4000"), "{poll}");
}

#[test]
fn long_texts_are_cut_off() {
    let mut guest = Guest::in_memory();
    guest.memory[DATA as usize..].fill(b'x');
    guest.put(128, &[0, 64, 0, 0, 0, 16, 0, 0]);
    let text = words(&guest, Function::FdWrite, &[1, 128, 1, 64]);
    assert!(text.contains("x\"… (4096 bytes)") && text.len() < 200, "{text}");
    let many = words(&guest, Function::FdWrite, &[1, 128, 1000, 64]);
    assert!(many.contains("… (1000 buffers)") && many.len() < 2000, "{many}");
}

#[test]
fn results_are_shown_when_they_are_there() {
    let mut guest = Guest::in_memory();
    guest.create("file", b"content");
    let results = |guest: &mut Guest, function, args: &[u64]| {
        assert_eq!(guest.call(function, args), Errno::Success);
        let args = values(function, args);
        let results = signature::describe_results(function, guest.version, &args, &guest.memory);
        results.iter().map(|arg| format!("{}: {}", arg.name, arg.text)).collect::<Vec<_>>()
    };
    let len = guest.put(TEXT, b"file");
    let open = [ROOT.into(), 0, TEXT, len, 0, 0, 0, 0, RESULT];
    assert_eq!(results(&mut guest, Function::PathOpen, &open), ["opened_fd: 4"]);
    for version in Version::ALL {
        guest.version = version;
        let stat = results(&mut guest, Function::FdFilestatGet, &[4, RESULT]);
        assert_eq!(stat, ["stat: regular_file, 7 bytes, inode 2"]);
    }
    let prestat = results(&mut guest, Function::FdPrestatGet, &[3, RESULT]);
    assert_eq!(prestat, ["stat: directory, name of 1 bytes"]);
    let fdstat = results(&mut guest, Function::FdFdstatGet, &[0, RESULT]).remove(0);
    assert!(fdstat.starts_with("stat: unknown, flags 0, rights fd_read|"), "{fdstat}");
    let describe = signature::describe_result;
    assert_eq!(describe(Function::FdRead, Errno::Success), "success");
    assert_eq!(describe(Function::FdRead, Errno::Badf), "badf: bad file descriptor");
    assert_eq!(describe(Function::ProcExit, Errno::Success), "does not return");
}
