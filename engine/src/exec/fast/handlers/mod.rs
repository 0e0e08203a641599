//! What each operation does, whatever dispatches it.
//!
//! An operation is a type; [`Operation::run`] executes it and moves `ip` behind it. The words that
//! follow its first one are laid out in fields of 16 and 32 bits, described at each operation, low
//! bits first: `dst`, `a`, `b` and `src` are slots of the frame, `to` is a distance in words from
//! the operation's first one, `price` what the segment there costs. [`Operation::LAYOUT`] says the
//! same to the listing.
//!
//! # Safety
//! All of this relies on the translator: slots lie within the frame, which lies within the value
//! stack; distances lead to operations of the same function; indices are those of a validated
//! module. [`Registers`] and [`Context`](super::machine::Context) are valid for the whole run.

/// Operations that stand for themselves: number, name, layout and what they do.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $code:expr, $text:literal, $layout:expr, |$r:ident| $body:block)*) => {$(
        $(#[$doc])*
        pub(in crate::exec::fast) struct $name;
        impl Operation for $name {
            const CODE: u32 = $code;
            const NAME: &'static str = $text;
            const LAYOUT: &'static [Part] = $layout;
            #[inline(always)]
            #[allow(unused_unsafe)] // one does nothing
            unsafe fn run($r: &mut Registers) -> Flow {
                // SAFETY: what the module demands.
                unsafe { $body }
            }
        }
    )*};
}

mod calls;
mod numeric;
mod reference;
mod single;
mod vector;
mod wide;

use core::slice;

use super::machine::{Context, Flow, Registers};
use crate::exec::exact::SMALL;
use crate::memory::{LinearMemory, MARKED_LOG2};

pub(super) use numeric::*;
pub(super) use reference::*;
pub(super) use single::*;
pub(super) use vector::*;
pub(super) use wide::*;

/// An operation.
pub(in crate::exec::fast) trait Operation {
    /// Its number, which the translator writes.
    const CODE: u32;
    /// The operator's name: of the operator table, in its spelling, or one of this folder.
    const NAME: &'static str;
    /// How it reads.
    const LAYOUT: &'static [Part];

    /// Whether it is a branch with a condition: [`test`](Self::test), then [`follow`](Self::follow).
    /// Each side then has a dispatch of its own, whose target the processor learns apart.
    #[cfg_attr(not(threaded), allow(dead_code))] // the loop has one dispatch for all
    const CHOICE: bool = false;

    /// Executes it.
    ///
    /// # Safety
    /// See the module.
    unsafe fn run(r: &mut Registers) -> Flow;

    /// The two halves of a choice: its condition, and where to go if it is `met`.
    ///
    /// # Safety
    /// See the module.
    #[inline(always)]
    unsafe fn test(_: &mut Registers) -> bool {
        false
    }

    /// As said at [`Operation::test`].
    ///
    /// # Safety
    /// See the module.
    #[inline(always)]
    unsafe fn follow(_: &mut Registers, _met: bool) -> Flow {
        Flow::Next
    }
}

/// A piece of an operation's text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::exec::fast) enum Part {
    Text(&'static str),
    /// The operator.
    Name,
    /// A slot: word and field of 16 bits.
    Slot(u8, u8),
    /// A field of 16 bits as a number with a sign.
    Small(u8, u8),
    /// The upper half of a word, with and without a sign.
    Signed(u8),
    Unsigned(u8),
    /// A whole word.
    Constant(u8),
    /// A distance in the lower or upper half of a word.
    To(u8, Half),
    /// A price there; none if it is 0.
    Price(u8, Half),
    Global(u8),
    Func(u8),
    /// A type's index, and a table's.
    Type(u8),
    Table(u8),
    /// A memory's index: word and field of 16 bits.
    Memory(u8, u8),
    /// A vector operator, by number: word and field of 16 bits.
    Vector(u8, u8),
    /// What stands in an accumulator.
    Accumulator,
    /// Targets of a `br_table`, from a word on; their number is in the upper half of the word before.
    Targets(u8),
}

/// Half of a word.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::exec::fast) enum Half {
    Lower,
    Upper,
}

/// The first word of an operation as the translator writes it.
pub(in crate::exec::fast) const fn encode<O: Operation>() -> u64 {
    O::CODE as u64
}

/// Codes below this one are those of single operations; families follow.
const FAMILIES: u32 = 96;

/// The code of an operator in one of its forms.
pub(in crate::exec::fast) const fn code(number: u32, form: u32) -> u32 {
    FAMILIES + number * 32 + form
}

#[inline(always)]
unsafe fn word(r: &Registers, index: usize) -> u64 {
    // SAFETY: operations are as long as the translator made them.
    unsafe { *r.ip.add(index) }
}

#[inline(always)]
unsafe fn get(r: &Registers, slot: u16) -> u64 {
    // SAFETY: slots of operations lie within the frame.
    unsafe { *r.fp.add(usize::from(slot)) }
}

#[inline(always)]
unsafe fn set(r: &mut Registers, slot: u16, value: u64) {
    r.accumulator = value;
    // SAFETY: as for `get`.
    unsafe { *r.fp.add(usize::from(slot)) = value }
}

/// As [`set`], into the accumulator of the kind that the result is.
#[inline(always)]
unsafe fn set_as(r: &mut Registers, slot: u16, value: u64, float: bool) {
    if float {
        r.float = f64::from_bits(value);
    } else {
        r.accumulator = value;
    }
    // SAFETY: as for `get`.
    unsafe { *r.fp.add(usize::from(slot)) = value }
}

#[inline(always)]
fn lo(word: u64) -> u16 {
    word as u16
}

#[inline(always)]
fn mid(word: u64) -> u16 {
    (word >> 16) as u16
}

#[inline(always)]
fn third(word: u64) -> u16 {
    (word >> 32) as u16
}

#[inline(always)]
fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// The upper half as an operand: numbers of 32 bits as they are, wider ones extended by sign.
#[inline(always)]
fn immediate(word: u64) -> u64 {
    (word as i64 >> 32) as u64
}

#[inline(always)]
unsafe fn forward(r: &mut Registers, words: usize) -> Flow {
    // SAFETY: the translator ends no function without a return.
    r.ip = unsafe { r.ip.add(words) };
    Flow::Next
}

/// Pays for the segment at `ip`.
#[inline(always)]
unsafe fn pay(r: &mut Registers, price: u32) -> Flow {
    // Only to measure what paying costs: without it runs end when they end, and count nothing.
    if cfg!(uncharged) {
        return Flow::Next;
    }
    r.fuel -= i64::from(price);
    if r.fuel < 0 {
        // SAFETY: the context is valid.
        unsafe { (*r.context).value = price };
        return Flow::Unpaid;
    }
    Flow::Next
}

#[inline(always)]
unsafe fn go(r: &mut Registers, to: i32, price: u32) -> Flow {
    // SAFETY: distances lead to operations of the same function.
    unsafe {
        r.ip = r.ip.offset(to as isize);
        pay(r, price)
    }
}

#[inline(always)]
unsafe fn memory<'a>(r: &Registers) -> &'a [u8] {
    // SAFETY: base and size are those of the instance's memory, or none.
    unsafe { slice::from_raw_parts(r.memory, (*r.context).memory_size) }
}

#[inline(always)]
unsafe fn memory_mut<'a>(r: &Registers) -> &'a mut [u8] {
    // SAFETY: as for `memory`; one operation at a time looks at it.
    unsafe { slice::from_raw_parts_mut(r.memory, (*r.context).memory_size) }
}

/// Whether the run may still do so much bulk work, which then is taken off.
#[inline(always)]
unsafe fn affords(r: &Registers, bytes: u64) -> bool {
    if bytes <= SMALL {
        return true;
    }
    // SAFETY: the context is that of a run.
    let left = unsafe { &mut (*r.context).bulk };
    let affords = bytes <= *left;
    if affords {
        *left -= bytes;
    }
    affords
}

/// Another memory of the instance, one of the first [`NEAR`](super::machine::NEAR).
#[inline(always)]
unsafe fn near_memory<'a>(r: &Registers, index: u16) -> &'a mut [u8] {
    // SAFETY: as for `memory_mut`; what the instance has of these was looked up when it began to run.
    unsafe {
        let near = (&raw const (*r.context).near).cast::<(*mut u8, usize)>();
        let (base, size) = *near.add(usize::from(index));
        slice::from_raw_parts_mut(base, size)
    }
}

/// Where the marks of one of these are; null if nothing is marked.
#[inline(always)]
unsafe fn near_marks(r: &Registers, index: u16) -> *mut u8 {
    // SAFETY: as for `near_memory`.
    unsafe { *(&raw const (*r.context).marks).cast::<*mut u8>().add(usize::from(index)) }
}

/// Marks the page at an address, if anything is marked, in one of these memories.
#[inline(always)]
unsafe fn mark(r: &Registers, index: u16, address: u64) {
    // SAFETY: there is a mark for each page of the memory, and the address lies within it.
    unsafe {
        let marks = near_marks(r, index);
        if !marks.is_null() {
            *marks.add((address >> MARKED_LOG2) as usize) = 1;
        }
    }
}

/// The same for a range of memory 0.
#[inline(always)]
unsafe fn mark_range(r: &Registers, range: &core::ops::Range<usize>) {
    // SAFETY: as for `mark`.
    unsafe {
        let marks = near_marks(r, 0);
        if !marks.is_null() && !range.is_empty() {
            let (first, last) = (range.start >> MARKED_LOG2, (range.end - 1) >> MARKED_LOG2);
            slice::from_raw_parts_mut(marks.add(first), last - first + 1).fill(1);
        }
    }
}

/// Any memory of the instance.
#[inline(never)]
unsafe fn memory_elsewhere<'a>(context: *const Context, index: u16) -> &'a mut LinearMemory {
    // SAFETY: as for `memory_mut`; instances name memories of the store.
    unsafe {
        let addr = *(*context).instance_memories.add(usize::from(index));
        &mut *(*context).memories.add(addr.index())
    }
}
