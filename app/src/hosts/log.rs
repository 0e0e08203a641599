//! What programs have written.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use stepwell_engine::{Caller, InstanceId, TaskId};

/// Where something was written to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error, warnings and errors.
    Stderr,
    /// Messages of a console.
    Log,
    /// What a person has typed.
    Typed,
}

/// Who has written something, and when.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// The task.
    pub task: TaskId,
    /// Instructions that the task had executed, the call included.
    pub clock: u64,
    /// The calling instance.
    pub instance: Option<InstanceId>,
}

impl Origin {
    /// Who makes a call.
    pub fn of(caller: &Caller<'_>) -> Self {
        Self { task: caller.task(), clock: caller.executed(), instance: caller.instance() }
    }
}

/// What was written at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// Counts all entries from 0, those too that are gone.
    pub number: u64,
    /// Where to.
    pub stream: Stream,
    /// What, as a terminal gets it: a message ends with a line feed.
    pub bytes: Vec<u8>,
    /// By whom, if that is known.
    pub origin: Option<Origin>,
}

/// What programs have written, in order; clones are the same log.
///
/// It keeps the newest entries, up to a number of bytes, and counts what it has dropped.
#[derive(Clone)]
pub struct ConsoleLog {
    inner: Rc<Inner>,
}

type Sink = Box<dyn FnMut(&LogEntry)>;

struct Inner {
    kept: RefCell<Kept>,
    sink: RefCell<Option<Sink>>,
}

#[derive(Debug)]
struct Kept {
    entries: VecDeque<LogEntry>,
    limit: usize,
    used: usize,
    next: u64,
    /// The first since it was cleared.
    start: u64,
    dropped: u64,
    generation: u64,
}

impl Default for ConsoleLog {
    fn default() -> Self {
        Self::with_limit(Self::LIMIT)
    }
}

impl fmt::Debug for ConsoleLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.kept.borrow().fmt(f)
    }
}

/// What an entry costs besides its bytes, so that empty ones are bounded too.
const OVERHEAD: usize = size_of::<LogEntry>();

impl ConsoleLog {
    /// Bytes kept, unless told otherwise.
    pub const LIMIT: usize = 8 << 20;

    /// A log that keeps about so many bytes.
    pub fn with_limit(limit: usize) -> Self {
        let kept = Kept {
            entries: VecDeque::new(),
            limit,
            used: 0,
            next: 0,
            start: 0,
            dropped: 0,
            generation: 0,
        };
        Self { inner: Rc::new(Inner { kept: RefCell::new(kept), sink: RefCell::new(None) }) }
    }

    /// Writes bytes of nobody in particular.
    pub fn write(&self, stream: Stream, bytes: &[u8]) {
        self.write_as(stream, bytes, None);
    }

    /// Writes bytes of whoever makes a call.
    pub fn write_as(&self, stream: Stream, bytes: &[u8], origin: Option<Origin>) {
        if bytes.is_empty() {
            return;
        }
        let entry = {
            let mut kept = self.inner.kept.borrow_mut();
            let room = kept.limit.saturating_sub(OVERHEAD);
            let (bytes, rest) = bytes.split_at(bytes.len().min(room));
            let entry = LogEntry { number: kept.next, stream, bytes: bytes.to_vec(), origin };
            kept.next += 1;
            kept.dropped += rest.len() as u64;
            entry
        };
        self.hand_out(&entry);
        self.inner.kept.borrow_mut().push(entry);
    }

    fn hand_out(&self, entry: &LogEntry) {
        // A sink that writes to the log itself does not hear of that.
        let Ok(mut sink) = self.inner.sink.try_borrow_mut() else { return };
        if let Some(sink) = sink.as_mut() {
            sink(entry);
        }
    }

    /// Counts bytes that were to be written and are too many to keep.
    pub fn drop_bytes(&self, count: u64) {
        let mut kept = self.inner.kept.borrow_mut();
        kept.dropped = kept.dropped.saturating_add(count);
        kept.generation += 1;
    }

    /// Hands every entry to `sink` as soon as it is written, as to a terminal. It replaces the one before.
    pub fn set_sink(&self, sink: impl FnMut(&LogEntry) + 'static) {
        if let Ok(mut place) = self.inner.sink.try_borrow_mut() {
            *place = Some(Box::new(sink));
        }
    }

    /// Changes whenever the log does.
    pub fn generation(&self) -> u64 {
        self.inner.kept.borrow().generation
    }

    /// Number of the first entry since the log was cleared last.
    pub fn start(&self) -> u64 {
        self.inner.kept.borrow().start
    }

    /// Bytes that are not kept any more.
    pub fn dropped(&self) -> u64 {
        self.inner.kept.borrow().dropped
    }

    /// How many entries are kept.
    pub fn len(&self) -> usize {
        self.inner.kept.borrow().entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at the entries that are kept, oldest first. `look` must not write to the log.
    pub fn with_entries<R>(&self, look: impl FnOnce(&VecDeque<LogEntry>) -> R) -> R {
        look(&self.inner.kept.borrow().entries)
    }

    /// A copy of what is kept, oldest first.
    pub fn entries(&self) -> Vec<LogEntry> {
        self.with_entries(|entries| entries.iter().cloned().collect())
    }

    /// All that is kept of these streams, one after the other.
    pub fn bytes(&self, streams: &[Stream]) -> Vec<u8> {
        self.with_entries(|entries| {
            let wanted = entries.iter().filter(|entry| streams.contains(&entry.stream));
            wanted.flat_map(|entry| entry.bytes.iter().copied()).collect()
        })
    }

    /// All that is kept, as text.
    pub fn text(&self) -> String {
        let bytes = self.bytes(&[Stream::Stdout, Stream::Stderr, Stream::Log]);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut kept = self.inner.kept.borrow_mut();
        kept.entries.clear();
        kept.start = kept.next;
        kept.used = 0;
        kept.dropped = 0;
        kept.generation += 1;
    }
}

impl Kept {
    fn push(&mut self, entry: LogEntry) {
        self.used += entry.bytes.len() + OVERHEAD;
        self.entries.push_back(entry);
        while self.used > self.limit
            && let Some(oldest) = self.entries.pop_front()
        {
            self.used -= oldest.bytes.len() + OVERHEAD;
            self.dropped += oldest.bytes.len() as u64;
        }
        self.generation += 1;
    }
}
