//! Fast code: what became of a function's instructions when it was translated for full speed.

use std::sync::Arc;

use egui::{Align2, Id, RichText, Sense, Ui, pos2, vec2};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::FastListing;
use stepwell_engine::{CodeOffset, FuncIndex};

use crate::session::{Command, ModuleKey, OpenModule, Session};
use crate::ui::fonts::bidi;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Share of the width that the instructions take.
const LEFT: f32 = 0.4;
/// Room for prices and for the numbers of operations.
const PRICES: f32 = 36.0;
const NUMBERS: f32 = 40.0;

const HELP: &str = "Left the instructions, right the operations that run at full speed. Operations \
                    read and write slots: locals by name, stack0 is the lowest operand, acc what the \
                    operation before left in a register. An arrow marks an instruction that needs \
                    none: what it does is part of a later one. The number between them is what a \
                    branch, call or return that leads here pays for: the instructions up to the next \
                    branch, call or return.";

/// A function with both of its forms.
struct Shown {
    module: ModuleKey,
    func: FuncIndex,
    listing: Listing,
    fast: FastListing,
    /// An instruction, and one of the operations that were written for it. Those behind the first
    /// have rows of their own.
    rows: Vec<Row>,
    /// The last instruction with an operation.
    last: u32,
}

#[derive(Clone, Copy)]
struct Row {
    instruction: u32,
    first: bool,
    operation: Option<u32>,
}

impl Shown {
    fn new(open: &OpenModule, func: FuncIndex) -> Option<Self> {
        let listing = Listing::new(&open.module, func).ok()?;
        let fast = FastListing::new(&open.module, func).ok()?;
        // Operations that branches have at the end of the listing belong to them.
        let mut order: Vec<u32> = (0..fast.operations().len() as u32).collect();
        order.sort_by_key(|at| fast.operations().get(*at as usize).map(|op| op.instruction));
        let mut order = order.into_iter().peekable();
        let mut rows = Vec::with_capacity(listing.len() + order.len() / 4);
        for instruction in 0..listing.len() as u32 {
            let belongs = |at: &u32| {
                let op = fast.operations().get(*at as usize);
                op.is_some_and(|op| op.instruction == instruction)
            };
            let operation = order.next_if(belongs);
            rows.push(Row { instruction, first: true, operation });
            while let Some(at) = order.next_if(belongs) {
                rows.push(Row { instruction, first: false, operation: Some(at) });
            }
        }
        let last = fast.operations().iter().map(|op| op.instruction).max().unwrap_or(0);
        Some(Self { module: open.key, func, listing, fast, rows, last })
    }

    /// The one shown last, if it is this; otherwise made now.
    fn of(ui: &Ui, open: &OpenModule, func: FuncIndex) -> Option<Arc<Self>> {
        let id = Id::unique("stepwell-fast-code");
        let kept: Option<Arc<Self>> = ui.data(|data| data.get_temp(id));
        if let Some(kept) = kept.filter(|kept| (kept.module, kept.func) == (open.key, func)) {
            return Some(kept);
        }
        let shown = Arc::new(Self::new(open, func)?);
        ui.data_mut(|data| data.insert_temp(id, shown.clone()));
        Some(shown)
    }

    fn row_of(&self, offset: CodeOffset) -> Option<u64> {
        let instruction = self.listing.position(offset)? as u32;
        Some(self.rows.partition_point(|row| row.instruction < instruction) as u64)
    }
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let frames = session.frames();
    let present = frames.first().and_then(|frame| {
        let open = session.module_of_instance(frame.instance())?;
        Some((open, frame.offset()))
    });
    let clicked = session
        .code_focus()
        .and_then(|focus| session.module(focus.module).map(|open| (open, focus.offset)));
    let Some((open, offset)) = clicked.or(present) else {
        widgets::empty(ui, "Click an instruction in the Code panel to see what it becomes.");
        return commands;
    };
    let Some(shown) = open.module.func_at(offset).and_then(|func| Shown::of(ui, open, func)) else {
        widgets::empty(ui, "Click an instruction in the Code panel to see what it becomes.");
        return commands;
    };
    header(open, &shown, ui);
    if shown.fast.operations().is_empty() {
        let text = "This function has too many locals and operands for full speed. It is executed \
                    instruction by instruction.";
        widgets::empty(ui, text);
        return commands;
    }
    let pc = present.filter(|(module, _)| module.key == open.key).map(|(_, offset)| offset);
    let mut rows =
        VirtualRows::new(ui, ("fast", open.key.0, shown.func.0), shown.rows.len() as u64);
    let seen_id = ui.scope_id().with("seen");
    let seen: Option<(u32, u32)> = ui.data(|data| data.get_temp(seen_id));
    if seen != Some((open.key.0, offset.0)) {
        ui.data_mut(|data| data.insert_temp(seen_id, (open.key.0, offset.0)));
        if let Some(row) = shown.row_of(offset) {
            rows = rows.reveal(row, false);
        }
    }
    rows.show(ui, |ui, number, place| {
        if let Some(row) = shown.rows.get(number as usize) {
            draw(open, &shown, *row, (offset, pc), ui, place, &mut commands);
        }
    });
    commands
}

fn header(open: &OpenModule, shown: &Shown, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let name = open.names.place(shown.func);
    let name = bidi::drawn(&name);
    let words: u32 = shown.fast.operations().iter().map(|op| op.words).sum();
    let (instructions, operations) = (shown.listing.len(), shown.fast.operations().len());
    let bytes = u64::from(words) * 8;
    let text = format!("{instructions} instructions, {operations} operations, {bytes} bytes");
    let size = vec2(ui.available_width(), tokens::ROW);
    let right_to_left = egui::Layout::right_to_left(egui::Align::Center);
    ui.allocate_ui_with_layout(size, right_to_left, |ui| {
        let summary = ui.label(RichText::new(text).color(tokens.weak));
        summary.on_hover_text(HELP);
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let full = name.clone();
            let name = RichText::new(name).font(tokens::mono_bold());
            let name = egui::Label::new(name.color(tokens.module(open.hue))).truncate();
            ui.add(name).on_hover_text(full);
        });
    });
    let (place, _) = ui.allocate_exact_size(size, Sense::hover());
    let columns = Columns::of(place);
    let heading = |x: f32, align: Align2, text: &str| {
        let at = pos2(x, place.center().y);
        ui.painter().text(at, align, text, tokens::mono_small(), tokens.faint);
    };
    heading(columns.left, Align2::LEFT_CENTER, "instruction");
    heading(columns.prices, Align2::RIGHT_CENTER, "pays");
    heading(columns.right, Align2::LEFT_CENTER, "fast operation");
}

/// Where the columns stand.
struct Columns {
    left: f32,
    /// Right edge of the prices.
    prices: f32,
    right: f32,
}

impl Columns {
    fn of(place: egui::Rect) -> Self {
        let middle = place.left() + (place.width() * LEFT).round();
        Self {
            left: place.left() + tokens::GAP,
            prices: middle - tokens::GAP,
            right: middle + NUMBERS,
        }
    }
}

fn draw(
    open: &OpenModule,
    shown: &Shown,
    row: Row,
    (cursor, pc): (CodeOffset, Option<CodeOffset>),
    ui: &mut Ui,
    place: egui::Rect,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let at = row.instruction as usize;
    let Some(instruction) = open.instruction(&shown.listing, at) else { return };
    let offset = instruction.offset;
    let fast = row.operation.and_then(|at| Some((at, shown.fast.operations().get(at as usize)?)));
    let text = match (row.first, fast) {
        (true, Some((_, op))) => format!("{instruction}: {}", op.text),
        (true, None) => format!("{instruction}: nothing of its own"),
        (false, Some((_, op))) => op.text.clone(),
        (false, None) => String::new(),
    };
    let id = ui.scope_id().with(("fast row", row.instruction, row.operation));
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    rects::note(&response, || format!("fast.{:#x}", offset.0));
    let back = match (pc == Some(offset), cursor == offset, response.hovered()) {
        (true, _, _) => Some(tokens.pc_row),
        (_, true, _) => Some(tokens.caller_row),
        (_, _, true) => Some(tokens.hover_row),
        _ => None,
    };
    let painter = ui.painter().with_clip_rect(place);
    if let Some(back) = back {
        painter.rect_filled(place, 0.0, back);
    }
    let y = place.center().y;
    let columns = Columns::of(place);
    let depth = f32::from(shown.listing.depth(row.instruction as usize).min(8)) * 8.0;
    if row.first {
        let left = painter.with_clip_rect(egui::Rect::from_min_max(
            place.min,
            pos2(columns.prices - PRICES, place.bottom()),
        ));
        let at = pos2(columns.left + depth, y);
        left.text(at, Align2::LEFT_CENTER, instruction.to_string(), tokens::mono(), tokens.text);
        if let Some(price) = shown.fast.price_at(row.instruction) {
            let at = pos2(columns.prices, y);
            let price = price.to_string();
            painter.text(at, Align2::RIGHT_CENTER, price, tokens::mono_small(), tokens.weak);
        }
    }
    let right = pos2(columns.right, y);
    match fast {
        Some((number, op)) => {
            let at = pos2(right.x - tokens::GAP, y);
            let number = format!("@{number}");
            painter.text(at, Align2::RIGHT_CENTER, number, tokens::mono_small(), tokens.faint);
            let font = tokens::mono();
            painter.text(right, Align2::LEFT_CENTER, &op.text, font, tokens.text);
        }
        // Behind the last operation comes nothing that is ever executed.
        None if shown.last < row.instruction => {}
        None => {
            painter.text(right, Align2::LEFT_CENTER, "↓", tokens::mono(), tokens.faint);
        }
    }
    if response.clicked() {
        commands.push(Command::ShowOffset { module: shown.module, offset: offset.0 });
    }
    if !text.is_empty() {
        response.on_hover_text(text);
    }
}
