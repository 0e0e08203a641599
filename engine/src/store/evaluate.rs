//! The values of constant expressions (*Execution, expressions*).

use alloc::vec::Vec;

use super::StoreState;
use super::heap::{Heap, slot_of, width_log2};
use crate::error::{Error, LimitKind, Result};
use crate::ids::{FuncAddr, FuncIndex, GlobalAddr, TypeId};
use crate::module::{ConstExpr, ConstOp};
use crate::semantics::int;
use crate::types::Types;
use crate::value::{Ref, Slot, Value, join, split, tag};

/// What constant expressions of a module are evaluated with.
pub(super) struct Evaluation<'a> {
    /// The module's types as the store numbers them, and all of the store's.
    pub(super) types: &'a [TypeId],
    pub(super) defined: &'a Types,
    /// Bytes that the heap may come to have.
    pub(super) most: u64,
}

impl Evaluation<'_> {
    /// Bits of a constant expression's value.
    pub(super) fn run(
        &self,
        expr: &ConstExpr,
        state: &mut StoreState,
        globals: &[GlobalAddr],
        funcs: &[FuncAddr],
    ) -> Result<u128> {
        let mut stack: Vec<u128> = Vec::new();
        let pop = |stack: &mut Vec<u128>| stack.pop().unwrap_or(0) as u64;
        for op in expr.ops() {
            let bits = match *op {
                ConstOp::Slot(_, slot) => slot.into(),
                ConstOp::AnyConvertExtern | ConstOp::ExternConvertAny => continue,
                ConstOp::Vector(bits) => bits,
                ConstOp::GlobalGet(index) => {
                    let unknown =
                        || Error::UnknownIndex { what: "global", index: u64::from(index) };
                    let addr = globals.get(index as usize).ok_or_else(unknown)?;
                    let global = state.globals.get(addr.index()).ok_or_else(unknown)?;
                    join([global.slot, global.upper])
                }
                ConstOp::RefFunc(func) => func_slot(funcs, func)?.into(),
                ConstOp::RefI31 => (tag::I31 | pop(&mut stack) & tag::I31_BITS).into(),
                ConstOp::I32Add | ConstOp::I32Sub | ConstOp::I32Mul => {
                    let right = i32::from_slot(pop(&mut stack));
                    let left = i32::from_slot(pop(&mut stack));
                    match op {
                        ConstOp::I32Add => int::i32::add(left, right),
                        ConstOp::I32Sub => int::i32::sub(left, right),
                        _ => int::i32::mul(left, right),
                    }
                    .into_slot()
                    .into()
                }
                ConstOp::I64Add | ConstOp::I64Sub | ConstOp::I64Mul => {
                    let right = i64::from_slot(pop(&mut stack));
                    let left = i64::from_slot(pop(&mut stack));
                    match op {
                        ConstOp::I64Add => int::i64::add(left, right),
                        ConstOp::I64Sub => int::i64::sub(left, right),
                        _ => int::i64::mul(left, right),
                    }
                    .into_slot()
                    .into()
                }
                ConstOp::StructNew(ty) | ConstOp::StructNewDefault(ty) => {
                    let ty = self.type_id(ty)?;
                    let count = self.defined.structure(ty).map_or(0, |ty| ty.fields().len());
                    let fields = match op {
                        ConstOp::StructNew(_) => {
                            let first = stack.len().saturating_sub(count);
                            self.flat(ty, stack.split_off(first))
                        }
                        _ => alloc::vec![0; Heap::struct_words(self.defined, ty) as usize - 1],
                    };
                    self.room(state, 1 + fields.len() as u64)?;
                    let object = state.heap.new_struct(ty, &fields, self.most);
                    slot_of(object.map_err(|_| self.full(0))?).into()
                }
                ConstOp::ArrayNew(ty) | ConstOp::ArrayNewDefault(ty) => {
                    let len = pop(&mut stack) as u32;
                    let value = match op {
                        ConstOp::ArrayNew(_) => stack.pop().unwrap_or(0),
                        _ => 0,
                    };
                    self.array(state, ty, len, |_| value)?
                }
                ConstOp::ArrayNewFixed(ty, len) => {
                    let first = stack.len().saturating_sub(len as usize);
                    let values = stack.split_off(first);
                    let value = |index: u32| values.get(index as usize).copied().unwrap_or(0);
                    self.array(state, ty, len, value)?
                }
            };
            stack.push(bits);
        }
        Ok(stack.pop().unwrap_or(0))
    }

    fn type_id(&self, ty: u32) -> Result<TypeId> {
        let unknown = Error::UnknownIndex { what: "type", index: u64::from(ty) };
        self.types.get(ty as usize).copied().ok_or(unknown)
    }

    /// The words of a structure with these fields.
    fn flat(&self, ty: TypeId, values: Vec<u128>) -> Vec<u64> {
        let fields = self.defined.structure(ty).map_or(&[][..], |ty| ty.fields());
        let words = fields.iter().zip(values);
        words
            .flat_map(|(field, bits)| {
                split(bits).into_iter().take(field.storage.unpacked().slots())
            })
            .collect()
    }

    fn array(
        &self,
        state: &mut StoreState,
        ty: u32,
        len: u32,
        value: impl Fn(u32) -> u128,
    ) -> Result<u128> {
        let ty = self.type_id(ty)?;
        let words = Heap::array_words(self.defined, ty, len);
        self.room(state, words)?;
        let object = state.heap.new_array(self.defined, ty, len, self.most);
        let object = object.map_err(|_| self.full(words))?;
        let width = width_log2(self.defined, ty);
        for index in 0..len {
            state.heap.fill(object, width, (index, 1), split(value(index)));
        }
        Ok(slot_of(object).into())
    }

    /// Makes room without a collection: what is under way is not known to any root.
    fn room(&self, state: &mut StoreState, words: u64) -> Result<()> {
        if state.heap.make_room(words, self.most) { Ok(()) } else { Err(self.full(words)) }
    }

    fn full(&self, words: u64) -> Error {
        let limit = LimitKind::Heap;
        Error::Limit { limit, requested: words * 8, allowed: self.most, offset: None }
    }
}

/// The slot that refers to a function.
pub(super) fn func_slot(funcs: &[FuncAddr], func: FuncIndex) -> Result<u64> {
    let unknown = Error::UnknownIndex { what: "function", index: u64::from(func.0) };
    let addr = *funcs.get(func.index()).ok_or(unknown)?;
    Ok(Value::from(Ref::Func(Some(addr))).to_slot())
}
