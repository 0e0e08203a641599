//! Questions about a whole run: all moments at which a breakpoint is hit, all accesses of a place, what an expression was
//! worth each time, and when something was not true for the first time.
//!
//! The engine goes through the past for it, a slice at a time; one stands afterwards where one stood before. What host
//! functions have written is in their records, and is put between the rest by its count.

use serde::{Deserialize, Serialize};
use stepwell_engine::expression::{Context, Counts, Message, Program};
use stepwell_engine::host::record::Effect;
use stepwell_engine::observe::{
    Breakpoint, Contents, Debugger, Watched, Watchpoint, WatchpointHit,
};
use stepwell_engine::timeline::{Asking, Found, Happening, Query};
use stepwell_engine::{CallSite, CodeOffset, Stop, Store, Task, TaskId};

use super::command::ModuleKey;
use super::past::{Journey, Then};
use super::types::{RunState, SessionError};
use super::watch_target::WatchTarget;
use super::watchpoint::WatchWhen;
use super::writer::writes;
use super::{CodeFocus, Session, WatchStop, expressions, not_now};

/// Answers that are kept; of more it is only said that there are.
pub(super) const MOST: usize = 100_000;
/// Instructions between two looks at the clock.
const CHUNK: u64 = 200_000;

/// What can be asked of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Question {
    /// All moments before an instruction is executed; where a breakpoint there has a condition, at which that holds.
    Hits {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
    },
    /// All accesses of a place.
    Accesses {
        /// The place.
        target: WatchTarget,
        /// Which accesses.
        when: WatchWhen,
    },
    /// What a message says each time before an instruction is executed, as `n = {$n}`.
    Values {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
        /// The message.
        text: String,
    },
    /// The first moment before an instruction is executed at which an expression is not true.
    Fails {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
        /// The expression.
        text: String,
    },
}

/// Who has done what an answer tells of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Author {
    /// An instruction: its module, its offset, and the function that it is in.
    Instruction {
        /// The module.
        module: ModuleKey,
        /// Byte offset.
        offset: u32,
        /// As `main.add`.
        func: String,
    },
    /// A host function.
    HostCall {
        /// As in the list of host calls.
        number: u64,
        /// As `env.read`.
        name: String,
    },
    /// Data segments, element segments and initial values, before the first instruction.
    Beginning,
    /// An instance that was made meanwhile: its segments.
    Instance,
    /// A person.
    Hand,
}

/// A moment that is an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The count of the run.
    pub clock: u64,
    /// The task, by its number; none where no task did it.
    pub task: Option<u32>,
    /// Who did it.
    pub author: Author,
    /// What was before and is now, or what there is to say.
    pub text: String,
}

/// How far a question has been answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnswerState {
    /// It is being asked, and all is known up to this count.
    Asking(u64),
    /// All is known.
    Complete,
    /// It was ended at this count.
    Ended(u64),
}

/// What has been asked last, and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answers {
    /// The question.
    pub question: Question,
    /// In words.
    pub title: String,
    /// The first and the last count that were asked about.
    pub stretch: (u64, u64),
    /// The moments, in order.
    pub rows: Vec<Answer>,
    /// There are more than are kept.
    pub more: bool,
    /// How far it is.
    pub state: AnswerState,
    /// What has to be said about it.
    pub note: Option<String>,
}

/// A question on its way through the past.
pub(super) struct Ask {
    query: Query,
    what: What,
    /// Where one stood.
    stood: Stood,
}

/// What is looked at where it stops.
enum What {
    Hits(Option<Program>),
    Accesses,
    Values(Message),
    Fails(Program),
}

/// Where one stood, to stand there again.
#[derive(Clone, Debug)]
pub(super) struct Stood {
    clock: u64,
    frame: usize,
    focus: Option<CodeFocus>,
    access: Option<WatchStop>,
}

/// What was found, before it is put into words.
struct Raw {
    clock: u64,
    task: Option<TaskId>,
    what: RawKind,
}

enum RawKind {
    At(CallSite, String),
    Access(Box<WatchpointHit>),
    Other(Author, Watched, Option<Contents>, Contents),
}

impl Session {
    /// What has been asked last, and its answers.
    pub fn answers(&self) -> Option<&Answers> {
        self.answers.as_ref()
    }

    /// The stretch of the run that questions are limited to, if a person has chosen one.
    pub fn stretch(&self) -> Option<(u64, u64)> {
        self.stretch
    }

    /// Whether a question is on its way.
    pub fn is_asking(&self) -> bool {
        matches!(self.journey, Some(Journey::Ask(_)))
    }

    pub(super) fn limit_questions(&mut self, stretch: Option<(u64, u64)>) {
        self.stretch = stretch.map(|(from, to)| (from.min(to), from.max(to)));
    }

    /// Sets out to ask.
    pub(super) fn ask_run(&mut self, question: Question) -> Result<(), SessionError> {
        if self.journey.is_some() {
            return Err(not_now("wait until that moment is there, or pause"));
        }
        let clock = self.place_on_line()?;
        let (title, note) = self.title_of(&question)?;
        let (debugger, what) = self.what_to_look_for(&question)?;
        let Some(machine) = &self.machine else { return Ok(()) };
        let (timeline, began) = (&machine.timeline, machine.began());
        if !timeline.is_kept() {
            return Err(not_now("the memories of this run are too large to be gone back through"));
        }
        let (from, to) = self.stretch.unwrap_or((0, u64::MAX));
        let (from, to) = (from.saturating_sub(began), to.saturating_sub(began));
        let query = Query::new(timeline, debugger, from, to);
        let (from, to) = query.stretch();
        let stretch = (from + began, to + began);
        let state = AnswerState::Asking(stretch.0);
        let rows = Vec::new();
        self.answers = Some(Answers { question, title, stretch, rows, more: false, state, note });
        let stood = Stood {
            clock: if timeline.is_past() { clock } else { u64::MAX },
            frame: self.selected_frame,
            focus: self.focus,
            access: self.past_access.clone(),
        };
        if self.present.is_none() {
            self.present = Some(self.state.clone());
        }
        self.journey = Some(Journey::Ask(Box::new(Ask { query, what, stood })));
        self.state = RunState::Running;
        self.layout_requests.push(super::LayoutRequest::Reveal(super::Panel::Answers));
        self.drive(super::run::COMMAND_SLICE)
    }

    fn what_to_look_for(&self, question: &Question) -> Result<(Debugger, What), SessionError> {
        let machine = self.machine.as_ref().ok_or_else(|| not_now("start an export first"))?;
        let mut debugger = Debugger::default();
        let (module, offset) = match question {
            Question::Accesses { target, when } => {
                // The frames of other calls lie where its frame does.
                if matches!(target, WatchTarget::LocalOfCall { .. }) {
                    return Err(not_now("ask of the local in all calls"));
                }
                let none = || not_now("there is nothing of this kind to look for");
                let watched = target.watched(machine).ok_or_else(none)?;
                let watchpoint = Watchpoint { watched, kind: when.kind() };
                debugger = machine.store.debugger().watching();
                for other in debugger.watchpoints().to_vec() {
                    // What is known of a watched object stays known with the one on it.
                    if other != watchpoint {
                        debugger.remove_watchpoint(other);
                    }
                }
                if debugger.watchpoints().is_empty() {
                    debugger.add_watchpoint_in(watchpoint, &machine.store);
                }
                return Ok((debugger, What::Accesses));
            }
            Question::Hits { module, offset }
            | Question::Values { module, offset, .. }
            | Question::Fails { module, offset, .. } => (*module, *offset),
        };
        self.check_instruction(module, offset)?;
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let instance = machine.instance_of(module);
        let instance = instance.ok_or_else(|| not_now("the module takes no part in the run"))?;
        debugger.add_breakpoint(Breakpoint { instance, offset: CodeOffset(offset) });
        let what = match question {
            Question::Values { text, .. } => {
                What::Values(expressions::message_at(&open.module, offset, text)?)
            }
            Question::Fails { text, .. } => {
                What::Fails(expressions::condition_at(&open.module, offset, text)?)
            }
            _ => {
                let entry = self.breakpoints.iter().find(|entry| entry.is_at(module, offset));
                What::Hits(entry.and_then(|entry| entry.condition().cloned()))
            }
        };
        Ok((debugger, what))
    }

    /// A question in words, and what has to be said about its answers.
    fn title_of(&self, question: &Question) -> Result<(String, Option<String>), SessionError> {
        let place = |module: ModuleKey, offset: u32| {
            let open = self.module(module)?;
            let func = open.module.func_at(CodeOffset(offset))?;
            Some(format!("{} at 0x{offset:04x}", open.func_label(func)))
        };
        let place = |module, offset| {
            place(module, offset).ok_or_else(|| not_now("no function has an instruction there"))
        };
        Ok(match question {
            Question::Hits { module, offset } => {
                let mut entries = self.breakpoints.iter();
                let entry = entries.find(|entry| entry.is_at(*module, *offset));
                let condition = entry.map_or("", |entry| entry.state.condition.trim());
                let place = place(*module, *offset)?;
                match condition {
                    "" => (format!("Hits of {place}"), None),
                    condition => (format!("Hits of {place} where {condition}"), None),
                }
            }
            Question::Accesses { target, when } => {
                let label = self.watch_label(target);
                let label = label.ok_or_else(|| not_now("there is no such thing"))?;
                let words = match when {
                    WatchWhen::Changed => "Changes",
                    WatchWhen::Written => "Writes",
                    WatchWhen::Read => "Reads",
                    WatchWhen::Accessed => "Reads and writes",
                };
                let note = match target {
                    WatchTarget::Field { .. } => Some(
                        "Objects are known from the collection on before they were first looked at."
                            .to_owned(),
                    ),
                    WatchTarget::Local { .. } => {
                        Some("Arguments that a call gives are no writes.".to_owned())
                    }
                    _ => None,
                };
                (format!("{words} of {label}"), note)
            }
            Question::Values { module, offset, text } => {
                (format!("{} at {}", text.trim(), place(*module, *offset)?), None)
            }
            Question::Fails { module, offset, text } => {
                let place = place(*module, *offset)?;
                (format!("First time that {} is not true at {place}", text.trim()), None)
            }
        })
    }

    /// Goes on asking for a chunk.
    pub(super) fn go_on_asking(&mut self, mut ask: Box<Ask>) {
        let began = self.machine.as_ref().map_or(0, |machine| machine.began());
        let counts = self.counts();
        let kept = self.answers.as_ref().map_or(0, |answers| answers.rows.len());
        let Some(machine) = &mut self.machine else { return };
        let (timeline, store) = (&mut machine.timeline, &mut machine.store);
        let Ask { query, what, .. } = &mut *ask;
        let (mut raws, mut more) = (Vec::new(), false);
        let mut note = |store: &Store, found: Found| {
            if kept + raws.len() >= MOST {
                more = true;
                return Asking::Enough;
            }
            let context_counts = Counts {
                executed: began + found.clock,
                depth: found.task.as_ref().map_or(0, |task| task.depth(store) as u64),
                ..counts
            };
            let (raw, asking) = look(store, found, what, context_counts);
            raws.extend(raw);
            asking
        };
        let result = query.go_on(timeline, store, CHUNK, &mut note);
        let reached = began + query.reached();
        self.put_answers(raws);
        let Some(answers) = &mut self.answers else { return };
        answers.more |= more;
        match result {
            Ok(false) => {
                answers.state = AnswerState::Asking(reached);
                self.journey = Some(Journey::Ask(ask));
            }
            Ok(true) => {
                answers.state = AnswerState::Complete;
                let last = if more { reached } else { u64::MAX };
                self.put_host_writes(last);
                self.stand_again(ask.stood);
            }
            Err(error) => {
                answers.state = AnswerState::Ended(reached);
                self.lose_way(&error);
            }
        }
    }

    /// Leaves off asking; what has been found stays.
    pub(super) fn end_asking(&mut self) {
        let Some(Journey::Ask(ask)) =
            self.journey.take_if(|journey| matches!(journey, Journey::Ask(_)))
        else {
            return;
        };
        let began = self.machine.as_ref().map_or(0, |machine| machine.began());
        let reached = began + ask.query.reached();
        if let Some(answers) = &mut self.answers {
            answers.state = AnswerState::Ended(reached);
        }
        self.put_host_writes(reached);
        self.stand_again(ask.stood);
    }

    /// To where one stood before one asked.
    fn stand_again(&mut self, stood: Stood) {
        let Some(machine) = &mut self.machine else { return };
        let clock = stood.clock;
        let set_out = machine.timeline.set_out(&mut machine.store, clock);
        self.journey = Some(Journey::To { clock, then: Then::StandAs(Box::new(stood)) });
        if let Err(error) = set_out {
            self.lose_way(&error);
        }
    }

    /// Looks at what one looked at before.
    pub(super) fn look_as(&mut self, stood: Stood) {
        self.selected_frame = stood.frame.min(self.frames().len().saturating_sub(1));
        (self.focus, self.past_access) = (stood.focus, stood.access);
    }

    fn put_answers(&mut self, raws: Vec<Raw>) {
        let began = self.machine.as_ref().map_or(0, |machine| machine.began());
        let mut rows = Vec::with_capacity(raws.len());
        for Raw { clock, task, what } in raws {
            let machine = self.machine.as_ref();
            let task = task.and_then(|id| machine.and_then(|machine| machine.tasks.number_of(id)));
            let (author, text) = match what {
                RawKind::At(site, text) => (self.author_at(&site), text),
                RawKind::Access(hit) => (self.author_at(&hit.site), self.access_text(&hit)),
                RawKind::Other(author, part, old, new) => {
                    (author, self.change_text(part, old.as_ref(), &new))
                }
            };
            rows.push(Answer { clock: began + clock, task, author, text });
        }
        if let Some(answers) = &mut self.answers {
            answers.rows.extend(rows);
        }
    }

    /// What was changed by no instruction.
    fn change_text(&self, part: Watched, old: Option<&Contents>, new: &Contents) -> String {
        let new = self.contents_text(new);
        let change = match old {
            Some(old) => format!("{} → {new}", self.contents_text(old)),
            None => format!("= {new}"),
        };
        let question = self.answers.as_ref().map(|answers| &answers.question);
        let machine = self.machine.as_ref();
        let is_whole = matches!(question, Some(Question::Accesses { target, .. })
            if machine.and_then(|machine| target.watched(machine)) == Some(part));
        match part {
            Watched::Memory { address, .. } if !is_whole => format!("at 0x{address:x} {change}"),
            _ => change,
        }
    }

    fn author_at(&self, site: &CallSite) -> Author {
        match self.module_of_instance(site.instance) {
            Some(open) => Author::Instruction {
                module: open.key,
                offset: site.offset.0,
                func: open.func_label(site.func),
            },
            None => Author::Hand,
        }
    }

    /// Puts what host functions have written, up to a count, between the rest.
    fn put_host_writes(&mut self, last: u64) {
        let Some(answers) = &self.answers else { return };
        let Question::Accesses { target, when } = &answers.question else { return };
        let Some(machine) = self.machine.as_ref().filter(|_| *when != WatchWhen::Read) else {
            return;
        };
        let Some(watched) = target.watched(machine) else { return };
        let (from, to) = answers.stretch;
        let mut written = Vec::new();
        for record in self.host_calls().iter() {
            if !(from.max(machine.began())..=to.min(last)).contains(&record.clock) {
                continue;
            }
            for effect in record.effects.iter().filter(|effect| writes(effect, watched)) {
                let call = &record.call;
                let name = stepwell_engine::text::dotted(&call.module, &call.name);
                let author = Author::HostCall { number: record.number, name };
                let text = self.effect_text(effect, watched);
                written.push(Answer { clock: record.clock, task: Some(record.task), author, text });
            }
        }
        let Some(answers) = &mut self.answers else { return };
        answers.rows.extend(written);
        answers.rows.sort_by_key(|row| row.clock);
        answers.more |= answers.rows.len() > MOST;
        answers.rows.truncate(MOST);
    }

    /// What of a place a host function has written.
    fn effect_text(&self, effect: &Effect, watched: Watched) -> String {
        match (effect, watched) {
            (Effect::Write { address, bytes, .. }, Watched::Memory { address: first, len, .. }) => {
                let from = (*address).max(first);
                let end = (address + bytes.len() as u64).min(first.saturating_add(len));
                let range = (from - address) as usize..end.saturating_sub(*address) as usize;
                let part = bytes.get(range).unwrap_or_default();
                let part: Vec<u8> = part.iter().take(WatchpointHit::SHOWN).copied().collect();
                let whole = (from, end - from) == (first, len);
                let contents = Contents::Bytes(part);
                let text = self.contents_text(&contents);
                if whole { format!("= {text}") } else { format!("at 0x{from:x} = {text}") }
            }
            (Effect::Global { value, .. } | Effect::Table { value, .. }, _) => {
                format!("= {}", self.plain_text(value))
            }
            _ => String::new(),
        }
    }

    /// Stands at the moment of an answer.
    pub(super) fn go_to_answer(&mut self, row: usize) -> Result<(), SessionError> {
        let answer = self.answers.as_ref().and_then(|answers| answers.rows.get(row));
        let clock = answer.ok_or_else(|| not_now("there is no such answer"))?.clock;
        self.seek(clock)
    }
}

/// What a moment comes to, and whether to go on.
fn look(store: &Store, found: Found, what: &What, counts: Counts) -> (Option<Raw>, Asking) {
    let Found { clock, task, what: happening } = found;
    let id = task.as_ref().map(Task::id);
    let raw = |what| Some(Raw { clock, task: id, what });
    let site = match happening {
        Happening::Stop(Stop::Breakpoint(site)) => site,
        Happening::Stop(Stop::Watchpoint(hit)) => {
            return (raw(RawKind::Access(hit)), Asking::GoOn);
        }
        Happening::Stop(_) => return (None, Asking::GoOn),
        Happening::Outside { part, old, new, instantiated } => {
            let author = match (&old, instantiated) {
                (None, _) => Author::Beginning,
                (Some(_), true) => Author::Instance,
                (Some(_), false) => Author::Hand,
            };
            return (raw(RawKind::Other(author, part, old, new)), Asking::GoOn);
        }
        Happening::Beginning { part, new } => {
            return (raw(RawKind::Other(Author::Beginning, part, None, new)), Asking::GoOn);
        }
    };
    let frame = task.as_ref().and_then(|task| task.frames(store).next());
    let Some(frame) = frame else { return (None, Asking::GoOn) };
    let context = Context::of_frame(store, &frame).with_counts(counts);
    match what {
        What::Accesses => (None, Asking::GoOn),
        What::Hits(None) => (raw(RawKind::At(site, String::new())), Asking::GoOn),
        What::Hits(Some(condition)) => match condition.holds(&context) {
            Ok(true) => (raw(RawKind::At(site, String::new())), Asking::GoOn),
            Ok(false) => (None, Asking::GoOn),
            Err(error) => (raw(RawKind::At(site, error.kind.to_string())), Asking::GoOn),
        },
        What::Values(message) => (raw(RawKind::At(site, message.text(&context))), Asking::GoOn),
        What::Fails(expression) => match expression.holds(&context) {
            Ok(true) => (None, Asking::GoOn),
            Ok(false) => (raw(RawKind::At(site, "is not true".to_owned())), Asking::Enough),
            Err(error) => (raw(RawKind::At(site, error.kind.to_string())), Asking::Enough),
        },
    }
}
