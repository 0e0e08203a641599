//! Who wrote a subject last before a moment: one interval between kept states after the other, the nearest first.

use alloc::vec::Vec;

use super::question::{STAND, Trail};
use crate::error::Result;
use crate::exec::Stop;
use crate::observe::{Debugger, Mark, Passed, Witness, Wrote};
use crate::store::Store;
use crate::timeline::Timeline;
use crate::timeline::replay::Reached;

/// A search backwards through one interval between kept states after the other.
pub(super) struct Look {
    pub(super) trail: Trail,
    pub(super) until: u64,
    /// The state that the interval begins with, once it has been stood at.
    index: usize,
    begun: bool,
    debugger: Debugger,
    pub(super) marks: Vec<Option<Mark>>,
    /// Calls that the subject was given to, the last one first.
    pub(super) passed: Vec<Passed>,
}

impl Look {
    pub(super) fn new(timeline: &Timeline, trail: Trail) -> Self {
        let (until, index) = (trail.clock, timeline.index_before(trail.clock));
        let witness = Witness::new(trail.subject);
        let marks = witness.marks().to_vec();
        let debugger = Debugger::with_witness(witness);
        Self { trail, until, index, begun: false, debugger, marks, passed: Vec::new() }
    }

    /// Looks through so many instructions more; whether that is all.
    pub(super) fn go_on(
        &mut self,
        timeline: &mut Timeline,
        store: &mut Store,
        left: &mut u64,
    ) -> Result<bool> {
        while *left > 0 {
            if !self.begun {
                timeline.stand_at(store, self.index)?;
                self.begun = true;
                *left = left.saturating_sub(STAND);
            }
            let until = self.until;
            let reached =
                store.observed_by(&mut self.debugger, |store| timeline.replay(store, until, left));
            let reached = match reached {
                Ok(reached) => reached,
                Err(error) => {
                    timeline.return_to_present(store);
                    return Err(error);
                }
            };
            match reached {
                Reached::Outside => timeline.do_outside(store)?,
                Reached::Budget => return Ok(false),
                Reached::Stop(stop) => {
                    if let (Stop::Watchpoint(hit), Some(witness)) =
                        (&*stop, self.debugger.witness())
                    {
                        witness.touched(hit.accessed, timeline.clock().saturating_sub(1));
                    }
                }
                Reached::Clock => {
                    if self.take(timeline) || self.index == 0 {
                        return Ok(true);
                    }
                    self.until = timeline.checkpoint(self.index).map_or(0, |known| known.clock);
                    self.index -= 1;
                    self.begun = false;
                    self.debugger = Debugger::with_witness(Witness::new(self.trail.subject));
                }
            }
        }
        Ok(false)
    }

    /// Takes over what was found in an interval; whether nothing is left to be found.
    fn take(&mut self, timeline: &Timeline) -> bool {
        let Some(witness) = self.debugger.witness() else { return true };
        if self.marks.first().is_some_and(Option::is_none) {
            self.passed.extend(witness.passed().iter().rev().copied());
        }
        for (mark, found) in self.marks.iter_mut().zip(witness.marks()) {
            *mark = mark.or_else(|| Some(settled(timeline, (*found)?)));
        }
        self.marks.iter().all(Option::is_some)
    }
}

/// With the clock of the host call that it was, since which other tasks may have run.
fn settled(timeline: &Timeline, mark: Mark) -> Mark {
    match (mark.wrote, mark.task) {
        (Wrote::Host { executed, .. }, Some(task)) => {
            // Of what is not known any more it is before all that is.
            let clock = timeline.clock_of(task, executed);
            Mark { clock: clock.unwrap_or(timeline.first().saturating_sub(1)), ..mark }
        }
        _ => mark,
    }
}
