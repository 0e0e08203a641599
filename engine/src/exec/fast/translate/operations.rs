//! Operations that compute, call and access memory.

use super::super::handlers::*;
use super::forms::*;
use super::segments::{exact_effect, round};
use super::{Last, Next, Place, Translator};
use crate::exec::exact::{Branch, Op};

impl Translator<'_> {
    pub(super) fn emit(&mut self, code: u64, operands: &[u64]) -> usize {
        let start = self.words.len();
        self.operations.push((start as u32, self.origin));
        self.words.push(code);
        self.words.extend_from_slice(operands);
        start
    }

    pub(super) fn copy(&mut self, to: u16, from: u16) {
        self.emit(encode::<Copy>(), &[pack([to, from, 0, 0])]);
        self.held.write(to, None);
    }

    pub(super) fn constant(&mut self, to: u16, value: u64) {
        self.emit(encode::<Constant>(), &[to.into(), value]);
        self.held.write(to, None);
    }

    /// An operation whose result goes to the next home, as the low field of its second word says.
    pub(super) fn give(
        &mut self,
        code: u64,
        operand: u64,
        float: bool,
        binary: Option<(Binary, u16, Right)>,
    ) {
        let start = self.emit(code, &[operand]);
        let (position, end, held) = (self.stack.len(), self.words.len(), self.held);
        self.held.write(self.home(position), Some(float));
        self.last = Some(Last { start, end, position, binary, held, float, zero: None });
        self.push(Place::Home);
    }

    /// The form for these operands.
    pub(super) fn form(&self, forms: &Forms, a: u16, right: Right, float: bool) -> u64 {
        let held = |slot: u16| self.held.get(float) == Some(slot);
        match right {
            Right::Slot(_) if held(a) => forms.ac_s,
            Right::Slot(b) if held(b) => forms.s_ac,
            Right::Slot(_) => forms.ss,
            Right::Immediate(_) if held(a) => forms.ac_i,
            Right::Immediate(_) => forms.si,
        }
    }

    pub(super) fn single(&self, code: Single, slot: u16) -> u64 {
        let held = self.held.get(code.kinds.operands) == Some(slot);
        if held { code.accumulator } else { code.slot }
    }

    /// The last operation, if it has given the topmost operand and nothing came behind it.
    pub(super) fn giver(&self) -> Option<Last> {
        let given = self.stack.last() == Some(&Place::Home);
        let last = self.last.filter(|last| given && last.end == self.words.len())?;
        (last.position + 1 == self.stack.len()).then_some(last)
    }

    pub(super) fn seek(&mut self) {
        if self.sought == Some(self.words.len()) {
            self.found = Some(self.pc);
        }
    }

    pub(super) fn local_set(&mut self, local: u16, keep: bool) {
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
                    self.held.write(local, Some(last.float));
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

    pub(super) fn numeric(&mut self, op: &Op, numeric: Numeric) {
        match numeric {
            Numeric::Unary(code) => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                let float = code.kinds.result;
                self.give(self.single(code, a), pack([dst, a, 0, 0]), float, None);
                if let (Op::I32Eqz, Some(last)) = (op, &mut self.last) {
                    last.zero = Some(a);
                }
            }
            Numeric::TryUnary(code) => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek();
                self.give(code, pack([dst, a, 0, 0]), false, None);
            }
            Numeric::Binary(binary) => {
                let (a, right) = self.operands(op, binary.narrow);
                let dst = self.home(self.stack.len());
                let code = self.form(&binary.value, a, right, binary.kinds.operands);
                let word = match right {
                    Right::Slot(b) => pack([dst, a, b, 0]),
                    Right::Immediate(value) => pack([dst, a, 0, 0]) | value,
                };
                self.give(code, word, binary.kinds.result, Some((binary, a, right)));
            }
            Numeric::TryBinary { slot, immediate, narrow } => {
                let (a, right) = self.operands(op, narrow);
                let dst = self.home(self.stack.len());
                self.seek();
                match right {
                    Right::Slot(b) => self.give(slot, pack([dst, a, b, 0]), false, None),
                    Right::Immediate(value) => {
                        self.give(immediate, pack([dst, a, 0, 0]) | value, false, None);
                    }
                }
            }
            Numeric::Load { code, offset } => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek();
                let word = pack([dst, a, 0, 0]) | u64::from(offset) << 32;
                self.give(self.single(code, a), word, code.kinds.result, None);
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
                    let code = self.form(&code, address, Right::Slot(value), false);
                    let word = pack([address, value, 0, 0]) | u64::from(offset) << 32;
                    self.emit(code, &[word]);
                }
            }
        }
    }

    /// The operands of a binary operator, a constant on the right as an immediate where it fits.
    pub(super) fn operands(&mut self, op: &Op, narrow: bool) -> (u16, Right) {
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

    pub(super) fn operation(&mut self, op: &Op) -> Next {
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
                self.give(encode::<Select>(), pack([dst, a, b, condition]), false, None);
            }
            Op::LocalGet { local } => self.push(Place::Local(local as u16)),
            Op::LocalSet { local } => self.local_set(local as u16, false),
            Op::LocalTee { local } => self.local_set(local as u16, true),
            Op::Const { slot } => self.push(Place::Constant(slot)),
            Op::GlobalGet { global } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<GlobalGet>(), wide(dst, global), false, None);
            }
            Op::GlobalSet { global } => {
                let source = self.pop_slot();
                self.emit(encode::<GlobalSet>(), &[wide(source, global)]);
            }
            Op::If { target } => {
                let to = Branch { target, height: self.stack.len() as u32 - 1, arity: 0 };
                self.branch_if(to, false, false);
                return Next::Enter;
            }
            Op::BrIf(to) => {
                self.branch_if(to, true, false);
                return Next::Enter;
            }
            Op::Else { target } => {
                self.settle();
                self.expect(target, self.stack.len() as u32);
                self.jump(target, true);
                return Next::Unreachable;
            }
            Op::Br(to) => {
                self.settle();
                self.carry(to);
                match round(&self.code.ops, self.pc as usize) {
                    Some(choice) if self.is_straight(to.target, choice) => self.round(to, choice),
                    Some(_) => self.jump(to.target, true),
                    None => self.jump(to.target, to.target > self.pc),
                }
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
                self.give(encode::<MemorySize>(), dst.into(), false, None);
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
    pub(super) fn exact(&mut self, op: &Op, pops: u32, pushes: u32) -> Next {
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

    pub(super) fn arity(&self, ty: u32) -> (usize, usize) {
        match self.module.types.get(ty as usize) {
            Some(ty) => (ty.params().len(), ty.results().len()),
            None => (0, 0),
        }
    }

    /// Takes operands away and puts as many results into their homes, as the callee does.
    pub(super) fn replace(&mut self, pops: usize, pushes: usize) {
        let height = self.stack.len().saturating_sub(pops);
        self.stack.truncate(height);
        self.settled = self.settled.min(height);
        for _ in 0..pushes {
            self.push(Place::Home);
        }
        self.last = None;
    }
}
