//! The line at the bottom: where the machine stands, and what can be done next.

use egui::{RichText, Ui};

use stepwell_engine::BulkProgress;
use stepwell_engine::text::{dotted, escaped};

use crate::session::{RunState, Session, StopReason};
use crate::ui::files::Files;
use crate::ui::fonts::bidi;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Draws it.
pub(super) fn show(session: &Session, files: &Files, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let place = place(session).unwrap_or_else(|| modules(session));
        let place = bidi::drawn(&place);
        ui.label(RichText::new(place).font(tokens::mono_small()).color(tokens.weak));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let opening = session.openings().find(|file| file.fraction() < 1.0);
            let hint = match (opening, files.reading().next()) {
                (Some(file), _) => {
                    let percent = (file.fraction() * 100.0) as u32;
                    format!("opening {}: {percent} %", escaped(file.name))
                }
                (None, Some(name)) => format!("reading {} …", escaped(name)),
                (None, None) => String::new(),
            };
            ui.add(egui::Label::new(RichText::new(hint).small().color(tokens.weak)).truncate());
        });
    });
}

fn place(session: &Session) -> Option<String> {
    let frames = session.frames();
    let frame = frames.first()?;
    let label = session.frame_label(frame);
    let named = session.memories();
    let memories = || named.iter().filter_map(|named| session.store()?.memory(named.addr));
    let pages: u64 = memories().map(|memory| memory.pages()).sum();
    let memory = match pages {
        _ if memories().any(|memory| memory.ty().page_size_log2 != 16) => {
            let bytes = memories().map(|memory| memory.bytes().len() as u64).sum();
            format!(" · {} of memory", widgets::size(bytes))
        }
        0 => String::new(),
        1 => " · 1 page of memory".to_owned(),
        pages => format!(" · {} pages of memory", widgets::grouped(pages)),
    };
    let depth = frames.len();
    let plural = if depth == 1 { "frame" } else { "frames" };
    let bulk = bulk(session).unwrap_or_default();
    Some(format!("{label} 0x{:04x} · {depth} {plural}{memory}{bulk}", frame.offset().0))
}

/// How much of an instruction has been done in the middle of which the run has stopped.
fn bulk(session: &Session) -> Option<String> {
    let (name, BulkProgress { done, len }) = session.bulk_progress()?;
    Some(match name.starts_with("memory.") {
        true => format!(" · {name}: {} of {} written", widgets::size(done), widgets::size(len)),
        false => {
            let [done, len] = [done, len].map(widgets::grouped);
            format!(" · {name}: {done} of {len} elements written")
        }
    })
}

fn modules(session: &Session) -> String {
    match session.modules().len() {
        0 => "no module is open".to_owned(),
        1 => "1 module".to_owned(),
        count => format!("{count} modules"),
    }
}

/// Where several tasks stand: what steps one, and what runs all.
fn several(session: &Session, reason: &StopReason, task: u32) -> String {
    let goes_on = session.others_can_run();
    match reason {
        StopReason::HostCall
        | StopReason::Wait
        | StopReason::Done(_)
        | StopReason::Trap(_)
        | StopReason::Exit(_)
            if goes_on =>
        {
            "F5 lets the other tasks go on; Tasks selects one to step".to_owned()
        }
        StopReason::HostCall => {
            "answer the call in Host calls; the other tasks wait, too".to_owned()
        }
        StopReason::Wait => "no task can notify it: let the wait time out, above".to_owned(),
        StopReason::Done(_) | StopReason::Trap(_) | StopReason::Exit(_) => {
            "this task is over; select another one in Tasks".to_owned()
        }
        _ => format!("F11 and F10 step task {task} only; F5 runs all by turns"),
    }
}

/// What a newcomer would do next.
pub(super) fn hint(session: &Session) -> String {
    let proposed = session.proposed_start().filter(|_| session.invocation().is_none());
    if let (RunState::Idle, Some((key, export))) = (session.run_state(), proposed)
        && let Some(open) = session.module(key)
    {
        return format!(
            "F11 stands before {}, F5 runs it; or choose an export in Modules",
            dotted(&open.name, export)
        );
    }
    if session.is_past() && *session.run_state() != RunState::Running {
        return "F11 and F10 step on, F5 runs to the next breakpoint or the present; the past cannot be changed"
            .to_owned();
    }
    if let (RunState::Stopped(reason), Some(task)) = (session.run_state(), session.selected_task())
        && session.task_count() > 1
        && session.unfinished_tasks() > 0
    {
        return several(session, reason, task);
    }
    let hint = match session.run_state() {
        _ if session.modules().is_empty() => "drop files here, or take an example",
        RunState::Idle => "choose an export in Modules and press Step",
        RunState::Running => "F6 pauses",
        RunState::Stopped(reason) => match reason {
            StopReason::Wait => "no other task runs: let the wait time out, above",
            StopReason::HostCall if session.awaits_input() => "type a line in Console",
            StopReason::HostCall => "answer the call in Host calls",
            StopReason::ImportBreak { .. } => "the host function has not begun; F5 lets it",
            StopReason::Exit(code) if u8::try_from(*code).is_err() => {
                "the program has ended with a code that no system can hold; F5 runs it again"
            }
            StopReason::Exit(_) => {
                "the program has ended; F5 runs it again, F11 stands at its beginning"
            }
            StopReason::Trap(_) => {
                "the state at the trap can be looked at; F5 runs it again, F11 stands at its beginning"
            }
            StopReason::Done(_) => "F5 runs it again, F11 stands at its beginning",
            _ => "F11 steps into, F10 over, Shift+F11 out, F5 runs",
        },
    };
    match session.preparing_text() {
        Some(preparing) => format!("{preparing} · {hint}"),
        None => hint.to_owned(),
    }
}
