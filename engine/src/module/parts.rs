//! Large sections in parts.
//!
//! `wasmparser` validates a section at once. A few of its items behind their number are a section of the
//! same kind, though, and its state after all parts is that after the whole. So a part is copied behind a
//! number of its own, in such a way that its offsets are those in the file.

use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::{BinaryReader, Payload, SectionLimited, WasmFeatures};

use super::ModuleInner;
use super::load::Failure;

/// What a section consists of.
#[derive(Clone, Copy)]
enum Kind {
    Type,
    Import,
    Function,
    Global,
    Export,
    Element,
}

/// A section whose items are taken a few at a time.
pub(super) struct Parts {
    kind: Kind,
    features: WasmFeatures,
    range: Range<u64>,
    count: u32,
    /// Where the next item begins.
    position: u64,
    /// How many items there are from there on.
    left: u32,
    at_end: bool,
    /// Why an item of an earlier part could not be indexed.
    pub(super) failure: Option<Failure>,
}

impl Parts {
    /// The parts of a section that is larger than `size`; `None` for one that is taken as a whole.
    pub(super) fn of(payload: &Payload<'_>, module: &ModuleInner, size: u64) -> Option<Self> {
        // More items than there may be are refused before the first one is looked at.
        match payload {
            Payload::TypeSection(it) => Self::new(Kind::Type, it, 0, 1_000_000, module, size),
            Payload::ImportSection(it) => Self::new(Kind::Import, it, 0, 1_000_000, module, size),
            Payload::FunctionSection(it) => {
                let imported = module.imported_funcs;
                Self::new(Kind::Function, it, imported, 1_000_000, module, size)
            }
            Payload::GlobalSection(it) => {
                let imported = module.imported_globals;
                Self::new(Kind::Global, it, imported, 1_000_000, module, size)
            }
            Payload::ExportSection(it) => Self::new(Kind::Export, it, 0, 1_000_000, module, size),
            Payload::ElementSection(it) => Self::new(Kind::Element, it, 0, 100_000, module, size),
            _ => None,
        }
    }

    fn new<T>(
        kind: Kind,
        section: &SectionLimited<'_, T>,
        before: u32,
        most: u64,
        module: &ModuleInner,
        size: u64,
    ) -> Option<Self> {
        let (range, count) = (section.range(), section.count());
        let few = u64::from(before) + u64::from(count) <= most;
        (few && range.end - range.start > size).then(|| Self {
            kind,
            features: module.features.to_wasm(),
            range,
            count,
            position: section.original_position(),
            left: count,
            at_end: false,
            failure: None,
        })
    }

    /// The section's id.
    pub(super) fn id(&self) -> u8 {
        match self.kind {
            Kind::Type => 1,
            Kind::Import => 2,
            Kind::Function => 3,
            Kind::Global => 6,
            Kind::Export => 7,
            Kind::Element => 9,
        }
    }

    /// Where the whole section lies.
    pub(super) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// How many items the whole section has.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Where the next item begins.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether that was the last part.
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// The bytes of a section with the next items, about `budget` bytes of them and at least one, and their
    /// offset.
    pub(super) fn next(&mut self, bytes: &[u8], budget: u64) -> (Vec<u8>, u64) {
        let (start, end) = (self.position, self.range.end);
        let rest = bytes.get(start as usize..end as usize).unwrap_or_default();
        let mut reader = BinaryReader::new_features(rest, start, self.features);
        let (mut count, mut size) = (0, 0);
        while count < self.left && (size as u64) < budget.max(1) {
            if self.read(&mut reader).is_err() {
                // The validator finds the same.
                count = self.left;
                break;
            }
            count += 1;
            size = reader.current_position();
        }
        if count == self.left {
            // What lies behind the last item belongs to the last part.
            size = rest.len();
            self.at_end = true;
        }
        let mut part = leb128(count);
        let offset = start - part.len() as u64;
        part.extend_from_slice(rest.get(..size).unwrap_or_default());
        self.left -= count;
        self.position = start + size as u64;
        (part, offset)
    }

    /// Reads an item.
    fn read(&self, reader: &mut BinaryReader<'_>) -> Result<(), wasmparser::Error> {
        match self.kind {
            Kind::Type => reader.read::<wasmparser::RecGroup>().map(drop),
            Kind::Import => reader.read::<wasmparser::Imports<'_>>().map(drop),
            Kind::Function => reader.read::<u32>().map(drop),
            Kind::Global => reader.read::<wasmparser::Global<'_>>().map(drop),
            Kind::Export => reader.read::<wasmparser::Export<'_>>().map(drop),
            Kind::Element => reader.read::<wasmparser::Element<'_>>().map(drop),
        }
    }

    /// A part as a payload.
    pub(super) fn payload<'a>(
        &self,
        part: &'a [u8],
        offset: u64,
    ) -> Result<Payload<'a>, wasmparser::Error> {
        let reader = BinaryReader::new_features(part, offset, self.features);
        Ok(match self.kind {
            Kind::Type => Payload::TypeSection(SectionLimited::new(reader)?),
            Kind::Import => Payload::ImportSection(SectionLimited::new(reader)?),
            Kind::Function => Payload::FunctionSection(SectionLimited::new(reader)?),
            Kind::Global => Payload::GlobalSection(SectionLimited::new(reader)?),
            Kind::Export => Payload::ExportSection(SectionLimited::new(reader)?),
            Kind::Element => Payload::ElementSection(SectionLimited::new(reader)?),
        })
    }
}

/// A number as the binary format has it.
fn leb128(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
