//! Standard input and output: traits, and streams in memory.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::errno::{Errno, Result};

/// What reading a stream gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// This many bytes, at least one.
    Bytes(u64),
    /// The end of the stream.
    End,
    /// Nothing yet; there may be more later.
    Nothing,
}

/// A stream that the guest reads.
pub trait Input: core::any::Any + Send {
    /// Reads into a buffer, which is not empty.
    ///
    /// # Errors
    /// Whatever the guest is to see.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Reading>;

    /// What a read would give now, without reading. A stream that cannot tell says that one byte is there.
    fn available(&mut self) -> Reading {
        Reading::Bytes(1)
    }

    /// Whether the guest is to take it for a terminal.
    fn is_terminal(&self) -> bool {
        false
    }

    /// A copy, if this stream can be copied.
    fn try_clone(&self) -> Option<Box<dyn Input>> {
        None
    }
}

/// A stream that the guest writes.
pub trait Output: core::any::Any + Send {
    /// Writes bytes, and tells how many of them.
    ///
    /// # Errors
    /// Whatever the guest is to see.
    fn write(&mut self, bytes: &[u8]) -> Result<usize>;

    /// Whether the guest is to take it for a terminal.
    fn is_terminal(&self) -> bool {
        false
    }

    /// A copy, if this stream can be copied.
    fn try_clone(&self) -> Option<Box<dyn Output>> {
        None
    }
}

/// Bytes in memory, as input (someone pushes, the guest reads) or as output (the guest writes, someone takes).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Buffer {
    bytes: VecDeque<u8>,
    ended: bool,
    terminal: bool,
    limit: Option<usize>,
}

impl Buffer {
    /// Empty, and open: a reader waits for more.
    pub fn new() -> Self {
        Self::default()
    }

    /// These bytes, then the end.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into().into(), ended: true, ..Self::default() }
    }

    /// The same, taken for a terminal by the guest: it writes line by line then.
    pub fn terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// The same with a most for the bytes that it holds: writing more gives [`Errno::Nospc`].
    pub fn limited(mut self, most: usize) -> Self {
        self.limit = Some(most);
        self
    }

    /// Adds bytes for the guest to read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Nothing more will be pushed.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What is in it, in order; it is empty afterwards.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes).into()
    }

    /// What is in it, in order.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        self.bytes.iter().copied()
    }

    /// How many bytes are in it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl Input for Buffer {
    fn read(&mut self, buffer: &mut [u8]) -> Result<Reading> {
        let reading = self.available();
        let count = buffer.len().min(self.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(self.bytes.drain(..count)) {
            *place = byte;
        }
        Ok(match reading {
            Reading::Bytes(_) => Reading::Bytes(count as u64),
            Reading::End | Reading::Nothing => reading,
        })
    }

    fn available(&mut self) -> Reading {
        match (self.bytes.len() as u64, self.ended) {
            (0, true) => Reading::End,
            (0, false) => Reading::Nothing,
            (count, _) => Reading::Bytes(count),
        }
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }

    fn try_clone(&self) -> Option<Box<dyn Input>> {
        Some(Box::new(self.clone()))
    }
}

impl Output for Buffer {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let room = self.limit.map_or(usize::MAX, |most| most.saturating_sub(self.bytes.len()));
        if room == 0 && !bytes.is_empty() {
            return Err(Errno::Nospc);
        }
        let count = bytes.len().min(room);
        self.bytes.extend(bytes.iter().take(count));
        Ok(count)
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }

    fn try_clone(&self) -> Option<Box<dyn Output>> {
        Some(Box::new(self.clone()))
    }
}
