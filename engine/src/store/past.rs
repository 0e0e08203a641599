//! States of the past in place of the present one, which is set aside and comes back as it was.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Store, StoreState};
use crate::exec::Suspended;
use crate::host::record::HostRecord;
use crate::ids::TaskId;
use crate::memory::LinearMemory;
use crate::observe::Debugger;
use crate::recording::{Journal, NOTHING_NOTED, Recording};

/// The present of a store, while a state of the past stands in its place: futures and calls that are open go with it.
pub(crate) struct Live {
    state: StoreState,
    suspended: BTreeMap<u32, Suspended>,
    open: BTreeMap<(TaskId, u32), HostRecord>,
    keeps: bool,
    journal: Option<Box<Journal>>,
}

impl StoreState {
    /// A copy that has everything but memories.
    pub(crate) fn without_memories(&self) -> Self {
        Self {
            instances: self.instances.clone(),
            funcs: self.funcs.clone(),
            tables: self.tables.clone(),
            memories: Vec::new(),
            globals: self.globals.clone(),
            elements: self.elements.clone(),
            data: self.data.clone(),
            tags: self.tags.clone(),
            heap: self.heap.clone(),
            waiters: self.waiters.clone(),
            crossings: self.crossings.clone(),
            tasks: self.tasks.clone(),
            held: self.held.clone(),
            usage: self.usage,
            origin: self.origin.clone(),
        }
    }

    /// About how many bytes such a copy takes.
    pub(crate) fn bytes_without_memories(&self) -> u64 {
        let tables: u64 = self.tables.iter().map(super::Table::size).sum();
        let slots = self.tasks.states().map(|task| {
            let frames = task.frames.len() + task.outer.len();
            8 * task.stack.slots.len() as u64 + 32 * frames as u64 + 256
        });
        let heap = self.heap.allocated_bytes();
        1024 + 8 * tables + 48 * self.globals.len() as u64 + slots.sum::<u64>() + heap
    }

    /// Bytes of all memories.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memories.iter().map(LinearMemory::size).sum()
    }

    /// Bytes of memories that may have been written since they were last known.
    pub(crate) fn marked_bytes(&self) -> u64 {
        self.memories.iter().map(LinearMemory::marked_bytes).sum()
    }
}

impl Live {
    /// What was done up to the present.
    pub(crate) fn recording(&self, store: &Store) -> Option<Recording> {
        let steps = self.journal.as_ref()?.steps()?.to_vec();
        let mut calls = store.recorder.kept().to_vec();
        calls.extend(self.open.values().cloned().map(Arc::new));
        Some(Recording { steps, calls })
    }

    pub(crate) fn lost_steps(&self) -> Option<&'static str> {
        self.journal.as_ref().map_or(Some(NOTHING_NOTED), |journal| journal.lost())
    }
}

impl Store {
    /// Sets the present aside and puts a state of the past in its place.
    pub(crate) fn leave_present(&mut self, past: StoreState) -> Live {
        let live = Live {
            state: core::mem::replace(&mut self.state, past),
            suspended: core::mem::take(&mut self.suspended),
            open: self.recorder.take_open(),
            keeps: self.records_host_calls(),
            journal: self.journal.take(),
        };
        self.recorder.set_keeps(false);
        self.recorder.repeats = true;
        self.settle();
        live
    }

    /// Puts another state of the past in the place of this one.
    pub(crate) fn put_past(&mut self, past: StoreState) {
        self.state = past;
        self.settle();
    }

    /// The memories of a state of the past that is not needed any more, to be written over.
    pub(crate) fn take_past_memories(&mut self) -> Vec<LinearMemory> {
        core::mem::take(&mut self.state.memories)
    }

    /// Puts the present back.
    pub(crate) fn return_to_present(&mut self, live: Live) {
        self.state = live.state;
        self.settle();
        self.suspended = live.suspended;
        self.recorder.set_replayed([]);
        self.recorder.put_open(live.open);
        self.recorder.set_keeps(live.keeps);
        self.journal = live.journal;
        self.recorder.repeats = false;
    }

    fn settle(&mut self) {
        self.restored += 1;
        self.settle_tasks();
    }

    /// Lets something be done without breakpoints and the like.
    pub(crate) fn unobserved<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let debugger = core::mem::take(&mut self.debugger);
        let result = work(self);
        self.debugger = debugger;
        result
    }

    /// Lets something be done with other breakpoints.
    pub(crate) fn observed_by<R>(
        &mut self,
        debugger: &mut Debugger,
        work: impl FnOnce(&mut Self) -> R,
    ) -> R {
        core::mem::swap(&mut self.debugger, debugger);
        let result = work(self);
        core::mem::swap(&mut self.debugger, debugger);
        result
    }
}
