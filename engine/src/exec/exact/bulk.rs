//! Bulk operators over memories and tables (*Execution, table and memory instructions*), and how they
//! are done in parts.
//!
//! Each checks both ranges first and then works on slices: a trap has changed nothing. Addresses
//! and lengths are unsigned numbers in 64 bits.
//!
//! A run may do only so much bulk work. What is left of an instruction then is its [`Progress`], which
//! belongs to the task; its operands stay where they are until it is done. Ranges are checked again for
//! each part: memories, tables and arrays never shrink, so that only a segment that somebody has
//! dropped meanwhile traps later than before the first byte.

use core::ops::Range;

use crate::exec::stop::TrapCode;
use crate::ids::{MemAddr, ObjectAddr, TableAddr};
use crate::memory::LinearMemory;
use crate::store::Table;

/// Operands that a bulk operator has at most.
const OPERANDS: usize = 5;

/// Bytes up to which an instruction is no bulk work: it is done in one go and not taken off.
pub(crate) const SMALL: u64 = 256;

/// How far the bulk instruction has come at which the innermost frame stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    /// What it began with: if a person changes an operand, it begins anew.
    operands: [u64; OPERANDS],
    /// Elements done, and how many there are.
    pub(crate) done: u64,
    pub(crate) len: u64,
    /// The array that it makes, which nothing else refers to.
    pub(crate) made: Option<ObjectAddr>,
}

/// The bulk work that a run may still do.
pub(crate) struct Bulk<'a> {
    /// In bytes.
    pub(crate) allowance: u64,
    pub(crate) progress: &'a mut Option<Progress>,
}

/// Elements of a range that are to be done now.
#[derive(Debug)]
pub(super) struct Part {
    from: u64,
    to: u64,
    len: u64,
}

impl<'a> Bulk<'a> {
    /// As much as there is to do.
    pub(crate) fn unlimited(progress: &'a mut Option<Progress>) -> Self {
        Self { allowance: u64::MAX, progress }
    }

    fn begun(&self, operands: &[u64]) -> Option<Progress> {
        self.progress.filter(|progress| progress.operands.starts_with(operands))
    }

    /// The array that the instruction has made already.
    pub(super) fn made(&self, operands: &[u64]) -> Option<ObjectAddr> {
        self.begun(operands)?.made
    }

    /// What the instruction with these operands does next: of `len` elements as many as the run may still
    /// do. What is left is noted.
    #[inline]
    pub(super) fn part(
        &mut self,
        operands: &[u64],
        len: u64,
        width_log2: u32,
        made: Option<ObjectAddr>,
    ) -> Part {
        if len << width_log2 <= SMALL {
            // A person may have made it one of these.
            *self.progress = None;
            return Part { from: 0, to: len, len };
        }
        self.part_of_large(operands, len, width_log2, made)
    }

    #[inline(never)]
    fn part_of_large(
        &mut self,
        operands: &[u64],
        len: u64,
        width_log2: u32,
        made: Option<ObjectAddr>,
    ) -> Part {
        let from = self.begun(operands).map_or(0, |progress| progress.done.min(len));
        let count = (len - from).min(self.allowance >> width_log2);
        self.allowance -= count << width_log2;
        let to = from + count;
        let is_begun = to < len && (to > 0 || made.is_some());
        *self.progress = is_begun.then(|| {
            let mut known = [0; OPERANDS];
            known.iter_mut().zip(operands).for_each(|(known, operand)| *known = *operand);
            Progress { operands: known, done: to, len, made }
        });
        Part { from, to, len }
    }

    /// Takes off what is done in one go; it may be more than is left, but there has to be something.
    pub(super) fn whole<T, E>(
        &mut self,
        bytes: u64,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        if self.allowance == 0 && bytes > SMALL {
            return None;
        }
        let done = work();
        if done.is_ok() && bytes > SMALL {
            self.allowance = self.allowance.saturating_sub(bytes);
        }
        Some(done)
    }
}

impl Part {
    pub(super) fn is_last(&self) -> bool {
        self.to == self.len
    }

    /// From its first to its last element.
    pub(super) fn forwards(&self) -> Range<u64> {
        self.from..self.to
    }

    /// The same where ranges overlap, and what is copied upwards must be copied from its end.
    pub(super) fn copying(&self, upwards: bool) -> Range<u64> {
        match upwards {
            true => self.len - self.to..self.len - self.from,
            false => self.forwards(),
        }
    }
}

/// A part of a range that has been checked.
fn within(range: &Range<usize>, part: &Range<u64>) -> Range<usize> {
    range.start + part.start as usize..range.start + part.end as usize
}

fn range(start: u64, len: u64, size: usize, code: TrapCode) -> Result<Range<usize>, TrapCode> {
    match start.checked_add(len) {
        Some(end) if end <= size as u64 => Ok(start as usize..end as usize),
        _ => Err(code),
    }
}

fn memory_range(memory: &[u8], start: u64, len: u64) -> Result<Range<usize>, TrapCode> {
    range(start, len, memory.len(), TrapCode::MemoryOutOfBounds)
}

fn table_range(elements: &[u64], start: u64, len: u64) -> Result<Range<usize>, TrapCode> {
    range(start, len, elements.len(), TrapCode::TableOutOfBounds)
}

/// A part of a data segment.
pub(super) fn memory_part(segment: &[u8], source: u64, len: u64) -> Result<&[u8], TrapCode> {
    memory_range(segment, source, len).map(|range| &segment[range])
}

/// A part of an element segment.
pub(super) fn table_part(segment: &[u64], source: u64, len: u64) -> Result<&[u64], TrapCode> {
    table_range(segment, source, len).map(|range| &segment[range])
}

// Each is given its operands and says whether it is done.

pub(super) fn memory_fill(
    bulk: &mut Bulk<'_>,
    memory: &mut LinearMemory,
    operands: [u64; 3],
) -> Result<bool, TrapCode> {
    let [at, value, len] = operands;
    let range = memory_range(memory.bytes(), at, len)?;
    let part = bulk.part(&operands, len, 0, None);
    let range = within(&range, &part.forwards());
    memory.bytes_within(range.clone())[range].fill(value as u8);
    Ok(part.is_last())
}

pub(super) fn memory_copy(
    bulk: &mut Bulk<'_>,
    memories: &mut [LinearMemory],
    to: MemAddr,
    from: MemAddr,
    operands: [u64; 3],
) -> Result<bool, TrapCode> {
    let [at, source, len] = operands;
    let target = memory_range(memories[to.index()].bytes(), at, len)?;
    let source = memory_range(memories[from.index()].bytes(), source, len)?;
    let part = bulk.part(&operands, len, 0, None);
    let copied = part.copying(to == from && target.start > source.start);
    let (target, source) = (within(&target, &copied), within(&source, &copied));
    if to == from {
        memories[to.index()].bytes_within(target.clone()).copy_within(source, target.start);
    } else if let Ok([to, from]) = memories.get_disjoint_mut([to.index(), from.index()]) {
        to.bytes_within(target.clone())[target].copy_from_slice(&from.bytes()[source]);
    }
    Ok(part.is_last())
}

pub(crate) fn memory_init(
    bulk: &mut Bulk<'_>,
    memory: &mut LinearMemory,
    segment: &[u8],
    operands: [u64; 3],
) -> Result<bool, TrapCode> {
    let [at, source, len] = operands;
    let target = memory_range(memory.bytes(), at, len)?;
    let source = memory_range(segment, source, len)?;
    let part = bulk.part(&operands, len, 0, None);
    let copied = part.forwards();
    let target = within(&target, &copied);
    let bytes = &mut memory.bytes_within(target.clone())[target];
    bytes.copy_from_slice(&segment[within(&source, &copied)]);
    Ok(part.is_last())
}

/// Bytes of a table's element, as a power of two.
const ELEMENT: u32 = 3;

pub(super) fn table_fill(
    bulk: &mut Bulk<'_>,
    table: &mut Table,
    operands: [u64; 3],
) -> Result<bool, TrapCode> {
    let [at, value, len] = operands;
    let range = table_range(&table.elements, at, len)?;
    let part = bulk.part(&operands, len, ELEMENT, None);
    table.elements[within(&range, &part.forwards())].fill(value);
    Ok(part.is_last())
}

pub(super) fn table_copy(
    bulk: &mut Bulk<'_>,
    tables: &mut [Table],
    to: TableAddr,
    from: TableAddr,
    operands: [u64; 3],
) -> Result<bool, TrapCode> {
    let [at, source, len] = operands;
    let target = table_range(&tables[to.index()].elements, at, len)?;
    let source = table_range(&tables[from.index()].elements, source, len)?;
    let part = bulk.part(&operands, len, ELEMENT, None);
    let copied = part.copying(to == from && target.start > source.start);
    let (target, source) = (within(&target, &copied), within(&source, &copied));
    if to == from {
        tables[to.index()].elements.copy_within(source, target.start);
    } else if let Ok([to, from]) = tables.get_disjoint_mut([to.index(), from.index()]) {
        to.elements[target].copy_from_slice(&from.elements[source]);
    }
    Ok(part.is_last())
}

pub(crate) fn table_init(
    bulk: &mut Bulk<'_>,
    table: &mut Table,
    segment: &[u64],
    operands: [u64; 3],
) -> Result<bool, TrapCode> {
    let [at, source, len] = operands;
    let target = table_range(&table.elements, at, len)?;
    let source = table_range(segment, source, len)?;
    let part = bulk.part(&operands, len, ELEMENT, None);
    let copied = part.forwards();
    table.elements[within(&target, &copied)].copy_from_slice(&segment[within(&source, &copied)]);
    Ok(part.is_last())
}
