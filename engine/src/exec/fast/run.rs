//! Into the fast tier and out of it again.

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::code::{Entry, FastCode};
use super::dispatch::{self, execute};
use super::instrument::{Instruments, Observed};
use super::machine::{Context, Flow, Registers, Return};
use super::translate::{self, Address, Place};
use crate::error::{Error, Result};
use crate::exec::exact::Machine;
use crate::exec::frame::{Frame, grow};
use crate::ids::InstanceId;
use crate::module::ModuleInner;
use crate::store::{Instance, ModuleEntry, StoreState};

/// Why the fast tier was left. Frames and slots are then what the exact tier would have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leave {
    /// The outermost frame has returned; its results lie at the bottom of the stack.
    Done,
    /// The exact tier is to execute this many instructions, or as many as the budget has.
    Exact(u64),
}

/// Room that is kept from one run to the next. It is no state: between runs it is empty.
#[derive(Default)]
pub(crate) struct Scratch {
    returns: Vec<Return>,
    /// Operations of a part of a segment, with an end.
    part: Vec<u64>,
}

// SAFETY: between runs there is nothing in it: `run` clears it before it is left. During a run only
// the thread that runs looks at it, through a unique reference.
unsafe impl Send for Scratch {}
// SAFETY: as above; a shared reference gives access to nothing.
unsafe impl Sync for Scratch {}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl core::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Scratch")
    }
}

/// From where to where operations are executed.
struct Plan<'c> {
    code: &'c FastCode,
    entry: Entry,
    /// Where to stop within the segment, if the budget ends there.
    end: Option<Entry>,
}

impl<'c> Plan<'c> {
    /// What so much fuel pays for; `None` if that is nothing.
    fn new(code: &'c FastCode, entry: Entry, fuel: u64) -> Option<Self> {
        let segment = code.segment(entry.pc);
        if segment > 0 && fuel >= u64::from(segment) {
            return Some(Self { code, entry, end: None });
        }
        let end = code.affordable(entry, fuel)?;
        Some(Self { code, entry, end: Some(end) })
    }

    fn price(&self) -> u32 {
        match self.end {
            Some(end) => end.pc - self.entry.pc,
            None => self.code.segment(self.entry.pc),
        }
    }

    /// The first word; where the budget ends within the segment, that of a copy with an end.
    fn words(&self, part: &mut Vec<u64>) -> *const u64 {
        let first = self.entry.word as usize;
        match self.end {
            Some(end) => {
                part.clear();
                let words = self.code.words.get(first..end.word as usize);
                part.extend_from_slice(words.unwrap_or_default());
                part.push(dispatch::stop());
                part.as_ptr()
            }
            // Branches lead back to before the entry, so the pointer is one into all words.
            None => self.code.words.as_ptr().wrapping_add(first),
        }
    }

    /// Which word of a function an operation begins at.
    fn word(&self, code: &FastCode, ip: *const u64, part: &[u64]) -> u32 {
        let (start, first) = match self.end {
            Some(_) => (part.as_ptr(), self.entry.word),
            None => (code.words.as_ptr(), 0),
        };
        first + (ip.addr().wrapping_sub(start.addr()) / size_of::<u64>()) as u32
    }
}

/// Instructions left to the exact tier at a time in functions that cannot be translated.
const UNTRANSLATED: u64 = 1_000;

/// Room for frames and returns that a run has at least.
const ROOM: usize = 64;

/// Where the code of a frame is found.
#[derive(Clone, Copy)]
struct Code<'a> {
    modules: &'a [ModuleEntry],
    instances: &'a [Instance],
    instruments: Option<&'a Instruments>,
}

impl<'a> Code<'a> {
    fn module(&self, instance: InstanceId) -> Result<&'a ModuleInner> {
        let unknown = || Error::UnknownIndex { what: "instance", index: u64::from(instance.0) };
        let module = self.instances.get(instance.index()).ok_or_else(unknown)?.module;
        Ok(self.modules.get(module.index()).ok_or_else(unknown)?.module.inner())
    }

    /// The translation of a frame's function, made on the first call of it.
    fn of(&self, frame: &Frame) -> Result<&'a FastCode> {
        let (module, func) = (self.module(frame.instance)?, frame.func);
        let unknown = || Error::UnknownIndex { what: "function body", index: u64::from(func.0) };
        let concerned = self.instruments.and_then(|instruments| instruments.codes(frame.instance));
        let position = func.0.checked_sub(module.imported_funcs).ok_or_else(unknown)?;
        let codes = concerned.unwrap_or(&module.fast);
        let code = codes.get(position as usize).ok_or_else(unknown)?;
        match code.get() {
            Some(code) => Ok(code),
            None => code.get_or_try_init(|| {
                let observed = self.observed(frame, module)?;
                translate::translate(module, func, &observed).map(alloc::boxed::Box::new)
            }),
        }
    }

    fn observed(&self, frame: &Frame, module: &ModuleInner) -> Result<Observed> {
        Ok(match self.instruments.filter(|instruments| instruments.concern(frame.instance)) {
            Some(instruments) => instruments.observed(frame.instance, module.code(frame.func)?),
            None => Observed::default(),
        })
    }

    /// Which instruction of a frame an operation that traps stands for, and where its operands are.
    fn explain(&self, frame: &Frame, word: u32) -> Result<(u32, Vec<Place>)> {
        let module = self.module(frame.instance)?;
        let observed = self.observed(frame, module)?;
        translate::explain(module, frame.func, &observed, word)?.ok_or_else(defect)
    }
}

/// Executes instructions as long as the fuel pays for whole segments of them.
///
/// # Errors
/// Only if a function of a validated module cannot be decoded, which is a defect of the engine.
pub(crate) fn run(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut Scratch,
    mut instruments: Option<&mut Instruments>,
) -> Result<Leave> {
    let Machine { config, modules, state, stack, frames } = machine;
    'again: loop {
        let Some(&frame) = frames.last() else { return Ok(Leave::Done) };
        let StoreState { instances, memories, tables, globals, funcs, .. } = &mut **state;
        if let Some(instruments) = &mut instruments {
            let plain = Code { modules, instances, instruments: None };
            instruments.prepare(frame.instance, plain.module(frame.instance)?);
        }
        let codes = Code { modules, instances, instruments: instruments.as_deref() };
        let code = codes.of(&frame)?;
        if code.words.is_empty() {
            return Ok(Leave::Exact(UNTRANSLATED));
        }
        let Some(entry) = code.entry_at(frame.pc) else {
            return Ok(Leave::Exact(code.until_entry(frame.pc).into()));
        };
        let Some(plan) = Plan::new(code, entry, *fuel) else {
            return Ok(Leave::Exact((*fuel).min(code.until_entry(frame.pc).into())));
        };

        let depth = config.max_call_depth as usize;
        frames.reserve((frames.len() + ROOM).min(depth).saturating_sub(frames.len()));
        scratch.returns.clear();
        scratch.returns.reserve(frames.capacity().max(ROOM));
        if !grow(&mut stack.slots, (frame.base + code.slots) as usize, config.max_value_stack) {
            // The exact tier says why.
            return Ok(Leave::Exact(1));
        }
        let restore = [dispatch::restore()];
        let affordable = (*fuel).min(i64::MAX as u64);
        let room = frames.capacity().min(depth);
        let first = frames.as_mut_ptr();
        let slots = stack.slots.as_mut_ptr_range();
        // SAFETY: all pointers lie within, or one past the end of, what they are taken from.
        let mut context = unsafe {
            Context {
                memory_size: 0,
                frame: first.add(frames.len() - 1),
                frames_end: first.add(room.max(frames.len())),
                stack: slots.start,
                stack_end: slots.end,
                returns: &raw mut scratch.returns,
                restore: restore.as_ptr(),
                instances: instances.as_ptr(),
                modules: modules.as_ptr(),
                memories: memories.as_mut_ptr(),
                globals: globals.as_mut_ptr(),
                tables: tables.as_mut_ptr(),
                funcs: funcs.as_ptr(),
                instruments: codes.instruments.map(NonNull::from),
                instance: frame.instance,
                memory: None,
                codes: core::ptr::null(),
                imported: 0,
                instance_funcs: core::ptr::null(),
                instance_globals: core::ptr::null(),
                instance_tables: core::ptr::null(),
                types: core::ptr::null(),
                ip: core::ptr::null(),
                fp: core::ptr::null_mut(),
                fuel: 0,
                flow: Flow::Next,
                value: 0,
                height: 0,
            }
        };
        // SAFETY: the instance has been looked up above, and its code prepared.
        let mut memory = unsafe {
            let codes = context.codes_of(frame.instance).ok_or_else(defect)?;
            context.switch(frame.instance, codes)
        };
        let mut fp = slots.start.wrapping_add(frame.base as usize);
        let mut left = affordable as i64;
        let mut plan = plan;
        let flow = loop {
            let words = plan.words(&mut scratch.part);
            let held = |slot: u16| match slot {
                Entry::NOTHING => 0,
                // SAFETY: a slot of the frame, which has been reserved.
                slot => unsafe { *fp.add(usize::from(slot)) },
            };
            // SAFETY: the entry's word begins an operation; what is executed of a segment ends with a
            // stop; the frame's slots have been reserved; nothing that the context points into is
            // touched by anything else until the run is left.
            let flow = unsafe {
                execute(Registers {
                    ip: words,
                    fp,
                    memory,
                    accumulator: held(plan.entry.integer),
                    float: f64::from_bits(held(plan.entry.float)),
                    fuel: left - i64::from(plan.price()),
                    context: &raw mut context,
                })
            };
            left = context.fuel;
            if flow != Flow::Unpaid {
                break flow;
            }
            // As much of the segment as can be paid for.
            left += i64::from(context.value);
            // SAFETY: the innermost frame has been written.
            let frame = unsafe { &mut *context.frame };
            let code = codes.of(frame)?;
            // SAFETY: `ip` lies within the words of the innermost frame's function.
            let word = unsafe { context.ip.offset_from(code.words.as_ptr()) } as u32;
            let entry = code.entry_of_word(word, context.value).ok_or_else(defect)?;
            (frame.pc, context.height) = (entry.pc, entry.height);
            match Plan::new(code, entry, left as u64) {
                Some(next) => (plan, fp) = (next, context.fp),
                None => break flow,
            }
            // SAFETY: the instance was the one that ran last.
            memory = unsafe { context.switch(frame.instance, context.codes) };
        };
        // SAFETY: the handlers have written every frame up to this one, within the capacity.
        unsafe {
            let count = context.frame.offset_from(first) as usize + 1;
            frames.set_len(count);
        }
        scratch.returns.clear();
        let leave = 'leave: {
            let Some(frame) = frames.last_mut() else { break 'leave Leave::Done };
            let code = codes.of(frame)?;
            let base = frame.base;
            let operands = base + code.locals;
            match flow {
                Flow::Unpaid => {
                    stack.top = operands + context.height;
                    let until = u64::from(code.until_entry(frame.pc));
                    break 'leave Leave::Exact(until.min(left as u64));
                }
                Flow::Stop => {
                    let end = plan.end.ok_or_else(defect)?;
                    frame.pc = end.pc;
                    stack.top = operands + end.height;
                    break 'leave Leave::Exact(left as u64);
                }
                Flow::Trap | Flow::Next => {
                    let word = plan.word(code, context.ip, &scratch.part);
                    let (pc, places) = codes.explain(frame, word)?;
                    frame.pc = pc;
                    left += i64::from(match plan.end {
                        Some(end) => end.pc - pc,
                        None => code.segment(pc),
                    });
                    stack.top = operands + places.len() as u32;
                    settle(&mut stack.slots, base, operands, &places);
                }
                Flow::Exact | Flow::ExactCall => {
                    frame.pc = context.value;
                    stack.top = operands + context.height;
                    left += i64::from(flow == Flow::ExactCall);
                }
                Flow::Return => {
                    frames.pop();
                    stack.top = base + context.value;
                    match frames.last_mut() {
                        Some(caller) => caller.pc += 1,
                        None => break 'leave Leave::Done,
                    }
                    *fuel = *fuel - affordable + left as u64;
                    continue 'again;
                }
            }
            Leave::Exact(1)
        };
        *fuel = *fuel - affordable + left as u64;
        return Ok(leave);
    }
}

/// The fast tier stopped where it cannot have been: better an error than a wrong state.
fn defect() -> Error {
    let message = "the fast tier stopped at an unknown operation".into();
    Error::Invalid { message, offset: 0 }
}

/// Puts operands into their homes.
fn settle(slots: &mut [u64], base: u32, operands: u32, places: &[Place]) {
    for (position, place) in (operands as usize..).zip(places) {
        let local = |slot: u16| slots.get(base as usize + usize::from(slot)).copied();
        let value = match *place {
            Place::Home => continue,
            Place::Local(slot) => local(slot),
            Place::Constant(value) => Some(value),
            Place::Address(Address::Indexed { a, b, shift }) => {
                let b = local(b).map(|b| (b as u32).wrapping_shl(shift.into()));
                local(a).zip(b).map(|(a, b)| u64::from((a as u32).wrapping_add(b)))
            }
            Place::Address(Address::Plus { a, added }) => {
                local(a).map(|a| u64::from((a as u32).wrapping_add(added)))
            }
        };
        if let (Some(slot), Some(value)) = (slots.get_mut(position), value) {
            *slot = value;
        }
    }
}
