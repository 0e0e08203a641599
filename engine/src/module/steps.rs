//! The way through a module's bytes: payload by payload, and within large ones item by item.
//!
//! All bytes at once, with threads, and bytes that arrive while a caller gives slices of its time go the
//! same way, so that both find the same.

use alloc::vec::Vec;

use wasmparser::{Chunk, Encoding, Payload};

use super::bodies::{self, Pending, Walk};
use super::builder::LoadState;
use super::load::{Failure, Loader, explain, limit};
use super::not_module::{COMPONENT, MAGIC, not_binary, not_module};
use super::parts::Parts;
use super::well_formed::{Malformed, WellFormed};
use crate::config::Engine;
use crate::error::{Error, LimitKind, Result};

/// Bytes of code that are validated at a time, and how many bodies at most: what is kept of each until then
/// is larger than a small body.
const BATCH: u64 = 16 << 20;
const BATCH_BODIES: usize = 1 << 16;

/// Bytes that tell what a file is that is no module.
const TELLING: usize = 1 << 10;

/// Parses and validates a whole module.
pub(super) fn load(engine: &Engine, bytes: &[u8]) -> Result<Loader> {
    check_size(engine, bytes.len() as u64)?;
    let mut loader = Loader::new(engine);
    while loader.step(bytes, true, u64::MAX)? != LoadState::Ready {}
    Ok(loader)
}

/// Refuses a module that is too large.
pub(super) fn check_size(engine: &Engine, size: u64) -> Result<()> {
    // Offsets are 32-bit, as the sections' own sizes are.
    let allowed = (engine.config().max_module_size as u64).min(u64::from(u32::MAX));
    if size > allowed {
        return Err(limit(LimitKind::ModuleSize, size, allowed, None));
    }
    Ok(())
}

impl Loader {
    /// Goes on for about `budget` bytes, at least one item. `bytes` are all that have come up to now; `eof`
    /// if there will be no more.
    pub(super) fn step(&mut self, bytes: &[u8], eof: bool, budget: u64) -> Result<LoadState> {
        if self.position == 0 && !bytes.starts_with(MAGIC) {
            if !eof && (MAGIC.starts_with(bytes) || bytes.len() < TELLING) {
                return Ok(LoadState::NeedsBytes);
            }
            if bytes.is_empty() || !MAGIC.starts_with(bytes) {
                return Err(not_module(bytes, not_binary(bytes)));
            }
        }
        if self.invalid.is_none() {
            match self.walk(bytes, eof, budget) {
                Ok(state) => return Ok(state),
                Err(Failure::Typed(error)) => return Err(error),
                Err(Failure::Parser(error)) => return Err(explain(bytes, &error, true)),
                Err(Failure::Validator(error)) => {
                    self.invalid = Some((WellFormed::new(self.module.features), error));
                }
            }
        }
        let Some((reading, error)) = &mut self.invalid else { return Ok(LoadState::Pending) };
        match reading.step(bytes, eof, budget) {
            Ok(LoadState::Ready) => Err(explain(bytes, error, false)),
            Ok(state) => Ok(state),
            Err(Malformed::Parser(malformed)) => Err(explain(bytes, &malformed, true)),
            Err(Malformed::Rule(message, offset)) => Err(Error::Malformed { message, offset }),
        }
    }

    /// How many bytes have been validated.
    pub(super) fn done(&self) -> u64 {
        let inside = self.body.as_ref().map(Walk::position);
        let inside = inside.or(self.parts.as_ref().map(Parts::position));
        inside.unwrap_or(self.position as u64)
    }

    fn walk(&mut self, bytes: &[u8], eof: bool, budget: u64) -> Result<LoadState, Failure> {
        let mut left = budget.max(1);
        while !self.at_end {
            if left == 0 {
                return Ok(LoadState::Pending);
            }
            let spent = if self.body.is_some() {
                self.step_body(bytes, left)?
            } else if let Some(parts) = self.parts.take() {
                self.step_section(parts, bytes, left)?
            } else {
                match self.step_payloads(bytes, eof, left)? {
                    Some(spent) => spent,
                    None => return Ok(LoadState::NeedsBytes),
                }
            };
            left = left.saturating_sub(spent);
        }
        Ok(LoadState::Ready)
    }

    /// Goes on in the body that has been begun. What it cost is the answer.
    fn step_body(&mut self, bytes: &[u8], left: u64) -> Result<u64, Failure> {
        let Some(mut walk) = self.body.take() else { return Ok(0) };
        let (range, begun) = (walk.range(), walk.position());
        let body = bytes.get(range.start as usize..range.end as usize).unwrap_or_default();
        let at_end = walk.step(body, left)?;
        let spent = walk.position() - begun;
        if at_end {
            let body = walk.finish(self.engine.config(), &mut self.allocations)?;
            self.module.bodies.push(body);
        } else {
            self.body = Some(walk);
        }
        Ok(spent)
    }

    /// Validates and indexes the next part of a section.
    fn step_section(&mut self, mut parts: Parts, bytes: &[u8], left: u64) -> Result<u64, Failure> {
        let begun = parts.position();
        let (part, offset) = parts.next(bytes, left);
        let position = parts.position();
        let payload = parts.payload(&part, offset)?;
        let (at_end, failure) = (parts.at_end(), parts.failure.take());
        // While it is there, `section` knows of it.
        self.parts = Some(parts);
        self.validator.payload(&payload).map_err(Failure::Validator)?;
        let failure = match failure {
            None => self.payload(payload).err(),
            failure => failure,
        };
        // As with a whole section, what is invalid comes before what is not supported.
        match (&mut self.parts, failure) {
            (_, Some(failure)) if at_end => return Err(failure),
            (Some(parts), failure) => parts.failure = failure,
            _ => {}
        }
        self.parts = self.parts.take().filter(|_| !at_end);
        Ok(position - begun)
    }

    /// Takes the next payload, or as many function bodies as there are to be had. `None` if the next one
    /// has not arrived.
    fn step_payloads(
        &mut self,
        bytes: &[u8],
        eof: bool,
        left: u64,
    ) -> Result<Option<u64>, Failure> {
        let mut pending: Vec<Pending<'_>> = Vec::new();
        let mut spent = 0;
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let chunk = self.parser.parse(rest, eof);
            if let Ok(Chunk::Parsed { consumed, payload: Payload::CodeSectionEntry(body) }) = &chunk
            {
                let func = match self.validator.code_section_entry(body) {
                    Ok(func) => func,
                    Err(error) => {
                        self.validate_bodies(pending)?;
                        return Err(Failure::Validator(error));
                    }
                };
                self.position += consumed;
                if self.module.resources.is_none() {
                    self.module.resources = Some(func.resources.clone());
                }
                let size = *consumed as u64;
                if size > left.saturating_sub(spent) {
                    self.validate_bodies(pending)?;
                    let config = self.engine.config();
                    let walk = Walk::new(config, func, body.range(), &mut self.allocations);
                    self.body = Some(walk);
                    return Ok(Some(spent));
                }
                pending.push((func, body.clone()));
                spent += size;
                if spent >= left.min(BATCH) || pending.len() >= BATCH_BODIES {
                    self.validate_bodies(pending)?;
                    return Ok(Some(spent));
                }
                continue;
            }
            // Errors are found in the order in which they stand in the file.
            self.validate_bodies(pending)?;
            let (consumed, payload) = match chunk? {
                Chunk::NeedMoreData(_) => return Ok(None),
                Chunk::Parsed { consumed, payload } => (consumed, payload),
            };
            self.position += consumed;
            if let Payload::Version { encoding: Encoding::Component, .. } = &payload {
                return Err(not_module(bytes, COMPONENT).into());
            }
            let left = left.saturating_sub(spent);
            if let Some(parts) = Parts::of(&payload, &self.module, left) {
                self.section(parts.id(), parts.range(), Some(parts.count()));
                self.parts = Some(parts);
                return Ok(Some(spent));
            }
            self.at_end = matches!(payload, Payload::End(_));
            self.validator.payload(&payload).map_err(Failure::Validator)?;
            self.payload(payload)?;
            return Ok(Some(spent + consumed as u64));
        }
    }

    fn validate_bodies(&mut self, pending: Vec<Pending<'_>>) -> Result<(), Failure> {
        let config = self.engine.config();
        bodies::validate(config, pending, &mut self.module.bodies, &mut self.allocations)
    }
}
