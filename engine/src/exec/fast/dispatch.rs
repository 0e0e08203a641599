//! The one list of operations, and how to get from one to the next: by sibling calls where the
//! compiler turns these into jumps, otherwise by a loop around one `match`. The build script
//! chooses.
//!
//! The translator writes codes. [`link`] makes of them what the dispatch needs.

use super::handlers::*;
use super::machine::{Flow, Registers};
use super::operators::*;
use crate::exec::exact::for_each_numeric;
#[cfg(threaded)]
use crate::exec::exact::{VectorOp, for_each_vector};

/// How an operation reads: its operator's name and its layout.
pub(super) type Description = (&'static str, &'static [Part]);

/// One more than the highest code.
const CODES: usize = code(Number::COUNT, 0) as usize;

/// Makes the tables by code, and the loop, from the list of all operations.
macro_rules! define {
    ($($operation:ty,)*) => {
        static DESCRIPTIONS: [Option<Description>; CODES] = {
            let mut table: [Option<Description>; CODES] = [None; CODES];
            $(
                let code = <$operation>::CODE as usize;
                assert!(table[code].is_none(), "two operations have the same code");
                table[code] = Some((<$operation>::NAME, <$operation>::LAYOUT));
            )*
            table
        };

        #[cfg(threaded)]
        static HANDLERS: [Option<Handler>; CODES] = {
            let mut table: [Option<Handler>; CODES] = [None; CODES];
            $(table[<$operation>::CODE as usize] = Some(handle::<$operation>);)*
            table
        };

        /// Executes operations until one of them does not go on.
        ///
        /// # Safety
        /// See [`handlers`](super::handlers).
        #[cfg(not(threaded))]
        #[inline(never)] // with nothing else to keep in registers
        pub(super) unsafe fn execute(r: Registers) -> Flow {
            // A copy: what is passed lies in memory, and would stay there.
            let Registers { ip, fp, memory, accumulator, float, fuel, context } = r;
            let mut r = Registers { ip, fp, memory, accumulator, float, fuel, context };
            let flow = loop {
                // SAFETY: as demanded; the first word of an operation is its code.
                unsafe {
                    match *r.ip as u32 {
                        $(<$operation>::CODE => match <$operation>::run(&mut r) {
                            Flow::Next => {}
                            flow => break flow,
                        },)*
                        _ => break Flow::Trap,
                    }
                }
            };
            // SAFETY: the context is valid.
            let context = unsafe { &mut *r.context };
            (context.ip, context.fp, context.fuel) = (r.ip, r.fp, r.fuel);
            flow
        }
    };
}

/// Adds what ends loops that count, for these comparisons.
macro_rules! define_with_loops {
    ([$($compare:ident)*] $($operation:ty,)*) => {
        define! {
            $($operation,)*
            $(
                AddBrIf<$compare, Third, Fourth>,
                AddBrIf<$compare, Far, Fourth>,
                AddBrIf<$compare, Third, Small>,
                AddBrIf<$compare, Far, Small>,
                AddBrUnless<$compare, Third, Fourth>,
                AddBrUnless<$compare, Far, Fourth>,
                AddBrUnless<$compare, Third, Small>,
                AddBrUnless<$compare, Far, Small>,
            )*
        }
    };
}

macro_rules! list {
    (
        unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
        binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
        try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
        try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
        load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
        store { $($store:ident($sf:ident: $sw:ty),)* }
    ) => {
        define_with_loops! {
            [I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU]
            Copy, Constant, CopyMany, Select, Jump, Br, BrIf, BrUnless, BrTable, BrTableAccumulator, GlobalGet,
            GlobalSet, Call, CallIndirect, Return0, Return1, ReturnMany, ReturnCall, MemorySize,
            MemoryFill, MemoryCopy, Exact, BrIfAccumulator, BrUnlessAccumulator,
            CopyTwo, Stop, Probe, CallImport, ReturnCallIndirect, Restore, RefFunc,
            TableGet, TableSet, TableSize, Watch, Vector, Shuffle,
            VectorMemory, VectorLoad, VectorStore, VectorConstant, LoadWide, StoreWide,
            Atomic, StructGet, StructGetPacked, StructSet, StructNew, ArrayGet, ArrayGetHalf,
            ArrayGetWord, ArraySet, ArrayLen, NotNull, RefI31, I31Get, RefTest, RefCast, CallRef,
            GlobalGetVector, GlobalSetVector, SelectVector, ArrayNewDefault, ArrayNew, ArrayNewFixed,
            StructNewDefault, RefTestAbstract, RefCastAbstract, LoadElsewhere, StoreElsewhere,
            AtomicElsewhere, VectorElsewhere, MemorySizeElsewhere, StructGetVector, StructSetVector,
            ArrayGetVector, ArraySetVector, VectorLoadNear, VectorStoreNear,
            ShiftSum<I32Shl, Third>, ShiftSum<I32Shl, Accumulator>,
            ProductSum<I32Mul, I32Add, Second>, ProductSum<I32Mul, I32Add, Accumulator>,
            ProductSum<I64Mul, I64Add, Second>, ProductSum<I64Mul, I64Add, Accumulator>,
            ProductSum<F32Mul, F32Add, Second>, ProductSum<F32Mul, F32Add, Accumulator>,
            ProductSum<F64Mul, F64Add, Second>, ProductSum<F64Mul, F64Add, Accumulator>,
            $(UnaryOf<$unary, Second>, UnaryOf<$unary, Accumulator>,)*
            $(
                BinaryOf<$binary, Second, Third>,
                BinaryOf<$binary, Second, Immediate>,
                BinaryOf<$binary, Accumulator, Third>,
                BinaryOf<$binary, Accumulator, Immediate>,
                BinaryOf<$binary, Second, Accumulator>,
                BinaryOf<$binary, Second, Wide>,
                BinaryOf<$binary, Accumulator, Wide>,
                BinaryOf<$binary, Wide, Third>,
                BinaryOf<$binary, Wide, Accumulator>,
                BrIfOf<$binary, First, Second>,
                BrIfOf<$binary, First, Immediate>,
                BrIfOf<$binary, Accumulator, Second>,
                BrIfOf<$binary, Accumulator, Immediate>,
                BrIfOf<$binary, First, Accumulator>,
                BrUnlessOf<$binary, First, Second>,
                BrUnlessOf<$binary, First, Immediate>,
                BrUnlessOf<$binary, Accumulator, Second>,
                BrUnlessOf<$binary, Accumulator, Immediate>,
                BrUnlessOf<$binary, First, Accumulator>,
            )*
            $(TryUnaryOf<$tunary>,)*
            $(TryBinaryOf<$tbinary, Third>, TryBinaryOf<$tbinary, Immediate>,)*
            $(
                LoadOf<$load, Second, Own>,
                LoadOf<$load, Accumulator, Own>,
                LoadPlus<$load, Second, Own>,
                LoadPlus<$load, Accumulator, Own>,
                LoadIndexed<$load, Third, Own>,
                LoadIndexed<$load, Accumulator, Own>,
                LoadOf<$load, Second, Near>,
                LoadOf<$load, Accumulator, Near>,
                LoadPlus<$load, Second, Near>,
                LoadPlus<$load, Accumulator, Near>,
                LoadIndexed<$load, Third, Near>,
                LoadIndexed<$load, Accumulator, Near>,
            )*
            $(
                StoreOf<$store, First, Second, Own>,
                StoreOf<$store, Accumulator, Second, Own>,
                StoreOf<$store, First, Accumulator, Own>,
                StoreIndexed<$store, Own>,
                StoreConstant<$store, First, Own>,
                StoreConstant<$store, Accumulator, Own>,
                StoreOf<$store, First, Second, Near>,
                StoreOf<$store, Accumulator, Second, Near>,
                StoreOf<$store, First, Accumulator, Near>,
                StoreIndexed<$store, Near>,
                StoreConstant<$store, First, Near>,
                StoreConstant<$store, Accumulator, Near>,
                StoreOf<$store, First, Second, Marked<Own>>,
                StoreOf<$store, Accumulator, Second, Marked<Own>>,
                StoreOf<$store, First, Accumulator, Marked<Own>>,
                StoreIndexed<$store, Marked<Own>>,
                StoreConstant<$store, First, Marked<Own>>,
                StoreConstant<$store, Accumulator, Marked<Own>>,
                StoreOf<$store, First, Second, Marked<Near>>,
                StoreOf<$store, Accumulator, Second, Marked<Near>>,
                StoreOf<$store, First, Accumulator, Marked<Near>>,
                StoreIndexed<$store, Marked<Near>>,
                StoreConstant<$store, First, Marked<Near>>,
                StoreConstant<$store, Accumulator, Marked<Near>>,
            )*
        }
    };
}

for_each_numeric!(list);

#[cfg(threaded)]
macro_rules! list_vectors {
    ($($family:ident { $($op:ident = $function:path,)* })*) => {
        /// Handlers of the vector operators, by number.
        static VECTOR_HANDLERS: &[Handler] =
            &[$($(handle::<VectorOf<{ VectorOp::$op as u8 }>>,)*)*];
    };
}

#[cfg(threaded)]
for_each_vector!(list_vectors);

/// How the operation with this code reads.
pub(super) fn description(code: u64) -> Option<Description> {
    DESCRIPTIONS.get(usize::try_from(code).ok()?).copied().flatten()
}

/// Makes words executable: the operations that begin at `starts` name their handlers by code.
pub(super) fn link(words: &mut [u64], starts: impl Iterator<Item = u32>) {
    #[cfg(threaded)]
    for start in starts {
        let operator = words.get(start as usize + 2).map_or(0, |word| usize::from(*word as u16));
        if let Some(word) = words.get_mut(start as usize)
            && let Some(Some(handler)) = HANDLERS.get(*word as usize)
        {
            let vector = VECTOR_HANDLERS.get(operator);
            let vector = vector.filter(|_| *word == u64::from(Vector::CODE));
            *word = *vector.unwrap_or(handler) as usize as u64;
        }
    }
    #[cfg(not(threaded))]
    let _ = (words, starts);
}

/// The first word of an operation, executable.
fn linked<O: Operation>() -> u64 {
    let mut word = [encode::<O>()];
    link(&mut word, core::iter::once(0));
    word[0]
}

/// The operation that ends a part of a segment.
pub(super) fn stop() -> u64 {
    linked::<Stop>()
}

/// The operation that calls of other instances return to.
pub(super) fn restore() -> u64 {
    linked::<Restore>()
}

/// Executes operations until one of them does not go on.
///
/// # Safety
/// See [`handlers`](super::handlers).
#[cfg(threaded)]
pub(super) unsafe fn execute(r: Registers) -> Flow {
    // SAFETY: as demanded.
    unsafe { jump(r) }
}

#[cfg(threaded)]
type Handler = unsafe extern "C" fn(
    *const u64,
    *mut u64,
    *mut u8,
    u64,
    i64,
    *mut super::machine::Context,
    f64,
) -> Flow;

#[cfg(threaded)]
#[inline(always)]
unsafe fn jump(r: Registers) -> Flow {
    // SAFETY: the first word of an operation is the address of a handler.
    unsafe { jump_to(*r.ip as usize, r) }
}

#[cfg(threaded)]
#[inline(always)]
unsafe fn jump_to(address: usize, r: Registers) -> Flow {
    // SAFETY: the address is that of a handler.
    unsafe {
        #[cfg(feature = "checked-dispatch")]
        if !is_listed(address) {
            return leave(r.ip, r.fp, r.fuel, r.context, Flow::Trap);
        }
        let handler: Handler = core::mem::transmute::<usize, Handler>(address);
        handler(r.ip, r.fp, r.memory, r.accumulator, r.fuel, r.context, r.float)
    }
}

/// Whether this is the address of a handler of the list.
#[cfg(all(threaded, feature = "checked-dispatch"))]
#[inline(never)]
fn is_listed(address: usize) -> bool {
    use alloc::{boxed::Box, vec::Vec};
    static ADDRESSES: once_cell::race::OnceBox<Vec<usize>> = once_cell::race::OnceBox::new();
    let addresses = ADDRESSES.get_or_init(|| {
        let handlers = HANDLERS.iter().flatten().chain(VECTOR_HANDLERS);
        let mut addresses: Vec<usize> = handlers.map(|handler| *handler as usize).collect();
        addresses.sort_unstable();
        Box::new(addresses)
    });
    addresses.binary_search(&address).is_ok()
}

/// An operation with the registers as arguments. Ends in a call that takes the same ones, which the
/// optimiser turns into a jump.
#[cfg(threaded)]
unsafe extern "C" fn handle<O: Operation>(
    ip: *const u64,
    fp: *mut u64,
    memory: *mut u8,
    accumulator: u64,
    fuel: i64,
    context: *mut super::machine::Context,
    float: f64,
) -> Flow {
    let mut r = Registers { ip, fp, memory, accumulator, float, fuel, context };
    // SAFETY: as for `execute`.
    unsafe {
        if O::CHOICE {
            if O::test(&mut r) {
                let flow = O::follow(&mut r, true);
                go_on(r, flow)
            } else {
                match O::follow(&mut r, false) {
                    Flow::Next => jump_apart(r),
                    flow => leave(r.ip, r.fp, r.fuel, r.context, flow),
                }
            }
        } else {
            let flow = O::run(&mut r);
            go_on(r, flow)
        }
    }
}

/// As [`jump`], kept apart from another one in the same handler.
#[cfg(threaded)]
#[inline(always)]
unsafe fn jump_apart(r: Registers) -> Flow {
    // SAFETY: as for `jump`; the assembly consists of a comment.
    unsafe {
        let mut address = *r.ip as usize;
        core::arch::asm!(
            "/* {0} */",
            inout(reg) address,
            options(pure, nomem, nostack, preserves_flags)
        );
        jump_to(address, r)
    }
}

#[cfg(threaded)]
#[inline(always)]
unsafe fn go_on(r: Registers, flow: Flow) -> Flow {
    // SAFETY: as for `execute`.
    unsafe {
        match flow {
            Flow::Next => jump(r),
            flow => leave(r.ip, r.fp, r.fuel, r.context, flow),
        }
    }
}

#[cfg(threaded)]
#[cold]
#[inline(never)]
unsafe extern "C" fn leave(
    ip: *const u64,
    fp: *mut u64,
    fuel: i64,
    context: *mut super::machine::Context,
    flow: Flow,
) -> Flow {
    // SAFETY: the context is valid.
    unsafe {
        (*context).ip = ip;
        (*context).fp = fp;
        (*context).fuel = fuel;
        // What is returned is not to be known where this is called from: that has to be a jump, too.
        (*context).flow = flow;
        core::ptr::read_volatile(&raw const (*context).flow)
    }
}
