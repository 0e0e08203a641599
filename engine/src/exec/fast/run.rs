//! Into the fast tier and out of it again.

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::code::{Entry, FastCode};
use super::dispatch::{self, execute};
use super::instrument::Instruments;
use super::machine::{Context, Flow, Registers, Return};
use super::pending;
use super::plan::{Code, Current, Plan, UNTRANSLATED, defect};
use crate::error::Result;
use crate::exec::exact::Machine;
use crate::exec::frame::{Frame, ValueStack, grow};
use crate::store::StoreState;

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

/// Room for frames and returns that a run has at least.
const ROOM: usize = 64;

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
    let Machine { config, modules, types, state, stack, frames, bulk, marks } = machine;
    let Some(&frame) = frames.last() else { return Ok(Leave::Done) };
    let StoreState { instances, memories, tables, globals, funcs, heap, crossings, .. } =
        &mut **state;
    if let Some(instruments) = &mut instruments {
        let plain = Code { modules, instances, instruments: None, marks: *marks };
        let module = plain.module(frame.instance)?;
        if let Some(instance) = instances.get(frame.instance.index()) {
            instruments.prepare(frame.instance, instance, module, *marks);
        }
    }
    let codes = Code { modules, instances, instruments: instruments.as_deref(), marks: *marks };
    let Some(code) = codes.of(&frame)?.filter(|code| !code.words.is_empty()) else {
        return Ok(Leave::Exact(UNTRANSLATED));
    };
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
    // Where there is no memory for more, calls are the exact tier's, which traps.
    let _ = frames.try_reserve((frames.len() + ROOM).min(depth).saturating_sub(frames.len()));
    scratch.returns.clear();
    let _ = scratch.returns.try_reserve(frames.capacity().max(ROOM));
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
            marking: *marks,
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
    let left = Left { codes: &codes, code, plan: &plan, frame, stack, fuel, operands };
    match flow {
        Flow::Unpaid => left.unpaid(&context),
        Flow::Stop => left.within_segment(),
        Flow::Trap | Flow::Next => left.before_operation(context.ip, &scratch.part),
        Flow::Exact | Flow::ExactCall => {
            *left.fuel += u64::from(flow == Flow::ExactCall);
            Ok(left.at_instruction(&context))
        }
        Flow::Return => {
            left.stack.top = left.frame.base + context.value;
            frames.pop();
            Ok(Leave::Done)
        }
    }
}

/// What a run has left behind, to be made what the exact tier would have.
struct Left<'r, 'c> {
    codes: &'r Code<'c>,
    code: &'c FastCode,
    plan: &'r Plan<'c>,
    frame: &'r mut Frame,
    stack: &'r mut ValueStack,
    fuel: &'r mut u64,
    /// The first slot of the frame's operands.
    operands: u32,
}

impl Left<'_, '_> {
    fn window(&mut self) -> &mut [u64] {
        self.stack.slots.get_mut(self.frame.base as usize..).unwrap_or_default()
    }

    /// At the beginning of a segment that cannot be paid for.
    fn unpaid(self, context: &Context) -> Result<Leave> {
        self.stack.top = self.operands + context.height;
        self.codes.exactly(self.frame, self.code, *self.fuel)
    }

    /// Within a segment, where the budget ends.
    fn within_segment(mut self) -> Result<Leave> {
        let end = self.plan.end.ok_or_else(defect)?;
        let index = self.codes.index(self.frame, self.code)?.ok_or_else(defect)?;
        pending::settle(self.window(), index.pending(end));
        self.frame.pc = end.pc;
        self.stack.top = self.operands + end.height;
        self.codes.exactly(self.frame, self.code, *self.fuel)
    }

    /// Before an operation that would trap, or that the exact tier is to execute: what of its segment has
    /// not been executed is paid back.
    fn before_operation(mut self, ip: *const u64, part: &[u64]) -> Result<Leave> {
        let word = self.plan.word(self.code, ip, part);
        let explanations = self.code.explanations(self.codes.module(self.frame.instance)?)?;
        let (explained, pending) = explanations.at(word).ok_or_else(defect)?;
        pending::settle(self.window(), pending);
        self.frame.pc = explained.pc;
        *self.fuel += u64::from(match self.plan.end {
            Some(end) => end.pc - self.frame.pc,
            None => self.code.segment(self.frame.pc),
        });
        self.stack.top = self.operands + explained.height;
        Ok(Leave::Exact(1))
    }

    /// At an instruction that the operation names itself.
    fn at_instruction(self, context: &Context) -> Leave {
        self.frame.pc = context.value;
        self.stack.top = self.operands + context.height;
        Leave::Exact(1)
    }
}
