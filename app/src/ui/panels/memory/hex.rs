//! Rows of bytes: hex and text, marks of what changed, a cursor that can be typed at.

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, Event, Key, Rect, Response, Sense, Stroke, Ui, pos2, vec2};

use crate::session::{ByteMark, Command, MemoryView, RunState, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, MONO_WIDTH, ROW, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Width of the addresses, in characters.
const ADDRESS: f32 = 11.0;
/// How many bytes a row can have.
pub(super) const PER_ROW: [usize; 3] = [32, 16, 8];

/// Room that so many bytes a row need: a byte is two digits, a letter and a gap, and every four are set apart.
pub(super) fn width(per_row: usize) -> f32 {
    let characters = ADDRESS + (per_row * 4 + per_row / 4) as f32 + 1.0;
    characters * MONO_WIDTH + 14.0
}

/// What typing means at the cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Typing {
    /// The text column was clicked: letters are bytes.
    text: bool,
    /// The first of two hex digits.
    nibble: Option<u8>,
}

/// Columns of a row, in points from its left.
struct Columns {
    per_row: usize,
}

impl Columns {
    /// Groups of four are set apart.
    fn hex(&self, column: usize) -> f32 {
        (ADDRESS + column as f32 * 3.0 + (column / 4) as f32) * MONO_WIDTH
    }

    fn text(&self, column: usize) -> f32 {
        self.hex(self.per_row) + (1.0 + column as f32) * MONO_WIDTH
    }

    /// The byte at a distance from the left, and whether it is the text column.
    fn hit(&self, x: f32) -> Option<(usize, bool)> {
        let text = ((x - self.text(0)) / MONO_WIDTH).floor();
        if text >= 0.0 {
            return ((text as usize) < self.per_row).then_some((text as usize, true));
        }
        let cell = |column: &usize| {
            let left = self.hex(*column) - MONO_WIDTH * 0.5;
            (left..left + MONO_WIDTH * 3.0).contains(&x)
        };
        (0..self.per_row).find(cell).map(|column| (column, false))
    }
}

/// Draws the rows.
pub(super) fn show(
    session: &Session,
    view: &MemoryView,
    bytes: &[u8],
    per_row: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let columns = Columns { per_row };
    let area = ui.available_rect_before_wrap();
    let id = ui.scope_id().with("hex");
    let response = ui.interact(area, id, Sense::click_and_drag());
    let label = format!("bytes of memory, cursor at 0x{:x}", view.cursor);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Grid, true, &label));
    rects::note(&response, || format!("memory.{}.hex", view.id));

    let count = (bytes.len() as u64).div_ceil(per_row as u64);
    let mut rows = VirtualRows::new(ui, "rows", count);
    let seen_id = id.with("seen");
    let now = (view.memory.0, view.cursor, per_row);
    let seen: Option<(u32, u64, usize)> = ui.data(|data| data.get_temp(seen_id));
    if seen != Some(now) {
        ui.data_mut(|data| data.insert_temp(seen_id, now));
        let other_memory = seen.is_some_and(|(memory, ..)| memory != view.memory.0);
        rows = rows.reveal(view.cursor / per_row as u64, other_memory);
    }
    // Who follows what steps touch has scrolled the view, not the person at the list.
    let top_id = id.with("top");
    let known_top: Option<u64> = ui.data(|data| data.get_temp(top_id));
    if known_top.is_some_and(|known| known != view.top) {
        rows = rows.at(view.top / per_row as u64);
    }
    let has_focus = response.has_focus();
    let typing: Typing = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let watched = session.watched_bytes(view.memory);
    let mut hovered = None;
    let pointer = response.hover_pos();
    let mut first = (0, area);
    let top = rows.show(ui, |ui, row, place| {
        let address = row * per_row as u64;
        if first.1 == area {
            first = (row, place);
        }
        let start = (address as usize).min(bytes.len());
        let line = bytes.get(start..(start + per_row).min(bytes.len())).unwrap_or_default();
        let marks = session.byte_marks(view.memory, address, line.len());
        let look = Look { view, has_focus, typing, watched: &watched };
        paint(&look, address, line, &marks, &columns, ui, place);
        if let Some(pointer) = pointer
            && place.contains(pointer)
            && let Some((column, _)) = columns.hit(pointer.x - place.left())
            && column < line.len()
        {
            hovered = Some((address + column as u64, marks.get(column).copied()));
        }
    });
    let shown_top = top * per_row as u64;
    ui.data_mut(|data| data.insert_temp(top_id, shown_top & !15));
    if shown_top & !15 != view.top {
        commands.push(Command::ScrollMemory { view: view.id, top: shown_top });
    }
    let at = |pos: egui::Pos2| {
        let (row, place) = first;
        let down = ((pos.y - place.top()) / ROW).floor().max(0.0) as u64;
        let (column, text) = columns.hit(pos.x - place.left())?;
        let address = (row + down) * per_row as u64 + column as u64;
        (address < bytes.len() as u64).then_some((address, text))
    };
    point(view, &response, at, id, ui, commands);
    if has_focus {
        let keys = Keys { session, view, size: bytes.len() as u64, per_row, page: area.height() };
        keys.handle(id, typing, ui, commands);
    }
    response.context_menu(|ui| {
        if let Some(place) = session.bytes_to_watch(view.memory, view.cursor, view.selected) {
            widgets::watch::menu(session, place, ui, commands);
            ui.separator();
        }
        copy_menu(view, bytes, ui);
        per_row_menu(view, ui, commands);
    });
    if let Some((address, mark)) = hovered {
        response.on_hover_text_at_pointer(tooltip(bytes, address, mark.unwrap_or_default()));
    }
}

fn tooltip(bytes: &[u8], address: u64, mark: ByteMark) -> String {
    let byte = bytes.get(address as usize).copied().unwrap_or_default();
    let mut text = format!("0x{address:x} ({address})\n0x{byte:02x} = {byte} = {}", byte as i8);
    for (holds, words) in [
        (mark.changed, "changed since the previous stop"),
        (mark.written, "just written"),
        (mark.read, "just read"),
    ] {
        if holds {
            text.push('\n');
            text.push_str(words);
        }
    }
    text
}

/// Clicks and drags set the cursor and select.
fn point(
    view: &MemoryView,
    response: &Response,
    at: impl Fn(egui::Pos2) -> Option<(u64, bool)>,
    id: egui::Id,
    ui: &Ui,
    commands: &mut Vec<Command>,
) {
    let Some(pos) = response.interact_pointer_pos() else { return };
    let Some((address, text)) = at(pos) else { return };
    let anchor_id = id.with("anchor");
    let select = |from: u64, to: u64| Command::SelectBytes {
        view: view.id,
        address: from.min(to),
        len: from.abs_diff(to) + 1,
    };
    let shift = ui.input(|input| input.modifiers.shift);
    if response.drag_started() || response.clicked() {
        response.request_focus();
        ui.data_mut(|data| data.insert_temp(id, Typing { text, nibble: None }));
        if shift {
            commands.push(select(view.cursor, address));
            return;
        }
        ui.data_mut(|data| data.insert_temp(anchor_id, address));
        commands.push(select(address, address));
    } else if response.secondary_clicked() {
        // The menu is about what is selected, and so about this byte.
        let selected = view.cursor..view.cursor.saturating_add(view.selected);
        if !selected.contains(&address) {
            commands.push(select(address, address));
        }
    } else if response.dragged()
        && let Some(anchor) = ui.data(|data| data.get_temp::<u64>(anchor_id))
    {
        commands.push(select(anchor, address));
    }
}

/// How many bytes a row has at most.
fn per_row_menu(view: &MemoryView, ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.menu_button("Bytes a row", |ui| {
        for count in [0, 8, 16, 32] {
            let name = if count == 0 { "as many as fit".to_owned() } else { count.to_string() };
            if ui.selectable_label(view.per_row == count, name).clicked() {
                commands.push(Command::SetBytesPerRow { view: view.id, count });
                ui.close();
            }
        }
    });
}

fn copy_menu(view: &MemoryView, bytes: &[u8], ui: &mut Ui) {
    let start = view.cursor as usize;
    let end = start.saturating_add(view.selected as usize).min(bytes.len());
    let selected = bytes.get(start..end).unwrap_or_default();
    if ui.button("Copy as hex").clicked() {
        ui.copy_text(crate::ui::widgets::hex(selected));
    }
    if ui.button("Copy as text").clicked() {
        ui.copy_text(String::from_utf8_lossy(selected).into_owned());
    }
    if ui.button("Copy as C array").clicked() {
        let items: Vec<String> = selected.iter().map(|byte| format!("0x{byte:02x}")).collect();
        ui.copy_text(format!("{{ {} }}", items.join(", ")));
    }
    if ui.button("Copy address").clicked() {
        ui.copy_text(format!("0x{:x}", view.cursor));
    }
}

/// Keys while the bytes have the focus.
struct Keys<'a> {
    session: &'a Session,
    view: &'a MemoryView,
    size: u64,
    per_row: usize,
    page: f32,
}

impl Keys<'_> {
    fn handle(&self, id: egui::Id, typing: Typing, ui: &Ui, commands: &mut Vec<Command>) {
        let lock = egui::EventFilter {
            tab: false,
            horizontal_arrows: true,
            vertical_arrows: true,
            escape: false,
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, lock));
        let row = self.per_row as u64;
        let page = ((self.page / ROW).floor().max(1.0) as u64) * row;
        let cursor = self.view.cursor;
        let last = self.size.saturating_sub(1);
        let moves = [
            (Key::ArrowLeft, cursor.saturating_sub(1)),
            (Key::ArrowRight, cursor + 1),
            (Key::ArrowUp, cursor.checked_sub(row).unwrap_or(cursor)),
            (Key::ArrowDown, cursor + row),
            (Key::PageUp, cursor.saturating_sub(page)),
            (Key::PageDown, cursor + page),
            (Key::Home, cursor - cursor % row),
            (Key::End, cursor - cursor % row + row - 1),
        ];
        for (key, target) in moves {
            if ui.input(|input| input.key_pressed(key)) {
                commands.push(self.select(target.min(last)));
                ui.data_mut(|data| data.insert_temp(id, Typing { nibble: None, ..typing }));
            }
        }
        let typed: Vec<String> = ui.input(|input| {
            let texts = input.events.iter().filter_map(|event| match event {
                Event::Text(text) => Some(text.clone()),
                _ => None,
            });
            texts.collect()
        });
        let stopped = *self.session.run_state() != RunState::Running;
        for text in typed {
            if stopped {
                self.type_text(id, typing, &text, ui, commands);
            }
        }
    }

    fn select(&self, address: u64) -> Command {
        Command::SelectBytes { view: self.view.id, address, len: 1 }
    }

    fn write(&self, bytes: Vec<u8>, commands: &mut Vec<Command>) {
        let next = (self.view.cursor + bytes.len() as u64).min(self.size.saturating_sub(1));
        let (memory, address) = (self.view.memory.0, self.view.cursor);
        commands.push(Command::WriteMemory { memory, address, bytes });
        commands.push(self.select(next));
    }

    fn type_text(
        &self,
        id: egui::Id,
        typing: Typing,
        text: &str,
        ui: &Ui,
        commands: &mut Vec<Command>,
    ) {
        if typing.text {
            self.write(text.as_bytes().to_vec(), commands);
            return;
        }
        let digit = text.chars().next().and_then(|digit| digit.to_digit(16));
        let Some(digit) = digit else { return };
        let nibble = match typing.nibble {
            Some(high) => {
                self.write(vec![high << 4 | digit as u8], commands);
                None
            }
            None => Some(digit as u8),
        };
        ui.data_mut(|data| data.insert_temp(id, Typing { nibble, ..typing }));
    }
}

/// How the cursor looks.
struct Look<'a> {
    view: &'a MemoryView,
    has_focus: bool,
    typing: Typing,
    /// Bytes that are watched, and whether that stops.
    watched: &'a [(u64, u64, bool)],
}

fn paint(
    look: &Look<'_>,
    address: u64,
    line: &[u8],
    marks: &[ByteMark],
    columns: &Columns,
    ui: &Ui,
    place: Rect,
) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let (left, y) = (place.left(), place.center().y);
    let text = format!("{address:08x}");
    let at = pos2(left, y);
    // Twelve digits, those of addresses beyond 32 bits, fit the column in small letters.
    painter.text(at, Align2::LEFT_CENTER, text, tokens::mono_small(), tokens.faint);

    let selected = look.view.cursor..look.view.cursor.saturating_add(look.view.selected);
    let cell = |x: f32, width: f32| {
        Rect::from_min_size(pos2(left + x, place.top() + 1.0), vec2(width, ROW - 2.0))
    };
    for (column, mark) in marks.iter().enumerate() {
        let here = address + column as u64;
        let hex = cell(columns.hex(column) - 1.0, MONO_WIDTH * 2.0 + 2.0);
        let text = cell(columns.text(column), MONO_WIDTH);
        if selected.contains(&here) {
            painter.rect_filled(hex, 2.0, tokens.selection);
            painter.rect_filled(text, 0.0, tokens.selection);
        }
        // Read is a line on the left and written one below, so that both can be seen on one byte, and none
        // of them seems to belong to the row above.
        if mark.read {
            let stroke = Stroke::new(2.0, tokens.read);
            painter.vline(hex.left() - 0.5, hex.y_range(), stroke);
        }
        if mark.written {
            painter.rect_filled(hex, 2.0, tokens.written.gamma_multiply(0.28));
        }
        for (first, len, enabled) in look.watched {
            if here.checked_sub(*first).is_some_and(|beyond| beyond < *len) {
                let color = tokens.breakpoint.gamma_multiply(if *enabled { 1.0 } else { 0.5 });
                painter.hline(hex.x_range(), hex.top() + 0.5, Stroke::new(2.0, color));
            }
        }
        if mark.changed || mark.written {
            let color = if mark.changed { tokens.changed } else { tokens.written };
            painter.hline(hex.x_range(), hex.bottom() - 0.5, Stroke::new(1.5, color));
        }
        if here == look.view.cursor {
            let color = if look.has_focus { tokens.accent } else { tokens.weak };
            let boxed = if look.typing.text && look.has_focus { text } else { hex };
            let stroke = Stroke::new(1.0, color);
            painter.rect_stroke(boxed, 2.0, stroke, egui::StrokeKind::Outside);
        }
    }
    hex_text(look, address, line, marks, columns, ui, pos2(left, y));
}

/// The hex and text of a row, each one piece of text.
fn hex_text(
    look: &Look<'_>,
    address: u64,
    line: &[u8],
    marks: &[ByteMark],
    columns: &Columns,
    ui: &Ui,
    at: egui::Pos2,
) {
    let tokens = Tokens::of(ui);
    let color_of = |byte: u8, column: usize| -> Color32 {
        match marks.get(column) {
            Some(mark) if mark.changed => tokens.changed,
            _ if byte == 0 => tokens.faint,
            _ => tokens.text,
        }
    };
    let mut hex = LayoutJob::default();
    let mut text = LayoutJob::default();
    for (column, byte) in line.iter().enumerate() {
        let color = color_of(*byte, column);
        let here = address + column as u64 == look.view.cursor;
        let gap = if column % 4 == 3 { "  " } else { " " };
        let digits = match look.typing.nibble {
            Some(high) if here && look.has_focus => format!("{high:x}_{gap}"),
            _ => format!("{byte:02x}{gap}"),
        };
        hex.append(&digits, 0.0, TextFormat::simple(tokens::mono(), color));
        let sign = if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '·' };
        let color = if sign == '·' { tokens.faint } else { color };
        text.append(sign.encode_utf8(&mut [0; 4]), 0.0, TextFormat::simple(tokens::mono(), color));
    }
    let painter = ui.painter();
    for (job, x) in [(hex, columns.hex(0)), (text, columns.text(0))] {
        let galley = painter.layout_job(job);
        let place = pos2(at.x + x, at.y - galley.size().y / 2.0);
        painter.galley(place, galley, tokens.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_row_is_the_byte_that_is_drawn_there() {
        for per_row in PER_ROW {
            let columns = Columns { per_row };
            for column in 0..per_row {
                let middle = columns.hex(column) + MONO_WIDTH;
                assert_eq!(columns.hit(middle), Some((column, false)));
                let middle = columns.text(column) + MONO_WIDTH * 0.5;
                assert_eq!(columns.hit(middle), Some((column, true)));
            }
            assert_eq!(columns.hit(columns.text(per_row) + 1.0), None);
            assert_eq!(columns.hit(0.0), None, "the address");
        }
    }
}
