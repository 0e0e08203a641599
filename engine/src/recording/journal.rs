//! What an embedder does, noted while it is done.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Recording, RunEnd, Step};
use crate::error::Result;
use crate::exec::{CallState, Stop, Task};
use crate::store::Store;

/// Why nothing is known where nobody has asked for it.
pub(crate) const NOTHING_NOTED: &str = "nothing was noted";

/// The steps of a store that have not been taken yet.
#[derive(Debug)]
pub(crate) struct Journal {
    steps: Vec<Step>,
    /// About how many bytes they take, with the host calls.
    bytes: u64,
    /// Beyond it no more is noted.
    limit: u64,
    lost: Option<&'static str>,
    /// The last run does not go on.
    closed: bool,
}

impl Journal {
    pub(crate) fn push(&mut self, step: Step) {
        if self.lost.is_some() {
            return;
        }
        self.bytes += size_of::<Step>() as u64
            + match &step {
                Step::WriteMemory { bytes, .. } => bytes.len() as u64,
                Step::NewString(text) => text.len() as u64,
                Step::Start { args, .. } => size_of_val(&**args) as u64,
                _ => 0,
            };
        self.steps.push(step);
        self.check();
    }

    /// Unless some are lost.
    pub(crate) fn steps(&self) -> Option<&[Step]> {
        self.lost.is_none().then_some(&*self.steps)
    }

    pub(crate) fn lost(&self) -> Option<&'static str> {
        self.lost
    }

    fn check(&mut self) {
        if self.bytes > self.limit {
            self.lose("the run is too long for it");
        }
    }

    fn lose(&mut self, why: &'static str) {
        self.lost.get_or_insert(why);
        self.steps = Vec::new();
    }

    /// A task was run.
    fn ran(&mut self, task: &Task, executed: u64, end: RunEnd) {
        if let Some(Step::Run { task: last, executed: before, end: was }) = self.steps.last_mut()
            && *last == task.id()
            && matches!(was, RunEnd::Open | RunEnd::Within(_))
        {
            (*before, *was) = (*before + executed, end);
            return;
        }
        self.push(Step::Run { task: task.id(), executed, end });
    }
}

impl Store {
    /// Begins to note what is done to the store, up to about so many bytes with its host calls, which are recorded
    /// from now on. That is to be done before anything else, since a recording begins with an empty store.
    pub fn note_steps(&mut self, limit: u64) {
        self.record_host_calls(true);
        self.recorder.begin_keeping_all();
        let mut journal = Journal { steps: Vec::new(), bytes: 0, limit, lost: None, closed: false };
        if self.instances().len() > 0 || self.next_task > 0 {
            journal.lose("it was begun when something had been done already");
        }
        self.journal = Some(Box::new(journal));
    }

    /// Whether all that was done since is known.
    pub fn has_all_steps(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| journal.lost.is_none())
    }

    /// Why not all is known of what was done, if it is not.
    pub fn lost_steps(&self) -> Option<&'static str> {
        match &self.journal {
            Some(journal) => journal.lost,
            None => Some(NOTHING_NOTED),
        }
    }

    /// What was done so far, with the host calls that have begun and not ended. `None` if not all is known.
    pub fn recording(&self) -> Option<Recording> {
        let steps = self.journal.as_ref()?.steps()?.to_vec();
        let mut calls = self.recorder.kept().to_vec();
        calls.extend(self.open_host_calls().cloned().map(Arc::new));
        Some(Recording { steps, calls })
    }

    /// Takes what was done since the last time, for who writes it down as it grows: the last run can go on, and stays
    /// if it does. `None` if not all is known.
    pub fn take_recording(&mut self) -> Option<Recording> {
        let calls = self.recorder.take_kept();
        let journal = self.journal.as_mut().filter(|journal| journal.lost.is_none())?;
        let goes_on =
            |step: &Step| matches!(step, Step::Run { end: RunEnd::Open | RunEnd::Within(_), .. });
        let closed = core::mem::take(&mut journal.closed);
        let last = journal.steps.pop_if(|step| !closed && goes_on(step));
        let steps = core::mem::replace(&mut journal.steps, last.into_iter().collect());
        journal.bytes = 0;
        Some(Recording { steps, calls })
    }

    /// Lets the next [part](Store::take_recording) have the last run, which does not go on, and the calls that have not
    /// ended.
    pub fn close_recording(&mut self) {
        let open: Vec<_> = self.open_host_calls().cloned().map(Arc::new).collect();
        self.recorder.keep_open(open);
        if let Some(journal) = &mut self.journal {
            journal.closed = true;
        }
    }

    /// Notes something that was done, unless it is a host function's doing.
    pub(crate) fn note_step(&mut self, step: impl FnOnce() -> Step) {
        if let Some(journal) = &mut self.journal {
            journal.push(step());
        }
    }

    /// Something was done that cannot be noted.
    pub(crate) fn lose_steps(&mut self, why: &'static str) {
        if let Some(journal) = &mut self.journal {
            journal.lose(why);
        }
    }

    /// Notes a run.
    pub(crate) fn note_run(&mut self, task: &Task, before: u64, result: &Result<Stop>) {
        let within = task.bulk_progress(self).map(|progress| progress.done);
        let recorded = self.recorder.kept_bytes();
        let Some(journal) = &mut self.journal else { return };
        let end = match (result, within) {
            (Ok(Stop::Budget), Some(done)) => RunEnd::Within(done),
            (
                Ok(Stop::Budget | Stop::Breakpoint(_) | Stop::Watchpoint(_) | Stop::Interrupted),
                _,
            ) => RunEnd::Open,
            (Ok(Stop::HostCall(call)), _) if call.state == CallState::Breakpoint => {
                RunEnd::BeforeCall
            }
            _ => RunEnd::Closed,
        };
        journal.ran(task, task.executed() - before, end);
        if journal.bytes + recorded > journal.limit {
            journal.lose("the run is too long for it");
            self.recorder.take_kept();
        }
    }
}
