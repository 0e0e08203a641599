//! Types of values and externals, and the matching rules of linking.
//!
//! Converted from `wasmparser` once, at load; nothing else in the engine depends on its types.
//! References name defined types by index. What describes a module counts the types of its type
//! section; what describes something of a store counts those of the store, where equal types have
//! equal ids ([`TypeId`](crate::TypeId)).

mod composite;
mod registry;
mod value;

use core::fmt;

pub use composite::{
    ArrayType, CompositeType, FieldType, FuncType, StorageType, StructType, SubType,
};
pub(crate) use registry::{Layout, Types, is_traced};
pub use value::{HeapType, RefType, TypeKind, ValType};
pub(crate) use value::{TypeSpace, slots_of};

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

/// Type of a linear memory; limits count pages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    /// Size in pages.
    pub limits: Limits,
    /// Whether addresses are `i64`.
    pub index64: bool,
    /// Whether several threads may share it.
    pub shared: bool,
    /// Bytes of a page, as a power of two: 16 for the usual 64 KiB.
    pub page_size_log2: u32,
}

impl MemoryType {
    /// A memory of pages of 64 KiB with addresses of 32 bits, not shared.
    pub fn new(limits: Limits) -> Self {
        Self { limits, index64: false, shared: false, page_size_log2: 16 }
    }

    /// Bytes of a page.
    pub fn page_size(&self) -> u64 {
        1 << self.page_size_log2
    }

    /// *Import matching, memories*.
    pub(crate) fn matches(&self, demanded: &MemoryType) -> bool {
        self.index64 == demanded.index64
            && self.shared == demanded.shared
            && self.page_size_log2 == demanded.page_size_log2
            && self.limits.matches(&demanded.limits)
    }
}

/// Type of a table; limits count elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    /// What the elements are.
    pub element: RefType,
    /// Size in elements.
    pub limits: Limits,
    /// Whether indices are `i64`.
    pub index64: bool,
}

impl TableType {
    /// A table with indices of 32 bits.
    pub fn new(element: RefType, limits: Limits) -> Self {
        Self { element, limits, index64: false }
    }

    /// The same with other indices for defined types.
    pub(crate) fn map(self, index: &impl Fn(u32) -> u32) -> Self {
        Self { element: self.element.map(index), ..self }
    }
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

impl GlobalType {
    /// The same with other indices for defined types.
    pub(crate) fn map(self, index: &impl Fn(u32) -> u32) -> Self {
        Self { content: self.content.map(index), ..self }
    }
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
    /// A tag of exceptions; what they carry are the parameters.
    Tag(FuncType),
}

impl ExternType {
    /// The kind alone: `func`, `table`, `memory`, `global` or `tag`.
    pub fn kind(&self) -> &'static str {
        match self {
            ExternType::Func(_) => "func",
            ExternType::Table(_) => "table",
            ExternType::Memory(_) => "memory",
            ExternType::Global(_) => "global",
            ExternType::Tag(_) => "tag",
        }
    }

    /// The same with other indices for defined types.
    pub(crate) fn map(&self, index: &impl Fn(u32) -> u32) -> Self {
        match self {
            ExternType::Func(ty) => ExternType::Func(ty.map(index)),
            ExternType::Tag(ty) => ExternType::Tag(ty.map(index)),
            ExternType::Table(ty) => ExternType::Table(ty.map(index)),
            ExternType::Global(ty) => ExternType::Global(ty.map(index)),
            ExternType::Memory(ty) => ExternType::Memory(*ty),
        }
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "func {ty}"),
            ExternType::Table(ty) => {
                let index = if ty.index64 { "i64 " } else { "" };
                write!(f, "table {index}{} {}", ty.limits, ty.element)
            }
            ExternType::Memory(ty) => {
                let index = if ty.index64 { "i64 " } else { "" };
                write!(f, "memory {index}{} pages", ty.limits)?;
                if ty.page_size_log2 != 16 {
                    write!(f, " of {} bytes", ty.page_size())?;
                }
                f.write_str(if ty.shared { " shared" } else { "" })
            }
            ExternType::Global(ty) => write!(f, "global {ty}"),
            ExternType::Tag(ty) => write!(f, "tag {ty}"),
        }
    }
}
