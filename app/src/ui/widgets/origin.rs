//! How it is asked where a value comes from: an entry of its menu.

use egui::Ui;

use crate::session::{Asked, Command, Session};

/// The words of the entry.
pub const QUESTION: &str = "Where does this come from?";

/// The entry, where there is a past to look through.
pub fn entry(session: &Session, asked: Asked, ui: &mut Ui, commands: &mut Vec<Command>) {
    if !session.can_ask_origin() {
        return;
    }
    let entry = ui.button(QUESTION).on_hover_text("Back to the instruction that made it");
    if entry.clicked() {
        commands.push(Command::AskOrigin(asked));
        ui.close();
    }
}
