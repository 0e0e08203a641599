//! Translated functions.

use alloc::boxed::Box;

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
}

impl FastCode {
    /// The place to enter at an instruction, if it is one.
    pub(super) fn entry_at(&self, pc: u32) -> Option<Entry> {
        let found = self.entries.binary_search_by_key(&pc, |entry| entry.pc).ok()?;
        self.entries.get(found).copied()
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
