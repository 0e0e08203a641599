//! Watchpoints: what is watched, which accesses stop, and how often they did.

use egui::{RichText, Ui};

use crate::session::{Command, Panel, Session, WatchTarget, WatchWhen, WatchpointState};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

pub(super) fn show(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    for known in session.watchpoints() {
        line(session, known, ui, commands);
    }
}

fn line(session: &Session, known: &WatchpointState, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let WatchpointState { number, target, label, when, .. } = known;
    let number = *number;
    let open = target.module().and_then(|key| session.module(key));
    ui.horizontal(|ui| {
        let mut enabled = known.enabled;
        let check = ui.checkbox(&mut enabled, "").accessible_name(format!("enable {label}"));
        if check.on_hover_text("Whether it stops").changed() {
            commands.push(Command::EnableWatchpoint { number, enabled });
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = ui.small_button("✗").accessible_name(format!("remove {label}"));
            if remove.on_hover_text("Remove it").clicked() {
                commands.push(Command::RemoveWatchpoint(number));
            }
            let hits = format!("{} ×", widgets::grouped(known.hits));
            ui.label(RichText::new(hits).font(tokens::mono_small()).color(tokens.weak))
                .on_hover_text("How often it stopped the run on its way forwards; stops on the way back are not counted");
            accesses(known, ui, commands);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                let color = open.map_or(tokens.reference, |open| tokens.module(open.hue));
                let text = RichText::new(label).font(tokens::mono()).color(color);
                let link = ui.add(egui::Label::new(text).sense(egui::Sense::click()));
                rects::note(&link, || format!("watchpoint.{number}"));
                let of = open
                    .map_or_else(String::new, |open| format!(" in {}", widgets::safe(&open.name)));
                if link.on_hover_text(format!("{label}{of}\nShow it")).clicked() {
                    commands.extend(shows(session, target));
                }
                ui.label(RichText::new(format!("when {}", when.words())).color(tokens.weak));
            });
        });
    });
}

/// Which accesses stop.
fn accesses(known: &WatchpointState, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (number, target) = (known.number, known.target);
    let menu = ui.menu_button("⏷", |ui| {
        for when in WatchWhen::ALL {
            let text = format!("Stop when {}", when.words());
            if ui.selectable_label(known.when == when, text).clicked() {
                commands.push(Command::SetWatchpoint { target, when });
                ui.close();
            }
        }
    });
    rects::note(&menu.response, || format!("watchpoint.{number}.when"));
    let button = menu.response.accessible_name(format!("accesses of {}", known.label));
    button.on_hover_text("Which accesses stop");
}

/// What leads to the place that is watched.
fn shows(session: &Session, target: &WatchTarget) -> Vec<Command> {
    match *target {
        WatchTarget::Memory { address, len, .. } => {
            let mut commands = vec![Command::RevealPanel(Panel::Memory)];
            let memory = session.watched_memory(target);
            if let Some((memory, view)) = memory.zip(session.memory_views().first()) {
                let view = view.id;
                commands.push(Command::ViewMemory { view, memory: memory.0 });
                commands.push(Command::GoToAddress { view, address });
                commands.push(Command::SelectBytes { view, address, len });
            }
            commands
        }
        WatchTarget::Global { .. } => vec![Command::RevealPanel(Panel::Globals)],
        WatchTarget::Local { module, func, .. } | WatchTarget::LocalOfCall { module, func, .. } => {
            vec![Command::RevealPanel(Panel::Code), Command::ShowFunction { module, func }]
        }
        WatchTarget::Element { .. } => vec![Command::RevealPanel(Panel::Tables)],
        WatchTarget::Field { object, .. } => vec![Command::ShowObject(Some(object))],
    }
}
