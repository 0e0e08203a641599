//! Where something happened: breakpoints and watchpoints over what is past, newest first.

use super::Timeline;
use super::act::ActKind;
use super::replay::Reached;
use crate::error::Result;
use crate::exec::{Stop, Task, WatchKind};
use crate::observe::{Debugger, Watched};
use crate::store::Store;

/// A moment at which something was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// The count.
    pub clock: u64,
    /// What stopped there.
    pub stop: Stop,
}

/// A search backwards: through one interval between kept states after the other, the nearest first.
pub struct Search {
    debugger: Debugger,
    /// Only what is before this count is looked for.
    before: u64,
    /// The interval that is looked through ends here.
    until: u64,
    /// The state that it begins with, once it has been stood at.
    index: usize,
    begun: bool,
    /// The last hit in it.
    found: Option<Hit>,
    /// Intervals that have been passed over, since nothing in them can be what is looked for.
    skipped: usize,
}

impl Search {
    /// Looks for the last stop of these breakpoints and watchpoints before a count.
    pub fn back(timeline: &Timeline, debugger: Debugger, before: u64) -> Self {
        let index = timeline.index_before(before);
        Self { debugger, before, until: before, index, begun: false, found: None, skipped: 0 }
    }

    /// How many intervals between kept states have been passed over: nothing that is watched was written there.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The count before which nothing is left to look through.
    pub fn looked_down_to(&self) -> u64 {
        self.until
    }

    /// Looks through at most so many instructions more. `None` as long as there is something left; then the moment,
    /// if there is any, at which `holds` says that it is what is looked for. The store stands somewhere in the
    /// past then.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`].
    pub fn go_on(
        &mut self,
        timeline: &mut Timeline,
        store: &mut Store,
        instructions: u64,
        holds: &mut dyn FnMut(&Store, &Task, &Stop) -> bool,
    ) -> Result<Option<Option<Hit>>> {
        let mut left = instructions;
        while left > 0 {
            if !self.begun {
                while self.index > 0 && !timeline.may_write(self.index, &self.debugger) {
                    self.go_before(timeline);
                    self.skipped += 1;
                }
                timeline.stand_at(store, self.index)?;
                self.begun = true;
            }
            let until = self.until;
            let reached = store
                .observed_by(&mut self.debugger, |store| timeline.replay(store, until, &mut left));
            let reached = match reached {
                Ok(reached) => reached,
                Err(error) => {
                    timeline.return_to_present(store);
                    return Err(error);
                }
            };
            match reached {
                Reached::Budget => return Ok(None),
                Reached::Outside => timeline.do_outside(store)?,
                Reached::Stop(stop) => {
                    let clock = timeline.clock();
                    if clock < self.before
                        && let Some(task) = timeline.task_here()
                        && holds(store, &task, &stop)
                    {
                        self.found = Some(Hit { clock, stop: *stop });
                    }
                }
                Reached::Clock => {
                    if self.found.is_some() || self.index == 0 {
                        return Ok(Some(self.found.take()));
                    }
                    self.go_before(timeline);
                }
            }
        }
        Ok(None)
    }

    fn go_before(&mut self, timeline: &Timeline) {
        self.until = timeline.checkpoint(self.index).map_or(0, |known| known.clock);
        self.index -= 1;
        self.begun = false;
    }
}

impl Timeline {
    /// Goes on in the past until a breakpoint or watchpoint behind a count stops it of which `holds` says that it is
    /// what is looked for, for at most so many instructions. `None` if there is more to go; then the moment, if there
    /// was any before the present, in which one stands otherwise.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`].
    pub fn forward(
        &mut self,
        store: &mut Store,
        debugger: &mut Debugger,
        behind: u64,
        instructions: u64,
        holds: &mut dyn FnMut(&Store, &Task, &Stop) -> bool,
    ) -> Result<Option<Option<Hit>>> {
        let (mut left, end) = (instructions, self.end());
        loop {
            let reached = store.observed_by(debugger, |store| self.replay(store, end, &mut left));
            match reached {
                Ok(Reached::Budget) => return Ok(None),
                Ok(Reached::Outside) => self.do_outside(store)?,
                Ok(Reached::Clock) => {
                    self.return_to_present(store);
                    return Ok(Some(None));
                }
                Ok(Reached::Stop(stop)) => {
                    let clock = self.clock();
                    if clock > behind
                        && let Some(task) = self.task_here()
                        && holds(store, &task, &stop)
                    {
                        return Ok(Some(Some(Hit { clock, stop: *stop })));
                    }
                }
                Err(error) => {
                    self.return_to_present(store);
                    return Err(error);
                }
            }
        }
    }

    /// Whether anything may stop behind a kept state and up to the next one: only of writes to memories is known
    /// where there are none.
    fn may_write(&self, index: usize, debugger: &Debugger) -> bool {
        let written = self.checkpoint(index + 1).and_then(|next| next.written.as_ref());
        let Some(written) = written.filter(|_| debugger.breakpoints().next().is_none()) else {
            return true;
        };
        debugger.watchpoints().iter().any(|watchpoint| match watchpoint.watched {
            Watched::Memory { memory, address, len }
                if matches!(watchpoint.kind, WatchKind::Write | WatchKind::Change) =>
            {
                written.meets(memory, address, len)
            }
            _ => true,
        })
    }

    /// The last kept state before a count.
    pub(super) fn index_before(&self, clock: u64) -> usize {
        self.checkpoints.before_clock(clock.saturating_sub(1)).unwrap_or(0)
    }

    /// The task whose instruction comes next at the moment of the past at which one stands, or came last at the
    /// end of what is known.
    pub fn task_here(&self) -> Option<Task> {
        let past = self.past.as_ref()?;
        let from = past.at.act.min(self.acts.len().checked_sub(1)?);
        let ahead = self.acts.get(from..)?.iter().enumerate();
        // A run that is over is that of the one who was last.
        let mut ahead = ahead.filter(|(at, act)| *at > 0 || past.at.within < act.len().max(1));
        let next = ahead.find(|(_, act)| act.len() > 0).map(|(_, act)| act);
        next.or(self.acts.get(from)).map(|act| act.task.clone())
    }

    /// The task that has executed the last instruction before the moment of the past at which one stands, or has
    /// stopped there.
    pub(super) fn doer(&self) -> Option<Task> {
        let at = self.past.as_ref()?.at;
        let last = self.acts.len().checked_sub(1)?;
        let is_within = at.within > 0 || at.act == 0;
        let behind = if is_within { at.act } else { at.act - 1 };
        let mut acts = self.acts.get(..=behind.min(last))?.iter().rev();
        acts.find(|act| act.len() > 0 || matches!(act.kind, ActKind::Run(_)))
            .map(|act| act.task.clone())
    }
}
