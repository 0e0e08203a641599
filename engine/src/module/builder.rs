//! Loading that does not block: bytes as they arrive, work in slices.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::Module;
use super::load::Loader;
use super::steps;
use crate::config::Engine;
use crate::error::{Error, Result};

/// Loads a module from bytes that arrive bit by bit, in slices as long as its caller wants. What comes of it
/// is what [`Module::new`] makes of the same bytes, the error included. Dropping it gives up.
///
/// ```
/// # #[cfg(feature = "wat")] {
/// use stepwell_engine::module::LoadState;
/// use stepwell_engine::{Engine, Module, ModuleBuilder};
///
/// # let file = Module::from_wat(&Engine::default(), "(module (func nop))")?.bytes().to_vec();
/// let mut builder = ModuleBuilder::new(&Engine::default());
/// for chunk in file.chunks(1024) {
///     builder.push(chunk);
///     while builder.work(64 << 10)?.state == LoadState::Pending { /* draw, answer, ask the clock */ }
/// }
/// builder.finish_input();
/// while builder.work(64 << 10)?.state != LoadState::Ready {}
/// let module = builder.finish()?;
/// # assert_eq!(module.func_count(), 1);
/// # }
/// # Ok::<(), stepwell_engine::Error>(())
/// ```
pub struct ModuleBuilder {
    loader: Loader,
    bytes: Vec<u8>,
    /// How many bytes there will be, if that is known.
    expected: Option<u64>,
    has_all: bool,
    failed: Option<Error>,
}

/// How far a module has been loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes that have been validated.
    pub done: u64,
    /// Bytes that there are: those expected, or else those that have come up to now.
    pub total: u64,
    /// What has to happen next.
    pub state: LoadState,
}

/// What has to happen next to a module that is being loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadState {
    /// There is more to do: call [`ModuleBuilder::work`] again.
    Pending,
    /// All that has come is done: [`push`](ModuleBuilder::push) more, or
    /// [`finish_input`](ModuleBuilder::finish_input).
    NeedsBytes,
    /// The module is valid: [`ModuleBuilder::finish`] gives it out.
    Ready,
}

impl ModuleBuilder {
    /// A builder without any bytes.
    pub fn new(engine: &Engine) -> Self {
        let loader = Loader::new(engine);
        Self { loader, bytes: Vec::new(), expected: None, has_all: false, failed: None }
    }

    /// A builder that has all bytes. The module will keep them without a copy.
    pub fn from_bytes(engine: &Engine, bytes: Vec<u8>) -> Self {
        let mut builder = Self::new(engine);
        builder.failed = steps::check_size(engine, bytes.len() as u64).err();
        if builder.failed.is_none() {
            builder.bytes = bytes;
        }
        builder.has_all = true;
        builder
    }

    /// Says how many bytes will come, as far as one knows. Nothing depends on it but
    /// [`Progress::total`], and how often the bytes move when more arrive.
    pub fn expect(&mut self, total: u64) {
        self.expected = Some(total);
        let allowed = self.loader.engine.config().max_module_size;
        let more = usize::try_from(total).unwrap_or(usize::MAX).min(allowed);
        // Without it they are moved, or do not fit, when they are there.
        let _ = self.bytes.try_reserve_exact(more.saturating_sub(self.bytes.len()));
    }

    /// Takes more bytes. Nothing is done with them before [`work`](Self::work), which also tells if they are
    /// too many. After [`finish_input`](Self::finish_input) they are ignored.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.has_all || self.failed.is_some() {
            return;
        }
        let size = self.bytes.len() as u64 + bytes.len() as u64;
        let room = steps::check_size(&self.loader.engine, size).and_then(|()| {
            let room = self.bytes.try_reserve(bytes.len());
            room.map_err(|_| Error::OutOfMemory { bytes: size })
        });
        match room {
            Ok(()) => self.bytes.extend_from_slice(bytes),
            Err(error) => self.fail(error),
        }
    }

    /// Says that all bytes have come.
    pub fn finish_input(&mut self) {
        self.has_all = true;
    }

    /// Parses and validates about `budget` more bytes, at least one item: an operator, an import, a local. A
    /// slice is longer only for a single item that is: a data segment, a segment of elements, a custom
    /// section. With `std`, slices of half a MiB of small functions and more are validated on several threads.
    ///
    /// # Errors
    /// Those of [`Module::new`], again and again. [`Error::Limit`] for the module's size comes as soon as
    /// too many bytes have, with their number up to then.
    pub fn work(&mut self, budget: usize) -> Result<Progress> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match self.loader.step(&self.bytes, self.has_all, budget as u64) {
            Ok(state) => Ok(self.progress(state)),
            Err(error) => {
                self.fail(error.clone());
                Err(error)
            }
        }
    }

    fn progress(&self, state: LoadState) -> Progress {
        let received = self.bytes.len() as u64;
        let total = match self.expected {
            Some(expected) if !self.has_all => expected.max(received),
            _ => received,
        };
        Progress { done: self.loader.done().min(total), total, state }
    }

    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        // Nobody needs them any more.
        self.bytes = Vec::new();
    }

    /// Does what is left to do at once, and gives out the module. No more bytes can come.
    ///
    /// # Errors
    /// Those of [`work`](Self::work).
    pub fn finish(mut self) -> Result<Module> {
        self.finish_input();
        while self.work(usize::MAX)?.state != LoadState::Ready {}
        // What has grown bit by bit may have room for as much again.
        self.bytes.shrink_to_fit();
        Ok(Module { inner: Arc::new(self.loader.finish(self.bytes)?) })
    }

    /// [`work`](Self::work) as a future: it is done when more bytes are needed or the module is ready, and
    /// lets others have their turn after each slice of `budget` bytes. It needs no runtime.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// use stepwell_engine::{Engine, Module, ModuleBuilder, Result};
    ///
    /// async fn load(engine: &Engine, chunks: Vec<Vec<u8>>) -> Result<Module> {
    ///     let mut builder = ModuleBuilder::new(engine);
    ///     for chunk in chunks {
    ///         builder.push(&chunk);
    ///         builder.advance(64 << 10).await?;
    ///     }
    ///     builder.finish_input();
    ///     builder.advance(64 << 10).await?;
    ///     builder.finish()
    /// }
    /// # }
    /// ```
    pub fn advance(&mut self, budget: usize) -> Advance<'_> {
        Advance { builder: self, budget }
    }
}

impl fmt::Debug for ModuleBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleBuilder")
            .field("received", &self.bytes.len())
            .field("done", &self.loader.done())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// The future of [`ModuleBuilder::advance`]. Dropping it loses nothing.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Advance<'a> {
    builder: &'a mut ModuleBuilder,
    budget: usize,
}

impl Future for Advance<'_> {
    type Output = Result<Progress>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let budget = self.budget;
        match self.builder.work(budget) {
            Ok(Progress { state: LoadState::Pending, .. }) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            done => Poll::Ready(done),
        }
    }
}

impl Module {
    /// [`Module::from_bytes`] as a future that lets others have their turn after each slice of `budget`
    /// bytes. It needs no runtime.
    ///
    /// # Errors
    /// Those of [`Module::new`].
    pub async fn load_async(engine: &Engine, bytes: Vec<u8>, budget: usize) -> Result<Self> {
        let mut builder = ModuleBuilder::from_bytes(engine, bytes);
        builder.advance(budget).await?;
        builder.finish()
    }
}
