//! One object: its fields or elements, and who refers to it.

use egui::{Align2, Response, RichText, Sense, Ui, pos2, vec2};
use stepwell_engine::store::ObjectKind;
use stepwell_engine::{ObjectAddr, Store, Value};

use super::index::{LISTED, Referrers};
use crate::session::{Command, RunState, Session, WatchTarget, fields};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::edit::EditValue;
use crate::ui::widgets::virtual_rows::VirtualRows;
use crate::ui::widgets::{self, reference};
use crate::ui::{feedback, rects};

/// Rows of elements on screen.
const ELEMENTS: u64 = 8;
/// Elements of an array that are read as text.
const TEXT: u32 = 120;

/// Draws it.
pub(super) fn show(
    session: &Session,
    store: &Store,
    object: ObjectAddr,
    referrers: &Referrers,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let back = ui.small_button("← all objects");
        rects::note(&back, || "heap.back".to_owned());
        if back.clicked() {
            commands.push(Command::ShowObject(None));
        }
        let name = session.object_reference(object).text;
        ui.label(RichText::new(name).font(tokens::mono_bold()).color(tokens.reference));
        if let Some(found) = store.object(object) {
            let bytes = widgets::size(found.bytes);
            ui.label(RichText::new(bytes).font(tokens::mono_small()).color(tokens.faint));
        }
    });
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = tokens::ROW;
        let text = RichText::new(session.object_type_text(object)).font(tokens::mono_small());
        ui.add(egui::Label::new(text.color(tokens.weak)).wrap());
        match store.object_kind(object) {
            Some(ObjectKind::Array(_, len)) => array(session, store, object, len, ui, commands),
            Some(kind) => structure(session, store, object, kind, ui, commands),
            None => {}
        }
        feedback::show(ui, |command| matches!(command, Command::SetField { .. }));
        ui.add_space(tokens::GAP);
        referred_by(session, store, referrers, ui, commands);
    });
}

/// Fields with names, values and types.
fn structure(
    session: &Session,
    store: &Store,
    object: ObjectAddr,
    kind: ObjectKind,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let is_exception = matches!(kind, ObjectKind::Exception(_));
    widgets::section(ui, if is_exception { "Values" } else { "Fields" });
    let found = store.object(object).map_or(Vec::new(), |object| object.fields);
    if found.is_empty() {
        ui.label(RichText::new("it has none").color(tokens.faint));
        return;
    }
    let names = names_of(store, kind);
    let grid = egui::Grid::new("fields").num_columns(3).spacing(tokens::GRID);
    grid.min_col_width(0.0).show(ui, |ui| {
        for (position, value) in found.iter().enumerate() {
            let (name, ty) = names
                .get(position)
                .cloned()
                .unwrap_or_else(|| (position.to_string(), String::new()));
            let place = WatchTarget::Field { object: object.0, field: position as u32 };
            let place = Some(place).filter(|_| !is_exception);
            let title = ui.label(RichText::new(&name).font(tokens::mono()));
            widgets::watch::beside(session, place.as_ref(), title.rect, ui);
            let title = title.interact(Sense::click());
            if is_exception {
                let shown = field(session, &format!("field {name}"), value, ui, commands);
                menu(session, value, place, &shown, commands);
            } else {
                edited(
                    session,
                    store,
                    object,
                    position as u32,
                    (&format!("field {name}"), value),
                    ui,
                    commands,
                );
            }
            menu(session, value, place, &title, commands);
            ui.label(RichText::new(ty).font(tokens::mono_small()).color(tokens.faint));
            ui.end_row();
        }
    });
}

/// A field or an element that can be changed where it is mutable and the machine stands.
fn edited(
    session: &Session,
    store: &Store,
    object: ObjectAddr,
    field: u32,
    (name, value): (&str, &Value),
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let mutable = store.field_type(object, field).is_some_and(|ty| ty.mutable);
    let enabled = mutable && *session.run_state() != RunState::Running && !session.is_past();
    let place = WatchTarget::Field { object: object.0, field };
    let edit = EditValue::new(session, name, value).enabled(enabled).place(Some(place));
    if let Some(value) = edit.show(ui, commands) {
        commands.push(Command::SetField { object: object.0, field, value });
    }
}

/// Names and types of a structure's fields.
fn names_of(store: &Store, kind: ObjectKind) -> Vec<(String, String)> {
    let ObjectKind::Struct(id) = kind else { return Vec::new() };
    store.origin_of(id).map_or(Vec::new(), |(module, index)| fields(module, index))
}

fn field(
    session: &Session,
    name: &str,
    value: &Value,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> Response {
    match session.reference(value) {
        Some(to) => {
            let name = format!("{name} = {}", to.text);
            reference::link(session, &to, &name, ui, commands)
        }
        None => {
            let shown = widgets::value_label(ui, value, false, true);
            let name = format!("{name} = {value}");
            shown.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
            shown.interact(Sense::click())
        }
    }
}

/// The menu of a field or an element.
fn menu(
    session: &Session,
    value: &Value,
    place: Option<WatchTarget>,
    response: &Response,
    commands: &mut Vec<Command>,
) {
    let Some(place) = place else {
        widgets::memory::menu(session, None, value, response, commands);
        return;
    };
    response.context_menu(|ui| place_menu(session, value, place, ui, commands));
}

fn place_menu(
    session: &Session,
    value: &Value,
    place: WatchTarget,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let show = widgets::memory::show(session, ui.ctx(), None, value);
    widgets::memory::menu_entry(show, ui, commands);
    widgets::watch::menu(session, place, ui, commands);
}

/// Elements in rows, and as text where they are letters.
fn array(
    session: &Session,
    store: &Store,
    object: ObjectAddr,
    len: u32,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    widgets::section(ui, &format!("Elements · {}", widgets::grouped(len.into())));
    if len == 0 {
        ui.label(RichText::new("it has none").color(tokens.faint));
        return;
    }
    if let Some(text) = letters(store, object, len) {
        let dots = if len > TEXT { " …" } else { "" };
        let text = RichText::new(format!("{text:?}{dots}")).font(tokens::mono());
        ui.add(egui::Label::new(text.color(tokens.good)).wrap());
    }
    // An element that is to be changed has a line of its own: a row has no room for what is wrong with a text.
    let chosen = ui.scope_id().with(("chosen element", object.0));
    if let Some((index, value)) = ui
        .data(|data| data.get_temp::<u32>(chosen))
        .and_then(|index| Some((index, store.element(object, index)?)))
    {
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("element {index}")).font(tokens::mono_small()));
            edited(
                session,
                store,
                object,
                index,
                (&format!("chosen element {index}"), &value),
                ui,
                commands,
            );
        });
    }
    let mutable = store.field_type(object, 0).is_some_and(|ty| ty.mutable);
    let height = tokens::ROW * u64::from(len).min(ELEMENTS) as f32;
    ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
        let rows = VirtualRows::new(ui, ("elements", object.0), len.into());
        rows.show(ui, |ui, row, place| {
            let Some(value) = store.element(object, row as u32) else { return };
            let to = session.reference(&value);
            let text = to.as_ref().map_or_else(|| value.to_string(), |to| to.text.clone());
            let id = ui.scope_id().with(("element", row));
            let response = ui.interact(place, id, Sense::click());
            let label = format!("element {row} {text}");
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
            let color = match &to {
                Some(to) => reference::color(session, to, tokens),
                None => tokens.ty(value.ty()),
            };
            if response.hovered() && to.as_ref().is_some_and(|to| to.show.is_some()) {
                ui.painter().rect_filled(place, 0.0, tokens.hover_row);
            }
            let y = place.center().y;
            let number = pos2(place.left() + tokens::FIELD * 0.7, y);
            let (font, faint) = (tokens::mono_small(), tokens.faint);
            ui.painter().text(number, Align2::RIGHT_CENTER, row.to_string(), font, faint);
            let element = WatchTarget::Field { object: object.0, field: row as u32 };
            let sign = pos2(number.x + tokens::GROUP / 2.0, y);
            widgets::watch::sign(session, &element, sign, ui);
            let mut chooses = mutable && to.is_none() && response.double_clicked();
            response.context_menu(|ui| {
                if mutable && ui.button("Change the value").clicked() {
                    chooses = true;
                    ui.close();
                }
                place_menu(session, &value, element, ui, commands);
            });
            if chooses {
                ui.data_mut(|data| data.insert_temp(chosen, row as u32));
                ui.ctx().request_repaint();
            }
            let at = pos2(number.x + tokens::GROUP, y);
            ui.painter().text(at, Align2::LEFT_CENTER, text, tokens::mono(), color);
            if let Some(to) = to {
                if response.clicked() {
                    commands.extend(to.show.clone());
                }
                if !to.detail.is_empty() {
                    response.on_hover_ui(|ui| reference::explain(&to, "", ui));
                }
            }
        });
    });
}

/// The text that packed elements are: bytes as UTF-8, halves of 16 bits as UTF-16.
pub(super) fn letters(store: &Store, object: ObjectAddr, len: u32) -> Option<String> {
    let ObjectKind::Array(id, _) = store.object_kind(object)? else { return None };
    let element = |index| match store.element(object, index) {
        Some(Value::I32(value)) => Some(value as u32),
        _ => None,
    };
    let (module, index) = store.origin_of(id)?;
    let packed = fields(module, index).into_iter().next()?.1;
    let elements: Vec<u32> = (0..len.min(TEXT)).filter_map(element).collect();
    let text = match packed.trim_start_matches("mut ") {
        "i8" => {
            let bytes: Vec<u8> = elements.iter().map(|element| *element as u8).collect();
            // Where the bytes are cut off, a letter may be cut in two.
            let whole = |error: std::str::Utf8Error| match error.error_len() {
                None if len > TEXT => Some(error.valid_up_to()),
                _ => None,
            };
            let end = std::str::from_utf8(&bytes).map_or_else(whole, |text| Some(text.len()))?;
            String::from_utf8(bytes.get(..end)?.to_vec()).ok()?
        }
        "i16" => {
            let halves: Vec<u16> = elements.iter().map(|element| *element as u16).collect();
            String::from_utf16(&halves).ok()?
        }
        _ => return None,
    };
    text.chars().all(|letter| !letter.is_control() || letter == '\n').then_some(text)
}

/// Links to what refers to the object.
fn referred_by(
    session: &Session,
    store: &Store,
    referrers: &Referrers,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let count = referrers.roots.len() + referrers.objects.len();
    let dots = match (referrers.is_done(), referrers.objects.len() >= LISTED) {
        (false, _) => " and counting".to_owned(),
        (true, true) => format!(": the first {LISTED} objects are listed"),
        (true, false) => String::new(),
    };
    widgets::section(ui, &format!("Referred to by · {count}{dots}"));
    if count == 0 && referrers.is_done() {
        let text = "nothing that is shown here: it is garbage, or a deeper frame holds it";
        ui.add(egui::Label::new(RichText::new(text).color(tokens.faint)).wrap());
    }
    for (text, show) in &referrers.roots {
        let shown = RichText::new(text).font(tokens::mono()).color(tokens.text);
        match show {
            Some(show) => {
                if ui.link(shown).clicked() {
                    commands.push(show.clone());
                }
            }
            None => drop(ui.label(shown)),
        }
    }
    for (object, place) in &referrers.objects {
        ui.horizontal(|ui| {
            let to = session.object_reference(*object);
            let name = format!("referrer {}", to.text);
            reference::link(session, &to, &name, ui, commands);
            let place = match store.object_kind(*object) {
                Some(ObjectKind::Array(..)) => format!("element {place}"),
                Some(kind) => names_of(store, kind)
                    .get(*place as usize)
                    .map_or_else(|| format!("value {place}"), |(name, _)| name.clone()),
                None => String::new(),
            };
            ui.label(RichText::new(place).font(tokens::mono_small()).color(tokens.weak));
        });
    }
}
