//! The store: arenas of everything that modules share while they run.
//!
//! [`StoreState`] is plain data, named by index: it can be cloned and compared. Modules are
//! shared and immutable beside it, host functions live in [`crate::host`] and are named by the
//! state. [`Linker`] resolves imports and instantiates.

pub(crate) mod allocator;
mod instance;
mod linker;
#[cfg(feature = "std")]
mod pool;
mod table;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::config::{Config, Engine};
use crate::error::{Error, LimitKind, Result};
use crate::exec::{Budget, HostAnswer, Stop, Task};
use crate::host::HostFunctions;
use crate::ids::{
    FuncAddr, FuncIndex, GlobalAddr, InstanceId, MemAddr, ModuleId, TableAddr, TypeId,
};
use crate::memory::{HostBytes, LinearMemory};
use crate::module::{ExportItem, Module};
use crate::observe::Debugger;
use crate::types::{ExternType, FuncType, GlobalType, Limits, Mutability, ValType};
use crate::value::{Ref, Value, join, split};

use allocator::Permit;

pub use instance::Instance;
pub use linker::{Instantiation, Linker};
pub use table::Table;

/// Owns instances and what they share; tasks run against it.
pub struct Store {
    engine: Engine,
    pub(crate) modules: Vec<ModuleEntry>,
    pub(crate) state: StoreState,
    pub(crate) hosts: HostFunctions,
    pub(crate) debugger: Debugger,
    /// One for each instance, where these are counted.
    pub(crate) permits: Vec<Permit>,
}

/// The part of a store that running changes, as plain data.
///
/// A clone is a snapshot; [`Store::restore`] puts it back.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoreState {
    pub(crate) instances: Vec<Instance>,
    pub(crate) funcs: Vec<FuncEntity>,
    pub(crate) tables: Vec<Table>,
    pub(crate) memories: Vec<LinearMemory>,
    pub(crate) globals: Vec<Global>,
    pub(crate) elements: Vec<Box<[u64]>>,
    pub(crate) data: Vec<DataInstance>,
    pub(crate) types: Types,
    pub(crate) usage: Usage,
}

/// The function types of all modules, each once.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Types {
    list: Vec<FuncType>,
    ids: BTreeMap<FuncType, TypeId>,
}

impl Types {
    pub(crate) fn get(&self, id: TypeId) -> Option<&FuncType> {
        self.list.get(id.index())
    }

    /// The id of a function type; equal types get equal ids.
    pub(crate) fn intern(&mut self, ty: &FuncType) -> TypeId {
        if let Some(id) = self.ids.get(ty) {
            return *id;
        }
        let id = TypeId::from_index(self.list.len());
        self.list.push(ty.clone());
        self.ids.insert(ty.clone(), id);
        id
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
        Self {
            engine: engine.clone(),
            modules: Vec::new(),
            state: StoreState::default(),
            hosts: HostFunctions::default(),
            debugger: Debugger::default(),
            permits: Vec::new(),
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

    /// Puts back a state of this store taken earlier. Instances made since are gone.
    pub fn restore(&mut self, state: StoreState) {
        self.state = state;
    }

    /// Breakpoints and watchpoints.
    pub fn debugger(&self) -> &Debugger {
        &self.debugger
    }

    /// Breakpoints and watchpoints, for setting.
    pub fn debugger_mut(&mut self) -> &mut Debugger {
        &mut self.debugger
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
    pub fn start(&self, func: FuncAddr, args: &[Value]) -> Result<Task> {
        Task::start(self, func, args)
    }

    /// Calls a function and runs it to its end.
    ///
    /// # Errors
    /// Those of [`Store::start`], [`Error::Trap`], and [`Error::Unanswered`] if a host function
    /// without a closure is called. Breakpoints and watchpoints are passed over.
    pub fn invoke(&mut self, func: FuncAddr, args: &[Value]) -> Result<Vec<Value>> {
        let task = self.start(func, args)?;
        self.finish(task)
    }

    /// Runs a task to its end, as [`Store::invoke`] does.
    pub(crate) fn finish(&mut self, mut task: Task) -> Result<Vec<Value>> {
        loop {
            match task.run(self, Budget::unlimited())? {
                Stop::Done(values) => return Ok(values),
                Stop::Trap(trap) => return Err(Error::Trap(trap)),
                Stop::HostCall(call) => {
                    return Err(Error::Unanswered {
                        module: (*call.module).into(),
                        name: (*call.name).into(),
                    });
                }
                Stop::Budget | Stop::Breakpoint(_) | Stop::Watchpoint(_) => {}
            }
        }
    }

    /// Type of a function.
    pub fn func_type(&self, func: FuncAddr) -> Option<&FuncType> {
        let entity = self.state.funcs.get(func.index())?;
        self.state.types.get(entity.ty())
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

    /// A linear memory, for writing.
    pub fn memory_mut(&mut self, memory: MemAddr) -> Option<&mut LinearMemory> {
        self.state.memories.get_mut(memory.index())
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
        let global = self
            .state
            .globals
            .get_mut(global.index())
            .ok_or(Error::UnknownIndex { what: "global", index: u64::from(index) })?;
        if global.ty.mutability == Mutability::Const {
            return Err(Error::ImmutableGlobal { index });
        }
        check_type("global", 0, global.ty.content, &value)?;
        [global.slot, global.upper] = split(value.to_bits());
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
                ExternType::Memory(crate::types::MemoryType { limits })
            }
            Extern::Global(addr) => ExternType::Global(self.state.globals.get(addr.index())?.ty),
        })
    }

    /// Makes a global that belongs to no instance, for definition in a [`Linker`].
    ///
    /// # Errors
    /// [`Error::Type`] if the value is of another type.
    pub fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<GlobalAddr> {
        check_type("global", 0, ty.content, &value)?;
        let addr = GlobalAddr::from_index(self.state.globals.len());
        self.state.globals.push(Global::new(ty, value.to_bits()));
        Ok(addr)
    }

    /// Makes a memory that belongs to no instance.
    ///
    /// # Errors
    /// [`Error::Limit`] or [`Error::OutOfMemory`].
    pub fn new_memory(&mut self, ty: crate::types::MemoryType) -> Result<MemAddr> {
        let memory = LinearMemory::new(&self.engine, &mut self.state.usage, ty, None)?;
        self.state.memories.push(memory);
        Ok(MemAddr::from_index(self.state.memories.len() - 1))
    }

    /// Makes a memory over bytes of the embedder, which belongs to no instance. Snapshots of the
    /// store have a copy of the bytes.
    ///
    /// # Errors
    /// [`Error::Limit`] if there are fewer bytes than the type's minimum, more than its maximum or a
    /// limit allows, or no whole pages.
    pub fn new_memory_over(
        &mut self,
        ty: crate::types::MemoryType,
        bytes: impl HostBytes,
    ) -> Result<MemAddr> {
        let (config, usage) = (self.engine.config(), &mut self.state.usage);
        self.state.memories.push(LinearMemory::over(config, usage, ty, Box::new(bytes))?);
        Ok(MemAddr::from_index(self.state.memories.len() - 1))
    }

    /// Makes a table of the embedder's entries, which belongs to no instance.
    ///
    /// # Errors
    /// [`Error::Limit`] if there are fewer entries than the type's minimum, more than its maximum or a
    /// limit allows; [`Error::Type`] if one is of another type; [`Error::UnknownIndex`] if one is no
    /// function of this store.
    pub fn new_table_over(
        &mut self,
        ty: crate::types::TableType,
        entries: &[Ref],
    ) -> Result<TableAddr> {
        let content = ValType::from(ty.element);
        let functions = self.state.funcs.len();
        let mut slots = Vec::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            let value = Value::from(*entry);
            check_type("entry", position, content, &value)?;
            if let Ref::Func(Some(addr)) = entry
                && addr.index() >= functions
            {
                return Err(Error::UnknownIndex { what: "function", index: addr.0.into() });
            }
            slots.push(value.to_slot());
        }
        let table = Table::over(&self.engine, &mut self.state.usage, ty, &slots)?;
        self.state.tables.push(table);
        Ok(TableAddr::from_index(self.state.tables.len() - 1))
    }

    /// Makes a table of null references that belongs to no instance.
    ///
    /// # Errors
    /// [`Error::Limit`] or [`Error::OutOfMemory`].
    pub fn new_table(&mut self, ty: crate::types::TableType) -> Result<TableAddr> {
        let table = Table::new(&self.engine, &mut self.state.usage, ty)?;
        self.state.tables.push(table);
        Ok(TableAddr::from_index(self.state.tables.len() - 1))
    }

    /// The fields that running borrows apart from each other.
    pub(crate) fn parts(&mut self) -> (&Engine, &[ModuleEntry], &mut StoreState, &mut Debugger) {
        (&self.engine, &self.modules, &mut self.state, &mut self.debugger)
    }

    /// The entry of a module, made on its first instantiation.
    pub(crate) fn enter_module(&mut self, module: &Module) -> ModuleId {
        let known = self.modules.iter().position(|entry| entry.module.same(module));
        let position = known.unwrap_or_else(|| {
            let types = module.types().iter().map(|ty| self.state.types.intern(ty)).collect();
            self.modules.push(ModuleEntry { module: module.clone(), types });
            self.modules.len() - 1
        });
        ModuleId::from_index(position)
    }

    /// Answers with what a closure of the host returned.
    pub(crate) fn answer_of(result: crate::host::HostResult) -> HostAnswer {
        match result {
            Ok(values) => HostAnswer::Return(values),
            Err(error) => HostAnswer::Trap(error.into_message()),
        }
    }
}

impl Extern {
    /// `func`, `table`, `memory` or `global`.
    pub fn kind(&self) -> &'static str {
        match self {
            Extern::Func(_) => "func",
            Extern::Table(_) => "table",
            Extern::Memory(_) => "memory",
            Extern::Global(_) => "global",
        }
    }
}

/// Checks one value against the type wanted.
pub(crate) fn check_type(
    what: &'static str,
    position: usize,
    expected: crate::types::ValType,
    value: &Value,
) -> Result<()> {
    let found = value.ty();
    if found != expected {
        return Err(Error::Type { what, position, expected, found });
    }
    Ok(())
}

/// Checks a list of values against a list of types.
pub(crate) fn check_values(
    lists: (&'static str, &'static str),
    types: &[crate::types::ValType],
    values: &[Value],
) -> Result<()> {
    if types.len() != values.len() {
        let (expected, found) = (types.len(), values.len());
        return Err(Error::Arity { what: lists.0, expected, found });
    }
    for (position, (ty, value)) in types.iter().zip(values).enumerate() {
        check_type(lists.1, position, *ty, value)?;
    }
    Ok(())
}

impl Instance {
    /// The address of what an export names.
    pub fn extern_of(&self, item: ExportItem) -> Option<Extern> {
        Some(match item {
            ExportItem::Func(index) => Extern::Func(*self.funcs.get(index.index())?),
            ExportItem::Table(index) => Extern::Table(*self.tables.get(index as usize)?),
            ExportItem::Memory(index) => Extern::Memory(*self.memories.get(index as usize)?),
            ExportItem::Global(index) => Extern::Global(*self.globals.get(index as usize)?),
        })
    }
}
