//! Names as text. A name is data of a module: it may hold line breaks, sequences that a terminal obeys, and
//! characters that turn round what follows. Whoever puts one into a line takes it from here.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// Whether a character can be seen, stays on its line and leaves the order of the others alone.
fn is_seen(character: char) -> bool {
    let hides = matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}');
    let is_other_space = character.is_whitespace() && character != ' ';
    !(character.is_control() || hides || is_other_space)
}

fn push_escape(text: &mut String, character: char) {
    match character {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        other => text.extend(other.escape_unicode()),
    }
}

/// A text on one line and in the order in which it is read: characters that cannot be seen, break the
/// line or turn it round are written as `\n` and `\u{202e}`.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_seen) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match is_seen(character) {
            true => safe.push(character),
            false => push_escape(&mut safe, character),
        }
    }
    Cow::Owned(safe)
}

/// A text in quotation marks as the text format writes strings, on one line as by [`escaped`].
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            seen if is_seen(seen) => quoted.push(seen),
            other => push_escape(&mut quoted, other),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character may stand in an identifier of the text format without quotation marks.
fn is_id_character(character: char) -> bool {
    character.is_ascii_graphic() && !"\"(),;[]{}".contains(character)
}

/// A name as an identifier of the text format: `$name`, or `$"with spaces"`.
pub fn identifier(name: &str) -> String {
    match !name.is_empty() && name.chars().all(is_id_character) && !ends_in_number(name) {
        true => format!("${name}"),
        false => format!("${}", quoted(name)),
    }
}

/// A function's name as an identifier, where several functions have this name: `$name#7`, or
/// `$"with spaces"#7`. No other name is written like it.
pub fn numbered_identifier(name: &str, index: u32) -> String {
    format!("{}#{index}", identifier(name))
}

/// Whether a name ends as what [`numbered_identifier`] writes.
pub fn ends_in_number(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, digits)| {
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// A name as it stands in a path such as `module.name`: plain, or in quotation marks where something in it
/// would make the path another one.
pub fn path_part(name: &str) -> Cow<'_, str> {
    let is_plain = |character: char| is_seen(character) && !character.is_whitespace();
    let is_plain = |character| is_plain(character) && !"\"\\|".contains(character);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(quoted(name)),
    }
}

/// The two names of an import, or a module's and its export's: `env.log`, `env."odd name"`. The last dot
/// outside quotation marks is between them.
pub fn dotted(module: &str, name: &str) -> String {
    let name = match name.contains('.') {
        true => Cow::Owned(quoted(name)),
        false => path_part(name),
    };
    format!("{}.{name}", path_part(module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_a_line_and_in_order() {
        assert_eq!(escaped("ab c\u{e4}.txt"), "ab c\u{e4}.txt");
        assert_eq!(escaped("a\nb\u{202e}c\u{1b}[2J\u{9b}"), "a\\nb\\u{202e}c\\u{1b}[2J\\u{9b}");
        for hidden in ['\u{2028}', '\u{85}', '\u{200f}', '\u{2066}', '\u{e0041}', '\0', '\u{7f}'] {
            let name = String::from_iter(['a', hidden]);
            for text in [escaped(&name).into_owned(), quoted(&name), identifier(&name)] {
                assert!(!text.contains(hidden), "{text:?}");
            }
        }
    }

    #[test]
    fn identifiers_are_those_of_the_text_format_and_never_forge_another() {
        assert_eq!(identifier("f"), "$f");
        assert_eq!(identifier("core::fmt::Write<T>|x"), "$core::fmt::Write<T>|x");
        assert_eq!(identifier("a b"), "$\"a b\"");
        assert_eq!(identifier(""), "$\"\"");
        assert_eq!(identifier("na\"me\\"), "$\"na\\\"me\\\\\"");
        assert_eq!(identifier("x\n1 done | i32:4"), "$\"x\\n1 done | i32:4\"");
        assert_eq!(identifier("\u{65e5}"), "$\"\u{65e5}\"");
        assert_eq!(numbered_identifier("f", 7), "$f#7");
        assert_eq!(identifier("f#7"), "$\"f#7\"");
        assert_eq!(identifier("~lib/string/String#concat"), "$~lib/string/String#concat");
    }

    #[test]
    fn a_part_of_a_path_is_quoted_where_it_would_read_as_something_else() {
        assert_eq!(path_part("fd_write"), "fd_write");
        assert_eq!(path_part("wasi:cli/run@0.2.0"), "wasi:cli/run@0.2.0");
        assert_eq!(path_part(""), "\"\"");
        assert_eq!(dotted("env", "a b"), "env.\"a b\"");
        assert_eq!(dotted("env", "a.b"), "env.\"a.b\"");
        assert_eq!(dotted("env.a", "b"), "env.a.b");
        assert_eq!(path_part("a\n| i32:1"), "\"a\\n| i32:1\"");
    }
}
