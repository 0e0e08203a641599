//! Floats in hex, as `1.8p3`, rounded to the nearest value, halves to even.

/// Bits kept of the digits; what is below only tells whether it was zero.
const KEPT: u32 = 60;

/// The bits of the float with `fraction` bits of fraction (23 or 52) that is nearest to the digits
/// behind `0x`; infinity if that is too large. `None` if they are not a number.
pub(super) fn parse(text: &str, fraction: u32) -> Option<u64> {
    let (digits, exponent) = match text.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = without_underscores(whole)?;
    let part = without_underscores(part)?;
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let mut mantissa = 0u64;
    let mut scale = exponent.saturating_sub(4 * i64::try_from(part.len()).ok()?);
    for digit in whole.chars().chain(part.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        if mantissa >> (KEPT - 4) == 0 {
            mantissa = mantissa << 4 | digit;
        } else {
            mantissa |= u64::from(digit != 0);
            scale = scale.saturating_add(4);
        }
    }
    Some(nearest(mantissa, scale, fraction))
}

fn exponent_of(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Beyond this nothing changes any more.
    let value = digits.parse::<i64>().unwrap_or(i64::MAX).min(1 << 40);
    Some(if negative { -value } else { value })
}

fn without_underscores(text: &str) -> Option<String> {
    let misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    (!misplaced).then(|| text.replace('_', ""))
}

/// `mantissa * 2^scale` as a float; the lowest bit of a full mantissa may stand for more below it.
fn nearest(mantissa: u64, scale: i64, fraction: u32) -> u64 {
    if mantissa == 0 {
        return 0;
    }
    let bias = if fraction == 23 { 127 } else { 1023 };
    let exponent_bits = if fraction == 23 { 0xff } else { 0x7ff };
    // The highest bit to bit 63, so that the value is 1.xxx * 2^exponent.
    let shift = mantissa.leading_zeros();
    let mantissa = mantissa << shift;
    let exponent = scale.saturating_add(63 - i64::from(shift));
    let infinity = exponent_bits << fraction;
    if exponent > bias {
        return infinity;
    }
    // How many low bits go; subnormals lose more.
    let below = (1 - bias).saturating_sub(exponent).max(0);
    let dropped = i64::from(63 - fraction).saturating_add(below);
    let (kept, rest, half) = match dropped {
        0..=63 => (mantissa >> dropped, mantissa & ((1u64 << dropped) - 1), 1u64 << (dropped - 1)),
        64 => (0, mantissa, 1u64 << 63),
        _ => return 0,
    };
    let up = rest > half || (rest == half && kept & 1 == 1);
    let biased = if below > 0 { 0 } else { (exponent + bias) as u64 };
    // A normal number's leading one adds one to the exponent, hence the one less; rounding up may
    // carry into the exponent, which is right as well.
    let base = if below > 0 { 0 } else { (biased - 1) << fraction };
    base + kept + u64::from(up)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn f32_of(text: &str) -> f32 {
        f32::from_bits(parse(text, 23).unwrap() as u32)
    }

    fn f64_of(text: &str) -> f64 {
        f64::from_bits(parse(text, 52).unwrap())
    }

    #[test]
    fn exact_values() {
        assert_eq!(f64_of("1"), 1.0);
        assert_eq!(f64_of("1.8p3"), 12.0);
        assert_eq!(f64_of(".8"), 0.5);
        assert_eq!(f64_of("1p-1074"), f64::from_bits(1));
        assert_eq!(f64_of("1.fffffffffffffp1023"), f64::MAX);
        assert_eq!(f32_of("1.fffffep127"), f32::MAX);
        assert_eq!(f32_of("1p-149"), f32::from_bits(1));
        assert_eq!(f32_of("0p5"), 0.0);
        assert_eq!(f64_of("1.0000000000000000000000000p0"), 1.0);
    }

    #[test]
    fn rounding_is_to_nearest_even() {
        assert_eq!(f32_of("1.000001p0"), 1.0);
        assert_eq!(f32_of("1.0000010000000000000001p0"), f32::from_bits(0x3f80_0001));
        assert_eq!(f32_of("1.000003p0"), f32::from_bits(0x3f80_0002));
        assert_eq!(f32_of("1p-150"), 0.0);
        assert_eq!(f32_of("1.8p-150"), f32::from_bits(1));
        assert_eq!(f32_of("1.8p-149"), f32::from_bits(2));
        assert_eq!(f32_of("0.ffffffp-126"), f32::MIN_POSITIVE);
        assert_eq!(f32_of("1p-151"), 0.0);
    }

    #[test]
    fn too_large_is_infinite_and_too_small_is_zero() {
        assert_eq!(f32_of("1p128"), f32::INFINITY);
        assert_eq!(f32_of("1.ffffffp127"), f32::INFINITY);
        assert_eq!(f64_of("1p99999999999999999999"), f64::INFINITY);
        assert_eq!(f64_of("1p-99999999999999999999"), 0.0);
    }

    #[test]
    fn every_double_written_in_hex_is_itself() {
        let mut bits = 0x2545_f491_4f6c_dd1du64;
        for _ in 0..20_000 {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            let value = f64::from_bits(bits & !(1 << 63));
            if !value.is_finite() {
                continue;
            }
            let (mantissa, exponent) = match bits >> 52 & 0x7ff {
                0 => (bits & ((1 << 52) - 1), -1074),
                biased => (bits & ((1 << 52) - 1) | 1 << 52, biased as i64 - 1075),
            };
            assert_eq!(f64_of(&format!("{mantissa:x}p{exponent}")).to_bits(), value.to_bits());
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", ".", "p1", "g", "1p", "1p+", "1px", "_1", "1_", "1._8"] {
            assert_eq!(parse(text, 52), None, "{text}");
        }
    }
}
