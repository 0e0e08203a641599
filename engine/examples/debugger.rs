//! A debugger in a few lines: breakpoints, steps, frames, locals, operands, memory, and a way back.
//!
//! ```text
//! cargo run -p stepwell-engine --features wat --example debugger
//! ```

use stepwell_engine::observe::{Breakpoint, Contents, Watchpoint};
use stepwell_engine::{Budget, Engine, Linker, Module, Stop, Store, Task, Value, WatchKind};

const PROGRAM: &str = r#"(module
  (memory (export "memory") 1)
  (func $square (param $x i32) (result i32)
    (i32.mul (local.get $x) (local.get $x)))
  (func $sum (export "sum") (param $n i32) (result i32) (local $total i32)
    loop $next
      (local.set $total (i32.add (local.get $total) (call $square (local.get $n))))
      (i32.store (i32.const 8) (local.get $total))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
    end
    local.get $total))"#;

/// Frames with their locals and operands, innermost first.
fn show(store: &Store, task: &Task) {
    println!("after {} instructions:", task.executed());
    for frame in task.frames(store) {
        let name = frame.func_name().unwrap_or("?");
        let locals = frame.locals();
        let locals = locals
            .iter()
            .map(|local| format!("{}={}", local.name.as_deref().unwrap_or("?"), local.value));
        let locals: Vec<String> = locals.collect();
        println!("  {name} at {}: {} | {:?}", frame.offset(), locals.join(" "), frame.operands());
    }
}

fn main() -> Result<(), stepwell_engine::Error> {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, PROGRAM)?;
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module)?;
    let sum = store.export_func(instance, "sum")?;
    let mut task = store.start(sum, &[Value::I32(3)])?;

    // Five steps: loop, local.get, local.get, call, and the first of the callee.
    for _ in 0..5 {
        assert_eq!(task.step(&mut store)?, Stop::Budget);
    }
    show(&store, &task);
    let names: Vec<_> =
        task.frames(&store).map(|frame| frame.func_name().map(str::to_owned)).collect();
    assert_eq!(names, [Some("square".to_owned()), Some("sum".to_owned())]);

    // A breakpoint where it stands now stops it there again.
    let Some(here) = task.frames(&store).next().map(|frame| frame.site()) else { return Ok(()) };
    store.debugger_mut().add_breakpoint(Breakpoint { instance, offset: here.offset });
    assert_eq!(task.run(&mut store, Budget::unlimited())?, Stop::Breakpoint(here));
    show(&store, &task);
    store.debugger_mut().remove_breakpoint(Breakpoint { instance, offset: here.offset });

    // The state of a store is a snapshot, its tasks included: go on, look, and come back.
    let before = store.state().clone();
    let memory = store.instance(instance).and_then(|instance| instance.memories().first().copied());
    let Some(memory) = memory else { return Ok(()) };
    store.debugger_mut().add_watchpoint(Watchpoint::memory(memory, 8, 4, WatchKind::Write));
    let Stop::Watchpoint(hit) = task.run(&mut store, Budget::unlimited())? else { return Ok(()) };
    println!("{:?} has become {:?} at {}", hit.old, hit.new, hit.site.offset);
    assert_eq!(hit.new, Contents::Bytes(vec![9, 0, 0, 0]));
    let written =
        |store: &Store| store.memory(memory).and_then(|memory| memory.bytes().get(8).copied());
    assert_eq!(written(&store), Some(9));
    store.restore(before)?;
    assert_eq!(written(&store), Some(0), "not yet");

    // Change what happens: the local $n of the outer frame, so that 2 is left out.
    task.set_local(&mut store, 1, 0, Value::I32(2))?;
    loop {
        match task.run(&mut store, Budget::unlimited())? {
            Stop::Done(values) => {
                println!("{values:?}");
                assert_eq!(values, [Value::I32(10)]);
                return Ok(());
            }
            stop => println!("{stop:?}"),
        }
    }
}
