//! Tasks, states and stores that do not belong together.

use stepwell_engine::{Budget, Error, HostAnswer, Module, Stop, Store, Tier, Value};

use super::Linked;

const OTHER: Error = Error::NotOfStore { what: "task" };

#[test]
fn a_task_runs_in_its_own_store_only() {
    let linked = Linked::new(Tier::Fast);
    let mut other = Linked::new(Tier::Fast);
    let mut task = linked.start(linked.b, "loop", 50);
    assert_eq!(task.run(&mut other.store, Budget::unlimited()), Err(OTHER));
    assert_eq!(task.step(&mut other.store), Err(OTHER));
    assert_eq!(task.set_local(&other.store, 0, 0, Value::I32(1)), Err(OTHER));
    assert_eq!(task.set_operand(&other.store, 0, 0, Value::I32(1)), Err(OTHER));
    assert_eq!(task.time_out(&mut other.store), Err(OTHER));
    assert_eq!(task.frames(&other.store).len(), 0, "it has none there");
    assert_eq!(task.activations(&other.store).count(), 0);
    assert_eq!(task.throwing(&other.store), None);
    assert_eq!(task.executed(), 0, "nothing has run");

    let mut store = linked.store;
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::HostCall(_)));
    let answer = || HostAnswer::Return(vec![Value::I32(1)]);
    assert_eq!(task.pending_call(&other.store), None);
    assert_eq!(task.resume(&mut other.store, answer()), Err(OTHER));
    assert!(task.with_caller(&mut other.store, |_| ()).is_none());
    assert_eq!(task.resume(&mut store, answer()), Ok(()));
}

#[test]
fn a_state_goes_back_into_its_own_store_only() {
    let linked = Linked::new(Tier::Fast);
    let mut other = Linked::new(Tier::Fast);
    let refused = other.store.restore(linked.store.state().clone());
    assert_eq!(refused, Err(Error::NotOfStore { what: "state" }));
    assert_eq!(other.store.instances().len(), 3, "it is as it was");
}

#[test]
fn a_task_that_ran_on_does_not_go_with_an_older_state() {
    let mut linked = Linked::new(Tier::Fast);
    let empty = Store::new(linked.store.engine()).state().clone();
    assert_eq!(linked.store.restore(empty), Err(Error::NotOfStore { what: "state" }));

    let mut task = linked.start(linked.b, "loop", 50);
    task.run(&mut linked.store, Budget::instructions(100)).unwrap();
    let (earlier, then) = (task.clone(), linked.store.state().clone());
    task.run(&mut linked.store, Budget::instructions(100)).unwrap();
    linked.store.restore(then.clone()).unwrap();
    assert_eq!(task.run(&mut linked.store, Budget::unlimited()), Err(Error::NotOfState));
    assert_eq!(task.frames(&linked.store).len(), 0);

    // Nor once the restored state has come as far, and further.
    let mut again = earlier.clone();
    for _ in 0..3 {
        again.run(&mut linked.store, Budget::instructions(100)).unwrap();
        assert_eq!(task.step(&mut linked.store), Err(Error::NotOfState));
    }
    linked.store.restore(then).unwrap();
    let mut third = earlier;
    assert_eq!(third.run(&mut linked.store, Budget::instructions(1)), Ok(Stop::Budget));
}

#[test]
fn an_instance_that_a_restore_took_away_is_not_run() {
    let mut linked = Linked::new(Tier::Fast);
    let before = linked.store.state().clone();
    let text = r#"(module (memory 1) (func (export "f") (param i32) (result i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0)))"#;
    let module = Module::from_wat(linked.store.engine(), text).unwrap();
    let linker = stepwell_engine::Linker::new();
    let instance = linker.instantiate(&mut linked.store, &module).unwrap();
    let fresh = linked.start(instance, "f", 1_000);
    let mut begun = fresh.clone();
    begun.run(&mut linked.store, Budget::instructions(10)).unwrap();
    linked.store.restore(before).unwrap();
    for mut task in [fresh, begun] {
        assert_eq!(task.run(&mut linked.store, Budget::unlimited()), Err(Error::NotOfState));
    }
    // Another instance takes its place, and is not mistaken for it.
    let text = r#"(module (func (export "f") (param i32) (result i32) (i32.const 7)))"#;
    let module = Module::from_wat(linked.store.engine(), text).unwrap();
    let taken = linker.instantiate(&mut linked.store, &module).unwrap();
    assert_eq!(taken, instance);
    assert_eq!(
        linked.store.invoke(linked.store.export_func(taken, "f").unwrap(), &[Value::I32(0)]),
        Ok(vec![Value::I32(7)])
    );
}

#[test]
fn numbers_of_tasks_do_not_come_again() {
    let mut linked = Linked::new(Tier::Fast);
    let before = linked.store.state().clone();
    let first = linked.start(linked.b, "loop", 1).id(&mut linked.store);
    linked.store.restore(before).unwrap();
    let second = linked.start(linked.b, "loop", 1).id(&mut linked.store);
    assert_ne!(first, second);
}
