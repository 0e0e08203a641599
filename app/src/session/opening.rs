//! Files that are being opened: a slice of each tick, until all of them are loaded.
//!
//! What is small is opened at once, so that whoever opens it sees it, or its error, right away. A large
//! binary is loaded in slices. A large text is translated on a thread of its own, since it has to be done in
//! one go; a page has none, and stands still meanwhile.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use stepwell_engine::module::LoadState;
use stepwell_engine::text::escaped;
use stepwell_engine::text_format::TextError;
use stepwell_engine::{Engine, Error, Module, ModuleBuilder};
use web_time::Instant;

use super::load::{is_binary, load_module, notice_of};
use super::types::SessionError;
use super::{Session, not_now};

/// Up to this size, a file is opened at once.
const AT_ONCE: usize = 512 << 10;
/// Bytes that are loaded between two looks at the clock: the fewest, the most, and how many at first.
const BYTES: std::ops::RangeInclusive<usize> = 4 << 10..=4 << 20;
const BYTES_AT_FIRST: usize = 64 << 10;

/// What a file holds, with the text that it was.
type Loaded = (Module, Option<String>);

enum Stage {
    /// A binary, as far as it has come.
    Binary(Box<ModuleBuilder>),
    /// A text whose turn has not come; it has once it has been seen to be there.
    Text { bytes: Vec<u8>, seen: bool },
    /// A text that is translated.
    Translating(Receiver<Result<Loaded, Error>>),
    /// Loaded; it waits for the others.
    Done(Box<Loaded>),
}

struct Opening {
    number: u64,
    name: String,
    is_text: bool,
    done: u64,
    total: u64,
    stage: Stage,
}

/// Files that are being opened, in their order.
#[derive(Default)]
pub(super) struct Openings {
    files: VecDeque<Opening>,
    next_number: u64,
    /// How many bytes are loaded at a time; 0 before there was anything to learn it from.
    bytes: usize,
}

impl Openings {
    pub(super) fn clear(&mut self) {
        self.files.clear();
    }
}

/// A file that is being opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpeningView<'a> {
    /// What [`Command::CancelOpening`](super::Command::CancelOpening) calls it.
    pub number: u64,
    /// The link name that it will have.
    pub name: &'a str,
    /// Whether it is a text, which is translated in one go.
    pub is_text: bool,
    /// Bytes that have been loaded; of a text none or all.
    pub done: u64,
    /// Bytes that there are.
    pub total: u64,
}

impl OpeningView<'_> {
    /// How much of it is loaded, 0.0..=1.0.
    pub fn fraction(&self) -> f32 {
        (self.done as f64 / self.total.max(1) as f64) as f32
    }
}

impl Session {
    /// Opens a file: at once if it is small and nothing is before it, else bit by bit.
    pub(super) fn open_file(&mut self, name: String, bytes: Vec<u8>) -> Result<(), SessionError> {
        if crate::recording::is_recording(&bytes) {
            return self.open_recording(&name, &bytes);
        }
        if self.openings.files.is_empty() && bytes.len() <= AT_ONCE {
            self.open(&name, bytes)?;
            self.recall_file(&name);
            return Ok(());
        }
        let number = self.openings.next_number;
        self.openings.next_number += 1;
        let (total, is_text) = (bytes.len() as u64, !is_binary(&bytes));
        let stage = match is_text {
            true => Stage::Text { bytes, seen: false },
            false => Stage::Binary(Box::new(ModuleBuilder::from_bytes(&self.engine, bytes))),
        };
        let opening = Opening { number, name, is_text, done: 0, total, stage };
        self.openings.files.push_back(opening);
        Ok(())
    }

    pub(super) fn cancel_opening(&mut self, number: u64) -> Result<(), SessionError> {
        let files = &mut self.openings.files;
        let position = files.iter().position(|opening| opening.number == number);
        let opening = position.and_then(|position| files.remove(position));
        let opening = opening.ok_or_else(|| not_now("the file is not being opened"))?;
        self.notify(false, format!("{} has not been opened", escaped(&opening.name)));
        Ok(())
    }

    /// Whether files are being opened.
    pub fn is_opening(&self) -> bool {
        !self.openings.files.is_empty()
    }

    /// Files that are being opened, in their order. They are among the modules when all are loaded.
    pub fn openings(&self) -> impl Iterator<Item = OpeningView<'_>> {
        self.openings.files.iter().map(|opening| OpeningView {
            number: opening.number,
            name: &opening.name,
            is_text: opening.is_text,
            done: opening.done,
            total: opening.total,
        })
    }

    /// Loads for at most `slice`, and opens the files when all are loaded.
    pub(super) fn go_on_opening(&mut self, slice: Duration) {
        let begun = Instant::now();
        let is_loaded = |opening: &Opening| matches!(opening.stage, Stage::Done(_));
        while let Some(position) =
            self.openings.files.iter().position(|opening| !is_loaded(opening))
        {
            let openings = &mut self.openings;
            let Some(opening) = openings.files.get_mut(position) else { return };
            let step = opening.step(&self.engine, &mut openings.bytes, slice);
            if let Err(error) = step {
                let name = std::mem::take(&mut opening.name);
                openings.files.remove(position);
                self.note_problem(&name, Some(&error), || None);
                self.notify(true, notice_of(&SessionError::Module { name, error }));
            } else if opening.waits() || begun.elapsed() >= slice {
                return;
            }
        }
        for opening in std::mem::take(&mut self.openings.files) {
            let Stage::Done(loaded) = opening.stage else { continue };
            let (module, source) = *loaded;
            self.note_problem(&opening.name, None, || None);
            match self.install(&opening.name, module, source) {
                Ok(()) => self.recall_file(&opening.name),
                Err(error) => self.notify(true, error.to_string()),
            }
        }
    }
}

impl Opening {
    /// Whether there is nothing to do for it in this tick.
    fn waits(&self) -> bool {
        matches!(self.stage, Stage::Text { .. } | Stage::Translating(_))
    }

    /// Loads a few bytes: as many as a small part of `slice` is enough for, by what the last ones took.
    fn step(&mut self, engine: &Engine, bytes: &mut usize, slice: Duration) -> Result<(), Error> {
        match &mut self.stage {
            Stage::Binary(builder) => {
                if *bytes == 0 {
                    *bytes = BYTES_AT_FIRST;
                }
                let begun = Instant::now();
                let progress = builder.work(*bytes)?;
                let took = begun.elapsed();
                if took < slice / 8 {
                    *bytes = (*bytes * 2).min(*BYTES.end());
                } else if took > slice / 4 {
                    *bytes = (*bytes / 2).max(*BYTES.start());
                }
                (self.done, self.total) = (progress.done, progress.total);
                if progress.state == LoadState::Ready {
                    let builder = std::mem::replace(&mut **builder, ModuleBuilder::new(engine));
                    self.stage = Stage::Done(Box::new((builder.finish()?, None)));
                }
            }
            // A frame shows what is going on before it may take long.
            Stage::Text { seen, .. } if !*seen => *seen = true,
            Stage::Text { bytes, .. } => {
                let engine = engine.clone();
                let bytes = std::mem::take(bytes);
                let (sender, receiver) = channel();
                apart(move || {
                    // It may have been given up.
                    let _ = sender.send(load_module(&engine, bytes));
                });
                self.stage = Stage::Translating(receiver);
            }
            Stage::Translating(receiver) => match receiver.try_recv() {
                Ok(loaded) => {
                    self.done = self.total;
                    self.stage = Stage::Done(Box::new(loaded?));
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => {
                    let message = "no thread could be had to translate it".to_owned();
                    return Err(Error::Text {
                        errors: vec![TextError {
                            message,
                            line: 1,
                            column: 1,
                            ..TextError::default()
                        }],
                    });
                }
            },
            Stage::Done(_) => {}
        }
        Ok(())
    }
}

/// Does something on a thread of its own, where that can be had.
#[cfg(not(target_arch = "wasm32"))]
fn apart(work: impl FnOnce() + Send + 'static) {
    // Where it cannot, `work` is dropped, and with it what it would have sent with.
    let _ = std::thread::Builder::new().spawn(work);
}

#[cfg(target_arch = "wasm32")]
fn apart(work: impl FnOnce()) {
    work();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Command, ImportSource};

    const TICK: Duration = Duration::from_micros(500);

    /// A module that exports `one`, made large by so many `nop`s; the last operators are `end`.
    fn large(nops: usize, end: &[u8]) -> Vec<u8> {
        let number = |mut number: usize| {
            let mut bytes = Vec::new();
            while number >= 0x80 {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
            bytes
        };
        let body = [&[0][..], &vec![0x01; nops], end].concat();
        let code = [vec![1], number(body.len()), body].concat();
        let head = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0";
        let export = b"\x07\x07\x01\x03one\0\0\x0a";
        [&head[..], export, &number(code.len()), &code].concat()
    }

    const ONE: [u8; 3] = [0x41, 0x01, 0x0b];

    fn open(session: &mut Session, name: &str, bytes: &[u8]) {
        session.apply(Command::Open { name: name.into(), bytes: bytes.to_vec() }).unwrap();
    }

    fn names(session: &Session) -> Vec<&str> {
        session.modules().iter().map(|open| open.name.as_str()).collect()
    }

    #[test]
    fn large_files_come_bit_by_bit_in_their_order() {
        let mut session = Session::new();
        let uses = "(module (import \"big\" \"one\" (func (result i32))))";
        open(&mut session, "first", b"(module)");
        assert_eq!(names(&session), ["first"], "what is small is there at once");
        open(&mut session, "big", &large(3_000_000, &ONE));
        open(&mut session, "uses", uses.as_bytes());
        assert_eq!(names(&session), ["first"]);
        let (mut ticks, mut before) = (0, 0);
        while session.tick(TICK) {
            ticks += 1;
            let Some(opening) = session.openings().next() else { continue };
            assert_eq!((opening.name, names(&session)), ("big", vec!["first"]));
            assert!(opening.done >= before && opening.done <= opening.total);
            before = opening.done;
        }
        assert!(ticks > 3, "{ticks} ticks");
        assert_eq!(names(&session), ["first", "big", "uses"]);
        let big = session.modules()[1].key;
        assert_eq!(session.modules()[2].imports[0].source, ImportSource::Module(big));
        assert!(session.notices().is_empty());
        open(&mut session, "small", b"(module)");
        assert_eq!(names(&session).last(), Some(&"small"), "nothing is before it any more");
    }

    #[test]
    fn opening_can_be_given_up() {
        let mut session = Session::new();
        open(&mut session, "big", &large(3_000_000, &ONE));
        open(&mut session, "small", b"(module)");
        session.tick(Duration::ZERO);
        let opening = session.openings().next().map(|opening| (opening.number, opening.done));
        let (number, done) = opening.unwrap();
        assert!(done > 0);
        session.apply(Command::CancelOpening(number)).unwrap();
        assert_eq!(session.notices()[0].text, "big has not been opened");
        while session.tick(TICK) {}
        assert_eq!(names(&session), ["small"]);
        session.apply(Command::CancelOpening(number)).unwrap_err();
        // An example takes the place of everything.
        open(&mut session, "big", &large(3_000_000, &ONE));
        session.apply(Command::OpenExample(crate::session::FIRST_EXAMPLE.into())).unwrap();
        assert!(!session.is_opening() && !names(&session).contains(&"big"));
    }

    #[test]
    fn what_is_wrong_with_a_large_file_is_told_when_it_is_found() {
        let mut session = Session::new();
        let wrong = large(600_000, &[0x0b]);
        let text = format!("(module ;; {}\n(func (result i32)))", "x".repeat(AT_ONCE));
        let good = format!("(module ;; {}\n)", "x".repeat(AT_ONCE));
        open(&mut session, "wrong", &wrong);
        open(&mut session, "text", text.as_bytes());
        open(&mut session, "good", good.as_bytes());
        assert!(session.notices().is_empty());
        while session.tick(TICK) {}
        let told: Vec<&str> = session.notices().iter().map(|notice| &*notice.text).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("wrong: invalid module: type mismatch"), "{told:?}");
        assert!(told[0].contains(&format!("0x{:x}", wrong.len() - 1)), "{told:?}");
        assert!(told[1].contains("type mismatch"), "{told:?}");
        assert_eq!(names(&session), ["good"]);
        assert_eq!(session.modules()[0].source.as_deref(), Some(&*good));
    }

    #[test]
    fn a_run_goes_on_while_a_file_is_opened() {
        let mut session = Session::new();
        open(&mut session, "m", b"(module (func (export \"f\") (loop br 0)))");
        let module = session.modules()[0].key;
        session.apply(Command::Start { module, export: "f".into(), args: vec![] }).unwrap();
        session.apply(Command::Continue).unwrap();
        open(&mut session, "big", &large(3_000_000, &ONE));
        session.tick(TICK);
        let (clock, done) = (session.clock(), session.openings().next().unwrap().done);
        session.tick(TICK);
        assert!(session.clock() > clock && session.openings().next().unwrap().done > done);
        while session.is_opening() {
            assert!(session.tick(TICK));
        }
        assert_eq!(names(&session), ["m", "big"]);
        assert_eq!(session.run_state(), &crate::session::RunState::Running);
    }
}
