//! A list of any length of which only the rows on screen are made.
//!
//! Positions are whole rows and a fraction, not pixels, so that a list of ten million rows scrolls
//! as precisely as one of ten.

use egui::{Id, Rect, Sense, Ui, Vec2, pos2, vec2};

use crate::ui::tokens::{ROW, Tokens};

/// Width of the scroll bar.
pub const BAR: f32 = 10.0;

/// Where a list stands; kept in egui's memory.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Position {
    /// First row on screen.
    pub top: u64,
    /// How much of it is scrolled away, 0.0..1.0 of a row.
    pub fraction: f32,
}

impl Position {
    fn moved(self, rows: f64, last_top: u64) -> Self {
        let place = (self.top as f64 + f64::from(self.fraction) + rows).clamp(0.0, last_top as f64);
        let top = place.floor();
        Self { top: top as u64, fraction: (place - top) as f32 }
    }
}

/// A list of rows of equal height.
pub struct VirtualRows {
    id: Id,
    count: u64,
    reveal: Option<(u64, bool)>,
    top: Option<u64>,
    sticks: bool,
}

impl VirtualRows {
    /// A list of `count` rows; `salt` tells it from others in the same `Ui`.
    pub fn new(ui: &Ui, salt: impl std::hash::Hash + std::fmt::Debug, count: u64) -> Self {
        Self { id: ui.scope_id().with(salt), count, reveal: None, top: None, sticks: false }
    }

    /// Scrolls so that a row is in sight; `centre` puts it in the middle even if it was.
    pub fn reveal(mut self, row: u64, centre: bool) -> Self {
        self.reveal = Some((row, centre));
        self
    }

    /// Stands at this first row, whatever was scrolled before.
    pub fn at(mut self, top: u64) -> Self {
        self.top = Some(top);
        self
    }

    /// Stays at the end as the list grows, unless it has been scrolled away from there.
    pub fn stick_to_end(mut self) -> Self {
        self.sticks = true;
        self
    }

    /// Draws the rows on screen: `row` gets the ui, a row's number and its rectangle. Returns the
    /// first row on screen.
    pub fn show(self, ui: &mut Ui, mut row: impl FnMut(&mut Ui, u64, Rect)) -> u64 {
        let rect = ui.available_rect_before_wrap();
        ui.allocate_rect(rect, Sense::hover());
        let inner = Rect::from_min_max(rect.min, pos2(rect.right() - BAR, rect.bottom()));
        let visible = (f64::from(inner.height()) / f64::from(ROW)).max(1.0);
        let last_top = (self.count as f64 - visible).ceil().max(0.0) as u64;

        let mut position: Position = ui.data(|data| data.get_temp(self.id)).unwrap_or_default();
        if let Some(top) = self.top
            && top != position.top
        {
            position = Position { top, fraction: 0.0 };
        }
        position = position.moved(0.0, last_top);
        let end_id = self.id.with("end");
        if self.sticks && ui.data(|data| data.get_temp(end_id)).unwrap_or(true) {
            position = Position { top: last_top, fraction: 0.0 };
        }
        if let Some((target, centre)) = self.reveal {
            let whole = visible.floor() as u64;
            let last = position.top + whole;
            let after_top = target > position.top || target == 0 && position.top == 0;
            let before_end = target + 1 < last || last >= self.count && target < last;
            let in_sight = after_top && before_end;
            if centre || !in_sight {
                let top = target.saturating_sub(whole / 3);
                position = Position { top: top.min(last_top), fraction: 0.0 };
            }
        }

        let pointer_here = ui.rect_contains_pointer(rect);
        if pointer_here {
            let wheel = ui.input(|input| input.smooth_scroll_delta().y);
            if wheel != 0.0 && last_top > 0 {
                position = position.moved(-f64::from(wheel / ROW), last_top);
                ui.input_mut(|input| input.smooth_scroll_delta.y = 0.0);
            }
        }
        position = self.scroll_bar(ui, rect, position, last_top, visible);
        ui.data_mut(|data| {
            data.insert_temp(self.id, position);
            data.insert_temp(end_id, position.top >= last_top);
        });

        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inner));
        child.set_clip_rect(inner.intersect(ui.clip_rect()));
        let mut y = inner.top() - position.fraction * ROW;
        let mut number = position.top;
        while y < inner.bottom() && number < self.count {
            let place = Rect::from_min_size(pos2(inner.left(), y), vec2(inner.width(), ROW));
            row(&mut child, number, place);
            y += ROW;
            number += 1;
        }
        position.top
    }

    fn scroll_bar(
        &self,
        ui: &mut Ui,
        rect: Rect,
        position: Position,
        last_top: u64,
        visible: f64,
    ) -> Position {
        if last_top == 0 {
            return position;
        }
        let tokens = Tokens::of(ui);
        let bar = Rect::from_min_max(pos2(rect.right() - BAR + 2.0, rect.top()), rect.max);
        let response = ui.interact(bar, self.id.with("bar"), Sense::click_and_drag());
        let handle = (visible / self.count as f64 * f64::from(bar.height())).max(24.0) as f32;
        let room = (bar.height() - handle).max(1.0);
        let mut position = position;
        if let Some(pointer) = response.interact_pointer_pos()
            && (response.dragged() || response.clicked())
        {
            let share = f64::from(((pointer.y - bar.top() - handle / 2.0) / room).clamp(0.0, 1.0));
            position = Position::default().moved(share * last_top as f64, last_top);
        }
        let share = (position.top as f64 + f64::from(position.fraction)) / last_top as f64;
        let top = bar.top() + share as f32 * room;
        let color =
            if response.hovered() || response.dragged() { tokens.weak } else { tokens.line };
        let thumb =
            Rect::from_min_size(pos2(bar.left(), top), Vec2::new(bar.width() - 2.0, handle));
        ui.painter().rect_filled(thumb, 3.0, color);
        position
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn positions_stay_exact_in_long_lists() {
        let far = Position { top: 9_999_990, fraction: 0.0 };
        let moved = far.moved(0.25, 10_000_000);
        assert_eq!((moved.top, moved.fraction), (9_999_990, 0.25));
        assert_eq!(moved.moved(-0.5, 10_000_000).top, 9_999_989);
        assert_eq!(moved.moved(1e9, 10_000_000), Position { top: 10_000_000, fraction: 0.0 });
        assert_eq!(moved.moved(-1e9, 10_000_000), Position::default());
    }
}
