//! Frames of a stopped task with typed locals, operands and labels.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use crate::error::{Error, Result};
use crate::exec::exact::{Branch, Caught, thrower};
use crate::exec::frame::Frame;
use crate::exec::{CallSite, Status, Task, TaskState};
use crate::ids::{CodeOffset, FrameId, FuncAddr, FuncIndex, InstanceId, TagAddr};
use crate::module::{Module, ModuleInner};
use crate::store::{FuncEntity, Store};
use crate::types::{ValType, slots_of};
use crate::value::{Value, join, read_values, write_values};

use super::types::{LabelKind, TypesAt};

/// A frame of a stopped task.
pub struct FrameView<'a> {
    module: &'a Module,
    frame: Frame,
    id: FrameId,
    /// Locals and operands.
    slots: &'a [u64],
    /// How many operands on top belong to the callee, or to the pending host call.
    given_away: usize,
}

/// A local of a frame.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// Its index, parameters first.
    pub index: u32,
    /// Its name, from the name section.
    pub name: Option<String>,
    /// Its value.
    pub value: Value,
}

/// A label of a frame's label stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label {
    /// The construct it belongs to.
    pub kind: LabelKind,
    /// Where the construct begins.
    pub start: CodeOffset,
    /// Where a branch to it goes on; for the function's own label the byte behind its body.
    pub target: CodeOffset,
    /// How many values a branch to it carries.
    pub arity: u32,
    /// Operands below the label.
    pub height: u32,
}

impl<'a> FrameView<'a> {
    /// The instance whose function it is.
    pub fn instance(&self) -> InstanceId {
        self.frame.instance
    }

    /// The function, in the index space of the instance's module.
    pub fn func(&self) -> FuncIndex {
        self.frame.func
    }

    /// What the frame is known by, to [watch](super::Watched::Local) its locals alone.
    pub fn id(&self) -> FrameId {
        self.id
    }

    /// The instance's module.
    pub fn module(&self) -> &'a Module {
        self.module
    }

    /// The function's name.
    pub fn func_name(&self) -> Option<&'a str> {
        self.module.func_name(self.frame.func)
    }

    /// The next instruction; in a frame that waits for a callee or the host, the call.
    pub fn offset(&self) -> CodeOffset {
        offset_of(self.module.inner(), &self.frame)
    }

    /// Instance, function and offset together.
    pub fn site(&self) -> CallSite {
        CallSite { instance: self.instance(), func: self.func(), offset: self.offset() }
    }

    /// Whether the frame waits for a callee or for the host.
    pub fn is_calling(&self) -> bool {
        self.given_away != usize::MAX
    }

    /// Slots of the locals, parameters included.
    pub(crate) fn local_slots(&self) -> usize {
        self.module.inner().code(self.frame.func).map_or(0, |code| code.locals as usize)
    }

    /// Types of the locals, parameters first.
    pub fn local_types(&self) -> Vec<ValType> {
        local_types(self.module.inner(), self.frame.func)
    }

    /// The locals, parameters first.
    pub fn locals(&self) -> Vec<Local> {
        self.locals_of(&self.local_types(), 0..usize::MAX)
    }

    /// Some of the locals, of the [types](FrameView::local_types) that they have, for who shows a part of them.
    pub fn locals_of(&self, types: &[ValType], range: Range<usize>) -> Vec<Local> {
        let end = range.end.min(types.len());
        let start = range.start.min(end);
        let first = slots_of(types.get(..start).unwrap_or_default());
        let slots = self.slots.get(first..).unwrap_or_default();
        let values = read_values(types.get(start..end).unwrap_or_default(), slots);
        let mut locals: Vec<_> = (start as u32..)
            .zip(values)
            .map(|(index, value)| Local { index, name: None, value })
            .collect();
        for (index, name) in self.module.local_names(self.frame.func) {
            let position = (index as usize).checked_sub(start);
            if let Some(local) = position.and_then(|position| locals.get_mut(position)) {
                local.name = Some(name).filter(|name| !name.is_empty());
            }
        }
        locals
    }

    fn types(&self) -> Option<TypesAt> {
        self.module.inner().types_of(self.frame.func).ok()?.at(self.offset())
    }

    /// The operands, bottom first, without those that a pending call has taken.
    pub fn operands(&self) -> Vec<Value> {
        let locals = self.local_slots();
        let taken = if self.is_calling() { self.given_away } else { 0 };
        let live = self.slots.len().saturating_sub(taken);
        let slots = self.slots.get(locals..live).unwrap_or(&[]);
        let types = self.types().map_or(Vec::new(), |at| at.operands);
        read_values(&types, slots)
    }

    /// Types of the [operands](FrameView::operands), bottom first.
    pub fn operand_types(&self) -> Vec<ValType> {
        let taken = if self.is_calling() { self.given_away } else { 0 };
        let mut left = self.slots.len().saturating_sub(taken + self.local_slots());
        let mut types = self.types().map_or(Vec::new(), |at| at.operands);
        let live = types.iter().take_while(|ty| {
            let is_there = ty.slots() <= left;
            left = left.saturating_sub(ty.slots());
            is_there
        });
        let count = live.count();
        types.truncate(count);
        types
    }

    /// The value whose first slot this is, locals first.
    pub(crate) fn slot(&self, slot: usize, ty: ValType) -> Option<Value> {
        let taken = if self.is_calling() { self.given_away } else { 0 };
        let live = self.slots.get(..self.slots.len().saturating_sub(taken))?;
        let slots = live.get(slot..slot + ty.slots())?;
        let upper = slots.get(1).copied().unwrap_or(0);
        Some(Value::from_bits(ty, join([*slots.first()?, upper])))
    }

    /// The label stack, outermost (the function's own) first.
    pub fn labels(&self) -> Vec<Label> {
        let labels = self.types().map_or(Vec::new(), |at| at.labels);
        labels
            .into_iter()
            .map(|label| Label {
                kind: label.kind,
                start: label.start,
                target: label.target,
                arity: label.arity,
                height: label.height,
            })
            .collect()
    }
}

impl Task {
    /// The frames, innermost first; none if the task is not in the store's state.
    pub fn frames<'a>(
        &self,
        store: &'a Store,
    ) -> impl ExactSizeIterator<Item = FrameView<'a>> + use<'a> {
        let task = store.task_state(self).ok();
        Frames { store, task, left: task.map_or(0, TaskState::depth) }
    }
}

/// An exception that the next instruction throws, before it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Throwing {
    /// Its tag.
    pub tag: TagAddr,
    /// Which frame catches it, unless a host function between does.
    pub handler: Option<Handler>,
    /// The host function that [catches](crate::AsyncCaller::try_call) it; without either nobody does.
    pub host: Option<FuncAddr>,
}

/// Where an exception is caught.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handler {
    /// The frame, counted from the innermost as 0.
    pub frame: usize,
    /// Where execution goes on there: behind the body of the function if the clause returns from it.
    pub target: CodeOffset,
}

impl Task {
    /// What the next instruction throws, if it is one that does, and which handler will catch it.
    pub fn throwing(&self, store: &Store) -> Option<Throwing> {
        let task = store.task_state(self).ok()?;
        if !matches!(task.status, Status::Ready) {
            return None;
        }
        let live = task.stack.live();
        let (tag, caught) =
            thrower(&store.modules, &store.types, &store.state, &task.frames, live)?;
        // `above` counts the frames within those that are looked at.
        let handler = |frames: &[Frame], caught: Caught, above: usize| {
            let frame = frames.get(caught.frame)?;
            let module = store.module_of(frame.instance)?;
            let target = match caught.catch.branch.target {
                Branch::RETURN => module.func_body(frame.func)?.end,
                pc => module.inner().code(frame.func).ok()?.offset_of(pc),
            };
            Some(Handler { frame: above + frames.len() - 1 - caught.frame, target })
        };
        if let Some(caught) = caught {
            return Some(Throwing { tag, handler: handler(&task.frames, caught, 0), host: None });
        }
        let mut above = task.frames.len();
        for host in task.outer.iter().rev() {
            if host.catches() {
                return Some(Throwing { tag, handler: None, host: Some(host.func) });
            }
            let frames = host.catching();
            let left = host.frames.len() - frames.len();
            if let Some(caught) = store.catcher(frames, tag) {
                let handler = handler(frames, caught, above + left);
                return Some(Throwing { tag, handler, host: None });
            }
            above += host.frames.len();
        }
        Some(Throwing { tag, handler: None, host: None })
    }
}

/// A frame of a task: of wasm, or of the host.
pub enum Activation<'a> {
    /// A wasm function.
    Wasm(FrameView<'a>),
    /// A host function that has been called and has not answered.
    Host(HostView),
}

/// A host function that has been called and has not answered.
#[derive(Clone, PartialEq, Debug)]
pub struct HostView {
    /// The function.
    pub func: FuncAddr,
    /// Module name it was defined under.
    pub module: Arc<str>,
    /// Field name it was defined under.
    pub name: Arc<str>,
}

impl Task {
    /// The frames, innermost first, with those of host functions: of the one whose call is pending, and
    /// of those that have called back into wasm.
    pub fn activations<'a>(
        &self,
        store: &'a Store,
    ) -> impl Iterator<Item = Activation<'a>> + use<'a> {
        let task = store.task_state(self).ok();
        task.map(|task| activations(store, task)).into_iter().flatten()
    }
}

pub(crate) fn activations<'a>(
    store: &'a Store,
    task: &'a TaskState,
) -> impl Iterator<Item = Activation<'a>> {
    let host = move |func| {
        let host = store.host_of(func)?;
        let (module, name) = (host.module.clone(), host.name.clone());
        Some(Activation::Host(HostView { func, module, name }))
    };
    let pending = match task.status {
        Status::Waiting { func, .. } => host(func),
        _ => None,
    };
    let total = task.depth();
    let wasm = move |from: usize, to: usize| {
        (from..to).rev().map(move |position| Activation::Wasm(view(store, task, position)))
    };
    let above = total - task.frames.len();
    let mut below = above;
    let outer = task.outer.iter().rev().flat_map(move |frame| {
        let to = below;
        below -= frame.frames.len();
        host(frame.func).into_iter().chain(wasm(below, to))
    });
    pending.into_iter().chain(wasm(above, total)).chain(outer)
}

/// The wasm frames of a task, innermost first.
pub(crate) fn frames<'a>(
    store: &'a Store,
    task: &'a TaskState,
) -> impl ExactSizeIterator<Item = FrameView<'a>> {
    Frames { store, task: Some(task), left: task.depth() }
}

struct Frames<'a> {
    store: &'a Store,
    task: Option<&'a TaskState>,
    /// How many there are yet, the next one the innermost of them.
    left: usize,
}

impl<'a> Iterator for Frames<'a> {
    type Item = FrameView<'a>;

    fn next(&mut self) -> Option<FrameView<'a>> {
        let task = self.task?;
        self.left = self.left.checked_sub(1)?;
        Some(view(self.store, task, self.left))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn nth(&mut self, count: usize) -> Option<FrameView<'a>> {
        self.left = self.left.saturating_sub(count);
        self.next()
    }
}

impl ExactSizeIterator for Frames<'_> {}

/// A frame by its number, 0 outermost; where its slots end, and how many of them are given away.
fn locate(store: &Store, task: &TaskState, position: usize) -> (Frame, u32, usize) {
    let params = |func| store.func_type(func).map_or(0, |ty| slots_of(ty.params()));
    let mut position = position;
    for host in &task.outer {
        if let Some(frame) = host.frames.get(position) {
            let (top, given_away) = match host.frames.get(position + 1) {
                Some(callee) => (callee.base, 0),
                None => (host.base, params(host.func)),
            };
            return (*frame, top, given_away);
        }
        position -= host.frames.len();
    }
    let (top, given_away) = match task.frames.get(position + 1) {
        // The callee's frame begins with its arguments, so they are no longer in this one.
        Some(callee) => (callee.base, 0),
        None => match task.status {
            Status::Waiting { func, .. } => (task.stack.top, params(func)),
            _ => (task.stack.top, usize::MAX),
        },
    };
    (task.frames[position], top, given_away)
}

fn view<'a>(store: &'a Store, task: &'a TaskState, position: usize) -> FrameView<'a> {
    let (frame, top, given_away) = locate(store, task, position);
    let live = task.stack.live();
    let slots = live.get(frame.base as usize..(top as usize).min(live.len())).unwrap_or(&[]);
    let module = &store.modules[store.state.instances[frame.instance.index()].module.index()];
    let id = FrameId { task: task.identity.id, base: frame.base };
    FrameView { module: &module.module, frame, id, slots, given_away }
}

fn offset_of(module: &ModuleInner, frame: &Frame) -> CodeOffset {
    module.code(frame.func).map_or(CodeOffset(0), |code| code.offset_of(frame.pc))
}

pub(crate) fn local_types(module: &ModuleInner, func: FuncIndex) -> Vec<ValType> {
    let ty = module.type_of_func(func);
    let mut types = ty.map_or(Vec::new(), |ty| ty.params().to_vec());
    let declared = crate::module::code::body_reader(module, func)
        .and_then(|reader| wasmparser::FunctionBody::new(reader).get_locals_reader().ok());
    for group in declared.into_iter().flatten() {
        let Ok((count, ty)) = group else { break };
        let Some(ty) = ValType::from_wasm(ty, &module.space) else { break };
        types.extend(core::iter::repeat_n(ty, count as usize));
    }
    types
}

/// Where the innermost frame stands.
pub(crate) fn site(store: &Store, task: &TaskState) -> Option<CallSite> {
    let frame = task.frames.last()?;
    let module = store.module_of(frame.instance)?;
    let offset = offset_of(module.inner(), frame);
    Some(CallSite { instance: frame.instance, func: frame.func, offset })
}

/// Which slot of a frame is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SlotKind {
    Local(u32),
    Operand(u32),
}

/// Sets a local or operand of the frame `depth` calls out from the innermost.
pub(crate) fn set_slot(
    store: &Store,
    task: &mut TaskState,
    depth: usize,
    slot: SlotKind,
    value: Value,
) -> Result<()> {
    let unknown = |what, index: usize| Error::UnknownIndex { what, index: index as u64 };
    let position = task.depth().checked_sub(1 + depth);
    let position = position.ok_or_else(|| unknown("frame", depth))?;
    let frame = view(store, task, position);
    let (what, index, types, above) = match slot {
        SlotKind::Local(index) => ("local", index, frame.local_types(), 0),
        SlotKind::Operand(index) => {
            let types = frame.types().map_or(Vec::new(), |at| at.operands);
            let count = frame.operands().len();
            ("operand", index, types.into_iter().take(count).collect(), frame.local_slots())
        }
    };
    let below = above + slots_of(types.get(..index as usize).unwrap_or_default());
    let ty = types.get(index as usize).copied();
    let ty = ty.ok_or_else(|| unknown(what, index as usize))?;
    let ty = store.type_in_store(frame.frame.instance, ty);
    store.check_type(what, index as usize, ty, &value)?;
    let base = locate(store, task, position).0.base as usize;
    if let Some(slots) = task.stack.slots.get_mut(base + below..) {
        write_values(&[value], slots);
    }
    Ok(())
}

impl Store {
    /// Whether a function address is a host function.
    pub fn is_host_func(&self, func: crate::ids::FuncAddr) -> bool {
        matches!(self.state.funcs.get(func.index()), Some(FuncEntity::Host { .. }))
    }
}
