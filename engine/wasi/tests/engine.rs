//! A program in WebAssembly that makes the calls itself.
#![allow(clippy::unwrap_used)]

use stepwell_engine::{Budget, Config, Engine, Error, Linker, Module, Stop, Store, Task, Value};
use stepwell_wasi::{Buffer, FixedClock, MemoryTree, Shared, Version, Wasi, add_to_linker};

/// Writes its second argument and its first variable; then opens a file, writes to it, and tells the errno.
fn program(module: &str) -> String {
    format!(
        r#"(module
  (import "{module}" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "{module}" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "{module}" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "{module}" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "{module}" "path_open" (func $path_open
    (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "Hello, \n")
  (data (i32.const 200) "made.txt")
  (func $print (param $fd i32) (param $at i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $len))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $print (i32.const 1) (i32.const 100) (i32.const 7))
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 1000) (i32.const 2000)))
    (call $print (i32.const 1) (i32.load (i32.const 1004)) (i32.const 5))
    (call $print (i32.const 1) (i32.const 107) (i32.const 1))
    (drop (call $environ_get (i32.const 1000) (i32.const 2000)))
    (call $print (i32.const 2) (i32.load (i32.const 1000)) (i32.const 5)))
  (func (export "make") (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (i32.const 200) (i32.const 8) (i32.const 1)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
    (call $print (i32.load (i32.const 12)) (i32.const 100) (i32.const 5)))
  (func (export "bad") (result i32)
    (call $fd_write (i32.const 1) (i32.const 65535) (i32.const 1) (i32.const 8))))"#
    )
}

#[test]
fn a_program_says_hello() -> Result<(), Error> {
    for version in Version::ALL {
        let mut wasi = Wasi::new();
        wasi.args(["hello", "world"]).env("KEY", "v");
        let tree = wasi.add_tree(MemoryTree::new());
        wasi.preopen(tree, "/").unwrap();
        let wasi = Shared::new(wasi);
        let engine = Engine::new(Config::default());
        let module = Module::from_wat(&engine, &program(version.module_name()))?;
        let mut store = Store::new(&engine);
        let mut linker = Linker::new();
        add_to_linker(&mut linker, &wasi);
        let instance = linker.instantiate(&mut store, &module)?;
        let mut invoke = |name| store.invoke(store.export_func(instance, name)?, &[]);
        assert_eq!(invoke("_start")?, []);
        assert_eq!(invoke("make")?, [Value::I32(0)]);
        assert_eq!(invoke("bad")?, [Value::I32(21)]);
        wasi.with(|wasi| {
            assert_eq!(wasi.stdout_as::<Buffer>().unwrap().take(), b"Hello, world\n");
            assert_eq!(wasi.stderr_as::<Buffer>().unwrap().take(), b"KEY=v");
            let files = wasi.tree_as::<MemoryTree>(tree).unwrap();
            assert_eq!(files.read_file("made.txt").unwrap(), b"Hello");
        })
        .unwrap();
    }
    Ok(())
}

#[test]
fn tasks_that_sleep_alike_wake_each_in_its_own_time() -> Result<(), Error> {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "sleep") (result i32)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 1000))
        (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96))))"#;
    let mut wasi = Wasi::new();
    wasi.clock(FixedClock { start: 0, elapsed: 0, step: 0 });
    let wasi = Shared::new(wasi);
    let engine = Engine::new(Config::default());
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    add_to_linker(&mut linker, &wasi);
    let instance = linker.instantiate(&mut store, &Module::from_wat(&engine, text)?)?;
    let sleep = store.export_func(instance, "sleep")?;
    let mut tasks = [store.start(sleep, &[])?, store.start(sleep, &[])?];
    let pass = |time| {
        wasi.with(|wasi| wasi.clock_as::<FixedClock>().unwrap().advance(time)).unwrap();
    };
    let mut run = |task: &mut Task| task.run(&mut store, Budget::unlimited());
    let [one, other] = &mut tasks;
    assert!(matches!(run(one)?, Stop::HostCall(_)));
    pass(600);
    assert!(matches!(run(other)?, Stop::HostCall(_)));
    pass(400);
    assert!(matches!(run(other)?, Stop::HostCall(_)));
    assert_eq!(run(one)?, Stop::Done(vec![Value::I32(0)]));
    assert_eq!(wasi.with(|wasi| wasi.wake_at()), Ok(Some(1600)));
    pass(600);
    assert_eq!(run(other)?, Stop::Done(vec![Value::I32(0)]));
    Ok(())
}

#[test]
fn pointers_mean_the_memory_that_is_exported() -> Result<(), Error> {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "clock_res_get" (func $get (param i32 i32) (result i32)))
      (memory $other 1) (memory $one 1) EXPORT
      (func (export "f") (result i32 i32 i32)
        (call $get (i32.const 1) (i32.const 0))
        (i32.load $other (i32.const 0)) (i32.load $one (i32.const 0))))"#;
    let wasi = Shared::new(Wasi::new());
    let engine = Engine::new(Config::default());
    for (export, expected) in [
        (r#"(export "memory" (memory $one))"#, [0, 0, 1000]),
        (r#"(export "memory" (memory $other)) (export "more" (memory $one))"#, [0, 1000, 0]),
        // Without one of that name, and with something else under it: memory 0.
        (r#"(export "mem" (memory $one))"#, [0, 1000, 0]),
        (r#"(global $g i32 (i32.const 0)) (export "memory" (global $g))"#, [0, 1000, 0]),
    ] {
        let mut store = Store::new(&engine);
        let mut linker = Linker::new();
        add_to_linker(&mut linker, &wasi);
        let module = Module::from_wat(&engine, &text.replace("EXPORT", export))?;
        let instance = linker.instantiate(&mut store, &module)?;
        let found = store.invoke(store.export_func(instance, "f")?, &[])?;
        assert_eq!(found, expected.map(Value::I32), "{export}");
    }
    Ok(())
}

#[test]
fn every_function_can_be_imported() {
    let engine = Engine::new(Config::default());
    let store = Store::new(&engine);
    let mut linker = Linker::new();
    add_to_linker(&mut linker, &Shared::new(Wasi::new()));
    for function in stepwell_wasi::Function::ALL {
        for version in Version::ALL {
            let has = linker.has(&store, version.module_name(), function.name());
            assert_eq!(has, function.is_in(version), "{}", function.name());
        }
    }
    assert!(!linker.has(&store, "wasi_unstable", "sock_accept"));
}
