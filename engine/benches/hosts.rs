//! What calls between the host and wasm cost:
//!
//! ```text
//! cargo bench -p stepwell-engine --features wat --bench hosts
//! ```
#![allow(missing_docs)] // a program, not a library

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use stepwell_engine::{Caller, Engine, FuncAddr, FuncType, Linker, Module, Store, ValType, Value};

fn main() {
    divan::main();
}

type Failure = stepwell_engine::Error;

const CALLS: u32 = 10_000;

const TEXT: &str = r#"(module
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (memory 1)
  (func (export "calls") (param $left i32) (result i32) (local $sum i32)
    loop $next
      (local.set $sum (call $add (local.get $sum) (local.get $left)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))
    end
    local.get $sum)
  (func (export "nothing") (param i32) (result i32) local.get 0))"#;

fn start(linker: &Linker, export: &str) -> Result<(Store, FuncAddr), Failure> {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, TEXT)?;
    let mut store = Store::new(&engine);
    let instance = linker.instantiate(&mut store, &module)?;
    let func = store.export_func(instance, export)?;
    Ok((store, func))
}

fn calls(bencher: Bencher<'_, '_>, linker: &Linker) {
    let Ok((mut store, func)) = start(linker, "calls") else { return };
    let args = [Value::I32(CALLS as i32)];
    bencher.counter(ItemsCount::new(CALLS)).bench_local(|| black_box(store.invoke(func, &args)));
}

/// A closure that takes and returns lists of values.
#[divan::bench]
fn closure(bencher: Bencher<'_, '_>) {
    let mut linker = Linker::new();
    let ty = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
    linker.func("env", "add", ty, |_, args| match args {
        [Value::I32(a), Value::I32(b)] => Ok(vec![Value::I32(a.wrapping_add(*b))]),
        _ => Err("two numbers are needed".into()),
    });
    calls(bencher, &linker);
}

#[divan::bench]
fn typed(bencher: Bencher<'_, '_>) {
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", |a: i32, b: i32| a.wrapping_add(b));
    calls(bencher, &linker);
}

#[divan::bench]
fn typed_with_caller(bencher: Bencher<'_, '_>) {
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", |caller: &mut Caller<'_>, a: i32, b: i32| {
        a.wrapping_add(b).wrapping_add(i32::from(caller.memory().is_none()))
    });
    calls(bencher, &linker);
}

/// A call of a function that does nothing.
#[divan::bench]
fn invoke(bencher: Bencher<'_, '_>) {
    let mut linker = Linker::new();
    linker.func_wrap("env", "add", |a: i32, b: i32| a.wrapping_add(b));
    let Ok((mut store, func)) = start(&linker, "nothing") else { return };
    bencher.bench_local(|| black_box(store.invoke(func, &[Value::I32(1)])));
}

/// A module with 24 imports, each time in a store of its own.
#[divan::bench(args = [false, true])]
fn instantiate(bencher: Bencher<'_, '_>, prelinked: bool) {
    let imports: String = (0..24)
        .map(|index| format!(r#"(import "env" "f{index}" (func (param i32 i64) (result i32)))"#))
        .collect();
    let engine = Engine::default();
    let Ok(module) = Module::from_wat(&engine, &format!("(module {imports})")) else { return };
    let mut linker = Linker::new();
    for index in 0..24 {
        linker.func_wrap("env", &format!("f{index}"), move |a: i32, _: i64| a + index);
    }
    let Ok(linked) = linker.prelink(&module) else { return };
    bencher.with_inputs(|| Store::new(&engine)).bench_local_refs(|store| {
        black_box(match prelinked {
            true => linked.instantiate(store),
            false => linker.instantiate(store, &module),
        })
    });
}
