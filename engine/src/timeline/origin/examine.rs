//! An instruction at the moment before it: what it takes, reads and carries.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::place::{place_of_slot, state_of};
use super::{Carried, Input, Instruction, Place, Step};
use crate::exec::exact::{Op, StackEffect};
use crate::exec::{CallSite, TaskState};
use crate::ids::TaskId;
use crate::module::{ConstExpr, SegmentMode};
use crate::observe::{self, FrameView, Subject, Touch, Touched, View};
use crate::store::Store;
use crate::types::slots_of;

/// The instruction that comes next in a task.
pub(super) struct Examined<'a> {
    store: &'a Store,
    task: &'a TaskState,
    frame: FrameView<'a>,
    /// The frame's number.
    number: u32,
    view: View<'a>,
    pub(super) op: Op,
    pub(super) site: CallSite,
}

impl<'a> Examined<'a> {
    pub(super) fn new(store: &'a Store, task: TaskId) -> Option<Self> {
        let task = state_of(store, task)?;
        let innermost = *task.frames.last()?;
        let state = &store.state;
        let parts = state.instances.get(innermost.instance.index())?;
        let module = store.modules.get(parts.module().index())?;
        let code = module.module.inner().code(innermost.func).ok()?;
        let op = *code.ops.get(innermost.pc as usize)?;
        let frame = observe::frames(store, task).next()?;
        let site = frame.site();
        let view = View {
            instance: innermost.instance,
            func: innermost.func,
            parts,
            module,
            code,
            base: innermost.base,
            window: task.stack.slots.get(innermost.base as usize..)?,
            sp: task.stack.top.checked_sub(innermost.base)? as usize,
            memories: &state.memories,
            tables: &state.tables,
            globals: &state.globals,
            funcs: &state.funcs,
            tags: &state.tags,
            heap: &state.heap,
            types: &store.types,
        };
        let number = task.depth().checked_sub(1)? as u32;
        Some(Self { store, task, frame, number, view, op, site })
    }

    fn id(&self) -> TaskId {
        self.task.identity.id
    }

    /// The slot of the value stack that is so deep below the top.
    fn slot(&self, depth: u32) -> u32 {
        self.task.stack.top.saturating_sub(depth)
    }

    /// A value that lies in slots of the innermost frame.
    pub(super) fn input_of_slot(&self, slot: u32) -> Option<Input> {
        let place = place_of_slot(&self.frame, self.id(), self.number, slot)?;
        Some(Input { place, value: place.contents(self.store)? })
    }

    fn touches(&self) -> impl Iterator<Item = Touch> + use<> {
        self.op.touches(&self.view).into_iter().flatten()
    }

    /// What it reads beside its operands.
    pub(super) fn read(&self) -> Option<Place> {
        let read = self.touches().find(|touch| !touch.write);
        // What reads and writes the same has one touch.
        let touch = read.or_else(|| self.touches().next().filter(|_| self.op.updates()))?;
        place_of(touch.touched)
    }

    /// What it writes beside the stack.
    pub(super) fn written(&self) -> Option<Place> {
        place_of(self.touches().find(|touch| touch.write)?.touched)
    }

    /// Slots of the value that it stores elsewhere as it is.
    pub(super) fn stored(&self) -> Option<(u32, u32)> {
        let len = self.op.stores()?;
        Some((self.slot(len), len))
    }

    /// As an author: with all that it takes.
    pub(super) fn instruction(&self, clock: u64) -> Instruction {
        let operator = self.frame.instruction_name().unwrap_or(Cow::Borrowed(""));
        let (base, sp) = (self.view.base, self.view.sp as u32);
        let slots = match self.op.stack_effect(&self.view) {
            StackEffect::Makes { pops } => sp.saturating_sub(pops)..sp,
            StackEffect::Carries { from, len, .. } => from..from + len,
            StackEffect::Calls { pops } | StackEffect::TailCalls { pops } => {
                let taken = pops + self.params().unwrap_or(0);
                sp.saturating_sub(taken)..sp
            }
            StackEffect::Throws { values } => sp.saturating_sub(values.max(1))..sp,
            StackEffect::Nothing => sp..sp,
        };
        // A vector has a place at the first of its slots alone.
        let operands = slots.filter_map(|slot| self.input_of_slot(base + slot));
        let mut inputs: Vec<Input> = operands.collect();
        if let Some(place) = self.read()
            && !matches!(place, Place::Local { .. })
            && let Some(value) = place.contents(self.store)
        {
            inputs.push(Input { place, value });
        }
        Instruction { clock, task: self.id(), site: self.site, operator, inputs }
    }

    /// Slots of the arguments of the function that it calls.
    fn params(&self) -> Option<u32> {
        let View { parts, window, sp, .. } = self.view;
        let referenced = || {
            let slot = *window.get(sp.checked_sub(1)?)?;
            Some(crate::ids::FuncAddr(slot.checked_sub(1)? as u32))
        };
        let func = match self.op {
            Op::Call { func }
            | Op::CallImport { func }
            | Op::ReturnCall { func }
            | Op::ReturnCallImport { func } => *parts.funcs.get(func as usize)?,
            Op::CallRef { .. } | Op::ReturnCallRef { .. } => referenced()?,
            Op::CallIndirect { ty, .. } | Op::ReturnCallIndirect { ty, .. } => {
                let ty = *self.view.module.types.get(ty as usize)?;
                return Some(slots_of(self.store.types.func(ty)?.params()) as u32);
            }
            _ => return None,
        };
        Some(slots_of(self.store.func_type(func)?.params()) as u32)
    }

    /// How it carries a value.
    pub(super) fn carries(&self, clock: u64) -> Option<Step> {
        let CallSite { instance, func, .. } = self.site;
        let local = |slot: u32| {
            let place = place_of_slot(&self.frame, self.id(), self.number, self.view.base + slot)?;
            let Place::Local { index, .. } = place else { return None };
            Some(Carried::Local { instance, func, local: index })
        };
        let by = match self.op {
            Op::LocalGet { local: slot }
            | Op::LocalGetVector { local: slot }
            | Op::LocalSet { local: slot }
            | Op::LocalSetVector { local: slot }
            | Op::LocalTee { local: slot }
            | Op::LocalTeeVector { local: slot } => local(slot)?,
            // What it was given to is told by the callee.
            _ if self.op.is_tail_call() => return None,
            Op::Throw { .. } => Carried::Exception(self.site),
            _ if self.op.is_select() => Carried::Select(self.site),
            _ => match self.op.stack_effect(&self.view) {
                StackEffect::Carries { to: 0, .. } if self.op.may_leave(self.view.code) => {
                    Carried::Result { instance, func }
                }
                _ => Carried::Branch(self.site),
            },
        };
        Some(Step { clock, by })
    }
}

fn place_of(touched: Touched) -> Option<Place> {
    Some(match touched {
        Touched::Memory { memory, address, len } => Place::Bytes { memory, address, len },
        Touched::Global(global) => Place::Global(global),
        Touched::Table { table, first, len: 1 } => Place::Element { table, index: first },
        _ => return None,
    })
}

/// The part of where a copy reads from that has become a part of what it writes.
pub(super) fn copied_from(examined: &Examined<'_>, subject: Subject) -> Option<Subject> {
    if !examined.op.copies() {
        return None;
    }
    let mut touches = examined.touches();
    let (read, written) = (touches.next()?.touched, touches.next()?.touched);
    let moved = |at: u64, len: u64, to: u64, all: u64, from: u64| {
        let offset = at.checked_sub(to)?;
        (offset.checked_add(len)? <= all).then(|| from + offset)
    };
    match (subject, read, written) {
        (
            Subject::Bytes { address, len, .. },
            Touched::Memory { memory, address: from, .. },
            Touched::Memory { address: to, len: all, .. },
        ) => Some(Subject::Bytes { memory, address: moved(address, len, to, all, from)?, len }),
        (
            Subject::Element { index, .. },
            Touched::Table { table, first: from, .. },
            Touched::Table { first: to, len: all, .. },
        ) => Some(Subject::Element { table, index: moved(index, 1, to, all, from)? }),
        _ => None,
    }
}

/// The active data segment that a byte has come from, if it still is as it was there.
pub(super) fn segment_of(
    store: &Store,
    memory: crate::ids::MemAddr,
    address: u64,
    byte: u8,
) -> Option<(crate::ids::InstanceId, u32)> {
    let instances = store.state.instances.iter().enumerate().rev();
    instances.clone().find_map(|(position, instance)| {
        let module = store.modules.get(instance.module().index())?;
        let inner = module.module.inner();
        let mut segments = inner.data.iter().enumerate().rev();
        segments.find_map(|(segment, data)| {
            let SegmentMode::Active { index, offset } = &data.mode else { return None };
            if *instance.memories().get(*index as usize)? != memory {
                return None;
            }
            let at = address.checked_sub(begins(store, instance.globals(), offset)?)?;
            let bytes = inner.bytes.get(data.range.start as usize..data.range.end as usize)?;
            let is_it = bytes.get(usize::try_from(at).ok()?) == Some(&byte);
            is_it.then(|| (crate::ids::InstanceId::from_index(position), segment as u32))
        })
    })
}

/// Where a segment begins, if that is a constant or a global.
fn begins(store: &Store, globals: &[crate::ids::GlobalAddr], offset: &ConstExpr) -> Option<u64> {
    use crate::module::ConstOp;
    match offset.ops() {
        [ConstOp::Slot(_, slot)] => Some(*slot),
        [ConstOp::GlobalGet(index)] => {
            let addr = globals.get(*index as usize)?;
            store.state.globals.get(addr.index()).map(|global| global.slot)
        }
        _ => None,
    }
}
