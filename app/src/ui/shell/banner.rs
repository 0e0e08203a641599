//! Two lines under the toolbar: what the machine is doing, why it stands, and what can be done next.

use egui::{RichText, Ui};
use stepwell_engine::text::dotted;
use stepwell_engine::{AtomicWait, Trap, TrapCode};

use super::actions::Action;
use super::first_minute::FirstMinute;
use super::{state, status};
use crate::session::{
    Awaited, Command, HostCallRecord, Panel, ReachedLimit, RunState, Session, StopReason,
    WatchStop, reached_limit, trap_causes, trapped_instruction,
};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Characters shown of the arguments of a call.
const ARGUMENTS: usize = 120;

/// Draws it: what was done in it, and what was pressed of the first minute. Its room is always there,
/// so that no panel moves under the pointer when a run stops.
pub(super) fn show(
    session: &Session,
    first_minute: &mut Option<FirstMinute>,
    ui: &mut Ui,
) -> (Vec<Command>, Option<Action>) {
    let tokens = Tokens::of(ui);
    let mut commands = Vec::new();
    let mut pressed = None;
    let reason = match session.run_state() {
        RunState::Stopped(reason) => Some(reason),
        RunState::Idle | RunState::Running => None,
    };
    let fill = match reason {
        Some(StopReason::Trap(_)) => tokens.error_back,
        Some(StopReason::HostCall | StopReason::ImportBreak { .. } | StopReason::Wait) => {
            tokens.raised
        }
        _ => tokens.panel,
    };
    let frame = egui::Frame::new().fill(fill).inner_margin(tokens::GAP);
    let panel = egui::Panel::top("banner").exact_size(tokens::BANNER).resizable(false);
    let shown = panel.frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.horizontal(|ui| {
            state::show(session, ui);
            match reason {
                Some(StopReason::Trap(trap)) => trapped(session, trap, ui, &mut commands),
                Some(StopReason::HostCall) => {
                    if let Some(pending) = session.pending_call() {
                        waits(session, pending, ui, &mut commands);
                    }
                }
                Some(StopReason::ImportBreak { module, name }) => {
                    about_to_call(session, module, name, ui, &mut commands);
                }
                Some(StopReason::Watchpoint(stop)) => accessed(session, stop, ui, &mut commands),
                Some(StopReason::Past) => {
                    if let Some(stop) = session.past_access() {
                        accessed(session, stop, ui, &mut commands);
                    }
                }
                Some(StopReason::Wait) => {
                    if let Some(wait) = session.atomic_wait() {
                        parked(session, &wait, ui, &mut commands);
                    }
                }
                _ => {}
            }
        });
        if let Some(StopReason::Trap(trap)) = reason {
            meaning(session, trap, ui);
        } else if let Some(minute) = first_minute.as_ref() {
            let (action, dismissed) = minute.show(session, ui);
            pressed = action;
            if dismissed {
                *first_minute = None;
            }
        } else {
            let hint = RichText::new(status::hint(session)).small().color(tokens.weak);
            ui.add(egui::Label::new(hint).truncate());
        }
    });
    rects::note_rect(ui.ctx(), shown.response.rect, || "banner".to_owned());
    (commands, pressed)
}

/// Buttons on the right and words in the room that they leave: however long these are, the buttons
/// can be reached.
fn row(
    ui: &mut Ui,
    commands: &mut Vec<Command>,
    buttons: impl FnOnce(&mut Ui, &mut Vec<Command>),
    words: impl FnOnce(&mut Ui, &mut Vec<Command>),
) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        buttons(ui, commands);
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
            words(ui, commands);
        });
    });
}

/// What has been watched and was accessed.
fn accessed(session: &Session, stop: &WatchStop, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let buttons = |ui: &mut Ui, commands: &mut Vec<Command>| {
        if let Some((module, offset)) = stop.site {
            let show = ui.small_button("Show");
            rects::note(&show, || "banner.show".to_owned());
            if show.on_hover_text("Show the instruction that did it").clicked() {
                commands.push(Command::ShowOffset { module, offset });
            }
        }
        if session.watchpoints().iter().any(|known| known.number == stop.number) {
            let never = ui.small_button("Watch no more");
            rects::note(&never, || "banner.never".to_owned());
            if never.on_hover_text("Remove the watchpoint").clicked() {
                commands.push(Command::RemoveWatchpoint(stop.number));
            }
        }
    };
    row(ui, commands, buttons, |ui, _| {
        let known = session.watchpoints().iter().find(|known| known.number == stop.number);
        let module = known.and_then(|known| session.module(known.target.module()?));
        let color = module.map_or(tokens.reference, |open| tokens.module(open.hue));
        ui.label(RichText::new(&stop.what).font(tokens::mono()).color(color));
        ui.label(RichText::new(&stop.change).font(tokens::mono_bold()));
        let by = RichText::new(format!("by {}", stop.by)).font(tokens::mono());
        ui.label(by.color(tokens.weak)).on_hover_text(stop.text());
    });
}

/// A task in an atomic wait.
fn parked(session: &Session, wait: &AtomicWait, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let address = wait.address;
    let buttons = |ui: &mut Ui, commands: &mut Vec<Command>| {
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
    };
    row(ui, commands, buttons, |ui, _| {
        let frames = session.frames();
        let who = frames.first().map_or("it".to_owned(), |frame| session.frame_label(frame));
        let memory = session.memory_label(wait.memory);
        let timeout = widgets::timeout(wait.timeout);
        let text = format!(
            "⏸ {who} waits at memory {memory} 0x{address:x} for a notification ({timeout})."
        );
        ui.label(RichText::new(text).color(tokens.waiting));
    });
}

fn trapped(session: &Session, trap: &Trap, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let buttons = |ui: &mut Ui, commands: &mut Vec<Command>| {
        let show = ui.small_button("Show");
        rects::note(&show, || "banner.show".to_owned());
        if show.on_hover_text("Show the instruction that trapped").clicked() {
            commands.push(Command::ShowPc);
        }
        deeper(session, trap, ui, commands);
    };
    row(ui, commands, buttons, |ui, commands| {
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
    });
}

/// What a trap was about and what it means, in a line.
fn meaning(session: &Session, trap: &Trap, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
        if let Some(details) = details(session, trap) {
            ui.label(RichText::new(details).font(tokens::mono()));
        }
        let explanation = trap.code.explanation();
        if explanation != trap.code.to_string() {
            ui.label(RichText::new(explanation).color(tokens.text));
        }
    });
}

/// The way out where calls were nested too deeply for the limits, and not without end.
fn deeper(session: &Session, trap: &Trap, ui: &mut Ui, commands: &mut Vec<Command>) {
    let limit = session.store().zip(session.task());
    let limit = limit.and_then(|(store, task)| reached_limit(store, task, &trap.code));
    // How often the host may call back is another limit.
    if !matches!(limit, Some(ReachedLimit::CallDepth(_) | ReachedLimit::ValueStack { .. })) {
        return;
    }
    let Some((depth, slots)) = session.higher_call_limits() else { return };
    let more = ui.small_button("Allow 10 times as much and restart");
    rects::note(&more, || "banner.deeper".to_owned());
    let help = format!("Calls may then be nested {depth} deep, with {slots} slots of values");
    if more.on_hover_text(help).clicked() {
        commands.push(Command::SetCallLimits { depth, slots });
        commands.push(Command::Restart);
    }
}

/// The instruction that trapped, with its operands, and where it stands.
fn cause(session: &Session, trap: &Trap) -> Option<String> {
    let frames = session.frames();
    let frame = frames.first()?;
    let instruction = trapped_instruction(frame, &trap.code, session)?;
    let place = session.frame_label(frame);
    let preparing = session.preparing_text();
    let preparing = preparing.map_or_else(String::new, |text| format!(", in {text}"));
    Some(format!("{instruction}, in {place} at 0x{:04x}{preparing}", frame.offset().0))
}

/// What the trap was about, in numbers.
fn details(session: &Session, trap: &Trap) -> Option<String> {
    let frames = session.frames();
    let mut details = trap_causes(session.store()?, frames.first()?, session);
    let limit = reached_limit(session.store()?, session.task()?, &trap.code);
    details.extend(limit.map(|limit| limit.to_string()));
    (!details.is_empty()).then(|| details.join("; "))
}

fn waits(session: &Session, pending: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let (why, advice, panel) = match session.awaited(pending) {
        Awaited::Person => {
            ("and no module satisfies it.", "Give the answer in Host calls.", Panel::HostCalls)
        }
        Awaited::Input => {
            ("which waits for a line of standard input.", "Type it in Console.", Panel::Console)
        }
        Awaited::Time(_) => (
            "which waits for its time.",
            "It goes on by itself; Host calls can answer in its place.",
            Panel::HostCalls,
        ),
        Awaited::Host => (
            "which has begun and has not answered.",
            "It may go on by itself; Host calls can answer in its place.",
            Panel::HostCalls,
        ),
    };
    let buttons = |ui: &mut Ui, commands: &mut Vec<Command>| {
        let show = ui.small_button("Show");
        rects::note(&show, || "banner.show".to_owned());
        let help = match panel {
            Panel::Console => "Bring the panel Console to the front",
            _ => "Bring the panel Host calls to the front",
        };
        if show.on_hover_text(help).clicked() {
            commands.push(Command::RevealPanel(panel));
        }
    };
    row(ui, commands, buttons, |ui, _| {
        let caller = pending.frames.first().map_or("the host", |frame| &*frame.label);
        let target = dotted(&pending.call.module, &pending.call.name);
        let text = format!("⏸ {caller} calls {target}, {why}");
        ui.label(RichText::new(text).color(tokens.waiting));
        ui.label(advice);
        let others = session.pending_calls().filter(|other| other.task != pending.task).count();
        if others > 0 {
            let calls = if others == 1 { "call waits" } else { "calls wait" };
            let text = format!("{others} more {calls} in other tasks.");
            ui.label(RichText::new(text).color(tokens.weak));
        }
    });
}

/// Before a host function begins, at whose import the run was to stop.
fn about_to_call(
    session: &Session,
    module: &str,
    name: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let buttons = |ui: &mut Ui, commands: &mut Vec<Command>| {
        let on = ui.small_button("Continue");
        rects::note(&on, || "banner.continue".to_owned());
        if on.on_hover_text("Let it begin, and run on").clicked() {
            commands.push(Command::Continue);
        }
        if session.import_break(module, name).is_some() {
            let never = ui.small_button("Stop here no more");
            rects::note(&never, || "banner.never".to_owned());
            if never.on_hover_text("Forget the breakpoint of this import").clicked() {
                let (module, name) = (module.to_owned(), name.to_owned());
                commands.push(Command::BreakOnImport { module, name, when: None });
            }
        }
    };
    row(ui, commands, buttons, |ui, _| {
        let call = session.imminent_call();
        let caller = call.as_ref().and_then(|record| record.frames.first());
        let caller = caller.map_or("the host", |frame| &*frame.label);
        let args = call.as_ref().map(|record| session.describe_call(record).args_text());
        let args: String = args.unwrap_or_default().chars().take(ARGUMENTS).collect();
        let text = format!("⏸ {caller} is about to call {}({args}).", dotted(module, name));
        ui.label(RichText::new(text).color(tokens.host));
        ui.label("The host function has not begun.");
    });
}
