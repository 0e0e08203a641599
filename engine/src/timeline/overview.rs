//! A run at a glance: whose turn it was when, and what the kept states tell of their moments; looking at moments in
//! between.

use core::iter;

use super::Timeline;
use super::act::{ActKind, Position};
use super::replay::Reached;
use crate::error::Result;
use crate::exec::Task;
use crate::ids::{FuncIndex, InstanceId, TaskId};
use crate::store::{Store, StoreState};

/// A stretch of the run in which one task has executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
    /// The task.
    pub task: TaskId,
    /// The count before its first instruction.
    pub from: u64,
    /// The count behind its last one.
    pub to: u64,
}

/// What a moment looks like from afar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glimpse {
    /// The count.
    pub clock: u64,
    /// The task whose instruction comes next.
    pub task: Option<TaskId>,
    /// The function that it is in.
    pub func: Option<(InstanceId, FuncIndex)>,
    /// Bytes of all memories.
    pub memory: u64,
    /// Collections of the heap so far.
    pub collections: u64,
}

impl Glimpse {
    /// What a state shows whose memories take so many bytes.
    fn of(state: &StoreState, clock: u64, task: Option<TaskId>, memory: u64) -> Self {
        let states = &mut state.tasks.states();
        let is_it = |id: TaskId| task.is_none_or(|task| task == id);
        let found = states.find(|state| is_it(state.identity.id));
        let frame = found.and_then(|state| state.frames.last());
        let func = frame.map(|frame| (frame.instance, frame.func));
        Self { clock, task, func, memory, collections: state.heap.collections() }
    }
}

impl Timeline {
    /// Who has executed when, in order. Runs of one task that follow each other may be several.
    pub fn turns(&self) -> impl DoubleEndedIterator<Item = Turn> + '_ {
        let runs = self.acts.iter().filter(|act| act.len() > 0);
        runs.map(|act| Turn { task: act.task.id(), from: act.from, to: act.to })
    }

    /// Counts at which something else has been done than to run: by hand, or tasks started and ended.
    pub fn changes(&self) -> impl Iterator<Item = u64> + '_ {
        let outside = self.acts.iter().filter(|act| matches!(act.kind, ActKind::Outside));
        outside.map(|act| act.from)
    }

    /// What the states that are kept tell of their moments, in order.
    pub fn glimpses(&self) -> impl Iterator<Item = Glimpse> + '_ {
        (0..self.checkpoints.len()).filter_map(|index| {
            let known = self.checkpoints.get(index)?;
            let task = self.task_behind(known.at).map(|task| task.id());
            Some(Glimpse::of(&known.kept.rest, known.clock, task, known.kept.memory_bytes()))
        })
    }

    /// Goes to a moment, from where one stands if that is before it, and looks at it; `None` if more than these
    /// instructions had to be done again. No state is kept on the way. One stands in the past then, at the moment
    /// or before it.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`].
    pub fn glance(
        &mut self,
        store: &mut Store,
        clock: u64,
        instructions: &mut u64,
    ) -> Result<Option<Glimpse>> {
        let clock = clock.clamp(self.first(), self.end());
        let index = self.checkpoints.before_clock(clock).unwrap_or(0);
        let kept = self.checkpoints.get(index).map(|known| known.at);
        let is_ahead = self
            .past
            .as_ref()
            .is_some_and(|past| past.clock <= clock && kept.is_none_or(|kept| kept <= past.at));
        let result = match is_ahead {
            true => Ok(()),
            false => self.stand_at(store, index),
        };
        let reached =
            result.and_then(|()| store.unobserved(|store| self.replay(store, clock, instructions)));
        match reached {
            Ok(Reached::Clock) => {}
            Ok(Reached::Budget | Reached::Outside | Reached::Stop(_)) => return Ok(None),
            Err(error) => {
                self.return_to_present(store);
                return Err(error);
            }
        }
        let task = self.task_here().map(|task| task.id());
        let memory = store.state.memory_bytes();
        Ok(Some(Glimpse::of(&store.state, clock, task, memory)))
    }

    /// The task that executes next behind a position.
    fn task_behind(&self, at: Position) -> Option<&Task> {
        let ahead = self.acts.get(at.act.min(self.acts.len())..)?.iter();
        let rest = iter::once(at.within).chain(iter::repeat(0));
        let mut ahead = ahead.zip(rest).filter(|(act, within)| act.len() > *within);
        ahead.next().map(|(act, _)| &act.task)
    }
}
