//! The custom section of branch hints: which way a branch mostly goes.

use std::collections::BTreeMap;

use stepwell_engine::{FuncIndex, Module};

use super::read::number;

/// Name of the section.
pub const BRANCH_HINTS: &str = "metadata.code.branch_hint";

/// Hints read of a module; more stay unread.
const MOST: usize = 1 << 20;

/// Which way a `br_if` or `if` mostly goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// Its condition is seldom true.
    Unlikely,
    /// Its condition is mostly true.
    Likely,
}

impl Hint {
    /// In a word.
    pub fn text(self) -> &'static str {
        match self {
            Hint::Unlikely => "unlikely",
            Hint::Likely => "likely",
        }
    }
}

/// The hints of a module, by the byte offset of the branch. What of the section cannot be read is
/// left out: a custom section is never wrong.
pub fn branch_hints(module: &Module) -> BTreeMap<u32, Hint> {
    let mut found = BTreeMap::new();
    for section in module.custom_sections() {
        if &*section.name == BRANCH_HINTS {
            let range = section.range.start as usize..section.range.end as usize;
            let mut bytes = module.bytes().get(range).unwrap_or_default();
            let _ = read(module, &mut bytes, &mut found);
        }
    }
    found
}

fn read(module: &Module, bytes: &mut &[u8], found: &mut BTreeMap<u32, Hint>) -> Option<()> {
    for _ in 0..number(bytes)? {
        let func = FuncIndex(number(bytes)?);
        let start = module.func_body(func).map(|body| body.start.0);
        for _ in 0..number(bytes)? {
            let (offset, size) = (number(bytes)?, number(bytes)?);
            let (value, rest) = bytes.split_at_checked(size as usize)?;
            *bytes = rest;
            let hint = match value {
                [0] => Hint::Unlikely,
                [1] => Hint::Likely,
                _ => continue,
            };
            if let Some(at) = start.and_then(|start| start.checked_add(offset)) {
                found.insert(at, hint);
            }
            if found.len() >= MOST {
                return None;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::module::disassemble::Listing;
    use stepwell_engine::{Config, Engine};

    #[test]
    fn hints_stand_at_their_branches() {
        let text = r#"(module (func (param i32) (local i64)
            (block local.get 0 (@metadata.code.branch_hint "\00") br_if 0)
            local.get 0 (@metadata.code.branch_hint "\01") if end))"#;
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let at = |position| listing.offset(position).unwrap().0;
        let hints: Vec<_> = branch_hints(&module).into_iter().collect();
        assert_eq!(hints, [(at(2), Hint::Unlikely), (at(5), Hint::Likely)]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let mut found = BTreeMap::new();
        let module = Module::from_wat(&Engine::new(Config::default()), "(module)").unwrap();
        for bytes in [&[0xff, 0xff, 0xff, 0xff, 0xff][..], &[1, 0, 9, 1], &[1, 0, 1, 0, 200], &[]] {
            assert_eq!(read(&module, &mut { bytes }, &mut found), None);
        }
        assert!(found.is_empty());
    }
}
