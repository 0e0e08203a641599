//! A module as one JSON object, an entry at a time.

use std::io::{Error, Result, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value as Json, json};
use stepwell_engine::FuncIndex;
use stepwell_engine::module::{NameKind, SegmentMode};

use super::Inspected;
use super::text::export_text;
use crate::session::{custom_facts, defined_type, extern_type, fields, func_type, val_type};

pub(super) fn write(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let mut serializer = serde_json::Serializer::pretty(&mut *out);
    inspected.serialize(&mut serializer).map_err(Error::from)?;
    writeln!(out)
}

/// A list whose entries are made while it is written.
struct Entries<F>(F);

impl<F, I> Serialize for Entries<F>
where
    F: Fn() -> I,
    I: Iterator<Item = Json>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

impl Serialize for Inspected {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let module = &self.module;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("size", &module.bytes().len())?;
        map.serialize_entry("name", &module.name())?;
        let sections = || {
            module.sections().iter().map(|section| {
                json!({
                    "id": section.id,
                    "name": &*section.name,
                    "offset": section.range.start,
                    "size": section.range.len(),
                    "entries": section.count,
                })
            })
        };
        map.serialize_entry("sections", &Entries(sections))?;
        map.serialize_entry("types", &Entries(|| self.types()))?;
        let imports = || {
            module.imports().iter().map(|import| {
                json!({
                    "module": &*import.module,
                    "name": &*import.name,
                    "kind": import.ty.kind(),
                    "type": extern_type(module, &import.ty),
                })
            })
        };
        map.serialize_entry("imports", &Entries(imports))?;
        let exports = || {
            module.exports().iter().map(|export| {
                json!({
                    "name": &*export.name,
                    "item": export_text(export.item),
                    "type": module.export_type(export.item).map(|ty| extern_type(module, &ty)),
                })
            })
        };
        map.serialize_entry("exports", &Entries(exports))?;
        map.serialize_entry("start", &module.start().map(|start| start.0))?;
        let functions = || (0..module.func_count()).map(|index| self.function(FuncIndex(index)));
        map.serialize_entry("functions", &Entries(functions))?;
        map.serialize_entry("memories", &Entries(|| self.memories()))?;
        map.serialize_entry("tables", &Entries(|| self.tables()))?;
        map.serialize_entry("globals", &Entries(|| self.globals()))?;
        map.serialize_entry("tags", &Entries(|| self.tags()))?;
        map.serialize_entry("elements", &Entries(|| self.elements()))?;
        map.serialize_entry("data", &Entries(|| self.data()))?;
        let customs = || {
            module.custom_sections().iter().map(|custom| {
                json!({
                    "name": &*custom.name,
                    "offset": custom.range.start,
                    "size": custom.range.len(),
                    "contents": custom_facts(module, custom).map(|facts| facts.json()),
                })
            })
        };
        map.serialize_entry("custom", &Entries(customs))?;
        map.end()
    }
}

impl Inspected {
    fn name(&self, kind: NameKind, index: u32) -> Option<&str> {
        self.module.item_name(kind, index)
    }

    fn types(&self) -> impl Iterator<Item = Json> {
        let groups = (0u32..).zip(self.module.recursion_groups());
        let groups = groups.flat_map(|(group, size)| (0..*size).map(move |_| group));
        (0u32..).zip(groups).map(|(index, group)| {
            let fields: Vec<Json> = fields(&self.module, index)
                .into_iter()
                .zip(0u32..)
                .map(|((_, ty), at)| json!({ "name": self.module.field_name(index, at), "type": ty }))
                .collect();
            json!({
                "index": index,
                "name": self.name(NameKind::Type, index),
                "group": group,
                "type": defined_type(&self.module, index),
                "fields": fields,
            })
        })
    }

    fn function(&self, func: FuncIndex) -> Json {
        let module = &self.module;
        let import = module.func_import(func);
        json!({
            "index": func.0,
            "name": self.names.readable(func),
            "symbol": module.func_name(func),
            "shared_name": self.names.is_shared(func),
            "type": module.func_type(func).map(|ty| func_type(module, ty)),
            "offset": module.func_body(func).map(|body| body.start.0),
            "instructions": module.func_body(func).map(|_| module.instruction_count(func)),
            "import": import.map(|import| json!({
                "module": &*import.module,
                "name": &*import.name,
            })),
        })
    }

    fn memories(&self) -> impl Iterator<Item = Json> {
        (0..).zip(self.module.memories()).map(|(index, ty)| {
            json!({
                "name": self.name(NameKind::Memory, index),
                "min": ty.limits.min,
                "max": ty.limits.max,
                "index_type": if ty.index64 { "i64" } else { "i32" },
                "shared": ty.shared,
                "page_size": ty.page_size(),
            })
        })
    }

    fn tables(&self) -> impl Iterator<Item = Json> {
        (0..).zip(self.module.tables()).map(|(index, ty)| {
            let init = self.module.table_init(index).map(|init| self.declared().expr(init));
            json!({
                "name": self.name(NameKind::Table, index),
                "element": val_type(&self.module, ty.element.into()),
                "min": ty.limits.min,
                "max": ty.limits.max,
                "index_type": if ty.index64 { "i64" } else { "i32" },
                "init": init,
            })
        })
    }

    fn globals(&self) -> impl Iterator<Item = Json> {
        (0..).zip(self.module.globals()).map(|(index, ty)| {
            let init = self.module.global_init(index).map(|init| self.declared().expr(init));
            let mutable = ty.mutability == stepwell_engine::Mutability::Var;
            let content = val_type(&self.module, ty.content);
            json!({
                "name": self.name(NameKind::Global, index),
                "type": if mutable { format!("mut {content}") } else { content },
                "init": init,
            })
        })
    }

    fn tags(&self) -> impl Iterator<Item = Json> {
        (0..).zip(self.module.tags()).map(|(index, ty)| {
            let values = ty.params().iter().map(|ty| val_type(&self.module, *ty));
            json!({
                "name": self.name(NameKind::Tag, index),
                "values": values.collect::<Vec<_>>(),
            })
        })
    }

    fn elements(&self) -> impl Iterator<Item = Json> {
        (0..).zip(self.module.elements()).map(|(index, segment)| {
            let declared = self.declared();
            json!({
                "name": self.name(NameKind::Element, index),
                "mode": mode(&segment.mode),
                "table": self.target(&segment.mode, NameKind::Table),
                "type": val_type(&self.module, segment.ty.into()),
                "count": segment.items.len(),
                "items": declared.items(&segment.items).collect::<Vec<_>>(),
            })
        })
    }

    fn data(&self) -> impl Iterator<Item = Json> {
        (0..).zip(self.module.data_segments()).map(|(index, segment)| {
            json!({
                "name": self.name(NameKind::Data, index),
                "mode": mode(&segment.mode),
                "memory": self.target(&segment.mode, NameKind::Memory),
                "offset": segment.range.start,
                "size": segment.range.len(),
            })
        })
    }

    /// Where an active segment goes: into which table or memory, at which address, as an expression too.
    fn target(&self, mode: &SegmentMode, into: NameKind) -> Json {
        let SegmentMode::Active { index, offset } = mode else { return Json::Null };
        json!({
            "index": index,
            "name": self.name(into, *index),
            "address": self.declared().start(*index, offset, into),
            "expression": self.declared().expr(offset),
        })
    }
}

fn mode(mode: &SegmentMode) -> &'static str {
    match mode {
        SegmentMode::Passive => "passive",
        SegmentMode::Declared => "declared",
        SegmentMode::Active { .. } => "active",
    }
}
