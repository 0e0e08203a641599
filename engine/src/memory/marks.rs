//! Which pages of a memory have been written since its contents were last known.
//!
//! A mark is set for the page in which an access begins. What it writes beyond that page is less than [`REACH`]
//! bytes: whoever asks looks at the beginning of the page behind a marked one as well.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes of a page that is marked, as a power of two.
pub(crate) const MARKED_LOG2: u32 = 12;
/// Bytes of a page that is marked.
pub(crate) const MARKED: usize = 1 << MARKED_LOG2;
/// An access of one instruction writes at most so many bytes.
pub(crate) const REACH: usize = 16;

/// Contents of a memory that are known: each is another one.
pub(crate) type Known = Arc<()>;

/// A byte for each page: whether it may have been written. It is no part of a memory's state, and a copy knows
/// nothing.
#[derive(Default, Debug)]
pub(super) struct Marks {
    /// None where nothing is marked; then everything may have been written.
    pages: Vec<u8>,
    since: Option<Known>,
}

impl Clone for Marks {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Marks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Marks {
    /// Begins to mark what is written to a memory of so many bytes, whose contents are known now.
    pub(super) fn begin(&mut self, size: usize, known: &Known) {
        self.pages.clear();
        self.pages.resize(size.div_ceil(MARKED), 0);
        self.since = Some(known.clone());
    }

    /// As many marks as a memory of so many bytes has pages; what has come to it is marked.
    pub(super) fn cover(&mut self, size: usize) -> &mut [u8] {
        let count = size.div_ceil(MARKED);
        if self.pages.len() < count {
            self.pages.resize(count, 1);
        }
        &mut self.pages
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Marks the page of an access of at most [`REACH`] bytes.
    #[inline(always)]
    pub(super) fn note(&mut self, address: u64) {
        if let Some(mark) = self.pages.get_mut((address >> MARKED_LOG2) as usize) {
            *mark = 1;
        }
    }

    /// Marks all pages of a range.
    pub(super) fn note_range(&mut self, range: Range<usize>) {
        let last = self.pages.len().min(range.end.div_ceil(MARKED));
        if let Some(marks) = self.pages.get_mut((range.start >> MARKED_LOG2).min(last)..last) {
            marks.fill(1);
        }
    }

    /// The marks by page, if they tell what has been written since these contents.
    pub(super) fn since(&self, known: &Known) -> Option<&[u8]> {
        let is_known = self.since.as_ref().is_some_and(|since| Arc::ptr_eq(since, known));
        is_known.then_some(&*self.pages)
    }

    /// Bytes of the pages that are marked; `None` if everything may have been written.
    pub(super) fn marked_bytes(&self) -> Option<u64> {
        self.since.as_ref()?;
        let marked: usize = self.pages.iter().map(|mark| usize::from(*mark)).sum();
        Some((marked * MARKED) as u64)
    }
}
