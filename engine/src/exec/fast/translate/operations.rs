//! Operations that move, branch and call, and how any of them is written.

use super::super::handlers::*;
use super::super::pending::{Address, Pending, Right, Source};
use super::forms::*;
use super::segments::exact_effect;
use super::{Added, Explaining, Given, Increment, Last, Next, Place, Translator};
use alloc::vec::Vec;

use crate::exec::exact::{Branch, INDEX64, Op};
use crate::types::slots_of;

impl Translator<'_> {
    pub(super) fn emit(&mut self, code: u64, operands: &[u64]) -> usize {
        let start = self.words.len();
        let origin = self.origin;
        self.operations.push((start as u32, origin));
        self.words.push(code);
        self.words.extend_from_slice(operands);
        start
    }

    pub(super) fn copy(&mut self, to: u16, from: u16) {
        self.held.write(to, None);
        if let Some(start) = self.copied.take()
            && start + 2 == self.words.len()
        {
            let held = self.held;
            self.melt(start, held, None);
            self.words.truncate(start);
            self.words.push(encode::<CopyTwo>());
            let first = self.copied_word;
            self.words.push(first | pack([0, 0, to, from]));
            return;
        }
        let word = pack([to, from, 0, 0]);
        self.copied = Some(self.emit(encode::<Copy>(), &[word]));
        self.copied_word = word;
    }

    pub(super) fn constant(&mut self, to: u16, value: u64) {
        self.emit(encode::<Constant>(), &[to.into(), value]);
        self.held.write(to, None);
    }

    /// An operation whose result goes to the next home, as the low field of its second word says.
    pub(super) fn give(&mut self, code: u64, operands: &[u64], float: bool, result: Given) {
        let start = self.emit(code, operands);
        let (position, end, held) = (self.stack.len(), self.words.len(), self.held);
        let home = self.home(position);
        self.held.write(home, Some(float));
        self.last = Some(Last { start, end, position, held, float, result });
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
        self.giver_of(0)
    }

    /// The same for the operand that so many others lie upon.
    pub(super) fn giver_of(&self, above: usize) -> Option<Last> {
        let position = self.stack.len().checked_sub(above + 1)?;
        let given = self.stack.get(position) == Some(&Place::Home);
        self.last.filter(|last| given && last.end == self.words.len() && last.position == position)
    }

    /// Notes that the operation to be written next may trap. An address that it adds up belongs to the
    /// operand that so many others lie upon.
    pub(super) fn seek(&mut self, address: Option<(usize, Address)>) {
        let (word, pc) = (self.words.len() as u32, self.pc);
        let Some(mut explaining) = self.explained.take() else { return };
        let Explaining { explanations, height, before } = &mut explaining;
        let summed = address.and_then(|(above, address)| {
            let position = (*height as usize).checked_sub(above + 1)?;
            Some(Pending { home: self.home(position), source: Source::Address(address) })
        });
        let others = |pending: &&Pending| summed.is_none_or(|summed| summed.home != pending.home);
        let others = before.iter().filter(others).copied();
        let below = |pending: &Pending| summed.is_none_or(|summed| pending.home < summed.home);
        let lower = others.clone().filter(below);
        let upper = others.filter(|pending| !below(pending));
        explanations.note(word, pc, *height, lower.chain(summed).chain(upper));
        self.explained = Some(explaining);
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
                    let result = last.pending(self.home(top));
                    self.melt(last.start, last.held, result);
                    self.count(last, local);
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

    /// Remembers an addition whose result goes to a local.
    fn count(&mut self, last: Last, local: u16) {
        let (from, added) = match last.address() {
            Some(Address::Plus { a, added }) => match i16::try_from(added as i32) {
                Ok(added) => (a, Added::Constant(added)),
                Err(_) => return,
            },
            Some(Address::Indexed { a, b, shift: 0 }) => (a, Added::Slot(b)),
            _ => return,
        };
        let Last { start, end, held, .. } = last;
        self.increment = Some(Increment { start, end, local, from, added, held });
    }

    pub(super) fn operation(&mut self, op: &Op) -> Next {
        if let Some((pops, pushes)) = exact_effect(op, self.observed) {
            return self.exact(op, pops, pushes);
        }
        if self.wide_memory(op) {
            return Next::On;
        }
        if let Some(found) = numeric(op, self.observed.marks) {
            self.numeric(op, found);
            return Next::On;
        }
        if self.vector_operation(op) {
            return Next::On;
        }
        if let Some(next) = self.reference(op) {
            return next;
        }
        match *op {
            Op::Nop => {}
            Op::Try => self.expect_handlers(),
            Op::Drop => {
                self.pop();
            }
            Op::Select => {
                let condition = self.pop_slot();
                let b = self.pop_slot();
                let a = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.give(encode::<Select>(), &[pack([dst, a, b, condition])], false, Given::Value);
            }
            Op::LocalGet { local } => self.push(Place::Local(local as u16)),
            Op::LocalSet { local } => self.local_set(local as u16, false),
            Op::LocalTee { local } => self.local_set(local as u16, true),
            Op::Const { slot } => self.push(Place::Constant(slot)),
            Op::GlobalGet { global } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<GlobalGet>(), &[wide(dst, global)], false, Given::Value);
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
                match self.rounds.choice(self.pc) {
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
            Op::MemorySize { memory: 0 } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<MemorySize>(), &[dst.into()], false, Given::Value);
            }
            Op::MemorySize { memory } => {
                let dst = self.home(self.stack.len());
                let word = wide(dst, memory & !INDEX64);
                self.give(encode::<MemorySizeElsewhere>(), &[word], false, Given::Value);
            }
            Op::MemoryFill { .. } | Op::MemoryCopy { .. } => {
                let code = match op {
                    Op::MemoryFill { .. } => encode::<MemoryFill>(),
                    _ => encode::<MemoryCopy>(),
                };
                let len = self.pop_slot();
                let second = self.pop_slot();
                let first = self.pop_slot();
                self.seek(None);
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
            Op::Call { func } | Op::CallImport { func } => {
                self.settle();
                let ty = self.module.funcs.get(func as usize).copied().unwrap_or(0);
                let (params, results) = self.arity(ty);
                let height = self.stack.len();
                let args = self.home(height - params);
                let back = u64::from(self.pc) | u64::from(self.price(self.pc + 1)) << 32;
                let code = match op {
                    Op::Call { .. } => encode::<Call>(),
                    _ => encode::<CallImport>(),
                };
                self.emit(code, &[wide(args, func), back, height as u64]);
                self.replace(params, results);
                return Next::Enter;
            }
            Op::CallIndirect { ty, table } | Op::ReturnCallIndirect { ty, table } => {
                self.settle();
                let height = self.stack.len();
                self.pop();
                let index = self.home(self.stack.len());
                let (params, results) = self.arity(ty);
                let args = self.home(self.stack.len() - params);
                let first = pack([args, index, 0, 0]) | u64::from(ty) << 32;
                let third = height as u64 | u64::from(table) << 32;
                if matches!(op, Op::ReturnCallIndirect { .. }) {
                    let code = encode::<ReturnCallIndirect>();
                    self.emit(code, &[first, self.pc.into(), third]);
                    return Next::Unreachable;
                }
                let back = u64::from(self.pc) | u64::from(self.price(self.pc + 1)) << 32;
                self.emit(encode::<CallIndirect>(), &[first, back, third]);
                self.replace(params, results);
                return Next::Enter;
            }
            Op::RefIsNull => {
                // As the operator of the table that computes the same: where a run stops, it is
                // computed once more.
                let op = Op::I64Eqz;
                if let Some(found) = numeric(&op, self.observed.marks) {
                    self.numeric(&op, found);
                }
            }
            Op::RefFunc { func } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<RefFunc>(), &[wide(dst, func)], false, Given::Value);
            }
            Op::TableSize { table } => {
                let dst = self.home(self.stack.len());
                self.give(encode::<TableSize>(), &[wide(dst, table)], false, Given::Value);
            }
            Op::TableGet { table } => {
                let index = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek(None);
                let word = pack([dst, index, 0, 0]) | u64::from(table) << 32;
                self.give(encode::<TableGet>(), &[word], false, Given::Value);
            }
            Op::TableSet { table } => {
                let value = self.pop_slot();
                let index = self.pop_slot();
                self.seek(None);
                let word = pack([index, value, 0, 0]) | u64::from(table) << 32;
                self.emit(encode::<TableSet>(), &[word]);
            }
            // All others are numeric or the exact tier's.
            _ => {}
        }
        Next::On
    }

    /// Translates accesses with addresses of 64 bits and of far memories, and atomic ones; false for all
    /// others.
    fn wide_memory(&mut self, op: &Op) -> bool {
        if let Op::Atomic { op, width_log2, memory, offset } = *op {
            self.settle();
            let (pops, pushes) = op.effect();
            let height = self.stack.len().saturating_sub(pops as usize);
            let memory = (memory & !INDEX64) as u16;
            let word = pack([self.home(height), op as u16, width_log2.into(), memory]);
            self.seek(None);
            let code = match memory {
                0 => encode::<Atomic>(),
                _ => encode::<AtomicElsewhere>(),
            };
            self.emit(code, &[word, offset << 32]);
            self.replace(pops as usize, pushes as usize);
            self.forget(height);
            return true;
        }
        let Some((number, memory, offset, stores)) = wide_access(op) else { return false };
        let codes = match memory {
            0 => [encode::<LoadWide>(), encode::<StoreWide>()],
            _ => [encode::<LoadElsewhere>(), encode::<StoreElsewhere>()],
        };
        if stores {
            let value = self.pop_slot();
            let address = self.pop_slot();
            self.seek(None);
            self.emit(codes[1], &[pack([value, address, number, memory]), offset << 32]);
        } else {
            let address = self.pop_slot();
            let dst = self.home(self.stack.len());
            self.seek(None);
            let operands = [pack([dst, address, number, memory]), offset << 32];
            self.give(codes[0], &operands, false, Given::Value);
        }
        true
    }

    /// An operation has written operands from a position on by other means than the accumulators.
    pub(super) fn forget(&mut self, height: usize) {
        for position in height..self.stack.len() {
            let home = self.home(position);
            self.held.write(home, None);
        }
    }

    /// Leaves an instruction to the exact tier.
    pub(super) fn exact(&mut self, op: &Op, pops: u32, pushes: u32) -> Next {
        self.settle();
        self.leave();
        let (mut pops, mut pushes) = (pops as usize, pushes as usize);
        match *op {
            Op::Unreachable
            | Op::ReturnCallImport { .. }
            | Op::ReturnCallRef { .. }
            | Op::ReturnCallIndirect { .. }
            | Op::Throw { .. }
            | Op::ThrowRef
            | Op::Rethrow { .. } => return Next::Unreachable,
            Op::CallIndirect { ty, .. } => {
                let (params, results) = self.arity(ty);
                (pops, pushes) = (params + 1, results);
            }
            Op::BrOnNull(to) | Op::BrOnNonNull(to) => {
                self.expect_branch(to);
            }
            _ => {}
        }
        self.replace(pops, pushes);
        Next::Enter
    }

    fn expect_branch(&mut self, to: Branch) {
        if to.target != Branch::RETURN {
            self.expect(to.target, to.height + to.arity);
        }
    }

    /// Notes how high the operand stack is where exceptions are caught, for the `try` that begins here.
    fn expect_handlers(&mut self) {
        let first = self.trying.partition_point(|(start, _)| *start <= self.pc);
        let here = self.trying.get(first..).unwrap_or_default();
        let here = here.iter().take_while(|(start, _)| *start == self.pc + 1);
        let mut clauses = Vec::new();
        for (_, handler) in here {
            if let Some(handler) = self.code.handlers.get(*handler) {
                clauses.push(handler.first as usize..handler.last as usize);
            }
        }
        for clause in clauses.into_iter().flatten() {
            if let Some(catch) = self.code.clauses.get(clause) {
                self.expect_branch(catch.branch);
            }
        }
    }

    /// Goes to the exact tier for the present instruction.
    pub(super) fn leave(&mut self) {
        let height = self.stack.len() as u64;
        self.emit(encode::<Exact>(), &[u64::from(self.pc) | height << 32]);
    }

    pub(super) fn arity(&self, ty: u32) -> (usize, usize) {
        match self.module.func_type_at(ty) {
            Some(ty) => (slots_of(ty.params()), slots_of(ty.results())),
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
