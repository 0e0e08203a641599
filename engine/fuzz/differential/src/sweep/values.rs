//! Types of operands, and the values at which something changes.

use std::fmt::Write as _;

use crate::plain::Plain;

/// The type of an operand or result that is given as a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ty {
    I32,
    I64,
    F32,
    F64,
    V128,
}

const I32: [i64; 28] = [
    0,
    1,
    -1,
    2,
    -2,
    7,
    8,
    31,
    32,
    33,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x100,
    -0x80,
    -0x81,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x7fff_fffe,
    -0x8000_0000,
    -0x7fff_ffff,
    0x5555_5555,
    0x0102_8304,
];

/// Those that 32 bits do not hold.
const I64: [u64; 16] = [
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x8000_0000,
    0xffff_ffff_7fff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_fffe,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0001,
    0x20_0000_0000_0000,
    0x20_0000_0000_0001,
    0x40_0000_0000_0003,
    0x7fff_ffff_ffff_fc01,
    0xffff_ffff_ffff_fbff,
    0x5555_5555_5555_5555,
    0x0102_0384_0506_0788,
];

/// Bits of floats without a sign; each is tried with either.
const F32: [u32; 29] = [
    0,
    1,
    0x007f_ffff,
    0x0080_0000,
    0x3eff_ffff,
    0x3f00_0000,
    0x3f7f_ffff,
    0x3f80_0000,
    0x3f80_0001,
    0x3fc0_0000,
    0x4020_0000,
    0x4000_0000,
    0x4aff_ffff,
    0x4b00_0001,
    0x4b7f_ffff,
    0x4eff_ffff,
    0x4f00_0000,
    0x4f00_0001,
    0x4f7f_ffff,
    0x4f80_0000,
    0x5eff_ffff,
    0x5f00_0000,
    0x5f7f_ffff,
    0x5f80_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0x7fc0_0000,
    0x7f80_0001,
    0x7fea_aaaa,
];
const F64: [u64; 40] = [
    0,
    1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3690_0000_0000_0000,
    0x36a0_0000_0000_0000,
    0x380f_ffff_e000_0000,
    0x3fdf_ffff_ffff_ffff,
    0x3fe0_0000_0000_0000,
    0x3fef_ffff_ffff_ffff,
    0x3ff0_0000_0000_0000,
    0x3ff0_0000_0000_0001,
    0x3ff0_0000_1000_0000,
    0x3ff8_0000_0000_0000,
    0x4004_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
    0x41df_ffff_ffe0_0000,
    0x41df_ffff_ffff_ffff,
    0x41e0_0000_0000_0000,
    0x41e0_0000_0010_0000,
    0x41e0_0000_0020_0000,
    0x41ef_ffff_ffe0_0000,
    0x41ef_ffff_ffff_ffff,
    0x41f0_0000_0000_0000,
    0x432f_ffff_ffff_ffff,
    0x4330_0000_0000_0001,
    0x4340_0000_0000_0000,
    0x43df_ffff_ffff_ffff,
    0x43e0_0000_0000_0000,
    0x43e0_0000_0000_0001,
    0x43ef_ffff_ffff_ffff,
    0x43f0_0000_0000_0000,
    0x47ef_ffff_e000_0000,
    0x47ef_ffff_f000_0000,
    0x47ef_ffff_efff_ffff,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0x7ffd_5555_5555_5555,
];

impl Ty {
    pub(super) fn name(self) -> &'static str {
        match self {
            Ty::I32 => "i32",
            Ty::I64 => "i64",
            Ty::F32 => "f32",
            Ty::F64 => "f64",
            Ty::V128 => "v128",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128].into_iter().find(|ty| ty.name() == name)
    }

    /// A number as a value of this type: of floats and vectors, the bits.
    pub(super) fn value(self, number: i128) -> Plain {
        match self {
            Ty::I32 => Plain::I32(number as u32),
            Ty::I64 => Plain::I64(number as u64),
            Ty::F32 => Plain::F32(number as u32),
            Ty::F64 => Plain::F64(number as u64),
            Ty::V128 => Plain::V128(number as u128),
        }
    }

    /// Where something changes.
    pub(super) fn edges(self) -> Vec<Plain> {
        match self {
            Ty::I32 => I32.iter().map(|number| self.value((*number).into())).collect(),
            Ty::I64 => {
                let small = I32.iter().map(|number| self.value((*number).into()));
                small.chain(I64.iter().map(|bits| Plain::I64(*bits))).collect()
            }
            Ty::F32 => {
                F32.iter().flat_map(|bits| [*bits, *bits | 1 << 31]).map(Plain::F32).collect()
            }
            Ty::F64 => {
                F64.iter().flat_map(|bits| [*bits, *bits | 1 << 63]).map(Plain::F64).collect()
            }
            Ty::V128 => vectors(),
        }
    }
}

/// Vectors whose lanes of each width go through the edges of that width.
fn vectors() -> Vec<Plain> {
    const BYTES: [u8; 19] =
        [0, 1, 0xff, 2, 0xfe, 0x7f, 0x80, 0x81, 0x55, 7, 8, 9, 15, 16, 17, 31, 32, 0x40, 0xc0];
    const SHORTS: [u16; 13] =
        [0, 1, 0xffff, 0x7fff, 0x8000, 0x8001, 0xff, 0x100, 0x80, 0xff80, 0xff7f, 0x5555, 2];
    let mut all = vec![0, u128::MAX];
    all.extend(windows(&BYTES.map(u128::from), 8));
    all.extend(windows(&SHORTS.map(u128::from), 16));
    all.extend(windows(&I32.map(|number| u128::from(number as u32)), 32));
    all.extend(windows(&I64.map(u128::from), 64));
    let floats: Vec<_> =
        F32.iter().flat_map(|bits| [*bits, *bits | 1 << 31]).map(u128::from).collect();
    all.extend(windows(&floats, 32));
    let floats: Vec<_> =
        F64.iter().flat_map(|bits| [*bits, *bits | 1 << 63]).map(u128::from).collect();
    all.extend(windows(&floats, 64));
    all.into_iter().map(Plain::V128).collect()
}

/// The lanes one after the other, a vector after the other, until each has been there.
fn windows(lanes: &[u128], width: usize) -> impl Iterator<Item = u128> {
    let count = 128 / width;
    (0..lanes.len().div_ceil(count)).map(move |at| {
        let lane = |lane: usize| lanes[(at * count + lane) % lanes.len()] << (lane * width);
        (0..count).map(lane).sum()
    })
}

/// An instruction that gives the value.
pub(super) fn constant(value: Plain) -> String {
    match value {
        Plain::I32(bits) => format!("(i32.const {})", bits as i32),
        Plain::I64(bits) => format!("(i64.const {})", bits as i64),
        Plain::F32(bits) => {
            let float = f32::from_bits(bits);
            format!(
                "(f32.const {})",
                float_text(float.is_nan(), bits >> 31 == 1, float.abs(), bits & 0x7f_ffff)
            )
        }
        Plain::F64(bits) => {
            let float = f64::from_bits(bits);
            let payload = bits & 0xf_ffff_ffff_ffff;
            format!(
                "(f64.const {})",
                float_text(float.is_nan(), bits >> 63 == 1, float.abs(), payload)
            )
        }
        Plain::V128(bits) => {
            let mut text = String::from("(v128.const i64x2");
            let _ = write!(text, " {} {})", bits as i64, (bits >> 64) as i64);
            text
        }
        _ => String::from("(unreachable)"),
    }
}

fn float_text(
    nan: bool,
    negative: bool,
    magnitude: impl std::fmt::LowerExp,
    payload: impl std::fmt::LowerHex,
) -> String {
    let sign = if negative { "-" } else { "" };
    match nan {
        true => format!("{sign}nan:0x{payload:x}"),
        false => format!("{sign}{magnitude:e}"),
    }
}
