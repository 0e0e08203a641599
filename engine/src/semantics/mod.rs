//! What each operator computes, as pure functions by family.
//!
//! The only place with arithmetic: both execution tiers and constant expressions call these.
//! Section *Numerics* of the specification is the source. Functions take and return Rust numbers;
//! those that can trap return [`TrapCode`](crate::TrapCode). NaN results are canonical.

pub mod access;
pub mod convert;
pub mod float;
pub mod int;
pub mod vector;
pub mod wide;
