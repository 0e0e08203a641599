//! Operations on references, structures and arrays.

use super::super::handlers::*;
use super::forms::*;
use super::{Given, Next, Place, Translator};
use crate::exec::exact::{Op, Packing};
use crate::types::{HeapType, RefType, TypeKind};

impl Translator<'_> {
    /// Translates an operation of this file; `None` for all others.
    pub(super) fn reference(&mut self, op: &Op) -> Option<Next> {
        match *op {
            Op::CallRef { ty } => {
                self.settle();
                let height = self.stack.len();
                self.pop();
                let source = self.home(self.stack.len());
                let (params, results) = self.arity(ty);
                let args = self.home(self.stack.len() - params);
                let back = u64::from(self.pc) | u64::from(self.price(self.pc + 1)) << 32;
                let first = pack([args, source, 0, 0]);
                self.emit(encode::<CallRef>(), &[first, back, height as u64]);
                self.replace(params, results);
                return Some(Next::Enter);
            }
            Op::BrOnNull(to) => {
                self.push_copy();
                self.push(Place::Constant(0));
                self.computed(&Op::I64Eq);
                self.branch_if(to, true, false);
                return Some(Next::Enter);
            }
            Op::BrOnNonNull(to) => {
                self.settle();
                self.push_copy();
                self.push(Place::Constant(0));
                self.computed(&Op::I64Ne);
                self.branch_if(to, true, false);
                self.pop();
                return Some(Next::Enter);
            }
            Op::BrOnCast { index, fails, .. } => {
                self.settle();
                self.push_copy();
                self.test(index);
                if let Some((_, to)) = self.code.casts.get(index as usize) {
                    self.branch_if(*to, !fails, false);
                }
                return Some(Next::Enter);
            }
            Op::RefTest { index, .. } => self.test(index),
            Op::RefCast { index, .. } => {
                let source = self.look_at_top();
                let (flags, ty, is_abstract) = self.tested(index);
                let code = match is_abstract {
                    true => encode::<RefCastAbstract>(),
                    false => encode::<RefCast>(),
                };
                self.seek(None);
                self.emit(code, &[pack([source, flags, 0, 0]) | u64::from(ty) << 32]);
            }
            Op::RefAsNonNull => {
                let source = self.look_at_top();
                self.seek(None);
                self.emit(encode::<NotNull>(), &[source.into()]);
            }
            Op::RefEq => self.computed(&Op::I64Eq),
            Op::RefI31 => {
                let source = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.give(encode::<RefI31>(), &[pack([dst, source, 0, 0])], false, Given::Value);
            }
            Op::I31GetS | Op::I31GetU => {
                let source = self.pop_slot();
                let dst = self.home(self.stack.len());
                let word = pack([dst, source, u16::from(*op == Op::I31GetS), 0]);
                self.seek(None);
                self.give(encode::<I31Get>(), &[word], false, Given::Value);
            }
            Op::StructGet { offset, packing } => {
                let object = self.pop_slot();
                let dst = self.home(self.stack.len());
                let word = pack([dst, object, 0, 0]) | u64::from(offset) << 32;
                self.seek(None);
                match packing {
                    Packing::Half | Packing::Word => {
                        self.give(encode::<StructGet>(), &[word], false, Given::Value);
                    }
                    packing => {
                        let operands = [word, packing as u64];
                        self.give(encode::<StructGetPacked>(), &operands, false, Given::Value);
                    }
                }
            }
            Op::StructSet { offset, .. } => {
                let value = self.pop_slot();
                let object = self.pop_slot();
                let word = pack([object, value, 0, 0]) | u64::from(offset) << 32;
                self.seek(None);
                self.emit(encode::<StructSet>(), &[word]);
            }
            Op::StructNew { ty, slots } => {
                self.settle();
                let height = self.stack.len().saturating_sub(slots as usize);
                let word = pack([self.home(height), slots as u16, 0, 0]) | u64::from(ty) << 32;
                self.seek(None);
                self.emit(encode::<StructNew>(), &[word]);
                self.replace(slots as usize, 1);
                self.forget(height);
            }
            Op::StructNewDefault { ty } => {
                let dst = self.home(self.stack.len());
                self.seek(None);
                self.give(encode::<StructNewDefault>(), &[wide(dst, ty)], false, Given::Value);
            }
            Op::ArrayNewDefault { ty } => {
                let len = self.pop_slot();
                let dst = self.home(self.stack.len());
                let word = pack([dst, len, 0, 0]) | u64::from(ty) << 32;
                self.seek(None);
                self.give(encode::<ArrayNewDefault>(), &[word], false, Given::Value);
            }
            Op::ArrayNew { ty, packing } => {
                let slots = 1 + packing.slots() as usize;
                self.gather(encode::<ArrayNew>(), slots, packing, ty, &[]);
            }
            Op::ArrayNewFixed { ty, len, packing } => {
                let slots = (len * packing.slots()) as usize;
                let len = u64::from(len) << 32;
                self.gather(encode::<ArrayNewFixed>(), slots, packing, ty, &[len]);
            }
            Op::ArrayGet { packing } => {
                let index = self.pop_slot();
                let array = self.pop_slot();
                let dst = self.home(self.stack.len());
                let code = match packing {
                    Packing::Half => encode::<ArrayGetHalf>(),
                    Packing::Word => encode::<ArrayGetWord>(),
                    _ => encode::<ArrayGet>(),
                };
                let word = pack([dst, array, index, packing as u16]);
                self.seek(None);
                self.give(code, &[word], false, Given::Value);
            }
            Op::ArraySet { packing } => {
                let value = self.pop_slot();
                let index = self.pop_slot();
                let array = self.pop_slot();
                let word = pack([array, index, value, packing as u16]);
                self.seek(None);
                self.emit(encode::<ArraySet>(), &[word]);
            }
            Op::ArrayLen => {
                let array = self.pop_slot();
                let dst = self.home(self.stack.len());
                self.seek(None);
                self.give(encode::<ArrayLen>(), &[pack([dst, array, 0, 0])], false, Given::Value);
            }
            _ => return None,
        }
        Some(Next::On)
    }

    /// An array of so many slots in their homes, in place of the first.
    fn gather(&mut self, code: u64, slots: usize, packing: Packing, ty: u32, rest: &[u64]) {
        self.settle();
        let height = self.stack.len().saturating_sub(slots);
        let word = pack([self.home(height), packing as u16, 0, 0]) | u64::from(ty) << 32;
        self.seek(None);
        self.emit(code, &[word]);
        self.words.extend_from_slice(rest);
        self.replace(slots, 1);
        self.forget(height);
    }

    /// A numeric operator on what lies on top.
    fn computed(&mut self, op: &Op) {
        if let Some(found) = numeric(op, self.observed.marks) {
            self.numeric(op, found);
        }
    }

    /// Pushes the topmost operand once more; it is to be consumed at once.
    fn push_copy(&mut self) {
        let top = self.stack.len().saturating_sub(1);
        let place = match self.stack.last() {
            Some(Place::Home) | None => Place::Local(self.home(top)),
            Some(place) => *place,
        };
        self.push(place);
    }

    /// A slot that holds the topmost operand, which stays.
    fn look_at_top(&mut self) -> u16 {
        let place = self.pop();
        let slot = self.slot(place, self.stack.len());
        self.push(if let Place::Constant(_) = place { Place::Home } else { place });
        slot
    }

    /// The flags and type of a test, and whether the type is abstract.
    fn tested(&self, index: u32) -> (u16, u32, bool) {
        let cast = self.code.casts.get(index as usize);
        let Some((RefType { nullable, heap }, _)) = cast else { return (0, 0, false) };
        let nullable = if *nullable { NULLABLE } else { 0 };
        match (abstract_number(*heap), heap) {
            (None, HeapType::Concrete(TypeKind::Func, ty)) => (nullable | FUNCTION, *ty, false),
            (None, HeapType::Concrete(_, ty)) => (nullable, *ty, false),
            (number, _) => (nullable, number.unwrap_or(0), true),
        }
    }

    /// Whether the topmost operand is of a type.
    fn test(&mut self, index: u32) {
        let source = self.pop_slot();
        let dst = self.home(self.stack.len());
        let (flags, ty, is_abstract) = self.tested(index);
        let code = match is_abstract {
            true => encode::<RefTestAbstract>(),
            false => encode::<RefTest>(),
        };
        let operands = [pack([dst, source, flags, 0]), u64::from(ty) << 32];
        self.give(code, &operands, false, Given::Value);
    }
}
