//! Timeline: the whole run at a glance over its count. Whose turn it was, and in which function; what happened; moments
//! with names. A click or a drag stands at a moment, Shift and a drag choose a stretch that questions are limited to.

mod bookmarks;
mod paint;
mod scale;

use std::sync::Arc;

use egui::{Id, Key, Rect, RichText, Sense, Ui, pos2, vec2};

use self::paint::{Of, Picture};
use self::scale::{Scale, View};
use crate::session::{Command, PastView, RunState, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Height of a task's lane, and of the line of marks above them, the axis below and the names.
const LANE: f32 = 22.0;
const MARKS: f32 = 22.0;
const AXIS: f32 = 16.0;
/// How near to a mark the pointer has to be.
const NEAR: f32 = 4.0;

/// Seconds between two pictures of a run that goes on.
const REDRAWN: f64 = 0.25;

/// A picture that has been made, of what, and when.
type Drawn = (Of, f64, Arc<Picture>);

/// What the panel remembers.
#[derive(Clone, Copy, Default)]
struct Look {
    view: View,
    /// Where a stretch is being chosen from.
    brushed_from: Option<u64>,
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(past) = session.past().filter(|past| past.end > past.first) else {
        let text = match session.past().is_none_or(|past| past.is_kept) {
            true => {
                "Once something has run, it is drawn here: tasks, functions, host calls, output. \
                 Start an export in Modules and press F5."
            }
            false => "The memories of this run are too large to be gone back through.",
        };
        widgets::empty(ui, text);
        return commands;
    };
    let id = Id::unique("stepwell-timeline");
    let mut look: Look = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let range = look.view.range(past.first, past.end);
    head(session, past, range, &mut look, ui, &mut commands);
    let picture = picture(session, past, range, id.with("picture"), ui);
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        area(session, past, range, &picture, &mut look, ui, &mut commands);
        picture.legend(session, ui);
        bookmarks::show(session, ui, &mut commands);
    });
    let is_still = !past.is_past && session.run_state() != &RunState::Running;
    if is_still && session.looked_closer_at() != Some(range) && range.1 > range.0 {
        commands.push(Command::LookCloser { from: range.0, to: range.1 });
    }
    ui.data_mut(|data| data.insert_temp(id, look));
    commands
}

/// The picture of what is in sight: made anew where it would be another, a few times a second while it runs.
fn picture(session: &Session, past: PastView, range: (u64, u64), id: Id, ui: &Ui) -> Arc<Picture> {
    let log = session.log_lines();
    let of = Of {
        range,
        end: past.end,
        activity: session.activity_number(),
        states: past.kept_states,
        calls: session.host_calls().len(),
        console: session.console_number(),
        lines: log.lines().len() as u64 + log.dropped(),
    };
    let now = ui.input(|input| input.time);
    let known: Option<Drawn> = ui.data(|data| data.get_temp(id));
    if let Some((known_of, at, picture)) = known {
        let is_running = *session.run_state() == RunState::Running;
        if known_of == of || is_running && now - at < REDRAWN {
            return picture;
        }
    }
    let picture = Arc::new(Picture::of(session, range));
    ui.data_mut(|data| data.insert_temp(id, (of, now, picture.clone())));
    picture
}

/// What is in sight, what is chosen, and buttons that change that.
fn head(
    session: &Session,
    past: PastView,
    range: (u64, u64),
    look: &mut Look,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let grouped = widgets::grouped;
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let middle = range.0 + (range.1 - range.0) / 2;
            let around = if (range.0..=range.1).contains(&past.now) { past.now } else { middle };
            let whole = (past.first, past.end);
            let all = ui.small_button("all").accessible_name("the whole run");
            if all.on_hover_text("The whole run (Home)").clicked() {
                look.view = View::default();
            }
            let hint = "The wheel, and + and −, do so, too; Shift and the wheel scroll";
            let closer = ui.small_button("+").accessible_name("closer");
            if closer.on_hover_text(hint).clicked() {
                look.view = View::zoomed(range, 0.5, around, whole);
            }
            let farther = ui.small_button("−").accessible_name("farther");
            if farther.on_hover_text(hint).clicked() {
                look.view = View::zoomed(range, 2.0, around, whole);
            }
            let mark = ui.small_button("☆ Bookmark").accessible_name("bookmark this moment");
            rects::note(&mark, || "timeline.bookmark".to_owned());
            if mark.on_hover_text("Give the moment at which one stands a name").clicked() {
                commands.push(Command::AddBookmark(String::new()));
            }
            if let Some((from, to)) = session.stretch() {
                let text = format!("asking {} to {} ✗", grouped(from), grouped(to));
                let end = ui.small_button(text).accessible_name("ask the whole run again");
                if end.on_hover_text("Questions are limited to this; click to end that").clicked() {
                    commands.push(Command::LimitQuestions(None));
                }
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = format!(
                    "{} to {} of {}",
                    grouped(range.0),
                    grouped(range.1),
                    grouped(past.end)
                );
                let text = RichText::new(text).font(tokens::mono_small()).color(tokens.weak);
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
}

fn area(
    session: &Session,
    past: PastView,
    range: (u64, u64),
    picture: &Picture,
    look: &mut Look,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let height = MARKS + picture.tasks.len() as f32 * LANE + AXIS;
    let size = vec2(ui.available_width(), height);
    let (place, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    rects::note(&response, || "timeline.area".to_owned());
    let badges = picture.tasks.iter().map(|task| widgets::task::badge_width(*task));
    let left = place.left() + badges.fold(0.0, f32::max) + tokens::GAP * 2.0;
    let (from, to) = range;
    let width = (place.right() - left - tokens::GAP).max(1.0);
    let scale = Scale { from, to, left, width };
    let inner = Rect::from_min_max(pos2(left, place.top()), place.max);
    picture.paint(session, past, place, inner, scale, ui);
    if let Some((from, to)) = brushed(session, look, &response, scale) {
        let painter = ui.painter().with_clip_rect(inner.intersect(ui.clip_rect()));
        let stretch = Rect::from_x_y_ranges(scale.x(from)..=scale.x(to), inner.y_range());
        painter.rect_filled(stretch, 0.0, tokens.accent.gamma_multiply(0.16));
        for x in [stretch.left(), stretch.right()] {
            painter.vline(x, inner.y_range(), egui::Stroke::new(1.0, tokens.accent));
        }
    }
    let text = format!("run from {from} to {to}, at {}", past.now);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::Slider, true, &text);
        info.value = Some(past.now as f64);
        info
    });
    pointed(past, range, scale, &response, look, ui, commands);
    keys(past, range, &response, look, ui);
    if let Some(pointer) = response.hover_pos() {
        let near = picture.marks_near(pointer, place, scale, NEAR);
        let text = picture.told(session, &near, pointer, place, scale);
        response.on_hover_text_at_pointer(text);
    }
}

/// The stretch that is being chosen, or has been.
fn brushed(
    session: &Session,
    look: &Look,
    response: &egui::Response,
    scale: Scale,
) -> Option<(u64, u64)> {
    match (look.brushed_from, response.interact_pointer_pos()) {
        (Some(from), Some(pointer)) => {
            let to = scale.clock(pointer.x);
            Some((from.min(to), from.max(to)))
        }
        _ => session.stretch(),
    }
}

#[allow(clippy::too_many_arguments)] // what the pointer does touches all of it
fn pointed(
    past: PastView,
    range: (u64, u64),
    scale: Scale,
    response: &egui::Response,
    look: &mut Look,
    ui: &Ui,
    commands: &mut Vec<Command>,
) {
    let (shift, wheel, zoom) =
        ui.input(|input| (input.modifiers.shift, input.smooth_scroll_delta(), input.zoom_delta()));
    let whole = (past.first, past.end);
    if let Some(pointer) = response.interact_pointer_pos() {
        let clock = scale.clock(pointer.x).clamp(past.first, past.end);
        if response.drag_started() && shift {
            let from = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            look.brushed_from = Some(scale.clock(from.x).clamp(past.first, past.end));
        }
        match look.brushed_from {
            Some(from) if response.drag_stopped() => {
                commands.push(Command::LimitQuestions(Some((from.min(clock), from.max(clock)))));
                look.brushed_from = None;
            }
            Some(_) => {}
            None if response.dragged() && (response.drag_started() || clock != past.now) => {
                let begins = response.drag_started();
                commands.push(Command::ScrubTo { clock, begins });
            }
            None if response.clicked() && clock != past.now => {
                commands.push(Command::SeekTo(clock));
            }
            None => {}
        }
    } else if !response.dragged() {
        look.brushed_from = None;
    }
    if response.contains_pointer() {
        let pointer = ui.input(|input| input.pointer.hover_pos()).unwrap_or(response.rect.center());
        let around = scale.clock(pointer.x);
        let rate = (range.1 - range.0) as f64 / f64::from(scale.width);
        if zoom != 1.0 {
            look.view = View::zoomed(range, 1.0 / f64::from(zoom), around, whole);
        } else if wheel.x != 0.0 {
            look.view = View::moved(range, -f64::from(wheel.x) * rate, whole);
        } else if wheel.y != 0.0 {
            look.view = View::zoomed(range, f64::from(-wheel.y / 200.0).exp(), around, whole);
            ui.ctx().input_mut(|input| input.smooth_scroll_delta = egui::Vec2::ZERO);
        }
    }
}

/// With the pointer above it.
fn keys(past: PastView, range: (u64, u64), response: &egui::Response, look: &mut Look, ui: &Ui) {
    let is_meant = response.contains_pointer() || response.has_focus();
    if !is_meant || ui.ctx().egui_wants_keyboard_input() && !response.has_focus() {
        return;
    }
    let whole = (past.first, past.end);
    let around = if (range.0..=range.1).contains(&past.now) { past.now } else { range.0 };
    let pressed = |key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
    if pressed(Key::Plus) || pressed(Key::Equals) {
        look.view = View::zoomed(range, 0.5, around, whole);
    } else if pressed(Key::Minus) {
        look.view = View::zoomed(range, 2.0, around, whole);
    } else if pressed(Key::Home) {
        look.view = View::default();
    }
}
