//! What the tests of this crate share: programs to run, and loading them.
#![allow(clippy::unwrap_used, clippy::expect_used)] // what cannot be set up has failed
