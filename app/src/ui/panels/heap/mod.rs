//! Heap: objects by type, their fields, and who refers to whom.
//!
//! `index` looks through the heap, a slice a frame; `roots` finds what refers to an object from
//! outside the heap; `list` draws types and objects; `object` one object.

mod index;
mod list;
mod object;
mod roots;

use egui::{RichText, Ui};
use stepwell_engine::Store;

use crate::session::{Command, RunState, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use index::{Cache, Objects};

/// Width from which list and object stand beside each other.
const BESIDE: f32 = 640.0;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(store) = session.store() else {
        widgets::empty(ui, "No heap yet: it comes to life when an export is started.");
        return commands;
    };
    let running = *session.run_state() == RunState::Running;
    let cache = Cache::of(ui.ctx());
    let mut kept = cache.kept();
    if !running {
        kept.objects.go_on(session, store);
        if !kept.objects.is_done() {
            ui.ctx().request_repaint();
        }
    }
    header(session, store, (!running).then_some(&kept.objects), ui, &mut commands);
    if running {
        widgets::empty(ui, "Running …  Pause (F6) to look at the objects.");
        return commands;
    }
    if kept.objects.all.is_empty() && kept.objects.is_done() {
        let text = "The heap is empty. Structures, arrays and exceptions appear here when they are \
                    made, as by struct.new.";
        widgets::empty(ui, text);
        return commands;
    }
    let focus = session.heap_focus();
    let Some(object) = focus.object else {
        list::show(session, store, &kept.objects, ui, &mut commands);
        return commands;
    };
    kept.referrers.go_on(session, store, object);
    if !kept.referrers.is_done() {
        ui.ctx().request_repaint();
    }
    if ui.available_width() < BESIDE {
        object::show(session, store, object, &kept.referrers, ui, &mut commands);
        return commands;
    }
    let area = ui.available_rect_before_wrap();
    let left = area.with_max_x(area.center().x - tokens::GAP);
    ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
        list::show(session, store, &kept.objects, ui, &mut commands);
    });
    let right = area.with_min_x(area.center().x + tokens::GAP);
    ui.scope_builder(egui::UiBuilder::new().max_rect(right), |ui| {
        object::show(session, store, object, &kept.referrers, ui, &mut commands);
    });
    commands
}

/// How much there is, and the button that collects what is garbage.
fn header(
    session: &Session,
    store: &Store,
    objects: Option<&Objects>,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let bytes = widgets::size(store.heap().used_bytes());
        let count = objects.map_or(String::new(), |objects| {
            let counted = widgets::grouped(objects.all.len() as u64);
            match (objects.all.len(), objects.is_done()) {
                (1, true) => " in 1 object".to_owned(),
                (_, true) => format!(" in {counted} objects"),
                (_, false) => format!(", counting: {counted} objects"),
            }
        });
        let label = ui.label(RichText::new(format!("{bytes}{count}")).font(tokens::strong()));
        label.on_hover_text("Garbage counts until it is collected");
        let collections = match store.heap().collections() {
            0 => "never collected".to_owned(),
            1 => "collected once".to_owned(),
            times => format!("collected {} times", widgets::grouped(times)),
        };
        ui.label(RichText::new(collections).color(tokens.weak));
        let stopped = *session.run_state() != RunState::Running;
        let collect = ui.add_enabled(stopped, egui::Button::new("Collect garbage").small());
        rects::note(&collect, || "heap.collect".to_owned());
        let help = "Free what no global, table or frame leads to. Running does it by itself when the \
                    heap has grown.";
        if collect.on_hover_text(help).clicked() {
            commands.push(Command::CollectGarbage);
        }
        if let Some(freed) = session.freed() {
            let text = format!("freed {}", widgets::size(freed));
            ui.label(RichText::new(text).color(tokens.good));
        }
    });
}
