//! Breakpoints: where they are, whether they stop, on which condition, how often they were hit.

use egui::{Key, RichText, Ui};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::text::dotted;
use stepwell_engine::{CodeOffset, ExternType};

use super::host_calls::break_menu;
use crate::session::{
    BreakWhen, BreakpointState, Command, ImportBreak, ImportSource, OpenModule, Session,
};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::{feedback, rects};

const CONDITION_HELP: &str = "Stops only when this holds: $n == 5, local 0 > 3, stack 0 != 0 (0 is \
                              the top). Comparisons: == != < <= > >=. Empty: always.";

/// Imports offered; more of them nobody reads.
const IMPORTS: usize = 500;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let breaks = session.import_breaks();
    if session.breakpoints().len() == 0 && breaks.is_empty() {
        widgets::empty(
            ui,
            "No breakpoints. Click into the gutter left of an instruction, or press F9, to stop \
             there. To stop where the host is called, choose an import:",
        );
        ui.vertical_centered(|ui| add_import(session, ui, &mut commands));
        return commands;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for breakpoint in session.breakpoints() {
            if let Some(open) = session.module(breakpoint.module) {
                line(breakpoint, open, ui, &mut commands);
            }
        }
        for known in breaks {
            import_line(session, known, ui, &mut commands);
        }
        ui.add_space(tokens::GAP);
        ui.horizontal(|ui| {
            add_import(session, ui, &mut commands);
            let clear = ui.button("Remove all");
            rects::note(&clear, || "breakpoints.clear".to_owned());
            if clear.clicked() {
                if session.breakpoints().len() > 0 {
                    commands.push(Command::ClearBreakpoints);
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
            let hits = format!("{} ×", widgets::grouped(known.hits));
            ui.label(RichText::new(hits).font(tokens::mono_small()).color(tokens.weak))
                .on_hover_text("How often it has stopped");
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

fn line(breakpoint: &BreakpointState, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let (module, offset) = (breakpoint.module, breakpoint.offset);
    let func = open.module.func_at(CodeOffset(offset));
    let name = func.map_or_else(|| widgets::safe(&open.name), |func| open.func_label(func));
    let place = format!("{name} 0x{offset:04x}");
    ui.horizontal(|ui| {
        let mut enabled = breakpoint.enabled;
        let check = ui.checkbox(&mut enabled, "").accessible_name(format!("enable {place}"));
        if check.on_hover_text("Whether it stops").changed() {
            commands.push(Command::EnableBreakpoint { module, offset, enabled });
        }
        let text = RichText::new(&place).font(tokens::mono()).color(tokens.module(open.hue));
        let listing = func.and_then(|func| Listing::new(&open.module, func).ok());
        let instruction = listing
            .and_then(|listing| open.instruction(&listing, listing.position(CodeOffset(offset))?));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = ui.small_button("✗").accessible_name(format!("remove {place}"));
            if remove.on_hover_text("Remove it").clicked() {
                commands.push(Command::ToggleBreakpoint { module, offset });
            }
            let hits = format!("{} ×", widgets::grouped(breakpoint.hits));
            ui.label(RichText::new(hits).font(tokens::mono_small()).color(tokens.weak))
                .on_hover_text("How often it stopped in this run");
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                let link = ui.add(egui::Label::new(text).sense(egui::Sense::click()));
                if link.on_hover_text(format!("{place}\nShow the instruction")).clicked() {
                    commands.push(Command::ShowOffset { module, offset });
                }
                if let Some(instruction) = instruction {
                    let text = RichText::new(instruction.to_string()).font(tokens::mono_small());
                    ui.label(text.color(tokens.weak));
                }
            });
        });
    });
    condition(breakpoint, &place, ui, commands);
}

fn condition(breakpoint: &BreakpointState, place: &str, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let (module, offset) = (breakpoint.module, breakpoint.offset);
    let id = ui.scope_id().with(("condition", module.0, offset));
    let typed: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
    let mut text = typed.unwrap_or_else(|| breakpoint.condition.clone());
    ui.horizontal(|ui| {
        ui.add_space(tokens::INDENT);
        ui.label(RichText::new("when").color(tokens.weak));
        let edit = egui::TextEdit::singleline(&mut text)
            .font(tokens::mono())
            .hint_text("always")
            .desired_width(tokens::FIELD_WIDE);
        let field = ui.add(edit).accessible_name(format!("condition of {place}"));
        let left = field.lost_focus();
        let escaped = ui.input(|input| input.key_pressed(Key::Escape));
        let field = field.on_hover_text(CONDITION_HELP);
        if left && !escaped && text != breakpoint.condition {
            let condition = text.clone();
            commands.push(Command::SetCondition { module, offset, condition });
        }
        let kept = (field.has_focus() || (left && !escaped)).then(|| text.clone());
        if field.has_focus() || left {
            ui.data_mut(|data| data.insert_temp(id, kept));
        } else if text == breakpoint.condition {
            ui.data_mut(|data| data.insert_temp(id, None::<String>));
        }
    });
    let is_it = |command: &Command| {
        matches!(command, Command::SetCondition { module: m, offset: o, .. }
            if *m == module && *o == offset)
    };
    if text != breakpoint.condition && feedback::refusal(ui, is_it).is_some() {
        feedback::show(ui, is_it);
        let in_force = match breakpoint.condition.as_str() {
            "" => "It stops always until the condition is right.".to_owned(),
            known => format!("Until it is right, this holds: {known}"),
        };
        ui.label(RichText::new(in_force).color(tokens.weak));
    }
}
