//! `stepwell inspect`: what a module consists of, as text or JSON.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value as Json, json};
use stepwell_engine::module::{DataSegment, ElementSegment, ExportItem, NameKind, SegmentMode};
use stepwell_engine::{Config, Engine, FuncIndex, Module};

use super::cli::{self, Failure};

const HELP: &str = "\
stepwell inspect FILE [--json]

Shows sections, types, imports, exports, functions with their names, memories, tables, globals,
segments and custom sections.
";

/// `stepwell inspect`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut file, mut as_json) = (None::<PathBuf>, false);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("json") => as_json = true,
            lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => return Ok(cli::help(HELP)),
            lexopt::Arg::Value(value) if file.is_none() => file = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("inspect needs a FILE".to_owned()))?;
    let module = cli::load(&Engine::new(Config::default()), &file)?;
    if as_json {
        cli::print(&format!("{:#}\n", describe(&module)));
    } else {
        cli::print(&text(&file.display().to_string(), &module));
    }
    Ok(ExitCode::SUCCESS)
}

/// An index space's item: `3 $name`.
fn named(index: u32, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{index:>6} ${name}"),
        None => format!("{index:>6}"),
    }
}

fn export_text(item: ExportItem) -> String {
    match item {
        ExportItem::Func(func) => format!("func {func}"),
        ExportItem::Table(index) => format!("table {index}"),
        ExportItem::Memory(index) => format!("memory {index}"),
        ExportItem::Global(index) => format!("global {index}"),
        ExportItem::Tag(index) => format!("tag {index}"),
    }
}

fn mode_text(mode: &SegmentMode, space: &str) -> String {
    match mode {
        SegmentMode::Passive => "passive".to_owned(),
        SegmentMode::Declared => "declared".to_owned(),
        SegmentMode::Active { index, .. } => format!("active, into {space} {index}"),
    }
}

fn text(name: &str, module: &Module) -> String {
    let mut out = String::new();
    let size = module.bytes().len();
    let own = module.name().map_or(String::new(), |own| format!(", named {own}"));
    let _ = writeln!(out, "{name}: {size} bytes{own}");
    let heading = |out: &mut String, title: &str, count: usize| {
        let _ = writeln!(out, "\n{title} ({count})");
    };

    heading(&mut out, "sections", module.sections().len());
    for section in module.sections() {
        let bytes = section.range.len();
        let entries = section
            .count
            .map_or(String::new(), |count| format!("  {}", cli::count(count, "entry", "entries")));
        let _ = writeln!(
            out,
            "  0x{:06x}  {bytes:>10} bytes  {}{entries}",
            section.range.start, section.name
        );
    }
    heading(&mut out, "types", module.types().len());
    for (index, ty) in module.types().iter().enumerate() {
        let _ = writeln!(out, "{index:>6}  {ty}");
    }
    heading(&mut out, "imports", module.imports().len());
    for import in module.imports() {
        let _ = writeln!(out, "  {}.{}: {}", import.module, import.name, import.ty);
    }
    heading(&mut out, "exports", module.exports().len());
    for export in module.exports() {
        let ty = module.export_type(export.item).map_or(String::new(), |ty| format!(": {ty}"));
        let _ = writeln!(out, "  {:?} = {}{ty}", export.name, export_text(export.item));
    }
    if let Some(start) = module.start() {
        let _ = writeln!(out, "\nstart function\n{}", named(start.0, module.func_name(start)));
    }
    heading(&mut out, "functions", module.func_count() as usize);
    for index in 0..module.func_count() {
        let func = FuncIndex(index);
        let ty = module.func_type(func).map_or(String::new(), ToString::to_string);
        let place = match (module.func_body(func), module.func_import(func)) {
            (Some(body), _) => {
                let count = module.instruction_count(func);
                let count = cli::count(count, "instruction", "instructions");
                format!("0x{:06x}  {count}", body.start.0)
            }
            (None, Some(import)) => format!("imported from {}.{}", import.module, import.name),
            (None, None) => String::new(),
        };
        let _ = writeln!(out, "{}  {ty}  {place}", named(index, module.func_name(func)));
    }
    declarations(&mut out, module);
    segments(&mut out, module);
    heading(&mut out, "custom sections", module.custom_sections().len());
    for custom in module.custom_sections() {
        let bytes = custom.range.len();
        let _ = writeln!(out, "  0x{:06x}  {bytes:>10} bytes  {}", custom.range.start, custom.name);
    }
    out
}

fn declarations(out: &mut String, module: &Module) {
    let _ = writeln!(out, "\nmemories ({})", module.memories().len());
    for (index, ty) in (0..).zip(module.memories()) {
        let name = module.item_name(NameKind::Memory, index);
        let _ = writeln!(out, "{}  {} pages", named(index, name), ty.limits);
    }
    let _ = writeln!(out, "\ntables ({})", module.tables().len());
    for (index, ty) in (0..).zip(module.tables()) {
        let name = module.item_name(NameKind::Table, index);
        let _ = writeln!(out, "{}  {} {}", named(index, name), ty.limits, ty.element);
    }
    let _ = writeln!(out, "\nglobals ({})", module.globals().len());
    for (index, ty) in (0..).zip(module.globals()) {
        let name = module.item_name(NameKind::Global, index);
        let _ = writeln!(out, "{}  {ty}", named(index, name));
    }
}

fn segments(out: &mut String, module: &Module) {
    let _ = writeln!(out, "\nelement segments ({})", module.elements().len());
    for (index, ElementSegment { mode, ty, items }) in (0..).zip(module.elements()) {
        let name = named(index, module.item_name(NameKind::Element, index));
        let _ = writeln!(out, "{name}  {} of {ty}, {}", items.len(), mode_text(mode, "table"));
    }
    let _ = writeln!(out, "\ndata segments ({})", module.data_segments().len());
    for (index, DataSegment { mode, range }) in (0..).zip(module.data_segments()) {
        let name = named(index, module.item_name(NameKind::Data, index));
        let bytes = range.len();
        let _ = writeln!(
            out,
            "{name}  0x{:06x}  {bytes} bytes, {}",
            range.start,
            mode_text(mode, "memory")
        );
    }
}

fn describe(module: &Module) -> Json {
    let name = |kind, index| module.item_name(kind, index);
    let numbered = |entries: Vec<Json>| Json::Array(entries);
    json!({
        "size": module.bytes().len(),
        "name": module.name(),
        "sections": module.sections().iter().map(|section| json!({
            "id": section.id,
            "name": &*section.name,
            "offset": section.range.start,
            "size": section.range.len(),
            "entries": section.count,
        })).collect::<Vec<_>>(),
        "types": module.types().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "imports": module.imports().iter().map(|import| json!({
            "module": &*import.module,
            "name": &*import.name,
            "kind": import.ty.kind(),
            "type": import.ty.to_string(),
        })).collect::<Vec<_>>(),
        "exports": module.exports().iter().map(|export| json!({
            "name": &*export.name,
            "item": export_text(export.item),
            "type": module.export_type(export.item).map(|ty| ty.to_string()),
        })).collect::<Vec<_>>(),
        "start": module.start().map(|start| start.0),
        "functions": (0..module.func_count()).map(|index| {
            let func = FuncIndex(index);
            json!({
                "index": index,
                "name": module.func_name(func),
                "type": module.func_type(func).map(ToString::to_string),
                "offset": module.func_body(func).map(|body| body.start.0),
                "instructions": module.func_body(func).map(|_| module.instruction_count(func)),
            })
        }).collect::<Vec<_>>(),
        "memories": numbered((0..).zip(module.memories()).map(|(index, ty)| json!({
            "name": name(NameKind::Memory, index),
            "min": ty.limits.min,
            "max": ty.limits.max,
        })).collect()),
        "tables": numbered((0..).zip(module.tables()).map(|(index, ty)| json!({
            "name": name(NameKind::Table, index),
            "element": ty.element.to_string(),
            "min": ty.limits.min,
            "max": ty.limits.max,
        })).collect()),
        "globals": numbered((0..).zip(module.globals()).map(|(index, ty)| json!({
            "name": name(NameKind::Global, index),
            "type": ty.to_string(),
        })).collect()),
        "elements": numbered(module.elements().iter().map(|segment| json!({
            "mode": mode_text(&segment.mode, "table"),
            "type": segment.ty.to_string(),
            "count": segment.items.len(),
        })).collect()),
        "data": numbered(module.data_segments().iter().map(|segment| json!({
            "mode": mode_text(&segment.mode, "memory"),
            "offset": segment.range.start,
            "size": segment.range.len(),
        })).collect()),
        "custom": module.custom_sections().iter().map(|custom| json!({
            "name": &*custom.name,
            "offset": custom.range.start,
            "size": custom.range.len(),
        })).collect::<Vec<_>>(),
    })
}
