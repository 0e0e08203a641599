//! `stepwell diff`: where two recorded runs differ first.
//!
//! What a program does comes of what was done to its store and what its host answered, both of which a recording has:
//! where those are the same the runs are, and the first that is not gives the count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use stepwell_engine::host::record::HostRecord;
use stepwell_engine::recording::{Recording, Step};
use stepwell_engine::text::{dotted, path_part};
use stepwell_engine::{GlobalAddr, MemAddr, Task, TaskId, Value};

use super::cli::{self, Argument, Failure};
use super::replay::Playing;
use crate::recording::{File, read};

const HELP: &str = "\
stepwell diff A B [--json]

Says at which count two recordings of one program differ first, and what differs there: what the host
answered, or what was done; then frames, locals, operands, globals and bytes of memories.
Exit codes: 0 the same, 1 different.

  --json    one JSON object
";

/// Differences that are told of each kind.
const TOLD: usize = 20;
/// Instructions that may lie between what differs and what comes of it.
const BEHIND: u64 = 10_000;

/// `stepwell diff`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut as_json = false;
    while let Some(argument) = cli::next(parser)? {
        match argument {
            Argument::Short('h') => return Ok(cli::help(HELP)),
            Argument::Long(long) if long == "help" => return Ok(cli::help(HELP)),
            Argument::Long(long) if long == "json" => as_json = true,
            Argument::Value(file) => files.push(file.into()),
            other => return Err(cli::unexpected(&other)),
        }
    }
    let [first, second] = files.as_slice() else {
        return Err(Failure::Usage("diff needs two files".to_owned()));
    };
    let [a, b] = [open(first)?, open(second)?];
    let Some(difference) = difference(&a, &b) else {
        let (count, word) = (a.ending.executed, if as_json { "json" } else { "text" });
        cli::print(&match word {
            "json" => format!("{}\n", json!({ "same": true, "count": count })),
            _ => format!("the same, {}\n", cli::count(count, "instruction", "instructions")),
        });
        return Ok(ExitCode::SUCCESS);
    };
    let comes = match difference.is_of_modules {
        true => Vec::new(),
        false => consequences(Playing::of(a, false), Playing::of(b, false), difference.clock)?,
    };
    let Difference { clock, what, .. } = difference;
    cli::print(&match as_json {
        true => {
            let line = json!({ "same": false, "count": clock, "what": what, "differs": comes });
            format!("{line}\n")
        }
        false => {
            let lines: String = comes.iter().map(|line| format!("  {line}\n")).collect();
            format!("{clock}: {what}\n{lines}")
        }
    });
    Ok(ExitCode::from(1))
}

fn open(path: &Path) -> Result<File, Failure> {
    let bytes = cli::read(path)?;
    read(&*bytes).map_err(|problem| Failure::Error(format!("{}: {problem}", path.display())))
}

struct Difference {
    clock: u64,
    what: String,
    is_of_modules: bool,
}

/// The first one in what the runs came of.
fn difference(a: &File, b: &File) -> Option<Difference> {
    for ((name, first), (_, second)) in a.modules.iter().zip(&b.modules) {
        if first.bytes() != second.bytes() {
            let (first, second) = (first.bytes().len(), second.bytes().len());
            let name = path_part(name);
            let what = format!("module {name} is another one: {first} bytes, {second} bytes");
            return Some(Difference { clock: 0, what, is_of_modules: true });
        }
    }
    let limits = |file: &File| (file.header.max_call_depth, file.header.max_value_stack);
    if limits(a) != limits(b) {
        let what = format!("limits of the stacks are {:?} and {:?}", limits(a), limits(b));
        return Some(Difference { clock: 0, what, is_of_modules: true });
    }
    let by_steps = first_step(&a.recording, &b.recording);
    let by_calls = first_call(&a.recording, &b.recording);
    let of = |(clock, what)| Difference { clock, what, is_of_modules: false };
    match (by_steps, by_calls) {
        // An answer comes before what was done because of it.
        (Some(step), Some(call)) if call.0 <= step.0 => Some(of(call)),
        (Some(step), _) => Some(of(step)),
        (None, call) => call.map(of),
    }
}

fn first_step(a: &Recording, b: &Recording) -> Option<(u64, String)> {
    let mut clock: u64 = 0;
    let (mut first, mut second) = (a.steps.iter(), b.steps.iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return None,
            (
                Some(Step::Run { task, executed, end }),
                Some(Step::Run { task: other, executed: more, end: and }),
            ) if task == other => {
                if (executed, end) != (more, and) {
                    let what =
                        format!("task {task} ran for {executed} and for {more} instructions");
                    return Some((clock.saturating_add(*executed.min(more)), what));
                }
                clock = clock.saturating_add(*executed);
            }
            (Some(one), Some(other)) if same(one, other) => {}
            (one, other) => {
                let word = |step: Option<&Step>| step.map_or("the end".to_owned(), words);
                return Some((clock, format!("{}, and {}", word(one), word(other))));
            }
        }
    }
}

fn same(one: &Step, other: &Step) -> bool {
    match (one, other) {
        // Modules have been compared.
        (
            Step::Instantiate { imports, failed, .. },
            Step::Instantiate { imports: others, failed: also, .. },
        ) => imports == others && failed == also,
        _ => format!("{one:?}") == format!("{other:?}"),
    }
}

fn words(step: &Step) -> String {
    match step {
        Step::Instantiate { module, .. } => {
            format!("an instance of {}", path_part(module.name().unwrap_or("a module")))
        }
        Step::Start { func, args, .. } => {
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            format!("a start of function {func} with {}", args.join(" ")).trim_end().to_owned()
        }
        Step::Run { task, executed, .. } => format!("a run of task {task} for {executed}"),
        other => format!("{other:?}"),
    }
}

/// The clock of a task's count, from what was run.
fn clock_of(recording: &Recording, task: TaskId, count: u64) -> u64 {
    let (mut clock, mut before): (u64, u64) = (0, 0);
    for step in &recording.steps {
        let Step::Run { task: other, executed, .. } = step else { continue };
        if *other == task {
            if count <= before.saturating_add(*executed) {
                return clock.saturating_add(count.saturating_sub(before));
            }
            before = before.saturating_add(*executed);
        }
        clock = clock.saturating_add(*executed);
    }
    clock
}

fn first_call(a: &Recording, b: &Recording) -> Option<(u64, String)> {
    let by_task = |recording: &Recording| {
        let mut calls: BTreeMap<TaskId, Vec<_>> = BTreeMap::new();
        for call in &recording.calls {
            calls.entry(call.task).or_default().push(call.clone());
        }
        calls.values_mut().for_each(|calls| calls.sort_by_key(|call| call.number));
        calls
    };
    let (first, second) = (by_task(a), by_task(b));
    let mut found: Option<(u64, String)> = None;
    for (task, calls) in &first {
        let others = second.get(task).map_or(&[][..], Vec::as_slice);
        let pair = calls.iter().zip(others).find(|(one, other)| !is_same_call(one, other));
        let Some((one, other)) = pair else { continue };
        let clock = clock_of(a, *task, one.executed.min(other.executed));
        if found.as_ref().is_none_or(|(before, _)| clock < *before) {
            found = Some((clock, call_words(one, other)));
        }
    }
    found
}

fn is_same_call(one: &HostRecord, other: &HostRecord) -> bool {
    let known = |call: &HostRecord| (call.executed, call.module.clone(), call.name.clone());
    known(one) == known(other)
        && (&one.args, &one.effects, &one.answer) == (&other.args, &other.effects, &other.answer)
}

fn call_words(one: &HostRecord, other: &HostRecord) -> String {
    let name = |call: &HostRecord| dotted(&call.module, &call.name);
    if (one.executed, name(one)) != (other.executed, name(other)) {
        return format!("a call of {}, and one of {}", name(one), name(other));
    }
    let call = format!("call {} of {}", one.number, name(one));
    if one.args != other.args {
        return format!("{call} has other arguments");
    }
    match one.answer == other.answer {
        true => format!("{call} did something else to the memory"),
        false => format!("{call} was answered {:?} and {:?}", one.answer, other.answer),
    }
}

/// What comes of it, behind a count.
fn consequences(mut a: Playing, mut b: Playing, clock: u64) -> Result<Vec<String>, Failure> {
    for count in clock..=clock.saturating_add(BEHIND) {
        a.go_to(count)?;
        b.go_to(count)?;
        let told = differences(&a, &b);
        if !told.is_empty() {
            let late = (count > clock).then(|| format!("at {count}:"));
            return Ok(late.into_iter().chain(told).collect());
        }
        if a.player.left() == 0 && b.player.left() == 0 {
            break;
        }
    }
    Ok(Vec::new())
}

fn differences(a: &Playing, b: &Playing) -> Vec<String> {
    let mut told = Vec::new();
    let tasks = |playing: &Playing| {
        let tasks = playing.player.tasks().map(|task| (task.id(), task.clone()));
        tasks.collect::<BTreeMap<TaskId, Task>>()
    };
    let (first, second) = (tasks(a), tasks(b));
    for (id, task) in &first {
        match second.get(id) {
            Some(other) => frames(a, task, b, other, &mut told),
            None => told.push(format!("task {id}: there, and not there")),
        }
    }
    let missing = second.keys().filter(|id| !first.contains_key(id));
    told.extend(missing.map(|id| format!("task {id}: not there, and there")));
    let (first, second) = (&a.machine.store, &b.machine.store);
    for global in (0..).map(GlobalAddr) {
        let (one, other) = (first.global(global), second.global(global));
        if one.is_none() && other.is_none() {
            break;
        }
        let text = |value: Option<(_, _)>| {
            value.map_or("not there".to_owned(), |(_, value)| a.machine.value(&value))
        };
        if one.map(|(_, value)| value) != other.map(|(_, value)| value) {
            told.push(format!("global {global}: {}, and {}", text(one), text(other)));
        }
    }
    for memory in (0..).map(MemAddr) {
        let (Some(one), Some(other)) = (first.memory(memory), second.memory(memory)) else { break };
        if one.size() != other.size() {
            told.push(format!("memory {memory}: {} and {} bytes", one.size(), other.size()));
        }
        let both = one.size().min(other.size());
        let (Ok(one), Ok(other)) = (one.read(0, both), other.read(0, both)) else { continue };
        if one == other {
            continue;
        }
        let differ = one.iter().zip(other).zip(0u64..).filter(|((one, other), _)| one != other);
        let count = differ.clone().count();
        for ((one, other), address) in differ.take(4) {
            told.push(format!("memory {memory} at 0x{address:x}: {one:02x}, and {other:02x}"));
        }
        if count > 4 {
            told.push(format!("memory {memory}: {} bytes differ", count));
        }
    }
    if told.len() > TOLD {
        let more = told.len() - TOLD;
        told.truncate(TOLD);
        told.push(format!("… and {more} more"));
    }
    told
}

/// What differs in the frames of a task.
fn frames(a: &Playing, task: &Task, b: &Playing, other: &Task, told: &mut Vec<String>) {
    let (first, second) = (&a.machine.store, &b.machine.store);
    if (task.results(first), task.trap(first)) != (other.results(second), other.trap(second)) {
        let state = |playing: &Playing, task| super::moment::state(&playing.machine, task);
        told.push(format!("task {}: {}, and {}", task.id(), state(a, task), state(b, other)));
    }
    let depths = (task.depth(first), other.depth(second));
    if depths.0 != depths.1 {
        told.push(format!("task {}: {} frames, and {}", task.id(), depths.0, depths.1));
    }
    for (number, (one, other)) in task.frames(first).zip(other.frames(second)).enumerate() {
        if one.site() != other.site() {
            let places = (a.machine.place(one.site()), b.machine.place(other.site()));
            told.push(format!("frame {number}: {}, and {}", places.0, places.1));
            return;
        }
        let place = a.machine.func(one.site().instance, one.site().func);
        let values = |value: &Value| a.machine.value(value);
        for (local, also) in one.locals().into_iter().zip(other.locals()) {
            if local.value != also.value {
                let name = local
                    .name
                    .as_deref()
                    .map_or_else(|| local.index.to_string(), stepwell_engine::text::identifier);
                let (one, other) = (values(&local.value), b.machine.value(&also.value));
                told.push(format!("frame {number} {place} local {name}: {one}, and {other}"));
            }
        }
        let (one, other) = (one.operands(), other.operands());
        for (position, pair) in one.iter().rev().zip(other.iter().rev()).enumerate() {
            if pair.0 != pair.1 {
                let (one, other) = (values(pair.0), b.machine.value(pair.1));
                told.push(format!("frame {number} {place} operand {position}: {one}, and {other}"));
            }
        }
        if one.len() != other.len() {
            let lens = (one.len(), other.len());
            told.push(format!("frame {number} {place}: {} operands, and {}", lens.0, lens.1));
        }
        if told.len() > TOLD {
            return;
        }
    }
}
