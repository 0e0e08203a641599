//! Console: what programs write, how it is followed, and what a person types.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Command, ConsoleStream, Panel, Session};
use stepwell_ui_tests::Scene;

const THEMES: [(egui::Theme, &str); 2] =
    [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")];

fn write(scene: &mut Scene, stream: ConsoleStream, text: &str) {
    scene.harness.state_mut().session.console_write(stream, text.as_bytes());
}

fn console() -> Scene {
    let mut scene = Scene::empty();
    scene.apply([Command::RevealPanel(Panel::Console)]);
    scene
}

/// What was put on the clipboard in the last frame.
fn copied(scene: &Scene) -> Option<String> {
    scene.harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

#[test]
fn streams_are_shown_in_order_with_marks() {
    let mut scene = console();
    assert!(scene.says("What a program writes appears here"));
    write(&mut scene, ConsoleStream::Output, "plain\npart");
    write(&mut scene, ConsoleStream::Log, "message\n");
    write(&mut scene, ConsoleStream::Error, "oh \u{1b}[1mno\u{1b}[0m\n");
    scene.apply([Command::TypeLine("an answer".to_owned())]);
    for line in ["plain", "part", "message", "oh no", "an answer"] {
        assert!(scene.has(line), "{line}");
    }
    for mark in ["standard error", "typed", "a message of the log"] {
        assert!(scene.has(mark), "{mark}");
    }
    let top = |label: &str| scene.harness.get_by_label(label).rect().top();
    assert!(top("plain") < top("part") && top("part") < top("message"));
    assert!(top("message") < top("oh no") && top("oh no") < top("an answer"));
    assert!((top("oh no") - top("standard error")).abs() < 3.0, "the mark is on its line");
}

#[test]
fn the_text_can_be_copied_and_cleared() {
    let mut scene = console();
    write(&mut scene, ConsoleStream::Output, "\u{1b}[31mred\u{1b}[0m\nand more");
    scene.settle();
    scene.harness.get_by_label("copy the console").click();
    scene.harness.run_steps(1);
    let text = (0..3).find_map(|_| {
        let text = copied(&scene);
        scene.harness.run_steps(1);
        text
    });
    assert_eq!(text.as_deref(), Some("red\nand more\n"));
    scene.settle();
    scene.click("clear the console");
    assert!(!scene.has("red"));
    assert!(scene.session().console().is_empty());
}

#[test]
fn it_stays_at_the_end_unless_it_is_scrolled_up() {
    let mut scene = console();
    for number in 0..500 {
        write(&mut scene, ConsoleStream::Output, &format!("line {number}\n"));
    }
    scene.settle();
    assert!(scene.has("line 499"));
    let place = scene.harness.get_by_label("line 499").rect().center();
    scene.harness.hover_at(place);
    scene.settle();
    scene.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, 40.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    scene.settle();
    assert!(!scene.has("line 499"), "it has been scrolled");
    write(&mut scene, ConsoleStream::Output, "line 500\n");
    scene.settle();
    assert!(!scene.has("line 500"), "it stays where it was scrolled to");
    scene.click("to the end of the console");
    assert!(scene.has("line 500"));
    write(&mut scene, ConsoleStream::Output, "line 501\n");
    scene.settle();
    assert!(scene.has("line 501"), "it follows again");
}

#[test]
fn long_lines_are_broken_or_not() {
    let mut scene = console();
    let words = "abcdefghi ".repeat(40);
    write(&mut scene, ConsoleStream::Output, &words);
    scene.settle();
    assert!(!scene.has(&words), "it is broken");
    scene.click("wrap long lines");
    assert!(scene.has(&words));
}

#[test]
fn lines_are_typed_with_a_history_until_the_end_of_input() {
    let mut scene = console();
    scene.enter("standard input", "one").enter("standard input", "two");
    assert!(scene.has("one") && scene.has("two"));
    let value = |scene: &Scene| {
        use egui_kittest::kittest::NodeT as _;
        let node = scene.harness.get_by_label("standard input");
        node.accesskit_node().value().unwrap_or_default()
    };
    scene.key(Key::ArrowUp).key(Key::ArrowUp);
    assert_eq!(value(&scene), "one");
    scene.key(Key::ArrowDown);
    assert_eq!(value(&scene), "two");
    scene.key(Key::ArrowDown);
    assert_eq!(value(&scene), "");
    scene.harness.event(egui::Event::Paste("x\ny\nz".to_owned()));
    scene.settle();
    assert_eq!(value(&scene), "z");
    scene.key_with(Modifiers::CTRL, Key::D);
    assert!(scene.session().input_ended());
    let typed =
        |text: &str| scene.session().console().iter().any(|piece| piece.bytes == text.as_bytes());
    assert!(typed("x\n") && typed("y\n") && typed("z\n"));
    assert!(scene.says("Standard input has been ended"));
    assert!(!scene.has("standard input"));
}

#[test]
fn a_task_that_waits_for_input_brings_the_field_to_the_front() {
    let mut scene = Scene::example("wasi_echo");
    assert!(!scene.has("standard input"));
    scene.apply([Command::Continue]);
    assert!(scene.session().awaits_input());
    let field = scene.harness.get_by_label("standard input");
    assert!(field.is_focused());
    scene.harness.event(egui::Event::Text("hello".to_owned()));
    scene.settle();
    scene.key(Key::Enter);
    assert!(scene.says("Hello, hello!"));
    assert!(!scene.session().awaits_input());
}

#[test]
fn a_flood_is_forgotten_from_its_beginning_and_counted() {
    let mut scene = console();
    let line = "x".repeat(99) + "\n";
    let lines = line.repeat(1000);
    for _ in 0..100 {
        write(&mut scene, ConsoleStream::Output, &lines);
    }
    write(&mut scene, ConsoleStream::Output, "the end");
    for _ in 0..20 {
        scene.settle();
    }
    assert!(scene.has("the end"));
    assert!(scene.says("bytes forgotten"));
}

#[test]
fn how_it_looks() {
    for (theme, name) in THEMES {
        let mut session = Session::new();
        session.apply(Command::OpenExample("host_imports".to_owned())).unwrap();
        let mut scene = Scene::with(session, theme);
        scene.apply([Command::RevealPanel(Panel::Console)]);
        write(&mut scene, ConsoleStream::Output, "What is your name? ");
        scene.apply([Command::TypeLine("Ada".to_owned())]);
        write(&mut scene, ConsoleStream::Error, "warning: nothing is known of Ada\n");
        write(&mut scene, ConsoleStream::Log, "looked up in 3 ms");
        let mut colors = String::new();
        for number in 0..8 {
            colors += &format!("\u{1b}[3{number}mc{number}\u{1b}[9{number}mb{number}\u{1b}[0m ");
        }
        colors += "\u{1b}[1mbold\u{1b}[0m \u{1b}[4munder\u{1b}[0m \u{1b}[7minverse\u{1b}[0m ";
        colors += "\u{1b}[41mon red\u{1b}[0m \u{1b}[38;5;226m226\u{1b}[0m \u{1b}[38;2;0;0;90mrgb\u{1b}[0m\n";
        write(&mut scene, ConsoleStream::Output, &colors);
        let long = "A line that is so long that it does not fit into the panel and goes on. ";
        write(&mut scene, ConsoleStream::Output, &format!("{long}{long}\n"));
        scene.settle();
        scene.picture(&format!("console-{name}"));
    }
}
