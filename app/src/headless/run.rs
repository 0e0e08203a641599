//! `stepwell run`.

use std::process::ExitCode;

use stepwell_engine::{Budget, CallState, Stop, Value};

use super::cli::{self, Argument, Failure, Invocation};
use super::machine::Machine;
use super::record::{Record, SLICE};
use crate::recording::Stream;

const HELP: &str = "\
stepwell run FILE… [--invoke EXPORT ARG…] [--budget N] [--stub-imports zero|trap]
                 [--max-call-depth N] [--max-value-stack N]
                 [--dir HOST::GUEST] [--env NAME=VALUE] [--raw-names] [--record FILE] [-- ARG…]

Links the modules under their file stems and runs an export of the last one, or _start.
Before that each module's start function runs, and then its _initialize, if it exports one.
Results go to stdout, one value a line, as i32:5 or f64:0.5. A program of WASI has this
process's standard streams, and its exit code becomes this command's.

  --invoke EXPORT ARG…      the function and its arguments: 5, -0x10, 0.5, inf, nan:0x7fc00000,
                            i32x4,1,2,3,4 for a vector
  --budget N                stop after exactly N instructions (exit code 3)
  --max-call-depth N        most frames at the same time (20000); one more is a trap
  --max-value-stack N       most slots of 8 bytes for the locals and operands of all frames (1048576)
  --stub-imports zero|trap  answer imports that nothing satisfies, instead of failing
  --dir HOST::GUEST         a folder that a program of WASI may use, and its name there; again for more
  --env NAME=VALUE          a variable of the program's environment; again for more
  --raw-names               symbols of Rust and C++ in messages as the module has them
  --record FILE             write the run down, for stepwell replay: it holds the modules, what the host
                            answered (files and input that were read among it), and what was printed
  -- ARG…                   the program's arguments
";

/// `stepwell run`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut invocation = Invocation::default();
    while let Some(argument) = cli::next(parser)? {
        match argument {
            Argument::Short('h') => return Ok(cli::help(HELP)),
            Argument::Long(long) if long == "help" => return Ok(cli::help(HELP)),
            Argument::Short(_) => return Err(cli::unexpected(&argument)),
            Argument::Long(long) => {
                if long == "record" {
                    invocation.record = Some(cli::text(parser, "--record needs a FILE")?.into());
                    continue;
                }
                let unknown = cli::unexpected(&Argument::Long(long.clone()));
                if !cli::invocation_argument(&mut invocation, Argument::Long(long), parser)? {
                    return Err(unknown);
                }
            }
            value @ (Argument::Value(_) | Argument::Program(_)) => {
                cli::invocation_argument(&mut invocation, value, parser)?;
            }
        }
    }
    let mut machine = Machine::new(&invocation)?;
    let mut record = match &invocation.record {
        Some(path) => {
            let heard = machine.heard.clone();
            let record = Record::begin(path, &invocation, &machine.store, heard)?;
            machine.modules().for_each(|(stem, module)| record.name(module.bytes(), stem));
            Some(record)
        }
        None => None,
    };
    let outcome = drive(&mut machine, invocation.budget, record.as_mut());
    let (printed, code, failure) = match outcome {
        Ok(Outcome::Done(values)) => {
            let line = |value| (Stream::Stdout, format!("{}\n", machine.value(value)));
            (values.iter().map(line).collect::<Vec<_>>(), 0, None)
        }
        Ok(Outcome::Exit(code)) => match cli::exit_code(code) {
            Ok(code) => (Vec::new(), code, None),
            Err(failure) => (Vec::new(), 1, Some(failure)),
        },
        Ok(Outcome::Budget(message)) => (vec![(Stream::Stderr, format!("{message}\n"))], 3, None),
        Err(failure) => (Vec::new(), 1, Some(failure)),
    };
    let told = failure.map(|failure| failure.told());
    let code = told.as_ref().map_or(code, |(_, code)| *code);
    let printed: Vec<_> =
        printed.into_iter().chain(told.map(|(text, _)| (Stream::Stderr, text))).collect();
    for (stream, text) in &printed {
        match stream {
            Stream::Stdout => cli::print(text),
            Stream::Stderr => cli::complain_bytes(text.as_bytes()),
        }
    }
    if let Some(record) = record {
        record.finish(&mut machine.store, &printed, code)?;
    }
    Ok(ExitCode::from(code))
}

enum Outcome {
    Done(Vec<Value>),
    /// The program ended itself.
    Exit(i32),
    Budget(String),
}

/// Runs everything; a budget covers what prepares the modules and the export together.
fn drive(
    machine: &mut Machine,
    budget: Option<u64>,
    mut record: Option<&mut Record>,
) -> Result<Outcome, Failure> {
    let mut results = Vec::new();
    let mut left = budget;
    while let Some(mut task) = machine.next_task()? {
        loop {
            let before = task.executed();
            let most = record.as_ref().map_or(u64::MAX, |_| SLICE);
            let slice = Budget::instructions(left.unwrap_or(u64::MAX).min(most));
            let stop = task.run(&mut machine.store, slice)?;
            let executed = task.executed() - before;
            left = left.map(|left| left - executed);
            if let Some(record) = &mut record {
                record.flush(&mut machine.store, executed);
            }
            if stop == Stop::Budget && left != Some(0) {
                continue;
            }
            match stop {
                Stop::Done(values) => {
                    results = values;
                    break;
                }
                Stop::HostCall(call) if call.state == CallState::InProgress => {
                    if !machine.wait_for_host() {
                        return Err(Failure::Error(machine.unanswered(&call)));
                    }
                }
                Stop::HostCall(call) => {
                    let answer = machine.answer(&call);
                    task.resume(&mut machine.store, answer)?;
                }
                Stop::Trap(trap) => return Err(Failure::Error(machine.explain(&task, &trap))),
                Stop::Exit(code) => {
                    machine.tell_early_exit(code);
                    return Ok(Outcome::Exit(code));
                }
                Stop::Budget => {
                    let place = task.frames(&machine.store).next().map(|frame| frame.site());
                    let place = place
                        .map_or(String::new(), |site| format!(", before {}", machine.place(site)));
                    let count =
                        cli::count(budget.unwrap_or_default(), "instruction", "instructions");
                    return Ok(Outcome::Budget(format!(
                        "stepwell: budget used up after {count}{place}"
                    )));
                }
                // There is no other task that could notify it.
                Stop::Wait(wait) if wait.timeout.is_some() => task.time_out(&mut machine.store)?,
                Stop::Wait(wait) => return Err(Failure::Error(machine.deadlock(&wait))),
                // Whatever else there is can be gone on from.
                _ => continue,
            }
        }
    }
    Ok(Outcome::Done(results))
}
