//! Learn: the examples, and the source text of what is open.

use egui::{RichText, Ui};

use crate::session::{Command, Example, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

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

/// A module's text, line by line.
fn source(name: &str, text: &str, ui: &mut Ui) {
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        widgets::empty(ui, "The text is empty.");
        return;
    }
    let rows = VirtualRows::new(ui, ("source", name), lines.len() as u64);
    rows.show(ui, |ui, row, place| {
        let tokens = Tokens::of(ui);
        let Some(line) = lines.get(row as usize) else { return };
        let is_comment = line.trim_start().starts_with(";;");
        let color = if is_comment { tokens.good } else { tokens.text };
        let at = place.left_center();
        let painter = ui.painter();
        painter.text(at, egui::Align2::LEFT_CENTER, line, tokens::mono_small(), color);
    });
}
