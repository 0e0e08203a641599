//! Calls that could not be answered yet, and what they wait for.
//!
//! A call that stays pending is made again by the same caller with the same arguments, and that is how it is
//! recognised: a wait that was to take a second does not begin anew each time, and two callers that wait alike
//! wait each for themselves.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::function::Function;

/// Most callers whose waits are remembered: those of an embedder that gives up tasks and does not say so.
const MAX_PENDING: usize = 1 << 16;

/// Who makes a call: a task or thread of the embedder's, by a number of its own. It makes one call at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CallerId(pub u64);

/// What makes a caller's call the same one: its function, its arguments as bits, and what they say it waits for.
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

impl Waiting {
    fn first(&self) -> Option<u64> {
        self.deadlines.iter().flatten().min().copied()
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pending {
    waiting: BTreeMap<CallerId, Waiting>,
    /// Each caller's first deadline.
    times: BTreeSet<(u64, CallerId)>,
    /// Callers for whom something on standard input would do.
    inputs: usize,
}

impl Pending {
    pub(crate) fn deadlines(&self, caller: CallerId, key: &Key) -> Option<&[Option<u64>]> {
        let waiting = self.waiting.get(&caller).filter(|waiting| waiting.key == *key)?;
        Some(&waiting.deadlines)
    }

    pub(crate) fn add(
        &mut self,
        caller: CallerId,
        key: Key,
        deadlines: Vec<Option<u64>>,
        input: bool,
    ) {
        self.remove(caller);
        if self.waiting.len() >= MAX_PENDING
            && let Some((oldest, _)) = self.waiting.first_key_value()
        {
            self.remove(*oldest);
        }
        let waiting = Waiting { key, deadlines, input };
        self.times.extend(waiting.first().map(|at| (at, caller)));
        self.inputs += usize::from(input);
        self.waiting.insert(caller, waiting);
    }

    /// The caller waits no more.
    pub(crate) fn remove(&mut self, caller: CallerId) {
        let Some(waiting) = self.waiting.remove(&caller) else { return };
        if let Some(at) = waiting.first() {
            self.times.remove(&(at, caller));
        }
        self.inputs -= usize::from(waiting.input);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.times.first().map(|(at, _)| *at)
    }

    pub(crate) fn awaits_input(&self) -> bool {
        self.inputs > 0
    }
}
