//! Breakpoints as a person sets them: with a switch, a condition, a message and a count of hits.

use stepwell_engine::CodeOffset;
use stepwell_engine::expression::{Context, Counts, Message, Program};

use super::command::ModuleKey;
use super::expressions;
use super::types::BreakpointState;
use super::types::SessionError;
use super::{Session, not_now};

/// A breakpoint with its condition and its message read.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) state: BreakpointState,
    condition: Option<Program>,
    message: Option<Message>,
}

impl Entry {
    pub(super) fn new(module: ModuleKey, offset: u32) -> Self {
        let state = BreakpointState {
            module,
            offset,
            enabled: true,
            condition: String::new(),
            message: String::new(),
            reached: 0,
            hits: 0,
            failure: None,
        };
        Self { state, condition: None, message: None }
    }

    pub(super) fn is_at(&self, module: ModuleKey, offset: u32) -> bool {
        self.state.module == module && self.state.offset == offset
    }

    /// Whether it stops, rather than logs.
    pub(super) fn stops(&self) -> bool {
        self.state.enabled && self.message.is_none()
    }

    pub(super) fn condition(&self) -> Option<&Program> {
        self.condition.as_ref()
    }

    /// As before any run.
    pub(super) fn renew(&mut self) {
        (self.state.reached, self.state.hits, self.state.failure) = (0, 0, None);
    }
}

/// What a breakpoint does once it has been reached.
enum Reached {
    /// Its condition does not hold.
    Passes,
    Logs(String),
    Stops,
}

impl Session {
    /// Fails unless an instruction begins there.
    pub(super) fn check_instruction(
        &self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let func = open.module.func_at(CodeOffset(offset));
        let listing = func.and_then(|func| {
            stepwell_engine::module::disassemble::Listing::new(&open.module, func).ok()
        });
        match listing.and_then(|listing| listing.position(CodeOffset(offset))) {
            Some(_) => Ok(()),
            None => Err(not_now(format!("no instruction begins at 0x{offset:04x}"))),
        }
    }

    /// The first instruction of a function whose head is at the offset: its size and locals, where
    /// a jump to the function leads. Any other offset is itself.
    pub(super) fn first_from(&self, module: ModuleKey, offset: u32) -> u32 {
        let Some(open) = self.module(module) else { return offset };
        let func = open.module.func_at(CodeOffset(offset));
        let listing = func.and_then(|func| {
            stepwell_engine::module::disassemble::Listing::new(&open.module, func).ok()
        });
        let first = listing.and_then(|listing| listing.offset(0));
        first.map_or(offset, |first| first.0.max(offset))
    }

    pub(super) fn toggle_breakpoint(
        &mut self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<(), SessionError> {
        let offset = self.first_from(module, offset);
        let known = self.breakpoints.iter().position(|entry| entry.is_at(module, offset));
        match known {
            Some(position) => {
                self.breakpoints.remove(position);
            }
            None => {
                self.check_instruction(module, offset)?;
                self.breakpoints.push(Entry::new(module, offset));
                self.breakpoints.sort_by_key(|entry| (entry.state.module, entry.state.offset));
            }
        }
        Ok(())
    }

    pub(super) fn breakpoint_mut(
        &mut self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<&mut Entry, SessionError> {
        let entry = self.breakpoints.iter_mut().find(|entry| entry.is_at(module, offset));
        entry.ok_or_else(|| not_now("there is no breakpoint"))
    }

    pub(super) fn set_condition(
        &mut self,
        module: ModuleKey,
        offset: u32,
        text: String,
    ) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let condition = match text.trim() {
            "" => None,
            _ => Some(expressions::condition_at(&open.module, offset, &text)?),
        };
        let entry = self.breakpoint_mut(module, offset)?;
        entry.condition = condition;
        (entry.state.condition, entry.state.failure) = (text, None);
        Ok(())
    }

    pub(super) fn set_message(
        &mut self,
        module: ModuleKey,
        offset: u32,
        text: String,
    ) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let message = match text.trim() {
            "" => None,
            _ => Some(expressions::message_at(&open.module, offset, &text)?),
        };
        let entry = self.breakpoint_mut(module, offset)?;
        entry.message = message;
        entry.state.message = text;
        Ok(())
    }

    /// Reads conditions and messages anew of breakpoints that have been taken over from another module: what
    /// means nothing there is left out.
    pub(super) fn reread(&mut self, mut entry: Entry) {
        let state = &mut entry.state;
        let (module, offset) = (state.module, state.offset);
        let condition = std::mem::take(&mut state.condition);
        let message = std::mem::take(&mut state.message);
        (entry.condition, entry.message) = (None, None);
        self.breakpoints.push(entry);
        let _ = self.set_condition(module, offset, condition);
        let _ = self.set_message(module, offset, message);
    }

    /// Stops at the beginning of the functions that are called this: of all opened modules, at calls of an
    /// import where it is one.
    pub(super) fn break_on_function(&mut self, text: &str) -> Result<(), SessionError> {
        let found = self.find_functions(text);
        if found.is_empty() {
            let message = match text.trim() {
                "" => "a function's name, index or address is needed".to_owned(),
                text => format!("no opened module has a function {text}"),
            };
            return Err(SessionError::Input { field: 0, message });
        }
        for (module, place) in found {
            let Some(open) = self.module(module) else { continue };
            match (place.offset, open.module.func_import(place.func)) {
                (Some(offset), _) => {
                    let offset = self.first_from(module, offset.0);
                    match self.breakpoint_mut(module, offset) {
                        Ok(entry) => entry.state.enabled = true,
                        Err(_) => self.toggle_breakpoint(module, offset)?,
                    }
                }
                (None, Some(import)) => {
                    let (of, name) = (import.module.to_string(), import.name.to_string());
                    if self.import_break(&of, &name).is_none() {
                        let when = Some(super::BreakWhen::Always);
                        self.set_import_break(of, name, when)?;
                    }
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// An enabled breakpoint has been reached: its hits, if it stops there.
    pub(super) fn reach(&mut self, module: ModuleKey, offset: u32) -> Option<u64> {
        let position = self.breakpoints.iter().position(|entry| entry.is_at(module, offset))?;
        let entry = self.breakpoints.get_mut(position).filter(|entry| entry.state.enabled)?;
        entry.state.reached += 1;
        let counts = Counts { hits: entry.state.reached, ..self.counts() };
        let entry = self.breakpoints.get(position)?;
        let (reached, failure) = match self.ask(entry, counts) {
            Ok(reached) => (reached, None),
            Err(failure) => (Reached::Stops, Some(failure)),
        };
        let entry = self.breakpoints.get_mut(position)?;
        entry.state.failure = failure;
        match reached {
            Reached::Passes => return None,
            Reached::Logs(_) | Reached::Stops => entry.state.hits += 1,
        }
        let hits = entry.state.hits;
        match reached {
            Reached::Logs(text) => {
                self.log(Some((module, offset)), text);
                None
            }
            _ => Some(hits),
        }
    }

    /// What a breakpoint does in the innermost frame; why its condition has no value.
    fn ask(&self, entry: &Entry, counts: Counts) -> Result<Reached, String> {
        let machine = self.machine.as_ref().and_then(|machine| Some((machine, machine.task()?)));
        let Some((machine, task)) = machine else { return Ok(Reached::Stops) };
        let Some(frame) = task.frames(&machine.store).next() else { return Ok(Reached::Stops) };
        let context = Context::of_frame(&machine.store, &frame).with_counts(counts);
        if let Some(condition) = &entry.condition {
            let holds = condition.holds(&context);
            if !holds.map_err(|error| expressions::told(&entry.state.condition, &error))? {
                return Ok(Reached::Passes);
            }
        }
        Ok(match &entry.message {
            Some(message) => Reached::Logs(message.text(&context)),
            None => Reached::Stops,
        })
    }

    /// Counts that expressions can ask for.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            hits: 0,
            executed: self.clock(),
            depth: self.depth() as u64,
            task: self.selected_task().map_or(0, u64::from),
        }
    }

    /// Breakpoints, by module and offset.
    pub fn breakpoints(&self) -> impl ExactSizeIterator<Item = &BreakpointState> {
        self.breakpoints.iter().map(|entry| &entry.state)
    }
}
