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
    let text = r#"(module (memory 65536) (func (export "touch") (result i32)
      i32.const -4  i32.const 7  i32.store  i32.const -4  i32.load))"#;
    touch("initial_4_gib", &engine, text)?;
    let text = r#"(module (memory 0) (func (export "touch") (result i32)
      i32.const 65536  memory.grow  drop  i32.const -4  i32.const 7  i32.store
      i32.const -4  i32.load))"#;
    touch("grow_to_4_gib", &engine, text)?;
    let text = r#"(module (memory 0) (func (export "touch") (result i32) (local $i i32)
      loop
        i32.const 256  memory.grow  drop
        memory.size  i32.const 16  i32.shl  i32.const 4  i32.sub  i32.const 7  i32.store
        local.get $i  i32.const 1  i32.add  local.tee $i  i32.const 192  i32.lt_u  br_if 0
      end
      i32.const 7))"#;
    touch("192_grows_to_3_gib", &engine, text)?;
    Ok(())
}

/// Instantiates a module and calls `touch`, which answers 7.
fn touch(name: &str, engine: &Engine, text: &str) -> Result<(), stepwell_engine::Error> {
    let module = Module::from_wat(engine, text)?;
    let mut answers = true;
    let time = least(9, || {
        let mut store = Store::new(engine);
        let result = Linker::new().instantiate(&mut store, &module).and_then(|instance| {
            let touch = store.export_func(instance, "touch")?;
            store.invoke(touch, &[])
        });
        answers &= result.is_ok_and(|values| values == [stepwell_engine::Value::I32(7)]);
    });
    line(&format!("memory.{name}"), time.as_secs_f64() * 1e6, "us");
    line(&format!("memory.{name}.answers"), f64::from(u8::from(answers)), "");
    Ok(())
}
