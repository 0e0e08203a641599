//! Why a task stopped, and what can be answered.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::host::HostCause;
use crate::ids::{CodeOffset, FuncAddr, FuncIndex, InstanceId, MemAddr, TagAddr};
use crate::observe::WatchpointHit;
use crate::types::FuncType;
use crate::value::Value;

/// How much a task may run before it stops with [`Stop::Budget`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    pub(crate) instructions: u64,
    pub(crate) bulk_bytes: u64,
}

impl Budget {
    /// Bytes of the widest element.
    pub(crate) const LEAST_BULK: u64 = 16;

    /// Exactly `count` instructions, unless another stop comes first.
    pub fn instructions(count: u64) -> Self {
        Self { instructions: count, bulk_bytes: u64::MAX }
    }

    /// No bound (2⁶⁴ - 1 instructions).
    pub fn unlimited() -> Self {
        Self::instructions(u64::MAX)
    }

    /// Bounds what bulk operators (fill, copy, init of memories, tables and arrays, and new arrays) may
    /// write, in bytes, for whoever must be able to pause a run soon, whatever it executes: one
    /// `memory.fill` may write 4 GiB. Without this there is no bound.
    ///
    /// Where it is reached the run stops in the middle of such an instruction: with [`Stop::Budget`],
    /// before it counts as executed, and with its operands on the stack. What has been written is the
    /// task's [`bulk_progress`](crate::Task::bulk_progress), and the next run goes on from there.
    ///
    /// It is at least 16, the widest element, so that every run gets further. What writes no more than 256
    /// bytes does not count. A function of more than 256 KiB is decoded within the bound as well, 64 bytes for
    /// each of its code, before the call instruction that needs it is executed: runs then stop with nothing
    /// executed and no `bulk_progress`. One that a host function calls, or that is started, is decoded in one
    /// go; [`Store::prepare`](crate::Store::prepare) avoids that. An array of zeroes or of operands is allocated in one go, and may be larger
    /// than what is left.
    #[must_use]
    pub fn bulk_bytes(self, bytes: u64) -> Self {
        Self { bulk_bytes: bytes.max(Self::LEAST_BULK), ..self }
    }
}

/// How far the bulk instruction has come at which a task stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BulkProgress {
    /// Bytes of a memory, or elements of a table or an array, that have been written.
    pub done: u64,
    /// How many it is to write.
    pub len: u64,
}

/// Why a task stopped. All but [`Stop::Done`], [`Stop::Trap`] and [`Stop::Exit`] can be resumed.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Stop {
    /// The function returned these results.
    Done(Vec<Value>),
    /// Exactly the budget's instructions have been executed, less what host functions have
    /// [charged](crate::Caller::charge), or its bulk work has been done: then there are fewer.
    Budget,
    /// An [interruption](crate::InterruptHandle) from outside, before the next instruction.
    Interrupted,
    /// A host function was called that has not answered; [`HostCall::state`] says why. Answer with
    /// [`Task::resume`](crate::Task::resume), or run the task again if the function will answer by itself.
    HostCall(HostCall),
    /// The next instruction has a breakpoint; it has not been executed.
    Breakpoint(CallSite),
    /// The last instruction touched watched memory.
    Watchpoint(Box<WatchpointHit>),
    /// An atomic wait: the task goes on once another one has notified it, or after
    /// [`Task::time_out`](crate::Task::time_out).
    Wait(AtomicWait),
    /// Execution cannot go on; the state is left as it was before the trapping instruction.
    Trap(Trap),
    /// The program ended itself with this code, as by `proc_exit`; the state is left as it was at that call.
    Exit(i32),
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
    /// Who is to answer.
    pub state: CallState,
}

/// Why a host call stops its task.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallState {
    /// The embedder is to answer.
    Unanswered,
    /// The function has a [breakpoint](crate::observe::Debugger::break_on_call) and has not begun yet:
    /// running the task again lets it begin.
    Breakpoint,
    /// The function has begun, and has nothing to answer with yet: run the task again when that may have
    /// changed, as its [waker](crate::Task::run_with) tells. The embedder may answer in its place.
    InProgress,
}

/// An atomic wait that has not been notified.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AtomicWait {
    /// The shared memory.
    pub memory: MemAddr,
    /// The address waited at.
    pub address: u64,
    /// After how many nanoseconds it wants to go on anyway; for ever without.
    pub timeout: Option<u64>,
    /// The waiting instruction.
    pub site: Option<CallSite>,
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
    /// Writes of something else than what is there.
    Change,
}

/// A trap: why, and through which frames.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Trap {
    /// The reason.
    pub code: TrapCode,
    /// The frames at the trap, innermost first; at most [`Trap::BACKTRACE_LIMIT`].
    pub backtrace: Vec<TrapFrame>,
    /// How many frames the backtrace leaves out.
    pub omitted_frames: usize,
    /// The instruction clock, the trapping instruction included.
    pub executed: u64,
    /// The host's own error, if a host function has trapped with [one](crate::HostError::from_error). Traps are
    /// compared without it.
    pub cause: HostCause,
    /// For an instantiation: the active segment that does not fit, and what it lies beyond.
    pub segment: Option<Box<SegmentTrap>>,
}

/// An active segment that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentTrap {
    /// Whether it is a data or an element segment.
    pub kind: Space,
    /// Its index.
    pub index: u32,
    /// Where it would be written.
    pub beyond: Beyond,
}

/// What has a size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    /// A memory, in bytes.
    Memory,
    /// A table, in elements.
    Table,
    /// A data segment, in bytes; none once it has been dropped.
    DataSegment,
    /// An element segment, in elements; none once it has been dropped.
    ElementSegment,
    /// An array, in elements.
    Array,
}

/// A range that reaches beyond the end of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beyond {
    /// What it reaches beyond.
    pub space: Space,
    /// Which one of the module's; an array has no index.
    pub index: Option<u32>,
    /// Where the range begins.
    pub from: u64,
    /// The operand that the instruction's offset has been added to, if it has one.
    pub base: Option<u64>,
    /// How long it is.
    pub len: u64,
    /// What there is.
    pub size: u64,
}

impl Beyond {
    /// The range, if it reaches beyond `size`.
    pub(crate) fn check(
        space: Space,
        index: Option<u32>,
        from: u64,
        len: u64,
        size: u64,
    ) -> Option<Self> {
        let fits = from.checked_add(len).is_some_and(|end| end <= size);
        (!fits).then_some(Self { space, index, from, base: None, len, size })
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Space::Memory => "memory",
            Space::Table => "table",
            Space::DataSegment => "data segment",
            Space::ElementSegment => "element segment",
            Space::Array => "the array",
        })
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { space, index, from, base, len, size } = *self;
        let unit = match space {
            Space::Memory | Space::DataSegment => "byte",
            Space::Table | Space::ElementSegment | Space::Array => "element",
        };
        let more = |count: u64| if count == 1 { "" } else { "s" };
        match space {
            Space::Memory => write!(f, "{len} {unit}{} at address 0x{from:x}", more(len))?,
            _ if len == 1 => write!(f, "{unit} {from}")?,
            _ => write!(f, "{len} {unit}{} from {from} on", more(len))?,
        }
        if let Some(base) = base {
            write!(f, " (0x{base:x} + {})", from.saturating_sub(base))?;
        }
        let verb = if len == 1 { "lies" } else { "reach" };
        write!(f, " {verb} beyond {space}")?;
        if let Some(index) = index {
            write!(f, " {index}")?;
        }
        write!(f, ", which has {size} {unit}{}", more(size))
    }
}

impl Trap {
    /// Frames kept in a backtrace.
    pub const BACKTRACE_LIMIT: usize = 64;

    /// A trap as it was recorded.
    pub fn new(
        code: TrapCode,
        backtrace: Vec<TrapFrame>,
        omitted_frames: usize,
        executed: u64,
    ) -> Self {
        let (cause, segment) = (HostCause::default(), None);
        Self { code, backtrace, omitted_frames, executed, cause, segment }
    }

    /// What an uncaught exception carries.
    pub fn values(&self) -> &[Value] {
        match &self.code {
            TrapCode::Exception(exception) => &exception.values,
            _ => &[],
        }
    }
}

/// Its source is the [cause](Trap::cause).
impl core::error::Error for Trap {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.cause.source()
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trap: {}", self.code)?;
        if let Some(segment) = &self.segment {
            let SegmentTrap { kind, index, beyond } = &**segment;
            return write!(f, " of {kind} {index}: {beyond}");
        }
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
            Some(name) => f.write_str(&crate::text::identifier(name))?,
            None => write!(f, "function {}", self.site.func)?,
        }
        write!(f, " at {}", self.site.offset)
    }
}

/// Why execution trapped. The texts are those of the specification's test suite.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
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
    /// `call_ref` of null.
    NullFunction,
    /// `ref.as_non_null` of null.
    NullReference,
    /// A field of null.
    NullStruct,
    /// An element or the length of null.
    NullArray,
    /// `i31.get_s` or `i31.get_u` of null.
    NullI31,
    /// `throw_ref` of null.
    NullException,
    /// `ref.cast` to a type that the reference is not of.
    CastFailure,
    /// An element beyond the end of an array.
    ArrayOutOfBounds,
    /// `max_heap` would be exceeded.
    HeapExhausted,
    /// An atomic access of an address that is not a multiple of its width.
    UnalignedAtomic,
    /// An atomic wait on a memory that is not shared.
    ExpectedShared,
    /// Nothing catches this exception.
    Exception(Arc<Exception>),
    /// A host function trapped, with its message.
    Host(Arc<str>),
}

/// An exception that nothing has caught.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exception {
    /// Its tag.
    pub tag: TagAddr,
    /// The tag's name in the module that threw it, if it has one.
    pub name: Option<Arc<str>>,
    /// What it carries.
    pub values: Vec<Value>,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(&crate::text::identifier(name))?,
            None => write!(f, "tag {}", self.tag)?,
        }
        self.values.iter().try_for_each(|value| write!(f, " {value}"))
    }
}

impl TrapCode {
    /// Those that carry nothing.
    pub const PLAIN: [TrapCode; 21] = [
        TrapCode::Unreachable,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::UndefinedElement,
        TrapCode::UninitializedElement,
        TrapCode::IndirectCallTypeMismatch,
        TrapCode::IntegerDivideByZero,
        TrapCode::IntegerOverflow,
        TrapCode::InvalidConversionToInteger,
        TrapCode::CallStackExhausted,
        TrapCode::NullFunction,
        TrapCode::NullReference,
        TrapCode::NullStruct,
        TrapCode::NullArray,
        TrapCode::NullI31,
        TrapCode::NullException,
        TrapCode::CastFailure,
        TrapCode::ArrayOutOfBounds,
        TrapCode::HeapExhausted,
        TrapCode::UnalignedAtomic,
        TrapCode::ExpectedShared,
    ];

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
            TrapCode::NullFunction => "The reference that `call_ref` was to call is null.",
            TrapCode::NullReference => "The reference must not be null here, and is.",
            TrapCode::NullStruct => "The reference to the structure is null.",
            TrapCode::NullArray => "The reference to the array is null.",
            TrapCode::NullI31 => "The reference to the 31-bit integer is null.",
            TrapCode::NullException => "The reference to the exception is null.",
            TrapCode::CastFailure => {
                "The object is of another type than `ref.cast` asks for, or null."
            }
            TrapCode::ArrayOutOfBounds => "The index lies beyond the end of the array.",
            TrapCode::HeapExhausted => {
                "The heap has reached its limit, and a collection did not free enough."
            }
            TrapCode::UnalignedAtomic => {
                "Atomic accesses need an address that is a multiple of their width."
            }
            TrapCode::ExpectedShared => {
                "Only a shared memory can be waited on: in another nobody could ever notify."
            }
            TrapCode::Exception(_) => {
                "An exception was thrown, and no handler of any frame catches its tag."
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
            TrapCode::NullFunction => "null function reference",
            TrapCode::NullReference => "null reference",
            TrapCode::NullStruct => "null structure reference",
            TrapCode::NullArray => "null array reference",
            TrapCode::NullI31 => "null i31 reference",
            TrapCode::NullException => "null exception reference",
            TrapCode::CastFailure => "cast failure",
            TrapCode::ArrayOutOfBounds => "out of bounds array access",
            TrapCode::HeapExhausted => "heap exhausted",
            TrapCode::UnalignedAtomic => "unaligned atomic",
            TrapCode::ExpectedShared => "expected shared memory",
            TrapCode::Exception(exception) => return write!(f, "uncaught exception {exception}"),
            TrapCode::Host(message) => message,
        })
    }
}
