//! How fast each tier is on this machine, or in whatever runs this as WebAssembly:
//!
//! ```text
//! cargo run --release -p stepwell-engine --features wat --example speed
//! cargo build --release -p stepwell-engine --features wat --example speed --target wasm32-wasip1
//! ```

#[allow(dead_code, unreachable_pub)] // the programs of another crate
#[path = "../../tests/bench/src/programs.rs"]
mod programs;

use std::time::{Duration, Instant};

use stepwell_engine::{Budget, Config, Engine, Error, Linker, Module, Store, Tier, Value};

/// Least time of a few runs, and the instructions of one.
fn measure(program: &programs::Program, tier: Tier) -> Result<(Duration, u64), Error> {
    let engine = Engine::new(Config::default().tier(tier));
    let module = Module::from_wat(&engine, program.text)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let run = store.export_func(instance, "run")?;
    let mut least = Duration::MAX;
    let mut executed = 0;
    for _ in 0..5 {
        let mut task = store.start(run, &[Value::I32(program.argument)])?;
        let start = Instant::now();
        task.run(&mut store, Budget::unlimited())?;
        least = least.min(start.elapsed());
        executed = task.executed();
    }
    Ok((least, executed))
}

fn main() -> Result<(), Error> {
    println!("{:<16} {:>10} {:>10}  ns an instruction", "", "fast", "exact");
    for program in &programs::ALL {
        let each = |tier| {
            measure(program, tier)
                .map(|(time, executed)| time.as_secs_f64() * 1e9 / executed as f64)
        };
        println!("{:<16} {:>10.3} {:>10.3}", program.name, each(Tier::Fast)?, each(Tier::Exact)?);
    }
    Ok(())
}
