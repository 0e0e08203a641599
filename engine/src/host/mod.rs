//! Host functions: the registry that a store's state names by index, who calls, and what they do to
//! the state.
//!
//! A call of a host function is always the same stop of its task. A closure or a future that the
//! function was defined with answers it there; without one the embedder does
//! ([`Stop::HostCall`](crate::Stop)), or the [`record`] of an earlier run. Host code runs with no
//! frame of the engine below it that it could disturb, and reaches the state through [`Caller`] only, so
//! that everything it reads and writes can be noted.

mod caller;
mod cause;
mod future;
pub(crate) mod js_string;
#[cfg(feature = "std")]
mod local;
pub mod record;
pub mod typed;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::exec::Trap;
use crate::ids::FuncAddr;
use crate::types::FuncType;
use crate::value::Value;

pub use caller::{Caller, CallerMemory};
pub use cause::HostCause;
pub use future::AsyncCaller;
pub(crate) use future::{
    Answering, AsyncClosure, CallReply, Progress, Replay, Request, Running, RunningFuture,
};
#[cfg(feature = "std")]
pub use local::Local;
use typed::Typed;

/// What a host function returns: its results, or why it has none.
pub type HostResult = Result<Vec<Value>, HostError>;

/// Why a host function does not return to its caller.
#[derive(Clone, PartialEq, Debug)]
pub struct HostError {
    kind: Box<HostErrorKind>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum HostErrorKind {
    Message(String),
    Caused(String, HostCause),
    Pending,
    Exit(i32),
    Trap(Trap),
}

impl fmt::Display for HostErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostErrorKind::Message(message) | HostErrorKind::Caused(message, _) => {
                f.write_str(message)
            }
            HostErrorKind::Pending => f.write_str("the host function has not answered yet"),
            HostErrorKind::Exit(code) => write!(f, "the program ended with exit code {code}"),
            HostErrorKind::Trap(trap) => write!(f, "{trap}"),
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl core::error::Error for HostError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &*self.kind {
            HostErrorKind::Caused(_, cause) => cause.source(),
            HostErrorKind::Trap(trap) => trap.source(),
            _ => None,
        }
    }
}

impl HostError {
    /// The calling task traps with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(HostErrorKind::Message(message.into()))
    }

    /// The calling task traps with the message of an error of the host, which is kept: it is
    /// the trap's [`cause`](crate::Trap::cause), and the [source](core::error::Error::source) of the trap.
    ///
    /// A record of the call has the message only.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// # use core::error::Error as _;
    /// # use stepwell_engine::{Engine, HostError, Linker, Module, Store};
    /// # let engine = Engine::default();
    /// # let module = Module::from_wat(&engine, r#"(module (import "env" "port" (func $port (result i32)))
    /// #     (func (export "run") (result i32) call $port))"#)?;
    /// let mut linker = Linker::new();
    /// linker.func_wrap("env", "port", || "70000".parse::<u16>().map(u32::from).map_err(HostError::from_error));
    /// # let mut store = Store::new(&engine);
    /// # let instance = linker.instantiate(&mut store, &module)?;
    /// # let run = store.export_func(instance, "run")?;
    /// let error = store.invoke(run, &[]).unwrap_err();
    /// assert!(error.source().is_some_and(|source| source.is::<core::num::ParseIntError>()));
    /// # }
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    pub fn from_error(error: impl core::error::Error + Send + Sync + 'static) -> Self {
        Self::of(HostErrorKind::Caused(format!("{error}"), HostCause::new(error)))
    }

    /// There is nothing to answer with yet: the task stops with
    /// [`CallState::InProgress`](crate::CallState), and the closure is called again, with the same
    /// arguments, when the task is run again. It must not have changed anything yet. A future awaits
    /// instead.
    pub fn pending() -> Self {
        Self::of(HostErrorKind::Pending)
    }

    /// The program ends with this code: [`Stop::Exit`](crate::Stop).
    pub fn exit(code: i32) -> Self {
        Self::of(HostErrorKind::Exit(code))
    }

    fn of(kind: HostErrorKind) -> Self {
        Self { kind: Box::new(kind) }
    }

    /// Whether it says that there is nothing to answer with yet.
    pub fn is_pending(&self) -> bool {
        *self.kind == HostErrorKind::Pending
    }

    /// The code, if it ends the program.
    pub fn exit_code(&self) -> Option<i32> {
        match *self.kind {
            HostErrorKind::Exit(code) => Some(code),
            _ => None,
        }
    }

    pub(crate) fn into_kind(self) -> HostErrorKind {
        *self.kind
    }
}

impl From<&str> for HostError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for HostError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        match error {
            Error::Trap(trap) => trap.into(),
            error => Self::from_error(error),
        }
    }
}

/// The trap goes on through the host function.
impl From<Trap> for HostError {
    fn from(trap: Trap) -> Self {
        Self::of(HostErrorKind::Trap(trap))
    }
}

pub(crate) type Closure = dyn Fn(&mut Caller<'_>, &[Value]) -> HostResult + Send + Sync;

/// A host function as defined in a linker.
#[derive(Clone)]
pub(crate) struct HostFunction {
    pub(crate) module: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) ty: FuncType,
    pub(crate) implementation: HostImplementation,
    /// The same function for calls of which no record is kept, if it has been defined with types.
    pub(crate) typed: Option<Arc<Typed>>,
}

#[derive(Clone)]
pub(crate) enum HostImplementation {
    Closure(Arc<Closure>),
    /// A closure that makes values of the store, from nothing but its arguments: it is never recorded.
    Builtin(Arc<Closure>),
    Async(Arc<AsyncClosure>),
    Unresolved,
}

/// What copies of one definition have in common, and no other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    /// Where the code lies that the definition was made with.
    Code(usize),
    /// One without code is known by its names and its type.
    Names(Arc<str>, Arc<str>, FuncType),
}

impl HostFunction {
    fn identity(&self) -> Identity {
        Identity::Code(match &self.implementation {
            HostImplementation::Closure(code) | HostImplementation::Builtin(code) => {
                Arc::as_ptr(code).addr()
            }
            HostImplementation::Async(code) => Arc::as_ptr(code).addr(),
            HostImplementation::Unresolved => {
                let (module, name) = (self.module.clone(), self.name.clone());
                return Identity::Names(module, name, self.ty.clone());
            }
        })
    }
}

/// The host functions that a store's instances have been linked to.
#[derive(Default)]
pub(crate) struct HostFunctions {
    /// Their code lives as long as they do, so no other can come to lie where it lies.
    functions: Vec<(HostFunction, Option<FuncAddr>)>,
    positions: BTreeMap<Identity, u32>,
}

impl HostFunctions {
    pub(crate) fn get(&self, index: u32) -> Option<&HostFunction> {
        self.functions.get(index as usize).map(|(function, _)| function)
    }

    pub(crate) fn add(&mut self, host: &HostFunction) -> u32 {
        let next = self.functions.len() as u32;
        let position = *self.positions.entry(host.identity()).or_insert(next);
        if position == next {
            self.functions.push((host.clone(), None));
        }
        position
    }

    /// Another function, whatever there is.
    pub(crate) fn add_anew(&mut self, host: HostFunction) -> u32 {
        self.functions.push((host, None));
        self.functions.len() as u32 - 1
    }

    /// Takes the typed form of a function out while it is called, so that it needs no other owner.
    pub(crate) fn take_typed(&mut self, index: u32) -> Option<Arc<Typed>> {
        self.functions.get_mut(index as usize)?.0.typed.take()
    }

    pub(crate) fn put_typed(&mut self, index: u32, typed: Arc<Typed>) {
        if let Some((function, _)) = self.functions.get_mut(index as usize) {
            function.typed = Some(typed);
        }
    }

    pub(crate) fn address(&self, index: u32) -> Option<FuncAddr> {
        self.functions.get(index as usize)?.1
    }

    pub(crate) fn set_address(&mut self, index: u32, addr: FuncAddr) {
        if let Some((_, known)) = self.functions.get_mut(index as usize) {
            *known = Some(addr);
        }
    }
}

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {}", self.module, self.name, self.ty)
    }
}
