//! Names in the window: those of compilers taken apart, twins told apart, hostile ones harmless.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::{Key, Modifiers};
use stepwell::session::Command;
use stepwell_ui_tests::Scene;

const SYMBOLS: &str = r#"(module
    (func $_ZN5ShapeC1Ev (param i32) (result i32) local.get 0)
    (func $_ZN5ShapeC2Ev (param $size i32) (result i32) (local $area i32) (local f64)
      block $done
        loop $again
          local.get $area  br_if $done
          i32.const 9  local.set $area  br $again
        end
      end
      local.get $area)
    (func $_RNvCs1234_7mycrate4main (export "run") (param i32) (result i32)
      local.get 0  call $_ZN5ShapeC1Ev  call $_ZN5ShapeC2Ev)
    (func (result i32) i32.const 3))"#;

fn palette(scene: &mut Scene, query: &str) {
    scene.key_with(Modifiers::COMMAND, Key::P);
    scene.write("palette", query);
}

fn shown_function(scene: &Scene) -> u32 {
    let offset = scene.session().code_focus().unwrap().offset;
    scene.session().modules()[0].module.func_at(offset).unwrap().0
}

#[test]
fn symbols_are_taken_apart_and_twins_told_apart() {
    let mut scene = Scene::text("m", SYMBOLS);
    let module = scene.session().modules()[0].key;
    let (export, args) = ("run".to_owned(), vec!["1".to_owned()]);
    scene.apply([Command::Start { module, export, args }]);
    assert!(scene.says("m.mycrate::main"));
    assert!(scene.says("call $\"Shape::Shape()\"#0"));
    // Into the second, and into its blocks.
    for _ in 0..6 {
        scene.apply([Command::StepInto]);
    }
    assert!(scene.says("m.Shape::Shape()#1"), "frames");
    let header = "(param $size i32) (result i32) (local $area i32) (local f64)";
    assert!(scene.says(header), "declared locals");
    assert!(scene.says("br_if $done") && scene.says("block $done"), "code");
    assert!(scene.has("block $done"), "labels");
    scene.picture("symbols");
}

#[test]
fn functions_are_found_by_whatever_they_are_called() {
    let mut scene = Scene::text("m", SYMBOLS);
    for (query, func) in [
        ("3", 3),
        ("func[3]", 3),
        ("func 2", 2),
        ("Shape::Shape()#1", 1),
        ("m.mycrate::main", 2),
        ("mycrate main", 2),
        ("_ZN5ShapeC2Ev", 1),
    ] {
        palette(&mut scene, query);
        scene.key(Key::Enter);
        assert_eq!(shown_function(&scene), func, "{query}");
    }
    let start =
        scene.session().modules()[0].module.func_body(stepwell_engine::FuncIndex(1)).unwrap();
    palette(&mut scene, &format!("0x{:x}", start.end.0 - 1));
    scene.key(Key::Enter);
    assert_eq!(scene.session().code_focus().unwrap().offset.0, start.end.0 - 1);
    for (text, func) in [("func[3]", 3), ("mycrate::main", 2), ("1", 1), ("shape()", 0)] {
        scene.enter("Go to offset or function", text);
        assert_eq!(shown_function(&scene), func, "{text}");
    }
    scene.write("Go to offset or function", "nobody");
    assert!(scene.has("not here"));
}

#[test]
fn no_name_breaks_a_row_or_turns_it_round() {
    let hostile = r#"(module $"mo\nd"
        (import "wa\nsi" "lo\u{202e}g" (func $"im\u{202e}port"))
        (type $"ty\npe" (struct (field $"fi\reld" i32)))
        (global $"glo\u{2028}bal" (export "ex\u{2066}port") (mut i32) (i32.const 1))
        (memory $"mem\u{9b}ory" 1) (table $"ta\u{202d}ble" 1 funcref) (tag $"t\u{7f}ag")
        (func $"f\n1 done" (export "ma\nin") (local $"pa\nram" i32)
          block $"la\nbel" local.get $"pa\nram" br_if $"la\nbel" end
          call $"im\u{202e}port"
          unreachable))"#;
    let mut scene = Scene::text("m", hostile);
    let module = scene.session().modules()[0].key;
    let export = "ma\nin".to_owned();
    scene.apply([Command::Start { module, export, args: Vec::new() }]);
    for title in ["Functions · 2", "Types · 2", "Globals · 1", "Tags · 1", "Tables · 1"] {
        scene.click(title);
    }
    scene.apply([Command::Continue]);
    assert!(scene.says("m.f\\n1 done"), "the frame");
    assert!(scene.says("call $\"im\\u{202e}port\""), "the code");
    assert!(scene.says("\"wa\\nsi\".\"lo\\u{202e}g\""), "the call");
    for hidden in ['\r', '\u{7f}', '\u{9b}', '\u{202e}', '\u{202d}', '\u{2028}', '\u{2066}'] {
        assert!(!scene.says(&hidden.to_string()), "{hidden:?} is shown");
    }
    for broken in ["f\n1", "ma\nin", "wa\nsi", "pa\nram", "la\nbel", "ty\npe"] {
        assert!(!scene.says(broken), "{broken:?} is shown");
    }
    scene.picture("hostile names");
}

#[test]
fn modules_show_initial_values_segments_and_known_sections() {
    let mut scene = Scene::text(
        "m",
        r#"(module
            (@custom "producers" "\01\0cprocessed-by\01\05clang\0222")
            (@custom "target_features" "\02+\07simd128-\07atomics")
            (memory $memory i64 1) (table $table 3 funcref)
            (global $sum (mut i32) (i32.add (i32.const 40) (i32.const 2)))
            (elem (i32.const 1) $f $g) (data $text (i64.const 77) "text")
            (func $f) (func $g))"#,
    );
    for title in ["Memories · 1", "Globals · 1", "Element segments · 1", "Data segments · 1"] {
        scene.click(title);
    }
    assert!(scene.has("  0  $memory 1.. pages, 64-bit"));
    assert!(scene.has("  0  $sum mut i32 = i32.const 40 i32.const 2 i32.add"));
    assert!(scene.has("  0  2 of funcref, active, into table $table at 1: $f $g"));
    scene.click("0  $text 4 bytes");
    assert!(scene.says("4 bytes, active, into memory $memory at 0x4d"));
    scene.click("Custom sections · 3");
    scene.click("producers  24 bytes");
    scene.click("target_features  19 bytes");
    for line in ["processed-by: clang 22", "+simd128", "-atomics"] {
        assert!(scene.has(line), "{line}");
    }
    scene.picture("known sections");
}
