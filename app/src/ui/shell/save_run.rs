//! The run as a file: what would be in it is told before it is made.

use egui::Context;

use crate::session::{SavedView, Session};
use crate::ui::files::{self, Request};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// The name of the file that is proposed.
const NAME: &str = "run.stepwell";
/// Modules that are told by name.
const NAMED: usize = 6;

/// A file that is about to be made.
pub(super) struct SaveRun {
    with_console: bool,
    /// What would be in it, or why it cannot be made.
    view: Result<SavedView, String>,
}

impl SaveRun {
    /// Looks once: a run can be long, and stands still while it is asked about.
    pub(super) fn of(session: &Session) -> Self {
        let view = session.saved_view().map_err(|error| error.to_string());
        Self { with_console: true, view }
    }

    /// Draws the question; whether it stays open.
    pub(super) fn show(&mut self, session: &Session, ctx: &Context) -> bool {
        let mut stays = true;
        let modal = egui::Modal::new(egui::Id::unique("save-run")).show(ctx, |ui| {
            ui.set_width(tokens::TOOLTIP);
            ui.heading("Save the run");
            ui.add_space(tokens::GAP);
            match &self.view {
                Ok(view) => contents(view, &mut self.with_console, ui),
                Err(refused) => {
                    ui.colored_label(Tokens::of(ui).error, refused);
                }
            }
            ui.add_space(tokens::GROUP);
            ui.horizontal(|ui| {
                let save = ui.add_enabled(self.view.is_ok(), egui::Button::new("Save"));
                rects::note(&save, || "save_run.save".to_owned());
                if save.clicked() {
                    match session.save_run(self.with_console) {
                        Ok(bytes) => {
                            files::request(ctx, Request::Save(NAME.to_owned(), bytes.into()));
                            stays = false;
                        }
                        Err(error) => self.view = Err(error.to_string()),
                    }
                }
                let cancel = ui.button("Cancel");
                rects::note(&cancel, || "save_run.cancel".to_owned());
                stays &= !cancel.clicked();
            });
        });
        stays && !modal.should_close()
    }
}

fn contents(view: &SavedView, with_console: &mut bool, ui: &mut egui::Ui) {
    let SavedView { modules, host_calls, console, executed } = view;
    ui.label(format!(
        "{} instructions: who opens the file stands where you stand, and can go back and on.",
        widgets::grouped(*executed)
    ));
    ui.label("In it are");
    for (name, bytes) in modules.iter().take(NAMED) {
        ui.label(format!("· {}, {}", widgets::safe(name), widgets::size(*bytes as u64)));
    }
    if let Some(more) = modules.len().checked_sub(NAMED).filter(|more| *more > 0) {
        ui.label(format!("· {more} modules more"));
    }
    ui.label("· breakpoints, watches, answers, templates and arguments of these");
    if *host_calls > 0 {
        ui.label(format!(
                "· {} host calls with their answers: what was read of files, input, clocks and the environment",
                widgets::grouped(*host_calls as u64)
            ));
    }
    if *console > 0 {
        let text = format!("what the console shows, {}", widgets::size(*console as u64));
        let check = ui.checkbox(with_console, text);
        rects::note(&check, || "save_run.console".to_owned());
    }
    ui.label("Nothing is sent anywhere. Files and folders of the program are not in it.");
}
