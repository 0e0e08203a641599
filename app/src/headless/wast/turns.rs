//! Tasks of a script that take turns: that of the script itself, and those of its threads.
//!
//! Each thread is a future that gives up its turn between slices of instructions. All share one store; the
//! turns are short, so that what two threads do is interleaved, and always the same.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use stepwell_engine::{Budget, Error, HostCall, Stop, Store, Task, Value};

/// Instructions that a task executes in a turn while there are others.
const TURN: u64 = 25;

/// What a script's threads share.
pub(super) struct Turns<'s> {
    pub(super) store: RefCell<Store>,
    /// Threads that have been started since the last round.
    started: RefCell<Vec<Thread<'s>>>,
    /// How many threads have not come to their end.
    running: Cell<usize>,
    /// Whether anything has happened in this round.
    progress: Cell<bool>,
    /// The soonest timeout that a task waits for, in this round.
    soonest: Cell<Option<u64>>,
    /// What waits ends now, as nothing else can happen.
    over: Cell<Option<Over>>,
}

type Thread<'s> = Pin<Box<dyn Future<Output = ()> + 's>>;

/// Which waits end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// One with this timeout.
    Timeout(u64),
    /// All: nobody will ever notify them.
    Deadlock,
}

impl<'s> Turns<'s> {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store: RefCell::new(store),
            started: RefCell::default(),
            running: Cell::new(0),
            progress: Cell::new(false),
            soonest: Cell::new(None),
            over: Cell::new(None),
        }
    }

    /// Starts a thread; the flag tells when it has come to its end.
    pub(super) fn spawn(self: &Rc<Self>, thread: impl Future<Output = ()> + 's) -> Rc<Cell<bool>> {
        let (turns, done) = (self.clone(), Rc::new(Cell::new(false)));
        let flag = done.clone();
        self.running.set(self.running.get() + 1);
        self.started.borrow_mut().push(Box::pin(async move {
            thread.await;
            turns.running.set(turns.running.get() - 1);
            turns.progress.set(true);
            flag.set(true);
        }));
        done
    }

    /// Runs the script, and with it the threads that it starts, up to the end of all.
    pub(super) fn run(&self, script: impl Future<Output = ()> + 's) {
        let mut threads: Vec<Thread<'s>> = vec![Box::pin(script)];
        let mut context = Context::from_waker(Waker::noop());
        while !threads.is_empty() {
            self.progress.set(false);
            self.soonest.set(None);
            threads.retain_mut(|thread| thread.as_mut().poll(&mut context).is_pending());
            let started = self.started.take();
            let idle = !self.progress.get() && started.is_empty();
            threads.extend(started);
            // Nobody's clock runs here: a wait ends when there is nothing else to do.
            self.over.set(match self.soonest.get() {
                _ if !idle => None,
                Some(timeout) => Some(Over::Timeout(timeout)),
                None => Some(Over::Deadlock),
            });
        }
    }

    /// Waits for the end of a thread.
    pub(super) async fn join(&self, done: &Cell<bool>) {
        while !done.get() {
            self.pass().await;
        }
    }

    /// Runs a task to its end, in turns with all others.
    pub(super) async fn finish(&self, mut task: Task) -> Result<Vec<Value>, Error> {
        loop {
            let before = task.executed();
            let alone = self.running.get() == 0;
            let budget = if alone { Budget::unlimited() } else { Budget::instructions(TURN) };
            let stop = task.run(&mut self.store.borrow_mut(), budget)?;
            if task.executed() != before {
                self.progress.set(true);
            }
            match stop {
                Stop::Done(values) => return Ok(values),
                Stop::Trap(trap) => return Err(Error::Trap(trap)),
                Stop::Exit(code) => return Err(Error::Exit { code }),
                Stop::HostCall(HostCall { module, name, .. }) => {
                    let (module, name) = ((*module).into(), (*name).into());
                    return Err(Error::Unanswered { module, name });
                }
                Stop::Wait(wait) => {
                    let (timeout, address) = (wait.timeout, wait.address);
                    let soonest = self.soonest.get().into_iter().chain(timeout).min();
                    self.soonest.set(soonest);
                    self.pass().await;
                    match (self.over.get(), timeout) {
                        (Some(Over::Timeout(over)), Some(timeout))
                            if over == timeout && !task.is_notified(&self.store.borrow()) =>
                        {
                            // One at a time: it may notify the others.
                            self.over.set(None);
                            self.progress.set(true);
                            task.time_out(&mut self.store.borrow_mut())?;
                        }
                        (Some(Over::Deadlock), None) => {
                            self.progress.set(true);
                            return Err(Error::Deadlock { address });
                        }
                        _ => {}
                    }
                }
                Stop::Budget => self.pass().await,
                // Whatever else there is can be gone on from.
                _ => continue,
            }
        }
    }

    /// Gives up the turn.
    async fn pass(&self) {
        let mut passed = false;
        std::future::poll_fn(|_| match std::mem::replace(&mut passed, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}
