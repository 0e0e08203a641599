//! What was done to a store is done again to another one.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Recording, RunEnd, Step};
use crate::error::{Error, Result};
use crate::exec::{Budget, CallState, Stop, Task};
use crate::ids::TaskId;
use crate::store::{Linker, Store};
use crate::timeline::Timeline;

/// Why playing has left off.
#[derive(Clone, PartialEq, Debug)]
pub enum Played {
    /// All is done.
    Done,
    /// So many instructions have been executed as were asked for.
    Budget,
    /// A breakpoint or a watchpoint of the store's debugger.
    Stop(Box<Stop>),
}

/// Plays a recording into an empty store.
///
/// Steps that come in parts are [added](Player::add) as they are read. When all is done, [`Player::finish`] gives the
/// store to its embedder.
#[derive(Debug, Default)]
pub struct Player {
    steps: VecDeque<Step>,
    /// Instructions of the next step that have been executed.
    within: u64,
    /// Of steps that are over.
    executed: u64,
    tasks: BTreeMap<TaskId, Task>,
    /// Something was done that the timeline does not know yet.
    touched: bool,
}

impl Player {
    /// Host calls are answered by the recording from now on.
    pub fn begin(store: &mut Store, recording: Recording) -> Self {
        store.recorder.repeats = true;
        let mut player = Self::default();
        player.add(store, recording);
        player
    }

    /// More of the same recording.
    pub fn add(&mut self, store: &mut Store, more: Recording) {
        self.steps.extend(more.steps);
        store.recorder.add_replayed(more.calls);
    }

    /// Instructions executed so far, of all tasks.
    pub fn clock(&self) -> u64 {
        self.executed + self.within
    }

    /// Instructions that are left.
    pub fn left(&self) -> u64 {
        let runs = self.steps.iter().map(|step| match step {
            Step::Run { executed, .. } => *executed,
            _ => 0,
        });
        runs.fold(0, u64::saturating_add) - self.within
    }

    /// The next step.
    pub fn next_step(&self) -> Option<&Step> {
        self.steps.front()
    }

    /// The task that runs next, and for how many instructions until another step comes. `None` before another step.
    pub fn next_run(&self) -> Option<(&Task, u64)> {
        match self.steps.front()? {
            Step::Run { task, executed, .. } => {
                Some((self.tasks.get(task)?, executed.saturating_sub(self.within)))
            }
            _ => None,
        }
    }

    /// A task that has been started and not ended.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id)
    }

    /// All of them.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// Does what comes next, at most so many instructions. A timeline knows of it then.
    ///
    /// # Errors
    /// [`Error::Diverged`] if it comes out otherwise than it was recorded; those of what is done.
    pub fn go_on(
        &mut self,
        store: &mut Store,
        mut timeline: Option<&mut Timeline>,
        instructions: u64,
    ) -> Result<Played> {
        let mut left = instructions;
        while let Some(step) = self.steps.front() {
            if let Step::Run { task, executed, end } = *step {
                let rest = executed.saturating_sub(self.within);
                if rest > 0 && left == 0 {
                    return Ok(Played::Budget);
                }
                let task = self.known(task)?;
                self.tell(store, &mut timeline, &task);
                let wanted = rest.min(left);
                let end = (wanted == rest).then_some(end);
                let (done, stop) = run(store, &mut timeline, task, wanted, end)?;
                left -= done;
                self.within += done;
                if let Some(stop) = stop {
                    return Ok(Played::Stop(stop));
                }
                if done < rest {
                    if done < wanted {
                        return Err(diverged(self.clock(), "a run to go on", "its end"));
                    }
                    continue;
                }
                self.executed += executed;
                self.within = 0;
                self.steps.pop_front();
                continue;
            }
            let Some(step) = self.steps.pop_front() else { break };
            self.do_step(store, &mut timeline, step)?;
        }
        Ok(Played::Done)
    }

    /// Hands the store over: from now on its host functions are asked, or the embedder is.
    pub fn finish(self, store: &mut Store) -> Vec<Task> {
        store.recorder.repeats = false;
        store.recorder.set_replayed([]);
        self.tasks.into_values().collect()
    }

    fn known(&self, task: TaskId) -> Result<Task> {
        let unknown = || Error::UnknownIndex { what: "task", index: task.0 };
        self.tasks.get(&task).cloned().ok_or_else(unknown)
    }

    /// Tells the timeline what was done since the last run.
    fn tell(&mut self, store: &mut Store, timeline: &mut Option<&mut Timeline>, task: &Task) {
        if let Some(timeline) = timeline
            && core::mem::take(&mut self.touched)
        {
            timeline.changed(store, task);
        }
    }

    fn do_step(
        &mut self,
        store: &mut Store,
        timeline: &mut Option<&mut Timeline>,
        step: Step,
    ) -> Result<()> {
        let clock = self.clock();
        match step {
            Step::Resume { task, answer } => {
                let mut task = self.known(task)?;
                self.tell(store, timeline, &task);
                take_answered(store, &task);
                return match timeline {
                    Some(timeline) => timeline.resume(store, &mut task, answer),
                    None => task.resume(store, answer),
                };
            }
            Step::TimeOut { task } => {
                let mut task = self.known(task)?;
                self.tell(store, timeline, &task);
                return match timeline {
                    Some(timeline) => timeline.time_out(store, &mut task),
                    None => task.time_out(store),
                };
            }
            Step::End { task } => {
                let known = self.known(task)?;
                self.tasks.remove(&task);
                return match timeline {
                    Some(timeline) => timeline.end_task(store, known),
                    None => store.end_task(known),
                };
            }
            _ => self.touched = true,
        }
        match step {
            Step::Instantiate { module, imports, failed } => {
                let made = Linker::new().begin_recorded(store, &module, &imports);
                match (made, failed) {
                    (Ok(made), false) => {
                        if let Some(start) = made.start {
                            self.tasks.insert(start.id(), start);
                        }
                    }
                    (Err(_), true) => {}
                    (Err(error), false) => return Err(error),
                    (Ok(_), true) => return Err(diverged(clock, "a trap", "an instance")),
                }
            }
            Step::Name { instance, name } => store.name_instance(instance, &name),
            Step::Start { task, func, args } => {
                let started = store.start(func, &args)?;
                if started.id() != task {
                    let found = format!("task {}", started.id());
                    return Err(diverged(clock, &format!("task {task}"), &found));
                }
                self.tasks.insert(task, started);
            }
            Step::SetSlot { task, frame, local, index, value } => {
                let mut task = self.known(task)?;
                let frame = usize::try_from(frame).unwrap_or(usize::MAX);
                match local {
                    true => task.set_local(store, frame, index, value)?,
                    false => task.set_operand(store, frame, index, value)?,
                }
            }
            Step::SetGlobal { global, value } => store.set_global(global, value)?,
            Step::SetTable { table, index, value } => store.set_table(table, index, value)?,
            Step::WriteMemory { memory, address, bytes } => {
                store.write_memory(memory, address, &bytes)?;
            }
            Step::GrowMemory { memory, pages } => {
                store.grow_memory(memory, pages);
            }
            Step::GrowTable { table, by } => {
                store.grow_table(table, by);
            }
            Step::NewMemory(ty) => {
                store.new_memory(ty)?;
            }
            Step::NewTable(ty) => {
                store.new_table(ty)?;
            }
            Step::NewGlobal(ty, value) => {
                store.new_global(ty, value)?;
            }
            Step::NewTag(values) => {
                store.new_tag(values);
            }
            Step::NewString(text) => {
                store.new_string(&text)?;
            }
            Step::SetField { object, field, value } => store.set_field(object, field, value)?,
            Step::Hold(value) => store.hold(value),
            Step::Release(value) => store.release(value),
            Step::ReleaseAll => store.release_all(),
            Step::Collect => {
                store.collect_garbage()?;
            }
            Step::Run { .. } | Step::Resume { .. } | Step::TimeOut { .. } | Step::End { .. } => {}
        }
        Ok(())
    }
}

/// The record of a call that an embedder answered before the call was played is not needed any more.
pub(crate) fn take_answered(store: &mut Store, task: &Task) {
    if !store.call_has_begun(task)
        && let Some(next) = store.recorder.replayed(task.id())
        && next.executed == task.executed()
    {
        store.recorder.take_replayed(task.id());
    }
}

/// Runs a task for so many instructions, to an end if that is where the run ended; how many it has executed.
fn run(
    store: &mut Store,
    timeline: &mut Option<&mut Timeline>,
    mut task: Task,
    wanted: u64,
    end: Option<RunEnd>,
) -> Result<(u64, Option<Box<Stop>>)> {
    let before = task.executed();
    let mut run = |store: &mut Store, task: &mut Task, budget| match timeline {
        Some(timeline) => timeline.run(store, task, budget),
        None => task.run(store, budget),
    };
    loop {
        let done = task.executed() - before;
        store.recorder.holds = end == Some(RunEnd::BeforeCall);
        let result = run(store, &mut task, Budget::instructions(wanted - done));
        store.recorder.holds = false;
        let stop = result?;
        let done = task.executed() - before;
        if matches!(stop, Stop::Breakpoint(_) | Stop::Watchpoint(_)) {
            return Ok((done, Some(Box::new(stop))));
        }
        let is_before_call =
            matches!(&stop, Stop::HostCall(call) if call.state == CallState::Breakpoint);
        if done < wanted && (is_before_call || stop == Stop::Budget) {
            continue;
        }
        if done == wanted
            && let Some(RunEnd::Within(bytes)) = end
        {
            go_within(store, &mut run, &mut task, bytes)?;
        }
        return Ok((done, None));
    }
}

/// Does so much of a bulk instruction.
fn go_within(
    store: &mut Store,
    run: &mut impl FnMut(&mut Store, &mut Task, Budget) -> Result<Stop>,
    task: &mut Task,
    wanted: u64,
) -> Result<()> {
    let executed = task.executed();
    loop {
        let done = task.bulk_progress(store).map_or(0, |progress| progress.done);
        if done == wanted {
            return Ok(());
        }
        if done > wanted || task.executed() > executed {
            let expected = format!("{wanted} units of a bulk instruction to be done");
            return Err(diverged(executed, &expected, &done.to_string()));
        }
        run(store, task, Budget::instructions(1).bulk_bytes(wanted - done))?;
    }
}

fn diverged(clock: u64, expected: &str, found: &str) -> Error {
    Error::Diverged {
        expected: expected.into(),
        found: format!("{found} after {clock} instructions"),
    }
}
