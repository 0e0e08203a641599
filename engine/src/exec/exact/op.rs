//! One table of operators: names, operand types and the function that computes each.
//!
//! [`for_each_numeric!`] feeds the [`Op`] enum, the decoder and the dispatch loop.

use super::atomic::AtomicOp;
use super::vector::{VectorAccess, VectorOp};
use crate::types::{StorageType, ValType};

/// Calls `$mac!` with the operators that are a pure function of their operands, by family.
macro_rules! for_each_numeric {
    ($mac:ident) => {
        $mac! {
            unary {
                I32Eqz(i32) -> bool = int::i32::eqz,
                I32Clz(i32) -> i32 = int::i32::clz,
                I32Ctz(i32) -> i32 = int::i32::ctz,
                I32Popcnt(i32) -> i32 = int::i32::popcnt,
                I32Extend8S(i32) -> i32 = int::i32::extend8_s,
                I32Extend16S(i32) -> i32 = int::i32::extend16_s,
                I64Eqz(i64) -> bool = int::i64::eqz,
                I64Clz(i64) -> i64 = int::i64::clz,
                I64Ctz(i64) -> i64 = int::i64::ctz,
                I64Popcnt(i64) -> i64 = int::i64::popcnt,
                I64Extend8S(i64) -> i64 = int::i64::extend8_s,
                I64Extend16S(i64) -> i64 = int::i64::extend16_s,
                I64Extend32S(i64) -> i64 = int::i64::extend32_s,
                F32Abs(u32) -> u32 = float::f32::abs,
                F32Neg(u32) -> u32 = float::f32::neg,
                F32Ceil(f32) -> f32 = float::f32::ceil,
                F32Floor(f32) -> f32 = float::f32::floor,
                F32Trunc(f32) -> f32 = float::f32::trunc,
                F32Nearest(f32) -> f32 = float::f32::nearest,
                F32Sqrt(f32) -> f32 = float::f32::sqrt,
                F64Abs(u64) -> u64 = float::f64::abs,
                F64Neg(u64) -> u64 = float::f64::neg,
                F64Ceil(f64) -> f64 = float::f64::ceil,
                F64Floor(f64) -> f64 = float::f64::floor,
                F64Trunc(f64) -> f64 = float::f64::trunc,
                F64Nearest(f64) -> f64 = float::f64::nearest,
                F64Sqrt(f64) -> f64 = float::f64::sqrt,
                I32WrapI64(i64) -> i32 = convert::i32_wrap_i64,
                I64ExtendI32S(i32) -> i64 = convert::i64_extend_i32_s,
                I64ExtendI32U(i32) -> i64 = convert::i64_extend_i32_u,
                F32ConvertI32S(i32) -> f32 = convert::f32_convert_i32_s,
                F32ConvertI32U(i32) -> f32 = convert::f32_convert_i32_u,
                F32ConvertI64S(i64) -> f32 = convert::f32_convert_i64_s,
                F32ConvertI64U(i64) -> f32 = convert::f32_convert_i64_u,
                F64ConvertI32S(i32) -> f64 = convert::f64_convert_i32_s,
                F64ConvertI32U(i32) -> f64 = convert::f64_convert_i32_u,
                F64ConvertI64S(i64) -> f64 = convert::f64_convert_i64_s,
                F64ConvertI64U(i64) -> f64 = convert::f64_convert_i64_u,
                F32DemoteF64(f64) -> f32 = convert::f32_demote_f64,
                F64PromoteF32(f32) -> f64 = convert::f64_promote_f32,
                I32TruncSatF32S(f32) -> i32 = convert::i32_trunc_sat_f32_s,
                I32TruncSatF32U(f32) -> i32 = convert::i32_trunc_sat_f32_u,
                I32TruncSatF64S(f64) -> i32 = convert::i32_trunc_sat_f64_s,
                I32TruncSatF64U(f64) -> i32 = convert::i32_trunc_sat_f64_u,
                I64TruncSatF32S(f32) -> i64 = convert::i64_trunc_sat_f32_s,
                I64TruncSatF32U(f32) -> i64 = convert::i64_trunc_sat_f32_u,
                I64TruncSatF64S(f64) -> i64 = convert::i64_trunc_sat_f64_s,
                I64TruncSatF64U(f64) -> i64 = convert::i64_trunc_sat_f64_u,
            }
            binary {
                I32Eq(i32) -> bool = int::i32::eq,
                I32Ne(i32) -> bool = int::i32::ne,
                I32LtS(i32) -> bool = int::i32::lt_s,
                I32LtU(i32) -> bool = int::i32::lt_u,
                I32GtS(i32) -> bool = int::i32::gt_s,
                I32GtU(i32) -> bool = int::i32::gt_u,
                I32LeS(i32) -> bool = int::i32::le_s,
                I32LeU(i32) -> bool = int::i32::le_u,
                I32GeS(i32) -> bool = int::i32::ge_s,
                I32GeU(i32) -> bool = int::i32::ge_u,
                I64Eq(i64) -> bool = int::i64::eq,
                I64Ne(i64) -> bool = int::i64::ne,
                I64LtS(i64) -> bool = int::i64::lt_s,
                I64LtU(i64) -> bool = int::i64::lt_u,
                I64GtS(i64) -> bool = int::i64::gt_s,
                I64GtU(i64) -> bool = int::i64::gt_u,
                I64LeS(i64) -> bool = int::i64::le_s,
                I64LeU(i64) -> bool = int::i64::le_u,
                I64GeS(i64) -> bool = int::i64::ge_s,
                I64GeU(i64) -> bool = int::i64::ge_u,
                F32Eq(f32) -> bool = float::f32::eq,
                F32Ne(f32) -> bool = float::f32::ne,
                F32Lt(f32) -> bool = float::f32::lt,
                F32Gt(f32) -> bool = float::f32::gt,
                F32Le(f32) -> bool = float::f32::le,
                F32Ge(f32) -> bool = float::f32::ge,
                F64Eq(f64) -> bool = float::f64::eq,
                F64Ne(f64) -> bool = float::f64::ne,
                F64Lt(f64) -> bool = float::f64::lt,
                F64Gt(f64) -> bool = float::f64::gt,
                F64Le(f64) -> bool = float::f64::le,
                F64Ge(f64) -> bool = float::f64::ge,
                I32Add(i32) -> i32 = int::i32::add,
                I32Sub(i32) -> i32 = int::i32::sub,
                I32Mul(i32) -> i32 = int::i32::mul,
                I32And(i32) -> i32 = int::i32::and,
                I32Or(i32) -> i32 = int::i32::or,
                I32Xor(i32) -> i32 = int::i32::xor,
                I32Shl(i32) -> i32 = int::i32::shl,
                I32ShrS(i32) -> i32 = int::i32::shr_s,
                I32ShrU(i32) -> i32 = int::i32::shr_u,
                I32Rotl(i32) -> i32 = int::i32::rotl,
                I32Rotr(i32) -> i32 = int::i32::rotr,
                I64Add(i64) -> i64 = int::i64::add,
                I64Sub(i64) -> i64 = int::i64::sub,
                I64Mul(i64) -> i64 = int::i64::mul,
                I64And(i64) -> i64 = int::i64::and,
                I64Or(i64) -> i64 = int::i64::or,
                I64Xor(i64) -> i64 = int::i64::xor,
                I64Shl(i64) -> i64 = int::i64::shl,
                I64ShrS(i64) -> i64 = int::i64::shr_s,
                I64ShrU(i64) -> i64 = int::i64::shr_u,
                I64Rotl(i64) -> i64 = int::i64::rotl,
                I64Rotr(i64) -> i64 = int::i64::rotr,
                F32Add(f32) -> f32 = float::f32::add,
                F32Sub(f32) -> f32 = float::f32::sub,
                F32Mul(f32) -> f32 = float::f32::mul,
                F32Div(f32) -> f32 = float::f32::div,
                F32Min(f32) -> f32 = float::f32::min,
                F32Max(f32) -> f32 = float::f32::max,
                F32Copysign(u32) -> u32 = float::f32::copysign,
                F64Add(f64) -> f64 = float::f64::add,
                F64Sub(f64) -> f64 = float::f64::sub,
                F64Mul(f64) -> f64 = float::f64::mul,
                F64Div(f64) -> f64 = float::f64::div,
                F64Min(f64) -> f64 = float::f64::min,
                F64Max(f64) -> f64 = float::f64::max,
                F64Copysign(u64) -> u64 = float::f64::copysign,
            }
            try_unary {
                I32TruncF32S(f32) -> i32 = convert::i32_trunc_f32_s,
                I32TruncF32U(f32) -> i32 = convert::i32_trunc_f32_u,
                I32TruncF64S(f64) -> i32 = convert::i32_trunc_f64_s,
                I32TruncF64U(f64) -> i32 = convert::i32_trunc_f64_u,
                I64TruncF32S(f32) -> i64 = convert::i64_trunc_f32_s,
                I64TruncF32U(f32) -> i64 = convert::i64_trunc_f32_u,
                I64TruncF64S(f64) -> i64 = convert::i64_trunc_f64_s,
                I64TruncF64U(f64) -> i64 = convert::i64_trunc_f64_u,
            }
            try_binary {
                I32DivS(i32) -> i32 = int::i32::div_s,
                I32DivU(i32) -> i32 = int::i32::div_u,
                I32RemS(i32) -> i32 = int::i32::rem_s,
                I32RemU(i32) -> i32 = int::i32::rem_u,
                I64DivS(i64) -> i64 = int::i64::div_s,
                I64DivU(i64) -> i64 = int::i64::div_u,
                I64RemS(i64) -> i64 = int::i64::rem_s,
                I64RemU(i64) -> i64 = int::i64::rem_u,
            }
            // Operator, loaded number, then the conversion to its stack type.
            load {
                I32Load(load_u32: u32 as u32 as u64),
                I64Load(load_u64: u64 as u64 as u64),
                F32Load(load_u32: u32 as u32 as u64),
                F64Load(load_u64: u64 as u64 as u64),
                I32Load8S(load_u8: u8 as i8 as u32),
                I32Load8U(load_u8: u8 as u8 as u32),
                I32Load16S(load_u16: u16 as i16 as u32),
                I32Load16U(load_u16: u16 as u16 as u32),
                I64Load8S(load_u8: u8 as i8 as u64),
                I64Load8U(load_u8: u8 as u8 as u64),
                I64Load16S(load_u16: u16 as i16 as u64),
                I64Load16U(load_u16: u16 as u16 as u64),
                I64Load32S(load_u32: u32 as i32 as u64),
                I64Load32U(load_u32: u32 as u32 as u64),
            }
            store {
                I32Store(store_u32: u32),
                I64Store(store_u64: u64),
                F32Store(store_u32: u32),
                F64Store(store_u64: u64),
                I32Store8(store_u8: u8),
                I32Store16(store_u16: u16),
                I64Store8(store_u8: u8),
                I64Store16(store_u16: u16),
                I64Store32(store_u32: u32),
            }
        }
    };
}

pub(crate) use for_each_numeric;

macro_rules! define_op {
    (
        unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
        binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
        try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
        try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
        load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
        store { $($store:ident($sf:ident: $sw:ty),)* }
    ) => {
        /// An operator of the code section, decoded: 16 bytes, immediates included. There is one
        /// for every operator in the function, so instruction counts need no mapping.
        #[derive(Clone, Copy, PartialEq, Debug)]
        pub(crate) enum Op {
            Unreachable,
            /// `try_table` and `try`: what they catch stands in [`FuncCode::handlers`].
            Try,
            /// `nop`, `block` and `loop`, and an `end` that is not the function's last.
            Nop,
            /// Goes on at `target` if the condition is zero.
            If { target: u32 },
            /// The end of the then arm: goes on behind the `end` of its `if`.
            Else { target: u32 },
            Br(Branch),
            BrIf(Branch),
            /// `count` branches from `first` on in [`FuncCode::branches`]; the last is the default.
            BrTable { first: u32, count: u32 },
            /// `return`, and the function's last `end`.
            Return,
            Call { func: u32 },
            CallImport { func: u32 },
            CallIndirect { ty: u32, table: u32 },
            CallRef { ty: u32 },
            ReturnCall { func: u32 },
            ReturnCallImport { func: u32 },
            ReturnCallIndirect { ty: u32, table: u32 },
            ReturnCallRef { ty: u32 },
            BrOnNull(Branch),
            /// The reference is the last of the values carried.
            BrOnNonNull(Branch),
            /// One of [`FuncCode::casts`], and whether it is a defined type; goes there if the reference
            /// is of its type, or if not.
            BrOnCast { index: u32, defined: bool, fails: bool },
            Throw { tag: u32 },
            ThrowRef,
            /// Throws again what this local holds, which no instruction can name.
            Rethrow { local: u32 },
            Drop,
            Select,
            /// Locals by their slot.
            LocalGet { local: u32 },
            LocalSet { local: u32 },
            LocalTee { local: u32 },
            GlobalGet { global: u32 },
            GlobalSet { global: u32 },
            /// Constants of all types, and `ref.null`.
            Const { slot: u64 },
            /// The same for vectors, which take two slots: one of [`FuncCode::vectors`], and so on.
            VectorConst { index: u32 },
            DropVector,
            SelectVector,
            /// `local` is the lower of two slots.
            LocalGetVector { local: u32 },
            LocalSetVector { local: u32 },
            LocalTeeVector { local: u32 },
            GlobalGetVector { global: u32 },
            GlobalSetVector { global: u32 },
            /// Which lanes are taken is one of [`FuncCode::vectors`].
            Shuffle { index: u32 },
            Vector { op: VectorOp, lane: u8 },
            VectorMemory { access: VectorAccess, memory: u32, offset: u64 },
            Atomic { op: AtomicOp, width_log2: u8, memory: u32, offset: u64 },
            RefIsNull,
            RefAsNonNull,
            RefEq,
            /// The same without a branch.
            RefTest { index: u32, defined: bool },
            RefCast { index: u32, defined: bool },
            RefI31,
            I31GetS,
            I31GetU,
            StructNew { ty: u32, slots: u32 },
            StructNewDefault { ty: u32 },
            /// Fields by the word that they begin with.
            StructGet { offset: u32, packing: Packing },
            StructSet { offset: u32, packing: Packing },
            ArrayNew { ty: u32, packing: Packing },
            ArrayNewDefault { ty: u32 },
            ArrayNewFixed { ty: u32, len: u32, packing: Packing },
            ArrayNewData { ty: u32, data: u32 },
            ArrayNewElem { ty: u32, element: u32 },
            ArrayGet { packing: Packing },
            ArraySet { packing: Packing },
            ArrayLen,
            ArrayFill { packing: Packing },
            ArrayCopy { packing: Packing },
            ArrayInitData { packing: Packing, data: u32 },
            ArrayInitElem { element: u32 },
            RefFunc { func: u32 },
            TableGet { table: u32 },
            TableSet { table: u32 },
            TableSize { table: u32 },
            TableGrow { table: u32 },
            TableFill { table: u32 },
            TableCopy { to: u32, from: u32 },
            TableInit { element: u32, table: u32 },
            ElemDrop { element: u32 },
            MemorySize { memory: u32 },
            MemoryGrow { memory: u32 },
            MemoryFill { memory: u32 },
            MemoryCopy { to: u32, from: u32 },
            MemoryInit { data: u32, memory: u32 },
            DataDrop { data: u32 },
            $($unary,)*
            $($binary,)*
            $($tunary,)*
            $($tbinary,)*
            $($load { memory: u32, offset: u64 },)*
            $($store { memory: u32, offset: u64 },)*
        }

        impl Op {
            /// The index of the memory that a load, store or atomic operator accesses.
            pub(super) fn memory_mut(&mut self) -> Option<&mut u32> {
                match self {
                    $(Op::$load { memory, .. })|* => Some(memory),
                    $(Op::$store { memory, .. })|* => Some(memory),
                    Op::VectorMemory { memory, .. } | Op::Atomic { memory, .. } => Some(memory),
                    _ => None,
                }
            }
        }

        /// Decodes the operators of the table; `None` for all others.
        pub(super) fn decode_numeric(operator: &wasmparser::Operator<'_>) -> Option<Op> {
            use wasmparser::{Operator, MemArgTarget};
            Some(match operator {
                $(Operator::$unary => Op::$unary,)*
                $(Operator::$binary => Op::$binary,)*
                $(Operator::$tunary => Op::$tunary,)*
                $(Operator::$tbinary => Op::$tbinary,)*
                $(Operator::$load { memarg } => match memarg.target {
                    MemArgTarget::Memory(memory) => Op::$load { memory, offset: memarg.offset },
                    MemArgTarget::Array(_) => return None,
                },)*
                $(Operator::$store { memarg } => match memarg.target {
                    MemArgTarget::Memory(memory) => Op::$store { memory, offset: memarg.offset },
                    MemArgTarget::Array(_) => return None,
                },)*
                _ => return None,
            })
        }
    };
}

/// In the index of a memory or table: its addresses are `i64`, or its pages of another size than usual.
pub(crate) const INDEX64: u32 = 1 << 31;

/// How a field or element is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Packing {
    /// 8 and 16 bits, sign- or zero-extended to an `i32`.
    S8,
    U8,
    S16,
    U16,
    /// 32 bits; a field has a word all the same.
    Half,
    Word,
    Vector,
}

impl Packing {
    pub(crate) fn of(storage: StorageType, signed: bool) -> Self {
        match storage {
            StorageType::I8 if signed => Packing::S8,
            StorageType::I8 => Packing::U8,
            StorageType::I16 if signed => Packing::S16,
            StorageType::I16 => Packing::U16,
            StorageType::Val(ValType::I32 | ValType::F32) => Packing::Half,
            StorageType::Val(ValType::V128) => Packing::Vector,
            StorageType::Val(_) => Packing::Word,
        }
    }

    /// What `packing as u64` has made a number of.
    #[inline(always)]
    pub(crate) fn of_number(number: u64) -> Self {
        match number {
            0 => Packing::S8,
            1 => Packing::U8,
            2 => Packing::S16,
            3 => Packing::U16,
            4 => Packing::Half,
            5 => Packing::Word,
            _ => Packing::Vector,
        }
    }

    /// Bytes of an element, as a power of two.
    #[inline(always)]
    pub(crate) fn width_log2(self) -> u32 {
        match self {
            Packing::S8 | Packing::U8 => 0,
            Packing::S16 | Packing::U16 => 1,
            Packing::Half => 2,
            Packing::Word => 3,
            Packing::Vector => 4,
        }
    }

    /// Slots on the operand stack.
    pub(crate) fn slots(self) -> u32 {
        if self == Packing::Vector { 2 } else { 1 }
    }

    /// What is kept, as a slot.
    #[inline(always)]
    pub(crate) fn unpack(self, word: u64) -> u64 {
        match self {
            Packing::S8 => u64::from(word as i8 as u32),
            Packing::U8 => u64::from(word as u8),
            Packing::S16 => u64::from(word as i16 as u32),
            Packing::U16 => u64::from(word as u16),
            _ => word,
        }
    }
}

/// Where a branch goes and what it leaves on the operand stack.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Branch {
    /// Instruction to go on with.
    pub(crate) target: u32,
    /// Operands below the label; what lies between them and the values carried is dropped.
    pub(crate) height: u32,
    /// Values carried.
    pub(crate) arity: u32,
}

impl Branch {
    /// The target of branches that leave the function.
    pub(crate) const RETURN: u32 = u32::MAX;
    /// Of a type that is tested for, and not branched on.
    pub(super) const NOWHERE: Self = Self { target: 0, height: 0, arity: 0 };
}

for_each_numeric!(define_op);

const _: () = assert!(size_of::<Op>() == 16);
