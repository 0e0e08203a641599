//! A field for a function to stop at: by name, index or address.

use egui::Ui;

use crate::session::Command;
use crate::ui::widgets::asking_field::AskingField;
use crate::ui::{feedback, rects, tokens};

pub(super) fn show(ui: &mut Ui, commands: &mut Vec<Command>) {
    let is_it = |command: &Command| matches!(command, Command::BreakOnFunction(_));
    let mut field = AskingField::new(ui, "function to stop at", "function", is_it);
    let asked = ui.horizontal(|ui| {
        let (response, entered) = field.show(tokens::FIELD_WIDE, ui);
        response.on_hover_text(
            "Its name as it is shown or as the module has it, its index, or an address in it",
        );
        let add = ui.button("Stop at it").accessible_name("stop at the function");
        rects::note(&add, || "breakpoints.function.add".to_owned());
        entered || add.on_hover_text("Stop before its first instruction").clicked()
    });
    field.ask(asked.inner, Command::BreakOnFunction, ui, commands);
    feedback::show(ui, is_it);
}
