//! How sets describe what they have, and a call as their functions see it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use stepwell_engine::{
    AsyncCaller, Caller, ExternType, HostError, HostResult, InstanceId, ValType, Value,
};

use super::{HostState, Origin, Stream};

/// What a set has under the name of an import.
pub(super) enum Lookup {
    /// Nothing.
    Unknown,
    /// Something of another type: what it is.
    Misfit(String),
    Found(Item),
}

/// What an import is linked to.
pub(super) enum Item {
    Function(Rc<Function>),
    /// A function that calls back into wasm.
    Future(AsyncFunction),
    /// A memory, table or global, made once and shared by all who import it; a global has this value.
    Made(ExternType, Option<Value>),
}

pub(super) type Function = dyn Fn(&mut Call<'_, '_>) -> HostResult;
pub(super) type AsyncFunction = fn(AsyncCall) -> Answering;
pub(super) type Answering = Pin<Box<dyn Future<Output = HostResult>>>;

/// A call of a function that answers at once.
pub(super) struct Call<'a, 'b> {
    pub(super) state: &'a HostState,
    pub(super) caller: &'a mut Caller<'b>,
    pub(super) args: &'a [Value],
    /// Types of the results.
    pub(super) results: &'a [ValType],
}

/// A call of a function that may call back.
pub(super) struct AsyncCall {
    pub(super) state: HostState,
    pub(super) caller: AsyncCaller,
    pub(super) instance: Option<InstanceId>,
    /// The function's name.
    pub(super) name: Rc<str>,
    pub(super) args: Vec<Value>,
    pub(super) results: Rc<[ValType]>,
}

impl Item {
    pub(super) fn function(function: impl Fn(&mut Call<'_, '_>) -> HostResult + 'static) -> Self {
        Item::Function(Rc::new(function))
    }
}

/// An integer or address argument, zero-extended; 0 for others.
pub(super) fn unsigned(args: &[Value], index: usize) -> u64 {
    match args.get(index) {
        Some(Value::I32(value)) => u64::from(*value as u32),
        Some(Value::I64(value)) => *value as u64,
        _ => 0,
    }
}

/// An integer as a value of a type.
pub(super) fn number(ty: ValType, value: i64) -> Value {
    match ty {
        ValType::I32 => Value::I32(value as i32),
        ValType::I64 => Value::I64(value),
        ValType::F32 => Value::F32(value as f32),
        ValType::F64 => Value::F64(value as f64),
        ty => Value::default_of(ty),
    }
}

impl Call<'_, '_> {
    /// An integer or address argument, zero-extended; 0 for others.
    pub(super) fn unsigned(&self, index: usize) -> u64 {
        unsigned(self.args, index)
    }

    /// An `i32` argument.
    pub(super) fn int(&self, index: usize) -> i32 {
        unsigned(self.args, index) as i32
    }

    /// Returns an integer, whatever kind of number the results ask for; nothing if they ask for nothing.
    pub(super) fn give(&self, value: i64) -> HostResult {
        Ok(self.results.iter().map(|ty| number(*ty, value)).collect())
    }

    /// Returns a float.
    pub(super) fn give_float(&self, value: f64) -> HostResult {
        let float = |ty: &ValType| match ty {
            ValType::F32 => Value::F32(value as f32),
            ValType::F64 => Value::F64(value),
            ty => Value::default_of(*ty),
        };
        Ok(self.results.iter().map(float).collect())
    }

    /// Returns zeros.
    pub(super) fn done(&self) -> HostResult {
        self.give(0)
    }

    /// Writes to the console, as the calling task.
    pub(super) fn print(&self, stream: Stream, bytes: &[u8]) {
        self.state.log().write_as(stream, bytes, Some(Origin::of(self.caller)));
    }

    /// Writes a line.
    pub(super) fn print_line(&self, stream: Stream, text: impl Into<Vec<u8>>) {
        let mut bytes = text.into();
        if bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        self.print(stream, &bytes);
    }
}

/// A call that ends its task with a message.
pub(super) fn trap<T>(message: impl Into<String>) -> Result<T, HostError> {
    Err(HostError::new(message))
}
