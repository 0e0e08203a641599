//! Sections, types, declarations, segments and custom sections of a module.

use egui::{RichText, Sense, Ui, vec2};
use stepwell_engine::module::{NameKind, SegmentMode};
use stepwell_engine::{CodeOffset, GlobalType, MemoryType, Module, Mutability};

use crate::session::{
    BRANCH_HINTS, OpenModule, branch_hints, defined_type, readable_name, val_type,
};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Entries of a list that are shown.
const LISTED: usize = 300;
/// Bytes shown of a segment or custom section.
const PREVIEW: usize = 64;

/// Draws what a module consists of.
pub(super) fn show(open: &OpenModule, ui: &mut Ui) {
    sections(open, ui);
    let module = &open.module;
    types(module, ui);
    let named = |kind, index: u32, text: String| match module.item_name(kind, index) {
        Some(name) => format!("${name} {text}"),
        None => text,
    };
    let memories = (0..).zip(module.memories());
    let memories = memories.map(|(index, ty)| named(NameKind::Memory, index, memory(ty)));
    list(ui, "Memories", module.memories().len(), numbered(memories));
    let tables = (0..).zip(module.tables());
    let tables = tables.map(|(index, ty)| {
        let wide = if ty.index64 { ", 64-bit" } else { "" };
        let element = val_type(module, ty.element.into());
        named(NameKind::Table, index, format!("{} of {element}{wide}", ty.limits))
    });
    list(ui, "Tables", module.tables().len(), numbered(tables));
    let globals = (0..).zip(module.globals());
    let globals = globals.map(|(index, ty)| named(NameKind::Global, index, global(module, ty)));
    list(ui, "Globals", module.globals().len(), numbered(globals));
    let tags = (0..).zip(module.tags());
    let tags = tags.map(|(index, ty)| {
        let values: Vec<String> = ty.params().iter().map(|ty| val_type(module, *ty)).collect();
        named(NameKind::Tag, index, format!("({})", values.join(", ")))
    });
    list(ui, "Tags", module.tags().count(), numbered(tags));
    let elements = (0..).zip(module.elements()).map(|(index, segment)| {
        let text = format!(
            "{} of {}, {}",
            segment.items.len(),
            val_type(module, segment.ty.into()),
            mode(&segment.mode)
        );
        named(NameKind::Element, index, text)
    });
    list(ui, "Element segments", module.elements().len(), numbered(elements));
    data(open, ui);
    custom(open, ui);
}

fn memory(ty: &MemoryType) -> String {
    let kind = widgets::memory_kind(*ty);
    let kind: String = kind.iter().map(|kind| format!(", {kind}")).collect();
    format!("{} pages{kind}", ty.limits)
}

fn global(module: &Module, ty: GlobalType) -> String {
    let mutable = if ty.mutability == Mutability::Var { "mut " } else { "" };
    format!("{mutable}{}", val_type(module, ty.content))
}

/// Types with their names; those of a recursion group stand between brackets.
fn types(module: &Module, ui: &mut Ui) {
    let groups = module.recursion_groups().iter().flat_map(|size| {
        (0..*size).map(move |place| match (size, place) {
            (1, _) => " ",
            (_, 0) => "┌",
            (size, place) if place + 1 == *size => "└",
            _ => "│",
        })
    });
    let lines = (0u32..module.types().len() as u32).zip(groups).map(|(index, bracket)| {
        let name = module.item_name(NameKind::Type, index);
        let name = name.map_or(String::new(), |name| format!("${name} "));
        format!("{bracket}{index:>3}  {name}{}", defined_type(module, index))
    });
    list(ui, "Types", module.types().len(), lines);
}

fn numbered(lines: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    lines.enumerate().map(|(index, line)| format!("{index:>3}  {line}"))
}

fn mode(mode: &SegmentMode) -> String {
    match mode {
        SegmentMode::Passive => "passive".to_owned(),
        SegmentMode::Declared => "declared".to_owned(),
        SegmentMode::Active { index, .. } => format!("active, into {index}"),
    }
}

/// Lines under a heading; no heading for nothing.
fn list(ui: &mut Ui, title: &str, count: usize, lines: impl Iterator<Item = String>) {
    if count == 0 {
        return;
    }
    let heading = format!("{title} · {count}");
    egui::CollapsingHeader::new(heading).id_salt(title).show(ui, |ui| {
        for line in lines.take(LISTED) {
            let text = RichText::new(&line).font(tokens::mono_small());
            ui.add(egui::Label::new(text).truncate()).on_hover_text(line);
        }
        if count > LISTED {
            ui.label(format!("and {} more", count - LISTED));
        }
    });
}

/// Sections with their share of the module as a bar.
fn sections(open: &OpenModule, ui: &mut Ui) {
    let module = &open.module;
    let title = format!("Sections · {}", module.sections().len());
    egui::CollapsingHeader::new(title).id_salt("sections").show(ui, |ui| {
        let tokens = Tokens::of(ui);
        let whole = module.bytes().len().max(1) as f32;
        for section in module.sections() {
            let size = section.range.len();
            let width = ui.available_width();
            let (place, response) =
                ui.allocate_exact_size(vec2(width, tokens::ROW), Sense::hover());
            let share = (size as f32 / whole * width).max(1.0);
            let bar = place.with_max_x(place.left() + share).shrink2(vec2(0.0, 2.0));
            ui.painter().rect_filled(bar, 2.0, tokens.module_back(open.hue));
            let y = place.center().y;
            let left = egui::pos2(place.left() + tokens::GAP, y);
            let painter = ui.painter();
            let font = tokens::mono_small();
            painter.text(left, egui::Align2::LEFT_CENTER, &section.name, font.clone(), tokens.text);
            let right = egui::pos2(place.right() - tokens::GAP, y);
            let text = widgets::size(size as u64);
            painter.text(right, egui::Align2::RIGHT_CENTER, &text, font, tokens.weak);
            let entries = section.count.map_or(String::new(), |count| format!(", {count} entries"));
            let label = format!("section {}: {text}{entries}", section.name);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &label));
            response.on_hover_text(format!("{label}, at 0x{:x}", section.range.start));
        }
    });
}

/// The bytes of a range, as hex and text.
fn preview(open: &OpenModule, range: &std::ops::Range<u32>) -> String {
    let (start, end) = (range.start as usize, range.end as usize);
    let bytes = open.module.bytes().get(start..end).unwrap_or_default();
    let shown = bytes.get(..PREVIEW).unwrap_or(bytes);
    let text: String = shown
        .iter()
        .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '·' })
        .collect();
    let dots = if bytes.len() > shown.len() { " …" } else { "" };
    format!("{}{dots}\n{text}", widgets::hex(shown))
}

fn data(open: &OpenModule, ui: &mut Ui) {
    let segments = open.module.data_segments();
    if segments.is_empty() {
        return;
    }
    let title = format!("Data segments · {}", segments.len());
    egui::CollapsingHeader::new(title).id_salt("data").show(ui, |ui| {
        for (index, segment) in segments.iter().enumerate().take(LISTED) {
            let size = widgets::size(segment.range.len() as u64);
            let heading = format!("{index}  {size}, {}", mode(&segment.mode));
            let text = RichText::new(heading).font(tokens::mono_small());
            egui::CollapsingHeader::new(text).id_salt(("segment", index)).show(ui, |ui| {
                let text = RichText::new(preview(open, &segment.range)).font(tokens::mono_small());
                ui.label(text);
            });
        }
    });
}

fn custom(open: &OpenModule, ui: &mut Ui) {
    let customs = open.module.custom_sections();
    if customs.is_empty() {
        return;
    }
    let title = format!("Custom sections · {}", customs.len());
    egui::CollapsingHeader::new(title).id_salt("custom").show(ui, |ui| {
        for (index, custom) in customs.iter().enumerate().take(LISTED) {
            let size = widgets::size(custom.range.len() as u64);
            // A long name leaves no room for the size.
            let name = &custom.name;
            let heading =
                if name.len() > 20 { name.to_string() } else { format!("{name}  {size}") };
            let text = RichText::new(heading).font(tokens::mono_small());
            egui::CollapsingHeader::new(text).id_salt(("custom", index)).show(ui, |ui| {
                let text = RichText::new(preview(open, &custom.range)).font(tokens::mono_small());
                ui.label(text);
                if &*custom.name == BRANCH_HINTS {
                    hints(open, ui);
                }
            });
        }
    });
}

/// What the section of branch hints says.
fn hints(open: &OpenModule, ui: &mut Ui) {
    let hints = branch_hints(&open.module);
    for (offset, hint) in hints.iter().take(LISTED) {
        let func = open.module.func_at(CodeOffset(*offset));
        let name = func.and_then(|func| open.module.func_name(func)).map(readable_name);
        let text = format!("0x{offset:04x} {} in {}", hint.text(), name.unwrap_or_default());
        ui.label(RichText::new(text).font(tokens::mono_small()));
    }
    if hints.len() > LISTED {
        ui.label(format!("and {} more", hints.len() - LISTED));
    }
}
