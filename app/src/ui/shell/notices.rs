//! Messages at the lower right, until they are dismissed; below them, files that are being opened.

use egui::{Align2, Context, RichText};

use super::openings;
use crate::session::{Command, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// Notices on screen at a time.
const SHOWN: usize = 4;

/// Draws them.
pub(super) fn show(session: &Session, ctx: &Context) -> Vec<Command> {
    let mut commands = Vec::new();
    let notices = session.notices();
    if notices.is_empty() && !session.is_opening() {
        return commands;
    }
    let area = egui::Area::new(egui::Id::unique("stepwell-notices"))
        .anchor(Align2::RIGHT_BOTTOM, [-tokens::GROUP, -tokens::ROW * 2.0])
        .order(egui::Order::Foreground);
    area.show(ctx, |ui| {
        let tokens = Tokens::of(ui);
        ui.set_max_width(tokens::TOOLTIP);
        for notice in notices.iter().rev().take(SHOWN).rev() {
            let (fill, color) = if notice.is_error {
                (tokens.error_back, tokens.error)
            } else {
                (tokens.raised, tokens.text)
            };
            let frame = egui::Frame::new()
                .fill(fill)
                .stroke(egui::Stroke::new(1.0, color))
                .corner_radius(4)
                .inner_margin(tokens::GROUP);
            frame.show(ui, |ui| {
                ui.set_width(tokens::TOOLTIP - tokens::GROUP * 2.0);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
                    let close = ui.small_button("✗").accessible_name("dismiss notice");
                    rects::note(&close, || format!("notice.{}", notice.id));
                    if close.clicked() {
                        commands.push(Command::DismissNotice(notice.id));
                    }
                    ui.with_layout(egui::Layout::top_down(egui::Align::LEFT), |ui| {
                        let text = RichText::new(&notice.text).color(color);
                        ui.add(egui::Label::new(text).wrap());
                    });
                });
            });
            ui.add_space(tokens::GAP);
        }
        openings::show(session, ui, &mut commands);
    });
    commands
}
