//! From the exact tier's operations to fast ones.
//!
//! The operand stack is followed symbolically: a constant or a local that was pushed costs nothing
//! until something needs it in its *home slot*, the place where the exact tier would have it.
//! Everything is in its home wherever execution may enter or stop: at the beginning of each
//! segment. The time taken is linear in the number of operations.

use alloc::vec;
use alloc::vec::Vec;

use super::code::{Entry, FastCode};
use super::dispatch::encode;
use super::handlers::*;
use super::operators::*;
use crate::error::Result;
use crate::exec::exact::{Branch, FuncCode, Op, for_each_numeric};
use crate::ids::FuncIndex;
use crate::module::ModuleInner;

/// Operands that may be anywhere but in their homes. A bound keeps `local.set` from looking through
/// a deep stack.
const PENDING: usize = 32;

/// A function in the fast tier's form; without words if it has more slots than operations can name.
pub(super) fn translate(module: &ModuleInner, func: FuncIndex) -> Result<FastCode> {
    let code = module.code(func)?;
    let segments = segments(&code.ops);
    let mut fast = FastCode {
        words: Default::default(),
        entries: Default::default(),
        params: code.params,
        locals: code.locals,
        slots: u32::MAX,
        segments: Default::default(),
    };
    if code.frame_slots <= u32::from(u16::MAX) {
        let mut translator = Translator::new(module, code, &segments);
        translator.run(None);
        fast.words = translator.words.into_boxed_slice();
        fast.entries = translator.entries.into_boxed_slice();
        fast.slots = code.frame_slots;
    }
    fast.segments = segments.into_boxed_slice();
    Ok(fast)
}

/// Where an operand is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Place {
    Home,
    Local(u16),
    Constant(u64),
}

/// Which instruction an operation that traps stands for, and where its operands are before it.
pub(super) fn explain(
    module: &ModuleInner,
    func: FuncIndex,
    word: u32,
) -> Result<Option<(u32, Vec<Place>)>> {
    let code = module.code(func)?;
    let segments = segments(&code.ops);
    let mut first = Translator::new(module, code, &segments);
    first.sought = Some(word as usize);
    first.run(None);
    Ok(first.found.map(|pc| {
        let mut second = Translator::new(module, code, &segments);
        second.run(Some(pc));
        (pc, second.stack)
    }))
}

/// For each operation: how many are executed from it up to the end of its segment. Jumps forward
/// belong to a segment; what leaves a choice, goes back or goes elsewhere ends one. Operations of
/// the exact tier belong to none.
fn segments(ops: &[Op]) -> Vec<u32> {
    let mut segments = vec![0u32; ops.len()];
    for pc in (0..ops.len()).rev() {
        let of = |target: usize| segments.get(target).copied().unwrap_or(0);
        let next = match ops.get(pc) {
            Some(op) if is_exact(op) => continue,
            Some(Op::If { .. } | Op::BrIf(_) | Op::BrTable { .. }) => 0,
            Some(Op::Return | Op::Call { .. } | Op::CallIndirect { .. }) => 0,
            Some(Op::ReturnCall { .. }) => 0,
            Some(Op::Else { target }) => of(*target as usize),
            Some(Op::Br(to)) if to.target as usize > pc => of(to.target as usize),
            Some(Op::Br(_)) => 0,
            _ => of(pc + 1),
        };
        if let Some(segment) = segments.get_mut(pc) {
            *segment = 1 + next;
        }
    }
    segments
}

/// Operations that are left to the exact tier: rare ones, and those that stop.
fn is_exact(op: &Op) -> bool {
    exact_effect(op).is_some()
}

/// Operands that such an operation takes and gives; calls aside, whose types say it.
fn exact_effect(op: &Op) -> Option<(u32, u32)> {
    macro_rules! other_memories {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            Some(match *op {
                Op::Unreachable
                | Op::CallImport { .. }
                | Op::ReturnCallImport { .. }
                | Op::ReturnCallIndirect { .. }
                | Op::ElemDrop { .. }
                | Op::DataDrop { .. } => (0, 0),
                Op::RefIsNull | Op::TableGet { .. } | Op::MemoryGrow { .. } => (1, 1),
                Op::RefFunc { .. } | Op::TableSize { .. } => (0, 1),
                Op::MemorySize { memory } if memory != 0 => (0, 1),
                Op::TableSet { .. } => (2, 0),
                Op::TableGrow { .. } => (2, 1),
                Op::TableFill { .. }
                | Op::TableCopy { .. }
                | Op::TableInit { .. }
                | Op::MemoryInit { .. } => (3, 0),
                Op::MemoryFill { memory } if memory != 0 => (3, 0),
                Op::MemoryCopy { to, from } if (to, from) != (0, 0) => (3, 0),
                $(Op::$load { memory, offset } if memory != 0 || offset > u32::MAX.into() => (1, 1),)*
                $(Op::$store { memory, offset } if memory != 0 || offset > u32::MAX.into() => (2, 0),)*
                _ => return None,
            })
        };
    }
    for_each_numeric!(other_memories)
}

/// First words of an operator whose operands may come from slots (`s`), constants (`i`) and the
/// accumulator (`a`).
#[derive(Clone, Copy)]
struct Forms {
    ss: u64,
    si: u64,
    ac_s: u64,
    ac_i: u64,
    s_ac: u64,
}

/// The same with one operand.
#[derive(Clone, Copy)]
struct Single {
    slot: u64,
    accumulator: u64,
}

/// A binary operator by itself, and together with a branch.
#[derive(Clone, Copy)]
struct Binary {
    value: Forms,
    br_if: Forms,
    br_unless: Forms,
    /// Whether its operands are of 32 bits.
    narrow: bool,
}

/// What an operation of the table becomes.
enum Numeric {
    Unary(Single),
    TryUnary(u64),
    Binary(Binary),
    TryBinary { slot: u64, immediate: u64, narrow: bool },
    Load { code: Single, offset: u32 },
    Store { code: Forms, constant: Single, offset: u32 },
}

fn numeric(op: &Op) -> Option<Numeric> {
    macro_rules! forms {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            Some(match *op {
                $(Op::$unary => Numeric::Unary(Single {
                    slot: encode::<UnaryOf<$unary, Second>>(),
                    accumulator: encode::<UnaryOf<$unary, Accumulator>>(),
                }),)*
                $(Op::$binary => Numeric::Binary(Binary {
                    value: Forms {
                        ss: encode::<BinaryOf<$binary, Second, Third>>(),
                        si: encode::<BinaryOf<$binary, Second, Immediate>>(),
                        ac_s: encode::<BinaryOf<$binary, Accumulator, Third>>(),
                        ac_i: encode::<BinaryOf<$binary, Accumulator, Immediate>>(),
                        s_ac: encode::<BinaryOf<$binary, Second, Accumulator>>(),
                    },
                    br_if: Forms {
                        ss: encode::<BrIfOf<$binary, First, Second>>(),
                        si: encode::<BrIfOf<$binary, First, Immediate>>(),
                        ac_s: encode::<BrIfOf<$binary, Accumulator, Second>>(),
                        ac_i: encode::<BrIfOf<$binary, Accumulator, Immediate>>(),
                        s_ac: encode::<BrIfOf<$binary, First, Accumulator>>(),
                    },
                    br_unless: Forms {
                        ss: encode::<BrUnlessOf<$binary, First, Second>>(),
                        si: encode::<BrUnlessOf<$binary, First, Immediate>>(),
                        ac_s: encode::<BrUnlessOf<$binary, Accumulator, Second>>(),
                        ac_i: encode::<BrUnlessOf<$binary, Accumulator, Immediate>>(),
                        s_ac: encode::<BrUnlessOf<$binary, First, Accumulator>>(),
                    },
                    narrow: size_of::<$ba>() == 4,
                }),)*
                $(Op::$tunary => Numeric::TryUnary(encode::<TryUnaryOf<$tunary>>()),)*
                $(Op::$tbinary => Numeric::TryBinary {
                    slot: encode::<TryBinaryOf<$tbinary, Third>>(),
                    immediate: encode::<TryBinaryOf<$tbinary, Immediate>>(),
                    narrow: size_of::<$tba>() == 4,
                },)*
                $(Op::$load { offset, .. } => Numeric::Load {
                    code: Single {
                        slot: encode::<LoadOf<$load, Second>>(),
                        accumulator: encode::<LoadOf<$load, Accumulator>>(),
                    },
                    offset: u32::try_from(offset).ok()?,
                },)*
                $(Op::$store { offset, .. } => Numeric::Store {
                    code: Forms {
                        ss: encode::<StoreOf<$store, First, Second>>(),
                        si: 0,
                        ac_s: encode::<StoreOf<$store, Accumulator, Second>>(),
                        ac_i: 0,
                        s_ac: encode::<StoreOf<$store, First, Accumulator>>(),
                    },
                    constant: Single {
                        slot: encode::<StoreConstant<$store, First>>(),
                        accumulator: encode::<StoreConstant<$store, Accumulator>>(),
                    },
                    offset: u32::try_from(offset).ok()?,
                },)*
                _ => return None,
            })
        };
    }
    for_each_numeric!(forms)
}

/// Whether the operands may change places.
fn commutes(op: &Op) -> bool {
    matches!(
        op,
        Op::I32Add
            | Op::I32Mul
            | Op::I32And
            | Op::I32Or
            | Op::I32Xor
            | Op::I32Eq
            | Op::I32Ne
            | Op::I64Add
            | Op::I64Mul
            | Op::I64And
            | Op::I64Or
            | Op::I64Xor
            | Op::I64Eq
            | Op::I64Ne
    )
}

/// The constant as the upper half of a word, if it fits there.
fn immediate(constant: u64, narrow: bool) -> Option<u64> {
    let extended = constant as u32 as i32 as i64 as u64;
    (narrow || extended == constant).then_some(u64::from(constant as u32) << 32)
}

/// Fields of 16 bits, low ones first.
fn pack(fields: [u16; 4]) -> u64 {
    let [a, b, c, d] = fields.map(u64::from);
    a | b << 16 | c << 32 | d << 48
}

/// A field of 16 bits and one of 32.
fn wide(low: u16, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The operation written last, if its result may still go elsewhere or become a branch.
#[derive(Clone, Copy)]
struct Last {
    start: usize,
    end: usize,
    /// Where on the operand stack its result is.
    position: usize,
    /// For a binary operator: its forms and operands.
    binary: Option<(Binary, u16, Right)>,
    /// What the accumulator held before it.
    accumulator: Option<u16>,
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
    words: Vec<u64>,
    entries: Vec<Entry>,
    /// First word of each instruction that something goes to.
    starts: Vec<u32>,
    /// Height of the operand stack at targets, once a branch to them has been met.
    heights: Vec<u32>,
    targets: Vec<bool>,
    fixups: Vec<Fixup>,
    stubs: Vec<Stub>,
    stack: Vec<Place>,
    /// All operands below are in their homes.
    settled: usize,
    last: Option<Last>,
    /// The slot whose value the accumulator holds.
    accumulator: Option<u16>,
    pc: u32,
    /// The first word of an operation whose instruction is looked for, and that instruction.
    sought: Option<usize>,
    found: Option<u32>,
}

const UNKNOWN: u32 = u32::MAX;

impl<'m> Translator<'m> {
    fn new(module: &'m ModuleInner, code: &'m FuncCode, segments: &'m [u32]) -> Self {
        let count = code.ops.len() + 1;
        let mut translator = Self {
            module,
            code,
            segments,
            words: Vec::with_capacity(count * 2),
            entries: Vec::new(),
            starts: vec![UNKNOWN; count],
            heights: vec![UNKNOWN; count],
            targets: vec![false; count],
            fixups: Vec::new(),
            stubs: Vec::new(),
            stack: Vec::new(),
            settled: 0,
            last: None,
            accumulator: None,
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
            self.pc = pc;
            if self.targets.get(pc as usize) == Some(&true) {
                let height = self.heights.get(pc as usize).copied().unwrap_or(UNKNOWN);
                if reachable {
                    self.settle();
                } else if height != UNKNOWN {
                    self.stack.clear();
                    self.stack.resize(height as usize, Place::Home);
                    self.settled = self.stack.len();
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
            if enter {
                self.enter();
                enter = false;
            }
            match self.operation(op) {
                Next::On => {}
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
        self.entries.push(Entry { pc: self.pc, word, height: self.stack.len() as u32 });
        self.last = None;
        self.accumulator = None;
    }

    // Operands.

    fn home(&self, position: usize) -> u16 {
        (self.code.locals as usize + position) as u16
    }

    fn push(&mut self, place: Place) {
        self.stack.push(place);
        if place == Place::Home && self.settled + 1 == self.stack.len() {
            self.settled += 1;
        } else if self.stack.len() - self.settled > PENDING {
            self.settle_one(self.settled);
            self.settled += 1;
        }
    }

    fn pop(&mut self) -> Place {
        let place = self.stack.pop().unwrap_or(Place::Home);
        self.settled = self.settled.min(self.stack.len());
        place
    }

    /// Puts one operand into its home.
    fn settle_one(&mut self, position: usize) {
        let home = self.home(position);
        let Some(place) = self.stack.get_mut(position) else { return };
        match core::mem::replace(place, Place::Home) {
            Place::Home => {}
            Place::Local(local) => {
                self.copy(home, local);
            }
            Place::Constant(value) => {
                self.constant(home, value);
            }
        }
    }

    fn settle(&mut self) {
        for position in self.settled..self.stack.len() {
            self.settle_one(position);
        }
        self.settled = self.stack.len();
    }

    /// A slot that holds an operand which has been popped from `position`.
    fn slot(&mut self, place: Place, position: usize) -> u16 {
        match place {
            Place::Home => self.home(position),
            Place::Local(local) => local,
            Place::Constant(value) => {
                let home = self.home(position);
                self.constant(home, value);
                home
            }
        }
    }

    fn pop_slot(&mut self) -> u16 {
        let place = self.pop();
        self.slot(place, self.stack.len())
    }

    // Operations.

    fn emit(&mut self, code: u64, operands: &[u64]) -> usize {
        let start = self.words.len();
        self.words.push(code);
        self.words.extend_from_slice(operands);
        start
    }

    fn copy(&mut self, to: u16, from: u16) {
        self.emit(encode::<Copy>(), &[pack([to, from, 0, 0])]);
        self.accumulator = self.accumulator.filter(|slot| *slot != to);
    }

    fn constant(&mut self, to: u16, value: u64) {
        self.emit(encode::<Constant>(), &[to.into(), value]);
        self.accumulator = self.accumulator.filter(|slot| *slot != to);
    }

    /// An operation whose result goes to the next home, as the low field of its second word says.
    fn give(&mut self, code: u64, operand: u64, binary: Option<(Binary, u16, Right)>) {
        let start = self.emit(code, &[operand]);
        let position = self.stack.len();
        let accumulator = self.accumulator.replace(self.home(position));
        let end = self.words.len();
        self.last = Some(Last { start, end, position, binary, accumulator });
        self.push(Place::Home);
    }

    /// The form for these operands.
    fn form(&self, forms: &Forms, a: u16, right: Right) -> u64 {
        let held = |slot: u16| self.accumulator == Some(slot);
        match right {
            Right::Slot(_) if held(a) => forms.ac_s,
            Right::Slot(b) if held(b) => forms.s_ac,
            Right::Slot(_) => forms.ss,
            Right::Immediate(_) if held(a) => forms.ac_i,
            Right::Immediate(_) => forms.si,
        }
    }

    fn single(&self, code: Single, slot: u16) -> u64 {
        if self.accumulator == Some(slot) { code.accumulator } else { code.slot }
    }

    /// The last operation, if it has given the topmost operand and nothing came behind it.
    fn giver(&self) -> Option<Last> {
        let given = self.stack.last() == Some(&Place::Home);
        let last = self.last.filter(|last| given && last.end == self.words.len())?;
        (last.position + 1 == self.stack.len()).then_some(last)
    }

    fn seek(&mut self) {
        if self.sought == Some(self.words.len()) {
            self.found = Some(self.pc);
        }
    }

    fn local_set(&mut self, local: u16, keep: bool) {
        let giver = self.giver();
        let top = self.stack.len().saturating_sub(1);
        let mut moved = false;
        for position in self.settled..top {
            if self.stack.get(position) == Some(&Place::Local(local)) {
                self.settle_one(position);
                moved = true;
            }
        }
        match self.stack.last().copied().unwrap_or(Place::Home) {
            Place::Home => match giver.filter(|_| !moved) {
                Some(last) => {
                    if let Some(word) = self.words.get_mut(last.start + 1) {
                        *word = *word & !0xffff | u64::from(local);
                    }
                    self.last = None;
                    self.accumulator = Some(local);
                    if let Some(place) = self.stack.last_mut() {
                        *place = Place::Local(local);
                    }
                    self.settled = self.settled.min(top);
                }
                None => {
                    let home = self.home(top);
                    self.copy(local, home);
                }
            },
            Place::Local(other) if other == local => {}
            Place::Local(other) => {
                self.copy(local, other);
            }
            Place::Constant(value) => {
                self.constant(local, value);
            }
        }
        if !keep {
            self.pop();
        }
    }

    fn numeric(&mut self, op: &Op, numeric: Numeric) {
        match numeric {
            Numeric::Unary(code) => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.give(self.single(code, a), pack([dst, a, 0, 0]), None);
            }
            Numeric::TryUnary(code) => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek();
                self.give(code, pack([dst, a, 0, 0]), None);
            }
            Numeric::Binary(binary) => {
                let (a, right) = self.operands(op, binary.narrow);
                let dst = self.home(self.stack.len());
                let code = self.form(&binary.value, a, right);
                let word = match right {
                    Right::Slot(b) => pack([dst, a, b, 0]),
                    Right::Immediate(value) => pack([dst, a, 0, 0]) | value,
                };
                self.give(code, word, Some((binary, a, right)));
            }
            Numeric::TryBinary { slot, immediate, narrow } => {
                let (a, right) = self.operands(op, narrow);
                let dst = self.home(self.stack.len());
                self.seek();
                match right {
                    Right::Slot(b) => self.give(slot, pack([dst, a, b, 0]), None),
                    Right::Immediate(value) => {
                        self.give(immediate, pack([dst, a, 0, 0]) | value, None);
                    }
                }
            }
            Numeric::Load { code, offset } => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek();
                let word = pack([dst, a, 0, 0]) | u64::from(offset) << 32;
                self.give(self.single(code, a), word, None);
            }
            Numeric::Store { code, constant, offset } => {
                let value = self.pop();
                let at = self.stack.len();
                let address = self.pop_slot();
                if let Place::Constant(value) = value {
                    self.seek();
                    let code = self.single(constant, address);
                    self.emit(code, &[wide(address, offset), value]);
                } else {
                    let value = self.slot(value, at);
                    self.seek();
                    let code = self.form(&code, address, Right::Slot(value));
                    let word = pack([address, value, 0, 0]) | u64::from(offset) << 32;
                    self.emit(code, &[word]);
                }
            }
        }
    }

    /// The operands of a binary operator, a constant on the right as an immediate where it fits.
    fn operands(&mut self, op: &Op, narrow: bool) -> (u16, Right) {
        let mut right = self.pop();
        let mut at = self.stack.len();
        let mut left = self.pop();
        let mut left_at = self.stack.len();
        if matches!(left, Place::Constant(_)) && commutes(op) {
            (left, right) = (right, left);
            (left_at, at) = (at, left_at);
        }
        if let Place::Constant(value) = right
            && let Some(value) = immediate(value, narrow)
        {
            return (self.slot(left, left_at), Right::Immediate(value));
        }
        let a = self.slot(left, left_at);
        (a, Right::Slot(self.slot(right, at)))
    }

    fn operation(&mut self, op: &Op) -> Next {
        if let Some((pops, pushes)) = exact_effect(op) {
            return self.exact(op, pops, pushes);
        }
        if let Some(found) = numeric(op) {
            self.numeric(op, found);
            return Next::On;
        }
        match *op {
            Op::Nop => {}
            Op::Drop => {
                self.pop();
            }
            Op::Select => {
                let condition = self.pop_slot();
                let b = self.pop_slot();
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.give(encode::<Select>(), pack([dst, a, b, condition]), None);
            }
            Op::LocalGet { local } => self.push(Place::Local(local as u16)),
            Op::LocalSet { local } => self.local_set(local as u16, false),
            Op::LocalTee { local } => self.local_set(local as u16, true),
            Op::Const { slot } => self.push(Place::Constant(slot)),
            Op::GlobalGet { global } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<GlobalGet>(), wide(dst, global), None);
            }
            Op::GlobalSet { global } => {
                let source = self.pop_slot();
                self.emit(encode::<GlobalSet>(), &[wide(source, global)]);
            }
            Op::If { target } => {
                let to = Branch { target, height: self.stack.len() as u32 - 1, arity: 0 };
                self.branch_if(to, false);
                return Next::Enter;
            }
            Op::BrIf(to) => {
                self.branch_if(to, true);
                return Next::Enter;
            }
            Op::Else { target } => {
                self.settle();
                self.expect(target, self.stack.len() as u32);
                self.jump(target);
                return Next::Unreachable;
            }
            Op::Br(to) => {
                self.settle();
                self.carry(to);
                self.jump(to.target);
                return Next::Unreachable;
            }
            Op::BrTable { first, count } => {
                self.branch_table(first, count);
                return Next::Unreachable;
            }
            Op::Return => {
                self.give_back();
                return Next::Unreachable;
            }
            Op::MemorySize { .. } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<MemorySize>(), dst.into(), None);
            }
            Op::MemoryFill { .. } | Op::MemoryCopy { .. } => {
                let code = match op {
                    Op::MemoryFill { .. } => encode::<MemoryFill>(),
                    _ => encode::<MemoryCopy>(),
                };
                let len = self.pop_slot();
                let second = self.pop_slot();
                let first = self.pop_slot();
                self.seek();
                self.emit(code, &[pack([first, second, len, 0])]);
            }
            Op::ReturnCall { func } => {
                self.settle();
                let ty = self.module.funcs.get(func as usize).copied().unwrap_or(0);
                let (params, _) = self.arity(ty);
                let height = self.stack.len();
                let args = self.home(height - params);
                let operands = [wide(args, func), self.pc.into(), height as u64];
                self.emit(encode::<ReturnCall>(), &operands);
                return Next::Unreachable;
            }
            Op::Call { func } => {
                self.settle();
                let ty = self.module.funcs.get(func as usize).copied().unwrap_or(0);
                let (params, results) = self.arity(ty);
                let height = self.stack.len();
                let args = self.home(height - params);
                let back = u64::from(self.pc) | u64::from(self.price(self.pc + 1)) << 32;
                self.emit(encode::<Call>(), &[wide(args, func), back, height as u64]);
                self.replace(params, results);
                return Next::Enter;
            }
            Op::CallIndirect { ty, table } => {
                self.settle();
                let height = self.stack.len();
                self.pop();
                let index = self.home(self.stack.len());
                let (params, results) = self.arity(ty);
                let args = self.home(self.stack.len() - params);
                let back = u64::from(self.pc) | u64::from(self.price(self.pc + 1)) << 32;
                let first = pack([args, index, 0, 0]) | u64::from(ty) << 32;
                let third = height as u64 | u64::from(table) << 32;
                self.emit(encode::<CallIndirect>(), &[first, back, third]);
                self.replace(params, results);
                return Next::Enter;
            }
            // All others are numeric or the exact tier's.
            _ => {}
        }
        Next::On
    }

    /// Leaves an instruction to the exact tier.
    fn exact(&mut self, op: &Op, pops: u32, pushes: u32) -> Next {
        self.settle();
        let height = self.stack.len() as u64;
        self.emit(encode::<Exact>(), &[u64::from(self.pc) | height << 32]);
        let (pops, pushes) = match *op {
            Op::CallImport { func } => {
                let ty = self.module.funcs.get(func as usize).copied().unwrap_or(0);
                self.arity(ty)
            }
            _ => (pops as usize, pushes as usize),
        };
        self.replace(pops, pushes);
        match op {
            Op::Unreachable | Op::ReturnCallImport { .. } | Op::ReturnCallIndirect { .. } => {
                Next::Unreachable
            }
            _ => Next::Enter,
        }
    }

    fn arity(&self, ty: u32) -> (usize, usize) {
        match self.module.types.get(ty as usize) {
            Some(ty) => (ty.params().len(), ty.results().len()),
            None => (0, 0),
        }
    }

    /// Takes operands away and puts as many results into their homes, as the callee does.
    fn replace(&mut self, pops: usize, pushes: usize) {
        let height = self.stack.len().saturating_sub(pops);
        self.stack.truncate(height);
        self.settled = self.settled.min(height);
        for _ in 0..pushes {
            self.push(Place::Home);
        }
        self.last = None;
    }

    // Branches.

    fn price(&self, pc: u32) -> u32 {
        self.segments.get(pc as usize).copied().unwrap_or(0)
    }

    /// Notes how high the operand stack is at a target.
    fn expect(&mut self, target: u32, height: u32) {
        if let Some(known) = self.heights.get_mut(target as usize) {
            *known = height;
        }
    }

    fn fix(&mut self, word: usize, upper: bool, from: usize, to: Target) {
        self.fixups.push(Fixup { word, upper, from, to });
    }

    /// Where a branch goes, by way of a stub if it carries values to another height, and its price.
    fn target(&mut self, to: Branch) -> (Target, u32) {
        let height = self.stack.len() as u32;
        let from = height.saturating_sub(to.arity);
        if to.target == Branch::RETURN {
            self.stubs.push(Stub::Return { source: self.home(from as usize) });
            return (Target::Stub(self.stubs.len() - 1), 0);
        }
        self.expect(to.target, to.height + to.arity);
        if to.arity == 0 || from == to.height {
            return (Target::Pc(to.target), self.price(to.target));
        }
        let (source, goal) = (self.home(from as usize), self.home(to.height as usize));
        self.stubs.push(Stub::Move { to: goal, from: source, count: to.arity, pc: to.target });
        (Target::Stub(self.stubs.len() - 1), 0)
    }

    /// A branch that is taken if the topmost operand is not zero, or unless it is.
    fn branch_if(&mut self, to: Branch, if_true: bool) {
        let giver = self.giver();
        let condition = self.pop();
        let position = self.stack.len();
        let fused = giver.and_then(|last| Some((last, last.binary?)));
        if let Some((last, (binary, a, right))) = fused {
            // What it has computed is needed nowhere else.
            self.words.truncate(last.start);
            self.last = None;
            self.accumulator = last.accumulator;
            self.settle();
            let (target, price) = self.target(to);
            let prices = u64::from(price) | u64::from(self.price(self.pc + 1)) << 32;
            let forms = if if_true { &binary.br_if } else { &binary.br_unless };
            let word = match right {
                Right::Slot(b) => pack([a, b, 0, 0]),
                Right::Immediate(value) => u64::from(a) | value,
            };
            let start = self.emit(self.form(forms, a, right), &[word, prices, 0]);
            self.fix(start + 3, false, start, target);
            return;
        }
        let slot = self.slot(condition, position);
        self.settle();
        let (target, price) = self.target(to);
        let prices = u64::from(price) | u64::from(self.price(self.pc + 1)) << 32;
        let code = match (self.accumulator == Some(slot), if_true) {
            (false, true) => encode::<BrIf>(),
            (false, false) => encode::<BrUnless>(),
            (true, true) => encode::<BrIfAccumulator>(),
            (true, false) => encode::<BrUnlessAccumulator>(),
        };
        let start = self.emit(code, &[slot.into(), prices]);
        self.fix(start + 1, true, start, target);
    }

    fn branch_table(&mut self, first: u32, count: u32) {
        let slot = self.pop_slot();
        self.settle();
        let start = self.emit(encode::<BrTable>(), &[wide(slot, count)]);
        let code = self.code;
        let range = first as usize..(first + count) as usize;
        for to in code.branches.get(range).unwrap_or_default() {
            let (target, price) = self.target(*to);
            let word = self.words.len();
            self.words.push(price.into());
            self.fix(word, true, start, target);
        }
    }

    /// Moves the values that a branch carries.
    fn carry(&mut self, to: Branch) {
        let from = (self.stack.len() as u32).saturating_sub(to.arity);
        if to.arity > 0 && from != to.height {
            let (goal, source) = (self.home(to.height as usize), self.home(from as usize));
            self.emit(
                encode::<CopyMany>(),
                &[pack([goal, source, 0, 0]) | u64::from(to.arity) << 32],
            );
        }
        self.expect(to.target, to.height + to.arity);
    }

    /// Goes to an instruction from the present one.
    fn jump(&mut self, target: u32) {
        if target > self.pc {
            let start = self.emit(encode::<Jump>(), &[0]);
            self.fix(start + 1, false, start, Target::Pc(target));
        } else {
            let start = self.emit(encode::<Br>(), &[self.price(target).into()]);
            self.fix(start + 1, true, start, Target::Pc(target));
        }
    }

    fn give_back(&mut self) {
        match self.code.results {
            0 => {
                self.emit(encode::<Return0>(), &[]);
            }
            1 => {
                let source = self.pop_slot();
                self.emit(encode::<Return1>(), &[source.into()]);
            }
            count => {
                self.settle();
                let source = self.home(self.stack.len().saturating_sub(count as usize));
                self.emit(encode::<ReturnMany>(), &[wide(source, count)]);
            }
        }
    }

    /// Writes the stubs, then all distances.
    fn finish(&mut self) {
        let stubs = core::mem::take(&mut self.stubs);
        let mut places = Vec::with_capacity(stubs.len());
        for stub in &stubs {
            places.push(self.words.len());
            match *stub {
                Stub::Return { source } => match self.code.results {
                    0 => {
                        self.emit(encode::<Return0>(), &[]);
                    }
                    1 => {
                        self.emit(encode::<Return1>(), &[source.into()]);
                    }
                    count => {
                        self.emit(encode::<ReturnMany>(), &[wide(source, count)]);
                    }
                },
                Stub::Move { to, from, count, pc } => {
                    let word = pack([to, from, 0, 0]) | u64::from(count) << 32;
                    self.emit(encode::<CopyMany>(), &[word]);
                    let start = self.emit(encode::<Br>(), &[self.price(pc).into()]);
                    self.fix(start + 1, true, start, Target::Pc(pc));
                }
            }
        }
        for Fixup { word, upper, from, to } in core::mem::take(&mut self.fixups) {
            let place = match to {
                Target::Pc(pc) => self.starts.get(pc as usize).copied().unwrap_or(0) as usize,
                Target::Stub(index) => places.get(index).copied().unwrap_or(0),
            };
            let distance = u64::from((place as i64 - from as i64) as i32 as u32);
            if let Some(word) = self.words.get_mut(word) {
                *word |= if upper { distance << 32 } else { distance };
            }
        }
    }
}

/// The right operand of a binary operator.
#[derive(Clone, Copy)]
enum Right {
    Slot(u16),
    /// In the upper half of the word.
    Immediate(u64),
}

/// What comes behind an operation.
enum Next {
    On,
    /// Something else may go to the next instruction.
    Enter,
    Unreachable,
}
