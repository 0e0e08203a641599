//! The store of a run: which modules are instantiated in it, and what is still to be called.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use stepwell_engine::module::Import;
use stepwell_engine::observe::Breakpoint;
use stepwell_engine::{
    CodeOffset, Engine, Extern, ExternType, InstanceId, Linker, Module, Store, Task, Value,
};

use super::command::ModuleKey;
use super::types::{ImportSource, OpenModule, SessionError};

/// A store with instances, and the task that runs in it.
pub(super) struct Machine {
    pub(super) store: Store,
    pub(super) task: Option<Task>,
    instances: Vec<(ModuleKey, InstanceId)>,
    queue: VecDeque<Job>,
    /// Memories, tables and globals made for imports that nobody satisfies.
    provided: BTreeMap<(String, String), Extern>,
    /// Instructions of tasks that are over.
    earlier: u64,
}

/// What is to be done before the next task can run.
enum Job {
    Instantiate(ModuleKey),
    Call { module: ModuleKey, export: String, args: Vec<Value> },
}

impl Machine {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            store: Store::new(engine),
            task: None,
            instances: Vec::new(),
            queue: VecDeque::new(),
            provided: BTreeMap::new(),
            earlier: 0,
        }
    }

    /// The instruction clock: all tasks of this machine together.
    pub(super) fn clock(&self) -> u64 {
        self.earlier + self.task.as_ref().map_or(0, Task::executed)
    }

    pub(super) fn instance_of(&self, module: ModuleKey) -> Option<InstanceId> {
        self.instances.iter().find(|(key, _)| *key == module).map(|(_, instance)| *instance)
    }

    pub(super) fn module_of(&self, instance: InstanceId) -> Option<ModuleKey> {
        self.instances.iter().find(|(_, known)| *known == instance).map(|(key, _)| *key)
    }

    /// Whether the present task has its results and more jobs wait behind it.
    pub(super) fn has_jobs(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Queues the instantiation of whatever `module` needs, then the call of its export.
    pub(super) fn plan_call(
        &mut self,
        modules: &[OpenModule],
        module: ModuleKey,
        export: &str,
        args: Vec<Value>,
    ) {
        let mut planned: HashSet<ModuleKey> = self.instances.iter().map(|(key, _)| *key).collect();
        // Depth first over an explicit stack, so that providers come before those who import them.
        let mut pending = vec![(module, false)];
        while let Some((key, providers_done)) = pending.pop() {
            if providers_done {
                self.queue.push_back(Job::Instantiate(key));
                continue;
            }
            if !planned.insert(key) {
                continue;
            }
            pending.push((key, true));
            let imports = modules.iter().find(|open| open.key == key).map(|open| &open.imports);
            for import in imports.into_iter().flatten().rev() {
                if let ImportSource::Module(provider) = import.source {
                    pending.push((provider, false));
                }
            }
        }
        self.queue.push_back(Job::Call { module, export: export.to_owned(), args });
    }

    /// Does the jobs up to the next task that has something to run; false if there is none.
    pub(super) fn next_task(&mut self, modules: &[OpenModule]) -> Result<bool, SessionError> {
        while let Some(job) = self.queue.pop_front() {
            if let Some(over) = self.task.take() {
                self.earlier += over.executed();
            }
            match job {
                Job::Instantiate(key) => {
                    let Some(open) = modules.iter().find(|open| open.key == key) else { continue };
                    let error = |error| SessionError::Module { name: open.name.clone(), error };
                    let linker = self.linker(modules, open).map_err(error)?;
                    let made =
                        linker.begin_instantiate(&mut self.store, &open.module).map_err(error)?;
                    self.instances.push((key, made.instance));
                    if made.start.is_some() {
                        self.task = made.start;
                        return Ok(true);
                    }
                }
                Job::Call { module, export, args } => {
                    let not_there =
                        || SessionError::NotNow("the module has no instance".to_owned());
                    let instance = self.instance_of(module).ok_or_else(not_there)?;
                    let func = self.store.export_func(instance, &export)?;
                    self.task = Some(self.store.start(func, &args)?);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What `open`'s imports resolve to. Providers in a cycle have no instance yet and count as
    /// absent.
    fn linker(
        &mut self,
        modules: &[OpenModule],
        open: &OpenModule,
    ) -> Result<Linker, stepwell_engine::Error> {
        let mut linker = builtins();
        let names: HashMap<&str, ModuleKey> =
            modules.iter().rev().map(|open| (open.name.as_str(), open.key)).collect();
        for (import, state) in open.module.imports().iter().zip(&open.imports) {
            if let ImportSource::Module(_) = state.source
                && let Some(instance) =
                    names.get(&*import.module).and_then(|key| self.instance_of(*key))
                && let Some(item) = self.store.export(instance, &import.name)
            {
                linker.define(&import.module, &import.name, item);
                continue;
            }
            if state.source == ImportSource::Session {
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

/// What every module can import: strings, and as constants those of the module that compilers agree on.
pub fn builtins() -> Linker {
    let mut linker = Linker::new();
    linker.js_strings(Some("'"));
    linker
}
