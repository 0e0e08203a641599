//! Conditions, messages and watches where a person writes them.

#![allow(clippy::unwrap_used)]

use stepwell::session::{Command, Panel, RunState, StopReason};
use stepwell_ui_tests::Scene;

/// Stands at the first instruction of `factorial`, with a breakpoint on it.
fn at_factorial() -> (Scene, String) {
    let mut scene = Scene::example("recursion");
    let offset = scene.session().frames()[0].offset().0;
    scene.apply([Command::RevealPanel(Panel::Breakpoints)]);
    scene.enter("function to stop at", "factorial");
    assert_eq!(scene.session().breakpoints().next().unwrap().offset, offset);
    (scene, format!("recursion.factorial 0x{offset:04x}"))
}

#[test]
fn a_message_is_written_into_the_log_which_leads_to_its_place() {
    let (mut scene, place) = at_factorial();
    scene.enter(&format!("message of {place}"), "n is {$m}");
    assert!(scene.says("⚠ no local of this function and no global is named $m"));
    assert!(scene.says("It stops until the message is right."));
    scene.enter(&format!("message of {place}"), "n is {$n}, at depth {depth}");
    assert!(!scene.says("⚠"));
    scene.apply([Command::RevealPanel(Panel::Log)]);
    assert!(scene.says("Nothing logged."));
    scene.apply([Command::Continue]);
    let state = scene.session().run_state().clone();
    assert!(matches!(state, RunState::Stopped(StopReason::Done(_))), "{state:?}");
    assert!(scene.has("log n is 4, at depth 2"));
    scene.picture("log");
    scene.click("log n is 4, at depth 2");
    let focus = scene.session().code_focus().unwrap();
    let known = scene.session().breakpoints().next().unwrap();
    assert_eq!((focus.module, focus.offset.0), (known.module, known.offset));
    scene.click("clear the log");
    assert!(scene.says("Nothing logged."));
}

#[test]
fn a_condition_without_a_value_says_so_below_its_breakpoint() {
    let (mut scene, place) = at_factorial();
    scene.enter(&format!("condition of {place}"), "6 / ($n - 3) == 0");
    scene.apply([Command::Continue]);
    assert!(scene.says("⚠ The condition has no value here: division by zero"));
    scene.picture("condition-without-value");
}

#[test]
fn watches_are_added_changed_moved_and_removed() {
    let mut scene = Scene::example("recursion");
    scene.apply([Command::RevealPanel(Panel::Watches)]);
    assert!(scene.says("Nothing watched."));
    for text in ["$n", "$n * 2 > 4 ? \"large\" : \"small\"", "depth"] {
        scene.enter("new watch", text);
    }
    assert!(scene.has("$n = 5"), "the field is empty again and ready for the next");
    scene.enter("new watch", "$n +");
    assert!(scene.says("⚠ a value is needed here, not the end"));
    assert_eq!(scene.session().watches().len(), 3);
    scene.enter("new watch", "stack 0");
    scene.apply([Command::BreakOnFunction("factorial".into()), Command::Continue]);
    assert!(scene.has("$n = 4") && scene.has("depth = 2"));
    assert!(scene.session().watches().next().unwrap().value.clone().unwrap().unwrap().changed);
    assert!(scene.says("there is no operand 0"));
    scene.picture("watches");
    let first = scene.session().watches().next().unwrap().number;
    scene.enter(&format!("watch {first}"), "$q");
    assert!(scene.says("no local of this function and no global is named $q"));
    scene.enter(&format!("watch {first}"), "$n / 2");
    assert!(scene.has("$n / 2 = 2"));
    scene.click("remove depth");
    assert_eq!(scene.session().watches().len(), 3);
}
