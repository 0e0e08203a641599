//! Breakpoints, watchpoints and a log of memory accesses.
//!
//! They belong to a store but not to its state. With none set, tasks run code that knows nothing
//! of them.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use crate::exec::fast::Instruments;
use crate::exec::{CallSite, WatchKind, WatchpointHit};
use crate::ids::{CodeOffset, FuncAddr, FuncIndex, InstanceId, MemAddr};

/// What the dispatch loop tells whoever observes a run.
pub(crate) trait Observer {
    /// Whether the loop is to call the other functions at all.
    const ACTIVE: bool;
    /// Before an instruction; true stops in front of it.
    fn before(&mut self, instance: InstanceId, func: FuncIndex, offset: u32) -> bool;
    /// An instruction has read or written memory.
    fn access(&mut self, memory: MemAddr, address: u64, len: u64, write: bool);
    /// After an instruction; true stops behind it.
    fn after(&mut self) -> bool;
}

/// Nobody observes.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    const ACTIVE: bool = false;

    fn before(&mut self, _: InstanceId, _: FuncIndex, _: u32) -> bool {
        false
    }

    fn access(&mut self, _: MemAddr, _: u64, _: u64, _: bool) {}

    fn after(&mut self) -> bool {
        false
    }
}

/// A place where tasks stop before the instruction is executed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Breakpoint {
    /// The instance.
    pub instance: InstanceId,
    /// Byte offset of the instruction in its module.
    pub offset: CodeOffset,
}

/// Memory whose accesses stop tasks, behind the accessing instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watchpoint {
    /// The memory.
    pub memory: MemAddr,
    /// First byte watched.
    pub address: u64,
    /// Bytes watched.
    pub len: u64,
    /// Which accesses count.
    pub kind: WatchKind,
}

impl Watchpoint {
    pub(crate) fn matches(&self, memory: MemAddr, address: u64, len: u64, write: bool) -> bool {
        let kind = match self.kind {
            WatchKind::Read => !write,
            WatchKind::Write => write,
            WatchKind::Access => true,
        };
        kind && memory == self.memory
            && len > 0
            && address < self.address.saturating_add(self.len)
            && self.address < address.saturating_add(len)
    }
}

/// A memory access of an executed instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// The memory.
    pub memory: MemAddr,
    /// First byte.
    pub address: u64,
    /// Bytes.
    pub len: u64,
    /// Whether it was a write.
    pub write: bool,
}

/// Breakpoints, watchpoints and the access log of a store.
#[derive(Clone, Default, Debug)]
pub struct Debugger {
    breakpoints: BTreeMap<InstanceId, BTreeSet<u32>>,
    watchpoints: Vec<Watchpoint>,
    log: VecDeque<Access>,
    log_capacity: usize,
    hit: Option<WatchpointHit>,
    place: Option<CallSite>,
    skip_first: bool,
    instruments: Instruments,
    /// Host functions at whose calls tasks stop.
    calls: BTreeSet<FuncAddr>,
}

impl Debugger {
    /// Whether tasks stop at calls of a host function, before it begins:
    /// [`CallState::Breakpoint`](crate::CallState). Returns whether they did so far.
    pub fn break_on_call(&mut self, func: FuncAddr, stop: bool) -> bool {
        if stop { !self.calls.insert(func) } else { self.calls.remove(&func) }
    }

    pub(crate) fn breaks_on_call(&self, func: FuncAddr) -> bool {
        !self.calls.is_empty() && self.calls.contains(&func)
    }

    /// Adds a breakpoint; false if it was there already.
    pub fn add_breakpoint(&mut self, breakpoint: Breakpoint) -> bool {
        let Breakpoint { instance, offset } = breakpoint;
        let is_new = self.breakpoints.entry(instance).or_default().insert(offset.0);
        if is_new {
            self.instruments.add_breakpoint(instance, offset.0);
        }
        is_new
    }

    /// Removes a breakpoint; false if there was none.
    pub fn remove_breakpoint(&mut self, breakpoint: Breakpoint) -> bool {
        let Breakpoint { instance, offset } = breakpoint;
        let Some(offsets) = self.breakpoints.get_mut(&instance) else { return false };
        let was_there = offsets.remove(&offset.0);
        if offsets.is_empty() {
            self.breakpoints.remove(&instance);
        }
        if was_there {
            self.instruments.remove_breakpoint(instance, offset.0);
        }
        was_there
    }

    /// Removes all breakpoints.
    pub fn clear_breakpoints(&mut self) {
        self.breakpoints.clear();
        self.instruments.clear_breakpoints();
    }

    /// All breakpoints, by instance and offset.
    pub fn breakpoints(&self) -> impl Iterator<Item = Breakpoint> + '_ {
        self.breakpoints.iter().flat_map(|(instance, offsets)| {
            offsets
                .iter()
                .map(|offset| Breakpoint { instance: *instance, offset: CodeOffset(*offset) })
        })
    }

    /// Adds a watchpoint.
    pub fn add_watchpoint(&mut self, watchpoint: Watchpoint) {
        self.watchpoints.push(watchpoint);
        self.instruments.set_watchpoints(&self.watchpoints);
    }

    /// Removes all watchpoints equal to this one.
    pub fn remove_watchpoint(&mut self, watchpoint: Watchpoint) {
        self.watchpoints.retain(|other| *other != watchpoint);
        self.instruments.set_watchpoints(&self.watchpoints);
    }

    /// All watchpoints.
    pub fn watchpoints(&self) -> &[Watchpoint] {
        &self.watchpoints
    }

    /// Keeps the last `accesses` memory accesses; 0 keeps none, and costs nothing.
    pub fn log_accesses(&mut self, accesses: usize) {
        self.log_capacity = accesses;
        while self.log.len() > accesses {
            self.log.pop_front();
        }
    }

    /// The accesses kept, oldest first.
    pub fn accesses(&self) -> impl ExactSizeIterator<Item = Access> + '_ {
        self.log.iter().copied()
    }

    /// Forgets the accesses kept.
    pub fn clear_accesses(&mut self) {
        self.log.clear();
    }

    pub(crate) fn is_active(&self) -> bool {
        !self.breakpoints.is_empty() || !self.watchpoints.is_empty() || self.log_capacity > 0
    }

    /// Whether each access is written down, so that each has to be seen.
    pub(crate) fn is_logging(&self) -> bool {
        self.log_capacity > 0
    }

    /// Whether a run that begins now passes a breakpoint at its first instruction.
    pub(crate) fn passes_first(&self) -> bool {
        self.skip_first
    }

    /// The code that observes, without what it finds.
    pub(crate) fn take_instruments(&mut self) -> Instruments {
        core::mem::take(&mut self.instruments)
    }

    /// Puts it back.
    pub(crate) fn put_instruments(&mut self, instruments: Instruments) {
        self.instruments = instruments;
    }

    /// Begins a run; `skip_first` passes a breakpoint at its very first instruction.
    pub(crate) fn begin(&mut self, skip_first: bool) {
        self.skip_first = skip_first;
        self.hit = None;
    }

    pub(crate) fn take_hit(&mut self) -> Option<WatchpointHit> {
        self.hit.take()
    }
}

impl Observer for Debugger {
    const ACTIVE: bool = true;

    fn before(&mut self, instance: InstanceId, func: FuncIndex, offset: u32) -> bool {
        self.place = Some(CallSite { instance, func, offset: CodeOffset(offset) });
        if core::mem::take(&mut self.skip_first) {
            return false;
        }
        self.breakpoints.get(&instance).is_some_and(|offsets| offsets.contains(&offset))
    }

    fn access(&mut self, memory: MemAddr, address: u64, len: u64, write: bool) {
        if self.log_capacity > 0 {
            if self.log.len() == self.log_capacity {
                self.log.pop_front();
            }
            self.log.push_back(Access { memory, address, len, write });
        }
        let watched =
            self.watchpoints.iter().any(|watch| watch.matches(memory, address, len, write));
        if let Some(site) = self.place
            && watched
            && self.hit.is_none()
        {
            self.hit = Some(WatchpointHit { memory, address, len, write, site });
        }
    }

    fn after(&mut self) -> bool {
        self.hit.is_some()
    }
}
