//! What can be watched, and what an instruction that touches it has found and left there.
//!
//! What the host writes is no instruction's: no watchpoint sees it, and neither do the values that a call
//! gives its callee's locals.

use alloc::vec::Vec;
use core::ops::Range;

use super::contents::{Raw, as_touched, common, read, shortened, size, types_of, words_of};
use super::observer::View;
use crate::exec::{CallSite, WatchKind};
use crate::ids::{FrameId, FuncIndex, GlobalAddr, InstanceId, MemAddr, ObjectAddr, TableAddr};
use crate::store::heap::{Heap, ObjectKind};
use crate::store::{ModuleEntry, Store, StoreState};
use crate::types::{Types, slots_of};
use crate::value::Value;

/// Something whose accesses stop tasks, behind the accessing instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watchpoint {
    /// What is watched.
    pub watched: Watched,
    /// Which accesses count.
    pub kind: WatchKind,
}

/// A part of what a program reads and writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watched {
    /// Bytes of a memory.
    Memory {
        /// The memory.
        memory: MemAddr,
        /// The first byte.
        address: u64,
        /// How many.
        len: u64,
    },
    /// A global.
    Global(GlobalAddr),
    /// A local of a function. A call that sets it is no access.
    Local {
        /// The function's instance.
        instance: InstanceId,
        /// The function.
        func: FuncIndex,
        /// The local, parameters first.
        local: u32,
        /// The frame whose local it is, until that is left; without, all frames of the function.
        frame: Option<FrameId>,
    },
    /// Fields of a structure or elements of an array, until that is collected.
    Object {
        /// The object.
        object: ObjectAddr,
        /// The first field or element.
        first: u32,
        /// How many.
        len: u32,
    },
    /// Elements of a table. A call by way of them is no access.
    Table {
        /// The table.
        table: TableAddr,
        /// The first element.
        first: u64,
        /// How many.
        len: u64,
    },
}

/// What a part has held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contents {
    /// Of a memory.
    Bytes(Vec<u8>),
    /// Of anything else. What fields and elements of 8 and 16 bits hold is zero-extended.
    Values(Vec<Value>),
}

/// A watched access that has just happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct WatchpointHit {
    /// The watchpoint, the first one of those that the access meets.
    pub watchpoint: Watchpoint,
    /// What was accessed.
    pub accessed: Watched,
    /// Whether it was a write.
    pub write: bool,
    /// What of the watched part `old` and `new` tell: all of it, or the first
    /// [bytes or elements](WatchpointHit::SHOWN) that were accessed.
    pub part: Watched,
    /// What was there before the instruction; of one that had begun when the watchpoint was set, what was there then.
    pub old: Contents,
    /// What is there now.
    pub new: Contents,
    /// The instruction that did it.
    pub site: CallSite,
}

impl WatchpointHit {
    /// Bytes or elements that are kept of what was accessed, at most.
    pub const SHOWN: usize = 16;
    /// Bytes or elements that [`WatchKind::Change`] compares. A write to more of what is watched counts as a
    /// change.
    pub const COMPARED: usize = 1 << 16;
}

impl Watchpoint {
    /// One on bytes of a memory.
    pub fn memory(memory: MemAddr, address: u64, len: u64, kind: WatchKind) -> Self {
        Self { watched: Watched::Memory { memory, address, len }, kind }
    }

    pub(crate) fn object(&self) -> Option<ObjectAddr> {
        match self.watched {
            Watched::Object { object, .. } => Some(object),
            _ => None,
        }
    }

    pub(crate) fn frame(&self) -> Option<FrameId> {
        match self.watched {
            Watched::Local { frame, .. } => frame,
            _ => None,
        }
    }

    /// Whether it is on a frame of this function.
    pub(crate) fn is_of(&self, of: InstanceId, function: FuncIndex) -> bool {
        let Watched::Local { instance, func, .. } = self.watched else { return false };
        (instance, func) == (of, function)
    }

    fn counts(&self, write: bool) -> bool {
        match self.kind {
            WatchKind::Read => !write,
            WatchKind::Write | WatchKind::Change => write,
            WatchKind::Access => true,
        }
    }

    pub(crate) fn meets_memory(&self, memory: MemAddr, from: u64, len: u64, write: bool) -> bool {
        let touched = Touched::Memory { memory, address: from, len };
        self.counts(write) && common(self.watched, touched).is_some()
    }
}

/// What an instruction accesses.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Touch {
    pub(crate) touched: Touched,
    pub(crate) write: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Touched {
    Memory {
        memory: MemAddr,
        address: u64,
        len: u64,
    },
    Global(GlobalAddr),
    /// The slot of a local of the innermost frame.
    Local(u32),
    /// A field by its first word.
    Field {
        object: ObjectAddr,
        word: u32,
    },
    Elements {
        object: ObjectAddr,
        first: u32,
        len: u32,
    },
    Table {
        table: TableAddr,
        first: u64,
        len: u64,
    },
    /// Elements that a table is to grow by.
    Growth {
        table: TableAddr,
        len: u64,
    },
}

/// An object that is watched. Its handle may have been another object's before, up to a collection, which is where
/// states of the past have it; from the collections on that there had been when it was first seen, it is this one's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Known {
    kind: ObjectKind,
    since: u64,
}

impl Known {
    pub(crate) fn new(heap: &Heap, types: &Types, object: ObjectAddr) -> Option<Self> {
        Some(Self { kind: heap.kind(types, object)?, since: heap.collections() })
    }

    /// Whether the object at this handle is the one.
    pub(crate) fn is_in(&self, heap: &Heap, types: &Types, object: ObjectAddr) -> bool {
        heap.collections() >= self.since && heap.kind(types, object) == Some(self.kind)
    }

    /// Whether it was freed by the last collection.
    pub(crate) fn is_freed(&self, heap: &Heap, types: &Types, object: ObjectAddr) -> bool {
        heap.collections() > self.since && !self.is_in(heap, types, object)
    }
}

/// A watchpoint, and what the store says about it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Watch {
    pub(crate) watchpoint: Watchpoint,
    /// Slots of a local, or words of fields.
    pub(crate) slots: Range<u32>,
    /// What is known of an object; nothing for all others.
    known: Option<Known>,
}

impl Watch {
    /// `None` if there is no such object and never was one.
    pub(crate) fn new(
        watchpoint: Watchpoint,
        known: Option<Known>,
        state: &StoreState,
        types: &Types,
        modules: &[ModuleEntry],
    ) -> Option<Self> {
        let mut slots = 0..0;
        let mut known = known;
        match watchpoint.watched {
            Watched::Local { instance, func, local, .. } => {
                let module = state.instances.get(instance.index())?.module;
                let module = modules.get(module.index())?.module.inner();
                let types = super::local_types(module, func);
                let below = slots_of(types.get(..local as usize).unwrap_or(&types)) as u32;
                let own = types.get(local as usize).map_or(0, |ty| ty.slots() as u32);
                slots = below..below + own;
            }
            Watched::Object { object, first, len } => {
                let found = known.or_else(|| Known::new(&state.heap, types, object))?;
                known = Some(found);
                if let ObjectKind::Struct(ty) = found.kind {
                    slots = words_of(types.structure(ty)?.fields(), first, len);
                }
            }
            Watched::Memory { .. } | Watched::Global(_) | Watched::Table { .. } => {}
        }
        Some(Self { watchpoint, slots, known })
    }

    pub(crate) fn object(&self) -> Option<(ObjectAddr, Known)> {
        Some((self.watchpoint.object()?, self.known?))
    }

    pub(crate) fn is_of_array(&self) -> bool {
        self.known.is_some_and(|known| matches!(known.kind, ObjectKind::Array(..)))
    }

    pub(crate) fn is_of_memory(&self) -> bool {
        matches!(self.watchpoint.watched, Watched::Memory { .. })
    }

    pub(crate) fn is_read(&self) -> bool {
        self.watchpoint.counts(false)
    }

    pub(crate) fn is_written(&self) -> bool {
        self.watchpoint.counts(true)
    }

    /// What is in its part now, if an instruction that is about to be executed meets it.
    pub(crate) fn look(
        &self,
        touch: Touch,
        here: Option<FrameId>,
        view: &View<'_>,
    ) -> Option<Found> {
        if !self.watchpoint.counts(touch.write) {
            return None;
        }
        let accessed = self.accessed(touch.touched, here, view)?;
        let (watched, kind) = (self.watchpoint.watched, self.watchpoint.kind);
        let met = common(watched, as_touched(accessed))?;
        let object = self.object();
        if object.is_some_and(|(object, known)| !known.is_in(view.heap, view.types, object)) {
            return None;
        }
        let is_compared = kind == WatchKind::Change && size(met) <= WatchpointHit::COMPARED as u64;
        let looked_at = match size(watched) <= WatchpointHit::SHOWN as u64 {
            true => watched,
            false if is_compared => met,
            false => shortened(met),
        };
        let growth = match touch.touched {
            Touched::Growth { table, .. } => Some((table, view.tables.get(table.index())?.size())),
            _ => None,
        };
        Some(Found {
            watchpoint: self.watchpoint,
            slots: self.slots.clone(),
            accessed,
            write: touch.write,
            old: read(looked_at, &self.slots, view),
            looked_at,
            is_compared: is_compared || looked_at == watched && kind == WatchKind::Change,
            growth,
        })
    }

    /// What is touched, as it is watched.
    fn accessed(
        &self,
        touched: Touched,
        here: Option<FrameId>,
        view: &View<'_>,
    ) -> Option<Watched> {
        Some(match touched {
            Touched::Memory { memory, address, len } => Watched::Memory { memory, address, len },
            Touched::Global(global) => Watched::Global(global),
            Touched::Local(slot) => match self.watchpoint.watched {
                local @ Watched::Local { frame, .. }
                    if self.watchpoint.is_of(view.instance, view.func)
                        && self.slots.contains(&slot)
                        && (frame.is_none() || frame == here) =>
                {
                    local
                }
                _ => return None,
            },
            Touched::Field { object, word } => {
                let ty = view.types.structure(view.heap.type_of(object))?;
                let (mut first, mut below) = (0, 0);
                for field in ty.fields() {
                    if below >= word {
                        break;
                    }
                    below += field.storage.unpacked().slots() as u32;
                    first += 1;
                }
                Watched::Object { object, first, len: 1 }
            }
            Touched::Elements { object, first, len } => Watched::Object { object, first, len },
            Touched::Table { table, first, len } => Watched::Table { table, first, len },
            Touched::Growth { table, len } => {
                let first = view.tables.get(table.index())?.size();
                Watched::Table { table, first, len }
            }
        })
    }
}

/// What an instruction has found before it was executed.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Found {
    watchpoint: Watchpoint,
    slots: Range<u32>,
    accessed: Watched,
    write: bool,
    looked_at: Watched,
    old: Raw,
    is_compared: bool,
    /// A table that is to grow, and its size.
    growth: Option<(TableAddr, u64)>,
}

impl Found {
    /// What the instruction has done, if that is a hit.
    pub(crate) fn settle(self, view: &View<'_>, site: CallSite) -> Option<Hit> {
        if let Some((table, size)) = self.growth
            && view.tables.get(table.index())?.size() == size
        {
            return None;
        }
        let new = read(self.looked_at, &self.slots, view);
        if self.is_compared && new == self.old {
            return None;
        }
        Some(Hit { found: self, new, site })
    }
}

/// A hit without types.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Hit {
    found: Found,
    new: Raw,
    site: CallSite,
}

impl Hit {
    pub(crate) fn typed(self, store: &Store) -> WatchpointHit {
        let Found { watchpoint, accessed, write, looked_at, old, .. } = self.found;
        let part = shortened(looked_at);
        let types = types_of(part, store);
        let contents = |raw| match raw {
            Raw::Bytes(mut bytes) => {
                bytes.truncate(WatchpointHit::SHOWN);
                Contents::Bytes(bytes)
            }
            Raw::Slots(slots) => {
                let values = slots.into_iter().zip(&types);
                Contents::Values(values.map(|(slot, ty)| Value::from_bits(*ty, slot)).collect())
            }
        };
        let (old, new) = (contents(old), contents(self.new));
        WatchpointHit { watchpoint, accessed, write, part, old, new, site: self.site }
    }
}
