//! C++ exceptions of programs built with `-fexceptions`; see [`super::unwind`] for how they are thrown.
//!
//! A thrown object has a header before it in memory, which this set and the program's own library share.

use stepwell_engine::{Caller, HostError, HostResult, InstanceId};

use super::super::HostState;
use super::super::call::{Answering, AsyncCall, Call, number, trap, unsigned};
use super::unwind::THROW;
use super::{Does, Entry};

/// Exceptions being caught at once; more are no program's intention.
const DEEPEST: usize = 10_000;

#[derive(Default, Debug)]
pub(super) struct Exceptions {
    /// The object that was thrown last and not caught yet, or 0.
    last: u32,
    /// Objects in whose `catch` blocks the program is, outermost first.
    caught: Vec<u32>,
    uncaught: i32,
}

pub(super) const FUNCTIONS: &[Entry] = &[
    Entry("__cxa_allocate_exception", &["ii"], Does::Back(allocate)),
    Entry("__cxa_free_exception", &["vi"], Does::Back(free)),
    Entry("__cxa_throw", &["viii"], Does::At(throw)),
    Entry("__cxa_rethrow", &["v"], Does::At(rethrow)),
    Entry("__cxa_rethrow_primary_exception", &["vi"], Does::At(rethrow_primary)),
    Entry("__resumeException", &["vi"], Does::At(resume)),
    Entry("__cxa_begin_catch", &["ii"], Does::Back(begin_catch)),
    Entry("__cxa_end_catch", &["v"], Does::Back(end_catch)),
    Entry("__cxa_current_primary_exception", &["i"], Does::Back(current)),
    Entry("__cxa_uncaught_exceptions", &["i"], Does::At(uncaught)),
    Entry("__cxa_uncaught_exception", &["i"], Does::At(uncaught)),
    Entry("llvm_eh_typeid_for", &["ii"], Does::At(|call| call.give(i64::from(call.int(0))))),
    Entry("__cxa_call_unexpected", &["vi"], Does::At(unexpected)),
];

/// The header of a thrown object, and where its fields lie.
#[derive(Clone, Copy)]
struct Header(u32);

const HEADER: u32 = 24;

impl Header {
    fn of(object: u32) -> Self {
        Self(object.wrapping_sub(HEADER))
    }

    fn type_at(self) -> u32 {
        self.0.wrapping_add(4)
    }

    fn destructor_at(self) -> u32 {
        self.0.wrapping_add(8)
    }

    fn caught_at(self) -> u32 {
        self.0.wrapping_add(12)
    }

    fn rethrown_at(self) -> u32 {
        self.0.wrapping_add(13)
    }

    fn adjusted_at(self) -> u32 {
        self.0.wrapping_add(16)
    }
}

fn read<const N: usize>(caller: &mut Caller<'_>, at: u32) -> Result<[u8; N], HostError> {
    let Some(memory) = caller.memory() else { return trap("there is no memory") };
    let mut bytes = [0; N];
    bytes.copy_from_slice(memory.read(at, N as u64)?);
    Ok(bytes)
}

fn read_word(caller: &mut Caller<'_>, at: u32) -> Result<u32, HostError> {
    read(caller, at).map(u32::from_le_bytes)
}

fn write(caller: &mut Caller<'_>, at: u32, bytes: &[u8]) -> Result<(), HostError> {
    let Some(mut memory) = caller.memory() else { return trap("there is no memory") };
    Ok(memory.write(at, bytes)?)
}

fn with<R>(
    state: &HostState,
    instance: Option<InstanceId>,
    work: impl FnOnce(&mut Exceptions) -> R,
) -> R {
    state.runtime(instance, |runtime| work(&mut runtime.exceptions))
}

/// `__cxa_throw(object, type, destructor)`.
fn throw(call: &mut Call<'_, '_>) -> HostResult {
    let object = call.unsigned(0) as u32;
    let header = Header::of(object);
    let (ty, destructor) = (call.int(1), call.int(2));
    write(call.caller, header.adjusted_at(), &[0; 4])?;
    write(call.caller, header.type_at(), &ty.to_le_bytes())?;
    write(call.caller, header.destructor_at(), &destructor.to_le_bytes())?;
    with(call.state, call.caller.instance(), |exceptions| {
        exceptions.last = object;
        exceptions.uncaught = exceptions.uncaught.wrapping_add(1);
    });
    trap(THROW)
}

fn rethrow(call: &mut Call<'_, '_>) -> HostResult {
    let instance = call.caller.instance();
    let Some(object) = with(call.state, instance, |exceptions| exceptions.caught.pop()) else {
        return trap("the program throws an exception again outside of a catch");
    };
    let header = Header::of(object);
    let again = read::<1>(call.caller, header.rethrown_at())? != [0];
    if !again {
        write(call.caller, header.rethrown_at(), &[1])?;
        write(call.caller, header.caught_at(), &[0])?;
    }
    with(call.state, instance, |exceptions| {
        if !again {
            // The end of the catch that it leaves takes it away.
            exceptions.caught.push(object);
            exceptions.uncaught = exceptions.uncaught.wrapping_add(1);
        }
        exceptions.last = object;
    });
    trap(THROW)
}

fn rethrow_primary(call: &mut Call<'_, '_>) -> HostResult {
    let object = call.unsigned(0) as u32;
    if object == 0 {
        return call.done();
    }
    write(call.caller, Header::of(object).rethrown_at(), &[1])?;
    with(call.state, call.caller.instance(), |exceptions| exceptions.last = object);
    trap(THROW)
}

fn resume(call: &mut Call<'_, '_>) -> HostResult {
    let object = call.unsigned(0) as u32;
    with(call.state, call.caller.instance(), |exceptions| {
        if exceptions.last == 0 {
            exceptions.last = object;
        }
    });
    trap(THROW)
}

fn uncaught(call: &mut Call<'_, '_>) -> HostResult {
    let count = with(call.state, call.caller.instance(), |exceptions| exceptions.uncaught);
    call.give(i64::from(count))
}

fn unexpected(_: &mut Call<'_, '_>) -> HostResult {
    trap("a C++ exception was thrown that the function's declaration rules out")
}

impl AsyncCall {
    fn address(&self, index: usize) -> u32 {
        unsigned(&self.args, index) as u32
    }

    fn give(&self, value: u32) -> HostResult {
        Ok(self.results.iter().map(|ty| number(*ty, i64::from(value))).collect())
    }

    fn exceptions<R>(&self, work: impl FnOnce(&mut Exceptions) -> R) -> R {
        with(&self.state, self.instance, work)
    }

    /// The upper half of what is returned, where the program looks for it.
    async fn set_upper(&self, value: u32) -> Result<(), HostError> {
        self.state.runtime(self.instance, |runtime| runtime.upper = value as i32);
        self.call(&["_emscripten_tempret_set", "setTempRet0"], &[i64::from(value)]).await?;
        Ok(())
    }
}

fn allocate(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let size = call.address(0).saturating_add(HEADER);
        let made = call.call(&["malloc", "_malloc"], &[i64::from(size)]).await?;
        match made.map(|address| address as u32) {
            None => trap("an exception needs memory, and the module exports no malloc"),
            Some(0) => trap("there is no memory for an exception"),
            Some(address) => {
                call.caller.write(address, &[0; HEADER as usize]).await?;
                call.give(address.wrapping_add(HEADER))
            }
        }
    })
}

fn free(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let address = Header::of(call.address(0)).0;
        call.call(&["free", "_free"], &[i64::from(address)]).await?;
        call.give(0)
    })
}

fn begin_catch(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let object = call.address(0);
        let header = Header::of(object);
        let mark = move |caller: &mut Caller<'_>| {
            let caught = read::<1>(caller, header.caught_at())? != [0];
            write(caller, header.caught_at(), &[1])?;
            write(caller, header.rethrown_at(), &[0])?;
            let adjusted = read_word(caller, header.adjusted_at())?;
            Ok::<_, HostError>((caught, adjusted))
        };
        let (caught, adjusted) = call.caller.with(mark).await??;
        let fits = call.exceptions(|exceptions| {
            if !caught {
                exceptions.uncaught = exceptions.uncaught.wrapping_sub(1);
            }
            exceptions.caught.push(object);
            exceptions.caught.len() <= DEEPEST
        });
        if !fits {
            return trap("too many exceptions are being caught at once");
        }
        let args = [i64::from(object)];
        call.call(&["__cxa_increment_exception_refcount"], &args).await?;
        let found = call.call(&["__cxa_get_exception_ptr"], &args).await?;
        let otherwise = if adjusted == 0 { object } else { adjusted };
        call.give(found.map_or(otherwise, |found| found as u32))
    })
}

fn end_catch(call: AsyncCall) -> Answering {
    Box::pin(async move {
        call.set_threw(0, 0).await?;
        let object = call.exceptions(|exceptions| {
            exceptions.last = 0;
            exceptions.caught.pop()
        });
        let Some(object) = object else {
            return trap("the program ends a catch that it is not in");
        };
        call.call(&["__cxa_decrement_exception_refcount"], &[i64::from(object)]).await?;
        call.give(0)
    })
}

fn current(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let Some(object) = call.exceptions(|exceptions| exceptions.caught.last().copied()) else {
            return call.give(0);
        };
        call.call(&["__cxa_increment_exception_refcount"], &[i64::from(object)]).await?;
        call.give(object)
    })
}

/// `__cxa_find_matching_catch_N(types…)`: the object that was thrown, and as the upper half the type of
/// the catch that takes it.
pub(super) fn find_matching_catch(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let object = call.exceptions(|exceptions| exceptions.last);
        if object == 0 {
            call.set_upper(0).await?;
            return call.give(0);
        }
        let header = Header::of(object);
        let begin = move |caller: &mut Caller<'_>| {
            write(caller, header.adjusted_at(), &object.to_le_bytes())?;
            read_word(caller, header.type_at())
        };
        let thrown = call.caller.with(begin).await??;
        if thrown == 0 {
            call.set_upper(0).await?;
            return call.give(object);
        }
        for caught in (0..call.args.len()).map(|index| call.address(index)) {
            // Everything is caught, or exactly this type.
            if caught == 0 || caught == thrown {
                break;
            }
            let args = [i64::from(caught), i64::from(thrown), i64::from(header.adjusted_at())];
            if call.call(&["__cxa_can_catch"], &args).await?.is_some_and(|can| can != 0) {
                call.set_upper(caught).await?;
                return call.give(object);
            }
        }
        call.set_upper(thrown).await?;
        call.give(object)
    })
}
