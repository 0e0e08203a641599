//! A context that several host functions and their embedder share.

use alloc::sync::Arc;

#[cfg(feature = "std")]
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
#[cfg(feature = "std")]
use std::thread::{self, ThreadId};

#[cfg(not(feature = "std"))]
use spin::Mutex;

use crate::context::Wasi;

/// A context of which clones are the same one.
#[derive(Clone)]
pub struct Shared {
    inner: Arc<Inner>,
}

struct Inner {
    wasi: Mutex<Wasi>,
    /// Which thread does something with it.
    #[cfg(feature = "std")]
    holder: Mutex<Option<ThreadId>>,
}

/// The context is in use by what would use it: a stream or tree of the embedder makes calls itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this WASI context is already in use")]
pub struct InUse;

impl Shared {
    /// A context to be shared.
    pub fn new(wasi: Wasi) -> Self {
        Self {
            inner: Arc::new(Inner {
                wasi: Mutex::new(wasi),
                #[cfg(feature = "std")]
                holder: Mutex::new(None),
            }),
        }
    }

    /// Does something with it. Waits for another thread that does.
    ///
    /// # Errors
    /// [`InUse`], within the same.
    #[cfg(feature = "std")]
    pub fn with<R>(&self, work: impl FnOnce(&mut Wasi) -> R) -> Result<R, InUse> {
        let own = thread::current().id();
        let mut wasi = match self.inner.wasi.try_lock() {
            Ok(wasi) => wasi,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if *self.holder() == Some(own) => return Err(InUse),
            Err(TryLockError::WouldBlock) => {
                self.inner.wasi.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        *self.holder() = Some(own);
        let held = Held(self);
        let result = work(&mut wasi);
        drop(held);
        Ok(result)
    }

    #[cfg(feature = "std")]
    fn holder(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.inner.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with it.
    ///
    /// # Errors
    /// [`InUse`], while somebody else does.
    #[cfg(not(feature = "std"))]
    pub fn with<R>(&self, work: impl FnOnce(&mut Wasi) -> R) -> Result<R, InUse> {
        self.inner.wasi.try_lock().map(|mut wasi| work(&mut wasi)).ok_or(InUse)
    }
}

/// Until the work is done, or has panicked.
#[cfg(feature = "std")]
struct Held<'a>(&'a Shared);

#[cfg(feature = "std")]
impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.0.holder() = None;
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_waits_for_another_and_not_for_itself() {
        let shared = Shared::new(Wasi::new());
        let within = shared.clone();
        assert_eq!(shared.with(|_| within.with(|_| ())), Ok(Err(InUse)));
        let panics = std::panic::AssertUnwindSafe(|| shared.with(|_| panic!("on purpose")));
        assert!(std::panic::catch_unwind(panics).is_err());

        let held = std::sync::Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                shared.with(|wasi| {
                    held.wait();
                    thread::sleep(std::time::Duration::from_millis(20));
                    wasi.args(["later"]);
                })
            });
            held.wait();
            assert_eq!(shared.with(|wasi| wasi.args.len()), Ok(1), "it has waited");
        });
    }
}
