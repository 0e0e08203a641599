//! Arguments, environment, clocks, randomness, streams, polling, sockets, and the older version.
#![allow(clippy::unwrap_used)]

mod common;

use common::{CREAT, DATA, Guest, READ, RESULT, ROOT, TEXT, WRITE, both};
use stepwell_engine::Value;
use stepwell_wasi::types::ClockId;
use stepwell_wasi::{
    Buffer, CallerId, Clock as _, Errno, FixedClock, Function, Kind, Outcome, SeededRandom,
    Version, Wasi,
};

const EVENTS: u64 = 4096;

fn clock(step: u64) -> FixedClock {
    FixedClock { start: 1_000_000, elapsed: 0, step }
}

#[test]
fn arguments_and_environment_are_strings_of_c() {
    let mut wasi = Wasi::new();
    wasi.args(["prog", "", "ü"]).env("A", "1").env("B", "x=y\0cut");
    let mut guest = Guest::of(wasi);
    assert_eq!(guest.call(Function::ArgsSizesGet, &[RESULT, RESULT + 4]), Errno::Success);
    assert_eq!((guest.number(RESULT, 4), guest.number(RESULT + 4, 4)), (3, 5 + 1 + 3));
    assert_eq!(guest.call(Function::ArgsGet, &[RESULT, DATA]), Errno::Success);
    assert_eq!(guest.memory[DATA as usize..][..9], *"prog\0\0ü\0".as_bytes());
    let pointers = [0, 4, 8].map(|at| guest.number(RESULT + at, 4));
    assert_eq!(pointers, [DATA, DATA + 5, DATA + 6]);
    assert_eq!(guest.call(Function::EnvironSizesGet, &[RESULT, RESULT + 4]), Errno::Success);
    assert_eq!((guest.number(RESULT, 4), guest.number(RESULT + 4, 4)), (2, 4 + 6));
    assert_eq!(guest.call(Function::EnvironGet, &[RESULT, DATA]), Errno::Success);
    assert_eq!(guest.memory[DATA as usize..][..10], *b"A=1\0B=x=y\0");
    let end = guest.memory.len() as u64;
    assert_eq!(guest.call(Function::EnvironGet, &[RESULT, end - 10]), Errno::Success);
    assert_eq!(guest.call(Function::EnvironGet, &[RESULT, end - 9]), Errno::Fault);
    assert_eq!(guest.call(Function::EnvironGet, &[end - 7, DATA]), Errno::Fault);
    let mut none = Guest::of(Wasi::new());
    assert_eq!(none.call(Function::ArgsSizesGet, &[RESULT, RESULT + 4]), Errno::Success);
    assert_eq!(none.number(RESULT, 8), 0);
}

#[test]
fn clocks_randomness_and_the_process() {
    let mut wasi = Wasi::new();
    wasi.clock(clock(10)).random(SeededRandom::new(7));
    let mut guest = Guest::of(wasi);
    let mut time = |id| {
        assert_eq!(guest.call(Function::ClockTimeGet, &[id, 0, RESULT]), Errno::Success);
        guest.number(RESULT, 8)
    };
    assert_eq!([time(0), time(1), time(2), time(3)], [1_000_000, 10, 20, 30]);
    assert_eq!(guest.call(Function::ClockTimeGet, &[4, 0, RESULT]), Errno::Inval);
    assert_eq!(guest.call(Function::ClockResGet, &[1, RESULT]), Errno::Success);
    assert_eq!(guest.number(RESULT, 8), 10);
    assert_eq!(guest.call(Function::ClockResGet, &[9, RESULT]), Errno::Inval);

    let random = |guest: &mut Guest, len| {
        assert_eq!(guest.call(Function::RandomGet, &[DATA, len]), Errno::Success);
        guest.memory[DATA as usize..][..len as usize + 1].to_vec()
    };
    let first = random(&mut guest, 9000);
    assert_eq!(first.last(), Some(&0), "no more than asked for");
    assert!(first.iter().filter(|byte| **byte == 0).count() < 100);
    assert_ne!(random(&mut guest, 9000), first);
    let mut again = Guest::of(Wasi::new());
    again.wasi.random(SeededRandom::new(7));
    assert_eq!(random(&mut again, 9000), first, "a seed always gives the same");
    assert_eq!(guest.call(Function::RandomGet, &[DATA, u64::from(u32::MAX)]), Errno::Fault);

    assert_eq!(guest.call(Function::SchedYield, &[]), Errno::Success);
    assert_eq!(guest.call(Function::ProcRaise, &[6]), Errno::Notsup);
    assert_eq!(guest.call(Function::ProcRaise, &[31]), Errno::Inval);
    assert_eq!(guest.outcome(Function::ProcExit, &[33]), Outcome::Exit(33));
    let wrong =
        guest.wasi.call(Function::ProcExit, Version::Preview1, &mut guest.memory, &[Value::I64(1)]);
    assert!(matches!(wrong, Outcome::Trap(_)), "{wrong:?}");
}

#[test]
fn streams_are_read_and_written() {
    let mut guest = Guest::of(Wasi::new());
    guest.wasi.stdin(Buffer::new().terminal()).stdout(Buffer::new().limited(8));
    assert_eq!(guest.fdstat(0).map(|stat| stat.0), Ok(2), "a terminal");
    assert_eq!(guest.fdstat(1).map(|stat| stat.0), Ok(0), "no terminal");
    assert_eq!(guest.write(1, b"out"), Ok(3));
    assert_eq!(guest.write(2, b"err"), Ok(3));
    assert_eq!(guest.write(1, b"longer"), Ok(5));
    assert_eq!(guest.write(1, b"more"), Err(Errno::Nospc));
    assert_eq!(guest.wasi.stdout_as::<Buffer>().unwrap().take(), b"outlonge");
    assert_eq!(guest.wasi.stderr_as::<Buffer>().unwrap().take(), b"err");
    assert_eq!(guest.write(0, b"x"), Err(Errno::Badf));
    assert_eq!(guest.read(1, 1), Err(Errno::Badf));
    assert_eq!(guest.seek(1, 0, 0), Err(Errno::Spipe));
    assert_eq!(guest.tell(0), Err(Errno::Spipe));
    assert_eq!(guest.pread(0, 1, 0), Err(Errno::Spipe));
    assert_eq!(guest.pwrite(1, b"x", 0), Err(Errno::Spipe));
    assert_eq!(guest.fd_stat(1).map(|stat| (stat.kind, stat.size)), Ok((0, 0)));

    // Nothing is there yet: the call waits, and nothing has changed.
    guest.put(128, &[0, 64, 0, 0, 16, 0, 0, 0]);
    let read = [0, 128, 1, RESULT];
    guest.memory[RESULT as usize] = 0xee;
    for _ in 0..3 {
        assert_eq!(guest.outcome(Function::FdRead, &read), Outcome::Pending);
        assert!(guest.wasi.awaits_input());
        assert_eq!(guest.wasi.wake_at(), None);
    }
    assert_eq!(guest.memory[RESULT as usize], 0xee);
    guest.wasi.stdin_as::<Buffer>().unwrap().push(b"typed by a person");
    assert_eq!(guest.read(0, 16), Ok(b"typed by a perso".to_vec()));
    assert!(!guest.wasi.awaits_input());
    assert_eq!(guest.read(0, 16), Ok(b"n".to_vec()));
    assert_eq!(guest.read(0, 0), Ok(vec![]), "no room, nothing to wait for");
    assert_eq!(guest.call(Function::FdFdstatSetFlags, &[0, 4]), Errno::Success);
    assert_eq!(guest.read(0, 16), Err(Errno::Again));
    guest.wasi.stdin_as::<Buffer>().unwrap().end();
    assert_eq!(guest.read(0, 16), Ok(vec![]));
}

/// A subscription of preview 1 at a number's place.
fn subscribe(guest: &mut Guest, number: u64, kind: u8, fields: [u64; 3]) {
    let at = TEXT + 48 * number;
    guest.put(at, &(100 + number).to_le_bytes());
    guest.put(at + 8, &[kind, 0, 0, 0, 0, 0, 0, 0]);
    let [id, timeout, flags] = fields;
    guest.put(at + 16, &id.to_le_bytes());
    guest.put(at + 24, &timeout.to_le_bytes());
    guest.put(at + 40, &flags.to_le_bytes());
}

/// Userdata, error, type, bytes and flags of the events.
fn events(guest: &Guest) -> Vec<[u64; 5]> {
    let event = |number| {
        let at = EVENTS + 32 * number;
        let number = |offset, len| guest.number(at + offset, len);
        [number(0, 8), number(8, 2), number(10, 1), number(16, 8), number(24, 2)]
    };
    (0..guest.number(RESULT, 4)).map(event).collect()
}

#[test]
fn polling_waits_for_the_time_that_was_asked_for() {
    let mut guest = Guest::of(Wasi::new());
    guest.wasi.clock(clock(0)).stdin(Buffer::new());
    let poll = |guest: &mut Guest, count| {
        guest.outcome(Function::PollOneoff, &[TEXT, EVENTS, count, RESULT])
    };
    let returned = Outcome::Return(Errno::Success);
    let advance = |guest: &mut Guest, time| {
        guest.wasi.clock_as::<FixedClock>().unwrap().advance(time);
    };
    subscribe(&mut guest, 0, 0, [1, 500, 0]);
    assert_eq!(poll(&mut guest, 1), Outcome::Pending);
    advance(&mut guest, 300);
    assert_eq!(poll(&mut guest, 1), Outcome::Pending);
    assert_eq!(guest.wasi.wake_at(), Some(500), "the wait does not begin anew");
    assert!(!guest.wasi.awaits_input());
    advance(&mut guest, 200);
    assert_eq!(poll(&mut guest, 1), returned);
    assert_eq!(events(&guest), [[100, 0, 0, 0, 0]]);
    assert_eq!(guest.wasi.wake_at(), None);
    assert_eq!(poll(&mut guest, 1), Outcome::Pending, "the next one does");
    assert_eq!(guest.wasi.wake_at(), Some(1000));
    guest.wasi.forget_pending();
    assert_eq!(guest.wasi.wake_at(), None);

    // Another wait at the same address is another one.
    assert_eq!(poll(&mut guest, 1), Outcome::Pending);
    subscribe(&mut guest, 0, 0, [1, 100, 0]);
    assert_eq!(poll(&mut guest, 1), Outcome::Pending);
    assert_eq!(guest.wasi.wake_at(), Some(600));
    guest.wasi.forget_pending();

    // Readings of clocks: of the monotonic one, and of the time of day.
    subscribe(&mut guest, 0, 0, [1, 700, 1]);
    assert_eq!(poll(&mut guest, 1), Outcome::Pending);
    assert_eq!(guest.wasi.wake_at(), Some(700));
    guest.wasi.forget_pending();
    subscribe(&mut guest, 0, 0, [0, 1_000_800, 1]);
    subscribe(&mut guest, 1, 1, [0, 0, 0]);
    assert_eq!(poll(&mut guest, 2), Outcome::Pending);
    assert_eq!(guest.wasi.wake_at(), Some(800));
    assert!(guest.wasi.awaits_input());
    guest.wasi.stdin_as::<Buffer>().unwrap().push(b"abc");
    assert_eq!(poll(&mut guest, 2), returned);
    assert_eq!(events(&guest), [[101, 0, 1, 3, 0]]);
    guest.read(0, 3).unwrap();
    guest.wasi.stdin_as::<Buffer>().unwrap().end();
    advance(&mut guest, 300);
    assert_eq!(poll(&mut guest, 2), returned);
    assert_eq!(events(&guest), [[100, 0, 0, 0, 0], [101, 0, 1, 0, 1]], "the end is a hangup");

    subscribe(&mut guest, 0, 2, [1, 0, 0]);
    subscribe(&mut guest, 1, 0, [1, 1_000_000, 0]);
    assert_eq!(poll(&mut guest, 2), returned);
    assert_eq!(events(&guest), [[100, 0, 2, 1, 0]], "what can be written is ready");
    assert_eq!(poll(&mut guest, 0), Outcome::Return(Errno::Inval));
    subscribe(&mut guest, 0, 1, [99, 0, 0]);
    assert_eq!(poll(&mut guest, 1), Outcome::Return(Errno::Badf));
    subscribe(&mut guest, 0, 3, [0, 0, 0]);
    assert_eq!(poll(&mut guest, 1), Outcome::Return(Errno::Inval));
    subscribe(&mut guest, 0, 0, [7, 0, 0]);
    assert_eq!(poll(&mut guest, 1), Outcome::Return(Errno::Inval));
    assert_eq!(poll(&mut guest, u64::from(u32::MAX)), Outcome::Return(Errno::Fault));
}

#[test]
fn callers_that_wait_alike_wait_each_for_themselves() {
    let mut guest = Guest::of(Wasi::new());
    guest.wasi.clock(clock(0)).stdin(Buffer::new());
    let poll = |guest: &mut Guest, caller, count| {
        guest.outcome_of(caller, Function::PollOneoff, &[TEXT, EVENTS, count, RESULT])
    };
    let advance = |guest: &mut Guest, time| {
        guest.wasi.clock_as::<FixedClock>().unwrap().advance(time);
    };
    let returned = Outcome::Return(Errno::Success);
    subscribe(&mut guest, 0, 0, [1, 500, 0]);
    assert_eq!(poll(&mut guest, 1, 1), Outcome::Pending);
    advance(&mut guest, 300);
    assert_eq!(poll(&mut guest, 2, 1), Outcome::Pending);
    assert_eq!(guest.wasi.wake_at(), Some(500));
    advance(&mut guest, 200);
    assert_eq!(poll(&mut guest, 2, 1), Outcome::Pending, "its time has not come");
    assert_eq!(poll(&mut guest, 1, 1), returned);
    assert_eq!(guest.wasi.wake_at(), Some(800));
    assert_eq!(poll(&mut guest, 1, 1), Outcome::Pending, "it waits once more");
    advance(&mut guest, 300);
    assert_eq!(poll(&mut guest, 2, 1), returned);
    assert_eq!(guest.wasi.wake_at(), Some(1000));

    // One that is given up takes nothing from the others.
    subscribe(&mut guest, 1, 1, [0, 0, 0]);
    assert_eq!(poll(&mut guest, 3, 2), Outcome::Pending);
    assert!(guest.wasi.awaits_input());
    guest.wasi.forget_pending_of(CallerId(3));
    assert!(!guest.wasi.awaits_input());
    advance(&mut guest, 200);
    assert_eq!(poll(&mut guest, 1, 1), returned);
    assert_eq!(guest.wasi.wake_at(), None);

    // However many there are: each has its own time, and none is forgotten.
    for caller in 0..1_000 {
        assert_eq!(poll(&mut guest, caller, 1), Outcome::Pending);
        advance(&mut guest, 1);
    }
    let woken = (0..1_000).filter(|caller| poll(&mut guest, *caller, 1) == returned).count();
    assert_eq!((woken, guest.wasi.wake_at()), (501, Some(2001)));
}

#[test]
fn polling_files() {
    both(|guest| {
        guest.create("file", b"abc");
        let read = u64::from(guest.open_with(ROOT, 0, "file", 0, READ, 0, 0).unwrap());
        let write = u64::from(guest.open_with(ROOT, 0, "file", 0, WRITE, 0, 0).unwrap());
        for (number, (kind, fd)) in [(1, read), (2, write), (1, write)].into_iter().enumerate() {
            subscribe(guest, number as u64, kind, [fd, 0, 0]);
        }
        let poll = [TEXT, EVENTS, 3, RESULT];
        assert_eq!(guest.call(Function::PollOneoff, &poll), Errno::Success);
        let lacking = u64::from(Errno::Notcapable.number());
        assert_eq!(events(guest), [[100, 0, 1, 3, 0], [101, 0, 2, 1, 0], [102, lacking, 1, 0, 0]]);
    });
}

#[test]
fn nothing_is_a_socket() {
    both(|guest| {
        let file = u64::from(guest.open("file", CREAT).unwrap());
        for fd in [1, 3, file] {
            assert_eq!(guest.call(Function::SockShutdown, &[fd, 1]), Errno::Notsock);
            assert_eq!(guest.call(Function::SockAccept, &[fd, 0, RESULT]), Errno::Notsup);
            assert_eq!(guest.call(Function::SockSend, &[fd, 0, 0, 0, RESULT]), Errno::Notsup);
            let recv = [fd, 0, 0, 0, RESULT, RESULT + 4];
            assert_eq!(guest.call(Function::SockRecv, &recv), Errno::Notsup);
        }
    });
}

#[test]
fn a_number_of_no_descriptor_is_told_before_anything_else() {
    both(|guest| {
        for function in Function::ALL {
            let signature = function.signature();
            let fds = signature.iter().filter(|(_, kind)| *kind == Kind::Fd).count();
            // Everything else is wrong as well: flags without meaning, pointers beyond the memory.
            let args = vec![u64::from(u32::MAX); function.ty().params().len()];
            let errno = match function {
                Function::ProcExit => continue,
                _ => guest.call(*function, &args),
            };
            assert_eq!(errno == Errno::Badf, fds > 0, "{}", function.name());
        }
        for how in 0..4 {
            assert_eq!(guest.call(Function::SockShutdown, &[99, how]), Errno::Badf);
        }
        let text = guest.put(TEXT, b"name");
        let link = [3, 0, TEXT, text, 99, TEXT, text];
        assert_eq!(guest.call(Function::PathLink, &link), Errno::Badf);
        let rename = [3, TEXT, text, 99, TEXT, text];
        assert_eq!(guest.call(Function::PathRename, &rename), Errno::Badf);
    });
}

#[test]
fn the_older_version_lays_records_out_differently() {
    both(|guest| {
        guest.create("file", b"content");
        guest.link(0, "file", "link").unwrap();
        let expected = guest.stat(0, "file").unwrap();
        guest.version = Version::Unstable;
        guest.memory[RESULT as usize..][..80].fill(0xee);
        let len = guest.put(TEXT, b"file");
        let args = [ROOT.into(), 0, TEXT, len, RESULT];
        assert_eq!(guest.call(Function::PathFilestatGet, &args), Errno::Success);
        assert_eq!(guest.number(RESULT + 8, 8), expected.inode);
        assert_eq!((guest.number(RESULT + 16, 1), guest.number(RESULT + 20, 4)), (4, 2));
        assert_eq!(guest.number(RESULT + 24, 8), 7);
        assert_eq!(guest.number(RESULT + 40, 8), expected.modified);
        assert_eq!(guest.number(RESULT + 56, 8), 0xeeee_eeee_eeee_eeee, "56 bytes");

        let fd = guest.open("file", 0).unwrap();
        assert_eq!(guest.seek(fd, -2, 1), Ok(5), "1 is the end");
        assert_eq!(guest.seek(fd, 1, 0), Ok(6), "0 is the present position");
        assert_eq!(guest.seek(fd, 1, 2), Ok(1), "2 is the beginning");
    });
    let mut guest = Guest::of(Wasi::new());
    guest.wasi.clock(clock(0)).stdin(Buffer::of(*b"abc"));
    guest.version = Version::Unstable;
    // Two subscriptions of 56 bytes: a clock, with an identifier before its id, and standard input.
    let numbers: [u64; 14] = [100, 0, 77, 1, 500, 0, 0, 101, 1, 0, 0, 0, 0, 0];
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    guest.put(TEXT, &bytes);
    let poll = |count| [TEXT, EVENTS, count, RESULT];
    assert_eq!(guest.outcome(Function::PollOneoff, &poll(1)), Outcome::Pending);
    assert_eq!(guest.wasi.wake_at(), Some(500));
    assert_eq!(guest.call(Function::PollOneoff, &poll(2)), Errno::Success);
    assert_eq!(events(&guest), [[101, 0, 1, 3, 0]]);
}

#[test]
fn a_context_in_memory_can_be_copied() {
    let mut guest = Guest::in_memory();
    guest.create("file", b"before");
    let fd = guest.open("file", 0).unwrap();
    guest.read(fd, 3).unwrap();
    let copy = guest.wasi.try_clone().unwrap();
    guest.write(fd, b"AFTER").unwrap();
    guest.write(1, b"out").unwrap();
    let mut copy = Guest::of(copy);
    assert_eq!(copy.tell(fd), Ok(3));
    assert_eq!(copy.content("file"), Ok(b"before".to_vec()));
    assert_eq!(guest.content("file"), Ok(b"befAFTER".to_vec()));
    assert!(copy.wasi.stdout_as::<Buffer>().unwrap().is_empty());
    assert!(Guest::native().wasi.try_clone().is_none());
}

#[test]
fn the_systems_clocks_go_forward() {
    let mut wasi = Wasi::command_line();
    let before = wasi.monotonic_now();
    assert!(wasi.monotonic_now() >= before);
    let mut clock = stepwell_wasi::system::SystemClock::new();
    assert!(clock.now(ClockId::Realtime) > 1_700_000_000_000_000_000);
    let mut guest = Guest::of(wasi);
    assert!(!guest.wasi.sleep_while_pending(), "nothing is waited for");
    subscribe(&mut guest, 0, 0, [1, 3_000_000, 0]);
    let start = guest.wasi.monotonic_now();
    let poll = [TEXT, EVENTS, 1, RESULT];
    let mut calls = 1;
    while guest.outcome(Function::PollOneoff, &poll) == Outcome::Pending {
        assert!(guest.wasi.sleep_while_pending());
        calls += 1;
    }
    assert!(guest.wasi.monotonic_now() - start >= 3_000_000);
    assert_eq!(calls, 2, "it sleeps as long as it has to");
    assert_eq!(guest.call(Function::RandomGet, &[DATA, 64]), Errno::Success);
    assert!(guest.memory[DATA as usize..][..64].iter().any(|byte| *byte != 0));
}
