//! What has been done to a store, in order: enough to do it again.

use crate::exec::{HostAnswer, Task};

/// Something that was done.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) task: Task,
    pub(super) kind: ActKind,
    /// The clock before it.
    pub(super) from: u64,
    /// The clock behind it.
    pub(super) to: u64,
}

#[derive(Clone, Debug)]
pub(super) enum ActKind {
    /// A run of the task.
    Run(Ended),
    /// The answer of the embedder to a host call.
    Resume(HostAnswer),
    /// The end of an atomic wait.
    TimeOut,
    /// Anything else: a checkpoint behind it tells what has come of it.
    Outside,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    /// Between two instructions: one more of the same task is the same run.
    Open,
    /// Within a bulk instruction, which a run of the same task goes on with.
    Within,
    /// Before a host function was asked.
    BeforeCall,
    /// Otherwise.
    Closed,
}

impl Act {
    /// Instructions of it.
    pub(super) fn len(&self) -> u64 {
        self.to - self.from
    }
}

/// Where one stands: acts that are over, and instructions of the next one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct Position {
    pub(super) act: usize,
    pub(super) within: u64,
}
