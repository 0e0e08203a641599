//! Values as an embedder sees them, and their form on the value stack: one slot, or two for vectors.

use alloc::vec::Vec;
use core::fmt;

use crate::ids::{ExternAddr, FuncAddr, ObjectAddr};
use crate::types::{HeapType, RefType, ValType};

/// What a reference to data or to the host stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AnyRef {
    /// A host value.
    Host(ExternAddr),
    /// An integer of 31 bits, sign-extended.
    I31(i32),
    /// A structure or an array of the store's heap.
    Object(ObjectAddr),
}

impl From<ExternAddr> for AnyRef {
    fn from(addr: ExternAddr) -> Self {
        AnyRef::Host(addr)
    }
}

/// How the kinds of references look in a slot; 0 is null. Functions and host values are their address
/// plus 1. That data and host values are told apart makes `extern.convert_any` and its inverse keep
/// the bits.
pub(crate) mod tag {
    pub(crate) const I31: u64 = 1 << 33;
    pub(crate) const OBJECT: u64 = 1 << 34;
    pub(crate) const I31_BITS: u64 = 0x7fff_ffff;
}

impl AnyRef {
    pub(crate) fn from_slot(slot: u64) -> Option<Self> {
        if slot & tag::OBJECT != 0 {
            Some(AnyRef::Object(ObjectAddr(slot as u32)))
        } else if slot & tag::I31 != 0 {
            Some(AnyRef::I31((slot as i32) << 1 >> 1))
        } else {
            handle_of_slot(slot).map(|addr| AnyRef::Host(ExternAddr(addr)))
        }
    }

    pub(crate) fn to_slot(self) -> u64 {
        match self {
            AnyRef::Host(addr) => slot_of_handle(Some(addr.0)),
            AnyRef::I31(value) => tag::I31 | u64::from(value as u32) & tag::I31_BITS,
            AnyRef::Object(addr) => tag::OBJECT | u64::from(addr.0),
        }
    }
}

/// Writes `7`, `i31 -1` or `object 7`.
impl fmt::Display for AnyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnyRef::Host(addr) => write!(f, "{addr}"),
            AnyRef::I31(value) => write!(f, "i31 {value}"),
            AnyRef::Object(addr) => write!(f, "object {addr}"),
        }
    }
}

/// The object that a slot refers to, if it does.
#[inline(always)]
pub(crate) fn object_of_slot(slot: u64) -> Option<ObjectAddr> {
    (slot & tag::OBJECT != 0).then_some(ObjectAddr(slot as u32))
}

/// A reference: what tables and element segments hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ref {
    /// A function, or `ref.null func`.
    Func(Option<FuncAddr>),
    /// A host value, or data given to the host, or `ref.null extern`.
    Extern(Option<AnyRef>),
    /// Data, or `ref.null any`.
    Any(Option<AnyRef>),
    /// An exception, or `ref.null exn`.
    Exn(Option<ObjectAddr>),
}

impl Ref {
    /// The null reference of a type.
    pub fn null(ty: RefType) -> Self {
        match ty.heap.top() {
            HeapType::Func => Ref::Func(None),
            HeapType::Extern => Ref::Extern(None),
            HeapType::Exn => Ref::Exn(None),
            _ => Ref::Any(None),
        }
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        Value::from(self).to_slot() == 0
    }
}

/// A typed value. Floats are kept as they are: [`PartialEq`] compares bits, so a NaN equals itself.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32-bit float.
    F32(f32),
    /// 64-bit float.
    F64(f64),
    /// Vector of 128 bits; lane 0 is the lowest.
    V128(u128),
    /// Function reference or null.
    FuncRef(Option<FuncAddr>),
    /// Host reference or null.
    ExternRef(Option<AnyRef>),
    /// Reference to data or null.
    AnyRef(Option<AnyRef>),
    /// Reference to an exception or null.
    ExnRef(Option<ObjectAddr>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.ty() == other.ty() && self.to_bits() == other.to_bits()
    }
}

impl Eq for Value {}

impl Value {
    /// The value's type; of a reference the topmost type of its hierarchy, nullable.
    pub fn ty(&self) -> ValType {
        match self {
            Value::I32(_) => ValType::I32,
            Value::I64(_) => ValType::I64,
            Value::F32(_) => ValType::F32,
            Value::F64(_) => ValType::F64,
            Value::V128(_) => ValType::V128,
            Value::FuncRef(_) => ValType::FUNCREF,
            Value::ExternRef(_) => ValType::EXTERNREF,
            Value::AnyRef(_) => ValType::ANYREF,
            Value::ExnRef(_) => ValType::EXNREF,
        }
    }

    /// The reference, if it is one.
    pub fn as_ref(&self) -> Option<Ref> {
        Some(match *self {
            Value::FuncRef(to) => Ref::Func(to),
            Value::ExternRef(to) => Ref::Extern(to),
            Value::AnyRef(to) => Ref::Any(to),
            Value::ExnRef(to) => Ref::Exn(to),
            _ => return None,
        })
    }

    /// Zero, or null for references: what locals start as.
    pub fn default_of(ty: ValType) -> Self {
        Value::from_bits(ty, 0)
    }

    /// The bits of the value, as they lie in its slot of the value stack, or in the two of a vector;
    /// narrower values are zero-extended, null is 0.
    pub fn to_bits(self) -> u128 {
        match self {
            Value::V128(value) => value,
            other => other.to_slot().into(),
        }
    }

    /// The value of type `ty` with these bits.
    pub fn from_bits(ty: ValType, bits: u128) -> Self {
        match ty {
            ValType::V128 => Value::V128(bits),
            ty => Value::from_slot(ty, bits as u64),
        }
    }

    /// The value in a slot; the lower half of a vector.
    pub(crate) fn to_slot(self) -> u64 {
        match self {
            Value::I32(value) => u64::from(value as u32),
            Value::I64(value) => value as u64,
            Value::F32(value) => u64::from(value.to_bits()),
            Value::F64(value) => value.to_bits(),
            Value::V128(value) => value as u64,
            Value::FuncRef(reference) => slot_of_handle(reference.map(|addr| addr.0)),
            Value::ExternRef(reference) | Value::AnyRef(reference) => {
                reference.map_or(0, AnyRef::to_slot)
            }
            Value::ExnRef(reference) => reference.map_or(0, |addr| AnyRef::Object(addr).to_slot()),
        }
    }

    /// Reads a slot as a value of type `ty`; the lower half of a vector.
    pub(crate) fn from_slot(ty: ValType, slot: u64) -> Self {
        match ty {
            ValType::I32 => Value::I32(slot as i32),
            ValType::I64 => Value::I64(slot as i64),
            ValType::F32 => Value::F32(f32::from_bits(slot as u32)),
            ValType::F64 => Value::F64(f64::from_bits(slot)),
            ValType::V128 => Value::V128(slot.into()),
            ValType::Ref(ty) => match ty.heap.top() {
                HeapType::Func => Value::FuncRef(handle_of_slot(slot).map(FuncAddr)),
                HeapType::Extern => Value::ExternRef(AnyRef::from_slot(slot)),
                HeapType::Exn => Value::ExnRef(object_of_slot(slot)),
                _ => Value::AnyRef(AnyRef::from_slot(slot)),
            },
        }
    }
}

/// The vector in two slots, the lower half first.
pub(crate) fn join([lower, upper]: [u64; 2]) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
}

/// The two slots of a vector.
pub(crate) fn split(vector: u128) -> [u64; 2] {
    [vector as u64, (vector >> 64) as u64]
}

/// Reads values of these types from slots one behind the other, as far as there are any.
pub(crate) fn read_values<'a>(
    types: impl IntoIterator<Item = &'a ValType>,
    mut slots: &[u64],
) -> Vec<Value> {
    let mut values = Vec::new();
    for ty in types {
        let Some((taken, rest)) = slots.split_at_checked(ty.slots()) else { break };
        let upper = taken.get(1).copied().unwrap_or(0);
        let lower = taken.first().copied().unwrap_or(0);
        values.push(Value::from_bits(*ty, join([lower, upper])));
        slots = rest;
    }
    values
}

/// Writes values to slots one behind the other.
pub(crate) fn write_values(values: &[Value], slots: &mut [u64]) {
    let parts =
        values.iter().flat_map(|value| split(value.to_bits()).into_iter().take(value.ty().slots()));
    for (slot, part) in slots.iter_mut().zip(parts) {
        *slot = part;
    }
}

fn slot_of_handle(handle: Option<u32>) -> u64 {
    handle.map_or(0, |handle| u64::from(handle) + 1)
}

fn handle_of_slot(slot: u64) -> Option<u32> {
    slot.checked_sub(1).map(|handle| handle as u32)
}

impl From<Ref> for Value {
    fn from(reference: Ref) -> Self {
        match reference {
            Ref::Func(addr) => Value::FuncRef(addr),
            Ref::Extern(addr) => Value::ExternRef(addr),
            Ref::Any(addr) => Value::AnyRef(addr),
            Ref::Exn(addr) => Value::ExnRef(addr),
        }
    }
}

macro_rules! value_from {
    ($($ty:ty => $variant:ident,)*) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Value::$variant(value)
            }
        }
    )*};
}

value_from! {
    i32 => I32,
    i64 => I64,
    f32 => F32,
    f64 => F64,
}

/// Writes `i32:5`, `f64:0.5`, `f32:nan:0x7fc00000`, `funcref:null`, `funcref:7`, `anyref:i31 5`, `anyref:object
/// 7`, and vectors by lanes of 32 bits, lane 0 first: `v128:i32x4 1 2 3 -4`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.ty())?;
        match *self {
            Value::I32(value) => write!(f, "{value}"),
            Value::I64(value) => write!(f, "{value}"),
            Value::F32(value) if value.is_nan() => write!(f, "nan:0x{:08x}", value.to_bits()),
            Value::F64(value) if value.is_nan() => write!(f, "nan:0x{:016x}", value.to_bits()),
            Value::F32(value) if is_far_from_one(f64::from(value)) => write!(f, "{value:e}"),
            Value::F64(value) if is_far_from_one(value) => write!(f, "{value:e}"),
            Value::F32(value) => write!(f, "{value}"),
            Value::F64(value) => write!(f, "{value}"),
            Value::V128(value) => {
                f.write_str("i32x4")?;
                (0..4).try_for_each(|lane| write!(f, " {}", (value >> (32 * lane)) as i32))
            }
            Value::FuncRef(None)
            | Value::ExternRef(None)
            | Value::AnyRef(None)
            | Value::ExnRef(None) => f.write_str("null"),
            Value::FuncRef(Some(addr)) => write!(f, "{addr}"),
            Value::ExternRef(Some(to)) | Value::AnyRef(Some(to)) => write!(f, "{to}"),
            Value::ExnRef(Some(addr)) => write!(f, "{addr}"),
        }
    }
}

/// Whether positional notation would print a long row of zeros.
fn is_far_from_one(value: f64) -> bool {
    let magnitude = value.abs();
    value.is_finite() && magnitude != 0.0 && !(1e-5..1e16).contains(&magnitude)
}

/// A type that fills one stack slot; the operator tables convert through it.
pub(crate) trait Slot: Copy {
    /// Whether it is computed with as a float.
    const FLOAT: bool = false;

    fn from_slot(slot: u64) -> Self;
    fn into_slot(self) -> u64;
}

macro_rules! int_slots {
    ($($ty:ty),*) => {$(
        impl Slot for $ty {
            #[inline(always)]
            fn from_slot(slot: u64) -> Self {
                slot as $ty
            }

            #[inline(always)]
            fn into_slot(self) -> u64 {
                self as u64
            }
        }
    )*};
}
int_slots!(u32, u64, i64);

impl Slot for i32 {
    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        slot as i32
    }

    #[inline(always)]
    fn into_slot(self) -> u64 {
        u64::from(self as u32)
    }
}

impl Slot for f32 {
    const FLOAT: bool = true;

    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        f32::from_bits(slot as u32)
    }

    #[inline(always)]
    fn into_slot(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Slot for f64 {
    const FLOAT: bool = true;

    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        f64::from_bits(slot)
    }

    #[inline(always)]
    fn into_slot(self) -> u64 {
        self.to_bits()
    }
}

impl Slot for bool {
    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        slot as u32 != 0
    }

    #[inline(always)]
    fn into_slot(self) -> u64 {
        u64::from(self)
    }
}
