//! One question: back from a place to who made what it holds.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use super::examine::{Examined, copied_from, segment_of};
use super::look::Look;
use super::place::{Lies, state_of};
use super::{Author, Carried, Contents, Instruction, MOST_BYTES, Origin, Place, Step, Unknown};
use crate::error::Result;
use crate::ids::TaskId;
use crate::observe::{Mark, Passed, Subject, Wrote};
use crate::store::Store;
use crate::timeline::Timeline;
use crate::types::slots_of;

/// Steps that are told with an answer.
const STEPS: usize = 32;
/// What standing at a moment costs beside its instructions.
pub(super) const STAND: u64 = 200;

/// Who made what a place holds at a moment.
pub struct Question {
    place: Place,
    clock: u64,
    follows: bool,
    stage: Stage,
    /// Parts that are still to be followed.
    parts: VecDeque<Found>,
    answers: Vec<Origin>,
}

/// A value on its way back.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    part: Place,
    pub(super) subject: Subject,
    value: Contents,
    /// The moment at which it lies there.
    pub(super) clock: u64,
    steps: Vec<Step>,
    omitted: u64,
    /// The instruction that has read the subject, unless that was asked about.
    load: Option<Instruction>,
}

/// A part of which the author is found, or that nobody has written.
#[derive(Clone, Debug)]
struct Found {
    trail: Trail,
    mark: Option<Mark>,
}

enum Stage {
    /// On the way to the moment that was asked about.
    Ask {
        set_out: bool,
    },
    /// To before the moment at which a trail goes on, so that states near it are kept.
    Near {
        trail: Trail,
        set_out: bool,
    },
    Look(Box<Look>),
    /// The next part is taken up.
    Next,
    /// To the moment of an author.
    Stand {
        found: Found,
        set_out: bool,
    },
    Done,
}

impl Trail {
    fn step(&mut self, step: Step) {
        let same = self.steps.last().is_some_and(|last| last.by == step.by);
        match self.steps.len() < STEPS {
            _ if same => {}
            true => self.steps.push(step),
            false => self.omitted += 1,
        }
    }

    fn ends(self, author: Author) -> Origin {
        let Self { part, value, steps, omitted, .. } = self;
        Origin { part, made: Some(value), author, through: steps, omitted }
    }
}

impl Question {
    /// Asks who made what a place holds at the moment of a count. Instructions that only carry a value are passed
    /// through, from locals, globals and memories to what was put there too.
    pub fn new(place: Place, clock: u64) -> Self {
        let (parts, answers) = (VecDeque::new(), Vec::new());
        Self { place, clock, follows: true, stage: Stage::Ask { set_out: false }, parts, answers }
    }

    /// Asks for the last instruction alone, even if it has only carried the value.
    pub fn step_by_step(self) -> Self {
        Self { follows: false, ..self }
    }

    /// The count down to which has been looked.
    pub fn looked_down_to(&self) -> u64 {
        match &self.stage {
            Stage::Look(look) => look.until,
            Stage::Near { trail, .. } => trail.clock,
            Stage::Stand { found, .. } => found.mark.map_or(0, |mark| mark.clock),
            _ => self.clock,
        }
    }

    /// Looks through about so many instructions more. `None` as long as there is something left; then the answers: of
    /// bytes with several authors one for each part. The store stands somewhere in the past then.
    ///
    /// # Errors
    /// Those of [`Timeline::seek`].
    pub fn go_on(
        &mut self,
        timeline: &mut Timeline,
        store: &mut Store,
        instructions: u64,
    ) -> Result<Option<Vec<Origin>>> {
        let mut left = instructions;
        while left > 0 {
            let stage = mem::replace(&mut self.stage, Stage::Next);
            match stage {
                Stage::Ask { set_out } => {
                    if !go(timeline, store, self.clock, set_out, &mut left)? {
                        self.stage = Stage::Ask { set_out: true };
                        continue;
                    }
                    self.ask(timeline, store);
                }
                Stage::Near { trail, set_out } => {
                    // To the count before it, since at the present nothing is kept.
                    let clock = trail.clock.saturating_sub(1).max(timeline.first());
                    if !go(timeline, store, clock, set_out, &mut left)? {
                        self.stage = Stage::Near { trail, set_out: true };
                        continue;
                    }
                    self.stage = Stage::Look(Look::new(timeline, trail).into());
                }
                Stage::Look(mut look) => match look.go_on(timeline, store, &mut left)? {
                    false => self.stage = Stage::Look(look),
                    true => self.settle(timeline, store, *look)?,
                },
                Stage::Next => match self.parts.pop_front() {
                    Some(found) => self.take_up(timeline, found),
                    None => {
                        self.stage = Stage::Done;
                        let mut answers = mem::take(&mut self.answers);
                        answers.sort_by_key(|origin| match origin.part {
                            Place::Bytes { address, .. } => address,
                            _ => 0,
                        });
                        return Ok(Some(answers));
                    }
                },
                Stage::Stand { found, set_out } => {
                    let clock = found.mark.map_or(0, |mark| mark.clock);
                    if !go(timeline, store, clock, set_out, &mut left)? {
                        self.stage = Stage::Stand { found, set_out: true };
                        continue;
                    }
                    self.examine(timeline, store, found);
                }
                Stage::Done => {
                    self.stage = Stage::Done;
                    return Ok(Some(Vec::new()));
                }
            }
        }
        Ok(None)
    }

    fn unknown(&mut self, part: Place, why: Unknown) {
        let author = Author::NotKnown(why);
        let through = Vec::new();
        self.answers.push(Origin { part, made: None, author, through, omitted: 0 });
    }

    /// One stands at the moment that was asked about.
    fn ask(&mut self, timeline: &Timeline, store: &Store) {
        if let Place::Bytes { len, .. } = self.place
            && len > MOST_BYTES
        {
            return self.unknown(self.place, Unknown::TooManyBytes);
        }
        let lies = self.place.lies(store).filter(|_| timeline.clock() == self.clock);
        let Some(Lies { subject, value }) = lies.filter(|_| timeline.is_kept()) else {
            let first = timeline.first();
            let why = match self.clock < first {
                _ if !timeline.is_kept() => Unknown::NoPast,
                true => Unknown::GivenUp { first },
                false => Unknown::NoPlace,
            };
            return self.unknown(self.place, why);
        };
        let (steps, omitted, load) = (Vec::new(), 0, None);
        let (part, clock) = (self.place, self.clock);
        self.follow(Trail { part, subject, value, clock, steps, omitted, load });
    }

    fn follow(&mut self, trail: Trail) {
        self.stage = Stage::Near { trail, set_out: false };
    }

    /// The marks of all cells are known, as far as there are any: parts with one author each.
    fn settle(&mut self, timeline: &mut Timeline, store: &mut Store, look: Look) -> Result<()> {
        let Look { mut trail, marks, passed, .. } = look;
        for Passed { clock, instance, func, slot } in passed {
            let index = argument_of(store, instance, func, slot);
            trail.step(Step { clock, by: Carried::Argument { instance, func, index } });
        }
        let Subject::Bytes { memory, address, .. } = trail.subject else {
            let mark = marks.into_iter().next().flatten();
            self.begin(timeline, store, Found { trail, mark })?;
            return Ok(());
        };
        let mut groups: Vec<(u64, u64, Option<Mark>)> = Vec::new();
        for (at, mark) in (address..).zip(marks) {
            match groups.last_mut() {
                Some((_, len, last)) if *last == mark => *len += 1,
                _ => groups.push((at, 1, mark)),
            }
        }
        if let ([_, _, ..], Some(load)) = (&*groups, &trail.load) {
            let author = Author::Instruction(load.clone());
            self.answers.push(trail.ends(author));
            return Ok(());
        }
        for (first, len, mark) in groups {
            let (mut trail, cut) = (trail.clone(), |bytes: &[u8]| {
                let from = (first - address) as usize;
                bytes.get(from..from + len as usize).unwrap_or_default().to_vec()
            });
            if let Contents::Bytes(bytes) = &trail.value {
                trail.value = Contents::Bytes(cut(bytes));
            }
            if trail.load.is_none() && matches!(trail.part, Place::Bytes { .. }) {
                // Where it lies now, wherever it came from.
                if let Place::Bytes { memory, address: asked, .. } = trail.part {
                    let address = asked + (first - address);
                    trail.part = Place::Bytes { memory, address, len };
                }
            }
            trail.subject = Subject::Bytes { memory, address: first, len };
            self.begin(timeline, store, Found { trail, mark })?;
        }
        Ok(())
    }

    /// What nobody has written is read where the past begins; the others wait for their turn.
    fn begin(&mut self, timeline: &mut Timeline, store: &mut Store, found: Found) -> Result<()> {
        if found.mark.is_some() {
            self.parts.push_back(found);
            return Ok(());
        }
        timeline.stand_at(store, 0)?;
        self.read_beginning(timeline, store, found.trail, timeline.first());
        Ok(())
    }

    fn take_up(&mut self, timeline: &Timeline, found: Found) {
        let Some(mark) = found.mark else { return };
        match mark.wrote {
            Wrote::Edit => {
                self.answers.push(found.trail.ends(Author::Edit { clock: mark.clock }));
            }
            Wrote::Zeroed => {
                self.answers.push(found.trail.ends(Author::LocalDefault { clock: mark.clock }));
            }
            _ if mark.clock < timeline.first() => {
                let author = Author::NotKnown(Unknown::GivenUp { first: timeline.first() });
                self.answers.push(found.trail.ends(author));
            }
            _ => self.stage = Stage::Stand { found, set_out: false },
        }
    }

    /// A store stands where the subject of a trail was what it is, and nothing of the run had written it.
    fn read_beginning(&mut self, timeline: &Timeline, store: &Store, trail: Trail, clock: u64) {
        let first = timeline.first();
        let author = match trail.subject {
            Subject::Slots { task, first: slot, .. } => match state_of(store, task) {
                Some(task) if task.executed == 0 && task.outer.is_empty() => {
                    let params = task.ty.params();
                    let mut below = 0;
                    let index = params.iter().position(|ty| {
                        below += ty.slots();
                        below > slot as usize
                    });
                    match index {
                        Some(index) => Author::Argument { index: index as u32, clock },
                        None => Author::LocalDefault { clock },
                    }
                }
                _ => Author::NotKnown(Unknown::GivenUp { first }),
            },
            // What was written before the first moment that is known has not been seen.
            _ if first > 0 && clock <= first => Author::NotKnown(Unknown::GivenUp { first }),
            Subject::Bytes { .. } => return self.read_segments(store, trail),
            Subject::Global(_) | Subject::Element { .. } => Author::Initial,
        };
        self.answers.push(trail.ends(author));
    }

    /// Bytes that instantiation has left: parts of segments, or the zeros that a memory begins with.
    fn read_segments(&mut self, store: &Store, trail: Trail) {
        let (Subject::Bytes { memory, address, .. }, Contents::Bytes(bytes)) =
            (trail.subject, &trail.value)
        else {
            self.answers.push(trail.ends(Author::Initial));
            return;
        };
        let mut runs = Vec::new();
        for (at, byte) in (address..).zip(bytes) {
            let segment = segment_of(store, memory, at, *byte);
            match runs.last_mut() {
                Some((_, len, last)) if *last == segment => *len += 1,
                _ => runs.push((at - address, 1, segment)),
            }
        }
        if let ([_, _, ..], Some(load)) = (&*runs, &trail.load) {
            let author = Author::Instruction(load.clone());
            self.answers.push(trail.ends(author));
            return;
        }
        for (from, len, segment) in runs {
            let mut trail = trail.clone();
            let cut = bytes.get(from as usize..(from + len) as usize).unwrap_or_default();
            trail.value = Contents::Bytes(cut.to_vec());
            if let Place::Bytes { memory, address, .. } = trail.part {
                trail.part = Place::Bytes { memory, address: address + from, len };
            }
            let author = match segment {
                Some((instance, segment)) => Author::DataSegment { instance, segment },
                None => Author::Initial,
            };
            self.answers.push(trail.ends(author));
        }
    }

    /// One stands at the moment of an author.
    fn examine(&mut self, timeline: &Timeline, store: &Store, found: Found) {
        let Found { mut trail, mark: Some(mark) } = found else { return };
        let clock = mark.clock;
        if matches!(mark.wrote, Wrote::Started | Wrote::Instantiated) {
            return self.read_beginning(timeline, store, trail, clock);
        }
        let examined = mark.task.and_then(|task| Examined::new(store, task));
        if let Wrote::Host { func, executed } = mark.wrote {
            let task = mark.task.unwrap_or(TaskId(0));
            let number = timeline.records.number_of(task, executed, func);
            let call = examined.map(|examined| examined.instruction(clock));
            if let (true, Some(step)) = (trail.load.is_some(), read_step(trail.subject, clock)) {
                trail.step(step);
            }
            self.answers.push(trail.ends(Author::HostCall { clock, task, func, number, call }));
            return;
        }
        let Some(examined) = examined else {
            return self.unknown(trail.part, Unknown::NoPlace);
        };
        if self.follows
            && let Some((subject, value, load)) = self.goes_on(store, &examined, &trail, mark)
        {
            match trail.subject {
                Subject::Slots { .. } if load.is_none() => {
                    if let Some(step) = examined.carries(clock) {
                        trail.step(step);
                    }
                }
                Subject::Slots { .. } => {}
                _ => {
                    if let Some(step) = read_step(trail.subject, clock) {
                        trail.step(step);
                    }
                }
            }
            // A copy of what a load has read is still what it has read.
            let load = load.or_else(|| {
                trail.load.take().filter(|_| !matches!(subject, Subject::Slots { .. }))
            });
            return self.follow(Trail { subject, value, clock, load, ..trail });
        }
        if let (true, Some(step)) = (trail.load.is_some(), read_step(trail.subject, clock)) {
            trail.step(step);
        }
        let instruction = examined.instruction(clock);
        let author = match examined.op.is_constant() {
            true => Author::Constant(instruction),
            false => Author::Instruction(instruction),
        };
        self.answers.push(trail.ends(author));
    }

    /// Where a value was before an instruction that has only carried it; with the instruction, if it has read it.
    fn goes_on(
        &self,
        store: &Store,
        examined: &Examined<'_>,
        trail: &Trail,
        mark: Mark,
    ) -> Option<(Subject, Contents, Option<Instruction>)> {
        let task = mark.task?;
        match (trail.subject, mark.wrote) {
            (Subject::Slots { len, .. }, Wrote::Carried { from }) => {
                let value = examined.input_of_slot(from)?.value;
                Some((Subject::Slots { task, first: from, len }, value, None))
            }
            (Subject::Slots { .. }, _) if examined.op.loads() => {
                let Lies { subject, value } = examined.read()?.lies(store)?;
                Some((subject, value, Some(examined.instruction(mark.clock))))
            }
            (Subject::Slots { .. }, _) => None,
            (subject, _) => {
                if let Some(from) = copied_from(examined, subject) {
                    let value = place_at(from)?.contents(store)?;
                    return Some((from, value, None));
                }
                let (first, len) = examined.stored()?;
                // Of a part of what was stored its author is the store.
                let is_whole = examined.written()?.lies(store)?.subject == subject;
                let value = examined.input_of_slot(first)?.value;
                is_whole.then_some((Subject::Slots { task, first, len }, value, None))
            }
        }
    }
}

/// The place that a subject beside the stack is.
fn place_at(subject: Subject) -> Option<Place> {
    Some(match subject {
        Subject::Bytes { memory, address, len } => Place::Bytes { memory, address, len },
        Subject::Global(global) => Place::Global(global),
        Subject::Element { table, index } => Place::Element { table, index },
        Subject::Slots { .. } => return None,
    })
}

fn read_step(subject: Subject, clock: u64) -> Option<Step> {
    let by = match subject {
        Subject::Bytes { memory, address, len } => Carried::Bytes { memory, address, len },
        Subject::Global(global) => Carried::Global(global),
        Subject::Element { table, index } => Carried::Element { table, index },
        Subject::Slots { .. } => return None,
    };
    Some(Step { clock, by })
}

/// The parameter that begins with a slot.
fn argument_of(
    store: &Store,
    instance: crate::ids::InstanceId,
    func: crate::ids::FuncIndex,
    slot: u32,
) -> u32 {
    let ty = store.module_of(instance).and_then(|module| module.inner().type_of_func(func));
    let params = ty.map_or(&[][..], |ty| ty.params());
    let is_below =
        |count: &usize| slots_of(params.get(..*count).unwrap_or_default()) < slot as usize;
    (0..params.len()).take_while(is_below).count() as u32
}

/// Goes to a count; whether one is there.
fn go(
    timeline: &mut Timeline,
    store: &mut Store,
    clock: u64,
    set_out: bool,
    left: &mut u64,
) -> Result<bool> {
    if !set_out {
        timeline.set_out(store, clock)?;
    }
    let before = timeline.clock();
    let is_there = timeline.go_on(store, *left)?;
    let done = timeline.clock().abs_diff(before) + STAND;
    *left = if is_there { left.saturating_sub(done) } else { 0 };
    Ok(is_there)
}
