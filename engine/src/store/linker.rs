//! Linking: names to externals, and instantiation (*Execution, modules*).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;

use super::allocator::Kind;
use super::evaluate::{Evaluation, func_slot};
use super::{
    DataInstance, Extern, FuncEntity, Global, Instance, Store, StoreState, Table, check_limit,
};
use crate::error::{Error, ImportError, LimitKind, LinkError, Result};
use crate::exec::exact::{Bulk, memory_init, table_init};
use crate::exec::{Beyond, SegmentTrap, Space, Task, Trap};
use crate::features::Features;
#[cfg(feature = "std")]
use crate::host::Local;
use crate::host::js_string::{self, Builtin};
use crate::host::typed::{NativeFunc, Typed};
use crate::host::{
    Answering, AsyncCaller, Caller, Closure, HostFunction, HostImplementation, HostResult,
};
use crate::ids::{
    DataAddr, ElemAddr, FuncAddr, FuncIndex, GlobalAddr, InstanceId, MemAddr, TableAddr, TagAddr,
    TypeId,
};
use crate::memory::LinearMemory;
use crate::module::{ConstExpr, ElementItems, Import, Module, SegmentMode};
use crate::recording::{self, Step};
use crate::types::{ExternType, FuncType, GlobalType, HeapType, Mutability, RefType, ValType};
use crate::value::Value;

/// Names that imports are resolved against. A later definition of a name replaces an earlier one.
#[derive(Clone, Default)]
pub struct Linker {
    pub(super) definitions: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Definition>>,
    pub(super) instances: BTreeMap<Arc<str>, InstanceId>,
    /// The module whose globals are strings.
    string_constants: Option<Arc<str>>,
}

#[derive(Clone)]
pub(super) enum Definition {
    Extern(Extern),
    Host(HostFunction),
    Builtin(Builtin, Arc<Closure>),
    /// A global that is this string.
    Text(Arc<str>, GlobalType),
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
        function: impl Fn(&mut Caller<'_>, &[Value]) -> HostResult + Send + Sync + 'static,
    ) -> &mut Self {
        self.host(module, name, ty, HostImplementation::Closure(Arc::new(function)))
    }

    /// As [`func`](Self::func), for a closure that must not leave this thread. Called on another one, it traps.
    /// What is dropped there is leaked.
    #[cfg(feature = "std")]
    pub fn func_local(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(&mut Caller<'_>, &[Value]) -> HostResult + 'static,
    ) -> &mut Self {
        let function = Local::new(function);
        self.func(module, name, ty, move |caller, args| function.get()?(caller, args))
    }

    /// Defines a host function by a closure over types of Rust, from which its type follows. A call of it
    /// allocates nothing. The closure may take a `&mut Caller<'_>` first, and may return a [`Result`] with
    /// [`HostError`](crate::HostError); see [`host::typed`](crate::host::typed) for what stands for which type.
    ///
    /// ```
    /// # use stepwell_engine::{Caller, HostError, Linker};
    /// let mut linker = Linker::new();
    /// linker.func_wrap("env", "add", |a: i32, b: i32| a.wrapping_add(b));
    /// linker.func_wrap("env", "byte", |caller: &mut Caller<'_>, address: u32| {
    ///     let memory = caller.memory().ok_or(HostError::new("no memory"))?;
    ///     let byte = memory.read(address, 1_u32)?[0];
    ///     Ok::<u32, HostError>(byte.into())
    /// });
    /// ```
    pub fn func_wrap<Signature>(
        &mut self,
        module: &str,
        name: &str,
        function: impl NativeFunc<Signature>,
    ) -> &mut Self {
        let typed = Typed::new(function);
        let general = typed.clone();
        let closure =
            move |caller: &mut Caller<'_>, args: &[Value]| general.call_values(caller, args);
        let host = HostFunction {
            module: module.into(),
            name: name.into(),
            ty: typed.ty(),
            implementation: HostImplementation::Closure(Arc::new(closure)),
            typed: Some(typed),
        };
        self.insert(module, name, Definition::Host(host))
    }

    /// Defines a host function that a future answers: it may await whatever its executor offers, and call
    /// back into wasm. See [`AsyncCaller`].
    ///
    /// A task whose future waits stops with [`Stop::HostCall`](crate::Stop::HostCall), and polls it when it
    /// is run again.
    pub fn func_async<F>(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(AsyncCaller, Vec<Value>) -> F + Send + Sync + 'static,
    ) -> &mut Self
    where
        F: Future<Output = HostResult> + Send + 'static,
    {
        let closure = move |caller: AsyncCaller, args: Vec<Value>| {
            let future: Answering = Box::pin(function(caller, args));
            future
        };
        self.host(module, name, ty, HostImplementation::Async(Arc::new(closure)))
    }

    /// As [`func_async`](Self::func_async), for a closure and futures that must not leave this thread. Called or
    /// polled on another one, they trap. What is dropped there is leaked.
    #[cfg(feature = "std")]
    pub fn func_async_local<F>(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(AsyncCaller, Vec<Value>) -> F + 'static,
    ) -> &mut Self
    where
        F: Future<Output = HostResult> + 'static,
    {
        let function = Local::new(function);
        self.func_async(module, name, ty, move |caller, args| {
            let mut future =
                function.get().map(|function| Local::new(Box::pin(function(caller, args))));
            core::future::poll_fn(move |context| match &mut future {
                Ok(future) => match future.get_mut() {
                    Ok(future) => future.as_mut().poll(context),
                    Err(error) => core::task::Poll::Ready(Err(error)),
                },
                Err(error) => core::task::Poll::Ready(Err(error.clone())),
            })
        })
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
        let host = HostFunction {
            module: module.into(),
            name: name.into(),
            ty,
            implementation,
            typed: None,
        };
        self.insert(module, name, Definition::Host(host))
    }

    /// Defines the builtins of `wasm:js-string`: strings of UTF-16 code units, which live in the store's
    /// heap and are `externref` to wasm.
    ///
    /// With a name for `constants`, globals imported from a module of that name are strings: each is what
    /// the import is called.
    pub fn js_strings(&mut self, constants: Option<&str>) -> &mut Self {
        for (name, builtin) in js_string::ALL {
            let call = move |caller: &mut Caller<'_>, args: &[Value]| builtin.call(caller, args);
            self.insert(js_string::MODULE, name, Definition::Builtin(builtin, Arc::new(call)));
        }
        self.string_constants = constants.map(Arc::from);
        self
    }

    /// Whether [`Linker::js_strings`] has defined what is imported; the type of a function is not looked at.
    pub fn is_js_string(&self, import: &Import) -> bool {
        let named = self.definitions.get(&import.module).and_then(|names| names.get(&import.name));
        matches!(named, Some(Definition::Builtin(..))) || self.string_constant(import).is_some()
    }

    /// The type of a global that is to be a string, if an import is one.
    pub(super) fn string_constant(&self, import: &Import) -> Option<GlobalType> {
        let ExternType::Global(ty) = import.ty else { return None };
        let text = RefType { nullable: false, heap: HeapType::Extern };
        let takes_text = match ty.content {
            ValType::Ref(of) => of == text || of == RefType::EXTERN,
            _ => false,
        };
        let named = self.string_constants.as_ref() == Some(&import.module);
        (named && takes_text && ty.mutability == Mutability::Const).then_some(ty)
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
        self.begin(store, module, Given::Nothing)
    }

    /// The same, with imports as they were recorded.
    ///
    /// # Errors
    /// Those of [`Linker::begin_instantiate`], and [`Error::Diverged`] if the store is not as it was.
    pub(crate) fn begin_recorded(
        &self,
        store: &mut Store,
        module: &Module,
        imports: &[recording::Import],
    ) -> Result<Instantiation> {
        self.begin(store, module, Given::Recorded(imports))
    }

    /// Takes notes of an instantiation.
    pub(super) fn begin(
        &self,
        store: &mut Store,
        module: &Module,
        given: Given<'_>,
    ) -> Result<Instantiation> {
        let journal = store.journal.take();
        let mut noted = Vec::new();
        let made = self.begin_with(store, module, given, &mut noted);
        store.journal = journal;
        // Nothing was done before all imports were there.
        if noted.len() == module.imports().len()
            && !matches!(made, Err(Error::Limit { .. } | Error::OutOfMemory { .. }))
        {
            let (module, failed) = (module.clone(), made.is_err());
            store.note_step(|| Step::Instantiate { module, imports: noted, failed });
        }
        made
    }

    fn begin_with(
        &self,
        store: &mut Store,
        module: &Module,
        given: Given<'_>,
        noted: &mut Vec<recording::Import>,
    ) -> Result<Instantiation> {
        let imports = self.resolve(store, module, given, noted)?;
        let allowed = u64::from(store.engine.config().max_instances);
        check_limit(LimitKind::Instances, store.state.instances.len() as u64, 1, allowed)?;
        let permit = store.engine.allocator().clone().permit(Kind::Instance)?;
        let marks = Marks::of(store);
        let allocated = allocate(store, module, imports).and_then(|instance| {
            // Before there were bulk operators, nothing was written if anything did not fit.
            let checked = match module.inner().features.contains(Features::BULK_MEMORY) {
                true => Ok(()),
                false => check_segments(store, module, instance),
            };
            checked.map(|()| instance)
        });
        let instance = match allocated {
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
    fn resolve(
        &self,
        store: &mut Store,
        module: &Module,
        given: Given<'_>,
        noted: &mut Vec<recording::Import>,
    ) -> Result<Vec<Extern>> {
        let id = store.enter_module(module);
        let inner = module.inner();
        // Types first, so that a failure adds no host function to the store.
        let mut found = Vec::with_capacity(module.imports().len());
        let mut errors = Vec::new();
        let imports = module.imports().iter().zip(&inner.import_types);
        for (position, (import, index)) in imports.enumerate() {
            if let Given::Known(known) = given
                && let Some(Some(host)) = known.get(position)
            {
                let ids = store.modules.get(id.index()).map_or(&[][..], |entry| &entry.types);
                let demanded = ids.get(*index as usize).copied().unwrap_or(TypeId(*index));
                found.push((Found::Known(host), demanded));
                continue;
            }
            let mut fail = |reason| {
                let (module, name) = ((*import.module).into(), (*import.name).into());
                errors.push(ImportError { module, name, reason });
            };
            let recorded = match given {
                Given::Recorded(imports) => {
                    let as_text = match import.ty {
                        ExternType::Global(ty) => Some(ty),
                        _ => None,
                    };
                    let Some(recorded) = imports.get(position).copied() else {
                        fail(LinkError::Unknown);
                        continue;
                    };
                    if let (recording::Import::Text, Some(ty)) = (recorded, as_text) {
                        let text = Definition::Text(import.name.clone(), ty);
                        found.push((Found::Now(text), TypeId(0)));
                        continue;
                    }
                    Some(recorded)
                }
                Given::Nothing | Given::Known(_) => None,
            };
            if let Some(ty) = self.string_constant(import) {
                let text = Definition::Text(import.name.clone(), ty);
                found.push((Found::Now(text), TypeId(0)));
                continue;
            }
            let definition = match recorded {
                Some(recorded) => store.recorded(import, recorded),
                None => self.find(store, &import.module, &import.name),
            };
            let Some(definition) = definition else {
                fail(LinkError::Unknown);
                continue;
            };
            let definition = match definition {
                Definition::Builtin(builtin, call) => Definition::Host(HostFunction {
                    module: import.module.clone(),
                    name: import.name.clone(),
                    ty: builtin.ty(&mut store.types),
                    implementation: HostImplementation::Builtin(call),
                    typed: None,
                }),
                other => other,
            };
            // Those of a host function are what the import calls them, or the store's.
            let host = match (&definition, &import.ty) {
                (Definition::Host(host), ExternType::Func(wanted)) if host.ty != *wanted => {
                    Some(store.types.intern(&host.ty))
                }
                _ => None,
            };
            let ids = store.modules.get(id.index()).map_or(&[][..], |entry| &entry.types);
            let id_of = |ty: u32| ids.get(ty as usize).copied().unwrap_or(TypeId(ty));
            let demanded = id_of(*index);
            let types = &store.types;
            let (ty, fits) = match &definition {
                Definition::Host(host_func) => {
                    let ty = ExternType::Func(host_func.ty.clone());
                    let same = host.is_none_or(|host| host == demanded);
                    (Some(ty), matches!(import.ty, ExternType::Func(_)) && same)
                }
                Definition::Builtin(..) | Definition::Text(..) => (None, false),
                Definition::Extern(item) => {
                    let ty = store.extern_type(*item);
                    let fits = match (item, &import.ty) {
                        (Extern::Func(addr), ExternType::Func(_)) => {
                            let entity = store.state.funcs.get(addr.index());
                            entity.is_some_and(|func| types.is_subtype(func.ty(), demanded))
                        }
                        (Extern::Tag(addr), ExternType::Tag(_)) => {
                            store.state.tags.get(addr.index()) == Some(&demanded)
                        }
                        (_, wanted) => ty.as_ref().is_some_and(|ty| {
                            types.extern_matches(ty, &wanted.map(&|ty| id_of(ty).0))
                        }),
                    };
                    (ty, fits)
                }
            };
            match ty {
                None => fail(LinkError::Unknown),
                Some(_) if fits => found.push((Found::Now(definition), demanded)),
                Some(ty) => fail(LinkError::Incompatible {
                    expected: import.ty.to_string(),
                    found: ty.to_string(),
                }),
            }
        }
        if !errors.is_empty() {
            return Err(Error::Link { errors });
        }
        let mut items = Vec::with_capacity(found.len());
        for (definition, ty) in found {
            let definition = match definition {
                Found::Now(definition) => definition,
                Found::Known(host) => Definition::Host(host.clone()),
            };
            items.push(match definition {
                Definition::Extern(item) => {
                    noted.push(recording::Import::Known(item));
                    item
                }
                Definition::Host(host) => {
                    let addr = match given {
                        Given::Recorded(imports) => {
                            store.add_recorded(&host, ty, imports.get(items.len()).copied())?
                        }
                        Given::Nothing | Given::Known(_) => store.add_host(&host, ty),
                    };
                    let is_builtin = matches!(host.implementation, HostImplementation::Builtin(_));
                    noted.push(match is_builtin {
                        true => recording::Import::Builtin(addr),
                        false => recording::Import::Host(addr),
                    });
                    Extern::Func(addr)
                }
                Definition::Text(text, ty) => {
                    noted.push(recording::Import::Text);
                    let value = store.new_string(&text)?;
                    let global = store.new_global(ty, value);
                    // The global keeps it alive from now on.
                    store.release(value);
                    Extern::Global(global?)
                }
                // All have become functions.
                Definition::Builtin(..) => continue,
            });
        }
        Ok(items)
    }
}

/// What is known of imports already, by position.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    Nothing,
    /// The host functions that they have been found to be.
    Known(&'a [Option<HostFunction>]),
    /// What they were.
    Recorded(&'a [recording::Import]),
}

/// What an import is.
enum Found<'a> {
    Now(Definition),
    /// Since the linking before.
    Known(&'a HostFunction),
}

/// Lengths of the arenas, to take an allocation back.
struct Marks([usize; 8], super::Usage);

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
            state.tags.len(),
        ];
        Self(lengths, state.usage)
    }

    fn rewind(self, store: &mut Store) {
        let state = &mut store.state;
        let [instances, funcs, tables, memories, globals, elements, data, tags] = self.0;
        Arc::make_mut(&mut state.instances).truncate(instances);
        Arc::make_mut(&mut state.funcs).truncate(funcs);
        state.tables.truncate(tables);
        state.memories.truncate(memories);
        state.globals.truncate(globals);
        state.elements.truncate(elements);
        state.data.truncate(data);
        Arc::make_mut(&mut state.tags).truncate(tags);
        state.usage = self.1;
    }
}

impl Store {
    /// What a recorded import is here: the host functions among them answer nothing by themselves.
    fn recorded(&self, import: &Import, recorded: recording::Import) -> Option<Definition> {
        let is_there = |addr: FuncAddr| addr.index() < self.state.funcs.len();
        Some(match recorded {
            recording::Import::Known(item) => Definition::Extern(item),
            recording::Import::Host(addr) | recording::Import::Builtin(addr) if is_there(addr) => {
                Definition::Extern(Extern::Func(addr))
            }
            recording::Import::Host(_) => {
                let ExternType::Func(ty) = &import.ty else { return None };
                Definition::Host(HostFunction {
                    module: import.module.clone(),
                    name: import.name.clone(),
                    ty: ty.clone(),
                    implementation: HostImplementation::Unresolved,
                    typed: None,
                })
            }
            recording::Import::Builtin(_) => {
                let mut known = Linker::new();
                known.js_strings(None);
                known.definitions.get(&import.module)?.get(&import.name)?.clone()
            }
            recording::Import::Text => return None,
        })
    }

    /// A host function that was recorded: each address is another one.
    fn add_recorded(
        &mut self,
        host: &HostFunction,
        ty: TypeId,
        recorded: Option<recording::Import>,
    ) -> Result<FuncAddr> {
        let next = FuncAddr::from_index(self.state.funcs.len());
        match recorded {
            Some(recording::Import::Host(addr) | recording::Import::Builtin(addr))
                if addr == next =>
            {
                let index = self.hosts.add_anew(host.clone());
                Arc::make_mut(&mut self.state.funcs).push(FuncEntity::Host { host: index, ty });
                self.hosts.set_address(index, addr);
                Ok(addr)
            }
            // Imported twice by one module.
            Some(recording::Import::Host(addr) | recording::Import::Builtin(addr))
                if self.state.funcs.get(addr.index()).is_some_and(|func| func.ty() == ty) =>
            {
                Ok(addr)
            }
            _ => Err(Error::Diverged {
                expected: format!("{}.{} at another address", host.module, host.name),
                found: format!("function {next}"),
            }),
        }
    }

    /// The address of a host function; the same definition gets the same address.
    fn add_host(&mut self, host: &HostFunction, ty: TypeId) -> FuncAddr {
        let index = self.hosts.add(host);
        let entity = FuncEntity::Host { host: index, ty };
        let funcs = Arc::make_mut(&mut self.state.funcs);
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
    let mut tags = Vec::with_capacity(inner.tags.len());
    for import in imports {
        match import {
            Extern::Func(addr) => funcs.push(addr),
            Extern::Table(addr) => tables.push(addr),
            Extern::Memory(addr) => memories.push(addr),
            Extern::Global(addr) => globals.push(addr),
            Extern::Tag(addr) => tags.push(addr),
        }
    }

    let Store { modules, state, types: defined, .. } = store;
    let types = modules.get(module_id.index()).map_or(&[][..], |entry| &entry.types);
    let index = |ty: u32| types.get(ty as usize).map_or(ty, |id| id.0);
    let most = engine.config().max_heap;
    for tag in inner.tags.iter().skip(inner.imported_tags as usize) {
        tags.push(TagAddr::from_index(state.tags.len()));
        Arc::make_mut(&mut state.tags).push(TypeId(index(*tag)));
    }
    let all = Arc::make_mut(&mut state.funcs);
    for (index, ty) in inner.funcs.iter().enumerate().skip(inner.imported_funcs as usize) {
        let unknown = Error::UnknownIndex { what: "type", index: u64::from(*ty) };
        let ty = *types.get(*ty as usize).ok_or(unknown)?;
        funcs.push(FuncAddr::from_index(all.len()));
        let func = FuncIndex::from_index(index);
        all.push(FuncEntity::Wasm { instance: id, func, ty });
    }
    for ty in inner.memories.iter().skip(inner.imported_memories as usize) {
        let data = memories.is_empty().then_some(inner);
        let memory = LinearMemory::new(&engine, &mut state.usage, *ty, data)?;
        memories.push(MemAddr::from_index(state.memories.len()));
        state.memories.push(memory);
    }
    for global in inner.globals.iter().skip(inner.imported_globals as usize) {
        let bits = match &global.init {
            Some(init) => Evaluation { types, defined, most }.run(init, state, &globals, &funcs)?,
            None => 0,
        };
        globals.push(GlobalAddr::from_index(state.globals.len()));
        state.globals.push(Global::new(global.ty.map(&index), bits));
    }
    for def in inner.tables.iter().skip(inner.imported_tables as usize) {
        let mut table = Table::new(&engine, &mut state.usage, def.ty.map(&index))
            .map_err(|error| at_offset(error, def.offset))?;
        if let Some(init) = &def.init {
            let evaluation = Evaluation { types, defined, most };
            table.elements.fill(evaluation.run(init, state, &globals, &funcs)? as u64);
        }
        tables.push(TableAddr::from_index(state.tables.len()));
        state.tables.push(table);
    }
    let mut elements = Vec::with_capacity(inner.elements.len());
    for segment in &inner.elements {
        let slots = match &segment.items {
            ElementItems::Funcs(items) => {
                items.iter().map(|func| func_slot(&funcs, *func)).collect::<Result<_>>()?
            }
            ElementItems::Exprs(items) => items
                .iter()
                .map(|expr| {
                    let evaluation = Evaluation { types, defined, most };
                    Ok(evaluation.run(expr, state, &globals, &funcs)? as u64)
                })
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
    Arc::make_mut(&mut state.instances).push(Instance {
        module: module_id,
        funcs: funcs.into_boxed_slice(),
        tables: tables.into_boxed_slice(),
        memories: memories.into_boxed_slice(),
        globals: globals.into_boxed_slice(),
        tags: tags.into_boxed_slice(),
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

/// Fails if an active segment does not fit.
fn check_segments(store: &mut Store, module: &Module, id: InstanceId) -> Result<()> {
    let most = store.engine.config().max_heap;
    let Store { modules, state, types: defined, .. } = store;
    let unknown = || Error::UnknownIndex { what: "instance", index: u64::from(id.0) };
    let instance = state.instances.get(id.index()).ok_or_else(unknown)?.clone();
    let entry = modules.get(instance.module.index()).ok_or_else(unknown)?;
    let inner = module.inner();
    let elements = inner
        .elements
        .iter()
        .map(|segment| (&segment.mode, segment.items.len() as u64, "element segment"));
    let data = inner.data.iter().map(|segment| {
        (&segment.mode, u64::from(segment.range.end - segment.range.start), "data segment")
    });
    for (mode, len, what) in elements.chain(data) {
        let SegmentMode::Active { index, offset } = mode else { continue };
        let evaluation = Evaluation { types: &entry.types, defined, most };
        let at = evaluation.run(offset, state, &instance.globals, &instance.funcs)? as u32;
        let size = if what == "data segment" {
            let addr = instance.memories.get(*index as usize).ok_or_else(unknown)?;
            state.memories[addr.index()].bytes().len() as u64
        } else {
            let addr = instance.tables.get(*index as usize).ok_or_else(unknown)?;
            state.tables[addr.index()].size()
        };
        if u64::from(at) + len > size {
            let module = module.name().unwrap_or_default().to_string();
            let reason = LinkError::DoesNotFit { end: u64::from(at) + len, size };
            let errors = Vec::from([ImportError { module, name: what.to_string(), reason }]);
            return Err(Error::Link { errors });
        }
    }
    Ok(())
}

/// Writes the active segments, element segments first, and drops them.
fn initialize(store: &mut Store, module: &Module, id: InstanceId) -> Result<()> {
    let most = store.engine.config().max_heap;
    let Store { modules, state, types: defined, .. } = store;
    let unknown = || Error::UnknownIndex { what: "instance", index: u64::from(id.0) };
    let instance = state.instances.get(id.index()).ok_or_else(unknown)?.clone();
    let entry = modules.get(instance.module.index()).ok_or_else(unknown)?;
    let inner = module.inner();
    let evaluate = |offset: &ConstExpr, state: &mut StoreState, index64: bool| {
        let evaluation = Evaluation { types: &entry.types, defined, most };
        let at = evaluation.run(offset, state, &instance.globals, &instance.funcs)? as u64;
        Ok::<u64, Error>(if index64 { at } else { u64::from(at as u32) })
    };
    let trap = |code, kind, index: usize, beyond: Option<Beyond>| {
        let segment = |beyond| Box::new(SegmentTrap { kind, index: index as u32, beyond });
        let segment = beyond.map(segment);
        let backtrace = Vec::new();
        Error::Trap(Trap {
            code,
            backtrace,
            omitted_frames: 0,
            executed: 0,
            cause: Default::default(),
            segment,
        })
    };
    for (position, (segment, addr)) in inner.elements.iter().zip(&instance.elements).enumerate() {
        if let SegmentMode::Active { index, offset } = &segment.mode {
            let table = *instance.tables.get(*index as usize).ok_or_else(unknown)?;
            let index64 = state.tables[table.index()].ty().index64;
            let at = evaluate(offset, state, index64)?;
            let slots = &state.elements[addr.index()];
            let len = slots.len() as u64;
            let table = &mut state.tables[table.index()];
            let beyond = Beyond::check(Space::Table, Some(*index), at, len, table.size());
            let operands = [at, 0, len];
            if let Err(code) = table_init(&mut Bulk::unlimited(&mut None), table, slots, operands) {
                // Data that came with a memory would not have been written yet.
                for memory in instance.memories.iter().skip(inner.imported_memories as usize) {
                    state.memories[memory.index()].bytes_mut().fill(0);
                }
                return Err(trap(code, Space::ElementSegment, position, beyond));
            }
        }
        if segment.mode != SegmentMode::Passive {
            state.elements[addr.index()] = Default::default();
        }
    }
    for (position, (segment, addr)) in inner.data.iter().zip(&instance.data).enumerate() {
        if let SegmentMode::Active { index, offset } = &segment.mode {
            let memory = *instance.memories.get(*index as usize).ok_or_else(unknown)?;
            let index64 = state.memories[memory.index()].ty().index64;
            let at = evaluate(offset, state, index64)?;
            let bytes = entry.data(position as u32, false);
            let memory = &mut state.memories[memory.index()];
            // One that is imported may have come with the data of another module.
            let here = *index >= inner.imported_memories;
            if here && memory.has_data() {
                state.data[addr.index()].dropped = true;
                continue;
            }
            let (len, size) = (bytes.len() as u64, memory.bytes().len() as u64);
            let beyond = Beyond::check(Space::Memory, Some(*index), at, len, size);
            memory_init(&mut Bulk::unlimited(&mut None), memory, bytes, [at, 0, len])
                .map_err(|code| trap(code, Space::DataSegment, position, beyond))?;
            state.data[addr.index()].dropped = true;
        }
    }
    Ok(())
}
