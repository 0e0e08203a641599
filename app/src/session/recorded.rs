//! Runs as files: saved with all that one stands before, and opened again there.
//!
//! The machine notes what is done to its store from the beginning on, so that a run can be saved at any time. A
//! recording that is opened takes the place of what was open; it is played without the host, and its timeline is
//! filled meanwhile.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use stepwell_engine::recording::{Played, Player, Step};
use stepwell_engine::text::{dotted, path_part};
use stepwell_engine::{Module, Task, TaskId, Value};

use super::command::ModuleKey;
use super::file_memory::FileMemory;
use super::machine::{Job, Machine};
use super::past::Journey;
use super::types::{RunState, SessionError, StopReason};
use super::value_text::untyped;
use super::{Invocation, Session, not_now};
use crate::hosts::{LogEntry, Origin};
use crate::recording::{
    Ending, File, Header, Stream, VERSION, Writer, read_with, value_of, value_text,
};

/// Instructions between two looks at the clock.
const CHUNK: u64 = 200_000;

/// What a window needs to stand there again, beside what was done.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Window {
    modules: Vec<KnownModule>,
    /// By instances: positions of the modules they are of.
    instances: Vec<usize>,
    tasks: Vec<KnownTask>,
    selected: Option<u32>,
    started: Option<(usize, String, Vec<String>)>,
    /// The count at which one stands, if that is not the end.
    at: Option<u64>,
    memories: Vec<FileMemory>,
    program_args: Vec<String>,
    console: Vec<KnownPiece>,
}

#[derive(Serialize, Deserialize)]
struct KnownModule {
    name: String,
    /// As it was written, if that was text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KnownTask {
    title: String,
    task: u64,
    earlier: u64,
    jobs: Vec<KnownJob>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KnownJob {
    Instantiate(usize),
    Initialize(usize),
    Ready(usize),
    Call(usize, String, Vec<String>),
}

/// A piece of the console; what is not of the program was there, or came of a person.
#[derive(Serialize, Deserialize)]
struct KnownPiece {
    stream: crate::hosts::Stream,
    bytes: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<(u64, u64)>,
}

/// A recording that is being played.
pub(super) struct Playing {
    player: Player,
    name: String,
    window: Window,
    keys: Vec<ModuleKey>,
}

/// What a saved run has in it, for a person who gives it away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedView {
    /// Modules, and their bytes.
    pub modules: Vec<(String, usize)>,
    /// Host calls, with what they have read of the world.
    pub host_calls: usize,
    /// Bytes of the console, what was typed among them.
    pub console: usize,
    /// Instructions of the run.
    pub executed: u64,
}

impl Session {
    /// What a file of the run would have in it.
    ///
    /// # Errors
    /// [`SessionError::NotNow`] if there is no run, or not all of it is known.
    pub fn saved_view(&self) -> Result<SavedView, SessionError> {
        let machine = self.machine.as_ref().ok_or_else(|| not_now("start an export first"))?;
        if matches!(self.journey, Some(Journey::Play(_))) {
            return Err(not_now("the recording is still being played"));
        }
        if let Some(why) = machine.timeline.lost_steps(&machine.store) {
            return Err(not_now(format!("the run cannot be saved: {why}")));
        }
        let recording = machine.timeline.recording(&machine.store).unwrap_or_default();
        let sizes = self.modules.iter().map(|open| (open.name.clone(), open.module.bytes().len()));
        Ok(SavedView {
            modules: sizes.collect(),
            host_calls: recording.calls.len(),
            console: self.hosts.log_entries().iter().map(|entry| entry.bytes.len()).sum(),
            executed: machine.tasks.clock(),
        })
    }

    /// The run as a file, with or without what the console shows.
    ///
    /// # Errors
    /// Those of [`Session::saved_view`].
    pub fn save_run(&self, with_console: bool) -> Result<Vec<u8>, SessionError> {
        self.saved_view()?;
        let machine = self.machine.as_ref().ok_or_else(|| not_now("start an export first"))?;
        let recording = machine.timeline.recording(&machine.store).unwrap_or_default();
        let config = self.engine.config();
        let window = serde_json::to_value(self.window(machine, with_console));
        let header = Header {
            version: VERSION,
            made_by: concat!("stepwell ", env!("CARGO_PKG_VERSION")).to_owned(),
            max_call_depth: config.max_call_depth,
            max_value_stack: config.max_value_stack,
            called: self.invocation.as_ref().map(|last| last.export.clone()),
            program_args: self.hosts.args().to_vec(),
            window: window.ok(),
        };
        let mut writer = Writer::new(Vec::new(), header);
        for open in &self.modules {
            writer.module(&open.module, &|_: &Module| open.name.clone());
        }
        writer.add(&recording, |module| {
            let open = self.modules.iter().find(|open| open.module.bytes() == module.bytes());
            open.map_or_else(String::new, |open| open.name.clone())
        });
        if with_console {
            for entry in self.hosts.log_entries() {
                let stream = match entry.stream {
                    crate::hosts::Stream::Stdout => Stream::Stdout,
                    crate::hosts::Stream::Stderr | crate::hosts::Stream::Log => Stream::Stderr,
                    crate::hosts::Stream::Typed => continue,
                };
                let clock = entry.origin.map_or(0, |origin| origin.clock);
                writer.print(stream, clock, &entry.bytes);
            }
        }
        let executed = machine.tasks.clock();
        let ending = Ending { executed, ..Ending::default() };
        writer.finish(ending).map_err(|error| not_now(format!("the run cannot be saved: {error}")))
    }

    fn window(&self, machine: &Machine, with_console: bool) -> Window {
        let position = |key: ModuleKey| self.modules.iter().position(|open| open.key == key);
        let modules = self
            .modules
            .iter()
            .map(|open| KnownModule { name: open.name.clone(), text: open.source.clone() });
        let instances = machine
            .store
            .instances()
            .map(|instance| machine.module_of(instance).and_then(position).unwrap_or(usize::MAX));
        let job = |job: &Job| {
            Some(match job {
                Job::Instantiate(key) => KnownJob::Instantiate(position(*key)?),
                Job::Initialize(key) => KnownJob::Initialize(position(*key)?),
                Job::Ready(key) => KnownJob::Ready(position(*key)?),
                Job::Call { module, export, args } => {
                    let args = args.iter().map(value_text).collect();
                    KnownJob::Call(position(*module)?, export.clone(), args)
                }
            })
        };
        let tasks = machine.tasks.entries().map(|entry| KnownTask {
            title: entry.title.clone(),
            task: entry.task.id().0,
            earlier: entry.executed() - entry.task.executed(),
            jobs: entry.jobs.iter().filter_map(job).collect(),
        });
        let console = self.hosts.log_entries().into_iter().map(|entry| KnownPiece {
            stream: entry.stream,
            by: entry.origin.map(|origin| (origin.task.0, origin.clock)),
            bytes: entry.bytes,
        });
        let started = self.invocation.as_ref().and_then(|last| {
            Some((position(last.module)?, last.export.clone(), last.args.clone()))
        });
        let hashes: Vec<&str> = self.modules.iter().map(|open| open.hash.as_str()).collect();
        let mut memories = self.file_memories();
        memories.retain(|memory| hashes.contains(&memory.hash.as_str()));
        Window {
            modules: modules.collect(),
            instances: instances.collect(),
            tasks: tasks.collect(),
            selected: machine.tasks.current().map(|entry| entry.number),
            started,
            at: self.is_past().then(|| machine.clock()),
            memories,
            program_args: self.hosts.args().to_vec(),
            console: if with_console { console.collect() } else { Vec::new() },
        }
    }

    /// Opens a recording in place of what is open, and plays it up to where its window stood, or to its end.
    pub(super) fn open_recording(&mut self, name: &str, bytes: &[u8]) -> Result<(), SessionError> {
        let told = |problem| not_now(format!("{}: {problem}", path_part(name)));
        let file = read_with(bytes, &self.engine).map_err(told)?;
        let File { header, engine, modules, mut recording, printed, .. } = file;
        let window = header.window.and_then(|window| serde_json::from_value(window).ok());
        let mut window: Window = window.unwrap_or_default();
        self.close_everything();
        self.engine = engine;
        self.set_file_memories_of(std::mem::take(&mut window.memories));
        let mut keys = Vec::new();
        for (position, (module_name, module)) in modules.iter().enumerate() {
            let known = window.modules.get(position);
            let name = known.map_or(module_name, |known| &known.name);
            let bytes = match known.and_then(|known| known.text.clone()) {
                Some(text) => text.into_bytes(),
                None => module.bytes().to_vec(),
            };
            self.open(name, bytes)?;
            self.recall_file(name);
            keys.extend(self.modules.last().map(|open| open.key));
        }
        // What is open and what runs are the same.
        for step in &mut recording.steps {
            if let Step::Instantiate { module, .. } = step
                && let Some(open) =
                    self.modules.iter().find(|open| open.module.bytes() == module.bytes())
            {
                *module = open.module.clone();
            }
        }
        if window.instances.is_empty() {
            window.instances = instances_of(&recording.steps, &modules);
        }
        if window.tasks.is_empty() {
            window.program_args = header.program_args;
            window.started = started_of(&recording.steps, header.called, modules.len());
        }
        if window.console.is_empty() {
            let only = recording.steps.iter().filter(|step| matches!(step, Step::Start { .. }));
            let by = (only.count() == 1).then_some(0);
            window.console = printed
                .into_iter()
                .map(|(stream, clock, bytes)| KnownPiece {
                    stream: match stream {
                        Stream::Stdout => crate::hosts::Stream::Stdout,
                        Stream::Stderr => crate::hosts::Stream::Stderr,
                    },
                    by: by.map(|task| (task, clock)),
                    bytes,
                })
                .collect();
        }
        if let Some((module, export, args)) = window.started.take()
            && let Some(key) = keys.get(module).copied()
            && self.module(key).is_some_and(|open| open.module.export(&export).is_some())
        {
            self.invocation = Some(Invocation { module: key, export, args });
        }
        let env = self.program_env().to_vec();
        let args = std::mem::take(&mut window.program_args);
        self.set_program(args, env)?;
        let mut machine = Machine::new(&self.engine);
        let player = Player::begin(&mut machine.store, recording);
        self.machine = Some(machine);
        let name = name.to_owned();
        self.journey = Some(Journey::Play(Box::new(Playing { player, name, window, keys })));
        self.state = RunState::Running;
        self.drive(super::run::COMMAND_SLICE)
    }

    /// Plays for a chunk.
    pub(super) fn play_on(&mut self, mut playing: Box<Playing>) -> Result<(), SessionError> {
        let Some(machine) = &mut self.machine else { return Ok(()) };
        let (store, timeline) = (&mut machine.store, &mut machine.timeline);
        let played = playing.player.go_on(store, Some(timeline), CHUNK);
        for (instance, module) in
            (0..).map(stepwell_engine::InstanceId).zip(&playing.window.instances)
        {
            if instance.index() < machine.store.instances().len()
                && let Some(key) = playing.keys.get(*module)
            {
                machine.set_instance(*key, instance);
            }
        }
        self.show_tasks(&playing);
        self.take_host_calls();
        match played {
            Ok(Played::Budget | Played::Stop(_)) => {
                self.journey = Some(Journey::Play(playing));
                Ok(())
            }
            Ok(Played::Done) => self.finish_playing(*playing),
            Err(error) => {
                let clock = playing.player.clock();
                self.finish_playing(*playing)?;
                let text = format!("the recording comes out otherwise behind {clock}: {error}");
                self.notify(true, text);
                Ok(())
            }
        }
    }

    /// The tasks that there are by now.
    fn show_tasks(&mut self, playing: &Playing) {
        let Some(machine) = &mut self.machine else { return };
        let most = playing.player.clock();
        let is_known = |task: &Task| machine.tasks.number_of(task.id()).is_some();
        let new: Vec<Task> =
            playing.player.tasks().filter(|task| !is_known(task)).cloned().collect();
        for task in new {
            let known = playing.window.tasks.iter().find(|known| known.task == task.id().0);
            let jobs = |known: &KnownTask| -> VecDeque<Job> {
                known.jobs.iter().filter_map(|job| job_of(job, &playing.keys)).collect()
            };
            let (title, jobs, earlier) = match known {
                // No task can have executed more than the run has.
                Some(known) => (known.title.clone(), jobs(known), known.earlier.min(most)),
                // One of a window that is over, or has become another one.
                None if !playing.window.tasks.is_empty() => continue,
                None => (title_of(&self.modules, machine, &task), VecDeque::new(), 0),
            };
            machine.tasks.add_played(title, task, jobs, earlier, &self.waker);
        }
    }

    /// All is played, or as much as is wanted: the machine stands there.
    fn finish_playing(&mut self, playing: Playing) -> Result<(), SessionError> {
        let Playing { player, name, window, .. } = playing;
        let Some(machine) = &mut self.machine else { return Ok(()) };
        let clock = player.clock();
        let _handles = player.finish(&mut machine.store);
        machine.tasks.set_clock(clock);
        machine.tasks.park(&machine.store);
        self.hosts.set_console(window.console.into_iter().map(|piece| {
            let by = piece.by;
            let origin =
                by.map(|(task, clock)| Origin { task: TaskId(task), clock, instance: None });
            LogEntry { number: 0, stream: piece.stream, bytes: piece.bytes, origin }
        }));
        if let Some(machine) = &mut self.machine {
            machine.note_change();
            if !window.selected.is_some_and(|number| machine.tasks.select(number)) {
                machine.tasks.select_last(&machine.store);
            }
        }
        let pending = self
            .machine
            .as_ref()
            .and_then(|machine| machine.task().and_then(|task| task.pending_call(&machine.store)));
        self.place_import_breaks();
        if let Some(call) = pending {
            self.on_host_call(call)?;
        }
        let reason = match self.machine.as_ref().is_some_and(|machine| machine.task().is_some()) {
            true => self.reason_of_selected(),
            false => StopReason::Paused,
        };
        self.stop(reason);
        let name = path_part(&name);
        let told = match self.is_unfinished() {
            true => format!("{name} is as it was recorded: from here on you answer its host calls"),
            false => format!("{name} is as it was recorded"),
        };
        self.notify(false, told);
        match window.at {
            Some(at) if at < clock => self.seek(at),
            _ => Ok(()),
        }
    }

    /// Plays no further.
    pub(super) fn leave_playing(&mut self) -> Result<bool, SessionError> {
        match self.journey.take() {
            Some(Journey::Play(playing)) => {
                self.finish_playing(*playing)?;
                self.notify(false, "the rest of the recording has been left out".to_owned());
                Ok(true)
            }
            other => {
                self.journey = other;
                Ok(false)
            }
        }
    }
}

/// Of each instance the position of its module, where no window has said.
fn instances_of(steps: &[Step], modules: &[(String, Module)]) -> Vec<usize> {
    let made = steps.iter().filter_map(|step| match step {
        Step::Instantiate { module, .. } => Some(module),
        _ => None,
    });
    let position = |made: &Module| {
        modules.iter().position(|(_, module)| module.bytes() == made.bytes()).unwrap_or(usize::MAX)
    };
    made.map(position).collect()
}

/// What was called last, as a command line tells it: an export of the last module.
fn started_of(
    steps: &[Step],
    called: Option<String>,
    modules: usize,
) -> Option<(usize, String, Vec<String>)> {
    let args = steps.iter().rev().find_map(|step| match step {
        Step::Start { args, .. } => Some(args.iter().map(untyped).collect()),
        _ => None,
    });
    let export = called.unwrap_or_else(|| "_start".to_owned());
    Some((modules.checked_sub(1)?, export, args?))
}

fn title_of(modules: &[super::OpenModule], machine: &Machine, task: &Task) -> String {
    let frame = task.frames(&machine.store).last();
    let named = frame.and_then(|frame| {
        let key = machine.module_of(frame.instance())?;
        let open = modules.iter().find(|open| open.key == key)?;
        Some(dotted(&open.name, &open.names.label(frame.func())))
    });
    named.unwrap_or_else(|| format!("task {}", task.id()))
}

fn job_of(job: &KnownJob, keys: &[ModuleKey]) -> Option<Job> {
    Some(match job {
        KnownJob::Instantiate(module) => Job::Instantiate(*keys.get(*module)?),
        KnownJob::Initialize(module) => Job::Initialize(*keys.get(*module)?),
        KnownJob::Ready(module) => Job::Ready(*keys.get(*module)?),
        KnownJob::Call(module, export, args) => {
            let args: Option<Vec<Value>> = args.iter().map(|text| value_of(text)).collect();
            Job::Call { module: *keys.get(*module)?, export: export.clone(), args: args? }
        }
    })
}
