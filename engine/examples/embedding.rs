//! A host that gives programs a function of its own, calls theirs, and limits what they may do:
//!
//! ```text
//! cargo run -p stepwell-engine --features wat --example embedding
//! ```

use stepwell_engine::{
    Budget, Caller, Config, Engine, Error, HostError, Linker, Module, Stop, Store,
};

const PROGRAM: &str = r#"(module
  (import "shop" "price" (func $price (param i32) (result i64)))
  (import "shop" "say" (func $say (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "that is all")
  (func (export "total") (param $first i32) (param $last i32) (result i64) (local $sum i64)
    loop $next
      (local.set $sum (i64.add (local.get $sum) (call $price (local.get $first))))
      (local.set $first (i32.add (local.get $first) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $first) (local.get $last)))
    end
    (call $say (i32.const 16) (i32.const 11))
    local.get $sum)
  (func (export "spin") (loop $for_ever (br $for_ever))))"#;

/// What the host keeps for its functions.
struct Shop {
    prices: Vec<u64>,
    said: Vec<String>,
}

/// An error of the host, which comes back out of the call.
#[derive(Debug, thiserror::Error)]
#[error("there is no article {0}")]
struct NoArticle(u32);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::new(Config::default().max_memory_pages(16).max_call_depth(1_000));
    let module = Module::from_wat(&engine, PROGRAM)?;

    let mut linker = Linker::new();
    linker.func_wrap("shop", "price", |caller: &mut Caller<'_>, article: u32| {
        let shop = caller.data::<Shop>().ok_or(HostError::new("the shop is closed"))?;
        let price = shop.prices.get(article as usize).copied();
        price.ok_or_else(|| HostError::from_error(NoArticle(article)))
    });
    linker.func_wrap("shop", "say", |caller: &mut Caller<'_>, address: u32, len: u32| {
        let memory = caller.memory().ok_or(HostError::new("no memory"))?;
        let text = memory.read_str(address, len)?;
        if let Some(shop) = caller.data_mut::<Shop>() {
            shop.said.push(text);
        }
        Ok::<(), HostError>(())
    });

    let shop = Shop { prices: vec![120, 80, 300], said: Vec::new() };
    let mut store = Store::with_data(&engine, shop);
    let instance = linker.instantiate(&mut store, &module)?;

    // A call from end to end, in types of Rust.
    let total = store.typed_func::<(u32, u32), u64>(store.export_func(instance, "total")?)?;
    let sum = total.call(&mut store, (0, 2))?;
    println!("articles 0 to 2: {sum}");
    assert_eq!(sum, 500);

    // A trap says where, and carries the host's own error.
    let error = match total.call(&mut store, (2, 3)) {
        Err(Error::Trap(trap)) => trap,
        other => return Err(format!("a trap was to be expected: {other:?}").into()),
    };
    println!("{error}");
    assert!(matches!(error.cause.downcast_ref(), Some(NoArticle(3))));

    // One that never ends is given so many instructions, or is interrupted by another thread.
    let spin = store.typed_func::<(), ()>(store.export_func(instance, "spin")?)?;
    let mut task = spin.start(&mut store, ())?;
    assert_eq!(task.run(&mut store, Budget::instructions(10_000))?, Stop::Budget);
    assert_eq!(task.executed(), 10_000);
    let handle = store.interrupt_handle();
    let thread = std::thread::spawn(move || handle.interrupt());
    assert_eq!(task.run(&mut store, Budget::unlimited())?, Stop::Interrupted);
    println!("interrupted after {} instructions", task.executed());
    assert!(thread.join().is_ok());

    let said = store.take_data::<Shop>().map(|shop| shop.said);
    assert_eq!(said, Some(vec!["that is all".to_owned()]));
    Ok(())
}
