//! Types, objects and exceptions in amounts that nobody needs.

use std::fmt::Write;

use stepwell_engine::{
    Budget, Config, Engine, Error, Linker, Module, Stop, Store, Task, TrapCode, Value,
};

fn engine() -> Engine {
    Engine::new(Config::default().max_heap(4 << 20))
}

fn load(text: &str) -> Result<Module, Error> {
    Module::from_wat(&engine(), text)
}

/// Whether a text stands for a module that does not validate.
fn is_invalid(error: &Error) -> bool {
    let Error::Text { errors } = error else { return false };
    let cause = errors.first().and_then(|error| error.cause.as_deref());
    matches!(cause, Some(Error::Invalid { .. } | Error::Malformed { .. }))
}

/// The store, and a task before the first instruction of `run`.
fn start(text: &str, argument: i32) -> (Store, Task) {
    let mut store = Store::new(&engine());
    let instance = Linker::new().instantiate(&mut store, &load(text).unwrap()).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    let task = store.start(run, &[Value::I32(argument)]).unwrap();
    (store, task)
}

fn trap(text: &str) -> TrapCode {
    let (mut store, mut task) = start(text, 1);
    match task.run(&mut store, Budget::instructions(50_000_000)).unwrap() {
        Stop::Trap(trap) => {
            assert!(store.heap().used_bytes() <= 4 << 20);
            trap.code
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_types_that_build_on_each_other() {
    let mut text = String::from("(module (type $t0 (struct))");
    for number in 1..100_000 {
        write!(text, "(type $t{number} (array (ref null $t{})))", number - 1).unwrap();
    }
    text.push_str("(func (export \"run\") (param i32) (result i32) i32.const 5))");
    let (mut store, mut task) = start(&text, 0);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(5)]));
}

#[test]
fn a_recursion_group_as_large_as_may_be() {
    let mut text = String::from("(module (rec");
    for number in 0..20_000 {
        let (next, far) = ((number + 1) % 20_000, (number * 7919) % 20_000);
        write!(
            text,
            "(type $t{number} (struct (field (ref null $t{next})) (field (ref null $t{far}))))"
        )
        .unwrap();
    }
    text.push_str(
        ") (func (export \"run\") (param i32) (result i32) ref.null $t9  ref.test (ref $t8)))",
    );
    let module = load(&text).unwrap();
    let mut store = Store::new(&engine());
    // The same group from another module has the same types.
    for _ in 0..3 {
        let again = load(&text).unwrap();
        Linker::new().instantiate(&mut store, &again).unwrap();
    }
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    assert_eq!(store.invoke(run, &[Value::I32(0)]).unwrap(), [Value::I32(0)]);
}

#[test]
fn a_line_of_supertypes_that_is_too_long() {
    let mut text = String::from("(module (type $t0 (sub (struct)))");
    for number in 1..200 {
        write!(text, "(type $t{number} (sub $t{} (struct)))", number - 1).unwrap();
    }
    text.push(')');
    assert!(is_invalid(&load(&text).unwrap_err()));
}

#[test]
fn types_that_refer_to_nothing() {
    for text in [
        "(module (type (array (ref 5))))",
        "(module (type (struct (field (ref null 1)))) (type (func)))",
        "(module (rec (type $a (sub $b (struct))) (type $b (sub (struct)))))",
        "(module (type $f (func)) (func (param (ref $f)) local.get 0 struct.get 0 0 drop))",
    ] {
        assert!(is_invalid(&load(text).unwrap_err()), "{text}");
    }
}

#[test]
fn a_list_without_end_fills_the_heap_and_traps() {
    let text = r#"(module
      (type $node (struct (field (ref null $node))))
      (global $all (mut (ref null $node)) (ref.null $node))
      (func (export "run") (param i32) (result i32)
        loop
          global.get $all  struct.new $node  global.set $all
          br 0
        end
        unreachable))"#;
    assert_eq!(trap(text), TrapCode::HeapExhausted);
}

#[test]
fn arrays_of_arrays_without_end_fill_the_heap_and_trap() {
    let text = r#"(module
      (type $a (array (mut anyref)))
      (func $grow (param $depth i32) (result anyref)
        i32.const 100  array.new_default $a
        local.get $depth  i32.const 1  i32.add  call $grow
        drop)
      (func (export "run") (param i32) (result i32)
        local.get 0  call $grow  drop  i32.const 1))"#;
    assert_eq!(trap(text), TrapCode::HeapExhausted);
}

#[test]
fn garbage_without_end_is_collected_without_end() {
    let text = r#"(module
      (type $a (array (mut i8)))
      (tag $t (param (ref $a)))
      (func (export "run") (param i32) (result i32)
        loop $again
          block $caught (result (ref $a))
            try_table (catch $t $caught)
              i32.const 1000  array.new_default $a  throw $t
            end
            unreachable
          end
          array.len  drop
          br $again
        end
        unreachable))"#;
    let (mut store, mut task) = start(text, 0);
    let stop = task.run(&mut store, Budget::instructions(2_000_000)).unwrap();
    assert_eq!(stop, Stop::Budget);
    assert_eq!(task.executed(), 2_000_000);
    assert!(store.heap().collections() > 10);
    assert!(store.heap().used_bytes() <= 4 << 20);
}

#[test]
fn exceptions_leave_thousands_of_frames_at_once() {
    let text = r#"(module
      (tag $t (param i32))
      (func $deep (param $n i32)
        local.get $n  i32.eqz  if i32.const 7  throw $t end
        local.get $n  i32.const 1  i32.sub  call $deep)
      (func (export "run") (param $n i32) (result i32)
        block $caught (result i32)
          try_table (catch $t $caught)
            local.get $n  call $deep
          end
          unreachable
        end))"#;
    let (mut store, mut task) = start(text, 15_000);
    let stop = task.run(&mut store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(7)]));
    assert_eq!(task.depth(&store), 0);
}

#[test]
fn handlers_nested_as_deeply_as_blocks_may_be() {
    let depth = 5_000;
    let mut text = String::from(
        "(module (tag $t) (func (export \"run\") (param i32) (result i32) block $out ",
    );
    text.push_str(&"try_table (catch_all $out) ".repeat(depth));
    text.push_str("throw $t ");
    text.push_str(&"end ".repeat(depth));
    text.push_str("end i32.const 3))");
    // The text format's parser has a limit of its own; what it takes runs.
    let Ok(module) = load(&text) else { return };
    let mut store = Store::new(&engine());
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    assert_eq!(store.invoke(run, &[Value::I32(0)]).unwrap(), [Value::I32(3)]);
}
