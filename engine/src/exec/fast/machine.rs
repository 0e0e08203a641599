//! What handlers work on: the registers that pass from one to the next, and the rest behind a
//! pointer.

use alloc::vec::Vec;
use core::ptr::NonNull;

use once_cell::race::OnceBox;

use super::code::FastCode;
use super::instrument::Instruments;
use crate::exec::frame::Frame;
use crate::ids::{FuncAddr, GlobalAddr, InstanceId, MemAddr, TableAddr, TypeId};
use crate::memory::LinearMemory;
use crate::store::crossings::Crossings;
use crate::store::{FuncEntity, Global, Heap, Instance, ModuleEntry, Table};
use crate::types::Types;

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

/// Memories of an instance, memory 0 among them, whose place is looked up when it begins to run.
pub(super) const NEAR: usize = 8;

/// What a run works on besides the registers. All pointers are valid for the run: nothing that
/// they point into grows or moves before it is left.
pub(super) struct Context {
    /// Size of memory 0 in bytes.
    pub(super) memory_size: usize,
    /// Base and size of the memories behind it, by index.
    pub(super) near: [(*mut u8, usize); NEAR],
    /// The innermost frame, and the end of the room for frames.
    pub(super) frame: *mut Frame,
    pub(super) frames_end: *mut Frame,
    /// First slot of the value stack, and its end.
    pub(super) stack: *mut u64,
    pub(super) stack_end: *mut u64,
    pub(super) returns: *mut Vec<Return>,
    /// The operation that a call of another instance returns to.
    pub(super) restore: *const u64,
    /// All instances of the store, the modules and memories that they refer to, and what observes.
    pub(super) instances: *const Instance,
    pub(super) modules: *const ModuleEntry,
    pub(super) memories: *mut LinearMemory,
    pub(super) globals: *mut Global,
    pub(super) tables: *mut Table,
    pub(super) funcs: *const FuncEntity,
    pub(super) func_count: usize,
    pub(super) crossings: *mut Crossings,
    pub(super) heap: *mut Heap,
    pub(super) max_heap: u64,
    /// Bytes of bulk work that the run may still do; what is more is left to the exact tier.
    pub(super) bulk: u64,
    /// All types of the store.
    pub(super) defined: *const Types,
    pub(super) instruments: Option<NonNull<Instruments>>,
    /// Whether written pages are marked, and of the same memories the marks; null if not.
    pub(super) marking: bool,
    pub(super) marks: [*mut u8; NEAR],
    /// The instance that runs: its memory 0, its code by body (function indices count the imports
    /// before them), and its index spaces.
    pub(super) instance: InstanceId,
    pub(super) memory: Option<MemAddr>,
    pub(super) codes: *const OnceBox<FastCode>,
    pub(super) imported: u32,
    pub(super) instance_funcs: *const FuncAddr,
    pub(super) instance_globals: *const GlobalAddr,
    pub(super) instance_tables: *const TableAddr,
    pub(super) instance_memories: *const MemAddr,
    pub(super) types: *const TypeId,
    /// Registers at the end of the run, and what [`Flow`] says about these two.
    pub(super) ip: *const u64,
    pub(super) fp: *mut u64,
    pub(super) fuel: i64,
    #[cfg_attr(not(threaded), allow(dead_code))] // the loop returns it
    pub(super) flow: Flow,
    pub(super) value: u32,
    pub(super) height: u32,
}

impl Context {
    /// Of no store: operations that look at anything but slots must not be executed with it.
    pub(super) fn detached() -> Self {
        use core::ptr::{null, null_mut};
        Self {
            memory_size: 0,
            near: [(null_mut(), 0); NEAR],
            frame: null_mut(),
            frames_end: null_mut(),
            stack: null_mut(),
            stack_end: null_mut(),
            returns: null_mut(),
            restore: null(),
            instances: null(),
            modules: null(),
            memories: null_mut(),
            globals: null_mut(),
            tables: null_mut(),
            funcs: null(),
            func_count: 0,
            crossings: null_mut(),
            heap: null_mut(),
            max_heap: 0,
            bulk: 0,
            defined: null(),
            instruments: None,
            marking: false,
            marks: [null_mut(); NEAR],
            instance: InstanceId(0),
            memory: None,
            codes: null(),
            imported: 0,
            instance_funcs: null(),
            instance_globals: null(),
            instance_tables: null(),
            instance_memories: null(),
            types: null(),
            ip: null(),
            fp: null_mut(),
            fuel: 0,
            flow: Flow::Next,
            value: 0,
            height: 0,
        }
    }

    /// The function that a store address means; `None` if the store has none of this address.
    ///
    /// # Safety
    /// The context is that of a run.
    #[inline(always)]
    pub(super) unsafe fn func(&self, addr: FuncAddr) -> Option<FuncEntity> {
        if addr.index() >= self.func_count {
            return None;
        }
        // SAFETY: `funcs` points at the store's arena, which has so many.
        Some(unsafe { *self.funcs.add(addr.index()) })
    }

    /// Where the code of an instance begins; `None` if it has to be prepared first. That of an instance
    /// that is observed is never its module's own.
    ///
    /// # Safety
    /// The instance is one of the store.
    pub(super) unsafe fn codes_of(&self, id: InstanceId) -> Option<*const OnceBox<FastCode>> {
        // SAFETY: as demanded; instances name modules of the store.
        unsafe {
            if let Some(instruments) = self.instruments
                && instruments.as_ref().concern(id)
            {
                return instruments.as_ref().codes(id, self.marking).map(|codes| codes.as_ptr());
            }
            let instance = &*self.instances.add(id.index());
            let module = &*self.modules.add(instance.module.index());
            Some(module.module.inner().codes(self.marking).as_ptr())
        }
    }

    /// Makes an instance the one that runs, and returns the base of its memory 0.
    ///
    /// # Safety
    /// The instance is one of the store, and `codes` is where its code begins.
    pub(super) unsafe fn switch(
        &mut self,
        id: InstanceId,
        codes: *const OnceBox<FastCode>,
    ) -> *mut u8 {
        // SAFETY: as demanded; instances name modules and memories of the store.
        unsafe {
            let instance = &*self.instances.add(id.index());
            let module = &*self.modules.add(instance.module.index());
            self.instance = id;
            self.codes = codes;
            self.imported = module.module.inner().imported_funcs;
            self.instance_funcs = instance.funcs.as_ptr();
            self.instance_globals = instance.globals.as_ptr();
            self.instance_tables = instance.tables.as_ptr();
            self.instance_memories = instance.memories.as_ptr();
            self.types = module.types.as_ptr();
            let all = self.near.iter_mut().zip(&mut self.marks);
            for ((near, marks), addr) in all.zip(instance.memories.iter()).skip(1) {
                let (bytes, marked) = (*self.memories.add(addr.index())).marked(self.marking);
                *near = (bytes.as_mut_ptr(), bytes.len());
                *marks = marked.map_or(core::ptr::null_mut(), <[u8]>::as_mut_ptr);
            }
            self.memory = instance.memories.first().copied();
            match self.memory {
                Some(addr) => {
                    let (bytes, marked) = (*self.memories.add(addr.index())).marked(self.marking);
                    self.memory_size = bytes.len();
                    self.marks[0] = marked.map_or(core::ptr::null_mut(), <[u8]>::as_mut_ptr);
                    bytes.as_mut_ptr()
                }
                None => {
                    self.memory_size = 0;
                    NonNull::dangling().as_ptr()
                }
            }
        }
    }
}
