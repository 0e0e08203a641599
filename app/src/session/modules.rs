//! Opened modules: their names, their hues, and which import is satisfied by whom.

use std::collections::HashMap;

use stepwell_engine::module::{Import, Matching};
use stepwell_engine::text::{dotted, path_part, quoted};
use stepwell_engine::{InstanceId, Module};
use stepwell_wasi::{INITIALIZE, Initializer};

use super::command::{Command, ImportPolicy, ModuleKey, ProviderChoice, SetChoice};
use super::examples;
use super::file_memory::hash_of;
use super::load::{load_module, text_of};
use super::machine::Machine;
use super::types::{Entry, Example, ImportSource, ImportState, OpenModule, SessionError};
use super::{FuncNames, Session, extern_type, not_now};
use crate::hosts::Importer;

/// Hues of modules, in order of opening; far apart, and none of them the red of errors.
const HUES: [f32; 8] = [0.58, 0.92, 0.38, 0.78, 0.48, 0.86, 0.68, 0.28];

impl Session {
    /// Opens a module at once.
    pub(super) fn open(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), SessionError> {
        let text = text_of(&bytes);
        let loaded = load_module(&self.engine, bytes);
        self.note_problem(name, loaded.as_ref().err(), || text);
        let error = |error| SessionError::Module { name: name.to_owned(), error };
        let (module, source) = loaded.map_err(error)?;
        self.install(name, module, source)
    }

    /// Puts a module among those that are open; one of the same link name is replaced.
    pub(super) fn install(
        &mut self,
        name: &str,
        module: Module,
        source: Option<String>,
    ) -> Result<(), SessionError> {
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
            ImportState {
                source: ImportSource::Nobody,
                policy: ImportPolicy::Ask,
                choice: SetChoice::Guess,
                provider: ProviderChoice::ByName,
            };
            module.imports().len()
        ];
        if let Initializer::Misfit(ty) = Initializer::of(&module) {
            let ty = extern_type(&module, &ty);
            let text =
                format!("{} is not called before other exports: {ty}", dotted(name, INITIALIZE));
            self.notify(false, text);
        }
        let (importer, names) = (Importer::of(&module), FuncNames::new(&module));
        let (name, hash) = (name.to_owned(), hash_of(&module));
        self.modules.push(OpenModule {
            key,
            name,
            module,
            hash,
            importer,
            names,
            source,
            hue,
            imports,
        });
        self.resolve();
        self.dispatch(Command::SelectModule(key))
    }

    pub(super) fn open_example(&mut self, id: &str) -> Result<(), SessionError> {
        let example = self.examples.iter().find(|example| example.id == id).cloned();
        let example = example.ok_or_else(|| not_now(format!("there is no example {id:?}")))?;
        self.close_everything();
        for path in &example.files {
            let bytes = examples::file(path);
            let bytes = bytes.ok_or_else(|| not_now(format!("{path} is missing")))?;
            self.open(examples::stem(path), bytes.to_vec())?;
        }
        for open in &mut self.modules {
            for (import, state) in open.module.imports().iter().zip(&mut open.imports) {
                let name = format!("{}.{}", import.module, import.name);
                if example.ask.contains(&name) {
                    state.choice = SetChoice::Nobody;
                }
            }
        }
        self.resolve();
        let key_of = |session: &Self, entry: &Entry| {
            let mut modules = session.modules.iter();
            modules.find(|open| open.name == entry.module).map(|open| open.key)
        };
        let entry = &example.entry;
        if let Some(key) = key_of(self, entry) {
            self.start(key, &entry.export, &entry.args)?;
        }
        let first = self.selected_task();
        for entry in &example.beside {
            if let Some(key) = key_of(self, entry) {
                self.spawn(key, &entry.export, &entry.args)?;
            }
        }
        match first {
            Some(first) if !example.beside.is_empty() => self.select_task(first),
            _ => Ok(()),
        }
    }

    /// Closes all modules, and what was made of them.
    pub(super) fn close_everything(&mut self) {
        self.discard_machine();
        self.openings.clear();
        let open: Vec<ModuleKey> = self.modules.iter().map(|open| open.key).collect();
        for key in open {
            self.remember_file(key);
            self.watches.forget_module(key);
            self.bookmarks.forget_module(key);
            self.memory.forget_module(key);
        }
        self.modules.clear();
        self.templates.clear();
        self.breakpoints.clear();
        self.code_search = None;
        self.drop_import_breaks();
        self.answer_rules.clear();
        self.invocation = None;
    }

    pub(super) fn close(&mut self, key: ModuleKey) -> Result<(), SessionError> {
        self.module_mut(key)?;
        self.remember_file(key);
        let in_use = |machine: &Machine| machine.instance_of(key).is_some();
        if self.machine.as_ref().is_some_and(in_use) {
            self.discard_machine();
        }
        self.modules.retain(|open| open.key != key);
        self.breakpoints.retain(|entry| entry.state.module != key);
        self.retain_watchpoints(|state| state.target.module() != Some(key));
        self.watches.forget_module(key);
        self.drop_import_breaks();
        self.trails.forget_module(key);
        self.memory.forget_module(key);
        self.templates.retain(|template| template.module != key);
        self.code_search.iter_mut().for_each(|search| search.forget_module(key));
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

    pub(super) fn rename(&mut self, key: ModuleKey, name: String) -> Result<(), SessionError> {
        let input = |message: &str| SessionError::Input { field: 0, message: message.to_owned() };
        if name.is_empty() {
            return Err(input("a module needs a name to be linked by"));
        }
        if self.modules.iter().any(|open| open.name == name && open.key != key) {
            return Err(input("another module has this name"));
        }
        let linked = |session: &Self| {
            let imports = session.modules.iter().flat_map(|open| &open.imports);
            imports.filter(|import| import.source == ImportSource::Module(key)).count()
        };
        let (before, old) = (linked(self), self.module(key).map(|open| open.name.clone()));
        let new = path_part(&name).into_owned();
        self.follow_rename(old.as_deref().unwrap_or_default(), &name);
        self.module_mut(key)?.name = name;
        self.resolve();
        let (after, old) = (linked(self), old.unwrap_or_default());
        if after < before {
            let imports = match before - after {
                1 => "1 import".to_owned(),
                lost => format!("{lost} imports"),
            };
            let old = path_part(&old);
            let text = format!("{imports} of {old}: {new} does not satisfy what names {old}");
            self.notify(false, text);
        }
        Ok(())
    }

    /// Finds out anew who satisfies each import.
    pub(super) fn resolve(&mut self) {
        self.links_changed = true;
        let names: HashMap<&str, &OpenModule> =
            self.modules.iter().map(|open| (open.name.as_str(), open)).collect();
        let mut matching = Matching::new();
        let mut source_of = |open: &OpenModule, position: usize| {
            let import = open.module.imports().get(position)?;
            let named = |name: &str| names.get(name).filter(|provider| provider.key != open.key);
            let by_name = || named(&import.module);
            let provider = match open.imports.get(position).map(|state| &state.provider) {
                Some(ProviderChoice::Module(name)) => named(name).or_else(by_name),
                Some(ProviderChoice::NoModule) => None,
                Some(ProviderChoice::ByName) | None => by_name(),
            };
            match provider {
                Some(provider) => Some(link(&mut matching, provider, open, position, import)),
                None => chosen(open, position),
            }
        };
        let sources: Vec<Vec<Option<ImportSource>>> = self
            .modules
            .iter()
            .map(|open| (0..open.imports.len()).map(|import| source_of(open, import)).collect())
            .collect();
        for (open, sources) in self.modules.iter_mut().zip(sources) {
            for (state, source) in open.imports.iter_mut().zip(sources) {
                state.source = source.unwrap_or(ImportSource::Nobody);
            }
        }
    }

    /// Has a person's choice satisfy an import, unless a module does.
    pub(super) fn choose_set(
        &mut self,
        module: ModuleKey,
        import: usize,
        choice: SetChoice,
    ) -> Result<(), SessionError> {
        let open = self.module_mut(module)?;
        let state = open.imports.get_mut(import);
        let state = state.ok_or_else(|| not_now("the module has no such import"))?;
        state.choice = choice;
        let by_module =
            matches!(state.source, ImportSource::Module(_) | ImportSource::Mismatch(..));
        if !by_module
            && let Some(source) = chosen(open, import)
            && let Some(state) = open.imports.get_mut(import)
        {
            state.source = source;
        }
        self.links_changed = true;
        Ok(())
    }

    /// Opened modules, in order of opening.
    pub fn modules(&self) -> &[OpenModule] {
        &self.modules
    }

    /// An opened module.
    pub fn module(&self, key: ModuleKey) -> Option<&OpenModule> {
        self.modules.iter().find(|open| open.key == key)
    }

    pub(super) fn module_mut(&mut self, key: ModuleKey) -> Result<&mut OpenModule, SessionError> {
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
}

/// What a person's choice comes to, for an import that no module satisfies.
fn chosen(open: &OpenModule, position: usize) -> Option<ImportSource> {
    let import = open.module.imports().get(position)?;
    let set = match open.imports.get(position)?.choice {
        SetChoice::Guess => open.importer.guess(import),
        SetChoice::Nobody => None,
        SetChoice::Given(set) => Some(set),
    };
    Some(set.map_or(ImportSource::Nobody, ImportSource::Set))
}

/// Whether a module has what another imports from it.
fn link(
    matching: &mut Matching,
    provider: &OpenModule,
    importer: &OpenModule,
    position: usize,
    import: &Import,
) -> ImportSource {
    let Some(export) = provider.module.export(&import.name) else {
        return ImportSource::Mismatch(
            provider.key,
            format!("{} exports no {}", path_part(&provider.name), quoted(&import.name)),
        );
    };
    if matching.fits(&provider.module, export.item, &importer.module, position) {
        return ImportSource::Module(provider.key);
    }
    let ty = provider.module.export_type(export.item);
    let found = ty.map_or_else(String::new, |ty| extern_type(&provider.module, &ty));
    let wanted = extern_type(&importer.module, &import.ty);
    ImportSource::Mismatch(provider.key, format!("{wanted} wanted, {found} exported"))
}
