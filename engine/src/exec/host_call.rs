//! How host calls are answered: by a closure, a future, a record, or whoever drives the task; and what
//! host functions call back into wasm.
//!
//! A host function that calls wasm sets the frames below it aside as a [`HostFrame`]; what it calls runs
//! on the same value stack, above the arguments of the host call. That is plain data. The future that
//! waits for the result is not: it lies in [`Suspended`], beside the state of the store.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::arena::Active;
use super::frame::Frame;
use super::stop::{Budget, CallState, HostAnswer, HostCall, Stop, Trap, TrapCode};
use super::task::{Phase, Status, Task, TaskState};
use crate::error::{Error, Result};
use crate::host::record::{Effect, HostRecord, RecordedAnswer, describe, frames_of};
use crate::host::{
    CallReply, Caller, Closure, HostCause, HostError, HostErrorKind, HostImplementation,
    HostResult, Progress, Request, Running, RunningFuture,
};
use crate::ids::{FuncAddr, ObjectAddr, TaskId};
use crate::observe;
use crate::store::{FuncEntity, FuncInfo, Store};
use crate::types::{FuncType, slots_of};
use crate::value::{Value, read_values, write_values};

/// A host function that has called back into wasm, and the frames below it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct HostFrame {
    pub(crate) func: FuncAddr,
    pub(crate) tail: bool,
    /// From which it was called, outermost first.
    pub(crate) frames: Vec<Frame>,
    /// First slot of what it called.
    pub(crate) base: u32,
    /// Type of the function that the outermost of its frames belongs to.
    ty: FuncType,
    /// Whether a trap of what it called comes back to it.
    catches: bool,
}

/// Host calls that have begun, by the number of host frames below them.
#[derive(Default)]
pub(crate) struct Suspended(Vec<(usize, Running)>);

impl Suspended {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, level: usize) -> Option<Running> {
        self.0.pop_if(|(at, _)| *at == level).map(|(_, running)| running)
    }

    fn put(&mut self, level: usize, running: Running) {
        self.0.push((level, running));
    }

    /// Whether the host call at this level has begun.
    pub(super) fn is_at(&self, level: usize) -> bool {
        self.0.last().is_some_and(|(at, _)| *at == level)
    }

    fn last_mut(&mut self, level: usize) -> Option<&mut Running> {
        self.0.last_mut().filter(|(at, _)| *at == level).map(|(_, running)| running)
    }

    /// None will go on.
    fn clear(&mut self) {
        self.0.clear();
    }

    /// Those above `level` will not go on.
    fn truncate(&mut self, level: usize) {
        self.0.retain(|(at, _)| *at <= level);
    }
}

/// A function that a host function may call with these arguments.
struct Callee {
    ty: FuncType,
    frame: Option<Frame>,
    /// Slots of its parameters and locals.
    locals: u32,
    /// Slots that it takes at most.
    slots: u32,
    status: Status,
}

impl HostFrame {
    /// The frames below that can catch an exception: one that is being left by a tail call cannot.
    pub(crate) fn catching(&self) -> &[Frame] {
        match self.frames.split_last() {
            Some((_, kept)) if self.tail => kept,
            _ => &self.frames,
        }
    }

    /// Whether a trap or an exception comes back to the host function.
    pub(crate) fn catches(&self) -> bool {
        self.catches
    }
}

/// How a host call ends that does not return.
enum End {
    Trap(TrapCode, HostCause),
    /// A trap of a function that it had called.
    PassOn(Trap),
    Exit(i32),
}

/// What is done about a host call.
enum Means {
    Closure(Arc<Closure>),
    Builtin(Arc<Closure>),
    /// Its future or record has begun.
    Go,
    Embedder,
}

impl Task {
    /// Runs as [`Task::run`] does; host functions that have nothing to answer with yet get this waker, to
    /// tell when it is worth running the task again.
    ///
    /// # Errors
    /// Those of [`Task::run`].
    pub fn run_with(&mut self, store: &mut Store, budget: Budget, waker: &Waker) -> Result<Stop> {
        store.with_active(self, |active, store| active.run_limited(store, budget, waker))
    }

    /// Runs to the end as a future, on any executor: it waits where a host function does. Each poll
    /// executes at most a million instructions, so that others on the thread have their turns. Many tasks
    /// of one store are the business of a [scheduler](crate::sched).
    ///
    /// Its output is the results, or the errors of [`Store::invoke`]. Dropping it leaves the task as it
    /// stands, to be run on.
    pub fn call_async<'a>(&'a mut self, store: &'a mut Store) -> CallAsync<'a> {
        CallAsync { task: self, store, slice: 1_000_000 }
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
        store.with_active(self, |active, store| active.resume(store, answer))
    }
}

impl Active {
    fn resume(&mut self, store: &mut Store, answer: HostAnswer) -> Result<()> {
        let Status::Waiting { func, tail, .. } = self.state.status else {
            return Err(Error::NotWaiting);
        };
        let at = self.begin_record(store, func);
        let (recorded, code) = match answer {
            HostAnswer::Return(values) => {
                let fits = self.state.answer(store, func, tail, &values)?;
                let code = (!fits).then_some(TrapCode::CallStackExhausted);
                (RecordedAnswer::Returned(values), code)
            }
            HostAnswer::Trap(message) => {
                let message: Arc<str> = message.as_str().into();
                (RecordedAnswer::Trapped(message.clone()), Some(TrapCode::Host(message)))
            }
        };
        if let Some(at) = at {
            store.recorder.end(at, recorded);
            // A future that was to answer is not asked any more.
            let _ = self.suspended.take(at.1 as usize);
        }
        if let Some(code) = code {
            let trap = self.state.trap(store, code);
            self.trapped(store, trap);
        }
        self.returned(store);
        Ok(())
    }

    fn as_caller<R>(
        &self,
        store: &mut Store,
        waker: &Waker,
        work: impl FnOnce(&mut Caller<'_>) -> R,
    ) -> R {
        work(&mut Caller { store, task: &self.state, waker })
    }

    fn level(&self) -> usize {
        self.state.outer.len()
    }

    /// Enters the pending call in the record, unless it is there already.
    fn begin_record(&mut self, store: &mut Store, func: FuncAddr) -> Option<(TaskId, u32)> {
        let task = self.state.identity.id;
        let at = (task, self.level() as u32);
        if store.recorder.goes_on(at) {
            store.recorder.forget();
        } else if store.recorder.keeps() {
            let call = self.state.pending_call(store, func, CallState::InProgress)?;
            let frames = frames_of(observe::frames(store, &self.state).map(|frame| frame.site()));
            let executed = self.state.executed;
            store.recorder.begin(at, || HostRecord {
                number: 0,
                task,
                executed,
                func,
                module: call.module,
                name: call.name,
                args: call.args,
                frames,
                effects: Vec::new(),
                answer: RecordedAnswer::Unfinished,
            });
        }
        Some(at)
    }

    /// Does what can be done about the pending host call; a stop if it stays pending.
    #[inline(never)]
    pub(super) fn answer_host(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Option<Stop>> {
        if let Some(stop) = self.answer_typed(store, fuel, bulk, waker)? {
            return Ok(stop);
        }
        let Status::Waiting { func, phase, .. } = self.state.status else { return Ok(None) };
        let means = match phase {
            Phase::Begun if self.suspended.is_at(self.level()) => Means::Go,
            // The future was dropped when this state was put back.
            Phase::Begun => Means::Embedder,
            Phase::Called if store.debugger.breaks_on_call(func) => {
                self.enter_phase(Phase::Stopped);
                return Ok(self.host_call(store, func, CallState::Breakpoint));
            }
            Phase::Stopped => {
                self.enter_phase(Phase::Passed);
                self.means(store, func)?
            }
            Phase::Called | Phase::Passed => self.means(store, func)?,
        };
        match means {
            Means::Go => self.go_on(store, func, waker),
            Means::Embedder => {
                self.begin_record(store, func);
                Ok(self.host_call(store, func, CallState::Unanswered))
            }
            Means::Builtin(closure) => {
                let args = self.state.pending_args(store, func);
                let result = self.as_caller(store, waker, |caller| closure(caller, &args));
                self.conclude(store, func, result, None);
                Ok(None)
            }
            Means::Closure(closure) => {
                let at = self.begin_record(store, func);
                let args = self.state.pending_args(store, func);
                store.recorder.forget();
                let result = self.as_caller(store, waker, |caller| closure(caller, &args));
                if result.as_ref().is_err_and(|error| error.is_pending()) {
                    store.recorder.forget();
                    return Ok(self.host_call(store, func, CallState::InProgress));
                }
                self.conclude(store, func, result, at);
                Ok(None)
            }
        }
    }

    fn enter_phase(&mut self, to: Phase) {
        if let Status::Waiting { phase, .. } = &mut self.state.status {
            *phase = to;
        }
    }

    pub(super) fn host_call(
        &self,
        store: &Store,
        func: FuncAddr,
        state: CallState,
    ) -> Option<Stop> {
        self.state.pending_call(store, func, state).map(Stop::HostCall)
    }

    /// Who answers a call that has not begun.
    fn means(&mut self, store: &mut Store, func: FuncAddr) -> Result<Means> {
        let implementation = match store.state.funcs.get(func.index()) {
            Some(FuncEntity::Host { host, .. }) => {
                store.hosts.get(*host).map(|host| host.implementation.clone())
            }
            _ => None,
        };
        if let Some(HostImplementation::Builtin(closure)) = implementation {
            return Ok(Means::Builtin(closure));
        }
        let task = self.state.identity.id;
        if store.recorder.replayed(task).is_some() {
            self.begin_replay(store, task, func)?;
            return Ok(Means::Go);
        }
        Ok(match implementation {
            Some(HostImplementation::Closure(closure)) => Means::Closure(closure),
            Some(HostImplementation::Async(closure)) => {
                let args = self.state.pending_args(store, func);
                let future = RunningFuture::new(&*closure, args);
                self.enter_phase(Phase::Begun);
                self.suspended.put(self.level(), Running::Future(future));
                self.begin_record(store, func);
                Means::Go
            }
            _ => Means::Embedder,
        })
    }

    /// Takes the recorded call, if it is the one that has been made.
    fn begin_replay(&mut self, store: &mut Store, task: TaskId, func: FuncAddr) -> Result<()> {
        let call = self.state.pending_call(store, func, CallState::InProgress);
        let (Some(call), Some(recorded)) = (call, store.recorder.replayed(task)) else {
            return Ok(());
        };
        let same = (&recorded.module, &recorded.name, recorded.executed)
            == (&call.module, &call.name, self.state.executed)
            && recorded.args == call.args;
        if !same {
            let told = |module, name, args, executed| {
                format!("{} after {executed} instructions", describe(module, name, args))
            };
            return Err(Error::Diverged {
                expected: told(&recorded.module, &recorded.name, &recorded.args, recorded.executed),
                found: told(&call.module, &call.name, &call.args, self.state.executed),
            });
        }
        if let Some(record) = store.recorder.take_replayed(task) {
            self.enter_phase(Phase::Begun);
            self.suspended.put(self.level(), Running::Replay(record, 0));
            self.begin_record(store, func);
        }
        Ok(())
    }

    /// Lets a call go on that has begun, up to its end, to a call of its own, or to where it waits.
    fn go_on(&mut self, store: &mut Store, func: FuncAddr, waker: &Waker) -> Result<Option<Stop>> {
        let Some(at) = self.begin_record(store, func) else { return Ok(None) };
        let level = self.level();
        // While host code runs, its future is not in the task: if it panics, it is gone.
        while let Some(running) = self.suspended.take(level) {
            let mut future = match running {
                Running::Replay(record, next) => {
                    self.replay(store, func, at, record, next)?;
                    return Ok(None);
                }
                Running::Future(future) => future,
            };
            match future.poll(waker) {
                Progress::Answered(result) => {
                    drop(future);
                    self.conclude(store, func, result, Some(at));
                    return Ok(None);
                }
                Progress::Wants(Request::With(work)) => {
                    self.as_caller(store, waker, work);
                    store.recorder.pause(at);
                    self.suspended.put(level, Running::Future(future));
                }
                Progress::Wants(Request::Call { func: called, args, catches, reply }) => {
                    future.called = Some(reply);
                    self.suspended.put(level, Running::Future(future));
                    match self.callee(store, called, &args) {
                        Ok(callee) => {
                            let effect = Effect::Call { func: called, args, catches };
                            self.enter(store, at, callee, effect);
                            return Ok(None);
                        }
                        Err(error) => self.reply(Err(error)),
                    }
                }
                Progress::Waits => {
                    self.suspended.put(level, Running::Future(future));
                    return Ok(self.host_call(store, func, CallState::InProgress));
                }
            }
        }
        Ok(None)
    }

    /// Does again what a recorded call did, up to its next call.
    fn replay(
        &mut self,
        store: &mut Store,
        func: FuncAddr,
        at: (TaskId, u32),
        record: HostRecord,
        mut next: usize,
    ) -> Result<()> {
        while let Some(effect) = record.effects.get(next) {
            next += 1;
            match effect {
                Effect::Read { .. } => {}
                Effect::Write { memory, address, bytes } => {
                    let unknown = Error::UnknownIndex { what: "memory", index: memory.0.into() };
                    store.memory_mut(*memory).ok_or(unknown)?.write(*address, bytes)?;
                }
                Effect::Global { global, value } => store.set_global(*global, *value)?,
                Effect::Table { table, index, value } => store.set_table(*table, *index, *value)?,
                // Where it failed then it fails now, whatever this system has.
                Effect::GrowMemory { old: None, .. } => {}
                Effect::GrowMemory { memory, pages, old: Some(_) } => {
                    let bytes = store.memory(*memory).map_or(0, |memory| memory.ty().page_size());
                    let bytes = bytes.saturating_mul(*pages);
                    let grown = store.grow_memory(*memory, *pages);
                    grown.ok_or(Error::OutOfMemory { bytes })?;
                }
                Effect::Call { func, args, .. } => {
                    let callee = self.callee(store, *func, args)?;
                    let effect = effect.clone();
                    self.suspended.put(at.1 as usize, Running::Replay(record, next));
                    self.enter(store, at, callee, effect);
                    return Ok(());
                }
            }
            store.recorder.note(|| effect.clone());
        }
        let result = match &record.answer {
            RecordedAnswer::Returned(values) => Ok(values.clone()),
            RecordedAnswer::Trapped(message) => Err((&**message).into()),
            RecordedAnswer::Exited(code) => Err(HostError::exit(*code)),
            RecordedAnswer::PassedOn(trap) => Err(trap.clone().into()),
            // From here on it is the embedder's.
            RecordedAnswer::Unfinished => {
                store.recorder.pause(at);
                return Ok(());
            }
        };
        self.conclude(store, func, result, Some(at));
        Ok(())
    }

    /// A host function has ended.
    pub(super) fn conclude(
        &mut self,
        store: &mut Store,
        func: FuncAddr,
        result: HostResult,
        at: Option<(TaskId, u32)>,
    ) {
        let Status::Waiting { tail, .. } = self.state.status else { return };
        let refused = |message: String, cause: HostCause| {
            let message: Arc<str> = message.as_str().into();
            let end = End::Trap(TrapCode::Host(message.clone()), cause);
            (RecordedAnswer::Trapped(message), Some(end))
        };
        let (recorded, end) = match result.map_err(|error| error.into_kind()) {
            Ok(values) => match self.state.answer(store, func, tail, &values) {
                Ok(true) => (RecordedAnswer::Returned(values), None),
                Ok(false) => {
                    let end = End::Trap(TrapCode::CallStackExhausted, HostCause::default());
                    (RecordedAnswer::Returned(values), Some(end))
                }
                Err(error) => {
                    let name = match store.func_info(func) {
                        Some(FuncInfo::Host { module, name }) => format!("{module}.{name}"),
                        _ => format!("function {func}"),
                    };
                    refused(format!("{name} answered wrongly: {error}"), HostCause::default())
                }
            },
            Err(HostErrorKind::Exit(code)) => (RecordedAnswer::Exited(code), Some(End::Exit(code))),
            Err(HostErrorKind::Message(message)) => refused(message, HostCause::default()),
            Err(HostErrorKind::Caused(message, cause)) => refused(message, cause),
            // A future waits instead.
            Err(HostErrorKind::Pending) => {
                refused("the host function has not answered".into(), HostCause::default())
            }
            Err(HostErrorKind::Trap(trap)) => {
                (RecordedAnswer::PassedOn(trap.clone()), Some(End::PassOn(trap)))
            }
        };
        if let Some(at) = at {
            store.recorder.end(at, recorded);
        }
        match end {
            None => self.returned(store),
            Some(End::Exit(code)) => self.end(store, Status::Exited(code)),
            Some(End::Trap(code, cause)) => {
                let trap = self.state.trap(store, code);
                self.trapped(store, Trap { cause, ..trap });
            }
            Some(End::PassOn(inner)) => {
                // The frames that the trap has ended, and those that it ends now.
                let own = self.state.trap(store, inner.code.clone());
                let mut trap = Trap { executed: own.executed, ..inner };
                // What this function called itself was on the same task, these frames included.
                if !trap.backtrace.ends_with(&own.backtrace) {
                    trap.backtrace.extend(own.backtrace);
                    trap.omitted_frames += own.omitted_frames;
                }
                let kept = trap.backtrace.len().min(Trap::BACKTRACE_LIMIT);
                trap.omitted_frames += trap.backtrace.len() - kept;
                trap.backtrace.truncate(kept);
                self.trapped(store, trap);
            }
        }
    }

    /// The task can run no further, and none of its host functions goes on.
    fn end(&mut self, store: &mut Store, status: Status) {
        self.state.status = status;
        let task = self.state.identity.id;
        store.recorder.abandon(task, 0);
        self.suspended.clear();
    }

    /// A function as a host function may call it.
    fn callee(&self, store: &Store, func: FuncAddr, args: &[Value]) -> Result<Callee> {
        let unknown = || Error::UnknownIndex { what: "function", index: u64::from(func.0) };
        let ty = store.func_type(func).ok_or_else(unknown)?.clone();
        store.check_values(("arguments", "argument"), ty.params(), args)?;
        Ok(match *store.state.funcs.get(func.index()).ok_or_else(unknown)? {
            FuncEntity::Wasm { instance, func, .. } => {
                let module = store.module_of(instance).ok_or_else(unknown)?;
                let code = module.inner().code(func)?;
                let frame = Some(Frame { instance, func, base: self.state.stack.top, pc: 0 });
                let (locals, slots) = (code.locals, code.frame_slots);
                Callee { ty, frame, locals, slots, status: Status::Ready }
            }
            FuncEntity::Host { .. } => {
                let slots = slots_of(ty.params()) as u32;
                let status = Status::Waiting { func, tail: true, phase: Phase::Called };
                Callee { ty, frame: None, locals: slots, slots, status }
            }
        })
    }

    /// Puts a function on top, called by the pending host function; `effect` says how.
    fn enter(&mut self, store: &mut Store, at: (TaskId, u32), callee: Callee, effect: Effect) {
        let Status::Waiting { func, tail, .. } = self.state.status else { return };
        let Effect::Call { ref args, catches, .. } = effect else { return };
        let config = store.engine().config();
        let (limit, deepest) = (config.max_value_stack, config.max_host_depth as usize);
        let task = &mut self.state;
        let base = task.stack.top;
        task.outer.push(HostFrame {
            func,
            tail,
            frames: core::mem::take(&mut task.frames),
            base,
            ty: core::mem::replace(&mut task.ty, callee.ty),
            catches,
        });
        let needed = base as usize + callee.slots as usize;
        let fits = task.outer.len() <= deepest && task.stack.reserve(needed, limit);
        if fits {
            task.frames.extend(callee.frame);
            task.stack.top = base + callee.locals;
            task.status = callee.status;
            if let Some(window) = task.stack.slots.get_mut(base as usize..needed) {
                window.fill(0);
                write_values(args, window);
            }
        }
        store.recorder.note(|| effect);
        store.recorder.pause(at);
        if !fits {
            let trap = self.state.trap(store, TrapCode::CallStackExhausted);
            self.trapped(store, trap);
        }
    }

    /// If what a host function called has returned, goes back to the host function.
    pub(super) fn returned(&mut self, store: &mut Store) {
        while !self.state.outer.is_empty()
            && let Status::Done(values) = &self.state.status
        {
            let values = values.clone();
            values.iter().for_each(|value| store.hold(*value));
            self.leave(self.level() - 1);
            self.reply(Ok(Ok(values)));
        }
    }

    /// Leaves all frames above a host frame.
    fn leave(&mut self, level: usize) {
        self.suspended.truncate(level);
        let task = &mut self.state;
        task.outer.truncate(level + 1);
        let Some(host) = task.outer.pop() else { return };
        task.frames = host.frames;
        task.ty = host.ty;
        task.stack.top = host.base;
        task.status = Status::Waiting { func: host.func, tail: host.tail, phase: Phase::Begun };
    }

    /// Tells the host function, when it is next asked, how what it called has ended.
    fn reply(&mut self, returned: Result<CallReply>) {
        if let Some(Running::Future(future)) = self.suspended.last_mut(self.level()) {
            future.returned = Some(returned);
        }
    }

    /// A trap ends the task, or what a host function has called that wants to know.
    pub(super) fn trapped(&mut self, store: &mut Store, trap: Trap) {
        match self.state.outer.iter().rposition(HostFrame::catches) {
            Some(level) => {
                store.recorder.abandon(self.state.identity.id, level as u32 + 1);
                trap.values().iter().for_each(|value| store.hold(*value));
                self.leave(level);
                self.reply(Ok(Err(trap)));
            }
            None => self.end(store, Status::Trapped(trap)),
        }
    }

    /// An exception that no frame above the innermost host function catches.
    pub(super) fn pass_on(&mut self, store: &mut Store, object: ObjectAddr) -> Result<()> {
        for level in (0..self.level()).rev() {
            let Some(host) = self.state.outer.get(level) else { break };
            if host.catches {
                break;
            }
            let kept = host.catching().len();
            if store.catches(host.catching(), object) {
                store.recorder.abandon(self.state.identity.id, level as u32);
                self.leave(level);
                let _ = self.suspended.take(level);
                self.state.frames.truncate(kept);
                self.state.status = Status::Ready;
                return self.unwind(store, object);
            }
        }
        let code = self.state.uncaught(store, object);
        let trap = self.state.trap(store, code);
        self.trapped(store, trap);
        Ok(())
    }
}

impl TaskState {
    /// First slot of the innermost run of frames without a host frame in between.
    pub(super) fn base(&self) -> u32 {
        self.outer.last().map_or(0, |host| host.base)
    }

    fn pending_args(&self, store: &Store, func: FuncAddr) -> Vec<Value> {
        let params = store.func_type(func).map_or(&[][..], |ty| ty.params());
        let live = self.stack.live();
        let args = live.len().checked_sub(slots_of(params)).and_then(|first| live.get(first..));
        args.map_or(Vec::new(), |args| read_values(params, args))
    }

    pub(super) fn pending_call(
        &self,
        store: &Store,
        func: FuncAddr,
        state: CallState,
    ) -> Option<HostCall> {
        let FuncEntity::Host { host, .. } = *store.state.funcs.get(func.index())? else {
            return None;
        };
        let host = store.hosts.get(host)?;
        Some(HostCall {
            func,
            module: host.module.clone(),
            name: host.name.clone(),
            ty: store.func_type(func)?.clone(),
            args: self.pending_args(store, func),
            caller: observe::site(store, self),
            state,
        })
    }

    /// Puts the results of a host call where the caller expects them; false if the stack has no room.
    fn answer(
        &mut self,
        store: &Store,
        func: FuncAddr,
        tail: bool,
        values: &[Value],
    ) -> Result<bool> {
        let unknown = || Error::UnknownIndex { what: "function", index: u64::from(func.0) };
        let ty = store.func_type(func).ok_or_else(unknown)?;
        store.check_values(("results", "result"), ty.results(), values)?;
        let params = slots_of(ty.params()) as u32;
        let base = match (tail, self.frames.last()) {
            (true, Some(frame)) => frame.base,
            (true, None) => self.base(),
            (false, _) => self.stack.top - params,
        };
        let top = base + slots_of(ty.results()) as u32;
        if !self.stack.reserve(top as usize, store.engine().config().max_value_stack) {
            return Ok(false);
        }
        if let Some(slots) = self.stack.slots.get_mut(base as usize..) {
            write_values(values, slots);
        }
        self.stack.top = top;
        self.status = Status::Ready;
        if tail {
            self.frames.pop();
        }
        match self.frames.last_mut() {
            Some(frame) => frame.pc += 1,
            None => self.finish(),
        }
        Ok(true)
    }
}

/// A task that is run to its end as a future; see [`Task::call_async`].
pub struct CallAsync<'a> {
    task: &'a mut Task,
    store: &'a mut Store,
    slice: u64,
}

/// Bytes that bulk operators write in a poll, at most.
const BULK_OF_SLICE: u64 = 64 << 20;

impl CallAsync<'_> {
    /// Changes how many instructions a poll executes at most.
    pub fn slices_of(mut self, instructions: u64) -> Self {
        self.slice = instructions.max(1);
        self
    }
}

impl Future for CallAsync<'_> {
    type Output = Result<Vec<Value>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let CallAsync { task, store, slice } = &mut *self;
        let mut left = *slice;
        loop {
            let before = task.executed();
            let budget = Budget::instructions(left).bulk_bytes(BULK_OF_SLICE);
            let stop = task.run_with(store, budget, context.waker());
            left = left.saturating_sub(task.executed() - before);
            match stop {
                Ok(Stop::Budget) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Stop::HostCall(call)) if call.state == CallState::InProgress => {
                    return Poll::Pending;
                }
                Ok(stop) => {
                    if let Some(result) = store.take_up(task, stop) {
                        return Poll::Ready(result);
                    }
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
