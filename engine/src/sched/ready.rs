//! Which tasks have been woken: bits that any thread and any interrupt may set, without a lock.
//!
//! A group has a word of bits for each bit of its summary, so that a set bit is found by looking at two
//! words; 100,000 tasks are 25 groups on a 64-bit machine.

use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::Waker;

const BITS: usize = usize::BITS as usize;
/// Tasks of a group.
const GROUP: usize = BITS * BITS;

struct Group {
    /// Whether a bit of any group has been set since the last look.
    any: Arc<AtomicBool>,
    /// Which words may have bits.
    summary: AtomicUsize,
    words: [AtomicUsize; BITS],
}

impl Group {
    fn new(any: Arc<AtomicBool>) -> Self {
        let words = core::array::from_fn(|_| AtomicUsize::new(0));
        Self { any, summary: AtomicUsize::new(0), words }
    }
}

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

    /// From now on it wants to be rung. The set has to be looked at once more after this.
    pub(super) fn arm(&self) {
        self.rung.store(false, SeqCst);
    }

    fn ring(&self) {
        if !self.rung.swap(true, SeqCst) {
            self.waker.wake_by_ref();
        }
    }
}

/// Sets the bit of a task, until the task is gone.
pub(super) struct Alarm {
    group: Arc<Group>,
    /// Of the bit within the group.
    position: usize,
    live: AtomicBool,
    bell: Option<Arc<Doorbell>>,
}

impl Alarm {
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
        let (word, bit) = (self.position / BITS, 1 << (self.position % BITS));
        let Some(bits) = self.group.words.get(word).filter(|_| self.live.load(SeqCst)) else {
            return;
        };
        if bits.fetch_or(bit, SeqCst) & bit != 0 {
            return;
        }
        self.group.summary.fetch_or(1 << word, SeqCst);
        self.group.any.store(true, SeqCst);
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }
}

/// The bits of all tasks.
#[derive(Default)]
pub(super) struct ReadySet {
    groups: Vec<Arc<Group>>,
    any: Arc<AtomicBool>,
}

impl ReadySet {
    /// What wakes the task of a slot, and this executor with it.
    pub(super) fn alarm(&mut self, slot: u32, bell: Option<&Arc<Doorbell>>) -> Arc<Alarm> {
        let slot = slot as usize;
        while self.groups.len() <= slot / GROUP {
            self.groups.push(Arc::new(Group::new(self.any.clone())));
        }
        Arc::new(Alarm {
            group: self.groups[slot / GROUP].clone(),
            position: slot % GROUP,
            live: AtomicBool::new(true),
            bell: bell.cloned(),
        })
    }

    /// Whether a bit may be set.
    pub(super) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }

    /// Takes all bits that are set, as slots in ascending order.
    pub(super) fn take(&mut self, found: &mut Vec<u32>) {
        if !self.any() || !self.any.swap(false, SeqCst) {
            return;
        }
        for (number, group) in self.groups.iter().enumerate() {
            for word in ones(take(&group.summary)) {
                for bit in ones(take(&group.words[word])) {
                    found.push((number * GROUP + word * BITS + bit) as u32);
                }
            }
        }
    }
}

/// Most words are empty, and reading is cheaper than writing.
fn take(word: &AtomicUsize) -> usize {
    if word.load(SeqCst) == 0 { 0 } else { word.swap(0, SeqCst) }
}

/// Positions of the bits that are set.
fn ones(mut bits: usize) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lowest = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(lowest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(set: &mut ReadySet) -> Vec<u32> {
        let mut found = Vec::new();
        set.take(&mut found);
        found
    }

    #[test]
    fn bits_are_found_once_in_the_order_of_slots() {
        let mut set = ReadySet::default();
        let slots = [100_000, 3, 63, 64, 4095, 4096, 0];
        let wakers: Vec<Waker> = slots.map(|slot| set.alarm(slot, None).into()).into();
        assert!(taken(&mut set).is_empty());
        for waker in &wakers {
            waker.wake_by_ref();
            waker.wake_by_ref();
        }
        assert_eq!(taken(&mut set), [0, 3, 63, 64, 4095, 4096, 100_000]);
        assert!(taken(&mut set).is_empty() && !set.any());
        wakers[1].wake_by_ref();
        assert_eq!(taken(&mut set), [3]);
    }

    #[test]
    fn a_disconnected_alarm_wakes_nobody() {
        let mut set = ReadySet::default();
        let alarm = set.alarm(7, None);
        let waker = Waker::from(alarm.clone());
        alarm.disconnect();
        waker.wake();
        assert!(!set.any() && taken(&mut set).is_empty());
    }

    #[test]
    fn threads_lose_no_bit() {
        const TASKS: u32 = if cfg!(miri) { 400 } else { 10_000 };
        let mut set = ReadySet::default();
        let wakers: Vec<Waker> = (0..TASKS).map(|slot| set.alarm(slot, None).into()).collect();
        let mut counts = alloc::vec![0u32; TASKS as usize];
        std::thread::scope(|scope| {
            let threads: Vec<_> = wakers
                .chunks(TASKS as usize / 4)
                .map(|part| scope.spawn(|| part.iter().for_each(Waker::wake_by_ref)))
                .collect();
            let mut found = Vec::new();
            while threads.iter().any(|thread| !thread.is_finished()) {
                set.take(&mut found);
            }
            set.take(&mut found);
            found.iter().for_each(|slot| counts[*slot as usize] += 1);
        });
        assert!(counts.iter().all(|count| *count == 1));
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
        let mut set = ReadySet::default();
        let wakers: [Waker; 2] = [1, 2].map(|slot| set.alarm(slot, Some(&bell)).into());
        wakers[0].wake_by_ref();
        assert_eq!(rung(), 0);
        taken(&mut set);
        bell.arm();
        wakers.iter().for_each(Waker::wake_by_ref);
        assert_eq!(rung(), 1);
    }
}
