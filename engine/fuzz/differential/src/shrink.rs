//! A smaller module with the same difference.

use crate::compare::Harness;
use crate::sections::Bodies;

/// Modules that are tried, the invalid ones not counted.
const MOST_TRIED: u32 = 3_000;

/// Leaves out instructions as long as the module is valid and the kind of difference stays.
pub(crate) fn shrink(harness: &Harness, module: &[u8], seed: u64, kind: &str) -> Option<Vec<u8>> {
    let mut bodies = Bodies::of(module)?;
    let mut tried = 0;
    let mut still_differs = |bodies: &Bodies| {
        let Some(module) = bodies.encode().filter(|module| harness.accepts(module)) else {
            return false;
        };
        tried += 1;
        tried < MOST_TRIED
            && harness.compare(&module, seed).is_err_and(|difference| difference.kind == kind)
    };
    for func in 0..bodies.funcs.len() {
        let mut without = bodies.clone();
        without.funcs[func].instructions = vec![vec![0]];
        if still_differs(&without) {
            bodies = without;
        }
    }
    loop {
        let before = bodies.clone();
        for func in 0..bodies.funcs.len() {
            let mut size = bodies.funcs[func].instructions.len();
            while size > 0 {
                let mut at = 0;
                while at + size <= bodies.funcs[func].instructions.len() {
                    let mut without = bodies.clone();
                    without.funcs[func].instructions.drain(at..at + size);
                    match still_differs(&without) {
                        true => bodies = without,
                        false => at += 1 + size / 8,
                    }
                }
                size = if size > 8 { size / 2 } else { size - 1 };
            }
        }
        if before.len() == bodies.len() {
            return bodies.encode();
        }
    }
}
