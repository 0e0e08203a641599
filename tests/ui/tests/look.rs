//! Pictures to look at; nothing is asserted but that they can be drawn.

use stepwell::session::Command;
use stepwell_ui_tests::Scene;

#[test]
fn examples() {
    for id in ["attribution", "memory", "call_indirect", "host_imports", "rust_checksum"] {
        for theme in [egui::Theme::Dark, egui::Theme::Light] {
            let mut session = stepwell::session::Session::new();
            session.apply(Command::OpenExample(id.to_owned())).unwrap();
            let mut scene = Scene::with(session, theme);
            scene.apply([Command::StepBy(40)]);
            scene.picture(&format!(
                "{id}-{}",
                if theme == egui::Theme::Dark { "dark" } else { "light" }
            ));
        }
    }
}
