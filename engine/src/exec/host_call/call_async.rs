//! A task on an executor.

use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::error::Result;
use crate::exec::stop::{Budget, CallState, Stop};
use crate::exec::task::Task;
use crate::store::Store;
use crate::value::Value;

/// A task that is run to its end as a future; see [`Task::call_async`].
pub struct CallAsync<'a> {
    task: &'a mut Task,
    store: &'a mut Store,
    slice: u64,
}

/// Bytes that bulk operators write in a poll, at most.
const BULK_OF_SLICE: u64 = 64 << 20;

impl<'a> CallAsync<'a> {
    pub(in crate::exec) fn new(task: &'a mut Task, store: &'a mut Store) -> Self {
        Self { task, store, slice: 1_000_000 }
    }

    /// Changes how many instructions a poll executes at most.
    pub fn slices_of(mut self, instructions: u64) -> Self {
        self.slice = instructions.max(1);
        self
    }
}

impl Future for CallAsync<'_> {
    type Output = Result<Vec<Value>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let CallAsync { task, store, slice } = &mut *self;
        let mut left = *slice;
        loop {
            let before = task.executed();
            let budget = Budget::instructions(left).bulk_bytes(BULK_OF_SLICE);
            let stop = task.run_with(store, budget, context.waker());
            left = left.saturating_sub(task.executed() - before);
            match stop {
                Ok(Stop::Budget) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Stop::HostCall(call)) if call.state == CallState::InProgress => {
                    return Poll::Pending;
                }
                Ok(stop) => {
                    if let Some(result) = store.take_up(task, stop) {
                        return Poll::Ready(result);
                    }
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
