//! The lines of a recording, as JSON has them.

use serde::{Deserialize, Serialize};

/// One line. Those of kinds that a reader does not know are errors: they say what was done.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
    Stepwell(Header),
    Module(ModuleLine),
    Do(StepLine),
    Call(Box<CallLine>),
    Printed(Printed),
    End(Ending),
}

/// What a recording says of itself, on its first line.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    /// Of the format.
    pub version: u32,
    /// Which program has written it.
    pub made_by: String,
    /// Most frames of a task.
    pub max_call_depth: u32,
    /// Most slots of all frames' locals and operands.
    pub max_value_stack: u32,
    /// The export that was called, if it was one, for who reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// Arguments of the program, its name first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub program_args: Vec<String>,
    /// What a window needs to stand there again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<serde_json::Value>,
}

/// A module; the first one has number 0.
#[derive(Serialize, Deserialize)]
pub(super) struct ModuleLine {
    pub(super) name: String,
    pub(super) bytes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum StepLine {
    Instantiate {
        module: usize,
        imports: Vec<ImportLine>,
        #[serde(default, skip_serializing_if = "is_false")]
        failed: bool,
    },
    Name {
        instance: u32,
        name: String,
    },
    Start {
        task: u64,
        func: u32,
        args: Vec<String>,
    },
    Run {
        task: u64,
        executed: u64,
        end: EndLine,
    },
    Resume {
        task: u64,
        answer: AnswerLine,
    },
    TimeOut {
        task: u64,
    },
    End {
        task: u64,
    },
    SetLocal {
        task: u64,
        frame: u64,
        index: u32,
        value: String,
    },
    SetOperand {
        task: u64,
        frame: u64,
        index: u32,
        value: String,
    },
    SetGlobal {
        global: u32,
        value: String,
    },
    SetTable {
        table: u32,
        index: u64,
        value: String,
    },
    WriteMemory {
        memory: u32,
        address: u64,
        bytes: String,
    },
    GrowMemory {
        memory: u32,
        pages: u64,
    },
    GrowTable {
        table: u32,
        by: u64,
    },
    NewMemory {
        min: u64,
        max: Option<u64>,
        index64: bool,
        shared: bool,
        page_size_log2: u32,
    },
    NewTable {
        element: String,
        min: u64,
        max: Option<u64>,
        index64: bool,
    },
    NewGlobal {
        content: String,
        mutable: bool,
        value: String,
    },
    NewTag {
        values: Vec<String>,
    },
    SetField {
        object: u32,
        field: u32,
        value: String,
    },
    NewString {
        text: String,
    },
    Hold {
        value: String,
    },
    Release {
        value: String,
    },
    ReleaseAll {},
    Collect {},
}

/// What an import was; the numbers are addresses of the store.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ImportLine {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
    Tag(u32),
    Host(u32),
    Builtin(u32),
    Text,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EndLine {
    Open,
    Within(u64),
    BeforeCall,
    Closed,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AnswerLine {
    Returned(Vec<String>),
    Trapped(String),
    Exited(i32),
    PassedOn(TrapLine),
    Unfinished,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TrapLine {
    pub(super) code: CodeLine,
    pub(super) backtrace: Vec<(u32, u32, u32, Option<String>)>,
    #[serde(default)]
    pub(super) omitted: usize,
    pub(super) executed: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CodeLine {
    Exception {
        tag: u32,
        name: Option<String>,
        values: Vec<String>,
    },
    Host(String),
    /// What it is called in messages.
    Other(String),
}

/// A host call.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallLine {
    pub(super) number: u64,
    pub(super) task: u64,
    pub(super) executed: u64,
    pub(super) func: u32,
    pub(super) module: String,
    pub(super) name: String,
    pub(super) args: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) frames: Vec<(u32, u32, u32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) effects: Vec<EffectLine>,
    pub(super) answer: AnswerLine,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) waits: Vec<usize>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) resumed: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum EffectLine {
    Read { memory: u32, address: u64, len: u64, start: String },
    Write { memory: u32, address: u64, bytes: String },
    Global { global: u32, value: String },
    Table { table: u32, index: u64, value: String },
    GrowMemory { memory: u32, pages: u64, old: Option<u64> },
    Call { func: u32, args: Vec<String>, catches: bool },
}

/// Where something was printed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a program printed at once.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printed {
    /// Where to.
    pub stream: Stream,
    /// Instructions that all tasks had executed when the run was looked at next: those of a moment before it
    /// may be told to be of that moment.
    pub clock: u64,
    /// What, as a text of bytes.
    pub bytes: String,
}

/// How a run ended, on the last line. A recording without it was cut off.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// What the command printed behind what the program did: results, or a message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<Printed>,
    /// The exit code of the command.
    pub exit_code: u8,
    /// Instructions of all tasks.
    pub executed: u64,
}

fn is_false(value: &bool) -> bool {
    !*value
}
