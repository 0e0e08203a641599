//! Many tasks on one thread: turns of a fixed number of instructions, and tasks that wait for the host cost
//! nothing.
//!
//! A [`Scheduler`] owns its tasks and borrows the stores that they run in for as long as a turn takes. A turn
//! runs one task for a budget of instructions (reductions), and of the bytes that bulk operators write, and says
//! what came of it ([`Turn`]). A task whose
//! host function awaits something is parked until its waker is called, from whatever thread; the set of woken
//! tasks is a bitmap without locks. What is for the embedder to decide (breakpoints, calls that it has to
//! answer) stops the task and is handed out. Nothing here depends on time or chance: the same tasks, woken and
//! answered at the same turns, have the same turns again.
//!
//! Imports `exec` and `store`.
//!
//! ```
//! # #[cfg(feature = "wat")] {
//! use stepwell_engine::sched::{Outcome, Priority, Scheduler};
//! use stepwell_engine::{Engine, Linker, Module, Stop, Store, Value};
//!
//! let engine = Engine::default();
//! let module = Module::from_wat(&engine, r#"(module (func (export "count") (param i32) (result i32)
//!     loop  local.get 0  i32.const 1  i32.sub  local.tee 0  br_if 0  end  local.get 0))"#)?;
//! let mut store = Store::new(&engine);
//! let instance = Linker::new().instantiate(&mut store, &module)?;
//! let count = store.export_func(instance, "count")?;
//!
//! let mut scheduler = Scheduler::with_budget(100);
//! for times in [1_000, 10] {
//!     scheduler.spawn(store.start(count, &[Value::I32(times)])?, Priority::Normal);
//! }
//! let ended = scheduler.run_until_idle(&mut store);
//! assert_eq!(ended[0].executed, 63); // the shorter one ends in its first turn
//! assert_eq!(ended[0].outcome, Outcome::Finished(Stop::Done(vec![Value::I32(0)])));
//! # }
//! # Ok::<(), stepwell_engine::Error>(())
//! ```

mod queue;
mod ready;
mod run;
mod table;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use crate::error::{Error, Result};
use crate::exec::{AtomicWait, Budget, CallState, HostAnswer, Stop, Task};
use crate::flags::Flags;
use crate::store::Store;

use queue::Queues;
use ready::{Alarm, Doorbell};
use table::{Entry, Table};

pub use queue::Priority;
pub use run::RunAsync;
pub use table::TaskInfo;

/// Instructions of a turn, unless [told](Scheduler::with_budget) otherwise.
pub const DEFAULT_BUDGET: u64 = 10_000;
/// Bytes that bulk operators write in a turn, at most: what is left of one is done in the next turns.
pub const BULK_BYTES: u64 = 1 << 20;

/// A task of a scheduler. It stays that task's, and never becomes another's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Handle {
    slot: u32,
    generation: u32,
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// What a task of a scheduler waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Its turn.
    Ready,
    /// Its waker: a host function has nothing to answer with yet.
    Parked,
    /// A notification, in an atomic wait.
    Waiting,
    /// The embedder: [`Scheduler::resume`] or [`Scheduler::answer`].
    Stopped,
}

/// A turn of a task.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Turn {
    /// Whose turn it was.
    pub handle: Handle,
    /// Instructions executed in it.
    pub executed: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// The task, if it is over: finished or failed. The handle is no longer good then.
    pub task: Option<Task>,
}

/// What came of a turn.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The budget is used up, or the turn's bulk work is done; the task is ready again.
    Budget,
    /// A host function has nothing to answer with yet; the task waits for its waker.
    Parked,
    /// An atomic wait; the task waits for another one to notify it, or for [`Scheduler::time_out`].
    Waiting(AtomicWait),
    /// A host call to be answered, a breakpoint or a watchpoint: the task waits for the embedder.
    Stopped(Stop),
    /// Done, trapped or ended by itself.
    Finished(Stop),
    /// The engine cannot run it; see [`Task::run`]. [`Error::UnknownIndex`] if its store is not there.
    Failed(Error),
}

impl Outcome {
    /// Whether the task needs the embedder or is over.
    pub fn is_news(&self) -> bool {
        matches!(self, Outcome::Stopped(_) | Outcome::Finished(_) | Outcome::Failed(_))
    }
}

/// The stores that tasks of a scheduler run in, by index. One store is the store 0.
pub trait Stores {
    /// The store with this index.
    fn store(&mut self, index: usize) -> Option<&mut Store>;
}

impl Stores for Store {
    fn store(&mut self, index: usize) -> Option<&mut Store> {
        (index == 0).then_some(self)
    }
}

impl Stores for [Store] {
    fn store(&mut self, index: usize) -> Option<&mut Store> {
        self.get_mut(index)
    }
}

impl Stores for Vec<Store> {
    fn store(&mut self, index: usize) -> Option<&mut Store> {
        self.get_mut(index)
    }
}

/// Lets many tasks have their turns on one thread.
///
/// Tasks of one [priority](Priority) have their turns in the order in which they became ready. Those that
/// were woken between the same two turns become ready in the order of their places in the scheduler.
///
/// If host code panics, the panic goes on through the turn; the task is [stopped](State::Stopped) then.
pub struct Scheduler {
    tasks: Table,
    queues: Queues,
    /// Which have been woken.
    ready: Flags,
    budget: u64,
    /// Tasks in atomic waits, by their stores, and by their places there and here.
    waiting: BTreeSet<(usize, u32, u32)>,
    /// How many notifications had been given in a store when it was last looked at.
    notified: BTreeMap<usize, u64>,
    /// How often a state had been put back in each store then.
    restored: BTreeMap<usize, u64>,
    /// Whom wakers are to ring, and how many of them there have been.
    bell: Option<Arc<Doorbell>>,
    bells: u32,
    /// Room for slots that have been found woken.
    found: Vec<u32>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tasks()).finish()
    }
}

impl Scheduler {
    /// A scheduler without tasks, with turns of [`DEFAULT_BUDGET`] instructions.
    pub fn new() -> Self {
        Self::with_budget(DEFAULT_BUDGET)
    }

    /// A scheduler without tasks, with turns of so many instructions; at least one.
    pub fn with_budget(instructions: u64) -> Self {
        Self {
            tasks: Table::default(),
            queues: Queues::new(),
            ready: Flags::default(),
            budget: instructions.max(1),
            waiting: BTreeSet::new(),
            notified: BTreeMap::new(),
            restored: BTreeMap::new(),
            bell: None,
            bells: 0,
            found: Vec::new(),
        }
    }

    /// Changes how many instructions a turn has; at least one.
    pub fn set_budget(&mut self, instructions: u64) {
        self.budget = instructions.max(1);
    }

    /// Adds a task of the store 0 behind the ready ones of its priority.
    pub fn spawn(&mut self, task: Task, priority: Priority) -> Handle {
        self.spawn_in(0, task, priority)
    }

    /// Adds a task of a store, by its index in the [`Stores`] that turns are given.
    pub fn spawn_in(&mut self, store: usize, task: Task, priority: Priority) -> Handle {
        self.take_woken();
        let (ready, bell, bells) = (&mut self.ready, self.bell.as_ref(), self.bells);
        let handle = self
            .tasks
            .insert(|slot| Entry::new(task, store, priority, Alarm::new(ready, slot, bell), bells));
        self.queues.push(handle.slot, priority);
        handle
    }

    /// Lets the task whose turn it is run. `None` when no task is ready.
    pub fn turn(&mut self, stores: &mut (impl Stores + ?Sized)) -> Option<Turn> {
        self.take_woken();
        if self.queues.len() == 0 {
            self.take_all_restored(stores);
            if !self.waiting.is_empty() {
                self.take_all_notified(stores);
            }
        }
        let slot = self.queues.pop()?;
        // If host code panics, the embedder is to say how it goes on.
        self.tasks.set_state(slot, State::Stopped);
        let handle = self.tasks.handle(slot);
        let entry = self.tasks.entry_mut(slot)?;
        entry.turns += 1;
        if entry.bells != self.bells {
            let alarm = Alarm::new(&mut self.ready, slot, self.bell.as_ref());
            entry.set_alarm(alarm, self.bells);
        }
        let index = entry.store;
        let (executed, stop) = match stores.store(index) {
            Some(store) => {
                let restored = store.restored;
                let before = entry.task.executed();
                let budget = Budget::instructions(self.budget).bulk_bytes(BULK_BYTES);
                let stop = entry.task.run_with(store, budget, &entry.waker);
                let executed = entry.task.executed() - before;
                if let Ok(Stop::Wait(_)) = stop {
                    self.waiting.insert((index, entry.task.place(), slot));
                    self.tasks.set_state(slot, State::Waiting);
                }
                self.take_restored(index, restored);
                if !self.waiting.is_empty() {
                    self.take_notified(index, store);
                }
                (executed, stop)
            }
            None => (0, Err(Error::UnknownIndex { what: "store", index: index as u64 })),
        };
        let outcome = match stop {
            Ok(Stop::Budget) => {
                self.make_ready(slot);
                Outcome::Budget
            }
            Ok(Stop::HostCall(call)) if call.state == CallState::InProgress => {
                self.tasks.set_state(slot, State::Parked);
                Outcome::Parked
            }
            Ok(Stop::Wait(wait)) => Outcome::Waiting(wait),
            Ok(
                stop @ (Stop::HostCall(_)
                | Stop::Breakpoint(_)
                | Stop::Watchpoint(_)
                | Stop::Interrupted),
            ) => Outcome::Stopped(stop),
            Ok(stop @ (Stop::Done(_) | Stop::Trap(_) | Stop::Exit(_))) => Outcome::Finished(stop),
            Err(error) => Outcome::Failed(error),
        };
        let over = matches!(outcome, Outcome::Finished(_) | Outcome::Failed(_));
        let task = over.then(|| self.tasks.remove(slot)).flatten();
        Some(Turn { handle, executed, outcome, task })
    }

    /// Runs until no task is ready, and returns the turns that were [news](Outcome::is_news): those that
    /// stopped a task for the embedder, or were a task's last.
    pub fn run_until_idle(&mut self, stores: &mut (impl Stores + ?Sized)) -> Vec<Turn> {
        let turns = core::iter::from_fn(|| self.turn(stores));
        turns.filter(|turn| turn.outcome.is_news()).collect()
    }

    /// Lets a task go on that is stopped; one that is parked or waits looks once more whether it can.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`] if there is no such task any more.
    pub fn resume(&mut self, handle: Handle) -> Result<()> {
        self.take_woken();
        self.known(handle)?;
        self.make_ready(handle.slot);
        Ok(())
    }

    /// Answers the pending host call of a task, which then is ready.
    ///
    /// # Errors
    /// Those of [`Task::resume`], and [`Error::UnknownIndex`] if there is no such task any more, or its
    /// store is not there.
    pub fn answer(
        &mut self,
        handle: Handle,
        stores: &mut (impl Stores + ?Sized),
        answer: HostAnswer,
    ) -> Result<()> {
        self.change(handle, stores, |task, store| task.resume(store, answer))
    }

    /// Ends an atomic wait as its timeout would; the task then is ready.
    ///
    /// # Errors
    /// [`Error::NotWaiting`] if it is in none, and [`Error::UnknownIndex`] as [`Scheduler::answer`].
    pub fn time_out(&mut self, handle: Handle, stores: &mut (impl Stores + ?Sized)) -> Result<()> {
        self.change(handle, stores, Task::time_out)
    }

    fn change(
        &mut self,
        handle: Handle,
        stores: &mut (impl Stores + ?Sized),
        change: impl FnOnce(&mut Task, &mut Store) -> Result<()>,
    ) -> Result<()> {
        self.take_woken();
        let entry = self.known(handle)?;
        let index = entry.store;
        let unknown = Error::UnknownIndex { what: "store", index: index as u64 };
        change(&mut entry.task, stores.store(index).ok_or(unknown)?)?;
        self.make_ready(handle.slot);
        Ok(())
    }

    /// Takes a task out, whatever it waits for. It can be run on by itself; dropping it ends it.
    pub fn cancel(&mut self, handle: Handle) -> Option<Task> {
        let entry = self.tasks.get(handle)?;
        match entry.state {
            State::Ready => self.queues.remove(handle.slot, entry.priority),
            State::Waiting => self.forget_wait(handle.slot),
            State::Parked | State::Stopped => {}
        }
        self.tasks.remove(handle.slot)
    }

    /// Changes the priority of a task; false if there is no such task any more. A ready one goes behind the
    /// others of its new priority.
    pub fn set_priority(&mut self, handle: Handle, priority: Priority) -> bool {
        let Some(entry) = self.tasks.get_mut(handle) else { return false };
        let old = core::mem::replace(&mut entry.priority, priority);
        if entry.state == State::Ready && old != priority {
            self.queues.remove(handle.slot, old);
            self.queues.push(handle.slot, priority);
        }
        true
    }

    /// A task, if there still is one.
    pub fn task(&self, handle: Handle) -> Option<&Task> {
        self.tasks.get(handle).map(|entry| &entry.task)
    }

    /// A task, for changing; what it waits for stays the same until it is [resumed](Scheduler::resume).
    pub fn task_mut(&mut self, handle: Handle) -> Option<&mut Task> {
        self.tasks.get_mut(handle).map(|entry| &mut entry.task)
    }

    /// What a task waits for.
    pub fn state(&self, handle: Handle) -> Option<State> {
        self.tasks.get(handle).map(|entry| entry.state)
    }

    /// All tasks, in the order of their places.
    pub fn tasks(&self) -> impl Iterator<Item = TaskInfo> + '_ {
        self.tasks.iter()
    }

    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of tasks that wait for their turns.
    pub fn ready_len(&self) -> usize {
        self.queues.len()
    }

    /// Number of tasks that wait for their wakers, those included that have been woken since the last turn.
    pub fn parked_len(&self) -> usize {
        self.tasks.count(State::Parked)
    }

    /// Whether there are tasks, and all of them are in atomic waits: only [`Scheduler::time_out`], or somebody
    /// outside who notifies them, can let one go on.
    pub fn is_deadlocked(&self) -> bool {
        !self.is_empty() && self.tasks.count(State::Waiting) == self.len()
    }

    fn known(&mut self, handle: Handle) -> Result<&mut Entry> {
        let unknown = Error::UnknownIndex { what: "task", index: u64::from(handle.slot) };
        self.tasks.get_mut(handle).ok_or(unknown)
    }

    /// Puts a task behind the others that are ready, unless it is.
    fn make_ready(&mut self, slot: u32) {
        let Some(entry) = self.tasks.entry_mut(slot) else { return };
        let (state, priority) = (entry.state, entry.priority);
        if state == State::Waiting {
            self.forget_wait(slot);
        }
        if state != State::Ready {
            self.tasks.set_state(slot, State::Ready);
            self.queues.push(slot, priority);
        }
    }

    fn forget_wait(&mut self, slot: u32) {
        let Some(entry) = self.tasks.entry_mut(slot) else { return };
        self.waiting.remove(&(entry.store, entry.task.place(), slot));
    }

    /// Tasks whose wakers have been called become ready.
    fn take_woken(&mut self) {
        if !self.ready.any() {
            return;
        }
        let mut found = core::mem::take(&mut self.found);
        self.ready.take(&mut found);
        for slot in found.drain(..) {
            if self.tasks.entry_mut(slot).is_some_and(|entry| entry.state == State::Parked) {
                self.make_ready(slot);
            }
        }
        self.found = found;
    }

    /// Tasks of a store that have been notified since it was last looked at become ready, in the order in
    /// which they began to wait.
    fn take_notified(&mut self, index: usize, store: &Store) {
        let notifications = store.state.waiters.notifications();
        let before = self.notified.insert(index, notifications).unwrap_or(0);
        match before.cmp(&notifications) {
            Ordering::Less => self.take_notified_since(before, index, store),
            Ordering::Equal => {}
            // An older state has been put back.
            Ordering::Greater => self.take_notified_since(0, index, store),
        }
    }

    fn take_notified_since(&mut self, notifications: u64, index: usize, store: &Store) {
        for waiter in store.state.waiters.woken_since(notifications) {
            let slots = (index, waiter, 0)..=(index, waiter, u32::MAX);
            while let Some(place) = self.waiting.range(slots.clone()).next().copied() {
                self.waiting.remove(&place);
                self.make_ready(place.2);
            }
        }
    }

    /// Where a state has been put back in a store, its tasks look once more whether they can go on: what they
    /// were waiting for may be gone, or have happened before.
    fn take_restored(&mut self, index: usize, restored: u64) {
        if self.restored.insert(index, restored).unwrap_or(0) == restored {
            return;
        }
        self.notified.remove(&index);
        for state in [State::Parked, State::Waiting] {
            let slots: Vec<u32> = self.tasks.in_state(state).collect();
            for slot in slots {
                if self.tasks.entry_mut(slot).is_some_and(|entry| entry.store == index) {
                    self.make_ready(slot);
                }
            }
        }
    }

    /// The same for all stores that tasks have run in.
    fn take_all_restored(&mut self, stores: &mut (impl Stores + ?Sized)) {
        let mut next = self.restored.first_key_value().map(|(index, _)| *index);
        while let Some(index) = next {
            if let Some(restored) = stores.store(index).map(|store| store.restored) {
                self.take_restored(index, restored);
            }
            next = index
                .checked_add(1)
                .and_then(|from| self.restored.range(from..).next().map(|(index, _)| *index));
        }
    }

    /// As [`Scheduler::take_notified`], for whatever else may have notified tasks.
    fn take_all_notified(&mut self, stores: &mut (impl Stores + ?Sized)) {
        let mut next = Some(0);
        while let Some(&(index, ..)) =
            next.and_then(|from| self.waiting.range((from, 0, 0)..).next())
        {
            if let Some(store) = stores.store(index) {
                self.notified.insert(index, store.state.waiters.notifications());
                self.take_notified_since(0, index, store);
            }
            next = index.checked_add(1);
        }
    }
}
