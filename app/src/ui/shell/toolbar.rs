//! The line on top: opening, running and stepping, what the machine is doing, views.

use egui::{Button, RichText, Ui};
use stepwell_engine::CallState;
use stepwell_engine::text::dotted;

use super::Shell;
use super::actions::{Action, Effect};
use crate::session::{Command, Preparing, RunState, Session, StopReason, Theme};
use crate::ui::files::Files;
use crate::ui::layout::{self, Layout};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Draws it; what was clicked.
pub(super) fn show(
    shell: &mut Shell,
    session: &Session,
    layout: &Layout,
    files: &Files,
    ui: &mut Ui,
    effects: &mut Vec<Effect>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.add_space(tokens::GAP / 2.0);
    ui.horizontal_wrapped(|ui| {
        button(Action::Open, "Open", session, ui, &mut actions);
        examples(session, ui, effects);
        recent(files, ui, effects);
        ui.separator();
        button(Action::Restart, "⏮", session, ui, &mut actions);
        button(Action::Continue, "▶", session, ui, &mut actions);
        button(Action::Pause, "⏸", session, ui, &mut actions);
        button(Action::StepOver, "↷ over", session, ui, &mut actions);
        button(Action::StepInto, "↓ into", session, ui, &mut actions);
        button(Action::StepOut, "↑ out", session, ui, &mut actions);
        button(Action::Stop, "⏹", session, ui, &mut actions);
        step_many(shell, session, ui, &mut actions);
        ui.separator();
        state(session, ui);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            button(Action::Help, "?", session, ui, &mut actions);
            themes(session, ui, effects);
            views(shell, layout, session, ui, effects, &mut actions);
            button(Action::Palette, "Ctrl+P", session, ui, &mut actions);
        });
    });
    ui.add_space(tokens::GAP / 2.0);
    actions
}

fn button(action: Action, text: &str, session: &Session, ui: &mut Ui, actions: &mut Vec<Action>) {
    let obstacle = action.obstacle(session);
    let response = ui.add_enabled(obstacle.is_none(), Button::new(text));
    let response = response.accessible_name(action.title());
    rects::note(&response, || format!("toolbar.{action:?}"));
    let keys = action.keys_text(ui.ctx());
    let keys = if keys.is_empty() { String::new() } else { format!("  ({keys})") };
    let hint = format!("{}{keys}", action.title());
    let response = response.on_hover_text(&hint);
    let response = match obstacle {
        Some(obstacle) => response.on_disabled_hover_text(format!("{hint}\n{obstacle}")),
        None => response,
    };
    if response.clicked() {
        actions.push(action);
    }
}

fn step_many(shell: &mut Shell, session: &Session, ui: &mut Ui, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let count = widgets::read_count(&shell.step_count);
    let obstacle = Action::StepMany.obstacle(session);
    let enabled = obstacle.is_none() && count.is_ok();
    let step = ui.add_enabled(enabled, Button::new("step")).accessible_name("Step N instructions");
    rects::note(&step, || "toolbar.StepMany".to_owned());
    let step = step.on_hover_text("Exactly as many instructions as the field says");
    let edit = egui::TextEdit::singleline(&mut shell.step_count)
        .font(tokens::mono())
        .desired_width(tokens::NUMBER);
    let field = ui.add(edit).accessible_name("instructions to step");
    rects::note(&field, || "toolbar.step_count".to_owned());
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if let Err(problem) = &count {
        ui.colored_label(tokens.error, problem);
    }
    if enabled && (step.clicked() || entered) {
        actions.push(Action::StepMany);
    }
}

fn examples(session: &Session, ui: &mut Ui, effects: &mut Vec<Effect>) {
    let menu = ui.menu_button("Examples", |ui| {
        for example in session.examples() {
            let entry = ui.button(&example.title).on_hover_text(&example.summary);
            rects::note(&entry, || format!("toolbar.example.{}", example.id));
            if entry.clicked() {
                effects.push(Effect::Command(Command::OpenExample(example.id.clone())));
                ui.close();
            }
        }
    });
    rects::note(&menu.response, || "toolbar.examples".to_owned());
}

fn recent(files: &Files, ui: &mut Ui, effects: &mut Vec<Effect>) {
    if files.recent().is_empty() {
        return;
    }
    ui.menu_button("Recent", |ui| {
        for (position, entry) in files.recent().iter().enumerate() {
            let button = ui.button(&entry.name);
            let button = match &entry.path {
                Some(path) => button.on_hover_text(path.display().to_string()),
                None => button,
            };
            if button.clicked() {
                effects.push(Effect::OpenRecent(position));
                ui.close();
            }
        }
    });
}

/// How many instructions, and what the machine is doing.
fn state(session: &Session, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let executed = RichText::new(widgets::grouped(session.clock())).font(tokens::mono_bold());
    ui.label(RichText::new("executed").color(tokens.weak));
    ui.label(executed).on_hover_text("Instructions executed in this run: the clock of everything");
    let (text, color) = match session.run_state() {
        RunState::Idle => ("ready".to_owned(), tokens.weak),
        RunState::Running => match session.speed() {
            Some(speed) => (format!("running, {:.0} M/s", speed / 1e6), tokens.good),
            None => ("running".to_owned(), tokens.good),
        },
        RunState::Stopped(reason) => match reason {
            StopReason::Started if session.is_begun_again() => {
                ("begun again, ready to step".to_owned(), tokens.good)
            }
            StopReason::Started => ("ready to step".to_owned(), tokens.good),
            StopReason::Stepped => ("stepped".to_owned(), tokens.text),
            StopReason::Paused => ("paused".to_owned(), tokens.text),
            StopReason::Breakpoint { hits, .. } => {
                let text = match hits {
                    1 => "stopped: breakpoint".to_owned(),
                    hits => format!("stopped: breakpoint, {} times", widgets::grouped(*hits)),
                };
                (text, tokens.breakpoint)
            }
            StopReason::Arrived => ("arrived at the cursor".to_owned(), tokens.text),
            StopReason::HostCall => (waits(session).to_owned(), tokens.warning),
            StopReason::ImportBreak { module, name } => {
                (format!("stopped: {} is called", dotted(module, name)), tokens.breakpoint)
            }
            StopReason::Exit(0) => ("ended".to_owned(), tokens.good),
            StopReason::Exit(code) => (format!("ended with code {code}"), tokens.warning),
            StopReason::Wait => ("waits to be notified".to_owned(), tokens.warning),
            StopReason::Trap(_) => ("trapped".to_owned(), tokens.error),
            StopReason::Done(values) => (returned(session, values), tokens.good),
        },
    };
    let text = match (session.run_state(), session.selected_task()) {
        (RunState::Stopped(_), Some(task)) if session.task_count() > 1 => {
            format!("task {task} · {text}")
        }
        _ => text,
    };
    let text = match session.preparing() {
        Some(Preparing::Initialize(_)) => format!("{text} in _initialize"),
        Some(Preparing::StartFunction(_)) => format!("{text} in the start function"),
        None => text,
    };
    let label = ui.label(RichText::new(text).color(color));
    rects::note(&label, || "toolbar.state".to_owned());
    if let Some(preparing) = session.preparing_text() {
        label.on_hover_text(format!("This is {preparing}, and runs once"));
    }
}

/// What the pending call waits for.
fn waits(session: &Session) -> &'static str {
    let state = session.pending_call().map(|record| record.call.state);
    match state {
        Some(CallState::InProgress) if session.awaits_input() => "waits for input",
        Some(CallState::InProgress) => "waits for the host",
        _ => "waits for an answer",
    }
}

fn returned(session: &Session, values: &[stepwell_engine::Value]) -> String {
    match values {
        [] => "returned".to_owned(),
        [value] => format!("returned {}", session.value_text(value)),
        several => format!("returned {} values", several.len()),
    }
}

fn themes(session: &Session, ui: &mut Ui, effects: &mut Vec<Effect>) {
    let name = |theme| match theme {
        Theme::System => "as the system",
        Theme::Dark => "dark",
        Theme::Light => "light",
    };
    let menu = ui.menu_button("Theme", |ui| {
        for theme in [Theme::System, Theme::Dark, Theme::Light] {
            let entry = ui.selectable_label(session.theme() == theme, name(theme));
            rects::note(&entry, || format!("toolbar.theme.{theme:?}"));
            if entry.clicked() {
                effects.push(Effect::Command(Command::SetTheme(theme)));
                ui.close();
            }
        }
    });
    rects::note(&menu.response, || "toolbar.theme".to_owned());
}

fn views(
    shell: &Shell,
    layout: &Layout,
    session: &Session,
    ui: &mut Ui,
    effects: &mut Vec<Effect>,
    actions: &mut Vec<Action>,
) {
    let menu = ui.menu_button("View", |ui| {
        for panel in layout::PANELS {
            let mut open = layout.is_open(panel);
            if ui.checkbox(&mut open, layout::title(panel)).clicked() {
                effects.push(Effect::Command(Command::TogglePanel(panel)));
            }
        }
        ui.separator();
        for action in [
            Action::ResetLayout,
            Action::ZoomIn,
            Action::ZoomOut,
            Action::ZoomReset,
            Action::AddMemoryView,
        ] {
            let enabled = action.obstacle(session).is_none();
            let keys = action.keys_text(ui.ctx());
            let entry = Button::new(action.title()).shortcut_text(keys);
            if ui.add_enabled(enabled, entry).clicked() {
                actions.push(action);
                ui.close();
            }
        }
        let mut moving = !shell.reduce_motion;
        if ui.checkbox(&mut moving, "Motion").clicked() {
            actions.push(Action::ReduceMotion);
        }
    });
    rects::note(&menu.response, || "toolbar.view".to_owned());
}
