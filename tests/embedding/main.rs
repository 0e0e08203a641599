//! The engine as a library: linking, who calls, start functions, errors of the interface.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod async_calls;
mod attribution;
mod causes;
mod crossings;
mod endings;
mod externals;
mod limits;
mod linking;
mod loading;
mod pooling;
mod prelinking;
mod records;
mod reentry;
mod restoring;
mod sched;
mod strings;
mod tasks;
mod threads;
mod typed;

use stepwell_engine::{Config, Engine, InstanceId, Linker, Module, Store, Value};

/// A module from text.
fn module(text: &str) -> Module {
    Module::from_wat(&Engine::new(Config::default()), text).expect(text)
}

/// A store with one instance of a module that imports nothing.
fn single(text: &str) -> (Store, InstanceId) {
    let mut store = Store::new(&Engine::default());
    let instance = Linker::new().instantiate(&mut store, &module(text)).unwrap();
    (store, instance)
}

/// Runs an export to its end.
fn invoke(store: &mut Store, instance: InstanceId, export: &str, args: &[Value]) -> Vec<Value> {
    let func = store.export_func(instance, export).unwrap();
    store.invoke(func, args).unwrap()
}
