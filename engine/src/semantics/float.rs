//! Float operators (*Numerics, floating-point operations*), with canonical NaNs.

macro_rules! rounding {
    ($float:ident, $($name:ident, $std:ident, $libm:ident);*) => {$(
        #[inline(always)]
        pub fn $name(a: $float) -> $float {
            #[cfg(feature = "std")]
            let rounded = a.$std();
            #[cfg(not(feature = "std"))]
            let rounded = libm::$libm(a);
            canonical(rounded)
        }
    )*};
}

macro_rules! float_ops {
    ($float:ident, $bits:ty, $canonical:literal, $sign:literal,
     $ceil:ident $floor:ident $trunc:ident $nearest:ident $sqrt:ident) => {
        #[allow(missing_docs)] // named as in the specification
        pub mod $float {
            type F = core::primitive::$float;

            /// Replaces any NaN by the positive quiet NaN with an empty payload.
            #[inline(always)]
            pub fn canonical(a: F) -> F {
                if a.is_nan() {
                    // A branch that is never taken delays nothing; a selection would.
                    core::hint::cold_path();
                    F::from_bits($canonical)
                } else {
                    a
                }
            }

            rounding!(
                $float,
                ceil, ceil, $ceil;
                floor, floor, $floor;
                trunc, trunc, $trunc;
                nearest, round_ties_even, $nearest
            );

            // The sign of the NaN that a negative number gives is the processor's choice. A
            // comparison of the floats would be optimised away: compilers take all NaNs for the same.
            #[inline(always)]
            pub fn sqrt(a: F) -> F {
                let bits = a.to_bits();
                if bits <= F::INFINITY.to_bits() || bits == $sign {
                    #[cfg(feature = "std")]
                    let root = a.sqrt();
                    #[cfg(not(feature = "std"))]
                    let root = libm::$sqrt(a);
                    root
                } else {
                    core::hint::cold_path();
                    F::from_bits($canonical)
                }
            }

            #[inline(always)]
            pub fn eq(a: F, b: F) -> bool {
                a == b
            }
            #[inline(always)]
            pub fn ne(a: F, b: F) -> bool {
                a != b
            }
            #[inline(always)]
            pub fn lt(a: F, b: F) -> bool {
                a < b
            }
            #[inline(always)]
            pub fn gt(a: F, b: F) -> bool {
                a > b
            }
            #[inline(always)]
            pub fn le(a: F, b: F) -> bool {
                a <= b
            }
            #[inline(always)]
            pub fn ge(a: F, b: F) -> bool {
                a >= b
            }
            // Sign operators work on bits, so that NaN payloads pass through as specified.
            #[inline(always)]
            pub fn abs(a: $bits) -> $bits {
                a & !$sign
            }
            #[inline(always)]
            pub fn neg(a: $bits) -> $bits {
                a ^ $sign
            }
            #[inline(always)]
            pub fn copysign(a: $bits, b: $bits) -> $bits {
                (a & !$sign) | (b & $sign)
            }
            #[inline(always)]
            pub fn add(a: F, b: F) -> F {
                canonical(a + b)
            }
            #[inline(always)]
            pub fn sub(a: F, b: F) -> F {
                canonical(a - b)
            }
            #[inline(always)]
            pub fn mul(a: F, b: F) -> F {
                canonical(a * b)
            }
            #[inline(always)]
            pub fn div(a: F, b: F) -> F {
                canonical(a / b)
            }
            #[inline(always)]
            pub fn min(a: F, b: F) -> F {
                if a < b {
                    a
                } else if b < a {
                    b
                } else if a == b {
                    // Of two zeros the negative one.
                    F::from_bits(a.to_bits() | b.to_bits())
                } else {
                    F::from_bits($canonical)
                }
            }
            #[inline(always)]
            pub fn max(a: F, b: F) -> F {
                if a > b {
                    a
                } else if b > a {
                    b
                } else if a == b {
                    // Of two zeros the positive one.
                    F::from_bits(a.to_bits() & b.to_bits())
                } else {
                    F::from_bits($canonical)
                }
            }
        }
    };
}

float_ops!(f32, u32, 0x7fc0_0000, 0x8000_0000, ceilf floorf truncf rintf sqrtf);
float_ops!(f64, u64, 0x7ff8_0000_0000_0000, 0x8000_0000_0000_0000, ceil floor trunc rint sqrt);

#[cfg(test)]
mod tests {
    #[test]
    fn nan_results_are_canonical() {
        let payload = f32::from_bits(0xffa0_1234);
        assert_eq!(super::f32::add(payload, 1.0).to_bits(), 0x7fc0_0000);
        assert_eq!(super::f32::min(payload, 1.0).to_bits(), 0x7fc0_0000);
        assert_eq!(super::f64::sqrt(-1.0).to_bits(), 0x7ff8_0000_0000_0000);
        assert_eq!(super::f32::neg(payload.to_bits()), 0x7fa0_1234);
    }

    #[test]
    fn zeros_keep_their_order() {
        assert_eq!(super::f64::min(0.0, -0.0).to_bits(), (-0.0f64).to_bits());
        assert_eq!(super::f64::max(-0.0, 0.0).to_bits(), 0.0f64.to_bits());
        assert_eq!(super::f64::nearest(-0.5).to_bits(), (-0.0f64).to_bits());
        assert_eq!(super::f64::nearest(2.5), 2.0);
    }
}
