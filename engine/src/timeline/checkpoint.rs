//! Moments whose states are kept, and which of them are given up for room.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::act::Position;
use super::kept::Kept;
use super::written::Written;
use crate::host::record::HostRecord;
use crate::ids::TaskId;

/// A moment whose state is kept.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) at: Position,
    pub(super) clock: u64,
    /// What lies before it cannot be done again: without it the past would begin behind it.
    pub(super) forced: bool,
    pub(super) kept: Kept,
    pub(super) calls: Calls,
    /// What has been written since the checkpoint before it, if that is known.
    pub(super) written: Option<Written>,
}

impl Checkpoint {
    /// Bytes that nobody else has, who go with it.
    fn alone(&self) -> u64 {
        self.kept.alone() + self.written.as_ref().map_or(0, Written::bytes)
    }
}

/// Host calls at a moment.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    pub(super) begun: Begun,
    /// Those that have begun and not ended: by the place and the level of the task, with the number of the record,
    /// how many of its effects are done, and how often it has waited.
    pub(super) open: Vec<OpenCall>,
}

/// Which calls have begun.
#[derive(Clone, Debug)]
pub(super) enum Begun {
    /// All of smaller numbers.
    Below(u64),
    /// Of each task those before this number; of one that is not named those that had begun in the present.
    Before { fronts: BTreeMap<TaskId, u64>, present: u64 },
}

impl Begun {
    /// The first number of a task's calls that have not begun.
    fn first(&self, task: TaskId) -> u64 {
        match self {
            Begun::Below(number) => *number,
            Begun::Before { fronts, present } => *fronts.get(&task).unwrap_or(present),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct OpenCall {
    pub(super) task: TaskId,
    pub(super) place: u32,
    pub(super) level: u32,
    pub(super) number: u64,
    pub(super) effects: usize,
    pub(super) waits: usize,
    /// Whether a future or a record was answering it.
    pub(super) suspended: bool,
}

/// Checkpoints in the order of their moments.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    list: Vec<Checkpoint>,
    /// Bytes that they take.
    bytes: u64,
}

/// More of them make seeking no faster.
const MOST: usize = 600;
/// A gap matters less the farther away it is, but within this part of the past.
const NEAR_PART: u64 = 4;

impl Checkpoints {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn first(&self) -> Option<&Checkpoint> {
        self.list.first()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Checkpoint> {
        self.list.get(index)
    }

    /// The last one at a moment or before it.
    pub(super) fn before(&self, at: Position) -> Option<usize> {
        self.list.partition_point(|known| known.at <= at).checked_sub(1)
    }

    /// The same itself.
    pub(super) fn last_before(&self, at: Position) -> Option<&Checkpoint> {
        self.get(self.before(at)?)
    }

    /// The last one at this count or before it.
    pub(super) fn before_clock(&self, clock: u64) -> Option<usize> {
        self.list.partition_point(|known| known.clock <= clock).checked_sub(1)
    }

    pub(super) fn insert(&mut self, checkpoint: Checkpoint, bytes: u64) {
        match self.list.binary_search_by(|known| known.at.cmp(&checkpoint.at)) {
            Ok(at) => {
                if let Some(known) = self.list.get_mut(at) {
                    known.forced |= checkpoint.forced;
                }
            }
            Err(at) => {
                self.bytes += bytes;
                self.list.insert(at, checkpoint);
            }
        }
    }

    /// Gives up the first ones, up to half of them; whether there were any.
    pub(super) fn give_up_first(&mut self) -> bool {
        let count = self.list.len() / 2;
        for removed in self.list.drain(..count) {
            // What is shared with those behind it stays with them.
            self.bytes = self.bytes.saturating_sub(removed.alone());
        }
        count > 0
    }

    /// So many acts at the beginning are not known any more.
    pub(super) fn move_acts(&mut self, count: usize) {
        self.list.iter_mut().for_each(|known| known.at.act -= count);
    }

    /// Gives up checkpoints until they fit: those first whose gap matters least so far from `now`, and where only
    /// what cannot be done again is left, the first ones. The one at `here`, where one stands, goes only before those.
    pub(super) fn fit(&mut self, budget: u64, now: u64, here: Position) {
        let clock = |known: Option<&Checkpoint>| known.map_or(0, |known| known.clock);
        let near = (clock(self.list.last()) - clock(self.list.first())) / NEAR_PART;
        while (self.bytes > budget || self.list.len() > MOST) && self.list.len() > 1 {
            let gap = |at: usize| {
                let (before, this) = (self.list.get(at - 1)?, self.list.get(at)?);
                let after = self.list.get(at + 1)?;
                let away = (now.abs_diff(this.clock) + near).max(1) as f64;
                Some((after.clock - before.clock) as f64 / away)
            };
            let is_here = |at: usize| self.list.get(at).is_some_and(|known| known.at == here);
            let thinned = (1..self.list.len() - 1)
                .filter(|at| self.list.get(*at).is_some_and(|known| !known.forced))
                .filter_map(|at| Some((at, (is_here(at), gap(at)?))))
                .min_by(|(_, one), (_, other)| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
            let at = thinned.map_or(0, |(at, _)| at);
            let removed = self.list.remove(at);
            self.bytes = self.bytes.saturating_sub(removed.alone());
            if let Some(next) = self.list.get_mut(at) {
                match (&mut next.written, &removed.written) {
                    (Some(written), Some(before)) => written.join(before),
                    (written, _) => *written = None,
                }
            }
        }
    }
}

/// The calls of a run, by task, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Records {
    lists: BTreeMap<TaskId, Vec<Arc<HostRecord>>>,
    /// About how many bytes they take.
    bytes: u64,
}

impl Records {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn insert(&mut self, record: Arc<HostRecord>) {
        let list = self.lists.entry(record.task).or_default();
        let at = list.partition_point(|known| known.number < record.number);
        self.bytes += record.bytes();
        match list.get_mut(at).filter(|known| known.number == record.number) {
            Some(known) => {
                self.bytes -= known.bytes();
                *known = record;
            }
            None => list.insert(at, record),
        }
    }

    /// Gives up those that were over at a moment before which nothing is gone to.
    pub(super) fn forget_before(&mut self, calls: &Calls) {
        self.lists.retain(|task, list| {
            let first = calls.begun.first(*task);
            let is_open =
                |number| calls.open.iter().any(|open| (open.task, open.number) == (*task, number));
            list.retain(|record| record.number >= first || is_open(record.number));
            !list.is_empty()
        });
        self.bytes = self.lists.values().flatten().map(|record| record.bytes()).sum();
    }

    pub(super) fn get(&self, task: TaskId, number: u64) -> Option<&Arc<HostRecord>> {
        let list = self.lists.get(&task)?;
        list.get(list.binary_search_by_key(&number, |record| record.number).ok()?)
    }

    /// Those that begin behind a moment, by task.
    pub(super) fn behind<'a>(
        &'a self,
        begun: &'a Begun,
    ) -> impl Iterator<Item = (TaskId, &'a [Arc<HostRecord>])> + 'a {
        self.lists.iter().filter_map(move |(task, list)| {
            let first = begun.first(*task);
            let at = list.partition_point(|record| record.number < first);
            Some((*task, list.get(at..)?)).filter(|(_, list)| !list.is_empty())
        })
    }
}
