//! Imports of a module: who satisfies each, and what happens where nobody does.

use std::collections::BTreeMap;

use egui::{RichText, Ui};
use stepwell_engine::ExternType;
use stepwell_engine::module::Import;
use stepwell_engine::text::dotted;

use super::provider;
use super::satisfy::{self, POLICIES, policy_text};
use crate::session::{Command, ImportSource, ImportState, OpenModule, Session, extern_type};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Imports shown; more than that nobody reads.
const LISTED: usize = 500;
/// More imports than this stand in groups, by the module that they are imported from.
const UNGROUPED: usize = 12;
/// So do those from a module whose name leaves no room for theirs.
const SHORT: usize = 12;

/// Draws the imports.
pub(super) fn show(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    if open.imports.is_empty() {
        return;
    }
    let title = format!("Imports · {}", widgets::grouped(open.imports.len() as u64));
    let header = egui::CollapsingHeader::new(title).id_salt("imports");
    header.default_open(open.imports.len() <= UNGROUPED).show(ui, |ui| {
        let asked = |(import, state): &(&Import, &ImportState)| {
            let is_free = matches!(state.source, ImportSource::Nobody | ImportSource::Set(_));
            is_free && satisfy::set_of(state).is_none() && matches!(import.ty, ExternType::Func(_))
        };
        let imports = open.module.imports().iter().zip(&open.imports);
        let grouped = open.imports.len() > UNGROUPED
            || open.module.imports().iter().any(|import| import.module.len() > SHORT);
        let is_whole = |first: &Import| {
            grouped && open.module.imports().iter().all(|other| other.module == first.module)
        };
        // A single group has its own box.
        if imports.clone().filter(asked).count() > 1
            && !open.module.imports().first().is_some_and(is_whole)
        {
            let positions = imports.clone().enumerate().filter(|(_, import)| asked(import));
            let positions: Vec<usize> = positions.map(|(position, _)| position).collect();
            all(open, &positions, ui, commands);
        }
        if grouped {
            groups(session, open, ui, commands);
            return;
        }
        for (position, (import, _)) in imports.enumerate() {
            let name = dotted(&import.module, &import.name);
            one(session, open, position, &name, ui, commands);
        }
    });
}

/// One choice for all imports that nobody satisfies.
fn all(open: &OpenModule, positions: &[usize], ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("all:").color(tokens.weak));
        label.on_hover_text("All functions that nobody satisfies");
        for policy in POLICIES {
            let button = ui.small_button(policy_text(policy));
            let button =
                button.accessible_name(format!("all of {}: {}", open.name, policy_text(policy)));
            if button.clicked() {
                let module = open.key;
                let set = |import: &usize| Command::SetPolicy { module, import: *import, policy };
                commands.extend(positions.iter().map(set));
            }
        }
    });
}

/// The imports by the modules that they are imported from.
fn groups(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, import) in open.module.imports().iter().enumerate() {
        groups.entry(&import.module).or_default().push(position);
    }
    let folded = groups.len() > 1 && open.imports.len() > UNGROUPED;
    for (name, positions) in groups {
        let shown_name = widgets::safe(name);
        ui.horizontal(|ui| {
            let id = ui.scope_id().with(("group", name));
            let is_open: bool = ui.data(|data| data.get_temp(id)).unwrap_or(!folded);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if let Some(choice) = satisfy::several(open, name, &positions, ui, commands) {
                    rects::note(&choice, || format!("modules.policies.{}.{name}", open.name));
                }
                let count = RichText::new(positions.len().to_string()).font(tokens::mono_small());
                ui.label(count.color(Tokens::of(ui).weak));
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let arrow = if is_open { "▾" } else { "▸" };
                    let text = RichText::new(format!("{arrow} {shown_name}"));
                    let text = text.font(tokens::mono_small());
                    let label = egui::Label::new(text).truncate().selectable(false);
                    let label = ui.add(label.sense(egui::Sense::click()));
                    label.widget_info(|| {
                        let label = format!("imports from {shown_name}");
                        egui::WidgetInfo::selected(egui::Role::Button, true, is_open, label)
                    });
                    if label.on_hover_text(&shown_name).clicked() {
                        ui.data_mut(|data| data.insert_temp(id, !is_open));
                    }
                });
            });
            is_open
        })
        .inner
        .then(|| {
            ui.indent(("imports of", name), |ui| {
                for position in positions.iter().take(LISTED) {
                    let import = open.module.imports().get(*position);
                    let name = import.map_or("", |import| &*import.name);
                    one(session, open, *position, name, ui, commands);
                }
                if positions.len() > LISTED {
                    ui.label(format!("and {} more", positions.len() - LISTED));
                }
            });
        });
    }
}

/// One import, under the name that it is to be shown with.
fn one(
    session: &Session,
    open: &OpenModule,
    position: usize,
    name: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let import = open.module.imports().get(position);
    let Some((import, state)) = import.zip(open.imports.get(position)) else { return };
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            source(session, open, position, import, state, ui, commands);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                if let Some(advice) = satisfy::advice(open, import, state) {
                    let mark = RichText::new("⚠").small().color(tokens.warning);
                    let mark = ui.label(mark);
                    mark.on_hover_ui(|ui| {
                        ui.set_max_width(tokens::TOOLTIP);
                        ui.label(&advice);
                    });
                }
                let text = RichText::new(widgets::safe(name)).font(tokens::mono_small());
                let label = ui.add(egui::Label::new(text).truncate());
                let ty = extern_type(&open.module, &import.ty);
                let full = dotted(&import.module, &import.name);
                label.on_hover_text(format!("{}\n{ty}", widgets::safe(&full)));
            });
        });
    });
    if let ImportSource::Mismatch(_, reason) = &state.source {
        let text = RichText::new(format!("does not fit: {reason}")).small().color(tokens.error);
        ui.add(egui::Label::new(text).wrap());
    }
}

fn source(
    session: &Session,
    open: &OpenModule,
    position: usize,
    import: &Import,
    state: &ImportState,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    if let ImportSource::Module(key) | ImportSource::Mismatch(key, _) = &state.source {
        let Some(provider) = session.module(*key) else { return };
        let fits = matches!(state.source, ImportSource::Module(_));
        let color = if fits { tokens.module(provider.hue) } else { tokens.error };
        let text = format!("← {}", widgets::safe(&provider.name));
        let hint = match fits {
            true => format!("satisfied by {}", widgets::safe(&provider.name)),
            false => format!("{} does not fit", widgets::safe(&provider.name)),
        };
        provider::show(session, open, position, &text, color, &hint, ui, commands);
        if fits {
            return;
        }
    }
    let is_answered = satisfy::set_of(state).is_some();
    if !is_answered && !matches!(import.ty, ExternType::Func(_)) {
        let hint = "Nobody satisfies it: an empty one of this type is made.";
        provider::show(session, open, position, "made", tokens.host, hint, ui, commands);
        return;
    }
    let choice = satisfy::one(session, open, position, import, state, ui, commands);
    rects::note(&choice, || format!("modules.policy.{}.{position}", open.name));
}
