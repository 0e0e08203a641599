//! References, the heap, exceptions, waits and what modules declare of them: what a person sees and
//! does there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::session::{Command, Panel, RunState, Session, Shape, StopReason};
use stepwell_engine::Value;
use stepwell_ui_tests::Scene;

const OBJECTS: &str = r#"(module
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (type $bytes (array (mut i8)))
  (tag $oops (export "oops") (param i32))
  (global $head (export "head") (mut (ref null $node)) (ref.null $node))
  (table $kept 2 anyref)
  (elem declare func $use)
  (data $text "hello")
  (func $use (export "use") (param $node (ref null $node)) (param $bytes (ref null $bytes))
    (param $number i31ref) (param $func funcref)
    local.get $node drop)
  (func (export "run")
    i32.const 5
    i32.const 7 ref.null $node struct.new $node
    struct.new $node global.set $head
    (table.set $kept (i32.const 1) (global.get $head))
    global.get $head
    i32.const 0 i32.const 5 array.new_data $bytes $text
    i32.const -3 ref.i31
    ref.func $use
    call $use))"#;

/// Inside `use`, with every kind of reference among the locals.
fn objects(theme: egui::Theme) -> Scene {
    let mut session = Session::new();
    let bytes = OBJECTS.as_bytes().to_vec();
    session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
    let mut scene = Scene::with(session, theme);
    scene.click("Step m.run");
    scene.apply([Command::StepBy(17)]);
    assert_eq!(scene.session().frames().len(), 2);
    scene
}

/// The addresses of all objects.
fn addresses(scene: &Scene) -> Vec<u32> {
    scene.session().store().unwrap().objects().map(|(object, _)| object.0).collect()
}

#[test]
fn references_in_the_stack_say_what_they_refer_to() {
    let mut scene = objects(egui::Theme::Dark);
    let all = addresses(&scene);
    assert!(scene.has(&format!("local 0 $node = $node #{}", all[1])));
    assert!(scene.has(&format!("local 1 $bytes = $bytes #{}", all[2])));
    assert!(scene.has("local 2 $number = i31:-3"));
    assert!(scene.has("local 3 $func = m.use"));
    scene.apply([Command::StepInto]);
    assert!(scene.has(&format!("operand 0 = $node #{}", all[1])));
    scene.picture("references");
    scene.click("local 3 $func = m.use");
    let focus = scene.session().code_focus().unwrap();
    let func = scene.session().modules()[0].module.func_at(focus.offset).unwrap();
    assert_eq!(func.0, 0, "a click shows the function");
    scene.click(&format!("local 0 $node = $node #{}", all[1]));
    assert_eq!(scene.session().heap_focus().object.unwrap().0, all[1]);
    assert!(scene.has("Fields"), "the heap panel is in front");
}

#[test]
fn globals_and_tables_name_objects() {
    let mut scene = objects(egui::Theme::Dark);
    let head = addresses(&scene)[1];
    scene.apply([Command::RevealPanel(Panel::Globals)]);
    assert!(scene.has(&format!("global m 0 $head = $node #{head}")));
    scene.apply([Command::RevealPanel(Panel::Tables)]);
    assert!(scene.has("entry 0 null"));
    scene.click(&format!("entry 1 $node #{head}"));
    assert_eq!(scene.session().heap_focus().object.unwrap().0, head);
}

#[test]
fn a_reference_is_changed_by_what_it_is_called() {
    let mut scene = objects(egui::Theme::Dark);
    let all = addresses(&scene);
    let name = format!("local 0 $node = $node #{}", all[1]);
    scene.harness.get_by_label(&name).click_secondary();
    scene.settle();
    scene.click("Change the value");
    scene.enter("local 0 $node", &format!("#{}", all[0]));
    assert!(scene.has(&format!("local 0 $node = $node #{}", all[0])));
}

#[test]
fn the_heap_has_types_objects_fields_and_links_both_ways() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut scene = objects(theme);
        let all = addresses(&scene);
        scene.apply([Command::RevealPanel(Panel::Heap)]);
        assert!(scene.has("64 bytes in 3 objects"));
        assert!(scene.has("never collected"));
        assert!(scene.has("type $node: 2 objects, 48 bytes"));
        assert!(scene.has("type $bytes: 1 objects, 16 bytes"));
        scene.picture(&format!("heap-{name}"));
        scene.click("type $bytes: 1 objects, 16 bytes");
        assert!(!scene.says(&format!("object $node #{}", all[0])), "only objects of this type");
        scene.click(&format!("object $bytes #{} \"hello\"", all[2]));
        assert!(scene.has("Elements · 5") && scene.has("element 4 i32:111"));
        assert!(scene.has("\"hello\""), "bytes are read as text");
        assert!(scene.has("local $bytes of m.use"));
        scene.picture(&format!("heap-array-{name}"));

        scene.apply([Command::ShowObject(Some(all[1]))]);
        assert!(scene.has("field $value = i32:5"));
        assert!(scene.says("struct ($value i32, $next mut (ref null $node)): type 0 of m"));
        for referrer in ["local $node of m.use", "global $head of m", "entry 1 of table $kept of m"]
        {
            assert!(scene.has(referrer), "{referrer}");
        }
        scene.picture(&format!("heap-object-{name}"));
        scene.click(&format!("field $next = $node #{}", all[0]));
        assert_eq!(scene.session().heap_focus().object.unwrap().0, all[0]);
        assert!(scene.has("field $next = null"));
        scene.click(&format!("referrer $node #{}", all[1]));
        assert_eq!(scene.session().heap_focus().object.unwrap().0, all[1]);
        scene.click("← all objects");
        assert_eq!(scene.session().heap_focus().object, None);
    }
}

#[test]
fn an_empty_heap_says_what_will_be_there() {
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let mut scene = Scene::with(Session::new(), theme);
        scene.apply([Command::RevealPanel(Panel::Heap)]);
        assert!(scene.says("No heap yet"));
        scene.apply([Command::OpenExample("linked_list".to_owned())]);
        assert!(scene.says("The heap is empty."));
        scene.picture(&format!("heap-empty-{name}"));
    }
}

#[test]
fn garbage_is_collected_with_a_button() {
    let mut scene = Scene::example("linked_list");
    scene.apply([Command::RevealPanel(Panel::Heap)]);
    scene.apply([Command::Continue]);
    assert!(scene.has("152 bytes in 6 objects"));
    scene.click("Collect garbage");
    assert!(scene.has("24 bytes in 1 object") && scene.has("collected once"));
    assert!(scene.has("freed 128 bytes"));
}

#[test]
fn a_hundred_thousand_objects_are_looked_through_piece_by_piece() {
    let text = "(module (type $cell (struct (field $of (ref null $cell)))) \
        (global $last (mut (ref null $cell)) (ref.null $cell)) \
        (func (export \"fill\") (param $count i32) (loop \
          (global.set $last (struct.new $cell (global.get $last))) \
          (br_if 0 (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))";
    let mut scene = Scene::text("m", text);
    let module = scene.session().modules()[0].key;
    let args = vec!["100000".to_owned()];
    scene.apply([
        Command::Start { module, export: "fill".to_owned(), args },
        Command::RevealPanel(Panel::Heap),
        Command::Continue,
    ]);
    for _ in 0..200 {
        scene.settle();
        if scene.has("1.5 MiB in 100\u{a0}000 objects") {
            break;
        }
    }
    assert!(scene.has("1.5 MiB in 100\u{a0}000 objects"));
    let last = *addresses(&scene).last().unwrap();
    scene.apply([Command::ShowObject(Some(last - 2))]);
    for _ in 0..200 {
        scene.settle();
        if scene.has("Referred to by · 1") {
            break;
        }
    }
    assert!(scene.has(&format!("referrer $cell #{last}")));
    scene.picture("heap-large");
}

#[test]
fn a_throw_and_its_catcher_stand_above_the_operands() {
    let mut scene = Scene::example("exceptions");
    while scene.session().throwing().is_none() {
        scene.apply([Command::StepInto]);
    }
    assert_eq!(scene.session().frames().len(), 4);
    assert!(scene.has("throws $not_a_digit: caught in"));
    scene.picture("throws");
    let catcher = scene.session().throwing().unwrap().catcher.unwrap();
    scene.click(&format!("exceptions.parse at 0x{:04x}", catcher.offset.0));
    assert_eq!(scene.session().selected_frame(), 2);
    assert_eq!(scene.session().code_focus().unwrap().offset, catcher.offset);
    assert!(scene.has("try_table"));
    assert!(scene.has("(catch $not_a_digit $wrong) (catch_all $other)"));
    scene.apply([Command::StepInto]);
    assert_eq!(scene.session().frames().len(), 2, "two frames are gone");
}

#[test]
fn former_exceptions_have_their_clauses_too() {
    let text = "(module (tag $a (param i32)) (func (export \"f\") (result i32) \
        try (result i32) i32.const 7 throw $a catch $a nop catch_all i32.const 1 end))";
    let mut scene = Scene::text("m", text);
    scene.click("Step m.f");
    scene.apply([Command::StepBy(2)]);
    scene.picture("former");
    assert!(scene.has("try") && scene.has("catch $a, catch_all"));
    assert!(scene.has("throws $a: caught in"));
    scene.apply([Command::StepInto]);
    assert!(scene.has("operand 0 = i32:7"));
    assert!(scene.has("catch"), "the label is the clause's now");
}

#[test]
fn an_uncaught_exception_is_in_the_banner_with_its_values() {
    let mut scene = Scene::text(
        "m",
        "(module (type $box (struct (field i32))) (tag $oops (param i32 (ref $box))) \
         (func (export \"f\") i32.const 7 i32.const 1 struct.new $box throw $oops))",
    );
    scene.click("Step m.f");
    scene.apply([Command::StepBy(3)]);
    assert!(scene.has("throws $oops: nobody catches it"));
    scene.apply([Command::StepInto]);
    assert!(scene.has("⚠ Trap: uncaught exception $oops"));
    let object = addresses(&scene)[0];
    assert!(scene.has("i32:7") && scene.says(&format!("$box #{object}")));
    scene.picture("uncaught");
}

#[test]
fn a_wait_has_a_banner_and_can_be_let_time_out() {
    let mut scene = Scene::example("atomic_counter");
    let module = scene.session().modules()[0].key;
    let export = "lock_twice".to_owned();
    scene.apply([Command::Start { module, export, args: vec![] }, Command::Continue]);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Wait));
    let banner = "atomic_counter.lock waits at memory atomic_counter:$memory 0x8 for a notification \
                  (timeout 1 s)";
    assert!(scene.says(banner));
    assert!(scene.has("a task waits at atomic_counter:$memory 0x8"), "among the frames");
    assert!(scene.has("shared"), "the memory is marked");
    scene.picture("waits");
    scene.click("Let it time out");
    let done = StopReason::Done(vec![Value::I32(1), Value::I32(0)]);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(done));
}

#[test]
fn memories_are_marked_with_what_sets_them_apart() {
    let text = "(module (memory $wide i64 1 0x10_0000_0000) (memory $tiny 100 200 (pagesize 1)) \
                (memory $common 1 2 shared) (table i64 1 funcref) (func (export \"f\")))";
    let mut scene = Scene::text("m", text);
    scene.click("Memories · 3");
    assert!(scene.says("$wide 1..=68719476736 pages, 64-bit"));
    assert!(scene.says("$tiny 100..=200 pages, pages of 1 byte"));
    assert!(scene.says("$common 1..=2 pages, shared"));
    scene.click("Step m.f");
    assert!(scene.has("64-bit"));
    scene.enter("go to address", "0x123456789a");
    assert!(scene.says("0x123456789a is beyond the end, 0x10000"));
    scene.apply([Command::ViewMemory { view: 0, memory: 1 }]);
    assert!(scene.has("pages of 1 byte") && scene.has("100 pages"));
    scene.enter("go to address", "99");
    assert_eq!(scene.session().memory_views()[0].cursor, 99);
}

#[test]
fn types_tags_and_groups_are_listed_with_their_names() {
    let mut scene = Scene::text(
        "m",
        "(module (rec (type $tree (sub (struct (field $left (ref null $tree)) \
         (field $leaf (ref null $leaf))))) (type $leaf (sub final $tree (struct \
         (field $left (ref null $tree)) (field $leaf (ref null $leaf)) (field $value (mut i8)))))) \
         (type $row (array (ref $leaf))) (tag $oops (param (ref $row) i32)) \
         (func (export \"f\") (param $row (ref null $row))))",
    );
    scene.click("Types · 5");
    assert!(scene.has("┌  0  $tree sub struct ($left (ref null $tree), $leaf (ref null $leaf))"));
    assert!(scene.says("└  1  $leaf sub final $tree struct ($left (ref null $tree), "));
    assert!(scene.has("   2  $row array ((ref $leaf))"));
    scene.click("Tags · 1");
    assert!(scene.has("  0  $oops ((ref $row), i32)"));
    assert!(scene.says("(param $row (ref null $row))"), "the code has names too");
    scene.picture("types");
}

#[test]
fn hints_stand_beside_their_branches() {
    let mut scene = Scene::text(
        "m",
        r#"(module (func $f (export "f") (param i32)
            (block local.get 0 (@metadata.code.branch_hint "\00") br_if 0)
            local.get 0 (@metadata.code.branch_hint "\01") if end))"#,
    );
    assert!(scene.says("br_if 0 unlikely") && scene.says("if likely"));
    scene.click("Custom sections · 2");
    scene.click("metadata.code.branch_hint");
    assert!(scene.says("unlikely in f"));
    scene.picture("hints");
}

#[test]
fn the_palette_has_the_new_actions() {
    let mut scene = Scene::example("vectors");
    let palette = |scene: &mut Scene, text: &str| {
        scene.key_with(egui::Modifiers::COMMAND, egui::Key::P);
        scene.write("palette", text);
        scene.key(egui::Key::Enter);
    };
    palette(&mut scene, "show vectors");
    assert_eq!(scene.session().vector_shape(), Shape::default().next());
    palette(&mut scene, "collect garbage");
    assert_eq!(scene.session().freed(), Some(0));

    let mut scene = Scene::example("atomic_counter");
    let module = scene.session().modules()[0].key;
    let export = "lock_twice".to_owned();
    scene.apply([Command::Start { module, export, args: vec![] }, Command::Continue]);
    let step = scene.harness.get_by_label("Step into");
    assert!(step.accesskit_node().is_disabled(), "nothing can go on");
    palette(&mut scene, "time out");
    assert!(matches!(scene.session().run_state(), RunState::Stopped(StopReason::Done(_))));
}

#[test]
fn arguments_of_host_calls_say_what_they_were_even_when_it_is_gone() {
    let mut scene = Scene::text(
        "m",
        "(module (type $box (struct (field i32))) (elem declare func $f) \
         (import \"env\" \"look\" (func $look (param (ref $box) funcref))) \
         (func $f (export \"f\") i32.const 1 struct.new $box ref.func $f call $look))",
    );
    scene.click("Run m.f");
    let object = addresses(&scene)[0];
    let name = format!("$box #{object}");
    scene.click(&name);
    assert_eq!(scene.session().heap_focus().object.unwrap().0, object);
    assert!(scene.has("argument of the host call: 0"));
    scene.apply([Command::RevealPanel(Panel::HostCalls)]);
    scene.picture("host-call");
    scene.click("Return");
    scene.apply([Command::CollectGarbage]);
    assert!(addresses(&scene).is_empty());
    assert!(scene.says(&format!("call 1: m.f calls env.look({name}, m.f) → returned")));
}
