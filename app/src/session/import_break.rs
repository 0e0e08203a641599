//! Breaking on an import: stopping before a host function begins.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use stepwell_engine::expression::{Context, Expression, Scope, Template};
use stepwell_engine::{ExternType, FuncIndex, FuncType, HostCall};

use super::expressions::{self, told};
use super::types::SessionError;
use super::{Session, not_now};

/// When to stop at the calls of an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BreakWhen {
    /// At every call.
    Always,
    /// At the next one only.
    Once,
    /// Where this holds, as `arg 0 == 5`; 0 is the first argument.
    Condition(String),
    /// Never: each call writes this into the log, as `read {arg 2} bytes`.
    Message(String),
}

/// An import at whose calls the run stops.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportBreak {
    /// Module name of the import.
    pub module: String,
    /// Field name of the import.
    pub name: String,
    /// When it stops.
    pub when: BreakWhen,
    /// How often it has been called.
    pub reached: u64,
    /// How often it has stopped, or logged.
    pub hits: u64,
    /// Why its condition had no value at the last call.
    pub failure: Option<String>,
}

/// What becomes of a call.
enum Reached {
    Passes,
    Logs(String),
    Stops,
}

impl BreakWhen {
    /// Whether its text means something for calls of this type.
    fn check(&self, ty: &FuncType) -> Result<(), String> {
        let scope = Scope::of_call(ty);
        let (text, result) = match self {
            BreakWhen::Always | BreakWhen::Once => return Ok(()),
            BreakWhen::Condition(text) => {
                let read = Expression::parse(text);
                (text, read.and_then(|read| read.resolve_condition(&scope)).map(|_| ()))
            }
            BreakWhen::Message(text) => {
                let read = Template::parse(text);
                (text, read.and_then(|read| read.resolve(&scope)).map(|_| ()))
            }
        };
        result.map_err(|error| told(text, &error))
    }
}

impl Session {
    /// Imports at whose calls the run stops.
    pub fn import_breaks(&self) -> &[ImportBreak] {
        &self.import_breaks
    }

    /// When the run stops at calls of an import, if it does.
    pub fn import_break(&self, module: &str, name: &str) -> Option<&ImportBreak> {
        let mut breaks = self.import_breaks.iter();
        breaks.find(|known| known.module == module && known.name == name)
    }

    pub(super) fn set_import_break(
        &mut self,
        module: String,
        name: String,
        when: Option<BreakWhen>,
    ) -> Result<(), SessionError> {
        if let Some(when) = &when {
            let imports = self.modules.iter().flat_map(|open| open.module.imports());
            let mut imports =
                imports.filter(|import| *import.module == *module && *import.name == *name);
            if let Some(ty) = imports.find_map(|import| match &import.ty {
                ExternType::Func(ty) => Some(ty),
                _ => None,
            }) {
                when.check(ty).map_err(|message| SessionError::Input { field: 0, message })?;
            }
        }
        let known = self.import_breaks.iter().position(|known| {
            (known.module.as_str(), known.name.as_str()) == (module.as_str(), name.as_str())
        });
        match (known.and_then(|at| self.import_breaks.get_mut(at)), when) {
            (Some(known), Some(when)) => known.when = when,
            (Some(_), None) => {
                self.import_breaks.retain(|known| known.module != module || known.name != name);
            }
            (None, Some(when)) => {
                let (reached, hits, failure) = (0, 0, None);
                let new = ImportBreak { module, name, when, reached, hits, failure };
                self.import_breaks.push(new);
            }
            (None, None) => return Err(not_now("the run does not stop at this import")),
        }
        self.place_import_breaks();
        Ok(())
    }

    /// Forgets those of imports that no open module has.
    pub(super) fn drop_import_breaks(&mut self) {
        let modules = &self.modules;
        self.import_breaks.retain(|known| {
            let mut imports = modules.iter().flat_map(|open| open.module.imports());
            imports.any(|import| *import.module == *known.module && *import.name == *known.name)
        });
    }

    /// Tells the engine at which host functions to stop.
    pub(super) fn place_import_breaks(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        let breaks = self.import_breaks.iter();
        let breaks: HashSet<(&str, &str)> =
            breaks.map(|known| (known.module.as_str(), known.name.as_str())).collect();
        let mut funcs = Vec::new();
        for open in &self.modules {
            let Some(instance) = machine.instance_of(open.key) else { continue };
            let Some(instance) = machine.store.instance(instance) else { continue };
            // Imported functions come first.
            let imports = open.module.imports().iter();
            let imports = imports.filter(|import| import.ty.kind() == "func");
            for (index, import) in (0..).zip(imports) {
                let Some(func) = instance.func(FuncIndex(index)) else { break };
                let stops = breaks.contains(&(&*import.module, &*import.name));
                if machine.store.is_host_func(func) {
                    funcs.push((func, stops));
                }
            }
        }
        let debugger = machine.store.debugger_mut();
        for (func, stops) in funcs {
            debugger.break_on_call(func, stops);
        }
    }

    /// Whether to stop at a call that has not begun.
    pub(super) fn stops_at(&mut self, call: &HostCall) -> bool {
        let found = self
            .import_breaks
            .iter_mut()
            .position(|known| *known.module == *call.module && *known.name == *call.name);
        let Some(at) = found else { return false };
        let Some(known) = self.import_breaks.get_mut(at) else { return false };
        known.reached += 1;
        let (when, reached) = (known.when.clone(), known.reached);
        let answer = self.ask_at_call(&when, reached, call);
        let Some(known) = self.import_breaks.get_mut(at) else { return false };
        known.failure = answer.as_ref().err().cloned();
        known.hits += u64::from(!matches!(answer, Ok(Reached::Passes)));
        if known.when == BreakWhen::Once {
            self.import_breaks
                .retain(|known| *known.module != *call.module || *known.name != *call.name);
            self.place_import_breaks();
        }
        match answer {
            Ok(Reached::Passes) => false,
            Ok(Reached::Logs(text)) => {
                let frames = self.frames();
                let place = frames.first().and_then(|frame| {
                    let open = self.module_of_instance(frame.instance())?;
                    Some((open.key, frame.offset().0))
                });
                self.log(place, text);
                false
            }
            // Without a value a person has to look.
            Ok(Reached::Stops) | Err(_) => true,
        }
    }

    fn ask_at_call(
        &self,
        when: &BreakWhen,
        reached: u64,
        call: &HostCall,
    ) -> Result<Reached, String> {
        let asked = |scope: &Scope<'_>, context: &Context<'_>| match when {
            BreakWhen::Always | BreakWhen::Once => Ok(Reached::Stops),
            BreakWhen::Condition(text) => match expressions::asked(text, scope, context) {
                Ok(true) => Ok(Reached::Stops),
                Ok(false) => Ok(Reached::Passes),
                Err(error) => Err(told(text, &error)),
            },
            BreakWhen::Message(text) => {
                let message = Template::parse(text).and_then(|read| read.resolve(scope));
                let written = message.map(|message| Reached::Logs(message.text(context)));
                written.map_err(|error| told(text, &error))
            }
        };
        self.at_call(call, reached, asked).unwrap_or(Ok(Reached::Stops))
    }
}
