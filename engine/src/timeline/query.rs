//! A question about a stretch of the run: it is gone through once, forwards, and every moment is told of at which a
//! breakpoint or watchpoint stops, or at which something else than a run has changed what is watched.

use super::Timeline;
use super::replay::Reached;
use crate::error::Result;
use crate::exec::{Stop, Task};
use crate::observe::{Contents, Debugger, Watched, first_difference, held};
use crate::store::Store;

/// A moment that a question has found.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The count.
    pub clock: u64,
    /// The task that stands there, or has done it; none for what nobody's task did.
    pub task: Option<Task>,
    /// What there is.
    pub what: Happening,
}

/// What there is at a moment.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// A breakpoint is reached, or an instruction has accessed what is watched.
    Stop(Stop),
    /// What is watched has been changed between two runs: by hand, or by an instance that was made.
    Outside {
        /// What of it the others tell.
        part: Watched,
        /// What was there; nothing where there was no such thing.
        old: Option<Contents>,
        /// What is there behind it.
        new: Contents,
        /// An instance was made.
        instantiated: bool,
    },
    /// What is watched held this where the past begins.
    Beginning {
        /// What of it is told.
        part: Watched,
        /// What is there.
        new: Contents,
    },
}

/// Whether a question goes on behind a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asking {
    /// It does.
    GoOn,
    /// It has its answer.
    Enough,
}

/// A question that is being answered.
pub struct Query {
    debugger: Debugger,
    /// What is watched, of which others than instructions are told of as well.
    watched: Option<Watched>,
    from: u64,
    to: u64,
    begun: bool,
    reached: u64,
}

impl Query {
    /// Asks for all stops of these breakpoints and watchpoints at counts of this stretch, its ends included.
    pub fn new(timeline: &Timeline, debugger: Debugger, from: u64, to: u64) -> Self {
        let (first, end) = (timeline.first(), timeline.end());
        let from = from.clamp(first, end);
        let to = to.clamp(from, end);
        let watched = debugger.watchpoints().first().map(|watchpoint| watchpoint.watched);
        Self { debugger, watched, from, to, begun: false, reached: from }
    }

    /// The count up to which all has been told.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// The stretch.
    pub fn stretch(&self) -> (u64, u64) {
        (self.from, self.to)
    }

    /// Goes on for at most so many instructions; whether all has been told, or `found` has had enough. The store stands
    /// somewhere in the past meanwhile.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`]. One stands in the present then.
    pub fn go_on(
        &mut self,
        timeline: &mut Timeline,
        store: &mut Store,
        instructions: u64,
        found: &mut dyn FnMut(&Store, Found) -> Asking,
    ) -> Result<bool> {
        let result = self.advance(timeline, store, instructions, found);
        match &result {
            Ok(_) => self.reached = timeline.clock().clamp(self.reached, self.to),
            Err(_) => timeline.return_to_present(store),
        }
        if let Some(past) = &mut timeline.past {
            past.announces = false;
        }
        result
    }

    fn advance(
        &mut self,
        timeline: &mut Timeline,
        store: &mut Store,
        instructions: u64,
        found: &mut dyn FnMut(&Store, Found) -> Asking,
    ) -> Result<bool> {
        let mut left = instructions;
        if !self.begun {
            self.begun = true;
            if self.begin(timeline, store, found)? == Asking::Enough {
                return Ok(true);
            }
        }
        // What is reached at the last count is found by going on from there.
        let until = self.to.saturating_add(1).min(timeline.end());
        loop {
            if let Some(past) = &mut timeline.past {
                past.announces = self.watched.is_some();
            }
            let reached = store.observed_by(&mut self.debugger, |store| {
                timeline.replay(store, until, &mut left)
            })?;
            let clock = timeline.clock();
            let told = match reached {
                Reached::Budget => return Ok(false),
                Reached::Clock => {
                    self.present(timeline, store, found);
                    return Ok(true);
                }
                Reached::Stop(stop) => {
                    let task = timeline.doer();
                    Some(Found { clock, task, what: Happening::Stop(*stop) })
                }
                Reached::Outside => self.outside(timeline, store)?,
            };
            let Some(told) = told else { continue };
            if clock > self.to {
                return Ok(true);
            }
            if clock >= self.from && found(store, told) == Asking::Enough {
                return Ok(true);
            }
        }
    }

    /// Stands before the stretch; where that is the beginning, what was watched held something already.
    fn begin(
        &self,
        timeline: &mut Timeline,
        store: &mut Store,
        found: &mut dyn FnMut(&Store, Found) -> Asking,
    ) -> Result<Asking> {
        let first = timeline.first();
        // What is written at the first count of the stretch is written by the instruction before.
        let index = match self.from > first {
            true => timeline.index_before(self.from),
            false => 0,
        };
        timeline.stand_at(store, index)?;
        let watched = self.watched.filter(|_| self.from <= first);
        let Some((watched, new)) = watched.and_then(|part| Some((part, held(part, store)?))) else {
            return Ok(Asking::GoOn);
        };
        let (part, _, new) = first_difference(watched, None, &new);
        let what = Happening::Beginning { part, new };
        Ok(found(store, Found { clock: first, task: None, what }))
    }

    /// Does what comes next and is no run; what that has changed.
    fn outside(&self, timeline: &mut Timeline, store: &mut Store) -> Result<Option<Found>> {
        let here = |store: &Store| self.watched.and_then(|part| held(part, store));
        let (old, instances) = (here(store), store.instances().len());
        timeline.do_outside(store)?;
        let (Some(watched), Some(new)) = (self.watched, here(store)) else { return Ok(None) };
        if old.as_ref() == Some(&new) {
            return Ok(None);
        }
        let (part, old, new) = first_difference(watched, old.as_ref(), &new);
        let instantiated = store.instances().len() != instances;
        let what = Happening::Outside { part, old, new, instantiated };
        Ok(Some(Found { clock: timeline.clock(), task: None, what }))
    }

    /// In the present a breakpoint is reached whose instruction has not been executed: no run has come by it.
    fn present(
        &self,
        timeline: &Timeline,
        store: &Store,
        found: &mut dyn FnMut(&Store, Found) -> Asking,
    ) {
        let clock = timeline.clock();
        if self.to < timeline.end() || clock < self.to {
            return;
        }
        let Some(task) = timeline.doer() else { return };
        let Some(site) = store.about_to_execute(&task) else { return };
        let mut all = self.debugger.breakpoints();
        let is_here = |at: &crate::observe::Breakpoint| {
            (at.instance, at.offset) == (site.instance, site.offset)
        };
        if all.any(|at| is_here(&at)) {
            let what = Happening::Stop(Stop::Breakpoint(site));
            found(store, Found { clock, task: Some(task), what });
        }
    }
}
