//! What the names of message functions mean: `log`, `printI32`, `console_log_str`, `print_line`.

use super::Stream;

/// What a message shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// Numbers; two integers are an address and a length where a text lies there.
    Either,
    Numbers,
    Unsigned,
    Hexadecimal,
    Character,
    Boolean,
    /// An address and a length, or the address of a text that ends with a zero.
    Text,
}

/// What the verbs are, and where their messages go. Longer ones stand before those they begin with.
const VERBS: [(&str, Stream); 21] = [
    ("importedfunction", Stream::Log),
    ("importedfunc", Stream::Log),
    ("warning", Stream::Stderr),
    ("warn", Stream::Stderr),
    ("eprint", Stream::Stderr),
    ("error", Stream::Stderr),
    ("err", Stream::Stderr),
    ("print", Stream::Stdout),
    ("output", Stream::Stdout),
    ("out", Stream::Stdout),
    ("debug", Stream::Log),
    ("trace", Stream::Log),
    ("display", Stream::Log),
    ("show", Stream::Log),
    ("report", Stream::Log),
    ("alert", Stream::Log),
    ("message", Stream::Log),
    ("dump", Stream::Log),
    ("info", Stream::Log),
    ("log", Stream::Log),
    ("say", Stream::Log),
];

/// Words before the verb that add nothing.
const PREFIXES: [&str; 5] = ["console", "host", "wasm", "js", "env"];

/// Words behind the verb. Longer ones stand before those they begin with.
const SUFFIXES: [(&str, Form); 37] = [
    ("unsigned", Form::Unsigned),
    ("u32", Form::Unsigned),
    ("u64", Form::Unsigned),
    ("uint", Form::Unsigned),
    ("i32", Form::Numbers),
    ("i64", Form::Numbers),
    ("s32", Form::Numbers),
    ("s64", Form::Numbers),
    ("f32", Form::Numbers),
    ("f64", Form::Numbers),
    ("integer", Form::Numbers),
    ("int", Form::Numbers),
    ("numbers", Form::Numbers),
    ("number", Form::Numbers),
    ("num", Form::Numbers),
    ("float", Form::Numbers),
    ("double", Form::Numbers),
    ("decimal", Form::Numbers),
    ("long", Form::Numbers),
    ("values", Form::Numbers),
    ("value", Form::Numbers),
    ("val", Form::Numbers),
    ("result", Form::Numbers),
    ("hex", Form::Hexadecimal),
    ("boolean", Form::Boolean),
    ("bool", Form::Boolean),
    ("character", Form::Character),
    ("char", Form::Character),
    ("cstring", Form::Text),
    ("string", Form::Text),
    ("cstr", Form::Text),
    ("str", Form::Text),
    ("text", Form::Text),
    ("message", Form::Text),
    ("msg", Form::Text),
    ("utf8", Form::Text),
    // Only that it is a line: every message is.
    ("ln", Form::Either),
];

/// Lower case, without what stands between words.
pub(super) fn plain(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// What a name says, if it is one of a message function.
pub(super) fn message(name: &str) -> Option<(Stream, Form)> {
    let plain = plain(name);
    let mut rest = plain.as_str();
    while let Some(shorter) = PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix)) {
        rest = shorter;
    }
    let begins = |(verb, stream): &(&str, Stream)| Some((rest.strip_prefix(verb)?, *stream));
    let (mut rest, stream) = VERBS.iter().find_map(begins)?;
    let mut form = Form::Either;
    if rest == "line" {
        rest = "";
    }
    while !rest.is_empty() {
        let begins = |(word, form): &(&str, Form)| Some((rest.strip_prefix(word)?, *form));
        let (shorter, said) = SUFFIXES.iter().find_map(begins)?;
        rest = shorter;
        if said != Form::Either {
            form = said;
        }
    }
    Some((stream, form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_messages() {
        let either = |stream| Some((stream, Form::Either));
        assert_eq!(message("log"), either(Stream::Log));
        assert_eq!(message("consoleLog"), either(Stream::Log));
        assert_eq!(message("console.error"), either(Stream::Stderr));
        assert_eq!(message("println"), either(Stream::Stdout));
        assert_eq!(message("print_line"), either(Stream::Stdout));
        assert_eq!(message("imported_func"), either(Stream::Log));
        assert_eq!(message("logI32"), Some((Stream::Log, Form::Numbers)));
        assert_eq!(message("print_i32_f64"), Some((Stream::Stdout, Form::Numbers)));
        assert_eq!(message("log_str"), Some((Stream::Log, Form::Text)));
        assert_eq!(message("consoleLogString"), Some((Stream::Log, Form::Text)));
        assert_eq!(message("print_hex_u32"), Some((Stream::Stdout, Form::Unsigned)));
        for other in ["log2", "log10", "log1p", "logout", "printer", "sprintf", "logf", "", "é"] {
            assert_eq!(message(other), None, "{other}");
        }
    }
}
