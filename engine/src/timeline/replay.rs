//! What was done is done again: from a state that was kept up to a moment, without the host.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Timeline;
use super::act::{Act, ActKind, Ended, Position};
use super::checkpoint::{Begun, Calls, Checkpoint, OpenCall};
use super::kept::Bases;
use crate::error::{Error, Result};
use crate::exec::{Budget, CallState, Stop};
use crate::host::record::HostRecord;
use crate::host::{Replay, Running};
use crate::ids::TaskId;
use crate::memory::LinearMemory;
use crate::recording::{Recording, take_answered};
use crate::store::{Live, Store};

/// Instructions between the moment that is gone to and the last state kept on the way; the one before it is four times
/// as far away, and so on: steps back from there are short.
const NEAR: u64 = if cfg!(test) { 200 } else { 20_000 };
/// Bytes that are kept on the way for each instruction that had to be done again, at most.
const BYTES_FOR_EACH: u64 = 2;
/// Memories to stand in the past with are kept for the next time if they take at most this part of the budget.
const SPARE: u64 = 4;

/// One stands in the past.
pub(super) struct Past {
    live: Live,
    pub(super) at: Position,
    pub(super) clock: u64,
    /// Where one is going to.
    target: u64,
    /// Counts on the way at which states are kept, the next one last.
    keep_at: Vec<u64>,
    /// What was done besides runs is told of before it is done again.
    pub(super) announces: bool,
    /// What its memories are known to have contained last, and when: at which count.
    bases: Bases,
    base_at: Position,
    base_clock: u64,
}

impl Past {
    pub(super) fn clock(&self) -> u64 {
        self.clock
    }

    pub(super) fn recording(&self, store: &Store) -> Option<Recording> {
        self.live.recording(store)
    }

    pub(super) fn lost_steps(&self) -> Option<&'static str> {
        self.live.lost_steps()
    }
}

impl Timeline {
    /// Goes to the moment of a count: the last one before the next instruction. A count beyond the present is
    /// the present.
    ///
    /// # Errors
    /// [`Error::Diverged`] if what is done again comes out otherwise than it did, which would be a defect; one
    /// stands in the present then. [`Error::OutOfMemory`] where there is no room for another state.
    pub fn seek(&mut self, store: &mut Store, clock: u64) -> Result<()> {
        self.set_out(store, clock)?;
        while !self.go_on(store, u64::MAX)? {}
        Ok(())
    }

    /// Puts back the last state that was kept before a count; [`Timeline::go_on`] goes on from there.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`].
    pub fn set_out(&mut self, store: &mut Store, clock: u64) -> Result<()> {
        let target = clock.clamp(self.first(), self.clock);
        if target == self.clock {
            self.return_to_present(store);
            return Ok(());
        }
        // From where one stands if that is on the way, and nothing that is kept is nearer.
        let index = self.checkpoints.before_clock(target).unwrap_or(0);
        let kept = self.checkpoints.get(index).map(|known| known.at);
        let is_ahead = self
            .past
            .as_ref()
            .is_some_and(|past| past.clock <= target && kept.is_none_or(|kept| kept <= past.at));
        if !is_ahead {
            self.stand_at(store, index)?;
        }
        let Some(past) = &mut self.past else { return Ok(()) };
        past.target = target;
        past.keep_at.clear();
        let mut away = NEAR;
        while target - past.clock > 2 * away {
            past.keep_at.push(target - away);
            away = away.saturating_mul(4);
        }
        Ok(())
    }

    /// Does again at most so many instructions of what is left on the way; whether one is there.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`].
    pub fn go_on(&mut self, store: &mut Store, instructions: u64) -> Result<bool> {
        let mut left = instructions;
        loop {
            let Some(past) = &self.past else { return Ok(true) };
            let wanted = past.keep_at.last().copied().unwrap_or(past.target);
            match store.unobserved(|store| self.replay(store, wanted, &mut left)) {
                Ok(Reached::Clock) => {
                    let Some(past) = &mut self.past else { return Ok(true) };
                    if past.keep_at.pop().is_none() {
                        return Ok(true);
                    }
                    // Not where to keep it takes as long as to come there again.
                    let come = past.clock - past.base_clock;
                    if come >= store.state.marked_bytes() / BYTES_FOR_EACH {
                        self.keep_past(store);
                    }
                }
                Ok(Reached::Budget) => return Ok(false),
                Ok(Reached::Stop(_) | Reached::Outside) => {}
                Err(error) => {
                    self.return_to_present(store);
                    return Err(error);
                }
            }
        }
    }

    /// Stands in the present again.
    pub fn return_to_present(&mut self, store: &mut Store) {
        if let Some(past) = self.past.take() {
            let memories = store.take_past_memories();
            store.return_to_present(past.live);
            let bytes: u64 = memories.iter().map(LinearMemory::size).sum();
            if bytes <= self.budget / SPARE {
                self.spare = (memories, past.bases);
            }
        }
    }

    /// Stands at a state that was kept.
    pub(super) fn stand_at(&mut self, store: &mut Store, index: usize) -> Result<()> {
        if self.past.is_none() {
            self.remember_calls(store);
        }
        let Some(checkpoint) = self.checkpoints.get(index) else { return Ok(()) };
        let (reused, mut bases) = match &mut self.past {
            Some(past) => (store.take_past_memories(), core::mem::take(&mut past.bases)),
            None => core::mem::take(&mut self.spare),
        };
        let state = match checkpoint.kept.state(store.engine(), reused, &mut bases) {
            Ok(state) => state,
            Err(error) => {
                self.return_to_present(store);
                return Err(error);
            }
        };
        let (at, clock) = (checkpoint.at, checkpoint.clock);
        match &mut self.past {
            Some(past) => {
                store.put_past(state);
                (past.at, past.clock) = (at, clock);
                (past.bases, past.base_at, past.base_clock) = (bases, at, clock);
            }
            None => {
                let live = store.leave_present(state);
                let (target, keep_at) = (clock, Vec::new());
                let (base_at, base_clock) = (at, clock);
                self.past = Some(Past {
                    live,
                    at,
                    clock,
                    target,
                    keep_at,
                    announces: false,
                    bases,
                    base_at,
                    base_clock,
                });
            }
        }
        // Where the run stopped at a breakpoint then, it is one to be found now.
        store.forget_reports();
        if let Some(checkpoint) = self.checkpoints.get(index) {
            self.put_calls(store, &checkpoint.calls);
        }
        Ok(())
    }

    /// Remembers the calls of the present: those that have ended, and what the others have done so far.
    pub(super) fn remember_calls(&mut self, store: &mut Store) {
        self.take_host_calls(store);
        for record in store.open_host_calls().cloned().collect::<Vec<_>>() {
            self.records.insert(Arc::new(record));
        }
    }

    /// Lets the record answer the calls that are open at a moment, and those behind it.
    fn put_calls(&self, store: &mut Store, calls: &Calls) {
        let behind = self.records.behind(&calls.begun);
        let mut queues: BTreeMap<TaskId, VecDeque<Arc<HostRecord>>> =
            behind.map(|(task, list)| (task, list.iter().cloned().collect())).collect();
        for open in &calls.open {
            let Some(record) = self.records.get(open.task, open.number) else { continue };
            if open.suspended {
                let record = record.clone();
                let replay = Replay { record, next: open.effects, waits: open.waits };
                let suspended = store.suspended.entry(open.place).or_default();
                suspended.put(open.level as usize, Running::Replay(replay));
            } else {
                // It begins anew, and has waited so often already.
                let mut record = HostRecord::clone(record);
                record.course.waits.drain(..open.waits.min(record.course.waits.len()));
                queues.entry(open.task).or_default().push_front(Arc::new(record));
            }
        }
        store.recorder.set_replayed(queues);
    }

    /// Keeps the state of the past at which one stands.
    pub(super) fn keep_past(&mut self, store: &mut Store) {
        let Some(past) = &mut self.past else { return };
        let (at, clock) = (past.at, past.clock);
        let mut bases = (core::mem::take(&mut past.bases), past.base_at);
        let open = store.suspended.iter().flat_map(|(place, suspended)| {
            suspended.replays().map(|(level, replay)| OpenCall {
                task: replay.record.task,
                place: *place,
                level: level as u32,
                number: replay.record.number,
                effects: replay.next,
                waits: replay.waits,
                suspended: true,
            })
        });
        let (fronts, present) = (store.recorder.fronts(), store.recorder.next_number());
        let begun = Begun::Before { fronts, present };
        let calls = Calls { begun, open: open.collect() };
        self.insert(store, (at, clock, false), calls, &mut bases);
        if let Some(past) = &mut self.past {
            (past.bases, past.base_at, past.base_clock) = (bases.0, bases.1, clock);
        }
    }

    /// Does acts again, up to a count.
    pub(super) fn replay(
        &mut self,
        store: &mut Store,
        target: u64,
        left: &mut u64,
    ) -> Result<Reached> {
        loop {
            let first = self.first();
            let Self { acts, past: Some(past), .. } = self else { return Ok(Reached::Clock) };
            let Some(act) = acts.get(past.at.act) else { return Ok(Reached::Clock) };
            let is_over = past.at.within > 0 && past.at.within == act.len();
            if is_over && act.len() > 0 {
                past.at = Position { act: past.at.act + 1, within: 0 };
                continue;
            }
            // Behind the count is what executes anything.
            if act.len() > 0 && past.clock >= target {
                return Ok(Reached::Clock);
            }
            if act.len() > 0 && *left == 0 {
                return Ok(Reached::Budget);
            }
            if let Some(witness) = store.debugger.witness() {
                let before = acts.get(..past.at.act).unwrap_or_default().iter().rev();
                let mut own = before.filter(|other| other.len() > 0 && other.task == act.task);
                let last = match past.at.within {
                    0 => own.next().map_or(first, |own| own.to),
                    _ => past.clock,
                };
                witness.stand(past.clock, act.task.executed(), last.saturating_sub(1));
            }
            match &act.kind {
                ActKind::Run(ended) => {
                    let rest = act.len() - past.at.within;
                    let wanted = rest.min(target.saturating_sub(past.clock)).min(*left);
                    let (done, stop) = run(store, act, *ended, wanted, wanted == rest)?;
                    past.clock += done;
                    past.at.within += done;
                    *left -= done.min(*left);
                    if act.len() == 0 {
                        past.at = Position { act: past.at.act + 1, within: 0 };
                    }
                    match stop {
                        // A watchpoint stops behind its instruction, be it the last.
                        Stop::Breakpoint(_) | Stop::Watchpoint(_) => {
                            return Ok(Reached::Stop(Box::new(stop)));
                        }
                        stop if done < wanted => return Err(diverged(act, past.clock, &stop)),
                        _ => {}
                    }
                }
                ActKind::Resume(answer) => {
                    // Where one has stood at the call since, its record has not been taken yet.
                    take_answered(store, &act.task);
                    act.task.clone().resume(store, answer.clone())?;
                    past.at = Position { act: past.at.act + 1, within: 0 };
                }
                ActKind::TimeOut => {
                    act.task.clone().time_out(store)?;
                    past.at = Position { act: past.at.act + 1, within: 0 };
                }
                ActKind::Outside if past.announces => return Ok(Reached::Outside),
                ActKind::Outside => {
                    let clock = past.clock;
                    let before = store.look_at_subject();
                    self.do_outside(store)?;
                    store.note_change(clock, before.as_ref());
                }
            }
        }
    }

    /// The clock before an instruction of a task, by the task's own count behind it; nothing of what is not known any
    /// more. One stands behind it in the past.
    pub(super) fn clock_of(&self, task: TaskId, executed: u64) -> Option<u64> {
        let past = self.past.as_ref()?;
        let begun = (past.at.act + 1).min(self.acts.len());
        let acts = self.acts.get(..begun)?.iter().enumerate().rev();
        let mut own = acts.filter(|(_, act)| act.task.id() == task);
        let mut count = self.acts.iter().find(|act| act.task.id() == task)?.task.executed();
        own.find_map(|(position, act)| {
            let done = if position == past.at.act { past.at.within } else { act.len() };
            let behind = act.from + done;
            count -= done.min(count);
            (count < executed).then(|| behind.saturating_sub(count + done + 1 - executed))
        })
    }

    /// Does what comes next and is no run: what has come of it is kept.
    pub(super) fn do_outside(&mut self, store: &mut Store) -> Result<()> {
        let Some(past) = &self.past else { return Ok(()) };
        let behind = Position { act: past.at.act + 1, within: 0 };
        let index = self.checkpoints.before(behind);
        let index = index
            .filter(|index| self.checkpoints.get(*index).is_some_and(|known| known.at == behind));
        match index {
            Some(index) => self.stand_at(store, index),
            None => Err(lost(past.clock, "a state that should have been kept")),
        }
    }

    /// The checkpoints, for who looks through them.
    pub(super) fn checkpoint(&self, index: usize) -> Option<&Checkpoint> {
        self.checkpoints.get(index)
    }
}

/// Why doing again has left off.
pub(super) enum Reached {
    Clock,
    Budget,
    /// Something that is no run comes next, for who has asked to be told.
    Outside,
    /// A breakpoint or watchpoint.
    Stop(Box<Stop>),
}

/// Runs a task again for so many instructions; how many it has executed. `to_end` is whether the act ends there.
fn run(
    store: &mut Store,
    act: &Act,
    ended: Ended,
    wanted: u64,
    to_end: bool,
) -> Result<(u64, Stop)> {
    let mut task = act.task.clone();
    let before = task.executed();
    loop {
        let done = task.executed() - before;
        store.recorder.holds = to_end && ended == Ended::BeforeCall;
        let result = task.run(store, Budget::instructions(wanted - done));
        store.recorder.holds = false;
        let stop = result?;
        let done = task.executed() - before;
        let goes_on = match &stop {
            // Nothing stops there now.
            Stop::HostCall(call) => call.state == CallState::Breakpoint && done < wanted,
            Stop::Budget => done < wanted,
            _ => false,
        };
        if !goes_on {
            return Ok((done, stop));
        }
    }
}

fn lost(clock: u64, what: &str) -> Error {
    Error::Diverged { expected: what.into(), found: format!("nothing after {clock} instructions") }
}

fn diverged(act: &Act, clock: u64, stop: &Stop) -> Error {
    Error::Diverged {
        expected: format!("task {} to go on to {}", act.task.id(), act.to),
        found: format!("{stop:?} after {clock} instructions"),
    }
}
