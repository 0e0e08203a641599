//! Who is to answer an import: what can be chosen, and what a choice comes to.

use egui::{Color32, RichText, Ui};
use stepwell_engine::ExternType;
use stepwell_engine::module::Import;
use stepwell_engine::text::{dotted, escaped};

use super::provider;
use crate::hosts::{self, HostSet};
use crate::session::{
    Command, ImportPolicy, ImportSource, ImportState, OpenModule, Session, SetChoice,
};
use crate::ui::tokens::{self, Tokens};

/// What a person can choose for an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// What its name speaks for.
    Guess,
    Set(HostSet),
    Policy(ImportPolicy),
}

/// What a policy is called.
pub(super) fn policy_text(policy: ImportPolicy) -> &'static str {
    match policy {
        ImportPolicy::Ask => "ask me",
        ImportPolicy::Zero => "return zero",
        ImportPolicy::Trap => "trap",
    }
}

pub(super) const POLICIES: [ImportPolicy; 3] =
    [ImportPolicy::Ask, ImportPolicy::Zero, ImportPolicy::Trap];

/// The set that answers an import, if one does.
pub(super) fn set_of(state: &ImportState) -> Option<HostSet> {
    match state.source {
        ImportSource::Set(set) if set.is_provided() => Some(set),
        _ => None,
    }
}

/// The set that is guessed, if it is there.
fn guessed(open: &OpenModule, import: &Import) -> Option<HostSet> {
    open.importer.guess(import).filter(|set| set.is_provided())
}

impl Choice {
    /// What is chosen now.
    fn present(state: &ImportState) -> Self {
        match (set_of(state), state.choice) {
            (Some(_), SetChoice::Guess) => Choice::Guess,
            (Some(set), _) => Choice::Set(set),
            (None, _) => Choice::Policy(state.policy),
        }
    }

    /// All that fit an import.
    fn all(open: &OpenModule, import: &Import) -> Vec<Self> {
        let guess = guessed(open, import).map(|_| Choice::Guess);
        let fits = |set: &HostSet| set.is_provided() && hosts::provides(*set, import);
        let sets = HostSet::ALL.into_iter().filter(fits).map(Choice::Set);
        let is_func = matches!(import.ty, ExternType::Func(_));
        let policies = POLICIES.into_iter().filter(|_| is_func).map(Choice::Policy);
        guess.into_iter().chain(sets).chain(policies).collect()
    }

    /// Whether it can be chosen for an import.
    fn fits(self, open: &OpenModule, import: &Import) -> bool {
        Self::all(open, import).contains(&self)
    }

    /// What it is called in the list.
    fn text(self, guess: Option<HostSet>) -> String {
        match (self, guess) {
            (Choice::Guess, Some(set)) => format!("guess: {}", set.title()),
            (Choice::Guess, None) => "guess".to_owned(),
            (Choice::Set(set), _) => set.title().to_owned(),
            (Choice::Policy(policy), _) => policy_text(policy).to_owned(),
        }
    }

    fn hint(self, guess: Option<HostSet>) -> &'static str {
        match self {
            Choice::Guess => guess.map_or("", HostSet::summary),
            Choice::Set(set) => set.summary(),
            Choice::Policy(ImportPolicy::Ask) => "A call stops, and you answer it.",
            Choice::Policy(ImportPolicy::Zero) => "A call returns zeros and nulls.",
            Choice::Policy(ImportPolicy::Trap) => "A call traps.",
        }
    }

    fn command(self, open: &OpenModule, import: usize) -> Command {
        let module = open.key;
        match self {
            Choice::Guess => Command::ChooseSet { module, import, set: SetChoice::Guess },
            Choice::Set(set) => Command::ChooseSet { module, import, set: SetChoice::Given(set) },
            Choice::Policy(policy) => Command::SetPolicy { module, import, policy },
        }
    }
}

/// What a box shows that is closed, and what it explains.
fn shown(state: &ImportState, tokens: &Tokens) -> (String, Color32, String) {
    match set_of(state) {
        Some(set) => {
            let how = match state.choice {
                SetChoice::Guess => "Its name and type speak for it.",
                SetChoice::Nobody | SetChoice::Given(_) => "You have chosen it.",
            };
            let hint = format!("Answered by {}. {} {how}", set.title(), set.summary());
            (set.title().to_owned(), tokens.good, hint)
        }
        None => {
            let choice = Choice::Policy(state.policy);
            let hint = format!("Nobody satisfies it. {}", choice.hint(None));
            (policy_text(state.policy).to_owned(), tokens.host, hint)
        }
    }
}

/// What can be done about an import that no set provides although one is meant.
pub(super) fn advice(open: &OpenModule, import: &Import, state: &ImportState) -> Option<String> {
    let is_open = match &state.source {
        ImportSource::Nobody => true,
        ImportSource::Set(set) => !set.is_provided(),
        ImportSource::Module(_) | ImportSource::Mismatch(..) => false,
    };
    is_open.then(|| open.importer.advice(import)).flatten()
}

/// A box to choose who answers one import.
pub(super) fn one(
    session: &Session,
    open: &OpenModule,
    position: usize,
    import: &Import,
    state: &ImportState,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> egui::Response {
    let (text, color, hint) = shown(state, Tokens::of(ui));
    let text = RichText::new(text).small().color(color);
    let combo = egui::ComboBox::from_id_salt(("policy", position)).selected_text(text);
    let shown = combo.width(tokens::FIELD).show_ui(ui, |ui| {
        let guess = guessed(open, import);
        for choice in Choice::all(open, import) {
            let is_present = choice == Choice::present(state);
            let label = ui.selectable_label(is_present, choice.text(guess));
            if label.on_hover_text(choice.hint(guess)).clicked() {
                commands.push(choice.command(open, position));
            }
        }
        if provider::is_of_use(session, open, position, state) {
            ui.separator();
            provider::entries(session, open, position, ui, commands);
        }
    });
    let name = format!("policy of {}", dotted(&import.module, &import.name));
    shown.response.accessible_name(name).on_hover_text(hint)
}

/// A box to choose for several imports at once; those that a choice does not fit stay as they are.
pub(super) fn several(
    open: &OpenModule,
    name: &str,
    positions: &[usize],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> Option<egui::Response> {
    let imports = open.module.imports();
    let free: Vec<(usize, &Import, &ImportState)> = positions
        .iter()
        .filter_map(|position| {
            Some((*position, imports.get(*position)?, open.imports.get(*position)?))
        })
        .filter(|(_, _, state)| !matches!(state.source, ImportSource::Module(_)))
        .collect();
    let (_, first, state) = free.first()?;
    let tokens = Tokens::of(ui);
    let present = Choice::present(state);
    let is_same = free
        .iter()
        .all(|(.., other)| Choice::present(other) == present && set_of(other) == set_of(state));
    let (text, color, _) = shown(state, tokens);
    let (text, color) = if is_same { (text, color) } else { ("mixed".to_owned(), tokens.weak) };
    let text = RichText::new(text).small().color(color);
    let combo = egui::ComboBox::from_id_salt(("policies", name)).selected_text(text);
    let shown = combo.width(tokens::FIELD).show_ui(ui, |ui| {
        let guess = guessed(open, first);
        let is_whole = free.iter().all(|(_, import, _)| guessed(open, import) == guess);
        // Looking through thousands of imports is for the opened box only.
        let mut choices: Vec<Choice> = Vec::new();
        for (_, import, _) in &free {
            for choice in Choice::all(open, import) {
                if !choices.contains(&choice) {
                    choices.push(choice);
                }
            }
        }
        let place = |choice: &Choice| match choice {
            Choice::Guess => 0,
            Choice::Set(_) => 1,
            Choice::Policy(_) => 2,
        };
        choices.sort_by_key(place);
        for choice in choices {
            let guess = guess.filter(|_| is_whole);
            let label = ui.selectable_label(is_same && choice == present, choice.text(guess));
            if label.on_hover_text(choice.hint(guess)).clicked() {
                let fitting = free.iter().filter(|(_, import, _)| choice.fits(open, import));
                commands.extend(fitting.map(|(position, ..)| choice.command(open, *position)));
            }
        }
    });
    let label = format!("policy of all {}", escaped(name));
    Some(shown.response.accessible_name(label).on_hover_text("One choice for all of these"))
}
