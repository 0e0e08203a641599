//! Wasmtime's interpreter, as a peer.

use wasmtime::{Config, Engine, Instance, Module, Result, Store, TypedFunc};

/// An instance of a program there.
pub struct Peer {
    store: Store<()>,
    func: TypedFunc<i32, i32>,
}

impl Peer {
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let mut config = Config::new();
        config.target("pulley64")?.wasm_gc(true).wasm_function_references(true);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, bytes)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let func = instance.get_typed_func(&mut store, "run")?;
        Ok(Self { store, func })
    }

    pub fn run(&mut self, argument: i32) -> Result<i32> {
        self.func.call(&mut self.store, argument)
    }
}
