//! Find: instructions of all opened modules by their text.

use egui::{Align2, Id, Key, RichText, Sense, Ui, pos2};
use stepwell_engine::text::dotted;

use crate::session::{CodeHit, CodeSearch, Command, Panel, SearchProgress, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// What the panel remembers: what is written in the field, for which question and which search it was, and the
/// hit that was shown last.
#[derive(Clone, Default)]
struct Look {
    text: String,
    asked: u64,
    searched: String,
    shown: Option<usize>,
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let id = Id::unique("stepwell-find");
    let mut look: Look = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let search = session.code_search();
    // What is looked for from elsewhere stands in the field, too.
    let searched = search.map_or("", CodeSearch::text);
    if searched != look.searched {
        look.searched = searched.to_owned();
        look.shown = None;
        if !searched.is_empty() {
            look.text = searched.to_owned();
        }
    }
    ui.horizontal(|ui| field(session, &mut look, ui, &mut commands));
    match search {
        None => drop(widgets::empty(
            ui,
            "Type what an instruction says, as Code writes it: an operator, a name, a number; \
             i32.store offset=8, call $main, local.get $p.",
        )),
        Some(search) => {
            ui.horizontal(|ui| progress(search, ui, &mut commands));
            if search.hits().is_empty() {
                if search.progress() != SearchProgress::Searching {
                    widgets::empty(ui, "No instruction says this.");
                }
            } else {
                list(session, search, &mut look, ui, &mut commands);
            }
        }
    }
    ui.data_mut(|data| data.insert_temp(id, look));
    commands
}

/// What to look for. Enter begins, and goes on to the next hit once all is as it is written.
fn field(session: &Session, look: &mut Look, ui: &mut Ui, commands: &mut Vec<Command>) {
    let room = (ui.available_width() - tokens::FIELD).max(tokens::FIELD);
    let edit = egui::TextEdit::singleline(&mut look.text)
        .hint_text("find in all functions")
        .font(tokens::mono_small())
        .desired_width(room.min(tokens::PALETTE_WIDTH));
    let field = ui.add(edit).accessible_name("find in code");
    rects::note(&field, || "find.field".to_owned());
    if look.asked != session.find_asked() {
        look.asked = session.find_asked();
        field.request_focus();
    }
    let (entered, shift) = ui.input(|input| (input.key_pressed(Key::Enter), input.modifiers.shift));
    let entered = field.lost_focus() && entered;
    let is_new = look.text != look.searched;
    let can = !look.text.trim().is_empty();
    let button = ui.add_enabled(can, egui::Button::new("Find").small());
    let button = button.accessible_name("find all in code");
    rects::note(&button, || "find.begin".to_owned());
    if button.on_hover_text("Look through all code (Enter)").clicked() || (entered && is_new) {
        commands.push(Command::FindInCode(look.text.clone()));
    } else if entered && let Some(search) = session.code_search() {
        step(search, look, shift, commands);
    }
    if entered {
        field.request_focus();
    }
}

/// Shows the next hit, or the one before.
fn step(search: &CodeSearch, look: &mut Look, is_back: bool, commands: &mut Vec<Command>) {
    let count = search.hits().len();
    if count == 0 {
        return;
    }
    let at = match (look.shown, is_back) {
        (None, _) => 0,
        (Some(at), false) => (at + 1) % count,
        (Some(at), true) => (at + count - 1) % count,
    };
    if let Some(hit) = search.hits().get(at) {
        look.shown = Some(at);
        go_to(hit, commands);
    }
}

fn go_to(hit: &CodeHit, commands: &mut Vec<Command>) {
    commands.push(Command::RevealPanel(Panel::Code));
    commands.push(Command::ShowOffset { module: hit.module, offset: hit.offset.0 });
}

/// How many there are, and how far it is.
fn progress(search: &CodeSearch, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let count = search.hits().len() as u64;
    let mut funcs = 0u64;
    let mut last = None;
    for hit in search.hits() {
        funcs += u64::from(last != Some((hit.module, hit.func)));
        last = Some((hit.module, hit.func));
    }
    let plural = |count: u64, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{} {one}s", widgets::grouped(count)),
    };
    let found = format!("{} in {}", plural(count, "instruction"), plural(funcs, "function"));
    let text = match search.progress() {
        SearchProgress::Complete => found,
        SearchProgress::Searching => {
            format!("{found}, {} % looked through", (search.share() * 100.0) as u32)
        }
        SearchProgress::Full => {
            format!("the first {found}: the rest has not been looked through")
        }
        SearchProgress::Ended => {
            format!("{found}, ended at {} %", (search.share() * 100.0) as u32)
        }
    };
    let color = match search.progress() {
        SearchProgress::Full | SearchProgress::Ended => tokens.warning,
        SearchProgress::Complete | SearchProgress::Searching => tokens.weak,
    };
    let label = ui.add(egui::Label::new(RichText::new(text).color(color)).truncate());
    rects::note(&label, || "find.count".to_owned());
    if search.progress() == SearchProgress::Searching {
        let end = ui.small_button("End").accessible_name("end the search");
        rects::note(&end, || "find.end".to_owned());
        if end.on_hover_text("Look no further; what has been found stays").clicked() {
            commands.push(Command::EndFinding);
        }
    }
}

/// One row an instruction: where, in which function, what it says.
fn list(
    session: &Session,
    search: &CodeSearch,
    look: &mut Look,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let mut rows = VirtualRows::new(ui, "hits", search.hits().len() as u64);
    let seen_id = ui.scope_id().with("seen");
    let seen: Option<Option<usize>> = ui.data(|data| data.get_temp(seen_id));
    if let Some(shown) = look.shown
        && seen != Some(look.shown)
    {
        rows = rows.reveal(shown as u64, false);
    }
    ui.data_mut(|data| data.insert_temp(seen_id, look.shown));
    rows.show(ui, |ui, row, place| {
        let Some(hit) = search.hits().get(row as usize) else { return };
        let is_shown = look.shown == Some(row as usize);
        if line(session, hit, is_shown, row, ui, place) {
            look.shown = Some(row as usize);
            go_to(hit, commands);
        }
    });
}

fn line(
    session: &Session,
    hit: &CodeHit,
    is_shown: bool,
    row: u64,
    ui: &mut Ui,
    place: egui::Rect,
) -> bool {
    let tokens = Tokens::of(ui);
    let Some(open) = session.module(hit.module) else { return false };
    let func = match session.modules().len() {
        1 => open.names.place(hit.func),
        _ => dotted(&open.name, &open.names.label(hit.func)),
    };
    let offset = format!("0x{:04x}", hit.offset.0);
    let response = ui.interact(place, ui.scope_id().with(("hit", row)), Sense::click());
    response.widget_info(|| {
        let text = format!("{offset} {} in {func}", hit.text);
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, is_shown, text)
    });
    rects::note(&response, || format!("find.hit.{row}"));
    if is_shown || response.hovered() {
        let fill = if is_shown { tokens.selection } else { tokens.hover_row };
        ui.painter().rect_filled(place, 0.0, fill);
    }
    let y = place.center().y;
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    let at = pos2(place.left() + tokens::NUMBER * 1.4, y);
    painter.text(at, Align2::RIGHT_CENTER, &offset, tokens::mono_small(), tokens.faint);
    // The function takes two fifths at most; what the instruction says has the rest.
    let room = place.width() * 0.4;
    let name = widgets::elided(&func, room, tokens::SMALL);
    let right = pos2(place.right() - tokens::GAP, y);
    let color = tokens.module(open.hue);
    let taken = painter.text(right, Align2::RIGHT_CENTER, name, tokens::mono_small(), color);
    let left = place.with_max_x(taken.left() - tokens::GAP);
    let painter = ui.painter().with_clip_rect(left.intersect(ui.clip_rect()));
    let at = pos2(at.x + tokens::GROUP, y);
    painter.text(at, Align2::LEFT_CENTER, &hit.text, tokens::mono(), tokens.text);
    response.on_hover_text(format!("{}\nin {func}", hit.text)).clicked()
}
