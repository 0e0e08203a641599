//! The way from something that happened to its moment: an entry of its menu.

use egui::Ui;

use crate::session::{Command, Session};

/// Whether a count can be gone to.
pub fn can_go(session: &Session, clock: u64) -> bool {
    session.past().is_some_and(|past| past.is_kept && (past.first..=past.end).contains(&clock))
}

/// An entry that goes to a count, as far as that is known.
pub fn entry(session: &Session, name: &str, clock: u64, ui: &mut Ui, commands: &mut Vec<Command>) {
    let entry = ui.add_enabled(can_go(session, clock), egui::Button::new(name));
    let entry = entry.on_disabled_hover_text("This moment of the run is not known any more");
    if entry.clicked() {
        commands.push(Command::SeekTo(clock));
        ui.close();
    }
}
