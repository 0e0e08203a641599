//! From the exact tier's operations to fast ones.
//!
//! The operand stack is followed symbolically: a constant or a local that was pushed costs nothing
//! until something needs it in its *home slot*, the place where the exact tier would have it.
//! Everything is in its home at the beginning of each segment, where branches, calls and returns
//! lead. Within one a run may stop and go on as well: [`index`] says what is then not in its home.
//! The time taken is linear in the number of operations.

mod branches;
mod forms;
mod numeric;
mod operations;
mod partial;
mod references;
mod segments;
mod stack;
mod vectors;

use alloc::vec;
use alloc::vec::Vec;

use super::code::{Entry, Explanations, FastCode, Index};
use super::dispatch::link;
use super::pending::{Address, Pending, Right, Source};
use crate::error::{Error, Result};
use crate::exec::exact::{FuncCode, Op};
use crate::ids::FuncIndex;
use crate::module::ModuleInner;

pub(super) use partial::{LARGE, Partial, translate};
use segments::{Rounds, segments};

/// Operands that may be so where a run can stop. A bound on what is noted for each instruction.
const NOTED: usize = 8;

/// Operands that may be anywhere but in their homes. A bound keeps `local.set` from looking through
/// a deep stack.
const PENDING: usize = 32;

/// What a translation observes.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Observed {
    /// Instructions that are left to the exact tier, sorted.
    pub(super) stops: Vec<u32>,
    /// Whether accesses to memory are checked first, and whether those that only read are.
    pub(super) watched: bool,
    pub(super) reads: bool,
    /// Whether written pages are marked.
    pub(super) marks: bool,
}

impl Observed {
    fn stops_at(&self, pc: u32) -> bool {
        self.stops.binary_search(&pc).is_ok()
    }
}

/// Translates a function once more, to know all places where a run may stop and go on.
pub(super) fn index(module: &ModuleInner, fast: &FastCode) -> Result<Index> {
    let code = module.code(fast.func)?;
    let rounds = Rounds::new(&code.ops, &fast.observed);
    let mut translator = Translator::new(module, code, (&fast.segments, &rounds), &fast.observed);
    translator.dense = true;
    translator.run();
    translator.verify(fast)?;
    let Written { entries, pending, .. } = translator.written;
    Ok(Index::new(&code.ops, &fast.segments, entries, pending))
}

/// Translates a function once more, to know which instruction each operation stands for that may trap,
/// and where its operands are before it.
pub(super) fn explain(module: &ModuleInner, fast: &FastCode) -> Result<Explanations> {
    let code = module.code(fast.func)?;
    let rounds = Rounds::new(&code.ops, &fast.observed);
    let mut translator = Translator::new(module, code, (&fast.segments, &rounds), &fast.observed);
    translator.explained = Some(Explaining::default());
    translator.run();
    translator.verify(fast)?;
    Ok(translator.written.explained.unwrap_or_default().explanations)
}

/// A translation to be looked at: operations still have their codes.
pub(super) struct Draft {
    pub(super) words: Vec<u64>,
    /// Where each operation begins, and the instruction that it was written for.
    pub(super) operations: Vec<(u32, u32)>,
    pub(super) entries: Vec<Entry>,
    pub(super) segments: Vec<u32>,
    /// Whether a branch goes to an instruction.
    pub(super) targets: Vec<bool>,
    pub(super) locals: u32,
}

/// Translates a function once more, to be looked at; without operations if it cannot be translated.
pub(super) fn draft(module: &ModuleInner, func: FuncIndex) -> Result<Draft> {
    let code = module.code(func)?;
    let observed = Observed::default();
    let rounds = Rounds::new(&code.ops, &observed);
    let segments = segments(&code.ops, &rounds, &observed);
    let mut translator = Translator::new(module, code, (&segments, &rounds), &observed);
    if code.frame_slots <= u32::from(u16::MAX) {
        translator.run();
    }
    let Written { words, operations, entries, targets, .. } = translator.written;
    Ok(Draft { words, operations, entries, segments, targets, locals: code.locals })
}

/// Where an operand is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    Home,
    Local(u16),
    Constant(u64),
}

impl Place {
    /// Where the operand comes from, if it is not in its home.
    fn source(self) -> Option<Source> {
        match self {
            Place::Home => None,
            Place::Local(local) => Some(Source::Slot(local)),
            Place::Constant(value) => Some(Source::Constant(value)),
        }
    }
}

/// What operations stand for, as far as they have been written.
#[derive(Default)]
struct Explaining {
    explanations: Explanations,
    /// The operand stack before the present instruction, and what of it is not in its home.
    height: u32,
    before: Vec<Pending>,
}

/// The operation written last, if its result may still go elsewhere or melt into what uses it.
#[derive(Clone, Copy)]
struct Last {
    start: usize,
    end: usize,
    /// Where on the operand stack its result is.
    position: usize,
    /// What the accumulators held before it.
    held: Held,
    /// Whether its result is a float.
    float: bool,
    result: Given,
}

/// What an operation gives, as far as others can do that as well.
#[derive(Clone, Copy)]
enum Given {
    Value,
    /// The result of a binary operator.
    Binary(Op, u16, Right),
    /// The result of a unary one.
    Unary(Op, u16),
    /// Slot `a` and `b << shift`.
    Sum(Address),
}

impl Last {
    /// What its result, which belongs into `home`, can be computed from once more.
    fn pending(&self, home: u16) -> Option<Pending> {
        let source = match self.result {
            Given::Value => return None,
            Given::Binary(op, a, right) => Source::Binary(op, a, right),
            Given::Unary(op, a) => Source::Unary(op, a),
            Given::Sum(address) => Source::Address(address),
        };
        Some(Pending { home, source })
    }

    /// Its result as an address.
    fn address(&self) -> Option<Address> {
        match self.result {
            Given::Sum(address) => Some(address),
            Given::Binary(Op::I32Add, a, Right::Slot(b)) => {
                Some(Address::Indexed { a, b, shift: 0 })
            }
            Given::Binary(Op::I32Add, a, Right::Immediate(value)) => {
                Some(Address::Plus { a, added: (value >> 32) as u32 })
            }
            _ => None,
        }
    }
}

/// An addition to a local that has just been written: how a loop counts.
#[derive(Clone, Copy)]
struct Increment {
    start: usize,
    end: usize,
    local: u16,
    from: u16,
    added: Added,
    /// What the accumulators held before it.
    held: Held,
}

impl Increment {
    /// What the local then holds.
    fn result(&self) -> Pending {
        let a = self.from;
        let address = match self.added {
            Added::Slot(b) => Address::Indexed { a, b, shift: 0 },
            Added::Constant(added) => Address::Plus { a, added: i32::from(added) as u32 },
        };
        Pending { home: self.local, source: Source::Address(address) }
    }
}

/// What is added.
#[derive(Clone, Copy)]
enum Added {
    Slot(u16),
    Constant(i16),
}

/// The slots whose values the accumulators hold, that for integers and that for floats.
#[derive(Clone, Copy, Default)]
struct Held {
    integer: Option<u16>,
    float: Option<u16>,
}

impl Held {
    /// Has the accumulators loaded where execution is entered.
    fn note(self, entry: &mut Entry) {
        entry.integer = self.integer.unwrap_or(Entry::NOTHING);
        entry.float = self.float.unwrap_or(Entry::NOTHING);
    }

    fn get(self, float: bool) -> Option<u16> {
        if float { self.float } else { self.integer }
    }

    /// A slot has been written, from an accumulator or by other means.
    fn write(&mut self, slot: u16, from: Option<bool>) {
        for (kind, held) in [(false, &mut self.integer), (true, &mut self.float)] {
            if from == Some(kind) {
                *held = Some(slot);
            } else if *held == Some(slot) {
                *held = None;
            }
        }
    }
}

/// A distance to be filled in: where, counted from which operation, to which instruction or stub.
struct Fixup {
    word: u32,
    upper: bool,
    from: u32,
    to: Target,
}

#[derive(Clone, Copy)]
enum Target {
    Pc(u32),
    Stub(u32),
}

/// What a branch does that does not go straight to its target.
enum Stub {
    Return { source: u16 },
    Move { to: u16, from: u16, count: u32, pc: u32 },
}

/// A translation that goes on with what has been written so far.
struct Translator<'m> {
    module: &'m ModuleInner,
    code: &'m FuncCode,
    segments: &'m [u32],
    rounds: &'m Rounds,
    observed: &'m Observed,
    written: Written,
}

impl core::ops::Deref for Translator<'_> {
    type Target = Written;

    fn deref(&self) -> &Written {
        &self.written
    }
}

impl core::ops::DerefMut for Translator<'_> {
    fn deref_mut(&mut self) -> &mut Written {
        &mut self.written
    }
}

/// What has been written so far, and what is known of what comes next.
struct Written {
    /// The instruction that comes next, whether it is reached from those before it, and whether it may be
    /// come to from elsewhere.
    next: u32,
    reachable: bool,
    enter: bool,
    words: Vec<u64>,
    /// Where each operation begins, and the instruction that it was written for.
    operations: Vec<(u32, u32)>,
    /// The instruction that operations are written for now.
    origin: u32,
    entries: Vec<Entry>,
    /// Whether there are entries wherever there can be, and what they have to put into homes.
    dense: bool,
    pending: Vec<Pending>,
    /// First word of each instruction that something goes to.
    starts: Vec<u32>,
    /// Height of the operand stack at targets, once a branch to them has been met.
    heights: Vec<u32>,
    targets: Vec<bool>,
    /// The first instruction of each handler's range, in order, and the handler.
    trying: Vec<(u32, u32)>,
    fixups: Vec<Fixup>,
    /// What branches do, and which ones.
    stubs: Vec<(Stub, u32)>,
    stack: Vec<Place>,
    /// All operands below are in their homes.
    settled: usize,
    last: Option<Last>,
    /// The operation that has given the topmost vector: its first word, the one behind it, and the
    /// position of the vector.
    vector_given: Option<(usize, usize, usize)>,
    increment: Option<Increment>,
    /// The copy written last, if nothing goes to what is behind it.
    copied: Option<usize>,
    copied_word: u64,
    held: Held,
    pc: u32,
    /// Which instructions operations stand for, where this is asked.
    explained: Option<Explaining>,
}

const UNKNOWN: u32 = u32::MAX;

impl Written {
    /// Nothing, of a function.
    fn new(code: &FuncCode) -> Self {
        let count = code.ops.len() + 1;
        let mut written = Self {
            next: 0,
            reachable: true,
            enter: true,
            words: Vec::with_capacity(count * 2),
            operations: Vec::with_capacity(count),
            origin: 0,
            entries: Vec::new(),
            dense: false,
            pending: Vec::new(),
            starts: vec![UNKNOWN; count],
            heights: vec![UNKNOWN; count],
            targets: vec![false; count],
            trying: code.handlers.iter().map(|handler| handler.range.start).zip(0..).collect(),
            fixups: Vec::new(),
            stubs: Vec::new(),
            stack: Vec::new(),
            settled: 0,
            last: None,
            vector_given: None,
            increment: None,
            copied: None,
            copied_word: 0,
            held: Held::default(),
            pc: 0,
            explained: None,
        };
        written.trying.sort_unstable();
        written.mark_targets(code);
        written
    }

    fn mark_targets(&mut self, code: &FuncCode) {
        let mut mark = |target: u32| {
            if let Some(marked) = self.targets.get_mut(target as usize) {
                *marked = true;
            }
        };
        for op in &code.ops {
            match *op {
                Op::If { target } | Op::Else { target } => mark(target),
                Op::Br(to) | Op::BrIf(to) => mark(to.target),
                Op::BrOnNull(to) | Op::BrOnNonNull(to) => mark(to.target),
                _ => {}
            }
        }
        for to in &code.branches {
            mark(to.target);
        }
        for (_, to) in &code.casts {
            mark(to.target);
        }
        for catch in &code.clauses {
            mark(catch.branch.target);
        }
    }
}

impl<'m> Translator<'m> {
    fn new(
        module: &'m ModuleInner,
        code: &'m FuncCode,
        (segments, rounds): (&'m [u32], &'m Rounds),
        observed: &'m Observed,
    ) -> Self {
        Self { module, code, segments, rounds, observed, written: Written::new(code) }
    }

    /// The words, made executable.
    fn linked(&mut self) -> Vec<u64> {
        let mut words = core::mem::take(&mut self.words);
        link(&mut words, self.operations.iter().map(|(start, _)| *start));
        words
    }

    /// Makes sure that a translation made once more is the one that runs: what is learnt from it would
    /// otherwise be about other operations.
    fn verify(&mut self, fast: &FastCode) -> Result<()> {
        if self.linked() == *fast.words {
            return Ok(());
        }
        let message = "a function was translated differently the second time".into();
        Err(Error::Invalid { message, offset: self.code.offset_of(0).0.into() })
    }

    /// Notes where the operands are before the present instruction.
    fn look(&mut self) {
        let Some(mut explaining) = self.explained.take() else { return };
        explaining.height = self.stack.len() as u32;
        explaining.before.clear();
        explaining.before.extend(self.away());
        self.explained = Some(explaining);
    }

    /// Operands that are not in their homes.
    fn away(&self) -> impl Iterator<Item = Pending> + '_ {
        let places = self.stack.iter().enumerate().skip(self.settled);
        places.filter_map(|(position, place)| {
            let home = self.home(position);
            place.source().map(|source| Pending { home, source })
        })
    }

    /// Translates everything.
    fn run(&mut self) {
        self.step(u32::MAX);
        self.finish();
    }

    /// Translates so many more instructions; true at the end.
    fn step(&mut self, count: u32) -> bool {
        let (mut reachable, mut enter) = (self.reachable, self.enter);
        let code = self.code;
        let end = (code.ops.len() as u32).min(self.next.saturating_add(count));
        let ops = code.ops.get(self.next as usize..end as usize).unwrap_or_default();
        for (pc, op) in (self.next..).zip(ops) {
            (self.pc, self.origin) = (pc, pc);
            if self.targets.get(pc as usize) == Some(&true) {
                let height = self.heights.get(pc as usize).copied().unwrap_or(UNKNOWN);
                if reachable {
                    self.settle();
                } else if height != UNKNOWN {
                    self.arrive(height as usize);
                    reachable = true;
                }
                enter = true;
            }
            if !reachable {
                continue;
            }
            self.look();
            let stops = self.observed.stops_at(pc);
            if stops {
                self.settle();
                enter = true;
            }
            if enter {
                (self.held, self.increment) = (Held::default(), None);
                self.enter();
                enter = false;
            } else if self.dense {
                self.pass();
            }
            if stops {
                // Behind this the operation is written, but only for what it does to the operand
                // stack: the exact tier executes it.
                self.leave();
            }
            match self.operation(op) {
                Next::On => {
                    if stops {
                        // The exact tier has put its results into their homes, and whoever looks on
                        // may change what they came from.
                        self.arrive(self.stack.len());
                    }
                    enter = stops;
                }
                Next::Enter => enter = true,
                Next::Unreachable => reachable = false,
            }
        }
        (self.next, self.reachable, self.enter) = (end, reachable, enter);
        end as usize == code.ops.len()
    }

    /// Notes that execution may come to the present instruction from elsewhere.
    fn enter(&mut self) {
        let (pc, word) = (self.pc, self.words.len() as u32);
        if let Some(start) = self.starts.get_mut(pc as usize) {
            *start = word;
        }
        let entry = Entry::new(pc, word, self.stack.len() as u32);
        self.entries.push(entry);
        self.last = None;
        self.vector_given = None;
        self.copied = None;
    }

    /// Notes that a run may stop before the present instruction, in the middle of a segment, and go
    /// on from there.
    fn pass(&mut self) {
        if self.price(self.pc) == 0 || self.stack.len() - self.settled > NOTED {
            return;
        }
        let mut entry = Entry::new(self.pc, self.words.len() as u32, self.stack.len() as u32);
        self.held.note(&mut entry);
        entry.first = self.pending.len() as u32;
        let (settled, locals) = (self.settled, self.code.locals as usize);
        let written = &mut self.written;
        for (position, place) in written.stack.iter().enumerate().skip(settled) {
            let home = (locals + position) as u16;
            written.pending.extend(place.source().map(|source| Pending { home, source }));
        }
        entry.count = written.pending.len() as u32 - entry.first;
        written.entries.push(entry);
    }

    /// The operation at `start` becomes part of another one, or its result goes elsewhere. Where a
    /// run may stop behind it, its `result` is then computed once more, if that can be, and the run
    /// goes on with the operation.
    fn melt(&mut self, start: usize, held: Held, result: Option<Pending>) {
        let written = &mut self.written;
        let before = written.entries.iter().rposition(|entry| entry.word as usize <= start);
        let behind = before.map_or(0, |before| before + 1);
        let Some(result) = result else {
            written.entries.truncate(behind);
            return;
        };
        for entry in written.entries.iter_mut().skip(behind) {
            entry.word = start as u32;
            held.note(entry);
            let others = entry.pending();
            entry.first = written.pending.len() as u32;
            entry.count += 1;
            let below = |pending: &&Pending| pending.home < result.home;
            let lower = written.pending.get(others.clone()).unwrap_or_default();
            let lower = others.start + lower.iter().take_while(below).count();
            written.pending.extend_from_within(others.start..lower);
            written.pending.push(result);
            written.pending.extend_from_within(lower..others.end);
        }
    }
}

/// What comes behind an operation.
enum Next {
    On,
    /// Something else may go to the next instruction.
    Enter,
    Unreachable,
}
