//! Tasks: one thread of wasm execution, parked between any two instructions or within a bulk one.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;

use super::arena::{Active, Identity, Ticket};
use super::exact::{self, Bulk, Exit, Machine, Progress, Transfer, Unwound, Waiting};
use super::fast;
use super::frame::{Frame, ValueStack};
use super::host_call::HostFrame;
use super::stop::{
    AtomicWait, Budget, BulkProgress, CallState, Exception, HostCall, Stop, Trap, TrapCode,
    TrapFrame,
};
use crate::config::Tier;
use crate::error::{Error, Result};
use crate::host::HostImplementation;
use crate::ids::{FuncAddr, ObjectAddr, TaskId};
use crate::observe::{self, Debugger, Observer, Unobserved};
use crate::store::allocator::{Kind, Room};
use crate::store::heap::exception_parts;
use crate::store::{FuncEntity, Parts, Store};
use crate::types::{FuncType, slots_of};
use crate::value::{Value, read_values, write_values};

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
/// the handles. If a host function panics, the panic goes on to whoever runs the task; the call stays pending, and
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

/// The state of a task as plain data.
#[derive(Clone, Debug)]
pub(crate) struct TaskState {
    /// Above the innermost host frame, outermost first.
    pub(crate) frames: Vec<Frame>,
    /// Host functions that have called back into wasm, outermost first.
    pub(crate) outer: Vec<HostFrame>,
    pub(crate) stack: ValueStack,
    pub(crate) status: Status,
    pub(crate) executed: u64,
    /// Type of the function that the outermost of `frames` belongs to.
    pub(crate) ty: FuncType,
    /// The count at which a breakpoint was last reported, so that going on passes it.
    pub(crate) reported: Option<u64>,
    /// What has been done of the instruction at which the innermost frame stands.
    pub(crate) progress: Option<Progress>,
    pub(crate) identity: Identity,
}

/// Whether the machine holds the same. Who the task is, what has been reported of it and how far the host is with
/// its call, is nothing that the machine holds.
impl PartialEq for TaskState {
    fn eq(&self, other: &Self) -> bool {
        self.executed == other.executed
            && self.frames == other.frames
            && self.status == other.status
            && self.outer == other.outer
            && self.ty == other.ty
            && self.stack == other.stack
            && self.progress == other.progress
    }
}

/// What a task can do next.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    Ready,
    /// Waits for the answer to a host call; its arguments are on top of the stack.
    Waiting {
        func: FuncAddr,
        tail: bool,
        phase: Phase,
    },
    /// In an atomic wait; its operands are on top of the stack.
    Parked(Waiting),
    Done(Vec<Value>),
    Trapped(Trap),
    Exited(i32),
}

impl PartialEq for Status {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ready, Self::Ready) => true,
            (
                Self::Waiting { func, tail, phase: _ },
                Self::Waiting { func: other, tail: others, phase: _ },
            ) => (func, tail) == (other, others),
            (Self::Parked(waiting), Self::Parked(other)) => waiting == other,
            (Self::Done(values), Self::Done(other)) => values == other,
            (Self::Trapped(trap), Self::Trapped(other)) => trap == other,
            (Self::Exited(code), Self::Exited(other)) => code == other,
            (
                Self::Ready
                | Self::Waiting { .. }
                | Self::Parked(_)
                | Self::Done(_)
                | Self::Trapped(_)
                | Self::Exited(_),
                _,
            ) => false,
        }
    }
}

/// How far a host call has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Called,
    /// The task has stopped at its breakpoint.
    Stopped,
    /// The task has gone on from there.
    Passed,
    /// A future or a record answers it.
    Begun,
}

/// Budgets up to this one are left to the exact tier.
pub(super) const STEP: u64 = 8;

/// Runs in the fast tier, and in the exact tier what that leaves.
fn advance_fast(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut fast::Scratch,
) -> Result<Exit> {
    // The fast tier knows nothing of what has been done already.
    if machine.bulk.progress.is_some() {
        let exit = advance_exact(machine, fuel, 1, &mut Unobserved)?;
        if !matches!(exit, Exit::Budget) || *fuel == 0 {
            return Ok(exit);
        }
    }
    loop {
        match fast::run(machine, fuel, scratch, None)? {
            fast::Leave::Done => return Ok(Exit::Done),
            fast::Leave::Exact(_) if *fuel == 0 => return Ok(Exit::Budget),
            fast::Leave::Exact(count) => {
                let exit = advance_exact(machine, fuel, count, &mut Unobserved)?;
                if !matches!(exit, Exit::Budget) || *fuel == 0 {
                    return Ok(exit);
                }
            }
        }
    }
}

/// Runs at most so many instructions in the exact tier.
fn advance_exact(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    count: u64,
    observer: &mut impl Observer,
) -> Result<Exit> {
    let mut part = count.min(*fuel);
    *fuel -= part;
    let exit = exact::run(machine, &mut part, observer);
    *fuel += part;
    exit
}

/// As [`advance_fast`] where breakpoints are set or memory is watched: the fast tier hands over
/// before each of these instructions, and the exact tier tells whether to stop.
fn advance_observed(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut fast::Scratch,
    debugger: &mut Debugger,
) -> Result<Exit> {
    let mut instruments = debugger.take_instruments();
    let mut result = if debugger.passes_first() {
        advance_exact(machine, fuel, 1, debugger)
    } else {
        Ok(Exit::Budget)
    };
    while matches!(result, Ok(Exit::Budget)) && *fuel > 0 {
        result = match fast::run(machine, fuel, scratch, Some(&mut instruments)) {
            Ok(fast::Leave::Done) => Ok(Exit::Done),
            Ok(fast::Leave::Exact(count)) => advance_exact(machine, fuel, count, debugger),
            Err(error) => Err(error),
        };
    }
    debugger.put_instruments(instruments);
    result
}

/// Changes tier every few instructions, wherever that happens to be.
fn advance_mixed(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut fast::Scratch,
    executed: u64,
) -> Result<Exit> {
    // xorshift64*, from a seed that differs from stop to stop.
    let mut random = executed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    loop {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let part = (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56).min(*fuel);
        let mut left = part;
        *fuel -= part;
        let exit = if random & 2 == 0 {
            exact::run(machine, &mut left, &mut Unobserved)
        } else {
            advance_fast(machine, &mut left, scratch)
        };
        *fuel += left;
        match exit? {
            Exit::Budget if *fuel > 0 => {}
            exit => return Ok(exit),
        }
    }
}

impl Task {
    pub(crate) fn start(store: &mut Store, func: FuncAddr, args: &[Value]) -> Result<Self> {
        store.end_dropped();
        let unknown = || Error::UnknownIndex { what: "function", index: u64::from(func.0) };
        let ty = store.func_type(func).ok_or_else(unknown)?.clone();
        store.check_values(("arguments", "argument"), ty.params(), args)?;
        let entity = *store.state.funcs.get(func.index()).ok_or_else(unknown)?;
        let mut frames = Vec::new();
        let mut stack =
            ValueStack { slots: Room::new(store.engine().allocator(), Kind::Stack)?, top: 0 };
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
        })
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
        store.task_state(self).map_or(true, |state| {
            matches!(state.status, Status::Done(_) | Status::Trapped(_) | Status::Exited(_))
        })
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
        })
    }
}

impl Active {
    #[inline(always)]
    pub(super) fn run_to_stop(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Stop> {
        loop {
            if !matches!(self.state.status, Status::Ready) {
                match self.stand(store, fuel, bulk, waker)? {
                    Some(stop) => return Ok(stop),
                    None => {
                        store.pay_charge(fuel);
                        continue;
                    }
                }
            }
            match self.state.advance(store, fuel, bulk)? {
                Exit::Budget | Exit::Part => return Ok(Stop::Budget),
                exit => {
                    if let Some(stop) = self.leave_off(store, exit, fuel)? {
                        return Ok(stop);
                    }
                }
            }
        }
    }

    /// What a task that is not ready stops with, unless it has become so. Apart from the loop, so that steps
    /// do not pay for it.
    #[inline(never)]
    fn stand(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Option<Stop>> {
        Ok(Some(match &self.state.status {
            Status::Ready => return Ok(None),
            Status::Done(values) => Stop::Done(values.clone()),
            Status::Trapped(trap) => Stop::Trap(trap.clone()),
            Status::Exited(code) => Stop::Exit(*code),
            Status::Parked(waiting) => {
                let waiting = *waiting;
                if store.state.waiters.is_woken(self.state.identity.place) {
                    self.state.go_on(store, 0);
                    return Ok(None);
                }
                Stop::Wait(self.state.wait(store, waiting))
            }
            Status::Waiting { .. } => return self.answer_host(store, fuel, bulk, waker),
        }))
    }

    /// What becomes of a task when execution has left off; a stop if the embedder is to know.
    #[inline(never)]
    fn leave_off(&mut self, store: &mut Store, exit: Exit, fuel: &mut u64) -> Result<Option<Stop>> {
        match exit {
            Exit::Budget | Exit::Part => return Ok(Some(Stop::Budget)),
            Exit::Done => {
                self.state.finish();
                self.returned(store);
            }
            Exit::Trap(code) => {
                let trap = self.state.trap(store, code);
                self.trapped(store, trap);
            }
            Exit::Exception(object) => self.unwind(store, object)?,
            Exit::Collect(words) => {
                store.collect(Some(&self.state))?;
                let most = store.engine().config().max_heap;
                if !store.state.heap.make_room(words, most) {
                    *fuel = fuel.saturating_sub(1);
                    self.state.executed += 1;
                    let trap = self.state.trap(store, TrapCode::HeapExhausted);
                    self.trapped(store, trap);
                }
            }
            Exit::Wait(waiting) => {
                let place = self.state.identity.place;
                store.state.waiters.add(place, waiting.memory, waiting.address);
                self.state.status = Status::Parked(waiting);
            }
            Exit::Host(func, transfer) => {
                let tail = transfer == Transfer::TailCall;
                self.state.status = Status::Waiting { func, tail, phase: Phase::Called };
            }
            Exit::Breakpoint => {
                self.state.reported = Some(self.state.executed);
                return Ok(observe::site(store, &self.state).map(Stop::Breakpoint));
            }
            Exit::Watchpoint => return Ok(store.debugger.take_hit().map(Stop::Watchpoint)),
        }
        Ok(None)
    }

    /// Goes to the handler of an exception, or traps.
    pub(super) fn unwind(&mut self, store: &mut Store, object: ObjectAddr) -> Result<()> {
        match self.state.unwind(store, object)? {
            Unwound::Caught => {}
            Unwound::Returned => {
                self.state.finish();
                self.returned(store);
            }
            Unwound::Uncaught => self.pass_on(store, object)?,
        }
        Ok(())
    }
}

impl TaskState {
    /// Runs the exact tier, with observation only where something is observed.
    fn advance(&mut self, store: &mut Store, fuel: &mut u64, bulk: &mut u64) -> Result<Exit> {
        let before = *fuel;
        // An instruction that has begun is past its breakpoint.
        let skip = self.reported == Some(self.executed) || self.progress.is_some();
        let Parts { engine, modules, types, state, debugger, scratch } = store.parts();
        let tier = engine.config().tier;
        let mut machine = Machine {
            config: engine.config(),
            modules,
            types,
            state,
            stack: &mut self.stack,
            frames: &mut self.frames,
            bulk: Bulk { allowance: *bulk, progress: &mut self.progress },
        };
        let exit = if debugger.is_active() {
            debugger.begin(skip);
            if tier == Tier::Exact || debugger.is_logging() || *fuel <= STEP {
                exact::run(&mut machine, fuel, debugger)
            } else {
                advance_observed(&mut machine, fuel, scratch, debugger)
            }
        } else {
            match tier {
                Tier::Exact => exact::run(&mut machine, fuel, &mut Unobserved),
                // A step is over before the fast tier would have begun.
                Tier::Fast if *fuel <= STEP => exact::run(&mut machine, fuel, &mut Unobserved),
                Tier::Fast => advance_fast(&mut machine, fuel, scratch),
                Tier::Mixed => advance_mixed(&mut machine, fuel, scratch, self.executed),
            }
        };
        *bulk = machine.bulk.allowance;
        self.executed += before - *fuel;
        if !matches!(exit, Ok(Exit::Budget | Exit::Part)) {
            self.progress = None;
        }
        exit
    }

    /// Goes to the handler of an exception.
    fn unwind(&mut self, store: &mut Store, object: ObjectAddr) -> Result<Unwound> {
        let Parts { engine, modules, types, state, .. } = store.parts();
        let config = engine.config();
        let (stack, frames) = (&mut self.stack, &mut self.frames);
        let bulk = Bulk::unlimited(&mut self.progress);
        exact::unwind(&mut Machine { config, modules, types, state, stack, frames, bulk }, object)
    }

    /// An uncaught exception as the reason of a trap.
    pub(super) fn uncaught(&self, store: &Store, object: ObjectAddr) -> TrapCode {
        let state = &store.state;
        let found = exception_parts(&state.heap, &store.types, &state.tags, object);
        let Some((tag, slots)) = found else { return TrapCode::NullException };
        let types = store.tag_type(tag).map_or(&[][..], |ty| ty.params());
        let values = read_values(types, slots);
        TrapCode::Exception(Exception { tag, name: store.tag_name(tag), values }.into())
    }

    /// Number of wasm frames.
    pub(crate) fn depth(&self) -> usize {
        let outer: usize = self.outer.iter().map(|host| host.frames.len()).sum();
        outer + self.frames.len()
    }

    fn wait(&self, store: &Store, waiting: Waiting) -> AtomicWait {
        let Waiting { memory, address, timeout } = waiting;
        let (timeout, site) = (u64::try_from(timeout).ok(), observe::site(store, self));
        AtomicWait { memory, address, timeout, site }
    }

    /// Gives an atomic wait its result.
    fn go_on(&mut self, store: &mut Store, answer: u64) {
        store.state.waiters.remove(self.identity.place);
        self.stack.top = self.stack.top.saturating_sub(2);
        if let Some(slot) = self.stack.slots.get_mut((self.stack.top as usize).saturating_sub(1)) {
            *slot = answer;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.pc += 1;
        }
        self.status = Status::Ready;
    }

    /// The outermost frame has returned: its results become the task's.
    pub(super) fn finish(&mut self) {
        let base = self.base();
        let slots = self.stack.slots.get(base as usize..).unwrap_or_default();
        let values = read_values(self.ty.results(), slots);
        self.stack.top = base;
        self.status = Status::Done(values);
    }

    pub(crate) fn trap(&self, store: &Store, code: TrapCode) -> Trap {
        let backtrace = observe::frames(store, self)
            .take(Trap::BACKTRACE_LIMIT)
            .map(|frame| TrapFrame {
                site: frame.site(),
                func_name: frame.func_name().map(Into::into),
            })
            .collect();
        Trap {
            code,
            backtrace,
            omitted_frames: self.depth().saturating_sub(Trap::BACKTRACE_LIMIT),
            executed: self.executed,
            cause: Default::default(),
            segment: None,
        }
    }
}
