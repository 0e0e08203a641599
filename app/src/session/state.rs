//! A session as JSON: for pages that embed it, and for tests that drive one.

use serde_json::{Value as Json, json};
use stepwell_engine::Value;
use stepwell_engine::observe::FrameView;
use stepwell_engine::text::dotted;

use super::types::{
    HostAnswerState, HostCallRecord, ImportSource, OpenModule, RunState, StopReason,
};
use super::{ImportPolicy, Session, TaskState};

/// Frames described; a deep recursion has more.
const FRAMES: usize = 64;
/// Host calls described, the last ones.
const CALLS: usize = 64;
/// Lines of the log described, the last ones.
const LINES: usize = 256;

fn texts<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    values.into_iter().map(Value::to_string).collect()
}

impl Session {
    /// What is open, what is being opened (`opening`), what the machine does and holds: `modules`, `run`,
    /// `prepares` (what comes before the export), `clock`, `past` (the counts that can be gone to), `speed` (instructions a
    /// second of the last run), `frames` (innermost first), `pending`, `host_calls`, `tasks`, `console`,
    /// `awaits_input` (standard input), `files`, `breakpoints`, `watches`, `log`, `import_breaks`, `memories`, `heap` (its bytes, its collections and the object looked at),
    /// `throws` (what the next instruction throws), `waits` (for a notification), `bulk` (what an unfinished
    /// bulk instruction has written), `focus`, `notices` and
    /// `theme`, `vector_shape`. Values are texts as `i32:5`, offsets and addresses numbers.
    pub fn state_json(&self) -> Json {
        let frames = self.frames();
        let calls = self.host_calls();
        let log = self.log_lines().lines();
        let last = calls.range(calls.len().saturating_sub(CALLS)..);
        json!({
            "modules": self.modules().iter().map(|open| self.module_json(open)).collect::<Vec<_>>(),
            "opening": self.openings().map(|opening| json!({
                "number": opening.number,
                "name": opening.name,
                "done": opening.done,
                "total": opening.total,
            })).collect::<Vec<_>>(),
            "run": self.run_json(),
            "prepares": self.preparing_text(),
            "clock": self.clock(),
            "past": self.past().map(|past| json!({
                "first": past.first,
                "now": past.now,
                "end": past.end,
                "is_past": past.is_past,
                "is_kept": past.is_kept,
                "kept_bytes": past.kept_bytes,
                "kept_states": past.kept_states,
            })),
            "speed": self.speed(),
            "depth": frames.len(),
            "selected_frame": self.selected_frame(),
            "frames": frames.iter().take(FRAMES).map(|frame| self.frame_json(frame)).collect::<Vec<_>>(),
            "pending": self.pending_call().map(|record| self.call_json(record)),
            "host_calls": last.map(|record| self.call_json(record)).collect::<Vec<_>>(),
            "tasks": self.tasks().iter().map(|task| json!({
                "number": task.number,
                "title": task.title,
                "state": task_state(&task.state),
                "executed": task.executed,
                "turns": task.turns,
                "function": task.function,
                "call": task.call,
                "selected": task.is_selected,
            })).collect::<Vec<_>>(),
            "console": self.console().iter().map(|piece| json!({
                "stream": format!("{:?}", piece.stream).to_lowercase(),
                "text": String::from_utf8_lossy(&piece.bytes),
                "task": piece.task,
            })).collect::<Vec<_>>(),
            "awaits_input": self.awaits_input(),
            "files": self.files().iter().map(|file| json!({
                "path": file.path,
                "folder": file.is_folder,
                "size": file.size,
            })).collect::<Vec<_>>(),
            "breakpoints": self.breakpoints().map(|breakpoint| json!({
                "module": breakpoint.module.0,
                "offset": breakpoint.offset,
                "enabled": breakpoint.enabled,
                "condition": breakpoint.condition,
                "message": breakpoint.message,
                "reached": breakpoint.reached,
                "hits": breakpoint.hits,
                "failure": breakpoint.failure,
            })).collect::<Vec<_>>(),
            "watches": self.watches().map(|watch| json!({
                "number": watch.number,
                "module": watch.module.0,
                "text": watch.text,
                "value": watch.value.as_ref().and_then(|value| value.as_ref().ok()).map(|value| value.datum.to_string()),
                "type": watch.value.as_ref().and_then(|value| value.as_ref().ok()).map(|value| value.datum.ty().name()),
                "error": watch.value.as_ref().and_then(|value| value.as_ref().err()),
                "frame": watch.frame,
            })).collect::<Vec<_>>(),
            "log": log.range(log.len().saturating_sub(LINES)..).map(|line| json!({
                "clock": line.clock,
                "task": line.task,
                "text": line.text,
            })).collect::<Vec<_>>(),
            "import_breaks": self.import_breaks().iter().map(|known| json!({
                "import": dotted(&known.module, &known.name),
                "when": known.when,
                "reached": known.reached,
                "hits": known.hits,
                "failure": known.failure,
            })).collect::<Vec<_>>(),
            "memories": self.memories().iter().map(|named| json!({
                "address": named.addr.0,
                "label": named.label,
                "pages": self.store().and_then(|store| store.memory(named.addr)).map(|memory| memory.pages()),
            })).collect::<Vec<_>>(),
            "heap": self.store().map(|store| json!({
                "bytes": store.heap().used_bytes(),
                "collections": store.heap().collections(),
                "object": self.heap_focus().object.map(|object| object.0),
            })),
            "throws": self.throwing().map(|throw| json!({
                "tag": throw.tag,
                "caught_in": throw.catcher.as_ref().map(|catcher| &catcher.label),
                "offset": throw.catcher.as_ref().map(|catcher| catcher.offset.0),
            })),
            "bulk": self.bulk_progress().map(|(name, progress)| json!({
                "instruction": name,
                "done": progress.done,
                "of": progress.len,
            })),
            "waits": self.atomic_wait().map(|wait| json!({
                "memory": wait.memory.0,
                "address": wait.address,
                "timeout": wait.timeout,
            })),
            "focus": self.code_focus().map(|focus| json!({
                "module": focus.module.0,
                "offset": focus.offset.0,
            })),
            "notices": self.notices().iter().map(|notice| json!({
                "id": notice.id,
                "error": notice.is_error,
                "text": notice.text,
            })).collect::<Vec<_>>(),
            "theme": self.theme(),
            "vector_shape": self.vector_shape(),
        })
    }

    fn module_json(&self, open: &OpenModule) -> Json {
        let imports = open.module.imports().iter().zip(&open.imports).map(|(import, state)| {
            let (source, reason) = match &state.source {
                ImportSource::Module(key) => (json!(key.0), None),
                ImportSource::Mismatch(_, reason) => (Json::Null, Some(reason)),
                ImportSource::Set(set) => (json!(set), None),
                ImportSource::Nobody => (Json::Null, None),
            };
            json!({
                "module": &*import.module,
                "name": &*import.name,
                "type": import.ty.to_string(),
                "satisfied_by": source,
                "mismatch": reason,
                "policy": match state.policy {
                    ImportPolicy::Ask => "Ask",
                    ImportPolicy::Zero => "Zero",
                    ImportPolicy::Trap => "Trap",
                },
            })
        });
        let exports = open.module.exports().iter().map(|export| {
            let ty = open.module.export_type(export.item).map(|ty| ty.to_string());
            json!({ "name": &*export.name, "type": ty })
        });
        json!({
            "key": open.key.0,
            "name": open.name,
            "size": open.module.bytes().len(),
            "functions": open.module.func_count(),
            "imports": imports.collect::<Vec<_>>(),
            "exports": exports.collect::<Vec<_>>(),
        })
    }

    fn run_json(&self) -> Json {
        match self.run_state() {
            RunState::Idle => json!({ "state": "idle" }),
            RunState::Running => json!({ "state": "running" }),
            RunState::Stopped(reason) => match reason {
                StopReason::Started => json!({ "state": "stopped", "reason": "started" }),
                StopReason::Stepped => json!({ "state": "stopped", "reason": "stepped" }),
                StopReason::Paused => json!({ "state": "stopped", "reason": "paused" }),
                StopReason::Past => json!({ "state": "stopped", "reason": "past" }),
                StopReason::Breakpoint { offset, hits, .. } => {
                    json!({ "state": "stopped", "reason": "breakpoint", "offset": offset, "hits": hits })
                }
                StopReason::Watchpoint(stop) => {
                    json!({ "state": "stopped", "reason": "watchpoint", "access": stop.text(), "hits": stop.hits })
                }
                StopReason::Arrived => json!({ "state": "stopped", "reason": "arrived" }),
                StopReason::HostCall => json!({ "state": "stopped", "reason": "host call" }),
                StopReason::ImportBreak { module, name } => {
                    json!({ "state": "stopped", "reason": "import", "import": dotted(module, name) })
                }
                StopReason::Exit(code) => {
                    json!({ "state": "stopped", "reason": "exit", "code": code })
                }
                StopReason::Wait => json!({ "state": "stopped", "reason": "atomic wait" }),
                StopReason::Trap(trap) => {
                    json!({ "state": "stopped", "reason": "trap", "trap": trap.code.to_string() })
                }
                StopReason::Done(values) => {
                    json!({ "state": "stopped", "reason": "done", "results": texts(values) })
                }
            },
        }
    }

    fn frame_json(&self, frame: &FrameView<'_>) -> Json {
        let locals = frame.locals();
        let labels = frame.labels();
        json!({
            "label": self.frame_label(frame),
            "module": self.module_of_instance(frame.instance()).map(|open| open.key.0),
            "instance": frame.instance().0,
            "function": frame.func().0,
            "offset": frame.offset().0,
            "operands": texts(&frame.operands()),
            "locals": locals.iter().map(|local| json!({
                "name": local.name,
                "value": local.value.to_string(),
            })).collect::<Vec<_>>(),
            "labels": labels.iter().rev().map(|label| json!({
                "kind": label.kind.name(),
                "target": label.target.0,
                "arity": label.arity,
            })).collect::<Vec<_>>(),
        })
    }

    fn call_json(&self, record: &HostCallRecord) -> Json {
        let answer = match &record.answer {
            HostAnswerState::Pending => Json::Null,
            HostAnswerState::Returned { values, .. } => json!({ "returned": texts(values) }),
            HostAnswerState::Trapped { message, .. } => json!({ "trapped": message }),
            HostAnswerState::Exited(code) => json!({ "exited": code }),
        };
        json!({
            "number": record.number,
            "task": record.task,
            "clock": record.clock,
            "import": dotted(&record.call.module, &record.call.name),
            "args": texts(&record.call.args),
            "text": self.call_text(record),
            "notes": self.describe_call(record).notes,
            "frames": record.frames.iter().map(|frame| json!({
                "label": &*frame.label,
                "instance": frame.instance.0,
                "offset": frame.offset.0,
            })).collect::<Vec<_>>(),
            "strings": record.strings.iter().map(|bytes| json!({
                "memory": bytes.memory.0,
                "address": bytes.address,
                "length": bytes.len,
                "text": bytes.text,
            })).collect::<Vec<_>>(),
            "answer": answer,
        })
    }
}

fn task_state(state: &TaskState) -> Json {
    match state {
        TaskState::Ready => json!("ready"),
        TaskState::Asks => json!("asks"),
        TaskState::Awaits => json!("awaits"),
        TaskState::Waits => json!("waits"),
        TaskState::Done(values) => json!({ "done": texts(values) }),
        TaskState::Trapped(message) => json!({ "trapped": message }),
        TaskState::Exited(code) => json!({ "exited": code }),
    }
}
