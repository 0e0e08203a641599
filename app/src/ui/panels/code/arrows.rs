//! Where branches go, drawn between the offsets and the code.

use std::sync::Arc;

use egui::{Rect, Stroke, Ui, pos2};
use stepwell_engine::CodeOffset;
use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::observe::types_at;

use super::row::{Context, LANES, LANES_RIGHT};
use super::rows::Cache;
use crate::ui::tokens::Tokens;

/// Functions of up to this many instructions show all their arrows, longer ones only that of the
/// present instruction: finding labels means validating the function.
const WHOLE: usize = 20_000;
/// Lanes next to each other.
const COUNT: usize = 5;
/// Targets of one `br_table` that are drawn.
const TARGETS: usize = 8;

/// An instruction on screen.
pub(super) struct Shown {
    pub(super) listing: Arc<Listing>,
    pub(super) instruction: Instruction,
    pub(super) place: Rect,
}

/// Label depths that an instruction may branch to.
fn depths(instruction: &Instruction) -> Vec<u32> {
    if let Some(depth) = instruction.branch_depth {
        return vec![depth];
    }
    if instruction.name != "br_table" {
        return Vec::new();
    }
    let words = instruction.immediates.split_whitespace();
    let mut depths: Vec<u32> = words.filter_map(|word| word.parse().ok()).collect();
    depths.sort_unstable();
    depths.dedup();
    depths.truncate(TARGETS);
    depths
}

/// Draws the arrows of the branches on screen.
pub(super) fn draw(context: &Context<'_>, cache: &Cache, shown: &[Shown], ui: &Ui, area: Rect) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let pointer = ui.ctx().pointer_hover_pos();
    let mut lanes: [f32; COUNT] = [f32::NEG_INFINITY; COUNT];
    for from in shown {
        let is_pc = context.pc == Some(from.instruction.offset);
        let hovered = pointer
            .is_some_and(|pointer| from.place.contains(pointer) && ui.rect_contains_pointer(area));
        let bright = is_pc || hovered;
        if from.listing.len() > WHOLE && !bright {
            continue;
        }
        let depths = depths(&from.instruction);
        if depths.is_empty() {
            continue;
        }
        let func = from.listing.func();
        let Ok(Some(types)) = types_at(&context.open.module, func, from.instruction.offset) else {
            continue;
        };
        for depth in depths {
            let label = types.labels.len().checked_sub(depth as usize + 1);
            let Some(label) = label.and_then(|label| types.labels.get(label)) else { continue };
            let to = row_y(context, cache, shown, from, label.target, area);
            let start = from.place.center().y;
            let (top, bottom) = if start < to { (start, to) } else { (to, start) };
            let free = lanes.iter().position(|taken| *taken < top).unwrap_or(COUNT - 1);
            if let Some(taken) = lanes.get_mut(free) {
                *taken = taken.max(bottom);
            }
            let right = area.left() + LANES_RIGHT - 4.0;
            let x = right - (free as f32 + 1.0) * (LANES - 8.0) / COUNT as f32;
            let color = match (is_pc, bright) {
                (true, _) => tokens.pc,
                (_, true) => tokens.accent,
                _ => tokens.faint,
            };
            let stroke = Stroke::new(if bright { 1.8 } else { 1.0 }, color);
            painter.line_segment([pos2(right, start), pos2(x, start)], stroke);
            painter.line_segment([pos2(x, start), pos2(x, to)], stroke);
            if area.y_range().contains(to) {
                painter.line_segment([pos2(x, to), pos2(right, to)], stroke);
                let tip = pos2(right + 1.0, to);
                painter.line_segment([tip, tip + egui::vec2(-4.0, -3.0)], stroke);
                painter.line_segment([tip, tip + egui::vec2(-4.0, 3.0)], stroke);
            }
        }
    }
}

/// The height of a target: of its row if that is on screen, else above or below the screen. A
/// target behind the last instruction is the function's `end`.
fn row_y(
    context: &Context<'_>,
    cache: &Cache,
    shown: &[Shown],
    from: &Shown,
    target: CodeOffset,
    area: Rect,
) -> f32 {
    let last = from.listing.offset(from.listing.len().saturating_sub(1));
    let target = last.map_or(target, |last| target.min(last));
    if let Some(row) = shown.iter().find(|row| row.instruction.offset == target) {
        return row.place.center().y;
    }
    let rows =
        cache.row_of(context.open, target).zip(cache.row_of(context.open, from.instruction.offset));
    let above = match rows {
        Some((to, from)) => to < from,
        None => target < from.instruction.offset,
    };
    let beyond = from.place.height();
    if above { area.top() - beyond } else { area.bottom() + beyond }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::{Config, Engine, FuncIndex, Module};

    #[test]
    fn a_table_of_branches_has_each_target_once() {
        let text = "(module (func (block (block local.get 0 br_table 1 0 1)) ) )";
        let text = text.replace("(func ", "(func (param i32) ");
        let module = Module::from_wat(&Engine::new(Config::default()), &text).unwrap();
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let table = (0..listing.len())
            .filter_map(|position| listing.instruction(position))
            .find(|instruction| instruction.name == "br_table")
            .unwrap();
        assert_eq!(depths(&table), [0, 1]);
    }
}
