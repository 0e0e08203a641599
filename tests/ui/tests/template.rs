//! Templates: bytes of a memory as the fields of a structure.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, TemplateView};
use stepwell_ui_tests::Scene;

const TEXT: &str = r#"(module (memory (export "m") 1)
  (data (i32.const 16) "\00\00\80\3f\00\00\00\c0\40\00\00\00\30\00\00\00abc\00\00\01\02\03")
  (data (i32.const 48) "\00\00\00\41")
  (data (i32.const 64) "hello\00")
  (func (export "run") (i32.store (i32.const 20) (i32.const 0)) nop))"#;

const FIELDS: &str = "x: f32, y: f32,\nname: cstr,\nnext: -> Point,\ntag: char[4], data: u8[4]";

fn begun() -> Scene {
    let mut scene = Scene::text("m", TEXT);
    let module = scene.session().modules()[0].key;
    scene.apply([Command::Start { module, export: "run".into(), args: vec![] }]);
    let view = scene.session().memory_views()[0].id;
    scene.apply([Command::SelectBytes { view, address: 16, len: 1 }]);
    scene
}

#[test]
fn a_template_is_written_with_its_errors_beside_it_and_read_at_the_cursor() {
    let mut scene = begun();
    scene.click("read as a structure");
    assert!(scene.says("A template reads bytes as fields."));
    scene.click("new template");
    scene.write("name of the template", "Point");
    scene.write("fields of the template", "x: f32,\ny: f33");
    assert!(scene.says("line 2, column 4: no type is called f33"));
    scene.picture("template-error");
    scene.write("fields of the template", FIELDS);
    assert!(!scene.says("column"));
    scene.click("keep the template");
    scene.picture("template");
    for value in ["x = 1", "y = -2", "name = 0x40 \"hello\"", "tag = \"abc\"", "data = 0 1 2 3"] {
        assert!(scene.has(value), "{value}");
    }
    // What a step writes is seen at once, and marked.
    scene.apply([Command::StepBy(3)]);
    assert!(scene.has("y = 0"));
    scene.picture("template-stepped");
    // Where a pointer leads there is another one.
    scene.click("follow next");
    assert_eq!(scene.session().memory_views()[0].cursor, 48);
    assert!(scene.has("x = 8"));
    scene.click("read as a structure");
    assert!(!scene.has("x = 8") && scene.says("at 0x30"));
    scene.click("read as a structure");
    assert!(scene.has("x = 8"), "the same one again");
}

#[test]
fn the_palette_opens_it_in_the_view_in_sight() {
    let mut scene = begun();
    scene.apply([Command::AddMemoryView]);
    scene.key_with(egui::Modifiers::COMMAND, egui::Key::P);
    scene.enter("palette", "read memory as a structure");
    let [first, second] = scene.session().memory_views() else { panic!("two views") };
    assert!(first.template.is_none() && second.template.is_some(), "the last one is in sight");
    assert!(scene.says("A template reads bytes as fields."));
}

#[test]
fn a_field_is_changed_in_place_and_taken_back() {
    let mut scene = begun();
    let module = scene.session().modules()[0].key;
    let view = scene.session().memory_views()[0].id;
    let (name, text) = ("Point".to_owned(), FIELDS.to_owned());
    let show = Some(TemplateView { name: name.clone(), at: Some(16) });
    scene.apply([
        Command::SetTemplate { module, name, text },
        Command::ShowTemplate { view, show },
        // It stays where it is pinned.
        Command::SelectBytes { view, address: 0x200, len: 1 },
    ]);
    let place = scene.harness.get_by_label("x = 1").rect().center();
    scene.double_click_at(place);
    scene.enter("inspector x", "eight");
    let memory = scene.session().memories()[0].addr;
    let at_x = |scene: &Scene| {
        let bytes = scene.session().store().unwrap().memory(memory).unwrap().bytes();
        f32::from_le_bytes(bytes[16..20].try_into().unwrap())
    };
    assert_eq!(at_x(&scene), 1.0, "what is wrong changes nothing");
    scene.enter("inspector x", "0.5");
    assert!(scene.has("x = 0.5"));
    assert_eq!(at_x(&scene), 0.5);
    scene.key_with(egui::Modifiers::COMMAND, egui::Key::Z);
    assert!(scene.has("x = 1"));
    scene.click("the structure behind");
    assert!(scene.says("0x28"), "24 bytes on");
}

#[test]
fn how_it_looks_beside_the_bytes_and_below_them() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        for width in [1280.0, 800.0] {
            let mut scene = begun();
            scene.harness.ctx.set_theme(theme);
            scene.harness.set_size(egui::vec2(width, 800.0));
            let module = scene.session().modules()[0].key;
            let view = scene.session().memory_views()[0].id;
            let (name_of, text) = ("Point".to_owned(), FIELDS.to_owned());
            let show = Some(TemplateView { name: name_of.clone(), at: None });
            scene.apply([
                Command::SetTemplate { module, name: name_of, text },
                Command::ShowTemplate { view, show },
                Command::StepBy(3),
            ]);
            assert!(scene.has("x = 1") && scene.has("y = 0"), "{width}");
            scene.picture(&format!("template-{name}-{width}"));
        }
    }
}
