//! Who answers a host call, and what becomes of the answer.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Waker;

use super::super::arena::Active;
use super::super::state::{Phase, Status};
use super::super::stop::{CallState, HostAnswer, Stop, Trap, TrapCode};
use crate::error::{Error, Result};
use crate::host::record::{Effect, HostRecord, RecordedAnswer, frames_of};
use crate::host::{
    Caller, Closure, HostCause, HostErrorKind, HostImplementation, HostResult, Progress, Request,
    Running, RunningFuture,
};
use crate::ids::{FuncAddr, TaskId};
use crate::observe;
use crate::store::{FuncEntity, FuncInfo, Store};

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

impl Active {
    pub(in crate::exec) fn resume(&mut self, store: &mut Store, answer: HostAnswer) -> Result<()> {
        let Status::Waiting { func, tail, .. } = self.state.status else {
            return Err(Error::NotWaiting);
        };
        self.tell_call(store);
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
            store.recorder.resume(at);
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

    pub(in crate::exec) fn as_caller<R>(
        &self,
        store: &mut Store,
        waker: &Waker,
        work: impl FnOnce(&mut Caller<'_>) -> R,
    ) -> R {
        work(&mut Caller { store, task: &self.state, waker })
    }

    pub(super) fn level(&self) -> usize {
        self.state.outer.len()
    }

    /// Enters the pending call in the record, unless it is there already.
    pub(in crate::exec) fn begin_record(
        &mut self,
        store: &mut Store,
        func: FuncAddr,
    ) -> Option<(TaskId, u32)> {
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
                course: Default::default(),
            });
        }
        Some(at)
    }

    /// Tells who notes it which call is being answered.
    fn tell_call(&self, store: &mut Store) {
        if let Some(witness) = store.debugger.witness() {
            let mut replays = self.suspended.replays();
            let record = replays.find(|(level, _)| *level == self.level());
            witness
                .answers(record.map_or(self.state.executed, |(_, replay)| replay.record.executed));
        }
    }

    /// Does what can be done about the pending host call; a stop if it stays pending.
    #[inline(never)]
    pub(in crate::exec) fn answer_host(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Option<Stop>> {
        self.tell_call(store);
        if let Some(stop) = self.answer_typed(store, fuel, bulk, waker)? {
            return Ok(stop);
        }
        let Status::Waiting { func, phase, .. } = self.state.status else { return Ok(None) };
        if store.recorder.holds && *fuel == 0 {
            return Ok(self.host_call(store, func, CallState::Breakpoint));
        }
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
                    if let Some(at) = at {
                        store.recorder.wait(at);
                    }
                    return Ok(self.host_call(store, func, CallState::InProgress));
                }
                self.conclude(store, func, result, at);
                Ok(None)
            }
        }
    }

    pub(super) fn enter_phase(&mut self, to: Phase) {
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
        if store.recorder.repeats {
            return Ok(Means::Embedder);
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

    /// Lets a call go on that has begun, up to its end, to a call of its own, or to where it waits.
    fn go_on(&mut self, store: &mut Store, func: FuncAddr, waker: &Waker) -> Result<Option<Stop>> {
        let Some(at) = self.begin_record(store, func) else { return Ok(None) };
        let level = self.level();
        // While host code runs, its future is not in the task: if it panics, it is gone.
        while let Some(running) = self.suspended.take(level) {
            let mut future = match running {
                Running::Replay(replay) => return self.replay(store, func, at, replay),
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
                    store.recorder.wait(at);
                    self.suspended.put(level, Running::Future(future));
                    return Ok(self.host_call(store, func, CallState::InProgress));
                }
            }
        }
        Ok(None)
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
    pub(super) fn end(&mut self, store: &mut Store, status: Status) {
        self.state.status = status;
        let task = self.state.identity.id;
        store.recorder.abandon(task, 0);
        self.suspended.clear();
    }
}
