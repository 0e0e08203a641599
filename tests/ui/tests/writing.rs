//! Text in the scripts of the world: letters where the window's own fonts have none.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::sync::Arc;

use egui::epaint::text::FallbackRequest;
use egui::{FontData, FontInsert};
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, ConsoleStream, Panel, Session};
use stepwell::ui::fonts::fitted;
use stepwell_ui_tests::Scene;

/// Answers with the fonts that lie beside the page. What no font has ends the scene.
fn give_fonts(ctx: &egui::Context) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/fonts/writing");
    let mut fonts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "ttf" || kind == "otf") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            fonts.push((name, FontData::from_owned(std::fs::read(&path).unwrap())));
        }
    }
    assert_eq!(fonts.len(), 7);
    let find = move |request: &FallbackRequest<'_>| -> Option<FontInsert> {
        let character = request.cluster.chars().next()?;
        fonts.iter().find_map(|(name, data)| fitted(name, data, character, request.family))
    };
    ctx.set_font_providers(vec![Arc::new(find)]);
}

const LINES: [&str; 11] = [
    "ascii OK",
    "ひらがな カタカナ",
    "한국어 대한민국",
    "Привет, λόγος",
    "नमस्ते दुनिया क्षत्रिय",
    "سلام دنیا (עברית) عرب",
    "say \u{1b}[31mשלום\u{1b}[0m עולם, twice",
    "สวัสดีชาวโลก ที่นี่",
    "🎉 emoji 🦀 ☂ ─│█░",
    "你好 世界, wide as |two| cells",
    "abcd efgh, wide as |two| cells",
];

fn scene(theme: egui::Theme) -> Scene {
    let mut scene = Scene::drawn_with(Session::new(), theme, give_fonts);
    scene.apply([Command::RevealPanel(Panel::Console)]);
    let text = LINES.join("\n");
    scene.harness.state_mut().session.console_write(ConsoleStream::Output, text.as_bytes());
    scene.settle();
    scene
}

#[test]
fn the_console_shows_letters_of_all_scripts() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut scene = scene(theme);
        // Words from right to left stand where they are read.
        for line in ["عرب (עברית) دنیا سلام", "say עולם שלום, twice"] {
            assert!(scene.has(line), "{line}");
        }
        let width = |label: &str| scene.harness.get_by_label(label).rect().width();
        let (wide, narrow) = (width(LINES[9]), width(LINES[10]));
        assert!((wide - narrow).abs() < 1.0, "an ideograph takes two cells: {wide}, {narrow}");
        scene.picture(&format!("writing-{name}"));
    }
}

#[test]
fn what_is_turned_can_be_selected_and_copied() {
    let mut scene = scene(egui::Theme::Dark);
    for line in [LINES[4], "عرب (עברית) دنیا سلام", "say עולם שלום, twice"]
    {
        let place = scene.harness.get_by_label(line).rect();
        for share in [0.05, 0.3, 0.5, 0.7, 0.95, 1.5] {
            scene.harness.hover_at(place.left_center());
            scene.harness.drag_at(place.left_center());
            let end = egui::pos2(place.left() + place.width() * share, place.center().y);
            scene.harness.hover_at(end);
            scene.harness.step();
            scene.harness.event(egui::Event::Copy);
            scene.harness.step();
            scene.harness.drop_at(end);
            scene.settle();
        }
    }
}

#[test]
fn names_and_code_show_letters_of_all_scripts() {
    let text = r#"(module (memory 1) (data (i32.const 0) "\d7\90\d7\91\20\d7\92\d7\93")
        (func $"אבג דהו" (export "数える") i32.const 1 drop)
        (func $"नमस्ते" (export "عرب دنیا") call $"אבג דהו"))"#;
    let mut session = Session::new();
    let bytes = text.as_bytes().to_vec();
    session.apply(Command::Open { name: "שלום".to_owned(), bytes }).unwrap();
    while session.tick(std::time::Duration::from_millis(8)) {}
    // Before anything is drawn: what no font has would end the scene.
    let mut scene = Scene::drawn_with(session, egui::Theme::Dark, give_fonts);
    let module = scene.session().modules()[0].key;
    let (export, args) = ("عرب دنیا".to_owned(), vec![]);
    scene.apply([Command::Start { module, export, args }]);
    scene.apply([Command::StepInto]);
    scene.apply([Command::RevealPanel(Panel::Memory)]);
    // What is read aloud stands as it is written.
    assert!(scene.says("call $\"אבג דהו\""), "code");
    assert!(scene.says("export \"数える\""), "exports");
    assert!(scene.has("دنیا عرب"), "the export in Modules");
    assert!(scene.says("\"גד אב\""), "text in Memory");
    scene.picture("writing-names");
}
