//! Figures, one line each: name, value, unit.
//!
//! ```text
//! cargo run --release --manifest-path tests/bench/Cargo.toml -- open FILE.wasm frames FILE.wasm step run memory
//! ```

#![allow(missing_docs)] // a program, not a library

mod compiled;
mod crowded;
mod frames;
mod heap;
mod measure;
mod memory;
mod open;
mod programs;
#[cfg(feature = "pulley")]
mod pulley;
mod rewind;
mod run;
mod scale;
mod sched;
mod session;
mod step;
mod vectors;

/// Counts what is allocated, for the peak while a module is opened.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

const USAGE: &str = "usage: stepwell-bench [open FILE.wasm] [frames FILE.wasm] [step] [run] [kernel NAME] [vectors] [heap] [memory] [rewind] [rewind-long] [sched] [session OUT.wasm] [scale NAME]";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_none() {
        return Err(USAGE.into());
    }
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "open" => open::measure(&arguments.next().ok_or(USAGE)?)?,
            "frames" => frames::measure(&arguments.next().ok_or(USAGE)?)?,
            "step" => step::measure()?,
            "rewind" => rewind::measure()?,
            "rewind-long" => rewind::long()?,
            "run" => run::measure("")?,
            "kernel" => run::measure(&arguments.next().ok_or(USAGE)?)?,
            "vectors" => run::vectors()?,
            "heap" => run::heap()?,
            "memory" => memory::measure()?,
            "sched" => sched::measure()?,
            "scale" => scale::measure(&arguments.next().unwrap_or_default())?,
            "scale-one" => {
                let mut next = || arguments.next().ok_or(USAGE);
                scale::measure_one(&next()?, &next()?)?;
            }
            "session" => session::measure(&arguments.next().ok_or(USAGE)?)?,
            _ => return Err(USAGE.into()),
        }
    }
    Ok(())
}
