//! Going back: a run as a line, of which any moment can be stood at again.
//!
//! A [`Timeline`] belongs to a store. Whoever drives the store's tasks does so through it, so that it knows what has
//! been done in which order (`act`), and what the host has answered (the record of the store). Now and then it keeps
//! a state (`checkpoint`), in which pages of memory that have not changed are shared (`image`). A moment is gone to
//! by putting back the last state that was kept before it, and doing again what was done since, without the host
//! (`replay`). The present is set aside meanwhile, with all that is not plain data, and comes back untouched.
//! Memories that are larger than what states may take altogether have no past.
//!
//! The ruler is the store's clock: instructions of all tasks. At one count several things can happen: a host
//! function is called, and answers. A moment that is gone to by its count is the last one before the next instruction.
//! Imports `exec`, `host`, `memory`, `observe` and `store`; nothing here knows of time, files or windows.
//!
//! ```
//! # #[cfg(feature = "wat")] {
//! use stepwell_engine::timeline::Timeline;
//! use stepwell_engine::{Budget, Engine, Linker, Module, Store, Value};
//!
//! let engine = Engine::default();
//! let module = Module::from_wat(
//!     &engine,
//!     r#"(module (func (export "twice") (param i32) (result i32)
//!          local.get 0  i32.const 2  i32.mul))"#,
//! )?;
//! let mut store = Store::new(&engine);
//! let instance = Linker::new().instantiate(&mut store, &module)?;
//! let mut task = store.start(store.export_func(instance, "twice")?, &[Value::I32(21)])?;
//!
//! let mut timeline = Timeline::begin(&mut store, 64 << 20);
//! timeline.run(&mut store, &mut task, Budget::unlimited())?;
//! assert_eq!(task.results(&store), Some(&[Value::I32(42)][..]));
//!
//! timeline.seek(&mut store, 2)?;
//! let frame = task.frames(&store).next().expect("it runs again");
//! assert_eq!(frame.operands(), [Value::I32(21), Value::I32(2)]);
//! timeline.return_to_present(&mut store);
//! assert!(task.is_finished(&store));
//! # }
//! # Ok::<(), stepwell_engine::Error>(())
//! ```

mod act;
mod checkpoint;
mod image;
mod kept;
#[cfg(all(test, feature = "wat"))]
mod mark_tests;
pub mod origin;
mod overview;
mod query;
#[cfg(all(test, feature = "wat", not(miri)))]
mod query_tests;
mod replay;
mod search;
#[cfg(all(test, feature = "wat"))]
mod tests;
#[cfg(all(test, feature = "wat", not(miri)))]
mod walk_tests;
mod written;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Waker;

use act::{Act, ActKind, Ended, Position};
use checkpoint::{Begun, Calls, Checkpoint, Checkpoints, OpenCall, Records};
use kept::{Bases, Kept};
use replay::Past;

use crate::error::Result;
use crate::exec::{Budget, CallState, HostAnswer, Stop, Task};
use crate::host::record::HostRecord;
use crate::memory::LinearMemory;
use crate::recording::Recording;
use crate::store::Store;

pub use overview::{Glimpse, Turn};
pub use query::{Asking, Found, Happening, Query};
pub use search::{Hit, Search};

/// Instructions between two states that are kept, at least.
const LEAST_INTERVAL: u64 = 200_000;
/// Instructions for each byte that is looked at to keep a state: so that it costs a small part of the run.
const FOR_EACH_BYTE: u64 = 10;
/// Instructions between two states at most, unless they are fewer than [`LEAST_FOR_EACH_BYTE`]: what writes to so many
/// pages is slow by itself.
const MOST_INTERVAL: u64 = 100_000_000;
const LEAST_FOR_EACH_BYTE: u64 = 2;

/// Which part of the budget host calls, and what else was done, may take beside the states.
const OF_BUDGET: u64 = 4;

/// How often states are kept.
#[derive(Clone, Copy)]
struct Pace {
    /// Instructions between two of them, at least.
    least: u64,
    /// Instructions for each byte that has to be looked at.
    for_each_byte: u64,
}

/// The past of a store, from where it was begun. It holds the present while one stands in the past: who is done with it
/// [returns](Timeline::return_to_present) first.
pub struct Timeline {
    /// Bytes that states may take.
    budget: u64,
    acts: Vec<Act>,
    checkpoints: Checkpoints,
    records: Records,
    /// The clock of the present.
    clock: u64,
    /// Instructions since the last state that was kept.
    since: u64,
    /// With so many of them it is looked at what another one would cost.
    interval: u64,
    pace: Pace,
    /// What the memories of the present are known to have contained last, and when.
    bases: Bases,
    base_at: Position,
    /// Bytes of calls and acts when some were last given up.
    left: u64,
    past: Option<Past>,
    /// Memories of the past that were stood in last, for the next time.
    spare: (Vec<LinearMemory>, Bases),
}

impl Timeline {
    /// Begins where the store stands. States take at most so many bytes: where there is no room for more, older
    /// moments become coarser, and in the end the past begins later. Host calls are recorded from now on; what is
    /// known of them takes about a quarter of that beside the states, or the past begins later, too. Nothing is
    /// known while the store's memories are larger than that altogether: to look at them would hold runs up.
    pub fn begin(store: &mut Store, budget: u64) -> Self {
        store.record_host_calls(true);
        let mut timeline = Self {
            budget,
            acts: Vec::new(),
            checkpoints: Checkpoints::default(),
            records: Records::default(),
            clock: 0,
            since: 0,
            interval: LEAST_INTERVAL,
            pace: Pace { least: LEAST_INTERVAL, for_each_byte: FOR_EACH_BYTE },
            bases: Bases::new(),
            base_at: Position::default(),
            left: 0,
            past: None,
            spare: Default::default(),
        };
        timeline.keep(store, true);
        timeline
    }

    /// The count at which one stands: instructions of all tasks since the beginning.
    pub fn clock(&self) -> u64 {
        self.past.as_ref().map_or(self.clock, Past::clock)
    }

    /// The count of the present.
    pub fn end(&self) -> u64 {
        self.clock
    }

    /// The first count that can be gone to.
    pub fn first(&self) -> u64 {
        self.checkpoints.first().map_or(self.clock, |first| first.clock)
    }

    /// Whether there is a past: not where memories are too large for it.
    pub fn is_kept(&self) -> bool {
        self.checkpoints.first().is_some()
    }

    /// Whether one stands in the past.
    pub fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// Bytes that states take.
    pub fn kept_bytes(&self) -> u64 {
        self.checkpoints.bytes()
    }

    /// How many states are kept.
    pub fn kept_states(&self) -> usize {
        self.checkpoints.len()
    }

    /// Runs a task in the present, as [`Task::run`] does.
    ///
    /// # Errors
    /// Those of [`Task::run`].
    pub fn run(&mut self, store: &mut Store, task: &mut Task, budget: Budget) -> Result<Stop> {
        self.run_with(store, task, budget, Waker::noop())
    }

    /// The same with a [waker](Task::run_with) for host functions that have nothing to answer with yet.
    ///
    /// # Errors
    /// Those of [`Task::run`].
    pub fn run_with(
        &mut self,
        store: &mut Store,
        task: &mut Task,
        budget: Budget,
        waker: &Waker,
    ) -> Result<Stop> {
        self.return_to_present(store);
        // What another task has left within an instruction cannot be done again with this one in between.
        if let Some(Act { kind: ActKind::Run(Ended::Within), task: last, .. }) = self.acts.last()
            && last != task
        {
            let last = last.clone();
            self.changed(store, &last);
        }
        let before = task.executed();
        let result = task.run_with(store, budget, waker);
        let executed = task.executed() - before;
        self.clock += executed;
        self.since += executed;
        let ended = match &result {
            Ok(Stop::Budget) if task.bulk_progress(store).is_some() => Ended::Within,
            Ok(Stop::Budget | Stop::Breakpoint(_) | Stop::Watchpoint(_) | Stop::Interrupted) => {
                Ended::Open
            }
            Ok(Stop::HostCall(call)) if call.state == CallState::Breakpoint => Ended::BeforeCall,
            _ => Ended::Closed,
        };
        match self.acts.last_mut() {
            Some(Act {
                kind: ActKind::Run(was @ (Ended::Open | Ended::Within)),
                task: last,
                to,
                ..
            }) if last == task => {
                (*was, *to) = (ended, self.clock);
            }
            _ => self.add(task, ActKind::Run(ended), executed),
        }
        // Within an instruction is no moment to go back to.
        if ended != Ended::Within {
            if self.since >= self.interval {
                self.keep_if_cheap(store);
            }
            self.fit_what_was_done(store);
        }
        result
    }

    /// Answers a pending host call in the present, as [`Task::resume`] does.
    ///
    /// # Errors
    /// Those of [`Task::resume`].
    pub fn resume(&mut self, store: &mut Store, task: &mut Task, answer: HostAnswer) -> Result<()> {
        self.return_to_present(store);
        task.resume(store, answer.clone())?;
        self.add(task, ActKind::Resume(answer), 0);
        Ok(())
    }

    /// Ends an atomic wait in the present, as [`Task::time_out`] does.
    ///
    /// # Errors
    /// Those of [`Task::time_out`].
    pub fn time_out(&mut self, store: &mut Store, task: &mut Task) -> Result<()> {
        self.return_to_present(store);
        task.time_out(store)?;
        self.add(task, ActKind::TimeOut, 0);
        Ok(())
    }

    /// Ends a task in the present, as [`Store::end_task`] does. What its host functions have done so far stays known.
    ///
    /// # Errors
    /// Those of [`Store::end_task`].
    pub fn end_task(&mut self, store: &mut Store, task: Task) -> Result<()> {
        self.return_to_present(store);
        self.remember_calls(store);
        store.end_task(task.clone())?;
        self.changed(store, &task);
        Ok(())
    }

    /// Something else has been done to the store in the present: a task was started or ended, a value changed by
    /// hand, an instance made. `task` is the one that the run stands with.
    pub fn changed(&mut self, store: &mut Store, task: &Task) {
        self.add(task, ActKind::Outside, 0);
        self.keep(store, true);
    }

    /// Notes what has just been done, in so many instructions.
    fn add(&mut self, task: &Task, kind: ActKind, executed: u64) {
        if self.is_kept() {
            let (from, to) = (self.clock - executed, self.clock);
            self.acts.push(Act { task: task.clone(), kind, from, to });
        }
    }

    /// What was done to the store up to the present, as [`Store::recording`] tells; in the past too.
    pub fn recording(&self, store: &Store) -> Option<Recording> {
        match &self.past {
            Some(past) => past.recording(store),
            None => store.recording(),
        }
    }

    /// Why not all of that is known, if it is not, as [`Store::lost_steps`] tells.
    pub fn lost_steps(&self, store: &Store) -> Option<&'static str> {
        match &self.past {
            Some(past) => past.lost_steps(),
            None => store.lost_steps(),
        }
    }

    /// Hands out the host calls that have ended since the last time, as [`Store::take_host_calls`] does, and
    /// remembers them.
    pub fn take_host_calls(&mut self, store: &mut Store) -> Vec<Arc<HostRecord>> {
        if self.is_past() {
            return Vec::new();
        }
        let calls = store.recorder.take_done();
        if self.is_kept() {
            calls.iter().for_each(|record| self.records.insert(record.clone()));
        }
        calls
    }

    /// Keeps states every so many instructions, whatever that costs.
    #[cfg(test)]
    fn keep_every(&mut self, instructions: u64) {
        self.pace = Pace { least: instructions, for_each_byte: 0 };
        self.interval = instructions;
    }

    /// Keeps the state of the present if there have been enough instructions for what that costs.
    fn keep_if_cheap(&mut self, store: &mut Store) {
        let cost = store.state.marked_bytes() + store.state.bytes_without_memories();
        let most = MOST_INTERVAL.max(cost * LEAST_FOR_EACH_BYTE);
        let wanted = (cost * self.pace.for_each_byte).min(most).max(self.pace.least);
        if self.since >= wanted {
            self.keep(store, false);
        } else {
            // More may have been written until then.
            self.interval = wanted.max(self.since + self.pace.least / 4);
        }
    }

    /// Keeps the state of the present, unless its memories are too large.
    fn keep(&mut self, store: &mut Store, forced: bool) {
        (self.since, self.interval) = (0, self.pace.least);
        store.marks = store.state.memory_bytes() <= self.budget;
        if !store.marks {
            self.acts.clear();
            self.checkpoints = Checkpoints::default();
            self.records = Records::default();
            (self.left, self.bases, self.spare) = (0, Bases::new(), Default::default());
            return;
        }
        let calls =
            Calls { begun: Begun::Below(store.recorder.next_number()), open: open_calls(store) };
        let at = self.here();
        let mut bases = (core::mem::take(&mut self.bases), self.base_at);
        self.insert(store, (at, self.clock, forced), calls, &mut bases);
        (self.bases, self.base_at) = bases;
    }

    /// What was done may take a part of the room that states have: where it takes more, the past begins later.
    fn fit_what_was_done(&mut self, store: &mut Store) {
        let acts = |count: usize| (count * size_of::<Act>()) as u64;
        // What cannot be given up yet is not looked at again with every run.
        let most = (self.budget / OF_BUDGET).max(2 * self.left);
        while self.records.bytes() + acts(self.acts.len()) > most {
            let has_kept = self.checkpoints.first().is_some_and(|first| first.at < self.here());
            if self.checkpoints.len() == 1 && has_kept {
                self.keep(store, true);
            }
            if !self.checkpoints.give_up_first() {
                return;
            }
            let Some(first) = self.checkpoints.first() else { return };
            self.records.forget_before(&first.calls);
            let gone = first.at.act.min(self.acts.len());
            self.acts.drain(..gone);
            self.checkpoints.move_acts(gone);
            self.base_at.act = self.base_at.act.saturating_sub(gone);
            self.left = self.records.bytes() + acts(self.acts.len());
        }
    }

    /// The position of the present: within the last run, as long as that can go on.
    fn here(&self) -> Position {
        match self.acts.last() {
            Some(last @ Act { kind: ActKind::Run(Ended::Open | Ended::Within), .. }) => {
                Position { act: self.acts.len() - 1, within: last.len() }
            }
            _ => Position { act: self.acts.len(), within: 0 },
        }
    }

    /// Keeps the state that stands in the store, of which is known what its memories contained last, and when.
    fn insert(
        &mut self,
        store: &mut Store,
        (at, clock, forced): (Position, u64, bool),
        calls: Calls,
        (bases, base_at): &mut (Bases, Position),
    ) {
        let before = self.checkpoints.last_before(at);
        let other = before.map(|known| &known.kept);
        let (kept, bytes, written) = Kept::of(&mut store.state, bases, other);
        // Who shares pages with what is given up would keep them.
        bases.clear();
        self.spare.1.clear();
        // What was written before those contents were known has to be known as well.
        let is_whole = before.is_some_and(|known| known.at >= *base_at);
        let written = Some(written).filter(|_| is_whole);
        *base_at = at;
        self.checkpoints.insert(Checkpoint { at, clock, forced, kept, calls, written }, bytes);
        self.checkpoints.fit(self.budget, clock, at);
        if let Some(known) = self.checkpoints.last_before(at).filter(|known| known.at == at) {
            *bases = known.kept.bases();
        }
    }
}

/// The calls that have begun and not ended in the present of a store.
fn open_calls(store: &Store) -> Vec<OpenCall> {
    let open = store.recorder.open().filter_map(|((task, level), record)| {
        let (place, suspended) = store.place_of_call(*task, *level)?;
        Some(OpenCall {
            task: *task,
            place,
            level: *level,
            number: record.number,
            effects: record.effects.len(),
            waits: record.course.waits.len(),
            suspended,
        })
    });
    open.collect()
}
