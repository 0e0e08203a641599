//! The host's own error behind a trap.

use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

/// The error of the host that a trap was caused by, if one was. It is shared by all copies of the trap, and is
/// nothing that the machine holds: all are equal, so that traps are compared without it.
#[derive(Clone, Default)]
pub struct HostCause(Option<Arc<dyn Error + Send + Sync>>);

impl HostCause {
    pub(crate) fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(error)))
    }

    /// The error, to be looked at or downcast.
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.as_deref()
    }

    /// The error, if there is one and it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error()?.downcast_ref()
    }

    /// As the source of another error.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().map(|error| error as _)
    }
}

impl PartialEq for HostCause {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for HostCause {}

impl fmt::Debug for HostCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
