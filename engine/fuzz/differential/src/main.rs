//! Random modules, run by this engine in all its ways and by another one: results, traps, globals,
//! tables and memories have to be the same.
//!
//! ```text
//! differential [--profile mvp|2.0|3.0] [--count MODULES] [--seed FIRST] [--out FOLDER]
//! differential --profile PROFILE --seed SEED FILE.wasm
//! differential --sweep short|full [--only GROUP] [--out FOLDER]
//! ```
//!
//! A sweep goes over every operator at its edges. With `--count`, it is made behind the random modules.
//!
//! Every module has a seed of its own, the first one's plus its position. What differs is written to the
//! folder, whole and shrunk, and makes the exit code 1.

mod compare;
mod numbers;
mod oracle;
mod ours;
mod plain;
mod profile;
mod sections;
mod shrink;
mod sweep;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use compare::{Difference, Harness, Tally};
use profile::Profile;

/// Differences of a profile after which it is enough.
const ENOUGH: u64 = 20;

/// Code of the other engine runs on this stack.
const STACK: usize = 64 << 20;

struct Options {
    profiles: Vec<Profile>,
    count: u64,
    seed: u64,
    out: Option<PathBuf>,
    file: Option<PathBuf>,
    sweep: Option<bool>,
    only: Option<String>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            profiles: Profile::ALL.into(),
            count: 200,
            seed: 1,
            out: None,
            file: None,
            sweep: None,
            only: None,
        };
        let mut counted = false;
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} takes a value"));
            match arg.as_str() {
                "--profile" => {
                    let name = value()?;
                    let profile =
                        Profile::parse(&name).ok_or_else(|| format!("profile {name}?"))?;
                    options.profiles = vec![profile];
                }
                "--count" => {
                    options.count = value()?.parse()?;
                    counted = true;
                }
                "--sweep" => {
                    options.sweep = Some(match value()?.as_str() {
                        "short" => false,
                        "full" => true,
                        other => return Err(format!("sweep {other}?").into()),
                    });
                }
                "--only" => options.only = Some(value()?),
                "--seed" => options.seed = value()?.parse()?,
                "--out" => options.out = Some(value()?.into()),
                file if !file.starts_with("--") => options.file = Some(file.into()),
                _ => return Err(format!("{arg}?").into()),
            }
        }
        if options.sweep.is_some() && !counted {
            options.count = 0;
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    let run = || -> Result<u64, String> {
        let options =
            Options::parse(std::env::args().skip(1)).map_err(|error| error.to_string())?;
        let mut differences = 0;
        for profile in options.profiles.iter().filter(|_| options.count > 0) {
            differences += run(*profile, &options).map_err(|error| error.to_string())?;
        }
        if let Some(full) = options.sweep {
            let swept = sweep::sweep(full, options.only.as_deref(), options.out.as_deref());
            differences += swept.map_err(|error| error.to_string())?;
        }
        Ok(differences)
    };
    let ended = thread::Builder::new().stack_size(STACK).spawn(run).map(thread::JoinHandle::join);
    match ended {
        Ok(Ok(Ok(0))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(_))) => ExitCode::FAILURE,
        Ok(Ok(Err(message))) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(2),
    }
}

/// Runs the modules of a profile and says how many differed.
fn run(profile: Profile, options: &Options) -> Result<u64, Box<dyn Error>> {
    let harness = Harness::new(profile)?;
    if let Some(file) = &options.file {
        return match harness.compare(&fs::read(file)?, options.seed) {
            Ok(tally) => {
                println!("{tally:?}");
                Ok(0)
            }
            Err(Difference { kind, detail }) => {
                println!("{kind}: {detail}");
                Ok(1)
            }
        };
    }
    let out = options.out.as_deref().unwrap_or(Path::new("target/differences"));
    let mut total = Tally::default();
    let mut differences = 0;
    for seed in (options.seed..).take(options.count as usize) {
        if (seed - options.seed) % 1_000 == 999 {
            eprintln!("{}: seed {seed}", profile.name());
        }
        let Some(module) = profile.module(seed) else { continue };
        match harness.compare(&module, seed) {
            Ok(tally) => total.add(tally),
            Err(difference) => {
                differences += 1;
                report(&harness, profile, seed, &module, &difference, out)?;
                if differences == ENOUGH {
                    break;
                }
            }
        }
    }
    let Tally { modules, calls, executed, trapped, unreachable, threw, left_out, given_up } = total;
    println!(
        "{}: {modules} modules, {calls} calls compared, {executed} \
         instructions, {trapped} trapped ({unreachable} at \
         unreachable or out of fuel, {threw} threw), {left_out} left out, {given_up} modules given \
         up, {differences} differences",
        profile.name(),
    );
    Ok(differences)
}

/// Prints a difference and writes its module, whole and shrunk.
fn report(
    harness: &Harness,
    profile: Profile,
    seed: u64,
    module: &[u8],
    difference: &Difference,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let Difference { kind, detail } = difference;
    println!("--profile {} --seed {seed} --count 1: {kind}: {detail}", profile.name());
    fs::create_dir_all(out)?;
    let file = out.join(format!("{}-{seed}.wasm", profile.name()));
    fs::write(&file, module)?;
    println!("  {} bytes: {}", module.len(), file.display());
    let Some(small) = shrink::shrink(harness, module, seed, kind) else { return Ok(()) };
    let file = out.join(format!("{}-{seed}-small.wasm", profile.name()));
    fs::write(&file, &small)?;
    if let Err(difference) = harness.compare(&small, seed) {
        println!("  {} bytes: {}: {}", small.len(), file.display(), difference.detail);
    }
    Ok(())
}
