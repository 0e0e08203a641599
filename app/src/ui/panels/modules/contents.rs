//! Sections, types, declarations, segments and custom sections of a module.

use std::sync::Arc;

use egui::{RichText, Sense, Ui, vec2};
use stepwell_engine::Module;
use stepwell_engine::module::{CustomSection, NameKind};
use stepwell_engine::text::identifier;

use crate::session::{Declared, ModuleKey, OpenModule, custom_facts, defined_type};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Entries of a list that are shown.
const LISTED: usize = 300;
/// Operators shown of an initial value.
const OPERATORS: usize = 64;
/// Elements shown of a segment.
const ITEMS: usize = 64;
/// Bytes shown of a segment or custom section.
const PREVIEW: usize = 64;

/// Draws what a module consists of.
pub(super) fn show(open: &OpenModule, ui: &mut Ui) {
    sections(open, ui);
    let module = &open.module;
    types(module, ui);
    let declared = Declared { module, names: &open.names, most: OPERATORS };
    let named = |kind, index: u32, text: String| match declared.name(kind, index) {
        Some(name) => format!("{name} {text}"),
        None => text,
    };
    let memories = (0..).zip(module.memories());
    let memories = memories.map(|(index, ty)| named(NameKind::Memory, index, declared.memory(ty)));
    list(ui, "Memories", module.memories().len(), numbered(memories));
    let count = module.tables().len();
    let tables = 0..count as u32;
    let tables = tables.map(|index| named(NameKind::Table, index, declared.table(index)));
    list(ui, "Tables", count, numbered(tables));
    let count = module.globals().len();
    let globals = 0..count as u32;
    let globals = globals.map(|index| named(NameKind::Global, index, declared.global(index)));
    list(ui, "Globals", count, numbered(globals));
    let tags = (0..).zip(declared.tags()).map(|(index, tag)| named(NameKind::Tag, index, tag));
    list(ui, "Tags", module.tags().count(), numbered(tags));
    let elements = (0..).zip(module.elements()).map(|(index, segment)| {
        let items: Vec<String> = declared.items(&segment.items).take(ITEMS).collect();
        let dots = if segment.items.len() > ITEMS { " …" } else { "" };
        let text = format!("{}: {}{dots}", declared.element(index), items.join(" "));
        named(NameKind::Element, index, text)
    });
    list(ui, "Element segments", module.elements().len(), numbered(elements));
    data(open, &declared, ui);
    custom(open, ui);
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
        let name = name.map_or(String::new(), |name| identifier(name) + " ");
        format!("{bracket}{index:>3}  {name}{}", defined_type(module, index))
    });
    list(ui, "Types", module.types().len(), lines);
}

fn numbered(lines: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    lines.enumerate().map(|(index, line)| format!("{index:>3}  {line}"))
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
    let title = format!("Sections · {}", widgets::grouped(module.sections().len() as u64));
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
            painter.text(
                left,
                egui::Align2::LEFT_CENTER,
                widgets::safe(&section.name),
                font.clone(),
                tokens.text,
            );
            let right = egui::pos2(place.right() - tokens::GAP, y);
            let text = widgets::size(size as u64);
            painter.text(right, egui::Align2::RIGHT_CENTER, &text, font, tokens.weak);
            let entries = section.count.map_or(String::new(), |count| format!(", {count} entries"));
            let label = format!("section {}: {text}{entries}", widgets::safe(&section.name));
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

fn data(open: &OpenModule, declared: &Declared<'_>, ui: &mut Ui) {
    let segments = open.module.data_segments();
    if segments.is_empty() {
        return;
    }
    let title = format!("Data segments · {}", widgets::grouped(segments.len() as u64));
    egui::CollapsingHeader::new(title).id_salt("data").show(ui, |ui| {
        for (index, segment) in (0..).zip(segments).take(LISTED) {
            let name =
                declared.name(NameKind::Data, index).map_or(String::new(), |name| name + " ");
            let heading = format!("{index}  {name}{}", widgets::size(segment.range.len() as u64));
            let text = RichText::new(heading).font(tokens::mono_small());
            egui::CollapsingHeader::new(text).id_salt(("segment", index)).show(ui, |ui| {
                let text = format!("{}\n{}", declared.data(index), preview(open, &segment.range));
                ui.label(RichText::new(text).font(tokens::mono_small()));
            });
        }
    });
}

fn custom(open: &OpenModule, ui: &mut Ui) {
    let customs = open.module.custom_sections();
    if customs.is_empty() {
        return;
    }
    let title = format!("Custom sections · {}", widgets::grouped(customs.len() as u64));
    egui::CollapsingHeader::new(title).id_salt("custom").show(ui, |ui| {
        for (index, custom) in customs.iter().enumerate().take(LISTED) {
            let size = widgets::size(custom.range.len() as u64);
            // A long name leaves no room for the size.
            let name = widgets::safe(&custom.name);
            let heading = if name.len() > 20 { name } else { format!("{name}  {size}") };
            let text = RichText::new(heading).font(tokens::mono_small());
            egui::CollapsingHeader::new(text).id_salt(("custom", index)).show(ui, |ui| {
                if !facts(open, custom, ui) {
                    let text = preview(open, &custom.range);
                    ui.label(RichText::new(text).font(tokens::mono_small()));
                }
            });
        }
    });
}

/// What a section of a known form says, if it is one. It is read when the list is opened, and kept.
fn facts(open: &OpenModule, custom: &CustomSection, ui: &mut Ui) -> bool {
    type Kept = (ModuleKey, u32, Arc<(usize, Vec<String>)>);
    let id = ui.scope_id().with("facts");
    let kept: Option<Kept> = ui.data(|data| data.get_temp(id));
    let lines = match kept {
        Some((key, start, lines)) if key == open.key && start == custom.range.start => lines,
        _ => {
            let facts = custom_facts(&open.module, custom);
            let lines = facts.as_ref().map(|facts| {
                let mut lines = facts.lines(&open.module, &open.names);
                let first: Vec<String> = lines.by_ref().take(LISTED).collect();
                (lines.count(), first)
            });
            let lines = Arc::new(lines.unwrap_or_default());
            let kept: Kept = (open.key, custom.range.start, lines.clone());
            ui.data_mut(|data| data.insert_temp(id, kept));
            lines
        }
    };
    for line in &lines.1 {
        ui.label(RichText::new(line).font(tokens::mono_small()));
    }
    if lines.0 > 0 {
        ui.label(format!("and {} more", lines.0));
    }
    !lines.1.is_empty()
}
