//! The state of a task, as plain data.

use alloc::vec::Vec;

use super::arena::Identity;
use super::exact::{Progress, Waiting};
use super::frame::{Frame, ValueStack};
use super::host_call::HostFrame;
use super::stop::{AtomicWait, CallState, Exception, HostCall, Trap, TrapCode, TrapFrame};
use crate::error::{Error, Result};
use crate::ids::{FuncAddr, ObjectAddr};
use crate::observe;
use crate::store::heap::exception_parts;
use crate::store::{FuncEntity, Store};
use crate::types::{FuncType, slots_of};
use crate::value::{Value, read_values, write_values};

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

impl TaskState {
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

    pub(super) fn wait(&self, store: &Store, waiting: Waiting) -> AtomicWait {
        let Waiting { memory, address, timeout } = waiting;
        let (timeout, site) = (u64::try_from(timeout).ok(), observe::site(store, self));
        AtomicWait { memory, address, timeout, site }
    }

    /// Gives an atomic wait its result.
    pub(super) fn go_on(&mut self, store: &mut Store, answer: u64) {
        store.state.waiters.remove(self.identity.place);
        self.stack.top = self.stack.top.saturating_sub(2);
        if let Some(witness) = store.debugger.witness() {
            witness.woken(self);
        }
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

    /// First slot of the innermost run of frames without a host frame in between.
    pub(super) fn base(&self) -> u32 {
        self.outer.last().map_or(0, |host| host.base)
    }

    pub(super) fn pending_args(&self, store: &Store, func: FuncAddr) -> Vec<Value> {
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
    pub(super) fn answer(
        &mut self,
        store: &mut Store,
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
        if let Some(witness) = store.debugger.witness() {
            witness.answered(self, func, base..top);
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
