//! Where branches go, drawn between the offsets and the code.

use std::sync::Arc;

use egui::{Rect, Stroke, Ui, pos2};
use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::observe::types_at;
use stepwell_engine::{CodeOffset, Module};

use super::row::{Context, LANES, LANES_RIGHT};
use super::rows::Cache;
use crate::ui::tokens::Tokens;

/// Functions of up to this many instructions show all their arrows, longer ones only that of the
/// present instruction: finding labels means validating the function.
const WHOLE: usize = 20_000;
/// Functions of up to this many instructions show arrows whose branches are not on screen: all of them have to
/// be looked at once.
const BEYOND: usize = 4_000;
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
    // A branch that has scrolled out still leads to its target, from the edge.
    for (target, is_above) in from_beyond(context, cache, shown) {
        let Some(row) = shown.iter().find(|row| row.instruction.offset == target) else { continue };
        let to = row.place.center().y;
        let edge = if is_above { area.top() } else { area.bottom() };
        let free = lanes.iter().position(|taken| *taken < to.min(edge)).unwrap_or(COUNT - 1);
        if let Some(taken) = lanes.get_mut(free) {
            *taken = taken.max(to.max(edge));
        }
        let right = area.left() + LANES_RIGHT - 4.0;
        let x = right - (free as f32 + 1.0) * (LANES - 8.0) / COUNT as f32;
        let stroke = Stroke::new(1.0, tokens.faint);
        painter.line_segment([pos2(x, edge), pos2(x, to)], stroke);
        head(&painter, x, right, to, stroke);
    }
    for from in shown {
        let is_pc = context.pc == Some(from.instruction.offset);
        let hovered = pointer
            .is_some_and(|pointer| from.place.contains(pointer) && ui.rect_contains_pointer(area));
        let bright = is_pc || hovered;
        if from.listing.len() > WHOLE && !bright {
            continue;
        }
        for target in targets(&context.open.module, &from.listing, &from.instruction) {
            let to = row_y(context, cache, shown, from, target, area);
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
                head(&painter, x, right, to, stroke);
            }
        }
    }
}

/// The end of an arrow, at the row of its target.
fn head(painter: &egui::Painter, x: f32, right: f32, y: f32, stroke: Stroke) {
    painter.line_segment([pos2(x, y), pos2(right, y)], stroke);
    let tip = pos2(right + 1.0, y);
    painter.line_segment([tip, tip + egui::vec2(-4.0, -3.0)], stroke);
    painter.line_segment([tip, tip + egui::vec2(-4.0, 3.0)], stroke);
}

/// Where an instruction may branch to. A target behind the last instruction is the function's `end`.
fn targets(module: &Module, listing: &Listing, instruction: &Instruction) -> Vec<CodeOffset> {
    let depths = depths(instruction);
    if depths.is_empty() {
        return Vec::new();
    }
    let Ok(Some(types)) = types_at(module, listing.func(), instruction.offset) else {
        return Vec::new();
    };
    let last = listing.offset(listing.len().saturating_sub(1));
    let target = |depth: u32| {
        let label = types.labels.len().checked_sub(depth as usize + 1)?;
        let target = types.labels.get(label)?.target;
        Some(last.map_or(target, |last| target.min(last)))
    };
    depths.into_iter().filter_map(target).collect()
}

/// All branches of a function: the position of each, and a target.
pub(super) fn branches(module: &Module, listing: &Listing) -> Vec<(usize, CodeOffset)> {
    let instructions = (0..listing.len())
        .filter_map(|position| listing.instruction(position).map(|found| (position, found)));
    let each = instructions.flat_map(|(position, instruction)| {
        let targets = targets(module, listing, &instruction);
        targets.into_iter().map(move |target| (position, target))
    });
    each.collect()
}

/// Targets on screen of branches that are not: once for each side they come from, which is above if it is
/// said so.
fn from_beyond(context: &Context<'_>, cache: &Cache, shown: &[Shown]) -> Vec<(CodeOffset, bool)> {
    let mut found = Vec::new();
    let mut rest = shown;
    while let Some(first) = rest.first() {
        let same = |row: &&Shown| Arc::ptr_eq(&row.listing, &first.listing);
        let count = rest.iter().take_while(same).count();
        let (rows, others) = rest.split_at(count);
        rest = others;
        let listing = &first.listing;
        let ends = rows.first().zip(rows.last()).and_then(|(first, last)| {
            let [first, last] = [first, last].map(|row| listing.position(row.instruction.offset));
            first.zip(last)
        });
        let Some((top, bottom)) = ends.filter(|_| listing.len() <= BEYOND) else { continue };
        let seen = |target: CodeOffset| rows.iter().any(|row| row.instruction.offset == target);
        for (position, target) in cache.branches(context.open, listing).iter() {
            let from = (*target, *position < top);
            if !(top..=bottom).contains(position) && !found.contains(&from) && seen(*target) {
                found.push(from);
            }
        }
    }
    found
}

/// The height of a target: of its row if that is on screen, else above or below the screen.
fn row_y(
    context: &Context<'_>,
    cache: &Cache,
    shown: &[Shown],
    from: &Shown,
    target: CodeOffset,
    area: Rect,
) -> f32 {
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
    use stepwell_engine::{Config, Engine, FuncIndex};

    #[test]
    fn branches_know_their_targets() {
        let text = "(module (func (block (loop (br_if 1 (i32.const 0)) (br 0))) (br 0)))";
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let named = |target: CodeOffset| listing.position(target).unwrap();
        let found = branches(&module, &listing);
        let found: Vec<_> = found.iter().map(|(from, target)| (*from, named(*target))).collect();
        // block, loop, const, br_if, br, end, end, br, end
        assert_eq!(found, [(3, 7), (4, 1), (7, 8)]);
    }

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
