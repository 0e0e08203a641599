//! Strings of `wasm:js-string`; the engine has them.

use stepwell_engine::module::Import;
use stepwell_engine::{ExternType, Linker};

/// The module of the functions, and the one whose globals are strings: compilers agree on that name.
pub(super) const MODULES: [&str; 2] = ["wasm:js-string", CONSTANTS];

const CONSTANTS: &str = "'";

/// A linker with what every module can import: strings, and as constants those of the module that
/// compilers agree on.
pub fn builtins() -> Linker {
    let mut linker = Linker::new();
    linker.js_strings(Some(CONSTANTS));
    linker
}

/// Whether it is one of the functions, whatever its type.
pub(super) fn is_named(import: &Import) -> bool {
    MODULES.contains(&&*import.module) && builtins().is_js_string(import)
}

pub(super) fn provides(import: &Import) -> bool {
    let is_function = matches!(import.ty, ExternType::Func(_));
    is_named(import) && (is_function || &*import.module == CONSTANTS)
}

/// Defines them all, unless the linker has them.
pub(super) fn define(import: &Import, linker: &mut Linker) -> bool {
    if provides(import) && !linker.is_js_string(import) {
        linker.js_strings(Some(CONSTANTS));
    }
    provides(import)
}
