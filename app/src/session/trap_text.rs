//! A trap in words: the instruction with its operands, and what it was about. The window and the
//! subcommands say the same.

use std::fmt;

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Activation, Cause, FrameView};
use stepwell_engine::{FuncAddr, FuncIndex, InstanceId, Store, Task, TrapCode, Value};

use super::{func_type, val_type};

/// Operands shown of the instruction that trapped.
const OPERANDS: usize = 5;

/// What values and functions of a store are called.
pub trait Namer {
    /// A function of an instance, as an operand of an instruction.
    fn operand(&self, instance: InstanceId, func: FuncIndex) -> String;
    /// A value in one line.
    fn value(&self, value: &Value) -> String;
    /// A function with its type.
    fn func(&self, func: FuncAddr) -> String;
}

/// The instruction that trapped, with what lies on the stack: `i32.store with i32:65536, i32:1 on
/// the stack`.
pub fn trapped_instruction(
    frame: &FrameView<'_>,
    code: &TrapCode,
    namer: &dyn Namer,
) -> Option<String> {
    let listing = Listing::new(frame.module(), frame.func()).ok()?;
    let position = listing.position(frame.offset())?;
    let operand = |func| namer.operand(frame.instance(), func);
    let instruction = listing.instruction_with(position, &operand)?;
    let operands = frame.operands();
    let from = operands.len().saturating_sub(OPERANDS);
    let shown = operands.get(from..).unwrap_or_default();
    let shown: Vec<String> = shown.iter().map(|value| namer.value(value)).collect();
    // What an exception carries has been said already.
    if shown.is_empty() || matches!(code, TrapCode::Exception(_)) {
        return Some(instruction.to_string());
    }
    Some(format!("{instruction} with {} on the stack", shown.join(", ")))
}

/// What a trap at a frame's instruction was about, a sentence each.
pub fn trap_causes(store: &Store, frame: &FrameView<'_>, namer: &dyn Namer) -> Vec<String> {
    let causes = frame.causes(store);
    causes.iter().map(|cause| cause_text(cause, frame, namer)).collect()
}

/// Which limit a task's nested calls have reached, and how deep they were; none after another trap.
pub fn reached_limit(store: &Store, task: &Task, code: &TrapCode) -> Option<ReachedLimit> {
    if *code != TrapCode::CallStackExhausted {
        return None;
    }
    let config = store.engine().config();
    // Host functions that have called back begin to count anew.
    let is_wasm = |activation: &Activation<'_>| matches!(activation, Activation::Wasm(_));
    let depth = task.activations(store).take_while(is_wasm).count();
    let hosts = task.activations(store).filter(|activation| !is_wasm(activation)).count();
    Some(if depth as u64 >= config.max_call_depth.into() {
        ReachedLimit::CallDepth(config.max_call_depth)
    } else if hosts as u64 > config.max_host_depth.into() {
        ReachedLimit::HostDepth(config.max_host_depth)
    } else {
        ReachedLimit::ValueStack { slots: config.max_value_stack, frames: task.frames(store).len() }
    })
}

/// A limit of nested calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReachedLimit {
    /// So many frames.
    CallDepth(u32),
    /// So many host functions that have called back.
    HostDepth(u32),
    /// So many slots of locals and operands, used up by so many frames.
    ValueStack {
        /// The limit.
        slots: u32,
        /// Frames, all together.
        frames: usize,
    },
}

impl fmt::Display for ReachedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallDepth(limit) => write!(f, "{limit} frames, the limit of the call depth"),
            Self::HostDepth(limit) => {
                write!(f, "{limit} host functions have called back, which is the limit")
            }
            Self::ValueStack { slots, frames } => write!(
                f,
                "{frames} frames, and the next does not fit into the value stack's limit of {slots} slots"
            ),
        }
    }
}

fn cause_text(cause: &Cause, frame: &FrameView<'_>, namer: &dyn Namer) -> String {
    match cause {
        Cause::Beyond(beyond) => beyond.to_string(),
        Cause::Unaligned { address, width } => {
            format!("address 0x{address:x} is no multiple of {width}")
        }
        Cause::NullElement { table, index } => format!("element {index} of table {table} is null"),
        Cause::Signature { table, index, func, expected } => {
            let expected = func_type(frame.module(), expected);
            let func = namer.func(*func);
            format!("element {index} of table {table} is {func}, and the call is of {expected}")
        }
        Cause::Cast { found, expected } => {
            let expected = val_type(frame.module(), (*expected).into());
            format!("{} is no {expected}", namer.value(found))
        }
    }
}
