//! The store of a run: which modules are instantiated in it, and what is still to be called.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use stepwell_engine::module::Import;
use stepwell_engine::observe::Breakpoint;
use stepwell_engine::text::escaped;
use stepwell_engine::timeline::Timeline;
use stepwell_engine::{
    CodeOffset, Engine, Error, Extern, ExternType, HostAnswer, InstanceId, Linker, Module, Store,
    Task, Value,
};
use stepwell_wasi::{INITIALIZE, Initializer};

use super::command::ModuleKey;
use super::not_now;
use super::programs::Programs;
use super::tasks::Tasks;
use super::types::{ImportSource, OpenModule, SessionError};

/// Bytes that states of the past may take.
pub(super) const PAST: u64 = if cfg!(target_arch = "wasm32") { 128 << 20 } else { 256 << 20 };

/// Bytes that may be noted of what was done, for a file.
const NOTED: u64 = if cfg!(target_arch = "wasm32") { 32 << 20 } else { 128 << 20 };

/// A store with instances, and the task that runs in it.
pub(super) struct Machine {
    pub(super) store: Store,
    pub(super) tasks: Tasks,
    /// What the run was, since its present tasks were started.
    pub(super) timeline: Timeline,
    /// The clock when it began.
    began: u64,
    /// The task of the moment of the past at which one stands.
    pub(super) past_task: Option<Task>,
    /// Something has been changed that the timeline has not been told of.
    pub(super) is_touched: bool,
    instances: Vec<(ModuleKey, InstanceId)>,
    /// Memories, tables and globals made for imports that nobody satisfies.
    provided: BTreeMap<(String, String), Extern>,
}

/// What is to be done before the next task can run.
pub(super) enum Job {
    /// Up to the start function, which is a task.
    Instantiate(ModuleKey),
    /// `_initialize` of a reactor, which is a task.
    Initialize(ModuleKey),
    /// A module's exports may be called from here on.
    Ready(ModuleKey),
    Call {
        module: ModuleKey,
        export: String,
        args: Vec<Value>,
    },
}

/// What a task is about that prepares a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preparing {
    /// The start function.
    StartFunction(ModuleKey),
    /// `_initialize` of a reactor, which comes behind it.
    Initialize(ModuleKey),
}

/// What a task is about that has these jobs before it; `None` if it is the call.
pub(super) fn preparing(jobs: &VecDeque<Job>) -> Option<Preparing> {
    match jobs.front()? {
        Job::Initialize(key) => Some(Preparing::StartFunction(*key)),
        Job::Ready(key) => Some(Preparing::Initialize(*key)),
        Job::Instantiate(_) | Job::Call { .. } => None,
    }
}

/// Modules that these jobs still have to make ready.
pub(super) fn unready(jobs: &VecDeque<Job>) -> impl Iterator<Item = ModuleKey> {
    jobs.iter().filter_map(|job| match job {
        Job::Ready(key) => Some(*key),
        Job::Instantiate(_) | Job::Initialize(_) | Job::Call { .. } => None,
    })
}

/// Whether a module's `_initialize` is to be called before its other exports.
fn initializes(modules: &[OpenModule], key: ModuleKey) -> bool {
    let open = modules.iter().find(|open| open.key == key);
    open.is_some_and(|open| Initializer::of(&open.module) == Initializer::Function)
}

impl Machine {
    pub(super) fn new(engine: &Engine) -> Self {
        let mut store = Store::new(engine);
        store.note_steps(NOTED);
        store.count_calls(true);
        let timeline = Timeline::begin(&mut store, PAST);
        Self {
            store,
            tasks: Tasks::default(),
            timeline,
            began: 0,
            past_task: None,
            is_touched: false,
            instances: Vec::new(),
            provided: BTreeMap::new(),
        }
    }

    /// The instruction clock: all tasks of this machine together; in the past that of the moment at which one stands.
    pub(super) fn clock(&self) -> u64 {
        match self.timeline.is_past() {
            true => self.began + self.timeline.clock(),
            false => self.tasks.clock(),
        }
    }

    /// Where the clock of the timeline begins.
    pub(super) fn began(&self) -> u64 {
        self.began
    }

    /// Gives up all tasks, and what was with them.
    pub(super) fn clear_tasks(&mut self) {
        // What begins next begins in the present, whose hosts are asked.
        self.timeline.return_to_present(&mut self.store);
        self.past_task = None;
        // It has handles of them.
        self.timeline = Timeline::begin(&mut self.store, PAST);
        self.tasks.clear(&mut self.store);
        self.timeline = Timeline::begin(&mut self.store, PAST);
        self.began = self.tasks.clock();
    }

    /// Tells the timeline that the store has been changed by other means than a run.
    pub(super) fn note_change(&mut self) {
        self.is_touched = false;
        if let Some(entry) = self.tasks.current() {
            let task = entry.task.clone();
            self.timeline.changed(&mut self.store, &task);
        }
    }

    /// The task that the panels show.
    pub(super) fn task(&self) -> Option<&Task> {
        self.past_task.as_ref().or(self.tasks.current().map(|entry| &entry.task))
    }

    /// Answers the host call of the task that the panels show.
    pub(super) fn resume(&mut self, answer: HostAnswer) -> Option<Result<(), Error>> {
        let Self { store, tasks, timeline, .. } = self;
        let task = &mut tasks.current_mut()?.task;
        Some(timeline.resume(store, task, answer))
    }

    /// Ends the wait of the task that the panels show.
    pub(super) fn time_out(&mut self) -> Option<Result<(), Error>> {
        let Self { store, tasks, timeline, .. } = self;
        let task = &mut tasks.current_mut()?.task;
        Some(timeline.time_out(store, task))
    }

    /// The task that the panels show, and its store, for changes by hand.
    pub(super) fn task_and_store(&mut self) -> Option<(&mut Task, &mut Store)> {
        let Self { store, tasks, .. } = self;
        tasks.current_mut().map(|entry| (&mut entry.task, store))
    }

    pub(super) fn instance_of(&self, module: ModuleKey) -> Option<InstanceId> {
        self.instances.iter().find(|(key, _)| *key == module).map(|(_, instance)| *instance)
    }

    /// An instance was made by what is played.
    pub(super) fn set_instance(&mut self, module: ModuleKey, instance: InstanceId) {
        if self.module_of(instance).is_none() {
            self.instances.push((module, instance));
        }
    }

    pub(super) fn module_of(&self, instance: InstanceId) -> Option<ModuleKey> {
        self.instances.iter().find(|(_, known)| *known == instance).map(|(key, _)| *key)
    }

    /// The instantiation of whatever `module` needs and has no instance yet, then the call of its export. An
    /// `_initialize` that is called for the first time is called by that already.
    ///
    /// # Errors
    /// If another task has not made ready yet what is needed, or could not.
    pub(super) fn plan_call(
        &self,
        modules: &[OpenModule],
        module: ModuleKey,
        export: &str,
        args: Vec<Value>,
    ) -> Result<VecDeque<Job>, SessionError> {
        let mut jobs = VecDeque::new();
        let by_key: HashMap<ModuleKey, &OpenModule> =
            modules.iter().map(|open| (open.key, open)).collect();
        let is_new = self.instance_of(module).is_none();
        let mut planned: HashSet<ModuleKey> = self.instances.iter().map(|(key, _)| *key).collect();
        // Depth first over an explicit stack, so that providers come before those who import them.
        let mut pending = vec![(module, false)];
        while let Some((key, providers_done)) = pending.pop() {
            if providers_done {
                jobs.extend([Job::Instantiate(key), Job::Initialize(key), Job::Ready(key)]);
                continue;
            }
            let open = by_key.get(&key).copied();
            if self.tasks.in_preparation().any(|other| other == key) {
                let name = escaped(open.map_or("?", |open| open.name.as_str()));
                return Err(not_now(format!(
                    "{name} is not ready: the task that prepares it has not arrived at its export"
                )));
            }
            if !planned.insert(key) {
                continue;
            }
            pending.push((key, true));
            for import in open.map(|open| &open.imports).into_iter().flatten().rev() {
                if let ImportSource::Module(provider) = import.source {
                    pending.push((provider, false));
                }
            }
        }
        if !(is_new && export == INITIALIZE && initializes(modules, module)) {
            jobs.push_back(Job::Call { module, export: export.to_owned(), args });
        }
        Ok(jobs)
    }

    /// Does jobs up to the next task that has something to run; `None` if there is none.
    pub(super) fn next_task(
        &mut self,
        modules: &[OpenModule],
        jobs: &mut VecDeque<Job>,
        hosts: &Programs,
    ) -> Result<Option<Task>, SessionError> {
        while let Some(job) = jobs.pop_front() {
            match job {
                // Another task may have needed it, too.
                Job::Instantiate(key) if self.instance_of(key).is_some() => {}
                Job::Instantiate(key) => {
                    let Some(open) = modules.iter().find(|open| open.key == key) else { continue };
                    let error = |error| SessionError::Module { name: open.name.clone(), error };
                    let linker = self.linker(open, hosts).map_err(error)?;
                    let made =
                        linker.begin_instantiate(&mut self.store, &open.module).map_err(error)?;
                    let is_made = |import: usize| {
                        let source = open.imports.get(import).map(|state| &state.source);
                        matches!(source, Some(ImportSource::Nobody))
                    };
                    crate::hosts::place_symbols(&mut self.store, made.instance, is_made)
                        .map_err(error)?;
                    self.instances.push((key, made.instance));
                    self.store.name_instance(made.instance, &open.name);
                    if made.start.is_some() {
                        return Ok(made.start);
                    }
                }
                Job::Initialize(key) if initializes(modules, key) => {
                    return self.start(key, INITIALIZE, &[]).map(Some);
                }
                Job::Initialize(_) | Job::Ready(_) => {}
                Job::Call { module, export, args } => {
                    return self.start(module, &export, &args).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn start(
        &mut self,
        module: ModuleKey,
        export: &str,
        args: &[Value],
    ) -> Result<Task, SessionError> {
        let not_there = || SessionError::NotNow("the module has no instance".to_owned());
        let instance = self.instance_of(module).ok_or_else(not_there)?;
        let func = self.store.export_func(instance, export)?;
        Ok(self.store.start(func, args)?)
    }

    /// The task is given up that was to prepare modules: those that it has begun with are made anew.
    pub(super) fn give_up(&mut self, jobs: &VecDeque<Job>) {
        let unready: Vec<ModuleKey> = unready(jobs).collect();
        self.instances.retain(|(key, _)| !unready.contains(key));
    }

    /// What `open`'s imports resolve to. Providers in a cycle have no instance yet and count as
    /// absent.
    fn linker(
        &mut self,
        open: &OpenModule,
        hosts: &Programs,
    ) -> Result<Linker, stepwell_engine::Error> {
        let mut linker = Linker::new();
        let keys: HashMap<ModuleKey, InstanceId> = self.instances.iter().copied().collect();
        for (import, state) in open.module.imports().iter().zip(&open.imports) {
            if let ImportSource::Module(provider) = state.source
                && let Some(instance) = keys.get(&provider)
                && let Some(item) = self.store.export(*instance, &import.name)
            {
                linker.define(&import.module, &import.name, item);
                continue;
            }
            if let ImportSource::Set(set) = state.source
                && hosts.define(set, import, &mut linker, &mut self.store)?
            {
                continue;
            }
            if let ExternType::Func(ty) = &import.ty {
                linker.func_unresolved(&import.module, &import.name, ty.clone());
                continue;
            }
            let item = self.provide(&open.module, import)?;
            linker.define(&import.module, &import.name, item);
        }
        Ok(linker)
    }

    /// A memory, table or global that nobody else provides; importers of one name share it.
    fn provide(
        &mut self,
        importer: &Module,
        import: &Import,
    ) -> Result<Extern, stepwell_engine::Error> {
        let key = (import.module.to_string(), import.name.to_string());
        if let Some(known) = self.provided.get(&key).copied()
            && self.store.satisfies(known, importer, &import.ty)
        {
            return Ok(known);
        }
        let made = self.store.new_import(importer, &import.ty)?;
        let unknown = stepwell_engine::Error::UnknownExport { name: import.name.to_string() };
        let made = made.ok_or(unknown)?;
        self.provided.insert(key, made);
        Ok(made)
    }

    /// Sets the engine's breakpoints to these places, in every instance of their modules.
    pub(super) fn set_breakpoints(&mut self, places: impl Iterator<Item = (ModuleKey, u32)>) {
        let places: Vec<_> = places
            .filter_map(|(module, offset)| Some((self.instance_of(module)?, offset)))
            .collect();
        let debugger = self.store.debugger_mut();
        debugger.clear_breakpoints();
        for (instance, offset) in places {
            debugger.add_breakpoint(Breakpoint { instance, offset: CodeOffset(offset) });
        }
    }
}
