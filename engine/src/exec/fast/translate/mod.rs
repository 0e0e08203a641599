//! From the exact tier's operations to fast ones.
//!
//! The operand stack is followed symbolically: a constant or a local that was pushed costs nothing
//! until something needs it in its *home slot*, the place where the exact tier would have it.
//! Everything is in its home wherever execution may enter or stop: at the beginning of each
//! segment. The time taken is linear in the number of operations.

mod branches;
mod forms;
mod numeric;
mod operations;
mod segments;
mod stack;

use alloc::vec;
use alloc::vec::Vec;

use super::code::{self, Entry, FastCode};
use super::dispatch::link;
use super::instrument::Observed;
use crate::error::Result;
use crate::exec::exact::{FuncCode, Op};
use crate::ids::FuncIndex;
use crate::module::ModuleInner;

use forms::Right;
use segments::segments;

/// Operands that may be anywhere but in their homes. A bound keeps `local.set` from looking through
/// a deep stack.
const PENDING: usize = 32;

/// Instructions between two places to enter within a segment, at least.
const APART: u32 = 3;

/// A function in the fast tier's form; without words if it has more slots than operations can name.
pub(super) fn translate(
    module: &ModuleInner,
    func: FuncIndex,
    observed: &Observed,
) -> Result<FastCode> {
    let code = module.code(func)?;
    let segments = segments(&code.ops, observed);
    let mut fast = FastCode {
        words: Default::default(),
        entries: Default::default(),
        params: code.params,
        locals: code.locals,
        slots: u32::MAX,
        instructions: Default::default(),
        price: segments.first().copied().unwrap_or(1),
    };
    if code.frame_slots <= u32::from(u16::MAX) {
        let mut translator = Translator::new(module, code, &segments, observed);
        translator.run(None);
        link(&mut translator.words, translator.operations.iter().map(|(start, _)| *start));
        fast.words = translator.words.into_boxed_slice();
        fast.instructions = code::index(&code.ops, &segments, &mut translator.entries);
        fast.entries = translator.entries.into_boxed_slice();
        fast.slots = code.frame_slots;
    }
    Ok(fast)
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
    let segments = segments(&code.ops, &observed);
    let mut translator = Translator::new(module, code, &segments, &observed);
    if code.frame_slots <= u32::from(u16::MAX) {
        translator.run(None);
    }
    let Translator { words, operations, entries, targets, .. } = translator;
    Ok(Draft { words, operations, entries, segments, targets, locals: code.locals })
}

/// Where an operand is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Place {
    Home,
    Local(u16),
    Constant(u64),
    /// Only where a trap is explained: what the operation would have added up.
    Address(Address),
}

/// Which instruction an operation that traps stands for, and where its operands are before it.
pub(super) fn explain(
    module: &ModuleInner,
    func: FuncIndex,
    observed: &Observed,
    word: u32,
) -> Result<Option<(u32, Vec<Place>)>> {
    let code = module.code(func)?;
    let segments = segments(&code.ops, observed);
    let mut first = Translator::new(module, code, &segments, observed);
    first.sought = Some(word as usize);
    first.run(None);
    Ok(first.found.map(|(pc, address)| {
        let mut second = Translator::new(module, code, &segments, observed);
        second.run(Some(pc));
        if let Some((below, address)) = address
            && let Some(place) = second.stack.iter_mut().rev().nth(below)
        {
            *place = Place::Address(address);
        }
        (pc, second.stack)
    }))
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
    /// Whether a slot is zero.
    IsZero(u16),
    /// Slot `a` and `b << shift`.
    Sum(Address),
}

/// An address that a load or store adds up by itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Address {
    /// A slot and another one, shifted to the left.
    Indexed { a: u16, b: u16, shift: u8 },
    /// A slot and a constant.
    Plus { a: u16, added: u32 },
}

impl Last {
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
    word: usize,
    upper: bool,
    from: usize,
    to: Target,
}

#[derive(Clone, Copy)]
enum Target {
    Pc(u32),
    Stub(usize),
}

/// What a branch does that does not go straight to its target.
enum Stub {
    Return { source: u16 },
    Move { to: u16, from: u16, count: u32, pc: u32 },
}

struct Translator<'m> {
    module: &'m ModuleInner,
    code: &'m FuncCode,
    segments: &'m [u32],
    observed: &'m Observed,
    words: Vec<u64>,
    /// Where each operation begins, and the instruction that it was written for.
    operations: Vec<(u32, u32)>,
    /// The instruction that operations are written for now.
    origin: u32,
    entries: Vec<Entry>,
    /// First word of each instruction that something goes to.
    starts: Vec<u32>,
    /// Height of the operand stack at targets, once a branch to them has been met.
    heights: Vec<u32>,
    targets: Vec<bool>,
    fixups: Vec<Fixup>,
    /// What branches do, and which ones.
    stubs: Vec<(Stub, u32)>,
    stack: Vec<Place>,
    /// All operands below are in their homes.
    settled: usize,
    last: Option<Last>,
    increment: Option<Increment>,
    /// The copy written last, if nothing goes to what is behind it.
    copied: Option<usize>,
    copied_word: u64,
    held: Held,
    pc: u32,
    /// The first word of an operation whose instruction is looked for; that instruction, and the
    /// address that it adds up, with how many operands lie above.
    sought: Option<usize>,
    found: Option<(u32, Option<(usize, Address)>)>,
}

const UNKNOWN: u32 = u32::MAX;

impl<'m> Translator<'m> {
    fn new(
        module: &'m ModuleInner,
        code: &'m FuncCode,
        segments: &'m [u32],
        observed: &'m Observed,
    ) -> Self {
        let count = code.ops.len() + 1;
        let mut translator = Self {
            module,
            code,
            segments,
            observed,
            words: Vec::with_capacity(count * 2),
            operations: Vec::with_capacity(count),
            origin: 0,
            entries: Vec::new(),
            starts: vec![UNKNOWN; count],
            heights: vec![UNKNOWN; count],
            targets: vec![false; count],
            fixups: Vec::new(),
            stubs: Vec::new(),
            stack: Vec::new(),
            settled: 0,
            last: None,
            increment: None,
            copied: None,
            copied_word: 0,
            held: Held::default(),
            pc: 0,
            sought: None,
            found: None,
        };
        translator.mark_targets();
        translator
    }

    fn mark_targets(&mut self) {
        let mut mark = |target: u32| {
            if let Some(marked) = self.targets.get_mut(target as usize) {
                *marked = true;
            }
        };
        for op in &self.code.ops {
            match *op {
                Op::If { target } | Op::Else { target } => mark(target),
                Op::Br(to) | Op::BrIf(to) => mark(to.target),
                _ => {}
            }
        }
        for to in &self.code.branches {
            mark(to.target);
        }
    }

    /// Translates everything, or up to an instruction.
    fn run(&mut self, stop: Option<u32>) {
        let mut reachable = true;
        let mut enter = true;
        let code = self.code;
        for (pc, op) in (0u32..).zip(&code.ops) {
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
            if stop == Some(pc) {
                return;
            }
            let stops = self.observed.stops_at(pc);
            if stops {
                self.settle();
                enter = true;
            }
            if enter {
                (self.held, self.increment) = (Held::default(), None);
                self.enter();
                enter = false;
            } else if self.is_settled() {
                self.enter();
            }
            if stops {
                // Behind this the operation is written, but only for what it does to the operand
                // stack: the exact tier executes it.
                self.leave();
            }
            match self.operation(op) {
                Next::On => enter = stops,
                Next::Enter => enter = true,
                Next::Unreachable => reachable = false,
            }
        }
        self.finish();
    }

    /// Notes that execution may come to the present instruction from elsewhere.
    fn enter(&mut self) {
        let word = self.words.len() as u32;
        if let Some(start) = self.starts.get_mut(self.pc as usize) {
            *start = word;
        }
        let slot = |held: Option<u16>| held.unwrap_or(Entry::NOTHING);
        self.entries.push(Entry {
            pc: self.pc,
            word,
            height: self.stack.len() as u32,
            integer: slot(self.held.integer),
            float: slot(self.held.float),
            straight: 0,
        });
        self.last = None;
        self.copied = None;
    }

    /// Whether execution may begin here as well, in the middle of a segment: all operands are in
    /// their homes, and the last place to enter is some way back.
    fn is_settled(&self) -> bool {
        let before = self.entries.last().map_or(0, |entry| entry.pc);
        self.settled == self.stack.len()
            && self.pc - before >= APART
            && self.price(self.pc) > 1
            && self.giver().is_none()
    }
}

/// What comes behind an operation.
enum Next {
    On,
    /// Something else may go to the next instruction.
    Enter,
    Unreachable,
}
