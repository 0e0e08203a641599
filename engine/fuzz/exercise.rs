// What the fuzz targets and the tests of hostile input do with bytes. Included by both.

use stepwell_engine::observe::{Breakpoint, Watched, Watchpoint};
use stepwell_engine::types::ExternType;
use stepwell_engine::{
    Budget, Config, Engine, HostAnswer, InstanceId, Linker, Module, Result, Stop, Store, Task,
    Tier, ValType, Value, WatchKind,
};

/// Limits under which no input takes more than some megabytes.
pub(crate) fn small() -> Config {
    Config::default()
        .max_module_size(1 << 20)
        .max_locals(10_000)
        .max_call_depth(200)
        .max_value_stack(20_000)
        .max_memory_pages(64)
        .max_store_memory(8 << 20)
        .max_table_size(10_000)
        .max_store_table(20_000)
        .max_instances(10)
        .tier(Tier::Mixed)
}

/// A value of a type: not zero, so that something happens.
fn some_value(ty: ValType) -> Value {
    match ty {
        ValType::I32 => Value::I32(3),
        ValType::I64 => Value::I64(-2),
        ValType::F32 => Value::F32(1.5),
        ValType::F64 => Value::F64(f64::NAN),
        ValType::V128 => Value::V128(0x8000_0001_7fc0_0000_ff80_0000_0123_4567),
        ref_type @ ValType::Ref(_) => Value::default_of(ref_type),
    }
}

/// Parts that a run is made in, so that stops come everywhere.
const PART: u64 = 61;

/// Runs a task for this many instructions, with all host calls answered.
fn drive(store: &mut Store, task: &mut Task, instructions: u64) -> Result<Stop> {
    let mut calls = 0;
    while task.executed() < instructions && calls < 100 {
        let stop = task.run(store, Budget::instructions(PART))?;
        assert!(task.executed() <= instructions + PART);
        for frame in task.frames(store) {
            assert_eq!(frame.locals().len(), frame.local_types().len());
            let _ = (frame.operands(), frame.labels());
        }
        match stop {
            Stop::HostCall(call) => {
                calls += 1;
                let results = call.ty.results().iter().map(|ty| some_value(*ty)).collect();
                task.resume(store, HostAnswer::Return(results))?;
            }
            Stop::Budget => {}
            end => return Ok(end),
        }
    }
    Ok(Stop::Budget)
}

/// Two stores that have to stay the same, whatever executes their instructions.
fn assert_same(stores: &[Store; 2], tasks: &[Task; 2]) {
    assert_eq!(tasks[0].executed(), tasks[1].executed());
    assert!(stores[0].state() == stores[1].state(), "the stores differ");
}

fn instantiate(engine: &Engine, module: &Module) -> Result<(Store, InstanceId)> {
    let mut store = Store::new(engine);
    let mut linker = Linker::new();
    for import in module.imports() {
        if let ExternType::Func(ty) = &import.ty {
            linker.func_unresolved(&import.module, &import.name, ty.clone());
        } else if let Some(item) = store.new_import(module, &import.ty)? {
            linker.define(&import.module, &import.name, item);
        }
    }
    let begun = linker.begin_instantiate(&mut store, module)?;
    if let Some(mut start) = begun.start {
        drive(&mut store, &mut start, 2_000)?;
    }
    Ok((store, begun.instance))
}

/// Loads bytes as a module, looks at it, links it to a host that answers everything, and runs all
/// its exports for a while.
///
/// # Errors
/// Whatever is wrong with the bytes; what must not happen is a panic.
pub(crate) fn exercise(bytes: &[u8]) -> Result<()> {
    let engine = Engine::new(small());
    let other = Engine::new(small().tier(Tier::Exact));
    let module = Module::new(&engine, bytes)?;
    for func in (0..module.func_count()).map(stepwell_engine::FuncIndex) {
        if let Ok(listing) = stepwell_engine::module::disassemble::Listing::new(&module, func) {
            for row in 0..listing.len().min(500) {
                let _ = listing.instruction(row).map(|instruction| instruction.to_string());
            }
        }
        let _ = (module.func_name(func), module.local_names(func));
    }
    compare(&[&engine, &other], &module, false)?;
    let fast = Engine::new(small().tier(Tier::Fast));
    compare(&[&fast, &other], &module, true)
}

/// Every so many instructions one has a breakpoint.
const APART: usize = 5;

/// Stops at many instructions, and behind those that touch some bytes, or change globals, tables and locals.
fn observe(store: &mut Store, instance: InstanceId, module: &Module) {
    let funcs = module.imported_func_count()..module.func_count();
    for func in funcs.map(stepwell_engine::FuncIndex) {
        let Ok(listing) = stepwell_engine::module::disassemble::Listing::new(module, func) else {
            continue;
        };
        for row in (1..listing.len()).step_by(APART) {
            if let Some(offset) = listing.offset(row) {
                store.debugger_mut().add_breakpoint(Breakpoint { instance, offset });
            }
        }
    }
    let memories = store.instance(instance).map(|instance| instance.memories().to_vec());
    for memory in memories.into_iter().flatten() {
        let kind = WatchKind::Access;
        store.debugger_mut().add_watchpoint(Watchpoint::memory(memory, 2, 7, kind));
    }
    let Some(parts) = store.instance(instance).cloned() else { return };
    let globals = parts.globals().iter().map(|global| Watched::Global(*global));
    let tables = parts.tables();
    let tables = tables.iter().map(|table| Watched::Table { table: *table, first: 0, len: 5 });
    let funcs = (module.imported_func_count()..module.func_count()).map(stepwell_engine::FuncIndex);
    let locals =
        funcs.map(|func| Watched::Local { instance, func, local: func.0 % 4, frame: None });
    for watched in globals.chain(tables).chain(locals) {
        let kind = WatchKind::Change;
        store.debugger_mut().add_watchpoint(Watchpoint { watched, kind });
    }
}

/// Runs all exports for a while on two engines, which have to go through the same states.
fn compare(engines: &[&Engine; 2], module: &Module, observed: bool) -> Result<()> {
    let (mut one, instance) = instantiate(engines[0], module)?;
    let (mut two, _) = instantiate(engines[1], module)?;
    if observed {
        observe(&mut one, instance, module);
        observe(&mut two, instance, module);
    }
    let mut stores = [one, two];
    for export in module.exports() {
        let Ok(func) = stores[0].export_func(instance, &export.name) else { continue };
        let ty = stores[0].func_type(func).cloned();
        let args: Vec<Value> =
            ty.iter().flat_map(|ty| ty.params()).map(|ty| some_value(*ty)).collect();
        let mut tasks = [stores[0].start(func, &args)?, stores[1].start(func, &args)?];
        // With breakpoints a run ends at each of them.
        let ends: &[u64] = if observed { &[100; 20] } else { &[3, 40, 500, 2_000] };
        for instructions in ends.iter().copied() {
            let stops = [
                drive(&mut stores[0], &mut tasks[0], instructions)?,
                drive(&mut stores[1], &mut tasks[1], instructions)?,
            ];
            assert_same(&stores, &tasks);
            assert_eq!(stops[0], stops[1]);
        }
    }
    Ok(())
}
