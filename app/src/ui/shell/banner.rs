//! A line under the toolbar when the machine stands for a reason that needs attention.

use egui::{RichText, Ui};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::{AtomicWait, Trap, TrapCode};

use crate::session::{Command, HostCallRecord, Panel, RunState, Session, StopReason};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Operands shown of the instruction that trapped.
const OPERANDS: usize = 3;

/// Draws it, if there is a reason.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    match session.run_state() {
        RunState::Stopped(StopReason::Trap(trap)) => {
            let tokens = Tokens::of(ui);
            let frame = egui::Frame::new().fill(tokens.error_back).inner_margin(tokens::GAP * 1.5);
            egui::Panel::top("banner").frame(frame).show(ui, |ui| {
                trapped(session, trap, ui, &mut commands);
            });
        }
        RunState::Stopped(StopReason::HostCall) => {
            if let Some(pending) = session.pending_call() {
                let tokens = Tokens::of(ui);
                let frame = egui::Frame::new().fill(tokens.raised).inner_margin(tokens::GAP * 1.5);
                egui::Panel::top("banner").frame(frame).show(ui, |ui| {
                    waits(pending, ui, &mut commands);
                });
            }
        }
        RunState::Stopped(StopReason::Wait) => {
            if let Some(wait) = session.atomic_wait() {
                let tokens = Tokens::of(ui);
                let frame = egui::Frame::new().fill(tokens.raised).inner_margin(tokens::GAP * 1.5);
                egui::Panel::top("banner").frame(frame).show(ui, |ui| {
                    parked(session, &wait, ui, &mut commands);
                });
            }
        }
        _ => {}
    }
    commands
}

/// A task in an atomic wait.
fn parked(session: &Session, wait: &AtomicWait, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let frames = session.frames();
        let who = frames.first().map_or("it".to_owned(), |frame| session.frame_label(frame));
        let memory = session.memory_label(wait.memory);
        let timeout = widgets::timeout(wait.timeout);
        let address = wait.address;
        let text = format!(
            "⏸ {who} waits at memory {memory} 0x{address:x} for a notification ({timeout})."
        );
        ui.label(RichText::new(text).color(tokens.warning));
        let over = ui.small_button("Let it time out");
        rects::note(&over, || "banner.time_out".to_owned());
        let help = "The wait ends with 2, as if its time were over: no other task could notify it";
        if over.on_hover_text(help).clicked() {
            commands.push(Command::TimeOut);
        }
        let show = ui.small_button("Show");
        rects::note(&show, || "banner.show".to_owned());
        if show.on_hover_text("Show the bytes waited at in a memory view").clicked()
            && let Some(view) = session.memory_views().first()
        {
            let view = view.id;
            commands.push(Command::RevealPanel(Panel::Memory));
            commands.push(Command::ViewMemory { view, memory: wait.memory.0 });
            commands.push(Command::GoToAddress { view, address });
        }
    });
}

fn trapped(session: &Session, trap: &Trap, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let what = match &trap.code {
            TrapCode::Exception(exception) => {
                format!("uncaught exception {}", session.tag_name(exception.tag))
            }
            other => other.to_string(),
        };
        let text = RichText::new(format!("⚠ Trap: {what}")).font(tokens::strong());
        ui.label(text.color(tokens.error));
        if !trap.values().is_empty() {
            ui.label("with");
        }
        for value in trap.values() {
            widgets::value(session, ui, value, commands);
        }
        if let Some(cause) = cause(session, trap) {
            ui.label(RichText::new(cause).font(tokens::mono()));
        }
        let show = ui.small_button("Show");
        rects::note(&show, || "banner.show".to_owned());
        if show.on_hover_text("Show the instruction that trapped").clicked() {
            commands.push(Command::ShowPc);
        }
    });
    let explanation = trap.code.explanation();
    if explanation != trap.code.to_string() {
        ui.add(egui::Label::new(RichText::new(explanation).color(tokens.text)).wrap());
    }
}

/// The instruction that trapped, with its operands, and where it stands.
fn cause(session: &Session, trap: &Trap) -> Option<String> {
    let frames = session.frames();
    let frame = frames.first()?;
    let listing = Listing::new(frame.module(), frame.func()).ok()?;
    let instruction = listing.instruction(listing.position(frame.offset())?)?;
    let operands = frame.operands();
    let from = operands.len().saturating_sub(OPERANDS);
    let shown: Vec<String> = operands
        .get(from..)
        .unwrap_or_default()
        .iter()
        .map(|value| session.value_text(value))
        .collect();
    // What an exception carries has been said already.
    let with = if shown.is_empty() || matches!(trap.code, TrapCode::Exception(_)) {
        String::new()
    } else {
        format!(" with {} on the stack", shown.join(" "))
    };
    let place = session.frame_label(frame);
    Some(format!("{instruction}{with}, in {place} at 0x{:04x}", frame.offset().0))
}

fn waits(pending: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let caller = pending.frames.first().map_or("the host", |frame| frame.label.as_str());
        let target = format!("{}.{}", pending.call.module, pending.call.name);
        let text = format!("⏸ {caller} calls {target}, and no module satisfies it.");
        ui.label(RichText::new(text).color(tokens.warning));
        ui.label("Give the answer in Host calls.");
        let show = ui.small_button("Show");
        rects::note(&show, || "banner.show".to_owned());
        if show.on_hover_text("Bring the panel Host calls to the front").clicked() {
            commands.push(Command::RevealPanel(Panel::HostCalls));
        }
    });
}
