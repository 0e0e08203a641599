//! Data of the host that a store carries along, for its host functions: a slot for one value of any type.
//!
//! It is nothing that the machine holds: no [state](Store::state) contains it, so it is neither compared
//! nor put back with one.

use alloc::boxed::Box;
use core::any::Any;

use super::Store;
use crate::config::Engine;
use crate::host::Caller;

/// The slot.
#[derive(Default)]
pub(crate) struct HostData(Option<Box<dyn Any + Send>>);

impl Store {
    /// An empty store with data for its host functions.
    ///
    /// ```
    /// # use stepwell_engine::{Caller, Engine, Linker, Store};
    /// struct Console {
    ///     lines: u32,
    /// }
    ///
    /// let mut store = Store::with_data(&Engine::default(), Console { lines: 0 });
    /// let mut linker = Linker::new();
    /// linker.func_wrap("env", "newline", |caller: &mut Caller<'_>| {
    ///     if let Some(console) = caller.data_mut::<Console>() {
    ///         console.lines += 1;
    ///     }
    /// });
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    pub fn with_data<T: Any + Send>(engine: &Engine, data: T) -> Self {
        let mut store = Self::new(engine);
        store.set_data(data);
        store
    }

    /// Sets the data for host functions. What was there before, of whatever type, is dropped.
    pub fn set_data<T: Any + Send>(&mut self, data: T) {
        self.data.0 = Some(Box::new(data));
    }

    /// The data for host functions, if there is any and it is a `T`.
    pub fn data<T: Any>(&self) -> Option<&T> {
        self.data.0.as_ref()?.downcast_ref()
    }

    /// The data for host functions, to be changed, if there is any and it is a `T`.
    pub fn data_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.data.0.as_mut()?.downcast_mut()
    }

    /// Takes the data out, if there is any and it is a `T`; data of another type stays.
    pub fn take_data<T: Any>(&mut self) -> Option<T> {
        self.data::<T>()?;
        let data = self.data.0.take()?.downcast().ok()?;
        Some(*data)
    }
}

impl Caller<'_> {
    /// The [data](Store::set_data) of the store, if there is any and it is a `T`.
    ///
    /// What is read and written there is no part of the record of the call. A run that is repeated from
    /// its record makes no host calls, so the data stays as it is.
    pub fn data<T: Any>(&self) -> Option<&T> {
        self.store.data()
    }

    /// The same, to be changed.
    pub fn data_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.store.data_mut()
    }
}
