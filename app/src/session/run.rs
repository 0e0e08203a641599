//! Running, stepping and stopping: what a run aims at, a slice at a time.

use std::collections::HashSet;
use std::time::Duration;

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::module::{Export, ExportItem};
use stepwell_engine::observe::FrameView;
use stepwell_engine::text::{dotted, path_part, quoted};
use stepwell_engine::{
    Budget, BulkProgress, CallSite, CallState, CodeOffset, HostCall, InstanceId, Stop, Value,
};
use stepwell_wasi::INITIALIZE;
use web_time::Instant;

use super::command::ModuleKey;
use super::machine::{self, Machine, Preparing};
use super::types::{ImportSource, RunState, SessionError, StopReason};
use super::value_text::parse_value;
use super::{CallCounts, Invocation, Session, not_now};

/// Instructions between two looks at the clock.
const CHUNK: u64 = 20_000;
/// Bytes that bulk operators write between two looks, about a millisecond's work.
const BULK_CHUNK: u64 = 4 << 20;
/// How long a command may run before it goes on in `tick`.
const COMMAND_SLICE: Duration = Duration::from_millis(6);
/// Steps of up to this many instructions log their memory accesses.
const LOGGED_STEP: u64 = 100_000;
/// Accesses kept of such a step.
const LOG_LENGTH: usize = 4096;
/// Frames whose values are remembered for marking changes.
const REMEMBERED_FRAMES: usize = 16;

/// What a run aims at.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Goal {
    /// Whatever stops it.
    Run,
    /// Exactly this many more instructions.
    Instructions(u64),
    /// The instruction behind the present one, in a frame of this depth or less.
    Over { depth: usize, behind: Option<Place> },
    /// The return to this place, in a frame of this depth; without one, the end.
    Out { depth: usize, behind: Option<Place> },
    /// One turn of the task whose turn is next.
    Turn,
    /// An instruction, in any frame.
    To { module: ModuleKey, offset: u32 },
}

impl Goal {
    /// Whether all tasks run, by turns, or the selected one alone.
    fn takes_turns(&self) -> bool {
        matches!(self, Goal::Run | Goal::Turn | Goal::To { .. })
    }
}

/// An instruction of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    instance: InstanceId,
    offset: CodeOffset,
}

/// A run in progress, over however many slices.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Progress {
    goal: Goal,
    logged: bool,
    /// Turns in a row in which nothing has been executed.
    idle: usize,
}

/// What frames and globals held at the previous stop.
#[derive(Default)]
pub(super) struct Remembered {
    /// Whose frames they are.
    task: Option<u32>,
    /// By depth, outermost 1.
    frames: Vec<RememberedFrame>,
    pub(super) globals: Vec<Value>,
    pub(super) calls: CallCounts,
}

struct RememberedFrame {
    depth: usize,
    instance: InstanceId,
    func: u32,
    locals: Vec<Value>,
    operands: Vec<Value>,
}

impl Remembered {
    fn of(session: &Session) -> Self {
        let frames = session.frames();
        let depth = frames.len();
        let globals = session.store().map_or(Vec::new(), |store| {
            (0..).map_while(|at| Some(store.global(stepwell_engine::GlobalAddr(at))?.1)).collect()
        });
        let frames = frames
            .iter()
            .take(REMEMBERED_FRAMES)
            .enumerate()
            .map(|(position, frame)| RememberedFrame {
                depth: depth - position,
                instance: frame.instance(),
                func: frame.func().0,
                locals: frame.locals().into_iter().map(|local| local.value).collect(),
                operands: frame.operands(),
            })
            .collect();
        let (task, calls) = (session.selected_task(), session.calls_between());
        Self { task, frames, globals, calls }
    }

    /// Locals and operands of the activation that `frame`, at this depth, may still be.
    pub(super) fn frame(
        &self,
        task: Option<u32>,
        depth: usize,
        frame: &FrameView<'_>,
    ) -> Option<(&[Value], &[Value])> {
        let known = self.frames.iter().find(|known| {
            self.task == task
                && known.depth == depth
                && known.instance == frame.instance()
                && known.func == frame.func().0
        })?;
        Some((&known.locals, &known.operands))
    }
}

impl Session {
    /// Stands before the first instruction of an export, or of what prepares its module.
    pub(super) fn start(
        &mut self,
        key: ModuleKey,
        export: &str,
        texts: &[String],
    ) -> Result<(), SessionError> {
        let args = self.read_args(key, export, texts)?;
        let ended =
            matches!(self.state, RunState::Stopped(StopReason::Trap(_) | StopReason::Exit(_)));
        // What has ended itself is not to be called again, and a command's `_start` is called once.
        let half_made = |machine: &Machine| machine.tasks.in_preparation().next().is_some();
        let half_made = self.machine.as_ref().is_some_and(half_made);
        if self.links_changed || ended || half_made || export == "_start" {
            self.discard_machine();
        }
        if let Some(Machine { tasks, store, .. }) = &mut self.machine {
            tasks.clear(store);
        }
        self.calls.forget_all_pending();
        self.hosts.begin(&self.program_name(key));
        self.add_task(key, export, args)?;
        self.invocation =
            Some(Invocation { module: key, export: export.to_owned(), args: texts.to_vec() });
        Ok(())
    }

    /// Adds a task that stands before the first instruction of an export, and selects it. Modules that
    /// have been opened since the run began join it; those that are there stay linked as they are.
    pub(super) fn spawn(
        &mut self,
        key: ModuleKey,
        export: &str,
        texts: &[String],
    ) -> Result<(), SessionError> {
        if self.machine.is_none() {
            return self.start(key, export, texts);
        }
        let args = self.read_args(key, export, texts)?;
        self.stopped_machine()?;
        self.add_task(key, export, args)
    }

    fn add_task(
        &mut self,
        key: ModuleKey,
        export: &str,
        args: Vec<Value>,
    ) -> Result<(), SessionError> {
        let modules = std::mem::take(&mut self.modules);
        let engine = self.engine.clone();
        let machine = self.machine.get_or_insert_with(|| Machine::new(&engine));
        let jobs = machine.plan_call(&modules, key, export, args);
        let made = jobs.and_then(|mut jobs| {
            let task = machine.next_task(&modules, &mut jobs, &self.hosts)?;
            Ok(task.map(|task| (task, jobs)))
        });
        let module = modules.iter().find(|open| open.key == key);
        let title = dotted(module.map_or("?", |open| open.name.as_str()), export);
        self.modules = modules;
        match made {
            Ok(Some((task, jobs))) => {
                machine.tasks.add(title, task, jobs, &self.waker);
            }
            Ok(None) => return Err(not_now("there is nothing to start")),
            // What others run in stays.
            Err(error) if machine.tasks.count() > 0 => return Err(error),
            Err(error) => {
                self.discard_machine();
                return Err(error);
            }
        }
        // A run of several tasks may have been linked at several times.
        if machine.tasks.count() == 1 {
            self.links_changed = false;
        }
        self.remembered = Remembered::default();
        self.memory.clear_marks();
        self.progress = None;
        self.ensure_memory_view();
        self.place_import_breaks();
        self.stop(StopReason::Started);
        Ok(())
    }

    /// What the selected task is about, if it does not run its export yet but prepares a module for it.
    pub fn preparing(&self) -> Option<Preparing> {
        machine::preparing(&self.machine.as_ref()?.tasks.current()?.jobs)
    }

    /// The same in words: `_initialize of lib, before lib.get`.
    pub fn preparing_text(&self) -> Option<String> {
        let (what, key) = match self.preparing()? {
            Preparing::StartFunction(key) => ("the start function", key),
            Preparing::Initialize(key) => (INITIALIZE, key),
        };
        let title = &self.machine.as_ref()?.tasks.current()?.title;
        let name = self.module(key).map_or("?", |open| open.name.as_str());
        // What was asked for may be this very function.
        match *title == format!("{name}.{what}") {
            true => None,
            false => Some(format!("{what} of {name}, before {title}")),
        }
    }

    /// `argv[0]` of a program.
    fn program_name(&self, key: ModuleKey) -> String {
        self.module(key).map_or_else(String::new, |open| format!("{}.wasm", open.name))
    }

    /// What to start when nobody has said: `_start` or `main` of the module that no other imports,
    /// else its first function without parameters.
    pub fn proposed_start(&self) -> Option<(ModuleKey, &str)> {
        let imports = self.modules.iter().flat_map(|open| &open.imports);
        let providers = imports.filter_map(|import| match import.source {
            ImportSource::Module(key) => Some(key),
            _ => None,
        });
        let imported: HashSet<ModuleKey> = providers.collect();
        let mut tops = self.modules.iter().rev().filter(|open| !imported.contains(&open.key));
        let main = tops.next().or(self.modules.last())?;
        let can_start = |export: &&Export| match export.item {
            ExportItem::Func(func) => {
                main.module.func_type(func).is_some_and(|ty| ty.params().is_empty())
            }
            _ => false,
        };
        let usual = ["_start", "main"].into_iter().filter_map(|name| main.module.export(name));
        // It runs before the others anyway.
        let is_last = |export: &&Export| &*export.name == INITIALIZE;
        let others = main.module.exports().iter().filter(|export| !is_last(export));
        let found = usual.chain(others).chain(main.module.export(INITIALIZE)).find(can_start)?;
        Some((main.key, &*found.name))
    }

    fn read_args(
        &self,
        key: ModuleKey,
        export: &str,
        texts: &[String],
    ) -> Result<Vec<Value>, SessionError> {
        let not_now = |text: String| SessionError::NotNow(text);
        let open = self.module(key).ok_or_else(|| not_now("the module is closed".to_owned()))?;
        let item = open.module.export(export).map(|export| export.item);
        let ty = match item.and_then(|item| open.module.export_type(item)) {
            Some(stepwell_engine::ExternType::Func(ty)) => ty,
            Some(other) => {
                return Err(not_now(format!("{} is a {}", quoted(export), other.kind())));
            }
            None => {
                return Err(not_now(format!(
                    "{} exports no {}",
                    path_part(&open.name),
                    quoted(export)
                )));
            }
        };
        if ty.params().len() != texts.len() {
            let message = format!("{} arguments needed, {} given", ty.params().len(), texts.len());
            return Err(SessionError::Input { field: 0, message });
        }
        let types = ty.params().iter().zip(texts).enumerate();
        types
            .map(|(field, (ty, text))| {
                parse_value(*ty, text).map_err(|message| SessionError::Input { field, message })
            })
            .collect()
    }

    /// Sets out for a goal and takes the first slice of it.
    pub(super) fn set_out(&mut self, goal: Goal) -> Result<(), SessionError> {
        match &self.state {
            RunState::Running => return Err(SessionError::NotNow("it is running".to_owned())),
            RunState::Idle => {
                return Err(SessionError::NotNow("choose an export to start first".to_owned()));
            }
            // Others may go on.
            RunState::Stopped(_) if goal.takes_turns() && self.others_can_run() => {}
            RunState::Stopped(StopReason::HostCall) => return Err(self.not_answered()),
            RunState::Stopped(StopReason::Wait) => {
                return Err(not_now("it waits for a notification; let it time out first"));
            }
            RunState::Stopped(StopReason::Done(_)) => {
                return Err(not_now("it has returned; start it again"));
            }
            RunState::Stopped(StopReason::Trap(_)) => {
                return Err(not_now("it has trapped; restart it"));
            }
            RunState::Stopped(StopReason::Exit(_)) => {
                return Err(not_now("the program has ended; start it again"));
            }
            RunState::Stopped(_) => {}
        }
        self.remembered = Remembered::of(self);
        let logged = matches!(goal, Goal::Instructions(count) if count <= LOGGED_STEP)
            || matches!(goal, Goal::Over { .. });
        if let Some(machine) = &mut self.machine {
            machine.tasks.set_out();
            self.memory.remember(&machine.store);
            let log_length = if logged { LOG_LENGTH } else { 0 };
            machine.store.debugger_mut().log_accesses(log_length);
        }
        self.progress = Some(Progress { goal, logged, idle: 0 });
        self.speed = Speed::default();
        self.state = RunState::Running;
        self.place_breakpoints();
        self.drive(COMMAND_SLICE)
    }

    /// How far the bulk instruction has come in the middle of which the selected task stands: its name, and
    /// what it has written.
    pub fn bulk_progress(&self) -> Option<(String, BulkProgress)> {
        let machine = self.machine.as_ref()?;
        let progress = machine.task()?.bulk_progress(&machine.store)?;
        let name = self.frames().first()?.instruction_name()?.into_owned();
        Some((name, progress))
    }

    fn not_answered(&self) -> SessionError {
        let state = self.pending_call().map(|record| record.call.state);
        not_now(match state {
            Some(CallState::InProgress) if self.awaits_input() => {
                "it waits for a line of standard input"
            }
            Some(CallState::InProgress) => "the host function has not answered yet",
            _ => "answer the host call first",
        })
    }

    /// Whether a run that waits for a host function can go on.
    pub(super) fn look_at_hosts(&mut self) {
        let Some(machine) = &self.machine else { return };
        if self.hosts.is_due() {
            machine.tasks.wake_all();
        }
        let Some(progress) = &self.progress else { return };
        let selected = machine.tasks.current();
        // While a person is asked, the others wait.
        let waits = self.state == RunState::Stopped(StopReason::HostCall)
            && selected.is_some_and(|entry| entry.awaits());
        let woken = match progress.goal.takes_turns() {
            true => machine.tasks.any_woken(),
            false => selected.is_some_and(|entry| entry.is_woken()),
        };
        if waits && woken {
            self.state = RunState::Running;
        }
    }

    /// When to look again whether a host function has something, if nobody tells.
    pub fn next_look(&self) -> Option<Duration> {
        let waits = self.state == RunState::Stopped(StopReason::HostCall);
        if waits { self.hosts.due_in() } else { None }
    }

    /// Goes on with the goal of before, once a host call has been answered or a wait is over.
    pub(super) fn go_on(&mut self) -> Result<(), SessionError> {
        if self.progress.is_none() {
            self.stop(StopReason::Stepped);
            return Ok(());
        }
        self.state = RunState::Running;
        // A step over the call, or the wait, has come to its end.
        self.on_progress();
        self.drive(COMMAND_SLICE)
    }

    pub(super) fn goal_over(&self) -> Goal {
        Goal::Over { depth: self.depth(), behind: None }
    }

    pub(super) fn goal_out(&self) -> Goal {
        let depth = self.depth();
        let caller = depth.checked_sub(1).filter(|depth| *depth > 0);
        let behind = caller.and_then(|depth| self.place_behind_call(depth));
        Goal::Out { depth: depth.saturating_sub(1), behind }
    }

    fn depth(&self) -> usize {
        self.machine
            .as_ref()
            .and_then(|machine| Some(machine.task()?.depth(&machine.store)))
            .unwrap_or(0)
    }

    /// The instruction behind the call at which the frame of this depth waits.
    fn place_behind_call(&self, depth: usize) -> Option<Place> {
        let frames = self.frames();
        let frame = frames.get(frames.len().checked_sub(depth)?)?;
        let listing = Listing::new(frame.module(), frame.func()).ok()?;
        let call = listing.position(frame.offset())?;
        Some(Place { instance: frame.instance(), offset: listing.offset(call + 1)? })
    }

    /// Tells the engine where to stop: the person's breakpoints and the goal's own.
    fn place_breakpoints(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        let enabled = self.breakpoints.iter().filter(|entry| entry.state.enabled);
        let mut places: Vec<_> =
            enabled.map(|entry| (entry.state.module, entry.state.offset)).collect();
        match self.progress.as_ref().map(|progress| &progress.goal) {
            Some(Goal::To { module, offset }) => places.push((*module, *offset)),
            Some(
                Goal::Over { behind: Some(place), .. } | Goal::Out { behind: Some(place), .. },
            ) => {
                if let Some(module) = machine.module_of(place.instance) {
                    places.push((module, place.offset.0));
                }
            }
            _ => {}
        }
        machine.set_breakpoints(places.into_iter());
    }

    /// Runs towards the goal for at most `slice`.
    pub(super) fn drive(&mut self, slice: Duration) -> Result<(), SessionError> {
        let begun = Instant::now();
        let clock = self.clock();
        let mut result = Ok(());
        while self.state == RunState::Running {
            if let Err(error) = self.advance() {
                self.stop(StopReason::Paused);
                result = Err(error);
            }
            if begun.elapsed() >= slice {
                break;
            }
        }
        self.speed.add(self.clock() - clock, begun.elapsed());
        result
    }

    /// One chunk, or one turn.
    fn advance(&mut self) -> Result<(), SessionError> {
        let (Some(machine), Some(progress)) = (&mut self.machine, &self.progress) else {
            self.stop(StopReason::Paused);
            return Ok(());
        };
        let takes_turns = progress.goal.takes_turns() && machine.tasks.count() > 1;
        let several = machine.tasks.unfinished(&machine.store) > 1;
        if takes_turns && !machine.tasks.select_next(&machine.store) {
            self.come_to_rest();
            return Ok(());
        }
        let chunk = match progress.goal {
            Goal::Instructions(0) => {
                self.stop(StopReason::Stepped);
                return Ok(());
            }
            Goal::Turn => self.reductions,
            _ if takes_turns && several => self.reductions,
            Goal::Instructions(count) => count.min(CHUNK),
            Goal::Over { behind: None, .. } => 1,
            _ => CHUNK,
        };
        let clock = machine.clock();
        machine.tasks.about_to_run();
        let Some(entry) = machine.tasks.current_mut() else {
            self.stop(StopReason::Paused);
            return Ok(());
        };
        let waker = entry.waker();
        let before = entry.task.executed();
        let budget = Budget::instructions(chunk).bulk_bytes(BULK_CHUNK);
        let stop = entry.task.run_with(&mut machine.store, budget, &waker)?;
        let done = entry.task.executed() - before;
        machine.tasks.note(clock, clock + done, &stop, takes_turns && several);
        self.take_host_calls();
        let Some(progress) = &mut self.progress else { return Ok(()) };
        // Without an instruction, a part of one has been done.
        let has_run = done > 0 || stop == Stop::Budget;
        progress.idle = if has_run { 0 } else { progress.idle + 1 };
        if let Goal::Instructions(count) = &mut progress.goal {
            *count -= done.min(*count);
        }
        let is_turn = progress.goal == Goal::Turn;
        match stop {
            Stop::Budget if is_turn => self.stop(StopReason::Stepped),
            Stop::Budget if done == 0 => {}
            Stop::Budget | Stop::Watchpoint(_) => self.on_progress(),
            Stop::Breakpoint(site) => self.on_breakpoint(site),
            Stop::HostCall(call) => self.on_call(call, takes_turns && !is_turn)?,
            Stop::Wait(_) if takes_turns && !is_turn => {}
            Stop::Wait(_) => self.stop(StopReason::Wait),
            Stop::Trap(trap) => self.stop(StopReason::Trap(trap)),
            Stop::Exit(code) => self.stop(StopReason::Exit(code)),
            Stop::Done(values) => self.on_done(values)?,
            // Nobody interrupts from outside.
            _ => self.on_progress(),
        }
        Ok(())
    }

    /// The selected task is parked: whether another one can have its turn. A host function may wake its
    /// task without having anything, so a round without an instruction is left to the window.
    fn next_can_go_on(&self) -> bool {
        let Some(Machine { tasks, store, .. }) = &self.machine else { return false };
        self.progress.as_ref().is_some_and(|progress| progress.idle <= tasks.unfinished(store))
    }

    /// No task can go on by itself: shows one that waits for somebody, if there is one.
    fn come_to_rest(&mut self) {
        if let Some(machine) = &mut self.machine {
            machine.tasks.select_parked(&machine.store);
        }
        let reason = self.reason_of_selected();
        self.stop(reason);
    }

    /// A host call has not been answered.
    fn on_call(&mut self, call: HostCall, others_follow: bool) -> Result<(), SessionError> {
        match call.state {
            CallState::Breakpoint => {
                if self.stops_at(&call) {
                    let (module, name) = (call.module.to_string(), call.name.to_string());
                    self.stop(StopReason::ImportBreak { module, name });
                }
            }
            CallState::Unanswered => {
                if self.on_host_call(call)? {
                    self.stop(StopReason::HostCall);
                } else {
                    self.on_progress();
                }
            }
            CallState::InProgress => {
                self.on_host_call(call)?;
                if !(others_follow && self.next_can_go_on()) {
                    self.stop(StopReason::HostCall);
                }
            }
        }
        Ok(())
    }

    /// After instructions have been executed: is the goal reached?
    fn on_progress(&mut self) {
        let depth = self.depth();
        let waiting = self.is_unfinished();
        let Some(progress) = &self.progress else { return };
        match progress.goal {
            Goal::Instructions(0) => self.stop(StopReason::Stepped),
            Goal::Over { depth: wanted, behind: None } if waiting => {
                if depth <= wanted {
                    self.stop(StopReason::Stepped);
                    return;
                }
                let behind = self.place_behind_call(wanted);
                if let Some(progress) = &mut self.progress {
                    // Without a place behind it, the call is the last thing that frame does.
                    progress.goal = match behind {
                        Some(_) => Goal::Over { depth: wanted, behind },
                        None => Goal::Out { depth: 0, behind: None },
                    };
                }
                self.place_breakpoints();
            }
            _ => {}
        }
    }

    fn on_breakpoint(&mut self, site: CallSite) {
        let depth = self.depth();
        let entry = self.machine.as_ref().and_then(|machine| machine.tasks.current());
        let has_moved = entry.is_some_and(|entry| entry.has_moved());
        let Some(progress) = &self.progress else { return };
        let here = Place { instance: site.instance, offset: site.offset };
        let arrived = match progress.goal {
            Goal::Over { depth: wanted, behind } => behind == Some(here) && depth <= wanted,
            Goal::Out { depth: wanted, behind } => behind == Some(here) && depth <= wanted,
            _ => false,
        };
        if arrived {
            self.stop(StopReason::Stepped);
            return;
        }
        // One at which the task stood when the run set out does not stop it.
        if !has_moved {
            return;
        }
        let goal = progress.goal.clone();
        let Some(module) = self.module_of_instance(site.instance).map(|open| open.key) else {
            return;
        };
        if goal == (Goal::To { module, offset: site.offset.0 }) {
            self.stop(StopReason::Arrived);
            return;
        }
        if let Some(hits) = self.count_hit(module, site.offset.0) {
            self.stop(StopReason::Breakpoint { module, offset: site.offset.0, hits });
        }
    }

    /// Counts a hit if the breakpoint's condition holds.
    fn count_hit(&mut self, module: ModuleKey, offset: u32) -> Option<u64> {
        let position = self.breakpoints.iter().position(|entry| entry.is_at(module, offset))?;
        let entry = self.breakpoints.get(position).filter(|entry| entry.state.enabled)?;
        if let Some(condition) = &entry.condition {
            let frames = self.frames();
            if !frames.first().is_some_and(|frame| condition.holds(frame)) {
                return None;
            }
        }
        let entry = self.breakpoints.get_mut(position)?;
        entry.state.hits += 1;
        Some(entry.state.hits)
    }

    /// The task has returned: the next one, or the end.
    fn on_done(&mut self, values: Vec<Value>) -> Result<(), SessionError> {
        let Some(machine) = &mut self.machine else { return Ok(()) };
        let jobs = machine.tasks.current_mut().map(|entry| std::mem::take(&mut entry.jobs));
        let mut jobs = jobs.unwrap_or_default();
        let next = match jobs.is_empty() {
            true => Ok(None),
            false => machine.next_task(&self.modules, &mut jobs, &self.hosts),
        };
        match next {
            Ok(None) => {
                let goal = self.progress.as_ref().map(|progress| &progress.goal);
                let goes_on = matches!(goal, Some(Goal::Run | Goal::To { .. }));
                // The others have their turns; where none can, one may wait for somebody.
                if !goes_on || machine.tasks.unfinished(&machine.store) == 0 {
                    self.stop(StopReason::Done(values));
                }
                return Ok(());
            }
            Ok(Some(task)) => {
                if let Some(entry) = machine.tasks.current_mut() {
                    entry.jobs = jobs;
                    entry.replace(task);
                }
            }
            Err(error) => {
                self.discard_machine();
                return Err(error);
            }
        }
        // What prepares a module is over, and the next function stands at its beginning.
        self.place_breakpoints();
        self.place_import_breaks();
        let goal = self.progress.as_ref().map(|progress| &progress.goal);
        let is_over = matches!(
            goal,
            Some(Goal::Over { .. } | Goal::Out { .. } | Goal::Turn | Goal::Instructions(0))
        );
        if is_over {
            self.stop(StopReason::Stepped);
        }
        Ok(())
    }

    /// Comes to a stop; a goal interrupted by a host call or a wait is kept for afterwards.
    pub(super) fn stop(&mut self, reason: StopReason) {
        if let Some(machine) = &mut self.machine
            && self.progress.as_ref().is_some_and(|progress| progress.logged)
        {
            self.memory.take_accesses(&mut machine.store);
        }
        if !matches!(reason, StopReason::HostCall | StopReason::Wait) {
            self.progress = None;
        }
        self.heap.changed();
        self.state = RunState::Stopped(reason);
        self.selected_frame = 0;
        self.ensure_memory_view();
        self.focus_frame();
    }
}

/// Instructions a second, over the slices of a run.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Speed {
    instructions: u64,
    time: Duration,
}

impl Speed {
    fn add(&mut self, instructions: u64, time: Duration) {
        self.instructions += instructions;
        self.time += time;
    }

    /// Only once enough has been measured to mean something.
    pub(super) fn per_second(self) -> Option<f64> {
        (self.instructions > 100_000)
            .then(|| self.instructions as f64 / self.time.as_secs_f64().max(1e-9))
    }
}
