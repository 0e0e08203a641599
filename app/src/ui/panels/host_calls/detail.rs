//! All that is known of one host call: who made it, its arguments, what it did, its answer.

use egui::{Color32, RichText, Ui};
use stepwell_engine::host::record::Effect;
use stepwell_engine::module::NameKind;
use stepwell_engine::text::{identifier, path_part};
use stepwell_engine::{GlobalAddr, MemAddr, Value};

use super::{State, parts, rules};
use crate::session::{Answerer, Command, HostAnswerState, HostCallRecord, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Effects listed; more of them are counted.
const EFFECTS: usize = 100;
/// Bytes shown of what was read or written.
const BYTES: usize = 32;

/// Draws the selected call.
pub(super) fn show(session: &Session, state: &mut State, ui: &mut Ui, commands: &mut Vec<Command>) {
    let Some(record) = state.selected(session) else { return };
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let number = widgets::grouped(record.number);
        let title = RichText::new(format!("Call {number}")).font(tokens::strong());
        ui.label(title.color(tokens.weak));
        let when = format!("at instruction {}", widgets::grouped(record.clock));
        let who = match state.index.several_tasks() {
            true => format!("{when}, task {}", record.task),
            false => when,
        };
        ui.add(egui::Label::new(RichText::new(who).color(tokens.weak)).truncate());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let close = ui.small_button("✗").accessible_name("close the call");
            rects::note(&close, || "host_calls.close".to_owned());
            if close.on_hover_text("Close").clicked() {
                state.selected = None;
            }
        });
    });
    let mut has_rule = false;
    let area = egui::ScrollArea::vertical().auto_shrink(false).min_scrolled_height(0.0);
    area.show(ui, |ui| {
        // Lines of text, without buttons.
        ui.spacing_mut().interact_size.y = tokens::ROW;
        parts::headline(session, record, ui, commands);
        let described = session.describe_call(record);
        parts::arguments(session, record, &described, ui, commands);
        for effect in record.effects.iter().take(EFFECTS) {
            ui.horizontal_wrapped(|ui| show_effect(session, effect, ui, commands));
        }
        if record.effects.len() > EFFECTS {
            let more = widgets::grouped((record.effects.len() - EFFECTS) as u64);
            ui.label(RichText::new(format!("and {more} more effects")).color(tokens.weak));
        }
        answer(record, &described.answer, ui);
        has_rule = rules::offer(session, record, ui, commands);
        for note in &described.notes {
            let text = RichText::new(format!("⚠ {note}")).color(tokens.warning);
            let label = ui.add(egui::Label::new(text).wrap());
            rects::note(&label, || "host_calls.note".to_owned());
        }
    });
    state.rules.is_open |= has_rule;
}

fn answer(record: &HostCallRecord, described: &str, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let by = match &record.answer {
        HostAnswerState::Returned { by, .. } | HostAnswerState::Trapped { by, .. } => Some(by),
        HostAnswerState::Pending | HostAnswerState::Exited(_) => None,
    };
    let by = match by {
        Some(Answerer::Policy) => "by policy",
        Some(Answerer::Rule(_)) => "by a rule",
        Some(Answerer::Person) => "as you answered",
        Some(Answerer::Set(_)) | None => "",
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("→").color(tokens.weak));
        let color = answer_color(&record.answer, tokens);
        ui.label(RichText::new(described).font(tokens::mono()).color(color));
        ui.label(RichText::new(by).color(tokens.weak));
    });
}

/// The colour of an answer in words.
pub(super) fn answer_color(answer: &HostAnswerState, tokens: &Tokens) -> Color32 {
    match answer {
        HostAnswerState::Pending => tokens.waiting,
        HostAnswerState::Trapped { .. } => tokens.error,
        HostAnswerState::Returned { by: Answerer::Policy | Answerer::Rule(_), .. } => tokens.weak,
        HostAnswerState::Returned { .. } | HostAnswerState::Exited(_) => tokens.text,
    }
}

fn show_effect(session: &Session, effect: &Effect, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let verb = |ui: &mut Ui, text: &str, color: Color32| {
        ui.label(RichText::new(text).color(color));
    };
    let mono = |ui: &mut Ui, text: String| {
        ui.add(egui::Label::new(RichText::new(text).font(tokens::mono())).wrap());
    };
    match effect {
        Effect::Read { memory, address, len, start } => {
            verb(ui, "read", tokens.read);
            parts::bytes_link(session, *memory, *address, *len, ui, commands);
            mono(ui, preview(start, *len));
        }
        Effect::Write { memory, address, bytes } => {
            verb(ui, "wrote", tokens.written);
            let len = bytes.len() as u64;
            parts::bytes_link(session, *memory, *address, len, ui, commands);
            mono(ui, preview(bytes, len));
        }
        Effect::Global { global, value } => {
            verb(ui, "set", tokens.written);
            mono(ui, format!("{} to", global_name(session, *global)));
            value_then(session, value, ui, commands);
        }
        Effect::Table { table, index, value } => {
            verb(ui, "set", tokens.written);
            mono(ui, format!("entry {index} of table {table} to"));
            value_then(session, value, ui, commands);
        }
        Effect::GrowMemory { memory, pages, old } => {
            verb(ui, "asked for", tokens.written);
            mono(ui, grown(session, *memory, *pages, *old));
        }
        Effect::Call { func, args, catches } => {
            verb(ui, "called", tokens.op_call);
            value_then(session, &Value::FuncRef(Some(*func)), ui, commands);
            for arg in args {
                value_then(session, arg, ui, commands);
            }
            if *catches {
                verb(ui, "and would take a trap", tokens.weak);
            }
        }
    }
}

/// A function stays what it is; an object may be gone.
fn value_then(session: &Session, value: &Value, ui: &mut Ui, commands: &mut Vec<Command>) {
    match value {
        Value::AnyRef(_) | Value::ExternRef(_) | Value::ExnRef(_) => {
            ui.label(RichText::new(value.to_string()).font(tokens::mono()))
                .on_hover_text("as it was at the call");
        }
        other => drop(widgets::value(session, ui, other, commands)),
    }
}

/// The first bytes, as text if they are text.
fn preview(bytes: &[u8], len: u64) -> String {
    let shown = bytes.get(..BYTES).unwrap_or(bytes);
    let dots = if (shown.len() as u64) < len { " …" } else { "" };
    let is_printable = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
    match std::str::from_utf8(shown).ok().filter(is_printable) {
        Some(text) => format!("{text:?}{dots}"),
        None => format!("{}{dots}", widgets::hex(shown)),
    }
}

fn global_name(session: &Session, global: GlobalAddr) -> String {
    let find = || {
        let store = session.store()?;
        store.instances().find_map(|instance| {
            let open = session.module_of_instance(instance)?;
            let mut globals = (0u32..).zip(store.instance(instance)?.globals());
            let (index, _) = globals.find(|(_, known)| **known == global)?;
            let name = open.module.item_name(NameKind::Global, index)?;
            Some(format!("{}:{}", path_part(&open.name), identifier(name)))
        })
    };
    find().unwrap_or_else(|| format!("global {global}"))
}

fn grown(session: &Session, memory: MemAddr, pages: u64, old: Option<u64>) -> String {
    let label = session.memory_label(memory);
    let plural = if pages == 1 { "page" } else { "pages" };
    match old {
        Some(old) => format!("{pages} {plural} more of {label}, which had {old}"),
        None => format!("{pages} {plural} more of {label}, which were not to be had"),
    }
}
