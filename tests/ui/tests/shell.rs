//! What surrounds the panels: toolbar, keys, palette, banners, notices, files, settings.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stepwell::session::{Command, Panel, RunState, Session, Shape, StopReason, Theme};
use stepwell::ui::App;
use stepwell_ui_tests::Scene;

fn is_enabled(scene: &Scene, label: &str) -> bool {
    !scene.harness.get_by_label(label).accesskit_node().is_disabled()
}

#[test]
fn buttons_that_make_no_sense_are_disabled() {
    let scene = Scene::empty();
    for label in ["Restart", "Run or continue", "Pause", "Step over", "Step into", "Stop"] {
        assert!(!is_enabled(&scene, label), "{label}");
    }
    let scene = Scene::example("recursion");
    for label in ["Restart", "Run or continue", "Step over", "Step into", "Step out", "Stop"] {
        assert!(is_enabled(&scene, label), "{label}");
    }
    assert!(!is_enabled(&scene, "Pause"));
}

#[test]
fn keys_step_and_run() {
    let mut scene = Scene::example("recursion");
    scene.key(Key::F11);
    assert_eq!(scene.session().clock(), 1);
    scene.key(Key::F10);
    assert_eq!(scene.session().clock(), 2);
    // Into the call of itself, then out again.
    scene.apply([Command::StepBy(8)]);
    let depth = scene.session().frames().len();
    assert_eq!(depth, 2);
    scene.key_with(Modifiers::SHIFT, Key::F11);
    assert_eq!(scene.session().frames().len(), 1);
    scene.key(Key::F5);
    assert!(matches!(
        scene.session().run_state(),
        RunState::Stopped(StopReason::Done(values)) if values[0] == 120i64.into()
    ));
    scene.key(Key::F11);
    assert_eq!(scene.session().clock(), 0, "after the end, a step begins again");
    scene.key_with(Modifiers::SHIFT, Key::F5);
    assert_eq!(*scene.session().run_state(), RunState::Idle);
}

#[test]
fn f9_sets_a_breakpoint_at_the_cursor_and_ctrl_f10_runs_to_it() {
    let mut scene = Scene::example("recursion");
    let module = scene.session().modules()[0].key;
    let start = scene.session().frames()[0].offset().0;
    scene.apply([Command::ShowOffset { module, offset: start + 2 }]);
    scene.key(Key::F9);
    assert_eq!(scene.session().breakpoints().next().unwrap().offset, start + 2);
    scene.key(Key::F9);
    assert_eq!(scene.session().breakpoints().len(), 0);
    scene.key_with(Modifiers::COMMAND, Key::F10);
    assert_eq!(scene.session().frames()[0].offset().0, start + 2);
}

#[test]
fn an_endless_run_pauses_at_once_and_chromes_keys_work_too() {
    let mut scene = Scene::text("m", "(module (func (export \"f\") (loop br 0)))");
    let module = scene.session().modules()[0].key;
    scene.apply([Command::Start { module, export: "f".into(), args: vec![] }]);
    scene.press(Key::F5);
    scene.harness.run_steps(5);
    assert_eq!(*scene.session().run_state(), RunState::Running);
    assert!(scene.session().clock() > 1000);
    assert!(is_enabled(&scene, "Pause"));
    scene.press(Key::F6);
    scene.harness.run_steps(2);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Paused));
    scene.press(Key::F8);
    scene.harness.run_steps(2);
    assert_eq!(*scene.session().run_state(), RunState::Running);
    scene.press(Key::F8);
    scene.harness.run_steps(2);
    assert_eq!(*scene.session().run_state(), RunState::Stopped(StopReason::Paused));
}

#[test]
fn a_wrong_step_count_is_explained_and_steps_nothing() {
    let mut scene = Scene::example("recursion");
    scene.enter("instructions to step", "7");
    assert_eq!(scene.session().clock(), 7);
    scene.enter("instructions to step", "many");
    assert_eq!(scene.session().clock(), 7);
    assert!(scene.says("a number of instructions is needed"));
    assert!(!is_enabled(&scene, "Step N instructions"));
}

#[test]
fn the_palette_finds_actions_and_functions() {
    let mut scene = Scene::example("recursion");
    scene.key_with(Modifiers::COMMAND, Key::P);
    scene.write("palette", "step into");
    scene.key(Key::Enter);
    assert_eq!(scene.session().clock(), 1);
    assert!(!scene.has("palette"), "it closes behind a choice");

    scene.key_with(Modifiers::COMMAND, Key::P);
    scene.write("palette", "fibonacci");
    scene.picture("palette");
    scene.key(Key::Enter);
    let focus = scene.session().code_focus().unwrap();
    let open = &scene.session().modules()[0];
    let func = open.module.func_at(focus.offset).unwrap();
    assert_eq!(open.module.func_name(func), Some("fibonacci"));

    scene.key_with(Modifiers::COMMAND, Key::P);
    scene.write("palette", "zzzzqqq");
    assert!(scene.has("Nothing has these letters."));
    scene.key(Key::Escape);
    assert!(!scene.has("palette"));
}

#[test]
fn a_trap_is_explained_with_its_instruction_and_operands() {
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        let mut session = Session::new();
        session.apply(Command::OpenExample("arithmetic".into())).unwrap();
        let mut scene = Scene::with(session, theme);
        let module = scene.session().modules()[0].key;
        let args = vec!["7".into(), "0".into()];
        scene.apply([Command::Start { module, export: "divide".into(), args }, Command::Continue]);
        assert!(scene.says("Trap: integer divide by zero"));
        assert!(scene.says("i32.div_s with i32:7, i32:0 on the stack, in arithmetic.divide"));
        assert!(scene.says("The divisor on top of the stack is zero."));
        assert!(scene.has("operand 0 = i32:7"), "the stack is still there");
        scene.picture(if theme == egui::Theme::Dark { "trap-dark" } else { "trap-light" });
    }
}

#[test]
fn a_pending_call_is_announced_and_brought_to_the_front() {
    let mut scene = Scene::example("attribution");
    scene.apply([Command::RevealPanel(Panel::Globals)]);
    assert!(!scene.has("Waits for your answer"));
    scene.apply([Command::Continue]);
    assert!(scene.says("b.foo calls env.print, and no module satisfies it."));
    assert!(scene.has("Waits for your answer"));
}

#[test]
fn a_broken_file_is_told_with_its_offset_until_dismissed() {
    let mut scene = Scene::example("recursion");
    let ctx = scene.harness.ctx.clone();
    scene.harness.state().open_bytes("broken.wasm", b"\0asm\x01\0\0\0\x01\xff".to_vec());
    ctx.request_repaint();
    scene.settle();
    assert!(scene.says("broken: malformed module"));
    assert!(scene.says("at offset 0x"));
    assert_eq!(scene.session().modules().len(), 1, "what was open stays");
    scene.picture("notice");
    scene.click("dismiss notice");
    assert!(!scene.has("dismiss notice") && scene.says("malformed"), "it stays among the problems");
}

#[test]
fn opened_files_are_linked_under_their_stems() {
    let mut scene = Scene::empty();
    let lib = "(module (func (export \"one\") (result i32) i32.const 1))";
    let main = "(module (import \"lib\" \"one\" (func $one (result i32))) \
                (func (export \"main\") (result i32) call $one))";
    let app = scene.harness.state();
    app.open_bytes("main.wat", main.as_bytes().to_vec());
    app.open_bytes("lib.wat", lib.as_bytes().to_vec());
    scene.harness.ctx.request_repaint();
    scene.settle();
    assert!(scene.has("← lib for lib.one"));
    scene.click("Run main.main");
    assert!(scene.has("returned i32:1"));
}

#[test]
fn themes_switch_and_are_kept_with_the_layout() {
    let mut scene = Scene::example("recursion");
    scene.apply([Command::SetTheme(Theme::Light), Command::TogglePanel(Panel::Memory)]);
    scene.apply([Command::ShowVectors(Shape::F64x2)]);
    assert!(!scene.harness.ctx.global_style().visuals.dark_mode);
    assert!(!scene.has("Memory"));
    let kept = scene.harness.state().settings();

    let mut scene = Scene::example("recursion");
    assert!(scene.has("Memory"));
    let ctx = scene.harness.ctx.clone();
    scene.harness.state_mut().restore(&ctx, &kept);
    scene.settle();
    assert_eq!(scene.session().theme(), Theme::Light);
    assert_eq!(scene.session().vector_shape(), Shape::F64x2);
    assert!(!scene.has("Memory"), "the closed panel stays closed");
    scene.apply([Command::RevealPanel(Panel::Memory)]);
    assert!(scene.has("Memory"));
    scene.apply([Command::TogglePanel(Panel::Memory), Command::ResetLayout]);
    assert!(scene.has("Memory"));
}

#[test]
fn settings_that_cannot_be_read_are_left_out() {
    let ctx = egui::Context::default();
    for text in ["", "{", "[]", "{\"layout\": 5}", "{\"layout\": {\"root\": null}}"] {
        let mut app = App::new(&ctx, Session::new());
        app.restore(&ctx, text);
        assert_eq!(app.session.theme(), Theme::System, "{text}");
    }
}

#[test]
fn help_lists_the_keys() {
    let mut scene = Scene::example("recursion");
    scene.key(Key::F1);
    assert!(scene.says("Shift+F11 or"));
    scene.picture("help");
    scene.key(Key::Escape);
    assert!(!scene.says("Shift+F11 or"));
}

#[test]
fn the_empty_window_says_what_to_do() {
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        let scene = Scene::with(Session::new(), theme);
        assert!(scene.says("drop files here, or take an example"));
        assert!(scene.says("No module is open."));
    }
}

#[test]
fn a_narrow_window_still_has_everything() {
    let mut scene = Scene::example("recursion");
    scene.harness.set_size(egui::vec2(900.0, 700.0));
    scene.settle();
    for label in ["Step into", "Step N instructions", "View", "Theme"] {
        assert!(scene.has(label), "{label}");
    }
    scene.picture("narrow");
}

#[test]
fn f11_stands_before_what_is_most_likely_meant() {
    let mut scene = Scene::text("m", "(module (func (export \"main\") nop))");
    assert!(scene.says("F11 stands before m.main, F5 runs it"));
    scene.key(Key::F11);
    assert_eq!(scene.session().clock(), 0);
    assert!(scene.says("ready to step"));
    scene.key(Key::F11);
    assert_eq!(scene.session().clock(), 1);
}

#[test]
fn f5_runs_what_is_most_likely_meant_and_again_once_it_is_over() {
    let text = r#"(module (func (export "main") nop unreachable))"#;
    for (text, executed) in [(text, 2), (r#"(module (func (export "main") nop))"#, 2)] {
        let mut scene = Scene::text("m", text);
        for key in [Key::F5, Key::F5, Key::F8] {
            scene.key(key);
            assert!(!scene.says("ready to step"));
            assert_eq!(scene.session().clock(), executed);
            // Nothing stands any more: the next key begins again.
            scene.apply([Command::ClearConsole]);
        }
        scene.key(Key::F11);
        assert_eq!(scene.session().clock(), 0);
        assert!(scene.says("begun again, ready to step"));
    }
}

/// A binary whose one function has so many operators.
fn large(nops: usize) -> Vec<u8> {
    let number = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let body = [&[0][..], &vec![0x01; nops], &[0x0b]].concat();
    let code = [vec![1], number(body.len()), body].concat();
    let head = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a";
    [&head[..], &number(code.len()), &code].concat()
}

#[test]
fn a_large_file_shows_how_far_it_has_come_and_can_be_given_up() {
    let mut scene = Scene::example("recursion");
    let app = scene.harness.state();
    for name in ["geometry.wasm", "engine.wasm"] {
        app.open_bytes(name, large(7_000_000));
    }
    app.open_bytes("glue.wat", b"(module)".to_vec());
    scene.harness.ctx.request_repaint();
    // The first frame measures the cards.
    scene.harness.run_steps(2);
    assert!(scene.says("Opening geometry: ") && scene.says("% of 6.7 MiB"));
    assert!(scene.says("Opening engine: 0 %") && scene.says("Opening glue: text of 8 bytes"));
    assert!(scene.says("opening geometry: "), "the status line says it, too");
    assert_eq!(scene.session().modules().len(), 1);
    // The cards come into sight.
    scene.harness.run_steps(8);
    scene.picture("opening");
    scene.harness.get_by_label("cancel opening engine").click();
    while scene.session().is_opening() {
        scene.harness.step();
    }
    scene.settle();
    assert!(scene.says("engine has not been opened"));
    let names: Vec<&str> = scene.session().modules().iter().map(|open| &*open.name).collect();
    assert_eq!(names[1..], ["geometry", "glue"]);
}

#[test]
fn a_file_is_opened_by_its_path_where_there_is_no_dialog() {
    let folder = std::env::temp_dir().join(format!("stepwell-open-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("typed.wat"), "(module (func (export \"f\")))").unwrap();
    let mut scene = Scene::empty();
    scene.key_with(Modifiers::COMMAND, Key::P);
    scene.write("palette", "by its path").key(Key::Enter);
    let path = |name: &str| folder.join(name).display().to_string();
    scene.write("path of the file", &path("none.wat")).key(Key::Enter);
    assert!(scene.says("⚠ "), "there is no such file");
    assert!(!scene.says("no dialog"), "nobody has asked for one");
    scene.picture("open-path");
    scene.write("path of the file", &path("typed.wat")).key(Key::Enter);
    scene.settle();
    let names: Vec<&str> = scene.session().modules().iter().map(|open| &*open.name).collect();
    assert_eq!(names, ["typed"]);
    assert!(!scene.has("path of the file"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_that_changes_on_disk_is_opened_anew_when_asked() {
    let folder = std::env::temp_dir().join(format!("stepwell-reload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("m.wat");
    std::fs::write(&path, "(module (func (export \"run\") (result i32) i32.const 1))").unwrap();
    let mut scene = Scene::empty();
    scene.harness.state().open_path(path.clone());
    scene.harness.step();
    scene.settle().key(Key::F5);
    let returned = |scene: &Scene| match scene.session().run_state() {
        RunState::Stopped(StopReason::Done(values)) => format!("{values:?}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(returned(&scene), "[I32(1)]");
    std::fs::write(&path, "(module (func (export \"run\") (result i32) i32.const 200))").unwrap();
    let begun = std::time::Instant::now();
    while !scene.says("m.wat changed on disk.") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "nobody has told of it");
        scene.harness.step();
    }
    scene.picture("reload");
    scene.click("Reload");
    assert!(!scene.says("changed on disk."));
    scene.key(Key::F5);
    assert_eq!(returned(&scene), "[I32(200)]");
    std::fs::remove_dir_all(&folder).unwrap();
}
