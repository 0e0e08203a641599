//! Imports of a module: who satisfies each, and what happens where nobody does.

use egui::{RichText, Ui};
use stepwell_engine::ExternType;
use stepwell_engine::module::Import;

use crate::session::{
    Command, ImportPolicy, ImportSource, ImportState, OpenModule, Session, extern_type,
};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// Imports shown; more than that nobody reads.
const LISTED: usize = 500;

/// What a policy is called.
fn policy_text(policy: ImportPolicy) -> &'static str {
    match policy {
        ImportPolicy::Ask => "ask me",
        ImportPolicy::Zero => "return zero",
        ImportPolicy::Trap => "trap",
    }
}

const POLICIES: [ImportPolicy; 3] = [ImportPolicy::Ask, ImportPolicy::Zero, ImportPolicy::Trap];

/// Draws the imports.
pub(super) fn show(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    if open.imports.is_empty() {
        return;
    }
    let title = format!("Imports · {}", open.imports.len());
    let header = egui::CollapsingHeader::new(title).id_salt("imports");
    header.default_open(open.imports.len() <= 12).show(ui, |ui| {
        let asked = |(import, state): &(&Import, &ImportState)| {
            state.source == ImportSource::Nobody && matches!(import.ty, ExternType::Func(_))
        };
        let imports = open.module.imports().iter().zip(&open.imports);
        if imports.clone().filter(asked).count() > 1 {
            all(open, ui, commands);
        }
        for (position, (import, state)) in imports.enumerate().take(LISTED) {
            one(session, open, position, import, state, ui, commands);
        }
        if open.imports.len() > LISTED {
            ui.label(format!("and {} more", open.imports.len() - LISTED));
        }
    });
}

/// One choice for all imports that nobody satisfies.
fn all(open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new("all unsatisfied:").color(tokens.weak));
        for policy in POLICIES {
            let button = ui.small_button(policy_text(policy));
            let button =
                button.accessible_name(format!("all of {}: {}", open.name, policy_text(policy)));
            if button.clicked() {
                for (import, state) in open.imports.iter().enumerate() {
                    if state.source == ImportSource::Nobody {
                        commands.push(Command::SetPolicy { module: open.key, import, policy });
                    }
                }
            }
        }
    });
}

fn one(
    session: &Session,
    open: &OpenModule,
    position: usize,
    import: &Import,
    state: &ImportState,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let name = format!("{}.{}", import.module, import.name);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            source(session, open, position, import, state, ui, commands);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = RichText::new(&name).font(tokens::mono_small());
                let label = ui.add(egui::Label::new(text).truncate());
                let ty = extern_type(&open.module, &import.ty);
                label.on_hover_text(format!("{name}\n{ty}"));
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
        let text = RichText::new(format!("← {}", provider.name)).font(tokens::mono_small());
        let label = ui.label(text.color(color));
        if fits {
            label.on_hover_text(format!("satisfied by {}", provider.name));
            return;
        }
    }
    if state.source == ImportSource::Session {
        let text = RichText::new("← built in").font(tokens::mono_small());
        let label = ui.label(text.color(tokens.weak));
        label.on_hover_text("A string builtin: strings live in the heap.");
        return;
    }
    if !matches!(import.ty, ExternType::Func(_)) {
        let label = ui.label(RichText::new("made").small().color(tokens.warning));
        label.on_hover_text("Nobody satisfies it: an empty one of this type is made.");
        return;
    }
    let text = RichText::new(policy_text(state.policy)).small().color(tokens.warning);
    let combo = egui::ComboBox::from_id_salt(("policy", position)).selected_text(text);
    let shown = combo.width(tokens::FIELD).show_ui(ui, |ui| {
        for policy in POLICIES {
            if ui.selectable_label(policy == state.policy, policy_text(policy)).clicked() {
                commands.push(Command::SetPolicy { module: open.key, import: position, policy });
            }
        }
    });
    let name = format!("policy of {}.{}", import.module, import.name);
    rects::note(&shown.response, || format!("modules.policy.{}.{position}", open.name));
    shown
        .response
        .accessible_name(name)
        .on_hover_text("What a call of this import does: nobody satisfies it");
}
