//! The heap: which object is looked at, and collecting what cannot be reached.

use stepwell_engine::ObjectAddr;

use super::command::Panel;
use super::types::{LayoutRequest, SessionError};
use super::{Session, not_now};

/// What the heap panel shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapFocus {
    /// The object; all of them without one.
    pub object: Option<ObjectAddr>,
    /// Changes whenever something else is to be shown.
    pub generation: u64,
}

/// What the session knows of the heap beside its objects.
#[derive(Default)]
pub(super) struct HeapState {
    object: Option<ObjectAddr>,
    generation: u64,
    /// Counts whatever may have changed the machine's state.
    changes: u64,
    /// How many machines there have been.
    machines: u64,
    /// Bytes that the last collection asked for has freed, since the last stop.
    freed: Option<u64>,
}

impl HeapState {
    /// Notes that the machine's state may be another one.
    pub(super) fn changed(&mut self) {
        self.changes += 1;
        self.freed = None;
    }

    /// Notes that the machine is gone.
    pub(super) fn discard(&mut self) {
        self.changed();
        self.machines += 1;
        self.object = None;
        self.generation += 1;
    }
}

impl Session {
    /// A number that is another one whenever the machine's state may have changed: what is derived
    /// from a state holds as long as it stays the same.
    pub fn state_number(&self) -> u64 {
        self.heap.changes
    }

    /// As [`state_number`](Self::state_number), of which objects there are, whatever their fields
    /// hold: the machine, bytes in objects, and collections.
    pub fn heap_number(&self) -> (u64, u64, u64) {
        let heap = self.store().map(|store| store.heap());
        let (used, collections) =
            heap.map_or((0, 0), |heap| (heap.used_bytes(), heap.collections()));
        (self.heap.machines, used, collections)
    }

    /// What is looked at in the heap.
    pub fn heap_focus(&self) -> HeapFocus {
        HeapFocus { object: self.heap.object, generation: self.heap.generation }
    }

    /// Bytes that [`Command::CollectGarbage`](super::Command::CollectGarbage) has freed, until the
    /// machine goes on.
    pub fn freed(&self) -> Option<u64> {
        self.heap.freed
    }

    pub(super) fn show_object(&mut self, object: Option<u32>) -> Result<(), SessionError> {
        let object = object.map(ObjectAddr);
        if let Some(object) = object {
            let store = self.store().ok_or_else(|| not_now("start an export first"))?;
            if store.object_kind(object).is_none() {
                return Err(not_now(format!("there is no object #{object} any more")));
            }
            self.layout_requests.push(LayoutRequest::Reveal(Panel::Heap));
        }
        self.heap.object = object;
        self.heap.generation += 1;
        Ok(())
    }

    pub(super) fn collect_garbage(&mut self) -> Result<(), SessionError> {
        let machine = self.stopped_machine()?;
        let freed = machine.store.collect_garbage()?;
        self.edits.end("garbage has been collected since");
        self.heap.freed = Some(freed);
        self.end_watchpoints();
        let kept = |object: &ObjectAddr| {
            self.store().is_some_and(|store| store.object_kind(*object).is_some())
        };
        if !self.heap.object.as_ref().is_none_or(kept) {
            self.heap.object = None;
            self.heap.generation += 1;
        }
        Ok(())
    }
}
