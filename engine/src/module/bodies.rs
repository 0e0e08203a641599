//! Validating function bodies, on several threads where there are many.

use alloc::vec::Vec;

use once_cell::race::OnceBox;
use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use super::Body;
use super::code::Validator;
use super::load::{Failure, limit};
use crate::config::Config;
use crate::error::LimitKind;

/// A body, and what it is validated against.
pub(super) type Pending<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// Validates bodies and appends what is kept of them, in their order. Of several errors the first one
/// in the file is reported.
pub(super) fn validate(
    config: &Config,
    pending: Vec<Pending<'_>>,
    bodies: &mut Vec<Body>,
) -> Result<(), Failure> {
    bodies.reserve(pending.len());
    #[cfg(feature = "std")]
    {
        let size: u64 = pending.iter().map(|(_, body)| body.range().end - body.range().start).sum();
        let threads = threads::count(config, size);
        if threads > 1 {
            return threads::validate(config, pending, bodies, threads);
        }
    }
    let mut allocations = FuncValidatorAllocations::default();
    for item in pending {
        bodies.push(one(config, item, &mut allocations)?);
    }
    Ok(())
}

/// Validates one body.
fn one(
    config: &Config,
    (func, body): Pending<'_>,
    allocations: &mut FuncValidatorAllocations,
) -> Result<Body, Failure> {
    let mut validator = func.into_validator(core::mem::take(allocations));
    let instructions = count(config, &mut validator, &body).map_err(Failure::Validator)?;
    let (locals, allowed) = (validator.len_locals(), config.max_locals);
    *allocations = validator.into_allocations();
    let range = body.range();
    if locals > allowed {
        let kind = LimitKind::Locals;
        return Err(limit(kind, locals.into(), allowed.into(), Some(range.start)).into());
    }
    Ok(Body {
        range: range.start as u32..range.end as u32,
        instructions,
        code: OnceBox::new(),
        types: OnceBox::new(),
    })
}

/// Validates a function and counts its instructions.
fn count(
    config: &Config,
    validator: &mut Validator,
    body: &FunctionBody<'_>,
) -> Result<u32, wasmparser::Error> {
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    reader.set_features(config.features.to_wasm());
    let mut instructions = 0;
    while !reader.eof() {
        let offset = reader.original_position();
        reader.visit_operator(&mut validator.visitor(offset))??;
        instructions += 1;
    }
    let end = reader.original_position();
    reader.finish_expression(&validator.visitor(end))?;
    Ok(instructions)
}

#[cfg(feature = "std")]
mod threads {
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, PoisonError};
    use std::thread;
    use std::vec::Vec;

    use super::{Body, Failure, Pending, one};
    use crate::config::Config;

    /// Bytes of code from which on a thread is worth its start.
    const WORTH: u64 = 256 << 10;
    /// Bodies that a thread takes at a time.
    const BATCH: usize = 64;

    /// How many threads validate so many bytes of code.
    pub(super) fn count(config: &Config, size: u64) -> usize {
        let worth = usize::try_from(size / WORTH).unwrap_or(usize::MAX);
        (config.validation_threads as usize).min(worth)
    }

    /// What has been found out, by the position of the first body of a batch.
    type Found = Vec<(usize, Result<Vec<Body>, Failure>)>;

    pub(super) fn validate(
        config: &Config,
        pending: Vec<Pending<'_>>,
        bodies: &mut Vec<Body>,
        threads: usize,
    ) -> Result<(), Failure> {
        let mut batches: Vec<Vec<Pending<'_>>> = Vec::new();
        for item in pending {
            match batches.last_mut() {
                Some(batch) if batch.len() < BATCH => batch.push(item),
                _ => batches.push(Vec::from([item])),
            }
        }
        let batches: Vec<_> = batches.into_iter().map(|batch| Mutex::new(Some(batch))).collect();
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Found::new()));
        let work = || {
            let mut allocations = wasmparser::FuncValidatorAllocations::default();
            let mut done = Found::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(batch) = batches.get(position) else { break };
                let taken = batch.lock().unwrap_or_else(PoisonError::into_inner).take();
                let validate = |item| one(config, item, &mut allocations);
                let result: Result<Vec<Body>, Failure> =
                    taken.into_iter().flatten().map(validate).collect();
                let failed = result.is_err();
                done.push((position, result));
                if failed {
                    // All before this one have been taken; none behind it matters.
                    next.store(batches.len(), Ordering::Relaxed);
                }
            }
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(done);
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                // Where no thread can be had, this one does all.
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|(position, _)| *position);
        for (_, result) in found {
            bodies.extend(result?);
        }
        Ok(())
    }
}
