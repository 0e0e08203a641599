//! What keeps objects of the heap alive: exact roots, by the types of slots.
//!
//! Globals, tables and element segments have types of their own; what slots of a frame hold follows
//! from re-validating its function up to the instruction it stands at. Tasks that have stopped are
//! not the store's, so each leaves a copy of its frames here.

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use super::heap::{Heap, ObjectKind};
use super::{Store, StoreState};
use crate::error::{Error, LimitKind, Result};
use crate::exec::frame::Frame;
use crate::exec::{Status, TaskState};
use crate::ids::{FuncAddr, FuncIndex, MemAddr, ModuleId, ObjectAddr, TaskId, TypeId};
use crate::types::{CompositeType, ValType, is_traced};
use crate::value::{AnyRef, Value, join, object_of_slot};

/// What tasks that have stopped refer to, and what the embedder holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parked {
    tasks: BTreeMap<u64, ParkedTask>,
    held: BTreeSet<ObjectAddr>,
}

/// Tasks are compared themselves; what they have left here says nothing more.
impl PartialEq for Parked {
    fn eq(&self, other: &Self) -> bool {
        self.held == other.held
    }
}

#[derive(Clone, Debug, Default)]
struct ParkedTask {
    /// Which note this is, and the task's count then; a task that knows this number only has changed what
    /// it has executed since.
    note: Option<u64>,
    executed: u64,
    frames: Vec<Frame>,
    slots: Vec<u64>,
    values: Vec<Value>,
    /// Host functions that no frame has called, and the first slot of their arguments.
    hosts: Vec<(FuncAddr, u32)>,
}

impl ParkedTask {
    /// How many of the outermost frames are as they were noted. An instruction changes the frame that it
    /// belongs to and the one that it returns to; one that throws leaves any number of frames, of which only the
    /// last is changed. So what has not been the innermost since lies deeper than instructions have been
    /// executed, counted both from how deep it was and from how deep it is.
    fn unchanged(&self, task: &TaskState) -> usize {
        let executed = task.executed.saturating_sub(self.executed).saturating_add(2);
        let executed = usize::try_from(executed).unwrap_or(usize::MAX);
        self.frames.len().min(task.frames.len()).saturating_sub(executed)
    }
}

/// How many tokens there may be before those of dropped tasks are first looked for.
pub(crate) const MOST_TOKENS: usize = 64;

/// Which tasks there still are: a task and all of its clones share a token.
pub(crate) type Tokens = BTreeMap<u64, Weak<()>>;

/// Who a task is to its store, from the first time that this matters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    id: Option<u64>,
    token: Arc<()>,
}

/// It is nothing that the machine holds.
impl PartialEq for Identity {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Identity {
    /// The number, if there is one.
    pub(crate) fn known(&self) -> Option<TaskId> {
        self.id.map(TaskId)
    }

    /// The number, once there is one.
    pub(crate) fn number(&self) -> TaskId {
        TaskId(self.id.unwrap_or(u64::MAX))
    }
}

impl Store {
    /// The number of a task, for host functions.
    pub(crate) fn task_id(&mut self, task: &mut Identity) -> TaskId {
        match task.id {
            Some(id) => TaskId(id),
            None => TaskId(self.identify(task)),
        }
    }

    /// The number of a task.
    pub(crate) fn identify(&mut self, task: &mut Identity) -> u64 {
        match task.id {
            Some(id) => {
                self.tokens.entry(id).or_insert_with(|| Arc::downgrade(&task.token));
                id
            }
            None => {
                let id = self.next_task;
                self.next_task += 1;
                task.id = Some(id);
                if self.tokens.len() >= self.most_tokens {
                    self.tokens.retain(|_, token| token.strong_count() > 0);
                    self.most_tokens = (2 * self.tokens.len()).max(MOST_TOKENS);
                }
                self.tokens.insert(id, Arc::downgrade(&task.token));
                id
            }
        }
    }

    /// Whether a task of this number has not been dropped.
    pub(crate) fn is_alive(&self, task: TaskId) -> bool {
        self.tokens.get(&task.0).is_some_and(|token| token.strong_count() > 0)
    }

    /// Notes what a task refers to that has just stopped.
    #[inline(always)]
    pub(crate) fn park(&mut self, task: &mut TaskState) {
        if !self.state.heap.is_empty() || self.traces_externals {
            self.note(task);
        }
    }

    #[inline(never)]
    fn note(&mut self, task: &mut TaskState) {
        let id = self.identify(&mut task.identity);
        let parked = self.state.parked.tasks.entry(id).or_default();
        let known = parked.note.is_some() && parked.note == task.stamp.note;
        let kept = if known && task.outer.is_empty() { parked.unchanged(task) } else { 0 };
        parked.frames.truncate(kept);
        parked.frames.extend(task.all_frames().skip(kept));
        let live = task.stack.live();
        let from = parked.frames.get(kept).map_or(0, |frame| frame.base as usize).min(live.len());
        parked.slots.truncate(from);
        parked.slots.extend_from_slice(live.get(from..).unwrap_or_default());
        // What lies under a host frame may be any of it.
        parked.note = task.outer.is_empty().then_some(self.next_note);
        parked.executed = task.executed;
        task.stamp.note = Some(self.next_note);
        self.next_note += 1;
        parked.values = task.values();
        parked.hosts.clear();
        parked.hosts.extend(task.started_hosts());
    }

    /// Frees what cannot be reached any more, and returns how many bytes that was.
    ///
    /// Reached is what globals, tables, element segments and tasks refer to, and what is
    /// [held](Store::hold). Running collects by itself when the heap has grown.
    ///
    /// # Errors
    /// None for functions of validated modules.
    pub fn collect_garbage(&mut self) -> Result<u64> {
        let before = self.state.heap.used_bytes();
        self.collect(None)?;
        Ok(before - self.state.heap.used_bytes())
    }

    /// Keeps what a value refers to until it is [released](Store::release). The results of
    /// [`Store::invoke`] are held.
    pub fn hold(&mut self, value: Value) {
        self.state.parked.held.extend(object_of(value));
    }

    /// Lets go of what has been held.
    pub fn release(&mut self, value: Value) {
        if let Some(object) = object_of(value) {
            self.state.parked.held.remove(&object);
        }
    }

    /// Lets go of everything that has been held.
    pub fn release_all(&mut self) {
        self.state.parked.held.clear();
    }

    /// Collects garbage while a task runs, which need not be parked.
    pub(crate) fn collect(&mut self, running: Option<&TaskState>) -> Result<()> {
        self.forget_dropped_tasks();
        let found: Vec<_> = self.roots(running)?.into_iter().filter_map(object_of_slot).collect();
        let StoreState { heap, tags, .. } = &mut self.state;
        heap.collect(&self.types, tags, &found);
        Ok(())
    }

    /// What they have left behind keeps nothing alive.
    pub(super) fn forget_dropped_tasks(&mut self) {
        let tokens = &mut self.tokens;
        let is_alive = |id: &u64| tokens.get(id).is_some_and(|token| token.strong_count() > 0);
        self.state.parked.tasks.retain(|id, _| is_alive(id));
        tokens.retain(|_, token| token.strong_count() > 0);
    }

    /// All references that are reached at once, as slots, null among them.
    pub(super) fn roots(&self, running: Option<&TaskState>) -> Result<Vec<u64>> {
        let mut roots = Roots { store: self, found: Vec::new(), places: BTreeMap::new() };
        roots.globals();
        let held = self.state.parked.held.iter();
        roots.found.extend(held.map(|object| AnyRef::Object(*object).to_slot()));
        let own = running.and_then(|task| task.identity.id);
        for (id, task) in &self.state.parked.tasks {
            if Some(*id) != own {
                roots.frames(&task.frames, &task.slots)?;
                roots.arguments(&task.hosts, &task.slots);
                roots.found.extend(task.values.iter().copied().filter_map(reference_of));
            }
        }
        if let Some(task) = running {
            let frames: Vec<Frame> = task.all_frames().collect();
            roots.frames(&frames, task.stack.live())?;
            let hosts: Vec<_> = task.started_hosts().collect();
            roots.arguments(&hosts, task.stack.live());
            roots.found.extend(task.values().into_iter().filter_map(reference_of));
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
    fn values(&self) -> Vec<Value> {
        match &self.status {
            Status::Done(values) => values.clone(),
            Status::Trapped(trap) => trap.values().to_vec(),
            _ => Vec::new(),
        }
    }
}

impl TaskState {
    /// All wasm frames, outermost first.
    fn all_frames(&self) -> impl Iterator<Item = Frame> + '_ {
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
        for instance in &state.instances {
            let Some(entry) = self.store.modules.get(instance.module.index()) else { continue };
            let segments = entry.module.elements().iter().zip(&instance.elements);
            let traced = segments.filter(|(segment, _)| is_traced(segment.ty.into()));
            let slots = traced.flat_map(|(_, addr)| state.elements[addr.index()].iter());
            self.found.extend(slots);
        }
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
    fn arguments(&mut self, hosts: &[(FuncAddr, u32)], slots: &[u64]) {
        for (func, first) in hosts {
            if let Some(ty) = self.store.func_type(*func) {
                self.typed(ty.params(), slots.get(*first as usize..).unwrap_or_default());
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
        let fields = crate::value::read_values(&types, heap.fields(object));
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
        let heap = &self.state.heap;
        let units = (0..len.min(most)).map(|index| heap.element(object, 1, index) as u16);
        Some((units.collect(), len))
    }

    /// Makes a string, as the builtins of `wasm:js-string` take it. It is held until it is
    /// [released](Store::release).
    ///
    /// # Errors
    /// [`Error::Limit`] if the heap has no room.
    pub fn new_string(&mut self, text: &str) -> Result<Value> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let value = self.string_of(&units, None)?;
        self.hold(value);
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
        for (index, unit) in (0..).zip(units) {
            self.state.heap.set_element(made, 1, index, u64::from(*unit));
        }
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
