//! The examples shipped inside the program.

use super::types::Example;

/// The example that is open where nothing else was asked for.
pub const FIRST_EXAMPLE: &str = "recursion";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../assets/examples/", $path)))),*]
    };
}

/// Every file of `assets/examples` that the index names, by its path there.
const FILES: &[(&str, &[u8])] = files![
    "arithmetic.wat",
    "control_flow.wat",
    "recursion.wat",
    "memory.wat",
    "strings.wat",
    "call_indirect.wat",
    "greeter/lib.wat",
    "greeter/main.wat",
    "attribution/b.wat",
    "attribution/a.wat",
    "host_imports.wat",
    "globals_tables.wat",
    "traps.wat",
    "multi_memory.wat",
    "vectors.wat",
    "linked_list.wat",
    "casts.wat",
    "exceptions.wat",
    "atomic_counter.wat",
    "wasi_hello.wat",
    "wasi_echo.wat",
    "wasi_files.wat",
    "wasi_args.wat",
    "async_tasks.wat",
    "rust_checksum/checksum.wasm",
];

const INDEX: &str = include_str!("../../../assets/examples/index.json");

/// All examples, in the order of the gallery.
pub(super) fn all() -> Vec<Example> {
    serde_json::from_str(INDEX).unwrap_or_default()
}

/// Contents of an example's file.
pub(super) fn file(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, bytes)| *bytes)
}

/// The link name of a file: its stem.
pub(super) fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_index_is_shipped() {
        let examples = all();
        assert!(examples.len() >= 9);
        for example in examples {
            for path in &example.files {
                assert!(file(path).is_some(), "{path} is not in FILES");
            }
        }
    }

    #[test]
    fn a_stem_is_the_last_part_without_its_ending() {
        assert_eq!(stem("greeter/lib.wat"), "lib");
        assert_eq!(stem("C:\\x\\main.opt.wasm"), "main.opt");
        assert_eq!(stem("plain"), "plain");
    }
}
