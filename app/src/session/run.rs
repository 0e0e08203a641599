//! Running, stepping and stopping: what a run aims at, a slice at a time.

use std::time::Duration;

use stepwell_engine::{Budget, BulkProgress, CallSite, CallState, HostCall, Stop, Value};
use web_time::Instant;

use super::goal::{Goal, Place, Progress};
use super::machine::Machine;
use super::remembered::Remembered;
use super::types::{RunState, SessionError, StopReason};
use super::{Session, not_now};

/// Instructions between two looks at the clock.
const CHUNK: u64 = 20_000;
/// Bytes that bulk operators write between two looks, about a millisecond's work.
const BULK_CHUNK: u64 = 4 << 20;
/// How long a command may run before it goes on in `tick`.
pub(super) const COMMAND_SLICE: Duration = Duration::from_millis(6);
/// Steps of up to this many instructions log their memory accesses.
const LOGGED_STEP: u64 = 100_000;
/// Accesses kept of such a step.
const LOG_LENGTH: usize = 4096;

impl Session {
    /// Sets out for a goal and takes the first slice of it.
    pub(super) fn set_out(&mut self, goal: Goal) -> Result<(), SessionError> {
        if self.is_past() {
            return self.go_forward(&goal);
        }
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
        self.watches.remember();
        let at_import = matches!(self.state, RunState::Stopped(StopReason::ImportBreak { .. }));
        let finishes_call = at_import && matches!(goal, Goal::Instructions(0) | Goal::Over { .. });
        let logged = matches!(goal, Goal::Instructions(count) if count <= LOGGED_STEP)
            || matches!(goal, Goal::Over { .. });
        if let Some(machine) = &mut self.machine {
            machine.tasks.set_out();
            self.memory.remember(&machine.store);
            let log_length = if logged { LOG_LENGTH } else { 0 };
            machine.store.debugger_mut().log_accesses(log_length);
        }
        self.progress = Some(Progress { goal, logged, idle: 0, finishes_call });
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
        // What has been waited for is no time of the run.
        self.speed = Speed::default();
        if let Some(progress) = &mut self.progress {
            progress.finishes_call = false;
        }
        // A step over the call, or the wait, has come to its end.
        self.on_progress();
        self.drive(COMMAND_SLICE)
    }

    /// Runs towards the goal for at most `slice`.
    pub(super) fn drive(&mut self, slice: Duration) -> Result<(), SessionError> {
        let begun = Instant::now();
        let clock = self.clock();
        if self.journey.is_none() {
            self.edits.end("the machine has run on since");
        }
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
        // What is done again is no speed of the run.
        if !self.is_past() && self.clock() >= clock {
            self.speed.add(begun, self.clock() - clock);
        }
        result
    }

    /// One chunk, or one turn.
    fn advance(&mut self) -> Result<(), SessionError> {
        if self.journey.is_some() {
            return self.travel();
        }
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
            _ if progress.finishes_call => 0,
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
        let (store, timeline) = (&mut machine.store, &mut machine.timeline);
        let stop = timeline.run_with(store, &mut entry.task, budget, &waker)?;
        let done = entry.task.executed() - before;
        machine.tasks.note(clock, clock + done, &stop, takes_turns && several);
        self.take_host_calls();
        let Some(progress) = &mut self.progress else { return Ok(()) };
        // Without an instruction, a part of one has been done.
        let has_run = done > 0 || stop == Stop::Budget;
        progress.idle = if has_run { 0 } else { progress.idle + 1 };
        // What stops elsewhere is asked of a person, or awaited.
        let finished = std::mem::take(&mut progress.finishes_call) && stop == Stop::Budget;
        if let Goal::Instructions(count) = &mut progress.goal {
            *count -= done.min(*count);
        }
        let is_turn = progress.goal == Goal::Turn;
        match stop {
            Stop::Budget if is_turn => self.stop(StopReason::Stepped),
            Stop::Budget if done == 0 && !finished => {}
            Stop::Budget => self.on_progress(),
            Stop::Watchpoint(hit) => self.on_watchpoint(&hit),
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
        if let Some(hits) = self.reach(module, site.offset.0) {
            self.stop(StopReason::Breakpoint { module, offset: site.offset.0, hits });
        }
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
                machine.note_change();
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
        self.end_watchpoints();
        self.heap.changed();
        self.state = RunState::Stopped(reason);
        self.selected_frame = 0;
        self.ensure_memory_view();
        self.focus_frame();
    }
}

/// Instructions a second since a run set out, by the clock on the wall: the window takes its share of the time.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Speed {
    instructions: u64,
    begun: Option<Instant>,
}

impl Speed {
    /// So many have been executed in a slice that began then.
    fn add(&mut self, begun: Instant, instructions: u64) {
        self.begun.get_or_insert(begun);
        self.instructions += instructions;
    }

    /// Only once enough has been executed to mean something.
    pub(super) fn per_second(self) -> Option<f64> {
        let time = self.begun?.elapsed().as_secs_f64();
        (self.instructions > 100_000).then(|| self.instructions as f64 / time.max(1e-9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_clock_on_the_wall() {
        let Some(begun) = Instant::now().checked_sub(Duration::from_secs(4)) else { return };
        let mut speed = Speed::default();
        assert_eq!(speed.per_second(), None);
        // Two slices of a few milliseconds, four seconds apart.
        speed.add(begun, 1_000_000);
        speed.add(Instant::now(), 3_000_000);
        let rate = speed.per_second().unwrap_or_default();
        assert!((900_000.0..1_000_001.0).contains(&rate), "{rate}");
        let mut few = Speed::default();
        few.add(begun, 100);
        assert_eq!(few.per_second(), None);
    }
}
