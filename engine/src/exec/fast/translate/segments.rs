//! What a budget pays for, and what is left to the exact tier.

use alloc::vec;
use alloc::vec::Vec;

use super::Observed;
use crate::exec::exact::{INDEX64, Op, for_each_numeric};

/// For each operation: how many are executed from it up to the end of its segment. Jumps forward
/// belong to a segment, and those back that [go round](Rounds); what leaves a choice or goes
/// elsewhere ends one. Operations of the exact tier belong to none.
pub(super) fn segments(ops: &[Op], rounds: &Rounds, observed: &Observed) -> Vec<u32> {
    let mut segments = vec![0u32; ops.len()];
    // What a jump back adds has to be known before it, so it is left out at first.
    for round_too in [false, true] {
        for pc in (0..ops.len()).rev() {
            let of = |target: usize| segments.get(target).copied().unwrap_or(0);
            let next = match ops.get(pc) {
                Some(op) if is_exact(op, pc, observed) => continue,
                Some(Op::If { .. } | Op::BrIf(_) | Op::BrTable { .. }) => 0,
                Some(Op::BrOnNull(_) | Op::BrOnNonNull(_) | Op::BrOnCast { .. }) => 0,
                Some(Op::Return | Op::Call { .. } | Op::CallIndirect { .. }) => 0,
                Some(Op::CallRef { .. }) => 0,
                Some(Op::CallImport { .. }) => 0,
                Some(Op::ReturnCall { .. } | Op::ReturnCallIndirect { .. }) => 0,
                Some(Op::Else { target }) => of(*target as usize),
                Some(Op::Br(to)) if to.target as usize > pc => of(to.target as usize),
                Some(Op::Br(to)) if round_too && rounds.choice(pc as u32).is_some() => {
                    of(to.target as usize)
                }
                Some(Op::Br(_)) => 0,
                _ => of(pc + 1),
            };
            if let Some(segment) = segments.get_mut(pc) {
                *segment = 1 + next;
            }
        }
    }
    segments
}

/// Operations at the head of a loop that are written once more where it is gone round, at most.
const HEAD: usize = 10;
/// Targets of a `br_table` that is written once more, at most.
const TARGETS: u32 = 32;

/// What is written once more in a function, at most: so much, and as much again as it has operations. It
/// is for the loops of interpreters; code with many more jumps back than that is none.
const WRITTEN: usize = 4096;

/// Jumps back that lead to a choice after a few operations. They need not go back: the operations are
/// written once more in their place.
pub(super) struct Rounds {
    /// The jumps, in order, and the choices.
    list: Vec<(u32, u32)>,
}

impl Rounds {
    pub(super) fn new(ops: &[Op], observed: &Observed) -> Self {
        let mut room = WRITTEN + ops.len();
        let mut list = Vec::new();
        for pc in 0..ops.len() {
            let Some((choice, written)) = round(ops, pc, observed) else { continue };
            let Some(left) = room.checked_sub(written) else { break };
            room = left;
            list.push((pc as u32, choice));
        }
        Self { list }
    }

    /// The choice that a jump goes on to, if it goes round.
    pub(super) fn choice(&self, pc: u32) -> Option<u32> {
        let position = self.list.binary_search_by_key(&pc, |(jump, _)| *jump).ok()?;
        self.list.get(position).map(|(_, choice)| *choice)
    }
}

/// The choice after a few operations that a jump back leads to, and how much is written for it once more.
fn round(ops: &[Op], pc: usize, observed: &Observed) -> Option<(u32, usize)> {
    let Some(Op::Br(to)) = ops.get(pc) else { return None };
    let head = to.target as usize;
    let found = |at: usize, targets: u32| Some((at as u32, at - head + targets as usize));
    for at in (head..pc).take(HEAD) {
        let op = ops.get(at)?;
        if is_exact(op, at, observed) {
            return None;
        }
        match op {
            Op::If { .. } | Op::BrIf(_) => return found(at, 2),
            Op::BrTable { count, .. } if *count > TARGETS => return None,
            Op::BrTable { count, .. } => return found(at, *count),
            Op::Br(_) | Op::Else { .. } | Op::Return => return None,
            Op::Call { .. } | Op::CallImport { .. } | Op::CallIndirect { .. } => return None,
            Op::CallRef { .. } | Op::BrOnNull(_) | Op::BrOnNonNull(_) => return None,
            Op::BrOnCast { .. } => return None,
            Op::ReturnCall { .. } | Op::ReturnCallIndirect { .. } => return None,
            _ => {}
        }
    }
    None
}

/// Whether an access is one that no operation can name, or one that is not watched although it should be:
/// only those of memory 0 with addresses of 32 bits are.
fn is_elsewhere(memory: u32, offset: u64, observed: &Observed) -> bool {
    (memory != 0 && observed.watched) || offset > u32::MAX.into()
}

/// Operations that are left to the exact tier: rare ones, those that stop, and what is observed.
fn is_exact(op: &Op, pc: usize, observed: &Observed) -> bool {
    exact_effect(op, observed).is_some() || observed.stops_at(pc as u32)
}

/// Operands that such an operation takes and gives; calls aside, whose types say it.
pub(super) fn exact_effect(op: &Op, observed: &Observed) -> Option<(u32, u32)> {
    macro_rules! other_memories {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            Some(match *op {
                Op::Unreachable
                | Op::ReturnCallImport { .. }
                | Op::ReturnCallRef { .. }
                | Op::Throw { .. }
                | Op::ThrowRef
                | Op::Rethrow { .. }
                | Op::ElemDrop { .. }
                | Op::DataDrop { .. } => (0, 0),
                Op::CallIndirect { table, .. } | Op::ReturnCallIndirect { table, .. }
                    if table & INDEX64 != 0 =>
                {
                    (0, 0)
                }
                // The values carried would be moved from under the reference.
                Op::BrOnNull(to) if to.arity != 0 => (0, 0),
                Op::ArrayNewData { .. } | Op::ArrayNewElem { .. } => (2, 1),
                Op::ArrayFill { packing } => (3 + packing.slots(), 0),
                Op::ArrayCopy { .. } => (5, 0),
                Op::ArrayInitData { .. } | Op::ArrayInitElem { .. } => (4, 0),
                Op::Atomic { op, offset, .. }
                    if op.is_waiting() || observed.watched || offset > u32::MAX.into() =>
                {
                    op.effect()
                }
                Op::TableGet { table } if table & INDEX64 != 0 => (1, 1),
                Op::TableSet { table } if table & INDEX64 != 0 => (2, 0),
                Op::VectorMemory { access, memory, offset }
                    if is_elsewhere(memory, offset, observed) =>
                {
                    access.effect()
                }
                Op::MemoryGrow { .. } => (1, 1),
                Op::TableGrow { .. } => (2, 1),
                Op::TableFill { .. }
                | Op::TableCopy { .. }
                | Op::TableInit { .. }
                | Op::MemoryInit { .. } => (3, 0),
                Op::MemoryFill { memory } if memory != 0 || observed.watched => (3, 0),
                Op::MemoryCopy { to, from } if (to, from) != (0, 0) || observed.watched => (3, 0),
                $(Op::$load { memory, offset } if is_elsewhere(memory, offset, observed) => (1, 1),)*
                $(Op::$store { memory, offset } if is_elsewhere(memory, offset, observed) => (2, 0),)*
                _ => return None,
            })
        };
    }
    for_each_numeric!(other_memories)
}
