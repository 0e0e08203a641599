//! What the panel draws: lanes of tasks, in them the functions, above them the marks.

use std::collections::BTreeMap;

use egui::{Align2, Color32, Painter, Pos2, Rect, RichText, Stroke, Ui, pos2, vec2};
use stepwell_engine::FuncIndex;

use super::scale::Scale;
use super::{AXIS, LANE, MARKS, NEAR};
use crate::session::{Activity, Lane, ModuleKey, PastView, RunMark, RunMarkKind, Session};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Functions that are named.
const NAMED: usize = 8;
/// Marks that a tooltip tells of.
const TOLD: usize = 6;
/// Parts of what is in sight that are told apart.
const FINEST: u64 = 4_096;
/// How narrow a block may be that has its function's name in it.
const NAME: f32 = 48.0;

type Func = (ModuleKey, FuncIndex);

/// What a picture is of; another one is another picture.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Of {
    pub(super) range: (u64, u64),
    pub(super) end: u64,
    pub(super) activity: (u64, usize),
    pub(super) states: usize,
    pub(super) calls: usize,
    pub(super) console: u64,
    pub(super) lines: u64,
}

/// What is known of the run that is in sight.
pub(super) struct Picture {
    /// Lanes, by task.
    pub(super) tasks: Vec<u32>,
    /// Of each lane; what lies nearer to each other than can be seen is one.
    turns: Vec<Vec<Lane>>,
    activity: Vec<Vec<Activity>>,
    marks: Vec<RunMark>,
    /// Functions by how much of what is in sight they are, most first, in thousandths.
    top: Vec<(Func, u64)>,
}

impl Picture {
    pub(super) fn of(session: &Session, range: (u64, u64)) -> Self {
        let all = session.run_turns();
        let mut tasks: Vec<u32> = all.iter().map(|turn| turn.task).collect();
        tasks.sort_unstable();
        tasks.dedup();
        let mut turns: Vec<Vec<Lane>> = vec![Vec::new(); tasks.len()];
        let gap = (range.1 - range.0) / FINEST;
        for turn in all.into_iter().filter(|turn| turn.to > range.0 && turn.from < range.1) {
            let Ok(row) = tasks.binary_search(&turn.task) else { continue };
            let Some(own) = turns.get_mut(row) else { continue };
            match own.last_mut().filter(|last| turn.from - last.to < gap) {
                Some(last) => last.to = turn.to,
                None => own.push(turn),
            }
        }
        let activity = session.run_activity();
        let mut shares: BTreeMap<Func, u64> = BTreeMap::new();
        for (position, one) in activity.iter().enumerate() {
            let next = activity.get(position + 1).map_or(range.1, |next| next.clock);
            let (from, to) = (one.clock.max(range.0), next.min(range.1));
            if let Some(func) = one.func.filter(|_| to > from) {
                *shares.entry(func).or_default() += to - from;
            }
        }
        let mut top: Vec<(Func, u64)> = shares.into_iter().collect();
        top.sort_by_key(|(func, share)| (std::cmp::Reverse(*share), *func));
        let whole = (range.1 - range.0).max(1);
        for (_, share) in &mut top {
            *share = (u128::from(*share) * 1000 / u128::from(whole)) as u64;
        }
        let marks = session.run_marks();
        let marks =
            marks.into_iter().filter(|mark| (range.0..=range.1).contains(&mark.clock)).collect();
        let of_task = |task: &u32| {
            let own = activity.iter().filter(|one| one.task == *task);
            own.copied().collect()
        };
        let activity = tasks.iter().map(of_task).collect();
        Self { tasks, turns, activity, marks, top }
    }

    /// The colour of a function: the hue of its module, the more frequent ones stronger.
    fn color(&self, session: &Session, func: Func, tokens: &Tokens) -> Color32 {
        let hue = session.module(func.0).map_or(0.0, |open| open.hue);
        let (strong, back) = (tokens.module(hue), tokens.panel);
        let rank = self.top.iter().position(|(other, _)| *other == func).unwrap_or(NAMED);
        let part = [0.15, 0.55, 0.35, 0.68, 0.25, 0.62, 0.45, 0.74].get(rank % NAMED);
        strong.lerp_to_gamma(back, if rank < NAMED { *part.unwrap_or(&0.5) } else { 0.78 })
    }

    fn lane(&self, task: u32, place: Rect) -> Option<Rect> {
        let row = self.tasks.binary_search(&task).ok()?;
        let top = place.top() + MARKS + row as f32 * LANE;
        Some(Rect::from_min_max(pos2(place.left(), top), pos2(place.right(), top + LANE)))
    }

    pub(super) fn paint(
        &self,
        session: &Session,
        past: PastView,
        place: Rect,
        inner: Rect,
        scale: Scale,
        ui: &Ui,
    ) {
        let tokens = Tokens::of(ui);
        let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
        for task in &self.tasks {
            let Some(lane) = self.lane(*task, place) else { continue };
            if *task > 0 {
                let badge = lane.with_min_x(lane.left() + tokens::GAP).shrink2(vec2(0.0, 2.0));
                widgets::task::paint_badge(&painter, tokens, badge, *task);
            }
            let ground = Stroke::new(1.0, tokens.line);
            painter.hline(inner.x_range(), lane.bottom() - 0.5, ground);
        }
        let painter = ui.painter().with_clip_rect(inner.expand(2.0).intersect(ui.clip_rect()));
        self.axis(place, inner, scale, tokens, &painter);
        self.turns(session, place, scale, tokens, &painter);
        for mark in &self.marks {
            let x = scale.x(mark.clock);
            mark_sign(mark.kind, pos2(x, place.top() + MARKS / 2.0), tokens, &painter);
        }
        let rows = session.answers().map_or(&[][..], |answers| &answers.rows);
        let from = rows.partition_point(|row| row.clock < scale.from);
        let mut drawn = f32::MIN;
        for row in rows.iter().skip(from).take_while(|row| row.clock <= scale.to) {
            let x = scale.x(row.clock);
            // One a point is enough.
            if x - drawn >= 1.0 {
                drawn = x;
                let ends = place.top() + MARKS - 5.0..=place.top() + MARKS + 2.0;
                painter.vline(x, ends, Stroke::new(1.5, tokens.accent));
            }
        }
        for bookmark in session.bookmarks() {
            let x = scale.x(bookmark.clock);
            painter.vline(x, place.top()..=place.bottom() - AXIS, Stroke::new(1.0, tokens.warning));
            let at = pos2(x, place.top() + 1.0);
            painter.text(at, Align2::CENTER_TOP, "★", tokens::mono_small(), tokens.warning);
        }
        let (here, below) = (scale.x(past.now), place.bottom() - AXIS);
        painter.vline(here, place.top()..=below, Stroke::new(2.0, tokens.pc));
        painter.circle_filled(pos2(here, below), 4.0, tokens.pc);
    }

    fn axis(&self, place: Rect, inner: Rect, scale: Scale, tokens: &Tokens, painter: &Painter) {
        let bottom = place.bottom() - AXIS;
        for number in scale.numbers() {
            let x = scale.x(number);
            painter.vline(x, bottom..=bottom + 3.0, Stroke::new(1.0, tokens.weak));
            let text = widgets::grouped(number);
            let text = painter.layout_no_wrap(text, tokens::mono_small(), tokens.weak);
            let last = (inner.right() - text.size().x).max(inner.left());
            let left = (x - text.size().x / 2.0).clamp(inner.left(), last);
            painter.galley(pos2(left, bottom + 3.0), text, tokens.weak);
        }
    }

    /// In each lane its turns, and in them the functions as far as they are known.
    fn turns(
        &self,
        session: &Session,
        place: Rect,
        scale: Scale,
        tokens: &Tokens,
        painter: &Painter,
    ) {
        for (task, turns) in self.tasks.iter().zip(&self.turns) {
            let Some(lane) = self.lane(*task, place) else { continue };
            let rows = lane.shrink2(vec2(0.0, 3.0)).y_range();
            let mut drawn = f32::MIN;
            for turn in turns {
                let (left, right) = (scale.x(turn.from), scale.x(turn.to));
                // One a point is enough.
                if right <= drawn {
                    continue;
                }
                drawn = right.max(left + 1.0);
                let block = Rect::from_x_y_ranges(left..=drawn, rows);
                painter.rect_filled(block, 0.0, tokens.line);
            }
            self.functions(session, *task, rows, scale, tokens, painter);
        }
    }

    fn functions(
        &self,
        session: &Session,
        task: u32,
        rows: egui::Rangef,
        scale: Scale,
        tokens: &Tokens,
        painter: &Painter,
    ) {
        let Ok(row) = self.tasks.binary_search(&task) else { return };
        let own = self.activity.get(row).map_or(&[][..], Vec::as_slice);
        let mut blocks: Vec<(Func, f32, f32)> = Vec::new();
        let mut turns = self.turns.get(row).into_iter().flatten().peekable();
        for (position, one) in own.iter().enumerate() {
            let Some(func) = one.func else { continue };
            let next = own.get(position + 1).map_or(scale.to, |next| next.clock);
            // Within the turn that the moment is in.
            while turns.next_if(|turn| turn.to <= one.clock).is_some() {}
            let Some(turn) = turns.peek().filter(|turn| turn.from <= one.clock) else { continue };
            let to = next.min(turn.to);
            if to < scale.from || one.clock > scale.to {
                continue;
            }
            let (left, right) = (scale.x(one.clock), scale.x(to));
            match blocks.last_mut() {
                Some((last, _, end)) if *last == func && left - *end < 1.0 => {
                    *end = right.max(*end)
                }
                _ => blocks.push((func, left, right.max(left + 1.0))),
            }
        }
        for (func, left, right) in blocks {
            let color = self.color(session, func, tokens);
            let block = Rect::from_x_y_ranges(left..=right, rows);
            painter.rect_filled(block, 0.0, color);
            let seen = block.intersect(painter.clip_rect());
            if seen.width() < NAME {
                continue;
            }
            let Some(open) = session.module(func.0) else { continue };
            let color = tokens::readable(tokens.text, color, tokens::CONTRAST);
            let painter = painter.with_clip_rect(seen.shrink(1.0));
            let at = pos2(seen.left() + tokens::GAP, seen.center().y);
            painter.text(
                at,
                Align2::LEFT_CENTER,
                open.func_label(func.1),
                tokens::mono_small(),
                color,
            );
        }
    }

    /// The functions that most of what is in sight was in.
    pub(super) fn legend(&self, session: &Session, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        ui.horizontal_wrapped(|ui| {
            for (func, share) in self.top.iter().take(NAMED) {
                let Some(open) = session.module(func.0) else { continue };
                let (place, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
                ui.painter().rect_filled(place, 2.0, self.color(session, *func, tokens));
                let part = match share {
                    0 => "< 0.1 %".to_owned(),
                    share => format!("{}.{} %", share / 10, share % 10),
                };
                let text = RichText::new(format!("{} {part}", open.func_label(func.1)));
                let label = ui.label(text.font(tokens::mono_small()).color(tokens.weak));
                label.on_hover_text("About so much of what is in sight, by the moments looked at");
            }
            if session.answers().is_some_and(|answers| !answers.rows.is_empty()) {
                let (place, _) = ui.allocate_exact_size(vec2(10.0, 14.0), egui::Sense::hover());
                let stroke = Stroke::new(1.5, tokens.accent);
                ui.painter().vline(place.center().x, place.shrink(3.0).y_range(), stroke);
                ui.label(RichText::new("answers").small().color(tokens.weak));
            }
            let mut kinds: Vec<RunMarkKind> = self.marks.iter().map(|mark| mark.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            for kind in kinds {
                let (place, _) = ui.allocate_exact_size(vec2(10.0, 14.0), egui::Sense::hover());
                mark_sign(kind, place.center(), tokens, ui.painter());
                ui.label(RichText::new(kind_words(kind)).small().color(tokens.weak));
            }
        });
    }

    /// The marks near the pointer.
    pub(super) fn marks_near(
        &self,
        pointer: Pos2,
        place: Rect,
        scale: Scale,
        near: f32,
    ) -> Vec<RunMark> {
        if pointer.y > place.top() + MARKS {
            return Vec::new();
        }
        let marks = self.marks.iter();
        marks.filter(|mark| (scale.x(mark.clock) - pointer.x).abs() <= near).copied().collect()
    }

    /// What lies under the pointer, in words.
    pub(super) fn told(
        &self,
        session: &Session,
        near: &[RunMark],
        pointer: Pos2,
        place: Rect,
        scale: Scale,
    ) -> String {
        let clock = scale.clock(pointer.x);
        let mut lines = vec![format!("at {}", widgets::grouped(clock))];
        for mark in near.iter().take(TOLD) {
            let at = widgets::grouped(mark.clock);
            lines.push(format!("{at} · {}", session.run_mark_text(mark)));
        }
        let is_near = |at: u64| (scale.x(at) - pointer.x).abs() <= NEAR;
        for bookmark in session.bookmarks().filter(|bookmark| is_near(bookmark.clock)) {
            let at = widgets::grouped(bookmark.clock);
            lines.push(format!("{at} · ★ {}", stepwell_engine::text::escaped(&bookmark.name)));
        }
        if near.len() > TOLD {
            lines.push(format!("and {} more", near.len() - TOLD));
        }
        let row = (pointer.y - place.top() - MARKS) / LANE;
        if row >= 0.0
            && let Some(task) = self.tasks.get(row as usize)
        {
            let turns = self.turns.get(row as usize);
            let mut turns = turns.into_iter().flatten();
            if let Some(turn) = turns.find(|turn| (turn.from..turn.to).contains(&clock)) {
                let (from, to) = (widgets::grouped(turn.from), widgets::grouped(turn.to));
                lines.push(format!("task {task}, {from} to {to}"));
            }
            let own = self.activity.get(row as usize).into_iter().flatten();
            let own = own.take_while(|one| one.clock <= clock);
            if let Some(last) = own.last()
                && let Some((module, func)) = last.func
                && let Some(open) = session.module(module)
            {
                let at = widgets::grouped(last.clock);
                lines.push(format!("in {} at {at}", open.func_label(func)));
            }
        }
        lines.push("Click or drag to stand there; Shift and drag for a stretch".to_owned());
        lines.join("\n")
    }
}

fn kind_words(kind: RunMarkKind) -> &'static str {
    match kind {
        RunMarkKind::HostCall => "host calls",
        RunMarkKind::Output => "output",
        RunMarkKind::Log => "log",
        RunMarkKind::Growth => "memory grown",
        RunMarkKind::Collection => "collections",
        RunMarkKind::Change => "changes",
        RunMarkKind::Trap => "trap",
    }
}

/// A sign by its shape as well as by its colour.
fn mark_sign(kind: RunMarkKind, at: Pos2, tokens: &Tokens, painter: &Painter) {
    let line = |color| Stroke::new(1.0, color);
    match kind {
        RunMarkKind::HostCall => {
            painter.vline(at.x, at.y..=at.y + 8.0, line(tokens.host));
        }
        RunMarkKind::Output => {
            painter.circle_filled(at + vec2(0.0, -2.0), 2.0, tokens.read);
        }
        RunMarkKind::Log => {
            painter.circle_stroke(at + vec2(0.0, -2.0), 2.0, line(tokens.breakpoint));
        }
        RunMarkKind::Growth | RunMarkKind::Collection => {
            let way = if kind == RunMarkKind::Growth { -1.0 } else { 1.0 };
            let color = if way < 0.0 { tokens.written } else { tokens.reference };
            let points = [vec2(0.0, 4.0 * way), vec2(-3.5, -2.0 * way), vec2(3.5, -2.0 * way)];
            let points = points.map(|point| at + point + vec2(0.0, -4.0)).to_vec();
            painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
        }
        RunMarkKind::Change => {
            let points = [vec2(0.0, -4.0), vec2(4.0, 0.0), vec2(0.0, 4.0), vec2(-4.0, 0.0)];
            let points = points.map(|point| at + point).to_vec();
            painter.add(egui::Shape::closed_line(points, line(tokens.changed)));
        }
        RunMarkKind::Trap => {
            for way in [-1.0, 1.0] {
                let ends = [at + vec2(-4.0, -4.0 * way), at + vec2(4.0, 4.0 * way)];
                painter.line_segment(ends, Stroke::new(2.0, tokens.error));
            }
        }
    }
}
