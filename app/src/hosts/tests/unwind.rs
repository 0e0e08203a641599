//! `invoke_…`: what is thrown through wasm, and what is not.

use stepwell_engine::{Budget, Error, Stop, TrapCode, Value};

use super::Run;

/// A program with a stack pointer and the variable that says what was thrown, as Emscripten's have them.
/// Index 1 throws, 2 returns twice its argument, 3 divides by zero, 4 throws by way of an `invoke_…`.
const PROGRAM: &str = r#"(module
    (import "env" "invoke_ii" (func $invoke (param i32 i32) (result i32)))
    (import "env" "_emscripten_throw_longjmp" (func $throw))
    (import "env" "exit" (func $exit (param i32)))
    (import "env" "console.log" (func (param i32)))
    (type $ii (func (param i32) (result i32)))
    (memory 1)
    (table (export "__indirect_function_table") 8 funcref)
    (elem (i32.const 1) $thrower $double $divide $nested $exits $other)
    (global $sp (mut i32) (i32.const 4096))
    (global $threw (mut i32) (i32.const 0))
    (func (export "emscripten_stack_get_current") (result i32) (global.get $sp))
    (func (export "_emscripten_stack_restore") (param i32) (global.set $sp (local.get 0)))
    (func (export "setThrew") (param i32 i32)
        (if (i32.eqz (global.get $threw)) (then (global.set $threw (local.get 0)))))
    (func $thrower (type $ii)
        (global.set $sp (i32.const 16))
        (call $throw) unreachable)
    (func $double (type $ii) (i32.mul (local.get 0) (i32.const 2)))
    (func $divide (type $ii) (i32.div_u (local.get 0) (i32.const 0)))
    (func $nested (type $ii)
        (global.set $sp (i32.const 1024))
        (drop (call $invoke (i32.const 1) (i32.const 0)))
        (i32.add (global.get $sp) (global.get $threw)))
    (func $exits (type $ii) (call $exit (local.get 0)) unreachable)
    (func $other (result i64) (i64.const 0))
    (func (export "throw") (call $throw))
    (func (export "sp") (result i32) (global.get $sp))
    (func (export "threw") (result i32)
        (global.get $threw) (global.set $threw (i32.const 0)))
    (func (export "go") (param i32 i32) (result i32) (call $invoke (local.get 0) (local.get 1))))"#;

#[test]
fn a_longjmp_comes_back_to_the_invoke() {
    let mut run = Run::new(PROGRAM);
    assert_eq!(run.int("go", &[2, 21]), 42);
    assert_eq!(run.int("threw", &[]), 0);
    assert_eq!(run.int("go", &[1, 5]), 0);
    assert_eq!(run.int("threw", &[]), 1);
    assert_eq!(run.int("sp", &[]), 4096);
    // The inner one catches, and the outer function goes on with its own stack pointer.
    assert_eq!(run.int("go", &[4, 0]), 1025);
    assert_eq!(run.int("threw", &[]), 1);
    assert!(run.trap("throw", &[]).starts_with("longjmp"));
}

#[test]
fn other_traps_and_exits_go_on() {
    let mut run = Run::new(PROGRAM);
    let two = |a, b| [Value::I32(a), Value::I32(b)];
    let Err(Error::Trap(trap)) = run.call("go", &two(3, 1)) else { panic!("it divides by zero") };
    assert_eq!(trap.code, TrapCode::IntegerDivideByZero);
    let names: Vec<_> = trap.backtrace.iter().map(|frame| frame.func_name.as_deref()).collect();
    assert_eq!(names, [Some("divide"), Some("go")]);
    assert_eq!(run.int("threw", &[]), 0);
    assert_eq!(run.call("go", &two(5, 9)), Err(Error::Exit { code: 9 }));
}

#[test]
fn hostile_indices_trap() {
    let mut run = Run::new(PROGRAM);
    assert!(run.trap("go", &[0, 0]).contains("no function stands at index 0"));
    assert!(run.trap("go", &[8, 0]).contains("beyond the end"));
    assert!(run.trap("go", &[-1, 0]).contains("beyond the end"));
    assert!(run.trap("go", &[6, 0]).contains("another type"));
    let mut bare = Run::new(
        r#"(module (import "env" "invoke_v" (func $invoke (param i32)))
            (import "env" "_emscripten_throw_longjmp" (func $throw))
            (table 1 funcref) (elem (i32.const 0) $throws)
            (func $throws (call $throw))
            (func (export "go") (call $invoke (i32.const 0))))"#,
    );
    // Without setThrew nobody would know of the throw: it goes on as the trap that it is.
    assert!(bare.trap("go", &[]).starts_with("longjmp"));
    let mut none = Run::new(
        r#"(module (import "env" "invoke_v" (func $invoke (param i32)))
            (func (export "go") (call $invoke (i32.const 0))))"#,
    );
    assert!(none.trap("go", &[]).contains("no table"));
}

#[test]
fn an_endless_recursion_through_invoke_ends() {
    let mut run = Run::new(
        r#"(module (import "env" "invoke_v" (func $invoke (param i32)))
            (table 1 funcref) (elem (i32.const 0) $again)
            (func $again (export "go") (call $invoke (i32.const 0))))"#,
    );
    match run.call("go", &[]) {
        Err(Error::Trap(trap)) => assert_eq!(trap.code, TrapCode::CallStackExhausted),
        other => panic!("{other:?}"),
    }
}

/// Called functions are stepped like all others, and a budget that ends within them changes nothing.
#[test]
fn every_budget_gives_the_same() {
    let mut whole = Run::new(PROGRAM);
    let total = {
        let go = whole.store.export_func(whole.instance, "go").unwrap();
        let mut task = whole.store.start(go, &[Value::I32(4), Value::I32(0)]).unwrap();
        let stop = task.run(&mut whole.store, Budget::unlimited()).unwrap();
        assert_eq!(stop, Stop::Done(vec![Value::I32(1025)]));
        task.executed()
    };
    for slice in 1..7 {
        let mut run = Run::new(PROGRAM);
        let go = run.store.export_func(run.instance, "go").unwrap();
        let mut task = run.store.start(go, &[Value::I32(4), Value::I32(0)]).unwrap();
        let stop = loop {
            match task.run(&mut run.store, Budget::instructions(slice)).unwrap() {
                Stop::Budget => {}
                stop => break stop,
            }
        };
        assert_eq!(stop, Stop::Done(vec![Value::I32(1025)]));
        assert_eq!(task.executed(), total);
    }
}

#[test]
fn numbers_in_halves_go_through_dyn_call() {
    let mut run = Run::new(
        r#"(module (import "env" "invoke_vj" (func $invoke (param i32 i32 i32)))
            (type $vj (func (param i64)))
            (table 1 funcref) (elem (i32.const 0) $f)
            (global $seen (mut i64) (i64.const 0))
            (func $f (type $vj) (global.set $seen (local.get 0)))
            (func (export "dynCall_vj") (param i32 i32 i32)
                (call_indirect (type $vj)
                    (i64.or (i64.extend_i32_u (local.get 1))
                        (i64.shl (i64.extend_i32_u (local.get 2)) (i64.const 32)))
                    (local.get 0)))
            (func (export "go") (result i64)
                (call $invoke (i32.const 0) (i32.const 7) (i32.const 1)) (global.get $seen)))"#,
    );
    assert_eq!(run.result("go", &[]), Value::I64((1 << 32) + 7));
}

/// What a compiler makes of `try { throw 7 } catch (int) { … }`, with types 1000 (int) and 2000.
const EXCEPTIONS: &str = r#"(module
    (import "env" "invoke_v" (func $invoke (param i32)))
    (import "env" "__cxa_allocate_exception" (func $allocate (param i32) (result i32)))
    (import "env" "__cxa_throw" (func $throw (param i32 i32 i32)))
    (import "env" "__cxa_rethrow" (func $rethrow))
    (import "env" "__cxa_find_matching_catch_3" (func $find (param i32) (result i32)))
    (import "env" "__cxa_begin_catch" (func $begin (param i32) (result i32)))
    (import "env" "__cxa_end_catch" (func $end))
    (import "env" "__resumeException" (func $resume (param i32)))
    (import "env" "__cxa_uncaught_exceptions" (func $uncaught (result i32)))
    (import "env" "getTempRet0" (func $selector (result i32)))
    (memory (export "memory") 1)
    (table (export "__indirect_function_table") 4 funcref)
    (elem (i32.const 1) $thrower $rethrower)
    (global $heap (mut i32) (i32.const 256))
    (global $threw (mut i32) (i32.const 0))
    (global $sp (mut i32) (i32.const 4096))
    (func (export "stackSave") (result i32) (global.get $sp))
    (func (export "stackRestore") (param i32) (global.set $sp (local.get 0)))
    (func (export "setThrew") (param i32 i32) (global.set $threw (local.get 0)))
    (func (export "malloc") (param i32) (result i32)
        (global.get $heap)
        (global.set $heap (i32.add (global.get $heap) (local.get 0))))
    (func $thrower (export "throw") (local $object i32)
        (local.set $object (call $allocate (i32.const 4)))
        (i32.store (local.get $object) (i32.const 7))
        (call $throw (local.get $object) (i32.const 1000) (i32.const 0)))
    (func $rethrower
        (drop (call $try (i32.const 1000) (i32.const 1) (i32.const 1))))
    ;; The value caught, or -1 if nothing was thrown; what is of another type goes on.
    (func $try (param $type i32) (param $func i32) (param $again i32) (result i32) (local $object i32)
        (global.set $threw (i32.const 0))
        (call $invoke (local.get $func))
        (if (i32.eqz (global.get $threw)) (then (return (i32.const -1))))
        (global.set $threw (i32.const 0))
        (local.set $object (call $find (local.get $type)))
        (if (i32.ne (call $selector) (local.get $type)) (then (call $resume (local.get $object))))
        (local.set $object (call $begin (local.get $object)))
        (if (local.get $again) (then (call $rethrow)))
        (i32.load (local.get $object))
        (call $end))
    (func (export "try") (param i32 i32) (result i32)
        (call $try (local.get 0) (local.get 1) (i32.const 0)))
    (func (export "end") (call $end))
    (func (export "rethrow") (call $rethrow))
    (func (export "begin") (param i32) (drop (call $begin (local.get 0))))
    (func (export "throw_at") (param i32) (call $throw (local.get 0) (i32.const 1) (i32.const 1)))
    (func (export "uncaught") (result i32) (call $uncaught)))"#;

#[test]
fn exceptions_are_caught_by_type() {
    let mut run = Run::new(EXCEPTIONS);
    assert_eq!(run.int("try", &[1000, 1]), 7);
    assert_eq!(run.int("uncaught", &[]), 0);
    // Thrown again from within a catch, and caught outside.
    assert_eq!(run.int("try", &[1000, 2]), 7);
    // Another type catches nothing.
    assert!(run.trap("try", &[2000, 1]).contains("nothing catches it"));
    assert!(Run::new(EXCEPTIONS).trap("throw", &[]).contains("-fexceptions"));
}

#[test]
fn hostile_exceptions_trap() {
    let mut run = Run::new(EXCEPTIONS);
    assert!(run.trap("end", &[]).contains("not in"));
    assert!(run.trap("rethrow", &[]).contains("outside of a catch"));
    for object in [-1, i32::MIN, i32::MAX, 70_000] {
        assert!(run.call("throw_at", &[Value::I32(object)]).is_err());
        assert!(run.call("begin", &[Value::I32(object)]).is_err());
    }
    for object in 0..48 {
        assert!(run.call("throw_at", &[Value::I32(object)]).is_err());
        let _ = run.call("try", &[Value::I32(object), Value::I32(object)]);
        let _ = run.call("begin", &[Value::I32(object)]);
    }
    let end = (0..20_000).find_map(|_| run.call("begin", &[Value::I32(256)]).err());
    assert!(end.unwrap().to_string().contains("too many"));
}

/// A run is repeated from its record: nothing is printed again, and nobody is asked.
#[test]
fn a_record_replays_what_was_thrown() {
    let mut first = Run::new(EXCEPTIONS);
    first.store.record_host_calls(true);
    assert_eq!(first.int("try", &[1000, 2]), 7);
    let records = first.store.take_host_calls();
    let mut second = Run::new(EXCEPTIONS);
    let func = second.store.export_func(second.instance, "try").unwrap();
    let mut task = second.store.start(func, &[Value::I32(1000), Value::I32(2)]).unwrap();
    second.store.replay_host_calls(records);
    let stop = task.run(&mut second.store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(7)]));
    let globals = |run: &Run| {
        let instance = run.store.instance(run.instance).unwrap();
        let memory = run.store.memory(instance.memories()[0]).unwrap().bytes().to_vec();
        let values: Vec<_> =
            instance.globals().iter().map(|global| run.store.global(*global).unwrap().1).collect();
        (memory, values)
    };
    assert!(globals(&first) == globals(&second));
}
