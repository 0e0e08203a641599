//! Files that are being opened: how far each has come, and a way to give it up.

use egui::{ProgressBar, RichText, Ui};

use crate::session::{Command, OpeningView, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Files shown at a time.
const SHOWN: usize = 4;

/// Draws a card for each, below the notices.
pub(super) fn show(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let count = session.openings().count();
    for opening in session.openings().take(SHOWN) {
        let frame = egui::Frame::new()
            .fill(tokens.raised)
            .stroke(egui::Stroke::new(1.0, tokens.accent))
            .corner_radius(4)
            .inner_margin(tokens::GROUP);
        frame.show(ui, |ui| card(&opening, ui, commands));
        ui.add_space(tokens::GAP);
    }
    if let Some(more) = count.checked_sub(SHOWN).filter(|more| *more > 0) {
        ui.label(RichText::new(format!("and {more} more")).small().color(tokens.weak));
    }
}

fn card(opening: &OpeningView<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    ui.set_width(tokens::TOOLTIP - tokens::GROUP * 2.0);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let cancel = ui.small_button("Cancel");
            let cancel =
                cancel.accessible_name(format!("cancel opening {}", widgets::safe(opening.name)));
            rects::note(&cancel, || format!("opening.{}.cancel", opening.number));
            if cancel.clicked() {
                commands.push(Command::CancelOpening(opening.number));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = RichText::new(text(opening)).color(tokens.text);
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
    let bar = ProgressBar::new(opening.fraction()).desired_height(tokens::GAP);
    ui.add(bar.fill(tokens.accent).corner_radius(2));
}

fn text(opening: &OpeningView<'_>) -> String {
    let name = widgets::safe(opening.name);
    let size = widgets::size(opening.total);
    match (opening.fraction() * 100.0) as u32 {
        100.. => format!("{name} is loaded and waits for the others"),
        _ if opening.is_text => format!("Opening {name}: text of {size}"),
        percent => format!("Opening {name}: {percent} % of {size}"),
    }
}
