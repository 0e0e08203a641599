//! What catches exceptions: `try_table`, and `try` of legacy code.

use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::{FrameKind, Operator};

use super::{Decoder, Pending};
use crate::exec::exact::op::{Branch, Op};
use crate::module::code::Validator;
use crate::types::slots_of;

/// Instructions whose exceptions are caught.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Handler {
    pub(crate) range: Range<u32>,
    /// How many labels lie around it.
    pub(crate) label: u32,
    /// Clauses from the first to before the last.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// Instead of clauses: goes on with the handlers that have no more labels around them.
    pub(crate) delegate: Option<u32>,
}

/// A clause of a handler.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Catch {
    /// The index of the tag that it catches; all without one.
    pub(crate) tag: Option<u32>,
    /// Where it goes; the arity is that of all that it leaves above the height.
    pub(crate) branch: Branch,
    /// Whether it gives the exception itself as well.
    pub(crate) with_ref: bool,
    /// The local that is to hold the exception, in legacy code.
    pub(crate) keep: Option<u32>,
}

/// A legacy `try` that is open.
#[derive(Clone)]
pub(super) struct Catching {
    pub(super) start: u32,
    /// Where its body ended, and clauses began.
    pub(super) end: Option<u32>,
    pub(super) clauses: Vec<Catch>,
    /// Which kept exception is that of a legacy `catch`.
    pub(super) keep: Option<u32>,
}

impl Decoder<'_> {
    /// Decodes an operator of this file; `None` stands for all others.
    pub(super) fn decode_exceptions(
        &mut self,
        validator: &Validator,
        operator: &Operator<'_>,
    ) -> Option<Op> {
        let here = self.ops.len();
        Some(match *operator {
            Operator::TryTable { ref try_table } => {
                self.open_try_table(validator, try_table);
                Op::Try
            }
            Operator::Try { blockty } => {
                self.open(validator, FrameKind::LegacyTry, blockty);
                let start = here as u32 + 1;
                let catching = Catching { start, end: None, clauses: Vec::new(), keep: None };
                if let Some(label) = self.labels.last_mut() {
                    label.catching = Some(catching);
                }
                Op::Try
            }
            Operator::Catch { tag_index } => self.catch(Some(tag_index)),
            Operator::CatchAll => self.catch(None),
            Operator::Delegate { relative_depth } => {
                // The depth is counted from outside of the `try`.
                let to = (self.labels.len() as u32).saturating_sub(2 + relative_depth);
                let catching = self.labels.last_mut().and_then(|label| label.catching.take());
                let op = self.close();
                if let Some(catching) = catching {
                    self.handler(catching, here as u32, Some(to));
                }
                op
            }
            Operator::Rethrow { relative_depth } => {
                let position = self.labels.len().wrapping_sub(1 + relative_depth as usize);
                let label = self.labels.get(position);
                let local = label.and_then(|label| label.catching.as_ref()?.keep);
                Op::Rethrow { local: local.unwrap_or(0) }
            }
            Operator::Throw { tag_index: tag } => Op::Throw { tag },
            Operator::ThrowRef => Op::ThrowRef,
            _ => return None,
        })
    }

    /// Notes what a block catches that ends here.
    pub(super) fn handler(&mut self, catching: Catching, end: u32, delegate: Option<u32>) {
        let first = self.clauses.len() as u32;
        self.clauses.extend(catching.clauses);
        self.handlers.push(Handler {
            range: catching.start..catching.end.unwrap_or(end),
            label: self.labels.len() as u32,
            first,
            last: self.clauses.len() as u32,
            delegate,
        });
    }

    /// Opens a `try_table`. Its clauses are noted at once: they branch out of it.
    fn open_try_table(&mut self, validator: &Validator, try_table: &wasmparser::TryTable) {
        let first = self.clauses.len() as u32;
        for catch in &try_table.catches {
            let (tag, label, with_ref) = match *catch {
                wasmparser::Catch::One { tag, label } => (Some(tag), label, false),
                wasmparser::Catch::OneRef { tag, label } => (Some(tag), label, true),
                wasmparser::Catch::All { label } => (None, label, false),
                wasmparser::Catch::AllRef { label } => (None, label, true),
            };
            let branch = self.branch(label, Pending::Clause(self.clauses.len()));
            self.clauses.push(Catch { tag, branch, with_ref, keep: None });
        }
        // The handler is noted at the end, when all within have been.
        let start = self.ops.len() as u32 + 1;
        let last = self.clauses.len() as u32;
        self.open(validator, FrameKind::TryTable, try_table.ty);
        if let Some(label) = self.labels.last_mut() {
            label.tried = Some((start, first, last));
        }
    }

    /// Begins a clause of a legacy `try`.
    fn catch(&mut self, tag: Option<u32>) -> Op {
        let here = self.ops.len();
        let values =
            tag.and_then(|tag| self.module.func_type_at(*self.module.tags.get(tag as usize)?));
        let arity = values.map_or(0, |ty| slots_of(ty.params()) as u32);
        let outer = self.labels.iter().rev().skip(1);
        let around = outer.filter_map(|label| label.catching.as_ref()?.keep).count() as u32;
        let keep = self.locals + around;
        self.kept = self.kept.max(around + 1);
        if let Some(label) = self.labels.last_mut() {
            label.pending.push(Pending::Op(here));
            let branch = Branch { target: here as u32 + 1, height: label.height, arity };
            if let Some(catching) = &mut label.catching {
                catching.end.get_or_insert(here as u32);
                catching.keep = Some(keep);
                catching.clauses.push(Catch { tag, branch, with_ref: false, keep: Some(keep) });
            }
        }
        Op::Else { target: u32::MAX }
    }
}
