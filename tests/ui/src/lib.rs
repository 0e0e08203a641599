//! Scenes in the window: a whole [`App`] without a screen, driven through its accessibility tree
//! and drawn by the processor where a picture is wanted.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a scene that cannot be set up has failed

use std::path::PathBuf;
use std::time::Duration;

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
        while session.is_opening() {
            session.tick(Duration::from_millis(8));
        }
        Self::with(session, egui::Theme::Dark)
    }

    /// A window on a session.
    pub fn with(session: Session, theme: egui::Theme) -> Self {
        Self::drawn_with(session, theme, |_| {})
    }

    /// A window on a session, with something more set up before it is first drawn.
    pub fn drawn_with(
        session: Session,
        theme: egui::Theme,
        set_up: impl FnOnce(&egui::Context) + 'static,
    ) -> Self {
        let ctx = egui::Context::default();
        let harness = Harness::builder()
            .with_size(egui::vec2(1280.0, 800.0))
            .with_theme(theme)
            .with_max_steps(64)
            .with_step_dt(1.0 / 60.0)
            .with_context_setup(|ctx| {
                stepwell::ui::tokens::install(ctx);
                set_up(ctx);
            })
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

    /// Clicks at a place.
    pub fn click_at(&mut self, place: egui::Pos2) -> &mut Self {
        self.harness.hover_at(place);
        self.harness.drag_at(place);
        self.harness.drop_at(place);
        self.settle()
    }

    /// The place of the first hex digits in a row of a memory view, by the view's rectangle.
    pub fn byte_place(&self, view: egui::Rect, row: usize) -> egui::Pos2 {
        let character = stepwell::ui::tokens::MONO_WIDTH;
        let height = stepwell::ui::tokens::ROW;
        egui::pos2(view.left() + 12.0 * character, view.top() + (row as f32 + 0.5) * height)
    }

    /// Clicks twice at a place, as fast as a person.
    pub fn double_click_at(&mut self, place: egui::Pos2) -> &mut Self {
        // A click shortly before would make this a triple one.
        self.harness.run_steps(40);
        self.harness.hover_at(place);
        for _ in 0..2 {
            self.harness.drag_at(place);
            self.harness.drop_at(place);
            self.harness.run_steps(2);
        }
        self.settle()
    }

    /// Presses a key and lets go of it.
    pub fn key(&mut self, key: egui::Key) -> &mut Self {
        self.harness.key_press(key);
        self.settle()
    }

    /// Presses a key with others held.
    pub fn key_with(&mut self, modifiers: egui::Modifiers, key: egui::Key) -> &mut Self {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle()
    }

    /// Presses a key without waiting for anything: for runs that do not end.
    pub fn press(&mut self, key: egui::Key) -> &mut Self {
        self.harness.key_press(key);
        self.harness.step();
        self
    }

    /// Replaces what is written in the field with this label.
    pub fn write(&mut self, label: &str, text: &str) -> &mut Self {
        let is_field = |node: &egui_kittest::Node<'_>| {
            use egui::accesskit::Role;
            use egui_kittest::kittest::NodeT as _;
            matches!(node.accesskit_node().role(), Role::TextInput | Role::MultilineTextInput)
        };
        let field = self.harness.query_all_by_label(label).find(is_field).expect("a field");
        field.focus();
        self.settle();
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.settle()
    }

    /// Writes into the field with this label and presses Enter.
    pub fn enter(&mut self, label: &str, text: &str) -> &mut Self {
        self.write(label, text).key(egui::Key::Enter)
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
