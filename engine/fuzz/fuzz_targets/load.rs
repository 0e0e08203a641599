//! Any bytes: loaded, and run where they are a module.
#![no_main]

#[path = "../exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // That most bytes are no module is no finding.
    let _ = exercise::exercise(bytes);
});
