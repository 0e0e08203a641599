//! Back and forward: buttons in a panel's bar, and which panel the keys are about.

use egui::{Context, Id, Key, KeyboardShortcut, Modifiers, PointerButton, Rect, Ui};

use crate::session::{Command, Session, Trail};
use crate::ui::rects;

fn id() -> Id {
    Id::unique("stepwell-trail")
}

/// What back and forward are about: the panel that the pointer was in last.
pub fn pointed_at(session: &Session, ctx: &Context) -> Trail {
    let noted: Option<Trail> = ctx.data(|data| data.get_temp(id()));
    match noted {
        Some(Trail::Memory(view))
            if session.memory_views().iter().all(|known| known.id != view) =>
        {
            Trail::default()
        }
        noted => noted.unwrap_or_default(),
    }
}

/// The room of a panel that has a trail: the keys mean it while the pointer is in it, and so do the side buttons of
/// a mouse.
pub fn area(trail: Trail, area: Rect, ui: &Ui, commands: &mut Vec<Command>) {
    if !ui.rect_contains_pointer(area) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id(), trail));
    let pressed = |button| ui.input(|input| input.pointer.button_pressed(button));
    if pressed(PointerButton::Extra1) {
        commands.push(Command::Back(trail));
    }
    if pressed(PointerButton::Extra2) {
        commands.push(Command::Forward(trail));
    }
}

/// Two small buttons.
pub fn buttons(session: &Session, trail: Trail, ui: &mut Ui, commands: &mut Vec<Command>) {
    let of = match trail {
        Trail::Code => "the code",
        Trail::Memory(_) => "the memory",
    };
    let ways = [
        ("←", "back", Key::ArrowLeft, session.has_back(trail), Command::Back(trail)),
        ("→", "forward", Key::ArrowRight, session.has_forward(trail), Command::Forward(trail)),
    ];
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 1.0;
        for (sign, way, key, leads, command) in ways {
            let keys = ui.ctx().format_shortcut(&KeyboardShortcut::new(Modifiers::ALT, key));
            let button = ui.add_enabled(leads, egui::Button::new(sign).small());
            let button = button.accessible_name(format!("{way} in {of}"));
            rects::note(&button, || format!("trail.{way}.{of}"));
            let button = button.on_hover_text(format!("Go {way} to where you were ({keys})"));
            let none = format!("Nowhere to go {way} to ({keys})");
            if button.on_disabled_hover_text(none).clicked() {
                commands.push(command);
            }
        }
    });
}
