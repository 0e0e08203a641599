//! A breakpoint: its switch, its place, its hits, its condition and its message.

use egui::{RichText, Ui};
use stepwell_engine::CodeOffset;
use stepwell_engine::module::disassemble::Listing;

use crate::session::{BreakpointState, Command, OpenModule, Question};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::kept_field::KeptField;

/// Room left of the fields.
const LABELS: f32 = 76.0;

const CONDITION_HELP: &str = "Stops only where this holds: $n == 5, u8[$p + 8] != 'a', cstr[$path] == \"/tmp\", stack 0 > 3 (0 is the \
     top), hits % 100 == 0. Empty: always. docs/expressions.md has all of it.";
const MESSAGE_HELP: &str = "Goes on, and writes this into the log: n = {$n}, at {$p:x}: {cstr[$p]}. What is in braces is an \
     expression, :x makes it hexadecimal. Empty: it stops.";

pub(super) fn show(
    breakpoint: &BreakpointState,
    open: &OpenModule,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let (module, offset) = (breakpoint.module, breakpoint.offset);
    let func = open.module.func_at(CodeOffset(offset));
    let name = func.map_or_else(|| widgets::safe(&open.name), |func| open.func_label(func));
    let place = format!("{name} 0x{offset:04x}");
    ui.horizontal(|ui| {
        let mut enabled = breakpoint.enabled;
        let check = ui.checkbox(&mut enabled, "").accessible_name(format!("enable {place}"));
        if check.on_hover_text("Whether it stops").changed() {
            commands.push(Command::EnableBreakpoint { module, offset, enabled });
        }
        let text = RichText::new(&place).font(tokens::mono()).color(tokens.module(open.hue));
        let listing = func.and_then(|func| Listing::new(&open.module, func).ok());
        let instruction = listing
            .and_then(|listing| open.instruction(&listing, listing.position(CodeOffset(offset))?));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = ui.small_button("✗").accessible_name(format!("remove {place}"));
            if remove.on_hover_text("Remove it").clicked() {
                commands.push(Command::ToggleBreakpoint { module, offset });
            }
            hits(breakpoint.hits, breakpoint.reached, &breakpoint.message, ui);
            ask(breakpoint, &place, ui, commands);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                let link = ui.add(egui::Label::new(text).sense(egui::Sense::click()));
                if link.on_hover_text(format!("{place}\nShow the instruction")).clicked() {
                    commands.push(Command::ShowOffset { module, offset });
                }
                if let Some(instruction) = instruction {
                    let text = RichText::new(instruction.to_string()).font(tokens::mono_small());
                    ui.label(text.color(tokens.weak));
                }
            });
        });
    });
    texts(breakpoint, &place, ui, commands);
    failure(breakpoint.failure.as_deref(), ui);
}

/// How often it has stopped or logged; how often it was reached is told where the pointer rests.
pub(super) fn hits(hits: u64, reached: u64, message: &str, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let text = RichText::new(format!("{} ×", widgets::grouped(hits)));
    let did = if message.is_empty() { "stopped" } else { "logged" };
    ui.label(text.font(tokens::mono_small()).color(tokens.weak)).on_hover_text(format!(
        "How often it {did} in this run; execution came here {} times",
        widgets::grouped(reached)
    ));
}

/// What can be asked of the whole run about a breakpoint, be it set only now.
fn ask(breakpoint: &BreakpointState, place: &str, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (module, offset) = (breakpoint.module, breakpoint.offset);
    let menu = ui.menu_button(RichText::new("Ask the run").small(), |ui| {
        let mut entry = |name: &str, hint: &str, enabled: bool, question: Question| {
            let button = ui.add_enabled(enabled, egui::Button::new(name));
            if button.on_hover_text(hint).clicked() {
                commands.push(Command::AskRun(question));
                ui.close();
            }
        };
        let hits = Question::Hits { module, offset };
        entry("All hits", "All moments at which it is hit, where its condition holds", true, hits);
        let text = breakpoint.message.clone();
        let is_there = !text.trim().is_empty();
        let values = Question::Values { module, offset, text };
        let hint = "What its message (log) says each time, whether or not it was set then";
        entry("What it logs", hint, is_there, values);
        let text = breakpoint.condition.clone();
        let is_there = !text.trim().is_empty();
        let fails = Question::Fails { module, offset, text };
        let hint = "The first moment here at which its condition (when) is not true";
        entry("Where the condition is not true first", hint, is_there, fails);
    });
    let button = menu.response.accessible_name(format!("ask the run about {place}"));
    crate::ui::rects::note(&button, || format!("breakpoints.ask.{offset}"));
    button.on_hover_text("Of all that has run, or the stretch chosen in Timeline");
}

/// A field behind its label, in line with the others.
pub(in crate::ui::panels) fn labelled(
    label: &str,
    field: &KeptField<'_>,
    ui: &mut Ui,
) -> Option<String> {
    let tokens = Tokens::of(ui);
    let shown = ui.horizontal(|ui| {
        let size = egui::vec2(LABELS - tokens::INDENT, ui.spacing().interact_size.y);
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.label(RichText::new(label).color(tokens.weak));
        });
        field.show(ui)
    });
    shown.inner
}

/// Why a condition had no value.
pub(super) fn failure(failure: Option<&str>, ui: &mut Ui) {
    if let Some(failure) = failure {
        let tokens = Tokens::of(ui);
        let text = format!("⚠ The condition has no value here: {failure}");
        ui.add(egui::Label::new(RichText::new(text).color(tokens.error)).wrap());
    }
}

fn texts(breakpoint: &BreakpointState, place: &str, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (module, offset) = (breakpoint.module, breakpoint.offset);
    let width = (ui.available_width() - LABELS).max(tokens::FIELD);
    let (of_condition, of_message) =
        (format!("condition of {place}"), format!("message of {place}"));
    let condition = KeptField::new(ui, &of_condition, &breakpoint.condition)
        .hint("always")
        .help(CONDITION_HELP)
        .width(width);
    let message = KeptField::new(ui, &of_message, &breakpoint.message)
        .hint("nothing, and stop")
        .help(MESSAGE_HELP)
        .width(width);
    if let Some(condition) = labelled("when", &condition, ui) {
        commands.push(Command::SetCondition { module, offset, condition });
    }
    if let Some(message) = labelled("log", &message, ui) {
        commands.push(Command::SetMessage { module, offset, message });
    }
    let in_force = match breakpoint.condition.as_str() {
        "" => "It stops always until the condition is right.".to_owned(),
        known => format!("Until it is right, this holds: {known}"),
    };
    let is_condition = |command: &Command| {
        matches!(command, Command::SetCondition { module: m, offset: o, .. }
            if *m == module && *o == offset)
    };
    condition.refusal(&in_force, is_condition, ui);
    let in_force = match breakpoint.message.as_str() {
        "" => "It stops until the message is right.".to_owned(),
        known => format!("Until it is right, this is written: {known}"),
    };
    let is_message = |command: &Command| {
        matches!(command, Command::SetMessage { module: m, offset: o, .. }
            if *m == module && *o == offset)
    };
    message.refusal(&in_force, is_message, ui);
}
