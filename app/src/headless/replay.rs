//! `stepwell replay`: a recorded run again, without the host.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use stepwell_engine::host::record::{Effect, HostRecord};
use stepwell_engine::recording::{Played, Player};
use stepwell_engine::{Store, Task, TaskId};

use super::cli::{self, Argument, Failure};
use super::find;
use super::machine::Machine;
use super::moment;
use super::writes::{self, Range};
use crate::recording::{File, Stream, read};

const HELP: &str = "\
stepwell replay FILE [--to COUNT] [--task T] [--json] [--raw-names]
                [--writes MEMORY:ADDRESS[:LENGTH]] [--last-write MEMORY:ADDRESS[:LENGTH]]
                [--find CONDITION]

Repeats a run that stepwell run --record has written, without its host: prints what it printed, and
ends with its exit code. With --to it stands at that count instead, and prints frames, locals and
operands there.

  --to COUNT         instructions of all tasks, or with --task of that one
  --task T           the task that COUNT is of, and that is shown; 0 is the first one
  --writes M:A[:L]   all writes to L bytes (1) of memory M from address A on, up to --to: count, author,
                     old and new bytes
  --last-write …     the last one of these
  --find CONDITION   the counts at which an expression holds (docs/expressions.md), of the function that
                     runs there; where it does for several counts, the first and the last
  --json             one JSON object a line
  --raw-names        symbols of Rust and C++ as the module has them

Exit codes: of the run; with --to, --writes and --find 0, and 1 if nothing was found. A recording that
cannot be read, or comes out otherwise than it did, is 1.
";

/// What is asked.
#[derive(Default)]
struct Asked {
    file: Option<std::path::PathBuf>,
    to: Option<u64>,
    task: Option<u64>,
    writes: Option<(Range, bool)>,
    find: Option<String>,
    json: bool,
    raw_names: bool,
}

/// A recording that is played.
pub(super) struct Playing {
    pub(super) machine: Machine,
    pub(super) player: Player,
    pub(super) printed: Vec<(Stream, u64, Vec<u8>)>,
    pub(super) last: Vec<(Stream, Vec<u8>)>,
    pub(super) exit_code: u8,
    calls: Vec<Arc<HostRecord>>,
    /// Instructions of the whole run.
    pub(super) end: u64,
}

impl Playing {
    pub(super) fn open(path: &std::path::Path, raw_names: bool) -> Result<Self, Failure> {
        let bytes = cli::read(path)?;
        let file = read(&*bytes)
            .map_err(|problem| Failure::Error(format!("{}: {problem}", path.display())))?;
        Ok(Self::of(file, raw_names))
    }

    pub(super) fn of(file: File, raw_names: bool) -> Self {
        let File { engine, recording, printed, ending, last, .. } = file;
        let mut store = Store::new(&engine);
        store.record_host_calls(true);
        let calls = recording.calls.clone();
        let player = Player::begin(&mut store, recording);
        let machine = Machine::of_store(store, raw_names);
        let (exit_code, end) = (ending.exit_code, player.left());
        Self { machine, player, printed, last, exit_code, calls, end }
    }

    /// By tasks, the counts of their host calls with such an effect.
    pub(super) fn calls_that(&self, wanted: impl Fn(&Effect) -> bool) -> HashMap<TaskId, Vec<u64>> {
        let mut counts: HashMap<TaskId, Vec<u64>> = HashMap::new();
        for call in self.calls.iter().filter(|call| call.effects.iter().any(&wanted)) {
            counts.entry(call.task).or_default().push(call.executed);
        }
        counts.values_mut().for_each(|counts| counts.sort_unstable());
        counts
    }

    /// Does what comes next.
    pub(super) fn go_on(&mut self, instructions: u64) -> Result<Played, Failure> {
        let played = self.player.go_on(&mut self.machine.store, None, instructions);
        self.machine.learn_names();
        Ok(played?)
    }

    /// Goes on to a count of all tasks, or to the end.
    pub(super) fn go_to(&mut self, clock: u64) -> Result<(), Failure> {
        while self.player.clock() < clock {
            if self.go_on(clock - self.player.clock())? == Played::Done {
                return Ok(());
            }
        }
        // What was done at that count belongs to it.
        self.go_on(0).map(drop)
    }

    /// Goes on to a count of one task, or to its end; whether there is such a task.
    fn go_to_task(&mut self, id: TaskId, count: u64) -> Result<Option<Task>, Failure> {
        let mut found = None;
        while self.go_on(0)? != Played::Done {
            let Some((task, rest)) = self.player.next_run() else { break };
            let rest = match task.id() == id {
                true => rest.min(count.saturating_sub(task.executed())),
                false => rest,
            };
            if rest == 0 {
                break;
            }
            self.go_on(rest)?;
            found = self.player.task(id).cloned().or(found);
        }
        Ok(self.player.task(id).cloned().or(found))
    }

    /// The task that runs next, or has run last.
    pub(super) fn task(&self) -> Option<Task> {
        let next = self.player.next_run().map(|(task, _)| task);
        next.or_else(|| self.player.tasks().last()).cloned()
    }
}

/// `stepwell replay`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut asked = Asked::default();
    while let Some(argument) = cli::next(parser)? {
        match argument {
            Argument::Short('h') => return Ok(cli::help(HELP)),
            Argument::Long(long) => match long.as_str() {
                "help" => return Ok(cli::help(HELP)),
                "to" => asked.to = Some(cli::number(parser, "to")?),
                "task" => asked.task = Some(cli::number(parser, "task")?),
                "writes" => asked.writes = Some((writes::range(parser, "writes")?, false)),
                "last-write" => asked.writes = Some((writes::range(parser, "last-write")?, true)),
                "find" => asked.find = Some(cli::text(parser, "--find needs a condition")?),
                "json" => asked.json = true,
                "raw-names" => asked.raw_names = true,
                _ => return Err(cli::unexpected(&Argument::Long(long))),
            },
            Argument::Value(file) if asked.file.is_none() => asked.file = Some(file.into()),
            other => return Err(cli::unexpected(&other)),
        }
    }
    let Some(file) = asked.file else {
        return Err(Failure::Usage("replay needs a FILE".to_owned()));
    };
    let mut playing = Playing::open(&file, asked.raw_names)?;
    if let Some((range, only_last)) = asked.writes {
        return writes::list(&mut playing, range, asked.to, only_last, asked.json);
    }
    if let Some(condition) = asked.find {
        return find::list(&mut playing, &condition, asked.to, asked.json);
    }
    match (asked.to, asked.task) {
        (None, None) => again(&mut playing),
        (to, task) => {
            let end = playing.end;
            let found = match task {
                Some(id) => playing.go_to_task(TaskId(id), to.unwrap_or(u64::MAX))?,
                None => {
                    playing.go_to(to.unwrap_or(end))?;
                    playing.task()
                }
            };
            let Some(task) = found else {
                let which = task.map_or_else(String::new, |id| format!(" {id}"));
                return Err(Failure::Error(format!("the run has no task{which}")));
            };
            let (clock, machine) = (playing.player.clock(), &playing.machine);
            cli::print(&match asked.json {
                true => format!("{}\n", moment::json(machine, &task, clock, end)),
                false => moment::text(machine, &task, clock, end),
            });
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The whole run, with what it printed.
fn again(playing: &mut Playing) -> Result<ExitCode, Failure> {
    let printed = std::mem::take(&mut playing.printed);
    for (stream, clock, bytes) in printed {
        playing.go_to(clock)?;
        print(stream, &bytes);
    }
    playing.go_to(u64::MAX)?;
    for (stream, bytes) in &playing.last {
        print(*stream, bytes);
    }
    Ok(ExitCode::from(playing.exit_code))
}

fn print(stream: Stream, bytes: &[u8]) {
    match stream {
        Stream::Stdout => cli::print_bytes(bytes),
        Stream::Stderr => cli::complain_bytes(bytes),
    }
}
