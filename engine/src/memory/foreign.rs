//! Memory over bytes of the embedder.

use alloc::boxed::Box;
use core::fmt;

use crate::error::{Error, Result};

/// Bytes that a memory can be made over: a buffer, a mapped file, a device.
///
/// The store owns the value; what it refers to may belong to somebody else.
///
/// ```
/// # #[cfg(feature = "wat")] {
/// use stepwell_engine::memory::HostBytes;
/// use stepwell_engine::{Config, Engine, Extern, Limits, Linker, MemoryType, Module, Store};
///
/// struct Screen(Vec<u8>);
///
/// // SAFETY: the vector is not touched by anybody else, and never grows.
/// unsafe impl HostBytes for Screen {
///     fn bytes(&self) -> &[u8] {
///         &self.0
///     }
///     fn bytes_mut(&mut self) -> &mut [u8] {
///         &mut self.0
///     }
/// }
///
/// let engine = Engine::new(Config::default());
/// let mut store = Store::new(&engine);
/// let ty = MemoryType::new(Limits { min: 1, max: Some(1) });
/// let memory = store.new_memory_over(ty, Screen(vec![7; 65_536]))?;
/// let module = Module::from_wat(
///     &engine,
///     r#"(module (memory (import "host" "screen") 1)
///          (func (export "first") (result i32) i32.const 0  i32.load8_u))"#,
/// )?;
/// let mut linker = Linker::new();
/// linker.define("host", "screen", Extern::Memory(memory));
/// let instance = linker.instantiate(&mut store, &module)?;
/// let first = store.export_func(instance, "first")?;
/// assert_eq!(store.invoke(first, &[])?, [stepwell_engine::Value::I32(7)]);
/// # }
/// # Ok::<(), stepwell_engine::Error>(())
/// ```
///
/// A `Vec<u8>` and a `Box<[u8]>` are such bytes as well; they cannot grow.
///
/// # Safety
/// While the store has the value, and nothing calls [`HostBytes::grow`], both functions have to give the same
/// range of initialised bytes, at the same address and of the same length, each time: running code keeps
/// the address. Nobody else may write these bytes, or hold a reference to them, while a task of the store
/// runs or the store gives out a reference to the memory.
pub unsafe trait HostBytes: Send + Sync + 'static {
    /// The bytes: whole pages of 64 KiB.
    fn bytes(&self) -> &[u8];

    /// The bytes, for writing; as many as [`HostBytes::bytes`] gives.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Adds zeroed bytes at the end; false if that cannot be. Without an own version it never can.
    fn grow(&mut self, _added: u64) -> bool {
        false
    }
}

// SAFETY: the vector is owned, nothing here makes it longer or shorter, so it does not move.
unsafe impl HostBytes for alloc::vec::Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

// SAFETY: the box is owned and does not move.
unsafe impl HostBytes for Box<[u8]> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

/// Bytes behind [`HostBytes`].
pub(crate) struct Foreign(pub(super) Box<dyn HostBytes>);

impl Foreign {
    pub(super) fn extend(&mut self, added: u64) -> Result<()> {
        let before = self.0.bytes().len() as u64;
        let grown = self.0.grow(added) && self.0.bytes().len() as u64 == before + added;
        if grown { Ok(()) } else { Err(Error::OutOfMemory { bytes: added }) }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.0.bytes()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.0.bytes_mut()
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Foreign").field(&self.0.bytes().len()).finish()
    }
}
