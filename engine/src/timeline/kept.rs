//! A state that is kept: the memories as images, the rest as it is.

use alloc::vec::Vec;

use super::image::{Before, Image};
use super::written::Written;
use crate::config::Engine;
use crate::error::Result;
use crate::memory::LinearMemory;
use crate::store::StoreState;
use crate::types::MemoryType;

/// A state of a store, to be put together again.
#[derive(Debug)]
pub(super) struct Kept {
    /// Without its memories.
    pub(super) rest: StoreState,
    memories: Vec<(MemoryType, Image)>,
    rest_bytes: u64,
}

/// The contents that a state's memories are known to have had last; what is marked has been written since.
pub(super) type Bases = Vec<Image>;

impl Kept {
    /// Keeps a state, sharing what is the same as in its bases, or else in another one; and how many bytes that
    /// takes, and what has been written since the bases. From now on marks tell what is written since this state.
    pub(super) fn of(
        state: &mut StoreState,
        bases: &Bases,
        other: Option<&Kept>,
    ) -> (Self, u64, Written) {
        let (mut own, mut written) = (0, Written::default());
        let memories = state.memories.iter_mut().enumerate().map(|(position, memory)| {
            let base = bases.get(position);
            let marks = base.and_then(|base| memory.marks_since(&base.known));
            let near = other.and_then(|other| other.memories.get(position));
            let other = base.filter(|_| marks.is_some()).or(near.map(|(_, image)| image));
            let (image, bytes) = Image::of(memory.bytes(), other, marks);
            written.add(marks);
            own += bytes;
            memory.mark(&image.known);
            (memory.ty(), image)
        });
        let memories = memories.collect();
        let rest_bytes = state.bytes_without_memories();
        let kept = Self { rest: state.without_memories(), memories, rest_bytes };
        let own = own + rest_bytes + written.bytes();
        (kept, own, written)
    }

    /// The state, in the memories of another one where these are as large: what differs is written. The bases are
    /// those of the other one before, and this one's then.
    pub(super) fn state(
        &self,
        engine: &Engine,
        reused: Vec<LinearMemory>,
        bases: &mut Bases,
    ) -> Result<StoreState> {
        let mut reused = reused.into_iter();
        let mut memories = Vec::with_capacity(self.memories.len());
        for (position, (ty, image)) in self.memories.iter().enumerate() {
            let fits =
                |memory: &LinearMemory| memory.ty() == *ty && memory.size() == image.len() as u64;
            let memory = match reused.next().filter(fits) {
                Some(mut memory) => {
                    let base = bases.get(position);
                    let known = base.map(|base| &base.known);
                    memory.put(known, &image.known, |bytes, marks| match (base, marks) {
                        (Some(base), Some(marks)) => image.put(bytes, Before::Marked(base, marks)),
                        _ => image.put(bytes, Before::Unknown),
                    });
                    memory
                }
                None => {
                    let mut memory = LinearMemory::of_size(engine, *ty, image.len() as u64)?;
                    memory.put(None, &image.known, |bytes, _| image.put(bytes, Before::New));
                    memory
                }
            };
            memories.push(memory);
        }
        *bases = self.bases();
        let mut state = self.rest.clone();
        state.memories = memories;
        Ok(state)
    }

    /// What memories contained in this state.
    pub(super) fn bases(&self) -> Bases {
        self.memories.iter().map(|(_, image)| image.clone()).collect()
    }

    /// Bytes that nobody else has, who go with it.
    pub(super) fn alone(&self) -> u64 {
        self.rest_bytes + self.memories.iter().map(|(_, image)| image.alone()).sum::<u64>()
    }

    /// Bytes of its memories, as the machine has them.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.memories.iter().map(|(_, image)| image.len() as u64).sum()
    }
}
