//! Single steps, with the state to be seen after each.

use std::hint::black_box;

use stepwell_engine::{Config, Engine, Linker, Module, Store, Task, Value};

use crate::measure::{least, line, ns_each};
use crate::programs::{FIB, LOOP, Program};

const STEPS: u64 = 200_000;

fn start(program: &Program) -> Result<(Store, Task), stepwell_engine::Error> {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, program.text)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let run = store.export_func(instance, "run")?;
    let task = store.start(run, &[Value::I32(program.argument)])?;
    Ok((store, task))
}

pub fn measure() -> Result<(), stepwell_engine::Error> {
    for program in [&LOOP, &FIB] {
        let (mut store, mut task) = start(program)?;
        let time = least(15, || {
            for _ in 0..STEPS {
                black_box(task.step(&mut store).is_ok());
            }
        });
        line(&format!("step.{}", program.name), ns_each(time, STEPS), "ns/instruction");

        let (mut store, mut task) = start(program)?;
        let time = least(15, || {
            for _ in 0..STEPS {
                black_box(task.step(&mut store).is_ok());
                let frame = task.frames(&store).next().map(|frame| frame.site());
                black_box((frame, task.executed(), task.depth(&store)));
            }
        });
        let name = format!("step_and_site.{}", program.name);
        line(&name, ns_each(time, STEPS), "ns/instruction");
    }
    Ok(())
}
