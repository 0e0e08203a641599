//! Keys, and how to begin.

use egui::{Context, RichText};

use super::actions::ALL;
use crate::ui::tokens::{self, Tokens};

const BEGINNING: [&str; 6] = [
    "Drop .wasm or .wat files on the window. Modules are linked by their names.",
    "In Modules, fill in the arguments of an export and press Step or Run.",
    "Step into (F11) executes one instruction; the next one is the highlighted row of Code.",
    "Step back into (Ctrl+Shift+F11) undoes one; a click on the line at the bottom goes to any moment of the run.",
    "A call of an import that no module satisfies waits in Host calls for your answer.",
    "Double click a value to change it. Click left of an instruction to set a breakpoint.",
];

/// Draws the window, if it is open.
pub(super) fn show(open: &mut bool, ctx: &Context) {
    let window = egui::Window::new("Keys and help")
        .open(open)
        .collapsible(false)
        .resizable(false)
        .vscroll(true)
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0]);
    window.show(ctx, |ui| {
        let tokens = Tokens::of(ui);
        for line in BEGINNING {
            ui.label(format!("· {line}"));
        }
        ui.separator();
        egui::Grid::new("keys").num_columns(2).spacing(tokens::GRID).show(ui, |ui| {
            for action in ALL {
                let keys = action.keys_text(ui.ctx());
                if keys.is_empty() {
                    continue;
                }
                ui.label(RichText::new(keys).font(tokens::mono()).color(tokens.accent));
                ui.label(action.title());
                ui.end_row();
            }
        });
    });
    if *open && ctx.input(|input| input.key_pressed(egui::Key::Escape)) {
        *open = false;
        ctx.request_repaint();
    }
}
