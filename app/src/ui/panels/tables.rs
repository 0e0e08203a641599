//! Tables of all instances, entry by entry.

use egui::{Align2, RichText, Sense, Ui, pos2};
use stepwell_engine::module::NameKind;
use stepwell_engine::text::{identifier, path_part};
use stepwell_engine::{Ref, Store, TableAddr, Value};

use crate::session::{Command, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::virtual_rows::VirtualRows;
use crate::ui::widgets::{self, reference};

/// Entries looked at for the list without nulls.
const SCANNED: u64 = 100_000;

struct NamedTable {
    addr: TableAddr,
    label: String,
    hue: f32,
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(store) = session.store() else {
        widgets::empty(ui, "No tables yet: they come to life when an export is started.");
        return commands;
    };
    let tables = tables(session, store);
    if tables.is_empty() {
        widgets::empty(ui, "The modules that run have no tables.");
        return commands;
    }
    let id = ui.scope_id().with("chosen");
    let chosen: u32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let Some(table) = tables.iter().find(|table| table.addr.0 == chosen).or(tables.first()) else {
        return commands;
    };
    let tokens = Tokens::of(ui);
    let hide_id = ui.scope_id().with("hide");
    let mut hide: bool = ui.data(|data| data.get_temp(hide_id)).unwrap_or(false);
    ui.horizontal_wrapped(|ui| {
        for other in &tables {
            let text =
                RichText::new(&other.label).font(tokens::mono()).color(tokens.module(other.hue));
            let tab = ui.selectable_label(other.addr == table.addr, text);
            rects::note(&tab, || format!("tables.{}", other.label));
            if tab.clicked() {
                ui.data_mut(|data| data.insert_temp(id, other.addr.0));
            }
        }
        ui.checkbox(&mut hide, "hide null");
    });
    ui.data_mut(|data| data.insert_temp(hide_id, hide));
    entries(session, store, table, hide, ui, &mut commands);
    commands
}

fn entries(
    session: &Session,
    store: &Store,
    named: &NamedTable,
    hide: bool,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let Some(table) = store.table(named.addr) else { return };
    let tokens = Tokens::of(ui);
    let (ty, size) = (table.ty(), table.size());
    let most =
        ty.limits.max.map_or(String::new(), |max| format!(", at most {}", widgets::grouped(max)));
    let wide = if ty.index64 { ", indices of 64 bits" } else { "" };
    let facts = format!(
        "{} entries of {}{most}{wide}",
        widgets::grouped(size),
        session.store_type(ty.element.into())
    );
    ui.label(RichText::new(facts).color(tokens.weak));
    let is_null = |value: &Value| value.as_ref().is_some_and(Ref::is_null);
    let kept: Option<Vec<u64>> = hide.then(|| {
        let scanned = 0..size.min(SCANNED);
        scanned.filter(|index| table.get(*index).is_some_and(|value| !is_null(&value))).collect()
    });
    let count = kept.as_ref().map_or(size, |kept| kept.len() as u64);
    if count == 0 {
        widgets::empty(ui, if size == 0 { "The table is empty." } else { "All entries are null." });
        return;
    }
    let rows = VirtualRows::new(ui, ("table", named.addr.0, hide), count);
    rows.show(ui, |ui, row, place| {
        let index = match &kept {
            Some(kept) => kept.get(row as usize).copied(),
            None => Some(row),
        };
        let Some((index, value)) = index.and_then(|index| Some((index, table.get(index)?))) else {
            return;
        };
        let Some(to) = session.reference(&value) else { return };
        let color = reference::color(session, &to, tokens);
        let response = ui.interact(place, ui.scope_id().with(("entry", index)), Sense::click());
        let label = format!("entry {index} {}", to.text);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        if response.hovered() && to.show.is_some() {
            ui.painter().rect_filled(place, 0.0, tokens.hover_row);
        }
        let y = place.center().y;
        let number = pos2(place.left() + tokens::FIELD * 0.7, y);
        ui.painter().text(
            number,
            Align2::RIGHT_CENTER,
            index.to_string(),
            tokens::mono_small(),
            tokens.faint,
        );
        let place = session.element_to_watch(named.addr, index);
        if let Some(place) = &place {
            widgets::watch::sign(session, place, pos2(number.x + tokens::GROUP / 2.0, y), ui);
        }
        let at = pos2(number.x + tokens::GROUP, y);
        ui.painter().text(at, Align2::LEFT_CENTER, &to.text, tokens::mono(), color);
        if response.clicked() {
            commands.extend(to.show.clone());
        }
        if let Some(place) = place {
            response.context_menu(|ui| widgets::watch::menu(session, place, ui, commands));
        }
        if !to.detail.is_empty() {
            response.on_hover_ui(|ui| reference::explain(&to, "", ui));
        }
    });
}

fn tables(session: &Session, store: &Store) -> Vec<NamedTable> {
    let mut found: Vec<NamedTable> = Vec::new();
    for instance in store.instances() {
        let Some(open) = session.module_of_instance(instance) else { continue };
        let Some(instance) = store.instance(instance) else { continue };
        for (index, addr) in (0u32..).zip(instance.tables()) {
            if found.iter().any(|known| known.addr == *addr) {
                continue;
            }
            let label = match open.module.item_name(NameKind::Table, index) {
                Some(name) => format!("{}:{}", path_part(&open.name), identifier(name)),
                None => format!("{}:{index}", path_part(&open.name)),
            };
            found.push(NamedTable { addr: *addr, label, hue: open.hue });
        }
    }
    found
}
