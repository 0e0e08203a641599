use std::cell::RefCell;
use std::rc::Rc;
use std::task::Waker;

use super::super::{ConsoleLog, Stdin, StdinRead, Stream};

#[test]
fn entries_stay_in_order() {
    let log = ConsoleLog::default();
    let generation = log.generation();
    log.write(Stream::Stdout, b"a\n");
    log.clone().write(Stream::Stderr, b"b\n");
    log.write(Stream::Stdout, b"");
    assert_ne!(log.generation(), generation);
    let seen: Vec<_> =
        log.entries().into_iter().map(|entry| (entry.number, entry.stream, entry.bytes)).collect();
    assert_eq!(seen, [(0, Stream::Stdout, b"a\n".to_vec()), (1, Stream::Stderr, b"b\n".to_vec())]);
    assert_eq!(log.bytes(&[Stream::Stderr]), b"b\n");
    log.clear();
    assert!(log.is_empty() && log.text().is_empty());
}

#[test]
fn it_is_bounded() {
    let log = ConsoleLog::with_limit(4096);
    for _ in 0..10_000 {
        log.write(Stream::Stdout, b"x");
    }
    assert!(log.len() < 100);
    assert_eq!(log.dropped(), 10_000 - log.len() as u64);
    assert_eq!(log.with_entries(|entries| entries.back().unwrap().number), 9_999);
    log.write(Stream::Stdout, &[b'y'; 10_000]);
    assert_eq!(log.len(), 1);
    assert!(log.text().len() < 4096);
    assert_eq!(log.dropped() + log.text().len() as u64, 20_000);
    let none = ConsoleLog::with_limit(0);
    none.write(Stream::Log, b"gone");
    assert_eq!((none.len(), none.dropped()), (0, 4));
}

#[test]
fn a_sink_hears_of_everything_once() {
    let log = ConsoleLog::default();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let (ear, same) = (heard.clone(), log.clone());
    log.set_sink(move |entry| {
        ear.borrow_mut().extend_from_slice(&entry.bytes);
        if entry.bytes == b"once" {
            same.write(Stream::Log, b"again");
        }
    });
    log.write(Stream::Stdout, b"once");
    log.write(Stream::Stdout, b"more");
    assert_eq!(*heard.borrow(), b"oncemore");
    assert_eq!(log.len(), 3);
}

#[test]
fn input_is_read_in_parts_up_to_its_end() {
    let stdin = Stdin::default();
    assert_eq!(stdin.read(4, Waker::noop()), StdinRead::Nothing);
    stdin.push_line("hello");
    assert_eq!(stdin.read(4, Waker::noop()), StdinRead::Bytes(b"hell".to_vec()));
    assert_eq!(stdin.read(0, Waker::noop()), StdinRead::Bytes(Vec::new()));
    stdin.close();
    stdin.push_line("too late");
    assert_eq!(stdin.read(9, Waker::noop()), StdinRead::Bytes(b"o\n".to_vec()));
    assert_eq!(stdin.read(9, Waker::noop()), StdinRead::End);
}
