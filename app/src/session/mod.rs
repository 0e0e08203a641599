//! Everything that a person does with modules, without a GUI.
//!
//! [`Session::apply`] takes a [`Command`]; [`Session::tick`] lets a run go on for a slice of time.
//! Panels, the JavaScript handle and tests read the rest through the accessors here. Nothing in
//! this folder knows egui.

mod breakpoint;
mod command;
mod examples;
mod host_calls;
mod load;
mod machine;
mod memory_view;
mod run;
mod state;
#[cfg(test)]
mod tests;
mod types;
mod value_text;

use std::time::Duration;

use stepwell_engine::observe::FrameView;
use stepwell_engine::{
    CodeOffset, Config, Engine, ExternType, FuncIndex, GlobalAddr, InstanceId, MemAddr, Store,
    Task, ValType, Value,
};

pub use command::{Command, ImportPolicy, ModuleKey, Panel, SearchKind, Theme};
pub use load::load_module;
pub use types::{
    Answerer, BreakpointState, ByteMark, CallFrame, CodeFocus, DecodedBytes, Entry as ExampleEntry,
    Example, HostAnswerState, HostCallRecord, ImportSource, ImportState, LayoutRequest, MemoryView,
    NamedMemory, Notice, OpenModule, RunState, SessionError, StopReason,
};
pub use value_text::parse_value;

use breakpoint::{Condition, Entry};
use machine::Machine;
use memory_view::MemoryViews;
use run::{Goal, Progress, Remembered, Speed};

/// Hues of modules, in order of opening; far apart, and none of them the red of errors.
const HUES: [f32; 8] = [0.58, 0.10, 0.38, 0.80, 0.48, 0.16, 0.70, 0.90];

/// The state of a person's work: opened modules, the run, what is looked at.
pub struct Session {
    engine: Engine,
    modules: Vec<OpenModule>,
    next_key: u32,
    examples: Vec<Example>,
    machine: Option<Machine>,
    /// The opened modules no longer are what the machine was linked from.
    links_changed: bool,
    state: RunState,
    progress: Option<Progress>,
    invocation: Option<Invocation>,
    remembered: Remembered,
    speed: Speed,
    breakpoints: Vec<Entry>,
    host_calls: Vec<HostCallRecord>,
    memory: MemoryViews,
    selected_frame: usize,
    focus: Option<CodeFocus>,
    notices: Vec<Notice>,
    next_notice: u64,
    theme: Theme,
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
            examples: examples::all(),
            machine: None,
            links_changed: false,
            state: RunState::Idle,
            progress: None,
            invocation: None,
            remembered: Remembered::default(),
            speed: Speed::default(),
            breakpoints: Vec::new(),
            host_calls: Vec::new(),
            memory: MemoryViews::default(),
            selected_frame: 0,
            focus: None,
            notices: Vec::new(),
            next_notice: 0,
            theme: Theme::default(),
            layout_requests: Vec::new(),
        }
    }

    /// Does what a person asks for.
    ///
    /// # Errors
    /// [`SessionError`]; nothing has changed then. All but [`SessionError::Input`], which belongs
    /// beside a field, are also put among the notices.
    pub fn apply(&mut self, command: Command) -> Result<(), SessionError> {
        let result = self.dispatch(command);
        if let Err(error) = &result
            && !matches!(error, SessionError::Input { .. })
        {
            self.notify(true, error.to_string());
        }
        result
    }

    fn dispatch(&mut self, command: Command) -> Result<(), SessionError> {
        match command {
            Command::Open { name, bytes } => self.open(&name, &bytes).map(|_| ()),
            Command::OpenExample(id) => self.open_example(&id),
            Command::Close(key) => self.close(key),
            Command::Rename { module, name } => self.rename(module, name),
            Command::SetPolicy { module, import, policy } => {
                let open = self.module_mut(module)?;
                match open.imports.get_mut(import) {
                    Some(state) => state.policy = policy,
                    None => return Err(not_now("the module has no such import")),
                }
                Ok(())
            }
            Command::Start { module, export, args } => self.start(module, &export, &args),
            Command::Restart => {
                let Some(Invocation { module, export, args }) = self.invocation.clone() else {
                    return Err(not_now("nothing has been started yet"));
                };
                self.discard_machine();
                self.start(module, &export, &args)
            }
            Command::Stop => {
                self.discard_machine();
                Ok(())
            }
            Command::Continue => self.set_out(Goal::Run),
            Command::Pause => {
                if self.state == RunState::Running {
                    self.stop(StopReason::Paused);
                }
                Ok(())
            }
            Command::StepInto => self.set_out(Goal::Instructions(1)),
            Command::StepBy(count) => self.set_out(Goal::Instructions(count)),
            Command::StepOver => self.set_out(self.goal_over()),
            Command::StepOut => self.set_out(self.goal_out()),
            Command::RunTo { module, offset } => {
                self.check_instruction(module, offset)?;
                self.set_out(Goal::To { module, offset })
            }
            Command::ToggleBreakpoint { module, offset } => self.toggle_breakpoint(module, offset),
            Command::EnableBreakpoint { module, offset, enabled } => {
                self.breakpoint_mut(module, offset)?.state.enabled = enabled;
                Ok(())
            }
            Command::SetCondition { module, offset, condition } => {
                self.set_condition(module, offset, condition)
            }
            Command::ClearBreakpoints => {
                self.breakpoints.clear();
                Ok(())
            }
            Command::Answer(texts) => {
                self.answer_texts(&texts)?;
                self.go_on()
            }
            Command::AnswerTrap(message) => {
                let answer = stepwell_engine::HostAnswer::Trap(message);
                self.answer(answer, Answerer::Person)?;
                self.go_on()
            }
            Command::SetLocal { frame, local, value } => self.set_slot(frame, local, &value, true),
            Command::SetOperand { frame, operand, value } => {
                self.set_slot(frame, operand, &value, false)
            }
            Command::SetGlobal { global, value } => self.set_global(GlobalAddr(global), &value),
            Command::WriteMemory { memory, address, bytes } => {
                let store = &mut self.stopped_machine()?.store;
                let memory = store.memory_mut(MemAddr(memory));
                let memory = memory.ok_or_else(|| not_now("there is no such memory"))?;
                Ok(memory.write(address, &bytes)?)
            }
            Command::SelectFrame(frame) => {
                if frame >= self.frames().len() {
                    return Err(not_now("there is no such frame"));
                }
                self.selected_frame = frame;
                self.focus_frame();
                Ok(())
            }
            Command::SelectModule(key) => {
                let open = self.module(key).ok_or_else(|| not_now("the module is closed"))?;
                let first = FuncIndex(open.module.imported_func_count());
                let start = open.module.func_body(first).map(|body| body.start);
                self.show(key, start.unwrap_or(CodeOffset(0)));
                Ok(())
            }
            Command::ShowFunction { module, func } => {
                let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
                match open.module.func_body(FuncIndex(func)) {
                    Some(body) => self.show(module, body.start),
                    None => return Err(not_now("an imported function has no code here")),
                }
                Ok(())
            }
            Command::ShowOffset { module, offset } => {
                self.module(module).ok_or_else(|| not_now("the module is closed"))?;
                self.show(module, CodeOffset(offset));
                Ok(())
            }
            Command::ShowPc => {
                self.selected_frame = 0;
                self.focus_frame();
                Ok(())
            }
            Command::AddMemoryView => {
                let memories = self.memories();
                let shown = |named: &&NamedMemory| {
                    self.memory.views.iter().all(|view| view.memory != named.addr)
                };
                let memory = memories.iter().find(shown).or(memories.first());
                let memory = memory.ok_or_else(|| not_now("start an export first"))?.addr;
                self.memory.add(memory);
                Ok(())
            }
            Command::CloseMemoryView(id) => {
                self.memory.views.retain(|view| view.id != id);
                Ok(())
            }
            Command::ViewMemory { view, memory } => {
                let known = self.memories().iter().any(|named| named.addr.0 == memory);
                if !known {
                    return Err(not_now("there is no such memory"));
                }
                let view = self.memory.get_mut(view)?;
                (view.memory, view.top, view.cursor) = (MemAddr(memory), 0, 0);
                view.selected = 1;
                Ok(())
            }
            Command::GoToAddress { view, address } => {
                let size = self.memory_size(view)?;
                let view = self.memory.get_mut(view)?;
                if address >= size {
                    let message = format!("0x{address:x} is beyond the end, 0x{size:x}");
                    return Err(SessionError::Input { field: 0, message });
                }
                (view.cursor, view.selected) = (address, 1);
                view.top = address & !15;
                Ok(())
            }
            Command::ScrollMemory { view, top } => {
                self.memory.get_mut(view)?.top = top & !15;
                Ok(())
            }
            Command::FollowAccesses { view, follow } => {
                self.memory.get_mut(view)?.follow = follow;
                Ok(())
            }
            Command::SelectBytes { view, address, len } => {
                let size = self.memory_size(view)?;
                let view = self.memory.get_mut(view)?;
                view.cursor = address.min(size.saturating_sub(1));
                view.selected = len.clamp(1, size.saturating_sub(view.cursor).max(1));
                Ok(())
            }
            Command::Search { view, kind, text } => {
                let machine = self.machine.as_ref();
                let machine = machine.ok_or_else(|| not_now("start an export first"))?;
                self.memory.search(&machine.store, view, &kind, &text)
            }
            Command::TogglePanel(panel) => {
                self.layout_requests.push(LayoutRequest::Toggle(panel));
                Ok(())
            }
            Command::RevealPanel(panel) => {
                self.layout_requests.push(LayoutRequest::Reveal(panel));
                Ok(())
            }
            Command::ResetLayout => {
                self.layout_requests.push(LayoutRequest::Reset);
                Ok(())
            }
            Command::SetTheme(theme) => {
                self.theme = theme;
                Ok(())
            }
            Command::SetZoom(zoom) => {
                self.layout_requests.push(LayoutRequest::Zoom(zoom));
                Ok(())
            }
            Command::DismissNotice(id) => {
                self.notices.retain(|notice| notice.id != id);
                Ok(())
            }
        }
    }

    /// Lets a run go on for at most `slice`; true while it is running.
    pub fn tick(&mut self, slice: Duration) -> bool {
        if self.state == RunState::Running
            && let Err(error) = self.drive(slice)
        {
            self.notify(true, error.to_string());
        }
        self.state == RunState::Running
    }

    // Modules.

    /// Opens a module; one of the same link name is replaced.
    fn open(&mut self, name: &str, bytes: &[u8]) -> Result<ModuleKey, SessionError> {
        let error = |error| SessionError::Module { name: name.to_owned(), error };
        let (module, source) = load_module(&self.engine, name, bytes).map_err(error)?;
        if let Some(old) = self.modules.iter().find(|open| open.name == name).map(|open| open.key) {
            self.close(old)?;
            self.notify(false, format!("{name} was opened before; it has been replaced"));
        }
        let key = ModuleKey(self.next_key);
        self.next_key += 1;
        let free = |hue: &&f32| self.modules.iter().all(|open| open.hue != **hue);
        let by_turns = HUES[key.0 as usize % HUES.len()];
        let hue = HUES.iter().find(free).copied().unwrap_or(by_turns);
        let imports = vec![
            ImportState { source: ImportSource::Nobody, policy: ImportPolicy::Ask };
            module.imports().len()
        ];
        self.modules.push(OpenModule { key, name: name.to_owned(), module, source, hue, imports });
        self.resolve();
        self.dispatch(Command::SelectModule(key))?;
        Ok(key)
    }

    fn open_example(&mut self, id: &str) -> Result<(), SessionError> {
        let example = self.examples.iter().find(|example| example.id == id).cloned();
        let example = example.ok_or_else(|| not_now(format!("there is no example {id:?}")))?;
        self.discard_machine();
        self.modules.clear();
        self.breakpoints.clear();
        self.invocation = None;
        for path in &example.files {
            let bytes = examples::file(path);
            let bytes = bytes.ok_or_else(|| not_now(format!("{path} is missing")))?;
            self.open(examples::stem(path), bytes)?;
        }
        let entry = &example.entry;
        let main = self.modules.iter().find(|open| open.name == entry.module);
        match main.map(|open| open.key) {
            Some(key) => self.start(key, &entry.export, &entry.args),
            None => Ok(()),
        }
    }

    fn close(&mut self, key: ModuleKey) -> Result<(), SessionError> {
        self.module_mut(key)?;
        let in_use = |machine: &Machine| machine.instance_of(key).is_some();
        if self.machine.as_ref().is_some_and(in_use) {
            self.discard_machine();
        }
        self.modules.retain(|open| open.key != key);
        self.breakpoints.retain(|entry| entry.state.module != key);
        if self.invocation.as_ref().is_some_and(|invocation| invocation.module == key) {
            self.invocation = None;
        }
        if self.focus.is_some_and(|focus| focus.module == key) {
            self.focus = None;
            if let Some(first) = self.modules.first().map(|open| open.key) {
                self.dispatch(Command::SelectModule(first))?;
            }
        }
        self.resolve();
        Ok(())
    }

    fn rename(&mut self, key: ModuleKey, name: String) -> Result<(), SessionError> {
        let input = |message: &str| SessionError::Input { field: 0, message: message.to_owned() };
        if name.is_empty() {
            return Err(input("a module needs a name to be linked by"));
        }
        if self.modules.iter().any(|open| open.name == name && open.key != key) {
            return Err(input("another module has this name"));
        }
        self.module_mut(key)?.name = name;
        self.resolve();
        Ok(())
    }

    /// Finds out anew who satisfies each import.
    fn resolve(&mut self) {
        self.links_changed = true;
        let sources: Vec<Vec<ImportSource>> = self
            .modules
            .iter()
            .map(|open| {
                let imports = open.module.imports().iter();
                imports.map(|import| self.source_of(open.key, import)).collect()
            })
            .collect();
        for (open, sources) in self.modules.iter_mut().zip(sources) {
            for (state, source) in open.imports.iter_mut().zip(sources) {
                state.source = source;
            }
        }
    }

    fn source_of(
        &self,
        importer: ModuleKey,
        import: &stepwell_engine::module::Import,
    ) -> ImportSource {
        let provider =
            self.modules.iter().find(|open| open.name == *import.module && open.key != importer);
        let Some(provider) = provider else { return ImportSource::Nobody };
        let Some(export) = provider.module.export(&import.name) else {
            return ImportSource::Mismatch(
                provider.key,
                format!("{} exports no {:?}", provider.name, import.name),
            );
        };
        let ty = provider.module.export_type(export.item);
        let fits = ty.as_ref().is_some_and(|ty| could_match(ty, &import.ty));
        if fits {
            return ImportSource::Module(provider.key);
        }
        let found = ty.map_or_else(String::new, |ty| ty.to_string());
        ImportSource::Mismatch(provider.key, format!("{} wanted, {found} exported", import.ty))
    }

    /// Opened modules, in order of opening.
    pub fn modules(&self) -> &[OpenModule] {
        &self.modules
    }

    /// An opened module.
    pub fn module(&self, key: ModuleKey) -> Option<&OpenModule> {
        self.modules.iter().find(|open| open.key == key)
    }

    fn module_mut(&mut self, key: ModuleKey) -> Result<&mut OpenModule, SessionError> {
        let open = self.modules.iter_mut().find(|open| open.key == key);
        open.ok_or_else(|| not_now("the module is closed"))
    }

    /// The opened module of an instance of the present run.
    pub fn module_of_instance(&self, instance: InstanceId) -> Option<&OpenModule> {
        self.module(self.machine.as_ref()?.module_of(instance)?)
    }

    /// The instance of a module in the present run.
    pub fn instance_of(&self, module: ModuleKey) -> Option<InstanceId> {
        self.machine.as_ref()?.instance_of(module)
    }

    /// The examples shipped with the program.
    pub fn examples(&self) -> &[Example] {
        &self.examples
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
        self.machine.as_ref()?.task.as_ref()
    }

    /// Frames, innermost first; empty while idle.
    pub fn frames(&self) -> Vec<FrameView<'_>> {
        match (self.task(), self.store()) {
            (Some(task), Some(store)) => task.frames(store).collect(),
            _ => Vec::new(),
        }
    }

    /// What a frame is called in lists: `module.function`.
    pub fn frame_label(&self, frame: &FrameView<'_>) -> String {
        let module = self.module_of_instance(frame.instance());
        let module = module.map_or("?", |open| open.name.as_str());
        match frame.func_name() {
            Some(name) => format!("{module}.{}", readable_name(name)),
            None => format!("{module}.func[{}]", frame.func()),
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
        self.remembered.frame(frames.len().checked_sub(frame)?, frames.get(frame)?)
    }

    /// A global's value at the previous stop.
    pub fn previous_global(&self, global: u32) -> Option<Value> {
        self.remembered.globals.get(global as usize).copied()
    }

    fn discard_machine(&mut self) {
        self.machine = None;
        self.links_changed = false;
        self.progress = None;
        self.state = RunState::Idle;
        self.remembered = Remembered::default();
        self.host_calls.clear();
        self.memory.clear_marks();
        self.selected_frame = 0;
        for entry in &mut self.breakpoints {
            entry.state.hits = 0;
        }
    }

    fn stopped_machine(&mut self) -> Result<&mut Machine, SessionError> {
        if self.state == RunState::Running {
            return Err(not_now("pause it first"));
        }
        self.machine.as_mut().ok_or_else(|| not_now("start an export first"))
    }

    fn set_slot(
        &mut self,
        frame: usize,
        index: u32,
        text: &str,
        is_local: bool,
    ) -> Result<(), SessionError> {
        let ty = {
            let frames = self.frames();
            let frame = frames.get(frame).ok_or_else(|| not_now("there is no such frame"))?;
            let value = if is_local {
                frame.locals().get(index as usize).map(|local| local.value)
            } else {
                frame.operands().get(index as usize).copied()
            };
            value.ok_or_else(|| not_now("there is no such value"))?.ty()
        };
        let value = read_value(ty, text)?;
        let machine = self.stopped_machine()?;
        let task = machine.task.as_mut().ok_or_else(|| not_now("start an export first"))?;
        if is_local {
            task.set_local(&machine.store, frame, index, value)?;
        } else {
            task.set_operand(&machine.store, frame, index, value)?;
        }
        Ok(())
    }

    fn set_global(&mut self, global: GlobalAddr, text: &str) -> Result<(), SessionError> {
        let machine = self.stopped_machine()?;
        let (ty, _) =
            machine.store.global(global).ok_or_else(|| not_now("there is no such global"))?;
        let value = read_value(ty.content, text)?;
        Ok(machine.store.set_global(global, value)?)
    }

    // Breakpoints.

    /// Fails unless an instruction begins there.
    fn check_instruction(&self, module: ModuleKey, offset: u32) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let func = open.module.func_at(CodeOffset(offset));
        let listing = func.and_then(|func| {
            stepwell_engine::module::disassemble::Listing::new(&open.module, func).ok()
        });
        match listing.and_then(|listing| listing.position(CodeOffset(offset))) {
            Some(_) => Ok(()),
            None => Err(not_now(format!("no instruction begins at 0x{offset:04x}"))),
        }
    }

    fn toggle_breakpoint(&mut self, module: ModuleKey, offset: u32) -> Result<(), SessionError> {
        let known = self.breakpoints.iter().position(|entry| entry.is_at(module, offset));
        match known {
            Some(position) => {
                self.breakpoints.remove(position);
            }
            None => {
                self.check_instruction(module, offset)?;
                self.breakpoints.push(Entry::new(module, offset));
                self.breakpoints.sort_by_key(|entry| (entry.state.module, entry.state.offset));
            }
        }
        Ok(())
    }

    fn breakpoint_mut(
        &mut self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<&mut Entry, SessionError> {
        let entry = self.breakpoints.iter_mut().find(|entry| entry.is_at(module, offset));
        entry.ok_or_else(|| not_now("there is no breakpoint"))
    }

    fn set_condition(
        &mut self,
        module: ModuleKey,
        offset: u32,
        text: String,
    ) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let condition = match text.trim() {
            "" => None,
            text => Some(
                Condition::parse(text, &open.module, offset)
                    .map_err(|message| SessionError::Input { field: 0, message })?,
            ),
        };
        let entry = self.breakpoint_mut(module, offset)?;
        entry.condition = condition;
        entry.state.condition = text;
        Ok(())
    }

    /// Breakpoints, by module and offset.
    pub fn breakpoints(&self) -> impl ExactSizeIterator<Item = &BreakpointState> {
        self.breakpoints.iter().map(|entry| &entry.state)
    }

    // Host calls.

    /// Calls of imports that no module satisfies, oldest first.
    pub fn host_calls(&self) -> &[HostCallRecord] {
        &self.host_calls
    }

    /// The call that waits for an answer.
    pub fn pending_call(&self) -> Option<&HostCallRecord> {
        self.host_calls.last().filter(|record| record.answer == HostAnswerState::Pending)
    }

    // Memory.

    /// All memories of the store, with names.
    pub fn memories(&self) -> Vec<NamedMemory> {
        let Some(store) = self.store() else { return Vec::new() };
        let mut found: Vec<NamedMemory> = Vec::new();
        for instance in store.instances() {
            let Some(open) = self.module_of_instance(instance) else { continue };
            let Some(instance) = store.instance(instance) else { continue };
            for (index, addr) in instance.memories().iter().enumerate() {
                if found.iter().any(|named| named.addr == *addr) {
                    continue;
                }
                let kind = stepwell_engine::module::NameKind::Memory;
                let label = match open.module.item_name(kind, index as u32) {
                    Some(name) => format!("{}:${name}", open.name),
                    None => format!("{}:{index}", open.name),
                };
                found.push(NamedMemory { addr: *addr, label, module: Some(open.key) });
            }
        }
        found
    }

    /// Bytes of the memory that a view shows.
    fn memory_size(&mut self, view: u32) -> Result<u64, SessionError> {
        let memory = self.memory.get_mut(view)?.memory;
        let memory = self.store().and_then(|store| store.memory(memory));
        Ok(memory.map_or(0, |memory| memory.bytes().len() as u64))
    }

    /// The memory views.
    pub fn memory_views(&self) -> &[MemoryView] {
        &self.memory.views
    }

    /// Marks of `len` bytes from `address` on.
    pub fn byte_marks(&self, memory: MemAddr, address: u64, len: usize) -> Vec<ByteMark> {
        match self.store() {
            Some(store) => self.memory.marks(store, memory, address, len),
            None => vec![ByteMark::default(); len],
        }
    }

    /// One view as soon as there is a memory; views of memories that are gone show the first.
    fn ensure_memory_view(&mut self) {
        let memories = self.memories();
        let Some(first) = memories.first().map(|named| named.addr) else { return };
        for view in &mut self.memory.views {
            if memories.iter().all(|named| named.addr != view.memory) {
                (view.memory, view.top, view.cursor, view.selected) = (first, 0, 0, 1);
            }
        }
        if self.memory.views.is_empty() {
            self.memory.add(first);
        }
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

    fn notify(&mut self, is_error: bool, text: String) {
        if self.notices.last().is_some_and(|last| last.text == text) {
            return;
        }
        let id = self.next_notice;
        self.next_notice += 1;
        self.notices.push(Notice { id, is_error, text });
    }

    /// The colours chosen.
    pub fn theme(&self) -> Theme {
        self.theme
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

/// Whether an export of one type can satisfy an import, as far as declarations tell: memories and
/// tables may have grown by the time they are linked.
fn could_match(exported: &ExternType, imported: &ExternType) -> bool {
    match (exported, imported) {
        (ExternType::Memory(a), ExternType::Memory(b)) => {
            b.limits.max.is_none_or(|max| a.limits.max.is_some_and(|have| have <= max))
                && a.limits.max.is_none_or(|have| have >= b.limits.min)
        }
        (ExternType::Table(a), ExternType::Table(b)) => {
            a.element == b.element
                && b.limits.max.is_none_or(|max| a.limits.max.is_some_and(|have| have <= max))
                && a.limits.max.is_none_or(|have| have >= b.limits.min)
        }
        _ => exported.matches(imported),
    }
}

/// A function's name as its author wrote it: Rust's symbols are decoded, without their hash.
pub fn readable_name(name: &str) -> String {
    match rustc_demangle::try_demangle(name) {
        Ok(decoded) => format!("{decoded:#}"),
        Err(_) => name.to_owned(),
    }
}

fn read_value(ty: ValType, text: &str) -> Result<Value, SessionError> {
    parse_value(ty, text).map_err(|message| SessionError::Input { field: 0, message })
}

fn not_now(text: impl Into<String>) -> SessionError {
    SessionError::NotNow(text.into())
}
