//! Colours, distances and fonts: the only place where they are written down.

use egui::epaint::Shadow;
use egui::style::{Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke,
    Style, TextStyle, Ui, Visuals, vec2,
};

/// Colours of one theme. What they are for is in their names; a value that changed is underlined
/// as well, so that nobody has to tell colours apart.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(missing_docs)] // named by what they are for
pub struct Tokens {
    pub dark: bool,
    pub background: Color32,
    pub panel: Color32,
    pub raised: Color32,
    pub line: Color32,
    pub text: Color32,
    pub weak: Color32,
    pub faint: Color32,
    pub accent: Color32,
    pub on_accent: Color32,
    /// Where the machine stands.
    pub pc: Color32,
    pub pc_row: Color32,
    pub caller_row: Color32,
    pub hover_row: Color32,
    pub selection: Color32,
    pub breakpoint: Color32,
    pub error: Color32,
    pub error_back: Color32,
    pub warning: Color32,
    /// What is answered from outside of all modules.
    pub host: Color32,
    /// What does not go on by itself.
    pub waiting: Color32,
    pub good: Color32,
    pub changed: Color32,
    pub read: Color32,
    pub written: Color32,
    pub i32: Color32,
    pub i64: Color32,
    pub f32: Color32,
    pub f64: Color32,
    pub v128: Color32,
    pub reference: Color32,
    pub op_control: Color32,
    pub op_call: Color32,
    pub op_memory: Color32,
    pub op_variable: Color32,
    pub op_constant: Color32,
    pub op_other: Color32,
    /// The 16 colours that programs name by number.
    pub terminal: [Color32; 16],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Dark theme.
pub const DARK: Tokens = Tokens {
    dark: true,
    background: rgb(0x0f1315),
    panel: rgb(0x14181b),
    raised: rgb(0x1e2428),
    line: rgb(0x2c353a),
    text: rgb(0xdfe5e7),
    weak: rgb(0x9aa7ad),
    faint: rgb(0x6a777d),
    accent: rgb(0x5fc4d6),
    on_accent: rgb(0x04222a),
    pc: rgb(0xc9e84e),
    pc_row: rgb(0x33400f),
    caller_row: rgb(0x23281c),
    hover_row: rgb(0x1b2225),
    selection: rgb(0x1d4b52),
    breakpoint: rgb(0xf0605a),
    error: rgb(0xff8a80),
    error_back: rgb(0x3c1c1c),
    warning: rgb(0xffe08a),
    host: rgb(0xc9a5ff),
    waiting: rgb(0x9cc4ff),
    good: rgb(0x7fd1a0),
    changed: rgb(0xffb454),
    read: rgb(0x5fd0d6),
    written: rgb(0xff9ac1),
    i32: rgb(0x8ab8ff),
    i64: rgb(0x5fd0d6),
    f32: rgb(0xd0a8ff),
    f64: rgb(0xf2a4d0),
    v128: rgb(0xb6d96c),
    reference: rgb(0x9ad28a),
    op_control: rgb(0xe8a0b8),
    op_call: rgb(0x7fd1a0),
    op_memory: rgb(0xff9ac1),
    op_variable: rgb(0x8ab8ff),
    op_constant: rgb(0xd0a8ff),
    op_other: rgb(0xdfe5e7),
    terminal: [
        rgb(0x2c353a),
        rgb(0xf0605a),
        rgb(0x6cc48e),
        rgb(0xd9a93c),
        rgb(0x6f9ff0),
        rgb(0xc48bf0),
        rgb(0x4fbcc2),
        rgb(0xc3ccd0),
        rgb(0x6a777d),
        rgb(0xff8a80),
        rgb(0x8fe3b0),
        rgb(0xf2cf6b),
        rgb(0x9dc2ff),
        rgb(0xdcb4ff),
        rgb(0x7fe3e8),
        rgb(0xffffff),
    ],
};

/// Light theme.
pub const LIGHT: Tokens = Tokens {
    dark: false,
    background: rgb(0xece8e1),
    panel: rgb(0xf9f7f3),
    raised: rgb(0xffffff),
    line: rgb(0xd5cfc4),
    text: rgb(0x1d2326),
    weak: rgb(0x535f65),
    faint: rgb(0x7d878c),
    accent: rgb(0x00687a),
    on_accent: rgb(0xffffff),
    pc: rgb(0x566800),
    pc_row: rgb(0xe3efab),
    caller_row: rgb(0xeff2dd),
    hover_row: rgb(0xefebe3),
    selection: rgb(0xbfe4e6),
    breakpoint: rgb(0xc8322b),
    error: rgb(0xa61b14),
    error_back: rgb(0xfbe3e0),
    warning: rgb(0x6e5a00),
    host: rgb(0x6a32a8),
    waiting: rgb(0x1f4fa8),
    good: rgb(0x1d6b3c),
    changed: rgb(0x964600),
    read: rgb(0x00707a),
    written: rgb(0xb0185f),
    i32: rgb(0x1d55b0),
    i64: rgb(0x00707a),
    f32: rgb(0x6b31b0),
    f64: rgb(0x9c1b70),
    v128: rgb(0x4a6310),
    reference: rgb(0x2f6b1d),
    op_control: rgb(0x9a2f55),
    op_call: rgb(0x1d6b3c),
    op_memory: rgb(0xb0185f),
    op_variable: rgb(0x1d55b0),
    op_constant: rgb(0x6b31b0),
    op_other: rgb(0x1d2326),
    terminal: [
        rgb(0x1d2326),
        rgb(0xa61b14),
        rgb(0x1d6b3c),
        rgb(0x8a5a00),
        rgb(0x1d55b0),
        rgb(0x8a2a9c),
        rgb(0x00707a),
        rgb(0xb9b3a8),
        rgb(0x636d72),
        rgb(0xc8322b),
        rgb(0x2a7f4a),
        rgb(0x9a6a00),
        rgb(0x2f6bd0),
        rgb(0xa03fb5),
        rgb(0x0a8089),
        rgb(0xffffff),
    ],
};

/// Colours of tasks, which take them by turns: other ones than those of modules, and apart from each other
/// for colour-blind eyes as well. A task's number is always beside them.
const TASKS_DARK: [Color32; 8] = [
    rgb(0x8fc7ee),
    rgb(0xe3a95f),
    rgb(0x6fc9a8),
    rgb(0xe8de86),
    rgb(0xd79bc0),
    rgb(0xaab4c8),
    rgb(0xd98a6a),
    rgb(0xb3a2ea),
];
const TASKS_LIGHT: [Color32; 8] = [
    rgb(0x1f6391),
    rgb(0x8a5510),
    rgb(0x0f6b50),
    rgb(0x6b6200),
    rgb(0x8d3f74),
    rgb(0x4c566b),
    rgb(0x9a3f1c),
    rgb(0x58439e),
];

/// Height of a row of code, memory or a list, in points.
pub const ROW: f32 = 18.0;
/// Distance between things that belong together.
pub const GAP: f32 = 4.0;
/// Distance between groups.
pub const GROUP: f32 = 10.0;
/// Distance between the cells of a dense grid.
pub const GRID: [f32; 2] = [10.0, 1.0];
/// Size of text.
pub const TEXT: f32 = 13.0;
/// Size of small text.
pub const SMALL: f32 = 11.0;
/// Width of a field for a word or an address.
pub const FIELD_WIDE: f32 = 150.0;
/// Indentation of what belongs to the line above.
pub const INDENT: f32 = 18.0;
/// Width of a monospace character of the usual size.
pub const MONO_WIDTH: f32 = TEXT * MONO_EM;
/// Width of a monospace character of size 1.
pub const MONO_EM: f32 = 0.6;
/// The family of bold monospace.
pub(super) const MONO_BOLD: &str = "mono-bold";
/// Where a column of indices ends.
pub const NUMBER: f32 = 44.0;
/// Height of the two lines under the toolbar.
pub const BANNER: f32 = 54.0;
/// Size of the button that is pressed most.
pub const LARGEST_BUTTON: [f32; 2] = [84.0, 26.0];
/// Room for what stands behind a module's name.
pub const TITLE_BUTTONS: f32 = 62.0;
/// Width of a long tooltip.
pub const TOOLTIP: f32 = 360.0;
/// Width of a field for a number.
pub const FIELD: f32 = 90.0;
/// Size of text over the whole window.
pub const LARGE: f32 = 22.0;
/// Width of the palette.
pub const PALETTE_WIDTH: f32 = 520.0;
/// Distance of the palette from the top.
pub const PALETTE_TOP: f32 = 60.0;
/// How long anything moves, in seconds.
pub const MOTION: f32 = 0.12;

impl Tokens {
    /// The tokens of the theme that `ui` is drawn in.
    pub fn of(ui: &Ui) -> &'static Tokens {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    /// The colour of a module, for text and lines.
    pub fn module(&self, hue: f32) -> Color32 {
        let (saturation, value) = if self.dark { (0.74, 0.94) } else { (0.92, 0.30) };
        egui::ecolor::Hsva::new(hue, saturation, value, 1.0).into()
    }

    /// The colour of a module, behind text.
    pub fn module_back(&self, hue: f32) -> Color32 {
        let (saturation, value) = if self.dark { (0.70, 0.055) } else { (0.22, 0.88) };
        egui::ecolor::Hsva::new(hue, saturation, value, 1.0).into()
    }

    /// The colour of a task, by its number.
    pub fn task(&self, number: u32) -> Color32 {
        let colors = if self.dark { &TASKS_DARK } else { &TASKS_LIGHT };
        let position = (number as usize + colors.len() - 1) % colors.len();
        colors.get(position).copied().unwrap_or(self.text)
    }

    /// Text on the colour of a task.
    pub fn on_task(&self) -> Color32 {
        if self.dark { self.background } else { self.raised }
    }

    /// The colour of values of a type.
    pub fn ty(&self, ty: stepwell_engine::ValType) -> Color32 {
        use stepwell_engine::ValType;
        match ty {
            ValType::I32 => self.i32,
            ValType::I64 => self.i64,
            ValType::F32 => self.f32,
            ValType::F64 => self.f64,
            ValType::V128 => self.v128,
            ValType::Ref(_) => self.reference,
        }
    }

    fn visuals(&self) -> Visuals {
        let base = if self.dark { Visuals::dark() } else { Visuals::light() };
        let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, line),
            corner_radius: CornerRadius::same(4),
            fg_stroke: Stroke::new(1.0, text),
            expansion: 0.0,
        };
        Visuals {
            override_text_color: None,
            widgets: Widgets {
                noninteractive: widget(self.panel, self.line, self.text),
                inactive: widget(self.raised, self.line, self.text),
                hovered: widget(self.raised, self.weak, self.text),
                active: widget(self.selection, self.accent, self.text),
                open: widget(self.raised, self.weak, self.text),
            },
            selection: Selection { bg_fill: self.selection, stroke: Stroke::new(1.0, self.text) },
            hyperlink_color: self.read,
            faint_bg_color: self.hover_row,
            extreme_bg_color: self.background,
            text_edit_bg_color: Some(self.background),
            code_bg_color: self.raised,
            warn_fg_color: self.warning,
            error_fg_color: self.error,
            weak_text_color: Some(self.weak),
            window_fill: self.raised,
            window_stroke: Stroke::new(1.0, self.line),
            window_corner_radius: CornerRadius::same(8),
            menu_corner_radius: CornerRadius::same(6),
            window_shadow: Shadow {
                offset: [0, 6],
                blur: 18,
                spread: 0,
                color: Color32::from_black_alpha(if self.dark { 120 } else { 50 }),
            },
            popup_shadow: Shadow {
                offset: [0, 3],
                blur: 10,
                spread: 0,
                color: Color32::from_black_alpha(if self.dark { 110 } else { 40 }),
            },
            panel_fill: self.panel,
            ..base
        }
    }
}

/// Contrast that text needs to be read, as a ratio of luminances.
pub const CONTRAST: f32 = 4.5;
/// Contrast of text that is meant to stand back.
pub const FAINT_CONTRAST: f32 = 3.0;

/// How much two colours stand out from each other: 1 to 21.
pub fn contrast(one: Color32, other: Color32) -> f32 {
    let luminance = |color: Color32| {
        let [red, green, blue, _] = egui::Rgba::from(color).to_array();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A colour for text, as near to `text` as can be read on `back`.
pub fn readable(text: Color32, back: Color32, wanted: f32) -> Color32 {
    if contrast(text, back) >= wanted {
        return text;
    }
    let ends = [Color32::WHITE, Color32::BLACK];
    let end = if contrast(ends[0], back) >= contrast(ends[1], back) { ends[0] } else { ends[1] };
    let (mut near, mut far) = (0.0, 1.0);
    for _ in 0..8 {
        let middle = (near + far) / 2.0;
        match contrast(text.lerp_to_gamma(end, middle), back) >= wanted {
            true => far = middle,
            false => near = middle,
        }
    }
    text.lerp_to_gamma(end, far)
}

/// Monospace text of the usual size: for values and code.
pub fn mono() -> FontId {
    FontId::monospace(TEXT)
}

/// Bold monospace.
pub fn mono_bold() -> FontId {
    FontId::new(TEXT, FontFamily::Name(MONO_BOLD.into()))
}

/// Small monospace.
pub fn mono_small() -> FontId {
    FontId::monospace(SMALL)
}

/// Semi-bold proportional text: for headings inside panels.
pub fn strong() -> FontId {
    FontId::new(TEXT, FontFamily::Name("strong".into()))
}

/// Sets fonts, both themes and distances of a window.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for (theme, tokens) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, tokens));
    }
}

fn apply(style: &mut Style, tokens: &Tokens) {
    style.visuals = tokens.visuals();
    style.animation_time = MOTION;
    style.spacing.item_spacing = vec2(6.0, GAP);
    style.spacing.button_padding = vec2(6.0, 2.0);
    style.spacing.interact_size.y = 22.0;
    style.spacing.window_margin = Margin::same(10);
    style.spacing.menu_margin = Margin::same(6);
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(SMALL)),
        (TextStyle::Body, FontId::proportional(TEXT)),
        (TextStyle::Button, FontId::proportional(TEXT)),
        (TextStyle::Heading, FontId::new(16.0, FontFamily::Name("strong".into()))),
        (TextStyle::Monospace, FontId::monospace(TEXT)),
    ]
    .into();
}

fn fonts() -> FontDefinitions {
    macro_rules! files {
        ($($name:literal),*) => {
            [$(($name, include_bytes!(concat!("../../../assets/fonts/", $name, ".ttf")).as_slice())),*]
        };
    }
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in files![
        "JetBrainsMono-Regular",
        "JetBrainsMono-Bold",
        "Inter-Regular",
        "Inter-SemiBold",
        "DejaVuSansMono-Symbols",
        "NotoSansSymbols2-Media"
    ] {
        fonts.font_data.insert(name.to_owned(), FontData::from_static(bytes).into());
    }
    for (family, first) in [
        (FontFamily::Monospace, "JetBrainsMono-Regular"),
        (FontFamily::Name(MONO_BOLD.into()), "JetBrainsMono-Bold"),
        (FontFamily::Proportional, "Inter-Regular"),
        (FontFamily::Name("strong".into()), "Inter-SemiBold"),
    ] {
        let list = [first, "DejaVuSansMono-Symbols", "NotoSansSymbols2-Media"];
        fonts.families.insert(family, list.map(str::to_owned).to_vec());
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEANINGS: usize = 7;

    fn meanings(tokens: &Tokens) -> [(&'static str, Color32); MEANINGS] {
        [
            ("changed", tokens.changed),
            ("pc", tokens.pc),
            ("host", tokens.host),
            ("waiting", tokens.waiting),
            ("control", tokens.op_control),
            ("accent", tokens.accent),
            ("error", tokens.error),
        ]
    }

    #[test]
    fn what_has_a_meaning_can_be_read_on_all_that_is_behind_it() {
        for tokens in [&DARK, &LIGHT] {
            for back in [tokens.panel, tokens.raised, tokens.pc_row, tokens.hover_row] {
                for (name, color) in meanings(tokens) {
                    // Errors have a row of their own.
                    let seen = contrast(color, back);
                    let dark = tokens.dark;
                    assert!(seen >= CONTRAST || name == "error", "{name}, dark {dark}: {seen}");
                }
                assert!(contrast(tokens.text, back) >= CONTRAST);
            }
            assert!(contrast(tokens.on_accent, tokens.accent) >= CONTRAST);
            assert!(contrast(tokens.error, tokens.error_back) >= CONTRAST);
        }
    }

    #[test]
    fn each_meaning_has_a_colour_of_its_own() {
        let distance = |one: Color32, other: Color32| {
            let parts = one.to_array().into_iter().zip(other.to_array());
            parts
                .map(|(one, other)| (f32::from(one) - f32::from(other)).powi(2))
                .sum::<f32>()
                .sqrt()
        };
        for tokens in [&DARK, &LIGHT] {
            let all = meanings(tokens);
            for (place, (name, color)) in all.iter().enumerate() {
                for (other, against) in all.iter().skip(place + 1) {
                    let apart = distance(*color, *against);
                    assert!(apart > 40.0, "{name} and {other}, dark {}: {apart}", tokens.dark);
                }
            }
        }
    }
}
