//! Tasks: one thread of wasm execution, parked between any two instructions or within a bulk one.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;

use super::arena::{Active, Ticket};
use super::exact::Progress;
use super::frame::Frame;
use super::host_call::CallAsync;
use super::state::{Phase, Status, TaskState};
use super::stop::{
    AtomicWait, Budget, BulkProgress, CallState, HostAnswer, HostCall, Stop, Trap, TrapCode,
};
use crate::error::{Error, Result};
use crate::host::{Caller, HostImplementation};
use crate::ids::{FuncAddr, TaskId};
use crate::observe;
use crate::recording::Step;
use crate::store::{FuncEntity, Store};
use crate::types::slots_of;
use crate::value::{Value, write_values};

/// A computation in a [`Store`]: its frames and stack lie there, and are part of the store's
/// [state](Store::state). This is a handle, which borrows nothing while the task is parked. A clone of it is
/// another handle of the same task; a copy of a run is a copy of the state.
///
/// Tasks of one store take turns. Once a state of the store has been [restored](Store::restore), the task stands
/// where it stood then; one that did not exist then is refused with [`Error::NotOfState`]. What a host function
/// awaits is not part of a state: after a restore that call is the embedder's to answer.
///
/// A task ends when its last handle is dropped: its store gives back its stack, and drops the futures of its host
/// functions, when it next starts or runs a task, or at once by [`Store::end_task`]. A store can be dropped before
/// the handles. While a task runs, its host functions see it through their [`Caller`] only: the store's state is
/// without it, and its handles know of no frames. If a host function panics, the panic goes on to whoever runs the task; the call stays pending, and
/// the embedder can answer it.
#[derive(Clone)]
pub struct Task {
    pub(super) ticket: Arc<Ticket>,
}

/// Whether they are handles of one task.
impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ticket, &other.ticket)
    }
}

impl Eq for Task {}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.id())
    }
}

impl Task {
    pub(crate) fn start(store: &mut Store, func: FuncAddr, args: &[Value]) -> Result<Self> {
        store.end_dropped();
        let unknown = || Error::UnknownIndex { what: "function", index: u64::from(func.0) };
        let ty = store.func_type(func).ok_or_else(unknown)?.clone();
        store.check_values(("arguments", "argument"), ty.params(), args)?;
        let at = func;
        let entity = *store.state.funcs.get(func.index()).ok_or_else(unknown)?;
        let (mut frames, mut stack) = store.take_room()?;
        let mut status = Status::Ready;
        let limit = store.engine().config().max_value_stack;
        let slots = match entity {
            FuncEntity::Wasm { instance, func, .. } => {
                let module = store.module_of(instance).ok_or_else(unknown)?;
                let code = module.inner().code(func)?;
                frames.push(Frame { instance, func, base: 0, pc: 0 });
                stack.top = code.locals;
                code.frame_slots as usize
            }
            FuncEntity::Host { .. } => {
                status = Status::Waiting { func, tail: true, phase: Phase::Called };
                stack.top = slots_of(ty.params()) as u32;
                stack.top as usize
            }
        };
        let fits = stack.reserve(slots, limit);
        if fits {
            if let Some(window) = stack.slots.get_mut(..slots) {
                window.fill(0);
            }
            write_values(args, &mut stack.slots);
        } else {
            stack.top = 0;
        }
        let task = store.place_task(|identity| TaskState {
            frames,
            outer: Vec::new(),
            stack,
            status,
            executed: 0,
            ty,
            reported: None,
            progress: None,
            identity,
        });
        store.note_step(|| Step::Start { task: task.id(), func: at, args: args.to_vec() });
        if !fits {
            store.with_active(&task, |active, store| {
                let trap = active.state.trap(store, TrapCode::CallStackExhausted);
                active.state.status = Status::Trapped(trap);
                Ok(())
            })?;
        }
        Ok(task)
    }

    /// Runs until something stops it. A finished or trapped task reports the same stop again.
    ///
    /// # Errors
    /// [`Error::Diverged`] if host calls are [replayed](Store::replay_host_calls) and are other ones.
    /// [`Error::NotOfStore`] in another store than its own, [`Error::NotOfState`] if the task is not in the state
    /// that has been put back there. None that a module can cause; [`Error::Invalid`] would be a defect.
    pub fn run(&mut self, store: &mut Store, budget: Budget) -> Result<Stop> {
        self.run_with(store, budget, Waker::noop())
    }

    /// Runs as [`Task::run`] does; host functions that have nothing to answer with yet get this waker, to
    /// tell when it is worth running the task again.
    ///
    /// # Errors
    /// Those of [`Task::run`].
    pub fn run_with(&mut self, store: &mut Store, budget: Budget, waker: &Waker) -> Result<Stop> {
        let before = self.executed();
        let result =
            store.with_active(self, |active, store| active.run_limited(store, budget, waker));
        if store.journal.is_some() {
            store.note_run(self, before, &result);
        }
        result
    }

    /// Runs to the end as a future, on any executor: it waits where a host function does. Each poll
    /// executes at most a million instructions, so that others on the thread have their turns. Many tasks
    /// of one store are the business of a [scheduler](crate::sched).
    ///
    /// Its output is the results, or the errors of [`Store::invoke`]. Dropping it leaves the task as it
    /// stands, to be run on.
    pub fn call_async<'a>(&'a mut self, store: &'a mut Store) -> CallAsync<'a> {
        CallAsync::new(self, store)
    }

    /// The state as the pending host call sees it, for an embedder that answers it: what is read and
    /// written through the [`Caller`] belongs to the record of the call. `None` if no call is pending.
    pub fn with_caller<R>(
        &mut self,
        store: &mut Store,
        work: impl FnOnce(&mut Caller<'_>) -> R,
    ) -> Option<R> {
        let call = |active: &mut Active, store: &mut Store| {
            let Status::Waiting { func, .. } = active.state.status else { return Ok(None) };
            let Some(at) = active.begin_record(store, func) else { return Ok(None) };
            let result = active.as_caller(store, Waker::noop(), work);
            store.recorder.pause(at);
            // There is no run whose budget it could be taken from.
            store.drop_charge();
            Ok(Some(result))
        };
        store.with_active(self, call).ok()?
    }

    /// Answers the pending host call. The task then waits to be run on.
    ///
    /// # Errors
    /// [`Error::NotWaiting`], [`Error::NotOfStore`], [`Error::NotOfState`], or [`Error::Arity`] and [`Error::Type`] if the results are not those
    /// of the function's type; the call then stays pending.
    pub fn resume(&mut self, store: &mut Store, answer: HostAnswer) -> Result<()> {
        let noted = store.journal.is_some().then(|| answer.clone());
        store.with_active(self, |active, store| active.resume(store, answer))?;
        if let Some(answer) = noted {
            store.note_step(|| Step::Resume { task: self.id(), answer });
        }
        Ok(())
    }

    /// Executes one instruction; the same as a run of one.
    ///
    /// # Errors
    /// Those of [`Task::run`].
    pub fn step(&mut self, store: &mut Store) -> Result<Stop> {
        self.run(store, Budget::instructions(1))
    }

    /// Ends an atomic wait as its timeout would. The task then waits to be run on.
    ///
    /// # Errors
    /// [`Error::NotWaiting`] if it is in none, [`Error::NotOfStore`], [`Error::NotOfState`].
    pub fn time_out(&mut self, store: &mut Store) -> Result<()> {
        store.with_active(self, |active, store| match active.state.status {
            Status::Parked(_) => {
                active.state.go_on(store, 2);
                Ok(())
            }
            _ => Err(Error::NotWaiting),
        })?;
        store.note_step(|| Step::TimeOut { task: self.id() });
        Ok(())
    }

    /// The atomic wait that the task is in.
    pub fn atomic_wait(&self, store: &Store) -> Option<AtomicWait> {
        let state = store.task_state(self).ok()?;
        match state.status {
            Status::Parked(waiting) => Some(state.wait(store, waiting)),
            _ => None,
        }
    }

    /// Whether it is in an atomic wait that another task has ended by a notification: a run goes on.
    pub fn is_notified(&self, store: &Store) -> bool {
        store.task_state(self).is_ok_and(|state| {
            matches!(state.status, Status::Parked(_))
                && store.state.waiters.is_woken(state.identity.place)
        })
    }

    /// How far the bulk instruction has come at which the task stands, if a run has
    /// [stopped](Budget::bulk_bytes) in the middle of it.
    pub fn bulk_progress(&self, store: &Store) -> Option<BulkProgress> {
        let progress = store.task_state(self).ok()?.progress;
        progress.map(|Progress { done, len, .. }| BulkProgress { done, len })
    }

    /// Instructions executed so far: the clock of the run. It is as of the last stop.
    pub fn executed(&self) -> u64 {
        self.ticket.executed()
    }

    /// The results, once the task is done.
    pub fn results<'a>(&self, store: &'a Store) -> Option<&'a [Value]> {
        match &store.task_state(self).ok()?.status {
            Status::Done(values) => Some(values),
            _ => None,
        }
    }

    /// The trap, once the task has trapped.
    pub fn trap<'a>(&self, store: &'a Store) -> Option<&'a Trap> {
        match &store.task_state(self).ok()?.status {
            Status::Trapped(trap) => Some(trap),
            _ => None,
        }
    }

    /// The code with which the program has ended itself.
    pub fn exit_code(&self, store: &Store) -> Option<i32> {
        match store.task_state(self).ok()?.status {
            Status::Exited(code) => Some(code),
            _ => None,
        }
    }

    /// Whether the task can run no further: it is done, has trapped or exited, or is not in the store's state.
    pub fn is_finished(&self, store: &Store) -> bool {
        match store.task_state(self) {
            Ok(state) => {
                matches!(state.status, Status::Done(_) | Status::Trapped(_) | Status::Exited(_))
            }
            Err(_) => !store.is_running(self),
        }
    }

    /// The number by which host functions and records know the task. No other of its store has it.
    pub fn id(&self) -> TaskId {
        self.ticket.id()
    }

    /// Its place in the store, which another task can have once this one has ended.
    pub(crate) fn place(&self) -> u32 {
        self.ticket.place()
    }

    /// The host call that waits for an answer.
    pub fn pending_call(&self, store: &Store) -> Option<HostCall> {
        let task = store.task_state(self).ok()?;
        let Status::Waiting { func, phase, .. } = task.status else { return None };
        let host = store.host_of(func).map(|host| &host.implementation);
        let begun = || {
            let suspended = store.suspended.get(&self.place());
            suspended.is_some_and(|suspended| suspended.is_at(task.outer.len()))
        };
        let state = match (phase, host) {
            (Phase::Begun, _) if begun() => CallState::InProgress,
            (Phase::Begun, _) => CallState::Unanswered,
            (Phase::Stopped, _) => CallState::Breakpoint,
            (_, None | Some(HostImplementation::Unresolved)) => CallState::Unanswered,
            _ => CallState::InProgress,
        };
        task.pending_call(store, func, state)
    }

    /// Number of wasm frames; none if the task is not in the store's state.
    pub fn depth(&self, store: &Store) -> usize {
        store.task_state(self).map_or(0, TaskState::depth)
    }

    /// Sets a local of a frame, counted from the innermost as 0.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`], [`Error::Type`], [`Error::NotOfStore`] or [`Error::NotOfState`].
    pub fn set_local(
        &mut self,
        store: &mut Store,
        frame: usize,
        local: u32,
        value: Value,
    ) -> Result<()> {
        self.set_slot(store, frame, observe::SlotKind::Local(local), value)
    }

    /// Sets an operand of a frame, counted from the bottom of its operand stack as 0.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`], [`Error::Type`], [`Error::NotOfStore`] or [`Error::NotOfState`].
    pub fn set_operand(
        &mut self,
        store: &mut Store,
        frame: usize,
        operand: u32,
        value: Value,
    ) -> Result<()> {
        self.set_slot(store, frame, observe::SlotKind::Operand(operand), value)
    }

    fn set_slot(
        &self,
        store: &mut Store,
        frame: usize,
        slot: observe::SlotKind,
        value: Value,
    ) -> Result<()> {
        store.with_active(self, |active, store| {
            observe::set_slot(store, &mut active.state, frame, slot, value)
        })?;
        store.note_step(|| {
            let (local, index) = match slot {
                observe::SlotKind::Local(index) => (true, index),
                observe::SlotKind::Operand(index) => (false, index),
            };
            Step::SetSlot { task: self.id(), frame: frame as u64, local, index, value }
        });
        Ok(())
    }
}
