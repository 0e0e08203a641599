//! Breaking on an import: stopping before a host function begins.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use stepwell_engine::{FuncIndex, HostCall, Value};

use super::breakpoint::{Comparison, split_comparison};
use super::types::SessionError;
use super::value_text::parse_value;
use super::{Session, not_now};

/// When to stop at the calls of an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BreakWhen {
    /// At every call.
    Always,
    /// At the next one only.
    Once,
    /// Where this holds of an argument, as `arg 0 == 5`; 0 is the first.
    Condition(String),
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
    /// How often it has stopped.
    pub hits: u64,
}

/// `arg N comparison value`.
fn parse(text: &str) -> Result<(usize, Comparison, String), String> {
    let help = "write a comparison of an argument, as `arg 0 == 5`";
    let (left, comparison, right) = split_comparison(text).ok_or(help)?;
    let index = left.strip_prefix("arg").and_then(|rest| rest.trim().parse().ok()).ok_or(help)?;
    Ok((index, comparison, right.to_owned()))
}

/// Whether a condition holds of the arguments; one that is not there does not fulfil it.
fn holds(condition: &str, args: &[Value]) -> bool {
    let Ok((index, comparison, right)) = parse(condition) else { return false };
    let Some(left) = args.get(index) else { return false };
    parse_value(left.ty(), &right).is_ok_and(|right| comparison.holds(*left, right))
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
        if let Some(BreakWhen::Condition(text)) = &when {
            parse(text).map_err(|message| SessionError::Input { field: 0, message })?;
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
                self.import_breaks.push(ImportBreak { module, name, when, hits: 0 });
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
        let Some(known) = found.and_then(|at| self.import_breaks.get_mut(at)) else { return false };
        let stops = match &known.when {
            BreakWhen::Always | BreakWhen::Once => true,
            BreakWhen::Condition(text) => holds(text, &call.args),
        };
        known.hits += u64::from(stops);
        if known.when == BreakWhen::Once {
            self.import_breaks
                .retain(|known| *known.module != *call.module || *known.name != *call.name);
            self.place_import_breaks();
        }
        stops
    }
}
