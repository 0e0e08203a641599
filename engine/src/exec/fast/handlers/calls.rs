//! From frame to frame.

use super::super::code::FastCode;
use super::super::machine::{Context, Flow, Registers, Return};
use super::{high, pay, word};
use crate::exec::frame::Frame;
use crate::ids::FuncIndex;

/// Leaves a call to the exact tier; the layout of its second and third word is that of [`Call`].
#[cold]
#[inline(never)]
pub(super) unsafe fn exact_call(r: &mut Registers) -> Flow {
    // SAFETY: what the module demands.
    unsafe {
        (*r.context).value = word(r, 2) as u32;
        (*r.context).height = word(r, 3) as u32;
    }
    Flow::ExactCall
}

/// Calls a function of the same instance; `words` is the length of the calling operation.
#[inline(always)]
pub(super) unsafe fn call(r: &mut Registers, func: u32, distance: usize, words: usize) -> Flow {
    // SAFETY: what the module demands. The new frame is written only where there is room for it, and
    // its slots lie below the end of the value stack.
    unsafe {
        let context: *mut Context = r.context;
        let Some(position) = func.checked_sub((*context).imported) else { return exact_call(r) };
        let body = &*(*context).bodies.add(position as usize);
        let Some(callee): Option<&FastCode> = body.fast.get() else { return exact_call(r) };
        let fp = r.fp.add(distance);
        let frame = (*context).frame.add(1);
        let price = callee.price;
        let room = (*context).stack_end.offset_from(fp) as usize;
        if frame >= (*context).frames_end
            || room < callee.slots as usize
            || r.fuel < i64::from(price)
        {
            return exact_call(r);
        }
        let returns = &mut *(*context).returns;
        if returns.len() == returns.capacity() {
            return exact_call(r);
        }
        r.fuel -= i64::from(price);
        let w = word(r, 2);
        (*(*context).frame).pc = w as u32;
        let base = fp.offset_from((*context).stack) as u32;
        frame.write(Frame { instance: (*context).instance, func: FuncIndex(func), base, pc: 0 });
        (*context).frame = frame;
        let back = Return { ip: r.ip.add(words), distance: distance as u32, charge: high(w) };
        returns.as_mut_ptr().add(returns.len()).write(back);
        returns.set_len(returns.len() + 1);
        for local in callee.params..callee.locals {
            *fp.add(local as usize) = 0;
        }
        r.fp = fp;
        r.ip = callee.words.as_ptr();
        Flow::Next
    }
}

/// Replaces the present frame by one of a function of the same instance.
#[inline(always)]
pub(super) unsafe fn tail_call(r: &mut Registers, func: u32, args: usize) -> Flow {
    // SAFETY: what the module demands; the new frame's slots lie below the end of the value stack.
    unsafe {
        let context: *mut Context = r.context;
        let Some(position) = func.checked_sub((*context).imported) else { return exact_call(r) };
        let body = &*(*context).bodies.add(position as usize);
        let Some(callee): Option<&FastCode> = body.fast.get() else { return exact_call(r) };
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
