//! Translated functions.

use alloc::boxed::Box;

use crate::exec::exact::Op;

/// A translated function: operations of one to some words, the first of which names the handler.
pub(crate) struct FastCode {
    pub(super) words: Box<[u64]>,
    /// Places where execution may enter, in ascending order of both instructions and words.
    pub(super) entries: Box<[Entry]>,
    /// For each instruction: how many are executed from it up to the end of its segment, the next
    /// branch, call or return included.
    pub(super) segments: Box<[u32]>,
    pub(super) params: u32,
    pub(super) locals: u32,
    /// Slots of a frame.
    pub(super) slots: u32,
}

/// A place where all operands are in their home slots.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Entry {
    /// The instruction.
    pub(super) pc: u32,
    /// Its first word.
    pub(super) word: u32,
    /// Height of the operand stack.
    pub(super) height: u32,
    /// The slots whose values are in the accumulators as well.
    pub(super) integer: u16,
    pub(super) float: u16,
    /// How many instructions from this one on follow each other in the same segment, at least, and
    /// so do their operations.
    pub(super) straight: u32,
}

impl Entry {
    /// No slot.
    pub(super) const NOTHING: u16 = u16::MAX;
}

/// Notes at each place how far it goes straight on from there.
pub(super) fn measure(ops: &[Op], segments: &[u32], entries: &mut [Entry]) {
    let mut straight = 0u32;
    let mut end = ops.len();
    for entry in entries.iter_mut().rev() {
        let here = (entry.pc as usize).min(end);
        for (op, segment) in ops.iter().zip(segments).take(end).skip(here).rev() {
            let jumps = matches!(op, Op::Br(_) | Op::Else { .. });
            straight = if jumps || *segment <= 1 { 0 } else { straight + 1 };
        }
        entry.straight = straight;
        end = here;
    }
}

impl FastCode {
    /// The place to enter at an instruction, if it is one.
    pub(super) fn entry_at(&self, pc: u32) -> Option<Entry> {
        let found = self.entries.binary_search_by_key(&pc, |entry| entry.pc).ok()?;
        self.entries.get(found).copied()
    }

    /// Instructions up to the next place, as long as none goes elsewhere.
    pub(super) fn until_entry(&self, pc: u32) -> u32 {
        let next = self.entries.partition_point(|entry| entry.pc <= pc);
        let end = self.segment(pc);
        self.entries.get(next).map_or(end, |entry| (entry.pc - pc).min(end)).max(1)
    }

    /// The last place behind this one, straight on, up to which so many instructions can be paid for.
    pub(super) fn affordable(&self, entry: Entry, fuel: u64) -> Option<Entry> {
        let reach = u64::from(entry.pc) + fuel.min(entry.straight.into());
        let behind = self.entries.partition_point(|entry| u64::from(entry.pc) <= reach);
        let last = self.entries.get(behind.checked_sub(1)?).copied()?;
        (last.pc > entry.pc && last.word > entry.word).then_some(last)
    }

    /// The place whose first word this is and which costs this much. Several places share a word
    /// where an instruction became nothing; each costs one less than the one before it.
    pub(super) fn entry_of_word(&self, word: u32, charge: u32) -> Option<Entry> {
        let first = self.entries.partition_point(|entry| entry.word < word);
        let same = self.entries.get(first..)?.iter().take_while(|entry| entry.word == word);
        same.copied().find(|entry| self.segment(entry.pc) == charge)
    }

    /// What entering at an instruction costs.
    pub(super) fn segment(&self, pc: u32) -> u32 {
        self.segments.get(pc as usize).copied().unwrap_or(1)
    }
}
