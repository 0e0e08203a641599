//! Calls that could not be answered yet, and what they wait for.
//!
//! A call that stays pending is made again with the same arguments, and that is how it is recognised: a wait
//! that was to take a second does not begin anew each time.

use alloc::vec::Vec;

use crate::function::Function;

/// Most calls that are remembered; a program has one for each of its threads.
const MAX_PENDING: usize = 64;

/// What makes a call the same one: its function, its arguments as bits, and what they say it waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key(pub(crate) Function, pub(crate) Vec<u64>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Waiting {
    key: Key,
    /// The monotonic clock's reading for each subscription that waits for a time.
    deadlines: Vec<Option<u64>>,
    /// Whether something on standard input would do.
    input: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pending {
    waiting: Vec<Waiting>,
}

impl Pending {
    pub(crate) fn deadlines(&self, key: &Key) -> Option<&[Option<u64>]> {
        let waiting = self.waiting.iter().find(|waiting| waiting.key == *key)?;
        Some(&waiting.deadlines)
    }

    pub(crate) fn add(&mut self, key: Key, deadlines: Vec<Option<u64>>, input: bool) {
        self.remove(&key);
        if self.waiting.len() >= MAX_PENDING {
            self.waiting.remove(0);
        }
        self.waiting.push(Waiting { key, deadlines, input });
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        self.waiting.retain(|waiting| waiting.key != *key);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.waiting.iter().flat_map(|waiting| waiting.deadlines.iter().flatten()).min().copied()
    }

    pub(crate) fn awaits_input(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.input)
    }
}
