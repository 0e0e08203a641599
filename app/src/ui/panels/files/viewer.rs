//! What a file holds: lines of text, or bytes in hex.

use std::fmt::Write as _;
use std::sync::Arc;

use egui::{Align2, Id, RichText, Ui, pos2};

use super::Kept;
use crate::session::Session;
use crate::ui::files::{self as window_files, Request};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::{self, virtual_rows::VirtualRows};

/// Bytes of a line of hex.
const BYTES: usize = 16;
/// Characters of a line that are shown.
const COLUMNS: usize = 2000;

/// A file as it is shown.
struct Content {
    path: String,
    bytes: Arc<[u8]>,
    /// Where each line of text begins; absent where it is no text.
    lines: Option<Vec<usize>>,
}

impl Content {
    fn of(session: &Session, path: &str, ui: &Ui) -> Option<Arc<Self>> {
        let id = Id::unique("stepwell-files-viewer");
        let number = session.files_number();
        let kept: Kept<Self> = ui.data(|data| data.get_temp(id)).flatten();
        let is_same =
            |(known, content): &(u64, Arc<Self>)| *known == number && content.path == path;
        if let Some((_, content)) = kept.filter(is_same) {
            return Some(content);
        }
        let content = Arc::new(Self::new(path, session.file(path)?));
        ui.data_mut(|data| data.insert_temp::<Kept<Self>>(id, Some((number, content.clone()))));
        Some(content)
    }

    fn new(path: &str, bytes: Vec<u8>) -> Self {
        // Form feed, escape and what a terminal knows may stand in a text.
        let is_odd = |byte: &u8| matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
        let is_text = !bytes.iter().any(is_odd) && std::str::from_utf8(&bytes).is_ok();
        let begins = memchr::memchr_iter(b'\n', &bytes).map(|end| end + 1);
        let begins = begins.filter(|begin| *begin < bytes.len());
        let lines = is_text.then(|| std::iter::once(0).chain(begins).collect());
        Self { path: path.to_owned(), lines, bytes: bytes.into() }
    }

    /// Where lines begin, if they are what is to be shown.
    fn lines(&self, as_hex: bool) -> Option<&[usize]> {
        self.lines.as_deref().filter(|_| !as_hex)
    }

    fn rows(&self, as_hex: bool) -> usize {
        match self.lines(as_hex) {
            Some(lines) => lines.len(),
            None => self.bytes.len().div_ceil(BYTES),
        }
    }

    /// A row's number and text.
    fn row(&self, row: usize, as_hex: bool) -> Option<(String, String)> {
        let Some(lines) = self.lines(as_hex) else {
            let begin = row * BYTES;
            let end = self.bytes.len().min(begin + BYTES);
            return Some((format!("{begin:08x}"), hex_row(self.bytes.get(begin..end)?)));
        };
        let begin = *lines.get(row)?;
        let end = lines.get(row + 1).copied().unwrap_or(self.bytes.len());
        let text = std::str::from_utf8(self.bytes.get(begin..end)?).ok()?;
        let text = text.trim_end_matches(['\n', '\r']);
        let is_long = text.len() > COLUMNS && text.chars().nth(COLUMNS).is_some();
        let shown: String = text.chars().take(COLUMNS).collect();
        let mut shown = shown.split('\t').map(widgets::safe).collect::<Vec<_>>().join("    ");
        if is_long {
            shown.push_str(" …");
        }
        Some(((row + 1).to_string(), shown))
    }
}

fn hex_row(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(BYTES * 4 + 4);
    for place in 0..BYTES {
        let gap = if place == BYTES / 2 { " " } else { "" };
        match bytes.get(place) {
            Some(byte) => write!(text, "{gap}{byte:02x} ").ok(),
            None => write!(text, "{gap}   ").ok(),
        };
    }
    text.push(' ');
    let seen = |byte: &u8| if matches!(byte, 0x20..0x7f) { char::from(*byte) } else { '·' };
    text.extend(bytes.iter().map(seen));
    text
}

/// Draws it; true once a person has had enough of it.
pub(super) fn show(session: &Session, path: &str, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let Some(content) = Content::of(session, path, ui) else { return true };
    let mut is_done = false;
    let hex_id = ui.scope_id().with("hex");
    let mut as_hex: bool = ui.data(|data| data.get_temp(hex_id)).unwrap_or_default();
    ui.horizontal(|ui| {
        let back = ui.small_button("← Files").accessible_name("back to the files");
        rects::note(&back, || "files.back".to_owned());
        is_done = back.clicked();
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let save = ui.small_button("Save as …").accessible_name("save the file");
            if save.on_hover_text("A copy of it, among your own files").clicked() {
                let name = super::tree::name(path).to_owned();
                let request = Request::Save(name, content.bytes.clone());
                window_files::request(ui.ctx(), request);
            }
            if content.lines.is_some() {
                let copy = ui.small_button("Copy all").accessible_name("copy the file's text");
                if copy.clicked() {
                    ui.copy_text(String::from_utf8_lossy(&content.bytes).into_owned());
                }
                let hex = ui.selectable_label(as_hex, "hex").accessible_name("show it in hex");
                if hex.on_hover_text("Show the bytes in place of the text").clicked() {
                    as_hex = !as_hex;
                    ui.data_mut(|data| data.insert_temp(hex_id, as_hex));
                }
            }
            let size = widgets::size(content.bytes.len() as u64);
            ui.label(RichText::new(size).font(tokens::mono_small()).color(tokens.weak));
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = RichText::new(widgets::safe(path)).font(tokens::mono_bold());
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
    if content.bytes.is_empty() {
        widgets::empty(ui, "The file is empty.");
        return is_done;
    }
    let rows = content.rows(as_hex);
    let numbers = match content.lines(as_hex) {
        Some(_) => rows.to_string().len().max(3) as f32 * tokens::MONO_WIDTH,
        None => 8.0 * tokens::MONO_WIDTH,
    };
    let list = VirtualRows::new(ui, ("file", path, as_hex), rows as u64);
    list.show(ui, |ui, row, place| {
        let Some((number, text)) = content.row(row as usize, as_hex) else { return };
        let painter = ui.painter();
        let at = pos2(place.left() + numbers, place.center().y);
        painter.text(at, Align2::RIGHT_CENTER, number, tokens::mono_small(), tokens.faint);
        let place = place.with_min_x(at.x + tokens::GROUP);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let builder = egui::UiBuilder::new().max_rect(place).id_salt(row).layout(layout);
        let mut inner = ui.new_child(builder);
        // A line of hex is to fit where the panel stands at first.
        let is_text = content.lines(as_hex).is_some();
        let font = if is_text { tokens::mono() } else { tokens::mono_small() };
        let text = RichText::new(text).font(font);
        inner.add(egui::Label::new(text).extend());
    });
    is_done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_by_lines_and_anything_else_in_hex() {
        let text = Content::new("a", b"one\n\ttwo\r\nthree\n".to_vec());
        assert_eq!(text.rows(false), 3);
        assert_eq!(text.row(1, false), Some(("2".to_owned(), "    two".to_owned())));
        assert_eq!(text.row(3, false), None);
        let bytes = Content::new("b", (0..20).chain([0xff]).collect());
        assert_eq!(bytes.rows(false), 2);
        let (address, row) = bytes.row(1, false).unwrap();
        assert_eq!(address, "00000010");
        assert!(text.row(0, true).unwrap().1.starts_with("6f 6e 65 0a"));
        assert!(row.starts_with("10 11 12 13 ff ") && row.ends_with("····"), "{row}");
    }
}
