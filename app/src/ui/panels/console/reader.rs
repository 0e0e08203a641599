//! How far the console has been read into lines: once for each piece, a slice a frame, so that a
//! flood of output does not hold the window up.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use egui::{Context, Id};
use web_time::Instant;

use super::terminal::Terminal;
use crate::session::{ConsolePiece, ConsoleStream, Session};

/// How long a slice may take.
const SLICE: Duration = Duration::from_millis(4);
/// Bytes between two looks at the clock.
const CHUNK: usize = 16 << 10;

/// The lines, and how far they reach.
pub(super) struct Reader {
    pub(super) terminal: Terminal,
    /// Number of the first piece of this console.
    start: u64,
    /// The piece that is read next, and how much of it has been read.
    next: (u64, usize),
    /// Bytes before that place.
    position: u64,
    seen: Option<u64>,
}

impl Default for Reader {
    fn default() -> Self {
        let terminal = Terminal::at(0);
        Self { terminal, start: 0, next: (0, 0), position: 0, seen: None }
    }
}

/// Where egui keeps it.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Reader>>);

impl Shared {
    pub(super) fn of(ctx: &Context, id: Id) -> Self {
        ctx.data_mut(|data| data.get_temp_mut_or_default::<Self>(id).clone())
    }

    pub(super) fn get(&self) -> MutexGuard<'_, Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Reads what is new; false if there is more than fits into a slice.
    pub(super) fn go_on(&mut self, session: &Session) -> bool {
        // Of the past a part only has been written.
        let end = session.console_end();
        let is_beyond = end.is_some_and(|end| self.next > (end, 0));
        if self.start != session.console_start() || is_beyond {
            let start = session.console_start();
            *self = Self { start, next: (start, 0), ..Self::default() };
        }
        let number = session.console_number();
        if self.seen == Some(number) {
            return true;
        }
        let begun = Instant::now();
        let mut is_done = true;
        session.console_from(self.next.0, |piece| {
            if piece.number != self.next.0 && self.position < session.console_dropped() {
                // What came between is gone, and so what is older.
                self.position = session.console_dropped();
                self.terminal = Terminal::at(self.position);
            }
            if piece.number != self.next.0 {
                self.next = (piece.number, 0);
            }
            is_done = self.read(piece, begun);
            if is_done { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.seen = is_done.then_some(number);
        is_done
    }

    /// Reads a piece; false if the time is over before its end.
    fn read(&mut self, piece: &ConsolePiece, begun: Instant) -> bool {
        let is_message = piece.stream == ConsoleStream::Log;
        if is_message && self.next.1 == 0 {
            self.terminal.end_line();
        }
        loop {
            let rest = piece.bytes.get(self.next.1..).unwrap_or_default();
            let chunk = rest.get(..CHUNK).unwrap_or(rest);
            self.terminal.piece = Some(piece.number);
            self.terminal.feed(piece.stream, piece.task, chunk);
            self.next.1 += chunk.len();
            self.position += chunk.len() as u64;
            if chunk.len() == rest.len() {
                break;
            }
            if begun.elapsed() >= SLICE {
                return false;
            }
        }
        if is_message {
            self.terminal.end_line();
        }
        self.next = (piece.number + 1, 0);
        begun.elapsed() < SLICE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Command;

    fn read_all(reader: &mut Reader, session: &Session) {
        while !reader.go_on(session) {}
    }

    #[test]
    fn only_what_is_new_is_read_and_what_was_forgotten_is_counted() {
        let mut session = Session::new();
        let mut reader = Reader::default();
        session.console_write(ConsoleStream::Output, b"one ");
        read_all(&mut reader, &session);
        session.console_write(ConsoleStream::Output, b"two\n");
        read_all(&mut reader, &session);
        assert_eq!(reader.terminal.text(), "one two\n");
        // More than the session keeps, while nobody looks.
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        for _ in 0..10_000 {
            session.console_write(ConsoleStream::Output, &line);
        }
        read_all(&mut reader, &session);
        assert!(session.console_dropped() > 1_000_000);
        assert_eq!(reader.terminal.forgotten(), session.console_dropped());
        assert_eq!(reader.position, 10_000_008);
        session.apply(Command::ClearConsole).unwrap();
        session.console_write(ConsoleStream::Log, b"new");
        read_all(&mut reader, &session);
        assert_eq!(reader.terminal.text(), "new\n");
        assert_eq!(reader.terminal.forgotten(), 0);
    }
}
