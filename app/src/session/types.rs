//! The data that a session shows: plain, comparable, without behaviour.
#![allow(missing_docs)] // fields that say all by their name

use std::sync::Arc;

use stepwell_engine::host::record::Effect;
use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::text::path_part;
use stepwell_engine::{CodeOffset, FuncIndex, HostCall, InstanceId, MemAddr, Module, Trap, Value};

use super::command::{Arrangement, ImportPolicy, ModuleKey, Panel, ProviderChoice, SetChoice};
use super::{FuncNames, TemplateView};
use crate::hosts::{HostSet, Importer};

/// Why a command could not be done. Nothing has changed.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum SessionError {
    /// A text is not what its field needs; `field` counts the command's texts.
    #[error("{message}")]
    Input {
        /// Position of the text.
        field: usize,
        /// What is wrong, in words for beside the field.
        message: String,
    },
    /// The command makes no sense at present.
    #[error("{0}")]
    NotNow(String),
    /// A module could not be loaded or linked.
    #[error("{}", super::load_message(.name, .error))]
    Module {
        /// Link name of the module.
        name: String,
        /// The engine's error.
        error: stepwell_engine::Error,
    },
    /// The engine refused.
    #[error("{0}")]
    Engine(#[from] stepwell_engine::Error),
}

/// An opened module.
pub struct OpenModule {
    pub key: ModuleKey,
    /// Link name: what others import it as.
    pub name: String,
    pub module: Module,
    /// What its file is known by, whatever it is called.
    pub hash: String,
    /// What its imports are taken for.
    pub importer: Importer,
    /// What its functions are called.
    pub names: FuncNames,
    /// The text it was opened from, if it was text.
    pub source: Option<String>,
    /// Hue of the module, 0.0..1.0, used everywhere.
    pub hue: f32,
    /// One for each import, in order.
    pub imports: Vec<ImportState>,
}

impl OpenModule {
    /// What a function is called in lists: `module.function`.
    pub fn func_label(&self, func: FuncIndex) -> String {
        format!("{}.{}", path_part(&self.name), self.names.label(func))
    }

    /// An instruction of a listing of this module, with functions called as everywhere.
    pub fn instruction(&self, listing: &Listing, position: usize) -> Option<Instruction> {
        listing.instruction_with(position, &|func| self.names.operand(func))
    }
}

/// An import and who satisfies it.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportState {
    pub source: ImportSource,
    /// What a call does if nobody satisfies it.
    pub policy: ImportPolicy,
    /// Which ready set is to satisfy it, if no module does.
    pub choice: SetChoice,
    /// Which module is to.
    pub provider: ProviderChoice,
}

/// Who satisfies an import.
#[derive(Clone, PartialEq, Debug)]
pub enum ImportSource {
    /// Another opened module.
    Module(ModuleKey),
    /// Another opened module has the name but not the type: says why not.
    Mismatch(ModuleKey, String),
    /// A ready set of host functions.
    Set(HostSet),
    /// Nobody: a function follows its policy; a memory, table or global is made by the session.
    Nobody,
}

/// What the machine is doing.
#[derive(Clone, PartialEq, Debug)]
pub enum RunState {
    /// Nothing has been started.
    Idle,
    /// A run goes on; `tick` advances it.
    Running,
    /// Stands between two instructions.
    Stopped(StopReason),
}

/// Why the machine stands.
#[derive(Clone, PartialEq, Debug)]
pub enum StopReason {
    /// Before the first instruction.
    Started,
    /// A step, or an exact number of them, has been done.
    Stepped,
    /// The person paused it.
    Paused,
    /// At a moment of the past.
    Past,
    /// A breakpoint, with its hit count.
    Breakpoint { module: ModuleKey, offset: u32, hits: u64 },
    /// Behind an instruction that has accessed what is watched.
    Watchpoint(super::WatchStop),
    /// `RunTo` arrived.
    Arrived,
    /// A host call that has not been answered: by a person, or by a host function that has begun.
    HostCall,
    /// Before a host function begins, at whose import the person wanted to stop.
    ImportBreak { module: String, name: String },
    /// An atomic wait that nobody has notified.
    Wait,
    /// Execution trapped.
    Trap(Trap),
    /// The program ended itself with this code.
    Exit(i32),
    /// The export returned.
    Done(Vec<Value>),
}

/// A breakpoint as a person set it.
#[derive(Clone, PartialEq, Debug)]
pub struct BreakpointState {
    pub module: ModuleKey,
    pub offset: u32,
    pub enabled: bool,
    /// Where it holds it stops; empty: always.
    pub condition: String,
    /// What it writes into the log instead of stopping; empty: it stops.
    pub message: String,
    /// How often execution has come there in this run.
    pub reached: u64,
    /// How often it has stopped, or logged.
    pub hits: u64,
    /// Why its condition had no value when it was reached last.
    pub failure: Option<String>,
}

/// A host call made during the run.
#[derive(Clone, PartialEq, Debug)]
pub struct HostCallRecord {
    /// Counts from 1.
    pub number: u64,
    /// The instruction clock at the call.
    pub clock: u64,
    pub call: HostCall,
    /// The calling task's number.
    pub task: u32,
    /// The calling frames, innermost first: (module key, label as `b.foo`, offset).
    pub frames: Vec<CallFrame>,
    /// What the host read and wrote, in order.
    pub effects: Vec<Effect>,
    /// (ptr, len) pairs among the arguments, read from the caller's own memory.
    pub strings: Vec<DecodedBytes>,
    /// The arguments in words: what they refer to may be gone later.
    pub texts: Vec<String>,
    pub answer: HostAnswerState,
}

/// A frame as a line of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct CallFrame {
    pub module: Option<ModuleKey>,
    pub instance: InstanceId,
    pub func: FuncIndex,
    /// `module.function`.
    pub label: Arc<str>,
    pub offset: CodeOffset,
}

/// A line of the call stack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StackEntry {
    /// A wasm frame, by its number in [`Session::frames`](super::Session::frames).
    Frame(usize),
    /// A host function.
    Host { module: String, name: String },
}

/// Bytes that a (ptr, len) pair of arguments points at.
#[derive(Clone, PartialEq, Debug)]
pub struct DecodedBytes {
    /// Position of the pointer among the arguments; the length is the next one.
    pub arg: usize,
    pub memory: MemAddr,
    pub address: u64,
    /// At most 256 of the bytes.
    pub bytes: Vec<u8>,
    pub len: u64,
    /// The bytes as text, if they are UTF-8.
    pub text: Option<String>,
}

/// An import that a module has called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalledImport {
    pub caller: ModuleKey,
    pub module: Arc<str>,
    pub name: Arc<str>,
    /// How often it was called, in this run.
    pub count: u64,
}

/// What a host call waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// A person's answer.
    Person,
    /// A line of standard input.
    Input,
    /// This time to pass.
    Time(std::time::Duration),
    /// A host function that has begun and will answer when it can, if ever.
    Host,
}

/// Whom a module calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CallTarget {
    /// Another module.
    Module(ModuleKey),
    /// A ready set of host functions.
    Set(HostSet),
    /// What nobody satisfies: a person or a policy answers.
    Host,
}

/// What became of a host call.
#[derive(Clone, PartialEq, Debug)]
pub enum HostAnswerState {
    Pending,
    /// `texts` are the values in words.
    Returned {
        values: Vec<Value>,
        texts: Vec<String>,
        by: Answerer,
    },
    Trapped {
        message: String,
        by: Answerer,
    },
    /// The program ended with this code.
    Exited(i32),
}

/// Who answered a host call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answerer {
    Person,
    Policy,
    /// The rule at this position.
    Rule(usize),
    Set(HostSet),
}

/// A message for the person.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    pub id: u64,
    pub is_error: bool,
    pub text: String,
    /// Whether it is over once something else has been done: that a command made no sense.
    pub passes: bool,
}

/// A view of linear memory.
#[derive(Clone, PartialEq, Debug)]
pub struct MemoryView {
    pub id: u32,
    pub memory: MemAddr,
    /// First address shown, a multiple of 16.
    pub top: u64,
    /// The cursor, where the data inspector reads.
    pub cursor: u64,
    /// Bytes selected from the cursor on, at least 1.
    pub selected: u64,
    /// Whether it scrolls to what a step reads or writes.
    pub follow: bool,
    /// Bytes a row; 0 for as many as fit.
    pub per_row: u8,
    /// The template that it reads through.
    pub template: Option<TemplateView>,
    /// The module that has the memory, and the memory's index there: by them it is found again in another run.
    pub home: Option<(ModuleKey, u32)>,
}

/// How a byte of memory differs from the previous stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByteMark {
    pub changed: bool,
    pub read: bool,
    pub written: bool,
}

/// A memory of the store with the name to show for it.
#[derive(Clone, PartialEq, Debug)]
pub struct NamedMemory {
    pub addr: MemAddr,
    /// `b:0`, or `b:$heap` with a name; the module that defines it.
    pub label: String,
    pub module: Option<ModuleKey>,
    /// Its index in that module.
    pub index: u32,
}

/// An example shipped with the app.
#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct Example {
    pub id: String,
    pub title: String,
    pub summary: String,
    /// Paths in `assets/examples`, providers before those who import them.
    pub files: Vec<String>,
    /// Imports, as `env.print`, that a person is to answer although a host set could.
    #[serde(default)]
    pub ask: Vec<String>,
    /// What to start.
    pub entry: Entry,
    /// What to start as further tasks.
    #[serde(default)]
    pub beside: Vec<Entry>,
}

/// An export with arguments, as an example begins.
#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct Entry {
    pub module: String,
    pub export: String,
    pub args: Vec<String>,
}

/// What the window is asked to do with its layout.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LayoutRequest {
    Toggle(Panel),
    Reveal(Panel),
    Reset,
    Arrange(Arrangement),
    Zoom(f32),
}

/// What the code panel shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeFocus {
    pub module: ModuleKey,
    pub offset: CodeOffset,
    /// Changes whenever the panel is to scroll to `offset`.
    pub generation: u64,
}
