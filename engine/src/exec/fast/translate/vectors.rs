//! Operations on vectors. An operand is named by the lower of its two slots, wherever both lie one
//! behind the other.

use super::super::handlers::*;
use super::super::machine::NEAR;
use super::forms::{pack, wide};
use super::{Given, Place, Translator};
use crate::exec::exact::{INDEX64, Op, Packing, VectorAccess, VectorOp, VectorShape};
use crate::value::split;

impl Translator<'_> {
    /// Translates an operation of this file; false for all others.
    pub(super) fn vector_operation(&mut self, op: &Op) -> bool {
        match *op {
            Op::VectorConst { index } => {
                let vector = self.code.vectors.get(index as usize).copied().unwrap_or(0);
                for half in split(vector) {
                    self.push(Place::Constant(half));
                }
            }
            Op::DropVector => {
                self.pop();
                self.pop();
            }
            Op::LocalGetVector { local } => self.push_local_vector(local),
            Op::LocalSetVector { local } => self.set_local_vector(local as u16, false),
            Op::LocalTeeVector { local } => self.set_local_vector(local as u16, true),
            Op::Vector { op, lane } => self.vector(op, lane),
            Op::Shuffle { index } => {
                let b = self.pop_vector();
                let a = self.pop_vector();
                let dst = self.home(self.stack.len());
                let lanes = self.code.vectors.get(index as usize).copied().unwrap_or(0);
                let [lower, upper] = split(lanes);
                self.give_vector(encode::<Shuffle>(), &[pack([dst, a, b, 0]), lower, upper]);
            }
            Op::VectorMemory { access, memory, offset } => {
                // Larger offsets are left to the exact tier, and so is what is elsewhere and watched.
                let height = self.stack.len().saturating_sub(access.effect().0 as usize);
                self.watch_at(height, offset as u32, (access.bytes().into(), access.writes()));
                self.vector_memory(access, (memory & !INDEX64) as u16, offset as u32);
            }
            Op::GlobalGetVector { global } => {
                let dst = self.home(self.stack.len());
                self.give_vector(encode::<GlobalGetVector>(), &[wide(dst, global)]);
            }
            Op::GlobalSetVector { global } => {
                let source = self.pop_vector();
                self.emit(encode::<GlobalSetVector>(), &[wide(source, global)]);
            }
            Op::SelectVector => {
                let condition = self.pop_slot();
                let b = self.pop_vector();
                let a = self.pop_vector();
                let dst = self.home(self.stack.len());
                self.give_vector(encode::<SelectVector>(), &[pack([dst, a, b, condition])]);
            }
            Op::StructGet { offset, packing: Packing::Vector } => {
                let object = self.pop_slot();
                let dst = self.home(self.stack.len());
                let word = pack([dst, object, 0, 0]) | u64::from(offset) << 32;
                self.seek(None);
                self.give_vector(encode::<StructGetVector>(), &[word]);
            }
            Op::StructSet { offset, packing: Packing::Vector } => {
                let value = self.pop_vector();
                let object = self.pop_slot();
                let word = pack([object, value, 0, 0]) | u64::from(offset) << 32;
                self.seek(None);
                self.emit(encode::<StructSetVector>(), &[word]);
            }
            Op::ArrayGet { packing: Packing::Vector } => {
                let index = self.pop_slot();
                let array = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek(None);
                self.give_vector(encode::<ArrayGetVector>(), &[pack([dst, array, index, 0])]);
            }
            Op::ArraySet { packing: Packing::Vector } => {
                let value = self.pop_vector();
                let index = self.pop_slot();
                let array = self.pop_slot();
                self.seek(None);
                self.emit(encode::<ArraySetVector>(), &[pack([array, index, value, 0])]);
            }
            _ => return false,
        }
        true
    }

    /// A slot whose vector is the topmost operand, which is popped.
    fn pop_vector(&mut self) -> u16 {
        let (upper, lower) = (self.pop(), self.pop());
        let position = self.stack.len();
        let home = self.home(position);
        match (lower, upper) {
            (Place::Home, Place::Home) => {}
            (Place::Local(lower), Place::Local(upper)) if upper == lower + 1 => return lower,
            (Place::Constant(lower), Place::Constant(upper)) => {
                self.emit(encode::<VectorConstant>(), &[home.into(), lower, upper]);
                self.held.write(home, None);
                self.held.write(home + 1, None);
            }
            _ => {
                self.slot_into(lower, home);
                self.slot_into(upper, home + 1);
            }
        }
        home
    }

    /// Puts half of a vector where it belongs.
    fn slot_into(&mut self, place: Place, home: u16) {
        match place {
            Place::Home => {}
            Place::Local(local) => self.copy(home, local),
            Place::Constant(value) => self.constant(home, value),
        }
    }

    /// An operation that gives a vector, to where the low field of its second word says.
    fn give_vector(&mut self, code: u64, operands: &[u64]) {
        let start = self.emit(code, operands);
        let position = self.stack.len();
        self.push(Place::Home);
        self.push(Place::Home);
        self.forget(position);
        self.last = None;
        self.vector_given = Some((start, self.words.len(), position));
    }

    fn vector(&mut self, op: VectorOp, lane: u8) {
        let c = if op.shape() == VectorShape::Ternary { self.pop_vector() } else { 0 };
        let b = match op.shape() {
            VectorShape::Binary | VectorShape::Ternary => self.pop_vector(),
            VectorShape::WithNumber => self.pop_slot(),
            _ => 0,
        };
        let a = match op.shape() {
            VectorShape::FromNumber => self.pop_slot(),
            _ => self.pop_vector(),
        };
        let dst = self.home(self.stack.len());
        let operands = [pack([dst, a, b, c]), op as u64 | u64::from(lane) << 16];
        match op.shape() {
            VectorShape::ToNumber => {
                self.give(encode::<Vector>(), &operands, false, Given::Value);
            }
            _ => self.give_vector(encode::<Vector>(), &operands),
        }
    }

    fn vector_memory(&mut self, access: VectorAccess, memory: u16, offset: u32) {
        let vector = if access.takes_vector() { self.pop_vector() } else { 0 };
        let address = self.pop_slot();
        let dst = self.home(self.stack.len());
        let offset = u64::from(offset) << 32 | u64::from(memory) << 16;
        let is_near = usize::from(memory) < NEAR;
        if access.writes() {
            let code = match access {
                VectorAccess::STORE if memory == 0 => encode::<VectorStore>(),
                VectorAccess::STORE if is_near => encode::<VectorStoreNear>(),
                _ if memory != 0 => encode::<VectorElsewhere>(),
                _ => encode::<VectorMemory>(),
            };
            self.seek(None);
            self.emit(code, &[pack([0, address, access.number(), vector]), offset]);
            return;
        }
        self.seek(None);
        let code = match access {
            VectorAccess::LOAD if memory == 0 => encode::<VectorLoad>(),
            VectorAccess::LOAD if is_near => encode::<VectorLoadNear>(),
            _ if memory != 0 => encode::<VectorElsewhere>(),
            _ => encode::<VectorMemory>(),
        };
        self.give_vector(code, &[pack([dst, address, access.number(), vector]), offset]);
    }

    fn set_local_vector(&mut self, local: u16, keep: bool) {
        let top = self.stack.len().saturating_sub(2);
        let below = self.stack.get(self.settled.min(top)..top).unwrap_or_default();
        let halves = [Place::Local(local), Place::Local(local + 1)];
        let is_read = below.iter().any(|place| halves.contains(place));
        match self.vector_given.take() {
            Some((start, end, position))
                if end == self.words.len() && position == top && !is_read =>
            {
                if let Some(word) = self.words.get_mut(start + 1) {
                    *word = *word & !0xffff | u64::from(local);
                }
                let held = self.held;
                self.melt(start, held, None);
                self.held.write(local, None);
                self.held.write(local + 1, None);
                self.stack.truncate(top);
                self.settled = self.settled.min(top);
                (self.last, self.increment, self.copied) = (None, None, None);
                if keep {
                    self.push_local_vector(local.into());
                }
            }
            _ => {
                self.local_set(local + 1, false);
                self.local_set(local, false);
                if keep {
                    self.push_local_vector(local.into());
                }
            }
        }
    }

    fn push_local_vector(&mut self, local: u32) {
        self.push(Place::Local(local as u16));
        self.push(Place::Local(local as u16 + 1));
    }
}
