//! Breakpoints and watchpoints: where they are, whether they stop, on which condition, how often they were hit.

mod function;
mod line;
mod watchpoints;

use egui::{RichText, Ui};
use stepwell_engine::ExternType;
use stepwell_engine::text::dotted;

pub(super) use line::labelled;

use super::host_calls::break_menu;
use crate::session::{BreakWhen, Command, ImportBreak, ImportSource, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Imports offered; more of them nobody reads.
const IMPORTS: usize = 500;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let breaks = session.import_breaks();
    let watched = session.watchpoints();
    if session.breakpoints().len() == 0 && breaks.is_empty() && watched.is_empty() {
        widgets::empty(
            ui,
            "No breakpoints. Click into the gutter left of an instruction, or press F9, to stop \
             there. A right click on bytes, a global, a local, a field or an element lets writes \
             and reads of it stop. Or name a function, or an import to stop where the host is \
             called:",
        );
        ui.add_space(tokens::GROUP);
        function::show(ui, &mut commands);
        add_import(session, ui, &mut commands);
        return commands;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for breakpoint in session.breakpoints() {
            if let Some(open) = session.module(breakpoint.module) {
                line::show(breakpoint, open, ui, &mut commands);
            }
        }
        for known in breaks {
            import_line(session, known, ui, &mut commands);
        }
        watchpoints::show(session, ui, &mut commands);
        ui.add_space(tokens::GAP);
        function::show(ui, &mut commands);
        ui.horizontal(|ui| {
            add_import(session, ui, &mut commands);
            let clear = ui.button("Remove all");
            rects::note(&clear, || "breakpoints.clear".to_owned());
            if clear.clicked() {
                if session.breakpoints().len() > 0 {
                    commands.push(Command::ClearBreakpoints);
                }
                if !watched.is_empty() {
                    commands.push(Command::ClearWatchpoints);
                }
                commands.extend(breaks.iter().map(|known| set_import(known, None)));
            }
        });
    });
    commands
}

fn set_import(known: &ImportBreak, when: Option<BreakWhen>) -> Command {
    let (module, name) = (known.module.clone(), known.name.clone());
    Command::BreakOnImport { module, name, when }
}

/// A breakpoint of an import: it stops before the host function begins.
fn import_line(session: &Session, known: &ImportBreak, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let place = dotted(&known.module, &known.name);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = ui.small_button("✗").accessible_name(format!("remove {place}"));
            if remove.on_hover_text("Remove it").clicked() {
                commands.push(set_import(known, None));
            }
            let message = if let BreakWhen::Message(text) = &known.when { text } else { "" };
            line::hits(known.hits, known.reached, message, ui);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.label(RichText::new("calls of").color(tokens.weak));
                let text = RichText::new(&place).font(tokens::mono()).color(tokens.host);
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
    ui.indent(("import", &place), |ui| {
        break_menu::choices(session, &known.module, &known.name, ui, commands);
    });
    line::failure(known.failure.as_deref(), ui);
}

/// A menu of the imports that the run does not stop at yet.
fn add_import(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let menu = ui.menu_button("Stop at an import", |ui| {
        let imports = free_imports(session);
        if imports.is_empty() {
            ui.label("No opened module imports any further function from the host.");
        }
        egui::ScrollArea::vertical().max_height(tokens::TOOLTIP).show(ui, |ui| {
            for (module, name) in imports.into_iter().take(IMPORTS) {
                let text = RichText::new(dotted(module, name)).font(tokens::mono_small());
                let entry =
                    ui.button(text).accessible_name(format!("stop at {}", dotted(module, name)));
                if entry.clicked() {
                    let (module, name) = (module.to_owned(), name.to_owned());
                    let when = Some(BreakWhen::Always);
                    commands.push(Command::BreakOnImport { module, name, when });
                }
            }
        });
    });
    rects::note(&menu.response, || "breakpoints.import".to_owned());
    menu.response.on_hover_text("Stop before the host function begins that answers it");
}

/// Functions that modules import from the host, without those at which the run stops.
fn free_imports(session: &Session) -> Vec<(&str, &str)> {
    let imports = session.modules().iter().flat_map(|open| {
        let imports = open.module.imports().iter().zip(&open.imports);
        let hosts = imports.filter(|(import, state)| {
            matches!(import.ty, ExternType::Func(_))
                && !matches!(state.source, ImportSource::Module(_))
        });
        hosts.map(|(import, _)| (&*import.module, &*import.name))
    });
    let mut imports: Vec<(&str, &str)> =
        imports.filter(|(module, name)| session.import_break(module, name).is_none()).collect();
    imports.sort_unstable();
    imports.dedup();
    imports
}
