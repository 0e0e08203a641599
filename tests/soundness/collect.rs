//! Collections while tasks stand deep in calls, whose frames nobody but themselves refers to.

use stepwell_engine::{
    AnyRef, Budget, Config, Engine, Linker, Module, Stop, Store, Task, Tier, Value,
};

/// Every frame holds an object, and reads it when its callee has returned or thrown.
const DEEP: &str = r#"(module
  (type $s (struct (field (mut i32))))
  (tag $out)
  (func $down (export "down") (param $n i32) (result i32) (local $own (ref null $s)) (local $below i32)
    (local.set $own (struct.new $s (local.get $n)))
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 9)))
      (then
        (block $caught
          (try_table (catch $out $caught)
            (local.set $below (call $thrower (i32.const 6) (local.get $n))))))
      (else
        (if (local.get $n)
          (then (local.set $below (call $down (i32.sub (local.get $n) (i32.const 1))))))))
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 9)))
      (then
        (if (local.get $n)
          (then (local.set $below (call $down (i32.sub (local.get $n) (i32.const 1))))))))
    (struct.set $s 0 (local.get $own) (i32.add (struct.get $s 0 (local.get $own)) (local.get $below)))
    (struct.get $s 0 (local.get $own)))
  (func $thrower (param $deep i32) (param $n i32) (result i32) (local $own (ref null $s))
    (local.set $own (struct.new $s (i32.const 1000)))
    (if (i32.eqz (local.get $deep)) (then (throw $out)))
    (drop (call $thrower (i32.sub (local.get $deep) (i32.const 1)) (local.get $n)))
    (struct.get $s 0 (local.get $own)))
  (func (export "litter") (param $n i32)
    (loop $again
      (drop (struct.new $s (i32.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

#[test]
fn what_frames_hold_stays_wherever_their_task_stands() {
    for tier in [Tier::Exact, Tier::Fast, Tier::Mixed] {
        for seed in 1..6u64 {
            let engine = Engine::new(Config::default().tier(tier));
            let module = Module::from_wat(&engine, DEEP).unwrap();
            let mut store = Store::new(&engine);
            let instance = Linker::new().instantiate(&mut store, &module).unwrap();
            let down = store.export_func(instance, "down").unwrap();
            let litter = store.export_func(instance, "litter").unwrap();
            let depth = 40;
            let mut tasks: Vec<Task> =
                (0..2).map(|_| store.start(down, &[Value::I32(depth)]).unwrap()).collect();
            let mut ended = 0;
            let mut random = seed;
            while ended < 2 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let which = (random >> 40) as usize % 2;
                let budget = [1, 2, 3, 7, 30, 200][(random >> 50) as usize % 6];
                let task = &mut tasks[which];
                if task.is_finished(&store) {
                    continue;
                }
                let stop = task.run(&mut store, Budget::instructions(budget)).unwrap();
                // What is freed is used again at once.
                store.collect_garbage().unwrap();
                store.invoke(litter, &[Value::I32(20)]).unwrap();
                match stop {
                    Stop::Budget => {}
                    Stop::Done(values) => {
                        ended += 1;
                        assert_eq!(values, [Value::I32((0..=depth).sum())], "{tier:?} {seed}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn an_object_set_into_a_deep_frame_stays() {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, DEEP).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let down = store.export_func(instance, "down").unwrap();
    let mut task = store.start(down, &[Value::I32(8)]).unwrap();
    while task.depth(&store) < 7 {
        task.step(&mut store).unwrap();
    }
    let object = |task: &Task, store: &Store, frame: usize| {
        let frames: Vec<_> = task.frames(store).collect();
        frames[frame].locals()[1].value
    };
    let inner = object(&task, &store, 1);
    // The outermost frame now holds what only an inner one held, and nobody holds its own.
    task.set_local(&mut store, 6, 1, inner).unwrap();
    task.set_local(&mut store, 1, 1, Value::AnyRef(None)).unwrap();
    store.collect_garbage().unwrap();
    let Value::AnyRef(Some(AnyRef::Object(address))) = inner else { panic!("{inner:?}") };
    assert!(store.object(address).is_some());
}

#[test]
fn an_object_set_into_a_frame_below_a_host_function_stays() {
    let engine = Engine::new(Config::default());
    let text = r#"(module
      (type $s (struct (field i32)))
      (import "env" "back" (func $back))
      (func $deep (export "deep") (param $n i32) (result i32) (local $own (ref null $s))
        (if (local.get $n)
          (then (drop (call $deep (i32.sub (local.get $n) (i32.const 1)))))
          (else (call $back) (nop) (nop)))
        (struct.get $s 0 (local.get $own)))
      (func (export "inner") (nop) (nop) (nop))
      (func (export "make") (param i32) (result (ref $s)) (struct.new $s (local.get 0))))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    let ty = stepwell_engine::FuncType::new([], []);
    let inner = std::rc::Rc::new(std::cell::Cell::new(None));
    let called = inner.clone();
    linker.func_async_local("env", "back", ty, move |caller, _| {
        let func = called.get();
        async move {
            caller.call(func.unwrap(), &[]).await?;
            Ok(Vec::new())
        }
    });
    let instance = linker.instantiate(&mut store, &module).unwrap();
    inner.set(Some(store.export_func(instance, "inner").unwrap()));
    let make = store.export_func(instance, "make").unwrap();
    let deep = store.export_func(instance, "deep").unwrap();
    let made = store.invoke(make, &[Value::I32(7)]).unwrap()[0];
    let mut task = store.start(deep, &[Value::I32(20)]).unwrap();
    while task.frames(&store).next().is_some_and(|frame| frame.func().0 == 1) {
        task.step(&mut store).unwrap();
    }
    // Within what the host has called: the outermost frame gets the object, which nobody else has.
    let outermost = task.depth(&store) - 1;
    task.set_local(&mut store, outermost, 1, made).unwrap();
    // It stops next when the host function has returned.
    task.run(&mut store, Budget::instructions(6)).unwrap();
    assert!(task.frames(&store).next().is_some_and(|frame| frame.func().0 == 1));
    store.release(made);
    store.collect_garbage().unwrap();
    let Value::AnyRef(Some(AnyRef::Object(address))) = made else { panic!("{made:?}") };
    assert!(store.object(address).is_some());
}
