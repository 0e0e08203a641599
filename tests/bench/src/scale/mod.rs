//! How time and memory grow: each kind of input at a size and at four times that. What grows with
//! its input takes four times as long; anything beyond [`MOST`] is a cliff.

mod code;
mod linking;
mod modules;
mod running;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::ALLOCATOR;
use crate::measure::ms;

/// What four times the input may cost, at most.
const MOST: f64 = 5.0;
/// Rounds of which the least counts.
const ROUNDS: u32 = 5;
/// What is shorter is repeated for so long: clocks of threads are coarse.
const ROUND: Duration = Duration::from_millis(50);
/// Where one round takes longer, it is the only one.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often what looks like a cliff is measured again, on a machine that does other things as well.
const AGAIN: u32 = 3;
/// Memory that differs by less is not compared.
const MEMORY: f64 = 1e6;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A kind of input, of which there can be any amount.
struct Kind {
    name: &'static str,
    /// An amount that takes some 50 ms.
    size: usize,
    /// Makes so much of it, and what is done with it each time.
    prepare: fn(usize) -> Result<Work>,
}

type Work = Box<dyn FnMut() -> Result<()>>;

fn kinds() -> impl Iterator<Item = &'static Kind> {
    [modules::KINDS, linking::KINDS, code::KINDS, running::KINDS].into_iter().flatten()
}

/// Prints the least time of one kind and size in nanoseconds, and the most bytes that it had allocated.
pub fn measure_one(name: &str, size: &str) -> Result<()> {
    let kind = kinds().find(|kind| kind.name == name).ok_or("no such kind")?;
    let mut work = (kind.prepare)(size.parse()?)?;
    let before = ALLOCATOR.allocated();
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let (start, mut count) = (Clock::now(), 0);
        let time = loop {
            work()?;
            count += 1;
            let time = start.elapsed();
            if time >= ROUND {
                break time / count;
            }
        };
        least = least.min(time);
        if time > PATIENCE {
            break;
        }
    }
    println!("{} {}", least.as_nanos(), ALLOCATOR.max_allocated().saturating_sub(before));
    Ok(())
}

/// Time that this thread was executed, where the system tells; others have it meanwhile.
enum Clock {
    Thread(u64),
    Real(Instant),
}

impl Clock {
    fn now() -> Self {
        Self::thread().map_or_else(|| Clock::Real(Instant::now()), Clock::Thread)
    }

    fn thread() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok()
    }

    fn elapsed(&self) -> Duration {
        match self {
            Clock::Thread(start) => {
                Duration::from_nanos(Self::thread().unwrap_or(*start).saturating_sub(*start))
            }
            Clock::Real(start) => start.elapsed(),
        }
    }
}

/// The same in a process of its own, since the most that was allocated is one number for each.
fn apart(kind: &Kind, size: usize) -> Result<(Duration, f64)> {
    let program = std::env::current_exe()?;
    let size = size.to_string();
    let output = Command::new(program).args(["scale-one", kind.name, &size]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let error = || format!("{} {size}: {}", kind.name, String::from_utf8_lossy(&output.stderr));
    let (time, memory) = text.trim().split_once(' ').ok_or_else(error)?;
    Ok((Duration::from_nanos(time.parse()?), memory.parse()?))
}

/// Measures all kinds whose names contain a word; an error if one of them is a cliff.
pub fn measure(word: &str) -> Result<()> {
    let mut cliffs = Vec::new();
    for kind in kinds().filter(|kind| kind.name.contains(word)) {
        let (mut time, memory) = apart(kind, kind.size)?;
        let (mut time_of_four, memory_of_four) = apart(kind, 4 * kind.size)?;
        let ratio = |time: Duration, of_four: Duration| of_four.as_secs_f64() / time.as_secs_f64();
        for _ in 0..AGAIN {
            if ratio(time, time_of_four) <= MOST {
                break;
            }
            time = time.min(apart(kind, kind.size)?.0);
            time_of_four = time_of_four.min(apart(kind, 4 * kind.size)?.0);
        }
        let slower = ratio(time, time_of_four);
        let larger = match memory_of_four > MEMORY {
            true => memory_of_four / memory.max(MEMORY / 4.0),
            false => 0.0,
        };
        let is_cliff = slower > MOST || larger > MOST;
        println!(
            "{:<28} {:>8} {:>9.1} ms {:>9.1} ms {slower:>6.2} {:>8.1} MB {:>8.1} MB {larger:>6.2}{}",
            kind.name,
            kind.size,
            ms(time),
            ms(time_of_four),
            memory / 1e6,
            memory_of_four / 1e6,
            if is_cliff { "  cliff" } else { "" },
        );
        if is_cliff {
            cliffs.push(kind.name);
        }
    }
    if cliffs.is_empty() { Ok(()) } else { Err(format!("cliffs: {}", cliffs.join(", ")).into()) }
}
