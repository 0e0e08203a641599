//! The tasks as panels show them, and what a person does with one.

use std::collections::VecDeque;
use std::task::Waker;

use stepwell_engine::text::dotted;
use stepwell_engine::{Store, Value};

use super::super::machine::Machine;
use super::super::remembered::Remembered;
use super::super::types::{RunState, SessionError, StopReason};
use super::super::{Session, not_now};
use super::{Entry, Lane, Parked};

/// What a task is doing.
#[derive(Clone, PartialEq, Debug)]
pub enum TaskState {
    /// It could run.
    Ready,
    /// A person is to answer its host call.
    Asks,
    /// A host function that it has called has not answered yet.
    Awaits,
    /// It waits for a notification of another task.
    Waits,
    /// It has returned these values.
    Done(Vec<Value>),
    /// It has trapped.
    Trapped(String),
    /// It has ended itself with this code.
    Exited(i32),
}

/// A task as a line of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskView {
    /// Counts from 1.
    pub number: u32,
    /// What was started, as `a.main`.
    pub title: String,
    /// What it is doing.
    pub state: TaskState,
    /// Instructions executed.
    pub executed: u64,
    /// Turns that it has had while several tasks ran.
    pub turns: u64,
    /// The innermost frame's function, as `a.main`.
    pub function: Option<String>,
    /// The call that it waits for, as `env.ask`.
    pub call: Option<String>,
    /// Whether the panels show it.
    pub is_selected: bool,
}

impl Session {
    /// All tasks of the run, in the order in which they were started.
    pub fn tasks(&self) -> Vec<TaskView> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let tasks = &machine.tasks;
        tasks
            .entries
            .iter()
            .enumerate()
            .map(|(position, entry)| TaskView {
                number: entry.number,
                title: entry.title.clone(),
                state: state_of(entry, &machine.store),
                executed: entry.executed(),
                turns: entry.turns,
                function: entry
                    .task
                    .frames(&machine.store)
                    .next()
                    .map(|frame| self.frame_label(&frame)),
                call: entry
                    .task
                    .pending_call(&machine.store)
                    .map(|call| dotted(&call.module, &call.name)),
                is_selected: position == tasks.current,
            })
            .collect()
    }

    /// Whose turns the run consisted of, oldest first; empty while there has been one task only.
    pub fn lanes(&self) -> impl ExactSizeIterator<Item = Lane> + DoubleEndedIterator + '_ {
        static NONE: VecDeque<Lane> = VecDeque::new();
        self.machine.as_ref().map_or(&NONE, |machine| &machine.tasks.lanes).iter().copied()
    }

    /// Instructions of a turn while several tasks run.
    pub fn reductions(&self) -> u64 {
        self.reductions
    }

    /// The number of the task that the panels show.
    pub fn selected_task(&self) -> Option<u32> {
        self.machine.as_ref()?.tasks.current().map(|entry| entry.number)
    }

    pub(in crate::session) fn set_reductions(&mut self, count: u64) -> Result<(), SessionError> {
        if count == 0 {
            let message = "a turn needs at least one instruction".to_owned();
            return Err(SessionError::Input { field: 0, message });
        }
        self.reductions = count;
        Ok(())
    }

    pub(in crate::session) fn select_task(&mut self, number: u32) -> Result<(), SessionError> {
        let machine = self.stopped_machine()?;
        let position = machine.tasks.position(number);
        let position = position.ok_or_else(|| not_now("there is no such task"))?;
        if position == machine.tasks.current {
            self.focus_frame();
            return Ok(());
        }
        machine.tasks.current = position;
        // Nothing of the store.
        machine.is_touched = false;
        self.progress = None;
        self.remembered = Remembered::default();
        let reason = self.reason_of_selected();
        self.stop(reason);
        Ok(())
    }

    /// Why the selected task stands, when it was not the last to run.
    pub(in crate::session) fn reason_of_selected(&self) -> StopReason {
        let Some(machine) = &self.machine else { return StopReason::Paused };
        let (entry, store) = (machine.tasks.current(), &machine.store);
        match entry.map(|entry| (state_of(entry, store), entry)) {
            Some((TaskState::Done(values), _)) => StopReason::Done(values),
            Some((TaskState::Trapped(_), entry)) => match entry.task.trap(store) {
                Some(trap) => StopReason::Trap(trap.clone()),
                None => StopReason::Paused,
            },
            Some((TaskState::Exited(code), _)) => StopReason::Exit(code),
            Some((TaskState::Asks | TaskState::Awaits, _)) => StopReason::HostCall,
            Some((TaskState::Waits, _)) => StopReason::Wait,
            Some((TaskState::Ready, entry)) if entry.executed() == 0 => StopReason::Started,
            Some((TaskState::Ready, _)) | None => StopReason::Paused,
        }
    }

    pub(in crate::session) fn cancel_task(&mut self, number: u32) -> Result<(), SessionError> {
        let machine = self.stopped_machine()?;
        let position = machine.tasks.position(number);
        let position = position.ok_or_else(|| not_now("there is no such task"))?;
        let entry = machine.tasks.entries.remove(position);
        machine.give_up(&entry.jobs);
        let Machine { store, tasks, timeline, .. } = machine;
        tasks.gone += entry.executed();
        // A task that is over may have been ended with its store's state.
        let _ = timeline.end_task(store, entry.task);
        let was_selected = tasks.current == position;
        // Those behind it have moved up.
        tasks.current -= usize::from(tasks.current > position);
        tasks.turn -= usize::from(tasks.turn > position);
        tasks.current = tasks.current.min(tasks.entries.len().saturating_sub(1));
        if let Some(id) = entry.id {
            self.hosts.forget_pending_of(id);
        }
        self.forget_pending(number);
        if !was_selected {
            return Ok(());
        }
        self.progress = None;
        self.remembered = Remembered::default();
        if self.task().is_none() {
            self.selected_frame = 0;
            self.state = RunState::Idle;
            return Ok(());
        }
        let reason = self.reason_of_selected();
        self.stop(reason);
        Ok(())
    }

    /// How many tasks there are, finished ones included.
    pub fn task_count(&self) -> usize {
        self.machine.as_ref().map_or(0, |machine| machine.tasks.count())
    }

    /// How many tasks are not over.
    pub fn unfinished_tasks(&self) -> usize {
        self.machine.as_ref().map_or(0, |machine| machine.tasks.unfinished(&machine.store))
    }

    /// Whether a run can go on by turns, whatever the selected task waits for.
    pub fn others_can_run(&self) -> bool {
        let machine = self.machine.as_ref();
        machine.is_some_and(|Machine { tasks, store, .. }| {
            tasks.count() > 1 && tasks.any_can_run(store)
        })
    }

    /// Who will tell the window that a parked task can go on.
    pub fn set_waker(&mut self, waker: Waker) {
        self.waker.with(|known| *known = Some(waker));
    }
}

fn state_of(entry: &Entry, store: &Store) -> TaskState {
    let task = &entry.task;
    if let Some(values) = task.results(store).filter(|_| entry.jobs.is_empty()) {
        return TaskState::Done(values.to_vec());
    }
    if let Some(trap) = task.trap(store) {
        return TaskState::Trapped(trap.code.to_string());
    }
    if let Some(code) = task.exit_code(store) {
        return TaskState::Exited(code);
    }
    match entry.parked {
        None => TaskState::Ready,
        Some(Parked::Unanswered) => TaskState::Asks,
        Some(Parked::InProgress) => TaskState::Awaits,
        Some(Parked::Wait) => TaskState::Waits,
    }
}
