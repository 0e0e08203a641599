//! Types with their shares of the heap, and the objects of all or one of them.

use egui::{Align2, Rect, Response, Sense, Ui, pos2, vec2};
use stepwell_engine::store::ObjectKind;
use stepwell_engine::{ObjectAddr, Store};

use super::index::{Group, Objects};
use crate::session::{Command, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::widgets::virtual_rows::VirtualRows;

/// Rows of types on screen.
const TYPES: usize = 6;
/// Fields and elements in a row of the list.
const PREVIEW: u32 = 6;
/// Width of the column of counts.
const COUNT: f32 = 64.0;

/// Draws it.
pub(super) fn show(
    session: &Session,
    store: &Store,
    objects: &Objects,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let id = ui.ctx().viewport_id().0.with("heap filter");
    let filter: Option<ObjectKind> = ui.data(|data| data.get_temp(id)).flatten();
    let mut chosen = filter;
    let rows = objects.groups.len().clamp(1, TYPES);
    ui.allocate_ui(vec2(ui.available_width(), tokens::ROW * rows as f32), |ui| {
        let list = VirtualRows::new(ui, "types", objects.groups.len() as u64);
        list.show(ui, |ui, row, place| {
            let Some(group) = objects.groups.get(row as usize) else { return };
            let selected = filter == Some(group.kind);
            if kind(session, group, selected, ui, place).clicked() {
                chosen = (!selected).then_some(group.kind);
            }
        });
    });
    if chosen != filter {
        ui.data_mut(|data| data.insert_temp(id, chosen));
    }
    let of_kind = |kind| objects.groups.iter().find(|group| Some(group.kind) == kind);
    let (shown, title) = match of_kind(chosen) {
        Some(group) => {
            let name = session.kind_name(group.kind);
            (&group.objects, format!("Objects of {name} · click the type again for all"))
        }
        None => (&objects.all, "All objects · click a type for its own".to_owned()),
    };
    ui.separator();
    widgets::section(ui, &title);
    let list = VirtualRows::new(
        ui,
        ("objects", chosen.map(|kind| format!("{kind:?}"))),
        shown.len() as u64,
    );
    list.show(ui, |ui, row, place| {
        let Some(object) = shown.get(row as usize).copied() else { return };
        let response = line(session, store, object, ui, place);
        if response.clicked() {
            commands.push(Command::ShowObject(Some(object.0)));
        }
    });
}

/// A type, how many objects it has and how many bytes they take.
fn kind(session: &Session, group: &Group, selected: bool, ui: &Ui, place: Rect) -> Response {
    let tokens = Tokens::of(ui);
    let name = session.kind_name(group.kind);
    let count = group.objects.len() as u64;
    let bytes = widgets::size(group.bytes);
    let id = ui.scope_id().with(("type", format!("{:?}", group.kind)));
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| {
        let text = format!("type {name}: {count} objects, {bytes}");
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, selected, text)
    });
    rects::note(&response, || format!("heap.type.{name}"));
    back(ui, place, &response, selected);
    let y = place.center().y;
    let right = place.right() - tokens::GAP;
    let painter = ui.painter();
    let font = tokens::mono_small();
    painter.text(pos2(right, y), Align2::RIGHT_CENTER, &bytes, font.clone(), tokens.weak);
    let counts = pos2(right - COUNT - tokens::GROUP, y);
    let counted =
        painter.text(counts, Align2::RIGHT_CENTER, widgets::grouped(count), font, tokens.text);
    let room = place.with_max_x(counted.left() - tokens::GAP);
    let painter = painter.with_clip_rect(room.intersect(ui.clip_rect()));
    let left = pos2(place.left() + tokens::GAP, y);
    painter.text(left, Align2::LEFT_CENTER, &name, tokens::mono(), tokens.reference);
    match group.objects.first() {
        Some(first) => response.on_hover_text(session.object_type_text(*first)),
        None => response,
    }
}

/// An object with the beginning of what it holds.
fn line(session: &Session, store: &Store, object: ObjectAddr, ui: &Ui, place: Rect) -> Response {
    let tokens = Tokens::of(ui);
    let reference = session.object_reference(object);
    let response = ui.interact(place, ui.scope_id().with(("object", object.0)), Sense::click());
    let holds = preview(session, store, object);
    response.widget_info(|| {
        let text = format!("object {} {holds}", reference.text);
        egui::WidgetInfo::labeled(egui::Role::Button, true, text)
    });
    rects::note(&response, || format!("heap.object.{object}"));
    let selected = session.heap_focus().object == Some(object);
    back(ui, place, &response, selected);
    let y = place.center().y;
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    let left = pos2(place.left() + tokens::GAP, y);
    let name =
        painter.text(left, Align2::LEFT_CENTER, &reference.text, tokens::mono(), tokens.reference);
    let at = pos2(name.right() + tokens::GROUP, y);
    painter.text(at, Align2::LEFT_CENTER, holds, tokens::mono_small(), tokens.weak);
    response.on_hover_text(reference.detail)
}

fn back(ui: &Ui, place: Rect, response: &Response, selected: bool) {
    let tokens = Tokens::of(ui);
    if selected {
        ui.painter().rect_filled(place, 0.0, tokens.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(place, 0.0, tokens.hover_row);
    }
}

/// The first fields or elements of an object.
fn preview(session: &Session, store: &Store, object: ObjectAddr) -> String {
    let (values, more) = match store.object_kind(object) {
        Some(ObjectKind::Array(_, len)) => {
            if let Some(text) = super::object::letters(store, object, len).filter(|_| len > 0) {
                return format!("{text:?}");
            }
            let values = (0..len.min(PREVIEW)).filter_map(|index| store.element(object, index));
            (values.collect(), len > PREVIEW)
        }
        _ => {
            let mut fields = store.object(object).map_or(Vec::new(), |object| object.fields);
            let more = fields.len() > PREVIEW as usize;
            fields.truncate(PREVIEW as usize);
            (fields, more)
        }
    };
    let mut texts: Vec<String> = values.iter().map(|value| session.value_text(value)).collect();
    if more {
        texts.push("…".to_owned());
    }
    texts.join("  ")
}
