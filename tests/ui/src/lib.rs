//! Scenes in the window: a whole [`App`] without a screen, driven through its accessibility tree
//! and drawn by the processor where a picture is wanted.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a scene that cannot be set up has failed

use std::path::PathBuf;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, Session};
use stepwell::ui::App;

/// A window of 1280 by 800 points.
pub struct Scene {
    /// The harness, for what the functions here do not cover.
    pub harness: Harness<'static, App>,
}

impl Scene {
    /// A window with nothing opened, in the dark theme.
    pub fn empty() -> Self {
        Self::with(Session::new(), egui::Theme::Dark)
    }

    /// A window with an example, ready to step.
    pub fn example(id: &str) -> Self {
        let mut session = Session::new();
        session.apply(Command::OpenExample(id.to_owned())).unwrap();
        Self::with(session, egui::Theme::Dark)
    }

    /// A window with a module in the text format, opened as `name`.
    pub fn text(name: &str, text: &str) -> Self {
        let mut session = Session::new();
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: name.to_owned(), bytes }).unwrap();
        Self::with(session, egui::Theme::Dark)
    }

    /// A window on a session.
    pub fn with(session: Session, theme: egui::Theme) -> Self {
        let ctx = egui::Context::default();
        let harness = Harness::builder()
            .with_size(egui::vec2(1280.0, 800.0))
            .with_theme(theme)
            .with_max_steps(64)
            .with_context_setup(stepwell::ui::tokens::install)
            .build_ui_state(
                |ui, app: &mut App| {
                    app.advance(ui.ctx());
                    app.show(ui);
                },
                App::new(&ctx, session),
            );
        let mut scene = Self { harness };
        scene.settle();
        scene
    }

    /// Does commands, then draws until nothing moves.
    pub fn apply(&mut self, commands: impl IntoIterator<Item = Command>) -> &mut Self {
        let ctx = self.harness.ctx.clone();
        for command in commands {
            self.harness.state_mut().apply(&ctx, command);
        }
        self.settle()
    }

    /// Draws until nothing moves.
    pub fn settle(&mut self) -> &mut Self {
        self.harness.run_ok();
        self
    }

    /// The session behind the window.
    pub fn session(&self) -> &Session {
        &self.harness.state().session
    }

    /// Clicks the widget with this label.
    pub fn click(&mut self, label: &str) -> &mut Self {
        self.harness.get_by_label(label).click();
        self.settle()
    }

    /// Whether a widget with this label is there.
    pub fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// Whether a widget whose label contains this text is there.
    pub fn says(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// Draws a picture into the target folder, to be looked at.
    pub fn picture(&mut self, name: &str) -> &mut Self {
        let image = self.harness.render().expect("a picture");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            PathBuf::from,
        );
        let folder = target.join("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        image.save(folder.join(format!("{name}.png"))).unwrap();
        self
    }
}
