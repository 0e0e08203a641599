//! Operators of the table: arithmetic, comparisons, loads and stores, and what they melt into.

use super::super::handlers::*;
use super::super::pending::{Address, Right};
use super::forms::*;
use super::{Given, Place, Translator};
use crate::exec::exact::Op;

impl Translator<'_> {
    pub(super) fn numeric(&mut self, op: &Op, numeric: Numeric) {
        match numeric {
            Numeric::Unary(code) => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                let float = code.kinds.result;
                self.give(
                    self.single(code, a),
                    &[pack([dst, a, 0, 0])],
                    float,
                    Given::Unary(*op, a),
                );
            }
            Numeric::TryUnary(code) => {
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek(None);
                self.give(code, &[pack([dst, a, 0, 0])], false, Given::Value);
            }
            Numeric::Binary(binary) => self.binary(op, binary),
            Numeric::TryBinary { slot, immediate, narrow } => {
                let (a, right) = match self.operands(op, narrow) {
                    Operands::Narrow(a, right) => (a, right),
                    Operands::ConstantRight(a, value) => {
                        let at = self.stack.len() + 1;
                        (a, Right::Slot(self.slot(Place::Constant(value), at)))
                    }
                    Operands::ConstantLeft(value, b) => {
                        let at = self.stack.len();
                        (self.slot(Place::Constant(value), at), Right::Slot(b))
                    }
                };
                let dst = self.home(self.stack.len());
                self.seek(None);
                let (code, word) = match right {
                    Right::Slot(b) => (slot, pack([dst, a, b, 0])),
                    Right::Immediate(value) => (immediate, pack([dst, a, 0, 0]) | value),
                };
                self.give(code, &[word], false, Given::Value);
            }
            Numeric::Load { code, plus, indexed, memory, offset } => {
                let space = u64::from(memory) << 16;
                self.watch(op, 0, offset);
                let address = self.giver().and_then(|last| Some((last, last.address()?)));
                let float = code.kinds.result;
                if let Some((last, address)) = address {
                    self.take_back(last);
                    self.pop();
                    let dst = self.home(self.stack.len());
                    self.seek(Some((0, address)));
                    let wide = u64::from(offset) << 32;
                    let (code, words) = match address {
                        Address::Indexed { a, b, shift } => (
                            self.single(indexed, b),
                            [pack([dst, a, b, 0]), wide | space | u64::from(shift)],
                        ),
                        Address::Plus { a, added } => (
                            self.single(plus, a),
                            [pack([dst, a, 0, 0]) | u64::from(added) << 32, wide | space],
                        ),
                    };
                    self.give(code, &words, float, Given::Value);
                    return;
                }
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek(None);
                let words = [pack([dst, a, 0, 0]) | u64::from(offset) << 32, space];
                let code = self.single(code, a);
                self.give(code, with_space(&words, memory), float, Given::Value);
            }
            Numeric::Store { code, constant, indexed, memory, offset } => {
                let space = u64::from(memory) << 16;
                self.watch(op, 1, offset);
                let above = self.giver_of(1).and_then(|last| Some((last, last.address()?)));
                if let (Some((last, Address::Indexed { a, b, shift })), Some(Place::Local(value))) =
                    (above, self.stack.last().copied())
                {
                    self.take_back(last);
                    self.pop();
                    self.pop();
                    self.seek(Some((1, Address::Indexed { a, b, shift })));
                    let rest = u64::from(offset) << 32 | space | u64::from(shift);
                    self.emit(indexed, &[pack([value, a, b, 0]), rest]);
                    return;
                }
                let value = self.pop();
                let at = self.stack.len();
                let address = self.pop_slot();
                if let Place::Constant(value) = value {
                    self.seek(None);
                    let code = self.single(constant, address);
                    let words = [wide(address, offset), value, space];
                    self.emit(code, with_space(&words, memory));
                } else {
                    let value = self.slot(value, at);
                    self.seek(None);
                    let code = self.form(&code, address, Right::Slot(value), false);
                    let word = pack([address, value, 0, 0]) | u64::from(offset) << 32;
                    self.emit(code, with_space(&[word, space], memory));
                }
            }
        }
    }

    /// Checks an access whose address lies under so many operands, if memory is watched.
    fn watch(&mut self, op: &Op, above: usize, offset: u32) {
        if let Some(position) = self.stack.len().checked_sub(above + 1) {
            self.watch_at(position, offset, access_of(op));
        }
    }

    /// The same for an address at a position, and so many bytes that are written or read.
    pub(super) fn watch_at(&mut self, position: usize, offset: u32, access: (u32, bool)) {
        let (bytes, written) = access;
        if !self.observed.watched || !(written || self.observed.reads) {
            return;
        }
        self.settle();
        let address = self.home(position);
        self.seek(None);
        let access = u64::from(bytes) | u64::from(written) << 32;
        self.emit(encode::<Watch>(), &[wide(address, offset), access]);
    }

    fn binary(&mut self, op: &Op, binary: Binary) {
        if self.sum(op) {
            return;
        }
        let kinds = binary.kinds;
        let held = |this: &Self, slot| this.held.get(kinds.operands) == Some(slot);
        let operands = self.operands(op, binary.narrow);
        let dst = self.home(self.stack.len());
        match operands {
            Operands::Narrow(a, right) => {
                let code = self.form(&binary.value, a, right, kinds.operands);
                let word = match right {
                    Right::Slot(b) => pack([dst, a, b, 0]),
                    Right::Immediate(value) => pack([dst, a, 0, 0]) | value,
                };
                // Adding the opposite instead of subtracting is what loops and addresses know.
                let result = match (*op, right) {
                    (Op::I32Sub, Right::Immediate(value)) => {
                        let added = ((value >> 32) as u32).wrapping_neg();
                        Given::Sum(Address::Plus { a, added })
                    }
                    _ => Given::Binary(*op, a, right),
                };
                self.give(code, &[word], kinds.result, result);
            }
            Operands::ConstantRight(a, value) => {
                let forms = binary.wide;
                let code = if held(self, a) { forms.ac_c } else { forms.sc };
                let words = [pack([dst, a, 0, 0]), value];
                self.give(code, &words, kinds.result, Given::Value);
            }
            Operands::ConstantLeft(value, b) => {
                let forms = binary.wide;
                let code = if held(self, b) { forms.c_ac } else { forms.cs };
                let words = [pack([dst, 0, b, 0]), value];
                self.give(code, &words, kinds.result, Given::Value);
            }
        }
    }

    /// An addition of something that the operation before has shifted or multiplied, as one with it.
    fn sum(&mut self, op: &Op) -> bool {
        let Some(product_sum) = product_sum(op) else { return false };
        // The operand given is the upper one, or below one that nothing has to be done for.
        let (above, last) = match (self.giver(), self.stack.last()) {
            (Some(last), _) => (0, last),
            (None, Some(Place::Local(_))) => match self.giver_of(1) {
                Some(last) => (1, last),
                None => return false,
            },
            _ => return false,
        };
        let other = self.stack.len().checked_sub(2 - above);
        let other = match other.and_then(|position| Some((*self.stack.get(position)?, position))) {
            Some((Place::Local(local), _)) => local,
            Some((Place::Home, position)) => self.home(position),
            _ => return false,
        };
        let float = product_sum.kinds.result;
        match (*op, last.result) {
            (Op::I32Add, Given::Binary(Op::I32Shl, b, Right::Immediate(shift))) => {
                self.take_back(last);
                self.pop();
                self.pop();
                let dst = self.home(self.stack.len());
                let shift = (shift >> 32) as u8 & 31;
                let code = self.single(shift_sum(), b);
                let address = Address::Indexed { a: other, b, shift };
                let word = pack([dst, other, b, u16::from(shift)]);
                self.give(code, &[word], false, Given::Sum(address));
            }
            (
                Op::I32Add | Op::I64Add | Op::F32Add | Op::F64Add,
                Given::Binary(
                    Op::I32Mul | Op::I64Mul | Op::F32Mul | Op::F64Mul,
                    mut a,
                    Right::Slot(mut b),
                ),
            ) => {
                self.take_back(last);
                self.pop();
                self.pop();
                let dst = self.home(self.stack.len());
                if self.held.get(float) == Some(b) {
                    (a, b) = (b, a);
                }
                let word = pack([dst, a, b, other]);
                self.give(self.single(product_sum, a), &[word], float, Given::Value);
            }
            _ => return false,
        }
        true
    }

    /// The operands of a binary operator, a constant on the right as an immediate where it fits.
    pub(super) fn operands(&mut self, op: &Op, narrow: bool) -> Operands {
        let mut right = self.pop();
        let mut at = self.stack.len();
        let mut left = self.pop();
        let mut left_at = self.stack.len();
        if matches!(left, Place::Constant(_)) && commutes(op) {
            (left, right) = (right, left);
            (left_at, at) = (at, left_at);
        }
        if let Place::Constant(value) = right {
            let a = self.slot(left, left_at);
            return match immediate(value, narrow) {
                Some(value) => Operands::Narrow(a, Right::Immediate(value)),
                None => Operands::ConstantRight(a, value),
            };
        }
        if let Place::Constant(value) = left {
            return Operands::ConstantLeft(value, self.slot(right, at));
        }
        let a = self.slot(left, left_at);
        Operands::Narrow(a, Right::Slot(self.slot(right, at)))
    }
}

/// The words of an access, of which the last says which memory, unless it is memory 0.
fn with_space(words: &[u64], memory: u16) -> &[u64] {
    match (memory, words) {
        (0, [words @ .., _]) => words,
        _ => words,
    }
}
