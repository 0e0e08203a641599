//! What a run aims at, and whether it is there.

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::{CodeOffset, InstanceId};

use super::Session;
use super::command::ModuleKey;
use super::types::{RunState, StopReason};

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
    pub(super) fn takes_turns(&self) -> bool {
        matches!(self, Goal::Run | Goal::Turn | Goal::To { .. })
    }
}

/// An instruction of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) instance: InstanceId,
    pub(super) offset: CodeOffset,
}

/// A run in progress, over however many slices.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Progress {
    pub(super) goal: Goal,
    pub(super) logged: bool,
    /// Turns in a row in which nothing has been executed.
    pub(super) idle: usize,
    /// The host call is to be finished first that the task stands at, which has counted already.
    pub(super) finishes_call: bool,
}

impl Session {
    /// A tail call takes the frame with it: what comes behind it is in the caller.
    pub(super) fn goal_over(&self) -> Goal {
        let frames = self.frames();
        let name = frames.first().and_then(|frame| frame.instruction_name());
        match name.is_some_and(|name| name.starts_with("return_call")) {
            true => self.goal_out(),
            false => Goal::Over { depth: self.depth(), behind: None },
        }
    }

    /// One instruction; where a host function is about to begin, that function, and no more.
    pub(super) fn goal_into(&self) -> Goal {
        match self.state {
            RunState::Stopped(StopReason::ImportBreak { .. }) => Goal::Instructions(0),
            _ => Goal::Instructions(1),
        }
    }

    pub(super) fn goal_out(&self) -> Goal {
        let depth = self.depth();
        let caller = depth.checked_sub(1).filter(|depth| *depth > 0);
        let behind = caller.and_then(|depth| self.place_behind_call(depth));
        Goal::Out { depth: depth.saturating_sub(1), behind }
    }

    pub(super) fn depth(&self) -> usize {
        self.machine
            .as_ref()
            .and_then(|machine| Some(machine.task()?.depth(&machine.store)))
            .unwrap_or(0)
    }

    /// The instruction behind the call at which the frame of this depth waits.
    pub(super) fn place_behind_call(&self, depth: usize) -> Option<Place> {
        let frames = self.frames();
        let frame = frames.get(frames.len().checked_sub(depth)?)?;
        let listing = Listing::new(frame.module(), frame.func()).ok()?;
        let call = listing.position(frame.offset())?;
        Some(Place { instance: frame.instance(), offset: listing.offset(call + 1)? })
    }

    /// Tells the engine where to stop: the person's breakpoints and the goal's own.
    pub(super) fn place_breakpoints(&mut self) {
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
        self.place_watchpoints();
    }

    /// After instructions have been executed: is the goal reached?
    pub(super) fn on_progress(&mut self) {
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
}
