//! The short way through a host call: that of a typed function of which nobody keeps a record.
//!
//! It does what [`Task::answer_host`] does, without lists of values: arguments are read from the caller's
//! stack, results are written back to it.

use core::task::Waker;

use super::stop::{CallState, Stop};
use super::task::{Phase, Status, Task};
use crate::host::Caller;
use crate::host::typed::NO_SLOTS;
use crate::store::{FuncEntity, Store};

impl Task {
    /// Answers the pending call, if the short way leads there; a stop if the call stays pending.
    pub(super) fn answer_typed(
        &mut self,
        store: &mut Store,
        waker: &Waker,
    ) -> Option<Option<Stop>> {
        let Status::Waiting { func, tail, phase: Phase::Called } = self.state.status else {
            return None;
        };
        if !store.recorder.is_idle() || store.debugger.breaks_on_call(func) {
            return None;
        }
        let FuncEntity::Host { host, .. } = *store.state.funcs.get(func.index())? else {
            return None;
        };
        let typed = store.hosts.get(host)?.typed.clone()?;
        let live = self.state.stack.live();
        let base = live.len().checked_sub(typed.param_slots)?;
        let mut slots = NO_SLOTS;
        slots.get_mut(..typed.param_slots)?.copy_from_slice(live.get(base..)?);
        store.task_id(&mut self.state.identity);

        let result = (typed.call)(&mut Caller { store, task: &self.state, waker }, &mut slots);
        if let Err(error) = result {
            if error.is_pending() {
                return Some(self.host_call(store, func, CallState::InProgress));
            }
            self.conclude(store, func, Err(error), None);
            return Some(None);
        }
        if tail || typed.checked || !self.put_results(base, slots.get(..typed.result_slots)?) {
            self.conclude(store, func, Ok(typed.results(&slots)), None);
        }
        Some(None)
    }

    /// Puts results where the arguments of a call begin; false if there is no room yet, or the call is not that
    /// of a frame.
    fn put_results(&mut self, base: usize, results: &[u64]) -> bool {
        let task = &mut self.state;
        let end = base + results.len();
        let (Some(frame), Some(slots)) =
            (task.frames.last_mut(), task.stack.slots.get_mut(base..end))
        else {
            return false;
        };
        slots.copy_from_slice(results);
        task.stack.top = end as u32;
        frame.pc += 1;
        task.status = Status::Ready;
        true
    }
}
