//! Breakpoints, watchpoints and a log of memory accesses: what is set, and what an observed run finds.
//!
//! They belong to a store but not to its state. With none set, tasks run code that knows nothing
//! of them.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::observer::{Observer, View};
use super::watch::{Found, Hit, Known, Touched, Watch, Watchpoint};
use super::witness::Witness;
use crate::exec::exact::Op;
use crate::exec::fast::Instruments;
use crate::exec::frame::Frame;
use crate::exec::{CallSite, WatchKind};
use crate::ids::{CodeOffset, FrameId, FuncAddr, InstanceId, MemAddr, ObjectAddr, TaskId};
use crate::store::heap::Heap;
use crate::store::{ModuleEntry, Store, StoreState};
use crate::types::Types;

/// A place where tasks stop before the instruction is executed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Breakpoint {
    /// The instance.
    pub instance: InstanceId,
    /// Byte offset of the instruction in its module.
    pub offset: CodeOffset,
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
    /// The same, and what the store says about them; nothing where that has to be asked anew.
    watches: Option<Vec<Watch>>,
    /// What objects that are watched are.
    objects: BTreeMap<ObjectAddr, Known>,
    ended: Vec<Watchpoint>,
    log: VecDeque<Access>,
    log_capacity: usize,
    /// What the present instruction accesses, and what it has found in watched places.
    accesses: Vec<Access>,
    found: Vec<Found>,
    /// What bulk instructions have found that have begun, by the place of their task and its clock.
    begun: BTreeMap<u32, (u64, Vec<Found>)>,
    /// The same of the one that is to go on.
    carried: Option<Vec<Found>>,
    hit: Option<Hit>,
    place: Option<CallSite>,
    /// The task that runs.
    task: Option<TaskId>,
    /// The innermost frame, if it is watched, and whether the present instruction leaves it for another one.
    inside: Option<(FrameId, bool)>,
    /// Whether watchpoints have ended while a task ran.
    stale: bool,
    skip_first: bool,
    instruments: Instruments,
    /// Host functions at whose calls tasks stop.
    calls: BTreeSet<FuncAddr>,
    /// Who notes who writes something.
    witness: Option<Box<Witness>>,
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
        self.ask_anew();
    }

    /// The same with an object that is the one at its handle now: where what is past is gone through, the handle may
    /// have been another object's.
    pub fn add_watchpoint_in(&mut self, watchpoint: Watchpoint, store: &Store) {
        self.add_watchpoint(watchpoint);
        if let Some(object) = watchpoint.object()
            && let Some(known) = Known::new(&store.state.heap, &store.types, object)
        {
            self.objects.entry(object).or_insert(known);
        }
    }

    /// Removes all watchpoints equal to this one.
    pub fn remove_watchpoint(&mut self, watchpoint: Watchpoint) {
        self.watchpoints.retain(|other| *other != watchpoint);
        self.ask_anew();
    }

    /// All watchpoints.
    pub fn watchpoints(&self) -> &[Watchpoint] {
        &self.watchpoints
    }

    /// The watchpoints alone, for who is to look for accesses in the [past](crate::timeline::Search). Which objects
    /// they are on stays known, since the same handles may have been other objects' then.
    pub fn watching(&self) -> Self {
        let (watchpoints, objects) = (self.watchpoints.clone(), self.objects.clone());
        Self { watchpoints, objects, ..Self::default() }
    }

    /// Watchpoints that have ended since this was last called, and are none any more: those on objects that
    /// have been collected, or that are not in a state that was put back, on frames that have been left, and on what
    /// there is not.
    pub fn take_ended(&mut self) -> Vec<Watchpoint> {
        core::mem::take(&mut self.ended)
    }

    fn ask_anew(&mut self) {
        let Self { watchpoints, objects, .. } = self;
        objects.retain(|known, _| watchpoints.iter().any(|other| other.object() == Some(*known)));
        self.watches = None;
        self.begun.clear();
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
        !self.breakpoints.is_empty()
            || !self.watchpoints.is_empty()
            || self.log_capacity > 0
            || self.witness.is_some()
    }

    /// One that notes who writes something.
    pub(crate) fn with_witness(witness: Witness) -> Self {
        let mut debugger = Self::default();
        if let Some(watched) = witness.watched() {
            debugger.add_watchpoint(Watchpoint { watched, kind: WatchKind::Write });
        }
        debugger.witness = Some(Box::new(witness));
        debugger
    }

    pub(crate) fn witness(&mut self) -> Option<&mut Witness> {
        self.witness.as_deref_mut()
    }

    /// Whether each instruction of a task has to be seen for what is noted.
    pub(crate) fn is_witness_of(&self, task: TaskId) -> bool {
        self.witness.as_ref().is_some_and(|witness| witness.is_of(task))
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
    pub(crate) fn begin(&mut self, task: TaskId, skip_first: bool, executed: u64) {
        self.task = Some(task);
        if let Some(witness) = &mut self.witness {
            witness.begin(task, executed);
        }
        self.skip_first = skip_first;
        self.hit = None;
    }

    /// Asks what the store says about the watchpoints, where that may have changed.
    pub(crate) fn prepare(&mut self, state: &StoreState, types: &Types, modules: &[ModuleEntry]) {
        if self.watches.is_some() && !self.stale {
            return;
        }
        self.stale = false;
        let mut watches = Vec::new();
        for watchpoint in core::mem::take(&mut self.watchpoints) {
            let known = watchpoint.object().and_then(|object| self.objects.get(&object));
            match Watch::new(watchpoint, known.copied(), state, types, modules) {
                Some(watch) => watches.push(watch),
                None => self.ended.push(watchpoint),
            }
        }
        self.watchpoints = watches.iter().map(|watch| watch.watchpoint).collect();
        self.objects = watches.iter().filter_map(Watch::object).collect();
        self.instruments.set_watches(&watches);
        self.watches = Some(watches);
    }

    /// Ends the watchpoints on objects that a collection has freed.
    pub(crate) fn collected(&mut self, heap: &Heap, types: &Types) {
        self.end_objects(|object, known| match known {
            Some(known) => !known.is_freed(heap, types, object),
            None => heap.kind(types, object).is_some(),
        });
    }

    /// Another state has been put back: ends those on objects that are not there.
    pub(crate) fn restored(&mut self, heap: &Heap, types: &Types) {
        self.end_objects(|object, known| match known {
            Some(known) => known.is_in(heap, types, object),
            None => heap.kind(types, object).is_some(),
        });
        self.ask_anew();
    }

    fn end_objects(&mut self, kept: impl Fn(ObjectAddr, Option<&Known>) -> bool) {
        let Self { watchpoints, objects, ended, .. } = self;
        let before = ended.len();
        watchpoints.retain(|watchpoint| {
            let Some(object) = watchpoint.object() else { return true };
            let is_kept = kept(object, objects.get(&object));
            ended.extend((!is_kept).then_some(*watchpoint));
            is_kept
        });
        if ended.len() > before {
            self.ask_anew();
        }
    }

    /// Ends the watchpoints on frames of a task that are not among these.
    pub(crate) fn end_left(&mut self, task: TaskId, frames: impl Iterator<Item = Frame> + Clone) {
        let is_there = |watchpoint: &Watchpoint, of: FrameId| {
            let mut frames = frames.clone();
            let is_it = |frame: Frame| {
                frame.base == of.base && watchpoint.is_of(frame.instance, frame.func)
            };
            of.task != task || frames.any(is_it)
        };
        self.end(|watchpoint| watchpoint.frame().is_none_or(|frame| is_there(watchpoint, frame)));
    }

    fn end(&mut self, kept: impl Fn(&Watchpoint) -> bool) {
        let Self { watchpoints, watches, ended, stale, .. } = self;
        let before = ended.len();
        watchpoints.retain(|watchpoint| {
            let is_kept = kept(watchpoint);
            ended.extend((!is_kept).then_some(*watchpoint));
            is_kept
        });
        if ended.len() > before {
            *stale = true;
            if let Some(watches) = watches {
                watches.retain(|watch| kept(&watch.watchpoint));
            }
        }
    }

    /// A bulk instruction of a task goes on that has begun at this count.
    pub(crate) fn take_up(&mut self, place: u32, executed: u64) {
        let begun = self.begun.remove(&place);
        self.carried = begun.filter(|(at, _)| *at == executed).map(|(_, found)| found);
    }

    /// It is left before it has been done.
    pub(crate) fn leave_off(&mut self, place: u32, executed: u64) {
        if !self.found.is_empty() {
            self.begun.insert(place, (executed, core::mem::take(&mut self.found)));
        }
    }

    pub(crate) fn take_hit(&mut self) -> Option<Hit> {
        self.hit.take()
    }
}

impl Observer for Debugger {
    const ACTIVE: bool = true;

    fn before(&mut self, op: &Op, offset: u32, view: &View<'_>) -> bool {
        let View { instance, func, .. } = *view;
        let skip = core::mem::take(&mut self.skip_first);
        if !skip && self.breakpoints.get(&instance).is_some_and(|all| all.contains(&offset)) {
            return true;
        }
        if let Some(witness) = &mut self.witness {
            witness.before(op, view);
        }
        self.place = Some(CallSite { instance, func, offset: CodeOffset(offset) });
        self.accesses.clear();
        self.found.clear();
        let carried = self.carried.take();
        let watches = self.watches.as_deref().unwrap_or_default();
        let here = self.task.map(|task| FrameId { task, base: view.base });
        let is_watched = |watch: &Watch| {
            watch.watchpoint.frame().is_some()
                && watch.watchpoint.frame() == here
                && watch.watchpoint.is_of(instance, func)
        };
        let inside = here.filter(|_| watches.iter().any(is_watched));
        self.inside = inside.map(|frame| (frame, op.is_tail_call()));
        if watches.is_empty() && self.log_capacity == 0 {
            return false;
        }
        for touch in op.touches(view).into_iter().flatten() {
            if let Touched::Memory { memory, address, len } = touch.touched
                && self.log_capacity > 0
            {
                self.accesses.push(Access { memory, address, len, write: touch.write });
            }
            self.found.extend(watches.iter().filter_map(|watch| watch.look(touch, here, view)));
        }
        if let Some(carried) = carried {
            self.found = carried;
        }
        false
    }

    fn after(&mut self, view: &View<'_>) -> bool {
        if let Some(witness) = &mut self.witness {
            witness.after(view);
        }
        for access in self.accesses.drain(..) {
            if self.log.len() == self.log_capacity {
                self.log.pop_front();
            }
            self.log.push_back(access);
        }
        let Some(site) = self.place else { return false };
        if let Some((frame, tail)) = self.inside.take() {
            // A callee's frame begins behind this one's locals, a caller's at most where this one does.
            let same_place = view.base == frame.base;
            let other = (view.instance, view.func) != (site.instance, site.func);
            if tail || view.base < frame.base || same_place && other {
                self.end(|watchpoint| watchpoint.frame() != Some(frame));
            }
        }
        self.hit = self.found.drain(..).find_map(|found| found.settle(view, site));
        self.hit.is_some()
    }
}
