//! What a type section defines: functions, structures and arrays, and what they are subtypes of.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use wasmparser::UnpackedIndex;

use super::value::{TypeKind, TypeSpace, ValType};

/// Parameters and results of a function.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FuncType {
    // Shared: everything that is imported has a copy.
    params: Arc<[ValType]>,
    results: Arc<[ValType]>,
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

    fn from_wasm(ty: &wasmparser::FuncType, space: &TypeSpace) -> Option<Self> {
        let convert = |types: &[wasmparser::ValType]| {
            types.iter().map(|ty| ValType::from_wasm(*ty, space)).collect::<Option<Arc<[_]>>>()
        };
        Some(Self { params: convert(ty.params())?, results: convert(ty.results())? })
    }

    /// The same with other indices for defined types.
    pub(crate) fn map(&self, index: &impl Fn(u32) -> u32) -> Self {
        let map = |types: &[ValType]| types.iter().map(|ty| ty.map(index)).collect();
        Self { params: map(&self.params), results: map(&self.results) }
    }
}

/// Writes items between parentheses, with commas.
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    f.write_str("(")?;
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    f.write_str(")")
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.params)?;
        f.write_str(" -> ")?;
        list(f, &self.results)
    }
}

/// What a field or element holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StorageType {
    /// 8 bits, an `i32` on the stack.
    I8,
    /// 16 bits, an `i32` on the stack.
    I16,
    /// A value.
    Val(ValType),
}

impl StorageType {
    /// The type of its values on the stack.
    pub fn unpacked(self) -> ValType {
        match self {
            StorageType::I8 | StorageType::I16 => ValType::I32,
            StorageType::Val(ty) => ty,
        }
    }

    /// The bits that it has of a field's word: what is packed has a word of its own all the same.
    pub(crate) fn mask(self) -> u128 {
        match self {
            StorageType::I8 => 0xff,
            StorageType::I16 => 0xffff,
            StorageType::Val(_) => u128::MAX,
        }
    }
}

impl fmt::Display for StorageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageType::I8 => f.pad("i8"),
            StorageType::I16 => f.pad("i16"),
            StorageType::Val(ty) => ty.fmt(f),
        }
    }
}

/// A field of a structure, or the elements of an array.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FieldType {
    /// What it holds.
    pub storage: StorageType,
    /// Whether it can be set.
    pub mutable: bool,
}

impl FieldType {
    fn from_wasm(ty: wasmparser::FieldType, space: &TypeSpace) -> Option<Self> {
        let storage = match ty.element_type {
            wasmparser::StorageType::I8 => StorageType::I8,
            wasmparser::StorageType::I16 => StorageType::I16,
            wasmparser::StorageType::Val(ty) => StorageType::Val(ValType::from_wasm(ty, space)?),
        };
        Some(Self { storage, mutable: ty.mutable })
    }

    fn map(self, index: &impl Fn(u32) -> u32) -> Self {
        match self.storage {
            StorageType::Val(ty) => Self { storage: StorageType::Val(ty.map(index)), ..self },
            _ => self,
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mutable = if self.mutable { "mut " } else { "" };
        write!(f, "{mutable}{}", self.storage)
    }
}

/// The fields of a structure.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StructType {
    fields: Box<[FieldType]>,
}

impl StructType {
    /// A structure of these fields.
    pub fn new(fields: impl IntoIterator<Item = FieldType>) -> Self {
        Self { fields: fields.into_iter().collect() }
    }

    /// The fields in order.
    pub fn fields(&self) -> &[FieldType] {
        &self.fields
    }
}

/// What the elements of an array are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ArrayType {
    /// Each element.
    pub element: FieldType,
}

/// A function, structure or array type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CompositeType {
    /// A function.
    Func(FuncType),
    /// A structure.
    Struct(StructType),
    /// An array.
    Array(ArrayType),
}

/// Writes `(i32) -> ()`, `struct (i32, mut i8)` or `array (mut i32)`.
impl fmt::Display for CompositeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompositeType::Func(ty) => ty.fmt(f),
            CompositeType::Struct(ty) => {
                f.write_str("struct ")?;
                list(f, ty.fields())
            }
            CompositeType::Array(ty) => write!(f, "array ({})", ty.element),
        }
    }
}

/// A type as the type section defines it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SubType {
    /// Whether it can have no subtypes.
    pub is_final: bool,
    /// The type that it is declared a subtype of.
    pub supertype: Option<u32>,
    /// What it is.
    pub composite: CompositeType,
}

impl SubType {
    /// A mutable array of 16-bit numbers.
    pub(crate) fn code_units() -> Self {
        let element = FieldType { storage: StorageType::I16, mutable: true };
        let composite = CompositeType::Array(ArrayType { element });
        Self { is_final: true, supertype: None, composite }
    }

    /// The function type, if it is one.
    pub fn as_func(&self) -> Option<&FuncType> {
        match &self.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// What kind of type it is.
    pub fn kind(&self) -> TypeKind {
        match self.composite {
            CompositeType::Func(_) => TypeKind::Func,
            CompositeType::Struct(_) => TypeKind::Struct,
            CompositeType::Array(_) => TypeKind::Array,
        }
    }

    /// The kind of a type that is still being read.
    pub(crate) fn kind_from_wasm(ty: &wasmparser::SubType) -> TypeKind {
        match ty.composite_type.inner {
            wasmparser::CompositeInnerType::Struct(_) => TypeKind::Struct,
            wasmparser::CompositeInnerType::Array(_) => TypeKind::Array,
            _ => TypeKind::Func,
        }
    }

    /// `None` stands for a type that the engine does not have.
    pub(crate) fn from_wasm(ty: &wasmparser::SubType, space: &TypeSpace) -> Option<Self> {
        use wasmparser::CompositeInnerType as C;
        if ty.composite_type.shared {
            return None;
        }
        let composite = match &ty.composite_type.inner {
            C::Func(ty) => CompositeType::Func(FuncType::from_wasm(ty, space)?),
            C::Array(ty) => {
                CompositeType::Array(ArrayType { element: FieldType::from_wasm(ty.0, space)? })
            }
            C::Struct(ty) => {
                let fields = ty.fields.iter().map(|field| FieldType::from_wasm(*field, space));
                CompositeType::Struct(StructType { fields: fields.collect::<Option<_>>()? })
            }
            C::Cont(_) => return None,
        };
        let supertype = match ty.supertype_idxs.first().map(|index| index.unpack()) {
            None => None,
            Some(UnpackedIndex::Module(index)) => Some(index),
            Some(UnpackedIndex::Id(id)) => Some(*space.ids.get(&id)?),
            Some(UnpackedIndex::RecGroup(_)) => return None,
        };
        Some(Self { is_final: ty.is_final, supertype, composite })
    }

    /// The same with other indices for defined types.
    pub(crate) fn map(&self, index: &impl Fn(u32) -> u32) -> Self {
        let composite = match &self.composite {
            CompositeType::Func(ty) => CompositeType::Func(ty.map(index)),
            CompositeType::Struct(ty) => {
                let fields = ty.fields.iter().map(|field| field.map(index)).collect();
                CompositeType::Struct(StructType { fields })
            }
            CompositeType::Array(ty) => {
                CompositeType::Array(ArrayType { element: ty.element.map(index) })
            }
        };
        Self { is_final: self.is_final, supertype: self.supertype.map(index), composite }
    }
}

impl From<FuncType> for SubType {
    fn from(ty: FuncType) -> Self {
        Self { is_final: true, supertype: None, composite: CompositeType::Func(ty) }
    }
}

/// Writes the composite type, behind `sub` and the supertype where they say something.
impl fmt::Display for SubType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_final, self.supertype) {
            (true, None) => {}
            (true, Some(of)) => write!(f, "sub final {of} ")?,
            (false, Some(of)) => write!(f, "sub {of} ")?,
            (false, None) => f.write_str("sub ")?,
        }
        self.composite.fmt(f)
    }
}
