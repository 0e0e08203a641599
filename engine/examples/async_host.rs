//! Host functions that are futures: a program waits for the host, and another one runs meanwhile.
//!
//! ```text
//! cargo run -p stepwell-engine --features wat --example async_host
//! ```
//!
//! The executor here is a dozen lines; any other will do.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use stepwell_engine::{Engine, FuncType, HostError, Linker, Module, Store, ValType, Value};

const PROGRAM: &str = r#"(module
  (import "host" "fetch" (func $fetch (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "run") (param $key i32) (result i32)
    (i32.add (call $fetch (local.get $key) (i32.const 64)) (i32.load8_u (i32.const 64)))))"#;

/// Is ready when a thread says so.
#[derive(Default)]
struct Answer(Arc<Mutex<(Option<u8>, Option<Waker>)>>);

impl Answer {
    /// Something slow, elsewhere.
    fn after(time: Duration, value: u8) -> Self {
        let answer = Self::default();
        let shared = answer.0.clone();
        thread::spawn(move || {
            thread::sleep(time);
            if let Ok(mut shared) = shared.lock() {
                shared.0 = Some(value);
                shared.1.take().into_iter().for_each(Waker::wake);
            }
        });
        answer
    }
}

impl Future for Answer {
    type Output = u8;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u8> {
        let Ok(mut shared) = self.0.lock() else { return Poll::Ready(0) };
        match shared.0 {
            Some(value) => Poll::Ready(value),
            None => {
                shared.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn main() -> Result<(), stepwell_engine::Error> {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, PROGRAM)?;
    let mut linker = Linker::new();
    let ty = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
    linker.func_async("host", "fetch", ty, |caller, args| async move {
        let [Value::I32(key), Value::I32(address)] = args[..] else {
            return Err(HostError::new("two numbers are needed"));
        };
        // While this waits, the task is parked: it borrows nothing and takes no thread.
        let value = Answer::after(Duration::from_millis(5), key as u8).await;
        caller.write(address as u32, &[value]).await?;
        // Calls back into wasm are frames of the same task, stepped and counted like all others.
        let double = caller.with(|caller| caller.export("double")).await?;
        let Some(stepwell_engine::Extern::Func(double)) = double else {
            return Err(HostError::new("no double"));
        };
        Ok(caller.call(double, &[Value::I32(key)]).await?)
    });

    let mut first = Store::new(&engine);
    let mut second = Store::new(&engine);
    let start = |store: &mut Store, key| {
        let instance = linker.instantiate(store, &module)?;
        store.start(store.export_func(instance, "run")?, &[Value::I32(key)])
    };
    let (mut one, mut two) = (start(&mut first, 7)?, start(&mut second, 30)?);
    let mut one = pin!(one.call_async(&mut first));
    let mut two = pin!(two.call_async(&mut second));
    // Both wait at the same time.
    let mut ended = (None, None);
    block_on(std::future::poll_fn(|context| {
        if ended.0.is_none()
            && let Poll::Ready(values) = one.as_mut().poll(context)
        {
            ended.0 = Some(values);
        }
        if ended.1.is_none()
            && let Poll::Ready(values) = two.as_mut().poll(context)
        {
            ended.1 = Some(values);
        }
        if ended.0.is_some() && ended.1.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }));
    println!("{ended:?}");
    assert_eq!(ended, (Some(Ok(vec![Value::I32(21)])), Some(Ok(vec![Value::I32(90)]))));
    Ok(())
}
