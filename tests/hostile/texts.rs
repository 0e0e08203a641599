//! Texts that are changed at random: a module, or errors whose places are in the text.

use stepwell_engine::{Engine, Error, Module};
use stepwell_tests::{examples, examples_folder};

use super::Numbers;

/// Words that replace others: types that do not fit, names that are not there, what opens and closes.
const WORDS: [&str; 24] = [
    "i32.add",
    "i64.const",
    "local.get",
    "local.set",
    "(",
    ")",
    "drop",
    "end",
    "else",
    "br",
    "if",
    "i32",
    "f64",
    "$nobody",
    "7",
    "-1",
    "get_local",
    "(try (do ",
    "(catch_all ",
    "(pop i32)",
    "call_indirect",
    "ref.null",
    "\"\\ff\"",
    "(; ",
];

fn texts() -> Vec<String> {
    let mut files: Vec<String> = examples().into_iter().flat_map(|example| example.files).collect();
    files.retain(|file| file.ends_with(".wat"));
    let read = |file: String| std::fs::read_to_string(examples_folder().join(file)).unwrap();
    files.into_iter().map(read).collect()
}

/// Whether an error's place is one of the text, and what it shows is fit for a terminal.
fn check(text: &str, error: &Error) {
    let Error::Text { errors } = error else {
        // An empty text, or one that begins with something else than a parenthesis.
        return assert!(!error.to_string().is_empty());
    };
    assert!(!errors.is_empty());
    for error in errors {
        let lines: Vec<&str> = text.split('\n').collect();
        let line = lines.get(error.line - 1).unwrap_or_else(|| panic!("{error:?}"));
        assert!((1..=line.chars().count() + 1).contains(&error.column), "{error:?}");
        assert_eq!(error.marker.matches('^').count().min(1), 1, "{error:?}");
        let shown = error.in_file("a.wat");
        assert!(shown.chars().all(|shown| shown == '\n' || shown == '\t' || !shown.is_control()));
        if error.message.contains("type mismatch") {
            assert!(error.expected.is_some() && error.found.is_some(), "{error:?}");
            assert!(error.item.is_some() && error.operator.is_some(), "{error:?}");
        }
    }
}

#[test]
fn examples_with_words_changed() {
    let engine = Engine::default();
    let mut numbers = Numbers(0x7465_7874);
    let (mut accepted, mut refused, mut explained) = (0, 0, 0);
    for text in texts() {
        let words = text.split_inclusive(|at: char| at.is_whitespace());
        let words: Vec<String> = words.map(str::to_owned).collect();
        // Of another type is what leaves the text well-formed most often.
        let typed: Vec<usize> = (0..words.len()).filter(|at| words[*at].contains("i32")).collect();
        for _ in 0..150 {
            let mut changed = words.clone();
            for _ in 0..1 + numbers.next() % 3 {
                let at = numbers.next() as usize % changed.len();
                let other = numbers.next() as usize;
                match numbers.next() % 8 {
                    0 => drop(changed.remove(at)),
                    1 => changed.insert(at, changed[other % changed.len()].clone()),
                    2 => changed.truncate(at.max(1)),
                    3 => changed[at] = WORDS[other % WORDS.len()].to_owned(),
                    _ if typed.is_empty() => {}
                    _ => {
                        let at = typed[other % typed.len()].min(changed.len() - 1);
                        changed[at] = changed[at].replace("i32", "i64");
                    }
                }
            }
            let changed = changed.concat();
            match Module::from_wat(&engine, &changed) {
                Ok(_) => accepted += 1,
                Err(error) => {
                    check(&changed, &error);
                    refused += 1;
                    explained += usize::from(error.offset().is_some());
                }
            }
        }
    }
    println!("{accepted} accepted, {refused} refused, {explained} of them by validation");
    assert!(accepted > 100 && refused > 1_000 && explained > 200);
}
