//! Modules: what is open, what each consists of, and who satisfies whose imports.
//!
//! `start_form` runs an export, `program` says what a program is given, `imports` shows who answers and
//! `satisfy` and `provider` change it, `contents` lists the rest, `functions` the functions. Above them is a small form of
//! the graph that has a panel of its own.

mod contents;
mod functions;
mod imports;
mod program;
mod provider;
mod satisfy;
#[cfg(not(target_arch = "wasm32"))]
mod shared;
mod start_form;

use egui::{RichText, Ui};
use stepwell_engine::module::Export;

use crate::session::{Command, OpenModule, Session};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::{feedback, rects};

/// Modules with more exports than this have a filter for them.
const UNFILTERED: usize = 12;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    if session.modules().is_empty() {
        widgets::empty(
            ui,
            "No module is open. Drop .wasm or .wat files on the window, use Open, or take an \
             example from Learn.",
        );
        return commands;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if session.modules().iter().any(|open| !open.imports.is_empty()) {
            egui::CollapsingHeader::new("Link graph")
                .default_open(session.modules().len() > 1)
                .show(ui, |ui| super::graph::small(session, ui, &mut commands));
        }
        for open in session.modules() {
            module(session, open, ui, &mut commands);
        }
    });
    commands
}

/// One module: its name in its hue, and what it consists of.
fn module(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.push_id(("module", open.key.0), |ui| {
        let frame =
            egui::Frame::new().fill(tokens.raised).corner_radius(4).inner_margin(tokens::GAP * 1.5);
        let shown = frame.show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            title(open, ui, commands);
            exports(session, open, ui, commands);
            program::show(session, open, ui, commands);
            imports::show(session, open, ui, commands);
            functions::show(open, ui, commands);
            contents::show(open, ui);
        });
        let stripe = shown.response.rect.with_max_x(shown.response.rect.left() + 3.0);
        ui.painter().rect_filled(stripe, 2.0, tokens.module(open.hue));
    });
}

/// Name, size, and buttons to rename and close.
fn title(open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with("rename");
    let renaming: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
    ui.horizontal(|ui| {
        match renaming {
            Some(mut text) => {
                let edit = egui::TextEdit::singleline(&mut text).desired_width(tokens::FIELD);
                let label = format!("link name of {}", open.name);
                let field = ui.add(edit.id(id.with("field"))).accessible_name(label);
                let left = field.lost_focus();
                let entered = ui.input(|input| input.key_pressed(egui::Key::Enter));
                if left && entered && text != open.name {
                    commands.push(Command::Rename { module: open.key, name: text.clone() });
                }
                ui.data_mut(|data| data.insert_temp(id, (!left).then_some(text)));
            }
            None => {
                let room = ui.available_width() - tokens::TITLE_BUTTONS;
                let name = widgets::module_label(ui, open, room).interact(egui::Sense::click());
                rects::note(&name, || format!("modules.title.{}", open.name));
                let help = "What other modules import it as; double click to change it";
                let name = name.on_hover_text(format!("{}\n{help}", widgets::safe(&open.name)));
                let pencil = ui.small_button("✎").accessible_name(format!("rename {}", open.name));
                if name.double_clicked() || pencil.on_hover_text("Change the name").clicked() {
                    ui.data_mut(|data| data.insert_temp(id, Some(open.name.clone())));
                    ui.memory_mut(|memory| memory.request_focus(id.with("field")));
                }
            }
        }
        let kind = if open.source.is_some() { "text" } else { "binary" };
        let facts = format!("{kind}, {}", widgets::size(open.module.bytes().len() as u64));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let close = ui.small_button("✗").accessible_name(format!("close {}", open.name));
            rects::note(&close, || format!("modules.close.{}", open.name));
            if close.on_hover_text("Close this module").clicked() {
                commands.push(Command::Close(open.key));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let facts = RichText::new(facts).font(tokens::mono_small()).color(tokens.faint);
                ui.add(egui::Label::new(facts).truncate());
            });
        });
    });
    feedback::show(
        ui,
        |command| matches!(command, Command::Rename { module, .. } if *module == open.key),
    );
}

/// A field for a part of an export's name, in small letters.
fn export_filter(open: &OpenModule, ui: &mut Ui) -> String {
    let id = ui.scope_id().with("export filter");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let edit = egui::TextEdit::singleline(&mut text)
        .hint_text("filter exports by name")
        .desired_width(f32::INFINITY);
    let field = ui.add(edit).accessible_name(format!("filter exports of {}", open.name));
    rects::note(&field, || format!("modules.exports.filter.{}", open.name));
    let wanted = text.trim().to_lowercase();
    ui.data_mut(|data| data.insert_temp(id, text));
    wanted
}

fn exports(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let exports = open.module.exports();
    let title = format!("Exports · {}", widgets::grouped(exports.len() as u64));
    egui::CollapsingHeader::new(title).id_salt("exports").default_open(true).show(ui, |ui| {
        if exports.is_empty() {
            widgets::empty(ui, "This module exports nothing.");
        }
        let wanted = match exports.len() > UNFILTERED {
            true => export_filter(open, ui),
            false => String::new(),
        };
        let fits = |export: &&Export| {
            wanted.is_empty() || export.name.to_lowercase().contains(wanted.as_str())
        };
        let mut fitting = exports.iter().filter(fits);
        let mut listed = 0;
        for export in fitting.by_ref().take(start_form::LISTED) {
            start_form::show(session, open, export, ui, commands);
            listed += 1;
        }
        let rest = fitting.count();
        if rest > 0 {
            ui.label(format!("and {} more; the filter finds them", widgets::grouped(rest as u64)));
        } else if listed == 0 && !wanted.is_empty() {
            widgets::empty(ui, "No export has these letters.");
        }
    });
}
