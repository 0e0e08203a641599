//! Pieces of text that look alike everywhere.

use egui::{Response, RichText, Stroke, Ui};
use stepwell_engine::text::escaped;
use stepwell_engine::{InstanceId, Value};

use crate::session::{Command, OpenModule, Session};
use crate::ui::fonts::bidi;
use crate::ui::tokens::{self, Tokens};

/// A heading inside a panel.
pub fn section(ui: &mut Ui, text: &str) -> Response {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(text).font(tokens::strong()).color(tokens.weak))
}

/// What an empty panel says: what will be here, and what to do for it.
pub fn empty(ui: &mut Ui, text: &str) -> Response {
    let tokens = Tokens::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(tokens::GROUP);
        ui.add(egui::Label::new(RichText::new(text).color(tokens.weak)).wrap())
    })
    .inner
}

/// A value in the colour of its type; a reference is what it refers to, and can be clicked.
pub fn value(
    session: &Session,
    ui: &mut Ui,
    value: &Value,
    commands: &mut Vec<Command>,
) -> Response {
    value_of(session, None, ui, value, commands)
}

/// The same of an instance's code: an integer may be an address of its memory.
pub fn value_of(
    session: &Session,
    instance: Option<InstanceId>,
    ui: &mut Ui,
    value: &Value,
    commands: &mut Vec<Command>,
) -> Response {
    match session.reference(value) {
        Some(to) => super::reference::link(session, &to, &to.text, ui, commands),
        None => {
            let label = value_label(ui, value, false, true);
            super::memory::menu(session, instance, value, &label, commands);
            label
        }
    }
}

/// A number or vector; text that can be selected takes clicks for itself.
pub fn value_label(ui: &mut Ui, value: &Value, changed: bool, select: bool) -> Response {
    let tokens = Tokens::of(ui);
    let color = if changed { tokens.changed } else { tokens.ty(value.ty()) };
    let label = |ui: &mut Ui, text: String| {
        let text = RichText::new(text).font(tokens::mono()).color(color);
        ui.add(egui::Label::new(text).selectable(select))
    };
    let response = match value {
        Value::V128(vector) => super::vector::show(ui, *vector, label),
        other => label(ui, other.to_string()),
    };
    mark_changed(ui, &response, changed);
    response
}

/// Underlines what has changed.
pub(super) fn mark_changed(ui: &Ui, response: &Response, changed: bool) {
    if changed {
        let y = response.rect.bottom() - 1.0;
        let color = Tokens::of(ui).changed;
        ui.painter().hline(response.rect.x_range(), y, Stroke::new(1.5, color));
    }
}

/// A module's name in its hue.
pub fn module_label(ui: &mut Ui, open: &OpenModule, room: f32) -> Response {
    let tokens = Tokens::of(ui);
    let name = safe(&open.name);
    let text = RichText::new(elided(&name, room, tokens::TEXT)).font(tokens::mono_bold());
    let label = ui.label(text.color(tokens.module(open.hue)));
    label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
    label
}

/// A name in monospace of a size, with dots in its middle if it has no room: long names mostly differ at
/// their ends.
pub fn elided(name: &str, room: f32, size: f32) -> String {
    let most = (room / (tokens::MONO_WIDTH * size / tokens::TEXT)).floor().max(3.0) as usize;
    let count = name.chars().count();
    if count <= most {
        return name.to_owned();
    }
    let behind = (most - 1) / 2;
    let before: String = name.chars().take(most - 1 - behind).collect();
    let end: String = name.chars().skip(count - behind).collect();
    format!("{before}…{end}")
}

/// A number in groups of three digits: `1 234 567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// Reads a number of instructions, as [`grouped`] or a person writes it.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_count(text: &str) -> Result<u64, String> {
    let plain: String = text.chars().filter(|sign| !matches!(sign, '_' | ' ' | '\u{a0}')).collect();
    match plain.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("a number of instructions is needed".to_owned()),
    }
}

/// Bytes in hex, as `de ad be ef`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// A name on one line, in the order of drawing; see [`escaped`] and [`bidi`].
pub fn safe(name: &str) -> String {
    bidi::drawn(&escaped(name)).into_owned()
}

/// A size as people say it: `512 bytes`, `1.5 MiB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// How long something waits, given in nanoseconds; for ever without.
pub fn timeout(nanoseconds: Option<u64>) -> String {
    match nanoseconds {
        None => "for ever".to_owned(),
        Some(time @ 0..1_000) => format!("timeout {time} ns"),
        Some(time @ 1_000..1_000_000) => format!("timeout {} µs", time as f64 / 1e3),
        Some(time @ 1_000_000..1_000_000_000) => format!("timeout {} ms", time as f64 / 1e6),
        Some(time) => format!("timeout {} s", time as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ends() {
        let room = |characters: f32| (characters + 0.5) * tokens::MONO_WIDTH;
        assert_eq!(elided("short", room(5.0), tokens::TEXT), "short");
        assert_eq!(elided("abcdefghij", room(7.0), tokens::TEXT), "abc…hij");
        assert_eq!(elided("äöüß…ñé", room(4.0), tokens::TEXT), "äö…é");
        assert_eq!(elided("abcdefghij", 0.0, tokens::TEXT), "a…j");
    }

    #[test]
    fn numbers_and_sizes_as_people_say_them() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(read_count("1 000"), Ok(1000));
        assert_eq!(read_count(&grouped(1_234_567)), Ok(1_234_567));
        assert_eq!(read_count("1_000"), Ok(1000));
        assert!(read_count("0").is_err());
        assert!(read_count("ten").is_err());
        assert!(read_count("").is_err());
        assert_eq!(size(512), "512 bytes");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(4 << 30), "4.0 GiB");
        assert_eq!(hex(&[0xde, 1]), "de 01");
        assert_eq!(timeout(None), "for ever");
        assert_eq!(timeout(Some(1_500_000)), "timeout 1.5 ms");
        assert_eq!(timeout(Some(2_000_000_000)), "timeout 2 s");
    }
}
