//! The line on top: opening, running and stepping, what the machine is doing, views.

use egui::{Button, RichText, Ui};

use super::Shell;
use super::actions::{Action, Effect};
use crate::session::{Arrangement, Command, Panel, Session, Theme};
use crate::ui::arrangements;
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
        step(session, ui, &mut actions);
        button(Action::Restart, "⏮", session, ui, &mut actions);
        button(Action::Continue, "▶", session, ui, &mut actions);
        button(Action::Pause, "⏸", session, ui, &mut actions);
        button(Action::StepOver, "↷ over", session, ui, &mut actions);
        button(Action::StepOut, "↑ out", session, ui, &mut actions);
        button(Action::Stop, "⏹", session, ui, &mut actions);
        step_many(shell, session, ui, &mut actions);
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

/// One instruction: what is done most, by the largest button.
fn step(session: &Session, ui: &mut Ui, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let text = RichText::new("↓ Step").font(tokens::strong()).color(tokens.on_accent);
    let button = Button::new(text).fill(tokens.accent).min_size(tokens::LARGEST_BUTTON.into());
    add(Action::StepInto, button, session, ui, actions);
}

fn button(action: Action, text: &str, session: &Session, ui: &mut Ui, actions: &mut Vec<Action>) {
    add(action, Button::new(text), session, ui, actions);
}

fn add(
    action: Action,
    button: Button<'_>,
    session: &Session,
    ui: &mut Ui,
    actions: &mut Vec<Action>,
) {
    let obstacle = action.obstacle(session);
    let response = ui.add_enabled(obstacle.is_none(), button);
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
    let text = match &count {
        Ok(count) => format!("{} steps", widgets::grouped(*count)),
        Err(_) => "? steps".to_owned(),
    };
    let step = ui.add_enabled(enabled, Button::new(text)).accessible_name("Step N instructions");
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
        // Three columns: all of it has to fit into a small window with large text.
        let rows = Panel::ALL.len().div_ceil(3);
        egui::Grid::new("panels").num_columns(3).spacing(tokens::GRID).show(ui, |ui| {
            for row in 0..rows {
                for panel in Panel::ALL.iter().skip(row).step_by(rows) {
                    let mut open = layout.is_open(*panel);
                    let entry = ui.checkbox(&mut open, layout::title(*panel));
                    rects::note(&entry, || format!("toolbar.panel.{}", layout::title(*panel)));
                    if entry.clicked() {
                        effects.push(Effect::Command(Command::TogglePanel(*panel)));
                    }
                }
                ui.end_row();
            }
        });
        ui.separator();
        let arrange = ui.menu_button("Arrange for", |ui| {
            for arrangement in arrangements::ALL.into_iter().chain([Arrangement::Own]) {
                let action = Action::Arrange(arrangement);
                let is_shown = layout.arrangement == arrangement;
                let keys = action.keys_text(ui.ctx());
                let entry = Button::selectable(is_shown, arrangements::title(arrangement));
                let entry = ui.add(entry.shortcut_text(keys));
                rects::note(&entry, || format!("toolbar.arrange.{arrangement:?}"));
                if entry.on_hover_text(arrangements::purpose(arrangement)).clicked() {
                    actions.push(action);
                    ui.close();
                }
            }
        });
        rects::note(&arrange.response, || "toolbar.arrange".to_owned());
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
        let motion = ui.checkbox(&mut moving, "Motion");
        rects::note(&motion, || "toolbar.motion".to_owned());
        if motion.clicked() {
            actions.push(Action::ReduceMotion);
        }
    });
    rects::note(&menu.response, || "toolbar.view".to_owned());
}
