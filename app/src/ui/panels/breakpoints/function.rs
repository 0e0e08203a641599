//! A field for a function to stop at: by name, index or address.

use egui::Ui;

use crate::session::Command;
use crate::ui::{feedback, rects, tokens};

pub(super) fn show(ui: &mut Ui, commands: &mut Vec<Command>) {
    let id = ui.scope_id().with("function");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    ui.horizontal(|ui| {
        let edit = egui::TextEdit::singleline(&mut text)
            .font(tokens::mono())
            .hint_text("function")
            .desired_width(tokens::FIELD_WIDE);
        let field = ui.add(edit).accessible_name("function to stop at");
        rects::note(&field, || "breakpoints.function".to_owned());
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        field.on_hover_text(
            "Its name as it is shown or as the module has it, its index, or an address in it",
        );
        let add = ui.button("Stop at it").accessible_name("stop at the function");
        rects::note(&add, || "breakpoints.function.add".to_owned());
        let asked = entered || add.on_hover_text("Stop before its first instruction").clicked();
        if asked && !text.trim().is_empty() {
            commands.push(Command::BreakOnFunction(text.clone()));
        }
    });
    let is_it = |command: &Command| matches!(command, Command::BreakOnFunction(_));
    feedback::show(ui, is_it);
    // What has been done is taken out of the field; what was refused stays to be mended.
    let done = commands.iter().any(is_it);
    let refused = feedback::refusal(ui, is_it).is_some();
    let pending = id.with("pending");
    let was_pending = ui.data(|data| data.get_temp(pending)).unwrap_or(false);
    if was_pending && !refused {
        text.clear();
    }
    ui.data_mut(|data| {
        data.insert_temp(pending, done);
        data.insert_temp(id, text);
    });
}
