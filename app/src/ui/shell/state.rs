//! How many instructions have been executed, and what the machine is doing.

use egui::{RichText, Ui};
use stepwell_engine::CallState;
use stepwell_engine::text::dotted;

use crate::session::{Preparing, RunState, Session, StopReason};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// How many instructions, and what the machine is doing.
pub(super) fn show(session: &Session, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let executed = RichText::new(widgets::grouped(session.clock())).font(tokens::mono_bold());
    ui.label(RichText::new("executed").color(tokens.weak));
    ui.label(executed).on_hover_text("Instructions executed in this run: the clock of everything");
    let (text, color) = match session.run_state() {
        RunState::Idle => ("ready".to_owned(), tokens.weak),
        RunState::Running => match session.speed() {
            Some(speed) => (format!("running, {}", rate(speed)), tokens.good),
            None => ("running".to_owned(), tokens.good),
        },
        RunState::Stopped(reason) => match reason {
            StopReason::Started if session.is_begun_again() => {
                ("begun again, ready to step".to_owned(), tokens.good)
            }
            StopReason::Started => ("ready to step".to_owned(), tokens.good),
            StopReason::Stepped => ("stepped".to_owned(), tokens.text),
            StopReason::Paused => ("paused".to_owned(), tokens.text),
            StopReason::Past => {
                let behind = session.past().map_or(0, |past| past.end - past.now);
                (format!("in the past, {} before the present", widgets::grouped(behind)), tokens.pc)
            }
            StopReason::Breakpoint { hits, .. } => {
                let text = match hits {
                    1 => "stopped: breakpoint".to_owned(),
                    hits => format!("stopped: breakpoint, {} times", widgets::grouped(*hits)),
                };
                (text, tokens.pc)
            }
            StopReason::Watchpoint(stop) => {
                let text = match stop.hits {
                    1 => "stopped: watchpoint".to_owned(),
                    hits => format!("stopped: watchpoint, {} times", widgets::grouped(hits)),
                };
                (text, tokens.pc)
            }
            StopReason::Arrived => ("arrived at the cursor".to_owned(), tokens.text),
            StopReason::HostCall => (waits(session).to_owned(), tokens.waiting),
            StopReason::ImportBreak { module, name } => {
                (format!("stopped: {} is called", dotted(module, name)), tokens.pc)
            }
            StopReason::Exit(0) => ("ended".to_owned(), tokens.good),
            StopReason::Exit(code) => (format!("ended with code {code}"), tokens.warning),
            StopReason::Wait => ("waits to be notified".to_owned(), tokens.waiting),
            StopReason::Trap(_) => ("trapped".to_owned(), tokens.error),
            StopReason::Done(values) => (returned(session, values), tokens.good),
        },
    };
    let text = match (session.run_state(), session.selected_task()) {
        (RunState::Stopped(_), Some(task)) if session.task_count() > 1 => {
            format!("task {task} · {text}")
        }
        _ => text,
    };
    let text = match session.preparing() {
        Some(Preparing::Initialize(_)) => format!("{text} in _initialize"),
        Some(Preparing::StartFunction(_)) => format!("{text} in the start function"),
        None => text,
    };
    let label = ui.label(RichText::new(text).color(color));
    rects::note(&label, || "toolbar.state".to_owned());
    if let Some(preparing) = session.preparing_text() {
        label.on_hover_text(format!("This is {preparing}, and runs once"));
    }
}

/// Instructions a second, in words.
fn rate(speed: f64) -> String {
    match speed {
        fast if fast >= 1e7 => format!("{:.0} M/s", fast / 1e6),
        usual if usual >= 1e6 => format!("{:.1} M/s", usual / 1e6),
        slow => format!("{:.0} k/s", slow / 1e3),
    }
}

/// What the pending call waits for.
fn waits(session: &Session) -> &'static str {
    let state = session.pending_call().map(|record| record.call.state);
    match state {
        Some(CallState::InProgress) if session.awaits_input() => "waits for input",
        Some(CallState::InProgress) => "waits for the host",
        _ => "waits for an answer",
    }
}

fn returned(session: &Session, values: &[stepwell_engine::Value]) -> String {
    match values {
        [] => "returned".to_owned(),
        [value] => format!("returned {}", session.value_text(value)),
        several => format!("returned {} values", several.len()),
    }
}
