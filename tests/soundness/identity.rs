//! Tasks, states and stores that do not belong together.

use stepwell_engine::{Budget, Error, HostAnswer, Module, Stop, Store, Tier, Value};

use super::Linked;

const OTHER: Error = Error::NotOfStore { what: "task" };

#[test]
fn a_task_runs_in_its_own_store_only() {
    let mut linked = Linked::new(Tier::Fast);
    let mut other = Linked::new(Tier::Fast);
    let mut task = linked.start(linked.b, "loop", 50);
    assert_eq!(task.run(&mut other.store, Budget::unlimited()), Err(OTHER));
    assert_eq!(task.step(&mut other.store), Err(OTHER));
    assert_eq!(task.set_local(&mut other.store, 0, 0, Value::I32(1)), Err(OTHER));
    assert_eq!(task.set_operand(&mut other.store, 0, 0, Value::I32(1)), Err(OTHER));
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
fn a_restore_takes_tasks_back_to_where_they_stood() {
    let mut linked = Linked::new(Tier::Fast);
    let empty = Store::new(linked.store.engine()).state().clone();
    assert_eq!(linked.store.restore(empty), Err(Error::NotOfStore { what: "state" }));

    let mut task = linked.start(linked.b, "loop", 50);
    task.run(&mut linked.store, Budget::instructions(100)).unwrap();
    let then = linked.store.state().clone();
    let mut later = linked.start(linked.c, "down", 3);
    for store_is_older in [true, false, true] {
        task.run(&mut linked.store, Budget::instructions(100)).unwrap();
        assert_eq!(task.executed(), 200);
        if store_is_older {
            later = linked.start(linked.c, "down", 3);
        }
        linked.store.restore(then.clone()).unwrap();
        assert_eq!(task.executed(), 100, "the handle tells so");
        assert!(linked.store.state() == &then);
        assert_eq!(later.step(&mut linked.store), Err(Error::NotOfState));
        assert_eq!(later.frames(&linked.store).len(), 0);
        assert!(later.is_finished(&linked.store));
    }
    // The place of the one that is gone becomes another's, and is not mistaken for it.
    let mut taken = linked.start(linked.b, "loop", 1);
    assert_eq!(later.step(&mut linked.store), Err(Error::NotOfState));
    drop(later);
    assert_eq!(taken.step(&mut linked.store), Ok(Stop::Budget));
    assert_eq!(linked.store.tasks().count(), 2);
}

#[test]
fn a_task_ends_with_its_last_handle() {
    let mut linked = Linked::new(Tier::Fast);
    let mut task = linked.start(linked.b, "loop", 50);
    task.run(&mut linked.store, Budget::instructions(10)).unwrap();
    let id = task.id();
    let mut other = linked.store.task(id).unwrap();
    assert_eq!((&other, other.executed()), (&task, 10));
    drop(task);
    other.step(&mut linked.store).unwrap();
    let then = linked.store.state().clone();
    drop(other);
    assert!(linked.store.task(id).is_none());
    assert!(linked.store.state() == &then, "the store has not been asked to do anything");
    linked.store.end_dropped();
    assert!(linked.store.state() != &then);
    linked.store.restore(then).unwrap();
    assert_eq!(linked.store.tasks().count(), 0, "nor brings a state it back");

    let task = linked.start(linked.b, "loop", 50);
    let mut other = task.clone();
    linked.store.end_task(task).unwrap();
    assert_eq!(other.step(&mut linked.store), Err(Error::NotOfState));
    assert_eq!(linked.store.end_task(other), Err(Error::NotOfState));
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
    let mut begun = linked.start(instance, "f", 1_000);
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
    let first = linked.start(linked.b, "loop", 1).id();
    linked.store.restore(before).unwrap();
    let second = linked.start(linked.b, "loop", 1).id();
    assert_ne!(first, second);
}
