//! Things by number, where a new one gets the lowest number that is free, as descriptors in POSIX do.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Things by number. However many there are, each step costs next to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Slots<T> {
    /// The last one is never empty, so that equal contents are equal.
    slots: Vec<Option<T>>,
    /// The empty ones.
    free: BTreeSet<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: BTreeSet::new() }
    }
}

impl<T> Slots<T> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds one under the lowest number that is free.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(number) = self.free.pop_first()
            && let Some(slot) = self.slots.get_mut(number as usize)
        {
            *slot = Some(value);
            return number;
        }
        self.slots.push(Some(value));
        (self.slots.len() - 1) as u32
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.slots.get(number as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.slots.get_mut(number as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let removed = self.slots.get_mut(number as usize)?.take()?;
        self.free.insert(number);
        while let Some(None) = self.slots.last() {
            self.slots.pop();
            self.free.remove(&(self.slots.len() as u32));
        }
        Some(removed)
    }

    /// All of them, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.slots).filter_map(|(number, slot)| Some((number, slot.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_one_gets_the_lowest_number_that_is_free() {
        let mut slots = Slots::default();
        assert_eq!(['a', 'b', 'c', 'd', 'e'].map(|value| slots.insert(value)), [0, 1, 2, 3, 4]);
        assert_eq!(
            [3, 1, 1, 9].map(|number| slots.remove(number)),
            [Some('d'), Some('b'), None, None]
        );
        assert_eq!((slots.len(), slots.get(1), slots.get(2)), (3, None, Some(&'c')));
        assert_eq!(['f', 'g', 'h'].map(|value| slots.insert(value)), [1, 3, 5]);
        assert_eq!(slots.iter().map(|(number, _)| number).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn how_it_came_about_does_not_matter() {
        let mut slots = Slots::default();
        for value in 0..6 {
            slots.insert(value);
        }
        for number in [2, 5, 3, 4] {
            slots.remove(number);
        }
        let mut same = Slots::default();
        assert_eq!([0, 1].map(|value| same.insert(value)), [0, 1]);
        assert_eq!(slots, same);
        assert_eq!((slots.insert(7), slots.len()), (2, 3));
    }
}
