//! Value types, reference types and heap types.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use wasmparser::types::CoreTypeId;

/// What a reference refers to (*Types, heap types*).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HeapType {
    /// Any function.
    Func,
    /// No function: only null.
    NoFunc,
    /// Any host value.
    Extern,
    /// No host value: only null.
    NoExtern,
    /// Anything that wasm allocates, `i31`, or a host value taken in.
    Any,
    /// What `ref.eq` compares.
    Eq,
    /// Integers of 31 bits.
    I31,
    /// Any structure.
    Struct,
    /// Any array.
    Array,
    /// Nothing of these: only null.
    None,
    /// Any exception.
    Exn,
    /// No exception: only null.
    NoExn,
    /// A defined type: what kind of type it is, and its index in the module or its id in the store.
    Concrete(TypeKind, u32),
}

/// What kind of type is defined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TypeKind {
    /// A function type.
    Func,
    /// A structure.
    Struct,
    /// An array.
    Array,
}

/// A reference type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RefType {
    /// Whether null is one of the values.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType,
}

/// A value type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Vector of 128 bits.
    V128,
    /// A reference.
    Ref(RefType),
}

/// The defined types of a module, as far as types of `wasmparser` refer to them.
#[derive(Debug, Default)]
pub(crate) struct TypeSpace {
    pub(crate) kinds: Vec<TypeKind>,
    /// Indices of what the validator has given ids.
    pub(crate) ids: BTreeMap<CoreTypeId, u32>,
}

impl HeapType {
    pub(crate) fn from_wasm(ty: wasmparser::HeapType, space: &TypeSpace) -> Option<Self> {
        use wasmparser::{AbstractHeapType as A, HeapType as H, UnpackedIndex};
        Some(match ty {
            H::Abstract { shared: true, .. } => return None,
            H::Abstract { ty, .. } => match ty {
                A::Func => HeapType::Func,
                A::NoFunc => HeapType::NoFunc,
                A::Extern => HeapType::Extern,
                A::NoExtern => HeapType::NoExtern,
                A::Any => HeapType::Any,
                A::Eq => HeapType::Eq,
                A::I31 => HeapType::I31,
                A::Struct => HeapType::Struct,
                A::Array => HeapType::Array,
                A::None => HeapType::None,
                A::Exn => HeapType::Exn,
                A::NoExn => HeapType::NoExn,
                A::Cont | A::NoCont => return None,
            },
            H::Concrete(index) | H::Exact(index) => {
                let index = match index {
                    UnpackedIndex::Module(index) => index,
                    UnpackedIndex::Id(id) => *space.ids.get(&id)?,
                    UnpackedIndex::RecGroup(_) => return None,
                };
                HeapType::Concrete(*space.kinds.get(index as usize)?, index)
            }
        })
    }

    /// The same with another index for a defined type.
    pub(crate) fn map(self, index: &impl Fn(u32) -> u32) -> Self {
        match self {
            HeapType::Concrete(kind, ty) => HeapType::Concrete(kind, index(ty)),
            other => other,
        }
    }

    /// The type that everything in the same hierarchy is a subtype of.
    pub fn top(self) -> Self {
        match self {
            HeapType::Func | HeapType::NoFunc | HeapType::Concrete(TypeKind::Func, _) => {
                HeapType::Func
            }
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            _ => HeapType::Any,
        }
    }

    fn name(self) -> &'static str {
        match self {
            HeapType::Func => "func",
            HeapType::NoFunc => "nofunc",
            HeapType::Extern => "extern",
            HeapType::NoExtern => "noextern",
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::None => "none",
            HeapType::Exn => "exn",
            HeapType::NoExn => "noexn",
            HeapType::Concrete(..) => "",
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapType::Concrete(_, index) => write!(f, "{index}"),
            other => f.pad(other.name()),
        }
    }
}

impl RefType {
    /// References to functions, or null.
    pub const FUNC: Self = Self::nullable(HeapType::Func);
    /// References to host values, or null.
    pub const EXTERN: Self = Self::nullable(HeapType::Extern);

    const fn nullable(heap: HeapType) -> Self {
        Self { nullable: true, heap }
    }

    pub(crate) fn from_wasm(ty: wasmparser::RefType, space: &TypeSpace) -> Option<Self> {
        let heap = HeapType::from_wasm(ty.heap_type(), space)?;
        Some(Self { nullable: ty.is_nullable(), heap })
    }

    /// The same with another index for a defined type.
    pub(crate) fn map(self, index: &impl Fn(u32) -> u32) -> Self {
        Self { heap: self.heap.map(index), ..self }
    }

    /// What the type is called in short, as `funcref`; none for those that the text format spells out.
    fn short(self) -> Option<&'static str> {
        if !self.nullable {
            return None;
        }
        Some(match self.heap {
            HeapType::Func => "funcref",
            HeapType::NoFunc => "nullfuncref",
            HeapType::Extern => "externref",
            HeapType::NoExtern => "nullexternref",
            HeapType::Any => "anyref",
            HeapType::Eq => "eqref",
            HeapType::I31 => "i31ref",
            HeapType::Struct => "structref",
            HeapType::Array => "arrayref",
            HeapType::None => "nullref",
            HeapType::Exn => "exnref",
            HeapType::NoExn => "nullexnref",
            HeapType::Concrete(..) => return None,
        })
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.short() {
            Some(name) => f.pad(name),
            None if self.nullable => write!(f, "(ref null {})", self.heap),
            None => write!(f, "(ref {})", self.heap),
        }
    }
}

impl ValType {
    /// `funcref`: a function, or null.
    pub const FUNCREF: Self = ValType::Ref(RefType::FUNC);
    /// `externref`: a host value, or null.
    pub const EXTERNREF: Self = ValType::Ref(RefType::EXTERN);
    /// `anyref`: an object, an `i31`, or null.
    pub const ANYREF: Self = ValType::Ref(RefType::nullable(HeapType::Any));
    /// `exnref`: an exception, or null.
    pub const EXNREF: Self = ValType::Ref(RefType::nullable(HeapType::Exn));

    pub(crate) fn from_wasm(ty: wasmparser::ValType, space: &TypeSpace) -> Option<Self> {
        match ty {
            wasmparser::ValType::I32 => Some(ValType::I32),
            wasmparser::ValType::I64 => Some(ValType::I64),
            wasmparser::ValType::F32 => Some(ValType::F32),
            wasmparser::ValType::F64 => Some(ValType::F64),
            wasmparser::ValType::V128 => Some(ValType::V128),
            wasmparser::ValType::Ref(r) => RefType::from_wasm(r, space).map(ValType::Ref),
        }
    }

    /// The same with another index for a defined type.
    pub(crate) fn map(self, index: &impl Fn(u32) -> u32) -> Self {
        match self {
            ValType::Ref(ty) => ValType::Ref(ty.map(index)),
            other => other,
        }
    }

    /// Whether it is a reference.
    pub fn is_ref(self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// How many slots of the value stack a value takes.
    pub(crate) const fn slots(self) -> usize {
        if matches!(self, ValType::V128) { 2 } else { 1 }
    }
}

/// How many slots values of these types take.
pub(crate) fn slots_of(types: &[ValType]) -> usize {
    types.iter().map(|ty| ty.slots()).sum()
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> Self {
        ValType::Ref(ty)
    }
}

/// The text format's name, as `i32`, `funcref` or `(ref 3)`.
impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::I32 => f.pad("i32"),
            ValType::I64 => f.pad("i64"),
            ValType::F32 => f.pad("f32"),
            ValType::F64 => f.pad("f64"),
            ValType::V128 => f.pad("v128"),
            ValType::Ref(ty) => ty.fmt(f),
        }
    }
}
