//! The one frame layout: locals, then operand slots, contiguous on the task's value stack.
//!
//! Arguments are the first locals: they stay where the caller pushed them, so a call copies
//! nothing. A value takes one slot of 8 bytes, a vector two of them, the lower half first.

use alloc::vec::Vec;

use crate::ids::{FuncIndex, InstanceId};
use crate::store::allocator::Room;

/// An activation of a wasm function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frame {
    pub(crate) instance: InstanceId,
    pub(crate) func: FuncIndex,
    /// First slot of the locals.
    pub(crate) base: u32,
    /// The next instruction; in a frame that waits for a callee, the call itself. Counts the
    /// function's instructions from 0.
    pub(crate) pc: u32,
}

/// The slots of all frames of a task. Slots above the top hold whatever was there before.
#[derive(Clone, Default, Debug)]
pub(crate) struct ValueStack {
    pub(crate) slots: Room,
    /// One past the topmost operand of the innermost frame.
    pub(crate) top: u32,
}

impl ValueStack {
    pub(crate) fn live(&self) -> &[u64] {
        self.slots.get(..self.top as usize).unwrap_or(&self.slots)
    }

    /// Makes room for `slots` in all, within `limit`.
    pub(crate) fn reserve(&mut self, slots: usize, limit: u32) -> bool {
        grow(&mut self.slots, slots, limit)
    }
}

/// Extends the value stack to at least `needed` slots; false if that exceeds `limit`.
#[inline(always)]
pub(crate) fn grow(slots: &mut Vec<u64>, needed: usize, limit: u32) -> bool {
    if needed <= slots.len() {
        return true;
    }
    grow_slowly(slots, needed, limit)
}

#[cold]
fn grow_slowly(slots: &mut Vec<u64>, needed: usize, limit: u32) -> bool {
    let limit = limit as usize;
    if needed > limit {
        return false;
    }
    // Never beyond the limit: what is there is used.
    let target = needed.saturating_mul(2).max(256).min(limit);
    if slots.try_reserve_exact(target - slots.len()).is_err() {
        return false;
    }
    slots.resize(target, 0);
    true
}

impl PartialEq for ValueStack {
    fn eq(&self, other: &Self) -> bool {
        self.live() == other.live()
    }
}
