//! Frames: the call stack across modules, down to whoever started it.

use egui::{Color32, Sense, Ui, vec2};
use stepwell_engine::Value;
use stepwell_engine::observe::FrameView;
use stepwell_engine::text::{dotted, identifier, path_part};

use crate::session::{Asked, Awaited, Command, Session, StackEntry, untyped};
use crate::ui::fonts::bidi;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Parameters shown of a frame.
const ARGUMENTS: usize = 4;

/// Parameters whose origin its menu offers.
const ASKED: usize = 16;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let frames = session.frames();
    let stack = session.call_stack();
    if stack.is_empty() {
        widgets::empty(ui, "No frames: nothing runs. Start an export in Modules.");
        return commands;
    }
    for (memory, address) in session.waiters() {
        let tokens = Tokens::of(ui);
        let memory = session.memory_label(memory);
        let text = format!("a task waits at {memory} 0x{address:x}");
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), tokens::ROW), Sense::hover());
        line(ui, rect, tokens.waiting, &text, "", false);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    }
    // The frames, and the host that called the outermost.
    let count = stack.len() as u64 + 1;
    let mut rows = VirtualRows::new(ui, "frames", count);
    let selected = session.selected_frame();
    let seen = ui.scope_id().with("seen");
    let now = (session.clock(), selected, count);
    if ui.data(|data| data.get_temp(seen)) != Some(now) {
        ui.data_mut(|data| data.insert_temp(seen, now));
        let row = stack.iter().position(|entry| *entry == StackEntry::Frame(selected));
        // A host function on top of the selected frame stays in sight.
        let row = row.filter(|row| *row > 1 || selected > 0).unwrap_or(0);
        rows = rows.reveal(row as u64, false);
    }
    rows.show(ui, |ui, row, place| {
        let tokens = Tokens::of(ui);
        match stack.get(row as usize) {
            None => line(ui, place, tokens.faint, "host", "called the export", false),
            Some(StackEntry::Host { module, name }) => {
                host_frame(session, row, module, name, place, ui);
            }
            Some(StackEntry::Frame(number)) => {
                wasm_frame(session, &frames, *number, place, ui, &mut commands);
            }
        }
    });
    commands
}

/// The parameters of a frame by their names, with the values that they have now: what was passed may have been
/// overwritten since, so it is not written as a call.
fn arguments(session: &Session, frame: &FrameView<'_>) -> String {
    let Some(ty) = frame.module().func_type(frame.func()) else { return String::new() };
    let locals = frame.locals_of(ty.params(), 0..ARGUMENTS);
    let dots = if ty.params().len() > ARGUMENTS { "  …" } else { "" };
    let text = |value: &Value| match value {
        Value::V128(_) => "…".to_owned(),
        value if value.ty().is_ref() => session.value_text(value),
        number => untyped(number),
    };
    let name = |place: usize, name: &Option<String>| match name {
        Some(name) => identifier(name),
        None => format!("${place}"),
    };
    let values = locals
        .iter()
        .enumerate()
        .map(|(place, local)| format!("  {} = {}", name(place, &local.name), text(&local.value)));
    format!("{}{dots}", values.collect::<String>())
}

fn wasm_frame(
    session: &Session,
    frames: &[FrameView<'_>],
    number: usize,
    place: egui::Rect,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let Some(frame) = frames.get(number) else { return };
    let tokens = Tokens::of(ui);
    let (color, label) = describe(session, frame, tokens);
    let offset = format!("0x{:04x}", frame.offset().0);
    let id = ui.scope_id().with(("frame", number));
    let response = ui.interact(place, id, Sense::click());
    let is_selected = number == session.selected_frame();
    response.widget_info(|| {
        let text = format!("frame {number} {label} {offset}");
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, is_selected, text)
    });
    rects::note(&response, || format!("frames.{number}"));
    if response.hovered() && !is_selected {
        ui.painter().rect_filled(place, 0.0, tokens.hover_row);
    }
    let args = arguments(session, frame);
    line(ui, place, color, &format!("{label}{args}"), &offset, is_selected);
    if response.clicked() {
        commands.push(Command::SelectFrame(number));
    }
    response.context_menu(|ui| {
        if ui.button("Copy the call stack").clicked() {
            ui.copy_text(session.backtrace_text());
            ui.close();
        }
        if ui.button("Copy the state").clicked() {
            ui.copy_text(session.state_text());
            ui.close();
        }
        let params = frame.module().func_type(frame.func()).map_or(0, |ty| ty.params().len());
        if params > 0 && session.can_ask_origin() {
            ui.menu_button("Where do its arguments come from?", |ui| {
                let types = frame.local_types();
                for local in frame.locals_of(&types, 0..params.min(ASKED)) {
                    let name = local.name.as_deref().map(identifier);
                    let name = name.unwrap_or_else(|| format!("parameter {}", local.index));
                    if ui.button(name).clicked() {
                        let asked = Asked::Local { frame: number, local: local.index };
                        commands.push(Command::AskOrigin(asked));
                        ui.close();
                    }
                }
            });
        }
    });
    let standing = if frame.is_calling() { "waits for its call to return" } else { "stands" };
    let open = session.module_of_instance(frame.instance());
    let symbol = open.and_then(|open| open.names.symbol(frame.func()));
    let symbol = symbol.map_or(String::new(), |symbol| format!("\n{symbol}"));
    response.on_hover_text(format!(
        "{label}: function {} of instance {}, {standing} at {offset}{symbol}\nParameters as they are now",
        frame.func(),
        frame.instance(),
    ));
}

/// A host function between the wasm frames that called it and those that it has called; on top it is the one
/// whose call has not been answered.
fn host_frame(
    session: &Session,
    row: u64,
    module: &str,
    name: &str,
    place: egui::Rect,
    ui: &mut Ui,
) {
    let tokens = Tokens::of(ui);
    let is_top = row == 0;
    let pending = session.pending_call().filter(|_| is_top);
    let standing = match pending.map(|record| session.awaited(record)) {
        Some(Awaited::Person) => "waits for an answer",
        Some(Awaited::Input) => "waits for a line of input",
        Some(Awaited::Time(_)) => "waits for its time",
        Some(Awaited::Host) => "waits for the host",
        None if is_top && session.imminent_call().is_some() => "is about to begin",
        None if is_top => "is called",
        None => "called back",
    };
    let set = pending.and_then(|record| session.host_set_of(record));
    let text = match set {
        Some(set) => format!("host · {} {}", set.title(), path_part(name)),
        None => format!("host · {}", dotted(module, name)),
    };
    let response = ui.interact(place, ui.scope_id().with(("host", row)), Sense::hover());
    let label = format!("{text} {standing}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &label));
    rects::note(&response, || format!("frames.host.{row}"));
    line(ui, place, tokens.host, &text, standing, false);
    response.on_hover_text(format!("{} {standing}", dotted(module, name)));
}

fn describe(session: &Session, frame: &FrameView<'_>, tokens: &Tokens) -> (Color32, String) {
    let open = session.module_of_instance(frame.instance());
    let color = open.map_or(tokens.text, |open| tokens.module(open.hue));
    (color, session.frame_label(frame))
}

/// A row: a stripe in the module's hue, a name, and a place on the right.
fn line(ui: &Ui, place: egui::Rect, color: Color32, text: &str, right: &str, selected: bool) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    if selected {
        painter.rect_filled(place, 0.0, tokens.selection);
    }
    let stripe = egui::Rect::from_min_size(place.min, vec2(3.0, place.height()));
    painter.rect_filled(stripe.shrink2(vec2(0.0, 1.0)), 0.0, color);
    let y = place.center().y;
    let at = egui::pos2(place.right() - tokens::GAP, y);
    let font = tokens::mono_small();
    let taken = painter.text(at, egui::Align2::RIGHT_CENTER, right, font, tokens.weak);
    let room = place.with_max_x(taken.left() - tokens::GAP);
    let painter = painter.with_clip_rect(room.intersect(ui.clip_rect()));
    let at = egui::pos2(place.left() + tokens::GROUP, y);
    painter.text(at, egui::Align2::LEFT_CENTER, bidi::drawn(text), tokens::mono(), color);
}
