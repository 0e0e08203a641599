//! Host functions that are futures: `async` functions of the standard library's kind, on any executor.
//!
//! A future outlives the borrow of the store that polls it, so it reaches the state through
//! [`AsyncCaller`]: what it wants done is left in a list that the engine works off after each poll, with a
//! [`Caller`] at hand. Calls back into wasm are made the same way, and become frames of the task.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

#[cfg(feature = "std")]
use super::local::Local;
use super::record::HostRecord;
use super::{Caller, HostError, HostResult};
use crate::error::{Error, Result};
use crate::exec::Trap;
use crate::ids::FuncAddr;
use crate::lock::Lock;
use crate::value::Value;

/// A future that answers a host call.
pub(crate) type Answering = Pin<Box<dyn Future<Output = HostResult> + Send>>;

pub(crate) type AsyncClosure = dyn Fn(AsyncCaller, Vec<Value>) -> Answering + Send + Sync;

/// How a called function ended, for the host function that called it.
pub(crate) type CallReply = Result<Vec<Value>, Trap>;

/// The calling side of a host call that is answered by a future.
///
/// ```
/// # use stepwell_engine::{FuncType, HostError, Linker, ValType, Value};
/// # let mut linker = Linker::new();
/// let ty = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
/// linker.func_async("env", "shout", ty, |caller, args| async move {
///     let &[Value::I32(address), Value::I32(len)] = args.as_slice() else {
///         return Err(HostError::new("two numbers are needed"));
///     };
///     let text = caller.read(address as u32, len as u32).await?;
///     // … await a socket, a timer, a person …
///     caller.write(address as u32, &text.to_ascii_uppercase()).await?;
///     Ok(vec![Value::I32(0)])
/// });
/// ```
#[derive(Clone)]
pub struct AsyncCaller {
    exchange: Arc<Lock<Exchange>>,
}

/// What a future has asked for.
#[derive(Default)]
struct Exchange {
    requests: VecDeque<Request>,
    over: bool,
    /// Whether the future is being polled: what it has asked for is looked at after that.
    polled: bool,
    /// Who polls it, to be woken when somebody else asks for something.
    waker: Option<Waker>,
}

pub(crate) enum Request {
    With(Box<dyn FnOnce(&mut Caller<'_>) + Send>),
    Call { func: FuncAddr, args: Vec<Value>, catches: bool, reply: Reply<CallReply> },
}

impl Lock<Exchange> {
    fn put(&self, request: Request) -> Result<()> {
        let mut exchange = self.lock();
        if exchange.over {
            // What is dropped with the request may come back here.
            drop(exchange);
            return Err(Error::CallOver);
        }
        exchange.requests.push_back(request);
        let waker = exchange.waker.clone().filter(|_| !exchange.polled);
        drop(exchange);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}

/// Where an answer is put, and who waits for it.
type Slot<T> = Lock<(Option<Result<T>>, Option<Waker>)>;

/// Whether work is lost, and who waits for it.
#[cfg(feature = "std")]
type Lost = Lock<(bool, Option<Waker>)>;

/// Work and reply of one thread. Where that thread is not, neither can be had, and whoever waits is told so.
#[cfg(feature = "std")]
struct LocalWork<T> {
    work: Option<Local<T>>,
    lost: Arc<Lost>,
}

#[cfg(feature = "std")]
impl<T> LocalWork<T> {
    fn take(&mut self) -> Option<T> {
        self.work.as_ref()?.get().ok()?;
        self.work.take()?.into_inner().ok()
    }
}

#[cfg(feature = "std")]
impl<T> Drop for LocalWork<T> {
    fn drop(&mut self) {
        // On its own thread the reply tells.
        if self.work.as_ref().is_none_or(|work| work.get().is_ok()) {
            return;
        }
        let mut lost = self.lost.lock();
        lost.0 = true;
        let waker = lost.1.take();
        drop(lost);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The duty to answer. Dropped without an answer, it tells whoever waits that the call is over.
pub(crate) struct Reply<T> {
    slot: Arc<Slot<T>>,
}

impl<T> Reply<T> {
    /// Answers. The future is about to be polled with this waker, so that it need not be called; whoever
    /// waits with another one, as a part of a future may, is woken.
    pub(crate) fn give(self, answer: Result<T>, polled: &Waker) {
        self.put(answer, Some(polled));
    }

    fn put(&self, answer: Result<T>, polled: Option<&Waker>) {
        let mut slot = self.slot.lock();
        slot.0 = Some(answer);
        let waker = slot.1.take();
        drop(slot);
        if let Some(waker) = waker
            && !polled.is_some_and(|polled| polled.will_wake(&waker))
        {
            waker.wake();
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        // An answer that nobody has fetched yet stays; one that has been fetched leaves nobody waiting.
        if self.slot.lock().0.is_none() {
            self.put(Err(Error::CallOver), None);
        }
    }
}

impl AsyncCaller {
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        let slot: Arc<Slot<T>> = Arc::default();
        let request = request(Reply { slot: slot.clone() });
        self.exchange.put(request)?;
        poll_fn(|context| {
            let mut slot = slot.lock();
            match slot.0.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Does something with the [`Caller`], when the engine next looks at the call: at once, if the future
    /// then waits.
    ///
    /// # Errors
    /// [`Error::CallOver`].
    pub async fn with<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Caller<'_>) -> R + Send + 'static,
    ) -> Result<R> {
        self.ask(|reply| {
            Request::With(Box::new(move |caller| {
                let result = work(caller);
                reply.give(Ok(result), caller.waker());
            }))
        })
        .await
    }

    /// As [`with`](Self::with), for work that must not go to another thread.
    ///
    /// # Errors
    /// [`Error::CallOver`].
    #[cfg(feature = "std")]
    pub async fn with_local<R: 'static>(
        &self,
        work: impl FnOnce(&mut Caller<'_>) -> R + 'static,
    ) -> Result<R> {
        let lost = Arc::<Lost>::default();
        let asked = self.ask(|reply| {
            let mut work = LocalWork { work: Some(Local::new((work, reply))), lost: lost.clone() };
            Request::With(Box::new(move |caller| {
                if let Some((work, reply)) = work.take() {
                    let result = work(caller);
                    reply.give(Ok(result), caller.waker());
                }
            }))
        });
        let mut asked = core::pin::pin!(asked);
        poll_fn(|context| match asked.as_mut().poll(context) {
            Poll::Pending => {
                let mut lost = lost.lock();
                if lost.0 {
                    return Poll::Ready(Err(Error::CallOver));
                }
                lost.1 = Some(context.waker().clone());
                Poll::Pending
            }
            ready => ready,
        })
        .await
    }

    /// `len` bytes at `address` of the calling instance's memory 0.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`], and [`Error::UnknownIndex`] without a memory.
    pub async fn read(&self, address: impl Into<u64>, len: impl Into<u64>) -> Result<Vec<u8>> {
        let (address, len) = (address.into(), len.into());
        self.with(move |caller| {
            let memory = caller.memory().ok_or_else(no_memory)?;
            memory.read(address, len).map(<[u8]>::to_vec)
        })
        .await?
    }

    /// `len` bytes at `address` as UTF-8.
    ///
    /// # Errors
    /// If the bytes lie beyond the end or are not UTF-8.
    pub async fn read_str(
        &self,
        address: impl Into<u64>,
        len: impl Into<u64>,
    ) -> Result<String, HostError> {
        let (address, len) = (address.into(), len.into());
        self.with(move |caller| {
            let memory = caller.memory().ok_or_else(no_memory)?;
            memory.read_str(address, len)
        })
        .await?
    }

    /// Writes bytes at `address` of the calling instance's memory 0.
    ///
    /// # Errors
    /// [`Error::MemoryAccess`], and [`Error::UnknownIndex`] without a memory.
    pub async fn write(&self, address: impl Into<u64>, bytes: &[u8]) -> Result<()> {
        let (address, bytes) = (address.into(), bytes.to_vec());
        self.with(move |caller| {
            let mut memory = caller.memory().ok_or_else(no_memory)?;
            memory.write(address, &bytes)
        })
        .await?
    }

    /// Calls a function on the same task, as a further frame that is stepped and counted like the others.
    /// If it traps, so does the task, with all frames in place; an exception that it does not catch goes
    /// on through the host function.
    ///
    /// # Errors
    /// [`Error::Arity`], [`Error::Type`] and [`Error::UnknownIndex`] if it cannot be called so.
    pub async fn call(&self, func: FuncAddr, args: &[Value]) -> Result<Vec<Value>> {
        match self.enter(func, args, false).await? {
            Ok(values) => Ok(values),
            Err(trap) => Err(Error::Trap(trap)),
        }
    }

    /// As [`call`](Self::call), but a trap or an exception ends the called frames only and comes back here.
    ///
    /// # Errors
    /// Those of [`call`](Self::call).
    pub async fn try_call(
        &self,
        func: FuncAddr,
        args: &[Value],
    ) -> Result<Result<Vec<Value>, Trap>> {
        self.enter(func, args, true).await
    }

    async fn enter(&self, func: FuncAddr, args: &[Value], catches: bool) -> Result<CallReply> {
        let args = args.to_vec();
        self.ask(|reply| Request::Call { func, args, catches, reply }).await
    }
}

fn no_memory() -> Error {
    Error::UnknownIndex { what: "memory", index: 0 }
}

/// A host call that has begun, and is not plain data: it belongs to one task and to no clone of it.
pub(crate) enum Running {
    Future(RunningFuture),
    /// A recorded call.
    Replay(Replay),
}

/// A recorded call, and how far it has come.
#[derive(Clone)]
pub(crate) struct Replay {
    pub(crate) record: Arc<HostRecord>,
    /// Which of its effects comes next.
    pub(crate) next: usize,
    /// How often it has waited.
    pub(crate) waits: usize,
}

pub(crate) struct RunningFuture {
    future: Answering,
    exchange: Arc<Lock<Exchange>>,
    /// Who waits for the function that is being called.
    pub(crate) called: Option<Reply<CallReply>>,
    /// How that function has ended, to be told before the next poll.
    pub(crate) returned: Option<Result<CallReply>>,
}

/// How far a future has come.
pub(crate) enum Progress {
    Answered(HostResult),
    Wants(Request),
    Waits,
}

impl RunningFuture {
    pub(crate) fn new(closure: &AsyncClosure, args: Vec<Value>) -> Self {
        let exchange = Arc::<Lock<Exchange>>::default();
        let future = closure(AsyncCaller { exchange: exchange.clone() }, args);
        Self { future, exchange, called: None, returned: None }
    }

    pub(crate) fn poll(&mut self, waker: &Waker) -> Progress {
        if let Some(returned) = self.returned.take()
            && let Some(reply) = self.called.take()
        {
            reply.give(returned, waker);
        }
        // What it asked for alongside something else that it waits for.
        let mut exchange = self.exchange.lock();
        if !exchange.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            exchange.waker = Some(waker.clone());
        }
        if let Some(request) = exchange.requests.pop_front() {
            return Progress::Wants(request);
        }
        exchange.polled = true;
        drop(exchange);
        let polled = self.future.as_mut().poll(&mut Context::from_waker(waker));
        let mut exchange = self.exchange.lock();
        exchange.polled = false;
        match polled {
            Poll::Ready(answer) => Progress::Answered(answer),
            Poll::Pending => exchange.requests.pop_front().map_or(Progress::Waits, Progress::Wants),
        }
    }
}

impl Drop for RunningFuture {
    fn drop(&mut self) {
        let mut exchange = self.exchange.lock();
        exchange.over = true;
        // Whoever waits for these elsewhere learns that the call is over.
        let left = core::mem::take(&mut exchange.requests);
        drop(exchange);
        drop(left);
    }
}
