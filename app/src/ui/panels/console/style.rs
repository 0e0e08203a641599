//! How text of the console looks: what escape sequences have set, and where the text came from.

use egui::Color32;
use vte::Params;

use crate::session::ConsoleStream;
use crate::ui::tokens::{self, Tokens};

/// A colour as a program names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Color {
    /// That of the stream, on that of the panel.
    #[default]
    Usual,
    /// One of the 256.
    Numbered(u8),
    Rgb(u8, u8, u8),
}

/// Whether text is bold, and so on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Effects {
    pub(super) bold: bool,
    pub(super) dim: bool,
    pub(super) italic: bool,
    pub(super) underline: bool,
    pub(super) inverse: bool,
    pub(super) struck: bool,
}

/// The style of a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Style {
    pub(super) stream: ConsoleStream,
    pub(super) front: Color,
    pub(super) back: Color,
    pub(super) effects: Effects,
}

/// A style in colours of a theme.
pub(super) struct Paint {
    pub(super) text: Color32,
    /// Absent where the panel shows.
    pub(super) back: Option<Color32>,
}

impl Style {
    /// Text as it is without escape sequences.
    pub(super) fn plain(stream: ConsoleStream) -> Self {
        let (front, back, effects) = Default::default();
        Self { stream, front, back, effects }
    }

    /// Takes up the parameters of `CSI … m`.
    pub(super) fn select(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            let Some(code) = param.first().copied() else { continue };
            match code {
                0 => *self = Self::plain(self.stream),
                1 => self.effects.bold = true,
                2 => self.effects.dim = true,
                3 => self.effects.italic = true,
                4 => self.effects.underline = param.get(1) != Some(&0),
                7 => self.effects.inverse = true,
                9 => self.effects.struck = true,
                21 => self.effects.underline = true,
                22 => (self.effects.bold, self.effects.dim) = (false, false),
                23 => self.effects.italic = false,
                24 => self.effects.underline = false,
                27 => self.effects.inverse = false,
                29 => self.effects.struck = false,
                30..=37 => self.front = Color::Numbered((code - 30) as u8),
                39 => self.front = Color::Usual,
                40..=47 => self.back = Color::Numbered((code - 40) as u8),
                49 => self.back = Color::Usual,
                90..=97 => self.front = Color::Numbered((code - 90 + 8) as u8),
                100..=107 => self.back = Color::Numbered((code - 100 + 8) as u8),
                38 | 48 => {
                    // With colons all of it is one parameter, with semicolons the rest follows.
                    let color = match param.get(1..).filter(|rest| !rest.is_empty()) {
                        Some(rest) => extended(&mut rest.iter().copied(), rest.len() > 4),
                        None => {
                            let mut rest = params.by_ref().filter_map(|param| param.first());
                            extended(&mut rest.by_ref().copied(), false)
                        }
                    };
                    match (code, color) {
                        (38, Some(color)) => self.front = color,
                        (_, Some(color)) => self.back = color,
                        (_, None) => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// Its colours in a theme, readable whatever the program chose.
    pub(super) fn paint(&self, tokens: &Tokens) -> Paint {
        let back = self.back.of(tokens, false);
        let front = self.front.of(tokens, self.effects.bold);
        let front = front.unwrap_or_else(|| usual(self.stream, tokens));
        let (front, back) = match self.effects.inverse {
            true => (back.unwrap_or(tokens.panel), Some(front)),
            false => (front, back),
        };
        let behind = back.unwrap_or(tokens.panel);
        let wanted = if self.effects.dim { tokens::FAINT_CONTRAST } else { tokens::CONTRAST };
        let front = if self.effects.dim { front.lerp_to_gamma(behind, 0.35) } else { front };
        Paint { text: tokens::readable(front, behind, wanted), back }
    }
}

impl Color {
    fn of(self, tokens: &Tokens, bold: bool) -> Option<Color32> {
        match self {
            Color::Usual => None,
            // Bold was how programs asked for the brighter half.
            Color::Numbered(number @ 0..8) if bold => numbered(number + 8, tokens),
            Color::Numbered(number) => numbered(number, tokens),
            Color::Rgb(red, green, blue) => Some(Color32::from_rgb(red, green, blue)),
        }
    }
}

/// `5;n` or `2;r;g;b`; with colons a colour space may stand before the three.
fn extended(rest: &mut dyn Iterator<Item = u16>, has_space: bool) -> Option<Color> {
    let byte = |value: u16| u8::try_from(value).ok();
    match rest.next()? {
        5 => Some(Color::Numbered(byte(rest.next()?)?)),
        2 => {
            if has_space {
                rest.next()?;
            }
            let mut part = || byte(rest.next()?);
            Some(Color::Rgb(part()?, part()?, part()?))
        }
        _ => None,
    }
}

/// The colour of text without escape sequences.
pub(super) fn usual(stream: ConsoleStream, tokens: &Tokens) -> Color32 {
    match stream {
        ConsoleStream::Output => tokens.text,
        ConsoleStream::Error => tokens.error,
        ConsoleStream::Input => tokens.accent,
        ConsoleStream::Log => tokens.read,
    }
}

/// One of the 256: 16 of the theme, a cube of 6 by 6 by 6, 24 greys.
fn numbered(number: u8, tokens: &Tokens) -> Option<Color32> {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match number {
        0..16 => tokens.terminal.get(usize::from(number)).copied(),
        16..232 => {
            let cube = usize::from(number - 16);
            let step = |place: usize| STEPS.get(place % 6).copied();
            Some(Color32::from_rgb(step(cube / 36)?, step(cube / 6)?, step(cube)?))
        }
        232.. => Some(Color32::from_gray(8 + 10 * (number - 232))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read_on_every_other() {
        let colors = (0..=255).map(Color::Numbered).chain([Color::Usual, Color::Rgb(1, 2, 3)]);
        for tokens in [&tokens::DARK, &tokens::LIGHT] {
            for front in colors.clone() {
                for back in [Color::Usual, Color::Numbered(0), Color::Numbered(11), front] {
                    let style = Style { front, back, ..Style::plain(ConsoleStream::Output) };
                    let paint = style.paint(tokens);
                    let behind = paint.back.unwrap_or(tokens.panel);
                    let contrast = tokens::contrast(paint.text, behind);
                    assert!(
                        contrast >= tokens::CONTRAST - 0.05,
                        "{front:?} on {back:?}: {contrast}"
                    );
                }
            }
        }
    }
}
