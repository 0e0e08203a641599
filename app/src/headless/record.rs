//! `run --record`: the run, written down as it goes.

use std::cell::RefCell;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use stepwell_engine::Store;
use stepwell_wasi::{Output, Result as WasiResult, system};

use super::cli::{Failure, Invocation};
use crate::recording::{Ending, Header, Stream, VERSION, Writer, printed};

/// Instructions after which what was done is written.
pub(super) const SLICE: u64 = 1_000_000;

/// What programs print, on its way to the recording.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Pieces>>);

type Pieces = Vec<(Stream, Vec<u8>)>;

impl Heard {
    pub(super) fn hear(&self, stream: Stream, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((stream, bytes.to_vec()));
    }

    fn take(&self) -> Pieces {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The process's standard output, heard.
    pub(super) fn stdout(&self) -> impl Output + use<> {
        Tee { inner: system::Stdout, stream: Stream::Stdout, heard: self.clone() }
    }

    /// The process's standard error, heard.
    pub(super) fn stderr(&self) -> impl Output + use<> {
        Tee { inner: system::Stderr, stream: Stream::Stderr, heard: self.clone() }
    }
}

struct Tee<O> {
    inner: O,
    stream: Stream,
    heard: Heard,
}

impl<O: Output + Clone> Output for Tee<O> {
    fn write(&mut self, bytes: &[u8]) -> WasiResult<usize> {
        let written = self.inner.write(bytes)?;
        self.heard.hear(self.stream, bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn is_terminal(&self) -> bool {
        self.inner.is_terminal()
    }

    fn try_clone(&self) -> Option<Box<dyn Output>> {
        let Self { inner, stream, heard } = self;
        Some(Box::new(Self { inner: inner.clone(), stream: *stream, heard: heard.clone() }))
    }
}

/// A recording that is being written.
pub(super) struct Record {
    path: PathBuf,
    writer: Writer<BufWriter<File>>,
    heard: Heard,
    /// Bytes and names of the modules.
    names: RefCell<Vec<(Vec<u8>, String)>>,
    /// Instructions of all tasks so far.
    clock: u64,
}

impl Record {
    /// Begins the file.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn begin(
        path: &Path,
        invocation: &Invocation,
        store: &Store,
        heard: Heard,
    ) -> Result<Self, Failure> {
        let file = File::create(path)
            .map_err(|error| Failure::Error(format!("{}: {error}", path.display())))?;
        let config = store.engine().config();
        let header = Header {
            version: VERSION,
            made_by: concat!("stepwell ", env!("CARGO_PKG_VERSION")).to_owned(),
            max_call_depth: config.max_call_depth,
            max_value_stack: config.max_value_stack,
            called: invocation.export.clone(),
            program_args: invocation.program_args.clone(),
            window: None,
        };
        let writer = Writer::new(BufWriter::new(file), header);
        Ok(Self { path: path.to_owned(), writer, heard, names: RefCell::default(), clock: 0 })
    }

    /// What a module is called in the file.
    pub(super) fn name(&self, bytes: &[u8], name: &str) {
        self.names.borrow_mut().push((bytes.to_vec(), name.to_owned()));
    }

    /// Writes what was done and printed since the last time, in so many instructions.
    pub(super) fn flush(&mut self, store: &mut Store, executed: u64) {
        self.clock += executed;
        if let Some(part) = store.take_recording() {
            let names = self.names.borrow();
            self.writer.add(&part, |module| {
                let known = names.iter().find(|(bytes, _)| bytes == module.bytes());
                known.map_or_else(String::new, |(_, name)| name.clone())
            });
        }
        for (stream, bytes) in self.heard.take() {
            self.writer.print(stream, self.clock, &bytes);
        }
    }

    /// Ends the file with what the command prints itself.
    ///
    /// # Errors
    /// If it could not be written, or the run did something that cannot be recorded.
    pub(super) fn finish(
        mut self,
        store: &mut Store,
        last: &[(Stream, String)],
        exit_code: u8,
    ) -> Result<(), Failure> {
        store.close_recording();
        self.flush(store, 0);
        let clock = self.clock;
        let fail = |error: String| Failure::Error(format!("{}: {error}", self.path.display()));
        if let Some(why) = store.lost_steps() {
            return Err(fail(format!("the run cannot be recorded: {why}")));
        }
        let last = last.iter().map(|(stream, text)| printed(*stream, clock, text.as_bytes()));
        let ending = Ending { printed: last.collect(), exit_code, executed: clock };
        self.writer.finish(ending).map(drop).map_err(|error| fail(error.to_string()))
    }
}
