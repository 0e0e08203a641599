//! Translations that observe: those of functions with breakpoints, and of all functions while anything
//! is watched. They belong to a store; a module's own are never changed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::code::FastCodes;
use super::translate::Observed;
use crate::exec::exact::{FuncCode, INDEX64, Op};
use crate::ids::{FuncIndex, InstanceId, MemAddr};
use crate::module::ModuleInner;
use crate::observe::{Watch, Watched};
use crate::store::Instance;

/// What is observed, and the code that does so.
#[derive(Default)]
pub(crate) struct Instruments {
    /// Offsets of breakpoints by instance; none is empty.
    breakpoints: BTreeMap<InstanceId, BTreeSet<u32>>,
    watches: Vec<Watch>,
    codes: BTreeMap<InstanceId, FastCodes>,
}

/// What the translations of an instance's functions observe.
#[derive(Clone, Default, Debug)]
pub(super) struct Observing {
    /// Offsets of breakpoints, sorted.
    breakpoints: Vec<u32>,
    /// Whether accesses to memory are checked first, and whether those that only read are.
    watched: bool,
    reads: bool,
    /// What else is watched; who may access it hands over to the exact tier.
    places: Vec<Place>,
    /// Whether written pages are marked.
    pub(super) marks: bool,
}

/// What operators can name, and whether reading and writing it is watched.
#[derive(Clone, Copy, Debug)]
struct Place {
    kind: PlaceKind,
    is_read: bool,
    is_written: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum PlaceKind {
    Global(u32),
    /// A slot of a function's frames.
    Local(FuncIndex, u32),
    /// The first word of a field, or elements; of which object, only its reference tells.
    Field(u32),
    Elements,
    Table(u32),
    /// A frame of a function, which is left.
    Frame(FuncIndex),
}

impl Place {
    /// What an instance's operators call something that is watched.
    fn all(watch: &Watch, id: InstanceId, instance: &Instance) -> Vec<Self> {
        let kinds: Vec<PlaceKind> = match watch.watchpoint.watched {
            // Looked at where it is accessed.
            Watched::Memory { .. } => Vec::new(),
            Watched::Global(global) => {
                positions(&instance.globals, &global).map(PlaceKind::Global).collect()
            }
            Watched::Table { table, .. } => {
                positions(&instance.tables, &table).map(PlaceKind::Table).collect()
            }
            Watched::Local { instance, func, .. } if instance == id => {
                let slots = watch.slots.clone().map(|slot| PlaceKind::Local(func, slot));
                slots.chain(watch.watchpoint.frame().map(|_| PlaceKind::Frame(func))).collect()
            }
            Watched::Local { .. } => Vec::new(),
            Watched::Object { .. } if watch.is_of_array() => [PlaceKind::Elements].into(),
            Watched::Object { .. } => watch.slots.clone().map(PlaceKind::Field).collect(),
        };
        let (is_read, is_written) = (watch.is_read(), watch.is_written());
        kinds.into_iter().map(|kind| Self { kind, is_read, is_written }).collect()
    }

    fn is_accessed(&self, op: &Op, func: FuncIndex, code: &FuncCode) -> bool {
        use PlaceKind as P;
        if self.kind == P::Frame(func) {
            return op.may_leave(code);
        }
        let table = |index: u32| P::Table(index & !INDEX64);
        let (read, written) = match *op {
            Op::GlobalGet { global } | Op::GlobalGetVector { global } => {
                (Some(P::Global(global)), None)
            }
            Op::GlobalSet { global } | Op::GlobalSetVector { global } => {
                (None, Some(P::Global(global)))
            }
            Op::LocalGet { local } | Op::LocalGetVector { local } => {
                (Some(P::Local(func, local)), None)
            }
            Op::LocalSet { local }
            | Op::LocalTee { local }
            | Op::LocalSetVector { local }
            | Op::LocalTeeVector { local } => (None, Some(P::Local(func, local))),
            Op::StructGet { offset, .. } => (Some(P::Field(offset)), None),
            Op::StructSet { offset, .. } => (None, Some(P::Field(offset))),
            Op::ArrayGet { .. } => (Some(P::Elements), None),
            Op::ArrayCopy { .. } => (Some(P::Elements), Some(P::Elements)),
            Op::ArraySet { .. }
            | Op::ArrayFill { .. }
            | Op::ArrayInitData { .. }
            | Op::ArrayInitElem { .. } => (None, Some(P::Elements)),
            Op::TableGet { table: index } => (Some(table(index)), None),
            Op::TableCopy { to, from } => (Some(table(from)), Some(table(to))),
            Op::TableSet { table: index }
            | Op::TableFill { table: index }
            | Op::TableGrow { table: index }
            | Op::TableInit { table: index, .. } => (None, Some(table(index))),
            _ => return false,
        };
        self.is_read && read == Some(self.kind) || self.is_written && written == Some(self.kind)
    }
}

/// Under which indices an instance has something.
fn positions<'a, T: PartialEq>(all: &'a [T], one: &'a T) -> impl Iterator<Item = u32> + 'a {
    (0..).zip(all).filter(move |(_, other)| *other == one).map(|(index, _)| index)
}

impl Observing {
    /// Only what pages are written.
    pub(super) fn marks() -> Self {
        Self { marks: true, ..Self::default() }
    }

    /// What the translation of one function observes.
    pub(super) fn within(&self, func: FuncIndex, code: &FuncCode) -> Observed {
        let (first, last) = (code.offsets.first(), code.offsets.last());
        let from = self.breakpoints.partition_point(|offset| Some(offset) < first);
        let within = |offset: &&u32| Some(*offset) <= last;
        let position = |offset: &u32| code.offsets.binary_search(offset).ok();
        let breakpoints =
            self.breakpoints.iter().skip(from).take_while(within).filter_map(position);
        let mut stops: Vec<u32> = breakpoints.map(|pc| pc as u32).collect();
        if !self.places.is_empty() {
            let is_accessed =
                |op: &Op| self.places.iter().any(|place| place.is_accessed(op, func, code));
            stops.extend((0..).zip(&code.ops).filter(|(_, op)| is_accessed(op)).map(|(pc, _)| pc));
            stops.sort_unstable();
            stops.dedup();
        }
        Observed { stops, watched: self.watched, reads: self.reads, marks: self.marks }
    }
}

impl Instruments {
    /// Adds a breakpoint. What was translated for its instance is forgotten.
    pub(crate) fn add_breakpoint(&mut self, instance: InstanceId, offset: u32) {
        self.codes.remove(&instance);
        self.breakpoints.entry(instance).or_default().insert(offset);
    }

    /// Removes a breakpoint, in the same way.
    pub(crate) fn remove_breakpoint(&mut self, instance: InstanceId, offset: u32) {
        self.codes.remove(&instance);
        if let Some(offsets) = self.breakpoints.get_mut(&instance) {
            offsets.remove(&offset);
            if offsets.is_empty() {
                self.breakpoints.remove(&instance);
            }
        }
    }

    /// Removes all breakpoints.
    pub(crate) fn clear_breakpoints(&mut self) {
        for instance in core::mem::take(&mut self.breakpoints).keys() {
            self.codes.remove(instance);
        }
    }

    /// Sets what is watched. Code is forgotten unless it was made for the same places; memories are looked
    /// at where they are accessed.
    pub(crate) fn set_watches(&mut self, watches: &[Watch]) {
        let others = |all: &[Watch]| {
            let others = all.iter().filter(|watch| !watch.is_of_memory());
            others.cloned().collect::<Vec<_>>()
        };
        if watches_memory(&self.watches) != watches_memory(watches)
            || reads_memory(&self.watches) != reads_memory(watches)
            || others(&self.watches) != others(watches)
        {
            self.codes.clear();
        }
        self.watches = watches.into();
    }

    /// Whether an access to memory is watched.
    pub(super) fn meets(&self, memory: MemAddr, address: u64, len: u64, write: bool) -> bool {
        let mut watches = self.watches.iter();
        watches.any(|watch| watch.watchpoint.meets_memory(memory, address, len, write))
    }

    /// Whether the code of an instance is its own and not its module's.
    pub(super) fn concern(&self, instance: InstanceId) -> bool {
        !self.watches.is_empty() || self.breakpoints.contains_key(&instance)
    }

    /// The code of an instance that is concerned, if it has been prepared.
    pub(super) fn codes(&self, instance: InstanceId, marks: bool) -> Option<&FastCodes> {
        self.codes.get(&instance).filter(|codes| codes.marks() == marks)
    }

    /// Prepares an instance: its functions are translated when they are called.
    pub(super) fn prepare(
        &mut self,
        id: InstanceId,
        instance: &Instance,
        module: &ModuleInner,
        marks: bool,
    ) {
        let known = self.codes.get(&id).is_some_and(|codes| codes.marks() == marks);
        if self.concern(id) && !known {
            let breakpoints = self.breakpoints.get(&id).into_iter().flatten().copied();
            let breakpoints = breakpoints.collect();
            let watched = watches_memory(&self.watches);
            let places = self.watches.iter().flat_map(|watch| Place::all(watch, id, instance));
            let (places, reads) = (places.collect(), reads_memory(&self.watches));
            let observing = Observing { breakpoints, watched, reads, places, marks };
            self.codes.insert(id, FastCodes::observing(observing, module.bodies.len()));
        }
    }
}

fn watches_memory(watches: &[Watch]) -> bool {
    watches.iter().any(Watch::is_of_memory)
}

/// Whether it matters who reads memory.
fn reads_memory(watches: &[Watch]) -> bool {
    watches.iter().any(|watch| watch.is_of_memory() && watch.is_read())
}

/// A copy observes the same, with code of its own.
impl Clone for Instruments {
    fn clone(&self) -> Self {
        Self {
            breakpoints: self.breakpoints.clone(),
            watches: self.watches.clone(),
            codes: BTreeMap::new(),
        }
    }
}

impl core::fmt::Debug for Instruments {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Instruments")
            .field("breakpoints", &self.breakpoints)
            .field("watches", &self.watches)
            .finish_non_exhaustive()
    }
}
