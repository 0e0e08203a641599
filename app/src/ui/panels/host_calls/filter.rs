//! The line above the list: whose calls, of which import, with which text; folding; forgetting.

use egui::{RichText, Ui};

use stepwell_engine::text::{dotted, escaped, path_part};

use super::rows::short_module;
use super::{State, rules};
use crate::session::{CalledImport, CallsFormat, Command, ModuleKey, Session};
use crate::ui::files::{self, Request};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Width of the field for a text that is worth having.
const LEAST: f32 = tokens::FIELD * 0.7;

/// Draws it.
pub(super) fn show(session: &Session, state: &mut State, ui: &mut Ui, commands: &mut Vec<Command>) {
    let called = session.called_imports();
    let before = (state.filter.clone(), state.folds);
    ui.horizontal_wrapped(|ui| {
        callers(session, state, &called, ui);
        imports(state, &called, ui);
        text(state, ui);
        let fold = ui.selectable_label(state.folds, "×N").accessible_name("fold equal calls");
        rects::note(&fold, || "host_calls.fold".to_owned());
        let help = "Show equal calls in a row as one: of the same task at the same instruction, answered \
                    alike, with the same texts";
        if fold.on_hover_text(help).clicked() {
            state.folds = !state.folds;
        }
        export(session, state, ui);
        rules::toggle(session, &mut state.rules, ui);
        let clear = ui.small_button("Clear").accessible_name("clear the host calls");
        rects::note(&clear, || "host_calls.clear".to_owned());
        if clear.on_hover_text("Forget the calls that have been answered").clicked() {
            commands.push(Command::ClearHostCalls);
        }
    });
    if before != (state.filter.clone(), state.folds) {
        state.at_once = true;
        state.reveal = state.selected.map(|(_, number)| number);
    }
}

/// A menu that saves the calls that are listed.
fn export(session: &Session, state: &State, ui: &mut Ui) {
    let menu = ui.menu_button(RichText::new("Export").small(), |ui| {
        let formats = [("JSON lines", CallsFormat::JsonLines), ("CSV", CallsFormat::Csv)];
        for (words, format) in formats {
            let entry = ui.button(words).accessible_name(format!("export as {words}"));
            rects::note(&entry, || format!("host_calls.export.{}", format.ending()));
            if entry.clicked() {
                let text = session.export_calls(format, state.index.calls(session));
                let name = format!("host-calls.{}", format.ending());
                files::request(ui.ctx(), Request::Save(name, text.into_bytes().into()));
                ui.close();
            }
        }
    });
    let response = menu.response.accessible_name("export the host calls");
    rects::note(&response, || "host_calls.export".to_owned());
    response.on_hover_text("Save the calls that are listed, folded ones one by one");
}

/// One chip a module that has called the host, in its hue.
fn callers(session: &Session, state: &mut State, called: &[CalledImport], ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let mut callers: Vec<ModuleKey> = called.iter().map(|import| import.caller).collect();
    callers.sort_unstable();
    callers.dedup();
    if callers.len() < 2 && state.filter.modules.is_empty() {
        return;
    }
    for key in callers {
        let Some(open) = session.module(key) else { continue };
        let is_chosen = state.filter.modules.contains(&key);
        let text =
            RichText::new(&open.name).font(tokens::mono_bold()).color(tokens.module(open.hue));
        let chip = ui.selectable_label(is_chosen, text);
        let chip = chip.accessible_name(format!("calls of {}", open.name));
        rects::note(&chip, || format!("host_calls.of.{}", open.name));
        if chip.on_hover_text(format!("Only calls of {}", open.name)).clicked()
            && !state.filter.modules.remove(&key)
        {
            state.filter.modules.insert(key);
        }
    }
}

fn imports(state: &mut State, called: &[CalledImport], ui: &mut Ui) {
    let shown = match &state.filter.import {
        Some((module, name)) => format!("{}{}", short_module(&escaped(module)), path_part(name)),
        None => "all imports".to_owned(),
    };
    let combo = egui::ComboBox::from_id_salt("imports")
        .selected_text(RichText::new(shown).small())
        .width(tokens::FIELD)
        .truncate();
    let combo = combo.show_ui(ui, |ui| {
        let is_all = state.filter.import.is_none();
        if ui.selectable_label(is_all, "all imports").clicked() {
            state.filter.import = None;
        }
        let mut counted: Vec<(&str, &str, u64)> = Vec::new();
        for import in called {
            let (module, name) = (&*import.module, &*import.name);
            match counted.iter_mut().find(|known| (known.0, known.1) == (module, name)) {
                Some(known) => known.2 += import.count,
                None => counted.push((module, name, import.count)),
            }
        }
        counted.sort_unstable();
        for (module, name, count) in counted {
            let chosen = state.filter.import.as_ref();
            let is_chosen =
                chosen.is_some_and(|known| (known.0.as_str(), known.1.as_str()) == (module, name));
            let text = dotted(module, name);
            let line = format!("{text} · {}", widgets::grouped(count));
            let line = RichText::new(line).font(tokens::mono_small());
            let entry =
                ui.selectable_label(is_chosen, line).accessible_name(format!("only {text}"));
            if entry.clicked() {
                state.filter.import = Some((module.to_owned(), name.to_owned()));
            }
        }
    });
    let response = combo.response.accessible_name("import");
    rects::note(&response, || "host_calls.import".to_owned());
}

fn text(state: &mut State, ui: &mut Ui) {
    // What stands behind it needs about as much.
    let width = (ui.available_width() - tokens::FIELD_WIDE * 0.75).clamp(LEAST, tokens::FIELD_WIDE);
    let edit =
        egui::TextEdit::singleline(&mut state.filter.text).hint_text("filter").desired_width(width);
    let field = ui.add(edit).accessible_name("filter host calls");
    rects::note(&field, || "host_calls.filter".to_owned());
    field.on_hover_text("What the caller, the import, an argument or the answer contains");
}
