//! Two tasks of one store, in turns.

use stepwell_engine::{
    Budget, Config, Engine, FuncType, HostAnswer, Linker, Module, Stop, Store, Task, ValType, Value,
};

const COUNTER: &str = r#"(module
  (import "env" "ask" (func $ask (param i32) (result i32)))
  (global $shared (mut i32) (i32.const 0))
  (func (export "count") (param $n i32) (result i32) (local $own i32)
    loop
      global.get $shared  i32.const 1  i32.add  global.set $shared
      local.get $own  i32.const 1  i32.add  local.set $own
      local.get $n  i32.const 1  i32.sub  local.tee $n
      br_if 0
    end
    local.get $own)
  (func (export "ask_twice") (result i32)
    i32.const 1  call $ask  i32.const 2  call $ask  i32.add)
  (func (export "shared") (result i32) global.get $shared))"#;

fn store() -> (Store, stepwell_engine::InstanceId) {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, COUNTER).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    linker.func_unresolved("env", "ask", FuncType::new([ValType::I32], [ValType::I32]));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

#[test]
fn tasks_share_the_store_and_nothing_else() {
    let (mut store, instance) = store();
    let count = store.export_func(instance, "count").unwrap();
    let mut tasks: Vec<Task> =
        [30, 50, 70].map(|n| store.start(count, &[Value::I32(n)]).unwrap()).into();
    let mut results = [None, None, None];
    let mut turn = 0;
    while results.iter().any(Option::is_none) {
        let which = turn % 3;
        // Turns of different lengths, so that the tasks meet in every phase of the loop.
        let budget = Budget::instructions(1 + turn as u64 % 11);
        match tasks[which].run(&mut store, budget).unwrap() {
            Stop::Done(values) => results[which] = Some(values),
            Stop::Budget => {}
            other => panic!("{other:?}"),
        }
        turn += 1;
    }
    for (result, n) in results.into_iter().zip([30, 50, 70]) {
        assert_eq!(result, Some(vec![Value::I32(n)]), "each counts its own");
    }
    // The three instructions that change the global are not one: a task that is interrupted
    // between them loses what the others counted meanwhile.
    let shared = store.export_func(instance, "shared").unwrap();
    let [Value::I32(shared)] = store.invoke(shared, &[]).unwrap()[..] else { panic!("a number") };
    assert!((70..150).contains(&shared), "{shared}");
}

#[test]
fn calls_of_several_tasks_wait_at_the_same_time_and_are_answered_in_any_order() {
    let (mut store, instance) = store();
    let ask = store.export_func(instance, "ask_twice").unwrap();
    let mut tasks: Vec<Task> = (0..100).map(|_| store.start(ask, &[]).unwrap()).collect();
    for round in 1..=2 {
        for task in &mut tasks {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            let Stop::HostCall(call) = stop else { panic!("{stop:?}") };
            assert_eq!(call.args, [Value::I32(round)]);
            assert_eq!(task.pending_call(&store), Some(call));
        }
        for (number, task) in tasks.iter_mut().enumerate().rev() {
            let answer = HostAnswer::Return(vec![Value::I32(number as i32 * round)]);
            task.resume(&mut store, answer).unwrap();
        }
    }
    for (number, task) in tasks.iter_mut().enumerate() {
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![Value::I32(number as i32 * 3)]));
    }
}
