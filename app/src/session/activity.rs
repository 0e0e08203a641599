//! The run at a glance: who executed when and in which function, and what happened at which count.
//!
//! What kept states and host calls tell is there at once. Between kept states the run is looked at again, a slice at a
//! time while nothing else is to be done, for the stretch that somebody looks at.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stepwell_engine::timeline::Glimpse;
use stepwell_engine::{FuncIndex, TaskId};

use super::Session;
use super::command::ModuleKey;
use super::tasks::Lane;
use super::types::{RunState, StopReason};

/// Moments that are looked at in a stretch.
const MOMENTS: u64 = 400;
/// Marks of a kind; of more some are passed over.
const MARKS: usize = 4_000;
/// Characters of a line that are shown with a mark.
const SHOWN: usize = 60;
/// Instructions that are done again for it in one go.
const CHUNK: u64 = 20_000_000;
/// Bytes of memories up to which states are put back only to be looked at.
const LARGEST: u64 = 64 << 20;

/// What a moment of the run looks like; the same up to the next one, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Activity {
    /// The count.
    pub clock: u64,
    /// The task whose instruction comes next, by its number; 0 for one that is gone.
    pub task: u32,
    /// The function that it is in.
    pub func: Option<(ModuleKey, FuncIndex)>,
}

/// What has happened at a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunMark {
    /// The count.
    pub clock: u64,
    /// What it is.
    pub kind: RunMarkKind,
    /// Which one, or how much: as [`Session::run_mark_text`] says.
    detail: (u64, u64),
}

/// What a mark stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RunMarkKind {
    /// A host function was called.
    HostCall,
    /// A host function has written to the console.
    Output,
    /// A breakpoint has written into the log.
    Log,
    /// Memories have grown, some time before this count.
    Growth,
    /// The heap has been collected, some time before this count.
    Collection,
    /// Something was changed by hand, or tasks were started or ended.
    Change,
    /// The run ended in a trap.
    Trap,
}

/// A stretch that is looked at more closely.
#[derive(Default)]
pub(super) struct Closer {
    /// The stretch, and the end of the run when it was asked for.
    wanted: Option<(u64, u64, u64)>,
    /// Counts that are still to be looked at, the next one last.
    ahead: Vec<u64>,
    seen: Vec<Glimpse>,
    /// Another number for each stretch, and each run.
    generation: u64,
}

impl Closer {
    pub(super) fn clear(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }
}

impl Session {
    /// Looks closer at a stretch, unless that has been done.
    pub(super) fn look_closer(&mut self, from: u64, to: u64) {
        let Some(machine) = &self.machine else { return };
        let (began, end) = (machine.began(), machine.timeline.end());
        let (from, to) = (from.saturating_sub(began), to.saturating_sub(began).min(end));
        if self.activity.wanted == Some((from, to, end)) || from >= to {
            return;
        }
        let memories: u64 = machine.timeline.glimpses().last().map_or(0, |last| last.memory);
        let count = if memories > LARGEST { 0 } else { MOMENTS.min(to - from) };
        let moments = (0..count).map(|at| {
            let part = u128::from(to - from) * u128::from(at) / u128::from(count.max(1));
            from + part as u64
        });
        self.activity.ahead = moments.rev().collect();
        self.activity.seen.clear();
        self.activity.generation += 1;
        self.activity.wanted = Some((from, to, end));
    }

    /// The stretch that is looked at more closely, or has been, as long as the run has not gone on since.
    pub fn looked_closer_at(&self) -> Option<(u64, u64)> {
        let machine = self.machine.as_ref()?;
        let (from, to, end) = self.activity.wanted?;
        (end == machine.timeline.end()).then_some((from + machine.began(), to + machine.began()))
    }

    /// Other numbers whenever more is known of the run: of which stretch of which run, and of how many moments.
    pub fn activity_number(&self) -> (u64, usize) {
        (self.activity.generation, self.activity.seen.len())
    }

    /// Looks at some more moments; whether there are any left.
    pub(super) fn go_on_looking(&mut self, slice: Duration) -> bool {
        let is_free = self.state != RunState::Running && self.journey.is_none();
        let Some(machine) = self.machine.as_mut().filter(|_| is_free) else { return false };
        let (timeline, store) = (&mut machine.timeline, &mut machine.store);
        let Closer { wanted, ahead, seen, .. } = &mut self.activity;
        if ahead.is_empty() || timeline.is_past() {
            return false;
        }
        if wanted.is_none_or(|(.., end)| end != timeline.end()) {
            self.activity.clear();
            return false;
        }
        let (begun, mut left) = (Instant::now(), CHUNK);
        while let Some(clock) = ahead.pop() {
            match timeline.glance(store, clock, &mut left) {
                Ok(glimpse) => seen.extend(glimpse),
                // What kept states tell is still there.
                Err(_) => ahead.clear(),
            }
            if begun.elapsed() >= slice || left == 0 {
                break;
            }
        }
        timeline.return_to_present(store);
        !self.activity.ahead.is_empty()
    }

    /// What is known of moments of the run, in order.
    pub fn run_activity(&self) -> Vec<Activity> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let seen = self.activity.seen.iter().copied();
        let mut all: Vec<Glimpse> = machine.timeline.glimpses().chain(seen).collect();
        all.sort_by_key(|glimpse| glimpse.clock);
        // Of several at one count the last is the one that is gone to.
        all.reverse();
        all.dedup_by_key(|glimpse| glimpse.clock);
        all.reverse();
        let known = all.into_iter().filter_map(|glimpse| {
            let func = glimpse
                .func
                .and_then(|(instance, func)| Some((machine.module_of(instance)?, func)));
            let task = machine.tasks.number_of(glimpse.task?).unwrap_or(0);
            Some(Activity { clock: machine.began() + glimpse.clock, task, func })
        });
        known.collect()
    }

    /// Who has executed when in this run, in order; those of one task that follow each other are one.
    pub fn run_turns(&self) -> Vec<Lane> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let (mut turns, began) = (Vec::<Lane>::new(), machine.began());
        let mut known = None;
        for turn in machine.timeline.turns() {
            let (from, to) = (began + turn.from, began + turn.to);
            let task = match known {
                Some((id, number)) if id == turn.task => number,
                _ => machine.tasks.number_of(turn.task).unwrap_or(0),
            };
            known = Some((turn.task, task));
            match turns.last_mut().filter(|last| last.task == task && last.to == from) {
                Some(last) => last.to = to,
                None => turns.push(Lane { task, from, to }),
            }
        }
        turns
    }

    /// What has happened in the run, by count. Of very many host calls some are passed over.
    pub fn run_marks(&self) -> Vec<RunMark> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let began = machine.began();
        let mut marks = Vec::new();
        let mut mark = |clock, kind, detail| marks.push(RunMark { clock, kind, detail });
        let calls = self.host_calls();
        for record in calls.iter().step_by(calls.len() / MARKS + 1) {
            mark(record.clock, RunMarkKind::HostCall, (record.number, 0));
        }
        let clocks = self.task_clocks();
        self.hosts.log.with_entries(|entries| {
            for entry in entries.iter().step_by(entries.len() / MARKS + 1) {
                let clock = entry.origin.and_then(|origin| clocks.of(origin.task, origin.clock));
                if let Some(clock) = clock {
                    mark(clock, RunMarkKind::Output, (entry.number, 0));
                }
            }
        });
        let lines = self.log_lines().lines();
        for (position, line) in lines.iter().enumerate().step_by(lines.len() / MARKS + 1) {
            mark(line.clock, RunMarkKind::Log, (position as u64, 0));
        }
        let mut before: Option<Glimpse> = None;
        for glimpse in machine.timeline.glimpses() {
            let clock = began + glimpse.clock;
            if let Some(before) = before {
                if glimpse.memory > before.memory && before.memory > 0 {
                    mark(clock, RunMarkKind::Growth, (before.memory, glimpse.memory));
                }
                if glimpse.collections > before.collections {
                    let count = glimpse.collections - before.collections;
                    mark(clock, RunMarkKind::Collection, (count, 0));
                }
            }
            before = Some(glimpse);
        }
        for clock in machine.timeline.changes().filter(|clock| *clock > 0) {
            mark(began + clock, RunMarkKind::Change, (0, 0));
        }
        let present = self.present.as_ref().unwrap_or(&self.state);
        if matches!(present, RunState::Stopped(StopReason::Trap(_))) {
            mark(began + machine.timeline.end(), RunMarkKind::Trap, (0, 0));
        }
        marks.retain(|mark| mark.clock >= began);
        marks.sort_by_key(|mark| (mark.clock, mark.kind));
        marks
    }

    /// What a mark stands for, in words.
    pub fn run_mark_text(&self, mark: &RunMark) -> String {
        let (one, other) = mark.detail;
        match mark.kind {
            RunMarkKind::HostCall => {
                let calls = self.host_calls();
                let found = calls.iter().find(|record| record.number == one);
                let name = found.map_or(String::new(), |record| {
                    stepwell_engine::text::dotted(&record.call.module, &record.call.name)
                });
                format!("Host call {one}: {name}")
            }
            RunMarkKind::Output => {
                let mut text = String::new();
                self.hosts.log.with_entries(|entries| {
                    let found = entries.iter().find(|entry| entry.number == one);
                    if let Some(entry) = found {
                        text = String::from_utf8_lossy(&entry.bytes).into_owned();
                    }
                });
                let line: String = text.trim_end().chars().take(SHOWN).collect();
                format!("Output: {}", stepwell_engine::text::escaped(&line))
            }
            RunMarkKind::Log => {
                let line = self.log_lines().lines().get(one as usize);
                format!("Log: {}", line.map_or("", |line| &line.text))
            }
            RunMarkKind::Growth => {
                let [one, other] = [one, other].map(|bytes| bytes >> 16);
                format!("Memories have grown from {one} to {other} pages before this")
            }
            RunMarkKind::Collection if one == 1 => "A collection before this".to_owned(),
            RunMarkKind::Collection => format!("{one} collections before this"),
            RunMarkKind::Change => "Changed by hand, or tasks started or ended".to_owned(),
            RunMarkKind::Trap => match self.present.as_ref().unwrap_or(&self.state) {
                RunState::Stopped(StopReason::Trap(trap)) => trap.to_string(),
                _ => "A trap".to_owned(),
            },
        }
    }

    /// At which count a piece of the console was written.
    pub fn console_clock(&self, number: u64) -> Option<u64> {
        let origin = self.hosts.log.with_entries(|entries| {
            let at = entries.partition_point(|entry| entry.number < number);
            entries.get(at).filter(|entry| entry.number == number)?.origin
        })?;
        self.task_clocks().of(origin.task, origin.clock)
    }

    fn task_clocks(&self) -> TaskClocks {
        let mut clocks = TaskClocks::default();
        let Some(machine) = &self.machine else { return clocks };
        let mut turns = machine.timeline.turns().peekable();
        // What tasks had executed before what is known of them is not known.
        if turns.peek().is_none_or(|first| first.from > 0) {
            return clocks;
        }
        for turn in turns {
            let list = clocks.turns.entry(turn.task).or_default();
            let done = list.last().map_or(0, |(done, from, to)| done + (to - from));
            list.push((done, machine.began() + turn.from, machine.began() + turn.to));
        }
        clocks
    }
}

/// From what a task had executed to the count of the run: for each of its turns what it had before, and where it began and
/// ended.
#[derive(Default)]
struct TaskClocks {
    turns: BTreeMap<TaskId, Vec<(u64, u64, u64)>>,
}

impl TaskClocks {
    fn of(&self, task: TaskId, executed: u64) -> Option<u64> {
        let turns = self.turns.get(&task)?;
        let at = turns.partition_point(|(done, ..)| *done < executed).checked_sub(1)?;
        let (done, from, to) = turns.get(at)?;
        Some((from + (executed - done)).min(*to))
    }
}
