//! A value in memory that can be changed in place.

use egui::{Key, RichText, Ui};

use crate::session::{RunState, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// Letters of a value in a narrow column.
pub(super) const MOST: usize = 12;

/// A long value is cut in its column; the whole is in the tooltip.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.max(2) - 1).collect();
    format!("{kept}…")
}

/// A value: a double click turns it into a field.
pub(super) struct Cell<'a> {
    /// What it is called, unique in its `Ui`.
    pub(super) name: &'a str,
    /// For tests that look for its place.
    pub(super) id: String,
    /// Absent beyond the end of the memory.
    pub(super) value: Option<&'a str>,
    /// What the field begins with; without it the value cannot be changed here.
    pub(super) to_edit: Option<&'a str>,
    /// Since the previous stop.
    pub(super) changed: bool,
    /// Letters that there is room for.
    pub(super) most: usize,
}

impl Cell<'_> {
    /// Draws it; returns the bytes that were entered. What is wrong with a text stands below it.
    pub(super) fn show(
        self,
        session: &Session,
        ui: &mut Ui,
        write: impl Fn(&str) -> Result<Vec<u8>, String>,
    ) -> Option<Vec<u8>> {
        let tokens = Tokens::of(ui);
        let Some(value) = self.value else {
            ui.label(RichText::new("beyond the end").small().color(tokens.faint));
            return None;
        };
        let id = ui.scope_id().with(("number", self.name));
        let editing: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
        let Some(mut text) = editing else {
            self.resting(session, value, id, ui);
            return None;
        };
        let mut entered_bytes = None;
        ui.vertical(|ui| {
            let written = write(&text);
            let edit = egui::TextEdit::singleline(&mut text)
                .id(id.with("field"))
                .font(tokens::mono_small())
                .desired_width(tokens::FIELD);
            let field = ui.add(edit).accessible_name(format!("inspector {}", self.name));
            rects::note(&field, || self.id.clone());
            if let Err(problem) = &written {
                ui.add(egui::Label::new(RichText::new(problem).small().color(tokens.error)).wrap());
            }
            let entered = ui.input(|input| input.key_pressed(Key::Enter));
            let left = field.lost_focus();
            let done = match (left, entered, written) {
                (true, true, Ok(bytes)) => {
                    entered_bytes = Some(bytes);
                    true
                }
                (true, true, Err(_)) => {
                    field.request_focus();
                    false
                }
                (left, ..) => left,
            };
            ui.data_mut(|data| data.insert_temp(id, (!done).then_some(text)));
        });
        entered_bytes
    }

    fn resting(&self, session: &Session, value: &str, id: egui::Id, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        let color = if self.changed { tokens.changed } else { tokens.text };
        let shown = RichText::new(shorten(value, self.most)).font(tokens::mono_small());
        let shown = if self.changed { shown.underline() } else { shown };
        let label = ui.add(egui::Label::new(shown.color(color)).sense(egui::Sense::click()));
        let full = format!("{} = {value}", self.name);
        label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &full));
        rects::note(&label, || format!("{}.value", self.id));
        let can = self.to_edit.filter(|_| *session.run_state() != RunState::Running);
        let help = if can.is_some() { "\nDouble click to change it." } else { "" };
        let label = label.on_hover_text(format!("{full}{help}"));
        if let Some(text) = can
            && label.double_clicked()
        {
            ui.data_mut(|data| data.insert_temp(id, Some(text.to_owned())));
            ui.memory_mut(|memory| memory.request_focus(id.with("field")));
        }
    }
}
