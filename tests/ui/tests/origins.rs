//! Where values come from: from a menu to a tree that is opened step by step.

#![allow(clippy::unwrap_used)]

use egui_kittest::kittest::Queryable;
use stepwell::session::{Asked, Command, Panel, Theme};
use stepwell_ui_tests::Scene;

/// The price of what the host says how many there are of; the sum is wrong, since the rebate is.
const PRICE: &str = r#"(module
  (import "wasi_snapshot_preview1" "random_get" (func $read (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $rebate (mut i32) (i32.const 0))
  (func $price (param $count i32) (result i32)
    (i32.sub (i32.mul (local.get $count) (i32.const 20)) (global.get $rebate)))
  (func (export "main") (result i32)
    (drop (call $read (i32.const 16) (i32.const 1)))
    (global.set $rebate (i32.const 500))
    (call $price (i32.load8_u (i32.const 16)))))"#;

#[test]
fn a_wrong_result_is_traced_to_a_constant_and_to_bytes_of_the_host() {
    let mut scene = Scene::text("shop", PRICE);
    scene.click("Run shop.main");
    let end = scene.session().clock();
    scene.click("where from?");
    assert!(scene.says("i32.sub"));
    assert!(scene.says("by way of result of $price"));
    // The rebate is the constant.
    let open = |scene: &Scene, name: &str| {
        let origins = scene.session().origins();
        let node = (0..)
            .map_while(|at| origins.node(at))
            .find(|node| node.answers.is_none() && node.label == name);
        let node = node.unwrap_or_else(|| panic!("no {name} in {origins:?}"));
        format!("where does {} {} come from", node.label, node.value)
    };
    let rebate = open(&scene, "2nd operand");
    assert!(rebate.contains("i32:500"), "{rebate}");
    scene.click(&rebate);
    assert!(scene.says("i32.const"));
    assert!(scene.says("by way of $rebate"));
    // The count is the host's.
    let product = open(&scene, "1st operand");
    scene.click(&product);
    let count = open(&scene, "1st operand");
    scene.click(&count);
    assert!(scene.says("wasi_snapshot_preview1.random_get, host call 1"));
    assert!(scene.says("argument 0 of $price"));
    assert_eq!((scene.session().clock(), scene.session().is_past()), (end, false));
    scene.picture("origins");
    scene.apply([Command::SetTheme(Theme::Light)]);
    scene.picture("origins-light");
    // A click stands there.
    scene.click("i32.mul at 11");
    let frames = scene.session().frames();
    assert_eq!(frames[0].instruction_name().unwrap(), "i32.mul");
    assert_eq!(frames[0].operands()[1], stepwell_engine::Value::I32(20));
    drop(frames);
    scene.picture("origins-there");
    // With all steps, the last one comes first.
    scene.click("all steps");
    let origins = scene.session().origins();
    let answers = origins.node(0).unwrap().answers.clone().unwrap();
    assert_eq!((&*answers[0].author, answers[0].inputs.len()), ("end", 1));
}

#[test]
fn the_menu_of_an_operand_asks_and_the_panel_says_how_when_it_is_empty() {
    let mut scene = Scene::text("shop", PRICE);
    scene.apply([Command::RevealPanel(Panel::Origins)]);
    assert!(scene.says("ask where it comes from"));
    scene.picture("origins-empty");
    let module = scene.session().modules()[0].key;
    let (export, args) = ("main".to_owned(), Vec::new());
    scene.apply([Command::Start { module, export, args }, Command::StepBy(2)]);
    scene.harness.get_by_label("operand 1 = i32:1").click_secondary();
    scene.settle();
    scene.click("Where does this come from?");
    assert!(scene.says("i32.const"));
    let asked = Asked::Operand { frame: 0, operand: 0 };
    scene.apply([Command::AskOrigin(asked)]);
    assert!(scene.has("i32.const at 0"));
}
