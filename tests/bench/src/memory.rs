//! Memories: instantiation, and the clone that a snapshot is.

use std::hint::black_box;

use stepwell_engine::{Config, Engine, Linker, Module, Store};

use crate::measure::{least, line};

pub fn measure() -> Result<(), stepwell_engine::Error> {
    let engine = Engine::new(Config::default());
    for pages in [1, 1000] {
        let text = format!(r#"(module (memory {pages}) (data (i32.const 0) "stepwell"))"#);
        let module = Module::from_wat(&engine, &text)?;
        let time = least(50, || {
            let mut store = Store::new(&engine);
            black_box(Linker::new().instantiate(&mut store, &module).is_ok());
        });
        line(&format!("instantiate.{pages}_pages"), time.as_secs_f64() * 1e6, "us");

        let mut store = Store::new(&engine);
        Linker::new().instantiate(&mut store, &module)?;
        let time = least(20, || {
            black_box(store.state().clone());
        });
        line(&format!("snapshot.{pages}_pages"), time.as_secs_f64() * 1e6, "us");
    }
    Ok(())
}
