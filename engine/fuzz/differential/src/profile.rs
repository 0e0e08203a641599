//! Which modules are generated: what they use, and how they are kept small.

use arbitrary::Unstructured;
use stepwell_engine::Features;
use wasm_smith::{Config, Module};

use crate::numbers::Numbers;
use crate::sections;

/// Calls and turns of loops that a call of an export may take.
pub(crate) const FUEL: u32 = 1_000;

/// The export by which the harness fills up what [`FUEL`] counts.
pub(crate) const FUEL_EXPORT: &str = "fuel that is left";

const MAX_MEMORY: u64 = 16 << 16;

/// A version of WebAssembly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Profile {
    Mvp,
    Wasm2,
    Wasm3,
}

impl Profile {
    pub(crate) const ALL: [Self; 3] = [Self::Mvp, Self::Wasm2, Self::Wasm3];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Profile::Mvp => "mvp",
            Profile::Wasm2 => "2.0",
            Profile::Wasm3 => "3.0",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// What this engine is told to accept.
    pub(crate) fn features(self) -> Features {
        match self {
            Profile::Mvp => Features::WASM1,
            Profile::Wasm2 => Features::WASM2,
            Profile::Wasm3 => Features::WASM3 | Features::WIDE_ARITHMETIC,
        }
    }

    fn config(self, numbers: &mut Numbers) -> Config {
        let second = self != Profile::Mvp;
        let third = self == Profile::Wasm3;
        Config {
            export_everything: true,
            max_imports: 0,
            min_types: 6,
            min_funcs: 5,
            max_funcs: 12,
            min_globals: 3,
            max_globals: 10,
            max_instructions: 100 << numbers.below(4),
            min_memories: u32::from(!numbers.once_in(4)),
            max_memories: if third { 3 } else { 1 },
            memory_max_size_required: true,
            max_memory32_bytes: MAX_MEMORY,
            max_memory64_bytes: u128::from(MAX_MEMORY),
            min_tables: u32::from(!numbers.once_in(4)),
            max_tables: if second { 3 } else { 1 },
            table_max_size_required: true,
            max_table_elements: 1_000,
            min_data_segments: 1,
            max_data_segments: 6,
            min_element_segments: 1,
            max_element_segments: 6,
            min_tags: if third { 1 } else { 0 },
            max_tags: 6,
            max_types: 20,
            max_type_size: 20_000,
            allow_start_export: numbers.once_in(6),
            // Most modules that may trap do so soon.
            disallow_traps: !numbers.once_in(3),
            bulk_memory_enabled: second,
            multi_value_enabled: second,
            reference_types_enabled: second,
            saturating_float_to_int_enabled: second,
            sign_extension_ops_enabled: second,
            simd_enabled: second,
            exceptions_enabled: third,
            extended_const_enabled: third,
            gc_enabled: third,
            memory64_enabled: third,
            tail_call_enabled: third,
            wide_arithmetic_enabled: third,
            // What results is up to the implementation.
            relaxed_simd_enabled: false,
            limit_arrays_in_const_exprs: true,
            // Waiting would wait.
            threads_enabled: false,
            compact_imports_enabled: false,
            ..Config::default()
        }
    }

    /// The module of a seed; none where its bytes make none.
    pub(crate) fn module(self, seed: u64) -> Option<Vec<u8>> {
        let mut numbers = Numbers::new(seed);
        let config = self.config(&mut numbers);
        let len = 1_000 << numbers.below(5);
        let bytes = numbers.bytes(len);
        let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
        let fuel = module.ensure_termination(FUEL).ok()?;
        sections::with_exported_global(&module.to_bytes(), FUEL_EXPORT, fuel)
    }
}
