//! Tasks that wait at an address of a shared memory.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::ids::MemAddr;

/// Who waits where. Whatever is done for one takes no longer where many wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters {
    /// In the order of arrival, by which the others name them.
    list: BTreeMap<u64, Waiter>,
    arrivals: u64,
    by_task: BTreeSet<(u32, u64)>,
    /// Those that have not been notified.
    by_place: BTreeSet<(MemAddr, u64, u64)>,
    /// Those that have, by the number of the notification.
    woken: BTreeMap<u64, u64>,
    /// How many have been woken so far: tells that some may have been.
    notifications: u64,
}

impl PartialEq for Waiters {
    fn eq(&self, other: &Self) -> bool {
        let parts = |waiter: &Waiter| {
            (waiter.task, waiter.memory, waiter.address, waiter.notification.is_some())
        };
        self.list.values().map(parts).eq(other.list.values().map(parts))
    }
}

/// A task that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    /// Its place in the store.
    pub(crate) task: u32,
    pub(crate) memory: MemAddr,
    pub(crate) address: u64,
    /// By which it has been notified; it has not gone on yet.
    notification: Option<u64>,
}

impl Waiters {
    /// All of them, in the order of arrival.
    pub(crate) fn list(&self) -> impl ExactSizeIterator<Item = &Waiter> {
        self.list.values()
    }

    pub(crate) fn add(&mut self, task: u32, memory: MemAddr, address: u64) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.list.insert(arrival, Waiter { task, memory, address, notification: None });
        self.by_task.insert((task, arrival));
        self.by_place.insert((memory, address, arrival));
    }

    /// Wakes at most so many, and returns how many.
    pub(crate) fn notify(&mut self, memory: MemAddr, address: u64, most: u32) -> u32 {
        let here = (memory, address, 0)..=(memory, address, u64::MAX);
        let mut count = 0;
        while count < most
            && let Some(place) = self.by_place.range(here.clone()).next().copied()
        {
            self.by_place.remove(&place);
            let (.., arrival) = place;
            self.notifications += 1;
            if let Some(waiter) = self.list.get_mut(&arrival) {
                waiter.notification = Some(self.notifications);
            }
            self.woken.insert(self.notifications, arrival);
            count += 1;
        }
        count
    }

    /// Changes whenever a task has been notified.
    pub(crate) fn notifications(&self) -> u64 {
        self.notifications
    }

    /// Those that have been notified since there were so many [`notifications`](Self::notifications), and
    /// have not gone on yet, in the order of arrival.
    pub(crate) fn woken_since(&self, notifications: u64) -> impl Iterator<Item = u32> + '_ {
        let woken = self.woken.range(notifications.saturating_add(1)..);
        let arrivals: BTreeSet<u64> = woken.map(|(_, arrival)| *arrival).collect();
        arrivals.into_iter().filter_map(|arrival| Some(self.list.get(&arrival)?.task))
    }

    /// Whether a task has been notified.
    pub(crate) fn is_woken(&self, task: u32) -> bool {
        self.arrivals_of(task).any(|arrival| {
            self.list.get(&arrival).is_some_and(|waiter| waiter.notification.is_some())
        })
    }

    /// Forgets what a task waits for.
    pub(crate) fn remove(&mut self, task: u32) {
        let next = |waiters: &Self| waiters.arrivals_of(task).next();
        while let Some(arrival) = next(self) {
            self.by_task.remove(&(task, arrival));
            let Some(waiter) = self.list.remove(&arrival) else { continue };
            match waiter.notification {
                Some(notification) => self.woken.remove(&notification).is_some(),
                None => self.by_place.remove(&(waiter.memory, waiter.address, arrival)),
            };
        }
    }

    fn arrivals_of(&self, task: u32) -> impl Iterator<Item = u64> + '_ {
        self.by_task.range((task, 0)..=(task, u64::MAX)).map(|(_, arrival)| *arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_reach_those_who_came_first() {
        let mut waiters = Waiters::default();
        let (here, there) = ((MemAddr(0), 8), (MemAddr(1), 8));
        for (task, (memory, address)) in [(5, here), (6, there), (3, here), (4, here)] {
            waiters.add(task, memory, address);
        }
        assert_eq!(waiters.notify(here.0, here.1, 2), 2);
        assert_eq!(waiters.woken_since(0).collect::<Vec<_>>(), [5, 3]);
        assert_eq!(waiters.woken_since(1).collect::<Vec<_>>(), [3]);
        assert!(waiters.is_woken(3) && !waiters.is_woken(4) && !waiters.is_woken(6));
        let before = waiters.clone();
        waiters.remove(3);
        assert!(waiters != before);
        assert_eq!(waiters.woken_since(0).collect::<Vec<_>>(), [5]);
        assert_eq!(waiters.notify(here.0, here.1, u32::MAX), 1);
        assert_eq!(waiters.notify(here.0, here.1, u32::MAX), 0);
        assert_eq!(waiters.notifications(), 3);
        assert_eq!(waiters.list().map(|waiter| waiter.task).collect::<Vec<_>>(), [5, 6, 4]);
        for task in [4, 5, 6] {
            waiters.remove(task);
        }
        assert!(waiters == Waiters::default());
        assert!(waiters.by_place.is_empty() && waiters.woken.is_empty());
    }
}
