//! Values as an embedder sees them, and their one-slot form on the value stack.

use core::fmt;

use crate::ids::{ExternAddr, FuncAddr};
use crate::types::{RefType, ValType};

/// A reference: what tables and element segments hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ref {
    /// A function, or `ref.null func`.
    Func(Option<FuncAddr>),
    /// A host value, or `ref.null extern`.
    Extern(Option<ExternAddr>),
}

impl Ref {
    /// The null reference of a type.
    pub fn null(ty: RefType) -> Self {
        match ty {
            RefType::Func => Ref::Func(None),
            RefType::Extern => Ref::Extern(None),
        }
    }

    /// The type of the reference.
    pub fn ty(self) -> RefType {
        match self {
            Ref::Func(_) => RefType::Func,
            Ref::Extern(_) => RefType::Extern,
        }
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
    /// Function reference or null.
    FuncRef(Option<FuncAddr>),
    /// Host reference or null.
    ExternRef(Option<ExternAddr>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.ty() == other.ty() && self.to_slot() == other.to_slot()
    }
}

impl Eq for Value {}

impl Value {
    /// The value's type.
    pub fn ty(&self) -> ValType {
        match self {
            Value::I32(_) => ValType::I32,
            Value::I64(_) => ValType::I64,
            Value::F32(_) => ValType::F32,
            Value::F64(_) => ValType::F64,
            Value::FuncRef(_) => ValType::FuncRef,
            Value::ExternRef(_) => ValType::ExternRef,
        }
    }

    /// Zero, or null for references: what locals start as.
    pub fn default_of(ty: ValType) -> Self {
        Value::from_slot(ty, 0)
    }

    /// The value in a stack slot of 8 bytes; narrower values are zero-extended, null is 0.
    pub fn to_slot(self) -> u64 {
        match self {
            Value::I32(value) => u64::from(value as u32),
            Value::I64(value) => value as u64,
            Value::F32(value) => u64::from(value.to_bits()),
            Value::F64(value) => value.to_bits(),
            Value::FuncRef(reference) => slot_of_handle(reference.map(|addr| addr.0)),
            Value::ExternRef(reference) => slot_of_handle(reference.map(|addr| addr.0)),
        }
    }

    /// Reads a stack slot as a value of type `ty`.
    pub fn from_slot(ty: ValType, slot: u64) -> Self {
        match ty {
            ValType::I32 => Value::I32(slot as i32),
            ValType::I64 => Value::I64(slot as i64),
            ValType::F32 => Value::F32(f32::from_bits(slot as u32)),
            ValType::F64 => Value::F64(f64::from_bits(slot)),
            ValType::FuncRef => Value::FuncRef(handle_of_slot(slot).map(FuncAddr)),
            ValType::ExternRef => Value::ExternRef(handle_of_slot(slot).map(ExternAddr)),
        }
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

/// Writes `i32:5`, `f64:0.5`, `f32:nan:0x7fc00000`, `funcref:null`, `funcref:7`.
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
            Value::FuncRef(None) | Value::ExternRef(None) => f.write_str("null"),
            Value::FuncRef(Some(addr)) => write!(f, "{addr}"),
            Value::ExternRef(Some(addr)) => write!(f, "{addr}"),
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
