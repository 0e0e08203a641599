//! Whole runs, against wasmi.

use stepwell_engine::{Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Tier, Value};

use crate::measure::{interleaved, line, ms, ns_each, ratio};
use crate::programs::{ALL, Program};

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

fn start(program: &Program, tier: Tier) -> Result<(Store, FuncAddr), Failure> {
    let engine = Engine::new(Config { tier, ..Config::default() });
    let module = Module::from_wat(&engine, program.text)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let func = store.export_func(instance, "run")?;
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
/// tier against wasmi.
pub fn measure() -> Result<(), Failure> {
    let (mut fast, mut sliced, mut exact) = <(Means, Means, Means)>::default();
    for program in &ALL {
        let name = program.name;
        let (mut store, func) = start(program, Tier::Fast)?;
        let other_engine = wasmi::Engine::default();
        let other_module = wasmi::Module::new(&other_engine, wat::parse_str(program.text)?)?;
        let mut other_store = wasmi::Store::new(&other_engine, ());
        let linker = wasmi::Linker::<()>::new(&other_engine);
        let other_instance = linker.instantiate_and_start(&mut other_store, &other_module)?;
        let other = other_instance.get_typed_func::<i32, i32>(&other_store, "run")?;

        // Both translate on first call; and they have to agree before their times mean anything.
        let whole = Budget::unlimited();
        let (value, executed) = run(&mut store, func, program.argument, whole)?;
        let expected = other.call(&mut other_store, program.argument)?;
        if value != Value::I32(expected) {
            return Err(format!("{name}: {value} here, {expected} there").into());
        }
        let mut peer = || {
            std::hint::black_box(other.call(&mut other_store, program.argument).is_ok());
        };
        let mut failure = None;
        let mut note = |result: Result<(Value, u64), Failure>| failure = result.err();
        let times =
            interleaved(11, || note(run(&mut store, func, program.argument, whole)), &mut peer);
        line(&format!("run.{name}.fast"), ms(times.0), "ms");
        line(&format!("run.{name}.wasmi"), ms(times.1), "ms");
        line(&format!("run.{name}.each"), ns_each(times.0, executed), "ns/instruction");
        fast.add(&format!("run.{name}.fast_to_wasmi"), ratio(times));

        let (mut other_half, slices) = (start(program, Tier::Fast)?, Budget::instructions(1_000));
        let times = interleaved(
            7,
            || note(run(&mut other_half.0, other_half.1, program.argument, slices)),
            || drop(run(&mut store, func, program.argument, whole)),
        );
        sliced.add(&format!("run.{name}.sliced_to_whole"), ratio(times));

        let (mut store, func) = start(program, Tier::Exact)?;
        let times =
            interleaved(5, || note(run(&mut store, func, program.argument, whole)), &mut peer);
        exact.add(&format!("run.{name}.exact_to_wasmi"), ratio(times));
        if let Some(failure) = failure {
            return Err(failure);
        }
    }
    fast.line("fast_to_wasmi");
    sliced.line("sliced_to_whole");
    exact.line("exact_to_wasmi");
    Ok(())
}
