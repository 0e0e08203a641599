//! What host functions call, and how that comes back to them.

use alloc::vec::Vec;

use super::super::arena::Active;
use super::super::frame::Frame;
use super::super::state::{Phase, Status};
use super::super::stop::{Trap, TrapCode};
use crate::error::{Error, Result};
use crate::host::record::Effect;
use crate::host::{CallReply, Running};
use crate::ids::{FuncAddr, ObjectAddr, TaskId};
use crate::store::{FuncEntity, Store};
use crate::types::{FuncType, slots_of};
use crate::value::{Value, write_values};

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

/// A function that a host function may call with these arguments.
pub(super) struct Callee {
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

impl Active {
    /// A function as a host function may call it.
    pub(super) fn callee(&self, store: &Store, func: FuncAddr, args: &[Value]) -> Result<Callee> {
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
    pub(super) fn enter(
        &mut self,
        store: &mut Store,
        at: (TaskId, u32),
        callee: Callee,
        effect: Effect,
    ) {
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
            let args = slots_of(task.ty.params()) as u32;
            if let Some(witness) = store.debugger.witness() {
                witness.entered(task, func, base..base + args, task.stack.top);
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
    pub(in crate::exec) fn returned(&mut self, store: &mut Store) {
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
    pub(super) fn reply(&mut self, returned: Result<CallReply>) {
        if let Some(Running::Future(future)) = self.suspended.last_mut(self.level()) {
            future.returned = Some(returned);
        }
    }

    /// A trap ends the task, or what a host function has called that wants to know.
    pub(in crate::exec) fn trapped(&mut self, store: &mut Store, trap: Trap) {
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
    pub(in crate::exec) fn pass_on(&mut self, store: &mut Store, object: ObjectAddr) -> Result<()> {
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
