//! Code units of strings and arrays in the heap, a word at a time: four of them.

use alloc::vec::Vec;

use super::Store;
use super::heap::{Heap, ObjectKind};
use crate::ids::ObjectAddr;

/// Units of a word.
const UNITS: u32 = 4;

impl Heap {
    /// Code units of a string or of an array of them, from one to before another; both are within it.
    pub(crate) fn units(
        &self,
        object: ObjectAddr,
        from: u32,
        to: u32,
    ) -> impl Iterator<Item = u16> + '_ {
        let words = from / UNITS..to.div_ceil(UNITS).max(from / UNITS);
        let units = words.flat_map(move |word| {
            let word = self.field(object, word);
            [0, 16, 32, 48].map(|bit| (word >> bit) as u16)
        });
        units.skip((from % UNITS) as usize).take(to.saturating_sub(from) as usize)
    }

    /// Sets code units from one on; they are within the object.
    pub(crate) fn set_units(&mut self, object: ObjectAddr, from: u32, units: &[u16]) {
        let ahead = (UNITS - from % UNITS) % UNITS;
        let (first, rest) = units.split_at((ahead as usize).min(units.len()));
        let (whole, last) = rest.as_chunks::<{ UNITS as usize }>();
        for (index, unit) in (from..).zip(first) {
            self.set_element(object, 1, index, u64::from(*unit));
        }
        let begin = from + first.len() as u32;
        for (word, units) in (begin / UNITS..).zip(whole) {
            let [a, b, c, d] = units.map(u64::from);
            self.set_field(object, word, a | b << 16 | c << 32 | d << 48);
        }
        for (index, unit) in (begin + UNITS * whole.len() as u32..).zip(last) {
            self.set_element(object, 1, index, u64::from(*unit));
        }
    }
}

impl Store {
    /// How many code units a string has; `None` for other objects.
    pub(crate) fn string_len(&self, object: ObjectAddr) -> Option<u32> {
        match self.object_kind(object)? {
            ObjectKind::String(len) => Some(len),
            _ => None,
        }
    }

    /// Code units of a string or of an array of them, as far as it has them.
    pub(crate) fn units_of(&self, object: ObjectAddr, from: u32, to: u32) -> Vec<u16> {
        // An iterator that knows its length is written in one go.
        let mut units = Vec::with_capacity(to.saturating_sub(from) as usize);
        units.extend(self.state.heap.units(object, from, to));
        units
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Engine;
    use crate::value::{AnyRef, Value};

    #[test]
    fn any_range_is_read_and_written_as_unit_by_unit() {
        let mut store = Store::new(&Engine::default());
        let text = "abcdefghijklmnopqr";
        let Value::ExternRef(Some(AnyRef::Object(string))) = store.new_string(text).unwrap() else {
            panic!("a string")
        };
        let mut expected: Vec<u16> = text.encode_utf16().collect();
        let len = expected.len() as u32;
        assert_eq!(store.string_len(string), Some(len));
        for (from, to) in (0..=len).flat_map(|from| (from..=len).map(move |to| (from, to))) {
            assert_eq!(store.units_of(string, from, to), expected[from as usize..to as usize]);
            let new: Vec<u16> =
                (from..to).map(|unit| 0x8000 | ((unit as u16 * 7) ^ to as u16)).collect();
            store.state.heap.set_units(string, from, &new);
            expected[from as usize..to as usize].copy_from_slice(&new);
            assert_eq!(store.units_of(string, 0, len), expected);
        }
        assert_eq!(store.units_of(string, 3, 2), []);
    }
}
