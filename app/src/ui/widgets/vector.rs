//! A vector by its lanes. A click on the shape shows all vectors in the next one.

use egui::{Context, Id, Response, RichText, Sense, Ui};

use crate::session::Shape;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

fn shape_id() -> Id {
    Id::unique("vector shape")
}

fn choice_id() -> Id {
    Id::unique("vector shape chosen")
}

/// The shape that vectors are drawn in from here on.
pub fn set_shape(ctx: &Context, shape: Shape) {
    ctx.data_mut(|data| data.insert_temp(shape_id(), shape));
}

/// The shape that vectors are drawn in.
pub fn shape(ctx: &Context) -> Shape {
    ctx.data(|data| data.get_temp(shape_id())).unwrap_or_default()
}

/// The shape that has been clicked for, once.
pub fn take_choice(ctx: &Context) -> Option<Shape> {
    ctx.data_mut(|data| data.remove_temp(choice_id()))
}

/// Draws the shape, and the lanes as `draw` does with their text; returns what that returns.
pub(super) fn show(
    ui: &mut Ui,
    vector: u128,
    draw: impl FnOnce(&mut Ui, String) -> Response,
) -> Response {
    let shape = shape(ui.ctx());
    ui.horizontal_top(|ui| {
        let tokens = Tokens::of(ui);
        let name = RichText::new(format!("{}:", shape.name()));
        let name = name.font(tokens::mono()).color(tokens.v128).underline();
        let label = ui.add(egui::Label::new(name).selectable(false).sense(Sense::click()));
        let next = shape.next();
        label.widget_info(|| {
            let name = format!("vectors as {}", shape.name());
            egui::WidgetInfo::labeled(egui::Role::Button, true, name)
        });
        rects::note(&label, || "vector.shape".to_owned());
        let label = label.on_hover_text(format!("Show vectors as {}", next.name()));
        if label.clicked() {
            ui.ctx().data_mut(|data| data.insert_temp(choice_id(), next));
            ui.ctx().request_repaint();
        }
        // Beside the shape, so that a row that is broken does not begin below it and take its clicks.
        ui.vertical(|ui| draw(ui, shape.lanes(vector).join(" "))).inner
    })
    .inner
}
