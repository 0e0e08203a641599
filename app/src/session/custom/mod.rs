//! What custom sections say, for those whose form is known. What cannot be read is left out: a custom
//! section is never wrong.

mod branch_hints;
mod read;

use serde_json::{Value as Json, json};
use stepwell_engine::module::CustomSection;
use stepwell_engine::text::{escaped, quoted};
use stepwell_engine::{CodeOffset, Module};

use super::FuncNames;
pub use branch_hints::{BRANCH_HINTS, Hint, branch_hints};
use read::{counted, list, name, number};

/// The contents of a custom section.
#[derive(Clone, PartialEq, Debug)]
pub enum CustomFacts {
    /// `name`: how many names there are, and for what.
    Names(Vec<(&'static str, usize)>),
    /// `producers`: tools with their versions, by field.
    Producers(Vec<(String, Vec<(String, String)>)>),
    /// `target_features`: each with its sign.
    Features(Vec<(char, String)>),
    /// `dylink.0`: what a loader of shared libraries needs.
    Dylink(Dylink),
    /// `sourceMappingURL` and `external_debug_info`: an address.
    Address(String),
    /// `build_id`.
    BuildId(Vec<u8>),
    /// `metadata.code.branch_hint`: by the offset of the branch.
    Hints(Vec<(u32, Hint)>),
}

/// The subsections of `dylink.0`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Dylink {
    /// Size and alignment of the memory, then of the table; alignments as powers of two.
    pub sizes: Option<[u32; 4]>,
    /// Libraries needed.
    pub needed: Vec<String>,
    /// Exports with their flags.
    pub exports: Vec<(String, u32)>,
    /// Imports with their flags.
    pub imports: Vec<(String, String, u32)>,
    /// Where to look for libraries.
    pub paths: Vec<String>,
}

/// What a custom section of a module says; `None` if its form is not known.
pub fn custom_facts(module: &Module, section: &CustomSection) -> Option<CustomFacts> {
    let range = section.range.start as usize..section.range.end as usize;
    let mut bytes = module.bytes().get(range)?;
    let bytes = &mut bytes;
    Some(match &*section.name {
        "name" => CustomFacts::Names(module.name_counts()),
        "producers" => CustomFacts::Producers(list(bytes, |bytes| {
            let field = name(bytes)?;
            Some((field, list(bytes, |bytes| Some((name(bytes)?, name(bytes)?)))))
        })),
        "target_features" => CustomFacts::Features(list(bytes, |bytes| {
            let (sign, rest) = bytes.split_first()?;
            *bytes = rest;
            Some((char::from(*sign), name(bytes)?))
        })),
        "dylink.0" => CustomFacts::Dylink(dylink(bytes)),
        "sourceMappingURL" | "external_debug_info" => CustomFacts::Address(name(bytes)?),
        // Not all tools write its length in front.
        "build_id" => CustomFacts::BuildId(match (counted(&mut { *bytes }), bytes.first()) {
            (Some(id), Some(len)) if usize::from(*len) + 1 == bytes.len() => id.to_vec(),
            _ => bytes.to_vec(),
        }),
        BRANCH_HINTS => CustomFacts::Hints(branch_hints(module).into_iter().collect()),
        _ => return None,
    })
}

fn dylink(bytes: &mut &[u8]) -> Dylink {
    let mut found = Dylink::default();
    while let Some((id, rest)) = bytes.split_first() {
        *bytes = rest;
        let Some(mut part) = counted(bytes) else { break };
        let part = &mut part;
        match id {
            1 => {
                let sizes = list(&mut [&[4], *part].concat().as_slice(), number);
                found.sizes = sizes.try_into().ok();
            }
            2 => found.needed = list(part, name),
            3 => found.exports = list(part, |part| Some((name(part)?, number(part)?))),
            4 => {
                let one = |part: &mut &[u8]| Some((name(part)?, name(part)?, number(part)?));
                found.imports = list(part, one);
            }
            5 => found.paths = list(part, name),
            _ => {}
        }
    }
    found
}

/// Flags of symbols, as tools' conventions name them.
fn flags(flags: u32) -> String {
    const NAMES: [(u32, &str); 8] = [
        (1, "weak"),
        (2, "local"),
        (4, "hidden"),
        (0x10, "undefined"),
        (0x20, "exported"),
        (0x40, "explicit name"),
        (0x80, "no strip"),
        (0x100, "thread-local"),
    ];
    let named = NAMES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name);
    let named: Vec<&str> = named.collect();
    let rest = flags & !NAMES.iter().fold(0, |all, (bit, _)| all | bit);
    match (named.is_empty(), rest) {
        (false, 0) => named.join(", "),
        (true, 0) => "no flags".to_owned(),
        _ => format!("flags 0x{flags:x}"),
    }
}

impl CustomFacts {
    /// In lines; `names` are those of the module's functions.
    pub fn lines<'a>(
        &'a self,
        module: &'a Module,
        names: &'a FuncNames,
    ) -> Box<dyn Iterator<Item = String> + 'a> {
        match self {
            CustomFacts::Names(counts) => {
                let counts = counts.iter().map(|(what, count)| format!("{what} {count}"));
                let line = counts.collect::<Vec<_>>().join(", ");
                Box::new(Some(line).filter(|line| !line.is_empty()).into_iter())
            }
            CustomFacts::Producers(fields) => Box::new(fields.iter().map(|(field, tools)| {
                let tools: Vec<String> = tools.iter().map(tool).collect();
                format!("{}: {}", escaped(field), tools.join(", "))
            })),
            CustomFacts::Features(features) => {
                let line = |(sign, name): &(char, String)| escaped(&format!("{sign}{name}")).into();
                Box::new(features.iter().map(line))
            }
            CustomFacts::Dylink(dylink) => Box::new(dylink.lines().into_iter()),
            CustomFacts::Address(address) => Box::new(std::iter::once(escaped(address).into())),
            CustomFacts::BuildId(id) => Box::new(std::iter::once(hex(id))),
            CustomFacts::Hints(hints) => Box::new(hints.iter().map(|(offset, hint)| {
                let func = module.func_at(CodeOffset(*offset));
                let place = func.map_or(String::new(), |func| format!(" in {}", names.label(func)));
                format!("0x{offset:04x} {}{place}", hint.text())
            })),
        }
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        match self {
            CustomFacts::Names(counts) => {
                counts.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect()
            }
            CustomFacts::Producers(fields) => {
                let tools = |tools: &[(String, String)]| -> Vec<Json> {
                    let one = |(name, version)| json!({ "name": name, "version": version });
                    tools.iter().map(|(name, version)| one((name, version))).collect()
                };
                let one =
                    |(field, of): &(String, Vec<_>)| json!({ "field": field, "tools": tools(of) });
                fields.iter().map(one).collect()
            }
            CustomFacts::Features(features) => {
                features.iter().map(|(sign, name)| json!(format!("{sign}{name}"))).collect()
            }
            CustomFacts::Dylink(dylink) => json!({
                "memory_size": dylink.sizes.map(|sizes| sizes[0]),
                "memory_alignment_log2": dylink.sizes.map(|sizes| sizes[1]),
                "table_size": dylink.sizes.map(|sizes| sizes[2]),
                "table_alignment_log2": dylink.sizes.map(|sizes| sizes[3]),
                "needed": dylink.needed,
                "exports": dylink.exports.iter().map(|(name, flags)| {
                    json!({ "name": name, "flags": flags })
                }).collect::<Vec<_>>(),
                "imports": dylink.imports.iter().map(|(module, name, flags)| {
                    json!({ "module": module, "name": name, "flags": flags })
                }).collect::<Vec<_>>(),
                "runtime_paths": dylink.paths,
            }),
            CustomFacts::Address(address) => json!(address),
            CustomFacts::BuildId(id) => json!(hex(id)),
            CustomFacts::Hints(hints) => hints
                .iter()
                .map(|(offset, hint)| json!({ "offset": offset, "hint": hint.text() }))
                .collect(),
        }
    }
}

fn tool((name, version): &(String, String)) -> String {
    match version.is_empty() {
        true => escaped(name).into_owned(),
        false => format!("{} {}", escaped(name), escaped(version)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Dylink {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some([memory, memory_align, table, table_align]) = self.sizes {
            let align =
                |power: u32| 1u64.checked_shl(power).map_or("?".to_owned(), |at| at.to_string());
            lines.push(format!("memory: {memory} bytes, aligned to {}", align(memory_align)));
            lines.push(format!("table: {table} elements, aligned to {}", align(table_align)));
        }
        lines.extend(self.needed.iter().map(|library| format!("needs {}", quoted(library))));
        let export =
            |(name, of): &(String, u32)| format!("export {}: {}", quoted(name), flags(*of));
        lines.extend(self.exports.iter().map(export));
        let import = |(module, name, of): &(String, String, u32)| {
            format!("import {} {}: {}", quoted(module), quoted(name), flags(*of))
        };
        lines.extend(self.imports.iter().map(import));
        lines.extend(self.paths.iter().map(|path| format!("looks in {}", quoted(path))));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::{Config, Engine};

    /// What a custom section of this name with these bytes says, in lines.
    fn lines(name: &str, bytes: &[u8]) -> Vec<String> {
        let contents: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let text = format!("(module (@custom \"{name}\" \"{contents}\"))");
        let module = Module::from_wat(&Engine::new(Config::default()), &text).unwrap();
        let facts = custom_facts(&module, &module.custom_sections()[0]).unwrap();
        let names = FuncNames::new(&module);
        facts.lines(&module, &names).collect()
    }

    #[test]
    fn known_sections_are_read() {
        let producers = b"\x01\x0cprocessed-by\x02\x05clang\x0222\x03lld\x00";
        assert_eq!(lines("producers", producers), ["processed-by: clang 22, lld"]);
        assert_eq!(lines("target_features", b"\x02+\x04simd-\x07atomics"), ["+simd", "-atomics"]);
        assert_eq!(lines("sourceMappingURL", b"\x0ahttp://x/y"), ["http://x/y"]);
        assert_eq!(lines("build_id", b"\x04\xde\xad\xbe\xef"), ["deadbeef"]);
        assert_eq!(lines("build_id", b"\xde\xad\xbe\xef"), ["deadbeef"]);
        let dylink = b"\x01\x04\x10\x02\x00\x00\x02\x09\x01\x07libm.so\x03\x04\x01\x01f\x01\
                       \x04\x08\x01\x03env\x01g\x10\x05\x05\x01\x03lib";
        let expected = [
            "memory: 16 bytes, aligned to 4",
            "table: 0 elements, aligned to 1",
            "needs \"libm.so\"",
            "export \"f\": weak",
            "import \"env\" \"g\": undefined",
            "looks in \"lib\"",
        ];
        assert_eq!(lines("dylink.0", dylink), expected);
    }

    #[test]
    fn broken_ones_are_read_as_far_as_they_go_and_stay_on_their_line() {
        assert_eq!(lines("target_features", b"\xff\xff\xff\xff\x0f+\x01a-\x05b"), ["+a"]);
        assert_eq!(lines("producers", b"\x02\x01\n\x01\x02\x1b[\x0199\x05"), ["\\n: \\u{1b}[ 9"]);
        assert_eq!(lines("dylink.0", b"\x01\x01\x10\x02\xff"), [""; 0]);
        assert_eq!(lines("build_id", b""), [""]);
    }
}
