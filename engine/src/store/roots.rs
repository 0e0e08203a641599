//! What keeps objects of the heap alive: exact roots, by the types of slots.
//!
//! Globals, tables and element segments have types of their own; what slots of a frame hold follows
//! from re-validating its function up to the instruction it stands at.

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::heap::{Heap, ObjectKind};
use super::{Store, StoreState};
use crate::error::{Error, LimitKind, Result};
use crate::exec::frame::Frame;
use crate::exec::{Status, TaskState};
use crate::ids::{FuncAddr, FuncIndex, MemAddr, ModuleId, ObjectAddr, TypeId};
use crate::recording::Step;
use crate::types::{CompositeType, ValType, is_traced};
use crate::value::{AnyRef, Value, join, object_of_slot};

impl Store {
    /// Frees what cannot be reached any more, and returns how many bytes that was.
    ///
    /// Reached is what globals, tables, element segments and tasks refer to, and what is
    /// [held](Store::hold). Running collects by itself when the heap has grown.
    ///
    /// # Errors
    /// None for functions of validated modules.
    pub fn collect_garbage(&mut self) -> Result<u64> {
        let before = self.state.heap.used_bytes();
        self.note_step(|| Step::Collect);
        self.collect(None)?;
        Ok(before - self.state.heap.used_bytes())
    }

    /// Keeps what a value refers to until it is [released](Store::release). The results of
    /// [`Store::invoke`] are held.
    pub fn hold(&mut self, value: Value) {
        if let Some(object) = object_of(value) {
            self.state.held.insert(object);
            self.note_step(|| Step::Hold(value));
        }
    }

    /// Lets go of what has been held.
    pub fn release(&mut self, value: Value) {
        if let Some(object) = object_of(value) {
            self.state.held.remove(&object);
            self.note_step(|| Step::Release(value));
        }
    }

    /// Lets go of everything that has been held.
    pub fn release_all(&mut self) {
        self.note_step(|| Step::ReleaseAll);
        self.state.held.clear();
    }

    /// Collects garbage while a task runs, which is not in its place then.
    pub(crate) fn collect(&mut self, running: Option<&TaskState>) -> Result<()> {
        self.end_dropped();
        let found: Vec<_> = self.roots(running)?.into_iter().filter_map(object_of_slot).collect();
        let Self { state, types, debugger, .. } = self;
        let StoreState { heap, tags, .. } = state;
        heap.collect(types, tags, &found);
        debugger.collected(heap, types);
        Ok(())
    }

    /// Whether the types of all frames are known, or become so within `allowance`, in bytes of bulk work: a
    /// collection needs them.
    pub(crate) fn types_within(&self, running: &TaskState, allowance: &mut u64) -> Result<bool> {
        if *allowance == u64::MAX {
            return Ok(true);
        }
        let tasks = self.state.tasks.states().chain(Some(running));
        let funcs = tasks.flat_map(TaskState::all_frames).map(|frame| (frame.instance, frame.func));
        for (instance, func) in funcs.collect::<BTreeSet<_>>() {
            let Some(module) = self.module_of(instance) else { continue };
            if !module.inner().types_within(func, allowance)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All references that are reached at once, as slots, null among them.
    pub(super) fn roots(&self, running: Option<&TaskState>) -> Result<Vec<u64>> {
        let mut roots = Roots { store: self, found: Vec::new(), places: BTreeMap::new() };
        roots.globals();
        let held = self.state.held.iter();
        roots.found.extend(held.map(|object| AnyRef::Object(*object).to_slot()));
        for task in self.state.tasks.states().chain(running) {
            roots.task(task)?;
        }
        Ok(roots.found)
    }
}

/// The slot of a reference to anything but a function.
fn reference_of(value: Value) -> Option<u64> {
    is_traced(value.ty()).then(|| value.to_slot())
}

fn object_of(value: Value) -> Option<ObjectAddr> {
    match value {
        Value::AnyRef(Some(AnyRef::Object(object)))
        | Value::ExternRef(Some(AnyRef::Object(object)))
        | Value::ExnRef(Some(object)) => Some(object),
        _ => None,
    }
}

impl TaskState {
    /// Values that the task has beside its stack.
    fn values(&self) -> &[Value] {
        match &self.status {
            Status::Done(values) => values,
            Status::Trapped(trap) => trap.values(),
            _ => &[],
        }
    }

    /// All wasm frames, outermost first.
    pub(crate) fn all_frames(&self) -> impl Iterator<Item = Frame> + Clone + '_ {
        let outer = self.outer.iter().flat_map(|host| &host.frames);
        outer.chain(&self.frames).copied()
    }

    /// Host functions that no frame has called, and the first slot of their arguments: the task began with
    /// one, or another host function has called it.
    fn started_hosts(&self) -> impl Iterator<Item = (FuncAddr, u32)> + '_ {
        let outer = self.outer.iter().map(|host| (host.func, host.frames.is_empty(), host.base));
        let pending = match self.status {
            Status::Waiting { func, .. } => Some((func, self.frames.is_empty(), 0)),
            _ => None,
        };
        outer
            .chain(pending)
            .scan(0, |first, (func, alone, above)| {
                let at = core::mem::replace(first, above);
                Some(alone.then_some((func, at)))
            })
            .flatten()
    }
}

struct Roots<'a> {
    store: &'a Store,
    found: Vec<u64>,
    /// Which slots of frames refer to objects, by where the frames stand: those of a recursion stand at
    /// few places.
    places: BTreeMap<(ModuleId, FuncIndex, u32), Box<[u32]>>,
}

impl Roots<'_> {
    fn globals(&mut self) {
        let state = &self.store.state;
        let globals = state.globals.iter().filter(|global| is_traced(global.ty.content));
        self.found.extend(globals.map(|global| global.slot));
        let tables = state.tables.iter().filter(|table| is_traced(table.ty().element.into()));
        let tables = tables.flat_map(|table| table.elements.iter());
        self.found.extend(tables);
        for instance in state.instances.iter() {
            let Some(entry) = self.store.modules.get(instance.module.index()) else { continue };
            let segments = entry.module.elements().iter().zip(&instance.elements);
            let traced = segments.filter(|(segment, _)| is_traced(segment.ty.into()));
            let slots = traced.flat_map(|(_, addr)| state.elements[addr.index()].iter());
            self.found.extend(slots);
        }
    }

    /// What a task refers to.
    fn task(&mut self, task: &TaskState) -> Result<()> {
        let frames: Vec<Frame> = task.all_frames().collect();
        let slots = task.stack.live();
        self.frames(&frames, slots)?;
        self.arguments(task.started_hosts(), slots);
        self.found.extend(task.values().iter().copied().filter_map(reference_of));
        // The array that an unfinished instruction makes.
        let made = task.progress.and_then(|progress| progress.made);
        self.found.extend(made.map(|made| AnyRef::Object(made).to_slot()));
        Ok(())
    }

    /// What frames refer to, whose slots these are.
    fn frames(&mut self, frames: &[Frame], slots: &[u64]) -> Result<()> {
        for (position, frame) in frames.iter().enumerate() {
            let top = frames.get(position + 1).map_or(slots.len(), |callee| callee.base as usize);
            let own = slots.get(frame.base as usize..top).unwrap_or_default();
            self.frame(*frame, own)?;
        }
        Ok(())
    }

    /// What the arguments of host functions refer to.
    fn arguments(&mut self, hosts: impl Iterator<Item = (FuncAddr, u32)>, slots: &[u64]) {
        for (func, first) in hosts {
            if let Some(ty) = self.store.func_type(func) {
                self.typed(ty.params(), slots.get(first as usize..).unwrap_or_default());
            }
        }
    }

    fn frame(&mut self, frame: Frame, slots: &[u64]) -> Result<()> {
        let instance = self.store.state.instances.get(frame.instance.index());
        let Some(module) = instance.map(|instance| instance.module) else { return Ok(()) };
        let place = (module, frame.func, frame.pc);
        let traced = match self.places.entry(place) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(traced_slots(self.store, place)?),
        };
        let slots = traced.iter().map_while(|slot| slots.get(*slot as usize));
        self.found.extend(slots);
        Ok(())
    }

    /// What slots of these types refer to, as far as there are any.
    fn typed(&mut self, types: &[ValType], slots: &[u64]) {
        let mut position = 0;
        for ty in types {
            if is_traced(*ty) {
                self.found.extend(slots.get(position));
            }
            position += ty.slots();
        }
    }
}

/// Which slots of a frame that stands at an instruction can refer to objects, in ascending order.
fn traced_slots(store: &Store, place: (ModuleId, FuncIndex, u32)) -> Result<Box<[u32]>> {
    let (module, func, pc) = place;
    let Some(entry) = store.modules.get(module.index()) else { return Ok(Box::default()) };
    let module = entry.module.inner();
    let code = module.code(func)?;
    let mut traced = Vec::new();
    let mut note = |types: &[ValType], mut slot: u32| {
        for ty in types {
            traced.extend(is_traced(*ty).then_some(slot));
            slot += ty.slots() as u32;
        }
    };
    note(&crate::observe::local_types(module, func), 0);
    let operands = module.types_of(func)?.operands_at(code.offset_of(pc)).unwrap_or_default();
    note(&operands, code.locals);
    // What legacy `catch` blocks have caught.
    traced.extend(code.named_locals..code.locals);
    traced.sort_unstable();
    Ok(traced.into())
}

/// An object of the heap, to be looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Bytes that it takes in the heap.
    pub bytes: u64,
    /// Fields of a structure, or values of an exception. Packed fields are zero-extended.
    pub fields: Vec<Value>,
}

impl Store {
    /// Tasks that wait for a notification, by the memory and address, in the order of arrival.
    pub fn waiters(&self) -> impl ExactSizeIterator<Item = (MemAddr, u64)> + '_ {
        self.state.waiters.list().map(|waiter| (waiter.memory, waiter.address))
    }

    /// The heap.
    pub fn heap(&self) -> &Heap {
        &self.state.heap
    }

    /// All objects, garbage included, with their bytes.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectAddr, u64)> + '_ {
        self.objects_from(ObjectAddr(0))
    }

    /// The same from an object on: a large heap can be looked through piece by piece, while nothing
    /// runs in between.
    pub fn objects_from(&self, first: ObjectAddr) -> impl Iterator<Item = (ObjectAddr, u64)> + '_ {
        self.state.heap.objects(&self.types, first)
    }

    /// What an object is; `None` if there is none at this address.
    pub fn object_kind(&self, object: ObjectAddr) -> Option<ObjectKind> {
        self.state.heap.kind(&self.types, object)
    }

    /// An object of the heap. Elements of an array are read with [`Store::element`].
    pub fn object(&self, object: ObjectAddr) -> Option<Object> {
        let kind = self.object_kind(object)?;
        let heap = &self.state.heap;
        let words = |ty: TypeId| Heap::struct_words(&self.types, ty);
        let (types, words): (Vec<ValType>, u64) = match kind {
            ObjectKind::Struct(ty) => {
                let fields = self.types.structure(ty)?.fields().iter();
                (fields.map(|field| field.storage.unpacked()).collect(), words(ty))
            }
            ObjectKind::Exception(tag) => {
                let ty = self.tag_type(tag)?;
                (ty.params().to_vec(), 1 + heap.fields(object).len() as u64)
            }
            ObjectKind::Array(ty, len) => (Vec::new(), Heap::array_words(&self.types, ty, len)),
            ObjectKind::String(len) => (Vec::new(), 1 + u64::from(len).div_ceil(4)),
        };
        let mut fields = crate::value::read_values(&types, heap.fields(object));
        if let ObjectKind::Struct(ty) = kind {
            let storages = self.types.structure(ty)?.fields().iter().map(|field| field.storage);
            for (value, storage) in fields.iter_mut().zip(storages) {
                *value = Value::from_bits(value.ty(), value.to_bits() & storage.mask());
            }
        }
        Some(Object { kind, bytes: words * 8, fields })
    }

    /// An element of an array. Packed elements are zero-extended.
    pub fn element(&self, array: ObjectAddr, index: u32) -> Option<Value> {
        let ObjectKind::Array(id, len) = self.object_kind(array)? else { return None };
        let Some(CompositeType::Array(ty)) = self.types.get(id).map(|ty| &ty.composite) else {
            return None;
        };
        let width = super::heap::width_log2(&self.types, id);
        let parts = (index < len).then(|| self.state.heap.get_element(array, width, index))?;
        Some(Value::from_bits(ty.element.storage.unpacked(), join(parts)))
    }

    /// The code units of a string that [`Linker::js_strings`](crate::Linker::js_strings) or
    /// [`Store::new_string`] has made; `None` for other values.
    pub fn code_units(&self, value: Value) -> Option<Vec<u16>> {
        self.first_code_units(value, u32::MAX).map(|(units, _)| units)
    }

    /// The first code units of a string, and how many there are in all; as [`Store::code_units`].
    pub fn first_code_units(&self, value: Value, most: u32) -> Option<(Vec<u16>, u32)> {
        let object = object_of(value)?;
        let ObjectKind::String(len) = self.object_kind(object)? else { return None };
        Some((self.units_of(object, 0, len.min(most)), len))
    }

    /// Makes a string, as the builtins of `wasm:js-string` take it. It is held until it is
    /// [released](Store::release).
    ///
    /// # Errors
    /// [`Error::Limit`] if the heap has no room.
    pub fn new_string(&mut self, text: &str) -> Result<Value> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let value = self.string_of(&units, None)?;
        self.state.held.extend(object_of(value));
        self.note_step(|| Step::NewString(text.into()));
        Ok(value)
    }

    /// A string of these code units; what the running task refers to is not collected for it.
    pub(crate) fn string_of(
        &mut self,
        units: &[u16],
        running: Option<&TaskState>,
    ) -> Result<Value> {
        let ty = self.types.string();
        let most = self.engine.config().max_heap;
        let full = || Error::Limit {
            limit: LimitKind::Heap,
            requested: units.len() as u64 * 2,
            allowed: most,
            offset: None,
        };
        let len = u32::try_from(units.len()).map_err(|_| full())?;
        let made = match self.state.heap.new_array(&self.types, ty, len, most) {
            Ok(made) => made,
            Err(_) => {
                self.collect(running)?;
                let words = Heap::array_words(&self.types, ty, len);
                if !self.state.heap.make_room(words, most) {
                    return Err(full());
                }
                let made = self.state.heap.new_array(&self.types, ty, len, most);
                made.map_err(|_| full())?
            }
        };
        self.state.heap.set_units(made, 0, units);
        Ok(Value::ExternRef(Some(AnyRef::Object(made))))
    }

    /// The objects that an object refers to, in the order of its fields or elements.
    pub fn references(&self, object: ObjectAddr) -> Vec<ObjectAddr> {
        match self.object_kind(object) {
            Some(_) => self.state.heap.references(&self.types, &self.state.tags, object),
            None => Vec::new(),
        }
    }
}
