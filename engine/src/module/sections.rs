//! Where the sections of a module lie.

use alloc::sync::Arc;
use core::ops::Range;

/// A section as it stands in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Section id of the binary format; 0 is a custom section.
    pub id: u8,
    /// `type`, `import`, `code` …, or the custom section's own name.
    pub name: Arc<str>,
    /// Bytes of its contents in the module, without id and size.
    pub range: Range<u32>,
    /// Number of entries, where the section is a vector.
    pub count: Option<u32>,
}

/// A custom section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CustomSection {
    /// Its name.
    pub name: Arc<str>,
    /// Its contents behind the name, as a range of the module's bytes.
    pub range: Range<u32>,
}

/// The specification's name for a section id.
pub(crate) fn section_name(id: u8) -> &'static str {
    match id {
        0 => "custom",
        1 => "type",
        2 => "import",
        3 => "function",
        4 => "table",
        5 => "memory",
        6 => "global",
        7 => "export",
        8 => "start",
        9 => "element",
        10 => "code",
        11 => "data",
        12 => "data count",
        13 => "tag",
        _ => "unknown",
    }
}
