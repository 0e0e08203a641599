//! Conversions between number types (*Numerics, conversions*).
#![allow(missing_docs)] // named as in the specification

use super::float;
use crate::exec::TrapCode;

macro_rules! trunc {
    ($($name:ident, $sat:ident, $float:ty, $int:ty, $carrier:ty, $low:literal, $high:literal;)*) => {$(
        #[inline(always)]
        pub fn $name(a: $float) -> Result<$carrier, TrapCode> {
            // The bounds are the floats next outside the range that truncates into the integer.
            if a > $low && a < $high {
                Ok(a as $int as $carrier)
            } else if a.is_nan() {
                Err(TrapCode::InvalidConversionToInteger)
            } else {
                Err(TrapCode::IntegerOverflow)
            }
        }

        #[inline(always)]
        pub fn $sat(a: $float) -> $carrier {
            a as $int as $carrier
        }
    )*};
}

trunc! {
    i32_trunc_f32_s, i32_trunc_sat_f32_s, f32, i32, i32, -2147483904.0, 2147483648.0;
    i32_trunc_f32_u, i32_trunc_sat_f32_u, f32, u32, i32, -1.0, 4294967296.0;
    i32_trunc_f64_s, i32_trunc_sat_f64_s, f64, i32, i32, -2147483649.0, 2147483648.0;
    i32_trunc_f64_u, i32_trunc_sat_f64_u, f64, u32, i32, -1.0, 4294967296.0;
    i64_trunc_f32_s, i64_trunc_sat_f32_s, f32, i64, i64, -9223373136366403584.0, 9223372036854775808.0;
    i64_trunc_f32_u, i64_trunc_sat_f32_u, f32, u64, i64, -1.0, 18446744073709551616.0;
    i64_trunc_f64_s, i64_trunc_sat_f64_s, f64, i64, i64, -9223372036854777856.0, 9223372036854775808.0;
    i64_trunc_f64_u, i64_trunc_sat_f64_u, f64, u64, i64, -1.0, 18446744073709551616.0;
}

macro_rules! cast {
    ($($name:ident($from:ty as $via:ty) -> $to:ty;)*) => {$(
        #[inline(always)]
        pub fn $name(a: $from) -> $to {
            a as $via as $to
        }
    )*};
}

cast! {
    i32_wrap_i64(i64 as i64) -> i32;
    i64_extend_i32_s(i32 as i32) -> i64;
    i64_extend_i32_u(i32 as u32) -> i64;
    f32_convert_i32_s(i32 as i32) -> f32;
    f32_convert_i32_u(i32 as u32) -> f32;
    f32_convert_i64_s(i64 as i64) -> f32;
    f32_convert_i64_u(i64 as u64) -> f32;
    f64_convert_i32_s(i32 as i32) -> f64;
    f64_convert_i32_u(i32 as u32) -> f64;
    f64_convert_i64_s(i64 as i64) -> f64;
    f64_convert_i64_u(i64 as u64) -> f64;
}

#[inline(always)]
pub fn f32_demote_f64(a: f64) -> f32 {
    float::f32::canonical(a as f32)
}

#[inline(always)]
pub fn f64_promote_f32(a: f32) -> f64 {
    float::f64::canonical(f64::from(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_traps_just_outside_the_range() {
        assert_eq!(i32_trunc_f64_s(-2147483648.9), Ok(i32::MIN));
        assert_eq!(i32_trunc_f64_s(-2147483649.0), Err(TrapCode::IntegerOverflow));
        assert_eq!(i32_trunc_f32_u(-0.9), Ok(0));
        assert_eq!(i64_trunc_f64_s(-9223372036854775808.0), Ok(i64::MIN));
        assert_eq!(i64_trunc_f32_u(f32::NAN), Err(TrapCode::InvalidConversionToInteger));
    }
}
