//! Branches, returns, and the distances to where they go.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::super::handlers::*;
use super::super::pending::Right;
use super::forms::{Numeric, counting, numeric, pack, wide};
use super::{Added, Fixup, Given, Held, Increment, Last, Stub, Target, Translator};
use crate::exec::exact::{Branch, Op};

impl Translator<'_> {
    pub(super) fn price(&self, pc: u32) -> u32 {
        self.segments.get(pc as usize).copied().unwrap_or(0)
    }

    /// Notes how high the operand stack is at a target.
    pub(super) fn expect(&mut self, target: u32, height: u32) {
        if let Some(known) = self.heights.get_mut(target as usize) {
            *known = height;
        }
    }

    pub(super) fn fix(&mut self, word: usize, upper: bool, from: usize, to: Target) {
        self.fixups.push(Fixup { word: word as u32, upper, from: from as u32, to });
    }

    /// Where a branch goes, by way of a stub if it carries values to another height, and its price.
    pub(super) fn target(&mut self, to: Branch) -> (Target, u32) {
        let height = self.stack.len() as u32;
        let from = height.saturating_sub(to.arity);
        if to.target == Branch::RETURN {
            let source = self.home(from as usize);
            return (self.stub(Stub::Return { source }), 0);
        }
        self.expect(to.target, to.height + to.arity);
        if to.arity == 0 || from == to.height {
            return (Target::Pc(to.target), self.price(to.target));
        }
        let (source, goal) = (self.home(from as usize), self.home(to.height as usize));
        let stub = Stub::Move { to: goal, from: source, count: to.arity, pc: to.target };
        (self.stub(stub), 0)
    }

    fn stub(&mut self, stub: Stub) -> Target {
        let origin = self.origin;
        self.stubs.push((stub, origin));
        Target::Stub(self.stubs.len() as u32 - 1)
    }

    /// A branch that is taken if the topmost operand is not zero, or unless it is.
    ///
    /// Where a loop is gone `round`, what comes next is elsewhere: then the branch goes there, and to
    /// its target goes what falls through.
    pub(super) fn branch_if(&mut self, to: Branch, if_true: bool, round: bool) {
        let giver = self.giver();
        let condition = self.pop();
        let position = self.stack.len();
        // What gave the condition is needed nowhere else.
        let compared = match giver.map(|last| (last, last.result)) {
            Some((last, Given::Binary(op, a, right))) => {
                self.take_back(last);
                Some((op, a, right))
            }
            _ => None,
        };
        // A comparison with zero is the same branch the other way round.
        let zero = match giver.map(|last| (last, last.result)) {
            Some((last, Given::Unary(Op::I32Eqz, slot))) => {
                self.take_back(last);
                Some(slot)
            }
            _ => None,
        };
        let if_true = (if_true != zero.is_some()) != round;
        let slot = match (compared, zero) {
            (Some((_, a, _)), _) => a,
            (None, Some(slot)) => slot,
            (None, None) => self.slot(condition, position),
        };
        self.settle();
        let next = (Target::Pc(self.pc + 1), self.price(self.pc + 1));
        let goal = self.target(to);
        let ((taken, price), (other, other_price)) =
            if round { (next, goal) } else { (goal, next) };
        // Behind a branch that goes on with a loop stands one that leaves it, and pays itself.
        let falling = if round { 0 } else { other_price };
        let prices = u64::from(price) | u64::from(falling) << 32;
        if let Some((code, [first, rest])) = self.counted(slot, compared, if_true) {
            let start = self.emit(code, &[first, prices, rest]);
            self.fix(start + 3, false, start, taken);
        } else if let Some((op, a, right)) = compared
            && let Some(Numeric::Binary(binary)) = numeric(&op, self.observed.marks)
        {
            let forms = if if_true { &binary.br_if } else { &binary.br_unless };
            let word = match right {
                Right::Slot(b) => pack([a, b, 0, 0]),
                Right::Immediate(value) => u64::from(a) | value,
            };
            let code = self.form(forms, a, right, binary.kinds.operands);
            let start = self.emit(code, &[word, prices, 0]);
            self.fix(start + 3, false, start, taken);
        } else {
            let code = match (self.held.integer == Some(slot), if_true) {
                (false, true) => encode::<BrIf>(),
                (false, false) => encode::<BrUnless>(),
                (true, true) => encode::<BrIfAccumulator>(),
                (true, false) => encode::<BrUnlessAccumulator>(),
            };
            let start = self.emit(code, &[slot.into(), prices]);
            self.fix(start + 1, true, start, taken);
        }
        if round {
            let start = self.emit(encode::<Br>(), &[other_price.into()]);
            self.fix(start + 1, true, start, other);
        }
    }

    /// The branch together with an addition to the local that it looks at, right before it: the first
    /// word, and those of operands.
    fn counted(
        &mut self,
        slot: u16,
        compared: Option<(Op, u16, Right)>,
        if_true: bool,
    ) -> Option<(u64, [u64; 2])> {
        let increment = self.increment.take()?;
        let Increment { start, end, local, from, added, held } = increment;
        if local != slot || end != self.words.len() {
            return None;
        }
        let (op, right) = match compared {
            Some((op, _, right)) => (op, right),
            None => (Op::I32Ne, Right::Immediate(0)),
        };
        let codes = counting(&op)?;
        let codes = if if_true { codes.br_if } else { codes.br_unless };
        let (codes, added) = match added {
            Added::Slot(slot) => (codes[0], slot),
            Added::Constant(added) => (codes[1], added as u16),
        };
        let (code, b, rest) = match right {
            Right::Slot(b) => (codes[0], b, 0),
            Right::Immediate(value) => (codes[1], 0, value),
        };
        self.melt(start, held, Some(increment.result()));
        self.truncate(start);
        Some((code, [pack([local, from, b, added]), rest]))
    }

    /// Removes the last operation.
    fn truncate(&mut self, start: usize) {
        self.words.truncate(start);
        self.operations.pop();
        if let Some(explaining) = &mut self.explained {
            explaining.explanations.truncate(start);
        }
    }

    /// Removes the last operation, whose result is on the operand stack.
    pub(super) fn take_back(&mut self, last: Last) {
        let result = last.pending(self.home(last.position));
        self.melt(last.start, last.held, result);
        self.truncate(last.start);
        self.last = None;
        self.held = last.held;
    }

    /// Writes the head of a loop once more, up to its first choice, in place of a jump back to it.
    pub(super) fn round(&mut self, to: Branch, choice: u32) {
        let here = self.pc;
        let code = self.code;
        if to.arity > 0 {
            self.held = Held::default();
        }
        self.last = None;
        self.arrive((to.height + to.arity) as usize);
        for (pc, op) in (0u32..).zip(&code.ops).skip(to.target as usize) {
            self.pc = pc;
            self.look();
            if pc < choice {
                self.operation(op);
                continue;
            }
            match *op {
                Op::If { target } => {
                    let height = self.stack.len() as u32 - 1;
                    self.branch_if(Branch { target, height, arity: 0 }, false, true);
                }
                Op::BrIf(to) => self.branch_if(to, true, true),
                Op::BrTable { first, count } => self.branch_table(first, count),
                _ => {}
            }
            break;
        }
        self.pc = here;
    }

    pub(super) fn branch_table(&mut self, first: u32, count: u32) {
        let slot = self.pop_slot();
        self.settle();
        let code = match self.held.integer == Some(slot) {
            true => encode::<BrTableAccumulator>(),
            false => encode::<BrTable>(),
        };
        let start = self.emit(code, &[wide(slot, count)]);
        let code = self.code;
        let range = first as usize..(first + count) as usize;
        // Labels that come again and again share what leads to them.
        let mut known: BTreeMap<u32, (Target, u32)> = BTreeMap::new();
        for to in code.branches.get(range).unwrap_or_default() {
            let goal = match known.get(&to.target) {
                Some(goal) => *goal,
                None => self.target(*to),
            };
            known.insert(to.target, goal);
            let (target, price) = goal;
            let word = self.words.len();
            self.words.push(price.into());
            self.fix(word, true, start, target);
        }
    }

    /// Moves the values that a branch carries.
    pub(super) fn carry(&mut self, to: Branch) {
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

    /// Whether nothing goes to the instructions behind `head`, up to `choice`. Elsewhere operands are
    /// put into their homes, so that what is written once more would not stop in the same state.
    pub(super) fn is_straight(&self, head: u32, choice: u32) -> bool {
        let behind = self.targets.get(head as usize + 1..=choice as usize);
        !behind.is_some_and(|targets| targets.contains(&true))
    }

    /// Goes to an instruction from the present one, which may be in the segment that was paid for.
    pub(super) fn jump(&mut self, target: u32, paid: bool) {
        if paid {
            let start = self.emit(encode::<Jump>(), &[0]);
            self.fix(start + 1, false, start, Target::Pc(target));
        } else {
            let start = self.emit(encode::<Br>(), &[self.price(target).into()]);
            self.fix(start + 1, true, start, Target::Pc(target));
        }
    }

    pub(super) fn give_back(&mut self) {
        let source = match self.code.results {
            0 => 0,
            1 => self.pop_slot(),
            count => {
                self.settle();
                self.home(self.stack.len().saturating_sub(count as usize))
            }
        };
        self.give_back_from(source);
    }

    /// Returns the results that lie from a slot on.
    fn give_back_from(&mut self, source: u16) {
        match self.code.results {
            0 => self.emit(encode::<Return0>(), &[]),
            1 => self.emit(encode::<Return1>(), &[source.into()]),
            count => self.emit(encode::<ReturnMany>(), &[wide(source, count)]),
        };
    }

    /// Writes the stubs, then all distances.
    pub(super) fn finish(&mut self) {
        let stubs = core::mem::take(&mut self.stubs);
        let mut places = Vec::with_capacity(stubs.len());
        for (stub, origin) in &stubs {
            places.push(self.words.len());
            self.origin = *origin;
            match *stub {
                Stub::Return { source } => self.give_back_from(source),
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
                Target::Stub(index) => places.get(index as usize).copied().unwrap_or(0),
            };
            let distance = u64::from((place as i64 - from as i64) as i32 as u32);
            if let Some(word) = self.words.get_mut(word as usize) {
                *word |= if upper { distance << 32 } else { distance };
            }
        }
    }
}
