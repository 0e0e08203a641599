//! Input that means harm: broken bytes, huge sizes, deep nesting, code that never ends. Always a
//! typed error or a stop, never a panic, and memory stays bounded.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../engine/fuzz/exercise.rs"]
mod exercise;

mod amounts;
mod endless;
mod huge;
mod texts;
mod types;

use std::collections::BTreeSet;

use exercise::exercise;
use stepwell_engine::{Engine, Error, Module};
use stepwell_tests::{example_bytes, examples};

/// The binaries of all examples.
fn binaries() -> Vec<(String, Vec<u8>)> {
    let files: BTreeSet<String> =
        examples().into_iter().flat_map(|example| example.files).collect();
    files.into_iter().map(|file| (file.clone(), example_bytes(&file))).collect()
}

/// Every section ends here: a module that is cut off at these places is one still.
fn is_between_sections(bytes: &[u8], at: usize) -> bool {
    let module = Module::new(&Engine::default(), bytes).unwrap();
    let mut ends = module.sections().iter().map(|section| section.range.end);
    at == 8 || ends.any(|end| end as usize == at)
}

#[test]
fn examples_cut_off_at_every_byte() {
    let mut cuts = 0;
    for (file, bytes) in binaries() {
        for at in 0..bytes.len() {
            cuts += 1;
            match exercise(&bytes[..at]) {
                Ok(()) => {
                    assert!(is_between_sections(&bytes, at), "{file}: accepted up to {at}");
                }
                Err(Error::Trap(_)) => {}
                Err(error) => {
                    let offset = error.offset().unwrap_or_default();
                    assert!(offset <= at as u64, "{file}: {error} in {at} bytes");
                }
            }
        }
    }
    println!("{cuts} cuts");
}

/// A sequence of numbers that is the same on every machine (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[test]
fn examples_with_bytes_changed() {
    let mut numbers = Numbers(0x5747_0e11);
    let (mut ran, mut refused) = (0, 0);
    for (_, bytes) in binaries() {
        // The first bytes would make nothing but "not a module".
        for _ in 0..3_000 {
            let mut changed = bytes.clone();
            for _ in 0..1 + numbers.next() % 3 {
                let at = 8 + numbers.next() as usize % (bytes.len() - 8);
                changed[at] = match numbers.next() % 4 {
                    0 => 0xff,
                    1 => 0x80,
                    2 => changed[at] ^ 1 << (numbers.next() % 8),
                    _ => numbers.next() as u8,
                };
            }
            match exercise(&changed) {
                Ok(()) => ran += 1,
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
    println!("{ran} ran, {refused} refused");
    assert!(ran > 1_000 && refused > 1_000, "both happen: {ran} ran, {refused} refused");
}

#[test]
fn bytes_that_are_no_module() {
    let engine = Engine::default();
    for bytes in [&b"\0"[..], b"\0asm", b"\0asm\x01", b"\0asm\x02\0\0\0"] {
        let error = Module::new(&engine, bytes).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{bytes:?}: {error:?}");
    }
    let mut tar = vec![b'a'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, is) in [
        (&b""[..], "this is an empty file"),
        (b" \n", "this is nothing but blank space"),
        (b"\x7fELF\0\0\0\0", "this is an ELF program; it begins with 7f 45 4c 46"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x04\0", "this is an ELF core dump"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", "this is HTML"),
        (b"<HTML>", "this is HTML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "this is a Git LFS pointer"),
        (b"\x1f\x8b\x08", "this is compressed with gzip"),
        (b"PK\x03\x04", "this is a ZIP archive"),
        (b"{\"error\": 404}", "this is JSON; it begins with \"{\\\"error"),
        (b"{\x1b[2J\x7f}", "this is JSON; it begins with 7b 1b 5b"),
        (b"Not Found", "this is text, but not that of a module"),
        (b"\x80\x81", "neither binary, which begins with 00 61 73 6d, nor text"),
        (b"(module)", "this is text, where bytes of a binary module are needed"),
        (&tar, "this is a tar archive"),
    ] {
        let error = Module::new(&engine, bytes).unwrap_err();
        assert!(matches!(error, Error::NotModule { .. }), "{bytes:?}: {error:?}");
        assert!(error.to_string().contains(is), "{error}");
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
    for text in ["(component)", " (;;) ( component $c)"] {
        let error = Module::from_wat(&engine, text).unwrap_err();
        assert!(error.to_string().contains("this is a component"), "{error}");
    }
    // A component is told as what it is, at the place of its version.
    let error = Module::new(&engine, b"\0asm\x0d\0\x01\0").unwrap_err();
    assert!(error.to_string().contains("component"), "{error}");
}
