//! The operations that an operator can become, and how their words are packed.

use super::super::handlers::*;
use super::super::machine::NEAR;
use super::super::operators::*;
use super::super::pending::Right;
use crate::exec::exact::{Op, for_each_numeric};

/// First words of an operator whose operands may come from slots (`s`), constants (`i`) and the
/// accumulator (`a`).
#[derive(Clone, Copy)]
pub(super) struct Forms {
    pub(super) ss: u64,
    pub(super) si: u64,
    pub(super) ac_s: u64,
    pub(super) ac_i: u64,
    pub(super) s_ac: u64,
}

/// The same with a constant (`c`) too wide for an immediate, or on the left.
#[derive(Clone, Copy)]
pub(super) struct WideForms {
    pub(super) sc: u64,
    pub(super) ac_c: u64,
    pub(super) cs: u64,
    pub(super) c_ac: u64,
}

/// The same with one operand.
#[derive(Clone, Copy)]
pub(super) struct Single {
    pub(super) slot: u64,
    pub(super) accumulator: u64,
    /// Which accumulator it reads, and which it leaves its result in.
    pub(super) kinds: Kinds,
}

/// Whether operands and result are floats, which have an accumulator of their own.
#[derive(Clone, Copy, Default)]
pub(super) struct Kinds {
    pub(super) operands: bool,
    pub(super) result: bool,
}

/// A binary operator by itself, and together with a branch.
#[derive(Clone, Copy)]
pub(super) struct Binary {
    pub(super) value: Forms,
    pub(super) wide: WideForms,
    pub(super) br_if: Forms,
    pub(super) br_unless: Forms,
    /// Whether its operands are of 32 bits.
    pub(super) narrow: bool,
    pub(super) kinds: Kinds,
}

/// What an operation of the table becomes.
pub(super) enum Numeric {
    Unary(Single),
    TryUnary(u64),
    Binary(Binary),
    TryBinary { slot: u64, immediate: u64, narrow: bool },
    Load { code: Single, plus: Single, indexed: Single, memory: u16, offset: u32 },
    Store { code: Forms, constant: Single, indexed: u64, memory: u16, offset: u32 },
}

/// A load from one of the memories that are [near](NEAR).
fn load<O: Load, S: Space>(memory: u32, offset: u64) -> Option<Numeric> {
    let single = |slot, accumulator, kinds| Single { slot, accumulator, kinds };
    let kinds = Kinds { operands: false, result: O::FLOAT_RESULT };
    Some(Numeric::Load {
        code: single(
            encode::<LoadOf<O, Second, S>>(),
            encode::<LoadOf<O, Accumulator, S>>(),
            kinds,
        ),
        plus: single(
            encode::<LoadPlus<O, Second, S>>(),
            encode::<LoadPlus<O, Accumulator, S>>(),
            Kinds::default(),
        ),
        indexed: single(
            encode::<LoadIndexed<O, Third, S>>(),
            encode::<LoadIndexed<O, Accumulator, S>>(),
            Kinds::default(),
        ),
        memory: near(memory)?,
        offset: u32::try_from(offset).ok()?,
    })
}

/// A store to one of them.
fn store<O: Store, S: Space>(memory: u32, offset: u64) -> Option<Numeric> {
    Some(Numeric::Store {
        code: Forms {
            ss: encode::<StoreOf<O, First, Second, S>>(),
            si: 0,
            ac_s: encode::<StoreOf<O, Accumulator, Second, S>>(),
            ac_i: 0,
            s_ac: encode::<StoreOf<O, First, Accumulator, S>>(),
        },
        constant: Single {
            slot: encode::<StoreConstant<O, First, S>>(),
            accumulator: encode::<StoreConstant<O, Accumulator, S>>(),
            kinds: Kinds::default(),
        },
        indexed: encode::<StoreIndexed<O, S>>(),
        memory: near(memory)?,
        offset: u32::try_from(offset).ok()?,
    })
}

fn near(memory: u32) -> Option<u16> {
    u16::try_from(memory).ok().filter(|memory| usize::from(*memory) < NEAR)
}

/// What an operator becomes; a store with `marks` is one that marks the page that it writes.
pub(super) fn numeric(op: &Op, marks: bool) -> Option<Numeric> {
    macro_rules! forms {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            Some(match *op {
                $(Op::$unary => Numeric::Unary(Single {
                    slot: encode::<UnaryOf<$unary, Second>>(),
                    accumulator: encode::<UnaryOf<$unary, Accumulator>>(),
                    kinds: Kinds {
                        operands: <$unary as Unary>::FLOAT_OPERANDS,
                        result: <$unary as Unary>::FLOAT_RESULT,
                    },
                }),)*
                $(Op::$binary => Numeric::Binary(Binary {
                    value: Forms {
                        ss: encode::<BinaryOf<$binary, Second, Third>>(),
                        si: encode::<BinaryOf<$binary, Second, Immediate>>(),
                        ac_s: encode::<BinaryOf<$binary, Accumulator, Third>>(),
                        ac_i: encode::<BinaryOf<$binary, Accumulator, Immediate>>(),
                        s_ac: encode::<BinaryOf<$binary, Second, Accumulator>>(),
                    },
                    wide: WideForms {
                        sc: encode::<BinaryOf<$binary, Second, Wide>>(),
                        ac_c: encode::<BinaryOf<$binary, Accumulator, Wide>>(),
                        cs: encode::<BinaryOf<$binary, Wide, Third>>(),
                        c_ac: encode::<BinaryOf<$binary, Wide, Accumulator>>(),
                    },
                    br_if: Forms {
                        ss: encode::<BrIfOf<$binary, First, Second>>(),
                        si: encode::<BrIfOf<$binary, First, Immediate>>(),
                        ac_s: encode::<BrIfOf<$binary, Accumulator, Second>>(),
                        ac_i: encode::<BrIfOf<$binary, Accumulator, Immediate>>(),
                        s_ac: encode::<BrIfOf<$binary, First, Accumulator>>(),
                    },
                    br_unless: Forms {
                        ss: encode::<BrUnlessOf<$binary, First, Second>>(),
                        si: encode::<BrUnlessOf<$binary, First, Immediate>>(),
                        ac_s: encode::<BrUnlessOf<$binary, Accumulator, Second>>(),
                        ac_i: encode::<BrUnlessOf<$binary, Accumulator, Immediate>>(),
                        s_ac: encode::<BrUnlessOf<$binary, First, Accumulator>>(),
                    },
                    narrow: size_of::<$ba>() == 4,
                    kinds: Kinds {
                        operands: <$binary as super::super::operators::Binary>::FLOAT_OPERANDS,
                        result: <$binary as super::super::operators::Binary>::FLOAT_RESULT,
                    },
                }),)*
                $(Op::$tunary => Numeric::TryUnary(encode::<TryUnaryOf<$tunary>>()),)*
                $(Op::$tbinary => Numeric::TryBinary {
                    slot: encode::<TryBinaryOf<$tbinary, Third>>(),
                    immediate: encode::<TryBinaryOf<$tbinary, Immediate>>(),
                    narrow: size_of::<$tba>() == 4,
                },)*
                $(Op::$load { memory: 0, offset } => load::<$load, Own>(0, offset)?,)*
                $(Op::$load { memory, offset } => load::<$load, Near>(memory, offset)?,)*
                $(Op::$store { memory, offset } => match (memory, marks) {
                    (0, false) => store::<$store, Own>(0, offset)?,
                    (0, true) => store::<$store, Marked<Own>>(0, offset)?,
                    (_, false) => store::<$store, Near>(memory, offset)?,
                    (_, true) => store::<$store, Marked<Near>>(memory, offset)?,
                },)*
                _ => return None,
            })
        };
    }
    for_each_numeric!(forms)
}

/// Whether the operands may change places.
pub(super) fn commutes(op: &Op) -> bool {
    matches!(
        op,
        Op::I32Add
            | Op::I32Mul
            | Op::I32And
            | Op::I32Or
            | Op::I32Xor
            | Op::I32Eq
            | Op::I32Ne
            | Op::I64Add
            | Op::I64Mul
            | Op::I64And
            | Op::I64Or
            | Op::I64Xor
            | Op::I64Eq
            | Op::I64Ne
            // NaNs have one form only.
            | Op::F32Add
            | Op::F32Mul
            | Op::F32Eq
            | Op::F32Ne
            | Op::F64Add
            | Op::F64Mul
            | Op::F64Eq
            | Op::F64Ne
    )
}

/// The constant as the upper half of a word, if it fits there.
pub(super) fn immediate(constant: u64, narrow: bool) -> Option<u64> {
    let extended = constant as u32 as i32 as i64 as u64;
    (narrow || extended == constant).then_some(u64::from(constant as u32) << 32)
}

/// Fields of 16 bits, low ones first.
pub(super) fn pack(fields: [u16; 4]) -> u64 {
    let [a, b, c, d] = fields.map(u64::from);
    a | b << 16 | c << 32 | d << 48
}

/// A field of 16 bits and one of 32.
pub(super) fn wide(low: u16, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The operands of a binary operator.
#[derive(Clone, Copy)]
pub(super) enum Operands {
    Narrow(u16, Right),
    /// A constant that takes a word, on the right and on the left.
    ConstantRight(u16, u64),
    ConstantLeft(u64, u16),
}

/// What ends a loop that counts by adding to a local: branches if a comparison holds, unless it
/// does; by what is added (a slot, an immediate), then by what is compared with.
pub(super) struct Counting {
    pub(super) br_if: [[u64; 2]; 2],
    pub(super) br_unless: [[u64; 2]; 2],
}

macro_rules! counting {
    ($($compare:ident)*) => {
        /// The forms of a comparison that can end such a loop.
        pub(super) fn counting(op: &Op) -> Option<Counting> {
            Some(match op {
                $(Op::$compare => Counting {
                    br_if: [
                        [
                            encode::<AddBrIf<$compare, Third, Fourth>>(),
                            encode::<AddBrIf<$compare, Far, Fourth>>(),
                        ],
                        [
                            encode::<AddBrIf<$compare, Third, Small>>(),
                            encode::<AddBrIf<$compare, Far, Small>>(),
                        ],
                    ],
                    br_unless: [
                        [
                            encode::<AddBrUnless<$compare, Third, Fourth>>(),
                            encode::<AddBrUnless<$compare, Far, Fourth>>(),
                        ],
                        [
                            encode::<AddBrUnless<$compare, Third, Small>>(),
                            encode::<AddBrUnless<$compare, Far, Small>>(),
                        ],
                    ],
                },)*
                _ => return None,
            })
        }
    };
}
counting!(I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU);

/// The operation that shifts to the left and adds the result to something.
pub(super) fn shift_sum() -> Single {
    Single {
        slot: encode::<ShiftSum<I32Shl, Third>>(),
        accumulator: encode::<ShiftSum<I32Shl, Accumulator>>(),
        kinds: Kinds::default(),
    }
}

/// The operation that multiplies and adds the product to something, for an addition: with the first
/// factor in a slot and in the accumulator.
pub(super) fn product_sum(op: &Op) -> Option<Single> {
    macro_rules! forms {
        ($product:ident, $sum:ident, $float:literal) => {
            Single {
                slot: encode::<ProductSum<$product, $sum, Second>>(),
                accumulator: encode::<ProductSum<$product, $sum, Accumulator>>(),
                kinds: Kinds { operands: $float, result: $float },
            }
        };
    }
    Some(match op {
        Op::I32Add => forms!(I32Mul, I32Add, false),
        Op::I64Add => forms!(I64Mul, I64Add, false),
        Op::F32Add => forms!(F32Mul, F32Add, true),
        Op::F64Add => forms!(F64Mul, F64Add, true),
        _ => return None,
    })
}

/// How many bytes a load or store accesses, and whether it writes them.
pub(super) fn access_of(op: &Op) -> (u32, bool) {
    macro_rules! accesses {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            match op {
                $(Op::$load { .. } => (size_of::<$lw>() as u32, false),)*
                $(Op::$store { .. } => (size_of::<$sw>() as u32, true),)*
                _ => (0, false),
            }
        };
    }
    for_each_numeric!(accesses)
}
