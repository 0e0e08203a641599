//! Random bytes: a trait, and a generator that gives the same bytes for the same seed.

use alloc::boxed::Box;

use crate::errno::Result;

/// Where random bytes come from.
pub trait Random: core::any::Any + Send {
    /// Fills a buffer.
    ///
    /// # Errors
    /// Whatever the guest is to see if there are none.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()>;

    /// A copy, if this source can be copied.
    fn try_clone(&self) -> Option<Box<dyn Random>> {
        None
    }
}

/// Reproducible bytes (SplitMix64). Not for secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeededRandom {
    state: u64,
}

impl SeededRandom {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            chunk.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }

    fn try_clone(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(self.clone()))
    }
}
