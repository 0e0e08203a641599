//! Host calls in words: arguments, the texts that they point at, the answer.

use stepwell_engine::MemAddr;
use stepwell_engine::text::{dotted, quoted};

use super::Session;
use super::types::{Answerer, DecodedBytes, HostAnswerState, HostCallRecord};
use crate::hosts::{self, HostSet};

/// A host call in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedCall {
    /// One for each argument, or for several that belong together, as a pointer and a length.
    pub args: Vec<DescribedArg>,
    /// What it was answered with: `i32:5`, `returned`, `trap: refused`, `exit 0`, `waits`.
    pub answer: String,
    /// Why it would not work everywhere.
    pub notes: Vec<String>,
}

/// An argument in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedArg {
    /// What it is called, as `fd`.
    pub name: Option<String>,
    /// Its value, or the text that it points at in quotation marks.
    pub text: String,
    /// The bytes that it points at: memory, address, length.
    pub range: Option<(MemAddr, u64, u64)>,
    /// Whether `text` is what these bytes hold.
    pub is_text: bool,
}

impl DescribedArg {
    fn value(text: &str) -> Self {
        Self { name: None, text: text.to_owned(), range: None, is_text: false }
    }
}

impl DescribedCall {
    /// The arguments, set apart by commas: `fd: 1, "hello"`.
    pub fn args_text(&self) -> String {
        let args = self.args.iter().map(|arg| match &arg.name {
            Some(name) => format!("{name}: {}", arg.text),
            None => arg.text.clone(),
        });
        args.collect::<Vec<_>>().join(", ")
    }
}

impl Session {
    /// A host call in words: as the ready set says that answers it, else by its values and the texts that
    /// pairs of pointer and length among them point at.
    pub fn describe_call(&self, record: &HostCallRecord) -> DescribedCall {
        if self.host_set_of(record).is_some()
            && let Some(described) = self.described_by_set(record)
        {
            return described;
        }
        let mut args = Vec::with_capacity(record.call.args.len());
        let mut position = 0;
        while let Some(text) = record.texts.get(position) {
            let bytes = record.strings.iter().find(|bytes| bytes.arg == position);
            match (bytes, record.texts.get(position + 1)) {
                (Some(bytes), Some(len)) => {
                    args.push(pointed_at(bytes, text, len));
                    position += 2;
                }
                _ => {
                    args.push(DescribedArg::value(text));
                    position += 1;
                }
            }
        }
        DescribedCall { args, answer: answer_text(&record.answer), notes: Vec::new() }
    }

    /// A host call in one line: `env.print("hello") → returned`.
    pub fn call_text(&self, record: &HostCallRecord) -> String {
        let described = self.describe_call(record);
        let (module, name) = (&record.call.module, &record.call.name);
        format!("{}({}) → {}", dotted(module, name), described.args_text(), described.answer)
    }

    /// The ready set of host functions that answers a call, or has answered it.
    pub fn host_set_of(&self, record: &HostCallRecord) -> Option<HostSet> {
        match &record.answer {
            HostAnswerState::Returned { by: Answerer::Set(set), .. }
            | HostAnswerState::Trapped { by: Answerer::Set(set), .. } => Some(*set),
            _ => {
                let caller = record.call.caller?.instance;
                self.set_of(caller, &record.call.module, &record.call.name)
            }
        }
    }
}

impl Session {
    /// What a ready set says of a call of one of its functions, results included: it knows what they are
    /// called and which numbers are errors.
    fn described_by_set(&self, record: &HostCallRecord) -> Option<DescribedCall> {
        let HostCallRecord { call, effects, answer, .. } = record;
        let results = match answer {
            HostAnswerState::Returned { values, .. } => Some(values.as_slice()),
            _ => None,
        };
        let caller = call.caller.map(|caller| caller.instance).zip(self.store());
        let memory = caller.and_then(|(caller, store)| hosts::memory_of(store, caller));
        let exports_memory =
            caller.is_some_and(|(caller, store)| hosts::exports_memory(store, caller));
        // Once it has been answered, the memory may hold something else.
        let waits = *answer == HostAnswerState::Pending;
        let live = memory.filter(|_| waits).and_then(|memory| self.store()?.memory(memory));
        let live = live.map(|memory| memory.bytes());
        let described = hosts::describe(&hosts::Calling {
            module: &call.module,
            name: &call.name,
            args: &call.args,
            effects,
            results,
            live,
            exports_memory,
            standard: self.hosts.standard_streams(),
        })?;
        let arg = |arg: hosts::DescribedArg| DescribedArg {
            name: Some(arg.name.to_owned()),
            is_text: arg.text.starts_with('"'),
            text: arg.text,
            range: memory.zip(arg.range).map(|(memory, (address, len))| (memory, address, len)),
        };
        let args = described.args.into_iter().map(arg).collect();
        let answer = described.answer.unwrap_or_else(|| answer_text(answer));
        Some(DescribedCall { args, answer, notes: described.notes })
    }
}

/// A pointer and a length. Only text is certain enough to stand in place of the two numbers.
fn pointed_at(bytes: &DecodedBytes, pointer: &str, len: &str) -> DescribedArg {
    let range = Some((bytes.memory, bytes.address, bytes.len));
    let text = match &bytes.text {
        Some(text) => {
            let dots = if (bytes.bytes.len() as u64) < bytes.len { " …" } else { "" };
            format!("{}{dots}", quoted(text))
        }
        None => format!("{pointer}, {len}"),
    };
    DescribedArg { name: None, text, range, is_text: bytes.text.is_some() }
}

fn answer_text(answer: &HostAnswerState) -> String {
    match answer {
        HostAnswerState::Pending => "waits".to_owned(),
        HostAnswerState::Returned { texts, .. } if texts.is_empty() => "returned".to_owned(),
        HostAnswerState::Returned { texts, .. } => texts.join(" "),
        HostAnswerState::Trapped { message, .. } => format!("trap: {message}"),
        HostAnswerState::Exited(code) => format!("exit {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, RunState, StopReason};
    use super::*;

    const TEXT: &str = r#"(module
      (import "env" "f" (func $f (param i32 i32 i32 funcref i64) (result i32)))
      (memory 1) (data (i32.const 8) "two\nlines\ff\fe")
      (elem declare func $main)
      (func $main (export "main") (param $len i32) (result i32)
        i32.const 7
        i32.const 8
        local.get $len
        ref.func $main
        i64.const -1
        call $f))"#;

    fn called(len: &str) -> Session {
        let mut session = Session::new();
        let bytes = TEXT.as_bytes().to_vec();
        session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
        let module = session.modules()[0].key;
        let (export, args) = ("main".to_owned(), vec![len.to_owned()]);
        session.apply(Command::Start { module, export, args }).unwrap();
        session.apply(Command::Continue).unwrap();
        assert_eq!(*session.run_state(), RunState::Stopped(StopReason::HostCall));
        session
    }

    fn texts(session: &Session) -> Vec<String> {
        let described = session.describe_call(&session.host_calls()[0]);
        described.args.into_iter().map(|arg| arg.text).collect()
    }

    #[test]
    fn text_stands_in_place_of_pointer_and_length_and_functions_have_their_names() {
        let session = called("9");
        assert_eq!(texts(&session), ["i32:7", "\"two\\nlines\"", "m.main", "i64:-1"]);
        let record = &session.host_calls()[0];
        let arg = &session.describe_call(record).args[1];
        assert_eq!((arg.range, arg.is_text), (Some((MemAddr(0), 8, 9)), true));
        let text = "env.f(i32:7, \"two\\nlines\", m.main, i64:-1) → waits";
        assert_eq!(session.call_text(record), text);
        assert_eq!(session.state_json()["host_calls"][0]["text"], text);
    }

    #[test]
    fn other_bytes_do_not_hide_the_two_numbers() {
        let session = called("11");
        let described = session.describe_call(&session.host_calls()[0]);
        // Either pair of the three numbers could be meant.
        assert!(described.args.iter().all(|arg| !arg.is_text));
        assert_eq!(described.args_text(), "i32:7, i32:8, i32:11, m.main, i64:-1");
        assert!(described.args.iter().any(|arg| arg.range.is_some()));
    }

    #[test]
    fn what_ends_the_program_elsewhere_is_noted_beside_the_call() {
        let text = r#"(module
          (import "wasi_snapshot_preview1" "clock_time_get" (func $get (param i32 i64 i32) (result i32)))
          (memory $other 1) (memory $one 1) EXPORT
          (func (export "main") (drop (call $get (i32.const 0) (i64.const 0) (i32.const 12)))))"#;
        let unaligned = "time at 0xc is no multiple of 8: other hosts end the program here";
        let none =
            "the module exports no memory named \"memory\": other hosts end the program here";
        let exported = [(r#"(export "memory" (memory $one))"#, unaligned, 1), ("", none, 0)];
        for (export, note, memory) in exported {
            let mut session = Session::new();
            let bytes = text.replace("EXPORT", export).into_bytes();
            session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
            let module = session.modules()[0].key;
            let start = Command::Start { module, export: "main".to_owned(), args: vec![] };
            session.apply(start).unwrap();
            session.apply(Command::Continue).unwrap();
            assert_eq!(*session.run_state(), RunState::Stopped(StopReason::Done(vec![])));
            let described = session.describe_call(&session.host_calls()[0]);
            assert_eq!(described.notes, [note]);
            let range = described.args[2].range;
            assert_eq!(range, Some((MemAddr(memory), 12, 8)), "the memory that is written to");
            assert_eq!(session.state_json()["host_calls"][0]["notes"][0], note);
        }
    }

    #[test]
    fn a_descriptor_is_called_a_stream_while_it_is_one() {
        let text = r#"(module
          (import "wasi_snapshot_preview1" "fd_sync" (func $sync (param i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "main")
            (drop (call $sync (i32.const 1)))
            (drop (call $close (i32.const 1)))
            (drop (call $sync (i32.const 2)))))"#;
        let mut session = Session::new();
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
        let module = session.modules()[0].key;
        session.apply(Command::Start { module, export: "main".to_owned(), args: vec![] }).unwrap();
        let fd = |session: &Session, call| {
            session.describe_call(&session.host_calls()[call]).args_text()
        };
        session.apply(Command::StepBy(2)).unwrap();
        assert_eq!(fd(&session, 0), "fd: 1 (stdout)");
        session.apply(Command::Continue).unwrap();
        assert_eq!([1, 2].map(|call| fd(&session, call)), ["fd: 1", "fd: 2 (stderr)"]);
    }

    #[test]
    fn answers_are_said_in_words() {
        let mut session = called("9");
        session.apply(Command::Answer(vec!["5".to_owned()])).unwrap();
        assert_eq!(session.describe_call(&session.host_calls()[0]).answer, "i32:5");
        let mut session = called("9");
        session.apply(Command::AnswerTrap("no".to_owned())).unwrap();
        assert_eq!(session.describe_call(&session.host_calls()[0]).answer, "trap: no");
        assert_eq!(answer_text(&HostAnswerState::Exited(3)), "exit 3");
    }
}
