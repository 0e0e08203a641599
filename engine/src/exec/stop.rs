//! Why a task stopped, and what can be answered.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::ids::{CodeOffset, FuncAddr, FuncIndex, InstanceId, MemAddr};
use crate::types::FuncType;
use crate::value::Value;

/// How much a task may run before it stops with [`Stop::Budget`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget(pub(crate) u64);

impl Budget {
    /// Exactly `count` instructions, unless another stop comes first.
    pub fn instructions(count: u64) -> Self {
        Self(count)
    }

    /// No bound (2⁶⁴ - 1 instructions).
    pub fn unlimited() -> Self {
        Self(u64::MAX)
    }
}

/// Why a task stopped. All but [`Stop::Done`] and [`Stop::Trap`] can be resumed.
#[derive(Clone, PartialEq, Debug)]
pub enum Stop {
    /// The function returned these results.
    Done(Vec<Value>),
    /// Exactly the budget has been executed.
    Budget,
    /// A host function that has no closure was called: answer with
    /// [`Task::resume`](crate::Task::resume).
    HostCall(HostCall),
    /// The next instruction has a breakpoint; it has not been executed.
    Breakpoint(CallSite),
    /// The last instruction touched watched memory.
    Watchpoint(WatchpointHit),
    /// Execution cannot go on; the state is left as it was before the trapping instruction.
    Trap(Trap),
}

/// A place in an instance's code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CallSite {
    /// The instance whose code it is.
    pub instance: InstanceId,
    /// The function in that instance's module.
    pub func: FuncIndex,
    /// The instruction's byte offset in the module.
    pub offset: CodeOffset,
}

/// A call of a host function that waits for an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct HostCall {
    /// The host function.
    pub func: FuncAddr,
    /// Module name it was defined under.
    pub module: Arc<str>,
    /// Field name it was defined under.
    pub name: Arc<str>,
    /// Its type.
    pub ty: FuncType,
    /// Arguments, one per parameter.
    pub args: Vec<Value>,
    /// The calling instruction; `None` if the host function was started directly.
    pub caller: Option<CallSite>,
}

/// The answer to a [`HostCall`].
#[derive(Clone, PartialEq, Debug)]
pub enum HostAnswer {
    /// Results, one per result type.
    Return(Vec<Value>),
    /// The call traps with this message.
    Trap(String),
}

/// Which accesses a watchpoint stops at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WatchKind {
    /// Loads and bulk reads.
    Read,
    /// Stores and bulk writes.
    Write,
    /// Both.
    Access,
}

/// A watched access that has just happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WatchpointHit {
    /// The memory.
    pub memory: MemAddr,
    /// First byte accessed.
    pub address: u64,
    /// Bytes accessed.
    pub len: u64,
    /// Whether it was a write.
    pub write: bool,
    /// The instruction that did it.
    pub site: CallSite,
}

/// A trap: why, and through which frames.
#[derive(Clone, PartialEq, Debug)]
pub struct Trap {
    /// The reason.
    pub code: TrapCode,
    /// The frames at the trap, innermost first; at most [`Trap::BACKTRACE_LIMIT`].
    pub backtrace: Vec<TrapFrame>,
    /// How many frames the backtrace leaves out.
    pub omitted_frames: usize,
    /// The instruction clock, the trapping instruction included.
    pub executed: u64,
}

impl Trap {
    /// Frames kept in a backtrace.
    pub const BACKTRACE_LIMIT: usize = 64;
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trap: {}", self.code)?;
        match self.backtrace.first() {
            Some(frame) => write!(f, " in {frame}"),
            None => Ok(()),
        }
    }
}

/// One frame of a backtrace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrapFrame {
    /// Where the frame stood.
    pub site: CallSite,
    /// The function's name from the name section or its export, if any.
    pub func_name: Option<Arc<str>>,
}

impl fmt::Display for TrapFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.func_name {
            Some(name) => write!(f, "${name}")?,
            None => write!(f, "function {}", self.site.func)?,
        }
        write!(f, " at {}", self.site.offset)
    }
}

/// Why execution trapped. The texts are those of the specification's test suite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrapCode {
    /// `unreachable` was executed.
    Unreachable,
    /// A memory access beyond the end of the memory.
    MemoryOutOfBounds,
    /// A table access beyond the end of the table.
    TableOutOfBounds,
    /// `call_indirect` with an index beyond the end of the table.
    UndefinedElement,
    /// `call_indirect` of a null entry.
    UninitializedElement,
    /// `call_indirect` of a function of another type.
    IndirectCallTypeMismatch,
    /// Integer division or remainder by zero.
    IntegerDivideByZero,
    /// The result of a division or conversion does not fit.
    IntegerOverflow,
    /// Conversion of a NaN to an integer.
    InvalidConversionToInteger,
    /// `max_call_depth` or `max_value_stack` would be exceeded.
    CallStackExhausted,
    /// A host function trapped, with its message.
    Host(Arc<str>),
}

impl TrapCode {
    /// What happened, in words for somebody who sees this trap for the first time.
    pub fn explanation(&self) -> &str {
        match self {
            TrapCode::Unreachable => {
                "The program executed `unreachable`: compilers put it where execution must never \
                 arrive, for instance after a panic, an abort or a failed assertion."
            }
            TrapCode::MemoryOutOfBounds => {
                "The address plus the offset plus the width of the access lies beyond the end of \
                 the linear memory."
            }
            TrapCode::TableOutOfBounds => {
                "The index lies beyond the end of the table or of the element segment."
            }
            TrapCode::UndefinedElement => {
                "The index given to `call_indirect` lies beyond the end of the table."
            }
            TrapCode::UninitializedElement => {
                "The table entry that `call_indirect` was to call is null."
            }
            TrapCode::IndirectCallTypeMismatch => {
                "The function in the table has another type than `call_indirect` asks for."
            }
            TrapCode::IntegerDivideByZero => "The divisor on top of the stack is zero.",
            TrapCode::IntegerOverflow => {
                "The result does not fit its type: the smallest integer divided by -1, or a float \
                 too large for the integer."
            }
            TrapCode::InvalidConversionToInteger => {
                "The float is NaN, which no integer can stand for."
            }
            TrapCode::CallStackExhausted => {
                "Calls are nested too deeply; most often a recursion that does not end."
            }
            TrapCode::Host(message) => message,
        }
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrapCode::Unreachable => "unreachable",
            TrapCode::MemoryOutOfBounds => "out of bounds memory access",
            TrapCode::TableOutOfBounds => "out of bounds table access",
            TrapCode::UndefinedElement => "undefined element",
            TrapCode::UninitializedElement => "uninitialized element",
            TrapCode::IndirectCallTypeMismatch => "indirect call type mismatch",
            TrapCode::IntegerDivideByZero => "integer divide by zero",
            TrapCode::IntegerOverflow => "integer overflow",
            TrapCode::InvalidConversionToInteger => "invalid conversion to integer",
            TrapCode::CallStackExhausted => "call stack exhausted",
            TrapCode::Host(message) => message,
        })
    }
}
