//! Vector operators. Operands are named by the lower of their two slots.

use super::super::machine::{Flow, Registers};
use super::Part::{Constant, Global, Memory, Name, Slot, Text, Unsigned};
use super::{
    Operation, Part, forward, get, high, lo, mark, memory_elsewhere, memory_mut, mid, near_memory,
    set, third, word,
};
use crate::exec::exact::{VectorAccess, VectorOp, VectorShape, evaluate};
use crate::semantics::vector::i8x16;
use crate::value::{join, split};

/// The vector in two slots of the frame.
#[inline(always)]
pub(super) unsafe fn vector(r: &Registers, slot: u16) -> u128 {
    // SAFETY: what the module demands.
    unsafe {
        let lower = r.fp.add(usize::from(slot));
        join([*lower, *lower.add(1)])
    }
}

#[inline(always)]
pub(super) unsafe fn set_vector(r: &mut Registers, slot: u16, value: u128) {
    // SAFETY: what the module demands.
    unsafe {
        let lower = r.fp.add(usize::from(slot));
        [*lower, *lower.add(1)] = split(value);
    }
}

/// A global of the instance that runs.
#[inline(always)]
unsafe fn global(r: &Registers, index: u32) -> *mut crate::store::Global {
    // SAFETY: what the module demands.
    unsafe {
        let addr = *(*r.context).instance_globals.add(index as usize);
        (*r.context).globals.add(addr.index())
    }
}

/// Executes an operator of [`Vector`]'s layout.
#[inline(always)]
unsafe fn execute(r: &mut Registers, op: VectorOp) -> Flow {
    // SAFETY: what the module demands.
    unsafe {
        let (w, lane) = (word(r, 1), mid(word(r, 2)) as u8);
        let (first, second) = (mid(w), third(w));
        let operands = match op.shape() {
            VectorShape::Unary | VectorShape::ToNumber => [vector(r, first), 0, 0],
            VectorShape::Binary => [vector(r, first), vector(r, second), 0],
            VectorShape::Ternary => {
                [vector(r, first), vector(r, second), vector(r, (w >> 48) as u16)]
            }
            VectorShape::WithNumber => [vector(r, first), get(r, second).into(), 0],
            VectorShape::FromNumber => [get(r, first).into(), 0, 0],
        };
        let result = evaluate(op, operands, lane);
        match op.shape() {
            VectorShape::ToNumber => set(r, lo(w), result as u64),
            _ => set_vector(r, lo(w), result),
        }
        forward(r, 3)
    }
}

operations! {
    /// `dst a b c`, operator and lane. Where there is a handler for each operator, [`link`] chooses it.
    ///
    /// [`link`]: super::super::dispatch::link
    Vector = 34, "vector",
    &[Slot(1, 0), Text(" = "), Part::Vector(2, 0), Slot(1, 1), Slot(1, 2)],
    |r| {
        match VectorOp::ALL.get(usize::from(lo(word(r, 2)))) {
            Some(op) => execute(r, *op),
            None => Flow::Trap,
        }
    }

    /// `dst a b`, and which lanes are taken
    Shuffle = 35, "i8x16.shuffle",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2), Constant(2), Constant(3)],
    |r| {
        let (w, lanes) = (word(r, 1), join([word(r, 2), word(r, 3)]));
        let result = i8x16::shuffle(vector(r, mid(w)), vector(r, third(w)), lanes);
        set_vector(r, lo(w), result);
        forward(r, 4)
    }

    /// A load or store of a vector in memory 0: `dst address access vector`, offset; a lane that is read
    /// goes into the vector.
    VectorMemory = 36, "v128",
    &[Name, Slot(1, 0), Slot(1, 1), Slot(1, 3), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let access = VectorAccess::of_number(third(w));
        let value = if access.takes_vector() { vector(r, (w >> 48) as u16) } else { 0 };
        match access.access(memory_mut(r), get(r, mid(w)), offset, value) {
            Ok(_) if access.writes() => mark(r, 0, get(r, mid(w)) + offset),
            Ok(result) => set_vector(r, lo(w), result),
            Err(_) => return Flow::Trap,
        }
        forward(r, 3)
    }

    /// `dst address`, offset
    VectorLoad = 52, "v128.load",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        match VectorAccess::LOAD.access(memory_mut(r), get(r, mid(w)), offset, 0) {
            Ok(result) => set_vector(r, lo(w), result),
            Err(_) => return Flow::Trap,
        }
        forward(r, 3)
    }

    /// `- address - vector`, offset
    VectorStore = 53, "v128.store",
    &[Name, Slot(1, 1), Text(" offset="), Unsigned(2), Text(" ="), Slot(1, 3)],
    |r| {
        let (w, offset) = (word(r, 1), word(r, 2) >> 32);
        let value = vector(r, (w >> 48) as u16);
        match VectorAccess::STORE.access(memory_mut(r), get(r, mid(w)), offset, value) {
            Ok(_) => {
                mark(r, 0, get(r, mid(w)) + offset);
                forward(r, 3)
            }
            Err(_) => Flow::Trap,
        }
    }

    /// As [`VectorMemory`], in any memory, which the second word names: `- memory offset`
    VectorElsewhere = 70, "v128",
    &[Name, Memory(2, 1), Slot(1, 0), Slot(1, 1), Slot(1, 3), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, rest) = (word(r, 1), word(r, 2));
        let access = VectorAccess::of_number(third(w));
        let value = if access.takes_vector() { vector(r, (w >> 48) as u16) } else { 0 };
        let memory = memory_elsewhere(r.context, mid(rest));
        let memory = match access.writes() {
            true => memory.bytes_at(get(r, mid(w)), rest >> 32),
            false => memory.marked(false).0,
        };
        match access.access(memory, get(r, mid(w)), rest >> 32, value) {
            Ok(_) if access.writes() => {}
            Ok(result) => set_vector(r, lo(w), result),
            Err(_) => return Flow::Trap,
        }
        forward(r, 3)
    }

    /// As [`VectorLoad`], of a memory that is near: `dst address`, `- memory offset`
    VectorLoadNear = 76, "v128.load",
    &[Slot(1, 0), Text(" = "), Name, Memory(2, 1), Slot(1, 1), Text(" offset="), Unsigned(2)],
    |r| {
        let (w, rest) = (word(r, 1), word(r, 2));
        let memory = near_memory(r, mid(rest));
        match VectorAccess::LOAD.access(memory, get(r, mid(w)), rest >> 32, 0) {
            Ok(result) => set_vector(r, lo(w), result),
            Err(_) => return Flow::Trap,
        }
        forward(r, 3)
    }

    /// `- address - vector`, `- memory offset`
    VectorStoreNear = 77, "v128.store",
    &[Name, Memory(2, 1), Slot(1, 1), Text(" offset="), Unsigned(2), Text(" ="), Slot(1, 3)],
    |r| {
        let (w, rest) = (word(r, 1), word(r, 2));
        let (memory, value) = (near_memory(r, mid(rest)), vector(r, (w >> 48) as u16));
        match VectorAccess::STORE.access(memory, get(r, mid(w)), rest >> 32, value) {
            Ok(_) => {
                mark(r, mid(rest), get(r, mid(w)) + (rest >> 32));
                forward(r, 3)
            }
            Err(_) => Flow::Trap,
        }
    }

    /// `dst - global`
    GlobalGetVector = 58, "global.get",
    &[Slot(1, 0), Text(" = "), Name, Global(1)],
    |r| {
        let w = word(r, 1);
        let global = &*global(r, high(w));
        set_vector(r, lo(w), join([global.slot, global.upper]));
        forward(r, 2)
    }

    /// `src - global`
    GlobalSetVector = 59, "global.set",
    &[Name, Global(1), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        let [slot, upper] = split(vector(r, lo(w)));
        let global = global(r, high(w));
        ((*global).slot, (*global).upper) = (slot, upper);
        forward(r, 2)
    }

    /// `dst a b condition`
    SelectVector = 60, "select",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2), Slot(1, 3)],
    |r| {
        let w = word(r, 1);
        let (a, b) = (vector(r, mid(w)), vector(r, third(w)));
        let value = if get(r, (w >> 48) as u16) as u32 != 0 { a } else { b };
        set_vector(r, lo(w), value);
        forward(r, 2)
    }

    /// `dst`, and the two halves
    VectorConstant = 54, "v128.const",
    &[Slot(1, 0), Text(" = "), Name, Constant(2), Constant(3)],
    |r| {
        let value = join([word(r, 2), word(r, 3)]);
        set_vector(r, lo(word(r, 1)), value);
        forward(r, 4)
    }
}

/// [`Vector`] for one operator, by its number.
#[cfg(threaded)]
pub(in crate::exec::fast) struct VectorOf<const OP: u8>;

#[cfg(threaded)]
impl<const OP: u8> Operation for VectorOf<OP> {
    const CODE: u32 = Vector::CODE;
    const NAME: &'static str = Vector::NAME;
    const LAYOUT: &'static [Part] = Vector::LAYOUT;

    #[inline(always)]
    unsafe fn run(r: &mut Registers) -> Flow {
        // SAFETY: what the module demands.
        unsafe { execute(r, const { VectorOp::ALL[OP as usize] }) }
    }
}
