//! Host functions: the registry that a store's state names by index, and who calls.
//!
//! A definition without a closure is answered from outside ([`Stop::HostCall`](crate::Stop)); one
//! with a closure is answered by the task itself at the same stop. Closures are called with no
//! frame of the engine below them that they could disturb.

mod caller;
pub(crate) mod js_string;

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::ids::FuncAddr;
use crate::types::FuncType;
use crate::value::Value;

pub use caller::{Caller, CallerMemory};

/// What a host function returns: its results, or why it traps.
pub type HostResult = Result<Vec<Value>, HostError>;

/// Why a host function cannot answer; the calling task traps with this message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    message: String,
}

impl HostError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    pub(crate) fn into_message(self) -> String {
        self.message
    }
}

impl From<&str> for HostError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for HostError {
    fn from(message: String) -> Self {
        Self { message }
    }
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        Self::new(format!("{error}"))
    }
}

pub(crate) type Closure = dyn Fn(&mut Caller<'_>, &[Value]) -> HostResult;

/// A host function as defined in a linker.
#[derive(Clone)]
pub(crate) struct HostFunction {
    pub(crate) module: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) ty: FuncType,
    pub(crate) implementation: HostImplementation,
}

#[derive(Clone)]
pub(crate) enum HostImplementation {
    Closure(Rc<Closure>),
    Unresolved,
}

impl HostFunction {
    /// Whether two are copies of one definition.
    fn same(&self, other: &Self) -> bool {
        let same_implementation = match (&self.implementation, &other.implementation) {
            (HostImplementation::Closure(a), HostImplementation::Closure(b)) => Rc::ptr_eq(a, b),
            (HostImplementation::Unresolved, HostImplementation::Unresolved) => true,
            _ => false,
        };
        same_implementation
            && self.module == other.module
            && self.name == other.name
            && self.ty == other.ty
    }
}

/// The host functions that a store's instances have been linked to.
#[derive(Default)]
pub(crate) struct HostFunctions {
    functions: Vec<(HostFunction, Option<FuncAddr>)>,
}

impl HostFunctions {
    pub(crate) fn get(&self, index: u32) -> Option<&HostFunction> {
        self.functions.get(index as usize).map(|(function, _)| function)
    }

    pub(crate) fn add(&mut self, host: HostFunction) -> u32 {
        let known = self.functions.iter().position(|(function, _)| function.same(&host));
        let position = known.unwrap_or_else(|| {
            self.functions.push((host, None));
            self.functions.len() - 1
        });
        position as u32
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
