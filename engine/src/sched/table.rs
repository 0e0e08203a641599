//! The tasks of a scheduler, in slots that are used again.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Waker;

use super::ready::Alarm;
use super::{Handle, Priority, State};
use crate::exec::Task;

/// A task of a scheduler, and what becomes of it.
pub(super) struct Entry {
    pub(super) task: Task,
    pub(super) waker: Waker,
    alarm: Arc<Alarm>,
    /// Which executor the alarm rings.
    pub(super) bells: u32,
    pub(super) priority: Priority,
    pub(super) state: State,
    pub(super) store: usize,
    pub(super) turns: u64,
}

impl Entry {
    pub(super) fn new(
        task: Task,
        store: usize,
        priority: Priority,
        alarm: Arc<Alarm>,
        bells: u32,
    ) -> Self {
        let waker = Waker::from(alarm.clone());
        Self { task, waker, alarm, bells, priority, state: State::Ready, store, turns: 0 }
    }

    pub(super) fn set_alarm(&mut self, alarm: Arc<Alarm>, bells: u32) {
        self.alarm.disconnect();
        self.waker = Waker::from(alarm.clone());
        (self.alarm, self.bells) = (alarm, bells);
    }
}

/// A task of a scheduler, for display.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskInfo {
    /// The task.
    pub handle: Handle,
    /// Its priority.
    pub priority: Priority,
    /// What it waits for.
    pub state: State,
    /// Index of its store.
    pub store: usize,
    /// Instructions that it has executed in all, before it was spawned as well.
    pub executed: u64,
    /// Turns that it has had.
    pub turns: u64,
}

#[derive(Default)]
struct Slot {
    /// How many tasks have had the slot before.
    generation: u32,
    entry: Option<Entry>,
}

#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Tasks by their state.
    counts: [usize; 4],
}

impl Table {
    /// Adds a ready task.
    pub(super) fn insert(&mut self, entry: impl FnOnce(u32) -> Entry) -> Handle {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let entry = entry(slot);
        self.counts[entry.state as usize] += 1;
        self.slots[slot as usize].entry = Some(entry);
        self.handle(slot)
    }

    /// The handle of the task in a slot.
    pub(super) fn handle(&self, slot: u32) -> Handle {
        let generation = self.slots.get(slot as usize).map_or(0, |slot| slot.generation);
        Handle { slot, generation }
    }

    pub(super) fn get(&self, handle: Handle) -> Option<&Entry> {
        let slot = self.slots.get(handle.slot as usize)?;
        slot.entry.as_ref().filter(|_| slot.generation == handle.generation)
    }

    pub(super) fn get_mut(&mut self, handle: Handle) -> Option<&mut Entry> {
        let slot = self.slots.get_mut(handle.slot as usize)?;
        slot.entry.as_mut().filter(|_| slot.generation == handle.generation)
    }

    pub(super) fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.slots.get_mut(slot as usize)?.entry.as_mut()
    }

    pub(super) fn set_state(&mut self, slot: u32, state: State) {
        let Some(Slot { entry: Some(entry), .. }) = self.slots.get_mut(slot as usize) else {
            return;
        };
        self.counts[entry.state as usize] -= 1;
        self.counts[state as usize] += 1;
        entry.state = state;
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Task> {
        let place = self.slots.get_mut(slot as usize)?;
        let entry = place.entry.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(slot);
        self.counts[entry.state as usize] -= 1;
        entry.alarm.disconnect();
        Some(entry.task)
    }

    pub(super) fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.counts[state as usize]
    }

    /// The tasks in a state, by slot.
    pub(super) fn in_state(&self, state: State) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.slots).filter_map(move |(slot, place)| {
            place.entry.as_ref().filter(|entry| entry.state == state).map(|_| slot)
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = TaskInfo> + '_ {
        (0..).zip(&self.slots).filter_map(|(slot, place)| {
            let entry = place.entry.as_ref()?;
            Some(TaskInfo {
                handle: Handle { slot, generation: place.generation },
                priority: entry.priority,
                state: entry.state,
                store: entry.store,
                executed: entry.task.executed(),
                turns: entry.turns,
            })
        })
    }
}
