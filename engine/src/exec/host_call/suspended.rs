//! Host calls that have begun and not ended.

use alloc::vec::Vec;

use crate::host::{Replay, Running};

/// Host calls that have begun, by the number of host frames below them.
#[derive(Default)]
pub(crate) struct Suspended(Vec<(usize, Running)>);

impl Suspended {
    pub(in crate::exec) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, level: usize) -> Option<Running> {
        self.0.pop_if(|(at, _)| *at == level).map(|(_, running)| running)
    }

    pub(crate) fn put(&mut self, level: usize, running: Running) {
        self.0.push((level, running));
    }

    /// Whether the host call at this level has begun.
    pub(in crate::exec) fn is_at(&self, level: usize) -> bool {
        self.0.last().is_some_and(|(at, _)| *at == level)
    }

    pub(super) fn last_mut(&mut self, level: usize) -> Option<&mut Running> {
        self.0.last_mut().filter(|(at, _)| *at == level).map(|(_, running)| running)
    }

    /// Whether the host call at this level has begun, whatever it has called since.
    pub(crate) fn has(&self, level: usize) -> bool {
        self.0.iter().any(|(at, _)| *at == level)
    }

    /// Those that a record answers: level and how far they have come.
    pub(crate) fn replays(&self) -> impl Iterator<Item = (usize, &Replay)> {
        self.0.iter().filter_map(|(level, running)| match running {
            Running::Replay(replay) => Some((*level, replay)),
            Running::Future(_) => None,
        })
    }

    /// None will go on.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Those above `level` will not go on.
    pub(super) fn truncate(&mut self, level: usize) {
        self.0.retain(|(at, _)| *at <= level);
    }
}
