//! Vector operators: their table, and how each works on the slots of a frame.
//!
//! A vector takes two slots, the lower half first. So does a number of 128 bits, which is why wide
//! arithmetic is here as well.

use super::op::Op;
use crate::exec::stop::TrapCode;
use crate::semantics::{access, vector, wide};
use crate::value::{join, split};

/// Calls `$mac!` with the operators that compute: their names in `wasmparser`, by what they take and
/// give, and the functions that define them.
macro_rules! for_each_vector {
    ($mac:ident) => {
        $mac! {
            unary {
                V128Not = vector::v128::not,
                I64MulWideS = wide::mul_s,
                I64MulWideU = wide::mul_u,
                I8x16Abs = vector::i8x16::abs,
                I8x16Neg = vector::i8x16::neg,
                I16x8Abs = vector::i16x8::abs,
                I16x8Neg = vector::i16x8::neg,
                I32x4Abs = vector::i32x4::abs,
                I32x4Neg = vector::i32x4::neg,
                I64x2Abs = vector::i64x2::abs,
                I64x2Neg = vector::i64x2::neg,
                I8x16Popcnt = vector::i8x16::popcnt,
                I16x8ExtendLowI8x16S = vector::i16x8::extend_low_s,
                I16x8ExtendLowI8x16U = vector::i16x8::extend_low_u,
                I16x8ExtendHighI8x16S = vector::i16x8::extend_high_s,
                I16x8ExtendHighI8x16U = vector::i16x8::extend_high_u,
                I32x4ExtendLowI16x8S = vector::i32x4::extend_low_s,
                I32x4ExtendLowI16x8U = vector::i32x4::extend_low_u,
                I32x4ExtendHighI16x8S = vector::i32x4::extend_high_s,
                I32x4ExtendHighI16x8U = vector::i32x4::extend_high_u,
                I64x2ExtendLowI32x4S = vector::i64x2::extend_low_s,
                I64x2ExtendLowI32x4U = vector::i64x2::extend_low_u,
                I64x2ExtendHighI32x4S = vector::i64x2::extend_high_s,
                I64x2ExtendHighI32x4U = vector::i64x2::extend_high_u,
                I16x8ExtAddPairwiseI8x16S = vector::i16x8::ext_add_pairwise_s,
                I16x8ExtAddPairwiseI8x16U = vector::i16x8::ext_add_pairwise_u,
                I32x4ExtAddPairwiseI16x8S = vector::i32x4::ext_add_pairwise_s,
                I32x4ExtAddPairwiseI16x8U = vector::i32x4::ext_add_pairwise_u,
                F32x4Ceil = vector::f32x4::ceil,
                F32x4Floor = vector::f32x4::floor,
                F32x4Trunc = vector::f32x4::trunc,
                F32x4Nearest = vector::f32x4::nearest,
                F32x4Abs = vector::f32x4::abs,
                F32x4Neg = vector::f32x4::neg,
                F32x4Sqrt = vector::f32x4::sqrt,
                F64x2Ceil = vector::f64x2::ceil,
                F64x2Floor = vector::f64x2::floor,
                F64x2Trunc = vector::f64x2::trunc,
                F64x2Nearest = vector::f64x2::nearest,
                F64x2Abs = vector::f64x2::abs,
                F64x2Neg = vector::f64x2::neg,
                F64x2Sqrt = vector::f64x2::sqrt,
                I32x4TruncSatF32x4S = vector::convert::i32x4_trunc_sat_f32x4_s,
                I32x4TruncSatF32x4U = vector::convert::i32x4_trunc_sat_f32x4_u,
                I32x4TruncSatF64x2SZero = vector::convert::i32x4_trunc_sat_f64x2_s_zero,
                I32x4TruncSatF64x2UZero = vector::convert::i32x4_trunc_sat_f64x2_u_zero,
                F32x4ConvertI32x4S = vector::convert::f32x4_convert_i32x4_s,
                F32x4ConvertI32x4U = vector::convert::f32x4_convert_i32x4_u,
                F64x2ConvertLowI32x4S = vector::convert::f64x2_convert_low_i32x4_s,
                F64x2ConvertLowI32x4U = vector::convert::f64x2_convert_low_i32x4_u,
                F32x4DemoteF64x2Zero = vector::convert::f32x4_demote_f64x2_zero,
                F64x2PromoteLowF32x4 = vector::convert::f64x2_promote_low_f32x4,
                I32x4RelaxedTruncF32x4S = vector::convert::i32x4_trunc_sat_f32x4_s,
                I32x4RelaxedTruncF32x4U = vector::convert::i32x4_trunc_sat_f32x4_u,
                I32x4RelaxedTruncF64x2SZero = vector::convert::i32x4_trunc_sat_f64x2_s_zero,
                I32x4RelaxedTruncF64x2UZero = vector::convert::i32x4_trunc_sat_f64x2_u_zero,
            }
            binary {
                V128And = vector::v128::and,
                I64Add128 = wide::add,
                I64Sub128 = wide::sub,
                V128AndNot = vector::v128::and_not,
                V128Or = vector::v128::or,
                V128Xor = vector::v128::xor,
                I8x16Swizzle = vector::i8x16::swizzle,
                I8x16RelaxedSwizzle = vector::i8x16::swizzle,
                I8x16Eq = vector::i8x16::eq,
                I8x16Ne = vector::i8x16::ne,
                I8x16LtS = vector::i8x16::lt_s,
                I8x16LtU = vector::i8x16::lt_u,
                I8x16GtS = vector::i8x16::gt_s,
                I8x16GtU = vector::i8x16::gt_u,
                I8x16LeS = vector::i8x16::le_s,
                I8x16LeU = vector::i8x16::le_u,
                I8x16GeS = vector::i8x16::ge_s,
                I8x16GeU = vector::i8x16::ge_u,
                I8x16Add = vector::i8x16::add,
                I8x16Sub = vector::i8x16::sub,
                I8x16AddSatS = vector::i8x16::add_sat_s,
                I8x16AddSatU = vector::i8x16::add_sat_u,
                I8x16SubSatS = vector::i8x16::sub_sat_s,
                I8x16SubSatU = vector::i8x16::sub_sat_u,
                I8x16AvgrU = vector::i8x16::avgr_u,
                I8x16MinS = vector::i8x16::min_s,
                I8x16MinU = vector::i8x16::min_u,
                I8x16MaxS = vector::i8x16::max_s,
                I8x16MaxU = vector::i8x16::max_u,
                I16x8Eq = vector::i16x8::eq,
                I16x8Ne = vector::i16x8::ne,
                I16x8LtS = vector::i16x8::lt_s,
                I16x8LtU = vector::i16x8::lt_u,
                I16x8GtS = vector::i16x8::gt_s,
                I16x8GtU = vector::i16x8::gt_u,
                I16x8LeS = vector::i16x8::le_s,
                I16x8LeU = vector::i16x8::le_u,
                I16x8GeS = vector::i16x8::ge_s,
                I16x8GeU = vector::i16x8::ge_u,
                I16x8Add = vector::i16x8::add,
                I16x8Sub = vector::i16x8::sub,
                I16x8Mul = vector::i16x8::mul,
                I16x8AddSatS = vector::i16x8::add_sat_s,
                I16x8AddSatU = vector::i16x8::add_sat_u,
                I16x8SubSatS = vector::i16x8::sub_sat_s,
                I16x8SubSatU = vector::i16x8::sub_sat_u,
                I16x8AvgrU = vector::i16x8::avgr_u,
                I16x8MinS = vector::i16x8::min_s,
                I16x8MinU = vector::i16x8::min_u,
                I16x8MaxS = vector::i16x8::max_s,
                I16x8MaxU = vector::i16x8::max_u,
                I32x4Eq = vector::i32x4::eq,
                I32x4Ne = vector::i32x4::ne,
                I32x4LtS = vector::i32x4::lt_s,
                I32x4LtU = vector::i32x4::lt_u,
                I32x4GtS = vector::i32x4::gt_s,
                I32x4GtU = vector::i32x4::gt_u,
                I32x4LeS = vector::i32x4::le_s,
                I32x4LeU = vector::i32x4::le_u,
                I32x4GeS = vector::i32x4::ge_s,
                I32x4GeU = vector::i32x4::ge_u,
                I32x4Add = vector::i32x4::add,
                I32x4Sub = vector::i32x4::sub,
                I32x4Mul = vector::i32x4::mul,
                I32x4MinS = vector::i32x4::min_s,
                I32x4MinU = vector::i32x4::min_u,
                I32x4MaxS = vector::i32x4::max_s,
                I32x4MaxU = vector::i32x4::max_u,
                I64x2Eq = vector::i64x2::eq,
                I64x2Ne = vector::i64x2::ne,
                I64x2LtS = vector::i64x2::lt_s,
                I64x2GtS = vector::i64x2::gt_s,
                I64x2LeS = vector::i64x2::le_s,
                I64x2GeS = vector::i64x2::ge_s,
                I64x2Add = vector::i64x2::add,
                I64x2Sub = vector::i64x2::sub,
                I64x2Mul = vector::i64x2::mul,
                I8x16NarrowI16x8S = vector::i8x16::narrow_s,
                I8x16NarrowI16x8U = vector::i8x16::narrow_u,
                I16x8NarrowI32x4S = vector::i16x8::narrow_s,
                I16x8NarrowI32x4U = vector::i16x8::narrow_u,
                I16x8ExtMulLowI8x16S = vector::i16x8::ext_mul_low_s,
                I16x8ExtMulLowI8x16U = vector::i16x8::ext_mul_low_u,
                I16x8ExtMulHighI8x16S = vector::i16x8::ext_mul_high_s,
                I16x8ExtMulHighI8x16U = vector::i16x8::ext_mul_high_u,
                I32x4ExtMulLowI16x8S = vector::i32x4::ext_mul_low_s,
                I32x4ExtMulLowI16x8U = vector::i32x4::ext_mul_low_u,
                I32x4ExtMulHighI16x8S = vector::i32x4::ext_mul_high_s,
                I32x4ExtMulHighI16x8U = vector::i32x4::ext_mul_high_u,
                I64x2ExtMulLowI32x4S = vector::i64x2::ext_mul_low_s,
                I64x2ExtMulLowI32x4U = vector::i64x2::ext_mul_low_u,
                I64x2ExtMulHighI32x4S = vector::i64x2::ext_mul_high_s,
                I64x2ExtMulHighI32x4U = vector::i64x2::ext_mul_high_u,
                I16x8Q15MulrSatS = vector::i16x8::q15mulr_sat_s,
                I16x8RelaxedQ15mulrS = vector::i16x8::q15mulr_sat_s,
                I32x4DotI16x8S = vector::i32x4::dot_s,
                I16x8RelaxedDotI8x16I7x16S = vector::i16x8::dot_s,
                F32x4Eq = vector::f32x4::eq,
                F32x4Ne = vector::f32x4::ne,
                F32x4Lt = vector::f32x4::lt,
                F32x4Gt = vector::f32x4::gt,
                F32x4Le = vector::f32x4::le,
                F32x4Ge = vector::f32x4::ge,
                F32x4Add = vector::f32x4::add,
                F32x4Sub = vector::f32x4::sub,
                F32x4Mul = vector::f32x4::mul,
                F32x4Div = vector::f32x4::div,
                F32x4Min = vector::f32x4::min,
                F32x4Max = vector::f32x4::max,
                F32x4PMin = vector::f32x4::pmin,
                F32x4PMax = vector::f32x4::pmax,
                F32x4RelaxedMin = vector::f32x4::min,
                F32x4RelaxedMax = vector::f32x4::max,
                F64x2Eq = vector::f64x2::eq,
                F64x2Ne = vector::f64x2::ne,
                F64x2Lt = vector::f64x2::lt,
                F64x2Gt = vector::f64x2::gt,
                F64x2Le = vector::f64x2::le,
                F64x2Ge = vector::f64x2::ge,
                F64x2Add = vector::f64x2::add,
                F64x2Sub = vector::f64x2::sub,
                F64x2Mul = vector::f64x2::mul,
                F64x2Div = vector::f64x2::div,
                F64x2Min = vector::f64x2::min,
                F64x2Max = vector::f64x2::max,
                F64x2PMin = vector::f64x2::pmin,
                F64x2PMax = vector::f64x2::pmax,
                F64x2RelaxedMin = vector::f64x2::min,
                F64x2RelaxedMax = vector::f64x2::max,
            }
            ternary {
                V128Bitselect = vector::v128::bitselect,
                I8x16RelaxedLaneselect = vector::v128::bitselect,
                I16x8RelaxedLaneselect = vector::v128::bitselect,
                I32x4RelaxedLaneselect = vector::v128::bitselect,
                I64x2RelaxedLaneselect = vector::v128::bitselect,
                F32x4RelaxedMadd = vector::f32x4::madd,
                F32x4RelaxedNmadd = vector::f32x4::nmadd,
                F64x2RelaxedMadd = vector::f64x2::madd,
                F64x2RelaxedNmadd = vector::f64x2::nmadd,
                I32x4RelaxedDotI8x16I7x16AddS = vector::i32x4::relaxed_dot_add,
            }
            shift {
                I8x16Shl = vector::i8x16::shl,
                I8x16ShrS = vector::i8x16::shr_s,
                I8x16ShrU = vector::i8x16::shr_u,
                I16x8Shl = vector::i16x8::shl,
                I16x8ShrS = vector::i16x8::shr_s,
                I16x8ShrU = vector::i16x8::shr_u,
                I32x4Shl = vector::i32x4::shl,
                I32x4ShrS = vector::i32x4::shr_s,
                I32x4ShrU = vector::i32x4::shr_u,
                I64x2Shl = vector::i64x2::shl,
                I64x2ShrS = vector::i64x2::shr_s,
                I64x2ShrU = vector::i64x2::shr_u,
            }
            test {
                V128AnyTrue = vector::v128::any_true,
                I8x16AllTrue = vector::i8x16::all_true,
                I8x16Bitmask = vector::i8x16::bitmask,
                I16x8AllTrue = vector::i16x8::all_true,
                I16x8Bitmask = vector::i16x8::bitmask,
                I32x4AllTrue = vector::i32x4::all_true,
                I32x4Bitmask = vector::i32x4::bitmask,
                I64x2AllTrue = vector::i64x2::all_true,
                I64x2Bitmask = vector::i64x2::bitmask,
            }
            splat {
                I8x16Splat = vector::i8x16::splat,
                I16x8Splat = vector::i16x8::splat,
                I32x4Splat = vector::i32x4::splat,
                I64x2Splat = vector::i64x2::splat,
                F32x4Splat = vector::f32x4::splat,
                F64x2Splat = vector::f64x2::splat,
            }
            extract {
                I8x16ExtractLaneS = vector::i8x16::extract_lane_s,
                I8x16ExtractLaneU = vector::i8x16::extract_lane_u,
                I16x8ExtractLaneS = vector::i16x8::extract_lane_s,
                I16x8ExtractLaneU = vector::i16x8::extract_lane_u,
                I32x4ExtractLane = vector::i32x4::extract_lane_u,
                I64x2ExtractLane = vector::i64x2::extract_lane_u,
                F32x4ExtractLane = vector::f32x4::extract_lane_u,
                F64x2ExtractLane = vector::f64x2::extract_lane_u,
            }
            replace {
                I8x16ReplaceLane = vector::i8x16::replace_lane,
                I16x8ReplaceLane = vector::i16x8::replace_lane,
                I32x4ReplaceLane = vector::i32x4::replace_lane,
                I64x2ReplaceLane = vector::i64x2::replace_lane,
                F32x4ReplaceLane = vector::f32x4::replace_lane,
                F64x2ReplaceLane = vector::f64x2::replace_lane,
            }
        }
    };
}

#[cfg(threaded)]
pub(crate) use for_each_vector;

macro_rules! define_vector {
    (
        unary { $($unary:ident = $uf:path,)* }
        binary { $($binary:ident = $bf:path,)* }
        ternary { $($ternary:ident = $tf:path,)* }
        shift { $($shift:ident = $sf:path,)* }
        test { $($test:ident = $ef:path,)* }
        splat { $($splat:ident = $pf:path,)* }
        extract { $($extract:ident = $xf:path,)* }
        replace { $($replace:ident = $rf:path,)* }
    ) => {
        /// A vector operator that computes, or one of wide arithmetic.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub(crate) enum VectorOp {
            $($unary,)* $($binary,)* $($ternary,)* $($shift,)* $($test,)* $($splat,)*
            $($extract,)* $($replace,)*
        }

        impl VectorOp {
            /// All of them, by number.
            pub(crate) const ALL: &[VectorOp] = &[
                $(VectorOp::$unary,)* $(VectorOp::$binary,)* $(VectorOp::$ternary,)*
                $(VectorOp::$shift,)* $(VectorOp::$test,)* $(VectorOp::$splat,)*
                $(VectorOp::$extract,)* $(VectorOp::$replace,)*
            ];

            /// How many slots it takes and gives.
            pub(crate) fn effect(self) -> (u32, u32) {
                match self {
                    $(VectorOp::$unary => (2, 2),)*
                    $(VectorOp::$binary => (4, 2),)*
                    $(VectorOp::$ternary => (6, 2),)*
                    $(VectorOp::$shift => (3, 2),)*
                    $(VectorOp::$test => (2, 1),)*
                    $(VectorOp::$splat => (1, 2),)*
                    $(VectorOp::$extract => (2, 1),)*
                    $(VectorOp::$replace => (3, 2),)*
                }
            }
        }

        /// Decodes a vector operator that computes, with its lane.
        fn decode_computing(operator: &wasmparser::Operator<'_>) -> Option<(VectorOp, u8)> {
            use wasmparser::Operator;
            Some(match *operator {
                $(Operator::$unary => (VectorOp::$unary, 0),)*
                $(Operator::$binary => (VectorOp::$binary, 0),)*
                $(Operator::$ternary => (VectorOp::$ternary, 0),)*
                $(Operator::$shift => (VectorOp::$shift, 0),)*
                $(Operator::$test => (VectorOp::$test, 0),)*
                $(Operator::$splat => (VectorOp::$splat, 0),)*
                $(Operator::$extract { lane } => (VectorOp::$extract, lane),)*
                $(Operator::$replace { lane } => (VectorOp::$replace, lane),)*
                _ => return None,
            })
        }

        impl VectorOp {
            /// What it takes and gives.
            pub(crate) const fn shape(self) -> VectorShape {
                match self {
                    $(VectorOp::$unary => VectorShape::Unary,)*
                    $(VectorOp::$binary => VectorShape::Binary,)*
                    $(VectorOp::$ternary => VectorShape::Ternary,)*
                    $(VectorOp::$shift => VectorShape::WithNumber,)*
                    $(VectorOp::$test => VectorShape::ToNumber,)*
                    $(VectorOp::$splat => VectorShape::FromNumber,)*
                    $(VectorOp::$extract => VectorShape::ToNumber,)*
                    $(VectorOp::$replace => VectorShape::WithNumber,)*
                }
            }
        }

        /// Computes with operands of 128 bits, of which numbers use the lower half.
        #[inline(always)]
        pub(crate) fn evaluate(op: VectorOp, [a, b, c]: [u128; 3], lane: u8) -> u128 {
            match op {
                $(VectorOp::$unary => $uf(a),)*
                $(VectorOp::$binary => $bf(a, b),)*
                $(VectorOp::$ternary => $tf(a, b, c),)*
                $(VectorOp::$shift => $sf(a, b as u32),)*
                $(VectorOp::$splat => $pf(a as u64),)*
                $(VectorOp::$replace => $rf(a, b as u64, lane),)*
                $(VectorOp::$test => u128::from($ef(a)),)*
                $(VectorOp::$extract => u128::from($xf(a, lane)),)*
            }
        }
    };
}

for_each_vector!(define_vector);

/// What an operator takes and gives: vectors, but where a number is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum VectorShape {
    Unary,
    Binary,
    Ternary,
    /// A vector and a number.
    WithNumber,
    ToNumber,
    FromNumber,
}

/// Computes with the operands at the beginning of `slots`, and puts the result there.
pub(super) fn compute(op: VectorOp, lane: u8, slots: &mut [u64]) {
    let vector = |at: usize| join([slots[at], slots[at + 1]]);
    let operands = match op.shape() {
        VectorShape::Unary | VectorShape::ToNumber => [vector(0), 0, 0],
        VectorShape::Binary => [vector(0), vector(2), 0],
        VectorShape::Ternary => [vector(0), vector(2), vector(4)],
        VectorShape::WithNumber => [vector(0), slots[2].into(), 0],
        VectorShape::FromNumber => [slots[0].into(), 0, 0],
    };
    let [lower, upper] = split(evaluate(op, operands, lane));
    slots[0] = lower;
    if op.shape() != VectorShape::ToNumber {
        slots[1] = upper;
    }
}

/// Takes lanes of the two vectors at the beginning of `slots`, and puts the result there.
pub(super) fn shuffle(lanes: u128, slots: &mut [u64]) {
    let (a, b) = (join([slots[0], slots[1]]), join([slots[2], slots[3]]));
    [slots[0], slots[1]] = split(vector::i8x16::shuffle(a, b, lanes));
}

/// A load or store of a vector, or of a part of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct VectorAccess {
    kind: Kind,
    /// Bytes accessed, as a power of two, and above these three bits the lane.
    extent: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Kind {
    Load,
    Store,
    /// Lanes of half the width, extended.
    ExtendSigned,
    ExtendUnsigned,
    /// A number in every lane, or in the lowest alone.
    Splat,
    Zero,
    /// One lane of a vector.
    LoadLane,
    StoreLane,
}

impl VectorAccess {
    fn new(kind: Kind, bytes: u8, lane: u8) -> Self {
        Self { kind, extent: bytes.trailing_zeros() as u8 | lane << 3 }
    }

    /// Bytes accessed.
    pub(crate) fn bytes(self) -> u8 {
        1 << (self.extent & 7)
    }

    /// The lane; where lanes are extended, their bytes.
    fn lane(self) -> u8 {
        self.extent >> 3
    }

    /// How many slots it takes and gives.
    pub(crate) fn effect(self) -> (u32, u32) {
        match self.kind {
            Kind::Store | Kind::StoreLane => (3, 0),
            Kind::LoadLane => (3, 2),
            _ => (1, 2),
        }
    }

    /// Whether it writes to memory.
    pub(crate) fn writes(self) -> bool {
        matches!(self.kind, Kind::Store | Kind::StoreLane)
    }

    /// As a number, for operations of the fast tier.
    pub(crate) fn number(self) -> u16 {
        self.kind as u16 | u16::from(self.extent) << 8
    }

    /// What [`number`](Self::number) has made a number of.
    pub(crate) fn of_number(number: u16) -> Self {
        const KINDS: [Kind; 8] = [
            Kind::Load,
            Kind::Store,
            Kind::ExtendSigned,
            Kind::ExtendUnsigned,
            Kind::Splat,
            Kind::Zero,
            Kind::LoadLane,
            Kind::StoreLane,
        ];
        let kind = KINDS[usize::from(number & 7)];
        Self { kind, extent: (number >> 8) as u8 }
    }

    /// Accesses memory with the operands at the beginning of `slots`, and puts the result there.
    ///
    /// # Errors
    /// [`TrapCode::MemoryOutOfBounds`]; nothing is changed.
    pub(super) fn execute(
        self,
        memory: &mut [u8],
        offset: u64,
        slots: &mut [u64],
    ) -> Result<(), TrapCode> {
        let vector = slots.get(1..3).map_or(0, |slots| join([slots[0], slots[1]]));
        let result = self.access(memory, slots[0], offset, vector)?;
        if !self.writes() {
            [slots[0], slots[1]] = split(result);
        }
        Ok(())
    }

    /// Accesses memory at an address plus an offset. What is written comes from the vector, and a
    /// lane that is read goes into it; returns what it then is.
    ///
    /// # Errors
    /// [`TrapCode::MemoryOutOfBounds`]; nothing is changed.
    #[inline(always)]
    pub(crate) fn access(
        self,
        memory: &mut [u8],
        address: u64,
        offset: u64,
        vector: u128,
    ) -> Result<u128, TrapCode> {
        let size = memory.len() as u64;
        let bytes = usize::from(self.bytes());
        let start = access::effective(address, offset, bytes as u64, size)?;
        let place = memory.get_mut(start..start + bytes).ok_or(TrapCode::MemoryOutOfBounds)?;
        let bits = u32::from(self.bytes()) * 8;
        if self.writes() {
            let value = vector >> (u32::from(self.lane()) * bits);
            place.copy_from_slice(&value.to_le_bytes()[..bytes]);
            return Ok(vector);
        }
        let mut read = [0; 16];
        read[..bytes].copy_from_slice(place);
        let read = u128::from_le_bytes(read);
        Ok(match (self.kind, self.bytes(), self.lane()) {
            (Kind::ExtendSigned, _, 1) => vector::i16x8::extend_low_s(read),
            (Kind::ExtendUnsigned, _, 1) => vector::i16x8::extend_low_u(read),
            (Kind::ExtendSigned, _, 2) => vector::i32x4::extend_low_s(read),
            (Kind::ExtendUnsigned, _, 2) => vector::i32x4::extend_low_u(read),
            (Kind::ExtendSigned, ..) => vector::i64x2::extend_low_s(read),
            (Kind::ExtendUnsigned, ..) => vector::i64x2::extend_low_u(read),
            (Kind::Splat, 1, _) => vector::i8x16::splat(read as u64),
            (Kind::Splat, 2, _) => vector::i16x8::splat(read as u64),
            (Kind::Splat, 4, _) => vector::i32x4::splat(read as u64),
            (Kind::Splat, ..) => vector::i64x2::splat(read as u64),
            (Kind::LoadLane, ..) => {
                let (all, at) = (u128::MAX >> (128 - bits), u32::from(self.lane()) * bits);
                vector & !(all << at) | read << at
            }
            _ => read,
        })
    }

    /// Whether a vector is among the operands.
    pub(crate) fn takes_vector(self) -> bool {
        matches!(self.kind, Kind::Store | Kind::StoreLane | Kind::LoadLane)
    }

    /// Loads and stores of whole vectors.
    pub(crate) const LOAD: Self = Self { kind: Kind::Load, extent: 4 };
    pub(crate) const STORE: Self = Self { kind: Kind::Store, extent: 4 };
}

/// Decodes the operators of this file but for those with an immediate vector.
pub(super) fn decode_vector(operator: &wasmparser::Operator<'_>) -> Option<Op> {
    use wasmparser::{MemArgTarget, Operator as O};
    if let Some((op, lane)) = decode_computing(operator) {
        return Some(Op::Vector { op, lane });
    }
    let ((kind, bytes, lane), memarg) = match *operator {
        O::V128Load { memarg } => ((Kind::Load, 16, 0), memarg),
        O::V128Store { memarg } => ((Kind::Store, 16, 0), memarg),
        O::V128Load8x8S { memarg } => ((Kind::ExtendSigned, 8, 1), memarg),
        O::V128Load8x8U { memarg } => ((Kind::ExtendUnsigned, 8, 1), memarg),
        O::V128Load16x4S { memarg } => ((Kind::ExtendSigned, 8, 2), memarg),
        O::V128Load16x4U { memarg } => ((Kind::ExtendUnsigned, 8, 2), memarg),
        O::V128Load32x2S { memarg } => ((Kind::ExtendSigned, 8, 4), memarg),
        O::V128Load32x2U { memarg } => ((Kind::ExtendUnsigned, 8, 4), memarg),
        O::V128Load8Splat { memarg } => ((Kind::Splat, 1, 0), memarg),
        O::V128Load16Splat { memarg } => ((Kind::Splat, 2, 0), memarg),
        O::V128Load32Splat { memarg } => ((Kind::Splat, 4, 0), memarg),
        O::V128Load64Splat { memarg } => ((Kind::Splat, 8, 0), memarg),
        O::V128Load32Zero { memarg } => ((Kind::Zero, 4, 0), memarg),
        O::V128Load64Zero { memarg } => ((Kind::Zero, 8, 0), memarg),
        O::V128Load8Lane { memarg, lane } => ((Kind::LoadLane, 1, lane), memarg),
        O::V128Load16Lane { memarg, lane } => ((Kind::LoadLane, 2, lane), memarg),
        O::V128Load32Lane { memarg, lane } => ((Kind::LoadLane, 4, lane), memarg),
        O::V128Load64Lane { memarg, lane } => ((Kind::LoadLane, 8, lane), memarg),
        O::V128Store8Lane { memarg, lane } => ((Kind::StoreLane, 1, lane), memarg),
        O::V128Store16Lane { memarg, lane } => ((Kind::StoreLane, 2, lane), memarg),
        O::V128Store32Lane { memarg, lane } => ((Kind::StoreLane, 4, lane), memarg),
        O::V128Store64Lane { memarg, lane } => ((Kind::StoreLane, 8, lane), memarg),
        _ => return None,
    };
    let MemArgTarget::Memory(memory) = memarg.target else { return None };
    let access = VectorAccess::new(kind, bytes, lane);
    Some(Op::VectorMemory { access, memory, offset: memarg.offset })
}
