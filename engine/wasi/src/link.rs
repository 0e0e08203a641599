//! Host functions for the engine.

use alloc::vec::Vec;

use stepwell_engine::{Caller, CallerMemory, HostError, HostResult, Linker, Value};

use crate::context::Wasi;
use crate::errno::{Errno, Result};
use crate::function::Function;
use crate::functions::Outcome;
use crate::memory::{GuestMemory, NoMemory};
use crate::notes::memory_of;
use crate::pending::CallerId;
use crate::shared::Shared;
use crate::types::Version;

impl GuestMemory for CallerMemory<'_> {
    fn size(&self) -> u64 {
        CallerMemory::size(self)
    }

    fn read(&self, address: u32, len: u32) -> Result<&[u8]> {
        CallerMemory::read(self, address, len).map_err(|_| Errno::Fault)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        CallerMemory::write(self, address, bytes).map_err(|_| Errno::Fault)
    }
}

/// Defines all functions, under the module names of both versions.
///
/// Pointers mean a memory of the instance that calls: see [`memory_of`].
pub fn add_to_linker(linker: &mut Linker, wasi: &Shared) {
    for version in Version::ALL {
        for function in Function::ALL.iter().filter(|function| function.is_in(version)) {
            let (wasi, function) = (wasi.clone(), *function);
            linker.func(
                version.module_name(),
                function.name(),
                function.ty(),
                move |caller: &mut Caller<'_>, args: &[Value]| {
                    let answer = wasi.with(|wasi| call(caller, wasi, function, version, args));
                    answer.map_err(|in_use| HostError::new(alloc::format!("{in_use}")))?
                },
            );
        }
    }
}

/// Answers a call of the engine: what the host functions of [`add_to_linker`] do.
///
/// # Errors
/// A trap, the end of the program, or that there is nothing to answer with yet.
pub fn call(
    caller: &mut Caller<'_>,
    wasi: &mut Wasi,
    function: Function,
    version: Version,
    args: &[Value],
) -> HostResult {
    let id = CallerId(caller.task().0);
    let memory = caller.instance().and_then(|instance| memory_of(caller.store(), instance));
    answer(match memory.and_then(|memory| caller.memory_at(memory)) {
        Some(mut memory) => wasi.call_of(id, function, version, &mut memory, args),
        None => wasi.call_of(id, function, version, &mut NoMemory, args),
    })
}

/// What a host function returns for an outcome.
fn answer(outcome: Outcome) -> HostResult {
    match outcome {
        Outcome::Return(errno) => Ok(Vec::from([Value::I32(errno.number().into())])),
        Outcome::Exit(code) => Err(HostError::exit(code)),
        Outcome::Pending => Err(HostError::pending()),
        Outcome::Trap(message) => Err(HostError::new(message)),
    }
}
