//! Watches: expressions with their values.

use egui::{Align, Layout, RichText, Ui};
use stepwell_engine::expression::{Datum, Notation};
use stepwell_engine::text::escaped;

use crate::session::{Command, Session, Watch};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::kept_field::KeptField;
use crate::ui::{feedback, rects, widgets};

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
    let id = ui.scope_id().with("new watch");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let is_it = |command: &Command| matches!(command, Command::AddWatch(_));
    let pending = id.with("pending");
    if ui.data(|data| data.get_temp(pending)).unwrap_or(false)
        && feedback::refusal(ui, is_it).is_none()
    {
        text.clear();
    }
    ui.horizontal(|ui| {
        // The same while watches come above it, so that it keeps the focus.
        let edit = egui::TextEdit::singleline(&mut text)
            .id(id.with("field"))
            .font(tokens::mono())
            .hint_text("watch an expression")
            .desired_width(ui.available_width() - tokens::GROUP);
        let field = ui.add(edit).accessible_name("new watch");
        rects::note(&field, || "watches.new".to_owned());
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered && !text.trim().is_empty() {
            commands.push(Command::AddWatch(text.clone()));
            field.request_focus();
        }
        field.on_hover_text(HELP);
    });
    feedback::show(ui, is_it);
    let asked = commands.iter().any(is_it);
    ui.data_mut(|data| {
        data.insert_temp(pending, asked);
        data.insert_temp(id, text);
    });
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
