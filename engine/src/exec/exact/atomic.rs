//! Atomic operators. A store runs on one thread, so each is what it would be without others.

use super::op::Op;
use crate::exec::stop::TrapCode;
use crate::semantics::access;

/// What an atomic operator does; how wide it is stands beside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AtomicOp {
    Load,
    Store,
    Add,
    Sub,
    And,
    Or,
    Xor,
    Xchg,
    Cmpxchg,
    Notify,
    Wait,
}

impl AtomicOp {
    /// How many slots it takes and gives.
    pub(crate) fn effect(self) -> (u32, u32) {
        match self {
            AtomicOp::Load => (1, 1),
            AtomicOp::Store => (2, 0),
            AtomicOp::Cmpxchg | AtomicOp::Wait => (3, 1),
            _ => (2, 1),
        }
    }

    /// What `op as u16` has made a number of.
    pub(crate) fn of_number(number: u16) -> Self {
        const ALL: [AtomicOp; 9] = [
            AtomicOp::Load,
            AtomicOp::Store,
            AtomicOp::Add,
            AtomicOp::Sub,
            AtomicOp::And,
            AtomicOp::Or,
            AtomicOp::Xor,
            AtomicOp::Xchg,
            AtomicOp::Cmpxchg,
        ];
        ALL.get(usize::from(number)).copied().unwrap_or(AtomicOp::Load)
    }

    /// Whether it only looks at who waits, or waits itself.
    pub(crate) fn is_waiting(self) -> bool {
        matches!(self, AtomicOp::Notify | AtomicOp::Wait)
    }

    /// Whether it writes to memory.
    pub(crate) fn writes(self) -> bool {
        !matches!(self, AtomicOp::Load | AtomicOp::Notify | AtomicOp::Wait)
    }
}

/// The address of an access of so many bytes, which has to be a multiple of them.
///
/// # Errors
/// [`TrapCode::UnalignedAtomic`] before [`TrapCode::MemoryOutOfBounds`].
pub(super) fn aligned(
    address: u64,
    offset: u64,
    width_log2: u8,
    size: u64,
) -> Result<usize, TrapCode> {
    let width = 1u64 << width_log2;
    if !address.wrapping_add(offset).is_multiple_of(width) {
        return Err(TrapCode::UnalignedAtomic);
    }
    access::effective(address, offset, width, size)
}

/// The number of so many bytes at an address that has been checked.
pub(super) fn load(memory: &[u8], at: usize, width_log2: u8) -> u64 {
    let mut bytes = [0; 8];
    let width = 1 << width_log2;
    bytes[..width].copy_from_slice(&memory[at..at + width]);
    u64::from_le_bytes(bytes)
}

/// Accesses memory with the operands at the beginning of `slots`, and puts the result there.
///
/// # Errors
/// Those of [`aligned`]; nothing is changed.
pub(crate) fn execute(
    op: AtomicOp,
    width_log2: u8,
    memory: &mut [u8],
    offset: u64,
    slots: &mut [u64],
) -> Result<(), TrapCode> {
    let at = aligned(slots[0], offset, width_log2, memory.len() as u64)?;
    let width = 1 << width_log2;
    let mask = u64::MAX >> (64 - 8 * width);
    let old = load(memory, at, width_log2);
    if op == AtomicOp::Load {
        slots[0] = old;
        return Ok(());
    }
    let operand = slots[1];
    let new = match op {
        AtomicOp::Add => old.wrapping_add(operand),
        AtomicOp::Sub => old.wrapping_sub(operand),
        AtomicOp::And => old & operand,
        AtomicOp::Or => old | operand,
        AtomicOp::Xor => old ^ operand,
        // What is expected is wrapped to the width of the access first.
        AtomicOp::Cmpxchg if old == operand & mask => slots[2],
        AtomicOp::Cmpxchg => old,
        _ => operand,
    };
    memory[at..at + width].copy_from_slice(&new.to_le_bytes()[..width]);
    if op != AtomicOp::Store {
        slots[0] = old;
    }
    Ok(())
}

/// Decodes atomic operators.
pub(super) fn decode_atomic(operator: &wasmparser::Operator<'_>) -> Option<Op> {
    use wasmparser::{MemArgTarget, Operator as O};
    let (op, width_log2, memarg) = match *operator {
        O::I32AtomicLoad { memarg } => (AtomicOp::Load, 2, memarg),
        O::I32AtomicStore { memarg } => (AtomicOp::Store, 2, memarg),
        O::I32AtomicLoad8U { memarg } => (AtomicOp::Load, 0, memarg),
        O::I32AtomicStore8 { memarg } => (AtomicOp::Store, 0, memarg),
        O::I32AtomicLoad16U { memarg } => (AtomicOp::Load, 1, memarg),
        O::I32AtomicStore16 { memarg } => (AtomicOp::Store, 1, memarg),
        O::I32AtomicRmwAdd { memarg } => (AtomicOp::Add, 2, memarg),
        O::I32AtomicRmw8AddU { memarg } => (AtomicOp::Add, 0, memarg),
        O::I32AtomicRmw16AddU { memarg } => (AtomicOp::Add, 1, memarg),
        O::I32AtomicRmwSub { memarg } => (AtomicOp::Sub, 2, memarg),
        O::I32AtomicRmw8SubU { memarg } => (AtomicOp::Sub, 0, memarg),
        O::I32AtomicRmw16SubU { memarg } => (AtomicOp::Sub, 1, memarg),
        O::I32AtomicRmwAnd { memarg } => (AtomicOp::And, 2, memarg),
        O::I32AtomicRmw8AndU { memarg } => (AtomicOp::And, 0, memarg),
        O::I32AtomicRmw16AndU { memarg } => (AtomicOp::And, 1, memarg),
        O::I32AtomicRmwOr { memarg } => (AtomicOp::Or, 2, memarg),
        O::I32AtomicRmw8OrU { memarg } => (AtomicOp::Or, 0, memarg),
        O::I32AtomicRmw16OrU { memarg } => (AtomicOp::Or, 1, memarg),
        O::I32AtomicRmwXor { memarg } => (AtomicOp::Xor, 2, memarg),
        O::I32AtomicRmw8XorU { memarg } => (AtomicOp::Xor, 0, memarg),
        O::I32AtomicRmw16XorU { memarg } => (AtomicOp::Xor, 1, memarg),
        O::I32AtomicRmwXchg { memarg } => (AtomicOp::Xchg, 2, memarg),
        O::I32AtomicRmw8XchgU { memarg } => (AtomicOp::Xchg, 0, memarg),
        O::I32AtomicRmw16XchgU { memarg } => (AtomicOp::Xchg, 1, memarg),
        O::I32AtomicRmwCmpxchg { memarg } => (AtomicOp::Cmpxchg, 2, memarg),
        O::I32AtomicRmw8CmpxchgU { memarg } => (AtomicOp::Cmpxchg, 0, memarg),
        O::I32AtomicRmw16CmpxchgU { memarg } => (AtomicOp::Cmpxchg, 1, memarg),
        O::I64AtomicLoad { memarg } => (AtomicOp::Load, 3, memarg),
        O::I64AtomicStore { memarg } => (AtomicOp::Store, 3, memarg),
        O::I64AtomicLoad8U { memarg } => (AtomicOp::Load, 0, memarg),
        O::I64AtomicStore8 { memarg } => (AtomicOp::Store, 0, memarg),
        O::I64AtomicLoad16U { memarg } => (AtomicOp::Load, 1, memarg),
        O::I64AtomicStore16 { memarg } => (AtomicOp::Store, 1, memarg),
        O::I64AtomicLoad32U { memarg } => (AtomicOp::Load, 2, memarg),
        O::I64AtomicStore32 { memarg } => (AtomicOp::Store, 2, memarg),
        O::I64AtomicRmwAdd { memarg } => (AtomicOp::Add, 3, memarg),
        O::I64AtomicRmw8AddU { memarg } => (AtomicOp::Add, 0, memarg),
        O::I64AtomicRmw16AddU { memarg } => (AtomicOp::Add, 1, memarg),
        O::I64AtomicRmw32AddU { memarg } => (AtomicOp::Add, 2, memarg),
        O::I64AtomicRmwSub { memarg } => (AtomicOp::Sub, 3, memarg),
        O::I64AtomicRmw8SubU { memarg } => (AtomicOp::Sub, 0, memarg),
        O::I64AtomicRmw16SubU { memarg } => (AtomicOp::Sub, 1, memarg),
        O::I64AtomicRmw32SubU { memarg } => (AtomicOp::Sub, 2, memarg),
        O::I64AtomicRmwAnd { memarg } => (AtomicOp::And, 3, memarg),
        O::I64AtomicRmw8AndU { memarg } => (AtomicOp::And, 0, memarg),
        O::I64AtomicRmw16AndU { memarg } => (AtomicOp::And, 1, memarg),
        O::I64AtomicRmw32AndU { memarg } => (AtomicOp::And, 2, memarg),
        O::I64AtomicRmwOr { memarg } => (AtomicOp::Or, 3, memarg),
        O::I64AtomicRmw8OrU { memarg } => (AtomicOp::Or, 0, memarg),
        O::I64AtomicRmw16OrU { memarg } => (AtomicOp::Or, 1, memarg),
        O::I64AtomicRmw32OrU { memarg } => (AtomicOp::Or, 2, memarg),
        O::I64AtomicRmwXor { memarg } => (AtomicOp::Xor, 3, memarg),
        O::I64AtomicRmw8XorU { memarg } => (AtomicOp::Xor, 0, memarg),
        O::I64AtomicRmw16XorU { memarg } => (AtomicOp::Xor, 1, memarg),
        O::I64AtomicRmw32XorU { memarg } => (AtomicOp::Xor, 2, memarg),
        O::I64AtomicRmwXchg { memarg } => (AtomicOp::Xchg, 3, memarg),
        O::I64AtomicRmw8XchgU { memarg } => (AtomicOp::Xchg, 0, memarg),
        O::I64AtomicRmw16XchgU { memarg } => (AtomicOp::Xchg, 1, memarg),
        O::I64AtomicRmw32XchgU { memarg } => (AtomicOp::Xchg, 2, memarg),
        O::I64AtomicRmwCmpxchg { memarg } => (AtomicOp::Cmpxchg, 3, memarg),
        O::I64AtomicRmw8CmpxchgU { memarg } => (AtomicOp::Cmpxchg, 0, memarg),
        O::I64AtomicRmw16CmpxchgU { memarg } => (AtomicOp::Cmpxchg, 1, memarg),
        O::I64AtomicRmw32CmpxchgU { memarg } => (AtomicOp::Cmpxchg, 2, memarg),
        O::MemoryAtomicNotify { memarg } => (AtomicOp::Notify, 2, memarg),
        O::MemoryAtomicWait32 { memarg } => (AtomicOp::Wait, 2, memarg),
        O::MemoryAtomicWait64 { memarg } => (AtomicOp::Wait, 3, memarg),
        _ => return None,
    };
    let MemArgTarget::Memory(memory) = memarg.target else { return None };
    Some(Op::Atomic { op, width_log2, memory, offset: memarg.offset })
}
