//! That no operator is forgotten.

use std::collections::BTreeSet;

use stepwell_engine::Features;
use wasmparser::{Operator, Parser, Payload};

/// The features that the operators of a proposal need. An unknown proposal is an error, so that a new one is not
/// passed over in silence.
fn features(proposal: &str) -> Option<Option<Features>> {
    Some(Some(match proposal {
        "mvp" => Features::WASM1,
        "sign_extension" => Features::SIGN_EXTENSION,
        "gc" => Features::GC,
        "saturating_float_to_int" => Features::SATURATING_FLOAT_TO_INT,
        "bulk_memory" => Features::BULK_MEMORY,
        "reference_types" => Features::REFERENCE_TYPES,
        "tail_call" => Features::TAIL_CALL,
        "threads" => Features::THREADS,
        "simd" => Features::SIMD,
        "relaxed_simd" => Features::RELAXED_SIMD,
        "exceptions" => Features::EXCEPTIONS,
        "legacy_exceptions" => Features::LEGACY_EXCEPTIONS,
        "function_references" => Features::FUNCTION_REFERENCES,
        "wide_arithmetic" => Features::WIDE_ARITHMETIC,
        // Not among the features that there are.
        "custom_descriptors"
        | "memory_control"
        | "shared_everything_threads"
        | "stack_switching"
        | "acquire_release_atomics" => return Some(None),
        _ => return None,
    }))
}

/// Names of operators, and the proposals that they belong to.
macro_rules! operators {
    ($(@$proposal:ident $name:ident $({ $($argument:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        const OPERATORS: &[(&str, &str)] = &[$((stringify!($name), stringify!($proposal))),*];

        fn name(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$name { .. } => stringify!($name),)*
                _ => "",
            }
        }
    };
}
wasmparser::for_each_operator!(operators);

/// Names of the operators of a module.
pub(super) fn collect(module: &[u8], found: &mut BTreeSet<&'static str>) -> wasmparser::Result<()> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload? {
            for operator in body.get_operators_reader()? {
                found.insert(name(&operator?));
            }
        }
    }
    Ok(())
}

/// How many operators the engine has, if all are among those found.
pub(super) fn check(found: &BTreeSet<&'static str>) -> Result<usize, String> {
    let mut count = 0;
    let mut missing = Vec::new();
    for (name, proposal) in OPERATORS {
        let features = features(proposal).ok_or_else(|| format!("proposal {proposal}?"))?;
        if !features.is_some_and(|features| Features::ALL.contains(features)) {
            continue;
        }
        // Only with one type is it valid, and then it is another operator here.
        if *name == "TypedSelectMulti" {
            continue;
        }
        count += 1;
        if !found.contains(name) {
            missing.push(*name);
        }
    }
    match missing.is_empty() {
        true => Ok(count),
        false => Err(format!("no form has {}", missing.join(", "))),
    }
}
