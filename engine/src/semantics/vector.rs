//! Vector operators (*Numerics, vector operations*), lane by lane.
//!
//! A vector is a number of 128 bits whose lane 0 is the lowest. Where the relaxed operators leave a
//! choice, this is the one taken, on every machine: what the strict operator of the same name does
//! (`swizzle`, `trunc_sat`, `bitselect`, `min`, `max`, `q15mulr_sat`); products are rounded before they
//! are added (`madd`, `nmadd`); both factors of a dot product have a sign.

#![allow(missing_docs)] // named as in the specification

use super::{convert as scalar, float};

/// A vector of 128 bits.
pub type V128 = u128;

/// Operators on all bits.
pub mod v128 {
    use super::V128;

    pub fn not(a: V128) -> V128 {
        !a
    }
    pub fn and(a: V128, b: V128) -> V128 {
        a & b
    }
    pub fn and_not(a: V128, b: V128) -> V128 {
        a & !b
    }
    pub fn or(a: V128, b: V128) -> V128 {
        a | b
    }
    pub fn xor(a: V128, b: V128) -> V128 {
        a ^ b
    }
    /// Bits of `a` where those of `mask` are set, of `b` elsewhere.
    pub fn bitselect(a: V128, b: V128, mask: V128) -> V128 {
        a & mask | b & !mask
    }
    pub fn any_true(a: V128) -> u32 {
        u32::from(a != 0)
    }
}

/// What shapes of integers and of floats have in common: `$bits` is the lane as an unsigned number.
macro_rules! shape {
    ($lane:ty, $bits:ty, $count:literal, $from:expr, $to:expr) => {
        type Lane = $lane;
        const COUNT: usize = $count;
        const WIDTH: usize = 128 / COUNT;

        pub(super) fn split(a: V128) -> [Lane; COUNT] {
            core::array::from_fn(|lane| $from((a >> (lane * WIDTH)) as $bits))
        }
        pub(super) fn join(lanes: [Lane; COUNT]) -> V128 {
            let place = |(lane, value): (usize, Lane)| V128::from($to(value)) << (lane * WIDTH);
            lanes.into_iter().enumerate().map(place).fold(0, |all, lane| all | lane)
        }
        fn zip(a: V128, b: V128, f: impl Fn(Lane, Lane) -> Lane) -> V128 {
            let (a, b) = (split(a), split(b));
            join(core::array::from_fn(|lane| f(a[lane], b[lane])))
        }
        pub fn splat(slot: u64) -> V128 {
            join([$from(slot as $bits); COUNT])
        }
        /// The lane as a slot, extended with zeros.
        pub fn extract_lane_u(a: V128, lane: u8) -> u64 {
            (a >> (usize::from(lane) % COUNT * WIDTH)) as $bits as u64
        }
        pub fn replace_lane(a: V128, slot: u64, lane: u8) -> V128 {
            let at = usize::from(lane) % COUNT * WIDTH;
            a & !(V128::from(<$bits>::MAX) << at) | V128::from(slot as $bits) << at
        }
    };
}

/// Comparisons of floats, on top of [`shape`].
macro_rules! comparable {
    ($bits:ty, $from:expr) => {
        fn map(a: V128, f: impl Fn(Lane) -> Lane) -> V128 {
            join(split(a).map(f))
        }
        /// All bits of a lane set where the comparison holds.
        fn compare(a: V128, b: V128, f: impl Fn(Lane, Lane) -> bool) -> V128 {
            let all = $from(<$bits>::MAX);
            let none = $from(0);
            zip(a, b, |a, b| if f(a, b) { all } else { none })
        }
        pub fn eq(a: V128, b: V128) -> V128 {
            compare(a, b, |a, b| a == b)
        }
        pub fn ne(a: V128, b: V128) -> V128 {
            compare(a, b, |a, b| a != b)
        }
    };
}

/// What integers compute in all lanes at once, as one number of 128 bits: no carry leaves a lane whose
/// highest bit is kept out of the sum (Warren, "Hacker's Delight", chapter 2).
macro_rules! at_once {
    ($bits:ty) => {
        /// The lowest and the highest bit of each lane.
        const LOW: V128 = V128::MAX / <$bits>::MAX as V128;
        const HIGH: V128 = LOW << (WIDTH - 1);

        /// All bits of the lanes whose highest bit is set, where no other is.
        fn fill(high: V128) -> V128 {
            high | (high - (high >> (WIDTH - 1)))
        }
        /// The highest bit of the lanes that are not zero.
        fn not_zero(a: V128) -> V128 {
            (((a & !HIGH) + !HIGH) | a) & HIGH
        }
        /// `a` where the mask is set, `b` elsewhere.
        fn choose(mask: V128, a: V128, b: V128) -> V128 {
            a & mask | b & !mask
        }
        /// All bits of the lanes where `a` is less than `b`, without signs.
        fn below(a: V128, b: V128) -> V128 {
            fill(((!a & b) | (!(a ^ b) & sub(a, b))) & HIGH)
        }
        pub fn add(a: V128, b: V128) -> V128 {
            if WIDTH >= 32 {
                return zip(a, b, Lane::wrapping_add);
            }
            ((a & !HIGH) + (b & !HIGH)) ^ ((a ^ b) & HIGH)
        }
        pub fn sub(a: V128, b: V128) -> V128 {
            if WIDTH >= 32 {
                return zip(a, b, Lane::wrapping_sub);
            }
            ((a | HIGH) - (b & !HIGH)) ^ ((a ^ !b) & HIGH)
        }
        pub fn neg(a: V128) -> V128 {
            sub(0, a)
        }
        pub fn abs(a: V128) -> V128 {
            let sign = fill(a & HIGH);
            sub(a ^ sign, sign)
        }
        pub fn eq(a: V128, b: V128) -> V128 {
            !fill(not_zero(a ^ b))
        }
        pub fn ne(a: V128, b: V128) -> V128 {
            fill(not_zero(a ^ b))
        }
        pub fn lt_s(a: V128, b: V128) -> V128 {
            below(a ^ HIGH, b ^ HIGH)
        }
        pub fn gt_s(a: V128, b: V128) -> V128 {
            lt_s(b, a)
        }
        pub fn le_s(a: V128, b: V128) -> V128 {
            !lt_s(b, a)
        }
        pub fn ge_s(a: V128, b: V128) -> V128 {
            !lt_s(a, b)
        }
        pub fn all_true(a: V128) -> u32 {
            u32::from(not_zero(a) == HIGH)
        }
        pub fn shl(a: V128, count: u32) -> V128 {
            let count = count % WIDTH as u32;
            (a << count) & (LOW * V128::from(<$bits>::MAX << count & <$bits>::MAX))
        }
        pub fn shr_u(a: V128, count: u32) -> V128 {
            let count = count % WIDTH as u32;
            (a >> count) & (LOW * V128::from(<$bits>::MAX >> count))
        }
        pub fn shr_s(a: V128, count: u32) -> V128 {
            let kept = LOW * V128::from(<$bits>::MAX >> (count % WIDTH as u32));
            choose(kept, a >> (count % WIDTH as u32), fill(a & HIGH))
        }
    };
}

/// What lanes of all but 64 bits have as well.
macro_rules! unsigned {
    () => {
        pub fn lt_u(a: V128, b: V128) -> V128 {
            below(a, b)
        }
        pub fn gt_u(a: V128, b: V128) -> V128 {
            below(b, a)
        }
        pub fn le_u(a: V128, b: V128) -> V128 {
            !below(b, a)
        }
        pub fn ge_u(a: V128, b: V128) -> V128 {
            !below(a, b)
        }
        pub fn min_s(a: V128, b: V128) -> V128 {
            choose(lt_s(a, b), a, b)
        }
        pub fn min_u(a: V128, b: V128) -> V128 {
            choose(below(a, b), a, b)
        }
        pub fn max_s(a: V128, b: V128) -> V128 {
            choose(lt_s(a, b), b, a)
        }
        pub fn max_u(a: V128, b: V128) -> V128 {
            choose(below(a, b), b, a)
        }
    };
}

/// What lanes of 8 and 16 bits have as well; `$wide` is the shape of lanes twice as wide.
macro_rules! saturating {
    ($wide:ident, $double:ty) => {
        pub fn add_sat_s(a: V128, b: V128) -> V128 {
            zip(a, b, Lane::saturating_add)
        }
        pub fn add_sat_u(a: V128, b: V128) -> V128 {
            let sum = add(a, b);
            sum | fill(((a & b) | ((a | b) & !sum)) & HIGH)
        }
        pub fn sub_sat_s(a: V128, b: V128) -> V128 {
            zip(a, b, Lane::saturating_sub)
        }
        pub fn sub_sat_u(a: V128, b: V128) -> V128 {
            sub(a, b) & !below(a, b)
        }
        /// The mean, rounded up.
        pub fn avgr_u(a: V128, b: V128) -> V128 {
            (a | b) - (((a ^ b) >> 1) & !HIGH)
        }
        /// The lanes of both, the wide ones of `a` first, brought into the range of narrow ones.
        fn narrow(a: V128, b: V128, f: impl Fn($double) -> Lane) -> V128 {
            let (a, b) = (super::$wide::split(a), super::$wide::split(b));
            join(core::array::from_fn(|lane| match lane.checked_sub(COUNT / 2) {
                None => f(a[lane]),
                Some(lane) => f(b[lane]),
            }))
        }
        pub fn narrow_s(a: V128, b: V128) -> V128 {
            let (least, most) = (<$double>::from(Lane::MIN), <$double>::from(Lane::MAX));
            narrow(a, b, |lane| lane.clamp(least, most) as Lane)
        }
        pub fn narrow_u(a: V128, b: V128) -> V128 {
            narrow(a, b, |lane| lane.clamp(0, <$double>::from(U::MAX)) as Lane)
        }
    };
}

/// What lanes made from ones half as wide have: `$narrow` is their shape, `$s` and `$u` their types.
macro_rules! widening {
    ($narrow:ident, $s:ty, $u:ty) => {
        pub fn mul(a: V128, b: V128) -> V128 {
            zip(a, b, Lane::wrapping_mul)
        }
        fn half_s(a: V128, first: usize) -> [Lane; COUNT] {
            let a = super::$narrow::split(a);
            core::array::from_fn(|lane| Lane::from(a[first + lane]))
        }
        fn half_u(a: V128, first: usize) -> [Lane; COUNT] {
            let a = super::$narrow::split(a);
            core::array::from_fn(|lane| Lane::from(a[first + lane] as $u))
        }
        pub fn extend_low_s(a: V128) -> V128 {
            join(half_s(a, 0))
        }
        pub fn extend_low_u(a: V128) -> V128 {
            join(half_u(a, 0))
        }
        pub fn extend_high_s(a: V128) -> V128 {
            join(half_s(a, COUNT))
        }
        pub fn extend_high_u(a: V128) -> V128 {
            join(half_u(a, COUNT))
        }
        pub fn ext_mul_low_s(a: V128, b: V128) -> V128 {
            mul(extend_low_s(a), extend_low_s(b))
        }
        pub fn ext_mul_low_u(a: V128, b: V128) -> V128 {
            mul(extend_low_u(a), extend_low_u(b))
        }
        pub fn ext_mul_high_s(a: V128, b: V128) -> V128 {
            mul(extend_high_s(a), extend_high_s(b))
        }
        pub fn ext_mul_high_u(a: V128, b: V128) -> V128 {
            mul(extend_high_u(a), extend_high_u(b))
        }
        /// Sums of neighbours.
        fn pairs<T: Copy>(lanes: &[T], f: impl Fn(T) -> Lane) -> V128 {
            join(core::array::from_fn(|lane| {
                f(lanes[2 * lane]).wrapping_add(f(lanes[2 * lane + 1]))
            }))
        }
        pub fn ext_add_pairwise_s(a: V128) -> V128 {
            pairs(&super::$narrow::split(a), |lane: $s| Lane::from(lane))
        }
        pub fn ext_add_pairwise_u(a: V128) -> V128 {
            pairs(&super::$narrow::split(a), |lane: $s| Lane::from(lane as $u))
        }
        /// Sums of the products of neighbours, with signs.
        pub fn dot_s(a: V128, b: V128) -> V128 {
            let (a, b) = (super::$narrow::split(a), super::$narrow::split(b));
            let product = |at: usize| Lane::from(a[at]).wrapping_mul(Lane::from(b[at]));
            join(core::array::from_fn(|lane| product(2 * lane).wrapping_add(product(2 * lane + 1))))
        }
    };
}

macro_rules! integers {
    ($name:ident, $lane:ident, $bits:ident, $count:literal, {$($more:item)*}) => {
        pub mod $name {
            use super::V128;

            shape!($lane, $bits, $count, |bits: $bits| bits as $lane, |lane: $lane| lane as $bits);

            at_once!($bits);

            /// The sign of each lane as a bit.
            pub fn bitmask(a: V128) -> u32 {
                let lanes = split(a).into_iter().enumerate();
                lanes.fold(0, |mask, (lane, value)| mask | u32::from(value < 0) << lane)
            }
            $($more)*
        }
    };
}

integers!(i8x16, i8, u8, 16, {
    type U = u8;
    unsigned!();
    saturating!(i16x8, i16);

    pub fn popcnt(a: V128) -> V128 {
        V128::from_le_bytes(a.to_le_bytes().map(|lane| lane.count_ones() as u8))
    }
    /// The lanes of `a` that those of `b` name; 0 for what is none.
    pub fn swizzle(a: V128, b: V128) -> V128 {
        let lanes = a.to_le_bytes();
        let taken = |lane: u8| if lane < 16 { lanes[usize::from(lane)] } else { 0 };
        V128::from_le_bytes(b.to_le_bytes().map(taken))
    }
    /// The same with lanes of two vectors, one behind the other.
    pub fn shuffle(a: V128, b: V128, lanes: V128) -> V128 {
        let mut both = [0; 32];
        both[..16].copy_from_slice(&a.to_le_bytes());
        both[16..].copy_from_slice(&b.to_le_bytes());
        V128::from_le_bytes(lanes.to_le_bytes().map(|lane| both[usize::from(lane % 32)]))
    }
    pub fn extract_lane_s(a: V128, lane: u8) -> u64 {
        u64::from(i32::from(extract_lane_u(a, lane) as Lane) as u32)
    }
});
integers!(i16x8, i16, u16, 8, {
    type U = u16;
    unsigned!();
    saturating!(i32x4, i32);
    widening!(i8x16, i8, u8);

    /// Products of numbers between -1 and 1 with 15 bits behind the point, rounded.
    pub fn q15mulr_sat_s(a: V128, b: V128) -> V128 {
        let product = |a, b| (i32::from(a) * i32::from(b) + 0x4000) >> 15;
        zip(a, b, |a, b| product(a, b).clamp(Lane::MIN.into(), Lane::MAX.into()) as Lane)
    }
    pub fn extract_lane_s(a: V128, lane: u8) -> u64 {
        u64::from(i32::from(extract_lane_u(a, lane) as Lane) as u32)
    }
});
integers!(i32x4, i32, u32, 4, {
    unsigned!();
    widening!(i16x8, i16, u16);

    /// Sums of four products of bytes, added to `c`.
    pub fn relaxed_dot_add(a: V128, b: V128, c: V128) -> V128 {
        add(ext_add_pairwise_s(super::i16x8::dot_s(a, b)), c)
    }
});
integers!(i64x2, i64, u64, 2, {
    widening!(i32x4, i32, u32);
});

macro_rules! floats {
    ($name:ident, $lane:ident, $bits:ident, $count:literal) => {
        pub mod $name {
            use super::{V128, float};

            shape!($lane, $bits, $count, $lane::from_bits, $lane::to_bits);
            comparable!($bits, $lane::from_bits);

            pub fn ceil(a: V128) -> V128 {
                map(a, float::$lane::ceil)
            }
            pub fn floor(a: V128) -> V128 {
                map(a, float::$lane::floor)
            }
            pub fn trunc(a: V128) -> V128 {
                map(a, float::$lane::trunc)
            }
            pub fn nearest(a: V128) -> V128 {
                map(a, float::$lane::nearest)
            }
            pub fn sqrt(a: V128) -> V128 {
                map(a, float::$lane::sqrt)
            }
            pub fn abs(a: V128) -> V128 {
                map(a, |lane| Lane::from_bits(float::$lane::abs(lane.to_bits())))
            }
            pub fn neg(a: V128) -> V128 {
                map(a, |lane| Lane::from_bits(float::$lane::neg(lane.to_bits())))
            }
            pub fn lt(a: V128, b: V128) -> V128 {
                compare(a, b, |a, b| a < b)
            }
            pub fn gt(a: V128, b: V128) -> V128 {
                compare(a, b, |a, b| a > b)
            }
            pub fn le(a: V128, b: V128) -> V128 {
                compare(a, b, |a, b| a <= b)
            }
            pub fn ge(a: V128, b: V128) -> V128 {
                compare(a, b, |a, b| a >= b)
            }
            pub fn add(a: V128, b: V128) -> V128 {
                zip(a, b, float::$lane::add)
            }
            pub fn sub(a: V128, b: V128) -> V128 {
                zip(a, b, float::$lane::sub)
            }
            pub fn mul(a: V128, b: V128) -> V128 {
                zip(a, b, float::$lane::mul)
            }
            pub fn div(a: V128, b: V128) -> V128 {
                zip(a, b, float::$lane::div)
            }
            pub fn min(a: V128, b: V128) -> V128 {
                zip(a, b, float::$lane::min)
            }
            pub fn max(a: V128, b: V128) -> V128 {
                zip(a, b, float::$lane::max)
            }
            /// `b` if it is less, otherwise `a` with its bits as they are.
            pub fn pmin(a: V128, b: V128) -> V128 {
                zip(a, b, |a, b| if b < a { b } else { a })
            }
            pub fn pmax(a: V128, b: V128) -> V128 {
                zip(a, b, |a, b| if a < b { b } else { a })
            }
            pub fn madd(a: V128, b: V128, c: V128) -> V128 {
                add(mul(a, b), c)
            }
            pub fn nmadd(a: V128, b: V128, c: V128) -> V128 {
                add(mul(neg(a), b), c)
            }
        }
    };
}

floats!(f32x4, f32, u32, 4);
floats!(f64x2, f64, u64, 2);

/// From one shape to another.
pub mod convert {
    use super::{V128, f32x4, f64x2, i32x4, scalar};

    pub fn i32x4_trunc_sat_f32x4_s(a: V128) -> V128 {
        i32x4::join(f32x4::split(a).map(scalar::i32_trunc_sat_f32_s))
    }
    pub fn i32x4_trunc_sat_f32x4_u(a: V128) -> V128 {
        i32x4::join(f32x4::split(a).map(scalar::i32_trunc_sat_f32_u))
    }
    pub fn i32x4_trunc_sat_f64x2_s_zero(a: V128) -> V128 {
        let [a, b] = f64x2::split(a).map(scalar::i32_trunc_sat_f64_s);
        i32x4::join([a, b, 0, 0])
    }
    pub fn i32x4_trunc_sat_f64x2_u_zero(a: V128) -> V128 {
        let [a, b] = f64x2::split(a).map(scalar::i32_trunc_sat_f64_u);
        i32x4::join([a, b, 0, 0])
    }
    pub fn f32x4_convert_i32x4_s(a: V128) -> V128 {
        f32x4::join(i32x4::split(a).map(scalar::f32_convert_i32_s))
    }
    pub fn f32x4_convert_i32x4_u(a: V128) -> V128 {
        f32x4::join(i32x4::split(a).map(scalar::f32_convert_i32_u))
    }
    pub fn f64x2_convert_low_i32x4_s(a: V128) -> V128 {
        let [a, b, _, _] = i32x4::split(a).map(scalar::f64_convert_i32_s);
        f64x2::join([a, b])
    }
    pub fn f64x2_convert_low_i32x4_u(a: V128) -> V128 {
        let [a, b, _, _] = i32x4::split(a).map(scalar::f64_convert_i32_u);
        f64x2::join([a, b])
    }
    pub fn f32x4_demote_f64x2_zero(a: V128) -> V128 {
        let [a, b] = f64x2::split(a).map(scalar::f32_demote_f64);
        f32x4::join([a, b, 0.0, 0.0])
    }
    pub fn f64x2_promote_low_f32x4(a: V128) -> V128 {
        let [a, b, _, _] = f32x4::split(a).map(scalar::f64_promote_f32);
        f64x2::join([a, b])
    }
}
