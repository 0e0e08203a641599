//! Problems: files that could not be opened, each with all that is wrong with it, and its text.

use std::sync::Arc;

use egui::{Align, Id, Layout, RichText, Ui};
use stepwell_engine::Error;
use stepwell_engine::text::escaped;
use stepwell_engine::text_format::TextError;

use crate::session::{Command, Problem, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// What the panel remembers: the file whose text is shown, and a line to go to.
#[derive(Clone, Default)]
struct Look {
    text_of: Option<String>,
    line: Option<usize>,
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    if session.problems().is_empty() {
        widgets::empty(
            ui,
            "No problems. Files that cannot be opened are listed here, with what is wrong.",
        );
        return commands;
    }
    let id = Id::unique("stepwell-problems");
    let mut look: Look = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let named = |name: &String| session.problems().iter().find(|problem| problem.name == *name);
    let shown = look.text_of.as_ref().and_then(named);
    match shown.and_then(|problem| Some((problem, problem.text.clone()?))) {
        Some((problem, text)) => text_of(problem, &text, &mut look, ui),
        None => {
            look = Look::default();
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for problem in session.problems() {
                    ui.push_id(&problem.name, |ui| one(problem, &mut look, ui, &mut commands));
                }
            });
        }
    }
    ui.data_mut(|data| data.insert_temp(id, look));
    commands
}

/// A file, and its errors.
fn one(problem: &Problem, look: &mut Look, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = ui.small_button("✗").accessible_name(format!("forget {}", problem.name));
            rects::note(&close, || format!("problems.close.{}", problem.name));
            if close.on_hover_text("Forget this problem").clicked() {
                commands.push(Command::DismissProblem(problem.name.clone()));
            }
            if problem.text.is_some() {
                let show =
                    ui.small_button("Text").accessible_name(format!("text of {}", problem.name));
                if show.on_hover_text("The file, with the errors at their places").clicked() {
                    *look = Look { text_of: Some(problem.name.clone()), line: None };
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = RichText::new(widgets::safe(&problem.name)).font(tokens::mono_bold());
                ui.add(egui::Label::new(name).truncate());
            });
        });
    });
    match &problem.error {
        Error::Text { errors } => {
            for error in errors {
                text_error(problem, error, look, ui);
            }
        }
        other => {
            let text = RichText::new(escaped(&other.to_string())).font(tokens::mono_small());
            ui.add(egui::Label::new(text.color(tokens.error)).wrap());
        }
    }
    ui.add_space(tokens::GROUP);
}

/// Place and sentence, and below them the line with a mark under what it is about.
fn text_error(problem: &Problem, error: &TextError, look: &mut Look, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let place = format!("{}:{}", error.line, error.column);
        let place = RichText::new(place).font(tokens::mono_small());
        let can_show = problem.text.is_some();
        if can_show {
            let link = ui.link(place);
            rects::note(&link, || format!("problems.{}.{}", problem.name, error.line));
            if link.on_hover_text("Show the text there").clicked() {
                *look = Look { text_of: Some(problem.name.clone()), line: Some(error.line) };
            }
        } else {
            ui.label(place);
        }
        ui.label(RichText::new(error.sentence()).color(tokens.error));
    });
    if !error.source.trim().is_empty() {
        // One label: what stands below the line keeps its column.
        let lines = format!("{}\n{}", error.source, error.marker);
        ui.add(egui::Label::new(RichText::new(lines).font(tokens::mono_small())).extend());
    }
}

/// The whole file, its errors at their lines.
fn text_of(problem: &Problem, text: &Arc<str>, look: &mut Look, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let errors: &[TextError] = match &problem.error {
        Error::Text { errors } => errors,
        _ => &[],
    };
    ui.horizontal(|ui| {
        if ui.small_button("Back").accessible_name("back to the problems").clicked() {
            look.text_of = None;
        }
        let name = RichText::new(widgets::safe(&problem.name)).font(tokens::mono_bold());
        ui.add(egui::Label::new(name).truncate());
    });
    // Each line, and below it a row for each of its errors.
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        rows.push(Row::Line(number, line));
        rows.extend(errors.iter().filter(|error| error.line == number).map(Row::Error));
    }
    let wanted = look.line.take();
    let mut list = VirtualRows::new(ui, ("text", &problem.name), rows.len() as u64);
    if let Some(line) = wanted {
        let is_there = |row: &Row<'_>| matches!(row, Row::Line(number, _) if *number == line);
        let at = rows.iter().position(is_there).unwrap_or(0);
        list = list.reveal(at as u64, true);
    }
    list.show(ui, |ui, position, place| {
        let Some(row) = rows.get(position as usize) else { return };
        let left = place.left() + 52.0;
        let at = egui::pos2(left, place.center().y);
        let (align, font) = (egui::Align2::LEFT_CENTER, tokens::mono_small());
        match row {
            Row::Line(number, line) => {
                let number_at = egui::pos2(left - 10.0, place.center().y);
                let right = egui::Align2::RIGHT_CENTER;
                ui.painter().text(number_at, right, number, font.clone(), tokens.faint);
                ui.painter().text(
                    at,
                    align,
                    widgets::safe(&line.replace('\t', " ")),
                    font,
                    tokens.text,
                );
            }
            Row::Error(error) => {
                ui.painter().rect_filled(place, 0.0, tokens.error_back);
                let text =
                    format!("{}^ {}", " ".repeat(error.column.saturating_sub(1)), error.sentence());
                ui.painter().text(at, align, text, font, tokens.error);
            }
        }
    });
}

enum Row<'a> {
    Line(usize, &'a str),
    Error(&'a TextError),
}
