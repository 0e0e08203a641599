//! A program under WASI whose world is made by the host: arguments, a file tree in memory, what it prints.
//!
//! ```text
//! cargo run -p stepwell-wasi --example wasi
//! ```

use stepwell_engine::{Engine, Error, Linker, Module, Store};
use stepwell_wasi::{Buffer, FixedClock, MemoryTree, SeededRandom, Shared, Wasi, add_to_linker};

const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "Hello from wasm\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 16))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $proc_exit (i32.const 3))))"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut wasi = Wasi::new();
    wasi.args(["program", "one"]).env("LANG", "C").stdout(Buffer::new());
    // The same in each run: a clock that stands where it is set, and random numbers from a seed.
    wasi.clock(FixedClock { start: 0, elapsed: 0, step: 1 }).random(SeededRandom::new(1));
    let tree = wasi.add_tree(MemoryTree::new());
    wasi.preopen(tree, "/").map_err(|errno| format!("{errno:?}"))?;
    let wasi = Shared::new(wasi);

    let engine = Engine::default();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    add_to_linker(&mut linker, &wasi);
    let instance = linker.instantiate(&mut store, &Module::from_wat(&engine, PROGRAM)?)?;
    let start = store.export_func(instance, "_start")?;
    let ended = store.invoke(start, &[]);
    assert_eq!(ended, Err(Error::Exit { code: 3 }));

    let printed = wasi.with(|wasi| wasi.stdout_as::<Buffer>().map(Buffer::take))?;
    assert_eq!(printed.as_deref(), Some(&b"Hello from wasm\n"[..]));
    print!("{}", String::from_utf8_lossy(&printed.unwrap_or_default()));
    Ok(())
}
