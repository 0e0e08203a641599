//! Small modules, linked to the sets that are guessed for them and run through the engine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod compilers;
mod console;
mod dynamic;
mod emscripten;
mod guess;
mod log;
mod spectest;
mod unwind;

use stepwell_engine::{Config, Engine, Error, InstanceId, Linker, Module, Store, TrapCode, Value};

use super::{HostState, Importer, Time};

/// A module, linked and instantiated.
struct Run {
    store: Store,
    state: HostState,
    instance: InstanceId,
}

fn module(wat: &str) -> Module {
    Module::from_wat(&Engine::new(Config::default()), wat).expect(wat)
}

impl Run {
    fn new(wat: &str) -> Self {
        let engine = Engine::new(Config::default());
        let mut store = Store::new(&engine);
        let state = HostState::default();
        state.set_time(Time::Counted { begin: 1e12 });
        let instance = link(&mut store, &state, wat);
        Self { store, state, instance }
    }

    fn call(&mut self, export: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
        let func = self.store.export_func(self.instance, export)?;
        self.store.invoke(func, args)
    }

    /// The only result.
    fn result(&mut self, export: &str, args: &[Value]) -> Value {
        self.call(export, args).unwrap()[0]
    }

    fn int(&mut self, export: &str, args: &[i32]) -> i32 {
        let args: Vec<Value> = args.iter().copied().map(Value::I32).collect();
        match self.result(export, &args) {
            Value::I32(value) => value,
            other => panic!("{other}"),
        }
    }

    /// The message that a call traps with.
    fn trap(&mut self, export: &str, args: &[i32]) -> String {
        let args: Vec<Value> = args.iter().copied().map(Value::I32).collect();
        match self.call(export, &args) {
            Err(Error::Trap(trap)) => match trap.code {
                TrapCode::Host(message) => message.to_string(),
                other => panic!("{other}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn text(&self) -> String {
        self.state.log().text()
    }
}

/// Links all imports of a module to the sets that they mean.
fn link(store: &mut Store, state: &HostState, wat: &str) -> InstanceId {
    let module = Module::from_wat(store.engine(), wat).expect(wat);
    let mut linker = Linker::new();
    for import in module.imports() {
        let set = Importer::of(&module).guess(import).unwrap_or_else(|| panic!("{import:?}"));
        assert!(state.define(set, import, &mut linker, store).unwrap(), "{import:?}");
    }
    linker.instantiate(store, &module).unwrap()
}
