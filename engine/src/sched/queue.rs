//! Who is next: a queue for each priority, whose turns are shared out by stride scheduling.

use alloc::vec::Vec;

/// How often tasks have their turns beside tasks of other priorities.
///
/// Each priority that has ready tasks gets a fixed share of the turns, however many tasks it has: while all
/// three have, of any 13 turns in a row 8 are of [`High`](Priority::High), 4 of
/// [`Normal`](Priority::Normal) and 1 of [`Low`](Priority::Low); of two, 8 to 4, 8 to 1 or 4 to 1. So a ready
/// task of low priority that is `n`-th in its queue has its turn within `13 * n` turns. A priority that had
/// no ready tasks has saved nothing up for when it has some again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Priority {
    /// 8 turns.
    High,
    /// 4 turns.
    #[default]
    Normal,
    /// 1 turn.
    Low,
}

impl Priority {
    const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// How far a turn moves the level on: 8 turns of one, 4 of two and 1 of eight are as far.
    fn stride(self) -> u64 {
        match self {
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 8,
        }
    }
}

const NONE: u32 = u32::MAX;

/// A queue of slots.
struct Level {
    first: u32,
    last: u32,
    /// How far its turns have come.
    pass: u64,
}

/// The neighbours of a slot in its queue.
#[derive(Clone, Copy)]
struct Links {
    before: u32,
    behind: u32,
}

/// The ready tasks, by slot.
pub(super) struct Queues {
    levels: [Level; 3],
    links: Vec<Links>,
    /// How far the level had come that had the last turn.
    now: u64,
    len: usize,
}

impl Queues {
    pub(super) fn new() -> Self {
        let levels = Priority::ALL.map(|_| Level { first: NONE, last: NONE, pass: 0 });
        Self { levels, links: Vec::new(), now: 0, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts a slot that is in no queue at the end of one.
    pub(super) fn push(&mut self, slot: u32, priority: Priority) {
        let level = &mut self.levels[priority as usize];
        if level.first == NONE {
            level.pass = level.pass.max(self.now);
        }
        let index = slot as usize;
        if self.links.len() <= index {
            self.links.resize(index + 1, Links { before: NONE, behind: NONE });
        }
        self.links[index] = Links { before: level.last, behind: NONE };
        match level.last {
            NONE => level.first = slot,
            last => self.links[last as usize].behind = slot,
        }
        level.last = slot;
        self.len += 1;
    }

    /// Takes a slot out of the queue that it is in.
    pub(super) fn remove(&mut self, slot: u32, priority: Priority) {
        let level = &mut self.levels[priority as usize];
        let Links { before, behind } = self.links[slot as usize];
        match before {
            NONE => level.first = behind,
            before => self.links[before as usize].behind = behind,
        }
        match behind {
            NONE => level.last = before,
            behind => self.links[behind as usize].before = before,
        }
        self.len -= 1;
    }

    /// Takes the slot whose turn it is: the first of the level that is the least far.
    pub(super) fn pop(&mut self) -> Option<u32> {
        let ready = Priority::ALL.into_iter().filter(|level| self.level(*level).first != NONE);
        let priority = ready.min_by_key(|level| self.level(*level).pass)?;
        let level = &mut self.levels[priority as usize];
        self.now = level.pass;
        level.pass += priority.stride();
        let slot = level.first;
        self.remove(slot, priority);
        Some(slot)
    }

    fn level(&self, priority: Priority) -> &Level {
        &self.levels[priority as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{High, Low, Normal};

    /// Slots of a hundred or more are low, of ten or more normal.
    fn priority(slot: u32) -> Priority {
        match slot {
            0..10 => High,
            10..100 => Normal,
            _ => Low,
        }
    }

    fn of(slots: &[u32]) -> Queues {
        let mut queues = Queues::new();
        slots.iter().for_each(|slot| queues.push(*slot, priority(*slot)));
        queues
    }

    fn turn(queues: &mut Queues) -> u32 {
        let slot = queues.pop().unwrap();
        queues.push(slot, priority(slot));
        slot
    }

    fn shares(turns: &[u32]) -> [usize; 3] {
        Priority::ALL.map(|level| turns.iter().filter(|slot| priority(**slot) == level).count())
    }

    #[test]
    fn tasks_of_a_level_take_turns() {
        let mut queues = of(&[3, 1, 2]);
        let turns: Vec<u32> = (0..6).map(|_| turn(&mut queues)).collect();
        assert_eq!(turns, [3, 1, 2, 3, 1, 2]);
    }

    #[test]
    fn any_turns_in_a_row_are_shared_out_exactly() {
        for (slots, window, expected) in [
            (&[0, 1, 2, 10, 100, 101][..], 13, [8, 4, 1]),
            (&[0, 10, 11, 12, 13, 100], 13, [8, 4, 1]),
            (&[0, 10], 12, [8, 4, 0]),
            (&[0, 100], 9, [8, 0, 1]),
            (&[10, 100], 5, [0, 4, 1]),
        ] {
            let mut queues = of(slots);
            let turns: Vec<u32> = (0..200).map(|_| turn(&mut queues)).collect();
            for window in turns.windows(window) {
                assert_eq!(shares(window), expected, "{turns:?}");
            }
        }
    }

    #[test]
    fn an_empty_level_saves_nothing_up() {
        let mut queues = of(&[0, 1]);
        (0..1000).for_each(|_| {
            turn(&mut queues);
        });
        queues.push(100, Low);
        queues.push(10, Normal);
        let turns: Vec<u32> = (0..260).map(|_| turn(&mut queues)).collect();
        assert_eq!(shares(&turns[..13]), [8, 4, 1], "{turns:?}");
        assert_eq!(shares(&turns), [160, 80, 20]);
        // Nor does one gain that is empty between its turns.
        let mut low = 0;
        queues.remove(100, Low);
        for _ in 0..130 {
            queues.push(100, Low);
            low += usize::from(turn(&mut queues) == 100);
            queues.remove(100, Low);
        }
        assert!(low <= 11, "{low}");
    }

    #[test]
    fn any_slot_can_be_taken_out() {
        for out in [1, 2, 3] {
            let mut queues = of(&[1, 2, 3]);
            queues.remove(out, High);
            assert_eq!(queues.len(), 2);
            let left: Vec<u32> = core::iter::from_fn(|| queues.pop()).collect();
            let expected: Vec<u32> = [1, 2, 3].into_iter().filter(|slot| *slot != out).collect();
            assert_eq!(left, expected);
            assert_eq!(queues.len(), 0);
        }
    }
}
