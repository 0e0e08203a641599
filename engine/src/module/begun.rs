//! What is derived from a large function, begun and not yet done.
//!
//! Decoding a function takes time that grows with it: of one of several megabytes more than a person waits
//! who pauses a run. A run that is bounded does it in pieces, which are kept here in between.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use crate::exec::exact::Decoding;
use crate::ids::FuncIndex;
use crate::lock::Lock;
use crate::observe::Typing;

/// Bytes of a body up to which it is worked on in one go.
pub(crate) const SMALL_BODY: usize = 1 << 18;

/// Bytes of bulk work that a byte of code stands for.
const COST: u64 = 64;

/// The bulk work that so many bytes of code stand for.
pub(crate) fn cost(bytes: u64) -> u64 {
    bytes.saturating_mul(COST).min(u64::MAX - 1)
}

/// Takes off what is left of an allowance, and tells how many bytes of code it pays for.
pub(crate) fn pay(allowance: &mut u64) -> u64 {
    core::mem::take(allowance) / COST
}

#[derive(Default)]
pub(crate) struct Begun {
    pub(crate) code: Pieces<Decoding>,
    pub(crate) types: Pieces<Typing>,
}

/// Of some functions, what has been done.
pub(crate) struct Pieces<T>(Lock<BTreeMap<FuncIndex, Box<T>>>);

/// Something that is done in pieces.
pub(crate) trait Piecewise {
    /// How far it is.
    fn position(&self) -> u64;
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self(Lock::default())
    }
}

impl<T: Piecewise> Pieces<T> {
    /// Takes it: another thread that comes meanwhile begins anew.
    pub(crate) fn take(&self, func: FuncIndex) -> Option<Box<T>> {
        self.0.lock().remove(&func)
    }

    /// Keeps it, unless another thread has got further.
    pub(crate) fn put(&self, func: FuncIndex, begun: Box<T>) {
        let mut pieces = self.0.lock();
        if pieces.get(&func).is_none_or(|other| other.position() <= begun.position()) {
            pieces.insert(func, begun);
        }
    }

    /// Drops what other threads have begun, once it is done.
    pub(crate) fn drop_begun(&self, func: FuncIndex) {
        self.0.lock().remove(&func);
    }
}
