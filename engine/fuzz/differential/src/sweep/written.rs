//! Modules and what they gave, written for an engine that is not here.

use std::error::Error;
use std::fs;
use std::path::Path;

use super::Reference;
use super::form::Group;
use crate::plain::{End, Plain, Why};

/// The calls of a group's plain module.
pub(super) struct Written {
    name: String,
    changes: bool,
    calls: Vec<String>,
}

impl Written {
    pub(super) fn new(group: &Group) -> Self {
        Self {
            name: group.name.replace([' ', ','], "-"),
            changes: group.changes,
            calls: Vec::new(),
        }
    }

    /// Notes a call: the function, its arguments, and how it ended.
    pub(super) fn add(&mut self, func: usize, reference: &Reference) {
        let end = match &reference.end {
            End::Returned(values) => list(values),
            End::Trapped(Why::Exception(_)) => Some("\"exception\"".into()),
            End::Trapped(_) => Some("\"trap\"".into()),
            End::Exhausted => None,
        };
        if let (Some(args), Some(end)) = (list(&reference.args), end) {
            self.calls.push(format!("[{func},{args},{end}]"));
        }
    }

    pub(super) fn save(&self, folder: &Path, module: &[u8]) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join(format!("{}.wasm", self.name)), module)?;
        let calls = self.calls.join(",\n");
        let text = format!("{{\"changes\":{},\"calls\":[\n{calls}]}}\n", self.changes);
        fs::write(folder.join(format!("{}.json", self.name)), text)?;
        Ok(())
    }
}

/// Types and bits; none where JavaScript cannot pass a value as it is.
fn list(values: &[Plain]) -> Option<String> {
    let text = |value: &Plain| {
        Some(match *value {
            Plain::I32(bits) => format!("[\"i32\",\"{bits}\"]"),
            Plain::I64(bits) => format!("[\"i64\",\"{bits}\"]"),
            Plain::F32(bits) if !f32::from_bits(bits).is_nan() || bits == 0x7fc0_0000 => {
                format!("[\"f32\",\"{bits}\"]")
            }
            Plain::F64(bits) if !f64::from_bits(bits).is_nan() || bits == 0x7ff8 << 48 => {
                format!("[\"f64\",\"{bits}\"]")
            }
            _ => return None,
        })
    };
    let texts: Option<Vec<String>> = values.iter().map(text).collect();
    Some(format!("[{}]", texts?.join(",")))
}
