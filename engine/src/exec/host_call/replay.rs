//! Host calls that are answered from a record.

use alloc::format;

use super::super::arena::Active;
use super::super::state::Phase;
use super::super::stop::{CallState, Stop};
use crate::error::{Error, Result};
use crate::host::record::{Effect, RecordedAnswer, describe};
use crate::host::{HostError, Replay, Running};
use crate::ids::{FuncAddr, TaskId};
use crate::store::Store;

impl Active {
    /// Takes the recorded call, if it is the one that has been made.
    pub(super) fn begin_replay(
        &mut self,
        store: &mut Store,
        task: TaskId,
        func: FuncAddr,
    ) -> Result<()> {
        let call = self.state.pending_call(store, func, CallState::InProgress);
        let (Some(call), Some(recorded)) = (call, store.recorder.replayed(task)) else {
            return Ok(());
        };
        let same = (&recorded.module, &recorded.name, recorded.executed)
            == (&call.module, &call.name, self.state.executed)
            && recorded.args == call.args;
        if !same {
            let told = |module, name, args, executed| {
                format!("{} after {executed} instructions", describe(module, name, args))
            };
            return Err(Error::Diverged {
                expected: told(&recorded.module, &recorded.name, &recorded.args, recorded.executed),
                found: told(&call.module, &call.name, &call.args, self.state.executed),
            });
        }
        if let Some(record) = store.recorder.take_replayed(task) {
            self.enter_phase(Phase::Begun);
            self.suspended.put(self.level(), Running::Replay(Replay { record, next: 0, waits: 0 }));
            self.begin_record(store, func);
        }
        Ok(())
    }

    /// Does again what a recorded call did, up to its next call.
    pub(super) fn replay(
        &mut self,
        store: &mut Store,
        func: FuncAddr,
        at: (TaskId, u32),
        mut replay: Replay,
    ) -> Result<Option<Stop>> {
        let record = replay.record.clone();
        loop {
            if store.recorder.repeats && record.course.waits.get(replay.waits) == Some(&replay.next)
            {
                replay.waits += 1;
                store.recorder.wait(at);
                self.suspended.put(at.1 as usize, Running::Replay(replay));
                return Ok(self.host_call(store, func, CallState::InProgress));
            }
            let Some(effect) = record.effects.get(replay.next) else { break };
            replay.next += 1;
            match effect {
                Effect::Read { .. } => {}
                Effect::Write { memory, address, bytes } => {
                    let unknown = Error::UnknownIndex { what: "memory", index: memory.0.into() };
                    store.memory_mut(*memory).ok_or(unknown)?.write(*address, bytes)?;
                }
                Effect::Global { global, value } => store.set_global(*global, *value)?,
                Effect::Table { table, index, value } => store.set_table(*table, *index, *value)?,
                // Where it failed then it fails now, whatever this system has.
                Effect::GrowMemory { old: None, .. } => {}
                Effect::GrowMemory { memory, pages, old: Some(_) } => {
                    let bytes = store.memory(*memory).map_or(0, |memory| memory.ty().page_size());
                    let bytes = bytes.saturating_mul(*pages);
                    let grown = store.grow_memory(*memory, *pages);
                    grown.ok_or(Error::OutOfMemory { bytes })?;
                }
                Effect::Call { func, args, .. } => {
                    let callee = self.callee(store, *func, args)?;
                    let effect = effect.clone();
                    self.suspended.put(at.1 as usize, Running::Replay(replay));
                    self.enter(store, at, callee, effect);
                    return Ok(None);
                }
            }
            store.recorder.note(|| effect.clone());
        }
        if store.recorder.repeats && record.course.resumed {
            // The embedder's answer comes when it came.
            self.suspended.put(at.1 as usize, Running::Replay(replay));
            return Ok(self.host_call(store, func, CallState::Unanswered));
        }
        let result = match &record.answer {
            RecordedAnswer::Returned(values) => Ok(values.clone()),
            RecordedAnswer::Trapped(message) => Err((&**message).into()),
            RecordedAnswer::Exited(code) => Err(HostError::exit(*code)),
            RecordedAnswer::PassedOn(trap) => Err(trap.clone().into()),
            // From here on it is the embedder's.
            RecordedAnswer::Unfinished => {
                store.recorder.pause(at);
                return Ok(None);
            }
        };
        self.conclude(store, func, result, Some(at));
        Ok(None)
    }
}
