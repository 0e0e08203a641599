//! Pieces that forms and details share: who calls whom, arguments, links to bytes.

use egui::{Color32, RichText, Ui};
use stepwell_engine::MemAddr;
use stepwell_engine::text::dotted;

use crate::session::{
    CallFrame, Command, DescribedCall, HostAnswerState, HostCallRecord, MemoryView, Panel, Session,
};
use crate::ui::fonts::bidi;
use crate::ui::tokens::{self, Tokens};
use crate::ui::{rects, widgets};

/// Frames named; a record keeps few more.
const FRAMES: usize = 9;

/// The colour of the module that a frame belongs to.
pub(super) fn hue(session: &Session, frame: Option<&CallFrame>, tokens: &Tokens) -> Color32 {
    let open = frame.and_then(|frame| session.module(frame.module?));
    open.map_or(tokens.weak, |open| tokens.module(open.hue))
}

/// `b.foo 0x0046 calls env.print through a.main`, with links.
pub(super) fn headline(
    session: &Session,
    record: &HostCallRecord,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        match record.frames.first() {
            Some(frame) => {
                let color = hue(session, Some(frame), tokens);
                let text = RichText::new(bidi::drawn(&frame.label)).font(tokens::mono_bold());
                ui.label(text.color(color));
                let place = format!("0x{:04x}", frame.offset.0);
                let link = ui.link(RichText::new(place).font(tokens::mono_small()));
                rects::note(&link, || format!("host_calls.caller.{}", record.number));
                if link.on_hover_text("Show the calling instruction").clicked()
                    && let Some(module) = frame.module
                {
                    commands.push(Command::ShowOffset { module, offset: frame.offset.0 });
                }
                ui.label("calls");
            }
            None => {
                ui.label("started directly:");
            }
        }
        let target = dotted(&record.call.module, &record.call.name);
        ui.label(RichText::new(target).font(tokens::mono_bold()).color(tokens.host));
        through(session, record, ui, commands);
    });
}

/// Through which frames the call came, outermost last.
fn through(session: &Session, record: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    if record.frames.len() < 2 {
        return;
    }
    ui.label(RichText::new("through").color(tokens.weak));
    for frame in record.frames.iter().take(FRAMES).skip(1) {
        let color = hue(session, Some(frame), tokens);
        let text = RichText::new(bidi::drawn(&frame.label)).font(tokens::mono()).color(color);
        let link = ui.add(egui::Label::new(text).sense(egui::Sense::click()));
        let hover = format!("{} at 0x{:04x}", frame.label, frame.offset.0);
        if link.on_hover_text(hover).clicked()
            && let Some(module) = frame.module
        {
            commands.push(Command::ShowOffset { module, offset: frame.offset.0 });
        }
    }
    if record.frames.len() > FRAMES {
        let more = record.frames.len() - FRAMES;
        ui.label(RichText::new(format!("and {more} more")).color(tokens.weak));
    }
}

/// Typed arguments, and the bytes that pointers among them point at.
pub(super) fn arguments(
    session: &Session,
    record: &HostCallRecord,
    described: &DescribedCall,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    if record.call.args.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let waits = record.answer == HostAnswerState::Pending;
        let caller = record.call.caller.map(|caller| caller.instance);
        for (value, text) in record.call.args.iter().zip(&record.texts) {
            if waits || value.as_ref().is_none() {
                widgets::value_of(session, caller, ui, value, commands);
            } else {
                // What it referred to may be something else by now.
                let text = RichText::new(bidi::drawn(text)).font(tokens::mono());
                ui.label(text.color(tokens.reference)).on_hover_text("as it was at the call");
            }
        }
    });
    for arg in &described.args {
        if arg.name.is_none() && arg.range.is_none() {
            continue;
        }
        ui.horizontal_wrapped(|ui| {
            if let Some(name) = &arg.name {
                ui.label(RichText::new(name).color(tokens.weak));
            }
            if let Some((memory, address, len)) = arg.range {
                bytes_link(session, memory, address, len, ui, commands);
            }
            let raw = || {
                let mut strings = record.strings.iter();
                let found = strings.find(|bytes| {
                    Some((bytes.memory, bytes.address, bytes.len)) == arg.range && !arg.is_text
                })?;
                let dots = if (found.bytes.len() as u64) < found.len { " …" } else { "" };
                Some(format!("{}{dots}", widgets::hex(&found.bytes)))
            };
            let text = raw().unwrap_or_else(|| arg.text.clone());
            let color = if arg.range.is_some() { tokens.good } else { tokens.text };
            ui.add(
                egui::Label::new(
                    RichText::new(bidi::drawn(&text)).font(tokens::mono()).color(color),
                )
                .wrap(),
            );
        });
    }
}

/// `b:$memory 0x10, 12 bytes`; a click selects these bytes in a memory view.
pub(super) fn bytes_link(
    session: &Session,
    memory: MemAddr,
    address: u64,
    len: u64,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let bytes = if len == 1 { "1 byte".to_owned() } else { format!("{len} bytes") };
    let place = format!("{} 0x{address:x}, {bytes}", session.memory_label(memory));
    let link = ui.link(RichText::new(&place).font(tokens::mono_small()));
    rects::note(&link, || format!("host_calls.bytes.{place}"));
    if link.on_hover_text("Show these bytes in a memory view").clicked() {
        commands.extend(show_bytes(session, ui.ctx(), memory, address, len));
    }
}

/// What selects bytes, in a view that shows their memory already, if there is one; that view comes in sight.
fn show_bytes(
    session: &Session,
    ctx: &egui::Context,
    memory: MemAddr,
    address: u64,
    len: u64,
) -> Vec<Command> {
    let mut commands = vec![Command::RevealPanel(Panel::Memory)];
    let Some(in_sight) = widgets::memory::view_in_sight(session, ctx) else { return commands };
    let has_it = |view: &&MemoryView| view.memory == memory;
    let view = Some(in_sight).filter(has_it).or(session.memory_views().iter().find(has_it));
    let id = view.unwrap_or(in_sight).id;
    if view.is_none() {
        commands.push(Command::ViewMemory { view: id, memory: memory.0 });
    }
    widgets::memory::choose_view(ctx, id);
    commands.push(Command::GoToAddress { view: id, address });
    commands.push(Command::SelectBytes { view: id, address, len });
    commands
}
