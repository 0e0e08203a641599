//! The list of bookmarks: a click stands there, the name can be changed.

use egui::{RichText, Ui};

use crate::session::{Command, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::kept_field::KeptField;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let mut bookmarks = session.bookmarks().peekable();
    if bookmarks.peek().is_none() {
        return;
    }
    ui.add_space(tokens::GAP);
    widgets::section(ui, "Bookmarks");
    for bookmark in bookmarks {
        let (number, clock) = (bookmark.number, bookmark.clock);
        ui.horizontal(|ui| {
            let text = RichText::new(format!("★ {}", widgets::grouped(clock)));
            let text = text.font(tokens::mono_small()).color(tokens.warning);
            let link = ui.add(egui::Button::new(text).frame(false));
            let link = link.accessible_name(format!("go to bookmark {}", bookmark.name));
            rects::note(&link, || format!("timeline.bookmark.{number}"));
            if link.on_hover_text("Go to this moment").clicked() {
                commands.push(Command::SeekTo(clock));
            }
            let label = format!("name of bookmark {number}");
            let field = KeptField::new(ui, &label, &bookmark.name).width(tokens::FIELD_WIDE);
            if let Some(name) = field.show(ui) {
                commands.push(Command::RenameBookmark { bookmark: number, name });
            }
            let remove = ui.small_button("✗").accessible_name(format!("remove {}", bookmark.name));
            if remove.on_hover_text("Remove it").clicked() {
                commands.push(Command::RemoveBookmark(number));
            }
        });
    }
}
