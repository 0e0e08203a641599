//! What a task holds at a moment, as text and as JSON.

use serde_json::{Value as Json, json};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::FrameView;
use stepwell_engine::text::{dotted, escaped};
use stepwell_engine::{Task, Value};

use super::machine::Machine;

/// Frames that are shown.
const FRAMES: usize = 64;

/// In lines, for a person.
pub(super) fn text(machine: &Machine, task: &Task, clock: u64, end: u64) -> String {
    let mut text = format!("{clock} of {end}, task {}", task.id());
    if task.executed() != clock {
        text.push_str(&format!(" after {}", task.executed()));
    }
    text.push_str(&format!(": {}\n", state(machine, task)));
    for (number, frame) in task.frames(&machine.store).take(FRAMES).enumerate() {
        text.push_str(&format!("{number}: {}", machine.place(frame.site())));
        if let Some(instruction) = instruction(machine, &frame) {
            text.push_str(&format!(" {instruction}"));
        }
        text.push('\n');
        for local in frame.locals() {
            let name = local.name.map_or_else(
                || local.index.to_string(),
                |name| stepwell_engine::text::identifier(&name),
            );
            text.push_str(&format!("   local {name} {}\n", machine.value(&local.value)));
        }
        for (number, value) in frame.operands().iter().rev().enumerate() {
            text.push_str(&format!("   operand {number} {}\n", machine.value(value)));
        }
    }
    let more = task.depth(&machine.store).saturating_sub(FRAMES);
    if more > 0 {
        text.push_str(&format!("… and {more} more frames\n"));
    }
    text
}

/// As one object.
pub(super) fn json(machine: &Machine, task: &Task, clock: u64, end: u64) -> Json {
    let texts = |values: &[Value]| -> Vec<String> {
        values.iter().map(|value| machine.value(value)).collect()
    };
    let frames = task.frames(&machine.store).take(FRAMES).map(|frame| {
        let site = frame.site();
        let locals = frame.locals().into_iter().map(|local| {
            json!({ "index": local.index, "name": local.name, "value": machine.value(&local.value) })
        });
        json!({
            "instance": machine.name(site.instance),
            "function": site.func.0,
            "name": machine.func_name(site.instance, site.func),
            "offset": site.offset.0,
            "instruction": instruction(machine, &frame),
            "locals": locals.collect::<Vec<Json>>(),
            "operands": texts(&frame.operands()),
        })
    });
    json!({
        "count": clock,
        "end": end,
        "task": task.id().0,
        "executed": task.executed(),
        "state": state(machine, task),
        "results": task.results(&machine.store).map(texts),
        "frames": frames.collect::<Vec<Json>>(),
        "omitted_frames": task.depth(&machine.store).saturating_sub(FRAMES),
    })
}

fn instruction(machine: &Machine, frame: &FrameView<'_>) -> Option<String> {
    let site = frame.site();
    let module = machine.store.module_of(site.instance)?;
    let listing = Listing::new(module, site.func).ok()?;
    let position = listing.position(site.offset)?;
    machine.instruction(site, &listing, position).map(|instruction| instruction.to_string())
}

pub(super) fn state(machine: &Machine, task: &Task) -> String {
    let store = &machine.store;
    if let Some(trap) = task.trap(store) {
        return format!("trap: {}", escaped(&trap.code.to_string()));
    }
    if let Some(code) = task.exit_code(store) {
        return format!("exit {code}");
    }
    if let Some(values) = task.results(store) {
        let values: Vec<String> = values.iter().map(|value| machine.value(value)).collect();
        return format!("done {}", values.join(" ")).trim_end().to_owned();
    }
    if let Some(call) = task.pending_call(store) {
        return format!("waits for {}", dotted(&call.module, &call.name));
    }
    match task.atomic_wait(store) {
        Some(wait) => format!("waits at address {}", wait.address),
        None => "runs".to_owned(),
    }
}
