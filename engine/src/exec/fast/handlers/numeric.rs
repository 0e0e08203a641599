//! Families of operations: one for each operator of the table, in forms that differ in where the
//! operands come from.

use super::super::machine::{Flow, Registers};
use super::super::operators::{Binary, Load, Store, TryBinary, TryUnary, Unary};
use super::Half::{Lower, Upper};
use super::Part::{Constant, Name, Price, Signed, Slot, Text, To, Unsigned};
use super::*;
use crate::memory::MARKED_LOG2;

/// Where the result goes.
const DST: Part = Slot(1, 0);

/// Where an operand comes from.
pub(in crate::exec::fast) trait Source {
    /// Distinguishes the forms of an operator.
    const FORM: u32;
    /// How it reads.
    const PART: Part;

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
    ($($(#[$doc:meta])* $name:ident = $form:literal, $part:expr, |$r:ident, $w:ident| $value:expr;)*) => {$(
        $(#[$doc])*
        pub(in crate::exec::fast) struct $name;
        impl Source for $name {
            const FORM: u32 = $form;
            const PART: Part = $part;
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
    First = 0, Slot(1, 0), |r, w| get(r, lo(w));
    /// The slot in the second field.
    Second = 0, Slot(1, 1), |r, w| get(r, mid(w));
    /// The slot in the third field.
    Third = 0, Slot(1, 2), |r, w| get(r, third(w));
    /// The slot in the last field.
    Fourth = 0, Slot(1, 3), |r, w| get(r, (w >> 48) as u16);
    /// A constant in the last field.
    Small = 1, Part::Small(1, 3), |r, w| (w as i64 >> 48) as u64;
    /// A constant in the upper half of the fourth word.
    Far = 1, Signed(3), |r, w| immediate(word(r, 3));
    /// A constant in the upper half.
    Immediate = 1, Signed(1), |r, w| immediate(w);
    /// A constant in the word behind.
    Wide = 3, Constant(2), |r, w| word(r, 2);
    /// The accumulator.
    Accumulator = 2, Part::Accumulator, |r, w| r.accumulator;
}

/// Which memory is accessed.
pub(in crate::exec::fast) trait Space {
    /// Distinguishes the forms of a load.
    const FORM: u32;
    /// The same of a store, which has six of them for each kind of space.
    const STORES: u32;
    /// Words of their own that say which, where no other has room for it.
    const WORDS: usize;
    /// How it reads, in a word.
    const PARTS: [Part; 4];

    /// Its bytes; which it is stands in the second field of a word.
    ///
    /// # Safety
    /// See the module.
    unsafe fn bytes<'a>(r: &Registers, at: usize) -> &'a mut [u8];

    /// Marks the page at an address that has been written.
    ///
    /// # Safety
    /// See the module; the address lies within the memory.
    #[inline(always)]
    unsafe fn mark(_: &Registers, _at: usize, _address: u64) {}

    /// Where the marks of that memory are.
    ///
    /// # Safety
    /// See the module.
    unsafe fn marks(r: &Registers, at: usize) -> *mut u8;
}

/// Memory 0.
pub(in crate::exec::fast) struct Own;

impl Space for Own {
    const FORM: u32 = 0;
    const STORES: u32 = 0;
    const WORDS: usize = 0;
    const PARTS: [Part; 4] = [Text(""); 4];

    #[inline(always)]
    unsafe fn bytes<'a>(r: &Registers, _: usize) -> &'a mut [u8] {
        // SAFETY: what the module demands.
        unsafe { memory_mut(r) }
    }

    #[inline(always)]
    unsafe fn marks(r: &Registers, _: usize) -> *mut u8 {
        // SAFETY: the context is valid.
        unsafe { (*r.context).marks[0] }
    }
}

/// One of the next few.
pub(in crate::exec::fast) struct Near;

impl Space for Near {
    const FORM: u32 = 12;
    const STORES: u32 = 6;
    const WORDS: usize = 1;
    const PARTS: [Part; 4] =
        [Part::Memory(0, 1), Part::Memory(1, 1), Part::Memory(2, 1), Part::Memory(3, 1)];

    #[inline(always)]
    unsafe fn bytes<'a>(r: &Registers, at: usize) -> &'a mut [u8] {
        // SAFETY: what the module demands.
        unsafe { near_memory(r, mid(word(r, at))) }
    }

    #[inline(always)]
    unsafe fn marks(r: &Registers, at: usize) -> *mut u8 {
        // SAFETY: what the module demands.
        unsafe { near_marks(r, mid(word(r, at))) }
    }
}

/// One of these, where what is written is marked.
pub(in crate::exec::fast) struct Marked<S>(core::marker::PhantomData<S>);

impl<S: Space> Space for Marked<S> {
    const FORM: u32 = S::FORM;
    const STORES: u32 = 12 + S::STORES;
    const WORDS: usize = S::WORDS;
    const PARTS: [Part; 4] = S::PARTS;

    #[inline(always)]
    unsafe fn bytes<'a>(r: &Registers, at: usize) -> &'a mut [u8] {
        // SAFETY: as demanded.
        unsafe { S::bytes(r, at) }
    }

    #[inline(always)]
    unsafe fn mark(r: &Registers, at: usize, address: u64) {
        // SAFETY: only code that marks has this; there is a mark for each page of the memory.
        unsafe { *S::marks(r, at).add((address >> MARKED_LOG2) as usize) = 1 }
    }

    #[inline(always)]
    unsafe fn marks(r: &Registers, at: usize) -> *mut u8 {
        // SAFETY: as demanded.
        unsafe { S::marks(r, at) }
    }
}

/// The form of two sources.
const fn pair<L: Source, R: Source>() -> u32 {
    match (L::FORM, R::FORM) {
        (0, 0) => 0,
        (0, 1) => 1,
        (2, 0) => 2,
        (2, 1) => 3,
        (_, 2) if L::FORM == 0 => 4,
        (0, _) => 16,
        (2, _) => 17,
        (_, 0) => 18,
        _ => 19,
    }
}

/// The form of what ends a loop that counts.
const fn counting<R: Source, A: Source>() -> u32 {
    R::FORM + 2 * A::FORM
}

/// Words of an operation with these sources.
const fn length<L: Source, R: Source>() -> usize {
    if L::FORM == Wide::FORM || R::FORM == Wide::FORM { 3 } else { 2 }
}

/// What an indexed access adds up: `b << shift` to `a`, and the offset.
#[inline(always)]
unsafe fn indexed<B: Source>(r: &Registers, w: u64) -> (u64, u64) {
    // SAFETY: what the module demands.
    unsafe {
        let rest = word(r, 2);
        let index = (B::read(r, w) as u32).wrapping_shl(rest as u32);
        (u64::from((get(r, mid(w)) as u32).wrapping_add(index)), rest >> 32)
    }
}

macro_rules! families {
    ($(
        $(#[$doc:meta])*
        $name:ident<$o:ident: $family:ident $(, $l:ident)* $(; $s:ident)?> = $form:expr, $layout:expr, |$r:ident| $body:block
    )*) => {$(
        $(#[$doc])*
        pub(in crate::exec::fast) struct $name<$o $(, $l)* $(, $s)?>(core::marker::PhantomData<($o, $($l,)* $($s)?)>);
        impl<$o: $family $(, $l: Source)* $(, $s: Space)?> Operation for $name<$o $(, $l)* $(, $s)?> {
            const CODE: u32 = code($o::NUMBER, $form);
            const NAME: &'static str = $o::NAME;
            const LAYOUT: &'static [Part] = $layout;
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
    UnaryOf<O: Unary, A> = A::FORM,
    &[DST, Text(" = "), Name, A::PART], |r| {
        let w = word(r, 1);
        let result = O::apply(A::read_as(r, w, O::FLOAT_OPERANDS));
        set_as(r, lo(w), result, O::FLOAT_RESULT);
        forward(r, 2)
    }

    /// `dst a b`, or `dst a immediate`
    BinaryOf<O: Binary, L, R> = pair::<L, R>(),
    &[DST, Text(" = "), Name, L::PART, R::PART], |r| {
        let w = word(r, 1);
        let float = O::FLOAT_OPERANDS;
        let result = O::apply(L::read_as(r, w, float), R::read_as(r, w, float));
        set_as(r, lo(w), result, O::FLOAT_RESULT);
        forward(r, length::<L, R>())
    }

    /// `dst a b shift`: `b` shifted to the left, and added to `a`.
    ShiftSum<O: Binary, B> = 28 + B::FORM,
    &[DST, Text(" ="), Slot(1, 1), Text(" +"), Name, B::PART, Part::Small(1, 3)],
    |r| {
        let w = word(r, 1);
        let shifted = O::apply(B::read(r, w), w >> 48);
        let sum = (get(r, mid(w)) as u32).wrapping_add(shifted as u32);
        set(r, lo(w), sum.into());
        forward(r, 2)
    }

    /// `dst a`
    TryUnaryOf<O: TryUnary> = 0,
    &[DST, Text(" = "), Name, Slot(1, 1)], |r| {
        let w = word(r, 1);
        let Some(result) = O::apply(get(r, mid(w))) else { return Flow::Trap };
        set(r, lo(w), result);
        forward(r, 2)
    }

    /// `dst a b`, or `dst a immediate`
    TryBinaryOf<O: TryBinary, R> = R::FORM,
    &[DST, Text(" = "), Name, Slot(1, 1), R::PART], |r| {
        let w = word(r, 1);
        let Some(result) = O::apply(get(r, mid(w)), R::read(r, w)) else { return Flow::Trap };
        set(r, lo(w), result);
        forward(r, 2)
    }

    /// `dst a offset`; `- memory`
    LoadOf<O: Load, A; S> = A::FORM + S::FORM,
    &[DST, Text(" = "), Name, S::PARTS[2], A::PART, Text(" offset="), Unsigned(1)], |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let Some(value) = O::load(S::bytes(r, 2), address, w >> 32) else { return Flow::Trap };
        set_as(r, lo(w), value, O::FLOAT_RESULT);
        forward(r, 2 + S::WORDS)
    }

    /// `dst a - added`, `- memory offset`
    LoadPlus<O: Load, A; S> = 4 + A::FORM + S::FORM,
    &[DST, Text(" = "), Name, S::PARTS[2], A::PART, Text(" +"), Signed(1), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, rest) = (word(r, 1), word(r, 2));
        let address = u64::from((A::read(r, w) as u32).wrapping_add(high(w)));
        let Some(value) = O::load(S::bytes(r, 2), address, rest >> 32) else { return Flow::Trap };
        set_as(r, lo(w), value, O::FLOAT_RESULT);
        forward(r, 3)
    }

    /// `dst a b`, `shift memory offset`
    LoadIndexed<O: Load, B; S> = 8 + B::FORM + S::FORM,
    &[DST, Text(" = "), Name, S::PARTS[2], Slot(1, 1), Text(" +"), B::PART, Text(" <<"), Part::Small(2, 0),
        Text(" offset="), Unsigned(2)],
    |r| {
        let w = word(r, 1);
        let (address, offset) = indexed::<B>(r, w);
        let Some(value) = O::load(S::bytes(r, 2), address, offset) else { return Flow::Trap };
        set_as(r, lo(w), value, O::FLOAT_RESULT);
        forward(r, 3)
    }

    /// `value a b`, `shift memory offset`
    StoreIndexed<O: Store; S> = 5 + S::STORES,
    &[Name, S::PARTS[2], Slot(1, 1), Text(" +"), Slot(1, 2), Text(" <<"), Part::Small(2, 0), Slot(1, 0),
        Text(" offset="), Unsigned(2)],
    |r| {
        let w = word(r, 1);
        let (address, offset) = indexed::<Third>(r, w);
        if O::store(S::bytes(r, 2), address, offset, get(r, lo(w))).is_none() {
            return Flow::Trap;
        }
        S::mark(r, 2, address + offset);
        forward(r, 3)
    }

    /// `a value offset`; `- memory`
    StoreOf<O: Store, A, V; S> = pair::<A, V>() / 2 + S::STORES,
    &[Name, S::PARTS[2], A::PART, V::PART, Text(" offset="), Unsigned(1)], |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let value = V::read(r, w);
        if O::store(S::bytes(r, 2), address, w >> 32, value).is_none() {
            return Flow::Trap;
        }
        S::mark(r, 2, address + (w >> 32));
        forward(r, 2 + S::WORDS)
    }

    /// `a - offset`, `value`; `- memory`
    StoreConstant<O: Store, A; S> = 3 + A::FORM / 2 + S::STORES,
    &[Name, S::PARTS[3], A::PART, Constant(2), Text(" offset="), Unsigned(1)], |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let value = word(r, 2);
        if O::store(S::bytes(r, 3), address, w >> 32, value).is_none() {
            return Flow::Trap;
        }
        S::mark(r, 3, address + (w >> 32));
        forward(r, 3 + S::WORDS)
    }
}

/// `dst a b c`: a product, and a sum of that and `c`.
pub(in crate::exec::fast) struct ProductSum<P, S, A>(core::marker::PhantomData<(P, S, A)>);

impl<P: Binary, S: Binary, A: Source> Operation for ProductSum<P, S, A> {
    const CODE: u32 = code(P::NUMBER, 24 + A::FORM);
    const NAME: &'static str = P::NAME;
    const LAYOUT: &'static [Part] =
        &[DST, Text(" ="), Slot(1, 3), Text(" + "), Name, A::PART, Slot(1, 2)];

    #[inline(always)]
    unsafe fn run(r: &mut Registers) -> Flow {
        // SAFETY: what the module demands.
        unsafe {
            let w = word(r, 1);
            let float = P::FLOAT_OPERANDS;
            let product = P::apply(A::read_as(r, w, float), get(r, third(w)));
            let result = S::apply(get(r, (w >> 48) as u16), product);
            set_as(r, lo(w), result, float);
            forward(r, 2)
        }
    }
}

macro_rules! choices {
    ($(
        $(#[$doc:meta])*
        $name:ident<$o:ident: $family:ident $(, $l:ident)*> = $form:expr, $layout:expr, |$r:ident| $body:block
    )*) => {$(
        $(#[$doc])*
        pub(in crate::exec::fast) struct $name<$o $(, $l)*>(core::marker::PhantomData<($o, $($l,)*)>);
        impl<$o: $family $(, $l: Source)*> Operation for $name<$o $(, $l)*> {
            const CODE: u32 = code($o::NUMBER, $form);
            const NAME: &'static str = $o::NAME;
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
                        let to = word(r, 3) as i32;
                        go(r, to, prices as u32)
                    } else {
                        go(r, 4, high(prices))
                    }
                }
            }
        }
    )*};
}

choices! {
    /// Goes to `to` unless the result is zero: `a b -`, or `a - immediate`;
    /// `price of to, price of the next`; `to`
    BrIfOf<O: Binary, L, R> = 5 + pair::<L, R>(),
    &[Text("br_if "), Name, L::PART, R::PART, To(3, Lower), Price(2, Lower), Text(" else"), Price(2, Upper)], |r| {
        let w = word(r, 1);
        let float = O::FLOAT_OPERANDS;
        O::apply(L::read_as(r, w, float), R::read_as(r, w, float)) as u32 != 0
    }

    /// As [`BrIfOf`], if the result is zero.
    BrUnlessOf<O: Binary, L, R> = 10 + pair::<L, R>(),
    &[Text("br_unless "), Name, L::PART, R::PART, To(3, Lower), Price(2, Lower), Text(" else"), Price(2, Upper)], |r| {
        let w = word(r, 1);
        let float = O::FLOAT_OPERANDS;
        O::apply(L::read_as(r, w, float), R::read_as(r, w, float)) as u32 == 0
    }

    /// Adds to a local and compares it: `dst a b added`; `price of to, price of the next`;
    /// `to`, and an immediate for `b`
    AddBrIf<O: Binary, R, A> = 20 + counting::<R, A>(),
    &[
        DST, Text(" ="), Slot(1, 1), Text(" +"), A::PART, Text(", br_if "), Name, DST, R::PART,
        To(3, Lower), Price(2, Lower), Text(" else"), Price(2, Upper),
    ],
    |r| {
        let w = word(r, 1);
        let sum = (get(r, mid(w)) as u32).wrapping_add(A::read(r, w) as u32);
        *r.fp.add(usize::from(lo(w))) = sum.into();
        O::apply(sum.into(), R::read(r, w)) as u32 != 0
    }

    /// As [`AddBrIf`], if the comparison fails.
    AddBrUnless<O: Binary, R, A> = 24 + counting::<R, A>(),
    &[
        DST, Text(" ="), Slot(1, 1), Text(" +"), A::PART, Text(", br_unless "), Name, DST, R::PART,
        To(3, Lower), Price(2, Lower), Text(" else"), Price(2, Upper),
    ],
    |r| {
        let w = word(r, 1);
        let sum = (get(r, mid(w)) as u32).wrapping_add(A::read(r, w) as u32);
        *r.fp.add(usize::from(lo(w))) = sum.into();
        O::apply(sum.into(), R::read(r, w)) as u32 == 0
    }
}
