//! Host calls: those that wait for an answer, and all that were made, one line each.
//!
//! `index` says which calls are listed, `order` in which order, `columns` what of each, `rows` and `cells`
//! draw them, `detail` what there is to know of one, `pending` the forms of those that wait, `filter` the line
//! above the list, `rules` the rules for answers, `break_menu` when to stop at an import.
//! What is chosen here lives in egui's memory.

pub(super) mod break_menu;
mod cells;
mod columns;
mod detail;
mod filter;
mod index;
mod order;
mod parts;
mod pending;
mod rows;
mod rules;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::Ui;

use self::columns::Sort;
use self::index::{Filter, Index};
use self::order::Order;
use crate::session::{Command, HostCallRecord, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// How long taking up new calls may last in a frame.
const SLICE: Duration = Duration::from_millis(4);
/// The same when a person has just changed what is listed.
const SLICE_AT_ONCE: Duration = Duration::from_millis(60);
/// Below this height the line above the list makes room for a form.
const LOW: f32 = 15.0 * tokens::ROW;
/// The least that is left of the list beside anything else.
const LEAST: f32 = 2.5 * tokens::ROW;

/// What the panel remembers.
struct State {
    index: Index,
    filter: Filter,
    order: Order,
    rules: rules::Drafts,
    /// By which column they are listed; without, as they were made.
    sort: Option<Sort>,
    folds: bool,
    /// A call, by the run and its number.
    selected: Option<(u64, u64)>,
    /// A call to scroll to.
    reveal: Option<u64>,
    /// What is listed has been changed by a click.
    at_once: bool,
    /// First row on screen, counted with those that are gone.
    top: u64,
    /// How many were gone then.
    gone: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            index: Index::default(),
            filter: Filter::default(),
            order: Order::default(),
            rules: rules::Drafts::default(),
            sort: None,
            folds: true,
            selected: None,
            reveal: None,
            at_once: true,
            top: 0,
            gone: 0,
        }
    }
}

impl State {
    fn selected<'a>(&self, session: &'a Session) -> Option<&'a HostCallRecord> {
        let (generation, number) = self.selected?;
        session.host_call(number).filter(|_| generation == session.host_calls_generation())
    }
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let calls = session.host_calls();
    let id = ui.scope_id().with("state");
    let shared: Arc<Mutex<State>> =
        ui.data_mut(|data| data.get_temp_mut_or_default::<Arc<Mutex<State>>>(id).clone());
    let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);

    if calls.is_empty() {
        ui.horizontal(|ui| rules::toggle(session, &mut state.rules, ui));
        let room = ui.available_height();
        rules_below(session, &mut state, room, ui, &mut commands);
        widgets::empty(
            ui,
            "No host call yet. When the program calls an import that no module satisfies, the call \
             appears here with its caller, its arguments and the bytes they point at. To stop before \
             an import is called, choose it in Breakpoints.",
        );
        return commands;
    }
    let pending: Vec<&HostCallRecord> = session.pending_calls().collect();
    let others = calls.len() > pending.len();
    let room = ui.available_height();
    if !pending.is_empty() {
        // The list keeps its share.
        let share = if others { room * 0.6 } else { room };
        let area = egui::ScrollArea::vertical().id_salt("pending").auto_shrink([false, others]);
        area.max_height(share).show(ui, |ui| {
            pending::show(session, &pending, ui, &mut commands);
        });
    }
    if !others {
        ui.horizontal(|ui| rules::toggle(session, &mut state.rules, ui));
        let room = ui.available_height();
        rules_below(session, &mut state, room, ui, &mut commands);
        return commands;
    }
    if pending.is_empty() || room > LOW || !state.filter.is_empty() {
        filter::show(session, &mut state, ui, &mut commands);
    }
    rules_below(session, &mut state, room, ui, &mut commands);
    let slice = if state.at_once { SLICE_AT_ONCE } else { SLICE };
    let State { index, filter, folds, .. } = &mut *state;
    let is_complete = index.update(session, filter, *folds, slice);
    state.at_once = false;
    if !is_complete {
        ui.ctx().request_repaint();
    }
    if state.selected(session).is_some() {
        let room = ui.available_height();
        let frame = egui::Frame::new().inner_margin(egui::Margin { top: 4, ..Default::default() });
        egui::Panel::bottom(ui.scope_id().with("detail"))
            .resizable(true)
            .default_size(room * 0.55)
            .size_range(2.0 * tokens::ROW..=(room - LEAST).max(2.0 * tokens::ROW))
            .frame(frame)
            .show(ui, |ui| detail::show(session, &mut state, ui, &mut commands));
    }
    if state.index.len() == 0 && is_complete {
        nothing(&mut state, ui);
    } else {
        rows::show(session, &mut state, ui, &mut commands);
    }
    commands
}

/// The rules for answers, if they are asked for: in at most half of the room.
fn rules_below(
    session: &Session,
    state: &mut State,
    room: f32,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    if !state.rules.is_open {
        return;
    }
    let area = egui::ScrollArea::vertical().id_salt("rules").auto_shrink([false, true]);
    area.max_height(room / 2.0).show(ui, |ui| rules::show(session, &mut state.rules, ui, commands));
    ui.separator();
}

/// The filter admits none.
fn nothing(state: &mut State, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(egui::RichText::new("No call matches.").color(tokens.weak));
        let all = ui.small_button("Show all calls");
        rects::note(&all, || "host_calls.all".to_owned());
        if all.clicked() {
            (state.filter, state.at_once) = (Filter::default(), true);
        }
    });
}
