//! What each operation does, whatever dispatches it.
//!
//! An operation is a type; [`Operation::run`] executes it and moves `ip` behind it. The words that
//! follow its first one are laid out in fields of 16 and 32 bits, described at each operation, low
//! bits first: `dst`, `a`, `b` and `src` are slots of the frame, `to` is a distance in words from
//! the operation's first one, `price` what the segment there costs.
//!
//! # Safety
//! All of this relies on the translator: slots lie within the frame, which lies within the value
//! stack; distances lead to operations of the same function; indices are those of a validated
//! module. [`Registers`] and [`Context`](super::machine::Context) are valid for the whole run.

use core::slice;

use super::code::FastCode;
use super::machine::{Context, Flow, Registers, Return};
use super::operators::{Binary, Load, Store, TryBinary, TryUnary, Unary};
use crate::exec::frame::Frame;
use crate::ids::FuncIndex;
use crate::store::FuncEntity;

/// An operation.
pub(super) trait Operation {
    /// Its number, for dispatch without addresses.
    const CODE: u32;

    /// Executes it.
    ///
    /// # Safety
    /// See the module.
    unsafe fn run(r: &mut Registers) -> Flow;
}

/// Codes below this one are those of single operations; families follow.
const FAMILIES: u32 = 32;

/// The code of an operator in one of its forms.
const fn code(number: u32, form: u32) -> u32 {
    FAMILIES + number * 16 + form
}

#[inline(always)]
unsafe fn word(r: &Registers, index: usize) -> u64 {
    // SAFETY: operations are as long as the translator made them.
    unsafe { *r.ip.add(index) }
}

#[inline(always)]
unsafe fn get(r: &Registers, slot: u16) -> u64 {
    // SAFETY: slots of operations lie within the frame.
    unsafe { *r.fp.add(usize::from(slot)) }
}

#[inline(always)]
unsafe fn set(r: &mut Registers, slot: u16, value: u64) {
    r.accumulator = value;
    // SAFETY: as for `get`.
    unsafe { *r.fp.add(usize::from(slot)) = value }
}

/// As [`set`], into the accumulator of the kind that the result is.
#[inline(always)]
unsafe fn set_as(r: &mut Registers, slot: u16, value: u64, float: bool) {
    if float {
        r.float = f64::from_bits(value);
    } else {
        r.accumulator = value;
    }
    // SAFETY: as for `get`.
    unsafe { *r.fp.add(usize::from(slot)) = value }
}

#[inline(always)]
fn lo(word: u64) -> u16 {
    word as u16
}

#[inline(always)]
fn mid(word: u64) -> u16 {
    (word >> 16) as u16
}

#[inline(always)]
fn third(word: u64) -> u16 {
    (word >> 32) as u16
}

#[inline(always)]
fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// The upper half as an operand: numbers of 32 bits as they are, wider ones extended by sign.
#[inline(always)]
fn immediate(word: u64) -> u64 {
    (word as i64 >> 32) as u64
}

#[inline(always)]
unsafe fn forward(r: &mut Registers, words: usize) -> Flow {
    // SAFETY: the translator ends no function without a return.
    r.ip = unsafe { r.ip.add(words) };
    Flow::Next
}

/// Pays for the segment at `ip`.
#[inline(always)]
unsafe fn pay(r: &mut Registers, price: u32) -> Flow {
    r.fuel -= i64::from(price);
    if r.fuel < 0 {
        // SAFETY: the context is valid.
        unsafe { (*r.context).value = price };
        return Flow::Unpaid;
    }
    Flow::Next
}

#[inline(always)]
unsafe fn go(r: &mut Registers, to: i32, price: u32) -> Flow {
    // SAFETY: distances lead to operations of the same function.
    unsafe {
        r.ip = r.ip.offset(to as isize);
        pay(r, price)
    }
}

#[inline(always)]
unsafe fn memory<'a>(r: &Registers) -> &'a [u8] {
    // SAFETY: base and size are those of the instance's memory, or none.
    unsafe { slice::from_raw_parts(r.memory, (*r.context).memory_size) }
}

#[inline(always)]
unsafe fn memory_mut<'a>(r: &Registers) -> &'a mut [u8] {
    // SAFETY: as for `memory`; one operation at a time looks at it.
    unsafe { slice::from_raw_parts_mut(r.memory, (*r.context).memory_size) }
}

/// Where an operand comes from.
pub(super) trait Source {
    /// Distinguishes the forms of an operator.
    const FORM: u32;

    /// Reads it; `w` is the operation's second word.
    ///
    /// # Safety
    /// See the module.
    unsafe fn read(r: &Registers, w: u64) -> u64;

    /// The same for an operator on floats.
    ///
    /// # Safety
    /// See the module.
    #[inline(always)]
    unsafe fn read_as(r: &Registers, w: u64, float: bool) -> u64 {
        // SAFETY: as for `read`.
        unsafe { if float && Self::FORM == 2 { r.float.to_bits() } else { Self::read(r, w) } }
    }
}

macro_rules! sources {
    ($($(#[$doc:meta])* $name:ident = $form:literal, |$r:ident, $w:ident| $value:expr;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;
        impl Source for $name {
            const FORM: u32 = $form;
            #[inline(always)]
            #[allow(unused_variables, unused_unsafe)] // each reads what it needs
            unsafe fn read($r: &Registers, $w: u64) -> u64 {
                // SAFETY: what the module demands.
                unsafe { $value }
            }
        }
    )*};
}

sources! {
    /// The slot in the lowest field.
    First = 0, |r, w| get(r, lo(w));
    /// The slot in the second field.
    Second = 0, |r, w| get(r, mid(w));
    /// The slot in the third field.
    Third = 0, |r, w| get(r, third(w));
    /// A constant in the upper half.
    Immediate = 1, |r, w| immediate(w);
    /// The accumulator.
    Accumulator = 2, |r, w| r.accumulator;
}

/// The form of two sources.
const fn pair<L: Source, R: Source>() -> u32 {
    match (L::FORM, R::FORM) {
        (0, 0) => 0,
        (0, 1) => 1,
        (2, 0) => 2,
        (2, 1) => 3,
        _ => 4,
    }
}

macro_rules! families {
    ($(
        $(#[$doc:meta])*
        $name:ident<$o:ident: $family:ident $(, $l:ident)*> = $form:expr, |$r:ident| $body:block
    )*) => {$(
        $(#[$doc])*
        pub(super) struct $name<$o $(, $l)*>(core::marker::PhantomData<($o, $($l,)*)>);
        impl<$o: $family $(, $l: Source)*> Operation for $name<$o $(, $l)*> {
            const CODE: u32 = code($o::NUMBER, $form);
            #[inline(always)]
            unsafe fn run($r: &mut Registers) -> Flow {
                // SAFETY: what the module demands.
                unsafe { $body }
            }
        }
    )*};
}

families! {
    /// `dst a`
    UnaryOf<O: Unary, A> = A::FORM, |r| {
        let w = word(r, 1);
        let result = O::apply(A::read_as(r, w, O::FLOAT_OPERANDS));
        set_as(r, lo(w), result, O::FLOAT_RESULT);
        forward(r, 2)
    }

    /// `dst a b`, or `dst a immediate`
    BinaryOf<O: Binary, L, R> = pair::<L, R>(), |r| {
        let w = word(r, 1);
        let float = O::FLOAT_OPERANDS;
        let result = O::apply(L::read_as(r, w, float), R::read_as(r, w, float));
        set_as(r, lo(w), result, O::FLOAT_RESULT);
        forward(r, 2)
    }

    /// Goes to `to` unless the result is zero: `a b -`, or `a - immediate`;
    /// `price of to, price of the next`; `to`
    BrIfOf<O: Binary, L, R> = 5 + pair::<L, R>(), |r| {
        let (w, prices) = (word(r, 1), word(r, 2));
        let float = O::FLOAT_OPERANDS;
        if O::apply(L::read_as(r, w, float), R::read_as(r, w, float)) as u32 != 0 {
            let to = word(r, 3) as i32;
            go(r, to, prices as u32)
        } else {
            go(r, 4, high(prices))
        }
    }

    /// As [`BrIfOf`], if the result is zero.
    BrUnlessOf<O: Binary, L, R> = 10 + pair::<L, R>(), |r| {
        let (w, prices) = (word(r, 1), word(r, 2));
        let float = O::FLOAT_OPERANDS;
        if O::apply(L::read_as(r, w, float), R::read_as(r, w, float)) as u32 == 0 {
            let to = word(r, 3) as i32;
            go(r, to, prices as u32)
        } else {
            go(r, 4, high(prices))
        }
    }

    /// `dst a`
    TryUnaryOf<O: TryUnary> = 0, |r| {
        let w = word(r, 1);
        let Some(result) = O::apply(get(r, mid(w))) else { return Flow::Trap };
        set(r, lo(w), result);
        forward(r, 2)
    }

    /// `dst a b`, or `dst a immediate`
    TryBinaryOf<O: TryBinary, R> = R::FORM, |r| {
        let w = word(r, 1);
        let Some(result) = O::apply(get(r, mid(w)), R::read(r, w)) else { return Flow::Trap };
        set(r, lo(w), result);
        forward(r, 2)
    }

    /// `dst a offset`
    LoadOf<O: Load, A> = A::FORM, |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let Some(value) = O::load(memory(r), address, w >> 32) else { return Flow::Trap };
        set_as(r, lo(w), value, O::FLOAT_RESULT);
        forward(r, 2)
    }

    /// `a value offset`
    StoreOf<O: Store, A, V> = pair::<A, V>(), |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let value = V::read(r, w);
        if O::store(memory_mut(r), address, w >> 32, value).is_none() {
            return Flow::Trap;
        }
        forward(r, 2)
    }

    /// `a - offset`, `value`
    StoreConstant<O: Store, A> = 8 + A::FORM, |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let value = word(r, 2);
        if O::store(memory_mut(r), address, w >> 32, value).is_none() {
            return Flow::Trap;
        }
        forward(r, 3)
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $code:expr, |$r:ident| $body:block)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;
        impl Operation for $name {
            const CODE: u32 = $code;
            #[inline(always)]
            unsafe fn run($r: &mut Registers) -> Flow {
                // SAFETY: what the module demands.
                unsafe { $body }
            }
        }
    )*};
}

operations! {
    /// `dst src`; as the next one, it leaves the accumulator alone.
    Copy = 0, |r| {
        let w = word(r, 1);
        *r.fp.add(usize::from(lo(w))) = get(r, mid(w));
        forward(r, 2)
    }

    /// `dst`, `value`
    Constant = 1, |r| {
        let (w, value) = (word(r, 1), word(r, 2));
        *r.fp.add(usize::from(lo(w))) = value;
        forward(r, 3)
    }

    /// Copies a run of slots downward: `dst src count`
    CopyMany = 2, |r| {
        let w = word(r, 1);
        let from = r.fp.add(usize::from(mid(w)));
        core::ptr::copy(from, r.fp.add(usize::from(lo(w))), high(w) as usize);
        forward(r, 2)
    }

    /// `dst a b condition`
    Select = 3, |r| {
        let w = word(r, 1);
        let (a, b) = (get(r, mid(w)), get(r, third(w)));
        let value = if get(r, (w >> 48) as u16) as u32 != 0 { a } else { b };
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// A branch that its target's segment has paid for: `to`
    Jump = 4, |r| {
        let to = word(r, 1) as i32;
        r.ip = r.ip.offset(to as isize);
        Flow::Next
    }

    /// `price to`
    Br = 5, |r| {
        let w = word(r, 1);
        go(r, high(w) as i32, w as u32)
    }

    /// `a - to`, `price of to, price of the next`
    BrIf = 6, |r| {
        let (w, prices) = (word(r, 1), word(r, 2));
        if get(r, lo(w)) as u32 != 0 {
            go(r, high(w) as i32, prices as u32)
        } else {
            go(r, 3, high(prices))
        }
    }

    /// As [`BrIf`], of the accumulator.
    BrIfAccumulator = 17, |r| {
        let (w, prices) = (word(r, 1), word(r, 2));
        if r.accumulator as u32 != 0 {
            go(r, high(w) as i32, prices as u32)
        } else {
            go(r, 3, high(prices))
        }
    }

    /// As [`BrUnless`], of the accumulator.
    BrUnlessAccumulator = 18, |r| {
        let (w, prices) = (word(r, 1), word(r, 2));
        if r.accumulator as u32 == 0 {
            go(r, high(w) as i32, prices as u32)
        } else {
            go(r, 3, high(prices))
        }
    }

    /// As [`BrIf`], if `a` is zero.
    BrUnless = 7, |r| {
        let (w, prices) = (word(r, 1), word(r, 2));
        if get(r, lo(w)) as u32 == 0 {
            go(r, high(w) as i32, prices as u32)
        } else {
            go(r, 3, high(prices))
        }
    }

    /// `a - count`, then `price to` for each; the last is the default.
    BrTable = 8, |r| {
        let w = word(r, 1);
        let selected = (get(r, lo(w)) as u32).min(high(w) - 1);
        let target = word(r, 2 + selected as usize);
        go(r, high(target) as i32, target as u32)
    }

    /// `dst - global`
    GlobalGet = 9, |r| {
        let w = word(r, 1);
        let context = &*r.context;
        let addr = *context.instance_globals.add(high(w) as usize);
        let value = (*context.globals.add(addr.index())).slot;
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// `src - global`
    GlobalSet = 10, |r| {
        let w = word(r, 1);
        let value = get(r, lo(w));
        let context = &*r.context;
        let addr = *context.instance_globals.add(high(w) as usize);
        (*context.globals.add(addr.index())).slot = value;
        forward(r, 2)
    }

    /// `args - function`, `pc price`, `height`; `args` is the callee's first slot.
    Call = 11, |r| {
        let w = word(r, 1);
        call(r, high(w), usize::from(lo(w)), 4)
    }

    /// `args index type`, `pc price`, `height table`
    CallIndirect = 12, |r| {
        let w = word(r, 1);
        let index = get(r, mid(w)) as u32 as usize;
        let context = &*r.context;
        let table = *context.instance_tables.add(high(word(r, 3)) as usize);
        let table = &*context.tables.add(table.index());
        let entry = table.elements.get(index).copied();
        let Some(addr) = entry.unwrap_or(0).checked_sub(1) else { return exact_call(r) };
        let ty = *context.types.add(high(w) as usize);
        match context.func(crate::ids::FuncAddr(addr as u32)) {
            FuncEntity::Wasm { instance, func, ty: found }
                if found == ty && instance == context.instance =>
            {
                call(r, func.0, usize::from(lo(w)), 4)
            }
            // Traps, other instances and the host.
            _ => exact_call(r),
        }
    }

    /// Nothing is returned.
    Return0 = 13, |r| { leave_frame(r, 0) }

    /// `src`
    Return1 = 14, |r| {
        let w = word(r, 1);
        let value = get(r, lo(w));
        set(r, 0, value);
        leave_frame(r, 1)
    }

    /// `src - count`
    ReturnMany = 15, |r| {
        let w = word(r, 1);
        let from = r.fp.add(usize::from(lo(w)));
        core::ptr::copy(from, r.fp, high(w) as usize);
        leave_frame(r, high(w))
    }

    /// Calls a function in place of the present one: `args - function`, `pc`, `height`; `args` are
    /// where its arguments lie.
    ReturnCall = 19, |r| {
        let w = word(r, 1);
        tail_call(r, high(w), usize::from(lo(w)))
    }

    /// Pages of memory 0: `dst`
    MemorySize = 20, |r| {
        let w = word(r, 1);
        let pages = (*r.context).memory_size as u64 / crate::memory::PAGE_SIZE;
        set(r, lo(w), pages);
        forward(r, 2)
    }

    /// Within memory 0: `address value length`
    MemoryFill = 21, |r| {
        let w = word(r, 1);
        let Some(range) = range(get(r, lo(w)), get(r, third(w))) else { return Flow::Trap };
        let Some(bytes) = memory_mut(r).get_mut(range) else { return Flow::Trap };
        bytes.fill(get(r, mid(w)) as u8);
        forward(r, 2)
    }

    /// Within memory 0: `to from length`
    MemoryCopy = 22, |r| {
        let w = word(r, 1);
        let Some(from) = range(get(r, mid(w)), get(r, third(w))) else { return Flow::Trap };
        let Some(to) = range(get(r, lo(w)), get(r, third(w))) else { return Flow::Trap };
        let memory = memory_mut(r);
        if from.end > memory.len() || to.end > memory.len() {
            return Flow::Trap;
        }
        memory.copy_within(from, to.start);
        forward(r, 2)
    }

    /// An instruction that the exact tier executes: `pc height`
    Exact = 16, |r| {
        let w = word(r, 1);
        (*r.context).value = w as u32;
        (*r.context).height = high(w);
        Flow::Exact
    }
}

/// Leaves a call to the exact tier; the layout of its second and third word is that of [`Call`].
#[cold]
#[inline(never)]
unsafe fn exact_call(r: &mut Registers) -> Flow {
    // SAFETY: what the module demands.
    unsafe {
        (*r.context).value = word(r, 2) as u32;
        (*r.context).height = word(r, 3) as u32;
    }
    Flow::ExactCall
}

/// Calls a function of the same instance; `words` is the length of the calling operation.
#[inline(always)]
unsafe fn call(r: &mut Registers, func: u32, distance: usize, words: usize) -> Flow {
    // SAFETY: what the module demands. The new frame is written only where there is room for it, and
    // its slots lie below the end of the value stack.
    unsafe {
        let context: *mut Context = r.context;
        let Some(position) = func.checked_sub((*context).imported) else { return exact_call(r) };
        let body = &*(*context).bodies.add(position as usize);
        let Some(callee): Option<&FastCode> = body.fast.get() else { return exact_call(r) };
        let fp = r.fp.add(distance);
        let frame = (*context).frame.add(1);
        let price = *callee.segments.get_unchecked(0);
        let room = (*context).stack_end.offset_from(fp) as usize;
        if frame >= (*context).frames_end
            || room < callee.slots as usize
            || r.fuel < i64::from(price)
        {
            return exact_call(r);
        }
        let returns = &mut *(*context).returns;
        if returns.len() == returns.capacity() {
            return exact_call(r);
        }
        r.fuel -= i64::from(price);
        let w = word(r, 2);
        (*(*context).frame).pc = w as u32;
        let base = fp.offset_from((*context).stack) as u32;
        frame.write(Frame { instance: (*context).instance, func: FuncIndex(func), base, pc: 0 });
        (*context).frame = frame;
        let back = Return { ip: r.ip.add(words), distance: distance as u32, charge: high(w) };
        returns.as_mut_ptr().add(returns.len()).write(back);
        returns.set_len(returns.len() + 1);
        for local in callee.params..callee.locals {
            *fp.add(local as usize) = 0;
        }
        r.fp = fp;
        r.ip = callee.words.as_ptr();
        Flow::Next
    }
}

/// The bytes from an address on, both 32 bits wide.
#[inline(always)]
fn range(address: u64, len: u64) -> Option<core::ops::Range<usize>> {
    let (start, len) = (address as u32 as usize, len as u32 as usize);
    Some(start..start.checked_add(len)?)
}

/// Replaces the present frame by one of a function of the same instance.
#[inline(always)]
unsafe fn tail_call(r: &mut Registers, func: u32, args: usize) -> Flow {
    // SAFETY: what the module demands; the new frame's slots lie below the end of the value stack.
    unsafe {
        let context: *mut Context = r.context;
        let Some(position) = func.checked_sub((*context).imported) else { return exact_call(r) };
        let body = &*(*context).bodies.add(position as usize);
        let Some(callee): Option<&FastCode> = body.fast.get() else { return exact_call(r) };
        let price = *callee.segments.get_unchecked(0);
        let room = (*context).stack_end.offset_from(r.fp) as usize;
        if room < callee.slots as usize || r.fuel < i64::from(price) {
            return exact_call(r);
        }
        r.fuel -= i64::from(price);
        core::ptr::copy(r.fp.add(args), r.fp, callee.params as usize);
        for local in callee.params..callee.locals {
            *r.fp.add(local as usize) = 0;
        }
        (*(*context).frame).func = FuncIndex(func);
        (*(*context).frame).pc = 0;
        r.ip = callee.words.as_ptr();
        Flow::Next
    }
}

/// Goes back to the caller; the results lie at the frame's first slots.
#[inline(always)]
unsafe fn leave_frame(r: &mut Registers, results: u32) -> Flow {
    // SAFETY: what the module demands; every frame of this run but the first has a return.
    unsafe {
        let context = r.context;
        let Some(back) = (*(*context).returns).pop() else {
            (*context).value = results;
            return Flow::Return;
        };
        (*context).frame = (*context).frame.sub(1);
        r.fp = r.fp.sub(back.distance as usize);
        r.ip = back.ip;
        pay(r, back.charge)
    }
}
