//! Exceptions: which handler catches what is thrown.

use core::ops::Range;

use super::decode::{Catch, FuncCode};
use super::machine::Machine;
use super::op::{Branch, Op};
use crate::error::Result;
use crate::exec::frame::{Frame, grow};
use crate::ids::{ObjectAddr, TagAddr};
use crate::store::heap::{deref, exception_parts, slot_of};
use crate::store::{Instance, ModuleEntry, Store, StoreState};
use crate::types::Types;

/// Where an exception is caught.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caught {
    /// The frame, counted from the outermost.
    pub(crate) frame: usize,
    pub(crate) catch: Catch,
}

/// Finds the handler of an exception thrown in the innermost frame.
fn find(
    modules: &[ModuleEntry],
    instances: &[Instance],
    frames: &[Frame],
    tag: TagAddr,
) -> Option<Caught> {
    for (position, frame) in frames.iter().enumerate().rev() {
        let instance = instances.get(frame.instance.index())?;
        let module = modules.get(instance.module.index())?;
        let Ok(code) = module.module.inner().code(frame.func) else { continue };
        if let Some(catch) =
            code.catches(frame.pc, |index| instance.tags.get(index as usize) == Some(&tag))
        {
            return Some(Caught { frame: position, catch });
        }
    }
    None
}

impl Store {
    /// Which of these frames, which stand at calls, catches exceptions of a tag.
    pub(crate) fn catcher(&self, frames: &[Frame], tag: TagAddr) -> Option<Caught> {
        find(&self.modules, &self.state.instances, frames, tag)
    }

    /// Whether one of these frames, which stand at calls, catches an exception.
    pub(crate) fn catches(&self, frames: &[Frame], object: ObjectAddr) -> bool {
        let found = exception_parts(&self.state.heap, &self.types, &self.state.tags, object);
        found.is_some_and(|(tag, _)| self.catcher(frames, tag).is_some())
    }
}

impl FuncCode {
    /// The clause that catches an exception thrown at an instruction.
    fn catches(&self, pc: u32, is_tag: impl Fn(u32) -> bool) -> Option<Catch> {
        let mut within = u32::MAX;
        for handler in self.handlers.around(pc) {
            if handler.label > within {
                continue;
            }
            if let Some(label) = handler.delegate {
                within = label;
                continue;
            }
            let clauses = self.clauses.get(handler.first as usize..handler.last as usize)?;
            let fits = |catch: &&Catch| catch.tag.is_none_or(&is_tag);
            if let Some(catch) = clauses.iter().find(fits) {
                return Some(*catch);
            }
        }
        None
    }
}

/// The tag of the exception that the next instruction throws, and who catches it.
pub(crate) fn thrower(
    modules: &[ModuleEntry],
    types: &Types,
    state: &StoreState,
    frames: &[Frame],
    stack: &[u64],
) -> Option<(TagAddr, Option<Caught>)> {
    let frame = frames.last()?;
    let instance = state.instances.get(frame.instance.index())?;
    let module = modules.get(instance.module.index())?;
    let code = module.module.inner().code(frame.func).ok()?;
    let of_slot = |slot: u64| {
        let object = deref(slot, crate::exec::TrapCode::NullException).ok()?;
        exception_parts(&state.heap, types, &state.tags, object).map(|(tag, _)| tag)
    };
    let tag = match *code.ops.get(frame.pc as usize)? {
        Op::Throw { tag } => *instance.tags.get(tag as usize)?,
        Op::ThrowRef => of_slot(*stack.last()?)?,
        Op::Rethrow { local } => of_slot(*stack.get((frame.base + local) as usize)?)?,
        _ => return None,
    };
    Some((tag, find(modules, &state.instances, frames, tag)))
}

/// What has become of an exception.
pub(crate) enum Unwound {
    /// A frame goes on with its handler; which slots it has been given.
    Caught(Range<u32>),
    /// The handler returned from the outermost frame, with these.
    Returned(Range<u32>),
    Uncaught,
}

/// Leaves frames up to the handler of an exception, and goes there. The innermost frame stands at the
/// instruction that throws.
///
/// # Errors
/// Only if a function of a validated module cannot be decoded.
pub(crate) fn unwind(machine: &mut Machine<'_>, object: ObjectAddr) -> Result<Unwound> {
    let Machine { config, modules, types, state, stack, frames, .. } = machine;
    let found = exception_parts(&state.heap, types, &state.tags, object);
    let Some((tag, values)) = found else { return Ok(Unwound::Uncaught) };
    let Some(caught) = find(modules, &state.instances, frames, tag) else {
        return Ok(Unwound::Uncaught);
    };
    frames.truncate(caught.frame + 1);
    let Some(frame) = frames.last().copied() else { return Ok(Unwound::Uncaught) };
    let module = &modules[state.instances[frame.instance.index()].module.index()];
    let code = module.module.inner().code(frame.func)?;
    let base = frame.base as usize;
    // It has been this large before.
    grow(&mut stack.slots, base + code.frame_slots as usize, config.max_value_stack);
    let window = &mut stack.slots[base..base + code.frame_slots as usize];
    let Catch { tag, branch, with_ref, keep } = caught.catch;
    let mut sp = (code.locals + branch.height) as usize;
    let first = (base + sp) as u32;
    if tag.is_some() {
        window[sp..sp + values.len()].copy_from_slice(values);
        sp += values.len();
    }
    if with_ref {
        window[sp] = slot_of(object);
        sp += 1;
    }
    if let Some(local) = keep {
        window[local as usize] = slot_of(object);
    }
    if branch.target != Branch::RETURN {
        stack.top = (base + sp) as u32;
        if let Some(frame) = frames.last_mut() {
            frame.pc = branch.target;
        }
        return Ok(Unwound::Caught(first..stack.top));
    }
    let results = code.results as usize;
    window.copy_within(sp - results..sp, 0);
    frames.pop();
    let Some(caller) = frames.last_mut() else {
        stack.top = results as u32;
        return Ok(Unwound::Returned(frame.base..frame.base + code.results));
    };
    caller.pc += 1;
    stack.top = (base + results) as u32;
    Ok(Unwound::Caught(frame.base..stack.top))
}
