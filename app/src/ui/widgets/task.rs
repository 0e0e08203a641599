//! A task's number in its colour.

use egui::{Align2, Painter, Rect, Response, Sense, Ui, vec2};

use crate::ui::tokens::{self, Tokens};

/// Height of a badge.
const HEIGHT: f32 = 15.0;

/// How wide the badge of a task is.
pub fn badge_width(number: u32) -> f32 {
    let digits = number.checked_ilog10().unwrap_or(0) + 1;
    tokens::SMALL * 0.6 * digits as f32 + tokens::GAP * 2.0
}

/// Paints a badge with its left end in the middle of `place`'s left side.
pub fn paint_badge(painter: &Painter, tokens: &Tokens, place: Rect, number: u32) {
    let size = vec2(badge_width(number), HEIGHT.min(place.height()));
    let rect = Align2::LEFT_CENTER.align_size_within_rect(size, place);
    painter.rect_filled(rect, 3.0, tokens.task(number));
    let font = tokens::mono_small();
    painter.text(rect.center(), Align2::CENTER_CENTER, number, font, tokens.on_task());
}

/// A badge among other widgets.
pub fn badge(ui: &mut Ui, number: u32) -> Response {
    let size = vec2(badge_width(number), HEIGHT);
    let (place, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_badge(ui.painter(), Tokens::of(ui), place, number);
    let label = format!("task {number}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &label));
    response
}
