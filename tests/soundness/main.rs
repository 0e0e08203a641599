//! What safe code does to the engine, in whatever order: nothing of it may be undefined, and no state
//! wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod breakpoints;
mod collect;
mod identity;
mod random;
mod values;
mod watchpoints;

use std::future::poll_fn;
use std::task::Poll;

use stepwell_engine::{
    AsyncCaller, Config, Engine, FuncType, HostError, HostResult, InstanceId, Linker, Module,
    Store, Tier, ValType, Value,
};

/// Three instances that call each other through imports and a shared table, with memories, a heap and the host.
struct Linked {
    store: Store,
    a: InstanceId,
    b: InstanceId,
    c: InstanceId,
}

const A: &str = r#"(module $a
  (type $pair (struct (field (mut i32)) (field (ref null $pair))))
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (global $sum (export "sum") (mut i64) (i64.const 0))
  (global $list (mut (ref null $pair)) (ref.null $pair))
  (func $g (export "g") (param $n i32) (result i32)
    (global.set $list (struct.new $pair (local.get $n) (global.get $list)))
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 7)))
      (then (global.set $list (ref.null $pair))))
    (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_u (local.get $n))))
    (if (i32.eqz (ref.is_null (global.get $list)))
      (then (struct.set $pair 0 (global.get $list) (i32.xor (local.get $n) (i32.const 1)))))
    (table.set (i32.const 3) (ref.func $g))
    (i32.store (i32.mul (local.get $n) (i32.const 4)) (local.get $n))
    (i32.add (i32.load (i32.mul (local.get $n) (i32.const 4))) (i32.const 1)))
  (func (export "list") (result i32)
    (if (result i32) (ref.is_null (global.get $list))
      (then (i32.const -1))
      (else (struct.get $pair 0 (ref.as_non_null (global.get $list)))))))"#;

const B: &str = r#"(module $b
  (import "a" "g" (func $g (param i32) (result i32)))
  (import "a" "list" (func $list (result i32)))
  (import "a" "table" (table $t 4 funcref))
  (import "host" "ask" (func $ask (param i32) (result i32)))
  (type $f (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (elem (table $t) (i32.const 0) func $g $twice)
  (func $twice (param i32) (result i32)
    (i32.store8 (local.get 0) (local.get 0))
    (i32.shl (call $g (local.get 0)) (i32.const 1)))
  (func (export "loop") (param $n i32) (result i32) (local $i i32) (local $acc i32) (local $f f64)
    (loop $again
      (local.set $acc (i32.add (local.get $acc) (call $g (local.get $i))))
      (local.set $acc (i32.xor (local.get $acc)
        (call_indirect $t (type $f) (local.get $i) (i32.and (local.get $i) (i32.const 1)))))
      (local.set $acc (i32.add (local.get $acc) (call $list)))
      (local.set $f (f64.add (local.get $f) (f64.const 0.5)))
      (if (i32.eq (i32.and (local.get $i) (i32.const 15)) (i32.const 9))
        (then (local.set $acc (i32.add (local.get $acc) (call $ask (local.get $i))))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.add (local.get $acc) (i32.trunc_f64_s (local.get $f)))))"#;

const C: &str = r#"(module $c
  (import "b" "loop" (func $loop (param i32) (result i32)))
  (import "a" "memory" (memory 1))
  (import "a" "table" (table $t 4 funcref))
  (type $f (func (param i32) (result i32)))
  (elem (table $t) (i32.const 2) func $down)
  (func $down (export "down") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (call $loop (i32.const 20)))
      (else
        (i32.store16 offset=512 (local.get $n) (local.get $n))
        (i32.add
          (call_indirect $t (type $f) (i32.sub (local.get $n) (i32.const 1)) (i32.const 2))
          (i32.load offset=512 (local.get $n)))))))"#;

/// Who answers.
#[derive(Clone, Copy)]
enum Host {
    Embedder,
    Future,
}

/// Waits once, calls back into wasm, waits again, and answers what it was asked.
async fn asked(caller: AsyncCaller, args: Vec<Value>) -> HostResult {
    let wait = || {
        let mut waited = false;
        poll_fn(move |_| match std::mem::replace(&mut waited, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
    };
    wait().await;
    let list = caller.with(|caller| {
        let a = caller.instance_named("a").ok_or("no instance")?;
        Ok::<_, HostError>(caller.store().export_func(a, "list")?)
    });
    caller.call(list.await??, &[]).await?;
    wait().await;
    Ok(args)
}

impl Linked {
    fn new(tier: Tier) -> Self {
        Self::in_engine(&Engine::new(Config::default().tier(tier)), Host::Embedder)
    }

    fn in_engine(engine: &Engine, host: Host) -> Self {
        let mut store = Store::new(engine);
        let mut linker = Linker::new();
        let ty = FuncType::new([ValType::I32], [ValType::I32]);
        match host {
            Host::Embedder => linker.func_unresolved("host", "ask", ty),
            Host::Future => linker.func_async("host", "ask", ty, asked),
        };
        let [a, b, c] = [("a", A), ("b", B), ("c", C)].map(|(name, text)| {
            let module = Module::from_wat(engine, text).unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            linker.define_instance(name, instance);
            instance
        });
        Self { store, a, b, c }
    }

    fn start(&mut self, instance: InstanceId, export: &str, n: i32) -> stepwell_engine::Task {
        let func = self.store.export_func(instance, export).unwrap();
        self.store.start(func, &[Value::I32(n)]).unwrap()
    }
}
