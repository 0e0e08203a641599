//! The name section: an index of byte ranges, so that names cost a few bytes each.
//!
//! A broken name section is not an error (*Custom sections*): what can be read of it is kept.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::{BinaryReader, IndirectNameMap, Name, NameSectionReader};

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

#[derive(Default)]
pub(crate) struct Names {
    module: Option<Range<u32>>,
    /// For each kind, name ranges sorted by index.
    maps: [Vec<(u32, Range<u32>)>; KINDS],
    /// For each function with named locals, sorted by index: where its names begin, how many.
    locals: Vec<(u32, u32, u32)>,
    /// Names of structures' fields, by type and field.
    fields: Vec<((u32, u32), Range<u32>)>,
    /// First export of each exported function, sorted by function.
    exports: Vec<(FuncIndex, u32)>,
}

impl Names {
    /// Reads the contents of a name section that starts at `offset` of the module.
    pub(crate) fn read(&mut self, data: &[u8], offset: u32) {
        let reader = NameSectionReader::new(BinaryReader::new(data, u64::from(offset)));
        let position = |name: &str| {
            let start = offset + (name.as_ptr() as usize - data.as_ptr() as usize) as u32;
            start..start + name.len() as u32
        };
        for subsection in reader {
            let Ok(subsection) = subsection else { return };
            let (kind, map) = match subsection {
                Name::Module { name, .. } => {
                    self.module = Some(position(name));
                    continue;
                }
                Name::Local(map) => {
                    self.read_locals(&map);
                    continue;
                }
                Name::Field(map) => {
                    for fields in map {
                        let Ok(fields) = fields else { break };
                        for naming in fields.names {
                            let Ok(naming) = naming else { break };
                            let place = (fields.index, naming.index);
                            self.fields.push((place, position(naming.name)));
                        }
                    }
                    self.fields.sort_by_key(|(place, _)| *place);
                    continue;
                }
                Name::Function(map) => (NameKind::Func, map),
                Name::Type(map) => (NameKind::Type, map),
                Name::Table(map) => (NameKind::Table, map),
                Name::Memory(map) => (NameKind::Memory, map),
                Name::Global(map) => (NameKind::Global, map),
                Name::Element(map) => (NameKind::Element, map),
                Name::Data(map) => (NameKind::Data, map),
                Name::Tag(map) => (NameKind::Tag, map),
                _ => continue,
            };
            let entries = &mut self.maps[kind as usize];
            for naming in map {
                let Ok(naming) = naming else { break };
                entries.push((naming.index, position(naming.name)));
            }
            entries.sort_by_key(|(index, _)| *index);
        }
    }

    fn read_locals(&mut self, map: &IndirectNameMap<'_>) {
        for naming in map.clone() {
            let Ok(naming) = naming else { break };
            let start = naming.names.names.original_position() as u32;
            let count = naming.names.names.size_hint().0 as u32;
            self.locals.push((naming.index, start, count));
        }
        self.locals.sort_by_key(|(index, ..)| *index);
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

    /// The name of a structure's field.
    pub(crate) fn field<'a>(&self, bytes: &'a [u8], ty: u32, field: u32) -> Option<&'a str> {
        let position = self.fields.binary_search_by_key(&(ty, field), |(place, _)| *place).ok()?;
        text(bytes, &self.fields.get(position)?.1).filter(|name| !name.is_empty())
    }

    pub(crate) fn locals(&self, bytes: &[u8], func: FuncIndex) -> Vec<(u32, String)> {
        let mut names = Vec::new();
        let position = self.locals.binary_search_by_key(&func.0, |(index, ..)| *index);
        let Some(&(_, start, count)) = position.ok().and_then(|at| self.locals.get(at)) else {
            return names;
        };
        let data = bytes.get(start as usize..).unwrap_or(&[]);
        let mut reader = BinaryReader::new(data, u64::from(start));
        for _ in 0..count {
            let Ok(naming) = reader.read::<wasmparser::Naming<'_>>() else { break };
            names.push((naming.index, naming.name.to_string()));
        }
        names
    }
}

fn text<'a>(bytes: &'a [u8], range: &Range<u32>) -> Option<&'a str> {
    core::str::from_utf8(bytes.get(range.start as usize..range.end as usize)?).ok()
}
