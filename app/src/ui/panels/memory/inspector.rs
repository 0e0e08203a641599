//! The bytes at the cursor, read as numbers in both byte orders, as text and as a pointer.

use egui::{RichText, Ui};
use stepwell_engine::Value;

use super::{cell, template};
use crate::session::{Command, MemoryView, Scalar, Session};
use crate::ui::fonts::bidi;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Room that it needs.
pub(super) const WIDTH: f32 = 206.0;

/// Draws it.
pub(super) fn show(
    session: &Session,
    view: &MemoryView,
    memory: &[u8],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let bytes = memory.get(view.cursor as usize..).unwrap_or_default();
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = tokens::ROW;
        let tokens = Tokens::of(ui);
        let at = match view.selected {
            1 => format!("at 0x{:x}", view.cursor),
            count => format!("at 0x{:x}, {} bytes selected", view.cursor, widgets::grouped(count)),
        };
        ui.horizontal(|ui| {
            widgets::section(ui, &at);
            template::toggle(view, ui, commands);
        });
        text_and_pointer(view, memory, bytes, ui, commands);
        let grid = egui::Grid::new("inspector").num_columns(3).spacing(tokens::GRID);
        grid.min_col_width(0.0).show(ui, |ui| {
            ui.label("");
            for order in ["little", "big endian"] {
                ui.label(RichText::new(order).small().color(tokens.faint));
            }
            ui.end_row();
            for (name, kind) in Scalar::ALL {
                ui.label(RichText::new(name).font(tokens::mono_small()).color(tokens.weak));
                number(session, view, name, kind, bytes, ui, commands);
                if kind.bytes() > 1 {
                    let text = kind.read(bytes, true).unwrap_or_default();
                    let text =
                        RichText::new(cell::shorten(&text, cell::MOST)).font(tokens::mono_small());
                    ui.label(text.color(tokens.weak));
                }
                ui.end_row();
            }
        });
        if let Some(Ok(bytes)) = bytes.get(..16).map(TryInto::try_into) {
            widgets::value(session, ui, &Value::V128(u128::from_le_bytes(bytes)), commands);
        }
        legend(ui);
    });
}

/// A little-endian number that can be changed.
fn number(
    session: &Session,
    view: &MemoryView,
    name: &str,
    kind: Scalar,
    bytes: &[u8],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let value = kind.read(bytes, false);
    let cell = cell::Cell {
        name,
        id: format!("memory.{}.inspector.{name}", view.id),
        value: value.as_deref(),
        to_edit: value.as_deref(),
        changed: false,
        most: cell::MOST,
    };
    if let Some(bytes) = cell.show(session, ui, |text| kind.write(text)) {
        let (memory, address) = (view.memory.0, view.cursor);
        commands.push(Command::WriteMemory { memory, address, bytes });
    }
}

/// The character at the cursor, bits, and where a pointer there leads.
fn text_and_pointer(
    view: &MemoryView,
    memory: &[u8],
    bytes: &[u8],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("utf-8").font(tokens::mono_small()).color(tokens.weak));
        let text = text_at(bytes);
        let shown = RichText::new(bidi::drawn(&text)).font(tokens::mono_small()).color(tokens.good);
        ui.label(shown);
    });
    if let Some(byte) = bytes.first() {
        ui.horizontal(|ui| {
            ui.label(RichText::new("bits").font(tokens::mono_small()).color(tokens.weak));
            ui.label(RichText::new(format!("{byte:08b}")).font(tokens::mono_small()));
        });
    }
    let pointer = bytes.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    if let Some(pointer) = pointer {
        let inside = (pointer as usize) < memory.len();
        let text = format!("follow → 0x{pointer:x}");
        let button = ui.add_enabled(inside, egui::Button::new(text).small());
        let button = button.accessible_name("follow pointer");
        rects::note(&button, || format!("memory.{}.follow", view.id));
        let button = button
            .on_hover_text("Go to the address that these 4 bytes are")
            .on_disabled_hover_text("Beyond the end of this memory");
        if button.clicked() {
            commands.push(Command::GoToAddress { view: view.id, address: u64::from(pointer) });
        }
    }
}

/// Text up to the first byte that is none, quoted.
fn text_at(bytes: &[u8]) -> String {
    const MOST: usize = 24;
    let bytes = bytes.get(..MOST).unwrap_or(bytes);
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or(""),
    };
    let printed: String = valid.chars().take_while(|sign| !sign.is_control()).collect();
    if printed.is_empty() { "none".to_owned() } else { format!("{printed:?}") }
}

fn legend(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        for (words, color) in
            [("changed", tokens.changed), ("written", tokens.written), ("read", tokens.read)]
        {
            ui.label(RichText::new(words).small().color(color).underline());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_where_it_is_none() {
        assert_eq!(text_at(b"hi\0there"), "\"hi\"");
        assert_eq!(text_at("grün".as_bytes()), "\"grün\"");
        assert_eq!(text_at(&[0xff, 0x41]), "none");
    }
}
