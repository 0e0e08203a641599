//! What stands in the cells of the list.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, Rect, Ui, pos2};
use stepwell_engine::text::path_part;

use super::columns::CHARACTER;
use super::detail;
use super::rows::short_module;
use crate::session::{DescribedArg, DescribedCall, HostAnswerState, HostCallRecord};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// The import, the name of its module in front where there is room.
pub(super) fn import(record: &HostCallRecord, with_module: bool, cell: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let name = path_part(&record.call.name);
    let mut module = format!("{}.", widgets::safe(&record.call.module));
    if (module.chars().count() + name.chars().count()) as f32 * CHARACTER > cell.width() + 1.0 {
        module = short_module(&widgets::safe(&record.call.module));
    }
    let module = if with_module { module.as_str() } else { "" };
    put(ui, &[(module, tokens.weak), (&name, tokens.text)], cell);
}

/// The arguments as they were given; if there is not room for all, what was said stands first.
pub(super) fn arguments(described: &DescribedCall, cell: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let mut args: Vec<&DescribedArg> = described.args.iter().collect();
    let characters = described.args_text().chars().count();
    if characters as f32 * CHARACTER > cell.width() {
        args.sort_by_key(|arg| !arg.is_text);
    }
    let mut pieces: Vec<(&str, Color32)> = Vec::new();
    for (position, arg) in args.into_iter().enumerate() {
        if position > 0 {
            pieces.push((", ", tokens.weak));
        }
        if let Some(name) = &arg.name {
            pieces.extend([(name.as_str(), tokens.weak), (": ", tokens.weak)]);
        }
        pieces.push((&arg.text, if arg.is_text { tokens.good } else { tokens.text }));
    }
    put(ui, &pieces, cell);
}

/// What came of it.
pub(super) fn answer(record: &HostCallRecord, described: &DescribedCall, cell: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let text = match &record.answer {
        HostAnswerState::Returned { values, .. } if values.is_empty() => "()",
        _ => &described.answer,
    };
    // That other hosts end the program there must not be cut off.
    let mark = if described.notes.is_empty() { "" } else { "⚠ " };
    let color = detail::answer_color(&record.answer, tokens);
    put(ui, &[(mark, tokens.warning), (text, color)], cell);
}

/// `module.function+0x0040`; if there is too little room, the module goes first: the row has its hue.
pub(super) fn caller(record: &HostCallRecord, hue: Color32, cell: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let Some(frame) = record.frames.first() else {
        return put(ui, &[("host", tokens.weak)], cell);
    };
    let offset = format!("+0x{:04x}", frame.offset.0);
    let characters = frame.label.chars().count() + offset.chars().count();
    let fits = characters as f32 * CHARACTER <= cell.width() + 1.0;
    let mut label = match frame.label.split_once('.') {
        Some((_, func)) if !fits => format!("…{func}"),
        _ => frame.label.to_string(),
    };
    // The offset stays in sight.
    let room = ((cell.width() + 1.0) / CHARACTER) as usize;
    let room = room.saturating_sub(offset.chars().count()).max(2);
    if let Some((end, _)) =
        label.char_indices().nth(room - 1).filter(|_| label.chars().count() > room)
    {
        label.truncate(end);
        label.push('…');
    }
    put(ui, &[(&label, hue), (&offset, tokens.faint)], cell);
}

/// A number, at the right.
pub(super) fn number(number: u64, color: Color32, cell: Rect, ui: &Ui) {
    let (text, font) = (widgets::grouped(number), tokens::mono_small());
    ui.painter().text(cell.right_center(), Align2::RIGHT_CENTER, text, font, color);
}

/// A line of at most a cell's width; what does not fit is cut off with `…`.
pub(super) fn put(ui: &Ui, pieces: &[(&str, Color32)], cell: Rect) {
    let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
    job.wrap = TextWrapping::truncate_at_width(cell.width().max(CHARACTER) + 1.0);
    // Names come from the module and may be of any length.
    let mut rest = (cell.width() / (CHARACTER * 0.5)) as usize + 2;
    for (text, color) in pieces {
        let end = text.char_indices().nth(rest).map_or(text.len(), |(end, _)| end);
        let text = text.get(..end).unwrap_or_default();
        rest -= text.chars().count().min(rest);
        job.append(text, 0.0, TextFormat::simple(tokens::mono_small(), *color));
    }
    let galley = ui.painter().layout_job(job);
    let at = pos2(cell.left(), cell.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, Color32::PLACEHOLDER);
}
