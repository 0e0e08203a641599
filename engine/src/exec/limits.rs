//! What ends a run beside its instructions: what host functions charge, and an interruption from outside.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;

use super::arena::Active;
use super::state::Status;
use super::stop::{Budget, Stop};
use crate::error::Result;
use crate::host::Caller;
use crate::store::Store;

/// Instructions between two looks at whether to stop, where somebody may interrupt.
const SLICE: u64 = 1_000_000;
/// Bytes that bulk operators write between them, at most.
const BULK_OF_SLICE: u64 = 16 << 20;

/// What ends runs of a store. It is no state of the machine.
#[derive(Default)]
pub(crate) struct RunLimits {
    /// What host functions have charged the present run and that has not been taken from its budget yet.
    charged: u64,
    /// Once somebody has asked for a handle.
    interrupt: Option<Arc<AtomicBool>>,
}

/// Stops the running task of a store from elsewhere, another thread for example; see
/// [`Store::interrupt_handle`].
#[derive(Clone, Debug)]
pub struct InterruptHandle(Arc<AtomicBool>);

impl InterruptHandle {
    /// The run of the store's task stops with [`Stop::Interrupted`] after at most a million instructions. If
    /// none runs, the next one stops before its first instruction. Several interruptions before
    /// that stop are one.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Takes an interruption back that has not stopped a run yet.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether there is an interruption that has not stopped a run yet.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Store {
    /// A handle that stops runs of this store, whatever task they are of. Host code is not interrupted, but the
    /// run stops when it has returned.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// # use stepwell_engine::{Budget, Engine, Linker, Module, Stop, Store};
    /// # let engine = Engine::default();
    /// let module = Module::from_wat(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine);
    /// let instance = Linker::new().instantiate(&mut store, &module)?;
    /// let spin = store.export_func(instance, "spin")?;
    /// let handle = store.interrupt_handle();
    /// std::thread::spawn(move || handle.interrupt());
    ///
    /// let mut task = store.start(spin, &[])?;
    /// assert_eq!(task.run(&mut store, Budget::unlimited())?, Stop::Interrupted);
    /// # }
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    pub fn interrupt_handle(&mut self) -> InterruptHandle {
        InterruptHandle(self.limits.interrupt.get_or_insert_default().clone())
    }

    /// Takes what has been charged from a budget, as far as that goes. Whether that has used it up.
    #[inline(always)]
    pub(crate) fn pay_charge(&mut self, fuel: &mut u64) -> bool {
        let charged = &mut self.limits.charged;
        if *charged == 0 {
            return false;
        }
        let paid = (*charged).min(*fuel);
        *charged -= paid;
        *fuel -= paid;
        *fuel == 0
    }

    /// Whether somebody has interrupted; that is over then.
    #[inline(always)]
    pub(super) fn take_interruption(&mut self) -> bool {
        self.limits.interrupt.as_ref().is_some_and(|interrupt| {
            interrupt.load(Ordering::Relaxed) && interrupt.swap(false, Ordering::Acquire)
        })
    }

    /// A run is over: what has been charged beyond its budget is nobody's.
    #[inline(always)]
    pub(crate) fn drop_charge(&mut self) {
        self.limits.charged = 0;
    }
}

impl Caller<'_> {
    /// Takes `count` instructions from the budget of the present run, for work that the host has done. The
    /// clock does not know of it: [`executed`](crate::Task::executed) counts what wasm has executed.
    ///
    /// If nothing is left, the run stops with [`Stop::Budget`] once the host call is done, or is done waiting; what
    /// was charged beyond the budget is forgotten then. An unlimited budget is one of 2⁶⁴ - 1 instructions.
    /// A call that awaits something charges the runs that poll it, each for what is done in that poll. A call
    /// that the embedder answers, and one that is replayed from a record, charges nothing.
    pub fn charge(&mut self, count: u64) {
        let charged = &mut self.store.limits.charged;
        *charged = charged.saturating_add(count);
    }
}

impl Active {
    /// Runs to the next stop, in slices if somebody may interrupt.
    #[inline(always)]
    pub(super) fn run_limited(
        &mut self,
        store: &mut Store,
        budget: Budget,
        waker: &Waker,
    ) -> Result<Stop> {
        let Budget { instructions: mut fuel, bulk_bytes: mut bulk } = budget;
        // Of a run that a panic ended.
        store.drop_charge();
        let stop = match store.limits.interrupt {
            None => self.run_to_stop(store, &mut fuel, &mut bulk, waker),
            Some(_) => self.run_in_slices(store, budget, waker),
        };
        store.drop_charge();
        stop
    }

    #[inline(never)]
    fn run_in_slices(&mut self, store: &mut Store, budget: Budget, waker: &Waker) -> Result<Stop> {
        let Budget { instructions: mut left, bulk_bytes: mut bulk_left } = budget;
        loop {
            // One that cannot run is not stopped.
            let can_run = match self.state.status {
                Status::Ready | Status::Waiting { .. } => true,
                Status::Parked(_) => store.state.waiters.is_woken(self.state.identity.place),
                Status::Done(_) | Status::Trapped(_) | Status::Exited(_) => false,
            };
            if can_run && store.take_interruption() {
                return Ok(Stop::Interrupted);
            }
            // What the slice before could not pay for.
            store.pay_charge(&mut left);
            let (mut fuel, mut bulk) = (left.min(SLICE), bulk_left.min(BULK_OF_SLICE));
            left -= fuel;
            bulk_left -= bulk;
            let stop = self.run_to_stop(store, &mut fuel, &mut bulk, waker)?;
            // In the middle of a bulk instruction some are left.
            let within = fuel > 0;
            left = left.saturating_add(fuel);
            match stop {
                Stop::Budget if within && bulk_left >= Budget::LEAST_BULK => {}
                Stop::Budget if !within && left > 0 => {}
                stop => return Ok(stop),
            }
            bulk_left = bulk_left.saturating_add(bulk);
        }
    }
}
