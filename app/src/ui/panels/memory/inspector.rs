//! The bytes at the cursor, read as numbers in both byte orders, as text and as a pointer.

use egui::{Key, RichText, Ui};
use stepwell_engine::{ValType, Value};

use crate::session::{Command, MemoryView, RunState, Session, untyped};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Room that it needs.
pub(super) const WIDTH: f32 = 206.0;

/// How a number is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Signed(usize),
    Unsigned(usize),
    Float(usize),
}

const KINDS: [(&str, Kind); 10] = [
    ("i8", Kind::Signed(1)),
    ("u8", Kind::Unsigned(1)),
    ("i16", Kind::Signed(2)),
    ("u16", Kind::Unsigned(2)),
    ("i32", Kind::Signed(4)),
    ("u32", Kind::Unsigned(4)),
    ("i64", Kind::Signed(8)),
    ("u64", Kind::Unsigned(8)),
    ("f32", Kind::Float(4)),
    ("f64", Kind::Float(8)),
];

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Kind::Signed(bytes) | Kind::Unsigned(bytes) | Kind::Float(bytes) => bytes,
        }
    }

    /// The number in little or big endian; nothing beyond the end of the memory.
    fn read(self, bytes: &[u8], big: bool) -> Option<String> {
        let mut wide = [0; 8];
        for (index, target) in wide.iter_mut().take(self.bytes()).enumerate() {
            let from = if big { self.bytes() - 1 - index } else { index };
            *target = *bytes.get(from)?;
        }
        let bits = u64::from_le_bytes(wide);
        let shift = 64 - 8 * self.bytes() as u32;
        Some(match self {
            Kind::Signed(_) => (((bits << shift) as i64) >> shift).to_string(),
            Kind::Unsigned(_) => bits.to_string(),
            Kind::Float(4) => untyped(&Value::F32(f32::from_bits(bits as u32))),
            Kind::Float(_) => untyped(&Value::F64(f64::from_bits(bits))),
        })
    }

    /// The bytes that a text means, little end first.
    fn write(self, text: &str) -> Result<Vec<u8>, String> {
        let ty = match self {
            Kind::Float(4) => ValType::F32,
            Kind::Float(_) => ValType::F64,
            _ => ValType::I64,
        };
        let bits = Session::check_value(ty, text)?.to_bits() as u64;
        let bytes = self.bytes();
        let unused = 64 - 8 * bytes as u32;
        let fits = match self {
            Kind::Float(_) => true,
            Kind::Unsigned(_) => {
                let negative = text.trim().starts_with('-') && bits != 0;
                !negative && bits << unused >> unused == bits
            }
            Kind::Signed(_) => (((bits << unused) as i64) >> unused) as u64 == bits,
        };
        if !fits {
            return Err(format!("does not fit in {} bits", bytes * 8));
        }
        Ok(bits.to_le_bytes().into_iter().take(bytes).collect())
    }
}

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
        widgets::section(ui, &at);
        text_and_pointer(view, memory, bytes, ui, commands);
        let grid = egui::Grid::new("inspector").num_columns(3).spacing(tokens::GRID);
        grid.min_col_width(0.0).show(ui, |ui| {
            ui.label("");
            for order in ["little", "big endian"] {
                ui.label(RichText::new(order).small().color(tokens.faint));
            }
            ui.end_row();
            for (name, kind) in KINDS {
                ui.label(RichText::new(name).font(tokens::mono_small()).color(tokens.weak));
                number(session, view, name, kind, bytes, ui, commands);
                if kind.bytes() > 1 {
                    let text = kind.read(bytes, true).unwrap_or_default();
                    let text = RichText::new(shorten(&text)).font(tokens::mono_small());
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

/// Long numbers are cut in the middle column; the whole is in the tooltip.
fn shorten(text: &str) -> String {
    const MOST: usize = 12;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let kept: String = text.chars().take(MOST - 1).collect();
    format!("{kept}…")
}

/// A little-endian number that can be changed.
fn number(
    session: &Session,
    view: &MemoryView,
    name: &str,
    kind: Kind,
    bytes: &[u8],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let Some(value) = kind.read(bytes, false) else {
        ui.label(RichText::new("beyond the end").small().color(tokens.faint));
        return;
    };
    let id = ui.scope_id().with(("number", name));
    let editing: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
    let Some(mut text) = editing else {
        let shown = RichText::new(shorten(&value)).font(tokens::mono_small());
        let label = ui.add(egui::Label::new(shown).sense(egui::Sense::click()));
        let full = format!("{name} = {value}");
        label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &full));
        let label = label.on_hover_text(format!("{full}\nDouble click to change it."));
        let stopped = *session.run_state() != RunState::Running;
        if stopped && label.double_clicked() {
            ui.data_mut(|data| data.insert_temp(id, Some(value)));
            ui.memory_mut(|memory| memory.request_focus(id.with("field")));
        }
        return;
    };
    ui.vertical(|ui| {
        let written = kind.write(&text);
        let edit = egui::TextEdit::singleline(&mut text)
            .id(id.with("field"))
            .font(tokens::mono_small())
            .desired_width(tokens::FIELD);
        let field = ui.add(edit).accessible_name(format!("inspector {name}"));
        rects::note(&field, || format!("memory.{}.inspector.{name}", view.id));
        if let Err(problem) = &written {
            ui.add(egui::Label::new(RichText::new(problem).small().color(tokens.error)).wrap());
        }
        let entered = ui.input(|input| input.key_pressed(Key::Enter));
        let left = field.lost_focus();
        let done = match (left, entered, written) {
            (true, true, Ok(bytes)) => {
                let (memory, address) = (view.memory.0, view.cursor);
                commands.push(Command::WriteMemory { memory, address, bytes });
                true
            }
            (true, true, Err(_)) => {
                field.request_focus();
                false
            }
            (left, ..) => left,
        };
        ui.data_mut(|data| data.insert_temp(id, (!done).then_some(text)));
    });
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
        let shown = RichText::new(text_at(bytes)).font(tokens::mono_small()).color(tokens.good);
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
    fn numbers_are_read_in_both_orders() {
        let bytes = [0xff, 0x01, 0, 0, 0, 0, 0, 0x80];
        let read = |kind: Kind, big| kind.read(&bytes, big).unwrap();
        assert_eq!(read(Kind::Signed(1), false), "-1");
        assert_eq!(read(Kind::Unsigned(2), false), "511");
        assert_eq!(read(Kind::Unsigned(2), true), "65281");
        assert_eq!(read(Kind::Signed(8), false), "-9223372036854775297");
        assert_eq!(Kind::Float(4).read(&1.5f32.to_le_bytes(), false).unwrap(), "1.5");
        assert_eq!(Kind::Signed(8).read(&bytes[1..], false), None);
    }

    #[test]
    fn what_is_written_fits_its_width() {
        assert_eq!(Kind::Signed(2).write("-2"), Ok(vec![0xfe, 0xff]));
        assert_eq!(Kind::Unsigned(1).write("0xff"), Ok(vec![0xff]));
        assert_eq!(Kind::Float(8).write("1"), Ok(1f64.to_le_bytes().to_vec()));
        assert!(Kind::Unsigned(1).write("256").is_err());
        assert!(Kind::Unsigned(1).write("-1").is_err());
        assert!(Kind::Unsigned(8).write("-1").is_err());
        assert!(Kind::Signed(1).write("128").is_err());
        assert!(Kind::Signed(4).write("x").is_err());
    }

    #[test]
    fn text_ends_where_it_is_none() {
        assert_eq!(text_at(b"hi\0there"), "\"hi\"");
        assert_eq!(text_at("grün".as_bytes()), "\"grün\"");
        assert_eq!(text_at(&[0xff, 0x41]), "none");
    }
}
