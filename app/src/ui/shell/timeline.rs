//! The run as a line above the status: where one stands on it, what the host was called for and when; a click or a
//! drag goes to another moment.

use egui::{Align2, Color32, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::actions::{Action, Effect};
use crate::session::{Bookmark, Command, PastView, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Height of the line with what belongs to it.
const HEIGHT: f32 = 32.0;
/// Room for the counts behind the line.
const COUNTS: f32 = 190.0;
/// Marks looked at in a frame; of more of them some are passed over.
const MARKS: usize = 4_000;

/// Draws it; what was clicked.
pub(super) fn show(session: &Session, ui: &mut Ui, effects: &mut Vec<Effect>) -> Vec<Action> {
    let mut actions = Vec::new();
    let panel = egui::Panel::bottom("timeline").exact_size(HEIGHT).resizable(false);
    let frame = egui::Frame::new().fill(Tokens::of(ui).panel).inner_margin(tokens::GAP);
    panel.frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            for (action, sign) in [
                (Action::GoToBegin, "|◀"),
                (Action::RunBack, "◀◀"),
                (Action::StepBackOver, "↶ over"),
                (Action::StepBack, "↶ back"),
                (Action::GoToPresent, "▶|"),
                (Action::SaveRun, "Save"),
            ] {
                button(action, sign, session, ui, &mut actions);
            }
            match session.past().filter(|past| past.end > past.first) {
                Some(past) => line(session, past, ui, effects),
                None => nothing(session, ui),
            }
        });
    });
    actions
}

fn button(action: Action, sign: &str, session: &Session, ui: &mut Ui, actions: &mut Vec<Action>) {
    let obstacle = action.obstacle(session);
    let button = ui.add_enabled(obstacle.is_none(), egui::Button::new(sign).small());
    let button = button.accessible_name(action.title());
    rects::note(&button, || format!("timeline.{action:?}"));
    let keys = action.keys_text(ui.ctx());
    let hint = match keys.is_empty() {
        true => action.title().to_owned(),
        false => format!("{}  ({keys})", action.title()),
    };
    let button = button.on_hover_text(&hint);
    let button = match obstacle {
        Some(obstacle) => button.on_disabled_hover_text(format!("{hint}\n{obstacle}")),
        None => button,
    };
    if button.clicked() {
        actions.push(action);
    }
}

fn nothing(session: &Session, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let text = match session.past().is_none_or(|past| past.is_kept) {
        true => "What has run can be gone back through here.",
        false => "The memories of this run are too large to be gone back through.",
    };
    let text = egui::RichText::new(text).small();
    ui.add(egui::Label::new(text.color(tokens.faint)).truncate());
}

fn line(session: &Session, past: PastView, ui: &mut Ui, effects: &mut Vec<Effect>) {
    let tokens = Tokens::of(ui);
    let room = ui.available_width();
    let counts = COUNTS.min(room / 2.0);
    let (place, response) =
        ui.allocate_exact_size(vec2(room - counts, tokens::ROW), Sense::click_and_drag());
    rects::note(&response, || "timeline.line".to_owned());
    let text = format!("moment {} of {}", past.now, past.end);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::Slider, true, &text);
        info.value = Some(past.now as f64);
        info
    });
    let track = place.shrink2(vec2(6.0, 0.0));
    let span = (past.end - past.first).max(1) as f64;
    let x_of = |clock: u64| {
        let part = clock.saturating_sub(past.first) as f64 / span;
        track.left() + (part.min(1.0) * f64::from(track.width())) as f32
    };
    let y = track.center().y;
    let painter = ui.painter().with_clip_rect(place);
    painter.hline(track.x_range(), y, Stroke::new(3.0, tokens.line));
    let here = x_of(past.now);
    painter.hline(track.left()..=here, y, Stroke::new(3.0, tokens.weak));
    marks(session, past, tokens, &x_of, |x, color, above| {
        let (from, to) = if above { (y - 8.0, y - 2.0) } else { (y + 2.0, y + 8.0) };
        painter.vline(x, from..=to, Stroke::new(1.0, color));
    });
    for bookmark in session.bookmarks() {
        let at = pos2(x_of(bookmark.clock), y - 9.0);
        painter.text(at, Align2::CENTER_CENTER, "★", tokens::mono_small(), tokens.warning);
    }
    if past.is_past {
        painter.vline(track.right(), y - 6.0..=y + 6.0, Stroke::new(2.0, tokens.good));
    }
    painter.circle_filled(pos2(here, y), 5.0, tokens.pc);
    let clock_at = |x: f32| {
        let part = f64::from((x - track.left()) / track.width().max(1.0)).clamp(0.0, 1.0);
        past.first + (part * span).round() as u64
    };
    if response.clicked() || response.dragged() {
        if let Some(pointer) = response.interact_pointer_pos() {
            let (clock, begins) = (clock_at(pointer.x), response.drag_started());
            let is_drag = response.dragged();
            if begins || clock != past.now {
                effects.push(Effect::Command(match is_drag {
                    true => Command::ScrubTo { clock, begins },
                    false => Command::SeekTo(clock),
                }));
            }
        }
    } else if let Some(pointer) = response.hover_pos() {
        let clock = clock_at(pointer.x);
        painter.vline(pointer.x, y - 6.0..=y + 6.0, Stroke::new(1.0, tokens.faint));
        let near = |bookmark: &&Bookmark| (x_of(bookmark.clock) - pointer.x).abs() <= 5.0;
        let named = session.bookmarks().find(near);
        let named = named.map_or(String::new(), |bookmark| format!("★ {}\n", bookmark.name));
        response.on_hover_text_at_pointer(format!(
            "{named}{} of {} instructions\nClick or drag to stand there",
            widgets::grouped(clock),
            widgets::grouped(past.end)
        ));
    }
    let rest = Rect::from_min_size(pos2(place.right(), place.top()), vec2(counts, place.height()));
    let (text, color) = match past.is_past {
        true => {
            (format!("{} of {}", widgets::grouped(past.now), widgets::grouped(past.end)), tokens.pc)
        }
        false => (format!("present, {}", widgets::grouped(past.end)), tokens.weak),
    };
    let painter = ui.painter().with_clip_rect(rest);
    let at = pos2(rest.right() - tokens::GAP, y);
    painter.text(at, Align2::RIGHT_CENTER, text, tokens::mono_small(), color);
    ui.allocate_rect(rest, Sense::hover()).on_hover_text(format!(
        "{} states are kept, {}{}",
        past.kept_states,
        widgets::size(past.kept_bytes),
        match past.first {
            0 => String::new(),
            first => format!("; the past begins at {}", widgets::grouped(first)),
        }
    ));
}

/// What happened when: host calls above the line, what was logged below it.
fn marks(
    session: &Session,
    past: PastView,
    tokens: &Tokens,
    x_of: &impl Fn(u64) -> f32,
    mut draw: impl FnMut(f32, Color32, bool),
) {
    let mut draw_all = |clocks: &mut dyn Iterator<Item = u64>, color, above| {
        let mut last = f32::MIN;
        for clock in clocks.filter(|clock| (past.first..=past.end).contains(clock)) {
            let x = x_of(clock);
            // One a point is enough.
            if x - last >= 1.0 {
                last = x;
                draw(x, color, above);
            }
        }
    };
    let calls = session.host_calls();
    let every = calls.len() / MARKS + 1;
    draw_all(&mut calls.iter().step_by(every).map(|call| call.clock), tokens.host, true);
    let log = session.log_lines().lines();
    let every = log.len() / MARKS + 1;
    draw_all(&mut log.iter().step_by(every).map(|line| line.clock), tokens.breakpoint, false);
}
