//! Flags on numbered places that any thread and any interrupt may set, without a lock.
//!
//! A group has a word of bits for each bit of its summary, so that a set bit is found by looking at two
//! words; 100,000 places are 25 groups on a 64-bit machine.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

const BITS: usize = usize::BITS as usize;
/// Places of a group.
const GROUP: usize = BITS * BITS;

struct Group {
    /// Whether a bit of any group has been set since the last look.
    any: Arc<AtomicBool>,
    /// Which words may have bits.
    summary: AtomicUsize,
    words: [AtomicUsize; BITS],
}

impl Group {
    fn new(any: Arc<AtomicBool>) -> Self {
        let words = core::array::from_fn(|_| AtomicUsize::new(0));
        Self { any, summary: AtomicUsize::new(0), words }
    }
}

/// The flag of one place.
pub(crate) struct Flag {
    group: Arc<Group>,
    /// Of the bit within the group.
    position: usize,
}

impl Flag {
    /// Sets it; false if it was set already.
    pub(crate) fn set(&self) -> bool {
        let (word, bit) = (self.position / BITS, 1 << (self.position % BITS));
        let Some(bits) = self.group.words.get(word) else { return false };
        if bits.fetch_or(bit, SeqCst) & bit != 0 {
            return false;
        }
        self.group.summary.fetch_or(1 << word, SeqCst);
        self.group.any.store(true, SeqCst);
        true
    }
}

/// The flags of all places.
#[derive(Default)]
pub(crate) struct Flags {
    groups: Vec<Arc<Group>>,
    any: Arc<AtomicBool>,
}

impl Flags {
    /// The flag of a place.
    pub(crate) fn flag(&mut self, place: u32) -> Flag {
        let place = place as usize;
        while self.groups.len() <= place / GROUP {
            self.groups.push(Arc::new(Group::new(self.any.clone())));
        }
        Flag { group: self.groups[place / GROUP].clone(), position: place % GROUP }
    }

    /// Whether a flag may be set.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }

    /// Takes all flags that are set, as places in ascending order.
    pub(crate) fn take(&mut self, found: &mut Vec<u32>) {
        if !self.any() || !self.any.swap(false, SeqCst) {
            return;
        }
        for (number, group) in self.groups.iter().enumerate() {
            for word in ones(take(&group.summary)) {
                for bit in ones(take(&group.words[word])) {
                    found.push((number * GROUP + word * BITS + bit) as u32);
                }
            }
        }
    }
}

/// Most words are empty, and reading is cheaper than writing.
fn take(word: &AtomicUsize) -> usize {
    if word.load(SeqCst) == 0 { 0 } else { word.swap(0, SeqCst) }
}

/// Positions of the bits that are set.
fn ones(mut bits: usize) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lowest = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(lowest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(flags: &mut Flags) -> Vec<u32> {
        let mut found = Vec::new();
        flags.take(&mut found);
        found
    }

    #[test]
    fn flags_are_found_once_in_the_order_of_places() {
        let mut flags = Flags::default();
        let set = [100_000, 3, 63, 64, 4095, 4096, 0].map(|place| flags.flag(place));
        assert!(taken(&mut flags).is_empty());
        for flag in &set {
            assert!(flag.set());
            assert!(!flag.set());
        }
        assert_eq!(taken(&mut flags), [0, 3, 63, 64, 4095, 4096, 100_000]);
        assert!(taken(&mut flags).is_empty() && !flags.any());
        assert!(set[1].set());
        assert_eq!(taken(&mut flags), [3]);
    }

    #[test]
    fn threads_lose_no_flag() {
        const PLACES: u32 = if cfg!(miri) { 400 } else { 10_000 };
        let mut flags = Flags::default();
        let all: Vec<Flag> = (0..PLACES).map(|place| flags.flag(place)).collect();
        let mut counts = alloc::vec![0u32; PLACES as usize];
        std::thread::scope(|scope| {
            let threads: Vec<_> = all
                .chunks(PLACES as usize / 4)
                .map(|part| scope.spawn(|| part.iter().for_each(|flag| assert!(flag.set()))))
                .collect();
            let mut found = Vec::new();
            while threads.iter().any(|thread| !thread.is_finished()) {
                flags.take(&mut found);
            }
            flags.take(&mut found);
            found.iter().for_each(|place| counts[*place as usize] += 1);
        });
        assert!(counts.iter().all(|count| *count == 1));
    }
}
