//! How often wasm calls functions of another instance.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Store;
use crate::ids::InstanceId;

/// Counts by caller and callee. Part of the state, so that a snapshot put back has those of its time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Crossings {
    counts_calls: bool,
    /// Where in `counts` each pair has its place.
    places: BTreeMap<(InstanceId, InstanceId), usize>,
    counts: Vec<u64>,
    /// The pair that was counted last, which most often is the next one.
    last: Option<((InstanceId, InstanceId), usize)>,
}

impl Crossings {
    /// A function of `to` has been entered by a call from `from`.
    #[inline(always)]
    pub(crate) fn note(&mut self, from: InstanceId, to: InstanceId) {
        if self.counts_calls {
            self.count((from, to));
        }
    }

    /// The same out of line and unlikely, so that a large loop keeps its registers for what is frequent.
    #[cold]
    #[inline(never)]
    pub(crate) fn note_apart(&mut self, from: InstanceId, to: InstanceId) {
        self.note(from, to);
    }

    #[inline(never)]
    fn count(&mut self, pair: (InstanceId, InstanceId)) {
        let place = match self.last {
            Some((last, place)) if last == pair => place,
            _ => {
                let next = self.counts.len();
                let place = *self.places.entry(pair).or_insert(next);
                if place == next {
                    self.counts.push(0);
                }
                self.last = Some((pair, place));
                place
            }
        };
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
    }
}

impl Store {
    /// Whether calls of wasm functions from another instance are counted from now on. Those of calls
    /// within an instance cost nothing either way.
    pub fn count_calls(&mut self, count: bool) {
        self.state.crossings.counts_calls = count;
    }

    /// How often functions of an instance, the second, have been called from another, the first; through
    /// an import, a table or a reference, tail calls included. Returns do not count, nor does what the
    /// host calls.
    pub fn calls_between(&self) -> impl Iterator<Item = ((InstanceId, InstanceId), u64)> + '_ {
        let Crossings { places, counts, .. } = &self.state.crossings;
        let pairs = places.iter();
        pairs.filter_map(|(pair, place)| Some((*pair, *counts.get(*place)?)))
    }
}
