//! `stepwell trace`: one line for each executed instruction. The format is described in
//! `docs/trace-format.md`.

use std::collections::HashMap;
use std::io::{BufWriter, Read, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use stepwell_engine::host::record::{HostRecord, RecordedAnswer};
use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::recording::{Played, Player};
use stepwell_engine::text::{dotted, escaped};
use stepwell_engine::{Budget, CallSite, CallState, ModuleId, Stop, Task, Value};

use super::cli::{self, Argument, Failure, Invocation};
use super::machine::Machine;
use super::replay::Playing;
use crate::recording;

const HELP: &str = "\
stepwell trace FILE… [--invoke EXPORT ARG…] [--budget N] [--stub-imports zero|trap]
               [--max-call-depth N] [--max-value-stack N] [--format text|json] [--raw-names]
stepwell trace FILE [--from COUNT] [--to COUNT] [--format text|json] [--raw-names]

As stepwell run, with one line on stdout for each executed instruction: how many have been
executed, instance and function, byte offset, operator, and the operand stack after it.

  --format json    one JSON object a line
  --from, --to N   of a run that stepwell run --record has written, which FILE then is: the
                   instructions behind one count and up to another
  --raw-names      symbols of Rust and C++ as the module has them
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

/// `stepwell trace`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut invocation = Invocation { keeps_stdout: true, ..Invocation::default() };
    let mut format = Format::Text;
    let (mut from, mut to) = (None, None);
    while let Some(argument) = cli::next(parser)? {
        match argument {
            Argument::Short('h') => return Ok(cli::help(HELP)),
            Argument::Short(_) => return Err(cli::unexpected(&argument)),
            Argument::Long(long) => match long.as_str() {
                "help" => return Ok(cli::help(HELP)),
                "format" => {
                    format = match cli::text(parser, "--format needs text or json")?.as_str() {
                        "text" => Format::Text,
                        "json" => Format::Json,
                        other => {
                            let message = format!("--format: {other} is neither text nor json");
                            return Err(Failure::Usage(message));
                        }
                    }
                }
                "from" => from = Some(cli::number(parser, "from")?),
                "to" => to = Some(cli::number(parser, "to")?),
                _ => {
                    let unknown = cli::unexpected(&Argument::Long(long.clone()));
                    if !cli::invocation_argument(&mut invocation, Argument::Long(long), parser)? {
                        return Err(unknown);
                    }
                }
            },
            value @ (Argument::Value(_) | Argument::Program(_)) => {
                cli::invocation_argument(&mut invocation, value, parser)?;
            }
        }
    }
    if let [file] = invocation.files.as_slice()
        && (from.is_some() || to.is_some() || is_recording(file))
    {
        let Playing { machine, player, .. } = Playing::open(file, invocation.raw_names)?;
        let mut tracer = Tracer::new(machine, format, to);
        let traced = tracer.play(player, from.unwrap_or(0));
        let _ = tracer.out.flush();
        return traced.map(|()| ExitCode::SUCCESS);
    }
    if from.is_some() || to.is_some() {
        return Err(Failure::Usage("--from and --to are for one recording".to_owned()));
    }
    let mut machine = Machine::new(&invocation)?;
    machine.store.record_host_calls(true);
    let mut tracer = Tracer::new(machine, format, invocation.budget);
    let code = tracer.drive();
    // A reader that has gone away has seen enough.
    let _ = tracer.out.flush();
    code
}

/// Whether a file is a recording.
fn is_recording(path: &Path) -> bool {
    let mut begin = [0; 2];
    let file = std::fs::File::open(path);
    let has_begun = file.is_ok_and(|mut file| file.read_exact(&mut begin).is_ok());
    has_begun && recording::is_recording(&begin)
}

struct Tracer {
    machine: Machine,
    listings: HashMap<(ModuleId, u32), Listing>,
    format: Format,
    out: BufWriter<StdoutLock<'static>>,
    /// Instructions of all tasks so far.
    executed: u64,
    budget: Option<u64>,
}

impl Tracer {
    fn new(machine: Machine, format: Format, budget: Option<u64>) -> Self {
        let out = BufWriter::new(std::io::stdout().lock());
        Self { machine, listings: HashMap::new(), format, out, executed: 0, budget }
    }

    /// A recorded run, from one count on.
    fn play(&mut self, mut player: Player, from: u64) -> Result<(), Failure> {
        while player.clock() < from {
            if player.go_on(&mut self.machine.store, None, from - player.clock())? == Played::Done {
                return Ok(());
            }
        }
        self.machine.store.take_host_calls();
        self.executed = player.clock();
        while self.budget != Some(self.executed) {
            let played = player.go_on(&mut self.machine.store, None, 0)?;
            self.machine.learn_names();
            self.host_calls();
            let Some((task, _)) = player.next_run() else {
                match played {
                    Played::Done => break,
                    Played::Budget | Played::Stop(_) => continue,
                }
            };
            let task = task.clone();
            let next = self.next(&task);
            let before = task.executed();
            player.go_on(&mut self.machine.store, None, 1)?;
            let stop = match task.results(&self.machine.store) {
                Some(values) => Stop::Done(values.to_vec()),
                None => Stop::Budget,
            };
            self.stepped(&task, task.executed() - before, next, &stop);
            if let Stop::Done(values) = stop {
                self.done(&values);
            }
        }
        Ok(())
    }

    fn drive(&mut self) -> Result<ExitCode, Failure> {
        while let Some(mut task) = self.machine.next_task()? {
            if let Some(words) = self.machine.preparation() {
                let _ = self.out.flush();
                cli::complain(&format!("stepwell: running {words}"));
            }
            while let Some(stop) = self.step(&mut task)? {
                match stop {
                    Stop::Done(values) => {
                        self.done(&values);
                        break;
                    }
                    Stop::Trap(trap) => {
                        let message = escaped(&trap.code.to_string()).into_owned();
                        let line = match self.format {
                            Format::Text => format!("{} trap {message}", self.executed),
                            Format::Json => {
                                json!({ "executed": self.executed, "trap": message }).to_string()
                            }
                        };
                        self.line(&line);
                        let _ = self.out.flush();
                        return Err(Failure::Error(self.machine.explain(&task, &trap)));
                    }
                    Stop::Exit(code) => {
                        let line = match self.format {
                            Format::Text => format!("{} exit {code}", self.executed),
                            Format::Json => {
                                json!({ "executed": self.executed, "exit": code }).to_string()
                            }
                        };
                        self.line(&line);
                        let _ = self.out.flush();
                        self.machine.tell_early_exit(code);
                        return cli::exit_code(code).map(ExitCode::from);
                    }
                    Stop::HostCall(call) if call.state == CallState::InProgress => {
                        if !self.machine.wait_for_host() {
                            let _ = self.out.flush();
                            return Err(Failure::Error(self.machine.unanswered(&call)));
                        }
                        self.answer(&mut task)?;
                    }
                    Stop::HostCall(call) => {
                        let answer = self.machine.answer(&call);
                        task.resume(&mut self.machine.store, answer)?;
                        self.host_calls();
                    }
                    Stop::Wait(wait) if wait.timeout.is_some() => {
                        task.time_out(&mut self.machine.store)?;
                    }
                    Stop::Wait(wait) => {
                        let _ = self.out.flush();
                        return Err(Failure::Error(self.machine.deadlock(&wait)));
                    }
                    // Whatever else there is can be gone on from.
                    _ => {}
                }
            }
            if self.budget == Some(self.executed) && !task.is_finished(&self.machine.store) {
                let _ = self.out.flush();
                let count = cli::count(self.executed, "instruction", "instructions");
                cli::complain(&format!("stepwell: budget used up after {count}"));
                return Ok(ExitCode::from(3));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// One instruction and its line; `None` when the budget is used up.
    fn step(&mut self, task: &mut Task) -> Result<Option<Stop>, Failure> {
        if self.budget == Some(self.executed) {
            return Ok(None);
        }
        let next = self.next(task);
        let before = task.executed();
        let stop = task.step(&mut self.machine.store)?;
        self.stepped(task, task.executed() - before, next, &stop);
        Ok(Some(stop))
    }

    /// The instruction before which a task stands.
    fn next(&mut self, task: &Task) -> Option<(CallSite, Instruction)> {
        let site = task.frames(&self.machine.store).next()?.site();
        Some((site, self.instruction(site)?))
    }

    /// Its line, once it has been executed.
    fn stepped(
        &mut self,
        task: &Task,
        steps: u64,
        next: Option<(CallSite, Instruction)>,
        stop: &Stop,
    ) {
        self.executed += steps;
        if steps > 0
            && let Some((site, instruction)) = next
        {
            let stack = match stop {
                Stop::Done(values) => values.clone(),
                _ => {
                    let mut frames = task.frames(&self.machine.store);
                    frames.next().map_or(Vec::new(), |frame| frame.operands())
                }
            };
            self.instruction_line(site, &instruction, &stack);
        }
        self.host_calls();
    }

    /// Lets a host function go on that has begun, and executes nothing else.
    fn answer(&mut self, task: &mut Task) -> Result<(), Failure> {
        while let Stop::HostCall(call) =
            task.run(&mut self.machine.store, Budget::instructions(0))?
            && self.machine.wait_for_host()
        {
            debug_assert_eq!(call.state, CallState::InProgress);
        }
        self.host_calls();
        Ok(())
    }

    /// The lines of the host calls that have been answered since the last time.
    fn host_calls(&mut self) {
        for record in self.machine.store.take_host_calls() {
            self.host_call(&record);
        }
    }

    fn instruction(&mut self, site: CallSite) -> Option<Instruction> {
        let module = self.machine.store.module_of(site.instance)?.clone();
        let id = self.machine.store.instance(site.instance)?.module();
        let listing = match self.listings.entry((id, site.func.0)) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Listing::new(&module, site.func).ok()?)
            }
        };
        let position = listing.position(site.offset)?;
        self.machine.instruction(site, listing, position)
    }

    fn instruction_line(&mut self, site: CallSite, instruction: &Instruction, stack: &[Value]) {
        let stack = self.texts(stack);
        let line = match self.format {
            Format::Text => {
                let place = self.machine.func(site.instance, site.func);
                let place = format!("{place} 0x{:04x}", site.offset.0);
                format!("{} {place} {instruction} | {}", self.executed, stack.join(" "))
            }
            Format::Json => json!({
                "executed": self.executed,
                "instance": self.machine.name(site.instance),
                "function": site.func.0,
                "name": self.machine.func_name(site.instance, site.func),
                "offset": site.offset.0,
                "operator": instruction.name,
                "immediates": instruction.immediates,
                "stack": stack,
            })
            .to_string(),
        };
        self.line(line.trim_end());
    }

    fn host_call(&mut self, call: &HostRecord) {
        let site = call.frames.first().copied();
        let caller = site.map(|site| self.machine.place(site));
        let line = match self.format {
            Format::Text => {
                let answer = match &call.answer {
                    RecordedAnswer::Returned(values) => self.texts(values).join(" "),
                    RecordedAnswer::Trapped(message) => format!("trap {}", escaped(message)),
                    RecordedAnswer::PassedOn(trap) => format!("trap {}", trap.code),
                    RecordedAnswer::Exited(code) => format!("exit {code}"),
                    RecordedAnswer::Unfinished => "unfinished".to_owned(),
                };
                // Without arguments or results their places are empty, not two spaces.
                let answer = format!("{} -> {answer}", self.texts(&call.args).join(" "));
                let answer = answer.trim();
                let caller = caller.unwrap_or_else(|| "the command line".to_owned());
                let target = dotted(&call.module, &call.name);
                format!("{} host {target} | {answer} | from {caller}", self.executed)
            }
            Format::Json => {
                let (results, trap) = match &call.answer {
                    RecordedAnswer::Returned(values) => (Some(self.texts(values)), None),
                    RecordedAnswer::Trapped(message) => (None, Some(message.to_string())),
                    RecordedAnswer::PassedOn(trap) => (None, Some(trap.code.to_string())),
                    RecordedAnswer::Exited(_) | RecordedAnswer::Unfinished => (None, None),
                };
                json!({
                    "executed": self.executed,
                    "host": { "module": &*call.module, "name": &*call.name },
                    "args": self.texts(&call.args),
                    "caller": site.map(|site| json!({
                        "instance": self.machine.name(site.instance),
                        "function": site.func.0,
                        "offset": site.offset.0,
                    })),
                    "results": results,
                    "trap": trap,
                })
                .to_string()
            }
        };
        self.line(&line);
    }

    fn done(&mut self, values: &[Value]) {
        let line = match self.format {
            Format::Text => format!("{} done | {}", self.executed, self.texts(values).join(" ")),
            Format::Json => {
                json!({ "executed": self.executed, "done": self.texts(values) }).to_string()
            }
        };
        self.line(line.trim_end());
    }

    fn texts(&self, values: &[Value]) -> Vec<String> {
        values.iter().map(|value| self.machine.value(value)).collect()
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }
}
