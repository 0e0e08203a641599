//! What functions are called, the same everywhere: as their authors wrote it, on one line, and with the
//! function's index behind it where another function would be called the same.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use stepwell_engine::text::{ends_in_number, escaped, identifier, numbered_identifier, quoted};
use stepwell_engine::{FuncIndex, Module};

use super::demangle::demangle;

/// Labels that are kept; with more of them all are made again.
const KEPT: usize = 1 << 16;

/// Bytes of symbols taken apart that are kept for searching.
const KEPT_TEXT: usize = 64 << 20;

/// The names of a module's functions.
pub struct FuncNames {
    module: Module,
    raw: bool,
    /// Functions that are called as others are, sorted.
    shared: OnceCell<Box<[u32]>>,
    labels: RefCell<HashMap<u32, Arc<str>>>,
    decoded: OnceCell<Decoded>,
}

/// All symbols of a module taken apart, one behind the other, for searching.
#[derive(Default)]
struct Decoded {
    text: String,
    /// Functions that have one, and where it begins, sorted by function.
    starts: Vec<(u32, u32)>,
}

impl Decoded {
    fn get(&self, func: FuncIndex) -> Option<&str> {
        let at = self.starts.binary_search_by_key(&func.0, |(func, _)| *func).ok()?;
        let start = self.starts.get(at)?.1 as usize;
        let end = self.starts.get(at + 1).map_or(self.text.len(), |(_, next)| *next as usize);
        self.text.get(start..end)
    }
}

impl FuncNames {
    /// The names as their authors wrote them.
    pub fn new(module: &Module) -> Self {
        Self::with_form(module, false)
    }

    /// With `raw`, symbols stay as they are in the module.
    pub fn with_form(module: &Module, raw: bool) -> Self {
        let (shared, decoded, labels) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        Self { module: module.clone(), raw, shared, labels, decoded }
    }

    /// What the module says, symbols of compilers taken apart; not safe for a line yet.
    pub fn readable(&self, func: FuncIndex) -> Option<Cow<'_, str>> {
        let name = self.module.func_name(func)?;
        let decoded = (!self.raw).then(|| demangle(name)).flatten();
        Some(decoded.map_or(Cow::Borrowed(name), Cow::Owned))
    }

    /// The module's own name for it, where that is another one than is shown.
    pub fn symbol(&self, func: FuncIndex) -> Option<Cow<'_, str>> {
        let name = self.module.func_name(func)?;
        (!self.raw && demangle(name).is_some()).then(|| escaped(name))
    }

    /// The module's own name for it, not safe for a line.
    pub(super) fn raw_name(&self, func: FuncIndex) -> Option<&str> {
        self.module.func_name(func)
    }

    /// As [`readable`](Self::readable), from a copy of all that is made when the first is asked for: for
    /// looking through many. Symbols beyond what is kept are as the module has them.
    pub fn found(&self, func: FuncIndex) -> Option<&str> {
        let decoded = self.decoded.get_or_init(|| self.decode_all());
        decoded.get(func).or_else(|| self.raw_name(func))
    }

    fn decode_all(&self) -> Decoded {
        let mut all = Decoded::default();
        if self.raw {
            return all;
        }
        for func in 0..self.module.func_count() {
            let Some(name) = self.module.func_name(FuncIndex(func)) else { continue };
            if let Some(decoded) = demangle(name) {
                if all.text.len() + decoded.len() > KEPT_TEXT {
                    break;
                }
                all.starts.push((func, all.text.len() as u32));
                all.text.push_str(&decoded);
            }
        }
        all
    }

    /// Whether another function is called the same.
    pub fn is_shared(&self, func: FuncIndex) -> bool {
        self.shared.get_or_init(|| self.find_shared()).binary_search(&func.0).is_ok()
    }

    fn find_shared(&self) -> Box<[u32]> {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut hashes: Vec<(u64, u32)> = (0..self.module.func_count())
            .filter_map(|func| Some((hasher.hash_one(&*self.readable(FuncIndex(func))?), func)))
            .collect();
        hashes.sort_unstable();
        let groups = hashes.chunk_by(|(one, _), (other, _)| one == other);
        let several = groups.filter(|group| group.len() > 1).flatten();
        let mut shared: Vec<u32> = several.map(|(_, func)| *func).collect();
        shared.sort_unstable();
        shared.into()
    }

    /// As in a list: `core::fmt::write`, `helper#3`, `func[7]` without a name.
    pub fn label(&self, func: FuncIndex) -> Arc<str> {
        if let Some(label) = self.labels.borrow().get(&func.0) {
            return label.clone();
        }
        let label: Arc<str> = self.make_label(func).into();
        let mut labels = self.labels.borrow_mut();
        if labels.len() >= KEPT {
            labels.clear();
        }
        labels.insert(func.0, label.clone());
        label
    }

    fn make_label(&self, func: FuncIndex) -> String {
        let Some(name) = self.readable(func) else { return format!("func[{func}]") };
        let shown = match name.is_empty() || ends_in_number(&name) || name.starts_with("func[") {
            true => quoted(&name),
            false => escaped(&name).into_owned(),
        };
        match self.is_shared(func) {
            true => format!("{shown}#{func}"),
            false => shown,
        }
    }

    /// As an identifier in a line of text: `$write`, `$"f(int)"`, `$helper#3`; `None` without a name.
    pub fn identifier(&self, func: FuncIndex) -> Option<String> {
        let name = self.readable(func)?;
        Some(match self.is_shared(func) {
            true => numbered_identifier(&name, func.0),
            false => identifier(&name),
        })
    }

    /// As an operand of an instruction: an identifier, else the index.
    pub fn operand(&self, func: FuncIndex) -> String {
        self.identifier(func).unwrap_or_else(|| func.to_string())
    }

    /// As the function of a place: an identifier, or `func[7]`.
    pub fn place(&self, func: FuncIndex) -> String {
        self.identifier(func).unwrap_or_else(|| format!("func[{func}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::{Config, Engine};

    fn names(text: &str, raw: bool) -> FuncNames {
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        FuncNames::with_form(&module, raw)
    }

    const TEXT: &str = r#"(module
        (import "env" "log" (func))
        (func $log) (func) (func $"log#1") (func $"a\n| x")
        (func $_ZN5ShapeC1Ev) (func $_ZN5ShapeC2Ev) (func $_ZN3geo4area17h0123456789abcdefE)
        (func $"_ZN3geo4area17hfedcba9876543210E") (func $"func[2]") (func $once))"#;

    #[test]
    fn functions_of_one_name_can_be_told_apart() {
        let names = names(TEXT, false);
        let labels: Vec<Arc<str>> = (0..11).map(|func| names.label(FuncIndex(func))).collect();
        let expected = [
            "log#0",
            "log#1",
            "func[2]",
            "\"log#1\"",
            "a\\n| x",
            "Shape::Shape()#5",
            "Shape::Shape()#6",
            "geo::area#7",
            "geo::area#8",
            "\"func[2]\"",
            "once",
        ];
        assert_eq!(labels.iter().map(|label| &**label).collect::<Vec<_>>(), expected);
        let mut different = labels.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), labels.len());
    }

    #[test]
    fn identifiers_are_one_word_of_a_line() {
        let names = names(TEXT, false);
        let places: Vec<String> = (0..11).map(|func| names.place(FuncIndex(func))).collect();
        let expected = [
            "$log#0",
            "$log#1",
            "func[2]",
            "$\"log#1\"",
            "$\"a\\n| x\"",
            "$\"Shape::Shape()\"#5",
            "$\"Shape::Shape()\"#6",
            "$geo::area#7",
            "$geo::area#8",
            "$\"func[2]\"",
            "$once",
        ];
        assert_eq!(places, expected);
        assert_eq!(names.operand(FuncIndex(2)), "2");
        assert_eq!(names.symbol(FuncIndex(5)).as_deref(), Some("_ZN5ShapeC1Ev"));
        assert_eq!(names.symbol(FuncIndex(10)), None);
    }

    #[test]
    fn raw_names_are_those_of_the_module() {
        let names = names(TEXT, true);
        assert_eq!(&*names.label(FuncIndex(5)), "_ZN5ShapeC1Ev");
        assert_eq!(names.place(FuncIndex(8)), "$_ZN3geo4area17hfedcba9876543210E");
        assert_eq!(&*names.label(FuncIndex(0)), "log#0");
    }
}
