//! The store of a run: which modules are instantiated in it, and what is still to be called.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use stepwell_engine::module::Import;
use stepwell_engine::observe::Breakpoint;
use stepwell_engine::{
    CodeOffset, Engine, Extern, ExternType, InstanceId, Linker, Module, Store, Task, Value,
};

use super::command::ModuleKey;
use super::programs::Programs;
use super::tasks::Tasks;
use super::types::{ImportSource, OpenModule, SessionError};

/// A store with instances, and the task that runs in it.
pub(super) struct Machine {
    pub(super) store: Store,
    pub(super) tasks: Tasks,
    instances: Vec<(ModuleKey, InstanceId)>,
    /// Memories, tables and globals made for imports that nobody satisfies.
    provided: BTreeMap<(String, String), Extern>,
}

/// What is to be done before the next task can run.
pub(super) enum Job {
    Instantiate(ModuleKey),
    Call { module: ModuleKey, export: String, args: Vec<Value> },
}

impl Machine {
    pub(super) fn new(engine: &Engine) -> Self {
        let mut store = Store::new(engine);
        store.record_host_calls(true);
        store.count_calls(true);
        Self { store, tasks: Tasks::default(), instances: Vec::new(), provided: BTreeMap::new() }
    }

    /// The instruction clock: all tasks of this machine together.
    pub(super) fn clock(&self) -> u64 {
        self.tasks.clock()
    }

    /// The task that the panels show.
    pub(super) fn task(&self) -> Option<&Task> {
        self.tasks.current().map(|entry| &entry.task)
    }

    /// The task that the panels show, and its store.
    pub(super) fn task_and_store(&mut self) -> Option<(&mut Task, &mut Store)> {
        let Self { store, tasks, .. } = self;
        tasks.current_mut().map(|entry| (&mut entry.task, store))
    }

    pub(super) fn instance_of(&self, module: ModuleKey) -> Option<InstanceId> {
        self.instances.iter().find(|(key, _)| *key == module).map(|(_, instance)| *instance)
    }

    pub(super) fn module_of(&self, instance: InstanceId) -> Option<ModuleKey> {
        self.instances.iter().find(|(_, known)| *known == instance).map(|(key, _)| *key)
    }

    /// The instantiation of whatever `module` needs and has no instance yet, then the call of its export.
    pub(super) fn plan_call(
        &self,
        modules: &[OpenModule],
        module: ModuleKey,
        export: &str,
        args: Vec<Value>,
    ) -> VecDeque<Job> {
        let mut jobs = VecDeque::new();
        let by_key: HashMap<ModuleKey, &OpenModule> =
            modules.iter().map(|open| (open.key, open)).collect();
        let mut planned: HashSet<ModuleKey> = self.instances.iter().map(|(key, _)| *key).collect();
        // Depth first over an explicit stack, so that providers come before those who import them.
        let mut pending = vec![(module, false)];
        while let Some((key, providers_done)) = pending.pop() {
            if providers_done {
                jobs.push_back(Job::Instantiate(key));
                continue;
            }
            if !planned.insert(key) {
                continue;
            }
            pending.push((key, true));
            let imports = by_key.get(&key).map(|open| &open.imports);
            for import in imports.into_iter().flatten().rev() {
                if let ImportSource::Module(provider) = import.source {
                    pending.push((provider, false));
                }
            }
        }
        jobs.push_back(Job::Call { module, export: export.to_owned(), args });
        jobs
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
                    let linker = self.linker(modules, open, hosts).map_err(error)?;
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
                Job::Call { module, export, args } => {
                    let not_there =
                        || SessionError::NotNow("the module has no instance".to_owned());
                    let instance = self.instance_of(module).ok_or_else(not_there)?;
                    let func = self.store.export_func(instance, &export)?;
                    return Ok(Some(self.store.start(func, &args)?));
                }
            }
        }
        Ok(None)
    }

    /// What `open`'s imports resolve to. Providers in a cycle have no instance yet and count as
    /// absent.
    fn linker(
        &mut self,
        modules: &[OpenModule],
        open: &OpenModule,
        hosts: &Programs,
    ) -> Result<Linker, stepwell_engine::Error> {
        let mut linker = Linker::new();
        let keys: HashMap<ModuleKey, InstanceId> = self.instances.iter().copied().collect();
        let instances =
            modules.iter().filter_map(|open| Some((open.name.as_str(), *keys.get(&open.key)?)));
        let instances: HashMap<&str, InstanceId> = instances.collect();
        for (import, state) in open.module.imports().iter().zip(&open.imports) {
            if let ImportSource::Module(_) = state.source
                && let Some(instance) = instances.get(&*import.module)
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
