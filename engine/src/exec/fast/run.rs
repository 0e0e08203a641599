//! Into the fast tier and out of it again.

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::code::{Entry, FastCode, Index};
use super::dispatch::{self, execute};
use super::instrument::Instruments;
use super::machine::{Context, Flow, Registers, Return};
use super::pending;
use crate::error::{Error, Result};
use crate::exec::exact::Machine;
use crate::exec::frame::{Frame, grow};
use crate::ids::{FuncIndex, InstanceId};
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
    entry: &'c Entry,
    /// Where to stop within the segment, if the budget ends there.
    end: Option<&'c Entry>,
}

impl Plan<'_> {
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

/// Instructions beyond which a function is not translated once more to know where it may stop within a
/// segment: that would take a tenth of a second, and the exact tier executes the segment sooner.
const INDEXED: usize = 1 << 18;

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

    /// The translation of a frame's function, made on the first call of it; `None` if its instance is
    /// observed and has to be prepared first. Its module's own code would do something else.
    fn of(&self, frame: &Frame) -> Result<Option<&'a FastCode>> {
        let module = self.module(frame.instance)?;
        let concerned = self.instruments.filter(|instruments| instruments.concern(frame.instance));
        let codes = match concerned {
            Some(instruments) => instruments.codes(frame.instance),
            None => Some(&module.fast),
        };
        codes.map(|codes| codes.of(module, frame.func)).transpose()
    }

    /// All places where the frame's function may be entered and left; of a large one only the beginnings of
    /// segments are known.
    fn index(&self, frame: &Frame, code: &'a FastCode) -> Result<Option<&'a Index>> {
        if code.segments.len() > INDEXED {
            return Ok(None);
        }
        code.index(self.module(frame.instance)?).map(Some)
    }

    /// Slots of a frame's parameters and locals.
    fn locals(&self, frame: &Frame) -> Result<u32> {
        Ok(self.module(frame.instance)?.code(frame.func)?.locals)
    }

    /// Where to go on with a frame, whose slots are `window`; `None` if only the exact tier can.
    fn entry(
        &self,
        frame: &Frame,
        code: &'a FastCode,
        window: &[u64],
    ) -> Result<Option<&'a Entry>> {
        if code.index.get().is_none()
            && let Some(start) = code.start_at(frame.pc)
        {
            return Ok(Some(start));
        }
        let Some(index) = self.index(frame, code)? else { return Ok(None) };
        let entry = index.entry_at(frame.pc);
        Ok(entry.filter(|entry| pending::is_settled(window, index.pending(entry))))
    }

    /// What so much fuel pays for, from an entry on; `None` if that is nothing.
    fn plan(
        &self,
        frame: &Frame,
        code: &'a FastCode,
        entry: &'a Entry,
        fuel: u64,
    ) -> Result<Option<Plan<'a>>> {
        let segment = code.segment(entry.pc);
        if segment > 0 && fuel >= u64::from(segment) {
            return Ok(Some(Plan { code, entry, end: None }));
        }
        let index = self.index(frame, code)?;
        let end = index.and_then(|index| index.affordable(entry.pc, fuel));
        Ok(end.map(|end| Plan { code, entry, end: Some(end) }))
    }

    /// How many instructions the exact tier executes before another entry is tried.
    fn exactly(&self, frame: &Frame, code: &'a FastCode, fuel: u64) -> Result<Leave> {
        if fuel == 0 {
            return Ok(Leave::Exact(0));
        }
        if code.words.is_empty() {
            return Ok(Leave::Exact(UNTRANSLATED));
        }
        let end = code.segment(frame.pc);
        let next = self.index(frame, code)?.and_then(|index| index.entry_from(frame.pc + 1));
        let count = next.map_or(end, |entry| (entry.pc - frame.pc).min(end)).max(1);
        Ok(Leave::Exact(fuel.min(count.into())))
    }
}

/// The code that was looked at last, which most often is the one to look at next.
struct Current<'a> {
    instance: InstanceId,
    func: FuncIndex,
    code: &'a FastCode,
}

impl<'a> Current<'a> {
    fn of(&mut self, codes: &Code<'a>, frame: &Frame) -> Result<Option<&'a FastCode>> {
        if (self.instance, self.func) != (frame.instance, frame.func) {
            let Some(code) = codes.of(frame)? else { return Ok(None) };
            *self = Self { instance: frame.instance, func: frame.func, code };
        }
        Ok(Some(self.code))
    }
}

/// Executes instructions as long as the fuel pays for whole segments of them, and of the last one as
/// many as it pays for.
///
/// # Errors
/// Only if a function of a validated module cannot be decoded, which is a defect of the engine.
pub(crate) fn run(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut Scratch,
    mut instruments: Option<&mut Instruments>,
) -> Result<Leave> {
    let Machine { config, modules, types, state, stack, frames, bulk } = machine;
    let Some(&frame) = frames.last() else { return Ok(Leave::Done) };
    let StoreState { instances, memories, tables, globals, funcs, heap, crossings, .. } =
        &mut **state;
    if let Some(instruments) = &mut instruments {
        let plain = Code { modules, instances, instruments: None };
        instruments.prepare(frame.instance, plain.module(frame.instance)?);
    }
    let codes = Code { modules, instances, instruments: instruments.as_deref() };
    let code = codes.of(&frame)?.ok_or_else(defect)?;
    if code.words.is_empty() {
        return Ok(Leave::Exact(UNTRANSLATED));
    }
    let end = (frame.base + code.slots) as usize;
    if !grow(&mut stack.slots, end, config.max_value_stack) {
        // The exact tier says why.
        return Ok(Leave::Exact(1));
    }
    let window = stack.slots.get(frame.base as usize..end).unwrap_or_default();
    let Some(entry) = codes.entry(&frame, code, window)? else {
        return codes.exactly(&frame, code, *fuel);
    };
    let Some(mut plan) = codes.plan(&frame, code, entry, *fuel)? else {
        return codes.exactly(&frame, code, *fuel);
    };

    let depth = config.max_call_depth as usize;
    frames.reserve((frames.len() + ROOM).min(depth).saturating_sub(frames.len()));
    scratch.returns.clear();
    scratch.returns.reserve(frames.capacity().max(ROOM));
    let restore = [dispatch::restore()];
    let affordable = (*fuel).min(i64::MAX as u64);
    let room = frames.capacity().min(depth);
    let first = frames.as_mut_ptr();
    let slots = stack.slots.as_mut_ptr_range();
    // SAFETY: all pointers lie within, or one past the end of, what they are taken from.
    let mut context = unsafe {
        Context {
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
            func_count: funcs.len(),
            crossings,
            heap,
            max_heap: config.max_heap,
            bulk: bulk.allowance,
            defined: *types,
            instruments: codes.instruments.map(NonNull::from),
            instance: frame.instance,
            ..Context::detached()
        }
    };
    // SAFETY: the instance has been looked up above, and its code prepared.
    let mut memory = unsafe {
        let codes = context.codes_of(frame.instance).ok_or_else(defect)?;
        context.switch(frame.instance, codes)
    };
    let mut switched = frame.instance;
    let mut fp = slots.start.wrapping_add(frame.base as usize);
    let mut left = affordable as i64;
    let mut current = Current { instance: frame.instance, func: frame.func, code };
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
        // Both go on at the beginning of a segment: of what cannot be paid for in full a part is
        // executed, and what the bottom frame of this run returns to is not known to its code.
        let (code, start) = match flow {
            Flow::Unpaid => {
                left += i64::from(context.value);
                // SAFETY: the innermost frame has been written.
                let code = current.of(&codes, unsafe { &*context.frame })?.ok_or_else(defect)?;
                // SAFETY: `ip` lies within the words of the innermost frame's function.
                let word = unsafe { context.ip.offset_from(code.words.as_ptr()) } as u32;
                (code, Some(code.start_of(word, context.value).ok_or_else(defect)?))
            }
            Flow::Return if context.frame != first => {
                // SAFETY: the frames of the run lie upon others, the first of which is `first`.
                let (callee, caller) = unsafe {
                    context.frame = context.frame.sub(1);
                    (&*context.frame.add(1), &mut *context.frame)
                };
                caller.pc += 1;
                let locals = codes.locals(caller)?;
                context.height = callee.base + context.value - caller.base - locals;
                let Some(code) = current.of(&codes, caller)? else { break Flow::Unpaid };
                (code, code.start_at(caller.pc))
            }
            _ => break flow,
        };
        // SAFETY: as above.
        let frame = unsafe { &mut *context.frame };
        fp = slots.start.wrapping_add(frame.base as usize);
        let Some(start) = start else { break Flow::Unpaid };
        (frame.pc, context.height) = (start.pc, start.height);
        let Some(next) = codes.plan(frame, code, start, left as u64)? else { break Flow::Unpaid };
        plan = next;
        if (frame.base + code.slots) as usize > stack.slots.len() {
            break Flow::Unpaid;
        }
        if frame.instance != context.instance || frame.instance != switched {
            // SAFETY: frames name instances of the store, and the code is there.
            unsafe {
                let Some(codes) = context.codes_of(frame.instance) else { break Flow::Unpaid };
                memory = context.switch(frame.instance, codes);
            }
            switched = frame.instance;
        }
    };
    // SAFETY: the handlers have written every frame up to this one, within the capacity.
    unsafe {
        let count = context.frame.offset_from(first) as usize + 1;
        frames.set_len(count);
    }
    scratch.returns.clear();
    bulk.allowance = context.bulk;
    *fuel = *fuel - affordable + left as u64;
    let Some(frame) = frames.last_mut() else { return Ok(Leave::Done) };
    let operands = frame.base + codes.locals(frame)?;
    let Some(code) = current.of(&codes, frame)? else {
        // The next run prepares it.
        stack.top = operands + context.height;
        return Ok(Leave::Exact((*fuel).min(1)));
    };
    let window = stack.slots.get_mut(frame.base as usize..).unwrap_or_default();
    match flow {
        Flow::Unpaid => {
            stack.top = operands + context.height;
            codes.exactly(frame, code, *fuel)
        }
        Flow::Stop => {
            let end = plan.end.ok_or_else(defect)?;
            let index = codes.index(frame, code)?.ok_or_else(defect)?;
            pending::settle(window, index.pending(end));
            frame.pc = end.pc;
            stack.top = operands + end.height;
            codes.exactly(frame, code, *fuel)
        }
        Flow::Trap | Flow::Next => {
            let word = plan.word(code, context.ip, &scratch.part);
            let explanations = code.explanations(codes.module(frame.instance)?)?;
            let (explained, pending) = explanations.at(word).ok_or_else(defect)?;
            pending::settle(window, pending);
            frame.pc = explained.pc;
            *fuel += u64::from(match plan.end {
                Some(end) => end.pc - frame.pc,
                None => code.segment(frame.pc),
            });
            stack.top = operands + explained.height;
            Ok(Leave::Exact(1))
        }
        Flow::Exact | Flow::ExactCall => {
            frame.pc = context.value;
            stack.top = operands + context.height;
            *fuel += u64::from(flow == Flow::ExactCall);
            Ok(Leave::Exact(1))
        }
        Flow::Return => {
            stack.top = frame.base + context.value;
            frames.pop();
            Ok(Leave::Done)
        }
    }
}

/// The fast tier stopped where it cannot have been: better an error than a wrong state.
fn defect() -> Error {
    let message = "the fast tier stopped at an unknown operation".into();
    Error::Invalid { message, offset: 0 }
}
