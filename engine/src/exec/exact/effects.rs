//! What an operator is about to do to the value stack, by its operands: for who follows values through a run.

use super::AtomicOp;
use super::apart::is_of;
use super::op::{Branch, Op, for_each_numeric};
use crate::observe::View;
use crate::types::slots_of;

/// What becomes of slots, which count from the base of the innermost frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StackEffect {
    /// So many are taken; what lies on top behind it has been made of them.
    Makes {
        pops: u32,
    },
    /// Values are carried, unchanged.
    Carries {
        from: u32,
        to: u32,
        len: u32,
    },
    /// A function is entered, for which so many slots are taken beside its arguments.
    Calls {
        pops: u32,
    },
    /// The same in place of the frame.
    TailCalls {
        pops: u32,
    },
    /// An exception is thrown, with so many slots of values on top; none if they are an exception's that was thrown
    /// before.
    Throws {
        values: u32,
    },
    Nothing,
}

impl Op {
    pub(crate) fn stack_effect(&self, view: &View<'_>) -> StackEffect {
        use StackEffect::{Calls, Carries, Makes, Nothing, TailCalls, Throws};
        let View { code, window, parts, types, .. } = *view;
        let sp = view.sp as u32;
        let operand = |depth: u32| {
            let position = sp.checked_sub(depth + 1);
            position.and_then(|position| window.get(position as usize)).copied().unwrap_or(0)
        };
        let carries = |from: u32, to: u32, len: u32| match len {
            0 => Nothing,
            len => Carries { from, to, len },
        };
        // With so many operands taken before.
        let branch = |to: Branch, taken: u32| {
            let top = sp.saturating_sub(taken);
            if to.target == Branch::RETURN {
                return carries(top.saturating_sub(code.results), 0, code.results);
            }
            let height = code.locals + to.height;
            match top == height + to.arity {
                true => Nothing,
                false => carries(top.saturating_sub(to.arity), height, to.arity),
            }
        };
        let on_top = |local: u32, len: u32| carries(local, sp, len);
        let from_top = |local: u32, len: u32| carries(sp.saturating_sub(len), local, len);
        let select = |slots: u32| {
            let to = sp.saturating_sub(1 + 2 * slots);
            let other = if operand(0) as u32 == 0 { slots } else { 0 };
            carries(to + other, to, slots)
        };
        macro_rules! effect {
            (
                unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
                binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
                try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
                try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
                load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
                store { $($store:ident($sf:ident: $sw:ty),)* }
            ) => {
                match *self {
                    Op::Unreachable
                    | Op::Try
                    | Op::Nop
                    | Op::If { .. }
                    | Op::Else { .. }
                    | Op::Drop
                    | Op::DropVector
                    // What a reference is stays as it is.
                    | Op::RefAsNonNull
                    | Op::RefCast { .. }
                    | Op::ElemDrop { .. }
                    | Op::DataDrop { .. } => Nothing,
                    Op::Br(to) => branch(to, 0),
                    Op::BrIf(to) if operand(0) as u32 != 0 => branch(to, 1),
                    Op::BrTable { first, count } => {
                        let chosen = (operand(0) as u32).min(count - 1);
                        let chosen = code.branches.get((first + chosen) as usize);
                        chosen.map_or(Nothing, |to| branch(*to, 1))
                    }
                    Op::BrOnNull(to) if operand(0) == 0 => branch(to, 1),
                    Op::BrOnNonNull(to) if operand(0) != 0 => branch(to, 0),
                    Op::BrIf(_) | Op::BrOnNull(_) | Op::BrOnNonNull(_) => Nothing,
                    Op::BrOnCast { index, fails, .. } => {
                        let Some((ty, to)) = code.casts.get(index as usize) else { return Nothing };
                        let ty = ty.map(&|ty| view.module.types[ty as usize].0);
                        match is_of(view.heap, view.funcs, types, operand(0), ty) != fails {
                            true => branch(*to, 0),
                            false => Nothing,
                        }
                    }
                    Op::Return => {
                        carries(sp.saturating_sub(code.results), 0, code.results)
                    }
                    Op::Call { .. } | Op::CallImport { .. } => Calls { pops: 0 },
                    Op::CallIndirect { .. } | Op::CallRef { .. } => Calls { pops: 1 },
                    Op::ReturnCall { .. } | Op::ReturnCallImport { .. } => TailCalls { pops: 0 },
                    Op::ReturnCallIndirect { .. } | Op::ReturnCallRef { .. } => {
                        TailCalls { pops: 1 }
                    }
                    Op::Throw { tag } => {
                        let tag = parts.tags.get(tag as usize);
                        let ty = tag.and_then(|tag| view.tags.get(tag.index()));
                        let ty = ty.and_then(|ty| types.func(*ty));
                        Throws { values: ty.map_or(0, |ty| slots_of(ty.params()) as u32) }
                    }
                    Op::ThrowRef | Op::Rethrow { .. } => Throws { values: 0 },
                    Op::Select => select(1),
                    Op::SelectVector => select(2),
                    Op::LocalGet { local } => on_top(local, 1),
                    Op::LocalGetVector { local } => on_top(local, 2),
                    Op::LocalSet { local } | Op::LocalTee { local } => from_top(local, 1),
                    Op::LocalSetVector { local } | Op::LocalTeeVector { local } => {
                        from_top(local, 2)
                    }
                    Op::GlobalGet { .. }
                    | Op::GlobalGetVector { .. }
                    | Op::Const { .. }
                    | Op::VectorConst { .. }
                    | Op::StructNewDefault { .. }
                    | Op::RefFunc { .. }
                    | Op::TableSize { .. }
                    | Op::MemorySize { .. } => Makes { pops: 0 },
                    Op::GlobalSet { .. }
                    | Op::RefIsNull
                    | Op::RefTest { .. }
                    | Op::RefI31
                    | Op::I31GetS
                    | Op::I31GetU
                    | Op::StructGet { .. }
                    | Op::ArrayNewDefault { .. }
                    | Op::ArrayLen
                    | Op::TableGet { .. }
                    | Op::MemoryGrow { .. } => Makes { pops: 1 },
                    Op::GlobalSetVector { .. }
                    | Op::RefEq
                    | Op::ArrayNewData { .. }
                    | Op::ArrayNewElem { .. }
                    | Op::ArrayGet { .. }
                    | Op::TableSet { .. }
                    | Op::TableGrow { .. } => Makes { pops: 2 },
                    Op::TableFill { .. }
                    | Op::TableCopy { .. }
                    | Op::TableInit { .. }
                    | Op::MemoryFill { .. }
                    | Op::MemoryCopy { .. }
                    | Op::MemoryInit { .. } => Makes { pops: 3 },
                    Op::Shuffle { .. } => Makes { pops: 4 },
                    Op::Vector { op, .. } => Makes { pops: op.effect().0 },
                    Op::VectorMemory { access, .. } => Makes { pops: access.effect().0 },
                    Op::Atomic { op, .. } => Makes { pops: op.effect().0 },
                    Op::StructNew { slots, .. } => Makes { pops: slots },
                    Op::StructSet { packing, .. } | Op::ArrayNew { packing, .. } => {
                        Makes { pops: 1 + packing.slots() }
                    }
                    Op::ArrayNewFixed { len, packing, .. } => {
                        Makes { pops: len * packing.slots() }
                    }
                    Op::ArraySet { packing } => Makes { pops: 2 + packing.slots() },
                    Op::ArrayFill { packing } => Makes { pops: 3 + packing.slots() },
                    Op::ArrayCopy { .. } => Makes { pops: 5 },
                    Op::ArrayInitData { .. } | Op::ArrayInitElem { .. } => Makes { pops: 4 },
                    $(Op::$unary => Makes { pops: 1 },)*
                    $(Op::$binary => Makes { pops: 2 },)*
                    $(Op::$tunary => Makes { pops: 1 },)*
                    $(Op::$tbinary => Makes { pops: 2 },)*
                    $(Op::$load { .. } => Makes { pops: 1 },)*
                    $(Op::$store { .. } => Makes { pops: 2 },)*
                }
            };
        }
        for_each_numeric!(effect)
    }

    /// Whether its result does not depend on anything.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Op::Const { .. } | Op::VectorConst { .. } | Op::RefFunc { .. })
    }

    pub(crate) fn is_select(&self) -> bool {
        matches!(self, Op::Select | Op::SelectVector)
    }

    /// The slots of the value that it stores as it is, of which the first is so deep below the top of the stack.
    pub(crate) fn stores(&self) -> Option<u32> {
        macro_rules! stores {
            (
                unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
                binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
                try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
                try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
                load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
                store { $($store:ident($sf:ident: $sw:ty),)* }
            ) => {
                match *self {
                    $(Op::$store { .. })|* => Some(1),
                    Op::GlobalSet { .. } | Op::TableSet { .. } => Some(1),
                    Op::GlobalSetVector { .. } => Some(2),
                    Op::VectorMemory { access, .. } if access.writes() && access.bytes() == 16 => {
                        Some(2)
                    }
                    Op::Atomic { op: AtomicOp::Store, .. } => Some(1),
                    _ => None,
                }
            };
        }
        for_each_numeric!(stores)
    }

    /// Whether it reads a number from memory, and nothing else makes the value that it gives.
    pub(crate) fn loads(&self) -> bool {
        macro_rules! loads {
            (
                unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
                binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
                try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
                try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
                load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
                store { $($store:ident($sf:ident: $sw:ty),)* }
            ) => {
                match *self {
                    $(Op::$load { .. })|* => true,
                    Op::VectorMemory { access, .. } => {
                        access.effect() == (1, 2) && access.bytes() == 16
                    }
                    Op::Atomic { op: AtomicOp::Load, .. }
                    | Op::GlobalGet { .. }
                    | Op::GlobalGetVector { .. }
                    | Op::TableGet { .. } => true,
                    _ => false,
                }
            };
        }
        for_each_numeric!(loads)
    }

    /// Whether it reads what it writes, as one access.
    pub(crate) fn updates(&self) -> bool {
        use AtomicOp::{Load, Notify, Store, Wait};
        match self {
            Op::Atomic { op, .. } => !matches!(op, Load | Notify | Store | Wait),
            _ => false,
        }
    }

    /// Whether it copies what it writes from where it reads.
    pub(crate) fn copies(&self) -> bool {
        matches!(self, Op::MemoryCopy { .. } | Op::TableCopy { .. })
    }
}
