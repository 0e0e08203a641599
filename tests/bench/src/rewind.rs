//! Going back: what recording costs a run, and how long it takes to stand at another moment.

use std::time::{Duration, Instant};

use stepwell_engine::timeline::Timeline;
use stepwell_engine::{Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Value};

use crate::compiled;
use crate::measure::{interleaved, line, ms, ratio};
use crate::programs::ALL;

type Failure = Box<dyn std::error::Error>;

/// Instructions of a slice, as in the window.
const SLICE: u64 = 20_000;
/// Bytes for states.
const BUDGET: u64 = 256 << 20;
/// Moments that are gone to.
const MOMENTS: usize = 60;

/// Rounds over 64 MiB: `local` writes within 4 MiB for a while, `scattered` anywhere.
const LARGE: &str = r#"(module (memory 1024)
  (func (export "local") (param $n i32) (result i32) (local $at i32) (local $i i32)
    (loop $next
      (local.set $at
        (i32.add
          (i32.and (i32.shr_u (local.get $i) (i32.const 2)) (i32.const 0x3c00000))
          (i32.and (i32.mul (local.get $i) (i32.const 0x9e3779b1)) (i32.const 0x3ffffc))))
      (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i32.load (local.get $at)))
  (func (export "scattered") (param $n i32) (result i32) (local $at i32) (local $i i32)
    (loop $next
      (local.set $at (i32.and (i32.mul (local.get $i) (i32.const 0x9e3779b1)) (i32.const 0x3fffffc)))
      (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i32.load (local.get $at))))"#;

fn start(bytes: &[u8], export: &str) -> Result<(Store, FuncAddr), Failure> {
    let engine = Engine::new(Config::default());
    let module = Module::new(&engine, bytes)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let func = store.export_func(instance, export)?;
    Ok((store, func))
}

fn plain(store: &mut Store, func: FuncAddr, argument: i32) -> Result<u64, Failure> {
    let mut task = store.start(func, &[Value::I32(argument)])?;
    while task.run(store, Budget::instructions(SLICE))? == Stop::Budget {}
    Ok(task.executed())
}

fn recorded(store: &mut Store, func: FuncAddr, argument: i32) -> Result<Timeline, Failure> {
    let mut task = store.start(func, &[Value::I32(argument)])?;
    let mut timeline = Timeline::begin(store, BUDGET);
    while timeline.run(store, &mut task, Budget::instructions(SLICE))? == Stop::Budget {}
    Ok(timeline)
}

/// How much longer a run takes that can be gone back through.
fn overhead(bytes: &[u8], export: &str, argument: i32, rounds: u32) -> Result<f64, Failure> {
    let (mut store, func) = start(bytes, export)?;
    let (mut other, _) = start(bytes, export)?;
    let mut failure = None;
    let times = interleaved(
        rounds,
        || failure = recorded(&mut store, func, argument).err(),
        || drop(plain(&mut other, func, argument)),
    );
    failure.map_or(Ok(ratio(times)), Err)
}

/// What recording costs: the programs of `run`, and two over a large memory.
pub fn measure() -> Result<(), Failure> {
    let mut logarithms = Vec::new();
    let mut add = |name: &str, value: f64| {
        line(&format!("rewind.{name}.recorded"), value, "x");
        logarithms.push(value.ln());
    };
    for program in &ALL {
        let bytes = wat::parse_str(program.text)?;
        add(program.name, overhead(&bytes, "run", program.argument, 5)?);
    }
    for (name, argument) in compiled::ALL {
        add(name, overhead(compiled::MODULE, name, argument, 5)?);
    }
    let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    line("rewind.geometric_mean", mean.exp(), "x");
    let bytes = wat::parse_str(LARGE)?;
    for (name, rounds) in [("local", 55_000_000), ("scattered", 60_000_000)] {
        line(&format!("rewind.{name}.recorded"), overhead(&bytes, name, rounds, 2)?, "x");
        moments(&bytes, name, rounds)?;
    }
    Ok(())
}

/// Going to random moments of a run, and one step back from there.
fn moments(bytes: &[u8], name: &str, rounds: i32) -> Result<(), Failure> {
    let (mut store, func) = start(bytes, name)?;
    let begun = Instant::now();
    let mut timeline = recorded(&mut store, func, rounds)?;
    line(&format!("rewind.{name}.run"), ms(begun.elapsed()), "ms");
    line(&format!("rewind.{name}.instructions"), timeline.end() as f64, "");
    let (mut seeks, mut first, mut backs) = (Vec::new(), Vec::new(), Vec::new());
    let mut random = 1_u64;
    for _ in 0..MOMENTS {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let clock = 1 + (random >> 11) % (timeline.end() - 2);
        for (at, times) in [(clock, &mut seeks), (clock - 1, &mut first), (clock - 2, &mut backs)] {
            let begun = Instant::now();
            timeline.seek(&mut store, at)?;
            times.push(begun.elapsed());
        }
    }
    for (what, times) in
        [("seek", &mut seeks), ("first_back", &mut first), ("next_back", &mut backs)]
    {
        let (middle, most) = percentiles(times);
        line(&format!("rewind.{name}.{what}.p50"), ms(middle), "ms");
        line(&format!("rewind.{name}.{what}.p95"), ms(most), "ms");
    }
    line(&format!("rewind.{name}.states"), timeline.kept_states() as f64, "");
    line(&format!("rewind.{name}.kept"), timeline.kept_bytes() as f64 / f64::from(1 << 20), "MiB");
    Ok(())
}

fn percentiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    (at(50), at(95))
}
