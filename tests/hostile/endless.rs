//! Code that never ends stops when it is told to.

use stepwell_engine::{
    Budget, Engine, FuncType, HostAnswer, Linker, Module, Stop, Store, Task, TrapCode,
};

use super::exercise::small;

fn task(body: &str) -> (Store, Task) {
    let text = format!(
        r#"(module (import "env" "host" (func $host)) (table 1 funcref) (elem (i32.const 0) $run)
             (func $run (export "run") {body}))"#
    );
    let engine = Engine::new(small());
    let module = Module::from_wat(&engine, &text).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    linker.func_unresolved("env", "host", FuncType::new([], []));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "run").unwrap();
    let task = store.start(func, &[]).unwrap();
    (store, task)
}

#[test]
fn loops_stop_at_the_budget() {
    for body in ["loop br 0 end", "loop loop br 1 end end", "return_call $run"] {
        let (mut store, mut task) = task(body);
        let slots = |task: &Task| task.frames(&store).next().map(|frame| frame.operands().len());
        assert_eq!(slots(&task), Some(0));
        for turn in 1..=10 {
            let stop = task.run(&mut store, Budget::instructions(100_001)).unwrap();
            assert_eq!((stop, task.executed()), (Stop::Budget, turn * 100_001), "{body}");
            assert_eq!(task.depth(&store), 1, "{body}");
        }
    }
}

#[test]
fn recursion_traps_and_can_be_looked_at() {
    for body in ["call $run", "i32.const 0 call_indirect"] {
        let (mut store, mut task) = task(body);
        let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("{body}: no trap")
        };
        assert_eq!(trap.code, TrapCode::CallStackExhausted);
        assert_eq!(task.frames(&store).count(), 200);
        assert_eq!((trap.backtrace.len(), trap.omitted_frames), (64, 136));
    }
}

#[test]
fn a_loop_of_host_calls_stops_at_each() {
    let (mut store, mut task) = task("loop call $host br 0 end");
    for turn in 0..1000 {
        let Stop::HostCall(call) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("no call in turn {turn}")
        };
        assert_eq!(&*call.name, "host");
        task.resume(&mut store, HostAnswer::Return(vec![])).unwrap();
        assert_eq!(task.depth(&store), 1);
    }
}

#[test]
fn a_table_of_tail_calls_takes_no_stack() {
    let (mut store, mut task) = task("i32.const 0 return_call_indirect");
    task.run(&mut store, Budget::instructions(1_000_000)).unwrap();
    assert_eq!((task.depth(&store), task.executed()), (1, 1_000_000));
}
