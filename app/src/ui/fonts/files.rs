//! The fonts that lie beside the page, and what each is for; see `assets/fonts/writing`.

use std::ops::RangeInclusive;

/// A file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: &'static str,
    /// Browsers draw what needs no shaping as well, if they have a font for it: then it is not fetched.
    pub(super) is_last_resort: bool,
    blocks: &'static [RangeInclusive<char>],
}

pub(super) const FILES: [File; 7] = [
    File {
        name: "arabic.ttf",
        is_last_resort: false,
        blocks: &[
            '\u{600}'..='\u{6ff}',
            '\u{750}'..='\u{77f}',
            '\u{870}'..='\u{8ff}',
            '\u{fb50}'..='\u{fdff}',
            '\u{fe70}'..='\u{fefc}',
        ],
    },
    File {
        name: "hebrew.ttf",
        is_last_resort: false,
        blocks: &['\u{591}'..='\u{5f4}', '\u{fb1d}'..='\u{fb4f}'],
    },
    File {
        name: "devanagari.ttf",
        is_last_resort: false,
        blocks: &['\u{900}'..='\u{97f}', '\u{1cd0}'..='\u{1cf9}', '\u{a8e0}'..='\u{a8ff}'],
    },
    File { name: "thai.ttf", is_last_resort: false, blocks: &['\u{e01}'..='\u{e5b}'] },
    File {
        name: "hangul.otf",
        is_last_resort: true,
        blocks: &['\u{1100}'..='\u{11ff}', '\u{3131}'..='\u{318e}', '\u{ac00}'..='\u{d7a3}'],
    },
    File {
        name: "han.otf",
        is_last_resort: true,
        blocks: &[
            '\u{3000}'..='\u{30ff}',
            '\u{31f0}'..='\u{31ff}',
            '\u{4e00}'..='\u{9fff}',
            '\u{ff01}'..='\u{ffee}',
        ],
    },
    File {
        name: "emoji.ttf",
        is_last_resort: true,
        blocks: &['\u{231a}'..='\u{23f3}', '\u{2600}'..='\u{27bf}', '\u{1f000}'..='\u{1faff}'],
    },
];

/// The place in [`FILES`] of the one that a character may be in.
pub(super) fn file_of(character: char) -> Option<usize> {
    FILES.iter().position(|file| file.blocks.iter().any(|block| block.contains(&character)))
}

#[cfg(test)]
mod tests {
    use egui::{FontData, FontFamily};

    use super::*;
    use crate::ui::fonts::fitted;

    fn data(file: &File) -> FontData {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/fonts/writing/");
        FontData::from_owned(std::fs::read(format!("{folder}{}", file.name)).unwrap())
    }

    #[test]
    fn each_file_has_the_letters_it_is_fetched_for() {
        let texts = ["عرب", "שלום", "नम\u{94d}क", "กขไ", "한국각", "你好世界ひカ語、", "🎉🦀☂"];
        for (file, text) in FILES.iter().zip(texts) {
            let data = data(file);
            // What has to be shaped is not left to the browser, which is asked letter by letter.
            let is_shaped = !["hangul.otf", "han.otf", "emoji.ttf"].contains(&file.name);
            assert_eq!(file.is_last_resort, !is_shaped);
            for character in text.chars() {
                let found = file_of(character).map(|place| FILES[place].name);
                assert_eq!(found, Some(file.name), "{character}");
                let family = FontFamily::Proportional;
                assert!(fitted(file.name, &data, character, &family).is_some(), "{character}");
            }
        }
    }

    #[test]
    fn what_takes_two_cells_of_a_terminal_is_two_characters_wide() {
        for (place, character, is_wide) in [(5, '你', true), (4, '한', true), (1, 'ש', false)] {
            let (name, data) = (FILES[place].name, data(&FILES[place]));
            let mono = fitted(name, &data, character, &FontFamily::Monospace).unwrap();
            let plain = fitted(name, &data, character, &FontFamily::Proportional).unwrap();
            assert_eq!(plain.data.tweak.scale, 1.0);
            assert_eq!(mono.data.tweak.scale != 1.0, is_wide, "{character}");
            assert_eq!(mono.name != plain.name, is_wide);
        }
    }
}
