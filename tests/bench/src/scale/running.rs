//! What is done to a store with much in it: breakpoints, waiters, exceptions, collections.

use std::fmt::Write as _;

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::Breakpoint;
use stepwell_engine::sched::{Priority, Scheduler};
use stepwell_engine::{Budget, Config, Engine, FuncIndex, Linker, Module, Store, Value};

use super::{Kind, Result, Work};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "run.breakpoints", size: 50_000, prepare: breakpoints },
    Kind { name: "run.throws", size: 50_000, prepare: throws },
    Kind { name: "run.waiters", size: 20_000, prepare: waiters },
    Kind { name: "run.woken_by_each_other", size: 20_000, prepare: woken_by_each_other },
    Kind { name: "run.collections_of_frames", size: 4_000, prepare: collections_of_frames },
    Kind { name: "run.collections_of_labels", size: 1_000, prepare: collections_of_labels },
    Kind { name: "run.growing_tables", size: 100_000, prepare: growing_tables },
    Kind { name: "run.growing_memories", size: 4_000, prepare: growing_memories },
    Kind { name: "run.entering_modules", size: 2_000, prepare: entering_modules },
];

fn loaded(engine: &Engine, text: &str) -> Result<(Module, Store, stepwell_engine::InstanceId)> {
    let module = Module::from_wat(engine, text)?;
    let mut store = Store::new(engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    Ok((module, store, instance))
}

/// Breakpoints on all of a function, set and taken away one by one, and a run that meets some.
fn breakpoints(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let text = format!("(module (func (export \"run\") (param i32) {}))", "nop ".repeat(size));
    let (module, mut store, instance) = loaded(&engine, &text)?;
    let listing = Listing::new(&module, FuncIndex(0))?;
    // From the last to the first: each comes before all that are there.
    let offsets: Vec<_> = (0..listing.len()).rev().filter_map(|row| listing.offset(row)).collect();
    let run = store.export_func(instance, "run")?;
    Ok(Box::new(move || {
        for offset in &offsets {
            store.debugger_mut().add_breakpoint(Breakpoint { instance, offset: *offset });
        }
        let mut task = store.start(run, &[Value::I32(0)])?;
        for _ in 0..100 {
            task.run(&mut store, Budget::unlimited())?;
        }
        for offset in offsets.iter().rev() {
            store.debugger_mut().remove_breakpoint(Breakpoint { instance, offset: *offset });
        }
        Ok(())
    }))
}

/// As many throws as a function has handlers.
fn throws(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let others = "block try_table (catch $e 0) nop end end ".repeat(size);
    let text = format!(
        "(module (tag $e) (func (export \"run\") (param $n i32)
           loop $next
             block try_table (catch $e 0) throw $e end end
             local.get $n i32.const 1 i32.sub local.tee $n br_if $next
           end {others}))"
    );
    let (_, mut store, instance) = loaded(&engine, &text)?;
    let run = store.export_func(instance, "run")?;
    Ok(Box::new(move || {
        store.invoke(run, &[Value::I32(size as i32)])?;
        Ok(())
    }))
}

const WAITING: &str = r#"(module (memory 1 1 shared)
  (func (export "wait") (param i32)
    local.get 0  i32.const 0  i64.const -1  memory.atomic.wait32  drop)
  (func (export "chain") (param i32)
    local.get 0  i32.const 0  i64.const -1  memory.atomic.wait32  drop
    local.get 0  i32.const 4  i32.add  i32.const 1  memory.atomic.notify  drop)
  (func (export "notify") (param i32)
    loop
      i32.const 0  i32.const 1  memory.atomic.notify  drop
      local.get 0  i32.const 1  i32.sub  local.tee 0  br_if 0
    end))"#;

/// Tasks that wait at one place, notified one by one.
fn waiters(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    Ok(Box::new(move || {
        let (_, mut store, instance) = loaded(&engine, WAITING)?;
        let wait = store.export_func(instance, "wait")?;
        let notify = store.export_func(instance, "notify")?;
        let mut tasks = Vec::new();
        for _ in 0..size {
            let mut task = store.start(wait, &[Value::I32(0)])?;
            task.run(&mut store, Budget::unlimited())?;
            tasks.push(task);
        }
        store.invoke(notify, &[Value::I32(size as i32)])?;
        for mut task in tasks {
            task.run(&mut store, Budget::unlimited())?;
        }
        Ok(())
    }))
}

/// Tasks of which half are woken at once, and each wakes another.
fn woken_by_each_other(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    Ok(Box::new(move || {
        let (_, mut store, instance) = loaded(&engine, WAITING)?;
        let chain = store.export_func(instance, "chain")?;
        let notify = store.export_func(instance, "notify")?;
        let mut scheduler = Scheduler::with_budget(1_000);
        for _ in 0..size / 2 {
            for address in [0, 4] {
                scheduler.spawn(store.start(chain, &[Value::I32(address)])?, Priority::Normal);
            }
        }
        scheduler.run_until_idle(&mut store);
        store.invoke(notify, &[Value::I32(size as i32)])?;
        scheduler.run_until_idle(&mut store);
        if scheduler.len() == 0 { Ok(()) } else { Err("some still wait".into()) }
    }))
}

/// A hundred collections while a recursion is so deep, in a function with as many labels around the call.
fn collect(depth: usize, labels: usize) -> Result<Work> {
    let engine = Engine::new(Config::default().max_heap(1 << 20));
    let text = format!(
        r#"(module (type $a (array (mut i64)))
          (func $deep (param $n i32) (param $kept (ref null $a))
            local.get $n  i32.eqz
            if
              i32.const 100  local.set $n
              loop
                i32.const 100000  array.new_default $a  drop
                local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
              end
              return
            end
            {} local.get $n  i32.const 1  i32.sub  local.get $kept  call $deep {})
          (func (export "run") (param i32)
            local.get 0  i32.const 3  array.new_default $a  call $deep))"#,
        "block ".repeat(labels),
        "end ".repeat(labels),
    );
    let (_, mut store, instance) = loaded(&engine, &text)?;
    let run = store.export_func(instance, "run")?;
    Ok(Box::new(move || {
        store.invoke(run, &[Value::I32(depth as i32)])?;
        Ok(())
    }))
}

fn collections_of_frames(size: usize) -> Result<Work> {
    collect(size, 100)
}

fn collections_of_labels(size: usize) -> Result<Work> {
    collect(15_000, size)
}

/// Calls that go through so many modules, each with its own code.
fn entering_modules(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let mut modules = Vec::new();
    for number in 0..size {
        let mut text = String::from("(module ");
        if number > 0 {
            let _ = write!(
                text,
                "(import \"m{}\" \"f\" (func $f)) (func (export \"f\") call $f))",
                number - 1
            );
        } else {
            text += "(func (export \"f\")))";
        }
        modules.push(Module::from_wat(&engine, &text)?);
    }
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    let mut last = None;
    for (number, module) in modules.iter().enumerate() {
        let instance = linker.instantiate(&mut store, module)?;
        linker.define_instance(&format!("m{number}"), instance);
        last = Some(instance);
    }
    let run = store.export_func(last.ok_or("no module")?, "f")?;
    Ok(Box::new(move || {
        for _ in 0..100 {
            store.invoke(run, &[])?;
        }
        Ok(())
    }))
}

/// A table that grows by one element again and again.
fn growing_tables(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let text = r#"(module (table 0 funcref) (func (export "run") (param i32)
      loop
        ref.null func  i32.const 1  table.grow  drop
        local.get 0  i32.const 1  i32.sub  local.tee 0  br_if 0
      end))"#;
    Ok(Box::new(move || {
        let (_, mut store, instance) = loaded(&engine, text)?;
        let run = store.export_func(instance, "run")?;
        store.invoke(run, &[Value::I32(size as i32)])?;
        Ok(())
    }))
}

/// The same of a memory, and a page.
fn growing_memories(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let text = r#"(module (memory 0) (func (export "run") (param i32)
      loop
        i32.const 1  memory.grow  drop
        local.get 0  i32.const 1  i32.sub  local.tee 0  br_if 0
      end))"#;
    Ok(Box::new(move || {
        let (_, mut store, instance) = loaded(&engine, text)?;
        let run = store.export_func(instance, "run")?;
        store.invoke(run, &[Value::I32(size as i32)])?;
        Ok(())
    }))
}
