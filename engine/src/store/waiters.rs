//! Tasks that wait at an address of a shared memory.

use alloc::vec::Vec;

use crate::ids::MemAddr;

/// Who waits where, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters {
    list: Vec<Waiter>,
    /// How many have been woken so far: tells that some may have been.
    notifications: u64,
}

impl PartialEq for Waiters {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

/// A task that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Waiter {
    pub(crate) task: u64,
    pub(crate) memory: MemAddr,
    pub(crate) address: u64,
    /// Whether it has been notified and has not gone on yet.
    pub(crate) woken: bool,
}

impl Waiters {
    pub(crate) fn list(&self) -> &[Waiter] {
        &self.list
    }

    pub(crate) fn add(&mut self, task: u64, memory: MemAddr, address: u64) {
        self.list.push(Waiter { task, memory, address, woken: false });
    }

    /// Wakes at most so many, and returns how many.
    pub(crate) fn notify(&mut self, memory: MemAddr, address: u64, most: u32) -> u32 {
        let here = self
            .list
            .iter_mut()
            .filter(|waiter| !waiter.woken && waiter.memory == memory && waiter.address == address);
        let woken = here.take(most as usize).map(|waiter| waiter.woken = true).count() as u32;
        self.notifications += u64::from(woken);
        woken
    }

    /// Changes whenever a task has been notified.
    pub(crate) fn notifications(&self) -> u64 {
        self.notifications
    }

    /// Those that have been notified and have not gone on yet.
    pub(crate) fn woken(&self) -> impl Iterator<Item = u64> + '_ {
        self.list.iter().filter(|waiter| waiter.woken).map(|waiter| waiter.task)
    }

    /// Whether a task has been notified.
    pub(crate) fn is_woken(&self, task: u64) -> bool {
        self.list.iter().any(|waiter| waiter.task == task && waiter.woken)
    }

    /// Forgets what a task waits for.
    pub(crate) fn remove(&mut self, task: u64) {
        self.list.retain(|waiter| waiter.task != task);
    }
}
