//! The desktop program: the window, or a subcommand without one.

fn main() -> eframe::Result {
    let options = eframe::NativeOptions::default();
    eframe::run_native(
        "Stepwell",
        options,
        Box::new(|cc| {
            let session = stepwell::session::Session::new();
            Ok(Box::new(stepwell::ui::App::new(&cc.egui_ctx, session)))
        }),
    )
}
