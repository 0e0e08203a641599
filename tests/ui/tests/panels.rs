//! Code, stack and frames: what they show, what a click does, and what they say when empty.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::session::{Command, RunState, Shape, StopReason};
use stepwell_engine::Value;
use stepwell_ui_tests::Scene;

/// The offset of the first row that shows this instruction, and the row's label.
fn row(scene: &Scene, instruction: &str) -> (u32, String) {
    let rows = scene.harness.query_all_by_label_contains(instruction);
    let labels = rows.filter_map(|node| node.accesskit_node().label());
    let label =
        labels.into_iter().find(|label| label.starts_with("0x")).expect("a row").to_string();
    let hex = label.split(' ').next().unwrap().trim_start_matches("0x").to_owned();
    (u32::from_str_radix(&hex, 16).unwrap(), label)
}

#[test]
fn the_present_instruction_is_marked_and_moves_with_a_step() {
    let mut scene = Scene::example("recursion");
    let selected = |scene: &Scene| {
        let nodes = scene.harness.query_all_by_label_contains("0x");
        let found = nodes
            .filter(|node| node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True));
        let labels: Vec<String> = found
            .filter_map(|node| node.accesskit_node().label())
            .map(|label| label.to_string())
            .collect();
        labels.into_iter().find(|label| label.starts_with("0x")).unwrap()
    };
    assert!(selected(&scene).ends_with("local.get $n"));
    scene.apply([Command::StepInto]);
    assert!(selected(&scene).ends_with("i64.const 1"));
    assert!(scene.says("Pushes a constant."), "the instruction is explained");
}

#[test]
fn a_click_into_the_gutter_sets_a_breakpoint_and_one_beside_it_the_cursor() {
    let mut scene = Scene::example("recursion");
    let (offset, label) = row(&scene, "i64.sub");
    let place = scene.harness.get_by_label(&label).rect();
    let gutter = egui::pos2(place.left() + 6.0, place.center().y);
    scene.click_at(gutter);
    assert_eq!(scene.session().breakpoints().next().unwrap().offset, offset);
    scene.click_at(gutter);
    assert_eq!(scene.session().breakpoints().len(), 0);
    scene.click_at(place.center());
    assert_eq!(scene.session().code_focus().unwrap().offset.0, offset);
    assert_eq!(scene.session().breakpoints().len(), 0);
}

#[test]
fn the_menu_of_a_row_runs_to_it() {
    let mut scene = Scene::example("recursion");
    let (offset, label) = row(&scene, "i64.sub");
    scene.harness.get_by_label(&label).click_secondary();
    scene.settle();
    scene.click("Run to here");
    let frames = scene.session().frames();
    assert_eq!(frames[0].offset().0, offset);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Arrived));
}

#[test]
fn a_double_click_on_a_call_shows_the_callee() {
    let mut scene = Scene::text(
        "m",
        "(module (func $first (export \"first\") call $second) (func $second nop))",
    );
    let (_, label) = row(&scene, "call $second");
    let place = scene.harness.get_by_label(&label).rect().center();
    scene.double_click_at(place);
    let focus = scene.session().code_focus().unwrap();
    let open = &scene.session().modules()[0];
    assert_eq!(open.module.func_at(focus.offset).unwrap().0, 1);
}

#[test]
fn code_goes_to_an_offset_or_a_function() {
    let mut scene = Scene::example("recursion");
    let open = &scene.session().modules()[0];
    let last = stepwell_engine::FuncIndex(open.module.func_count() - 1);
    let name = open.module.func_name(last).unwrap().to_owned();
    let start = open.module.func_body(last).unwrap().start;
    scene.enter("Go to offset or function", &name);
    assert_eq!(scene.session().code_focus().unwrap().offset, start);
    scene.enter("Go to offset or function", "0xffffff");
    assert_eq!(scene.session().code_focus().unwrap().offset, start, "nothing is there");
    assert!(scene.says("not here"));
}

#[test]
fn each_module_has_a_tab_of_code() {
    let mut scene = Scene::example("attribution");
    scene.click("code of b");
    let focus = scene.session().code_focus().unwrap();
    assert_eq!(scene.session().module(focus.module).unwrap().name, "b");
    assert!(scene.says("env.print"), "an import is named where it is called");
}

#[test]
fn the_stack_has_operands_locals_and_labels() {
    let mut scene = Scene::example("control_flow");
    scene.apply([Command::StepBy(27)]);
    assert!(scene.has("operand 1 = i32:1"));
    assert!(scene.has("operand 0 = i32:3"));
    assert!(scene.has("local 0 $n = i32:3"));
    assert!(scene.has("br 0") && scene.has("loop $next"));
    assert!(scene.says("again from 0x"));
    assert!(scene.has("returns") && scene.has("takes 1 value"));
    scene.picture("stack");
}

#[test]
fn vectors_are_shown_and_changed_by_lanes_of_a_chosen_shape() {
    let mut scene = Scene::example("vectors");
    scene.apply([Command::StepBy(13)]);
    assert!(scene.has("operand 0 = v128:i32x4 1056964608 1065353216 1069547520 1073741824"));
    for (shape, next) in [("i32x4", "i64x2"), ("i64x2", "f32x4")] {
        // The uppermost one belongs to the operand; another one to the bytes of memory.
        let name = format!("vectors as {shape}");
        let labels = scene.harness.query_all_by_label(&name);
        let places = labels.map(|label| label.rect().center());
        let place = places.min_by(|a, b| a.y.total_cmp(&b.y)).unwrap();
        scene.click_at(place);
        assert!(scene.has(&format!("vectors as {next}")), "{shape}");
    }
    assert!(scene.has("operand 0 = v128:f32x4 0.5 1 1.5 2"));
    assert!(scene.has("local 2 $sum = v128:f32x4 0 0 0 0"));
    assert_eq!(scene.session().vector_shape(), Shape::F32x4);
    scene.picture("vectors");

    let name = "operand 0 = v128:f32x4 0.5 1 1.5 2";
    let place = scene.harness.get_by_label(name).rect().center();
    scene.double_click_at(place);
    scene.write("operand 0", "f32x4 1 2 3");
    scene.key(egui::Key::Enter);
    assert!(scene.has("f32x4 has 4 lanes, not 3"));
    scene.write("operand 0", "f32x4 1 2 3 -4");
    scene.key(egui::Key::Enter);
    assert!(scene.has("operand 0 = v128:f32x4 1 2 3 -4"));
    scene.apply([Command::Continue]);
    assert!(scene.says("f32:28"), "1 + 2 + 3 - 4 and 5 + 6 + 7 + 8");
}

#[test]
fn a_local_is_changed_in_place_and_wrong_text_changes_nothing() {
    let mut scene = Scene::example("recursion");
    let place = scene.harness.get_by_label("local 0 $n = i64:5").rect().center();
    scene.double_click_at(place);
    scene.write("local 0 $n", "five");
    scene.key(egui::Key::Enter);
    assert_eq!(scene.session().frames()[0].locals()[0].value, Value::I64(5));
    assert!(scene.has("local 0 $n"), "the field stays with its message");
    scene.write("local 0 $n", "7");
    scene.key(egui::Key::Enter);
    assert_eq!(scene.session().frames()[0].locals()[0].value, Value::I64(7));
    assert!(scene.has("local 0 $n = i64:7"));
}

#[test]
fn a_frame_that_is_clicked_is_looked_at() {
    let mut scene = Scene::example("attribution");
    scene.apply([Command::Continue]);
    assert!(scene.says("env.print waits for an answer"));
    let frames = scene.harness.query_all_by_label_contains("frame ");
    let labels: Vec<String> = frames
        .filter_map(|node| node.accesskit_node().label())
        .map(|label| label.to_string())
        .collect();
    assert!(labels[0].starts_with("frame 0 b.foo") && labels[1].starts_with("frame 1 a."));
    let caller = labels[1].clone();
    scene.click(&caller);
    assert_eq!(scene.session().selected_frame(), 1);
    assert!(scene.has("its caller"));
    scene.picture("frames");
}

#[test]
fn empty_panels_say_what_to_do() {
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        let mut scene = Scene::with(stepwell::session::Session::new(), theme);
        assert!(scene.says("No module is open."));
        assert!(scene.says("No frames"));
        assert!(scene.says("Nothing runs."));
        scene.picture(if theme == egui::Theme::Dark { "empty-dark" } else { "empty-light" });
    }
}

#[test]
fn a_finished_run_shows_what_it_returned() {
    let mut scene = Scene::example("recursion");
    scene.apply([Command::Continue]);
    assert!(scene.has("Returned"));
    assert!(scene.has("i64:120"));
}

#[test]
fn a_million_rows_scroll_to_the_end() {
    let body = "nop ".repeat(4000);
    let funcs: String = (0..250).map(|index| format!("(func $f{index} {body})")).collect();
    let mut scene = Scene::text("long", &format!("(module {funcs})"));
    let open = &scene.session().modules()[0];
    let last = open.module.func_body(stepwell_engine::FuncIndex(249)).unwrap();
    let (module, offset) = (open.key, last.end.0 - 1);
    scene.apply([Command::ShowOffset { module, offset }]);
    assert!(scene.has(&format!("0x{offset:04x} end")));
}
