//! The list of calls, one line each: caller, arguments, answer.

use std::borrow::Cow;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Galley, Popup, PopupCloseBehavior, Rect, Response, Sense, Ui};
use egui::{pos2, vec2};

use stepwell_engine::text::{dotted, path_part};

use super::index::{Index, Kind, Row};
use super::{State, break_menu, detail, parts};
use crate::session::{
    Answerer, Command, DescribedArg, DescribedCall, HostAnswerState, HostCallRecord, Session,
};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Width of the stripe in the caller's hue.
const STRIPE: f32 = 3.0;
/// Width of the column of breakpoints.
const GUTTER: f32 = 13.0;
/// Width of a small monospace character.
const CHARACTER: f32 = tokens::SMALL * 0.6;
/// Characters of a module's name that is not cut short.
const SHORT_NAME: usize = 9;

/// What a click changes in what the panel remembers.
enum Act {
    Select(u64),
    Toggle(u64),
    OnlyImport(String, String),
    OnlyCaller(crate::session::ModuleKey),
}

/// Where columns end, from the row's left.
#[derive(Clone, Copy)]
struct Columns {
    task: f32,
    clock: f32,
    caller: f32,
}

impl Columns {
    fn of(session: &Session, index: &Index, width: f32) -> Self {
        let task = if index.several_tasks() { 3.0 * CHARACTER } else { 0.0 };
        let digits = session.host_calls().back().map_or(0, |record| record.clock);
        let digits = widgets::grouped(digits).chars().count() as f32;
        let task = STRIPE + GUTTER + task;
        let clock = task + tokens::GAP + digits * CHARACTER;
        let most = width * 0.27;
        let (whole, short) = index.label();
        let whole = whole as f32 * CHARACTER;
        let caller = if whole <= most { whole } else { ((short + 1) as f32 * CHARACTER).min(most) };
        Self { task, clock, caller: clock + tokens::GROUP + caller }
    }
}

/// Draws it.
pub(super) fn show(session: &Session, state: &mut State, ui: &mut Ui, commands: &mut Vec<Command>) {
    let gone = state.index.gone();
    let mut rows = VirtualRows::new(ui, "calls", state.index.len()).stick_to_end();
    if state.gone != gone {
        // The rows that were in sight stay there.
        rows = rows.at(state.top.saturating_sub(gone));
    }
    let reveal = state.reveal.take().and_then(|number| state.index.position_of(number));
    if let Some(position) = reveal {
        rows = rows.reveal(position, false);
    }
    let columns = Columns::of(session, &state.index, ui.available_width());
    let selected = state.selected(session).map(|record| record.number);
    let mut act = None;
    let several_tasks = session.tasks().len() > 1;
    let list = List { session, columns, selected, several_tasks };
    let top = rows.show(ui, |ui, position, place| {
        let Some(row) = state.index.row(position) else { return };
        list.row(row, place, ui, &mut act, commands);
    });
    (state.top, state.gone) = (top + gone, gone);
    match act {
        None => return,
        Some(Act::Select(number)) => {
            let is_selected = selected == Some(number);
            state.selected = (!is_selected).then(|| (session.host_calls_generation(), number));
            state.reveal = Some(number);
        }
        Some(Act::Toggle(first)) => {
            state.index.toggle(first);
            (state.reveal, state.at_once) = (Some(first), true);
        }
        Some(Act::OnlyImport(module, name)) => {
            (state.filter.import, state.at_once) = (Some((module, name)), true);
        }
        Some(Act::OnlyCaller(key)) => {
            (state.filter.modules, state.at_once) = ([key].into(), true);
        }
    }
    ui.ctx().request_repaint();
}

struct List<'a> {
    session: &'a Session,
    columns: Columns,
    selected: Option<u64>,
    several_tasks: bool,
}

impl List<'_> {
    fn row(
        &self,
        row: Row,
        place: Rect,
        ui: &mut Ui,
        act: &mut Option<Act>,
        commands: &mut Vec<Command>,
    ) {
        let session = self.session;
        let last = session.host_call(row.last);
        let Some(record) = session.host_call(row.first).or(last) else { return };
        let mut described = session.describe_call(record);
        if row.kind != Kind::Member
            && let Some(last) = last.filter(|last| last.number != record.number)
        {
            merge(&mut described, &session.describe_call(last));
        }
        let label = self.label(record, row, &described);
        let is_member = row.kind == Kind::Member;
        let id = ui.scope_id().with(("call", row.first, is_member));
        let response = ui.interact(place, id, Sense::click());
        let is_selected = self.selected.is_some_and(|number| number == record.number)
            && (row.count == 1 || row.kind != Kind::Unfolded);
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, is_selected, &label)
        });
        let name = if is_member { "member" } else { "row" };
        rects::note(&response, || format!("host_calls.{name}.{}", row.first));
        self.paint(record, row, &described, is_selected, response.hovered(), place, ui, act);
        self.gutter(record, is_member, place, ui, commands);
        if response.clicked() && act.is_none() {
            *act = Some(Act::Select(record.number));
        }
        self.menu(record, &response, act, commands);
        response.on_hover_text(&label);
    }

    /// The row in words.
    fn label(&self, record: &HostCallRecord, row: Row, described: &DescribedCall) -> String {
        let caller = record.frames.first().map_or("host", |frame| &*frame.label);
        let by = match &record.answer {
            HostAnswerState::Returned { by: Answerer::Policy, .. }
            | HostAnswerState::Trapped { by: Answerer::Policy, .. } => " by policy",
            _ => "",
        };
        let times = match row.kind {
            Kind::Folded if row.count > 1 => format!(" ×{}", row.count),
            Kind::Unfolded => format!(" ×{}, one by one", row.count),
            _ => String::new(),
        };
        let task = match self.several_tasks {
            true => format!(" of task {}", record.task),
            false => String::new(),
        };
        let notes: String = described.notes.iter().map(|note| format!("; {note}")).collect();
        format!(
            "call {}{task}: {caller} calls {}({}) → {}{by}{times}{notes}",
            record.number,
            dotted(&record.call.module, &record.call.name),
            described.args_text(),
            described.answer,
        )
    }

    #[allow(clippy::too_many_arguments)] // all that a row is drawn from
    fn paint(
        &self,
        record: &HostCallRecord,
        row: Row,
        described: &DescribedCall,
        is_selected: bool,
        is_hovered: bool,
        place: Rect,
        ui: &mut Ui,
        act: &mut Option<Act>,
    ) {
        let tokens = Tokens::of(ui);
        let back = if is_selected { tokens.selection } else { tokens.hover_row };
        if is_selected || is_hovered {
            ui.painter().rect_filled(place, 0.0, back);
        }
        let hue = parts::hue(self.session, record.frames.first(), tokens);
        let stripe = Rect::from_min_size(place.min, vec2(STRIPE, place.height()));
        ui.painter().rect_filled(stripe.shrink2(vec2(0.0, 1.0)), 0.0, hue);
        let (left, y) = (place.left(), place.center().y);
        let small = tokens::mono_small;
        let right = Align2::RIGHT_CENTER;
        let columns = self.columns;
        if columns.task > STRIPE + GUTTER {
            let at = pos2(left + columns.task - CHARACTER, y);
            ui.painter().text(at, right, record.task.to_string(), small(), tokens.text);
        }
        let at = pos2(left + columns.clock, y);
        ui.painter().text(at, right, widgets::grouped(record.clock), small(), tokens.faint);
        let caller_from = left + columns.clock + tokens::GROUP;
        let caller = record.frames.first().map_or("host", |frame| &*frame.label);
        let width = left + columns.caller - caller_from;
        let caller = short_caller(caller, width);
        let galley = fit(ui, &[(&caller, hue)], small(), width);
        put(ui, galley, caller_from, y);
        let mut from = left + columns.caller + tokens::GROUP;
        if row.kind == Kind::Member {
            from += tokens::GROUP;
        } else if row.count > 1 {
            from = self.badge(row, from, place, ui, act) + tokens::GAP;
        }
        call(record, described, from, place.right() - tokens::GAP, y, ui);
    }

    /// `▸ ×12`: a click shows the calls one by one. Returns where it ends.
    fn badge(&self, row: Row, from: f32, place: Rect, ui: &mut Ui, act: &mut Option<Act>) -> f32 {
        let tokens = Tokens::of(ui);
        let is_unfolded = row.kind == Kind::Unfolded;
        let arrow = if is_unfolded { "▾" } else { "▸" };
        let count = widgets::grouped(row.count);
        let galley = ui.painter().layout_no_wrap(
            format!("{arrow} ×{count}"),
            tokens::mono_small(),
            tokens.accent,
        );
        let rect = Rect::from_min_max(
            pos2(from, place.top()),
            pos2(from + galley.size().x, place.bottom()),
        );
        put(ui, galley, from, place.center().y);
        let id = ui.scope_id().with(("fold", row.first));
        let response = ui.interact(rect.expand2(vec2(2.0, 0.0)), id, Sense::click());
        response.widget_info(|| {
            let verb = if is_unfolded { "fold" } else { "unfold" };
            let text = format!("{verb} {} calls from {}", row.count, row.first);
            egui::WidgetInfo::labeled(egui::Role::Button, true, text)
        });
        rects::note(&response, || format!("host_calls.unfold.{}", row.first));
        if response.clicked() {
            *act = Some(Act::Toggle(row.first));
        }
        let help = if is_unfolded { "Show them as one" } else { "Show them one by one" };
        response.on_hover_text(help);
        rect.right()
    }

    /// The column of breakpoints: a click stops at every call of the import, or no more.
    fn gutter(
        &self,
        record: &HostCallRecord,
        is_member: bool,
        place: Rect,
        ui: &mut Ui,
        commands: &mut Vec<Command>,
    ) {
        let tokens = Tokens::of(ui);
        let (module, name) = (&record.call.module, &record.call.name);
        let known = self.session.import_break(module, name);
        let from = pos2(place.left() + STRIPE, place.top());
        let rect = Rect::from_min_size(from, vec2(GUTTER, place.height()));
        let id = ui.scope_id().with(("gutter", record.number, is_member));
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let text = format!("stop at {}, call {}", dotted(module, name), record.number);
            egui::WidgetInfo::selected(egui::Role::CheckBox, true, known.is_some(), text)
        });
        rects::note(&response, || format!("host_calls.gutter.{}", record.number));
        if known.is_some() {
            ui.painter().circle_filled(rect.center(), 4.0, tokens.breakpoint);
        } else if response.hovered() {
            ui.painter().circle_stroke(rect.center(), 3.5, (1.0, tokens.breakpoint));
        }
        if response.clicked() {
            let when = known.is_none().then_some(crate::session::BreakWhen::Always);
            let (module, name) = (module.to_string(), name.to_string());
            commands.push(Command::BreakOnImport { module, name, when });
        }
        response.on_hover_text(match known {
            Some(_) => {
                format!("Stops before {} is called; click for no more", dotted(module, name))
            }
            None => format!("Stop before {} is called", dotted(module, name)),
        });
    }

    fn menu(
        &self,
        record: &HostCallRecord,
        response: &Response,
        act: &mut Option<Act>,
        commands: &mut Vec<Command>,
    ) {
        let menu =
            Popup::context_menu(response).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        menu.show(|ui| {
            let caller = record.frames.first();
            if let Some((frame, module)) = caller.and_then(|frame| Some((frame, frame.module?))) {
                if ui.button("Show the calling instruction").clicked() {
                    commands.push(Command::ShowOffset { module, offset: frame.offset.0 });
                    ui.close();
                }
                if let Some(open) = self.session.module(module)
                    && ui.button(format!("Only calls of {}", open.name)).clicked()
                {
                    *act = Some(Act::OnlyCaller(module));
                    ui.close();
                }
            }
            let (module, name) = (&*record.call.module, &*record.call.name);
            if ui.button("Only this import").clicked() {
                *act = Some(Act::OnlyImport(module.to_owned(), name.to_owned()));
                ui.close();
            }
            ui.separator();
            // The menu's own layout would stretch texts.
            ui.vertical(|ui| break_menu::choices(self.session, module, name, ui, commands));
        });
    }
}

/// `env.print("hello") → i32:5`: if there is too little room, arguments are cut before the answer is.
fn call(
    record: &HostCallRecord,
    described: &DescribedCall,
    from: f32,
    to: f32,
    y: f32,
    ui: &mut Ui,
) {
    let tokens = Tokens::of(ui);
    let room = (to - from).max(0.0);
    let answer = match &record.answer {
        HostAnswerState::Returned { values, .. } if values.is_empty() => "→ ()".to_owned(),
        _ => format!("→ {}", described.answer),
    };
    let color = detail::answer_color(&record.answer, tokens);
    // That other hosts end the program there must not be cut off.
    let mark = if described.notes.is_empty() { "" } else { "⚠ " };
    let answer =
        fit(ui, &[(mark, tokens.warning), (&answer, color)], tokens::mono_small(), room * 0.5);
    let module = short_module(&widgets::safe(&record.call.module));
    let name = path_part(&record.call.name);
    let mut pieces: Vec<(&str, Color32)> = vec![(&module, tokens.weak), (&name, tokens.text)];
    pieces.push(("(", tokens.weak));
    for (position, arg) in described.args.iter().enumerate() {
        if position > 0 {
            pieces.push((", ", tokens.weak));
        }
        if let Some(name) = &arg.name {
            pieces.extend([(name.as_str(), tokens.weak), (": ", tokens.weak)]);
        }
        pieces.push((&arg.text, if arg.is_text { tokens.good } else { tokens.text }));
    }
    pieces.push((")", tokens.weak));
    let gap = CHARACTER;
    let galley = fit(ui, &pieces, tokens::mono_small(), room - answer.size().x - gap);
    let width = galley.size().x;
    put(ui, galley, from, y);
    put(ui, answer, from + width + gap, y);
}

/// Puts arguments that differ between the first and the last of several calls as `first … last`.
fn merge(described: &mut DescribedCall, last: &DescribedCall) {
    if described.notes.is_empty() {
        described.notes.clone_from(&last.notes);
    }
    for (arg, other) in described.args.iter_mut().zip(&last.args) {
        let DescribedArg { text, .. } = other;
        if arg.text != *text {
            // `i32:0…99` says the type once.
            let ty = |text: &str| text.split_once(':').map(|(ty, _)| ty.to_owned());
            let rest = match (ty(&arg.text), text.split_once(':')) {
                (Some(ty), Some((of, rest))) if ty == of => rest,
                _ => text,
            };
            arg.text = format!("{}…{rest}", arg.text);
        }
    }
}

/// The module part of an import with its dot; long names are cut short: `wasi…`.
pub(super) fn short_module(module: &str) -> String {
    if module.starts_with("wasi_") {
        return "wasi.".to_owned();
    }
    match module.char_indices().nth(SHORT_NAME) {
        None => format!("{module}."),
        Some(_) => format!("{}….", module.chars().take(4).collect::<String>()),
    }
}

/// A caller's label. If there is too little room, the module goes first: the row has its hue.
fn short_caller(label: &str, width: f32) -> Cow<'_, str> {
    let fits = label.chars().count() as f32 * CHARACTER <= width + 1.0;
    match label.split_once('.') {
        Some((_, func)) if !fits => format!("…{func}").into(),
        _ => label.into(),
    }
}

/// A line of at most this width; what does not fit is cut off with `…`.
fn fit(ui: &Ui, pieces: &[(&str, Color32)], font: FontId, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
    job.wrap = TextWrapping::truncate_at_width(width.max(CHARACTER));
    // Names come from the module and may be of any length.
    let mut rest = (width / (CHARACTER * 0.5)) as usize + 2;
    for (text, color) in pieces {
        let end = text.char_indices().nth(rest).map_or(text.len(), |(end, _)| end);
        let text = text.get(..end).unwrap_or_default();
        rest -= text.chars().count().min(rest);
        job.append(text, 0.0, TextFormat::simple(font.clone(), *color));
    }
    ui.painter().layout_job(job)
}

fn put(ui: &Ui, galley: Arc<Galley>, left: f32, y: f32) {
    let at = pos2(left, y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, Color32::PLACEHOLDER);
}
