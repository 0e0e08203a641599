//! A module as text, a line for each thing in it.

use std::io::{Result, Write};

use stepwell_engine::FuncIndex;
use stepwell_engine::module::{ExportItem, NameKind, SegmentMode};
use stepwell_engine::text::{dotted, escaped, identifier, quoted};

use super::{Inspected, cli};
use crate::session::{custom_facts, defined_type, extern_type, func_type};

/// An index space's item: `3 $name`.
fn numbered(index: u32, name: Option<String>) -> String {
    match name {
        Some(name) => format!("{index:>6} {name}"),
        None => format!("{index:>6}"),
    }
}

fn heading(out: &mut impl Write, title: &str, count: usize) -> Result<()> {
    writeln!(out, "\n{title} ({count})")
}

pub(super) fn write(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let module = &inspected.module;
    let own = module.name().map_or(String::new(), |own| format!(", named {}", identifier(own)));
    writeln!(out, "{}: {} bytes{own}", escaped(&inspected.file), module.bytes().len())?;
    sections(inspected, out)?;
    types(inspected, out)?;
    heading(out, "imports", module.imports().len())?;
    for import in module.imports() {
        let ty = extern_type(module, &import.ty);
        writeln!(out, "  {}: {ty}", dotted(&import.module, &import.name))?;
    }
    heading(out, "exports", module.exports().len())?;
    for export in module.exports() {
        let ty = module.export_type(export.item);
        let ty = ty.map_or(String::new(), |ty| format!(": {}", extern_type(module, &ty)));
        writeln!(out, "  {} = {}{ty}", quoted(&export.name), export_text(export.item))?;
    }
    if let Some(start) = module.start() {
        let name = inspected.names.identifier(start);
        writeln!(out, "\nstart function\n{}", numbered(start.0, name))?;
    }
    functions(inspected, out)?;
    declarations(inspected, out)?;
    segments(inspected, out)?;
    customs(inspected, out)
}

pub(super) fn export_text(item: ExportItem) -> String {
    match item {
        ExportItem::Func(func) => format!("func {func}"),
        ExportItem::Table(index) => format!("table {index}"),
        ExportItem::Memory(index) => format!("memory {index}"),
        ExportItem::Global(index) => format!("global {index}"),
        ExportItem::Tag(index) => format!("tag {index}"),
    }
}

fn sections(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let sections = inspected.module.sections();
    heading(out, "sections", sections.len())?;
    for section in sections {
        let entries = section.count.map(|count| cli::count(count, "entry", "entries"));
        let entries = entries.map_or(String::new(), |entries| format!("  {entries}"));
        let (start, bytes) = (section.range.start, section.range.len());
        writeln!(out, "  0x{start:06x}  {bytes:>10} bytes  {}{entries}", escaped(&section.name))?;
    }
    Ok(())
}

/// Types; those of a recursion group stand between brackets.
fn types(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let module = &inspected.module;
    heading(out, "types", module.types().len())?;
    let mut index = 0;
    for size in module.recursion_groups() {
        for place in 0..*size {
            let bracket = match (size, place) {
                (1, _) => ' ',
                (_, 0) => '┌',
                (size, place) if place + 1 == *size => '└',
                _ => '│',
            };
            let name = inspected.declared().name(NameKind::Type, index);
            writeln!(out, "{} {bracket} {}", numbered(index, name), defined_type(module, index))?;
            index += 1;
        }
    }
    Ok(())
}

fn functions(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let module = &inspected.module;
    heading(out, "functions", module.func_count() as usize)?;
    for index in 0..module.func_count() {
        let func = FuncIndex(index);
        let ty = module.func_type(func).map_or(String::new(), |ty| func_type(module, ty));
        let place = match (module.func_body(func), module.func_import(func)) {
            (Some(body), _) => {
                let count = module.instruction_count(func);
                let count = cli::count(count, "instruction", "instructions");
                format!("0x{:06x}  {count}", body.start.0)
            }
            (None, Some(import)) => {
                format!("imported from {}", dotted(&import.module, &import.name))
            }
            (None, None) => String::new(),
        };
        writeln!(out, "{}  {ty}  {place}", numbered(index, inspected.names.identifier(func)))?;
    }
    Ok(())
}

fn declarations(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let (module, declared) = (&inspected.module, inspected.declared());
    let mut list = |title: &str, kind, lines: &mut dyn Iterator<Item = String>, count| {
        heading(out, title, count)?;
        (0..).zip(lines).try_for_each(|(index, line)| {
            writeln!(out, "{}  {line}", numbered(index, declared.name(kind, index)))
        })
    };
    let memories = module.memories();
    let lines = &mut memories.iter().map(|ty| declared.memory(ty));
    list("memories", NameKind::Memory, lines, memories.len())?;
    let count = module.tables().len();
    let lines = &mut (0..count as u32).map(|index| declared.table(index));
    list("tables", NameKind::Table, lines, count)?;
    let count = module.globals().len();
    let lines = &mut (0..count as u32).map(|index| declared.global(index));
    list("globals", NameKind::Global, lines, count)?;
    list("tags", NameKind::Tag, &mut declared.tags(), module.tags().count())
}

fn segments(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let (module, declared) = (&inspected.module, inspected.declared());
    heading(out, "element segments", module.elements().len())?;
    for (index, segment) in (0..).zip(module.elements()) {
        let name = numbered(index, declared.name(NameKind::Element, index));
        writeln!(out, "{name}  {}", declared.element(index))?;
        let start = match &segment.mode {
            SegmentMode::Active { index, offset } => {
                declared.start(*index, offset, NameKind::Table)
            }
            _ => None,
        };
        for (position, item) in (0u64..).zip(declared.items(&segment.items)) {
            match start.and_then(|start| start.checked_add(position)) {
                Some(at) => writeln!(out, "         [{at}] = {item}")?,
                None => writeln!(out, "         +{position} {item}")?,
            }
        }
    }
    heading(out, "data segments", module.data_segments().len())?;
    for (index, segment) in (0..).zip(module.data_segments()) {
        let name = numbered(index, declared.name(NameKind::Data, index));
        writeln!(out, "{name}  0x{:06x}  {}", segment.range.start, declared.data(index))?;
    }
    Ok(())
}

fn customs(inspected: &Inspected, out: &mut impl Write) -> Result<()> {
    let module = &inspected.module;
    heading(out, "custom sections", module.custom_sections().len())?;
    for custom in module.custom_sections() {
        let (start, bytes) = (custom.range.start, custom.range.len());
        writeln!(out, "  0x{start:06x}  {bytes:>10} bytes  {}", escaped(&custom.name))?;
        let Some(facts) = custom_facts(module, custom) else { continue };
        for line in facts.lines(module, &inspected.names) {
            writeln!(out, "      {line}")?;
        }
    }
    Ok(())
}
