//! Answers: all moments that a question about the run has found, one a row. A click stands there.

use egui::{Align, Align2, Layout, RichText, Sense, Ui, pos2, vec2};
use stepwell_engine::text::escaped;

use crate::session::{Answer, AnswerState, Answers, Author, CallsFormat, Command, Panel, Session};
use crate::ui::files::{self, Request};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Room for a count.
const CLOCK: f32 = 96.0;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(answers) = session.answers() else {
        widgets::empty(
            ui,
            "Nothing has been asked. All writes of bytes, a global, a local or an element: right click them. \
             All hits of a breakpoint, what a message says each time, or when something was not true first: \
             Ask the run, in Breakpoints.",
        );
        return commands;
    };
    head(session, answers, ui, &mut commands);
    if answers.rows.is_empty() {
        if answers.state == AnswerState::Complete {
            widgets::empty(ui, "There is no such moment.");
        }
        return commands;
    }
    let now = session.past().map(|past| past.now);
    let badge = answers.rows.iter().filter_map(|row| row.task).max();
    let badge = badge.filter(|_| session.tasks().len() > 1);
    let badge = badge.map_or(0.0, widgets::task::badge_width);
    let rows = VirtualRows::new(ui, "answers", answers.rows.len() as u64);
    rows.show(ui, |ui, number, rect| {
        let Some(answer) = answers.rows.get(number as usize) else { return };
        let is_here = now == Some(answer.clock);
        row(session, answer, number, is_here, badge, rect, ui, &mut commands);
    });
    commands
}

/// What was asked, how far it is, and what can be done with it.
fn head(session: &Session, answers: &Answers, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if matches!(answers.state, AnswerState::Asking(_)) {
                let end = ui.small_button("End").accessible_name("end asking");
                rects::note(&end, || "answers.end".to_owned());
                if end.on_hover_text("What has been found stays").clicked() {
                    commands.push(Command::EndAsking);
                }
            } else {
                let clear = ui.small_button("Clear").accessible_name("clear the answers");
                if clear.clicked() {
                    commands.push(Command::ClearAnswers);
                }
                let again = ui.small_button("Ask again").accessible_name("ask again");
                if again.on_hover_text("The same of the run as it is now").clicked() {
                    commands.push(Command::AskRun(answers.question.clone()));
                }
                export(session, ui);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let title = RichText::new(&*escaped(&answers.title)).font(tokens::strong());
                ui.add(egui::Label::new(title).truncate()).on_hover_text(&answers.title);
            });
        });
    });
    let grouped = widgets::grouped;
    let (from, to) = answers.stretch;
    let count = answers.rows.len() as u64;
    let found = match (answers.more, count) {
        (true, _) => format!("more than {}", grouped(count)),
        (false, 1) => "1 moment".to_owned(),
        (false, _) => format!("{} moments", grouped(count)),
    };
    let (text, color) = match answers.state {
        AnswerState::Asking(at) => {
            let share = (at - from) as f64 / (to - from).max(1) as f64;
            (format!("{found}, {} % asked", (share * 100.0) as u32), tokens.weak)
        }
        AnswerState::Complete if answers.more => {
            (format!("{found}: choose a stretch in Timeline to ask of less"), tokens.warning)
        }
        AnswerState::Complete => (found, tokens.weak),
        AnswerState::Ended(at) => (format!("{found}, ended at {}", grouped(at)), tokens.warning),
    };
    let text = format!("{text} · from {} to {}", grouped(from), grouped(to));
    let label = ui.add(egui::Label::new(RichText::new(text).small().color(color)).truncate());
    if let Some(note) = &answers.note {
        label.on_hover_text(note);
        ui.add(egui::Label::new(RichText::new(note).small().color(tokens.weak)).truncate());
    }
}

fn export(session: &Session, ui: &mut Ui) {
    let menu = ui.menu_button(RichText::new("Export").small(), |ui| {
        for (words, format) in [("JSON lines", CallsFormat::JsonLines), ("CSV", CallsFormat::Csv)] {
            let entry = ui.button(words).accessible_name(format!("export answers as {words}"));
            if entry.clicked() {
                let text = session.export_answers(format);
                let name = format!("answers.{}", format.ending());
                files::request(ui.ctx(), Request::Save(name, text.into_bytes().into()));
                ui.close();
            }
        }
    });
    menu.response.accessible_name("export the answers");
}

#[allow(clippy::too_many_arguments)] // all of it is of one row
fn row(
    session: &Session,
    answer: &Answer,
    number: u64,
    is_here: bool,
    badge: f32,
    rect: egui::Rect,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let row = ui.interact(rect, ui.scope_id().with(("answer", number)), Sense::click());
    let (count, by) = (widgets::grouped(answer.clock), session.author_text(&answer.author));
    let said = format!("answer {count} {}", answer.text);
    row.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &said));
    rects::note(&row, || format!("answers.row.{number}"));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if is_here {
        painter.rect_filled(rect, 0.0, tokens.pc_row);
    } else if row.hovered() {
        painter.rect_filled(rect, 0.0, tokens.hover_row);
    }
    let y = rect.center().y;
    let mut x = rect.left() + CLOCK;
    let color = if is_here { tokens.pc } else { tokens.weak };
    painter.text(pos2(x, y), Align2::RIGHT_CENTER, &count, tokens::mono_small(), color);
    x += tokens::GROUP;
    if badge > 0.0 {
        if let Some(task) = answer.task {
            let place = egui::Rect::from_min_size(pos2(x, rect.top()), vec2(badge, rect.height()));
            widgets::task::paint_badge(&painter, tokens, place, task);
        }
        x += badge + tokens::GROUP;
    }
    if !answer.text.is_empty() {
        let text = &*escaped(&answer.text);
        let at = painter.text(pos2(x, y), Align2::LEFT_CENTER, text, tokens::mono(), tokens.text);
        x = at.right() + tokens::GROUP;
    }
    let color = match &answer.author {
        Author::Instruction { module, .. } => {
            session.module(*module).map_or(tokens.weak, |open| tokens.module(open.hue))
        }
        Author::HostCall { .. } => tokens.host,
        Author::Beginning | Author::Instance | Author::Hand => tokens.weak,
    };
    painter.text(pos2(x, y), Align2::LEFT_CENTER, &by, tokens::mono_small(), color);
    let hint = match answer.text.is_empty() {
        true => format!("{by}\nat {count}; click to stand there"),
        false => format!("{}\n{by}\nat {count}; click to stand there", answer.text),
    };
    let row = row.on_hover_text(hint);
    if row.clicked() {
        commands.push(Command::GoToAnswer(number as usize));
    }
    row.context_menu(|ui| {
        if ui.button("Go to this moment").clicked() {
            commands.push(Command::GoToAnswer(number as usize));
            ui.close();
        }
        if let Author::Instruction { module, offset, .. } = answer.author
            && ui.button("Show the instruction").clicked()
        {
            commands.push(Command::RevealPanel(Panel::Code));
            commands.push(Command::ShowOffset { module, offset });
            ui.close();
        }
        if ui.button("Copy").clicked() {
            ui.copy_text(format!("{}\t{by}\t{}", answer.clock, answer.text));
            ui.close();
        }
    });
}
