//! Modules: bytes become an immutable, shared [`Module`].
//!
//! `steps` parses and validates with `wasmparser`, a slice at a time if wanted ([`ModuleBuilder`]), and
//! `load` keeps an index of what the module holds: types, index spaces, segments, sections. Function bodies stay bytes until a function runs for
//! the first time (`code`) or is looked at ([`crate::observe`]). Imports nothing of
//! the store; running never changes a module.

pub(crate) mod begun;
mod bodies;
mod builder;
pub(crate) mod code;
mod const_expr;
pub mod disassemble;
mod labels;
mod load;
mod matching;
mod namer;
mod names;
mod not_module;
pub(crate) mod operator;
mod parts;
mod sections;
mod steps;
mod well_formed;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use once_cell::race::OnceBox;

use crate::config::Engine;
use crate::error::Result;
use crate::exec::exact::FuncCode;
use crate::exec::fast::FastCodes;
use crate::features::Features;
use crate::ids::{CodeOffset, FuncIndex};
use crate::observe::FuncTypes;
use crate::types::{
    ExternType, FuncType, GlobalType, MemoryType, RefType, SubType, TableType, TypeSpace, ValType,
};

pub use builder::{Advance, LoadState, ModuleBuilder, Progress};
pub use const_expr::ConstExpr;
pub(crate) use const_expr::ConstOp;
pub use matching::Matching;
pub use names::NameKind;
pub(crate) use not_module::First;
#[cfg(feature = "wat")]
pub(crate) use not_module::{COMPONENT, not_module};
pub use sections::{CustomSection, Section};

/// A validated module. Cloning shares it.
#[derive(Clone)]
pub struct Module {
    inner: Arc<ModuleInner>,
}

pub(crate) struct ModuleInner {
    pub(crate) bytes: Arc<Vec<u8>>,
    /// What the module was allowed to use.
    pub(crate) features: Features,
    pub(crate) types: Vec<SubType>,
    /// Sizes of the recursion groups of `types`, in order.
    pub(crate) groups: Vec<u32>,
    pub(crate) space: TypeSpace,
    /// Whether vectors are among the parameters or results of a type.
    pub(crate) vectors_in_types: bool,
    pub(crate) imports: Vec<Import>,
    /// Type index of every function, imports first.
    pub(crate) funcs: Vec<u32>,
    pub(crate) imported_funcs: u32,
    pub(crate) bodies: Vec<Body>,
    /// Translations for the fast tier, body by body.
    pub(crate) fast: FastCodes,
    /// The same that mark the pages of memories that they write, once there are any.
    pub(crate) marking: OnceBox<FastCodes>,
    /// What is derived from large functions in pieces.
    pub(crate) begun: begun::Begun,
    /// What memory 0 begins with, where it comes from a pool.
    #[cfg(mapped)]
    pub(crate) image: OnceBox<Option<Arc<crate::memory::Image>>>,
    pub(crate) tables: Vec<TableDef>,
    pub(crate) imported_tables: u32,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) imported_memories: u32,
    pub(crate) globals: Vec<GlobalDef>,
    pub(crate) imported_globals: u32,
    /// Type indices of the tags, imports first.
    pub(crate) tags: Vec<u32>,
    pub(crate) imported_tags: u32,
    pub(crate) exports: Vec<Export>,
    /// Positions of the exports, sorted by name.
    pub(crate) export_order: Vec<u32>,
    /// Type index of every import, where it is a function or tag; 0 for others.
    pub(crate) import_types: Vec<u32>,
    /// Position in `imports` of every imported function.
    pub(crate) func_imports: Vec<u32>,
    pub(crate) start: Option<FuncIndex>,
    pub(crate) elements: Vec<ElementSegment>,
    pub(crate) data: Vec<DataSegment>,
    pub(crate) sections: Vec<Section>,
    pub(crate) customs: Vec<CustomSection>,
    pub(crate) names: names::Names,
    /// What function validation consults; absent without functions.
    pub(crate) resources: Option<wasmparser::ValidatorResources>,
}

/// Code of a function defined here, with what is derived from it on demand.
pub(crate) struct Body {
    pub(crate) range: Range<u32>,
    pub(crate) instructions: u32,
    pub(crate) code: OnceBox<FuncCode>,
    pub(crate) types: OnceBox<FuncTypes>,
}

/// An import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// Module name.
    pub module: Arc<str>,
    /// Field name.
    pub name: Arc<str>,
    /// What is imported.
    pub ty: ExternType,
}

/// An export: a name and an index into one of the index spaces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// The exported name.
    pub name: Arc<str>,
    /// What it names.
    pub item: ExportItem,
}

/// What an export names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportItem {
    /// A function.
    Func(FuncIndex),
    /// A table, by index.
    Table(u32),
    /// A memory, by index.
    Memory(u32),
    /// A global, by index.
    Global(u32),
    /// A tag, by index.
    Tag(u32),
}

/// A table defined in the module.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TableDef {
    pub(crate) ty: TableType,
    pub(crate) offset: u64,
    /// What its elements are at first; null without it.
    pub(crate) init: Option<ConstExpr>,
}

/// A global of the module; imported ones have no initial value here.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GlobalDef {
    pub(crate) ty: GlobalType,
    pub(crate) init: Option<ConstExpr>,
}

/// When a segment is written.
#[derive(Clone, PartialEq, Debug)]
pub enum SegmentMode {
    /// By `memory.init` or `table.init`.
    Passive,
    /// At instantiation, into the memory or table of this index at this offset.
    Active {
        /// Index of the memory or table.
        index: u32,
        /// Where it is written.
        offset: ConstExpr,
    },
    /// Never; it only declares functions for `ref.func`.
    Declared,
}

/// An element segment.
#[derive(Clone, PartialEq, Debug)]
pub struct ElementSegment {
    /// When it is written.
    pub mode: SegmentMode,
    /// Type of its elements.
    pub ty: RefType,
    /// Its elements.
    pub items: ElementItems,
}

/// Elements of a segment.
#[derive(Clone, PartialEq, Debug)]
pub enum ElementItems {
    /// Functions by index.
    Funcs(Box<[FuncIndex]>),
    /// Constant expressions.
    Exprs(Box<[ConstExpr]>),
}

impl ElementItems {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            ElementItems::Funcs(items) => items.len(),
            ElementItems::Exprs(items) => items.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A data segment.
#[derive(Clone, PartialEq, Debug)]
pub struct DataSegment {
    /// When it is written.
    pub mode: SegmentMode,
    /// Its bytes, as a range of the module.
    pub range: Range<u32>,
}

impl Module {
    /// Parses and validates a module in the binary format.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed), [`Error::Invalid`](crate::Error::Invalid) or
    /// [`Error::Unsupported`](crate::Error::Unsupported) with the byte offset, or
    /// [`Error::Limit`](crate::Error::Limit).
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        let loader = steps::load(engine, bytes)?;
        Ok(Self { inner: Arc::new(loader.finish(bytes.to_vec())?) })
    }

    /// The same from bytes that the module can keep without a copy. A large module is there only once
    /// in memory then.
    ///
    /// # Errors
    /// Those of [`Module::new`].
    pub fn from_bytes(engine: &Engine, bytes: Vec<u8>) -> Result<Self> {
        let loader = steps::load(engine, &bytes)?;
        Ok(Self { inner: Arc::new(loader.finish(bytes)?) })
    }

    /// Parses and validates a module in the text format.
    ///
    /// # Errors
    /// [`Error::Text`](crate::Error::Text) with lines and columns, for what does not validate, too.
    #[cfg(feature = "wat")]
    pub fn from_wat(engine: &Engine, text: &str) -> Result<Self> {
        use crate::error::Error;
        let source = crate::text_format::Source::new(text);
        source.map_err(|error| Error::Text { errors: Vec::from([*error]) })?.module(engine)
    }

    pub(crate) fn inner(&self) -> &ModuleInner {
        &self.inner
    }

    /// Whether both handles share one module.
    pub fn same(&self, other: &Module) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Where it lies: no two handles of different modules have this in common while both live.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }

    /// The module's bytes; every offset of the interface counts in them.
    pub fn bytes(&self) -> &[u8] {
        &self.inner.bytes
    }

    /// Sections in file order, custom ones included.
    pub fn sections(&self) -> &[Section] {
        &self.inner.sections
    }

    /// Custom sections in file order.
    pub fn custom_sections(&self) -> &[CustomSection] {
        &self.inner.customs
    }

    /// The types of the type section.
    pub fn types(&self) -> &[SubType] {
        &self.inner.types
    }

    /// Sizes of the recursion groups that [`Module::types`] consist of, in order.
    pub fn recursion_groups(&self) -> &[u32] {
        &self.inner.groups
    }

    /// Types of what exceptions of each tag carry, imports first.
    pub fn tags(&self) -> impl Iterator<Item = &FuncType> {
        self.inner.tags.iter().filter_map(|ty| self.inner.func_type_at(*ty))
    }

    /// Imports in file order.
    pub fn imports(&self) -> &[Import] {
        &self.inner.imports
    }

    /// Exports in file order.
    pub fn exports(&self) -> &[Export] {
        &self.inner.exports
    }

    /// The export of this name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        let inner = self.inner();
        let export = |position: &u32| inner.exports.get(*position as usize);
        let position = inner
            .export_order
            .binary_search_by(|position| {
                export(position).map(|export| &*export.name).cmp(&Some(name))
            })
            .ok()?;
        inner.export_order.get(position).and_then(export)
    }

    /// The type of what an export names.
    pub fn export_type(&self, item: ExportItem) -> Option<ExternType> {
        let inner = self.inner();
        Some(match item {
            ExportItem::Func(index) => ExternType::Func(self.func_type(index)?.clone()),
            ExportItem::Table(index) => ExternType::Table(inner.tables.get(index as usize)?.ty),
            ExportItem::Memory(index) => ExternType::Memory(*inner.memories.get(index as usize)?),
            ExportItem::Global(index) => ExternType::Global(inner.globals.get(index as usize)?.ty),
            ExportItem::Tag(index) => {
                let ty = *inner.tags.get(index as usize)?;
                ExternType::Tag(inner.func_type_at(ty)?.clone())
            }
        })
    }

    /// The start function.
    pub fn start(&self) -> Option<FuncIndex> {
        self.inner.start
    }

    /// Number of functions, imports included.
    pub fn func_count(&self) -> u32 {
        self.inner.funcs.len() as u32
    }

    /// Number of imported functions; they come first in the index space.
    pub fn imported_func_count(&self) -> u32 {
        self.inner.imported_funcs
    }

    /// Type of a function.
    pub fn func_type(&self, func: FuncIndex) -> Option<&FuncType> {
        self.inner.type_of_func(func)
    }

    /// The import that a function index stands for, if it is imported.
    pub fn func_import(&self, func: FuncIndex) -> Option<&Import> {
        let position = *self.inner.func_imports.get(func.index())?;
        self.inner.imports.get(position as usize)
    }

    /// Where a function's body lies in the module: its locals, then its instructions.
    /// `None` for imports.
    pub fn func_body(&self, func: FuncIndex) -> Option<Range<CodeOffset>> {
        let body = self.inner.body(func)?;
        Some(CodeOffset(body.range.start)..CodeOffset(body.range.end))
    }

    /// Number of instructions of a function; 0 for imports.
    pub fn instruction_count(&self, func: FuncIndex) -> u32 {
        self.inner.body(func).map_or(0, |body| body.instructions)
    }

    /// The function whose body contains this offset.
    pub fn func_at(&self, offset: CodeOffset) -> Option<FuncIndex> {
        let bodies = &self.inner.bodies;
        let position = bodies.partition_point(|body| body.range.end <= offset.0);
        bodies
            .get(position)
            .filter(|body| body.range.contains(&offset.0))
            .map(|_| FuncIndex(self.inner.imported_funcs + position as u32))
    }

    /// Types of all tables, imports first.
    pub fn tables(&self) -> impl ExactSizeIterator<Item = TableType> + '_ {
        self.inner.tables.iter().map(|table| table.ty)
    }

    /// Types of all memories, imports first.
    pub fn memories(&self) -> &[MemoryType] {
        &self.inner.memories
    }

    /// Types of all globals, imports first.
    pub fn globals(&self) -> impl ExactSizeIterator<Item = GlobalType> + '_ {
        self.inner.globals.iter().map(|global| global.ty)
    }

    /// Element segments.
    pub fn elements(&self) -> &[ElementSegment] {
        &self.inner.elements
    }

    /// Data segments.
    pub fn data_segments(&self) -> &[DataSegment] {
        &self.inner.data
    }

    /// The module's own name, from the name section.
    pub fn name(&self) -> Option<&str> {
        self.inner.names.module(&self.inner.bytes)
    }

    /// A function's name: from the name section, else from its import, else from its first export.
    pub fn func_name(&self, func: FuncIndex) -> Option<&str> {
        self.inner.names.lookup(&self.inner.bytes, NameKind::Func, func.0).or_else(|| {
            if func.0 < self.inner.imported_funcs {
                self.func_import(func).map(|import| &*import.name)
            } else {
                self.inner.names.export_of_func(func).map(|position| {
                    self.inner.exports.get(position).map_or("", |export| &*export.name)
                })
            }
        })
    }

    /// A name from the name section for an index of the given space.
    pub fn item_name(&self, kind: NameKind, index: u32) -> Option<&str> {
        self.inner.names.lookup(&self.inner.bytes, kind, index)
    }

    /// The name of a structure's field, from the name section.
    pub fn field_name(&self, ty: u32, field: u32) -> Option<&str> {
        self.inner.names.field(&self.inner.bytes, ty, field)
    }

    /// Names of a function's locals (parameters first), as `(index, name)`, by index.
    pub fn local_names(&self, func: FuncIndex) -> Vec<(u32, String)> {
        self.inner.names.locals(&self.inner.bytes, func)
    }

    /// Names of a function's labels, by the order in which they are opened, the first being 0.
    pub fn label_names(&self, func: FuncIndex) -> Vec<(u32, String)> {
        self.inner.names.labels(&self.inner.bytes, func)
    }

    /// How many names the name section gives, with what they are for.
    pub fn name_counts(&self) -> Vec<(&'static str, usize)> {
        self.inner.names.counts()
    }

    /// The initial value of a global, if the module defines it.
    pub fn global_init(&self, index: u32) -> Option<&ConstExpr> {
        self.inner.globals.get(index as usize)?.init.as_ref()
    }

    /// What the elements of a table are at first, where it says.
    pub fn table_init(&self, index: u32) -> Option<&ConstExpr> {
        self.inner.tables.get(index as usize)?.init.as_ref()
    }

    /// Types of the locals that a function declares, behind its parameters; runs of one type together.
    pub fn declared_locals(&self, func: FuncIndex) -> Vec<(u32, ValType)> {
        let read = || {
            let body = wasmparser::FunctionBody::new(code::body_reader(&self.inner, func)?);
            let runs = body.get_locals_reader().ok()?.into_iter().filter_map(|run| run.ok());
            let typed = runs.filter_map(|(count, ty)| {
                Some((count, ValType::from_wasm(ty, &self.inner.space)?))
            });
            Some(typed.collect())
        };
        read().unwrap_or_default()
    }
}

impl ModuleInner {
    /// Translations for the fast tier: those that mark the pages that they write, or those that do not.
    pub(crate) fn codes(&self, marks: bool) -> &FastCodes {
        match marks {
            true => self.marking.get_or_init(|| Box::new(FastCodes::marking(self.bodies.len()))),
            false => &self.fast,
        }
    }

    /// The function type of this index.
    pub(crate) fn func_type_at(&self, ty: u32) -> Option<&FuncType> {
        self.types.get(ty as usize)?.as_func()
    }

    /// The type of a function.
    pub(crate) fn type_of_func(&self, func: FuncIndex) -> Option<&FuncType> {
        self.func_type_at(*self.funcs.get(func.index())?)
    }

    pub(crate) fn body(&self, func: FuncIndex) -> Option<&Body> {
        self.bodies.get(func.index().checked_sub(self.imported_funcs as usize)?)
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name())
            .field("bytes", &self.inner.bytes.len())
            .field("functions", &self.func_count())
            .finish_non_exhaustive()
    }
}
