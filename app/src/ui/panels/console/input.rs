//! The field for standard input.

use egui::{Context, Event, Id, Key, Modifiers, RichText, Stroke, Ui};

use crate::session::{Command, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// Height of the field with what surrounds it.
pub(super) const HEIGHT: f32 = 26.0;
/// Lines remembered.
const REMEMBERED: usize = 100;

/// What is being typed, and what has been.
#[derive(Clone, Default)]
struct Typed {
    text: String,
    /// Oldest first.
    lines: Vec<String>,
    /// How far up in `lines`; 0 is what is being typed.
    back: usize,
    /// What was being typed before going back.
    begun: String,
}

fn field_id() -> Id {
    Id::unique("stepwell-console-input")
}

/// Puts the cursor into the field, unless a person is typing elsewhere.
pub(in crate::ui) fn focus(ctx: &Context) {
    if ctx.memory(|memory| memory.focused().is_none()) {
        ctx.memory_mut(|memory| memory.request_focus(field_id()));
    }
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    if session.input_ended() {
        ui.horizontal_centered(|ui| {
            let text = "Standard input has been ended: the program reads nothing more.";
            ui.add(egui::Label::new(RichText::new(text).color(tokens.weak)).truncate());
        });
        return;
    }
    let id = field_id();
    let mut typed: Typed = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let awaited = session.awaits_input();
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    if has_focus {
        keys(&mut typed, ui, commands);
    }
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let end = ui.small_button("End of input").accessible_name("end of input");
        rects::note(&end, || "console.end".to_owned());
        let hint = "Ctrl+D in the field: the program finds the end of its standard input";
        if end.on_hover_text(hint).clicked() {
            commands.push(Command::EndInput);
        }
        let (color, stroke) = match awaited {
            true => (tokens.accent, Stroke::new(1.5, tokens.accent)),
            false => (tokens.weak, Stroke::new(1.0, tokens.line)),
        };
        let frame = egui::Frame::new().fill(tokens.background).stroke(stroke).corner_radius(4);
        frame.inner_margin(egui::Margin::symmetric(4, 1)).show(ui, |ui| {
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.label(RichText::new("›").font(tokens::mono_bold()).color(color));
                let hint = match awaited {
                    true => "The program waits for a line",
                    false => "A line of standard input; it may be typed ahead",
                };
                let hint = RichText::new(hint).font(tokens::mono()).color(tokens.faint);
                let edit = egui::TextEdit::singleline(&mut typed.text)
                    .id(id)
                    .frame(egui::Frame::NONE)
                    .font(tokens::mono())
                    .align(egui::Align2::LEFT_CENTER)
                    .hint_text(hint)
                    .desired_width(f32::INFINITY);
                let field = ui.add(edit).accessible_name("standard input");
                rects::note(&field, || "console.input".to_owned());
                if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                    enter(&mut typed, commands);
                    field.request_focus();
                }
            });
        });
    });
    ui.data_mut(|data| data.insert_temp(id, typed));
}

fn enter(typed: &mut Typed, commands: &mut Vec<Command>) {
    let line = std::mem::take(&mut typed.text);
    if !line.is_empty() && typed.lines.last() != Some(&line) {
        typed.lines.push(line.clone());
        if typed.lines.len() > REMEMBERED {
            typed.lines.remove(0);
        }
    }
    (typed.back, typed.begun) = (0, String::new());
    commands.push(Command::TypeLine(line));
}

/// Keys that the field itself has no use for.
fn keys(typed: &mut Typed, ui: &Ui, commands: &mut Vec<Command>) {
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::ArrowUp) && typed.back < typed.lines.len() {
        if typed.back == 0 {
            typed.begun = typed.text.clone();
        }
        typed.back += 1;
        recall(typed, ui);
    }
    if pressed(Modifiers::NONE, Key::ArrowDown) && typed.back > 0 {
        typed.back -= 1;
        recall(typed, ui);
    }
    if pressed(Modifiers::CTRL, Key::D) {
        if !typed.text.is_empty() {
            enter(typed, commands);
        }
        commands.push(Command::EndInput);
    }
    paste(typed, ui, commands);
}

fn recall(typed: &mut Typed, ui: &Ui) {
    let position = typed.lines.len() - typed.back.min(typed.lines.len());
    let recalled = typed.lines.get(position).unwrap_or(&typed.begun);
    typed.text = recalled.clone();
    // The cursor belongs behind it.
    let end = egui::text::CCursor::new(typed.text.chars().count());
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), field_id()).unwrap_or_default();
    state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
    state.store(ui.ctx(), field_id());
}

/// Several lines that are pasted are entered one by one; the rest stays to be typed on.
fn paste(typed: &mut Typed, ui: &Ui, commands: &mut Vec<Command>) {
    let mut pasted = Vec::new();
    ui.input_mut(|input| {
        input.events.retain(|event| match event {
            Event::Paste(text) if text.contains('\n') => {
                pasted.push(text.clone());
                false
            }
            _ => true,
        });
    });
    for text in pasted {
        let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        let last = lines.next_back().unwrap_or_default();
        for line in lines {
            typed.text.push_str(line);
            enter(typed, commands);
        }
        typed.text.push_str(last);
    }
}
