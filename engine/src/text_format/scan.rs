//! What the tokens of a text say about a place in it, whether or not the text can be parsed.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use wast::lexer::{Lexer, Token, TokenKind};

/// What stands at a place and around it.
#[derive(Default)]
pub(super) struct Surroundings<'a> {
    /// The token there.
    pub(super) token: Option<(TokenKind, &'a str)>,
    /// The last keyword up to there.
    pub(super) keyword: Option<&'a str>,
    /// The field of the module around it.
    pub(super) item: Option<String>,
    /// Where that field begins and ends.
    pub(super) field: (usize, usize),
}

/// The tokens that mean something.
pub(super) fn tokens(text: &str, from: usize) -> impl Iterator<Item = Token> + '_ {
    Words { lexer: lexer(text), position: from }.filter(|token| {
        !matches!(
            token.kind,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment
        )
    })
}

/// A lexer that takes what the specification allows.
pub(super) fn lexer(text: &str) -> Lexer<'_> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    lexer
}

struct Words<'a> {
    lexer: Lexer<'a>,
    position: usize,
}

impl Iterator for Words<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.lexer.parse(&mut self.position).ok().flatten()
    }
}

/// The token that begins at an offset.
pub(super) fn token_at(text: &str, offset: usize) -> Option<(TokenKind, &str)> {
    let token = lexer(text).parse(&mut { offset }).ok().flatten()?;
    (token.kind != TokenKind::Whitespace).then(|| (token.kind, token.src(text)))
}

/// Fields of a module that something can be in.
const FIELDS: [&str; 12] = [
    "func", "global", "table", "memory", "tag", "type", "elem", "data", "import", "export",
    "start", "rec",
];

/// Looks around at an offset.
pub(super) fn surroundings(text: &str, offset: usize) -> Surroundings<'_> {
    let mut found = Surroundings { token: token_at(text, offset), ..Surroundings::default() };
    let (mut depth, mut field) = (0_usize, None::<(usize, usize, &str, u32)>);
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut before = None;
    for token in tokens(text, 0) {
        let word = token.src(text);
        if token.offset > offset {
            // What is behind matters for the end of the field only.
            let Some((level, ..)) = field else { break };
            match token.kind {
                TokenKind::LParen => depth += 1,
                TokenKind::RParen if depth <= level => {
                    found.field.1 = token.offset;
                    break;
                }
                TokenKind::RParen => depth -= 1,
                _ => {}
            }
            continue;
        }
        match token.kind {
            TokenKind::LParen => depth += 1,
            TokenKind::RParen => {
                depth = depth.saturating_sub(1);
                if field.is_some_and(|(level, ..)| depth < level) {
                    field = None;
                }
            }
            TokenKind::Keyword => {
                let opens = before == Some(TokenKind::LParen);
                if opens && word == "module" {
                    counts.clear();
                    field = None;
                } else if opens && FIELDS.contains(&word) {
                    let inside_import = matches!(field, Some((_, _, "import", _)));
                    if field.is_none() || inside_import {
                        let count = counts.entry(word).or_default();
                        if field.is_none() {
                            field = Some((depth, token.offset, word, *count));
                        }
                        *count += 1;
                    }
                }
                found.keyword = Some(word);
            }
            _ => {}
        }
        before = Some(token.kind);
    }
    if let Some((_, start, word, number)) = field {
        found.item = item(text, start, word, number);
        found.field.0 = start;
        if found.field.1 == 0 {
            found.field.1 = text.len();
        }
    }
    found
}

/// A field in words: by its name, else by an export that it has, else by its number among its kind.
fn item(text: &str, start: usize, word: &str, number: u32) -> Option<String> {
    let kind = match word {
        "func" => "function",
        "elem" => "element segment",
        "data" => "data segment",
        "rec" | "start" => return None,
        other => other,
    };
    let behind: Vec<Token> = tokens(text, start + word.len()).take(3).collect();
    let at = |position: usize| behind.get(position).map(|token| (token.kind, token.src(text)));
    Some(match (at(0), at(1), at(2)) {
        (Some((TokenKind::Id, name)), ..) => format!("{kind} {}", printable(name)),
        (Some((TokenKind::String, name)), ..) if word == "export" => {
            format!("{kind} {}", printable(name))
        }
        (Some((TokenKind::String, module)), Some((TokenKind::String, name)), _) => {
            format!("{kind} {} {}", printable(module), printable(name))
        }
        (
            Some((TokenKind::LParen, _)),
            Some((TokenKind::Keyword, "export")),
            Some((TokenKind::String, name)),
        ) => format!("{kind} {}", printable(name)),
        _ => format!("{kind} {number}"),
    })
}

/// Longest text of a name in a message.
const NAME: usize = 120;

/// A name as it is written, without what would move the cursor, and not at any length.
pub(super) fn printable(name: &str) -> String {
    let mut shown: String = name.chars().take(NAME).map(visible).collect();
    if name.chars().nth(NAME).is_some() {
        shown.push('…');
    }
    shown
}

/// A character as a terminal may have it: controls, and what turns the direction of writing, are replaced.
pub(super) fn visible(character: char) -> char {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || turns { char::REPLACEMENT_CHARACTER } else { character }
}

/// Names that a text gives to things of a kind, as `$f` of functions: all behind one of the keywords.
pub(super) fn names<'a>(text: &'a str, keywords: &[&str], within: (usize, usize)) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut before = None;
    for token in tokens(text, within.0).take_while(|token| token.offset < within.1) {
        if token.kind == TokenKind::Id && before.is_some_and(|word| keywords.contains(&word)) {
            names.push(token.src(text));
        }
        before = (token.kind == TokenKind::Keyword).then(|| token.src(text));
    }
    names
}

/// The line of an offset, where it begins, and how far into it the offset is, in characters.
pub(super) fn place(text: &str, offset: usize) -> (usize, &str, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let (before, behind) = text.split_at(offset);
    let line = before.bytes().filter(|byte| *byte == b'\n').count();
    let start = before.rfind('\n').map_or(0, |position| position + 1);
    let end = behind.find('\n').map_or(text.len(), |position| offset + position);
    let whole = text.get(start..end).unwrap_or_default();
    let whole = whole.strip_suffix('\r').unwrap_or(whole);
    let column = text.get(start..offset).unwrap_or_default().chars().count();
    (line, whole, column)
}
