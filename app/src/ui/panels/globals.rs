//! Globals of all instances, with their values.

use egui::{RichText, Ui};
use stepwell_engine::module::{ExportItem, NameKind};
use stepwell_engine::text::{dotted, identifier, quoted};
use stepwell_engine::types::Mutability;
use stepwell_engine::{ExternType, InstanceId, Store};

use crate::session::{Command, OpenModule, RunState, Session, WatchTarget};
use crate::ui::feedback;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::{self, edit::EditValue};

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(store) = session.store() else {
        widgets::empty(ui, "No globals yet: they come to life when an export is started.");
        return commands;
    };
    let mut any = false;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = tokens::ROW;
        for instance in store.instances() {
            let Some(open) = session.module_of_instance(instance) else { continue };
            any |= of_instance(session, store, instance, open, ui, &mut commands);
        }
    });
    if !any {
        widgets::empty(ui, "The modules that run have no globals.");
    }
    commands
}

fn of_instance(
    session: &Session,
    store: &Store,
    instance: InstanceId,
    open: &OpenModule,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> bool {
    let globals = store.instance(instance).map_or(&[][..], |instance| instance.globals());
    if globals.is_empty() {
        return false;
    }
    let stopped = *session.run_state() != RunState::Running;
    widgets::module_label(ui, open, ui.available_width());
    let grid = egui::Grid::new(("globals", instance.0)).num_columns(4).spacing(tokens::GRID);
    grid.min_col_width(0.0).show(ui, |ui| {
        let tokens = Tokens::of(ui);
        for (index, addr) in (0u32..).zip(globals) {
            let Some((ty, value)) = store.global(*addr) else { continue };
            let number =
                RichText::new(index.to_string()).font(tokens::mono_small()).color(tokens.faint);
            let number = ui.label(number).rect;
            let place = Some(WatchTarget::Global { module: open.key, global: index });
            widgets::watch::beside(session, place.as_ref(), number, ui);
            let name = name_of(open, index);
            let shown = name.clone().unwrap_or_else(|| "global".to_owned());
            let color = if name.is_some() { tokens.text } else { tokens.faint };
            let label = ui.label(RichText::new(&shown).font(tokens::mono()).color(color));
            if let Some((module, field)) = imported_as(open, index) {
                label.on_hover_text(format!("imported as {}", dotted(&module, &field)));
            }
            let mutable = ty.mutability == Mutability::Var;
            let label = format!("global {} {index} {shown}", open.name);
            let changed =
                session.previous_global(addr.0).is_some_and(|old| old.to_bits() != value.to_bits());
            let edit =
                EditValue::new(session, &label, &value).changed(changed).of_instance(instance);
            let declared = Some(ty.content).filter(|ty| ty.is_ref());
            let declared = declared.map_or(String::new(), |ty| session.store_type(ty));
            let edit = edit.declared(declared).enabled(mutable && stopped);
            let edit = edit.place(place);
            if let Some(text) = edit.show(ui, commands) {
                commands.push(Command::SetGlobal { global: addr.0, value: text });
            }
            let kind = if mutable { "mutable" } else { "constant" };
            ui.label(RichText::new(kind).color(tokens.faint));
            ui.end_row();
        }
    });
    feedback::show(ui, |command| matches!(command, Command::SetGlobal { .. }));
    true
}

/// The name section's name, or the one it is exported under.
fn name_of(open: &OpenModule, index: u32) -> Option<String> {
    if let Some(name) = open.module.item_name(NameKind::Global, index) {
        return Some(identifier(name));
    }
    let exports = open.module.exports();
    let export = exports.iter().find(|export| export.item == ExportItem::Global(index))?;
    Some(quoted(&export.name))
}

fn imported_as(open: &OpenModule, index: u32) -> Option<(String, String)> {
    let mut globals =
        open.module.imports().iter().filter(|import| matches!(import.ty, ExternType::Global(_)));
    let import = globals.nth(index as usize)?;
    Some((import.module.to_string(), import.name.to_string()))
}
