//! Calls of imports that no module satisfies: recorded, decoded, answered.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use stepwell_engine::host::record::{Effect, HostRecord, RecordedAnswer};
use stepwell_engine::store::FuncInfo;
use stepwell_engine::text::dotted;
use stepwell_engine::{
    CallSite, CallState, FuncAddr, FuncIndex, FuncType, HostAnswer, HostCall, InstanceId, Value,
};

use super::command::ImportPolicy;
use super::types::{
    Answerer, Awaited, CallFrame, CallTarget, CalledImport, DecodedBytes, HostAnswerState,
    HostCallRecord, ImportSource, RunState, SessionError, StopReason,
};
use super::value_text::parse_value;
use super::{CallCounts, Session};
use crate::hosts::HostSet;

/// Bytes kept of what a pointer argument points at.
const DECODED_LIMIT: u64 = 256;
/// Longest text looked for behind a pointer; more is hardly meant.
const TEXT_LIMIT: u64 = 64 << 10;
/// Longest run of other bytes: two numbers that happen to lie within the memory are often no
/// pointer and length at all.
const BYTES_LIMIT: u64 = 4 << 10;
/// Frames kept with a record.
const FRAME_LIMIT: usize = 16;
/// Records kept; older ones are forgotten.
const RECORD_LIMIT: usize = 200_000;

/// The calls of a run.
#[derive(Default)]
pub(super) struct HostCalls {
    /// By number, oldest first.
    records: VecDeque<HostCallRecord>,
    made: u64,
    /// Calls that have not been answered: the task's number and the record's.
    pending: Vec<(u32, u64)>,
    labels: HashMap<(InstanceId, FuncIndex), Arc<str>>,
    /// How often an instance has called a host function.
    counts: BTreeMap<(InstanceId, FuncAddr), u64>,
    /// Runs that there have been: each counts its calls anew.
    generation: u64,
}

impl HostCalls {
    pub(super) fn clear(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }

    /// The tasks are gone that were to get an answer.
    pub(super) fn forget_all_pending(&mut self) {
        for (_, number) in std::mem::take(&mut self.pending) {
            let at = self.by_number(number);
            if let Some(record) = at.and_then(|at| self.records.get_mut(at)) {
                record.answer = abandoned();
            }
        }
    }

    fn by_number(&self, number: u64) -> Option<usize> {
        let first = self.records.front()?.number;
        usize::try_from(number.checked_sub(first)?).ok()
    }

    fn get(&self, number: u64) -> Option<&HostCallRecord> {
        self.records.get(self.by_number(number)?)
    }

    fn push(&mut self, record: HostCallRecord) {
        if let Some(caller) = record.call.caller {
            *self.counts.entry((caller.instance, record.call.func)).or_default() += 1;
        }
        self.records.push_back(record);
        if self.records.len() > RECORD_LIMIT {
            self.records.pop_front();
        }
    }

    fn pending_of(&self, task: u32) -> Option<&HostCallRecord> {
        let (_, number) = self.pending.iter().rev().find(|(of, _)| *of == task)?;
        self.get(*number)
    }
}

impl Session {
    /// Notes a call that has not been answered, and answers it, if its policy does; true if it stays
    /// pending.
    pub(super) fn on_host_call(&mut self, call: HostCall) -> Result<bool, SessionError> {
        let is_open = call.state == CallState::Unanswered;
        let task = self.selected_task().unwrap_or(0);
        let known = self.calls.pending_of(task).is_some_and(|record| {
            record.call.func == call.func && record.call.caller == call.caller
        });
        // A call has its turn with the rules once.
        let ruled = if is_open && !known { self.ruled(&call) } else { None };
        let policy = match &ruled {
            None if is_open => self.policy_of(&call),
            _ => ImportPolicy::Ask,
        };
        let answer = match policy {
            ImportPolicy::Ask => None,
            ImportPolicy::Zero => {
                let results = call.ty.results();
                Some(HostAnswer::Return(results.iter().map(|ty| Value::default_of(*ty)).collect()))
            }
            ImportPolicy::Trap => {
                let import = dotted(&call.module, &call.name);
                Some(HostAnswer::Trap(format!("import {import} was called; its policy is to trap")))
            }
        };
        if !known {
            let record = self.record(call, task);
            self.calls.pending.push((task, record.number));
            self.calls.push(record);
        }
        match (ruled, answer) {
            (Some((rule, Some(answer))), _) => {
                self.answer(answer, Answerer::Rule(rule)).map(|()| false)
            }
            (_, Some(answer)) => self.answer(answer, Answerer::Policy).map(|()| false),
            (_, None) => Ok(true),
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

    /// Who answers calls of a function by itself.
    pub(super) fn set_of(&self, caller: InstanceId, module: &str, name: &str) -> Option<HostSet> {
        let open = self.module_of_instance(caller)?;
        let mut imports = open.module.imports().iter().zip(&open.imports);
        let (_, state) =
            imports.find(|(import, _)| *import.module == *module && *import.name == *name)?;
        match state.source {
            ImportSource::Set(set) => Some(set),
            _ => None,
        }
    }

    fn next_number(&mut self) -> u64 {
        self.calls.made += 1;
        self.calls.made
    }

    fn record(&mut self, call: HostCall, task: u32) -> HostCallRecord {
        let number = self.next_number();
        let record = self.record_of(call, task, number);
        self.keep_labels(&record.frames);
        record
    }

    /// A call of the selected task that has not been answered.
    fn record_of(&self, call: HostCall, task: u32, number: u64) -> HostCallRecord {
        let sites: Vec<CallSite> =
            self.frames().iter().take(FRAME_LIMIT).map(|frame| frame.site()).collect();
        HostCallRecord {
            number,
            clock: self.clock(),
            strings: self.decode(&call),
            texts: call.args.iter().map(|arg| self.value_text(arg)).collect(),
            frames: self.call_frames(&sites),
            task,
            call,
            effects: Vec::new(),
            answer: HostAnswerState::Pending,
        }
    }

    fn call_frames(&self, sites: &[CallSite]) -> Vec<CallFrame> {
        let frame = |site: &CallSite| {
            let open = self.module_of_instance(site.instance);
            let key = open.map(|open| open.key);
            let known = self.calls.labels.get(&(site.instance, site.func)).cloned();
            let label = known.unwrap_or_else(|| self.func_label(site.instance, site.func).into());
            let (instance, func, offset) = (site.instance, site.func, site.offset);
            CallFrame { module: key, instance, func, label, offset }
        };
        sites.iter().map(frame).collect()
    }

    fn keep_labels(&mut self, frames: &[CallFrame]) {
        for frame in frames {
            let known = self.calls.labels.entry((frame.instance, frame.func));
            known.or_insert_with(|| frame.label.clone());
        }
    }

    /// Takes up the calls that have been answered while the selected task ran.
    pub(super) fn take_host_calls(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        let done = machine.timeline.take_host_calls(&mut machine.store);
        if done.is_empty() {
            return;
        }
        // The task has come this far since.
        let (clock, executed) = (machine.clock(), machine.task().map_or(0, |task| task.executed()));
        let task = machine.tasks.current().map_or(0, |entry| entry.number);
        for record in done {
            let clock = clock - executed.saturating_sub(record.executed).min(clock);
            self.take_host_call(Arc::unwrap_or_clone(record), task, clock);
        }
    }

    fn take_host_call(&mut self, record: HostRecord, task: u32, clock: u64) {
        let HostRecord { func, module, name, args, frames, effects, answer, .. } = record;
        let caller = frames.first().copied();
        let set = caller.and_then(|caller| self.set_of(caller.instance, &module, &name));
        let by = set.map_or(Answerer::Person, Answerer::Set);
        let answer = match answer {
            RecordedAnswer::Returned(values) => {
                let texts = values.iter().map(|value| self.value_text(value)).collect();
                HostAnswerState::Returned { values, texts, by }
            }
            RecordedAnswer::Trapped(message) => {
                HostAnswerState::Trapped { message: message.to_string(), by }
            }
            RecordedAnswer::PassedOn(trap) => {
                HostAnswerState::Trapped { message: trap.code.to_string(), by }
            }
            RecordedAnswer::Unfinished => {
                let message = "what it had called has ended".to_owned();
                HostAnswerState::Trapped { message, by }
            }
            RecordedAnswer::Exited(code) => HostAnswerState::Exited(code),
        };
        // One that was noted when it stopped the run.
        let pending = self.calls.pending.iter().rposition(|(of, number)| {
            let known = self.calls.by_number(*number).and_then(|at| self.calls.records.get(at));
            *of == task && known.is_none_or(|known| known.call.func == func)
        });
        if let Some(position) = pending {
            let (_, number) = self.calls.pending.remove(position);
            let at = self.calls.by_number(number);
            if let Some(known) = at.and_then(|at| self.calls.records.get_mut(at)) {
                known.effects = effects;
                if known.answer == HostAnswerState::Pending {
                    known.answer = answer;
                }
            }
            return;
        }
        let ty = self.store().and_then(|store| store.func_type(func)).cloned();
        let ty = ty.unwrap_or_else(|| FuncType::new([], []));
        let texts = args.iter().map(|arg| self.value_text(arg)).collect();
        let state = CallState::InProgress;
        let call = HostCall { func, module, name, ty, args, caller, state };
        let number = self.next_number();
        let frames = self.call_frames(&frames);
        self.keep_labels(&frames);
        let strings = strings_of(&call, &effects);
        let record =
            HostCallRecord { number, clock, task, call, frames, strings, texts, effects, answer };
        self.calls.push(record);
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
        let task = self.selected_task().ok_or_else(not_now)?;
        let number = self.calls.pending_of(task).ok_or_else(not_now)?.number;
        let texts = match &answer {
            HostAnswer::Return(values) => {
                values.iter().map(|value| self.value_text(value)).collect()
            }
            HostAnswer::Trap(_) => Vec::new(),
        };
        let machine = self.machine.as_mut().ok_or_else(not_now)?;
        machine.resume(answer.clone()).ok_or_else(not_now)??;
        self.edits.end("a host call has been answered since");
        machine.tasks.unpark();
        let at = self.calls.by_number(number);
        if let Some(record) = at.and_then(|at| self.calls.records.get_mut(at)) {
            record.answer = match answer {
                HostAnswer::Return(values) => HostAnswerState::Returned { values, texts, by },
                HostAnswer::Trap(message) => HostAnswerState::Trapped { message, by },
            };
        }
        self.take_host_calls();
        Ok(())
    }

    /// A task is gone that was to get an answer.
    pub(super) fn forget_pending(&mut self, task: u32) {
        let gone = self.calls.pending.extract_if(.., |(of, _)| *of == task);
        let numbers: Vec<u64> = gone.map(|(_, number)| number).collect();
        for number in numbers {
            let at = self.calls.by_number(number);
            if let Some(record) = at.and_then(|at| self.calls.records.get_mut(at)) {
                record.answer = abandoned();
            }
        }
    }

    pub(super) fn clear_host_calls(&mut self) {
        let HostCalls { records, pending, .. } = &mut self.calls;
        match pending.first() {
            // Numbers are positions: what is behind the first that waits stays, too.
            Some((_, first)) => {
                while records.front().is_some_and(|record| record.number < *first) {
                    records.pop_front();
                }
            }
            None => records.clear(),
        }
    }
}

/// What became of a call whose task was cancelled.
fn abandoned() -> HostAnswerState {
    let message = "the task was cancelled".to_owned();
    HostAnswerState::Trapped { message, by: Answerer::Person }
}

/// Texts that a host function has read from where two arguments say.
fn strings_of(call: &HostCall, effects: &[Effect]) -> Vec<DecodedBytes> {
    let pairs = call.args.windows(2).enumerate();
    let found = pairs.filter_map(|(arg, pair)| {
        let &[Value::I32(pointer), Value::I32(size)] = pair else { return None };
        effects.iter().find_map(|effect| match effect {
            Effect::Read { memory, address, len, start }
                if (*address, *len) == (u64::from(pointer as u32), u64::from(size as u32)) =>
            {
                let text = std::str::from_utf8(start).ok().filter(|text| is_printable(text));
                Some(DecodedBytes {
                    arg,
                    memory: *memory,
                    address: *address,
                    bytes: start.to_vec(),
                    len: *len,
                    text: text.map(str::to_owned),
                })
            }
            _ => None,
        })
    });
    found.collect()
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

impl Session {
    /// Host calls in the order in which they were noted: when they were answered, or stopped the run.
    pub fn host_calls(&self) -> &VecDeque<HostCallRecord> {
        &self.calls.records
    }

    /// Which run the host calls belong to: numbers of calls begin anew in each.
    pub fn host_calls_generation(&self) -> u64 {
        self.calls.generation
    }

    /// A host call by its number; `None` once it has been forgotten.
    pub fn host_call(&self, number: u64) -> Option<&HostCallRecord> {
        self.calls.get(number)
    }

    /// The imports that have been called in this run, by caller, with how often.
    pub fn called_imports(&self) -> Vec<CalledImport> {
        let Some(store) = self.store() else { return Vec::new() };
        let calls = self.calls.counts.iter().filter_map(|((caller, func), count)| {
            let caller = self.module_of_instance(*caller)?.key;
            let Some(FuncInfo::Host { module, name }) = store.func_info(*func) else { return None };
            Some(CalledImport { caller, module, name, count: *count })
        });
        calls.collect()
    }

    /// The host call before whose beginning the selected task stands.
    pub fn imminent_call(&self) -> Option<HostCallRecord> {
        let RunState::Stopped(StopReason::ImportBreak { .. }) = self.state else { return None };
        let call = self.task()?.pending_call(self.store()?)?;
        Some(self.record_of(call, self.selected_task()?, 0))
    }

    /// What a call waits for that has not been answered.
    pub fn awaited(&self, record: &HostCallRecord) -> Awaited {
        let is_program = self.host_set_of(record) == Some(HostSet::Wasi);
        match (record.call.state, self.next_look()) {
            (CallState::Unanswered | CallState::Breakpoint, _) => Awaited::Person,
            (CallState::InProgress, _) if is_program && self.awaits_input() => Awaited::Input,
            (CallState::InProgress, Some(time)) if is_program => Awaited::Time(time),
            (CallState::InProgress, _) => Awaited::Host,
        }
    }

    /// The call that the selected task waits for.
    pub fn pending_call(&self) -> Option<&HostCallRecord> {
        if self.is_past() {
            return None;
        }
        let task = self.selected_task()?;
        let record = self.calls.pending_of(task)?;
        Some(record).filter(|record| record.answer == HostAnswerState::Pending)
    }

    /// How often modules have called each other and the host, in this run.
    pub fn calls_between(&self) -> CallCounts {
        let mut counts = CallCounts::new();
        let Some(store) = self.store() else { return counts };
        let open = |instance| self.module_of_instance(instance).map(|open| open.key);
        for ((from, to), count) in store.calls_between() {
            if let (Some(from), Some(to)) = (open(from), open(to)) {
                *counts.entry((from, CallTarget::Module(to))).or_default() += count;
            }
        }
        for ((caller, func), count) in &self.calls.counts {
            let Some(open) = self.module_of_instance(*caller) else { continue };
            let Some(FuncInfo::Host { module, name }) = store.func_info(*func) else { continue };
            let target = self.target_of(*caller, &module, &name);
            *counts.entry((open.key, target)).or_default() += count;
        }
        counts
    }

    /// How many calls this run has noted.
    pub(super) fn calls_made(&self) -> u64 {
        self.calls.made
    }

    /// All calls that have not been answered, of all tasks.
    pub fn pending_calls(&self) -> impl Iterator<Item = &HostCallRecord> {
        let records = self.calls.pending.iter().filter_map(|(_, number)| self.calls.get(*number));
        records.filter(|record| record.answer == HostAnswerState::Pending)
    }
}
