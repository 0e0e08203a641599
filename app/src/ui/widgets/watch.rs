//! How a place is watched: entries of its menu, and a sign beside it.

use egui::{Pos2, Rect, Stroke, Ui, vec2};

use crate::session::{Asked, Command, Question, Session, WatchTarget, WatchWhen};
use crate::ui::tokens::Tokens;

/// Accesses that menus offer; the list of breakpoints offers all.
const OFFERED: [WatchWhen; 3] = [WatchWhen::Changed, WatchWhen::Written, WatchWhen::Read];
const RADIUS: f32 = 2.5;

/// Entries that watch something, or end that.
pub fn menu(session: &Session, target: WatchTarget, ui: &mut Ui, commands: &mut Vec<Command>) {
    let known = session.watchpoint_on(&target);
    for when in OFFERED {
        let is_so = known.is_some_and(|known| known.enabled && known.when == when);
        let entry = ui.selectable_label(is_so, format!("Stop when {}", when.words()));
        if entry.clicked() {
            commands.push(Command::SetWatchpoint { target, when });
            ui.close();
        }
    }
    if matches!(
        target,
        WatchTarget::Memory { .. } | WatchTarget::Global { .. } | WatchTarget::Element { .. }
    ) {
        super::origin::entry(session, Asked::Target(target), ui, commands);
    }
    if session.can_go_back() && target.can_be_traced() {
        let entry = ui.button("Go back to the last write");
        if entry
            .on_hover_text("To the moment behind the instruction or host call that wrote it")
            .clicked()
        {
            commands.push(Command::GoToWrite { target, next: false });
            ui.close();
        }
    }
    if session.is_past() && target.can_be_traced() && ui.button("Go on to the next write").clicked()
    {
        commands.push(Command::GoToWrite { target, next: true });
        ui.close();
    }
    let can_ask = !matches!(target, WatchTarget::LocalOfCall { .. });
    if can_ask && session.past().is_some_and(|past| past.is_kept && past.end > past.first) {
        let entry = ui.button("All writes");
        if entry.on_hover_text("Of this run: when, by whom, what was there before").clicked() {
            let question = Question::Accesses { target, when: WatchWhen::Written };
            commands.push(Command::AskRun(question));
            ui.close();
        }
        if ui.button("All reads and writes").clicked() {
            let question = Question::Accesses { target, when: WatchWhen::Accessed };
            commands.push(Command::AskRun(question));
            ui.close();
        }
    }
    if let Some(known) = known
        && ui.button("Watch no more").clicked()
    {
        commands.push(Command::RemoveWatchpoint(known.number));
        ui.close();
    }
}

/// A dot where something is watched, hollow where that is switched off; says whether there is one.
pub fn sign(session: &Session, target: &WatchTarget, center: Pos2, ui: &Ui) -> bool {
    let Some(known) = session.watchpoint_on(target) else { return false };
    let color = Tokens::of(ui).breakpoint;
    if known.enabled {
        ui.painter().circle_filled(center, RADIUS, color);
    } else {
        ui.painter().circle_stroke(center, RADIUS, Stroke::new(1.0, color));
    }
    true
}

/// The same in the gap behind a number of a grid.
pub fn beside(session: &Session, target: Option<&WatchTarget>, number: Rect, ui: &Ui) {
    if let Some(target) = target {
        sign(session, target, number.right_center() + vec2(RADIUS + 1.5, 0.0), ui);
    }
}

/// What a tooltip says of something that is watched.
pub fn words(session: &Session, target: &WatchTarget) -> Option<String> {
    let known = session.watchpoint_on(target)?;
    let when = known.when.words();
    Some(match known.enabled {
        true => format!("watched: stops when {when}"),
        false => format!("watched when {when}, switched off"),
    })
}
