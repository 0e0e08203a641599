//! Types of values and externals, and the matching rules of linking.
//!
//! Converted from `wasmparser` once, at load; nothing else in the engine depends on its types.

use alloc::boxed::Box;
use core::fmt;

/// A reference type of WebAssembly 2.0; both are nullable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefType {
    /// References to functions.
    Func,
    /// References to host values.
    Extern,
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
    /// Reference to a function, or null.
    FuncRef,
    /// Reference to a host value, or null.
    ExternRef,
}

impl ValType {
    /// The text format's name, as `i32` or `funcref`.
    pub fn name(self) -> &'static str {
        match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::V128 => "v128",
            ValType::FuncRef => "funcref",
            ValType::ExternRef => "externref",
        }
    }

    pub(crate) fn from_wasm(ty: wasmparser::ValType) -> Option<Self> {
        match ty {
            wasmparser::ValType::I32 => Some(ValType::I32),
            wasmparser::ValType::I64 => Some(ValType::I64),
            wasmparser::ValType::F32 => Some(ValType::F32),
            wasmparser::ValType::F64 => Some(ValType::F64),
            wasmparser::ValType::Ref(r) => RefType::from_wasm(r).map(ValType::from),
            wasmparser::ValType::V128 => Some(ValType::V128),
        }
    }
}

impl ValType {
    /// How many slots of the value stack a value takes.
    pub(crate) fn slots(self) -> usize {
        if self == ValType::V128 { 2 } else { 1 }
    }
}

/// How many slots values of these types take.
pub(crate) fn slots_of(types: &[ValType]) -> usize {
    types.iter().map(|ty| ty.slots()).sum()
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> Self {
        match ty {
            RefType::Func => ValType::FuncRef,
            RefType::Extern => ValType::ExternRef,
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl RefType {
    pub(crate) fn from_wasm(ty: wasmparser::RefType) -> Option<Self> {
        if ty.is_func_ref() {
            Some(RefType::Func)
        } else if ty.is_extern_ref() {
            Some(RefType::Extern)
        } else {
            None
        }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ValType::from(*self).fmt(f)
    }
}

/// Parameters and results of a function.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FuncType {
    params: Box<[ValType]>,
    results: Box<[ValType]>,
}

impl FuncType {
    /// A function type from parameter and result types.
    ///
    /// ```
    /// use stepwell_engine::{FuncType, ValType::I32};
    /// assert_eq!(FuncType::new([I32, I32], [I32]).to_string(), "(i32, i32) -> (i32)");
    /// ```
    pub fn new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Self {
        Self { params: params.into_iter().collect(), results: results.into_iter().collect() }
    }

    /// Types of the parameters.
    pub fn params(&self) -> &[ValType] {
        &self.params
    }

    /// Types of the results.
    pub fn results(&self) -> &[ValType] {
        &self.results
    }

    pub(crate) fn from_wasm(ty: &wasmparser::FuncType) -> Option<Self> {
        let convert = |types: &[wasmparser::ValType]| {
            types.iter().map(|ty| ValType::from_wasm(*ty)).collect::<Option<Box<[_]>>>()
        };
        Some(Self { params: convert(ty.params())?, results: convert(ty.results())? })
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[ValType]| {
            f.write_str("(")?;
            for (position, ty) in types.iter().enumerate() {
                if position > 0 {
                    f.write_str(", ")?;
                }
                write!(f, "{ty}")?;
            }
            f.write_str(")")
        };
        list(f, &self.params)?;
        f.write_str(" -> ")?;
        list(f, &self.results)
    }
}

/// Minimum and optional maximum size, in pages or elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// Initial size.
    pub min: u64,
    /// Size beyond which it never grows.
    pub max: Option<u64>,
}

impl Limits {
    /// *Import matching, limits*: the actual range lies within the demanded one.
    pub fn matches(&self, demanded: &Limits) -> bool {
        self.min >= demanded.min
            && match (self.max, demanded.max) {
                (_, None) => true,
                (Some(max), Some(demanded)) => max <= demanded,
                (None, Some(_)) => false,
            }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) => write!(f, "{}..={max}", self.min),
            None => write!(f, "{}..", self.min),
        }
    }
}

/// Type of a linear memory; limits count pages of 64 KiB.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    /// Size in pages.
    pub limits: Limits,
}

/// Type of a table; limits count elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    /// What the elements refer to.
    pub element: RefType,
    /// Size in elements.
    pub limits: Limits,
}

/// Whether a global can be set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mutability {
    /// Fixed after instantiation.
    Const,
    /// Settable.
    Var,
}

/// Type of a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    /// Type of its value.
    pub content: ValType,
    /// Whether it can be set.
    pub mutability: Mutability,
}

impl fmt::Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mutability {
            Mutability::Const => write!(f, "{}", self.content),
            Mutability::Var => write!(f, "mut {}", self.content),
        }
    }
}

/// Type of an import or export.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A linear memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

impl ExternType {
    /// The kind alone: `func`, `table`, `memory` or `global`.
    pub fn kind(&self) -> &'static str {
        match self {
            ExternType::Func(_) => "func",
            ExternType::Table(_) => "table",
            ExternType::Memory(_) => "memory",
            ExternType::Global(_) => "global",
        }
    }

    /// *Import matching*: whether something of this type may stand where `demanded` is imported.
    pub fn matches(&self, demanded: &ExternType) -> bool {
        match (self, demanded) {
            (ExternType::Func(a), ExternType::Func(b)) => a == b,
            (ExternType::Table(a), ExternType::Table(b)) => {
                a.element == b.element && a.limits.matches(&b.limits)
            }
            (ExternType::Memory(a), ExternType::Memory(b)) => a.limits.matches(&b.limits),
            (ExternType::Global(a), ExternType::Global(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "func {ty}"),
            ExternType::Table(ty) => write!(f, "table {} {}", ty.limits, ty.element),
            ExternType::Memory(ty) => write!(f, "memory {} pages", ty.limits),
            ExternType::Global(ty) => write!(f, "global {ty}"),
        }
    }
}
