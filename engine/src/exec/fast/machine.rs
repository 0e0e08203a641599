//! What handlers work on: the registers that pass from one to the next, and the rest behind a
//! pointer.

use alloc::vec::Vec;

use crate::exec::frame::Frame;
use crate::ids::{FuncAddr, GlobalAddr, InstanceId, TableAddr, TypeId};
use crate::module::Body;
use crate::store::{FuncEntity, Global, Table};

/// The registers. Handlers take and pass them by value, so that they stay in the processor's.
#[derive(Clone, Copy)]
pub(super) struct Registers {
    /// The first word of the operation being executed.
    pub(super) ip: *const u64,
    /// The frame's first slot.
    pub(super) fp: *mut u64,
    /// The instance's memory 0.
    pub(super) memory: *mut u8,
    /// What was last written to a slot by an operation that computes.
    pub(super) accumulator: u64,
    /// The same for floats, by its bits.
    pub(super) float: f64,
    /// Instructions that may still be executed; those of the present segment are paid for.
    pub(super) fuel: i64,
    pub(super) context: *mut Context,
}

/// Whether a handler goes on with the operation at `ip`, or why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub(super) enum Flow {
    Next,
    /// The segment at `ip` could not be paid for; its price is in [`Context::value`].
    Unpaid,
    /// The budget pays for nothing behind `ip`.
    Stop,
    /// The operation at `ip` would trap; it has changed nothing.
    Trap,
    /// The exact tier is to execute an instruction: `value` is its pc, `height` that of the operand
    /// stack before it.
    Exact,
    /// The same for a call, which has been paid for already.
    ExactCall,
    /// The frame at the bottom of this run has returned `value` results, which lie at `fp`.
    Return,
}

/// Where a frame goes on when its callee returns.
#[derive(Clone, Copy)]
pub(super) struct Return {
    pub(super) ip: *const u64,
    /// Slots between the frame's first one and the callee's.
    pub(super) distance: u32,
    /// Price of the segment at `ip`.
    pub(super) charge: u32,
}

/// What a run works on besides the registers. All pointers are valid for the run: nothing that
/// they point into grows or moves before it is left.
pub(super) struct Context {
    /// Size of memory 0 in bytes.
    pub(super) memory_size: usize,
    /// The innermost frame, and the end of the room for frames.
    pub(super) frame: *mut Frame,
    pub(super) frames_end: *mut Frame,
    /// First slot of the value stack, and its end.
    pub(super) stack: *mut u64,
    pub(super) stack_end: *mut u64,
    pub(super) returns: *mut Vec<Return>,
    /// Bodies of the module that runs; function indices count the imports before them.
    pub(super) bodies: *const Body,
    pub(super) imported: u32,
    pub(super) instance: InstanceId,
    pub(super) instance_globals: *const GlobalAddr,
    pub(super) globals: *mut Global,
    pub(super) instance_tables: *const TableAddr,
    pub(super) tables: *const Table,
    pub(super) funcs: *const FuncEntity,
    pub(super) types: *const TypeId,
    /// Registers at the end of the run, and what [`Flow`] says about these two.
    pub(super) ip: *const u64,
    pub(super) fp: *mut u64,
    pub(super) fuel: i64,
    pub(super) flow: Flow,
    pub(super) value: u32,
    pub(super) height: u32,
}

impl Context {
    /// The function that a store address means.
    ///
    /// # Safety
    /// The address is one of the store.
    #[inline(always)]
    pub(super) unsafe fn func(&self, addr: FuncAddr) -> FuncEntity {
        // SAFETY: as demanded; `funcs` points at the store's arena.
        unsafe { *self.funcs.add(addr.index()) }
    }
}
