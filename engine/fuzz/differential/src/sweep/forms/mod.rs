//! All operators, in groups.

mod atomics;
mod bulk;
mod control;
mod memory;
mod numeric;
mod references;
mod vector;

use super::form::{Breadth, Form, Group};

/// Forms of a group that is being made.
#[derive(Default)]
struct Forms(Vec<Form>);

impl Forms {
    fn add(&mut self, signature: &str, code: impl Into<String>) -> Result<(), String> {
        self.0.push(Form::new(signature, code)?);
        Ok(())
    }

    /// Of each line the signature, `:` and the operator.
    fn lines(mut self, lines: &str) -> Result<Self, String> {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (signature, code) = line.split_once(" : ").ok_or_else(|| format!("{line}?"))?;
            self.add(signature, code.trim())?;
        }
        Ok(self)
    }

    /// Operators that change nothing but what they return.
    fn pure(self, name: &str, fields: &str) -> Group {
        Group {
            name: name.into(),
            fields: fields.into(),
            forms: self.0,
            changes: false,
            breadth: Breadth::Wide,
            peer: true,
        }
    }

    fn changing(self, name: &str, fields: &str) -> Group {
        Group { changes: true, ..self.pure(name, fields) }
    }
}

/// All of them, or fewer immediates of memory accesses.
pub(super) fn all(full: bool) -> Result<Vec<Group>, String> {
    let mut groups = numeric::groups()?;
    for group in groups.iter_mut().filter(|group| group.name == "counter") {
        group.breadth = Breadth::Narrow;
    }
    groups.extend(bulk::groups()?);
    groups.extend(references::groups()?);
    groups.extend(control::groups()?);
    let vectors = vector::groups()?.into_iter();
    groups.extend(vectors.map(|group| Group { breadth: Breadth::Middle, ..group }));
    let memories = memory::groups(full)?.into_iter().chain(atomics::groups(full)?);
    groups.extend(memories.map(|group| Group { breadth: Breadth::Narrow, ..group }));
    Ok(groups)
}
