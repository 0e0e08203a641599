//! Whole runs, against wasmi.

use stepwell_engine::{Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Tier, Value};

use crate::compiled;
use crate::measure::{interleaved, line, ms, ns_each, ratio};
use crate::programs::ALL;

type Failure = Box<dyn std::error::Error>;

/// Runs a program to its end, in slices of so many instructions.
fn run(
    store: &mut Store,
    func: FuncAddr,
    argument: i32,
    slice: Budget,
) -> Result<(Value, u64), Failure> {
    let mut task = store.start(func, &[Value::I32(argument)])?;
    loop {
        match task.run(store, slice)? {
            Stop::Done(values) => match values[..] {
                [value] => return Ok((value, task.executed())),
                _ => return Err("one result expected".into()),
            },
            Stop::Budget => {}
            other => return Err(format!("stopped early: {other:?}").into()),
        }
    }
}

/// A program as both sides get it.
struct Kernel<'a> {
    name: &'a str,
    bytes: &'a [u8],
    export: &'a str,
    argument: i32,
}

fn start(kernel: &Kernel<'_>, tier: Tier) -> Result<(Store, FuncAddr), Failure> {
    let engine = Engine::new(Config::default().tier(tier));
    let module = Module::new(&engine, kernel.bytes)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let func = store.export_func(instance, kernel.export)?;
    Ok((store, func))
}

/// How two sides compare over all programs.
#[derive(Default)]
struct Means(Vec<f64>);

impl Means {
    fn add(&mut self, name: &str, value: f64) {
        line(name, value, "x");
        self.0.push(value);
    }

    fn line(&self, name: &str) {
        let mean = (self.0.iter().map(|ratio| ratio.ln()).sum::<f64>() / self.0.len() as f64).exp();
        line(&format!("run.{name}.geometric_mean"), mean, "x");
    }
}

/// Each program on the fast tier against wasmi, in slices of 1,000 against whole, and on the exact
/// tier against wasmi; those whose name contains `filter`.
pub fn measure(filter: &str) -> Result<(), Failure> {
    let mut means = <(Means, Means, Means)>::default();
    for program in ALL.iter().filter(|program| program.name.contains(filter)) {
        let bytes = wat::parse_str(program.text)?;
        let (name, argument) = (program.name, program.argument);
        one(&Kernel { name, bytes: &bytes, export: "run", argument }, &mut means)?;
    }
    for (name, argument) in compiled::ALL {
        if name.contains(filter) {
            one(&Kernel { name, bytes: compiled::MODULE, export: name, argument }, &mut means)?;
        }
    }
    means.0.line("fast_to_wasmi");
    means.1.line("sliced_to_whole");
    means.2.line("exact_to_wasmi");
    Ok(())
}

/// Programs of vectors, against wasmi.
pub fn vectors() -> Result<(), Failure> {
    let mut means = <(Means, Means, Means)>::default();
    for program in &crate::vectors::ALL {
        let bytes = wat::parse_str(program.text)?;
        let (name, argument) = (program.name, program.argument);
        one(&Kernel { name, bytes: &bytes, export: "run", argument }, &mut means)?;
    }
    means.0.line("vectors.fast_to_wasmi");
    Ok(())
}

/// Programs of structures and arrays; against Wasmtime's interpreter, if that is built in.
pub fn heap() -> Result<(), Failure> {
    #[cfg(feature = "pulley")]
    let mut means = Means::default();
    for program in &crate::heap::ALL {
        let bytes = wat::parse_str(program.text)?;
        let (name, argument) = (program.name, program.argument);
        let kernel = Kernel { name, bytes: &bytes, export: "run", argument };
        let (mut store, func) = start(&kernel, Tier::Fast)?;
        let whole = Budget::unlimited();
        let (value, executed) = run(&mut store, func, argument, whole)?;
        let mut failure = None;
        let mut own = || failure = run(&mut store, func, argument, whole).err();
        #[cfg(feature = "pulley")]
        let times = {
            let mut peer = crate::pulley::Peer::new(&bytes)?;
            let expected = peer.run(argument)?;
            if value != Value::I32(expected) {
                return Err(format!("{name}: {value} here, {expected} there").into());
            }
            let times = interleaved(9, &mut own, || drop(peer.run(argument)));
            line(&format!("heap.{name}.pulley"), ms(times.1), "ms");
            means.add(&format!("heap.{name}.fast_to_pulley"), ratio(times));
            times
        };
        #[cfg(not(feature = "pulley"))]
        let times = {
            let _ = value;
            interleaved(9, &mut own, || {})
        };
        line(&format!("heap.{name}.fast"), ms(times.0), "ms");
        line(&format!("heap.{name}.each"), ns_each(times.0, executed), "ns/instruction");
        line(&format!("heap.{name}.collections"), store.heap().collections() as f64, "");
        failure.map_or(Ok(()), Err)?;
    }
    #[cfg(feature = "pulley")]
    means.line("heap.fast_to_pulley");
    Ok(())
}

fn one(kernel: &Kernel<'_>, means: &mut (Means, Means, Means)) -> Result<(), Failure> {
    let (fast, sliced, exact) = (&mut means.0, &mut means.1, &mut means.2);
    let name = kernel.name;
    let (mut store, func) = start(kernel, Tier::Fast)?;
    let other_engine = wasmi::Engine::default();
    let other_module = wasmi::Module::new(&other_engine, kernel.bytes)?;
    let mut other_store = wasmi::Store::new(&other_engine, ());
    let linker = wasmi::Linker::<()>::new(&other_engine);
    let other_instance = linker.instantiate_and_start(&mut other_store, &other_module)?;
    let other = other_instance.get_typed_func::<i32, i32>(&other_store, kernel.export)?;

    // Both translate on first call; and they have to agree before their times mean anything.
    let whole = Budget::unlimited();
    let (value, executed) = run(&mut store, func, kernel.argument, whole)?;
    let expected = other.call(&mut other_store, kernel.argument)?;
    if value != Value::I32(expected) {
        return Err(format!("{name}: {value} here, {expected} there").into());
    }
    let mut peer = || {
        std::hint::black_box(other.call(&mut other_store, kernel.argument).is_ok());
    };
    let mut failure = None;
    let mut note = |result: Result<(Value, u64), Failure>| failure = result.err();
    let times = interleaved(11, || note(run(&mut store, func, kernel.argument, whole)), &mut peer);
    line(&format!("run.{name}.fast"), ms(times.0), "ms");
    line(&format!("run.{name}.wasmi"), ms(times.1), "ms");
    line(&format!("run.{name}.each"), ns_each(times.0, executed), "ns/instruction");
    fast.add(&format!("run.{name}.fast_to_wasmi"), ratio(times));

    let (mut other_half, slices) = (start(kernel, Tier::Fast)?, Budget::instructions(1_000));
    let times = interleaved(
        7,
        || note(run(&mut other_half.0, other_half.1, kernel.argument, slices)),
        || drop(run(&mut store, func, kernel.argument, whole)),
    );
    sliced.add(&format!("run.{name}.sliced_to_whole"), ratio(times));

    let (mut store, func) = start(kernel, Tier::Exact)?;
    let times = interleaved(5, || note(run(&mut store, func, kernel.argument, whole)), &mut peer);
    exact.add(&format!("run.{name}.exact_to_wasmi"), ratio(times));
    failure.map_or(Ok(()), Err)
}
