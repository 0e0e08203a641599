//! Pieces of text that look alike everywhere.

use egui::{Response, RichText, Stroke, Ui};
use stepwell_engine::Value;

use crate::session::OpenModule;
use crate::ui::tokens::{self, Tokens};

/// A heading inside a panel.
pub fn section(ui: &mut Ui, text: &str) -> Response {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(text).font(tokens::strong()).color(tokens.weak))
}

/// What an empty panel says: what will be here, and what to do for it.
pub fn empty(ui: &mut Ui, text: &str) -> Response {
    let tokens = Tokens::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(tokens::GROUP);
        ui.add(egui::Label::new(RichText::new(text).color(tokens.weak)).wrap())
    })
    .inner
}

/// A value in the colour of its type; what changed is underlined too.
pub fn value(ui: &mut Ui, value: &Value, changed: bool) -> Response {
    let tokens = Tokens::of(ui);
    let text = value.to_string();
    let color = if changed { tokens.changed } else { tokens.ty(value.ty()) };
    let response = ui.add(
        egui::Label::new(RichText::new(text).font(tokens::mono()).color(color)).selectable(true),
    );
    if changed {
        let y = response.rect.bottom() - 1.0;
        ui.painter().hline(response.rect.x_range(), y, Stroke::new(1.5, tokens.changed));
    }
    response
}

/// A module's name in its hue.
pub fn module_label(ui: &mut Ui, open: &OpenModule) -> Response {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(&open.name).font(tokens::mono_bold()).color(tokens.module(open.hue)))
}
