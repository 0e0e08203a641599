//! Who refers to an object from outside the heap: globals, tables and frames.

use stepwell_engine::module::NameKind;
use stepwell_engine::observe::FrameView;
use stepwell_engine::text::{identifier, path_part};
use stepwell_engine::{ObjectAddr, Store, Value};

use super::index::refers;
use crate::session::{Command, Panel, RunState, Session, StopReason};

/// Entries of a table that are looked at.
const ENTRIES: u64 = 100_000;
/// Frames that are looked at, the innermost ones.
const FRAMES: usize = 64;

/// What refers to an object, in words, and what shows it.
type Root = (String, Option<Command>);

/// Everything outside the heap that refers to an object.
pub(super) fn of(session: &Session, store: &Store, target: ObjectAddr) -> Vec<Root> {
    let mut found = Vec::new();
    for (position, frame) in session.frames().iter().take(FRAMES).enumerate() {
        of_frame(session, frame, position, target, &mut found);
    }
    let (values, what): (&[Value], _) = match session.run_state() {
        RunState::Stopped(StopReason::Done(results)) => (results, "result"),
        RunState::Stopped(StopReason::Trap(trap)) => (trap.values(), "uncaught value"),
        _ => {
            let call = session.pending_call().map(|pending| &pending.call);
            (call.map_or(&[], |call| &call.args), "argument of the host call:")
        }
    };
    let values = values.iter().enumerate().filter(|(_, value)| refers(**value, target));
    found.extend(values.map(|(position, _)| (format!("{what} {position}"), None)));
    globals(session, store, target, &mut found);
    tables(session, store, target, &mut found);
    found
}

fn of_frame(
    session: &Session,
    frame: &FrameView<'_>,
    position: usize,
    target: ObjectAddr,
    found: &mut Vec<Root>,
) {
    let label = session.frame_label(frame);
    let show = Some(Command::SelectFrame(position));
    for local in frame.locals() {
        if refers(local.value, target) {
            let name = local.name.map_or(local.index.to_string(), |name| identifier(&name));
            found.push((format!("local {name} of {label}"), show.clone()));
        }
    }
    for (index, value) in frame.operands().into_iter().enumerate() {
        if refers(value, target) {
            found.push((format!("operand {index} of {label}"), show.clone()));
        }
    }
}

fn globals(session: &Session, store: &Store, target: ObjectAddr, found: &mut Vec<Root>) {
    let mut seen = Vec::new();
    for instance in store.instances() {
        let Some(open) = session.module_of_instance(instance) else { continue };
        let globals = store.instance(instance).map_or(&[][..], |instance| instance.globals());
        for (index, addr) in (0u32..).zip(globals) {
            let value = store.global(*addr).map(|(_, value)| value);
            if value.is_some_and(|value| refers(value, target)) && !seen.contains(addr) {
                seen.push(*addr);
                let name = open.module.item_name(NameKind::Global, index);
                let name = name.map_or(index.to_string(), identifier);
                let show = Some(Command::RevealPanel(Panel::Globals));
                found.push((format!("global {name} of {}", path_part(&open.name)), show));
            }
        }
    }
}

fn tables(session: &Session, store: &Store, target: ObjectAddr, found: &mut Vec<Root>) {
    let mut seen = Vec::new();
    for instance in store.instances() {
        let Some(open) = session.module_of_instance(instance) else { continue };
        let tables = store.instance(instance).map_or(&[][..], |instance| instance.tables());
        for (index, addr) in (0u32..).zip(tables) {
            let Some(table) = store.table(*addr).filter(|_| !seen.contains(addr)) else { continue };
            seen.push(*addr);
            let ty = Value::default_of(table.ty().element.into());
            if matches!(ty, Value::FuncRef(_)) {
                continue;
            }
            let name = open.module.item_name(NameKind::Table, index);
            let name = name.map_or(index.to_string(), identifier);
            let hit = |at: &u64| table.get(*at).is_some_and(|value| refers(value, target));
            if let Some(at) = (0..table.size().min(ENTRIES)).find(hit) {
                let show = Some(Command::RevealPanel(Panel::Tables));
                found.push((
                    format!("entry {at} of table {name} of {}", path_part(&open.name)),
                    show,
                ));
            } else if table.size() > ENTRIES {
                let text = format!("(only {ENTRIES} entries of table {name} were looked at)");
                found.push((text, None));
            }
        }
    }
}
