//! Memories: instantiation, and the clone that a snapshot is.

use std::hint::black_box;
use std::time::Instant;

use stepwell_engine::{Allocation, Config, Engine, Linker, Module, Pooling, Store};

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
    pooled()?;
    shared_code()?;
    bare()?;
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

/// A small module, instantiated in a store of its own and dropped, from a pool.
fn pooled() -> Result<(), stepwell_engine::Error> {
    let text = r#"(module (memory 1) (data (i32.const 0) "stepwell") (table 4 funcref)
      (func (export "touch") i32.const 8  i32.const 7  i32.store))"#;
    let allocation = Allocation::Pooling(Pooling::default());
    let engines = [
        ("on_demand", Engine::new(Config::default())),
        ("pool", Engine::new(Config::default().allocation(allocation))),
    ];
    for (name, engine) in &engines {
        let module = Module::from_wat(engine, text)?;
        let linker = Linker::new();
        for (what, touched) in [("instantiate", false), ("instantiate_and_touch", true)] {
            let mut least = f64::MAX;
            for _ in 0..9 {
                let mut times = 0.0;
                for _ in 0..1_000 {
                    let start = Instant::now();
                    let mut store = Store::new(engine);
                    let instance = linker.instantiate(&mut store, &module)?;
                    if touched {
                        let touch = store.export_func(instance, "touch")?;
                        store.invoke(touch, &[])?;
                    }
                    times += start.elapsed().as_secs_f64();
                    drop(black_box(store));
                }
                least = least.min(times / 1e3);
            }
            line(&format!("{what}.{name}"), least * 1e6, "us");
        }
        let time = least(9, || {
            for _ in 0..1_000 {
                let mut store = Store::new(engine);
                black_box(linker.instantiate(&mut store, &module).is_ok());
            }
        });
        line(&format!("instantiate_and_drop.{name}"), time.as_secs_f64() * 1e3, "us");
    }
    Ok(())
}

/// What an instance of a module with much code takes.
fn shared_code() -> Result<(), stepwell_engine::Error> {
    let engine = Engine::new(Config::default());
    let module = Module::new(&engine, crate::compiled::MODULE)?;
    let mut store = Store::new(&engine);
    let before = crate::ALLOCATOR.allocated();
    for _ in 0..100 {
        Linker::new().instantiate(&mut store, &module)?;
    }
    // The memories are mapped and not counted here: what remains are the index spaces.
    let each = (crate::ALLOCATOR.allocated() - before) as f64 / 100.0;
    line("instance.module_size", crate::compiled::MODULE.len() as f64, "bytes");
    line("instance.allocated", each, "bytes");
    Ok(())
}

/// The same addresses and touches on a bare mapping.
fn bare() -> Result<(), stepwell_engine::Error> {
    let map = || memmap2::MmapOptions::new().len(4 << 30).no_reserve_swap().map_anon();
    let time = least(9, || {
        if let Ok(mut map) = map() {
            black_box(map.last_mut().map(|last| *last = 7));
        }
    });
    line("memory.bare.4_gib", time.as_secs_f64() * 1e6, "us");
    let time = least(9, || {
        if let Ok(mut map) = map() {
            for touched in 1..=192usize {
                black_box(map.get_mut((touched << 24) - 4).map(|byte| *byte = 7));
            }
        }
    });
    line("memory.bare.192_touches", time.as_secs_f64() * 1e6, "us");
    Ok(())
}
