//! Families of operations: one for each operator of the table, in forms that differ in where the
//! operands come from.

use super::super::machine::{Flow, Registers};
use super::super::operators::{Binary, Load, Store, TryBinary, TryUnary, Unary};
use super::Half::{Lower, Upper};
use super::Part::{Constant, Name, Price, Signed, Slot, Text, To, Unsigned};
use super::*;

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
    /// A constant in the upper half.
    Immediate = 1, Signed(1), |r, w| immediate(w);
    /// The accumulator.
    Accumulator = 2, Part::Accumulator, |r, w| r.accumulator;
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
        $name:ident<$o:ident: $family:ident $(, $l:ident)*> = $form:expr, $layout:expr, |$r:ident| $body:block
    )*) => {$(
        $(#[$doc])*
        pub(in crate::exec::fast) struct $name<$o $(, $l)*>(core::marker::PhantomData<($o, $($l,)*)>);
        impl<$o: $family $(, $l: Source)*> Operation for $name<$o $(, $l)*> {
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
        forward(r, 2)
    }

    /// Goes to `to` unless the result is zero: `a b -`, or `a - immediate`;
    /// `price of to, price of the next`; `to`
    BrIfOf<O: Binary, L, R> = 5 + pair::<L, R>(),
    &[Text("br_if "), Name, L::PART, R::PART, To(3, Lower), Price(2, Lower), Text(" else"), Price(2, Upper)], |r| {
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
    BrUnlessOf<O: Binary, L, R> = 10 + pair::<L, R>(),
    &[Text("br_unless "), Name, L::PART, R::PART, To(3, Lower), Price(2, Lower), Text(" else"), Price(2, Upper)], |r| {
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

    /// `dst a offset`
    LoadOf<O: Load, A> = A::FORM,
    &[DST, Text(" = "), Name, A::PART, Text(" offset="), Unsigned(1)], |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let Some(value) = O::load(memory(r), address, w >> 32) else { return Flow::Trap };
        set_as(r, lo(w), value, O::FLOAT_RESULT);
        forward(r, 2)
    }

    /// `a value offset`
    StoreOf<O: Store, A, V> = pair::<A, V>(),
    &[Name, A::PART, V::PART, Text(" offset="), Unsigned(1)], |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let value = V::read(r, w);
        if O::store(memory_mut(r), address, w >> 32, value).is_none() {
            return Flow::Trap;
        }
        forward(r, 2)
    }

    /// `a - offset`, `value`
    StoreConstant<O: Store, A> = 8 + A::FORM,
    &[Name, A::PART, Constant(2), Text(" offset="), Unsigned(1)], |r| {
        let w = word(r, 1);
        let address = u64::from(A::read(r, w) as u32);
        let value = word(r, 2);
        if O::store(memory_mut(r), address, w >> 32, value).is_none() {
            return Flow::Trap;
        }
        forward(r, 3)
    }
}
