//! How an export is started, and what prepares its module first.

use std::collections::HashSet;

use stepwell_engine::Value;
use stepwell_engine::module::{Export, ExportItem};
use stepwell_engine::text::{dotted, path_part, quoted};
use stepwell_wasi::INITIALIZE;

use super::command::ModuleKey;
use super::machine::{self, Machine, Preparing};
use super::remembered::Remembered;
use super::types::{ImportSource, RunState, SessionError, StopReason};
use super::value_text::parse_value;
use super::{Invocation, Session, not_now};

impl Session {
    /// Stands before the first instruction of an export, or of what prepares its module.
    pub(super) fn start(
        &mut self,
        key: ModuleKey,
        export: &str,
        texts: &[String],
    ) -> Result<(), SessionError> {
        let args = self.read_args(key, export, texts)?;
        let ended =
            matches!(self.state, RunState::Stopped(StopReason::Trap(_) | StopReason::Exit(_)));
        // What has ended itself is not to be called again, and a command's `_start` is called once.
        let half_made = |machine: &Machine| machine.tasks.in_preparation().next().is_some();
        let half_made = self.machine.as_ref().is_some_and(half_made);
        if self.links_changed || ended || half_made || export == "_start" {
            self.discard_machine();
        }
        if let Some(machine) = &mut self.machine {
            machine.clear_tasks();
            self.origins.clear();
        }
        // Wherever one was going, it is not there any more.
        (self.journey, self.present) = (None, None);
        self.calls.forget_all_pending();
        self.begin_answer_rules();
        self.hosts.begin(&self.program_name(key))?;
        self.add_task(key, export, args)?;
        self.begun_again = false;
        self.invocation =
            Some(Invocation { module: key, export: export.to_owned(), args: texts.to_vec() });
        Ok(())
    }

    /// Adds a task that stands before the first instruction of an export, and selects it. Modules that
    /// have been opened since the run began join it; those that are there stay linked as they are.
    pub(super) fn spawn(
        &mut self,
        key: ModuleKey,
        export: &str,
        texts: &[String],
    ) -> Result<(), SessionError> {
        if self.machine.is_none() {
            return self.start(key, export, texts);
        }
        let args = self.read_args(key, export, texts)?;
        self.stopped_machine()?;
        self.add_task(key, export, args)
    }

    fn add_task(
        &mut self,
        key: ModuleKey,
        export: &str,
        args: Vec<Value>,
    ) -> Result<(), SessionError> {
        let modules = std::mem::take(&mut self.modules);
        let engine = self.engine.clone();
        let machine = self.machine.get_or_insert_with(|| Machine::new(&engine));
        let jobs = machine.plan_call(&modules, key, export, args);
        let made = jobs.and_then(|mut jobs| {
            let task = machine.next_task(&modules, &mut jobs, &self.hosts)?;
            Ok(task.map(|task| (task, jobs)))
        });
        let module = modules.iter().find(|open| open.key == key);
        let title = dotted(module.map_or("?", |open| open.name.as_str()), export);
        self.modules = modules;
        match made {
            Ok(Some((task, jobs))) => {
                machine.tasks.add(title, task, jobs, &self.waker);
            }
            Ok(None) => return Err(not_now("there is nothing to start")),
            // What others run in stays.
            Err(error) if machine.tasks.count() > 0 => return Err(error),
            Err(error) => {
                self.discard_machine();
                return Err(error);
            }
        }
        // A run of several tasks may have been linked at several times.
        if machine.tasks.count() == 1 {
            self.links_changed = false;
        }
        machine.note_change();
        self.remembered = Remembered::default();
        self.memory.clear_marks();
        self.progress = None;
        self.edits.end("an export has been begun since");
        self.ensure_memory_view();
        self.place_import_breaks();
        self.stop(StopReason::Started);
        Ok(())
    }

    /// Whether the run is one more of what had been started before.
    pub fn is_begun_again(&self) -> bool {
        self.begun_again
    }

    /// What the selected task is about, if it does not run its export yet but prepares a module for it.
    pub fn preparing(&self) -> Option<Preparing> {
        machine::preparing(&self.machine.as_ref()?.tasks.current()?.jobs)
    }

    /// The same in words: `_initialize of lib, before lib.get`.
    pub fn preparing_text(&self) -> Option<String> {
        let (what, key) = match self.preparing()? {
            Preparing::StartFunction(key) => ("the start function", key),
            Preparing::Initialize(key) => (INITIALIZE, key),
        };
        let title = &self.machine.as_ref()?.tasks.current()?.title;
        let name = self.module(key).map_or("?", |open| open.name.as_str());
        // What was asked for may be this very function.
        match *title == format!("{name}.{what}") {
            true => None,
            false => Some(format!("{what} of {name}, before {title}")),
        }
    }

    /// `argv[0]` of a program.
    fn program_name(&self, key: ModuleKey) -> String {
        self.module(key).map_or_else(String::new, |open| format!("{}.wasm", open.name))
    }

    /// What to start when nobody has said: `_start` or `main` of the module that no other imports,
    /// else its first function without parameters.
    pub fn proposed_start(&self) -> Option<(ModuleKey, &str)> {
        let imports = self.modules.iter().flat_map(|open| &open.imports);
        let providers = imports.filter_map(|import| match import.source {
            ImportSource::Module(key) => Some(key),
            _ => None,
        });
        let imported: HashSet<ModuleKey> = providers.collect();
        let mut tops = self.modules.iter().rev().filter(|open| !imported.contains(&open.key));
        let main = tops.next().or(self.modules.last())?;
        let can_start = |export: &&Export| match export.item {
            ExportItem::Func(func) => {
                main.module.func_type(func).is_some_and(|ty| ty.params().is_empty())
            }
            _ => false,
        };
        let usual = ["_start", "main"].into_iter().filter_map(|name| main.module.export(name));
        // It runs before the others anyway.
        let is_last = |export: &&Export| &*export.name == INITIALIZE;
        let others = main.module.exports().iter().filter(|export| !is_last(export));
        let found = usual.chain(others).chain(main.module.export(INITIALIZE)).find(can_start)?;
        Some((main.key, &*found.name))
    }

    fn read_args(
        &self,
        key: ModuleKey,
        export: &str,
        texts: &[String],
    ) -> Result<Vec<Value>, SessionError> {
        let not_now = |text: String| SessionError::NotNow(text);
        let open = self.module(key).ok_or_else(|| not_now("the module is closed".to_owned()))?;
        let item = open.module.export(export).map(|export| export.item);
        let ty = match item.and_then(|item| open.module.export_type(item)) {
            Some(stepwell_engine::ExternType::Func(ty)) => ty,
            Some(other) => {
                return Err(not_now(format!("{} is a {}", quoted(export), other.kind())));
            }
            None => {
                return Err(not_now(format!(
                    "{} exports no {}",
                    path_part(&open.name),
                    quoted(export)
                )));
            }
        };
        if ty.params().len() != texts.len() {
            let message = format!("{} arguments needed, {} given", ty.params().len(), texts.len());
            return Err(SessionError::Input { field: 0, message });
        }
        let types = ty.params().iter().zip(texts).enumerate();
        types
            .map(|(field, (ty, text))| {
                parse_value(*ty, text).map_err(|message| SessionError::Input { field, message })
            })
            .collect()
    }
}
