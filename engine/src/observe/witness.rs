//! Who writes something: what a run that is done again is asked for.
//!
//! A witness knows one subject and notes for each of its cells, slots or bytes, who wrote it last. Of the value stack
//! each instruction is looked at, which is the exact tier's; of all else a watchpoint tells what instructions do. What
//! is written between instructions, by the host and by hand, is told by whoever does it.

use alloc::vec::Vec;
use core::ops::Range;

use super::observer::View;
use super::watch::Watched;
use crate::exec::TaskState;
use crate::exec::exact::{Op, StackEffect};
use crate::host::record::Effect;
use crate::ids::{FuncAddr, FuncIndex, GlobalAddr, InstanceId, MemAddr, TableAddr, TaskId};
use crate::store::StoreState;

/// What is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// Slots of a task's value stack.
    Slots {
        task: TaskId,
        first: u32,
        len: u32,
    },
    Bytes {
        memory: MemAddr,
        address: u64,
        len: u64,
    },
    Global(GlobalAddr),
    Element {
        table: TableAddr,
        index: u64,
    },
}

/// Who wrote a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    /// The count before the instruction or the call that did, or at which it was done otherwise.
    pub(crate) clock: u64,
    pub(crate) task: Option<TaskId>,
    pub(crate) wrote: Wrote,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wrote {
    Instruction,
    /// An instruction that has carried it from another slot.
    Carried {
        from: u32,
    },
    /// A call, as what a local begins with.
    Zeroed,
    /// A host function; of its call the task's own count is known.
    Host {
        func: FuncAddr,
        executed: u64,
    },
    /// A person or the embedder, beside the run.
    Edit,
    /// The start of the task.
    Started,
    /// An instantiation.
    Instantiated,
}

/// A function that a slot was passed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Passed {
    /// The count before the call.
    pub(crate) clock: u64,
    pub(crate) instance: InstanceId,
    pub(crate) func: FuncIndex,
    /// The slot, from the first argument on.
    pub(crate) slot: u32,
}

/// An instruction that has not been executed to its end.
#[derive(Clone, Copy, Debug)]
struct Pending {
    /// The count before it.
    clock: u64,
    base: u32,
    sp: u32,
    effect: StackEffect,
}

/// A subject as it is at a moment.
pub(crate) struct Look {
    is_there: bool,
    cells: Vec<Option<u64>>,
    instances: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Witness {
    subject: Subject,
    marks: Vec<Option<Mark>>,
    /// Functions that the first cell was given to as an argument since it was written: it stays where it is.
    passed: Vec<Passed>,
    /// What the count of the task that runs is behind the clock of the store.
    behind: u64,
    /// What the task that runs had executed when it began to, and the clock before the last of that.
    last: (u64, u64),
    /// What a task had executed when it made the host call that is being answered, the call included.
    call: u64,
    /// The task that runs, and the count of its next instruction.
    running: Option<TaskId>,
    next: u64,
    pending: Option<Pending>,
}

impl Witness {
    pub(crate) fn new(subject: Subject) -> Self {
        let cells = match subject {
            Subject::Slots { len, .. } => len as usize,
            Subject::Bytes { len, .. } => len as usize,
            Subject::Global(_) | Subject::Element { .. } => 1,
        };
        let marks = alloc::vec![None; cells];
        let passed = Vec::new();
        Self {
            subject,
            marks,
            passed,
            behind: 0,
            last: (0, 0),
            call: 0,
            running: None,
            next: 0,
            pending: None,
        }
    }

    pub(crate) fn marks(&self) -> &[Option<Mark>] {
        &self.marks
    }

    pub(crate) fn passed(&self) -> &[Passed] {
        &self.passed
    }

    /// What a watchpoint can tell of it.
    pub(crate) fn watched(&self) -> Option<Watched> {
        match self.subject {
            Subject::Slots { .. } => None,
            Subject::Bytes { memory, address, len } => {
                Some(Watched::Memory { memory, address, len })
            }
            Subject::Global(global) => Some(Watched::Global(global)),
            Subject::Element { table, index } => {
                Some(Watched::Table { table, first: index, len: 1 })
            }
        }
    }

    /// Whether it is about the stack of this task.
    pub(crate) fn is_of(&self, of: TaskId) -> bool {
        matches!(self.subject, Subject::Slots { task, .. } if task == of)
    }

    /// A task that has executed so much stands at a count of the store; its last instruction was executed at another
    /// one, since other tasks may have run behind it.
    pub(crate) fn stand(&mut self, clock: u64, executed: u64, last: u64) {
        self.behind = clock.wrapping_sub(executed);
        self.last = (executed, last);
    }

    /// A host call is being answered, which a task has made when it had executed so much.
    pub(crate) fn answers(&mut self, executed: u64) {
        self.call = executed;
    }

    /// The count before the last instruction of a task: its call of the host, or its wait.
    fn called(&self, task: &TaskState) -> u64 {
        match self.last {
            (executed, last) if executed == task.executed => last,
            _ => self.behind.wrapping_add(task.executed.saturating_sub(1)),
        }
    }

    pub(crate) fn begin(&mut self, task: TaskId, executed: u64) {
        (self.running, self.next, self.pending) = (Some(task), executed, None);
    }

    pub(crate) fn before(&mut self, op: &Op, view: &View<'_>) {
        if !self.running.is_some_and(|task| self.is_of(task)) {
            return;
        }
        let (base, sp) = (view.base, view.sp as u32);
        let clock = self.behind.wrapping_add(self.next);
        self.pending = Some(Pending { clock, base, sp, effect: op.stack_effect(view) });
        self.next += 1;
    }

    pub(crate) fn after(&mut self, view: &View<'_>) {
        let Some(pending) = self.pending.take() else { return };
        let Pending { clock, base, sp, effect } = pending;
        let (params, locals) = (view.code.params, view.code.locals);
        match effect {
            StackEffect::Makes { pops } => {
                let first = base + sp.saturating_sub(pops);
                self.set(first..view.base + view.sp as u32, clock, |_| Wrote::Instruction);
            }
            StackEffect::Carries { .. } => self.carry(pending),
            StackEffect::Calls { .. } => {
                self.zero(view.base + params..view.base + locals, clock);
                self.pass(clock, view);
            }
            StackEffect::TailCalls { pops } => {
                let from = (base + sp).saturating_sub(pops + params);
                let args = view.base..view.base + params;
                self.set(args, clock, |slot| Wrote::Carried { from: from + slot });
                self.zero(view.base + params..view.base + locals, clock);
                self.pass(clock, view);
            }
            StackEffect::Throws { .. } | StackEffect::Nothing => {}
        }
    }

    fn carry(&mut self, pending: Pending) {
        if let StackEffect::Carries { from, to, len } = pending.effect {
            let (from, to) = (pending.base + from, pending.base + to);
            self.set(to..to + len, pending.clock, |slot| Wrote::Carried { from: from + slot });
        }
    }

    fn zero(&mut self, slots: Range<u32>, clock: u64) {
        self.set(slots, clock, |_| Wrote::Zeroed);
    }

    fn pass(&mut self, clock: u64, view: &View<'_>) {
        let args = view.base..view.base + view.code.params;
        let Subject::Slots { first, .. } = self.subject else { return };
        if args.contains(&first) {
            let (instance, func, slot) = (view.instance, view.func, first - args.start);
            self.passed.push(Passed { clock, instance, func, slot });
        }
    }

    /// The outermost frame has returned.
    pub(crate) fn returned(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.carry(pending);
        }
    }

    /// An exception has been caught, and these slots are what the handler is given.
    pub(crate) fn caught(&mut self, task: &TaskState, slots: Range<u32>) {
        if !self.is_of(task.identity.id) {
            return;
        }
        let clock = self.called(task);
        let thrown = self.pending.take().filter(|pending| pending.clock == clock);
        let values = match thrown {
            Some(Pending { base, sp, effect: StackEffect::Throws { values }, .. }) => {
                base + sp - values.min(sp)..base + sp
            }
            _ => 0..0,
        };
        self.set(slots, clock, |slot| match values.start + slot {
            from if values.contains(&from) => Wrote::Carried { from },
            _ => Wrote::Instruction,
        });
    }

    /// A wait has an answer, on top of the stack.
    pub(crate) fn woken(&mut self, task: &TaskState) {
        if self.is_of(task.identity.id) {
            let top = task.stack.top;
            let clock = self.called(task);
            self.set(top.saturating_sub(1)..top, clock, |_| Wrote::Instruction);
        }
    }

    /// A host function has returned, with its results in these slots.
    pub(crate) fn answered(&mut self, task: &TaskState, func: FuncAddr, slots: Range<u32>) {
        if self.is_of(task.identity.id) {
            let (clock, executed) = (self.called(task), self.call);
            self.set(slots, clock, |_| Wrote::Host { func, executed });
        }
    }

    /// A host function has called another one, with these arguments, whose locals end at `top`.
    pub(crate) fn entered(&mut self, task: &TaskState, func: FuncAddr, args: Range<u32>, top: u32) {
        if self.is_of(task.identity.id) {
            let (clock, executed) = (self.called(task), self.call);
            self.zero(args.end..top, clock);
            self.set(args, clock, |_| Wrote::Host { func, executed });
        }
    }

    /// A host function has done this.
    pub(crate) fn host_wrote(&mut self, task: &TaskState, func: FuncAddr, effect: &Effect) {
        let cells = match (self.subject, effect) {
            (
                Subject::Bytes { memory, address, len },
                Effect::Write { memory: of, address: first, bytes },
            ) if memory == *of => overlap((address, len), (*first, bytes.len() as u64)),
            (Subject::Global(global), Effect::Global { global: of, .. }) if global == *of => 0..1,
            (Subject::Element { table, index }, Effect::Table { table: of, index: at, .. })
                if (table, index) == (*of, *at) =>
            {
                0..1
            }
            _ => return,
        };
        let clock = self.called(task);
        self.put(cells, clock, Some(task.identity.id), Wrote::Host { func, executed: self.call });
    }

    /// An instruction has written this, as a watchpoint tells, at a count.
    pub(crate) fn touched(&mut self, accessed: Watched, clock: u64) {
        let cells = match (self.subject, accessed) {
            (
                Subject::Bytes { address, len, .. },
                Watched::Memory { address: first, len: written, .. },
            ) => overlap((address, len), (first, written)),
            _ => 0..self.marks.len(),
        };
        self.put(cells, clock, self.running, Wrote::Instruction);
    }

    /// The subject in a state.
    pub(crate) fn look(&self, state: &StoreState) -> Look {
        let instances = state.instances.len();
        let look = |is_there, cells| Look { is_there, cells, instances };
        match self.subject {
            Subject::Slots { task, first, len } => {
                let mut tasks = state.tasks.states();
                match tasks.find(|state| state.identity.id == task) {
                    Some(task) => {
                        let live = task.stack.live();
                        let cells = (first..first + len).map(|at| live.get(at as usize).copied());
                        look(true, cells.collect())
                    }
                    None => look(false, Vec::new()),
                }
            }
            Subject::Bytes { memory, address, len } => match state.memories.get(memory.index()) {
                Some(memory) => {
                    let bytes = memory.bytes();
                    let cells = (address..address.saturating_add(len))
                        .map(|at| bytes.get(at as usize).map(|byte| u64::from(*byte)));
                    look(true, cells.collect())
                }
                None => look(false, Vec::new()),
            },
            Subject::Global(global) => match state.globals.get(global.index()) {
                Some(global) => {
                    look(true, Vec::from([Some(global.slot ^ global.upper.rotate_left(32))]))
                }
                None => look(false, Vec::new()),
            },
            Subject::Element { table, index } => match state.tables.get(table.index()) {
                Some(table) => look(true, Vec::from([table.elements.get(index as usize).copied()])),
                None => look(false, Vec::new()),
            },
        }
    }

    /// Something has been done beside the run that has made the second of what was the first.
    pub(crate) fn changed(&mut self, clock: u64, before: &Look, after: &Look) {
        self.pending = None;
        if !after.is_there {
            return;
        }
        let is_instance = after.instances > before.instances;
        let wrote = match self.subject {
            Subject::Slots { .. } if !before.is_there => Wrote::Started,
            Subject::Slots { .. } => Wrote::Edit,
            _ if is_instance => Wrote::Instantiated,
            _ => Wrote::Edit,
        };
        for cell in 0..self.marks.len() {
            let [was, is] = [before, after].map(|look| look.cells.get(cell).copied().flatten());
            let differs = match wrote {
                Wrote::Edit => was.is_some() && is.is_some() && was != is,
                _ => !before.is_there || was != is,
            };
            if differs {
                let task = match self.subject {
                    Subject::Slots { task, .. } => Some(task),
                    _ => None,
                };
                self.put(cell..cell + 1, clock, task, wrote);
            }
        }
    }

    /// Notes who wrote slots, each by its number from the first of them.
    fn set(&mut self, slots: Range<u32>, clock: u64, wrote: impl Fn(u32) -> Wrote) {
        let Subject::Slots { task, first, len } = self.subject else { return };
        for slot in slots.start.max(first)..slots.end.min(first + len) {
            let cell = (slot - first) as usize;
            self.put(cell..cell + 1, clock, Some(task), wrote(slot - slots.start));
        }
    }

    fn put(&mut self, cells: Range<usize>, clock: u64, task: Option<TaskId>, wrote: Wrote) {
        if cells.start == 0 && !cells.is_empty() {
            self.passed.clear();
        }
        for mark in self.marks.get_mut(cells).into_iter().flatten() {
            *mark = Some(Mark { clock, task, wrote });
        }
    }
}

/// Which of the first bytes are among the second.
fn overlap(one: (u64, u64), other: (u64, u64)) -> Range<usize> {
    let end = |(first, len): (u64, u64)| first.saturating_add(len);
    let from = one.0.max(other.0);
    let to = end(one).min(end(other)).max(from);
    (from - one.0).min(one.1) as usize..(to - one.0).min(one.1) as usize
}
