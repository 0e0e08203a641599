//! Executes a script, command by command, in one store.

use std::collections::HashMap;

use stepwell_engine::{
    Config, Engine, Error, Extern, InstanceId, Linker, Module, Store, TrapCode, Value,
};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::Id;
use wast::{QuoteWat, QuoteWatTest, Wast, WastDirective, WastExecute, WastInvoke, Wat};

use super::values::{argument, matches, pattern_text, values_text};
use super::{Mismatch, Report};
use crate::hosts::HostState;

/// Runs a script with the engine's usual limits.
pub fn run_script(text: &str) -> Report {
    run_script_on(&Engine::new(Config::default()), text)
}

/// Runs a script. Its commands share one store; `spectest` is there to be imported.
pub fn run_script_on(engine: &Engine, text: &str) -> Report {
    let mut report = Report::default();
    let wrong_script = |error: &wast::Error| {
        let (line, column) = error.span().linecol_in(text);
        Mismatch { line: line + 1, column: column + 1, message: error.message() }
    };
    let mut lexer = Lexer::new(text);
    // The suite has names in every script there is.
    lexer.allow_confusing_unicode(true);
    let buffer = match ParseBuffer::new_with_lexer(lexer) {
        Ok(buffer) => buffer,
        Err(error) => {
            report.failures.push(wrong_script(&error));
            return report;
        }
    };
    let script = match parser::parse::<Wast<'_>>(&buffer) {
        Ok(script) => script,
        Err(error) => {
            report.failures.push(wrong_script(&error));
            return report;
        }
    };
    let mut runner = match Runner::new(engine) {
        Ok(runner) => runner,
        Err(error) => {
            let message = format!("spectest: {error}");
            report.failures.push(Mismatch { line: 1, column: 1, message });
            return report;
        }
    };
    for directive in script.directives {
        let span = directive.span();
        match runner.directive(directive) {
            Ok(()) => report.passed += 1,
            Err(message) => {
                let (line, column) = span.linecol_in(text);
                report.failures.push(Mismatch { line: line + 1, column: column + 1, message });
            }
        }
    }
    report
}

/// What a script has made so far.
struct Runner {
    engine: Engine,
    store: Store,
    linker: Linker,
    definitions: HashMap<String, Module>,
    last_definition: Option<Module>,
    instances: HashMap<String, InstanceId>,
    current: Option<InstanceId>,
}

/// Why an execution did not return.
enum Ended {
    Trapped(TrapCode),
    Failed(String),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error {
            Error::Trap(trap) => Ended::Trapped(trap.code),
            other => Ended::Failed(other.to_string()),
        }
    }
}

impl From<String> for Ended {
    fn from(message: String) -> Self {
        Ended::Failed(message)
    }
}

impl Runner {
    fn new(engine: &Engine) -> Result<Self, Error> {
        let mut store = Store::new(engine);
        let mut linker = Linker::new();
        HostState::default().define_spectest(&mut linker, &mut store)?;
        Ok(Self {
            engine: engine.clone(),
            store,
            linker,
            definitions: HashMap::new(),
            last_definition: None,
            instances: HashMap::new(),
            current: None,
        })
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), String> {
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let module = self.load(&mut module).map_err(Refusal::into_message)?;
                self.instantiate(&module, name).map_err(told)
            }
            WastDirective::ModuleDefinition(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let module = self.load(&mut module).map_err(Refusal::into_message)?;
                if let Some(name) = name {
                    self.definitions.insert(name, module.clone());
                }
                self.last_definition = Some(module);
                Ok(())
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                let module = match module {
                    Some(id) => self.definitions.get(id.name()),
                    None => self.last_definition.as_ref(),
                };
                let module = module.cloned().ok_or("no such module definition")?;
                self.instantiate(&module, instance.map(|id| id.name().to_owned())).map_err(told)
            }
            WastDirective::Register { name, module, .. } => {
                let instance = self.instance(module)?;
                self.linker.define_instance(name, instance);
                Ok(())
            }
            WastDirective::Invoke(invoke) => self.invoke(&invoke).map(drop).map_err(told),
            WastDirective::AssertReturn { exec, results, .. } => {
                let values = self.execute(exec).map_err(told)?;
                let fits = values.len() == results.len()
                    && values
                        .iter()
                        .zip(&results)
                        .all(|(value, pattern)| matches(&self.store, value, pattern));
                if fits {
                    return Ok(());
                }
                let wanted: Vec<String> = results.iter().map(pattern_text).collect();
                let wanted =
                    if wanted.is_empty() { "nothing".to_owned() } else { wanted.join(" ") };
                Err(format!("expected {wanted}, got {}", values_text(&values)))
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                trapped(self.execute(exec), message, trap_matches)
            }
            WastDirective::AssertException { exec, .. } => {
                trapped(self.execute(exec), "an exception", |code, _| {
                    matches!(code, TrapCode::Exception(_))
                })
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                trapped(self.invoke(&call), message, |code, _| {
                    *code == TrapCode::CallStackExhausted
                })
            }
            WastDirective::AssertMalformed { mut module, message, .. } => {
                match self.load(&mut module) {
                    Err(Refusal::Malformed(_) | Refusal::Unsupported(_)) => Ok(()),
                    Err(Refusal::Invalid(found)) => {
                        Err(format!("expected malformed ({message}), got invalid: {found}"))
                    }
                    Ok(_) => Err(format!("expected malformed ({message}), but it was accepted")),
                }
            }
            WastDirective::AssertInvalid { mut module, message, .. } => {
                match self.load(&mut module) {
                    Err(Refusal::Invalid(_) | Refusal::Unsupported(_)) => Ok(()),
                    Err(Refusal::Malformed(found)) => {
                        Err(format!("expected invalid ({message}), got malformed: {found}"))
                    }
                    Ok(_) => Err(format!("expected invalid ({message}), but it was accepted")),
                }
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                let loaded = self.load(&mut QuoteWat::Wat(module));
                let module = loaded.map_err(Refusal::into_message)?;
                match self.linker.instantiate(&mut self.store, &module) {
                    Err(Error::Link { .. }) => Ok(()),
                    Err(other) => Err(format!("expected unlinkable ({message}), got: {other}")),
                    Ok(_) => Err(format!("expected unlinkable ({message}), but it was linked")),
                }
            }
            WastDirective::AssertInvalidCustom { .. }
            | WastDirective::AssertMalformedCustom { .. }
            | WastDirective::AssertSuspension { .. }
            | WastDirective::Thread(_)
            | WastDirective::Wait { .. } => Err("this command is not supported".to_owned()),
        }
    }

    /// Text or bytes to a module.
    fn load(&self, module: &mut QuoteWat<'_>) -> Result<Module, Refusal> {
        let text_error = |error: wast::Error| Refusal::Malformed(error.message());
        let bytes = match module.to_test().map_err(text_error)? {
            QuoteWatTest::Binary(bytes) => bytes,
            QuoteWatTest::Text(text) => {
                let text = String::from_utf8(text)
                    .map_err(|_| Refusal::Malformed("malformed UTF-8 encoding".to_owned()))?;
                let buffer = ParseBuffer::new(&text).map_err(text_error)?;
                let mut module = parser::parse::<Wat<'_>>(&buffer).map_err(text_error)?;
                module.encode().map_err(text_error)?
            }
        };
        Module::new(&self.engine, &bytes).map_err(|error| match error {
            Error::Malformed { .. } => Refusal::Malformed(error.to_string()),
            Error::Unsupported { .. } => Refusal::Unsupported(error.to_string()),
            other => Refusal::Invalid(other.to_string()),
        })
    }

    fn instantiate(&mut self, module: &Module, name: Option<String>) -> Result<(), Ended> {
        let instance = self.linker.instantiate(&mut self.store, module)?;
        self.current = Some(instance);
        if let Some(name) = name {
            self.instances.insert(name, instance);
        }
        Ok(())
    }

    fn instance(&self, name: Option<Id<'_>>) -> Result<InstanceId, String> {
        match name {
            Some(name) => {
                let known = self.instances.get(name.name()).copied();
                known.ok_or_else(|| format!("no module named ${}", name.name()))
            }
            None => self.current.ok_or_else(|| "no module has been instantiated".to_owned()),
        }
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Vec<Value>, Ended> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(module) => {
                let loaded = self.load(&mut QuoteWat::Wat(module));
                let module = loaded.map_err(Refusal::into_message)?;
                self.linker.instantiate(&mut self.store, &module)?;
                Ok(Vec::new())
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                match self.store.export(instance, global) {
                    Some(Extern::Global(addr)) => {
                        let value = self.store.global(addr).map(|(_, value)| value);
                        Ok(value.into_iter().collect())
                    }
                    _ => Err(Ended::Failed(format!("no global exported as {global:?}"))),
                }
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Vec<Value>, Ended> {
        let instance = self.instance(invoke.module)?;
        let args: Result<Vec<Value>, String> = invoke.args.iter().map(argument).collect();
        let func = self.store.export_func(instance, invoke.name)?;
        Ok(self.store.invoke(func, &args?)?)
    }
}

/// Why a module was refused.
enum Refusal {
    Malformed(String),
    Invalid(String),
    /// Valid in a later version or with a proposal that the engine does not have: what the script
    /// calls malformed or invalid may mean something there.
    Unsupported(String),
}

impl Refusal {
    fn into_message(self) -> String {
        match self {
            Refusal::Malformed(message)
            | Refusal::Invalid(message)
            | Refusal::Unsupported(message) => message,
        }
    }
}

fn told(ended: Ended) -> String {
    match ended {
        Ended::Trapped(code) => format!("trap: {code}"),
        Ended::Failed(message) => message,
    }
}

/// Whether an execution ended in the trap that the script wants.
fn trapped(
    result: Result<Vec<Value>, Ended>,
    wanted: &str,
    fits: fn(&TrapCode, &str) -> bool,
) -> Result<(), String> {
    match result {
        Err(Ended::Trapped(code)) if fits(&code, wanted) => Ok(()),
        Err(ended) => Err(format!("expected trap: {wanted}, got {}", told(ended))),
        Ok(values) => Err(format!("expected trap: {wanted}, returned {}", values_text(&values))),
    }
}

/// The suite adds an index to some messages, as `uninitialized element 2`.
fn trap_matches(code: &TrapCode, wanted: &str) -> bool {
    let found = code.to_string();
    wanted.starts_with(&found) || found.starts_with(wanted)
}

#[cfg(test)]
mod tests {
    use super::run_script;

    fn failures(script: &str) -> Vec<String> {
        run_script(script).failures.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn assertions_pass_and_fail_with_their_place() {
        let script = "(module (func (export \"f\") (result i32) i32.const 1))\n\
             (assert_return (invoke \"f\") (i32.const 1))\n\
             (assert_return (invoke \"f\") (i32.const 2))\n\
             (assert_trap (invoke \"f\") \"unreachable\")\n";
        let report = run_script(script);
        assert_eq!(report.passed, 2);
        assert_eq!(
            failures(script),
            ["3:2: expected i32:2, got i32:1", "4:2: expected trap: unreachable, returned i32:1"]
        );
    }

    #[test]
    fn malformed_and_invalid_are_told_apart() {
        let invalid = "(assert_malformed (module (func (result i32))) \"x\")";
        assert!(failures(invalid)[0].contains("got invalid"));
        let malformed = "(assert_invalid (module binary \"\\00asn\") \"x\")";
        assert!(failures(malformed)[0].contains("got malformed"));
    }

    #[test]
    fn a_script_that_cannot_be_read_fails_once() {
        assert_eq!(failures("(module"), ["1:8: expected `)`"]);
    }
}
