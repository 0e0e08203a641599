//! Frames of a stopped task with typed locals, operands and labels.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::exec::exact::{Branch, thrower};
use crate::exec::frame::Frame;
use crate::exec::{CallSite, Status, Task, TaskState};
use crate::ids::{CodeOffset, FuncIndex, InstanceId, TagAddr};
use crate::module::{Module, ModuleInner};
use crate::store::{FuncEntity, Store};
use crate::types::{ValType, slots_of};
use crate::value::{Value, read_values, write_values};

use super::types::{LabelKind, TypesAt};

/// A frame of a stopped task.
pub struct FrameView<'a> {
    module: &'a Module,
    frame: Frame,
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
    fn local_count(&self) -> usize {
        self.module.inner().code(self.frame.func).map_or(0, |code| code.locals as usize)
    }

    /// Types of the locals, parameters first.
    pub fn local_types(&self) -> Vec<ValType> {
        local_types(self.module.inner(), self.frame.func)
    }

    /// The locals, parameters first.
    pub fn locals(&self) -> Vec<Local> {
        let values = read_values(&self.local_types(), self.slots);
        let mut locals: Vec<_> =
            (0..).zip(values).map(|(index, value)| Local { index, name: None, value }).collect();
        for (index, name) in self.module.local_names(self.frame.func) {
            if let Some(local) = locals.get_mut(index as usize) {
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
        let locals = self.local_count();
        let taken = if self.is_calling() { self.given_away } else { 0 };
        let live = self.slots.len().saturating_sub(taken);
        let slots = self.slots.get(locals..live).unwrap_or(&[]);
        let types = self.types().map_or(Vec::new(), |at| at.operands);
        read_values(&types, slots)
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
    /// The frames, innermost first.
    pub fn frames<'a>(&'a self, store: &'a Store) -> impl ExactSizeIterator<Item = FrameView<'a>> {
        frames(store, &self.state)
    }
}

/// An exception that the next instruction throws, before it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Throwing {
    /// Its tag.
    pub tag: TagAddr,
    /// Who catches it; nobody without one.
    pub handler: Option<Handler>,
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
        let task = &self.state;
        if !matches!(task.status, Status::Ready) {
            return None;
        }
        let live = task.stack.live();
        let (tag, caught) =
            thrower(&store.modules, &store.types, &store.state, &task.frames, live)?;
        let handler = caught.and_then(|caught| {
            let frame = task.frames.get(caught.frame)?;
            let module = store.module_of(frame.instance)?;
            let target = match caught.catch.branch.target {
                Branch::RETURN => module.func_body(frame.func)?.end,
                pc => module.inner().code(frame.func).ok()?.offset_of(pc),
            };
            Some(Handler { frame: task.frames.len() - 1 - caught.frame, target })
        });
        Some(Throwing { tag, handler })
    }
}

/// The frames of a task, innermost first.
pub(crate) fn frames<'a>(
    store: &'a Store,
    task: &'a TaskState,
) -> impl ExactSizeIterator<Item = FrameView<'a>> {
    (0..task.frames.len()).rev().map(move |position| view(store, task, position))
}

fn view<'a>(store: &'a Store, task: &'a TaskState, position: usize) -> FrameView<'a> {
    let frame = task.frames[position];
    let base = frame.base as usize;
    let (top, given_away) = match task.frames.get(position + 1) {
        // The callee's frame begins with its arguments, so they are no longer in this one.
        Some(callee) => (callee.base, 0),
        None => match task.status {
            Status::Waiting { func, .. } => {
                let params = store.func_type(func).map_or(0, |ty| slots_of(ty.params()));
                (task.stack.top, params)
            }
            _ => (task.stack.top, usize::MAX),
        },
    };
    let live = task.stack.live();
    let slots = live.get(base..(top as usize).min(live.len())).unwrap_or(&[]);
    let module = &store.modules[store.state.instances[frame.instance.index()].module.index()];
    FrameView { module: &module.module, frame, slots, given_away }
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
    let position = task.frames.len().checked_sub(1 + depth);
    let position = position.ok_or_else(|| unknown("frame", depth))?;
    let frame = view(store, task, position);
    let (what, index, types, above) = match slot {
        SlotKind::Local(index) => ("local", index, frame.local_types(), 0),
        SlotKind::Operand(index) => {
            let types = frame.types().map_or(Vec::new(), |at| at.operands);
            let count = frame.operands().len();
            ("operand", index, types.into_iter().take(count).collect(), frame.local_count())
        }
    };
    let below = above + slots_of(types.get(..index as usize).unwrap_or_default());
    let ty = types.get(index as usize).copied();
    let ty = ty.ok_or_else(|| unknown(what, index as usize))?;
    store.check_type(what, index as usize, ty, &value)?;
    let base = task.frames[position].base as usize;
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
