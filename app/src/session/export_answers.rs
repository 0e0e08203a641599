//! Answers as files: JSON lines and CSV, one line a moment.

use serde_json::json;

use super::answers::{Answer, Author};
use super::export_calls::push_cell;
use super::{CallsFormat, Session};

const HEADINGS: &str = "clock,task,by,module,offset,host call,text\n";

impl Session {
    /// The answers to the last question as the text of a file.
    pub fn export_answers(&self, format: CallsFormat) -> String {
        let mut text = match format {
            CallsFormat::JsonLines => String::new(),
            CallsFormat::Csv => HEADINGS.to_owned(),
        };
        for row in self.answers().iter().flat_map(|answers| &answers.rows) {
            match format {
                CallsFormat::JsonLines => text.push_str(&self.answer_as_json(row)),
                CallsFormat::Csv => self.answer_as_cells(row, &mut text),
            }
            text.push('\n');
        }
        text
    }

    fn answer_as_json(&self, row: &Answer) -> String {
        let (module, offset, call) = self.parts_of(&row.author);
        let by = self.author_text(&row.author);
        let Answer { clock, task, text, .. } = row;
        json!({
            "clock": clock, "task": task, "by": by, "module": module, "offset": offset,
            "hostCall": call, "text": text,
        })
        .to_string()
    }

    fn answer_as_cells(&self, row: &Answer, text: &mut String) {
        let (module, offset, call) = self.parts_of(&row.author);
        let cells = [
            row.clock.to_string(),
            row.task.map_or(String::new(), |task| task.to_string()),
            self.author_text(&row.author),
            module.unwrap_or_default(),
            offset.map_or(String::new(), |offset| format!("0x{offset:04x}")),
            call.map_or(String::new(), |call| call.to_string()),
            row.text.clone(),
        ];
        for (position, cell) in cells.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            push_cell(text, cell);
        }
    }

    fn parts_of(&self, author: &Author) -> (Option<String>, Option<u32>, Option<u64>) {
        match author {
            Author::Instruction { module, offset, .. } => {
                (self.module(*module).map(|open| open.name.clone()), Some(*offset), None)
            }
            Author::HostCall { number, .. } => (None, None, Some(*number)),
            Author::Beginning | Author::Instance | Author::Hand => (None, None, None),
        }
    }

    /// Who has done something, in words.
    pub fn author_text(&self, author: &Author) -> String {
        match author {
            Author::Instruction { offset, func, .. } => format!("{func} at 0x{offset:04x}"),
            Author::HostCall { number, name } => format!("{name}, host call {number}"),
            Author::Beginning => "segments and initial values".to_owned(),
            Author::Instance => "an instance that was made".to_owned(),
            Author::Hand => "hand".to_owned(),
        }
    }
}
