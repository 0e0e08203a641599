//! The name section: an index of byte ranges, so that names cost a few bytes each.
//!
//! A broken name section is not an error (*Custom sections*), and tools write more than the specification
//! allows: maps out of order, indices twice, several sections. Each map is read as far as it goes; of several
//! names for one thing the first counts.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::BinaryReader;

use crate::ids::FuncIndex;

/// Index spaces that the name section can name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// Functions.
    Func,
    /// Types.
    Type,
    /// Tables.
    Table,
    /// Memories.
    Memory,
    /// Globals.
    Global,
    /// Element segments.
    Element,
    /// Data segments.
    Data,
    /// Tags.
    Tag,
}

const KINDS: usize = 8;

/// Something within a function or type that has a name: its owner, its index, where the name lies.
type Inner = ((u32, u32), Range<u32>);

/// Where the names of something within each function begin, and how many there are.
type Later = (u32, u32, u32);

#[derive(Default)]
pub(crate) struct Names {
    module: Option<Range<u32>>,
    /// For each kind, name ranges sorted by index.
    maps: [Vec<(u32, Range<u32>)>; KINDS],
    /// Functions with named locals, sorted by index.
    locals: Vec<Later>,
    /// Functions with named labels, sorted by index.
    labels: Vec<Later>,
    /// Names of structures' fields, by type and field.
    fields: Vec<Inner>,
    /// First export of each exported function, sorted by function.
    exports: Vec<(FuncIndex, u32)>,
}

impl Names {
    /// Reads the contents of a name section that starts at `offset` of the module. [`Names::finish`] makes
    /// what has been read known.
    pub(crate) fn read(&mut self, data: &[u8], offset: u32) {
        let mut reader = BinaryReader::new(data, u64::from(offset));
        while let Some((id, mut part)) = subsection(&mut reader) {
            // What is broken in one says nothing of the next.
            let _ = self.read_subsection(id, &mut part);
        }
    }

    fn read_subsection(&mut self, id: u8, part: &mut BinaryReader<'_>) -> Option<()> {
        let kind = match id {
            0 => {
                let name = name(part)?;
                self.module.get_or_insert(name);
                return Some(());
            }
            1 => NameKind::Func,
            2 => return later(part, &mut self.locals),
            3 => return later(part, &mut self.labels),
            4 => NameKind::Type,
            5 => NameKind::Table,
            6 => NameKind::Memory,
            7 => NameKind::Global,
            8 => NameKind::Element,
            9 => NameKind::Data,
            10 => {
                for _ in 0..number(part)? {
                    let owner = number(part)?;
                    for _ in 0..number(part)? {
                        let index = number(part)?;
                        self.fields.push(((owner, index), name(part)?));
                    }
                }
                return Some(());
            }
            11 => NameKind::Tag,
            _ => return None,
        };
        for _ in 0..number(part)? {
            let index = number(part)?;
            self.maps[kind as usize].push((index, name(part)?));
        }
        Some(())
    }

    /// Sorts what has been read, once for all sections.
    pub(crate) fn finish(&mut self) {
        for map in &mut self.maps {
            settle(map, |(index, _)| *index);
        }
        settle(&mut self.locals, |(index, ..)| *index);
        settle(&mut self.labels, |(index, ..)| *index);
        settle(&mut self.fields, |(place, _)| *place);
    }

    /// Notes which functions are exported, in export order.
    pub(crate) fn set_exports(&mut self, mut exports: Vec<(FuncIndex, u32)>) {
        exports.sort();
        exports.dedup_by_key(|(func, _)| *func);
        self.exports = exports;
    }

    pub(crate) fn export_of_func(&self, func: FuncIndex) -> Option<usize> {
        let position = self.exports.binary_search_by_key(&func, |(func, _)| *func).ok()?;
        self.exports.get(position).map(|(_, export)| *export as usize)
    }

    pub(crate) fn module<'a>(&self, bytes: &'a [u8]) -> Option<&'a str> {
        text(bytes, self.module.as_ref()?)
    }

    pub(crate) fn lookup<'a>(
        &self,
        bytes: &'a [u8],
        kind: NameKind,
        index: u32,
    ) -> Option<&'a str> {
        let map = &self.maps[kind as usize];
        let position = map.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        text(bytes, &map.get(position)?.1).filter(|name| !name.is_empty())
    }

    /// How many names there are, with what they are for.
    pub(crate) fn counts(&self) -> Vec<(&'static str, usize)> {
        let kinds =
            ["functions", "types", "tables", "memories", "globals", "elements", "data", "tags"];
        let mut counts: Vec<_> = kinds.into_iter().zip(self.maps.iter().map(Vec::len)).collect();
        let named = |later: &[Later]| later.iter().map(|(.., count)| *count as usize).sum();
        counts.insert(1, ("locals", named(&self.locals)));
        counts.insert(2, ("labels", named(&self.labels)));
        counts.insert(4, ("fields", self.fields.len()));
        counts.retain(|(_, count)| *count > 0);
        counts
    }

    /// The name of a structure's field.
    pub(crate) fn field<'a>(&self, bytes: &'a [u8], ty: u32, field: u32) -> Option<&'a str> {
        let position = self.fields.binary_search_by_key(&(ty, field), |(place, _)| *place).ok()?;
        text(bytes, &self.fields.get(position)?.1).filter(|name| !name.is_empty())
    }

    /// Names of a function's locals, sorted by index.
    pub(crate) fn locals(&self, bytes: &[u8], func: FuncIndex) -> Vec<(u32, String)> {
        names_at(&self.locals, bytes, func)
    }

    /// Names of a function's labels, sorted by index.
    pub(crate) fn labels(&self, bytes: &[u8], func: FuncIndex) -> Vec<(u32, String)> {
        names_at(&self.labels, bytes, func)
    }
}

/// The next subsection: its id and its contents, as much of them as there is.
fn subsection<'a>(reader: &mut BinaryReader<'a>) -> Option<(u8, BinaryReader<'a>)> {
    let id = reader.read_u8().ok()?;
    let size = number(reader)? as usize;
    let start = reader.original_position();
    let bytes = reader.read_bytes(size.min(reader.bytes_remaining())).ok()?;
    Some((id, BinaryReader::new(bytes, start)))
}

fn number(reader: &mut BinaryReader<'_>) -> Option<u32> {
    reader.read_var_u32().ok()
}

/// Where a name lies. One that is not UTF-8 is no name when it is asked for.
fn name(reader: &mut BinaryReader<'_>) -> Option<Range<u32>> {
    let len = number(reader)?;
    let start = u32::try_from(reader.original_position()).ok()?;
    reader.read_bytes(len as usize).ok()?;
    Some(start..start + len)
}

/// Passes over the names of something within functions; they are read when a function is looked at.
fn later(part: &mut BinaryReader<'_>, into: &mut Vec<Later>) -> Option<()> {
    for _ in 0..number(part)? {
        let (func, count) = (number(part)?, number(part)?);
        into.push((func, u32::try_from(part.original_position()).ok()?, count));
        for _ in 0..count {
            number(part)?;
            name(part)?;
        }
    }
    Some(())
}

/// Sorts by a key and keeps the first entry of each.
fn settle<T, K: Ord>(entries: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if !entries.is_sorted_by_key(&key) {
        entries.sort_by_key(&key);
    }
    entries.dedup_by_key(|entry| key(entry));
    entries.shrink_to_fit();
}

fn names_at(index: &[Later], bytes: &[u8], func: FuncIndex) -> Vec<(u32, String)> {
    let mut names = Vec::new();
    let position = index.binary_search_by_key(&func.0, |(index, ..)| *index);
    let Some(&(_, start, count)) = position.ok().and_then(|at| index.get(at)) else {
        return names;
    };
    let data = bytes.get(start as usize..).unwrap_or(&[]);
    let mut reader = BinaryReader::new(data, u64::from(start));
    for _ in 0..count {
        let Some(place) = number(&mut reader) else { break };
        let Some(range) = name(&mut reader) else { break };
        match text(bytes, &range) {
            Some(name) if !name.is_empty() => names.push((place, name.to_string())),
            _ => {}
        }
    }
    settle(&mut names, |(index, _)| *index);
    names
}

fn text<'a>(bytes: &'a [u8], range: &Range<u32>) -> Option<&'a str> {
    core::str::from_utf8(bytes.get(range.start as usize..range.end as usize)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Engine, Module};
    use alloc::vec;

    fn leb(mut value: usize) -> Vec<u8> {
        let mut bytes = vec![];
        loop {
            let byte = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 {
                bytes.push(byte);
                return bytes;
            }
            bytes.push(byte | 0x80);
        }
    }

    fn with_len(bytes: &[u8]) -> Vec<u8> {
        [leb(bytes.len()), bytes.to_vec()].concat()
    }

    fn map(entries: &[(u8, &[u8])]) -> Vec<u8> {
        let entries = entries.iter().map(|(index, name)| [vec![*index], with_len(name)].concat());
        let all: Vec<Vec<u8>> = entries.collect();
        [leb(all.len()), all.concat()].concat()
    }

    fn part(id: u8, contents: &[u8]) -> Vec<u8> {
        [vec![id], with_len(contents)].concat()
    }

    /// A module of three functions and a structure of three fields, with these name sections.
    fn module(sections: &[Vec<u8>]) -> Module {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend(b"\x01\x0c\x02\x60\0\0\x5f\x03\x7f\0\x7f\0\x7f\0\x03\x04\x03\0\0\0");
        bytes.extend(b"\x0a\x0a\x03\x02\0\x0b\x02\0\x0b\x02\0\x0b");
        for section in sections {
            bytes.extend(part(0, &[with_len(b"name"), section.clone()].concat()));
        }
        Module::new(&Engine::new(Config::default()), &bytes).unwrap()
    }

    fn func(module: &Module, index: u32) -> Option<&str> {
        module.func_name(FuncIndex(index))
    }

    #[test]
    fn maps_are_read_in_any_order_and_as_far_as_they_go() {
        let fields = [&[1, 1][..], &map(&[(2, b"z"), (0, b"x"), (1, b"y")])].concat();
        let locals =
            [&[2, 2][..], &map(&[(1, b"b"), (0, b"a")]), &[0], &map(&[(0, b"c")])].concat();
        let names = [
            part(1, &map(&[(2, b"two"), (0, b"zero"), (2, b"again"), (1, b"\xff")])),
            part(10, &fields),
            part(2, &locals),
            // A map that promises more than it has, behind it one that is whole.
            part(4, &[&[9], &map(&[(1, b"point")])[1..]].concat()),
            part(0, &with_len(b"late")),
        ];
        let module = module(&[names.concat()]);
        assert_eq!([0, 1, 2].map(|at| func(&module, at)), [Some("zero"), None, Some("two")]);
        assert_eq!([0, 1, 2].map(|at| module.field_name(1, at)), [Some("x"), Some("y"), Some("z")]);
        let named = |at, text: &str| (at, String::from(text));
        assert_eq!(module.local_names(FuncIndex(2)), [named(0, "a"), named(1, "b")]);
        assert_eq!(module.local_names(FuncIndex(0)), [named(0, "c")]);
        assert_eq!(module.item_name(NameKind::Type, 1), Some("point"));
        assert_eq!(module.name(), Some("late"));
    }

    #[test]
    fn a_map_that_ends_early_keeps_what_came_before() {
        let whole = part(1, &map(&[(0, b"zero"), (1, b"one"), (2, b"two")]));
        let module = module(&[whole[..whole.len() - 2].to_vec()]);
        assert_eq!([0, 1, 2].map(|at| func(&module, at)), [Some("zero"), Some("one"), None]);
    }

    #[test]
    fn several_sections_add_to_each_other() {
        let module =
            module(&[part(1, &map(&[(1, b"one")])), part(1, &map(&[(0, b"zero"), (1, b"other")]))]);
        assert_eq!([0, 1, 2].map(|at| func(&module, at)), [Some("zero"), Some("one"), None]);
    }
}
