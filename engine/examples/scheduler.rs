//! A thousand programs on one thread, each with its share, some of them waiting for the host:
//!
//! ```text
//! cargo run -p stepwell-engine --features wat --example scheduler
//! ```

use std::sync::atomic::{AtomicU32, Ordering};

use stepwell_engine::sched::{Outcome, Priority, Scheduler};
use stepwell_engine::{Engine, HostError, Linker, Module, Stop, Store, Value};

const PROGRAM: &str = r#"(module
  (import "host" "ticket" (func $ticket (result i32)))
  (func (export "run") (param $times i32) (result i32)
    loop $next
      (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1))))
    end
    call $ticket))"#;

fn main() -> Result<(), stepwell_engine::Error> {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, PROGRAM)?;
    let mut linker = Linker::new();
    // Every other time it has nothing to answer with yet: the task is parked until it is woken.
    let asked = AtomicU32::new(0);
    linker.func_wrap("host", "ticket", move |caller: &mut stepwell_engine::Caller<'_>| {
        let asked = asked.fetch_add(1, Ordering::Relaxed);
        if asked.is_multiple_of(2) {
            caller.waker().wake_by_ref();
            return Err(HostError::pending());
        }
        Ok(asked / 2)
    });
    let mut store = Store::new(&engine);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = store.export_func(instance, "run")?;

    let mut scheduler = Scheduler::with_budget(1_000);
    for number in 0..1_000 {
        let task = store.start(run, &[Value::I32(100 + number % 7 * 1_000)])?;
        let priority = if number % 10 == 0 { Priority::High } else { Priority::Normal };
        scheduler.spawn(task, priority);
    }
    let (mut tickets, mut executed) = (Vec::new(), 0);
    while let Some(turn) = scheduler.turn(&mut store) {
        executed += turn.executed;
        if let Outcome::Finished(Stop::Done(values)) = &turn.outcome {
            tickets.extend_from_slice(values);
        }
    }
    println!(
        "{} programs, {executed} instructions, {} parked",
        tickets.len(),
        scheduler.parked_len()
    );
    tickets.sort_by_key(|value| value.to_bits());
    let all: Vec<Value> = (0..1_000).map(Value::I32).collect();
    assert_eq!(tickets, all, "each got its own");
    Ok(())
}
