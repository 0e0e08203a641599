//! The heap: structures, arrays and exceptions, named by handle and collected.
//!
//! One arena of 64-bit words. An object is a header and its fields; its handle is the header's
//! position. Nothing ever moves. A collection marks what can be reached from exact roots and sweeps
//! the arena from its beginning to its end; what is free becomes holes, which allocation fills one
//! after the other. All of it is plain data: heaps can be cloned and compared.

use alloc::vec;
use alloc::vec::Vec;

use crate::exec::TrapCode;
use crate::ids::{ObjectAddr, TagAddr, TypeId};
use crate::types::{Layout, Types, is_traced, slots_of};
use crate::value::{object_of_slot, tag};

/// Words after which a small heap is collected.
const FIRST_COLLECTION: u64 = 1 << 17;
/// Words by which a small arena grows.
const FIRST_GROWTH: u64 = 1 << 10;

/// In a header: an exception; the tag stands where objects have their type.
const EXCEPTION: u64 = 1 << 31;
/// In a header: nothing, with its number of words.
const FREE: u64 = 0xffff_ffff;

/// Objects of a store.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Heap {
    words: Vec<u64>,
    /// A bit for each word: whether an object begins there.
    starts: Vec<u64>,
    /// Free ranges behind the present one, in order; from `next_hole` on they are unused.
    holes: Vec<(u32, u32)>,
    next_hole: usize,
    /// The range that objects are taken from.
    cursor: u32,
    limit: u32,
    /// Words in objects that have not been collected, and those allocated since the last time.
    used: u64,
    fresh: u64,
    /// Words that may be allocated before the next collection.
    allowance: u64,
    collections: u64,
}

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectKind {
    /// A structure of this type.
    Struct(TypeId),
    /// An array of this type, with so many elements.
    Array(TypeId, u32),
    /// An exception of this tag.
    Exception(TagAddr),
    /// A string of the host (`wasm:js-string`), of so many code units.
    String(u32),
}

/// There is no room before a collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Full;

impl Heap {
    /// Bytes in objects, those included that a collection would free.
    pub fn used_bytes(&self) -> u64 {
        self.used * 8
    }

    /// Bytes of the whole arena, used or not.
    pub(crate) fn allocated_bytes(&self) -> u64 {
        8 * (self.words.len() + self.starts.len() + self.holes.len()) as u64
    }

    /// How many collections there have been.
    pub fn collections(&self) -> u64 {
        self.collections
    }

    fn word(&self, position: usize) -> u64 {
        self.words.get(position).copied().unwrap_or(0)
    }

    /// Takes so many words, header included. `most` bounds the arena in bytes.
    #[inline]
    fn take(&mut self, words: u64, most: u64) -> Result<usize, Full> {
        if words > u64::from(self.limit - self.cursor) {
            self.find_room(words, most, false)?;
        }
        let position = self.cursor as usize;
        self.cursor += words as u32;
        self.used += words;
        self.fresh += words;
        self.starts[position / 64] |= 1 << (position % 64);
        Ok(position)
    }

    /// Makes the present range one of at least so many words. Where that takes a collection and
    /// `force` is not given, it fails.
    #[cold]
    fn find_room(&mut self, words: u64, most: u64, force: bool) -> Result<(), Full> {
        while let Some(&(start, end)) = self.holes.get(self.next_hole) {
            self.next_hole += 1;
            if u64::from(end - start) >= words {
                self.leave_range();
                (self.cursor, self.limit) = (start, end);
                return Ok(());
            }
        }
        if !force && self.fresh + words > self.allowance.max(FIRST_COLLECTION) {
            return Err(Full);
        }
        let size = self.words.len() as u64;
        let most = (most / 8).min(u64::from(u32::MAX));
        // Where the arena ends in the present range, that range is extended.
        let open = self.limit as u64 == size;
        let have = if open { size - u64::from(self.cursor) } else { 0 };
        let missing = words - have;
        let wanted =
            (size / 2).clamp(FIRST_GROWTH, 1 << 20).max(missing).min(most.saturating_sub(size));
        let grown = (size + wanted) as usize;
        let starts = grown.div_ceil(64);
        if wanted < missing
            || self.words.try_reserve(wanted as usize).is_err()
            || self.starts.try_reserve(starts - self.starts.len()).is_err()
        {
            return Err(Full);
        }
        self.words.resize(grown, 0);
        self.starts.resize(starts, 0);
        if !open {
            self.leave_range();
            self.cursor = size as u32;
        }
        self.limit = (size + wanted) as u32;
        Ok(())
    }

    /// Makes room for an object that was refused, after a collection; false if there is none.
    pub(crate) fn make_room(&mut self, words: u64, most: u64) -> bool {
        words <= u64::from(self.limit - self.cursor) || self.find_room(words, most, true).is_ok()
    }

    /// Marks the rest of the present range as free.
    fn leave_range(&mut self) {
        if self.cursor < self.limit {
            let rest = u64::from(self.limit - self.cursor);
            self.words[self.cursor as usize] = FREE | rest << 32;
        }
        self.cursor = self.limit;
    }

    /// Words that a structure takes.
    pub(crate) fn struct_words(types: &Types, ty: TypeId) -> u64 {
        match types.layout(ty) {
            Layout::Struct { words, .. } => 1 + u64::from(*words),
            _ => 1,
        }
    }

    /// Words that an array takes.
    pub(crate) fn array_words(types: &Types, ty: TypeId, len: u32) -> u64 {
        1 + (u64::from(len) << width_log2(types, ty)).div_ceil(8)
    }

    /// A structure with these fields.
    #[inline]
    pub(crate) fn new_struct(
        &mut self,
        ty: TypeId,
        fields: &[u64],
        most: u64,
    ) -> Result<ObjectAddr, Full> {
        let position = self.take(1 + fields.len() as u64, most)?;
        self.words[position] = u64::from(ty.0) | (fields.len() as u64) << 32;
        self.words[position + 1..position + 1 + fields.len()].copy_from_slice(fields);
        Ok(ObjectAddr(position as u32))
    }

    /// A structure of zeroes and nulls, of so many words with its header.
    pub(crate) fn new_zeroed(
        &mut self,
        ty: TypeId,
        words: u64,
        most: u64,
    ) -> Result<ObjectAddr, Full> {
        let position = self.take(words, most)?;
        self.words[position] = u64::from(ty.0) | (words - 1) << 32;
        self.words[position + 1..position + words as usize].fill(0);
        Ok(ObjectAddr(position as u32))
    }

    /// An exception with these values.
    pub(crate) fn new_exception(
        &mut self,
        tag: TagAddr,
        values: &[u64],
        most: u64,
    ) -> Result<ObjectAddr, Full> {
        self.new_struct(TypeId(tag.0 | EXCEPTION as u32), values, most)
    }

    /// An array of zeroes or nulls.
    pub(crate) fn new_array(
        &mut self,
        types: &Types,
        ty: TypeId,
        len: u32,
        most: u64,
    ) -> Result<ObjectAddr, Full> {
        let words = Self::array_words(types, ty, len);
        let position = self.take(words, most)?;
        self.words[position] = u64::from(ty.0) | u64::from(len) << 32;
        self.words[position + 1..position + words as usize].fill(0);
        Ok(ObjectAddr(position as u32))
    }

    /// The type of a structure or array.
    #[inline(always)]
    pub(crate) fn type_of(&self, object: ObjectAddr) -> TypeId {
        TypeId(self.word(object.index()) as u32)
    }

    /// The length of an array.
    #[inline(always)]
    pub(crate) fn len_of(&self, object: ObjectAddr) -> u32 {
        (self.word(object.index()) >> 32) as u32
    }

    /// The words of a structure's fields or an exception's values.
    pub(crate) fn fields(&self, object: ObjectAddr) -> &[u64] {
        let start = object.index() + 1;
        self.words.get(start..start + self.len_of(object) as usize).unwrap_or(&[])
    }

    /// A field's word.
    #[inline(always)]
    pub(crate) fn field(&self, object: ObjectAddr, offset: u32) -> u64 {
        self.word(object.index() + 1 + offset as usize)
    }

    #[inline(always)]
    pub(crate) fn set_field(&mut self, object: ObjectAddr, offset: u32, word: u64) {
        if let Some(field) = self.words.get_mut(object.index() + 1 + offset as usize) {
            *field = word;
        }
    }

    /// An element of at most 64 bits, zero-extended; the index has been checked.
    #[inline(always)]
    pub(crate) fn element(&self, object: ObjectAddr, width_log2: u32, index: u32) -> u64 {
        let bit = u64::from(index) << (width_log2 + 3);
        let word = self.word(object.index() + 1 + (bit / 64) as usize);
        match width_log2 {
            3.. => word,
            width => word >> (bit % 64) & ((1 << (8 << width)) - 1),
        }
    }

    #[inline(always)]
    pub(crate) fn set_element(
        &mut self,
        object: ObjectAddr,
        width_log2: u32,
        index: u32,
        value: u64,
    ) {
        let bit = u64::from(index) << (width_log2 + 3);
        let position = object.index() + 1 + (bit / 64) as usize;
        let Some(word) = self.words.get_mut(position) else { return };
        match width_log2 {
            3.. => *word = value,
            width => {
                let mask = ((1 << (8 << width)) - 1) << (bit % 64);
                *word = *word & !mask | value << (bit % 64) & mask;
            }
        }
    }

    /// An element as it lies on the operand stack: its slot, and the upper half of a vector.
    pub(crate) fn get_element(&self, object: ObjectAddr, width_log2: u32, index: u32) -> [u64; 2] {
        match width_log2 {
            4 => [2 * index, 2 * index + 1].map(|half| self.field(object, half)),
            width => [self.element(object, width, index), 0],
        }
    }

    /// Sets elements from `index` on to the same value.
    pub(crate) fn fill(
        &mut self,
        object: ObjectAddr,
        width_log2: u32,
        (index, len): (u32, u32),
        value: [u64; 2],
    ) {
        for index in index..index + len {
            match width_log2 {
                4 => {
                    self.set_field(object, 2 * index, value[0]);
                    self.set_field(object, 2 * index + 1, value[1]);
                }
                width => self.set_element(object, width, index, value[0]),
            }
        }
    }

    /// Copies elements, also between overlapping ranges; the ranges have been checked.
    pub(crate) fn copy(
        &mut self,
        width_log2: u32,
        (to, at): (ObjectAddr, u32),
        (from, source): (ObjectAddr, u32),
        len: u32,
    ) {
        if width_log2 >= 3 {
            let scale = width_log2 - 3;
            let word =
                |object: ObjectAddr, index: u32| object.index() + 1 + ((index as usize) << scale);
            let start = word(from, source);
            self.words.copy_within(start..start + ((len as usize) << scale), word(to, at));
            return;
        }
        let mut one = |index: u32| {
            let value = self.element(from, width_log2, source + index);
            self.set_element(to, width_log2, at + index, value);
        };
        if to == from && at > source {
            (0..len).rev().for_each(&mut one);
        } else {
            (0..len).for_each(&mut one);
        }
    }

    /// Sets elements from bytes, little-endian; there are enough of both.
    pub(crate) fn set_bytes(
        &mut self,
        object: ObjectAddr,
        width_log2: u32,
        index: u32,
        bytes: &[u8],
    ) {
        let width = 1usize << width_log2;
        for (index, element) in (index..).zip(bytes.chunks_exact(width)) {
            let mut padded = [0; 16];
            padded[..width].copy_from_slice(element);
            let value = u128::from_le_bytes(padded);
            self.fill(object, width_log2, (index, 1), crate::value::split(value));
        }
    }

    /// What stands at a handle, if an object does. A person may have typed any number.
    pub(crate) fn kind(&self, types: &Types, object: ObjectAddr) -> Option<ObjectKind> {
        let starts = *self.starts.get(object.index() / 64)?;
        if starts >> (object.index() % 64) & 1 == 0 {
            return None;
        }
        let header = *self.words.get(object.index())?;
        let (id, len) = (header & FREE, (header >> 32) as u32);
        if id == FREE {
            return None;
        }
        if id & EXCEPTION != 0 {
            return Some(ObjectKind::Exception(TagAddr((id & !EXCEPTION) as u32)));
        }
        let id = TypeId(id as u32);
        match types.layout(id) {
            Layout::Struct { .. } => Some(ObjectKind::Struct(id)),
            Layout::Array { .. } if types.is_string(id) => Some(ObjectKind::String(len)),
            Layout::Array { .. } => Some(ObjectKind::Array(id, len)),
            Layout::Func => None,
        }
    }

    /// Words of the object whose header this is.
    fn words_of(types: &Types, header: u64) -> u64 {
        let (id, len) = (header & FREE, header >> 32);
        if id == FREE {
            return len;
        }
        match types.layout(TypeId(id as u32)) {
            Layout::Array { .. } if id & EXCEPTION == 0 => {
                Self::array_words(types, TypeId(id as u32), len as u32)
            }
            _ => 1 + len,
        }
    }

    /// Every object from one on, in the order in which they lie.
    pub(crate) fn objects<'a>(
        &'a self,
        types: &'a Types,
        first: ObjectAddr,
    ) -> impl Iterator<Item = (ObjectAddr, u64)> + 'a {
        let mut position = first.index();
        core::iter::from_fn(move || {
            loop {
                if position == self.cursor as usize {
                    position = self.limit as usize;
                }
                let header = *self.words.get(position)?;
                let here = ObjectAddr(position as u32);
                let words = Self::words_of(types, header).max(1);
                position += words as usize;
                if header & FREE != FREE {
                    return Some((here, words * 8));
                }
            }
        })
    }

    /// The objects that an object refers to.
    pub(crate) fn references(
        &self,
        types: &Types,
        tags: &[TypeId],
        object: ObjectAddr,
    ) -> Vec<ObjectAddr> {
        let mut found = Vec::new();
        self.each_reference(types, tags, object, |object| found.push(object));
        found
    }

    fn each_reference(
        &self,
        types: &Types,
        tags: &[TypeId],
        object: ObjectAddr,
        mut visit: impl FnMut(ObjectAddr),
    ) {
        self.each_traced(types, tags, object, |slot| {
            object_of_slot(slot).into_iter().for_each(&mut visit);
        });
    }

    /// All words of an object that can be references.
    #[inline]
    pub(super) fn each_traced(
        &self,
        types: &Types,
        tags: &[TypeId],
        object: ObjectAddr,
        mut visit: impl FnMut(u64),
    ) {
        let header = self.word(object.index());
        let (id, len) = (header & FREE, (header >> 32) as u32);
        if id & EXCEPTION != 0 {
            let ty = tags.get((id & !EXCEPTION) as usize).and_then(|ty| types.func(*ty));
            let mut offset = 0;
            for ty in ty.map_or(&[][..], |ty| ty.params()) {
                if is_traced(*ty) {
                    visit(self.field(object, offset));
                }
                offset += ty.slots() as u32;
            }
            return;
        }
        match types.layout(TypeId(id as u32)) {
            Layout::Struct { references, .. } => {
                let fields = references.iter().map(|offset| self.field(object, *offset));
                fields.for_each(visit);
            }
            Layout::Array { references: true, .. } => {
                let elements = (0..len).map(|index| self.field(object, index));
                elements.for_each(visit);
            }
            _ => {}
        }
    }

    /// Frees everything that cannot be reached from the roots.
    pub(crate) fn collect(&mut self, types: &Types, tags: &[TypeId], roots: &[ObjectAddr]) {
        self.leave_range();
        let mut marks = vec![0u64; self.words.len().div_ceil(64)];
        let mut mark = |object: ObjectAddr| {
            let (word, bit) = (object.index() / 64, 1 << (object.index() % 64));
            match marks.get_mut(word) {
                Some(word) if *word & bit == 0 => {
                    *word |= bit;
                    true
                }
                _ => false,
            }
        };
        let mut gray: Vec<ObjectAddr> = Vec::new();
        for root in roots {
            if mark(*root) {
                gray.push(*root);
            }
        }
        while let Some(object) = gray.pop() {
            self.each_reference(types, tags, object, |object| {
                if mark(object) {
                    gray.push(object);
                }
            });
        }
        self.sweep(types, &marks);
        // What has not been reached is no object any more.
        self.starts = marks;
        self.collections += 1;
    }

    fn sweep(&mut self, types: &Types, marks: &[u64]) {
        self.holes.clear();
        self.next_hole = 0;
        let (mut position, mut used) = (0usize, 0u64);
        let mut hole: Option<usize> = None;
        while let Some(&header) = self.words.get(position) {
            let words = Self::words_of(types, header).max(1);
            let mark = marks.get(position / 64).copied().unwrap_or(0) >> (position % 64) & 1;
            if mark == 1 {
                used += words;
                self.close_hole(hole.take(), position);
            } else {
                hole = hole.or(Some(position));
            }
            position += words as usize;
        }
        self.close_hole(hole, self.words.len());
        self.used = used;
        self.fresh = 0;
        self.allowance = used;
        (self.cursor, self.limit) = match self.holes.first() {
            Some(&first) => first,
            None => (self.words.len() as u32, self.words.len() as u32),
        };
        self.next_hole = 1;
    }

    fn close_hole(&mut self, start: Option<usize>, end: usize) {
        if let Some(start) = start
            && let Some(header) = self.words.get_mut(start)
        {
            *header = FREE | ((end - start) as u64) << 32;
            self.holes.push((start as u32, end as u32));
        }
    }
}

/// Bytes of an element, as a power of two.
#[inline]
pub(crate) fn width_log2(types: &Types, ty: TypeId) -> u32 {
    match types.layout(ty) {
        Layout::Array { width_log2, .. } => *width_log2,
        _ => 3,
    }
}

/// The object that a reference to a structure or array refers to.
#[inline(always)]
pub(crate) fn deref(slot: u64, null: TrapCode) -> Result<ObjectAddr, TrapCode> {
    match slot {
        0 => Err(null),
        slot => Ok(ObjectAddr(slot as u32)),
    }
}

/// The slot that refers to an object.
#[inline(always)]
pub(crate) fn slot_of(object: ObjectAddr) -> u64 {
    tag::OBJECT | u64::from(object.0)
}

/// The tag of an exception, and its values' words.
pub(crate) fn exception_parts<'a>(
    heap: &'a Heap,
    types: &Types,
    tags: &[TypeId],
    object: ObjectAddr,
) -> Option<(TagAddr, &'a [u64])> {
    match heap.kind(types, object)? {
        ObjectKind::Exception(tag) => {
            let ty = types.func(*tags.get(tag.index())?)?;
            Some((tag, heap.fields(object).get(..slots_of(ty.params()))?))
        }
        _ => None,
    }
}
