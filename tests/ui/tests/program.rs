//! What a program is given, and who answers its imports, in the Modules panel.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::hosts::HostSet;
use stepwell::session::{Command, ImportPolicy, Session, SetChoice};
use stepwell_ui_tests::Scene;

const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")))"#;

/// What a closed box shows.
fn chosen(scene: &Scene, label: &str) -> String {
    scene.harness.get_by_label(label).accesskit_node().value().unwrap_or_default()
}

#[test]
fn arguments_are_taken_apart_as_they_are_typed() {
    let mut scene = Scene::text("p", PROGRAM);
    scene.write("arguments of p", "-n 3 'two words'");
    assert_eq!(scene.session().program_args(), ["-n", "3", "two words"]);
    assert!(scene.has("two words"), "each word has a box");
    scene.write("arguments of p", "it's");
    assert!(scene.says("is not closed"));
    assert_eq!(scene.session().program_args(), ["-n", "3", "two words"], "nothing has changed");
    let (args, env) = (vec!["other words".to_owned()], Vec::new());
    scene.apply([Command::SetProgram { args, env }]);
    assert!(!scene.says("is not closed"), "what was set elsewhere is shown");
    assert!(scene.has("other words"));
}

#[test]
fn variables_are_lines() {
    let mut scene = Scene::text("p", PROGRAM);
    scene.write("environment of p", "A=1\nB=x=y");
    let env = [("A", "1"), ("B", "x=y")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(scene.session().program_env(), env);
    scene.write("environment of p", "A=1\nB");
    assert!(scene.says("line 2: there is no ="));
    assert_eq!(scene.session().program_env(), env);
}

#[test]
fn only_programs_have_the_form() {
    let scene = Scene::example("host_imports");
    assert!(!scene.has("Program"));
    assert!(Scene::text("p", PROGRAM).has("Program"));
}

#[test]
fn one_import_is_given_a_policy() {
    let mut scene = Scene::text("p", PROGRAM);
    scene.click("policy of wasi_snapshot_preview1.proc_exit").click("trap");
    let policies: Vec<ImportPolicy> =
        scene.session().modules()[0].imports.iter().map(|state| state.policy).collect();
    assert_eq!(policies, [ImportPolicy::Ask, ImportPolicy::Trap]);
}

#[test]
fn an_import_that_a_set_answers_says_so_and_can_be_taken_from_it() {
    let text = r#"(module
      (import "wasm:js-string" "length" (func (param externref) (result i32)))
      (import "env" "f" (func)))"#;
    let mut scene = Scene::text("s", text);
    let policy = "policy of wasm:js-string.length";
    assert_eq!(chosen(&scene, policy), "JS strings");
    scene.click(policy).click("return zero");
    assert_eq!(chosen(&scene, policy), "return zero");
    scene.click(policy).click("guess: JS strings");
    assert_eq!(chosen(&scene, policy), "JS strings");
    scene.click(policy).click("ask me").click(policy).click("JS strings");
    let state = &scene.session().modules()[0].imports[0];
    assert_eq!(state.choice, SetChoice::Given(HostSet::JsString));
}

/// A module with many imports from two modules.
fn many() -> String {
    let from = |module: &str, count: usize| -> String {
        (0..count).map(|n| format!("(import \"{module}\" \"f{n}\" (func))\n")).collect()
    };
    format!("(module {} {})", from("env", 40), from("other", 3))
}

#[test]
fn many_imports_are_grouped_with_one_choice_for_each_group() {
    let mut scene = Scene::text("m", &many());
    scene.click("Imports · 43");
    assert!(scene.has("imports from env"));
    assert!(!scene.has("f7"), "a group is folded at first");
    scene.click("policy of all other").click("return zero");
    let zeros = |scene: &Scene| {
        let imports = &scene.session().modules()[0].imports;
        imports.iter().filter(|state| state.policy == ImportPolicy::Zero).count()
    };
    assert_eq!(zeros(&scene), 3);
    scene.click("imports from other");
    scene.click("policy of other.f1").click("trap");
    assert_eq!(zeros(&scene), 2);
    assert_eq!(chosen(&scene, "policy of all other"), "mixed");
}

#[test]
fn how_it_looks() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut session = Session::new();
        let open = |name: &str, text: &str| Command::Open {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        session.apply(open("program", PROGRAM)).unwrap();
        session.apply(open("many", &many())).unwrap();
        let mut scene = Scene::with(session, theme);
        scene.write("arguments of program", "--count 3 'two words' ''");
        scene.write("environment of program", "HOME=/\nLANG");
        scene.click("Link graph").click("Imports · 43");
        scene.picture(&format!("program-{name}"));
    }
}
