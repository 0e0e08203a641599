//! The window on a desktop.

use std::path::PathBuf;

use super::App;
use crate::session::{Command, FIRST_EXAMPLE, Session};

/// Size at the first start.
const SIZE: [f32; 2] = [1280.0, 800.0];
const SMALLEST: [f32; 2] = [640.0, 400.0];

/// Opens the window with these files, or with an example ready to step, once the commands have been done;
/// returns when it is closed.
///
/// # Errors
/// If the system has no screen, or cannot draw.
pub fn run(files: Vec<PathBuf>, commands: Vec<Command>) -> eframe::Result {
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Stepwell")
        .with_app_id("stepwell")
        .with_inner_size(SIZE)
        .with_min_inner_size(SMALLEST)
        .with_drag_and_drop(true);
    let icon = include_bytes!("../../../assets/icons/stepwell.png");
    if let Ok(icon) = eframe::icon_data::from_png_bytes(icon) {
        viewport = viewport.with_icon(icon);
    }
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    eframe::run_native(
        "stepwell",
        options,
        Box::new(move |creation| {
            let mut session = Session::new();
            if files.is_empty() {
                // An example that cannot be opened is told in a notice.
                let _ = session.apply(Command::OpenExample(FIRST_EXAMPLE.to_owned()));
            }
            let mut app = App::start(creation, session);
            for command in commands {
                app.apply(&creation.egui_ctx, command);
            }
            for file in files {
                app.open_path(file);
            }
            Ok(Box::new(app))
        }),
    )
}
