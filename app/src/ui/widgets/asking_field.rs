//! A field for a command that takes a text: emptied once that has been done, left to be mended where it is refused.

use egui::{Id, Response, Ui};

use crate::session::Command;
use crate::ui::{feedback, rects, tokens};

/// A field whose text becomes a command.
pub struct AskingField<'a> {
    id: Id,
    name: &'a str,
    hint: &'a str,
    text: String,
}

impl<'a> AskingField<'a> {
    /// A field with a name for screen readers and tests, unique in this `Ui`; `is_it` knows its commands.
    pub fn new(ui: &Ui, name: &'a str, hint: &'a str, is_it: impl Fn(&Command) -> bool) -> Self {
        let id = ui.scope_id().with(("asking", name));
        let (mut text, asked): (String, bool) =
            ui.data(|data| data.get_temp(id)).unwrap_or_default();
        if asked && feedback::refusal(ui, is_it).is_none() {
            text.clear();
        }
        Self { id, name, hint, text }
    }

    /// Draws the field; whether Enter was pressed in it.
    pub fn show(&mut self, width: f32, ui: &mut Ui) -> (Response, bool) {
        let edit = egui::TextEdit::singleline(&mut self.text)
            .id(self.id.with("field"))
            .font(tokens::mono())
            .hint_text(self.hint)
            .desired_width(width);
        let field = ui.add(edit).accessible_name(self.name);
        rects::note(&field, || self.name.to_owned());
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        (field, entered)
    }

    /// Makes a command of the text, if it is asked for and there is one.
    pub fn ask(
        self,
        is_asked: bool,
        command: impl FnOnce(String) -> Command,
        ui: &Ui,
        commands: &mut Vec<Command>,
    ) {
        let is_asked = is_asked && !self.text.trim().is_empty();
        if is_asked {
            commands.push(command(self.text.clone()));
        }
        ui.data_mut(|data| data.insert_temp(self.id, (self.text, is_asked)));
    }
}
