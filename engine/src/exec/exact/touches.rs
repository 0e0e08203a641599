//! What an operator is about to read and write, by its operands.
//!
//! An operator that traps has touched nothing; who asks waits for it to be executed to its end.

use super::decode::FuncCode;
use super::op::{Branch, INDEX64, Op, for_each_numeric};
use crate::ids::{MemAddr, TableAddr};
use crate::observe::{Touch, Touched, View};
use crate::value::object_of_slot;

/// One of them reads where there are two.
pub(crate) type Touches = [Option<Touch>; 2];

impl Op {
    pub(crate) fn is_tail_call(&self) -> bool {
        matches!(
            self,
            Op::ReturnCall { .. }
                | Op::ReturnCallImport { .. }
                | Op::ReturnCallIndirect { .. }
                | Op::ReturnCallRef { .. }
        )
    }

    /// Whether the frame may be left by it, exceptions aside.
    pub(crate) fn may_leave(&self, code: &FuncCode) -> bool {
        let leaves = |branch: &Branch| branch.target == Branch::RETURN;
        match self {
            Op::Return => true,
            Op::Br(to) | Op::BrIf(to) | Op::BrOnNull(to) | Op::BrOnNonNull(to) => leaves(to),
            Op::BrTable { first, count } => {
                let all = code.branches.get(*first as usize..(first + count) as usize);
                all.unwrap_or_default().iter().any(leaves)
            }
            Op::BrOnCast { index, .. } => {
                code.casts.get(*index as usize).is_some_and(|(_, to)| leaves(to))
            }
            _ => self.is_tail_call(),
        }
    }

    pub(crate) fn touches(&self, view: &View<'_>) -> Touches {
        let View { parts, window, sp, .. } = *view;
        // Operands from the topmost one down.
        let operand = |depth: usize| {
            let position = sp.checked_sub(depth + 1);
            position.and_then(|position| window.get(position)).copied().unwrap_or(0)
        };
        let memory = |index: u32| {
            parts.memories.get((index & !INDEX64) as usize).copied().unwrap_or(MemAddr(u32::MAX))
        };
        let table = |index: u32| {
            parts.tables.get((index & !INDEX64) as usize).copied().unwrap_or(TableAddr(u32::MAX))
        };
        let one = |touched: Touched, write: bool| [Some(Touch { touched, write }), None];
        let two = |read: Touched, written: Touched| {
            let [read, written] = [(read, false), (written, true)]
                .map(|(touched, write)| Some(Touch { touched, write }));
            [read, written]
        };
        let bytes = |index: u32, address: u64, len: u64| Touched::Memory {
            memory: memory(index),
            address,
            len,
        };
        let entries =
            |index: u32, first: u64, len: u64| Touched::Table { table: table(index), first, len };
        let field = |depth: usize, word: u32, write: bool| {
            let object = object_of_slot(operand(depth));
            object.map_or([None; 2], |object| one(Touched::Field { object, word }, write))
        };
        // Elements from the operands at these depths: the array, the first element and how many.
        let elements = |array: usize, first: usize, len: u64| {
            let object = object_of_slot(operand(array))?;
            let (first, len) = (operand(first) as u32, len as u32);
            Some(Touched::Elements { object, first, len })
        };
        let some = |touched: Option<Touched>, write: bool| {
            touched.map_or([None; 2], |touched| one(touched, write))
        };
        macro_rules! touches {
            (
                unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
                binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
                try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
                try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
                load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
                store { $($store:ident($sf:ident: $sw:ty),)* }
            ) => {
                match *self {
                    $(Op::$load { memory, offset } => {
                        let address = operand(0).wrapping_add(offset);
                        one(bytes(memory, address, size_of::<$lw>() as u64), false)
                    })*
                    $(Op::$store { memory, offset } => {
                        let address = operand(1).wrapping_add(offset);
                        one(bytes(memory, address, size_of::<$sw>() as u64), true)
                    })*
                    Op::VectorMemory { access, memory, offset } => {
                        let address = operand(access.effect().0 as usize - 1).wrapping_add(offset);
                        one(bytes(memory, address, access.bytes().into()), access.writes())
                    }
                    Op::Atomic { op, width_log2, memory, offset } if !op.is_waiting() => {
                        let address = operand(op.effect().0 as usize - 1).wrapping_add(offset);
                        one(bytes(memory, address, 1 << width_log2), op.writes())
                    }
                    Op::MemoryFill { memory } | Op::MemoryInit { memory, .. } => {
                        one(bytes(memory, operand(2), operand(0)), true)
                    }
                    Op::MemoryCopy { to, from } => {
                        let len = operand(0);
                        two(bytes(from, operand(1), len), bytes(to, operand(2), len))
                    }
                    Op::LocalGet { local } | Op::LocalGetVector { local } => {
                        one(Touched::Local(local), false)
                    }
                    Op::LocalSet { local }
                    | Op::LocalTee { local }
                    | Op::LocalSetVector { local }
                    | Op::LocalTeeVector { local } => one(Touched::Local(local), true),
                    Op::GlobalGet { global } | Op::GlobalGetVector { global } => {
                        let global = parts.globals.get(global as usize);
                        some(global.map(|global| Touched::Global(*global)), false)
                    }
                    Op::GlobalSet { global } | Op::GlobalSetVector { global } => {
                        let global = parts.globals.get(global as usize);
                        some(global.map(|global| Touched::Global(*global)), true)
                    }
                    Op::StructGet { offset, .. } => field(0, offset, false),
                    Op::StructSet { offset, packing } => {
                        field(packing.slots() as usize, offset, true)
                    }
                    Op::ArrayGet { .. } => some(elements(1, 0, 1), false),
                    Op::ArraySet { packing } => {
                        let value = packing.slots() as usize;
                        some(elements(value + 1, value, 1), true)
                    }
                    Op::ArrayFill { packing } => {
                        let value = packing.slots() as usize;
                        some(elements(value + 2, value + 1, operand(0)), true)
                    }
                    Op::ArrayCopy { .. } => {
                        let len = operand(0);
                        match (elements(2, 1, len), elements(4, 3, len)) {
                            (Some(read), Some(written)) => two(read, written),
                            _ => [None; 2],
                        }
                    }
                    Op::ArrayInitData { .. } | Op::ArrayInitElem { .. } => {
                        some(elements(3, 2, operand(0)), true)
                    }
                    Op::TableGet { table } => one(entries(table, operand(0), 1), false),
                    Op::TableSet { table } => one(entries(table, operand(1), 1), true),
                    Op::TableFill { table } | Op::TableInit { table, .. } => {
                        one(entries(table, operand(2), operand(0)), true)
                    }
                    Op::TableCopy { to, from } => {
                        let len = operand(0);
                        two(entries(from, operand(1), len), entries(to, operand(2), len))
                    }
                    Op::TableGrow { table: index } => {
                        let (table, len) = (table(index), operand(0));
                        one(Touched::Growth { table, len }, true)
                    }
                    _ => [None; 2],
                }
            };
        }
        for_each_numeric!(touches)
    }
}
