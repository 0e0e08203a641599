//! Which pages of memories have been written between two kept states: a search for a write need not look elsewhere.

use alloc::vec::Vec;

use crate::ids::MemAddr;
use crate::memory::{MARKED_LOG2, REACH};

/// Pages that have been written in an interval, by memory; of one that is not known, all may have been.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Written {
    /// Bits by page, sixty-four to a word.
    memories: Vec<Option<Vec<u64>>>,
}

impl Written {
    /// The next memory: its marks, if they tell.
    pub(super) fn add(&mut self, marks: Option<&[u8]>) {
        let bits = |marks: &[u8]| {
            let bits = marks.iter().enumerate();
            bits.fold(0, |word, (bit, mark)| word | u64::from(*mark != 0) << bit)
        };
        self.memories.push(marks.map(|marks| marks.chunks(64).map(bits).collect()));
    }

    /// What has been written in this interval or the one before it, whose pages these are.
    pub(super) fn join(&mut self, before: &Self) {
        for (memory, other) in self.memories.iter_mut().zip(&before.memories) {
            match (&mut *memory, other) {
                (Some(pages), Some(others)) => {
                    pages.iter_mut().zip(others).for_each(|(word, other)| *word |= other);
                }
                _ => *memory = None,
            }
        }
    }

    /// Whether bytes of a memory may have been written.
    pub(super) fn meets(&self, memory: MemAddr, address: u64, len: u64) -> bool {
        let Some(Some(pages)) = self.memories.get(memory.index()) else { return true };
        if len == 0 {
            return false;
        }
        // An access that began in the page before may have reached the first bytes.
        let first = address.saturating_sub(REACH as u64 - 1) >> MARKED_LOG2;
        let last = address.saturating_add(len - 1) >> MARKED_LOG2;
        let beyond = pages.len() as u64 * 64;
        let mut meant = first.min(beyond)..=last.min(beyond);
        // What came to the memory later is beyond.
        meant.any(|page| {
            let word = pages.get((page / 64) as usize);
            word.is_none_or(|word| word >> (page % 64) & 1 != 0)
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.memories.iter().flatten().map(|pages| 8 * pages.len() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn pages_and_what_reaches_into_them() {
        let mut marks = vec![0; 100];
        marks[70] = 1;
        let mut written = Written::default();
        written.add(Some(&marks));
        written.add(None);
        let meets = |written: &Written, at| written.meets(MemAddr(0), at, 1);
        assert!(meets(&written, 70 << 12) && meets(&written, (71 << 12) - 1));
        assert!(meets(&written, (71 << 12) + 14), "fifteen bytes of an access may lie behind");
        assert!(!meets(&written, (71 << 12) + 15) && !meets(&written, (70 << 12) - 1));
        assert!(written.meets(MemAddr(0), 0, 70 << 12 | 1));
        assert!(written.meets(MemAddr(0), u64::MAX, 1), "who knows");
        assert!(written.meets(MemAddr(1), 0, 1) && written.meets(MemAddr(2), 0, 1));
        let mut before = Written::default();
        marks.fill(0);
        marks[3] = 1;
        before.add(Some(&marks));
        before.add(Some(&marks));
        written.join(&before);
        assert!(meets(&written, 3 << 12) && meets(&written, 70 << 12) && !meets(&written, 5 << 12));
        assert!(written.meets(MemAddr(1), 0, 1), "not known stays so");
    }
}
