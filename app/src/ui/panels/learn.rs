//! Learn: the examples, and the source text of what is open.

use std::ops::Range;
use std::sync::Arc;

use egui::{RichText, Ui};

use crate::session::{Command, Example, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::{self, VirtualRows};

/// Characters of a row, however narrow the panel is.
const NARROWEST: usize = 12;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let id = ui.scope_id().with("source");
    let texts: Vec<(&str, &str, f32)> = session
        .modules()
        .iter()
        .filter_map(|open| Some((open.name.as_str(), open.source.as_deref()?, open.hue)))
        .collect();
    let chosen: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
    let shown = chosen.and_then(|chosen| texts.iter().find(|(name, ..)| *name == chosen));
    ui.horizontal_wrapped(|ui| {
        let tokens = Tokens::of(ui);
        if ui.selectable_label(shown.is_none(), "Examples").clicked() {
            ui.data_mut(|data| data.insert_temp(id, None::<String>));
        }
        for (name, _, hue) in &texts {
            let is_shown = shown.is_some_and(|(known, ..)| known == name);
            let text = RichText::new(format!("{name}.wat")).color(tokens.module(*hue));
            let tab = ui.selectable_label(is_shown, text);
            let tab = tab.accessible_name(format!("text of {name}"));
            if tab.on_hover_text("Read the text of this module").clicked() {
                ui.data_mut(|data| data.insert_temp(id, Some((*name).to_owned())));
            }
        }
    });
    ui.separator();
    match shown {
        Some((name, text, _)) => source(name, text, ui),
        None => {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for example in session.examples() {
                    card(session, example, ui, &mut commands);
                }
            });
        }
    }
    commands
}

/// One example.
fn card(session: &Session, example: &Example, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let is_open = is_open(session, example);
    let line = if is_open { tokens.accent } else { tokens.line };
    let frame = egui::Frame::new()
        .fill(tokens.raised)
        .stroke(egui::Stroke::new(1.0, line))
        .corner_radius(4)
        .inner_margin(tokens::GROUP);
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(RichText::new(&example.title).font(tokens::strong()));
        ui.add(egui::Label::new(RichText::new(&example.summary).color(tokens.weak)).wrap());
        ui.horizontal(|ui| {
            let words = if is_open { "Open again" } else { "Open" };
            let button = ui.button(words).accessible_name(format!("Open {}", example.title));
            rects::note(&button, || format!("learn.open.{}", example.id));
            if button.clicked() {
                commands.push(Command::OpenExample(example.id.clone()));
            }
            let files = example.files.join(", ");
            let files = RichText::new(files).font(tokens::mono_small()).color(tokens.faint);
            ui.add(egui::Label::new(files).truncate());
        });
    });
}

/// Whether the opened modules are those of an example.
fn is_open(session: &Session, example: &Example) -> bool {
    let stems = example.files.iter().map(|file| {
        let name = file.rsplit('/').next().unwrap_or(file);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    });
    stems.eq(session.modules().iter().map(|open| open.name.as_str()))
}

/// A row of a text: a line, or as much of it as has room.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Piece {
    range: Range<usize>,
    /// Spaces before what goes on from the row above.
    indent: usize,
    is_comment: bool,
}

/// Breaks lines between words; what goes on is indented as its line, and within a comment marked as one.
fn pieces(text: &str, room: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim_end();
        let is_comment = words.trim_start().starts_with(";;");
        let indent = words.len() - words.trim_start().len();
        let more = if is_comment { 3 } else { 2 };
        let hanging = (indent + more).min(room / 2);
        let (mut from, mut before) = (0, 0);
        loop {
            let rest = words.get(from..).unwrap_or_default();
            let left = room.saturating_sub(before).max(1);
            let end = rest.char_indices().nth(left).map(|(end, _)| end);
            let space = |end: usize| {
                let space = rest.get(..=end).and_then(|part| part.rfind(' '));
                space.filter(|space| from > 0 || *space > indent).unwrap_or(end)
            };
            let end = end.map(space);
            let to = from + end.unwrap_or(rest.len());
            pieces.push(Piece { range: start + from..start + to, indent: before, is_comment });
            if end.is_none() {
                break;
            }
            let rest = words.get(to..).unwrap_or_default();
            from = to + (rest.len() - rest.trim_start().len());
            before = hanging;
        }
        start += line.len();
    }
    pieces
}

/// The rows of a text; they are kept as long as neither it nor its room changes.
fn wrapped(ui: &Ui, text: &str, room: usize) -> Arc<Vec<Piece>> {
    type Kept = ((usize, usize, usize), Arc<Vec<Piece>>);
    let id = ui.scope_id().with("wrapped");
    let now = (text.as_ptr() as usize, text.len(), room);
    if let Some((_, kept)) = ui.data(|data| data.get_temp::<Kept>(id)).filter(|kept| kept.0 == now)
    {
        return kept;
    }
    let made = Arc::new(pieces(text, room));
    ui.data_mut(|data| data.insert_temp::<Kept>(id, (now, made.clone())));
    made
}

/// A module's text, line by line.
fn source(name: &str, text: &str, ui: &mut Ui) {
    // Room for the scroll bar is left.
    let room = ui.available_width() - virtual_rows::BAR - tokens::GAP;
    let room = (room / (tokens::SMALL * 0.6)).floor().max(1.0) as usize;
    let lines = wrapped(ui, text, room.max(NARROWEST));
    if lines.is_empty() {
        widgets::empty(ui, "The text is empty.");
        return;
    }
    let rows = VirtualRows::new(ui, ("source", name), lines.len() as u64);
    rows.show(ui, |ui, row, place| {
        let tokens = Tokens::of(ui);
        let Some(piece) = lines.get(row as usize) else { return };
        let line = text.get(piece.range.clone()).unwrap_or_default();
        let line = format!("{:1$}{line}", "", piece.indent);
        let color = if piece.is_comment { tokens.good } else { tokens.text };
        let at = place.left_center();
        let painter = ui.painter();
        painter.text(at, egui::Align2::LEFT_CENTER, line, tokens::mono_small(), color);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below_and_nothing_of_it_is_lost() {
        let text = ";; what to watch while stepping\n  (func $f)\n\nunbroken_text_without_end";
        for room in 12..40 {
            let rows = pieces(text, room);
            let shown = |piece: &Piece| piece.indent + text[piece.range.clone()].chars().count();
            assert!(rows.iter().all(|piece| shown(piece) <= room), "{room}: {rows:?}");
            let all: String = rows.iter().map(|piece| &text[piece.range.clone()]).collect();
            let letters = |text: &str| text.replace([' ', '\n'], "");
            assert_eq!(letters(&all), letters(text), "{room}");
        }
        let rows = pieces(text, 16);
        assert_eq!(&text[rows[0].range.clone()], ";; what to watch");
        assert!(rows[1].is_comment);
        assert_eq!(pieces(text, 80).len(), 4);
    }
}
