//! Any bytes: a memory, and calls of WASI with any arguments on a tree in memory.
#![no_main]

#[path = "../calls.rs"]
mod calls;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| calls::calls(bytes));
