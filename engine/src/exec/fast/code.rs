//! Translated functions.

use alloc::boxed::Box;

use once_cell::race::OnceBox;

use crate::exec::exact::Op;

/// Translated functions, body by body; each is made when it is needed for the first time.
pub(crate) type FastCodes = Box<[OnceBox<FastCode>]>;

/// Room for the translations of so many bodies.
pub(crate) fn untranslated(bodies: usize) -> FastCodes {
    core::iter::repeat_with(OnceBox::new).take(bodies).collect()
}

/// A translated function: operations of one to some words, the first of which names the handler.
pub(crate) struct FastCode {
    pub(super) words: Box<[u64]>,
    /// Places where execution may enter, in ascending order of both instructions and words.
    pub(super) entries: Box<[Entry]>,
    pub(super) instructions: Box<[Instruction]>,
    /// What entering at the first instruction costs.
    pub(super) price: u32,
    pub(super) params: u32,
    pub(super) locals: u32,
    /// Slots of a frame.
    pub(super) slots: u32,
}

/// What has to be known of an instruction when execution stops or goes on there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    /// How many are executed from it up to the end of its segment, the next branch, call or return
    /// included.
    pub(super) segment: u32,
    /// Position of the first entry that is not before it.
    pub(super) entry: u32,
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

/// Notes at each entry how far it goes straight on from there, and at each instruction the next entry.
pub(super) fn index(ops: &[Op], segments: &[u32], entries: &mut [Entry]) -> Box<[Instruction]> {
    let mut index: Box<[Instruction]> =
        segments.iter().map(|segment| Instruction { segment: *segment, entry: 0 }).collect();
    let (mut straight, mut next) = (0, entries.len());
    for (pc, (op, place)) in ops.iter().zip(&mut index).enumerate().rev() {
        let jumps = matches!(op, Op::Br(_) | Op::Else { .. });
        straight = if jumps || place.segment <= 1 { 0 } else { straight + 1 };
        if let Some(before) = next.checked_sub(1)
            && let Some(entry) = entries.get_mut(before)
            && entry.pc as usize == pc
        {
            entry.straight = straight;
            next = before;
        }
        place.entry = next as u32;
    }
    index
}

impl FastCode {
    /// The first entry that is not before an instruction.
    fn entry_from(&self, pc: u32) -> Option<Entry> {
        let position = self.instructions.get(pc as usize)?.entry;
        self.entries.get(position as usize).copied()
    }

    /// The place to enter at an instruction, if it is one.
    pub(super) fn entry_at(&self, pc: u32) -> Option<Entry> {
        self.entry_from(pc).filter(|entry| entry.pc == pc)
    }

    /// Instructions up to the next place, as long as none goes elsewhere.
    pub(super) fn until_entry(&self, pc: u32) -> u32 {
        let end = self.segment(pc);
        self.entry_from(pc + 1).map_or(end, |entry| (entry.pc - pc).min(end)).max(1)
    }

    /// The last place behind this one, straight on, up to which so many instructions can be paid for.
    pub(super) fn affordable(&self, entry: Entry, fuel: u64) -> Option<Entry> {
        let reach = entry.pc + fuel.min(entry.straight.into()) as u32;
        let last = self.entry_at(reach).or_else(|| {
            let position = self.instructions.get(reach as usize)?.entry;
            self.entries.get(position.checked_sub(1)? as usize).copied()
        })?;
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
        self.instructions.get(pc as usize).map_or(1, |place| place.segment)
    }
}
