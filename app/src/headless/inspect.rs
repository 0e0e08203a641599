//! `stepwell inspect`: what a module consists of, as text or JSON.

use std::fmt::{self, Write};
use std::io::{BufWriter, StdoutLock, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::json;
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
    // A description may be larger than the module: it is written as it is made. A reader that has gone away
    // is no error.
    let mut out = Out(BufWriter::new(std::io::stdout().lock()));
    if as_json {
        let _ = serde_json::to_writer_pretty(&mut out.0, &Described(&module));
        let _ = out.0.write_all(b"\n");
    } else {
        let _ = text(&mut out, &file.display().to_string(), &module);
    }
    let _ = out.0.flush();
    Ok(ExitCode::SUCCESS)
}

/// Standard output for text.
struct Out(BufWriter<StdoutLock<'static>>);

impl fmt::Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
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

fn text(out: &mut dyn Write, name: &str, module: &Module) -> fmt::Result {
    let size = module.bytes().len();
    let own = module.name().map_or(String::new(), |own| format!(", named {own}"));
    writeln!(out, "{name}: {size} bytes{own}")?;
    let heading =
        |out: &mut dyn Write, title: &str, count: usize| writeln!(out, "\n{title} ({count})");

    heading(out, "sections", module.sections().len())?;
    for section in module.sections() {
        let bytes = section.range.len();
        let entries = section
            .count
            .map_or(String::new(), |count| format!("  {}", cli::count(count, "entry", "entries")));
        writeln!(
            out,
            "  0x{:06x}  {bytes:>10} bytes  {}{entries}",
            section.range.start, section.name
        )?;
    }
    heading(out, "types", module.types().len())?;
    for (index, ty) in module.types().iter().enumerate() {
        writeln!(out, "{index:>6}  {ty}")?;
    }
    heading(out, "imports", module.imports().len())?;
    for import in module.imports() {
        writeln!(out, "  {}.{}: {}", import.module, import.name, import.ty)?;
    }
    heading(out, "exports", module.exports().len())?;
    for export in module.exports() {
        let ty = module.export_type(export.item).map_or(String::new(), |ty| format!(": {ty}"));
        writeln!(out, "  {:?} = {}{ty}", export.name, export_text(export.item))?;
    }
    if let Some(start) = module.start() {
        writeln!(out, "\nstart function\n{}", named(start.0, module.func_name(start)))?;
    }
    heading(out, "functions", module.func_count() as usize)?;
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
        writeln!(out, "{}  {ty}  {place}", named(index, module.func_name(func)))?;
    }
    declarations(out, module)?;
    segments(out, module)?;
    heading(out, "custom sections", module.custom_sections().len())?;
    for custom in module.custom_sections() {
        let bytes = custom.range.len();
        writeln!(out, "  0x{:06x}  {bytes:>10} bytes  {}", custom.range.start, custom.name)?;
    }
    Ok(())
}

fn declarations(out: &mut dyn Write, module: &Module) -> fmt::Result {
    writeln!(out, "\nmemories ({})", module.memories().len())?;
    for (index, ty) in (0..).zip(module.memories()) {
        let name = module.item_name(NameKind::Memory, index);
        writeln!(out, "{}  {} pages", named(index, name), ty.limits)?;
    }
    writeln!(out, "\ntables ({})", module.tables().len())?;
    for (index, ty) in (0..).zip(module.tables()) {
        let name = module.item_name(NameKind::Table, index);
        writeln!(out, "{}  {} {}", named(index, name), ty.limits, ty.element)?;
    }
    writeln!(out, "\nglobals ({})", module.globals().len())?;
    for (index, ty) in (0..).zip(module.globals()) {
        let name = module.item_name(NameKind::Global, index);
        writeln!(out, "{}  {ty}", named(index, name))?;
    }
    Ok(())
}

fn segments(out: &mut dyn Write, module: &Module) -> fmt::Result {
    writeln!(out, "\nelement segments ({})", module.elements().len())?;
    for (index, ElementSegment { mode, ty, items }) in (0..).zip(module.elements()) {
        let name = named(index, module.item_name(NameKind::Element, index));
        writeln!(out, "{name}  {} of {ty}, {}", items.len(), mode_text(mode, "table"))?;
    }
    writeln!(out, "\ndata segments ({})", module.data_segments().len())?;
    for (index, DataSegment { mode, range }) in (0..).zip(module.data_segments()) {
        let name = named(index, module.item_name(NameKind::Data, index));
        let bytes = range.len();
        writeln!(
            out,
            "{name}  0x{:06x}  {bytes} bytes, {}",
            range.start,
            mode_text(mode, "memory")
        )?;
    }
    Ok(())
}

/// A list that is made while it is written.
struct List<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A module as JSON.
struct Described<'a>(&'a Module);

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let module = self.0;
        let name = |kind, index| module.item_name(kind, index);
        let mut map = serializer.serialize_map(None)?;
        let customs = || {
            module.custom_sections().iter().map(|custom| {
                json!({
                    "name": &*custom.name,
                    "offset": custom.range.start,
                    "size": custom.range.len(),
                })
            })
        };
        map.serialize_entry("custom", &List(customs))?;
        let data = || {
            module.data_segments().iter().map(|segment| {
                json!({
                    "mode": mode_text(&segment.mode, "memory"),
                    "offset": segment.range.start,
                    "size": segment.range.len(),
                })
            })
        };
        map.serialize_entry("data", &List(data))?;
        let elements = || {
            module.elements().iter().map(|segment| {
                json!({
                    "mode": mode_text(&segment.mode, "table"),
                    "type": segment.ty.to_string(),
                    "count": segment.items.len(),
                })
            })
        };
        map.serialize_entry("elements", &List(elements))?;
        let exports = || {
            module.exports().iter().map(|export| {
                json!({
                    "name": &*export.name,
                    "item": export_text(export.item),
                    "type": module.export_type(export.item).map(|ty| ty.to_string()),
                })
            })
        };
        map.serialize_entry("exports", &List(exports))?;
        let functions = || {
            (0..module.func_count()).map(|index| {
                let func = FuncIndex(index);
                let body = module.func_body(func);
                json!({
                    "index": index,
                    "name": module.func_name(func),
                    "type": module.func_type(func).map(ToString::to_string),
                    "offset": body.as_ref().map(|body| body.start.0),
                    "instructions": body.map(|_| module.instruction_count(func)),
                })
            })
        };
        map.serialize_entry("functions", &List(functions))?;
        let globals = || {
            (0..).zip(module.globals()).map(|(index, ty)| {
                json!({ "name": name(NameKind::Global, index), "type": ty.to_string() })
            })
        };
        map.serialize_entry("globals", &List(globals))?;
        let imports = || {
            module.imports().iter().map(|import| {
                json!({
                    "module": &*import.module,
                    "name": &*import.name,
                    "kind": import.ty.kind(),
                    "type": import.ty.to_string(),
                })
            })
        };
        map.serialize_entry("imports", &List(imports))?;
        let memories = || {
            (0..).zip(module.memories()).map(|(index, ty)| {
                json!({
                    "name": name(NameKind::Memory, index),
                    "min": ty.limits.min,
                    "max": ty.limits.max,
                })
            })
        };
        map.serialize_entry("memories", &List(memories))?;
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
        map.serialize_entry("sections", &List(sections))?;
        map.serialize_entry("size", &module.bytes().len())?;
        map.serialize_entry("start", &module.start().map(|start| start.0))?;
        let tables = || {
            (0..).zip(module.tables()).map(|(index, ty)| {
                json!({
                    "name": name(NameKind::Table, index),
                    "element": ty.element.to_string(),
                    "min": ty.limits.min,
                    "max": ty.limits.max,
                })
            })
        };
        map.serialize_entry("tables", &List(tables))?;
        let types = || module.types().iter().map(ToString::to_string);
        map.serialize_entry("types", &List(types))?;
        map.end()
    }
}
