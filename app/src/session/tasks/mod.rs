//! The tasks of a run: which there are, whose turn it is, and what has become of each.

mod view;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use stepwell_engine::{CallState, Stop, Store, Task, TaskId};

use super::ModuleKey;
use super::machine::{self, Job};

pub use view::{TaskState, TaskView};

/// Turns kept for the lanes; older ones are forgotten.
const LANES: usize = 4096;
/// Instructions of a turn, at first.
pub(super) const REDUCTIONS: u64 = 1_000;

/// A task of the run.
pub(super) struct Entry {
    /// Counts the tasks of a session from 1.
    pub(super) number: u32,
    pub(super) title: String,
    pub(super) task: Task,
    /// By which the engine knows the task, once it has run.
    id: Option<TaskId>,
    /// What is to be done once the present task is over: what prepares modules comes before the export.
    pub(super) jobs: VecDeque<Job>,
    /// Instructions of tasks of its that are over.
    earlier: u64,
    turns: u64,
    /// What it had executed when the run last set out.
    set_out: u64,
    /// Why it cannot go on by itself.
    parked: Option<Parked>,
    wake: Arc<WakeFlag>,
}

/// Why a task cannot go on by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Parked {
    /// A person is to answer its call.
    Unanswered,
    /// A host function will answer.
    InProgress,
    /// Another task is to notify it.
    Wait,
}

/// Set when a task that is parked can go on; tells the window that there is something to do.
#[derive(Default)]
struct WakeFlag {
    woken: AtomicBool,
    window: WindowWaker,
}

/// Whoever is to be told that there is something to do; the window may come later than the tasks.
#[derive(Clone, Default)]
pub(super) struct WindowWaker(Arc<Mutex<Option<Waker>>>);

impl WindowWaker {
    fn with<R>(&self, work: impl FnOnce(&mut Option<Waker>) -> R) -> Option<R> {
        // Only a panic while it was cloned could have poisoned it.
        self.0.lock().ok().map(|mut waker| work(&mut waker))
    }
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        if let Some(window) = self.window.with(|waker| waker.clone()).flatten() {
            window.wake();
        }
    }
}

impl Entry {
    pub(super) fn executed(&self) -> u64 {
        self.earlier + self.task.executed()
    }

    /// Whether it has executed anything since the run set out.
    pub(super) fn has_moved(&self) -> bool {
        self.executed() > self.set_out
    }

    pub(super) fn waker(&self) -> Waker {
        self.wake.clone().into()
    }

    /// The next task of the entry; the present one is over.
    pub(super) fn replace(&mut self, task: Task) {
        self.earlier += self.task.executed();
        self.task = task;
        self.parked = None;
    }

    /// Whether it waits for a host function.
    pub(super) fn awaits(&self) -> bool {
        self.parked == Some(Parked::InProgress)
    }

    /// Whether a host function that it waits for has something.
    pub(super) fn is_woken(&self) -> bool {
        self.awaits() && self.wake.woken.load(Ordering::Acquire)
    }

    /// Whether a turn could get it any further.
    pub(super) fn can_run(&self, store: &Store) -> bool {
        match self.parked {
            _ if self.task.is_finished(store) => false,
            None => true,
            Some(Parked::Wait) => self.task.is_notified(store),
            Some(Parked::InProgress) => self.is_woken(),
            Some(Parked::Unanswered) => false,
        }
    }
}

/// A stretch of the run that belongs to one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lane {
    /// The task.
    pub task: u32,
    /// The clock when it began, and when it ended.
    pub from: u64,
    /// Behind its last instruction.
    pub to: u64,
}

/// The tasks of a machine.
pub(super) struct Tasks {
    entries: Vec<Entry>,
    next: u32,
    /// Position of the one that the panels show and that steps are made in.
    current: usize,
    /// Position of the first that is asked whether it can have the next turn.
    turn: usize,
    lanes: VecDeque<Lane>,
    /// Instructions of tasks that are gone.
    gone: u64,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { entries: Vec::new(), next: 1, current: 0, turn: 0, lanes: VecDeque::new(), gone: 0 }
    }
}

impl Tasks {
    /// Adds a task and selects it.
    pub(super) fn add(
        &mut self,
        title: String,
        task: Task,
        jobs: VecDeque<Job>,
        window: &WindowWaker,
    ) -> u32 {
        let number = self.next;
        self.next += 1;
        let wake = Arc::new(WakeFlag { woken: AtomicBool::new(false), window: window.clone() });
        self.entries.push(Entry {
            number,
            title,
            task,
            id: None,
            jobs,
            earlier: 0,
            turns: 0,
            set_out: 0,
            parked: None,
            wake,
        });
        self.current = self.entries.len() - 1;
        number
    }

    /// Adds one that has been played, with what tasks before it in its place have executed.
    pub(super) fn add_played(
        &mut self,
        title: String,
        task: Task,
        jobs: VecDeque<Job>,
        earlier: u64,
        window: &WindowWaker,
    ) {
        let id = task.id();
        self.add(title, task, jobs, window);
        if let Some(entry) = self.entries.last_mut() {
            (entry.id, entry.earlier) = (Some(id), earlier);
        }
    }

    /// What each waits for, as the store has it.
    pub(super) fn park(&mut self, store: &Store) {
        for entry in &mut self.entries {
            let call = entry.task.pending_call(store).map(|call| call.state);
            entry.parked = match call {
                Some(CallState::Unanswered) => Some(Parked::Unanswered),
                Some(CallState::InProgress) => Some(Parked::InProgress),
                Some(CallState::Breakpoint) => None,
                None => entry.task.atomic_wait(store).map(|_| Parked::Wait),
            };
        }
    }

    /// All tasks, in the order in which they were added.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What has been executed altogether, tasks that are gone included.
    pub(super) fn set_clock(&mut self, clock: u64) {
        self.gone = clock.saturating_sub(self.clock() - self.gone);
    }

    /// Selects a task, if there is one of this number.
    pub(super) fn select(&mut self, number: u32) -> bool {
        let position = self.position(number);
        self.current = position.unwrap_or(self.current);
        position.is_some()
    }

    /// Selects the last that is not over, or the last.
    pub(super) fn select_last(&mut self, store: &Store) {
        let unfinished = |entry: &Entry| !entry.task.is_finished(store);
        let last = self.entries.iter().rposition(unfinished);
        self.current = last.unwrap_or(self.entries.len().saturating_sub(1));
    }

    /// Gives up all tasks; the clock goes on from where they have brought it.
    pub(super) fn clear(&mut self, store: &mut Store) {
        self.gone = self.clock();
        self.entries.clear();
        store.end_dropped();
        self.lanes.clear();
        (self.current, self.turn) = (0, 0);
    }

    pub(super) fn clock(&self) -> u64 {
        self.gone + self.entries.iter().map(Entry::executed).sum::<u64>()
    }

    pub(super) fn current(&self) -> Option<&Entry> {
        self.entries.get(self.current)
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Entry> {
        self.entries.get_mut(self.current)
    }

    /// The number of the task that the engine knows by this one.
    pub(super) fn number_of(&self, id: TaskId) -> Option<u32> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.id == Some(id)).map(|entry| entry.number)
    }

    fn position(&self, number: u32) -> Option<usize> {
        self.entries.iter().position(|entry| entry.number == number)
    }

    /// Modules that tasks prepare, or were to prepare and could not.
    pub(super) fn in_preparation(&self) -> impl Iterator<Item = ModuleKey> {
        self.entries.iter().flat_map(|entry| machine::unready(&entry.jobs))
    }

    /// How many there are, those that are over too.
    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    /// How many could still run, or be answered.
    pub(super) fn unfinished(&self, store: &Store) -> usize {
        self.entries.iter().filter(|entry| !entry.task.is_finished(store)).count()
    }

    /// Whether any could run right now.
    pub(super) fn any_can_run(&self, store: &Store) -> bool {
        self.entries.iter().any(|entry| entry.can_run(store))
    }

    /// Selects the next task that could run, behind the one whose turn was last.
    pub(super) fn select_next(&mut self, store: &Store) -> bool {
        let count = self.entries.len().max(1);
        let mut next = (0..count).map(|step| (self.turn + step) % count);
        let next = next.find(|at| self.entries.get(*at).is_some_and(|entry| entry.can_run(store)));
        if let Some(position) = next {
            (self.turn, self.current) = ((position + 1) % count, position);
        }
        next.is_some()
    }

    /// None can run: selects one that waits for the host, which may have something soon, or else for a
    /// person, or else for another task. Without one the selected task stays.
    pub(super) fn select_parked(&mut self, store: &Store) {
        let mut positions = [Parked::InProgress, Parked::Unanswered, Parked::Wait].into_iter();
        let found = positions.find_map(|why| {
            let is = |entry: &Entry| entry.parked == Some(why) && !entry.task.is_finished(store);
            match self.current().is_some_and(is) {
                true => Some(self.current),
                false => self.entries.iter().position(is),
            }
        });
        self.current = found.unwrap_or(self.current);
    }

    /// The run sets out: from here on it counts what each task executes.
    pub(super) fn set_out(&mut self) {
        for entry in &mut self.entries {
            entry.set_out = entry.executed();
        }
    }

    /// Notes how far the selected task came.
    pub(super) fn note(&mut self, before: u64, after: u64, stop: &Stop, is_turn: bool) {
        let several = self.entries.len() > 1;
        let Some(entry) = self.entries.get_mut(self.current) else { return };
        let parked = match stop {
            Stop::HostCall(call) => match call.state {
                CallState::Unanswered => Some(Parked::Unanswered),
                CallState::InProgress => Some(Parked::InProgress),
                CallState::Breakpoint => None,
            },
            Stop::Wait(_) => Some(Parked::Wait),
            _ => None,
        };
        entry.parked = parked;
        entry.turns += u64::from(is_turn);
        if !several || before == after {
            return;
        }
        let task = entry.number;
        match self.lanes.back_mut() {
            Some(last) if last.task == task && last.to == before => last.to = after,
            _ => self.lanes.push_back(Lane { task, from: before, to: after }),
        }
        if self.lanes.len() > LANES {
            self.lanes.pop_front();
        }
    }

    /// Before a task is run: whoever wakes it from now on wakes it again.
    pub(super) fn about_to_run(&mut self) {
        if let Some(entry) = self.entries.get_mut(self.current) {
            entry.id = Some(entry.task.id());
            entry.wake.woken.store(false, Ordering::Release);
        }
    }

    /// The selected task's call has been answered, or its wait is over.
    pub(super) fn unpark(&mut self) {
        if let Some(entry) = self.entries.get_mut(self.current) {
            entry.parked = None;
        }
    }

    /// Wakes all whose host functions may have something by now.
    pub(super) fn wake_all(&self) {
        for entry in &self.entries {
            if entry.parked == Some(Parked::InProgress) {
                entry.wake.woken.store(true, Ordering::Release);
            }
        }
    }

    /// Whether a task that is parked on a host function has been woken.
    pub(super) fn any_woken(&self) -> bool {
        self.entries.iter().any(Entry::is_woken)
    }
}
