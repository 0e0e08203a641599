//! Console: what programs write, and what a person types.
//!
//! `reader` follows the session's pieces, `terminal` makes lines of them, on a screen that escape
//! sequences move about on, in `cells` as wide as a terminal's, `history` packs those that are done; `style` knows colours, `input` the
//! field for standard input.

mod cells;
mod history;
mod input;
mod reader;
mod style;
mod terminal;

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Id, Rect, RichText, Stroke, Ui, vec2};

use self::history::{Line, Marks};
use self::reader::{Reader, Shared};
use crate::session::{Command, ConsoleStream, Session};
use crate::ui::fonts::bidi::{self, Piece};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

pub(in crate::ui) use input::focus;

/// Width of the column with the marks of a line.
const GUTTER: f32 = tokens::MONO_WIDTH * 2.0;

/// What the panel remembers of how it is looked at.
#[derive(Clone, Copy)]
struct Look {
    wraps: bool,
    /// Stays at the end when more is written.
    at_end: bool,
    /// First row on screen.
    top: u64,
    /// Lines that had been forgotten when it stood there.
    forgotten: u64,
    /// Characters to the left of the panel.
    left: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self { wraps: true, at_end: true, top: 0, forgotten: 0, left: 0.0 }
    }
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let id = Id::unique("stepwell-console");
    let shared = Shared::of(ui.ctx(), id.with("reader"));
    let mut reader = shared.get();
    if !reader.go_on(session) {
        ui.ctx().request_repaint();
    }
    let mut look: Look = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    bar(&reader, &mut look, ui, &mut commands);
    let whole = ui.available_rect_before_wrap();
    let field = whole.with_min_y(whole.bottom() - input::HEIGHT);
    let text = whole.with_max_y(field.top() - tokens::GAP);
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(text).id_salt("text"));
    inner.set_clip_rect(text.intersect(ui.clip_rect()));
    lines(session, &mut reader, &mut look, &mut inner, &mut commands);
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(field).id_salt("input"));
    input::show(session, &mut inner, &mut commands);
    ui.allocate_rect(whole, egui::Sense::hover());
    ui.data_mut(|data| data.insert_temp(id, look));
    commands
}

/// The buttons above the text.
fn bar(reader: &Reader, look: &mut Look, ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let wrap = ui.selectable_label(look.wraps, "wrap").accessible_name("wrap long lines");
        rects::note(&wrap, || "console.wrap".to_owned());
        if wrap.on_hover_text("Break long lines at the panel's edge").clicked() {
            look.wraps = !look.wraps;
            look.left = 0.0;
        }
        let end = ui.add_enabled(!look.at_end, egui::Button::new("↓ End").small());
        let end = end.accessible_name("to the end of the console");
        rects::note(&end, || "console.to_end".to_owned());
        if end.on_hover_text("To what was written last, and stay there").clicked() {
            look.at_end = true;
        }
        let copy = ui.small_button("Copy all").accessible_name("copy the console");
        rects::note(&copy, || "console.copy".to_owned());
        if copy.on_hover_text("Copy all text that is kept").clicked() {
            ui.copy_text(reader.terminal.text());
        }
        let clear = ui.small_button("Clear").accessible_name("clear the console");
        rects::note(&clear, || "console.clear".to_owned());
        if clear.on_hover_text("Forget what has been written").clicked() {
            commands.push(Command::ClearConsole);
        }
        let forgotten = reader.terminal.forgotten();
        if forgotten > 0 {
            let tokens = Tokens::of(ui);
            let text = format!("{} bytes forgotten", widgets::grouped(forgotten));
            let text = RichText::new(text).small().color(tokens.weak);
            let hint = "The oldest output is given up where there is too much of it";
            ui.add(egui::Label::new(text).truncate()).on_hover_text(hint);
        }
    });
}

/// The text.
fn lines(
    session: &Session,
    reader: &mut Reader,
    look: &mut Look,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let terminal = &mut reader.terminal;
    let whole = ui.available_rect_before_wrap();
    let gutter = if terminal.has_tasks() { GUTTER * 2.0 } else { GUTTER };
    let width = whole.width() - gutter - tokens::GROUP;
    let character = ui.fonts_mut(|fonts| fonts.glyph_width(&tokens::mono(), '0'));
    let columns = match look.wraps {
        true => ((width / character) as usize).max(1),
        false => usize::MAX,
    };
    let rows = terminal.rows(columns);
    if rows == 0 {
        let text = match session.modules().is_empty() {
            true => "What a program writes appears here. Open one, or take an example from Learn.",
            false => "Nothing has been written yet. What the program prints appears here.",
        };
        widgets::empty(ui, text);
        return;
    }
    let list = VirtualRows::new(ui, "lines", rows);
    let visible = (f64::from(whole.height()) / f64::from(tokens::ROW)).max(1.0);
    let last_top = (rows as f64 - visible).ceil().max(0.0) as u64;
    let gone = terminal.forgotten_lines().saturating_sub(look.forgotten);
    let list = match look.at_end {
        true => list.at(rows),
        // The text stands still when lines above it are given up.
        false if gone > 0 => list.at(look.top.saturating_sub(gone)),
        false => list,
    };
    if !look.wraps && ui.rect_contains_pointer(whole) {
        let wheel = ui.input(|input| input.smooth_scroll_delta().x);
        look.left = (look.left - wheel).max(0.0);
    }
    let has_tasks = terminal.has_tasks();
    let mut widest = 0.0_f32;
    let top = list.show(ui, |ui, row, place| {
        let Some((line, part)) = terminal.at_row(row, columns) else { return };
        if part == 0 {
            let place = place.with_max_x(place.left() + gutter);
            marks(session, line.marks, has_tasks, place, ui, commands);
        }
        let shown = cells::part(&line.text, part, columns);
        let job = job(&line, shown, Tokens::of(ui));
        let place = place.with_min_x(place.left() + gutter);
        let left = look.left;
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(place).id_salt(row));
        inner.set_clip_rect(place.intersect(ui.clip_rect()));
        let galley = inner.fonts_mut(|fonts| fonts.layout_job(job));
        widest = widest.max(galley.size().x);
        let above = (tokens::ROW - galley.size().y) / 2.0;
        let size = vec2(galley.size().x, tokens::ROW);
        let at = Rect::from_min_size(place.min + vec2(-left, above), size);
        let mut inner = inner.new_child(egui::UiBuilder::new().max_rect(at));
        inner.add(egui::Label::new(galley).selectable(true).extend());
    });
    look.left = look.left.min((widest - width).max(0.0));
    look.at_end = top >= last_top;
    (look.top, look.forgotten) = (top, terminal.forgotten_lines());
}

/// Where a line came from, and whose it is.
fn marks(
    session: &Session,
    marks: Marks,
    has_tasks: bool,
    place: Rect,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let known = [
        (ConsoleStream::Error, "!", "standard error"),
        (ConsoleStream::Input, "›", "typed"),
        (ConsoleStream::Log, "•", "a message of the log"),
    ];
    let found = known.into_iter().filter(|(stream, ..)| marks.has(*stream));
    let mut at = place.left_center();
    let mut texts = Vec::new();
    for (stream, mark, text) in found.take(2) {
        let color = style::usual(stream, tokens);
        ui.painter().text(at, Align2::LEFT_CENTER, mark, tokens::mono_bold(), color);
        at.x += tokens::MONO_WIDTH;
        texts.push(text.to_owned());
    }
    if let Some(task) = marks.task.filter(|_| has_tasks) {
        let at = place.right_center() - vec2(tokens::GAP, 0.0);
        let font = tokens::mono_small();
        ui.painter().text(at, Align2::RIGHT_CENTER, task.to_string(), font, tokens.weak);
        texts.push(format!("task {task}"));
    }
    let id = ui.scope_id().with(("marks", place.top() as i32));
    let sense = if marks.piece.is_some() { egui::Sense::click() } else { egui::Sense::hover() };
    let response = ui.interact(place, id, sense);
    if !texts.is_empty() {
        let text = texts.join(", ");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    }
    let Some(piece) = marks.piece else {
        if !texts.is_empty() {
            response.on_hover_text(texts.join(", "));
        }
        return;
    };
    rects::note(&response, || format!("console.moment.{piece}"));
    if response.hovered() {
        ui.painter().rect_filled(place, 0.0, tokens.hover_row);
    }
    if response.clicked()
        && let Some(clock) = session.console_clock(piece)
    {
        commands.push(Command::SeekTo(clock));
    }
    response.context_menu(|ui| match session.console_clock(piece) {
        Some(clock) => {
            widgets::moment::entry(session, "Go to this moment", clock, ui, commands);
        }
        None => drop(ui.label("This was not written by the run")),
    });
    texts.push("click to go to the moment when this was written".to_owned());
    response.on_hover_text(texts.join("\n"));
}

/// A part of a line, in its colours.
fn job(line: &Line, part: Range<usize>, tokens: &Tokens) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let first = part.start;
    let shown = line.text.get(part.clone()).unwrap_or_default();
    match bidi::order(shown) {
        None => append(line, part, None, tokens, &mut job),
        Some(pieces) => {
            for Piece { range, instead } in pieces {
                append(line, first + range.start..first + range.end, instead, tokens, &mut job);
            }
        }
    }
    job
}

/// A piece of a line, in its colours; another character instead of one that opens to the other side.
fn append(
    line: &Line,
    piece: Range<usize>,
    instead: Option<char>,
    tokens: &Tokens,
    job: &mut LayoutJob,
) {
    let mut begin = 0;
    for span in &line.spans {
        let end = span.end as usize;
        let shown = line.text.get(begin.max(piece.start)..end.min(piece.end));
        begin = end;
        let Some(shown) = shown.filter(|shown| !shown.is_empty()) else { continue };
        let paint = span.style.paint(tokens);
        let effects = span.style.effects;
        let stroke = |is_there| match is_there {
            true => Stroke::new(1.0, paint.text),
            false => Stroke::NONE,
        };
        let format = TextFormat {
            font_id: if effects.bold { tokens::mono_bold() } else { tokens::mono() },
            color: paint.text,
            background: paint.back.unwrap_or_default(),
            italics: effects.italic,
            underline: stroke(effects.underline),
            strikethrough: stroke(effects.struck),
            ..TextFormat::default()
        };
        match instead {
            Some(character) => job.append(character.encode_utf8(&mut [0; 4]), 0.0, format),
            None => job.append(shown, 0.0, format),
        }
    }
}
