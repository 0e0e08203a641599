//! Constant expressions: initial values of globals, segment offsets, elements.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::ids::FuncIndex;
use crate::types::HeapType;

use super::ModuleInner;

/// A validated constant expression (*Validation, constant expressions*), extended ones included.
#[derive(Clone, PartialEq, Debug)]
pub struct ConstExpr {
    ops: Box<[ConstOp]>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum ConstOp {
    Slot(Literal, u64),
    Vector(u128),
    GlobalGet(u32),
    RefFunc(FuncIndex),
    I32Add,
    I32Sub,
    I32Mul,
    I64Add,
    I64Sub,
    I64Mul,
    RefI31,
    StructNew(u32),
    StructNewDefault(u32),
    ArrayNew(u32),
    ArrayNewDefault(u32),
    ArrayNewFixed(u32, u32),
    /// Both conversions keep the bits.
    AnyConvertExtern,
    ExternConvertAny,
}

/// What the bits of a constant are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Literal {
    I32,
    I64,
    F32,
    F64,
    Null(HeapType),
}

impl ConstExpr {
    pub(crate) fn ops(&self) -> &[ConstOp] {
        &self.ops
    }

    /// The bits of the value, if it is a single constant: what viewers print beside a segment.
    pub fn as_constant(&self) -> Option<u64> {
        match *self.ops {
            [ConstOp::Slot(_, slot)] => Some(slot),
            _ => None,
        }
    }

    /// Reads the operators up to the closing `end`; `None` names an operator that is not constant.
    pub(crate) fn read(
        expr: &wasmparser::ConstExpr<'_>,
        module: &ModuleInner,
    ) -> Result<Option<Self>, wasmparser::Error> {
        use wasmparser::Operator;
        let mut reader = expr.get_operators_reader();
        let mut ops = Vec::new();
        while !reader.eof() {
            ops.push(match reader.read()? {
                Operator::I32Const { value } => {
                    ConstOp::Slot(Literal::I32, u64::from(value as u32))
                }
                Operator::I64Const { value } => ConstOp::Slot(Literal::I64, value as u64),
                Operator::F32Const { value } => {
                    ConstOp::Slot(Literal::F32, u64::from(value.bits()))
                }
                Operator::F64Const { value } => ConstOp::Slot(Literal::F64, value.bits()),
                Operator::V128Const { value } => {
                    ConstOp::Vector(u128::from_le_bytes(*value.bytes()))
                }
                Operator::GlobalGet { global_index } => ConstOp::GlobalGet(global_index),
                Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex(function_index)),
                Operator::RefNull { hty } => match HeapType::from_wasm(hty, &module.space) {
                    Some(heap) => ConstOp::Slot(Literal::Null(heap), 0),
                    None => return Ok(None),
                },
                Operator::RefI31 => ConstOp::RefI31,
                Operator::StructNew { struct_type_index } => ConstOp::StructNew(struct_type_index),
                Operator::StructNewDefault { struct_type_index } => {
                    ConstOp::StructNewDefault(struct_type_index)
                }
                Operator::ArrayNew { array_type_index } => ConstOp::ArrayNew(array_type_index),
                Operator::ArrayNewDefault { array_type_index } => {
                    ConstOp::ArrayNewDefault(array_type_index)
                }
                Operator::ArrayNewFixed { array_type_index, array_size } => {
                    ConstOp::ArrayNewFixed(array_type_index, array_size)
                }
                Operator::AnyConvertExtern => ConstOp::AnyConvertExtern,
                Operator::ExternConvertAny => ConstOp::ExternConvertAny,
                Operator::I32Add => ConstOp::I32Add,
                Operator::I32Sub => ConstOp::I32Sub,
                Operator::I32Mul => ConstOp::I32Mul,
                Operator::I64Add => ConstOp::I64Add,
                Operator::I64Sub => ConstOp::I64Sub,
                Operator::I64Mul => ConstOp::I64Mul,
                Operator::End => continue,
                _ => return Ok(None),
            });
        }
        Ok(Some(Self { ops: ops.into_boxed_slice() }))
    }
}
