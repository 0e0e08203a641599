//! From frame to frame.

use super::super::code::FastCode;
use super::super::machine::{Context, Flow, Registers, Return};
use super::{high, pay, word};
use crate::exec::frame::Frame;
use crate::ids::{FuncIndex, InstanceId};
use crate::store::FuncEntity;

/// Leaves a call to the exact tier; the layout of its second and third word is that of
/// [`Call`](super::Call).
#[inline(always)]
pub(super) unsafe fn exact_call(r: &Registers) -> Flow {
    #[cold]
    #[inline(never)]
    unsafe fn note(context: *mut Context, ip: *const u64) {
        // SAFETY: what the module demands.
        unsafe {
            (*context).value = *ip.add(2) as u32;
            (*context).height = *ip.add(3) as u32;
        }
    }
    // SAFETY: what the module demands.
    unsafe { note(r.context, r.ip) };
    Flow::ExactCall
}

/// What is rare, as a function of its own: on a copy of the registers, so that they need no place in
/// memory elsewhere.
#[inline(always)]
fn apart(r: &mut Registers, rare: impl FnOnce(&mut Registers) -> Flow) -> Flow {
    let mut copy = *r;
    let flow = rare(&mut copy);
    *r = copy;
    flow
}

/// Calls a function of the same instance; `words` is the length of the calling operation.
#[inline(always)]
pub(super) unsafe fn call(r: &mut Registers, func: u32, distance: usize, words: usize) -> Flow {
    // SAFETY: what the module demands.
    unsafe {
        let context: *mut Context = r.context;
        let Some(position) = func.checked_sub((*context).imported) else { return exact_call(r) };
        let code = &*(*context).codes.add(position as usize);
        let Some(callee) = code.get() else { return exact_call(r) };
        if !enter(r, callee, (*context).instance, func, distance, words, 1) {
            return exact_call(r);
        }
        Flow::Next
    }
}

/// Calls whatever a function address means.
#[inline(always)]
pub(super) unsafe fn call_entity(
    r: &mut Registers,
    entity: FuncEntity,
    distance: usize,
    words: usize,
) -> Flow {
    match entity {
        // SAFETY: what the module demands.
        FuncEntity::Wasm { instance, func, .. } => unsafe {
            if instance == (*r.context).instance {
                call(r, func.0, distance, words)
            } else {
                apart(r, |r| call_elsewhere(r, instance, func.0, distance, words))
            }
        },
        // SAFETY: what the module demands.
        FuncEntity::Host { .. } => unsafe { exact_call(r) },
    }
}

/// Calls a function of another instance. It returns by way of [`Restore`](super::Restore).
#[inline(never)]
unsafe fn call_elsewhere(
    r: &mut Registers,
    instance: InstanceId,
    func: u32,
    distance: usize,
    words: usize,
) -> Flow {
    // SAFETY: what the module demands; the address of a function names one of its instance's module.
    unsafe {
        let context: *mut Context = r.context;
        let Some(codes) = (*context).codes_of(instance) else { return exact_call(r) };
        let target = &*(*context).instances.add(instance.index());
        let module = &*(*context).modules.add(target.module.index());
        let Some(position) = func.checked_sub(module.module.inner().imported_funcs) else {
            return exact_call(r);
        };
        let Some(callee) = (*codes.add(position as usize)).get() else { return exact_call(r) };
        if !enter(r, callee, instance, func, distance, words, 2) {
            return exact_call(r);
        }
        (*(*context).crossings).note((*context).instance, instance);
        let returns = &mut *(*context).returns;
        let restore = (*context).restore;
        returns.push(Return { ip: restore, distance: 0, charge: 0 });
        r.memory = (*context).switch(instance, codes);
        Flow::Next
    }
}

/// Makes a frame and goes to its first operation; false if there is no room or it cannot be paid for,
/// and then nothing has changed. `returns` is how many returns will be needed.
#[inline(always)]
unsafe fn enter(
    r: &mut Registers,
    callee: &FastCode,
    instance: InstanceId,
    func: u32,
    distance: usize,
    words: usize,
    needed: usize,
) -> bool {
    // SAFETY: what the module demands. The new frame is written only where there is room for it, and
    // its slots lie below the end of the value stack.
    unsafe {
        let context: *mut Context = r.context;
        let fp = r.fp.add(distance);
        let frame = (*context).frame.add(1);
        let price = callee.price;
        let room = (*context).stack_end.offset_from(fp) as usize;
        if frame >= (*context).frames_end
            || room < callee.slots as usize
            || r.fuel < i64::from(price)
        {
            return false;
        }
        let returns = &mut *(*context).returns;
        if returns.capacity() - returns.len() < needed {
            return false;
        }
        r.fuel -= i64::from(price);
        let w = word(r, 2);
        (*(*context).frame).pc = w as u32;
        let base = fp.offset_from((*context).stack) as u32;
        frame.write(Frame { instance, func: FuncIndex(func), base, pc: 0 });
        (*context).frame = frame;
        let back = Return { ip: r.ip.add(words), distance: distance as u32, charge: high(w) };
        returns.as_mut_ptr().add(returns.len()).write(back);
        returns.set_len(returns.len() + 1);
        for local in callee.params..callee.locals {
            *fp.add(local as usize) = 0;
        }
        r.fp = fp;
        r.ip = callee.words.as_ptr();
        true
    }
}

/// Replaces the present frame by one of a function of the same instance.
#[inline(always)]
pub(super) unsafe fn tail_call(r: &mut Registers, func: u32, args: usize) -> Flow {
    // SAFETY: what the module demands; the new frame's slots lie below the end of the value stack.
    unsafe {
        let context: *mut Context = r.context;
        let Some(position) = func.checked_sub((*context).imported) else { return exact_call(r) };
        let code = &*(*context).codes.add(position as usize);
        let Some(callee) = code.get() else { return exact_call(r) };
        let price = callee.price;
        let room = (*context).stack_end.offset_from(r.fp) as usize;
        if room < callee.slots as usize || r.fuel < i64::from(price) {
            return exact_call(r);
        }
        r.fuel -= i64::from(price);
        core::ptr::copy(r.fp.add(args), r.fp, callee.params as usize);
        for local in callee.params..callee.locals {
            *r.fp.add(local as usize) = 0;
        }
        (*(*context).frame).func = FuncIndex(func);
        (*(*context).frame).pc = 0;
        r.ip = callee.words.as_ptr();
        Flow::Next
    }
}

/// Goes back to the caller; the results lie at the frame's first slots.
#[inline(always)]
pub(super) unsafe fn leave_frame(r: &mut Registers, results: u32) -> Flow {
    // SAFETY: what the module demands; every frame of this run but the first has a return.
    unsafe {
        let context = r.context;
        let Some(back) = (*(*context).returns).pop() else {
            (*context).value = results;
            return Flow::Return;
        };
        (*context).frame = (*context).frame.sub(1);
        r.fp = r.fp.sub(back.distance as usize);
        r.ip = back.ip;
        pay(r, back.charge)
    }
}

/// Makes the innermost frame's instance the one that runs, and goes back to it.
#[inline(always)]
pub(super) unsafe fn restore(r: &mut Registers) -> Flow {
    // SAFETY: what the module demands.
    apart(r, |r| unsafe { go_back_elsewhere(r) })
}

#[inline(never)]
unsafe fn go_back_elsewhere(r: &mut Registers) -> Flow {
    // SAFETY: what the module demands; the return to the caller lies below that to here, and the
    // caller's instance was the one that ran.
    unsafe {
        let context = r.context;
        let Some(back) = (*(*context).returns).pop() else { return Flow::Trap };
        let instance = (*(*context).frame).instance;
        let Some(codes) = (*context).codes_of(instance) else { return Flow::Trap };
        r.memory = (*context).switch(instance, codes);
        r.fp = r.fp.sub(back.distance as usize);
        r.ip = back.ip;
        pay(r, back.charge)
    }
}

/// Finds the function that an indirect call means: `args index type`, `pc price`, `height table`.
#[inline(always)]
pub(super) unsafe fn indirect(r: &Registers, index: u64, ty: u32) -> Option<FuncEntity> {
    // SAFETY: what the module demands.
    unsafe {
        let context = &*r.context;
        let table = *context.instance_tables.add(high(word(r, 3)) as usize);
        let table = &*context.tables.add(table.index());
        let entry = table.elements.get(index as u32 as usize).copied();
        let addr = entry.unwrap_or(0).checked_sub(1)?;
        let entity = context.func(crate::ids::FuncAddr(addr as u32))?;
        (entity.ty() == *context.types.add(ty as usize)).then_some(entity)
    }
}
