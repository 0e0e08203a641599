//! Bytes in pages that copies share: what has not changed since another image is that image's.

use alloc::sync::Arc;
use alloc::vec::Vec;

/// Bytes of a page.
const PAGE: usize = 4096;
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
}

impl Image {
    /// An image of `bytes`, with the pages that are the same in another one; and how many bytes it takes that are its
    /// own.
    pub(super) fn of(bytes: &[u8], other: Option<&Image>) -> (Self, u64) {
        let mut own = 0;
        // Memories begin as zeros, and much of one stays so: all those pages are one.
        let mut zeros: Option<Page> = None;
        let groups = bytes.chunks(PAGE * GROUP).enumerate().map(|(position, part)| {
            let before = other.and_then(|other| other.groups.get(position));
            if let Some(group) = before.filter(|group| same(group, part)) {
                return group.clone();
            }
            own += (GROUP * size_of::<Page>()) as u64;
            let mut page = |(position, page): (usize, &[u8])| {
                if let Some(known) = before.and_then(|group| group.get(position))
                    && **known == *page
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
        (Self { groups: groups.collect(), len: bytes.len() }, own)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts the contents in place of those of `bytes`, which are as many. Pages that are the same already are
    /// only read: those that nobody has touched stay so.
    pub(super) fn put(&self, bytes: &mut [u8]) {
        let pages = self.groups.iter().flat_map(|group| group.iter());
        for (part, page) in bytes.chunks_mut(PAGE).zip(pages) {
            if *part != **page {
                part.copy_from_slice(page);
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

fn same(group: &Group, part: &[u8]) -> bool {
    let parts = part.chunks(PAGE);
    parts.len() == group.len() && parts.zip(group.iter()).all(|(part, page)| *part == **page)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn what_has_not_changed_is_shared() {
        let mut bytes = vec![0; 3 * GROUP * PAGE + 100];
        let (first, own) = Image::of(&bytes, None);
        let tables = 4 * (GROUP * size_of::<Page>()) as u64;
        assert_eq!(own, tables + 100, "zeros are one page, and the last one is shorter");
        bytes[5 * PAGE] = 1;
        bytes[GROUP * PAGE + 7] = 2;
        let (second, own) = Image::of(&bytes, Some(&first));
        assert_eq!(own, tables / 2 + 2 * PAGE as u64);
        let mut copy = vec![9; bytes.len()];
        second.put(&mut copy);
        assert_eq!(copy, bytes);
        first.put(&mut copy);
        assert!(copy.iter().all(|byte| *byte == 0));
        assert_eq!(second.alone(), own);
        drop(first);
        assert!(second.alone() > own);
        let mut full = vec![1; 2 * PAGE];
        full[PAGE..].fill(0);
        let (single, own) = Image::of(&full, None);
        assert_eq!(single.alone(), own, "a single page of zeros counts as little as many");
        let (longer, _) = Image::of(&vec![0; 4 * GROUP * PAGE], Some(&second));
        assert_eq!(longer.len(), 4 * GROUP * PAGE);
    }
}
