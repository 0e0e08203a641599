//! The list of calls, one line each.

use egui::{Popup, PopupCloseBehavior, Rect, Response, Sense, Ui, pos2, vec2};
use stepwell_engine::text::dotted;

use super::columns::{self, Column, Columns, GUTTER, STRIPE};
use super::index::{Kind, Row};
use super::{State, break_menu, cells, parts};
use crate::session::{
    Answerer, Command, DescribedArg, DescribedCall, HostAnswerState, HostCallRecord, Session,
};
use crate::ui::rects;
use crate::ui::tokens::Tokens;
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::{BAR, VirtualRows};

/// Characters of a module's name that is not cut short.
const SHORT_NAME: usize = 9;

/// Arguments that the menu of a call offers to show.
const MENU_ARGUMENTS: usize = 6;

/// What a click changes in what the panel remembers.
enum Act {
    Select(u64),
    Toggle(u64),
    OnlyImport(String, String),
    OnlyCaller(crate::session::ModuleKey),
}

/// Draws it.
pub(super) fn show(session: &Session, state: &mut State, ui: &mut Ui, commands: &mut Vec<Command>) {
    let columns = Columns::of(session, &state.index, ui.available_width() - BAR);
    columns::headings(&columns, state, ui);
    let pause = state.order.update(session, &state.index, state.sort);
    if let Some(pause) = pause {
        ui.ctx().request_repaint_after(pause);
    }
    let gone = state.index.gone();
    let count = state.order.len(&state.index);
    let mut rows = match state.sort {
        None => VirtualRows::new(ui, "calls", count).stick_to_end(),
        Some(_) => VirtualRows::new(ui, "ordered calls", count),
    };
    if state.gone != gone && state.sort.is_none() {
        // The rows that were in sight stay there.
        rows = rows.at(state.top.saturating_sub(gone));
    }
    let reveal = state.reveal.take();
    let reveal = reveal.and_then(|number| state.order.position_of(&state.index, number));
    if let Some(position) = reveal {
        rows = rows.reveal(position, false);
    }
    let selected = state.selected(session).map(|record| record.number);
    let mut act = None;
    let several_tasks = session.tasks().len() > 1;
    let list = List { session, columns, selected, several_tasks };
    let top = rows.show(ui, |ui, position, place| {
        let Some(row) = state.order.row(&state.index, position) else { return };
        list.row(row, place, ui, &mut act, commands);
    });
    if state.sort.is_none() {
        (state.top, state.gone) = (top + gone, gone);
    }
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
            HostAnswerState::Returned { by: Answerer::Rule(_), .. }
            | HostAnswerState::Trapped { by: Answerer::Rule(_), .. } => " by a rule",
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
        for (column, from, to) in &self.columns.places {
            let cell = Rect::from_min_max(
                pos2(place.left() + from, place.top()),
                pos2(place.left() + to, place.bottom()),
            );
            match column {
                Column::Count if row.kind != Kind::Member && row.count > 1 => {
                    self.badge(row, cell, ui, act);
                }
                Column::Count => {}
                Column::Import => cells::import(record, self.columns.with_modules, cell, ui),
                Column::Arguments => cells::arguments(described, cell, ui),
                Column::Answer => cells::answer(record, described, cell, ui),
                Column::Caller => cells::caller(record, hue, cell, ui),
                Column::Task => cells::number(u64::from(record.task), tokens.text, cell, ui),
                Column::Clock => cells::number(record.clock, tokens.faint, cell, ui),
                Column::Number => cells::number(record.number, tokens.weak, cell, ui),
            }
        }
    }

    /// `▸ ×12`: a click shows the calls one by one.
    fn badge(&self, row: Row, cell: Rect, ui: &mut Ui, act: &mut Option<Act>) {
        let tokens = Tokens::of(ui);
        let is_unfolded = row.kind == Kind::Unfolded;
        let arrow = if is_unfolded { "▾" } else { "▸" };
        let text = format!("{arrow} ×{}", widgets::grouped(row.count));
        cells::put(ui, &[(&text, tokens.accent)], cell);
        let rect = cell;
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
            let (moment, before) = (record.clock, record.clock.saturating_sub(1));
            widgets::moment::entry(self.session, "Go to this moment", moment, ui, commands);
            widgets::moment::entry(self.session, "Go to before the call", before, ui, commands);
            ui.separator();
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
            let caller = record.call.caller.map(|caller| caller.instance);
            for (position, value) in record.call.args.iter().enumerate().take(MENU_ARGUMENTS) {
                let show = widgets::memory::show(self.session, ui.ctx(), caller, value);
                let name = format!("Show argument {position} in memory");
                widgets::memory::named_entry(&name, show, ui, commands);
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
