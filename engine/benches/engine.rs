//! The engine's own benchmarks, for comparing a change with what was before:
//!
//! ```text
//! cargo bench -p stepwell-engine --features wat
//! ```
//!
//! How it compares with another engine is told by `tests/bench`.
#![allow(missing_docs)] // a program, not a library

#[allow(dead_code, unreachable_pub)] // the programs of another crate
#[path = "../../tests/bench/src/programs.rs"]
mod programs;

use divan::{Bencher, black_box};
use stepwell_engine::{
    Allocation, Budget, Config, Engine, FuncAddr, Linker, Module, Pooling, Stop, Store, Tier, Value,
};

fn main() {
    divan::main();
}

type Failure = stepwell_engine::Error;

fn start(program: &programs::Program, tier: Tier) -> Result<(Store, FuncAddr), Failure> {
    let engine = Engine::new(Config::default().tier(tier));
    let module = Module::from_wat(&engine, program.text)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let run = store.export_func(instance, "run")?;
    Ok((store, run))
}

/// A whole run of a program, in slices of so many instructions.
fn whole(bencher: Bencher<'_, '_>, name: &str, tier: Tier, slice: Budget) {
    let Some(program) = programs::ALL.iter().find(|program| program.name == name) else { return };
    let Ok((mut store, run)) = start(program, tier) else { return };
    bencher.bench_local(|| {
        let mut task = store.start(run, &[Value::I32(program.argument)])?;
        while let Stop::Budget = task.run(&mut store, slice)? {}
        Ok::<u64, Failure>(task.executed())
    });
}

const NAMES: [&str; 9] = [
    "loop",
    "fib",
    "sieve",
    "call_indirect",
    "matmul",
    "mandelbrot",
    "bytecode_vm",
    "sort",
    "crc32",
];

#[divan::bench(args = NAMES, sample_count = 20)]
fn fast(bencher: Bencher<'_, '_>, name: &str) {
    whole(bencher, name, Tier::Fast, Budget::unlimited());
}

#[divan::bench(args = NAMES, sample_count = 20)]
fn slices_of_1000(bencher: Bencher<'_, '_>, name: &str) {
    whole(bencher, name, Tier::Fast, Budget::instructions(1_000));
}

/// Where somebody may interrupt.
#[divan::bench(args = NAMES, sample_count = 20)]
fn interruptible(bencher: Bencher<'_, '_>, name: &str) {
    let Some(program) = programs::ALL.iter().find(|program| program.name == name) else { return };
    let Ok((mut store, run)) = start(program, Tier::Fast) else { return };
    let _handle = store.interrupt_handle();
    bencher.bench_local(|| store.invoke(run, &[Value::I32(program.argument)]));
}

#[divan::bench(args = NAMES, sample_count = 5)]
fn exact(bencher: Bencher<'_, '_>, name: &str) {
    whole(bencher, name, Tier::Exact, Budget::unlimited());
}

#[divan::bench]
fn step(bencher: Bencher<'_, '_>) {
    let Ok((mut store, run)) = start(&programs::LOOP, Tier::Fast) else { return };
    let Ok(mut task) = store.start(run, &[Value::I32(i32::MAX)]) else { return };
    bencher.bench_local(|| black_box(task.step(&mut store)).is_ok());
}

#[divan::bench(args = [false, true])]
fn instantiate(bencher: Bencher<'_, '_>, pooled: bool) {
    let allocation = match pooled {
        true => Allocation::Pooling(Pooling::default()),
        false => Allocation::OnDemand,
    };
    let engine = Engine::new(Config::default().allocation(allocation));
    let text = r#"(module (memory 1) (data (i32.const 0) "stepwell") (table 4 funcref))"#;
    let Ok(module) = Module::from_wat(&engine, text) else { return };
    bencher.bench_local(|| {
        let mut store = Store::new(&engine);
        Linker::new().instantiate(&mut store, &module)
    });
}

#[divan::bench(args = NAMES)]
fn load(bencher: Bencher<'_, '_>, name: &str) {
    let Some(program) = programs::ALL.iter().find(|program| program.name == name) else { return };
    let engine = Engine::default();
    bencher.bench_local(|| Module::from_wat(&engine, program.text));
}
