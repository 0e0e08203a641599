//! Operations that stand for themselves: copies, branches, calls, globals, bulk memory.

use super::super::machine::{Flow, Registers};
use super::Half::{Lower, Upper};
use super::Part::{Func, Global, Name, Price, Slot, Table, Targets, Text, To, Type, Unsigned};
use super::calls::{call, call_entity, exact_call, indirect, leave_frame, restore, tail_call};
use super::*;
use crate::store::FuncEntity;

operations! {
    /// `dst src`; as the next one, it leaves the accumulator alone.
    Copy = 0, "copy",
    &[Slot(1, 0), Text(" ="), Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        *r.fp.add(usize::from(lo(w))) = get(r, mid(w));
        forward(r, 2)
    }

    /// Two of them, one after the other: `dst src dst src`
    CopyTwo = 23, "copy",
    &[Slot(1, 0), Text(" ="), Slot(1, 1), Text(","), Slot(1, 2), Text(" ="), Slot(1, 3)],
    |r| {
        let w = word(r, 1);
        *r.fp.add(usize::from(lo(w))) = get(r, mid(w));
        *r.fp.add(usize::from(third(w))) = get(r, (w >> 48) as u16);
        forward(r, 2)
    }

    /// `dst`, `value`
    Constant = 1, "const",
    &[Slot(1, 0), Text(" ="), Part::Constant(2)],
    |r| {
        let (w, value) = (word(r, 1), word(r, 2));
        *r.fp.add(usize::from(lo(w))) = value;
        forward(r, 3)
    }

    /// Copies a run of slots downward: `dst src count`
    CopyMany = 2, "copy_many",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" count="), Unsigned(1)],
    |r| {
        let w = word(r, 1);
        let from = r.fp.add(usize::from(mid(w)));
        core::ptr::copy(from, r.fp.add(usize::from(lo(w))), high(w) as usize);
        forward(r, 2)
    }

    /// `dst a b condition`
    Select = 3, "select",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2), Slot(1, 3)],
    |r| {
        let w = word(r, 1);
        let (a, b) = (get(r, mid(w)), get(r, third(w)));
        let value = if get(r, (w >> 48) as u16) as u32 != 0 { a } else { b };
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// A branch that its target's segment has paid for: `to`
    Jump = 4, "jump",
    &[Name, To(1, Lower)],
    |r| {
        let to = word(r, 1) as i32;
        r.ip = r.ip.offset(to as isize);
        Flow::Next
    }

    /// `price to`
    Br = 5, "br",
    &[Name, To(1, Upper), Price(1, Lower)],
    |r| {
        let w = word(r, 1);
        go(r, high(w) as i32, w as u32)
    }

    /// `a - count`, then `price to` for each; the last is the default.
    BrTable = 8, "br_table",
    &[Name, Slot(1, 0), Targets(2)],
    |r| {
        let w = word(r, 1);
        let selected = (get(r, lo(w)) as u32).min(high(w) - 1);
        let target = word(r, 2 + selected as usize);
        go(r, high(target) as i32, target as u32)
    }

    /// As [`BrTable`], by the accumulator.
    BrTableAccumulator = 25, "br_table",
    &[Name, Part::Accumulator, Targets(2)],
    |r| {
        let w = word(r, 1);
        let selected = (r.accumulator as u32).min(high(w) - 1);
        let target = word(r, 2 + selected as usize);
        go(r, high(target) as i32, target as u32)
    }

    /// `dst - global`
    GlobalGet = 9, "global.get",
    &[Slot(1, 0), Text(" = "), Name, Global(1)],
    |r| {
        let w = word(r, 1);
        let context = &*r.context;
        let addr = *context.instance_globals.add(high(w) as usize);
        let value = (*context.globals.add(addr.index())).slot;
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// `src - global`
    GlobalSet = 10, "global.set",
    &[Name, Global(1), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        let value = get(r, lo(w));
        let context = &*r.context;
        let addr = *context.instance_globals.add(high(w) as usize);
        (*context.globals.add(addr.index())).slot = value;
        forward(r, 2)
    }

    /// `args - function`, `pc price`, `height`; `args` is the callee's first slot.
    Call = 11, "call",
    &[Name, Func(1), Text(" at"), Slot(1, 0), Text(" back"), Price(2, Upper)],
    |r| {
        let w = word(r, 1);
        call(r, high(w), usize::from(lo(w)), 4)
    }

    /// `args index type`, `pc price`, `height table`
    CallIndirect = 12, "call_indirect",
    &[Name, Table(3), Type(1), Slot(1, 1), Text(" at"), Slot(1, 0), Text(" back"), Price(2, Upper)],
    |r| {
        let w = word(r, 1);
        // Traps are the exact tier's.
        match indirect(r, get(r, mid(w)), high(w)) {
            Some(entity) => call_entity(r, entity, usize::from(lo(w)), 4),
            None => exact_call(r),
        }
    }

    /// Of an imported function: `args - function`, `pc price`, `height`
    CallImport = 26, "call",
    &[Name, Func(1), Text(" at"), Slot(1, 0), Text(" back"), Price(2, Upper)],
    |r| {
        let w = word(r, 1);
        let addr = *(*r.context).instance_funcs.add(high(w) as usize);
        match (*r.context).func(addr) {
            Some(entity) => call_entity(r, entity, usize::from(lo(w)), 4),
            None => super::calls::exact_call(r),
        }
    }

    /// As [`CallIndirect`], in place of the present frame.
    ReturnCallIndirect = 27, "return_call_indirect",
    &[Name, Table(3), Type(1), Slot(1, 1), Text(" from"), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        match indirect(r, get(r, mid(w)), high(w)) {
            Some(FuncEntity::Wasm { instance, func, .. }) if instance == (*r.context).instance => {
                tail_call(r, func.0, usize::from(lo(w)))
            }
            _ => exact_call(r),
        }
    }

    /// What a function of another instance returns to; the caller's return lies behind it.
    Restore = 28, "restore", &[Name], |r| { restore(r) }

    /// `dst - function`
    RefFunc = 29, "ref.func",
    &[Slot(1, 0), Text(" = "), Name, Func(1)],
    |r| {
        let w = word(r, 1);
        let addr = *(*r.context).instance_funcs.add(high(w) as usize);
        set(r, lo(w), u64::from(addr.0) + 1);
        forward(r, 2)
    }

    /// `dst index table`
    TableGet = 30, "table.get",
    &[Slot(1, 0), Text(" = "), Name, Table(1), Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let table = table(r, high(w));
        let index = get(r, mid(w)) as u32 as usize;
        let Some(element) = table.elements.get(index).copied() else { return Flow::Trap };
        set(r, lo(w), element);
        forward(r, 2)
    }

    /// `index value table`
    TableSet = 31, "table.set",
    &[Name, Table(1), Slot(1, 0), Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let (index, value) = (get(r, lo(w)) as u32 as usize, get(r, mid(w)));
        let Some(element) = table(r, high(w)).elements.get_mut(index) else { return Flow::Trap };
        *element = value;
        forward(r, 2)
    }

    /// `dst - table`
    TableSize = 32, "table.size",
    &[Slot(1, 0), Text(" = "), Name, Table(1)],
    |r| {
        let w = word(r, 1);
        let size = table(r, high(w)).elements.len() as u64;
        set(r, lo(w), size);
        forward(r, 2)
    }

    /// Hands over where watched memory would be accessed: `address - offset`, `bytes, 1 if written`
    Watch = 33, "watch",
    &[Name, Slot(1, 0), Text(" offset="), Unsigned(1)],
    |r| {
        let (w, access) = (word(r, 1), word(r, 2));
        let address = u64::from(get(r, lo(w)) as u32) + (w >> 32);
        let context = &*r.context;
        let (Some(instruments), Some(memory)) = (context.instruments, context.memory) else {
            return forward(r, 3);
        };
        let (bytes, written) = (access as u32, access >> 32 != 0);
        if instruments.as_ref().meets(memory, address, bytes.into(), written) {
            return Flow::Trap;
        }
        forward(r, 3)
    }

    /// Nothing is returned.
    Return0 = 13, "return",
    &[Name],
    |r| { leave_frame(r, 0) }

    /// `src`
    Return1 = 14, "return",
    &[Name, Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        let value = get(r, lo(w));
        set(r, 0, value);
        leave_frame(r, 1)
    }

    /// `src - count`
    ReturnMany = 15, "return",
    &[Name, Slot(1, 0), Text(" count="), Unsigned(1)],
    |r| {
        let w = word(r, 1);
        let from = r.fp.add(usize::from(lo(w)));
        core::ptr::copy(from, r.fp, high(w) as usize);
        leave_frame(r, high(w))
    }

    /// Calls a function in place of the present one: `args - function`, `pc`, `height`; `args` are
    /// where its arguments lie.
    ReturnCall = 19, "return_call",
    &[Name, Func(1), Text(" from"), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        tail_call(r, high(w), usize::from(lo(w)))
    }

    /// Pages of memory 0: `dst`
    MemorySize = 20, "memory.size",
    &[Slot(1, 0), Text(" = "), Name],
    |r| {
        let w = word(r, 1);
        let pages = (*r.context).memory_size as u64 / crate::memory::PAGE_SIZE;
        set(r, lo(w), pages);
        forward(r, 2)
    }

    /// Within memory 0: `address value length`
    MemoryFill = 21, "memory.fill",
    &[Name, Slot(1, 0), Slot(1, 1), Slot(1, 2)],
    |r| {
        let w = word(r, 1);
        let Some(range) = range(get(r, lo(w)), get(r, third(w))) else { return Flow::Trap };
        let Some(bytes) = memory_mut(r).get_mut(range.clone()) else { return Flow::Trap };
        if !affords(r, bytes.len() as u64) {
            return Flow::Trap;
        }
        mark_range(r, &range);
        bytes.fill(get(r, mid(w)) as u8);
        forward(r, 2)
    }

    /// Within memory 0: `to from length`
    MemoryCopy = 22, "memory.copy",
    &[Name, Slot(1, 0), Slot(1, 1), Slot(1, 2)],
    |r| {
        let w = word(r, 1);
        let Some(from) = range(get(r, mid(w)), get(r, third(w))) else { return Flow::Trap };
        let Some(to) = range(get(r, lo(w)), get(r, third(w))) else { return Flow::Trap };
        let memory = memory_mut(r);
        if from.end > memory.len() || to.end > memory.len() || !affords(r, to.len() as u64) {
            return Flow::Trap;
        }
        mark_range(r, &to);
        memory.copy_within(from, to.start);
        forward(r, 2)
    }

    /// The end of what a budget pays for.
    Stop = 24, "stop",
    &[Name],
    |r| { let _ = r; Flow::Stop }

    /// Notes in slots 0 and 1 the highest and lowest end of the native stack: see [`probe`](super::super::probe).
    Probe = 95, "probe",
    &[Name],
    |r| {
        let end = super::super::probe::stack_end();
        *r.fp = (*r.fp).max(end);
        *r.fp.add(1) = (*r.fp.add(1)).min(end);
        forward(r, 1)
    }

    /// An instruction that the exact tier executes: `pc height`
    Exact = 16, "exact",
    &[Name],
    |r| {
        let w = word(r, 1);
        (*r.context).value = w as u32;
        (*r.context).height = high(w);
        Flow::Exact
    }
}

/// A table of the instance that runs.
#[inline(always)]
unsafe fn table<'a>(r: &Registers, index: u32) -> &'a mut crate::store::Table {
    // SAFETY: what the module demands; one operation at a time looks at it.
    unsafe {
        let context = &*r.context;
        let addr = *context.instance_tables.add(index as usize);
        &mut *context.tables.add(addr.index())
    }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident = $code:expr, $text:literal, $layout:expr, |$r:ident| $body:block)*) => {$(
        $(#[$doc])*
        pub(in crate::exec::fast) struct $name;
        impl Operation for $name {
            const CODE: u32 = $code;
            const NAME: &'static str = $text;
            const LAYOUT: &'static [Part] = $layout;
            const CHOICE: bool = true;

            #[inline(always)]
            unsafe fn run(r: &mut Registers) -> Flow {
                // SAFETY: what the module demands.
                unsafe {
                    let met = Self::test(r);
                    Self::follow(r, met)
                }
            }

            #[inline(always)]
            #[allow(unused_unsafe)] // some read the accumulator only
            unsafe fn test($r: &mut Registers) -> bool {
                // SAFETY: what the module demands.
                unsafe { $body }
            }

            #[inline(always)]
            unsafe fn follow(r: &mut Registers, met: bool) -> Flow {
                // SAFETY: what the module demands.
                unsafe {
                    let prices = word(r, 2);
                    if met {
                        let to = high(word(r, 1)) as i32;
                        go(r, to, prices as u32)
                    } else {
                        go(r, 3, high(prices))
                    }
                }
            }
        }
    )*};
}

choices! {
    /// `a - to`, `price of to, price of the next`
    BrIf = 6, "br_if",
    &[Name, Slot(1, 0), To(1, Upper), Price(2, Lower), Text(" else"), Price(2, Upper)],
    |r| {
        let w = word(r, 1);
        get(r, lo(w)) as u32 != 0
    }

    /// As [`BrIf`], if `a` is zero.
    BrUnless = 7, "br_unless",
    &[Name, Slot(1, 0), To(1, Upper), Price(2, Lower), Text(" else"), Price(2, Upper)],
    |r| {
        let w = word(r, 1);
        get(r, lo(w)) as u32 == 0
    }

    /// As [`BrIf`], of the accumulator.
    BrIfAccumulator = 17, "br_if",
    &[Name, Part::Accumulator, To(1, Upper), Price(2, Lower), Text(" else"), Price(2, Upper)],
    |r| {
        r.accumulator as u32 != 0
    }

    /// As [`BrUnless`], of the accumulator.
    BrUnlessAccumulator = 18, "br_unless",
    &[Name, Part::Accumulator, To(1, Upper), Price(2, Lower), Text(" else"), Price(2, Upper)],
    |r| {
        r.accumulator as u32 == 0
    }
}

/// The bytes from an address on, both 32 bits wide.
#[inline(always)]
fn range(address: u64, len: u64) -> Option<core::ops::Range<usize>> {
    let (start, len) = (address as u32 as usize, len as u32 as usize);
    Some(start..start.checked_add(len)?)
}
