//! Host calls as files: JSON lines and CSV, one line a call. `docs/host-calls-format.md` says what is in them.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::types::{Answerer, HostAnswerState, HostCallRecord};
use super::{Session, untyped};

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CallsFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values with a line of headings.
    Csv,
}

impl CallsFormat {
    /// The ending of such files.
    pub fn ending(self) -> &'static str {
        match self {
            CallsFormat::JsonLines => "jsonl",
            CallsFormat::Csv => "csv",
        }
    }
}

const HEADINGS: &str =
    "number,clock,task,caller,offset,module,name,arguments,values,answer,by,notes\n";

impl Session {
    /// Host calls as the text of a file.
    pub fn export_calls<'a>(
        &self,
        format: CallsFormat,
        calls: impl IntoIterator<Item = &'a HostCallRecord>,
    ) -> String {
        let mut text = match format {
            CallsFormat::JsonLines => String::new(),
            CallsFormat::Csv => HEADINGS.to_owned(),
        };
        for record in calls {
            match format {
                CallsFormat::JsonLines => self.json_line(record, &mut text),
                CallsFormat::Csv => self.csv_line(record, &mut text),
            }
            text.push('\n');
        }
        text
    }

    fn json_line(&self, record: &HostCallRecord, text: &mut String) {
        let described = self.describe_call(record);
        let frames = record.frames.iter();
        let frames: Vec<_> = frames
            .map(|frame| json!({ "function": &*frame.label, "offset": frame.offset.0 }))
            .collect();
        let arguments: Vec<_> = described
            .args
            .iter()
            .map(|arg| json!({ "name": arg.name, "text": arg.text }))
            .collect();
        let values: Vec<String> = record.call.args.iter().map(ToString::to_string).collect();
        let answer = match &record.answer {
            HostAnswerState::Pending => json!(null),
            HostAnswerState::Returned { values, .. } => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                json!({ "returned": values })
            }
            HostAnswerState::Trapped { message, .. } => json!({ "trapped": message }),
            HostAnswerState::Exited(code) => json!({ "exited": code }),
        };
        let line = json!({
            "number": record.number,
            "clock": record.clock,
            "task": record.task,
            "frames": frames,
            "module": &*record.call.module,
            "name": &*record.call.name,
            "arguments": arguments,
            "values": values,
            "answer": answer,
            "answered": described.answer,
            "by": by(&record.answer),
            "notes": described.notes,
        });
        let _ = write!(text, "{line}");
    }

    fn csv_line(&self, record: &HostCallRecord, text: &mut String) {
        let described = self.describe_call(record);
        let caller = record.frames.first();
        let values: Vec<String> = record.call.args.iter().map(untyped).collect();
        let cells = [
            record.number.to_string(),
            record.clock.to_string(),
            record.task.to_string(),
            caller.map_or(String::new(), |frame| frame.label.to_string()),
            caller.map_or(String::new(), |frame| format!("0x{:04x}", frame.offset.0)),
            record.call.module.to_string(),
            record.call.name.to_string(),
            described.args_text(),
            values.join(" "),
            described.answer,
            by(&record.answer).to_owned(),
            described.notes.join("; "),
        ];
        for (position, cell) in cells.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            push_cell(text, cell);
        }
    }
}

/// Who has answered, in a word.
fn by(answer: &HostAnswerState) -> &'static str {
    let by = match answer {
        HostAnswerState::Returned { by, .. } | HostAnswerState::Trapped { by, .. } => by,
        HostAnswerState::Pending => return "",
        HostAnswerState::Exited(_) => return "host",
    };
    match by {
        Answerer::Person => "person",
        Answerer::Policy => "policy",
        Answerer::Rule(_) => "rule",
        Answerer::Set(_) => "host",
    }
}

/// A cell as RFC 4180 writes it. What a spreadsheet would take for a formula is none: names are data of a
/// module.
pub(super) fn push_cell(text: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '@', '\t', '\r'])
        || cell.starts_with('-') && cell.parse::<f64>().is_err();
    if !is_formula && !cell.contains([',', '"', '\n', '\r']) {
        text.push_str(cell);
        return;
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Command, ImportPolicy};
    use super::*;

    fn called() -> Session {
        let text = r#"(module
          (import "env" "tell" (func $say (param i32 i32) (result i32)))
          (import "env" "=odd,\"name" (func $odd (param f64)))
          (memory 1) (data (i32.const 8) "a,\"b\"\n")
          (func $main (export "main")
            (drop (call $say (i32.const 8) (i32.const 6)))
            (call $odd (f64.const -0.5))))"#;
        let mut session = Session::new();
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
        let module = session.modules()[0].key;
        let policy = ImportPolicy::Zero;
        session.apply(Command::SetPolicy { module, import: 1, policy }).unwrap();
        let start = Command::Start { module, export: "main".to_owned(), args: Vec::new() };
        session.apply(start).unwrap();
        session.apply(Command::Continue).unwrap();
        assert!(session.pending_call().is_some(), "{:?}", session.run_state());
        session.apply(Command::Answer(vec!["-1".to_owned()])).unwrap();
        while session.tick(std::time::Duration::from_millis(10)) {}
        session
    }

    #[test]
    fn lines_of_json_say_all_of_each_call() {
        let session = called();
        let text = session.export_calls(CallsFormat::JsonLines, session.host_calls());
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["arguments"][0]["text"], r#""a,\"b\"\n""#);
        assert_eq!(lines[0]["values"], json!(["i32:8", "i32:6"]));
        assert_eq!(lines[0]["answer"], json!({ "returned": ["i32:-1"] }));
        assert_eq!((&lines[0]["by"], &lines[1]["by"]), (&json!("person"), &json!("policy")));
        assert_eq!(lines[1]["name"], r#"=odd,"name"#);
        assert_eq!(lines[0]["frames"][0]["function"], "m.main");
    }

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        let session = called();
        let text = session.export_calls(CallsFormat::Csv, session.host_calls());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        let columns = HEADINGS.trim().split(',').count();
        assert!(lines[1].starts_with("1,3,1,m.main,0x"), "{text}");
        assert!(lines[1].contains(r#",env,tell,"""a,\""b\""\n""",8 6,i32:-1,person,"#), "{text}");
        assert!(
            lines[2].contains(r#",env,"'=odd,""name",f64:-0.5,-0.5,returned,policy,"#),
            "{text}"
        );
        assert_eq!(columns, 12);
    }
}
