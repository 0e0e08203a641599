//! What a module consists of, indexed payload by payload; `steps` goes from one to the next.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(mapped)]
use once_cell::race::OnceBox;
use wasmparser::{
    ElementKind, ExternalKind, FuncValidatorAllocations, Parser, Payload, TypeRef, Validator,
    WasmFeatures,
};

use super::bodies::Walk;
use super::const_expr::ConstExpr;
use super::names::Names;
use super::parts::Parts;
use super::sections::{CustomSection, Section, section_name};
use super::well_formed::WellFormed;
use super::{
    DataSegment, ElementItems, ElementSegment, Export, ExportItem, GlobalDef, Import, ModuleInner,
    SegmentMode, TableDef,
};
use crate::config::Engine;
use crate::error::{Error, LimitKind, Result};
use crate::exec::fast::FastCodes;
use crate::ids::FuncIndex;
use crate::types::{
    ExternType, GlobalType, Limits, MemoryType, Mutability, RefType, SubType, TableType, TypeSpace,
    ValType,
};

/// A failed load, before it gets its public form.
pub(super) enum Failure {
    Parser(wasmparser::Error),
    Validator(wasmparser::Error),
    Typed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Typed(error)
    }
}

impl From<wasmparser::Error> for Failure {
    fn from(error: wasmparser::Error) -> Self {
        Failure::Parser(error)
    }
}

pub(super) fn limit(limit: LimitKind, requested: u64, allowed: u64, offset: Option<u64>) -> Error {
    Error::Limit { limit, requested, allowed, offset }
}

pub(super) fn unsupported(what: impl Into<String>, offset: u64) -> Error {
    Error::Unsupported { what: what.into(), offset }
}

/// Turns a `wasmparser` error into ours; one about a missing feature names the operator.
pub(super) fn explain(bytes: &[u8], error: &wasmparser::Error, while_parsing: bool) -> Error {
    let offset = error.offset();
    let message = error.message().to_string();
    if error.missing_wasm_feature().is_some() {
        let ends = [" support is not enabled", " proposal not enabled"];
        let feature = ends.iter().find_map(|end| message.strip_suffix(end)).unwrap_or(&message);
        let what = match super::operator::name_at(bytes, offset) {
            Some(name) if is_operator(bytes, offset) => format!("{name} ({feature})"),
            _ => feature.to_string(),
        };
        return unsupported(what, offset);
    }
    if while_parsing {
        Error::Malformed { message, offset }
    } else {
        Error::Invalid { message, offset }
    }
}

/// Whether an operator of some function stands at `offset`, not for instance its locals.
fn is_operator(bytes: &[u8], offset: u64) -> bool {
    let mut parser = Parser::new(0);
    parser.set_features(WasmFeatures::all());
    parser.parse_all(bytes).map_while(|payload| payload.ok()).any(|payload| match payload {
        Payload::CodeSectionEntry(body) if body.range().contains(&offset) => body
            .get_operators_reader()
            .is_ok_and(|operators| operators.original_position() <= offset),
        _ => false,
    })
}

/// A module that is being loaded. It keeps no bytes: they are handed in anew each time, and there may be
/// more of them.
pub(super) struct Loader {
    pub(super) engine: Engine,
    pub(super) parser: Parser,
    pub(super) validator: Validator,
    /// How many bytes the parser has read.
    pub(super) position: usize,
    /// A section that is taken in parts.
    pub(super) parts: Option<Parts>,
    /// A function body that is validated a slice at a time.
    pub(super) body: Option<Walk>,
    /// The module is invalid; whether it is malformed as well is looked for.
    pub(super) invalid: Option<(WellFormed, wasmparser::Error)>,
    pub(super) at_end: bool,
    pub(super) allocations: FuncValidatorAllocations,
    /// How many types the validator's ids are known of.
    numbered_types: usize,
    pub(super) module: ModuleInner,
}

impl Loader {
    pub(super) fn new(engine: &Engine) -> Self {
        let features = engine.config().features;
        let mut parser = Parser::new(0);
        parser.set_features(features.to_wasm());
        Self {
            engine: engine.clone(),
            parser,
            validator: Validator::new_with_features(features.to_wasm()),
            position: 0,
            parts: None,
            body: None,
            invalid: None,
            at_end: false,
            allocations: FuncValidatorAllocations::default(),
            numbered_types: 0,
            module: ModuleInner {
                bytes: Arc::default(),
                features,
                types: Vec::new(),
                groups: Vec::new(),
                space: TypeSpace::default(),
                vectors_in_types: false,
                imports: Vec::new(),
                funcs: Vec::new(),
                imported_funcs: 0,
                bodies: Vec::new(),
                fast: Default::default(),
                marking: Default::default(),
                begun: Default::default(),
                #[cfg(mapped)]
                image: OnceBox::new(),
                tables: Vec::new(),
                imported_tables: 0,
                memories: Vec::new(),
                imported_memories: 0,
                globals: Vec::new(),
                imported_globals: 0,
                tags: Vec::new(),
                imported_tags: 0,
                exports: Vec::new(),
                export_order: Vec::new(),
                import_types: Vec::new(),
                func_imports: Vec::new(),
                start: None,
                elements: Vec::new(),
                data: Vec::new(),
                sections: Vec::new(),
                customs: Vec::new(),
                names: Names::default(),
                resources: None,
            },
        }
    }

    /// The module, once its end has been reached. `bytes` are those that it was loaded from.
    pub(super) fn finish(self, bytes: Vec<u8>) -> Result<ModuleInner> {
        let Self { engine, mut module, .. } = self;
        module.bytes = Arc::new(bytes);
        let exported = module
            .exports
            .iter()
            .enumerate()
            .filter_map(|(position, export)| match export.item {
                ExportItem::Func(func) => Some((func, position as u32)),
                _ => None,
            })
            .collect();
        module.names.set_exports(exported);
        module.names.finish();
        module.export_order = (0..module.exports.len() as u32).collect();
        let exports = &module.exports;
        module
            .export_order
            .sort_by_key(|position| exports.get(*position as usize).map(|e| &e.name));
        module.types.shrink_to_fit();
        module.funcs.shrink_to_fit();
        module.bodies.shrink_to_fit();
        module.fast = FastCodes::plain(module.bodies.len());
        engine.allocator().validate_module(&module)?;
        Ok(module)
    }

    pub(super) fn section(&mut self, id: u8, range: core::ops::Range<u64>, count: Option<u32>) {
        // Of one that comes in parts all has been noted with the first.
        let start = range.start as u32;
        if self.parts.is_some()
            && self.module.sections.last().is_some_and(|last| last.range.contains(&start))
        {
            return;
        }
        self.module.sections.push(Section {
            id,
            name: section_name(id).into(),
            range: range.start as u32..range.end as u32,
            count,
        });
    }

    /// Indexes one payload that has validated.
    pub(super) fn payload(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        match payload {
            Payload::TypeSection(reader) => {
                self.section(1, reader.range(), Some(reader.count()));
                for group in reader.into_iter_with_offsets() {
                    let (offset, group) = group?;
                    self.group(&group, offset)?;
                }
                self.number_types();
            }
            Payload::ImportSection(reader) => {
                self.section(2, reader.range(), Some(reader.count()));
                // Imports that name their module together have it in common, and so do all of one
                // module that follow each other.
                let mut known: (&str, Arc<str>) = ("", Arc::from(""));
                for import in reader.into_imports_with_offsets() {
                    let (offset, import) = import?;
                    let name = import.module;
                    if !core::ptr::eq(known.0, name) {
                        known = match *known.1 == *name {
                            true => (name, known.1),
                            false => (name, name.into()),
                        };
                    }
                    self.import(known.1.clone(), &import, offset)?;
                }
                let count = self.module.imports.len() as u32;
                if let Some(section) = self.module.sections.last_mut() {
                    section.count = Some(count);
                }
            }
            Payload::FunctionSection(reader) => {
                self.section(3, reader.range(), Some(reader.count()));
                for ty in reader {
                    self.module.funcs.push(ty?);
                }
            }
            Payload::TableSection(reader) => {
                self.section(4, reader.range(), Some(reader.count()));
                for table in reader.into_iter_with_offsets() {
                    let (offset, table) = table?;
                    let ty = table_type(&table.ty, &self.module.space, offset)?;
                    let init = match &table.init {
                        wasmparser::TableInit::RefNull => None,
                        wasmparser::TableInit::Expr(expr) => Some(self.const_expr(expr, offset)?),
                    };
                    self.module.tables.push(TableDef { ty, offset, init });
                }
            }
            Payload::MemorySection(reader) => {
                self.section(5, reader.range(), Some(reader.count()));
                for memory in reader {
                    self.module.memories.push(memory_type(&memory?));
                }
            }
            Payload::GlobalSection(reader) => {
                self.section(6, reader.range(), Some(reader.count()));
                for global in reader.into_iter_with_offsets() {
                    let (offset, global) = global?;
                    let ty = global_type(&global.ty, &self.module.space, offset)?;
                    let init = Some(self.const_expr(&global.init_expr, offset)?);
                    self.module.globals.push(GlobalDef { ty, init });
                }
            }
            Payload::TagSection(reader) => {
                self.section(13, reader.range(), Some(reader.count()));
                for tag in reader {
                    self.module.tags.push(tag?.func_type_idx);
                }
            }
            Payload::ExportSection(reader) => {
                self.section(7, reader.range(), Some(reader.count()));
                for export in reader.into_iter_with_offsets() {
                    let (offset, export) = export?;
                    let item = match export.kind {
                        ExternalKind::Func => ExportItem::Func(FuncIndex(export.index)),
                        ExternalKind::Table => ExportItem::Table(export.index),
                        ExternalKind::Memory => ExportItem::Memory(export.index),
                        ExternalKind::Global => ExportItem::Global(export.index),
                        ExternalKind::Tag => ExportItem::Tag(export.index),
                        ExternalKind::FuncExact => {
                            return Err(unsupported("exact function types", offset).into());
                        }
                    };
                    self.module.exports.push(Export { name: export.name.into(), item });
                }
            }
            Payload::StartSection { func, range } => {
                self.section(8, range, None);
                self.module.start = Some(FuncIndex(func));
            }
            Payload::ElementSection(reader) => {
                self.section(9, reader.range(), Some(reader.count()));
                for element in reader.into_iter_with_offsets() {
                    let (offset, element) = element?;
                    self.element(element, offset)?;
                }
            }
            Payload::DataCountSection { count, range } => self.section(12, range, Some(count)),
            Payload::CodeSectionStart { count, unchecked_range, .. } => {
                self.section(10, unchecked_range, Some(count));
                // As many functions have been declared.
                self.module.bodies.reserve_exact(count as usize);
            }
            Payload::DataSection(reader) => {
                self.section(11, reader.range(), Some(reader.count()));
                for data in reader.into_iter_with_offsets() {
                    let (offset, data) = data?;
                    let mode = match data.kind {
                        wasmparser::DataKind::Passive => SegmentMode::Passive,
                        wasmparser::DataKind::Active { memory_index, offset_expr } => {
                            SegmentMode::Active {
                                index: memory_index,
                                offset: self.const_expr(&offset_expr, offset)?,
                            }
                        }
                    };
                    let end = data.range.end as u32;
                    let range = end - data.data.len() as u32..end;
                    self.module.data.push(DataSegment { mode, range });
                }
            }
            Payload::CustomSection(reader) => {
                let whole = reader.range();
                let name: Arc<str> = reader.name().into();
                self.module.sections.push(Section {
                    id: 0,
                    name: name.clone(),
                    range: whole.start as u32..whole.end as u32,
                    count: None,
                });
                let start = reader.data_offset() as u32;
                if &*name == "name" {
                    self.module.names.read(reader.data(), start);
                }
                let range = start..start + reader.data().len() as u32;
                self.module.customs.push(CustomSection { name, range });
            }
            // The version, the code entries (see `steps`) and the end hold nothing to index.
            _ => {}
        }
        Ok(())
    }

    fn import(
        &mut self,
        name: Arc<str>,
        import: &wasmparser::Import<'_>,
        offset: u64,
    ) -> Result<(), Failure> {
        let module = &mut self.module;
        let mut index = 0;
        let ty = match import.ty {
            TypeRef::Func(of) | TypeRef::FuncExact(of) => {
                index = of;
                module.funcs.push(index);
                module.imported_funcs += 1;
                module.func_imports.push(module.imports.len() as u32);
                let ty = module.func_type_at(index).cloned();
                ExternType::Func(ty.ok_or_else(|| unsupported("function type", offset))?)
            }
            TypeRef::Table(ty) => {
                let ty = table_type(&ty, &module.space, offset)?;
                module.tables.push(TableDef { ty, offset, init: None });
                module.imported_tables += 1;
                ExternType::Table(ty)
            }
            TypeRef::Memory(ty) => {
                let ty = memory_type(&ty);
                module.memories.push(ty);
                module.imported_memories += 1;
                ExternType::Memory(ty)
            }
            TypeRef::Global(ty) => {
                let ty = global_type(&ty, &module.space, offset)?;
                module.globals.push(GlobalDef { ty, init: None });
                module.imported_globals += 1;
                ExternType::Global(ty)
            }
            TypeRef::Tag(tag) => {
                index = tag.func_type_idx;
                module.tags.push(index);
                module.imported_tags += 1;
                let ty = module.func_type_at(index).cloned();
                ExternType::Tag(ty.ok_or_else(|| unsupported("tag type", offset))?)
            }
        };
        module.import_types.push(index);
        module.imports.push(Import { module: name, name: import.name.into(), ty });
        Ok(())
    }

    /// The types of a recursion group, which may refer to each other.
    fn group(&mut self, group: &wasmparser::RecGroup, offset: u64) -> Result<(), Failure> {
        let module = &mut self.module;
        module.groups.push(group.types().len() as u32);
        module.space.kinds.extend(group.types().map(SubType::kind_from_wasm));
        for ty in group.types() {
            let read = SubType::from_wasm(ty, &module.space);
            let ty = read.ok_or_else(|| unsupported(format!("type {ty}"), offset))?;
            let func = ty.as_func();
            let values =
                func.into_iter().flat_map(|func| func.params().iter().chain(func.results()));
            module.vectors_in_types |= values.into_iter().any(|ty| *ty == ValType::V128);
            module.types.push(ty);
        }
        Ok(())
    }

    /// Notes which types the validator's ids stand for.
    fn number_types(&mut self) {
        let Some(types) = self.validator.types(0) else { return };
        for index in self.numbered_types..self.module.types.len() {
            let index = index as u32;
            self.module.space.ids.entry(types.core_type_at_in_module(index)).or_insert(index);
        }
        self.numbered_types = self.module.types.len();
    }

    fn const_expr(
        &self,
        expr: &wasmparser::ConstExpr<'_>,
        offset: u64,
    ) -> Result<ConstExpr, Failure> {
        let read = ConstExpr::read(expr, &self.module)?;
        Ok(read.ok_or_else(|| unsupported("constant expression", offset))?)
    }

    fn element(&mut self, element: wasmparser::Element<'_>, at: u64) -> Result<(), Failure> {
        let mode = match element.kind {
            ElementKind::Passive => SegmentMode::Passive,
            ElementKind::Declared => SegmentMode::Declared,
            ElementKind::Active { table_index, offset_expr } => SegmentMode::Active {
                index: table_index.unwrap_or(0),
                offset: self.const_expr(&offset_expr, at)?,
            },
        };
        let (ty, items) = match element.items {
            wasmparser::ElementItems::Functions(reader) => {
                let items = reader.into_iter().map(|index| index.map(FuncIndex));
                (RefType::FUNC, ElementItems::Funcs(items.collect::<Result<_, _>>()?))
            }
            wasmparser::ElementItems::Expressions(ty, reader) => {
                let ty = ref_type(ty, &self.module.space, at)?;
                let mut items = Vec::new();
                for expr in reader {
                    items.push(self.const_expr(&expr?, at)?);
                }
                (ty, ElementItems::Exprs(items.into_boxed_slice()))
            }
        };
        self.module.elements.push(ElementSegment { mode, ty, items });
        Ok(())
    }
}

fn ref_type(ty: wasmparser::RefType, space: &TypeSpace, offset: u64) -> Result<RefType> {
    let read = RefType::from_wasm(ty, space);
    read.ok_or_else(|| unsupported(format!("reference type {ty}"), offset))
}

fn table_type(ty: &wasmparser::TableType, space: &TypeSpace, offset: u64) -> Result<TableType> {
    let element = ref_type(ty.element_type, space, offset)?;
    let limits = Limits { min: ty.initial, max: ty.maximum };
    Ok(TableType { element, limits, index64: ty.table64 })
}

fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        limits: Limits { min: ty.initial, max: ty.maximum },
        index64: ty.memory64,
        shared: ty.shared,
        page_size_log2: ty.page_size_log2.unwrap_or(16),
    }
}

fn global_type(ty: &wasmparser::GlobalType, space: &TypeSpace, offset: u64) -> Result<GlobalType> {
    let content = ValType::from_wasm(ty.content_type, space)
        .ok_or_else(|| unsupported(format!("type {}", ty.content_type), offset))?;
    let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
    Ok(GlobalType { content, mutability })
}
