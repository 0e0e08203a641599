//! Calls of imports that nobody satisfies: recorded, decoded, answered.

use stepwell_engine::{HostAnswer, HostCall, Value};

use super::Session;
use super::command::ImportPolicy;
use super::types::{
    Answerer, CallFrame, DecodedBytes, HostAnswerState, HostCallRecord, SessionError,
};
use super::value_text::parse_value;

/// Bytes kept of what a pointer argument points at.
const DECODED_LIMIT: u64 = 256;
/// Longest text looked for behind a pointer; more is hardly meant.
const TEXT_LIMIT: u64 = 64 << 10;
/// Longest run of other bytes: two numbers that happen to lie within the memory are often no
/// pointer and length at all.
const BYTES_LIMIT: u64 = 4 << 10;
/// Frames kept with a record.
const FRAME_LIMIT: usize = 64;
/// Records kept; older ones are forgotten.
const RECORD_LIMIT: usize = 100_000;

impl Session {
    /// Notes a call and answers it, if its policy does; true if a person is to answer.
    pub(super) fn on_host_call(&mut self, call: HostCall) -> Result<bool, SessionError> {
        let policy = self.policy_of(&call);
        let record = self.record(call);
        let answer = match policy {
            ImportPolicy::Ask => None,
            ImportPolicy::Zero => {
                let results = record.call.ty.results();
                Some(HostAnswer::Return(results.iter().map(|ty| Value::default_of(*ty)).collect()))
            }
            ImportPolicy::Trap => {
                let import = format!("{}.{}", record.call.module, record.call.name);
                Some(HostAnswer::Trap(format!("import {import} was called; its policy is to trap")))
            }
        };
        if self.host_calls.len() >= RECORD_LIMIT {
            self.host_calls.drain(..RECORD_LIMIT / 10);
        }
        self.host_calls.push(record);
        match answer {
            Some(answer) => self.answer(answer, Answerer::Policy).map(|()| false),
            None => Ok(true),
        }
    }

    fn policy_of(&self, call: &HostCall) -> ImportPolicy {
        let find = || {
            let open = self.module_of_instance(call.caller?.instance)?;
            let position =
                open.module.imports().iter().position(|import| {
                    *import.module == *call.module && *import.name == *call.name
                })?;
            open.imports.get(position).map(|import| import.policy)
        };
        find().unwrap_or_default()
    }

    fn record(&self, call: HostCall) -> HostCallRecord {
        let frames = self
            .frames()
            .iter()
            .take(FRAME_LIMIT)
            .map(|frame| CallFrame {
                module: self.module_of_instance(frame.instance()).map(|open| open.key),
                instance: frame.instance(),
                func: frame.func(),
                label: self.frame_label(frame),
                offset: frame.offset(),
            })
            .collect();
        HostCallRecord {
            number: self.host_calls.last().map_or(0, |last| last.number) + 1,
            clock: self.clock(),
            strings: self.decode(&call),
            texts: call.args.iter().map(|arg| self.value_text(arg)).collect(),
            frames,
            call,
            answer: HostAnswerState::Pending,
        }
    }

    /// Reads what (pointer, length) pairs among the arguments point at, in the caller's memory.
    /// Pairs that hold printable text win over pairs that merely lie within the memory.
    fn decode(&self, call: &HostCall) -> Vec<DecodedBytes> {
        let memory = || {
            let store = self.store()?;
            let addr = *store.instance(call.caller?.instance)?.memories().first()?;
            Some((addr, store.memory(addr)?))
        };
        let Some((addr, memory)) = memory() else { return Vec::new() };
        let pair = |arg: usize| -> Option<DecodedBytes> {
            let (Value::I32(pointer), Value::I32(len)) =
                (*call.args.get(arg)?, *call.args.get(arg + 1)?)
            else {
                return None;
            };
            let (address, len) = (u64::from(pointer as u32), u64::from(len as u32));
            if len == 0 || len > TEXT_LIMIT {
                return None;
            }
            let whole = memory.read(address, len).ok()?;
            let text = std::str::from_utf8(whole).ok().filter(|text| is_printable(text));
            if text.is_none() && (len > BYTES_LIMIT || address == 0) {
                return None;
            }
            Some(DecodedBytes {
                arg,
                memory: addr,
                address,
                bytes: memory.read(address, len.min(DECODED_LIMIT)).ok()?.to_vec(),
                len,
                text: text.map(|text| text.chars().take(DECODED_LIMIT as usize).collect()),
            })
        };
        let mut found: Vec<DecodedBytes> = Vec::new();
        for printable in [true, false] {
            for decoded in (0..call.args.len()).filter_map(pair) {
                let free = found.iter().all(|known| known.arg.abs_diff(decoded.arg) > 1);
                if decoded.text.is_some() == printable && free && (printable || found.is_empty()) {
                    found.push(decoded);
                }
            }
        }
        found.sort_by_key(|decoded| decoded.arg);
        found
    }

    /// Answers with texts typed by a person.
    pub(super) fn answer_texts(&mut self, texts: &[String]) -> Result<(), SessionError> {
        let Some(record) = self.pending_call() else {
            return Err(SessionError::NotNow("no host call waits for an answer".to_owned()));
        };
        let types = record.call.ty.results();
        if types.len() != texts.len() {
            let message = format!("{} results expected, {} given", types.len(), texts.len());
            return Err(SessionError::Input { field: 0, message });
        }
        let mut values = Vec::with_capacity(types.len());
        for (field, (ty, text)) in types.iter().zip(texts).enumerate() {
            let value =
                parse_value(*ty, text).map_err(|message| SessionError::Input { field, message })?;
            values.push(value);
        }
        self.answer(HostAnswer::Return(values), Answerer::Person)
    }

    pub(super) fn answer(&mut self, answer: HostAnswer, by: Answerer) -> Result<(), SessionError> {
        let not_now = || SessionError::NotNow("no host call waits for an answer".to_owned());
        if self.pending_call().is_none() {
            return Err(not_now());
        }
        let texts = match &answer {
            HostAnswer::Return(values) => {
                values.iter().map(|value| self.value_text(value)).collect()
            }
            HostAnswer::Trap(_) => Vec::new(),
        };
        let machine = self.machine.as_mut().ok_or_else(not_now)?;
        let task = machine.task.as_mut().ok_or_else(not_now)?;
        task.resume(&mut machine.store, answer.clone())?;
        if let Some(record) = self.host_calls.last_mut() {
            record.answer = match answer {
                HostAnswer::Return(values) => HostAnswerState::Returned { values, texts, by },
                HostAnswer::Trap(message) => HostAnswerState::Trapped { message, by },
            };
        }
        Ok(())
    }
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

impl Session {
    /// Calls of imports that no module satisfies, oldest first.
    pub fn host_calls(&self) -> &[HostCallRecord] {
        &self.host_calls
    }

    /// The call that waits for an answer.
    pub fn pending_call(&self) -> Option<&HostCallRecord> {
        self.host_calls.last().filter(|record| record.answer == HostAnswerState::Pending)
    }
}
