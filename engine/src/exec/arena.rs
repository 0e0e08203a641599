//! The tasks of a store. Their states lie in it, and go with it into a snapshot; a [`Task`] is a handle.
//!
//! A handle and its place share a [`Ticket`]. So whether a handle means what lies in a place is one comparison
//! of pointers, whatever has been restored; and the last handle that goes leaves a flag, by which its store
//! ends the task when it next does something. A task that runs is taken out of its place for as long as that
//! takes, together with its futures, which are not plain data and lie beside the state.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use core::{fmt, mem};

use super::frame::{Frame, ValueStack};
use super::host_call::Suspended;
use super::state::{Status, TaskState};
use super::stop::CallSite;
use super::task::Task;
use crate::config::Allocation;
use crate::error::{Error, Result};
use crate::flags::Flag;
use crate::ids::TaskId;
use crate::recording::{Journal, Step};
use crate::store::Store;
use crate::store::allocator::{Kind, Room};

/// Slots of the largest stack that is kept from one task to the next: 128 KiB.
const KEPT: usize = 1 << 14;

const OTHER: Error = Error::NotOfStore { what: "task" };

/// What a task and its handles have in common.
pub(crate) struct Ticket {
    store: Arc<()>,
    id: TaskId,
    place: u32,
    executed: Clock,
    /// Set with the last handle, unless the task has been ended before.
    end: Flag,
    over: AtomicBool,
}

impl Ticket {
    pub(crate) fn id(&self) -> TaskId {
        self.id
    }

    pub(crate) fn place(&self) -> u32 {
        self.place
    }

    pub(crate) fn executed(&self) -> u64 {
        self.executed.get()
    }
}

/// The last handle has gone.
impl Drop for Ticket {
    fn drop(&mut self) {
        if !*self.over.get_mut() {
            self.end.set();
        }
    }
}

/// A count that handles read without their store. It is written where tasks stop and states are put back.
#[cfg(target_has_atomic = "64")]
#[derive(Default)]
struct Clock(core::sync::atomic::AtomicU64);

#[cfg(target_has_atomic = "64")]
impl Clock {
    fn get(&self) -> u64 {
        self.0.load(core::sync::atomic::Ordering::Relaxed)
    }

    #[inline]
    fn set(&self, count: u64) {
        self.0.store(count, core::sync::atomic::Ordering::Relaxed);
    }
}

/// In two halves, of which the upper one is written before and after the lower one.
#[cfg(not(target_has_atomic = "64"))]
#[derive(Default)]
struct Clock([core::sync::atomic::AtomicU32; 3]);

#[cfg(not(target_has_atomic = "64"))]
impl Clock {
    fn get(&self) -> u64 {
        use core::sync::atomic::Ordering::SeqCst;
        loop {
            let after = self.0[2].load(SeqCst);
            let low = self.0[1].load(SeqCst);
            if self.0[0].load(SeqCst) == after {
                return u64::from(after) << 32 | u64::from(low);
            }
        }
    }

    fn set(&self, count: u64) {
        use core::sync::atomic::Ordering::SeqCst;
        self.0[0].store((count >> 32) as u32, SeqCst);
        self.0[1].store(count as u32, SeqCst);
        self.0[2].store((count >> 32) as u32, SeqCst);
    }
}

/// Who a task is in its store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) id: TaskId,
    pub(crate) place: u32,
}

/// Tasks by their places.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    places: Vec<Place>,
    free: Vec<u32>,
}

#[derive(Clone, Default)]
struct Place {
    ticket: Weak<Ticket>,
    /// Not there while the task runs.
    state: Option<Box<TaskState>>,
}

impl Place {
    /// Whether anybody has a handle.
    fn is_wanted(&self) -> bool {
        self.ticket.strong_count() > 0
    }
}

/// In the order of their places.
impl PartialEq for Tasks {
    fn eq(&self, other: &Self) -> bool {
        self.states().eq(other.states())
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.states()).finish()
    }
}

impl Tasks {
    /// All tasks that are not running.
    pub(crate) fn states(&self) -> impl Iterator<Item = &TaskState> {
        self.places.iter().filter_map(|place| place.state.as_deref())
    }

    /// Handles of the tasks that anybody has a handle of.
    fn tickets(&self) -> impl Iterator<Item = Arc<Ticket>> + '_ {
        self.places.iter().filter_map(|place| place.ticket.upgrade())
    }

    #[inline]
    fn place_of(&self, ticket: &Arc<Ticket>) -> Option<&Place> {
        let place = self.places.get(ticket.place as usize)?;
        core::ptr::eq(place.ticket.as_ptr(), Arc::as_ptr(ticket)).then_some(place)
    }

    /// Takes a task out of its place.
    #[inline]
    fn take(&mut self, ticket: &Arc<Ticket>) -> Option<Box<TaskState>> {
        let place = self.places.get_mut(ticket.place as usize)?;
        match core::ptr::eq(place.ticket.as_ptr(), Arc::as_ptr(ticket)) {
            true => place.state.take(),
            false => None,
        }
    }

    fn remove(&mut self, place: u32) -> Option<Box<TaskState>> {
        let found = self.places.get_mut(place as usize)?;
        let state = mem::take(found).state?;
        self.free.push(place);
        Some(state)
    }
}

/// A task that has been taken out of its place to run.
pub(crate) struct Active {
    pub(crate) state: Box<TaskState>,
    pub(super) suspended: Suspended,
}

/// Puts the task back, whether or not host code panics.
struct Taken<'a> {
    store: &'a mut Store,
    ticket: &'a Arc<Ticket>,
    active: Option<Active>,
    /// What host functions do is in the record.
    journal: Option<Box<Journal>>,
}

impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        self.store.journal = self.journal.take();
        let Some(Active { state, suspended }) = self.active.take() else { return };
        self.ticket.executed.set(state.executed);
        let place = self.ticket.place;
        if !suspended.is_empty() {
            self.store.suspended.insert(place, suspended);
        }
        if let Some(place) = self.store.state.tasks.places.get_mut(place as usize) {
            place.state = Some(state);
        }
    }
}

impl Store {
    /// Places a task that begins.
    pub(crate) fn place_task(&mut self, make: impl FnOnce(Identity) -> TaskState) -> Task {
        let id = TaskId(self.next_task);
        self.next_task += 1;
        let tasks = &mut self.state.tasks;
        let place = tasks.free.pop().unwrap_or_else(|| {
            tasks.places.push(Place::default());
            tasks.places.len() as u32 - 1
        });
        let ticket = Arc::new(Ticket {
            store: self.identity.clone(),
            id,
            place,
            executed: Clock::default(),
            end: self.ended.flag(place),
            over: AtomicBool::new(false),
        });
        let made = make(Identity { id, place });
        let state = Some(match self.spare.take() {
            Some(mut spare) => {
                *spare = made;
                spare
            }
            None => Box::new(made),
        });
        if let Some(found) = tasks.places.get_mut(place as usize) {
            *found = Place { ticket: Arc::downgrade(&ticket), state };
        }
        Task { ticket }
    }

    /// Whether a task is this store's.
    #[inline]
    fn is_own(&self, ticket: &Ticket) -> bool {
        Arc::ptr_eq(&self.identity, &ticket.store)
    }

    /// The state of a task.
    pub(crate) fn task_state(&self, task: &Task) -> Result<&TaskState> {
        if !self.is_own(&task.ticket) {
            return Err(OTHER);
        }
        let place = self.state.tasks.place_of(&task.ticket);
        place.and_then(|place| place.state.as_deref()).ok_or(Error::NotOfState)
    }

    /// Whether a task is of the state and runs right now: a host function that it has called looks.
    pub(crate) fn is_running(&self, task: &Task) -> bool {
        let place = self.state.tasks.place_of(&task.ticket);
        self.is_own(&task.ticket) && place.is_some_and(|place| place.state.is_none())
    }

    /// Takes a task out of its place, does something with it, and puts it back.
    #[inline(always)]
    pub(crate) fn with_active<R>(
        &mut self,
        task: &Task,
        work: impl FnOnce(&mut Active, &mut Store) -> Result<R>,
    ) -> Result<R> {
        self.end_dropped();
        if !self.is_own(&task.ticket) {
            return Err(OTHER);
        }
        let Some(state) = self.state.tasks.take(&task.ticket) else {
            return Err(Error::NotOfState);
        };
        let suspended = match self.suspended.is_empty() {
            true => Suspended::default(),
            false => self.suspended.remove(&task.ticket.place).unwrap_or_default(),
        };
        let active = Some(Active { state, suspended });
        let journal = self.journal.take();
        let mut taken = Taken { store: self, ticket: &task.ticket, active, journal };
        let Taken { store, active: Some(active), .. } = &mut taken else {
            return Err(Error::NotOfState);
        };
        work(active, store)
    }

    /// A handle of a task, by the number that host functions and records know it by. `None` if it has been
    /// ended, or its last handle dropped.
    pub fn task(&self, id: TaskId) -> Option<Task> {
        self.tasks().find(|task| task.id() == id)
    }

    /// All tasks that anybody has a handle of, in no particular order.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        self.state.tasks.tickets().map(|ticket| Task { ticket })
    }

    /// Ends a task now: its stack goes back to where it came from, and the futures of its host functions are
    /// dropped. Other handles of it are good for nothing any more.
    ///
    /// # Errors
    /// [`Error::NotOfStore`] or [`Error::NotOfState`].
    pub fn end_task(&mut self, task: Task) -> Result<()> {
        if !self.is_own(&task.ticket) {
            return Err(OTHER);
        }
        match self.state.tasks.place_of(&task.ticket) {
            Some(_) => {
                task.ticket.over.store(true, Ordering::Relaxed);
                // Last, since what is dropped with futures is anybody's code.
                drop(self.end_place(task.ticket.place));
                Ok(())
            }
            None => Err(Error::NotOfState),
        }
    }

    /// Ends the tasks whose last handles have been dropped. Whatever starts, runs, collects or restores does
    /// so first.
    #[inline]
    pub fn end_dropped(&mut self) {
        if self.ended.any() {
            self.end_flagged();
        }
    }

    /// Whether there may be such tasks.
    pub(crate) fn has_dropped(&self) -> bool {
        self.ended.any()
    }

    #[cold]
    fn end_flagged(&mut self) {
        let mut found = Vec::new();
        self.ended.take(&mut found);
        // The flag can be that of a task that had the place before.
        let places = &self.state.tasks.places;
        found.retain(|place| places.get(*place as usize).is_some_and(|place| !place.is_wanted()));
        let futures: Vec<_> = found.into_iter().map(|place| self.end_place(place)).collect();
        // Last, since what is dropped with futures is anybody's code.
        drop(futures);
    }

    /// Ends the task of a place, and returns its futures.
    fn end_place(&mut self, place: u32) -> Option<Suspended> {
        if let Some(state) = self.state.tasks.remove(place) {
            self.state.waiters.remove(place);
            self.recorder.forget_task(state.identity.id);
            self.note_step(|| Step::End { task: state.identity.id });
            self.keep_room(state);
        }
        self.suspended.remove(&place)
    }

    /// Frames and slots of a task that is over, for the next one.
    fn keep_room(&mut self, mut state: Box<TaskState>) {
        // A pool has its own way, and counts.
        let on_demand = matches!(self.engine().config().allocation, Allocation::OnDemand);
        if on_demand && self.spare.is_none() && state.stack.slots.len() <= KEPT {
            state.frames.clear();
            state.outer.clear();
            state.stack.top = 0;
            state.status = Status::Ready;
            self.spare = Some(state);
        }
    }

    /// Room for a task that begins: no frames, and slots that may hold anything.
    pub(crate) fn take_room(&mut self) -> Result<(Vec<Frame>, ValueStack)> {
        match &mut self.spare {
            Some(spare) => Ok((mem::take(&mut spare.frames), mem::take(&mut spare.stack))),
            None => {
                let slots = Room::new(self.engine().allocator(), Kind::Stack)?;
                Ok((Vec::new(), ValueStack { slots, top: 0 }))
            }
        }
    }

    /// After a state has been put back: handles tell its counts, futures of what came later are gone, and so
    /// are the tasks that nobody has a handle of any more.
    pub(crate) fn settle_tasks(&mut self) {
        // What is dropped with futures is anybody's code, which may panic: it goes last.
        let futures = mem::take(&mut self.suspended);
        self.recorder.forget_open();
        let mut unwanted = Vec::new();
        let mut free =
            alloc::collections::BTreeSet::from_iter(self.state.tasks.free.iter().copied());
        for (number, place) in (0..).zip(&mut self.state.tasks.places) {
            match (place.ticket.upgrade(), &place.state) {
                (Some(ticket), Some(state)) => {
                    ticket.executed.set(state.executed);
                    ticket.over.store(false, Ordering::Relaxed);
                }
                (None, Some(_)) => unwanted.push(number),
                // A state that was copied while a host function ran is without the task that called it.
                (_, None) if free.insert(number) => {
                    *place = Place::default();
                    self.state.tasks.free.push(number);
                }
                (_, None) => {}
            }
        }
        for place in unwanted {
            self.end_place(place);
        }
        drop(futures);
    }
}

impl Store {
    /// The place of a task, and whether a future or a record answers its host call at this level.
    pub(crate) fn place_of_call(&self, task: TaskId, level: u32) -> Option<(u32, bool)> {
        let mut states = self.state.tasks.states();
        let place = states.find(|state| state.identity.id == task)?.identity.place;
        let suspended = self.suspended.get(&place);
        let begun = suspended.is_some_and(|suspended| suspended.has(level as usize));
        Some((place, begun))
    }

    /// No breakpoint has been reported at which a task stands.
    pub(crate) fn forget_reports(&mut self) {
        for place in &mut self.state.tasks.places {
            if let Some(state) = &mut place.state {
                state.reported = None;
            }
        }
    }

    /// Whether a future or a record answers the host call at which a task stands.
    pub(crate) fn call_has_begun(&self, task: &Task) -> bool {
        let level = self.task_state(task).map(|state| state.outer.len());
        let suspended = self.suspended.get(&task.place());
        level.is_ok_and(|level| suspended.is_some_and(|suspended| suspended.is_at(level)))
    }

    /// The instruction that a task executes next, unless a breakpoint there has been reported.
    pub(crate) fn about_to_execute(&self, task: &Task) -> Option<CallSite> {
        let state = self.task_state(task).ok()?;
        let is_ready = matches!(state.status, Status::Ready);
        let is_told = state.reported == Some(state.executed);
        crate::observe::site(self, state).filter(|_| is_ready && !is_told)
    }
}
