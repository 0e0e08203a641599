//! Folders of the system that a program may use: a line for each, and one for another.

use egui::{RichText, TextEdit, Ui};

use crate::session::{Command, Session, SharedFolder};
use crate::ui::tokens::{self, Tokens};
use crate::ui::{feedback, rects, widgets};

/// Draws them.
pub(super) fn show(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new("folders of the system").color(tokens.weak));
    for SharedFolder { host, guest } in session.shared_folders() {
        ui.horizontal(|ui| {
            let end = ui.small_button("✗").accessible_name(format!("share {guest} no more"));
            if end.on_hover_text("From the next start on, programs do not find it").clicked() {
                commands.push(Command::UnshareFolder(guest.clone()));
            }
            let text = RichText::new(widgets::safe(&format!("{guest} is {host}")));
            let label = egui::Label::new(text.font(tokens::mono_small())).truncate();
            ui.add(label).on_hover_text(widgets::safe(host));
        });
    }
    let id = ui.scope_id().with("share");
    let mut typed: [String; 2] = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let [host, guest] = &typed;
    let is_typed =
        |folder: &SharedFolder| folder.host == host.trim() && folder.guest == guest.trim();
    if session.shared_folders().iter().any(is_typed) {
        // It has been taken.
        typed = <[String; 2]>::default();
    }
    let mut entered = false;
    ui.horizontal(|ui| {
        let width = ((ui.available_width() - 70.0) / 2.0).max(40.0);
        let names = ["folder of the system", "what programs call it"];
        for ((text, name), hint) in typed.iter_mut().zip(names).zip(["/home/me/data", "/data"]) {
            let edit = TextEdit::singleline(text).desired_width(width).font(tokens::mono_small());
            let field = ui.add(edit.hint_text(hint)).accessible_name(name);
            let enter = ui.input(|input| input.key_pressed(egui::Key::Enter));
            entered |= field.lost_focus() && enter;
        }
        let share = ui.small_button("Share");
        rects::note(&share, || "modules.share".to_owned());
        entered |= share.on_hover_text("Programs may read and write in it").clicked();
    });
    if entered && typed.iter().any(|text| !text.is_empty()) {
        let [host, guest] = typed.clone().map(|text| text.trim().to_owned());
        commands.push(Command::ShareFolder { host, guest });
    }
    ui.data_mut(|data| data.insert_temp(id, typed));
    feedback::show(ui, |command| matches!(command, Command::ShareFolder { .. }));
}
