//! Bytes in pages that copies share: what has not changed since another image is that image's.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::memory::{Known, MARKED, REACH};

/// Bytes of a page: those that have a mark.
const PAGE: usize = MARKED;
/// Pages of a group: one pointer of an image.
const GROUP: usize = 64;

static ZEROS: [u8; PAGE] = [0; PAGE];

type Page = Arc<[u8]>;
type Group = Arc<[Page]>;

/// The contents of a memory at a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    groups: Vec<Group>,
    len: usize,
    /// What the marks of a memory name these contents by.
    pub(super) known: Known,
}

/// What bytes were, before some of them may have been written.
#[derive(Clone, Copy)]
pub(super) enum Before<'a> {
    Unknown,
    /// Zeros.
    New,
    /// An image, and the pages that may have been written since.
    Marked(&'a Image, &'a [u8]),
}

/// Which part of a page may have been written.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Nothing,
    /// By an access that began in the page before.
    Start,
    All,
}

impl Part {
    fn of(marks: &[u8], page: usize) -> Self {
        let is_marked = |page: usize| marks.get(page).is_none_or(|mark| *mark != 0);
        match page.checked_sub(1) {
            _ if is_marked(page) => Part::All,
            Some(before) if is_marked(before) => Part::Start,
            _ => Part::Nothing,
        }
    }

    /// Whether any page from this one on, of so many, may have been written.
    fn any(marks: &[u8], first: usize, count: usize) -> bool {
        match marks.get(first.saturating_sub(1)..first + count) {
            Some(marks) => marks.iter().any(|mark| *mark != 0),
            None => true,
        }
    }

    /// Whether the page is what it was, as far as it may have been written.
    fn is_same(self, known: &[u8], page: &[u8]) -> bool {
        let start = REACH.min(page.len());
        known.len() == page.len()
            && match self {
                Part::Nothing => true,
                Part::Start => known.get(..start) == page.get(..start),
                Part::All => known == page,
            }
    }
}

impl Image {
    /// An image of `bytes`, with the pages that are the same in another one; and how many bytes it takes that are its
    /// own. `marks` are those since the other one, if they are known: only these pages are looked at then.
    pub(super) fn of(bytes: &[u8], other: Option<&Image>, marks: Option<&[u8]>) -> (Self, u64) {
        let mut own = 0;
        // Memories begin as zeros, and much of one stays so: all those pages are one.
        let mut zeros: Option<Page> = None;
        let groups = bytes.chunks(PAGE * GROUP).enumerate().map(|(position, part)| {
            let before = other.and_then(|other| other.groups.get(position));
            let (first, count) = (position * GROUP, part.len().div_ceil(PAGE));
            if let Some(group) = before.filter(|group| len(group) == part.len()) {
                let is_same = match marks {
                    Some(marks) => !Part::any(marks, first, count),
                    None => same(group, part),
                };
                if is_same {
                    return group.clone();
                }
            }
            own += (GROUP * size_of::<Page>()) as u64;
            let mut page = |(position, page): (usize, &[u8])| {
                let written = marks.map_or(Part::All, |marks| Part::of(marks, first + position));
                if let Some(known) = before.and_then(|group| group.get(position))
                    && written.is_same(known, page)
                {
                    return known.clone();
                }
                if is_zeros(page) {
                    return zeros.get_or_insert_with(|| Arc::from(ZEROS.as_slice())).clone();
                }
                own += page.len() as u64;
                Arc::from(page)
            };
            part.chunks(PAGE).enumerate().map(&mut page).collect()
        });
        (Self { groups: groups.collect(), len: bytes.len(), known: Known::default() }, own)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts the contents in place of those of `bytes`, which are as many. Pages that are the same already are
    /// at most read: those that nobody has touched stay so.
    pub(super) fn put(&self, bytes: &mut [u8], before: Before<'_>) {
        for (position, (part, group)) in
            bytes.chunks_mut(PAGE * GROUP).zip(&self.groups).enumerate()
        {
            let first = position * GROUP;
            let known = match before {
                Before::Marked(image, _) => image.groups.get(position),
                _ => None,
            };
            if let (Before::Marked(_, marks), Some(known)) = (before, known)
                && Arc::ptr_eq(known, group)
                && !Part::any(marks, first, group.len())
            {
                continue;
            }
            for (position, (part, page)) in part.chunks_mut(PAGE).zip(group.iter()).enumerate() {
                let is_there = match before {
                    Before::New => is_zeros(page),
                    Before::Marked(_, marks) => {
                        let known = known.and_then(|group| group.get(position));
                        let is_same = known.is_some_and(|known| Arc::ptr_eq(known, page));
                        is_same && Part::of(marks, first + position).is_same(page, part)
                    }
                    Before::Unknown => *part == **page,
                };
                if !is_there {
                    part.copy_from_slice(page);
                }
            }
        }
    }

    /// Bytes that nobody else has, who go with it.
    pub(super) fn alone(&self) -> u64 {
        let groups = self.groups.iter().filter(|group| Arc::strong_count(group) == 1);
        let own = groups.map(|group| {
            // Zeros have not been counted either.
            let alone = |page: &&Page| Arc::strong_count(page) == 1 && !is_zeros(page);
            let pages = group.iter().filter(alone);
            (GROUP * size_of::<Page>()) as u64 + pages.map(|page| page.len() as u64).sum::<u64>()
        });
        own.sum()
    }
}

fn is_zeros(page: &[u8]) -> bool {
    *page == ZEROS
}

/// Bytes of a group's pages.
fn len(group: &Group) -> usize {
    group.last().map_or(0, |last| (group.len() - 1) * PAGE + last.len())
}

fn same(group: &Group, part: &[u8]) -> bool {
    let parts = part.chunks(PAGE);
    parts.len() == group.len() && parts.zip(group.iter()).all(|(part, page)| *part == **page)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
    fn what_has_not_changed_is_shared() {
        let mut bytes = vec![0; 3 * GROUP * PAGE + 100];
        let (first, own) = Image::of(&bytes, None, None);
        let tables = 4 * (GROUP * size_of::<Page>()) as u64;
        assert_eq!(own, tables + 100, "zeros are one page, and the last one is shorter");
        bytes[5 * PAGE] = 1;
        bytes[GROUP * PAGE + 7] = 2;
        let (second, own) = Image::of(&bytes, Some(&first), None);
        assert_eq!(own, tables / 2 + 2 * PAGE as u64);
        let mut copy = vec![9; bytes.len()];
        second.put(&mut copy, Before::Unknown);
        assert_eq!(copy, bytes);
        first.put(&mut copy, Before::Unknown);
        assert!(copy.iter().all(|byte| *byte == 0));
        assert_eq!(second.alone(), own);
        drop(first);
        assert!(second.alone() > own);
        let mut full = vec![1; 2 * PAGE];
        full[PAGE..].fill(0);
        let (single, own) = Image::of(&full, None, None);
        assert_eq!(single.alone(), own, "a single page of zeros counts as little as many");
        let (longer, _) = Image::of(&vec![0; 4 * GROUP * PAGE], Some(&second), None);
        assert_eq!(longer.len(), 4 * GROUP * PAGE);
    }

    #[test]
    fn only_pages_with_marks_are_looked_at() {
        let mut bytes = vec![7; 2 * GROUP * PAGE];
        let (first, _) = Image::of(&bytes, None, None);
        let mut marks = vec![0; 2 * GROUP];
        // An access from one page to the next, at the border of two groups.
        bytes[GROUP * PAGE - 4..GROUP * PAGE + 4].fill(1);
        marks[GROUP - 1] = 1;
        let (second, own) = Image::of(&bytes, Some(&first), Some(&marks));
        assert_eq!(own, 2 * (GROUP * size_of::<Page>() + PAGE) as u64);
        let mut copy = vec![0; bytes.len()];
        second.put(&mut copy, Before::New);
        assert_eq!(copy, bytes);
        // From one state to the other, with something written meanwhile.
        copy[5 * PAGE] = 9;
        let mut since = vec![0; 2 * GROUP];
        since[5] = 1;
        first.put(&mut copy, Before::Marked(&second, &since));
        assert!(copy.iter().all(|byte| *byte == 7));
        // What has no mark is taken to be what it was.
        bytes[0] = 2;
        let (third, own) = Image::of(&bytes, Some(&second), Some(&[0; 2 * GROUP]));
        assert_eq!((own, third.groups[0][0][0]), (0, 7));
        let (third, _) = Image::of(&bytes, Some(&second), Some(&[]));
        assert_eq!(third.groups[0][0][0], 2, "too few marks say nothing");
    }
}
