//! Each task as a line, or two where there is room: what it is, what it does, how far it has come.

use egui::{Align2, Color32, FontId, Painter, Rect, Sense, Ui, pos2, vec2};

use crate::session::{Command, RunState, Session, TaskState, TaskView};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// From this width on everything fits into one line; in less than this height, only one has room.
const WIDE: f32 = 560.0;
const LOW: f32 = 170.0;
/// Room for the buttons of a line.
const BUTTONS: f32 = 46.0;

/// Draws them.
pub(super) fn show(
    session: &Session,
    tasks: &[TaskView],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let is_low = ui.clip_rect().height() < LOW;
    let lines = if ui.available_width() < WIDE && !is_low { 2.0 } else { 1.0 };
    let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, 1.0);
    for task in tasks {
        let size = vec2(ui.available_width(), tokens::ROW * lines);
        let (place, _) = ui.allocate_exact_size(size, Sense::hover());
        if ui.is_rect_visible(place) {
            line(session, task, place, lines > 1.0, ui, commands);
        }
    }
    ui.spacing_mut().item_spacing.y = spacing;
}

/// What a task is doing, in words.
pub(super) fn words(session: &Session, task: &TaskView) -> String {
    let call = task.call.as_deref().unwrap_or("a host function");
    match &task.state {
        TaskState::Ready if *session.run_state() == RunState::Running => "running".to_owned(),
        TaskState::Ready => "ready".to_owned(),
        TaskState::Asks => format!("asks you: {call}"),
        TaskState::Awaits => format!("awaits {call}"),
        TaskState::Waits => "waits for a notification".to_owned(),
        TaskState::Done(values) => {
            let values: Vec<String> =
                values.iter().map(|value| session.value_text(value)).collect();
            format!("returned {}", values.join(" ")).trim_end().to_owned()
        }
        TaskState::Trapped(message) => format!("trapped: {message}"),
        TaskState::Exited(code) => format!("exit {code}"),
    }
}

fn color(state: &TaskState, tokens: &Tokens) -> Color32 {
    match state {
        TaskState::Ready => tokens.text,
        TaskState::Asks | TaskState::Awaits | TaskState::Waits => tokens.waiting,
        TaskState::Done(_) | TaskState::Exited(0) => tokens.good,
        TaskState::Trapped(_) => tokens.error,
        TaskState::Exited(_) => tokens.warning,
    }
}

fn facts(task: &TaskView) -> String {
    let turns = match task.turns {
        0 => String::new(),
        1 => " · 1 turn".to_owned(),
        turns => format!(" · {} turns", widgets::grouped(turns)),
    };
    let place = task.function.as_ref().map_or(String::new(), |name| format!(" · in {name}"));
    format!("executed {}{turns}{place}", widgets::grouped(task.executed))
}

fn line(
    session: &Session,
    task: &TaskView,
    place: Rect,
    two: bool,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let number = task.number;
    let (words, facts) = (words(session, task), facts(task));
    let response = ui.interact(place, ui.scope_id().with(("task", number)), Sense::click());
    response.widget_info(|| {
        let text = format!("task {number} {}, {words}, {facts}", task.title);
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, task.is_selected, text)
    });
    rects::note(&response, || format!("tasks.task.{number}"));
    if task.is_selected {
        ui.painter().rect_filled(place, 3.0, tokens.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(place, 3.0, tokens.hover_row);
    }
    if response.clicked() {
        commands.push(Command::SelectTask(number));
    }
    response.on_hover_text(format!(
        "{}: {words}\n{facts}\nClick to look at its stack and frames; steps are this task's then.",
        task.title
    ));

    let right = place.right() - BUTTONS;
    let first = Rect::from_min_size(place.min, vec2(right - place.left(), tokens::ROW));
    let painter = ui.painter().with_clip_rect(first.intersect(ui.clip_rect()));
    let badge = first.with_min_x(first.left() + tokens::GAP);
    widgets::task::paint_badge(&painter, tokens, badge, number);
    let left = badge.left() + widgets::task::badge_width(number) + tokens::GAP * 1.5;
    let title = text(&painter, left, first, &task.title, tokens::mono_bold(), tokens.text);
    let small = FontId::proportional(tokens::TEXT);
    let state = color(&task.state, tokens);
    let end = text(&painter, title + tokens::GROUP, first, &words, small, state);
    let second = match two {
        true => place.with_min_y(first.bottom()).with_min_x(left),
        false => first.with_min_x(end + tokens::GROUP),
    };
    let painter = ui.painter().with_clip_rect(second.intersect(ui.clip_rect()));
    text(&painter, second.left(), second, &facts, tokens::mono_small(), tokens.weak);

    let buttons = Rect::from_min_max(pos2(right, first.top()), pos2(place.right(), first.bottom()));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(buttons).layout(layout));
    child.spacing_mut().item_spacing.x = 2.0;
    let stands = *session.run_state() != RunState::Running;
    let cancel = child.add_enabled(stands, egui::Button::new("✗").small());
    let cancel = cancel.accessible_name(format!("cancel task {number}"));
    rects::note(&cancel, || format!("tasks.cancel.{number}"));
    let cancel = cancel.on_hover_text("Ends this task, wherever it stands; the others stay");
    if cancel.on_disabled_hover_text("Pause the run first").clicked() {
        commands.push(Command::CancelTask(number));
    }
    let steps = stands && task.state == TaskState::Ready;
    let step = child.add_enabled(steps, egui::Button::new("↓").small());
    let step = step.accessible_name(format!("step task {number}"));
    rects::note(&step, || format!("tasks.step.{number}"));
    let step = step.on_hover_text("One instruction of this task; the others stand still");
    if step.on_disabled_hover_text("It cannot be stepped at present").clicked() {
        commands.push(Command::SelectTask(number));
        commands.push(Command::StepInto);
    }
}

/// Text in the middle of a line's height; where it ends.
fn text(painter: &Painter, left: f32, line: Rect, text: &str, font: FontId, color: Color32) -> f32 {
    let at = pos2(left, line.center().y);
    painter.text(at, Align2::LEFT_CENTER, text, font, color).right()
}
