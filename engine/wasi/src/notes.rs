//! What works here and not everywhere: calls at which other hosts end the program.
//!
//! Wasmtime reads and writes through pointers that are aligned and lie within the memory named `memory`, and
//! takes numbers that have a meaning; else it traps. Results it writes last: what a call does has been done.

use alloc::vec::Vec;
use core::fmt;

use stepwell_engine::{Extern, InstanceId, MemAddr, Store, Value};

use crate::errno::Errno;
use crate::function::{Function, Kind};
use crate::types::{
    Advice, ClockId, Fdflags, Fstflags, Lookupflags, Oflags, Riflags, Rights, SIGNALS, Sdflags,
    Version, Whence,
};

/// The name under which a program exports the memory that its pointers mean (*application ABI*).
const MEMORY: &str = "memory";

/// The memory that pointers of an instance's calls mean: the one that it exports as `memory`, or else its
/// memory 0.
pub fn memory_of(store: &Store, instance: InstanceId) -> Option<MemAddr> {
    let first = || store.instance(instance)?.memories().first().copied();
    exported_memory(store, instance).or_else(first)
}

/// The memory that an instance exports as `memory`.
pub fn exported_memory(store: &Store, instance: InstanceId) -> Option<MemAddr> {
    match store.export(instance, MEMORY)? {
        Extern::Memory(addr) => Some(addr),
        _ => None,
    }
}

/// Why other hosts end the program at a call that is answered here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// The caller exports no memory of the name that is looked for, whether the call needs one or not.
    NoMemory,
    /// A pointer is no multiple of what it should be one of.
    Unaligned {
        /// The parameter.
        name: &'static str,
        /// What it points at.
        address: u32,
        /// What that should be a multiple of.
        alignment: u32,
    },
    /// A pointer leads beyond the memory; here that is [`Errno::Fault`].
    Outside,
    /// A number has no meaning as flags or as what it stands for; here that is [`Errno::Inval`].
    Meaningless {
        /// The parameter.
        name: &'static str,
        /// Its value.
        number: u64,
    },
}

impl Note {
    /// What tells kinds of notes apart.
    pub fn kind(&self) -> NoteKind {
        match self {
            Self::NoMemory => NoteKind::NoMemory,
            Self::Unaligned { .. } => NoteKind::Unaligned,
            Self::Outside => NoteKind::Outside,
            Self::Meaningless { .. } => NoteKind::Meaningless,
        }
    }
}

/// A kind of [`Note`]; see there.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NoteKind {
    NoMemory,
    Unaligned,
    Outside,
    Meaningless,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMemory => write!(f, "the module exports no memory named \"{MEMORY}\"")?,
            Self::Unaligned { name, address, alignment } => {
                write!(f, "{name} at 0x{address:x} is no multiple of {alignment}")?;
            }
            Self::Outside => f.write_str("a pointer leads beyond the memory")?,
            Self::Meaningless { name, number } => {
                write!(f, "0x{number:x} has no meaning as {name}")?
            }
        }
        f.write_str(": other hosts end the program here")
    }
}

/// What there is to note of a call, given what it was answered with, if it has been, and whether the caller
/// [exports](exported_memory) its memory.
///
/// ```
/// use stepwell_engine::Value;
/// use stepwell_wasi::{Errno, Function, Version, notes};
///
/// let args = [1, 256, 1, 69].map(Value::I32);
/// let noted = notes(Function::FdWrite, Version::Preview1, &args, Some(Errno::Success), true);
/// assert_eq!(noted[0].to_string(), "nwritten at 0x45 is no multiple of 4: other hosts end the program here");
/// ```
pub fn notes(
    function: Function,
    version: Version,
    args: &[Value],
    answer: Option<Errno>,
    exports_memory: bool,
) -> Vec<Note> {
    if !exports_memory {
        return Vec::from([Note::NoMemory]);
    }
    let bits = |position: usize| match args.get(position) {
        Some(Value::I32(value)) => u64::from(*value as u32),
        Some(Value::I64(value)) => *value as u64,
        _ => 0,
    };
    let mut noted = Vec::new();
    let mut position = 0;
    for (name, kind) in function.signature() {
        let number = bits(position);
        let count = match kind {
            Kind::Iovecs | Kind::Ciovecs => bits(position + 1),
            Kind::Subscriptions(count) | Kind::Events(count) => bits(*count),
            _ => 1,
        };
        // Results are written by what succeeds; lists are read before anything else is looked at.
        let is_used = match kind {
            Kind::Result(_) | Kind::Events(_) | Kind::Pointers => answer == Some(Errno::Success),
            _ => count > 0,
        };
        let alignment = u64::from(alignment(*kind));
        if is_used && number % alignment != 0 {
            let (address, alignment) = (number as u32, alignment as u32);
            noted.push(Note::Unaligned { name, address, alignment });
        }
        if !has_meaning(*kind, version, number) {
            noted.push(Note::Meaningless { name, number });
        }
        position += kind.types().len();
    }
    if answer == Some(Errno::Fault) {
        noted.push(Note::Outside);
    }
    noted
}

/// What a pointer has to be a multiple of; 1 for what is none.
fn alignment(kind: Kind) -> u32 {
    match kind {
        Kind::Iovecs | Kind::Ciovecs | Kind::Pointers => 4,
        Kind::Subscriptions(_) | Kind::Events(_) => 8,
        Kind::Result(layout) => layout.alignment(),
        _ => 1,
    }
}

fn has_meaning(kind: Kind, version: Version, number: u64) -> bool {
    let small = u32::try_from(number).unwrap_or(u32::MAX);
    match kind {
        Kind::Clock => ClockId::from_number(small).is_ok(),
        Kind::Advice => Advice::from_number(small).is_ok(),
        Kind::Whence => Whence::of_version(version, small).is_ok(),
        Kind::Signal => (small as usize) < SIGNALS.len(),
        Kind::Rights => Rights::ALL.contains(Rights(number)),
        Kind::Lookupflags => Lookupflags::from_number(number).is_ok(),
        Kind::Oflags => Oflags::from_number(number).is_ok(),
        Kind::Fdflags => Fdflags::from_number(number).is_ok(),
        Kind::Fstflags => Fstflags::from_number(number).is_ok(),
        Kind::Riflags => Riflags::from_number(number).is_ok(),
        Kind::Sdflags => Sdflags::from_number(number).is_ok(),
        _ => true,
    }
}
