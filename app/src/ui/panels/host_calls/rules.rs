//! The rules for answers: a line for each, which is edited in place.

use egui::{ComboBox, RichText, TextEdit, Ui};
use stepwell_engine::ExternType;
use stepwell_engine::text::dotted;

use crate::session::{AnswerRule, Command, HostAnswerState, HostCallRecord, Session, Then};
use crate::ui::tokens::{self, Tokens};
use crate::ui::{feedback, rects, widgets};

/// Rules as they are being written, and the session's when that began.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) is_open: bool,
    of: Vec<AnswerRule>,
    rules: Vec<Draft>,
}

#[derive(Clone, Default)]
struct Draft {
    import: (String, String),
    args: String,
    answers: String,
    then: Then,
}

impl Draft {
    fn of(rule: &AnswerRule) -> Self {
        Self {
            import: (rule.module.clone(), rule.name.clone()),
            args: rule.args.join(", "),
            answers: rule.answers.join("; "),
            then: rule.then,
        }
    }

    fn rule(&self) -> AnswerRule {
        let parts = |text: &str, by: char| -> Vec<String> {
            match text.trim() {
                "" => Vec::new(),
                text => text.split(by).map(|part| part.trim().to_owned()).collect(),
            }
        };
        let args = match self.args.trim() {
            "" => Vec::new(),
            text => arguments(text),
        };
        let (module, name) = self.import.clone();
        // Without results an empty answer is one.
        let answers = match parts(&self.answers, ';') {
            none if none.is_empty() => vec![String::new()],
            answers => answers,
        };
        AnswerRule { module, name, args, answers, then: self.then }
    }
}

/// Texts set apart by commas, but those within brackets, parentheses and quotation marks.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let is_end = |sign: char| {
        let within_escape = std::mem::take(&mut escaped);
        match sign {
            '\\' if quoted => escaped = !within_escape,
            '"' if !within_escape => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth = depth.saturating_sub(1),
            ',' => return depth == 0 && !quoted,
            _ => {}
        }
        false
    };
    text.split(is_end).map(|part| part.trim().to_owned()).collect()
}

/// What is done to the list.
enum Act {
    Change,
    Add,
    Remove(usize),
    Raise(usize),
}

/// The button that shows or hides them.
pub(super) fn toggle(session: &Session, drafts: &mut Drafts, ui: &mut Ui) {
    let text = match session.answer_rules().len() {
        0 => "Rules".to_owned(),
        count => format!("Rules · {count}"),
    };
    let button = ui.selectable_label(drafts.is_open, RichText::new(text).small());
    let button = button.accessible_name("rules for answers");
    rects::note(&button, || "host_calls.rules".to_owned());
    if button.on_hover_text("Answer calls by themselves: by argument, or in a sequence").clicked() {
        drafts.is_open = !drafts.is_open;
    }
}

/// Draws them.
pub(super) fn show(
    session: &Session,
    drafts: &mut Drafts,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let present: Vec<AnswerRule> = session.answer_rules().map(|(rule, _)| rule.clone()).collect();
    if drafts.of != present {
        drafts.rules = present.iter().map(Draft::of).collect();
        drafts.of = present;
    }
    let refused = feedback::refusal(ui, |command| matches!(command, Command::SetAnswerRules(_)));
    let hits: Vec<u64> = session.answer_rules().map(|(_, hits)| hits).collect();
    let imports = imports(session);
    let mut act = None;
    for (position, draft) in drafts.rules.iter_mut().enumerate() {
        ui.push_id(position, |ui| {
            ui.horizontal_wrapped(|ui| {
                line(draft, position, &imports, hits.get(position), ui, &mut act)
            });
            if let Some((_, message)) = refused.as_ref().filter(|(field, _)| *field == position) {
                ui.colored_label(tokens.error, format!("⚠ {message}"));
            }
        });
    }
    ui.horizontal_wrapped(|ui| {
        let add = ui.small_button("+ Rule").accessible_name("add a rule");
        rects::note(&add, || "host_calls.rules.add".to_owned());
        if add.clicked() {
            act = Some(Act::Add);
        }
        let help = "The first one that fits answers. Arguments: `5, > 3, *, cstr[arg 3] == \"x\"`. Answers: `1; 2; trap message; \
                    ask`, one a call, the results of one set apart by commas.";
        ui.label(RichText::new(help).small().color(tokens.weak));
    });
    let Some(act) = act else { return };
    match act {
        Act::Change => {}
        Act::Add => {
            let import = imports.first().cloned().unwrap_or_default();
            drafts.rules.push(Draft { import, ..Draft::default() });
            // It is told once it says something.
            return;
        }
        Act::Remove(position) => drop(drafts.rules.remove(position)),
        Act::Raise(position) => drafts.rules.swap(position, position.saturating_sub(1)),
    }
    commands.push(Command::SetAnswerRules(drafts.rules.iter().map(Draft::rule).collect()));
}

/// One rule.
fn line(
    draft: &mut Draft,
    position: usize,
    imports: &[(String, String)],
    hits: Option<&u64>,
    ui: &mut Ui,
    act: &mut Option<Act>,
) {
    let tokens = Tokens::of(ui);
    let shown = dotted(&draft.import.0, &draft.import.1);
    let combo = ComboBox::from_id_salt("import").width(tokens::FIELD).truncate();
    let combo = combo.selected_text(RichText::new(&shown).font(tokens::mono_small()));
    let combo = combo.show_ui(ui, |ui| {
        for import in imports {
            let text = RichText::new(dotted(&import.0, &import.1)).font(tokens::mono_small());
            if ui.selectable_label(draft.import == *import, text).clicked() {
                draft.import = import.clone();
                *act = Some(Act::Change);
            }
        }
    });
    combo.response.accessible_name(format!("import of rule {position}")).on_hover_text(&shown);
    let mut field = |ui: &mut Ui, text: &mut String, hint: &str, name: &str| {
        let edit = TextEdit::singleline(text).font(tokens::mono_small()).hint_text(hint);
        let field = ui.add(edit.desired_width(tokens::FIELD));
        let field = field.accessible_name(format!("{name} of rule {position}"));
        rects::note(&field, || format!("host_calls.rules.{position}.{name}"));
        if field.lost_focus() {
            *act = Some(Act::Change);
        }
    };
    ui.label("(");
    field(ui, &mut draft.args, "any arguments", "arguments");
    ui.label(") →");
    field(ui, &mut draft.answers, "answers", "answers");
    let words = |then: Then| match then {
        Then::Last => "then the last",
        Then::Again => "then again",
        Then::Pass => "then others",
    };
    let combo = ComboBox::from_id_salt("then").width(84.0);
    let combo = combo.selected_text(RichText::new(words(draft.then)).small());
    let combo = combo.show_ui(ui, |ui| {
        for then in [Then::Last, Then::Again, Then::Pass] {
            if ui.selectable_label(draft.then == then, words(then)).clicked() {
                draft.then = then;
                *act = Some(Act::Change);
            }
        }
    });
    combo.response.accessible_name(format!("end of rule {position}"));
    if position > 0
        && ui.small_button("⏶").accessible_name(format!("raise rule {position}")).clicked()
    {
        *act = Some(Act::Raise(position));
    }
    let remove = ui.small_button("✗").accessible_name(format!("remove rule {position}"));
    if remove.clicked() {
        *act = Some(Act::Remove(position));
    }
    if let Some(hits) = hits {
        let text = format!("×{}", widgets::grouped(*hits));
        let label = ui.label(RichText::new(text).font(tokens::mono_small()).color(tokens.weak));
        label.on_hover_text("Calls that it has answered in this run");
    }
}

/// Functions that open modules import and no module provides.
fn imports(session: &Session) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for open in session.modules() {
        for (import, state) in open.module.imports().iter().zip(&open.imports) {
            let is_other = matches!(state.source, crate::session::ImportSource::Module(_));
            if matches!(import.ty, ExternType::Func(_)) && !is_other {
                found.push((import.module.to_string(), import.name.to_string()));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Offers to answer calls with the same arguments as this one was.
pub(super) fn offer(
    session: &Session,
    record: &HostCallRecord,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> bool {
    let answer = match &record.answer {
        HostAnswerState::Returned { values, .. } => {
            values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        HostAnswerState::Trapped { message, .. } => format!("trap {message}"),
        HostAnswerState::Pending | HostAnswerState::Exited(_) => return false,
    };
    let button = ui.small_button("Always answer so");
    rects::note(&button, || "host_calls.rules.offer".to_owned());
    let help = "Adds a rule: calls of this import with these arguments get this answer";
    if !button.on_hover_text(help).clicked() {
        return false;
    }
    let rule = AnswerRule {
        module: record.call.module.to_string(),
        name: record.call.name.to_string(),
        args: record.call.args.iter().map(ToString::to_string).collect(),
        answers: vec![answer],
        then: Then::Last,
    };
    let rules = session.answer_rules().map(|(rule, _)| rule.clone());
    commands.push(Command::SetAnswerRules(std::iter::once(rule).chain(rules).collect()));
    true
}

#[cfg(test)]
mod tests {
    use super::arguments;

    #[test]
    fn commas_of_expressions_are_theirs() {
        assert_eq!(arguments("5, > 3,*"), ["5", "> 3", "*"]);
        let texts = ["str[arg 0, 2] == \"a,\\\"b\"", "(1, 2)", ""];
        assert_eq!(arguments(&texts.join(", ")), texts);
    }
}
