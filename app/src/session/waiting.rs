//! Who will catch what is thrown next, and who waits for a notification.

use stepwell_engine::{AtomicWait, CodeOffset, MemAddr};

use super::types::SessionError;
use super::{ModuleKey, Session, not_now};

/// An exception that the next instruction throws.
#[derive(Clone, PartialEq, Debug)]
pub struct Throw {
    /// Its tag's name, as `$oops`.
    pub tag: String,
    /// Who catches it; nobody without one.
    pub catcher: Option<Catcher>,
}

/// Who catches an exception.
#[derive(Clone, PartialEq, Debug)]
pub struct Catcher {
    /// The frame, counted from the innermost as 0.
    pub frame: usize,
    /// Its label, as `a.main`.
    pub label: String,
    /// Its module.
    pub module: Option<ModuleKey>,
    /// Where it goes on.
    pub offset: CodeOffset,
}

impl Session {
    /// What the next instruction throws, if it does.
    pub fn throwing(&self) -> Option<Throw> {
        let store = self.store()?;
        let throwing = self.task()?.throwing(store)?;
        let catcher = throwing.handler.and_then(|handler| {
            let frame = self.task()?.frames(store).nth(handler.frame)?;
            Some(Catcher {
                frame: handler.frame,
                label: self.frame_label(&frame),
                module: self.module_of_instance(frame.instance()).map(|open| open.key),
                offset: handler.target,
            })
        });
        Some(Throw { tag: self.tag_name(throwing.tag), catcher })
    }

    /// The atomic wait that the task is in.
    pub fn atomic_wait(&self) -> Option<AtomicWait> {
        self.task()?.atomic_wait(self.store()?)
    }

    /// Where tasks wait for a notification, in the order of arrival.
    pub fn waiters(&self) -> Vec<(MemAddr, u64)> {
        self.store().map_or(Vec::new(), |store| store.waiters().collect())
    }

    /// What a memory is called, as `a:$heap`.
    pub fn memory_label(&self, memory: MemAddr) -> String {
        let memories = self.memories();
        let named = memories.into_iter().find(|named| named.addr == memory);
        named.map_or_else(|| "memory".to_owned(), |named| named.label)
    }

    pub(super) fn time_out(&mut self) -> Result<(), SessionError> {
        let nobody = || not_now("nothing waits for a notification");
        if self.atomic_wait().is_none() {
            return Err(nobody());
        }
        let machine = self.stopped_machine()?;
        machine.time_out().ok_or_else(nobody)??;
        machine.tasks.unpark();
        Ok(())
    }
}
