use stepwell_engine::{Error, Value};

use super::super::Stream;
use super::Run;

#[test]
fn the_heap_grows() {
    let mut run = Run::new(
        r#"(module
            (import "env" "emscripten_resize_heap" (func $resize (param i32) (result i32)))
            (import "env" "emscripten_get_heap_max" (func $max (result i32)))
            (import "env" "_emscripten_memcpy_js" (func $copy (param i32 i32 i32)))
            (memory (export "memory") 2 100)
            (data (i32.const 0) "abcdef")
            (func (export "resize") (param i32) (result i32) (call $resize (local.get 0)))
            (func (export "max") (result i32) (call $max))
            (func (export "size") (result i32) memory.size)
            (func (export "copy") (param i32 i32 i32)
                (call $copy (local.get 0) (local.get 1) (local.get 2)))
            (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0))))"#,
    );
    assert_eq!(run.int("max", &[]), 100 << 16);
    assert_eq!(run.int("resize", &[(2 << 16) + 1]), 1);
    assert_eq!(run.int("size", &[]), 3);
    assert_eq!(run.int("resize", &[50 << 16]), 1);
    assert_eq!(run.int("size", &[]), 50);
    // A fifth more than there was, as it is more than asked for.
    assert_eq!(run.int("resize", &[(50 << 16) + 1]), 1);
    assert_eq!(run.int("size", &[]), 60);
    assert_eq!(run.int("resize", &[101 << 16]), 0);
    assert_eq!(run.int("resize", &[-1]), 0);
    assert_eq!(run.int("resize", &[0]), 0);
    assert_eq!(run.int("resize", &[99 << 16]), 1);
    assert_eq!(run.int("size", &[]), 99);
    let three = |a, b, c| [Value::I32(a), Value::I32(b), Value::I32(c)];
    run.call("copy", &three(2, 0, 4)).unwrap();
    assert_eq!((run.int("byte", &[2]), run.int("byte", &[5])), (97, 100));
    for hostile in [three(-1, 0, 4), three(0, -1, 4), three(0, 0, -1), three(-4, -4, -4)] {
        assert!(matches!(run.call("copy", &hostile), Err(Error::Trap(_))));
    }
}

#[test]
fn a_program_ends() {
    let mut run = Run::new(
        r#"(module
            (import "env" "memory" (memory 1))
            (import "env" "abort" (func $abort))
            (import "env" "_abort_js" (func $abort_js))
            (import "env" "__assert_fail" (func $fail (param i32 i32 i32 i32)))
            (import "env" "exit" (func $exit (param i32)))
            (import "env" "emscripten_asm_const_int" (func $asm (param i32 i32 i32) (result i32)))
            (import "env" "__syscall_openat" (func $open (param i32 i32 i32 i32) (result i32)))
            (import "env" "emscripten_console_error" (func $error (param i32)))
            (data (i32.const 16) "x > 0\00main.c\00main\00")
            (func (export "abort") (call $abort))
            (func (export "abort_js") (call $abort_js))
            (func (export "fail") (param i32)
                (call $fail (local.get 0) (i32.const 22) (i32.const 7) (i32.const 29)))
            (func (export "exit") (param i32) (call $exit (local.get 0)))
            (func (export "asm") (drop (call $asm (i32.const 0) (i32.const 0) (i32.const 0))))
            (func (export "error") (param i32) (call $error (local.get 0)))
            (func (export "open") (result i32)
                (call $open (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))"#,
    );
    assert_eq!(run.trap("abort", &[]), "the program called abort()");
    assert_eq!(run.trap("abort_js", &[]), "the program called abort()");
    let told = "Assertion failed: x > 0, at: main.c, 7, main";
    assert_eq!(run.trap("fail", &[16]), told);
    assert_eq!(run.state.log().bytes(&[Stream::Stderr]), format!("{told}\n").into_bytes());
    assert!(run.trap("fail", &[-1]).starts_with("Assertion failed: ?, at: main.c"));
    assert_eq!(run.call("exit", &[Value::I32(4)]), Err(Error::Exit { code: 4 }));
    assert!(run.trap("asm", &[]).contains("EM_ASM"));
    assert_eq!(run.int("open", &[]), -52);
    run.call("error", &[Value::I32(22)]).unwrap();
    assert!(run.text().ends_with("main.c\n"));
    run.trap("error", &[-1]);
}

#[test]
fn clocks_and_calendars() {
    let mut run = Run::new(
        r#"(module
            (import "env" "emscripten_get_now" (func $now (result f64)))
            (import "env" "emscripten_date_now" (func $date (result f64)))
            (import "env" "_emscripten_get_now_is_monotonic" (func $steady (result i32)))
            (import "env" "_gmtime_js" (func $gmtime (param i64 i32)))
            (import "env" "_localtime_js" (func $localtime (param i32 i32 i32)))
            (import "env" "_mktime_js" (func $mktime (param i32) (result i64)))
            (import "env" "_timegm_js" (func $timegm (param i32) (result i32)))
            (import "env" "getTempRet0" (func $upper (result i32)))
            (import "env" "setTempRet0" (func $set_upper (param i32)))
            (import "env" "_tzset_js" (func $tzset (param i32 i32 i32 i32)))
            (memory 1)
            (func (export "now") (result f64) (call $now))
            (func (export "date") (result f64) (call $date))
            (func (export "steady") (result i32) (call $steady))
            (func (export "gmtime") (param i64 i32) (call $gmtime (local.get 0) (local.get 1)))
            (func (export "localtime") (param i32 i32 i32)
                (call $localtime (local.get 0) (local.get 1) (local.get 2)))
            (func (export "mktime") (param i32) (result i64) (call $mktime (local.get 0)))
            (func (export "timegm") (param i32) (result i32) (call $timegm (local.get 0)))
            (func (export "upper") (result i32) (call $upper))
            (func (export "set_upper") (param i32) (call $set_upper (local.get 0)))
            (func (export "tzset") (param i32)
                (call $tzset (local.get 0) (i32.const 8) (i32.const 16) (i32.const 32)))
            (func (export "word") (param i32) (result i32) (i32.load (local.get 0))))"#,
    );
    assert_eq!(run.result("date", &[]), Value::F64(1e12));
    assert!(matches!(run.result("now", &[]), Value::F64(value) if value >= 0.0));
    assert_eq!(run.int("steady", &[]), 1);
    let at = 1_700_000_000; // 2023-11-14 22:13:20, a Tuesday
    run.call("gmtime", &[Value::I64(at), Value::I32(100)]).unwrap();
    let fields: Vec<i32> = (0..8).map(|field| run.int("word", &[100 + 4 * field])).collect();
    assert_eq!(fields, [20, 13, 22, 14, 10, 123, 2, 317]);
    assert_eq!(run.result("mktime", &[Value::I32(100)]), Value::I64(at));
    run.call("localtime", &[Value::I32(at as i32), Value::I32(0), Value::I32(200)]).unwrap();
    assert_eq!(run.int("word", &[200 + 20]), 123);
    // 2^33 seconds: the upper half of the result comes separately.
    run.call("localtime", &[Value::I32(0), Value::I32(2), Value::I32(200)]).unwrap();
    assert_eq!((run.int("timegm", &[200]), run.int("upper", &[])), (0, 2));
    run.call("set_upper", &[Value::I32(9)]).unwrap();
    assert_eq!(run.int("upper", &[]), 9);
    run.call("tzset", &[Value::I32(0)]).unwrap();
    assert_eq!(run.int("word", &[16]), i32::from_le_bytes(*b"UTC\0"));
    // Nothing sensible, but no panic.
    for seconds in [i64::MIN, i64::MAX, -1] {
        run.call("gmtime", &[Value::I64(seconds), Value::I32(300)]).unwrap();
        assert!(run.call("gmtime", &[Value::I64(seconds), Value::I32(-1)]).is_err());
    }
    for word in [i32::MIN, i32::MAX, -1] {
        for field in 0..9 {
            run.call("gmtime", &[Value::I64(at), Value::I32(300)]).unwrap();
            let memory = run.store.instance(run.instance).unwrap().memories()[0];
            let memory = run.store.memory_mut(memory).unwrap();
            memory.write(300 + 4 * field, &word.to_le_bytes()).unwrap();
            run.result("mktime", &[Value::I32(300)]);
        }
    }
    assert!(run.call("mktime", &[Value::I32(-8)]).is_err());
    assert!(run.call("tzset", &[Value::I32(-8)]).is_err());
}
