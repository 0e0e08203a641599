//! A state that is kept: the memories as images, the rest as it is.

use alloc::vec::Vec;

use super::image::Image;
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

impl Kept {
    /// Keeps a state, sharing what is the same in another one; and how many bytes that takes.
    pub(super) fn of(state: &StoreState, other: Option<&Kept>) -> (Self, u64) {
        let mut own = 0;
        let memories = state.memories.iter().enumerate().map(|(position, memory)| {
            let before = other.and_then(|other| other.memories.get(position));
            let (image, bytes) = Image::of(memory.bytes(), before.map(|(_, image)| image));
            own += bytes;
            (memory.ty(), image)
        });
        let memories = memories.collect();
        let rest_bytes = state.bytes_without_memories();
        let kept = Self { rest: state.without_memories(), memories, rest_bytes };
        (kept, own + rest_bytes)
    }

    /// The state, in the memories of another one where these are as large.
    pub(super) fn state(&self, engine: &Engine, reused: Vec<LinearMemory>) -> Result<StoreState> {
        let mut reused = reused.into_iter();
        let mut memories = Vec::with_capacity(self.memories.len());
        for (ty, image) in &self.memories {
            let fits =
                |memory: &LinearMemory| memory.ty() == *ty && memory.size() == image.len() as u64;
            let mut memory = match reused.next().filter(fits) {
                Some(memory) => memory,
                None => LinearMemory::of_size(engine, *ty, image.len() as u64)?,
            };
            image.put(memory.bytes_mut());
            memories.push(memory);
        }
        let mut state = self.rest.clone();
        state.memories = memories;
        Ok(state)
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
