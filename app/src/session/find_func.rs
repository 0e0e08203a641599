//! A function as a person types it: `120`, `func[120]`, `func 120`, `#120`, an address within it as `0x1f4`,
//! or its name: as it is shown, as its author wrote it, or as the module has it; with or without the
//! module in front.

use stepwell_engine::{CodeOffset, FuncIndex};

use super::command::ModuleKey;
use super::types::OpenModule;
use super::{FuncNames, Session};

/// What was typed, in the words of one module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FuncWanted {
    /// The function of this index.
    Index(u32),
    /// The function whose body has this byte.
    Offset(u32),
    /// The function called this.
    Name(String),
}

/// Where a function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The function.
    pub func: FuncIndex,
    /// The byte asked for, else where its code begins; `None` for an imported function.
    pub offset: Option<CodeOffset>,
}

impl FuncWanted {
    /// Reads what was typed; `None` for nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X"))
            && let Ok(offset) = u32::from_str_radix(hex, 16)
        {
            return Some(FuncWanted::Offset(offset));
        }
        let bare = ["function", "func", "#"].iter().find_map(|word| text.strip_prefix(word));
        let bare = bare.unwrap_or(text).trim();
        let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare);
        let is_number = !bare.is_empty() && bare.bytes().all(|digit| digit.is_ascii_digit());
        if is_number && let Ok(index) = bare.parse() {
            return Some(FuncWanted::Index(index));
        }
        // `func $name` is a name, too.
        let name = text.strip_prefix("func ").map(str::trim).filter(|rest| rest.starts_with('$'));
        let name = name.unwrap_or(text);
        let name = name.strip_prefix('$').unwrap_or(name);
        (!name.is_empty()).then(|| FuncWanted::Name(name.to_owned()))
    }

    /// Whether a function of this index is meant, or its names contain what was typed, whatever the case.
    pub fn is_like(&self, open: &OpenModule, func: FuncIndex) -> bool {
        match self {
            FuncWanted::Index(index) => {
                // A number may be part of a name; of a symbol it would be a length or a hash.
                let name = open.names.found(func);
                *index == func.0 || name.is_some_and(|name| name.contains(&index.to_string()))
            }
            FuncWanted::Offset(offset) => {
                let body = open.module.func_body(func);
                body.is_some_and(|body| body.contains(&CodeOffset(*offset)))
            }
            FuncWanted::Name(name) => contains(&open.names, func, &name.to_lowercase()),
        }
    }

    /// The function of a module that is meant: by its whole name first, else by a part of it.
    pub fn find(&self, open: &OpenModule) -> Option<Place> {
        self.exactly(open)
            .or_else(|| match self {
                FuncWanted::Name(name) => {
                    let part = name.to_lowercase();
                    defined_first(open).find(|func| contains(&open.names, *func, &part))
                }
                _ => None,
            })
            .map(|func| self.place(open, func))
    }

    fn place(&self, open: &OpenModule, func: FuncIndex) -> Place {
        let offset = match self {
            FuncWanted::Offset(offset) => Some(CodeOffset(*offset)),
            _ => open.module.func_body(func).map(|body| body.start),
        };
        Place { func, offset }
    }

    fn exactly(&self, open: &OpenModule) -> Option<FuncIndex> {
        match self {
            FuncWanted::Index(index) => {
                (*index < open.module.func_count()).then_some(FuncIndex(*index))
            }
            FuncWanted::Offset(offset) => open.module.func_at(CodeOffset(*offset)),
            FuncWanted::Name(name) => {
                let module = name.strip_prefix(&open.name);
                let within = module.and_then(|rest| rest.strip_prefix('.'));
                let within = within.map(|rest| rest.strip_prefix('$').unwrap_or(rest));
                named(open, name).or_else(|| within.and_then(|name| named(open, name)))
            }
        }
    }
}

/// Functions with code, then imported ones.
fn defined_first(open: &OpenModule) -> impl Iterator<Item = FuncIndex> {
    let imported = open.module.imported_func_count();
    (imported..open.module.func_count()).chain(0..imported).map(FuncIndex)
}

/// The function of a module that has this name in one of its forms.
fn named(open: &OpenModule, name: &str) -> Option<FuncIndex> {
    // What is shown ends in the index where the name alone says too little.
    let index = name.rsplit_once('#').and_then(|(_, index)| index.parse().ok()).map(FuncIndex);
    if let Some(func) = index.filter(|func| func.0 < open.module.func_count())
        && is_shown_as(&open.names, func, name)
    {
        return Some(func);
    }
    let has = |func: &FuncIndex| {
        open.module.func_name(*func) == Some(name) || open.names.found(*func) == Some(name)
    };
    // Quotation marks and escapes are those of what is shown.
    let quoted = name.contains(['"', '\\']);
    defined_first(open).find(has).or_else(|| {
        quoted.then(|| defined_first(open).find(|func| is_shown_as(&open.names, *func, name)))?
    })
}

fn is_shown_as(names: &FuncNames, func: FuncIndex, name: &str) -> bool {
    *names.label(func) == *name
        || names.identifier(func).is_some_and(|shown| shown.strip_prefix('$') == Some(name))
}

/// Whether one of a function's names has this in it; `part` is in lower case.
fn contains(names: &FuncNames, func: FuncIndex, part: &str) -> bool {
    let has = |name: Option<&str>| name.is_some_and(|name| name.to_lowercase().contains(part));
    has(names.found(func)) || has(names.raw_name(func))
}

impl Session {
    /// The functions of all opened modules that are meant by what was typed, without those that have it
    /// as a part of their name only.
    pub fn find_functions(&self, text: &str) -> Vec<(ModuleKey, Place)> {
        let Some(wanted) = FuncWanted::parse(text) else { return Vec::new() };
        let found = self.modules().iter().filter_map(|open| {
            let func = wanted.exactly(open)?;
            Some((open.key, wanted.place(open, func)))
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Command;
    use super::*;

    const TEXT: &str = r#"(module
        (import "env" "log" (func))
        (func $helper nop) (func) (func (@name "helper")) (func $_ZN5Shape4areaEi (param i32))
        (func $_ZN4core3fmt5write17h0123456789abcdefE) (func $"odd name") (func $"5" ) (func $"a\nb"))"#;

    fn session() -> Session {
        let mut session = Session::new();
        let bytes = TEXT.as_bytes().to_vec();
        session.apply(Command::Open { name: "m".to_owned(), bytes }).unwrap();
        session
    }

    fn find(session: &Session, text: &str) -> Option<u32> {
        Some(FuncWanted::parse(text)?.find(&session.modules()[0])?.func.0)
    }

    #[test]
    fn a_function_is_found_by_each_of_its_names() {
        let session = session();
        let start = session.modules()[0].module.func_body(FuncIndex(2)).unwrap().start.0;
        let address = format!("0x{start:x}");
        for (text, func) in [
            ("2", 2),
            (" func[2] ", 2),
            ("func 2", 2),
            ("function 2", 2),
            ("#2", 2),
            (&*address, 2),
            ("helper", 1),
            ("$helper", 1),
            ("helper#3", 3),
            ("$helper#3", 3),
            ("m.helper#3", 3),
            ("m.$helper#3", 3),
            ("func $helper#3", 3),
            ("Shape::area(int)", 4),
            ("$\"Shape::area(int)\"", 4),
            ("_ZN5Shape4areaEi", 4),
            ("core::fmt::write", 5),
            ("m.core::fmt::write", 5),
            ("_ZN4core3fmt5write17h0123456789abcdefE", 5),
            ("FMT::wri", 5),
            ("odd name", 6),
            ("$\"odd name\"", 6),
            ("$5", 7),
            ("5", 5),
            ("a\\nb", 8),
            ("log", 0),
        ] {
            assert_eq!(find(&session, text), Some(func), "{text}");
        }
        for text in ["", "  ", "99", "0x1", "nobody", "m.", "func[99]", "helper#2", "99999999999"] {
            assert_eq!(find(&session, text), None, "{text}");
        }
    }

    #[test]
    fn an_address_stays_one_and_imports_have_no_code() {
        let session = session();
        let open = &session.modules()[0];
        let body = open.module.func_body(FuncIndex(1)).unwrap();
        let place = |text: &str| FuncWanted::parse(text).unwrap().find(open).unwrap();
        let inside = CodeOffset(body.start.0 + 1);
        assert_eq!(place(&format!("0x{:x}", inside.0)).offset, Some(inside));
        assert_eq!(place("log").offset, None);
        assert_eq!(place("1").offset, Some(body.start));
        assert_eq!(session.find_functions("core::fmt::write").len(), 1);
        assert!(session.find_functions("core::fmt").is_empty());
    }

    #[test]
    fn a_filter_takes_numbers_and_parts_of_names() {
        let session = session();
        let open = &session.modules()[0];
        let like = |text: &str| -> Vec<u32> {
            let wanted = FuncWanted::parse(text).unwrap();
            let all = (0..open.module.func_count()).map(FuncIndex);
            all.filter(|func| wanted.is_like(open, *func)).map(|func| func.0).collect()
        };
        assert_eq!(like("HELP"), [1, 3]);
        assert_eq!(like("func[2]"), [2]);
        assert_eq!(like("core::fmt"), [5]);
        assert_eq!(like("3fmt"), [5]);
        assert_eq!(like("5"), [5, 7]);
    }
}
