//! The programs that a compiler has made; `kernels/` holds their source.

/// The module that exports them.
pub const MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kernels.wasm"));

/// Export, and how often it repeats its work.
pub const ALL: [(&str, i32); 13] = [
    ("list", 200),
    ("matrix", 250),
    ("state", 150),
    ("crc16", 500),
    ("sha256", 60),
    ("copy", 300),
    ("nbody", 250),
    ("quicksort", 40),
    ("heap", 20),
    ("json", 200),
    ("stack_machine", 12),
    ("regex", 60),
    ("shapes", 200),
];
