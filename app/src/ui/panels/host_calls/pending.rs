//! Forms for the calls that have not been answered, of all tasks.

use egui::{Key, RichText, Sense, Ui, vec2};
use stepwell_engine::ValType;
use stepwell_engine::text::dotted;

use super::parts;
use crate::session::{
    Awaited, Command, DescribedCall, HostCallRecord, ImportPolicy, Panel, RunState, Session,
};
use crate::ui::tokens::{self, Tokens};
use crate::ui::{feedback, rects, widgets};

/// Characters of an argument, and lines of a call, that the form of one shows.
const SAID: usize = 400;
const SAID_ROWS: usize = 4;

/// Draws them: the one of the selected task as a form, each other as a line that selects its task.
pub(super) fn show(
    session: &Session,
    pending: &[&HostCallRecord],
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let own = session.pending_call().map(|record| record.number);
    let several = pending.len() > 1 || session.tasks().len() > 1;
    for record in pending {
        if own == Some(record.number) {
            form(session, record, several, ui, commands);
        } else {
            of_another(session, record, ui, commands);
        }
        ui.add_space(tokens::GAP);
    }
}

/// What a call waits for, in words.
fn heading(awaited: Awaited) -> &'static str {
    match awaited {
        Awaited::Person => "Waits for your answer",
        Awaited::Input => "Waits for a line of standard input",
        Awaited::Time(_) => "Waits for its time",
        Awaited::Host => "Waits for the host",
    }
}

/// A line: a click selects the task, whose form then opens.
fn of_another(
    session: &Session,
    record: &HostCallRecord,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let caller = record.frames.first().map_or("the host", |frame| &*frame.label);
    let (module, name) = (&record.call.module, &record.call.name);
    let text = format!("▸ task {}: {caller} calls {}", record.task, dotted(module, name));
    let (rect, response) = ui
        .allocate_exact_size(vec2(ui.available_width(), tokens::ROW + tokens::GAP), Sense::click());
    let awaited = session.awaited(record);
    let label = format!("task {}: {}: {}", record.task, dotted(module, name), heading(awaited));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    rects::note(&response, || format!("host_calls.task.{}", record.task));
    let line = if response.hovered() { tokens.waiting } else { tokens.line };
    ui.painter().rect(rect, 4.0, tokens.raised, (1.0, line), egui::StrokeKind::Inside);
    let color = parts::hue(session, record.frames.first(), tokens);
    let inner = rect.shrink2(vec2(tokens::GROUP, 0.0));
    let painter = ui.painter().with_clip_rect(inner.intersect(ui.clip_rect()));
    let at = inner.left_center();
    painter.text(at, egui::Align2::LEFT_CENTER, text, tokens::mono_small(), color);
    let is_running = *session.run_state() == RunState::Running;
    let help = if is_running { "Pause first" } else { "Select this task, to answer its call" };
    if response.on_hover_text(format!("{label}\n{help}")).clicked() && !is_running {
        commands.push(Command::SelectTask(record.task));
    }
}

/// The call of the selected task, with a form for its results.
fn form(
    session: &Session,
    record: &HostCallRecord,
    several: bool,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let frame = egui::Frame::new()
        .fill(tokens.raised)
        .stroke(egui::Stroke::new(1.0, tokens.waiting))
        .corner_radius(4)
        .inner_margin(egui::Margin::symmetric(tokens::GROUP as i8, tokens::GAP as i8 + 2));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        let awaited = session.awaited(record);
        let is_open = title(record, awaited, several, ui);
        if !is_open {
            return;
        }
        let described = session.describe_call(record);
        said(record, &described, ui);
        explain(awaited, ui, commands);
        let is_running = *session.run_state() == RunState::Running;
        ui.add_enabled_ui(!is_running, |ui| {
            answer_form(session, record, awaited, ui, commands);
            if awaited == Awaited::Person {
                policies(session, record, ui, commands);
            }
        });
        ui.scope(|ui| {
            // Lines of text, without buttons.
            ui.spacing_mut().interact_size.y = tokens::ROW;
            parts::headline(session, record, ui, commands);
            parts::arguments(session, record, &described, ui, commands);
        });
    });
}

/// The call as it would be written: what was said comes before who said it.
fn said(record: &HostCallRecord, described: &DescribedCall, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let mut job = egui::text::LayoutJob::default();
    job.wrap.max_rows = SAID_ROWS;
    job.wrap.max_width = ui.available_width();
    job.wrap.break_anywhere = true;
    let mut add = |text: &str, color| {
        let text: String = text.chars().take(SAID).collect();
        job.append(&text, 0.0, egui::TextFormat::simple(tokens::mono(), color));
    };
    add(&dotted(&record.call.module, &record.call.name), tokens.text);
    add("(", tokens.weak);
    for (position, arg) in described.args.iter().enumerate() {
        if position > 0 {
            add(", ", tokens.weak);
        }
        if let Some(name) = &arg.name {
            add(&format!("{name}: "), tokens.weak);
        }
        add(&arg.text, if arg.is_text { tokens.good } else { tokens.text });
    }
    add(")", tokens.weak);
    let text = whole_text(record, described);
    let label = ui.add(egui::Label::new(job)).on_hover_text(text);
    rects::note(&label, || "host_calls.said".to_owned());
}

fn whole_text(record: &HostCallRecord, described: &DescribedCall) -> String {
    let import = dotted(&record.call.module, &record.call.name);
    format!("{import}({})", described.args_text())
}

/// The heading; of several it closes the form and opens it again.
fn title(record: &HostCallRecord, awaited: Awaited, several: bool, ui: &mut Ui) -> bool {
    if !several {
        widgets::section(ui, heading(awaited));
        return true;
    }
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with(("closed", record.number));
    let is_closed: bool = ui.data(|data| data.get_temp(id)).unwrap_or(false);
    let arrow = if is_closed { "▸" } else { "▾" };
    let label = format!("task {}: {}", record.task, heading(awaited).to_lowercase());
    let text = RichText::new(format!("{arrow} {label}")).font(tokens::strong()).color(tokens.weak);
    let title = ui.add(egui::Label::new(text).selectable(false).sense(Sense::click()));
    title.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    rects::note(&title, || format!("host_calls.form.{}", record.task));
    if title.clicked() {
        ui.data_mut(|data| data.insert_temp(id, !is_closed));
    }
    !is_closed
}

/// What is to happen, unless a person answers in the host function's place.
fn explain(awaited: Awaited, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let text = match awaited {
        Awaited::Person => return,
        Awaited::Input => {
            "The host function has begun, and goes on when a line is there.".to_owned()
        }
        Awaited::Time(time) => {
            format!("The host function has begun, and goes on in {:.1} s.", time.as_secs_f64())
        }
        Awaited::Host => "The host function has begun, and answers when it can: one that is \
                          asynchronous may never do so."
            .to_owned(),
    };
    ui.add(egui::Label::new(RichText::new(text).color(tokens.weak)).wrap());
    if awaited == Awaited::Input {
        let console = ui.small_button("Type it in Console");
        rects::note(&console, || "host_calls.console".to_owned());
        if console.clicked() {
            commands.push(Command::RevealPanel(Panel::Console));
        }
    }
    ui.label(RichText::new("Answer in its place:").color(tokens.weak));
}

fn answer_form(
    session: &Session,
    record: &HostCallRecord,
    awaited: Awaited,
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
        ui.horizontal_wrapped(|ui| {
            let written = session.store_type(*ty);
            ui.label(RichText::new(written).font(tokens::mono()).color(tokens.ty(*ty)));
            let edit = egui::TextEdit::singleline(text)
                .font(tokens::mono())
                .desired_width(tokens::FIELD_WIDE);
            let field = ui.add(edit).accessible_name(format!("result {position}"));
            rects::note(&field, || format!("host_calls.result.{position}"));
            if position == 0 && awaited == Awaited::Person {
                focus(record, &field);
            }
            entered |= field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if let Err(problem) = Session::check_value(*ty, text) {
                fits = false;
                ui.colored_label(tokens.error, problem);
            }
        });
    }
    ui.horizontal_wrapped(|ui| {
        let words = if results.is_empty() { "Return" } else { "Return this" };
        let button = ui.add_enabled(fits, egui::Button::new(words));
        rects::note(&button, || "host_calls.return".to_owned());
        if results.is_empty() && awaited == Awaited::Person {
            focus(record, &button);
        }
        let button = button.on_hover_text(match awaited {
            Awaited::Person => "Answer the call and stand behind it",
            _ => "Answer the call in the host function's place, which is given up",
        });
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

/// Gives the answer of a call that has just begun to wait the keyboard, unless that is in use.
fn focus(record: &HostCallRecord, response: &egui::Response) {
    let id = egui::Id::unique("stepwell-answered-call");
    let call = (record.task, record.number, record.clock);
    let known = response.ctx.data(|data| data.get_temp(id));
    if known == Some(call) {
        return;
    }
    response.ctx.data_mut(|data| data.insert_temp(id, call));
    if response.ctx.memory(|memory| memory.focused()).is_none() {
        response.request_focus();
    }
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
    ui.horizontal_wrapped(|ui| {
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

fn zero_text(ty: ValType) -> String {
    if ty.is_ref() { "null".to_owned() } else { "0".to_owned() }
}
