//! Frames: the call stack across modules, down to whoever started it.

use egui::{Color32, Sense, Ui, vec2};
use stepwell_engine::observe::FrameView;

use crate::session::{Command, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let frames = session.frames();
    if frames.is_empty() {
        widgets::empty(ui, "No frames: nothing runs. Start an export in Modules.");
        return commands;
    }
    if let Some(pending) = session.pending_call() {
        let call = &pending.call;
        let tokens = Tokens::of(ui);
        let text = format!("host · {}.{} waits for an answer", call.module, call.name);
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), tokens::ROW), Sense::hover());
        line(ui, rect, tokens.warning, &text, "", false);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    }
    for (memory, address) in session.waiters() {
        let tokens = Tokens::of(ui);
        let memory = session.memory_label(memory);
        let text = format!("a task waits at {memory} 0x{address:x}");
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), tokens::ROW), Sense::hover());
        line(ui, rect, tokens.warning, &text, "", false);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    }
    // The frames, and the host that called the outermost.
    let count = frames.len() as u64 + 1;
    let mut rows = VirtualRows::new(ui, "frames", count);
    let selected = session.selected_frame();
    let seen = ui.scope_id().with("seen");
    let now = (session.clock(), selected);
    if ui.data(|data| data.get_temp(seen)) != Some(now) {
        ui.data_mut(|data| data.insert_temp(seen, now));
        rows = rows.reveal(selected as u64, false);
    }
    rows.show(ui, |ui, number, place| {
        let tokens = Tokens::of(ui);
        let Some(frame) = frames.get(number as usize) else {
            line(ui, place, tokens.faint, "host", "called the export", false);
            return;
        };
        let (color, label) = describe(session, frame, tokens);
        let offset = format!("0x{:04x}", frame.offset().0);
        let id = ui.scope_id().with(("frame", number));
        let response = ui.interact(place, id, Sense::click());
        let is_selected = number as usize == selected;
        response.widget_info(|| {
            let text = format!("frame {number} {label} {offset}");
            egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, is_selected, text)
        });
        rects::note(&response, || format!("frames.{number}"));
        if response.hovered() && !is_selected {
            ui.painter().rect_filled(place, 0.0, tokens.hover_row);
        }
        line(ui, place, color, &label, &offset, is_selected);
        if response.clicked() {
            commands.push(Command::SelectFrame(number as usize));
        }
        let standing = if frame.is_calling() { "waits for its call to return" } else { "stands" };
        response.on_hover_text(format!(
            "{label}: function {} of instance {}, {standing} at {offset}",
            frame.func(),
            frame.instance(),
        ));
    });
    commands
}

fn describe(session: &Session, frame: &FrameView<'_>, tokens: &Tokens) -> (Color32, String) {
    let open = session.module_of_instance(frame.instance());
    let color = open.map_or(tokens.text, |open| tokens.module(open.hue));
    (color, session.frame_label(frame))
}

/// A row: a stripe in the module's hue, a name, and a place on the right.
fn line(ui: &Ui, place: egui::Rect, color: Color32, text: &str, right: &str, selected: bool) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    if selected {
        painter.rect_filled(place, 0.0, tokens.selection);
    }
    let stripe = egui::Rect::from_min_size(place.min, vec2(3.0, place.height()));
    painter.rect_filled(stripe.shrink2(vec2(0.0, 1.0)), 0.0, color);
    let y = place.center().y;
    let at = egui::pos2(place.right() - tokens::GAP, y);
    let font = tokens::mono_small();
    let taken = painter.text(at, egui::Align2::RIGHT_CENTER, right, font, tokens.weak);
    let room = place.with_max_x(taken.left() - tokens::GAP);
    let painter = painter.with_clip_rect(room.intersect(ui.clip_rect()));
    let at = egui::pos2(place.left() + tokens::GROUP, y);
    painter.text(at, egui::Align2::LEFT_CENTER, text, tokens::mono(), color);
}
