//! Linking: names to externals, and instantiation (*Execution, modules*).

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::allocator::Kind;
use super::{DataInstance, Extern, FuncEntity, Global, Instance, Store, Table, check_limit};
use crate::error::{Error, LimitKind, LinkError, Result};
use crate::exec::exact::{memory_init, table_init};
use crate::exec::{Task, Trap};
use crate::host::{Caller, HostFunction, HostImplementation, HostResult};
use crate::ids::{
    DataAddr, ElemAddr, FuncAddr, FuncIndex, GlobalAddr, InstanceId, MemAddr, TableAddr,
};
use crate::memory::LinearMemory;
use crate::module::{ConstExpr, ConstOp, ElementItems, Module, SegmentMode};
use crate::semantics::int;
use crate::types::{ExternType, FuncType};
use crate::value::{Ref, Slot, Value, join};

/// Names that imports are resolved against. A later definition of a name replaces an earlier one.
#[derive(Clone, Default)]
pub struct Linker {
    definitions: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Definition>>,
    instances: BTreeMap<Arc<str>, InstanceId>,
}

#[derive(Clone)]
enum Definition {
    Extern(Extern),
    Host(HostFunction),
}

/// An instance whose start function may still have to run.
#[derive(Debug)]
pub struct Instantiation {
    /// The new instance; its segments have been written.
    pub instance: InstanceId,
    /// The start function, before its first instruction.
    pub start: Option<Task>,
}

impl Linker {
    /// A linker without definitions.
    pub fn new() -> Self {
        Self::default()
    }

    fn insert(&mut self, module: &str, name: &str, definition: Definition) -> &mut Self {
        self.definitions.entry(module.into()).or_default().insert(name.into(), definition);
        self
    }

    /// Defines all exports of an instance under a module name.
    pub fn define_instance(&mut self, module: &str, instance: InstanceId) -> &mut Self {
        self.instances.insert(module.into(), instance);
        self
    }

    /// Defines one external of a store.
    pub fn define(&mut self, module: &str, name: &str, item: Extern) -> &mut Self {
        self.insert(module, name, Definition::Extern(item))
    }

    /// Defines a host function that a closure answers at once.
    ///
    /// Results are checked against `ty`; an `Err` is a trap with its message.
    pub fn func(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(&mut Caller<'_>, &[Value]) -> HostResult + 'static,
    ) -> &mut Self {
        self.host(module, name, ty, HostImplementation::Closure(alloc::rc::Rc::new(function)))
    }

    /// Defines a host function that always stops with [`Stop::HostCall`](crate::Stop::HostCall).
    pub fn func_unresolved(&mut self, module: &str, name: &str, ty: FuncType) -> &mut Self {
        self.host(module, name, ty, HostImplementation::Unresolved)
    }

    fn host(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        implementation: HostImplementation,
    ) -> &mut Self {
        let host = HostFunction { module: module.into(), name: name.into(), ty, implementation };
        self.insert(module, name, Definition::Host(host))
    }

    /// Whether an import of this name would be found; its type is not looked at.
    pub fn has(&self, store: &Store, module: &str, name: &str) -> bool {
        self.find(store, module, name).is_some()
    }

    fn find(&self, store: &Store, module: &str, name: &str) -> Option<Definition> {
        if let Some(definition) = self.definitions.get(module).and_then(|names| names.get(name)) {
            return Some(definition.clone());
        }
        let instance = *self.instances.get(module)?;
        store.export(instance, name).map(Definition::Extern)
    }

    /// Instantiates a module and runs its start function to the end.
    ///
    /// # Errors
    /// Those of [`Linker::begin_instantiate`], and those of [`Store::invoke`] for the start
    /// function.
    pub fn instantiate(&self, store: &mut Store, module: &Module) -> Result<InstanceId> {
        let Instantiation { instance, start } = self.begin_instantiate(store, module)?;
        if let Some(start) = start {
            store.finish(start)?;
        }
        Ok(instance)
    }

    /// Instantiates a module up to its start function, which is left to the caller to run.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::Limit`] and [`Error::OutOfMemory`] leave the store as it was.
    /// [`Error::Trap`] (an active segment beyond the end of its memory or table) keeps, as the
    /// specification demands, what has been written before.
    pub fn begin_instantiate(&self, store: &mut Store, module: &Module) -> Result<Instantiation> {
        let imports = self.resolve(store, module)?;
        let allowed = u64::from(store.engine.config().max_instances);
        check_limit(LimitKind::Instances, store.state.instances.len() as u64, 1, allowed)?;
        let permit = store.engine.allocator().clone().permit(Kind::Instance)?;
        let marks = Marks::of(store);
        let instance = match allocate(store, module, imports) {
            Ok(instance) => instance,
            Err(error) => {
                marks.rewind(store);
                return Err(error);
            }
        };
        store.permits.push(permit);
        initialize(store, module, instance)?;
        let start = match module.start() {
            Some(func) => {
                let addr = store.instance(instance).and_then(|instance| instance.func(func));
                let unknown = Error::UnknownIndex { what: "function", index: u64::from(func.0) };
                Some(store.start(addr.ok_or(unknown)?, &[])?)
            }
            None => None,
        };
        Ok(Instantiation { instance, start })
    }

    /// Finds every import and checks its type (*Import matching*).
    fn resolve(&self, store: &mut Store, module: &Module) -> Result<Vec<Extern>> {
        // Types first, so that a failure adds no host function to the store.
        let mut found = Vec::with_capacity(module.imports().len());
        for import in module.imports() {
            let fail = |reason| Error::Link {
                module: (*import.module).into(),
                name: (*import.name).into(),
                reason,
            };
            let definition = self
                .find(store, &import.module, &import.name)
                .ok_or_else(|| fail(LinkError::Unknown))?;
            let ty = match &definition {
                Definition::Extern(item) => store.extern_type(*item),
                Definition::Host(host) => Some(ExternType::Func(host.ty.clone())),
            };
            let ty = ty.ok_or_else(|| fail(LinkError::Unknown))?;
            if !ty.matches(&import.ty) {
                return Err(fail(LinkError::Incompatible {
                    expected: import.ty.to_string(),
                    found: ty.to_string(),
                }));
            }
            found.push(definition);
        }
        Ok(found
            .into_iter()
            .map(|definition| match definition {
                Definition::Extern(item) => item,
                Definition::Host(host) => Extern::Func(store.add_host(host)),
            })
            .collect())
    }
}

/// Lengths of the arenas, to take an allocation back.
struct Marks([usize; 7], super::Usage);

impl Marks {
    fn of(store: &Store) -> Self {
        let state = &store.state;
        let lengths = [
            state.instances.len(),
            state.funcs.len(),
            state.tables.len(),
            state.memories.len(),
            state.globals.len(),
            state.elements.len(),
            state.data.len(),
        ];
        Self(lengths, state.usage)
    }

    fn rewind(self, store: &mut Store) {
        let state = &mut store.state;
        let [instances, funcs, tables, memories, globals, elements, data] = self.0;
        state.instances.truncate(instances);
        state.funcs.truncate(funcs);
        state.tables.truncate(tables);
        state.memories.truncate(memories);
        state.globals.truncate(globals);
        state.elements.truncate(elements);
        state.data.truncate(data);
        state.usage = self.1;
    }
}

impl Store {
    /// The address of a host function; the same definition gets the same address.
    fn add_host(&mut self, host: HostFunction) -> FuncAddr {
        let ty = self.state.types.intern(&host.ty);
        let index = self.hosts.add(host);
        let entity = FuncEntity::Host { host: index, ty };
        let funcs = &mut self.state.funcs;
        if let Some(known) = self.hosts.address(index)
            && funcs.get(known.index()) == Some(&entity)
        {
            return known;
        }
        funcs.push(entity);
        let addr = FuncAddr::from_index(funcs.len() - 1);
        self.hosts.set_address(index, addr);
        addr
    }
}

/// *Allocation*: addresses for everything the module defines.
fn allocate(store: &mut Store, module: &Module, imports: Vec<Extern>) -> Result<InstanceId> {
    let module_id = store.enter_module(module);
    let inner = module.inner();
    let id = InstanceId::from_index(store.state.instances.len());
    let engine = store.engine.clone();

    let mut funcs = Vec::with_capacity(inner.funcs.len());
    let mut tables = Vec::with_capacity(inner.tables.len());
    let mut memories = Vec::with_capacity(inner.memories.len());
    let mut globals = Vec::with_capacity(inner.globals.len());
    for import in imports {
        match import {
            Extern::Func(addr) => funcs.push(addr),
            Extern::Table(addr) => tables.push(addr),
            Extern::Memory(addr) => memories.push(addr),
            Extern::Global(addr) => globals.push(addr),
        }
    }

    let Store { modules, state, .. } = store;
    let types = modules.get(module_id.index()).map_or(&[][..], |entry| &entry.types);
    for (index, ty) in inner.funcs.iter().enumerate().skip(inner.imported_funcs as usize) {
        let unknown = Error::UnknownIndex { what: "type", index: u64::from(*ty) };
        let ty = *types.get(*ty as usize).ok_or(unknown)?;
        funcs.push(FuncAddr::from_index(state.funcs.len()));
        let func = FuncIndex::from_index(index);
        state.funcs.push(FuncEntity::Wasm { instance: id, func, ty });
    }
    for table in inner.tables.iter().skip(inner.imported_tables as usize) {
        let table = Table::new(&engine, &mut state.usage, table.ty)
            .map_err(|error| at_offset(error, table.offset))?;
        tables.push(TableAddr::from_index(state.tables.len()));
        state.tables.push(table);
    }
    for ty in inner.memories.iter().skip(inner.imported_memories as usize) {
        let data = memories.is_empty().then_some(inner);
        let memory = LinearMemory::new(&engine, &mut state.usage, *ty, data)?;
        memories.push(MemAddr::from_index(state.memories.len()));
        state.memories.push(memory);
    }
    for global in inner.globals.iter().skip(inner.imported_globals as usize) {
        let bits = match &global.init {
            Some(init) => evaluate(init, &state.globals, &globals, &funcs)?,
            None => 0,
        };
        globals.push(GlobalAddr::from_index(state.globals.len()));
        state.globals.push(Global::new(global.ty, bits));
    }
    let mut elements = Vec::with_capacity(inner.elements.len());
    for segment in &inner.elements {
        let slots = match &segment.items {
            ElementItems::Funcs(items) => {
                items.iter().map(|func| func_slot(&funcs, *func)).collect::<Result<_>>()?
            }
            ElementItems::Exprs(items) => items
                .iter()
                .map(|expr| Ok(evaluate(expr, &state.globals, &globals, &funcs)? as u64))
                .collect::<Result<_>>()?,
        };
        elements.push(ElemAddr::from_index(state.elements.len()));
        state.elements.push(slots);
    }
    let mut data = Vec::with_capacity(inner.data.len());
    for _ in &inner.data {
        data.push(DataAddr::from_index(state.data.len()));
        state.data.push(DataInstance::default());
    }
    state.instances.push(Instance {
        module: module_id,
        funcs: funcs.into_boxed_slice(),
        tables: tables.into_boxed_slice(),
        memories: memories.into_boxed_slice(),
        globals: globals.into_boxed_slice(),
        elements: elements.into_boxed_slice(),
        data: data.into_boxed_slice(),
    });
    Ok(id)
}

fn at_offset(error: Error, at: u64) -> Error {
    match error {
        Error::Limit { limit, requested, allowed, offset: None } => {
            Error::Limit { limit, requested, allowed, offset: Some(at) }
        }
        other => other,
    }
}

/// Writes the active segments, element segments first, and drops them.
fn initialize(store: &mut Store, module: &Module, id: InstanceId) -> Result<()> {
    let Store { modules, state, .. } = store;
    let unknown = || Error::UnknownIndex { what: "instance", index: u64::from(id.0) };
    let instance = state.instances.get(id.index()).ok_or_else(unknown)?;
    let entry = modules.get(instance.module.index()).ok_or_else(unknown)?;
    let inner = module.inner();
    let trap =
        |code| Error::Trap(Trap { code, backtrace: Vec::new(), omitted_frames: 0, executed: 0 });
    for (segment, addr) in inner.elements.iter().zip(&instance.elements) {
        if let SegmentMode::Active { index, offset } = &segment.mode {
            let at = evaluate(offset, &state.globals, &instance.globals, &instance.funcs)?;
            let table = *instance.tables.get(*index as usize).ok_or_else(unknown)?;
            let slots = &state.elements[addr.index()];
            let len = slots.len() as u64;
            let table = &mut state.tables[table.index()];
            if let Err(code) = table_init(table, u64::from(at as u32), slots, 0, len) {
                // Data that came with a memory would not have been written yet.
                for memory in instance.memories.iter().skip(inner.imported_memories as usize) {
                    state.memories[memory.index()].bytes_mut().fill(0);
                }
                return Err(trap(code));
            }
        }
        if segment.mode != SegmentMode::Passive {
            state.elements[addr.index()] = Default::default();
        }
    }
    for (position, (segment, addr)) in inner.data.iter().zip(&instance.data).enumerate() {
        if let SegmentMode::Active { index, offset } = &segment.mode {
            let at = evaluate(offset, &state.globals, &instance.globals, &instance.funcs)?;
            let memory = *instance.memories.get(*index as usize).ok_or_else(unknown)?;
            let bytes = entry.data(position as u32, false);
            let memory = &mut state.memories[memory.index()];
            // One that is imported may have come with the data of another module.
            let here = *index >= inner.imported_memories;
            if here && memory.has_data() {
                state.data[addr.index()].dropped = true;
                continue;
            }
            memory_init(memory, u64::from(at as u32), bytes, 0, bytes.len() as u64)
                .map_err(trap)?;
            state.data[addr.index()].dropped = true;
        }
    }
    Ok(())
}

fn func_slot(funcs: &[FuncAddr], func: FuncIndex) -> Result<u64> {
    let unknown = Error::UnknownIndex { what: "function", index: u64::from(func.0) };
    let addr = *funcs.get(func.index()).ok_or(unknown)?;
    Ok(Value::from(Ref::Func(Some(addr))).to_slot())
}

/// Bits of a constant expression's value.
fn evaluate(
    expr: &ConstExpr,
    arena: &[Global],
    globals: &[GlobalAddr],
    funcs: &[FuncAddr],
) -> Result<u128> {
    let mut stack: Vec<u128> = Vec::new();
    let pop = |stack: &mut Vec<u128>| stack.pop().unwrap_or(0) as u64;
    for op in expr.ops() {
        let slot = match *op {
            ConstOp::Slot(slot) => slot.into(),
            ConstOp::Vector(bits) => bits,
            ConstOp::GlobalGet(index) => {
                let unknown = || Error::UnknownIndex { what: "global", index: u64::from(index) };
                let addr = globals.get(index as usize).ok_or_else(unknown)?;
                let global = arena.get(addr.index()).ok_or_else(unknown)?;
                join([global.slot, global.upper])
            }
            ConstOp::RefFunc(func) => func_slot(funcs, func)?.into(),
            ConstOp::RefNull(ty) => Value::from(Ref::null(ty)).to_bits(),
            ConstOp::I32Add | ConstOp::I32Sub | ConstOp::I32Mul => {
                let right = i32::from_slot(pop(&mut stack));
                let left = i32::from_slot(pop(&mut stack));
                match op {
                    ConstOp::I32Add => int::i32::add(left, right),
                    ConstOp::I32Sub => int::i32::sub(left, right),
                    _ => int::i32::mul(left, right),
                }
                .into_slot()
                .into()
            }
            ConstOp::I64Add | ConstOp::I64Sub | ConstOp::I64Mul => {
                let right = i64::from_slot(pop(&mut stack));
                let left = i64::from_slot(pop(&mut stack));
                match op {
                    ConstOp::I64Add => int::i64::add(left, right),
                    ConstOp::I64Sub => int::i64::sub(left, right),
                    _ => int::i64::mul(left, right),
                }
                .into_slot()
                .into()
            }
        };
        stack.push(slot);
    }
    Ok(stack.pop().unwrap_or(0))
}
