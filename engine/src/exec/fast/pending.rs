//! Operands that are not in their home slots where execution stops, and where they come from.
//!
//! An instruction that became nothing, or melted into a later operation, has left nothing behind
//! where the exact tier looks for its result. Such a result is a pure function of the frame's
//! slots: it is written to its home when execution stops behind the instruction, and if it is still
//! there, the fast tier can go on with the operation that will compute it again.

use crate::exec::exact::{Op, for_each_numeric};
use crate::semantics::{convert, float, int};
use crate::value::Slot;

/// An operand: its home among the frame's slots, and what belongs there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Pending {
    pub(super) home: u16,
    pub(super) source: Source,
}

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Source {
    Slot(u16),
    Constant(u64),
    Address(Address),
    /// What a pure operator makes of slots.
    Unary(Op, u16),
    Binary(Op, u16, Right),
}

/// An address that a load or store adds up by itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Address {
    /// A slot and another one, shifted to the left.
    Indexed { a: u16, b: u16, shift: u8 },
    /// A slot and a constant.
    Plus { a: u16, added: u32 },
}

/// The right operand of a binary operator.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Right {
    Slot(u16),
    /// In the upper half of the word.
    Immediate(u64),
}

impl Source {
    /// The operand; `frame` are the slots of the frame.
    #[inline]
    fn value(self, frame: &[u64]) -> Option<u64> {
        let get = |slot: u16| frame.get(usize::from(slot)).copied();
        match self {
            Source::Slot(slot) => get(slot),
            Source::Constant(value) => Some(value),
            Source::Address(Address::Indexed { a, b, shift }) => {
                let shifted = (get(b)? as u32).wrapping_shl(shift.into());
                Some((get(a)? as u32).wrapping_add(shifted).into())
            }
            Source::Address(Address::Plus { a, added }) => {
                Some((get(a)? as u32).wrapping_add(added).into())
            }
            Source::Unary(op, a) => apply(op, get(a)?, 0),
            Source::Binary(op, a, Right::Slot(b)) => apply(op, get(a)?, get(b)?),
            Source::Binary(op, a, Right::Immediate(word)) => {
                apply(op, get(a)?, (word as i64 >> 32) as u64)
            }
        }
    }
}

/// What an operator that cannot trap computes; `None` for all others.
#[inline(never)]
fn apply(op: Op, a: u64, b: u64) -> Option<u64> {
    macro_rules! pure {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            Some(match op {
                $(Op::$unary => {
                    let result: $ur = $uf(<$ua>::from_slot(a));
                    result.into_slot()
                })*
                $(Op::$binary => {
                    let result: $br = $bf(<$ba>::from_slot(a), <$ba>::from_slot(b));
                    result.into_slot()
                })*
                _ => return None,
            })
        };
    }
    for_each_numeric!(pure)
}

/// Puts operands into their homes. They are in ascending order, so that none is overwritten before
/// it has been read.
#[inline]
pub(super) fn settle(frame: &mut [u64], pending: &[Pending]) {
    for Pending { home, source } in pending {
        let value = source.value(frame);
        if let (Some(slot), Some(value)) = (frame.get_mut(usize::from(*home)), value) {
            *slot = value;
        }
    }
}

/// Whether all homes hold what will be computed again. They do not where a source lay in a home that
/// an operand has taken, or where a person has changed a value.
#[inline]
pub(super) fn is_settled(frame: &[u64], pending: &[Pending]) -> bool {
    let held = |pending: &Pending| frame.get(usize::from(pending.home)).copied();
    pending
        .iter()
        .all(|pending| held(pending).is_some_and(|held| pending.source.value(frame) == Some(held)))
}
