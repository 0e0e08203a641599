//! Opening a big module, against `wasmparser`'s validation of it alone.

use std::hint::black_box;

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::{Config, Engine, ExternType, FuncIndex, Linker, Module, Store};

use crate::ALLOCATOR;
use crate::measure::{interleaved, line, ms, ratio};

/// Rows of a tall window.
const SCREEN: usize = 60;

/// What a session keeps for a module: the module, a row for each function, a screen of text.
struct Opened {
    module: Module,
    functions: Vec<(FuncIndex, usize)>,
    screen: Vec<String>,
}

fn open(bytes: &[u8], validation_threads: u32) -> Result<Opened, stepwell_engine::Error> {
    let engine = Engine::new(Config::default().validation_threads(validation_threads));
    let module = Module::new(&engine, bytes)?;
    let functions = (0..module.func_count())
        .map(FuncIndex)
        .map(|func| (func, module.func_name(func).map_or(0, str::len)))
        .collect();
    let listing = Listing::new(&module, FuncIndex(module.imported_func_count()))?;
    let screen = (0..listing.len().min(SCREEN))
        .filter_map(|row| listing.instruction(row))
        .map(|instruction| instruction.to_string())
        .collect();
    Ok(Opened { module, functions, screen })
}

/// Everything up to the first instruction; imported functions stay unanswered.
fn instantiate(engine: &Engine, bytes: &[u8]) -> Result<Store, stepwell_engine::Error> {
    let module = Module::new(engine, bytes)?;
    let mut linker = Linker::new();
    for import in module.imports() {
        if let ExternType::Func(ty) = &import.ty {
            linker.func_unresolved(&import.module, &import.name, ty.clone());
        }
    }
    let mut store = Store::new(engine);
    linker.begin_instantiate(&mut store, &module)?;
    Ok(store)
}

pub fn measure(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path)?;
    let features = wasmparser::WasmFeatures::WASM2;
    let validate = || {
        let types = wasmparser::Validator::new_with_features(features).validate_all(&bytes);
        black_box(types.is_ok());
    };
    for threads in [1, 2] {
        let start = || {
            let engine = Engine::new(Config::default().validation_threads(threads));
            black_box(instantiate(&engine, &bytes).is_ok());
        };
        let times = interleaved(7, start, validate);
        line(&format!("start.{threads}_threads"), ratio(times), "x");
    }
    let opening = || {
        black_box(open(&bytes, 1).is_ok());
    };
    let times = interleaved(7, opening, validate);
    line("open.module_size", bytes.len() as f64 / 1e6, "MB");
    line("open.stepwell", ms(times.0), "ms");
    line("open.validate_all", ms(times.1), "ms");
    line("open.time_ratio", ratio(times), "x");

    // A thread with nothing else allocated: the peak above what lived before is the opening's.
    let before = ALLOCATOR.allocated();
    let peak_before = ALLOCATOR.max_allocated();
    let opened = open(&bytes, 1)?;
    let kept = ALLOCATOR.allocated() - before;
    let peak = ALLOCATOR.max_allocated();
    black_box((&opened.functions, &opened.screen));
    line("open.functions", f64::from(opened.module.func_count()), "functions");
    let _ = peak_before;
    line("open.peak_memory", peak as f64 / 1e6, "MB");
    line("open.peak_ratio", peak as f64 / bytes.len() as f64, "x");
    line("open.kept_memory", kept as f64 / 1e6, "MB");
    Ok(())
}
