//! Valid modules, made from the fuzzer's bytes: they have to load, and to run to any stop.
#![no_main]

#[path = "../exercise.rs"]
mod exercise;

use arbitrary::Unstructured;
use stepwell_engine::Error;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let config = wasm_smith::Config {
        max_imports: 8,
        max_memories: 2,
        max_memory32_bytes: 4 << 16,
        max_table_elements: 1_000,
        bulk_memory_enabled: true,
        compact_imports_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        reference_types_enabled: true,
        relaxed_simd_enabled: true,
        simd_enabled: true,
        tail_call_enabled: true,
        extended_const_enabled: true,
        custom_page_sizes_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: true,
        ..wasm_smith::Config::default()
    };
    let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(bytes)) else { return };
    match exercise::exercise(&module.to_bytes()) {
        // Two imports of one name may want different types.
        Ok(()) | Err(Error::Trap(_) | Error::Limit { .. } | Error::Link { .. }) => {}
        Err(error) => panic!("a valid module is refused: {error}"),
    }
});
