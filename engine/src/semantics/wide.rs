//! Wide arithmetic: numbers of 128 bits as pairs of `i64`, the lower half first.

/// The sum, without what does not fit.
pub fn add(a: u128, b: u128) -> u128 {
    a.wrapping_add(b)
}

/// The difference, without what does not fit.
pub fn sub(a: u128, b: u128) -> u128 {
    a.wrapping_sub(b)
}

/// The product of the halves, as numbers with a sign.
pub fn mul_s(factors: u128) -> u128 {
    (i128::from(factors as i64) * i128::from((factors >> 64) as i64)) as u128
}

/// The product of the halves, as numbers without a sign.
pub fn mul_u(factors: u128) -> u128 {
    u128::from(factors as u64) * (factors >> 64)
}
