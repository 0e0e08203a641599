//! Host functions and calls in types of Rust, instead of lists of [`Value`]s: they are read from the
//! caller's stack and written back to it, without a list in between.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Caller, HostError, HostResult};
use crate::ids::FuncAddr;
use crate::types::{FuncType, ValType, slots_of};
use crate::value::{AnyRef, Slot, Value, join, read_values, split, write_values};

/// Most values of a list.
const MOST: usize = 16;

/// Arguments of a host call, then its results: as many as there can be, all of them vectors.
pub(crate) type Slots = [u64; 2 * MOST];

pub(crate) const NO_SLOTS: Slots = [0; 2 * MOST];

mod sealed {
    pub trait Sealed {}
}

use sealed::Sealed;

/// A type of Rust that stands for a value type: `i32` and `u32`, `i64` and `u64`, `f32`, `f64`, `u128` for
/// `v128`, [`FuncRef`], [`ExternRef`] and [`DataRef`].
pub trait NativeType: Sealed + Copy + 'static {
    /// The value type.
    const TYPE: ValType;

    #[doc(hidden)]
    fn from_slots(slots: [u64; 2]) -> Self;

    #[doc(hidden)]
    fn into_slots(self) -> [u64; 2];
}

/// A `funcref`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FuncRef(pub Option<FuncAddr>);

/// An `externref`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExternRef(pub Option<AnyRef>);

/// An `anyref`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DataRef(pub Option<AnyRef>);

macro_rules! numbers {
    ($($native:ident as $slot:ident: $ty:ident,)*) => {$(
        impl Sealed for $native {}

        impl NativeType for $native {
            const TYPE: ValType = ValType::$ty;

            #[inline(always)]
            fn from_slots([slot, _]: [u64; 2]) -> Self {
                <$slot as Slot>::from_slot(slot) as $native
            }

            #[inline(always)]
            fn into_slots(self) -> [u64; 2] {
                [(self as $slot).into_slot(), 0]
            }
        }
    )*};
}

numbers! {
    i32 as i32: I32,
    u32 as u32: I32,
    i64 as i64: I64,
    u64 as u64: I64,
    f32 as f32: F32,
    f64 as f64: F64,
}

impl Sealed for u128 {}

impl NativeType for u128 {
    const TYPE: ValType = ValType::V128;

    #[inline(always)]
    fn from_slots(slots: [u64; 2]) -> Self {
        join(slots)
    }

    #[inline(always)]
    fn into_slots(self) -> [u64; 2] {
        split(self)
    }
}

macro_rules! references {
    ($($native:ident: $variant:ident, $ty:ident;)*) => {$(
        impl Sealed for $native {}

        impl NativeType for $native {
            const TYPE: ValType = ValType::$ty;

            fn from_slots(slots: [u64; 2]) -> Self {
                match Value::from_bits(Self::TYPE, join(slots)) {
                    Value::$variant(to) => Self(to),
                    _ => Self(None),
                }
            }

            fn into_slots(self) -> [u64; 2] {
                split(Value::$variant(self.0).to_bits())
            }
        }
    )*};
}

references! {
    FuncRef: FuncRef, FUNCREF;
    ExternRef: ExternRef, EXTERNREF;
    DataRef: AnyRef, ANYREF;
}

/// A list of at most 16 [`NativeType`]s: a tuple of them, `()` or a single one.
pub trait NativeTypes: Sealed + Sized + 'static {
    /// The value types.
    const TYPES: &'static [ValType];

    #[doc(hidden)]
    fn from_slots(slots: &[u64]) -> Self;

    #[doc(hidden)]
    fn into_slots(self, slots: &mut [u64]);

    #[doc(hidden)]
    fn from_values(values: &[Value]) -> Self {
        let mut slots = NO_SLOTS;
        write_values(values, &mut slots);
        Self::from_slots(&slots)
    }

    #[doc(hidden)]
    fn into_values(self) -> Vec<Value> {
        let mut slots = NO_SLOTS;
        self.into_slots(&mut slots);
        read_values(Self::TYPES, &slots)
    }
}

impl<T: NativeType> NativeTypes for T {
    const TYPES: &'static [ValType] = &[T::TYPE];

    #[inline(always)]
    fn from_slots(mut slots: &[u64]) -> Self {
        take(&mut slots)
    }

    #[inline(always)]
    fn into_slots(self, slots: &mut [u64]) {
        put(self, slots, &mut 0);
    }
}

#[inline(always)]
fn take<T: NativeType>(slots: &mut &[u64]) -> T {
    let count = const { T::TYPE.slots() };
    let slot = |index: usize| slots.get(index).copied().unwrap_or(0);
    let value = T::from_slots([slot(0), if count == 2 { slot(1) } else { 0 }]);
    *slots = slots.get(count..).unwrap_or_default();
    value
}

#[inline(always)]
fn put<T: NativeType>(value: T, slots: &mut [u64], at: &mut usize) {
    let count = const { T::TYPE.slots() };
    for part in value.into_slots().into_iter().take(count) {
        if let Some(slot) = slots.get_mut(*at) {
            *slot = part;
        }
        *at += 1;
    }
}

/// What a typed host function returns: [`NativeTypes`], or a [`Result`] of them with [`HostError`].
pub trait NativeResults: Sealed {
    /// Its results.
    type Types: NativeTypes;

    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Types, HostError>;
}

impl<T: NativeTypes> NativeResults for T {
    type Types = T;

    #[inline(always)]
    fn into_result(self) -> Result<T, HostError> {
        Ok(self)
    }
}

impl<T: NativeTypes> Sealed for Result<T, HostError> {}

impl<T: NativeTypes> NativeResults for Result<T, HostError> {
    type Types = T;

    #[inline(always)]
    fn into_result(self) -> Self {
        self
    }
}

/// A closure that [`Linker::func_wrap`](crate::Linker::func_wrap) takes: its parameters are
/// [`NativeType`]s, at most 16, with a `&mut Caller<'_>` before them or without; it returns
/// [`NativeResults`]. `Signature` is found by the compiler.
pub trait NativeFunc<Signature>: Send + Sync + 'static {
    /// Its parameters, without the caller.
    type Params: NativeTypes;
    /// Its results.
    type Results: NativeTypes;

    #[doc(hidden)]
    fn call(
        &self,
        caller: &mut Caller<'_>,
        params: Self::Params,
    ) -> Result<Self::Results, HostError>;
}

/// Stands for `&mut Caller<'_>` in a signature.
#[doc(hidden)]
pub struct WithCaller;

macro_rules! tuples {
    ($(($($param:ident)*))*) => {$(
        impl<$($param: NativeType),*> Sealed for ($($param,)*) {}

        #[allow(non_snake_case, unused_mut, unused_variables, clippy::unused_unit)]
        impl<$($param: NativeType),*> NativeTypes for ($($param,)*) {
            const TYPES: &'static [ValType] = &[$($param::TYPE),*];

            #[inline(always)]
            fn from_slots(mut slots: &[u64]) -> Self {
                ($(take::<$param>(&mut slots),)*)
            }

            #[inline(always)]
            fn into_slots(self, slots: &mut [u64]) {
                let ($($param,)*) = self;
                let mut at = 0;
                $(put($param, slots, &mut at);)*
            }
        }

        #[allow(non_snake_case)]
        impl<Func, Results, $($param: NativeType),*> NativeFunc<(WithCaller, $($param,)*)> for Func
        where
            Func: Fn(&mut Caller<'_>, $($param),*) -> Results + Send + Sync + 'static,
            Results: NativeResults,
        {
            type Params = ($($param,)*);
            type Results = Results::Types;

            #[inline(always)]
            fn call(
                &self,
                caller: &mut Caller<'_>,
                ($($param,)*): Self::Params,
            ) -> Result<Self::Results, HostError> {
                self(caller, $($param),*).into_result()
            }
        }

        #[allow(non_snake_case)]
        impl<Func, Results, $($param: NativeType),*> NativeFunc<($($param,)*)> for Func
        where
            Func: Fn($($param),*) -> Results + Send + Sync + 'static,
            Results: NativeResults,
        {
            type Params = ($($param,)*);
            type Results = Results::Types;

            #[inline(always)]
            fn call(
                &self,
                _: &mut Caller<'_>,
                ($($param,)*): Self::Params,
            ) -> Result<Self::Results, HostError> {
                self($($param),*).into_result()
            }
        }
    )*};
}

tuples! {
    ()
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N)
    (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P)
}

/// What a typed host function does with the slots of its arguments: its results lie there then.
pub(crate) type TypedClosure =
    dyn Fn(&mut Caller<'_>, &mut Slots) -> Result<(), HostError> + Send + Sync;

/// A typed host function.
pub(crate) struct Typed<Call: ?Sized = TypedClosure> {
    params: &'static [ValType],
    results: &'static [ValType],
    pub(crate) param_slots: usize,
    pub(crate) result_slots: usize,
    /// Whether results have to be looked at: references may refer to nothing that the store has.
    pub(crate) checked: bool,
    pub(crate) call: Call,
}

impl Typed {
    pub(crate) fn new<Signature, F: NativeFunc<Signature>>(function: F) -> Arc<Self> {
        let call = move |caller: &mut Caller<'_>, slots: &mut Slots| {
            let params = F::Params::from_slots(&*slots);
            function.call(caller, params)?.into_slots(slots);
            Ok(())
        };
        let (params, results) = (F::Params::TYPES, F::Results::TYPES);
        Arc::new(Typed {
            params,
            results,
            param_slots: slots_of(params),
            result_slots: slots_of(results),
            checked: results.iter().any(|ty| matches!(ty, ValType::Ref(_))),
            call,
        })
    }

    pub(crate) fn ty(&self) -> FuncType {
        FuncType::new(self.params.iter().copied(), self.results.iter().copied())
    }

    /// The same with lists of values, which a record is made of.
    pub(crate) fn call_values(&self, caller: &mut Caller<'_>, args: &[Value]) -> HostResult {
        let mut slots = NO_SLOTS;
        write_values(args, &mut slots);
        (self.call)(caller, &mut slots)?;
        Ok(self.results(&slots))
    }

    pub(crate) fn results(&self, slots: &Slots) -> Vec<Value> {
        read_values(self.results, slots)
    }
}
