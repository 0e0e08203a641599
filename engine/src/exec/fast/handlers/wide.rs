//! Memories with addresses of 64 bits, those far behind memory 0, and atomic operators. Addresses of 32
//! bits have zeroes above them.

use super::super::machine::{Flow, NEAR, Registers};
use super::Part::{Memory, Name, Slot, Text, Unsigned};
use super::{
    Operation, Part, forward, get, high, lo, mark, memory, memory_elsewhere, memory_mut, mid, set,
    third, word,
};
use crate::exec::exact::{AtomicOp, INDEX64, Op, atomic, for_each_numeric};
use crate::semantics::access;
use crate::value::Slot as _;

macro_rules! define_wide {
    (
        unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
        binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
        try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
        try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
        load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
        store { $($store:ident($sf:ident: $sw:ty),)* }
    ) => {
        /// Loads and stores, by number.
        #[derive(Clone, Copy)]
        #[repr(u16)]
        enum Access { $($load,)* $($store,)* }

        /// A load or store with an address of 64 bits, or of a memory that is not near: its number,
        /// the memory, its offset, and whether it is a store.
        pub(in crate::exec::fast) fn wide_access(op: &Op) -> Option<(u16, u16, u64, bool)> {
            let found = |access: Access, memory: u32, offset: u64, stores: bool| {
                let index = memory & !INDEX64;
                (memory != index || index as usize >= NEAR)
                    .then_some((access as u16, index as u16, offset, stores))
            };
            match *op {
                $(Op::$load { memory, offset } => found(Access::$load, memory, offset, false),)*
                $(Op::$store { memory, offset } => found(Access::$store, memory, offset, true),)*
                _ => None,
            }
        }

        /// What a load gives; `None` beyond the end.
        #[inline(always)]
        fn load(number: u16, memory: &[u8], address: u64, offset: u64) -> Option<u64> {
            $(if number == Access::$load as u16 {
                let loaded = access::$lf(memory, address, offset).ok()?;
                return Some((loaded as $lv as $ls).into_slot());
            })*
            None
        }

        /// What a store does; `None` beyond the end.
        #[inline(always)]
        fn store(
            number: u16,
            memory: &mut [u8],
            address: u64,
            offset: u64,
            value: u64,
        ) -> Option<()> {
            $(if number == Access::$store as u16 {
                return access::$sf(memory, address, offset, value as $sw).ok();
            })*
            None
        }
    };
}

for_each_numeric!(define_wide);

operations! {
    /// `dst address operator`, offset
    LoadWide = 55, "load",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        match load(third(w), memory(r), get(r, mid(w)), offset) {
            Some(value) => set(r, lo(w), value),
            None => return Flow::Trap,
        }
        forward(r, 3)
    }

    /// `value address operator`, offset
    StoreWide = 56, "store",
    &[Name, Slot(1, 1), Text(" offset="), Unsigned(2), Text(" ="), Slot(1, 0)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let value = get(r, lo(w));
        match store(third(w), memory_mut(r), get(r, mid(w)), offset, value) {
            Some(()) => {
                mark(r, 0, get(r, mid(w)) + offset);
                forward(r, 3)
            }
            None => Flow::Trap,
        }
    }

    /// An atomic operator on operands in their homes: `first operator width`, offset
    Atomic = 57, "atomic",
    &[Name, Slot(1, 0), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let slots = core::slice::from_raw_parts_mut(r.fp.add(usize::from(lo(w))), 3);
        let (op, address) = (AtomicOp::of_number(mid(w)), slots[0]);
        match atomic(op, third(w) as u8, memory_mut(r), offset, slots) {
            Ok(()) => {
                mark(r, 0, address + offset);
                forward(r, 3)
            }
            Err(_) => Flow::Trap,
        }
    }
    /// As [`LoadWide`], of another memory: `dst address operator memory`, offset
    LoadElsewhere = 67, "load",
    &[Slot(1, 0), Text(" = "), Name, Memory(1, 3), Slot(1, 1), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let memory = memory_elsewhere(r.context, (w >> 48) as u16).bytes();
        match load(third(w), memory, get(r, mid(w)), offset) {
            Some(value) => set(r, lo(w), value),
            None => return Flow::Trap,
        }
        forward(r, 3)
    }

    /// `value address operator memory`, offset
    StoreElsewhere = 68, "store",
    &[Name, Memory(1, 3), Slot(1, 1), Text(" offset="), Unsigned(2), Text(" ="), Slot(1, 0)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let value = get(r, lo(w));
        let memory = memory_elsewhere(r.context, (w >> 48) as u16);
        let memory = memory.bytes_at(get(r, mid(w)), offset);
        match store(third(w), memory, get(r, mid(w)), offset, value) {
            Some(()) => forward(r, 3),
            None => Flow::Trap,
        }
    }

    /// As [`Atomic`], in another memory: `first operator width memory`, offset
    AtomicElsewhere = 69, "atomic",
    &[Name, Memory(1, 3), Slot(1, 0), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let slots = core::slice::from_raw_parts_mut(r.fp.add(usize::from(lo(w))), 3);
        let memory = memory_elsewhere(r.context, (w >> 48) as u16).bytes_at(slots[0], offset);
        match atomic(AtomicOp::of_number(mid(w)), third(w) as u8, memory, offset, slots) {
            Ok(()) => forward(r, 3),
            Err(_) => Flow::Trap,
        }
    }

    /// Pages of any memory: `dst - memory`
    MemorySizeElsewhere = 71, "memory.size",
    &[Slot(1, 0), Text(" = "), Name, Memory(1, 2)],
    |r| {
        let w = word(r, 1);
        let pages = memory_elsewhere(r.context, high(w) as u16).pages();
        set(r, lo(w), pages);
        forward(r, 2)
    }
}
