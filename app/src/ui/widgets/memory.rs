//! From an integer to the byte that it is the address of.

use egui::{Context, Id, Response, Ui};
use stepwell_engine::{InstanceId, MemAddr, Value};

use crate::session::{Command, MemoryView, Panel, Session};

fn id() -> Id {
    Id::unique("stepwell-memory-view")
}

/// The memory view that is in sight, or would be if Memory were in front.
pub fn view_in_sight<'a>(session: &'a Session, ctx: &Context) -> Option<&'a MemoryView> {
    let views = session.memory_views();
    let chosen: Option<u32> = ctx.data(|data| data.get_temp(id()));
    let chosen = chosen.and_then(|chosen| views.iter().find(|view| view.id == chosen));
    chosen.or(views.last())
}

/// Puts a view in sight.
pub fn choose_view(ctx: &Context, view: u32) {
    ctx.data_mut(|data| data.insert_temp(id(), view));
}

/// The memory that addresses of an instance's code are of: its first. Without an instance it is that of the frame
/// that is looked at.
fn memory_of(session: &Session, instance: Option<InstanceId>) -> Option<MemAddr> {
    let of_frame = || Some(session.frames().get(session.selected_frame())?.instance());
    let instance = instance.or_else(of_frame)?;
    session.store()?.instance(instance)?.memories().first().copied()
}

/// What shows the byte that an integer is the address of; nothing where there is none.
pub fn show(
    session: &Session,
    ctx: &Context,
    instance: Option<InstanceId>,
    value: &Value,
) -> Option<Vec<Command>> {
    let address = match *value {
        Value::I32(value) => u64::from(value as u32),
        Value::I64(value) => value as u64,
        _ => return None,
    };
    let in_sight = view_in_sight(session, ctx)?;
    let memory = memory_of(session, instance).unwrap_or(in_sight.memory);
    let bytes = session.store()?.memory(memory)?.bytes();
    if address >= bytes.len() as u64 {
        return None;
    }
    let mut commands = vec![Command::RevealPanel(Panel::Memory)];
    let has_it = |view: &&MemoryView| view.memory == memory;
    let view = Some(in_sight).filter(has_it).or(session.memory_views().iter().find(has_it));
    if view.is_none() {
        commands.push(Command::ViewMemory { view: in_sight.id, memory: memory.0 });
    }
    let view = view.unwrap_or(in_sight).id;
    commands.push(Command::GoToAddress { view, address });
    Some(commands)
}

/// The entry of a menu for that; the menu closes when it is chosen.
pub fn menu_entry(show: Option<Vec<Command>>, ui: &mut Ui, commands: &mut Vec<Command>) {
    named_entry("Show in memory", show, ui, commands);
}

/// The same, called otherwise where there are several.
pub fn named_entry(
    name: &str,
    show: Option<Vec<Command>>,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    if let Some(show) = show
        && ui.button(name).clicked()
    {
        if let Some(Command::GoToAddress { view, .. }) = show.last() {
            choose_view(ui.ctx(), *view);
        }
        commands.extend(show);
        ui.close();
    }
}

/// A menu of that entry alone, for a value that cannot be changed.
pub fn menu(
    session: &Session,
    instance: Option<InstanceId>,
    value: &Value,
    response: &Response,
    commands: &mut Vec<Command>,
) {
    if !matches!(value, Value::I32(_) | Value::I64(_)) {
        return;
    }
    // Whether it leads anywhere is looked at once the menu is open.
    response.context_menu(|ui| match show(session, ui.ctx(), instance, value) {
        None => drop(ui.label("It is no address of this memory.")),
        some => menu_entry(some, ui, commands),
    });
}
