//! Log: what breakpoints have written instead of stopping.

use egui::{Align, Align2, Layout, RichText, Sense, Ui, pos2};
use stepwell_engine::CodeOffset;
use stepwell_engine::text::escaped;

use crate::session::{Command, LogLine, Panel, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Room for a count.
const CLOCK: f32 = 96.0;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let log = session.log_lines();
    if log.lines().is_empty() {
        widgets::empty(
            ui,
            "Nothing logged. A breakpoint with a message, as n = {$n}, writes here instead of stopping: \
             right click an instruction, or see Breakpoints.",
        );
        return commands;
    }
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let count = log.lines().len() as u64 + log.dropped();
        let mut text = format!("{} lines", widgets::grouped(count));
        if log.dropped() > 0 {
            text =
                format!("{text}, the last {} are kept", widgets::grouped(log.lines().len() as u64));
        }
        ui.label(RichText::new(text).color(tokens.weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let clear = ui.small_button("Clear").accessible_name("clear the log");
            rects::note(&clear, || "log.clear".to_owned());
            if clear.clicked() {
                commands.push(Command::ClearLog);
            }
            let copy = ui.small_button("Copy").accessible_name("copy the log");
            if copy.on_hover_text("Copy all lines, with count and place").clicked() {
                let lines = log.lines().iter().map(|line| {
                    format!("{}\t{}\t{}\n", line.clock, place(session, line), line.text)
                });
                ui.copy_text(lines.collect());
            }
        });
    });
    let rows = VirtualRows::new(ui, "log", log.lines().len() as u64).stick_to_end();
    rows.show(ui, |ui, number, rect| {
        let Some(line) = log.lines().get(number as usize) else { return };
        let row = ui.interact(rect, ui.scope_id().with(("log", number)), Sense::click());
        rects::note(&row, || format!("log.row.{number}"));
        let (count, place) = (widgets::grouped(line.clock), place(session, line));
        row.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, format!("log {}", line.text))
        });
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        if row.hovered() {
            painter.rect_filled(rect, 0.0, tokens.hover_row);
        }
        let y = rect.center().y;
        let at = pos2(rect.left() + CLOCK, y);
        painter.text(at, Align2::RIGHT_CENTER, &count, tokens::mono_small(), tokens.faint);
        let at = pos2(rect.left() + CLOCK + tokens::GROUP, y);
        painter.text(at, Align2::LEFT_CENTER, escaped(&line.text), tokens::mono(), tokens.text);
        let row = row.on_hover_text(format!(
            "{}\n{place}, after {count} instructions\nA click on the count goes to that moment",
            line.text
        ));
        row.context_menu(|ui| {
            let name = "Go to this moment";
            widgets::moment::entry(session, name, line.clock, ui, &mut commands);
        });
        let is_on_count = row.clicked()
            && row.interact_pointer_pos().is_some_and(|pointer| pointer.x <= rect.left() + CLOCK);
        if is_on_count && widgets::moment::can_go(session, line.clock) {
            commands.push(Command::SeekTo(line.clock));
        } else if row.clicked()
            && let Some((module, offset)) = line.place
        {
            commands.push(Command::RevealPanel(Panel::Code));
            commands.push(Command::ShowOffset { module, offset });
        }
    });
    commands
}

/// Where a line was written, as `module.function 0x0041`.
fn place(session: &Session, line: &LogLine) -> String {
    let place = line.place.and_then(|(module, offset)| {
        let open = session.module(module)?;
        let func = open.module.func_at(CodeOffset(offset))?;
        Some(format!("{} 0x{offset:04x}", open.func_label(func)))
    });
    place.unwrap_or_else(|| "elsewhere".to_owned())
}
