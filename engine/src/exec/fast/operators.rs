//! The operators of the exact tier's table as types, so that one handler can be written for a whole
//! family of them.

use crate::exec::exact::for_each_numeric;
use crate::semantics::{access, convert, float, int};
use crate::value::Slot;

/// Numbers the operators, across all families.
macro_rules! define {
    (
        unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
        binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
        try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
        try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
        load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
        store { $($store:ident($sf:ident: $sw:ty),)* }
    ) => {
        /// The operators by number.
        #[derive(Clone, Copy)]
        #[repr(u32)]
        pub(super) enum Number {
            $($unary,)* $($binary,)* $($tunary,)* $($tbinary,)* $($load,)* $($store,)*
            /// One more than the last.
            End,
        }

        impl Number {
            pub(super) const COUNT: u32 = Number::End as u32;
        }

        $(
            pub(super) struct $unary;
            impl Unary for $unary {
                const NUMBER: u32 = Number::$unary as u32;
                const NAME: &'static str = stringify!($unary);
                const FLOAT_OPERANDS: bool = <$ua as Slot>::FLOAT;
                const FLOAT_RESULT: bool = <$ur as Slot>::FLOAT;
                #[inline(always)]
                fn apply(operand: u64) -> u64 {
                    let result: $ur = $uf(<$ua>::from_slot(operand));
                    result.into_slot()
                }
            }
        )*
        $(
            pub(super) struct $binary;
            impl Binary for $binary {
                const NUMBER: u32 = Number::$binary as u32;
                const NAME: &'static str = stringify!($binary);
                const FLOAT_OPERANDS: bool = <$ba as Slot>::FLOAT;
                const FLOAT_RESULT: bool = <$br as Slot>::FLOAT;
                #[inline(always)]
                fn apply(left: u64, right: u64) -> u64 {
                    let result: $br = $bf(<$ba>::from_slot(left), <$ba>::from_slot(right));
                    result.into_slot()
                }
            }
        )*
        $(
            pub(super) struct $tunary;
            impl TryUnary for $tunary {
                const NUMBER: u32 = Number::$tunary as u32;
                const NAME: &'static str = stringify!($tunary);
                #[inline(always)]
                fn apply(operand: u64) -> Option<u64> {
                    let result: Option<$tur> = $tuf(<$tua>::from_slot(operand)).ok();
                    result.map(Slot::into_slot)
                }
            }
        )*
        $(
            pub(super) struct $tbinary;
            impl TryBinary for $tbinary {
                const NUMBER: u32 = Number::$tbinary as u32;
                const NAME: &'static str = stringify!($tbinary);
                #[inline(always)]
                fn apply(left: u64, right: u64) -> Option<u64> {
                    let (left, right) = (<$tba>::from_slot(left), <$tba>::from_slot(right));
                    let result: Option<$tbr> = $tbf(left, right).ok();
                    result.map(Slot::into_slot)
                }
            }
        )*
        $(
            pub(super) struct $load;
            impl Load for $load {
                const NUMBER: u32 = Number::$load as u32;
                const NAME: &'static str = stringify!($load);
                const FLOAT_RESULT: bool =
                    matches!(Number::$load, Number::F32Load | Number::F64Load);
                #[inline(always)]
                fn load(memory: &[u8], address: u64, offset: u64) -> Option<u64> {
                    let loaded: $lw = access::$lf(memory, address, offset).ok()?;
                    Some((loaded as $lv as $ls).into_slot())
                }
            }
        )*
        $(
            pub(super) struct $store;
            impl Store for $store {
                const NUMBER: u32 = Number::$store as u32;
                const NAME: &'static str = stringify!($store);
                #[inline(always)]
                fn store(memory: &mut [u8], address: u64, offset: u64, slot: u64) -> Option<()> {
                    access::$sf(memory, address, offset, slot as $sw).ok()
                }
            }
        )*
    };
}

/// One operand, one result.
pub(super) trait Unary {
    const NUMBER: u32;
    const NAME: &'static str;
    const FLOAT_OPERANDS: bool;
    const FLOAT_RESULT: bool;
    fn apply(operand: u64) -> u64;
}

/// Two operands, one result; comparisons are among them.
pub(super) trait Binary {
    const NUMBER: u32;
    const NAME: &'static str;
    const FLOAT_OPERANDS: bool;
    const FLOAT_RESULT: bool;
    fn apply(left: u64, right: u64) -> u64;
}

/// As [`Unary`]; `None` is a trap.
pub(super) trait TryUnary {
    const NUMBER: u32;
    const NAME: &'static str;
    fn apply(operand: u64) -> Option<u64>;
}

/// As [`Binary`]; `None` is a trap.
pub(super) trait TryBinary {
    const NUMBER: u32;
    const NAME: &'static str;
    fn apply(left: u64, right: u64) -> Option<u64>;
}

/// Reads memory; `None` is a trap.
pub(super) trait Load {
    const NUMBER: u32;
    const NAME: &'static str;
    const FLOAT_RESULT: bool;
    fn load(memory: &[u8], address: u64, offset: u64) -> Option<u64>;
}

/// Writes memory; `None` is a trap, and nothing has been written.
pub(super) trait Store {
    const NUMBER: u32;
    const NAME: &'static str;
    fn store(memory: &mut [u8], address: u64, offset: u64, slot: u64) -> Option<()>;
}

for_each_numeric!(define);
