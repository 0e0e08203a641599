//! Reading a recording.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use stepwell_engine::exec::{Exception, HostAnswer, Trap, TrapCode, TrapFrame};
use stepwell_engine::host::record::{Course, Effect, HostRecord, RecordedAnswer};
use stepwell_engine::recording::{Import, Recording, RunEnd, Step};
use stepwell_engine::{
    CallSite, CodeOffset, Config, Engine, Extern, FuncAddr, FuncIndex, GlobalAddr, GlobalType,
    InstanceId, Limits, MemAddr, MemoryType, Module, Mutability, ObjectAddr, TableAddr, TableType,
    TagAddr, TaskId, ValType, Value,
};
use thiserror::Error;

use super::VERSION;
use super::line::{
    AnswerLine, CallLine, CodeLine, EffectLine, EndLine, Ending, Header, ImportLine, Line, Printed,
    StepLine, Stream, TrapLine,
};
use super::values::{bytes_of, type_of, value_of};

/// Bytes of text that a recording may have: what is compressed can be much larger than it looks.
const MOST: u64 = if cfg!(target_arch = "wasm32") { 256 << 20 } else { 4 << 30 };

/// Limits that a recording may ask for: what it was recorded with, but no more than that a system can hold.
const MOST_FRAMES: u32 = 1 << 24;
const MOST_SLOTS: u32 = 1 << 27;

/// A recording that was read.
pub struct File {
    /// What it says of itself.
    pub header: Header,
    /// An engine that plays it.
    pub engine: Engine,
    /// Names and modules, in the order in which they were met.
    pub modules: Vec<(String, Module)>,
    /// What was done.
    pub recording: Recording,
    /// What was printed, in order.
    pub printed: Vec<(Stream, u64, Vec<u8>)>,
    /// How it ended, and what was printed behind it.
    pub ending: Ending,
    /// What the command printed at the end.
    pub last: Vec<(Stream, Vec<u8>)>,
}

/// Why a recording cannot be read.
#[derive(Debug, Error)]
pub enum Problem {
    /// It is none.
    #[error("this is no recording of Stepwell")]
    NotOne,
    /// It is of a version that is not known.
    #[error("this is a recording of version {0}, and only {VERSION} is known here")]
    Version(u32),
    /// It ends before its end.
    #[error("the recording is cut off after line {line}")]
    CutOff {
        /// The last line that is whole.
        line: usize,
    },
    /// It is larger than a system can hold.
    #[error("the recording has more than {MOST} bytes of text")]
    TooLarge,
    /// A line does not say what it should.
    #[error("line {line} of the recording: {message}")]
    Line {
        /// Counts from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

/// Reads a recording whole.
///
/// # Errors
/// [`Problem`].
pub fn read(bytes: impl Read) -> Result<File, Problem> {
    read_with(bytes, &Engine::new(Config::default()))
}

/// The same, with this engine if it has the limits that the recording was made with.
///
/// # Errors
/// [`Problem`].
pub fn read_with(bytes: impl Read, engine: &Engine) -> Result<File, Problem> {
    let mut lines = BufReader::new(GzDecoder::new(BufReader::new(bytes)).take(MOST));
    let mut text = Vec::new();
    let mut number = 0;
    let mut reading: Option<Reading> = None;
    loop {
        text.clear();
        let taken = lines.read_until(b'\n', &mut text);
        let is_whole = text.pop_if(|last| *last == b'\n').is_some();
        match (taken, number) {
            (Err(_), 0) => return Err(Problem::NotOne),
            (Ok(_), _) if is_whole => {}
            (_, 0) => return Err(Problem::NotOne),
            _ if lines.get_ref().limit() == 0 => return Err(Problem::TooLarge),
            _ => return Err(Problem::CutOff { line: number }),
        }
        number += 1;
        let wrong = |message: String| Problem::Line { line: number, message };
        let line = serde_json::from_slice::<Line>(&text);
        let Some(reading) = &mut reading else {
            match line {
                Ok(Line::Stepwell(header)) if header.version == VERSION => {
                    reading = Some(Reading::new(header, engine));
                    continue;
                }
                Ok(Line::Stepwell(header)) => return Err(Problem::Version(header.version)),
                _ => return Err(version_of(&text).map_or(Problem::NotOne, Problem::Version)),
            }
        };
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let ending = reading.take(line).map_err(wrong)?;
        if let Some(ending) = ending {
            // A checksum lies behind it.
            match lines.fill_buf() {
                Ok([]) => {}
                Ok(_) => return Err(wrong("there is something behind the end".to_owned())),
                Err(_) => return Err(Problem::CutOff { line: number }),
            }
            let Reading { header, engine, modules, recording, printed } =
                std::mem::replace(reading, Reading::new(Header::default(), engine));
            let last = ending
                .printed
                .iter()
                .filter_map(|printed| Some((printed.stream, bytes_of(&printed.bytes)?)));
            let last = last.collect();
            return Ok(File { header, engine, modules, recording, printed, ending, last });
        }
    }
}

/// The version of a header that has something else in it.
fn version_of(text: &[u8]) -> Option<u32> {
    let line: serde_json::Value = serde_json::from_slice(text).ok()?;
    let version = line.get("stepwell")?.get("version")?.as_u64()?;
    u32::try_from(version).ok().filter(|version| *version != VERSION)
}

/// What has been read so far.
struct Reading {
    header: Header,
    engine: Engine,
    modules: Vec<(String, Module)>,
    recording: Recording,
    printed: Vec<(Stream, u64, Vec<u8>)>,
}

type Parsed<T> = Result<T, String>;

impl Reading {
    fn new(header: Header, base: &Engine) -> Self {
        let limits =
            (header.max_call_depth.min(MOST_FRAMES), header.max_value_stack.min(MOST_SLOTS));
        let mut config = base.config().clone();
        let engine = match (config.max_call_depth, config.max_value_stack) == limits {
            true => base.clone(),
            false => {
                (config.max_call_depth, config.max_value_stack) = limits;
                Engine::new(config)
            }
        };
        Self {
            header,
            engine,
            modules: Vec::new(),
            recording: Recording::default(),
            printed: Vec::new(),
        }
    }

    fn take(&mut self, line: Line) -> Parsed<Option<Ending>> {
        match line {
            Line::Stepwell(_) => return Err("a second beginning".to_owned()),
            Line::Module(module) => {
                let bytes = bytes(&module.bytes)?;
                let made = Module::new(&self.engine, &bytes);
                let made = made.map_err(|error| format!("module {}: {error}", module.name))?;
                self.modules.push((module.name, made));
            }
            Line::Do(step) => {
                let step = self.step(step)?;
                self.recording.steps.push(step);
            }
            Line::Call(call) => self.recording.calls.push(Arc::new(record(*call)?)),
            Line::Printed(Printed { stream, clock, bytes: text }) => {
                self.printed.push((stream, clock, bytes(&text)?));
            }
            Line::End(ending) => return Ok(Some(ending)),
        }
        Ok(None)
    }

    fn step(&self, step: StepLine) -> Parsed<Step> {
        Ok(match step {
            StepLine::Instantiate { module, imports, failed } => {
                let known = self.modules.get(module).map(|(_, module)| module.clone());
                let module = known.ok_or_else(|| format!("there is no module {module} yet"))?;
                Step::Instantiate { module, imports: imports.iter().map(import).collect(), failed }
            }
            StepLine::Name { instance, name } => {
                Step::Name { instance: InstanceId(instance), name }
            }
            StepLine::Start { task, func, args } => {
                Step::Start { task: TaskId(task), func: FuncAddr(func), args: values(&args)? }
            }
            StepLine::Run { task, executed, end } => {
                let end = match end {
                    EndLine::Open => RunEnd::Open,
                    EndLine::Within(done) => RunEnd::Within(done),
                    EndLine::BeforeCall => RunEnd::BeforeCall,
                    EndLine::Closed => RunEnd::Closed,
                };
                Step::Run { task: TaskId(task), executed, end }
            }
            StepLine::Resume { task, answer } => {
                let answer = match answer {
                    AnswerLine::Returned(texts) => HostAnswer::Return(values(&texts)?),
                    AnswerLine::Trapped(message) => HostAnswer::Trap(message),
                    _ => return Err("an answer of another kind is needed".to_owned()),
                };
                Step::Resume { task: TaskId(task), answer }
            }
            StepLine::TimeOut { task } => Step::TimeOut { task: TaskId(task) },
            StepLine::End { task } => Step::End { task: TaskId(task) },
            StepLine::SetLocal { task, frame, index, value: text } => {
                let (task, value) = (TaskId(task), value(&text)?);
                Step::SetSlot { task, frame, local: true, index, value }
            }
            StepLine::SetOperand { task, frame, index, value: text } => {
                let (task, value) = (TaskId(task), value(&text)?);
                Step::SetSlot { task, frame, local: false, index, value }
            }
            StepLine::SetGlobal { global, value: text } => {
                Step::SetGlobal { global: GlobalAddr(global), value: value(&text)? }
            }
            StepLine::SetTable { table, index, value: text } => {
                Step::SetTable { table: TableAddr(table), index, value: value(&text)? }
            }
            StepLine::WriteMemory { memory, address, bytes: text } => {
                let bytes = bytes(&text)?.into();
                Step::WriteMemory { memory: MemAddr(memory), address, bytes }
            }
            StepLine::GrowMemory { memory, pages } => {
                Step::GrowMemory { memory: MemAddr(memory), pages }
            }
            StepLine::GrowTable { table, by } => Step::GrowTable { table: TableAddr(table), by },
            StepLine::NewMemory { min, max, index64, shared, page_size_log2 } => {
                if !matches!(page_size_log2, 0 | 16) {
                    return Err(format!("pages of 2^{page_size_log2} bytes"));
                }
                let limits = Limits { min, max };
                Step::NewMemory(MemoryType { limits, index64, shared, page_size_log2 })
            }
            StepLine::NewTable { element, min, max, index64 } => {
                let ValType::Ref(element) = ty(&element)? else {
                    return Err(format!("{element} is no type of references"));
                };
                Step::NewTable(TableType { element, limits: Limits { min, max }, index64 })
            }
            StepLine::NewGlobal { content, mutable, value: text } => {
                let mutability = if mutable { Mutability::Var } else { Mutability::Const };
                Step::NewGlobal(GlobalType { content: ty(&content)?, mutability }, value(&text)?)
            }
            StepLine::NewTag { values } => {
                let values: Parsed<Vec<ValType>> = values.iter().map(|text| ty(text)).collect();
                Step::NewTag(values?)
            }
            StepLine::SetField { object, field, value: text } => {
                Step::SetField { object: ObjectAddr(object), field, value: value(&text)? }
            }
            StepLine::NewString { text } => Step::NewString(text),
            StepLine::Hold { value: text } => Step::Hold(value(&text)?),
            StepLine::Release { value: text } => Step::Release(value(&text)?),
            StepLine::ReleaseAll {} => Step::ReleaseAll,
            StepLine::Collect {} => Step::Collect,
        })
    }
}

fn value(text: &str) -> Parsed<Value> {
    value_of(text).ok_or_else(|| format!("{text} is no value"))
}

fn values(texts: &[String]) -> Parsed<Vec<Value>> {
    texts.iter().map(|text| value(text)).collect()
}

fn ty(text: &str) -> Parsed<ValType> {
    type_of(text).ok_or_else(|| format!("{text} is no type"))
}

fn bytes(text: &str) -> Parsed<Vec<u8>> {
    bytes_of(text).ok_or_else(|| "these are no bytes".to_owned())
}

fn import(import: &ImportLine) -> Import {
    match *import {
        ImportLine::Func(addr) => Import::Known(Extern::Func(FuncAddr(addr))),
        ImportLine::Table(addr) => Import::Known(Extern::Table(TableAddr(addr))),
        ImportLine::Memory(addr) => Import::Known(Extern::Memory(MemAddr(addr))),
        ImportLine::Global(addr) => Import::Known(Extern::Global(GlobalAddr(addr))),
        ImportLine::Tag(addr) => Import::Known(Extern::Tag(TagAddr(addr))),
        ImportLine::Host(addr) => Import::Host(FuncAddr(addr)),
        ImportLine::Builtin(addr) => Import::Builtin(FuncAddr(addr)),
        ImportLine::Text => Import::Text,
    }
}

fn site((instance, func, offset): (u32, u32, u32)) -> CallSite {
    CallSite { instance: InstanceId(instance), func: FuncIndex(func), offset: CodeOffset(offset) }
}

fn trap(line: TrapLine) -> Parsed<Trap> {
    let code = match line.code {
        CodeLine::Exception { tag, name, values: texts } => {
            let (tag, name) = (TagAddr(tag), name.map(Into::into));
            TrapCode::Exception(Arc::new(Exception { tag, name, values: values(&texts)? }))
        }
        CodeLine::Host(message) => TrapCode::Host(message.into()),
        CodeLine::Other(text) => {
            let known = TrapCode::PLAIN.iter().find(|code| code.to_string() == text);
            known.cloned().ok_or_else(|| format!("{text} is no trap"))?
        }
    };
    let frames = line.backtrace.into_iter().map(|(instance, func, offset, name)| TrapFrame {
        site: site((instance, func, offset)),
        func_name: name.map(Into::into),
    });
    Ok(Trap::new(code, frames.collect(), line.omitted, line.executed))
}

fn record(line: CallLine) -> Parsed<HostRecord> {
    let effect = |effect: EffectLine| -> Parsed<Effect> {
        Ok(match effect {
            EffectLine::Read { memory, address, len, start } => {
                let start = bytes(&start)?.into();
                Effect::Read { memory: MemAddr(memory), address, len, start }
            }
            EffectLine::Write { memory, address, bytes: text } => {
                let bytes = bytes(&text)?.into();
                Effect::Write { memory: MemAddr(memory), address, bytes }
            }
            EffectLine::Global { global, value: text } => {
                Effect::Global { global: GlobalAddr(global), value: value(&text)? }
            }
            EffectLine::Table { table, index, value: text } => {
                Effect::Table { table: TableAddr(table), index, value: value(&text)? }
            }
            EffectLine::GrowMemory { memory, pages, old } => {
                Effect::GrowMemory { memory: MemAddr(memory), pages, old }
            }
            EffectLine::Call { func, args, catches } => {
                Effect::Call { func: FuncAddr(func), args: values(&args)?, catches }
            }
        })
    };
    let effects: Parsed<Vec<Effect>> = line.effects.into_iter().map(effect).collect();
    Ok(HostRecord {
        number: line.number,
        task: TaskId(line.task),
        executed: line.executed,
        func: FuncAddr(line.func),
        module: line.module.into(),
        name: line.name.into(),
        args: values(&line.args)?,
        frames: line.frames.into_iter().map(site).collect(),
        effects: effects?,
        answer: match line.answer {
            AnswerLine::Returned(texts) => RecordedAnswer::Returned(values(&texts)?),
            AnswerLine::Trapped(message) => RecordedAnswer::Trapped(message.into()),
            AnswerLine::Exited(code) => RecordedAnswer::Exited(code),
            AnswerLine::PassedOn(line) => RecordedAnswer::PassedOn(trap(line)?),
            AnswerLine::Unfinished => RecordedAnswer::Unfinished,
        },
        course: Course { waits: line.waits, resumed: line.resumed },
    })
}
