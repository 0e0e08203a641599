use stepwell_engine::host::record::Effect;
use stepwell_engine::{Budget, CallState, Linker, Stop, TaskId, Value};

use super::super::{HostSet, Origin, Stream};
use super::{Run, link};

#[test]
fn numbers_of_all_kinds() {
    let mut run = Run::new(
        r#"(module
            (import "console" "log" (func $i (param i32)))
            (import "env" "print_i64" (func $l (param i64)))
            (import "js" "log" (func $f (param f32)))
            (import "imports" "imported_func" (func $d (param f64)))
            (import "host" "logNumbers" (func $m (param i32 f64 i64)))
            (import "env" "print_u32" (func $u (param i32)))
            (import "env" "print_hex" (func $h (param i32)))
            (import "env" "print_bool" (func $b (param i32)))
            (import "env" "print_char" (func $c (param i32)))
            (func (export "go")
                (call $i (i32.const -1)) (call $l (i64.const 1099511627776))
                (call $f (f32.const 0.1)) (call $d (f64.const 42))
                (call $m (i32.const 1) (f64.const 0.5) (i64.const -3))
                (call $u (i32.const -1)) (call $h (i32.const 255)) (call $b (i32.const 2))
                (call $c (i32.const 0x20ac))
                (call $d (f64.const inf)) (call $d (f64.const nan)) (call $d (f64.const 1e300))))"#,
    );
    run.call("go", &[]).unwrap();
    let lines =
        "-1\n1099511627776\n0.1\n42\n1 0.5 -3\n4294967295\n0xff\ntrue\n€\nInfinity\nNaN\n1e300\n";
    assert_eq!(run.text(), lines);
}

#[test]
fn two_integers_are_a_text_where_one_lies() {
    let mut run = Run::new(
        r#"(module
            (import "console" "log" (func $log (param i32 i32)))
            (import "js" "mem" (memory 1))
            (import "env" "log_str" (func $str (param i32 i32)))
            (import "env" "log_i32" (func $two (param i32 i32)))
            (import "env" "puts" (func $puts (param i32) (result i32)))
            (import "env" "print_cstr" (func $cstr (param i32)))
            (import "env" "putchar" (func $putchar (param i32) (result i32)))
            (data (i32.const 8) "Hi, \c3\a4ther!\00\ff\fe")
            (func (export "log") (param i32 i32) (call $log (local.get 0) (local.get 1)))
            (func (export "str") (param i32 i32) (call $str (local.get 0) (local.get 1)))
            (func (export "two") (param i32 i32) (call $two (local.get 0) (local.get 1)))
            (func (export "puts") (param i32) (drop (call $puts (local.get 0))))
            (func (export "cstr") (param i32) (call $cstr (local.get 0)))
            (func (export "putchar") (param i32) (result i32) (call $putchar (local.get 0))))"#,
    );
    let two = |a, b| [Value::I32(a), Value::I32(b)];
    run.call("log", &two(8, 11)).unwrap();
    run.call("log", &two(1, 2)).unwrap(); // zeros are nothing to read
    run.call("log", &two(0, 0)).unwrap();
    run.call("log", &two(20, 2)).unwrap(); // not UTF-8
    run.call("log", &two(-1, -1)).unwrap(); // outside
    run.call("two", &two(8, 2)).unwrap();
    run.call("str", &two(8, 2)).unwrap();
    run.call("puts", &[Value::I32(8)]).unwrap();
    run.call("cstr", &[Value::I32(12)]).unwrap();
    assert_eq!(run.int("putchar", &[65]), 65);
    let lines = "Hi, äther!\n1 2\n0 0\n20 2\n-1 -1\n8 2\nHi\nHi, äther!\näther!\nA";
    assert_eq!(run.text(), lines);
    assert!(run.trap("str", &[65_530, 100]).contains("beyond the end of the memory"));
    assert!(run.trap("str", &[-1, -1]).contains("beyond the end"));
    assert!(run.trap("cstr", &[-1]).contains("beyond the end"));
    assert!(run.trap("puts", &[70_000]).contains("0x10000"));
}

#[test]
fn a_text_without_an_end_or_a_memory_is_a_trap() {
    let mut run = Run::new(
        r#"(module (import "env" "puts" (func $puts (param i32)))
            (import "env" "log_str" (func $str (param i32 i32)))
            (import "env" "log" (func $log (param i32 i32)))
            (func (export "puts") (param i32) (call $puts (local.get 0)))
            (func (export "str") (param i32 i32) (call $str (local.get 0) (local.get 1)))
            (func (export "log") (param i32 i32) (call $log (local.get 0) (local.get 1))))"#,
    );
    assert!(run.trap("puts", &[0]).contains("no memory"));
    assert!(run.trap("str", &[0, 0]).contains("no memory"));
    run.call("log", &[Value::I32(3), Value::I32(4)]).unwrap();
    assert_eq!(run.text(), "3 4\n");

    let mut run = Run::new(
        r#"(module (import "env" "puts" (func $puts (param i32))) (memory 1)
            (func (export "puts") (param i32)
                (memory.fill (i32.const 65000) (i32.const 65) (i32.const 536))
                (call $puts (local.get 0))))"#,
    );
    assert!(run.trap("puts", &[65_500]).contains("no zero"));
}

#[test]
fn long_texts_are_cut_and_counted() {
    let mut run = Run::new(
        r#"(module (import "env" "log_str" (func $str (param i32 i32))) (memory 32)
            (func (export "str") (param i32 i32) (call $str (local.get 0) (local.get 1))))"#,
    );
    run.call("str", &[Value::I32(0), Value::I32((1 << 20) + 5)]).unwrap();
    assert_eq!(run.state.log().dropped(), 5);
    assert_eq!(run.text().len(), (1 << 20) + 1);
}

#[test]
fn messages_are_attributed() {
    let mut run = Run::new(
        r#"(module (import "console" "log" (func $log (param i32)))
            (import "console" "warn" (func $warn (param i32)))
            (func (export "go") (nop) (call $log (i32.const 7)) (call $warn (i32.const 8))))"#,
    );
    run.call("go", &[]).unwrap();
    run.call("go", &[]).unwrap();
    let entries = run.state.log().entries();
    let seen: Vec<_> = entries.iter().map(|entry| (entry.stream, entry.origin.unwrap())).collect();
    let (first, second) = (seen[0].1.task, seen[2].1.task);
    assert_ne!(first, second);
    let by = |task: TaskId, clock| Origin { task, clock, instance: Some(run.instance) };
    // nop, i32.const, call: the third instruction is the call.
    let expected = [
        (Stream::Log, by(first, 3)),
        (Stream::Stderr, by(first, 5)),
        (Stream::Log, by(second, 3)),
        (Stream::Stderr, by(second, 5)),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn strings_of_the_engine_are_texts() {
    let mut run = Run::new(
        r#"(module (import "console" "log" (func $log (param externref)))
            (import "'" "Grüezi" (global $hello externref))
            (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
            (func (export "go") (result i32)
                (call $log (global.get $hello)) (call $log (ref.null extern))
                (call $length (global.get $hello))))"#,
    );
    assert_eq!(run.int("go", &[]), 6);
    assert_eq!(run.text(), "Grüezi\nnull\n");
}

#[test]
fn a_reader_waits_for_what_is_typed() {
    let mut run = Run::new(
        r#"(module (import "env" "getchar" (func $get (result i32)))
            (func (export "go") (result i32) (call $get)))"#,
    );
    let go = run.store.export_func(run.instance, "go").unwrap();
    let mut task = run.store.start(go, &[]).unwrap();
    let Stop::HostCall(call) = task.run(&mut run.store, Budget::unlimited()).unwrap() else {
        panic!("it has nothing to read yet");
    };
    assert_eq!(call.state, CallState::InProgress);
    assert!(run.state.stdin().is_awaited());
    run.state.stdin().push_line("x");
    assert!(!run.state.stdin().is_awaited());
    let stop = task.run(&mut run.store, Budget::unlimited()).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(i32::from(b'x'))]));
    assert_eq!(run.int("go", &[]), i32::from(b'\n'));
    run.state.stdin().close();
    assert_eq!(run.int("go", &[]), -1);
}

#[test]
fn modules_share_what_they_import() {
    let mut run = Run::new(
        r#"(module (import "js" "memory" (memory 1)) (import "js" "table" (table 2 funcref))
            (import "js" "global" (global $g (mut i32)))
            (func (export "put") (i32.store (i32.const 4) (i32.const 77)) (global.set $g (i32.const 5))))"#,
    );
    let other = r#"(module (import "js" "memory" (memory 1)) (import "js" "global" (global $g (mut i32)))
        (func (export "get") (result i32) (i32.add (i32.load (i32.const 4)) (global.get $g))))"#;
    run.call("put", &[]).unwrap();
    run.instance = link(&mut run.store, &run.state, other);
    assert_eq!(run.int("get", &[]), 82);
    // What does not fit is made anew.
    let larger = r#"(module (import "js" "memory" (memory 3))
        (func (export "size") (result i32) memory.size))"#;
    run.instance = link(&mut run.store, &run.state, larger);
    assert_eq!(run.int("size", &[]), 3);
}

#[test]
fn a_memory_that_is_too_large_is_an_error() {
    let module = super::module(r#"(module (import "env" "memory" (memory 65536)))"#);
    let mut run = Run::new("(module)");
    let import = &module.imports()[0];
    let defined = run.state.define(HostSet::Console, import, &mut Linker::new(), &mut run.store);
    // As large as that is allowed or not by the engine's limits; it must not panic.
    assert!(matches!(defined, Ok(true) | Err(_)));
}

#[test]
fn math() {
    let mut run = Run::new(
        r#"(module (import "Math" "pow" (func $pow (param f64 f64) (result f64)))
            (import "env" "log" (func $ln (param f64) (result f64)))
            (import "env" "sqrtf" (func $sqrtf (param f32) (result f32)))
            (import "Math" "random" (func $random (result f64)))
            (import "Math" "round" (func $round (param f64) (result f64)))
            (func (export "go") (result f64)
                (f64.add (call $pow (f64.const 2) (f64.const 10)) (call $ln (f64.const 1))))
            (func (export "root") (result f32) (call $sqrtf (f32.const 9)))
            (func (export "round") (result f64) (call $round (f64.const -2.5)))
            (func (export "random") (result f64) (call $random)))"#,
    );
    assert_eq!(run.result("go", &[]), Value::F64(1024.0));
    assert_eq!(run.result("root", &[]), Value::F32(3.0));
    assert_eq!(run.result("round", &[]), Value::F64(-2.0));
    let (a, b) = (run.result("random", &[]), run.result("random", &[]));
    assert_ne!(a, b);
    assert!(matches!(a, Value::F64(value) if (0.0..1.0).contains(&value)));
}

#[test]
fn only_what_is_shown_counts_as_read() {
    let mut run = Run::new(
        r#"(module (import "console" "log" (func $log (param i32 i32)))
            (import "env" "puts" (func $puts (param i32))) (memory 1) (data (i32.const 8) "abc")
            (func (export "go")
                (call $log (i32.const 1) (i32.const 9))
                (call $log (i32.const 8) (i32.const 2))
                (call $puts (i32.const 9))))"#,
    );
    run.store.record_host_calls(true);
    run.call("go", &[]).unwrap();
    let read = |effect: &Effect| match effect {
        Effect::Read { address, len, .. } => (*address, *len),
        other => panic!("{other:?}"),
    };
    let calls = run.store.take_host_calls();
    let reads: Vec<Vec<_>> =
        calls.iter().map(|call| call.effects.iter().map(read).collect()).collect();
    assert_eq!(reads, [vec![], vec![(8, 2)], vec![(9, 2)]]);
}
