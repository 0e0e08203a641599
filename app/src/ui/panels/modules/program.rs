//! What a program of the system interface is given: arguments and environment.

use egui::{RichText, Ui};

use crate::session::{Command, OpenModule, RunState, Session, join_words, split_words};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::{feedback, rects};

/// A text being typed, and what the session held when it was begun or last agreed with.
#[derive(Clone)]
struct Typed<T> {
    text: String,
    of: T,
}

/// Whether a module asks for arguments and environment.
fn is_program(open: &OpenModule) -> bool {
    let known = ["wasi_snapshot_preview1", "wasi_unstable"];
    open.module.imports().iter().any(|import| known.contains(&&*import.module))
}

/// Draws the form, if the module is such a program.
pub(super) fn show(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    if !is_program(open) {
        return;
    }
    let header = egui::CollapsingHeader::new("Program").id_salt("program").default_open(true);
    header.show(ui, |ui| {
        arguments(session, open, ui, commands);
        ui.add_space(tokens::GAP);
        environment(session, open, ui, commands);
        #[cfg(not(target_arch = "wasm32"))]
        {
            ui.add_space(tokens::GAP);
            super::shared::show(session, ui, commands);
        }
        if *session.run_state() != RunState::Idle {
            let tokens = Tokens::of(ui);
            let text = RichText::new("Changes hold from the next start on.").small();
            ui.add(egui::Label::new(text.color(tokens.weak)).wrap());
        }
    });
}

/// The text of a field: as typed, unless the session has been told otherwise since.
fn typed<T: Clone + PartialEq + Send + Sync + 'static>(
    ui: &Ui,
    id: egui::Id,
    present: &T,
    written: impl FnOnce(&T) -> String,
) -> Typed<T> {
    let kept: Option<Typed<T>> = ui.data(|data| data.get_temp(id));
    let kept = kept.filter(|kept| kept.of == *present);
    kept.unwrap_or_else(|| Typed { text: written(present), of: present.clone() })
}

fn arguments(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with("arguments");
    let present = session.program_args().to_vec();
    let mut typed = typed(ui, id, &present, |args| join_words(args));
    ui.label(RichText::new("arguments").color(tokens.weak));
    let edit = egui::TextEdit::singleline(&mut typed.text).font(tokens::mono_small());
    let edit = edit.desired_width(f32::INFINITY).hint_text("as in a shell: -n 3 'two words'");
    let field = ui.add(edit).accessible_name(format!("arguments of {}", open.name));
    rects::note(&field, || format!("modules.arguments.{}", open.name));
    match split_words(&typed.text) {
        Ok(words) => {
            parsed(&words, ui);
            if field.changed() && words != present {
                typed.of.clone_from(&words);
                let env = session.program_env().to_vec();
                commands.push(Command::SetProgram { args: words, env });
            }
        }
        Err(problem) => wrong(&problem, ui),
    }
    let count = present.len();
    let refused = feedback::refusal(ui, |command| matches!(command, Command::SetProgram { .. }));
    if let Some((_, problem)) = refused.filter(|(field, _)| *field < count.max(1)) {
        wrong(&problem, ui);
    }
    ui.data_mut(|data| data.insert_temp(id, typed));
}

/// The words, each in a box of its own, so that quotes leave no doubt.
fn parsed(words: &[String], ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    if words.iter().all(|word| !word.is_empty() && !word.contains(char::is_whitespace)) {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(tokens::GAP, tokens::GAP / 2.0);
        for (number, word) in (1..).zip(words) {
            let frame = egui::Frame::new().fill(tokens.background).corner_radius(3);
            let frame = frame.inner_margin(egui::Margin::symmetric(4, 1));
            let shown = frame.show(ui, |ui| {
                let (text, color) = match word.is_empty() {
                    true => ("empty".to_owned(), tokens.faint),
                    false => (widgets::safe(word), tokens.text),
                };
                let text = RichText::new(text).font(tokens::mono_small()).color(color);
                ui.add(egui::Label::new(text).truncate());
            });
            shown.response.on_hover_text(format!("argument {number}"));
        }
    });
}

fn environment(session: &Session, open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with("environment");
    let present = session.program_env().to_vec();
    let mut typed = typed(ui, id, &present, |env| {
        let lines: Vec<String> =
            env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.join("\n")
    });
    ui.label(RichText::new("environment").color(tokens.weak));
    let lines = typed.text.lines().count().clamp(1, 6);
    let edit = egui::TextEdit::multiline(&mut typed.text).font(tokens::mono_small());
    let edit = edit.desired_width(f32::INFINITY).desired_rows(lines).hint_text("NAME=VALUE");
    let field = ui.add(edit).accessible_name(format!("environment of {}", open.name));
    rects::note(&field, || format!("modules.environment.{}", open.name));
    match variables(&typed.text) {
        Ok(env) => {
            if field.changed() && env != present {
                typed.of.clone_from(&env);
                let args = session.program_args().to_vec();
                commands.push(Command::SetProgram { args, env });
            }
        }
        Err(problem) => wrong(&problem, ui),
    }
    let before = session.program_args().len();
    let refused = feedback::refusal(ui, |command| matches!(command, Command::SetProgram { .. }));
    if let Some((_, problem)) = refused.filter(|(field, _)| *field >= before.max(1)) {
        wrong(&problem, ui);
    }
    ui.data_mut(|data| data.insert_temp(id, typed));
}

fn wrong(problem: &str, ui: &mut Ui) {
    let text = RichText::new(problem).small().color(Tokens::of(ui).error);
    ui.add(egui::Label::new(text).wrap());
}

/// Lines of `NAME=VALUE`; empty ones say nothing.
fn variables(text: &str) -> Result<Vec<(String, String)>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
    lines
        .map(|(number, line)| match line.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            Some(_) => Err(format!("line {number}: there is no name before =")),
            None => Err(format!("line {number}: there is no =, as in NAME=VALUE")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_lines_with_a_name() {
        let env = variables("A=1\n\nB=x=y\nC=").unwrap();
        let env: Vec<(&str, &str)> = env.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(env, [("A", "1"), ("B", "x=y"), ("C", "")]);
        assert!(variables("A=1\nB").unwrap_err().starts_with("line 2"));
        assert!(variables("=1").is_err());
    }
}
