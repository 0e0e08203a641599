//! Columns of the list: which of them there is room for, where they stand, their headings, the order that a
//! click on one asks for.
//!
//! What was called, with what, and what came of it stands first: a narrow panel leaves out what is behind.

use std::cmp::Ordering;

use egui::{Align2, Rect, Sense, Ui, pos2, vec2};
use stepwell_engine::{CodeOffset, Value};

use super::State;
use super::index::Index;
use crate::session::{HostAnswerState, HostCallRecord, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Width of the stripe in the caller's hue.
pub(super) const STRIPE: f32 = 3.0;
/// Width of the column of breakpoints.
pub(super) const GUTTER: f32 = 13.0;
/// Width of a small monospace character.
pub(super) const CHARACTER: f32 = tokens::SMALL * 0.6;
/// Characters that the arguments have at least before a column is left out for them.
const ARGUMENTS: f32 = 18.0;
/// The most that columns with names or answers take.
const IMPORT: usize = 30;
const ANSWER: usize = 16;
const CALLER: usize = 34;
/// Characters of `+0x0000` behind a caller.
const OFFSET: usize = 8;

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Count,
    Import,
    Arguments,
    Answer,
    Caller,
    Task,
    Clock,
    Number,
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Column::Count => "×",
            Column::Import => "import",
            Column::Arguments => "arguments",
            Column::Answer => "answer",
            Column::Caller => "caller",
            Column::Task => "task",
            Column::Clock => "at",
            Column::Number => "#",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Column::Count => "How many equal calls in a row",
            Column::Import => "The import that was called",
            Column::Arguments => "What it was called with; texts that arguments point at, in words",
            Column::Answer => "What it returned",
            Column::Caller => "The calling function, and the offset of the calling instruction",
            Column::Task => "The calling task",
            Column::Clock => "Instructions executed up to the call, which counts itself",
            Column::Number => "The call's number in this run",
        }
    }

    /// Whether its cells end at its right.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Column::Task | Column::Clock | Column::Number)
    }

    /// How two calls stand to each other; the rows' counts are compared for [`Count`](Column::Count).
    pub(super) fn compare(
        self,
        one: (&HostCallRecord, u64),
        other: (&HostCallRecord, u64),
    ) -> Ordering {
        fn text(record: &HostCallRecord) -> Option<&str> {
            record.strings.iter().find_map(|bytes| bytes.text.as_deref())
        }
        fn place(record: &HostCallRecord) -> Option<(&str, CodeOffset)> {
            record.frames.first().map(|frame| (&*frame.label, frame.offset))
        }
        let (left, right) = (one.0, other.0);
        match self {
            Column::Count => one.1.cmp(&other.1),
            Column::Import => {
                let (one, other) = (&left.call, &right.call);
                (&one.module, &one.name).cmp(&(&other.module, &other.name))
            }
            Column::Arguments => {
                let by_values = || values(&left.call.args, &right.call.args);
                text(left).cmp(&text(right)).then_with(by_values)
            }
            Column::Answer => answer(&left.answer, &right.answer),
            Column::Caller => place(left).cmp(&place(right)),
            Column::Task => left.task.cmp(&right.task),
            Column::Clock => left.clock.cmp(&right.clock),
            Column::Number => left.number.cmp(&right.number),
        }
    }
}

fn values(left: &[Value], right: &[Value]) -> Ordering {
    let one = |left: &Value, right: &Value| match (left, right) {
        (Value::I32(left), Value::I32(right)) => left.cmp(right),
        (Value::I64(left), Value::I64(right)) => left.cmp(right),
        (Value::F32(left), Value::F32(right)) => left.total_cmp(right),
        (Value::F64(left), Value::F64(right)) => left.total_cmp(right),
        (left, right) => left.to_bits().cmp(&right.to_bits()),
    };
    let pairs = left.iter().zip(right).map(|(left, right)| one(left, right));
    pairs.fold(Ordering::Equal, Ordering::then).then(left.len().cmp(&right.len()))
}

/// What waits first, then what returned by its values, what trapped, what ended the program.
fn answer(left: &HostAnswerState, right: &HostAnswerState) -> Ordering {
    let rank = |answer: &HostAnswerState| match answer {
        HostAnswerState::Pending => 0,
        HostAnswerState::Returned { .. } => 1,
        HostAnswerState::Trapped { .. } => 2,
        HostAnswerState::Exited(_) => 3,
    };
    rank(left).cmp(&rank(right)).then_with(|| match (left, right) {
        (
            HostAnswerState::Returned { values: left, .. },
            HostAnswerState::Returned { values: right, .. },
        ) => values(left, right),
        (
            HostAnswerState::Trapped { message: left, .. },
            HostAnswerState::Trapped { message: right, .. },
        ) => left.cmp(right),
        (HostAnswerState::Exited(left), HostAnswerState::Exited(right)) => left.cmp(right),
        _ => Ordering::Equal,
    })
}

/// By which column the list is ordered, and whether from its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sort {
    pub(super) column: Column,
    pub(super) descends: bool,
}

/// The columns that there is room for, with where each begins and ends, from the row's left.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) places: Vec<(Column, f32, f32)>,
    /// Whether imports have the names of their modules in front.
    pub(super) with_modules: bool,
}

impl Columns {
    pub(super) fn of(session: &Session, index: &Index, width: f32) -> Self {
        let last = session.host_calls().back();
        let digits = |number: u64| widgets::grouped(number).chars().count();
        let (name, module) = index.import();
        let wide = |characters: usize| characters as f32 * CHARACTER + tokens::GROUP;
        let count = match index.most() {
            0 | 1 => None,
            most => Some((Column::Count, wide(3 + digits(most)))),
        };
        let answer = (Column::Answer, wide(index.answer().clamp(7, ANSWER)));
        let caller = (Column::Caller, wide((index.label() + OFFSET).clamp(8, CALLER)));
        let task = index.several_tasks().then_some((Column::Task, wide(4)));
        let clock = (Column::Clock, wide(last.map_or(2, |last| digits(last.clock)).max(2)));
        let number = (Column::Number, wide(last.map_or(2, |last| digits(last.number)).max(2)));
        let whole = (name + module).clamp(6, IMPORT);
        let mut import = (Column::Import, wide(whole));
        let mut rest = width - STRIPE - GUTTER - wide(ARGUMENTS as usize);
        rest -= count.map_or(0.0, |(_, width)| width) + answer.1;
        let with_modules = rest >= import.1;
        if !with_modules {
            import.1 = wide(name.clamp(6, IMPORT)).min((width * 0.3).max(wide(6)));
        }
        rest -= import.1;
        let mut behind = Vec::new();
        for column in [task, Some(caller), Some(number), Some(clock)].into_iter().flatten() {
            if column.1 <= rest {
                rest -= column.1;
                behind.push(column);
            }
        }
        let arguments = (Column::Arguments, wide(ARGUMENTS as usize) + rest);
        let mut left = STRIPE + GUTTER;
        let front = count.into_iter().chain([import, arguments, answer]);
        let places = front.chain(behind).map(|(column, width)| {
            let place = (column, left, left + (width - tokens::GROUP).max(CHARACTER));
            left += width;
            place
        });
        Self { places: places.collect(), with_modules }
    }
}

/// The line of headings: a click orders the list by one, a second click from its end, a third as the calls
/// were made.
pub(super) fn headings(columns: &Columns, state: &mut State, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), tokens::ROW), Sense::hover());
    for (column, from, to) in &columns.places {
        let place = Rect::from_min_max(
            pos2(line.left() + from, line.top()),
            pos2(line.left() + to + tokens::GAP, line.bottom()),
        );
        let sort = state.sort.filter(|sort| sort.column == *column);
        let response =
            ui.interact(place, ui.scope_id().with(("heading", column.title())), Sense::click());
        response.widget_info(|| {
            let label = format!("order by {}", column.title());
            egui::WidgetInfo::selected(egui::Role::Button, true, sort.is_some(), label)
        });
        rects::note(&response, || format!("host_calls.heading.{}", column.title()));
        let color = if sort.is_some() || response.hovered() { tokens.text } else { tokens.weak };
        let mark = match sort {
            Some(Sort { descends: true, .. }) => " ⏷",
            Some(_) => " ⏶",
            None => "",
        };
        let (at, align) = match column.is_number() {
            true => (pos2(line.left() + to, line.center().y), Align2::RIGHT_CENTER),
            false => (pos2(line.left() + from, line.center().y), Align2::LEFT_CENTER),
        };
        let text = format!("{}{mark}", column.title());
        let painter = ui.painter().with_clip_rect(line.intersect(ui.clip_rect()));
        painter.text(at, align, text, egui::FontId::proportional(tokens::SMALL), color);
        if response.clicked() {
            let column = *column;
            state.sort = match sort {
                None => Some(Sort { column, descends: false }),
                Some(Sort { descends: false, .. }) => Some(Sort { column, descends: true }),
                Some(_) => None,
            };
        }
        response.on_hover_text(format!("{}\nClick to order by it", column.help()));
    }
    let y = line.bottom() - 0.5;
    ui.painter().hline(line.x_range(), y, egui::Stroke::new(1.0, tokens.line));
}
