//! The types of all modules of a store, each once.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use super::{
    CompositeType, FuncType, HeapType, RefType, StorageType, StructType, SubType, ValType,
};
use super::{ExternType, GlobalType, Mutability, TableType, TypeKind};
use crate::ids::TypeId;

/// Types with their ids: types are equal, as *Types, equivalence* has it, if their ids are.
///
/// Types are only ever added; everything that a store has ever known keeps its id.
#[derive(Debug, Default)]
pub(crate) struct Types {
    entries: Vec<Entry>,
    /// The first id of each recursion group. Their hashes tell most of them apart.
    groups: BTreeMap<(u64, Box<[SubType]>), TypeId>,
    /// What strings of the host are, once there are any.
    string: Option<TypeId>,
}

#[derive(Debug)]
struct Entry {
    ty: SubType,
    /// Its declared supertypes from the topmost down to itself.
    line: Box<[TypeId]>,
    layout: Layout,
}

/// How objects of a type lie in the heap, in words of 64 bits.
#[derive(Debug)]
pub(crate) enum Layout {
    /// Functions are no objects.
    Func,
    Struct {
        /// Words of all fields.
        words: u32,
        /// Fields that refer to objects.
        references: Box<[u32]>,
    },
    Array {
        /// Bytes of an element, as a power of two.
        width_log2: u32,
        /// Whether elements refer to objects.
        references: bool,
    },
}

/// Whether values of a type can refer to objects of the heap.
pub(crate) fn is_traced(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(ty) if ty.heap.top() != HeapType::Func)
}

impl Layout {
    fn of(ty: &CompositeType) -> Self {
        match ty {
            CompositeType::Func(_) => Layout::Func,
            CompositeType::Struct(ty) => {
                let (mut words, mut references) = (0, Vec::new());
                for field in ty.fields() {
                    let value = field.storage.unpacked();
                    if is_traced(value) {
                        references.push(words);
                    }
                    words += value.slots() as u32;
                }
                Layout::Struct { words, references: references.into() }
            }
            CompositeType::Array(ty) => {
                let width_log2 = match ty.element.storage {
                    StorageType::I8 => 0,
                    StorageType::I16 => 1,
                    StorageType::Val(ValType::I32 | ValType::F32) => 2,
                    StorageType::Val(ValType::V128) => 4,
                    StorageType::Val(_) => 3,
                };
                Layout::Array { width_log2, references: is_traced(ty.element.storage.unpacked()) }
            }
        }
    }
}

/// A number that differs where groups do, most of the time (FNV-1a, by words).
fn hash_of(group: &[SubType]) -> u64 {
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write(&mut self, bytes: &[u8]) {
            for chunk in bytes.chunks(8) {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                let mixed = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
                self.0 = mixed ^ mixed >> 32;
            }
        }
    }
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    group.hash(&mut hasher);
    hasher.finish()
}

/// Marks an index as one of the group that it stands in. A module has fewer types than this.
const WITHIN: u32 = 1 << 31;

impl Types {
    pub(crate) fn get(&self, id: TypeId) -> Option<&SubType> {
        self.entries.get(id.index()).map(|entry| &entry.ty)
    }

    pub(crate) fn func(&self, id: TypeId) -> Option<&FuncType> {
        self.get(id)?.as_func()
    }

    pub(crate) fn layout(&self, id: TypeId) -> &Layout {
        self.entries.get(id.index()).map_or(&Layout::Func, |entry| &entry.layout)
    }

    pub(crate) fn structure(&self, id: TypeId) -> Option<&StructType> {
        match &self.get(id)?.composite {
            CompositeType::Struct(ty) => Some(ty),
            _ => None,
        }
    }

    /// The id of a function type that is a recursion group of its own.
    pub(crate) fn intern(&mut self, ty: &FuncType) -> TypeId {
        self.intern_group([SubType::from(ty.clone())].into())
    }

    /// Arrays of UTF-16 code units.
    pub(crate) fn code_units(&mut self) -> TypeId {
        self.intern_group([SubType::code_units()].into())
    }

    /// The type of the host's strings. It is nobody else's: no module can have it.
    pub(crate) fn string(&mut self) -> TypeId {
        if let Some(id) = self.string {
            return id;
        }
        let ty = SubType::code_units();
        let layout = Layout::of(&ty.composite);
        let id = TypeId::from_index(self.entries.len());
        self.entries.push(Entry { ty, line: [id].into(), layout });
        self.string = Some(id);
        id
    }

    /// Whether a type is that of the host's strings.
    pub(crate) fn is_string(&self, id: TypeId) -> bool {
        self.string == Some(id)
    }

    /// Ids of a module's types; `groups` are the sizes of its recursion groups.
    pub(crate) fn intern_module(&mut self, types: &[SubType], groups: &[u32]) -> Box<[TypeId]> {
        let mut ids: Vec<TypeId> = Vec::with_capacity(types.len());
        for size in groups {
            let first = ids.len();
            let Some(group) = types.get(first..first + *size as usize) else { break };
            let index = |ty: u32| match ids.get(ty as usize) {
                Some(id) => id.0,
                None => WITHIN | (ty - first as u32),
            };
            let key = group.iter().map(|ty| ty.map(&index)).collect();
            let id = self.intern_group(key);
            ids.extend((id.0..id.0 + size).map(TypeId));
        }
        ids.into_boxed_slice()
    }

    fn intern_group(&mut self, group: Box<[SubType]>) -> TypeId {
        let group = (hash_of(&group), group);
        if let Some(id) = self.groups.get(&group) {
            return *id;
        }
        let first = TypeId::from_index(self.entries.len());
        for ty in &group.1 {
            let ty = ty.map(&|index| match index & WITHIN {
                0 => index,
                _ => first.0 + (index & !WITHIN),
            });
            let above = ty.supertype.and_then(|id| self.entries.get(id as usize));
            let above = above.map_or(&[][..], |entry| &entry.line);
            let own = TypeId::from_index(self.entries.len());
            let line = above.iter().copied().chain([own]).collect();
            let layout = Layout::of(&ty.composite);
            self.entries.push(Entry { ty, line, layout });
        }
        self.groups.insert(group, first);
        first
    }

    /// Whether a defined type is another one or declared a subtype of it.
    #[inline]
    pub(crate) fn is_subtype(&self, id: TypeId, of: TypeId) -> bool {
        id == of || self.descends(id, of)
    }

    fn descends(&self, id: TypeId, of: TypeId) -> bool {
        let line = |id: TypeId| self.entries.get(id.index()).map_or(&[][..], |entry| &entry.line);
        let depth = line(of).len();
        depth > 0 && line(id).get(depth - 1) == Some(&of)
    }

    /// *Matching, heap types*.
    pub(crate) fn heap_matches(&self, ty: HeapType, of: HeapType) -> bool {
        use HeapType as H;
        use TypeKind as K;
        match (ty, of) {
            (a, b) if a == b => true,
            (H::Concrete(_, a), H::Concrete(_, b)) => self.is_subtype(TypeId(a), TypeId(b)),
            (H::Concrete(K::Func, _), H::Func)
            | (H::Concrete(K::Struct, _), H::Struct)
            | (H::Concrete(K::Array, _), H::Array)
            | (H::Concrete(K::Struct | K::Array, _), H::Any | H::Eq)
            | (H::I31 | H::Struct | H::Array, H::Eq | H::Any)
            | (H::Eq, H::Any)
            | (H::NoFunc, H::Func | H::Concrete(K::Func, _))
            | (H::NoExtern, H::Extern)
            | (H::NoExn, H::Exn) => true,
            (H::None, of) => of.top() == H::Any,
            _ => false,
        }
    }

    /// *Matching, reference types*.
    pub(crate) fn ref_matches(&self, ty: RefType, of: RefType) -> bool {
        (of.nullable || !ty.nullable) && self.heap_matches(ty.heap, of.heap)
    }

    /// *Matching, value types*.
    pub(crate) fn val_matches(&self, ty: ValType, of: ValType) -> bool {
        match (ty, of) {
            (ValType::Ref(ty), ValType::Ref(of)) => self.ref_matches(ty, of),
            (ty, of) => ty == of,
        }
    }

    /// *Matching, external types*; functions are matched by their ids.
    pub(crate) fn extern_matches(&self, ty: &ExternType, of: &ExternType) -> bool {
        match (ty, of) {
            (ExternType::Table(ty), ExternType::Table(of)) => self.table_matches(ty, of),
            (ExternType::Memory(ty), ExternType::Memory(of)) => ty.matches(of),
            (ExternType::Global(ty), ExternType::Global(of)) => self.global_matches(*ty, *of),
            _ => false,
        }
    }

    fn table_matches(&self, ty: &TableType, of: &TableType) -> bool {
        ty.element == of.element && ty.index64 == of.index64 && ty.limits.matches(&of.limits)
    }

    fn global_matches(&self, ty: GlobalType, of: GlobalType) -> bool {
        ty.mutability == of.mutability
            && match of.mutability {
                Mutability::Var => ty.content == of.content,
                Mutability::Const => self.val_matches(ty.content, of.content),
            }
    }
}
