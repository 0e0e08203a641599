//! Fonts for scripts that the window's own fonts have no letters of.
//!
//! egui shapes text, and asks for a font when it first meets a character that none has. It asks while a
//! frame is drawn, so nothing is awaited there: the answer is what is known, and what is not is looked
//! for elsewhere. `system` asks the desktop, on a thread; `page` fetches files that lie beside the page,
//! and leaves to the browser what that draws as well. When a font arrives, egui is made to ask once more.
//! `bidi` puts what is written from right to left where it is read.

pub mod bidi;
#[cfg(any(target_arch = "wasm32", test))]
mod files;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(not(target_arch = "wasm32"))]
mod system;

use egui::epaint::text::FontInsert;
use egui::{FontData, FontFamily, FontTweak};
use skrifa::MetadataProvider as _;
use unicode_width::UnicodeWidthChar as _;

use super::tokens;

#[cfg(target_arch = "wasm32")]
pub(super) use page::Finder;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use system::Finder;

/// What is said of the first character that is shown as a box.
pub(super) fn missing(character: char) -> String {
    format!(
        "No font of this system has {character} (U+{:04X}): a box stands for it. The fonts named Noto have most \
         of what is written.",
        u32::from(character)
    )
}

/// Whether all characters of a family are equally wide.
fn is_mono(family: &FontFamily) -> bool {
    match family {
        FontFamily::Monospace => true,
        FontFamily::Proportional => false,
        FontFamily::Name(name) => &**name == tokens::MONO_BOLD,
    }
}

/// A font for a character of a family, if it has it. What a terminal gives two cells, such as an ideograph,
/// gets exactly two of a monospace family.
pub fn fitted(
    name: &str,
    data: &FontData,
    character: char,
    family: &FontFamily,
) -> Option<FontInsert> {
    let font = skrifa::FontRef::from_index(data.bytes(), data.index).ok()?;
    let glyph = font.charmap().map(character)?;
    let size = skrifa::instance::Size::new(1.0);
    let metrics = font.glyph_metrics(size, skrifa::instance::LocationRef::default());
    let width = metrics.advance_width(glyph).unwrap_or(0.0);
    let is_wide = character.width() == Some(2) && is_mono(family) && width > 0.0;
    let scale = if is_wide { 2.0 * tokens::MONO_EM / width } else { 1.0 };
    let (name, data) = match is_wide {
        // A name means one size.
        true => {
            let tweak = FontTweak { scale, ..FontTweak::default() };
            (format!("{name}, two cells"), data.clone().tweak(tweak))
        }
        false => (name.to_owned(), data.clone()),
    };
    Some(FontInsert::new(&name, data, Vec::new()))
}
