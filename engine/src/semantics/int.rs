//! Integer operators (*Numerics, integer operations*).

use crate::exec::TrapCode;

macro_rules! int_ops {
    ($module:ident, $signed:ty, $unsigned:ty) => {
        #[allow(missing_docs)] // named as in the specification
        pub mod $module {
            use super::TrapCode;

            type S = $signed;
            type U = $unsigned;

            #[inline(always)]
            pub fn eqz(a: S) -> bool {
                a == 0
            }
            #[inline(always)]
            pub fn eq(a: S, b: S) -> bool {
                a == b
            }
            #[inline(always)]
            pub fn ne(a: S, b: S) -> bool {
                a != b
            }
            #[inline(always)]
            pub fn lt_s(a: S, b: S) -> bool {
                a < b
            }
            #[inline(always)]
            pub fn lt_u(a: S, b: S) -> bool {
                (a as U) < (b as U)
            }
            #[inline(always)]
            pub fn gt_s(a: S, b: S) -> bool {
                a > b
            }
            #[inline(always)]
            pub fn gt_u(a: S, b: S) -> bool {
                (a as U) > (b as U)
            }
            #[inline(always)]
            pub fn le_s(a: S, b: S) -> bool {
                a <= b
            }
            #[inline(always)]
            pub fn le_u(a: S, b: S) -> bool {
                (a as U) <= (b as U)
            }
            #[inline(always)]
            pub fn ge_s(a: S, b: S) -> bool {
                a >= b
            }
            #[inline(always)]
            pub fn ge_u(a: S, b: S) -> bool {
                (a as U) >= (b as U)
            }
            #[inline(always)]
            pub fn clz(a: S) -> S {
                a.leading_zeros() as S
            }
            #[inline(always)]
            pub fn ctz(a: S) -> S {
                a.trailing_zeros() as S
            }
            #[inline(always)]
            pub fn popcnt(a: S) -> S {
                a.count_ones() as S
            }
            #[inline(always)]
            pub fn add(a: S, b: S) -> S {
                a.wrapping_add(b)
            }
            #[inline(always)]
            pub fn sub(a: S, b: S) -> S {
                a.wrapping_sub(b)
            }
            #[inline(always)]
            pub fn mul(a: S, b: S) -> S {
                a.wrapping_mul(b)
            }
            #[inline(always)]
            pub fn div_s(a: S, b: S) -> Result<S, TrapCode> {
                if b == 0 {
                    return Err(TrapCode::IntegerDivideByZero);
                }
                a.checked_div(b).ok_or(TrapCode::IntegerOverflow)
            }
            #[inline(always)]
            pub fn div_u(a: S, b: S) -> Result<S, TrapCode> {
                match (a as U).checked_div(b as U) {
                    Some(quotient) => Ok(quotient as S),
                    None => Err(TrapCode::IntegerDivideByZero),
                }
            }
            #[inline(always)]
            pub fn rem_s(a: S, b: S) -> Result<S, TrapCode> {
                if b == 0 {
                    return Err(TrapCode::IntegerDivideByZero);
                }
                Ok(a.wrapping_rem(b))
            }
            #[inline(always)]
            pub fn rem_u(a: S, b: S) -> Result<S, TrapCode> {
                match (a as U).checked_rem(b as U) {
                    Some(remainder) => Ok(remainder as S),
                    None => Err(TrapCode::IntegerDivideByZero),
                }
            }
            #[inline(always)]
            pub fn and(a: S, b: S) -> S {
                a & b
            }
            #[inline(always)]
            pub fn or(a: S, b: S) -> S {
                a | b
            }
            #[inline(always)]
            pub fn xor(a: S, b: S) -> S {
                a ^ b
            }
            #[inline(always)]
            pub fn shl(a: S, b: S) -> S {
                a.wrapping_shl(b as u32)
            }
            #[inline(always)]
            pub fn shr_s(a: S, b: S) -> S {
                a.wrapping_shr(b as u32)
            }
            #[inline(always)]
            pub fn shr_u(a: S, b: S) -> S {
                (a as U).wrapping_shr(b as u32) as S
            }
            #[inline(always)]
            pub fn rotl(a: S, b: S) -> S {
                a.rotate_left(b as u32 % S::BITS)
            }
            #[inline(always)]
            pub fn rotr(a: S, b: S) -> S {
                a.rotate_right(b as u32 % S::BITS)
            }
            #[inline(always)]
            pub fn extend8_s(a: S) -> S {
                a as i8 as S
            }
            #[inline(always)]
            pub fn extend16_s(a: S) -> S {
                a as i16 as S
            }
            #[inline(always)]
            pub fn extend32_s(a: S) -> S {
                a as i32 as S
            }
        }
    };
}

int_ops!(i32, i32, u32);
int_ops!(i64, i64, u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_integer_divided_by_minus_one() {
        assert_eq!(
            super::i32::div_s(core::primitive::i32::MIN, -1),
            Err(TrapCode::IntegerOverflow)
        );
        assert_eq!(super::i32::rem_s(core::primitive::i32::MIN, -1), Ok(0));
        assert_eq!(super::i64::div_u(-1, 2), Ok(core::primitive::i64::MAX));
    }

    #[test]
    fn shifts_and_rotations_count_modulo_the_width() {
        assert_eq!(super::i32::shl(1, 33), 2);
        assert_eq!(super::i32::shr_u(-1, 31), 1);
        assert_eq!(super::i64::rotl(1, -1), core::primitive::i64::MIN);
    }
}
