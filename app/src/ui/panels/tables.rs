//! The tables panel.

use egui::Ui;

use crate::session::{Command, Session};

/// Draws it.
pub(super) fn show(_session: &Session, _ui: &mut Ui) -> Vec<Command> {
    Vec::new()
}
