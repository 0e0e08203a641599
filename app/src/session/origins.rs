//! Where values come from: a tree that is opened one question after the other.
//!
//! The engine answers a question by going through the past; here is which one it is about, what the answer is called,
//! and the way back to where one stood, as if nothing had been asked.

use serde::{Deserialize, Serialize};
use stepwell_engine::module::NameKind;
use stepwell_engine::store::FuncInfo;
use stepwell_engine::text::{dotted, identifier};
use stepwell_engine::timeline::origin::{
    Author, Carried, Contents, Input, Instruction, MOST_BYTES, Origin, Place, Question, Unknown,
};
use stepwell_engine::{FuncIndex, InstanceId, MemAddr};

use super::command::{ModuleKey, Panel};
use super::past::{Journey, Then};
use super::types::{LayoutRequest, RunState, SessionError, StopReason};
use super::watch_target::WatchTarget;
use super::{Session, not_now};

/// Bytes of a memory that are written out.
const BYTES: usize = 16;

/// What is asked about, at the moment that is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Asked {
    /// An operand of a frame, counted from the innermost as 0, from the bottom of its stack.
    Operand {
        /// The frame.
        frame: usize,
        /// Which one.
        operand: u32,
    },
    /// A local of a frame.
    Local {
        /// The frame.
        frame: usize,
        /// Which one, parameters first.
        local: u32,
    },
    /// What the call that has finished returned.
    Result(u32),
    /// Something beside the stack.
    Target(WatchTarget),
}

/// Values that have been asked about, and what they were made of. Nodes name each other by their position.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Origins {
    nodes: Vec<OriginNode>,
    /// Whether instructions that only carry a value are told as any other.
    pub all_steps: bool,
}

/// A value at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct OriginNode {
    /// What held it.
    pub label: String,
    /// What it was.
    pub value: String,
    /// The count at which it was there.
    pub clock: u64,
    /// Who made it, once that has been asked: of bytes there may be several.
    pub answers: Option<Vec<OriginAnswer>>,
    place: Place,
}

/// Who made a value.
#[derive(Clone, PartialEq, Debug)]
pub struct OriginAnswer {
    /// Which part of it, if several have made it.
    pub part: Option<String>,
    /// What was made, if that is not what it was asked about: a load may have taken a part of it.
    pub made: Option<String>,
    /// The instruction, or in words who it was.
    pub author: String,
    /// Where and when.
    pub at: Option<OriginAt>,
    /// What it came by way of, from the author on.
    pub through: Vec<String>,
    /// Whether it is not known.
    pub is_unknown: bool,
    /// What it was made of.
    pub inputs: Vec<usize>,
}

/// A moment, and the instruction that came next then.
#[derive(Clone, PartialEq, Debug)]
pub struct OriginAt {
    /// The count before it.
    pub clock: u64,
    /// The function, as lists call it, and the place in it; not of what no instruction did.
    pub site: Option<(ModuleKey, u32, String)>,
}

/// A question under way, and where one stood.
pub(super) struct Asking {
    pub(super) question: Box<Question>,
    node: usize,
    /// The count to come back to; the present may be another one at the same count.
    back: u64,
}

impl Origins {
    /// The run is over.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
    }

    /// The value that was asked about first; its tree follows from it.
    pub fn root(&self) -> Option<usize> {
        (!self.nodes.is_empty()).then_some(0)
    }

    /// A value by its position.
    pub fn node(&self, position: usize) -> Option<&OriginNode> {
        self.nodes.get(position)
    }
}

impl Session {
    /// Values that have been asked about.
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// The value about which a question is under way, and the count down to which has been looked.
    pub fn asks_origin(&self) -> Option<(usize, u64)> {
        let began = self.machine.as_ref()?.began();
        match &self.journey {
            Some(Journey::Trace(asking)) => {
                Some((asking.node, began + asking.question.looked_down_to()))
            }
            _ => None,
        }
    }

    /// Whether it can be asked where something comes from.
    pub fn can_ask_origin(&self) -> bool {
        self.state != RunState::Running && self.past().is_some_and(|past| past.is_kept)
    }

    /// Asks about a value of the moment that is looked at.
    pub(super) fn ask_origin(&mut self, asked: Asked) -> Result<(), SessionError> {
        let clock = self.can_be_asked()?;
        let none = || not_now("there is no such value here");
        let place = self.place_asked(asked).ok_or_else(none)?;
        if let Place::Bytes { len, .. } = place
            && len > MOST_BYTES
        {
            let most = format!("ask about {MOST_BYTES} bytes at most");
            return Err(not_now(most));
        }
        let machine = self.machine.as_ref().ok_or_else(none)?;
        let contents = place.contents(&machine.store).ok_or_else(none)?;
        let label = match asked {
            Asked::Operand { frame, .. } => {
                let count = self.frames().get(frame).map_or(0, |frame| frame.operands().len());
                match place {
                    Place::Operand { index, .. } if index as usize + 1 == count => "top".to_owned(),
                    place => self.origin_label(&place, None),
                }
            }
            Asked::Local { frame, .. } => {
                let frames = self.frames();
                let of = frames.get(frame).map(|frame| (frame.instance(), frame.func()));
                self.origin_label(&place, of)
            }
            Asked::Target(target) => self.watch_label(&target).ok_or_else(none)?,
            Asked::Result(_) => self.origin_label(&place, None),
        };
        let node = self.origin_node(label, &contents, place, clock);
        self.origins.nodes = vec![node];
        self.layout_requests.push(LayoutRequest::Reveal(Panel::Origins));
        self.ask_about(0)
    }

    /// Asks about a value that was found on the way.
    pub(super) fn open_origin(&mut self, node: usize) -> Result<(), SessionError> {
        self.can_be_asked()?;
        self.ask_about(node)
    }

    /// Tells each instruction that has only carried a value, or passes through them: the first question is asked anew.
    pub(super) fn show_origin_steps(&mut self, all_steps: bool) -> Result<(), SessionError> {
        self.can_be_asked()?;
        self.origins.all_steps = all_steps;
        self.origins.nodes.truncate(1);
        match self.origins.nodes.first_mut() {
            Some(first) => {
                first.answers = None;
                self.ask_about(0)
            }
            None => Ok(()),
        }
    }

    fn can_be_asked(&self) -> Result<u64, SessionError> {
        if self.state == RunState::Running {
            return Err(not_now("pause it first"));
        }
        let clock = self.place_on_line()?;
        match self.past().is_some_and(|past| past.is_kept) {
            true => Ok(clock),
            false => Err(not_now(format!(
                "memories of more than {} MiB cannot be gone back through",
                super::machine::PAST >> 20
            ))),
        }
    }

    fn ask_about(&mut self, node: usize) -> Result<(), SessionError> {
        let none = || not_now("there is no such value");
        let asked = self.origins.node(node).ok_or_else(none)?;
        let machine = self.machine.as_ref().ok_or_else(none)?;
        let clock = asked.clock.saturating_sub(machine.began());
        let question = Question::new(asked.place, clock);
        let question = Box::new(match self.origins.all_steps {
            true => question.step_by_step(),
            false => question,
        });
        let back = match machine.timeline.is_past() {
            true => machine.timeline.clock(),
            false => u64::MAX,
        };
        if self.present.is_none() {
            self.present = Some(self.state.clone());
        }
        self.asked = None;
        self.journey = Some(Journey::Trace(Asking { question, node, back }));
        self.state = RunState::Running;
        self.drive(super::run::COMMAND_SLICE)
    }

    /// A question has been answered; where one goes back to.
    pub(super) fn answered(&mut self, asking: &Asking, found: Vec<Origin>) -> (u64, Then) {
        let several = found.len() > 1;
        let node = self.origins.node(asking.node);
        let (label, value) =
            node.map(|node| (node.label.clone(), node.value.clone())).unwrap_or_default();
        let mut answers = Vec::new();
        for origin in found {
            let answer = self.origin_answer(origin, several, (&label, &value));
            answers.push(answer);
        }
        if let Some(node) = self.origins.nodes.get_mut(asking.node) {
            node.answers = Some(answers);
        }
        (asking.back, Then::ComeBack)
    }

    /// Gives a question up; whether one was under way.
    pub(super) fn stop_asking(&mut self) -> bool {
        let Some(Journey::Trace(Asking { back, .. })) = &self.journey else { return false };
        let back = *back;
        let Some(machine) = &mut self.machine else { return false };
        match machine.timeline.set_out(&mut machine.store, back) {
            Ok(()) => self.journey = Some(Journey::To { clock: back, then: Then::ComeBack }),
            Err(error) => self.lose_way(&error),
        }
        true
    }

    /// Stands again where one stood when something was asked: nothing else has changed.
    pub(super) fn come_back(&mut self) {
        self.journey = None;
        let Some(machine) = &mut self.machine else { return };
        let is_past = machine.timeline.is_past();
        machine.past_task = machine.timeline.task_here().filter(|_| is_past);
        self.state = match is_past {
            true => RunState::Stopped(StopReason::Past),
            false => self.present.take().unwrap_or(RunState::Stopped(StopReason::Paused)),
        };
    }

    /// Where something lies that was asked about.
    fn place_asked(&self, asked: Asked) -> Option<Place> {
        let machine = self.machine.as_ref()?;
        let task = machine.task()?;
        let outermost = |frame: usize| {
            let depth = task.depth(&machine.store);
            Some((task.id(), depth.checked_sub(frame + 1)? as u32))
        };
        Some(match asked {
            Asked::Operand { frame, operand } => {
                let (task, frame) = outermost(frame)?;
                Place::Operand { task, frame, index: operand }
            }
            Asked::Local { frame, local } => {
                let (task, frame) = outermost(frame)?;
                Place::Local { task, frame, index: local }
            }
            Asked::Result(index) => Place::Result { task: task.id(), index },
            Asked::Target(target) => {
                let parts = |module| machine.store.instance(machine.instance_of(module)?);
                match target {
                    WatchTarget::Memory { module, memory, address, len } => {
                        let memory = *parts(module)?.memories().get(memory as usize)?;
                        Place::Bytes { memory, address, len }
                    }
                    WatchTarget::Global { module, global } => {
                        Place::Global(*parts(module)?.globals().get(global as usize)?)
                    }
                    WatchTarget::Element { module, table, index } => {
                        let table = *parts(module)?.tables().get(table as usize)?;
                        Place::Element { table, index }
                    }
                    WatchTarget::Local { .. }
                    | WatchTarget::LocalOfCall { .. }
                    | WatchTarget::Field { .. } => return None,
                }
            }
        })
    }

    fn origin_node(
        &self,
        label: String,
        contents: &Contents,
        place: Place,
        clock: u64,
    ) -> OriginNode {
        let began = self.machine.as_ref().map_or(0, |machine| machine.began());
        let value = self.held_text(contents);
        OriginNode { label, value, clock: began + clock, answers: None, place }
    }

    fn held_text(&self, contents: &Contents) -> String {
        match contents {
            Contents::Value(value) if value.ty().is_ref() => self.value_text(value),
            Contents::Value(value) => value.to_string(),
            Contents::Bytes(bytes) => {
                let shown = bytes.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
                let dots = if bytes.len() > BYTES { " …" } else { "" };
                format!("{}{dots}", shown.collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn origin_answer(
        &mut self,
        origin: Origin,
        several: bool,
        (label, value): (&str, &str),
    ) -> OriginAnswer {
        let Origin { part, made, author, through, omitted } = origin;
        let made = made.map(|made| self.held_text(&made));
        let made = made.filter(|made| several || made != value);
        let part = several.then(|| self.origin_label(&part, None));
        let mut words: Vec<String> =
            through.iter().rev().map(|step| self.step_text(step.by)).collect();
        // Where it is now is no way that it came by.
        words.pop_if(|last| last == label);
        if omitted > 0 {
            words.insert(0, format!("{omitted} more"));
        }
        let is_unknown = matches!(author, Author::NotKnown(_));
        let text = self.origin_text(&author);
        let at = self.origin_of(&author);
        let inputs = match author {
            Author::Instruction(made) => self.origin_inputs(made, ordinal),
            Author::HostCall { call: Some(call), .. } => {
                self.origin_inputs(call, |position, _| format!("argument {position}"))
            }
            _ => Vec::new(),
        };
        OriginAnswer { part, made, author: text, at, through: words, is_unknown, inputs }
    }

    /// What an instruction took, operands as `called` by their position among so many.
    fn origin_inputs(
        &mut self,
        made: Instruction,
        called: impl Fn(usize, usize) -> String,
    ) -> Vec<usize> {
        let Instruction { clock, site, inputs, .. } = made;
        let of = Some((site.instance, site.func));
        let is_operand = |input: &&Input| matches!(input.place, Place::Operand { .. });
        let operands = inputs.iter().filter(is_operand).count();
        let nodes: Vec<OriginNode> = inputs
            .iter()
            .enumerate()
            .map(|(position, Input { place, value })| {
                let label = match place {
                    Place::Operand { .. } => called(position, operands),
                    place => self.origin_label(place, of),
                };
                self.origin_node(label, value, *place, clock)
            })
            .collect();
        let first = self.origins.nodes.len();
        self.origins.nodes.extend(nodes);
        (first..self.origins.nodes.len()).collect()
    }

    /// What a place is called; of a local the function tells its name.
    fn origin_label(&self, place: &Place, of: Option<(InstanceId, FuncIndex)>) -> String {
        match *place {
            Place::Operand { index, .. } => format!("operand {index}"),
            Place::Local { index, .. } => match of {
                Some((instance, func)) => self.local_name(instance, func, index),
                None => format!("local {index}"),
            },
            Place::Result { index: 0, .. } => "result".to_owned(),
            Place::Result { index, .. } => format!("result {index}"),
            Place::Global(addr) => self.step_text(Carried::Global(addr)),
            Place::Bytes { memory, address, len } => self.bytes_name(memory, address, len),
            Place::Element { table, index } => self.step_text(Carried::Element { table, index }),
        }
    }

    fn local_name(&self, instance: InstanceId, func: FuncIndex, local: u32) -> String {
        let open = self.module_of_instance(instance);
        let names = open.map_or(Vec::new(), |open| open.module.local_names(func));
        let name = names.into_iter().find(|(index, name)| *index == local && !name.is_empty());
        name.map_or_else(|| format!("local {local}"), |(_, name)| identifier(&name))
    }

    fn bytes_name(&self, memory: MemAddr, address: u64, len: u64) -> String {
        let memory = self.memory_label(memory);
        match len {
            1 => format!("{memory} [0x{address:x}]"),
            len => format!("{memory} [0x{address:x}..0x{:x}]", address.saturating_add(len)),
        }
    }

    /// What a module that has an address in one of its index spaces calls it.
    fn item_name<T: PartialEq>(
        &self,
        kind: NameKind,
        word: &str,
        addr: T,
        of: impl Fn(&stepwell_engine::store::Instance) -> Vec<T>,
    ) -> String {
        let found = self.store().and_then(|store| {
            store.instances().find_map(|id| {
                let index = of(store.instance(id)?).iter().position(|other| *other == addr)?;
                let name = self.module_of_instance(id)?.module.item_name(kind, index as u32);
                Some(name.map_or_else(|| format!("{word} {index}"), identifier))
            })
        });
        found.unwrap_or_else(|| word.to_owned())
    }

    fn step_text(&self, by: Carried) -> String {
        let place = |instance, func: FuncIndex| match self.module_of_instance(instance) {
            Some(open) => open.names.place(func),
            None => format!("func[{func}]"),
        };
        match by {
            Carried::Local { instance, func, local } => self.local_name(instance, func, local),
            Carried::Global(addr) => {
                self.item_name(NameKind::Global, "global", addr, |parts| parts.globals().to_vec())
            }
            Carried::Bytes { memory, address, len } => self.bytes_name(memory, address, len),
            Carried::Element { table, index } => {
                let name = self
                    .item_name(NameKind::Table, "table", table, |parts| parts.tables().to_vec());
                format!("{name} [{index}]")
            }
            Carried::Argument { instance, func, index } => {
                format!("argument {index} of {}", place(instance, func))
            }
            Carried::Result { instance, func } => format!("result of {}", place(instance, func)),
            Carried::Branch(_) => "a branch".to_owned(),
            Carried::Select(_) => "select".to_owned(),
            Carried::Exception(_) => "an exception".to_owned(),
        }
    }

    fn origin_text(&self, author: &Author) -> String {
        match author {
            Author::Instruction(made) | Author::Constant(made) => made.operator.to_string(),
            Author::Argument { index, .. } => {
                format!("argument {index} of the call that was started")
            }
            Author::LocalDefault { .. } => "a local begins as zero or null".to_owned(),
            Author::DataSegment { instance, segment } => {
                let open = self.module_of_instance(*instance);
                let of = open.map_or(String::new(), |open| format!(" of {}", open.name));
                format!("data segment {segment}{of}")
            }
            Author::Initial => "it began with that".to_owned(),
            Author::HostCall { clock, func, .. } => {
                let name = match self.store().and_then(|store| store.func_info(*func)) {
                    Some(FuncInfo::Host { module, name }) => dotted(&module, &name),
                    _ => "a host function".to_owned(),
                };
                // As the list of calls has it, behind the instruction that made it.
                let behind = self.machine.as_ref().map_or(0, |machine| machine.began()) + clock + 1;
                let mut calls = self.host_calls().iter();
                match calls.find(|record| record.clock == behind && record.call.func == *func) {
                    Some(record) => format!("{name}, host call {}", record.number),
                    None => name,
                }
            }
            Author::Edit { .. } => "changed by hand".to_owned(),
            Author::NotKnown(why) => match why {
                Unknown::NoPlace => "not known: it was not there at that moment".to_owned(),
                Unknown::NoPast => {
                    "not known: these memories are too large to be gone back through".to_owned()
                }
                Unknown::GivenUp { first } => {
                    let began = self.machine.as_ref().map_or(0, |machine| machine.began());
                    format!(
                        "not known: before {}, and moments before that have been given up for room",
                        began + first
                    )
                }
                Unknown::TooManyBytes => format!("not known: more than {MOST_BYTES} bytes"),
            },
        }
    }

    fn origin_of(&self, author: &Author) -> Option<OriginAt> {
        let began = self.machine.as_ref()?.began();
        let (clock, made) = match author {
            Author::Instruction(made) | Author::Constant(made) => (made.clock, Some(made)),
            Author::HostCall { clock, call, .. } => (*clock, call.as_ref()),
            Author::Argument { clock, .. }
            | Author::LocalDefault { clock }
            | Author::Edit { clock } => (*clock, None),
            Author::DataSegment { .. } | Author::Initial | Author::NotKnown(_) => return None,
        };
        let site = made.and_then(|made| {
            let open = self.module_of_instance(made.site.instance)?;
            let offset = made.site.offset.0;
            let label = format!("{} 0x{offset:04x}", open.names.place(made.site.func));
            Some((open.key, offset, label))
        });
        Some(OriginAt { clock: began + clock, site })
    }
}

/// What an operand is called among those of an instruction.
fn ordinal(position: usize, count: usize) -> String {
    match position + 1 {
        _ if count == 1 => "operand".to_owned(),
        1 => "1st operand".to_owned(),
        2 => "2nd operand".to_owned(),
        3 => "3rd operand".to_owned(),
        other => format!("{other}th operand"),
    }
}
