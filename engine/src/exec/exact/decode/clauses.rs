//! What catches exceptions: `try_table`, and `try` of legacy code.

use alloc::boxed::Box;
use alloc::vec;
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

/// The handlers of a function, inner ones before outer ones, and how to find the innermost.
#[derive(Debug, Default)]
pub(crate) struct Handlers {
    list: Box<[Handler]>,
    /// The next handler around each one, plus 1; 0 for the outermost.
    outer: Box<[u32]>,
    /// Instructions from which another handler is the innermost, and that handler, plus 1.
    changes: Box<[(u32, u32)]>,
}

impl Handlers {
    pub(super) fn new(list: Vec<Handler>) -> Self {
        let mut order: Vec<u32> = (0..list.len() as u32).collect();
        // Of those that begin together, the outermost is noted last.
        order.sort_by_key(|position| {
            let start = list.get(*position as usize).map_or(0, |handler| handler.range.start);
            (start, core::cmp::Reverse(*position))
        });
        let mut outer = vec![0; list.len()];
        let mut changes = Vec::with_capacity(2 * list.len());
        // Those that are open, and where they end.
        let mut open: Vec<(u32, u32)> = Vec::new();
        let innermost = |open: &[(u32, u32)]| open.last().map_or(0, |(handler, _)| *handler);
        for position in order {
            let Some(Handler { range, .. }) = list.get(position as usize) else { continue };
            if range.is_empty() {
                continue;
            }
            while let Some((_, end)) = open.pop_if(|(_, end)| *end <= range.start) {
                changes.push((end, innermost(&open)));
            }
            if let Some(outer) = outer.get_mut(position as usize) {
                *outer = innermost(&open);
            }
            open.push((position + 1, range.end));
            changes.push((range.start, position + 1));
        }
        while let Some((_, end)) = open.pop() {
            changes.push((end, innermost(&open)));
        }
        Self { list: list.into(), outer: outer.into(), changes: changes.into() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Handler> {
        self.list.iter()
    }

    pub(crate) fn get(&self, position: u32) -> Option<&Handler> {
        self.list.get(position as usize)
    }

    /// Those within whose range an instruction lies, inner ones first.
    pub(crate) fn around(&self, pc: u32) -> impl Iterator<Item = &Handler> {
        // Of changes at one place, the last one counts.
        let behind = self.changes.partition_point(|(at, _)| *at <= pc);
        let last = behind.checked_sub(1).and_then(|last| self.changes.get(last));
        let mut next = last.map_or(0, |(_, handler)| *handler);
        core::iter::from_fn(move || {
            let position = next.checked_sub(1)? as usize;
            next = self.outer.get(position).copied().unwrap_or(0);
            self.list.get(position)
        })
    }
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
        let handler = Handler {
            range: catching.start..catching.end.unwrap_or(end),
            label: self.labels.len() as u32,
            first,
            last: self.clauses.len() as u32,
            delegate,
        };
        self.handlers.push(handler);
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
        let around = self.labels.last().map_or(0, |label| label.keeping);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handlers_around_an_instruction_are_those_whose_range_it_lies_in() {
        let ranges =
            [3..5, 6..6, 6..9, 3..9, 2..10, 12..15, 16..17, 12..17, 20..30, 20..30, 20..40, 40..41];
        let handler = |range| Handler { range, label: 0, first: 0, last: 0, delegate: None };
        let handlers = Handlers::new(ranges.clone().map(handler).into());
        for pc in 0..50 {
            let found: Vec<_> = handlers.around(pc).map(|handler| handler.range.clone()).collect();
            let all = ranges.iter().filter(|range| range.contains(&pc));
            assert_eq!(found, all.cloned().collect::<Vec<_>>(), "at {pc}");
        }
        assert_eq!(Handlers::default().around(5).count(), 0);
    }
}
