//! What both engines say, in words of neither.

use std::fmt;

/// A value as it looks from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null,
    I31(i32),
    /// A number that the host gave a reference to.
    Host(u32),
    /// The function that an export names; only given, never seen.
    Export(usize),
    /// A reference to something else.
    Something,
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Plain::I32(bits) => write!(f, "i32:0x{bits:x}"),
            Plain::I64(bits) => write!(f, "i64:0x{bits:x}"),
            Plain::F32(bits) => write!(f, "f32:{}(0x{bits:08x})", f32::from_bits(*bits)),
            Plain::F64(bits) => write!(f, "f64:{}(0x{bits:016x})", f64::from_bits(*bits)),
            Plain::V128(bits) => write!(f, "v128:0x{bits:032x}"),
            Plain::Null => f.write_str("null"),
            Plain::I31(value) => write!(f, "i31:{value}"),
            Plain::Host(number) => write!(f, "host:{number}"),
            Plain::Export(index) => write!(f, "export:{index}"),
            Plain::Something => f.write_str("reference"),
        }
    }
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Returned(Vec<Plain>),
    Trapped(Why),
    /// A limit that engines may set as they like: stack, heap, time.
    Exhausted,
}

/// The kinds of traps that can be told apart in both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    Unreachable,
    MemoryOutOfBounds,
    TableOutOfBounds,
    NullElement,
    TypeMismatch,
    DivideByZero,
    Overflow,
    BadConversion,
    NullReference,
    CastFailure,
    ArrayOutOfBounds,
    UnalignedAtomic,
    ExpectedShared,
    /// An uncaught exception and what it carries.
    Exception(Vec<Plain>),
    Other(String),
}

/// What an instance exports besides functions.
#[derive(PartialEq, Eq)]
pub(crate) struct View<'a> {
    pub(crate) globals: Vec<Plain>,
    pub(crate) tables: Vec<Vec<Plain>>,
    pub(crate) memories: Vec<&'a [u8]>,
}

impl View<'_> {
    /// The first thing that is not the same, in words.
    pub(crate) fn difference(&self, oracle: &View<'_>) -> Option<String> {
        let same_number = self.globals.len() == oracle.globals.len()
            && self.tables.len() == oracle.tables.len()
            && self.memories.len() == oracle.memories.len();
        if !same_number {
            return Some("not the same number of exports".into());
        }
        first_difference(&self.globals, &oracle.globals)
            .map(|at| format!("global {at}: {:?}, {:?}", self.globals[at], oracle.globals[at]))
            .or_else(|| differing("table", &self.tables, &oracle.tables))
            .or_else(|| differing("memory", &self.memories, &oracle.memories))
    }
}

fn differing<T: PartialEq + fmt::Debug>(
    kind: &str,
    ours: &[impl AsRef<[T]>],
    theirs: &[impl AsRef<[T]>],
) -> Option<String> {
    ours.iter().zip(theirs).enumerate().find_map(|(index, (ours, theirs))| {
        let (ours, theirs) = (ours.as_ref(), theirs.as_ref());
        let at = first_difference(ours, theirs)?;
        let size = (ours.len(), theirs.len());
        Some(format!("{kind} {index} at {at}: {:?}, {:?} {size:?}", ours.get(at), theirs.get(at)))
    })
}

fn first_difference<T: PartialEq>(ours: &[T], theirs: &[T]) -> Option<usize> {
    if ours == theirs {
        return None;
    }
    let common = ours.len().min(theirs.len());
    Some(ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs).unwrap_or(common))
}
