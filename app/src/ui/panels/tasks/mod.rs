//! Tasks: all of them, whose turn it is, and the turns as lanes over the instruction clock.
//!
//! `list` shows and selects tasks, `lanes` draws their turns.

mod lanes;
mod list;

use egui::{Key, RichText, Ui};

use crate::session::{Command, Session};
use crate::ui::shell::actions::Action;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::{feedback, rects};

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let tasks = session.tasks();
    if tasks.is_empty() {
        widgets::empty(
            ui,
            "No task. Start an export in Modules with Run or Step; with + a further one runs \
             beside it, by turns in the same store.",
        );
        return commands;
    }
    turns(session, ui, &mut commands);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        list::show(session, &tasks, ui, &mut commands);
        ui.add_space(tokens::GAP);
        lanes::show(session, &tasks, ui);
    });
    commands
}

/// The next turn, and how long turns are.
fn turns(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let obstacle = Action::NextTurn.obstacle(session);
    ui.horizontal_wrapped(|ui| {
        let next = ui.add_enabled(obstacle.is_none(), egui::Button::new("Next turn").small());
        rects::note(&next, || "tasks.next_turn".to_owned());
        let next = next.on_hover_text("Lets the task whose turn is next have it, then stands");
        if next.on_disabled_hover_text(obstacle.unwrap_or_default()).clicked() {
            commands.push(Command::NextTurn);
        }
        ui.label(RichText::new("of").color(tokens.weak));
        reductions(session, ui, commands);
        ui.label(RichText::new("instructions").color(tokens.weak));
    });
    feedback::show(ui, |command| matches!(command, Command::SetReductions(_)));
}

fn reductions(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with("reductions");
    let typed: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
    let mut text = typed.clone().unwrap_or_else(|| widgets::grouped(session.reductions()));
    let edit = egui::TextEdit::singleline(&mut text)
        .id(id.with("field"))
        .font(tokens::mono_small())
        .desired_width(tokens::NUMBER * 1.5);
    let field = ui.add(edit).accessible_name("instructions of a turn");
    rects::note(&field, || "tasks.reductions".to_owned());
    let field =
        field.on_hover_text("How many instructions a task executes before the next one's turn");
    let count = widgets::read_count(&text);
    let entered = field.lost_focus() && !ui.input(|input| input.key_pressed(Key::Escape));
    if entered
        && let Ok(count) = count
        && count != session.reductions()
    {
        commands.push(Command::SetReductions(count));
    }
    // What is wrong stays, with the reason beside it, until it is mended or given up.
    let wrong = typed.is_some() && count.is_err();
    let keeps = field.has_focus() || entered && count.is_err() || wrong && !field.lost_focus();
    ui.data_mut(|data| data.insert_temp(id, keeps.then_some(text)));
    if let Err(problem) = &count {
        ui.colored_label(tokens.error, problem);
    }
}
