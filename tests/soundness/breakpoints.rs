//! Breakpoints that come and go while frames of several instances stand on the stack.

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Breakpoint, Watchpoint};
use stepwell_engine::{
    Budget, Config, Engine, FuncIndex, HostAnswer, InstanceId, Linker, Module, Stop, Store, Task,
    Tier, Value, WatchKind,
};

use super::Linked;

/// A breakpoint at an instruction of a function, by its position.
fn at(store: &Store, instance: InstanceId, func: u32, position: usize) -> Breakpoint {
    let module = store.module_of(instance).unwrap();
    let listing = Listing::new(module, FuncIndex(func)).unwrap();
    Breakpoint { instance, offset: listing.offset(position).unwrap() }
}

/// Runs to the end, answering the host and passing all other stops.
fn finish(task: &mut Task, store: &mut Store) -> Vec<Value> {
    for _ in 0..100_000 {
        match task.run(store, Budget::unlimited()).unwrap() {
            Stop::Done(values) => return values,
            Stop::HostCall(call) => {
                let answer = HostAnswer::Return(call.args.clone());
                task.resume(store, answer).unwrap();
            }
            Stop::Breakpoint(_) | Stop::Watchpoint(_) | Stop::Budget => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("it does not end");
}

/// What a run without any of this gives.
fn expected() -> (Vec<Value>, u64) {
    let mut linked = Linked::new(Tier::Exact);
    let mut task = linked.start(linked.b, "loop", 50);
    (finish(&mut task, &mut linked.store), task.executed())
}

#[test]
fn code_whose_breakpoints_have_gone_is_not_taken_for_the_modules_own() {
    let mut linked = Linked::new(Tier::Fast);
    let mut task = linked.start(linked.b, "loop", 50);
    let callee = at(&linked.store, linked.a, 0, 3);
    linked.store.debugger_mut().add_breakpoint(callee);
    let stop = task.run(&mut linked.store, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::Breakpoint(site) if site.instance == linked.a), "{stop:?}");
    // The caller's frame is entered again through a translation of its own, …
    let caller = at(&linked.store, linked.b, 4, 4);
    linked.store.debugger_mut().add_breakpoint(caller);
    let stop = task.run(&mut linked.store, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::Breakpoint(site) if site.instance == linked.b), "{stop:?}");
    // … which is gone when it goes on.
    linked.store.debugger_mut().clear_breakpoints();
    let values = finish(&mut task, &mut linked.store);
    assert_eq!((values, task.executed()), expected());
}

#[test]
fn an_operand_stays_what_it_was_when_its_local_is_changed_behind_a_breakpoint() {
    for tier in [Tier::Exact, Tier::Fast] {
        let engine = Engine::new(Config::default().tier(tier));
        let text = r#"(module (func (export "f") (param $n i32) (result i32)
            local.get $n  i32.const 4  i32.mul  local.get $n  i32.add
            i32.const 0  i32.add  i32.const 0  i32.add  i32.const 0  i32.add  i32.const 0  i32.add))"#;
        let module = Module::from_wat(&engine, text).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let func = store.export_func(instance, "f").unwrap();
        let first = at(&store, instance, 0, 0);
        store.debugger_mut().add_breakpoint(first);
        let mut task = store.start(func, &[Value::I32(12)]).unwrap();
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert!(matches!(stop, Stop::Breakpoint(_)));
        task.step(&mut store).unwrap();
        task.set_local(&mut store, 0, 0, Value::I32(15)).unwrap();
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![Value::I32(12 * 4 + 15)]), "{tier:?}");
    }
}

#[test]
fn a_caller_that_is_observed_only_now_is_returned_to() {
    for watched in [false, true] {
        let mut linked = Linked::new(Tier::Fast);
        let mut task = linked.start(linked.b, "loop", 50);
        let callee = at(&linked.store, linked.a, 0, 3);
        linked.store.debugger_mut().add_breakpoint(callee);
        let stop = task.run(&mut linked.store, Budget::unlimited()).unwrap();
        assert!(matches!(stop, Stop::Breakpoint(_)), "{stop:?}");
        linked.store.debugger_mut().remove_breakpoint(callee);
        // The call has returned into a loop whose code has not been prepared.
        let back = at(&linked.store, linked.b, 4, 6);
        linked.store.debugger_mut().add_breakpoint(back);
        if watched {
            let memory = linked.store.instance(linked.b).unwrap().memories()[0];
            let watch = Watchpoint::memory(memory, 8, 1, WatchKind::Write);
            linked.store.debugger_mut().add_watchpoint(watch);
        }
        let stop = task.run(&mut linked.store, Budget::unlimited()).unwrap();
        let Stop::Breakpoint(site) = stop else { panic!("{stop:?}") };
        assert_eq!((site.instance, site.offset), (back.instance, back.offset));
        let values = finish(&mut task, &mut linked.store);
        assert_eq!((values, task.executed()), expected());
    }
}
