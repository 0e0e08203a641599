//! Cells of a terminal: how many a character takes, and where a line goes on in the next row.

use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

/// Cells of a character: two of an ideograph, none of what belongs to the character before it.
pub(super) fn width(character: char) -> usize {
    match character.is_ascii() {
        true => 1,
        false => character.width().unwrap_or(1),
    }
}

/// Rows that a text takes at a width in cells.
pub(super) fn rows(text: &str, columns: usize) -> u64 {
    match text.is_ascii() {
        true => text.len().div_ceil(columns.max(1)).max(1) as u64,
        false => parts(text, columns).count() as u64,
    }
}

/// The part of a text that stands in a row of it, in bytes.
pub(super) fn part(text: &str, row: u64, columns: usize) -> Range<usize> {
    let row = usize::try_from(row).unwrap_or(usize::MAX);
    if text.is_ascii() {
        let start = row.saturating_mul(columns.max(1)).min(text.len());
        return start..start.saturating_add(columns.max(1)).min(text.len());
    }
    parts(text, columns).nth(row).unwrap_or(text.len()..text.len())
}

/// The parts of a text in its rows, at least one. A character that has no room any more begins the next.
fn parts(text: &str, columns: usize) -> impl Iterator<Item = Range<usize>> {
    let mut rest = Some(0);
    std::iter::from_fn(move || {
        let start = rest?;
        let mut taken = 0;
        for (at, character) in text.get(start..)?.char_indices() {
            let width = width(character);
            // One that is wider than the panel stands alone.
            if at > 0 && taken + width > columns && width > 0 {
                rest = Some(start + at);
                return Some(start..start + at);
            }
            taken += width;
        }
        rest = None;
        Some(start..text.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, columns: usize) -> Vec<&str> {
        (0..rows(text, columns)).map(|row| &text[part(text, row, columns)]).collect()
    }

    #[test]
    fn a_line_goes_on_where_its_cells_are_full() {
        assert_eq!(shown("", 4), [""]);
        assert_eq!(shown("abcdefgh", 4), ["abcd", "efgh"]);
        assert_eq!(shown("abcdefghi", 4), ["abcd", "efgh", "i"]);
        assert_eq!(shown("äbcdé", 4), ["äbcd", "é"]);
        assert_eq!(shown("你好世界", 4), ["你好", "世界"]);
        assert_eq!(shown("a你好世", 4), ["a你", "好世"]);
        assert_eq!(shown("e\u{301}e\u{301}e", 2), ["e\u{301}e\u{301}", "e"]);
        assert_eq!(shown("你好", 1), ["你", "好"]);
        assert_eq!(shown("你好", 0), ["你", "好"]);
        assert_eq!(shown("你好 and more", usize::MAX), ["你好 and more"]);
        assert_eq!(part("你好", 7, 2), 6..6);
        assert_eq!(part("ab", u64::MAX, 2), 2..2);
    }

    #[test]
    fn cells_are_counted_as_terminals_do() {
        let widths = [("ab", 2), ("你好", 4), ("한", 2), ("🎉", 2), ("नमस\u{94d}", 3), ("", 0)];
        for (text, cells) in widths {
            assert_eq!(text.chars().map(width).sum::<usize>(), cells, "{text}");
        }
    }
}
