//! The turns of a run: one lane a task, a block a turn, over the instruction clock.

use std::collections::BTreeSet;

use egui::{Painter, Pos2, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use stepwell_engine::text::dotted;

use crate::session::{Lane, Session, TaskView};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Height of a lane.
const LANE: f32 = 16.0;
/// Height of the line of numbers below them.
const AXIS: f32 = 16.0;
/// Turns in sight, unless it is zoomed.
const IN_SIGHT: usize = 48;
/// Instructions in sight at least.
const CLOSEST: u64 = 4;
/// Room that a number of the axis needs.
const NUMBER: f32 = 84.0;
/// Host calls looked through for ticks.
const CALLS: usize = 4096;

/// What is in sight; kept in egui's memory. Without values it is the newest turns.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
struct View {
    span: Option<u64>,
    end: Option<u64>,
}

/// A stretch of the clock, drawn over a width.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Scale {
    from: u64,
    to: u64,
    left: f32,
    width: f32,
}

impl Scale {
    fn x(self, clock: u64) -> f32 {
        let share = (clock as f64 - self.from as f64) / (self.to - self.from).max(1) as f64;
        self.left + (share.clamp(-1.0, 2.0) * f64::from(self.width)) as f32
    }

    fn clock(self, x: f32) -> u64 {
        let share = f64::from((x - self.left) / self.width.max(1.0)).clamp(0.0, 1.0);
        self.from + (share * (self.to - self.from) as f64) as u64
    }

    /// Round numbers to write below, so far from each other that they can be read.
    fn marks(self) -> impl Iterator<Item = u64> {
        let most = (self.width / NUMBER).max(1.0);
        let least = ((self.to - self.from) as f64 / f64::from(most)).max(1.0);
        let power = 10u64.saturating_pow(least.log10().floor() as u32);
        let steps = [1, 2, 5, 10].map(|factor| power.saturating_mul(factor));
        let step = steps.into_iter().find(|step| *step as f64 >= least).unwrap_or(power);
        let first = self.from.div_ceil(step).checked_mul(step);
        std::iter::successors(first, move |at| at.checked_add(step))
            .take_while(move |at| *at <= self.to)
    }
}

impl View {
    /// From where to where, of a run whose turns lie between `first` and `last`.
    fn range(self, first: u64, last: u64, usual: u64) -> (u64, u64) {
        let whole = (last - first).max(1);
        let span = self.span.unwrap_or(usual).clamp(CLOSEST.min(whole), whole);
        let end = self.end.unwrap_or(last).clamp(first + span, first + whole);
        (end - span, end)
    }

    /// As much of the clock as `factor` says, with `around` where it is.
    fn zoomed(range: (u64, u64), factor: f64, around: u64, last: u64) -> Self {
        let span = (range.1 - range.0) as f64;
        let new = (span * factor).max(CLOSEST as f64);
        let behind = (range.1.saturating_sub(around)) as f64 / span.max(1.0);
        let end = around.saturating_add((new * behind) as u64);
        Self { span: Some(new as u64), end: Some(end) }.following(last)
    }

    fn moved(range: (u64, u64), by: f64, last: u64) -> Self {
        let end = (range.1 as f64 + by).max(0.0) as u64;
        Self { span: Some(range.1 - range.0), end: Some(end) }.following(last)
    }

    /// At the end it goes along with the run.
    fn following(mut self, last: u64) -> Self {
        self.end = self.end.filter(|end| *end < last);
        self
    }
}

/// Draws them.
pub(super) fn show(session: &Session, tasks: &[TaskView], ui: &mut Ui) {
    let lanes: Vec<Lane> = session.lanes().collect();
    let (Some(oldest), Some(newest)) = (lanes.first(), lanes.last()) else {
        let text = match tasks {
            [_] => {
                "A second task, from + beside an export in Modules, shares the clock with \
                    this one: their turns are drawn here."
            }
            _ => "No turn yet. F5 runs all tasks by turns, Next turn lets one have its own.",
        };
        widgets::empty(ui, text);
        return;
    };
    let (first, last) = (oldest.from, newest.to);
    let usual = lanes.iter().rev().nth(IN_SIGHT).map_or(first, |lane| lane.to);
    let id = ui.scope_id().with("lanes");
    let view: View = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let mut changed = view;
    let range = view.range(first, last, last - usual);
    head(lanes.len(), range, (first, last), ui, &mut changed);

    let mut numbers: BTreeSet<u32> = tasks.iter().map(|task| task.number).collect();
    numbers.extend(lanes.iter().map(|lane| lane.task));
    let rows: Vec<u32> = numbers.into_iter().collect();
    let size = vec2(ui.available_width(), rows.len() as f32 * LANE + AXIS);
    let (area, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    rects::note(&response, || "tasks.lanes".to_owned());
    let labels = rows.iter().map(|number| widgets::task::badge_width(*number)).fold(0.0, f32::max);
    let left = area.left() + labels + tokens::GAP * 2.0;
    let (from, to) = range;
    let scale = Scale { from, to, left, width: (area.right() - left - 2.0).max(1.0) };
    let shown = lanes.iter().filter(|lane| lane.to > from && lane.from < to);
    let shown: Vec<Lane> = shown.copied().collect();
    paint(session, &rows, &shown, area, scale, ui);

    let summary = format!("turns {from} to {to} of tasks {rows:?}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &summary));
    if response.contains_pointer() {
        let (zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta().x));
        let pointer = ui.input(|input| input.pointer.hover_pos()).unwrap_or(area.center());
        let rate = (to - from) as f64 / f64::from(scale.width);
        if zoom != 1.0 {
            changed = View::zoomed(range, 1.0 / f64::from(zoom), scale.clock(pointer.x), last);
        } else if scroll != 0.0 {
            changed = View::moved(range, -f64::from(scroll) * rate, last);
        } else if response.dragged() {
            changed = View::moved(range, -f64::from(response.drag_delta().x) * rate, last);
        }
        if let Some(text) = told(session, tasks, &rows, &shown, area, scale, pointer) {
            response.on_hover_text_at_pointer(text);
        }
    }
    if changed != view {
        ui.data_mut(|data| data.insert_temp(id, changed));
        ui.ctx().request_repaint();
    }
}

/// What is in sight, and buttons that change it.
fn head(count: usize, range: (u64, u64), whole: (u64, u64), ui: &mut Ui, view: &mut View) {
    let tokens = Tokens::of(ui);
    let middle = range.0 + (range.1 - range.0) / 2;
    let around = if view.end.is_none() { range.1 } else { middle };
    ui.horizontal(|ui| {
        widgets::section(ui, "Turns");
        let counted = RichText::new(widgets::grouped(count as u64)).font(tokens::mono_small());
        ui.label(counted.color(tokens.weak));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let newest = ui.small_button("⏭").accessible_name("newest turns");
            if newest.on_hover_text("The newest turns, as they come").clicked() {
                *view = View::default();
            }
            let all = ui.small_button("all").accessible_name("all turns");
            if all.on_hover_text("All turns that are kept").clicked() {
                *view = View { span: Some(whole.1 - whole.0), end: None };
            }
            let closer = ui.small_button("+").accessible_name("turns closer");
            let hint = "Ctrl and the wheel do so, too; drag, or Shift and the wheel, to scroll";
            if closer.on_hover_text(hint).clicked() {
                *view = View::zoomed(range, 0.5, around, whole.1);
            }
            let farther = ui.small_button("−").accessible_name("turns farther");
            if farther.on_hover_text(hint).clicked() {
                *view = View::zoomed(range, 2.0, around, whole.1);
            }
        });
    });
}

fn row_of(area: Rect, row: usize) -> Rect {
    let top = area.top() + row as f32 * LANE;
    Rect::from_min_max(pos2(area.left(), top), pos2(area.right(), top + LANE))
}

fn paint(session: &Session, rows: &[u32], lanes: &[Lane], area: Rect, scale: Scale, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let selected = session.selected_task();
    let bottom = area.bottom() - AXIS;
    for (row, number) in rows.iter().enumerate() {
        let place = row_of(area, row);
        if selected == Some(*number) {
            painter.rect_filled(place, 2.0, tokens.selection);
        }
        widgets::task::paint_badge(
            &painter,
            tokens,
            place.with_min_x(place.left() + tokens::GAP),
            *number,
        );
        let ground = Stroke::new(1.0, tokens.line);
        painter.hline(scale.left..=area.right(), place.bottom() - 0.5, ground);
    }
    let inner = Rect::from_min_max(pos2(scale.left, area.top()), area.max);
    let painter = painter.with_clip_rect(inner.expand2(vec2(1.0, 0.0)).intersect(ui.clip_rect()));
    for mark in scale.marks() {
        let x = scale.x(mark);
        painter.vline(x, area.top()..=bottom + 3.0, Stroke::new(1.0, tokens.line));
        number(&painter, mark, x, bottom, inner, tokens);
    }
    for lane in lanes {
        let Ok(row) = rows.binary_search(&lane.task) else { continue };
        let (left, right) = (scale.x(lane.from), scale.x(lane.to));
        // Turns that follow each other stay apart as long as they are wide enough for that.
        let right = if right - left > 4.0 { right - 1.0 } else { right.max(left + 1.0) };
        let place = row_of(area, row).shrink2(vec2(0.0, 3.0));
        let block = Rect::from_x_y_ranges(left..=right, place.y_range());
        painter.rect_filled(block, 1.5, tokens.task(lane.task));
    }
    for (task, clock) in calls(session, scale) {
        let Ok(row) = rows.binary_search(&task) else { continue };
        let place = row_of(area, row);
        let tip = pos2(scale.x(clock), place.bottom() - 1.0);
        let points = vec![tip, tip + vec2(-3.5, -5.0), tip + vec2(3.5, -5.0)];
        let edge = Stroke::new(1.0, tokens.panel);
        painter.add(egui::Shape::convex_polygon(points, tokens.warning, edge));
    }
}

/// A number of the axis, within its ends.
fn number(painter: &Painter, mark: u64, x: f32, top: f32, inner: Rect, tokens: &Tokens) {
    let text = painter.layout_no_wrap(widgets::grouped(mark), tokens::mono_small(), tokens.weak);
    let last = (inner.right() - text.size().x).max(inner.left());
    let left = (x - text.size().x / 2.0).clamp(inner.left(), last);
    painter.galley(pos2(left, top + 2.0), text, tokens.weak);
}

/// Host calls in sight: whose, and when.
fn calls(session: &Session, scale: Scale) -> impl Iterator<Item = (u32, u64)> + '_ {
    let calls = session.host_calls().iter().rev().take(CALLS);
    let calls = calls.filter(move |call| (scale.from..=scale.to).contains(&call.clock));
    calls.map(|call| (call.task, call.clock))
}

/// What lies under the pointer, in words.
fn told(
    session: &Session,
    tasks: &[TaskView],
    rows: &[u32],
    lanes: &[Lane],
    area: Rect,
    scale: Scale,
    pointer: Pos2,
) -> Option<String> {
    let row = ((pointer.y - area.top()) / LANE).max(0.0) as usize;
    let number = *rows.get(row)?;
    let near = |clock: u64| (scale.x(clock) - pointer.x).abs() <= 4.0;
    let call = session.host_calls().iter().rev().take(CALLS);
    let call = { call }.find(|call| call.task == number && near(call.clock));
    let lane = lanes.iter().find(|lane| {
        let (left, right) = (scale.x(lane.from), scale.x(lane.to));
        lane.task == number && (left..=right.max(left + 1.0)).contains(&pointer.x)
    });
    let title = tasks.iter().find(|task| task.number == number);
    let title = title.map_or("cancelled", |task| task.title.as_str());
    let mut text = format!("task {number} · {title}");
    let grouped = widgets::grouped;
    if let Some(Lane { from, to, .. }) = lane {
        let count = grouped(to - from);
        text.push_str(&format!("\n{} .. {}: {count} instructions", grouped(*from), grouped(*to)));
    }
    if let Some(record) = call {
        let (module, name) = (&record.call.module, &record.call.name);
        text.push_str(&format!("\ncalls {} at {}", dotted(module, name), grouped(record.clock)));
    }
    (lane.is_some() || call.is_some()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers_far_enough_from_each_other() {
        let scale = |from, to| Scale { from, to, left: 0.0, width: 400.0 };
        let marks = |from, to| scale(from, to).marks().collect::<Vec<_>>();
        assert_eq!(marks(0, 96), [0, 50]);
        assert_eq!(marks(0, 100), [0, 50, 100]);
        assert_eq!(marks(1_990, 2_010), [1_990, 1_995, 2_000, 2_005, 2_010]);
        assert_eq!(marks(5, 8), [5, 6, 7, 8]);
        assert!(marks(u64::MAX - 9, u64::MAX).len() < 8);
        assert_eq!(scale(10, 110).x(60), 200.0);
        assert_eq!(scale(10, 110).clock(200.0), 60);
    }

    #[test]
    fn what_is_in_sight_follows_the_run_unless_it_is_scrolled_back() {
        let view = View::default();
        assert_eq!(view.range(0, 1_000, 100), (900, 1_000));
        assert_eq!(view.range(0, 50, 100), (0, 50));
        let back = View::moved((900, 1_000), -300.0, 1_000);
        assert_eq!(back.range(0, 1_000, 100), (600, 700));
        assert_eq!(back.range(0, 2_000, 100), (600, 700), "it stays");
        let again = View::moved((600, 700), 900.0, 1_000);
        assert_eq!((again.end, again.range(0, 2_000, 100)), (None, (1_900, 2_000)));
        let close = View::zoomed((600, 700), 0.5, 650, 1_000);
        assert_eq!(close.range(0, 1_000, 100), (625, 675));
        let far = View::zoomed((600, 700), 100.0, 650, 1_000);
        assert_eq!(far.range(0, 1_000, 100), (0, 1_000));
    }
}
