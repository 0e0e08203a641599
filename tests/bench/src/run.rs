//! Whole runs, against wasmi.

use stepwell_engine::{Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Value};

use crate::measure::{interleaved, line, ms, ns_each, ratio};
use crate::programs::{FIB, INDIRECT, LOOP, Program, SIEVE};

type Failure = Box<dyn std::error::Error>;

fn run(store: &mut Store, func: FuncAddr, argument: i32) -> Result<(Value, u64), Failure> {
    let mut task = store.start(func, &[Value::I32(argument)])?;
    match task.run(store, Budget::unlimited())? {
        Stop::Done(values) => match values[..] {
            [value] => Ok((value, task.executed())),
            _ => Err("one result expected".into()),
        },
        other => Err(format!("stopped early: {other:?}").into()),
    }
}

pub fn measure() -> Result<(), Failure> {
    for program in [LOOP, FIB, SIEVE, INDIRECT] {
        measure_one(&program)?;
    }
    Ok(())
}

fn measure_one(program: &Program) -> Result<(), Failure> {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, program.text)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let func = store.export_func(instance, "run")?;

    let other_engine = wasmi::Engine::default();
    let other_module = wasmi::Module::new(&other_engine, wat::parse_str(program.text)?)?;
    let mut other_store = wasmi::Store::new(&other_engine, ());
    let linker = wasmi::Linker::<()>::new(&other_engine);
    let other_instance = linker.instantiate_and_start(&mut other_store, &other_module)?;
    let other = other_instance.get_typed_func::<i32, i32>(&other_store, "run")?;

    // Both translate on first call; and they have to agree before their times mean anything.
    let (value, executed) = run(&mut store, func, program.argument)?;
    let expected = other.call(&mut other_store, program.argument)?;
    if value != Value::I32(expected) {
        return Err(format!("{}: {value} here, {expected} there", program.name).into());
    }
    let mut failure = None;
    let times = interleaved(
        15,
        || {
            if let Err(error) = run(&mut store, func, program.argument) {
                failure = Some(error);
            }
        },
        || {
            std::hint::black_box(other.call(&mut other_store, program.argument).is_ok());
        },
    );
    if let Some(failure) = failure {
        return Err(failure);
    }
    line(&format!("run.{}.stepwell", program.name), ms(times.0), "ms");
    line(&format!("run.{}.wasmi", program.name), ms(times.1), "ms");
    line(&format!("run.{}.each", program.name), ns_each(times.0, executed), "ns/instruction");
    line(&format!("run.{}.time_ratio", program.name), ratio(times), "x");
    Ok(())
}
