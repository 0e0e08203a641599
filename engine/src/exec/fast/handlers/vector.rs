//! Vector operators: what the exact tier does, on operands in their homes.

use super::super::machine::{Flow, Registers};
use super::Part::{Constant, Name, Slot, Text, Unsigned};
use super::{Operation, Part, forward, lo, memory_mut, mid, third, word};
use crate::exec::exact::{VectorAccess, VectorOp, compute, shuffle};
use crate::value::join;

/// Slots of the frame from one on.
#[inline(always)]
unsafe fn slots<'a>(r: &Registers, first: u16, count: u32) -> &'a mut [u64] {
    // SAFETY: what the module demands: operands lie within the frame. One operation at a time looks at
    // them.
    unsafe { core::slice::from_raw_parts_mut(r.fp.add(usize::from(first)), count as usize) }
}

operations! {
    /// A vector operator on operands in their homes: `first operator lane slots`
    Vector = 34, "vector",
    &[Slot(1, 0), Text(" = "), Part::Vector(1, 1), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        if let Some(op) = VectorOp::ALL.get(usize::from(mid(w))) {
            let (takes, gives) = op.effect();
            compute(*op, third(w) as u8, slots(r, lo(w), takes.max(gives)));
        }
        forward(r, 2)
    }

    /// `first`, and which lanes are taken
    Shuffle = 35, "i8x16.shuffle",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 0), Constant(2), Constant(3)],
    |r| {
        shuffle(join([word(r, 2), word(r, 3)]), slots(r, lo(word(r, 1)), 4));
        forward(r, 4)
    }

    /// A load or store of a vector in memory 0: `first access`, offset
    VectorMemory = 36, "v128",
    &[Name, Slot(1, 0), Text(" offset="), Unsigned(1)],
    |r| {
        let w = word(r, 1);
        let access = VectorAccess::of_number(mid(w));
        match access.execute(memory_mut(r), w >> 32, slots(r, lo(w), 3)) {
            Ok(()) => forward(r, 2),
            Err(_) => Flow::Trap,
        }
    }
}
