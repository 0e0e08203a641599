//! Modules: who satisfies an import, and which exports are listed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, ImportSource, ProviderChoice, Session};
use stepwell_ui_tests::Scene;

fn opened() -> Scene {
    let giving =
        |number: u32| format!(r#"(module (func (export "get") (result i32) i32.const {number}))"#);
    let main = r#"(module (import "lib" "get" (func $get (result i32)))
      (import "env" "get" (func (result i32)))
      (func (export "run") (result i32) call $get))"#;
    let mut session = Session::new();
    for (name, text) in [("main", main.to_owned()), ("lib", giving(1)), ("other", giving(2))] {
        let bytes = text.into_bytes();
        session.apply(Command::Open { name: name.into(), bytes }).unwrap();
    }
    Scene::with(session, egui::Theme::Dark)
}

#[test]
fn another_module_is_chosen_from_the_menu_of_an_import() {
    let mut scene = opened();
    let source = |scene: &Scene, import: usize| {
        let state = &scene.session().modules()[0].imports[import];
        match &state.source {
            ImportSource::Module(key) => scene.session().module(*key).unwrap().name.clone(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(source(&scene, 0), "lib");
    scene.click("← lib for lib.get");
    scene.picture("provider");
    scene.click("← other");
    assert_eq!(source(&scene, 0), "other");
    scene.click("← other for lib.get").click("no module");
    assert_eq!(source(&scene, 0), "Nobody");
    // Where nobody has been chosen, the box of hosts and policies offers modules, too.
    scene.click("policy of lib.get").click("as its name says");
    assert_eq!(source(&scene, 0), "lib");
    scene.click("policy of env.get");
    scene.click("← other");
    assert_eq!(source(&scene, 1), "other");
    let choice = &scene.session().modules()[0].imports[1].provider;
    assert_eq!(*choice, ProviderChoice::Module("other".into()));
}

#[test]
fn many_exports_have_a_filter() {
    let exports = |count: u32| -> String {
        let all = (0..count).map(|number| format!("(func (export \"export_{number}\"))"));
        format!("(module {})", all.collect::<String>())
    };
    let scene = Scene::text("few", &exports(12));
    assert!(!scene.has("filter exports of few"));
    let mut scene = Scene::text("many", &exports(300));
    assert!(scene.has("export_0") && scene.says("and 100 more"));
    scene.write("filter exports of many", "T_29");
    let listed = scene.harness.query_all_by_label_contains("export_29").count();
    assert!(listed >= 11, "export_29 and export_290 to 299: {listed}");
    assert!(!scene.has("export_0") && !scene.says("more"));
    scene.write("filter exports of many", "nothing");
    assert!(scene.says("No export has these letters."));
}
