//! The window as a whole: a session, the panels, and what surrounds them.

use std::time::Duration;

use egui::Ui;

use super::feedback;
use super::layout::Layout;
use super::tokens;
use crate::session::{Command, LayoutRequest, Session};

/// How long a run may take of a frame.
const SLICE: Duration = Duration::from_millis(8);

/// The window's state.
pub struct App {
    /// The work itself.
    pub session: Session,
    layout: Layout,
}

impl App {
    /// A window on a session. `ctx` gets fonts and themes.
    pub fn new(ctx: &egui::Context, session: Session) -> Self {
        tokens::install(ctx);
        Self { session, layout: Layout::default() }
    }

    /// Lets a run go on; to be called once a frame, before [`show`](Self::show).
    pub fn advance(&mut self, ctx: &egui::Context) {
        if self.session.tick(SLICE) {
            ctx.request_repaint();
        }
    }

    /// Draws everything and does what was asked for.
    pub fn show(&mut self, ui: &mut Ui) {
        let commands = self.layout.show(&self.session, ui);
        for command in commands {
            self.apply(ui.ctx(), command);
        }
    }

    /// Does a command; a refusal is shown where it came from.
    pub fn apply(&mut self, ctx: &egui::Context, command: Command) {
        let result = self.session.apply(command.clone());
        feedback::note(ctx, &command, &result);
        for request in self.session.take_layout_requests() {
            match request {
                LayoutRequest::Toggle(panel) => self.layout.toggle(panel),
                LayoutRequest::Reset => self.layout = Layout::default(),
                LayoutRequest::Zoom(zoom) => ctx.set_zoom_factor(zoom),
            }
        }
        ctx.request_repaint();
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }
}
