//! A line under the toolbar when the machine stands for a reason that needs attention.

use egui::{RichText, Ui};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::{Trap, Value};

use crate::session::{Command, HostCallRecord, Panel, RunState, Session, StopReason};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

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
        _ => {}
    }
    commands
}

fn trapped(session: &Session, trap: &Trap, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(format!("⚠ Trap: {}", trap.code)).font(tokens::strong());
        ui.label(text.color(tokens.error));
        if let Some(cause) = cause(session) {
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
fn cause(session: &Session) -> Option<String> {
    let frames = session.frames();
    let frame = frames.first()?;
    let listing = Listing::new(frame.module(), frame.func()).ok()?;
    let instruction = listing.instruction(listing.position(frame.offset())?)?;
    let operands = frame.operands();
    let from = operands.len().saturating_sub(OPERANDS);
    let shown: Vec<String> =
        operands.get(from..).unwrap_or_default().iter().map(Value::to_string).collect();
    let with = if shown.is_empty() {
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
