//! Places that hold values, and where they lie at the moment at which a store stands.

use alloc::vec::Vec;

use super::MOST_BYTES;
use crate::exec::{Status, TaskState};
use crate::ids::{GlobalAddr, MemAddr, TableAddr, TaskId};
use crate::observe::{self, FrameView, Subject};
use crate::store::Store;
use crate::types::{ValType, slots_of};
use crate::value::Value;

/// Something that holds a value. Frames count from the outermost, which is 0, so that they keep their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// An operand of a frame.
    Operand {
        /// The task.
        task: TaskId,
        /// The frame.
        frame: u32,
        /// Which one, from the bottom.
        index: u32,
    },
    /// A local of a frame.
    Local {
        /// The task.
        task: TaskId,
        /// The frame.
        frame: u32,
        /// Which one, parameters first.
        index: u32,
    },
    /// A result of a task that has finished.
    Result {
        /// The task.
        task: TaskId,
        /// Which one.
        index: u32,
    },
    /// A global.
    Global(GlobalAddr),
    /// Bytes of a memory.
    Bytes {
        /// The memory.
        memory: MemAddr,
        /// The first byte.
        address: u64,
        /// How many.
        len: u64,
    },
    /// An element of a table.
    Element {
        /// The table.
        table: TableAddr,
        /// Which one.
        index: u64,
    },
}

/// What a place holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Contents {
    /// A value.
    Value(Value),
    /// Bytes of a memory: the first [`MOST_BYTES`] of them.
    Bytes(Vec<u8>),
}

/// Where a place lies.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Lies {
    pub(super) subject: Subject,
    pub(super) value: Contents,
}

pub(super) fn state_of(store: &Store, task: TaskId) -> Option<&TaskState> {
    store.state.tasks.states().find(|state| state.identity.id == task)
}

/// A frame by its number from the outermost.
pub(super) fn frame_of<'a>(
    store: &'a Store,
    task: &'a TaskState,
    frame: u32,
) -> Option<FrameView<'a>> {
    let inner = task.depth().checked_sub(frame as usize + 1)?;
    observe::frames(store, task).nth(inner)
}

impl Place {
    /// Where it lies at the moment at which the store stands.
    pub(super) fn lies(&self, store: &Store) -> Option<Lies> {
        let value = self.contents(store)?;
        let slots = |task: TaskId, first: usize, ty: ValType| {
            let (first, len) = (first as u32, ty.slots() as u32);
            Subject::Slots { task, first, len }
        };
        let subject = match *self {
            Place::Operand { task, frame, index } => {
                let frame = frame_of(store, state_of(store, task)?, frame)?;
                let types = frame.operand_types();
                let below = slots_of(types.get(..index as usize)?);
                let first = frame.id().base as usize + frame.local_slots() + below;
                slots(task, first, *types.get(index as usize)?)
            }
            Place::Local { task, frame, index } => {
                let frame = frame_of(store, state_of(store, task)?, frame)?;
                let types = frame.local_types();
                let first = frame.id().base as usize + slots_of(types.get(..index as usize)?);
                slots(task, first, *types.get(index as usize)?)
            }
            Place::Result { task, index } => {
                let state = state_of(store, task)?;
                let types = state.ty.results();
                let first = slots_of(types.get(..index as usize)?);
                slots(task, first, *types.get(index as usize)?)
            }
            Place::Global(global) => Subject::Global(global),
            Place::Bytes { memory, address, len } => Subject::Bytes { memory, address, len },
            Place::Element { table, index } => Subject::Element { table, index },
        };
        Some(Lies { subject, value })
    }

    /// The same, for who notes on their own who writes it.
    #[cfg(test)]
    pub(in crate::timeline) fn subject(&self, store: &Store) -> Option<(Subject, Contents)> {
        self.lies(store).map(|lies| (lies.subject, lies.value))
    }

    /// What it holds at the moment at which the store stands.
    pub fn contents(&self, store: &Store) -> Option<Contents> {
        Some(Contents::Value(match *self {
            Place::Operand { task, frame, index } => {
                let frame = frame_of(store, state_of(store, task)?, frame)?;
                *frame.operands().get(index as usize)?
            }
            Place::Local { task, frame, index } => {
                let frame = frame_of(store, state_of(store, task)?, frame)?;
                let at = index as usize;
                frame.locals_of(&frame.local_types(), at..at + 1).first()?.value
            }
            Place::Result { task, index } => match &state_of(store, task)?.status {
                Status::Done(values) => *values.get(index as usize)?,
                _ => return None,
            },
            Place::Global(global) => store.global(global)?.1,
            Place::Bytes { memory, address, len } => {
                let bytes = store.memory(memory)?.bytes();
                let first = usize::try_from(address).ok()?;
                let all = bytes.get(first..first.checked_add(usize::try_from(len).ok()?)?)?;
                let shown = all.get(..all.len().min(MOST_BYTES as usize))?;
                return Some(Contents::Bytes(shown.to_vec()));
            }
            Place::Element { table, index } => store.table(table)?.get(index)?,
        }))
    }
}

/// The place of a frame's slot: a local, or an operand.
pub(super) fn place_of_slot(
    frame: &FrameView<'_>,
    task: TaskId,
    number: u32,
    slot: u32,
) -> Option<Place> {
    let at = slot.checked_sub(frame.id().base)? as usize;
    let find = |types: &[ValType], at: usize| {
        let mut below = 0;
        let is_it = |ty: &ValType| {
            let first = below;
            below += ty.slots();
            first == at
        };
        types.iter().position(is_it).map(|index| index as u32)
    };
    match at.checked_sub(frame.local_slots()) {
        Some(at) => {
            let index = find(&frame.operand_types(), at)?;
            Some(Place::Operand { task, frame: number, index })
        }
        None => {
            let index = find(&frame.local_types(), at)?;
            Some(Place::Local { task, frame: number, index })
        }
    }
}
