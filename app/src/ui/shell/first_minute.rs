//! The first minute: five things to press in order, in the line under the toolbar.
//!
//! It goes away with what is done behind the last, by button or key, or when it is dismissed.

use egui::{Button, RichText, Ui};

use super::actions::Action;
use crate::session::Session;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// What is to be pressed, what that is called, and what to look at then.
const STEPS: [(Action, &str, &str); 5] = [
    (
        Action::StepInto,
        "Step one instruction",
        "It executes the highlighted row of Code. What has changed is underlined in all panels.",
    ),
    (
        Action::StepOver,
        "Step over",
        "As a step; a call runs to its return, whatever happens in it.",
    ),
    (Action::Continue, "Run on", "To the end, or to what stops it: a breakpoint, a trap, a call."),
    (
        Action::StepBack,
        "Step back",
        "All is as it was before. The line at the bottom leads to any moment of the run.",
    ),
    (
        Action::Restart,
        "Begin again",
        "The same export with the same arguments. Others are in Modules, examples in Learn.",
    ),
];

/// How far a person has come.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(in crate::ui) struct FirstMinute {
    done: usize,
}

impl FirstMinute {
    /// What is left of it after an action: nothing behind the last, whose words stay until then. Who goes
    /// ahead needs no help with what was left out.
    pub(super) fn after(self, action: Action) -> Option<Self> {
        if self.done >= STEPS.len() {
            return None;
        }
        let place = STEPS.iter().position(|(step, ..)| *step == action);
        let done = place.map_or(self.done, |place| self.done.max(place + 1));
        Some(Self { done })
    }

    /// Draws it: what was pressed, and whether it is to go away.
    pub(super) fn show(&self, session: &Session, ui: &mut Ui) -> (Option<Action>, bool) {
        let tokens = Tokens::of(ui);
        let (mut pressed, mut dismissed) = (None, false);
        ui.horizontal(|ui| {
            let close = ui.small_button("✗").accessible_name("dismiss the first minute");
            rects::note(&close, || "first_minute.dismiss".to_owned());
            dismissed = close.on_hover_text("I know how to begin").clicked();
            ui.label(RichText::new("To begin:").font(tokens::strong()));
            for (place, (action, text, help)) in STEPS.iter().enumerate() {
                let number = place + 1;
                if place < self.done {
                    // The room is that of the words for what was done last.
                    let done = ui.label(RichText::new("✓").color(tokens.good));
                    done.on_hover_text(format!("{text}: {help}"));
                    continue;
                }
                let is_next = place == self.done;
                let words = RichText::new(format!("{number} {text}"));
                let button = match is_next {
                    true => Button::new(words.color(tokens.on_accent)).fill(tokens.accent),
                    false => Button::new(words),
                };
                let enabled = action.obstacle(session).is_none();
                let button = ui.add_enabled(enabled, button.small());
                rects::note(&button, || format!("first_minute.{number}"));
                let keys = action.keys_text(ui.ctx());
                if button.on_hover_text(format!("{help}  ({keys})")).clicked() {
                    pressed = Some(*action);
                }
            }
            if let Some((.., help)) = self.done.checked_sub(1).and_then(|last| STEPS.get(last)) {
                ui.add(egui::Label::new(RichText::new(*help).color(tokens.weak)).truncate());
            }
        });
        (pressed, dismissed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_words_of_the_last_step_stay_until_something_else_is_done() {
        let mut left = FirstMinute::default();
        for (done, (action, ..)) in STEPS.iter().enumerate() {
            assert_eq!(left, FirstMinute { done });
            left = left.after(Action::Palette).unwrap().after(*action).unwrap();
        }
        assert_eq!(left, FirstMinute { done: STEPS.len() });
        assert_eq!(left.after(Action::StepInto), None);
    }
}
