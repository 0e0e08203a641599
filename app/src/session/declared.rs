//! What a module declares, in words: memories, tables, globals, tags and segments with their initial values.

use std::borrow::Cow;

use stepwell_engine::module::disassemble::const_text;
use stepwell_engine::module::{ConstExpr, ElementItems, ExportItem, NameKind, SegmentMode};
use stepwell_engine::text::identifier;
use stepwell_engine::{ExternType, MemoryType, Module, Mutability};

use super::FuncNames;
use super::type_text::val_type;

/// The declarations of a module, with what its functions are called.
#[derive(Clone, Copy)]
pub struct Declared<'a> {
    /// The module.
    pub module: &'a Module,
    /// What its functions are called.
    pub names: &'a FuncNames,
    /// Operators of an initial value that are written out.
    pub most: usize,
}

impl Declared<'_> {
    /// The name of an item as `$name`, where it has one.
    pub fn name(&self, kind: NameKind, index: u32) -> Option<String> {
        self.module.item_name(kind, index).map(identifier)
    }

    fn named(&self, kind: NameKind, index: u32) -> String {
        self.name(kind, index).unwrap_or_else(|| index.to_string())
    }

    /// A constant expression, operator by operator.
    pub fn expr(&self, expr: &ConstExpr) -> String {
        const_text(self.module, expr, self.most, &|func| self.names.operand(func))
    }

    fn init(&self, init: Option<&ConstExpr>) -> String {
        init.map_or(String::new(), |init| format!(" = {}", self.expr(init)))
    }

    /// A memory: `1..=2 pages, shared, 64-bit`.
    pub fn memory(&self, ty: &MemoryType) -> String {
        let kind: String = memory_kind(*ty).iter().map(|kind| format!(", {kind}")).collect();
        format!("{} pages{kind}", ty.limits)
    }

    /// A table: `3..=5 of (ref $ft), 64-bit = ref.func $f`.
    pub fn table(&self, index: u32) -> String {
        let ty = self.module.export_type(ExportItem::Table(index));
        let Some(ExternType::Table(ty)) = ty else { return String::new() };
        let wide = if ty.index64 { ", 64-bit" } else { "" };
        let element = val_type(self.module, ty.element.into());
        format!("{} of {element}{wide}{}", ty.limits, self.init(self.module.table_init(index)))
    }

    /// A global: `mut i32 = i32.const 5`.
    pub fn global(&self, index: u32) -> String {
        let ty = self.module.export_type(ExportItem::Global(index));
        let Some(ExternType::Global(ty)) = ty else { return String::new() };
        let mutable = if ty.mutability == Mutability::Var { "mut " } else { "" };
        let content = val_type(self.module, ty.content);
        format!("{mutable}{content}{}", self.init(self.module.global_init(index)))
    }

    /// What exceptions of each tag carry: `(i32, (ref $node))`.
    pub fn tags(&self) -> impl Iterator<Item = String> {
        self.module.tags().map(|ty| {
            let values = ty.params().iter().map(|ty| val_type(self.module, *ty));
            format!("({})", values.collect::<Vec<_>>().join(", "))
        })
    }

    /// An element segment: `2 of funcref, active, into table $t at 1`.
    pub fn element(&self, index: u32) -> String {
        let Some(segment) = self.module.elements().get(index as usize) else {
            return String::new();
        };
        let ty = val_type(self.module, segment.ty.into());
        let mode = self.mode(&segment.mode, NameKind::Table);
        format!("{} of {ty}, {mode}", segment.items.len())
    }

    /// The elements of a segment: `$f`, or their expressions.
    pub fn items<'i>(&'i self, items: &'i ElementItems) -> Box<dyn Iterator<Item = String> + 'i> {
        match items {
            ElementItems::Funcs(funcs) => {
                Box::new(funcs.iter().map(|func| self.names.place(*func)))
            }
            ElementItems::Exprs(exprs) => Box::new(exprs.iter().map(|expr| self.expr(expr))),
        }
    }

    /// A data segment: `7 bytes, active, into memory $m at 0x10`.
    pub fn data(&self, index: u32) -> String {
        let segments = self.module.data_segments();
        let Some(segment) = segments.get(index as usize) else { return String::new() };
        let mode = self.mode(&segment.mode, NameKind::Memory);
        match segment.range.len() {
            1 => format!("1 byte, {mode}"),
            bytes => format!("{bytes} bytes, {mode}"),
        }
    }

    /// When and where a segment is written.
    pub fn mode(&self, mode: &SegmentMode, into: NameKind) -> String {
        let (index, offset) = match mode {
            SegmentMode::Passive => return "passive".to_owned(),
            SegmentMode::Declared => return "declared".to_owned(),
            SegmentMode::Active { index, offset } => (*index, offset),
        };
        let (space, at) = match (into, self.start(index, offset, into)) {
            (NameKind::Table, at) => ("table", at.map(|at| at.to_string())),
            (_, at) => ("memory", at.map(|at| format!("0x{at:x}"))),
        };
        let at: Cow<'_, str> = match at {
            Some(at) => at.into(),
            None => format!("({})", self.expr(offset)).into(),
        };
        format!("active, into {space} {} at {at}", self.named(into, index))
    }

    /// Where an active segment is written, if its offset is a plain number.
    pub fn start(&self, index: u32, offset: &ConstExpr, into: NameKind) -> Option<u64> {
        let wide = match into {
            NameKind::Table => match self.module.export_type(ExportItem::Table(index))? {
                ExternType::Table(ty) => ty.index64,
                _ => return None,
            },
            _ => self.module.memories().get(index as usize)?.index64,
        };
        let bits = offset.as_constant()?;
        Some(if wide { bits } else { u64::from(bits as u32) })
    }
}

/// What sets a memory apart from most: `shared`, `64-bit`, `pages of 1 byte`.
pub fn memory_kind(ty: MemoryType) -> Vec<String> {
    let mut kind = Vec::new();
    if ty.shared {
        kind.push("shared".to_owned());
    }
    if ty.index64 {
        kind.push("64-bit".to_owned());
    }
    match ty.page_size() {
        65_536 => {}
        1 => kind.push("pages of 1 byte".to_owned()),
        bytes => kind.push(format!("pages of {bytes} bytes")),
    }
    kind
}
