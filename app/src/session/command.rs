//! Everything a person can do, one variant an action.
//!
//! Menus, keys, the palette, the JavaScript handle, lessons and tests all speak these. They are
//! plain data and serialise as JSON (`{"StepBy": 10}`, `"StepInto"`).

use super::{AnswerRule, Asked, BreakWhen, Question, Shape, TemplateView, WatchTarget, WatchWhen};
use crate::hosts::HostSet;
use serde::{Deserialize, Serialize};

/// An opened module; keys are never reused in a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ModuleKey(pub u32);

/// What happens when an import that nobody satisfies is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ImportPolicy {
    /// Stop and let the person answer.
    #[default]
    Ask,
    /// Answer with zeros and nulls.
    Zero,
    /// Trap.
    Trap,
}

/// Which ready set of host functions is to satisfy an import that no module does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum SetChoice {
    /// The one that its name and type speak for.
    #[default]
    Guess,
    /// None: a call follows the policy.
    Nobody,
    /// This one.
    Given(HostSet),
}

/// Which opened module is to satisfy an import.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ProviderChoice {
    /// The one that is called as the import says.
    #[default]
    ByName,
    /// The one of this link name; as long as there is none, as by name.
    Module(String),
    /// None, even if one is called so: a set of host functions, a policy or the person answers.
    NoModule,
}

/// A panel of the window.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // named as in the window
pub enum Panel {
    Modules,
    Code,
    Stack,
    Frames,
    Memory,
    Globals,
    Tables,
    Heap,
    HostCalls,
    Console,
    Files,
    Tasks,
    Graph,
    Timeline,
    Breakpoints,
    Watches,
    Origins,
    Log,
    Answers,
    Find,
    Problems,
    Learn,
    FastCode,
}

impl Panel {
    /// Those that can be opened, in the order in which menus name them.
    pub const ALL: [Self; 23] = [
        Self::Modules,
        Self::Code,
        Self::FastCode,
        Self::Stack,
        Self::Frames,
        Self::Memory,
        Self::HostCalls,
        Self::Console,
        Self::Files,
        Self::Tasks,
        Self::Graph,
        Self::Globals,
        Self::Tables,
        Self::Heap,
        Self::Breakpoints,
        Self::Watches,
        Self::Origins,
        Self::Log,
        Self::Timeline,
        Self::Answers,
        Self::Find,
        Self::Problems,
        Self::Learn,
    ];
}

/// How the panels stand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Arrangement {
    /// The texts of the examples beside the code.
    Learn,
    /// The state of the machine round the code.
    #[default]
    Debug,
    /// What modules and the host say to each other.
    Hosts,
    /// The code beside what the fast tier makes of it.
    Speed,
    /// As the person has last moved them.
    Own,
}

/// Colours of the window.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// What a person goes back and forward in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Trail {
    /// The code.
    #[default]
    Code,
    /// A memory view.
    Memory(u32),
}

/// What to look for in a memory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SearchKind {
    /// UTF-8 text.
    Text,
    /// Bytes in hex, as `de ad be ef`.
    Bytes,
    /// A little-endian integer of this many bytes (1, 2, 4 or 8), decimal or hex.
    Integer(u8),
}

/// An action. Values are text as a person writes them; wrong ones come back as
/// [`SessionError::Input`](super::SessionError::Input) and change nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Opens a module (binary or text) under a link name, usually the file's stem. A small one is open then;
    /// a large one is loaded bit by bit while the session ticks, and so is what is opened behind it. They
    /// are among the modules as soon as all of them are loaded.
    Open {
        /// Link name: what other modules import it as.
        name: String,
        /// Binary or text format.
        bytes: Vec<u8>,
    },
    /// Gives up opening a file that is being loaded.
    CancelOpening(u64),
    /// Opens the files of a built-in example in place of what is open, ready to step.
    OpenExample(String),
    /// Closes a module.
    Close(ModuleKey),
    /// Opens other bytes in place of a module: its file has changed.
    Reload {
        /// The module.
        module: ModuleKey,
        /// Binary or text format.
        bytes: Vec<u8>,
    },
    /// Changes a module's link name.
    Rename {
        /// The module.
        module: ModuleKey,
        /// Its new link name.
        name: String,
    },
    /// Changes what a call of an unsatisfied import does.
    SetPolicy {
        /// The importing module.
        module: ModuleKey,
        /// Position among its imports.
        import: usize,
        /// The new policy.
        policy: ImportPolicy,
    },

    /// Chooses who satisfies an import that no module does.
    ChooseSet {
        /// The importing module.
        module: ModuleKey,
        /// Position among its imports.
        import: usize,
        /// The choice.
        set: SetChoice,
    },
    /// Chooses which opened module satisfies an import, from the next start on.
    ChooseProvider {
        /// The importing module.
        module: ModuleKey,
        /// Position among its imports.
        import: usize,
        /// The choice.
        provider: ProviderChoice,
    },
    /// Arguments and environment of the programs that are started: WASI gives them to a program.
    SetProgram {
        /// Behind the program's own name.
        args: Vec<String>,
        /// Names and values.
        env: Vec<(String, String)>,
    },

    /// Lets the programs that are started use a folder of the system. A page cannot.
    ShareFolder {
        /// Where it is.
        host: String,
        /// What programs call it, as `/data`.
        guest: String,
    },
    /// Ends that, by the name that programs have for the folder.
    UnshareFolder(String),

    /// Links if need be and stands before the first instruction of an export.
    Start {
        /// The module.
        module: ModuleKey,
        /// Name of an exported function.
        export: String,
        /// One text a parameter: `5`, `-0x10`, `0.5`, `nan:0x400000`, `i32:5`, `null`.
        args: Vec<String>,
    },
    /// Starts an export as one more task of the run, beside those that there are.
    Spawn {
        /// The module.
        module: ModuleKey,
        /// Name of an exported function.
        export: String,
        /// One text a parameter.
        args: Vec<String>,
    },
    /// Shows a task, and makes it the one that is stepped.
    SelectTask(u32),
    /// Ends a task, wherever it stands.
    CancelTask(u32),
    /// Lets the task whose turn is next have it.
    NextTurn,
    /// Changes how many instructions a turn has.
    SetReductions(u64),
    /// Changes how deep calls may be nested, from the next start on: in frames, and in slots of the value stack.
    SetCallLimits {
        /// Frames of a task.
        depth: u32,
        /// Slots of 8 bytes.
        slots: u32,
    },
    /// Links anew and starts the last export with the same arguments.
    Restart,
    /// Ends the run; instances are discarded.
    Stop,
    /// Runs on until something stops it.
    Continue,
    /// Stops a run.
    Pause,
    /// One instruction.
    StepInto,
    /// One instruction; a call runs to its return.
    StepOver,
    /// To the return of the innermost frame.
    StepOut,
    /// Exactly this many instructions, unless something else stops them.
    StepBy(u64),
    /// Goes to the moment of a count of the run.
    SeekTo(u64),
    /// The same while one drags along the line: what has changed is told since the drag began.
    ScrubTo {
        /// The count.
        clock: u64,
        /// The drag begins.
        begins: bool,
    },
    /// To before the instruction that was executed last.
    StepBack,
    /// The same; a call is undone as a whole.
    StepBackOver,
    /// To before the call of the innermost function.
    StepBackOut,
    /// Back to the last breakpoint or watchpoint before this moment, else to the beginning.
    RunBack,
    /// To behind the last write of a place before this moment, or the next one behind it.
    GoToWrite {
        /// The place.
        target: WatchTarget,
        /// The next one.
        next: bool,
    },
    /// Asks where a value of the moment that is looked at comes from: a new tree of origins.
    AskOrigin(Asked),
    /// The same of a value in that tree.
    OpenOrigin(usize),
    /// Whether that tree tells instructions that only carry a value, too.
    ShowOriginSteps(bool),
    /// Asks something of the whole run, or of the stretch that is chosen.
    AskRun(Question),
    /// Leaves off asking; what has been found stays.
    EndAsking,
    /// To the moment of an answer.
    GoToAnswer(usize),
    /// Forgets the answers.
    ClearAnswers,
    /// Limits questions to a stretch of the run, from one count to another.
    LimitQuestions(Option<(u64, u64)>),
    /// Looks closer at who executes what in a stretch of the run, while nothing else is done.
    LookCloser {
        /// From this count.
        from: u64,
        /// To this one.
        to: u64,
    },
    /// Gives the moment at which one stands a name.
    AddBookmark(String),
    /// Gives a bookmark another name.
    RenameBookmark {
        /// Its number.
        bookmark: u32,
        /// The name.
        name: String,
    },
    /// Removes a bookmark.
    RemoveBookmark(u32),
    /// To the beginning of what is known.
    GoToBegin,
    /// To the present again.
    GoToPresent,
    /// Until an instruction is about to be executed, in any instance of the module.
    RunTo {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
    },

    /// Adds a breakpoint, or removes the one that is there.
    ToggleBreakpoint {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
    },
    /// Switches a breakpoint on or off.
    EnableBreakpoint {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
        /// Whether it stops.
        enabled: bool,
    },
    /// Sets a condition as `$n == 5 && u8[$p] != 0`, an [expression](stepwell_engine::expression); empty for
    /// none.
    SetCondition {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
        /// The condition.
        condition: String,
    },
    /// Lets a breakpoint write a message into the log instead of stopping, as `n = {$n}`; empty to stop.
    SetMessage {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
        /// The message.
        message: String,
    },
    /// Sets breakpoints at the beginning of the functions of this name, index or address.
    BreakOnFunction(String),
    /// Removes all breakpoints.
    ClearBreakpoints,
    /// Empties the log.
    ClearLog,

    /// Watches an expression, for the module looked at.
    AddWatch(String),
    /// Changes a watch.
    SetWatch {
        /// Its number.
        watch: u32,
        /// The new expression.
        text: String,
    },
    /// Ends a watch.
    RemoveWatch(u32),
    /// Moves a watch before the one that stands at a position.
    MoveWatch {
        /// Its number.
        watch: u32,
        /// The position.
        to: usize,
    },

    /// Stops behind instructions that access something. Where it is watched already, for other accesses.
    SetWatchpoint {
        /// What is watched.
        target: WatchTarget,
        /// Which accesses stop.
        when: WatchWhen,
    },
    /// Switches a watchpoint on or off.
    EnableWatchpoint {
        /// Its number.
        number: u32,
        /// Whether it stops.
        enabled: bool,
    },
    /// Removes a watchpoint.
    RemoveWatchpoint(u32),
    /// Removes all watchpoints.
    ClearWatchpoints,

    /// Stops at calls of an import before the host function begins; `None` ends that.
    BreakOnImport {
        /// Module name of the import.
        module: String,
        /// Field name of the import.
        name: String,
        /// When to stop.
        when: Option<BreakWhen>,
    },

    /// Puts these rules for answers in place of those that there are.
    SetAnswerRules(Vec<AnswerRule>),
    /// Answers the pending host call with results, one text each.
    Answer(Vec<String>),
    /// Answers the pending host call with a trap.
    AnswerTrap(String),

    /// Gives the program a line of standard input; the line's end is added.
    TypeLine(String),
    /// Ends standard input.
    EndInput,
    /// Empties the console.
    ClearConsole,
    /// Forgets the host calls that have been answered.
    ClearHostCalls,
    /// Puts a file into the program's folders, or replaces one. Folders on the way are made.
    PutFile {
        /// Where, from the root, as `data/input.txt`.
        path: String,
        /// Its contents.
        bytes: Vec<u8>,
    },
    /// Makes a folder, and those on the way to it.
    MakeFolder(String),
    /// Removes a file, or a folder with all that it holds.
    RemoveFile(String),

    /// Lets an atomic wait end as if its time were over.
    TimeOut,
    /// Frees what cannot be reached any more.
    CollectGarbage,

    /// Sets a local; frames count from the innermost as 0.
    SetLocal {
        /// The frame.
        frame: usize,
        /// The local.
        local: u32,
        /// Its new value.
        value: String,
    },
    /// Sets an operand, counted from the bottom as 0.
    SetOperand {
        /// The frame.
        frame: usize,
        /// The operand.
        operand: u32,
        /// Its new value.
        value: String,
    },
    /// Sets a global of the store.
    SetGlobal {
        /// Its address.
        global: u32,
        /// Its new value.
        value: String,
    },
    /// Sets a field of an object, or an element of an array.
    SetField {
        /// The object's address in the heap.
        object: u32,
        /// The field.
        field: u32,
        /// Its new value.
        value: String,
    },
    /// Writes bytes.
    WriteMemory {
        /// The memory's address in the store.
        memory: u32,
        /// First byte.
        address: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },

    /// Takes back the last change by hand, as long as the machine stands where it was made.
    Undo,
    /// Makes the change again that was taken back last.
    Redo,

    /// Looks again at what was looked at before the last jump.
    Back(Trail),
    /// Looks again at what was gone back from.
    Forward(Trail),
    /// Looks at a frame, counted from the innermost as 0.
    SelectFrame(usize),
    /// Looks at a module.
    SelectModule(ModuleKey),
    /// Looks at a function's code.
    ShowFunction {
        /// The module.
        module: ModuleKey,
        /// The function's index.
        func: u32,
    },
    /// Looks at an instruction.
    ShowOffset {
        /// The module.
        module: ModuleKey,
        /// Byte offset of the instruction.
        offset: u32,
    },
    /// Looks at the present instruction again.
    ShowPc,
    /// Looks for instructions by their text, in all functions of all opened modules, while the session ticks. An
    /// empty text forgets what was found.
    FindInCode(String),
    /// Ends such a search; what has been found stays.
    EndFinding,
    /// Shows the panel in which what to find is written.
    AskWhatToFind,
    /// Looks at an object of the heap, or at all of them.
    ShowObject(Option<u32>),

    /// Opens one more memory view.
    AddMemoryView,
    /// Closes a memory view.
    CloseMemoryView(u32),
    /// Chooses the memory that a view shows.
    ViewMemory {
        /// The view.
        view: u32,
        /// The memory's address in the store.
        memory: u32,
    },
    /// Scrolls a memory view to a row that holds this address and puts the cursor on it.
    GoToAddress {
        /// The view.
        view: u32,
        /// The address.
        address: u64,
    },
    /// Scrolls a memory view, cursor unmoved.
    ScrollMemory {
        /// The view.
        view: u32,
        /// First address shown; rounded down to 16.
        top: u64,
    },
    /// How many bytes a row of a memory view has: 8, 16 or 32, or 0 for as many as fit.
    SetBytesPerRow {
        /// The view.
        view: u32,
        /// How many.
        count: u8,
    },
    /// Adds a template for a module's memories, or writes one anew: `x: f32 @0, y: f32, name: cstr`.
    SetTemplate {
        /// The module.
        module: ModuleKey,
        /// What it is called.
        name: String,
        /// Its fields.
        text: String,
    },
    /// Removes a template.
    RemoveTemplate {
        /// The module.
        module: ModuleKey,
        /// What it is called.
        name: String,
    },
    /// Reads a memory view through a template, or no longer.
    ShowTemplate {
        /// The view.
        view: u32,
        /// Which, and where.
        show: Option<TemplateView>,
    },
    /// Whether a memory view scrolls to what a step reads or writes.
    FollowAccesses {
        /// The view.
        view: u32,
        /// Whether it does.
        follow: bool,
    },
    /// Selects bytes in a memory view; the data inspector reads at `address`.
    SelectBytes {
        /// The view.
        view: u32,
        /// First byte.
        address: u64,
        /// Number of bytes.
        len: u64,
    },
    /// Finds the next occurrence behind the cursor, round the end; reports when there is none.
    Search {
        /// The view.
        view: u32,
        /// How to read the text.
        kind: SearchKind,
        /// What to look for.
        text: String,
    },

    /// Opens a panel, or closes it.
    TogglePanel(Panel),
    /// Opens a panel and brings it to the front.
    RevealPanel(Panel),
    /// Puts all panels where they were at first.
    ResetLayout,
    /// Arranges all panels for a purpose.
    Arrange(Arrangement),
    /// Chooses colours.
    SetTheme(Theme),
    /// Chooses the lanes that vectors are shown in.
    ShowVectors(Shape),
    /// Scales the window's text; 1 is normal.
    SetZoom(f32),
    /// Forgets why a file of this name could not be opened.
    DismissProblem(String),
    /// Dismisses a notice.
    DismissNotice(u64),
}

impl Command {
    /// Whether it changes what is looked at only, not the machine or what runs do.
    pub(super) fn only_looks(&self) -> bool {
        matches!(
            self,
            Command::SelectFrame(_)
                | Command::Back(_)
                | Command::Forward(_)
                | Command::FindInCode(_)
                | Command::EndFinding
                | Command::AskWhatToFind
                | Command::SetBytesPerRow { .. }
                | Command::ShowTemplate { .. }
                | Command::SelectModule(_)
                | Command::ShowFunction { .. }
                | Command::ShowOffset { .. }
                | Command::ShowPc
                | Command::ShowObject(_)
                | Command::LimitQuestions(_)
                | Command::LookCloser { .. }
                | Command::AddBookmark(_)
                | Command::RenameBookmark { .. }
                | Command::RemoveBookmark(_)
                | Command::ClearAnswers
                | Command::AddMemoryView
                | Command::CloseMemoryView(_)
                | Command::ViewMemory { .. }
                | Command::GoToAddress { .. }
                | Command::ScrollMemory { .. }
                | Command::FollowAccesses { .. }
                | Command::SelectBytes { .. }
                | Command::Search { .. }
                | Command::TogglePanel(_)
                | Command::RevealPanel(_)
                | Command::ResetLayout
                | Command::Arrange(_)
                | Command::SetTheme(_)
                | Command::ShowVectors(_)
                | Command::SetZoom(_)
                | Command::DismissProblem(_)
                | Command::DismissNotice(_)
        )
    }
}
