//! Validating function bodies: several on several threads, or one a slice at a time.

use alloc::vec::Vec;
use core::ops::Range;

use once_cell::race::OnceBox;
use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources,
};

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
    allocations: &mut FuncValidatorAllocations,
) -> Result<(), Failure> {
    #[cfg(feature = "std")]
    {
        let size: u64 = pending.iter().map(|(_, body)| body.range().end - body.range().start).sum();
        let threads = threads::count(config, size);
        if threads > 1 {
            return threads::validate(config, pending, bodies, threads);
        }
    }
    for item in pending {
        bodies.push(one(config, item, allocations)?);
    }
    Ok(())
}

/// Validates one body.
fn one(
    config: &Config,
    (func, body): Pending<'_>,
    allocations: &mut FuncValidatorAllocations,
) -> Result<Body, Failure> {
    let mut walk = Walk::new(config, func, body.range(), allocations);
    walk.step(body.as_bytes(), u64::MAX)?;
    walk.finish(config, allocations)
}

/// A walk over a body, which can be left after any local or operator and taken up again.
pub(super) struct Walk {
    validator: Validator,
    features: wasmparser::WasmFeatures,
    range: Range<u64>,
    /// Where the next item begins.
    position: u64,
    /// Declarations of locals that are still to come; absent before their number has been read.
    locals: Option<u32>,
    /// How many instructions there were.
    instructions: u32,
}

impl Walk {
    /// A walk that stands at the beginning of a body.
    pub(super) fn new(
        config: &Config,
        func: FuncToValidate<ValidatorResources>,
        range: Range<u64>,
        allocations: &mut FuncValidatorAllocations,
    ) -> Self {
        Self {
            validator: func.into_validator(core::mem::take(allocations)),
            features: config.features.to_wasm(),
            position: range.start,
            range,
            locals: None,
            instructions: 0,
        }
    }

    /// Where the body lies in the module.
    pub(super) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Where the next item begins.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Validates about `budget` more bytes of the body, at least one item; true at its end. `body` are its
    /// bytes, the same ones each time.
    pub(super) fn step(&mut self, body: &[u8], budget: u64) -> Result<bool, Failure> {
        self.validate(body, budget).map_err(Failure::Validator)
    }

    fn validate(&mut self, body: &[u8], budget: u64) -> Result<bool, wasmparser::Error> {
        let goal = self.position.saturating_add(budget.max(1));
        let begun = usize::try_from(self.position - self.range.start).unwrap_or(usize::MAX);
        let rest = body.get(begun..).unwrap_or_default();
        let mut reader = BinaryReader::new_features(rest, self.position, self.features);
        let mut left = match self.locals {
            Some(left) => left,
            None => reader.read_var_u32()?,
        };
        while left > 0 && reader.original_position() < goal {
            let offset = reader.original_position();
            let count = reader.read()?;
            let ty = reader.read()?;
            self.validator.define_locals(offset, count, ty)?;
            left -= 1;
        }
        self.locals = Some(left);
        while left == 0 && !reader.eof() && reader.original_position() < goal {
            let offset = reader.original_position();
            reader.visit_operator(&mut self.validator.visitor(offset))??;
            self.instructions += 1;
        }
        self.position = reader.original_position();
        if left > 0 || !reader.eof() {
            return Ok(false);
        }
        reader.finish_expression(&self.validator.visitor(self.position))?;
        Ok(true)
    }

    /// What is kept of a body at whose end the walk stands.
    pub(super) fn finish(
        self,
        config: &Config,
        allocations: &mut FuncValidatorAllocations,
    ) -> Result<Body, Failure> {
        let (locals, allowed) = (self.validator.len_locals(), config.max_locals);
        *allocations = self.validator.into_allocations();
        if locals > allowed {
            let kind = LimitKind::Locals;
            return Err(limit(kind, locals.into(), allowed.into(), Some(self.range.start)).into());
        }
        Ok(Body {
            range: self.range.start as u32..self.range.end as u32,
            instructions: self.instructions,
            code: OnceBox::new(),
            types: OnceBox::new(),
        })
    }
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
