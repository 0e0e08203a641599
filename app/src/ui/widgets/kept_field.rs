//! A field for a text that may be refused: what was typed stays to be mended, with the reason beside it.

use egui::{Id, Key, RichText, Ui};

use crate::session::Command;
use crate::ui::tokens::{self, Tokens};
use crate::ui::{feedback, rects};

/// A field whose text is taken when it is left or Enter is pressed; Escape takes back what was typed.
pub struct KeptField<'a> {
    id: Id,
    name: &'a str,
    known: &'a str,
    hint: &'a str,
    help: &'a str,
    width: f32,
}

impl<'a> KeptField<'a> {
    /// A field with a name for screen readers and tests, unique in this `Ui`, and the text that is in force.
    pub fn new(ui: &Ui, name: &'a str, known: &'a str) -> Self {
        let id = ui.scope_id().with(("kept", name));
        Self { id, name, known, hint: "", help: "", width: tokens::FIELD_WIDE }
    }

    /// What stands in it while it is empty.
    pub fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// What is said where the pointer rests on it.
    pub fn help(self, help: &'a str) -> Self {
        Self { help, ..self }
    }

    /// How wide it is.
    pub fn width(self, width: f32) -> Self {
        Self { width, ..self }
    }

    /// Draws the field; the new text, once.
    pub fn show(&self, ui: &mut Ui) -> Option<String> {
        let id = self.id;
        let typed: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
        let mut text = typed.unwrap_or_else(|| self.known.to_owned());
        let edit = egui::TextEdit::singleline(&mut text)
            .font(tokens::mono())
            .hint_text(self.hint)
            .desired_width(self.width);
        let field = ui.add(edit).accessible_name(self.name);
        rects::note(&field, || self.name.to_owned());
        let left = field.lost_focus();
        let escaped = ui.input(|input| input.key_pressed(Key::Escape));
        let field = match self.help {
            "" => field,
            help => field.on_hover_text(help),
        };
        let is_new = text != self.known;
        if field.has_focus() || left {
            let kept = (field.has_focus() || (is_new && !escaped)).then(|| text.clone());
            ui.data_mut(|data| data.insert_temp(id, kept));
        } else if !is_new {
            ui.data_mut(|data| data.insert_temp(id, None::<String>));
        }
        (left && !escaped && is_new).then_some(text)
    }

    /// Why what stands in it has been refused, if it has, and what is in force meanwhile.
    pub fn refusal(&self, in_force: &str, of: impl Fn(&Command) -> bool, ui: &mut Ui) {
        let typed: Option<String> = ui.data(|data| data.get_temp(self.id)).flatten();
        let is_new = typed.is_some_and(|typed| typed != self.known);
        if is_new && feedback::refusal(ui, &of).is_some() {
            feedback::show(ui, of);
            let tokens = Tokens::of(ui);
            ui.label(RichText::new(in_force).color(tokens.weak));
        }
    }
}
