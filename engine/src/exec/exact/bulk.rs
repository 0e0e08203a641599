//! Bulk operators over memories and tables (*Execution, table and memory instructions*).
//!
//! Each checks both ranges first and then works on slices: a trap has changed nothing. Addresses
//! and lengths are unsigned numbers in 64 bits.

use core::ops::Range;

use crate::exec::stop::TrapCode;
use crate::ids::{MemAddr, TableAddr};
use crate::memory::LinearMemory;
use crate::store::Table;

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

pub(super) fn memory_fill(
    memory: &mut LinearMemory,
    at: u64,
    value: u64,
    len: u64,
) -> Result<(), TrapCode> {
    let bytes = memory.bytes_mut();
    let range = memory_range(bytes, at, len)?;
    bytes[range].fill(value as u8);
    Ok(())
}

pub(super) fn memory_copy(
    memories: &mut [LinearMemory],
    (to, at): (MemAddr, u64),
    (from, source): (MemAddr, u64),
    len: u64,
) -> Result<(), TrapCode> {
    let target = memory_range(memories[to.index()].bytes(), at, len)?;
    let source = memory_range(memories[from.index()].bytes(), source, len)?;
    if to == from {
        memories[to.index()].bytes_mut().copy_within(source, target.start);
    } else if let Ok([to, from]) = memories.get_disjoint_mut([to.index(), from.index()]) {
        to.bytes_mut()[target].copy_from_slice(&from.bytes()[source]);
    }
    Ok(())
}

pub(crate) fn memory_init(
    memory: &mut LinearMemory,
    at: u64,
    segment: &[u8],
    source: u64,
    len: u64,
) -> Result<(), TrapCode> {
    let bytes = memory.bytes_mut();
    let target = memory_range(bytes, at, len)?;
    let source = memory_range(segment, source, len)?;
    bytes[target].copy_from_slice(&segment[source]);
    Ok(())
}

pub(super) fn table_fill(table: &mut Table, at: u64, value: u64, len: u64) -> Result<(), TrapCode> {
    let range = table_range(&table.elements, at, len)?;
    table.elements[range].fill(value);
    Ok(())
}

pub(super) fn table_copy(
    tables: &mut [Table],
    (to, at): (TableAddr, u64),
    (from, source): (TableAddr, u64),
    len: u64,
) -> Result<(), TrapCode> {
    let target = table_range(&tables[to.index()].elements, at, len)?;
    let source = table_range(&tables[from.index()].elements, source, len)?;
    if to == from {
        tables[to.index()].elements.copy_within(source, target.start);
    } else if let Ok([to, from]) = tables.get_disjoint_mut([to.index(), from.index()]) {
        to.elements[target].copy_from_slice(&from.elements[source]);
    }
    Ok(())
}

pub(crate) fn table_init(
    table: &mut Table,
    at: u64,
    segment: &[u64],
    source: u64,
    len: u64,
) -> Result<(), TrapCode> {
    let target = table_range(&table.elements, at, len)?;
    let source = table_range(segment, source, len)?;
    table.elements[target].copy_from_slice(&segment[source]);
    Ok(())
}
