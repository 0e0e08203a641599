//! The graph: modules, hosts, imports, calls, and the present path of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::Theme;
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, ImportPolicy, Panel, Session};
use stepwell_ui_tests::Scene;

const THEMES: [(Theme, &str); 2] = [(Theme::Dark, "dark"), (Theme::Light, "light")];

fn with(modules: &[(&str, &str)], theme: Theme) -> Scene {
    let mut session = Session::new();
    for (name, text) in modules {
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: (*name).to_owned(), bytes }).unwrap();
    }
    let mut scene = Scene::with(session, theme);
    scene.apply([Command::RevealPanel(Panel::Graph)]);
    scene
}

fn start(scene: &mut Scene, module: &str, export: &str) {
    let modules = scene.session().modules();
    let module = modules.iter().find(|open| open.name == module).unwrap().key;
    scene.apply([Command::Start { module, export: export.into(), args: vec![] }]);
}

#[test]
fn without_modules_the_panel_says_what_will_be_there() {
    let scene = with(&[], Theme::Dark);
    assert!(scene.says("Modules appear here with arrows"));
}

#[test]
fn the_present_calls_are_lit_up_to_where_they_stand() {
    for (theme, name) in THEMES {
        let mut session = Session::new();
        session.apply(Command::OpenExample("attribution".into())).unwrap();
        let mut scene = Scene::with(session, theme);
        scene.apply([Command::RevealPanel(Panel::Graph)]);
        assert!(scene.has("graph: a, where the task stands"));
        assert!(scene.has("graph: b") && scene.has("graph: nobody"));
        assert!(scene.has("graph: a → b, 1 import"), "nothing has been called");
        scene.apply([Command::Continue]);
        assert!(scene.has("graph: a, calling") && scene.has("graph: b, calling"));
        assert!(scene.has("graph: nobody, where the task stands"));
        assert!(scene.has("graph: a → b, 1 import, 1 call, 1 new, on the way"));
        assert!(scene.has("graph: b → nobody, 1 import, 1 call, 1 new, on the way"));
        assert!(scene.has("graph: a → nobody, 1 import"));
        scene.picture(&format!("graph-{name}"));
        scene.apply([Command::Answer(vec![])]);
        assert!(scene.has("graph: a → b, 1 import, 1 call, 1 new"));
    }
}

#[test]
fn what_is_new_is_new_since_the_last_stop() {
    let mut scene = with(
        &[
            ("lib", "(module (func (export \"one\")) (func (export \"two\")))"),
            (
                "main",
                "(module (import \"lib\" \"one\" (func $one)) (import \"lib\" \"two\" (func $two)) \
                 (func (export \"f\") call $one call $two call $two nop))",
            ),
        ],
        Theme::Dark,
    );
    start(&mut scene, "main", "f");
    assert!(scene.has("graph: main → lib, 2 imports"));
    scene.apply([Command::StepInto]);
    assert!(scene.has("graph: main → lib, 2 imports, 1 call, 1 new, on the way"));
    scene.apply([Command::StepInto]);
    assert!(scene.has("graph: main → lib, 2 imports, 1 call"), "a return is none");
    scene.apply([Command::Continue]);
    assert!(scene.has("graph: main → lib, 2 imports, 3 calls, 2 new"));
}

#[test]
fn an_edge_shows_its_imports_and_a_module_its_code() {
    let mut scene = with(
        &[
            ("lib", "(module (func (export \"one\") (param i32)) (memory (export \"m\") 1))"),
            (
                "main",
                "(module (import \"lib\" \"one\" (func (param i32))) (import \"lib\" \"m\" (memory 1)) \
                 (import \"lib\" \"none\" (func)) (func (export \"f\")))",
            ),
        ],
        Theme::Dark,
    );
    scene.click("graph: main → lib, 3 imports");
    assert!(scene.has("lib.one") && scene.has("lib.m"));
    assert!(scene.says("(i32) -> ()"));
    assert!(scene.says("lib exports no \"none\""));
    scene.picture("graph-imports");
    scene.click("close the list of imports");
    assert!(!scene.says("(i32) -> ()"));
    scene.click("graph: lib");
    let focus = scene.session().code_focus().unwrap();
    assert_eq!(scene.session().module(focus.module).unwrap().name, "lib");
}

#[test]
fn calls_without_an_import_have_an_edge_of_their_own() {
    let mut scene = with(
        &[
            (
                "table",
                "(module (table (export \"t\") 1 funcref) \
                 (func (export \"back\") i32.const 0 call_indirect))",
            ),
            (
                "user",
                "(module (import \"table\" \"t\" (table 1 funcref)) \
                 (import \"table\" \"back\" (func $back)) \
                 (elem (i32.const 0) $own) (func $own nop) (func (export \"f\") call $back))",
            ),
        ],
        Theme::Dark,
    );
    start(&mut scene, "user", "f");
    scene.apply([Command::StepBy(3)]);
    assert!(scene.has("graph: table → user, 0 imports, 1 call, 1 new, on the way"));
    assert!(scene.has("graph: user, where the task stands"));
    scene.picture("graph-back");
}

/// `m0` on top, each with three below it that it imports from; all of them import what nobody has.
fn many(count: usize) -> Vec<(String, String)> {
    let module = |number: usize| {
        let below = (number * 3 + 1..number * 3 + 4).filter(|below| *below < count);
        let imports: Vec<String> = below
            .clone()
            .map(|below| format!("(import \"module{below}\" \"f\" (func $f{below}))"))
            .collect();
        let calls: Vec<String> = below.map(|below| format!("call $f{below}")).collect();
        let host = if number % 4 == 1 { "(import \"env\" \"log\" (func $log))" } else { "" };
        let last = if number % 4 == 1 { "call $log" } else { "" };
        let text = format!(
            "(module {} {host} (func (export \"f\") {} {last}))",
            imports.join(" "),
            calls.join(" ")
        );
        (format!("module{number}"), text)
    };
    (0..count).map(module).collect()
}

#[test]
fn thirty_modules_can_be_read_in_a_narrow_panel_and_in_a_wide_one() {
    let modules = many(30);
    let modules: Vec<(&str, &str)> =
        modules.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    for (theme, name) in THEMES {
        let mut scene = with(&modules, theme);
        let policies = scene.session().modules().iter().flat_map(|open| {
            let imports = open.module.imports().iter().enumerate();
            let hosts = imports.filter(|(_, import)| &*import.module == "env");
            hosts.map(|(import, _)| Command::SetPolicy {
                module: open.key,
                import,
                policy: ImportPolicy::Zero,
            })
        });
        let policies: Vec<Command> = policies.collect();
        scene.apply(policies);
        start(&mut scene, "module0", "f");
        scene.apply([Command::StepBy(9)]);
        for (width, label) in [(900.0, "narrow"), (1280.0, "usual"), (2400.0, "wide")] {
            scene.harness.set_size(egui::vec2(width, 800.0));
            scene.settle();
            for number in 0..30 {
                let label = format!("graph: module{number}");
                let found = scene.harness.query_all_by(|node| {
                    node.label()
                        .is_some_and(|own| own == label || own.starts_with(&format!("{label},")))
                });
                assert_eq!(found.count(), 1, "{label}");
            }
            scene.picture(&format!("graph-30-{label}-{name}"));
        }
    }
}
