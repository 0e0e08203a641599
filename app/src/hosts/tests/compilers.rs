//! What AssemblyScript's runtime imports.

use stepwell_engine::{Error, Value};

use super::Run;

const SCRIPT: &str = r#"(module
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
    (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
    (import "env" "seed" (func $seed (result f64)))
    (import "env" "console.log" (func $log (param i32)))
    (import "env" "Date.now" (func $now (result f64)))
    (import "env" "process.exit" (func $exit (param i32)))
    (memory 1)
    (data (i32.const 12) "\06\00\00\00o\00h\00\e4\00")
    (data (i32.const 28) "\04\00\00\00a\00s\00")
    (data (i32.const 44) "\ff\ff\ff\ffx\00")
    (func (export "abort") (param i32 i32)
        (call $abort (local.get 0) (local.get 1) (i32.const 3) (i32.const 5)))
    (func (export "trace") (param i32 i32)
        (call $trace (local.get 0) (local.get 1) (f64.const 1) (f64.const 2.5) (f64.const 3)
            (f64.const 4) (f64.const 5)))
    (func (export "log") (param i32) (call $log (local.get 0)))
    (func (export "seed") (result f64) (call $seed))
    (func (export "now") (result f64) (call $now))
    (func (export "exit") (param i32) (call $exit (local.get 0))))"#;

#[test]
fn assembly_script() {
    let mut run = Run::new(SCRIPT);
    assert_eq!(run.trap("abort", &[16, 32]), "abort: ohä in as:3:5");
    assert_eq!(run.trap("abort", &[0, 0]), "abort: no message");
    // An abort whose texts cannot be read is still an abort.
    for hostile in [1, 48, 65_540, -1, i32::MIN] {
        assert_eq!(run.trap("abort", &[hostile, hostile]), "abort: no message");
    }
    assert!(run.text().starts_with("abort: ohä in as:3:5\nabort: no message\n"));
    run.state.log().clear();
    run.call("trace", &[Value::I32(32), Value::I32(2)]).unwrap();
    run.call("trace", &[Value::I32(32), Value::I32(0)]).unwrap();
    run.call("trace", &[Value::I32(32), Value::I32(-1)]).unwrap();
    run.call("trace", &[Value::I32(32), Value::I32(99)]).unwrap();
    run.call("log", &[Value::I32(16)]).unwrap();
    let text = "trace: as 1, 2.5\ntrace: as\ntrace: as\ntrace: as 1, 2.5, 3, 4, 5\nohä\n";
    assert_eq!(run.text(), text);
    for hostile in [2, 48, 65_600, -1] {
        run.trap("log", &[hostile]);
    }
    assert_ne!(run.result("seed", &[]), run.result("seed", &[]));
    assert_eq!(run.result("now", &[]), Value::F64(1e12));
    assert_eq!(run.call("exit", &[Value::I32(3)]), Err(Error::Exit { code: 3 }));
}
