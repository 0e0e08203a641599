//! When to stop at the calls of an import: always, once, where a condition holds, or never.

use egui::{RichText, Ui};

use stepwell_engine::text::dotted;

use crate::session::{BreakWhen, Command, Session};
use crate::ui::feedback;
use crate::ui::panels::breakpoints::labelled;
use crate::ui::rects;
use crate::ui::tokens::Tokens;
use crate::ui::widgets::kept_field::KeptField;

const CONDITION_HELP: &str = "Stops only where this holds: arg 0 == 5 (0 is the first argument), str[arg 1, arg 2] == \"GET\", hits > \
     100. docs/expressions.md has all of it.";
const MESSAGE_HELP: &str = "Goes on, and writes this into the log: read {arg 2} bytes to {arg 1:x}. What is \
                            in braces is an expression.";

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
    texts(current, module, name, ui, commands);
    feedback::show(ui, |command| {
        matches!(command, Command::BreakOnImport { module: of, name: known, .. }
            if *of == *module && *known == *name)
    });
}

fn texts(
    current: Option<&BreakWhen>,
    module: &str,
    name: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let place = dotted(module, name);
    let (of_condition, of_message) =
        (format!("condition of {place}"), format!("message of {place}"));
    let (condition, message) = match current {
        Some(BreakWhen::Condition(text)) => (text.as_str(), ""),
        Some(BreakWhen::Message(text)) => ("", text.as_str()),
        _ => ("", ""),
    };
    let condition =
        KeptField::new(ui, &of_condition, condition).hint("arg 0 == 5").help(CONDITION_HELP);
    let message =
        KeptField::new(ui, &of_message, message).hint("read {arg 2} bytes").help(MESSAGE_HELP);
    let mut set = |text: String, when: fn(String) -> BreakWhen| {
        let when = Some(text).filter(|text| !text.trim().is_empty()).map(when);
        let (module, name) = (module.to_owned(), name.to_owned());
        commands.push(Command::BreakOnImport { module, name, when });
    };
    if let Some(text) = labelled("or where", &condition, ui) {
        set(text, BreakWhen::Condition);
    }
    if let Some(text) = labelled("or log", &message, ui) {
        set(text, BreakWhen::Message);
    }
}
