//! Writing a recording as the run goes.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use stepwell_engine::exec::{HostAnswer, Trap, TrapCode};
use stepwell_engine::host::record::{Effect, HostRecord, RecordedAnswer};
use stepwell_engine::recording::{Import, Recording, RunEnd, Step};
use stepwell_engine::{CallSite, Extern, Module, Mutability, ValType, Value};

use super::line::{
    AnswerLine, CallLine, CodeLine, EffectLine, EndLine, Ending, Header, ImportLine, Line,
    ModuleLine, Printed, StepLine, Stream, TrapLine,
};
use super::values::{bytes_text, type_text, value_text};

/// A recording that grows.
pub struct Writer<W: Write> {
    out: GzEncoder<W>,
    modules: Vec<Module>,
    failed: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    /// Begins with what the recording says of itself.
    pub fn new(out: W, header: Header) -> Self {
        let mut writer = Self {
            out: GzEncoder::new(out, Compression::default()),
            modules: Vec::new(),
            failed: None,
        };
        writer.line(&Line::Stepwell(header));
        writer
    }

    /// What was done since the last time; `name` tells what a module is called.
    pub fn add(&mut self, part: &Recording, name: impl Fn(&Module) -> String) {
        for step in &part.steps {
            let line = self.step(step, &name);
            match line {
                Some(line) => self.line(&Line::Do(line)),
                None => self.fail(io::Error::other(
                    "something of a type that has no name outside of its module was made by hand",
                )),
            }
        }
        for call in &part.calls {
            self.line(&Line::Call(Box::new(call_line(call))));
        }
    }

    /// What was printed since the last time.
    pub fn print(&mut self, stream: Stream, clock: u64, bytes: &[u8]) {
        self.line(&Line::Printed(printed(stream, clock, bytes)));
    }

    /// Ends it, and tells the first error that there was.
    ///
    /// # Errors
    /// That nothing could be written.
    pub fn finish(mut self, ending: Ending) -> io::Result<W> {
        self.line(&Line::End(ending));
        match self.failed {
            Some(error) => Err(error),
            None => self.out.finish(),
        }
    }

    /// Whether it cannot be written any further.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    fn fail(&mut self, error: io::Error) {
        self.failed.get_or_insert(error);
    }

    fn line(&mut self, line: &Line) {
        if self.failed.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut self.out, line).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| self.out.write_all(b"\n")) {
            self.fail(error);
        }
    }

    /// The number of a module, which is written when it is met first.
    pub fn module(&mut self, module: &Module, name: &impl Fn(&Module) -> String) -> usize {
        let known = self.modules.iter().position(|known| known.bytes() == module.bytes());
        known.unwrap_or_else(|| {
            let (name, bytes) = (name(module), bytes_text(module.bytes()));
            self.line(&Line::Module(ModuleLine { name, bytes }));
            self.modules.push(module.clone());
            self.modules.len() - 1
        })
    }

    fn step(&mut self, step: &Step, name: &impl Fn(&Module) -> String) -> Option<StepLine> {
        Some(match step {
            Step::Instantiate { module, imports, failed } => {
                let imports = imports.iter().map(import_line).collect();
                StepLine::Instantiate {
                    module: self.module(module, name),
                    imports,
                    failed: *failed,
                }
            }
            Step::Name { instance, name } => {
                StepLine::Name { instance: instance.0, name: name.clone() }
            }
            Step::Start { task, func, args } => {
                StepLine::Start { task: task.0, func: func.0, args: texts(args) }
            }
            Step::Run { task, executed, end } => {
                let end = match end {
                    RunEnd::Open => EndLine::Open,
                    RunEnd::Within(done) => EndLine::Within(*done),
                    RunEnd::BeforeCall => EndLine::BeforeCall,
                    RunEnd::Closed => EndLine::Closed,
                };
                StepLine::Run { task: task.0, executed: *executed, end }
            }
            Step::Resume { task, answer } => {
                let answer = match answer {
                    HostAnswer::Return(values) => AnswerLine::Returned(texts(values)),
                    HostAnswer::Trap(message) => AnswerLine::Trapped(message.clone()),
                };
                StepLine::Resume { task: task.0, answer }
            }
            Step::TimeOut { task } => StepLine::TimeOut { task: task.0 },
            Step::End { task } => StepLine::End { task: task.0 },
            Step::SetSlot { task, frame, local, index, value } => {
                let (task, frame, index, value) = (task.0, *frame, *index, value_text(value));
                match local {
                    true => StepLine::SetLocal { task, frame, index, value },
                    false => StepLine::SetOperand { task, frame, index, value },
                }
            }
            Step::SetGlobal { global, value } => {
                StepLine::SetGlobal { global: global.0, value: value_text(value) }
            }
            Step::SetTable { table, index, value } => {
                StepLine::SetTable { table: table.0, index: *index, value: value_text(value) }
            }
            Step::WriteMemory { memory, address, bytes } => {
                let bytes = bytes_text(bytes);
                StepLine::WriteMemory { memory: memory.0, address: *address, bytes }
            }
            Step::GrowMemory { memory, pages } => {
                StepLine::GrowMemory { memory: memory.0, pages: *pages }
            }
            Step::GrowTable { table, by } => StepLine::GrowTable { table: table.0, by: *by },
            Step::NewMemory(ty) => StepLine::NewMemory {
                min: ty.limits.min,
                max: ty.limits.max,
                index64: ty.index64,
                shared: ty.shared,
                page_size_log2: ty.page_size_log2,
            },
            Step::NewTable(ty) => StepLine::NewTable {
                element: type_text(ValType::Ref(ty.element))?,
                min: ty.limits.min,
                max: ty.limits.max,
                index64: ty.index64,
            },
            Step::NewGlobal(ty, value) => StepLine::NewGlobal {
                content: type_text(ty.content)?,
                mutable: ty.mutability == Mutability::Var,
                value: value_text(value),
            },
            Step::NewTag(values) => {
                let values: Option<Vec<String>> = values.iter().map(|ty| type_text(*ty)).collect();
                StepLine::NewTag { values: values? }
            }
            Step::SetField { object, field, value } => {
                StepLine::SetField { object: object.0, field: *field, value: value_text(value) }
            }
            Step::NewString(text) => StepLine::NewString { text: text.clone() },
            Step::Hold(value) => StepLine::Hold { value: value_text(value) },
            Step::Release(value) => StepLine::Release { value: value_text(value) },
            Step::ReleaseAll => StepLine::ReleaseAll {},
            Step::Collect => StepLine::Collect {},
            _ => return None,
        })
    }
}

/// What was printed, as a line has it.
pub fn printed(stream: Stream, clock: u64, bytes: &[u8]) -> Printed {
    Printed { stream, clock, bytes: bytes_text(bytes) }
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(value_text).collect()
}

fn import_line(import: &Import) -> ImportLine {
    match *import {
        Import::Known(Extern::Func(addr)) => ImportLine::Func(addr.0),
        Import::Known(Extern::Table(addr)) => ImportLine::Table(addr.0),
        Import::Known(Extern::Memory(addr)) => ImportLine::Memory(addr.0),
        Import::Known(Extern::Global(addr)) => ImportLine::Global(addr.0),
        Import::Known(Extern::Tag(addr)) => ImportLine::Tag(addr.0),
        Import::Host(addr) => ImportLine::Host(addr.0),
        Import::Builtin(addr) => ImportLine::Builtin(addr.0),
        Import::Text => ImportLine::Text,
    }
}

fn site(site: &CallSite) -> (u32, u32, u32) {
    (site.instance.0, site.func.0, site.offset.0)
}

fn trap_line(trap: &Trap) -> TrapLine {
    let code = match &trap.code {
        TrapCode::Exception(exception) => CodeLine::Exception {
            tag: exception.tag.0,
            name: exception.name.as_deref().map(str::to_owned),
            values: texts(&exception.values),
        },
        TrapCode::Host(message) => CodeLine::Host(message.to_string()),
        other => CodeLine::Other(other.to_string()),
    };
    let frames = trap.backtrace.iter().map(|frame| {
        let (instance, func, offset) = site(&frame.site);
        (instance, func, offset, frame.func_name.as_deref().map(str::to_owned))
    });
    let (omitted, executed) = (trap.omitted_frames, trap.executed);
    TrapLine { code, backtrace: frames.collect(), omitted, executed }
}

fn call_line(call: &HostRecord) -> CallLine {
    let effects = call.effects.iter().map(|effect| match effect {
        Effect::Read { memory, address, len, start } => EffectLine::Read {
            memory: memory.0,
            address: *address,
            len: *len,
            start: bytes_text(start),
        },
        Effect::Write { memory, address, bytes } => {
            EffectLine::Write { memory: memory.0, address: *address, bytes: bytes_text(bytes) }
        }
        Effect::Global { global, value } => {
            EffectLine::Global { global: global.0, value: value_text(value) }
        }
        Effect::Table { table, index, value } => {
            EffectLine::Table { table: table.0, index: *index, value: value_text(value) }
        }
        Effect::GrowMemory { memory, pages, old } => {
            EffectLine::GrowMemory { memory: memory.0, pages: *pages, old: *old }
        }
        Effect::Call { func, args, catches } => {
            EffectLine::Call { func: func.0, args: texts(args), catches: *catches }
        }
    });
    CallLine {
        number: call.number,
        task: call.task.0,
        executed: call.executed,
        func: call.func.0,
        module: call.module.to_string(),
        name: call.name.to_string(),
        args: texts(&call.args),
        frames: call.frames.iter().map(site).collect(),
        effects: effects.collect(),
        answer: match &call.answer {
            RecordedAnswer::Returned(values) => AnswerLine::Returned(texts(values)),
            RecordedAnswer::Trapped(message) => AnswerLine::Trapped(message.to_string()),
            RecordedAnswer::Exited(code) => AnswerLine::Exited(*code),
            RecordedAnswer::PassedOn(trap) => AnswerLine::PassedOn(trap_line(trap)),
            RecordedAnswer::Unfinished => AnswerLine::Unfinished,
        },
        waits: call.course.waits.clone(),
        resumed: call.course.resumed,
    }
}
