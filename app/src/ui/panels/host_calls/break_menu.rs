//! When to stop at the calls of an import: always, once, where a condition holds, or never.

use egui::{Key, RichText, Ui};

use stepwell_engine::text::dotted;

use crate::session::{BreakWhen, Command, Session};
use crate::ui::feedback;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

const CONDITION_HELP: &str = "Stops only where this holds: arg 0 == 5 (0 is the first argument). \
                              Comparisons: == != < <= > >=.";

/// Draws the choices for one import.
pub(in crate::ui::panels) fn choices(
    session: &Session,
    module: &str,
    name: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let current = session.import_break(module, name).map(|known| &known.when);
    let set = |when: Option<BreakWhen>| Command::BreakOnImport {
        module: module.to_owned(),
        name: name.to_owned(),
        when,
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new("stop at").color(tokens.weak));
        let choices = [
            ("every call", Some(BreakWhen::Always)),
            ("the next", Some(BreakWhen::Once)),
            ("none", None),
        ];
        for (words, when) in choices {
            let is_chosen = current == when.as_ref();
            let choice = ui.selectable_label(is_chosen, words);
            let choice =
                choice.accessible_name(format!("stop at {words} of {}", dotted(module, name)));
            rects::note(&choice, || format!("break.{words}.{module}.{name}"));
            if choice.clicked() && !is_chosen {
                commands.push(set(when));
            }
        }
    });
    condition(current, module, name, ui, commands);
    feedback::show(ui, |command| {
        matches!(command, Command::BreakOnImport { module: of, name: known, .. }
            if *of == *module && *known == *name)
    });
}

fn condition(
    current: Option<&BreakWhen>,
    module: &str,
    name: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with(("condition", module, name));
    let known = match current {
        Some(BreakWhen::Condition(text)) => text.as_str(),
        _ => "",
    };
    let typed: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
    let mut text = typed.unwrap_or_else(|| known.to_owned());
    ui.horizontal(|ui| {
        ui.label(RichText::new("or where").color(tokens.weak));
        let edit = egui::TextEdit::singleline(&mut text)
            .font(tokens::mono())
            .hint_text("arg 0 == 5")
            .desired_width(tokens::FIELD_WIDE);
        let field = ui.add(edit).accessible_name(format!("condition of {}", dotted(module, name)));
        rects::note(&field, || format!("break.condition.{module}.{name}"));
        let left = field.lost_focus();
        let escaped = ui.input(|input| input.key_pressed(Key::Escape));
        let field = field.on_hover_text(CONDITION_HELP);
        if left && !escaped && text != known {
            let when = match text.trim() {
                "" => None,
                text => Some(BreakWhen::Condition(text.to_owned())),
            };
            let (module, name) = (module.to_owned(), name.to_owned());
            commands.push(Command::BreakOnImport { module, name, when });
        }
        if field.has_focus() || left {
            // What was refused stays to be mended.
            let is_new = text.trim() != known && !text.trim().is_empty();
            let kept = (field.has_focus() || (is_new && !escaped)).then(|| text.clone());
            ui.data_mut(|data| data.insert_temp(id, kept));
        } else if text == known {
            ui.data_mut(|data| data.insert_temp(id, None::<String>));
        }
    });
}
