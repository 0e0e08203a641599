//! The store: arenas of everything that modules share while they run.
//!
//! [`StoreState`] is plain data, named by index: it can be cloned and compared. Modules are
//! shared and immutable beside it, host functions live in [`crate::host`] and are named by the
//! state. [`Linker`] resolves imports and instantiates.

pub(crate) mod allocator;
mod check;
pub(crate) mod crossings;
mod data;
mod evaluate;
mod externals;
mod fields;
pub(crate) mod heap;
mod instance;
mod linker;
mod make;
mod past;
#[cfg(feature = "std")]
mod pool;
mod prelink;
mod prepare;
pub(crate) mod roots;
mod table;
mod typed_func;
mod units;
pub(crate) mod waiters;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::config::{Config, Engine};
use crate::error::{Error, LimitKind, Result};
use crate::exec::arena::Tasks;
use crate::exec::fast::Scratch;
use crate::exec::{Budget, CallState, RunLimits, Stop, Suspended, Task, TaskState};
use crate::flags::Flags;
use crate::host::record::Recorder;
use crate::host::{HostFunction, HostFunctions};
use crate::ids::{
    FuncAddr, FuncIndex, GlobalAddr, InstanceId, MemAddr, ModuleId, ObjectAddr, TableAddr, TagAddr,
    TypeId,
};
use crate::memory::LinearMemory;
use crate::module::{ExportItem, Module};
use crate::observe::Debugger;
use crate::recording::{Journal, Step};
use crate::types::{ExternType, FuncType, GlobalType, Limits, Mutability, SubType, Types};
use crate::value::{Value, join, split};

use allocator::Permit;
use crossings::Crossings;
use data::HostData;
use waiters::Waiters;

pub(crate) use heap::width_log2;
pub use heap::{Heap, ObjectKind};
pub use instance::Instance;
pub use linker::{Instantiation, Linker};
pub(crate) use past::Live;
pub use prelink::Prelinked;
pub use roots::Object;
pub use table::Table;
pub use typed_func::TypedFunc;

/// Owns instances and what they share, and the tasks that run in it.
pub struct Store {
    engine: Engine,
    pub(crate) modules: Vec<ModuleEntry>,
    /// Where in `modules` each has its place, by [`Module::address`].
    entered: BTreeMap<usize, ModuleId>,
    pub(crate) types: Types,
    pub(crate) state: StoreState,
    pub(crate) hosts: HostFunctions,
    pub(crate) debugger: Debugger,
    /// One for each instance, where these are counted.
    pub(crate) permits: Vec<Permit>,
    /// What tasks and states know it by.
    pub(crate) identity: Arc<()>,
    /// Host calls of tasks that have begun, by the places of the tasks.
    pub(crate) suspended: BTreeMap<u32, Suspended>,
    /// The room of a task that is over, for the next one.
    pub(crate) spare: Option<Box<TaskState>>,
    /// Places of tasks whose last handles have been dropped.
    pub(crate) ended: Flags,
    pub(crate) recorder: Recorder,
    /// What the embedder does, where that is noted; not there while a task runs.
    pub(crate) journal: Option<Box<Journal>>,
    /// Whether running code marks the pages of memories that it writes.
    pub(crate) marks: bool,
    /// Room that tasks take turns to run in.
    scratch: Scratch,
    names: BTreeMap<InstanceId, Arc<str>>,
    /// How often a state has been put back.
    pub(crate) restored: u64,
    /// A number that has not been given yet: none comes again, whatever is restored.
    pub(crate) next_task: u64,
    data: HostData,
    pub(crate) limits: RunLimits,
}

/// The part of a store that running changes, as plain data.
///
/// A clone is a snapshot; [`Store::restore`] puts it back.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoreState {
    /// Instances, functions and tags never change once they are made: snapshots share them.
    pub(crate) instances: Arc<Vec<Instance>>,
    pub(crate) funcs: Arc<Vec<FuncEntity>>,
    pub(crate) tables: Vec<Table>,
    pub(crate) memories: Vec<LinearMemory>,
    pub(crate) globals: Vec<Global>,
    /// Empty, once dropped.
    pub(crate) elements: Vec<Arc<[u64]>>,
    pub(crate) data: Vec<DataInstance>,
    /// The type of each tag.
    pub(crate) tags: Arc<Vec<TypeId>>,
    pub(crate) heap: Heap,
    pub(crate) waiters: Waiters,
    pub(crate) crossings: Crossings,
    pub(crate) tasks: Tasks,
    /// Objects that the embedder holds.
    pub(crate) held: BTreeSet<ObjectAddr>,
    pub(crate) usage: Usage,
    origin: Origin,
}

/// The store that a state is of. It is nothing that the machine holds: all are equal.
#[derive(Clone, Debug, Default)]
struct Origin(Arc<()>);

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// How much of the store-wide limits is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Bytes of all linear memories.
    pub memory: u64,
    /// Elements of all tables.
    pub table: u64,
}

impl Usage {
    pub(crate) fn check_memory(&self, config: &Config, added: u64) -> Result<()> {
        check_limit(LimitKind::StoreMemory, self.memory, added, config.max_store_memory)
    }

    pub(crate) fn check_table(&self, config: &Config, added: u64) -> Result<()> {
        check_limit(LimitKind::StoreTable, self.table, added, config.max_store_table)
    }
}

fn check_limit(limit: LimitKind, used: u64, added: u64, allowed: u64) -> Result<()> {
    let requested = used.saturating_add(added);
    if requested > allowed {
        return Err(Error::Limit { limit, requested, allowed, offset: None });
    }
    Ok(())
}

/// A module and its types as the store knows them.
#[derive(Debug)]
pub(crate) struct ModuleEntry {
    pub(crate) module: Module,
    pub(crate) types: Box<[TypeId]>,
}

impl ModuleEntry {
    /// Bytes of a data segment; none if it has been dropped.
    pub(crate) fn data(&self, segment: u32, dropped: bool) -> &[u8] {
        let inner = self.module.inner();
        inner
            .data
            .get(segment as usize)
            .filter(|_| !dropped)
            .and_then(|data| inner.bytes.get(data.range.start as usize..data.range.end as usize))
            .unwrap_or(&[])
    }
}

/// What a function address stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FuncEntity {
    Wasm {
        instance: InstanceId,
        func: FuncIndex,
        ty: TypeId,
    },
    /// `host` counts the store's host functions.
    Host {
        host: u32,
        ty: TypeId,
    },
}

impl FuncEntity {
    #[inline(always)]
    pub(crate) fn ty(&self) -> TypeId {
        match *self {
            FuncEntity::Wasm { ty, .. } | FuncEntity::Host { ty, .. } => ty,
        }
    }
}

/// A global of a store.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Global {
    pub(crate) ty: GlobalType,
    pub(crate) slot: u64,
    /// The upper half of a vector.
    pub(crate) upper: u64,
}

impl Global {
    pub(crate) fn new(ty: GlobalType, bits: u128) -> Self {
        let [slot, upper] = split(bits);
        Self { ty, slot, upper }
    }
}

/// A data segment of an instance; its bytes stay in the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct DataInstance {
    pub(crate) dropped: bool,
}

/// Something that can be imported or exported, by address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Extern {
    /// A function.
    Func(FuncAddr),
    /// A table.
    Table(TableAddr),
    /// A memory.
    Memory(MemAddr),
    /// A global.
    Global(GlobalAddr),
    /// A tag.
    Tag(TagAddr),
}

/// What a function address stands for, for display.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FuncInfo {
    /// A function of an instance.
    Wasm {
        /// The instance.
        instance: InstanceId,
        /// The function in its module.
        func: FuncIndex,
    },
    /// A host function.
    Host {
        /// Module name it was defined under.
        module: Arc<str>,
        /// Field name it was defined under.
        name: Arc<str>,
    },
}

impl Store {
    /// An empty store.
    pub fn new(engine: &Engine) -> Self {
        let identity = Arc::new(());
        Self {
            engine: engine.clone(),
            modules: Vec::new(),
            entered: BTreeMap::new(),
            types: Types::default(),
            state: StoreState { origin: Origin(identity.clone()), ..StoreState::default() },
            hosts: HostFunctions::default(),
            debugger: Debugger::default(),
            permits: Vec::new(),
            identity,
            suspended: BTreeMap::new(),
            spare: None,
            ended: Flags::default(),
            recorder: Recorder::default(),
            journal: None,
            marks: false,
            scratch: Scratch::default(),
            names: BTreeMap::new(),
            data: HostData::default(),
            limits: RunLimits::default(),
            restored: 0,
            next_task: 0,
        }
    }

    /// The engine it belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The state, for comparing or cloning.
    pub fn state(&self) -> &StoreState {
        &self.state
    }

    /// Puts back a state of this store taken earlier. Instances and tasks made since are gone, and the others
    /// stand where they stood, but for tasks whose last handles have been dropped since. What host functions were awaiting is given up: their calls are the embedder's to
    /// answer. In an engine with a pool, memories, tables and stacks that are put back are none of the pool's, and it
    /// does not count them.
    ///
    /// # Errors
    /// [`Error::NotOfStore`] if the state was not taken from this store.
    pub fn restore(&mut self, state: StoreState) -> Result<()> {
        if !Arc::ptr_eq(&state.origin.0, &self.identity) {
            return Err(Error::NotOfStore { what: "state" });
        }
        self.lose_steps("another state was put back");
        self.state = state;
        self.restored += 1;
        self.permits.truncate(self.state.instances.len());
        self.settle_tasks();
        let Self { state, types, debugger, .. } = self;
        debugger.restored(&state.heap, types);
        Ok(())
    }

    /// Breakpoints and watchpoints.
    pub fn debugger(&self) -> &Debugger {
        &self.debugger
    }

    /// Breakpoints and watchpoints, for setting.
    pub fn debugger_mut(&mut self) -> &mut Debugger {
        &mut self.debugger
    }

    /// Notes which objects are watched, as running a task does. Who looks into the past before anything runs again
    /// does it first.
    pub fn note_watched(&mut self) {
        let Self { state, types, modules, debugger, .. } = self;
        debugger.prepare(state, types, modules);
    }

    /// All instances, in order of creation.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = InstanceId> + use<> {
        (0..self.state.instances.len()).map(InstanceId::from_index)
    }

    /// An instance's addresses.
    pub fn instance(&self, instance: InstanceId) -> Option<&Instance> {
        self.state.instances.get(instance.index())
    }

    /// The module of an instance.
    pub fn module_of(&self, instance: InstanceId) -> Option<&Module> {
        let instance = self.instance(instance)?;
        self.modules.get(instance.module.index()).map(|entry| &entry.module)
    }

    /// What an instance exports under a name.
    pub fn export(&self, instance: InstanceId, name: &str) -> Option<Extern> {
        let item = self.module_of(instance)?.export(name)?.item;
        self.instance(instance)?.extern_of(item)
    }

    /// An exported function.
    ///
    /// # Errors
    /// [`Error::UnknownExport`] or [`Error::WrongExportKind`].
    pub fn export_func(&self, instance: InstanceId, name: &str) -> Result<FuncAddr> {
        match self.export(instance, name) {
            Some(Extern::Func(addr)) => Ok(addr),
            Some(other) => Err(Error::WrongExportKind {
                name: name.into(),
                expected: "func",
                found: other.kind(),
            }),
            None => Err(Error::UnknownExport { name: name.into() }),
        }
    }

    /// Starts a function: the task stands before its first instruction.
    ///
    /// # Errors
    /// [`Error::Arity`] or [`Error::Type`] if the arguments are not those of the function's type,
    /// [`Error::UnknownIndex`] if the store has no such function.
    pub fn start(&mut self, func: FuncAddr, args: &[Value]) -> Result<Task> {
        Task::start(self, func, args)
    }

    /// Calls a function and runs it to its end.
    ///
    /// # Errors
    /// Those of [`Store::start`], [`Error::Trap`], [`Error::Exit`], and [`Error::Unanswered`] if a host
    /// function has no answer. Breakpoints and watchpoints are passed over.
    pub fn invoke(&mut self, func: FuncAddr, args: &[Value]) -> Result<Vec<Value>> {
        let task = self.start(func, args)?;
        self.finish(task)
    }

    /// Runs a task to its end, as [`Store::invoke`] does.
    pub(crate) fn finish(&mut self, mut task: Task) -> Result<Vec<Value>> {
        let result = loop {
            let stop = match task.run(self, Budget::unlimited()) {
                Ok(stop) => stop,
                Err(error) => break Err(error),
            };
            if let Some(result) = self.take_up(&mut task, stop) {
                break result;
            }
        };
        self.end_task(task)?;
        result
    }

    /// What a stop means for a task that nobody else is to drive: its end, unless it can go on.
    pub(crate) fn take_up(&mut self, task: &mut Task, stop: Stop) -> Option<Result<Vec<Value>>> {
        Some(match stop {
            Stop::Done(values) => {
                values.iter().for_each(|value| self.hold(*value));
                Ok(values)
            }
            // Nobody else runs who could notify it.
            Stop::Wait(wait) if wait.timeout.is_some() => match task.time_out(self) {
                Ok(()) => return None,
                Err(error) => Err(error),
            },
            Stop::Wait(wait) => Err(Error::Deadlock { address: wait.address }),
            Stop::Trap(trap) => Err(Error::Trap(trap)),
            Stop::Exit(code) => Err(Error::Exit { code }),
            Stop::Interrupted => Err(Error::Interrupted),
            Stop::HostCall(call) if call.state == CallState::Breakpoint => return None,
            Stop::HostCall(call) => {
                Err(Error::Unanswered { module: (*call.module).into(), name: (*call.name).into() })
            }
            Stop::Budget | Stop::Breakpoint(_) | Stop::Watchpoint(_) => return None,
        })
    }

    /// Type of a function.
    pub fn func_type(&self, func: FuncAddr) -> Option<&FuncType> {
        let entity = self.state.funcs.get(func.index())?;
        self.types.func(entity.ty())
    }

    /// What a function address stands for.
    pub fn func_info(&self, func: FuncAddr) -> Option<FuncInfo> {
        Some(match *self.state.funcs.get(func.index())? {
            FuncEntity::Wasm { instance, func, .. } => FuncInfo::Wasm { instance, func },
            FuncEntity::Host { host, .. } => {
                let host = self.hosts.get(host)?;
                FuncInfo::Host { module: host.module.clone(), name: host.name.clone() }
            }
        })
    }

    /// A linear memory.
    pub fn memory(&self, memory: MemAddr) -> Option<&LinearMemory> {
        self.state.memories.get(memory.index())
    }

    /// A linear memory, for writing. What is written is not [noted](Store::note_steps), as it is by
    /// [`Store::write_memory`].
    pub fn memory_mut(&mut self, memory: MemAddr) -> Option<&mut LinearMemory> {
        self.lose_steps("a memory was written to directly");
        self.state.memories.get_mut(memory.index())
    }

    /// Writes bytes of a linear memory.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`] if there is no such memory, [`Error::MemoryAccess`] if they do not lie in it.
    pub fn write_memory(&mut self, memory: MemAddr, address: u64, bytes: &[u8]) -> Result<()> {
        let unknown = Error::UnknownIndex { what: "memory", index: memory.0.into() };
        self.state.memories.get_mut(memory.index()).ok_or(unknown)?.write(address, bytes)?;
        self.note_step(|| Step::WriteMemory { memory, address, bytes: bytes.into() });
        Ok(())
    }

    /// *Growing memories*: adds zeroed pages and returns the old size in pages, or `None` if that cannot be.
    pub fn grow_memory(&mut self, memory: MemAddr, pages: u64) -> Option<u64> {
        self.note_step(|| Step::GrowMemory { memory, pages });
        let Self { engine, state, .. } = self;
        let StoreState { memories, usage, .. } = state;
        memories.get_mut(memory.index())?.grow(engine.config(), usage, pages)
    }

    /// *Growing tables*: adds null references and returns the old size, or `None` if that cannot be.
    pub fn grow_table(&mut self, table: TableAddr, by: u64) -> Option<u64> {
        if by > 0 && !self.table(table)?.ty().element.nullable {
            return None;
        }
        self.note_step(|| Step::GrowTable { table, by });
        let Self { engine, state, .. } = self;
        let StoreState { tables, usage, .. } = state;
        tables.get_mut(table.index())?.grow(engine.config(), usage, by, 0)
    }

    /// Sets an element of a table.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`] if there is no such table or element, [`Error::Type`].
    pub fn set_table(&mut self, table: TableAddr, index: u64, value: Value) -> Result<()> {
        let unknown = |what, index| Error::UnknownIndex { what, index };
        let found = self.table(table).ok_or_else(|| unknown("table", u64::from(table.0)))?;
        self.check_type("element", 0, found.ty().element.into(), &value)?;
        let elements = self.state.tables.get_mut(table.index()).map(|table| &mut table.elements);
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let slot = elements.and_then(|elements| elements.get_mut(position));
        *slot.ok_or_else(|| unknown("element", index))? = value.to_bits() as u64;
        self.note_step(|| Step::SetTable { table, index, value });
        Ok(())
    }

    /// Gives an instance a name, by which host functions find it.
    pub fn name_instance(&mut self, instance: InstanceId, name: &str) {
        self.note_step(|| Step::Name { instance, name: name.into() });
        self.names.insert(instance, name.into());
    }

    /// The name that an instance was given, or that its module has.
    pub fn instance_name(&self, instance: InstanceId) -> Option<&str> {
        let given = self.names.get(&instance).map(|name| &**name);
        given.or_else(|| self.module_of(instance)?.name())
    }

    /// The first instance of a name: one that was given it, or else one whose module has it.
    pub fn instance_named(&self, name: &str) -> Option<InstanceId> {
        let given = self.names.iter().find(|(_, known)| ***known == *name);
        given.map(|(instance, _)| *instance).or_else(|| {
            let mut instances = self.instances();
            instances
                .find(|instance| self.module_of(*instance).and_then(Module::name) == Some(name))
        })
    }

    /// The definition of a host function.
    pub(crate) fn host_of(&self, func: FuncAddr) -> Option<&HostFunction> {
        match *self.state.funcs.get(func.index())? {
            FuncEntity::Host { host, .. } => self.hosts.get(host),
            FuncEntity::Wasm { .. } => None,
        }
    }

    /// A table.
    pub fn table(&self, table: TableAddr) -> Option<&Table> {
        self.state.tables.get(table.index())
    }

    /// Type and value of a global.
    pub fn global(&self, global: GlobalAddr) -> Option<(GlobalType, Value)> {
        let global = self.state.globals.get(global.index())?;
        let bits = join([global.slot, global.upper]);
        Some((global.ty, Value::from_bits(global.ty.content, bits)))
    }

    /// Sets a mutable global.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`], [`Error::ImmutableGlobal`] or [`Error::Type`].
    pub fn set_global(&mut self, global: GlobalAddr, value: Value) -> Result<()> {
        let index = global.0;
        let unknown = || Error::UnknownIndex { what: "global", index: u64::from(index) };
        let ty = self.state.globals.get(global.index()).ok_or_else(unknown)?.ty;
        if ty.mutability == Mutability::Const {
            return Err(Error::ImmutableGlobal { index });
        }
        self.check_type("global", 0, ty.content, &value)?;
        if let Some(global) = self.state.globals.get_mut(global.index()) {
            [global.slot, global.upper] = split(value.to_bits());
        }
        self.note_step(|| Step::SetGlobal { global, value });
        Ok(())
    }

    /// The type of an external, with the present sizes of memories and tables.
    pub fn extern_type(&self, item: Extern) -> Option<ExternType> {
        Some(match item {
            Extern::Func(addr) => ExternType::Func(self.func_type(addr)?.clone()),
            Extern::Table(addr) => {
                let table = self.table(addr)?;
                let limits = Limits { min: table.size(), ..table.ty().limits };
                ExternType::Table(crate::types::TableType { limits, ..table.ty() })
            }
            Extern::Memory(addr) => {
                let memory = self.memory(addr)?;
                let limits = Limits { min: memory.pages(), ..memory.ty().limits };
                ExternType::Memory(crate::types::MemoryType { limits, ..memory.ty() })
            }
            Extern::Global(addr) => ExternType::Global(self.state.globals.get(addr.index())?.ty),
            Extern::Tag(addr) => ExternType::Tag(self.tag_type(addr)?.clone()),
        })
    }

    /// What exceptions of a tag carry, as parameters.
    pub fn tag_type(&self, tag: TagAddr) -> Option<&FuncType> {
        self.types.func(*self.state.tags.get(tag.index())?)
    }

    /// The name of a tag, in the first module that gives it one.
    pub fn tag_name(&self, tag: TagAddr) -> Option<Arc<str>> {
        self.state.instances.iter().find_map(|instance| {
            let index = instance.tags.iter().position(|known| *known == tag)? as u32;
            let module = &self.modules.get(instance.module.index())?.module;
            let exported = || {
                let mut exports = module.exports().iter();
                exports.find(|export| export.item == ExportItem::Tag(index)).map(|tag| &*tag.name)
            };
            let name = module.item_name(crate::module::NameKind::Tag, index).or_else(exported)?;
            Some(name.into())
        })
    }

    /// A defined type of the store.
    pub fn defined_type(&self, id: TypeId) -> Option<&SubType> {
        self.types.get(id)
    }

    /// Where a type was first met: a module and the type's index there.
    pub fn origin_of(&self, id: TypeId) -> Option<(&Module, u32)> {
        self.modules.iter().find_map(|entry| {
            let index = entry.types.iter().position(|known| *known == id)?;
            Some((&entry.module, index as u32))
        })
    }

    /// The fields that running borrows apart from each other.
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { engine, modules, types, state, debugger, scratch, marks, .. } = self;
        Parts { engine, modules, types, state, debugger, scratch, marks: *marks }
    }

    /// The entry of a module, made on its first instantiation.
    pub(crate) fn enter_module(&mut self, module: &Module) -> ModuleId {
        let next = ModuleId::from_index(self.modules.len());
        let id = *self.entered.entry(module.address()).or_insert(next);
        if id == next {
            let types = self.types.intern_module(module.types(), module.recursion_groups());
            self.modules.push(ModuleEntry { module: module.clone(), types });
        }
        id
    }
}

impl Extern {
    /// `func`, `table`, `memory`, `global` or `tag`.
    pub fn kind(&self) -> &'static str {
        match self {
            Extern::Func(_) => "func",
            Extern::Table(_) => "table",
            Extern::Memory(_) => "memory",
            Extern::Global(_) => "global",
            Extern::Tag(_) => "tag",
        }
    }
}

/// The fields of a store that running borrows apart from each other.
pub(crate) struct Parts<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) modules: &'a [ModuleEntry],
    pub(crate) types: &'a Types,
    pub(crate) state: &'a mut StoreState,
    pub(crate) debugger: &'a mut Debugger,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) marks: bool,
}

impl Instance {
    /// The address of what an export names.
    pub fn extern_of(&self, item: ExportItem) -> Option<Extern> {
        Some(match item {
            ExportItem::Func(index) => Extern::Func(*self.funcs.get(index.index())?),
            ExportItem::Table(index) => Extern::Table(*self.tables.get(index as usize)?),
            ExportItem::Memory(index) => Extern::Memory(*self.memories.get(index as usize)?),
            ExportItem::Global(index) => Extern::Global(*self.globals.get(index as usize)?),
            ExportItem::Tag(index) => Extern::Tag(*self.tags.get(index as usize)?),
        })
    }
}
