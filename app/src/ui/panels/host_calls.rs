//! Host calls: the one that waits for an answer, and all that were made.

use egui::{Key, RichText, Ui};

use crate::session::{Answerer, Command, HostAnswerState, HostCallRecord, ImportPolicy, Session};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::{feedback, rects};

/// Calls listed; older ones are counted.
const LISTED: usize = 200;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let calls = session.host_calls();
    if calls.is_empty() {
        widgets::empty(
            ui,
            "No host call yet. When the program calls an import that no module satisfies, the call \
             appears here with its caller, its arguments and the bytes they point at.",
        );
        return commands;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(pending) = session.pending_call() {
            pending_call(session, pending, ui, &mut commands);
            ui.add_space(tokens::GROUP);
        }
        let answered = calls.iter().rev().filter(|call| call.answer != HostAnswerState::Pending);
        for call in answered.take(LISTED) {
            answered_call(session, call, ui, &mut commands);
        }
        if calls.len() > LISTED {
            let tokens = Tokens::of(ui);
            let older = calls.len() - LISTED;
            ui.label(RichText::new(format!("and {older} earlier ones")).color(tokens.weak));
        }
    });
    commands
}

/// `b.foo calls env.print`, with links.
fn headline(session: &Session, record: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        match record.frames.first() {
            Some(frame) => {
                let color = frame
                    .module
                    .and_then(|key| session.module(key))
                    .map_or(tokens.text, |open| tokens.module(open.hue));
                ui.label(RichText::new(&frame.label).font(tokens::mono_bold()).color(color));
                let place = format!("0x{:04x}", frame.offset.0);
                let link = ui.link(RichText::new(place).font(tokens::mono_small()));
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
        let target = format!("{}.{}", record.call.module, record.call.name);
        ui.label(RichText::new(target).font(tokens::mono_bold()).color(tokens.warning));
    });
}

/// Through which frames the call came, outermost last.
fn through(session: &Session, record: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    if record.frames.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("through").color(tokens.weak));
        for frame in record.frames.iter().skip(1).take(8) {
            let color = frame
                .module
                .and_then(|key| session.module(key))
                .map_or(tokens.text, |open| tokens.module(open.hue));
            let text = RichText::new(&frame.label).font(tokens::mono()).color(color);
            let link = ui.add(egui::Label::new(text).sense(egui::Sense::click()));
            let hover = format!("{} at 0x{:04x}", frame.label, frame.offset.0);
            if link.on_hover_text(hover).clicked()
                && let Some(module) = frame.module
            {
                commands.push(Command::ShowOffset { module, offset: frame.offset.0 });
            }
        }
        if record.frames.len() > 9 {
            let more = record.frames.len() - 9;
            ui.label(RichText::new(format!("and {more} more")).color(tokens.weak));
        }
    });
}

/// Typed arguments, and the bytes that pointers among them point at.
fn arguments(session: &Session, record: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        if record.call.args.is_empty() {
            ui.label(RichText::new("no arguments").color(tokens.weak));
        }
        let waits = record.answer == HostAnswerState::Pending;
        for (value, text) in record.call.args.iter().zip(&record.texts) {
            if waits || value.as_ref().is_none() {
                widgets::value(session, ui, value, commands);
            } else {
                // What it referred to may be something else by now.
                let text = RichText::new(text).font(tokens::mono());
                ui.label(text.color(tokens.reference)).on_hover_text("as it was at the call");
            }
        }
    });
    for bytes in &record.strings {
        ui.horizontal_wrapped(|ui| {
            let memories = session.memories();
            let named = memories.iter().find(|named| named.addr == bytes.memory);
            let memory = named.map_or("memory", |named| named.label.as_str());
            let place = format!("{memory} 0x{:x}, {} bytes", bytes.address, bytes.len);
            let link = ui.link(RichText::new(place).font(tokens::mono_small()));
            if link.on_hover_text("Show these bytes in a memory view").clicked()
                && let Some(view) = session.memory_views().first()
            {
                commands.push(Command::ViewMemory { view: view.id, memory: bytes.memory.0 });
                let (address, len) = (bytes.address, bytes.len);
                commands.push(Command::GoToAddress { view: view.id, address });
                commands.push(Command::SelectBytes { view: view.id, address, len });
            }
            let text = match &bytes.text {
                Some(text) => format!("{text:?}"),
                None => widgets::hex(&bytes.bytes),
            };
            let dots = if (bytes.bytes.len() as u64) < bytes.len { " …" } else { "" };
            let text = RichText::new(format!("{text}{dots}")).font(tokens::mono());
            ui.label(text.color(tokens.good));
        });
    }
}

/// The call that waits, with a form for its results.
fn pending_call(
    session: &Session,
    record: &HostCallRecord,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let frame = egui::Frame::new()
        .fill(tokens.raised)
        .stroke(egui::Stroke::new(1.0, tokens.warning))
        .corner_radius(4)
        .inner_margin(tokens::GROUP);
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        widgets::section(ui, "Waits for your answer");
        headline(session, record, ui, commands);
        through(session, record, ui, commands);
        arguments(session, record, ui, commands);
        ui.add_space(tokens::GAP);
        answer_form(session, record, ui, commands);
        policies(session, record, ui, commands);
    });
}

fn answer_form(
    session: &Session,
    record: &HostCallRecord,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with(("answer", record.number));
    let results = record.call.ty.results();
    let mut texts: Vec<String> =
        ui.data(|data| data.get_temp(id)).unwrap_or_else(|| vec!["0".to_owned(); results.len()]);
    texts.resize(results.len(), String::new());
    let (mut fits, mut entered) = (true, false);
    for (position, (ty, text)) in results.iter().zip(&mut texts).enumerate() {
        if text == "0" && ty.is_ref() {
            "null".clone_into(text);
        }
        ui.horizontal(|ui| {
            let written = session.store_type(*ty);
            ui.label(RichText::new(written).font(tokens::mono()).color(tokens.ty(*ty)));
            let edit = egui::TextEdit::singleline(text)
                .font(tokens::mono())
                .desired_width(tokens::FIELD_WIDE);
            let field = ui.add(edit).accessible_name(format!("result {position}"));
            rects::note(&field, || format!("host_calls.result.{position}"));
            entered |= field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if let Err(problem) = Session::check_value(*ty, text) {
                fits = false;
                ui.colored_label(tokens.error, problem);
            }
        });
    }
    ui.horizontal(|ui| {
        let words = if results.is_empty() { "Return" } else { "Return this" };
        let button = ui.add_enabled(fits, egui::Button::new(words));
        rects::note(&button, || "host_calls.return".to_owned());
        let button = button.on_hover_text("Answer the call and stand behind it");
        if fits && (button.clicked() || entered) {
            commands.push(Command::Answer(texts.clone()));
        }
        let trap_id = id.with("trap");
        let mut message: String =
            ui.data(|data| data.get_temp(trap_id)).unwrap_or_else(|| "refused".to_owned());
        let trap = ui.button("Trap with");
        rects::note(&trap, || "host_calls.trap".to_owned());
        if trap.on_hover_text("The call traps with this message").clicked() {
            commands.push(Command::AnswerTrap(message.clone()));
        }
        let edit = egui::TextEdit::singleline(&mut message).desired_width(tokens::FIELD);
        ui.add(edit).accessible_name("trap message");
        ui.data_mut(|data| data.insert_temp(trap_id, message));
    });
    feedback::show(ui, |command| matches!(command, Command::Answer(_)));
    ui.data_mut(|data| data.insert_temp(id, texts));
}

/// What further calls of this import shall do.
fn policies(session: &Session, record: &HostCallRecord, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let importer = record.frames.first().and_then(|frame| session.module(frame.module?));
    let Some(open) = importer else { return };
    let position =
        open.module.imports().iter().position(|import| {
            import.module == record.call.module && import.name == record.call.name
        });
    let Some(import) = position else { return };
    ui.horizontal(|ui| {
        ui.label(RichText::new("and from now on").color(tokens.weak));
        let choices = [("zero", ImportPolicy::Zero), ("trap", ImportPolicy::Trap)];
        for (words, policy) in choices {
            let button = ui.small_button(format!("always {words}"));
            rects::note(&button, || format!("host_calls.always.{words}"));
            if button.clicked() {
                commands.push(Command::SetPolicy { module: open.key, import, policy });
                match policy {
                    ImportPolicy::Trap => {
                        commands.push(Command::AnswerTrap("refused".to_owned()));
                    }
                    _ => commands.push(Command::Answer(
                        record.call.ty.results().iter().map(|ty| zero_text(*ty)).collect(),
                    )),
                }
            }
        }
    });
}

fn zero_text(ty: stepwell_engine::ValType) -> String {
    if ty.is_ref() { "null".to_owned() } else { "0".to_owned() }
}

/// One line of the list; opened it shows everything.
fn answered_call(
    session: &Session,
    record: &HostCallRecord,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let by = |by: &Answerer| match by {
        Answerer::Person => "",
        Answerer::Policy => " by policy",
    };
    let answer = match &record.answer {
        HostAnswerState::Pending => "waits".to_owned(),
        HostAnswerState::Returned { texts, by: who, .. } => {
            let values = if texts.is_empty() { "returned".to_owned() } else { texts.join(" ") };
            format!("→ {values}{}", by(who))
        }
        HostAnswerState::Trapped { message, by: who } => format!("→ trap: {message}{}", by(who)),
    };
    let caller = record.frames.first().map_or("host", |frame| frame.label.as_str());
    let string = record.strings.iter().find_map(|bytes| bytes.text.as_ref());
    let string = string.map_or(String::new(), |text| format!(" {text:?}"));
    let title = format!(
        "{} · {caller} · {}.{}({}){string} {answer}",
        record.number,
        record.call.module,
        record.call.name,
        record.texts.join(", "),
    );
    let text = RichText::new(title).font(tokens::mono_small()).color(tokens.text);
    egui::CollapsingHeader::new(text).id_salt(("call", record.number)).show(ui, |ui| {
        headline(session, record, ui, commands);
        through(session, record, ui, commands);
        arguments(session, record, ui, commands);
        let at = format!("at instruction {}", widgets::grouped(record.clock));
        ui.label(RichText::new(at).color(tokens.weak));
    });
}
