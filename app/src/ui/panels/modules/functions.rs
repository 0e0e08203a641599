//! The functions of a module, with a filter.

use std::sync::Arc;

use egui::{Align2, Sense, Ui, pos2};
use stepwell_engine::FuncIndex;

use crate::session::{Command, FuncWanted, OpenModule, func_type};
use crate::ui::fonts::bidi;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Rows on screen.
const VISIBLE: usize = 12;

/// The functions that a filter leaves, with the filter.
type Filtered = (String, Arc<Vec<u32>>);

/// Draws the list.
pub(super) fn show(open: &OpenModule, ui: &mut Ui, commands: &mut Vec<Command>) {
    let count = open.module.func_count();
    let title = format!("Functions · {}", widgets::grouped(u64::from(count)));
    egui::CollapsingHeader::new(title).id_salt("functions").show(ui, |ui| {
        if count == 0 {
            widgets::empty(ui, "This module has no functions.");
            return;
        }
        let id = ui.scope_id().with("filter");
        let kept: Option<Filtered> = ui.data(|data| data.get_temp(id));
        let mut text = kept.as_ref().map_or(String::new(), |(text, _)| text.clone());
        let edit = egui::TextEdit::singleline(&mut text)
            .hint_text("filter by name, index or 0x address")
            .desired_width(f32::INFINITY);
        let field = ui.add(edit).accessible_name(format!("filter functions of {}", open.name));
        rects::note(&field, || format!("modules.filter.{}", open.name));
        let list = match kept {
            Some((known, list)) if known == text => list,
            _ => {
                let list = Arc::new(filter(open, &text));
                ui.data_mut(|data| data.insert_temp(id, (text.clone(), list.clone())));
                list
            }
        };
        if list.is_empty() {
            widgets::empty(ui, "No function has this name, index or address.");
            return;
        }
        let height = tokens::ROW * list.len().min(VISIBLE) as f32;
        ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
            let rows = VirtualRows::new(ui, "functions", list.len() as u64);
            rows.show(ui, |ui, row, place| {
                if let Some(func) = list.get(row as usize) {
                    line(open, FuncIndex(*func), ui, place, commands);
                }
            });
        });
    });
}

fn filter(open: &OpenModule, text: &str) -> Vec<u32> {
    let wanted = FuncWanted::parse(text);
    let fits =
        |func: &u32| wanted.as_ref().is_none_or(|wanted| wanted.is_like(open, FuncIndex(*func)));
    (0..open.module.func_count()).filter(fits).collect()
}

fn line(
    open: &OpenModule,
    func: FuncIndex,
    ui: &mut Ui,
    place: egui::Rect,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let response = ui.interact(place, ui.scope_id().with(("function", func.0)), Sense::click());
    let body = open.module.func_body(func);
    let name = open.names.place(func);
    let label = format!("function {func} {name}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    if response.hovered() {
        ui.painter().rect_filled(place, 0.0, tokens.hover_row);
    }
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    let y = place.center().y;
    let number = pos2(place.left() + tokens::NUMBER, y);
    painter.text(number, Align2::RIGHT_CENTER, func.0, tokens::mono_small(), tokens.faint);
    let size = match &body {
        Some(body) => format!("{} B", widgets::grouped(u64::from(body.end.0 - body.start.0))),
        None => "import".to_owned(),
    };
    let right = pos2(place.right() - tokens::GAP, y);
    let taken = painter.text(right, Align2::RIGHT_CENTER, size, tokens::mono_small(), tokens.weak);
    let room = place.with_max_x(taken.left() - tokens::GAP);
    let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
    let color = if body.is_some() { tokens.text } else { tokens.weak };
    let at = pos2(number.x + tokens::GAP * 2.0, y);
    painter.text(at, Align2::LEFT_CENTER, bidi::drawn(&name), tokens::mono_small(), color);
    let symbol = open.names.symbol(func);
    let symbol = symbol.map_or(String::new(), |symbol| format!("\n{symbol}"));
    let ty = open.module.func_type(func).map_or(String::new(), |ty| func_type(&open.module, ty));
    if response.on_hover_text(format!("{name}\n{ty}{symbol}")).clicked() && body.is_some() {
        commands.push(Command::ShowFunction { module: open.key, func: func.0 });
    }
}
