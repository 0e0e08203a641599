//! Host code that must stay on its thread, in stores that can go to others.

use std::mem;

use send_wrapper::SendWrapper;

use super::HostError;

/// Something that must not leave its thread, in something that can: a closure with an `Rc` in a store, a stream of
/// a page in a WASI context.
///
/// On other threads it cannot be had; what is dropped there is leaked, since only its own thread may count or
/// unregister what it holds.
pub struct Local<T>(Option<SendWrapper<T>>);

impl<T> Local<T> {
    /// Of this thread.
    pub fn new(value: T) -> Self {
        Self(Some(SendWrapper::new(value)))
    }

    /// What it holds.
    ///
    /// # Errors
    /// On other threads.
    pub fn get(&self) -> Result<&T, HostError> {
        self.0.as_ref().filter(|value| value.valid()).map(|value| &**value).ok_or_else(elsewhere)
    }

    /// What it holds, for changing.
    ///
    /// # Errors
    /// On other threads.
    pub fn get_mut(&mut self) -> Result<&mut T, HostError> {
        self.0
            .as_mut()
            .filter(|value| value.valid())
            .map(|value| &mut **value)
            .ok_or_else(elsewhere)
    }

    /// What it holds.
    ///
    /// # Errors
    /// On other threads, where it is leaked.
    pub fn into_inner(mut self) -> Result<T, HostError> {
        match self.0.take_if(|value| value.valid()) {
            Some(value) => Ok(value.take()),
            None => Err(elsewhere()),
        }
    }
}

fn elsewhere() -> HostError {
    HostError::new("this host function belongs to another thread")
}

impl<T> Drop for Local<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take_if(|value| !value.valid()) {
            mem::forget(value);
        }
    }
}

impl<T> core::fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}
