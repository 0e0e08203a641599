//! A reference as what it refers to; a click shows that.

use egui::{Color32, Response, RichText, Sense, Stroke, Ui};

use crate::session::{Command, Reference, Session};
use crate::ui::tokens::{self, Tokens};

/// The colour of a reference: a function has the hue of its module.
pub fn color(session: &Session, reference: &Reference, tokens: &Tokens) -> Color32 {
    match reference.module.and_then(|key| session.module(key)) {
        Some(open) => tokens.module(open.hue),
        None if reference.is_null() => tokens.faint,
        None => tokens.reference,
    }
}

/// The text alone; what changed is underlined.
pub(super) fn label(
    session: &Session,
    reference: &Reference,
    changed: bool,
    sense: Sense,
    ui: &mut Ui,
) -> Response {
    let tokens = Tokens::of(ui);
    let color = if changed { tokens.changed } else { color(session, reference, tokens) };
    let text = RichText::new(&reference.text).font(tokens::mono()).color(color);
    let response = ui.add(egui::Label::new(text).selectable(false).sense(sense));
    super::text::mark_changed(ui, &response, changed);
    response
}

/// What a click on it does, and how it shows that there is something to click.
pub(super) fn follow(
    reference: &Reference,
    ui: &Ui,
    response: Response,
    commands: &mut Vec<Command>,
) -> Response {
    let Some(show) = &reference.show else { return response };
    if response.hovered() {
        let y = response.rect.bottom() - 1.0;
        let color = Tokens::of(ui).reference;
        ui.painter().hline(response.rect.x_range(), y, Stroke::new(1.0, color));
    }
    if response.clicked() {
        commands.push(show.clone());
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// Its full type, the type that its place is declared with if that is known, and what a click does.
pub fn explain(reference: &Reference, declared: &str, ui: &mut Ui) {
    if !reference.detail.is_empty() {
        ui.set_max_width(tokens::TOOLTIP);
        ui.label(RichText::new(&reference.detail).font(tokens::mono()));
    }
    if !declared.is_empty() {
        ui.label(RichText::new(format!("declared {declared}")).font(tokens::mono()));
    }
    match reference.show {
        Some(Command::ShowObject(_)) => drop(ui.label("Click to look at it in Heap.")),
        Some(_) => drop(ui.label("Click to show its code.")),
        None => {}
    }
}

/// A reference that can be clicked, called `name` for screen readers and tests.
pub fn link(
    session: &Session,
    reference: &Reference,
    name: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> Response {
    let response = label(session, reference, false, Sense::click(), ui);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    crate::ui::rects::note(&response, || format!("reference.{name}"));
    let response = follow(reference, ui, response, commands);
    if reference.detail.is_empty() && reference.show.is_none() {
        return response;
    }
    response.on_hover_ui(|ui| explain(reference, "", ui))
}
