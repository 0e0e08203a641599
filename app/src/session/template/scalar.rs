//! Numbers in memory: how bytes are read as one, and what a text means in bytes.

use stepwell_engine::{ValType, Value};

use super::super::value_text::{parse_value, untyped};

/// How a number is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scalar {
    /// Of so many bytes.
    Signed(usize),
    /// Of so many bytes.
    Unsigned(usize),
    /// Of 4 or 8 bytes.
    Float(usize),
}

impl Scalar {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 10] = [
        ("i8", Self::Signed(1)),
        ("u8", Self::Unsigned(1)),
        ("i16", Self::Signed(2)),
        ("u16", Self::Unsigned(2)),
        ("i32", Self::Signed(4)),
        ("u32", Self::Unsigned(4)),
        ("i64", Self::Signed(8)),
        ("u64", Self::Unsigned(8)),
        ("f32", Self::Float(4)),
        ("f64", Self::Float(8)),
    ];

    /// How many bytes it takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Signed(bytes) | Self::Unsigned(bytes) | Self::Float(bytes) => bytes,
        }
    }

    /// The bits that the first bytes are; nothing beyond the end of the memory.
    pub(super) fn bits(self, bytes: &[u8], big: bool) -> Option<u64> {
        let mut wide = [0; 8];
        for (index, target) in wide.iter_mut().take(self.bytes()).enumerate() {
            let from = if big { self.bytes() - 1 - index } else { index };
            *target = *bytes.get(from)?;
        }
        Some(u64::from_le_bytes(wide))
    }

    /// The number in little or big endian; nothing beyond the end of the memory.
    pub fn read(self, bytes: &[u8], big: bool) -> Option<String> {
        let bits = self.bits(bytes, big)?;
        let shift = 64 - 8 * self.bytes() as u32;
        Some(match self {
            Self::Signed(_) => (((bits << shift) as i64) >> shift).to_string(),
            Self::Unsigned(_) => bits.to_string(),
            Self::Float(4) => untyped(&Value::F32(f32::from_bits(bits as u32))),
            Self::Float(_) => untyped(&Value::F64(f64::from_bits(bits))),
        })
    }

    /// The bytes that a text means, little end first.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn write(self, text: &str) -> Result<Vec<u8>, String> {
        let ty = match self {
            Self::Float(4) => ValType::F32,
            Self::Float(_) => ValType::F64,
            _ => ValType::I64,
        };
        let bits = parse_value(ty, text)?.to_bits() as u64;
        let bytes = self.bytes();
        let unused = 64 - 8 * bytes as u32;
        let fits = match self {
            Self::Float(_) => true,
            Self::Unsigned(_) => {
                let negative = text.trim().starts_with('-') && bits != 0;
                !negative && bits << unused >> unused == bits
            }
            Self::Signed(_) => (((bits << unused) as i64) >> unused) as u64 == bits,
        };
        if !fits {
            return Err(format!("does not fit in {} bits", bytes * 8));
        }
        Ok(bits.to_le_bytes().into_iter().take(bytes).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn numbers_are_read_in_both_orders() {
        let bytes = [0xff, 0x01, 0, 0, 0, 0, 0, 0x80];
        let read = |scalar: Scalar, big| scalar.read(&bytes, big).unwrap();
        assert_eq!(read(Scalar::Signed(1), false), "-1");
        assert_eq!(read(Scalar::Unsigned(2), false), "511");
        assert_eq!(read(Scalar::Unsigned(2), true), "65281");
        assert_eq!(read(Scalar::Signed(8), false), "-9223372036854775297");
        assert_eq!(Scalar::Float(4).read(&1.5f32.to_le_bytes(), false).unwrap(), "1.5");
        assert_eq!(Scalar::Signed(8).read(&bytes[1..], false), None);
    }

    #[test]
    fn what_is_written_fits_its_width() {
        assert_eq!(Scalar::Signed(2).write("-2"), Ok(vec![0xfe, 0xff]));
        assert_eq!(Scalar::Unsigned(1).write("0xff"), Ok(vec![0xff]));
        assert_eq!(Scalar::Float(8).write("1"), Ok(1f64.to_le_bytes().to_vec()));
        assert!(Scalar::Unsigned(1).write("256").is_err());
        assert!(Scalar::Unsigned(1).write("-1").is_err());
        assert!(Scalar::Unsigned(8).write("-1").is_err());
        assert!(Scalar::Signed(1).write("128").is_err());
        assert!(Scalar::Signed(4).write("x").is_err());
    }
}
