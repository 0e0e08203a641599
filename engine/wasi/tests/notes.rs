//! Calls that are answered here and end the program elsewhere. What is expected is what Wasmtime 50 does.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Guest, READ, ROOT};
use stepwell_engine::{ValType, Value};
use stepwell_wasi::{Errno, Function, NoteKind, Outcome, Version, notes};

/// The kinds of notes of a call that is made.
fn noted(guest: &mut Guest, function: Function, args: &[u64]) -> Vec<NoteKind> {
    let errno = match guest.outcome(function, args) {
        Outcome::Return(errno) => Some(errno),
        _ => None,
    };
    let ty = function.ty();
    let value = |(ty, arg): (&ValType, &u64)| match ty {
        ValType::I64 => Value::I64(*arg as i64),
        _ => Value::I32(*arg as i32),
    };
    let args: Vec<Value> = ty.params().iter().zip(args).map(value).collect();
    let found = notes(function, Version::Preview1, &args, errno, true);
    let missing = notes(function, Version::Preview1, &args, errno, false);
    assert_eq!(missing.iter().map(|note| note.kind()).collect::<Vec<_>>(), [NoteKind::NoMemory]);
    found.iter().map(|note| note.kind()).collect()
}

#[test]
fn what_ends_the_program_elsewhere_is_noted() {
    use Function::*;
    use NoteKind::{Meaningless, Outside, Unaligned};
    let mut guest = Guest::in_memory();
    guest.create("f", b"hello");
    guest.put(0, b"f");
    guest.put(8, b"new");
    guest.put(256, &[0, 4, 0, 0, 8, 0, 0, 0]);
    guest.put(257, &[4, 0, 0, 8, 0, 0, 0, 0]);
    let (root, end) = (u64::from(ROOT), guest.memory.len() as u64);
    let open = |name, len, rights, result| [root, 0, name, len, 0, rights, 0, 0, result];
    let mut check = |function: Function, args: &[u64], expected: &[NoteKind]| {
        assert_eq!(noted(&mut guest, function, args), expected, "{} {args:?}", function.name());
    };
    // Lists are read before anything else is looked at, unless they are empty.
    check(FdWrite, &[1, 257, 0, 68], &[]);
    check(FdWrite, &[1, 256, 1, 68], &[]);
    check(FdWrite, &[1, 257, 1, 68], &[Unaligned]);
    check(FdWrite, &[99, 257, 1, 68], &[Unaligned]);
    check(PollOneoff, &[1028, 2048, 0, 68], &[]);
    check(PollOneoff, &[1028, 2048, 1, 68], &[Unaligned]);
    // Results are written by what succeeds.
    check(FdWrite, &[1, 256, 1, 69], &[Unaligned]);
    check(FdTell, &[99, 513], &[]);
    check(PathOpen, &open(8, 3, READ, 65), &[]);
    check(PathOpen, &open(0, 1, READ, 65), &[Unaligned]);
    check(FdPrestatGet, &[root, 513], &[Unaligned]);
    check(FdPrestatGet, &[root, 516], &[]);
    for function in [FdFdstatGet, FdFilestatGet] {
        check(function, &[1, 516], &[Unaligned]);
        check(function, &[1, 520], &[]);
    }
    check(ClockTimeGet, &[0, 0, 516], &[Unaligned]);
    check(ArgsSizesGet, &[65, 66], &[Unaligned, Unaligned]);
    check(FdReaddir, &[root, 513, 100, 0, 69], &[Unaligned]);
    // Bytes lie anywhere.
    check(FdReaddir, &[root, 513, 100, 0, 68], &[]);
    check(RandomGet, &[513, 3], &[]);
    // Beyond the memory.
    check(RandomGet, &[end, 0], &[]);
    check(RandomGet, &[end, 1], &[Outside]);
    check(FdWrite, &[1, end, 1, 68], &[Outside]);
    check(FdWrite, &[1, 256, 1, end], &[Outside]);
    check(PathOpen, &open(end, 1, READ, 64), &[Outside]);
    // Numbers without a meaning, even of no descriptor.
    check(PathOpen, &open(0, 1, u64::MAX, 64), &[Meaningless]);
    check(PathOpen, &[root, 2, 0, 1, 99, READ, 0, 99, 64], &[Meaningless; 3]);
    check(FdAdvise, &[4, 0, 1, 9], &[Meaningless]);
    check(FdSeek, &[99, 0, 9, 512], &[Meaningless]);
    check(FdFdstatSetFlags, &[1, 65_537], &[Meaningless]);
    check(FdFdstatSetRights, &[4, u64::MAX, 0], &[Meaningless]);
    check(FdFilestatSetTimes, &[4, 0, 0, 3], &[]);
    check(FdFilestatSetTimes, &[4, 0, 0, 99], &[Meaningless]);
    check(ProcRaise, &[6], &[]);
    check(ProcRaise, &[99], &[Meaningless]);
    check(ClockResGet, &[9, 512], &[Meaningless]);
    check(SockShutdown, &[99, 9], &[Meaningless]);
    check(SockSend, &[1, 256, 1, 9, 512], &[]);
    check(SchedYield, &[], &[]);
    check(ProcExit, &[1], &[]);
}

#[test]
fn notes_are_said_in_words() {
    let args = [1, 257, 1, 69].map(Value::I32);
    let noted = notes(Function::FdWrite, Version::Preview1, &args, Some(Errno::Success), true);
    let texts: Vec<String> = noted.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "iovs at 0x101 is no multiple of 4: other hosts end the program here",
            "nwritten at 0x45 is no multiple of 4: other hosts end the program here",
        ]
    );
    let seek = [Value::I32(9), Value::I64(0), Value::I32(7), Value::I32(512)];
    let noted = notes(Function::FdSeek, Version::Preview1, &seek, Some(Errno::Badf), true);
    let text = "0x7 has no meaning as whence: other hosts end the program here";
    assert_eq!(noted[0].to_string(), text);
}
