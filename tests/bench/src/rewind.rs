//! Going back: what recording costs a run, and how long it takes to stand at another moment.

use std::time::{Duration, Instant};

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Breakpoint, Debugger, Watched, Watchpoint};
use stepwell_engine::timeline::{Hit, Search, Timeline};
use stepwell_engine::{
    Budget, Config, Engine, FuncAddr, FuncIndex, InstanceId, Linker, Module, Stop, Store, Task,
    Value, WatchKind,
};

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
/// Pauses of a run, and bytes whose last write is looked for.
const PAUSES: u64 = 20;
const BYTES: usize = 20;
/// Instructions of a round of these programs, at most.
const ROUND: u64 = 27;
/// How many times as long a run is that is measured by hand.
const LONG: i32 = 8;

/// Rounds over 64 MiB: `local` writes within 4 MiB for a while, `scattered` anywhere.
const LARGE: &str = r#"(module (memory 1024)
  (func (export "local") (param $n i32) (result i32) (local $at i32) (local $i i32)
    nop ;; once
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
    nop ;; once
    (loop $next
      (local.set $at (i32.and (i32.mul (local.get $i) (i32.const 0x9e3779b1)) (i32.const 0x3fffffc)))
      (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i32.load (local.get $at))))"#;

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) % most.max(1)
    }
}

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
        pauses(&bytes, name, rounds)?;
    }
    Ok(())
}

/// The two over a large memory with about 10^10 instructions.
pub fn long() -> Result<(), Failure> {
    let bytes = wat::parse_str(LARGE)?;
    for (name, rounds) in [("local", 55_000_000 * LONG), ("scattered", 60_000_000 * LONG)] {
        moments(&bytes, name, rounds)?;
    }
    Ok(())
}

/// Going to random moments of a run, and one step back from there.
fn moments(bytes: &[u8], name: &str, rounds: i32) -> Result<(), Failure> {
    let (mut store, func) = start(bytes, name)?;
    let begun = Instant::now();
    let mut timeline = recorded(&mut store, func, rounds)?;
    let forward = begun.elapsed();
    line(&format!("rewind.{name}.run"), ms(forward), "ms");
    line(&format!("rewind.{name}.instructions"), timeline.end() as f64, "");
    let (mut seeks, mut first, mut backs) = (Vec::new(), Vec::new(), Vec::new());
    let mut random = Random(1);
    for _ in 0..MOMENTS {
        let clock = 2 + random.below(timeline.end() - 2);
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
    timeline.return_to_present(&mut store);
    line(&format!("rewind.{name}.states"), timeline.kept_states() as f64, "");
    line(&format!("rewind.{name}.kept"), timeline.kept_bytes() as f64 / f64::from(1 << 20), "MiB");
    searches(name, &mut store, &mut timeline, forward)
}

/// The first step back where a run has been paused.
fn pauses(bytes: &[u8], name: &str, rounds: i32) -> Result<(), Failure> {
    let (mut store, func) = start(bytes, name)?;
    let mut task = store.start(func, &[Value::I32(rounds)])?;
    let mut timeline = Timeline::begin(&mut store, BUDGET);
    let (mut times, mut random) = (Vec::new(), Random(2));
    let mut pause = 0;
    while timeline.run(&mut store, &mut task, Budget::instructions(SLICE))? == Stop::Budget {
        if timeline.end() < pause {
            continue;
        }
        if pause > 0 {
            let begun = Instant::now();
            timeline.seek(&mut store, timeline.end() - 1)?;
            times.push(begun.elapsed());
        }
        pause = timeline.end() + 1 + random.below(2_000_000_000 / PAUSES);
    }
    let (middle, most) = percentiles(&mut times);
    line(&format!("rewind.{name}.paused_back.p50"), ms(middle), "ms");
    line(&format!("rewind.{name}.paused_back.p95"), ms(most), "ms");
    Ok(())
}

/// The last write of random bytes, and a breakpoint at the beginning, from the end.
fn searches(
    name: &str,
    store: &mut Store,
    timeline: &mut Timeline,
    forward: Duration,
) -> Result<(), Failure> {
    let instance = InstanceId(0);
    let known = store.instance(instance).ok_or("an instance")?;
    let memory = *known.memories().first().ok_or("a memory")?;
    let func = FuncIndex(u32::from(name == "scattered"));
    let listing = Listing::new(store.module_of(instance).ok_or("a module")?, func)?;
    let offset = listing.offset(0).ok_or("an instruction")?;
    let (mut times, mut random, mut skipped) = (Vec::new(), Random(3), 0);
    for _ in 0..BYTES {
        let watched = Watched::Memory { memory, address: random.below(64 << 20), len: 1 };
        let mut debugger = Debugger::default();
        debugger.add_watchpoint(Watchpoint { watched, kind: WatchKind::Write });
        let begun = Instant::now();
        skipped += search(store, timeline, debugger, &mut |_| true)?.1;
        times.push(begun.elapsed());
    }
    let (middle, most) = percentiles(&mut times);
    line(&format!("rewind.{name}.last_write.p50"), ms(middle), "ms");
    line(&format!("rewind.{name}.last_write.p95"), ms(most), "ms");
    let longest = times.last().copied().unwrap_or_default();
    line(&format!("rewind.{name}.last_write.longest"), ratio((longest, forward)), "x forward");
    line(&format!("rewind.{name}.last_write.skipped"), skipped as f64, "intervals");
    let mut debugger = Debugger::default();
    debugger.add_breakpoint(Breakpoint { instance, offset });
    let begun = Instant::now();
    let (found, _) = search(store, timeline, debugger, &mut |_| true)?;
    if found.is_none() {
        return Err("the breakpoint at the beginning was not found".into());
    }
    line(&format!("rewind.{name}.run_back"), ratio((begun.elapsed(), forward)), "x forward");
    // A place that is come to in every round, and a condition that holds once in ten million of them.
    let offset = listing.offset(1).ok_or("an instruction")?;
    let mut debugger = Debugger::default();
    debugger.add_breakpoint(Breakpoint { instance, offset });
    let begun = Instant::now();
    let rare = &mut |clock: u64| (clock / ROUND).is_multiple_of(10_000_000);
    search(store, timeline, debugger, rare)?;
    line(&format!("rewind.{name}.run_back_rarely"), ratio((begun.elapsed(), forward)), "x forward");
    Ok(())
}

/// Looks for the last stop before the end, and goes back to it; and how many intervals were passed over.
fn search(
    store: &mut Store,
    timeline: &mut Timeline,
    debugger: Debugger,
    holds: &mut dyn FnMut(u64) -> bool,
) -> Result<(Option<Hit>, usize), Failure> {
    let mut search = Search::back(timeline, debugger, timeline.end());
    let found = loop {
        let mut holds = |_: &Store, task: &Task, _: &Stop| holds(task.executed());
        if let Some(found) = search.go_on(timeline, store, u64::MAX, &mut holds)? {
            break found;
        }
    };
    let to = found.as_ref().map_or(timeline.end(), |hit| hit.clock);
    timeline.seek(store, to)?;
    timeline.return_to_present(store);
    Ok((found, search.skipped()))
}

fn percentiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    (at(50), at(95))
}
