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
    usize,
    i64,
    *mut super::machine::Context,
) -> Flow;

#[cfg(threaded)]
#[inline(always)]
unsafe fn jump(r: Registers) -> Flow {
    // SAFETY: the first word of an operation is the address of a handler.
    unsafe {
        let handler: Handler = core::mem::transmute::<usize, Handler>(*r.ip as usize);
        handler(r.ip, r.fp, r.memory, r.memory_size, r.fuel, r.context)
    }
}

/// An operation with the registers as arguments. Ends in a call that takes the same ones, which the
/// optimiser turns into a jump.
#[cfg(threaded)]
unsafe extern "C" fn handle<O: Operation>(
    ip: *const u64,
    fp: *mut u64,
    memory: *mut u8,
    memory_size: usize,
    fuel: i64,
    context: *mut super::machine::Context,
) -> Flow {
    let mut r = Registers { ip, fp, memory, memory_size, fuel, context };
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
                        Exact::CODE => Exact::run(&mut r),
                        $(<UnaryR<$unary>>::CODE => <UnaryR<$unary>>::run(&mut r),)*
                        $(
                            <BinaryRr<$binary>>::CODE => <BinaryRr<$binary>>::run(&mut r),
                            <BinaryRi<$binary>>::CODE => <BinaryRi<$binary>>::run(&mut r),
                            <BrIfRr<$binary>>::CODE => <BrIfRr<$binary>>::run(&mut r),
                            <BrIfRi<$binary>>::CODE => <BrIfRi<$binary>>::run(&mut r),
                            <BrUnlessRr<$binary>>::CODE => <BrUnlessRr<$binary>>::run(&mut r),
                            <BrUnlessRi<$binary>>::CODE => <BrUnlessRi<$binary>>::run(&mut r),
                        )*
                        $(<TryUnaryR<$tunary>>::CODE => <TryUnaryR<$tunary>>::run(&mut r),)*
                        $(
                            <TryBinaryRr<$tbinary>>::CODE => <TryBinaryRr<$tbinary>>::run(&mut r),
                            <TryBinaryRi<$tbinary>>::CODE => <TryBinaryRi<$tbinary>>::run(&mut r),
                        )*
                        $(<LoadR<$load>>::CODE => <LoadR<$load>>::run(&mut r),)*
                        $(
                            <StoreRr<$store>>::CODE => <StoreRr<$store>>::run(&mut r),
                            <StoreRi<$store>>::CODE => <StoreRi<$store>>::run(&mut r),
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
