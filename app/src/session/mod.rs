//! Everything that a person does with modules, without a GUI.
//!
//! [`Session::apply`] takes a [`Command`]; [`Session::tick`] lets a run go on for a slice of time.
//! Panels, the JavaScript handle and tests read the rest through the accessors here. Nothing in
//! this folder knows egui.

mod activity;
mod address;
mod answer_rules;
mod answers;
#[cfg(test)]
mod answers_tests;
mod apply;
mod bookmarks;
mod breakpoint;
#[cfg(test)]
mod bulk_tests;
mod call_graph;
mod command;
mod copied_text;
mod custom;
mod declared;
mod demangle;
mod edit;
mod examples;
mod export_answers;
mod export_calls;
#[cfg(test)]
mod expression_tests;
mod expressions;
mod file_memory;
mod find_code;
mod find_func;
mod func_names;
mod goal;
mod heap;
mod history;
mod host_calls;
mod import_break;
mod known_view;
mod limits;
mod load;
mod log;
mod machine;
mod memory_view;
mod modules;
mod opening;
mod origins;
#[cfg(test)]
mod origins_tests;
mod past;
#[cfg(test)]
mod past_tests;
#[cfg(test)]
mod problems_tests;
mod programs;
mod provider;
#[cfg(test)]
mod reactor_tests;
mod recorded;
#[cfg(test)]
mod recorded_tests;
mod reference;
mod reload;
mod remembered;
mod run;
mod shape;
mod shared;
mod signature;
mod start;
mod state;
#[cfg(test)]
mod step_tests;
mod tasks;
#[cfg(test)]
mod tasks_tests;
mod template;
#[cfg(test)]
mod tests;
mod trail;
mod trap_text;
mod type_text;
mod types;
mod undo;
mod value_text;
mod waiting;
#[cfg(test)]
mod walk_tests;
mod watch_target;
mod watches;
mod watchpoint;
#[cfg(test)]
mod watchpoint_tests;
mod words;
mod writer;

use std::time::Duration;

use stepwell_engine::observe::{Activation, FrameView};
use stepwell_engine::{
    CodeOffset, Config, Engine, FuncIndex, InstanceId, Store, Task, ValType, Value,
};

pub use activity::{Activity, RunMark, RunMarkKind};
pub use answer_rules::{AnswerRule, Then};
pub use answers::{Answer, AnswerState, Answers, Author, Question};
pub use bookmarks::Bookmark;
pub use call_graph::CallCounts;
pub use command::{
    Arrangement, Command, ImportPolicy, ModuleKey, Panel, ProviderChoice, SearchKind, SetChoice,
    Theme, Trail,
};
pub use custom::{BRANCH_HINTS, CustomFacts, Hint, branch_hints, custom_facts};
pub use declared::{Declared, memory_kind};
pub use examples::FIRST_EXAMPLE;
pub use export_calls::CallsFormat;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use expressions::told;
pub use file_memory::FileMemory;
pub use find_code::{CodeHit, CodeSearch, SearchProgress};
pub use find_func::{FuncWanted, Place};
pub use func_names::FuncNames;
pub use heap::HeapFocus;
pub use import_break::{BreakWhen, ImportBreak};
pub use load::{Problem, load_error, load_message, load_module};
pub use log::{Log, LogLine};
pub use machine::Preparing;
pub use opening::OpeningView;
pub use origins::{Asked, OriginAnswer, OriginAt, OriginNode, Origins};
pub use past::PastView;
pub use programs::{ConsolePiece, ConsoleStream, FileView};
pub use recorded::SavedView;
pub use reference::{Reference, value_word};
pub use shape::Shape;
pub use shared::SharedFolder;
pub use signature::{DescribedArg, DescribedCall};
pub use tasks::{Lane, TaskState, TaskView};
pub use template::{FieldTarget, FieldView, Scalar, Template, TemplateError, TemplateView};
pub use trap_text::{Namer, ReachedLimit, reached_limit, trap_causes, trapped_instruction};
pub use type_text::{defined_type, extern_type, fields, func_type, type_name, val_type};
pub use types::{
    Answerer, Awaited, BreakpointState, ByteMark, CallFrame, CallTarget, CalledImport, CodeFocus,
    DecodedBytes, Entry as ExampleEntry, Example, HostAnswerState, HostCallRecord, ImportSource,
    ImportState, LayoutRequest, MemoryView, NamedMemory, Notice, OpenModule, RunState,
    SessionError, StackEntry, StopReason,
};
pub use value_text::{parse_value, untyped};
pub use waiting::{Catcher, Throw};
pub use watch_target::WatchTarget;
pub use watches::{Watch, WatchValue};
pub use watchpoint::{WatchStop, WatchWhen, WatchpointState};
pub use words::{join_words, split_words};

use breakpoint::Entry;
use goal::Progress;
use host_calls::HostCalls;
use machine::Machine;
use memory_view::MemoryViews;
use opening::Openings;
use past::Journey;
use programs::Programs;
use remembered::Remembered;
use run::Speed;
use tasks::WindowWaker;
use trail::Trails;
use undo::Edits;
use watches::Watches;
use watchpoint::Watchpoints;

/// The state of a person's work: opened modules, the run, what is looked at.
pub struct Session {
    engine: Engine,
    modules: Vec<OpenModule>,
    next_key: u32,
    openings: Openings,
    examples: Vec<Example>,
    machine: Option<Machine>,
    /// The opened modules no longer are what the machine was linked from.
    links_changed: bool,
    state: RunState,
    progress: Option<Progress>,
    /// One is on the way to another moment of the past.
    journey: Option<Journey>,
    /// One drags along the line: what was seen before the drag stays what is compared with.
    scrubs: bool,
    /// What the machine was doing in the present, while one stands in the past.
    present: Option<RunState>,
    /// Rules for answers, with how often each has answered in this run.
    answer_rules: Vec<(AnswerRule, u64)>,
    file_memories: Vec<FileMemory>,
    invocation: Option<Invocation>,
    /// Whether it has been begun again, after a run of it was over.
    begun_again: bool,
    remembered: Remembered,
    speed: Speed,
    breakpoints: Vec<Entry>,
    watchpoints: Watchpoints,
    answers: Option<Answers>,
    /// The stretch that questions are limited to.
    stretch: Option<(u64, u64)>,
    activity: activity::Closer,
    bookmarks: bookmarks::Bookmarks,
    /// What a watchpoint has seen where one stands in the past.
    past_access: Option<WatchStop>,
    /// The write that is looked for.
    asked: Option<writer::Asked>,
    /// The one that the next way is for.
    next_asked: Option<writer::Asked>,
    calls: HostCalls,
    import_breaks: Vec<ImportBreak>,
    log: Log,
    watches: Watches,
    /// Values that have been asked about.
    origins: Origins,
    /// What host sets keep: console, files, random numbers.
    hosts: Programs,
    reductions: u64,
    /// Tells the window that there is something to do.
    waker: WindowWaker,
    memory: MemoryViews,
    templates: Vec<Template>,
    selected_frame: usize,
    focus: Option<CodeFocus>,
    trails: Trails,
    code_search: Option<CodeSearch>,
    find_asked: u64,
    edits: Edits,
    heap: heap::HeapState,
    notices: Vec<Notice>,
    next_notice: u64,
    problems: Vec<Problem>,
    theme: Theme,
    vector_shape: Shape,
    layout_requests: Vec<LayoutRequest>,
}

/// What was started last.
#[derive(Clone, PartialEq, Debug)]
struct Invocation {
    module: ModuleKey,
    export: String,
    args: Vec<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session with nothing opened.
    pub fn new() -> Self {
        Self {
            engine: Engine::new(Config::default()),
            modules: Vec::new(),
            next_key: 0,
            openings: Openings::default(),
            examples: examples::all(),
            machine: None,
            links_changed: false,
            state: RunState::Idle,
            progress: None,
            journey: None,
            scrubs: false,
            present: None,
            answer_rules: Vec::new(),
            file_memories: Vec::new(),
            invocation: None,
            begun_again: false,
            remembered: Remembered::default(),
            speed: Speed::default(),
            breakpoints: Vec::new(),
            watchpoints: Watchpoints::default(),
            answers: None,
            stretch: None,
            activity: activity::Closer::default(),
            bookmarks: bookmarks::Bookmarks::default(),
            past_access: None,
            asked: None,
            next_asked: None,
            calls: HostCalls::default(),
            import_breaks: Vec::new(),
            log: Log::default(),
            watches: Watches::default(),
            origins: Origins::default(),
            hosts: Programs::default(),
            reductions: tasks::REDUCTIONS,
            waker: WindowWaker::default(),
            memory: MemoryViews::default(),
            templates: Vec::new(),
            selected_frame: 0,
            focus: None,
            trails: Trails::default(),
            code_search: None,
            find_asked: 0,
            edits: Edits::default(),
            heap: heap::HeapState::default(),
            notices: Vec::new(),
            next_notice: 0,
            problems: Vec::new(),
            theme: Theme::default(),
            vector_shape: Shape::default(),
            layout_requests: Vec::new(),
        }
    }

    /// Lets files that are being opened, a search or a run go on for about `slice`; true while there are any,
    /// or it is running. A run that waits for a host function goes on when that has something.
    pub fn tick(&mut self, slice: Duration) -> bool {
        self.look_at_hosts();
        // Half the time each, if it has to be shared.
        let slice =
            if self.state == RunState::Running && self.is_opening() { slice / 2 } else { slice };
        self.go_on_opening(slice);
        if self.is_finding() {
            self.go_on_finding(slice / 2);
        }
        if self.state == RunState::Running
            && let Err(error) = self.drive(slice)
        {
            self.notify(true, error.to_string());
        }
        self.look_at_watches();
        let looks = self.go_on_looking(slice / 2);
        looks || self.state == RunState::Running || self.is_opening() || self.is_finding()
    }

    // The run.

    /// What the machine is doing.
    pub fn run_state(&self) -> &RunState {
        &self.state
    }

    /// What was started last: module, export, argument texts.
    pub fn invocation(&self) -> Option<(ModuleKey, &str, &[String])> {
        let invocation = self.invocation.as_ref()?;
        Some((invocation.module, &invocation.export, &invocation.args))
    }

    /// The instruction clock of the run.
    pub fn clock(&self) -> u64 {
        self.machine.as_ref().map_or(0, Machine::clock)
    }

    /// Instructions a second of the present or last run, as measured; absent for short runs.
    pub fn speed(&self) -> Option<f64> {
        self.speed.per_second()
    }

    /// The store of the run; absent before the first start.
    pub fn store(&self) -> Option<&Store> {
        self.machine.as_ref().map(|machine| &machine.store)
    }

    /// The task that runs, or ran last.
    pub fn task(&self) -> Option<&Task> {
        self.machine.as_ref()?.task()
    }

    /// Whether there is a selected task that is not over.
    pub fn is_unfinished(&self) -> bool {
        let machine = self.machine.as_ref();
        machine.is_some_and(|machine| {
            machine.task().is_some_and(|task| !task.is_finished(&machine.store))
        })
    }

    /// Frames, innermost first; empty while idle.
    pub fn frames(&self) -> Vec<FrameView<'_>> {
        match (self.task(), self.store()) {
            (Some(task), Some(store)) => task.frames(store).collect(),
            _ => Vec::new(),
        }
    }

    /// The call stack, innermost first, with the frames of host functions: of the one whose call is pending,
    /// and of those that have called back into wasm.
    pub fn call_stack(&self) -> Vec<StackEntry> {
        let (Some(task), Some(store)) = (self.task(), self.store()) else { return Vec::new() };
        let mut frame = 0;
        let entries = task.activations(store).map(|activation| match activation {
            Activation::Wasm(_) => {
                frame += 1;
                StackEntry::Frame(frame - 1)
            }
            Activation::Host(host) => {
                let (module, name) = (host.module.to_string(), host.name.to_string());
                StackEntry::Host { module, name }
            }
        });
        entries.collect()
    }

    /// What a frame is called in lists: `module.function`.
    pub fn frame_label(&self, frame: &FrameView<'_>) -> String {
        self.func_label(frame.instance(), frame.func())
    }

    /// What a function of an instance is called in lists: `module.function`.
    pub fn func_label(&self, instance: InstanceId, func: FuncIndex) -> String {
        match self.module_of_instance(instance) {
            Some(open) => open.func_label(func),
            None => format!("?.func[{func}]"),
        }
    }

    /// The frame looked at, 0 innermost.
    pub fn selected_frame(&self) -> usize {
        self.selected_frame
    }

    /// The locals and operands that a frame had at the previous stop, if the same activation was
    /// there: what differs is shown as changed.
    pub fn previous(&self, frame: usize) -> Option<(&[Value], &[Value])> {
        let frames = self.frames();
        let depth = frames.len().checked_sub(frame)?;
        self.remembered.frame(self.selected_task(), depth, frames.get(frame)?)
    }

    /// A global's value at the previous stop.
    pub fn previous_global(&self, global: u32) -> Option<Value> {
        self.remembered.globals.get(global as usize).copied()
    }

    fn discard_machine(&mut self) {
        self.machine = None;
        self.links_changed = false;
        self.progress = None;
        (self.journey, self.present) = (None, None);
        self.state = RunState::Idle;
        self.remembered = Remembered::default();
        self.calls.clear();
        self.hosts.renew();
        self.memory.clear_marks();
        self.heap.discard();
        self.edits.end("the run that it was made in is over");
        self.selected_frame = 0;
        for entry in &mut self.breakpoints {
            entry.renew();
        }
        self.renew_watchpoints();
        (self.past_access, self.asked) = (None, None);
        self.origins.clear();
        (self.answers, self.stretch) = (None, None);
        self.activity.clear();
        self.log.clear();
        self.watches.discard();
    }

    // What is looked at.

    /// What the code panel shows.
    pub fn code_focus(&self) -> Option<CodeFocus> {
        self.focus
    }

    fn show(&mut self, module: ModuleKey, offset: CodeOffset) {
        let generation = self.focus.map_or(0, |focus| focus.generation + 1);
        self.focus = Some(CodeFocus { module, offset, generation });
    }

    fn focus_frame(&mut self) {
        let frames = self.frames();
        let Some(frame) = frames.get(self.selected_frame) else { return };
        let offset = frame.offset();
        if let Some(key) = self.module_of_instance(frame.instance()).map(|open| open.key) {
            self.show(key, offset);
        }
    }

    /// Messages for the person, oldest first.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Tells the person of something that went wrong outside the session, as with a file.
    pub fn report(&mut self, text: String) {
        self.notify(true, text);
    }

    /// Tells the person of something that has been done outside the session.
    pub fn inform(&mut self, text: String) {
        self.notify(false, text);
    }

    fn notify(&mut self, is_error: bool, text: String) {
        if self.notices.last().is_some_and(|last| last.text == text) {
            return;
        }
        let id = self.next_notice;
        self.next_notice += 1;
        self.notices.push(Notice { id, is_error, text, passes: false });
    }

    /// What could not be done is no news any more once something else has been done.
    pub(super) fn pass_notices(&mut self) {
        self.notices.retain(|notice| !notice.passes);
    }

    /// The colours chosen.
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// The lanes that vectors are shown in.
    pub fn vector_shape(&self) -> Shape {
        self.vector_shape
    }

    /// What the window is asked to do with its layout since the last call.
    pub fn take_layout_requests(&mut self) -> Vec<LayoutRequest> {
        std::mem::take(&mut self.layout_requests)
    }

    /// Reads a text as a value, for messages beside fields.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check_value(ty: ValType, text: &str) -> Result<Value, String> {
        parse_value(ty, text)
    }
}

/// A command that makes no sense at present.
fn not_now(text: impl Into<String>) -> SessionError {
    SessionError::NotNow(text.into())
}
