//! Executes a script, command by command.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use stepwell_engine::text_format::{Source, TextError};
use stepwell_engine::{
    Config, Engine, Error, Extern, InstanceId, Instantiation, Linker, Module, Store, Value,
};
use wast::parser;
use wast::token::Id;
use wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, WastRet, WastThread, Wat};

use super::outcome::{self, Ended, Wrong};
use super::refusal::{Kind, Refusal, load};
use super::turns::Turns;
use super::values::{argument, results_match};
use super::{Mismatch, Report};
use crate::hosts::HostState;

/// Runs a script with the engine's usual limits.
pub fn run_script(text: &str) -> Report {
    run_script_on(&Engine::new(Config::default()), text)
}

/// Runs a script. Its commands share one store; `spectest` is there to be imported.
pub fn run_script_on(engine: &Engine, text: &str) -> Report {
    let unreadable = |error: &TextError| Report { passed: 0, failures: vec![Mismatch::at(error)] };
    let source = match Source::new(text) {
        Ok(source) => source,
        Err(error) => return unreadable(&error),
    };
    let buffer = match source.buffer() {
        Ok(buffer) => buffer,
        Err(error) => return unreadable(&error),
    };
    let script = match parser::parse::<Wast<'_>>(&buffer) {
        Ok(script) => script,
        Err(error) => return unreadable(&source.error(&error)),
    };
    let (mut store, mut linker) = (Store::new(engine), Linker::new());
    if let Err(error) = HostState::default().define_spectest(&mut linker, &mut store) {
        let message = format!("spectest: {error}");
        let first = Mismatch { line: 1, column: 1, message, ..Mismatch::default() };
        return Report { passed: 0, failures: vec![first] };
    }
    let report = Rc::default();
    let turns = Rc::new(Turns::new(store));
    let scripts = Scripts { engine, source: &source, spectest: &linker };
    let runner = Runner::new(scripts, turns.clone(), Rc::clone(&report));
    turns.run(runner.run(script.directives));
    report.take()
}

/// What all threads of a script begin with.
#[derive(Clone, Copy)]
struct Scripts<'s> {
    engine: &'s Engine,
    source: &'s Source<'s>,
    spectest: &'s Linker,
}

/// What a script, or a thread of it, has made so far.
struct Runner<'s> {
    scripts: Scripts<'s>,
    turns: Rc<Turns<'s>>,
    report: Rc<RefCell<Report>>,
    linker: Linker,
    definitions: HashMap<String, Module>,
    last_definition: Option<Module>,
    instances: HashMap<String, InstanceId>,
    current: Option<InstanceId>,
    /// Threads, and whether each has come to its end.
    threads: HashMap<String, Rc<Cell<bool>>>,
}

impl<'s> Runner<'s> {
    fn new(scripts: Scripts<'s>, turns: Rc<Turns<'s>>, report: Rc<RefCell<Report>>) -> Self {
        Self {
            scripts,
            turns,
            report,
            linker: scripts.spectest.clone(),
            definitions: HashMap::new(),
            last_definition: None,
            instances: HashMap::new(),
            current: None,
            threads: HashMap::new(),
        }
    }

    async fn run(mut self, directives: Vec<WastDirective<'s>>) {
        for directive in directives {
            let span = directive.span();
            let result = self.directive(directive).await;
            let mut report = self.report.borrow_mut();
            match result {
                Ok(()) => report.passed += 1,
                Err(wrong) => {
                    let (line, column) = self.scripts.source.position(span.offset());
                    let here = Mismatch { line, column, ..Mismatch::default() };
                    let place = wrong.place.unwrap_or(here);
                    report.failures.push(Mismatch { message: wrong.message, ..place });
                }
            }
        }
    }

    async fn directive(&mut self, directive: WastDirective<'s>) -> Result<(), Wrong> {
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let module = self.load(&mut module)?;
                Ok(self.instantiate(&module, name).await?)
            }
            WastDirective::ModuleDefinition(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let module = self.load(&mut module)?;
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
                let name = instance.map(|id| id.name().to_owned());
                Ok(self.instantiate(&module, name).await?)
            }
            WastDirective::Register { name, module, .. } => {
                let instance = self.instance(module)?;
                self.linker.define_instance(name, instance);
                Ok(())
            }
            WastDirective::Invoke(invoke) => Ok(self.invoke(&invoke).await.map(drop)?),
            WastDirective::AssertReturn { exec, results, .. } => {
                let instance = self.instance_of(&exec);
                let outcome = self.execute(exec).await;
                self.returned(instance, outcome, &results)
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                Ok(outcome::trap(self.execute(exec).await, message)?)
            }
            WastDirective::AssertException { exec, .. } => {
                Ok(outcome::exception(self.execute(exec).await)?)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                Ok(outcome::exhaustion(self.invoke(&call).await, message)?)
            }
            WastDirective::AssertSuspension { exec, message, .. } => {
                Ok(outcome::suspension(self.execute(exec).await, message)?)
            }
            WastDirective::AssertMalformed { mut module, message, .. } => {
                self.refused(&mut module, Kind::Malformed, message)
            }
            WastDirective::AssertInvalid { mut module, message, .. } => {
                self.refused(&mut module, Kind::Invalid, message)
            }
            // What is wrong with a section that the engine does not read is found in its text only.
            WastDirective::AssertMalformedCustom { mut module, message, .. } => {
                self.refused(&mut module, Kind::Malformed, message)
            }
            WastDirective::AssertInvalidCustom { mut module, message, .. } => {
                self.refused(&mut module, Kind::Invalid, message)
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                let module = self.load(&mut QuoteWat::Wat(module))?;
                match self.link(&module).await {
                    Err(Error::Link { .. }) => Ok(()),
                    Err(other) => Err(format!("expected unlinkable ({message}), got: {other}"))?,
                    Ok(_) => Err(format!("expected unlinkable ({message}), but it was linked"))?,
                }
            }
            WastDirective::Thread(thread) => self.start(thread),
            WastDirective::Wait { thread, .. } => {
                let unknown = || format!("no thread named ${}", thread.name());
                let done = self.threads.remove(thread.name()).ok_or_else(unknown)?;
                self.turns.join(&done).await;
                Ok(())
            }
        }
    }

    /// Starts a thread: a script of its own, which sees of this one the module that it shares.
    fn start(&mut self, thread: WastThread<'s>) -> Result<(), Wrong> {
        let mut runner = Self::new(self.scripts, self.turns.clone(), self.report.clone());
        if let Some(shared) = thread.shared_module {
            let instance = self.instance(Some(shared))?;
            runner.instances.insert(shared.name().to_owned(), instance);
        }
        let done = self.turns.spawn(runner.run(thread.directives));
        self.threads.insert(thread.name.name().to_owned(), done);
        Ok(())
    }

    /// Text or bytes to a module.
    fn load(&self, module: &mut QuoteWat<'_>) -> Result<Module, Refusal> {
        load(self.scripts.engine, self.scripts.source, module)
    }

    /// Whether a module is refused as the script says.
    fn refused(&self, module: &mut QuoteWat<'_>, wanted: Kind, message: &str) -> Result<(), Wrong> {
        let (what, other) = match wanted {
            Kind::Malformed => ("malformed", "invalid"),
            Kind::Invalid | Kind::Unsupported => ("invalid", "malformed"),
        };
        match self.load(module) {
            Err(Refusal { kind, .. }) if kind == wanted || kind == Kind::Unsupported => Ok(()),
            Err(Refusal { message: found, .. }) => {
                Err(format!("expected {what} ({message}), got {other}: {found}"))?
            }
            Ok(_) => Err(format!("expected {what} ({message}), but it was accepted"))?,
        }
    }

    /// Links a module and runs its start function.
    async fn link(&self, module: &Module) -> Result<InstanceId, Error> {
        let made = self.linker.begin_instantiate(&mut self.turns.store.borrow_mut(), module);
        let Instantiation { instance, start } = made?;
        if let Some(start) = start {
            self.turns.finish(start).await?;
        }
        Ok(instance)
    }

    async fn instantiate(&mut self, module: &Module, name: Option<String>) -> Result<(), Ended> {
        let instance = self.link(module).await?;
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

    /// The instance that an execution asks.
    fn instance_of(&self, exec: &WastExecute<'_>) -> Option<InstanceId> {
        match exec {
            WastExecute::Invoke(invoke) => self.instance(invoke.module).ok(),
            WastExecute::Get { module, .. } => self.instance(*module).ok(),
            WastExecute::Wat(_) => None,
        }
    }

    async fn execute(&self, exec: WastExecute<'_>) -> Result<Vec<Value>, Ended> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke).await,
            WastExecute::Wat(module) => self.run_start(module).await,
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                let store = self.turns.store.borrow();
                match store.export(instance, global) {
                    Some(Extern::Global(addr)) => {
                        Ok(store.global(addr).map(|(_, value)| value).into_iter().collect())
                    }
                    _ => Err(Ended::Failed(format!("no global exported as {global:?}"))),
                }
            }
        }
    }

    /// A module that is there for what its start function does.
    async fn run_start(&self, module: Wat<'_>) -> Result<Vec<Value>, Ended> {
        let module = self.load(&mut QuoteWat::Wat(module));
        let module = module.map_err(|refusal| Ended::Failed(refusal.message))?;
        self.link(&module).await?;
        Ok(Vec::new())
    }

    async fn invoke(&self, invoke: &WastInvoke<'_>) -> Result<Vec<Value>, Ended> {
        let instance = self.instance(invoke.module)?;
        let args: Result<Vec<Value>, String> = invoke.args.iter().map(argument).collect();
        let args = args?;
        let started = {
            let mut store = self.turns.store.borrow_mut();
            let func = store.export_func(instance, invoke.name)?;
            store.start(func, &args)
        };
        Ok(self.turns.finish(started?).await?)
    }

    /// Whether results are those that the script wants.
    fn returned(
        &self,
        instance: Option<InstanceId>,
        outcome: outcome::Outcome,
        patterns: &[WastRet<'_>],
    ) -> Result<(), Wrong> {
        let store = self.turns.store.borrow();
        match &outcome {
            Ok(values) if results_match(&store, instance, values, patterns) => Ok(()),
            _ => Err(outcome::results(&outcome, patterns))?,
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
