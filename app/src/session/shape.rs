//! How the 128 bits of a vector are divided into lanes, to be read and written.

use serde::{Deserialize, Serialize};
use stepwell_engine::Value;

use super::value_text::{F32, F64, digits, float, integer, untyped};

/// The lanes of a vector.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Shape {
    /// 16 integers of 8 bits.
    I8x16,
    /// 8 integers of 16 bits.
    I16x8,
    /// 4 integers of 32 bits.
    #[default]
    I32x4,
    /// 2 integers of 64 bits.
    I64x2,
    /// 4 floats of 32 bits.
    F32x4,
    /// 2 floats of 64 bits.
    F64x2,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Shape; 6] =
        [Shape::I8x16, Shape::I16x8, Shape::I32x4, Shape::I64x2, Shape::F32x4, Shape::F64x2];

    /// The text format's name.
    pub fn name(self) -> &'static str {
        match self {
            Shape::I8x16 => "i8x16",
            Shape::I16x8 => "i16x8",
            Shape::I32x4 => "i32x4",
            Shape::I64x2 => "i64x2",
            Shape::F32x4 => "f32x4",
            Shape::F64x2 => "f64x2",
        }
    }

    /// Bits of a lane.
    pub fn width(self) -> u32 {
        match self {
            Shape::I8x16 => 8,
            Shape::I16x8 => 16,
            Shape::I32x4 | Shape::F32x4 => 32,
            Shape::I64x2 | Shape::F64x2 => 64,
        }
    }

    /// The shape that a vector is shown in after this one.
    pub fn next(self) -> Self {
        let position = Self::ALL.iter().position(|shape| *shape == self).unwrap_or(0);
        Self::ALL[(position + 1) % Self::ALL.len()]
    }

    /// The lanes, lane 0 first, with a sign where they are integers.
    pub fn lanes(self, vector: u128) -> Vec<String> {
        let width = self.width();
        let lane = |lane: u32| {
            let bits = (vector >> (lane * width)) as u64;
            match self {
                Shape::I8x16 => (bits as i8).to_string(),
                Shape::I16x8 => (bits as i16).to_string(),
                Shape::I32x4 => (bits as i32).to_string(),
                Shape::I64x2 => (bits as i64).to_string(),
                Shape::F32x4 => untyped(&Value::F32(f32::from_bits(bits as u32))),
                Shape::F64x2 => untyped(&Value::F64(f64::from_bits(bits))),
            }
        };
        (0..128 / width).map(lane).collect()
    }

    /// The shape and the lanes, as [`parse_value`](super::parse_value) reads them.
    pub fn text(self, vector: u128) -> String {
        format!("{} {}", self.name(), self.lanes(vector).join(" "))
    }
}

/// Reads a shape and its lanes, lane 0 first, set apart by spaces or commas: `i32x4 1 2 3 4`,
/// `f64x2 0.5, inf`; or `0x` and up to 32 digits, all bits as one number.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn parse(text: &str) -> Result<u128, String> {
    let mut words = text
        .split(|letter: char| letter.is_whitespace() || letter == ',')
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let Some(shape) = Shape::ALL.into_iter().find(|shape| shape.name() == first) else {
        let hex = first.strip_prefix("0x").and_then(digits).filter(|_| words.next().is_none());
        let bits = hex.and_then(|hex| u128::from_str_radix(&hex, 16).ok());
        return bits.ok_or_else(|| {
            "a shape and its lanes are needed, as i32x4 1 2 3 4, or 0x and 32 digits".to_owned()
        });
    };
    let width = shape.width();
    let (mut vector, mut lanes) = (0, 0);
    for word in words {
        let lane = match shape {
            Shape::F32x4 => float(word, &F32),
            Shape::F64x2 => float(word, &F64),
            _ => integer(word, width),
        };
        let lane = lane.map_err(|problem| format!("lane {lanes}: {problem}"))?;
        if lanes < 128 / width {
            vector |= u128::from(lane & u64::MAX >> (64 - width)) << (lanes * width);
        }
        lanes += 1;
    }
    if lanes == 128 / width {
        Ok(vector)
    } else {
        Err(format!("{} has {} lanes, not {lanes}", shape.name(), 128 / width))
    }
}
