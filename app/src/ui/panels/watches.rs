//! Watches: expressions with their values.

use egui::{Align, Layout, RichText, Ui};
use stepwell_engine::expression::{Datum, Notation};
use stepwell_engine::text::escaped;

use crate::session::{Command, Session, Watch};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::asking_field::AskingField;
use crate::ui::widgets::kept_field::KeptField;
use crate::ui::{feedback, widgets};

const HELP: &str = "A local or global: $n. Memory: i32[$p + 8], cstr[$p]. An operand: stack 0. \
                    docs/expressions.md has all of it.";

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let count = session.watches().len();
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for (position, watch) in session.watches().enumerate() {
            ui.push_id(watch.number, |ui| {
                line(session, watch, position, count, ui, &mut commands)
            });
        }
        new(ui, &mut commands);
        if count == 0 {
            widgets::empty(
                ui,
                "Nothing watched. Type an expression, as $n or i32[$p + 8]: its value is shown whenever the \
                 program stands.",
            );
        }
    });
    commands
}

/// The field for one more.
fn new(ui: &mut Ui, commands: &mut Vec<Command>) {
    let is_it = |command: &Command| matches!(command, Command::AddWatch(_));
    let mut field = AskingField::new(ui, "new watch", "watch an expression", is_it);
    let (response, entered) = field.show(ui.available_width() - tokens::GROUP, ui);
    if entered {
        response.request_focus();
    }
    response.on_hover_text(HELP);
    field.ask(entered, Command::AddWatch, ui, commands);
    feedback::show(ui, is_it);
}

fn line(
    session: &Session,
    watch: &Watch,
    position: usize,
    count: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let number = watch.number;
    let name = format!("watch {}", watch.number);
    let half = (ui.available_width() * 0.42).max(tokens::FIELD);
    let field = KeptField::new(ui, &name, &watch.text).help(HELP).width(half);
    ui.horizontal(|ui| {
        if let Some(text) = field.show(ui) {
            commands.push(Command::SetWatch { watch: number, text });
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let remove = ui.small_button("✗").accessible_name(format!("remove {}", watch.text));
            if remove.on_hover_text("Watch it no more").clicked() {
                commands.push(Command::RemoveWatch(number));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                value(session, watch, position, count, ui, commands);
            });
        });
    });
    let is_it =
        |command: &Command| matches!(command, Command::SetWatch { watch, .. } if *watch == number);
    field.refusal(&format!("Until it is right, this is watched: {}", watch.text), is_it, ui);
    if let Some(Err(message)) = &watch.value {
        let text = RichText::new(escaped(message)).color(tokens.weak);
        ui.add(egui::Label::new(text.small()).wrap());
    }
}

fn value(
    session: &Session,
    watch: &Watch,
    position: usize,
    count: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let (text, color, changed) = match &watch.value {
        None => ("–".to_owned(), tokens.faint, false),
        Some(Err(_)) => ("no value".to_owned(), tokens.weak, false),
        Some(Ok(value)) => {
            (text_of(session, &value.datum), color_of(&value.datum, tokens), value.changed)
        }
    };
    let color = if changed { tokens.changed } else { color };
    let mut shown = RichText::new(escaped(&text)).font(tokens::mono()).color(color);
    if changed {
        shown = shown.underline();
    }
    let label = ui.add(egui::Label::new(shown).truncate().sense(egui::Sense::click()));
    label.widget_info(|| {
        let text = format!("{} = {text}", watch.text);
        egui::WidgetInfo::labeled(egui::Role::Label, true, text)
    });
    let label = label.on_hover_ui(|ui| explain(session, watch, ui));
    label.context_menu(|ui| {
        if let Some(Ok(value)) = &watch.value
            && ui.button("Copy the value").clicked()
        {
            ui.copy_text(value.datum.to_string());
        }
        for (text, to) in [("Move up", position.checked_sub(1)), ("Move down", Some(position + 1))]
        {
            let to = to.filter(|to| *to < count);
            if ui.add_enabled(to.is_some(), egui::Button::new(text)).clicked()
                && let Some(to) = to
            {
                commands.push(Command::MoveWatch { watch: watch.number, to });
            }
        }
        if ui.button("Watch it no more").clicked() {
            commands.push(Command::RemoveWatch(watch.number));
        }
    });
}

/// References in the words of the other panels.
fn text_of(session: &Session, datum: &Datum) -> String {
    match datum {
        Datum::Ref(to) => session.value_text(&(*to).into()),
        other => other.to_string(),
    }
}

fn color_of(datum: &Datum, tokens: &Tokens) -> egui::Color32 {
    match datum {
        Datum::I32(_) | Datum::U32(_) => tokens.i32,
        Datum::I64(_) | Datum::U64(_) => tokens.i64,
        Datum::F32(_) => tokens.f32,
        Datum::F64(_) => tokens.f64,
        Datum::V128(_) => tokens.v128,
        Datum::Ref(_) | Datum::Null => tokens.reference,
        _ => tokens.text,
    }
}

/// Type, other notations, and where it was looked at.
fn explain(session: &Session, watch: &Watch, ui: &mut Ui) {
    match &watch.value {
        None => {
            ui.label("It has a value once something runs.");
        }
        Some(Err(message)) => {
            ui.label(escaped(message));
        }
        Some(Ok(value)) => {
            ui.label(format!("{} ({})", escaped(&value.datum.to_string()), value.datum.ty()));
            let hex = value.datum.text(Notation::Hex);
            if hex.starts_with("0x") {
                ui.label(RichText::new(hex).font(tokens::mono()));
            }
        }
    }
    if let Some(open) = session.module(watch.module) {
        let name = widgets::safe(&open.name);
        ui.label(match (&watch.value, watch.frame) {
            (None, _) => format!("of {name}"),
            (_, Some(0)) => format!("in {name}, where it stands"),
            (_, Some(frame)) => format!("in {name}, frame {frame} from the innermost"),
            (_, None) => format!("in {name}; no frame from the selected one outwards runs it"),
        });
    }
}
