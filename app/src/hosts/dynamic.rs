//! What a loader does for modules that `wasm-ld -shared` has made and for side modules of Emscripten, as far
//! as it concerns one module: they import where in memory and in the table their own symbols are, by way of
//! `GOT.mem` and `GOT.func` (*Dynamic linking*, tool conventions).

use std::collections::HashMap;

use stepwell_engine::module::{ExportItem, Import};
use stepwell_engine::{
    Error, Extern, FuncAddr, GlobalAddr, InstanceId, Module, Mutability, Ref, Store, TableAddr,
    Value,
};

const ADDRESSES: &str = "GOT.mem";
const FUNCTIONS: &str = "GOT.func";

/// Sets the globals that a new instance imports for symbols: an address is what the instance exports under
/// the symbol's name and lies `__memory_base` further on, a function's index is its place in the imported
/// table, where one is made unless it has one. Functions may also come from `env`. `is_made` tells of an
/// import's position whether nobody else defines it; symbols that have a place already keep it.
///
/// Nothing of the instance may have been called yet.
///
/// # Errors
/// [`Error::Limit`] if the table cannot hold a function.
pub fn place_symbols(
    store: &mut Store,
    instance: InstanceId,
    is_made: impl Fn(usize) -> bool,
) -> Result<(), Error> {
    let Some(module) = store.module_of(instance).cloned() else { return Ok(()) };
    let is_symbol = |import: &Import| matches!(&*import.module, ADDRESSES | FUNCTIONS);
    if !module.imports().iter().any(is_symbol) {
        return Ok(());
    }
    let imports = Imports::of(store, &module, instance);
    let mut places = None;
    for (position, import) in module.imports().iter().enumerate() {
        let Some(Extern::Global(global)) = imports.list.get(position).copied().flatten() else {
            continue;
        };
        if !is_symbol(import) || !is_made(position) || !is_open(store, global) {
            continue;
        }
        let place = match &*import.module {
            ADDRESSES => address(store, instance, &imports, &import.name),
            _ => match function(store, instance, &imports, &import.name) {
                Some(func) => place_of(store, &imports, &mut places, func)?,
                None => None,
            },
        };
        if let Some(place) = place {
            set(store, global, place)?;
        }
    }
    Ok(())
}

/// What the imports of an instance are.
struct Imports {
    list: Vec<Option<Extern>>,
    /// Functions that `env` has, by name.
    functions: HashMap<std::sync::Arc<str>, FuncAddr>,
    memory_base: u64,
    table: Option<TableAddr>,
}

impl Imports {
    fn of(store: &Store, module: &Module, instance: InstanceId) -> Self {
        let mut found = Self {
            list: Vec::with_capacity(module.imports().len()),
            functions: HashMap::new(),
            memory_base: 0,
            table: None,
        };
        let Some(of) = store.instance(instance) else { return found };
        // Imports of a kind come first among what an instance has of it.
        let mut next: HashMap<&str, u32> = HashMap::new();
        for import in module.imports() {
            let index = next.entry(import.ty.kind()).or_default();
            let item = match import.ty.kind() {
                "func" => ExportItem::Func(stepwell_engine::FuncIndex(*index)),
                "table" => ExportItem::Table(*index),
                "memory" => ExportItem::Memory(*index),
                "global" => ExportItem::Global(*index),
                _ => ExportItem::Tag(*index),
            };
            *index += 1;
            let item = of.extern_of(item);
            match (&*import.module, &*import.name, item) {
                ("env", "__memory_base", Some(Extern::Global(global))) => {
                    found.memory_base = number(store, global).unwrap_or(0);
                }
                ("env", "__indirect_function_table", Some(Extern::Table(table))) => {
                    found.table = Some(table);
                }
                ("env", _, Some(Extern::Func(func))) => {
                    found.functions.insert(import.name.clone(), func);
                }
                _ => {}
            }
            found.list.push(item);
        }
        found
    }
}

/// Whether a global is still to say where a symbol is.
fn is_open(store: &Store, global: GlobalAddr) -> bool {
    let can_be_set = store.global(global).is_some_and(|(ty, _)| ty.mutability == Mutability::Var);
    can_be_set && number(store, global) == Some(0)
}

/// A global as an address.
fn number(store: &Store, global: GlobalAddr) -> Option<u64> {
    match store.global(global)?.1 {
        Value::I32(value) => Some(u64::from(value as u32)),
        Value::I64(value) => Some(value as u64),
        _ => None,
    }
}

fn set(store: &mut Store, global: GlobalAddr, place: u64) -> Result<(), Error> {
    let value = match store.global(global) {
        Some((_, Value::I64(_))) => Value::I64(place as i64),
        _ => Value::I32(place as i32),
    };
    store.set_global(global, value)
}

fn address(store: &Store, instance: InstanceId, imports: &Imports, name: &str) -> Option<u64> {
    match store.export(instance, name)? {
        Extern::Global(global) => Some(number(store, global)?.wrapping_add(imports.memory_base)),
        _ => None,
    }
}

fn function(
    store: &Store,
    instance: InstanceId,
    imports: &Imports,
    name: &str,
) -> Option<FuncAddr> {
    match store.export(instance, name) {
        Some(Extern::Func(func)) => Some(func),
        _ => imports.functions.get(name).copied(),
    }
}

/// Where in the table a function is; it gets a place if it has none. The first one is that of null.
fn place_of(
    store: &mut Store,
    imports: &Imports,
    places: &mut Option<HashMap<FuncAddr, u64>>,
    func: FuncAddr,
) -> Result<Option<u64>, Error> {
    let Some(addr) = imports.table else { return Ok(None) };
    let Some(table) = store.table(addr) else { return Ok(None) };
    let places = places.get_or_insert_with(|| {
        let entry = |index: u64| match table.get(index)? {
            Value::FuncRef(Some(func)) => Some((func, index)),
            _ => None,
        };
        (1..table.size()).rev().filter_map(entry).collect()
    });
    if let Some(place) = places.get(&func) {
        return Ok(Some(*place));
    }
    let (size, ty) = (table.size(), table.ty());
    let place = size.max(1);
    if store.grow_table(addr, place + 1 - size).is_none() {
        let allowed = ty.limits.max.unwrap_or(store.engine().config().max_table_size);
        let limit = stepwell_engine::LimitKind::TableSize;
        return Err(Error::Limit { limit, requested: place + 1, allowed, offset: None });
    }
    store.set_table(addr, place, Value::from(Ref::Func(Some(func))))?;
    places.insert(func, place);
    Ok(Some(place))
}
