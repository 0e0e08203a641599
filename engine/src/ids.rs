//! Index newtypes: an address of one arena can never be used in another.

use core::fmt;

macro_rules! index_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its arena or index space.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of the element that stands at `index`.
            #[allow(dead_code)]
            pub(crate) fn from_index(index: usize) -> Self {
                Self(index as u32)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

index_types! {
    /// A module that a store has seen, in order of first instantiation.
    ModuleId;
    /// A module instance of a store.
    InstanceId;
    /// A function address of a store (wasm or host).
    FuncAddr;
    /// A table address of a store.
    TableAddr;
    /// A memory address of a store.
    MemAddr;
    /// A global address of a store.
    GlobalAddr;
    /// An element segment instance of a store.
    ElemAddr;
    /// A data segment instance of a store.
    DataAddr;
    /// A host value that wasm holds as `externref`; the embedder gives the number its meaning.
    ExternAddr;
    /// A tag address of a store.
    TagAddr;
    /// An object of a store's heap: a structure, an array or an exception.
    ObjectAddr;
    /// A function in the index space of a module, imports first.
    FuncIndex;
    /// A defined type as the store knows it: equal types have equal ids.
    TypeId;
}

/// A byte offset from the start of the module, as disassemblers and browsers print it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CodeOffset(pub u32);

impl CodeOffset {
    /// The offset as an index into the module's bytes.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for CodeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

/// A task of a store: it and its clones share the number. Numbers count from 0, in the order in which the
/// store first had to tell tasks apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskId(pub u64);

/// A frame of a task with locals, for as long as it is there: no two of them begin at the same slot. Where a state is
/// put back, a frame of the same function that begins there is taken for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FrameId {
    /// The task.
    pub task: TaskId,
    /// The slot of its value stack at which the frame begins.
    pub base: u32,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
