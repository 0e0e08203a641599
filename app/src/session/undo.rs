//! Taking back what was changed by hand, as long as the machine stands where that was done.

use std::collections::VecDeque;

use stepwell_engine::module::NameKind;
use stepwell_engine::text::{identifier, path_part};
use stepwell_engine::{GlobalAddr, MemAddr, Value};

use super::command::Command;
use super::types::SessionError;
use super::value_text::untyped;
use super::{Session, not_now};

/// Changes that can be taken back; of more the oldest stay as they are.
const KEPT: usize = 200;
/// Bytes that changes of memory keep altogether.
const BYTES_KEPT: usize = 4 << 20;

/// What was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Target {
    Local { task: Option<u32>, frame: usize, index: u32 },
    Operand { task: Option<u32>, frame: usize, index: u32 },
    Global(GlobalAddr),
    Bytes { memory: MemAddr, address: u64, len: u64 },
}

#[derive(Clone, PartialEq, Debug)]
enum Content {
    Value(Value),
    Bytes(Vec<u8>),
}

impl Content {
    fn size(&self) -> usize {
        match self {
            Content::Value(_) => 0,
            Content::Bytes(bytes) => bytes.len(),
        }
    }
}

/// A change by hand.
#[derive(Clone, PartialEq, Debug)]
struct Edit {
    target: Target,
    before: Content,
    after: Content,
}

/// A change that is about to be made, with what is there before it.
pub(super) struct EditBefore {
    target: Target,
    before: Content,
}

/// Changes since the machine came to where it stands.
#[derive(Default)]
pub(super) struct Edits {
    done: VecDeque<Edit>,
    undone: Vec<Edit>,
    /// Why those that there were cannot be taken back any more.
    ended: Option<&'static str>,
}

impl Edits {
    /// The machine is no longer where they were made.
    pub(super) fn end(&mut self, why: &'static str) {
        if !self.done.is_empty() || !self.undone.is_empty() {
            self.done.clear();
            self.undone.clear();
            self.ended = Some(why);
        }
    }

    fn push(&mut self, edit: Edit) {
        self.undone.clear();
        self.ended = None;
        self.done.push_back(edit);
        let size = |edit: &Edit| edit.before.size() + edit.after.size();
        let mut bytes: usize = self.done.iter().map(size).sum();
        while self.done.len() > KEPT || bytes > BYTES_KEPT {
            let Some(oldest) = self.done.pop_front() else { return };
            bytes -= size(&oldest);
        }
    }
}

impl Session {
    /// Whether something has been changed by hand, be it that it cannot be taken back any more: that is told.
    pub fn has_edits(&self) -> bool {
        !self.edits.done.is_empty() || self.edits.ended.is_some()
    }

    /// Whether something has been taken back that can be done again.
    pub fn has_undone(&self) -> bool {
        !self.edits.undone.is_empty()
    }

    /// The change that a command makes, if it makes one.
    pub(super) fn edit_of(&self, command: &Command) -> Option<EditBefore> {
        let task = self.selected_task();
        let target = match *command {
            Command::SetLocal { frame, local, .. } => Target::Local { task, frame, index: local },
            Command::SetOperand { frame, operand, .. } => {
                Target::Operand { task, frame, index: operand }
            }
            Command::SetGlobal { global, .. } => Target::Global(GlobalAddr(global)),
            Command::WriteMemory { memory, address, ref bytes } => {
                Target::Bytes { memory: MemAddr(memory), address, len: bytes.len() as u64 }
            }
            _ => return None,
        };
        Some(EditBefore { target, before: self.content(target)? })
    }

    /// Notes a change that has been made.
    pub(super) fn has_edited(&mut self, edit: EditBefore) {
        let EditBefore { target, before } = edit;
        if let Some(after) = self.content(target) {
            self.edits.push(Edit { target, before, after });
        }
    }

    /// What is there now.
    fn content(&self, target: Target) -> Option<Content> {
        match target {
            Target::Local { frame, index, .. } => {
                let frames = self.frames();
                let local = frames.get(frame)?.locals().get(index as usize)?.value;
                Some(Content::Value(local))
            }
            Target::Operand { frame, index, .. } => {
                let frames = self.frames();
                frames.get(frame)?.operands().get(index as usize).copied().map(Content::Value)
            }
            Target::Global(global) => Some(Content::Value(self.store()?.global(global)?.1)),
            Target::Bytes { memory, address, len } => {
                let bytes = self.store()?.memory(memory)?.read(address, len).ok()?;
                Some(Content::Bytes(bytes.to_vec()))
            }
        }
    }

    /// Takes back the last change.
    pub(super) fn undo(&mut self) -> Result<(), SessionError> {
        let Some(edit) = self.edits.done.back().cloned() else {
            return Err(match self.edits.ended {
                Some(why) => not_now(format!("the change cannot be taken back: {why}")),
                None => not_now("nothing has been changed by hand"),
            });
        };
        self.put(edit.target, &edit.before)?;
        self.edits.done.pop_back();
        let text = format!("{} back to {}", self.words(edit.target), self.said(&edit.before));
        self.edits.undone.push(edit);
        self.notify(false, text);
        Ok(())
    }

    /// Makes the change again that was taken back last.
    pub(super) fn redo(&mut self) -> Result<(), SessionError> {
        let Some(edit) = self.edits.undone.last().cloned() else {
            return Err(not_now("nothing has been taken back"));
        };
        self.put(edit.target, &edit.after)?;
        self.edits.undone.pop();
        let text = format!("{} again {}", self.words(edit.target), self.said(&edit.after));
        self.edits.done.push_back(edit);
        self.notify(false, text);
        Ok(())
    }

    fn put(&mut self, target: Target, content: &Content) -> Result<(), SessionError> {
        if let Target::Local { task: Some(task), .. } | Target::Operand { task: Some(task), .. } =
            target
            && self.selected_task() != Some(task)
        {
            self.select_task(task)?;
        }
        let machine = self.stopped_machine()?;
        match (target, content) {
            (Target::Local { frame, index, .. }, Content::Value(value)) => {
                let (task, store) =
                    machine.task_and_store().ok_or_else(|| not_now("start an export first"))?;
                task.set_local(store, frame, index, *value)?;
            }
            (Target::Operand { frame, index, .. }, Content::Value(value)) => {
                let (task, store) =
                    machine.task_and_store().ok_or_else(|| not_now("start an export first"))?;
                task.set_operand(store, frame, index, *value)?;
            }
            (Target::Global(global), Content::Value(value)) => {
                machine.store.set_global(global, *value)?;
            }
            (Target::Bytes { memory, address, .. }, Content::Bytes(bytes)) => {
                if machine.store.memory(memory).is_none() {
                    return Err(not_now("there is no such memory"));
                }
                machine.store.write_memory(memory, address, bytes)?;
            }
            (Target::Bytes { .. }, Content::Value(_)) | (_, Content::Bytes(_)) => {}
        }
        Ok(())
    }

    /// What a target is called.
    fn words(&self, target: Target) -> String {
        let of_frame = |frame: usize| match frame {
            0 => String::new(),
            outer => format!(" of frame {outer}"),
        };
        match target {
            Target::Local { frame, index, .. } => {
                let frames = self.frames();
                let locals = frames.get(frame).map(|frame| frame.locals()).unwrap_or_default();
                let name = locals.get(index as usize).and_then(|local| local.name.clone());
                let name = name.map_or_else(|| index.to_string(), |name| identifier(&name));
                format!("local {name}{}", of_frame(frame))
            }
            Target::Operand { frame, index, .. } => format!("operand {index}{}", of_frame(frame)),
            Target::Global(global) => format!("global {}", self.global_words(global)),
            Target::Bytes { memory, address, len } => {
                let label = self.memory_label(memory);
                match len {
                    1 => format!("the byte at 0x{address:x} of {label}"),
                    len => format!("{len} bytes at 0x{address:x} of {label}"),
                }
            }
        }
    }

    fn global_words(&self, global: GlobalAddr) -> String {
        let find = || {
            let store = self.store()?;
            store.instances().find_map(|instance| {
                let open = self.module_of_instance(instance)?;
                let mut globals = (0u32..).zip(store.instance(instance)?.globals());
                let (index, _) = globals.find(|(_, known)| **known == global)?;
                let name = open.module.item_name(NameKind::Global, index);
                let name = name.map_or_else(|| index.to_string(), identifier);
                Some(format!("{}:{name}", path_part(&open.name)))
            })
        };
        find().unwrap_or_else(|| global.to_string())
    }

    fn said(&self, content: &Content) -> String {
        match content {
            Content::Value(value) if value.ty().is_ref() => self.value_text(value),
            Content::Value(value) => untyped(value),
            Content::Bytes(bytes) => {
                const SHOWN: usize = 8;
                let shown = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}"));
                let text: Vec<String> = shown.collect();
                let dots = if bytes.len() > SHOWN { " …" } else { "" };
                format!("{}{dots}", text.join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{run_on, start, with};
    use super::*;

    const TEXT: &str = r#"(module (memory (export "m") 1) (global $g (export "g") (mut i64) (i64.const 3))
      (func (export "run") (param $n i32) (result i32) (i32.add (local.get $n) (i32.const 1))))"#;

    fn begun() -> Session {
        let mut session = with(&[("m", TEXT)]);
        start(&mut session, "m", "run", &["5"]);
        session.apply(Command::StepInto).unwrap();
        session
    }

    fn said(session: &Session) -> &str {
        &session.notices().last().unwrap().text
    }

    fn local(session: &Session) -> Value {
        session.frames()[0].locals()[0].value
    }

    #[test]
    fn every_kind_of_change_is_taken_back_and_made_again() {
        let mut session = begun();
        let memory = session.memories()[0].addr.0;
        let operand = |session: &Session| session.frames()[0].operands()[0];
        for command in [
            Command::SetLocal { frame: 0, local: 0, value: "9".into() },
            Command::SetOperand { frame: 0, operand: 0, value: "-1".into() },
            Command::SetGlobal { global: 0, value: "8".into() },
            Command::WriteMemory { memory, address: 0x10, bytes: vec![0xab, 0xcd] },
        ] {
            session.apply(command).unwrap();
        }
        session.apply(Command::Undo).unwrap();
        assert_eq!(said(&session), "2 bytes at 0x10 of m:0 back to 00 00");
        let bytes = session.store().unwrap().memory(MemAddr(memory)).unwrap().bytes();
        assert_eq!(bytes[0x10..0x12], [0, 0]);
        session.apply(Command::Undo).unwrap();
        assert_eq!(said(&session), "global m:$g back to 3");
        session.apply(Command::Undo).unwrap();
        assert_eq!(said(&session), "operand 0 back to 5");
        assert_eq!(operand(&session), Value::I32(5));
        session.apply(Command::Undo).unwrap();
        assert_eq!(said(&session), "local $n back to 5");
        assert_eq!(local(&session), Value::I32(5));
        assert!(!session.has_edits());
        session.apply(Command::Redo).unwrap();
        assert_eq!(said(&session), "local $n again 9");
        session.apply(Command::Redo).unwrap();
        assert_eq!((local(&session), operand(&session)), (Value::I32(9), Value::I32(-1)));
        // Another change, and what was taken back stays so.
        session.apply(Command::SetLocal { frame: 0, local: 0, value: "1".into() }).unwrap();
        assert!(!session.has_undone());
        session.apply(Command::Undo).unwrap();
        assert_eq!(local(&session), Value::I32(9));
    }

    #[test]
    fn what_is_refused_is_no_change() {
        let mut session = begun();
        let wrong = Command::SetLocal { frame: 0, local: 0, value: "nine".into() };
        session.apply(wrong).unwrap_err();
        let beyond = Command::WriteMemory { memory: 0, address: 0xffff, bytes: vec![1, 2] };
        session.apply(beyond).unwrap_err();
        assert!(!session.has_edits());
    }

    #[test]
    fn once_the_machine_has_moved_on_it_is_said_why_not() {
        let mut session = begun();
        let set = Command::SetLocal { frame: 0, local: 0, value: "9".into() };
        session.apply(set.clone()).unwrap();
        session.apply(Command::StepInto).unwrap();
        assert!(session.has_edits(), "there is something to say");
        let error = session.apply(Command::Undo).unwrap_err().to_string();
        assert!(error.contains("the machine has run on"), "{error}");
        assert_eq!(local(&session), Value::I32(9));
        session.apply(set).unwrap();
        session.apply(Command::Restart).unwrap();
        let error = session.apply(Command::Undo).unwrap_err().to_string();
        assert!(error.contains("the run that it was made in is over"), "{error}");
    }

    #[test]
    fn who_has_looked_at_the_past_takes_back_in_the_present() {
        let mut session = begun();
        session.apply(Command::SetLocal { frame: 0, local: 0, value: "9".into() }).unwrap();
        session.apply(Command::StepBack).unwrap();
        run_on(&mut session);
        assert!(session.is_past());
        session.apply(Command::Undo).unwrap_err();
        session.apply(Command::GoToPresent).unwrap();
        run_on(&mut session);
        assert_eq!(local(&session), Value::I32(9));
        session.apply(Command::Undo).unwrap();
        assert_eq!(local(&session), Value::I32(5));
    }

    #[test]
    fn a_list_of_changes_has_an_end() {
        let mut session = begun();
        for number in 0..KEPT + 10 {
            let value = number.to_string();
            session.apply(Command::SetLocal { frame: 0, local: 0, value }).unwrap();
        }
        for _ in 0..KEPT {
            session.apply(Command::Undo).unwrap();
        }
        assert_eq!(local(&session), Value::I32(9), "the first ten stay");
        session.apply(Command::Undo).unwrap_err();
    }
}
