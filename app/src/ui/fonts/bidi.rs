//! The order in which text is drawn that holds letters written from right to left.
//!
//! egui shapes such letters and turns each row of them, but leaves the rows where they stand in the text.
//! So what stands between words is put here where it is read. Lines begin at the left: they are a
//! program's, and most of what they hold is written so.

use std::borrow::Cow;
use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};

/// A piece of a text in the order of drawing.
#[derive(Clone, PartialEq, Debug)]
pub struct Piece {
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
    /// What is drawn in its place: a bracket that opens to the other side.
    pub instead: Option<char>,
}

/// Whether a character lies in a block of letters that are written from right to left. All of these come
/// from another font than spaces and punctuation do, and egui turns what is of one font.
fn is_turned(character: char) -> bool {
    matches!(
        u32::from(character),
        0x590..0x900 | 0xfb1d..0xfe00 | 0xfe70..0xff00 | 0x1_0800..0x1_1000 | 0x1_e800..0x1_f000
    )
}

/// What opens to the left where this opens to the right.
fn mirrored(character: char) -> Option<char> {
    const PAIRS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»')];
    PAIRS.iter().find_map(|&(one, other)| match character {
        found if found == one => Some(other),
        found if found == other => Some(one),
        _ => None,
    })
}

/// The pieces of one line in the order of drawing; nothing if that is the order of the text.
pub fn order(text: &str) -> Option<Vec<Piece>> {
    if text.is_ascii() || !text.chars().any(is_turned) {
        return None;
    }
    let info = BidiInfo::new(text, Some(Level::ltr()));
    let mut pieces = Vec::new();
    for paragraph in &info.paragraphs {
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            match levels.get(run.start).is_some_and(Level::is_rtl) {
                true => turn(text, run, &mut pieces),
                false => pieces.push(Piece { range: run, instead: None }),
            }
        }
    }
    Some(pieces)
}

/// The pieces of a run from right to left: words stay whole, since egui turns their letters.
fn turn(text: &str, run: Range<usize>, pieces: &mut Vec<Piece>) {
    let first = pieces.len();
    let mut was_turned = false;
    for (at, character) in text.get(run.clone()).unwrap_or_default().char_indices() {
        let range = run.start + at..run.start + at + character.len_utf8();
        let turned = is_turned(character) || matches!(character, '\u{200c}' | '\u{200d}');
        match pieces.last_mut() {
            Some(last) if turned && was_turned => last.range.end = range.end,
            _ => pieces.push(Piece { range, instead: mirrored(character) }),
        }
        was_turned = turned;
    }
    if let Some(turned) = pieces.get_mut(first..) {
        turned.reverse();
    }
}

/// A text of one line as it has to be drawn.
pub fn drawn(text: &str) -> Cow<'_, str> {
    let Some(pieces) = order(text) else { return Cow::Borrowed(text) };
    let mut drawn = String::with_capacity(text.len());
    for Piece { range, instead } in pieces {
        match instead {
            Some(character) => drawn.push(character),
            None => drawn.push_str(text.get(range).unwrap_or_default()),
        }
    }
    Cow::Owned(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_where_they_are_read() {
        assert!(matches!(drawn("plain, даже так 你好"), Cow::Borrowed(_)));
        assert_eq!(drawn("שלום"), "שלום");
        assert_eq!(drawn("אבג דהו"), "דהו אבג");
        assert_eq!(drawn("say אבג דהו, twice"), "say דהו אבג, twice");
        assert_eq!(drawn("אבג (דהו) זחט"), "זחט (דהו) אבג");
        assert_eq!(drawn("אבג 123 דהו"), "דהו 123 אבג");
        assert_eq!(drawn("عرب، مرحبا"), "مرحبا عرب،");
        assert_eq!(drawn("a_דהו_אבג"), "a_אבג_דהו");
    }

    #[test]
    fn each_byte_is_drawn_once() {
        for text in
            ["אבג (דהו) x 1 \u{202e}abc\u{202c} ع\u{64b}\u{200d}ر\u{2029}ב ג", "\u{590}", "א\n\nב"]
        {
            let mut pieces = order(text).unwrap();
            pieces.sort_by_key(|piece| piece.range.start);
            let mut end = 0;
            for piece in pieces {
                assert_eq!(piece.range.start, end, "{text:?}");
                end = piece.range.end;
            }
            assert_eq!(end, text.len());
        }
    }
}
