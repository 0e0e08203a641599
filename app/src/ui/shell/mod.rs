//! What surrounds the panels: toolbar, keys, palette, banners, notices, help.
//!
//! `actions` is the one table behind toolbar, keys, palette and help. The shell has a state of its
//! own, such as an opened palette; what it does to the session are commands, as everywhere.

pub(super) mod actions;
mod banner;
mod first_minute;
mod help;
mod notices;
mod openings;
mod palette;
mod save_run;
mod state;
mod status;
mod timeline;
mod toolbar;

use egui::Ui;

use super::files::Files;
use super::layout::Layout;
use super::widgets;
use crate::session::{Command, Panel, Session, TemplateView, Theme, Trail};
use actions::{Action, Effect};
pub(super) use first_minute::FirstMinute;

/// The shell's own state.
pub(super) struct Shell {
    /// Text of the field beside `step`.
    step_count: String,
    palette: Option<palette::Palette>,
    help_is_open: bool,
    save_run: Option<save_run::SaveRun>,
    /// How far a newcomer has come; nothing for who is none.
    pub(super) first_minute: Option<FirstMinute>,
    /// Nothing moves by itself.
    pub(super) reduce_motion: bool,
    /// What back and forward are about.
    trail: Trail,
    /// The memory view in sight.
    view: Option<u32>,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            step_count: "100".to_owned(),
            palette: None,
            help_is_open: false,
            save_run: None,
            first_minute: None,
            reduce_motion: false,
            trail: Trail::default(),
            view: None,
        }
    }
}

impl Shell {
    /// Takes keys, before anything else can.
    pub(super) fn keys(&mut self, session: &Session, ui: &Ui) -> Vec<Effect> {
        self.trail = widgets::trail::pointed_at(session, ui.ctx());
        self.view = widgets::memory::view_in_sight(session, ui.ctx()).map(|view| view.id);
        actions::pressed(session, ui)
            .into_iter()
            .filter_map(|action| self.act(session, action))
            .collect()
    }

    /// What an action comes to; the shell's own are done at once.
    fn act(&mut self, session: &Session, action: Action) -> Option<Effect> {
        self.first_minute = self.first_minute.take().and_then(|minute| minute.after(action));
        match action {
            Action::Palette => {
                self.palette = match self.palette {
                    Some(_) => None,
                    None => Some(palette::Palette::default()),
                };
                None
            }
            Action::Help => {
                self.help_is_open = !self.help_is_open;
                None
            }
            Action::SaveRun => {
                self.save_run = Some(save_run::SaveRun::of(session));
                None
            }
            Action::ReduceMotion => {
                self.reduce_motion = !self.reduce_motion;
                None
            }
            Action::StepMany => {
                let count = widgets::read_count(&self.step_count).ok()?;
                Some(Effect::Command(Command::StepBy(count)))
            }
            Action::Back | Action::Forward => {
                let (trail, is_back) = (self.trail, action == Action::Back);
                let command = if is_back { Command::Back(trail) } else { Command::Forward(trail) };
                let leads =
                    if is_back { session.has_back(trail) } else { session.has_forward(trail) };
                leads.then_some(Effect::Command(command))
            }
            Action::ReadStructure => {
                let view = session.memory_views().iter().find(|view| Some(view.id) == self.view)?;
                let show = view.template.clone().or(Some(TemplateView::default()));
                Some(Effect::Commands(vec![
                    Command::RevealPanel(Panel::Memory),
                    Command::ShowTemplate { view: view.id, show },
                ]))
            }
            other => other.effect(session),
        }
    }

    /// Draws toolbar, banner and status line; the panels take the rest.
    pub(super) fn frame(
        &mut self,
        session: &Session,
        layout: &Layout,
        files: &Files,
        ui: &mut Ui,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        egui::Panel::top("toolbar").show(ui, |ui| {
            for action in toolbar::show(self, session, layout, files, ui, &mut effects) {
                effects.extend(self.act(session, action));
            }
        });
        let (commands, pressed) = banner::show(session, &mut self.first_minute, ui);
        effects.extend(commands.into_iter().map(Effect::Command));
        effects.extend(pressed.and_then(|action| self.act(session, action)));
        egui::Panel::bottom("status").show(ui, |ui| status::show(session, files, ui));
        for action in timeline::show(session, ui, &mut effects) {
            effects.extend(self.act(session, action));
        }
        effects
    }

    /// Draws what lies above the panels.
    pub(super) fn above(
        &mut self,
        session: &Session,
        layout: &Layout,
        files: &Files,
        ui: &mut Ui,
    ) -> Vec<Effect> {
        let mut effects: Vec<Effect> = Vec::new();
        effects.extend(notices::show(session, ui.ctx()).into_iter().map(Effect::Command));
        help::show(&mut self.help_is_open, ui.ctx());
        self.save_run = self
            .save_run
            .take()
            .and_then(|mut asked| asked.show(session, ui.ctx()).then_some(asked));
        if let Some(mut palette) = self.palette.take() {
            let choice = palette.show(session, layout, ui.ctx());
            match choice {
                palette::Choice::None => self.palette = Some(palette),
                palette::Choice::Closed => {}
                palette::Choice::Action(action) => effects.extend(self.act(session, action)),
                palette::Choice::Commands(commands) => {
                    effects.extend(commands.into_iter().map(Effect::Command));
                }
            }
        }
        files.overlay(ui.ctx());
        #[cfg(not(target_arch = "wasm32"))]
        files.show_path_entry(ui.ctx());
        effects
    }
}

/// What egui calls the session's theme.
pub(super) fn theme_preference(theme: Theme) -> egui::ThemePreference {
    match theme {
        Theme::System => egui::ThemePreference::System,
        Theme::Dark => egui::ThemePreference::Dark,
        Theme::Light => egui::ThemePreference::Light,
    }
}
