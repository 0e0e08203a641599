//! What host calls have read, written and answered: enough to repeat a run without the host.
//!
//! [`Store::record_host_calls`] begins it, [`Store::take_host_calls`] hands it out, and
//! [`Store::replay_host_calls`] answers from it, in this store or another one that was made alike.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::exec::{CallSite, Trap};
use crate::ids::{FuncAddr, GlobalAddr, MemAddr, TableAddr, TaskId};
use crate::store::Store;
use crate::value::Value;

/// Calling frames kept with a call.
const FRAMES: usize = 16;
/// Bytes kept of what was read, to be shown.
pub(crate) const START: usize = 256;

/// A host call that has been answered.
#[derive(Clone, PartialEq, Debug)]
pub struct HostRecord {
    /// Counts the host calls of the store in the order in which they began.
    pub number: u64,
    /// The calling task.
    pub task: TaskId,
    /// Instructions that the task had executed, the call included.
    pub executed: u64,
    /// The host function.
    pub func: FuncAddr,
    /// Module name it was defined under.
    pub module: Arc<str>,
    /// Field name it was defined under.
    pub name: Arc<str>,
    /// Arguments, one per parameter.
    pub args: Vec<Value>,
    /// The calling frames, innermost first; at most 16.
    pub frames: Vec<CallSite>,
    /// What the function read and wrote, in order.
    pub effects: Vec<Effect>,
    /// How it ended.
    pub answer: RecordedAnswer,
    /// When it waited, and who ended it.
    pub course: Course,
}

/// When a call waited, and who ended it: for who repeats a run stop by stop. It is nothing that the call did: all are
/// equal.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// How many of its effects were done each time that it had nothing to answer with yet.
    pub waits: Vec<usize>,
    /// The embedder has answered it.
    pub resumed: bool,
}

impl PartialEq for Course {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl HostRecord {
    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let effects = self.effects.iter().map(|effect| match effect {
            Effect::Read { start, .. } => start.len(),
            Effect::Write { bytes, .. } => bytes.len(),
            Effect::Call { args, .. } => size_of_val(&**args),
            Effect::Global { .. } | Effect::Table { .. } | Effect::GrowMemory { .. } => 0,
        });
        let lists = size_of_val(&*self.args)
            + size_of_val(&*self.frames)
            + size_of_val(&*self.effects)
            + size_of_val(&*self.course.waits);
        (size_of::<Self>() + lists + effects.sum::<usize>()) as u64
    }
}

/// How a host call ended.
#[derive(Clone, PartialEq, Debug)]
pub enum RecordedAnswer {
    /// It returned these results.
    Returned(Vec<Value>),
    /// It trapped.
    Trapped(Arc<str>),
    /// It ended the program.
    Exited(i32),
    /// It passed on a trap of a function that it had called.
    PassedOn(Trap),
    /// It never answered: what it had called ended the task, or threw an exception through it. Or it has
    /// not answered [yet](Store::open_host_calls); a replay leaves it to the embedder then.
    Unfinished,
}

/// What a host function did to the state, or learnt of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Read bytes of a memory.
    Read {
        /// The memory.
        memory: MemAddr,
        /// First byte.
        address: u64,
        /// Bytes read.
        len: u64,
        /// The first of them, at most 256.
        start: Box<[u8]>,
    },
    /// Wrote bytes of a memory.
    Write {
        /// The memory.
        memory: MemAddr,
        /// First byte.
        address: u64,
        /// The bytes written.
        bytes: Box<[u8]>,
    },
    /// Set a global.
    Global {
        /// The global.
        global: GlobalAddr,
        /// Its new value.
        value: Value,
    },
    /// Set an element of a table.
    Table {
        /// The table.
        table: TableAddr,
        /// The element.
        index: u64,
        /// Its new value.
        value: Value,
    },
    /// Asked for more pages of a memory.
    GrowMemory {
        /// The memory.
        memory: MemAddr,
        /// Pages asked for.
        pages: u64,
        /// The old size in pages; `None` if they were not to be had.
        old: Option<u64>,
    },
    /// Called a function, as a further frame of the task.
    Call {
        /// The function.
        func: FuncAddr,
        /// Arguments, one per parameter.
        args: Vec<Value>,
        /// Whether a trap comes back to the host function.
        catches: bool,
    },
}

/// Who a call is, in messages.
pub(crate) fn describe(module: &str, name: &str, args: &[Value]) -> String {
    let args: Vec<String> = args.iter().map(|value| format!("{value}")).collect();
    format!("{module}.{name}({})", args.join(", "))
}

/// The record of a store.
#[derive(Default)]
pub(crate) struct Recorder {
    keeps: bool,
    next: u64,
    /// Of the host code that runs right now.
    effects: RefCell<Vec<Effect>>,
    /// Calls that have begun, by task and number of host frames below.
    open: BTreeMap<(TaskId, u32), HostRecord>,
    done: Vec<Arc<HostRecord>>,
    /// All of them, or those that nobody has taken, where steps are noted.
    kept: Option<Vec<Arc<HostRecord>>>,
    kept_bytes: u64,
    replayed: BTreeMap<TaskId, VecDeque<Arc<HostRecord>>>,
    /// A run is repeated stop by stop: calls wait where they waited, and nobody is asked.
    pub(crate) repeats: bool,
    /// Such a run stops before it asks the host, if that is at the end of its budget.
    pub(crate) holds: bool,
}

impl Recorder {
    #[inline(always)]
    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    /// Whether calls are neither kept nor replayed.
    pub(crate) fn is_idle(&self) -> bool {
        !self.keeps && !self.repeats && self.replayed.is_empty()
    }

    pub(crate) fn note(&self, effect: impl FnOnce() -> Effect) {
        if self.keeps {
            self.effects.borrow_mut().push(effect());
        }
    }

    /// Whether a call has been entered already.
    pub(crate) fn goes_on(&self, at: (TaskId, u32)) -> bool {
        self.keeps && self.open.contains_key(&at)
    }

    /// A call begins; effects noted from now on are its own.
    pub(crate) fn begin(&mut self, at: (TaskId, u32), make: impl FnOnce() -> HostRecord) {
        if !self.keeps {
            return;
        }
        self.effects.get_mut().clear();
        let number = self.next;
        self.next += 1;
        self.open.insert(at, HostRecord { number, ..make() });
    }

    /// What has been noted belongs to the call, which goes on later.
    pub(crate) fn pause(&mut self, at: (TaskId, u32)) {
        if self.keeps
            && let Some(record) = self.open.get_mut(&at)
        {
            record.effects.append(self.effects.get_mut());
        }
    }

    /// The call has nothing to answer with yet.
    pub(crate) fn wait(&mut self, at: (TaskId, u32)) {
        self.pause(at);
        if self.keeps
            && let Some(record) = self.open.get_mut(&at)
        {
            record.course.waits.push(record.effects.len());
        }
    }

    /// The embedder is about to answer the call.
    pub(crate) fn resume(&mut self, at: (TaskId, u32)) {
        if let Some(record) = self.open.get_mut(&at) {
            record.course.resumed = true;
        }
    }

    /// Calls that have ended since the last time.
    pub(crate) fn take_done(&mut self) -> Vec<Arc<HostRecord>> {
        core::mem::take(&mut self.done)
    }

    /// The number of the next call that begins.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    /// Calls that have begun and not ended.
    pub(crate) fn open(&self) -> impl Iterator<Item = (&(TaskId, u32), &HostRecord)> {
        self.open.iter()
    }

    /// Takes them out, to be [put back](Recorder::put_open).
    pub(crate) fn take_open(&mut self) -> BTreeMap<(TaskId, u32), HostRecord> {
        core::mem::take(&mut self.open)
    }

    pub(crate) fn put_open(&mut self, open: BTreeMap<(TaskId, u32), HostRecord>) {
        self.open = open;
    }

    /// Keeps a record or none; what is open stays.
    pub(crate) fn set_keeps(&mut self, keeps: bool) {
        self.keeps = keeps;
    }

    /// What is to be replayed, by task.
    pub(crate) fn set_replayed(
        &mut self,
        records: impl IntoIterator<Item = (TaskId, VecDeque<Arc<HostRecord>>)>,
    ) {
        self.replayed = records.into_iter().collect();
    }

    /// More that is to be replayed.
    pub(crate) fn add_replayed(&mut self, mut records: Vec<Arc<HostRecord>>) {
        records.sort_by_key(|record| record.number);
        for record in records {
            self.replayed.entry(record.task).or_default().push_back(record);
        }
    }

    /// Of each task that has any left to be replayed the number of the next one.
    pub(crate) fn fronts(&self) -> BTreeMap<TaskId, u64> {
        let fronts = self.replayed.iter();
        fronts.filter_map(|(task, left)| Some((*task, left.front()?.number))).collect()
    }

    /// What has been noted is forgotten: the call will begin anew.
    pub(crate) fn forget(&mut self) {
        self.effects.get_mut().clear();
    }

    pub(crate) fn end(&mut self, at: (TaskId, u32), answer: RecordedAnswer) {
        if !self.keeps {
            return;
        }
        self.pause(at);
        if let Some(record) = self.open.remove(&at) {
            let record = Arc::new(HostRecord { answer, ..record });
            self.keep(&record);
            self.done.push(record);
        }
    }

    fn keep(&mut self, record: &Arc<HostRecord>) {
        if let Some(kept) = &mut self.kept {
            self.kept_bytes += record.bytes();
            kept.push(record.clone());
        }
    }

    pub(crate) fn keep_open(&mut self, open: Vec<Arc<HostRecord>>) {
        open.iter().for_each(|record| self.keep(record));
    }

    /// Keeps all calls from now on until they are taken, beside those that are handed out.
    pub(crate) fn begin_keeping_all(&mut self) {
        (self.kept, self.kept_bytes) = (Some(Vec::new()), 0);
    }

    pub(crate) fn kept(&self) -> &[Arc<HostRecord>] {
        self.kept.as_deref().unwrap_or_default()
    }

    pub(crate) fn kept_bytes(&self) -> u64 {
        self.kept_bytes
    }

    pub(crate) fn take_kept(&mut self) -> Vec<Arc<HostRecord>> {
        self.kept_bytes = 0;
        self.kept.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// The calls of a task with this many host frames below them, or more, will not go on.
    pub(crate) fn abandon(&mut self, task: TaskId, level: u32) {
        while let Some((&at, _)) = self.open.range((task, level)..=(task, u32::MAX)).next_back() {
            self.end(at, RecordedAnswer::Unfinished);
        }
    }

    /// A task is gone, and what it has begun with it.
    pub(crate) fn forget_task(&mut self, task: TaskId) {
        while let Some((&at, _)) = self.open.range((task, 0)..=(task, u32::MAX)).next_back() {
            if let Some(record) = self.open.remove(&at)
                && self.kept.is_some()
            {
                self.keep(&Arc::new(record));
            }
        }
        self.replayed.remove(&task);
    }

    /// The next recorded call of a task.
    pub(crate) fn replayed(&self, task: TaskId) -> Option<&Arc<HostRecord>> {
        self.replayed.get(&task)?.front()
    }

    pub(crate) fn take_replayed(&mut self, task: TaskId) -> Option<Arc<HostRecord>> {
        let left = self.replayed.get_mut(&task)?;
        let record = left.pop_front();
        if left.is_empty() {
            self.replayed.remove(&task);
        }
        record
    }

    /// Another state has been put back: calls that have begun in it are entered anew when they go on.
    pub(crate) fn forget_open(&mut self) {
        self.open.clear();
        self.forget();
    }
}

/// The frames that a record keeps.
pub(crate) fn frames_of(frames: impl Iterator<Item = CallSite>) -> Vec<CallSite> {
    frames.take(FRAMES).collect()
}

impl Store {
    /// Begins to keep a record of host calls, or ends it. What has been kept stays until it is taken.
    pub fn record_host_calls(&mut self, keep: bool) {
        self.recorder.keeps = keep;
        if !keep {
            self.recorder.open.clear();
        }
    }

    /// Whether a record of host calls is kept.
    pub fn records_host_calls(&self) -> bool {
        self.recorder.keeps
    }

    /// Hands out the calls that have ended since the last time, in the order in which they did.
    pub fn take_host_calls(&mut self) -> Vec<HostRecord> {
        let done = self.recorder.take_done();
        done.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// The calls that have begun and not ended, with what they have done so far; those of tasks that have
    /// been dropped are not among them.
    pub fn open_host_calls(&self) -> impl Iterator<Item = &HostRecord> + '_ {
        // Those of tasks that have been ended are gone already.
        let dropped = self.has_dropped();
        let mut kept = BTreeSet::new();
        if dropped {
            kept.extend(self.tasks().map(|task| task.id()));
        }
        let calls = self.recorder.open.values();
        calls.filter(move |record| !dropped || kept.contains(&record.task))
    }

    /// Answers host calls from a record, each task from its own calls; when those of a task are used up,
    /// its calls are answered as usual. Replaces what was left of an earlier record.
    ///
    /// Tasks are known by their [numbers](crate::Task::id), which a store gives in the order in which they are
    /// started. A task whose calls are not the recorded ones stops with
    /// [`Error::Diverged`](crate::Error::Diverged).
    pub fn replay_host_calls(&mut self, records: impl IntoIterator<Item = HostRecord>) {
        let mut records: Vec<HostRecord> = records.into_iter().collect();
        records.sort_by_key(|record| record.number);
        self.recorder.replayed.clear();
        for record in records {
            self.recorder.replayed.entry(record.task).or_default().push_back(Arc::new(record));
        }
    }
}
