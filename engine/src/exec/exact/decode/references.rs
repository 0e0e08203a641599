//! Operators on references, structures and arrays: types become places and widths.

use wasmparser::Operator;

use super::{Decoder, Pending};
use crate::error::Result;
use crate::exec::exact::op::{Branch, Op, Packing};
use crate::types::{CompositeType, HeapType, RefType};

impl Decoder<'_> {
    /// Decodes an operator of this file; `None` stands for all others.
    pub(super) fn decode_references(&mut self, operator: &Operator<'_>) -> Result<Option<Op>> {
        let here = self.ops.len();
        Ok(Some(match *operator {
            Operator::CallRef { type_index: ty } => Op::CallRef { ty },
            Operator::ReturnCallRef { type_index: ty } => Op::ReturnCallRef { ty },
            Operator::BrOnNull { relative_depth } => {
                Op::BrOnNull(self.branch(relative_depth, Pending::Op(here)))
            }
            Operator::BrOnNonNull { relative_depth } => {
                Op::BrOnNonNull(self.branch(relative_depth, Pending::Op(here)))
            }
            Operator::BrOnCast { relative_depth, to_ref_type: to, .. }
            | Operator::BrOnCastFail { relative_depth, to_ref_type: to, .. } => {
                let fails = matches!(operator, Operator::BrOnCastFail { .. });
                let branch = self.branch(relative_depth, Pending::Cast(self.casts.len()));
                let (index, defined) = self.cast(to.is_nullable(), to.heap_type(), branch)?;
                Op::BrOnCast { index, defined, fails }
            }
            Operator::RefAsNonNull => Op::RefAsNonNull,
            Operator::RefEq => Op::RefEq,
            Operator::RefTestNonNull { hty } => {
                let (index, defined) = self.cast(false, hty, Branch::NOWHERE)?;
                Op::RefTest { index, defined }
            }
            Operator::RefTestNullable { hty } => {
                let (index, defined) = self.cast(true, hty, Branch::NOWHERE)?;
                Op::RefTest { index, defined }
            }
            Operator::RefCastNonNull { hty } => {
                let (index, defined) = self.cast(false, hty, Branch::NOWHERE)?;
                Op::RefCast { index, defined }
            }
            Operator::RefCastNullable { hty } => {
                let (index, defined) = self.cast(true, hty, Branch::NOWHERE)?;
                Op::RefCast { index, defined }
            }
            // Both keep the bits.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => Op::Nop,
            Operator::RefI31 => Op::RefI31,
            Operator::I31GetS => Op::I31GetS,
            Operator::I31GetU => Op::I31GetU,
            Operator::StructNew { struct_type_index: ty } => {
                let (slots, _) = self.field(ty, u32::MAX, false);
                Op::StructNew { ty, slots }
            }
            Operator::StructNewDefault { struct_type_index: ty } => Op::StructNewDefault { ty },
            Operator::StructGet { struct_type_index: ty, field_index }
            | Operator::StructGetU { struct_type_index: ty, field_index } => {
                let (offset, packing) = self.field(ty, field_index, false);
                Op::StructGet { offset, packing }
            }
            Operator::StructGetS { struct_type_index: ty, field_index } => {
                let (offset, packing) = self.field(ty, field_index, true);
                Op::StructGet { offset, packing }
            }
            Operator::StructSet { struct_type_index: ty, field_index } => {
                let (offset, packing) = self.field(ty, field_index, false);
                Op::StructSet { offset, packing }
            }
            Operator::ArrayNew { array_type_index: ty } => {
                Op::ArrayNew { ty, packing: self.packing(ty, false) }
            }
            Operator::ArrayNewDefault { array_type_index: ty } => Op::ArrayNewDefault { ty },
            Operator::ArrayNewFixed { array_type_index: ty, array_size: len } => {
                Op::ArrayNewFixed { ty, len, packing: self.packing(ty, false) }
            }
            Operator::ArrayNewData { array_type_index: ty, array_data_index: data } => {
                Op::ArrayNewData { ty, data }
            }
            Operator::ArrayNewElem { array_type_index: ty, array_elem_index: element } => {
                Op::ArrayNewElem { ty, element }
            }
            Operator::ArrayGet { array_type_index: ty }
            | Operator::ArrayGetU { array_type_index: ty } => {
                Op::ArrayGet { packing: self.packing(ty, false) }
            }
            Operator::ArrayGetS { array_type_index: ty } => {
                Op::ArrayGet { packing: self.packing(ty, true) }
            }
            Operator::ArraySet { array_type_index: ty } => {
                Op::ArraySet { packing: self.packing(ty, false) }
            }
            Operator::ArrayLen => Op::ArrayLen,
            Operator::ArrayFill { array_type_index: ty } => {
                Op::ArrayFill { packing: self.packing(ty, false) }
            }
            Operator::ArrayCopy { array_type_index_dst: ty, .. } => {
                Op::ArrayCopy { packing: self.packing(ty, false) }
            }
            Operator::ArrayInitData { array_type_index: ty, array_data_index: data } => {
                Op::ArrayInitData { packing: self.packing(ty, false), data }
            }
            Operator::ArrayInitElem { array_elem_index: element, .. } => {
                Op::ArrayInitElem { element }
            }
            _ => return Ok(None),
        }))
    }

    /// A type that is tested for, and where that leads.
    fn cast(
        &mut self,
        nullable: bool,
        ty: wasmparser::HeapType,
        branch: Branch,
    ) -> Result<(u32, bool)> {
        let heap = HeapType::from_wasm(ty, &self.module.space);
        let heap = heap.ok_or_else(|| self.unsupported("a reference type"))?;
        self.casts.push((RefType { nullable, heap }, branch));
        Ok((self.casts.len() as u32 - 1, matches!(heap, HeapType::Concrete(..))))
    }

    fn packing(&self, ty: u32, signed: bool) -> Packing {
        match self.module.types.get(ty as usize).map(|ty| &ty.composite) {
            Some(CompositeType::Array(ty)) => Packing::of(ty.element.storage, signed),
            _ => Packing::Word,
        }
    }

    /// The word that a field begins with, and how it is kept.
    fn field(&self, ty: u32, field: u32, signed: bool) -> (u32, Packing) {
        let Some(CompositeType::Struct(ty)) =
            self.module.types.get(ty as usize).map(|ty| &ty.composite)
        else {
            return (0, Packing::Word);
        };
        let packing = ty
            .fields()
            .get(field as usize)
            .map_or(Packing::Word, |ty| Packing::of(ty.storage, signed));
        let before = ty.fields().iter().take(field as usize);
        (before.map(|field| field.storage.unpacked().slots() as u32).sum(), packing)
    }
}
