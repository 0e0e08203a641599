//! Code: the disassembly of a module, the present instruction, breakpoints, branch arrows.
//!
//! Rows are made for the screen only: `rows` knows which row stands for which instruction and
//! keeps the listings of functions that were looked at last; `row` draws one; `arrows` draws where
//! branches go; `help` and its kin say what an operator does.

mod arrows;
mod help;
mod help_atomic;
mod help_reference;
mod help_vector;
mod row;
mod rows;

use egui::{RichText, Ui};
use stepwell_engine::CodeOffset;
use stepwell_engine::module::disassemble::Listing;

use crate::session::{Command, FuncWanted, ModuleKey, OpenModule, Session, Trail};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::virtual_rows::VirtualRows;
use crate::ui::widgets::{self};
use crate::ui::{feedback, rects};
use rows::{Cache, Row};

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let shown = session.code_focus().and_then(|focus| session.module(focus.module));
    let Some(open) = shown.or(session.modules().first()) else {
        widgets::empty(ui, "No module is open. Drop .wasm or .wat files here, or open an example.");
        return commands;
    };
    widgets::trail::area(Trail::Code, ui.max_rect(), ui, &mut commands);
    tabs(session, open, ui, &mut commands);
    let cache = Cache::of(ui.ctx());
    let index = cache.index(open);
    if index.row_count() == 0 {
        widgets::empty(ui, "This module has no code of its own.");
        return commands;
    }
    let height = ui.available_height() - help::HEIGHT - tokens::GAP;
    ui.allocate_ui(egui::vec2(ui.available_width(), height.max(tokens::ROW)), |ui| {
        listing(session, open, &cache, ui, &mut commands);
    });
    explanation(session, open, &cache, ui);
    commands
}

/// The listing of a function, from those that were made already if it is among them.
pub(super) fn listing_of(
    ctx: &egui::Context,
    open: &OpenModule,
    func: stepwell_engine::FuncIndex,
) -> Option<std::sync::Arc<Listing>> {
    Cache::of(ctx).listing(open, func)
}

/// What the present instruction is about to do, or the one that was clicked while nothing runs.
fn explanation(session: &Session, open: &OpenModule, cache: &Cache, ui: &mut Ui) {
    let frames = session.frames();
    let present = frames.first().filter(|frame| {
        session.module_of_instance(frame.instance()).is_some_and(|module| module.key == open.key)
    });
    let clicked = session.code_focus().filter(|focus| focus.module == open.key);
    let offset = clicked.map(|focus| focus.offset).or(present.map(|frame| frame.offset()));
    let instruction = offset.and_then(|offset| {
        let listing = cache.listing(open, open.module.func_at(offset)?)?;
        open.instruction(&listing, listing.position(offset)?)
    });
    if let Some(instruction) = instruction {
        help::line(&instruction.name, ui);
    }
}

/// One tab a module, in its hue, and where to go.
fn tabs(session: &Session, shown: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.set_min_height(tokens::ROW);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            go_to(shown, ui, commands);
            let standing = !session.frames().is_empty();
            let pc = ui.add_enabled(standing, egui::Button::new("▶ pc").small());
            rects::note(&pc, || "code.pc".to_owned());
            if pc.on_hover_text("Show the present instruction").clicked() {
                commands.push(Command::ShowPc);
            }
            // In the room that is left, however many modules there are and whatever they are called.
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                // The keys are there where the buttons have no room.
                if ui.available_width() > tokens::FIELD {
                    widgets::trail::buttons(session, Trail::Code, ui, commands);
                }
                let room = tokens::FIELD_WIDE.min(ui.available_width() - tokens::GROUP * 2.0);
                egui::ScrollArea::horizontal().show(ui, |ui| {
                    for open in session.modules() {
                        tab(open, open.key == shown.key, room, ui, commands);
                    }
                });
            });
        });
    });
    feedback::show(ui, |command| matches!(command, Command::RunTo { .. }));
}

/// The tab of a module.
fn tab(open: &OpenModule, is_shown: bool, room: f32, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let name = widgets::safe(&open.name);
    let text = RichText::new(widgets::elided(&name, room, tokens::TEXT))
        .font(tokens::mono_bold())
        .color(tokens.module(open.hue));
    let tab = ui.selectable_label(is_shown, text);
    let tab = tab.accessible_name(format!("code of {}", open.name));
    rects::note(&tab, || format!("code.tab.{}", open.name));
    if tab.on_hover_text(format!("{name}\nShow this module's code")).clicked() {
        commands.push(Command::SelectModule(open.key));
    }
}

/// A field for a byte offset or a function's name.
fn go_to(open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let id = ui.scope_id().with("go-to");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let target = find_target(open, text.trim(), ui);
    let edit = egui::TextEdit::singleline(&mut text)
        .hint_text("go to 0x… or function")
        .desired_width(tokens::FIELD_WIDE.min(ui.available_width() * 0.4))
        .font(tokens::mono_small());
    let field = ui
        .add(edit)
        .on_hover_text("A byte offset, a function's name or number: 0x1f4, main, 120, func 120");
    let field = field.accessible_name("Go to offset or function");
    rects::note(&field, || "code.goto".to_owned());
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if !text.trim().is_empty() && target.is_none() {
        let tokens = Tokens::of(ui);
        ui.label(RichText::new("not here").font(tokens::mono_small()).color(tokens.error));
    }
    if entered && let Some(offset) = target {
        commands.push(Command::ShowOffset { module: open.key, offset: offset.0 });
        text.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, text));
}

/// The instruction that a text means, remembered for the text it was looked up for: a name is looked for in
/// all functions.
fn find_target(open: &OpenModule, text: &str, ui: &Ui) -> Option<CodeOffset> {
    let id = ui.scope_id().with("go-to target");
    type Known = (ModuleKey, String, Option<CodeOffset>);
    let known: Option<Known> = ui.data(|data| data.get_temp(id));
    if let Some((key, known, offset)) = known
        && key == open.key
        && known == text
    {
        return offset;
    }
    let offset = FuncWanted::parse(text).and_then(|wanted| wanted.find(open)?.offset);
    ui.data_mut(|data| data.insert_temp::<Known>(id, (open.key, text.to_owned(), offset)));
    offset
}

/// The rows themselves.
fn listing(
    session: &Session,
    open: &OpenModule,
    cache: &Cache,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let index = cache.index(open);
    let mut rows = VirtualRows::new(ui, ("code", open.key.0), index.row_count());
    let focus = session.code_focus().filter(|focus| focus.module == open.key);
    let seen_id = ui.scope_id().with("seen");
    let seen: Option<(u32, u64)> = ui.data(|data| data.get_temp(seen_id));
    if let Some(focus) = focus
        && seen != Some((open.key.0, focus.generation))
    {
        ui.data_mut(|data| data.insert_temp(seen_id, (open.key.0, focus.generation)));
        if let Some(target) = cache.row_of(open, focus.offset) {
            let other_module = seen.is_none_or(|(module, _)| module != open.key.0);
            rows = rows.reveal(target, other_module);
        }
    }
    let context =
        row::Context::new(session, open, focus.map(|focus| focus.offset), cache.hints(open));
    let mut on_screen = Vec::new();
    let area = ui.available_rect_before_wrap();
    rows.show(ui, |ui, number, place| match cache.row(open, number) {
        Row::Gap => {}
        Row::Header(func) => row::header(open, func, ui, place),
        Row::Instruction { listing, position } => {
            if let Some(instruction) = open.instruction(&listing, position) {
                let depth = listing.depth(position);
                row::instruction(&context, &instruction, depth, ui, place, commands);
                on_screen.push(arrows::Shown { listing, instruction, place });
            }
        }
    });
    arrows::draw(&context, cache, &on_screen, ui, area);
}
