//! Memory: linear memory in hex, in as many views as wanted, each with a data inspector.
//!
//! `bar` chooses the memory, goes to addresses and searches; `hex` draws rows and takes keys;
//! `inspector` reads the bytes at the cursor as numbers and text, `template` as the fields of a structure; `cell`
//! is a value that can be changed.

mod bar;
mod cell;
mod hex;
mod inspector;
mod template;

use egui::{RichText, Ui};

use crate::session::{Command, MemoryView, Session, Trail};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(store) = session.store() else {
        widgets::empty(
            ui,
            "No memory yet: linear memories come to life when an export is started.",
        );
        return commands;
    };
    if session.memories().is_empty() {
        widgets::empty(ui, "The modules that run have no linear memory.");
        return commands;
    }
    let Some(view) = widgets::memory::view_in_sight(session, ui.ctx()) else {
        if ui.button("Open a view").clicked() {
            commands.push(Command::AddMemoryView);
        }
        return commands;
    };
    widgets::trail::area(Trail::Memory(view.id), ui.max_rect(), ui, &mut commands);
    tabs(session, view, ui);
    let Some(memory) = store.memory(view.memory) else { return commands };
    let bytes = memory.bytes();
    ui.push_id(("view", view.id), |ui| {
        // Side by side, if both fit.
        let beside = inspector::WIDTH + tokens::GROUP;
        let with_inspector = ui.available_width() >= hex::width(8) + beside;
        bar::show(session, view, memory, with_inspector, ui, &mut commands);
        if bytes.is_empty() {
            widgets::empty(ui, "This memory has no pages.");
            return;
        }
        let area = ui.available_rect_before_wrap();
        let split = if with_inspector { area.right() - beside } else { area.right() };
        let room = split - area.left();
        let fixed = usize::from(view.per_row);
        let fits = hex::PER_ROW.into_iter().find(|per_row| room >= hex::width(*per_row));
        // A row is never wider than its room.
        let per_row = fits.map_or(8, |most| if fixed == 0 { most } else { fixed.min(most) });
        let left = area.with_max_x(split);
        // Below the bytes, where it has no room beside them.
        let below = view.template.as_ref().filter(|_| !with_inspector);
        let left = match below {
            Some(shown) => {
                let middle = area.bottom() - (area.height() * 0.5).min(tokens::ROW * 9.0);
                let bottom = area.with_min_y(middle + tokens::GAP);
                ui.scope_builder(egui::UiBuilder::new().max_rect(bottom), |ui| {
                    template::show(session, view, shown, false, ui, &mut commands);
                });
                left.with_max_y(middle)
            }
            None => left,
        };
        ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
            hex::show(session, view, bytes, per_row, ui, &mut commands);
        });
        if with_inspector {
            let right = area.with_min_x(split + tokens::GROUP);
            ui.scope_builder(egui::UiBuilder::new().max_rect(right), |ui| match &view.template {
                Some(shown) => template::show(session, view, shown, true, ui, &mut commands),
                None => inspector::show(session, view, bytes, ui, &mut commands),
            });
        }
    });
    commands
}

/// One tab a view, when there are several.
fn tabs(session: &Session, shown: &MemoryView, ui: &mut Ui) {
    let views = session.memory_views();
    if views.len() < 2 {
        return;
    }
    let memories = session.memories();
    ui.horizontal_wrapped(|ui| {
        let tokens = Tokens::of(ui);
        for view in views {
            let named = memories.iter().find(|named| named.addr == view.memory);
            let label = named.map_or("?", |named| named.label.as_str());
            let hue = named.and_then(|named| session.module(named.module?)).map(|open| open.hue);
            let color = hue.map_or(tokens.text, |hue| tokens.module(hue));
            let text = format!("{} · {label}", view.id + 1);
            let text = RichText::new(text).font(tokens::mono_small()).color(color);
            let tab = ui.selectable_label(view.id == shown.id, text);
            rects::note(&tab, || format!("memory.tab.{}", view.id));
            if tab.clicked() {
                widgets::memory::choose_view(ui.ctx(), view.id);
            }
        }
    });
}
