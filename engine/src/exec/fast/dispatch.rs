//! From one operation to the next: by sibling calls where the compiler turns these into jumps,
//! otherwise by a loop around one `match`. The build script chooses.

use super::handlers::*;
use super::machine::{Flow, Registers};
use super::operators::*;
#[cfg(not(threaded))]
use crate::exec::exact::for_each_numeric;

/// The first word of an operation.
#[cfg(not(threaded))]
#[inline(always)]
pub(super) fn encode<O: Operation>() -> u64 {
    u64::from(O::CODE)
}

/// The first word of an operation: its handler's address.
#[cfg(threaded)]
#[inline(always)]
pub(super) fn encode<O: Operation>() -> u64 {
    let handler: Handler = handle::<O>;
    handler as usize as u64
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
    unsafe {
        let handler: Handler = core::mem::transmute::<usize, Handler>(*r.ip as usize);
        handler(r.ip, r.fp, r.memory, r.accumulator, r.fuel, r.context, r.float)
    }
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
        match O::run(&mut r) {
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
    }
    flow
}

/// As above, around one `match`.
///
/// # Safety
/// See [`handlers`](super::handlers).
#[cfg(not(threaded))]
pub(super) unsafe fn execute(mut r: Registers) -> Flow {
    macro_rules! dispatch {
        (
            unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
            binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
            try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
            try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
            load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
            store { $($store:ident($sf:ident: $sw:ty),)* }
        ) => {
            loop {
                // SAFETY: as demanded; the first word of an operation is its code.
                let flow = unsafe {
                    match *r.ip as u32 {
                        Copy::CODE => Copy::run(&mut r),
                        Constant::CODE => Constant::run(&mut r),
                        CopyMany::CODE => CopyMany::run(&mut r),
                        Select::CODE => Select::run(&mut r),
                        Jump::CODE => Jump::run(&mut r),
                        Br::CODE => Br::run(&mut r),
                        BrIf::CODE => BrIf::run(&mut r),
                        BrUnless::CODE => BrUnless::run(&mut r),
                        BrTable::CODE => BrTable::run(&mut r),
                        GlobalGet::CODE => GlobalGet::run(&mut r),
                        GlobalSet::CODE => GlobalSet::run(&mut r),
                        Call::CODE => Call::run(&mut r),
                        CallIndirect::CODE => CallIndirect::run(&mut r),
                        Return0::CODE => Return0::run(&mut r),
                        Return1::CODE => Return1::run(&mut r),
                        ReturnMany::CODE => ReturnMany::run(&mut r),
                        ReturnCall::CODE => ReturnCall::run(&mut r),
                        MemorySize::CODE => MemorySize::run(&mut r),
                        MemoryFill::CODE => MemoryFill::run(&mut r),
                        MemoryCopy::CODE => MemoryCopy::run(&mut r),
                        Exact::CODE => Exact::run(&mut r),
                        BrIfAccumulator::CODE => BrIfAccumulator::run(&mut r),
                        BrUnlessAccumulator::CODE => BrUnlessAccumulator::run(&mut r),
                        $(
                            <UnaryOf<$unary, Second>>::CODE => <UnaryOf<$unary, Second>>::run(&mut r),
                            <UnaryOf<$unary, Accumulator>>::CODE => <UnaryOf<$unary, Accumulator>>::run(&mut r),
                        )*
                        $(
                            <BinaryOf<$binary, Second, Third>>::CODE => <BinaryOf<$binary, Second, Third>>::run(&mut r),
                            <BinaryOf<$binary, Second, Immediate>>::CODE => <BinaryOf<$binary, Second, Immediate>>::run(&mut r),
                            <BinaryOf<$binary, Accumulator, Third>>::CODE => <BinaryOf<$binary, Accumulator, Third>>::run(&mut r),
                            <BinaryOf<$binary, Accumulator, Immediate>>::CODE => <BinaryOf<$binary, Accumulator, Immediate>>::run(&mut r),
                            <BinaryOf<$binary, Second, Accumulator>>::CODE => <BinaryOf<$binary, Second, Accumulator>>::run(&mut r),
                            <BrIfOf<$binary, First, Second>>::CODE => <BrIfOf<$binary, First, Second>>::run(&mut r),
                            <BrIfOf<$binary, First, Immediate>>::CODE => <BrIfOf<$binary, First, Immediate>>::run(&mut r),
                            <BrIfOf<$binary, Accumulator, Second>>::CODE => <BrIfOf<$binary, Accumulator, Second>>::run(&mut r),
                            <BrIfOf<$binary, Accumulator, Immediate>>::CODE => <BrIfOf<$binary, Accumulator, Immediate>>::run(&mut r),
                            <BrIfOf<$binary, First, Accumulator>>::CODE => <BrIfOf<$binary, First, Accumulator>>::run(&mut r),
                            <BrUnlessOf<$binary, First, Second>>::CODE => <BrUnlessOf<$binary, First, Second>>::run(&mut r),
                            <BrUnlessOf<$binary, First, Immediate>>::CODE => <BrUnlessOf<$binary, First, Immediate>>::run(&mut r),
                            <BrUnlessOf<$binary, Accumulator, Second>>::CODE => <BrUnlessOf<$binary, Accumulator, Second>>::run(&mut r),
                            <BrUnlessOf<$binary, Accumulator, Immediate>>::CODE => <BrUnlessOf<$binary, Accumulator, Immediate>>::run(&mut r),
                            <BrUnlessOf<$binary, First, Accumulator>>::CODE => <BrUnlessOf<$binary, First, Accumulator>>::run(&mut r),
                        )*
                        $(
                            <TryUnaryOf<$tunary>>::CODE => <TryUnaryOf<$tunary>>::run(&mut r),
                        )*
                        $(
                            <TryBinaryOf<$tbinary, Third>>::CODE => <TryBinaryOf<$tbinary, Third>>::run(&mut r),
                            <TryBinaryOf<$tbinary, Immediate>>::CODE => <TryBinaryOf<$tbinary, Immediate>>::run(&mut r),
                        )*
                        $(
                            <LoadOf<$load, Second>>::CODE => <LoadOf<$load, Second>>::run(&mut r),
                            <LoadOf<$load, Accumulator>>::CODE => <LoadOf<$load, Accumulator>>::run(&mut r),
                        )*
                        $(
                            <StoreOf<$store, First, Second>>::CODE => <StoreOf<$store, First, Second>>::run(&mut r),
                            <StoreOf<$store, Accumulator, Second>>::CODE => <StoreOf<$store, Accumulator, Second>>::run(&mut r),
                            <StoreOf<$store, First, Accumulator>>::CODE => <StoreOf<$store, First, Accumulator>>::run(&mut r),
                            <StoreConstant<$store, First>>::CODE => <StoreConstant<$store, First>>::run(&mut r),
                            <StoreConstant<$store, Accumulator>>::CODE => <StoreConstant<$store, Accumulator>>::run(&mut r),
                        )*
                        _ => Flow::Trap,
                    }
                };
                if flow != Flow::Next {
                    // SAFETY: the context is valid.
                    let context = unsafe { &mut *r.context };
                    (context.ip, context.fp, context.fuel) = (r.ip, r.fp, r.fuel);
                    return flow;
                }
            }
        };
    }
    for_each_numeric!(dispatch)
}
