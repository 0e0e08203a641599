//! Which parts of WebAssembly modules may use.

use core::fmt;
use core::ops::BitOr;

use wasmparser::WasmFeatures as F;

/// A set of features. What a module uses beyond them is refused when it is loaded.
///
/// ```
/// use stepwell_engine::{Config, Engine, Features, Module};
///
/// let config = Config::default().features(Features::WASM2);
/// let tail_call = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x06\x01\x04\0\x12\0\x0b";
/// assert!(Module::new(&Engine::new(config), tail_call).is_err());
/// assert!(Module::new(&Engine::default(), tail_call).is_ok());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Features(F);

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $bits:expr;)*) => {
        impl Features {
            $($(#[$doc])* pub const $name: Self = Self($bits);)*
        }
    };
}

features! {
    /// Version 1.0, with mutable globals in imports and exports.
    WASM1 = F::WASM1;
    /// Version 2.0.
    WASM2 = F::WASM2;
    /// Version 3.0.
    WASM3 = F::WASM3;
    /// Sign-extending operators.
    SIGN_EXTENSION = F::SIGN_EXTENSION;
    /// Conversions of floats that saturate.
    SATURATING_FLOAT_TO_INT = F::SATURATING_FLOAT_TO_INT;
    /// Several results, and blocks with parameters.
    MULTI_VALUE = F::MULTI_VALUE;
    /// Operators for whole ranges. Without it, segments that do not fit are errors of linking.
    BULK_MEMORY = F::BULK_MEMORY;
    /// References to functions and host values, and several tables.
    REFERENCE_TYPES = F::REFERENCE_TYPES;
    /// Vectors.
    SIMD = F::SIMD;
    /// Vector operators that leave room to implementations.
    RELAXED_SIMD = F::RELAXED_SIMD;
    /// Calls in place of a frame.
    TAIL_CALL = F::TAIL_CALL;
    /// Arithmetic and globals in constant expressions.
    EXTENDED_CONST = F::EXTENDED_CONST;
    /// Several memories.
    MULTI_MEMORY = F::MULTI_MEMORY;
    /// Memories and tables with indices of 64 bits.
    MEMORY64 = F::MEMORY64;
    /// Typed references to functions.
    FUNCTION_REFERENCES = F::FUNCTION_REFERENCES;
    /// Structures, arrays and casts.
    GC = F::GC.union(F::FUNCTION_REFERENCES).union(F::REFERENCE_TYPES);
    /// Exceptions.
    EXCEPTIONS = F::EXCEPTIONS;
    /// `try`, `catch`, `delegate` and `rethrow`, which exceptions once were.
    LEGACY_EXCEPTIONS = F::LEGACY_EXCEPTIONS;
    /// Shared memories and atomic operators.
    THREADS = F::THREADS;
    /// Pages of one byte.
    CUSTOM_PAGE_SIZES = F::CUSTOM_PAGE_SIZES;
    /// Arithmetic of 128 bits.
    WIDE_ARITHMETIC = F::WIDE_ARITHMETIC;
    /// Imports of one module that name it once.
    COMPACT_IMPORTS = F::COMPACT_IMPORTS;
    /// Everything that the engine executes.
    ALL = F::WASM3
        .union(F::LEGACY_EXCEPTIONS)
        .union(F::THREADS)
        .union(F::CUSTOM_PAGE_SIZES)
        .union(F::WIDE_ARITHMETIC)
        .union(F::COMPACT_IMPORTS);
}

impl Features {
    /// Whether all of `others` are among these.
    pub const fn contains(self, others: Self) -> bool {
        self.0.contains(others.0)
    }

    /// These and others.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0.union(others.0))
    }

    /// These without others.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0.difference(others.0))
    }

    pub(crate) const fn to_wasm(self) -> F {
        self.0
    }
}

impl BitOr for Features {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl Default for Features {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for (name, _) in self.0.iter_names() {
            set.entry(&format_args!("{name}"));
        }
        set.finish()
    }
}
