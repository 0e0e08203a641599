//! What may have been meant by a word that means nothing.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::mnemonics::renamed;
use super::scan;
use crate::module::operator::text_names;

/// Words of the text format that are no operators.
const WORDS: [&str; 76] = [
    "module",
    "type",
    "rec",
    "sub",
    "final",
    "func",
    "param",
    "result",
    "local",
    "import",
    "export",
    "global",
    "mut",
    "table",
    "memory",
    "data",
    "elem",
    "declare",
    "item",
    "offset",
    "start",
    "tag",
    "then",
    "do",
    "catch",
    "catch_all",
    "catch_ref",
    "catch_all_ref",
    "delegate",
    "struct",
    "array",
    "field",
    "shared",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "v128",
    "ref",
    "null",
    "extern",
    "any",
    "eq",
    "i31",
    "exn",
    "noexn",
    "none",
    "nofunc",
    "noextern",
    "funcref",
    "externref",
    "anyref",
    "eqref",
    "i31ref",
    "structref",
    "arrayref",
    "exnref",
    "nullref",
    "register",
    "invoke",
    "get",
    "thread",
    "wait",
    "assert_return",
    "assert_trap",
    "assert_exception",
    "assert_exhaustion",
    "assert_invalid",
    "assert_malformed",
    "assert_unlinkable",
    "assert_suspension",
    "quote",
    "binary",
    "definition",
];

/// Help for a keyword that is not one.
pub(super) fn keyword(word: &str) -> Option<String> {
    if matches!(word, "pop" | "tuple.make" | "tuple.extract" | "tuple.drop") {
        return Some("it is Binaryen's own and no instruction of WebAssembly".to_string());
    }
    if let Some(new) = renamed(word) {
        return Some(format!("it is called {new} now"));
    }
    let operators: Vec<_> = text_names().collect();
    let words = operators.iter().map(AsRef::as_ref).chain(WORDS);
    let nearest = nearest(word, words)?;
    Some(format!("did you mean {nearest}?"))
}

/// The keywords behind which things get the names that `kind` is looked up among.
fn declared_by(kind: &str) -> &'static [&'static str] {
    match kind {
        "func" | "function" => &["func"],
        "local" => &["local", "param"],
        "label" => &["block", "loop", "if", "try", "try_table"],
        "table" => &["table"],
        "memory" => &["memory"],
        "global" => &["global"],
        "type" => &["type"],
        "tag" | "exception" => &["tag"],
        "elem" => &["elem"],
        "data" => &["data"],
        "field" => &["field"],
        _ => &[],
    }
}

/// Help for a name, with its `$`, that nothing of the kind has.
pub(super) fn name(text: &str, kind: &str, name: &str, field: (usize, usize)) -> Option<String> {
    let within = if matches!(kind, "local" | "label") { field } else { (0, text.len()) };
    let known = scan::names(text, declared_by(kind), within);
    let nearest = nearest(name, known.into_iter())?;
    Some(format!("did you mean {}?", scan::printable(&nearest)))
}

/// The word nearest to one, if it is near enough to be a slip of the hand.
fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<String> {
    // Longer than any operator, and the work is the product of two lengths.
    let length = word.chars().count();
    if length > 80 {
        return None;
    }
    let allowed = (length / 3).clamp(1, 3);
    let near = words.filter(|other| other.len().abs_diff(word.len()) <= 4 * allowed);
    let distances = near.map(|other| (distance(word, other), other));
    let best = distances.min_by_key(|(distance, _)| *distance)?;
    (best.0 <= allowed && best.1 != word).then(|| best.1.to_string())
}

/// Insertions, deletions, exchanges of a letter and swaps of neighbours that lead from one word to the
/// other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let width = to.len() + 1;
    let mut two_above = Vec::new();
    let mut above: Vec<usize> = (0..width).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut here = Vec::with_capacity(width);
        here.push(row + 1);
        for (column, other) in to.iter().enumerate() {
            let at = |list: &[usize], column: usize| list.get(column).copied().unwrap_or(0);
            let exchanged = at(&above, column) + usize::from(letter != other);
            let mut least = exchanged.min(at(&above, column + 1) + 1).min(at(&here, column) + 1);
            if row > 0
                && column > 0
                && from.get(row - 1) == Some(other)
                && to.get(column - 1) == Some(letter)
            {
                least = least.min(at(&two_above, column - 1) + 1);
            }
            here.push(least);
        }
        two_above = core::mem::replace(&mut above, here);
    }
    above.last().copied().unwrap_or(from.len())
}
