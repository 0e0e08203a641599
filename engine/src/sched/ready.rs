//! Which tasks have been woken, and who sleeps until one is.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::Waker;

use crate::flags::{Flag, Flags};

/// The executor that waits for a task to be woken.
pub(super) struct Doorbell {
    /// Whether it has been rung, or need not be: nobody sleeps.
    rung: AtomicBool,
    waker: Waker,
}

impl Doorbell {
    pub(super) fn new(waker: &Waker) -> Arc<Self> {
        Arc::new(Self { rung: AtomicBool::new(true), waker: waker.clone() })
    }

    pub(super) fn is_of(&self, waker: &Waker) -> bool {
        self.waker.will_wake(waker)
    }

    /// From now on it wants to be rung. The flags have to be looked at once more after this.
    pub(super) fn arm(&self) {
        self.rung.store(false, SeqCst);
    }

    fn ring(&self) {
        if !self.rung.swap(true, SeqCst) {
            self.waker.wake_by_ref();
        }
    }
}

/// Sets the flag of a task, until the task is gone.
pub(super) struct Alarm {
    flag: Flag,
    live: AtomicBool,
    bell: Option<Arc<Doorbell>>,
}

impl Alarm {
    /// What wakes the task of a slot, and this executor with it.
    pub(super) fn new(flags: &mut Flags, slot: u32, bell: Option<&Arc<Doorbell>>) -> Arc<Self> {
        let flag = flags.flag(slot);
        Arc::new(Self { flag, live: AtomicBool::new(true), bell: bell.cloned() })
    }

    /// The task is gone: its place may be another's.
    pub(super) fn disconnect(&self) {
        self.live.store(false, SeqCst);
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.live.load(SeqCst)
            && self.flag.set()
            && let Some(bell) = &self.bell
        {
            bell.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::sync::atomic::AtomicUsize;

    fn taken(flags: &mut Flags) -> Vec<u32> {
        let mut found = Vec::new();
        flags.take(&mut found);
        found
    }

    #[test]
    fn a_disconnected_alarm_wakes_nobody() {
        let mut flags = Flags::default();
        let alarm = Alarm::new(&mut flags, 7, None);
        let waker = Waker::from(alarm.clone());
        waker.wake_by_ref();
        assert_eq!(taken(&mut flags), [7]);
        alarm.disconnect();
        waker.wake();
        assert!(!flags.any() && taken(&mut flags).is_empty());
    }

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn the_executor_is_rung_once_and_only_while_it_sleeps() {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let rung = || count.0.load(SeqCst);
        let bell = Doorbell::new(&count.clone().into());
        let mut flags = Flags::default();
        let wakers: [Waker; 2] =
            [1, 2].map(|slot| Alarm::new(&mut flags, slot, Some(&bell)).into());
        wakers[0].wake_by_ref();
        assert_eq!(rung(), 0);
        taken(&mut flags);
        bell.arm();
        wakers.iter().for_each(Waker::wake_by_ref);
        assert_eq!(rung(), 1);
    }
}
