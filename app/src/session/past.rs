//! Going back: moments of the run that can be stood at again, and ways to get to them.
//!
//! The engine's timeline does it; here is where one is going, a slice at a time, and what the session shows there.
//! What is past is only looked at: whatever would change it is refused.

use stepwell_engine::expression::{Context, Counts, Program};
use stepwell_engine::observe::{Breakpoint, Debugger, WatchpointHit};
use stepwell_engine::timeline::{Hit, Search};
use stepwell_engine::{CodeOffset, InstanceId, Stop, Store, Task};

use super::answers::{Ask, Stood};
use super::goal::{Goal, Place};
use super::origins::Asking;
use super::recorded::Playing;
use super::remembered::Remembered;
use super::types::{RunState, SessionError, StopReason};
use super::{Session, WatchStop, not_now};

/// Instructions between two looks at the clock.
const CHUNK: u64 = 200_000;

/// What can be gone to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PastView {
    /// The first count.
    pub first: u64,
    /// The count at which one stands.
    pub now: u64,
    /// The count of the present.
    pub end: u64,
    /// Whether one stands in the past.
    pub is_past: bool,
    /// Whether there is a past: not of memories that are too large.
    pub is_kept: bool,
    /// Bytes that states of the past take.
    pub kept_bytes: u64,
    /// How many of them there are.
    pub kept_states: usize,
}

/// Where one is going.
pub(super) enum Journey {
    /// To a count of the timeline.
    To { clock: u64, then: Then },
    /// To the last stop at one of these places before where one was.
    Back { search: Search, wanted: Wanted, otherwise: u64 },
    /// Nowhere: a question is asked on the way, behind which one stands where one stood.
    Trace(Asking),
    /// To the next one, or to the present.
    Forward { debugger: Debugger, wanted: Wanted, behind: u64 },
    /// Through the past for a question, and back.
    Ask(Box<Ask>),
    /// To the end of a recording, which is played.
    Play(Box<Playing>),
}

/// What comes once one is there.
pub(super) enum Then {
    Stand,
    /// Where one stood when something was asked.
    ComeBack,
    /// Behind an instruction that has accessed what is watched.
    Tell(Box<WatchpointHit>),
    /// Behind a host call that has written what was asked for.
    TellCall(Box<WatchStop>),
    /// Where one stood before a question was asked.
    StandAs(Box<Stood>),
    /// With words for the person.
    Say(String),
    /// If that is within a call, to before the call, which a frame of this depth has made.
    LeaveCall {
        task: Task,
        depth: usize,
    },
}

/// Which stops are those that one is going to.
pub(super) struct Wanted {
    /// Frames of the task, at most.
    depth: Option<usize>,
    conditions: Vec<(InstanceId, u32, Program)>,
    counts: Counts,
}

impl Wanted {
    pub(super) fn any() -> Self {
        Self { depth: None, conditions: Vec::new(), counts: Counts::default() }
    }

    fn at_depth(depth: usize) -> Self {
        Self { depth: Some(depth), conditions: Vec::new(), counts: Counts::default() }
    }

    fn holds(&self, store: &Store, task: &Task, stop: &Stop) -> bool {
        if self.depth.is_some_and(|depth| task.depth(store) > depth) {
            return false;
        }
        let Stop::Breakpoint(site) = stop else { return true };
        let mut conditions = self.conditions.iter();
        let Some((.., condition)) = conditions
            .find(|(instance, offset, _)| (*instance, *offset) == (site.instance, site.offset.0))
        else {
            return true;
        };
        let Some(frame) = task.frames(store).next() else { return false };
        let context = Context::of_frame(store, &frame).with_counts(self.counts);
        // Without a value a person has to look.
        condition.holds(&context).unwrap_or(true)
    }
}

/// What comes behind a stop that was looked for.
fn then_of(stop: Stop) -> Then {
    match stop {
        Stop::Watchpoint(hit) => Then::Tell(hit),
        _ => Then::Stand,
    }
}

impl Session {
    /// Whether one stands in the past.
    pub fn is_past(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.timeline.is_past())
    }

    /// What can be gone to; nothing before something has been executed.
    pub fn past(&self) -> Option<PastView> {
        let machine = self.machine.as_ref()?;
        let (timeline, began) = (&machine.timeline, machine.began());
        Some(PastView {
            first: began + timeline.first(),
            now: began + timeline.clock(),
            end: began + timeline.end(),
            is_past: timeline.is_past(),
            is_kept: timeline.is_kept(),
            kept_bytes: timeline.kept_bytes(),
            kept_states: timeline.kept_states(),
        })
    }

    /// Fails where one stands in the past.
    pub(super) fn refuse_in_past(&self) -> Result<(), SessionError> {
        match self.is_past() {
            true => {
                Err(not_now("this is the past, which cannot be changed: go to the present first"))
            }
            false => Ok(()),
        }
    }

    /// Where one stands on the timeline, if one can go from there.
    pub(super) fn place_on_line(&self) -> Result<u64, SessionError> {
        if self.state == RunState::Running && self.journey.is_none() {
            return Err(not_now("pause it first"));
        }
        if matches!(self.journey, Some(Journey::Play(_))) {
            return Err(not_now("the recording is still being played"));
        }
        let machine = self.machine.as_ref().ok_or_else(|| not_now("start an export first"))?;
        Ok(machine.timeline.clock())
    }

    /// Whether there is anything before this moment.
    pub fn can_go_back(&self) -> bool {
        let is_free = self.state != RunState::Running || self.journey.is_some();
        is_free && self.past().is_some_and(|past| past.now > past.first)
    }

    /// Sets out for another moment and takes the first slice of the way.
    fn set_out_for(&mut self, journey: Journey) -> Result<(), SessionError> {
        self.place_on_line()?;
        self.end_asking();
        self.asked = self.next_asked.take();
        let remembers = self.journey.is_none() && !self.scrubs;
        if remembers {
            self.remembered = Remembered::of(self);
            self.watches.remember();
        }
        let Some(machine) = &mut self.machine else { return Ok(()) };
        if remembers {
            self.memory.remember(&machine.store);
        }
        if self.present.is_none() {
            self.present = Some(self.state.clone());
        }
        let set_out = match journey {
            Journey::To { clock, .. } => machine.timeline.set_out(&mut machine.store, clock),
            Journey::Back { .. }
            | Journey::Forward { .. }
            | Journey::Ask(_)
            | Journey::Play(_)
            | Journey::Trace(_) => Ok(()),
        };
        self.journey = Some(journey);
        self.state = RunState::Running;
        if let Err(error) = set_out {
            self.lose_way(&error);
            return Ok(());
        }
        self.drive(super::run::COMMAND_SLICE)
    }

    fn go_to(&mut self, clock: u64) -> Result<(), SessionError> {
        self.set_out_for(Journey::To { clock, then: Then::Stand })
    }

    /// To a count of the run.
    pub(super) fn seek(&mut self, clock: u64) -> Result<(), SessionError> {
        self.place_on_line()?;
        let began = self.machine.as_ref().map_or(0, |machine| machine.began());
        self.go_to(clock.saturating_sub(began))
    }

    /// To a count of the run, on the way of a drag along it.
    pub(super) fn scrub(&mut self, clock: u64, begins: bool) -> Result<(), SessionError> {
        self.scrubs = !begins;
        let result = self.seek(clock);
        self.scrubs = false;
        result
    }

    pub(super) fn go_to_present(&mut self) -> Result<(), SessionError> {
        self.place_on_line()?;
        match self.is_past() || self.journey.is_some() {
            true => self.go_to(u64::MAX),
            false => Ok(()),
        }
    }

    /// Where one stands, if something was executed before.
    fn behind_something(&self) -> Result<u64, SessionError> {
        let now = self.place_on_line()?;
        let first = self.machine.as_ref().map_or(0, |machine| machine.timeline.first());
        let is_kept = self.past().is_some_and(|past| past.is_kept);
        match now > first {
            true => Ok(now),
            false if !is_kept => Err(not_now(format!(
                "memories of more than {} MiB cannot be gone back through",
                super::machine::PAST >> 20
            ))),
            false if first > 0 => Err(not_now("older moments have been given up for room")),
            false => Err(not_now("nothing has been executed before this")),
        }
    }

    pub(super) fn step_back(&mut self) -> Result<(), SessionError> {
        let now = self.behind_something()?;
        self.go_to(now - 1)
    }

    pub(super) fn step_back_over(&mut self) -> Result<(), SessionError> {
        let now = self.behind_something()?;
        let task = self.machine.as_ref().and_then(|machine| machine.task().cloned());
        let then = match task.filter(|_| self.is_unfinished()) {
            Some(task) => Then::LeaveCall { task, depth: self.depth() },
            None => Then::Stand,
        };
        self.set_out_for(Journey::To { clock: now - 1, then })
    }

    pub(super) fn step_back_out(&mut self) -> Result<(), SessionError> {
        let now = self.behind_something()?;
        let depth = self.depth();
        match self.frames().get(1).map(|frame| (frame.instance(), frame.offset())) {
            Some((instance, offset)) => self.back_to(now, Place { instance, offset }, depth - 1),
            None => self.go_to(0),
        }
    }

    /// To the last time before a count that a frame of this depth, or less, was about to execute an instruction.
    fn back_to(&mut self, before: u64, place: Place, depth: usize) -> Result<(), SessionError> {
        let mut debugger = Debugger::default();
        let Place { instance, offset } = place;
        debugger.add_breakpoint(Breakpoint { instance, offset });
        let otherwise = self.first_count();
        self.search_back(debugger, Wanted::at_depth(depth), before, otherwise)
    }

    /// The first count that can be gone to.
    fn first_count(&self) -> u64 {
        self.machine.as_ref().map_or(0, |machine| machine.timeline.first())
    }

    /// To the last stop before a count; without one to another moment.
    pub(super) fn search_back(
        &mut self,
        debugger: Debugger,
        wanted: Wanted,
        before: u64,
        otherwise: u64,
    ) -> Result<(), SessionError> {
        let machine = self.machine.as_ref().ok_or_else(|| not_now("start an export first"))?;
        let search = Search::back(&machine.timeline, debugger, before);
        self.set_out_for(Journey::Back { search, wanted, otherwise })
    }

    pub(super) fn run_back(&mut self) -> Result<(), SessionError> {
        let now = self.behind_something()?;
        let (debugger, wanted) = self.persons_stops();
        match debugger.breakpoints().next().is_none() && debugger.watchpoints().is_empty() {
            true => self.go_to(0),
            false => {
                let otherwise = self.first_count();
                self.search_back(debugger, wanted, now, otherwise)
            }
        }
    }

    /// Breakpoints that stop, and watchpoints, as a person has set them.
    fn persons_stops(&mut self) -> (Debugger, Wanted) {
        let counts = self.counts();
        let mut wanted = Wanted { depth: None, conditions: Vec::new(), counts };
        self.place_watchpoints();
        let Some(machine) = &self.machine else { return (Debugger::default(), wanted) };
        let mut debugger = machine.store.debugger().watching();
        for entry in self.breakpoints.iter().filter(|entry| entry.stops()) {
            let Some(instance) = machine.instance_of(entry.state.module) else { continue };
            let offset = CodeOffset(entry.state.offset);
            debugger.add_breakpoint(Breakpoint { instance, offset });
            if let Some(condition) = entry.condition() {
                wanted.conditions.push((instance, offset.0, condition.clone()));
            }
        }
        (debugger, wanted)
    }

    /// What goes on in the present goes on in the past, towards the present.
    pub(super) fn go_forward(&mut self, goal: &Goal) -> Result<(), SessionError> {
        let now = self.place_on_line()?;
        let depth = self.depth();
        let (mut debugger, mut wanted) = (Debugger::default(), Wanted::at_depth(depth));
        let mut stop_at =
            |instance, offset| debugger.add_breakpoint(Breakpoint { instance, offset });
        match goal {
            Goal::Instructions(count) => return self.go_to(now.saturating_add(*count)),
            Goal::Turn => return Err(not_now("turns are given in the present: go there first")),
            Goal::Over { .. } => {
                let calls = self.frames().first().and_then(|frame| frame.instruction_name());
                let behind = self.place_behind_call(depth);
                match behind.filter(|_| calls.is_some_and(|name| name.starts_with("call"))) {
                    Some(Place { instance, offset }) => stop_at(instance, offset),
                    None => return self.go_to(now + 1),
                };
            }
            Goal::Out { behind: Some(Place { instance, offset }), depth } => {
                stop_at(*instance, *offset);
                wanted.depth = Some(*depth);
            }
            Goal::Out { behind: None, .. } => return self.go_to(u64::MAX),
            Goal::To { module, offset } => {
                wanted.depth = None;
                let machine = self.machine.as_ref();
                match machine.and_then(|machine| machine.instance_of(*module)) {
                    Some(instance) => stop_at(instance, CodeOffset(*offset)),
                    None => return Err(not_now("the module takes no part in the run")),
                };
            }
            Goal::Run => (debugger, wanted) = self.persons_stops(),
        }
        self.set_out_for(Journey::Forward { debugger, wanted, behind: now })
    }

    /// To the next stop behind a count, or to the present.
    pub(super) fn search_forward(
        &mut self,
        debugger: Debugger,
        wanted: Wanted,
        behind: u64,
    ) -> Result<(), SessionError> {
        self.set_out_for(Journey::Forward { debugger, wanted, behind })
    }

    /// Goes on for a chunk.
    pub(super) fn travel(&mut self) -> Result<(), SessionError> {
        let mut journey = match self.journey.take() {
            Some(Journey::Ask(ask)) => {
                self.go_on_asking(ask);
                return Ok(());
            }
            Some(Journey::Play(playing)) => return self.play_on(playing),
            Some(journey) => journey,
            None => return Ok(()),
        };
        let Some(machine) = &mut self.machine else { return Ok(()) };
        let (timeline, store) = (&mut machine.timeline, &mut machine.store);
        let mut after = Then::Stand;
        let mut told = None;
        let next = match &mut journey {
            Journey::Trace(asking) => match asking.question.go_on(timeline, store, CHUNK) {
                Ok(found) => {
                    told = found;
                    Ok(None)
                }
                Err(error) => Err(error),
            },
            Journey::To { .. } => match timeline.go_on(store, CHUNK) {
                Ok(false) => Ok(None),
                Ok(true) => Ok(Some(None)),
                Err(error) => Err(error),
            },
            Journey::Play(_) => Ok(Some(None)),
            Journey::Back { search, wanted, otherwise } => {
                let mut holds =
                    |store: &Store, task: &Task, stop: &Stop| wanted.holds(store, task, stop);
                let found = search.go_on(timeline, store, CHUNK, &mut holds);
                found.map(|found| {
                    found.map(|hit| {
                        Some(hit.map_or((*otherwise, Then::Stand), |Hit { clock, stop }| {
                            (clock, then_of(stop))
                        }))
                    })
                })
            }
            Journey::Ask(_) => return Ok(()),
            Journey::Forward { debugger, wanted, behind } => {
                let mut holds =
                    |store: &Store, task: &Task, stop: &Stop| wanted.holds(store, task, stop);
                let found = timeline.forward(store, debugger, *behind, CHUNK, &mut holds);
                found.map(|found| {
                    found.map(|hit| {
                        if let Some(Hit { stop, .. }) = hit {
                            after = then_of(stop);
                        }
                        None
                    })
                })
            }
        };
        let next = match (&journey, told) {
            (Journey::Trace(asking), Some(found)) => Ok(Some(Some(self.answered(asking, found)))),
            _ => next,
        };
        let Some(machine) = &mut self.machine else { return Ok(()) };
        let timeline = &mut machine.timeline;
        // An instruction may not be the author of what was asked for.
        let is_search = matches!(journey, Journey::Back { .. } | Journey::Forward { .. });
        let next = match next {
            Ok(Some(arrived)) if is_search && self.asked.is_some() => {
                let found = match (&arrived, &after) {
                    (Some((clock, Then::Tell(_))), _) => Some(*clock),
                    (None, Then::Tell(_)) => Some(timeline.clock()),
                    _ => None,
                };
                Ok(Some(self.author(found).or(arrived)))
            }
            next => next,
        };
        let Some(machine) = &mut self.machine else { return Ok(()) };
        let (timeline, store) = (&mut machine.timeline, &mut machine.store);
        match next {
            Ok(None) => self.journey = Some(journey),
            Ok(Some(Some((clock, then)))) => {
                let set_out = timeline.set_out(store, clock);
                self.journey = Some(Journey::To { clock, then });
                if let Err(error) = set_out {
                    self.lose_way(&error);
                }
            }
            Ok(Some(None)) => match journey {
                Journey::To { then: Then::LeaveCall { task, depth }, .. } => {
                    return self.leave_call(&task, depth);
                }
                Journey::To { then: Then::ComeBack, .. } => self.come_back(),
                Journey::To { then, .. } => {
                    self.arrive();
                    self.tell(then);
                }
                Journey::Back { .. }
                | Journey::Forward { .. }
                | Journey::Ask(_)
                | Journey::Play(_)
                | Journey::Trace(_) => {
                    self.arrive();
                    self.tell(after);
                }
            },
            // The present is there again.
            Err(error) => self.lose_way(&error),
        }
        Ok(())
    }

    /// What a watchpoint has seen there.
    fn tell(&mut self, then: Then) {
        match then {
            Then::Tell(hit) if self.is_past() => self.past_access = self.watch_stop(&hit),
            Then::TellCall(stop) if self.is_past() => self.past_access = Some(*stop),
            Then::Say(text) => self.notify(false, text),
            Then::StandAs(stood) => self.look_as(*stood),
            _ => {}
        }
        self.asked = None;
    }

    /// What a watchpoint has seen where one stands in the past, if it was looked for.
    pub fn past_access(&self) -> Option<&WatchStop> {
        self.past_access.as_ref()
    }

    /// What was done could not be done again: one stands in the present.
    pub(super) fn lose_way(&mut self, error: &stepwell_engine::Error) {
        self.notify(true, format!("that moment cannot be gone to: {error}"));
        self.arrive();
    }

    /// One instruction back was within a call that a frame of this depth has made: to before the call.
    fn leave_call(&mut self, task: &Task, depth: usize) -> Result<(), SessionError> {
        let Some(machine) = &self.machine else { return Ok(()) };
        let (store, now) = (&machine.store, machine.timeline.clock());
        let is_within = task.depth(store) > depth && depth > 0;
        let call = is_within.then(|| task.frames(store).nth(task.depth(store) - depth)).flatten();
        let Some(call) =
            call.map(|frame| Place { instance: frame.instance(), offset: frame.offset() })
        else {
            self.arrive();
            return Ok(());
        };
        let mut debugger = Debugger::default();
        let Place { instance, offset } = call;
        debugger.add_breakpoint(Breakpoint { instance, offset });
        let search = Search::back(&machine.timeline, debugger, now);
        let otherwise = machine.timeline.first();
        let wanted = Wanted::at_depth(depth);
        self.journey = Some(Journey::Back { search, wanted, otherwise });
        Ok(())
    }

    /// Stands where one has come to.
    pub(super) fn arrive(&mut self) {
        self.journey = None;
        self.past_access = None;
        let Some(machine) = &mut self.machine else { return };
        self.heap.changed();
        machine.past_task = machine.timeline.task_here().filter(|_| machine.timeline.is_past());
        self.state = match machine.timeline.is_past() {
            true => RunState::Stopped(StopReason::Past),
            false => self.present.take().unwrap_or(RunState::Stopped(StopReason::Paused)),
        };
        self.selected_frame = 0;
        self.ensure_memory_view();
        self.focus_frame();
    }
}
